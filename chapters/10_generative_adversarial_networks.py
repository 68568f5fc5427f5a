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
# # Generative adversarial networks
#
# Two networks play against each other (*redes generativas adversas*): one forges, the other judges. We
# watch the game in one dimension, check its theory by numbers, write a training step that is right
# under mixed precision, train the textbook's GAN, and learn to see when it fails.
#
# | | |
# |---|---|
# | Slides | *Generative Adversarial Networks (GANs)*; *Intuición detrás de las GANs*; *Entrenando GANs*; *Componentes de una GAN*; *Generando nuevos datos con GANs*; *¿Por qué GANs?* |
# | Textbook | Hands-On Machine Learning, chapter 17, "Generative Adversarial Networks" and "The Difficulties of Training GANs" |
# | Result | Plays the GAN's game in one dimension, where the discriminator comes within 0.008<!-- optimal_d_gap --> of the optimum that theory predicts |
# | Time | 89 s<!-- seconds --> on two CPU cores; not measured on a GPU |
# | Data | Fashion-MNIST: 55,000 images to train, 10,000 to compare with; or the bundled sixth of it; points made here |

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

# %% quick={"EPOCHS": 3, "EPOCHS_SAMPLE": 3, "FIT_STEPS": 300, "N_SCORED": 300, "N_TRAIN": 1500, "POINT_STEPS": 200, "QUICK": true, "ROUNDS": 8} tags=["parameters"]
QUICK = False  # True runs with small numbers, which shows how it works but proves nothing
N_TRAIN = None  # training images; None takes all there are
ROUNDS = 12  # of the game in one dimension; each has two phases
FIT_STEPS = 3000  # to find the best discriminator for a fixed generator
POINT_STEPS = 3000  # of each GAN on points in the plane
LATENT_DIM = 30  # size of the noise, as in the textbook
EPOCHS = 30  # passes of the garments' GAN over the full training set; GPU: 50
EPOCHS_SAMPLE = 120  # the same for the bundled sample, which has a sixth of the images
N_SCORED = 3000  # images on each side of a score
BATCH_SIZE = 256  # GPU: 512
JIT_COMPILE = True  # XLA starts slowly, and pays with many small layers; GPU: True

# %%
images = gk.load_images(n_train=N_TRAIN)
x_train, x_test = images.x_train, images.x_test
whole = images.source == "tfds"
rng = np.random.default_rng(run.seed)

# %% [markdown]
# ## Who plays, and for what
# The *generator* $G$ turns noise $z$ into an imitation of the data; the *discriminator* $D$ says how
# probable it is that what it sees is real. The slides' game is
#
# $$\min_G \max_D \; \mathbb{E}_{x \sim p_{data}} \log D(x) + \mathbb{E}_{z \sim p(z)} \log\left(1 - D(G(z))\right)$$
#
# $D$ raises both terms. It sees real data with the label 1 and forgeries with the label 0, and the sum is
# the negative binary cross-entropy. $G$ sees no data at all, only what $D$ makes of its forgeries.

# %%
bce = keras.losses.BinaryCrossentropy(from_logits=True)


def discriminator_loss(real_logits, fake_logits):
    """Minus the game's value: cross-entropy, averaged over real (label 1) and forged (label 0)."""
    logits = ops.concatenate([real_logits, fake_logits])
    labels = ops.concatenate([ops.ones_like(real_logits), ops.zeros_like(fake_logits)])
    return bce(labels, logits)


def generator_loss(fake_logits):
    """Cross-entropy of forgeries against the label 1: -log D(G(z)), the non-saturating loss."""
    return bce(ops.ones_like(fake_logits), fake_logits)


logits = np.array([[2.0], [-1.0]], "float32")
judged = 1 / (1 + np.exp(-logits))  # D is the sigmoid of a logit
by_hand = -(np.mean(np.log(judged)) + np.mean(np.log(1 - judged))) / 2
print(f"by the formula {by_hand:.4f}   by the code {float(discriminator_loss(logits, logits)):.4f}")

# %% [markdown]
# ## One step of one player
# Two networks, two optimizers: each step must move one player's weights and no others. The tape
# watches just these. Under mixed precision with float16 there is one more duty: gradients below
# `6e-8` are zero there, so the loss is multiplied by a large number, and the gradients divided
# by it. Keras does both in `fit`, but in a step written by hand it is up to us.


# %%
def scale_optimizer(optimizer):
    """The optimizer, wrapped in a `LossScaleOptimizer` where the dtype policy is mixed_float16."""
    wrapped = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    if wrapped or keras.config.dtype_policy().compute_dtype != "float16":
        return optimizer
    return keras.optimizers.LossScaleOptimizer(optimizer)


def minimize(optimizer, loss_fn, variables):
    """One gradient step on `variables` and on no others; the loss is scaled if the optimizer asks."""
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError("minimize needs TensorFlow: set KERAS_BACKEND=tensorflow")
    import tensorflow as tf

    values = [variable.value for variable in variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values)
        loss = tf.cast(loss_fn(), "float32")
        if loss.shape.rank != 0:
            raise ValueError(f"loss_fn must return a scalar, got a loss of shape {loss.shape}")
        replicas = tf.distribute.get_strategy().num_replicas_in_sync  # their gradients are summed
        scaled_loss = optimizer.scale_loss(loss / replicas)
    gradients = tape.gradient(scaled_loss, values)
    if all(gradient is None for gradient in gradients):
        raise ValueError("the loss depends on none of the variables (is the model built?)")
    optimizer.apply(gradients, variables)
    return loss


# %% [markdown]
# What happens to those who forget? We fit a line with plain gradient descent in float32, in float16 with
# `minimize`, and in float16 with a tape that does not scale the loss, though its optimizer divides the
# gradients: 200 steps each.

# %%
import tensorflow as tf


def forgetful_step(optimizer, loss_fn, variables):
    """As `minimize`, but the loss is not scaled."""
    with tf.GradientTape() as tape:
        loss = loss_fn()
    optimizer.apply(tape.gradient(loss, [v.value for v in variables]), variables)
    return loss


points = rng.standard_normal((64, 2)).astype("float32")
target = points @ np.array([[0.3], [-0.2]], "float32")
remaining = {}
for name, dtype, step in (
    ("float32, minimize", "float32", minimize),
    ("float16, minimize", "mixed_float16", minimize),
    ("float16, forgetful", "mixed_float16", forgetful_step),
):
    line = keras.Sequential([keras.Input((2,)), layers.Dense(1, dtype=dtype)])
    line.set_weights([np.zeros((2, 1)), np.zeros(1)])
    optimizer = keras.optimizers.SGD(0.1)
    if dtype == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    optimizer.build(line.trainable_variables)

    def squared(line=line):
        return ops.mean(ops.square(ops.cast(line(points), "float32") - target))

    losses = [float(step(optimizer, squared, line.trainable_variables)) for _ in range(200)]
    remaining[name] = losses[-1] / losses[0]
    print(f"{name:19} loss {losses[0]:.4f} -> {losses[-1]:.2g}")

# %% [markdown]
# With `minimize`, float16 arrives where float32 does, within its accuracy. The forgetful tape stands still: it divided the
# gradients by `32768` and never multiplied the loss. Adam would have hidden the mistake, since it normalises its
# steps, up to the day when the gradients are too small for float16.

# %% [markdown]
# ## The game in one dimension
# Real points gather around 1; the generator starts elsewhere. In each round the discriminator learns for a
# while, the generator standing still; then the generator moves, and the discriminator stands still.
# The animation shows a phase a frame: the curve is $D$, the probability of being real.


# %%
def build_line_players():
    """G: one number of noise to one point; D: one point to one logit."""
    generator = keras.Sequential(
        [keras.Input((1,)), layers.Dense(16, activation="tanh"), layers.Dense(1)]
    )
    discriminator = keras.Sequential(
        [
            *(keras.Input((1,)), layers.Dense(32, activation="tanh")),
            *(layers.Dense(32, activation="tanh"), layers.Dense(1, dtype="float32")),
        ]
    )
    return generator, discriminator


# %%
keras.utils.set_random_seed(run.seed)
generator, discriminator = build_line_players()
g_optimizer, d_optimizer = (keras.optimizers.Adam(rate, beta_1=0.5) for rate in (0.01, 0.02))
g_optimizer.build(generator.trainable_variables)
d_optimizer.build(discriminator.trainable_variables)


@tf.function
def discriminator_turn(x, z):
    fakes = generator(z)

    def loss():
        return discriminator_loss(discriminator(x), discriminator(fakes))

    return minimize(d_optimizer, loss, discriminator.trainable_variables)


@tf.function
def generator_turn(z):
    def loss():
        return generator_loss(discriminator(generator(z)))

    return minimize(g_optimizer, loss, generator.trainable_variables)


axis_points = np.linspace(-3, 3, 121, dtype="float32")[:, None]
shown_noise = rng.standard_normal((300, 1)).astype("float32")
frames = []  # (title, generated points, D's curve)
for turn in range(2 * ROUNDS + 1):
    fakes, curve = generator(shown_noise), ops.sigmoid(discriminator(axis_points))
    phase = "start" if turn == 0 else ("D learns", "G moves")[(turn - 1) % 2]
    title = f"round {(turn + 1) // 2}: {phase}"
    frames.append((title, np.asarray(fakes)[:, 0], np.asarray(curve)[:, 0]))
    for _ in range(25 if turn % 2 == 0 else 8):
        x, z = (rng.standard_normal((128, 1)).astype("float32") for _ in range(2))
        discriminator_turn(1 + 0.4 * x, z) if turn % 2 == 0 else generator_turn(z)
real_points = 1 + 0.4 * rng.standard_normal(300)

# %%
from IPython.display import HTML, display
from matplotlib.animation import FuncAnimation

plt.rcParams["animation.frame_format"] = "jpeg"  # a third of the bytes of a PNG


def draw_game(axis, title, fakes, curve, real_points, axis_points):
    """One frame: histograms of real and generated points, and D's curve."""
    axis.clear()
    bins = np.linspace(-3, 3, 61)
    axis.hist(real_points, bins, density=True, color="C0", alpha=0.6, label="real")
    axis.hist(fakes, bins, density=True, color="C1", alpha=0.6, label="generated")
    axis.plot(axis_points, curve, color="0.2", label="D")
    axis.set(xlim=(-3, 3), ylim=(0, 2), title=title)


figure, axis = plt.subplots(figsize=(5, 2.4), dpi=50, layout="constrained")
game = FuncAnimation(
    figure,
    lambda frame: draw_game(axis, *frame, real_points, axis_points),
    frames=frames,
    interval=500,
)
display(HTML(game.to_jshtml(default_mode="once")))
plt.close(figure)

# %%
figure, axes = plt.subplots(2, 4, figsize=(8, 3.6), layout="constrained", sharex=True, sharey=True)
stills = np.linspace(0, 2 * ROUNDS, 8).astype(int)
for axis, still in zip(axes.flat, stills, strict=True):
    draw_game(axis, *frames[still], real_points, axis_points)
    axis.title.set_fontsize(9)
axes[0, 0].legend(fontsize=7, frameon=False)
figure.suptitle("The game, for print: G moves to where D says real", fontsize=11)
plt.show()
line_gap = np.abs(frames[-1][1].mean() - 1)
print(
    f"mean of the generated points {frames[0][1].mean():.2f} -> {frames[-1][1].mean():.2f}", end=""
)
print(f"   standard deviation {frames[-1][1].std():.2f} (real: 1 and 0.4)")

# %% [markdown]
# Once $D$ has learnt where the real points are, its curve is a slope, and $G$ walks up. When $G$ arrives, the curve
# sinks where $G$ is too crowded, and $G$ spreads or moves on. It does not settle: the points wander around the data and
# change their width from round to round. A game has no loss that simply falls.

# %% [markdown]
# ## The best discriminator for a fixed generator
# Theory (Goodfellow et al., 2014): if $G$ stands still, with generated density $p_g$, the best $D$ is
#
# $$D^*(x) = \frac{p_{data}(x)}{p_{data}(x) + p_g(x)}, \qquad V(D^*, G) = -\log 4 + 2\, JS(p_{data} \,\|\, p_g)$$
#
# with the Jensen-Shannon divergence. Two normal densities, expectations as sums over a fine grid, and a
# network trained to the end: does it get there?

# %%
from scipy.stats import norm

grid = np.linspace(-4, 4, 401, dtype="float32")[:, None]
p_data, p_g = norm.pdf(grid, 1, 0.6), norm.pdf(grid, -0.5, 1.0)
p_data, p_g = (tf.constant(p / p.sum(), "float32") for p in (p_data, p_g))
keras.utils.set_random_seed(run.seed)
_, judge = build_line_players()
optimizer = keras.optimizers.Adam(gk.warmup_cosine(0.02, FIT_STEPS))
optimizer.build(judge.trainable_variables)


@tf.function
def judge_step():
    def value():  # log D = -softplus(-logit), log(1 - D) = -softplus(logit)
        logits = judge(grid)
        return ops.sum(p_data * ops.softplus(-logits) + p_g * ops.softplus(logits))

    return minimize(optimizer, value, judge.trainable_variables)


for _ in range(FIT_STEPS):
    final_value = -judge_step()
found = np.asarray(ops.sigmoid(judge(grid)))
p, q = np.asarray(p_data, "float64"), np.asarray(p_g, "float64")
optimal = p / (p + q)
seen = p + q > 0.01 * (p + q).max()  # where there is anything to learn from
optimal_d_gap = np.abs(found - optimal)[seen].max()
js = 0.5 * np.sum(p * np.log(2 * p / (p + q)) + q * np.log(2 * q / (p + q)))
js_from_game = (float(final_value) + np.log(4)) / 2
print(f"largest gap between D and the optimum: {optimal_d_gap:.4f}")
print(
    f"Jensen-Shannon divergence: {js:.4f} by its formula, {js_from_game:.4f} from the game's value"
)

# %%
figure, axes = plt.subplots(1, 2, figsize=(8, 2.8), layout="constrained")
axes[0].plot(grid, p / p.max(), "C0", label="p_data (scaled)")
axes[0].plot(grid, q / q.max(), "C1", label="p_g (scaled)")
axes[0].plot(grid, optimal, "0.6", lw=4, label="D*")
axes[0].plot(grid, found, "k--", label="D, trained")
axes[0].set(xlabel="x", title="The best D is a ratio of densities")
axes[0].legend(frameon=False, fontsize=8)
logits = np.linspace(-8, 8, 200)
axes[1].plot(logits, 1 / (1 + np.exp(-logits)), label="log(1 - D): saturating")
axes[1].plot(logits, 1 / (1 + np.exp(logits)), label="-log D: non-saturating")
axes[1].axvspan(-8, -3, color="0.9")
axes[1].set(xlabel="D's logit for a forgery (grey: D is sure)", ylabel="size of the gradient")
axes[1].set_title("Where G loses, one loss is silent", fontsize=11)
axes[1].legend(frameon=False, fontsize=8)
plt.show()

# %% [markdown]
# Where there are points, the trained $D$ follows the ratio of the densities, to within 0.008<!-- optimal_d_gap -->. The game's
# value then tells the Jensen-Shannon divergence, 0.317<!-- js_nats --> nats: a generator that plays against a perfect $D$ minimises it.
# Far out, where no point ever falls, $D$ is free to say anything.

# %% [markdown]
# ## Two losses for the generator
# The minimax game tells $G$ to lower $\log(1 - D(G(z)))$. Early in training $D$ is sure of itself, and this loss
# is flat there (above, right). Everyone therefore raises $\log D(G(z))$ instead. How much does it matter? We let
# a $D$ learn for a while against garments forged by an untrained $G$, and measure both gradients of $G$.


# %%
def build_generator(latent_dim, hidden_units=(100, 150)):
    """The textbook's: noise (latent_dim,) to 28x28x1 in [0, 1]; batch normalisation is our addition."""
    stack = [keras.Input((latent_dim,))]
    for units in hidden_units:
        stack += [layers.Dense(units, kernel_initializer="he_normal"), layers.BatchNormalization()]
        stack += [layers.LeakyReLU(0.2)]
    stack += [layers.Dense(28 * 28, activation="sigmoid", dtype="float32")]
    return keras.Sequential([*stack, layers.Reshape((28, 28, 1), dtype="float32")])


def build_discriminator(hidden_units=(150, 100)):
    """The textbook's, with dropout added: 28x28x1 to one logit, low for forged, high for real."""
    stack = [keras.Input((28, 28, 1)), layers.Flatten()]
    for units in hidden_units:
        stack += [layers.Dense(units, kernel_initializer="he_normal"), layers.LeakyReLU(0.2)]
        stack += [layers.Dropout(0.3)]
    return keras.Sequential([*stack, layers.Dense(1, dtype="float32")])


# %%
keras.utils.set_random_seed(run.seed)
forger, sure = build_generator(LATENT_DIM), build_discriminator()
optimizer = keras.optimizers.Adam(1e-3)
optimizer.build(sure.trainable_variables)
noise = rng.standard_normal((256, LATENT_DIM)).astype("float32")
for _ in range(30):
    batch = x_train[rng.choice(len(x_train), 256)]

    def loss(batch=batch):
        return discriminator_loss(sure(batch), sure(forger(noise)))

    minimize(optimizer, loss, sure.trainable_variables)
norms = {}
for name, sign in (("saturating", 1), ("non-saturating", -1)):
    with tf.GradientTape() as tape:
        logit = sure(forger(noise))
        loss = sign * ops.mean(-ops.softplus(sign * logit))  # log(1 - D), or -log D
    gradient = tape.gradient(loss, [v.value for v in forger.trainable_variables])
    norms[name] = float(tf.linalg.global_norm(gradient))
    print(
        f"{name:14} gradient of G: {norms[name]:.2e}   (D says {float(ops.mean(ops.sigmoid(logit))):.4f})"
    )
gradient_ratio = norms["non-saturating"] / norms["saturating"]

# %% [markdown]
# A factor of 358<!-- gradient_ratio -->: with the minimax loss, $G$ would hardly move while $D$ is sure. Both losses
# point to the same goal; the second listens most when $G$ is worst.

# %% [markdown]
# ## Maximum likelihood, or a game?
# A model that is too simple for its data must choose what to get wrong. Maximum likelihood punishes every
# data point that the model finds impossible, so it covers all modes, and the empty space between.
# A GAN is punished for samples that do not look real. Eight groups of points, a fitted normal
# distribution, and a GAN:


# %%
def ring(n, rng, modes=8, spread=0.05):
    """n points (n, 2) of a mixture of normal distributions on a circle."""
    angle = 2 * np.pi * rng.integers(modes, size=n) / modes
    return (np.stack([np.cos(angle), np.sin(angle)], 1) + spread * rng.normal(size=(n, 2))).astype(
        "float32"
    )


def judge_points(points, modes=8, spread=0.05):
    """Share of points within 4 spreads of a mode, and how many modes get at least 2 % of them."""
    angle = 2 * np.pi * np.arange(modes) / modes
    centres = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    distance = np.linalg.norm(points[:, None] - centres, axis=2)
    near = distance.min(axis=1) < 4 * spread
    counts = np.bincount(distance.argmin(axis=1)[near], minlength=modes)
    return near.mean(), int(np.sum(counts >= 0.02 * len(points)))


# %%
def train_points(data, steps, g_rate, d_rate, latent_dim=8, seed=0, batch_size=256):
    """A GAN on points (n, 2); return 2,000 points of its generator."""
    keras.utils.set_random_seed(seed)

    def dense():
        return layers.Dense(64, activation="relu")

    generator = keras.Sequential([keras.Input((latent_dim,)), dense(), dense(), layers.Dense(2)])
    judge = keras.Sequential(
        [keras.Input((2,)), dense(), dense(), layers.Dense(1, dtype="float32")]
    )
    g_optimizer, d_optimizer = (keras.optimizers.Adam(r, beta_1=0.5) for r in (g_rate, d_rate))
    g_optimizer.build(generator.trainable_variables)
    d_optimizer.build(judge.trainable_variables)
    noise = keras.random.SeedGenerator(seed)

    @tf.function
    def turn(real, move_generator):
        z = keras.random.normal((batch_size, latent_dim), seed=noise)
        if move_generator:

            def loss():
                return generator_loss(judge(generator(z)))

            return minimize(g_optimizer, loss, generator.trainable_variables)
        fakes = generator(z)

        def loss():
            return discriminator_loss(judge(real), judge(fakes))

        return minimize(d_optimizer, loss, judge.trainable_variables)

    for step in range(steps):
        real = data[(step * batch_size) % (len(data) - batch_size) :][:batch_size]
        turn(real, move_generator=step % 2 == 1)
    return np.asarray(generator(keras.random.normal((2000, latent_dim), seed=noise)))


# %%
groups = ring(20_000, rng)
clouds = {
    "data": groups[:2000],
    "maximum likelihood": rng.multivariate_normal(groups.mean(axis=0), np.cov(groups.T), 2000),
    "GAN": train_points(groups, POINT_STEPS, g_rate=1e-3, d_rate=2e-3),
    "G too fast": train_points(groups, POINT_STEPS, g_rate=1e-2, d_rate=1e-4),
}
figure, axes = plt.subplots(1, 4, figsize=(8, 2.3), layout="constrained")
verdicts = {}
for axis, (name, cloud) in zip(axes, clouds.items(), strict=True):
    verdicts[name] = judge_points(cloud)
    axis.scatter(*cloud.T, s=2)
    axis.set(xlim=(-2, 2), ylim=(-2, 2), xticks=[], yticks=[], aspect="equal")
    axis.set_title(
        f"{name}:\n{verdicts[name][0]:.0%} near a group, {verdicts[name][1]} of 8", fontsize=9
    )
plt.show()

# %% [markdown]
# Maximum likelihood puts most of its points where there are no data: 12<!-- likelihood_near_percent --> percent lie near a group. The
# GAN, with a network for a generator, puts 90<!-- gan_near_percent --> percent there and finds 7<!-- gan_modes --> of
# 8 groups; threads between the groups remain, for its map is continuous. On the right the generator learns a hundred
# times as fast as its judge. It jumps to whatever spot $D$ likes, all noise to one place: *mode collapse*. A
# number catches it, the groups that get points: 0<!-- collapsed_modes --> of 8, and 1 where the spot happens to lie in
# a group. The cure is to let $D$ keep up, as in the third picture.

# %% [markdown]
# ## The textbook's GAN, two phases in one `train_step`
# `fit` calls `train_step` for each batch of real garments. Phase one shows $D$ as many forgeries (label 0) as
# real images (label 1), and moves $D$ only. Phase two makes new forgeries, asks for the label 1, and moves $G$ only. No
# layer is switched to `trainable=False` and back: each player has an optimizer and its list of variables.


# %%
def discriminator_phase(model, real):
    """Phase one: D judges real images and as many forgeries, and learns. Returns its loss."""
    fakes = model.generator(model.noise(ops.shape(real)[0]), training=True)

    def loss():
        on_real = model.discriminator(real, training=True)
        return discriminator_loss(on_real, model.discriminator(fakes, training=True))

    return minimize(model.d_optimizer, loss, model.discriminator.trainable_variables)


def generator_phase(model, n):
    """Phase two: G forges n images, D judges them, and G learns. Returns G's loss."""
    z = model.noise(n)

    def loss():
        return generator_loss(model.discriminator(model.generator(z, training=True), training=True))

    return minimize(model.g_optimizer, loss, model.generator.trainable_variables)


# %%
class GAN(keras.Model):
    """Noise (batch, latent_dim) to images; `fit` on real images plays both phases on each batch."""

    def __init__(self, generator, discriminator, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.generator, self.discriminator = generator, discriminator
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.d_loss, self.g_loss = (keras.metrics.Mean(name=name) for name in ("d_loss", "g_loss"))
        self.built = True  # its parts are

    def call(self, z):
        return self.generator(z)

    def compile(self, g_optimizer, d_optimizer, **kwargs):
        super().compile(**kwargs)
        self.g_optimizer, self.d_optimizer = map(scale_optimizer, (g_optimizer, d_optimizer))
        self.g_optimizer.build(self.generator.trainable_variables)
        self.d_optimizer.build(self.discriminator.trainable_variables)

    def noise(self, n):
        return keras.random.normal((n, self.generator.input_shape[1]), seed=self.seed_generator)

    def train_step(self, real):
        self.d_loss.update_state(discriminator_phase(self, real))
        self.g_loss.update_state(generator_phase(self, ops.shape(real)[0]))
        return {"d_loss": self.d_loss.result(), "g_loss": self.g_loss.result()}


# %% [markdown]
# The check that everything stands on: a phase moves its own player, and the other not by a bit.


# %%
def adam(rate):
    """Adam for GANs: no momentum, since the opponent moves as well."""
    return keras.optimizers.Adam(rate, beta_1=0.0)


def trainable_moves(model, phase):
    """The largest change of a trainable weight of G and of D by one call of phase()."""
    parts = model.generator.trainable_variables, model.discriminator.trainable_variables
    before = [[v.numpy().copy() for v in part] for part in parts]
    phase()
    return [
        max(np.abs(v.numpy() - old).max() for v, old in zip(part, olds, strict=True))
        for part, olds in zip(parts, before, strict=True)
    ]


keras.utils.set_random_seed(run.seed)
gan = GAN(build_generator(LATENT_DIM), build_discriminator(), seed=run.seed)
gan.compile(adam(1e-3), adam(1e-3))
phase_one = trainable_moves(gan, lambda: discriminator_phase(gan, x_train[:64]))
phase_two = trainable_moves(gan, lambda: generator_phase(gan, 64))
for name, (g, d) in (("phase one", phase_one), ("phase two", phase_two)):
    print(f"{name}: largest change in G {g:.1e}, in D {d:.1e}")

# %% [markdown]
# ### The recipe that fails in silence
# Most published code does it otherwise: compile $D$; set `discriminator.trainable = False`; compile $G$ and $D$ as
# one model; alternate `train_on_batch`. In Keras 2, $D$ went on learning, since `compile` had fixed what it
# trains. In Keras 3 it does not, and no error says so: recent versions warn once, in words that are easily
# scrolled past. The same check tells:

# %%
import warnings

keras.utils.set_random_seed(run.seed)
generator, discriminator = build_generator(LATENT_DIM), build_discriminator()
discriminator.compile(loss=bce, optimizer="rmsprop", jit_compile=False)
discriminator.trainable = False
stacked = keras.Sequential([generator, discriminator])
stacked.compile(loss=bce, optimizer="rmsprop", jit_compile=False)
before = [w.copy() for w in discriminator.get_weights()]
for step in range(10):
    real = x_train[32 * step :][:32]
    noise = rng.standard_normal((32, LATENT_DIM)).astype("float32")
    both, labels = np.concatenate([generator(noise), real]), np.repeat([0.0, 1.0], 32)[:, None]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "The model does not have any trainable weights."
        discriminator.train_on_batch(both, labels)
    stacked.train_on_batch(noise, np.ones((32, 1)))
classic_move = max(
    np.abs(w - old).max() for w, old in zip(discriminator.get_weights(), before, strict=True)
)
print(
    f"largest change of a weight of D after {step + 1} rounds of the classic recipe: {classic_move}"
)

# %% [markdown]
# Exactly zero: $D$ never learns, and $G$ plays against a judge who is asleep. The losses look like
# losses all the same. Who publishes a GAN should publish this check.

# %% [markdown]
# ## Training
# From fixed noise we draw the same thirty garments after every epoch, and score a sample of the generator's: the
# Fréchet Fashion Distance (not FID; chapter 07), precision and recall.


# %%
class Watch(keras.callbacks.Callback):
    """Keep pictures from fixed noise after each epoch, and the score of a larger sample."""

    def __init__(self, noise, real, n_shown):
        super().__init__()
        self.noise, self.real, self.n_shown = noise, real, n_shown
        self.pictures, self.ffd, self.seconds = [], [], 0.0

    def on_epoch_end(self, epoch, logs=None):
        start = time.perf_counter()
        sample = np.asarray(self.model.generator(self.noise))
        self.pictures.append(sample[: self.n_shown])
        self.ffd.append(gk.frechet_distance(self.real, sample))
        self.seconds += time.perf_counter() - start


fixed_noise = rng.standard_normal((N_SCORED, LATENT_DIM)).astype("float32")
watch = Watch(fixed_noise, x_test[:N_SCORED], n_shown=30)
keras.utils.set_random_seed(run.seed)
gan = GAN(build_generator(LATENT_DIM), build_discriminator(), seed=run.seed)
gan.compile(adam(1e-3), adam(1e-3), steps_per_execution=20, jit_compile=JIT_COMPILE)
epochs = EPOCHS if whole else EPOCHS_SAMPLE
fed = x_train[: len(x_train) // BATCH_SIZE * BATCH_SIZE]  # whole batches: one shape to compile
start = time.perf_counter()
history = gan.fit(fed, batch_size=BATCH_SIZE, epochs=epochs, verbose=0, callbacks=[watch]).history
train_seconds = time.perf_counter() - start - watch.seconds
sample = np.asarray(gan(fixed_noise))
ffd = watch.ffd[-1]
precision, recall = gk.precision_recall(x_test[:N_SCORED], sample)
floor = gk.frechet_distance(x_test[:N_SCORED], x_train[:N_SCORED])
print(f"{epochs} epochs in {train_seconds:.0f} s (and {watch.seconds:.0f} s of scoring)", end=", ")
print(f"{epochs * len(fed) / train_seconds:,.0f} images a second")
print(
    f"Fréchet Fashion Distance {ffd:.1f} (real training images {floor:.1f}; n = {len(sample):,}, one seed)"
)
print(f"precision {precision:.2f}   recall {recall:.2f}")

# %%
shown = sorted({0, len(watch.pictures) // 4, len(watch.pictures) // 2, len(watch.pictures) - 1})
strip = np.concatenate([watch.pictures[epoch][:12] for epoch in shown])
labels = [f"epoch {epoch + 1}" if i == 0 else "" for epoch in shown for i in range(12)]
gk.plot_images(strip, columns=12, titles=labels, title="The same noise as training goes on")
plt.show()


# %%
def canvas(x):
    return x[..., 0].reshape(3, 10, 28, 28).swapaxes(1, 2).reshape(84, 280)


figure, axis = plt.subplots(figsize=(5, 1.7), dpi=50, layout="constrained")
axis.axis("off")
drawn = axis.imshow(canvas(watch.pictures[0]), cmap="gray", vmin=0, vmax=1)


def show_epoch(epoch):
    drawn.set_data(canvas(watch.pictures[epoch]))
    axis.set_title(f"epoch {epoch + 1}", fontsize=9)


every = max(1, len(watch.pictures) // 15)
frames = range(0, len(watch.pictures), every)
film = FuncAnimation(figure, show_epoch, frames=frames, interval=400)
display(HTML(film.to_jshtml(default_mode="once")))
plt.close(figure)

# %% [markdown]
# After one epoch there are blots with the outline of tops and shoes; by the end garments of most kinds, with hard edges and many
# specks. The distance falls from 232<!-- ffd_first_epoch --> to 68.9<!-- ffd -->, real images having 1.4<!-- ffd_floor -->.
# Precision 0.79<!-- precision --> and recall 0.25<!-- recall -->: what is drawn is mostly plausible, and still far less varied
# than the real garments. (The textbook's settings were measured at a recall of 0.04<!-- textbook dense_gan rerun -->: a collapse.)

# %% [markdown]
# ## New, or copied?
# A generator that had learnt its training images by heart would score well. Below each drawn garment stands its
# nearest training image, by the features of the classifier. How near is near? We compare with the distance of
# test images from theirs.

# %%
from sklearn.neighbors import NearestNeighbors

memory = NearestNeighbors(n_neighbors=1).fit(gk.classify(x_train)[0])
distance, index = memory.kneighbors(gk.classify(sample[:500])[0])
test_distance, _ = memory.kneighbors(gk.classify(x_test[:500])[0])
nearest = {"nearest": x_train[index[:10, 0]]}
gk.plot_reconstructions(sample[:10], nearest, title="Drawn (above), and the nearest training image")
plt.show()
nearest_ratio = np.median(distance) / np.median(test_distance)
same_pixels = np.abs(sample[:500] - x_train[index[:, 0]]).mean(axis=(1, 2, 3)).min()
print(f"median distance of drawn garments {nearest_ratio:.2f} times that of test images", end="   ")
print(f"closest in pixels: mean difference {same_pixels:.3f}")

# %% [markdown]
# None is a copy: the nearest training image is another garment, mostly of the same kind, and the drawn ones lie
# 1.2<!-- nearest_ratio --> times as far from the training images as test images do.

# %% [markdown]
# ## What the losses say, and what they do not
# A falling loss means progress in every chapter so far. Here one player's gain is the other's loss. Which of the
# curves would have told when to stop?

# %%
figure, axes = plt.subplots(1, 2, figsize=(8, 2.8), layout="constrained")
ticks = np.arange(1, len(watch.ffd) + 1)
axes[0].plot(ticks, history["d_loss"], label="D's loss")
axes[0].plot(ticks, history["g_loss"], label="G's loss")
axes[0].axhline(np.log(2), color="0.6", ls=":", label="log 2: D guesses")
axes[0].set(xlabel="epoch", title="The losses")
axes[0].legend(frameon=False, fontsize=8)
axes[1].plot(ticks, watch.ffd, "C2")
axes[1].set(xlabel="epoch", title="Fréchet Fashion Distance", ylim=(0, None))
plt.show()
half = len(ticks) // 2
print(
    f"second half: G's loss {history['g_loss'][half]:.2f} -> {history['g_loss'][-1]:.2f}", end=", "
)
print(f"D's {history['d_loss'][half]:.2f} -> {history['d_loss'][-1]:.2f}", end=", ")
print(f"distance {watch.ffd[half]:.0f} -> {watch.ffd[-1]:.0f}")

# %% [markdown]
# Neither. The losses move little and against each other, while the pictures go on improving; a
# falling loss of $G$ would mean that $D$ is failing as much as that $G$ is learning. What the losses do tell is trouble: one that goes to
# zero, or away for good. To see progress, score the pictures.

# %% [markdown]
# ## Check

# %%
by_code = float(discriminator_loss(np.float32([[2.0], [-1.0]]), np.float32([[2.0], [-1.0]])))
assert abs(by_hand - by_code) < 1e-5, "the code is not the formula"
assert remaining["float16, minimize"] < 0.01, "scaled float16 does not learn"
assert remaining["float16, forgetful"] > 0.9, "the forgetful tape learns after all"
assert phase_one[0] == 0 and phase_one[1] > 0, "phase one moves G, or not D"
assert phase_two[1] == 0 and phase_two[0] > 0, "phase two moves D, or not G"
assert classic_move == 0, "the classic recipe trains its discriminator: rewrite the box"
assert gradient_ratio > 1, "the saturating loss is not the quieter"
assert same_pixels > 0.001, "a training image was copied"
if not QUICK:
    assert optimal_d_gap < 0.02 and abs(js - js_from_game) < 1e-3, "D is not optimal"
    assert line_gap < 0.5, "G did not find the data"
    assert verdicts["GAN"][1] > verdicts["G too fast"][1], "no collapse, or no cure"
    assert verdicts["GAN"][0] > verdicts["maximum likelihood"][0]
    assert watch.ffd[-1] < watch.ffd[0] / 2 and recall > 0.03, "the GAN has collapsed"

# %%
gk.record(
    "10_generative_adversarial_networks",
    optimal_d_gap=optimal_d_gap,
    ffd=ffd,
    precision=precision,
    recall=recall,
    ffd_first_epoch=watch.ffd[0],
    ffd_floor=floor,
    js_nats=js,
    gradient_ratio=gradient_ratio,
    likelihood_near_percent=100 * verdicts["maximum likelihood"][0],
    gan_near_percent=100 * verdicts["GAN"][0],
    gan_modes=verdicts["GAN"][1],
    collapsed_modes=verdicts["G too fast"][1],
    forgetful_loss_left=remaining["float16, forgetful"],
    nearest_ratio=nearest_ratio,
    images_per_second=epochs * len(fed) / train_seconds,
    seconds=time.perf_counter() - START,
)

# %% [markdown]
# ## What to remember
# - Two players, two optimizers, two lists of variables; check that each phase moves only its own.
# - The best $D$ is a ratio of densities; the generator then minimises a divergence without ever computing it.
# - Use $-\log D(G(z))$: the loss of the formula is silent where it is needed most.
# - Losses say who is winning; only scores of the pictures say what the game is worth.
# - Collapse is seen in a count of modes, or in recall; the remedy is to let the discriminator keep up.
#
# ## Exercises
# 1. *(easy)* Move two codes into each other, as in chapter 08. Do garments change as smoothly as the VAE's?
# 2. *(easy)* Take the dropout out of $D$. What happens to the recall?
# 3. *(medium)* Use the saturating loss in `generator_loss`. Does the GAN still learn? Hint: `-bce(zeros, logits)`.
# 4. *(medium)* Play the one-dimensional game with real points in two groups. Which does $G$ choose?
# 5. *(hard)* Give $D$ the standard deviation of its batch as one more input (Salimans et al., 2016), and collapse
#    the ring again. Hint: a layer with `ops.std(x, axis=0)`, its mean repeated for each image.
#
# ## References
# - I. Goodfellow et al., Generative Adversarial Nets, NeurIPS 2014.
# - I. Goodfellow, NIPS 2016 Tutorial: Generative Adversarial Networks (the two losses, maximum likelihood).
# - P. Micikevicius et al., Mixed Precision Training, ICLR 2018.
# - T. Salimans et al., Improved Techniques for Training GANs, NeurIPS 2016.
# - A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras and TensorFlow*, 3rd ed., ch. 17.
