# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises for chapter 05: denoising autoencoders
# They belong to [chapter 05](../chapters/05_denoising_autoencoders.ipynb).
# Replace each `raise NotImplementedError()` by your answer, and run the cell below it, which checks the answer: it ends in an error if the answer is wrong.
# Only the last exercise trains networks, for about half a minute on two CPU cores.

# %%
import genkeras as gk
import keras
import numpy as np
from keras import layers, ops
from scipy.ndimage import gaussian_filter, median_filter
from sklearn.decomposition import PCA

run = gk.setup(seed=42)
rng = np.random.default_rng(run.seed)
images = gk.load_images(n_train=3000, n_valid=1000)
x_train, x_valid = images.x_train, images.x_valid
noisy_valid = (x_valid + rng.normal(0, 0.3, x_valid.shape)).astype("float32")

# %% [markdown]
# ## 1. Two ways to average (easy)
# The chapter computes the PSNR of the mean squared error of all images.
# Many papers compute a PSNR for each image, and give the mean of these.
# Compute both for `smoothed`, which is clipped already, and the clean images `x_valid`, from the `squared_errors` of all pixels: `psnr_of_mean` and `mean_of_psnr`, in dB.

# %%
smoothed = np.clip(gaussian_filter(noisy_valid, (0, 0.9, 0.9, 0)), 0, 1)

# %% tags=["solution"]
### BEGIN SOLUTION
squared_errors = (x_valid - smoothed) ** 2
psnr_of_mean = -10 * np.log10(squared_errors.mean())
mean_of_psnr = np.mean(-10 * np.log10(squared_errors.mean(axis=(1, 2, 3))))
### END SOLUTION

# %% tags=["check", "points-1"]
squares = np.square(x_valid - smoothed).reshape(len(x_valid), -1)
assert abs(psnr_of_mean + 10 * np.log10(squares.mean())) < 0.01, "the PSNR of the mean error"
by_image = [-10 * np.log10(one.mean()) for one in squares]
assert abs(mean_of_psnr - sum(by_image) / len(by_image)) < 0.01, "the mean of the PSNRs"
assert mean_of_psnr > psnr_of_mean, "the mean of the logarithms of the errors is smaller"

# %% [markdown]
# ## 2. The best answer for a black or white pixel (easy)
# A pixel `x` is 0 or 1, both with probability one half, and we see `noisy`, which is `x` plus Gaussian noise of standard deviation `sigma`.
# Write a function for the answer with the smallest squared error, the mean of `x` given `noisy`.
# You may start from Bayes' rule, and end at a function that you know from neural networks.


# %% tags=["solution"]
def best_answer(noisy, sigma):
    """The mean of x, given x + noise; noisy is an array."""
    ### BEGIN SOLUTION
    # p(1 | noisy) = 1 / (1 + p(noisy | 0) / p(noisy | 1)), and the densities are normal.
    return 1 / (1 + np.exp(-(noisy - 0.5) / sigma**2))
    ### END SOLUTION


# %% tags=["check", "points-2"]
x = rng.integers(0, 2, 1_000_000)
for sigma in (0.3, 0.7):
    noisy = x + sigma * rng.standard_normal(len(x))
    for low in np.arange(-0.2, 1.2, 0.1):
        inside = (noisy > low) & (noisy < low + 0.1)
        answer, measured = np.mean(best_answer(noisy[inside], sigma)), np.mean(x[inside])
        where = f"sigma {sigma}, between {low:.1f} and {low + 0.1:.1f}"
        assert abs(answer - measured) < 0.02, f"{where}: {answer:.2f}, measured {measured:.2f}"

# %% [markdown]
# ## 3. What the code loses, and what the noise adds (medium)
# PCA with $k$ components is a linear autoencoder with a code of $k$ numbers.
# Its error on noisy images has the two parts of the chapter, and both can be computed without any noisy image.
# Write a function that returns them, `lost` and `added`, each per pixel, on the images that `pca` was fitted to.
# You need `pca.explained_variance_`, the variances of all 784 components.
# Then find the size of the code, `best_k`, with the smallest sum of both for noise of standard deviation 0.3.

# %%
pca = PCA(svd_solver="covariance_eigh").fit(x_train.reshape(len(x_train), -1))


# %% tags=["solution"]
def split_pca_error(pca, k, noise_level):
    """Squared errors per pixel of PCA with k components: lost on clean images, added by noise."""
    ### BEGIN SOLUTION
    variances = pca.explained_variance_
    lost = variances[k:].sum() / len(variances)
    added = k * noise_level**2 / len(variances)  # each component carries noise, too
    return lost, added
    ### END SOLUTION


### BEGIN SOLUTION
best_k = min(range(785), key=lambda k: sum(split_pca_error(pca, k, 0.3)))
### END SOLUTION

# %% tags=["check", "points-3"]
flat = x_train.reshape(len(x_train), -1)
noisy_flat = flat + 0.2 * rng.standard_normal(flat.shape)
for k in (10, 30, 100, 300):
    kept = pca.components_[:k]
    clean_output = (flat - pca.mean_) @ kept.T @ kept + pca.mean_
    noisy_output = (noisy_flat - pca.mean_) @ kept.T @ kept + pca.mean_
    lost, added = split_pca_error(pca, k, 0.2)
    measured = np.mean((clean_output - flat) ** 2), np.mean((noisy_output - clean_output) ** 2)
    assert abs(lost / measured[0] - 1) < 0.03, f"k = {k}: {measured[0]:.5f} is lost"
    assert abs(added / measured[1] - 1) < 0.03, f"k = {k}: {measured[1]:.5f} is added"
worth_it = np.sum(pca.explained_variance_ > 0.3**2)  # more variance than the noise has
assert abs(best_k - worth_it) <= 1, "another size has a smaller error with noise of 0.3"

# %% [markdown]
# ## 4. Salt and pepper (medium)
# Broken sensors and transmission errors do not add a little noise to each pixel: they replace some pixels by black or white.
# Write a function that sets a random share of the pixels to 0 or 1, with equal probability, and leaves the others as they are.
# Apply it to `x_valid` with a share of a tenth, and call the result `spotted`.
# Then remove the noise with the median of 3 by 3 pixels, `median_filter(x, (1, 3, 3, 1))`, and with a Gaussian filter, `gaussian_filter(x, (0, 0.9, 0.9, 0))`, and compute `median_psnr` and `gaussian_psnr`, as in the chapter.
# The order differs from that in the chapter; find the reason before you look at the solution.


# %% tags=["solution"]
def salt_and_pepper(x, share, rng):
    """Images with a share of the pixels set to 0 or 1, drawn with the generator `rng`."""
    ### BEGIN SOLUTION
    hit = rng.random(x.shape) < share
    return np.where(hit, rng.integers(0, 2, x.shape), x).astype("float32")
    ### END SOLUTION


### BEGIN SOLUTION
# The median ignores a few extreme values, whatever they are; a weighted mean is pulled by them.
spotted = salt_and_pepper(x_valid, 0.1, rng)
median_psnr = -10 * np.log10(np.mean((x_valid - median_filter(spotted, (1, 3, 3, 1))) ** 2))
gaussian_psnr = -10 * np.log10(np.mean((x_valid - gaussian_filter(spotted, (0, 0.9, 0.9, 0))) ** 2))
### END SOLUTION

# %% tags=["check", "points-2"]
gray = np.full((200, 28, 28, 1), 0.5, "float32")
given = gray.copy()
hit = salt_and_pepper(given, 0.2, np.random.default_rng(0))
assert np.array_equal(given, gray), "the function must not change its input"
assert abs(np.mean(hit != gray) - 0.2) < 0.005, "a share of 0.2 must change"
assert abs(np.mean(hit == 1) - 0.1) < 0.005, "half of them must be 1"
assert abs(np.mean(hit == 0) - 0.1) < 0.005, "half of them must be 0"
assert np.mean(np.ptp(hit, axis=0) > 0) > 0.99, "each image needs its own spots"
spotted = salt_and_pepper(x_valid, 0.1, np.random.default_rng(1))
for name, reported, restored in (
    ("median", median_psnr, median_filter(spotted, (1, 3, 3, 1))),
    ("Gaussian", gaussian_psnr, gaussian_filter(spotted, (0, 0.9, 0.9, 0))),
):
    measured = -10 * np.log10(np.mean((x_valid - restored) ** 2))
    assert abs(reported - measured) < 0.2, f"{name} filter: {measured:.2f} dB"

# %% [markdown]
# ## 5. One network for all levels (hard)
# In practice the level of the noise differs from image to image.
# Write a noise layer that draws a standard deviation between 0 and `highest` for each image, uniformly, and adds Gaussian noise of this standard deviation.
# At inference it must return its input unchanged: Keras passes `training=True` to `call` in `fit`, and `False` otherwise.
# `keras.random.uniform` and `keras.random.normal` draw the numbers; the shape `(n, 1, 1, 1)` gives one for each image.
# The check trains a network with your layer, and two for a single level, 0.1 and 0.4.
# On noise of 0.1, yours must be better than the network for 0.4, and on noise of 0.4 better than the one for 0.1.
# Look at the printed errors, too: how much does it lose, at each level, to the network for this level?


# %% tags=["solution"]
class RandomLevelNoise(layers.Layer):
    """Gaussian noise with a standard deviation of its own for each image, in training only."""

    def __init__(self, highest, **kwargs):
        super().__init__(**kwargs)
        self.highest = highest

    def call(self, x, training=False):
        ### BEGIN SOLUTION
        if not training:
            return x
        levels = keras.random.uniform((ops.shape(x)[0], 1, 1, 1), 0, self.highest)
        return x + levels * keras.random.normal(ops.shape(x))
        ### END SOLUTION


# %% tags=["check", "points-4"]
gray = np.full((4000, 28, 28, 1), 0.5, "float32")
for highest in (0.2, 0.5):
    layer = RandomLevelNoise(highest)
    assert np.array_equal(layer(gray, training=False), gray), "active at inference"
    change = np.asarray(layer(gray, training=True)) - gray
    levels = change.std(axis=(1, 2, 3)) / highest
    assert abs(change.mean()) < 0.01, "the mean of the noise must be 0"
    assert levels.max() < 1.12 and abs(levels.mean() - 0.5) < 0.04, "levels from 0 to highest"
    assert abs(np.mean(levels < 0.2) - 0.2) < 0.04, "levels must be uniform"
    kurtosis = np.mean((change / (highest * levels.reshape(-1, 1, 1, 1))) ** 4)
    assert abs(kurtosis - 3) < 0.1, "within an image the noise must be normal, with one level"


def train_denoiser(noise_layer):
    """Train the network of the chapter on a few images."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            noise_layer,
            layers.Conv2D(32, 5, strides=2, padding="same", activation="relu"),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="sigmoid"),
        ]
    )
    model.compile(loss="mse", optimizer=keras.optimizers.Adam(3e-3))
    model.fit(x_train, x_train, batch_size=64, epochs=8)
    return model


networks = {
    "all levels": train_denoiser(RandomLevelNoise(0.5)),
    "only 0.1": train_denoiser(layers.GaussianNoise(0.1)),
    "only 0.4": train_denoiser(layers.GaussianNoise(0.4)),
}
for level, wrong in ((0.1, "only 0.4"), (0.4, "only 0.1")):
    noisy = (x_valid + level * rng.standard_normal(x_valid.shape)).astype("float32")
    errors = {name: np.mean((one(noisy) - x_valid) ** 2) for name, one in networks.items()}
    print(f"noise {level}: ", {name: f"{error:.4f}" for name, error in errors.items()})
    assert errors["all levels"] < errors[wrong], f"worse than the network for {wrong[5:]}"
