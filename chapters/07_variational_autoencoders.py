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
# # 07 Variational autoencoders
#
# The autoencoders of the last chapters can compress, denoise and sort garments.
# To draw a new garment, we would have to choose a code and decode it.
# But which one?
# We do not know how the codes of garments are distributed.
# A *variational autoencoder* (VAE) is trained so that its codes follow, roughly, a distribution that we choose in advance.
# We sample a code from it, decode, and get a new garment.
# Such models propose molecules for new drugs, and one is part of Stable Diffusion.
#
# | | |
# |---|---|
# | Slides | *VAEs: diferencia clave*; *Optimización de la VAE*; *Los a priors de la distribución latente*; *Gráfo de cálculo de la VAE*; *Reparametrizando la capa de muestreo*; *Generar nuevos ejemplos* |
# | Textbook | Hands-On Machine Learning, chapter 17, "Variational Autoencoders" |
# | Result | Draws new garments from random numbers, with a variational autoencoder whose validation loss is 0.0298<!-- vae_loss --> |
# | Time | 156 s<!-- seconds --> on two CPU cores |
# | Evidence | [The experiments](../experiments/README.md) |

# %% [markdown]
# ## Setup
# Numbers in the text are those of the run that you see here, on all 55,000 training images; yours will differ a little (the loss of three seeds by 0.0002<!-- experiment 07 seeds loss_spread -->).

# %%
import math

import genkeras as gk
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import layers, ops
from matplotlib.patches import Circle, Ellipse, Patch
from scipy.stats import norm

run = gk.setup(seed=42)

# %% tags=["parameters"]
QUICK = run.quick  # True: everything small, to see it run in less than a minute
LATENT_DIM = 10
EPOCHS = 2 if QUICK else 12  # GPU: 50
SHORT_EPOCHS = 1 if QUICK else 3  # of the other models in this chapter; GPU: 15

# %%
images = gk.load_images(n_train=2000 if QUICK else None)
x_train, x_valid, x_test = images.x_train, images.x_valid, images.x_test
shape = x_train.shape[1:]  # (28, 28, 1); the models follow the shape of the images
pixels = math.prod(shape)

# %% [markdown]
# ## A distribution in place of a code
# This is the key difference (*diferencia clave*) from an ordinary autoencoder.
# The encoder returns not a code, but a normal distribution for it: a mean $\mu$ and a standard deviation $\sigma$ for each of the ten numbers.
# The code $z$ is sampled from this distribution, and the decoder has to rebuild the image from the sample.

# %% alt="Diagram: the image, 784 pixels, leads to the encoder with 256 and 128 hidden units, and this to the means and to the log variances of ten codes. Both, and a random epsilon in orange, lead to z, and z to the decoder with 128 and 256 hidden units and the reconstruction."
gk.plot_diagram(
    {
        "image x\n784": (0, 1),
        "encoder\n256, 128": (2, 1),
        "mean μ\n10": (4, 1.8),
        "log σ²\n10": (4, 0.2),
        "z = μ + σ ε\n10": (6, 1),
        "ε, random\n10": (6, -0.4),
        "decoder\n128, 256": (8, 1),
        "reconstruction x̂\n784": (10, 1),
    },
    [
        ("image x\n784", "encoder\n256, 128", ""),
        ("encoder\n256, 128", "mean μ\n10", ""),
        ("encoder\n256, 128", "log σ²\n10", ""),
        ("mean μ\n10", "z = μ + σ ε\n10", ""),
        ("log σ²\n10", "z = μ + σ ε\n10", ""),
        ("ε, random\n10", "z = μ + σ ε\n10", ""),
        ("z = μ + σ ε\n10", "decoder\n128, 256", ""),
        ("decoder\n128, 256", "reconstruction x̂\n784", ""),
    ],
    colored=["ε, random\n10"],
    title="The variational autoencoder",
)
plt.show()

# %% [markdown]
# So each image is encoded as a region, not as a point, and the decoder has to return something close to the image wherever in it the sample falls.
# The loss decides how large the regions are, and where they lie.
#
# ## The loss
# The loss of the slides has two parts, (reconstruction loss) + (*término de regularización*).
# The first is the squared error.
# The second is the Kullback-Leibler divergence of chapter 06: it measures how far the inferred distribution $q(z|x)$ is from a distribution that we fix beforehand, the *prior* $p(z)$.
# Like the slides, we choose a standard normal distribution:
#
# $$\mathcal{L} = \frac{1}{784}\,\|x - \hat{x}\|^2 \;+\; \frac{1}{784}\, D_{KL}\big(q(z|x)\,\|\,p(z)\big)$$
#
# Keras averages the squared error over the pixels, so the textbook divides the divergence by their number, too.
# The divergence is the mean of $\log q(z|x) - \log p(z)$ over samples from $q$.
# For normal distributions it has a closed form:
#
# $$D_{KL} = \frac{1}{2} \sum_j \left(\sigma_j^2 + \mu_j^2 - 1 - \log \sigma_j^2\right)$$
#
# The slide prints $-\frac{1}{2} \sum_j (\sigma_j + \mu_j^2 - 1 - \log \sigma_j)$, which is the same with the opposite sign if its $\sigma_j$ stands for the variance.
# Which sign is right?
# We compare with a hundred thousand samples.

# %%
rng = np.random.default_rng(run.seed)
mu, sigma = np.array([0.8, -1.5, 0.0]), np.array([0.6, 1.2, 0.2])
samples = rng.normal(mu, sigma, size=(100_000, 3))
log_q, log_p = norm.logpdf(samples, mu, sigma), norm.logpdf(samples)
log_ratio = np.sum(log_q - log_p, axis=1)
closed_form = 0.5 * np.sum(sigma**2 + mu**2 - 1 - np.log(sigma**2))
print(f"samples {log_ratio.mean():.3f}, formula {closed_form:.3f}")

# %% [markdown]
# The closed form agrees with the samples.
# With the slide's sign the divergence would be negative, and a network that minimized it would drive its codes away from the prior.
#
# ## Gradients through a random sample
# To train the encoder we need the derivative of the loss with respect to $\mu$ and $\sigma$, and between them and the loss $z$ is sampled at random.
# The idea of the slides is to write this step as a formula: first sample $\epsilon \sim \mathcal{N}(0, 1)$, which depends on nothing, and then compute
#
# $$z = \mu + \sigma \odot \epsilon$$
#
# This is called *reparametrization* (or reparameterization).
# Originally the gradient would have to pass through the random node $z$.
# Now $\epsilon$ is a separate input, as in the diagram, and the gradient flows from $z$ to $\mu$ and $\sigma$ by ordinary arithmetic.
# Let's compare with a random number that has no smooth formula, one that is 1 with probability $p$ and 0 otherwise:

# %%
m, s, p = tf.constant(1.5), tf.constant(0.5), tf.constant(0.3)
with tf.GradientTape(persistent=True) as tape:
    tape.watch([m, s, p])
    mean_square = tf.reduce_mean((m + s * tf.random.normal((100_000,))) ** 2)
    ones = tf.cast(tf.random.uniform((100_000,)) < p, "float32")
    share_of_ones = tf.reduce_mean(ones)
gradient_m, gradient_s = tape.gradient(mean_square, [m, s])
print(f"gradients {gradient_m:.2f} and {gradient_s:.2f}, by hand 3 and 1")
print(f"gradient {tape.gradient(share_of_ones, p)}, by hand 1")

# %% [markdown]
# The mean of $z^2$ is $\mu^2 + \sigma^2$, so its derivatives are $2\mu = 3$ and $2\sigma = 1$, and the average over the samples gives them.
# The share of ones is $p$, so its derivative is 1, but TensorFlow finds none: a small change of $p$ leaves most ones and zeros as they are, and a few jump.
# For such cases there is the *score function* estimator, which multiplies the loss by the gradient of $\log q$.
# For $\mu$ in our example it has 56<!-- experiment 07 score_function variance_ratio --> times the variance (without a baseline).
#
# ## The sampling layer
# All of this fits into one layer.
# It samples $z$ by the formula, adds the weighted divergence to the loss, and reports the divergence without its weight.
# It gets the logarithm of the variance, because that can be any number, and computes in float32, because an exponential overflows easily in half precision.
# Unlike the noise layers of chapter 05, it also samples at inference.


# %%
class Sampling(layers.Layer):
    """Sample z from N(mean, exp(log_var)); add its KL from N(0, 1) to the loss."""

    def __init__(self, kl_weight, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.kl_weight = kl_weight
        self.kl_metric = keras.metrics.Mean(name="kl_nats")

    def call(self, inputs):
        mean, log_var = inputs
        kl = 0.5 * ops.sum(ops.exp(log_var) + mean**2 - 1 - log_var, axis=-1)
        self.add_loss(self.kl_weight * ops.mean(kl))
        self.kl_metric.update_state(kl)
        return mean + ops.exp(log_var / 2) * keras.random.normal(ops.shape(mean))


# %% [markdown]
# `gk.Sampling` does the same, keeps the variance in bounds, has a seed, and can be saved; later chapters use it.
#
# ## The model
# Encoder and decoder are models of their own, so that we can use each alone.


# %%
def build_vae(shape, latent_dim, kl_weight):
    """A VAE for images of this shape; its layers "encoder" and "decoder" are models."""
    inputs = keras.Input(shape)
    hidden = layers.Flatten()(inputs)
    hidden = layers.Dense(256, activation="gelu")(hidden)
    hidden = layers.Dense(128, activation="gelu")(hidden)
    mean = layers.Dense(latent_dim)(hidden)
    log_var = layers.Dense(latent_dim)(hidden)
    z = Sampling(kl_weight)([mean, log_var])
    encoder = keras.Model(inputs, [mean, log_var, z], name="encoder")

    decoder = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(128, activation="gelu"),
            layers.Dense(256, activation="gelu"),
            layers.Dense(math.prod(shape), activation="sigmoid"),
            layers.Reshape(shape),
        ],
        name="decoder",
    )
    return keras.Model(inputs, decoder(encoder(inputs)[2]), name="vae")


# %% [markdown]
# We compile it with the squared error, to which the layer adds the divergence; the metric shows the squared error alone.
# The schedule of the learning rate is that of chapter 03.


# %%
def train(model, x, x_valid, epochs, batch_size=128):
    """Compile and fit a VAE; returns the history, a list of values for each metric."""
    steps = epochs * len(x) // batch_size
    model.compile(
        loss="mse",
        optimizer=keras.optimizers.Nadam(gk.warmup_cosine(4e-3, steps)),
        metrics=["mse"],
        steps_per_execution=max(1, steps // 100),
    )
    return model.fit(
        x,
        x,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(x_valid, x_valid),
    ).history


vae = build_vae(shape, LATENT_DIM, kl_weight=1 / pixels)
encoder, decoder = vae.get_layer("encoder"), vae.get_layer("decoder")
history = train(vae, x_train, x_valid, images.epochs(EPOCHS))

# %%
vae_loss, vae_mse = history["val_loss"][-1], history["val_mse"][-1]
vae_kl = history["val_kl_nats"][-1]
print(f"loss {vae_loss:.4f} = MSE {vae_mse:.4f} + KL {vae_kl:.1f} nats / {pixels}")

mean, log_var, z = [np.asarray(output) for output in encoder(x_valid)]
kl_by_code = 0.5 * np.mean(np.exp(log_var) + mean**2 - 1 - log_var, axis=0)
active_codes = np.sum(kl_by_code > 0.1)
print("KL by code", np.sort(kl_by_code)[::-1].round(2), f"active: {active_codes}")

# %% alt="Squared error and divergence by epoch, each for training and validation. The error falls steeply, then slowly, and training and validation agree from the third epoch on; the divergence stays nearly level."
gk.plot_learning_curves(
    {
        "MSE": {"loss": history["mse"], "val_loss": history["val_mse"]},
        "KL / 784": {
            "loss": [kl / pixels for kl in history["kl_nats"]],
            "val_loss": [kl / pixels for kl in history["val_kl_nats"]],
        },
    },
    title="The two parts of the loss",
    ylabel="per pixel",
)
plt.show()

# %% [markdown]
# Two thirds of the loss are squared error.
# The divergence is 7.4<!-- vae_kl --> nats; a nat is $1.44$ bits.
# On average, a code can tell us no more than that about its image.
# Only 5<!-- active_codes --> of the ten numbers have a divergence above a tenth of a nat; for the others, the encoder returns the prior.
#
# ## New garments
# Now we sample from the prior, and decode.

# %% alt="Forty generated images: shirts, trousers, dresses, shoes and bags, all without fine detail; two or three in the last row are dark smears."
prior_samples = keras.random.normal((40, LATENT_DIM), seed=1)
gk.plot_images(decoder(prior_samples), title="Forty samples from the prior, decoded")
plt.show()

# %% [markdown]
# Most of them are garments; a few mix two kinds, such as trousers with sleeves.
# None shows a print or a zip.
#
# ## What the loss means
# Why this loss, and why the weight 1/784?
# A VAE is a model of how images come about: a code is sampled from the prior $p(z)$, and an image from $p(x|z)$.
# We want the training images to be likely under this model, but $p(x) = \int p(x|z)\,p(z)\,dz$ is hard to estimate, because $p(x|z)$ is almost zero for nearly all codes.
# So we let the encoder propose the codes that matter, and correct for its choice:
#
# $$\log p(x) = \log \mathbb{E}_{q(z|x)}\!\left[\frac{p(x|z)\,p(z)}{q(z|x)}\right] \;\ge\; \mathbb{E}_{q(z|x)}\!\left[\log \frac{p(x|z)\,p(z)}{q(z|x)}\right]$$
#
# The logarithm of a mean is at least the mean of the logarithms (Jensen's inequality), and the mean of logarithms is easy to estimate, even from a single sample.
# We sort its factors into two terms:
#
# $$\log p(x) \;\ge\; \mathbb{E}_{q(z|x)}[\log p(x|z)] - D_{KL}\big(q(z|x)\,\|\,p(z)\big)$$
#
# This is the *evidence lower bound* (ELBO).

# %% [markdown]
# To get a loss, we have to say what $p(x|z)$ is.
# If each pixel is normal around the decoder's output, with variance $v$, then $-\log p(x|z) = \|x - \hat{x}\|^2 / (2v)$ plus a constant.
# We change the sign of the bound and multiply by $2v/784$:
#
# $$\mathcal{L} = \frac{1}{784}\,\|x - \hat{x}\|^2 \;+\; \frac{2v}{784}\; D_{KL}\big(q(z|x)\,\|\,p(z)\big)$$
#
# So the weight 1/784 says that $v = 1/2$, a standard deviation of 0.7<!-- setting --> for pixels between 0 and 1.
# With this weight, the encoder spends a nat on a detail only if that lowers the squared error, summed over the image, by more than $2v = 1$.
#
# The errors that our model makes are much smaller.
# We take their mean square on the training images as $v$, and train the same network with the weight that belongs to it.

# %%
v = history["mse"][-1]
sharp_weight = 2 * v / pixels
weight_ratio = 1 / pixels / sharp_weight
sharp_vae = build_vae(shape, LATENT_DIM, sharp_weight)
sharp_history = train(sharp_vae, x_train, x_valid, images.epochs(SHORT_EPOCHS))
sharp_mse = sharp_history["val_mse"][-1]
sharp_kl = sharp_history["val_kl_nats"][-1]
print(f"v = {v:.4f}, a weight {weight_ratio:.0f} times smaller")
print(f"MSE {sharp_mse:.4f}, KL {sharp_kl:.1f} nats")

# %% alt="Three rows: ten test garments; their reconstructions with the weight 1/784, and with the smaller weight, where the shoe in the third column has a bright sole, and the sandal in the eighth has dark patches. Neither has prints."
shown = x_test[:10]
reconstructions = {"weight\n1/784": vae(shown), "smaller\nweight": sharp_vae(shown)}
gk.plot_reconstructions(shown, reconstructions)
plt.show()

# %% [markdown]
# With a weight that is 25<!-- weight_ratio --> times smaller, the divergence rises to 29<!-- sharp_kl --> nats, and after a quarter of the epochs the squared error is 0.0150<!-- sharp_mse --> instead of 0.0204<!-- vae_mse -->.
# The bright sole of the shoe in the third column appears, and the sandal in the eighth gets darker patches where its gaps are.
# Prints are still missing, for a second reason: the mean of all images that a code could stand for has the lowest squared error.
#
# How much does $v$ matter for the likelihood?
# We compute the ELBO of the validation images, constants included, for the first network.


# %%
def elbo(mse, kl, v, pixels):
    """The ELBO of an image in nats, if its pixels have the variance v."""
    return -pixels / 2 * (mse / v + math.log(2 * math.pi * v)) - kl


elbo_half = elbo(vae_mse, vae_kl, 1 / 2, pixels)
elbo_v = elbo(vae_mse, vae_kl, v, pixels)
gain = elbo_v - elbo_half
print(f"v = 1/2: {elbo_half:.0f} nats; v = {v:.4f}: {elbo_v:.0f} nats ({gain:+.0f})")

# %% [markdown]
# The same network is a better model by 879<!-- gain --> nats once we say how wrong its pixels are.
# (A density can exceed 1, so its logarithm can be positive.)
# A VAE that learns its variance gains 134<!-- experiment 07 bounds gain_at_k100 --> more at equal epochs, by a tighter bound from a hundred weighted samples of each image (Burda et al.).
# So compare two VAEs by their bounds in nats, with all constants, and not by their losses.
#
# ## What the divergence is good for
# If a small weight reconstructs better, why not leave the divergence out?
# We sample the second model, too.

# %% alt="Twenty images decoded from samples of the prior by the model with the smaller weight. Some are garments, others dark or torn shapes."
sharp_decoder = sharp_vae.get_layer("decoder")
gk.plot_images(sharp_decoder(prior_samples[:20]), title="Samples, smaller weight")
plt.show()

# %% [markdown]
# Fewer of these are garments.
# At equal epochs, a VAE that learns its variance has a precision of 0.67<!-- experiment 07 draws learned_10_prior_precision -->, ours 0.74<!-- experiment 07 draws vae_10_prior_precision -->: fewer samples look like garments.
# But they are more varied, with a recall of 0.19<!-- experiment 07 draws learned_10_prior_recall --> instead of 0.03<!-- experiment 07 draws vae_10_prior_recall -->.
# To see why, we train the same network with codes of two numbers: without the divergence, with the weight 1/784, and with a much larger one.

# %%
weights = {"no divergence": 0.0, "weight 1/784": 1 / pixels, "weight 0.1": 0.1}
planes = {name: build_vae(shape, 2, weight) for name, weight in weights.items()}
for plane_vae in planes.values():
    train(plane_vae, x_train, x_valid, images.epochs(SHORT_EPOCHS))

# %% alt="Three panels: the distributions of 300 codes as ellipses, colored by class, and a dashed circle of radius 2 around the origin. No divergence: points between -15 and 45 and between -40 and 12, classes on lines and in wedges; the circle is tiny and holds only boots and sandals. Weight 1/784: ellipses in and around the circle, many overlapping, classes side by side. Weight 0.1: all of them the same circle of radius 1."
figure, axes = plt.subplots(1, 3, figsize=(8, 3.7), layout="constrained")
for axis, (name, plane_vae) in zip(axes, planes.items(), strict=True):
    outputs = plane_vae.get_layer("encoder")(x_valid)
    means, log_vars, codes = [np.asarray(output) for output in outputs]
    diameters = 2 * np.exp(log_vars / 2)
    colors = [f"C{label}" for label in images.y_valid[:300]]
    for center, (width, height), color in zip(means, diameters, colors, strict=False):
        axis.add_patch(Ellipse(center, width, height, color=color, alpha=0.4))
    axis.scatter(*means[:300].T, s=2, c=colors)
    axis.add_patch(Circle((0, 0), 2, fill=False, linestyle="--"))
    all_sigma, one_sigma = codes.std(axis=0).mean(), np.median(diameters) / 2
    title = f"{name}\nσ of all codes {all_sigma:.2g}, of one {one_sigma:.2g}"
    axis.set_title(title, fontsize=10)
    limit = max(2.5, np.percentile(np.abs(codes), 99))
    axis.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
legend = [Patch(color=f"C{i}", label=name) for i, name in enumerate(images.class_names)]
figure.legend(handles=legend, ncols=5, fontsize=8, loc="outside lower center")
plt.show()

# %% [markdown]
# Each ellipse is one garment's distribution, at one standard deviation; most samples from the prior fall into the dashed circle.
# Without the divergence the distributions shrink to almost nothing, and their means lie far apart: this is an ordinary autoencoder again.
# With the weight 1/784 all codes together have about the $\sigma$ of the prior, 1.
# With the weight $0.1$ all garments share one distribution, the prior, and the codes carry no information.
# This is *posterior collapse*.
# A decoder that also sees the five rows above each row collapses at 1/784 already, with 0.06<!-- experiment 07 collapse rows_weight_kl_nats --> nats; ours, with equal training, keeps 6.4<!-- experiment 07 collapse dense_weight_kl_nats -->.
#
# The divergence is computed for each image alone.
# Why does it gather the codes of all of them?
# Its mean over the images is the sum of two parts (Hoffman and Johnson).
# One is what the codes tell about the images, the other the divergence of all codes together, the *aggregate posterior*, from the prior.
# Neither can be negative, so the mean limits both.
#
# Now we decode the square around the circle, with each of the three models.

# %% alt="Three grids of 12 by 12 decoded images. No divergence: boots, and in the upper left corner white patterns. Weight 1/784: pullovers at the top turn into T-shirts to the right, and these into trousers below; on the left, pullovers turn into bags, boots and sneakers from top to bottom; between shoes and trousers the images are dark. Weight 0.1: the same blurred shape everywhere."
line = np.linspace(-2, 2, 12)
grid = np.stack(np.meshgrid(line, line[::-1]), axis=-1).reshape(-1, 2)
figure, axes = plt.subplots(1, 3, figsize=(8, 3.1), layout="constrained", dpi=150)
for axis, (name, plane_vae) in zip(axes, planes.items(), strict=True):
    tiles = np.asarray(plane_vae.get_layer("decoder")(grid)).reshape(12, 12, *shape)
    picture = tiles.transpose(0, 2, 1, 3, 4).reshape(12 * shape[0], -1, shape[2])
    axis.imshow(picture, cmap="gray", vmin=0, vmax=1, extent=(-2, 2, -2, 2))
    axis.set_title(name, fontsize=10)
plt.show()

# %% [markdown]
# Without the divergence, the codes of most garments lie elsewhere, and the square decodes to boots or to patterns that no garment has.
# With the weight $0.1$ it decodes to a single picture.
# With 1/784 it holds most kinds of garments, and they change gradually into each other.
# It also holds dark smears, in a gap between shoes and trousers and where the codes of several classes overlap.
#
# Could we instead choose the distribution after the training, and fit it to the codes?
# We can; the Fréchet distance of chapter 10 (lower is better; real images have 0.9<!-- experiment 07 draws real_ffd -->), at three epochs each:
#
# | | samples from the prior | from a mixture of ten normals |
# |---|---|---|
# | ordinary autoencoder | 297<!-- experiment 07 draws plain_10_prior_ffd --> | 59<!-- experiment 07 draws plain_10_mixture_ffd --> |
# | VAE, weight 1/784 | 108<!-- experiment 07 draws vae_10_prior_ffd --> | 86<!-- experiment 07 draws vae_10_mixture_ffd --> |
# | VAE, learned variance | 128<!-- experiment 07 draws learned_10_prior_ffd --> | 52<!-- experiment 07 draws learned_10_mixture_ffd --> |
#
# What the prior saves is the second model.
# Stable Diffusion has both, a VAE with a very small weight and a second model for its codes.

# %% [markdown]
# ## Check

# %%
standard_error = log_ratio.std() / len(log_ratio) ** 0.5
assert abs(closed_form - log_ratio.mean()) < 4 * standard_error, "the formula of the KL"
assert abs(gradient_m - 3) < 0.05, "the gradient through the mean"
assert abs(gradient_s - 1) < 0.05, "the gradient through the standard deviation"
if not QUICK:
    mean_image_mse = np.mean((x_valid - x_train.mean(axis=0)) ** 2)
    assert vae_loss < 0.5 * mean_image_mse, "hardly better than the mean image"
    assert sharp_kl > vae_kl, "a smaller weight allows for a larger divergence"
    assert np.isclose(kl_by_code.sum(), vae_kl, rtol=0.02), "the KL of the layer"
    assert np.abs(z.mean(axis=0)).max() < 0.25, "codes off the prior's center"
    assert np.abs(z.std(axis=0) - 1).max() < 0.25, "codes off the prior's spread"

# %% [markdown]
# ## What to remember
# - The loss of a VAE is, up to scale and constants, a bound on $-\log p(x)$: reconstruction error plus the divergence of the inferred distribution from the prior.
# - A sample lets gradients through if it is written as $z = \mu + \sigma \odot \epsilon$.
# - The divergence gathers the codes where the prior has its mass, so that a sample from the prior usually decodes to a garment.
# - Its weight says how noisy the pixels are: a large one costs detail, a small one the match with the prior.
#
# ## Exercises
# In [exercises/07_variational_autoencoders.ipynb](../exercises/07_variational_autoencoders.ipynb), with cells that check your answers:
# the divergence of two normal distributions; your own sampling layer; weights and variances; the best variance; posterior collapse.
#
# ## References
# - D. Kingma, M. Welling, [Auto-Encoding Variational Bayes](https://arxiv.org/abs/1312.6114), 2014.
# - D. Rezende, S. Mohamed, D. Wierstra, [Stochastic Backpropagation and Approximate Inference in Deep Generative Models](https://arxiv.org/abs/1401.4082), 2014.
# - Y. Burda, R. Grosse, R. Salakhutdinov, [Importance Weighted Autoencoders](https://arxiv.org/abs/1509.00519), 2016 (tighter bounds).
# - S. Bowman et al., [Generating Sentences from a Continuous Space](https://arxiv.org/abs/1511.06349), 2016 (posterior collapse).
# - M. Hoffman, M. Johnson, ELBO surgery, NIPS workshop, 2016 (the two parts of the divergence).
# - P. Ghosh et al., [From Variational to Deterministic Autoencoders](https://arxiv.org/abs/1903.12436), 2020 (distributions fitted to the codes).
# - R. Gómez-Bombarelli et al., [Automatic Chemical Design](https://arxiv.org/abs/1610.02415), 2018 (molecules); R. Rombach et al., [High-Resolution Image Synthesis with Latent Diffusion Models](https://arxiv.org/abs/2112.10752), 2022 (Stable Diffusion).
