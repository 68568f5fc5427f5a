"""What chapter 12 says of growing, by its own classes; its layers also as genkeras has them."""

import types

import genkeras as gk
import keras
import numpy as np
import pytest
from keras import ops

from tools.lift import chapter

TWELVE = chapter("12")
both_forms = pytest.mark.parametrize("code", [vars(gk), TWELVE], ids=["genkeras", "chapter"])


def images(resolution, channels=1, n=16):
    shape = (n, resolution, resolution, channels)
    return np.random.default_rng(0).uniform(-1, 1, shape).astype("float32")


def small_gan(resolutions=(4, 8), filters=(6, 4), channels=1):
    return TWELVE["ProgressiveGAN"](list(resolutions), list(filters), 5, channels, seed=0)


def prepare(gan, stage, rate=1e-3, fade_steps=0, **kwargs):
    settings = {"momentum": 0.9, "gamma": 0.1, "every": 16, "jit_compile": False, **kwargs}
    gan.compile(stage, rate, fade_steps, **settings)


def train(gan, stage, x, fade_steps=0, epochs=1, **kwargs):
    prepare(gan, stage, fade_steps=fade_steps, **kwargs)
    return gan.fit(x, batch_size=8, epochs=epochs, verbose=0).history


# --- Layers --------------------------------------------------------------------------------------


@both_forms
def test_pixel_normalization_divides_by_the_root_mean_square(code):
    x = np.random.default_rng(0).normal(size=(2, 3, 3, 5)).astype("float32")
    expected = x / np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + 1e-8)
    np.testing.assert_allclose(code["PixelNormalization"]()(x), expected, rtol=1e-5)


@both_forms
def test_pixel_normalization_of_large_half_precision_features_is_finite(code):
    x = np.full((1, 2, 2, 4), 60_000, "float16")
    layer = code["PixelNormalization"](dtype="float16")
    np.testing.assert_allclose(layer(x), np.ones_like(x), rtol=1e-3)


@both_forms
@pytest.mark.parametrize("name", ["EqualizedDense", "EqualizedConv2D"])
def test_equalized_layers_keep_the_scale_of_he_initialization(code, name):
    arguments, shape = {
        "EqualizedDense": ((512,), (256, 300)),
        "EqualizedConv2D": ((64, 3), (64, 8, 8, 30)),
    }[name]
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    layer = code[name](*arguments)
    y = ops.convert_to_numpy(layer(x))
    inside = y[:, 1:-1, 1:-1] if y.ndim == 4 else y
    assert np.std(layer.kernel.numpy()) == pytest.approx(1, rel=0.05)
    assert np.var(inside) == pytest.approx(2, rel=0.1)  # he_normal: variance 2 / inputs
    copy = type(layer).from_config({**layer.get_config(), "gain": 1.0})
    assert copy.gain == 1.0


@both_forms
def test_minibatch_standard_deviation_is_zero_for_copies_and_right_for_others(code):
    x = images(4, channels=3)
    copies = np.repeat(x[:1], 8, axis=0)
    layer = code["MinibatchStandardDeviation"]()
    np.testing.assert_allclose(ops.convert_to_numpy(layer(copies))[..., -1], 0, atol=2e-4)
    added = ops.convert_to_numpy(layer(x))
    np.testing.assert_array_equal(added[..., :3], x)
    np.testing.assert_allclose(added[..., 3], x.std(axis=0).mean(), rtol=1e-4)


def test_fading_in_at_a_quarter_is_a_quarter_of_the_new():
    fade = TWELVE["FadeIn"]()
    fade.alpha.assign(0.25)
    old, new = images(4), images(4)[::-1]
    np.testing.assert_allclose(fade([old, new]), 0.75 * old + 0.25 * new, atol=1e-6)


# --- Growing -------------------------------------------------------------------------------------


def test_growing_at_alpha_zero_changes_no_output():
    gan = small_gan([4, 8, 16], [6, 5, 4])
    z, x = np.random.default_rng(0).normal(size=(3, 5)).astype("float32"), images(16, n=3)
    gan.fade.alpha.assign(1.0)
    old_images = ops.convert_to_numpy(gan.generators[1](z)).repeat(2, axis=1).repeat(2, axis=2)
    old_logits = ops.convert_to_numpy(gan.discriminators[1](TWELVE["halve"](x)))
    for alpha, same in ((0.0, True), (1.0, False)):
        gan.fade.alpha.assign(alpha)
        assert np.allclose(gan.generators[2](z), old_images, atol=1e-5) == same
        assert np.allclose(gan.discriminators[2](x), old_logits, atol=1e-5) == same


def test_the_next_stage_goes_on_with_the_weights_of_the_last():
    gan = small_gan()
    train(gan, 0, images(4))
    before = gan.generators[0].get_weights()
    inherited = {id(variable) for variable in gan.generators[0].weights[:-2]}
    assert inherited <= {id(variable) for variable in gan.generators[1].weights}
    prepare(gan, 1, fade_steps=10)
    for old, new in zip(before, gan.generators[0].get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_alpha_rises_from_zero_to_one_in_the_steps_that_were_asked_for():
    gan = small_gan()
    train(gan, 1, images(8, n=16), fade_steps=4)  # two steps: alpha was 0, then 1/4
    assert float(gan.fade.alpha) == pytest.approx(0.25)
    train(gan, 1, images(8, n=48), fade_steps=4)
    assert float(gan.fade.alpha) == 1


@pytest.mark.parametrize("epoch_steps", [5, 7])  # a single call an epoch, and a call for each step
def test_growing_makes_the_steps_that_were_asked_for(epoch_steps):
    code = chapter("12")
    code.update(RESOLUTIONS=[4, 8], EPOCHS=[1, 2], FADE_STEPS=[0, 3], EPOCH_STEPS=epoch_steps)
    code.update(BATCH_SIZE=4, run=types.SimpleNamespace(jit_compile=False))
    code.update(x_fit={size: images(size) for size in (4, 8)})
    gan = small_gan()
    z = np.zeros((2, 5), "float32")
    diary = code["Diary"](z, 4, 8, distance=lambda pictures: 1.0)
    code["grow"](gan, diary)
    assert int(gan.g_optimizer.iterations) == int(gan.d_optimizer.iterations) == 2 * epoch_steps
    assert len(diary.rates) == 3 and gan.seconds > 0


def test_batches_of_images_out_of_range_are_refused():
    with pytest.raises(ValueError, match=r"must lie in \[-1, 1\]"):
        TWELVE["endless_batches"](255 * images(4))


def test_the_discriminator_phase_leaves_the_generator_alone():
    gan = small_gan()
    prepare(gan, 1, rate=0.0)
    gan.d_optimizer.learning_rate = 1e-2
    before, d_before = gan.generator.get_weights(), gan.discriminator.get_weights()
    gan.fit(images(8), batch_size=8, verbose=0)
    for old, new in zip(before, gan.generator.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    changes = zip(d_before, gan.discriminator.get_weights(), strict=True)
    assert max(np.abs(old - new).max() for old, new in changes) > 1e-3


def test_the_penalty_is_the_squared_gradient_of_a_linear_discriminator():
    gan = small_gan()
    prepare(gan, 0, gamma=3.0)
    flat = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(1)])
    gan.discriminator = flat
    expected = 1.5 * np.sum(flat.layers[-1].kernel.numpy() ** 2)
    assert float(gan.penalty(ops.convert_to_tensor(images(4)))) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_training_in_half_precision_has_finite_losses(policy):
    keras.config.set_dtype_policy(policy)
    gan = small_gan()
    for stage, x in enumerate((images(4), images(8))):
        history = train(gan, stage, x, fade_steps=2 * stage, epochs=2, every=2)
        assert np.isfinite([*history["d_loss"], *history["g_loss"]]).all()
    assert gan.generator.compute_dtype == policy.removeprefix("mixed_")


def test_color_at_64_pixels_makes_a_step():
    gan = small_gan([4, 8, 16, 32, 64], [8] * 5, channels=3)
    history = train(gan, 4, images(64, channels=3, n=8), fade_steps=5)
    assert np.isfinite(history["d_loss"]).all()
    assert gan(np.zeros((2, 5), "float32")).shape == (2, 64, 64, 3)


# --- Bad input -----------------------------------------------------------------------------------


def test_wrong_sizes_get_one_sentence():
    with pytest.raises(ValueError, match=r"resolutions must be \[4, 8, ...\].* got \[4, 12\]"):
        small_gan([4, 12])
    with pytest.raises(ValueError, match="filters must be 2 numbers"):
        small_gan(filters=[8])
    with pytest.raises(ValueError, match="channels must be 1 .gray. or 3 .color., got 2"):
        small_gan(channels=2)
    with pytest.raises(ValueError, match=r"needs images of \(8, 8, 3\), got \(8, 8, 1\)"):
        train(small_gan(channels=3), 1, images(8))
