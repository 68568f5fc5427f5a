# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises for chapter 12: progressive growing of GANs
# They belong to [chapter 12](../chapters/12_progressive_growing.ipynb).
# Replace each `raise NotImplementedError()` by your answer, and run the cell below it, which checks the answer: it ends in an error if the answer is wrong.
# No network is trained here; all of this takes a few seconds.

# %%
import genkeras as gk
import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

run = gk.setup(seed=42, mixed_precision="float32")
rng = np.random.default_rng(run.seed)

# %% [markdown]
# ## 1. A discriminator grows (easy)
# Here is a discriminator for images of 4 by 4 pixels, `older_blocks(from_old(x))`, and what it gets to grow to 8 by 8: a convolution `from_new` that turns larger images into features, and a block `new_block` that halves them.

# %%
older_blocks = keras.Sequential(
    [gk.EqualizedConv2D(6, 3), layers.LeakyReLU(0.2), layers.Flatten(), gk.EqualizedDense(1)]
)
from_old = gk.EqualizedConv2D(6, 1, activation="leaky_relu")
from_new = gk.EqualizedConv2D(5, 1, activation="leaky_relu")
new_block = keras.Sequential([gk.EqualizedConv2D(6, 4, strides=2), layers.LeakyReLU(0.2)])
reduce = layers.AveragePooling2D(2)
x_large = rng.uniform(-1, 1, (16, 8, 8, 1)).astype("float32")

# %% [markdown]
# Write the larger discriminator: a function that returns the logits of images of 8 by 8 pixels for any `alpha` from 0 to 1.


# %% tags=["solution"]
def grown_logits(x, alpha):
    """Logits (n, 1) of images (n, 8, 8, 1), while the new block is faded in."""
    ### BEGIN SOLUTION
    old, new = from_old(reduce(x)), new_block(from_new(x))
    return older_blocks((1 - alpha) * old + alpha * new)
    ### END SOLUTION


# %% tags=["check", "points-2"]
old, new = from_old(reduce(x_large)), new_block(from_new(x_large))
gaps = {
    alpha: np.abs(np.float32(grown_logits(x_large, alpha)) - older_blocks(features)).max()
    for alpha, features in ((0, old), (1, new), (0.25, 0.75 * old + 0.25 * new))
}
assert gaps[0] < 1e-5, "at alpha 0 the logits must be those of the smaller discriminator"
assert gaps[1] < 1e-5, "at alpha 1 the image must pass the new block, and the older ones"
assert gaps[0.25] < 1e-5, "in between, mix the features that both paths lead to"

# %% [markdown]
# By how much would the logits of `x_large` change at most (in absolute value) at the moment of growing, if the block were not faded in?
# Call this number `jump`.

# %% tags=["solution"]
### BEGIN SOLUTION
jump = np.abs(grown_logits(x_large, 1) - older_blocks(from_old(reduce(x_large)))).max()
### END SOLUTION

# %% tags=["check", "points-1"]
old, new = from_old(reduce(x_large)), new_block(from_new(x_large))
jumps = np.abs(older_blocks(new) - older_blocks(old))
assert np.isclose(jump, jumps.max(), rtol=0.005), "compare alpha 1 with the smaller discriminator"

# %% [markdown]
# ## 2. Deviations in groups (medium)
# The program of Karras et al. computes the standard deviation not over the whole batch, but in groups of four images, so that each image is compared with three others only.
# Write a layer that does this for groups of any size: images that follow each other in the batch form a group, and all images of a group get the same number.
# The number of images is a multiple of the group size.
# As in the chapter, the gradient must be finite for copies, too.


# %% tags=["solution"]
class GroupDeviation(layers.Layer):
    """Append a map to images (n, h, w, c): the mean standard deviation in the image's group."""

    def __init__(self, group_size, **kwargs):
        super().__init__(**kwargs)
        self.group_size = group_size

    def call(self, x):
        ### BEGIN SOLUTION
        groups = ops.reshape(x, (-1, self.group_size, *x.shape[1:]))
        deviations = ops.sqrt(ops.var(groups, axis=1) + 1e-8)
        means = ops.repeat(ops.mean(deviations, axis=(1, 2, 3)), self.group_size)
        return ops.concatenate([x, means[:, None, None, None] * ops.ones_like(x[..., :1])], axis=-1)
        ### END SOLUTION


# %% tags=["check", "points-3"]
scales = np.repeat([1.0, 0.1, 3.0], 4)[:, None, None, None]
x = (scales * rng.normal(size=(12, 5, 4, 2))).astype("float32")
x[8:] = x[8]  # the last four are copies
for group_size in (4, 2, 12):
    outputs = np.float32(GroupDeviation(group_size)(x))
    assert outputs.shape == (12, 5, 4, 3), f"the shape must be (12, 5, 4, 3), is {outputs.shape}"
    assert np.allclose(outputs[..., :2], x), "the features themselves must not change"
    groups = x.reshape(12 // group_size, group_size, 5, 4, 2)
    expected = np.repeat(groups.std(axis=1).mean(axis=(1, 2, 3)), group_size)
    found = outputs[..., 2] - expected[:, None, None]
    assert np.abs(found).max() < 2e-3, f"not the deviations in groups of {group_size}"
copies = tf.ones((4, 5, 4, 2))
with tf.GradientTape() as tape:
    tape.watch(copies)
    total = ops.sum(GroupDeviation(4)(copies))
assert np.isfinite(tape.gradient(total, copies)).all(), "the gradient is not finite for copies"

# %% [markdown]
# ## 3. What the penalty does (medium)
# Mescheder et al. show what a penalty does in the smallest GAN there is.
# The only real point is 0, the generator makes a single point $\theta$, and the discriminator's logit at $x$ is $\psi x$.
# With the losses of the chapter, D minimizes $\log(1 + e^{-\psi \cdot 0}) + \log(1 + e^{\psi \theta}) + R_1$, and G minimizes $\log(1 + e^{-\psi \theta})$.
# G's gradient is given; write D's.


# %%
def g_gradient(psi, theta):
    """The derivative of G's loss with respect to theta."""
    return -psi / (1 + np.exp(psi * theta))


# %% tags=["solution"]
def d_gradient(psi, theta, gamma):
    """The derivative of D's loss with respect to psi, the penalty included."""
    ### BEGIN SOLUTION
    return theta / (1 + np.exp(-psi * theta)) + gamma * psi
    ### END SOLUTION


# %% tags=["check", "points-2"]
for psi, theta, gamma in ((0.7, 1.5, 0.0), (-0.4, 0.3, 1.0), (1.2, -0.8, 0.25)):
    slope, real = tf.constant(psi), tf.constant([[0.0]])
    with tf.GradientTape() as tape:
        tape.watch(slope)
        with tf.GradientTape() as inner:
            inner.watch(real)
            logits = slope * real
        gradient = inner.gradient(logits, real)
        loss = ops.softplus(-slope * 0.0) + ops.softplus(slope * theta)
        loss += gamma / 2 * ops.mean(ops.sum(ops.square(gradient), axis=1))
    expected = float(tape.gradient(loss, slope))
    found = d_gradient(psi, theta, gamma)
    assert abs(found - expected) < 1e-3, f"{found:.3f}, not {expected:.3f}, for gamma {gamma}"

# %% [markdown]
# With your gradient, the game can be played:


# %%
def play(gamma, steps, rate=0.1):
    """How far theta and psi are from zero after some rounds that start at (1, 1)."""
    theta, psi = 1.0, 1.0
    for _ in range(steps):
        psi -= rate * d_gradient(psi, theta, gamma)
        theta -= rate * g_gradient(psi, theta)
    return np.hypot(theta, psi)


# %% [markdown]
# With `gamma` 1 (the chapter's is 0.1) both players are within 0.01 of zero after 400 rounds.
# How far from zero are they after 4,000 rounds without a penalty?
# Call this number `without`.

# %% tags=["solution"]
### BEGIN SOLUTION
without = play(0, 4000)
### END SOLUTION

# %% tags=["check", "points-1"]
assert abs(without - 0.1403) < 0.001, "play 4,000 rounds with gamma 0"

# %% [markdown]
# Without the penalty the players approach zero, but ever more slowly: after ten times as many rounds they are three times as near.

# %% [markdown]
# ## 4. What a stage costs (medium)
# A convolution of size $k$ from $a$ to $b$ features makes $r^2 k^2 a b$ multiplications for an image, if its output has $r$ by $r$ pixels.
# So the multiplications of the chapter's discriminator at its last resolution are, with `filters` at these `resolutions`:


# %%
def count_discriminator(resolutions, filters, channels=1):
    """Multiplications of the discriminator for one image, without the paths of fading in."""
    total = resolutions[-1] ** 2 * channels * filters[-1]  # from the image, k = 1
    for i in range(len(filters) - 1):  # each block halves: k = 4
        total += resolutions[i] ** 2 * 4**2 * filters[i + 1] * filters[i]
    r, n = resolutions[0], filters[0]
    total += r**2 * 3**2 * (n + 1) * n  # one feature more, the deviation of the batch
    return total + r**2 * n * n + n  # two dense layers


# %% [markdown]
# Write the same for the generator.
# Its first block has a dense layer of $r \cdot r \cdot n$ units and a convolution, each later one a convolution of size 3 after the enlargement, and the last features are turned into the image by one of size 1.


# %% tags=["solution"]
def count_generator(resolutions, filters, latent_dim=32, channels=1):
    """Multiplications of the generator for one image, without the paths of fading in."""
    ### BEGIN SOLUTION
    total = latent_dim * resolutions[0] ** 2 * filters[0]
    for r, inputs, outputs in zip(resolutions, [filters[0], *filters], filters, strict=False):
        total += r**2 * 3**2 * inputs * outputs
    return total + resolutions[-1] ** 2 * filters[-1] * channels
    ### END SOLUTION


# %% tags=["check", "points-3"]
for resolutions, filters, latent_dim, channels in (
    ([4], [3], 5, 1),
    ([4, 8], [6, 2], 7, 3),
    ([4, 8, 16], [8, 8, 4], 32, 1),
    ([2, 4, 8, 16], [5, 4, 3, 2], 6, 2),
):
    expected = latent_dim * resolutions[0] ** 2 * filters[0]
    features = np.zeros((1, resolutions[0], resolutions[0], filters[0]))
    for i, n in enumerate(filters):
        features = layers.UpSampling2D()(features) if i else features
        convolution = layers.Conv2D(n, 3, padding="same")
        features = convolution(features)
        expected += resolutions[i] ** 2 * np.prod(convolution.kernel.shape)
    expected += resolutions[-1] ** 2 * filters[-1] * channels
    found = count_generator(resolutions, filters, latent_dim, channels)
    assert found == expected, f"{found:,}, not {expected:,}, for {resolutions} and {filters}"

# %% [markdown]
# In the chapter the stages had [64, 64, 32, 16] filters, and noise of 32 numbers.
# What share of the multiplications at 32 by 32 pixels does an image of 16 by 16 need, in both networks together?
# Call this number `ratio`.


# %% tags=["solution"]
### BEGIN SOLUTION
def count(n):
    """Multiplications of both networks with the first n resolutions of the chapter."""
    sizes = [4, 8, 16, 32][:n], [64, 64, 32, 16][:n]
    return count_generator(*sizes) + count_discriminator(*sizes)


ratio = count(3) / count(4)
### END SOLUTION

# %% tags=["check", "points-1"]
assert abs(ratio - 0.628) < 0.003, "add both networks, and divide by the larger sum"

# %% [markdown]
# ## 5. An ordinary layer that learns like an equalized one (medium)
# An equalized layer can be replaced by the ordinary layer of Keras, `Dense` or `Conv2D`, with the same outputs.
# The bias stays as it is, but the kernel must change.
# Write a function that returns the ordinary layer's kernel.
# An equalized layer has the attributes `kernel`, of shape (inputs, units) or (height, width, features, filters), and `gain`.


# %% tags=["solution"]
def ordinary_kernel(layer):
    """The kernel of an ordinary layer with the outputs of `layer`, which is equalized."""
    ### BEGIN SOLUTION
    inputs = np.prod(layer.kernel.shape[:-1])
    return layer.kernel * layer.gain / inputs**0.5
    ### END SOLUTION


# %% tags=["check", "points-2"]
for equalized, ordinary, shape in (
    (gk.EqualizedDense(7), layers.Dense(7), (20, 30)),
    (gk.EqualizedDense(3, gain=1.0), layers.Dense(3), (20, 50)),
    (gk.EqualizedConv2D(6, 3), layers.Conv2D(6, 3, padding="same"), (20, 8, 8, 5)),
    (gk.EqualizedConv2D(2, 1, gain=1.0), layers.Conv2D(2, 1), (20, 4, 4, 9)),
):
    x = rng.normal(size=shape).astype("float32")
    for layer in (equalized, ordinary):
        layer.build(shape)
    equalized.bias.assign(rng.normal(size=equalized.bias.shape))
    ordinary.set_weights([np.float32(ordinary_kernel(equalized)), np.float32(equalized.bias)])
    gap = np.abs(np.float32(equalized(x)) - np.float32(ordinary(x))).max()
    name = f"{type(equalized).__name__} with a kernel {tuple(equalized.kernel.shape)}"
    assert gap < 0.01, f"{name} and gain {equalized.gain:.3g}: the outputs differ by {gap:.3f}"

# %% [markdown]
# Now Adam trains both layers, which have no bias here and start with the same outputs.
# The equalized one gets the learning rate `rate`.
# Which learning rate must the ordinary one get, so that the outputs stay the same after each step?
# Write a function that returns it.
# Remember that Adam divides each gradient by its size, so it does not matter that the two layers have gradients of different sizes.


# %% tags=["solution"]
def ordinary_rate(layer, rate):
    """Adam's learning rate for the ordinary layer, if the equalized `layer` has `rate`."""
    ### BEGIN SOLUTION
    inputs = np.prod(layer.kernel.shape[:-1])
    return rate * layer.gain / inputs**0.5
    ### END SOLUTION


# %% tags=["check", "points-2"]
for inputs, gain, rate in ((10, 2**0.5, 0.02), (300, 2**0.5, 0.005), (40, 1.0, 0.02)):
    x, y = rng.normal(size=(50, inputs)), rng.normal(size=(50, 4))
    equalized = gk.EqualizedDense(4, gain=gain, use_bias=False)
    ordinary = layers.Dense(4, use_bias=False)
    for layer in (equalized, ordinary):
        layer.build(x.shape)
    ordinary.set_weights([np.float32(equalized(np.eye(inputs)))])  # the same outputs
    start = np.float32(equalized(x))
    for layer, layer_rate in ((equalized, rate), (ordinary, ordinary_rate(equalized, rate))):
        adam = keras.optimizers.Adam(float(layer_rate))
        for _ in range(5):
            with tf.GradientTape() as tape:
                loss = ops.mean((layer(x) - y) ** 2)
            adam.apply(tape.gradient(loss, layer.trainable_weights), layer.trainable_weights)
    change = np.abs(np.float32(equalized(x)) - start).max()
    gap = np.abs(np.float32(ordinary(x)) - np.float32(equalized(x))).max()
    assert gap < 0.02 * change, f"{inputs} inputs, gain {gain:.3g}: the outputs differ by {gap:.3f}"

# %% [markdown]
# So to Adam, an equalized layer is an ordinary one with a learning rate of its own, which is smaller for layers with more inputs.
