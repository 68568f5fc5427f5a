"""What chapter 14 says of its translators, by the classes of the chapter itself."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from tools.lift import chapter

FOURTEEN = chapter("14")


def images(n=16, size=8, channels=1, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 1, (n, size, size, channels)).astype("float32")


def small_gan(shape=(8, 8, 1), pool_size=8):
    translators = [FOURTEEN["build_translator"](shape, filters=4, blocks=1) for _ in range(2)]
    discriminators = [FOURTEEN["build_discriminator"](shape, filters=(4, 6)) for _ in range(2)]
    return FOURTEEN["CycleGAN"](*translators, *discriminators, pool_size=pool_size, seed=0)


def batches(a, b):
    return tf.data.Dataset.from_tensor_slices((a, b)).batch(8)


def train(gan, pair, epochs=1, rate=1e-3, **kwargs):
    gan.compile(rate, steps=100, jit_compile=False, **kwargs)
    return gan.fit(batches(*pair), epochs=epochs, shuffle=False, verbose=0).history


# --- The pool ------------------------------------------------------------------------------------


def test_the_pool_gives_new_images_until_it_is_full():
    pool = FOURTEEN["ImagePool"](8, seed=0)
    for i in range(2):
        x = images(4, seed=i)
        np.testing.assert_array_equal(pool(x), x)


def test_a_full_pool_gives_older_images_half_of_the_time_and_only_images_that_it_has_seen():
    pool = FOURTEEN["ImagePool"](20, seed=0)
    seen, older = [], []
    for i in range(100):
        x = images(5, size=2, seed=i)
        seen += [image.tobytes() for image in x]
        out = ops.convert_to_numpy(pool(x))
        assert all(image.tobytes() in seen for image in out)
        if i >= 4:
            older.append(np.mean(np.any(out != x, axis=(1, 2, 3))))
    assert np.mean(older) == pytest.approx(0.5, abs=0.07)


# --- Training ------------------------------------------------------------------------------------


@pytest.fixture
def small():
    """The chapter with small settings, as a reader may choose them."""
    code = chapter("14")
    run = types.SimpleNamespace(jit_compile=False, seed=0)
    code.update(FILTERS=4, BLOCKS=0, BATCH_SIZE=4, run=run)
    return code


@pytest.mark.parametrize("steps", [7, 15])
def test_training_makes_the_steps_that_were_asked_for(small, steps):
    assert small["STEPS_PER_EXECUTION"] == 10
    a, b = np.random.default_rng(0).random((2, 8, 28, 28, 1), "float32")
    gan = small["train"](a, b, steps, seed=0)
    assert int(gan.g_optimizer.iterations) == int(gan.d_optimizer.iterations) == steps
    assert float(gan.g_optimizer.learning_rate) == 0
    assert int(small["train_on_pairs"](a, b, steps).optimizer.iterations) == steps


def test_training_refuses_what_it_cannot_do(small):
    x = np.zeros((80, 8, 8, 1), "float32")
    with pytest.raises(ValueError, match="steps must be at least 1, got 0"):
        small["train"](x, x, 0, seed=0)
    with pytest.raises(ValueError, match=r"images must lie in \[0, 1\]"):
        small["train"](x, x + 255, 1, seed=0)
    small["BATCH_SIZE"] = 64
    with pytest.raises(ValueError, match="a pool of 50 images is too small for batches of 64"):
        small["train"](x, x, 1, seed=0)


def test_translators_give_images_of_the_shape_and_range_of_their_input():
    network = FOURTEEN["build_translator"]((12, 8, 3), filters=4, blocks=1)
    y = ops.convert_to_numpy(network(images(2, 12, 3)[:, :, :8]))
    assert y.shape == (2, 12, 8, 3)
    assert np.abs(y).max() <= 1
    with pytest.raises(ValueError, match="must be even, got 29 and 28"):
        FOURTEEN["build_translator"]((29, 28, 1))


def test_the_discriminator_phase_leaves_the_translators_alone():
    gan = small_gan()
    gan.compile(1e-2, steps=100, jit_compile=False)
    gan.g_optimizer = keras.optimizers.SGD(0.0)
    gan.g_optimizer.build(gan.g_variables)
    g_before = gan.g.get_weights() + gan.f.get_weights()
    d_before = gan.d_a.get_weights() + gan.d_b.get_weights()
    gan.fit(batches(images(), images(seed=1)), shuffle=False, verbose=0)
    for old, new in zip(g_before, gan.g.get_weights() + gan.f.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    changes = zip(d_before, gan.d_a.get_weights() + gan.d_b.get_weights(), strict=True)
    assert max(np.abs(old - new).max() for old, new in changes) > 1e-3


def test_without_adversarial_pressure_the_identity_is_learned():
    gan = small_gan()
    a, b = images(64), images(64, seed=1)
    before = float(np.abs(ops.convert_to_numpy(gan.g(b)) - b).mean())
    train(gan, (a, b), epochs=10, rate=1e-2, identity_weight=50.0)
    assert float(np.abs(ops.convert_to_numpy(gan.g(b)) - b).mean()) < 0.7 * before


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_training_in_half_precision_has_finite_losses(policy):
    keras.config.set_dtype_policy(policy)
    history = train(small_gan(), (images(), images(seed=1)), epochs=2)
    assert np.isfinite([*history["d_loss"], *history["g_loss"]]).all()


def test_color_at_128_pixels_makes_a_step():
    gan = small_gan((128, 128, 3), pool_size=2)
    x = images(2, 128, 3)
    assert np.isfinite(train(gan, (x, x[::-1].copy()))["g_loss"]).all()


# --- Helpers -------------------------------------------------------------------------------------


def test_errors_are_between_images_of_one_shape():
    x = np.full((3, 28, 28, 1), 0.5, "float32")
    assert FOURTEEN["error"](x, x + 0.25) == pytest.approx(0.25)
    with pytest.raises(AssertionError, match=r"shapes \(3, 28, 28\) and \(3, 28, 28, 1\) differ"):
        FOURTEEN["error"](x[..., 0], x)
