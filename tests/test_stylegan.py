"""What chapter 13 says of its generator, by the classes of the chapter itself."""

import ast
import math
import types

import keras
import numpy as np
import pytest
from keras import ops

from tools import lift

THIRTEEN = lift.chapter("13")


def images(resolution, channels=1, n=16):
    shape = (n, resolution, resolution, channels)
    return np.random.default_rng(0).uniform(-1, 1, shape).astype("float32")


def small_gan(resolutions=(4, 8), channels=1, **kwargs):
    sizes = list(resolutions)
    return THIRTEEN["StyleGAN"](sizes, [4] * len(sizes), 5, 6, channels, seed=0, **kwargs)


def train(gan, x, epochs=1, **kwargs):
    gan.compile(1e-3, jit_compile=False, **kwargs)
    return gan.fit(x, batch_size=8, epochs=epochs, verbose=0).history


# --- Layers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("demodulate", [True, False])
def test_a_modulated_convolution_is_one_with_kernels_of_its_own_for_each_image(demodulate):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 8, 8, 4)).astype("float32")
    w = rng.normal(size=(3, 6)).astype("float32")
    layer = THIRTEEN["ModulatedConv2D"](5, 3, demodulate=demodulate)
    layer.build([x.shape, w.shape])
    bias = rng.normal(size=5).astype("float32")
    layer.bias.assign(bias)
    y = ops.convert_to_numpy(layer([x, w]))
    style = ops.convert_to_numpy(layer.to_style(w))
    for i in range(3):
        kernel = style[i][:, None] * layer.kernel.numpy()
        norm = np.sqrt(np.sum(kernel**2, axis=(0, 1, 2))) if demodulate else 6.0  # sqrt(3 * 3 * 4)
        expected = ops.conv(x[i : i + 1], 2**0.5 * kernel / norm, padding="same") + bias
        np.testing.assert_allclose(y[i : i + 1], expected, rtol=1e-3, atol=1e-4)


def test_demodulated_features_keep_their_scale_whatever_the_style():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, 32, 32, 16)).astype("float32")
    w = 5 * rng.normal(size=(8, 6)).astype("float32")
    layer = THIRTEEN["ModulatedConv2D"](4, 3, gain=1.0)
    y = ops.convert_to_numpy(layer([x, w]))[:, 1:-1, 1:-1]
    np.testing.assert_allclose(y.std(axis=(1, 2)), 1, atol=0.12)


def test_layers_survive_a_round_trip_through_their_configuration():
    for layer in (
        THIRTEEN["ModulatedConv2D"](3, 1, demodulate=False, gain=1.0),
        THIRTEEN["LearnedConstant"]((4, 4, 2)),
        THIRTEEN["AddNoise"](),
    ):
        assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()


def test_a_constant_is_the_same_for_all_and_noise_is_scaled_by_feature():
    constant = ops.convert_to_numpy(THIRTEEN["LearnedConstant"]((4, 4, 2))(np.zeros((3, 7))))
    assert constant.shape == (3, 4, 4, 2)
    np.testing.assert_array_equal(constant[0], constant[2])
    x, noise = np.ones((2, 4, 4, 3), "float32"), images(4, n=2)
    layer = THIRTEEN["AddNoise"]()
    np.testing.assert_array_equal(layer([x, noise]), x)
    layer.strength.assign([0.0, 1.0, 2.0])
    np.testing.assert_allclose(layer([x, noise]), x + noise * [0, 1, 2], rtol=1e-5)


# --- Training ------------------------------------------------------------------------------------


def test_noise_has_no_influence_before_training_and_some_after_it():
    gan = small_gan()
    styles = np.ones((2, 3, 6), "float32")
    rng = np.random.default_rng(0)

    def draw():
        noises = [rng.normal(size=(2, size, size, 1)).astype("float32") for size in gan.sizes]
        return ops.convert_to_numpy(gan.synthesis([styles, *noises]))

    np.testing.assert_allclose(draw(), draw(), atol=1e-6)
    train(gan, images(8), epochs=3)
    assert np.abs(draw() - draw()).max() > 1e-5


@pytest.mark.parametrize(("mixing", "share"), [(0.0, 0.0), (1.0, 1.0), (0.5, 0.5)])
def test_the_share_of_mixed_styles_is_the_one_asked_for(mixing, share):
    gan = small_gan(mixing=mixing)
    styles = ops.convert_to_numpy(gan.mixed_styles(2000))
    assert styles.shape == (2000, 3, 6)
    mixed = np.any(styles[:, 0] != styles[:, -1], axis=1)
    assert np.mean(mixed) == pytest.approx(share, abs=0.05)
    used = {tuple((style == style[:1]).all(axis=1)) for style in styles[mixed]}
    assert used <= {(True, False, False), (True, True, False)}


def test_the_chapter_makes_the_steps_that_were_asked_for():
    body = ast.parse(lift.find("13").read_text("utf-8")).body
    training = [one for one in body if ast.unparse(one).startswith(("gan.compile(", "gan.fit("))]
    code = lift.chapter("13")
    code.update(x_fit=images(8), BATCH_SIZE=4, EPOCHS=2, EPOCH_STEPS=5)
    code.update(gan=small_gan(), run=types.SimpleNamespace(jit_compile=False), math=math)
    exec(compile(ast.Module(training, []), "13", "exec"), code)
    assert int(code["gan"].g_optimizer.iterations) == 10


def test_batches_of_images_out_of_range_are_refused():
    with pytest.raises(ValueError, match=r"must lie in \[-1, 1\]"):
        THIRTEEN["endless_batches"](255 * images(4))


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_training_in_half_precision_has_finite_losses(policy):
    keras.config.set_dtype_policy(policy)
    history = train(small_gan(), images(8), epochs=2, every=2)
    assert np.isfinite([*history["d_loss"], *history["g_loss"]]).all()


def test_color_at_64_pixels_makes_a_step():
    gan = small_gan([4, 8, 16, 32, 64], channels=3)
    history = train(gan, images(64, channels=3, n=8))
    assert np.isfinite(history["d_loss"]).all()
    assert gan.synthesis.output_shape[1:] == (64, 64, 3)


def test_wrong_sizes_get_one_sentence():
    with pytest.raises(ValueError, match=r"resolutions must be \[4, 8, ...\].* got \[4, 12\]"):
        small_gan([4, 12])
    with pytest.raises(ValueError, match="filters must be 2 numbers"):
        THIRTEEN["StyleGAN"]([4, 8], [4], 5, 6)
    with pytest.raises(ValueError, match="channels must be 1 .gray. or 3 .color., got 2"):
        small_gan(channels=2)
    with pytest.raises(ValueError, match=r"images must be of \(8, 8, 3\), got \(8, 8, 1\)"):
        train(small_gan(channels=3), images(8))


def test_the_moving_average_follows_the_networks():
    gan = small_gan()
    before = gan.average_synthesis.get_weights()
    train(gan, images(8, n=8))  # one step, after which the momentum is 2/11
    for old, mean, new in zip(
        before, gan.average_synthesis.get_weights(), gan.synthesis.get_weights(), strict=True
    ):
        np.testing.assert_allclose(mean, 2 / 11 * old + 9 / 11 * new, atol=1e-6)


def test_the_discriminator_phase_leaves_the_generator_alone():
    gan = small_gan()
    gan.compile(1e-2, jit_compile=False)
    gan.g_optimizer.learning_rate = 0.0
    before = gan.mapping.get_weights() + gan.synthesis.get_weights()
    d_before = gan.discriminator.get_weights()
    gan.fit(images(8), batch_size=8, verbose=0)
    after = gan.mapping.get_weights() + gan.synthesis.get_weights()
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)
    changes = zip(d_before, gan.discriminator.get_weights(), strict=True)
    assert max(np.abs(old - new).max() for old, new in changes) > 1e-3
