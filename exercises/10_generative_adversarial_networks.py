# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises for chapter 10: generative adversarial networks
# They belong to [chapter 10](../chapters/10_generative_adversarial_networks.ipynb).
# Replace each `raise NotImplementedError()` by your answer, and run the cell below it, which checks the answer: it ends in an error if the answer is wrong.
# Nothing is trained here; all of this takes a few seconds.

# %%
import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops
from scipy.stats import norm

rng = np.random.default_rng(42)

# %% [markdown]
# ## 1. Two gradients (easy)
# The discriminator gives a generated example the logit $a$, so $D = 1 / (1 + e^{-a})$.
# Write a function that returns two derivatives with respect to $a$: that of $\log(1 - D)$ and that of $-\log D$, in this order.
# Mind the signs.


# %% tags=["solution"]
def loss_gradients(a):
    """The derivatives of log(1 - D) and of -log D with respect to the logit a."""
    ### BEGIN SOLUTION
    d = 1 / (1 + np.exp(-a))
    return -d, d - 1
    ### END SOLUTION


# %% tags=["check", "points-1"]
a = tf.linspace(-6.0, 6.0, 25)
with tf.GradientTape(persistent=True) as tape:
    tape.watch(a)
    saturating, usual = tf.math.log_sigmoid(-a), -tf.math.log_sigmoid(a)
answers = loss_gradients(a.numpy())
assert np.allclose(answers[0], tape.gradient(saturating, a), atol=2e-4), "that of log(1 - D)"
assert np.allclose(answers[1], tape.gradient(usual, a), atol=2e-4), "that of -log D"

# %% [markdown]
# At a logit of $-5$ the discriminator is nearly sure.
# How many times larger is there the gradient of $-\log D$ than that of $\log(1 - D)$?
# Call this number `gradient_ratio`.

# %% tags=["solution"]
### BEGIN SOLUTION
gradient_ratio = loss_gradients(-5.0)[1] / loss_gradients(-5.0)[0]
### END SOLUTION

# %% tags=["check", "points-1"]
assert np.isclose(gradient_ratio, np.exp(5), rtol=0.005), "divide the two gradients at -5"

# %% [markdown]
# ## 2. More real examples than generated ones (easy)
# A discriminator is trained on batches with `share` real examples and `1 - share` generated ones, such as two thirds and one third, with the labels 1 and 0.
# Which probability does it return in the end?
# Write a function of the two densities $p_{data}(x)$ and $p_g(x)$, and of the share.


# %% tags=["solution"]
def best_discriminator(p_data, p_g, share):
    """The best D(x), if a batch holds this share of real examples."""
    ### BEGIN SOLUTION
    return share * p_data / (share * p_data + (1 - share) * p_g)
    ### END SOLUTION


# %% tags=["check", "points-2"]
x = np.linspace(-2, 3, 51)
densities = norm.pdf(x, 1, 0.6), norm.pdf(x, -0.5, 1)
d = np.linspace(0.001, 0.999, 999)[:, np.newaxis]
for share in (0.5, 2 / 3, 0.2):
    # the value of all possible answers; the best one maximizes it at each x
    value = share * densities[0] * np.log(d) + (1 - share) * densities[1] * np.log(1 - d)
    best = d[np.argmax(value, axis=0), 0]
    answer = best_discriminator(*densities, share)
    assert np.allclose(answer, best, atol=2e-3), f"not the best one for a share of {share:.2f}"

# %% [markdown]
# ## 3. A divergence from the logits (medium)
# With as many real as generated examples, the best discriminator returns $p_{data} / (p_{data} + p_g)$.
# So its logit $\log \frac{D}{1 - D}$ tells the ratio of the densities, and its outputs for examples are enough to estimate divergences without knowing a density.
# Write a function that gets the best discriminator's logits of many real and of many generated examples, and returns estimates of $D_{KL}(p_{data} \| p_g)$ and of $JS(p_{data} \| p_g)$, in nats.


# %% tags=["solution"]
def divergences(real_logits, fake_logits):
    """Estimates of KL(p_data, p_g) and of JS(p_data, p_g)."""
    ### BEGIN SOLUTION
    kl = np.mean(real_logits)
    value = -np.mean(np.log1p(np.exp(-real_logits))) - np.mean(np.log1p(np.exp(fake_logits)))
    return kl, (value + np.log(4)) / 2
    ### END SOLUTION


# %% tags=["check", "points-3"]
for mean, deviation in ((-0.5, 1.0), (1.0, 0.6), (0.7, 1.2)):
    real, fake = rng.normal(1, 0.6, 200_000), rng.normal(mean, deviation, 200_000)
    real_logits, fake_logits = [
        norm.logpdf(points, 1, 0.6) - norm.logpdf(points, mean, deviation)
        for points in (real, fake)
    ]
    kl, js = divergences(real_logits, fake_logits)
    expected_kl = np.log(deviation / 0.6) + (0.6**2 + (1 - mean) ** 2) / (2 * deviation**2) - 0.5
    assert abs(kl - expected_kl) < 0.02, f"KL: {kl:.3f}, not {expected_kl:.3f}"
    grid = np.linspace(-8, 8, 4001)
    p, q = norm.pdf(grid, 1, 0.6), norm.pdf(grid, mean, deviation)
    m = (p + q) / 2
    logs = [s * (np.log(s + 1e-300) - np.log(m + 1e-300)) for s in (p, q)]
    expected_js = 0.004 * np.sum(logs) / 2
    assert abs(js - expected_js) < 0.01, f"JS: {js:.3f}, not {expected_js:.3f}"

# %% [markdown]
# ## 4. Two players who settle (medium)
# The smallest game has two numbers in place of two networks: one player chooses $x$ and minimizes $x y$, the other chooses $y$ and maximizes it.
# Neither can gain by moving alone if both are zero.
# But simultaneous gradient steps do not lead there.
# The players of the chapter take turns; then the distance stays about the same, and they circle.


# %%
def gradient_step(x, y, rate=0.1):
    """Both players follow their gradients at the same time."""
    return x - rate * y, y + rate * x


x, y = 0.5, 0.0
for _ in range(200):
    x, y = gradient_step(x, y)
print(f"after 200 steps {np.hypot(x, y) / 0.5:.1f} times as far from zero")

# %% [markdown]
# *Extragradient* steps look ahead: first both players make a trial step, then they go back, and make the step with the gradients that they found at the trial point.
# Write such a step, with the same rate for both.


# %% tags=["solution"]
def extragradient_step(x, y, rate=0.1):
    """A step from (x, y) with the gradients at the point to which a gradient step would lead."""
    ### BEGIN SOLUTION
    trial_x, trial_y = gradient_step(x, y, rate)
    return x - rate * trial_y, y + rate * trial_x
    ### END SOLUTION


# %% tags=["check", "points-2"]
assert np.allclose(extragradient_step(1.0, 2.0, 0.5), (-0.25, 2.0)), "one step from (1, 2)"
x, y = 0.5, 0.0
for _ in range(200):
    x, y = extragradient_step(x, y)
ratio = np.hypot(x, y) / 0.5
assert abs(ratio - (1 - 0.1**2 + 0.1**4) ** 100) < 1e-3, f"{ratio:.3f} times after 200 steps"

# %% [markdown]
# ## 5. A deviation for each feature (medium)
# The layer of the chapter appends one number to each example, the mean of the standard deviations of all features in the batch.
# Write a layer that appends all of these standard deviations, so that an example with two features gets two more.
# The generator learns from the gradient of these deviations, which must be finite even if all examples of a batch are equal, as in a collapse.
# There the derivative of a square root is infinite, so add a small number such as $10^{-8}$ to the variance, as the chapter does.


# %% tags=["solution"]
class FeatureDeviations(layers.Layer):
    """Append the standard deviations of the batch's features to each example (batch, features)."""

    def call(self, x):
        ### BEGIN SOLUTION
        deviations = ops.sqrt(ops.var(x, axis=0) + 1e-8)
        return ops.concatenate([x, ops.ones_like(x) * deviations], axis=1)
        ### END SOLUTION


# %% tags=["check", "points-3"]
x = rng.normal(size=(50, 3)).astype("float32") * np.array([1.0, 0.1, 3.0], "float32")
outputs = np.asarray(FeatureDeviations()(x))
assert outputs.shape == (50, 6), f"the shape must be (50, 6), and is {outputs.shape}"
assert np.allclose(outputs[:, :3], x), "the examples themselves must not change"
assert np.allclose(outputs[:, 3:], x.std(axis=0), atol=1e-3), "not the deviations of the features"
inputs = keras.Input((3,))
model = keras.Model(inputs, FeatureDeviations()(inputs))
assert np.allclose(model(x[:20])[:, 3:], x[:20].std(axis=0), atol=1e-3), "a batch of another size"
gradients = []
for examples in (tf.ones((8, 3)), tf.constant(x[:8])):
    with tf.GradientTape() as tape:
        tape.watch(examples)
        total = tf.reduce_sum(FeatureDeviations()(examples)[:, 3:])
    gradients.append(tape.gradient(total, examples, unconnected_gradients="zero"))
assert np.isfinite(gradients[0]).all(), "the gradient of a collapsed batch is not finite"
assert np.abs(gradients[1]).min() > 0, "the deviations have no gradient to learn from"
