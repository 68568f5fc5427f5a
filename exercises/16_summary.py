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
# No network is trained here; all of this takes about a minute.

# %%
import io

import genkeras as gk
import matplotlib.pyplot as plt
import numpy as np
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
# Write a function that gets the twenty pictures of a quiz, uint8 of shape (20, 28, 28), and returns the places of the ten that it takes for photographs, from 0 to 19.
# It should find at least seven on average.
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
    chosen = np.asarray(solve(np.concatenate([quiz_real[one], quiz_drawn[other]])[order]))
    assert chosen.shape == (10,) and len(set(chosen)) == 10, "ten different places"
    found.append(np.sum(order[chosen] < 10))
print(f"{np.mean(found):.1f} of 10 photographs found, in 40 quizzes")
assert np.mean(found) >= 7, f"only {np.mean(found):.1f} found on average"

# %% [markdown]
# ## 3. A generator without a network (medium)
# How good are images that no network has drawn?
# Flatten the first 9,000 training images (`flat`, in float64, since scikit-learn's sampling warns in float32).
# Fit a `PCA` with 30 components to them (`pca`), and a `GaussianMixture` with ten components to the codes that it gives them (`mixture`).
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
real = gk.classify(images.x_test[:1000])[0]
again = gk.frechet_distance(real, gk.classify(generated)[0])
assert abs(distance - again) < 1, f"the distance of these images is {again:.1f}"
difference = np.mean((generated - images.x_test[:1000]) ** 2)
assert difference > 0.05, "these are the test images, rebuilt"
assert 50 < again < 115, "a mixture of ten Gaussians should come to about 85"
gk.plot_images(generated[:20], title=f"Mixture of Gaussians, distance {again:.0f}")
plt.show()

# %% [markdown]
# This is about the distance of the VAE and of the dense GAN, both scored with 3,000 images.

# %% [markdown]
# ## 4. Fewer images (medium)
# A Fréchet distance depends on the number of images, even if both sides are real.
# Compute `distances`, a dictionary with the keys 250, 500 and 1000: for each number `n`, the distance between the first `n` test images and the `n` that begin at place 1,000.
# `real_features` holds the features of 2,000 test images.

# %%
real_features = gk.classify(images.x_test[:2000])[0]

# %% tags=["solution"]
### BEGIN SOLUTION
distances = {}
for n in (250, 500, 1000):
    distances[n] = gk.frechet_distance(real_features[:n], real_features[1000 : 1000 + n])
print(distances)
### END SOLUTION

# %% tags=["check", "points-1"]
assert sorted(distances) == [250, 500, 1000], "the keys must be 250, 500 and 1000"
for n, value in distances.items():
    right = gk.frechet_distance(real_features[:n], real_features[1000 : 1000 + n])
    assert abs(value - right) < 0.1, f"n = {n}: not {value:.2f}"
assert distances[250] > distances[500] > distances[1000]

# %% [markdown]
# With half as many images the distance rises, although nothing about the images has changed.
#
# ## 5. Which models are worth a look? (easy)
# A model is out of the race if another one is faster and has a lower distance.
# Write a function that gets arrays of drawing times and of distances, one number for each model, and returns the sorted places of the models that stay in the race.


# %% tags=["solution"]
def in_the_race(seconds, distances):
    """Places of the models that no other one beats in both time and distance."""
    ### BEGIN SOLUTION
    stay = []
    for i in range(len(seconds)):
        if not np.any((seconds < seconds[i]) & (distances < distances[i])):
            stay.append(i)
    return stay
    ### END SOLUTION


# %% tags=["check", "points-2"]
assert list(in_the_race(np.array([1.0, 2.0, 3.0]), np.array([9.0, 5.0, 7.0]))) == [0, 1]
assert list(in_the_race(np.array([2.0, 1.0]), np.array([3.0, 3.0]))) == [0, 1], "a tie"
for seed in range(20):
    seconds, scores = np.random.default_rng(seed).random((2, 30))
    order, lowest, expected = np.argsort(seconds), np.inf, []
    for i in order:
        if scores[i] < lowest:
            lowest = scores[i]
            expected.append(int(i))
    assert list(in_the_race(seconds, scores)) == sorted(expected), f"30 models, seed {seed}"
