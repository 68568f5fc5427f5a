# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises for chapter 06: sparse autoencoders
# They belong to [chapter 06](../chapters/06_sparse_autoencoders.ipynb).
# Replace each `raise NotImplementedError()` by your answer, and run the cell below it, which checks the answer: it ends in an error if the answer is wrong.
# All of this takes about a minute on two CPU cores.

# %%
import genkeras as gk
import keras
import numpy as np
from keras import layers, ops

run = gk.setup(seed=42)
rng = np.random.default_rng(run.seed)

# %% [markdown]
# ## 1. The same cost on the other side (easy)
# A unit has a mean activity of 30 %, and the target is 10 %.
# There is a second activity, below the target, at which the divergence is equally large.
# Find it, to within a thousandth, and call it `q_below`.

# %% tags=["solution"]
### BEGIN SOLUTION
from scipy.optimize import brentq


def divergence(q, p=0.1):
    """D_KL in nats of a unit with the activity q and the target p."""
    return p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))


q_below = brentq(lambda q: divergence(q) - divergence(0.3), 1e-6, 0.1)
### END SOLUTION

# %% tags=["check", "points-1"]
assert 0 < q_below < 0.1, "the activity must lie below the target"
costs = [
    0.1 * np.log(0.1 / q) + 0.9 * np.log(0.9 / (1 - q)) for q in (q_below - 0.001, q_below + 0.001)
]
assert costs[0] > 0.11632 > costs[1], f"around your value the divergence is {np.mean(costs):.4f}"

# %% [markdown]
# ## 2. How an l1 penalty pulls (easy)
# A unit has the activity $q$, the sigmoid of $a$, and the penalty $\lambda q$.
# Write a function that returns the derivative of the penalty with respect to $a$.


# %% tags=["solution"]
def l1_pull(weight, a):
    """The derivative of weight * sigmoid(a) with respect to a."""
    ### BEGIN SOLUTION
    q = 1 / (1 + np.exp(-a))
    return weight * q * (1 - q)
    ### END SOLUTION


# %% tags=["check", "points-1"]
a = np.linspace(-6, 6, 121)
cost = 0.7 / (1 + np.exp(-np.stack([a - 1e-5, a + 1e-5])))
finite_difference = (cost[1] - cost[0]) / 2e-5
assert np.allclose(l1_pull(0.7, a), finite_difference, atol=1e-6), "not the derivative"

# %% [markdown]
# At which activity does the penalty pull hardest?
# Call it `q_hardest`.

# %% tags=["solution"]
### BEGIN SOLUTION
q_hardest = 0.5
### END SOLUTION

# %% tags=["check", "points-1"]
activity = np.linspace(0.01, 0.99, 99)
hardest = activity[np.argmax(activity * (1 - activity))]
assert abs(q_hardest - hardest) < 0.01, "the pull is larger at another activity"

# %% [markdown]
# ## 3. The largest in magnitude (medium)
# The layer `TopK` of the chapter keeps the k largest numbers, so a code of $-3$ is set to zero before one of $0.1$ is.
# Write a layer that keeps those that are farthest from zero, with their signs.


# %% tags=["solution"]
class TopKMagnitude(layers.Layer):
    """Keep the k codes of each image that are farthest from 0; set the others to 0."""

    def __init__(self, k, **kwargs):
        super().__init__(**kwargs)
        self.k = k

    def call(self, z):
        ### BEGIN SOLUTION
        magnitude = ops.abs(z)
        smallest_kept = ops.top_k(magnitude, self.k)[0][:, -1:]
        return ops.where(magnitude >= smallest_kept, z, 0.0)
        ### END SOLUTION


# %% tags=["check", "points-2"]
z = rng.standard_normal((20, 50)).astype("float32")
kept = np.asarray(TopKMagnitude(7)(z))
assert kept.shape == z.shape, "the shape must stay"
assert (np.count_nonzero(kept, axis=1) == 7).all(), "not 7 units of each image"
assert (kept[kept != 0] == z[kept != 0]).all(), "the codes that are kept must not change"
largest = np.sort(np.abs(z), axis=1)[:, -7:]
assert np.allclose(np.sort(np.abs(kept), axis=1)[:, -7:], largest), "these are not the largest"
inputs = keras.Input((50,))
model = keras.Model(inputs, TopKMagnitude(7)(inputs))
assert np.allclose(model.predict(z), kept), "as a part of a model it gives something else"

# %% [markdown]
# ## 4. A target for each image (medium)
# The layer of the chapter asks that each *unit* has a mean of 10 % over the images, which says nothing about how many units one image activates.
# Write a layer that asks this of each *image*: take the mean $q$ of its units, the divergence of $q$ from the target, and the mean of the divergences over the images.
# Add it to the loss, multiplied by the weight.


# %% tags=["solution"]
class ImageKL(layers.Layer):
    """Return the code unchanged; add weight * mean over images of D_KL(target, mean of units)."""

    def __init__(self, target, weight, **kwargs):
        super().__init__(**kwargs)
        self.target, self.weight = target, weight

    def call(self, z):
        ### BEGIN SOLUTION
        p, q = self.target, ops.mean(z, axis=-1)
        kl = p * ops.log(p / q) + (1 - p) * ops.log((1 - p) / (1 - q))
        self.add_loss(self.weight * ops.mean(kl))
        return z
        ### END SOLUTION


# %% tags=["check", "points-3"]
one_unit_each = np.full((10, 10), 0.001, "float32") + 0.989 * np.eye(10, dtype="float32")
one_unit_for_all = np.full((10, 10), 0.001, "float32")
one_unit_for_all[:, 0] = 0.991
busy = np.full((10, 10), 0.3, "float32")
half_busy = np.concatenate([one_unit_each[:5], busy[:5]])
expected = {"each": 0.0, "all": 0.0, "busy": 0.7 * 0.11632, "half": 0.35 * 0.11632}
codes = {"each": one_unit_each, "all": one_unit_for_all, "busy": busy, "half": half_busy}
for name, z in codes.items():
    layer = ImageKL(0.1, 0.7)
    assert np.allclose(layer(z), z), "the code must pass unchanged"
    assert len(layer.losses) == 1, "the layer adds nothing to the loss"
    loss = float(layer.losses[0])
    assert abs(loss - expected[name]) < 1e-3, f"{name}: {loss:.4f}, not {expected[name]:.4f}"

# %% [markdown]
# ## 5. How much noise? (medium)
# The textbook's noise of 15 makes bits, but it also costs information.
# Which strength is best if we decode the bits?
# The next cell trains hashing autoencoders of 16 bits shortly on 2,000 images; `models` holds the encoder and the decoder for each strength.


# %%
def train_hashing(strength, x):
    """Train a hashing autoencoder with this noise; returns encoder and decoder."""
    keras.utils.set_random_seed(0)
    encoder = keras.Sequential(
        [
            keras.Input(x.shape[1:]),
            layers.Flatten(),
            layers.Dense(100, activation="relu"),
            layers.Rescaling(1 / strength),
            layers.GaussianNoise(1.0),
            layers.Rescaling(strength),
            layers.Dense(16, activation="sigmoid"),
        ]
    )
    decoder = keras.Sequential(
        [
            keras.Input((16,)),
            layers.Dense(100, activation="relu"),
            layers.Dense(784),
            layers.Reshape((28, 28, 1)),
        ]
    )
    model = keras.Sequential([encoder, decoder])
    model.compile(loss="mse", optimizer=keras.optimizers.Nadam(3e-3))
    model.fit(x, x, batch_size=64, epochs=20)
    return encoder, decoder


images = gk.load_images(n_train=2000)
x_valid = images.x_valid[:1000]
strengths = [0.1, 1.0, 4.0, 15.0, 40.0]
models = {strength: train_hashing(strength, images.x_train) for strength in strengths}

# %% [markdown]
# Write a function that returns two squared errors: that of the codes as they are, and that of the codes rounded to 0 and 1.


# %% tags=["solution"]
def two_errors(encoder, decoder, x):
    """The squared errors of the decoded codes, and of the decoded rounded codes."""
    ### BEGIN SOLUTION
    z = encoder.predict(x)
    return [np.mean((decoder.predict(code) - x) ** 2) for code in (z, np.round(z))]
    ### END SOLUTION


# %% tags=["check", "points-1"]
third = keras.Sequential([keras.Input((6,)), layers.Rescaling(1 / 3)])
double = keras.Sequential([keras.Input((6,)), layers.Rescaling(2.0)])
x = rng.uniform(0, 3, (40, 6)).astype("float32")
as_it_is, rounded = two_errors(third, double, x)
assert np.isclose(as_it_is, np.mean(x**2) / 9, rtol=1e-3), "the error of the codes as they are"
expected = np.mean((x - 2 * (x > 1.5)) ** 2)
assert np.isclose(rounded, expected, rtol=1e-3), "the error of the rounded codes"

# %% [markdown]
# Print both errors of the five models, for the images `x_valid`.
# What happens with much less noise than 15, and with much more?
# Call the strength with the smallest error of the rounded codes `best_strength`.


# %% tags=["solution"]
### BEGIN SOLUTION
def rounded_error(strength):
    """The squared error of the rounded codes; both errors are printed."""
    as_they_are, rounded = two_errors(*models[strength], x_valid)
    print(f"noise {strength}: {as_they_are:.4f}, rounded {rounded:.4f}")
    return rounded


best_strength = min(strengths, key=rounded_error)
# With little noise the codes are no bits, so the decoder does not know the rounded ones.
# With much noise rounding changes little, but little information passes through the noise.
### END SOLUTION

# %% tags=["check", "points-2"]
rounded_errors = {
    strength: np.mean((np.asarray(decoder(np.round(encoder(x_valid)))) - x_valid) ** 2)
    for strength, (encoder, decoder) in models.items()
}
best = min(rounded_errors.values())
assert rounded_errors[best_strength] < 1.05 * best, "another strength has a smaller error"
