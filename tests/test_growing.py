"""What chapter 12 says of growing, by its own classes; and its layers as genkeras has them."""

import genkeras as gk
import keras
import numpy as np
import pytest
from keras import ops

from tools.lift import chapter

TWELVE = chapter("12")


def images(resolution, channels=1, n=16):
    shape = (n, resolution, resolution, channels)
    return np.random.default_rng(0).uniform(-1, 1, shape).astype("float32")


def small_gan(resolutions=(4, 8), filters=(6, 4), channels=1):
    keras.utils.set_random_seed(0)
    sizes, fade = (list(resolutions), list(filters)), TWELVE["FadeIn"]()
    generators, averages = [TWELVE["build_generators"](*sizes, 5, channels, fade) for _ in range(2)]
    discriminators = TWELVE["build_discriminators"](*sizes, channels, fade)
    return TWELVE["ProgressiveGAN"](generators, averages, discriminators, fade)


def train(gan, stage, x, fade_steps=0, rates=(1e-3, 1e-3), epochs=1):
    gan.start_stage(stage, fade_steps)
    gan.compile(*map(TWELVE["adam"], rates), gamma=0.1, jit_compile=False)
    return gan.fit(x, batch_size=8, epochs=epochs, verbose=0).history


# --- Layers, as genkeras has them (tests/test_taught_forms.py: the chapter's do the same) --------


def test_pixel_normalization_divides_by_the_root_mean_square():
    x = np.random.default_rng(0).normal(size=(2, 3, 3, 5)).astype("float32")
    expected = x / np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + 1e-8)
    np.testing.assert_allclose(gk.PixelNormalization()(x), expected, rtol=1e-5)


def test_pixel_normalization_of_large_half_precision_features_is_finite():
    x = np.full((1, 2, 2, 4), 60_000, "float16")
    np.testing.assert_allclose(gk.PixelNormalization(dtype="float16")(x), x / x, rtol=1e-3)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [(gk.EqualizedDense(512), (256, 300)), (gk.EqualizedConv2D(64, 3), (64, 8, 8, 30))],
)
def test_equalized_layers_keep_the_scale_of_he_initialization(layer, shape):
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    y = ops.convert_to_numpy(layer(x))
    inside = y[:, 1:-1, 1:-1] if y.ndim == 4 else y
    assert np.std(layer.kernel.numpy()) == pytest.approx(1, rel=0.05)
    assert np.var(inside) == pytest.approx(2, rel=0.1)  # he_normal: variance 2 / inputs
    copy = type(layer).from_config({**layer.get_config(), "gain": 1.0})
    assert copy.gain == 1.0


def test_minibatch_standard_deviation_is_zero_for_copies_and_right_for_others():
    x, layer = images(4, channels=3), gk.MinibatchStandardDeviation()
    copies = np.repeat(x[:1], 8, axis=0)
    np.testing.assert_allclose(ops.convert_to_numpy(layer(copies))[..., -1], 0, atol=2e-4)
    added = ops.convert_to_numpy(layer(x))
    np.testing.assert_array_equal(added[..., :3], x)
    np.testing.assert_allclose(added[..., 3], x.std(axis=0).mean(), rtol=1e-4)


def test_fading_in_at_a_quarter_is_a_quarter_of_the_new():
    fade = TWELVE["FadeIn"]()
    fade.alpha.assign(0.25)
    old, new = images(4), images(4)[::-1]
    np.testing.assert_allclose(fade([old, new]), 0.75 * old + 0.25 * new, atol=1e-6)


# --- Data ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(28, 28, 1), (25, 30, 3), (32, 32, 1)])
def test_images_are_padded_to_32_and_64_pixels_and_halved(shape):
    x = np.random.default_rng(0).uniform(size=(3, *shape)).astype("float32")
    for size in (32, 64):
        padded = TWELVE["pad"](x, size)
        assert padded.shape == (3, size, size, shape[-1])
        assert padded.min() >= -1 and padded.max() <= 1
    total = np.sum(padded + 1, axis=(1, 2, 3)) / 2
    np.testing.assert_allclose(total, x.sum(axis=(1, 2, 3)), rtol=1e-4)
    np.testing.assert_allclose(TWELVE["halve"](padded).mean(), padded.mean(), atol=1e-5)


# --- Growing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", [1, 2])
def test_growing_at_alpha_zero_changes_no_output(stage):
    gan = small_gan([4, 8, 16], [6, 5, 4])
    z = np.random.default_rng(0).normal(size=(3, 5)).astype("float32")
    x = images(4 * 2**stage, n=3)
    gan.fade.alpha.assign(1.0)
    old_images = ops.convert_to_numpy(gan.generators[stage - 1](z)).repeat(2, 1).repeat(2, 2)
    old_logits = ops.convert_to_numpy(gan.discriminators[stage - 1](TWELVE["halve"](x)))
    for alpha, same in ((0.0, True), (1.0, False)):
        gan.fade.alpha.assign(alpha)
        assert np.allclose(gan.generators[stage](z), old_images, atol=1e-5) == same
        assert np.allclose(gan.discriminators[stage](x), old_logits, atol=1e-5) == same


def test_the_next_stage_goes_on_with_the_weights_of_the_last():
    gan = small_gan()
    train(gan, 0, images(4))
    before = gan.generators[0].get_weights()
    inherited = {id(variable) for variable in gan.generators[0].weights}
    assert inherited <= {id(variable) for variable in gan.generators[1].weights}
    z = np.random.default_rng(0).normal(size=(3, 5)).astype("float32")
    enlarged = ops.convert_to_numpy(gan.average(z)).repeat(2, axis=1).repeat(2, axis=2)
    gan.start_stage(1, fade_steps=10)
    np.testing.assert_allclose(gan.average(z), enlarged, atol=1e-5)
    for old, new in zip(before, gan.generators[0].get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_alpha_rises_from_zero_to_one_in_the_steps_that_were_asked_for():
    gan = small_gan()
    train(gan, 1, images(8, n=16), fade_steps=4)  # two steps: alpha was 0, then 1/4
    assert float(gan.fade.alpha) == pytest.approx(0.25)
    train(gan, 1, images(8, n=48), fade_steps=4)
    assert float(gan.fade.alpha) == 1
    gan.start_stage(1, fade_steps=4)
    assert float(gan.fade.alpha) == 0


def test_real_images_are_faded_as_generated_ones_are():
    fade, x = TWELVE["FadeIn"](), images(8)
    fade.alpha.assign(0.0)
    faded = ops.convert_to_numpy(TWELVE["fade_real"](fade, x))
    enlarged = TWELVE["halve"](x).repeat(2, axis=1).repeat(2, axis=2)
    np.testing.assert_allclose(faded, enlarged, atol=1e-6)
    fade.alpha.assign(1.0)
    np.testing.assert_allclose(TWELVE["fade_real"](fade, x), x, atol=1e-6)


def test_each_optimizer_moves_its_own_player_only():
    gan = small_gan()
    for rates, moves in (((0.0, 1e-2), [False, True]), ((1e-2, 0.0), [True, False])):
        players = gan.generators[1], gan.discriminators[1]
        before = [player.get_weights() for player in players]
        train(gan, 1, images(8), rates=rates)
        for player, old, moved in zip(players, before, moves, strict=True):
            changes = zip(old, player.get_weights(), strict=True)
            assert (max(np.abs(a - b).max() for a, b in changes) > 1e-3) == moved


def test_the_average_starts_with_the_generator_and_follows_it():
    gan = small_gan()
    for average, generator in zip(gan.averages, gan.generators, strict=True):
        for one, other in zip(average.get_weights(), generator.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
    before = gan.generators[0].get_weights()
    train(gan, 0, images(4, n=8))  # one step, with a momentum of 0.1
    after, mean = gan.generators[0].get_weights(), gan.averages[0].get_weights()
    for a, b, m in zip(after, before, mean, strict=True):
        np.testing.assert_allclose(m, 0.1 * b + 0.9 * a, atol=1e-6)


def test_the_penalty_is_the_squared_gradient_of_a_linear_discriminator():
    flat = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(1)])
    expected = np.sum(flat.layers[-1].kernel.numpy() ** 2)
    penalty = TWELVE["r1_penalty"](flat, ops.convert_to_tensor(images(4)))
    assert float(penalty) == pytest.approx(expected, rel=1e-5)


def test_color_at_64_pixels_makes_a_step():
    gan = small_gan([4, 8, 16, 32, 64], [8] * 5, channels=3)
    history = train(gan, 4, images(64, channels=3, n=8), fade_steps=5)
    assert np.isfinite([*history["d_loss"], *history["g_loss"]]).all()
    pictures = TWELVE["draw"](gan.average, np.zeros((2, 5), "float32"))
    assert pictures.shape == (2, 64, 64, 3)


def test_batches_go_on_when_the_images_are_over():
    x = np.arange(3, dtype="float32").reshape(3, 1, 1, 1)
    batches = list(TWELVE["endless"](x, 2).take(3))
    assert sorted(np.concatenate(batches).ravel()) == [0, 0, 1, 1, 2, 2]
