"""What chapter 14 says of its translators, by the classes of the chapter itself."""

import ast

import keras
import numpy as np
import pytest
from conftest import ROOT
from keras import ops

from tools import lift

FOURTEEN = lift.chapter("14")


def images(n=16, size=8, channels=1, seed=0):
    return np.random.default_rng(seed).random((n, size, size, channels), "float32")


def small_gan(shape=(8, 8, 1), rate=1e-3, steps=100, **options):
    """A small CycleGAN, compiled."""
    translators = [FOURTEEN["build_translator"](shape, filters=4, blocks=1) for _ in range(2)]
    discriminators = [FOURTEEN["build_discriminator"](shape, filters=(4, 6)) for _ in range(2)]
    gan = FOURTEEN["CycleGAN"](*translators, *discriminators)
    weights = {"cycle_weight": 5.0, "identity_weight": 0.5} | options
    optimizers = [FOURTEEN["adam"](rate, steps) for _ in range(2)]
    gan.compile(*optimizers, **weights, jit_compile=False)
    return gan


def fit(gan, a, b, epochs=1, batch_size=8):
    batches = FOURTEEN["unpaired"](a, b, batch_size)
    return gan.fit(batches, epochs=epochs, shuffle=False, verbose=0).history


def weights_of(*networks):
    return [weight for network in networks for weight in network.get_weights()]


def largest_change(before, after):
    return max(np.abs(old - new).max() for old, new in zip(before, after, strict=True))


# --- Data ----------------------------------------------------------------------------------------


def test_batches_pair_the_images_of_two_domains_anew_in_each_epoch():
    a, b = np.arange(9.0), np.arange(100.0, 112.0)
    batches = FOURTEEN["unpaired"](a, b, 4)
    assert len(batches) == 2  # of the smaller domain, and whole ones only
    epochs = [[(x.numpy(), y.numpy()) for x, y in batches] for _ in range(5)]
    pairs = {tuple(map(tuple, np.stack(batch, axis=1))) for epoch in epochs for batch in epoch}
    assert len(pairs) == 10
    assert all(set(x) <= set(a) and set(y) <= set(b) for epoch in epochs for x, y in epoch)


def test_an_outline_is_the_gradient_and_closed_at_the_border():
    x = np.zeros((1, 6, 6, 1), "float32")
    x[:, :, 3:] = 0.3
    expected = np.zeros((6, 6))
    expected[:, [2, 3]] = 0.3  # a step of 0.3 over two pixels, times 2
    expected[[0, -1], 3] = 0.3 * 2**0.5
    expected[[0, -1], 4] = expected[:, 5] = 0.3
    expected[[0, -1], 5] = 0.3 * 2**0.5
    np.testing.assert_allclose(FOURTEEN["outline"](x)[0, ..., 0], expected, atol=1e-6)
    assert FOURTEEN["outline"](images(3, 28)).max() <= 1


def test_a_negative_is_its_own_inverse_and_leaves_black_alone():
    x = np.linspace(0, 1, 256, dtype="float32")
    y = FOURTEEN["negative"](x)
    np.testing.assert_allclose(FOURTEEN["negative"](y), x, atol=1e-6)
    assert y[0] == 0 and y.min() >= 0 and y.max() <= 1
    assert np.all(np.diff(y[x >= 1 / 16]) < 0)


# --- Networks ------------------------------------------------------------------------------------


def test_translators_give_images_of_the_shape_and_range_of_their_input():
    network = FOURTEEN["build_translator"]((12, 8, 3), filters=4, blocks=1)
    y = ops.convert_to_numpy(network(images(2, 12, 3)[:, :, :8]))
    assert y.shape == (2, 12, 8, 3)
    assert y.min() >= 0 and y.max() <= 1


def test_a_discriminator_gives_7_by_7_values_without_statistics_of_the_batch():
    discriminator = FOURTEEN["build_discriminator"]()
    x = images(4, 28)
    values = ops.convert_to_numpy(discriminator(x, training=True))
    assert values.shape == (4, 7, 7, 1)
    np.testing.assert_allclose(discriminator(x[:1]), values[:1], atol=1e-4)


# --- Training ------------------------------------------------------------------------------------


def test_training_makes_the_steps_of_its_batches_and_the_rate_falls_to_0():
    gan = small_gan(steps=15, steps_per_execution=10)
    fit(gan, images(120), images(120, seed=1))
    assert int(gan.g_optimizer.iterations) == int(gan.d_optimizer.iterations) == 15
    assert float(gan.g_optimizer.learning_rate) == float(gan.d_optimizer.learning_rate) == 0


@pytest.mark.parametrize("resting", ["g_optimizer", "d_optimizer"])
def test_each_phase_moves_its_own_networks_only(resting):
    gan = small_gan(rate=1e-2)
    idle, moving = (gan.g, gan.f), (gan.d_a, gan.d_b)
    if resting == "d_optimizer":
        idle, moving = moving, idle
    optimizer = keras.optimizers.SGD(0.0)
    variables = gan.g_variables if resting == "g_optimizer" else gan.d_variables
    optimizer.build(variables)
    setattr(gan, resting, optimizer)
    before, others_before = weights_of(*idle), weights_of(*moving)
    fit(gan, images(), images(seed=1))
    assert largest_change(before, weights_of(*idle)) == 0
    for network in moving:
        changed = largest_change(others_before[: len(network.weights)], weights_of(network))
        assert changed > 1e-3
        others_before = others_before[len(network.weights) :]


@pytest.mark.parametrize("weights", [(0.0, 50.0), (50.0, 0.0)])
def test_each_weight_lowers_its_own_error(weights):
    cycle_weight, identity_weight = weights
    gan = small_gan(rate=1e-2, cycle_weight=cycle_weight, identity_weight=identity_weight)
    a, b = [images(64, 1, seed=i).repeat(8, axis=1).repeat(8, axis=2) for i in (0, 1)]

    def error():
        y = gan.g(b) if identity_weight else gan.g(gan.f(b))
        return float(ops.mean(ops.abs(y - b)))

    before = error()
    fit(gan, a, b, epochs=12)
    assert error() < 0.7 * before


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_training_in_half_precision_has_finite_losses(policy):
    keras.config.set_dtype_policy(policy)
    history = fit(small_gan(), images(), images(seed=1), epochs=2)
    assert np.isfinite([*history["d_loss"], *history["g_loss"]]).all()


def test_color_at_128_pixels_makes_a_step():
    x = images(2, 128, 3)
    assert np.isfinite(
        fit(small_gan((128, 128, 3)), x, x[::-1].copy(), batch_size=2)["g_loss"]
    ).all()


def test_the_exercises_hold_the_outline_of_the_chapter():
    def outline(path):
        body = ast.parse(path.read_text("utf-8")).body
        functions = [node for node in body if isinstance(node, ast.FunctionDef)]
        return [ast.dump(node) for node in functions if node.name == "outline"]

    [source] = (ROOT / "exercises").glob("14_*.py")
    assert outline(source) == outline(lift.find("14")) != []
