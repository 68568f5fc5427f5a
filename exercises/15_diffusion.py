# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises for chapter 15: diffusion and flow matching
# They belong to [chapter 15](../chapters/15_diffusion.ipynb).
# Replace each `raise NotImplementedError()` by your answer, and run the cell below it, which checks the answer: it ends in an error if the answer is wrong.
# Nothing is trained here; all of this takes about a minute.

# %%
from itertools import pairwise

import genkeras as gk
import keras
import numpy as np
from keras import layers, ops

run = gk.setup(seed=42)
images = gk.load_images(n_train=2000)


# %% [markdown]
# The next two cells hold the network of the chapter, Euler's method, and a function that draws with it.


# %%
def residual_block(x, condition, filters):
    """Maps (h, w, c) to (h, w, filters); the condition scales and shifts features."""
    skip = x if x.shape[-1] == filters else layers.Conv2D(filters, 1)(x)
    x = layers.GroupNormalization(8)(x)
    x = layers.Activation("silu")(x)
    x = layers.Conv2D(filters, 3, padding="same")(x)
    scale = layers.Reshape((1, 1, filters))(layers.Dense(filters)(condition))
    shift = layers.Reshape((1, 1, filters))(layers.Dense(filters)(condition))
    x = layers.Activation("silu")(x * (1 + scale) + shift)
    x = layers.Conv2D(filters, 3, padding="same")(x)
    return layers.Add()([skip, x])


def build_unet():
    """Noisy images (28, 28, 1), times (1,) and classes () to velocities (28, 28, 1)."""
    image, t = keras.Input((28, 28, 1)), keras.Input((1,))
    label = keras.Input((), dtype="int32")  # 10 means "no class"
    frequencies = np.geomspace(2, 200, 16, dtype="float32")[np.newaxis]
    waves = layers.Concatenate()([ops.sin(t * frequencies), ops.cos(t * frequencies)])
    condition = layers.Dense(128, activation="silu")(waves)
    condition = layers.Add()([condition, layers.Embedding(11, 128)(label)])
    condition = layers.Dense(128, activation="silu")(condition)
    x = layers.Conv2D(32, 2, strides=2)(image)
    first = residual_block(x, condition, 32)
    second = residual_block(first, condition, 32)
    x = layers.AveragePooling2D(2)(second)
    for _ in range(3):
        x = residual_block(x, condition, 64)
    x = layers.UpSampling2D()(x)
    for skip in (second, first):
        x = residual_block(layers.Concatenate()([x, skip]), condition, 32)
    x = layers.Activation("silu")(layers.GroupNormalization(8)(x))
    x = layers.Conv2DTranspose(1, 2, strides=2, dtype="float32")(x)
    return keras.Model((image, t, label), x)


network = gk.load_pretrained("15_diffusion", build_unet())


# %%
def network_velocity(labels):
    """The velocity that the network predicts for classes (n,), a function of x and t."""

    def velocity(x, t):
        times = np.full((len(x), 1), t, "float32")
        return network.predict_on_batch((x, times, labels))

    return velocity


def euler(velocity, x, times):
    """Follow a velocity through falling times, with one call for each step."""
    for t, later in pairwise(times):
        x = x + (later - t) * velocity(x, t)
    return x


# %% [markdown]
# ## 1. Two points (medium)
# In the chapter, the "images" of one dimension had a normal distribution.
# Now let there be two: $x_0 = 1$ with the probability `share`, and $x_0 = -1$ otherwise.
# Write a function that returns the mean velocity at $x$ and $t$.
#
# *Hint:* if $x_0$ is one of the two, $x_t$ has a normal distribution with mean $(1 - t)\, x_0$ and deviation $t$.
# This gives the probability of each of the two, once $x_t = x$ is known, and each has a velocity.


# %% tags=["solution"]
def two_point_velocity(x, t, share):
    """Mean velocity at x (an array) and t, 0 < t <= 1, if x0 is 1 with this probability."""
    ### BEGIN SOLUTION
    upper = share * np.exp(-((x - (1 - t)) ** 2) / (2 * t**2))
    lower = (1 - share) * np.exp(-((x + (1 - t)) ** 2) / (2 * t**2))
    mean_x0 = (upper - lower) / (upper + lower)
    return (x - mean_x0) / t
    ### END SOLUTION


# %% tags=["check", "points-3"]
rng = np.random.default_rng(0)
for share in (0.5, 0.8):
    for t in (0.3, 0.6, 1.0):
        x0 = np.where(rng.random(2_000_000) < share, 1.0, -1.0)
        noise = rng.standard_normal(len(x0))
        mixed = (1 - t) * x0 + t * noise
        places = np.quantile(mixed, [0.15, 0.5, 0.85])
        answer = np.asarray(two_point_velocity(places, t, share))
        for place, value in zip(places, answer, strict=True):
            mean = np.mean((noise - x0)[np.abs(mixed - place) < 0.01])
            assert abs(value - mean) < 0.08, f"share {share}, t {t}, x {place:.2f}: {value:.2f}"
start = rng.standard_normal(10_000)
ends = euler(lambda x, t: two_point_velocity(x, t, 0.8), start, np.linspace(1, 0, 101))
print(f"{np.mean(np.abs(np.abs(ends) - 1) < 0.02):.1%} of the paths end at one of the points")
print(f"{np.mean(ends > 0):.1%} at the upper one")
assert abs(np.mean(ends > 0) - 0.8) < 0.03, "the paths do not end where the data are"

# %% [markdown]
# If we go from $t = 1$ to $t = 0$ in a single step of Euler's method, all paths end at the same place.
# Where, for a share of 0.8?
# Call it `one_step`.

# %% tags=["solution"]
### BEGIN SOLUTION
one_step = 0.8 * 1 + 0.2 * -1  # the mean of the data, since the noise says nothing about x0
### END SOLUTION

# %% tags=["check", "points-1"]
x0 = np.where(np.arange(100) < 80, 1.0, -1.0)
start = np.linspace(-2, 2, 100)
velocities = np.array([np.mean(x - x0) for x in start])  # at t = 1, x is the noise
assert np.allclose(start - velocities, one_step, atol=1e-3), "another place"

# %% [markdown]
# ## 2. Three errors (easy)
# A network predicts a velocity with the mean squared error $E$ at the time $t$.
# From its prediction follow one of the noise, $x_t + (1 - t)\, v$, and one of the image, $x_t - t\, v$.
# Write a function that returns the mean squared errors of these two.


# %% tags=["solution"]
def other_errors(velocity_error, t):
    """Mean squared errors of the noise and of the image, in this order."""
    ### BEGIN SOLUTION
    return (1 - t) ** 2 * velocity_error, t**2 * velocity_error
    ### END SOLUTION


# %% tags=["check", "points-2"]
x0, labels = 2 * images.x_test[:100] - 1, images.y_test[:100]
noise = np.random.default_rng(2).standard_normal(x0.shape)
for t in (0.1, 0.5, 0.9):
    x = (1 - t) * x0 + t * noise
    v = np.float64(network_velocity(labels)(x, t))
    noise_error = np.mean((x + (1 - t) * v - noise) ** 2)
    image_error = np.mean((x - t * v - x0) ** 2)
    answer = other_errors(np.mean((v - (noise - x0)) ** 2), t)
    assert np.allclose(answer, (noise_error, image_error), rtol=1e-3), f"at t = {t}"

# %% [markdown]
# Another network predicts the noise itself, with a mean squared error of 0.001 at $t = 0.98$.
# How large is the error of the velocity that follows from it?
# Call it `velocity_error`.

# %% tags=["solution"]
### BEGIN SOLUTION
velocity_error = 0.001 / (1 - 0.98) ** 2
### END SOLUTION

# %% tags=["check", "points-1"]
wrong_noise = np.random.default_rng(3).normal(0, 0.001**0.5, 1_000_000)
measured = np.mean((wrong_noise / 0.02) ** 2)  # v = (noise - x) / (1 - t)
assert abs(velocity_error - measured) < 0.02 * measured, "solve for the error of the velocity"

# %% [markdown]
# ## 3. The textbook's step (medium)
# DDPM's step is usually written with the $\beta$ of the step:
#
# $$x_{t-1} = \frac{1}{\sqrt{1 - \beta}} \left(x_t - c\, \hat\varepsilon\right) + \sigma\, z$$
#
# Write a function that returns $c$ and $\sigma$, from $\beta$ and from $\bar\alpha$ at the noisier end of the step, so that the step is that of the chapter.
# The less noisy end has $\bar\alpha / (1 - \beta)$.


# %% tags=["solution"]
def textbook_coefficients(beta, alpha_bar):
    """c and sigma of a step of DDPM."""
    ### BEGIN SOLUTION
    later = alpha_bar / (1 - beta)
    c = beta / np.sqrt(1 - alpha_bar)
    return c, np.sqrt((1 - later) / (1 - alpha_bar) * beta)
    ### END SOLUTION


# %% tags=["check", "points-3"]
x, predicted, z = np.random.default_rng(4).standard_normal((3, 1000))
for beta, alpha_bar in ((0.01, 0.9), (0.1, 0.5), (0.5, 0.02)):
    later = alpha_bar / (1 - beta)
    x0 = (x - np.sqrt(1 - alpha_bar) * predicted) / np.sqrt(alpha_bar)
    sigma = np.sqrt((1 - later) / (1 - alpha_bar) * (1 - alpha_bar / later))
    step = np.sqrt(later) * x0 + np.sqrt(1 - later - sigma**2) * predicted + sigma * z
    c, answer_sigma = textbook_coefficients(beta, alpha_bar)
    answer = (x - c * predicted) / np.sqrt(1 - beta) + answer_sigma * z
    assert np.allclose(answer, step, atol=2e-3), f"another step, beta {beta}"

# %% [markdown]
# ## 4. Are they copies? (medium)
# A model might simply have memorized training images.
# Write a function that returns, for each image of `x`, the Euclidean distance of its pixels to the nearest image of `among`.
# Both are arrays of shape (n, 28, 28, 1).


# %% tags=["solution"]
def nearest_distances(x, among):
    """Distances (n,) of images to the nearest of others."""
    ### BEGIN SOLUTION
    flat = among.reshape(len(among), -1)
    distances = [np.linalg.norm(flat - one.reshape(-1), axis=1) for one in x]
    return np.array([row.min() for row in distances])
    ### END SOLUTION


# %% tags=["check", "points-2"]
answer = np.asarray(nearest_distances(images.x_train[5:10], images.x_train[:100]))
assert answer.shape == (5,), f"the shape must be (5,), and is {answer.shape}"
assert np.allclose(answer, 0, atol=0.02), "an image has the distance 0 to itself"
few, flat = images.x_test[:20], images.x_train[:300].reshape(300, -1)
expected = [min(np.sqrt(np.sum((row - one.ravel()) ** 2)) for row in flat) for one in few]
answer = nearest_distances(few, images.x_train[:300])
assert np.allclose(answer, expected, rtol=1e-2), "not the distance to the nearest image"

# %% [markdown]
# The next cell draws 100 garments with the pretrained network.
# Among them we hide some training images, to which we have added a little noise.
# Find them with your function: `is_copy` shall be an array of 100 truth values.


# %%
def hide_copies(drawn, originals, rng):
    """Garments, a few of which are replaced by grainy originals."""
    places = rng.choice(len(drawn), len(originals), replace=False)
    grain = rng.normal(0, 0.02, originals.shape)
    suspects = drawn.copy()
    suspects[places] = np.clip(originals + grain, 0, 1)
    return suspects


labels = np.arange(100) % 10
start = np.random.default_rng(5).standard_normal((100, 28, 28, 1))
suspects = euler(network_velocity(labels), start, np.linspace(1, 0, 21))
suspects = np.clip(suspects / 2 + 0.5, 0, 1)
suspects = hide_copies(suspects, images.x_train[100:108], np.random.default_rng(6))

# %% tags=["solution"]
### BEGIN SOLUTION
is_copy = nearest_distances(suspects, images.x_train) < 1
### END SOLUTION

# %% tags=["check", "points-2"]
assert np.shape(is_copy) == (100,), f"the shape must be (100,), and is {np.shape(is_copy)}"
places = np.random.default_rng(6).choice(100, 8, replace=False)
found, hidden = set(np.flatnonzero(is_copy)), set(places)
assert found >= hidden, f"{len(hidden - found)} copies were not found"
assert found <= hidden, f"{len(found - hidden)} drawn garments were taken for copies"
drawn = np.delete(suspects, places, axis=0)
drawn_median = np.median(nearest_distances(drawn, images.x_train))
test_median = np.median(nearest_distances(images.x_test[:100], images.x_train))
print(f"median distance: drawn garments {drawn_median:.2f}, test images {test_median:.2f}")

# %% [markdown]
# Drawn garments are about as far from these 2,000 training images as test images are.
# The network has seen more than these, so this alone does not prove that it copies nothing.

# %% [markdown]
# ## 5. Completing with the predicted noise (medium)
# The chapter completes a garment with fresh noise in each step.
# Write a version that keeps the noise which the network predicts, $x_t + (1 - t)\, v$, in place of fresh noise.
# The known pixels are put into the predicted image, as in the chapter.


# %% tags=["solution"]
def complete_smoothly(velocity, x, known, visible, times):
    """Complete images in [-1, 1], known where visible is 1, from the noise x."""
    ### BEGIN SOLUTION
    for t, later in pairwise(times):
        v = velocity(x, t)
        x0 = visible * known + (1 - visible) * (x - t * v)
        x = (1 - later) * x0 + later * (x + (1 - t) * v)
    return x
    ### END SOLUTION


# %% tags=["check", "points-3"]
known, times = 2 * images.x_test[:60] - 1, np.linspace(1, 0, 26)
visible, nothing = np.zeros((28, 28, 1)), np.zeros((28, 28, 1))
visible[:14] = 1
start = np.random.default_rng(8).standard_normal(known.shape)
velocity, some = network_velocity(np.full(60, 10)), network_velocity(np.full(5, 10))
answer = complete_smoothly(some, start[:5], known[:5], nothing, times)
plain = euler(some, start[:5], times)
assert np.allclose(answer, plain, atol=0.05), "without known pixels this is Euler's method"
completed = np.asarray(complete_smoothly(velocity, start, known, visible, times))
assert np.allclose(completed[:, :14], known[:, :14], atol=1e-3), "known pixels have changed"
seam, real_seam = (np.mean(np.abs(x[:, 14] - x[:, 13])) / 2 for x in (completed, known))
assert seam < 0.15, "keep x + (1 - t) v as the noise, also where the pixels are known"
x, rng = start, np.random.default_rng(9)
for t, later in pairwise(times):  # the chapter's way, with fresh noise
    x0 = visible * known + (1 - visible) * (x - t * velocity(x, t))
    x = (1 - later) * x0 + later * rng.standard_normal(x.shape)
fresh_seam = np.mean(np.abs(x[:, 14] - x[:, 13])) / 2
print(f"step at the seam {seam:.3f}, with fresh noise {fresh_seam:.3f}, real {real_seam:.3f}")
rows = {"original": known[:10], "completed": completed[:10]}
gk.plot_rows({name: np.clip(row / 2 + 0.5, 0, 1) for name, row in rows.items()})

# %% [markdown]
# With fresh noise the halves fit better.
