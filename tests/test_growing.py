"""What chapter 12 says of growing, by the layers of genkeras and the classes of the chapter."""

import subprocess
import sys

import genkeras as gk
import keras
import numpy as np
import pytest
from conftest import ROOT
from gans import chapter
from keras import ops


@pytest.fixture
def twelve():
    return chapter("12")


def images(resolution, channels=1, n=16, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 1, (n, resolution, resolution, channels)).astype("float32")


def small_gan(twelve, **changes):
    settings = {"resolutions": [4, 8], "filters": [6, 4], "latent_dim": 5, "seed": 0, **changes}
    return twelve["ProgressiveGAN"](**settings)


def prepare(gan, stage, rate=1e-3, fade_steps=0, **kwargs):
    settings = {"momentum": 0.9, "gamma": 0.1, "every": 16, "jit_compile": False, **kwargs}
    gan.compile(stage, rate, fade_steps, **settings)


def train(gan, stage, x, fade_steps=0, epochs=1, **kwargs):
    prepare(gan, stage, fade_steps=fade_steps, **kwargs)
    return gan.fit(x, batch_size=8, epochs=epochs, verbose=0).history


# --- Layers --------------------------------------------------------------------------------------


def test_pixel_normalization_divides_by_the_root_mean_square():
    x = np.random.default_rng(0).normal(size=(2, 3, 3, 5)).astype("float32")
    expected = x / np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + 1e-8)
    np.testing.assert_allclose(gk.PixelNormalization()(x), expected, rtol=1e-5)


def test_pixel_normalization_of_large_half_precision_features_is_finite():
    x = np.full((1, 2, 2, 4), 60_000, "float16")
    np.testing.assert_allclose(
        gk.PixelNormalization(dtype="float16")(x), np.ones_like(x), rtol=1e-3
    )


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


def test_equalized_layers_survive_a_round_trip_through_their_configuration():
    for layer in (gk.EqualizedDense(3, gain=1.0), gk.EqualizedConv2D(3, 4, gain=1.0, strides=2)):
        copy = type(layer).from_config(layer.get_config())
        assert copy.gain == 1.0 and copy.get_config() == layer.get_config()


def test_minibatch_standard_deviation_is_zero_for_copies_and_right_for_others():
    x = images(4, channels=3)
    copies = np.repeat(x[:1], 8, axis=0)
    layer = gk.MinibatchStandardDeviation()
    np.testing.assert_allclose(ops.convert_to_numpy(layer(copies))[..., -1], 0, atol=2e-4)
    added = ops.convert_to_numpy(layer(x))
    assert added.shape == (16, 4, 4, 4)
    np.testing.assert_allclose(added[..., -1], x.std(axis=0).mean(), rtol=1e-4)


# --- Growing -------------------------------------------------------------------------------------


def test_growing_at_alpha_zero_changes_no_output(twelve):
    gan = small_gan(twelve, resolutions=[4, 8, 16], filters=[6, 5, 4])
    z, x = np.random.default_rng(0).normal(size=(3, 5)).astype("float32"), images(16, n=3)
    gan.fade.alpha.assign(1.0)
    old_images = ops.convert_to_numpy(gan.generators[1](z)).repeat(2, axis=1).repeat(2, axis=2)
    old_logits = ops.convert_to_numpy(gan.discriminators[1](twelve["halve"](x)))
    for alpha, same in ((0.0, True), (1.0, False)):
        gan.fade.alpha.assign(alpha)
        assert np.allclose(gan.generators[2](z), old_images, atol=1e-5) == same
        assert np.allclose(gan.discriminators[2](x), old_logits, atol=1e-5) == same


def test_the_next_stage_goes_on_with_the_weights_of_the_last(twelve):
    gan = small_gan(twelve)
    train(gan, 0, images(4))
    before = gan.generators[0].get_weights()
    inherited = {id(variable) for variable in gan.generators[0].weights[:-2]}
    assert inherited <= {id(variable) for variable in gan.generators[1].weights}
    prepare(gan, 1, fade_steps=10)
    for old, new in zip(before, gan.generators[0].get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_alpha_rises_from_zero_to_one_in_the_steps_that_were_asked_for(twelve):
    gan = small_gan(twelve)
    train(gan, 1, images(8, n=16), fade_steps=4)  # two steps: alpha was 0, then 1/4
    assert float(gan.fade.alpha) == pytest.approx(0.25)
    train(gan, 1, images(8, n=48), fade_steps=4)
    assert float(gan.fade.alpha) == 1


def test_the_discriminator_phase_leaves_the_generator_alone_and_the_other_way_round(twelve):
    gan = small_gan(twelve)
    prepare(gan, 1, rate=0.0)
    gan.d_optimizer.learning_rate = 1e-2
    before = [np.array(w) for w in gan.generator.get_weights()]
    d_before = [np.array(w) for w in gan.discriminator.get_weights()]
    gan.fit(images(8), batch_size=8, verbose=0)
    for old, new in zip(before, gan.generator.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    changes = zip(d_before, gan.discriminator.get_weights(), strict=True)
    assert max(np.abs(old - new).max() for old, new in changes) > 1e-3


def test_the_penalty_is_the_squared_gradient_of_a_linear_discriminator(twelve):
    gan = small_gan(twelve)
    prepare(gan, 0, gamma=3.0)
    flat = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(1)])
    gan.discriminator = flat
    expected = 1.5 * np.sum(flat.layers[-1].kernel.numpy() ** 2)
    assert float(gan.penalty(ops.convert_to_tensor(images(4)))) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_training_in_half_precision_has_finite_losses(twelve, policy):
    keras.config.set_dtype_policy(policy)
    gan = small_gan(twelve)
    for stage, x in enumerate((images(4), images(8))):
        history = train(gan, stage, x, fade_steps=2 * stage, epochs=2, every=2)
        assert np.isfinite([*history["d_loss"], *history["g_loss"]]).all()
    assert gan.generator.compute_dtype == policy.removeprefix("mixed_")


@pytest.mark.parametrize("resolution", [64, 128])
def test_color_at_larger_sizes_builds_and_makes_a_step(twelve, resolution):
    resolutions = [4 * 2**i for i in range(int(np.log2(resolution)) - 1)]
    gan = small_gan(
        twelve, resolutions=resolutions, filters=[8] * len(resolutions), channels=3, latent_dim=16
    )
    history = train(gan, len(resolutions) - 1, images(resolution, channels=3, n=8), fade_steps=5)
    assert np.isfinite(history["d_loss"]).all()
    assert gan(np.zeros((2, 16), "float32")).shape == (2, resolution, resolution, 3)


# --- Bad input -----------------------------------------------------------------------------------


def test_wrong_sizes_get_one_sentence(twelve):
    with pytest.raises(ValueError, match=r"resolutions must be \[4, 8, ...\].* got \[4, 12\]"):
        small_gan(twelve, resolutions=[4, 12])
    with pytest.raises(ValueError, match="filters must be 2 numbers"):
        small_gan(twelve, filters=[8])
    with pytest.raises(ValueError, match="channels must be 1 .gray. or 3 .color., got 2"):
        small_gan(twelve, channels=2)


def test_gray_images_where_color_was_built_get_one_sentence(twelve):
    gan = small_gan(twelve, channels=3)
    with pytest.raises(
        ValueError, match=r"this stage needs images of \(8, 8, 3\), got \(8, 8, 1\)"
    ):
        train(gan, 1, images(8))


# --- Files ---------------------------------------------------------------------------------------


def test_a_saved_generator_is_loaded_by_a_fresh_process(twelve, tmp_path):
    gan = small_gan(twelve)
    train(gan, 1, images(8))
    gan.average.save(tmp_path / "generator.keras")
    z = np.ones((2, 5), "float32")
    code = (
        "import sys, genkeras, keras, numpy as np; "
        "model = keras.models.load_model(sys.argv[1]); "
        "print(repr(float(np.abs(model(np.ones((2, 5), 'float32'))).sum())))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "generator.keras")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    expected = float(np.abs(ops.convert_to_numpy(gan.average(z))).sum())
    assert float(done.stdout.splitlines()[-1]) == pytest.approx(expected, rel=1e-4)
