# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises for chapter 11: deep convolutional GANs
# They belong to [chapter 11](../chapters/11_dcgan.ipynb).
# Replace each `raise NotImplementedError()` by your answer, and run the cell below it, which checks the answer: it ends in an error if the answer is wrong.
# Nothing is trained here; all of this takes about half a minute.

# %%
import genkeras as gk
import keras
import numpy as np
from keras import layers

run = gk.setup(seed=42)
rng = np.random.default_rng(run.seed)
images = gk.load_images(n_train=1000)

# %% [markdown]
# ## 1. How soon an average forgets (easy)
# The average begins as a copy of the untrained generator.
# After each step $t = 1, 2, \dots$ it becomes $m$ times itself plus $1 - m$ times the new weights.
# Write a function that returns the share that the untrained weights still have in it after `n` steps, once with a constant momentum, and once with the ramp of the chapter, $m = \min(\text{momentum}, (1 + t) / (10 + t))$.


# %% tags=["solution"]
def share_of_start(momentum, n, ramp):
    """Share of the untrained weights in the average after n steps; ramp is True or False."""
    ### BEGIN SOLUTION
    t = np.arange(1, n + 1)
    return np.prod(np.minimum(momentum, (1 + t) / (10 + t)) if ramp else np.full(n, momentum))
    ### END SOLUTION


# %% tags=["check", "points-2"]
for momentum in (0.9, 0.995):
    for ramp in (False, True):
        average = 1.0  # of weights that are 1 at the start, and 0 after each step
        for t in range(1, 301):
            m = min(momentum, (1 + t) / (10 + t)) if ramp else momentum
            average = m * average
            if t in (1, 2, 50, 300):
                answer = share_of_start(momentum, t, ramp)
                where = f"momentum {momentum}, step {t}, ramp {ramp}"
                assert np.isclose(answer, average, rtol=1e-3, atol=1e-6), where

# %% [markdown]
# From which step on is the momentum 0.995 in spite of the ramp?
# Call this number `ramp_ends`.

# %% tags=["solution"]
### BEGIN SOLUTION
ramp_ends = (10 * 0.995 - 1) / (1 - 0.995)
### END SOLUTION

# %% tags=["check", "points-1"]
assert abs(ramp_ends - 1790) < 1.5, "solve (1 + t) / (10 + t) = 0.995"

# %% [markdown]
# ## 2. Label smoothing (easy)
# Salimans et al. (2016) give real images the label 0.9 in place of 1, and generated ones the label 0, as before: *one-sided label smoothing*.
# Which probability does the best discriminator then return?
# Write a function of the two densities and of the label of real images.


# %% tags=["solution"]
def best_discriminator(p_data, p_g, real_label):
    """The best D(x), if real images have this label and generated ones the label 0."""
    ### BEGIN SOLUTION
    return real_label * p_data / (p_data + p_g)
    ### END SOLUTION


# %% tags=["check", "points-2"]
x = np.linspace(-3, 3, 61)
p_data, p_g = np.exp(-((x - 1) ** 2)), 0.7 * np.exp(-0.5 * (x + 0.5) ** 2)
d = np.linspace(0.001, 0.999, 999)[:, np.newaxis]
for real_label in (0.9, 0.7, 1.0):
    # the cross-entropy of all possible answers; the best one minimizes it at each x
    log_d, log_rest = np.log(d), np.log(1 - d)
    loss = -p_data * (real_label * log_d + (1 - real_label) * log_rest) - p_g * log_rest
    best = d[np.argmin(loss, axis=0), 0]
    answer = best_discriminator(p_data, p_g, real_label)
    assert np.allclose(answer, best, atol=2e-3), f"not the best one for a label of {real_label}"

# %% [markdown]
# ## 3. A generator that leaves out kinds (easy)
# A perfect generator draws tops only, or shoes only, as real images are, and nothing else.
# The next cell gives the recall of real test images beside others, `real_recall`.
# Write a function that predicts the recall of such a generator from the share of real images whose kind it draws, and from `real_recall`.
# Assume that no image of a kind lies among those of another one.

# %%
features, more_features = np.split(gk.classify(images.x_test[:2000])[0], 2)
labels, more_labels = np.split(images.y_test[:2000], 2)
real_recall = gk.precision_recall(features, more_features)[1]
print(f"recall of real images {real_recall:.2f}")


# %% tags=["solution"]
def predicted_recall(share, real_recall):
    """The recall of a generator that draws the kinds of this share of real images."""
    ### BEGIN SOLUTION
    return share * real_recall
    ### END SOLUTION


# %% tags=["check", "points-2"]
kinds = {"tops": [0, 2, 3, 4, 6], "shoes": [5, 7, 9], "tops and trousers": [0, 1, 2, 3, 4, 6]}
for name, classes in kinds.items():
    drawn = more_features[np.isin(more_labels, classes)]
    measured = gk.precision_recall(features, drawn)[1]
    answer = predicted_recall(np.isin(labels, classes).mean(), real_recall)
    assert abs(answer - measured) < 0.04, f"{name}: predicted {answer:.3f}, is {measured:.3f}"

# %% [markdown]
# ## 4. The best linear critic (medium)
# Let the critic be linear, $f(x) = w \cdot x$, so that its slope is $\|w\|$ everywhere.
# Its loss is the mean of $f$ over generated points, minus that over real ones, plus $\lambda\,(\|w\| - 1)^2$.
# Write a function that returns the vector $w$ with the smallest loss, for arrays (n, d) of real and of generated points.


# %%
def linear_critic_loss(w, real, fake, penalty_weight):
    """The loss of the critic f(x) = w x."""
    penalty = (np.linalg.norm(w) - 1) ** 2
    return np.mean(fake @ w) - np.mean(real @ w) + penalty_weight * penalty


# %% tags=["solution"]
def best_linear_critic(real, fake, penalty_weight):
    """The w (d,) that minimizes the critic's loss with this lambda."""
    ### BEGIN SOLUTION
    difference = real.mean(axis=0) - fake.mean(axis=0)
    gap = np.linalg.norm(difference)
    return difference / gap * (1 + gap / (2 * penalty_weight))
    ### END SOLUTION


# %% tags=["check", "points-3"]
for penalty_weight in (10, 1):
    real, fake = rng.normal(1, 1, (200, 3)), rng.normal(0, 1, (200, 3))
    w = np.asarray(best_linear_critic(real, fake, penalty_weight), dtype=float)
    assert w.shape == (3,), f"w must have the shape (3,), and has {w.shape}"
    loss = linear_critic_loss(w, real, fake, penalty_weight)
    for change in 0.02 * np.concatenate([np.eye(3), -np.eye(3), w[np.newaxis], -w[np.newaxis]]):
        other = linear_critic_loss(w + change, real, fake, penalty_weight)
        assert other > loss, "another w has a smaller loss"

# %% [markdown]
# The generated points are the real ones, all moved by 2, so the earth mover's distance is 2.
# Which estimate, minus the loss, does the best linear critic give for $\lambda = 10$?
# Call it `estimate`.

# %% tags=["solution"]
### BEGIN SOLUTION
# w has the length 1.1, so the gap of the means is 2.2, and the penalty 0.1
estimate = 2 * 1.1 - 10 * 0.1**2
### END SOLUTION

# %% tags=["check", "points-1"]
real = rng.normal(size=(100, 2))
fake = real - np.array([2.0, 0.0])
least = min(linear_critic_loss(np.array([a, 0.0]), real, fake, 10) for a in np.arange(0, 3, 0.001))
assert abs(estimate + least) < 0.002, "the length of w is not 1"

# %% [markdown]
# ## 5. Between two classes (medium)
# The conditional generator gets noise and a label of ten numbers, side by side.
# Nothing forbids a label between two classes: `share` of the second one, and the rest of the first.
# Write a function that returns what the generator draws from noise `z` (n, 32) with such a label.


# %%
def build_generator(inputs):
    """The generator of the chapter, for images of 28 by 28 pixels."""
    stack = [
        keras.Input((inputs,)),
        layers.Dense(7 * 7 * 64, use_bias=False),
        layers.Reshape((7, 7, 64)),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Conv2DTranspose(48, 4, strides=2, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Conv2DTranspose(1, 4, strides=2, padding="same"),
        layers.Activation("sigmoid", dtype="float32"),
    ]
    return keras.Sequential(stack)


generator = gk.load_pretrained("11_dcgan", build_generator(32 + 10))


# %% tags=["solution"]
def draw_between(generator, z, first, second, share):
    """Images (n, 28, 28, 1) from noise z and a label between the classes first and second."""
    ### BEGIN SOLUTION
    one_hot = np.eye(10, dtype="float32")
    label = (1 - share) * one_hot[first] + share * one_hot[second]
    return np.float32(generator(np.concatenate([z, np.tile(label, (len(z), 1))], axis=1)))
    ### END SOLUTION


# %% tags=["check", "points-3"]
z = rng.standard_normal((200, 32)).astype("float32")
for first, second in ((1, 3), (9, 0)):
    for share in (0.0, 0.3, 1.0):
        answer = np.asarray(draw_between(generator, z, first, second, share))
        assert answer.shape == (200, 28, 28, 1), f"the shape is {answer.shape}"
        inputs = np.zeros((200, 42), "float32")
        inputs[:, :32], inputs[:, 32 + first], inputs[:, 32 + second] = z, 1 - share, share
        drawn = np.asarray(generator(inputs))
        assert np.allclose(answer, drawn, atol=1e-3), f"not what the label asks for, share {share}"
gk.plot_rows({f"{s:.2f}": draw_between(generator, z[:8], 1, 3, s) for s in (0, 0.25, 0.5, 0.75, 1)})
