# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises for chapter 09: debiasing and outliers
# They belong to [chapter 09](../chapters/09_debiasing_and_outliers.ipynb).
# Replace each `raise NotImplementedError()` by your answer, and run the cell below it, which checks the answer: it ends in an error if the answer is wrong.
# No network is trained, and all of this takes half a minute.

# %%
import genkeras as gk
import numpy as np
from sklearn.decomposition import PCA

run = gk.setup(seed=42)
rng = np.random.default_rng(run.seed)

# %% [markdown]
# ## 1. Codes of any length (easy)
# The chapter's weights suit codes of two numbers.
# A ball of radius $r$ in $d$ dimensions has a volume proportional to $r^d$.
# Write a function that returns draw probabilities for codes of $d$ numbers, inversely proportional to the density that the distance to the $k$-th neighbor estimates.
# A code is not a neighbor of itself.


# %% tags=["solution"]
def draw_probabilities(codes, k):
    """Probabilities (n,) that sum to 1, inversely proportional to the density of codes (n, d)."""
    ### BEGIN SOLUTION
    from sklearn.neighbors import NearestNeighbors

    distances, _ = NearestNeighbors(n_neighbors=k + 1).fit(codes).kneighbors(codes)
    weights = distances[:, -1] ** codes.shape[1]
    return weights / weights.sum()
    ### END SOLUTION


# %% tags=["check", "points-2"]
for d in (1, 2, 3):
    codes = np.random.default_rng(d).standard_normal((200, d))
    gaps = np.linalg.norm(codes[:, None] - codes[None], axis=-1)
    expected = np.sort(gaps, axis=1)[:, 7] ** d
    found = draw_probabilities(codes, k=7)
    assert np.isclose(np.sum(found), 1, atol=1e-3), "probabilities sum to 1"
    assert np.allclose(found, expected / expected.sum(), rtol=0.01, atol=1e-4), f"{d} dimensions"

# %% [markdown]
# ## 2. How many images are left? (easy)
# If some images are drawn often, others are not drawn at all.
# Write a function that returns how many different images we expect to see when we draw `n_draws` times, with replacement, by given probabilities.


# %% tags=["solution"]
def expected_distinct(probabilities, n_draws):
    """The expected number of different images among n_draws draws with replacement."""
    ### BEGIN SOLUTION
    return np.sum(1 - (1 - probabilities) ** n_draws)
    ### END SOLUTION


# %% tags=["check", "points-2"]
cases = [np.full(1000, 1 / 1000), rng.pareto(1.0, 1000), np.array([0.9, 0.1])]
for weights in cases:
    probabilities = weights / weights.sum()
    n = len(probabilities)
    for n_draws in (n, 3 * n):
        counts = rng.multinomial(n_draws, probabilities, size=2000)
        simulated = np.mean(np.sum(counts > 0, axis=1))
        found = expected_distinct(probabilities, n_draws)
        assert abs(found - simulated) < 0.01 * n, f"{found:.4g}, simulated {simulated:.4g}"

# %% [markdown]
# ## 3. The price of two sides (medium)
# Let the logarithm of the error have a standard normal distribution over the known images.
# Outliers have the same spread, but their mean is higher by 2.
# The AUROC of the error itself is then $0.92$.
# What is the AUROC of the atypicality, the absolute value of the standardized logarithm?
# Call it `auroc_far_above`; a simulation with a million pairs is enough, within $0.003$.
# Find also the AUROC of the atypicality for outliers whose mean is *lower* by 2, and call it `auroc_far_below`.


# %% tags=["solution"]
### BEGIN SOLUTION
def atypicality_auroc(shift):
    """The AUROC of the atypicality for outliers whose mean is shifted."""
    normal, strange = rng.standard_normal((2, 1_000_000))
    return np.mean(np.abs(strange + shift) > np.abs(normal))


auroc_far_above, auroc_far_below = atypicality_auroc(2), atypicality_auroc(-2)
# Looking at both sides costs some of the one, and makes the other detectable.
### END SOLUTION

# %% tags=["check", "points-2"]
# The difference and the sum of two independent normal numbers are independent: both have the mean 2
# and the variance 2, and the outlier is farther away where they have the same sign.
one_side = 0.92135
exact = one_side**2 + (1 - one_side) ** 2
assert abs(auroc_far_above - exact) < 0.003, "the outliers above"
assert abs(auroc_far_below - exact) < 0.003, "the outliers below"

# %% [markdown]
# ## 4. How many alarms are real? (medium)
# A detector catches 96 % of the outliers, and gives a false alarm for one normal image in a hundred.
# In use, one image in a thousand is an outlier.
# Which share of the alarms is real?
# Call it `real_alarms`, a number between 0 and 1, within $0.002$.

# %% tags=["solution"]
### BEGIN SOLUTION
real_alarms = 0.001 * 0.96 / (0.001 * 0.96 + 0.999 * 0.01)
### END SOLUTION

# %% tags=["check", "points-1"]
drawn = 10_000_000
alarms_that_are_real = drawn * 0.001 * 0.96
alarms_that_are_not = drawn * 0.999 * 0.01
expected = alarms_that_are_real / (alarms_that_are_real + alarms_that_are_not)
assert abs(real_alarms - expected) < 0.002, "count the alarms among ten million images"

# %% [markdown]
# ## 5. Wrong labels (medium)
# What is rare in its class may also be mislabeled.
# The next cell takes 600 images labeled as closed shoes; ten of them are sandals, at places that `planted` names, and the others are ankle boots.

# %%
images = gk.load_images(n_train=9000)
boots = images.x_train[images.y_train == images.class_names.index("Ankle boot")][:590]
sandals = images.x_train[images.y_train == images.class_names.index("Sandal")][:10]
order = np.random.default_rng(0).permutation(len(boots) + len(sandals))
x = np.concatenate([boots, sandals])[order]
planted = np.flatnonzero(order >= len(boots))

# %% [markdown]
# Find them without using `planted`: compute two principal components of the pixels, and their rarity with $k = 50$.
# Call the places of the 60 images that would be drawn most often `suspects`.


# %% tags=["solution"]
### BEGIN SOLUTION
def rarity(x, k):
    """Draw probabilities of images x by the rarity of two principal components."""
    return draw_probabilities(PCA(2).fit_transform(x.reshape(len(x), -1)), k)


suspects = np.argsort(-rarity(x, k=50))[:60]
### END SOLUTION

# %% tags=["check", "points-2"]
components = PCA(2).fit_transform(x.reshape(len(x), -1))
gaps = np.linalg.norm(components[:, None] - components[None], axis=-1)
rarest = np.argsort(-np.sort(gaps, axis=1)[:, 50])[:60]
assert len(set(np.asarray(suspects).tolist())) == 60, "60 different places"
n_found = len(np.intersect1d(suspects, planted))
print(f"{n_found} of the ten sandals are among the suspects")
assert len(np.intersect1d(suspects, rarest)) >= 57, "not the rarest, with k = 50"
