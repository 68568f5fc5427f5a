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
# # 05 Denoising autoencoders
#
# Photographs taken in the dark are noisy, and so are X-ray images taken with little radiation.
# To clean such an image, one has to know what images look like.
# A *denoising autoencoder* learns this: it gets a noisy image and has to return the clean one, so copying its input is not enough.
# In this chapter we train one and compare it with the filters of image processing and with the narrow codes of the last chapters.
# At the end we predict the noise instead of the image, a first step toward the diffusion models of chapter 15.
#
# | | |
# |---|---|
# | Slides | *Tipos avanzados de autoencoders*; *Introducción a autoencoders de denoising*; *Tipos de ruido en autoencoders de denoising*; *Implementación de autoencoders de denoising*; figure 7 |
# | Textbook | Hands-On Machine Learning, chapter 17, "Denoising Autoencoders" |
# | Result | Removes noise, which raises images from 12.8<!-- noisy_psnr --> dB to 19.8<!-- conv_psnr --> dB, where the Wiener filter reaches 19.2<!-- wiener_psnr --> dB |
# | Time | 266 s<!-- seconds --> on two CPU cores |
# | Evidence | [The experiments](../experiments/README.md) |

# %% [markdown]
# ## Setup
# Numbers in the text are those of the run that you see here, on all 55,000 training images; yours will differ a little.
# The main result, 19.79<!-- conv_psnr --> dB, is a weak one: three other seeds reach between 19.95<!-- experiment 05 seeds image_smallest --> and 20.07<!-- experiment 05 seeds image_largest --> dB.

# %%
import math

import genkeras as gk
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from scipy.ndimage import gaussian_filter, median_filter
from scipy.stats import norm
from sklearn.decomposition import PCA

run = gk.setup(seed=42)

# %% tags=["parameters"]
QUICK = run.quick  # True: everything small, to see it run in less than a minute
NOISE = 0.3  # standard deviation of the Gaussian noise; pixels lie between 0 and 1
WEAK_NOISE = 0.1  # of a second denoiser, to compare levels
RATE = 0.5  # share of the pixels that Dropout sets to zero
EPOCHS = 1 if QUICK else 3  # GPU: 20
DROPOUT_EPOCHS = 1  # GPU: 20
NARROW, WIDE = 30, 400  # sizes of the code of the dense networks

# %%
images = gk.load_images(n_train=2000 if QUICK else None)
x_train, x_valid = images.x_train, images.x_valid
shape = x_train.shape[1:]  # (28, 28, 1); the models follow the shape of the images
epochs = images.epochs(EPOCHS)

# %% [markdown]
# ## Noise layers are active during training only
# Keras has two layers for our purpose.
# `GaussianNoise` adds a random number to each pixel.
# `Dropout` sets a random share of the pixels to zero and multiplies the others by a constant, so that the mean stays the same.
# A finished denoiser must not add noise of its own, so both layers should do nothing at inference.
# Let's check this.

# %%
batch, changes = x_valid[:1000], []
for layer in [layers.GaussianNoise(NOISE), layers.Dropout(RATE)]:
    changes.append(np.abs(layer(batch, training=False) - batch).max())
    noisy_batch = np.asarray(layer(batch, training=True))
    change_training = np.std(noisy_batch - batch)
    turned_off = np.mean(noisy_batch[batch > 0] == 0)
    print(type(layer).__name__)
    print(f"  inference: largest change {changes[-1]}")
    print(f"  training: standard deviation of the change {change_training:.2f}")
    print(f"  training: {turned_off:.0%} of the nonzero pixels are set to zero")

# %% [markdown]
# At inference nothing changes.
# In training, the Gaussian layer adds noise of the standard deviation that we asked for, and `Dropout` turns half of the pixels off.
#
# ## The denoiser
# We put a noise layer in front of an autoencoder and train it as before, with the clean image as the target.
# The loss compares the output for the noisy image $\tilde{x}$ with the clean image $x$:
#
# $$\mathcal{L} = \frac{1}{784}\,\|x - f(\tilde{x})\|^2$$
#
# What is the best that a network can do?
# Many clean images could have led to the same noisy one.
# The squared error is smallest if the network returns their mean, weighted by how probable each of them is, the conditional expectation
#
# $$f^*(\tilde{x}) = \mathbb{E}[x \mid \tilde{x}]$$
#
# So where the noise hides what was there, we must expect an average.

# %% alt="Diagram: the clean image and the noise, in orange, lead to the noisy image; this leads through two convolutions with 14 by 14 by 32 outputs each and a transposed convolution to the denoised image, which the loss compares with the clean image."
gk.plot_diagram(
    {
        "clean image x\n28×28": (0, 1.5),
        "noise ε, only\nin training": (0, 0),
        "noisy image x̃\n28×28": (2.2, 0),
        "two convolutions\n14×14×32 each": (4.6, 0),
        "transposed\nconvolution": (7.4, 0),
        "denoised image f(x̃)\n28×28": (10.2, 0),
        "loss\n‖x − f(x̃)‖²": (10.2, 1.5),
    },
    [
        ("clean image x\n28×28", "noisy image x̃\n28×28", ""),
        ("noise ε, only\nin training", "noisy image x̃\n28×28", ""),
        ("noisy image x̃\n28×28", "two convolutions\n14×14×32 each", ""),
        ("two convolutions\n14×14×32 each", "transposed\nconvolution", ""),
        ("transposed\nconvolution", "denoised image f(x̃)\n28×28", ""),
        ("denoised image f(x̃)\n28×28", "loss\n‖x − f(x̃)‖²", ""),
        ("clean image x\n28×28", "loss\n‖x − f(x̃)‖²", ""),
    ],
    colored=["noise ε, only\nin training"],
    title="The denoising autoencoder",
)
plt.show()

# %% [markdown]
# The layers are the convolutions of chapter 04, without the narrow code at the end: in the middle there are eight times as many numbers as in the image.
# Without the noise such a network could learn to copy its input.
# The kernel of the transposed convolution has the size 4, a multiple of the stride.


# %%
def build_denoiser(shape, noise_layer):
    """A convolutional network behind a layer that adds noise during training."""
    return keras.Sequential(
        [
            keras.Input(shape),
            noise_layer,
            layers.Conv2D(32, 5, strides=2, padding="same", activation="relu"),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.Conv2DTranspose(
                shape[-1],
                kernel_size=4,
                strides=2,
                padding="same",
                activation="sigmoid",
            ),
        ]
    )


def train(model, x, x_valid, epochs, batch_size=128):
    """Compile and fit an autoencoder."""
    steps = epochs * len(x) // batch_size
    model.compile(
        loss="mse",
        optimizer=keras.optimizers.Nadam(gk.warmup_cosine(4e-3, steps)),
        steps_per_execution=max(1, steps // 100),
    )
    model.fit(
        x,
        x,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(x_valid, x_valid),
    )


denoiser = build_denoiser(shape, layers.GaussianNoise(NOISE))
denoiser.summary()
train(denoiser, x_train, x_valid, epochs)
losses = denoiser.history.history
train_loss, valid_loss = losses["loss"][-1], losses["val_loss"][-1]
print(f"last epoch: training loss {train_loss:.4f}, validation loss {valid_loss:.4f}")

# %% [markdown]
# Note that `fit` gets `x` twice, since the noise is made inside of the model.
# The schedule is that of chapter 03, and `steps_per_execution` lets Keras run many steps in one call.
#
# The validation loss is much smaller than the training loss, 0.0053<!-- valid_loss --> against 0.0105<!-- train_loss -->.
# During validation the noise layer is inactive, so this is the error on *clean* images, which says little about denoising.
# To test a denoiser, we have to add the noise ourselves.
# Before that, we train a second one with `Dropout`.

# %%
dropout_denoiser = build_denoiser(shape, layers.Dropout(RATE))
train(dropout_denoiser, x_train, x_valid, images.epochs(DROPOUT_EPOCHS))

# %% [markdown]
# ## Denoising new images
# We test both on validation images.


# %% alt="Five rows of ten garments: clean; with strong Gaussian noise, in which the last sandal is hard to recognize; denoised, with a black background and clear outlines, but without the pattern of the bag; with half of the pixels black; restored from these, more blurred, the handle of the bag and the gaps beside the sleeves filled in, the first sandal in pieces."
def add_noise(x, level, seed):
    """Images with Gaussian noise of a standard deviation; pixels may leave [0, 1]."""
    noise = np.random.default_rng(seed).normal(0, level, x.shape)
    return (x + noise).astype("float32")


def drop_pixels(x, rate, seed):
    """Images with a share of the pixels set to 0, the others scaled up."""
    dropped = np.random.default_rng(seed).random(x.shape) < rate
    return np.where(dropped, 0, x / (1 - rate)).astype("float32")


dropped_valid = drop_pixels(x_valid, RATE, seed=2)
dropout_mse = dropout_denoiser.evaluate(dropped_valid, x_valid)
print(f"MSE of images that are restored from half of their pixels: {dropout_mse:.4f}")

shown = x_valid[:10]
noisy = add_noise(shown, NOISE, seed=1)
dropped = drop_pixels(shown, RATE, seed=1)
gk.plot_rows(
    {
        "original": shown,
        "Gaussian\nnoise": np.clip(noisy, 0, 1),
        "denoised": denoiser(noisy),
        "half of the\npixels off": dropped * (1 - RATE),
        "restored": dropout_denoiser(dropped),
    },
    title="Two kinds of noise",
)
plt.show()

# %% [markdown]
# Both networks restore the shapes, though fine patterns like that of the bag are lost, and a faint weave appears that is not in the originals.
# From half of the pixels, after a single epoch of training, the error is 0.0159<!-- dropout_mse -->.
# In the bottom row, the handle of the bag and the gaps beside the sleeves of the dress are filled in.
# A dropped pixel and a black one look the same in the input, so this network has to guess from the neighbors.
#
# ## Is this better than a filter?
# The quality of an image is often given as its peak signal-to-noise ratio (PSNR) in decibels.
# For pixels between 0 and 1 it is the squared error on a logarithmic scale:
#
# $$\mathrm{PSNR} = -10 \log_{10} \mathrm{MSE}$$
#
# An increase of ten decibels means a tenth of the error.
# We clip images to [0, 1] first, as for display, and take the mean error of all of them.
#
# We compare with three classical filters.
# A *median filter* replaces each pixel by the median of its neighborhood, and a *Gaussian filter* by a weighted mean.
# The *Wiener filter* has learned from garments: it uses the principal components of the clean training images (chapter 02).
# If a component has variance $\lambda$ in the clean images, and the noise has variance $\sigma^2$, the filter multiplies it by $\lambda / (\lambda + \sigma^2)$.
# Strong components stay, and weak ones fade; before clipping, no linear filter has a smaller expected squared error.


# %%
def psnr(clean, restored):
    """Peak signal-to-noise ratio in dB, of the mean error of all images."""
    return -10 * math.log10(np.mean((clean - np.clip(restored, 0, 1)) ** 2))


def wiener_filter(x, pca, noise_level):
    """Shrink each principal component by its share of signal in the variance."""
    signal = pca.explained_variance_
    components = pca.transform(x.reshape(len(x), -1))
    components = components * signal / (signal + noise_level**2)
    return pca.inverse_transform(components).reshape(x.shape)


pca = PCA(svd_solver="covariance_eigh").fit(x_train.reshape(len(x_train), -1))
noisy_valid = add_noise(x_valid, NOISE, seed=2)
noisy_psnr = psnr(x_valid, noisy_valid)
median_psnr = psnr(x_valid, median_filter(noisy_valid, (1, 3, 3, 1)))
smoothed_psnr = psnr(x_valid, gaussian_filter(noisy_valid, (0, 0.9, 0.9, 0)))
wiener_psnr = psnr(x_valid, wiener_filter(noisy_valid, pca, NOISE))
conv_psnr = psnr(x_valid, denoiser.predict(noisy_valid))
print(f"noisy images         {noisy_psnr:.2f} dB")
print(f"median filter        {median_psnr:.2f} dB")
print(f"Gaussian filter      {smoothed_psnr:.2f} dB")
print(f"Wiener filter        {wiener_psnr:.2f} dB")
print(f"denoising network    {conv_psnr:.2f} dB")

# %% alt="Four rows of ten garments: clean; after the Gaussian filter, blurred and blotchy, with gray spots in the background; after the Wiener filter, sharper, with gray shadows around the garments; denoised by the network, with clear outlines and a black background."
gk.plot_rows(
    {
        "original": shown,
        "Gaussian\nfilter": np.clip(gaussian_filter(noisy, (0, 0.9, 0.9, 0)), 0, 1),
        "Wiener\nfilter": np.clip(wiener_filter(noisy, pca, NOISE), 0, 1),
        "network": denoiser(noisy),
    },
    title="The same noisy images, denoised in three ways",
)
plt.show()

# %% [markdown]
# The noisy images have 12.8<!-- noisy_psnr --> dB.
# The first two filters raise this to 16.2<!-- median_psnr --> dB (median) and 17.5<!-- smoothed_psnr --> dB (Gaussian), and the Wiener filter reaches 19.2<!-- wiener_psnr --> dB.
# Our network is ahead of it, with 19.8<!-- conv_psnr --> dB.
# Its background is black where the filters leave gray shadows, and the straps of the first sandal are clearer.
# The surface of the T-shirt, on the other hand, is smoother after the Wiener filter.
#
# ## A narrow code removes noise, too
# The autoencoder of chapter 03 has to squeeze each image into thirty numbers.
# Only a part of the noise fits in there, so such a network should remove some of it even if it was trained without.
# Do we need to train with noise at all?
# We take this dense network and a second one that differs only in the size of its code, and train both without noise and with it.


# %%
def build_dense(shape, noise_layer, latent_dim):
    """The dense autoencoder of chapter 03 behind a noise layer."""
    return keras.Sequential(
        [
            keras.Input(shape),
            noise_layer,
            layers.Flatten(),
            layers.Dense(400, activation="relu"),
            layers.Dense(latent_dim),
            layers.Dense(400, activation="relu"),
            layers.Dense(math.prod(shape), activation="sigmoid"),
            layers.Reshape(shape),
        ]
    )


narrow = build_dense(shape, layers.Identity(), NARROW)
wide = build_dense(shape, layers.Identity(), WIDE)
narrow_denoiser = build_dense(shape, layers.GaussianNoise(NOISE), NARROW)
wide_denoiser = build_dense(shape, layers.GaussianNoise(NOISE), WIDE)
for model in [narrow, wide, narrow_denoiser, wide_denoiser]:
    train(model, x_train, x_valid, epochs)

# %% [markdown]
# First we look at the two networks that were trained without noise.
# Their output $f(\tilde{x})$ for a noisy image is wrong for two reasons: the network changes even the clean image, and some of the noise gets through to the output.
# The first is $\|f(x) - x\|^2$, the second $\|f(\tilde{x}) - f(x)\|^2$.


# %%
def split_error(model, x, noisy):
    """Squared errors: lost on clean images, added by the noise, and on noisy images."""
    lost = model.evaluate(x, x)
    added = model.evaluate(noisy, model(x))  # the error between the two outputs
    return lost, added, model.evaluate(noisy, x)


narrow_lost, narrow_added, narrow_mse = split_error(narrow, x_valid, noisy_valid)
wide_lost, wide_added, wide_mse = split_error(wide, x_valid, noisy_valid)
print("          lost    added   on noisy images")
print(f"narrow  {narrow_lost:.4f}   {narrow_added:.4f}   {narrow_mse:.4f}")
print(f"wide    {wide_lost:.4f}   {wide_added:.4f}   {wide_mse:.4f}")

# %% [markdown]
# The two parts nearly add up to the error on noisy images, since the product of the two differences is close to 0 on average.
# With the narrow code, the noise adds 0.0051<!-- narrow_added --> to the error, with the wide one 0.0082<!-- wide_added -->: a narrow code does keep noise out.
# But it keeps out detail as well, since it loses 0.0102<!-- narrow_lost --> on clean images, the wide one only 0.0075<!-- wide_lost -->.
# What does training with noise change?

# %%
narrow_noise_mse = narrow_denoiser.evaluate(noisy_valid, x_valid)
wide_noise_mse = wide_denoiser.evaluate(noisy_valid, x_valid)
print(f"trained with noise: narrow {narrow_noise_mse:.4f}, wide {wide_noise_mse:.4f}")

# %% [markdown]
# Without noise in training, the two are nearly equal on noisy images, with errors of 0.0153<!-- narrow_mse --> and 0.0155<!-- wide_mse -->.
# Training with noise improves both, and the wide one more: 0.0118<!-- wide_noise_mse --> against 0.0132<!-- narrow_noise_mse -->.
# So a network that was trained with noise did not need a narrow code here.
#
# ## Other levels of noise
# The Wiener filter and our network were both made for noise of $0.3$, but in practice we rarely know the level.
# What happens if the level in the test is not that of the training?
# Our denoiser was trained with a standard deviation of $0.3$.
# We train another one with $0.1$, and test both on a thousand images with levels up to $0.5$.

# %%
weak_denoiser = build_denoiser(shape, layers.GaussianNoise(WEAK_NOISE))
train(weak_denoiser, x_train, x_valid, epochs)

# %% alt="Error on a logarithmic axis against the noise in the test. The line for training with 0.1 rises from 0.002 to 0.04, that for 0.3 from 0.005 to 0.02; they cross between 0.15 and 0.2. The dotted line for doing nothing starts lowest, is above both from 0.1 on, and ends near 0.1."
test_levels = np.linspace(0.05, 0.5, 10)
tests = [add_noise(batch, level, seed=3) for level in test_levels]
weak_mse = [weak_denoiser.evaluate(test, batch) for test in tests]
strong_mse = [denoiser.evaluate(test, batch) for test in tests]
nothing_mse = [np.mean((np.clip(test, 0, 1) - batch) ** 2) for test in tests]
figure, axis = plt.subplots(figsize=(8, 3.6), layout="constrained")
axis.plot(test_levels, weak_mse, "o-", label=f"trained with {WEAK_NOISE}")
axis.plot(test_levels, strong_mse, "o-", label=f"trained with {NOISE}")
axis.plot(test_levels, nothing_mse, "k:", label="doing nothing")
axis.set(xlabel="standard deviation of the noise in the test", ylabel="MSE per pixel")
axis.set_yscale("log")
axis.set_title("Error by noise in training and test", fontsize=11)
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# Each network is the better one near the level of its own training.
# On the right, the network for $0.1$ has the larger error.
# On the left, that for $0.3$ loses detail: even on clean images its error was 0.0053<!-- valid_loss -->.
# At the far left the dotted line is the lowest: both networks do more harm than good, since the noise is weaker than the error that they make themselves.
# Exercise 5 trains one network for all levels.
#
# ## Predicting the noise
# So far the network has to draw the whole image, although its input is already close to it.
# We can also ask it for the noise, and subtract that from its input (Zhang et al., 2017): $\hat{x} = \tilde{x} - \hat{\varepsilon}$.
# The loss stays the same, since the error of $\hat{x}$ is that of $\hat{\varepsilon}$.
# Noise can be negative, so the last layer becomes linear.


# %%
def build_noise_predictor(shape, noise_layer):
    """The same layers predict the noise, which is subtracted from the noisy image."""
    inputs = keras.Input(shape)
    noisy = noise_layer(inputs)
    hidden = layers.Conv2D(32, 5, strides=2, padding="same", activation="relu")(noisy)
    hidden = layers.Conv2D(32, 3, padding="same", activation="relu")(hidden)
    noise = layers.Conv2DTranspose(shape[-1], 4, strides=2, padding="same")(hidden)
    return keras.Model(inputs, layers.Subtract()([noisy, noise]))


noise_predictor = build_noise_predictor(shape, layers.GaussianNoise(NOISE))
train(noise_predictor, x_train, x_valid, epochs)
residual_psnr = psnr(x_valid, noise_predictor.predict(noisy_valid))
print(f"predicting the image {conv_psnr:.2f} dB, the noise {residual_psnr:.2f} dB")

# %% [markdown]
# In this run the noise predictor reaches 19.82<!-- residual_psnr --> dB, and the denoiser 19.79<!-- conv_psnr --> dB.
# With three other seeds, the difference is between −0.36<!-- experiment 05 seeds gain_smallest --> and −0.19<!-- experiment 05 seeds gain_largest --> dB: predicting the noise is no better here.
#
# Why predict the noise at all?
# It has a meaning of its own.
# For Gaussian noise of variance $\sigma^2$, the best answer can be written as
#
# $$\mathbb{E}[x \mid \tilde{x}] = \tilde{x} + \sigma^2\, \nabla \log p(\tilde{x})$$
#
# where $p$ is the density of noisy images (Tweedie's formula; Vincent, 2011, connects it with autoencoders).
# So the best prediction of the noise is $-\sigma^2\, \nabla \log p(\tilde{x})$.
# We draw this for a single pixel that is black or white, 0 or 1, with equal probability.

# %% alt="Two curves against the value of the noisy pixel. On the left, the density has two peaks, at 0 and at 1; arrows point from the outer sides and from the valley between them toward the nearer peak. On the right, the best answer is a step with round corners, from 0 below to 1 above, and crosses the diagonal, the noisy pixel itself, near 0, at one half and near 1."
pixel = np.linspace(-0.7, 1.7, 241)
density = (norm.pdf(pixel, 0, NOISE) + norm.pdf(pixel, 1, NOISE)) / 2
step = NOISE**2 * np.gradient(np.log(density), pixel, edge_order=2)
figure, axes = plt.subplots(1, 2, figsize=(8, 2.8), layout="constrained")
axes[0].plot(pixel, density)
at = np.arange(0, len(pixel), 15)
axes[0].quiver(pixel[at], density[at], step[at], 0 * at, scale_units="x", scale=1)
axes[0].set(xlabel="noisy pixel", title="density p and the steps σ² ∇ log p")
axes[1].plot(pixel, pixel + step, label="noisy pixel + step")
axes[1].plot(pixel, pixel, "k:", label="noisy pixel")
axes[1].set(xlabel="noisy pixel", title="the best answer")
axes[1].legend(frameon=False)
plt.show()

# %% [markdown]
# The step leads uphill, to where noisy images are more probable.
# The arrow ends at the best answer: nearly 0 for a pixel below 0, nearly 1 above 1, and in between a mean of both.
# A denoiser learns this direction without ever computing a probability.
# Diffusion models start from pure noise and follow it in many small steps, with less and less noise, until they arrive at a new image (chapter 15).
#
# ## Where the idea comes from
# Yann LeCun described networks that remove noise from their input in his thesis of 1987.
# Vincent et al. (2008) trained denoising autoencoders layer by layer, each on the hidden layer of the one before, to initialize deep classifiers.
# On our garments such features did not help a linear classifier with 500 labels.
# It is right for 78.7 %<!-- experiment 05 features denoising_1 --> with those of one denoising layer, and for 79.0 %<!-- experiment 05 features plain_1 --> if that layer was trained without noise.
# With two stacked denoising layers it is 76.2 %<!-- experiment 05 features denoising_2 -->, with the pixels themselves 79.1 %<!-- experiment 05 features pixels -->.

# %% [markdown]
# ## Check

# %%
assert max(changes) < 0.01, "a noise layer is active at inference"
assert abs(narrow_lost + narrow_added - narrow_mse) < 0.1 * narrow_mse, "the two parts"
if not QUICK:
    assert conv_psnr > wiener_psnr, "the Wiener filter is as good"
    assert conv_psnr > smoothed_psnr > noisy_psnr, "a fixed filter is as good"
    assert narrow_added < 0.8 * wide_added, "the narrow code does not keep noise out"
    assert wide_noise_mse < narrow_noise_mse, "the narrow denoiser is as good"
    assert residual_psnr > smoothed_psnr, "predicting the noise removes little"
    assert dropout_mse < 0.03, "images are hardly restored from half of their pixels"

# %% [markdown]
# ## What to remember
# - A denoising autoencoder gets a noisy image and a clean target; with the squared error, its best answer is the mean of all clean images that could have led to the noisy one.
# - `GaussianNoise` and `Dropout` are active during training only, so `val_loss` is an error on clean images; to test a denoiser, add the noise yourself.
# - A narrow code keeps noise out, and detail as well. Trained with noise, our network restored images better without it.
# - The best prediction of the noise is $-\sigma^2$ times the gradient of $\log p$ of noisy images; diffusion models are built on this.
#
# ## Exercises
# In [exercises/05_denoising_autoencoders.ipynb](../exercises/05_denoising_autoencoders.ipynb), with cells that check your answers:
# two ways to average a PSNR; the best answer for a black or white pixel; what a code loses and what noise adds, for PCA; salt and pepper; one network for all levels of noise.
#
# ## References
# - A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras and TensorFlow*, 3rd ed., ch. 17.
# - Y. LeCun, *Modèles connexionnistes de l'apprentissage*, thesis, Université Paris 6, 1987.
# - P. Vincent et al., Extracting and composing robust features with denoising autoencoders, ICML 2008.
# - P. Vincent, A connection between score matching and denoising autoencoders, *Neural Computation*, 2011.
# - K. Zhang et al., Beyond a Gaussian denoiser: residual learning of deep CNN for image denoising, *IEEE Transactions on Image Processing*, 2017.
