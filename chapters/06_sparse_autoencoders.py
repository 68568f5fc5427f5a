# ---
# jupyter:
#   jupytext:
#     notebook_metadata_filter: -jupytext.text_representation.jupytext_version
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Sparse autoencoders
#
# We give an autoencoder 300 codes, ten times what it needs, and charge it for using them
# (*autoencoders dispersos*): by an l1 penalty, by the KL divergence from a target, by keeping the
# k largest, and, pushed to the limit, by codes of 16 bits that find similar garments.
#
# | | |
# |---|---|
# | Slides | *Autoencoders dispersos*; *Divergencia Kullback–Leibler*; *Sparsity loss* (figure 8) |
# | Textbook | Hands-On Machine Learning, chapter 17, "Sparse Autoencoders" |
# | Result | 300 sparse codes with a mean activation of 0.10<!-- kl_mean_activation --> rebuild garments with a squared error of 0.0070<!-- kl_val_mse --> |
# | Time | 113 s<!-- seconds --> on two CPU cores; not measured on a GPU |
# | Data | Fashion-MNIST: 55,000 images to train, 5,000 to validate; or the bundled sixth of it |

# %% [markdown]
# ## Setup
# Everything below needs only this cell.

# %%
import time

# If this import fails, copy the folder genkeras beside this notebook, or see README.md.
import genkeras as gk
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, ops

START = time.perf_counter()
run = gk.setup(seed=42)

# %% [markdown]
# ## Parameters

# %% quick={"EPOCHS": 2, "EPOCHS_SAMPLE": 2, "HASHING_EPOCHS": 2, "HASHING_EPOCHS_SAMPLE": 2, "JIT_COMPILE": false, "N_DATABASE": 1000, "N_QUERIES": 50, "N_TRAIN": 1500, "QUICK": true, "SHORT_EPOCHS": 1, "SHORT_EPOCHS_SAMPLE": 1, "TARGETS": [0.05, 0.2]} tags=["parameters"]
QUICK = False  # True runs with small numbers, which shows how it works but proves nothing
N_TRAIN = None  # training images; None takes all there are
CODES = 300  # units of the coding layer
HIDDEN_UNITS = 400  # in the hidden layer on each side; GPU: 1000
EPOCHS = 7  # passes of the main models over the full training set; GPU: 30
EPOCHS_SAMPLE = 24  # the same for the bundled sample, which has a sixth of the images
SHORT_EPOCHS = 2  # passes of each model on the curve of sparsity against error; GPU: 10
SHORT_EPOCHS_SAMPLE = 12  # the same for the bundled sample
TARGETS = [0.02, 0.05, 0.2]  # sparsity targets on that curve
BATCH_SIZE = 128  # GPU: 512
PEAK_RATE = 2e-3  # highest learning rate of the schedule
JIT_COMPILE = True  # XLA, which speeds up dense models, but not convolutions or dropout on a CPU
BITS = 16  # length of the hashing codes
HASHING_EPOCHS = 4  # passes of the hashing autoencoder; GPU: 20
HASHING_EPOCHS_SAMPLE = 24  # the same for the bundled sample
N_DATABASE = 20000  # images that the hashing codes search
N_QUERIES = 1000  # images that they search for

# %%
images = gk.load_images(n_train=N_TRAIN)
x_train, x_valid = images.x_train, images.x_valid
whole = images.source == "tfds"
epochs = EPOCHS if whole else EPOCHS_SAMPLE
short_epochs = SHORT_EPOCHS if whole else SHORT_EPOCHS_SAMPLE
hashing_epochs = HASHING_EPOCHS if whole else HASHING_EPOCHS_SAMPLE
mean_mse = np.mean((x_valid - x_train.mean(axis=0)) ** 2)

# %% [markdown]
# ## Codes between 0 and 1
# A sigmoid on the coding layer keeps each code between 0, silent, and 1, fully active. The
# penalty is a layer of its own that passes the codes on and adds to the loss; whatever it is, the
# rest of the network stays the same. Codes that are mostly near 0.1<!-- setting --> would be a faint signal, so
# the decoder begins with $10 z - 1$, and the bias starts the codes near a given activity.


# %%
def build_autoencoder(hidden_units, codes, *penalty, first_activity=0.1):
    """784-hidden-codes-hidden-784; the layers in `penalty` follow the sigmoid codes."""
    bias = keras.initializers.Constant(np.log(first_activity / (1 - first_activity)))
    encoder = keras.Sequential(
        [
            *(keras.Input((28, 28, 1)), layers.Flatten()),
            layers.Dense(hidden_units, activation="relu"),
            layers.Dense(codes, activation="sigmoid", bias_initializer=bias, name="codes"),
            *penalty,
        ],
        name="encoder",
    )
    decoder = keras.Sequential(
        [
            *(keras.Input((codes,)), layers.Rescaling(10.0, offset=-1.0)),
            layers.Dense(hidden_units, activation="relu"),
            layers.Dense(28 * 28, activation="sigmoid", dtype="float32"),
            layers.Reshape((28, 28, 1), dtype="float32"),
        ],
        name="decoder",
    )
    return keras.Sequential([encoder, decoder])


def train(model, x, epochs, x_valid, batch_size, peak_rate, jit_compile, callbacks=()):
    """Fit with MSE plus what the layers add; the metric "mse" is the error without it."""
    steps = epochs * -(-len(x) // batch_size)
    model.compile(
        loss="mse",
        metrics=["mse"],
        optimizer=keras.optimizers.Nadam(gk.warmup_cosine(peak_rate, steps)),
        steps_per_execution=min(20, steps),
        jit_compile=jit_compile,
    )
    fed = {"batch_size": batch_size, "validation_data": (x_valid, x_valid)}
    return model.fit(x, x, epochs=epochs, callbacks=list(callbacks), verbose=0, **fed).history


recipe = (x_valid, BATCH_SIZE, PEAK_RATE, JIT_COMPILE)

# %% [markdown]
# ## An l1 penalty
# The simplest charge is on the sum of the codes, $\lambda \sum_j |z_j|$, averaged over the batch.
# Keras has it as a layer, `ActivityRegularization`. The loss that `fit` reports includes the
# charge, as the textbook's figures do; the error without it stands beside.

# %%
l1_model = build_autoencoder(HIDDEN_UNITS, CODES, layers.ActivityRegularization(l1=1e-4))
l1_history = train(l1_model, x_train, epochs, *recipe)
l1_mse, l1_loss = l1_history["val_mse"][-1], l1_history["val_loss"][-1]
print(f"l1 = 1e-4   validation MSE {l1_mse:.5f}   with the penalty {l1_loss:.5f}")

# %% [markdown]
# The error is 0.0079<!-- l1_val_mse --> without the charge and 0.0091<!-- l1_val_loss --> with it
# (the textbook's network of a quarter of the width: 0.0111<!-- textbook l1 printed --> with it).

# %% [markdown]
# ## The divergence between two coins
# A finer charge looks at each unit over the whole batch: it measures how often the unit is
# active, $q$, and compares with a target $p$. Both are coins, so the divergence
# $D_{KL}(P\|Q) = \sum_i P_i \log \frac{P_i}{Q_i}$ has two terms:
#
# $$D_{KL}(p\|q) = p \log \frac{p}{q} + (1-p) \log \frac{1-p}{1-q}$$


# %%
def bernoulli_kl(p, q):
    """D_KL between coins that show 1 with probability p and q, in nats."""
    return p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))


for q in (0.3, 0.2, 0.1, 0.05):
    print(f"target 10 %, active {q:4.0%}: {bernoulli_kl(0.1, q):.4f} nats")
kl_30_to_10 = bernoulli_kl(0.1, 0.3)

# %% [markdown]
# The example of the slides, 30 % of the units active and a target of 10 %, costs
# 0.116<!-- kl_30_to_10_nats --> nats a unit. At the target the cost is zero, and it grows on both
# sides. Why not the squared or the absolute distance? The figure shows it.

# %%
q = np.linspace(0.005, 0.995, 400)
figure, axis = plt.subplots(figsize=(8, 3.6), layout="constrained")
axis.plot(q, bernoulli_kl(0.1, q), label="KL divergence")
axis.plot(q, np.abs(q - 0.1), "--", label="MAE, |q - p|")
axis.plot(q, (q - 0.1) ** 2, ":", label="MSE, (q - p)²")
axis.axvline(0.1, color="0.6", lw=1)
axis.set(xlabel="mean activation q of a unit", ylabel="cost", ylim=(0, 1))
axis.set_title("Target 0.1: far from it, KL pulls hardest")
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# Near the target KL is as gentle as the squared error; far from it, it is steeper than both, and
# without bound as $q$ nears 1. Its gradient does not fade just where it is needed.

# %% [markdown]
# ## The KL penalty as a layer
# The layer takes the mean over the batch, computes the formula above in float32, and adds the sum
# over units to the loss. Whoever asks for a target of `1.5` is told what a target is.


# %%
@keras.saving.register_keras_serializable("genkeras")
class KLDivergenceActivityRegularization(layers.Layer):
    """Pass codes (batch, ..., units) on; add weight * sum over units of D_KL(target, mean)."""

    def __init__(self, target=0.1, weight=5e-3, **kwargs):
        super().__init__(**kwargs)
        if not 0 < target < 1:
            raise ValueError(
                "target must lie strictly between 0 and 1 (a fraction of active units), "
                f"got {target}"
            )
        if not 0 <= weight < float("inf"):
            raise ValueError(f"weight must be a finite number, 0 or more, got {weight}")
        self.target = target
        self.weight = weight

    def call(self, codes):
        p = self.target
        q = ops.mean(ops.cast(codes, "float32"), axis=tuple(range(len(codes.shape) - 1)))
        tiny = 1e-6  # keeps the logarithms finite at 0 and 1
        kl = p * ops.log(p / (q + tiny)) + (1 - p) * ops.log((1 - p) / (1 - q + tiny))
        self.add_loss(self.weight * ops.sum(kl))
        return codes

    def get_config(self):
        return {**super().get_config(), "target": self.target, "weight": self.weight}


# %% [markdown]
# ## From 30 % to 10 % by training
# We run the slides' example in earnest: the bias of the coding layer starts every unit near 30 %,
# and a callback notes the mean activation as the training goes on.

# %%
penalty = KLDivergenceActivityRegularization(target=0.1, weight=5e-3)
kl_model = build_autoencoder(HIDDEN_UNITS, CODES, penalty, first_activity=0.3)
kl_encoder = kl_model.layers[0]
probe = x_valid[:500]
activity = [float(ops.mean(kl_encoder(probe)))]
note = keras.callbacks.LambdaCallback(
    on_epoch_end=lambda epoch, logs: activity.append(float(ops.mean(kl_encoder(probe))))
)
kl_history = train(kl_model, x_train, epochs, *recipe, callbacks=[note])
kl_mse, kl_loss = kl_history["val_mse"][-1], kl_history["val_loss"][-1]
print(f"KL, target 0.1   validation MSE {kl_mse:.5f}   with the penalty {kl_loss:.5f}")
print("mean activation by epoch: " + ", ".join(f"{a:.3f}" for a in activity))

# %% [markdown]
# One epoch takes the mean activation from 30 % to the target, and there it stays, at
# 0.101<!-- kl_mean_activation --> on validation garments. The error is 0.0070<!-- kl_val_mse -->
# (without any penalty 0.0054<!-- plain_val_mse -->, below), and 0.0072<!-- kl_val_loss --> with the charge (the
# textbook's recipe: 0.0099<!-- textbook kl printed -->).

# %% [markdown]
# ## How sparse is it?
# One mean can hide a lot: all units at 10 % always, or each unit fully on for a tenth of the
# garments. The histograms tell the two apart: on the left single activations, on the right each
# unit's mean. A third network, without any penalty, is there to compare.

# %%
plain_model = build_autoencoder(HIDDEN_UNITS, CODES)
plain_history = train(plain_model, x_train, epochs, *recipe)
models = {"no penalty": plain_model, "l1": l1_model, "KL": kl_model}
codes = {name: np.asarray(model.layers[0](x_valid)) for name, model in models.items()}
figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
for name, z in codes.items():
    axes[0].hist(z.ravel(), bins=40, range=(0, 1), density=True, histtype="step", label=name)
    axes[1].hist(z.mean(axis=0), bins=40, range=(0, 1), density=True, histtype="step", label=name)
axes[0].set(title="Single activations", xlabel="activation", ylabel="density", yscale="log")
axes[1].set(title="Mean activation of each unit", xlabel="mean over validation images")
axes[1].legend(frameon=False)
plt.show()
for name, z in codes.items():
    print(f"{name:11} mean {z.mean():.3f}   below 0.05: {np.mean(z < 0.05):4.0%}", end="   ")
    print(f"above 0.5: {np.mean(z > 0.5):4.0%}")
kl_mean_activation, l1_mean_activation = codes["KL"].mean(), codes["l1"].mean()

# %% [markdown]
# Without a penalty a unit's mean lies anywhere (0.22<!-- plain_mean_activation --> on average). The l1
# charge silences most activations, 75 %<!-- l1_silent_percent --> of them, and lets a few stand at 1:
# codes that are sparse for each garment. KL puts every unit's mean at the target, as it was told, but
# holds nothing else: activations spread around 0.1<!-- setting -->, 17 %<!-- kl_silent_percent --> of them
# are silent, and hardly any passes one half. A mean of 10 % is not the same as one unit in ten.

# %% [markdown]
# ## What single units stand for
# When few units are active, one of them may say something by itself. We take the six units whose
# activations vary most, and the eight garments that excite each most.

# %%
z = codes["KL"]
strongest = np.argsort(-z.std(axis=0))[:6]
rows = np.concatenate([x_valid[np.argsort(-z[:, unit])[:8]] for unit in strongest])
gk.plot_images(rows, columns=8, title="Each row: the eight garments that excite one unit most")
plt.show()
for unit in strongest:
    labels = images.y_valid[np.argsort(-z[:, unit])[:100]]
    kind = np.bincount(labels, minlength=10)
    print(f"unit {unit:3}: of its top 100, {kind.max()} are {images.class_names[kind.argmax()]}")

# %% [markdown]
# Units do stand for something: sneakers, sandals with heels, ankle boots, trousers. None is told
# what kinds there are; a unit that answers to a common shape saves error where it is active.

# %% [markdown]
# ## Sparsity against reconstruction
# How much error does a lower target cost? A short training for each target gives the curve.

# %%
curve = []
for target in TARGETS:
    keras.utils.set_random_seed(run.seed)
    penalty = KLDivergenceActivityRegularization(target, 5e-3)
    model = build_autoencoder(HIDDEN_UNITS, CODES, penalty)
    error = train(model, x_train, short_epochs, *recipe)["val_mse"][-1]
    active = np.asarray(model.layers[0](x_valid)).mean()
    curve.append((active, error))
    print(f"target {target:.2f}   measured {active:.3f}   validation MSE {error:.5f}")
curve = np.array(curve)

# %%
figure, axis = plt.subplots(figsize=(8, 3.2), layout="constrained")
axis.plot(*curve.T, "o-")
for target, point in zip(TARGETS, curve, strict=True):
    axis.annotate(f"target {target}", point, textcoords="offset points", xytext=(6, 5), fontsize=8)
axis.set(xlabel="measured mean activation", ylabel="validation MSE")
axis.margins(x=0.12)
axis.set_title(f"What sparsity costs, after {short_epochs} epochs")
plt.show()

# %% [markdown]
# A lower target costs error: 0.016<!-- lowest_target_val_mse --> at 0.02<!-- setting --> against
# 0.011<!-- highest_target_val_mse --> at 0.2<!-- setting -->, after a short training each. Most of it falls
# due at the end, between targets of 0.05<!-- setting --> and 0.02<!-- setting -->.

# %% [markdown]
# ## Keep the k largest
# A k-sparse autoencoder (Makhzani and Frey, 2013) needs no weight to tune: of its linear codes
# it keeps the k largest and sets the rest to zero. Exactly k units are active, always.


# %%
@keras.saving.register_keras_serializable("genkeras")
class TopK(layers.Layer):
    """Keep the k largest of (batch, units) codes, set the others to zero."""

    def __init__(self, k, **kwargs):
        super().__init__(**kwargs)
        self.k = k

    def call(self, codes):
        smallest_kept = ops.top_k(codes, self.k)[0][..., -1:]
        return ops.where(codes >= smallest_kept, codes, ops.zeros_like(codes))

    def get_config(self):
        return {**super().get_config(), "k": self.k}


k_model = build_autoencoder(HIDDEN_UNITS, CODES, TopK(CODES // 10))
k_model.layers[0].get_layer("codes").activation = keras.activations.linear
k_model.layers[0].get_layer("codes").bias.assign(np.zeros(CODES))
k_history = train(k_model, x_train, short_epochs, *recipe)
k_mse = k_history["val_mse"][-1]
k_codes = np.asarray(k_model.layers[0](x_valid[:1000]))
active = np.count_nonzero(k_codes, axis=1)
print(f"k-sparse: {active.min()} to {active.max()} of {CODES} active", end="   ")
print(f"validation MSE {k_mse:.5f}")

# %% [markdown]
# With 30 of 300 codes, linear ones, the error after the same short training is 0.0117<!-- k_sparse_val_mse -->. The
# number of active units is exact, and which they are differs from garment to garment.

# %% [markdown]
# ## Binary codes by heavy noise
# Noise of standard deviation 15 in front of a sigmoid leaves the network one way to get a message
# through: drive each code far to one side, to 0 or 1. Batch normalisation centres the codes first,
# so that each bit is on half of the time and none is wasted. At inference the noise is silent, and
# rounding gives a hash of 16 bits (semantic hashing, Salakhutdinov and Hinton, 2009). Keras 3
# refuses `GaussianNoise(15)`, which the textbook uses: noise of 1, scaled by 15, is the same.

# %%
hashing_encoder = keras.Sequential(
    [
        *(keras.Input((28, 28, 1)), layers.Flatten()),
        layers.Dense(HIDDEN_UNITS, activation="relu"),
        *(layers.Dense(BITS), layers.BatchNormalization()),
        layers.GaussianNoise(1.0),
        layers.Rescaling(15.0),
        layers.Activation("sigmoid"),
    ]
)
hashing_decoder = keras.Sequential(
    [
        *(keras.Input((BITS,)), layers.Dense(HIDDEN_UNITS, activation="relu")),
        layers.Dense(28 * 28, activation="sigmoid", dtype="float32"),
        layers.Reshape((28, 28, 1), dtype="float32"),
    ]
)
hashing_model = keras.Sequential([hashing_encoder, hashing_decoder])
hashing_history = train(hashing_model, x_train, hashing_epochs, *recipe)
hashing_mse = hashing_history["val_mse"][-1]
soft = np.asarray(hashing_encoder(x_train[:N_DATABASE]))
print(f"validation MSE {hashing_mse:.5f}   codes within 0.1 of 0 or 1: ", end="")
print(f"{np.mean((soft < 0.1) | (soft > 0.9)):.0%}   bits on: {np.mean(soft > 0.5):.0%}")

# %% [markdown]
# Now retrieval: for each query we look for the 20 nearest database images, by Hamming distance of
# the bits, by Euclidean distance of the 784 pixels, and at random. Precision is the share of them
# that are of the query's kind. Ties between equal hashes are broken at random.


# %%
def precision(distances, database_labels, query_labels, k, rng):
    """Share of the k nearest that carry the query's label; distances are (queries, database)."""
    jitter = rng.random(distances.shape) * 1e-3
    nearest = np.argpartition(distances + jitter, k, axis=1)[:, :k]
    return np.mean(database_labels[nearest] == query_labels[:, None])


bits = (soft > 0.5).astype("float32")
queries, query_labels = x_valid[:N_QUERIES], images.y_valid[:N_QUERIES]
query_bits = (np.asarray(hashing_encoder(queries)) > 0.5).astype("float32")
hamming = query_bits @ (1 - bits).T + (1 - query_bits) @ bits.T
pixels, query_pixels = (x.reshape(len(x), -1) for x in (x_train[:N_DATABASE], queries))
squared = (pixels**2).sum(axis=1) - 2 * query_pixels @ pixels.T
rng, labels = np.random.default_rng(run.seed), images.y_train[:N_DATABASE]
hashing_precision, pixel_precision, chance = (
    precision(d, labels, query_labels, 20, rng) for d in (hamming, squared, 0 * hamming)
)
print(f"precision of the 20 nearest: {BITS} bits {hashing_precision:.3f}", end="   ")
print(f"784 pixels {pixel_precision:.3f}   chance {chance:.3f}")

# %%
found = np.argsort(hamming + 1e-3 * rng.random(hamming.shape), axis=1)[:6, :7]
rows = np.concatenate(
    [np.concatenate([queries[i : i + 1], x_train[j]]) for i, j in enumerate(found)]
)
titles = ["query", *(["found"] * 7)] * 6
gk.plot_images(rows, columns=8, titles=titles, title=f"Nearest garments by {BITS} bits")
plt.show()

# %% [markdown]
# Nearly every code ends at 0 or 1. Of the 20 garments nearest by 16 bits,
# 65 %<!-- hashing_precision_percent --> are of the query's kind; chance finds
# 10 %<!-- chance_precision_percent -->, all 784 pixels 78 %<!-- pixel_precision_percent -->. In the picture shapes hold and
# prints do not: sandals find sandals, bags bags, T-shirts those with any print.
# Two bytes a garment are no match for 784, but a table of hashes answers without comparing anything.

# %% [markdown]
# ## Check

# %%
assert abs(kl_30_to_10 - 0.1163) < 1e-4, "the slides' example came out another"
assert (active == CODES // 10).all(), "the k-sparse model has not k active units"
assert hashing_precision > 2 * chance, "the bits find no more than chance does"
assert activity[0] > activity[-1], "training did not lower the activity"
if not QUICK:
    assert max(l1_mse, kl_mse, k_mse) < mean_mse / 4, "a sparse model lost to a fair bar"
    assert abs(kl_mean_activation - 0.1) < 0.02, "the mean activation is not at the target"
    assert l1_mean_activation < codes["no penalty"].mean(), "l1 made nothing sparser"
if not QUICK and whole:
    assert l1_mse <= 0.0096 and kl_mse <= 0.0072, f"l1 {l1_mse:.5f}, KL {kl_mse:.5f}"

gk.record(
    "06_sparse_autoencoders",
    kl_val_mse=kl_mse,
    kl_val_loss=kl_loss,
    kl_mean_activation=kl_mean_activation,
    kl_first_activation=activity[0],
    kl_30_to_10_nats=kl_30_to_10,
    l1_val_mse=l1_mse,
    l1_val_loss=l1_loss,
    l1_mean_activation=l1_mean_activation,
    plain_val_mse=plain_history["val_mse"][-1],
    plain_mean_activation=codes["no penalty"].mean(),
    k_sparse_val_mse=k_mse,
    lowest_target_val_mse=curve[0, 1],
    highest_target_val_mse=curve[-1, 1],
    hashing_val_mse=hashing_mse,
    hashing_precision=hashing_precision,
    hashing_precision_percent=100 * hashing_precision,
    pixel_precision_percent=100 * pixel_precision,
    chance_precision_percent=100 * chance,
    l1_silent_percent=100 * np.mean(codes["l1"] < 0.05),
    kl_silent_percent=100 * np.mean(codes["KL"] < 0.05),
    seconds=time.perf_counter() - START,
)

# %% [markdown]
# ## What to remember
# - A penalty on activity is a layer that passes the codes on and adds to the loss. Report the loss
#   with and without it.
# - l1 charges each activation and makes most of them silent; KL holds each unit's mean to a target.
# - A mean says little: look at the histogram before calling a code sparse.
# - Codes near a target far from one half are a faint signal: start them there, and rescale for the decoder.
# - Heavy noise in front of a sigmoid makes codes binary, and bits find similar garments.
#
# ## Exercises
# 1. *(easy)* Set the l1 weight to 1e-3. How many codes stay silent, and what does it cost?
# 2. *(easy)* Leave `Rescaling(10.0, offset=-1.0)` out of the decoder. How much error is that?
# 3. *(medium)* Draw the weights that lead from the six strongest units through the decoder to the
#    pixels. Hint: decode a code of `0.1` everywhere, then again with one unit raised, and subtract.
# 4. *(medium)* Retrieval with 8, 32 and 64 bits: where do the bits catch up with the pixels?
# 5. *(hard)* Count each unit over a running mean of many batches instead of one. Does the KL penalty
#    work with batches of 16 then? Hint: a non-trainable weight, updated in `call`.
#
# ## References
# - A. Ng, Sparse Autoencoder, CS294A lecture notes, 2011.
# - A. Makhzani and B. Frey, k-Sparse Autoencoders, ICLR 2014.
# - R. Salakhutdinov and G. Hinton, Semantic Hashing, *Int. J. of Approximate Reasoning*, 2009.
# - A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras and TensorFlow*, 3rd ed., ch. 17.
