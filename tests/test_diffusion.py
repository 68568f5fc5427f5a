"""What chapter 15 says of its network and samplers, by the functions of the chapter itself."""

import types

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


# --- Targets -------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["noise", "image", "velocity"])
def test_each_target_gives_the_velocity(target):
    x0, noise = RNG.standard_normal((2, 5, 28, 28, 1))
    for t in (0.01, 0.5, 0.98):
        x = (1 - t) * x0 + t * noise
        v = FIFTEEN["to_velocity"](target, FIFTEEN["target_of"](target, x0, noise), x, t)
        np.testing.assert_allclose(v, noise - x0, atol=1e-9)


def test_bad_input_gets_one_sentence():
    with pytest.raises(ValueError, match="must be noise, image or velocity, got 'score'"):
        FIFTEEN["target_of"]("score", 0, 1)
    with pytest.raises(ValueError, match=r"images must lie in \[-1, 1\]"):
        FIFTEEN["noisy_batches"](np.full((2, 28, 28, 1), 255, "uint8"), np.zeros(2), 2)


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


# --- The network ---------------------------------------------------------------------------------


def test_the_network_gives_images_and_starts_at_zero():
    network = FIFTEEN["build_unet"]((8, 16), 1)
    x = RNG.standard_normal((3, 28, 28, 1)).astype("float32")
    out = network((x, np.full((3, 1), 0.5, "float32"), np.array([0, 9, 10])))
    assert out.shape == (3, 28, 28, 1)
    assert np.abs(keras.ops.convert_to_numpy(out)).max() == 0


@pytest.mark.parametrize(("steps", "epochs"), [(25, 1), (21, 3)])
def test_training_makes_the_steps_that_were_asked_for(steps, epochs):
    code = chapter("15")
    assert code["STEPS_PER_EXECUTION"] == 10
    code.update(x_train=np.zeros((8, 28, 28, 1), "float32"), BATCH_SIZE=4)
    code.update(images=types.SimpleNamespace(y_train=np.arange(8)))
    code.update(run=types.SimpleNamespace(jit_compile=False))
    network = code["build_unet"]((8, 8), 1)
    history = code["train"](network, steps, epochs=epochs)
    assert int(network.optimizer.iterations) == steps
    assert len(history["loss"]) == epochs
    with pytest.raises(ValueError, match="steps must be a multiple of the 20 epochs, got 25"):
        code["train"](network, 25, epochs=20)


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


# --- Samplers ------------------------------------------------------------------------------------


def test_euler_and_heun_arrive_exactly_on_a_straight_path():
    end = RNG.uniform(-1, 1, (4, 28, 28, 1)).astype("float32")
    field = Field(lambda x, t, labels: (x - end) / t)  # towards one image
    for sampler, calls in (("euler", 3), ("heun", 5)):
        field.calls = 0
        drawn = FIFTEEN[sampler](field, np.arange(4), np.linspace(1, 0, 4))
        np.testing.assert_allclose(drawn, end, atol=1e-5)
        assert field.calls == calls


def test_heun_is_more_exact_than_euler_with_as_many_calls():
    field = Field(lambda x, t, labels: x * np.cos(3 * t))
    noise = FIFTEEN["start_noise"](2, 0)
    exact = noise * np.exp(-np.sin(3) / 3)
    by_euler = FIFTEEN["euler"](field, np.zeros(2, int), np.linspace(1, 0, 20))
    by_heun = FIFTEEN["heun"](field, np.zeros(2, int), np.linspace(1, 0, 11))
    assert np.abs(by_heun - exact).max() < np.abs(by_euler - exact).max() / 5


def test_ddim_is_euler_at_the_same_levels_of_noise():
    field = Field(lambda x, t, labels: np.tanh(x) * t)
    times = np.linspace(1, 0, 8)
    alphas, sigmas = FIFTEEN["cosine"](times)
    by_euler = FIFTEEN["euler"](field, np.zeros(2, int), sigmas / (alphas + sigmas))
    np.testing.assert_allclose(FIFTEEN["ddim"](field, np.zeros(2, int), times), by_euler, atol=1e-4)


def test_ddpm_draws_from_a_gaussian_with_its_variance():
    # If all images are noise of a standard deviation of 0.5, the best prediction is known.
    def best(x, t, labels):
        variance = 0.25 * (1 - t) ** 2 + t**2
        return x * (t - 0.25 * (1 - t)) / variance

    drawn = FIFTEEN["ddpm"](Field(best), np.zeros(50, int), np.linspace(1, 0, 201))
    assert drawn.std() == pytest.approx(0.5, abs=0.02)
    start = FIFTEEN["start_noise"](50, 0)
    plain = FIFTEEN["ddim"](Field(best), np.zeros(50, int), np.linspace(1, 0, 201))
    assert np.corrcoef(start.ravel(), plain.ravel())[0, 1] > 0.99  # a path without fresh noise
    assert np.corrcoef(start.ravel(), drawn.ravel())[0, 1] < 0.5


def test_guidance_of_one_takes_one_call_and_others_go_beyond_it():
    field = Field(
        lambda x, t, labels: np.where(labels == 10, 1.0, 2.0)[:, None, None, None] + 0 * x
    )
    x = np.zeros((2, 28, 28, 1), "float32")
    assert (FIFTEEN["velocity"](field, x, 0.5, np.array([3, 4])) == 2).all()
    assert field.calls == 1
    assert (FIFTEEN["velocity"](field, x, 0.5, np.array([3, 4]), guidance=3.0) == 4).all()
    assert field.calls == 3


def test_completing_leaves_the_known_pixels_alone():
    known = RNG.uniform(-1, 1, (3, 28, 28, 1)).astype("float32")
    visible = np.zeros((28, 28, 1), "float32")
    visible[:14] = 1
    field = Field(lambda x, t, labels: x)
    times = np.linspace(1, 0, 6)
    drawn = FIFTEEN["inpaint"](field, known, visible, np.full(3, 10), times)
    np.testing.assert_allclose(drawn[:, :14], known[:, :14], atol=1e-6)
    assert np.abs(drawn[:, 14:] - known[:, 14:]).max() > 0.1


def test_completing_adds_noise_that_is_not_the_noise_of_the_start():
    field = Field(lambda x, t, labels: x)
    nothing = np.zeros((3, 28, 28, 1), "float32")
    times = np.array([1, 0.5, 0])  # the first step keeps nothing of the start: x0 = x - 1 x = 0
    drawn = FIFTEEN["inpaint"](field, nothing, nothing[0], np.full(3, 10), times, seed=4)
    start = FIFTEEN["start_noise"](3, 4)
    assert abs(np.corrcoef(drawn.ravel(), start.ravel())[0, 1]) < 0.1
