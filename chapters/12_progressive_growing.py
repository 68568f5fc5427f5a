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
# The GANs of the last two chapters draw images of 28 by 28 pixels.
# A generator of large images has to get the coarse shape and the fine detail right at once.
# The discriminator can then reject images by their detail alone, and says little about their shapes.
# In 2018 a group at NVIDIA found a way around this and drew faces of 1024 by 1024 pixels (Karras et al.).
# Their GAN first learns to draw tiny images of 4 by 4 pixels, and then gets layers for twice the resolution, again and again: *crecimiento progresivo*.
#
# | | |
# |---|---|
# | Slides | *Progressive growing of GANs (NVIDIA)*; *Progressive growing of GANs: results* |
# | Textbook | Hands-On Machine Learning, chapter 17, "Progressive Growing of GANs" |
# | Result | Grows a GAN from 4 by 4 to 32 by 32 pixels, and no output changes when layers are added |
# | Time | 241 s<!-- seconds --> on two CPU cores |
# | Evidence | [The experiments](../experiments/README.md) |

# %% [markdown]
# ## Setup
# Numbers in the text are those of the run that you see here, on all 55,000 training images; yours will differ a little.
# We train in float32, since a gradient of a gradient, which we need below, is fragile in half precision.

# %%
import itertools
import math

import genkeras as gk
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import layers, ops

run = gk.setup(seed=42, mixed_precision="float32")

# %% tags=["parameters"]
QUICK = run.quick  # True: everything small, to see it run in less than a minute
RESOLUTIONS = [4, 8, 16, 32]  # in pixels, each twice the one before
FILTERS = [8, 8, 8, 8] if QUICK else [64, 64, 32, 16]
LATENT_DIM = 32  # numbers of noise
STEPS = [80] * 4 if QUICK else [400, 800, 800, 2400]  # at each resolution
BATCH_SIZE = 32
RATE = 0.02  # learning rate of both players
GAMMA = 0.1  # weight of the penalty
SCORED = 300 if QUICK else 3000  # images on each side of a score

# %% [markdown]
# ## The data at four resolutions
# We pad the garments to 32 by 32 pixels, scale them to [-1, 1], and halve their size three times.
# All of this follows from `RESOLUTIONS`.
# Larger images need another data set for `gk.load_images` and longer lists; the scores at the end are for gray garments only.

# %%
images = gk.load_images(n_train=640 if QUICK else None)
rng = np.random.default_rng(run.seed)


def pad(x, size):
    """Images (n, h, w, c) in [0, 1] as (n, size, size, c) in [-1, 1]."""
    rows, columns = size - x.shape[1], size - x.shape[2]
    borders = [(rows // 2, rows - rows // 2), (columns // 2, columns - columns // 2)]
    return 2 * np.pad(x, [(0, 0), *borders, (0, 0)]) - 1


def halve(x):
    """Images (n, 2 h, 2 w, c) as (n, h, w, c): means of two by two pixels."""
    return (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4


x_fit = {RESOLUTIONS[-1]: pad(images.x_train, RESOLUTIONS[-1])}
for size in RESOLUTIONS[-2::-1]:
    x_fit[size] = halve(x_fit[2 * size])

# %% alt="Four rows with the same twelve garments at 4, 8, 16 and 32 pixels. At 4 pixels gray patches, brighter in the middle; at 8 rough shapes; at 16 tops, trousers, a bag and boots; at 32 also stripes and collars."
gk.plot_rows({f"{size} x {size}": x_fit[size][:12] / 2 + 0.5 for size in RESOLUTIONS})
plt.show()

# %% [markdown]
# At 4 by 4 pixels there is little more to learn than where garments are bright.
# At 8 by 8 you can tell shoes from trousers, and details come with 16 and 32.
#
# Besides growing itself, the method has three ingredients: a normalization of features, a scaling of weights, and a statistic against mode collapse.
# We write their layers in the shortest form; `genkeras` has them complete, under the same names.
#
# ## Pixel normalization
# Generator and discriminator can drive each other to larger and larger values.
# To prevent this in the generator, the vector $a$ of the $N$ features at each pixel is divided by its root mean square:
#
# $$b = \frac{a}{\sqrt{\frac{1}{N} \sum_{j=1}^{N} a_j^2 + 10^{-8}}}$$
#
# Unlike batch normalization, it has no weights, and the result for an image does not depend on the others in the batch.
# The generator's first layer is a pixel normalization, too: it gives all noise the same length.


# %%
class PixelNormalization(layers.Layer):
    """Divide the features of each pixel by their root mean square."""

    def call(self, x):
        mean_square = ops.mean(ops.square(x), axis=-1, keepdims=True)
        return x * ops.rsqrt(mean_square + 1e-8)


# %% [markdown]
# ## The equalized learning rate
# Adam divides each gradient by a running estimate of its size, so a step changes every weight by about the learning rate, however large the weight is.
# He initialization gives kernels a standard deviation of $\sqrt{2 / n}$ for $n$ inputs, so those of layers with many inputs are small, and the same step changes them by a larger share.
#
# With the *equalized learning rate* all kernels $w$ are drawn from $\mathcal{N}(0, 1)$, and the layer uses $c\, w$, where $c = \sqrt{2 / n}$ (before a linear output $\sqrt{1 / n}$).
# The outputs have the same size as with He initialization, but now all kernels have the same size for Adam.
# Since the layers are linear, it is enough to multiply the input by $c$.


# %%
class EqualizedDense(layers.Dense):
    """`Dense` with a kernel from N(0, 1), used times gain / sqrt(inputs)."""

    def __init__(self, units, gain=2**0.5, **kwargs):
        normal = keras.initializers.RandomNormal(stddev=1.0)
        super().__init__(units, kernel_initializer=normal, **kwargs)
        self.gain = gain

    def call(self, x):
        inputs = self.kernel.shape[0]
        return super().call(x * self.gain / inputs**0.5)


class EqualizedConv2D(layers.Conv2D):
    """`Conv2D` with a kernel from N(0, 1), used times gain / sqrt(inputs)."""

    def __init__(self, filters, kernel_size, gain=2**0.5, **kwargs):
        normal = keras.initializers.RandomNormal(stddev=1.0)
        options = {"padding": "same", "kernel_initializer": normal}
        super().__init__(filters, kernel_size, **options, **kwargs)
        self.gain = gain

    def call(self, x):
        inputs = math.prod(self.kernel.shape[:3])  # height, width and features
        return super().call(x * self.gain / inputs**0.5)


# %% [markdown]
# So a learning rate of 0.001<!-- setting --> changes every kernel by about 0.1 %<!-- setting --> of its typical size in a step, however many inputs its layer has.
# We train for minutes and not for days, and use 0.02<!-- setting -->.
#
# ## The deviation of the batch
# In chapter 10 a GAN on a ring collapsed; with a layer that told the discriminator how varied its batch is, it did not.
# For images the layer computes the standard deviation of each feature at each place over the batch, takes the mean of all, and appends it to each image as one more feature map.
# To see what it detects, we repeat a few real images until they fill a batch, and count how often the number is below those of 200<!-- setting --> batches of different images.


# %%
class MinibatchStandardDeviation(layers.Layer):
    """Append a feature map to images (n, h, w, c): the mean deviation in the batch."""

    def call(self, x):
        # the small number keeps the gradient finite where all examples are equal
        deviation = ops.mean(ops.sqrt(ops.var(x, axis=0) + 1e-8))
        return ops.concatenate([x, deviation * ops.ones_like(x[..., :1])], axis=-1)


values, small = {}, x_fit[RESOLUTIONS[1]]
append_deviation = MinibatchStandardDeviation()
for n in (1, 2, 4, 8, BATCH_SIZE):
    copies = np.arange(BATCH_SIZE) % n
    chosen = [rng.choice(small, n, replace=False) for _ in range(200)]
    values[n] = np.array([append_deviation(x[copies])[0, 0, 0, -1] for x in chosen])
below = {n: 100 * np.mean(values[n] < values[BATCH_SIZE].min()) for n in values}
single_seen, two_seen, eight_seen = below[1], below[2], below[8]
print({n: f"{percent:.0f} %" for n, percent in below.items()})

# %% [markdown]
# The number detects a single image in 100 %<!-- single_seen --> of the batches, two in 96 %<!-- two_seen -->, and eight in 31 %<!-- eight_seen -->.
# In the discriminator the layer comes after the last block that halves, where it compares learned features and not pixels.
#
# ## Fading in
# Suppose that the networks have learned 16 by 16 pixels.
# Now the generator gets a block of layers that doubles the resolution.
# Its weights are random, so if it took over at once, it would spoil the images.
# Therefore the new block is *faded in*: the output is a mix of the old image, enlarged, and of the new one, while $\alpha$ rises from 0 to 1:
#
# $$x = (1 - \alpha)\, \mathrm{enlarge}(x_{\mathrm{old}}) + \alpha\, x_{\mathrm{new}}$$


# %%
class FadeIn(layers.Layer):
    """(1 - alpha) old + alpha new, for two tensors of one shape."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.alpha = self.add_weight(shape=(), initializer="ones", trainable=False)

    def call(self, inputs):
        old, new = inputs
        return old + self.alpha * (new - old)


# %% [markdown]
# The discriminator gets a new block as well, and there features are mixed, and not images.
# On the old path the image is reduced to half of its size, and turned into features as before.
# On the new path it is turned into features at its full size, and the new block halves them.

# %% alt="Diagram of both networks, which grow to the right. Above, the generator: noise z, blocks of 4 by 4, 8 by 8 and 16 by 16, then two paths to the generated image: old image and enlarged, weight 1 minus alpha, and new block of 32 by 32 and new image, weight alpha. Below, the discriminator, from right to left: two paths from the image to its block of 16 by 16: reduced image and old features, weight 1 minus alpha, and new features and new block, weight alpha; then blocks of 8 by 8 and 4 by 4, and the logit. The two new blocks are orange."
g_shared = ["noise z", "G\n4 x 4", "G\n8 x 8", "G\n16 x 16"]
g_old = ["old image\n16 x 16", "enlarged\n32 x 32"]
g_new = ["new block of G\n32 x 32", "new image\n32 x 32"]
generated_box, input_box = "generated\n32 x 32", "image for D\n32 x 32"
d_old = ["reduced image\n16 x 16", "old features\n16 x 16"]
d_new = ["features\n32 x 32", "new block of D\n16 x 16"]
d_shared = ["D\n16 x 16", "D\n8 x 8", "D\n4 x 4", "logit"]
boxes = {generated_box: (6.7, 3), input_box: (6.7, 0)}
for y, names in ((3, g_shared), (0, d_shared[::-1])):
    boxes |= {name: (x, y) for x, name in enumerate(names)}
for y, names in ((3.6, g_old), (2.4, g_new), (0.6, d_old[::-1]), (-0.6, d_new[::-1])):
    boxes |= dict(zip(names, [(4.2, y), (5.5, y)], strict=True))
paths = [g_shared, [g_shared[-1], *g_old], [g_shared[-1], *g_new]]
paths += [[input_box, *d_old], [input_box, *d_new], d_shared]
arrows = [(a, b, "") for path in paths for a, b in itertools.pairwise(path)]
for old, new, end in (g_old, g_new, generated_box), (d_old, d_new, d_shared[0]):
    arrows += [(old[-1], end, r"$1 - \alpha$"), (new[-1], end, r"$\alpha$")]
gk.plot_diagram(boxes, arrows, colored=[g_new[0], d_new[-1]], height=3.2)
plt.ylim(-1.1, 4.1)
plt.show()

# %% [markdown]
# ## The networks
# We build one model for each resolution, and the models share their layers: the next model has the blocks of the one before, and one more.
# So growing copies no weights.
# Where the paper's blocks have two convolutions, ours have one, and the discriminator's halve by a stride.
# A convolution of size 1 turns features into an image, and in the discriminator an image into features.
# Each resolution has its own.


# %%
def build_generators(resolutions, filters, latent_dim, channels, fade):
    """Noise (latent_dim,) to images in about [-1, 1]: a model for each resolution."""
    models, blocks, to_images = [], [], []
    for size, n in zip(resolutions, filters, strict=True):
        stack = [layers.UpSampling2D()]
        if not blocks:
            stack = [PixelNormalization(), EqualizedDense(size * size * n)]
            stack += [layers.Reshape((size, size, n)), layers.LeakyReLU(0.2)]
            stack += [PixelNormalization()]
        stack += [EqualizedConv2D(n, 3), layers.LeakyReLU(0.2), PixelNormalization()]
        blocks.append(keras.Sequential(stack))
        to_images.append(EqualizedConv2D(channels, 1, gain=1.0))

        z = keras.Input((latent_dim,))
        x = z
        for block in blocks[:-1]:
            x = block(x)
        image = to_images[-1](blocks[-1](x))
        if len(blocks) > 1:
            old = layers.UpSampling2D()(to_images[-2](x))
            image = fade([old, image])
        models.append(keras.Model(z, image))
    return models


# %%
def build_discriminators(resolutions, filters, channels, fade):
    """Images to logits (1,): a model for each resolution."""
    models, blocks, from_images = [], [], []
    for i, (size, n) in enumerate(zip(resolutions, filters, strict=True)):
        if not blocks:
            stack = [MinibatchStandardDeviation()]
            stack += [EqualizedConv2D(n, 3), layers.LeakyReLU(0.2), layers.Flatten()]
            stack += [EqualizedDense(n), layers.LeakyReLU(0.2)]
            stack += [EqualizedDense(1, gain=1.0)]
        else:
            stack = [EqualizedConv2D(filters[i - 1], 4, strides=2)]
            stack += [layers.LeakyReLU(0.2)]
        blocks.append(keras.Sequential(stack))
        from_images.append(EqualizedConv2D(n, 1, activation="leaky_relu"))

        image = keras.Input((size, size, channels))
        x = blocks[-1](from_images[-1](image))
        if len(blocks) > 1:
            old = from_images[-2](layers.AveragePooling2D(2)(image))
            x = fade([old, x])
        for block in blocks[-2::-1]:
            x = block(x)
        models.append(keras.Model(image, x))
    return models


# %% [markdown]
# With $\alpha = 0$ the larger generator should draw what the smaller one does, enlarged, and the larger discriminator should give an image the logit that the smaller one gives to the reduced image.
# With $\alpha = 1$ both should differ.

# %%
fade = FadeIn()
channels = images.x_train.shape[-1]
keras.utils.set_random_seed(run.seed)
generators = build_generators(RESOLUTIONS, FILTERS, LATENT_DIM, channels, fade)
# their moving averages, to draw with
averages = build_generators(RESOLUTIONS, FILTERS, LATENT_DIM, channels, fade)
discriminators = build_discriminators(RESOLUTIONS, FILTERS, channels, fade)

# %%
z = rng.standard_normal((SCORED, LATENT_DIM)).astype("float32")
garments = x_fit[RESOLUTIONS[-1]][:16]
fade.alpha.assign(1.0)  # the smaller networks have faded in
old_images = np.float32(generators[-2](z[:16])).repeat(2, axis=1).repeat(2, axis=2)
old_logits = np.float32(discriminators[-2](halve(garments)))
gaps = {}
for alpha in (0.0, 1.0):
    fade.alpha.assign(alpha)
    image_gap = np.abs(generators[-1](z[:16]) - old_images).max()
    logit_gap = np.abs(discriminators[-1](garments) - old_logits).max()
    gaps[alpha] = image_gap, logit_gap
    print(f"alpha {alpha}: images change by {image_gap:.0e}, logits by {logit_gap:.0e}")

# %% [markdown]
# At $\alpha = 0$ the outputs change by rounding errors, and at $\alpha = 1$ both networks have other outputs.
#
# ## The game
# Karras et al. used the Wasserstein loss with gradient penalty of chapter 11.
# Like their later networks, we take the losses of chapter 10, and add a penalty called $R_1$ to the discriminator's (Mescheder et al., 2018):
#
# $$R_1 = \frac{\gamma}{2}\, \mathbb{E}_{x \sim p_{data}} \|\nabla_x D(x)\|^2$$
#
# The penalty on the logit $D(x)$ keeps the discriminator from becoming steep around the real images.
# Without it, even the smallest GAN converges extremely slowly, as an exercise shows.


# %%
def r1_penalty(discriminator, real):
    """Mean squared length of the gradient of D's logits with respect to real images."""
    with tf.GradientTape() as tape:
        tape.watch(real)
        logits = discriminator(real)
    gradients = tape.gradient(logits, real)
    return ops.mean(ops.sum(ops.square(gradients), axis=(1, 2, 3)))


# %% [markdown]
# To minimize this, we need the gradient of a gradient, which is expensive.
# We compute it for batches of four images, to save time.
#
# While a block is faded in, real images are mixed with their own reduced versions, so that they resemble generated ones.
# We draw with a moving average of the generator.
# Its momentum is ramped up, from 0.1<!-- setting --> in the first step of a stage to 0.996<!-- setting --> at the end of the last, so that a new block's random weights soon have no part in it.


# %%
def fade_real(fade, real):
    """Real images, mixed with their reduced versions as the generated ones are."""
    reduced = ops.average_pool(real, 2)
    return fade([ops.repeat(ops.repeat(reduced, 2, axis=1), 2, axis=2), real])


def move_average(average, generator, step):
    """Move each weight of the average toward the generator's; slower in later steps."""
    momentum = (1 + step) / (10 + step)
    weights = average.trainable_weights, generator.trainable_weights
    for mean, weight in zip(*weights, strict=True):
        mean.assign(momentum * mean + (1 - momentum) * weight)


# %%
class ProgressiveGAN(gk.AdversarialModel):
    """A GAN that grows: `start_stage`, `compile` and `fit` at each resolution."""

    image_range = (-1.0, 1.0)

    def __init__(self, generators, averages, discriminators, fade):
        super().__init__()
        self.generators, self.averages = generators, averages
        self.discriminators, self.fade = discriminators, fade
        for average, generator in zip(averages, generators, strict=True):
            average.set_weights(generator.get_weights())
        self.seed = keras.random.SeedGenerator()
        self.built = True  # because its parts are

    def start_stage(self, stage, fade_steps):
        """Take the networks of a stage, from 0 on; alpha rises in fade_steps steps."""
        self.generator, self.average = self.generators[stage], self.averages[stage]
        self.discriminator, self.fade_steps = self.discriminators[stage], fade_steps
        self.fade.alpha.assign(0.0 if fade_steps else 1.0)

    def compile(self, g_optimizer, d_optimizer, gamma, **kwargs):
        g_optimizer.build(self.generator.trainable_weights)
        d_optimizer.build(self.discriminator.trainable_weights)
        super().compile(optimizer=g_optimizer, **kwargs)
        self.g_optimizer, self.d_optimizer, self.gamma = g_optimizer, d_optimizer, gamma

    def train_step(self, real):
        g, d = self.generator, self.discriminator
        step = ops.cast(self.g_optimizer.iterations, "float32")
        if self.fade_steps:
            self.fade.alpha.assign(ops.minimum(step / self.fade_steps, 1.0))
            real = fade_real(self.fade, real)

        def fake_logits():
            size = ops.shape(real)[0], g.input_shape[-1]
            return d(g(keras.random.normal(size, seed=self.seed)))

        def d_loss():  # for a logit a, softplus(-a) is -log sigmoid(a)
            loss = ops.mean(ops.softplus(-d(real)) + ops.softplus(fake_logits()))
            return loss + self.gamma / 2 * r1_penalty(d, real[:4])

        def g_loss():
            return ops.mean(ops.softplus(-fake_logits()))

        d_value = gk.minimize(self.d_optimizer, d_loss, d.trainable_weights)
        g_value = gk.minimize(self.g_optimizer, g_loss, g.trainable_weights)
        move_average(self.average, g, step)
        return {"d_loss": d_value, "g_loss": g_value}


# %% [markdown]
# ## Growing
# Now we train one stage after the other, each with new optimizers, since those of the stage before were not built for the new weights.
# In the first half of a stage the new blocks are faded in.
# We train each stage in parts, and at its start and after each part we draw images from the same noise, for a film.


# %%
def adam(rate):
    """Adam without momentum, as in the paper."""
    return keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99)


def draw(generator, z):
    """Images (n, r, r, c) in [0, 1] from noise."""
    parts = [np.float32(generator(z[i : i + 500])) for i in range(0, len(z), 500)]
    return np.clip(np.concatenate(parts) / 2 + 0.5, 0, 1)


def endless(x, batch_size):
    """Shuffled batches of images x, again and again."""
    data = tf.data.Dataset.from_tensor_slices(x)
    return data.shuffle(len(x)).repeat().batch(batch_size)


# %%
PARTS = 8  # of each stage
gan = ProgressiveGAN(generators, averages, discriminators, fade)
stages, frames = {}, []
# TensorFlow makes ten steps before it returns to Python, which saves some time
settings = {"steps_per_execution": 10, "jit_compile": run.jit_compile}
for i, size in enumerate(RESOLUTIONS):
    gan.start_stage(i, fade_steps=STEPS[i] // 2 if i > 0 else 0)
    gan.compile(adam(RATE), adam(RATE), GAMMA, **settings)
    batches = endless(x_fit[size], BATCH_SIZE)  # shuffled, so fit need not do it
    frames.append((float(fade.alpha), draw(gan.average, z[:10])))
    for _ in range(PARTS):
        gan.fit(batches, steps_per_epoch=STEPS[i] // PARTS, shuffle=False)
        frames.append((float(fade.alpha), draw(gan.average, z[:10])))
    stages[size] = draw(gan.average, z[:100])

# %% alt="Four rows of twelve images from the same noise. At 4 pixels gray patches; at 8 rough shapes of tops, trousers and shoes; at 16 tops with sleeves, trousers and shoes; at 32 most tops, the trousers and two shoes have clear edges, the boot in the eighth column has become a top, and two images are torn."
gk.plot_rows({f"{size} x {size}": pictures[:12] for size, pictures in stages.items()})
plt.show()


# %% alt="A film of ten images from the same noise. Each of three stages starts with the images of the one before, enlarged. Edges get finer while alpha rises from 0 to 1. At 16 pixels tops get sleeves and trousers legs. At 32 a boot becomes a top, and a white shape is torn."
def draw_frame(frame):
    """Draw a row of images of one moment of the training into the current figure."""
    alpha, pictures = frame
    size = pictures.shape[1]
    margins = (0, 0), (0, 0), (0, size // 8), (0, 0)  # at the right of each image
    row = np.concatenate(np.pad(pictures, margins, constant_values=1), axis=1)
    plt.cla()
    plt.imshow(row, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    plt.axis("off")
    plt.title(f"{size} by {size} pixels, alpha {alpha:.2f}")


figure = plt.figure(figsize=(8, 1.4), dpi=80, layout="constrained")
later_stages = frames[PARTS + 1 :]  # without the frames of the first stage
gk.show_film(figure, draw_frame, later_stages, frames_per_second=3)

# %% [markdown]
# You can follow most garments from 8 by 8 pixels on; the boot in the eighth column becomes a top.
# In the film, nothing changes when a block is added; while $\alpha$ rises, finer detail appears.
#
# Does each stage keep the shapes of the one before?
# We reduce the images of a stage to the size of the one before, and compare those from the same noise, and from other noise.


# %%
kept, same = [], np.eye(100, dtype=bool)
for size in RESOLUTIONS[1:]:
    both = stages[size // 2].reshape(100, -1), halve(stages[size]).reshape(100, -1)
    table = np.corrcoef(*both)[:100, 100:]
    last_same, last_other = table[same].mean(), table[~same].mean()
    kept.append((last_same, last_other))
    print(f"{size // 2} and {size}: same noise {last_same:.2f}, other {last_other:.2f}")

# %% [markdown]
# From 16 to 32 pixels, images from the same noise correlate by 0.87<!-- last_same --> on average, from different noise by 0.50<!-- last_other -->: a stage starts from the shapes of the one before, and changes some of them.

# %% alt="Forty generated garments: tops with long and short sleeves, trousers, dresses, shoes and boots. Gray tops have a fine grid; about eight images are torn or blotched."
generated = draw(gan.average, z)
gk.plot_images(generated[:40])
plt.show()

# %% [markdown]
# Many garments are clear, but gray tops have a fine grid, and some images are torn or blotched.
#
# The scores are those of chapter 10, computed on the middle 28 by 28 pixels.

# %%
middle = slice(RESOLUTIONS[-1] // 2 - 14, RESOLUTIONS[-1] // 2 + 14)
reference, others = np.split(images.x_test[: 2 * SCORED], 2)
reference_features = gk.classify(reference)[0]


def scores(pictures, reference_features):
    """Fréchet distance, precision and recall of pictures beside reference features."""
    features = gk.classify(pictures)[0]
    precision, recall = gk.precision_recall(reference_features, features)
    return gk.frechet_distance(reference_features, features), precision, recall


cropped = generated[: len(reference), middle, middle]
distance, precision, recall = scores(cropped, reference_features)
real_distance, real_precision, real_recall = scores(others, reference_features)
print(f"generated: {distance:.1f}, {precision:.2f}, {recall:.2f}")
print(f"real:      {real_distance:.1f}, {real_precision:.2f}, {real_recall:.2f}")

# %% [markdown]
# The distance is 18<!-- distance -->, where real images have 0.8<!-- real_distance -->.
# Precision, 0.81<!-- precision -->, is close to that of real images, although the tops have a grid and some images are torn.
# Recall is 0.59<!-- recall -->, below the 0.74<!-- 11 recall --> of chapter 11.

# %% [markdown]
# ## Does growing pay?
# The small stages are cheap:
#
# | pixels | training images in a second of computing on one core, without fading |
# |---|---|
# | 4 by 4 | 3,426<!-- experiment 12 rates 4_rate --> |
# | 8 by 8 | 1321<!-- experiment 12 rates 8_rate --> |
# | 16 by 16 | 621<!-- experiment 12 rates 16_rate --> |
# | 32 by 32 | 392<!-- experiment 12 rates 32_rate --> |
#
# We grew the GAN as in this chapter, and trained the same networks at 32 by 32 pixels from the start, for the same computing time.
# Over three seeds, the mean distance is 15<!-- experiment 12 pays grown_mean --> for the grown GAN, and 12<!-- experiment 12 pays start_mean --> from the start.
# So at this size growing does not pay.
# It was made for large images, whose early stages are cheaper still by comparison.
# Karras et al. report that growing often reaches a comparable quality up to two to six times faster, depending on the final resolution.

# %% [markdown]
# ## What later networks do
# The first StyleGAN, the subject of the next chapter, still grew.
# StyleGAN2 did not: in images of growing networks, details such as teeth kept their place when the face turned (Karras et al., 2020).

# %% [markdown]
# ## Check

# %%
assert max(gaps[0.0]) < 1e-4, "growing changes the outputs at alpha 0"
assert min(gaps[1.0]) > 0.01, "a new block has no influence at alpha 1"
assert single_seen > eight_seen, "a repeated image is not recognized"
if not QUICK:
    assert all(one > other + 0.1 for one, other in kept), "a stage loses the shapes"
    assert distance < 40 and recall > 0.3, "untrained, or collapsed"

# %% [markdown]
# ## What to remember
# - Progressive growing trains on small images first and adds blocks of layers for larger ones. Each block is faded in, so that no output changes when it is added.
# - The equalized learning rate gives all kernels the same size at the start, so that a step of Adam is the same share of it in every layer.
# - The deviation of the batch shows the discriminator a generator that repeats a few images. Pixel normalization keeps the generator's features from growing.
# - The penalty $R_1$ keeps the discriminator from becoming steep at the real images.
#
# ## Exercises
# In [exercises/12_progressive_growing.ipynb](../exercises/12_progressive_growing.ipynb), with cells that check your answers:
# a discriminator that grows; deviations in groups; the penalty in the smallest GAN; what a stage costs; an ordinary layer that learns like an equalized one.

# %% [markdown]
# ## References
# - T. Karras et al., [Progressive Growing of GANs for Improved Quality, Stability, and Variation](https://arxiv.org/abs/1710.10196), 2018.
# - L. Mescheder, A. Geiger and S. Nowozin, [Which Training Methods for GANs do actually Converge?](https://arxiv.org/abs/1801.04406), 2018 ($R_1$).
# - T. Karras et al., [Analyzing and Improving the Image Quality of StyleGAN](https://arxiv.org/abs/1912.04958), 2020 (no growing).
