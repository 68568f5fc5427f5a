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
# # Variational autoencoders
#
# An autoencoder rebuilds garments but cannot invent them: its latent space has holes. We close
# them (*VAEs*): codes become distributions, a second term of the loss holds these to a prior, and a
# trick lets gradients through chance. Then we draw new garments, and measure how good they are.
#
# | | |
# |---|---|
# | Slides | *VAEs: diferencia clave*; *Optimización de la VAE*; *Los a priors de la distribución latente*; *Gráfo de cálculo de la VAE*; *Reparametrizando la capa de muestreo*; *Generar nuevos ejemplos* |
# | Textbook | Hands-On Machine Learning, chapter 17, "Variational Autoencoders" and "Generating Fashion MNIST Images" |
# | Result | Draws new garments from ten random numbers; its loss is 0.0294<!-- vae_val_loss -->, the textbook's 0.0311<!-- textbook vae printed --> |
# | Time | 143 s<!-- seconds --> on two CPU cores; not measured on a GPU |
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

# %% quick={"COLLAPSE_EPOCHS": 2, "EPOCHS": 2, "EPOCHS_SAMPLE": 2, "JIT_COMPILE": false, "N_BOUND": 50, "N_SCORED": 500, "N_SMALL": 1000, "N_TRAIN": 1500, "QUICK": true, "SHORT_EPOCHS": 2, "SHORT_EPOCHS_SAMPLE": 2} tags=["parameters"]
QUICK = False  # True runs with small numbers, which shows how it works but proves nothing
N_TRAIN = None  # training images; None takes all there are
LATENT_DIM = 10  # size of the code, as in the textbook
HIDDEN_UNITS = (256, 128)  # of the encoder; the decoder has them in reverse; GPU: (1000, 500)
EPOCHS = 18  # passes of the main model over the full training set; GPU: 50
EPOCHS_SAMPLE = 60  # the same for the bundled sample, which has a sixth of the images
SHORT_EPOCHS = 4  # passes of each of the other models; GPU: 20
SHORT_EPOCHS_SAMPLE = 15  # the same for the bundled sample
COLLAPSE_EPOCHS = 6  # passes of the two models that show posterior collapse
N_SMALL = 12000  # images for posterior collapse and for the convolutional VAE
N_SCORED = 5000  # images on each side of a Fréchet distance
N_BOUND = 500  # validation images for the importance-weighted bound
BATCH_SIZE = 128  # GPU: 512
PEAK_RATE = 4e-3  # highest learning rate of the schedule
JIT_COMPILE = True  # XLA, which speeds up dense models, but not convolutions or dropout on a CPU

# %%
images = gk.load_images(n_train=N_TRAIN)
x_train, x_valid, x_test = images.x_train, images.x_valid, images.x_test
whole = images.source == "tfds"
epochs = EPOCHS if whole else EPOCHS_SAMPLE
short_epochs = SHORT_EPOCHS if whole else SHORT_EPOCHS_SAMPLE

# %% [markdown]
# ## The loss has two parts
# The encoder $\phi$ no longer gives a point but a distribution $q_\phi(z|x) = \mathcal{N}(\mu,
# \sigma^2)$; the decoder $\theta$ rebuilds from a draw $z$. The slides' loss is
#
# $$\mathcal{L}(\phi, \theta, x) = \text{(reconstruction loss)} + \text{(regularisation term)}$$
#
# The second part is the divergence of the inferred distribution from the prior, $p(z) =
# \mathcal{N}(0, I)$, which draws all codes to one place and lets none claim a spot for itself:
#
# $$D_{KL}\left(q_\phi(z|x) \,\|\, p(z)\right) = \frac{1}{2} \sum_j \left(\sigma_j^2 + \mu_j^2 - 1 -
# \log \sigma_j^2\right)$$
#
# Is the formula right? A Monte Carlo estimate knows no formula for the divergence, only densities:
# it averages $\log q(z) - \log p(z)$ over draws from $q$. The slide prints the sum with a factor
# of $-\frac{1}{2}$ and with $\sigma$ where the variance belongs; numbers decide.

# %%
rng = np.random.default_rng(run.seed)
mean, log_var = np.array([0.8, -1.5, 0.0]), np.array([-1.0, 0.3, -3.0])
z = mean + np.exp(log_var / 2) * rng.standard_normal((100_000, 3))
log_q = -0.5 * np.sum((z - mean) ** 2 / np.exp(log_var) + log_var, axis=1)  # less constants that
log_p = -0.5 * np.sum(z**2, axis=1)  # cancel in the difference
estimate, standard_error = np.mean(log_q - log_p), np.std(log_q - log_p) / np.sqrt(len(z))
closed_form = 0.5 * np.sum(np.exp(log_var) + mean**2 - 1 - log_var)
slide = -0.5 * np.sum(np.exp(log_var) + mean**2 - 1 - log_var)
print(f"Monte Carlo {estimate:.4f} +- {standard_error:.4f}   closed form {closed_form:.4f}", end="")
print(f"   the slide's sign {slide:.4f}")

# %% [markdown]
# The closed form lies within the standard error. The slide's sign would make it negative, which no
# divergence can be; a network that minimised it would drive its codes away from the prior.

# %% [markdown]
# ## No gradient through chance, and a way around it
# Training needs the derivative of the loss by $\mu$ and $\sigma$. A sampling node has none: ask a
# random number generator for a draw, and TensorFlow finds no path back. The slides' idea is to
# draw $\epsilon \sim \mathcal{N}(0, 1)$ beside the graph and compute
#
# $$z = \mu + \sigma \odot \epsilon$$

# %%
import tensorflow as tf

mu, sigma = tf.Variable(1.5), tf.Variable(0.5)
with tf.GradientTape(persistent=True) as tape:
    z_drawn = tf.numpy_function(rng.normal, [mu, sigma], tf.float64)
    loss_drawn = tf.square(tf.cast(z_drawn, "float32"))
    z_computed = mu + sigma * rng.standard_normal()
    loss_computed = tf.square(z_computed)
through_sampling = tape.gradient(loss_drawn, [mu, sigma])
through_formula = [float(g) for g in tape.gradient(loss_computed, [mu, sigma])]
print(f"through a sampling node:  {through_sampling}")
print(f"through the formula:      {through_formula[0]:.3f} and {through_formula[1]:.3f}")

# %%
nodes = {"x": (0, 1), "μ": (2, 1.6), "σ": (2, 0.4), "z": (4, 1), "x̂": (6, 1), "ε": (4, 0)}
pairs = ["xμ", "xσ", "μz", "σz"]
figure, axes = plt.subplots(1, 2, figsize=(8, 2.2), layout="constrained")
titles = ("Original form: z is drawn", "Reparametrised: only ε is drawn")
for axis, title, drawn in zip(axes, titles, ("z", "ε"), strict=True):
    shown = [name for name in nodes if name != "ε" or drawn == "ε"]
    for a, b in [*pairs, ("z", "x̂"), *([("ε", "z")] if drawn == "ε" else [])]:
        arrow = {"arrowstyle": "->", "shrinkA": 12, "shrinkB": 12}
        axis.annotate("", nodes[b], nodes[a], arrowprops=arrow)
    for name in shown:
        colour = "#f4b183" if name == drawn else "#9dc3e6"
        axis.text(
            *nodes[name], name, ha="center", va="center", bbox={"boxstyle": "circle", "fc": colour}
        )
    axis.set(xlim=(-0.6, 6.6), ylim=(-0.5, 2.1), title=title)
    axis.axis("off")
plt.show()

# %% [markdown]
# Blue nodes are deterministic, orange ones are chance. On the left the way back from the loss to
# $\mu$ ends at an orange node; on the right it passes blue ones only. There is another estimator
# that works for any distribution, the score function, $f(z)\, \partial \log q(z) / \partial \mu$. It is
# unbiased as well. Why does no one train a VAE with it?

# %%
epsilon = rng.standard_normal(100_000)
z = 1.5 + 0.5 * epsilon  # the gradient of E[z^2] by mu is 2 mu = 3
reparametrised = 2 * z
score_function = z**2 * (z - 1.5) / 0.5**2
for name, gradient in (("reparametrised", reparametrised), ("score function", score_function)):
    print(f"{name}: mean {gradient.mean():.3f}   variance {gradient.var():8.2f}")
variance_ratio = score_function.var() / reparametrised.var()

# %% [markdown]
# Both average to 3, but one draw of the score function varies 55<!-- score_variance_ratio --> times as
# much: it would take as many times more draws for gradients as good.

# %% [markdown]
# ## The model
# One layer does both: it draws $z$, and adds the weighted divergence to the loss with `add_loss`. Its
# own average makes `fit` and `evaluate` report the KL apart from the reconstruction. It computes in
# float32 whatever the policy, since an exponential overflows in half precision.


# %%
@keras.saving.register_keras_serializable("genkeras")
class Sampling(layers.Layer):
    """Draw z (batch, d) from [mean, log_var]; add kl_weight * KL to N(0, I) to the loss."""

    def __init__(self, kl_weight=0.0, seed=None, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        if not 0 <= kl_weight < float("inf"):
            raise ValueError(f"kl_weight must be a finite number, 0 or more, got {kl_weight}")
        self.initial_kl_weight = kl_weight
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.kl_weight = self.add_weight(
            name="kl_weight",
            initializer=keras.initializers.Constant(kl_weight),
            trainable=False,
        )
        self.kl_metric = keras.metrics.Mean(name="kl_nats")

    def call(self, inputs):
        if len(inputs) != 2 or inputs[0].shape != inputs[1].shape:
            raise ValueError("Sampling: expected [mean, log_var], two tensors of one shape")
        mean, log_var = inputs
        kl = 0.5 * ops.sum(ops.exp(log_var) + ops.square(mean) - 1 - log_var, axis=-1)
        self.kl_metric.update_state(kl)
        self.add_loss(self.kl_weight * ops.mean(kl))
        epsilon = keras.random.normal(ops.shape(mean), dtype=mean.dtype, seed=self.seed_generator)
        return mean + ops.exp(0.5 * log_var) * epsilon

    def get_config(self):
        return {**super().get_config(), "kl_weight": self.initial_kl_weight, "seed": self.seed}


# %% [markdown]
# Encoder and decoder are models of their own, as ever; the encoder has three outputs. With
# `sampled=False` the same function builds a plain autoencoder to compare with.


# %%
def build_vae(hidden_units, latent_dim, kl_weight, output_activation="sigmoid", sampled=True):
    """784-hidden-latent-hidden-784; the encoder returns [mean, log variance, z], or [mean, z]."""
    inputs = keras.Input((28, 28, 1))
    hidden = layers.Flatten()(inputs)
    for units in hidden_units:
        hidden = layers.Dense(units, activation="gelu")(hidden)
    mean = layers.Dense(latent_dim, dtype="float32", name="mean")(hidden)
    if sampled:
        log_var = layers.Dense(latent_dim, dtype="float32", name="log_var")(hidden)
        outputs = [mean, log_var, Sampling(kl_weight, name="sampling")([mean, log_var])]
    else:
        outputs = [mean, layers.Identity(name="z")(mean)]
    encoder = keras.Model(inputs, outputs, name="encoder")

    hidden = codes = keras.Input((latent_dim,))
    for units in reversed(hidden_units):
        hidden = layers.Dense(units, activation="gelu")(hidden)
    pixels = layers.Dense(28 * 28, activation=output_activation, dtype="float32")(hidden)
    decoder = keras.Model(
        codes, layers.Reshape((28, 28, 1), dtype="float32")(pixels), name="decoder"
    )
    return keras.Model(inputs, decoder(encoder(inputs)[-1]), name="vae")


def train(model, x, epochs, x_valid, batch_size, peak_rate, jit_compile, loss="mse", callbacks=()):
    """Fit to rebuild x; the history holds "loss", "mse" and "kl_nats"."""
    steps = epochs * -(-len(x) // batch_size)
    model.compile(
        loss=loss,
        metrics=["mse"],
        optimizer=keras.optimizers.Nadam(gk.warmup_cosine(peak_rate, steps)),
        steps_per_execution=min(20, steps),
        jit_compile=jit_compile,
    )
    fed = {"batch_size": batch_size, "validation_data": (x_valid, x_valid)}
    return model.fit(x, x, epochs=epochs, verbose=0, callbacks=list(callbacks), **fed).history


recipe = (x_valid, BATCH_SIZE, PEAK_RATE, JIT_COMPILE)

# %% [markdown]
# ## Holes, and a plane without holes
# With two codes the whole latent space can be drawn. We train a plain autoencoder and a VAE of the
# same size, draw random points and decode them. The VAE's points come from its prior. The plain
# autoencoder has none: we try the same normal distribution, the rectangle that holds its codes, and,
# looking at the codes, a normal distribution fitted to them.

# %%
planes = {}
for name, sampled in (("plain autoencoder", False), ("VAE", True)):
    keras.utils.set_random_seed(run.seed)
    planes[name] = build_vae(HIDDEN_UNITS, 2, 1 / 784, sampled=sampled)
    train(planes[name], x_train, short_epochs, *recipe)


def points(source, codes, n, rng):
    """n points (n, 2) of a latent plane: from N(0, I), the codes' rectangle, or a normal fitted to them."""
    if source == "rectangle":
        low, high = np.percentile(codes, [1, 99], axis=0)
        return rng.uniform(low, high, (n, codes.shape[1]))
    if source == "fitted":
        return rng.multivariate_normal(codes.mean(axis=0), np.cov(codes, rowvar=False), n)
    return rng.standard_normal((n, codes.shape[1]))


figure, axes = plt.subplots(1, 2, figsize=(8, 3.8), layout="constrained")
plane_codes = {}
for axis, (name, model) in zip(axes, planes.items(), strict=True):
    plane_codes[name] = np.asarray(model.get_layer("encoder")(x_valid)[0])
    axis.scatter(*plane_codes[name].T, c=images.y_valid, s=2, cmap="tab10")
    axis.set_title(f"{name}: codes", fontsize=11)
    axis.set(xlabel="code 1", ylabel="code 2")
plt.show()

# %%
plane_ffd, drawn = {}, []
for name, source in (
    *(("plain autoencoder", source) for source in ("N(0, I)", "rectangle", "fitted")),
    ("VAE", "N(0, I)"),
):
    z = points(source, plane_codes[name], N_SCORED, rng).astype("float32")
    pictures = np.asarray(planes[name].get_layer("decoder")(z))
    drawn.append(pictures[:10])
    plane_ffd[name, source] = gk.frechet_distance(x_test[:N_SCORED], pictures)
    print(f"{name:18} {source:10} Fréchet Fashion Distance {plane_ffd[name, source]:.1f}")
title = "Random points decoded: plain from N(0, I), rectangle, fitted; VAE from its prior"
gk.plot_images(np.concatenate(drawn), title=title)
plt.show()

# %% [markdown]
# The plain codes spread over tens of units, in wedges with empty corners; the VAE's lie close
# around the origin, as the prior says. From the standard normal the plain decoder draws boots and torn
# pictures, at a distance of 441.7<!-- plain_normal_ffd -->: nearly all that it knows lies elsewhere. In the
# rectangle some points fall into holes and decode to white blots, which the VAE's row does not show. Yet over
# thousands of points a few blots count little, and the rectangle's distance, 131.4<!-- plain_rectangle_ffd -->,
# and that of the fitted normal, 123.5<!-- plain_fitted_ffd -->, are even below the VAE's
# 142.9<!-- vae_plane_ffd -->, whose pictures are softer. So the gain is not sharper pictures. It is a latent
# space whose shape is known before training; with ten codes nobody can look for the wedges.

# %% [markdown]
# ## The plane in one call
# The VAE's plane can be decoded from end to end: 400 points, evenly spaced in probability, so that
# each picture stands for as much of the prior as any other.

# %%
from scipy.stats import norm

quantiles = norm.ppf(np.linspace(0.02, 0.98, 20)).astype("float32")
across, up = np.meshgrid(quantiles, quantiles[::-1])
grid = np.stack([across.ravel(), up.ravel()], axis=1)
pictures = np.asarray(planes["VAE"].get_layer("decoder")(grid))[..., 0]
canvas = pictures.reshape(20, 20, 28, 28).transpose(0, 2, 1, 3).reshape(20 * 28, 20 * 28)
figure, axis = plt.subplots(figsize=(8, 8), layout="constrained")
axis.imshow(canvas, cmap="gray")
ticks = np.arange(0, 20, 4)
axis.set_xticks(28 * ticks + 14, [f"{q:.1f}" for q in quantiles[ticks]])
axis.set_yticks(28 * ticks + 14, [f"{q:.1f}" for q in quantiles[::-1][ticks]])
axis.set(xlabel="code 1", ylabel="code 2", title="The latent plane of a VAE, decoded")
plt.show()

# %% [markdown]
# Shoes on the left, trousers below, tops on the right, and between them no gap: each garment turns
# into its neighbour through pictures that are at least possible. What is blurred lies between kinds
# that have little in common.

# %% [markdown]
# ## Ten codes
# The textbook's VAE has ten codes and the loss MSE + KL / 784. The division makes both parts a
# mean over pixels. Training reports them apart.

# %%
keras.utils.set_random_seed(run.seed)
vae = build_vae(HIDDEN_UNITS, LATENT_DIM, 1 / 784)
history = train(vae, x_train, epochs, *recipe)
encoder, decoder = vae.get_layer("encoder"), vae.get_layer("decoder")
vae_loss, vae_mse, vae_kl = (history[f"val_{key}"][-1] for key in ("loss", "mse", "kl_nats"))
print(f"validation loss {vae_loss:.5f} = MSE {vae_mse:.5f} + KL {vae_kl:.2f} nats / 784", end=" ")
print(f"= {vae_mse:.5f} + {vae_kl / 784:.5f}")
parts = {
    "loss": history,
    "reconstruction (MSE)": {"loss": history["mse"], "val_loss": history["val_mse"]},
    "regularisation (KL / 784)": {
        "loss": np.array(history["kl_nats"]) / 784,
        "val_loss": list(np.array(history["val_kl_nats"]) / 784),
    },
}
gk.plot_learning_curves(parts, title="The two parts of the loss", ylabel="per pixel")
plt.show()

# %% [markdown]
# The sum ends at 0.0294<!-- vae_val_loss --> (the textbook's recipe: 0.0311<!-- textbook vae printed -->). The divergence
# rises at first, as codes are put to use, while the reconstruction falls; 7.9<!-- vae_kl_nats --> nats a
# garment are what the code may say.

# %% [markdown]
# A saved VAE gives back the same loss. Its layers are registered, so a new process needs no more
# than `import genkeras` to load it.

# %%
import pathlib
import tempfile

with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder, "vae.keras")
    vae.save(path)
    loaded = keras.models.load_model(path)
same = np.abs(
    np.asarray(loaded.get_layer("encoder")(x_valid[:100])[0])
    - np.asarray(encoder(x_valid[:100])[0])
)
print(f"largest difference of a mean after loading: {same.max():.1e}")

# %% [markdown]
# ## New garments, with a score
# Draw from the prior, decode: twenty garments that nobody photographed. The Fréchet Fashion Distance
# compares the features of generated and test garments; it is not the FID of the literature, since
# the features come from a small classifier of garments. Real training images give its floor.

# %%
z = rng.standard_normal((N_SCORED, LATENT_DIM)).astype("float32")
samples = np.asarray(decoder(z))
gk.plot_images(samples[:20], title="Twenty draws from the prior, decoded: none chosen")
plt.show()
real = x_test[:N_SCORED]
floor = gk.frechet_distance(real, x_train[:N_SCORED])
ffd = gk.frechet_distance(real, samples)
precision, recall = gk.precision_recall(real[:3000], samples[:3000])
print(f"Fréchet Fashion Distance {ffd:.1f}   real training images {floor:.1f}", end="   ")
print(f"(n = {len(real):,}, one seed)")
print(f"precision {precision:.2f}   recall {recall:.2f}   (n = {len(real[:3000]):,}, k = 3)")

# %% [markdown]
# Most draws are garments, plain and soft at the edges; a few are mixtures of two kinds. Precision,
# 0.84<!-- precision -->, says that most lie among the real ones; recall, 0.12<!-- recall -->, that the real ones are
# far more varied. The distance, 72.2<!-- ffd --> against 0.7<!-- ffd_floor --> for real images, is the bar for the
# chapters on GANs.

# %% [markdown]
# ## Two likelihoods
# Squared error is the likelihood of a normal distribution around each pixel; binary cross-entropy
# is a Bernoulli distribution's. In nats a picture, the second weighs errors much more heavily
# against the KL term. Same network, same prior:

# %%
keras.utils.set_random_seed(run.seed)
bernoulli = build_vae(HIDDEN_UNITS, LATENT_DIM, 1 / 784, output_activation=None)
from_logits = keras.losses.BinaryCrossentropy(from_logits=True)
bernoulli_history = train(bernoulli, x_train, short_epochs, *recipe, loss=from_logits)


def decode_bernoulli(z):
    return np.asarray(ops.sigmoid(bernoulli.get_layer("decoder")(z)))


bernoulli_codes = bernoulli.get_layer("encoder")(x_valid)[0]
bernoulli_mse = np.mean((decode_bernoulli(bernoulli_codes) - x_valid) ** 2)
squared_mse = np.mean((np.asarray(decoder(encoder(x_valid)[0])) - x_valid) ** 2)
bernoulli_samples = decode_bernoulli(z)
bernoulli_ffd = gk.frechet_distance(real, bernoulli_samples)
for name, nats, error, distance in (
    ("squared error", vae_kl, squared_mse, ffd),
    ("Bernoulli", bernoulli_history["val_kl_nats"][-1], bernoulli_mse, bernoulli_ffd),
):
    print(
        f"{name:14} KL {nats:5.1f} nats   MSE from the mean {error:.5f}   distance {distance:.1f}"
    )
rows = {
    "squared": decoder(encoder(x_valid[:10])[0]),
    "Bernoulli": decode_bernoulli(bernoulli_codes[:10]),
    "drawn, sq.": samples[:10],
    "drawn, B.": bernoulli_samples[:10],
}
gk.plot_reconstructions(x_valid[:10], rows, title="Rebuilt and drawn under the two likelihoods")
plt.show()

# %% [markdown]
# The Bernoulli model spends more nats on the code, 12.4<!-- bernoulli_kl_nats --> against 7.9<!-- vae_kl_nats -->,
# and rebuilds with contrast; but its draws are worse, 86.9<!-- bernoulli_ffd --> against 72.2<!-- ffd -->, some of
# them torn: the more a code says, the less its average looks like the prior. (It was trained for fewer
# epochs too.) Pixels in grey are no coin flips either; as a likelihood it is a convention.

# %% [markdown]
# ## Posterior collapse
# If the KL term is strong before the decoder has learnt to listen, the cheapest code is none: every
# $q(z|x)$ equals the prior and all garments are decoded alike. A code counts as active if its mean
# varies over the data by more than 0.01<!-- setting --> (Burda et al., 2016). We produce it with a heavy KL term, and
# cure it with a warm-up: the same final weight, but reached step by step.


# %%
class KLWarmUp(keras.callbacks.Callback):
    """Raise the KL weight of a `Sampling` layer from 0 to its own over some epochs."""

    def __init__(self, layer, epochs):
        super().__init__()
        self.layer, self.epochs = layer, epochs

    def on_epoch_begin(self, epoch, logs=None):
        self.layer.kl_weight.assign(self.layer.initial_kl_weight * min(1, epoch / self.epochs))


def active_units(encoder, x):
    """How many codes have a mean that varies over x by more than 0.01."""
    return int(np.sum(np.var(np.asarray(encoder(x)[0]), axis=0) > 0.01))


deep = (256, 256, 256, 256, 128)  # deep enough that the decoder learns to listen only slowly
small, outcome = x_train[:N_SMALL], {}
for name, warm_up in (("at once", 0), ("warmed up", 2 * COLLAPSE_EPOCHS // 3)):
    keras.utils.set_random_seed(run.seed)
    model = build_vae(deep, LATENT_DIM, 4 / 784)
    warm = [KLWarmUp(model.get_layer("encoder").get_layer("sampling"), warm_up)] if warm_up else []
    logs = train(model, small, COLLAPSE_EPOCHS, *recipe, callbacks=warm)
    units = active_units(model.get_layer("encoder"), x_valid)
    outcome[name] = logs["val_loss"][-1], logs["val_mse"][-1], units, model(x_valid[:10])
    print(
        f"KL weight 4 / 784, {name:9}: loss {outcome[name][0]:.4f}   MSE {outcome[name][1]:.4f}",
        end="",
    )
    print(f"   active codes {units} of {LATENT_DIM}")
(collapsed_loss, collapsed_mse, collapsed_units, _), (cured_loss, cured_mse, cured_units, _) = (
    outcome.values()
)
gk.plot_reconstructions(
    x_valid[:10],
    {name: values[3] for name, values in outcome.items()},
    title="The same objective, at once and after a warm-up",
)
plt.show()

# %% [markdown]
# Trained at once, the model keeps 1<!-- collapsed_units --> active code and rebuilds two or three shapes; warmed
# up, it keeps 2<!-- cured_units -->, and the same objective ends lower, 0.0513<!-- cured_loss --> instead of
# 0.0559<!-- collapsed_loss -->. The collapse was a trap on the way, not the best there was. The loss curve alone
# would not have told: count the active codes.

# %% [markdown]
# ## A convolutional VAE
# Nothing in the loss asks for dense layers. Strided convolutions down, `Conv2DTranspose` up, with
# kernels that the stride divides (chapter 04), and the same two layers in the middle. On two cores
# a short training on a part of the data has to do; the dense VAE gets the same for comparison.


# %%
def build_convolutional_vae(latent_dim, kl_weight):
    """28x28 to 7x7x32 to the latent code, and back by transposed convolutions."""
    half = {"strides": 2, "padding": "same"}
    inputs = keras.Input((28, 28, 1))
    hidden = layers.Conv2D(16, 3, activation="gelu", **half)(inputs)
    hidden = layers.Conv2D(32, 3, activation="gelu", **half)(hidden)
    hidden = layers.Dense(128, activation="gelu")(layers.Flatten()(hidden))
    mean = layers.Dense(latent_dim, dtype="float32")(hidden)
    log_var = layers.Dense(latent_dim, dtype="float32")(hidden)
    z = Sampling(kl_weight, name="sampling")([mean, log_var])
    encoder = keras.Model(inputs, [mean, log_var, z], name="encoder")

    codes = keras.Input((latent_dim,))
    hidden = layers.Dense(128, activation="gelu")(codes)
    hidden = layers.Dense(7 * 7 * 32, activation="gelu")(hidden)
    hidden = layers.Reshape((7, 7, 32))(hidden)
    hidden = layers.Conv2DTranspose(16, 4, activation="gelu", **half)(hidden)
    hidden = layers.Conv2DTranspose(1, 4, activation="sigmoid", dtype="float32", **half)(hidden)
    return keras.Model(inputs, keras.Model(codes, hidden, name="decoder")(encoder(inputs)[2]))


small_losses = {}
for name, build in (
    ("convolutional", lambda: build_convolutional_vae(LATENT_DIM, 1 / 784)),
    ("dense", lambda: build_vae(HIDDEN_UNITS, LATENT_DIM, 1 / 784)),
):
    keras.utils.set_random_seed(run.seed)
    model = build()
    settings = (*recipe[:3], run.jit_compile)
    small_losses[name] = train(model, small, SHORT_EPOCHS, *settings)["val_loss"][-1]
    print(
        f"{name:13} {model.count_params():,} parameters   loss {small_losses[name]:.5f}", end="   "
    )
    print(f"after {SHORT_EPOCHS} epochs of {len(small):,} images")

# %% [markdown]
# After four epochs the convolutional VAE is ahead, 0.0350<!-- small_convolutional_loss --> to
# 0.0359<!-- small_dense_loss -->, with fewer parameters.

# %% [markdown]
# ## The bound in nats, and a tighter one
# The loss times 784 is $\|x - \hat{x}\|^2 + D_{KL}$: the negative evidence lower bound of a normal
# likelihood of variance $\frac{1}{2}$, but for a constant. So
#
# $$\log p(x) \ge \mathrm{ELBO} = -\|x - \hat{x}\|^2 - \frac{784}{2} \log \pi - D_{KL}$$
#
# With $K$ draws the importance-weighted bound is tighter (Burda et al., 2016):
#
# $$\mathcal{L}_K = \mathbb{E} \log \frac{1}{K} \sum_{k=1}^K \frac{p(x|z_k)\, p(z_k)}{q(z_k|x)}$$

# %%
from scipy.special import logsumexp


def log_weights(encoder, decoder, x, n_draws, rng):
    """log p(x|z) + log p(z) - log q(z|x) for draws z from q: (n_draws, len(x)), in nats."""
    mean, log_var = (np.asarray(part) for part in encoder(x)[:2])
    rows = []
    for _ in range(n_draws):
        epsilon = rng.standard_normal(mean.shape).astype("float32")
        z = mean + np.exp(log_var / 2) * epsilon
        squared = np.sum((x - np.asarray(decoder(z))) ** 2, axis=(1, 2, 3))
        log_ratio = 0.5 * np.sum(epsilon**2 + log_var - z**2, axis=1)  # log p(z) - log q(z|x)
        rows.append(-squared - 784 / 2 * np.log(np.pi) + log_ratio)
    return np.array(rows)


weights = log_weights(encoder, decoder, x_valid[:N_BOUND], 100, rng)
bounds = {}
for k in (1, 10, 100):
    groups = weights.reshape(100 // k, k, -1)
    bounds[k] = float(np.mean(logsumexp(groups, axis=1) - np.log(k)))
    print(f"K = {k:3}: {bounds[k]:.2f} nats a picture")
elbo = -784 * vae_loss - 784 / 2 * np.log(np.pi)
print(f"ELBO from the validation loss: {elbo:.2f} nats ({len(x_valid):,} pictures)")

# %% [markdown]
# The bound rises with the number of draws, by half a nat: the encoder's normal distributions are
# already close to the true posterior. The gap that is left has to be closed by a better model,
# not by more draws.

# %% [markdown]
# ## Check

# %%
assert abs(estimate - closed_form) < 4 * standard_error, "the closed form disagrees with draws"
assert slide < 0, "the slide's sign gives no negative divergence"
assert through_sampling == [None, None] and None not in through_formula
assert variance_ratio > 10, "the score function varies no more than the other"
assert bounds[1] < bounds[10] < bounds[100], "more draws do not tighten the bound"
assert same.max() < 1e-6, "the loaded VAE is another one"
if not QUICK:
    vae_plane, plain_plane = plane_ffd["VAE", "N(0, I)"], plane_ffd["plain autoencoder", "N(0, I)"]
    assert vae_plane < plain_plane, "the prior serves the plain autoencoder as well"
    assert collapsed_units < cured_units and cured_loss < collapsed_loss, "no cure"
    assert ffd > floor and recall > 0.05, "the scores make no sense"
if not QUICK and whole:
    assert vae_loss <= 0.0300

# %%
gk.record(
    "07_variational_autoencoders",
    vae_val_loss=vae_loss,
    vae_val_mse=vae_mse,
    vae_kl_nats=vae_kl,
    elbo_nats=elbo,
    iwae1_nats=bounds[1],
    iwae10_nats=bounds[10],
    iwae100_nats=bounds[100],
    ffd=ffd,
    ffd_floor=floor,
    precision=precision,
    recall=recall,
    plain_normal_ffd=plane_ffd["plain autoencoder", "N(0, I)"],
    plain_rectangle_ffd=plane_ffd["plain autoencoder", "rectangle"],
    plain_fitted_ffd=plane_ffd["plain autoencoder", "fitted"],
    vae_plane_ffd=plane_ffd["VAE", "N(0, I)"],
    bernoulli_ffd=bernoulli_ffd,
    bernoulli_kl_nats=bernoulli_history["val_kl_nats"][-1],
    bernoulli_mean_mse=bernoulli_mse,
    squared_mean_mse=squared_mse,
    collapsed_units=collapsed_units,
    cured_units=cured_units,
    collapsed_mse=collapsed_mse,
    cured_mse=cured_mse,
    collapsed_loss=collapsed_loss,
    cured_loss=cured_loss,
    small_convolutional_loss=small_losses["convolutional"],
    small_dense_loss=small_losses["dense"],
    score_variance_ratio=variance_ratio,
    seconds=time.perf_counter() - START,
)

# %% [markdown]
# ## What to remember
# - A VAE encodes a distribution. The KL term holds it to the prior, so that draws from the prior
#   decode to garments.
# - $z = \mu + \sigma \odot \epsilon$ lets gradients pass; they vary far less than the score function's.
# - The loss is a bound on the log-likelihood; its weights are those of a likelihood. Say which.
# - Count the active units: a collapsed posterior hides behind a loss that looks calm.
# - Samples are smooth averages; the Fréchet distance and precision and recall say how far off.
#
# ## Exercises
# 1. *(easy)* Change `LATENT_DIM` to 5 and 20. Which part of the loss moves, and which score?
# 2. *(easy)* Draw from a normal distribution of half the prior's spread. What happens to
#    precision, what to recall? Hint: `0.5 * z`.
# 3. *(medium)* Use `kl_weight=0.1 / 784`, and draw samples again. Better pictures, worse draws?
# 4. *(medium)* Replace the normal prior's draws by draws from a mixture fitted to the codes.
#    Hint: `sklearn.mixture.GaussianMixture` on the encoder's z; compare the Fréchet distances.
# 5. *(hard)* Learn the variance of the likelihood: one more weight in the loss. Hint: the best
#    variance is the mean squared error, so the first part becomes $392 \log \mathrm{MSE}$.
#
# ## References
# - D. Kingma and M. Welling, Auto-Encoding Variational Bayes, ICLR 2014.
# - Y. Burda, R. Grosse and R. Salakhutdinov, Importance Weighted Autoencoders, ICLR 2016.
# - S. Bowman et al., Generating Sentences from a Continuous Space, CoNLL 2016 (KL warm-up).
# - M. Heusel et al., GANs Trained by a Two Time-Scale Update Rule, NeurIPS 2017 (Fréchet distance).
# - A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras and TensorFlow*, 3rd ed., ch. 17.
