# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises for chapter 16: summary
# They belong to [chapter 16](../chapters/16_summary.ipynb).
# Replace each `raise NotImplementedError()` by your answer, and run the cell below it, which checks the answer: it ends in an error if the answer is wrong.
# No network is trained here; all of this takes less than a minute.

# %%
import io

import genkeras as gk
import matplotlib.pyplot as plt
import numpy as np
from scipy.spatial.distance import cdist
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture

run = gk.setup(seed=42)
images = gk.load_images()
with np.load(io.BytesIO(gk.data.read_asset("16_gallery.npz"))) as file:
    quiz_real, quiz_drawn = file["quiz_real"], file["quiz_drawn"]

# %% [markdown]
# ## 1. How many right answers? (easy)
# You have solved five quizzes, with ten guesses in each, and $k$ of your 50 guesses are right.
# How large must $k$ be for you to be better than chance?
# We say: so large that someone who guesses has $k$ or more right with a probability below 5 %.
#
# There are two ways to guess.
# Someone may choose any ten of the twenty garments of a quiz; call the smallest $k$ for this way `free`.
# Someone else sees that each class has one real and one drawn garment, and chooses one of each pair; call the smallest $k$ for this way `paired`.
# `scipy.stats` has the distributions, and `np.convolve` gives that of a sum.

# %% tags=["solution"]
### BEGIN SOLUTION
from functools import reduce

from scipy.stats import binom, hypergeom


def smallest(probabilities):
    """The smallest k for which k or more have a probability below 5 %."""
    tails = np.cumsum(probabilities[::-1])[::-1]
    print(np.round(tails[26:34], 3))  # for k from 26 to 33
    return np.argmax(tails < 0.05)


free = smallest(reduce(np.convolve, [hypergeom(20, 10, 10).pmf(np.arange(11))] * 5))
paired = smallest(binom(50, 0.5).pmf(np.arange(51)))
### END SOLUTION

# %% tags=["check", "points-2"]
guesses = np.random.default_rng(0)
chance_free = guesses.hypergeometric(10, 10, 10, size=(200_000, 5)).sum(axis=1)
chance_paired = guesses.binomial(50, 0.5, size=200_000)
for name, k, chance in (("free", free, chance_free), ("paired", paired, chance_paired)):
    assert np.mean(chance >= k) < 0.05, f"{name}: {k} or more are not rare enough"
    assert np.mean(chance >= k - 1) > 0.05, f"{name}: fewer than {k} would be enough"

# %% [markdown]
# ## 2. A program that solves the quiz (medium)
# Can a program tell the photographs from the drawings?
# The probability that the classifier `gk.classify` gives to the most probable class is a poor clue: the ten garments for which it is largest are photographs in between five and six cases, and five would be chance.
#
# Write a function `solve` that gets the twenty pictures of a quiz, uint8 of shape (20, 28, 28), and returns the places of the ten that it takes for photographs, from 0 to 19.
# It should find at least seven on average.
# The check mirrors the pictures and shifts them by one pixel, so none is the same as in `quiz_real`.
# Compare the numbers in `quiz_real` and `quiz_drawn`, also those that are too dark to see.


# %% tags=["solution"]
def solve(pictures):
    """The places of ten pictures, of twenty (20, 28, 28), that look like photographs."""
    ### BEGIN SOLUTION
    # backgrounds of photographs are exact zeros, and what the network draws stays a little above
    nearly_black = np.sum((pictures > 0) & (pictures < 8), axis=(1, 2))
    return np.argsort(nearly_black)[:10]
    ### END SOLUTION


# %% tags=["check", "points-2"]
draws, found = np.random.default_rng(1), []
for _ in range(40):
    one, other = (10 * draws.integers(0, 4, 10) + np.arange(10) for _ in range(2))
    order = draws.permutation(20)
    pictures = np.concatenate([quiz_real[one], quiz_drawn[other]])[order]
    chosen = np.asarray(solve(np.roll(pictures[:, :, ::-1], 1, axis=1)))
    assert chosen.shape == (10,) and len(set(chosen)) == 10, "ten different places"
    found.append(np.sum(order[chosen] < 10))
print(f"{np.mean(found):.1f} of 10 photographs found, in 40 quizzes")
assert np.mean(found) >= 7, f"only {np.mean(found):.1f} found on average"

# %% [markdown]
# ## 3. A generator without a network (medium)
# How good are images that no network has drawn?
# Flatten the first 9,000 training images (`flat`, in float64, since scikit-learn's sampling warns in float32).
# Fit a `PCA` with 30 components to them (`pca`), and a `GaussianMixture` with ten components and full covariances to the codes that it gives them (`mixture`).
# Sample 1,000 codes, and turn them into images with `inverse_transform`: `generated`, of shape (1000, 28, 28, 1), clipped to the range from 0 to 1.
# Compute the Fréchet `distance` of their features from those of the first 1,000 test images.

# %% tags=["solution"]
### BEGIN SOLUTION
flat = images.x_train[:9000].reshape(-1, 784).astype("float64")
pca = PCA(30, random_state=0).fit(flat)
mixture = GaussianMixture(10, random_state=0).fit(pca.transform(flat))
generated = np.clip(pca.inverse_transform(mixture.sample(1000)[0]), 0, 1)
generated = generated.reshape(-1, 28, 28, 1)
distance = gk.frechet_distance(images.x_test[:1000], generated)
### END SOLUTION

# %% tags=["check", "points-2"]
assert np.shape(generated) == (1000, 28, 28, 1), f"the shape is {np.shape(generated)}"
assert np.min(generated) >= 0 and np.max(generated) <= 1, "pixels must lie in [0, 1]"
assert (pca.n_components_, pca.n_samples_) == (30, len(images.x_train[:9000])), "another PCA"
assert mixture.n_components == 10, "the mixture must have ten components"
assert mixture.covariance_type == "full", "the mixture must have full covariances"
assert np.shape(mixture.means_) == (10, 30), "the mixture must be fitted to the codes"
known = [images.x_train[:9000], images.x_valid[:1000], images.x_test[:1000]]
codes = pca.transform(np.concatenate(known).reshape(-1, 784))
rebuilt = np.clip(pca.inverse_transform(codes), 0, 1)
some = np.reshape(generated[::10], (100, 784))
gaps = cdist(some, rebuilt, "sqeuclidean").min(axis=1) / 784
assert np.median(gaps) > 0.001, "these are our images, rebuilt, and not new ones"
real = gk.classify(images.x_test[:1000])[0]
again = gk.frechet_distance(real, gk.classify(generated)[0])
assert abs(distance - again) < 1, f"the distance of these images is {again:.1f}"
assert 70 < again < 100, "a mixture of ten Gaussians should come to about 83"
gk.plot_images(generated[::50], title=f"Mixture of Gaussians, distance {again:.0f}")
plt.show()
n = min(3000, len(images.x_test))
more = np.clip(pca.inverse_transform(mixture.sample(n)[0]), 0, 1).reshape(-1, 28, 28, 1)
print(f"with {n} images on each side: {gk.frechet_distance(images.x_test[:n], more):.1f}")

# %% [markdown]
# With all data, the cell prints the distance for 3,000 images on each side.
# Compare it with that of the VAE in the chapter, 78<!-- experiment 16 generators vae_distance -->.
#
# ## 4. Fewer images (medium)
# A Fréchet distance depends on the number of images $n$, even if both sides are real; roughly, it is $a + b/n$.
# Write a function `predict` that gets two sizes and the distances at these sizes, computes $a$ and $b$, and returns the distance at a third size `n`.
#
# Then compute two distances, `measured`, for $n = 250$ and $n = 500$, each between the first $n$ test images and the $n$ that begin at place 1,000.
# Which distance does your function predict for $n = 1{,}000$?
# Call it `predicted`; the check measures the distance, and compares.
# `real_features` holds the features of 2,000 test images.

# %%
real_features = gk.classify(images.x_test[:2000])[0]


# %% tags=["solution"]
def predict(sizes, distances, n):
    """The distance at size n, from the distances at two other sizes."""
    ### BEGIN SOLUTION
    b = (distances[0] - distances[1]) / (1 / sizes[0] - 1 / sizes[1])
    a = distances[0] - b / sizes[0]
    return a + b / n
    ### END SOLUTION


### BEGIN SOLUTION
measured = [
    gk.frechet_distance(real_features[:n], real_features[1000 : 1000 + n]) for n in (250, 500)
]
predicted = predict((250, 500), measured, 1000)
### END SOLUTION

# %% tags=["check", "points-2"]
assert np.isclose(predict((100, 200), (7.0, 5.0), 400), 4), "the distance is 3 + 400 / n"
assert np.isclose(predict((300, 50), (0.5, 2.0), 150), 0.8), "the distance is 0.2 + 90 / n"
first = gk.frechet_distance(real_features[:250], real_features[1000:1250])
assert np.isclose(measured[0], first, rtol=0.01), f"for n = 250 the distance is {first:.2f}"
again = predict((250, 500), measured, 1000)
assert np.isclose(predicted, again), f"your function predicts {again:.2f}"
real_distance = gk.frechet_distance(real_features[:1000], real_features[1000:])
print(f"predicted {predicted:.2f}, measured {real_distance:.2f}")
assert abs(predicted - real_distance) < 0.7, "this is too far from the measured distance"

# %% [markdown]
# With half as many images the distance rises, although nothing about the images has changed.
# So distances can be compared only if the numbers of images are equal.
#
# ## 5. Which model for what? (easy)
# These are the numbers of the models in chapter 16's table, rounded; `seconds` is the time for 1,000 images.

# %%
models = {
    "VAE": {"distance": 78, "recall": 0.06, "seconds": 0.0154},
    "dense GAN": {"distance": 72, "recall": 0.21, "seconds": 0.0147},
    "progressive GAN": {"distance": 12, "recall": 0.59, "seconds": 0.48},
    "conditional DCGAN": {"distance": 2.0, "recall": 0.78, "seconds": 0.14},
    "StyleGAN": {"distance": 2.9, "recall": 0.65, "seconds": 0.65},
    "diffusion": {"distance": 3.5, "recall": 0.77, "seconds": 13},
}

# %% [markdown]
# There are three tasks, and for each you write a function that gets such a dictionary, with any names and numbers.
#
# - A game draws garments while people play. `for_a_game` returns the name of the model with the lowest distance, of those that draw 1,000 images in at most half a second.
# - A catalog should show as many kinds of garments as possible. `for_a_catalog` returns the name of the model with the highest recall, of those with a distance of at most 5.
# - We want to look at a few models more closely. `unbeaten` returns the sorted names of the models that no other one beats both in distance and in seconds.


# %% tags=["solution"]
def for_a_game(models):
    """The model with the lowest distance, of those that need at most half a second."""
    ### BEGIN SOLUTION
    fast = [name for name, row in models.items() if row["seconds"] <= 0.5]
    return min(fast, key=lambda name: models[name]["distance"])
    ### END SOLUTION


def for_a_catalog(models):
    """The model with the highest recall, of those with a distance of at most 5."""
    ### BEGIN SOLUTION
    close = [name for name, row in models.items() if row["distance"] <= 5]
    return max(close, key=lambda name: models[name]["recall"])
    ### END SOLUTION


def unbeaten(models):
    """Sorted names of the models that no other one beats both in distance and in seconds."""
    ### BEGIN SOLUTION
    stay = []
    for name, row in models.items():
        better = [
            other
            for other in models.values()
            if other["distance"] < row["distance"] and other["seconds"] < row["seconds"]
        ]
        if not better:
            stay.append(name)
    return sorted(stay)
    ### END SOLUTION


# %% tags=["check", "points-3"]
for choose in (for_a_game, for_a_catalog, unbeaten):
    print(f"{choose.__name__}: {choose(models)}")
made_up = {
    "E": {"distance": 6, "recall": 0.95, "seconds": 0.2},
    "D": {"distance": 3, "recall": 0.7, "seconds": 0.7},
    "C": {"distance": 3, "recall": 0.6, "seconds": 0.6},
    "B": {"distance": 4, "recall": 0.8, "seconds": 0.5},
    "A": {"distance": 5, "recall": 0.9, "seconds": 0.1},
}
assert for_a_game(made_up) == "B", "B is fast enough, and better than A and E"
assert for_a_catalog(made_up) == "A", "A is close enough, and has more recall than B, C and D"
assert list(unbeaten(made_up)) == ["A", "B", "C", "D"], "A beats E; C is not better than D"
del made_up["A"], made_up["B"]
assert for_a_game(made_up) == "E" and for_a_catalog(made_up) == "D", "without A and B"
assert list(unbeaten(made_up)) == ["C", "D", "E"], "without A and B"

# %% [markdown]
# The conditional DCGAN suits the game and the catalog; for the catalog, diffusion is nearly as good.
# If only distance and time count, the dense GAN and the conditional DCGAN are left: one is the fastest, the other has the lowest distance.
