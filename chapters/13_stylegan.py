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
# # 13 StyleGAN
#
# A GAN draws an image from a list of random numbers, but none of these numbers has a meaning of its own. Changing one of them may change the sleeves, the brightness and the kind of garment at once. StyleGAN (Karras et al., 2019) has a generator that was built to be controlled (*generador basado en el estilo*). It came from the same group as the method of the last chapter, and for several years it and its successors drew the most convincing faces.
#
# In this chapter we build this generator at a size that two CPU cores can train. Then we use what it offers. We mix the coarse features of one garment with the fine features of another (*transferencia basada en el estilo*), and find out what its noise inputs change. We trade variety for quality, and ask whether its intermediate codes are smoother than the noise they come from.
#
# | | |
# |---|---|
# | Slides | *Generador basado en el estilo: resultados*; *Transferencia basada en el estilo: resultados* |
# | Textbook | Hands-On Machine Learning, chapter 17, "StyleGANs" |
# | Result | Mixes the styles of two garments; draws with a Fréchet distance of 8.1<!-- ffd -->, precision 0.89<!-- precision --> and recall 0.34<!-- recall -->, where chapter 11's DCGAN, trained on the same images for about as long, has 11.3<!-- experiment 11 dcgan_padded ffd_13 -->, 0.78<!-- experiment 11 dcgan_padded precision_13 --> and 0.76<!-- experiment 11 dcgan_padded recall_13 --> (one training each) |
# | Time | 500 s<!-- seconds --> on two CPU cores; not measured on a GPU |
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

# %% quick={"EPOCHS": 2, "EPOCH_STEPS": 16, "FILTERS": [8, 8, 8, 8], "N_SCORED": 200, "N_TRAIN": 1152, "QUICK": true, "STEPS_PER_EXECUTION": 1} tags=["parameters"]
QUICK = False  # True: a run that shows how it works, too short to prove anything
N_TRAIN = None  # training images; None takes all there are
RESOLUTIONS = [4, 8, 16, 32]  # of the blocks, in pixels, each twice the one before; GPU: up to 128
FILTERS = [64, 64, 32, 16]  # of both networks at these resolutions; GPU: [256, 256, 128, 64, ...]
LATENT_DIM = 32  # size of the noise z; GPU: 512
W_DIM = 32  # size of the intermediate code w; GPU: 512
EPOCHS = 20  # GPU: a hundred times as many
EPOCH_STEPS = 200  # gradient steps of an epoch
BATCH_SIZE = 32
RATE = 0.02  # learning rate of both players; GPU, with longer training: 0.0025
MOMENTUM = 0.995  # of the moving average; GPU: 0.999
MIXING = 0.1  # share of the images that are drawn with two codes
N_SCORED = 3000  # images on each side of a score
STEPS_PER_EXECUTION = 10  # gradient steps per call from Python; more save overhead
MODELS = "models"  # folder for trained models

# %%
pathlib.Path(MODELS).mkdir(parents=True, exist_ok=True)
images = gk.load_images(n_train=N_TRAIN)
rng = np.random.default_rng(run.seed)


def pad(x):
    """Images (n, 28, 28, 1) in [0, 1] as (n, 32, 32, 1) in [-1, 1]."""
    return 2 * np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0))) - 1


x_fit = pad(images.x_train)

# %% [markdown]
# ## A generator that is controlled by styles
# A usual generator feeds the noise $z$ into its first layer, and everything else follows from there. StyleGAN's generator differs in four points, which you can find in the diagram below:
#
# - A *mapping network* turns $z$ into an intermediate code $w$. The noise has a fixed distribution, whether it suits the images or not. The distribution of $w$ is learned.
# - The first layer of the *synthesis network* is a constant, which is trained and the same for all images.
# - The code $w$ enters at every layer, as a *style* that says how strongly each feature counts there.
# - Each layer also gets *noise*: one random number for each pixel, multiplied by a trained strength for each feature. It can serve for details that are random by nature, such as the position of single hairs.

# %% alt="Diagram: noise z goes through the mapping network to w; w goes as a style to five layers in a row, two at 4 and one each at 8, 16 and 32 pixels, which begin with a constant and end in a 1 by 1 convolution and an image; every layer also gets noise."
layer_names = [
    "layer 1\n4 x 4",
    "layer 2\n4 x 4",
    "layer 3\n8 x 8",
    "layer 4\n16 x 16",
    "layer 5\n32 x 32",
]
boxes = {"noise z": (2, 1), "mapping\nnetwork": (3, 1), "code w": (4, 1), "constant\n4 x 4": (1, 0)}
boxes |= {name: (2 + i, 0) for i, name in enumerate(layer_names)}
boxes |= {
    "1 x 1 con-\nvolution": (7, 0),
    "image\n32 x 32": (8, 0),
    "noise for\neach pixel": (4, -1),
}
arrows = [("noise z", "mapping\nnetwork", ""), ("mapping\nnetwork", "code w", "")]
arrows += [("code w", name, "") for name in layer_names]
arrows += [("noise for\neach pixel", name, "") for name in layer_names]
arrows += [("code w", "1 x 1 con-\nvolution", "")]
chain = ["constant\n4 x 4", *layer_names, "1 x 1 con-\nvolution", "image\n32 x 32"]
arrows += [(one, next_one, "") for one, next_one in zip(chain[:-1], chain[1:], strict=True)]
gk.plot_diagram(boxes, arrows, colored=["code w"], title="A StyleGAN generator", height=3)
plt.show()

# %% [markdown]
# ## How a style acts on a layer
# In the first StyleGAN a style acts by *adaptive instance normalization* (AdaIN; Huang and Belongie, 2017). Each feature map $x_i$ of an image is normalized to mean 0 and standard deviation 1 over its pixels. Then it gets a new standard deviation $y_{s,i}$ and a new mean $y_{b,i}$, which a dense layer computes from $w$:
#
# $$\mathrm{AdaIN}(x_i, w) = y_{s,i}(w)\, \frac{x_i - \mu(x_i)}{\sigma(x_i)} + y_{b,i}(w)$$
#
# The normalization removes what earlier styles did to the scale of the features, so that each style governs one layer. It has a disadvantage, too. It destroys the information about the relative strength of the features in an image. The authors suspect that the generator learned to draw a single strong spot in order to carry this information past the normalization. The spots were visible as water droplets in the images (Karras et al., 2020).
#
# StyleGAN2 therefore normalizes the *expected* strength instead of the measured one. The style $s_i(w)$ scales the input features $i$ of a convolution, or its kernel, which comes to the same. Then the kernel of each output feature $j$ is divided by its norm. With $k$ for the places of the kernel:
#
# $$w'_{ijk} = s_i\, w_{ijk} \qquad w''_{ijk} = \frac{w'_{ijk}}{\sqrt{\sum_{i,k} {w'_{ijk}}^2 + 10^{-8}}}$$
#
# The second step is called *weight demodulation*. If all inputs that a kernel covers are independent of each other, with mean 0 and standard deviation 1, the outputs have standard deviation 1 as well, whatever the style. In code we need not build a kernel for each image of the batch. We scale the inputs, apply the same kernel to all images, and divide the outputs, since a convolution is linear.


# %%
@keras.saving.register_keras_serializable("genkeras")
class ModulatedConv2D(layers.Layer):
    """A convolution whose kernel is scaled by a style and, if asked, divided by its norm.

    It maps [x, w], of shapes (batch, h, w, inputs) and (batch, size of w), to (batch, h, w, filters).
    """

    def __init__(self, filters, kernel_size, demodulate=True, gain=2**0.5, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = kernel_size
        self.demodulate = demodulate
        self.gain = gain

    def build(self, input_shapes):
        inputs = input_shapes[0][-1]
        shape = (self.kernel_size, self.kernel_size, inputs, self.filters)
        normal = keras.initializers.RandomNormal(stddev=1.0)
        self.kernel = self.add_weight(shape=shape, initializer=normal, name="kernel")
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")
        self.to_style = gk.EqualizedDense(
            inputs, gain=1.0, bias_initializer="ones", dtype="float32"
        )
        self.to_style.build(input_shapes[1])

    def call(self, inputs):
        x, w = inputs
        style = self.to_style(w)
        if self.demodulate:
            squares = ops.sum(ops.square(ops.cast(self.kernel, "float32")), axis=(0, 1))
            scale = self.gain * ops.rsqrt(ops.matmul(ops.square(style), squares) + 1e-8)
            scale = scale[:, None, None]
        else:
            scale = self.gain / (self.kernel_size**2 * self.kernel.shape[2]) ** 0.5
        style, scale = ops.cast(style[:, None, None], x.dtype), ops.cast(scale, x.dtype)
        return ops.conv(x * style, self.kernel, padding="same") * scale + self.bias

    def get_config(self):
        config = {"filters": self.filters, "kernel_size": self.kernel_size}
        config |= {"demodulate": self.demodulate, "gain": self.gain}
        return {**super().get_config(), **config}


x = rng.standard_normal((100, 16, 16, 32)).astype("float32")
w = 3 * rng.standard_normal((100, W_DIM)).astype("float32")
layer = ModulatedConv2D(8, 3, gain=1.0)
y = np.asarray(layer([x, w]))
style = np.asarray(layer.to_style(w))
kernels = style[:, None, None, :, None] * np.asarray(layer.kernel)  # one for each image
norms = np.sqrt(np.sum(kernels**2, axis=(1, 2, 3)))
explicit = ops.conv(x[:1], kernels[0] / norms[0], padding="same")
demodulation_gap = float(np.abs(y[:1] - explicit).max())
deviations = y[:, 1:-1, 1:-1].std(axis=(1, 2))  # of each feature in each image, without the border
for name, values in {"demodulated": deviations, "only scaled": deviations * norms}.items():
    print(
        f"{name}: features have standard deviations from {values.min():.2f} to {values.max():.2f}"
    )
print(f"largest difference from a convolution with explicit kernels: {demodulation_gap:.1e}")

# %% [markdown]
# Both ways give the same output. With a hundred random styles the demodulated features keep a standard deviation between 0.85<!-- setting --> and 1.16<!-- setting -->. If the kernels are only scaled, it varies from 28<!-- setting --> to 92<!-- setting -->: the style would then also set the scale of the layer's output.

# %% [markdown]
# ## The networks
# The mapping network has two dense layers (the papers: eight). The synthesis network has two layers at 4 by 4 pixels and one at each further resolution, where the papers have two. We leave out three parts of StyleGAN2: the smoothing after each enlargement, the sum of images drawn at every resolution, and the path-length penalty. This penalty is small if equal steps in $w$ change the image by equal amounts. A last convolution of size 1 turns the features into an image. It gets a style, too, but is not demodulated. The discriminator is the one of chapter 12 at its full size, and all layers use the equalized learning rate.
#
# We add one thing to StyleGAN2. Demodulation assumes that the features that enter a layer have standard deviation 1, which holds only roughly in a trained network. So we put the pixel normalization of chapter 12 before each of these convolutions, and before the last one. In our trials this seemed to make a large difference: after 24,000 images (one seed each, not shown here) the Fréchet distance was 45<!-- setting --> with it and about 150<!-- setting --> without it.
#
# Is this not the normalization of measured strengths that StyleGAN2 gave up? It is a weaker form. At each pixel the features keep their relative strength, and only the strength of a pixel in relation to other pixels is lost. The diagram shows the order of all steps in a layer.

# %% alt="Diagram of a layer: features are enlarged, go through pixel normalization, are multiplied by the style, convolved, divided by the norm, noise is added, and a leaky ReLU follows; the code w leads to the style and to the norm through a dense layer."
steps = ["enlarge", "pixel\nnorm.", "x style", "convolu-\ntion", "/ norm", "+ noise", "leaky\nReLU"]
boxes = {step: (i, 0) for i, step in enumerate(steps)} | {"code w": (1.5, 1), "dense layer": (3, 1)}
arrows = [(one, other, "") for one, other in zip(steps[:-1], steps[1:], strict=True)]
arrows += [
    ("code w", "dense layer", ""),
    ("dense layer", "x style", ""),
    ("dense layer", "/ norm", ""),
]
gk.plot_diagram(boxes, arrows, colored=["code w"], title="A layer with its style", height=2)
plt.show()


# %%
@keras.saving.register_keras_serializable("genkeras")
class AddNoise(layers.Layer):
    """Add noise (batch, h, w, 1) to features (batch, h, w, features), each with its own weight."""

    def build(self, input_shapes):
        features = input_shapes[0][-1]
        self.strength = self.add_weight(shape=(features,), initializer="zeros", name="strength")

    def call(self, inputs):
        x, noise = inputs
        return x + self.strength * noise


@keras.saving.register_keras_serializable("genkeras")
class LearnedConstant(layers.Layer):
    """The same trained tensor (h, w, features) for each example of a batch."""

    def __init__(self, shape, **kwargs):
        super().__init__(**kwargs)
        self.shape = tuple(shape)
        normal = keras.initializers.RandomNormal(stddev=1.0)
        self.constant = self.add_weight(shape=self.shape, initializer=normal, name="constant")

    def call(self, x):
        return ops.broadcast_to(self.constant, (ops.shape(x)[0], *self.shape))

    def get_config(self):
        return {**super().get_config(), "shape": self.shape}


# %%
def build_mapping(latent_dim, w_dim):
    """Noise (latent_dim,) to intermediate codes (w_dim,)."""
    mapping = keras.Sequential(name="mapping")
    mapping.add(keras.Input((latent_dim,)))
    mapping.add(gk.PixelNormalization())
    for _ in range(2):
        mapping.add(gk.EqualizedDense(w_dim))
        mapping.add(layers.LeakyReLU(0.2))
    return mapping


def build_synthesis(resolutions, filters, w_dim, channels):
    """Styles (layers, w_dim) and a list of noise maps (r, r, 1) to images in about [-1, 1]."""
    if resolutions != [4 * 2**i for i in range(len(resolutions))]:
        raise ValueError(f"resolutions must be [4, 8, ...], each twice the last, got {resolutions}")
    if len(filters) != len(resolutions):
        raise ValueError(f"filters must be {len(resolutions)} numbers, got {filters}")
    if channels not in (1, 3):
        raise ValueError(f"channels must be 1 (gray) or 3 (color), got {channels}")
    sizes = [4, *resolutions]  # of the layers that get a style
    styles = keras.Input((len(sizes), w_dim))
    noises = [keras.Input((size, size, 1)) for size in sizes]
    x = LearnedConstant((4, 4, filters[0]))(styles)
    for i, n in enumerate([filters[0], *filters]):
        if sizes[i] > 4:
            x = layers.UpSampling2D()(x)
        x = gk.PixelNormalization()(x)
        x = ModulatedConv2D(n, 3)([x, styles[:, i]])
        x = AddNoise()([x, noises[i]])
        x = layers.LeakyReLU(0.2)(x)
    x = gk.PixelNormalization()(x)
    to_image = ModulatedConv2D(channels, 1, demodulate=False, gain=1.0, dtype="float32")
    return keras.Model([styles, *noises], to_image([x, styles[:, -1]]), name="synthesis")


def build_discriminator(resolutions, filters, channels):
    """Images of the last resolution to logits (1,), as in chapter 12."""
    discriminator = keras.Sequential(name="discriminator")
    discriminator.add(keras.Input((resolutions[-1], resolutions[-1], channels)))
    discriminator.add(gk.EqualizedConv2D(filters[-1], 1))
    discriminator.add(layers.LeakyReLU(0.2))
    for n in filters[-2::-1]:
        discriminator.add(gk.EqualizedConv2D(n, 4, strides=2))
        discriminator.add(layers.LeakyReLU(0.2))
    discriminator.add(gk.MinibatchStandardDeviation())
    discriminator.add(gk.EqualizedConv2D(filters[0], 3))
    discriminator.add(layers.LeakyReLU(0.2))
    discriminator.add(layers.Flatten())
    discriminator.add(gk.EqualizedDense(filters[0]))
    discriminator.add(layers.LeakyReLU(0.2))
    discriminator.add(gk.EqualizedDense(1, gain=1.0, dtype="float32"))
    return discriminator


# %% [markdown]
# ## The training step
# Loss and optimizers are those of chapter 12: the non-saturating loss, the $R_1$ penalty in every sixteenth step, and a moving average of the generator. All resolutions are trained together from the start, as in StyleGAN2, which gave up growing.
#
# One detail belongs to the styles. If every image had the same $w$ at all layers, the layers could come to rely on this, and mixing two codes would give nonsense. Therefore a share of the images is drawn with two codes in training: the first one up to a random layer, the second one from there on. This is called *mixing regularization*. The paper uses a share of 90 %<!-- setting -->. We use 10 %<!-- setting -->, since mixing makes the task harder and our training is short. After 24,000 images the distance was 58<!-- setting --> with a share of 50 %<!-- setting --> and 45<!-- setting --> with 10 %<!-- setting --> (one seed each, not shown here).


# %%
# gk.AdversarialModel is a keras.Model that says in a sentence what a GAN cannot do.
class StyleGAN(gk.AdversarialModel):
    """`fit` on images; draws them with styles from one code or, mixed, from two."""

    image_range = (-1.0, 1.0)

    def __init__(self, resolutions, filters, latent_dim, w_dim, channels=1, mixing=0.5, seed=None):
        super().__init__()
        self.mapping = build_mapping(latent_dim, w_dim)
        self.synthesis = build_synthesis(resolutions, filters, w_dim, channels)
        self.discriminator = build_discriminator(resolutions, filters, channels)
        self.average_mapping = build_mapping(latent_dim, w_dim)
        self.average_synthesis = build_synthesis(resolutions, filters, w_dim, channels)
        self.average_mapping.set_weights(self.mapping.get_weights())
        self.average_synthesis.set_weights(self.synthesis.get_weights())
        self.sizes = [4, *resolutions]
        self.latent_dim = latent_dim
        self.mixing = mixing
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.d_loss = keras.metrics.Mean(name="d_loss")
        self.g_loss = keras.metrics.Mean(name="g_loss")
        self.built = True  # because its parts are

    def compile(self, rate, momentum=0.995, gamma=0.1, every=16, **kwargs):
        self.momentum, self.gamma, self.every = momentum, gamma, every
        self.g_variables = [
            *self.mapping.trainable_variables,
            *self.synthesis.trainable_variables,
        ]
        self.g_optimizer = gk.scale_optimizer(keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99))
        self.d_optimizer = gk.scale_optimizer(keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99))
        self.g_optimizer.build(self.g_variables)
        self.d_optimizer.build(self.discriminator.trainable_variables)
        super().compile(optimizer=self.g_optimizer, **kwargs)  # else Keras creates a third one

    def mixed_styles(self, n):
        """Styles (n, layers, w_dim); in a share `mixing`, a second code takes over at a layer."""
        w = self.mapping(self.normal((n, self.latent_dim)))[:, None]
        other = self.mapping(self.normal((n, self.latent_dim)))[:, None]
        count = len(self.sizes)
        uniform = keras.random.uniform((2, n, 1), seed=self.seed_generator)
        takeover = 1 + ops.floor(uniform[0] * (count - 1))  # from layer 1 to the last
        takeover = ops.where(uniform[1] < self.mixing, takeover, float(count))
        layer = ops.arange(count, dtype="float32")[None]
        return ops.where((layer < takeover)[..., None], w, other)

    def normal(self, shape):
        return keras.random.normal(shape, seed=self.seed_generator)

    def generate(self, n):
        """Images (n, r, r, c) of the networks that are trained."""
        noises = [self.normal((n, size, size, 1)) for size in self.sizes]
        return self.synthesis([self.mixed_styles(n), *noises], training=True)

    def penalty(self, real):
        """R1, as in chapter 12."""
        with tf.GradientTape() as tape:
            tape.watch(real)
            logits = ops.sum(self.discriminator(real, training=True))
        gradients = tape.gradient(logits, real)
        return self.gamma / 2 * ops.mean(ops.sum(ops.square(gradients), axis=(1, 2, 3)))

    def train_step(self, real):
        expected = self.discriminator.input_shape[1:]
        if real.shape[1:] != expected:
            raise ValueError(f"images must be of {expected}, got {tuple(real.shape[1:])}")
        n = ops.shape(real)[0]
        fakes = self.generate(n)

        def d_loss():
            real_logits = self.discriminator(real, training=True)
            fake_logits = self.discriminator(fakes, training=True)
            loss = ops.mean(ops.softplus(-real_logits) + ops.softplus(fake_logits))
            now = ops.equal(self.g_optimizer.iterations % self.every, 0)
            return loss + ops.cond(
                now, lambda: self.every * self.penalty(real), lambda: ops.zeros(())
            )

        def g_loss():
            return ops.mean(ops.softplus(-self.discriminator(self.generate(n), training=True)))

        d_value = gk.minimize(self.d_optimizer, d_loss, self.discriminator.trainable_variables)
        g_value = gk.minimize(self.g_optimizer, g_loss, self.g_variables)
        step = ops.cast(self.g_optimizer.iterations, "float32")
        momentum = ops.minimum(self.momentum, (1 + step) / (10 + step))
        averages = [*self.average_mapping.weights, *self.average_synthesis.weights]
        weights = [*self.mapping.weights, *self.synthesis.weights]
        for mean, weight in zip(averages, weights, strict=True):
            mean.assign(momentum * mean + (1 - momentum) * weight)
        self.d_loss.update_state(d_value)
        self.g_loss.update_state(g_value)
        return {"d_loss": self.d_loss.result(), "g_loss": self.g_loss.result()}


# %% [markdown]
# ## Training
# The clock includes compiling.


# %%
def noise_maps(n, sizes, seed=None):
    """Noise maps (n, r, r, 1) for all layers; with a seed, the same ones each time."""
    source = np.random.default_rng(seed)
    return [source.standard_normal((n, size, size, 1)).astype("float32") for size in sizes]


def draw(synthesis, styles, noises):
    """Images (n, r, r, c) in [0, 1] from styles (n, layers, w_dim) and noise maps."""
    parts = []
    for i in range(0, len(styles), 500):
        inputs = [styles[i : i + 500], *(noise[i : i + 500] for noise in noises)]
        parts.append(np.clip(np.asarray(synthesis(inputs)) / 2 + 0.5, 0, 1))
    return np.concatenate(parts)


def same_everywhere(w, count):
    """Styles (n, count, w_dim) with one code w (n, w_dim) for all layers."""
    return np.repeat(np.asarray(w)[:, None], count, axis=1)


def endless_batches(x):
    """Shuffled batches of images x in [-1, 1], again and again."""
    gk.data.check_range(x, -1, 1)
    numbers = tf.data.Dataset.range(len(x)).shuffle(len(x)).repeat().batch(BATCH_SIZE)
    return numbers.map(lambda chosen: tf.gather(x, chosen))


valid_features, _ = gk.classify(images.x_valid[:N_SCORED])


def score(pictures):
    """(Fréchet distance, precision, recall) of the middle 28 by 28 pixels."""
    features, _ = gk.classify(pictures[:, 2:-2, 2:-2])
    precision, recall = gk.precision_recall(valid_features, features)
    return gk.frechet_distance(valid_features, features), precision, recall


keras.utils.set_random_seed(run.seed)
gan = StyleGAN(RESOLUTIONS, FILTERS, LATENT_DIM, W_DIM, mixing=MIXING, seed=run.seed)
gan.compile(
    RATE,
    momentum=MOMENTUM,
    # a divisor of the steps, since Keras makes whole executions only
    steps_per_execution=math.gcd(STEPS_PER_EXECUTION, EPOCH_STEPS),
    jit_compile=run.jit_compile,
)
begin = time.perf_counter()
gan.fit(
    endless_batches(x_fit),
    epochs=EPOCHS,
    steps_per_epoch=EPOCH_STEPS,
    shuffle=False,  # they are already
    verbose=0,
)
training_seconds = time.perf_counter() - begin
mapping, synthesis, sizes = gan.average_mapping, gan.average_synthesis, gan.sizes
mapping.save(f"{MODELS}/13_mapping.keras")
synthesis.save(f"{MODELS}/13_synthesis.keras")

z = rng.standard_normal((N_SCORED, LATENT_DIM)).astype("float32")
w = np.asarray(mapping(z))
noises = noise_maps(N_SCORED, sizes, seed=1)
sample = draw(synthesis, same_everywhere(w, len(sizes)), noises)
ffd, precision, recall = score(sample)
print(f"Fréchet distance {ffd:.1f}, precision {precision:.2f}, recall {recall:.2f}")
print(f"training took {training_seconds:.0f} s")

# %% alt="Forty garments, most of them clear: tops, trousers, dresses, bags, shoes with high heels. About five are torn or incomplete, about six show nearly the same light pullover, and on many there is a fine grid."
gk.plot_images(sample[:40], title="Forty images of the StyleGAN")
plt.show()

# %% [markdown]
# The Fréchet distance is 8.1<!-- ffd --> (8.7<!-- test_ffd --> on test images) after 414 s<!-- training_seconds --> of training, with precision 0.89<!-- precision --> and recall 0.34<!-- recall -->. Chapter 11's DCGAN, trained on the same padded images for 361 s<!-- experiment 11 dcgan_padded seconds_13 -->, reaches 11.3<!-- experiment 11 dcgan_padded ffd_13 -->, 0.78<!-- experiment 11 dcgan_padded precision_13 --> and 0.76<!-- experiment 11 dcgan_padded recall_13 --> (measured in benchmarks/). Its clock leaves out compiling, and ours does not. In this time it was shown 345,600<!-- experiment 11 dcgan_padded images_13 --> images, and our StyleGAN 128,000. We chose the share of mixing and the normalization by the distance to the same validation images, and did not tune the DCGAN again. With labels, chapter 11 had reached 5.9<!-- 11 conditional_ffd -->.
#
# So our images are closer to real ones, but cover much less of their variety. You can see both in the figure. Most of the forty garments are clear. About five are torn or incomplete, for example the sandal in the third column of the first row. About six show nearly the same light pullover. On many of them there is a fine grid. One explanation is that we left out the smoothing after each enlargement. Exercise 4 puts it back.
#
# Each of these numbers comes from one training, and we have not measured how much seeds differ. The share of mixed images may matter a lot. Another training, which is not part of this notebook, used 50 %<!-- setting --> in place of 10 %<!-- setting -->, and ended at a distance of 34<!-- setting -->, with few bags and few gray levels.

# %% [markdown]
# ## Mixing styles
# Now we repeat the table of the slides. The top row shows nine images, one for each class but the shirts: the one for which the classifier is most certain. In each row below we use the code of the image on the left at all layers except for some, which get the code of the image at the top. In the first three rows these are the two layers at 4 by 4 pixels (coarse). In the next three it is the one at 8 by 8 pixels (middle), and in the last three they are those at 16 by 16 and 32 by 32 pixels (fine). The noise is that of the image on the left.

# %% alt="A table of mixed styles with nine rows for trousers, dress and sneaker, and nine columns for the classes: with coarse styles of a T-shirt, trousers and dress become T-shirts; with fine styles of a dark pullover they turn dark; trousers with styles of shoes, or a sneaker with styles of clothes, are torn or vanish."
LEVELS = {"coarse": [0, 1], "middle": [2], "fine": [3, 4]}  # layers, by their place in the diagram
_, probabilities = gk.classify(sample[:, 2:-2, 2:-2])
sources = {
    name: probabilities[:, i].argmax()
    for i, name in enumerate(images.class_names)
    if name != "Shirt"
}
second = list(sources.values())
rows = {}
for level, changed in LEVELS.items():
    for name in ("Trouser", "Dress", "Sneaker"):
        a = sources[name]
        styles = same_everywhere(w[[a] * len(second)], len(sizes))
        styles[:, changed] = w[second][:, None]
        pictures = draw(synthesis, styles, [noise[[a] * len(second)] for noise in noises])
        rows[f"{level},\n{name}"] = np.concatenate([sample[[a]], pictures])
top = np.concatenate([np.ones_like(sample[:1]), sample[second]])
gk.plot_rows(
    {"second code": top, **rows},
    title="First codes on the left; styles of one resolution from the second code",
)
plt.show()

# %% [markdown]
# In the paper's table of faces, the coarse styles change pose and hair, the middle ones the features of the face, and the fine ones little more than the colors. Ours has only something of this. With the coarse styles of the T-shirt (second column), trousers and dress become T-shirts. With the coarse styles of the dark pullover (fourth column) they remain light, and with its fine styles they turn dark. But middle and fine styles change the shape as well. With the middle style of the pullover, trousers and dress become wide tops. With the fine styles of the dress (fifth column) the trousers lose the gap between the legs.
#
# If one code is a shoe or a bag and the other is not, most images are torn. One explanation is that all faces have the same parts at the same places, while trousers and sneakers do not. Another is that such mixtures are rare in training. Only one image in ten was mixed there, and never so that a single layer in the middle differs from those before and behind it. The other training, with 50 %<!-- setting -->, also gave a table with many torn images, so that more mixing alone does not seem to help. We have not counted them.
#
# Let's count, for random pairs of codes whose images have different classes. How often does the classifier see the class of the first code in the mixed image, and how often that of the second? As a control we count the class of a third code, which has nothing to do with the image. We also measure which of the two images determines the shade, as the correlation between its shade and that of the mixed image.


# %%
def shade(pictures):
    """Mean of the pixels brighter than 0.1, for each image."""
    lit = pictures > 0.1
    return np.sum(pictures * lit, axis=(1, 2, 3)) / np.maximum(np.sum(lit, axis=(1, 2, 3)), 1)


classes, shades = probabilities.argmax(axis=1), shade(sample)
a, b, c = (rng.permutation(N_SCORED) for _ in range(3))
differ = classes[a] != classes[b]
shares, correlations = {}, {}
for level, changed in LEVELS.items():
    styles = same_everywhere(w[a], len(sizes))
    styles[:, changed] = w[b][:, None]
    mixed = draw(synthesis, styles, [noise[a] for noise in noises])
    seen = gk.classify(mixed[:, 2:-2, 2:-2])[1].argmax(axis=1)
    shares[level] = [100 * np.mean(seen[differ] == classes[d][differ]) for d in (a, b, c)]
    correlations[level] = [np.corrcoef(shade(mixed), shades[d])[0, 1] for d in (a, b)]
    print(f"{level:6} class of the first code {shares[level][0]:.0f} %, ", end="")
    print(
        f"the second {shares[level][1]:.0f} %, an unrelated one {shares[level][2]:.0f} %; ", end=""
    )
    print(f"correlation of shades {correlations[level][0]:.2f} and {correlations[level][1]:.2f}")

# %% [markdown]
# If the coarse styles come from the second code, the classifier sees the class of the second code in 28 %<!-- coarse_second_percent --> of the images and that of the first in 16 %<!-- coarse_first_percent -->. It sees the class of an unrelated code in 10 %<!-- coarse_unrelated_percent -->. With the middle styles the second class has only 9 %<!-- middle_second_percent --> and the first 38 %<!-- middle_first_percent -->, and with the fine ones 6 %<!-- fine_second_percent --> and 48 %<!-- fine_first_percent -->. So the two coarse layers have more influence on the class than the three others together. Still, in about half of the images the classifier sees a class that neither code had.
#
# The shade follows the fine styles. If they come from the second code, the correlation with its shade is 0.75<!-- fine_shade_second -->, and with that of the first 0.03<!-- fine_shade_first -->. With the coarse or middle styles of the second code it is the other way round.

# %% [markdown]
# ## What the noise changes
# We draw ten codes a hundred times, each time with other noise, and look at the standard deviation of each pixel.

# %% alt="Three rows of ten garments: the first two, with different noise, look alike; the third, the standard deviation, is dark but for thin lines at edges and a torn sandal."
repeats = [
    draw(synthesis, same_everywhere(w[:10], len(sizes)), noise_maps(10, sizes, seed=i))
    for i in range(100)
]
deviation = np.std(repeats, axis=0)
noise_std = float(np.mean(deviation))
code_std = float(np.mean(np.std(sample, axis=0)))
redrawn = draw(synthesis, same_everywhere(w, len(sizes)), noise_maps(N_SCORED, sizes, seed=2))
classes = gk.classify(sample[:, 2:-2, 2:-2])[1].argmax(axis=1)
same_class = float(np.mean(gk.classify(redrawn[:, 2:-2, 2:-2])[1].argmax(axis=1) == classes))
gk.plot_rows(
    {
        "one noise": repeats[0],
        "another": repeats[1],
        "standard\ndeviation x 4": np.clip(4 * deviation, 0, 1),
    },
    title="Ten codes with different noise, and the standard deviation over 100 noises",
)
plt.show()
print(f"mean standard deviation of a pixel: over noises {noise_std:.4f}, over codes {code_std:.4f}")
print(f"images that keep their class with other noise: {same_class:.1%}")

# %% [markdown]
# The noise changes very little: the standard deviation of a pixel over noises is a twentieth of that over codes, and 96 %<!-- same_class_percent --> of the images keep their class. The changes are concentrated at edges and in textures. The torn sandal in the third column is an exception: there, larger parts change as well.

# %% [markdown]
# ## Truncation
# Codes $w$ that lie far from the mean $\bar w$ are rare in the training, and Karras et al. found that their images tend to be worse. If variety is not needed, one can draw them towards the mean:
#
# $$w' = \bar w + \psi\, (w - \bar w)$$
#
# With $\psi = 0$ there is only one image. What do we lose and gain in between?

# %% alt="Precision against recall for seven strengths of truncation: from 0.89 and 0.34 without truncation it runs to 0.94 and 0.11 for a strength of 0.4."
w_mean = np.asarray(mapping(rng.standard_normal((5000, LATENT_DIM)).astype("float32"))).mean(axis=0)
strengths = [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
truncated = {}
for psi in strengths:
    pictures = draw(synthesis, same_everywhere(w_mean + psi * (w - w_mean), len(sizes)), noises)
    truncated[psi] = score(pictures)
    distance, p, r = truncated[psi]
    print(f"psi {psi:.1f}: Fréchet distance {distance:5.1f}, precision {p:.2f}, recall {r:.2f}")
figure, axis = plt.subplots(figsize=(8, 3), layout="constrained")
axis.plot([r for _, _, r in truncated.values()], [p for _, p, _ in truncated.values()], "o-")
for psi, (_, p, r) in truncated.items():
    axis.annotate(f" {psi}", (r, p), fontsize=8)
axis.set(xlabel="recall", ylabel="precision", title="Truncation, each point with its strength")
axis.grid(alpha=0.3)
plt.show()

# %% alt="Three rows of ten garments: the same gray top ten times at psi 0; simplified garments in more similar grays at 0.5, where trousers have become a top; the original ones at 1."
rows = {}
for psi in (0.0, 0.5, 1.0):
    styles = same_everywhere(w_mean + psi * (w[:10] - w_mean), len(sizes))
    rows[f"psi {psi}"] = draw(synthesis, styles, [noise[:10] for noise in noises])
gk.plot_rows(rows, title="Ten codes, drawn towards the mean")
plt.show()

# %% [markdown]
# With $\psi = 0.4$<!-- setting --> precision rises from 0.89<!-- precision --> to 0.94<!-- strongly_truncated_precision -->, and recall falls from 0.34<!-- recall --> to 0.11<!-- strongly_truncated_recall -->. Precision was high already, so that there is little to gain, and the Fréchet distance only gets worse, up to 43<!-- strongly_truncated_ffd -->. In the figure, the garments of the middle row have lost some of their particular features, and their grays have moved closer together. The trousers of the seventh column have become a top. The two shoes in the first and third columns have not become better. One explanation is that the mean is a top, and that codes between a shoe and a top are rare in the training, too. With $\psi = 0$ a gray top remains.

# %% [markdown]
# ## Is w smoother than z?
# Suppose that we walk from one code to another in equal steps. If the images change suddenly somewhere, or pass through garments that belong to neither end, the image moves fast there. Karras et al. measure this as the *perceptual path length*: the mean squared distance between the features of two images that lie a small step $\epsilon$ apart on the path, divided by $\epsilon^2$. Because of the square, sudden changes count more than slow ones over the same distance. They use the features of a network trained on photographs and a step of 0.0001<!-- setting -->, and we use those of our classifier and 0.01<!-- setting -->. In $w$ the path is a straight line. In $z$ it
# is a part of a great circle (chapter 08).


# %%
def slerp(one, other, t):
    """Points on great circles between codes (n, d), at shares t (n, 1) of the angle."""
    one = one / np.linalg.norm(one, axis=1, keepdims=True)
    other = other / np.linalg.norm(other, axis=1, keepdims=True)
    angle = np.arccos(np.clip(np.sum(one * other, axis=1, keepdims=True), -1, 1))
    return (np.sin((1 - t) * angle) * one + np.sin(t * angle) * other) / np.sin(angle)


def features_of(w):
    """Features of images from codes w, with the same noise each time."""
    pictures = draw(synthesis, same_everywhere(w, len(sizes)), path_noises)
    return gk.classify(pictures[:, 2:-2, 2:-2])[0]


STEP = 0.01  # share of the path
n_paths = 2 * N_SCORED
path_noises = [np.repeat(noise[:1], n_paths, axis=0) for noise in noises]
one, other = rng.standard_normal((2, n_paths, LATENT_DIM)).astype("float32")


def codes_at(t, name, network):
    """Codes w on the paths between pairs of z or of w, at shares t (n, 1)."""
    if name == "z":
        return np.asarray(network(slerp(one, other, t).astype("float32")))
    return (1 - t) * np.asarray(network(one)) + t * np.asarray(network(other))


def squared_speed(values, later_values):
    """Squared distances over a step of the path, divided by the squared step."""
    return np.sum((later_values - values) ** 2, axis=1) / STEP**2


starts = {
    "anywhere": rng.random((n_paths, 1)).astype("float32"),
    "at the end": np.zeros((n_paths, 1)),
}
lengths, detours = {}, {}
for where, t in starts.items():
    for name in ("z", "w"):
        codes, later_codes = codes_at(t, name, mapping), codes_at(t + STEP, name, mapping)
        lengths[name, where] = squared_speed(features_of(codes), features_of(later_codes))
        detours[name, where] = squared_speed(codes, later_codes).mean()
        print(
            f"path length in {name}, {where:10} mean {lengths[name, where].mean():6.0f}, ", end=""
        )
        print(f"median {np.median(lengths[name, where]):5.0f}; ", end="")
        print(f"the same for the codes w themselves {detours[name, where]:.0f}")
    difference = lengths["z", where] - lengths["w", where]
    spread = 2 * difference.std() / n_paths**0.5
    ratio = lengths["z", where].mean() / lengths["w", where].mean()
    detour = detours["z", where] / detours["w", where]
    print(f"  z / w: images {ratio:.2f}, codes {detour:.2f}; ", end="")
    print(f"z - w: {difference.mean():.0f} ± {spread:.0f} (two standard errors)")
untrained_mapping = build_mapping(LATENT_DIM, W_DIM)
untrained_detours = []
for name in ("z", "w"):
    codes, later_codes = (
        codes_at(starts["anywhere"] + step, name, untrained_mapping) for step in (0, STEP)
    )
    untrained_detours.append(squared_speed(codes, later_codes).mean())
print(f"untrained mapping, z / w: codes {untrained_detours[0] / untrained_detours[1]:.2f}")

# %% [markdown]
# Anywhere on the path the mean is 20,155<!-- path_length_w --> in $w$ and 29,490<!-- path_length_z --> in $z$, which is 1.46<!-- path_ratio --> times as much. Does this mean that $w$ is better organized? Not yet. Both paths lead from the same code $w$ to the same other one. One takes the straight line, and the other one a detour, since the great circle in $z$ becomes a curve in $w$. So on this path the codes themselves move faster. As the last number of each line shows, their mean squared speed is 1.88<!-- detour_ratio --> times as large, and for a mapping network that was never trained it is 1.9<!-- detour_ratio_untrained --> times. The detour alone could explain more than the difference between the images.
#
# Karras et al. also measure at the ends of the paths only. There our images change 2.8<!-- path_ratio_end --> times as much along $z$ as along $w$, and the codes 1.84<!-- detour_ratio_end --> times. So at codes that have been drawn, $w$ does have an advantage beyond the shorter way, in this one training. In the middle of a straight line, between codes of different garments, it seems to be lost again.
#
# Karras et al. found smaller path lengths in $w$ for faces. They explain it as follows. The distribution of $z$ is fixed. If some combinations of attributes do not occur in the data, the way from $z$ to the attributes has to be curved, so that these combinations are not drawn. The distribution of $w$ is learned and can leave them out.

# %% [markdown]
# ## A direction for an attribute
# If $w$ is well organized, an attribute of the image should be a *linear* function of it, so that a single direction changes this attribute. We try two attributes. One is the mean brightness of the image. The other is whether a top has long sleeves, which we take from the classifier. We divide the probability of pullover and coat together by that of these and of T-shirts. The class of shirts is left out, because many of them have short sleeves. Images count by their probability of being one of the three. For each we fit a linear model (ridge regression) with the first half of the codes, and measure with the second half which share of the variance it explains ($R^2$). There are two controls: the same models for $z$, and for the codes of a mapping network that was never trained.

# %%
from sklearn.linear_model import RidgeCV

n = N_SCORED // 2  # the first half is used for fitting, the second for measuring
long_sleeved = probabilities[:, [2, 4]].sum(axis=1)  # pullover, coat
top = long_sleeved + probabilities[:, 0]  # or T-shirt
attributes = {  # values and weights
    "brightness": (sample.mean(axis=(1, 2, 3)), np.ones(N_SCORED)),
    "long sleeves": (long_sleeved / top, top),
}
untrained = np.asarray(untrained_mapping(z))
fitted, r2 = {}, {}
for attribute, (values, weights) in attributes.items():
    for name, codes in {"z": z, "untrained w": untrained, "w": w}.items():
        ridge = RidgeCV(np.logspace(-3, 3, 7)).fit(codes[:n], values[:n], weights[:n])
        fitted[attribute] = ridge  # the last one, for w, is used below
        r2[attribute, name] = ridge.score(codes[n:], values[n:], weights[n:])
        print(f"{attribute:12} from {name:11} R² {r2[attribute, name]:.2f}")


# %% [markdown]
# Both attributes are closer to linear in $w$ than in $z$: the model explains 0.73<!-- brightness_r2_w --> of the variance of the brightness against 0.56<!-- brightness_r2_z -->, and 0.69<!-- sleeves_r2_w --> against 0.58<!-- sleeves_r2_z --> for the sleeves. In the codes of an untrained mapping network it is 0.21<!-- brightness_r2_untrained --> and 0.21<!-- sleeves_r2_untrained -->. (All three are measured on one training.)
#
# Can we also *change* an attribute by moving along such a direction? There are two candidates. The weights of the linear model say how the attribute changes if we vary one number of the code and hold the others fixed. But in the codes that occur, the numbers are not independent. If we want to move in the way in which codes with long sleeves differ from others, the direction is the covariance of the codes with the predicted attribute, which is the covariance matrix of $w$ times the weights (Haufe et al., 2014). We try both for the sleeves, and only the weights for the brightness. The controls are twenty random directions, and the covariance matrix times twenty random vectors.


# %% alt="Nine rows of seven images: along the direction of brightness three T-shirts go from dark to white; along the weights for sleeves they change little before the last steps; along the covariance all three get long sleeves, and in the other direction they become trousers."
def moved(chosen, direction, length):
    """Images of chosen codes, moved by a length along a direction in w."""
    codes = w[chosen] + length * direction / np.linalg.norm(direction)
    styles = same_everywhere(codes.astype("float32"), len(sizes))
    return draw(synthesis, styles, [noise[chosen] for noise in noises])


def sleeves(pictures):
    """Mean probability that the classifier gives to pullover and coat."""
    return gk.classify(pictures[:, 2:-2, 2:-2])[1][:, [2, 4]].sum(axis=1).mean()


shirts = rng.permutation(probabilities[:, 0].argsort()[-N_SCORED // 10 :])  # nearly all T-shirts
directions = {
    "brightness": fitted["brightness"].coef_,
    "sleeves, weights": fitted["long sleeves"].coef_,
    "sleeves, covariance": np.cov(w[:n].T) @ fitted["long sleeves"].coef_,
}
rows, sleeves_at = {}, {}
for name, direction in directions.items():
    for length in (-4, 0, 4):
        pictures = moved(shirts, direction, length)
        sleeves_at[name, length] = sleeves(pictures)
        print(f"{name:19} {length:+d}: brightness {pictures.mean():.3f}, ", end="")
        print(f"probability of long sleeves {sleeves_at[name, length]:.2f}")
    for k in range(3):
        steps = [moved(shirts[[k]], direction, length) for length in range(-6, 7, 2)]
        label = name.replace(", ", ",\n")
        rows[f"{label} {k + 1}"] = np.concatenate(steps)
covariance = np.cov(w[:n].T)
random_sleeves = {}
for name, matrix in {"random": np.eye(W_DIM), "covariance x random": covariance}.items():
    drawn = [moved(shirts, matrix @ rng.standard_normal(W_DIM), 4) for _ in range(20)]
    bright = [pictures.mean() for pictures in drawn]
    random_sleeves[name] = [sleeves(pictures) for pictures in drawn]
    print(f"{name:19} +4: brightness {min(bright):.3f} to {max(bright):.3f}, ", end="")
    print(f"long sleeves {np.mean(random_sleeves[name]):.2f} on average, ", end="")
    print(f"{max(random_sleeves[name]):.2f} at most (20 directions)")
gk.plot_rows(rows, title="Three T-shirts along three directions in w, in steps of 2")
plt.show()

# %% [markdown]
# The brightness is easy to change. Over the 300 images that look most like T-shirts, its mean goes from 0.14<!-- setting --> to 0.40<!-- setting -->, further than in any of the random directions (see the output). The three T-shirts in the figure roughly keep their shape, though the brightest ones lose all detail.
#
# The weights of the model for the sleeves do little more than random directions. At a length of 4 the mean probability of long sleeves is 0.16<!-- sleeves_weights -->, after 0.01<!-- sleeves_start --> at the start, and twenty random directions reach 0.07<!-- sleeves_random --> on average and 0.30<!-- sleeves_random_most --> at most. Along the covariance it is 0.58<!-- sleeves_covariance -->, and in the figure all three T-shirts become tops with long sleeves. This is not just because the covariance points where codes vary most: the covariance matrix times random vectors gives 0.10<!-- sleeves_random_covariance --> on average and 0.43<!-- sleeves_random_covariance_most --> at most.
#
# So in this network, the direction that predicts the attribute is not the one that changes it. And the direction that changes it also changes what usually comes with it. In the other direction the T-shirts do not get shorter sleeves but turn into trousers.

# %% [markdown]
# ## Check
# These are the main claims of the chapter as assertions. The test images are used here for the first time.

# %%
test_features, _ = gk.classify(images.x_test[:N_SCORED])
test_distance = gk.frechet_distance(test_features, gk.classify(sample[:, 2:-2, 2:-2])[0])
loaded = keras.models.load_model(f"{MODELS}/13_synthesis.keras")
some = [noise[:50] for noise in noises]
styles = same_everywhere(w[:50], len(sizes))
loaded_gap = float(np.abs(draw(loaded, styles, some) - draw(synthesis, styles, some)).max())
print(f"Fréchet distance to test images {test_distance:.1f}")
assert loaded_gap < 1e-5, "the loaded generator draws other images"
assert np.isfinite([ffd, *np.ravel(list(lengths.values()))]).all(), "the training diverged"
assert demodulation_gap < 1e-4, "scaling inputs and outputs differs from scaling the kernels"
if not QUICK:
    assert lengths["w", "anywhere"].mean() < lengths["z", "anywhere"].mean(), "w is not smoother"
    assert shares["coarse"][1] > shares["fine"][1], "the coarse styles do not carry the class"
    assert correlations["fine"][1] > correlations["fine"][0], "the fine styles do not carry shade"
    assert truncated[0.4][2] < truncated[1.0][2], "truncation does not lower recall"
    for attribute in attributes:
        assert r2[attribute, "w"] > max(r2[attribute, "z"], r2[attribute, "untrained w"]), attribute
if not QUICK and images.source == "tfds":
    assert shares["coarse"][1] > shares["coarse"][0], "the class stays that of the first code"

gk.record(
    "13_stylegan",
    ffd=ffd,
    precision=precision,
    recall=recall,
    test_ffd=test_distance,
    path_length_z=lengths["z", "anywhere"].mean(),
    path_length_w=lengths["w", "anywhere"].mean(),
    path_length_z_median=np.median(lengths["z", "anywhere"]),
    path_length_w_median=np.median(lengths["w", "anywhere"]),
    path_length_z_end=lengths["z", "at the end"].mean(),
    path_length_w_end=lengths["w", "at the end"].mean(),
    path_ratio=lengths["z", "anywhere"].mean() / lengths["w", "anywhere"].mean(),
    path_ratio_end=lengths["z", "at the end"].mean() / lengths["w", "at the end"].mean(),
    detour_ratio=detours["z", "anywhere"] / detours["w", "anywhere"],
    detour_ratio_end=detours["z", "at the end"] / detours["w", "at the end"],
    detour_ratio_untrained=untrained_detours[0] / untrained_detours[1],
    truncated_precision=truncated[0.7][1],
    truncated_recall=truncated[0.7][2],
    truncated_ffd=truncated[0.7][0],
    strongly_truncated_ffd=truncated[0.4][0],
    strongly_truncated_precision=truncated[0.4][1],
    strongly_truncated_recall=truncated[0.4][2],
    noise_std=noise_std,
    code_std=code_std,
    same_class_percent=100 * same_class,
    coarse_first_percent=shares["coarse"][0],
    coarse_second_percent=shares["coarse"][1],
    coarse_unrelated_percent=shares["coarse"][2],
    middle_first_percent=shares["middle"][0],
    middle_second_percent=shares["middle"][1],
    middle_unrelated_percent=shares["middle"][2],
    fine_first_percent=shares["fine"][0],
    fine_second_percent=shares["fine"][1],
    fine_unrelated_percent=shares["fine"][2],
    coarse_shade_second=correlations["coarse"][1],
    fine_shade_first=correlations["fine"][0],
    fine_shade_second=correlations["fine"][1],
    brightness_r2_z=r2["brightness", "z"],
    brightness_r2_untrained=r2["brightness", "untrained w"],
    brightness_r2_w=r2["brightness", "w"],
    sleeves_r2_z=r2["long sleeves", "z"],
    sleeves_r2_untrained=r2["long sleeves", "untrained w"],
    sleeves_r2_w=r2["long sleeves", "w"],
    sleeves_start=sleeves_at["sleeves, weights", 0],
    sleeves_weights=sleeves_at["sleeves, weights", 4],
    sleeves_covariance=sleeves_at["sleeves, covariance", 4],
    sleeves_random=np.mean(random_sleeves["random"]),
    sleeves_random_most=max(random_sleeves["random"]),
    sleeves_random_covariance=np.mean(random_sleeves["covariance x random"]),
    sleeves_random_covariance_most=max(random_sleeves["covariance x random"]),
    training_seconds=training_seconds,
    seconds=time.perf_counter() - START,
)

# %% [markdown]
# ## What to remember
# - StyleGAN's generator starts from a constant. A mapping network turns the noise $z$ into a code $w$, which acts on every layer as a style, and each layer gets noise of its own.
# - A style scales the features that enter a convolution. Weight demodulation divides the output by its expected standard deviation, so that a style does not change the scale of the next layer's input.
# - The coarse styles have the largest influence on the class, and the fine ones on the shade. In about half of the mixtures of two classes, the classifier sees neither.
# - A direction that predicts an attribute need not be the one that changes it. For the sleeves, the covariance of the codes with the attribute was the better choice.
# - The perceptual path length is smaller in $w$ than in $z$, partly because the straight line in $w$ is the shorter way. Attributes such as the brightness are closer to linear in $w$.
#
# ## Exercises
# 1. *(easy)* Set `MIXING = 0`, and look at the table of mixed styles. What has changed?
# 2. *(medium)* Remove the noise inputs. Does the distance change by more than the spread of three seeds?
# 3. *(medium)* Write a layer for adaptive instance normalization, put it after each leaky ReLU, and use plain convolutions. How do distance and recall compare at equal steps?
# 4. *(medium)* Smooth the features after each enlargement with a fixed kernel (`ops.depthwise_conv` with weights 1, 2, 1 in both directions). Does the fine grid disappear, and what becomes of the recall?
# 5. *(medium)* Use $z$ itself as the style (a mapping network without layers). Compare the path length in its $z$ with that in our $w$, over three seeds.
# 6. *(hard, GPU)* Faces at 64 by 64 pixels (chapter 12, exercise 5).
#
# ## References
# - A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras and TensorFlow*, 3rd ed., ch. 17.
# - T. Karras, S. Laine and T. Aila, A style-based generator architecture for generative adversarial networks, CVPR 2019.
# - T. Karras et al., Analyzing and improving the image quality of StyleGAN, CVPR 2020.
# - S. Haufe et al., On the interpretation of weight vectors of linear models in multivariate neuroimaging, NeuroImage 87, 2014.
# - X. Huang and S. Belongie, Arbitrary style transfer in real-time with adaptive instance normalization, ICCV 2017.
# - L. Mescheder, A. Geiger and S. Nowozin, Which training methods for GANs do actually converge?, ICML 2018 ($R_1$).
