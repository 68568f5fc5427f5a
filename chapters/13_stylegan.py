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
# A GAN makes an image from a list of random numbers.
# Changing one of them may change the sleeves, the brightness and the kind of garment at once.
# StyleGAN (Karras et al., 2019) has a generator that can be controlled, and made [convincing faces](https://arxiv.org/abs/1812.04948) of people who do not exist.
# We build it for garments, and combine the shape of one with the shade of another.
#
# | | |
# |---|---|
# | Slides | *Generador basado en el estilo: resultados*; *Transferencia basada en el estilo: resultados* |
# | Textbook | Hands-On Machine Learning, chapter 17, "StyleGANs" |
# | Result | Mixes the styles of two garments, with a generator that reaches a Fréchet distance of 2.8<!-- pretrained_distance --> after longer training |
# | Time | 289 s<!-- seconds --> on two CPU cores |
# | Evidence | [The experiments](../experiments/README.md) |

# %% [markdown]
# ## Setup
# Numbers in the text are those of the run that you see here, on all 55,000 training images; yours will differ a little.
# As in chapter 12 we train in float32, since a gradient of a gradient is fragile in half precision.

# %%
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
FILTERS = [64, 64, 32, 16]  # features at each resolution
LATENT_DIM = 32  # numbers of noise
W_DIM = 32  # numbers of the code w
EPOCHS = 1 if QUICK else 2  # GPU: 100
BATCH_SIZE = 32
MIXING = 0.1  # share of images that are drawn with two codes; GPU: 0.9
RATE = 0.02  # learning rate of both players; GPU, with longer training: 0.0025
MOMENTUM = 0.998  # of the moving average; GPU: 0.999
SCORED = 300 if QUICK else 3000  # images on each side of a score

# %%
images = gk.load_images(n_train=640 if QUICK else None)


def pad(x):
    """Images (n, 28, 28, 1) in [0, 1] as (n, 32, 32, 1) in [-1, 1]."""
    return 2 * np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0))) - 1


# %% [markdown]
# ## A generator that is controlled by styles
# A usual generator feeds the noise $z$ into its first layer, and everything else follows from there.
# StyleGAN's generator (*generador basado en el estilo*) differs in four points:
#
# - A *mapping network* turns $z$ into a code $w$. It first divides $z$ by its root mean square. While the distribution of $z$ is fixed, that of $w$ may be whatever suits the images.
# - The *synthesis network* begins with a constant, which is trained and the same for all images.
# - The code $w$ enters at every layer as a *style*, which says how strongly each feature counts there.
# - Each layer gets a map of random numbers of its own, one for each pixel, for details that are random by nature, such as the place of a single hair.

# %% alt="Diagram: noise z leads to the mapping network and to the code w, and w as a style to each of five layers in a row, two at 4, one each at 8, 16 and 32 pixels. They begin with a constant and end in an image. Below each layer stands a noise map of its own, of the layer's size."
sizes = [RESOLUTIONS[0], *RESOLUTIONS]  # two layers at the first resolution
names = [f"layer {i}\n{size} x {size}" for i, size in enumerate(sizes, 1)]
maps = [f"noise {i}\n{size} x {size}" for i, size in enumerate(sizes, 1)]
chain = ["constant", *names, "image"]
boxes = {"noise z": (0, 1), "mapping network": (1.4, 1), "code w": (3, 1)}
boxes |= {name: (i, 0) for i, name in enumerate(chain)}
boxes |= {name: (i, -1) for i, name in enumerate(maps, 1)}
arrows = [("noise z", "mapping network"), ("mapping network", "code w")]
arrows += [*zip(chain[:-1], chain[1:], strict=True), *zip(maps, names, strict=True)]
arrows += [("code w", name) for name in names]
gk.plot_diagram(boxes, [(*arrow, "") for arrow in arrows], colored=["code w"], height=3)
plt.show()

# %% [markdown]
# ## How a style acts on a layer
# In the first StyleGAN a style acts by *adaptive instance normalization* (AdaIN; Huang and Belongie, 2017).
# After each convolution and its activation, each feature map $x_i$ of an image is normalized to mean 0 and standard deviation 1 over its pixels.
# Then it is multiplied by $y_{s,i}$ and gets the mean $y_{b,i}$, which dense layers compute from $w$:
#
# $$\mathrm{AdaIN}(x_i, w) = y_{s,i}(w)\, \frac{x_i - \mu(x_i)}{\sigma(x_i)} + y_{b,i}(w)$$


# %%
class AdaIN(layers.Layer):
    """Give each feature map of x a deviation and a mean that depend on a code."""

    def build(self, input_shapes):
        features = input_shapes[0][-1]
        self.to_scale = gk.EqualizedDense(features, gain=1.0, bias_initializer="ones")
        self.to_shift = gk.EqualizedDense(features, gain=1.0)
        self.to_scale.build(input_shapes[1])
        self.to_shift.build(input_shapes[1])

    def call(self, inputs):
        x, w = inputs
        mean, variance = ops.moments(x, axes=(1, 2), keepdims=True)
        x = (x - mean) / ops.sqrt(variance + 1e-8)
        return x * self.to_scale(w)[:, None, None] + self.to_shift(w)[:, None, None]


# %% [markdown]
# So each style alone decides how strong a feature is, whatever the layers before have done.
# But how strong a feature was relative to the others is lost, and this is information about the image.
# The authors of StyleGAN2 suspect that the generator drew a single strong spot to carry this information past the normalization: the spots were visible as water droplets.
#
# StyleGAN2 normalizes the *expected* strength in place of the measured one.
# The style $s_i(w)$ scales the kernel of a convolution for each input feature $i$.
# Then the kernel of each output feature $j$ is divided by its norm, which is called *weight demodulation*.
# With $k$ for the places of the kernel:
#
# $$w'_{ijk} = s_i\, w_{ijk} \qquad w''_{ijk} = \frac{w'_{ijk}}{\sqrt{\sum_{i,k} {w'_{ijk}}^2 + 10^{-8}}}$$
#
# A convolution is linear, so we need no kernel for each image: we scale the inputs, apply the same kernel to all images, and divide the outputs.
# The 2 under the root is the gain that chapter 12 has for layers before a leaky ReLU.


# %%
class ModulatedConv2D(layers.Layer):
    """A convolution; its kernel is scaled by a style and may be divided by its norm."""

    def __init__(self, filters, kernel_size, demodulate=True, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.kernel_size = filters, kernel_size
        self.demodulate = demodulate

    def build(self, input_shapes):
        inputs = input_shapes[0][-1]
        self.to_style = gk.EqualizedDense(inputs, gain=1.0, bias_initializer="ones")
        self.to_style.build(input_shapes[1])
        normal = keras.initializers.RandomNormal(stddev=1.0)
        shape = (self.kernel_size, self.kernel_size, inputs, self.filters)
        self.kernel = self.add_weight(shape=shape, initializer=normal)
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros")

    def call(self, inputs):
        x, w = inputs  # (n, height, width, features) and (n, size of w)
        style = self.to_style(w)[:, None, None]
        if self.demodulate:
            squares = ops.sum(ops.square(self.kernel), axis=(0, 1))
            scale = ops.sqrt(2 / (ops.matmul(ops.square(style), squares) + 1e-8))
        else:
            scale = (self.kernel_size**2 * x.shape[-1]) ** -0.5
        return ops.conv(x * style, self.kernel, padding="same") * scale + self.bias


# %% [markdown]
# What does each of the two normalize?
# We give both the same random features and strong random styles, and then features that are three times as large.
# The numbers are the smallest and the largest standard deviation of a feature map.

# %%
rng = np.random.default_rng(run.seed)
features = rng.standard_normal((50, 16, 16, 32)).astype("float32")
codes = 2 * rng.standard_normal((50, W_DIM)).astype("float32")
adain, modulated = AdaIN(), ModulatedConv2D(8, 3)
for name, layer in {"AdaIN": adain, "demodulated": modulated}.items():
    for factor in (1, 3):
        values = np.std(layer([factor * features, codes]), axis=(1, 2))
        print(f"{name}, {factor} x features: {values.min():.2f} to {values.max():.2f}")

# %% [markdown]
# AdaIN gives each map the deviation $|y_s|$ that the style asks for, from 0 to about 8, and features that are three times as large make no difference.
# With demodulation the deviations stay within a fifth of the gain, $\sqrt{2}$, whatever the style is, but the output is three times as large as well.
# So AdaIN removes the strength of the input, and demodulation only what the style would add to it.
#
# ## The networks
# The mapping network has two dense layers, where the papers have eight, and the synthesis network has one layer at each new resolution, where they have two.
# Among other things, we leave out of StyleGAN2:
#
# - the smaller learning rate of the mapping network, a hundredth of the others;
# - the residual connections of the discriminator;
# - the smoothing after each enlargement;
# - the sum of images drawn at every resolution;
# - the penalty on the path length, which asks that equal steps in $w$ change the image by equal amounts.
#
# Demodulation assumes that the features that enter a layer have a standard deviation of 1.
# To come close to this, we put the pixel normalization of chapter 12 before each of these convolutions.
# It is our own addition.
# Like AdaIN it removes the strength of its input, but for each pixel over all features, so the features keep their strengths relative to each other.


# %%
class AddNoise(layers.Layer):
    """Add noise (n, h, w, 1) to features (n, h, w, f), each with its own strength."""

    def build(self, input_shapes):
        features = input_shapes[0][-1]
        self.strength = self.add_weight(shape=(features,), initializer="zeros")

    def call(self, inputs):
        x, noise = inputs
        return x + self.strength * noise


class LearnedConstant(layers.Layer):
    """The same trained tensor for each example of a batch."""

    def __init__(self, shape, **kwargs):
        super().__init__(**kwargs)
        normal = keras.initializers.RandomNormal(stddev=1.0)
        self.constant = self.add_weight(shape=shape, initializer=normal)

    def call(self, x):
        return ops.repeat(self.constant[None], ops.shape(x)[0], axis=0)


# %%
def build_mapping(latent_dim, w_dim):
    """Noise (latent_dim,) to codes (w_dim,)."""
    stack = [keras.Input((latent_dim,)), gk.PixelNormalization()]
    for _ in range(2):
        stack += [gk.EqualizedDense(w_dim), layers.LeakyReLU(0.2)]
    return keras.Sequential(stack, name="mapping")


def build_synthesis(resolutions, filters, w_dim, channels):
    """Styles (layers, w_dim) and noise maps (r, r, 1) to images in about [-1, 1]."""
    sizes = [resolutions[0], *resolutions]  # two layers at the first resolution
    styles = keras.Input((len(sizes), w_dim))
    noises = [keras.Input((size, size, 1)) for size in sizes]
    x = LearnedConstant((sizes[0], sizes[0], filters[0]))(styles)
    for i, n in enumerate([filters[0], *filters]):
        if i > 1:
            x = layers.UpSampling2D()(x)
        x = gk.PixelNormalization()(x)
        x = ModulatedConv2D(n, 3)([x, styles[:, i]])
        x = AddNoise()([x, noises[i]])
        x = layers.LeakyReLU(0.2)(x)
    x = gk.PixelNormalization()(x)
    image = ModulatedConv2D(channels, 1, demodulate=False)([x, styles[:, -1]])
    return keras.Model([styles, *noises], image, name="synthesis")


# %% [markdown]
# The last convolution turns the features of each pixel into its gray level, with the style of the last layer, one of the fine styles below.
# The discriminator is that of chapter 12 at its full size.


# %%
def build_generator(latent_dim, w_dim, resolutions, filters, channels=1):
    """Noise (latent_dim,) and noise maps (r, r, 1) to images; one code for all."""
    mapping = build_mapping(latent_dim, w_dim)
    synthesis = build_synthesis(resolutions, filters, w_dim, channels)
    z = keras.Input((latent_dim,))
    styles, *noises = synthesis.inputs
    noises = [keras.Input(noise.shape[1:]) for noise in noises]
    same_styles = layers.RepeatVector(styles.shape[1])(mapping(z))
    image = synthesis([same_styles, *noises])
    return keras.Model([z, *noises], image, name="generator")


def build_discriminator(resolutions, filters, channels):
    """Images of the last resolution to logits (1,), as in chapter 12."""
    stack = [keras.Input((resolutions[-1], resolutions[-1], channels))]
    stack += [gk.EqualizedConv2D(filters[-1], 1), layers.LeakyReLU(0.2)]
    for n in filters[-2::-1]:
        stack += [gk.EqualizedConv2D(n, 4, strides=2), layers.LeakyReLU(0.2)]
    stack += [gk.MinibatchStandardDeviation()]
    stack += [gk.EqualizedConv2D(filters[0], 3), layers.LeakyReLU(0.2)]
    stack += [layers.Flatten(), gk.EqualizedDense(filters[0]), layers.LeakyReLU(0.2)]
    stack += [gk.EqualizedDense(1, gain=1.0)]
    return keras.Sequential(stack, name="discriminator")


# %% [markdown]
# ## The training step
# The game is that of chapter 12: the losses of chapter 10, the penalty $R_1$ on four of the real images, and a moving average of the generator, which draws our images.
# New is the *mixing regularization*: one image in ten, in StyleGAN nine in ten, is drawn with two codes, and from a random layer on, the second takes over.
# So the layers cannot rely on all having the same code.


# %%
def r1_penalty(discriminator, real):
    """Mean squared length of the gradient of D's logits with respect to real images."""
    with tf.GradientTape() as tape:
        tape.watch(real)
        logits = discriminator(real, training=True)
    gradients = tape.gradient(logits, real)
    return ops.mean(ops.sum(ops.square(gradients), axis=(1, 2, 3)))


def random_styles(mapping, n, n_layers, mixing, seed):
    """Styles (n, n_layers, w_dim), with two codes in a share `mixing` of them."""
    z = keras.random.normal((2 * n, mapping.input_shape[-1]), seed=seed)
    first, second = ops.split(mapping(z)[:, None], 2)
    takeover = keras.random.randint((n, 1, 1), 1, n_layers, seed=seed)
    mixed = keras.random.uniform((n, 1, 1), seed=seed) < mixing
    layer = ops.arange(n_layers)[None, :, None]
    return ops.where(ops.logical_and(mixed, layer >= takeover), second, first)


# %%
class StyleGAN(gk.AdversarialModel):
    """`fit` on images (n, r, r, c) in [-1, 1]; `average` is the one to draw with."""

    image_range = (-1.0, 1.0)

    def __init__(self, generator, average, discriminator, mixing):
        super().__init__()
        self.generator, self.average = generator, average
        self.discriminator, self.mixing = discriminator, mixing
        average.set_weights(generator.get_weights())
        self.seed = keras.random.SeedGenerator()
        self.built = True  # because its parts are

    def compile(self, g_optimizer, d_optimizer, gamma, momentum, **kwargs):
        g_optimizer.build(self.generator.trainable_weights)
        d_optimizer.build(self.discriminator.trainable_weights)
        super().compile(optimizer=g_optimizer, **kwargs)
        self.g_optimizer, self.d_optimizer = g_optimizer, d_optimizer
        self.gamma, self.momentum = gamma, momentum

    def make(self, n):
        """Generate n images, in training mode."""
        mapping, synthesis = map(self.generator.get_layer, ("mapping", "synthesis"))
        shapes = [(n, *noise.shape[1:]) for noise in synthesis.inputs[1:]]
        maps = [keras.random.normal(shape, seed=self.seed) for shape in shapes]
        styles = random_styles(mapping, n, len(maps), self.mixing, self.seed)
        return synthesis([styles, *maps], training=True)

    def train_step(self, real):
        n, g, d = ops.shape(real)[0], self.generator, self.discriminator
        fakes = self.make(n)

        def d_loss():  # softplus(-a) is -log D, softplus(a) is -log(1 - D), a the logit
            real_logits, fake_logits = d(real, training=True), d(fakes, training=True)
            loss = ops.mean(ops.softplus(-real_logits) + ops.softplus(fake_logits))
            return loss + self.gamma / 2 * r1_penalty(d, real[:4])

        def g_loss():
            return ops.mean(ops.softplus(-d(self.make(n), training=True)))

        d_value = gk.minimize(self.d_optimizer, d_loss, d.trainable_weights)
        g_value = gk.minimize(self.g_optimizer, g_loss, g.trainable_weights)
        step = ops.cast(self.g_optimizer.iterations, "float32")
        momentum = ops.minimum(self.momentum, (1 + step) / (10 + step))
        for mean, weight in zip(self.average.weights, g.weights, strict=True):
            mean.assign(momentum * mean + (1 - momentum) * weight)
        return {"d_loss": d_value, "g_loss": g_value}


# %% [markdown]
# ## Training
# With two epochs on two CPU cores, we only see the beginning of a training.
# So we also load weights that come with the package: the same code, trained for 20,000<!-- setting --> steps of 32 images, nearly twelve epochs, with a learning rate that falls along a cosine.


# %%
def adam(rate):
    """Adam as in both StyleGANs."""
    return keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99)


keras.utils.set_random_seed(run.seed)
shape = LATENT_DIM, W_DIM, RESOLUTIONS, FILTERS
discriminator = build_discriminator(RESOLUTIONS, FILTERS, channels=1)
generator, average, pretrained = (build_generator(*shape) for _ in range(3))
gan = StyleGAN(generator, average, discriminator, MIXING)
options = {"steps_per_execution": 10, "jit_compile": run.jit_compile}
gan.compile(adam(RATE), adam(RATE), gamma=0.1, momentum=MOMENTUM, **options)
gan.fit(pad(images.x_train), batch_size=BATCH_SIZE, epochs=images.epochs(EPOCHS))
gk.load_pretrained("13_stylegan", pretrained)


# %%
def noise_maps(n, sizes, seed):
    """Noise maps (n, size, size, 1), one for each layer."""
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((n, size, size, 1), dtype="float32") for size in sizes]


def draw(network, inputs):
    """Images (n, 28, 28, 1) in [0, 1] from codes or styles, and noise maps."""
    parts = [[x[i : i + 500] for x in inputs] for i in range(0, len(inputs[0]), 500)]
    padded = np.concatenate([np.float32(network(part)) for part in parts])
    return np.clip(padded[:, 2:-2, 2:-2] / 2 + 0.5, 0, 1)


z = np.random.default_rng(1).standard_normal((SCORED, LATENT_DIM), dtype="float32")
noises = noise_maps(SCORED, sizes, seed=2)
trained_here = draw(gan.average, [z, *noises])
sample = draw(pretrained, [z, *noises])

# %% alt="Five rows of ten images. Real garments; then by turns ten of the generator trained here, and ten after the longer training. Trained here: a torn sandal, dresses, tops, shoes, boots and trousers; about four are torn or streaked, and a shoe has the handle of a bag. After the longer training: tops, shoes, bags, trousers and dresses; trousers are bent, a shoe is deformed, a bag is blotched, and a top has specks."
rows = {"real": images.x_test[:10]}
for start in (0, 10):
    rows[f"here\n{start + 1} to {start + 10}"] = trained_here[start : start + 10]
    rows[f"longer\n{start + 1} to {start + 10}"] = sample[start : start + 10]
gk.plot_rows(rows)
plt.show()

# %% [markdown]
# In each column, both generators draw the same $z$: other trainings give other garments.
# Of the twenty trained here, about four are torn or streaked, and a shoe has the handle of a bag.
# After the longer training, trousers are bent, a shoe is deformed, and a bag and a top are blotched.
#
# We score both as in chapter 10, by Fréchet distance, precision and recall beside test images.

# %%
reference, others = np.split(images.x_test[: 2 * SCORED], 2)
real_features = gk.classify(reference)[0]


def scores(pictures, real):
    """Fréchet distance, precision and recall of pictures beside real features."""
    features = gk.classify(pictures[: len(real)])[0]
    return gk.frechet_distance(real, features), *gk.precision_recall(real, features)


here, longer, real = [scores(x, real_features) for x in (trained_here, sample, others)]
distance, precision, recall = here
pretrained_distance, pretrained_precision, pretrained_recall = longer
real_distance, real_precision, real_recall = real
for name, values in {"here": here, "longer": longer, "real images": real}.items():
    print("{}: {:.1f}, precision {:.2f}, recall {:.2f}".format(name, *values))

# %% [markdown]
# After two epochs the distance is 11.7<!-- distance -->, and the recall 0.36<!-- recall -->.
# Training longer, with a falling rate, brings them to 2.8<!-- pretrained_distance --> and 0.65<!-- pretrained_recall -->, where real images have 0.8<!-- real_distance --> and 0.86<!-- real_recall -->.
# Precision is 0.90<!-- precision --> and 0.86<!-- pretrained_precision -->, above that of real images, 0.84<!-- real_precision -->, so it does not tell the two trainings apart. Recall does.
#
# ## Truncation
# Codes $w$ far from their mean $\bar w$ are rare in the training, and their images tend to be worse.
# If variety matters less than quality, we can pull all codes towards the mean:
#
# $$w' = \bar w + \psi\, (w - \bar w)$$

# %%
mapping = pretrained.get_layer("mapping")
synthesis = pretrained.get_layer("synthesis")
w = np.float32(mapping(z))
center = w.mean(axis=0)
truncated, psi_scores = {}, {}
for psi in (1.0, 0.7, 0.4):
    styles = np.repeat((center + psi * (w - center))[:, None], len(sizes), axis=1)
    truncated[psi] = draw(synthesis, [styles, *noises])
    psi_scores[psi] = scores(truncated[psi], real_features)
    print("psi {}: precision {:.2f}, recall {:.2f}".format(psi, *psi_scores[psi][1:]))
_, psi_precision, psi_recall = psi_scores[0.4]

# %% alt="Ten garments in three rows, for psi 1, 0.7 and 0.4: two tops, a boot, two sneakers, two bags, two trousers and a flat shoe. For 0.4, bent trousers are straight, a patterned sneaker is plainer and the flat shoe is higher; the handle of the light bag is broken, and both tops have dark streaks."
gk.plot_rows({f"psi {psi}": pictures[:10] for psi, pictures in truncated.items()})
plt.show()

# %% [markdown]
# With $\psi = 0.4$, precision rises from 0.86<!-- pretrained_precision --> to 0.94<!-- psi_precision -->, and recall falls from 0.65<!-- pretrained_recall --> to 0.23<!-- psi_recall -->.
# The bent trousers become straight, and the flat shoe higher.
# But the handle of the light bag breaks, and both tops get dark streaks; precision rises all the same.
#
# ## Mixing styles
# Now we use two codes on purpose (*transferencia basada en el estilo*), with the generator that was trained for longer.
# An image keeps the first code at all layers, except for one group that gets the second code: the two layers at 4 by 4 pixels (*coarse*), the one at 8 by 8 (*middle*), or those at 16 by 16 and 32 by 32 (*fine*).
# We pull all codes towards their mean, with $\psi = 0.7$, and take as examples, of each class, the first three images of which the classifier is 95 % sure.

# %%
pulled = center + 0.7 * (w - center)
verdicts = gk.classify(truncated[0.7])[1]
sure = {}  # for some classes, the places of three images
for k in (0, 1, 2, 4, 5, 7, 9):
    sure[k] = np.flatnonzero(verdicts[:, k] > 0.95)[:3]
    assert len(sure[k]) == 3, f"too few images of class {k}"
levels = {"coarse": [0, 1], "middle": [2], "fine": [3, 4]}  # layers, from 0


def draw_mixed(synthesis, w, noises, first, second, changed):
    """Images of the codes w[first], with w[second] at the layers `changed`."""
    styles = np.repeat(w[first][:, None], len(noises), axis=1)
    styles[:, changed] = w[second][:, None]
    return draw(synthesis, [styles, *(noise[first] for noise in noises)])


def mixing_table(synthesis, w, noises, levels, firsts, seconds):
    """Rows to plot: first codes, {name: place}, on the left, second ones above."""
    above = draw_mixed(synthesis, w, noises, seconds, seconds, [])
    rows = {"second\ncode": np.concatenate([np.ones_like(above[:1]), above])}
    for level, changed in levels.items():
        for name, place in firsts.items():
            second = [place, *seconds]  # mixed with itself, a code gives its own image
            first = [place] * len(second)
            mixed = draw_mixed(synthesis, w, noises, first, second, changed)
            rows[f"{level}\n{name}"] = mixed
    return rows


# %% alt="Table of tops. Above: a white and a gray T-shirt, a gray and a white pullover, and three coats, the last one dark. On the left a T-shirt with a speckled print and a dark pullover, by turns. Coarse rows: the T-shirt gets long sleeves and stays gray, with blotches, and torn under one coat; the pullover gets short sleeves under T-shirts, is whole under pullovers, and has a torn collar under one coat; it stays dark. Middle rows: the print of the T-shirt fades and its sleeves spread, with specks on one of them under coats; the pullover hardly changes. Fine rows: the sleeves stay, and the shades are those above; most of the print is gone."
firsts = {"T-shirt": sure[0][0], "pullover": sure[2][0]}
tops = [*sure[0][1:], *sure[2][1:], *sure[4]]  # T-shirts, pullovers, coats
gk.plot_rows(mixing_table(synthesis, pulled, noises, levels, firsts, tops))
plt.show()

# %% [markdown]
# - *Coarse* styles decide about the sleeves. With those of a T-shirt, the pullover gets short sleeves and stays dark; with those of a pullover or a coat, the T-shirt gets long ones, but with blotches.
# - *Middle* styles change the cut and the print of the T-shirt; the length of the sleeves and the shade stay. Other pullovers change more than this one: 59 %<!-- experiment 13 mixed pullover_middle_first --> are still taken for one.
# - *Fine* styles decide about the shade: both garments take that of the second one, and keep their sleeves.
#
# Over many pairs, the classifier sees with coarse styles a T-shirt in 81 %<!-- experiment 13 mixed pullover_coarse_second --> of the pullovers; of the T-shirts only 2 %<!-- experiment 13 mixed shirt_coarse_first --> stay T-shirts, and 50 %<!-- experiment 13 mixed shirt_coarse_second --> become pullovers.
# With fine styles it still sees the first class, in 84 %<!-- experiment 13 mixed pullover_fine_first --> of the pullovers and 99 %<!-- experiment 13 mixed shirt_fine_first --> of the T-shirts.
#
# The same table for a sneaker and an ankle boot:

# %% alt="Table of shoes. Above: two sneakers, two ankle boots and three sandals with heels. On the left a patterned sneaker and a white boot, by turns. Coarse rows: the sneaker gets a torn shaft under boots, and falls apart under sandals; the boot is lower under sneakers, and gets a heel under sandals. Middle rows: the sneaker is torn under sandals; the boot changes little. Fine rows: the outlines stay; under sneakers the sneaker is plain and the boot gray; under sandals both have gaps above the heel."
firsts = {"sneaker": sure[7][0], "boot": sure[9][0]}
shoes = [*sure[7][1:], *sure[9][1:], *sure[5]]  # sneakers, boots, sandals
gk.plot_rows(mixing_table(synthesis, pulled, noises, levels, firsts, shoes))
plt.show()

# %% [markdown]
# With the coarse styles of a sneaker the boot becomes lower, and with those of a sandal it gets a heel; with those of a boot the sneaker gets a shaft, but is torn.
# Fine styles do more than change the shade here: with those of a sandal both shoes get gaps.
# Over pairs of shoes, the classifier sees the class of the second code in 31 %<!-- experiment 13 mixed shoes_coarse_second --> of the images with coarse styles, and in 31 %<!-- experiment 13 mixed shoes_fine_second --> with fine ones.
#
# Now across the families: trousers with tops and shoes.

# %% alt="Trousers with styles of a T-shirt, a pullover, two coats, a sneaker, a boot and two sandals. Coarse row: shreds, and under the T-shirt a small torn pair of trousers. Fine row: narrow upright shapes, under the coats and the sneaker without a gap between the legs."
firsts, across = {"trousers": sure[1][0]}, tops[::2] + shoes[::2]
outer = {"coarse": levels["coarse"], "fine": levels["fine"]}
gk.plot_rows(mixing_table(synthesis, pulled, noises, outer, firsts, across))
plt.show()

# %% [markdown]
# With coarse styles hardly more than shreds are left.
# With the fine styles of a coat, the trousers lose the gap between the legs.
# Over pairs of any two classes, the class of the first code stays in 72 %<!-- experiment 13 mixed all_fine_first --> of the images with fine styles; with coarse ones it stays in 15 %<!-- experiment 13 mixed all_coarse_first -->, and a third class appears in 55 %<!-- experiment 13 mixed all_coarse_neither -->.
#
# ## Noise
# What do the noise maps change?
# We draw ten codes thirty times, each time with other maps, and look at the standard deviation of each pixel.

# %% alt="Three rows of ten garments. The first two, with different noise maps, look alike, except for the patterns of a sneaker and a bag. The third, the deviation times four, is dark, with thin outlines, and with bright dots in a grid inside the patterned sneaker, the dark bag and the flat shoe."
redrawn = [draw(pretrained, [z[:10], *noise_maps(10, sizes, i)]) for i in range(10, 40)]
spread = np.std(redrawn, axis=0)
rows = {"noise 1": redrawn[0], "noise 2": redrawn[1]}
gk.plot_rows(rows | {"deviation\nx 4": np.clip(4 * spread, 0, 1)})
plt.show()

# %%
noise_deviation, code_deviation = spread.mean(), np.std(sample, axis=0).mean()
print(f"deviation of a pixel: noise {noise_deviation:.4f}, codes {code_deviation:.4f}")

# %% [markdown]
# Most drawings with different maps look alike.
# The standard deviation of a pixel over the maps is 0.010<!-- noise_deviation -->, and over codes and maps it is 0.28<!-- code_deviation -->.
# What changes are edges, and dots two pixels apart in patterned garments.
#
# ## Check

# %%
change = np.abs(adain([3 * features, codes]) - adain([features, codes])).max()
assert change < 1e-3, "AdaIN depends on the strength of its input"
if not QUICK:
    assert distance < 30 and recall > 0.1, "untrained, or collapsed"
    assert pretrained_distance < 10 and pretrained_recall > 0.5, "the longer training"
    shirts = [sure[0][0]] * 3
    mixed = draw_mixed(synthesis, pulled, noises, shirts, sure[2], levels["coarse"])
    assert gk.classify(mixed)[1][:, [2, 4, 6]].sum() > 1.5, "no long sleeves"
    assert psi_recall < pretrained_recall, "truncation keeps all of the variety"

# %% [markdown]
# ## What to remember
# - StyleGAN's generator begins with a constant. A mapping network turns the noise $z$ into a code $w$, which acts on every layer as a style.
# - AdaIN normalizes the measured strength of each feature map, weight demodulation the expected one.
# - Styles of different layers may come from different codes: for tops, the coarse ones decide about the sleeves, the fine ones about the shade.
# - Truncation pulls codes towards their mean: precision rises, and recall falls.
#
# ## Exercises
# In [exercises/13_stylegan.ipynb](../exercises/13_stylegan.ipynb), with cells that check your answers:
# a second code from any layer on, and what the classifier sees then; the noise switched off; AdaIN from one image to another; demodulation, written out; truncation of the coarse styles only.

# %% [markdown]
# ## References
# - X. Huang and S. Belongie, [Arbitrary Style Transfer in Real-time with Adaptive Instance Normalization](https://arxiv.org/abs/1703.06868), 2017.
# - T. Karras et al., [A Style-Based Generator Architecture for Generative Adversarial Networks](https://arxiv.org/abs/1812.04948), 2019.
# - T. Karras et al., [Analyzing and Improving the Image Quality of StyleGAN](https://arxiv.org/abs/1912.04958), 2020 (weight demodulation).
# - L. Mescheder et al., [Which Training Methods for GANs do actually Converge?](https://arxiv.org/abs/1801.04406), 2018 ($R_1$).
