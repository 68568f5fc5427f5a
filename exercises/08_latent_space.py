# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises for chapter 08: the latent space
# They belong to [chapter 08](../chapters/08_latent_space.ipynb).
# Replace each `raise NotImplementedError()` by your answer, and run the cell below it, which checks the answer: it ends in an error if the answer is wrong.
# All of this takes about a minute on two CPU cores.

# %%
import math

import genkeras as gk
import keras
import numpy as np
from keras import layers, ops
from scipy import stats
from sklearn.metrics import mutual_info_score

run = gk.setup(seed=42)

# %% [markdown]
# ## 1. Nothing lost, and a gap of zero (easy)
# Here is a perfect code `z` for two factors: the first latent is the first factor, and the second the second.


# %%
def information_shares(z, factors, bins=20):
    """I(z_j; v_i) / H(v_i) as (factors, latents), as in the chapter."""
    shares = np.zeros((factors.shape[1], z.shape[1]))
    for j, latent in enumerate(z.T):
        binned = np.digitize(latent, np.histogram_bin_edges(latent, bins)[1:-1])
        for i, factor in enumerate(factors.T):
            entropy = mutual_info_score(factor, factor)
            shares[i, j] = mutual_info_score(factor, binned) / entropy
    return shares


def mutual_information_gap(shares):
    """MIG of a table of shares (factors, latents), as in the chapter."""
    ranked = np.sort(shares, axis=1)
    return np.mean(ranked[:, -1] - ranked[:, -2])


factors = np.repeat(np.stack(np.meshgrid(range(16), range(16)), axis=-1).reshape(-1, 2), 10, axis=0)
z = (factors - 7.5) / 4
print(f"MIG {mutual_information_gap(information_shares(z, factors)):.2f}")

# %% [markdown]
# Rotate the code around the origin so that MIG becomes as small as possible.
# A rotation loses nothing, since it can be undone.
# Call the new code `rotated`, an array of the same shape.

# %% tags=["solution"]
### BEGIN SOLUTION
rotated = np.stack([z[:, 0] - z[:, 1], z[:, 0] + z[:, 1]], axis=1) / 2**0.5  # by 45 degrees
print(f"MIG {mutual_information_gap(information_shares(rotated, factors)):.2f}")
### END SOLUTION

# %% tags=["check", "points-1"]
assert np.shape(rotated) == z.shape, "the shape must stay"
assert np.allclose(np.array(rotated) @ np.transpose(rotated), z @ z.T, atol=0.01), "no rotation"
gap = mutual_information_gap(information_shares(np.array(rotated), factors))
assert gap < 0.02, f"another angle gives a smaller MIG than {gap:.2f}"

# %% [markdown]
# ## 2. One latent for two factors (easy)
# MIG does not mind if one latent serves two factors.
# Write a score that does.
# For each latent, it takes the largest share in its column minus the second largest.
# It averages over the latents that are used, that is, whose largest share is above a tenth.


# %% tags=["solution"]
def latent_gap(shares):
    """Mean over used latents of best minus second-best factor, for shares (factors, latents)."""
    ### BEGIN SOLUTION
    ranked = np.sort(shares, axis=0)
    gaps = ranked[-1] - ranked[-2]
    return np.mean(gaps[ranked[-1] > 0.1])
    ### END SOLUTION


# %% tags=["check", "points-2"]
two_for_one = np.array([[0.6, 0.5, 0.0], [0.0, 0.0, 0.0]])
one_for_two = np.array([[0.6, 0.0, 0.0], [0.5, 0.0, 0.05]])
mixed = np.array([[0.1, 0.7, 0.02], [0.4, 0.3, 0.05], [0.2, 0.9, 0.0]])
close = np.array([[0.5, 0.3], [0.1, 0.25]])  # a latent with a small gap is used, too
small = np.array([[0.5, 0.08, 0.12], [0.1, 0.07, 0.0]])  # the third latent is used, the second not
for table, expected in (
    (two_for_one, 0.55),
    (one_for_two, 0.1),
    (mixed, 0.2),
    (close, 0.225),
    (small, 0.26),
):
    gap = latent_gap(table)
    assert abs(gap - expected) < 1e-3, f"{gap:.3f} for the table\n{table}"

# %% [markdown]
# ## 3. How thin is the shell? (medium)
# The middle of a straight line between two samples from the prior is shorter than most samples.
# Write a function that returns the probability that a sample in `d` dimensions is shorter than the middle of two others, to within a hundredth.
# You may estimate it from at least 50,000 samples.


# %% tags=["solution"]
def share_shorter(d):
    """Probability that a sample from N(0, I) is shorter than the middle of two others."""
    ### BEGIN SOLUTION
    samples = np.random.default_rng(0).standard_normal((3, 50_000, d))
    middles = (samples[0] + samples[1]) / 2
    return np.mean(np.linalg.norm(samples[2], axis=1) < np.linalg.norm(middles, axis=1))
    ### END SOLUTION


# %% tags=["check", "points-2"]
for d in (1, 2, 10, 30):
    exact = stats.f.cdf(0.5, d, d)  # the ratio of two squared lengths has an F distribution
    assert abs(share_shorter(d) - exact) < 0.01, f"in {d} dimensions it is another probability"

# %% [markdown]
# What is the smallest number of dimensions in which fewer than 1 in 100 samples are shorter than the middle of two others?
# Call it `d_shell`; an answer that is off by two counts as right.

# %% tags=["solution"]
### BEGIN SOLUTION
d_shell = next(d for d in range(30, 100) if share_shorter(d) < 0.01)
### END SOLUTION

# %% tags=["check", "points-1"]
smallest = next(d for d in range(1, 1000) if stats.f.cdf(0.5, d, d) < 0.01)
assert abs(d_shell - smallest) <= 2, "another number of dimensions"

# %% [markdown]
# ## 4. A direction for brightness (medium)
# The next cell trains the VAE of the chapter on 5,000 garments for half a minute.


# %%
def build_vae(shape, latent_dim, weight=1.0):
    """The chapter's VAE: the model, its encoder, and its decoder to logits."""
    inputs = keras.Input(shape)
    hidden = layers.Flatten()(inputs)
    hidden = layers.Dense(256, activation="gelu")(hidden)
    hidden = layers.Dense(128, activation="gelu")(hidden)
    mean = layers.Dense(latent_dim)(hidden)
    log_var = layers.Dense(latent_dim)(hidden)
    z = gk.Sampling(kl_weight=weight / math.prod(shape))([mean, log_var])
    encoder = keras.Model(inputs, [mean, log_var, z], name="encoder")
    decoder = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(128, activation="gelu"),
            layers.Dense(256, activation="gelu"),
            layers.Dense(math.prod(shape)),
            layers.Reshape(shape),
        ],
        name="decoder",
    )
    return keras.Model(inputs, decoder(encoder(inputs)[2])), encoder, decoder


def decode(decoder, z):
    """Images in [0, 1] of codes z (n, d)."""
    return np.float32(ops.sigmoid(decoder(np.float32(z))))


images = gk.load_images(n_train=5000)
vae, encoder, decoder = build_vae((28, 28, 1), 10)
vae.compile(
    loss=keras.losses.BinaryCrossentropy(from_logits=True),
    optimizer=keras.optimizers.Nadam(2e-3),
)
vae.fit(images.x_train, images.x_train, batch_size=128, epochs=20)
labels = np.array(images.class_names)
x_known = images.x_train[labels[images.y_train] == "T-shirt/top"]
x_new = images.x_valid[labels[images.y_valid] == "T-shirt/top"]

# %% [markdown]
# Find the direction that makes a T-shirt brighter: the mean code of the brightest tenth of the T-shirts `x_known`, minus the mean code of the darkest tenth.
# Call it `brighter`, an array of ten numbers.
# The check adds it to the codes of other T-shirts, `x_new`, and takes it away from them.


# %% tags=["solution"]
### BEGIN SOLUTION
def mean_difference(brightness, z):
    """The mean code of the brightest tenth minus that of the darkest tenth."""
    order, tenth = np.argsort(brightness), len(z) // 10
    return z[order[-tenth:]].mean(axis=0) - z[order[:tenth]].mean(axis=0)


brighter = mean_difference(x_known.mean(axis=(1, 2, 3)), np.float32(encoder(x_known)[0]))
### END SOLUTION

# %% tags=["check", "points-2"]
z_new = np.float32(encoder(x_new)[0])
less, same, more = [
    decode(decoder, z_new + sign * np.reshape(brighter, 10)).mean() for sign in (-1, 0, 1)
]
print(f"mean pixel {less:.3f}, {same:.3f}, {more:.3f}")
z_known, brightness = np.float32(encoder(x_known)[0]), x_known.mean(axis=(1, 2, 3))
darkest, brightest = np.quantile(brightness, [0.1, 0.9])
expected = z_known[brightness >= brightest].mean(axis=0)
expected -= z_known[brightness <= darkest].mean(axis=0)
off = np.linalg.norm(np.reshape(brighter, 10) - expected) / np.linalg.norm(expected)
assert off < 0.25, "not the difference between the mean codes of the two tenths"
assert more > same + 0.1, "adding the direction makes T-shirts hardly brighter"
assert less < same - 0.1, "taking it away makes T-shirts hardly darker"

# %% [markdown]
# ## 5. A blend of four beats without a network (medium)
# The chapter's blend by instruments takes each instrument as a whole from one of two beats.
# Write one for the square with four corners: each instrument, all of its 32 steps, is that of one corner, chosen independently with the probabilities `weights`.
# `rng` is a random number generator of NumPy, from which all chance must come.


# %% tags=["solution"]
def blend_corners(corners, weights, rng):
    """A beat (9, 32) of instruments from corners (4, 9, 32), with probabilities weights (4,)."""
    ### BEGIN SOLUTION
    chosen = rng.choice(4, size=9, p=weights)
    return corners[chosen, np.arange(9)]
    ### END SOLUTION


# %% tags=["check", "points-2"]
corners = np.arange(4 * 9 * 32).reshape(4, 9, 32) / 1152
weights = np.array([0.4, 0.3, 0.2, 0.1])
rng = np.random.default_rng(2)
blends = np.array([blend_corners(corners, weights, rng) for _ in range(4000)])
assert blends.shape == (4000, 9, 32), "a blend is an array (9, 32)"
from_corner = np.array([np.isclose(blends, corner).all(axis=2) for corner in corners])
assert from_corner.any(axis=0).all(), "an instrument is not that of one corner"
shares = from_corner.mean(axis=1)  # (corners, instruments)
assert np.abs(shares - weights[:, np.newaxis]).max() < 0.04, "not with these probabilities"
correlation = np.corrcoef(from_corner[0].T) - np.eye(9)
assert np.abs(correlation).max() < 0.1, "the instruments are not chosen independently"
again = [blend_corners(corners, weights, np.random.default_rng(seed)) for seed in (5, 5, 6)]
assert np.allclose(again[0], again[1]), "the same seed gives another blend"
assert not np.allclose(again[0], again[2]), "another seed gives the same blend"
