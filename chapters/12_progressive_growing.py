# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: alt,quick,tags,-all
#     notebook_metadata_filter: -jupytext.text_representation.jupytext_version
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 12 Progressive growing of GANs
#
# The GANs of the last two chapters draw images of 28 by 28 pixels. With larger images, training becomes harder. The generator has to get the coarse shape and the fine detail right at once, and the discriminator can tell real from generated images by some detail long before the shapes are right. In 2018 a group at NVIDIA (Karras et al.) found a way around this, and showed the first artificial faces of 1024 by 1024 pixels. Their idea is to begin with images of 4 by 4 pixels, and to add a layer for
# twice the resolution after a fixed number of steps (*crecimiento progresivo*).
#
# In this chapter we build their method at a size that two CPU cores can train: from 4 by 4 to 32 by 32 pixels. We look at each of its ingredients on its own, and then ask whether growing pays off at this small size. For that we train the same networks at the full size from the start, for the same time.
#
# | | |
# |---|---|
# | Slides | *Progressive growing of GANs (NVIDIA)*; *Progressive growing of GANs: results* |
# | Textbook | Hands-On Machine Learning, chapter 17, "Progressive Growing of GANs" |
# | Result | Grows a GAN from 4 by 4 to 32 by 32 pixels. After equal time its Fréchet distance is 34<!-- ffd_grown_mean -->, and that of the same networks at the full size from the start 39<!-- ffd_from_scratch_equal_time --> (means of two seeds; one favors each; validation images, settings chosen for growing) |
# | Time | 545 s<!-- seconds --> on two CPU cores; not measured on a GPU |
# | Data | Fashion-MNIST, padded to 32 by 32 pixels: 55,000 images to train, 5,000 to validate, 10,000 to test; or the bundled sixth of it |

# %% [markdown]
# ## Setup
# Everything below needs this cell. Libraries that a single section needs are imported there.

# %%
import math
import pathlib
import time

import genkeras as gk
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import layers, ops

START = time.perf_counter()
run = gk.setup(seed=42)

# %% [markdown]
# ## Parameters
# These settings control how long the notebook takes.

# %% quick={"EPOCHS": [1, 1, 2], "EPOCH_STEPS": 16, "FADE_STEPS": [0, 8, 8], "FILTERS": [8, 8, 8], "N_SCORED": 300, "N_TRAIN": 1152, "QUICK": true, "RESOLUTIONS": [4, 8, 16], "SEEDS": 1, "STEPS_PER_EXECUTION": 1} tags=["parameters"]
QUICK = False  # True: a run that shows how it works, too short to prove anything
N_TRAIN = None  # training images; None takes all there are
RESOLUTIONS = [4, 8, 16, 32]  # in pixels, each twice the one before; GPU: up to 128
FILTERS = [64, 64, 32, 16]  # of both networks at these resolutions; GPU: [256, 256, 128, 64, ...]
EPOCHS = [2, 4, 6, 24]  # training at each resolution; GPU: a hundred times as long
EPOCH_STEPS = 50  # gradient steps of an epoch
FADE_STEPS = [0, 100, 150, 200]  # of these steps, those in which the new blocks are faded in
LATENT_DIM = 32  # size of the noise; GPU: 512
BATCH_SIZE = 32
RATE = 0.02  # learning rate of both players; GPU, with longer training: 0.001
MOMENTUM = 0.995  # of the moving average; GPU: 0.999
GAMMA = 0.1  # weight of the penalty
EVERY = 16  # steps from one penalty to the next
SEEDS = 2  # repetitions of the comparison
N_SCORED = 3000  # images on each side of a score
STEPS_PER_EXECUTION = 10  # gradient steps per call from Python; more save overhead
MODELS = "models"  # folder for trained models

# %% alt="Four rows with the same twelve garments at 4, 8, 16 and 32 pixels: at 4 pixels gray patches, at 8 rough shapes, at 16 the kinds can be told apart, at 32 details appear."
pathlib.Path(MODELS).mkdir(parents=True, exist_ok=True)
images = gk.load_images(n_train=N_TRAIN)
full_data = images.source == "tfds"
rng = np.random.default_rng(run.seed)


def pad(x):
    """Images (n, 28, 28, 1) in [0, 1] as (n, 32, 32, 1) in [-1, 1]."""
    return 2 * np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0))) - 1


def halve(x):
    """Images (n, 2 h, 2 w, c) as (n, h, w, c): means of two by two pixels."""
    return (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4


x_fit = {32: pad(images.x_train)}
for resolution in (16, 8, 4):
    x_fit[resolution] = halve(x_fit[2 * resolution])
gk.plot_rows(
    {
        f"{resolution} x {resolution}": x_fit[resolution][:12] / 2 + 0.5
        for resolution in RESOLUTIONS
    },
    title="The same training images at four resolutions",
)
plt.show()

# %% [markdown]
# At 4 by 4 pixels there is little more to learn than where garments are bright. At 8 by 8 you can tell shoes from trousers. Details appear only at 16 and 32 pixels. So each stage of the training has to add what the stage before could not show.
#
# Four things come together in the method: a normalization of features, a scaling of weights, a statistic that helps against mode collapse, and the smooth fading in of new layers. We will look at them one by one.

# %% [markdown]
# ## Pixel normalization
# Generator and discriminator can drive each other to larger and larger values. Karras et al. prevent this in the generator: after each convolution, the vector $a$ of the $N$ features at a pixel is divided by its root mean square:
#
# $$b = \frac{a}{\sqrt{\frac{1}{N} \sum_{j=1}^{N} a_j^2 + 10^{-8}}}$$
#
# Unlike batch normalization it has no parameters, and the result for one image does not depend on the other images in the batch.


# %%
@keras.saving.register_keras_serializable("genkeras")
class PixelNormalization(layers.Layer):
    """Divide the features of each pixel by their root mean square; any shape (..., features)."""

    def call(self, x):
        x32 = ops.cast(x, "float32")
        mean_square = ops.mean(ops.square(x32), axis=-1, keepdims=True)
        return ops.cast(x32 * ops.rsqrt(mean_square + 1e-8), x.dtype)


features = 100 * rng.standard_normal((2, 3, 3, 16)).astype("float32")
normalized = np.asarray(PixelNormalization()(features))
root_mean_squares = np.sqrt(np.mean(normalized**2, axis=-1))
print(f"largest feature {np.abs(features).max():.0f} before, {np.abs(normalized).max():.1f} after")
print(f"root mean squares from {root_mean_squares.min():.4f} to {root_mean_squares.max():.4f}")

# %% [markdown]
# ## The equalized learning rate
# Adam divides each gradient by a running estimate of its size, so a step changes every weight by about the learning rate, however large the weight is. But weights differ in size. The usual initialization draws them with a standard deviation of $\sqrt{2 / n}$ for $n$ inputs, so that the outputs keep their scale. A weight of a layer with many inputs is therefore small, and the same step changes it by a much larger share. A single learning rate is then too large for some layers or too small for others.
#
# The *equalized learning rate* removes this difference. All weights $w$ are drawn from $\mathcal{N}(0, 1)$, and the layer uses $c\, w$ with the constant $c = \sqrt{2 / n}$ when it is called. The outputs at the start are the same, but now every weight has the same size for Adam. In code it is enough to multiply the input by $c$, since the layers are linear. The bias is not scaled.


# %%
@keras.saving.register_keras_serializable("genkeras")
class EqualizedDense(layers.Dense):
    """`Dense` with weights from N(0, 1), multiplied by gain / sqrt(inputs) in each call."""

    def __init__(self, units, gain=2**0.5, **kwargs):
        normal = keras.initializers.RandomNormal(stddev=1.0)
        super().__init__(units, **{"kernel_initializer": normal, **kwargs})
        self.gain = gain

    def call(self, x):
        return super().call(x * (self.gain / self.kernel.shape[0] ** 0.5))

    def get_config(self):
        return {**super().get_config(), "gain": self.gain}


@keras.saving.register_keras_serializable("genkeras")
class EqualizedConv2D(layers.Conv2D):
    """`Conv2D` with weights from N(0, 1), multiplied by gain / sqrt(inputs) in each call."""

    def __init__(self, filters, kernel_size, gain=2**0.5, **kwargs):
        normal = keras.initializers.RandomNormal(stddev=1.0)
        super().__init__(
            filters, kernel_size, **{"kernel_initializer": normal, "padding": "same", **kwargs}
        )
        self.gain = gain

    def call(self, x):
        height, width, channels, _ = self.kernel.shape
        return super().call(x * (self.gain / (height * width * channels) ** 0.5))

    def get_config(self):
        return {**super().get_config(), "gain": self.gain}


def relative_change(layer, inputs):
    """Mean change of a layer's weights in one step of Adam at 0.001, as a share of their size."""
    model = keras.Sequential([keras.Input((inputs,)), layer])
    model.compile(keras.optimizers.Adam(0.001), "mse", run_eagerly=True)
    before = layer.kernel.numpy()
    x = rng.standard_normal((64, inputs)).astype("float32")
    model.train_on_batch(x, np.ones((64, 10)))
    return np.mean(np.abs(layer.kernel.numpy() - before)) / np.std(before)


equalized_shares = []
for inputs in (16, 256, 4096):
    plain = relative_change(layers.Dense(10, kernel_initializer="he_normal"), inputs)
    equalized = relative_change(EqualizedDense(10), inputs)
    equalized_shares.append(equalized)
    print(
        f"{inputs:5} inputs: one step changes the weights by {plain:.2%}, equalized {equalized:.2%}"
    )

# %% [markdown]
# We compare the change by one step with the size of the weights. With the usual initialization this share is seventeen times as large in a layer with 4,096 inputs as in one with 16. (In theory it is $\sqrt{256} = 16$.) With equalized layers it is the same for both sizes, and depends on the learning rate only. This holds at the start, since nothing keeps the weights at this size later.
#
# It also means that the rate has another meaning than usual. With the 0.001<!-- setting --> of Karras et al., who train for days, a step changes a weight by about 0.1 %<!-- setting --> of its size. We train for 90 seconds and use 0.02<!-- setting -->. We chose it in trials of two minutes with growing, one seed each and batches of 64<!-- setting -->: it gave a lower distance than 0.01<!-- setting -->, and with 0.04<!-- setting --> the training failed. The other settings were chosen in the same way, for growing and not for the comparison at the end.

# %% [markdown]
# ## The standard deviation of the minibatch
# A generator that has collapsed draws the same few images again and again (chapter 10). The discriminator looks at one image at a time, and each of these images may look real, so it has no way to notice. Karras et al. give it one. They compute the standard deviation of each feature over the images of the batch, take the mean of these over features and places, and add it to all images as one more feature map. Let's see what this number tells about real images, and about batches in which only a few different images
# are repeated.


# %% alt="The new feature of batches of 64 images against the number of different images in them, with two standard deviations: it rises from 0 for one image to 0.34; the bars touch from two different images on and overlap widely from eight on."
@keras.saving.register_keras_serializable("genkeras")
class MinibatchStandardDeviation(layers.Layer):
    """Add a feature map that tells how much the examples of the batch differ on average.

    It maps (batch, height, width, features) to (batch, height, width, features + 1).
    """

    def call(self, x):
        deviations = ops.sqrt(ops.var(ops.cast(x, "float32"), axis=0) + 1e-8)
        new_map = ops.zeros_like(x[..., :1]) + ops.cast(ops.mean(deviations), x.dtype)
        return ops.concatenate([x, new_map], axis=-1)


different, means, spreads = [1, 2, 4, 8, 16, 32, 64], [], []
for k in different:
    values = []
    for _ in range(100):
        chosen = rng.choice(len(x_fit[8]), k, replace=False)
        batch = x_fit[8][np.resize(chosen, 64)]
        values.append(float(MinibatchStandardDeviation()(batch)[0, 0, 0, -1]))
    means.append(np.mean(values))
    spreads.append(2 * np.std(values))
kinds = {
    "all classes": np.arange(len(x_fit[8])),
    "all but sneakers": np.flatnonzero(images.y_train != 7),
    "T-shirts only": np.flatnonzero(images.y_train == 0),
}
for name, allowed in kinds.items():
    values = []
    for _ in range(100):
        batch = x_fit[8][rng.choice(allowed, 64, replace=False)]
        values.append(float(MinibatchStandardDeviation()(batch)[0, 0, 0, -1]))
    print(f"64 images, {name:17} {np.mean(values):.3f} ± {2 * np.std(values):.3f}")
figure, axis = plt.subplots(figsize=(8, 2.6), layout="constrained")
axis.errorbar(different, means, spreads, fmt="o", capsize=4)
axis.set(
    xscale="log",
    xticks=different,
    xticklabels=different,
    xlabel="different images in a batch of 64",
    ylabel="added feature",
    title="Mean over 100 batches, and two standard deviations",
)
axis.minorticks_off()
axis.grid(alpha=0.3)
plt.show()

# %% [markdown]
# For a batch that repeats a single image the feature is 0, which no batch of real images ever shows. With two or four different images it is mostly below that of real batches, though the bars already touch at two. From eight on they overlap widely. A batch of T-shirts only can be told from others, but a batch without sneakers cannot. So the feature can reveal a generator that draws very few images, or (for some kinds) one kind only, but hardly one that leaves out a kind.
#
# In the discriminator the layer sits behind the last strided convolution, where it compares learned features and not pixels as here. We compute it over the whole batch.

# %% [markdown]
# ## Fading in
# Suppose that the networks have learned 16 by 16 pixels. Now the generator gets a block of layers that doubles the resolution. Its weights are random, so if it simply took over, the images would be noise, and the discriminator, which gets a new block as well, would have to start again, too. Therefore the new block is faded in. For a while the output is a mix of the old image, enlarged, and of the new one:
#
# $$x = (1 - \alpha)\, \mathrm{enlarge}(x_{\mathrm{old}}) + \alpha\, x_{\mathrm{new}}$$
#
# and $\alpha$ rises from 0 to 1. The discriminator does the same with its features, and real images are mixed with their own reduced versions, so that both players see the same kind of images.


# %%
@keras.saving.register_keras_serializable("genkeras")
class FadeIn(layers.Layer):
    """(1 - alpha) old + alpha new, for two tensors of one shape; `alpha` is a variable."""

    def __init__(self, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.alpha = self.add_weight(shape=(), initializer="ones", trainable=False, name="alpha")

    def call(self, inputs):
        old, new = inputs
        return old + self.alpha * (new - old)


# %% alt="Diagram of a generator while 32 by 32 pixels are faded in: the features of 16 by 16 pixels go two ways, to an old image that is enlarged and weighted with 1 minus alpha, and through the new block to a new image that is weighted with alpha; the sum is the image."
old, new, enlarged = "old image\n16 x 16", "new block: enlarge,\nconvolution", "enlarged\n32 x 32"
gk.plot_diagram(
    {
        "features\n16 x 16": (0, 0),
        old: (2, 0.5),
        new: (2, -0.5),
        enlarged: (4, 0.5),
        "new image\n32 x 32": (4, -0.5),
        "image\n32 x 32": (6, 0),
    },
    [
        ("features\n16 x 16", old, ""),
        ("features\n16 x 16", new, ""),
        (old, enlarged, ""),
        (new, "new image\n32 x 32", ""),
        (enlarged, "image\n32 x 32", r"$1 - \alpha$"),
        ("new image\n32 x 32", "image\n32 x 32", r"$\alpha$"),
    ],
    colored=["image\n32 x 32"],
    title="A generator while 32 by 32 pixels are faded in",
)
plt.show()

# %% [markdown]
# ## The networks
# The diagram shows the generator at its full size. At the first resolution it consists of the first block only. A convolution of size 1 turns the features of a block into an image. The discriminator is its mirror image: a convolution of size 1 turns the image into features, blocks halve the resolution, and the last one ends in a logit.

# %% alt="Diagram of the generator: noise of 32 numbers, then features of 4 by 4, 8 by 8, 16 by 16 and 32 by 32 pixels, and the image; a bracket for each resolution that is added."
gk.plot_network(
    [(f"noise\n{LATENT_DIM}", LATENT_DIM)]
    + [(f"{r} x {r}\nx {n}", r * r * n) for r, n in zip(RESOLUTIONS, FILTERS, strict=True)]
    + [(f"image\n{RESOLUTIONS[-1]} x {RESOLUTIONS[-1]}", RESOLUTIONS[-1] ** 2)],
    parts={f"stage {i + 1}": (i, i + 1) for i in range(len(RESOLUTIONS))},
    title="The generator after the last stage",
)
plt.show()

# %% [markdown]
# In Keras we build one model for each resolution, and the models share their layers. So growing does not copy any weights. The next model contains the blocks of the one before, as they are, and one more.


# %%
def check_sizes(resolutions, filters, channels):
    """Raise ValueError unless resolutions double from 4 on, each with its filters."""
    if resolutions != [4 * 2**i for i in range(len(resolutions))] or len(resolutions) < 2:
        raise ValueError(f"resolutions must be [4, 8, ...], each twice the last, got {resolutions}")
    if len(filters) != len(resolutions):
        raise ValueError(f"filters must be {len(resolutions)} numbers, got {filters}")
    if channels not in (1, 3):
        raise ValueError(f"channels must be 1 (gray) or 3 (color), got {channels}")


def build_generators(resolutions, filters, latent_dim, channels, fade):
    """Noise (latent_dim,) to images in about [-1, 1]: one model for each resolution."""
    check_sizes(resolutions, filters, channels)
    models, blocks, to_images = [], [], []
    for resolution, n in zip(resolutions, filters, strict=True):
        block = keras.Sequential(name=f"generator_block_{resolution}")
        if resolution == 4:
            block.add(PixelNormalization())
            block.add(EqualizedDense(4 * 4 * n))
            block.add(layers.Reshape((4, 4, n)))
            block.add(layers.LeakyReLU(0.2))
            block.add(PixelNormalization())
        else:
            block.add(layers.UpSampling2D())
        block.add(EqualizedConv2D(n, 3))
        block.add(layers.LeakyReLU(0.2))
        block.add(PixelNormalization())
        blocks.append(block)
        to_images.append(EqualizedConv2D(channels, 1, gain=1.0, dtype="float32"))

        z = keras.Input((latent_dim,))
        x = z
        for block in blocks[:-1]:
            x = block(x)
        image = to_images[-1](blocks[-1](x))
        if len(blocks) > 1:
            image = fade([layers.UpSampling2D()(to_images[-2](x)), image])
        models.append(keras.Model(z, image, name=f"generator_{resolution}"))
    return models


def build_discriminators(resolutions, filters, channels, fade):
    """Images to logits (1,): one model for each resolution."""
    check_sizes(resolutions, filters, channels)
    models, blocks, from_images = [], [], []
    for i, (resolution, n) in enumerate(zip(resolutions, filters, strict=True)):
        block = keras.Sequential(name=f"discriminator_block_{resolution}")
        if resolution == 4:
            block.add(MinibatchStandardDeviation())
            block.add(EqualizedConv2D(n, 3))
            block.add(layers.LeakyReLU(0.2))
            block.add(layers.Flatten())
            block.add(EqualizedDense(n))
            block.add(layers.LeakyReLU(0.2))
            block.add(EqualizedDense(1, gain=1.0, dtype="float32"))
        else:
            block.add(EqualizedConv2D(filters[i - 1], 4, strides=2))
            block.add(layers.LeakyReLU(0.2))
        blocks.append(block)
        from_images.append(EqualizedConv2D(n, 1, activation="leaky_relu"))

        image = keras.Input((resolution, resolution, channels))
        x = blocks[-1](from_images[-1](image))
        if len(blocks) > 1:
            old = from_images[-2](layers.AveragePooling2D(2)(image))
            x = fade([old, x])
            for block in blocks[-2::-1]:
                x = block(x)
        models.append(keras.Model(image, x, name=f"discriminator_{resolution}"))
    return models


# %% [markdown]
# If this is right, nothing may change at the moment of growing. With $\alpha = 0$ the larger generator has to draw exactly what the smaller one does, enlarged. The larger discriminator has to give an image the logit that the smaller one gives to the reduced image. With $\alpha = 1$ the outputs differ.

# %%
fade = FadeIn()
generators = build_generators(RESOLUTIONS, FILTERS, LATENT_DIM, 1, fade)
discriminators = build_discriminators(RESOLUTIONS, FILTERS, 1, fade)
codes = rng.standard_normal((16, LATENT_DIM)).astype("float32")
fade_gaps = {0.0: [], 1.0: []}
for alpha, gaps in fade_gaps.items():
    for i in range(1, len(RESOLUTIONS)):
        batch = x_fit[RESOLUTIONS[i]][:16]
        fade.alpha.assign(1.0)  # the smaller networks have faded in
        old_images = np.asarray(generators[i - 1](codes)).repeat(2, axis=1).repeat(2, axis=2)
        old_logits = np.asarray(discriminators[i - 1](halve(batch)))
        fade.alpha.assign(alpha)
        gaps.append(np.abs(generators[i](codes) - old_images).max())
        gaps.append(np.abs(discriminators[i](batch) - old_logits).max())
    print(f"alpha {alpha:.0f}: growing changes the outputs by up to {max(gaps):.2g}")
print(f"{generators[-1].count_params():,} and {discriminators[-1].count_params():,} parameters")

# %% [markdown]
# ## The game
# Karras et al. used the Wasserstein loss with gradient penalty (chapter 11, exercise 6). We take the non-saturating loss of chapter 10, which needs only one step of the discriminator for each step of the generator. To it we add a penalty called $R_1$ (Mescheder et al., 2018), as the successors of this method do:
#
# $$R_1 = \frac{\gamma}{2}\, \mathbb{E}_{x \sim p_{data}} \|\nabla_x D(x)\|^2$$
#
# Here $D(x)$ is the logit. The penalty keeps the discriminator from becoming arbitrarily steep around the real images, so that the generator's gradients remain useful. It is expensive, since the gradient of a gradient is needed. StyleGAN2 computes it in every sixteenth step only, with a weight that makes up for it, and we do the same. `keras.ops` has no gradients, so we use TensorFlow's tape.
#
# Our networks are simpler than those of the paper in two more points: each block has one convolution instead of two, and the discriminator halves the resolution by strides. As in the authors' program, each stage gets new optimizers, because those of the stage before were not built for the new variables.


# %%
# gk.AdversarialModel is a keras.Model that says in a sentence what a GAN cannot do.
class ProgressiveGAN(gk.AdversarialModel):
    """Noise (batch, latent_dim) to images; `fit` on images of the resolution of the stage."""

    image_range = (-1.0, 1.0)

    def __init__(self, resolutions, filters, latent_dim, channels=1, seed=None):
        super().__init__()
        self.fade = FadeIn()
        self.generators = build_generators(resolutions, filters, latent_dim, channels, self.fade)
        self.discriminators = build_discriminators(resolutions, filters, channels, self.fade)
        self.averages = build_generators(resolutions, filters, latent_dim, channels, self.fade)
        for average, generator in zip(self.averages, self.generators, strict=True):
            average.set_weights(generator.get_weights())
        self.latent_dim = latent_dim
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.seconds = 0.0  # of the training, counted by a callback
        self.d_loss = keras.metrics.Mean(name="d_loss")
        self.g_loss = keras.metrics.Mean(name="g_loss")
        self.built = True  # because its parts are

    def compile(self, stage, rate, fade_steps, momentum, gamma, every, **kwargs):
        """Prepare a stage (0 is the first); alpha rises to 1 in its first fade_steps steps."""
        self.generator = self.generators[stage]
        self.discriminator = self.discriminators[stage]
        self.average = self.averages[stage]
        self.fade_steps = fade_steps
        self.momentum = momentum
        self.gamma = gamma
        self.every = every
        self.fade.alpha.assign(0.0 if fade_steps else 1.0)
        self.g_optimizer = gk.scale_optimizer(keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99))
        self.d_optimizer = gk.scale_optimizer(keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99))
        self.g_optimizer.build(self.generator.trainable_variables)
        self.d_optimizer.build(self.discriminator.trainable_variables)
        super().compile(optimizer=self.g_optimizer, **kwargs)  # else Keras creates a third one

    def call(self, z):
        return self.average(z)

    def codes(self, n):
        """Noise (n, latent_dim)."""
        return keras.random.normal((n, self.latent_dim), seed=self.seed_generator)

    def faded(self, real):
        """Real images, mixed with their reduced versions like the generated ones."""
        reduced = ops.average_pool(real, 2, strides=2)
        return self.fade([ops.repeat(ops.repeat(reduced, 2, axis=1), 2, axis=2), real])

    def penalty(self, real):
        """R1: the mean squared gradient of D's logits with respect to real images."""
        with tf.GradientTape() as tape:
            tape.watch(real)
            logits = ops.sum(self.discriminator(real, training=True))
        gradients = tape.gradient(logits, real)
        return self.gamma / 2 * ops.mean(ops.sum(ops.square(gradients), axis=(1, 2, 3)))

    def train_step(self, real):
        if real.shape[1:] != self.discriminator.input_shape[1:]:
            expected = self.discriminator.input_shape[1:]
            raise ValueError(f"this stage needs images of {expected}, got {tuple(real.shape[1:])}")
        step = ops.cast(self.g_optimizer.iterations, "float32")
        if self.fade_steps:
            self.fade.alpha.assign(ops.minimum(step / self.fade_steps, 1.0))
            real = self.faded(real)
        n = ops.shape(real)[0]
        fakes = self.generator(self.codes(n), training=True)
        z = self.codes(n)

        def d_loss():  # softplus(-l) is -log D, softplus(l) is -log(1 - D), for a logit l
            real_logits = self.discriminator(real, training=True)
            fake_logits = self.discriminator(fakes, training=True)
            loss = ops.mean(ops.softplus(-real_logits) + ops.softplus(fake_logits))
            now = ops.equal(step % self.every, 0.0)
            return loss + ops.cond(
                now, lambda: self.every * self.penalty(real), lambda: ops.zeros(())
            )

        def g_loss():
            logits = self.discriminator(self.generator(z, training=True), training=True)
            return ops.mean(ops.softplus(-logits))

        d_value = gk.minimize(self.d_optimizer, d_loss, self.discriminator.trainable_variables)
        g_value = gk.minimize(self.g_optimizer, g_loss, self.generator.trainable_variables)
        momentum = ops.minimum(self.momentum, (1 + step) / (10 + step))
        for mean, weight in zip(
            self.average.trainable_variables, self.generator.trainable_variables, strict=True
        ):
            mean.assign(momentum * mean + (1 - momentum) * weight)
        self.d_loss.update_state(d_value)
        self.g_loss.update_state(g_value)
        return {"d_loss": self.d_loss.result(), "g_loss": self.g_loss.result()}


# %% [markdown]
# ## Growing
# Now we train one stage after the other. In each stage but the first the new blocks are faded in during the first 100 to 200 steps. We draw with a moving average of the generator. Its momentum rises from 0.1<!-- setting --> at the beginning of a stage to 0.993<!-- setting --> after 1,200 steps. In this way the random weights of the new block soon lose their influence on the average. (The limit `MOMENTUM` matters only in stages of more than 1,790 steps.) A callback measures the seconds that the training itself takes, without compiling and scoring. It also draws a few images now and then, and computes the Fréchet distance at the full resolution.


# %%
def draw(model, z, size=32):
    """Images (n, size, size, c) in [0, 1] from codes z; smaller ones are enlarged."""
    parts = [np.asarray(model(z[i : i + 500])) for i in range(0, len(z), 500)]
    pictures = np.clip(np.concatenate(parts) / 2 + 0.5, 0, 1)
    factor = size // pictures.shape[1]
    return pictures.repeat(factor, axis=1).repeat(factor, axis=2)


valid_features, _ = gk.classify(images.x_valid[:N_SCORED])


def distance(pictures):
    """Fréchet distance to validation images."""
    return gk.frechet_distance(valid_features, features_of(pictures))


def features_of(pictures):
    """Features of the middle 28 by 28 pixels."""
    features, _ = gk.classify(pictures[:, 2:-2, 2:-2])
    return features


class Diary(keras.callbacks.Callback):
    """Keep times, scores and images of a training; stop it after about `limit` seconds.

    The clock stands still while the first steps of a stage are compiled, and while we score.

    Attributes: scores, a list of (seconds, distance) at the full resolution; film, a list of
    (resolution, seconds, alpha, images); rates, (resolution, images per second) by epoch.
    """

    def __init__(self, z, batch_size, resolution, distance, limit=None):
        super().__init__()
        self.z = z
        self.batch_size = batch_size
        self.resolution = resolution
        self.distance = distance
        self.limit = limit
        self.scores, self.film, self.rates = [], [], []

    def on_train_begin(self, logs=None):
        self.look()
        self.begin = None

    def on_epoch_begin(self, epoch, logs=None):
        if self.begin is not None:
            self.begin, self.counted = time.perf_counter(), self.params["steps"]

    def on_train_batch_end(self, batch, logs=None):
        if self.begin is None:  # the first call of a stage is over
            self.begin, self.counted = time.perf_counter(), self.params["steps"] - batch - 1

    def on_epoch_end(self, epoch, logs=None):
        steps = self.params["steps"]
        # No step is counted in a first epoch that is a single call; max avoids a division by 0.
        seconds = (time.perf_counter() - self.begin) * steps / max(1, self.counted)
        self.model.seconds += seconds
        resolution = self.model.average.output_shape[1]
        self.rates.append((resolution, steps * self.batch_size / seconds))
        self.look(with_score=epoch % 6 == 5)
        if self.limit is not None and self.model.seconds + seconds / 2 >= self.limit:
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        self.look(with_score=True)

    def look(self, with_score=False):
        """Add images to the film, and a score if asked, unless that was done at this moment."""
        model, now = self.model, self.model.seconds
        resolution, alpha = model.average.output_shape[1], float(model.fade.alpha)
        if not self.film or self.film[-1][:2] != (resolution, now):
            self.film.append((resolution, now, alpha, draw(model, self.z[:12])))
        if with_score and resolution == self.resolution:
            if not self.scores or self.scores[-1][0] != now:
                self.scores.append((now, self.distance(draw(model, self.z))))


z = rng.standard_normal((N_SCORED, LATENT_DIM)).astype("float32")


def endless_batches(x):
    """Shuffled batches of images x in [-1, 1], again and again."""
    gk.data.check_range(x, -1, 1)
    numbers = tf.data.Dataset.range(len(x)).shuffle(len(x)).repeat().batch(BATCH_SIZE)
    return numbers.map(lambda chosen: tf.gather(x, chosen))


def grow(gan, diary):
    """Train all stages."""
    for stage, resolution in enumerate(RESOLUTIONS):
        gan.compile(
            stage,
            RATE,
            fade_steps=FADE_STEPS[stage],
            momentum=MOMENTUM,
            gamma=GAMMA,
            every=EVERY,
            # a divisor of the steps, since Keras makes whole executions only
            steps_per_execution=math.gcd(STEPS_PER_EXECUTION, EPOCH_STEPS),
            jit_compile=run.jit_compile,
        )
        gan.fit(
            endless_batches(x_fit[resolution]),
            epochs=EPOCHS[stage],
            shuffle=False,  # they are already
            steps_per_epoch=EPOCH_STEPS,
            callbacks=[diary],
            verbose=0,
        )


keras.utils.set_random_seed(run.seed)
gan = ProgressiveGAN(RESOLUTIONS, FILTERS, LATENT_DIM, seed=run.seed)
diary = Diary(z, BATCH_SIZE, RESOLUTIONS[-1], distance)
grow(gan, diary)
gan.average.save(f"{MODELS}/12_progressive_growing.keras")
results = {}
for name, pictures in {
    "average": draw(gan.average, z),
    "last weights": draw(gan.generator, z),
    "training images": x_fit[32][:N_SCORED] / 2 + 0.5,
}.items():
    features = features_of(pictures)
    ffd = gk.frechet_distance(valid_features, features)
    precision, recall = gk.precision_recall(valid_features, features)
    results[name] = (ffd, precision, recall)
    print(f"{name:15} Fréchet distance {ffd:5.1f}   precision {precision:.2f}   ", end="")
    print(f"recall {recall:.2f}")
rates = {}
for resolution in RESOLUTIONS:
    rates[resolution] = np.median([rate for size, rate in diary.rates if size == resolution])
    print(f"{resolution:2} x {resolution:2}: {rates[resolution]:5.0f} training images a second")
print(f"training took {gan.seconds:.0f} s")
last = {resolution: pictures for resolution, _, _, pictures in diary.film}  # of each stage
for small, large in zip(RESOLUTIONS[:-1], RESOLUTIONS[1:], strict=True):
    one, other = last[small].reshape(12, -1), last[large].reshape(12, -1)
    correlations = np.corrcoef(one, other)[:12, 12:]
    same = np.mean(np.diag(correlations))
    different = (np.sum(correlations) - 12 * same) / (12 * 11)
    print(f"correlation of images at {small} and {large} pixels: ", end="")
    print(f"same noise {same:.2f}, different noise {different:.2f}")

# %% alt="Four rows of twelve images from the same noise: gray patches at 4 pixels, blurred shapes at 8, rough garments at 16, and at 32 pixels a boot, tops and shoes, some of them torn."
rows = {f"{resolution} x {resolution}": pictures for resolution, pictures in last.items()}
gk.plot_rows(rows, title="The same noise at the end of each stage")
plt.show()

# %% alt="A film of eight images from the same noise: at each of four resolutions it begins with the image of the one before; the edges of the pixels soften while alpha rises, and details follow."
import io

import PIL.Image
import PIL.ImageDraw
from IPython.display import Image, display

frames = []
ends = [i for i, frame in enumerate(diary.film) if frame[3] is last[frame[0]]]
shown = [i for i, frame in enumerate(diary.film) if frame[2] < 1 or i in ends or i % 4 == 3]
for resolution, _, alpha, pictures in [diary.film[i] for i in shown]:
    row = np.concatenate(list(pictures[:8, ..., 0]), axis=1)
    shades = 17 * np.round(15 * row).astype("uint8")  # sixteen shades make a small GIF
    enlarged = np.pad(shades.repeat(2, axis=0).repeat(2, axis=1), ((20, 0), (0, 0)))
    frame = PIL.Image.fromarray(enlarged)
    text = f"{resolution} x {resolution}   alpha {alpha:.2f}"
    PIL.ImageDraw.Draw(frame).text((4, 4), text, fill=255)
    frames.append(frame)
content = io.BytesIO()
frames[0].save(content, "GIF", save_all=True, append_images=frames[1:], duration=500, loop=0)
display(Image(data=content.getvalue(), format="gif"))

# %% alt="Forty generated garments: most tops and shoes are clear, with few gray levels; about a dozen are torn or blotched."
gk.plot_images(draw(gan.average, z[:40]), title="Forty images of the grown GAN")
plt.show()

# %% [markdown]
# From one stage to the next, images from the same noise resemble each other more than images from different noise. Between 16 and 32 pixels they are clearly more correlated, as the output shows for twelve images. In the figure you can follow the boot in the first column and the tops in the ninth and tenth from 8 by 8 pixels on. Others change, such as the eleventh, which looks like a dark top at 16 pixels and like a shoe at 32. So the coarse shape is often kept while details are added, but not always. The film shows what happens in between. When a stage begins, with $\alpha = 0$, the images are exactly
# those of the stage before. While $\alpha$ rises they become smoother, probably because the new block softens the edges of the old pixels, and after the fading they get details.
#
# The Fréchet distance is 35<!-- ffd --> after 70 s<!-- training_seconds --> of training (34<!-- test_ffd --> on test images), with precision 0.79<!-- precision --> and recall 0.53<!-- recall -->. Most tops and shoes are clear, but about a dozen of the forty garments are torn or blotched. The moving average matters: the last weights have a distance of 67<!-- last_ffd -->.


# %% [markdown]
# ## Does growing pay off?
# The first stages are cheap, but are they worth anything? To find out, we train the same networks at 32 by 32 pixels from the start, with the same learning rate, and stop them after as many seconds as growing took. We repeat both with a second seed.

# %%
grown, scratch = [diary], []
scratch_steps = []
for seed in range(run.seed, run.seed + SEEDS):
    keras.utils.set_random_seed(seed)
    if seed != run.seed:
        other = ProgressiveGAN(RESOLUTIONS, FILTERS, LATENT_DIM, seed=seed)
        grown.append(Diary(z, BATCH_SIZE, RESOLUTIONS[-1], distance))
        grow(other, grown[-1])
        seconds = other.seconds
    else:
        seconds = gan.seconds
    other = ProgressiveGAN(RESOLUTIONS, FILTERS, LATENT_DIM, seed=seed)
    other.compile(
        len(RESOLUTIONS) - 1,
        RATE,
        fade_steps=0,
        momentum=MOMENTUM,
        gamma=GAMMA,
        every=EVERY,
        steps_per_execution=math.gcd(STEPS_PER_EXECUTION, EPOCH_STEPS),
        jit_compile=run.jit_compile,
    )
    scratch.append(Diary(z, BATCH_SIZE, RESOLUTIONS[-1], distance, limit=seconds))
    other.fit(
        endless_batches(x_fit[RESOLUTIONS[-1]]),
        epochs=1000,  # the diary stops it
        shuffle=False,
        steps_per_epoch=EPOCH_STEPS,
        callbacks=[scratch[-1]],
        verbose=0,
    )
    scratch_steps.append(int(other.g_optimizer.iterations))
    for name, one in {"grown": grown[-1], "from the start": scratch[-1]}.items():
        end, ffd = one.scores[-1]
        print(f"seed {seed}, {name:15} Fréchet distance {ffd:5.1f} after {end:.0f} s")
print(f"steps at {RESOLUTIONS[-1]} pixels: grown {EPOCHS[-1] * EPOCH_STEPS}, ", end="")
print(f"from the start {' and '.join(map(str, scratch_steps))}")

# %% alt="Distance against seconds: two falling lines for training from the start begin near 115 at 15 seconds and end at 34 after 70 and at 44 after 81; two for growing begin near 67 at 30 seconds and end at 35 after 70 and at 33 after 80. With the first seed the lines cross; with the second, growing is lower."
figure, axis = plt.subplots(figsize=(8, 3.2), layout="constrained")
for color, name, diaries in (("C0", "grown", grown), ("C1", "32 x 32 from the start", scratch)):
    for i, one in enumerate(diaries):
        seconds, distances = zip(*one.scores, strict=True)
        style = ["o-", "s--", "^:"][i % 3]
        axis.plot(seconds, distances, style, color=color, label=f"{name}, seed {run.seed + i}")
axis.set(
    xlabel="seconds of training",
    ylabel="Fréchet distance",
    yscale="log",
    yticks=[30, 40, 60, 100, 200],
    yticklabels=[30, 40, 60, 100, 200],
    title=f"Distance at {RESOLUTIONS[-1]} by {RESOLUTIONS[-1]} pixels against time",
)
axis.minorticks_off()
axis.grid(alpha=0.3)
axis.legend()
plt.show()

# %% [markdown]
# At this size we see no reliable advantage of growing. With the first seed the training from the start ends a little lower, and with the second the grown GAN does. The means are 34<!-- ffd_grown_mean --> (from 33<!-- ffd_grown_lowest --> to 35<!-- ffd_grown_highest -->) and 39<!-- ffd_from_scratch_equal_time --> (from 34<!-- ffd_from_scratch_lowest --> to 44<!-- ffd_from_scratch_highest -->).
#
# Three things were not equal. The learning rate and the other settings were chosen for growing, and the distances are to the validation images on which we chose them. Equal time is not quite equal work either, because our machine does not always run at the same speed. With the second seed the same growing took 80 s instead of 70 s, so that the training from the start was given more time, too. It made 1,350 steps in it, fewer than the 1,450 with the first seed. In an earlier run of this notebook it made 1,700, and ended behind all the same (37 compared with 33). Finally, all lines are still falling, so this tells us nothing about longer training.
#
# The result also depends on what the clock counts. Each stage has to be compiled first, which takes TensorFlow several seconds, and growing has four stages. Our clock leaves this out, since it would not matter in a training of days. In 70 s it would be a noticeable part.
#
# Why is there so little to gain? By the printed rates, the 600 steps on small images took about 15 of the 70 seconds, and at 32 by 32 pixels they would have taken about 27. (The first two rates are too low, because another program was running for the first minute. In the earlier run, growing took 87 s, these steps 15 of them, and at 32 by 32 pixels they would have taken 36.) So growing saved ten to twenty seconds. Or, at equal time: in place of these 600 small steps the training from the start makes 240 to 340 large ones, and here they seem to be worth as much. Half of the small steps are at 16 by 16 pixels, where a step costs more than half as much as at 32 by 32. That stage has more filters, and needs about 63 %<!-- setting --> as many multiplications. At 1024 by 1024 pixels the savings are larger, and Karras et al. report that growing reaches a comparable quality two to six times faster. They also say that it makes
# the training more stable. We cannot test this at our size, where the training from the start is stable, too.
#
# How do both compare with a plain DCGAN? We enlarged chapter 11's networks for 32 by 32 pixels and trained them for 87 s<!-- experiment 11 dcgan_padded seconds_12 --> on the same padded images. They reach a distance of 40<!-- experiment 11 dcgan_padded ffd_12 -->, with precision 0.77<!-- experiment 11 dcgan_padded precision_12 --> and recall 0.58<!-- experiment 11 dcgan_padded recall_12 --> (one seed, measured in benchmarks/, when growing took 87 s, too). In this time the DCGAN was shown 83,200<!-- experiment 11 dcgan_padded images_12 --> images in batches of 64<!-- setting -->, and the grown GAN 57,600 in batches of 32<!-- setting -->. We did not tune the DCGAN for such a short training, and cannot tell whether 35 against 40 is more than the difference between seeds. After 360 s the DCGAN reaches 11<!-- experiment 11 dcgan_padded ffd_13 -->, so after 87 s all of these models are far from finished.
#
# We also tried to improve our own model, in short trials with one seed each, which are not part of this notebook. We tried other learning rates, fewer filters at 32 pixels, a weaker penalty and batches of 64<!-- setting -->. We also tried transposed convolutions and a momentum of 0.5<!-- setting --> for Adam, as in the DCGAN. None of these lowered the distance.
#
# For large images growing has been replaced since. The next chapter's generator first inherited it, but its successor StyleGAN2 dropped it, because details such as teeth stayed at fixed places of the image (Karras et al., 2020).

# %% [markdown]
# ## Check
# These checks guard the building blocks and the training. The comparison itself is too close to be asserted. The test images are used here for the first time.

# %%
test_features, _ = gk.classify(images.x_test[:N_SCORED])
test_distance = gk.frechet_distance(test_features, features_of(draw(gan.average, z)))
loaded = keras.models.load_model(f"{MODELS}/12_progressive_growing.keras")
loaded_gap = float(np.abs(draw(loaded, z[:50]) - draw(gan.average, z[:50])).max())
grown_distances = [one.scores[-1][1] for one in grown]
scratch_distances = [one.scores[-1][1] for one in scratch]
print(f"Fréchet distance to test images {test_distance:.1f}")

assert loaded_gap < 1e-5, "the loaded generator draws other images"
assert max(fade_gaps[0.0]) < 1e-4, "growing changes the outputs at alpha 0"
assert min(fade_gaps[1.0]) > 0.01, "a new block has no influence at alpha 1"
assert max(equalized_shares) < 1.1 * min(equalized_shares), "steps are not equalized"
assert np.isfinite([*grown_distances, *scratch_distances]).all(), "a training diverged"

if not QUICK:
    assert results["average"][0] < results["last weights"][0], "no gain by averaging"
if not QUICK and full_data:  # with fewer images the distances are larger
    assert max(grown_distances) < 50, "a training went wrong"

gk.record(
    "12_progressive_growing",
    ffd=results["average"][0],
    precision=results["average"][1],
    recall=results["average"][2],
    test_ffd=test_distance,
    last_ffd=results["last weights"][0],
    ffd_floor=results["training images"][0],
    ffd_grown_mean=np.mean(grown_distances),
    ffd_grown_lowest=min(grown_distances),
    ffd_grown_highest=max(grown_distances),
    ffd_from_scratch_equal_time=np.mean(scratch_distances),
    ffd_from_scratch_lowest=min(scratch_distances),
    ffd_from_scratch_highest=max(scratch_distances),
    fade_gap=max(fade_gaps[0.0]),
    scratch_steps=np.mean(scratch_steps),
    training_seconds=gan.seconds,
    rate_4_images_per_second=rates[RESOLUTIONS[0]],
    rate_8_images_per_second=rates[RESOLUTIONS[1]],
    rate_16_images_per_second=rates[RESOLUTIONS[-2]],
    rate_32_images_per_second=rates[RESOLUTIONS[-1]],
    seconds=time.perf_counter() - START,
)

# %% [markdown]
# ## What to remember
# - Progressive growing trains on small images first, and adds blocks of layers for larger ones. Each new block is faded in, so that growing changes no output at the moment when it happens.
# - The equalized learning rate gives the weights of all layers the same initial size, so that a step of Adam is the same share of it everywhere.
# - The standard deviation of the minibatch lets the discriminator notice a generator that repeats very few images. Pixel normalization keeps the generator's features from growing.
# - At 32 by 32 pixels and in 90 seconds, growing brought no reliable gain, in a comparison whose settings favored it.
# - Equal time need not be equal work. Before you compare times, decide what the clock counts.
#
# ## Exercises
# 1. *(easy)* Leave the fading out (`FADE_STEPS` of zeros). What do the film and the curve show?
# 2. *(easy)* Remove the layer `MinibatchStandardDeviation`, and compare recall over three seeds.
# 3. *(medium)* Replace `EqualizedConv2D` and `EqualizedDense` by the plain layers, and look for the best learning rate of each variant.
# 4. *(medium)* Vary the weight $\gamma$ of the penalty from 0 to 10. When does the training fail, and what do the losses show?
# 5. *(hard, GPU)* Faces: `gk.load_images("lfw")`, reduced to 64 by 64 pixels in color. Set `RESOLUTIONS` and `FILTERS`, build with `channels=3`, and judge by the pictures, since our classifier was trained on garments only.
#
# ## References
# - A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras and TensorFlow*, 3rd ed., ch. 17.
# - T. Karras, T. Aila, S. Laine and J. Lehtinen, Progressive growing of GANs for improved quality, stability, and variation, ICLR 2018.
# - L. Mescheder, A. Geiger and S. Nowozin, Which training methods for GANs do actually converge?, ICML 2018 ($R_1$).
# - T. Karras et al., Analyzing and improving the image quality of StyleGAN, CVPR 2020 (the penalty in every sixteenth step).
