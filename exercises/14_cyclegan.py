# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises for chapter 14: CycleGAN
# They belong to [chapter 14](../chapters/14_cyclegan.ipynb).
# Replace each `raise NotImplementedError()` by your answer, and run the cell below it, which checks the answer: it ends in an error if the answer is wrong.
# Nothing is trained here; all of this takes about half a minute.

# %%
import genkeras as gk
import keras
import numpy as np
import tensorflow as tf
from keras import layers
from scipy import ndimage

run = gk.setup(seed=42)
images = gk.load_images(n_train=5000)
tshirts = images.x_train[images.y_train == images.class_names.index("T-shirt/top")][:300]
pullovers = images.x_train[images.y_train == images.class_names.index("Pullover")][:300]

# %% [markdown]
# ## 1. The loss of the translators (easy)
# Write the complete loss of the two translators: adversarial, cycle and identity.
# `g`, `f`, `d_a` and `d_b` are functions of NumPy arrays, `a` and `b` are batches of images.


# %% tags=["solution"]
def translator_loss(g, f, d_a, d_b, a, b, cycle_weight, identity_weight):
    """The loss of G and F, one number."""
    ### BEGIN SOLUTION
    adversarial = np.mean((d_b(g(a)) - 1) ** 2) + np.mean((d_a(f(b)) - 1) ** 2)
    cycle = np.mean(np.abs(f(g(a)) - a)) + np.mean(np.abs(g(f(b)) - b))
    identity = np.mean(np.abs(f(a) - a)) + np.mean(np.abs(g(b) - b))
    return adversarial + cycle_weight * cycle + identity_weight * identity
    ### END SOLUTION


# %% tags=["check", "points-3"]
a, b = np.float64([[0.1], [0.4], [0.9]]), np.float64([[0.3], [0.5]])
simple = (lambda x: x / 2), np.square, (lambda x: x), (lambda x: 3 * x)  # G, F, D_A, D_B
expected = {"adversarial": ((0, 0), 1.0303), "and cycle": ((1, 0), 1.7303)}
expected |= {"and identity": ((0, 1), 1.3703), "all, with weights": ((10, 2), 8.7103)}
for name, (weights, loss) in expected.items():
    value = translator_loss(*simple, a, b, *weights)
    assert np.isclose(value, loss, atol=1e-3), f"{name}: {value:.4f} in place of {loss}"

# %% [markdown]
# Suppose that both translators return their input unchanged, and that both discriminators give the value 0.5 to all images.
# Which loss do they have, with the weights 10 for the cycle and 2 for the identity?
# Call it `idle_loss`.
#
# Now both translators return negatives, `1 - x`; the discriminators are the same.
# Which loss do they have for `tshirts` and `pullovers`?
# Call it `negative_loss`.

# %% tags=["solution"]
### BEGIN SOLUTION
idle_loss = (0.5 - 1) ** 2 + (0.5 - 1) ** 2
negative_loss = idle_loss + 2 * np.mean(np.abs(1 - 2 * tshirts))
negative_loss += 2 * np.mean(np.abs(1 - 2 * pullovers))
### END SOLUTION

# %% tags=["check", "points-2"]
assert np.isclose(idle_loss, 0.5, atol=1e-3), "only the adversarial loss is left"
gaps = [np.mean(np.abs(x - (1 - x))) for x in (tshirts, pullovers)]
assert np.isclose(negative_loss - idle_loss, 2 * sum(gaps), atol=1e-3), "which terms are zero?"

# %% [markdown]
# ## 2. The size of a patch (medium)
# Each output of a PatchGAN depends on a square of the image, if we leave its normalization aside.
# In the first layer a step to the next position is one pixel; after a layer with a stride of 2 it is two pixels.
# Write a function that returns the side of this square in pixels, for convolutions with these kernel sizes and strides, from the image to the output.


# %% tags=["solution"]
def patch_size(kernel_sizes, strides):
    """The side of the square of pixels that one output depends on."""
    ### BEGIN SOLUTION
    size, step = 1, 1
    for kernel_size, stride in zip(kernel_sizes, strides, strict=True):
        size += (kernel_size - 1) * step
        step *= stride
    return size
    ### END SOLUTION


# %% tags=["check", "points-3"]
networks = {
    "one layer": ((5,), (1,)),
    "the chapter's": ((4, 4, 3), (2, 2, 1)),
    "with strides of 1": ((3, 3, 3), (1, 1, 1)),
    "with a stride at the end": ((3, 5), (1, 2)),
    "that of pix2pix": ((4, 4, 4, 4, 4), (2, 2, 2, 1, 1)),
}
for name, (kernel_sizes, strides) in networks.items():
    network = keras.Sequential([keras.Input((192, 192, 1))])
    for kernel_size, stride in zip(kernel_sizes, strides, strict=True):
        network.add(layers.Conv2D(1, kernel_size, stride, "same", kernel_initializer="ones"))
    image = tf.zeros((1, 192, 192, 1))
    with tf.GradientTape() as tape:
        tape.watch(image)
        y = network(image)
        middle = y[0, y.shape[1] // 2, y.shape[2] // 2, 0]
    seen = np.any(tape.gradient(middle, image)[0, :, :, 0] != 0, axis=1).sum()
    answer = patch_size(kernel_sizes, strides)
    assert answer == seen, f"{name}: {answer} in place of {seen}"

# %% [markdown]
# ## 3. A pool of earlier translations (medium)
# The authors of CycleGAN show the discriminators earlier translations, too.
# A list, the *pool*, is empty at first.
# As long as it has fewer than `size` images, each new translation is appended to it, and shown.
# Later, the new translation is shown in half of the cases, and is not kept.
# In the other half, an image of the pool that is drawn at random is shown, and the new one takes its place.
# Write a function that returns the image to show, and changes the list `pool`.


# %% tags=["solution"]
def show(pool, new, size, rng):
    """The image for the discriminator: new, or one from the pool; rng draws at random."""
    ### BEGIN SOLUTION
    if len(pool) < size:
        pool.append(new)
        return new
    if rng.random() < 0.5:
        return new
    place = rng.integers(size)
    old, pool[place] = pool[place], new
    return old
    ### END SOLUTION


# %% tags=["check", "points-3"]
rng, pool, shown = np.random.default_rng(run.seed), [], []
for new in range(20_000):  # numbers in place of images
    shown.append(show(pool, new, 50, rng))
    assert len(pool) == min(new + 1, 50), f"{len(pool)} images in the pool"
    if new >= 50 and shown[-1] != new:
        assert shown[-1] not in pool and new in pool, "a shown image must be replaced"
ages = np.arange(20_000) - shown
assert not np.any(ages[:50]), "the first images are shown at once"
old_ages = ages[ages > 0]
assert abs(len(old_ages) / 19_950 - 0.5) < 0.03, "half of the images must be old"
assert 80 < np.std(old_ages) < 120, "the place in the pool must be random"
assert min(pool) > 15_000, "one place of the pool is never replaced"

# %% [markdown]
# How many steps does an image stay in a pool of 50 images, on average, if each step has a batch of 16 translations?
# Call this number `steps_in_pool`.

# %% tags=["solution"]
### BEGIN SOLUTION
# each translation replaces a given image with probability 1/2 * 1/50
steps_in_pool = 2 * 50 / 16
### END SOLUTION

# %% tags=["check", "points-1"]
assert abs(steps_in_pool - 100 / 16) < 0.3, "with batches of one image, it is 100"

# %% [markdown]
# ## 4. Another solution (medium)
# Domain $A$ are points of the plane to the left of the vertical axis, domain $B$ points to the right of it.
# These translators have no cycle error and no identity error:


# %%
def g(points):
    """Points (n, 2) of A to points of B."""
    return np.stack([np.abs(points[:, 0]), points[:, 1]], axis=1)


def f(points):
    """Points (n, 2) of B to points of A."""
    return np.stack([-np.abs(points[:, 0]), points[:, 1]], axis=1)


rng = np.random.default_rng(run.seed)
points_a, points_b = rng.standard_normal((2, 2000, 2)) * (0.3, 1) + (2, 0)
points_a[:, 0] *= -1

# %% [markdown]
# Find other translators, `other_g` and `other_f`, that do not have a cycle error either, and whose translations have the distribution of the target domain, too.
# They shall translate the points of A in another way than `g`, and have identity errors of at least 0.5, as means over points and coordinates.
# For the two domains, both coordinates are normal and independent; the second one has mean 0 and deviation 1.


# %% tags=["solution"]
def other_g(points):
    """Points (n, 2) of A to points of B, in another way."""
    ### BEGIN SOLUTION
    return g(points) * (1, -1)
    ### END SOLUTION


def other_f(points):
    """Points (n, 2) of B to points of A, in another way."""
    ### BEGIN SOLUTION
    return f(points * (1, -1))
    ### END SOLUTION


# %% tags=["check", "points-3"]
def same_distribution(x, y):
    """Whether both coordinates and their product have about the same quantiles."""
    mean, deviation = y.mean(axis=0), y.std(axis=0)
    x, y = (x - mean) / deviation, (y - mean) / deviation
    shares = np.linspace(0.05, 0.95, 19)
    pairs = [(x[:, 0], y[:, 0]), (x[:, 1], y[:, 1]), (np.prod(x, axis=1), np.prod(y, axis=1))]
    return all(np.allclose(*(np.quantile(one, shares) for one in p), atol=0.2) for p in pairs)


to_b, to_a = other_g(points_a), other_f(points_b)
assert np.mean(np.abs(to_b - g(points_a))) > 0.1, "points of A are translated as by g"
assert same_distribution(to_b, points_b), "G's translations have another distribution than B"
assert same_distribution(to_a, points_a), "F's translations have another distribution than A"
assert np.allclose(other_f(to_b), points_a, atol=1e-6), "F(G(a)) is not a"
assert np.allclose(other_g(to_a), points_b, atol=1e-6), "G(F(b)) is not b"
for translate, points in ((other_g, points_b), (other_f, points_a)):
    assert np.mean(np.abs(translate(points) - points)) >= 0.5, "the identity error is small"

# %% [markdown]
# ## 5. A rule that fills outlines (medium, open)
# The CycleGAN of the chapter fills outlines with wrong shades.
# Can a rule without any training do better?
# Write a function that turns outlines into garments, with a mean absolute error of at most 0.11.
# `ndimage.binary_fill_holes` returns which pixels of a picture of True and False are True or enclosed by True.
# An outline covers pixels on both sides of an edge; `ndimage.binary_erosion` removes the outer ones.
# One gray for all garments is enough, but an outline also tells the shade: how small can you make the error?


# %%
def outline(x):
    """Outlines in [0, 1] of images (n, h, w, c): twice the length of the gradient."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))  # black around the image
    down, right = np.gradient(padded, axis=(1, 2))
    return np.minimum(2 * np.sqrt(down**2 + right**2), 1)[:, 1:-1, 1:-1]


# %% tags=["solution"]
def fill(outlines):
    """Garments (n, 28, 28, 1) in [0, 1] from outlines of the same shape."""
    ### BEGIN SOLUTION
    enclosed = [ndimage.binary_fill_holes(image[..., 0] > 0.2) for image in outlines]
    inside = [ndimage.binary_erosion(image) for image in enclosed]  # without the outer pixel
    return 0.65 * np.stack(inside)[..., np.newaxis]
    ### END SOLUTION


# %% tags=["check", "points-3"]
garments = images.x_test[:1000]
filled = np.asarray(fill(outline(garments)))
assert filled.shape == garments.shape, f"the shape is {filled.shape}"
error = np.mean(np.abs(filled - garments))
print(f"error {error:.3f}")
assert error <= 0.11, "the error is too large"
gk.plot_rows({"outline": outline(garments[:10]), "filled": filled[:10], "garment": garments[:10]})
