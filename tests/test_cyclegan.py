"""What chapter 14 says of its translators, by the classes of the chapter itself."""

import keras
import numpy as np
import pytest
from gans import chapter
from keras import ops


@pytest.fixture
def fourteen():
    return chapter("14")


def images(n=16, size=8, channels=1, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 1, (n, size, size, channels)).astype("float32")


def small_gan(fourteen, shape=(8, 8, 1), pool_size=8):
    translators = [fourteen["build_translator"](shape, filters=4, blocks=1) for _ in range(2)]
    discriminators = [fourteen["build_discriminator"](shape, filters=(4, 6)) for _ in range(2)]
    return fourteen["CycleGAN"](*translators, *discriminators, pool_size=pool_size, seed=0)


def train(gan, pair, epochs=1, rate=1e-3, **kwargs):
    gan.compile(rate, steps=100, jit_compile=False, **kwargs)
    return gan.fit(*as_dataset(pair), epochs=epochs, shuffle=False, verbose=0).history


def as_dataset(pair):
    import tensorflow as tf

    return [tf.data.Dataset.from_tensor_slices(pair).batch(8)]


# --- The pool ------------------------------------------------------------------------------------


def test_the_pool_gives_new_images_until_it_is_full():
    pool = chapter("14")["ImagePool"](8, seed=0)
    for i in range(2):
        x = images(4, seed=i)
        np.testing.assert_array_equal(pool(x), x)


def test_a_full_pool_gives_older_images_half_of_the_time_and_only_images_that_it_has_seen(fourteen):
    pool = fourteen["ImagePool"](20, seed=0)
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


def test_translators_give_images_of_the_shape_and_range_of_their_input(fourteen):
    network = fourteen["build_translator"]((12, 8, 3), filters=4, blocks=1)
    y = ops.convert_to_numpy(network(images(2, 12, 3)[:, :, :8]))
    assert y.shape == (2, 12, 8, 3)
    assert np.abs(y).max() <= 1


def test_each_phase_changes_its_own_players_only(fourteen):
    gan = small_gan(fourteen)
    gan.compile(1e-2, steps=100, jit_compile=False)
    gan.g_optimizer = keras.optimizers.SGD(0.0)
    gan.g_optimizer.build(gan.g_variables)
    g_before = [np.array(w) for w in gan.g.get_weights() + gan.f.get_weights()]
    d_before = [np.array(w) for w in gan.d_a.get_weights() + gan.d_b.get_weights()]
    gan.fit(*as_dataset((images(), images(seed=1))), shuffle=False, verbose=0)
    for old, new in zip(g_before, gan.g.get_weights() + gan.f.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    changes = zip(d_before, gan.d_a.get_weights() + gan.d_b.get_weights(), strict=True)
    assert max(np.abs(old - new).max() for old, new in changes) > 1e-3


def test_without_adversarial_pressure_the_identity_is_learned(fourteen):
    gan = small_gan(fourteen)
    a, b = images(64), images(64, seed=1)
    before = float(np.abs(ops.convert_to_numpy(gan.g(b)) - b).mean())
    train(gan, (a, b), epochs=10, rate=1e-2, identity_weight=50.0)
    assert float(np.abs(ops.convert_to_numpy(gan.g(b)) - b).mean()) < 0.7 * before


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_training_in_half_precision_has_finite_losses(fourteen, policy):
    keras.config.set_dtype_policy(policy)
    history = train(small_gan(fourteen), (images(), images(seed=1)), epochs=2)
    assert np.isfinite([*history["d_loss"], *history["g_loss"]]).all()


@pytest.mark.parametrize("size", [128, 256])
def test_color_at_larger_sizes_builds_and_makes_a_step(fourteen, size):
    gan = small_gan(fourteen, (size, size, 3), pool_size=2)
    x = images(2, size, 3)
    history = train(gan, (x, x[::-1].copy()))
    assert np.isfinite(history["g_loss"]).all()
    assert gan.g.output_shape[1:] == (size, size, 3)


def test_sizes_that_cannot_be_halved_get_one_sentence(fourteen):
    with pytest.raises(ValueError, match="must be even, got 29 and 28"):
        fourteen["build_translator"]((29, 28, 1))


def test_a_pool_smaller_than_a_batch_gets_one_sentence(fourteen):
    pool = fourteen["ImagePool"](4)
    with pytest.raises(ValueError, match="a pool of 4 images is too small for a batch of 5"):
        pool(np.zeros((5, 8, 8, 1)))
