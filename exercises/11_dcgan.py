# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises for chapter 11: deep convolutional GANs
# They belong to [chapter 11](../chapters/11_dcgan.ipynb).
# Replace each `raise NotImplementedError()` by your answer, and run the cell below it, which checks the answer: it ends in an error if the answer is wrong.
# Nothing is trained here; all of this takes about half a minute.

# %%
import genkeras as gk
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers

run = gk.setup(seed=42, mixed_precision="float32")
rng = np.random.default_rng(run.seed)

# %% [markdown]
# This cell holds the networks of the chapter.


# %%
def build_generator(inputs, shape=(28, 28, 1)):
    """Numbers (inputs,) to images in [0, 1]; their sides are divisible by 4."""
    height, width, channels = shape
    stack = [
        keras.Input((inputs,)),
        layers.Dense(height // 4 * (width // 4) * 64, use_bias=False),
        layers.Reshape((height // 4, width // 4, 64)),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Conv2DTranspose(48, 4, strides=2, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Conv2DTranspose(channels, 4, strides=2, padding="same"),
        layers.Activation("sigmoid", dtype="float32"),
    ]
    return keras.Sequential(stack, name="generator")


def build_discriminator(shape=(28, 28, 1), outputs=1):
    """Images of this shape to logits (outputs,)."""
    stack = [
        keras.Input(shape),
        layers.Conv2D(32, 4, strides=2, padding="same"),
        layers.LeakyReLU(0.2),
        layers.Conv2D(64, 4, strides=2, padding="same"),
        layers.BatchNormalization(),
        layers.LeakyReLU(0.2),
        layers.Conv2D(128, 4, strides=2, padding="same"),
        layers.BatchNormalization(),
        layers.LeakyReLU(0.2),
        layers.Flatten(),
        layers.Dense(outputs, dtype="float32"),
    ]
    return keras.Sequential(stack, name="discriminator")


# %% [markdown]
# ## 1. A DCGAN for other images (easy)
# Before we build the networks for other images, say of 32 by 32 pixels and three colors, we can compute how large they will be.
# Write a function that returns the sizes (height, width, features) of the maps behind each of the three convolutions of the discriminator, for images of any shape.
# Do not build the network, here and in the next answer: the checks do so.


# %% tags=["solution"]
def discriminator_maps(shape):
    """Three sizes (height, width, features), for images of shape (height, width, channels)."""
    ### BEGIN SOLUTION
    height, width, _ = shape
    maps = []
    for features in (32, 64, 128):
        height, width = (height + 1) // 2, (width + 1) // 2  # "same" rounds up
        maps.append((height, width, features))
    return maps
    ### END SOLUTION


# %% tags=["check", "points-2"]
for shape in ((28, 28, 1), (32, 32, 3), (50, 33, 3)):
    network = build_discriminator(shape)
    maps = [one.output.shape[1:] for one in network.layers if isinstance(one, layers.Conv2D)]
    answer = discriminator_maps(shape)
    assert [tuple(size) for size in answer] == maps, f"images {shape}: the sizes are not {answer}"

# %% [markdown]
# Now count the weights that are trained.
# Write a function that returns two numbers, one for `build_generator(inputs, shape)` and one for `build_discriminator(shape)`.
# Mind which layers have a bias, and which numbers of batch normalization are trained.


# %% tags=["solution"]
def trained_weights(inputs, shape):
    """Numbers of trained weights of the generator and of the discriminator."""
    ### BEGIN SOLUTION
    height, width, channels = shape
    generator = inputs * (height // 4) * (width // 4) * 64 + 2 * 64
    generator += 4 * 4 * 64 * 48 + 2 * 48
    generator += 4 * 4 * 48 * channels + channels
    last_height, last_width, _ = discriminator_maps(shape)[-1]
    discriminator = 4 * 4 * channels * 32 + 32
    discriminator += 4 * 4 * 32 * 64 + 64 + 2 * 64
    discriminator += 4 * 4 * 64 * 128 + 128 + 2 * 128
    discriminator += last_height * last_width * 128 + 1
    return generator, discriminator
    ### END SOLUTION


# %% tags=["check", "points-3"]
for inputs, shape in ((32, (28, 28, 1)), (100, (32, 32, 3)), (42, (36, 20, 3))):
    networks = {"generator": build_generator(inputs, shape)}
    networks["discriminator"] = build_discriminator(shape)
    answers = trained_weights(inputs, shape)
    for answer, (name, network) in zip(answers, networks.items(), strict=True):
        count = sum(np.prod(weight.shape) for weight in network.trainable_weights)
        assert answer == count, f"{name} for images {shape}: off by {answer - count:+}"

# %% [markdown]
# ## 2. Batch normalization by hand (easy)
# Write a function that returns what batch normalization makes of a batch during training.
# The batch may consist of maps (n, height, width, features) or of plain features (n, features); `gamma` and `beta` are the scales and the shifts of the features, and `epsilon` is added to the variances.


# %% tags=["solution"]
def batch_norm(x, gamma, beta, epsilon):
    """A batch x (n, ..., features), normalized over all axes but the last one."""
    ### BEGIN SOLUTION
    axes = tuple(range(x.ndim - 1))
    mean, variance = x.mean(axis=axes), x.var(axis=axes)
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta
    ### END SOLUTION


# %% tags=["check", "points-2"]
for shape, epsilon in (((20, 7, 7, 6), 0.001), ((64, 6), 0.1)):
    x = rng.normal(rng.normal(size=6), [0.01, 0.03, 0.1, 0.3, 1, 3], shape).astype("float32")
    gamma, beta = rng.uniform(0.5, 2, 6).astype("float32"), rng.normal(size=6).astype("float32")
    layer = layers.BatchNormalization(epsilon=epsilon)
    layer.build(shape)
    layer.gamma.assign(gamma)
    layer.beta.assign(beta)
    answer, expected = np.asarray(batch_norm(x, gamma, beta, epsilon)), layer(x, training=True)
    assert answer.shape == shape, f"the shape must be {shape}, and is {answer.shape}"
    assert np.allclose(answer, expected, atol=1e-3), f"not what the layer gives, shape {shape}"

# %% [markdown]
# Why does the discriminator get real and generated images in separate batches?
# The next cell makes up values of one feature, `real_values` for real images and `generated_values` for generated ones.
# Normalize them once in two batches, `separate`, and once in a single one, `mixed`, first the real and then the generated ones, with a scale of 1, a shift of 0 and the `epsilon` of 0.001 that Keras uses.
# By how much does the mean of the normalized generated values lie below that of the real ones?
# Call the two answers `separate_gap` and `mixed_gap`.

# %%
real_values = rng.normal(1.5, 0.5, (1000, 1)).astype("float32")
generated_values = rng.normal(0.5, 0.5, (1000, 1)).astype("float32")

# %% tags=["solution"]
### BEGIN SOLUTION
separate = batch_norm(real_values, 1, 0, 0.001), batch_norm(generated_values, 1, 0, 0.001)
separate_gap = np.mean(separate[0]) - np.mean(separate[1])
mixed = batch_norm(np.concatenate([real_values, generated_values]), 1, 0, 0.001)
mixed_gap = np.mean(mixed[:1000]) - np.mean(mixed[1000:])
### END SOLUTION

# %% tags=["check", "points-2"]
layer = layers.BatchNormalization(epsilon=0.001)
alone = np.asarray(layer(generated_values, training=True))
together = np.asarray(layer(np.concatenate([real_values, generated_values]), training=True))
assert abs(separate_gap) < 1e-3, "two batches: each has a mean of its own"
assert abs(mixed_gap - (together[:1000] - together[1000:]).mean()) < 1e-3, "one batch: not this gap"
print(f"mean of the generated values: alone {alone.mean():.2f}, mixed {together[1000:].mean():.2f}")

# %% [markdown]
# So the same generated images get other values beside real ones than alone.
# In the generator's phase they are always alone: a discriminator that has learned from mixed batches would meet them there with other values than those it has learned from.

# %% [markdown]
# ## 3. How soon an average forgets (easy)
# The average begins as a copy of the untrained generator.
# After each step $t = 1, 2, \dots$ it becomes $m$ times itself plus $1 - m$ times the new weights.
# Write a function that returns the share that the untrained weights still have in it after `n` steps, once with a constant momentum, and once with the ramp of the chapter, $m = \min(\text{momentum}, (1 + t) / (10 + t))$.


# %% tags=["solution"]
def share_of_start(momentum, n, ramp):
    """Share of the untrained weights in the average after n steps; ramp is True or False."""
    ### BEGIN SOLUTION
    t = np.arange(1, n + 1)
    return np.prod(np.minimum(momentum, (1 + t) / (10 + t)) if ramp else np.full(n, momentum))
    ### END SOLUTION


# %% tags=["check", "points-2"]
expected = {  # (momentum, steps, ramp): share
    (0.995, 1, True): 0.181818,
    (0.995, 5, True): 0.00199800,
    (0.25, 5, True): 0.000710227,
    (0.25, 2, False): 0.0625,
    (0.995, 50, False): 0.778313,
}
for arguments, share in expected.items():
    answer = share_of_start(*arguments)
    assert np.isclose(answer, share, rtol=1e-3, atol=0), f"{arguments}: not {answer}"

# %% [markdown]
# From which step on is the momentum 0.995 in spite of the ramp?
# Call this number `ramp_ends`.

# %% tags=["solution"]
### BEGIN SOLUTION
ramp_ends = (10 * 0.995 - 1) / (1 - 0.995)
### END SOLUTION

# %% tags=["check", "points-1"]
assert abs(ramp_ends - 1790) < 1.5, "solve (1 + t) / (10 + t) = 0.995"

# %% [markdown]
# ## 4. The best linear critic (medium)
# Let the critic be linear, $f(x) = w \cdot x$, so that its slope is $\|w\|$ everywhere.
# Its loss is the mean of $f$ over generated points, minus that over real ones, plus $\lambda\,(\|w\| - 1)^2$.
# Write a function that returns the vector $w$ with the smallest loss, for arrays (n, d) of real and of generated points.


# %%
def linear_critic_loss(w, real, fake, penalty_weight):
    """The loss of the critic f(x) = w x."""
    penalty = (np.linalg.norm(w) - 1) ** 2
    return np.mean(fake @ w) - np.mean(real @ w) + penalty_weight * penalty


# %% tags=["solution"]
def best_linear_critic(real, fake, penalty_weight):
    """The w (d,) that minimizes the critic's loss with this lambda."""
    ### BEGIN SOLUTION
    difference = real.mean(axis=0) - fake.mean(axis=0)
    gap = np.linalg.norm(difference)
    return difference / gap * (1 + gap / (2 * penalty_weight))
    ### END SOLUTION


# %% tags=["check", "points-3"]
for penalty_weight in (10, 1):
    real, fake = rng.normal(1, 1, (200, 3)), rng.normal(0, 1, (200, 3))
    w = np.asarray(best_linear_critic(real, fake, penalty_weight), dtype=float)
    assert w.shape == (3,), f"w must have the shape (3,), and has {w.shape}"
    loss = linear_critic_loss(w, real, fake, penalty_weight)
    for change in 0.02 * np.concatenate([np.eye(3), -np.eye(3), w[np.newaxis], -w[np.newaxis]]):
        other = linear_critic_loss(w + change, real, fake, penalty_weight)
        assert other > loss, "another w has a smaller loss"

# %% [markdown]
# The generated points are the real ones, all moved by 2, so the earth mover's distance is 2.
# Minus its loss, the best linear critic estimates this distance.
# What is this `estimate` for $\lambda = 10$?

# %% tags=["solution"]
### BEGIN SOLUTION
# w has the length 1.1, so the gap of the means is 2.2, and the penalty 0.1
estimate = 2 * 1.1 - 10 * 0.1**2
### END SOLUTION

# %% tags=["check", "points-1"]
real = rng.normal(size=(100, 2))
fake = real - np.array([2.0, 0.0])
least = min(linear_critic_loss(np.array([a, 0.0]), real, fake, 10) for a in np.arange(0, 3, 0.001))
assert abs(estimate + least) < 0.002, "the length of w is not 1"
print(f"The penalty makes this estimate {100 * (estimate / 2 - 1):.0f} % too large.")

# %% [markdown]
# ## 5. A mixture of two classes (easy)
# The conditional generator gets noise and a label of ten numbers, side by side.
# Nothing forbids a label between two classes: `share` of the second one, and the rest of the first.
# Write a function that returns what the generator draws from noise `z` (n, 32) with such a label.

# %%
generator = gk.load_pretrained("11_dcgan", build_generator(32 + 10))
z = rng.standard_normal((200, 32)).astype("float32")


# %% tags=["solution"]
def draw_between(generator, z, first, second, share):
    """Images (n, 28, 28, 1) from noise z and a label between the classes first and second."""
    ### BEGIN SOLUTION
    one_hot = np.eye(10, dtype="float32")
    label = (1 - share) * one_hot[first] + share * one_hot[second]
    return np.float32(generator(np.concatenate([z, np.tile(label, (len(z), 1))], axis=1)))
    ### END SOLUTION


# %% tags=["check", "points-3"]
for first, second in ((1, 3), (9, 0)):
    for share in (0.0, 0.3, 1.0):
        answer = np.asarray(draw_between(generator, z, first, second, share))
        assert answer.shape == (200, 28, 28, 1), f"the shape is {answer.shape}"
        inputs = np.zeros((200, 42), "float32")
        inputs[:, :32], inputs[:, 32 + first], inputs[:, 32 + second] = z, 1 - share, share
        drawn = np.asarray(generator(inputs))
        assert np.allclose(answer, drawn, atol=1e-3), f"not what the label asks for, share {share}"

# %% [markdown]
# The next cell mixes trousers with a dress, from the same noise.
# What changes from row to row, and what does each column keep?

# %%
shares = {"trousers": 0, "25 % dress": 0.25, "50 %": 0.5, "75 %": 0.75, "dress": 1}
gk.plot_rows({name: draw_between(generator, z[:8], 1, 3, s) for name, s in shares.items()})
plt.show()
