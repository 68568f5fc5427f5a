# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises for chapter 02: efficient representations
# They belong to [chapter 02](../chapters/02_efficient_representations.ipynb).
# Replace each `raise NotImplementedError()` by your answer, and run the cell below it, which checks the answer: it ends in an error if the answer is wrong.
# All of this takes less than a minute on two CPU cores.

# %%
import genkeras as gk
import keras
import numpy as np
from keras import layers
from sklearn.decomposition import PCA

run = gk.setup(seed=42)
rng = np.random.default_rng(run.seed)

# %% [markdown]
# ## 1. Is it worth it? (easy)
# You have color photos of 64 x 64 pixels, with one byte for each of the three colors of a pixel.
# An autoencoder turns each of them into a code of 128 numbers, which take two bytes each.
# How many times smaller than the pixels is the code?
# Call the answer `ratio`.
#
# To see the photos again, you also have to keep the decoder, which has five million weights of two bytes each.
# From how many photos on, `n_photos`, do decoder and codes together take less space than the pixels?

# %% tags=["solution"]
### BEGIN SOLUTION
ratio = 64 * 64 * 3 / (128 * 2)
n_photos = int(2 * 5_000_000 / (64 * 64 * 3 - 128 * 2)) + 1
### END SOLUTION

# %% tags=["check", "points-2"]
assert np.isclose(ratio * 2 * 128, 3 * 64 * 64, rtol=1e-3), "the code is not that much smaller"


def smaller(n):
    """Whether decoder and codes of n photos take less space than the pixels."""
    return 10_000_000 + n * 2 * 128 < n * 3 * 64 * 64


assert n_photos == int(n_photos), "a number of photos is whole"
assert smaller(n_photos), f"with {n_photos} photos the pixels still take less space"
assert not smaller(n_photos - 1), "fewer photos are enough"

# %% [markdown]
# ## 2. How many numbers does a sequence need? (easy)
# In the chapter, two numbers are enough for a steady sequence.
# How many numbers does the code of a linear autoencoder need, if each of these sequences is to come back without an error?
#
# - `needed_turn`: 19 numbers that rise or fall by one step up to the tenth number, and by another step from there on
# - `needed_twice`: five random numbers, repeated once

# %%
start, step_1, step_2 = rng.integers(20, 80, 1000), *rng.integers(-5, 6, (2, 1000))
position = np.arange(19)
turn = start[:, None] + step_1[:, None] * np.minimum(position, 9)
turn = turn + step_2[:, None] * np.maximum(position - 9, 0)
twice = np.tile(rng.integers(0, 100, (1000, 5)), 2)
print(*turn[0])
print(*twice[0])

# %% tags=["solution"]
### BEGIN SOLUTION
needed_turn = 3  # the first number, and two steps
needed_twice = 5
### END SOLUTION

# %% tags=["check", "points-2"]


def share_recalled(sequences, code_size):
    """Share of the numbers that PCA, the best linear autoencoder, gives back."""
    pca = PCA(code_size).fit(sequences[:500])
    recalled = pca.inverse_transform(pca.transform(sequences[500:]))
    return np.mean(np.round(recalled) == sequences[500:])


for sequences, needed in ((turn, needed_turn), (twice, needed_twice)):
    share = share_recalled(sequences, int(needed))
    assert share == 1, f"a code of {needed} gives back only {share:.0%}"
    assert share_recalled(sequences, int(needed) - 1) < 1, f"fewer than {needed} are enough"

# %% [markdown]
# ## 3. A decoder's best encoder (medium)
# A linear decoder without a bias computes $\hat{x} = z K$.
# Its matrix $K$, `kernel`, has as many rows as the code has numbers.
# Write a function that returns the lowest mean squared error that any encoder can reach with this decoder on the points `x`.
# The rows of $K$ need not be perpendicular, nor of length 1.
# To find the best codes is a least-squares problem, for which NumPy has `np.linalg.lstsq` and `np.linalg.pinv`.


# %% tags=["solution"]
def best_error(x, kernel):
    """The lowest mean squared error of x (n, values) with a decoder's kernel (size, values)."""
    ### BEGIN SOLUTION
    z = x @ np.linalg.pinv(kernel)  # the codes with the least squared error
    return np.mean((x - z @ kernel) ** 2)
    ### END SOLUTION


# %% tags=["check", "points-3"]
points_rng = np.random.default_rng(3)
kernel = points_rng.normal(size=(2, 6))
in_plane = points_rng.normal(size=(400, 2)) @ kernel
assert np.isclose(best_error(in_plane, kernel), 0, atol=1e-6), "these points can be rebuilt"
x = points_rng.normal(size=(400, 6)) + 3
assert np.isclose(best_error(x, kernel), 9.5071, rtol=1e-3), "not the lowest error"
error_0 = best_error(x, np.eye(6)[:2])
assert np.isclose(error_0, np.sum(x[:, 2:] ** 2) / x.size, rtol=1e-3), "perpendicular rows"

# %% [markdown]
# ## 4. An expert for shoes (medium)
# Write `build_autoencoder(latent_dim)` for images of 28 x 28 pixels, with an encoder and a decoder as in the chapter, but with 200 units in the hidden layers.
# Train two of them with codes of 20 numbers, for twenty epochs each: `shoe_expert` on shoes only, that is, on sandals, sneakers and ankle boots (labels 5, 7 and 9; `shoes`), and `generalist` on all images, `x_train`.
# How many times larger than the squared error of shoes is that of shirts (label 6), on the validation images?
# Call the answers `ratio_expert` and `ratio_generalist`.

# %%
images = gk.load_images(n_train=6000)
x_train, y_train = images.x_train, images.y_train
shoes = x_train[np.isin(y_train, [5, 7, 9])]
shoes_valid = images.x_valid[np.isin(images.y_valid, [5, 7, 9])]
shirts_valid = images.x_valid[images.y_valid == 6]


# %% tags=["solution"]
def build_autoencoder(latent_dim):
    """784-200-latent_dim-200-784; its two layers are the encoder and the decoder."""
    ### BEGIN SOLUTION
    encoder = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(200, activation="relu"),
            layers.Dense(latent_dim),
        ]
    )
    decoder = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(200, activation="relu"),
            layers.Dense(784, activation="sigmoid"),
            layers.Reshape((28, 28, 1)),
        ]
    )
    return keras.Sequential([encoder, decoder])
    ### END SOLUTION


### BEGIN SOLUTION
shoe_expert = build_autoencoder(20)
shoe_expert.compile(loss="mse", optimizer="adam")
shoe_expert.fit(shoes, shoes, batch_size=64, epochs=20)
generalist = build_autoencoder(20)
generalist.compile(loss="mse", optimizer="adam")
generalist.fit(x_train, x_train, batch_size=64, epochs=20)
ratio_expert = shoe_expert.evaluate(shirts_valid, shirts_valid)
ratio_expert = ratio_expert / shoe_expert.evaluate(shoes_valid, shoes_valid)
ratio_generalist = generalist.evaluate(shirts_valid, shirts_valid)
ratio_generalist = ratio_generalist / generalist.evaluate(shoes_valid, shoes_valid)
### END SOLUTION

# %% tags=["check", "points-4"]


def squared_error(model, x):
    """Mean squared error of a model's reconstructions of x."""
    return np.mean((np.float32(model(x)) - x) ** 2)


encoder, decoder = build_autoencoder(7).layers
assert encoder.output_shape == (None, 7), "the encoder returns as many numbers as the code has"
assert decoder.output_shape == (None, 28, 28, 1), "the decoder returns images"
assert encoder.count_params() == 785 * 200 + 201 * 7, "other layers in the encoder"
for model, ratio in ((shoe_expert, ratio_expert), (generalist, ratio_generalist)):
    shoe_error, shirt_error = squared_error(model, shoes_valid), squared_error(model, shirts_valid)
    print(f"squared error of shoes {shoe_error:.4f}, of shirts {shirt_error:.4f}")
    assert shoe_error < 0.022, "it does not reconstruct shoes well: train it for longer"
    assert np.isclose(ratio, shirt_error / shoe_error, rtol=0.02), "not the ratio of its errors"
assert ratio_expert > 1.5 * ratio_generalist, "was the expert trained on shoes only?"

# %% [markdown]
# ## 5. The shortest description (hard)
# A longer code takes more space, but leaves less to correct.
# Suppose that the numbers of a code take one byte each, and that, to get the image back, you also keep corrections: the differences between the gray levels of image and reconstruction.
# Rissanen (1978) proposed to take the size for which the two together are shortest.
#
# Write a function `description_bits` that returns the bits for an average image.
# Round `x` and `reconstructions` to 32 gray levels (`np.round(31 * x)`), and take their differences.
# A difference that has the share $p$ among all differences, of all images and pixels, takes $-\log_2 p$ bits.
# Which of the sizes 2, 5, 10, 30, 100 and 300 is the best one for garments and PCA?
# Call it `best_size`.

# %%
pixels_train = x_train.reshape(len(x_train), -1)
pixels_valid = images.x_valid.reshape(len(images.x_valid), -1)
pca_300 = PCA(300, svd_solver="covariance_eigh").fit(pixels_train)


def reconstruct(size):
    """The validation images rebuilt from their first principal components."""
    components = pca_300.components_[:size]
    codes = (pixels_valid - pca_300.mean_) @ components.T
    return (pca_300.mean_ + codes @ components).clip(0, 1)


# %% tags=["solution"]
def description_bits(x, reconstructions, size):
    """Bits for an average image of x (n, pixels): its code of size numbers, and corrections."""
    ### BEGIN SOLUTION
    differences = np.round(31 * x) - np.round(31 * reconstructions)
    _, counts = np.unique(differences, return_counts=True)
    shares = counts / counts.sum()
    return 8 * size - x.shape[1] * np.sum(shares * np.log2(shares))
    ### END SOLUTION


### BEGIN SOLUTION
best_size = min(
    [2, 5, 10, 30, 100, 300],
    key=lambda n: description_bits(pixels_valid, reconstruct(n), n),
)
### END SOLUTION

# %% tags=["check", "points-3"]
half = np.full((100, 40), 10 / 31)
signs = np.tile([-4 / 31, 4 / 31], (100, 20))  # two differences, equally often
images_differ = np.repeat([[-4 / 31], [4 / 31]], 50, axis=0)  # one in half of the images
near = np.tile([9.6 / 31, 10.4 / 31], (100, 20))  # rounded, the same gray level
assert np.isclose(description_bits(half, half, 7), 56), "nothing to correct: 8 bits a number"
assert np.isclose(description_bits(half + signs, half, 7), 56 + 40), (
    "two differences: a bit a pixel"
)
bits = description_bits(half + images_differ, half, 7)
assert np.isclose(bits, 56 + 40), "the shares are those among the differences of all images"
bits = description_bits(half + 0.4 / 31, near, 7)
assert np.isclose(bits, 56), "round images and reconstructions before the difference"
rare = half + (np.arange(4000).reshape(100, 40) % 8 == 0) * 4 / 31  # an eighth of the pixels
right = 40 * (np.log2(8) / 8 - 7 / 8 * np.log2(7 / 8))
assert np.isclose(description_bits(rare, half, 0), right, rtol=1e-3), "one pixel in eight differs"
for size in (2, 5, 10, 30, 100, 300):
    other = description_bits(pixels_valid, reconstruct(size), size)
    best = description_bits(pixels_valid, reconstruct(best_size), best_size)
    print(f"{size:3} numbers: {other:.0f} bits")
    assert best <= other, f"{size} numbers are better: {other:.0f} bits instead of {best:.0f}"
