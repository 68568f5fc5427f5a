# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: alt,quick,tags,-all
#     notebook_metadata_filter: -jupytext.text_representation.jupytext_version
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 06 Sparse autoencoders
#
# Suppose you describe a person to somebody who has to pick them up at the station.
# You would not list thirty measurements; you would name two or three striking features, such as a red beard or a walking stick.
# A *sparse* code is such a description: it has many units, and each image activates only a few of them.
# Researchers use such codes today to look into large language models.
# In this chapter we try three ways to make a code sparse, and look each time at what we got.
#
# | | |
# |---|---|
# | Slides | *Autoencoders dispersos*; *Divergencia Kullback–Leibler*; *Sparsity loss* (figure 8) |
# | Textbook | Hands-On Machine Learning, chapter 17, "Sparse Autoencoders" |
# | Result | Makes a code of 300 units sparse by an l1 penalty, as if 77<!-- l1_effective --> of them were equally active in place of 249<!-- plain_effective --> |
# | Time | 327 s<!-- seconds --> on two CPU cores |
# | Evidence | [The experiments](../experiments/README.md) |

# %% [markdown]
# ## Setup
# Numbers in the text are those of the run that you see here, on all 55,000 training images; yours will differ a little.
# Over three seeds, the squared error with the KL penalty differs by 0.00012<!-- experiment 06 seeds kl_mse_spread -->.
# All errors are those of validation images.

# %%
import math

import genkeras as gk
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, ops

run = gk.setup(seed=42)

# %% tags=["parameters"]
QUICK = run.quick  # True: everything small, to see it run in less than a minute
UNITS = 300  # of the code
K = 30  # units that the k-sparse autoencoders keep
MANY_UNITS = 1000  # of the code that is larger than the image
EPOCHS = 2 if QUICK else 10  # GPU: 30
SHORT_EPOCHS = 1 if QUICK else 4  # of the k-sparse autoencoders; GPU: 15

# %%
images = gk.load_images(n_train=2000 if QUICK else None)
x_train, x_valid = images.x_train, images.x_valid
shape = x_train.shape[1:]  # (28, 28, 1); the models follow the shape of the images

# %% [markdown]
# ## An autoencoder with room to spare
# So far the code was a bottleneck of 30 numbers.
# Now we give it 300 units, and control instead how many of them an image may use.
# As on the slides, the units have a sigmoid activation, so that each lies between 0 (inactive) and 1 (fully active).
# We start without a penalty, to have something to compare with.
#
# Most activations of a sparse code will be close to 0, so the decoder starts with larger weights than usual.
# With the usual ones, the squared error of the model with the l1 penalty below is 0.0082<!-- experiment 06 weights usual_l1_mse --> instead of 0.0072<!-- experiment 06 weights large_l1_mse -->.

# %%
large = keras.initializers.VarianceScaling(25.0)
encoder = keras.Sequential(
    [
        keras.Input(shape),
        layers.Flatten(),
        layers.Dense(400, activation="relu"),
        layers.Dense(UNITS, activation="sigmoid"),
    ]
)
decoder = keras.Sequential(
    [
        keras.Input((UNITS,)),
        layers.Dense(400, activation="relu", kernel_initializer=large),
        layers.Dense(math.prod(shape), activation="sigmoid"),
        layers.Reshape(shape),
    ]
)
plain_model = keras.Sequential([encoder, decoder])

# %% [markdown]
# The learning rate follows the schedule of chapter 03, and `steps_per_execution` lets Keras run many steps in one call, which saves time with such small models.


# %%
def train(model, x, x_valid, epochs, batch_size=128):
    """Compile and fit; the loss includes penalties, the metric "mse" does not."""
    steps = epochs * len(x) // batch_size
    model.compile(
        loss="mse",
        optimizer=keras.optimizers.Nadam(gk.warmup_cosine(4e-3, steps)),
        metrics=["mse"],
        steps_per_execution=max(1, steps // 100),
    )
    model.fit(
        x,
        x,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(x_valid, x_valid),
    )


train(plain_model, x_train, x_valid, images.epochs(EPOCHS))
plain_loss, plain_mse = plain_model.evaluate(x_valid, x_valid)
print(f"no penalty: squared error {plain_mse:.4f}")

# %% [markdown]
# ## An l1 penalty
# The simplest penalty is proportional to the activity: $\lambda \sum_j |z_j|$, summed over the units and averaged over the images of the batch ($\ell_1$ on the slides).
# An activation then pays only if it lowers the squared error by more than it costs.
# Keras has a layer that passes the code on unchanged and adds this penalty to the loss of its model.
# (On a GPU our models compute in half precision; a penalty has to be `float32`.)
# From here on only the layers of the code change, so we write a function that takes them as a list.


# %%
def build_autoencoder(shape, code_layers, hidden=400):
    """The autoencoder above with these layers for its code."""
    encoder = keras.Sequential(
        [
            keras.Input(shape),
            layers.Flatten(),
            layers.Dense(hidden, activation="relu"),
            *code_layers,
        ]
    )
    large = keras.initializers.VarianceScaling(25.0)
    decoder = keras.Sequential(
        [
            keras.Input(encoder.output_shape[1:]),
            layers.Dense(hidden, activation="relu", kernel_initializer=large),
            layers.Dense(math.prod(shape), activation="sigmoid"),
            layers.Reshape(shape),
        ]
    )
    return keras.Sequential([encoder, decoder])


l1_code = [
    layers.Dense(UNITS, activation="sigmoid"),
    layers.ActivityRegularization(l1=1e-4, dtype="float32"),
]
l1_model = build_autoencoder(shape, l1_code)
train(l1_model, x_train, x_valid, images.epochs(EPOCHS))
l1_loss, l1_mse = l1_model.evaluate(x_valid, x_valid)

# %% [markdown]
# Does the layer add what we think it adds?
# The loss minus the squared error should be the weight times the mean sum of the activations.

# %%
z_l1 = np.float32(l1_model.layers[0](x_valid))
l1_penalty = 1e-4 * np.mean(np.sum(z_l1, axis=1))
print(f"loss {l1_loss:.4f} - squared error {l1_mse:.4f} = {l1_loss - l1_mse:.5f}")
print(f"weight * mean sum of the activations:   {l1_penalty:.5f}")

# %% [markdown]
# It does. (Keras 3 before version 3.14<!-- setting --> did not divide by the number of images in the batch.)
# The squared error has risen from 0.0047<!-- plain_mse --> to 0.0072<!-- l1_mse -->.
#
# ## The Kullback-Leibler divergence
# An l1 penalty only pushes down.
# Could we instead ask for a certain activity, for instance 10 %?
# The slides measure how active each unit is on average over the batch, call this $q$, and compare it with the target $p$.
# For this they use the Kullback-Leibler divergence of chapter 01, $D_{KL}(P\|Q) = \sum_i P_i \log \frac{P_i}{Q_i}$, which is 0 if two distributions are equal and positive otherwise.
# For a unit that is active with probability $q$ and should be active with probability $p$, the sum has two terms:
#
# $$D_{KL}(p\|q) = p \log \frac{p}{q} + (1-p) \log \frac{1-p}{1-q}$$
#
# In the example of the slides, a unit is active with 30 %, and the target is 10 %.


# %%
def bernoulli_kl(p, q):
    """D_KL(p || q) in nats, for two variables that are 1 with probability p or q."""
    return p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))


kl_30_to_10 = bernoulli_kl(0.1, 0.3)
print(f"active 30 %, target 10 %: {kl_30_to_10:.3f} nats per unit")

# %% [markdown]
# That costs 0.116<!-- kl_30_to_10 --> nats.
# Why this formula, and not the squared or the absolute difference?
# Figure 8 of the slides draws all three, as on the left below.
# But the optimizer changes $q$ only through the value $a$ before the sigmoid.
# Suppose that a unit has the same activity $q$ for every image.
# The sigmoid has the derivative $q(1-q)$ there, and the divergence has the derivative $\frac{q-p}{q(1-q)}$ with respect to $q$, so in their product the denominator cancels:
#
# $$\frac{dD_{KL}}{da} = q - p \qquad \frac{d(q-p)^2}{da} = 2\,(q-p)\,q\,(1-q)$$

# %% alt="Two panels over the activity q from 0 to 1. Left, the cost, cut off at 1: all three curves are 0 at the target 0.1; the divergence rises steeply towards 0 and above one half, the absolute difference in a straight line, the squared difference is lowest in the middle. Right, the derivative with respect to a: the divergence is a straight line from -0.1 to 0.9; the squared difference rises to a quarter near two thirds and falls back to 0 at 1; the absolute difference jumps at the target and falls from a quarter at one half to 0 at 1."
q = np.linspace(0.001, 0.999, 500)
slope = q * (1 - q)  # of the sigmoid
costs = {
    "KL divergence": (bernoulli_kl(0.1, q), q - 0.1),
    "absolute difference (MAE)": (np.abs(q - 0.1), np.sign(q - 0.1) * slope),
    "squared difference (MSE)": ((q - 0.1) ** 2, 2 * (q - 0.1) * slope),
}
figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
for (name, curves), style in zip(costs.items(), ["-", "--", ":"], strict=True):
    for axis, curve in zip(axes, curves, strict=True):
        axis.plot(q, curve, style, label=name)
axes[0].set(xlabel="activity q of a unit", ylabel="cost", ylim=(0, 1))
axes[1].set(xlabel="activity q of a unit", ylabel="derivative with respect to a")
axes[1].legend(frameon=False, fontsize=8)
plt.show()

# %% [markdown]
# If the unit is fully active for every image, or inactive for every image, the sigmoid is flat, and the squared and the absolute difference hardly move it.
# The derivative of the divergence is the distance from the target, so it still does.
#
# As a layer, it takes the mean over the batch, applies the formula to each unit, and adds the sum over the units to the loss.
# The logarithms get a tiny number so that they stay finite at 0 and 1.


# %%
class KLDivergenceActivityRegularization(layers.Layer):
    """Return the code unchanged; add weight * sum of D_KL(target, mean activity)."""

    def __init__(self, target, weight, **kwargs):
        super().__init__(**kwargs)
        self.target, self.weight = target, weight

    def call(self, z):
        p, q, tiny = self.target, ops.mean(z, axis=0), 1e-6
        kl = p * ops.log(p / (q + tiny)) + (1 - p) * ops.log((1 - p) / (1 - q + tiny))
        self.add_loss(self.weight * ops.sum(kl))
        return z


kl_layer = KLDivergenceActivityRegularization(0.1, 5e-3, dtype="float32")
kl_code = [layers.Dense(UNITS, activation="sigmoid"), kl_layer]
kl_model = build_autoencoder(shape, kl_code)
train(kl_model, x_train, x_valid, images.epochs(EPOCHS))
kl_loss, kl_mse = kl_model.evaluate(x_valid, x_valid)
print(f"KL: squared error {kl_mse:.4f}, loss {kl_loss:.4f}")

# %% [markdown]
# `gk.KLDivergenceActivityRegularization` does the same, and a model with it can be saved.
#
# ## Is it sparse?
# Let's look at the codes of one garment, as gray tiles, and at what the decoders make of them.

# %% alt="Above, the codes of an ankle boot as 15 by 20 gray tiles; below, the boot and three reconstructions. Without penalty the tiles have all grays from black to nearly white. With l1 about twenty are gray or bright, and most are black. With KL about ten are gray or bright, and nearly all others are dark gray instead of black. The reconstructions look alike, and are slightly blurred."
models = {"no penalty": plain_model, "l1": l1_model, "KL": kl_model}
codes = {name: np.float32(model.layers[0](x_valid)) for name, model in models.items()}
figure, axes = plt.subplots(2, 4, figsize=(8, 3.9), layout="constrained")
axes[1, 0].imshow(x_valid[2], cmap="gray")
axes[1, 0].set_title("image", fontsize=9)
for column, (name, model) in zip(axes.T[1:], models.items(), strict=True):
    column[0].imshow(codes[name][2].reshape(15, -1), cmap="gray", vmin=0, vmax=1)
    column[0].set_title(f"{name}: code", fontsize=9)
    column[1].imshow(np.float32(model(x_valid[2:3]))[0], cmap="gray", vmin=0, vmax=1)
    column[1].set_title(f"{name}: reconstruction", fontsize=9)
for axis in axes.flat:
    axis.axis("off")
plt.show()

# %% [markdown]
# The three reconstructions look much alike, but the codes do not.
# With l1 most tiles are black; with KL nearly all of them are dark gray.
#
# To say it in numbers, we could count the units above a threshold, such as 0.1<!-- setting -->.
# But if all activations shrink, this count falls, although the code is no sparser: the decoder can make up for it with larger weights.
# So we also compute $(\sum_j z_j)^2 / \sum_j z_j^2$, which does not depend on the scale.
# If $n$ units are equally active and the others are 0, it is $n$; we call it the number of *effective units*.


# %%
def effective_units(z):
    """(sum z)^2 / sum z^2 of each image."""
    return np.sum(z, axis=1) ** 2 / np.sum(z**2, axis=1)


effective = {name: np.mean(effective_units(z)) for name, z in codes.items()}
counts = {name: np.mean(np.sum(z > 0.1, axis=1)) for name, z in codes.items()}
dead = {name: int(np.sum(np.ptp(z, axis=0) < 0.1)) for name, z in codes.items()}
plain_effective, l1_effective, kl_effective = effective.values()
kl_count, l1_dead = counts["KL"], dead["l1"]
print("effective units of an image:", {name: round(n) for name, n in effective.items()})
print("units above 0.1 of an image:", {name: round(n) for name, n in counts.items()})
print("units that vary by less than 0.1 over the images:", dead)

# %% alt="Two histograms with logarithmic counts. Left, all activations: without penalty they spread from 0 to 1 with a flat top near 0.3; with l1 the highest bar is at 0 and the curve falls to 0.95; with KL the top is at 0.06 and the curve falls below that of l1 from 0.35 on and ends at 0.8. Right, the mean of each unit: with KL all units are in the bin around 0.1; with l1 they lie between 0 and 0.14, with most near 0; without penalty nearly all between 0.2 and 0.76."
bins = np.linspace(-0.01, 1.01, 52)  # the target is the center of a bin
figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
for name, z in codes.items():
    axes[0].hist(z.ravel(), bins, histtype="step", density=True, log=True, label=name)
    axes[1].hist(z.mean(axis=0), bins, histtype="step", log=True, label=name)
axes[0].set(title="all activations", xlabel="activation", ylabel="density")
axes[1].set(title="mean of each unit", xlabel="mean activation", ylabel="units")
axes[1].legend(frameon=False, fontsize=8)
plt.show()
kl_gap = np.abs(codes["KL"].mean(axis=0) - 0.1).max()
print(f"KL: largest distance of a unit's mean from the target {kl_gap:.3f}")

# %% [markdown]
# The l1 code is sparse: an image has 77<!-- l1_effective --> effective units instead of 249<!-- plain_effective -->.
# But 82<!-- l1_dead --> units are *dead*: they hardly vary from image to image.
#
# The KL penalty does what we asked for: the mean of each unit is within 0.004<!-- kl_gap --> of the target, at a squared error of 0.0064<!-- kl_mse -->.
# But a mean of 10 % can come about in two ways.
# A unit can be fully active for a tenth of the images and inactive for the others, or it can stay near one tenth for all of them.
# The penalty sees only the mean, and what we get is closer to the second.
# Only 121<!-- kl_count --> units of an image are above the threshold, but 224<!-- kl_effective --> are effective, nearly as many as without a penalty: most units are weakly active for most images.
# With the l1 code's mean activity as its target, 0.039<!-- experiment 06 equal_activity l1_activity -->, it still has 166<!-- experiment 06 equal_activity kl_effective --> effective units.
#
# ## Keeping the k largest
# A *k-sparse autoencoder* sets the number of active units directly: it computes a linear code, keeps the $k$ largest numbers, and sets the others to zero (Makhzani and Frey).
# Then the code can be larger than the image, with 1,000 units for 784 pixels.
# Its width no longer limits anything; the limit is that only 30 units are passed on.


# %%
class TopK(layers.Layer):
    """Keep the k largest codes of each image; set the others to 0."""

    def __init__(self, k, **kwargs):
        super().__init__(**kwargs)
        self.k = k

    def call(self, z):
        smallest_kept = ops.top_k(z, self.k)[0][:, -1:]
        return ops.where(z >= smallest_kept, z, 0.0)


def count_used(encoder, x):
    """How many units are not zero for at least one of the images."""
    return np.sum(np.any(encoder.predict(x) != 0, axis=0))


k_model = build_autoencoder(shape, [layers.Dense(MANY_UNITS), TopK(K)])
k_used_before = count_used(k_model.layers[0], x_valid)
train(k_model, x_train, x_valid, images.epochs(SHORT_EPOCHS))
k_loss, k_mse = k_model.evaluate(x_valid, x_valid)
k_used = count_used(k_model.layers[0], x_valid)
print(f"k largest: squared error {k_mse:.4f}")
print(f"units used by some image: {k_used_before} before the training, {k_used} after")

# %% [markdown]
# Before the training, 648<!-- k_used_before --> of the 1,000 units are among the 30 largest of some validation image; the training leaves 84<!-- k_used -->.
# A unit that is among the largest for no image gets no gradient for its own weights, so nothing pushes it back.
# In large models, extra terms in the loss revive such units (Gao et al.).
# For ours, one layer is enough: if each unit is normalized over the batch, all of them stay on one scale.

# %%
normalized_code = [layers.Dense(MANY_UNITS), layers.BatchNormalization(), TopK(K)]
normalized_model = build_autoencoder(shape, normalized_code)
train(normalized_model, x_train, x_valid, images.epochs(SHORT_EPOCHS))
normalized_loss, normalized_mse = normalized_model.evaluate(x_valid, x_valid)
normalized_encoder, normalized_decoder = normalized_model.layers
normalized_used = count_used(normalized_encoder, x_valid)
print(f"normalized: squared error {normalized_mse:.4f}, used: {normalized_used} units")

# %% [markdown]
# Now 942<!-- normalized_used --> units are used.
# But the reconstruction is no better for it.
# Over three seeds the mean squared error is 0.0099<!-- experiment 06 k_largest k_mse --> without the normalization and 0.0100<!-- experiment 06 k_largest normalized_mse --> with it.
# A plain bottleneck of 30, trained as long, has 0.0101<!-- experiment 06 k_largest bottleneck_mse -->.
#
# ## What one unit contributes
# What does a single unit of this code do for an image?
# We take an ankle boot and its three most active units, set one of them to zero, and decode again.
# The difference is what this unit adds to this picture.
# Beside it we show the nine images that activate the unit most.

# %% alt="Four rows. The first shows an ankle boot with a heel and its blurred reconstruction. The others show nine images that activate a unit most, and on gray what it adds. First unit: nine ankle boots with heels; it brightens the upper part of the shaft and darkens the edges around the boot. Second: six boots and shoes with heels, and three bags; it brightens the front and the back edge. Third: eight boots and a high-heeled sandal; it darkens the front edge and the edge under the sole, and brightens the arch."
z_normalized = np.float32(normalized_encoder(x_valid))
boot = z_normalized[2:3]
rebuilt = np.float32(normalized_decoder(boot))
units = {"boot and\nrebuilt": np.concatenate([x_valid[2:3], rebuilt])}
for unit in np.argsort(-boot[0])[:3]:
    strongest = np.argsort(-z_normalized[:, unit])[:9]
    without = boot.copy()
    without[0, unit] = 0
    change = rebuilt - np.float32(normalized_decoder(without))
    written = np.clip(0.5 + 3 * change, 0, 1)  # gray: no change
    units[f"unit {unit}"] = np.concatenate([x_valid[strongest], written])
gk.plot_rows(units, title="Nine images that activate a unit most, and what it adds")
plt.show()

# %% [markdown]
# In the last column, with three times the contrast, gray pixels are those that the unit does not change.
# All three units are most active for boots and high heels, and the second also for bags.
# The first brightens the upper part of the shaft, and darkens the edges around the boot.
# The second brightens the front and the back edge.
# The third darkens the front edge and the edge under the sole, and brightens the arch.
#
# ## Binary codes
# To store and search codes by the million, we would like them to consist of bits.
# But a step from 0 to 1 has no useful derivative, so the textbook's *hashing autoencoder* trains 16 sigmoid units behind a hidden layer of 100, and adds strong noise to this layer.
# To carry information in spite of the noise, the hidden values have to become large, and large values drive the sigmoid to 0 or 1.
# The standard deviation of the noise is 15; Keras 3 accepts at most 1, so we divide by 15 before we add the noise, and multiply by 15 afterwards, which is the same.


# %%
def errors_with_bits(model, x):
    """The squared errors of decoded codes, and of the same codes rounded to 0 and 1."""
    encoder, decoder = model.layers
    z = encoder(x)
    decoded = [np.float32(decoder(code)) for code in (z, ops.round(z))]
    return [np.mean((reconstructions - x) ** 2) for reconstructions in decoded]


noise = [layers.Rescaling(1 / 15), layers.GaussianNoise(1.0), layers.Rescaling(15.0)]
quiet_code = [layers.Dense(16, activation="sigmoid")]
noisy_code = [*noise, layers.Dense(16, activation="sigmoid")]
quiet_model = build_autoencoder(shape, quiet_code, hidden=100)
noisy_model = build_autoencoder(shape, noisy_code, hidden=100)
for model in (quiet_model, noisy_model):
    train(model, x_train, x_valid, images.epochs(EPOCHS))
quiet_mse, quiet_bits_mse = errors_with_bits(quiet_model, x_valid)
noisy_mse, noisy_bits_mse = errors_with_bits(noisy_model, x_valid)
print(f"without noise: {quiet_mse:.4f}, rounded to bits {quiet_bits_mse:.4f}")
print(f"with noise:    {noisy_mse:.4f}, rounded to bits {noisy_bits_mse:.4f}")

# %% alt="Two histograms of the values of the code units. Without noise one low, broad hump between 0.08 and 1; with noise two bars, at 0 and, lower, at 1."
figure, axes = plt.subplots(1, 2, figsize=(8, 2.8), layout="constrained", sharey=True)
for axis, model in zip(axes, (quiet_model, noisy_model), strict=True):
    z = np.float32(model.layers[0](x_valid))
    axis.hist(z.ravel(), bins=40, range=(0, 1), density=True)
    axis.set(xlabel="value of a code unit")
axes[0].set(title="without noise", ylabel="density")
axes[1].set(title="with noise")
plt.show()

# %% [markdown]
# Without noise, the values of the units spread over most of the range, and rounding them raises the squared error from 0.0142<!-- quiet_mse --> to 0.0996<!-- quiet_bits_mse -->.
# With noise, nearly all values are close to 0 or 1, and rounding hardly matters: 0.0346<!-- noisy_mse --> and 0.0349<!-- noisy_bits_mse -->.
# But the noise also costs information: new decoders, trained on rounded codes, reach 0.0356<!-- experiment 06 hashes noisy_refit_mse --> with noise and 0.0303<!-- experiment 06 hashes quiet_refit_mse --> without it (means of three seeds).
#
# Images with the same bits can be looked up in a table, without comparing anything.
# Let's look at images that share one of the four most frequent hashes.

# %% alt="Four rows of twelve garments with the same hash: low shoes, most of them sneakers and three flat sandals; jackets and shirts with long sleeves; T-shirts; trousers."
bits = np.asarray(ops.round(noisy_model.layers[0](x_valid)), "int")
hashes = bits @ 2 ** np.arange(16)
values, numbers = np.unique(hashes, return_counts=True)
same_hash = {}
for i in np.argsort(-numbers)[:4]:
    same_hash[f"{numbers[i]} images"] = x_valid[hashes == values[i]][:12]
n_hashes = len(values)
print(f"{len(x_valid):,} images have {n_hashes} hashes")
gk.plot_rows(same_hash, title="Each row: twelve validation images with the same hash")
plt.show()

# %% [markdown]
# The rows hold low shoes, long sleeves, T-shirts, and trousers.
# Images with similar hashes are often similar, too: among the twenty of 20,000 images whose hashes differ least from that of a query, 63 %<!-- experiment 06 hashes noisy_precision --> are of its class.
# For the rounded codes without noise it is 66 %<!-- experiment 06 hashes quiet_precision -->, so here the noise is no advantage for the search either.

# %% [markdown]
# ## Check

# %%
codes_3 = np.array([[3.0, -1.0, 2.0, 0.5]], "float32")
assert np.allclose(TopK(2)(codes_3), [[3, 0, 2, 0]]), "not the two largest"
assert np.isclose(l1_loss - l1_mse, l1_penalty, rtol=0.05), "the l1 penalty"
kl_layer(np.full((4, UNITS), 0.3, "float32"))
assert np.isclose(kl_layer.losses[0], 5e-3 * UNITS * kl_30_to_10, rtol=0.01), "the KL"
pull = np.gradient(bernoulli_kl(0.1, q), q) * slope
assert np.allclose(pull[25:-25], q[25:-25] - 0.1, atol=0.01), "the pull of the KL"
assert abs(np.mean(np.sum(z_normalized != 0, axis=1)) - K) < 1, "not k units per image"
if not QUICK:
    assert l1_effective < 0.6 * plain_effective, "l1 has not made the code sparse"
    assert l1_mse < 0.0110 and kl_mse < 0.0110, "the squared error with a penalty"
    assert kl_gap < 0.05, "a unit's mean is far from the target"
    assert normalized_used > 500, "normalization has not kept units in use"
    assert noisy_bits_mse < 1.05 * noisy_mse, "rounding the noisy codes costs much"

# %% [markdown]
# ## What to remember
# - A layer can add a penalty to the loss. The loss that `fit` reports then includes it, so watch the squared error separately.
# - An l1 penalty makes the code of each image sparse, and some units die. The KL penalty brings the *mean* of every unit to a target, which need not make the code sparse.
# - Keeping the $k$ largest makes a code exactly as sparse as we want; normalizing it first keeps the units in use.
# - Strong noise before a sigmoid turns its values into bits, at the cost of information.
#
# ## Exercises
# In [exercises/06_sparse_autoencoders.ipynb](../exercises/06_sparse_autoencoders.ipynb), with cells that check your answers:
# the same divergence on the other side of the target; how an l1 penalty pulls; the largest in magnitude; a target for each image; the strength of the noise.
#
# ## References
# - A. Makhzani, B. Frey, [k-Sparse Autoencoders](https://arxiv.org/abs/1312.5663), 2013.
# - L. Gao et al., [Scaling and Evaluating Sparse Autoencoders](https://arxiv.org/abs/2406.04093), 2024 (language models, dead units).
# - R. Salakhutdinov, G. Hinton, Semantic Hashing, *International Journal of Approximate Reasoning*, 2009.
