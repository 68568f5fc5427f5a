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
# # Denoising autoencoders
#
# We spoil garments with Gaussian noise or by switching pixels off, train networks to give back
# the clean picture (*autoencoders de denoising*), see how far they generalise to other noise, and
# ask whether their features serve a classifier better.
#
# | | |
# |---|---|
# | Slides | *Tipos avanzados de autoencoders*; *Introducción a autoencoders de denoising*; *Tipos de ruido*; *Implementación* (figure 7) |
# | Textbook | Hands-On Machine Learning, chapter 17, "Denoising Autoencoders" |
# | Result | Cleans noisy garments: the peak signal-to-noise ratio rises from 12.8<!-- psnr_noisy_db --> dB by 6.3<!-- psnr_gain_db --> dB |
# | Time | 120 s<!-- seconds --> on two CPU cores; not measured on a GPU |
# | Data | Fashion-MNIST: 55,000 images to train, 5,000 to validate, 10,000 to test; or the bundled sixth of it |

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

# %% quick={"EPOCHS": 2, "EPOCHS_SAMPLE": 2, "N_TRAIN": 2000, "PROBE_LABELS": [500], "QUICK": true, "SHORT_EPOCHS": 1, "SWEEP": [0.3]} tags=["parameters"]
QUICK = False  # True runs with small numbers, which shows how it works but proves nothing
N_TRAIN = None  # training images; None takes all there are
LATENT_DIM = 30  # size of the code
HIDDEN_UNITS = 400  # in the hidden layer on each side of the code; GPU: 1000
EPOCHS = 8  # passes of the main models over the full training set; GPU: 30
EPOCHS_SAMPLE = 20  # the same for the bundled sample, which has a sixth of the images
SHORT_EPOCHS = 3  # passes of each model of the noise sweep and of the stack; GPU: 10
SWEEP = [0.0, 0.1, 0.3, 0.5]  # noise levels of the sweep (standard deviation)
PROBE_LABELS = [500, 5000]  # labelled images of the linear probe
BATCH_SIZE = 256  # GPU: 512
PEAK_RATE = 4e-3  # highest learning rate of the schedule

# %%
images = gk.load_images(n_train=N_TRAIN)
x_train, x_valid = images.x_train, images.x_valid
epochs = EPOCHS if images.source == "tfds" else EPOCHS_SAMPLE
mean_mse = np.mean((x_valid - x_train.mean(axis=0)) ** 2)

# %% [markdown]
# ## The layers that add noise fall silent at inference
# `GaussianNoise` adds noise of a given standard deviation; `Dropout` switches a share of the
# inputs off and scales the others up to keep the mean. Both act only while `training=True`. If
# they stayed on, the denoiser would see noise nobody asked it to remove. We check it on a batch.

# %%
noises = {"gaussian": layers.GaussianNoise(0.3), "dropout": layers.Dropout(0.5)}
batch = x_valid[:1000]
silence = 0.0
for name, noise in noises.items():
    quiet, loud = noise(batch, training=False), noise(batch, training=True)
    silence = max(silence, float(ops.max(ops.abs(quiet - batch))))
    spread, zeros = float(ops.std(loud - batch)), float(ops.mean(loud[batch > 0] == 0))
    print(
        f"{name:8}   inference: differs by {float(ops.max(ops.abs(quiet - batch))):.1f}", end="   "
    )
    print(f"training: differs by {spread:.2f}, {zeros:.0%} of lit pixels off")

# %% [markdown]
# At inference nothing differs. In training, the Gaussian layer adds what we set, and dropout
# switches half of the lit pixels off.

# %% [markdown]
# ## A denoising autoencoder is a stacked one with a noisy entrance
# The noise layer stands in front of the encoder; the target stays clean. With the corrupted
# input $\tilde{x}$ the loss is
#
# $$\mathcal{L} = \|x - g(f(\tilde{x}))\|^2$$
#
# and copying no longer helps: what is missing must be guessed from what garments look like.


# %%
def build_autoencoder(noise, hidden_units, latent_dim):
    """784-hidden-latent-hidden-784 behind a noise layer."""
    encoder = keras.Sequential(
        [
            *(keras.Input((28, 28, 1)), layers.Flatten(), noise),
            layers.Dense(hidden_units, activation="relu", name="hidden"),
            layers.Dense(latent_dim),
        ],
        name="encoder",
    )
    decoder = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(hidden_units, activation="relu"),
            layers.Dense(28 * 28, activation="sigmoid", dtype="float32"),
            layers.Reshape((28, 28, 1), dtype="float32"),
        ],
        name="decoder",
    )
    return keras.Sequential([encoder, decoder])


def train(model, x, y, epochs, validation, batch_size, peak_rate):
    """Fit with MSE and Nadam along a warm-up and cosine schedule; a dict of the losses."""
    steps = epochs * -(-len(x) // batch_size)
    model.compile(
        loss="mse",
        optimizer=keras.optimizers.Nadam(gk.warmup_cosine(peak_rate, steps)),
        steps_per_execution=min(20, steps),
        jit_compile=run.jit_compile,
    )
    fed = {"batch_size": batch_size, "validation_data": validation}
    return model.fit(x, y, epochs=epochs, verbose=0, **fed).history


# %% [markdown]
# Three networks that differ in nothing but the layer at the entrance:

# %%
valid, recipe = (x_valid, x_valid), (BATCH_SIZE, PEAK_RATE)
histories, models = {}, {}
for name, noise in {
    "no noise": layers.Identity(),
    "gaussian": layers.GaussianNoise(0.3),
    "dropout": layers.Dropout(0.5),
}.items():
    models[name] = build_autoencoder(noise, HIDDEN_UNITS, LATENT_DIM)
    histories[name] = train(models[name], x_train, x_train, epochs, valid, *recipe)
    print(f"{name:8} validation MSE from clean input {histories[name]['val_loss'][-1]:.5f}")

# %%
gk.plot_learning_curves(
    histories,
    title="With noise at the entrance, training is harder than validation",
    ylabel="MSE per pixel",
)
plt.show()

# %% [markdown]
# From clean input the plain autoencoder is best, at 0.0095<!-- plain_val_mse -->: it was trained for
# just that. The denoisers end at 0.0106<!-- gaussian_val_mse --> and 0.0114<!-- dropout_val_mse -->
# (the textbook's dropout recipe: 0.0166<!-- textbook dropout printed -->). Their dashed curves lie above the solid
# ones, since the noise is there in training only.

# %% [markdown]
# ## Noisy above, rebuilt below
# We spoil validation garments outside the model and send them through. Dropout at inference has
# to be asked for, with `training=True`, and is scaled back so that we can look at it.


# %%
def add_gaussian(x, level, rng):
    return (x + level * rng.normal(size=x.shape)).astype("float32")


def switch_off(x, rate, rng):
    """What `Dropout` makes of x while training, its scaling by 1 / (1 - rate) included."""
    return np.where(rng.random(x.shape) < rate, 0, x / (1 - rate)).astype("float32")


rng = np.random.default_rng(run.seed)
shown = x_valid[:10]
noisy = add_gaussian(shown, 0.3, rng)
holes = switch_off(shown, 0.5, rng)
rows = {
    "noisy": np.clip(noisy, 0, 1),
    "rebuilt": models["gaussian"](noisy),
    "half off": holes * 0.5,
    "rebuilt ": models["dropout"](holes),
}
title = "Gaussian noise of 0.3 and dropout of 0.5, each above what the denoiser makes of it"
gk.plot_reconstructions(shown, rows, title=title)
plt.show()


# %% [markdown]
# The second row is hard to read; the third is a calm picture of the same garment, and the fifth is
# made from half of the pixels. What comes back is typical rather than true: the pattern of the bag
# and the print of the dress are gone, and the sandals are guesses.

# %% [markdown]
# The peak signal-to-noise ratio puts a number to it, in decibels, the peak being 1:
#
# $$\mathrm{PSNR} = -10 \log_{10} \mathrm{MSE}$$


# %%
def psnr(clean, other):
    """Peak signal-to-noise ratio in dB of images with peak 1."""
    return -10 * np.log10(np.mean((clean - np.asarray(other)) ** 2))


noisy_valid = add_gaussian(x_valid, 0.3, rng)
before = psnr(x_valid, np.clip(noisy_valid, 0, 1))
psnr_gain = psnr(x_valid, models["gaussian"](noisy_valid)) - before
plain_gain = psnr(x_valid, models["no noise"](noisy_valid)) - before
print(
    f"noisy {before:.1f} dB   denoiser {psnr_gain:+.1f} dB   plain autoencoder {plain_gain:+.1f} dB"
)

# %% [markdown]
# The denoiser gains 6.3<!-- psnr_gain_db --> dB. The plain autoencoder gains
# 5.3<!-- psnr_gain_plain_db --> dB without ever having seen noise, because thirty numbers have no
# room for it: the bottleneck is a denoiser by itself. Training on noise adds the rest.

# %% [markdown]
# ## Other noise than it was trained on
# Does a denoiser know garments, or only its own noise? One network for each level of training
# noise, each tested on every level; the squares show the error against the clean picture.

# %%
sweep = np.empty((len(SWEEP), len(SWEEP)))
for i, trained_on in enumerate(SWEEP):
    keras.utils.set_random_seed(run.seed)
    model = build_autoencoder(layers.GaussianNoise(trained_on), HIDDEN_UNITS, LATENT_DIM)
    train(model, x_train, x_train, SHORT_EPOCHS, None, *recipe)
    for j, tested_on in enumerate(SWEEP):
        spoiled = add_gaussian(x_valid, tested_on, np.random.default_rng(run.seed))
        sweep[i, j] = float(ops.mean(ops.square(model(spoiled) - x_valid)))

# %%
figure, axis = plt.subplots(figsize=(8, 4), layout="constrained")
drawn = axis.imshow(sweep, cmap="viridis_r", norm="log")
for i, j in np.ndindex(sweep.shape):
    axis.text(j, i, f"{sweep[i, j]:.4f}", ha="center", va="center", color="w", fontsize=9)
axis.set_xticks(range(len(SWEEP)), SWEEP)
axis.set_yticks(range(len(SWEEP)), SWEEP)
axis.set(xlabel="noise in the test", ylabel="noise in training")
axis.set_title("MSE: train with as much noise as you expect, or a little more")
figure.colorbar(drawn, label="MSE", shrink=0.9)
plt.show()

# %% [markdown]
# Each column has its best square on or next to the diagonal: it pays to train with the noise that
# will come. The price of too little is 0.0225<!-- sweep_clean_noisiest_mse --> at the right end of
# the first row, where training never saw noise; the price of too much is
# 0.0243<!-- sweep_noisiest_clean_mse --> at the left end of the last, where the network takes clean
# garments for noisy ones. In between, denoisers generalise well: a level of 0.1<!-- setting --> costs
# nothing on clean garments.

# %% [markdown]
# ## Stacked denoising
# Vincent et al. (2010) stack denoisers as chapter 03 stacks autoencoders: each layer is trained
# alone, on the clean activations of the one below, spoiled anew. Then the stack is fine-tuned.


# %%
def shallow_denoiser(inputs, units, activation, output_activation):
    encode = layers.Dense(units, activation=activation)
    decode = layers.Dense(inputs, activation=output_activation, dtype="float32")
    return keras.Sequential([keras.Input((inputs,)), layers.Dropout(0.5), encode, decode])


flat = x_train.reshape(len(x_train), -1)
first = shallow_denoiser(784, HIDDEN_UNITS, "relu", "sigmoid")
train(first, flat, flat, SHORT_EPOCHS, None, *recipe)
encode = keras.Sequential([keras.Input((784,)), first.layers[1]])
hidden = ops.convert_to_numpy(encode(flat))
second = shallow_denoiser(HIDDEN_UNITS, LATENT_DIM, None, "relu")
second_history = train(second, hidden, hidden, SHORT_EPOCHS, None, *recipe)
print(f"second denoiser: MSE of hidden activations {second_history['loss'][-1]:.3f}")

# %%
stack = keras.Sequential(
    [
        *(keras.Input((28, 28, 1)), layers.Flatten(), layers.Dropout(0.5)),
        *(first.layers[1], second.layers[1], second.layers[2], first.layers[2]),
        layers.Reshape((28, 28, 1), dtype="float32"),
    ]
)
stacked_mse = train(stack, x_train, x_train, SHORT_EPOCHS, valid, *recipe)["val_loss"][-1]
keras.utils.set_random_seed(run.seed)
alone = build_autoencoder(layers.Dropout(0.5), HIDDEN_UNITS, LATENT_DIM)
alone_mse = train(alone, x_train, x_train, SHORT_EPOCHS, valid, *recipe)["val_loss"][-1]
print(
    f"after {SHORT_EPOCHS} epochs of the whole   from a stack of denoisers {stacked_mse:.5f}",
    end="   ",
)
print(f"from scratch {alone_mse:.5f}")

# %% [markdown]
# After the same few epochs of the whole, the stack of denoisers is at
# 0.0118<!-- stack_of_denoisers_val_mse -->, the network from scratch at
# 0.0139<!-- stack_from_scratch_val_mse -->. The head start is real, but it was paid for by the
# training of the layers; the same total of epochs from scratch does as well (compare the
# 0.0114<!-- dropout_val_mse --> above).

# %% [markdown]
# ## Are the features any better?
# Vincent et al. (2008) made the case that features which survive noise serve a classifier. A
# linear probe tests it: logistic regression on the hidden layer's activations, the encoder fixed.

# %%
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

probes = {}
for name, model in models.items():
    lower = keras.Sequential([*model.layers[0].layers[:3]])
    features = ops.convert_to_numpy(lower(x_train[: max(PROBE_LABELS)]))
    test_features = ops.convert_to_numpy(lower(images.x_test))
    for n in PROBE_LABELS:
        probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300))
        probe.fit(features[:n], images.y_train[:n])
        probes[name, n] = 100 * probe.score(test_features, images.y_test)
print("labels  " + "".join(f"{name:>10}" for name in models))
for n in PROBE_LABELS:
    print(f"{n:6}  " + "".join(f"{probes[name, n]:8.1f} %" for name in models))

# %% [markdown]
# With 500 labels the probe reaches 77.2 %<!-- probe_no_noise_500_percent --> on the plain features,
# 77.7 %<!-- probe_gaussian_500_percent --> behind Gaussian noise and
# 79.8 %<!-- probe_dropout_500_percent --> behind dropout; with 5,000 it is
# 83.2 %<!-- probe_no_noise_5000_percent -->, 82.8 %<!-- probe_gaussian_5000_percent --> and
# 84.1 %<!-- probe_dropout_5000_percent -->. Dropout helps a little in both; Gaussian noise does not.
# The direction is that of Vincent et al.; one set of labels and one training each is no proof.

# %% [markdown]
# ## What the first layer looks for
# The weights of a hidden unit are a picture of what excites it. We draw the twenty with the
# largest weights, each scaled to the full range of greys.

# %%
figure, axes = plt.subplots(len(models), 10, figsize=(8, 2.8), layout="constrained")
for row, (name, model) in zip(axes, models.items(), strict=True):
    kernel = ops.convert_to_numpy(model.layers[0].get_layer("hidden").kernel)
    for axis, unit in zip(row, np.argsort(-np.linalg.norm(kernel, axis=0))[:10], strict=True):
        limit = np.abs(kernel[:, unit]).max()
        axis.imshow(kernel[:, unit].reshape(28, 28), cmap="gray", vmin=-limit, vmax=limit)
        axis.set(xticks=[], yticks=[])
    row[0].set_ylabel(name, fontsize=8)
figure.suptitle("First-layer weights: dropout leaves clean, local strokes", fontsize=11)
plt.show()

# %% [markdown]
# Without noise the weights are grainy: whatever the unit sees of a garment, it also adds up
# speckles that never matter on clean input. Behind Gaussian noise more of them draw shoes and
# edges. Behind dropout the grain is gone, and short strokes remain, many along the outline: a unit
# that relied on single pixels would lose its input half of the time.

# %% [markdown]
# ## Check

# %%
dropout_mse, gaussian_mse = (histories[n]["val_loss"][-1] for n in ("dropout", "gaussian"))
assert silence == 0, "a noise layer speaks at inference"
assert psnr_gain > plain_gain - (1 if QUICK else 0), "the denoiser removes less than a plain one"
assert max(dropout_mse, gaussian_mse) < mean_mse, "a denoiser lost to the mean image"
if not QUICK:
    assert psnr_gain > 3, "the denoiser gains less than 3 dB"
    assert sweep[0, -1] > sweep[-1, -1] and sweep[0, 0] < sweep[-1, 0], "noise made no difference"
if not QUICK and images.source == "tfds":
    assert dropout_mse <= 0.0120

gk.record(
    "05_denoising_autoencoders",
    dropout_val_mse=dropout_mse,
    gaussian_val_mse=gaussian_mse,
    plain_val_mse=histories["no noise"]["val_loss"][-1],
    psnr_noisy_db=before,
    psnr_gain_db=psnr_gain,
    psnr_gain_plain_db=plain_gain,
    stack_of_denoisers_val_mse=stacked_mse,
    stack_from_scratch_val_mse=alone_mse,
    sweep_clean_clean_mse=sweep[0, 0],
    sweep_clean_noisiest_mse=sweep[0, -1],
    sweep_noisiest_clean_mse=sweep[-1, 0],
    sweep_noisiest_noisiest_mse=sweep[-1, -1],
    **{
        f"probe_{name.replace(' ', '_')}_{n}_percent": accuracy
        for (name, n), accuracy in probes.items()
    },
    seconds=time.perf_counter() - START,
)

# %% [markdown]
# ## What to remember
# - Spoil the input, keep the target clean: copying no longer helps, and the network must know what
#   its data look like.
# - `GaussianNoise` and `Dropout` are silent at inference; test a denoiser on noise added outside.
# - A bottleneck removes noise by itself. Training on noise adds about a decibel here.
# - Train with the noise that you expect; a little changes nothing on clean data, much does.
# - Dropout features are smoother and a little better for a classifier.
#
# ## Exercises
# 1. *(easy)* Measure the PSNR gain of the dropout network on images with half of the pixels off.
#    Hint: `switch_off`, scaled as in training; compare with the picture as it is.
# 2. *(easy)* Set `LATENT_DIM` to 200. How much of the plain autoencoder's gain was the bottleneck?
# 3. *(medium)* Salt-and-pepper noise: set a tenth of the pixels to 0 or 1 at random. Which of the
#    two denoisers copes better? Hint: write it as a third function beside `add_gaussian`.
# 4. *(hard)* Repeat the probe over five sets of labels and say whether dropout's advantage is more
#    than chance. Hint: pair the differences by set, as chapter 03 pairs them by seed.
#
# ## References
# - P. Vincent et al., Extracting and Composing Robust Features with Denoising Autoencoders,
#   ICML 2008.
# - P. Vincent et al., Stacked Denoising Autoencoders, *JMLR*, 2010.
# - Y. LeCun, *Modèles connexionnistes de l'apprentissage*, thesis, 1987.
# - A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras and TensorFlow*, 3rd ed., ch. 17.
