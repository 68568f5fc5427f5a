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
    shape = 8, 8, 1
    gan = code["DCGAN"](
        code["build_generator"](4, shape), code["build_discriminator"](shape), **changes
    )
    gan.compile(code["adam"](1e-3), code["adam"](1e-3), jit_compile=False)
    return gan, RNG.random((8, *shape), "float32")


def progressive(code):
    """The same for chapter 12, at its first stage."""
    sizes, fade = ([4, 8], [4, 4]), code["FadeIn"]()
    generators, averages = [code["build_generators"](*sizes, 4, 1, fade) for _ in range(2)]
    discriminators = code["build_discriminators"](*sizes, 1, fade)
    gan = code["ProgressiveGAN"](generators, averages, discriminators, fade)
    gan.start_stage(0, fade_steps=0)
    gan.compile(code["adam"](1e-3), code["adam"](1e-3), gamma=0.1, jit_compile=False)
    return gan, RNG.uniform(-1, 1, (8, 4, 4, 1)).astype("float32")


def stylegan(code):
    """The same for chapter 13."""
    sizes = [4, 8], [4, 4]
    players = [code["build_generator"](4, 4, *sizes) for _ in range(2)]
    gan = code["StyleGAN"](*players, code["build_discriminator"](*sizes, 1), mixing=0.1)
    optimizers = code["adam"](1e-3), code["adam"](1e-3)
    gan.compile(*optimizers, gamma=0.1, momentum=0.9, jit_compile=False)
    return gan, RNG.uniform(-1, 1, (8, 8, 8, 1)).astype("float32")


def cyclegan(code):
    """The same for chapter 14, which trains on batches of pairs."""
    gan = code["build_cyclegan"]((8, 8, 1), filters=4, blocks=0)
    optimizers = code["adam"](1e-3, 10), code["adam"](1e-3, 10)
    gan.compile(*optimizers, cycle_weight=5.0, identity_weight=0.5, jit_compile=False)
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


@pytest.mark.parametrize(("most", "used"), [(0.995, 2 / 11), (0.1, 0.1)])
def test_the_average_moves_with_the_momentum_of_the_ramp(most, used):
    gan, x = dcgan(chapter("11"), momentum=most)
    before = gan.generator.get_weights()
    gan.fit(x, verbose=0)  # one step
    after, mean = gan.generator.get_weights(), gan.average.get_weights()
    assert max(np.abs(a - b).max() for a, b in zip(after, before, strict=True)) > 1e-4
    for a, b, m in zip(after, before, mean, strict=True):
        np.testing.assert_allclose(m, used * b + (1 - used) * a, atol=1e-6)


def test_the_logit_of_the_given_class_counts():
    code, shape = chapter("11"), (8, 8, 1)
    players = code["build_generator"](4 + 3, shape), code["build_discriminator"](shape, 3)
    gan = code["ConditionalDCGAN"](*players)
    gan.compile(code["adam"](1e-3), code["adam"](1e-3), jit_compile=False)
    labels = np.eye(3, dtype="float32")[np.full(8, 1)]
    before = gan.discriminator.layers[-1].get_weights()[0]
    gan.fit(RNG.random((8, *shape), "float32"), labels, verbose=0)
    moved = np.abs(gan.discriminator.layers[-1].get_weights()[0] - before).max(axis=0)
    assert moved[1] > 1e-4 and moved[0] == moved[2] == 0


def test_the_penalty_is_that_of_the_slope_of_a_linear_critic():
    critic = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, use_bias=False)])
    critic.set_weights([np.array([[3.0], [4.0]])])  # a slope of 5
    real, fake = RNG.random((2, 6, 2), "float32")
    gap = 3 * (fake - real)[:, 0].mean() + 4 * (fake - real)[:, 1].mean()
    loss = chapter("11")["critic_loss"](critic, real, fake)
    np.testing.assert_allclose(loss, gap + 10 * (5 - 1) ** 2, rtol=1e-5)


def test_the_earth_movers_distance_is_that_of_the_best_pairs():
    a = RNG.normal(size=(20, 2))
    distance = chapter("11")["earth_movers_distance"]
    assert distance(a, a[::-1]) == 0
    assert distance(a, a[::-1] + [3.0, 4.0]) == pytest.approx(5)


def test_a_wgan_makes_steps_with_both_players():
    code = chapter("11")
    gan = code["WGAN"](code["build_dense"](8, 2), code["build_dense"](2, 1))
    gan.compile(code["adam"](1e-3), code["adam"](1e-3), jit_compile=False)
    points = tf.data.Dataset.from_tensors(RNG.normal(size=(20, 2)).astype("float32"))
    gan.fit(points, shuffle=False, verbose=0)
    assert (int(gan.d_optimizer.iterations), int(gan.g_optimizer.iterations)) == (5, 1)
