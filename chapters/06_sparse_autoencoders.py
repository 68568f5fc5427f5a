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
# Suppose you describe people to somebody who has to recognize them. You would not list thirty measurements. You would name two or three striking features, such as a red beard or a walking stick. A *sparse* code works like that. It has many units, and each example activates only a
# few of them. Researchers who want to know what goes on inside large language models use sparse autoencoders today, in the hope that single
# units of a sparse code are easier to interpret. In this chapter we build them in three ways, and check for each of them whether the code is sparse in the
# sense we had in mind. At the end, codes of 16 bits will find similar garments in a collection of 20,000.
#
# | | |
# |---|---|
# | Slides | *Autoencoders dispersos*; *Divergencia Kullback–Leibler*; *Sparsity loss* (figure 8) |
# | Textbook | Hands-On Machine Learning, chapter 17, "Sparse Autoencoders" |
# | Result | An l1 penalty leaves about 99<!-- l1_active_units --> of 300 units effectively active per image (Treves-Rolls measure), where 249<!-- plain_active_units --> are active without it; the squared error on test images rises from 0.0053<!-- plain_test_mse --> to 0.0076<!-- l1_test_mse --> |
# | Time | 235 s<!-- seconds --> on two CPU cores; not measured on a GPU |
# | Data | Fashion-MNIST: 55,000 images to train, 5,000 to validate, 10,000 to test; or the bundled sixth of it |

# %% [markdown]
# ## Setup
# Everything below needs this cell. Libraries that a single section needs are imported there.

# %%
import time

import genkeras as gk
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, ops

START = time.perf_counter()
run = gk.setup(seed=42)

# %% [markdown]
# ## Parameters
# These settings control how long the notebook takes.

# %% quick={"EPOCHS": 2, "EPOCHS_SAMPLE": 2, "HASHING_EPOCHS": 2, "HASHING_EPOCHS_SAMPLE": 2, "JIT_COMPILE": false, "K_VALUES": [30], "L1_WEIGHTS": [0.0001], "N_DATABASE": 1000, "N_QUERIES": 50, "N_TRAIN": 1500, "QUICK": true, "SEEDS": 1, "SHORT_EPOCHS": 1, "SHORT_EPOCHS_SAMPLE": 1} tags=["parameters"]
QUICK = False  # True: a run that shows how it works, too short to prove anything
N_TRAIN = None  # training images; None takes all there are
CODES = 300  # units of the coding layer
HIDDEN_UNITS = 400  # in the hidden layer on each side of the code; GPU: 1000
EPOCHS = 7  # passes of the main models over the full training set; GPU: 30
EPOCHS_SAMPLE = 24  # the same for the bundled sample, which has a sixth of the images
L1_WEIGHTS = [3e-5, 1e-4, 3e-4, 1e-3]  # weights of the l1 penalty that are compared
K_VALUES = [10, 30, 100]  # numbers of codes that the k-sparse autoencoders keep
SHORT_EPOCHS = 2  # passes of each of these models; GPU: 10
SHORT_EPOCHS_SAMPLE = 12  # the same for the bundled sample
BITS = 16  # length of the hashes
HASHING_EPOCHS = 4  # passes of the hashing autoencoder; GPU: 20
HASHING_EPOCHS_SAMPLE = 24  # the same for the bundled sample
SEEDS = 2  # repetitions of the hashing autoencoder
N_DATABASE = 20_000  # images that are searched
N_QUERIES = 1000  # images that are searched for
BATCH_SIZE = 128  # GPU: 512
PEAK_RATE = 2e-3  # highest learning rate of the schedule
JIT_COMPILE = True  # XLA, which speeds up dense models

# %%
images = gk.load_images(n_train=N_TRAIN)
full_data = images.source == "tfds"
x_train, x_valid, x_test = images.x_train, images.x_valid, images.x_test
epochs = EPOCHS if full_data else EPOCHS_SAMPLE
short_epochs = SHORT_EPOCHS if full_data else SHORT_EPOCHS_SAMPLE
hashing_epochs = HASHING_EPOCHS if full_data else HASHING_EPOCHS_SAMPLE

# %% [markdown]
# ## An autoencoder with room to spare
# So far the code was small. Now we give it 300 units, ten times as many as before (though still fewer than there are pixels), and add a penalty on their *activity* to the loss. As the
# slides suggest, the coding layer has a sigmoid activation, so that each unit lies between 0 (inactive) and 1 (fully active). Behind it we put a layer
# that passes the codes on unchanged, but adds a penalty to the loss. Only this layer will change between the first three models.

# %% alt="Diagram: 784 pixels, 400 hidden units, 300 sigmoid codes, the penalty layer with the same 300 values, 400 hidden units, 784 pixels."
gk.plot_network(
    [
        ("image\n784", 784),
        (f"hidden, ReLU\n{HIDDEN_UNITS}", HIDDEN_UNITS),
        (f"code, sigmoid\n{CODES}", CODES),
        (f"penalty on\nactivity, {CODES}", CODES),
        (f"hidden, ReLU\n{HIDDEN_UNITS}", HIDDEN_UNITS),
        ("reconstruction,\nsigmoid, 784", 784),
    ],
    parts={"encoder": (0, 3), "decoder": (3, 5)},
    title="The sparse autoencoder",
)
plt.show()

# %% [markdown]
# Two details are meant to help with training. Sigmoid units start near one half, which is far from sparse, so we set the bias of the coding layer such that all units start near
# 0.3<!-- setting -->. And codes that mostly lie near 0.1<!-- setting -->, as we will ask for, are a weak signal for the next layer. Therefore the decoder first multiplies them by 10 and subtracts 1, which
# brings a mean of 0.1<!-- setting --> to about 0. (This suits the KL model below; for the others the mean is then not 0.)


# %%
def build_autoencoder(penalty, rescale=True):
    """784-400-300-400-784 with sigmoid codes and a layer that adds a penalty on them."""
    bias = np.log(0.3 / 0.7)  # sigmoid(bias) is 0.3
    encoder = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(HIDDEN_UNITS, activation="relu"),
            layers.Dense(
                CODES,
                activation="sigmoid",
                bias_initializer=keras.initializers.Constant(bias),
                name="codes",
                dtype="float32",
            ),
            penalty,
        ],
        name="encoder",
    )
    decoder = keras.Sequential(
        [
            keras.Input((CODES,)),
            layers.Rescaling(10.0, offset=-1.0) if rescale else layers.Identity(),
            layers.Dense(HIDDEN_UNITS, activation="relu"),
            layers.Dense(28 * 28, activation="sigmoid", dtype="float32"),
            layers.Reshape((28, 28, 1), dtype="float32"),
        ],
        name="decoder",
    )
    return keras.Sequential([encoder, decoder])


def compile_model(model, epochs):
    """Squared error plus what the layers add; the metric "mse" is the squared error alone."""
    steps = epochs * int(np.ceil(len(x_train) / BATCH_SIZE))
    model.compile(
        loss="mse",
        metrics=["mse"],
        optimizer=keras.optimizers.Nadam(gk.warmup_cosine(PEAK_RATE, steps)),
        steps_per_execution=min(20, steps),
        jit_compile=JIT_COMPILE,
    )


# %% [markdown]
# We start with a model without any penalty (the layer `Identity` only passes its input on). It is the control for everything that follows.

# %%
fit_settings = {
    "batch_size": BATCH_SIZE,
    "validation_data": (x_valid, x_valid),
    "validation_batch_size": 1000,
    "verbose": 0,
}
keras.utils.set_random_seed(run.seed)
plain_model = build_autoencoder(layers.Identity())
compile_model(plain_model, epochs)
plain_history = plain_model.fit(x_train, x_train, epochs=epochs, **fit_settings).history
print(f"no penalty: validation MSE {plain_history['val_mse'][-1]:.5f}")

# %% [markdown]
# ## An l1 penalty
# The simplest price for activity is proportional to it: $\lambda \sum_j |z_j|$, summed over the units and averaged over the batch. Keras has a layer for this,
# `ActivityRegularization`. The loss that `fit` reports now includes the penalty, as in the textbook; the metric `mse` does not.

# %%
keras.utils.set_random_seed(run.seed)
l1_model = build_autoencoder(layers.ActivityRegularization(l1=1e-4))
compile_model(l1_model, epochs)
l1_history = l1_model.fit(x_train, x_train, epochs=epochs, **fit_settings).history
print(f"l1: validation MSE {l1_history['val_mse'][-1]:.5f}, ", end="")
print(f"with the penalty {l1_history['val_loss'][-1]:.5f}")

# %% [markdown]
# ## The Kullback-Leibler divergence as a penalty
# An l1 penalty only pushes down. Could we ask for a certain activity instead, for instance 10 %? The slides measure how active each unit is on average over the batch, call it $q$, and compare this
# with the target $p$. Treat each unit as a Bernoulli variable that is active with probability $q$ and should be active with probability $p$. The Kullback-Leibler divergence
# $D_{KL}(P\|Q) = \sum_i P_i \log \frac{P_i}{Q_i}$ measures how much two distributions differ, and for two Bernoulli variables it has two terms:
#
# $$D_{KL}(p\|q) = p \log \frac{p}{q} + (1-p) \log \frac{1-p}{1-q}$$


# %%
def bernoulli_kl(p, q):
    """D_KL in nats between Bernoulli variables with probabilities p and q."""
    return p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))


kl_30_to_10 = bernoulli_kl(0.1, 0.3)
print(f"target 10 %, measured 30 %: {kl_30_to_10:.4f} nats per unit")

# %% alt="Three curves of cost against mean activation from 0 to 1, all zero at the target 0.1. The KL divergence rises steeply towards 0 and above 0.5; the absolute difference is a straight line on each side; the squared difference is the lowest on the right of the target."
q = np.linspace(0.005, 0.995, 400)
figure, axis = plt.subplots(figsize=(8, 3.4), layout="constrained")
axis.plot(q, bernoulli_kl(0.1, q), label="KL divergence")
axis.plot(q, np.abs(q - 0.1), "--", label="absolute difference (MAE)")
axis.plot(q, (q - 0.1) ** 2, ":", label="squared difference (MSE)")
axis.axvline(0.1, color="0.6", lw=1)
axis.set(xlabel="mean activation q of a unit", ylabel="cost", ylim=(0, 1))
axis.set_title("Cost of an activity that is not the target, 0.1", fontsize=11)
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# In the example of the slides, the activity is 30 % and the target is 10 %. That costs 0.116<!-- kl_30_to_10_nats --> nats per unit. The figure, the same as figure 8 of the slides, shows why
# the slides prefer this penalty to simpler ones. Above an activity of about one third its slope is the steepest of the three, so it pulls a unit back more strongly. Close
# to the target it behaves like a squared difference (five to six times as large): its slope vanishes at the target, while that of the absolute difference does not. Note that the figure compares the three with equal weights. With a larger weight the squared difference would be as steep over most of the range. What no weight gives it is the unbounded rise near 0 and near 1.
#
# As a layer, it takes the mean over the batch, applies the formula, and adds the sum over the units to the loss.


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
# Now we run the slides' example. All units start with a mean activation of 30 %, the target is 10 %, and after each epoch we note the mean activation on validation
# images. (A mean of 30 % does not yet tell whether a unit is fully active for 30 % of the images. We come back to this.)


# %%
class RecordActivity(keras.callbacks.Callback):
    """Mean activation of an encoder's codes for some images, before training and after each epoch."""

    def __init__(self, encoder, x):
        super().__init__()
        self.encoder, self.x = encoder, x
        self.activity = []

    def on_train_begin(self, logs=None):
        self.activity.append(float(ops.mean(self.encoder(self.x))))

    def on_epoch_end(self, epoch, logs=None):
        self.activity.append(float(ops.mean(self.encoder(self.x))))


keras.utils.set_random_seed(run.seed)
penalty = KLDivergenceActivityRegularization(target=0.1, weight=5e-3)
kl_model = build_autoencoder(penalty)
recorder = RecordActivity(kl_model.layers[0], x_valid[:1000])
compile_model(kl_model, epochs)
kl_history = kl_model.fit(
    x_train, x_train, epochs=epochs, callbacks=[recorder], **fit_settings
).history
print(f"KL: validation MSE {kl_history['val_mse'][-1]:.5f}, ", end="")
print(f"with the penalty {kl_history['val_loss'][-1]:.5f}")
print("mean activation by epoch: " + ", ".join(f"{a:.3f}" for a in recorder.activity))

# %% [markdown]
# One epoch is enough to bring the mean activation from 30 % down to 10 %, where it stays. The penalty therefore does what it was built for, and it adds almost
# nothing to the loss any more. The reconstruction error, 0.0069<!-- kl_val_mse -->, is higher than the 0.0053<!-- plain_val_mse --> without a penalty and lower than the 0.0075<!-- l1_val_mse --> with the l1
# penalty. That does not make KL the better method, since we did not tune the two weights, and a larger weight would give a larger error. To
# compare them, we first have to know how sparse the codes are. But let's look at what the models do, first at their reconstructions.

# %% alt="Four rows of ten garments: originals and the reconstructions of the models without penalty, with l1 and with KL. The prints, the checks and the straps of the sandals are blurred in all three."
models = {"no penalty": plain_model, "l1": l1_model, "KL": kl_model}
shown = x_valid[:10]
rows = {name: np.asarray(model(shown)) for name, model in models.items()}
gk.plot_reconstructions(shown, rows, title="Ten validation garments, rebuilt from 300 codes")
plt.show()

# %% [markdown]
# In all three rows the straps of the sandals are blurred and the bag is smeared. The model without a penalty keeps most of the print in the ninth column. Now look at the 300 activations that the three encoders compute for one of these garments, the ankle boot in the third column.

# %% alt="Three bar charts of 300 activations for one image. Without penalty most bars lie between 0.1 and 0.6; with l1 most are close to zero and a few are tall; with KL most are below 0.2, with a few taller ones."
figure, axes = plt.subplots(3, 1, figsize=(8, 4), layout="constrained", sharex=True, sharey=True)
for axis, (name, model) in zip(axes, models.items(), strict=True):
    axis.bar(np.arange(CODES), np.asarray(model.layers[0](x_valid[2:3]))[0], width=1.0)
    axis.set(ylabel=name, ylim=(0, 1))
axes[-1].set(xlabel="unit of the code")
figure.suptitle("Activations for one ankle boot", fontsize=11)
plt.show()

# %% [markdown]
# ## Is it sparse?
# A mean activation of 10 % can come about in very different ways. Perhaps every unit is at 0.1<!-- setting --> all the time. Or each is fully active for a tenth of the images. Or a tenth of
# the units are always active and the others never. Only the second is what we had in mind. The bars above give a first impression; now we look at the distribution of single
# activations, and at the mean of each unit.

# %% alt="Two histograms for three models. Left, single activations on a logarithmic scale: l1 has the most near 0; KL has its maximum near 0.06 and almost nothing above one half; without penalty the maximum is near 0.2 and the values reach 0.9. Right, mean activation of each unit: broad around 0.3 without penalty, most units near 0 with l1, a narrow peak at 0.1 with KL."
codes = {name: np.asarray(model.layers[0](x_valid)) for name, model in models.items()}
figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
for name, z in codes.items():
    axes[0].hist(z.ravel(), bins=40, range=(0, 1), density=True, histtype="step", label=name)
    axes[1].hist(z.mean(axis=0), bins=40, range=(0, 1), histtype="step", label=name)
axes[0].set(title="single activations", xlabel="activation", ylabel="density", yscale="log")
axes[1].set(
    title="mean activation of each unit", xlabel="mean over validation images", ylabel="units"
)
axes[1].legend(frameon=False)
plt.show()

# %% [markdown]
# The right panel shows that KL has brought every unit to a mean near 0.1<!-- setting -->, as we asked. Without a penalty the means are spread around the 0.3<!-- setting --> that the units started with. With l1 many units have a mean of practically zero, and the
# others have means up to about 0.12<!-- setting -->.
#
# The left panel answers our question. None of the three models has units that are fully active for a tenth of the images. But with l1 more than half of the activations lie in the first bar of the histogram, below 0.025<!-- setting -->, while those of the KL model have their maximum below 0.1<!-- setting -->: its units hardly ever
# switch off. In the bar chart above, its code has a few tall bars and many low ones, but hardly any zeros.
#
# Let's put a number on it. Neuroscientists have a measure for this, which needs no threshold (Treves and Rolls, 1991; Vinje and Gallant, 2000). For $n$ activations $z_1, ..., z_n$ it is
#
# $$a = \frac{\left(\frac{1}{n}\sum_i z_i\right)^2}{\frac{1}{n}\sum_i z_i^2}$$
#
# If all activations are equal, $a = 1$. If a share $s$ of them is 1 and the others are 0, $a = s$. So we can read $a$ as an *effective* share of active units. For graded activations it depends on how unequal they are: if they are spread evenly between 0 and 1, $a$ is 0.75<!-- setting -->, and if they follow an exponential distribution, 0.5<!-- setting -->. It can be computed in two directions: for
# each *image*, over the units (population sparseness), and for each *unit*, over the images (lifetime sparseness). Multiplied by the number of units, the first is the number of active units per image. We leave out
# units that are always active (mean above 0.9<!-- setting -->), and, in the second direction, those that are always silent (mean below 0.001<!-- setting -->).
#
# Our decoder multiplies the codes by 10, which makes it easy to read small differences around 0.1<!-- setting -->. Perhaps only this allows the KL code to hover there. As a control, we train the KL model
# once more without this layer.


# %% alt="Two histograms for three models. Left, number of active units per image: l1 lies between 50 and 170, KL and no penalty between 150 and 300. Right, share of the images for which a unit is active: l1 is spread from 0.05 to 0.8, KL has its peak near 0.8 and no penalty near 0.9."
def active_share(z, axis):
    """Treves-Rolls measure of activations z along an axis: the share that is active."""
    return z.mean(axis=axis) ** 2 / (z**2).mean(axis=axis)


active_units, image_share = {}, {}
for name, z in codes.items():
    unit_means = z.mean(axis=0)
    silent, constant = unit_means < 1e-3, unit_means > 0.9
    active_units[name] = active_share(z[:, ~constant], axis=1) * np.sum(~constant)
    image_share[name] = active_share(z[:, ~constant & ~silent], axis=0)
    print(
        f"{name:11} mean activation {z.mean():.3f}, {active_units[name].mean():3.0f} units ", end=""
    )
    print(
        f"active per image, each unit for {100 * image_share[name].mean():.0f} % of the images; ",
        end="",
    )
    print(f"{np.sum(silent)} units silent, {np.sum(constant)} always active")

keras.utils.set_random_seed(run.seed)
control = build_autoencoder(KLDivergenceActivityRegularization(0.1, 5e-3), rescale=False)
compile_model(control, epochs)
control.fit(x_train, x_train, epochs=epochs, batch_size=BATCH_SIZE, verbose=0)
control_codes = np.asarray(control.layers[0](x_valid))
control_active = np.mean(active_share(control_codes, axis=1)) * CODES
print(f"KL without rescaling in the decoder: mean activation {control_codes.mean():.3f}, ", end="")
print(f"{control_active:.0f} units active per image")

figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
for name in codes:
    axes[0].hist(active_units[name], bins=40, range=(0, CODES), histtype="step", label=name)
    axes[1].hist(image_share[name], bins=40, range=(0, 1), histtype="step", label=name)
axes[0].set(title="per image", xlabel=f"active units (of {CODES})", ylabel="images")
axes[1].set(title="per unit", xlabel="share of the images that activate it", ylabel="units")
axes[1].legend(frameon=False, loc="upper left")
plt.show()

# %% [markdown]
# By this measure, 249<!-- plain_active_units --> of the 300 units are effectively active per image without a penalty, 241<!-- kl_active_units --> with KL, and 99<!-- l1_active_units --> with l1. Of the two penalties, only l1 has made the codes much sparser. It did so in two ways: 103<!-- l1_silent_units --> of its units are
# silent (none without a penalty), and the others are more selective. On average each of them is active for 52 %<!-- l1_image_share_percent --> of the images, where
# the units of the unpenalized model are active for 85 %<!-- plain_image_share_percent -->.
#
# The KL code, in contrast, is hardly sparser than the one without a penalty, although its mean activation is only a third. Our measure counts a unit that stays near 0.1<!-- setting --> for every image as active. We want that,
# since such a unit does not distinguish between images. The decoder may have a part in this: without the layer that rescales the codes, the KL code has 185<!-- kl_control_active_units --> active units per image. That is still
# far more than the tenth that the target suggests. (We have no model without a penalty and without this layer, so we cannot say how much of it is due to the penalty.) So be careful when you read that a penalty "makes
# codes sparse": look at the single activations. (One training and one weight for each penalty; exercise 1 tries others, and exercise 2 adds what is missing.)

# %% [markdown]
# ## What do single units stand for?
# Sparse units are said to be easier to interpret. To see what a unit stands for, we look at the eight images that activate it most, for two units drawn at random from an untrained encoder and from each of the three
# models. And we put a number on it: among the hundred images that activate a unit most, how many belong to the most frequent class? We compute it for every
# unit of the three models that is not silent, and, as a control, for the units of an encoder that was never trained.


# %% alt="Eight rows of eight garments, two for each of an untrained encoder, no penalty, l1 and KL. In all of them most rows show garments of similar shape or brightness."
def purity(z, labels, n=100):
    """For each unit the share of the most frequent class among the n images that excite it most."""
    shares = []
    for unit in range(z.shape[1]):
        strongest = np.argsort(-z[:, unit])[:n]
        shares.append(np.bincount(labels[strongest], minlength=10).max() / n)
    return np.array(shares)


rng = np.random.default_rng(run.seed)
keras.utils.set_random_seed(run.seed + 1)
untrained_codes = np.asarray(build_autoencoder(layers.Identity()).layers[0](x_valid))
purities, strongest_images = {}, {}
for name, z in {"untrained": untrained_codes, **codes}.items():
    active_codes = z[:, z.mean(axis=0) > 1e-3]
    purities[name] = purity(active_codes, images.y_valid)
    for number, unit in enumerate(rng.choice(active_codes.shape[1], 2, replace=False)):
        strongest = np.argsort(-active_codes[:, unit])[:8]
        strongest_images[f"{name}\nunit {number + 1}"] = x_valid[strongest]
gk.plot_rows(strongest_images, title="The eight images that activate a unit most; two units each")
plt.show()
for name, shares in purities.items():
    low, middle, high = np.percentile(100 * shares, [25, 50, 75])
    print(f"{name:11} most frequent class among the top 100: median {middle:.0f} % ", end="")
    print(f"(half of the units between {low:.0f} and {high:.0f} %)")

# %% [markdown]
# Many rows look as if the unit had a meaning: ankle boots, sandals with high heels, T-shirts. But look at the control: even in an encoder that was never trained, there is a unit that mostly prefers handbags, and the median unit has 43 %<!-- untrained_purity_percent --> of
# its hundred strongest images in one class, because images of one class resemble each other. In our trained model without a penalty it is higher, 52 %<!-- plain_purity_percent -->. With l1 it is 50 %<!-- l1_purity_percent --> and with
# KL 51 %<!-- kl_purity_percent -->. The three trained medians lie close together, and we trained each model once, so we cannot say that a sparse code made single units easier to interpret here. In the figure the two cleanest rows, ankle boots and high heels, even belong to the model *without* a penalty. One possible explanation is that
# these codes are not sparse enough, since even the l1 units are effectively active for half of the images. Perhaps it also takes more units; the sparse autoencoders for language models have millions. Exercise 5 tries codes that are really sparse.

# %% [markdown]
# ## Keeping the k largest
# There is a way to make a code sparse *by construction*: compute linear codes, keep the $k$ largest, and set the others to zero. This is the k-sparse autoencoder (Makhzani and Frey, 2013), and the sparse
# autoencoders for language models mentioned above often work this way. There is no penalty and no weight to choose.
#
# In code, `top_k` returns the positions of the $k$ largest values, from which we make a mask of zeros and ones. (It would be shorter to keep all values that reach the $k$-th largest. But two values
# can be equal, especially in half precision, and then more than $k$ would be kept.)


# %%
@keras.saving.register_keras_serializable("genkeras")
class TopK(layers.Layer):
    """Keep the k largest of (batch, units) codes and set the others to zero."""

    def __init__(self, k, **kwargs):
        super().__init__(**kwargs)
        self.k = k

    def call(self, codes):
        _, positions = ops.top_k(codes, self.k)
        mask = ops.sum(ops.one_hot(positions, codes.shape[-1], dtype=codes.dtype), axis=-2)
        return codes * mask

    def get_config(self):
        return {**super().get_config(), "k": self.k}


def build_k_sparse(k):
    """784-400-300-400-784 with linear codes, of which the k largest are kept."""
    encoder = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(HIDDEN_UNITS, activation="relu"),
            layers.Dense(CODES, dtype="float32"),
            TopK(k),
        ]
    )
    decoder = keras.Sequential(
        [
            keras.Input((CODES,)),
            layers.Dense(HIDDEN_UNITS, activation="relu"),
            layers.Dense(28 * 28, activation="sigmoid", dtype="float32"),
            layers.Reshape((28, 28, 1), dtype="float32"),
        ]
    )
    return keras.Sequential([encoder, decoder])


# %% [markdown]
# ## What does sparsity cost?
# With $k$ we choose the number of active units directly; with l1 we choose a weight and measure the number afterwards. To compare both methods we apply the measure from above to both. (The codes
# that are kept can be negative, so for them we take absolute values.) All models train for the same number of epochs, from the same seed, with the same learning rate.


# %%
def train_shortly(model):
    """Train a model for SHORT_EPOCHS and return its validation MSE and its codes."""
    compile_model(model, short_epochs)
    model.fit(x_train, x_train, batch_size=BATCH_SIZE, epochs=short_epochs, verbose=0)
    mse = float(np.mean((np.asarray(model(x_valid)) - x_valid) ** 2))
    return mse, np.asarray(model.layers[0](x_valid))


l1_active, l1_mse = [], []
for weight in [0.0, *L1_WEIGHTS]:
    keras.utils.set_random_seed(run.seed)
    mse, z = train_shortly(build_autoencoder(layers.ActivityRegularization(l1=weight)))
    z = z[:, z.mean(axis=0) < 0.9]
    l1_mse.append(mse)
    l1_active.append(np.mean(active_share(z, axis=1) * z.shape[1]))
    print(f"l1 weight {weight:7.5f}: {l1_active[-1]:3.0f} active units, validation MSE {mse:.5f}")
keras.utils.set_random_seed(run.seed)
untrained_k_codes = np.asarray(build_k_sparse(K_VALUES[0]).layers[0](x_valid))
untrained_k_used = int(np.sum(np.any(untrained_k_codes != 0, axis=0)))
print(f"before training, k = {K_VALUES[0]}: {untrained_k_used} of {CODES} units used")
k_active, k_mse, k_used = [], [], []
for k in K_VALUES:
    keras.utils.set_random_seed(run.seed)
    mse, z = train_shortly(build_k_sparse(k))
    assert (np.count_nonzero(z, axis=1) == k).all(), "an image with more or fewer active units"
    k_mse.append(mse)
    k_used.append(np.sum(np.any(z != 0, axis=0)))
    k_active.append(np.mean(active_share(np.abs(z), axis=1)) * CODES)
    print(f"k = {k:3}: {k_active[-1]:3.0f} active units, validation MSE {mse:.5f}; ", end="")
    print(f"{k_used[-1]} of {CODES} units used by some validation image")

# %% alt="Validation error against the number of active units per image, for l1 with five weights and for k-sparse autoencoders with three values of k. Both curves fall as more units are active."
figure, axis = plt.subplots(figsize=(8, 3.4), layout="constrained")
axis.plot(l1_active, l1_mse, "o-", label=f"l1, weight from 0 (right) to {max(L1_WEIGHTS)} (left)")
axis.plot(k_active, k_mse, "s-", label=f"k-sparse, k = {K_VALUES}")
axis.set(xlabel="active units per image (Treves-Rolls)", ylabel="validation MSE", xlim=(0, None))
axis.set_title(f"Error and number of active units, after {short_epochs} epochs", fontsize=11)
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# For both methods, the sparser the code, the larger the error. With two epochs and no penalty, 231<!-- no_penalty_active_units --> units are active and the error is 0.0096<!-- no_penalty_short_mse -->; with the largest weight only 12<!-- largest_weight_active_units --> are, and the error is 0.0177<!-- largest_weight_mse -->. The
# curves of the two methods cross. With few active units the k-sparse autoencoder has the lower error, with many the l1 model. (Single runs, far from converged, and the two kinds of codes differ in more than sparsity, so do not take small
# differences seriously.)
#
# The printed output shows a weakness of the k-sparse autoencoder: with $k = 10$ only 30<!-- smallest_k_used_units --> of the 300 units are used by any of the validation images. Before training it was 182<!-- untrained_k_used_units -->, so most units died. A unit that is not among the $k$ largest contributes nothing
# to the reconstruction and gets no gradient of its own, so it rarely comes back. The authors propose to start with a larger $k$ and to lower it during
# training, and for the large models mentioned above extra terms in the loss revive such "dead" units (Gao et al., 2024).

# %% [markdown]
# ## Binary codes that find similar images
# If codes are to be stored and compared by the million, it helps if they are bits. A hashing autoencoder (the idea is from Salakhutdinov and Hinton, 2009; the 16 bits are the textbook's) has sigmoid units and adds strong
# noise *before* the sigmoid. Information survives this noise only if the value before the sigmoid is large in magnitude, where the sigmoid is close to 0 or 1. At
# inference there is no noise, and rounding gives a hash of 16 bits.
#
# The textbook uses `GaussianNoise(15)`, which Keras 3 refuses, as it accepts standard deviations up to 1. We add noise of 1 and multiply by 15 afterwards. (This is not the same model: behind the normalization, signal and noise have about the same size.) The batch
# normalization in front of it is meant to keep each unit active for about half of the images, because a bit that is always on tells us nothing.

# %% alt="Diagram: 784 pixels, 400 hidden units, 16 values with batch normalization, noise and scaling, 16 sigmoid codes, 400 hidden units, 784 pixels."
gk.plot_network(
    [
        ("image\n784", 784),
        (f"hidden, ReLU\n{HIDDEN_UNITS}", HIDDEN_UNITS),
        (f"{BITS} values,\nnormalized, noisy", BITS),
        (f"sigmoid,\n{BITS} bits", BITS),
        (f"hidden, ReLU\n{HIDDEN_UNITS}", HIDDEN_UNITS),
        ("reconstruction,\nsigmoid, 784", 784),
    ],
    parts={"encoder": (0, 3), "decoder": (3, 5)},
    title="The hashing autoencoder",
)
plt.show()


# %%
def build_hashing_encoder():
    """784-400-16, with noise before the sigmoid during training."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(HIDDEN_UNITS, activation="relu"),
            layers.Dense(BITS),
            layers.BatchNormalization(),
            layers.GaussianNoise(1.0),
            layers.Rescaling(15.0),
            layers.Activation("sigmoid", dtype="float32"),
        ]
    )


def build_hashing_decoder():
    """16-400-784."""
    return keras.Sequential(
        [
            keras.Input((BITS,)),
            layers.Dense(HIDDEN_UNITS, activation="relu"),
            layers.Dense(28 * 28, activation="sigmoid", dtype="float32"),
            layers.Reshape((28, 28, 1), dtype="float32"),
        ]
    )


database, queries = x_train[:N_DATABASE], x_valid[:N_QUERIES]
database_labels, query_labels = images.y_train[:N_DATABASE], images.y_valid[:N_QUERIES]
hashes = {}
for seed in range(SEEDS):
    keras.utils.set_random_seed(seed)
    hashing_encoder = build_hashing_encoder()
    hashing_model = keras.Sequential([hashing_encoder, build_hashing_decoder()])
    compile_model(hashing_model, hashing_epochs)
    hashing_model.fit(x_train, x_train, batch_size=BATCH_SIZE, epochs=hashing_epochs, verbose=0)
    soft = np.asarray(hashing_encoder(database))
    hashes[f"hashing autoencoder, seed {seed}"] = (
        soft > 0.5,
        np.asarray(hashing_encoder(queries)) > 0.5,
    )
saturated = 100 * np.mean((soft < 0.1) | (soft > 0.9))
normal = 15 * np.random.default_rng(run.seed).normal(size=100_000)
saturated_normal = 100 * np.mean(np.abs(normal) > np.log(9))  # where the sigmoid passes 0.1 and 0.9
print(f"codes within 0.1 of 0 or 1: {saturated:.0f} %; ", end="")
print(f"a normal distribution, scaled by 15, would give {saturated_normal:.0f} %")

# %% [markdown]
# Are these bits worth the training? There are simpler ways to get 16 bits from an image. We can take the signs of the first 16 principal components, or the signs of 16 random weighted sums of the
# centered pixels, which is called locality-sensitive hashing. For each query we look up the twenty images in the database whose hashes differ in the fewest bits (ties are broken at random), and count how
# many are of the query's class. The distance between all 784 pixels shows what is possible without hashing.

# %%
from sklearn.decomposition import PCA


def precision_at(distances, k, rng):
    """Share of the k nearest images with the query's label, in %; distances (queries, database)."""
    jitter = rng.random(distances.shape, dtype="float32") * 1e-3
    nearest = np.argpartition(distances + jitter, k, axis=1)[:, :k]
    return 100 * np.mean(database_labels[nearest] == query_labels[:, None])


def hamming(query_bits, database_bits):
    """Number of bits that differ, (queries, database)."""
    a, b = query_bits.astype("float32"), database_bits.astype("float32")
    return a @ (1 - b).T + (1 - a) @ b.T


flat_database, flat_queries = database.reshape(len(database), -1), queries.reshape(len(queries), -1)
pca = PCA(BITS, svd_solver="covariance_eigh").fit(x_train.reshape(len(x_train), -1))
hashes["signs of PCA"] = pca.transform(flat_database) > 0, pca.transform(flat_queries) > 0
rng = np.random.default_rng(run.seed)
for seed in range(SEEDS):
    directions = np.random.default_rng(seed).normal(size=(784, BITS))
    hashes[f"random signs, seed {seed}"] = (
        (flat_database - pca.mean_) @ directions > 0,
        (flat_queries - pca.mean_) @ directions > 0,
    )
precision = {}
for name, (database_bits, query_bits) in hashes.items():
    precision[name] = precision_at(hamming(query_bits, database_bits), 20, rng)
squared = np.sum(flat_database**2, axis=1) - 2 * flat_queries @ flat_database.T
precision["784 pixels"] = precision_at(squared, 20, rng)
precision["chance"] = precision_at(np.zeros_like(squared), 20, rng)
for name, value in precision.items():
    print(f"{name:29} {value:.1f} % of the twenty nearest are of the query's class")

# %% [markdown]
# A hash has one more advantage: images with the *same* hash can be looked up in a table, without comparing anything. The textbook draws images that share a hash. We do so for the six most frequent
# hashes.

# %% alt="Six rows of eight garments. Each row shows images with the same 16 bits; the garments of a row look alike."
database_bits, _ = hashes["hashing autoencoder, seed 0"]
ones = 100 * database_bits.mean(axis=0)
print(f"each bit is on for {ones.min():.0f} to {ones.max():.0f} % of the images")
numbers = database_bits @ (1 << np.arange(BITS))
values, counts = np.unique(numbers, return_counts=True)
rows = {}
for number, value in enumerate(values[np.argsort(-counts)[:6]]):
    members = np.flatnonzero(numbers == value)
    rows[f"hash {number + 1}"] = database[np.resize(members[:8], 8)]
gk.plot_rows(rows, title="Each row: images with the same hash")
plt.show()


def share_in_bucket(bits, labels):
    """Of the pairs of images with equal hash: how many each image has, how many share a label."""
    numbers = bits @ (1 << np.arange(bits.shape[1]))
    same, pairs = 0, 0
    for value in np.unique(numbers):
        counts = np.bincount(labels[numbers == value], minlength=10)
        same += np.sum(counts * (counts - 1))
        pairs += counts.sum() * (counts.sum() - 1)
    return pairs / len(labels), 100 * same / pairs


companions, in_bucket = {}, {}
for name, (database_bits, _) in hashes.items():
    companions[name], in_bucket[name] = share_in_bucket(database_bits, database_labels)
    print(
        f"{name:29} {companions[name]:4.0f} other images have the same hash, on average; ", end=""
    )
    print(f"{in_bucket[name]:.0f} % of them are of the same class")
# %% [markdown]
# In these rows you see garments of one kind: trousers (twice), sandals, sneakers, ankle boots and T-shirts.
#
# What does the noise do? Nearly all codes, 97 %<!-- saturated_percent --> (in the last seed), are close to 0 or 1, so rounding them changes little. Most of this is due to the factor of 15: values with a standard normal
# distribution, as batch normalization would deliver them without any learning, give 88 %<!-- saturated_normal_percent -->. (We have not trained without noise; exercise 4 does.)
#
# Of the twenty nearest images by hash, 66 %<!-- hashing_precision_percent --> are of the query's class. That is far more than with random signs (47 %<!-- random_precision_percent -->) and far less than with
# all 784 pixels (78 %<!-- pixel_precision_percent -->). But the signs of 16 principal components of the same images reach 65 %<!-- pca_precision_percent --> at once, and our two seeds differ by 1.5<!-- hashing_precision_spread --> points. So in this task the
# hashing autoencoder, after four epochs, is no better than PCA as far as we can tell.
#
# An image shares its learned hash with 125<!-- same_hash_companions --> others on average, and its PCA hash with only 15<!-- same_pca_hash_companions -->. The groups of the learned hashes are less
# pure, 76 %<!-- same_hash_percent --> against 84 %<!-- same_pca_hash_percent --> for PCA, but purities at different sizes should not be compared: you may want many candidates or few. Random signs are worse than either. Their groups are about as small as PCA's, and at most 49 %<!-- random_hash_percent --> pure. (The sizes are means over images, so a few large groups weigh heavily. The bits
# of the first learned hash are on for 47<!-- least_ones_percent --> to 56 %<!-- most_ones_percent --> of the images, as batch normalization is meant to achieve; we have not tried without it.)

# %% [markdown]
# ## Check
# These are the main claims of the chapter as assertions. The test images are used here for the first time.

# %%
test_mse = {}
for name, model in models.items():
    test_mse[name] = float(np.mean((np.asarray(model(x_test)) - x_test) ** 2))
    print(f"{name:11} test MSE {test_mse[name]:.5f}")
mean_image_mse = float(np.mean((x_test - x_train.mean(axis=0)) ** 2))
hashing_precision = [precision[f"hashing autoencoder, seed {seed}"] for seed in range(SEEDS)]
random_precision = [precision[f"random signs, seed {seed}"] for seed in range(SEEDS)]

assert recorder.activity[0] > 0.25 > recorder.activity[-1], "the activity did not fall"
many_ties = np.random.default_rng(0).integers(0, 5, (50, CODES)) + 1
for dtype in ("float32", "float16", "bfloat16"):
    kept = np.asarray(ops.cast(TopK(30, dtype=dtype)(many_ties.astype("float32")), "float32"))
    assert (np.count_nonzero(kept, axis=1) == 30).all(), f"not 30 units under {dtype}"
assert max(test_mse.values()) < mean_image_mse, "no better than the mean image"
if not QUICK:
    kl_gap = np.abs(codes["KL"].mean(axis=0) - 0.1).max()
    assert kl_gap < 0.05, "a unit's mean activation is not near the target"
    assert active_units["l1"].mean() < active_units["no penalty"].mean(), "l1 made nothing sparser"
    assert active_units["KL"].mean() > active_units["l1"].mean(), "KL made the code sparser"
    assert l1_mse[0] < l1_mse[-1] and k_mse[-1] < k_mse[0], "sparsity costs nothing"
    assert np.mean(hashing_precision) > np.mean(random_precision), "no better than random signs"
if not QUICK and full_data:
    assert test_mse["l1"] <= 0.0096, "l1 misses the target of this course"
    assert kl_history["val_mse"][-1] <= 0.0072, "KL misses the target of this course"

gk.record(
    "06_sparse_autoencoders",
    plain_val_mse=plain_history["val_mse"][-1],
    l1_val_mse=l1_history["val_mse"][-1],
    l1_val_loss=l1_history["val_loss"][-1],
    kl_val_mse=kl_history["val_mse"][-1],
    kl_val_loss=kl_history["val_loss"][-1],
    plain_test_mse=test_mse["no penalty"],
    l1_test_mse=test_mse["l1"],
    kl_test_mse=test_mse["KL"],
    kl_30_to_10_nats=kl_30_to_10,
    kl_first_activation=recorder.activity[0],
    kl_activation_after_one_epoch=recorder.activity[1],
    plain_mean_activation=codes["no penalty"].mean(),
    l1_mean_activation=codes["l1"].mean(),
    kl_mean_activation=codes["KL"].mean(),
    plain_active_units=active_units["no penalty"].mean(),
    l1_active_units=active_units["l1"].mean(),
    kl_active_units=active_units["KL"].mean(),
    kl_control_active_units=control_active,
    plain_silent_units=np.sum(codes["no penalty"].mean(axis=0) < 1e-3),
    plain_image_share_percent=100 * image_share["no penalty"].mean(),
    l1_image_share_percent=100 * image_share["l1"].mean(),
    kl_image_share_percent=100 * image_share["KL"].mean(),
    l1_silent_units=np.sum(codes["l1"].mean(axis=0) < 1e-3),
    untrained_purity_percent=100 * np.median(purities["untrained"]),
    plain_purity_percent=100 * np.median(purities["no penalty"]),
    l1_purity_percent=100 * np.median(purities["l1"]),
    kl_purity_percent=100 * np.median(purities["KL"]),
    no_penalty_active_units=l1_active[0],
    no_penalty_short_mse=l1_mse[0],
    largest_weight_mse=l1_mse[-1],
    largest_weight_active_units=l1_active[-1],
    smallest_k_active_units=k_active[0],
    largest_k_active_units=k_active[-1],
    smallest_k_mse=k_mse[0],
    largest_k_mse=k_mse[-1],
    smallest_k_used_units=k_used[0],
    untrained_k_used_units=untrained_k_used,
    largest_k_used_units=k_used[-1],
    saturated_percent=saturated,
    saturated_normal_percent=saturated_normal,
    hashing_precision_percent=np.mean(hashing_precision),
    hashing_precision_spread=np.ptp(hashing_precision),
    pca_precision_percent=precision["signs of PCA"],
    random_precision_percent=np.mean(random_precision),
    pixel_precision_percent=precision["784 pixels"],
    chance_precision_percent=precision["chance"],
    same_hash_percent=in_bucket["hashing autoencoder, seed 0"],
    same_pca_hash_percent=in_bucket["signs of PCA"],
    random_hash_percent=max(in_bucket[f"random signs, seed {seed}"] for seed in range(SEEDS)),
    least_ones_percent=ones.min(),
    most_ones_percent=ones.max(),
    same_hash_companions=companions["hashing autoencoder, seed 0"],
    same_pca_hash_companions=companions["signs of PCA"],
    seconds=time.perf_counter() - START,
)

# %% [markdown]
# ## What to remember
# - A layer can add a penalty to the loss with `add_loss`. What `fit` reports as the loss then includes it, so watch a metric for the error itself.
# - The KL penalty brings the *mean* activation of every unit to the target. It says nothing about single activations, and here it did not make the code of a
#   single image sparse.
# - The l1 penalty did make the codes sparser here, partly by silencing units altogether.
# - Keeping the $k$ largest gives exact sparsity without a weight, but units may die.
# - Judge what a unit stands for against the units of an untrained network and of one without a penalty, and learned hashes against the signs of PCA.
#
# ## Exercises
# 1. *(easy)* Multiply the weight of the KL penalty by 10, then by 100. Do single activations move away from 0.1<!-- setting -->? And with an l1 penalty of a third of the weight?
# 2. *(medium)* Add a term to the KL layer that pushes each activation to 0 or to 1, for instance the mean of $z(1-z)$ with a weight of its own. Does the KL code become sparse per image? What
#    happens to the reconstruction error?
# 3. *(medium)* Lower $k$ from 100 to 10 during the training of a k-sparse autoencoder, with a callback. How many units are used in the end, and is the error lower?
# 4. *(medium)* Train the hashing autoencoder without noise, and repeat the search, also with 32 bits. What does the noise contribute?
# 5. *(hard)* Measure the purity of codes that are really sparse: l1 with a weight of 0.001<!-- setting -->, and the k-sparse autoencoder with $k = 10$. Use five seeds. Is the gain over the model without a penalty larger than the spread?
#
# ## References
# - A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras and TensorFlow*, 3rd ed., ch. 17.
# - A. Treves and E. Rolls, What determines the capacity of autoassociative memories in the brain?, *Network*, 1991.
# - W. Vinje and J. Gallant, Sparse coding and decorrelation in primary visual cortex during natural vision, *Science*, 2000.
# - A. Makhzani and B. Frey, k-sparse autoencoders, arXiv, 2013.
# - L. Gao et al., Scaling and evaluating sparse autoencoders, arXiv, 2024.
# - R. Salakhutdinov and G. Hinton, Semantic hashing, *International Journal of Approximate Reasoning*, 2009.
