"""What chapter 13 says of its generator, by the classes of the chapter itself."""

import ast

import keras
import numpy as np
import pytest
from conftest import ROOT
from keras import ops

from tools import lift

THIRTEEN = lift.chapter("13")
RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


def small_gan(resolutions=(4, 8), channels=1, mixing=0.1):
    """A StyleGAN with codes of 6 numbers, compiled, and images that it trains on."""
    sizes = list(resolutions), [4] * len(resolutions)
    players = [THIRTEEN["build_generator"](5, 6, *sizes, channels) for _ in range(2)]
    gan = THIRTEEN["StyleGAN"](*players, THIRTEEN["build_discriminator"](*sizes, channels), mixing)
    adam = THIRTEEN["adam"]
    gan.compile(adam(1e-2), adam(1e-2), gamma=0.1, momentum=0.9, jit_compile=False)
    shape = (16, resolutions[-1], resolutions[-1], channels)
    return gan, RNG.uniform(-1, 1, shape).astype("float32")


def changes(before, after):
    """The largest change of each array in a list of weights."""
    return [float(np.abs(old - new).max()) for old, new in zip(before, after, strict=True)]


def test_adain_gives_each_map_the_mean_and_deviation_of_the_style():
    x, w, layer = 3 * normal(4, 16, 16, 5) + 1, normal(4, 6), THIRTEEN["AdaIN"]()
    y = ops.convert_to_numpy(layer([x, w]))
    np.testing.assert_allclose(y.mean(axis=(1, 2)), layer.to_shift(w), atol=1e-4)
    np.testing.assert_allclose(y.std(axis=(1, 2)), np.abs(layer.to_scale(w)), atol=1e-4)
    np.testing.assert_allclose(layer([3 * x, w]), y, atol=1e-4)


@pytest.mark.parametrize("demodulate", [True, False])
def test_a_modulated_convolution_is_one_with_kernels_of_its_own_for_each_image(demodulate):
    x, w, bias = normal(3, 8, 8, 4), normal(3, 6), normal(5)
    layer = THIRTEEN["ModulatedConv2D"](5, 3, demodulate=demodulate)
    layer.build([x.shape, w.shape])
    layer.bias.assign(bias)
    y = ops.convert_to_numpy(layer([x, w]))
    style = ops.convert_to_numpy(layer.to_style(w))
    for i in range(3):
        kernel = style[i][:, None] * layer.kernel.numpy()
        norm = np.sqrt(np.sum(kernel**2, axis=(0, 1, 2)) / 2) if demodulate else 6.0  # sqrt(36)
        expected = ops.conv(x[i : i + 1], kernel / norm, padding="same") + bias
        np.testing.assert_allclose(y[i : i + 1], expected, rtol=1e-3, atol=1e-4)


def test_a_constant_is_the_same_for_all_and_noise_is_scaled_by_feature():
    constant = ops.convert_to_numpy(THIRTEEN["LearnedConstant"]((4, 4, 2))(np.zeros((3, 7))))
    assert constant.shape == (3, 4, 4, 2)
    np.testing.assert_array_equal(constant[0], constant[2])
    x, noise, layer = normal(2, 4, 4, 3), normal(2, 4, 4, 1), THIRTEEN["AddNoise"]()
    np.testing.assert_array_equal(layer([x, noise]), x)
    layer.strength.assign([0.0, 1.0, 2.0])
    np.testing.assert_allclose(layer([x, noise]), x + noise * [0, 1, 2], rtol=1e-5)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_the_share_of_mixed_styles_is_the_one_asked_for(share):
    mapping = THIRTEEN["build_mapping"](5, 6)
    seed = keras.random.SeedGenerator(0)
    styles = ops.convert_to_numpy(THIRTEEN["random_styles"](mapping, 2000, 3, share, seed))
    assert styles.shape == (2000, 3, 6)
    mixed = np.any(styles[:, 0] != styles[:, -1], axis=1)
    assert np.mean(mixed) == pytest.approx(share, abs=0.05)
    used = {tuple((style == style[:1]).all(axis=1)) for style in styles[mixed]}
    assert used <= {(True, False, False), (True, True, False)}


def test_the_penalty_is_the_squared_gradient_of_the_logits():
    inputs = keras.Input((2, 2, 1))
    linear = keras.layers.Dense(1)(keras.layers.Flatten()(inputs))
    discriminator = keras.Model(inputs, 5 * linear)
    penalty = THIRTEEN["r1_penalty"](discriminator, ops.convert_to_tensor(normal(7, 2, 2, 1)))
    assert float(penalty) == pytest.approx(25 * np.sum(discriminator.get_weights()[0] ** 2))


def test_a_step_moves_both_players_and_the_average_follows():
    gan, x = small_gan()
    g, d, mean = (one.get_weights() for one in (gan.generator, gan.discriminator, gan.average))
    gan.fit(x, batch_size=16, verbose=0)  # one step, after which the momentum is 2/11
    assert max(changes(g, gan.generator.get_weights())) > 1e-3
    assert max(changes(d, gan.discriminator.get_weights())) > 1e-3
    g_after = gan.generator.get_weights()
    expected = [2 / 11 * a + 9 / 11 * b for a, b in zip(mean, g_after, strict=True)]
    assert max(changes(expected, gan.average.get_weights())) < 1e-6


def test_the_discriminator_phase_leaves_the_generator_alone():
    gan, x = small_gan()
    gan.g_optimizer.learning_rate = 0.0
    before = gan.generator.get_weights()
    gan.fit(x, batch_size=8, verbose=0)
    assert max(changes(before, gan.generator.get_weights())) == 0


def test_color_at_64_pixels_makes_a_step():
    gan, x = small_gan([4, 8, 16, 32, 64], channels=3)
    assert np.isfinite(gan.fit(x, batch_size=8, verbose=0).history["d_loss"]).all()
    assert gan.average.output_shape[1:] == (64, 64, 3)


def test_the_exercises_hold_the_networks_of_the_chapter():
    def definitions(path):
        body = ast.parse(path.read_text("utf-8")).body
        kinds = ast.ClassDef | ast.FunctionDef
        return {node.name: ast.dump(node) for node in body if isinstance(node, kinds)}

    chapter = definitions(lift.find("13"))
    [source] = (ROOT / "exercises").glob("13_*.py")
    shared = {name: code for name, code in definitions(source).items() if name in chapter}
    del shared["draw"]  # it has arguments of its own
    assert len(shared) == 6
    assert shared == {name: chapter[name] for name in shared}
