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
# Nothing in their training makes the codes follow a distribution that we know.
# A *variational autoencoder* (VAE) is trained so that its codes follow, roughly, a distribution that we choose in advance.
# We draw from this distribution, decode, and get a new garment.
# Models of this family propose molecules for new drugs, and one of them compresses the images inside Stable Diffusion.
#
# | | |
# |---|---|
# | Slides | *VAEs: diferencia clave*; *Optimización de la VAE*; *Los a priors de la distribución latente*; *Gráfo de cálculo de la VAE*; *Reparametrizando la capa de muestreo*; *Generar nuevos ejemplos* |
# | Textbook | Hands-On Machine Learning, chapter 17, "Variational Autoencoders" |
# | Result | Draws new garments from random numbers; validation loss 0.0298<!-- vae_loss -->, a squared error of 0.0204<!-- vae_mse --> and a divergence of 7.4<!-- vae_kl --> nats |
# | Time | 168 s<!-- seconds --> on two CPU cores |
# | Evidence | [experiments/07_variational_autoencoders.py](../experiments/07_variational_autoencoders.py): seeds, fitted distributions, tighter bounds, collapse |

# %% [markdown]
# ## Setup
# Numbers in the text are those of the run that you see here, on all 55,000 training images; yours will differ a little.

# %%
import math

import genkeras as gk
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import layers, ops
from matplotlib.patches import Ellipse, Patch

run = gk.setup(seed=42)

# %% tags=["parameters"]
QUICK = run.quick  # True: everything small, to see it run in less than a minute
LATENT_DIM = 10
EPOCHS = 2 if QUICK else 12  # GPU: 50
SHORT_EPOCHS = 1 if QUICK else 3  # of the other models in this chapter; GPU: 20
BATCH_SIZE = 128

# %%
images = gk.load_images(n_train=2000 if QUICK else None)
x_train, x_valid, x_test = images.x_train, images.x_valid, images.x_test
shape = x_train.shape[1:]  # (28, 28, 1); the models follow the shape of the images
pixels = math.prod(shape)

# %% [markdown]
# ## A distribution in place of a code
# This is the key difference (*diferencia clave*) to an ordinary autoencoder.
# The encoder no longer returns a code, but a normal distribution for it: a mean $\mu$ and a standard deviation $\sigma$ for each of the ten numbers.
# The code $z$ is drawn from this distribution, and the decoder has to rebuild the image from the draw.

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
# So each image is encoded as a small region, not as a point, and wherever in it the draw falls, the decoder has to return that image.
# The loss decides how large these regions are, and where they lie.
#
# ## Where the loss comes from
# We would like to make the training images likely: to maximize $\log p(x)$, where
#
# $$p(x) = \int p(x|z)\,p(z)\,dz$$
#
# adds up all codes that could have produced $x$.
# As the *prior* $p(z)$ we choose, like the slides, a standard normal distribution: it is easy to draw from, and the decoder can turn it into other shapes.
# The integral is hard to estimate, because $p(x|z)$ is almost zero for nearly all codes.
# So we let the encoder propose the codes that matter, from a distribution $q(z|x)$, and correct for its choice:
#
# $$\log p(x) = \log \mathbb{E}_{q(z|x)}\!\left[\frac{p(x|z)\,p(z)}{q(z|x)}\right] \;\ge\; \mathbb{E}_{q(z|x)}\!\left[\log \frac{p(x|z)\,p(z)}{q(z|x)}\right]$$
#
# The logarithm of a mean is at least the mean of the logarithms (Jensen's inequality), and the mean of logarithms is easy to estimate from a single draw.
# We sort the three factors of the fraction into two terms:
#
# $$\log p(x) \;\ge\; \mathbb{E}_{q(z|x)}[\log p(x|z)] - D_{KL}\big(q(z|x)\,\|\,p(z)\big)$$
#
# This is the *evidence lower bound* (ELBO).
# Its first term asks that the decoder explains the image.
# The second is the Kullback-Leibler divergence of chapter 06, the mean of $\log q(z|x) - \log p(z)$ over draws from $q$, and keeps the proposed codes near the prior.
# If the decoder's pixels are the means of normal distributions with variance $v$, then $-\log p(x|z) = \|x - \hat{x}\|^2 / (2v)$ plus a constant.
# We change the sign of the bound, multiply by $2v/784$, and have the two terms of the slides, reconstruction and regularization (*término de regularización*):
#
# $$\mathcal{L} = \underbrace{\tfrac{1}{784}\,\|x - \hat{x}\|^2}_{\text{MSE}} \;+\; \frac{2v}{784}\; D_{KL}\big(q(z|x)\,\|\,p(z)\big)$$
#
# The textbook weights the divergence with $1/784$, and so do we.
# This means $v = 1/2$; we come back to this choice.
#
# For a normal $q$ and our prior, the divergence has a closed form:
#
# $$D_{KL} = \frac{1}{2} \sum_j \left(\sigma_j^2 + \mu_j^2 - 1 - \log \sigma_j^2\right)$$
#
# The slide prints $-\frac{1}{2} \sum_j (\sigma_j + \mu_j^2 - 1 - \log \sigma_j)$, which is the same with the opposite sign if its $\sigma_j$ stands for the variance.
# Which sign is right?
# We draw a hundred thousand times from $q$, and compare with the mean of the logarithms.

# %%
rng = np.random.default_rng(run.seed)
mean, log_var = np.array([0.8, -1.5, 0.0]), np.array([-1.0, 0.3, -3.0])
sigma = np.exp(log_var / 2)
z = mean + sigma * rng.standard_normal((100_000, 3))
log_ratio = 0.5 * np.sum(z**2 - (z - mean) ** 2 / sigma**2 - log_var, axis=1)
monte_carlo = np.mean(log_ratio)
closed_form = 0.5 * np.sum(sigma**2 + mean**2 - 1 - log_var)
print(f"Monte Carlo {monte_carlo:.3f}, formula {closed_form:.3f}, slide {-closed_form:.3f}")

# %% [markdown]
# The closed form agrees with the draws.
# A divergence is never negative, and a network that minimized the slide's formula would drive its codes away from the prior.
#
# ## Gradients through a random draw
# To train the encoder we need the derivative of the loss with respect to $\mu$ and $\sigma$, and between them and the loss there is a random draw.
# The idea of the slides is to write this draw as a formula: first take $\epsilon \sim \mathcal{N}(0, 1)$, which depends on nothing, and then compute
#
# $$z = \mu + \sigma \odot \epsilon$$
#
# This is called *reparametrization* (or reparameterization).
# In the original form, $z$ is the random node, and the way from the loss to $\mu$ and $\sigma$ leads through it.
# In the new form, which is that of the diagram above, $\epsilon$ is the only source of randomness, and lies beside the way.
# Let's compare such a draw with one that has no smooth formula, a number that is 1 with probability $p$ and 0 otherwise:

# %%
mu, sigma, p = tf.constant(1.5), tf.constant(0.5), tf.constant(0.3)
with tf.GradientTape(persistent=True) as tape:
    tape.watch([mu, sigma, p])
    drawn = mu + sigma * tf.random.normal((100_000,))
    mean_square = tf.reduce_mean(drawn**2)
    zero_or_one = tf.cast(tf.random.uniform((100_000,)) < p, "float32")
    share_of_ones = tf.reduce_mean(zero_or_one)
gradient_mu, gradient_sigma = tape.gradient(mean_square, [mu, sigma])
print(f"gradients {gradient_mu:.2f} and {gradient_sigma:.2f}, by hand 3 and 1")
print(f"gradient {tape.gradient(share_of_ones, p)}, by hand 1")

# %% [markdown]
# The mean of $z^2$ is $\mu^2 + \sigma^2$, so its derivatives are $2\mu = 3$ and $2\sigma = 1$.
# The average over the draws gives them.
# The share of ones is $p$, so its derivative is 1, and TensorFlow finds none: a small change of $p$ changes most draws not at all, and a few by a jump.
# For such draws there is another estimator, the *score function*, which only needs the density.
# In our example, the variance of its gradient for $\mu$ is 56<!-- experiment 07 score_function variance_ratio --> times as large, so we use the formula where there is one.
#
# ## The sampling layer
# All of this fits into one layer.
# It draws $z$ by the formula, adds the weighted divergence to the loss, and reports the divergence without its weight.
# It gets the logarithm of the variance, because that can be any number, and computes in float32, because an exponential overflows easily in half precision.


# %%
class Sampling(layers.Layer):
    """Draw z from N(mean, exp(log_var)); add its KL from N(0, 1) to the loss."""

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
# `gk.Sampling` does the same, has a seed, checks its arguments, and can be saved and loaded; later chapters use it.
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
# We compile it with the squared error; the layer adds the divergence, and the metric shows the error alone.
# Twenty steps run at a time, which saves a third of the time with such a small model.
# `optimizer="nadam"` works, too; with a learning rate that falls along a cosine, as in chapter 03, the loss ends at 0.0298<!-- vae_loss --> instead of 0.0306<!-- experiment 07 optimizer nadam_loss -->.

# %%
vae = build_vae(shape, LATENT_DIM, kl_weight=1 / pixels)
encoder, decoder = vae.get_layer("encoder"), vae.get_layer("decoder")
epochs = images.epochs(EPOCHS)
learning_rate = gk.warmup_cosine(4e-3, epochs * len(x_train) // BATCH_SIZE)
vae.compile(
    loss="mse",
    optimizer=keras.optimizers.Nadam(learning_rate),
    metrics=["mse"],
    steps_per_execution=20,
)
history = vae.fit(
    x_train,
    x_train,
    batch_size=BATCH_SIZE,
    epochs=epochs,
    validation_data=(x_valid, x_valid),
).history

# %%
vae_loss, vae_mse = history["val_loss"][-1], history["val_mse"][-1]
vae_kl = history["val_kl_nats"][-1]
distinguishable = math.exp(vae_kl)
print(f"loss {vae_loss:.4f} = MSE {vae_mse:.4f} + KL {vae_kl:.1f} nats / {pixels}")

mean, log_var, _ = [np.asarray(output) for output in encoder(x_valid)]
kl_by_code = 0.5 * np.mean(np.exp(log_var) + mean**2 - 1 - log_var, axis=0)
active_codes = np.sum(kl_by_code > 0.1)
print("nats by code:", np.sort(kl_by_code)[::-1].round(2))

# %% alt="Reconstruction error and divergence by epoch, each for training and validation. The error falls steeply, then slowly; the divergence rises at first and stays level."
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
# Two thirds of the loss are reconstruction error, and it is the same for training and validation images.
# With three seeds the loss varies by 0.0002<!-- experiment 07 seeds loss_spread -->.
# The divergence is 7.4<!-- vae_kl --> nats (a nat is 1.44 bits; $\log$ is the natural logarithm).
# On average, a code can tell us no more about its image than that, which is enough for at most 1,608<!-- distinguishable --> equally likely garments.
# Only 5<!-- active_codes --> of the ten numbers carry more than a tenth of a nat; for the others, the encoder returns the prior.
#
# ## New garments
# Now we need no images at all: draw from the prior, and decode.

# %% alt="Forty generated images: shirts, trousers, dresses, shoes and bags, all without fine detail; two or three in the last row are dark smears."
z = keras.random.normal((40, LATENT_DIM), seed=1)
gk.plot_images(decoder(z), title="Forty draws from the prior, decoded")
plt.show()

# %% [markdown]
# Most of them are garments, and all are blurred.
#
# ## Why they are blurred
# One reason is the squared error.
# Among all images that a code could stand for, it asks for their mean, and the mean of many images is smooth.
# The other reason is the weight.
# With $1/784$ we told the model that its pixels have a variance of $v = 1/2$, a standard deviation of 0.7<!-- setting --> where black is 0 and white is 1.
# Then each nat of the code has to lower the squared error of the image, summed over its pixels, by $2v = 1$, and a detail that saves less is left out.
# The errors that the model makes are much smaller: their mean square on the training images is 0.0203<!-- v -->.
# With this $v$ the formula gives a weight 25<!-- weight_ratio --> times smaller.
# We train the same network with it, for a quarter of the epochs:


# %%
def train(model, x, validation, epochs, batch_size):
    """Compile and fit a model as above; returns its last losses and metrics."""
    learning_rate = gk.warmup_cosine(4e-3, epochs * len(x) // batch_size)
    model.compile(
        loss="mse",
        optimizer=keras.optimizers.Nadam(learning_rate),
        metrics=["mse"],
        steps_per_execution=20,
    )
    history = model.fit(
        x,
        x,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(validation, validation),
    ).history
    return {name: values[-1] for name, values in history.items()}


v = history["mse"][-1]
weight_ratio = (1 / pixels) / (2 * v / pixels)
sharp_vae = build_vae(shape, LATENT_DIM, kl_weight=2 * v / pixels)
short_epochs = images.epochs(SHORT_EPOCHS)
logs = train(sharp_vae, x_train, x_valid, short_epochs, BATCH_SIZE)
sharp_mse, sharp_kl = logs["val_mse"], logs["val_kl_nats"]
print(f"smaller weight: MSE {sharp_mse:.4f}, KL {sharp_kl:.1f} nats")

# %% alt="Three rows: ten test garments; their reconstructions with the weight 1/784, blurred, the sandals as closed shoes; and with the smaller weight, where the straps of the sandals can be seen. Neither has prints."
shown = x_test[:10]
rows = {"weight\n1/784": vae(shown), "smaller\nweight": sharp_vae(shown)}
gk.plot_reconstructions(shown, rows)
plt.show()

# %% alt="Two rows of ten draws from the prior, decoded. Weight 1/784: blurred garments. Smaller weight: a few garments, and smears of which some are half a garment."
sharp_decoder = sharp_vae.get_layer("decoder")
gk.plot_rows(
    {"weight\n1/784": decoder(z[:10]), "smaller\nweight": sharp_decoder(z[:10])},
    title="Draws from the prior, decoded",
)
plt.show()

# %% [markdown]
# The codes now carry at most 29<!-- sharp_kl --> nats on average, and the squared error of the validation images falls from 0.0204<!-- vae_mse --> to 0.0150<!-- sharp_mse -->.
# The straps of the sandals appear; prints are still missing.
# Draws from the prior do not gain: about half of the ten are smears.
#
# How much better is this as a model of the images?
# The ELBO tells us, if we keep the constants: it is a bound on $\log p(x)$ in nats.
# We compute it for the validation images.


# %%
def elbo(mse, kl, v, pixels):
    """The ELBO of an image in nats, if its pixels have the variance v."""
    return -pixels * (mse / v + math.log(2 * math.pi * v)) / 2 - kl


elbo_half = elbo(vae_mse, vae_kl, 1 / 2, pixels)
elbo_same = elbo(vae_mse, vae_kl, v, pixels)
elbo_sharp = elbo(sharp_mse, sharp_kl, v, pixels)
elbo_gain, elbo_gain_by_training = elbo_same - elbo_half, elbo_sharp - elbo_same
print(f"trained for v = 1/2, v = 1/2: {elbo_half:.0f} nats")
print(f"trained for v = 1/2, v = {v:.4f}: {elbo_same:.0f} nats")
print(f"trained for v = {v:.4f}: {elbo_sharp:.0f} nats")

# %% [markdown]
# (A density can be larger than 1, so its logarithm can be positive.)
# The same network is a better model by 879<!-- elbo_gain --> nats once we say how wrong its pixels are.
# Training for this variance, in a quarter of the epochs, adds another 82<!-- elbo_gain_by_training -->.
# So when you compare the likelihoods of two VAEs, ask for their variances first.
# How far is the bound from $\log p(x)$?
# A tighter bound, from a hundred weighted draws for each image (Burda et al.), is higher by 0.6<!-- experiment 07 bounds half_gap -->, 59<!-- experiment 07 bounds same_network_gap --> and 8<!-- experiment 07 bounds sharp_gap --> nats in the three cases.
# In the second one, the encoder was trained for another variance.
#
# ## What the divergence is good for
# A smaller weight gives sharper reconstructions.
# Why not leave the divergence out?
# We train the same network with codes of two numbers, without the divergence, with the weight 1/784, and with a much larger one, and look at the plane of codes.

# %%
weights = {"no divergence": 0.0, "weight 1/784": 1 / pixels, "weight 0.1": 0.1}
planes = {name: build_vae(shape, 2, weight) for name, weight in weights.items()}
for name, model in planes.items():
    logs = train(model, x_train, x_valid, short_epochs, BATCH_SIZE)
    print(f"{name}: KL {logs['val_kl_nats']:.2f} nats")

# %% alt="Three panels: the distributions of 300 codes as ellipses, colored by class. No divergence: points, spread over about sixty units, many classes on lines and in wedges. Weight 1/784: ellipses between -3 and 3, many overlapping, classes side by side, with an empty place between sandals and trousers. Weight 0.1: all of them the same circle of radius 1 around the origin."
figure, axes = plt.subplots(1, 3, figsize=(8, 3.7), layout="constrained")
for axis, (name, model) in zip(axes, planes.items(), strict=True):
    mean, log_var, z = [np.asarray(out) for out in model.get_layer("encoder")(x_valid)]
    sigma = np.exp(log_var / 2)
    colors = [f"C{label}" for label in images.y_valid[:300]]
    for center, radii, color in zip(mean[:300], sigma[:300], colors, strict=True):
        axis.add_patch(Ellipse(center, *(2 * radii), color=color, alpha=0.4))
    axis.scatter(*mean[:300].T, s=2, c=colors)
    low, high = np.percentile(z, [0.5, 99.5])
    title = f"{name}\nσ of all codes {z.std():.2g}, of one {np.median(sigma):.2g}"
    axis.set_title(title, fontsize=10)
    axis.set(xlim=(low, high), ylim=(low, high), aspect="equal")
legend = [Patch(color=f"C{i}", label=name) for i, name in enumerate(images.class_names)]
figure.legend(handles=legend, ncols=5, fontsize=8, loc="outside lower center")
plt.show()

# %% [markdown]
# Each ellipse is one garment's distribution, at one standard deviation; the titles name the standard deviations of all codes together, and of the distribution of one image (the median).
# Without the divergence the distributions shrink, and their means lie far apart: this is an ordinary autoencoder again.
# With three seeds, the codes' standard deviation was at least 11<!-- experiment 07 planes none_least_spread -->.
# With the weight 1/784 it is about 1, that of the prior, and the regions of many garments overlap.
# With the weight 0.1 all garments share one distribution, the prior, and the codes tell nothing.
# This is *posterior collapse*.
# (A strong decoder collapses at a smaller weight: one that also sees the five rows above the one that it draws keeps 0.06<!-- experiment 07 collapse weight_kl_nats --> nats at 1/784.)
#
# The divergence is computed for each image alone.
# Why does it gather the codes of all of them?
# Its mean over the images has two parts, and neither can be negative: what the codes tell about the images, and the divergence of all codes together (the *aggregate posterior*) from the prior.
# A small mean keeps both parts small.
#
# Now we draw from the prior and decode, with each of the three models.

# %% alt="Three rows of ten draws from the prior, decoded. No divergence: seven or eight times much the same shoe, and two patterns of gray. Weight 1/784: a boot, a bag, a sneaker, a dress and two pairs of trousers, and four dark smears. Weight 0.1: ten times the same blurred shape."
z = keras.random.normal((10, 2), seed=1)
rows = {}
for name, model in planes.items():
    rows[name.replace(" ", "\n")] = model.get_layer("decoder")(z)
gk.plot_rows(rows, title="Draws from the prior, decoded")
plt.show()

# %% [markdown]
# Without the divergence, the prior covers a small part of the plane, and here that part holds shoes and patterns that no garment has.
# With the weight 0.1, the decoder returns the same picture for every code.
# In between, different codes give different garments, and some smears.
# We decode the whole square in which most draws from the prior fall:

# %% alt="A grid of 16 by 16 decoded images. Pullovers at the top turn into T-shirts to the right, and these into trousers below; on the left, pullovers turn into bags, boots and sneakers from top to bottom. Right of the middle, in the lower half, is a dark region."
line = np.linspace(-2, 2, 16)
grid = np.stack(np.meshgrid(line, line[::-1]), axis=-1).reshape(-1, 2)
tiles = np.asarray(planes["weight 1/784"].get_layer("decoder")(grid))
tiles = tiles.reshape(16, 16, *shape).transpose(0, 2, 1, 3, 4)
plt.figure(figsize=(7, 7), layout="constrained")
plt.imshow(tiles.reshape(16 * shape[0], -1, shape[2]), cmap="gray", extent=(-2, 2, -2, 2))
plt.title("The plane of codes, decoded (weight 1/784)", fontsize=11)
plt.show()

# %% [markdown]
# Garments change gradually into each other.
# Between shoes and trousers there is a dark region, where the smears come from: few garments have their code there, but draws from the prior fall there, too.
#
# Could we instead fit a distribution to the codes, and draw from that?
# The experiments do this, with ten codes and three epochs for each model, and also for a VAE that learns the variance of its pixels.
# The *Fréchet distance*, which chapter 10 explains, compares drawn with real garments, and is lower for better drawings; for real ones it is 0.9<!-- experiment 07 draws real_ffd -->.
#
# | | drawn from the prior | from a fitted mixture of ten normals |
# |---|---|---|
# | ordinary autoencoder | 297<!-- experiment 07 draws plain_10_prior_ffd --> | 59<!-- experiment 07 draws plain_10_mixture_ffd --> |
# | VAE, weight 1/784 | 108<!-- experiment 07 draws vae_10_prior_ffd --> | 86<!-- experiment 07 draws vae_10_mixture_ffd --> |
# | VAE, learned variance | 128<!-- experiment 07 draws learned_10_prior_ffd --> | 52<!-- experiment 07 draws learned_10_mixture_ffd --> |
#
# For draws from the prior, the weight 1/784 is the best of the three.
# If we fit a second model to the codes, the smaller weight of the learned variance is better, and so is none.
# Stable Diffusion is built in the second way, with a strong second model.

# %% [markdown]
# ## Check

# %%
standard_error = log_ratio.std() / len(log_ratio) ** 0.5
assert abs(closed_form - monte_carlo) < 4 * standard_error, "the formula of the KL"
assert abs(gradient_mu - 3) < 0.05, "the gradient through the draws"
z = np.asarray(encoder(x_valid)[2])
if not QUICK:
    assert vae_loss < 0.031, "the loss is too high: has the training converged?"
    assert active_codes >= 3, "the codes carry hardly any information: posterior collapse?"
    assert np.abs(z.mean(axis=0)).max() < 0.2, "the codes do not follow the prior"
    assert np.abs(z.std(axis=0) - 1).max() < 0.2, "the codes do not follow the prior"
    assert elbo_same < elbo_sharp, "training for the right variance does not help"

# %% [markdown]
# ## What to remember
# - The loss of a VAE is, up to scale and constants, a bound on $-\log p(x)$: reconstruction error plus the divergence of the proposed codes from the prior.
# - A draw lets gradients through if it is written as $z = \mu + \sigma \odot \epsilon$.
# - The divergence gathers the codes where the prior has its mass, so that a draw from the prior decodes to a garment.
# - Its weight says how noisy the pixels are: a large one costs detail, and in the end all information; a small one costs the match with the prior.
#
# ## Exercises
# In [exercises/07_variational_autoencoders.ipynb](../exercises/07_variational_autoencoders.ipynb), with cells that check your answers:
# the divergence of two normal distributions; your own sampling layer; weights and variances; posterior collapse.
#
# ## References
# - D. Kingma, M. Welling, [Auto-Encoding Variational Bayes](https://arxiv.org/abs/1312.6114), 2014.
# - D. Rezende, S. Mohamed, D. Wierstra, [Stochastic Backpropagation and Approximate Inference in Deep Generative Models](https://arxiv.org/abs/1401.4082), 2014.
# - Y. Burda, R. Grosse, R. Salakhutdinov, [Importance Weighted Autoencoders](https://arxiv.org/abs/1509.00519), 2016 (tighter bounds).
# - S. Bowman et al., [Generating Sentences from a Continuous Space](https://arxiv.org/abs/1511.06349), 2016 (posterior collapse).
# - P. Ghosh et al., [From Variational to Deterministic Autoencoders](https://arxiv.org/abs/1903.12436), 2020 (distributions fitted to the codes).
# - R. Gómez-Bombarelli et al., [Automatic Chemical Design](https://arxiv.org/abs/1610.02415), 2018 (molecules); R. Rombach et al., [High-Resolution Image Synthesis with Latent Diffusion Models](https://arxiv.org/abs/2112.10752), 2022 (Stable Diffusion).
