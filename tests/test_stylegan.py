"""What chapter 13 says of its generator, by the classes of the chapter itself."""

import keras
import numpy as np
import pytest
from gans import chapter
from keras import ops


@pytest.fixture
def thirteen():
    return chapter("13")


def images(resolution, channels=1, n=16):
    rng = np.random.default_rng(0)
    return rng.uniform(-1, 1, (n, resolution, resolution, channels)).astype("float32")


def small_gan(thirteen, resolutions=(4, 8), channels=1, **kwargs):
    sizes = list(resolutions)
    return thirteen["StyleGAN"](sizes, [4] * len(sizes), 5, 6, channels, seed=0, **kwargs)


def train(gan, x, epochs=1, **kwargs):
    gan.compile(1e-3, jit_compile=False, **kwargs)
    return gan.fit(x, batch_size=8, epochs=epochs, verbose=0).history


def test_adaptive_instance_normalization_sets_mean_and_deviation(thirteen):
    x = np.random.default_rng(0).normal(2, 3, (2, 8, 8, 4)).astype("float32")
    w = np.random.default_rng(1).normal(size=(2, 6)).astype("float32")
    layer = thirteen["AdaptiveInstanceNormalization"]()
    y = ops.convert_to_numpy(layer([x, w]))
    scale, shift = np.split(ops.convert_to_numpy(layer.to_style(w)), 2, axis=1)
    np.testing.assert_allclose(y.mean(axis=(1, 2)), shift, atol=1e-4)
    np.testing.assert_allclose(y.std(axis=(1, 2)), np.abs(1 + scale), rtol=1e-3)


def test_noise_has_no_influence_before_training_and_some_after_it(thirteen):
    gan = small_gan(thirteen)
    styles = np.ones((2, 3, 6), "float32")
    rng = np.random.default_rng(0)

    def draw():
        noises = [rng.normal(size=(2, size, size, 1)).astype("float32") for size in gan.sizes]
        return ops.convert_to_numpy(gan.synthesis([styles, *noises]))

    np.testing.assert_allclose(draw(), draw(), atol=1e-6)
    train(gan, images(8), epochs=3)
    assert np.abs(draw() - draw()).max() > 1e-5


@pytest.mark.parametrize(("mixing", "share"), [(0.0, 0.0), (1.0, 1.0), (0.5, 0.5)])
def test_the_share_of_mixed_styles_is_the_one_asked_for(thirteen, mixing, share):
    gan = small_gan(thirteen, mixing=mixing)
    gan.compile(1e-3)
    styles = ops.convert_to_numpy(gan.mixed_styles(2000))
    assert styles.shape == (2000, 3, 6)
    mixed = np.any(styles[:, 0] != styles[:, -1], axis=1)
    assert np.mean(mixed) == pytest.approx(share, abs=0.05)
    used = {tuple((style == style[:1]).all(axis=1)) for style in styles[mixed]}
    assert used <= {(True, False, False), (True, True, False)}


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_training_in_half_precision_has_finite_losses(thirteen, policy):
    keras.config.set_dtype_policy(policy)
    history = train(small_gan(thirteen), images(8), epochs=2, every=2)
    assert np.isfinite([*history["d_loss"], *history["g_loss"]]).all()


@pytest.mark.parametrize("resolution", [64, 128])
def test_color_at_larger_sizes_builds_and_makes_a_step(thirteen, resolution):
    resolutions = [4 * 2**i for i in range(int(np.log2(resolution)) - 1)]
    gan = small_gan(thirteen, resolutions, channels=3)
    history = train(gan, images(resolution, channels=3, n=8))
    assert np.isfinite(history["d_loss"]).all()
    assert gan.synthesis.output_shape[1:] == (resolution, resolution, 3)


def test_wrong_sizes_get_one_sentence(thirteen):
    with pytest.raises(ValueError, match=r"resolutions must be \[4, 8, ...\].* got \[4, 12\]"):
        small_gan(thirteen, [4, 12])
    with pytest.raises(ValueError, match="channels must be 1 .gray. or 3 .color., got 2"):
        small_gan(thirteen, channels=2)


def test_gray_images_where_color_was_built_get_one_sentence(thirteen):
    gan = small_gan(thirteen, channels=3)
    with pytest.raises(ValueError, match=r"images must be of \(8, 8, 3\), got \(8, 8, 1\)"):
        train(gan, images(8))
