# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises for chapter 07: variational autoencoders
# They belong to [chapter 07](../chapters/07_variational_autoencoders.ipynb).
# Replace each `raise NotImplementedError()` by your answer, and run the cell below it, which checks the answer: it ends in an error if the answer is wrong.
# All of this takes less than a minute on two CPU cores.

# %%
import genkeras as gk
import keras
import numpy as np
from keras import layers, ops

run = gk.setup(seed=42)
rng = np.random.default_rng(run.seed)

# %% [markdown]
# ## 1. The divergence of two normal distributions (easy)
# The chapter needs the divergence of $\mathcal{N}(\mu, \sigma^2)$ from $\mathcal{N}(0, 1)$.
# Write it for any two normal distributions, with means `mean_q`, `mean_p` and variances `var_q`, `var_p`.


# %% tags=["solution"]
def kl_normal(mean_q, var_q, mean_p, var_p):
    """D_KL(q || p) in nats, for two normal distributions of one variable."""
    ### BEGIN SOLUTION
    return 0.5 * (np.log(var_p / var_q) + (var_q + (mean_q - mean_p) ** 2) / var_p - 1)
    ### END SOLUTION


# %% tags=["check", "points-2"]
assert np.isclose(kl_normal(0.3, 2.0, 0.3, 2.0), 0), "equal distributions: 0"
assert np.isclose(kl_normal(1.0, 1.0, 0.0, 1.0), 0.5), "a shift by 1: half a nat"
z = 0.5 + 0.8 * rng.standard_normal(200_000)  # samples from q
log_q = -((z - 0.5) ** 2) / (2 * 0.64) - 0.5 * np.log(0.64)
log_p = -((z + 1.0) ** 2) / (2 * 1.5) - 0.5 * np.log(1.5)
difference = abs(np.mean(log_q - log_p) - kl_normal(0.5, 0.64, -1.0, 1.5))
assert difference < 0.02, f"Monte Carlo disagrees by {difference:.2f} nats"

# %% [markdown]
# ## 2. A sampling layer of your own (medium)
# Write the layer of the chapter from memory, without the divergence: it gets `[mean, log_var]` and returns samples.
# Gradients must pass through it.


# %% tags=["solution"]
class MySampling(layers.Layer):
    """Sample z from N(mean, exp(log_var))."""

    def call(self, inputs):
        mean, log_var = inputs
        ### BEGIN SOLUTION
        epsilon = keras.random.normal(ops.shape(mean))
        return mean + ops.exp(0.5 * log_var) * epsilon
        ### END SOLUTION


# %% tags=["check", "points-3"]
import tensorflow as tf

mean = tf.fill((100_000, 3), 2.0)
log_var = tf.fill((100_000, 3), float(np.log(9.0)))
layer = MySampling()
sampling = tf.function(lambda inputs: layer(inputs))  # a graph, as in fit
with tf.GradientTape(persistent=True) as tape:
    tape.watch([mean, log_var])
    z = sampling([mean, log_var])
standardized = (np.asarray(z) - 2) / 3
assert abs(np.mean(standardized)) < 0.02, "the mean of the samples is not 2"
assert abs(np.std(standardized) - 1) < 0.02, "the spread is not 3 (the variance is 9)"
assert abs(np.mean(standardized**4) - 3) < 0.1, "the samples are not normal"
shared = np.abs(np.corrcoef(standardized.T) - np.eye(3)).max()
assert shared < 0.02, "the dimensions share their noise"
assert not np.allclose(z, sampling([mean, log_var])), "two calls give the same noise"
gradients = tape.gradient(z, mean), tape.gradient(z, log_var)
reached = [gradient is not None for gradient in gradients]
assert all(reached), "no gradient reaches the mean or the log variance"
assert np.allclose(gradients[0], 1), "dz/dmean must be 1"
assert np.allclose(gradients[1], (z - mean) / 2, atol=1e-3), "dz/dlog_var is wrong"

# %% [markdown]
# ## 3. Weights and variances (medium)
# Your images have the shape (32, 32, 3), and you want a decoder whose pixels are normal with a variance of 0.02 around its output.
# With which weight of the divergence, `kl_weight`, is `loss="mse"`, which Keras averages over all pixels and colors, proportional to the negative ELBO (up to a constant)?
# A colleague takes the same images and a weight of 1, which looks natural.
# Which variance, `assumed_variance`, does this mean?

# %% tags=["solution"]
### BEGIN SOLUTION
kl_weight = 2 * 0.02 / (32 * 32 * 3)
assumed_variance = 32 * 32 * 3 / 2
### END SOLUTION

# %% tags=["check", "points-2"]
squared_errors = rng.uniform(20, 200, 50)  # of 50 images, summed over pixels
kl = rng.uniform(2, 40, 50)
negative_elbo = squared_errors / (2 * 0.02) + kl
loss = squared_errors / (32 * 32 * 3) + kl_weight * kl
ratio = loss / negative_elbo
assert np.allclose(ratio, ratio[0], rtol=1e-4, atol=0), "not proportional to the negative ELBO"
natural_ratio = (squared_errors / 3072 + kl) / (squared_errors / (2 * assumed_variance) + kl)
assert np.allclose(natural_ratio, natural_ratio[0], rtol=1e-4, atol=0), (
    "a weight of 1 means another variance"
)

# %% [markdown]
# ## 4. The best variance (easy)
# A VAE is trained, and you may still choose the variance $v$ of its pixels.
# Write a function that returns the $v$ with the highest ELBO, and that ELBO in nats.
# It gets the mean squared error per pixel, the divergence in nats, and the number of pixels.


# %% tags=["solution"]
def best_elbo(mse, kl, pixels):
    """The best variance of the pixels, and the ELBO of an image with it."""
    ### BEGIN SOLUTION
    # The derivative of -(mse / v + log(v)) is 0 where v is the mean squared error.
    return mse, -pixels / 2 * (1 + np.log(2 * np.pi * mse)) - kl
    ### END SOLUTION


# %% tags=["check", "points-2"]
from scipy.stats import norm

errors = rng.normal(0, 0.1, 3072)  # of one image
best_v, best = best_elbo(np.mean(errors**2), 20.0, 3072)
for v in np.linspace(0.005, 0.02, 31):
    other = norm.logpdf(errors, scale=v**0.5).sum() - 20.0
    assert best >= other - 1e-6, f"v = {v:.4f} is better, with {other:.0f} nats"
reached = norm.logpdf(errors, scale=best_v**0.5).sum() - 20.0
assert np.isclose(best, reached), f"with your v the ELBO is {reached:.0f} nats"

# %% [markdown]
# ## 5. Posterior collapse (hard)
# If the divergence weighs too much, the codes carry no information any more: the encoder returns the prior, whatever the image.
# What is then the best that the decoder can do, and which squared error does it reach?
# Predict that error, `predicted_mse`, from `x_train` alone, without any training.
# Then find the smallest weight, `collapsed_weight`, to within a factor of 2, with which the VAE below has less than 0.1 nats of divergence after its ten epochs.
# Each try takes some seconds.

# %%
x_train = gk.load_images(n_train=2000).x_train


def train_small_vae(kl_weight):
    """Train a small VAE for ten epochs; returns it and its divergence in nats."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((28, 28, 1))
    hidden = layers.Dense(64, activation="relu")(layers.Flatten()(inputs))
    mean, log_var = layers.Dense(4)(hidden), layers.Dense(4)(hidden)
    hidden = gk.Sampling(kl_weight)([mean, log_var])
    hidden = layers.Dense(64, activation="relu")(hidden)
    pixels = layers.Dense(784, activation="sigmoid")(hidden)
    vae = keras.Model(inputs, layers.Reshape((28, 28, 1))(pixels))
    vae.compile(loss="mse", optimizer=keras.optimizers.Adam(3e-3))
    history = vae.fit(x_train, x_train, epochs=10).history
    return vae, history["kl_nats"][-1]


# %% tags=["solution"]
### BEGIN SOLUTION
# Without information about the image, the mean image has the lowest squared error.
predicted_mse = np.mean((x_train - x_train.mean(axis=0)) ** 2)
collapsed_weight = 0.035
### END SOLUTION

# %% tags=["check", "points-3"]
collapsed, nats = train_small_vae(collapsed_weight)
_, nats_at_half = train_small_vae(collapsed_weight / 2)
assert nats < 0.1, f"{nats:.2f} nats are left: not collapsed"
assert nats_at_half > 0.1, "half of this weight collapses, too"
mse = np.mean((np.asarray(collapsed(x_train)) - x_train) ** 2)
assert abs(predicted_mse / mse - 1) < 0.05, f"the squared error is {mse:.4f}"
