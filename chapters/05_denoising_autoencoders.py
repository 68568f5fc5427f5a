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
# Photographs taken in the dark are noisy, and so are X-ray images taken with little radiation. To clean such an image one has to know what images look like. That makes cleaning a good task for a network:
# if we add noise to the input and ask for the original, copying the input is no longer enough. Today's
# diffusion models, which we meet in chapter 15, are built on this idea. In this chapter we train such networks, compare them with classical filters, and find out
# how much noise to train with.
#
# | | |
# |---|---|
# | Slides | *Tipos avanzados de autoencoders*; *Introducción a autoencoders de denoising*; *Tipos de ruido en autoencoders de denoising*; *Implementación de autoencoders de denoising* (figure 7) |
# | Textbook | Hands-On Machine Learning, chapter 17, "Denoising Autoencoders" |
# | Result | Raises the peak signal-to-noise ratio of noisy test images from 12.8<!-- noisy_test_psnr_db --> dB to 18.9<!-- gaussian_test_psnr_db --> dB; the best of four classical methods, the Wiener filter, reaches 19.2<!-- best_rival_test_psnr_db --> dB, and a wider network 19.8<!-- wide_test_psnr_db --> dB |
# | Time | 287 s<!-- seconds --> on two CPU cores; not measured on a GPU |
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
from keras import layers

START = time.perf_counter()
run = gk.setup(seed=42)

# %% [markdown]
# ## Parameters
# These settings control how long the notebook takes.

# %% quick={"EPOCHS": 5, "EPOCHS_SAMPLE": 5, "N_TRAIN": 2000, "PROBE_LABELS": 100, "PROBE_SETS": 1, "QUICK": true, "SEEDS": 1, "SHORT_EPOCHS": 1, "SHORT_EPOCHS_SAMPLE": 1, "SWEEP": [0, 0.3], "WIDE_EPOCHS": 1, "WIDE_EPOCHS_SAMPLE": 1} tags=["parameters"]
QUICK = False  # True: a run that shows how it works, too short to prove anything
N_TRAIN = None  # training images; None takes all there are
LATENT_DIM = 30  # size of the code
HIDDEN_UNITS = 400  # in the hidden layer on each side of the code; GPU: 1000
NOISE = 0.3  # standard deviation of the Gaussian noise; pixels lie between 0 and 1
RATE = 0.5  # share of the inputs that Dropout sets to zero
EPOCHS = 7  # passes of the main models over the full training set; GPU: 30
EPOCHS_SAMPLE = 20  # the same for the bundled sample, which has a sixth of the images
SEEDS = 2  # repetitions of the networks that are compared
SWEEP = [0.0, 0.1, 0.3, 0.5]  # levels of training noise that are compared
WIDE_UNITS = 800  # hidden units of the network without a narrow code
WIDE_EPOCHS = 4  # passes of that network; GPU: 30
WIDE_EPOCHS_SAMPLE = 14  # the same for the bundled sample
SHORT_EPOCHS = 2  # passes of a third of the stack; GPU: 10
SHORT_EPOCHS_SAMPLE = 8  # the same for the bundled sample
PROBE_LABELS = 500  # labeled images of each linear classifier
PROBE_SETS = 4  # sets of labeled images
BATCH_SIZE = 256  # GPU: 512
PEAK_RATE = 4e-3  # highest learning rate of the schedule

# %%
images = gk.load_images(n_train=N_TRAIN)
full_data = images.source == "tfds"
x_train, x_valid, x_test = images.x_train, images.x_valid, images.x_test
epochs = EPOCHS if full_data else EPOCHS_SAMPLE
wide_epochs = WIDE_EPOCHS if full_data else WIDE_EPOCHS_SAMPLE
short_epochs = SHORT_EPOCHS if full_data else SHORT_EPOCHS_SAMPLE

# %% [markdown]
# ## Two layers that add noise
# Keras has two layers for our purpose. `GaussianNoise` adds a random number to every input. `Dropout` sets a random share of the inputs to zero, and
# multiplies the others by a constant so that the mean stays the same. Both are meant for training only; at inference they pass their input through, because
# otherwise a finished denoiser would add noise of its own to the images it is given. Let us verify this.

# %%
batch = x_valid[:1000]
inference_change = 0.0
for layer in (layers.GaussianNoise(NOISE), layers.Dropout(RATE)):
    at_inference = np.asarray(layer(batch, training=False))
    in_training = np.asarray(layer(batch, training=True))
    change = float(np.abs(at_inference - batch).max())
    inference_change = max(inference_change, change)
    changed = np.std(in_training - batch)
    zeros = np.mean(in_training[batch > 0] == 0)
    print(f"{type(layer).__name__}: largest change at inference {change:.1e}; in training ", end="")
    print(f"changes have standard deviation {changed:.2f}, {zeros:.0%} of the lit pixels become 0")

# %% [markdown]
# At inference nothing changes. In training, the Gaussian layer adds noise of the standard deviation that we asked for, and `Dropout` turns half of the lit pixels off.

# %% [markdown]
# ## The denoising autoencoder
# The network is the stacked autoencoder of chapter 03 with one of these layers at its input. During training the encoder $f$ sees a noisy version $\tilde{x}$ of the
# image, and the decoder $g$ is compared with the clean one:
#
# $$\mathcal{L} = \|x - g(f(\tilde{x}))\|^2$$
#
# averaged over images, pixels and noise. What is the best that a network can do? Many clean images could have led to the same noisy one. The squared error is smallest if the network returns their mean,
# the conditional expectation $\mathbb{E}[x \mid \tilde{x}]$. Keep this in mind when you look at the pictures: where the noise leaves open what was there, the answer is an average.

# %% alt="Diagram: a clean image of 784 pixels, the noise layer with 784 noisy pixels, 400 hidden units, a code of 30, 400 hidden units, the reconstruction of 784."
gk.plot_network(
    [
        ("image\n784", 784),
        ("noise, only\nin training", 784),
        (f"hidden, ReLU\n{HIDDEN_UNITS}", HIDDEN_UNITS),
        (f"code, linear\n{LATENT_DIM}", LATENT_DIM),
        (f"hidden, ReLU\n{HIDDEN_UNITS}", HIDDEN_UNITS),
        ("reconstruction,\nsigmoid, 784", 784),
    ],
    parts={"encoder": (0, 3), "decoder": (3, 5)},
    title="The denoising autoencoder; its target is the clean image",
)
plt.show()


# %%
def build_autoencoder(noise_layer, hidden_units, latent_dim):
    """784-hidden-latent-hidden-784 behind a layer that adds noise."""
    encoder = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            noise_layer,
            layers.Dense(hidden_units, activation="relu", name="hidden"),
            layers.Dense(latent_dim, name="code"),
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


def compile_model(model, epochs):
    """Squared error, Nadam with warm-up and cosine decay (chapter 03)."""
    steps = epochs * int(np.ceil(len(x_train) / BATCH_SIZE))
    model.compile(
        loss="mse",
        optimizer=keras.optimizers.Nadam(gk.warmup_cosine(PEAK_RATE, steps)),
        steps_per_execution=min(20, steps),
        jit_compile=run.jit_compile,
    )


# %% [markdown]
# We train three networks which differ only in the noise layer. `Identity` adds nothing; with it the network is the plain autoencoder. Each is trained with the same seeds. (The noise layers have seeds of their own. Otherwise they would use up random numbers, and the networks would start from different weights.)


# %%
def new_noise_layer(name, seed):
    """The noise layer of a network."""
    if name == "gaussian":
        return layers.GaussianNoise(NOISE, seed=seed)
    if name == "dropout":
        return layers.Dropout(RATE, seed=seed)
    return layers.Identity()


models, histories, clean_mse = {}, {}, {}
for name in ("plain", "gaussian", "dropout"):
    for seed in range(SEEDS):
        keras.utils.set_random_seed(seed)
        model = build_autoencoder(new_noise_layer(name, seed), HIDDEN_UNITS, LATENT_DIM)
        compile_model(model, epochs)
        history = model.fit(
            x_train,
            x_train,
            batch_size=BATCH_SIZE,
            epochs=epochs,
            validation_data=(x_valid, x_valid),
            validation_batch_size=1000,
            verbose=0,
        )
        models[name, seed] = model
        if seed == 0:
            histories[name] = history
        clean_mse.setdefault(name, []).append(history.history["val_loss"][-1])
    by_seed = "  ".join(f"{error:.5f}" for error in clean_mse[name])
    print(f"{name:8} validation MSE on clean images, by seed: {by_seed}")

# %% alt="Training and validation error of the three networks by epoch. For the plain one the two curves coincide from about the fifth epoch on; for the two denoisers the training curve stays well above the validation curve."
gk.plot_learning_curves(
    histories, title="Learning curves (validation images are clean)", ylabel="MSE per pixel"
)
plt.ylim(0.008, 0.022)
plt.show()

# %% [markdown]
# On clean images the plain network is the best, at 0.0098<!-- plain_val_mse -->, which should not surprise us: that is what it was trained for. The denoisers reach
# 0.0110<!-- gaussian_val_mse --> and 0.0118<!-- dropout_val_mse -->. (The textbook's dropout denoiser, which is smaller, has 0.0166<!-- textbook dropout printed --> printed in the book's notebook,
# after ten epochs.) For both denoisers the training loss stays above the validation loss, because during training the network sees noisy images, and for the validation the noise
# layer is switched off.

# %% [markdown]
# ## Noisy images and their reconstructions
# Now the test that matters. Since the layers are inactive at inference, we add the noise ourselves.


# %% alt="Four rows of ten garments: clean, with strong grainy noise, denoised by the network, smooth and mostly recognizable, and the reconstructions of the clean images by the plain network. The last two rows lack the prints."
def add_gaussian(x, level, rng):
    """Images with Gaussian noise of a standard deviation."""
    return (x + level * rng.normal(size=x.shape)).astype("float32")


def drop_pixels(x, rate, rng):
    """Images with a share of the pixels set to 0 and the others scaled up, as Dropout does."""
    return np.where(rng.random(x.shape) < rate, 0, x / (1 - rate)).astype("float32")


rng = np.random.default_rng(run.seed)
shown = x_valid[:10]
noisy = add_gaussian(shown, NOISE, rng)
rows = {"noisy": np.clip(noisy, 0, 1), "denoised": np.asarray(models["gaussian", 0](noisy))}
rows["plain, from\nclean image"] = np.asarray(models["plain", 0](shown))
gk.plot_reconstructions(shown, rows, title=f"Gaussian noise with a standard deviation of {NOISE}")
plt.show()

# %% alt="Three rows of ten garments: clean, with half of the pixels black, and reconstructed by the network trained with dropout, smooth and recognizable, without prints."
dropped = drop_pixels(shown, RATE, rng)
rows = {"half off": dropped * (1 - RATE), "denoised": np.asarray(models["dropout", 0](dropped))}
gk.plot_reconstructions(shown, rows, title="Half of the pixels set to zero")
plt.show()

# %% [markdown]
# Some of these garments are hard to recognize even for us, such as the sandals in the first and the last column. The denoisers return smooth
# images of the right kind for most of them. Compare the rows in the tenth column: from the noisy image, the denoiser makes a flat, blurred shoe, while the plain network, which got the clean image, keeps the heel.
# This loss is due to the noise. Where it leaves open what was there, the answer is an average. But not every loss is. The checks of the bag and the print of the dress are missing in the last row of the first figure as well:
# a code of thirty numbers is too small to represent them.

# %% [markdown]
# ## How good is it, compared with classical filters?
# Image quality is often given as the peak signal-to-noise ratio, in decibels. With a peak of 1, that is the mean squared error on a logarithmic scale:
#
# $$\mathrm{PSNR} = -10 \log_{10} \mathrm{MSE}$$
#
# Ten decibels more mean a tenth of the error. To judge this result we need other methods to compare with. A *median filter* replaces every pixel by the median of its
# neighborhood, and a *Gaussian filter* by a weighted mean. Neither of them has learned anything from garments. *PCA* has: from the clean
# training images it computes the directions in which garments vary most, and it drops all others. Each of these has a parameter, which we choose on the validation images.
#
# The fourth rival needs no choice. Instead of keeping some components and dropping the others, it shrinks each of them. A component with variance $\lambda$ in clean images and noise of
# variance $\sigma^2$ is multiplied by $\lambda / (\lambda + \sigma^2)$. This is the *Wiener filter*, the linear denoiser with the smallest squared error, if one knows the noise level and the covariance of the images. (Our network knows it, too, from its training.)
# All methods get the noisy pixels as they are, some of them below 0 or above 1. What they return is clipped to [0, 1].

# %%
from scipy.ndimage import gaussian_filter, median_filter
from sklearn.decomposition import PCA


def psnr(clean, images):
    """Peak signal-to-noise ratio of a set of images with peak 1, in dB."""
    assert clean.shape == images.shape, f"shapes {clean.shape} and {images.shape}"
    return float(-10 * np.log10(np.mean((clean - np.clip(np.asarray(images), 0, 1)) ** 2)))


pca = PCA(784, svd_solver="covariance_eigh").fit(x_train.reshape(len(x_train), -1))


def pca_denoise(x, components):
    """Images rebuilt from their first principal components."""
    kept = pca.components_[:components]
    centered = x.reshape(len(x), -1) - pca.mean_
    return (centered @ kept.T @ kept + pca.mean_).reshape(x.shape)


def wiener_denoise(x, sigma):
    """Images with each principal component shrunk by its signal-to-noise ratio; sigma of the noise."""
    shrink = pca.explained_variance_ / (pca.explained_variance_ + sigma**2)
    centered = x.reshape(len(x), -1) - pca.mean_
    return (centered @ pca.components_.T * shrink @ pca.components_ + pca.mean_).reshape(x.shape)


def median_denoise(x, size):
    """Median over a square of size x size pixels."""
    return median_filter(x, size=(1, size, size, 1))


def gaussian_denoise(x, sigma):
    """Weighted mean of the neighborhood; sigma in pixels."""
    return gaussian_filter(x, sigma=(0, sigma, sigma, 0))


rivals = {
    "median filter": (median_denoise, [3, 5]),
    "Gaussian filter": (gaussian_denoise, [0.5, 0.7, 0.9, 1.1]),
    "PCA": (pca_denoise, [10, 20, 30, 50, 80, 120]),
    "Wiener filter": (wiener_denoise, [NOISE]),
}
noisy_valid = add_gaussian(x_valid, NOISE, rng)
valid_psnr = {"nothing": [psnr(x_valid, noisy_valid)]}
settings = {}
for name, (denoise, candidates) in rivals.items():
    scores = [psnr(x_valid, denoise(noisy_valid, candidate)) for candidate in candidates]
    settings[name] = candidates[int(np.argmax(scores))]
    valid_psnr[name] = [max(scores)]
for name in ("plain", "gaussian", "dropout"):
    valid_psnr[name] = [psnr(x_valid, models[name, seed](noisy_valid)) for seed in range(SEEDS)]
valid_psnr["PCA-30"] = [psnr(x_valid, pca_denoise(noisy_valid, LATENT_DIM))]
for name, values in valid_psnr.items():
    note = f"(best parameter: {settings[name]})" if name in settings else ""
    print(f"{name:16} " + "  ".join(f"{value:.2f}" for value in values) + f" dB {note}")

# %% [markdown]
# The noisy images are at 12.8<!-- nothing_psnr_db --> dB. The two filters, which have not learned from garments, raise this to 16.2<!-- median_psnr_db --> dB and
# 17.5<!-- smoothing_psnr_db --> dB, and PCA with 80<!-- pca_components --> components to 18.2<!-- pca_psnr_db --> dB. The denoising autoencoder reaches
# 19.0<!-- gaussian_psnr_db --> dB, with hardly any difference between the seeds. But the Wiener filter, which shrinks the components instead of dropping them, is better than that, at 19.2<!-- wiener_psnr_db --> dB. Our network has
# not beaten the best linear method.
#
# Look also at the plain autoencoder. It has never seen noise, and yet it is at 18.1<!-- plain_psnr_db --> dB, above PCA with as many components (17.5<!-- pca30_psnr_db --> dB). One explanation would be that a code
# of thirty numbers has no room for the noise; the next section tests it. Training on noise adds 0.8<!-- noise_training_gain_db --> dB. The
# network trained with dropout, another and stronger kind of noise, gains less: 18.3<!-- dropout_psnr_db --> dB. No network can be better than the conditional mean from above, and that is at least as good as any linear
# filter. So these narrow networks are not yet close to it.

# %% [markdown]
# ## Without a narrow code
# Denoising was meant for a different case: a network that is large enough to copy its input, where the noise makes copying useless. Let's build
# that network, too: one wide hidden layer, 800 units for 784 pixels, trained once without noise and once with it. It has about 1,256,000 weights, nearly twice as many as the narrow one, so we train it for four epochs only.

# %%
wide_models, wide_clean_mse = {}, {}
for name in ("plain", "gaussian"):
    keras.utils.set_random_seed(run.seed)
    wide = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            new_noise_layer(name, run.seed),
            layers.Dense(WIDE_UNITS, activation="relu"),
            layers.Dense(28 * 28, activation="sigmoid", dtype="float32"),
            layers.Reshape((28, 28, 1), dtype="float32"),
        ]
    )
    compile_model(wide, wide_epochs)
    wide.fit(x_train, x_train, batch_size=BATCH_SIZE, epochs=wide_epochs, verbose=0)
    wide_models[name] = wide
    valid_psnr[f"wide, {name}"] = [psnr(x_valid, wide(noisy_valid))]
    wide_clean_mse[name] = float(np.mean((np.asarray(wide(x_valid)) - x_valid) ** 2))
    print(f"wide, {name:8} clean images: MSE {wide_clean_mse[name]:.5f}   ", end="")
    print(f"noisy images: {valid_psnr[f'wide, {name}'][0]:.2f} dB")

# %% alt="Rows of ten garments: original, noisy, median filter, Wiener filter, plain network, denoiser with a code of 30, wide network trained without noise, which keeps some of the noise, and wide network trained with noise."
rows = {
    "noisy": np.clip(noisy, 0, 1),
    "median": median_denoise(noisy, settings["median filter"]),
    "Wiener": wiener_denoise(noisy, NOISE),
    "plain": np.asarray(models["plain", 0](noisy)),
    "gaussian": np.asarray(models["gaussian", 0](noisy)),
    "wide, plain": np.asarray(wide_models["plain"](noisy)),
    "wide, noise": np.asarray(wide_models["gaussian"](noisy)),
}
rows = {name: np.clip(pictures, 0, 1) for name, pictures in rows.items()}
gk.plot_reconstructions(shown, rows, title="The same ten garments, denoised in six ways")
plt.show()

# %% [markdown]
# With noise in its training, the wide network reaches 19.8<!-- wide_psnr_db --> dB and beats the Wiener filter. Compared with the narrow network, it keeps more of
# the checks of the bag and of the print in the ninth column. (Width, depth and number of weights differ, so we cannot say which of them matters.)
#
# Without noise in its training, it has 18.2<!-- wide_plain_psnr_db --> dB. We expected worse, namely that it would pass the noise through. It removes as much noise as the narrow network, so the narrow code cannot be the whole explanation
# for what we saw above. Perhaps after four epochs it passes on mainly the variation that occurs in garments; exercise 2 looks further. But its pictures are speckled, and training with noise makes a difference of
# 1.6<!-- wide_gain_db --> dB, nearly twice as much as for the narrow network. (One run each.)
#
# One number in the output is easily overlooked. On *clean* images the wide denoiser has an error of 0.0124<!-- wide_clean_mse -->, larger than on noisy ones (19.8<!-- wide_psnr_db --> dB are 0.0104<!-- wide_noisy_mse -->), and much larger than
# the wide network without noise, 0.0048<!-- wide_plain_clean_mse -->. A denoiser that was trained for one level of noise removes that much even where there is none.

# %% [markdown]
# ## How much noise to train with
# In practice we rarely know how noisy the images will be. Is it better to train with too much noise or with too little? We already have networks (with the narrow code) that were trained without noise and with a standard deviation of 0.3<!-- setting -->. We
# add two levels, with the same number of epochs, and test each on many levels. For comparison we also note the error if one does nothing but clip the pixels to [0, 1].

# %%
test_levels = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
sweep = {level: [] for level in SWEEP}
spoiled = [add_gaussian(x_valid, level, np.random.default_rng(run.seed)) for level in test_levels]
for level in SWEEP:
    if level == 0:
        networks = [models["plain", seed] for seed in range(SEEDS)]
    elif level == NOISE:
        networks = [models["gaussian", seed] for seed in range(SEEDS)]
    else:
        keras.utils.set_random_seed(0)
        noise_layer = layers.GaussianNoise(level, seed=0)
        networks = [build_autoencoder(noise_layer, HIDDEN_UNITS, LATENT_DIM)]
        compile_model(networks[0], epochs)
        networks[0].fit(x_train, x_train, batch_size=BATCH_SIZE, epochs=epochs, verbose=0)
    for network in networks:
        errors = [np.mean((np.asarray(network(noisy)) - x_valid) ** 2) for noisy in spoiled]
        sweep[level].append(errors)
nothing = [np.mean((np.clip(noisy, 0, 1) - x_valid) ** 2) for noisy in spoiled]
mean_sweep = np.array([np.mean(errors, axis=0) for errors in sweep.values()])
sweep_spread = max(np.ptp(errors, axis=0).max() for errors in sweep.values())
print("MSE, mean over the seeds; test noise: " + "".join(f"{level:9.1f}" for level in test_levels))
for i, training_level in enumerate(SWEEP):
    print(
        f"training noise {training_level:.1f}"
        + " " * 20
        + "".join(f"{e:9.4f}" for e in mean_sweep[i])
    )
print("nothing but clipping" + " " * 18 + "".join(f"{e:9.4f}" for e in nothing))
print(f"largest difference between seeds: {sweep_spread:.4f}")

# %% alt="Error against the noise in the test, one line for each level of training noise. The lines with little training noise start low and rise steeply; the line with the most training noise starts high and is the lowest at the right end. A dotted line for doing nothing starts at zero, crosses the others and leaves the picture."
figure, axis = plt.subplots(figsize=(8, 3.6), layout="constrained")
for i, training_level in enumerate(SWEEP):
    axis.plot(
        test_levels, mean_sweep[i], "o-", color=f"C{i}", label=f"trained with {training_level}"
    )
    for errors in sweep[training_level]:
        axis.plot(test_levels, errors, color=f"C{i}", lw=0.7, alpha=0.5)
axis.plot(test_levels, nothing, "k:", label="doing nothing")
axis.set(xlabel="standard deviation of the noise in the test", ylabel="MSE per pixel")
axis.set_ylim(0, 1.3 * mean_sweep.max())
axis.set_title("Error by noise in training and test (thin lines: single seeds)", fontsize=11)
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# At test noise 0, 0.3<!-- setting --> and 0.5<!-- setting -->, the matching network is the best of the four; at 0.1<!-- setting --> it ties with the plain one. At 0.3<!-- setting -->, the matching network has an error of
# 0.0127<!-- sweep_matched_mse -->. With too little noise in training, 0.1<!-- setting -->, it is 0.0136<!-- sweep_too_little_mse -->, with too much, 0.5<!-- setting -->, it is 0.0148<!-- sweep_too_much_mse -->. On clean
# images too much noise costs far more: 0.0162<!-- sweep_noisiest_on_clean_mse --> against 0.0098<!-- sweep_clean_on_clean_mse -->. The network trained with 0.5<!-- setting --> is even better on noisy images than on clean ones, for the
# reason that we have just seen. If you do not know the level, 0.3<!-- setting --> is the safest of the four: nowhere is it much worse than the best. (Two seeds differ by 0.0001<!-- sweep_spread --> at most; the levels 0.1<!-- setting --> and 0.5<!-- setting --> were trained once.)
#
# The dotted line holds a warning. If the noise is as weak as 0.1<!-- setting -->, the untouched images have an error of 0.0069<!-- nothing_on_little_mse -->, and every one of these networks makes them worse (0.0104<!-- sweep_best_on_little_mse --> at best). The plain
# network loses 0.0098<!-- sweep_clean_on_clean_mse --> on clean images, because of its narrow code, and those trained with more noise smooth away details in addition.

# %% [markdown]
# ## Stacked denoising autoencoders
# Vincent et al. (2010) trained deep denoisers one layer at a time, as in chapter 03: a first denoiser learns to restore images; its
# hidden activations become the data of a second one, with noise added to *them*; and in the end the parts are put together and trained as a whole. We give the
# three stages two epochs each, and compare with the same network trained for six epochs from the start.


# %%
def build_shallow_denoiser(inputs, units, activation, output_activation):
    """Dropout, a dense layer that encodes, and one that decodes."""
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            layers.Dropout(RATE),
            layers.Dense(units, activation=activation),
            layers.Dense(inputs, activation=output_activation, dtype="float32"),
        ]
    )


keras.utils.set_random_seed(run.seed)
flat = x_train.reshape(len(x_train), -1)
first = build_shallow_denoiser(784, HIDDEN_UNITS, "relu", "sigmoid")
compile_model(first, short_epochs)
first.fit(flat, flat, batch_size=BATCH_SIZE, epochs=short_epochs, verbose=0)
_, encoder_1, decoder_1 = first.layers
hidden = np.asarray(encoder_1(flat)).astype("float32")
second = build_shallow_denoiser(HIDDEN_UNITS, LATENT_DIM, None, "relu")
compile_model(second, short_epochs)
second.fit(hidden, hidden, batch_size=BATCH_SIZE, epochs=short_epochs, verbose=0)
_, encoder_2, decoder_2 = second.layers

stack = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Flatten(),
        layers.Dropout(RATE),
        encoder_1,
        encoder_2,
        decoder_2,
        decoder_1,
        layers.Reshape((28, 28, 1), dtype="float32"),
    ]
)
stack_before = np.mean((np.asarray(stack(x_valid)) - x_valid) ** 2)
compile_model(stack, short_epochs)
stack.fit(x_train, x_train, batch_size=BATCH_SIZE, epochs=short_epochs, verbose=0)
stack_mse = np.mean((np.asarray(stack(x_valid)) - x_valid) ** 2)

keras.utils.set_random_seed(run.seed)
at_once = build_autoencoder(layers.Dropout(RATE), HIDDEN_UNITS, LATENT_DIM)
compile_model(at_once, 3 * short_epochs)
at_once.fit(x_train, x_train, batch_size=BATCH_SIZE, epochs=3 * short_epochs, verbose=0)
at_once_mse = np.mean((np.asarray(at_once(x_valid)) - x_valid) ** 2)
print(f"put together {stack_before:.5f}, trained as a whole {stack_mse:.5f}; ", end="")
print(f"at once, as many epochs in all: {at_once_mse:.5f}")

# %% [markdown]
# Put together, the two denoisers start at 0.0239<!-- stack_before_val_mse --> and reach 0.0130<!-- stack_val_mse -->. Training at once, with as many epochs, ends at
# 0.0121<!-- at_once_val_mse --> (one run each, the same learning rate for all stages). As for the autoencoders without noise in chapter 03, training layer by layer did not help this small network. Vincent et al. used
# it to prepare deep classifiers.

# %% [markdown]
# ## Are the features better?
# Vincent et al. (2008) had another reason to add noise: a network that can restore an image must have found features that do not depend on single pixels, and such features should
# help a classifier. We test this with a *linear probe*: a logistic regression on the activations of the first hidden layer. As controls it also gets the
# raw pixels and the hidden layer of an untrained network. The strength of its regularization is chosen on a fifth of the validation images and the accuracy measured on the others.
# Four different sets of labeled images tell us how much is chance.

# %%
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler


def hidden_activations(model, x):
    """Activations of the first hidden layer for images x, without noise."""
    hidden_layer = model.layers[0].get_layer("hidden")
    return np.asarray(hidden_layer(x.reshape(len(x), -1))).astype("float32")


def probe_accuracy(features, labeled):
    """Accuracy in % of a logistic regression on some labeled training images."""
    train_features, valid_features = features
    scaler = StandardScaler().fit(train_features[labeled])
    inputs = scaler.transform(train_features[labeled])
    valid_inputs = scaler.transform(valid_features)
    choices = []
    for strength in (1e-3, 1e-2, 1e-1):
        probe = LogisticRegression(C=strength, max_iter=500)
        probe.fit(inputs, images.y_train[labeled])
        right = probe.predict(valid_inputs) == images.y_valid
        choices.append((right[:n_choose].mean(), right[n_choose:].mean()))
    return 100 * max(choices, key=lambda choice: choice[0])[1]


n_choose = len(x_valid) // 5  # validation images that choose the regularization
n_pool = min(len(x_train), 10_000)  # the labeled images come from these
keras.utils.set_random_seed(run.seed)
untrained = build_autoencoder(layers.Identity(), HIDDEN_UNITS, LATENT_DIM)
feature_sets = {
    "pixels": [x.reshape(len(x), -1) for x in (x_train[:n_pool], x_valid)],
    "untrained": [hidden_activations(untrained, x) for x in (x_train[:n_pool], x_valid)],
}
for (name, seed), model in models.items():
    features = [hidden_activations(model, x) for x in (x_train[:n_pool], x_valid)]
    feature_sets[f"{name}, seed {seed}"] = features
probes = {name: [] for name in feature_sets}
for label_seed in range(PROBE_SETS):
    labeled = np.random.default_rng(label_seed).permutation(n_pool)[:PROBE_LABELS]
    for name, features in feature_sets.items():
        probes[name].append(probe_accuracy(features, labeled))
for name, scores in probes.items():
    gain = np.subtract(scores, probes["plain, seed 0"])
    print(f"{name:16} accuracy {np.mean(scores):.1f} %   over plain, seed 0, by set: ", end="")
    print("  ".join(f"{points:+.1f}" for points in gain))
probe_mean = {}
for name in ("plain", "gaussian", "dropout"):
    probe_mean[name] = np.mean([probes[f"{name}, seed {seed}"] for seed in range(SEEDS)])

# %% [markdown]
# On average, all trained features are better than the raw pixels (78.8 %<!-- probe_pixels_percent -->) and than untrained ones (78.0 %<!-- probe_untrained_percent -->). The differences between plain
# (80.2 %<!-- probe_plain_percent -->), Gaussian (80.1 %<!-- probe_gaussian_percent -->) and dropout (80.0 %<!-- probe_dropout_percent -->) are no larger than the difference
# between two seeds of the plain network. So on these images, and with this probe, we cannot confirm that noise leads
# to better features. Vincent et al. found gains with wide hidden layers, without a bottleneck behind them, with fine-tuning, and on harder variants of handwritten digits.

# %% [markdown]
# ## Check
# These are the main claims of the chapter as assertions. The test images are used here for the first time.

# %%
noisy_test = add_gaussian(x_test, NOISE, np.random.default_rng(run.seed + 1))
test_psnr = {"nothing": psnr(x_test, noisy_test)}
for name, (denoise, _) in rivals.items():
    test_psnr[name] = psnr(x_test, denoise(noisy_test, settings[name]))
for name in ("plain", "gaussian", "dropout"):
    test_psnr[name] = psnr(x_test, models[name, 0](noisy_test))
test_psnr["wide"] = psnr(x_test, wide_models["gaussian"](noisy_test))
for name, value in test_psnr.items():
    print(f"{name:16} {value:.2f} dB on test images")
best_rival = max(rivals, key=lambda name: valid_psnr[name][0])
dropout_mse = np.mean((np.asarray(models["dropout", 0](x_test)) - x_test) ** 2)
mean_image_mse = np.mean((x_test - x_train.mean(axis=0)) ** 2)

assert inference_change == 0, "a noise layer is active at inference"
assert dropout_mse < mean_image_mse, "no better than the mean image"
assert test_psnr["gaussian"] > test_psnr["nothing"] + 1, "the denoiser does not denoise"
if not QUICK:
    assert test_psnr["gaussian"] > test_psnr["PCA"], "keeping components is as good"
    assert test_psnr["gaussian"] > test_psnr["plain"], "training with noise did not help"
    assert test_psnr["wide"] > test_psnr[best_rival], "a linear method is as good"
    wide_gain = valid_psnr["wide, gaussian"][0] - valid_psnr["wide, plain"][0]
    assert wide_gain > 1, "the wide network gained nothing from noise"
    assert mean_sweep[-1, 0] == mean_sweep[:, 0].max(), "much noise is no loss on clean images"
    assert mean_sweep[-1, -1] == mean_sweep[:, -1].min(), "much noise is no gain on noisy images"
if not QUICK and full_data:
    assert dropout_mse <= 0.0122

gk.record(
    "05_denoising_autoencoders",
    plain_val_mse=np.mean(clean_mse["plain"]),
    gaussian_val_mse=np.mean(clean_mse["gaussian"]),
    dropout_val_mse=np.mean(clean_mse["dropout"]),
    dropout_test_mse=dropout_mse,
    nothing_psnr_db=valid_psnr["nothing"][0],
    median_psnr_db=valid_psnr["median filter"][0],
    smoothing_psnr_db=valid_psnr["Gaussian filter"][0],
    pca_psnr_db=valid_psnr["PCA"][0],
    pca30_psnr_db=valid_psnr["PCA-30"][0],
    wiener_psnr_db=valid_psnr["Wiener filter"][0],
    plain_psnr_db=np.mean(valid_psnr["plain"]),
    gaussian_psnr_db=np.mean(valid_psnr["gaussian"]),
    dropout_psnr_db=np.mean(valid_psnr["dropout"]),
    wide_plain_psnr_db=valid_psnr["wide, plain"][0],
    wide_psnr_db=valid_psnr["wide, gaussian"][0],
    wide_gain_db=valid_psnr["wide, gaussian"][0] - valid_psnr["wide, plain"][0],
    wide_clean_mse=wide_clean_mse["gaussian"],
    wide_noisy_mse=10 ** (-valid_psnr["wide, gaussian"][0] / 10),
    wide_plain_clean_mse=wide_clean_mse["plain"],
    wide_test_psnr_db=test_psnr["wide"],
    noise_training_gain_db=np.mean(valid_psnr["gaussian"]) - np.mean(valid_psnr["plain"]),
    noisy_test_psnr_db=test_psnr["nothing"],
    gaussian_test_psnr_db=test_psnr["gaussian"],
    plain_test_psnr_db=test_psnr["plain"],
    best_rival_test_psnr_db=test_psnr[best_rival],
    pca_components=settings["PCA"],
    sweep_clean_on_clean_mse=mean_sweep[0, 0],
    sweep_noisiest_on_clean_mse=mean_sweep[-1, 0],
    sweep_matched_mse=mean_sweep[SWEEP.index(0.3), test_levels.index(0.3)],
    sweep_too_little_mse=mean_sweep[min(1, len(SWEEP) - 1), test_levels.index(0.3)],
    sweep_too_much_mse=mean_sweep[-1, test_levels.index(0.3)],
    sweep_noisiest_on_noisiest_mse=mean_sweep[-1, -1],
    sweep_matched_on_noisiest_mse=mean_sweep[SWEEP.index(0.3), -1],
    sweep_best_on_little_mse=mean_sweep[:, 1].min(),
    nothing_on_little_mse=nothing[1],
    sweep_spread=sweep_spread,
    stack_before_val_mse=stack_before,
    stack_val_mse=stack_mse,
    at_once_val_mse=at_once_mse,
    probe_pixels_percent=np.mean(probes["pixels"]),
    probe_untrained_percent=np.mean(probes["untrained"]),
    probe_plain_percent=probe_mean["plain"],
    probe_gaussian_percent=probe_mean["gaussian"],
    probe_dropout_percent=probe_mean["dropout"],
    seconds=time.perf_counter() - START,
)

# %% [markdown]
# ## What to remember
# - A denoising autoencoder gets a noisy input and a clean target. With a squared error, the best answer is the mean of the clean images that could have led to the input.
# - `GaussianNoise` and `Dropout` are active during training only. To test a denoiser, add the noise yourself.
# - Networks that were never trained with noise, narrow or wide, already removed much of it here. Training with noise added 0.8<!-- noise_training_gain_db --> dB to the narrow network and 1.6<!-- wide_gain_db --> dB to the wide one.
# - A denoiser that is trained for one level of noise can make clean images worse.
# - Before you call a denoiser good, compare it with a plain autoencoder, with classical filters, and with the best linear method.
# - A single training proves little about features. Two seeds of the same network can differ as much as two methods.
#
# ## Exercises
# 1. *(easy)* Which noise for which network? Measure the error of the three narrow networks on images with half of their pixels set to zero. Hint: `drop_pixels`.
# 2. *(easy)* Set `LATENT_DIM` to 200. How much noise does the plain autoencoder remove now, and how good is the denoiser?
# 3. *(medium)* Salt-and-pepper noise: set a tenth of the pixels to 0 or 1 at random. Which of the rivals and networks copes best? For which kind of noise is the median filter made?
# 4. *(medium)* Draw the weights of thirty hidden units as images, for a network trained with and one trained without noise, and for both before training. Measure how smooth they are. Hint: correlate each pixel's weight with that of its neighbor, for each unit.
# 5. *(hard)* Train one network on noise whose level is drawn anew for each image, between 0 and 0.5<!-- setting -->, in a layer of your own. Is it as good at each level as the specialist? Such a network is half of a diffusion model
#    (chapter 15).
#
# ## References
# - A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras and TensorFlow*, 3rd ed., ch. 17.
# - P. Vincent et al., Extracting and composing robust features with denoising autoencoders, ICML 2008.
# - P. Vincent et al., Stacked denoising autoencoders, *JMLR*, 2010.
