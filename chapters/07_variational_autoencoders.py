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
# The autoencoders of the last chapters can compress, denoise and sort garments, but they cannot draw a new one.
# For that we would need the code of a garment that is not among our images, and an autoencoder does not tell us which codes belong to garments at all.
# A *variational autoencoder* (VAE) does: it is trained so that its codes follow, roughly, a distribution that we choose in advance.
# We draw from this distribution, decode, and get a new garment.
# Models of this family propose molecules for new drugs, and one of them compresses the images inside Stable Diffusion.
#
# | | |
# |---|---|
# | Slides | *VAEs: diferencia clave*; *Optimización de la VAE*; *Los a priors de la distribución latente*; *Gráfo de cálculo de la VAE*; *Reparametrizando la capa de muestreo* |
# | Textbook | Hands-On Machine Learning, chapter 17, "Variational Autoencoders" |
# | Result | Draws new garments from random numbers; validation loss 0.0298<!-- vae_loss -->, a squared error of 0.0204<!-- vae_mse --> and a divergence of 7.4<!-- vae_kl --> nats |
# | Time | 138 s<!-- seconds --> on two CPU cores |
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

run = gk.setup(seed=42)

# %% tags=["parameters"]
QUICK = run.quick  # True: everything small, to see it run in less than a minute
LATENT_DIM = 10
EPOCHS = 2 if QUICK else 12  # GPU: 50
SHORT_EPOCHS = 1 if QUICK else 4  # of the other models in this chapter; GPU: 20
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

# %% alt="Diagram: an image of 784 pixels leads to 256 and 128 hidden units, these to the means and the log variances of ten codes. Both, and a random epsilon in orange, lead to z, and z to 128 and 256 hidden units and the reconstruction."
gk.plot_diagram(
    {
        "image x\n784": (0, 1),
        "hidden\n256, 128": (2, 1),
        "mean μ\n10": (4, 1.8),
        "log σ²\n10": (4, 0.2),
        "z = μ + σ ε\n10": (6, 1),
        "ε, random\n10": (6, -0.4),
        "hidden\n128, 256": (8, 1),
        "reconstruction x̂\n784": (10, 1),
    },
    [
        ("image x\n784", "hidden\n256, 128", ""),
        ("hidden\n256, 128", "mean μ\n10", ""),
        ("hidden\n256, 128", "log σ²\n10", ""),
        ("mean μ\n10", "z = μ + σ ε\n10", ""),
        ("log σ²\n10", "z = μ + σ ε\n10", ""),
        ("ε, random\n10", "z = μ + σ ε\n10", ""),
        ("z = μ + σ ε\n10", "hidden\n128, 256", ""),
        ("hidden\n128, 256", "reconstruction x̂\n784", ""),
    ],
    colored=["ε, random\n10"],
    title="The variational autoencoder: encoder, drawn code, decoder",
)
plt.show()

# %% [markdown]
# So an image owns not a point but a small region of the space of codes, and wherever in it the draw falls, the decoder has to return that image.
# How large these regions are, and where they lie, is decided by the loss.
#
# ## Where the loss comes from
# We would like to make the training images likely: to maximize $\log p(x)$, where
#
# $$p(x) = \int p(x|z)\,p(z)\,dz$$
#
# adds up all codes that could have produced $x$.
# As the *prior* $p(z)$ we choose, like the slides, a standard normal distribution: it is easy to draw from, and a decoder can bend it into any other shape.
# The integral is out of reach, because nearly all codes have nothing to do with $x$.
# So we let the encoder propose the codes that matter, from a distribution $q(z|x)$, and correct for its choice:
#
# $$\log p(x) = \log \mathbb{E}_{q(z|x)}\!\left[\frac{p(x|z)\,p(z)}{q(z|x)}\right] \;\ge\; \mathbb{E}_{q(z|x)}\!\left[\log \frac{p(x|z)\,p(z)}{q(z|x)}\right]$$
#
# The logarithm of a mean is at least the mean of the logarithms (Jensen's inequality), and the mean of logarithms is easy to estimate from a single draw.
# Its fraction has three factors, which we sort into two terms:
#
# $$\log p(x) \;\ge\; \mathbb{E}_{q(z|x)}[\log p(x|z)] - D_{KL}\big(q(z|x)\,\|\,p(z)\big)$$
#
# This is the *evidence lower bound* (ELBO).
# Its first term asks that the decoder explains the image, the second keeps the proposed codes near the prior.
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
# The divergence is the mean of $\log q(z) - \log p(z)$ over draws from $q$, so we draw a hundred thousand times and compare.

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
# In the diagram above only $\epsilon$ is random, and no path from the loss to $\mu$ and $\sigma$ leads through it.
# Let's compare such a draw with one that has no formula of this kind, the draw of one of three classes:

# %%
mu, sigma, logits = tf.constant(1.5), tf.constant(0.5), tf.constant([[0.0, 1.0, 2.0]])
with tf.GradientTape(persistent=True) as tape:
    tape.watch([mu, sigma, logits])
    drawn = mu + sigma * tf.random.normal((100_000,))
    mean_square = tf.reduce_mean(drawn**2)
    drawn_class = tf.random.categorical(logits, 1)
gradient_mu, gradient_sigma = tape.gradient(mean_square, [mu, sigma])
print(f"gradients {gradient_mu:.2f} and {gradient_sigma:.2f}, by hand 3 and 1")
print(f"gradient of the class: {tape.gradient(drawn_class, logits)}")

# %% [markdown]
# The mean of $z^2$ is $\mu^2 + \sigma^2$, so its derivatives are $2\mu = 3$ and $2\sigma = 1$.
# The average over the draws gives them.
# The class is a whole number, and nothing can be differentiated through it.
# For such draws there is another estimator, the *score function*, which only needs the density.
# In our example its gradients vary 55<!-- experiment 07 score_function variance_ratio --> times as much, so we use the formula where there is one.
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
# We compile it with the squared error; the layer adds the divergence.
# As in chapter 03, the learning rate falls along a cosine.

# %%
vae = build_vae(shape, LATENT_DIM, kl_weight=1 / pixels)
encoder, decoder = vae.get_layer("encoder"), vae.get_layer("decoder")
epochs = images.epochs(EPOCHS)
learning_rate = gk.warmup_cosine(4e-3, epochs * len(x_train) // BATCH_SIZE)
vae.compile(
    loss="mse",
    optimizer=keras.optimizers.Nadam(learning_rate),
    metrics=["mse"],
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
)
plt.show()

# %% [markdown]
# Two thirds of the loss are reconstruction error.
# The divergence ends at 7.4<!-- vae_kl --> nats.
# A code can tell us no more about its image than that, on average: enough to tell about $e^{7.4}$, or 1,600<!-- distinguishable -->, equally likely garments apart.
# Only 5<!-- active_codes --> of the ten codes carry more than a tenth of a nat; for the others, the encoder answers with the prior.
#
# ## New garments
# Now we need no images at all: draw from the prior, and decode.

# %% alt="Forty generated garments: most are recognizable as shirts, trousers, dresses, shoes or bags, all without fine detail; a few lie between two kinds."
z = rng.standard_normal((40, LATENT_DIM))
drawings = np.asarray(decoder(z))
gk.plot_images(drawings, title="Forty draws from the prior, decoded")
plt.show()

# %% [markdown]
# Most of them are garments.
# Are they new, or has the decoder learned the training images by heart?
# We look for the training image with the smallest squared distance to each drawing.

# %% alt="Two rows: ten generated garments, and the most similar training image of each. They have the same kind and outline; the training images have more detail."
from sklearn.metrics import pairwise_distances_argmin

rows = drawings[:10].reshape(10, -1), x_train.reshape(len(x_train), -1)
nearest = x_train[pairwise_distances_argmin(*rows)]
gk.plot_rows({"drawn": drawings[:10], "nearest\ntraining\nimage": nearest})
plt.show()

# %% [markdown]
# They are no copies, but averages: of the same kind as their neighbors, and smoother.
#
# ## Why they are blurred
# The same happens to images whose code we know.
# Part of it is the squared error: among all images that a code could stand for, it asks for their mean, and a mean has no texture.
# The other part is the weight.
# With $1/784$ we told the model that its pixels have a variance of $v = 1/2$, a standard deviation of 0.7<!-- setting --> between black and white.
# To such a model, detail is noise, and no code is spent on it.
# The errors that it really makes are much smaller, a variance of 0.0204<!-- vae_mse -->.
# With this $v$ the formula gives a weight 25<!-- weight_ratio --> times smaller, and we train the same network with it, for a third of the epochs:


# %%
def train(model, x, validation, epochs, batch_size):
    """Compile and fit a model as above; returns its last losses and metrics."""
    learning_rate = gk.warmup_cosine(4e-3, epochs * len(x) // batch_size)
    model.compile(
        loss="mse",
        optimizer=keras.optimizers.Nadam(learning_rate),
        metrics=["mse"],
    )
    data = {"validation_data": (validation, validation), "batch_size": batch_size}
    history = model.fit(x, x, epochs=epochs, **data).history
    return {name: values[-1] for name, values in history.items()}


v = vae_mse
weight_ratio = 1 / (2 * v)
matched = build_vae(shape, LATENT_DIM, kl_weight=2 * v / pixels)
short_epochs = images.epochs(SHORT_EPOCHS)
matched_logs = train(matched, x_train, x_valid, short_epochs, BATCH_SIZE)
matched_mse, matched_kl = matched_logs["val_mse"], matched_logs["val_kl_nats"]
print(f"matched weight: MSE {matched_mse:.4f}, KL {matched_kl:.1f} nats")

# %% alt="Three rows: ten test garments, their reconstructions with the weight 1/784, which are blurred, and with the matched weight, which are clearer in outline, without prints or texture."
shown = x_test[:10]
gk.plot_reconstructions(shown, {"weight\n1/784": vae(shown), "matched\nweight": matched(shown)})
plt.show()

# %% [markdown]
# The codes now carry 30<!-- matched_kl --> nats, and the squared error falls to 0.0132<!-- matched_mse -->.
# The outlines are sharper, and still there is no texture.
# How much better is this as a model of the images?
# That is what the ELBO measures, if we keep the constants: it is a bound on $\log p(x)$ in nats, for images that were not used in training.


# %%
def elbo(mse, kl, v, pixels):
    """The ELBO of an image in nats, if its pixels have the variance v."""
    return -pixels * (mse / v + math.log(2 * math.pi * v)) / 2 - kl


elbo_half = elbo(vae_mse, vae_kl, 1 / 2, pixels)
elbo_same = elbo(vae_mse, vae_kl, v, pixels)
elbo_matched = elbo(matched_mse, matched_kl, v, pixels)
elbo_gain = elbo_same - elbo_half
print(f"trained with v = 1/2, seen with v = 1/2:  {elbo_half:.0f} nats")
print(f"trained with v = 1/2, seen with the right v: {elbo_same:.0f} nats")
print(f"trained and seen with the right v: {elbo_matched:.0f} nats")

# %% [markdown]
# (A density can be larger than 1, so its logarithm can be positive.)
# Most of the gain, 880<!-- elbo_gain --> nats, needs no training: the same network becomes a far better model once we say how wrong its pixels are.
# So when you compare two VAEs, ask for their variance first.
#
# ## What the divergence is good for
# Why not choose a tiny weight, or none?
# We train the same network with codes of two numbers and three weights, and look at the plane of codes.

# %%
weights = {"no divergence": 0.0, "weight 1/784": 1 / pixels, "weight 0.1": 0.1}
planes = {name: build_vae(shape, 2, weight) for name, weight in weights.items()}
for model in planes.values():
    train(model, x_train, x_valid, short_epochs, BATCH_SIZE)

# %% alt="Three panels: the distributions of 300 codes as ellipses, colored by class. Without the divergence points scattered over sixty units; with the weight 1/784 ellipses that touch their neighbors and fill a disk of radius two; with the weight 0.1 all the same circle around the origin."
from matplotlib.patches import Ellipse, Patch

figure, axes = plt.subplots(1, 3, figsize=(8, 3.5), layout="constrained")
spreads = []
for axis, (name, model) in zip(axes, planes.items(), strict=True):
    means, log_vars, codes = map(np.asarray, model.get_layer("encoder")(x_valid))
    colors = [f"C{label}" for label in images.y_valid[:300]]
    for mean, log_var, color in zip(means[:300], log_vars[:300], colors, strict=True):
        width, height = 2 * np.exp(log_var / 2)
        axis.add_patch(Ellipse(mean, width, height, color=color, alpha=0.4))
    axis.scatter(*means[:300].T, s=2, c=colors)
    low, high = np.percentile(codes, [0.5, 99.5])
    spreads.append(np.std(codes))
    title = f"{name}\nall codes: spread {spreads[-1]:.1f}"
    axis.set(title=title, xlim=(low, high), ylim=(low, high), aspect="equal")
legend = [Patch(color=f"C{i}", label=name) for i, name in enumerate(images.class_names)]
figure.legend(handles=legend, ncols=5, fontsize=8, loc="outside lower center")
plt.show()

# %% [markdown]
# Each ellipse is one garment's distribution, at one standard deviation.
# Without the divergence the ellipses shrink to points, and the points scatter over tens of units.
# With a weight of 1/784, garments own regions that touch their neighbors, and all codes together have about the spread of the prior, 1.
# With a weight of 0.1 every garment has the prior itself as its distribution, and the codes carry nothing: this is *posterior collapse*.
#
# The divergence is computed for each image alone. Why does it gather the codes of all of them?
# Its mean over the images is the sum of two parts, none of which can be negative: what the codes tell about the images, and the divergence of all codes together, the *aggregate posterior*, from the prior.
# To keep the sum small, both must be small.
# Draws from the prior show what this is worth:

# %% alt="Three rows of ten decoded draws from the prior. No divergence: ten nearly equal pictures. Weight 1/784: shoes, shirts, trousers, bags, all different. Weight 0.1: ten times the same blurred picture."
z = rng.standard_normal((10, 2))
gk.plot_rows({name: model.get_layer("decoder")(z) for name, model in planes.items()})
plt.show()

# %% [markdown]
# Without the divergence, the prior covers a tiny part of the plane, and with too much of it, the decoder has nothing to go by.
# In between, we can decode the whole plane where the prior has its mass:

# %% alt="A grid of 16 by 16 decoded images, which change gradually from one kind of garment to the next."
line = np.linspace(-2, 2, 16)
grid = np.stack(np.meshgrid(line, line[::-1]), axis=-1).reshape(-1, 2)
tiles = np.asarray(planes["weight 1/784"].get_layer("decoder")(grid))
tiles = tiles.reshape(16, 16, *shape).transpose(0, 2, 1, 3, 4)
plt.figure(figsize=(7, 7), layout="constrained")
plt.imshow(tiles.reshape(16 * shape[0], -1, shape[2]), cmap="gray", extent=(-2, 2, -2, 2))
plt.title("The plane of codes, decoded (weight 1/784)", fontsize=11)
plt.show()

# %% [markdown]
# Garments change gradually into each other, and hardly a place is left empty.
#
# Could we not fit a distribution to the codes of an ordinary autoencoder, and draw from that?
# We can.

# %% [markdown]
# ## Check

# %%
standard_error = log_ratio.std() / len(log_ratio) ** 0.5
assert abs(closed_form - monte_carlo) < 4 * standard_error, "the formula of the KL"
assert abs(gradient_mu - 3) < 0.05, "the gradient through the draws"
if not QUICK:
    assert vae_loss < 0.031, "the loss is too high: has the training converged?"
    assert vae_kl > 5, "the codes carry hardly any information: posterior collapse?"
    assert elbo_half < elbo_same < elbo_matched, "a better variance, a better bound"
    assert 0.7 < spreads[1] < 1.3, "all codes together do not look like the prior"

# %% [markdown]
# ## What to remember
# - The loss of a VAE is, up to scale and constants, a bound on $-\log p(x)$: reconstruction error plus the divergence of the proposed codes from the prior.
# - A draw lets gradients through if it is written as $z = \mu + \sigma \odot \epsilon$.
# - The divergence gathers the codes where the prior has its mass, so that a draw from the prior decodes to a garment.
# - Its weight says how noisy the pixels are; too large a weight costs detail, and in the end all information.
#
# ## Exercises
# In [exercises/07_variational_autoencoders.ipynb](../exercises/07_variational_autoencoders.ipynb), with cells that check your answers:
# the divergence of two normal distributions; your own sampling layer; the weight for a given variance; posterior collapse.
#
# ## References
# - D. Kingma, M. Welling, [Auto-Encoding Variational Bayes](https://arxiv.org/abs/1312.6114), 2014.
# - D. Rezende, S. Mohamed, D. Wierstra, [Stochastic Backpropagation and Approximate Inference in Deep Generative Models](https://arxiv.org/abs/1401.4082), 2014.
