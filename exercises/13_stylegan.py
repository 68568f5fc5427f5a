# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises for chapter 13: StyleGAN
# They belong to [chapter 13](../chapters/13_stylegan.ipynb).
# Replace each `raise NotImplementedError()` by your answer, and run the cell below it, which checks the answer: it ends in an error if the answer is wrong.
# Nothing is trained here; all of this takes less than a minute.

# %%
import genkeras as gk
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, ops

run = gk.setup(seed=42, mixed_precision="float32")
rng = np.random.default_rng(42)


# %% [markdown]
# This cell holds the networks of the chapter, the next one the weights of the longer training, 200 codes `w`, and a function that draws images from styles.


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


# %%
generator = build_generator(32, 32, [4, 8, 16, 32], [64, 64, 32, 16])
gk.load_pretrained("13_stylegan", generator)
mapping, synthesis = generator.get_layer("mapping"), generator.get_layer("synthesis")
z = rng.standard_normal((200, 32), dtype="float32")
w = np.float32(mapping(z))
noises = [rng.standard_normal((200, size, size, 1), dtype="float32") for size in (4, 4, 8, 16, 32)]


def draw(network, styles, noises):
    """Images (n, 28, 28, 1) in [0, 1] from styles (n, 5, 32) and at least as many noise maps."""
    noises = [noise[: len(styles)] for noise in noises]
    images = np.float32(network([np.float32(styles), *noises]))
    return np.clip(images[:, 2:-2, 2:-2] / 2 + 0.5, 0, 1)


# %% [markdown]
# ## 1. From any layer on (easy)
# In the mixing regularization, a second code takes over at a layer.
# Write a function that returns styles of shape (n, 5, 32): the codes `wa` at the first `k` layers, and the codes `wb` at the others.


# %% tags=["solution"]
def mix(wa, wb, k):
    """Styles (n, 5, 32): wa (n, 32) at the first k layers, wb at the other ones."""
    ### BEGIN SOLUTION
    styles = np.repeat(wb[:, np.newaxis], 5, axis=1)
    styles[:, :k] = wa[:, np.newaxis]
    return styles
    ### END SOLUTION


# %% tags=["check", "points-2"]
wa, wb = w[:8], w[8:16]
copies = wa.copy(), wb.copy()
for k in range(6):
    styles = np.asarray(mix(wa, wb, k))
    assert styles.shape == (8, 5, 32), f"the shape must be (8, 5, 32), and is {styles.shape}"
    for layer in range(5):
        expected = copies[0] if layer < k else copies[1]
        assert np.allclose(styles[:, layer], expected), f"k = {k}, layer {layer}"
gk.plot_rows({f"k = {k}": draw(synthesis, mix(wa, wb, k), noises) for k in range(6)})
plt.show()

# %% [markdown]
# The next cell takes ten codes of T-shirts and ten of pullovers, as the classifier sees them, and makes 100 pairs: `shirts[i]` and `pullovers[i]`.

# %%
kinds = gk.classify(draw(synthesis, np.stack([w] * 5, axis=1), noises))[1].argmax(axis=1)
shirts = np.repeat(w[kinds == 0][:10], 10, axis=0)
pullovers = np.tile(w[kinds == 2][:10], (10, 1))

# %% [markdown]
# How often do the coarse styles make a pullover of a T-shirt?
# Draw all pairs with the codes of the pullovers at the two coarse layers, those of the T-shirts at the others, and `noises`.
# Then use `gk.classify`: with its probabilities, `verdicts`, compute in what `share` of the images, from 0 to 1, the class pullover (number 2) is the most probable one.

# %% tags=["solution"]
### BEGIN SOLUTION
verdicts = gk.classify(draw(synthesis, mix(pullovers, shirts, 2), noises))[1]
share = np.mean(verdicts.argmax(axis=1) == 2)
### END SOLUTION

# %% tags=["check", "points-2"]
shares = {}
for level, changed in {"coarse": [0, 1], "middle": [2], "fine": [3, 4]}.items():
    styles = np.stack([shirts] * 5, axis=1)
    styles[:, changed] = pullovers[:, np.newaxis]
    verdict = gk.classify(draw(synthesis, styles, noises))[1].argmax(axis=1)
    shares[level] = np.mean(verdict == 0), np.mean(verdict == 2)
assert np.isclose(share, shares["coarse"][1], atol=0.005), f"another share than {share}"
for level, (shirt, pullover) in shares.items():
    print(f"{level}: {shirt:.0%} T-shirts, {pullover:.0%} pullovers")

# %% [markdown]
# ## 2. Without noise (medium)
# Write a function that switches the noise of a synthesis network off, by setting the strengths of its `AddNoise` layers to zero.
# It changes the network that it gets; the check calls it with a copy of `synthesis`.


# %% tags=["solution"]
def switch_noise_off(network):
    """Set the strengths of all noise in a synthesis network to zero."""
    ### BEGIN SOLUTION
    for layer in network.layers:
        if isinstance(layer, AddNoise):
            layer.strength.assign(np.zeros(layer.strength.shape))
    ### END SOLUTION


# %% tags=["check", "points-2"]
quiet = build_synthesis([4, 8, 16, 32], [64, 64, 32, 16], 32, 1)
quiet.set_weights(synthesis.get_weights())
switch_noise_off(quiet)
for one, other in zip(quiet.layers, synthesis.layers, strict=True):
    for weight, before in zip(one.get_weights(), other.get_weights(), strict=True):
        expected = 0 * before if isinstance(one, AddNoise) else before
        assert np.array_equal(weight, expected), f"the weights of {one.name}"
styles = np.stack([w[:10]] * 5, axis=1)
rows = {"noise": synthesis, "no noise": quiet}
gk.plot_rows({name: draw(network, styles, noises) for name, network in rows.items()})
plt.show()

# %% [markdown]
# ## 3. From one image to another (medium)
# Before StyleGAN, adaptive instance normalization transferred the style of a painting to a photograph: the deviations and means come from the feature maps of the other image, not from a code.
# Write this function, with `ops.moments` and the `1e-8` of the chapter.


# %% tags=["solution"]
def transfer(x, other):
    """Feature maps x (n, h, w, f) with the means and deviations of those of `other`."""
    ### BEGIN SOLUTION
    mean, variance = ops.moments(x, axes=(1, 2), keepdims=True)
    other_mean, other_variance = ops.moments(other, axes=(1, 2), keepdims=True)
    normalized = (x - mean) / ops.sqrt(variance + 1e-8)
    return normalized * ops.sqrt(other_variance + 1e-8) + other_mean
    ### END SOLUTION


# %% tags=["check", "points-2"]
x = rng.normal(1, 2, (4, 16, 16, 6)).astype("float32")
other = rng.normal(-1, rng.uniform(0.5, 3, (4, 1, 1, 6)), (4, 8, 8, 6)).astype("float32")
y = np.asarray(transfer(x, other))
assert y.shape == x.shape, f"the shape must be {x.shape}, and is {y.shape}"
assert np.allclose(y.mean(axis=(1, 2)), other.mean(axis=(1, 2)), atol=1e-3), "the means"
assert np.allclose(y.std(axis=(1, 2)), other.std(axis=(1, 2)), atol=1e-3), "the deviations"
assert np.allclose(transfer(3 * x + 1, other), y, atol=1e-3), "the scale of x plays a part"
assert np.allclose(transfer(x, x), x, atol=1e-3), "x with its own style"

# %% [markdown]
# ## 4. Demodulation, written out (medium)
# The chapter scales the inputs and divides the outputs of one convolution.
# Do it the long way for a single image: write a function that returns its kernel $w''$ by the chapter's formula, multiplied by the gain $\sqrt{2}$.
# The check applies it with an ordinary convolution.


# %% tags=["solution"]
def demodulated_kernel(kernel, style):
    """The kernel (3, 3, f, g) of one image, from the common kernel and its style (f,)."""
    ### BEGIN SOLUTION
    scaled = kernel * style[:, np.newaxis]
    norm = np.sqrt(np.sum(scaled**2, axis=(0, 1, 2)) + 1e-8)
    return np.sqrt(2) * scaled / norm
    ### END SOLUTION


# %% tags=["check", "points-2"]
x, codes = rng.standard_normal((3, 8, 8, 6), "float32"), 2 * w[:3]
layer = ModulatedConv2D(5, 3)
expected = np.asarray(layer([x, codes]))
kernel, styles = np.asarray(layer.kernel), np.asarray(layer.to_style(codes))
for i in range(3):
    own_kernel = np.float32(demodulated_kernel(kernel, styles[i]))
    assert own_kernel.shape == kernel.shape, f"the shape must be {kernel.shape}"
    y = np.asarray(ops.conv(x[i : i + 1], own_kernel, padding="same"))
    assert np.allclose(y[0], expected[i], atol=1e-3), "another result than the chapter's layer"

# %% [markdown]
# ## 5. Truncation of the coarse styles (medium)
# The first StyleGAN truncates only the styles of the low resolutions.
# Estimate the mean $\bar w$ from the codes of at least 2,000 new random $z$, and call it `center`, an array of 32 numbers.

# %% tags=["solution"]
### BEGIN SOLUTION
center = np.float32(mapping(rng.standard_normal((5000, 32), dtype="float32"))).mean(axis=0)
### END SOLUTION

# %% tags=["check", "points-1"]
many = np.float32(mapping(np.random.default_rng(0).standard_normal((20_000, 32), "float32")))
gap = np.abs(np.asarray(center) - many.mean(axis=0)) / many.std(axis=0)
assert gap.shape == (32,), f"center must be 32 numbers, and has the shape {gap.shape}"
assert gap.max() < 0.09, f"off by {gap.max():.2f} standard deviations"

# %% [markdown]
# Now write a function that returns styles of shape (n, 5, 32): at the two coarse layers, codes that are pulled towards the center by $\psi$, and at the others the codes as they are.


# %% tags=["solution"]
def truncate_coarse(w, center, psi):
    """Styles (n, 5, 32) from codes w (n, 32), truncated at the two layers of 4 by 4 pixels."""
    ### BEGIN SOLUTION
    styles = np.repeat(w[:, np.newaxis], 5, axis=1)
    styles[:, :2] = center + psi * (styles[:, :2] - center)
    return styles
    ### END SOLUTION


# %% tags=["check", "points-2"]
middle = np.arange(32, dtype="float32") / 10
for psi in (0.0, 0.3, 1.0):
    styles = np.asarray(truncate_coarse(w, middle, psi))
    assert styles.shape == (200, 5, 32), f"the shape is {styles.shape}"
    assert np.allclose(styles[:, 2:], w[:, np.newaxis]), "middle and fine styles must stay"
    pulled = (1 - psi) * middle + psi * w
    assert np.allclose(styles[:, :2], pulled[:, np.newaxis], atol=1e-3), f"psi = {psi}"
rows = {f"psi {psi}": truncate_coarse(w[:10], center, psi) for psi in (1.0, 0.5, 0.0)}
gk.plot_rows({name: draw(synthesis, styles, noises) for name, styles in rows.items()})
plt.show()
