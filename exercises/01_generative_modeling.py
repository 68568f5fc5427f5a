# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises for chapter 01: generative modeling
# They belong to [chapter 01](../chapters/01_generative_modeling.ipynb).
# Replace each `raise NotImplementedError()` by your answer, and run the cell below it, which checks the answer: it ends in an error if the answer is wrong.
# All of this takes less than a minute.

# %%
import genkeras as gk
import keras
import numpy as np
from keras import layers
from scipy.spatial.distance import cdist
from sklearn.neighbors import KernelDensity

run = gk.setup(seed=42, mixed_precision="float32")

# %% [markdown]
# ## 1. The quiz and chance (easy)
# You guess which ten of the twenty garments are photographs.
# Somebody who ticks ten numbers at random gets five right on average, and sometimes more.
# From how many right answers on, `needed`, is the probability of getting that many *or more* by chance below 5 %?
# And how large is this probability, `chance`?
# Hint: each of the ten numbers is different, so a right answer makes the next one less likely.
# You may count with `comb` from `math`, or look for the distribution in `scipy.stats`.

# %% tags=["solution"]
### BEGIN SOLUTION
from scipy.stats import hypergeom

# sf(k) is the probability of more than k right answers
needed = int(np.argmax(hypergeom(20, 10, 10).sf(np.arange(11) - 1) < 0.05))
chance = hypergeom(20, 10, 10).sf(needed - 1)
### END SOLUTION

# %% tags=["check", "points-2"]
print(f"{needed} right answers have a probability of {chance:.4f}")
assert needed >= 8, "chance gets this far in 5 % of all quizzes or more"
assert needed <= 8, "fewer right answers would be enough"
assert abs(chance - 0.0115) < 1e-4, "another probability"

# %% [markdown]
# ## 2. A classifier from two densities (easy)
# Two classes have known densities $p(x|0)$ and $p(x|1)$, and class 1 has the share `share` of all examples, which need not be a half.
# Write the classifier $p(y=1|x)$ by Bayes' rule.
# `density_0` and `density_1` are the values of the two densities at the same points.


# %% tags=["solution"]
def posterior(density_0, density_1, share):
    """p(y = 1 | x) of points, from the densities of both classes there."""
    ### BEGIN SOLUTION
    joint_1 = share * density_1
    return joint_1 / (joint_1 + (1 - share) * density_0)
    ### END SOLUTION


# %% tags=["check", "points-2"]
from scipy.stats import norm

x = np.linspace(-3, 5, 41)
densities = norm.pdf(x, loc=0), norm.pdf(x, loc=2)
half = posterior(*densities, 0.5)
assert np.allclose(half, 1 / (1 + np.exp(2 - 2 * x)), atol=1e-3), "wrong for equal shares"
rare = posterior(*densities, 0.1)
print(f"at x = 1: {half[20]:.2f} for equal shares, {rare[20]:.2f} if class 1 is rare")
assert np.allclose(rare, 1 / (1 + 9 * np.exp(2 - 2 * x)), atol=1e-3), "wrong if class 1 is rare"

# %% [markdown]
# ## 3. Another density (medium)
# A *kernel density estimate* puts a small bell curve on every training point.
# The width of the bells is called bandwidth; `KernelDensity(bandwidth=0.1).fit(points)` from scikit-learn is such a model, and its `score_samples` returns the log density of each point (its `score` is their sum, not their mean).
# Fit `models`, one for each of the `bandwidths`, and choose the `best`, as the chapter chooses the number of Gaussians; its bandwidth is `bandwidth`.
# Then estimate $D_{KL}(P_{data}\,\|\,P_{model})$ in nats, `kl`, from the `new_points`; `true_log_density` holds $\log P_{data}$ of each of them.


# %%
def place_on_arc(arc, angle):
    """Points (n, 2) on two interlocking arcs; arc is 0 (upper) or 1 (lower)."""
    x1 = np.cos(angle) + arc
    x2 = np.where(arc == 1, 0.5 - np.sin(angle), np.sin(angle))
    return np.stack([x1, x2], axis=1)


def make_points(n, rng):
    """n points scattered around the two arcs."""
    arcs, angles = rng.integers(0, 2, n), rng.uniform(0, np.pi, n)
    return np.float32(place_on_arc(arcs, angles) + 0.1 * rng.normal(size=(n, 2)))


rng = np.random.default_rng(run.seed)
points, valid_points, new_points = [make_points(n, rng) for n in (2000, 2000, 5000)]
angles = np.linspace(0, np.pi, 500)
centers = np.concatenate([place_on_arc(0, angles), place_on_arc(1, angles)])
bells = np.exp(-cdist(new_points, centers, "sqeuclidean") / (2 * 0.1**2))
true_log_density = np.log(bells.mean(axis=1) / (2 * np.pi * 0.1**2))  # of the new points
bandwidths = [0.01, 0.02, 0.03, 0.045, 0.06, 0.08, 0.1, 0.15]

# %% tags=["solution"]
### BEGIN SOLUTION
models = [KernelDensity(bandwidth=bandwidth).fit(points) for bandwidth in bandwidths]
best = max(models, key=lambda model: model.score(valid_points))
bandwidth = best.bandwidth
kl = np.mean(true_log_density - best.score_samples(new_points))
### END SOLUTION

# %% tags=["check", "points-3"]
print(f"bandwidth {bandwidth}, {kl:.3f} nats (the chapter's mixture: 0.016)")
assert bandwidth in bandwidths, "choose one of the list"
assert bandwidth != 0.01, "the best on the points that it has seen"
assert bandwidth == 0.06, "another one is better on unseen points"
assert abs(kl - 0.0292) < 1e-3, "the mean of log P_data - log P_model over new points, in nats"

# %% [markdown]
# ## 4. An energy distance with all pairs (medium)
# The chapter compares the two halves of a set, which uses only some of the pairs of its points.
# The mean over *all* pairs would contain those of a point with itself, whose distance is 0, and so it would be too small.
# Write an energy distance that leaves out these pairs and no others, for two sets of points `a` with shape `(n, d)` and `b` with shape `(m, d)`.
# For two sets from the same distribution it should be zero on average.
# You may use `cdist(a, b)`, which returns the distances of all pairs, with shape `(n, m)`.


# %% tags=["solution"]
def unbiased_energy_distance(a, b):
    """Energy distance of two sets of points, zero on average if their distributions agree."""
    ### BEGIN SOLUTION
    n, m = len(a), len(b)
    within_a = cdist(a, a).sum() / (n * (n - 1))
    within_b = cdist(b, b).sum() / (m * (m - 1))
    return 2 * cdist(a, b).mean() - within_a - within_b
    ### END SOLUTION


# %% tags=["check", "points-3"]
line = np.array([[0.0], [1.0]])
close = np.isclose(unbiased_energy_distance(line, line + 10), 18, atol=1e-3)
assert close, "the sets {0, 1} and {10, 11}: 2 * 10 - 1 - 1"
three = np.array([[0.0], [1.0], [5.0]])
close = np.isclose(unbiased_energy_distance(three, line), -2 / 3, atol=1e-3)
assert close, "the sets {0, 1, 5} and {0, 1}: use every pair of two different points"
twins = np.array([[0.0], [0.0], [1.0]])
close = np.isclose(unbiased_energy_distance(twins, line), -2 / 3, atol=1e-3)
assert close, "the sets {0, 0, 1} and {0, 1}: two points at the same place are a pair, too"
rng = np.random.default_rng(1)
same = [
    unbiased_energy_distance(rng.normal(size=(8, 3)), rng.normal(size=(20, 3))) for _ in range(2000)
]
print(f"two sets from one distribution: {np.mean(same):.3f} on average")
assert abs(np.mean(same)) < 0.02, f"two sets from one distribution: {np.mean(same):.3f}"

# %% [markdown]
# ## 5. Two numbers for the disks (medium)
# The disks below all have the same size, so two factors are left: the place from left to right, and from top to bottom.
# Write the function that builds an autoencoder with a code of `code_size` numbers, and trains it on `pictures`, as the chapter does.
# It returns the encoder and the decoder.
# With two numbers, the squared error of the `valid_pictures` should be below 0.002; thirty epochs are enough.


# %%
def draw_disks(places, size=16):
    """Pictures (n, size, size) of disks of the same size; places (n, 2) in [-1, 1]."""
    x, y = places.T[:, :, None, None]
    grid = np.linspace(-1.5, 1.5, size)
    distance = np.hypot(grid[None, None, :] - x, grid[None, :, None] - y)
    return 1 / (1 + np.exp((distance - 0.4) / 0.06))


rng = np.random.default_rng(run.seed)
pictures = draw_disks(rng.uniform(-1, 1, (2000, 2)))
valid_pictures = draw_disks(rng.uniform(-1, 1, (2000, 2)))


# %% tags=["solution"]
def train_autoencoder(pictures, code_size):
    """Encoder and decoder of pictures (n, h, w), trained to rebuild them from code_size numbers."""
    ### BEGIN SOLUTION
    shape = pictures.shape[1:]
    encoder = keras.Sequential(
        [
            keras.Input(shape),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(code_size),
        ]
    )
    decoder = keras.Sequential(
        [
            keras.Input((code_size,)),
            layers.Dense(64, activation="relu"),
            layers.Dense(128, activation="relu"),
            layers.Dense(shape[0] * shape[1], activation="sigmoid"),
            layers.Reshape(shape),
        ]
    )
    autoencoder = keras.Sequential([encoder, decoder])
    autoencoder.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(0.003))
    autoencoder.fit(pictures, pictures, epochs=30)
    return encoder, decoder
    ### END SOLUTION


# %% tags=["check", "points-3"]
encoder, decoder = train_autoencoder(pictures[:100], 1)
assert encoder.predict(valid_pictures).shape[1:] == (1,), "the code should have code_size numbers"
encoder, decoder = train_autoencoder(pictures, 2)
codes = encoder.predict(valid_pictures)
assert codes.shape[1:] == (2,), f"a code of two numbers, not of shape {codes.shape[1:]}"
rebuilt = decoder.predict(codes)
assert rebuilt.shape == valid_pictures.shape, "the decoder returns pictures"
error = np.mean((rebuilt - valid_pictures) ** 2)
print(f"squared error of new pictures {error:.4f}")
assert error < 0.002, f"the squared error of new pictures is {error:.4f}"
