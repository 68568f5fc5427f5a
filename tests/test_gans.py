"""What chapters 10 to 14 say of their GANs, by the classes of the chapters themselves."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tools.lift import chapter

RNG = np.random.default_rng(0)


def dense(code):
    """A small GAN of chapter 10, and images that it trains on."""
    gan = code["GAN"](code["build_generator"](4), code["build_discriminator"]())
    gan.compile(keras.optimizers.Adam(), keras.optimizers.Adam(), jit_compile=False)
    return gan, RNG.random((8, 28, 28, 1), "float32")


def dcgan(code, **changes):
    """The same for chapter 11."""
    players = code["build_generator"](4, (8, 8)), code["build_discriminator"]((4, 8))
    gan = code["DCGAN"](*players, **changes)
    gan.compile(1e-3, 1e-3, jit_compile=False)
    return gan, RNG.random((8, 28, 28, 1), "float32")


def progressive(code):
    """The same for chapter 12."""
    gan = code["ProgressiveGAN"]([4, 8], [4, 4], 4)
    gan.compile(0, 1e-3, 0, momentum=0.9, gamma=0.1, every=16, jit_compile=False)
    return gan, RNG.uniform(-1, 1, (8, 4, 4, 1)).astype("float32")


def stylegan(code):
    """The same for chapter 13."""
    gan = code["StyleGAN"]([4, 8], [4, 4], 4, 4)
    gan.compile(1e-3, jit_compile=False)
    return gan, RNG.uniform(-1, 1, (8, 8, 8, 1)).astype("float32")


def cyclegan(code):
    """The same for chapter 14, which trains on batches of pairs."""
    players = [code["build_translator"]((8, 8, 1), 4, 0) for _ in range(2)]
    players += [code["build_discriminator"]((8, 8, 1), (4,)) for _ in range(2)]
    gan = code["CycleGAN"](*players)
    gan.compile(1e-3, 10, jit_compile=False)
    pair = RNG.uniform(-1, 1, (2, 8, 8, 8, 1)).astype("float32")
    return gan, tf.data.Dataset.from_tensor_slices(tuple(pair)).batch(8)


GANS = {"10": dense, "11": dcgan, "12": progressive, "13": stylegan, "14": cyclegan}


@pytest.fixture(scope="module", params=GANS)
def gan_and_images(request):
    return GANS[request.param](chapter(request.param))


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_images_from_0_to_255_are_refused(gan_and_images, dtype):
    gan, _ = gan_and_images
    x = RNG.integers(0, 256, (8, 28, 28, 1)).astype(dtype)
    with pytest.raises(ValueError, match="images must lie in"):
        gan.fit(x, verbose=0)


def test_a_validation_loss_is_refused_in_one_sentence(gan_and_images):
    gan, x = gan_and_images
    with pytest.raises(NotImplementedError, match="has no validation loss"):
        gan.evaluate(x)
    with pytest.raises(ValueError, match="has no validation loss"):
        gan.fit(x, validation_data=x, verbose=0)


def test_saving_the_whole_is_refused_in_one_sentence_and_leaves_no_file(gan_and_images, tmp_path):
    gan, x = gan_and_images
    path = tmp_path / "x.keras"
    with pytest.raises(NotImplementedError, match="save its networks"):
        gan.save(path)
    checkpoint = keras.callbacks.ModelCheckpoint(path)
    with pytest.raises(NotImplementedError, match="save its networks"):
        gan.fit(x, shuffle=False, callbacks=[checkpoint], verbose=0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_a_dcgan_in_half_precision_has_finite_losses(policy):
    keras.config.set_dtype_policy(policy)
    gan, x = dcgan(chapter("11"))
    losses = gan.fit(x, epochs=3, verbose=0).history["d_loss"]
    assert gan.generator.layers[0].compute_dtype == policy.removeprefix("mixed_")
    assert np.isfinite(losses).all()


def test_the_average_moves_a_quarter_of_the_way_with_momentum_three_quarters():
    gan, x = dcgan(chapter("11"), momentum=0.75)
    before = gan.generator.get_weights()
    gan.fit(x, verbose=0)  # one step
    after, mean = gan.generator.get_weights(), gan.average.get_weights()
    assert max(np.abs(a - b).max() for a, b in zip(after, before, strict=True)) > 1e-4
    for a, b, m in zip(after, before, mean, strict=True):
        np.testing.assert_allclose(m, 0.75 * b + 0.25 * a, atol=1e-6)
