"""What chapter 15 says of its network and samplers, by the functions of the chapter itself."""

import importlib

import keras
import numpy as np
import pytest

from tools.lift import chapter

FIFTEEN = chapter("15")
RNG = np.random.default_rng(0)


class Field:
    """Stands for a network: a velocity that is a function of images, times and labels."""

    def __init__(self, velocity):
        self.velocity = velocity
        self.calls = 0

    def predict_on_batch(self, inputs):
        self.calls += 1
        x, t, labels = inputs
        return self.velocity(x, t[:, :, None, None], labels)


def alpha_bars(steps):
    return np.cos(np.pi / 2 * np.linspace(0.99, 0, steps + 1)) ** 2


# --- Training ------------------------------------------------------------------------------------


def test_batches_hold_images_times_and_labels_that_belong_together():
    x = RNG.uniform(-1, 1, (30, 28, 28, 1)).astype("float32")
    y = np.arange(30) % 10
    batches = iter(FIFTEEN["noisy_batches"](x, y, 20))
    hidden = []
    for _ in range(30):
        (noisy, t, labels), v = next(batches)
        x0 = noisy - t[:, :, None, None] * v
        gaps = np.abs(x0.numpy()[:, None] - x[None]).max(axis=(2, 3, 4))
        assert gaps.min(axis=1).max() < 1e-4
        told = labels.numpy() != 10
        assert (labels.numpy()[told] == y[gaps.argmin(axis=1)][told]).all()
        hidden.append(1 - told.mean())
        assert 0 < t.numpy().min() and t.numpy().max() < 1
    assert np.mean(hidden) == pytest.approx(0.1, abs=0.05)


def test_the_network_gives_images_of_the_shape_of_its_inputs_and_starts_at_zero():
    network = FIFTEEN["build_unet"]((8, 16), 1, n_classes=3, shape=(32, 24, 3))
    x = RNG.standard_normal((3, 32, 24, 3)).astype("float32")
    out = network((x, np.full((3, 1), 0.5, "float32"), np.array([0, 2, 3])))
    assert out.shape == x.shape
    assert np.abs(keras.ops.convert_to_numpy(out)).max() == 0


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_training_in_half_precision_is_finite_and_ends_with_averaged_weights(policy):
    keras.config.set_dtype_policy(policy)
    network = FIFTEEN["build_unet"]((8, 8), 1)
    x = RNG.uniform(-1, 1, (32, 28, 28, 1)).astype("float32")
    adam = keras.optimizers.Adam(1e-3, use_ema=True, ema_momentum=0.9)
    network.compile(optimizer=adam, loss="mse", jit_compile=False)
    batches = FIFTEEN["noisy_batches"](x, np.zeros(32, int), 16)
    history = network.fit(batches, epochs=2, steps_per_epoch=4, shuffle=False, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert all(np.isfinite(weight).all() for weight in network.get_weights())


# --- The exact velocity --------------------------------------------------------------------------


@pytest.mark.parametrize("t", [0.2, 0.5, 0.9])
def test_the_exact_velocity_is_the_mean_of_all_pairs_that_pass(t):
    x0, noise = RNG.normal(2, 0.5, 1_000_000), RNG.standard_normal(1_000_000)
    x = (1 - t) * x0 + t * noise
    for place in np.quantile(x, [0.2, 0.5, 0.8]):
        near = np.abs(x - place) < 0.02
        mean = np.mean((noise - x0)[near])
        assert FIFTEEN["exact_velocity"](place, t) == pytest.approx(mean, abs=0.05)


# --- Samplers ------------------------------------------------------------------------------------


def test_euler_and_heun_arrive_exactly_on_a_straight_path():
    end = RNG.uniform(-1, 1, (4, 28, 28, 1))
    for solver, calls in (("euler", 3), ("heun", 5)):
        field = Field(lambda x, t, labels: (x - end) / t)  # towards one image
        velocity = FIFTEEN["network_velocity"](field, np.arange(4))
        drawn = FIFTEEN[solver](velocity, RNG.standard_normal(end.shape), np.linspace(1, 0, 4))
        np.testing.assert_allclose(drawn, end, atol=1e-5)
        assert field.calls == calls


def test_heun_is_more_exact_than_euler_with_as_many_calls():
    def velocity(x, t):
        return x * np.cos(3 * t)

    start = RNG.standard_normal(100)
    exact = start * np.exp(-np.sin(3) / 3)
    by_euler = FIFTEEN["euler"](velocity, start, np.linspace(1, 0, 20))
    by_heun = FIFTEEN["heun"](velocity, start, np.linspace(1, 0, 11))
    assert np.abs(by_heun - exact).max() < np.abs(by_euler - exact).max() / 5


def best(x, t):
    """The mean velocity if all images are noise of a standard deviation of 0.5."""
    return FIFTEEN["exact_velocity"](x, t, mean=0.0)


def test_the_noise_follows_from_the_velocity():
    x0, noise = RNG.standard_normal((2, 5))
    for alpha_bar in (0.001, 0.5, 0.99):
        x = np.sqrt(alpha_bar) * x0 + np.sqrt(1 - alpha_bar) * noise
        found = FIFTEEN["predict_noise"](lambda x, t: noise - x0, x, alpha_bar)
        np.testing.assert_allclose(found, noise, atol=1e-9)


def test_ddpm_draws_from_a_gaussian_with_its_variance():
    start = RNG.standard_normal(20_000)
    drawn = FIFTEEN["ddpm"](best, start, alpha_bars(200), np.random.default_rng(1))
    assert drawn.std() == pytest.approx(0.5, abs=0.02)
    plain = FIFTEEN["ddpm"](best, start, alpha_bars(200))  # a path without fresh noise: DDIM
    assert plain.std() == pytest.approx(0.5, abs=0.02)
    assert np.corrcoef(start, plain)[0, 1] > 0.99
    assert np.corrcoef(start, drawn)[0, 1] < 0.5


def test_a_step_of_ddpm_is_the_textbooks():
    x, noise, z = RNG.standard_normal((3, 6))
    now, later = 0.3, 0.4
    alpha = now / later  # 1 - beta
    mean = (x - (1 - alpha) / np.sqrt(1 - now) * noise) / np.sqrt(alpha)
    variance = (1 - later) / (1 - now) * (1 - alpha)

    class Fresh:
        def standard_normal(self, shape):
            return z

    total = np.sqrt(now) + np.sqrt(1 - now)
    t = np.sqrt(1 - now) / total
    step = FIFTEEN["ddpm"](lambda y, _: (noise - y) / (1 - t), x, [now, later], Fresh())
    np.testing.assert_allclose(step, mean + np.sqrt(variance) * z, atol=1e-9)


def test_guidance_goes_beyond_the_velocity_of_the_class():
    field = Field(
        lambda x, t, labels: np.where(labels == 10, 1.0, 2.0)[:, None, None, None] + 0 * x
    )
    x = np.zeros((2, 28, 28, 1))
    labels = np.array([3, 4])
    assert (FIFTEEN["network_velocity"](field, labels)(x, 0.5) == 2).all()
    assert (FIFTEEN["guided_velocity"](field, labels, 1.0)(x, 0.5) == 2).all()
    assert (FIFTEEN["guided_velocity"](field, labels, 3.0)(x, 0.5) == 4).all()
    assert field.calls == 1 + 2 + 2


# --- Completing ----------------------------------------------------------------------------------


def complete(known, visible, times, seed=0):
    field = Field(lambda x, t, labels: x)
    velocity = FIFTEEN["network_velocity"](field, np.full(len(known), 10))
    rng = np.random.default_rng(seed)
    return FIFTEEN["complete"](velocity, known, visible, np.array(times), rng)


def test_completing_leaves_the_known_pixels_alone():
    known = RNG.uniform(-1, 1, (3, 28, 28, 1))
    visible = np.zeros((28, 28, 1))
    visible[:14] = 1
    drawn = complete(known, visible, np.linspace(1, 0, 6))
    np.testing.assert_allclose(drawn[:, :14], known[:, :14] / 2 + 0.5, atol=1e-6)
    assert np.abs(drawn[:, 14:] - known[:, 14:] / 2 - 0.5).max() > 0.1


def test_completions_of_two_seeds_differ_in_the_hidden_part_only():
    known, visible = np.zeros((3, 28, 28, 1)), np.zeros((28, 28, 1))
    visible[:14] = 1
    one, other = (complete(known, visible, [1, 0.5, 0.2, 0], seed) for seed in (0, 1))
    gaps = np.abs(one - other)
    assert gaps[:, :14].max() == 0 and gaps[:, 14:].mean() > 0.1


# --- The experiments -----------------------------------------------------------------------------


def test_a_network_of_the_noise_gives_the_velocity():
    experiment = importlib.import_module("experiments.15_diffusion")
    x0, noise = RNG.uniform(-1, 1, (4, 28, 28, 1)), RNG.standard_normal((4, 28, 28, 1))
    asked = []

    def best_noise(x, u, labels):
        asked.append((x, u))
        return noise

    network = experiment.VelocityOfNoise(Field(best_noise))
    t = np.full((4, 1), 0.3)
    v = network.predict_on_batch((0.7 * x0 + 0.3 * noise, t, np.arange(4)))
    np.testing.assert_allclose(v, noise - x0, atol=1e-9)
    [(x, u)] = asked
    np.testing.assert_allclose(x, np.cos(np.pi / 2 * u) * x0 + np.sin(np.pi / 2 * u) * noise)
