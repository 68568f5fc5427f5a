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
# The autoencoders of the last chapters can compress, denoise and sort garments, but they cannot draw a new one. To do so we would need the code of a garment that nobody has photographed, and an autoencoder does not tell us
# which codes are of this kind. A *variational autoencoder* (VAE) does: it is trained so that its codes roughly follow a distribution that we choose in advance. We draw from this distribution, decode, and get a new garment. Models of this
# family are used to propose molecules for new drugs, and one of them compresses the images inside Stable Diffusion. In this chapter we motivate the loss, build the model from one new layer, draw garments with it, and
# check by a fair test how much of this we really owe to the new loss.
#
# | | |
# |---|---|
# | Slides | *VAEs: diferencia clave*; *Optimización de la VAE*; *Los a priors de la distribución latente*; *Gráfo de cálculo de la VAE*; *Reparametrizando la capa de muestreo*; *Generar nuevos ejemplos* |
# | Textbook | Hands-On Machine Learning, chapter 17, "Variational Autoencoders" and "Generating Fashion MNIST Images" |
# | Result | Draws new garments from ten random numbers; its validation loss is 0.0298<!-- vae_val_loss -->, the textbook's, a smaller network after 25 epochs, 0.0311<!-- textbook vae printed --> |
# | Time | 328 s<!-- seconds --> on two CPU cores; not measured on a GPU |
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

# %% quick={"COLLAPSE_EPOCHS": 2, "COLLAPSE_EPOCHS_SAMPLE": 2, "EPOCHS": 2, "EPOCHS_SAMPLE": 2, "JIT_COMPILE": false, "N_BOUND": 50, "N_COLLAPSE": 500, "N_FITTED": 500, "N_SCORED": 500, "N_TRAIN": 1500, "QUICK": true, "SEEDS": 1, "SHORT_EPOCHS": 1, "SHORT_EPOCHS_SAMPLE": 1} tags=["parameters"]
QUICK = False  # True: a run that shows how it works, too short to prove anything
N_TRAIN = None  # training images; None takes all there are
LATENT_DIM = 10  # size of the code, as in the textbook
HIDDEN_UNITS = (256, 128)  # of the encoder; the decoder has them in reverse; GPU: (1000, 500)
EPOCHS = 12  # passes of the main model over the full training set; GPU: 50
EPOCHS_SAMPLE = 40  # the same for the bundled sample, which has a sixth of the images
SHORT_EPOCHS = 4  # passes of each of the models that are compared; GPU: 20
SHORT_EPOCHS_SAMPLE = 16  # the same for the bundled sample
COLLAPSE_EPOCHS = 5  # passes of the models that show posterior collapse
COLLAPSE_EPOCHS_SAMPLE = 12  # the same for the bundled sample
N_COLLAPSE = 12_000  # training images of these models
SEEDS = 2  # repetitions of the models that are compared
N_FITTED = 10_000  # codes to which a mixture is fitted
N_SCORED = 5000  # images on each side of a Fréchet distance
N_BOUND = 1000  # validation images for the importance-weighted bound
BATCH_SIZE = 128  # GPU: 512
PEAK_RATE = 4e-3  # highest learning rate of the schedule
JIT_COMPILE = True  # XLA, which speeds up dense models

# %%
images = gk.load_images(n_train=N_TRAIN)
full_data = images.source == "tfds"
x_train, x_valid, x_test = images.x_train, images.x_valid, images.x_test
epochs = EPOCHS if full_data else EPOCHS_SAMPLE
short_epochs = SHORT_EPOCHS if full_data else SHORT_EPOCHS_SAMPLE
collapse_epochs = COLLAPSE_EPOCHS if full_data else COLLAPSE_EPOCHS_SAMPLE

# %% [markdown]
# ## A distribution in place of a code
# This is the key difference (*diferencia clave*) to an ordinary autoencoder: the encoder no longer returns a code but a normal distribution for it, given by a mean $\mu$ and a standard deviation $\sigma$ for each of the ten
# numbers. The code $z$ is drawn at random from this distribution, and the decoder has to rebuild the image from the draw. Since it gets a slightly different code every time, it has to give similar answers to
# neighboring codes.

# %% alt="Diagram: 784 pixels, 256 and 128 hidden units, mean and log variance of 10 codes each, a drawn code of 10, 128 and 256 hidden units, 784 pixels."
gk.plot_network(
    [
        ("image\n784", 784),
        (f"hidden, GELU\n{HIDDEN_UNITS[0]}", HIDDEN_UNITS[0]),
        (f"hidden, GELU\n{HIDDEN_UNITS[1]}", HIDDEN_UNITS[1]),
        (f"μ and log σ²\n2 x {LATENT_DIM}", 2 * LATENT_DIM),
        (f"drawn code z\n{LATENT_DIM}", LATENT_DIM),
        (f"hidden, GELU\n{HIDDEN_UNITS[1]}", HIDDEN_UNITS[1]),
        (f"hidden, GELU\n{HIDDEN_UNITS[0]}", HIDDEN_UNITS[0]),
        ("reconstruction,\nsigmoid, 784", 784),
    ],
    parts={"encoder": (0, 4), "decoder": (4, 7)},
    title="The variational autoencoder",
)
plt.show()

# %% [markdown]
# ## The loss has two parts
# With this alone, nothing would be gained. The encoder could make $\sigma$ tiny and place the means far apart, and we would have an ordinary autoencoder again. So the loss of the slides has a second part. For an
# encoder with weights $\phi$ and a decoder with weights $\theta$ it is
#
# $$\mathcal{L}(\phi, \theta, x) = \text{(reconstruction loss)} + \text{(regularization term)}$$
#
# The second part measures how far the inferred distribution $q_\phi(z|x) = \mathcal{N}(\mu, \sigma^2)$ is from a distribution that we fix beforehand, the *prior* (*a priori*). The common choice is a standard normal distribution,
# $p(z) = \mathcal{N}(0, I)$. The distance is the Kullback-Leibler divergence, which we know from chapter 06. For two normal distributions it has a closed form:
#
# $$D_{KL}\left(q_\phi(z|x) \,\|\, p(z)\right) = \frac{1}{2} \sum_j \left(\sigma_j^2 + \mu_j^2 - 1 - \log \sigma_j^2\right)$$
#
# The slide prints it differently, as $-\frac{1}{2} \sum_j (\sigma_j + \mu_j^2 - 1 - \log \sigma_j)$, with a negative sign and with $\sigma_j$ in place of $\sigma_j^2$. Which is right? We can find out without any algebra. The divergence is defined as the mean of $\log q(z) - \log p(z)$ over draws from $q$,
# so we draw a hundred thousand times and compare.

# %%
rng = np.random.default_rng(run.seed)
mean, log_var = np.array([0.8, -1.5, 0.0]), np.array([-1.0, 0.3, -3.0])
sigma = np.exp(log_var / 2)
z = mean + sigma * rng.standard_normal((100_000, 3))
log_q = -0.5 * np.sum((z - mean) ** 2 / sigma**2 + log_var, axis=1)  # without constants, which
log_p = -0.5 * np.sum(z**2, axis=1)  # cancel in the difference
estimate, standard_error = np.mean(log_q - log_p), np.std(log_q - log_p) / np.sqrt(len(z))
closed_form = 0.5 * np.sum(sigma**2 + mean**2 - 1 - log_var)
without_square = 0.5 * np.sum(sigma + mean**2 - 1 - np.log(sigma))
print(f"Monte Carlo                      {estimate:.3f} ± {standard_error:.3f} nats")
print(f"closed form                      {closed_form:.3f}")
print(f"with sigma in place of sigma²    {without_square:.3f}")
print(f"with a factor of -1/2            {-closed_form:.3f}")
print(f"as on the slide, if sigma is the standard deviation {-without_square:.3f}")

# %% [markdown]
# The closed form agrees with the draws. With the slide's factor the divergence would be negative, which is impossible, and a network that minimizes it would drive its codes away from the prior. The missing square is a question of notation: if we read the
# slide's $\sigma$ as the variance, only the sign is wrong; if we read it as the standard deviation, the value is wrong as well.

# %% [markdown]
# ## How does a gradient pass through a random draw?
# To train the encoder we need the derivative of the loss with respect to $\mu$ and $\sigma$. But between them and the loss there is a random draw. If the draw is made by some routine that only returns numbers, there is nothing to differentiate. The idea
# of the slides is to write the same draw in another way: take $\epsilon \sim \mathcal{N}(0, 1)$ first, which depends on nothing, and compute
#
# $$z = \mu + \sigma \odot \epsilon$$
#
# Now $z$ is an ordinary function of $\mu$ and $\sigma$, with derivatives 1 and $\epsilon$. This is called *reparametrization*, or *reparameterization*. The slides draw both forms as graphs:

# %% alt="Two graphs. On the left x points to mu and sigma, both point to z, and z, which is orange, points to the reconstruction. On the right z is blue, and a new orange node epsilon points to it."
nodes = {"x": (0, 1), "μ": (2, 1.6), "σ": (2, 0.4), "z": (4, 1), "x̂": (6, 1), "ε": (4, 0)}
edges = [("x", "μ"), ("x", "σ"), ("μ", "z"), ("σ", "z"), ("z", "x̂")]
figure, axes = plt.subplots(1, 2, figsize=(8, 2.2), layout="constrained")
graphs = {"original form: z is drawn": "z", "reparametrized: only ε is drawn": "ε"}
for axis, (title, random_node) in zip(axes, graphs.items(), strict=True):
    shown_edges = edges + [("ε", "z")] if random_node == "ε" else edges
    for start, end in shown_edges:
        arrow = {"arrowstyle": "->", "shrinkA": 12, "shrinkB": 12}
        axis.annotate("", nodes[end], nodes[start], arrowprops=arrow)
    for name in dict.fromkeys(node for edge in shown_edges for node in edge):
        circle = {"boxstyle": "circle", "fc": "#f4b183" if name == random_node else "#9dc3e6"}
        axis.text(*nodes[name], name, ha="center", va="center", bbox=circle)
    axis.set(xlim=(-0.6, 6.6), ylim=(-0.5, 2.1), title=title)
    axis.axis("off")
plt.show()

# %% [markdown]
# Orange nodes are random, blue ones are computed. On the left, the way back from the loss to $\mu$ leads through an orange node, on the right through blue ones only. Let's check the gradients in TensorFlow. We write the same draw, with the same
# $\epsilon$, in both ways, and ask for the gradient of $z^2$.

# %%
import tensorflow as tf

mu, sigma = tf.Variable(1.5), tf.Variable(0.5)
epsilon_drawn = rng.standard_normal()
with tf.GradientTape(persistent=True) as tape:
    z_opaque = tf.constant(np.float32(float(mu) + float(sigma) * epsilon_drawn))  # NumPy's work
    z_computed = mu + sigma * epsilon_drawn
    loss_opaque, loss_computed = tf.square(z_opaque), tf.square(z_computed)
gradient_opaque = tape.gradient(loss_opaque, [mu, sigma])
gradient_computed = [float(g) for g in tape.gradient(loss_computed, [mu, sigma])]
print(f"z = {float(z_opaque):.3f} and {float(z_computed):.3f}")
print(f"gradients, draw as a given number: {gradient_opaque}")
print(f"gradients, draw as a formula:      {[round(g, 3) for g in gradient_computed]}")
print(f"by hand, 2z and 2z epsilon:        {2 * float(z_computed):.3f}, ", end="")
print(f"{2 * float(z_computed) * epsilon_drawn:.3f}")

# %% [markdown]
# Both draws are the same number, but only the formula has gradients. (NumPy computed the first draw, and TensorFlow cannot look into NumPy. Its own `tf.random.normal(mean=mu, stddev=sigma)` does have gradients, because it uses the formula inside.)
#
# There is also an estimator that does not need the formula. It works for every distribution whose density we know, and is called the *score function* estimator: $f(z)\, \partial \log q(z) / \partial \mu$ has the right mean. It is
# one way to train discrete codes, which cannot be written as a smooth function of noise. Here we have the choice, so we compare the two on a case with a known answer: the gradient of $\mathbb{E}[z^2] = \mu^2 + \sigma^2$ with respect to $\mu$ is $2 \mu = 3$.

# %%
epsilon = rng.standard_normal(100_000)
z = 1.5 + 0.5 * epsilon
reparametrized = 2 * z
score_function = z**2 * (z - 1.5) / 0.5**2
for name, gradient in {"reparametrized": reparametrized, "score function": score_function}.items():
    print(f"{name}: mean {gradient.mean():.3f}, variance of one draw {gradient.var():.2f}")
variance_ratio = score_function.var() / reparametrized.var()

# %% [markdown]
# Both are right on average, but a single draw of the score function varies 55<!-- score_variance_ratio --> times as much in this example. It would take as many times more draws to get gradients of the same quality. (For discrete codes there are ways to reduce
# this variance.)

# %% [markdown]
# ## The sampling layer
# All of this fits into one layer. It draws $z$ by the formula and adds the divergence, with a weight, to the loss. A metric of its own reports the divergence without the weight. The layer gets the logarithm of the variance, because that can be any number, and computes in
# float32 whatever the policy is, because an exponential overflows easily in half precision. Unlike `GaussianNoise`, it also draws at inference, so the errors of VAEs below include the noise of the draw.


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
# ## The model
# Encoder and decoder are models of their own again. The encoder has three outputs: means, log variances, and the drawn codes. The same function also builds a plain autoencoder, which we will need for comparison; its encoder returns the same codes twice, so that the last output is always what the decoder gets.


# %%
def build_encoder(hidden_units, latent_dim, kl_weight):
    """Images to [mean, log variance, z]; without a distribution if kl_weight is None: [code, code]."""
    inputs = keras.Input((28, 28, 1))
    hidden = layers.Flatten()(inputs)
    for units in hidden_units:
        hidden = layers.Dense(units, activation="gelu")(hidden)
    mean = layers.Dense(latent_dim, dtype="float32", name="mean")(hidden)
    if kl_weight is None:
        return keras.Model(inputs, [mean, layers.Identity()(mean)], name="encoder")
    log_var = layers.Dense(latent_dim, dtype="float32", name="log_var")(hidden)
    z = Sampling(kl_weight, name="sampling")([mean, log_var])
    return keras.Model(inputs, [mean, log_var, z], name="encoder")


def build_decoder(hidden_units, latent_dim):
    """Codes to images; hidden_units are those of the encoder, used in reverse."""
    codes = keras.Input((latent_dim,))
    hidden = codes
    for units in reversed(hidden_units):
        hidden = layers.Dense(units, activation="gelu")(hidden)
    pixels = layers.Dense(28 * 28, activation="sigmoid", dtype="float32")(hidden)
    outputs = layers.Reshape((28, 28, 1), dtype="float32")(pixels)
    return keras.Model(codes, outputs, name="decoder")


def build_autoencoder(latent_dim, kl_weight):
    """A VAE, or a plain autoencoder if kl_weight is None."""
    encoder = build_encoder(HIDDEN_UNITS, latent_dim, kl_weight)
    decoder = build_decoder(HIDDEN_UNITS, latent_dim)
    inputs = keras.Input((28, 28, 1))
    return keras.Model(inputs, decoder(encoder(inputs)[-1]))


def compile_model(model, n_images, epochs, loss="mse", jit_compile=JIT_COMPILE):
    """A loss and what the layers add; Nadam with warm-up, cosine decay, and clipped gradients."""
    steps = epochs * int(np.ceil(n_images / BATCH_SIZE))
    model.compile(
        loss=loss,
        metrics=["mse"],
        optimizer=keras.optimizers.Nadam(gk.warmup_cosine(PEAK_RATE, steps), global_clipnorm=1.0),
        steps_per_execution=min(20, steps),
        jit_compile=jit_compile,
    )


# %% [markdown]
# As the reconstruction loss we take the squared error, and give the divergence a weight of 1/784, as in the textbook. This is because Keras averages the squared error over the 784 pixels of an image, whereas the divergence is a sum for
# the whole image. Dividing it by 784 keeps the balance between the two. (What this balance means is the subject of a later section.)

# %%
fit_settings = {
    "batch_size": BATCH_SIZE,
    "validation_data": (x_valid, x_valid),
    "validation_batch_size": 1000,
    "verbose": 0,
}
keras.utils.set_random_seed(run.seed)
vae = build_autoencoder(LATENT_DIM, kl_weight=1 / 784)
encoder, decoder = vae.get_layer("encoder"), vae.get_layer("decoder")
compile_model(vae, len(x_train), epochs)
begin = time.perf_counter()
history = vae.fit(x_train, x_train, epochs=epochs, **fit_settings).history
training_seconds = time.perf_counter() - begin
vae_loss, vae_mse = history["val_loss"][-1], history["val_mse"][-1]
vae_kl = history["val_kl_nats"][-1]
print(f"{epochs} epochs in {training_seconds:.0f} s")
print(f"validation loss {vae_loss:.5f} = MSE {vae_mse:.5f} + KL {vae_kl:.2f} nats / 784")

# %% alt="Loss, reconstruction error and KL by epoch, training and validation. The first two fall steeply and then slowly; the KL rises a little at the beginning and then stays level, well below the error."
parts = {
    "loss": history,
    "reconstruction (MSE)": {"loss": history["mse"], "val_loss": history["val_mse"]},
    "regularization (KL / 784)": {
        "loss": [kl / 784 for kl in history["kl_nats"]],
        "val_loss": [kl / 784 for kl in history["val_kl_nats"]],
    },
}
gk.plot_learning_curves(parts, title="The two parts of the loss", ylabel="per pixel")
plt.show()

# %% [markdown]
# The validation loss ends at 0.0298<!-- vae_val_loss -->. For the textbook's VAE, 0.0311<!-- textbook vae printed --> is printed in the book's notebook. (That network is smaller, with 150 and 100 hidden units, and was trained for 25 epochs; ours got twelve.) About two thirds of the loss are the
# reconstruction error. The divergence is 7.4<!-- vae_kl_nats --> nats. This is a limit for what the code can tell about the image, on
# average: 7.4<!-- vae_kl_nats --> nats, or 11<!-- vae_kl_bits --> bits.

# %% [markdown]
# ## Drawing new garments
# Now we can do what the introduction promised: draw ten numbers from the prior and decode them. What we see is the decoder's output for $z$, the mean of the pixels that belong to this code. (A draw from the model in the strict sense would
# add noise to it, and look grainy. We return to this noise below.)

# %% alt="Twenty generated images: blurred shoes, pullovers, dresses and trousers, and two dark shapes that are no garment."
rng = np.random.default_rng(run.seed)
z = rng.standard_normal((N_SCORED, LATENT_DIM)).astype("float32")
samples = np.asarray(decoder(z))
gk.plot_images(samples[:20], title="Twenty draws from the prior, decoded")
plt.show()

# %% [markdown]
# How good are they? Twenty pictures are few, and the eye is easily pleased, so we need numbers. The *Fréchet distance* compares the features that a small classifier computes for generated and for real garments: it fits a normal distribution to each of the two sets and measures how
# far these are apart, 0 being the best. (With the features of a large classifier for photos it is known as FID. Ours come from a classifier of garments, so its values cannot be compared with published ones.) *Precision* is the share of generated garments that lie among the real ones in the space
# of the features, *recall* the share of real ones that lie among the generated. We compute all three with validation images, for generated garments and, to see what is possible, for training images.

# %%
valid_features, _ = gk.classify(x_valid[:N_SCORED])


def score(pictures):
    """Fréchet distance to validation images, precision and recall of pictures (n, 28, 28, 1)."""
    features, _ = gk.classify(pictures)
    precision, recall = gk.precision_recall(valid_features[:3000], features[:3000])
    return gk.frechet_distance(valid_features, features), precision, recall


real_scores, vae_scores = score(x_train[:N_SCORED]), score(samples)
for name, scores in {"training images": real_scores, "VAE": vae_scores}.items():
    print(f"{name:15} Fréchet distance {scores[0]:5.1f}   ", end="")
    print(f"precision {scores[1]:.2f}   recall {scores[2]:.2f}")

# %% [markdown]
# Most of the twenty draws are garments, soft at the edges and without prints; two in the lower row are dark smears. The numbers say the same. A precision of 0.81<!-- precision --> means that most of the pictures lie among the real garments, but with a recall of 0.07<!-- recall -->, the real ones are far more varied. The
# Fréchet distance is 83<!-- ffd -->, where training images have 0.6<!-- ffd_floor -->. These are the numbers to beat in the chapters on GANs.

# %% [markdown]
# ## Do we need a VAE for this?
# The introduction said that a plain autoencoder does not tell us which codes to draw. That is only half of the truth. Its training images have codes, too. We can look where they lie, fit a distribution to them, and draw from that. If the garments are as good, what is the
# VAE for?
#
# Ghosh et al. (2020) asked this question, and we follow them. We train plain autoencoders and VAEs of the same size for the same number of epochs, with two codes (once) and with ten (with two seeds). Each is trained for four epochs, a third of the training above, so the numbers are not as good. Then we draw codes in three ways: from the prior, from a normal distribution that is fitted to the codes
# of training images, and from a mixture of ten normal distributions (chapter 01) that is fitted to them.

# %%
from sklearn.mixture import GaussianMixture


def draw_codes(source, codes, n, seed):
    """n codes (n, d) from the prior, or from a distribution that is fitted to some codes."""
    if source == "prior":
        drawn = np.random.default_rng(seed).standard_normal((n, codes.shape[1]))
    else:
        components = 1 if source == "fitted normal" else 10
        mixture = GaussianMixture(components, random_state=seed).fit(codes.astype("float64"))
        by_component, _ = mixture.sample(n)
        drawn = np.random.default_rng(seed).permutation(by_component)
    return drawn.astype("float32")


SOURCES = ("prior", "fitted normal", "fitted mixture")
seeds = {2: [0], LATENT_DIM: range(SEEDS)}
comparison, compared_models, example_rows = {}, {}, {}


def compare(name, latent_dim, kl_weight, loss="mse"):
    """Train models of one kind; keep them, and print the scores of codes drawn in three ways."""
    for seed in seeds[latent_dim]:
        keras.utils.set_random_seed(seed)
        model = build_autoencoder(latent_dim, kl_weight)
        compile_model(model, len(x_train), short_epochs, loss=loss)
        logs = model.fit(x_train, x_train, epochs=short_epochs, **fit_settings).history
        compared_models[latent_dim, name, seed] = model, logs
        model_encoder, model_decoder = model.get_layer("encoder"), model.get_layer("decoder")
        codes = np.asarray(model_encoder(x_train[:N_FITTED])[-1])
        for source in SOURCES:
            pictures = np.asarray(model_decoder(draw_codes(source, codes, N_SCORED, seed)))
            comparison[latent_dim, name, source, seed] = score(pictures)
            if latent_dim == LATENT_DIM and seed == 0:
                example_rows[f"{name},\n{source}"] = pictures[:10]
    print(
        f"{name}, {latent_dim} codes: validation MSE {np.mean(final(name, 'val_mse', latent_dim)):.5f}"
    )
    for source in SOURCES:
        scores = [comparison[latent_dim, name, source, seed] for seed in seeds[latent_dim]]
        by_seed = "  ".join(f"{distance:5.1f}" for distance, _, _ in scores)
        precision, recall = np.mean([s[1] for s in scores]), np.mean([s[2] for s in scores])
        print(f"    {source:14} Fréchet distance {by_seed}   precision {precision:.2f}   ", end="")
        print(f"recall {recall:.2f}")


def final(name, metric, latent_dim=LATENT_DIM):
    """The last value of a metric in the trainings of one kind, by seed."""
    return [compared_models[latent_dim, name, seed][1][metric][-1] for seed in seeds[latent_dim]]


for latent_dim in seeds:
    compare("plain", latent_dim, kl_weight=None)
    compare("VAE", latent_dim, kl_weight=1 / 784)

# %% alt="Six rows of ten generated images. Plain autoencoder from the prior: gray smears. From a fitted normal: garments, some torn. From a fitted mixture: mostly clean garments. VAE from the prior, a fitted normal and a fitted mixture: soft garments, some of them dark."
gk.plot_rows(
    example_rows, title=f"Random draws, decoded: plain autoencoder and VAE with {LATENT_DIM} codes"
)
plt.show()

# %% [markdown]
# We start with the plain autoencoder with ten codes. Codes drawn from the prior, which played no part in its training, decode poorly, with a distance of 294<!-- plain_prior_ffd -->. But a normal distribution that is fitted to its codes brings this down to 96<!-- plain_normal_ffd -->, and a mixture to
# 55<!-- plain_mixture_ffd -->. The VAE has 102<!-- vae_prior_ffd --> with its prior and 86<!-- vae_mixture_ffd --> with a mixture. So the plain autoencoder with a mixture draws the better garments. It does so for both seeds (which differ by at most
# 12<!-- largest_ffd_spread --> in any of these rows). Its recall is higher, too. With two codes, trained once, the order is the same: 111<!-- plane_plain_mixture_ffd --> for the plain autoencoder with a mixture, and 141<!-- plane_vae_prior_ffd --> for the VAE with its prior. Ghosh et al. found the same for other data.
#
# (Do not be misled by the high precision of the plain autoencoder with two codes and the prior. The draws all fall near the origin of a plane that is tens of units wide, so that they show only few kinds of garments, as the distance tells. The scores also rank the methods differently: with ten codes, a fitted normal has a higher recall than a mixture.)
#
# One explanation is that the plain decoder is trained on exact codes, which allow for sharper pictures (the validation error is 0.0137<!-- short_plain_mse -->, and 0.0228<!-- short_vae_mse --> for the VAE), while the decoder of a VAE has learned to answer noisy codes with averages. Below we will see what happens if the VAE uses its code more.
#
# What, then, is a VAE for? First, you can draw from it without a second model, if you accept the worse distance; and a second model is not always as easy to fit as a mixture in ten dimensions. Second, its loss is a bound on the probability of the images, as we will see below. And third, we have not looked at what lies
# *between* the codes, which is the subject of chapter 08. It is also worth knowing how today's image generators are built: Stable Diffusion has an autoencoder with a very small weight of the KL term, and fits a second model, a strong one, to its codes (Rombach et al., 2022).

# %% [markdown]
# ## The latent plane
# With two codes we can see the difference between the two latent spaces.

# %% alt="Two scatter plots of two codes, colored by class. Plain autoencoder: wedges of single classes, from -25 to 40 and from -20 to 60, with empty areas between them. VAE: a round cloud between -3 and 3 in which the classes are neighbors."
figure, axes = plt.subplots(1, 2, figsize=(8, 4.6), layout="constrained")
for axis, name in zip(axes, ("plain", "VAE"), strict=True):
    codes = np.asarray(compared_models[2, name, 0][0].get_layer("encoder")(x_valid)[0])
    points = axis.scatter(*codes.T, c=images.y_valid, s=2, cmap="tab10", vmin=-0.5, vmax=9.5)
    axis.set(title=f"{name}: codes of validation images", xlabel="code 1", ylabel="code 2")
handles, _ = points.legend_elements()
figure.legend(handles, images.class_names, fontsize=8, ncols=5, loc="outside lower center")
plt.show()

# %% [markdown]
# The codes of the plain autoencoder spread over tens of units in both directions, and leave large areas empty. We can read the shape of this cloud from the figure, but we could not have predicted it. The codes of the VAE (their means; the draws scatter around them) lie around the origin, as the prior
# demands, though they do not fill it evenly: there is a gap between sandals and trousers.
#
# Because we know where the codes lie, we can decode the whole plane at once, at 400 points that are evenly spaced in probability: between two neighboring columns lies the same share of the prior.

# %% alt="A grid of 20 by 20 decoded images: sneakers and boots on the left, bags at the bottom left, pullovers and T-shirts at the bottom right, trousers and dresses at the top right, and dark, shapeless images at the top in the middle."
from scipy.stats import norm

quantiles = norm.ppf(np.linspace(0.02, 0.98, 20)).astype("float32")
code_1, code_2 = np.meshgrid(quantiles, quantiles[::-1])
grid = np.stack([code_1.ravel(), code_2.ravel()], axis=1)
pictures = np.asarray(compared_models[2, "VAE", 0][0].get_layer("decoder")(grid))[..., 0]
canvas = pictures.reshape(20, 20, 28, 28).transpose(0, 2, 1, 3).reshape(20 * 28, 20 * 28)
figure, axis = plt.subplots(figsize=(8, 8), layout="constrained")
axis.imshow(canvas, cmap="gray")
ticks = np.arange(0, 20, 4)
axis.set_xticks(28 * ticks + 14, [f"{q:.1f}" for q in quantiles[ticks]])
axis.set_yticks(28 * ticks + 14, [f"{q:.1f}" for q in quantiles[::-1][ticks]])
axis.set(xlabel="code 1", ylabel="code 2", title="The latent plane of a VAE, decoded")
plt.show()

# %% [markdown]
# Shoes are on the left, bags below them, pullovers and T-shirts at the bottom right, and trousers at the top right. Each kind turns into its neighbors little by little: follow the fourth column from sneakers to boots to bags. But not everything in between is a garment. At the top in the middle,
# in and beside the gap between sandals and trousers, the decoder draws dark smears. Draws from the prior fall there, too, although hardly any garment does.

# %% [markdown]
# ## What does the squared error assume?
# So far the weight of 1/784 came from the textbook. Where does it come from? A VAE is a model with a probability for every image, and its loss is a bound on it, the *evidence lower bound* (ELBO):
#
# $$\log p(x) \ge \mathrm{ELBO} = \mathbb{E}_{q(z|x)}\left[\log p(x|z)\right] - D_{KL}\left(q(z|x) \,\|\, p(z)\right)$$
#
# For $p(x|z)$ we take a normal distribution around the decoder's output $\hat{x}(z)$, with the same variance $v$ for each pixel, so that
#
# $$-\log p(x|z) = \frac{784}{2} \log (2 \pi v) + \frac{1}{2 v}\, \|x - \hat{x}(z)\|^2$$
#
# With $v = \frac{1}{2}$ the second term is the squared error, and 784 times our loss is the negative ELBO, without the first term. That is a constant of 448.7<!-- constant_nats --> nats. So the textbook's weight assumes a standard deviation of 0.7<!-- setting --> for
# pixels that lie between 0 and 1. That is absurdly large: our reconstructions are wrong by 0.14<!-- vae_rms_error --> (the root of the mean squared error). A decoder that is allowed to be so wrong has little reason to use the code.
#
# We can learn the variance instead. For given reconstructions the best $v$ is simply their mean squared error. If we put this into the formula, only $\frac{784}{2} \log \mathrm{MSE}$ depends on the network. Divided by 784, this makes a very short loss (Rybkin et al., 2021):


# %%
def log_mse(x, reconstructions):
    """Half the logarithm of the batch's mean squared error: a normal with the best variance."""
    return 0.5 * ops.log(ops.mean(ops.square(x - reconstructions)))


compare("learned variance", LATENT_DIM, kl_weight=1 / 784, loss=log_mse)
for name in ("VAE", "learned variance"):
    print(f"{name:17} KL {np.mean(final(name, 'val_kl_nats')):.1f} nats")

# %% alt="Ten garments and their reconstructions by three models. Those of the plain autoencoder and those with the learned variance keep more of the shape of the sandals; neither brings back the prints."
shown = x_valid[:10]
rows = {}
for name in ("plain", "VAE", "learned variance"):
    model, _ = compared_models[LATENT_DIM, name, 0]
    rows[name.replace(" ", "\n")] = np.asarray(model(shown))
gk.plot_reconstructions(shown, rows, title="Ten validation garments, rebuilt from ten codes")
plt.show()

# %% [markdown]
# With a learned variance, at the same number of epochs, the validation error falls from 0.0228<!-- short_vae_mse --> to 0.0132<!-- learned_mse -->, slightly below that of the plain autoencoder, 0.0137<!-- short_plain_mse -->. The divergence rises from 7<!-- short_vae_kl_nats --> to 31<!-- learned_kl_nats --> nats: the code is put to much more use. The pictures show it best in the sandals. The
# estimated standard deviation of the pixels is 0.12<!-- learned_standard_deviation -->.
#
# Draws from the prior have a worse Fréchet distance than before, however, 129<!-- learned_prior_ffd --> against 102<!-- vae_prior_ffd -->. Their precision is lower, too, but their recall is much higher (see the output): they are more varied, and more of them miss. A likely reason is that the more a code tells about its own image, the less the codes of all images together look like the prior. Drawn from a fitted mixture, the garments are at
# 48<!-- learned_mixture_ffd -->, much better than those of the VAE with the textbook's weight, and in both of our seeds a little better than those of the plain autoencoder with a mixture, at 55<!-- plain_mixture_ffd -->. Two seeds cannot settle a gap of this size. But with a learned variance the VAE is no longer the weaker model, so our verdict above concerns the textbook's weight. What remains true is that the codes need a fitted distribution.
# (Do not expect the VAE to reconstruct better than a plain autoencoder in general. After four epochs, neither may be fully trained.)

# %% [markdown]
# ## How tight is the bound?
# We cannot compute directly how far the ELBO lies below $\log p(x)$, but there is a tighter bound. It uses several draws for each image, weighs each by how well it explains the image, and takes the mean before the logarithm
# (Burda et al., 2016):
#
# $$\mathcal{L}_K = \mathbb{E} \log \frac{1}{K} \sum_{k=1}^K \frac{p(x|z_k)\, p(z_k)}{q(z_k|x)}$$
#
# With $K = 1$ this is the ELBO. The more draws, the closer it comes to $\log p(x)$.

# %%
from scipy.special import logsumexp


def log_weights(model, variance, x, n_draws, rng):
    """log p(x|z) + log p(z) - log q(z|x), in nats, for draws z from q: (n_draws, len(x))."""
    mean, log_var, _ = (np.asarray(part) for part in model.get_layer("encoder")(x))
    weights = []
    for _ in range(n_draws):
        epsilon = rng.standard_normal(mean.shape).astype("float32")
        z = mean + np.exp(log_var / 2) * epsilon
        rebuilt = np.asarray(model.get_layer("decoder")(z))
        squared_error = np.sum((x - rebuilt) ** 2, axis=(1, 2, 3))
        log_likelihood = -squared_error / (2 * variance) - 392 * np.log(2 * np.pi * variance)
        log_ratio = 0.5 * np.sum(epsilon**2 + log_var - z**2, axis=1)  # log p(z) - log q(z|x)
        weights.append(log_likelihood + log_ratio)
    return np.array(weights)


first_vae, first_logs = compared_models[LATENT_DIM, "VAE", 0]
learned_vae, learned_logs = compared_models[LATENT_DIM, "learned variance", 0]
cases = {
    "VAE, variance 1/2": (first_vae, 0.5),
    "VAE, variance = its MSE": (first_vae, first_logs["mse"][-1]),
    "learned variance": (learned_vae, learned_logs["mse"][-1]),
}
bounds = {}
for name, (model, variance) in cases.items():
    weights = log_weights(model, variance, x_valid[:N_BOUND], 100, rng)
    for k in (1, 10, 100):
        groups = weights.reshape(100 // k, k, -1)  # 100 / k groups of k draws
        bounds[name, k] = float(np.mean(logsumexp(groups, axis=1) - np.log(k)))
    by_k = ", ".join(f"{bounds[name, k]:.1f} (K = {k})" for k in (1, 10, 100))
    print(f"{name:23} log p(x) is at least {by_k} nats")

# %% [markdown]
# For the VAE with the textbook's weight, with the variance of 1/2 that its loss assumes, a hundred draws raise the bound by only half a nat, from -473.4<!-- bound_1_nats --> to -472.9<!-- bound_100_nats -->; 448.7<!-- constant_nats --> of these nats are the constant from above. Now keep the same network, but put its own mean squared error into the formula as the variance. The bound jumps to 360<!-- rescored_bound_1_nats -->
# nats. (A density of pixels can be larger than 1, so its logarithm can be positive.) Training with the learned variance adds another 197<!-- trained_gain_nats -->. So when you read likelihoods of VAEs, ask for the variance first.
#
# The difference between $\log p(x)$ and the ELBO is $D_{KL}(q(z|x) \,\|\, p(z|x))$, and what more draws add is a lower bound on it. For the first network with its new variance, it is at least 45 nats: its encoder was trained for another model. For the network with the learned variance it is at least
# 10<!-- bound_gain_nats --> nats, and the bound is still rising.

# %% [markdown]
# ## Posterior collapse
# There is a way for a VAE to fail that you do not see in its loss. If the decoder can do without the code, the cheapest solution is that $q(z|x)$ equals the prior for every image. Then the divergence is zero, and the code says nothing. This is called *posterior collapse*.
#
# To see it, we build a decoder that can do without the code. It draws the image row by row, and besides $z$ it gets the five rows above the one that it is about to draw. (Language models get the previous words in the same way, and it was there that Bowman et al. first described the collapse.) Convolutions over the rows with
# `padding="causal"` make sure that no row sees itself or those below (two of them with kernels of size 3, shifted by one row, see five rows). The encoder is the same as before. We train this model in three ways: with the squared error and the weight of 1/784; with a *warm-up*, which raises this weight from zero over the first two epochs, so that the code has time to become useful, the usual
# remedy; and with the learned variance. After the training we give the decoder the code of another garment. If that makes no difference, it ignores the code.


# %%
def build_row_decoder(latent_dim):
    """Decoder for [image, z] that draws each row from z and from the five rows above it."""
    image, z = keras.Input((28, 28, 1)), keras.Input((latent_dim,))
    rows = layers.Reshape((28, 28))(image)
    above = layers.Cropping1D((0, 1))(layers.ZeroPadding1D((1, 0))(rows))  # one row further down
    hidden = layers.Conv1D(64, 3, padding="causal", activation="gelu")(above)
    hidden = layers.Concatenate()([hidden, layers.RepeatVector(28)(z)])
    hidden = layers.Conv1D(64, 3, padding="causal", activation="gelu")(hidden)
    pixels = layers.Dense(28, activation="sigmoid", dtype="float32")(hidden)
    return keras.Model([image, z], layers.Reshape((28, 28, 1), dtype="float32")(pixels))


class KLWarmUp(keras.callbacks.Callback):
    """Raise the KL weight of a `Sampling` layer from 0 to its own over some epochs."""

    def __init__(self, sampling, epochs):
        super().__init__()
        self.sampling, self.epochs = sampling, epochs

    def on_epoch_begin(self, epoch, logs=None):
        share = min(1, epoch / self.epochs)
        self.sampling.kl_weight.assign(share * self.sampling.initial_kl_weight)


x_collapse = x_train[:N_COLLAPSE]
collapse_curves, collapse_results = {}, {}
for name in ("squared error", "with warm-up", "learned variance"):
    for seed in range(SEEDS):
        keras.utils.set_random_seed(seed)
        row_encoder = build_encoder(HIDDEN_UNITS, LATENT_DIM, kl_weight=1 / 784)
        row_decoder = build_row_decoder(LATENT_DIM)
        inputs = keras.Input((28, 28, 1))
        model = keras.Model(inputs, row_decoder([inputs, row_encoder(inputs)[-1]]))
        loss = log_mse if name == "learned variance" else "mse"
        compile_model(
            model, len(x_collapse), collapse_epochs, loss=loss, jit_compile=run.jit_compile
        )
        warm_up = KLWarmUp(row_encoder.get_layer("sampling"), max(1, collapse_epochs // 2))
        logs = model.fit(
            x_collapse,
            x_collapse,
            epochs=collapse_epochs,
            callbacks=[warm_up] if name == "with warm-up" else [],
            **fit_settings,
        ).history
        collapse_curves[name, seed] = logs["val_kl_nats"]
        own = [np.asarray(part) for part in row_encoder(x_valid)]
        active = int(np.sum(np.var(own[0], axis=0) > 0.01))
        errors = []
        for z in (own[2], np.roll(own[2], 1, axis=0)):
            rebuilt = np.asarray(row_decoder([x_valid, z]))
            errors.append(float(np.mean((rebuilt - x_valid) ** 2)))
        collapse_results[name, seed] = (*errors, logs["val_kl_nats"][-1], active)
        print(f"{name:16} seed {seed}: KL {logs['val_kl_nats'][-1]:6.2f} nats, ", end="")
        print(f"{active:2} active codes; MSE {errors[0]:.5f}, ", end="")
        print(f"with the code of another garment {errors[1]:.5f}")

# %% alt="KL in nats by epoch on a logarithmic scale. With the squared error it starts near 1 and falls below 0.1; with warm-up it starts above 100 and falls to about 0.1; with the learned variance it stays near 18. The two seeds of each lie close together."
figure, axis = plt.subplots(figsize=(8, 3.4), layout="constrained")
for (name, seed), curve in collapse_curves.items():
    color = f"C{['squared error', 'with warm-up', 'learned variance'].index(name)}"
    label = name if seed == 0 else None
    axis.plot(range(1, len(curve) + 1), curve, "o-", color=color, label=label)
axis.set(xlabel="epoch", ylabel="KL in nats (validation)", yscale="log")
axis.xaxis.get_major_locator().set_params(integer=True)
axis.set_title("KL by epoch, one line for each seed", fontsize=11)
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# With the squared error, the divergence falls below 0.1<!-- setting --> nats within a few epochs, for both seeds. The code of another garment is practically as good as the right one. So the encoder has learned next to nothing, and the loss does not reveal this: at 0.0214<!-- collapsed_loss --> it is well below the 0.0298<!-- vae_val_loss --> of the VAE that we trained first, since this decoder sees the true
# rows above. With the warm-up, nothing keeps the codes near the prior in the first epoch, and the divergence exceeds 100 nats. But at half the weight, in the second epoch, it is already below 2 nats, and at the full weight it falls to about 0.1<!-- setting -->. As used here, the warm-up delays the collapse and does not prevent it. (By the usual threshold, a variance of the mean above 0.01<!-- setting -->, some codes still count as active. But together they carry little more than 0.1<!-- setting --> nats, and swapping them changes the error by at most about two percent. The count alone would have hidden the collapse.)
#
# With the learned variance the code keeps 18<!-- cured_kl_nats --> nats in both runs, and the wrong code more than doubles the error, from 0.0171<!-- cured_mse --> to 0.0369<!-- cured_other_code_mse -->. Some arithmetic explains the difference. With a variance of 1/2, the loss times 784 is the squared error of an image plus the divergence. Using the code as
# the third model does would lower the squared error by 3.3<!-- code_gain_nats --> nats, and would cost 18<!-- cured_kl_nats -->. Under this loss, that would not pay. This, and the return to the collapse after the warm-up, suggest
# that the collapse is the optimum of this loss here, and not a failure of the optimizer (Lucas et al., 2019, make this point in general).

# %% [markdown]
# ## Check
# These are the main claims of the chapter as assertions. The test images are used here for the first time.

# %%
test_features, _ = gk.classify(x_test[:N_SCORED])
test_distance = gk.frechet_distance(test_features, gk.classify(samples)[0])
test = vae.evaluate(x_test, x_test, batch_size=1000, verbose=0, return_dict=True)
print(f"test loss {test['loss']:.5f} with MSE {test['mse']:.5f}, ", end="")
print(f"Fréchet distance to test images {test_distance:.1f}")


def distances(latent_dim, name, source):
    """Fréchet distances of one kind of draw, by seed."""
    return [comparison[latent_dim, name, source, seed][0] for seed in seeds[latent_dim]]


def collapse(name, column):
    """One column of the results of the row decoders, by seed."""
    return [collapse_results[name, seed][column] for seed in range(SEEDS)]


assert abs(estimate - closed_form) < 4 * standard_error, "the closed form disagrees with draws"
assert abs(estimate - without_square) > 4 * standard_error, "sigma in place of sigma² is right, too"
for gradient in (reparametrized, score_function):
    standard_error_of_mean = gradient.std() / np.sqrt(len(gradient))
    assert abs(gradient.mean() - 3) < 4 * standard_error_of_mean, "an estimator is biased"
if not QUICK:
    assert max(distances(LATENT_DIM, "VAE", "prior")) < min(
        distances(LATENT_DIM, "plain", "prior")
    ), "the prior suits the plain autoencoder as well"
    assert max(distances(LATENT_DIM, "plain", "fitted mixture")) < min(
        distances(LATENT_DIM, "VAE", "prior")
    ), "the mixture is no better than the prior of the VAE"
    assert max(final("learned variance", "val_mse")) < min(final("VAE", "val_mse")), (
        "a learned variance does not help to reconstruct"
    )
    assert bounds["learned variance", 1] > bounds["VAE, variance = its MSE", 100], "no gain"
    assert max(collapse("squared error", 2)) < 0.1, "no collapse"
    wrong_code, own_code = collapse("learned variance", 1), collapse("learned variance", 0)
    assert min(wrong_code) > 1.5 * max(own_code), "the code is not used"
if not QUICK and full_data:
    assert vae_loss <= 0.0300, "the loss misses the target of this course"

gk.record(
    "07_variational_autoencoders",
    vae_val_loss=vae_loss,
    vae_val_mse=vae_mse,
    vae_kl_nats=vae_kl,
    vae_kl_bits=vae_kl / np.log(2),
    vae_test_loss=test["loss"],
    vae_test_mse=test["mse"],
    vae_rms_error=vae_mse**0.5,
    constant_nats=392 * np.log(np.pi),
    score_variance_ratio=variance_ratio,
    ffd=vae_scores[0],
    precision=vae_scores[1],
    recall=vae_scores[2],
    ffd_test=test_distance,
    ffd_floor=real_scores[0],
    real_precision=real_scores[1],
    real_recall=real_scores[2],
    plane_plain_normal_ffd=np.mean(distances(2, "plain", "fitted normal")),
    plane_plain_mixture_ffd=np.mean(distances(2, "plain", "fitted mixture")),
    plane_vae_prior_ffd=np.mean(distances(2, "VAE", "prior")),
    plane_vae_mixture_ffd=np.mean(distances(2, "VAE", "fitted mixture")),
    plain_prior_ffd=np.mean(distances(LATENT_DIM, "plain", "prior")),
    plain_normal_ffd=np.mean(distances(LATENT_DIM, "plain", "fitted normal")),
    plain_mixture_ffd=np.mean(distances(LATENT_DIM, "plain", "fitted mixture")),
    vae_prior_ffd=np.mean(distances(LATENT_DIM, "VAE", "prior")),
    vae_normal_ffd=np.mean(distances(LATENT_DIM, "VAE", "fitted normal")),
    vae_mixture_ffd=np.mean(distances(LATENT_DIM, "VAE", "fitted mixture")),
    largest_ffd_spread=max(
        np.ptp(distances(LATENT_DIM, name, source))
        for name in ("plain", "VAE")
        for source in SOURCES
    ),
    short_vae_mse=np.mean(final("VAE", "val_mse")),
    short_vae_kl_nats=np.mean(final("VAE", "val_kl_nats")),
    short_plain_mse=np.mean(final("plain", "val_mse")),
    learned_mse=np.mean(final("learned variance", "val_mse")),
    learned_kl_nats=np.mean(final("learned variance", "val_kl_nats")),
    learned_prior_ffd=np.mean(distances(LATENT_DIM, "learned variance", "prior")),
    learned_mixture_ffd=np.mean(distances(LATENT_DIM, "learned variance", "fitted mixture")),
    learned_standard_deviation=learned_logs["mse"][-1] ** 0.5,
    bound_1_nats=bounds["VAE, variance 1/2", 1],
    bound_100_nats=bounds["VAE, variance 1/2", 100],
    rescored_bound_1_nats=bounds["VAE, variance = its MSE", 1],
    trained_gain_nats=bounds["learned variance", 1] - bounds["VAE, variance = its MSE", 1],
    learned_bound_1_nats=bounds["learned variance", 1],
    bound_gain_nats=bounds["learned variance", 100] - bounds["learned variance", 1],
    collapsed_kl_nats=max(collapse("squared error", 2)),
    collapsed_loss=np.mean(collapse("squared error", 0))
    + np.mean(collapse("squared error", 2)) / 784,
    collapsed_mse=np.mean(collapse("squared error", 0)),
    warm_up_kl_nats=max(collapse("with warm-up", 2)),
    cured_kl_nats=np.mean(collapse("learned variance", 2)),
    cured_mse=np.mean(collapse("learned variance", 0)),
    cured_other_code_mse=np.mean(collapse("learned variance", 1)),
    code_gain_nats=784
    * (np.mean(collapse("squared error", 0)) - np.mean(collapse("learned variance", 0))),
    training_seconds=training_seconds,
    seconds=time.perf_counter() - START,
)

# %% [markdown]
# ## What to remember
# - A VAE encodes an image as a distribution. Its loss adds to the reconstruction error the divergence of this distribution from a prior, from which we can then draw.
# - Writing the draw as $z = \mu + \sigma \odot \epsilon$ lets gradients pass to $\mu$ and $\sigma$.
# - With the textbook's weight, a mixture fitted to the codes of a plain autoencoder gave better garments than the prior of the VAE. With a learned variance and a fitted mixture, the VAE was at least as good. Drawing straight from the prior needs no second model, but gave worse distances.
# - The weight between the two parts of the loss is a statement about the noise of the pixels. Learning the variance takes the choice off your hands.
# - If the decoder can do without the code, it does. Look at the KL, and test what happens if you swap the codes.
#
# ## Exercises
# 1. *(easy)* Set `LATENT_DIM` to 5 and to 20. Which part of the loss changes, and which score?
# 2. *(easy)* Compute the scores of *reconstructions* of validation images, for the plain autoencoder and for the VAE. They show what the best draws could reach. Then draw from a normal distribution with half of the prior's spread. What happens to precision, and what to recall? Hint: `0.5 * z`.
# 3. *(medium)* Use binary cross-entropy as the reconstruction loss, which takes each pixel for a probability. Which weight must the KL term have then, how many nats does the code carry, and how good are draws from the prior?
# 4. *(medium)* Build a convolutional VAE with the encoder and the decoder of chapter 04. Compare it with the dense one at equal epochs and at equal time.
# 5. *(hard)* Fit the mixture to the codes of the VAE with a learned variance, with 1, 3, 10, 30 and 100 components. Choose by the likelihood of the codes of validation images. Does the best likelihood give the best Fréchet distance?
#
# ## References
# - D. Kingma and M. Welling, Auto-encoding variational Bayes, ICLR 2014.
# - Y. Burda, R. Grosse and R. Salakhutdinov, Importance weighted autoencoders, ICLR 2016.
# - S. Bowman et al., Generating sentences from a continuous space, CoNLL 2016 (posterior collapse, KL warm-up).
# - P. Ghosh et al., From variational to deterministic autoencoders, ICLR 2020 (distributions fitted to the codes).
# - R. Rombach et al., High-resolution image synthesis with latent diffusion models, CVPR 2022.
# - O. Rybkin, K. Daniilidis and S. Levine, Simple and effective VAE training with calibrated decoders, ICML 2021 (learned variance).
# - J. Lucas et al., Don't blame the ELBO! A linear VAE perspective on posterior collapse, NeurIPS 2019.
# - M. Heusel et al., GANs trained by a two time-scale update rule, NeurIPS 2017 (Fréchet distance); T. Kynkäänniemi et al., Improved precision and recall metric, NeurIPS 2019.
# - A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras and TensorFlow*, 3rd ed., ch. 17.
