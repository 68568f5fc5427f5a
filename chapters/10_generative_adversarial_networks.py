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
# # 10 Generative adversarial networks
#
# In 2014 a new way to generate images appeared, in which two networks play against each other. One, the generator, makes images. The other, the discriminator, tries to tell them from real ones, and the generator learns from its verdict. For several years the most convincing artificial faces were made in this way. The idea is easy to state, and hard to get to work. In this
# chapter we first play the game in one dimension, where we can watch every move and compare with theory. Then we look at what can go wrong, train the textbook's GAN on garments, and find out what its losses tell us and what they do not.
#
# | | |
# |---|---|
# | Slides | *Generative Adversarial Networks (GANs)*; *Intuición detrás de las GANs*; *Entrenando GANs*; *Componentes de una GAN*; *Generando nuevos datos con GANs*; *¿Por qué GANs?* |
# | Textbook | Hands-On Machine Learning, chapter 17, "Generative Adversarial Networks" and "The Difficulties of Training GANs" |
# | Result | For two fixed densities, a trained discriminator comes within 0.008<!-- optimal_d_gap --> of the optimum that theory predicts, where there are points; the GAN draws garments at a Fréchet distance of 70<!-- ffd_test --> |
# | Time | 332 s<!-- seconds --> on two CPU cores; not measured on a GPU |
# | Data | Fashion-MNIST: 55,000 images to train, 5,000 to validate, 10,000 to test; or the bundled sixth of it; points made here |

# %% [markdown]
# ## Setup
# Everything below needs this cell. Libraries that a single section needs are imported there.

# %%
import time

import genkeras as gk
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import layers, ops

START = time.perf_counter()
run = gk.setup(seed=42)

# %% [markdown]
# ## Parameters
# These settings control how long the notebook takes.

# %% quick={"EPOCHS": 3, "EPOCHS_SAMPLE": 3, "FIT_STEPS": 300, "JIT_COMPILE": false, "N_SCORED": 300, "N_TRAIN": 1500, "QUICK": true, "RING_STEPS": 200, "ROUNDS": 8, "SEEDS": 1} tags=["parameters"]
QUICK = False  # True: a run that shows how it works, too short to prove anything
N_TRAIN = None  # training images; None takes all there are
ROUNDS = 12  # of the game in one dimension; each has two phases
FIT_STEPS = 3000  # steps to find the best discriminator for a fixed generator
RING_STEPS = 1500  # steps of each GAN on points in the plane
SEEDS = 3  # repetitions of these GANs
LATENT_DIM = 30  # size of the noise, as in the textbook
EPOCHS = 30  # passes of the garments' GAN over the full training set; GPU: 50
EPOCHS_SAMPLE = 120  # the same for the bundled sample
N_SCORED = 3000  # images on each side of a score
BATCH_SIZE = 256  # GPU: 512
JIT_COMPILE = True  # XLA starts slowly, and pays with many small layers

# %%
images = gk.load_images(n_train=N_TRAIN)
full_data = images.source == "tfds"
x_train, x_valid, x_test = images.x_train, images.x_valid, images.x_test
rng = np.random.default_rng(run.seed)

# %% [markdown]
# ## The game
# The *generator* $G$ turns random noise $z$ into an imitation of the data. The *discriminator* $D$ gets real and generated examples and returns the probability that what it sees is real. Only the discriminator ever sees real data.

# %% alt="Diagram: 30 numbers of noise, 100 and 150 hidden units and 784 pixels form the generator; from there 150 and 100 hidden units and 1 logit form the discriminator."
gk.plot_network(
    [
        (f"noise z\n{LATENT_DIM}", LATENT_DIM),
        ("hidden\n100", 100),
        ("hidden\n150", 150),
        ("image, real\nor generated\n784", 784),
        ("hidden\n150", 150),
        ("hidden\n100", 100),
        ("real?\n1 logit", 1),
    ],
    parts={"generator": (0, 3), "discriminator": (3, 6)},
    title="The two networks for garments; only generated images come from the generator",
)
plt.show()

# %% [markdown]
# The slides write the training as a *minimax* game about the value
#
# $$\min_G \max_D \; V(D, G) = \mathbb{E}_{x \sim p_{data}} \log D(x) + \mathbb{E}_{z \sim p(z)} \log\left(1 - D(G(z))\right)$$
#
# The discriminator wants both terms to be large: $D(x)$ near 1 for real examples and $D(G(z))$ near 0 for generated ones. In code this is a classifier with labels 1 and 0. The binary cross-entropy, averaged over as many real as generated examples, is $-V/2$, so the discriminator maximizes $V$ by minimizing it. The generator could minimize $V$
# in turn. But usually it minimizes $-\log D(G(z))$ instead, the cross-entropy of its images with the label 1, for reasons that we will see.

# %%
bce = keras.losses.BinaryCrossentropy(from_logits=True)


def discriminator_loss(real_logits, fake_logits):
    """-V / 2: the mean cross-entropy of real examples (label 1) and generated ones (label 0)."""
    logits = ops.concatenate([real_logits, fake_logits])
    labels = ops.concatenate([ops.ones_like(real_logits), ops.zeros_like(fake_logits)])
    return bce(labels, logits)


def generator_loss(fake_logits):
    """-log D(G(z)): the mean cross-entropy of generated examples with the label 1."""
    return bce(ops.ones_like(fake_logits), fake_logits)


# %% [markdown]
# Both networks need an optimizer of their own, and each step must change the weights of one player only. `gk.minimize(optimizer, loss_fn, variables)` makes one such step. It is a gradient tape and little else; the last section shows its code and explains what the little is.
#
# ## The game in one dimension
# We begin with the smallest possible case. The real data are numbers around 1, with a standard deviation of 0.4<!-- setting -->, and the generator maps one random number to another.


# %%
def build_players():
    """G: one number of noise to one point; D: one point to one logit."""
    generator = keras.Sequential(
        [keras.Input((1,)), layers.Dense(16, activation="tanh"), layers.Dense(1, dtype="float32")]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((1,)),
            layers.Dense(32, activation="tanh"),
            layers.Dense(32, activation="tanh"),
            layers.Dense(1, dtype="float32"),
        ]
    )
    return generator, discriminator


keras.utils.set_random_seed(run.seed)
generator, discriminator = build_players()
g_optimizer = gk.scale_optimizer(keras.optimizers.Adam(0.01, beta_1=0.5))
d_optimizer = gk.scale_optimizer(keras.optimizers.Adam(0.02, beta_1=0.5))
g_optimizer.build(generator.trainable_variables)
d_optimizer.build(discriminator.trainable_variables)


@tf.function
def discriminator_step(real, z):
    """D learns to tell real points from G's; G does not change."""
    fakes = generator(z)

    def loss():
        return discriminator_loss(discriminator(real), discriminator(fakes))

    gk.minimize(d_optimizer, loss, discriminator.trainable_variables)


@tf.function
def generator_step(z):
    """G learns to make points that D takes for real; D does not change."""

    def loss():
        return generator_loss(discriminator(generator(z)))

    gk.minimize(g_optimizer, loss, generator.trainable_variables)


# %% [markdown]
# In each round the discriminator first makes 25 steps while the generator is kept fixed, then the generator makes 8 while the discriminator is kept fixed. After each phase we note where the generated points are, and the curve $D(x)$.

# %%
line = np.linspace(-3, 3, 121, dtype="float32")[:, np.newaxis]
shown_noise = rng.standard_normal((300, 1)).astype("float32")
frames = []  # of the film: title, generated points, D's curve
for phase in range(2 * ROUNDS + 1):
    discriminator_moves = phase % 2 == 1
    steps = 25 if discriminator_moves else 8
    for _ in range(steps if phase > 0 else 0):
        z = rng.standard_normal((128, 1)).astype("float32")
        if discriminator_moves:
            discriminator_step((1 + 0.4 * rng.standard_normal((128, 1))).astype("float32"), z)
        else:
            generator_step(z)
    name = "D has learned" if discriminator_moves else "G has moved"
    points = np.asarray(generator(shown_noise))[:, 0]
    curve = np.asarray(ops.sigmoid(discriminator(line)))[:, 0]
    frames.append((f"round {(phase + 1) // 2}: {name}" if phase > 0 else "start", points, curve))
real_points = 1 + 0.4 * rng.standard_normal(300)

# %% alt="A film of the game: histograms of real points around 1 and of generated points, and the curve of D. The generated points move to the right until they overlap the real ones in round 3; then they alternate between a narrow peak and a wide spread, and the curve of D dips where they crowd."
import tempfile

from IPython.display import Image, display
from matplotlib.animation import FuncAnimation


def show_film(figure, draw_frame, frames):
    """Show one drawing after the other, as a GIF that repeats."""
    film = FuncAnimation(figure, draw_frame, frames=frames)
    with tempfile.TemporaryDirectory() as folder:
        film.save(f"{folder}/film.gif", writer="pillow", fps=1.5)
        with open(f"{folder}/film.gif", "rb") as file:
            display(Image(data=file.read(), format="gif"))
    plt.close(figure)


def draw_game(axis, title, points, curve):
    """Histograms of real and generated points, and the discriminator's curve."""
    axis.clear()
    bins = np.linspace(-3, 3, 61)
    axis.hist(real_points, bins, density=True, color="C0", alpha=0.6, label="real")
    axis.hist(points, bins, density=True, color="C1", alpha=0.6, label="generated")
    axis.plot(line, curve, color="0.2", label="D(x)")
    axis.set(xlim=(-3, 3), ylim=(0, 2), xlabel="x", title=title)
    axis.legend(loc="upper left", frameon=False)


figure, axis = plt.subplots(figsize=(7, 3), dpi=86, layout="constrained")
show_film(figure, lambda frame: draw_game(axis, *frame), frames)

# %% alt="Eight stills of the game, from the start to the last round, with real points in blue, generated ones in orange and the curve of D."
figure, axes = plt.subplots(2, 4, figsize=(8, 4), layout="constrained", sharex=True, sharey=True)
for axis, number in zip(axes.flat, np.linspace(0, 2 * ROUNDS, 8).astype(int), strict=True):
    draw_game(axis, *frames[number])
    axis.title.set_fontsize(9)
    axis.legend().set_visible(axis is axes[0, 0])
    axis.set(xlabel="x" if axis in axes[1] else "")
figure.suptitle("Eight stills of the game", fontsize=11)
plt.show()
for title, points, _ in (frames[0], frames[ROUNDS], frames[-1]):
    print(f"{title}: mean {points.mean():.2f}, standard deviation {points.std():.2f}", end="; ")
print("real: 1 and 0.4")

# %% [markdown]
# Once the discriminator has learned where the real points are, its curve rises from left to right (round 2), and the generator moves to the right, where the curve is high. When it has arrived, the curve becomes flatter, or dips where generated points are too dense, and the generator spreads or moves on. The film shows the most violent turn at the end: in round 11 nearly all generated points crowd at one place, the discriminator rejects it, and in round 12 they spread far too widely. In these twelve rounds it does not come to rest. After round 6 the generated points have a mean of
# 1.07<!-- middle_mean --> and a standard deviation of 0.28<!-- middle_deviation -->, after round 12 it is 0.87<!-- last_mean --> and 0.66<!-- last_deviation -->.

# %% [markdown]
# ## The best discriminator is a density ratio
# Suppose that we keep the generator fixed and train the discriminator until it no longer improves. If $p_g$ is the density of the generated points, theory says that the best discriminator is a ratio of densities, and that the value of the game then contains the Jensen-Shannon divergence of the two (Goodfellow et al., 2014):
#
# $$D^*(x) = \frac{p_{data}(x)}{p_{data}(x) + p_g(x)}, \qquad V(D^*, G) = -\log 4 + 2\, JS(p_{data} \,\|\, p_g)$$
#
# We take two normal densities, replace expectations by sums over a fine grid, and train a discriminator for 3,000 steps. Does it get there?

# %%
from scipy.stats import norm

grid = np.linspace(-4, 4, 401, dtype="float32")[:, np.newaxis]
p_data, p_g = norm.pdf(grid, 1, 0.6), norm.pdf(grid, -0.5, 1.0)
p_data, p_g = p_data / p_data.sum(), p_g / p_g.sum()
keras.utils.set_random_seed(run.seed)
_, best_discriminator = build_players()
optimizer = gk.scale_optimizer(keras.optimizers.Adam(gk.warmup_cosine(0.02, FIT_STEPS)))
optimizer.build(best_discriminator.trainable_variables)


@tf.function
def exact_step():
    """One step on -V, with exact expectations."""

    def negative_value():  # log D = -softplus(-logit) and log(1 - D) = -softplus(logit)
        logits = best_discriminator(grid)
        return ops.sum(p_data * ops.softplus(-logits) + p_g * ops.softplus(logits))

    return gk.minimize(optimizer, negative_value, best_discriminator.trainable_variables)


for _ in range(FIT_STEPS):
    value = -exact_step()
found = np.asarray(ops.sigmoid(best_discriminator(grid)))
optimal = p_data / (p_data + p_g)
visited = p_data + p_g > 0.01 * (p_data + p_g).max()  # where there is something to learn from
optimal_d_gap = np.abs(found - optimal)[visited].max()


def kl(p, q):
    """Kullback-Leibler divergence in nats between two distributions on the grid."""
    return np.sum(p * np.log(p / q))


def js(p, q):
    """Jensen-Shannon divergence in nats between two distributions on the grid."""
    return (kl(p, (p + q) / 2) + kl(q, (p + q) / 2)) / 2


js_from_game = (float(value) + np.log(4)) / 2
print(f"largest difference between D and the optimum, where there are points: {optimal_d_gap:.4f}")
print(f"JS divergence: {js(p_data, p_g):.4f} nats by its formula, {js_from_game:.4f} from the game")

# %% alt="Left: two densities, the optimal discriminator as a thick gray line that rises from 0 to 0.9 and falls again on the far right, and the trained one as a dashed line on top of it, except on the far right, where it stays higher. Right: size of the gradient of two losses against the logit: the saturating one vanishes for negative logits, the non-saturating one for positive logits."
figure, axes = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
axes[0].plot(grid, p_data / p_data.max(), "C0", label="p_data (scaled)")
axes[0].plot(grid, p_g / p_g.max(), "C1", label="p_g (scaled)")
axes[0].plot(grid, optimal, "0.6", lw=4, label="D*")
axes[0].plot(grid, found, "k--", label="D, trained")
axes[0].set(xlabel="x", title="Two densities and the best discriminator")
axes[0].legend(frameon=False, fontsize=8)
logits = np.linspace(-8, 8, 200)
axes[1].plot(logits, 1 / (1 + np.exp(-logits)), label="log(1 - D), saturating")
axes[1].plot(logits, 1 / (1 + np.exp(logits)), label="-log D, non-saturating")
axes[1].axvspan(-8, -3, color="0.9")
axes[1].set(xlabel="D's logit of a generated example", ylabel="gradient with respect to it")
axes[1].set_title("Two losses for the generator (gray: D is sure)", fontsize=11)
axes[1].legend(frameon=False, fontsize=8)
plt.show()

# %% [markdown]
# (In the left panel each density is drawn with height 1. The true densities are equal, and D* is one half, a little to the left of where the drawn curves cross.) Where there are points, the trained discriminator follows the ratio of the densities to within 0.008<!-- optimal_d_gap -->, and the value of the game gives the Jensen-Shannon divergence, 0.317<!-- js_nats --> nats. A generator that minimizes $V$ against a perfect discriminator would therefore minimize this divergence, without ever computing a density. (On the far right, where almost no points fall, the trained discriminator is wrong: nothing there corrects it.)
#
# ## Two losses for the generator
# In practice generators minimize $-\log D(G(z))$ instead. The right panel above shows why. Early in training, the discriminator recognizes generated examples easily, and its logits are far below zero (gray). There the gradient of $\log(1 - D)$ nearly vanishes: the loss *saturates*. The gradient of $-\log D$ is largest just there. Optimizers such as Adam, which
# normalize the size of their steps, would make up for a small gradient in part (exercise 3).
#
# Does the other loss have the same goal? Both losses are smallest when the discriminator gives generated examples a probability of 1. But the non-saturating loss no longer minimizes the Jensen-Shannon divergence. Arjovsky and Bottou (2017) showed that, with a perfect discriminator that is held fixed, its gradient is that of $KL(p_g \| p_{data}) - 2\, JS(p_{data} \| p_g)$. We check it on our grid, by
# moving the mean of $p_g$ a little.


# %%
def generated(mean):
    """The generated distribution on the grid, with another mean."""
    p = norm.pdf(grid, mean, 1.0)
    return p / p.sum()


def derivative(function, at=-0.5, step=1e-3):
    """Derivative with respect to the mean of the generated distribution."""
    return (function(generated(at + step)) - function(generated(at - step))) / (2 * step)


slopes = {
    "log(1 - D*), D* fixed": derivative(lambda p: np.sum(p * np.log(1 - optimal))),
    "2 JS": derivative(lambda p: 2 * js(p_data, p)),
    "-log D*, D* fixed": derivative(lambda p: np.sum(-p * np.log(optimal))),
    "KL(p_g, p_data) - 2 JS": derivative(lambda p: kl(p, p_data) - 2 * js(p_data, p)),
}
for name, slope in slopes.items():
    print(f"derivative of {name:23} {slope:+.4f}")

# %% [markdown]
# The derivatives agree in pairs. The first pair illustrates the theory of the minimax game on our grid. The second one illustrates that the non-saturating loss follows another divergence, with a much larger slope in this example. $KL(p_g \| p_{data})$ is large if the generator makes points where there are no data. It hardly grows if the generator leaves out a part of the data: half of the data cost no more than log 2. One might think that this is why GANs tend to lack variety. Goodfellow (2016) doubts it, since GANs that minimize other divergences lack it, too.

# %% [markdown]
# ## Why a GAN, and not maximum likelihood?
# The slides contrast GANs with the more traditional approach, to fit a density by maximum likelihood. A simple density that does not fit its data has to spread, because every data point that it considers impossible costs it dearly; so it also covers places where there are no data. A GAN is judged by its samples only. Let us compare both on points in eight
# groups, arranged in a ring. The density that cannot fit is a single normal distribution. But for a fair comparison we also fit a mixture of 16 normal distributions, which can.
#
# We judge 2,000 samples of each by the share that lies close to one of the groups (within four standard deviations), and by the number of groups that get at least 2 % of the samples.


# %%
def ring(n, rng):
    """n points (n, 2) in eight round groups on a circle, with standard deviation 0.05."""
    angle = 2 * np.pi * rng.integers(8, size=n) / 8
    centers = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return (centers + 0.05 * rng.normal(size=(n, 2))).astype("float32")


def judge_points(points):
    """Percent of points close to a group, and how many groups get at least 2 % of them."""
    angle = 2 * np.pi * np.arange(8) / 8
    centers = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    distance = np.linalg.norm(points[:, np.newaxis] - centers, axis=2)
    close = distance.min(axis=1) < 0.2
    counts = np.bincount(distance.argmin(axis=1)[close], minlength=8)
    return 100 * close.mean(), int(np.sum(counts >= 0.02 * len(points)))


def build_dense(inputs, outputs):
    """inputs-64-64-outputs with ReLU."""
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            layers.Dense(64, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(outputs, dtype="float32"),
        ]
    )


def train_ring(data, g_rate, d_rate, seed, memory=0):
    """Train a GAN on points; return 2,000 of its points at 20 times during the training.

    With memory > 0, half of the generated points that D sees are drawn from the last `memory`
    points that G has made (experience replay).
    """
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    generator, discriminator = build_dense(8, 2), build_dense(2, 1)
    g_optimizer = gk.scale_optimizer(keras.optimizers.Adam(g_rate, beta_1=0.5))
    d_optimizer = gk.scale_optimizer(keras.optimizers.Adam(d_rate, beta_1=0.5))
    g_optimizer.build(generator.trainable_variables)
    d_optimizer.build(discriminator.trainable_variables)

    @tf.function
    def discriminator_step(real, fake):
        def loss():
            return discriminator_loss(discriminator(real), discriminator(fake))

        gk.minimize(d_optimizer, loss, discriminator.trainable_variables)

    @tf.function
    def generator_step(z):
        def loss():
            return generator_loss(discriminator(generator(z)))

        gk.minimize(g_optimizer, loss, generator.trainable_variables)

    remembered, shown = np.empty((0, 2), "float32"), []
    test_noise = rng.standard_normal((2000, 8)).astype("float32")
    for step in range(1, RING_STEPS + 1):
        z = rng.standard_normal((2, 256, 8)).astype("float32")
        fake = np.array(generator(z[0]))
        if memory:
            recent = fake[:32].copy()
            if len(remembered) >= 128:
                fake[:128] = remembered[rng.integers(len(remembered), size=128)]
            remembered = np.concatenate([remembered, recent])[-memory:]
        discriminator_step(data[rng.integers(len(data), size=256)], fake)
        generator_step(z[1])
        if step % (RING_STEPS // 20) == 0:
            shown.append(np.asarray(generator(test_noise)))
    return shown


# %% alt="Four scatter plots. Data: eight round groups in a ring. One normal: a cloud that fills the square. Mixture of 16: eight groups like the data. GAN: eight groups, connected by thin threads of points."
from sklearn.mixture import GaussianMixture

groups = ring(20_000, rng)
clouds = {"data": groups[:2000]}
for name, components in (("one normal", 1), ("mixture of 16", 16)):
    mixture = GaussianMixture(components, random_state=run.seed).fit(groups.astype("float64"))
    clouds[name] = mixture.sample(2000)[0]
rings = {"GAN": [train_ring(groups, 1e-3, 2e-3, seed) for seed in range(SEEDS)]}
clouds["GAN"] = rings["GAN"][0][-1]
figure, axes = plt.subplots(1, 4, figsize=(8, 2.5), layout="constrained")
for axis, (name, cloud) in zip(axes, clouds.items(), strict=True):
    close, n_groups = judge_points(cloud)
    axis.scatter(*cloud.T, s=2)
    axis.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), xticks=[], yticks=[], aspect="equal")
    axis.set_title(f"{name}\n{close:.0f} % close, {n_groups} of 8", fontsize=9)
plt.show()
gan_verdicts = [judge_points(shown[-1]) for shown in rings["GAN"]]
print("GAN, by seed: " + "; ".join(f"{close:.0f} % close, {n} of 8" for close, n in gan_verdicts))

# %% [markdown]
# The single normal distribution has to cover all groups, and so also the space between them: only 10 %<!-- normal_close_percent --> of its samples are close to a group. But this is not the fault of maximum likelihood. The mixture was fitted by maximum likelihood, too, and has 100 %<!-- mixture_close_percent --> of its samples close, in all eight groups. (It has the right form by construction.) The GAN finds all eight groups with each of
# the three seeds, and 89 %<!-- gan_close_percent --> of its samples are close; points spread evenly along the edges of an octagon would reach about half. The others lie on thin threads between the groups, because the generator maps connected noise continuously.
#
# What the slide contrasts is thus not so much likelihood and game, but a density with a simple formula and a sampler that can be any network. For points in the plane, a mixture is flexible enough. For images, no mixture of manageable size is, and there it is an advantage that a GAN needs no formula for a density. (Chapter 07 showed one way out, fitting the mixture to codes.)

# %% [markdown]
# ## The difficulties
# The textbook names them: a GAN may never converge, and it may collapse. First, convergence. Two players are at a *Nash equilibrium* if neither of them can gain by moving alone. In the minimax game the equilibrium is known: the generated distribution equals that of the data, and $D(x) = \frac{1}{2}$ everywhere. But gradient descent need not find it. The simplest example has two numbers in place of two networks, one that
# minimizes $x y$ and one that maximizes it. Neither can gain if both are zero.


# %% alt="Left: the path of x and y, a spiral that winds outward. Middle: groups with points by step: eight for the GAN from early on; for the generator that is too fast, two seeds stay between none and two, and the third rises to eight after step 900; with replay all three stay between none and two. Right: 2,000 points each of the generator that is too fast, at three times: each time one cloud, of different size, in another place."
x, y, path = 0.5, 0.0, []
for _ in range(200):
    path.append((x, y))
    x, y = x - 0.1 * y, y + 0.1 * x  # both make a step at the same time
distance_ratio = np.hypot(x, y) / 0.5
x, y = 0.5, 0.0
for _ in range(200):
    x = x - 0.1 * y
    y = y + 0.1 * x  # in turns: y already sees the new x
turns_ratio = np.hypot(x, y) / 0.5
variants = {"G too fast": 0, "G too fast, with replay": 5000}
for name, memory in variants.items():
    rings[name] = [train_ring(groups, 3e-3, 3e-4, seed, memory) for seed in range(SEEDS)]
figure, axes = plt.subplots(1, 3, figsize=(8, 3), layout="constrained")
axes[0].plot(*np.transpose(path), ".-", ms=3)
axes[0].plot(0, 0, "k+", ms=12)
axes[0].set(xlabel="x, which minimizes xy", ylabel="y, which maximizes xy", aspect="equal")
axes[0].set_title("200 steps of two players", fontsize=10)
times = np.arange(1, 21) * (RING_STEPS // 20)
for i, (name, runs) in enumerate(rings.items()):
    for seed, shown in enumerate(runs):
        counts = [judge_points(points)[1] for points in shown]
        label = name if seed == 0 else None
        axes[1].plot(times, counts, color=f"C{i}", alpha=0.7, label=label)
axes[1].set(xlabel="step", ylabel="groups with points", ylim=(-0.3, 8.3))
axes[1].set_title("GANs on the ring", fontsize=10)
axes[1].legend(frameon=False, fontsize=8, loc="center")
for number in (12, 13, 14):
    cloud = rings["G too fast"][0][number]
    axes[2].scatter(*cloud.T, s=2, label=f"step {times[number]}")
axes[2].set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), xticks=[], yticks=[], aspect="equal")
axes[2].set_title("G too fast, 2,000 points each", fontsize=10)
axes[2].legend(frameon=False, fontsize=8, loc="center", markerscale=4)
plt.show()
group_counts = {}
for name, runs in rings.items():
    late = [[judge_points(points)[1] for points in shown[10:]] for shown in runs]
    group_counts[name] = np.mean(late)
    by_seed = ", ".join(f"{np.mean(counts):.1f}" for counts in late)
    print(f"{name:24} groups with points in the second half, by seed: {by_seed}")
print(
    f"two numbers: after 200 steps {distance_ratio:.2f} times as far from the equilibrium, ", end=""
)
print(f"if they take turns {turns_ratio:.2f} times")

# %% [markdown]
# *Convergence.* The two numbers do not approach the equilibrium, although each of them follows its own gradient correctly. If both move at the same time, each step multiplies their distance from it by $\sqrt{1 + 0.1^2}$, and after 200 steps they are 2.7<!-- spiral_ratio --> times as far away as in the beginning (left panel). If they take turns, as the players of our GANs do, they circle at a nearly constant distance (1.0<!-- turns_ratio --> times after
# 200 steps). In neither case do they arrive. (Mescheder et al., 2017, analyze when games of this kind converge.)
#
# *Collapse.* Our GAN on the ring behaves well: from step 500 on it has all eight groups (middle panel). Now we let the generator learn three times as fast, and the discriminator at a seventh of its rate. Two of the three seeds then have hardly more than one group with points at any time; the third recovers after about a thousand steps. The right panel shows what this looks like for the first seed: at each of three times, 2,000 different noise vectors become one connected cloud, which covers a part of the ring at most. This is *mode collapse*. The cloud is in another place each time. One explanation is that the discriminator learns to reject a place, and the
# generator moves on to another; the textbook describes such oscillations.
#
# *Experience replay.* One remedy that the textbook mentions is to let the discriminator see older generated points as well, from a memory, so that it does not forget the places that the generator has left. With these rates and a memory of 5,000 points, it does not help: all three seeds stay at about one group. The GAN that works has a slower generator and a faster discriminator; we have not separated the two.

# %% [markdown]
# ## The textbook's GAN
# Now garments. We use the textbook's two dense networks. To the generator we add batch normalization, to the discriminator dropout (exercise 2 removes them). We also use leaky ReLU, Adam without momentum, and batches of 256, where the textbook has ReLU, RMSprop, and batches of 32.


# %%
def build_generator(latent_dim, hidden_units=(100, 150)):
    """Noise (latent_dim,) to images 28x28x1 in [0, 1]."""
    generator = keras.Sequential([keras.Input((latent_dim,))])
    for units in hidden_units:
        generator.add(layers.Dense(units, kernel_initializer="he_normal"))
        generator.add(layers.BatchNormalization())
        generator.add(layers.LeakyReLU(0.2))
    generator.add(layers.Dense(28 * 28, activation="sigmoid", dtype="float32"))
    generator.add(layers.Reshape((28, 28, 1), dtype="float32"))
    return generator


def build_discriminator(hidden_units=(150, 100)):
    """Images 28x28x1 to one logit, high for real."""
    discriminator = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten()])
    for units in hidden_units:
        discriminator.add(layers.Dense(units, kernel_initializer="he_normal"))
        discriminator.add(layers.LeakyReLU(0.2))
        discriminator.add(layers.Dropout(0.3))
    discriminator.add(layers.Dense(1, dtype="float32"))
    return discriminator


# %% [markdown]
# `fit` calls a model's `train_step` for each batch. Ours has the two phases of the game. In the first one, the discriminator sees a batch of real images and as many generated ones, and learns. In the second one, the generator makes new images and learns. We never set `trainable = False`. Each phase simply names the variables that it may change.


# %%
# gk.AdversarialModel is a keras.Model that says in a sentence what a GAN cannot do.
class GAN(gk.AdversarialModel):
    """Noise (batch, latent_dim) to images; `fit` on real images plays both phases on each batch."""

    def __init__(self, generator, discriminator, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.generator = generator
        self.discriminator = discriminator
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.d_loss = keras.metrics.Mean(name="d_loss")
        self.g_loss = keras.metrics.Mean(name="g_loss")
        self.built = True  # because its parts are

    def call(self, z):
        return self.generator(z)

    def compile(self, g_optimizer, d_optimizer, **kwargs):
        super().compile(optimizer=g_optimizer, **kwargs)
        self.g_optimizer = gk.scale_optimizer(g_optimizer)
        self.d_optimizer = gk.scale_optimizer(d_optimizer)
        self.g_optimizer.build(self.generator.trainable_variables)
        self.d_optimizer.build(self.discriminator.trainable_variables)

    def noise(self, n):
        return keras.random.normal((n, self.generator.input_shape[1]), seed=self.seed_generator)

    def discriminator_phase(self, real):
        """D sees real images and as many generated ones, and learns; returns its loss."""
        fakes = self.generator(self.noise(ops.shape(real)[0]), training=True)

        def loss():
            real_logits = self.discriminator(real, training=True)
            return discriminator_loss(real_logits, self.discriminator(fakes, training=True))

        return gk.minimize(self.d_optimizer, loss, self.discriminator.trainable_variables)

    def generator_phase(self, n):
        """G makes n images, D judges them, and G learns; returns its loss."""
        z = self.noise(n)

        def loss():
            fakes = self.generator(z, training=True)
            return generator_loss(self.discriminator(fakes, training=True))

        return gk.minimize(self.g_optimizer, loss, self.generator.trainable_variables)

    def train_step(self, real):
        self.d_loss.update_state(self.discriminator_phase(real))
        self.g_loss.update_state(self.generator_phase(ops.shape(real)[0]))
        return {"d_loss": self.d_loss.result(), "g_loss": self.g_loss.result()}


def adam(rate):
    """Adam for GANs, without momentum, since the opponent moves as well."""
    return keras.optimizers.Adam(rate, beta_1=0.0)


# %% [markdown]
# Before we train, we verify that each phase does what it says. We compare all weights before and after, the trainable ones and the others, such as the moving averages of batch normalization.


# %%
def largest_changes(model, phase):
    """Largest change by one call of phase(): {(network, kind of weights): number}."""
    groups = {}
    for name in ("generator", "discriminator"):
        network = getattr(model, name)
        groups[name, "trainable"] = network.trainable_variables
        groups[name, "others"] = network.non_trainable_variables
    before = {key: [np.array(v.numpy()) for v in variables] for key, variables in groups.items()}
    phase()
    changes = {}
    for key, variables in groups.items():
        moved = []
        for variable, old in zip(variables, before[key], strict=True):
            if "seed" not in variable.path:  # the state of the dropout layers' random numbers
                moved.append(np.abs(variable.numpy() - old).max())
        changes[key] = max(moved, default=0.0)
    return changes


keras.utils.set_random_seed(run.seed)
gan = GAN(build_generator(LATENT_DIM), build_discriminator(), seed=run.seed)
gan.compile(adam(1e-3), adam(1e-3))
phase_changes = {
    "discriminator phase": largest_changes(gan, lambda: gan.discriminator_phase(x_train[:64])),
    "generator phase": largest_changes(gan, lambda: gan.generator_phase(64)),
}
for name, changes in phase_changes.items():
    parts = [f"{network} {kind} {change:.1e}" for (network, kind), change in changes.items()]
    print(f"{name}: largest change in " + ", ".join(parts))

# %% [markdown]
# Each phase changes the trainable weights of its own network and none of the other's. One exception is not in the weights that are trained: in the discriminator's phase, the generator's moving averages move along, because its batch normalization runs in training mode while it makes images.
#
# ### A recipe that fails without an error
# Much published code does it differently: compile $D$; set `discriminator.trainable = False`; compile $G$ and $D$ together; alternate `train_on_batch`. In Keras 2 this worked, because `compile` had already fixed what $D$ trains. In Keras 3 it does not, and no error is raised. (Recent versions warn that the model has no trainable weights, which is easily overlooked.)

# %%
import warnings

keras.utils.set_random_seed(run.seed)
generator, discriminator = build_generator(LATENT_DIM), build_discriminator()
discriminator.compile(loss=bce, optimizer="rmsprop", jit_compile=False)
discriminator.trainable = False
stacked = keras.Sequential([generator, discriminator])
stacked.compile(loss=bce, optimizer="rmsprop", jit_compile=False)
before = discriminator.get_weights()
for step in range(10):
    real = x_train[32 * step : 32 * (step + 1)]
    noise = rng.standard_normal((32, LATENT_DIM)).astype("float32")
    both = np.concatenate([generator(noise), real])
    labels = np.repeat([0.0, 1.0], 32)[:, np.newaxis]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "The model does not have any trainable weights."
        discriminator.train_on_batch(both, labels)
    stacked.train_on_batch(noise, np.ones((32, 1)))
classic_change = max(
    np.abs(w - b).max() for w, b in zip(discriminator.get_weights(), before, strict=True)
)
print(f"largest change of a weight of D in ten rounds of this recipe: {classic_change}")

# %% [markdown]
# Exactly zero: no error is raised, and the discriminator never learns. If you use code of others, make this check.
#
# ## Training on garments
# After each epoch we draw images from the same noise, and compute the Fréchet distance of chapter 07 between 3,000 generated images and validation images.


# %%
class Monitor(keras.callbacks.Callback):
    """Keep images from fixed noise after each epoch, and their Fréchet distance."""

    def __init__(self, noise, real_features):
        super().__init__()
        self.noise, self.real_features = noise, real_features
        self.pictures, self.distances, self.seconds = [], [], 0.0

    def on_epoch_end(self, epoch, logs=None):
        start = time.perf_counter()
        sample = np.asarray(self.model.generator(self.noise))
        self.pictures.append(sample[:30])
        features, _ = gk.classify(sample)
        self.distances.append(gk.frechet_distance(self.real_features, features))
        self.seconds += time.perf_counter() - start


valid_features, _ = gk.classify(x_valid[:N_SCORED])
fixed_noise = rng.standard_normal((N_SCORED, LATENT_DIM)).astype("float32")
epochs = EPOCHS if full_data else EPOCHS_SAMPLE
whole_batches = x_train[: len(x_train) // BATCH_SIZE * BATCH_SIZE]  # one shape to compile


def train_gan(rate, seed):
    """A GAN trained on garments; returns the model, its history and its monitor."""
    keras.utils.set_random_seed(seed)
    gan = GAN(build_generator(LATENT_DIM), build_discriminator(), seed=seed)
    gan.compile(adam(rate), adam(rate), steps_per_execution=20, jit_compile=JIT_COMPILE)
    monitor = Monitor(fixed_noise, valid_features)
    logs = gan.fit(
        whole_batches, batch_size=BATCH_SIZE, epochs=epochs, callbacks=[monitor], verbose=0
    )
    return gan, logs.history, monitor


begin = time.perf_counter()
gan, history, monitor = train_gan(1e-3, run.seed)
training_seconds = time.perf_counter() - begin - monitor.seconds
sample = np.asarray(gan(fixed_noise))
precision, recall = gk.precision_recall(valid_features, gk.classify(sample)[0])
floor = gk.frechet_distance(valid_features, gk.classify(x_train[:N_SCORED])[0])
print(f"{epochs} epochs in {training_seconds:.0f} s (and {monitor.seconds:.0f} s for scoring)")
print(f"Fréchet distance {monitor.distances[-1]:.1f} (training images {floor:.1f}), ", end="")
print(f"precision {precision:.2f}, recall {recall:.2f}")

# %% alt="Four rows of twelve generated images from the same noise: after one epoch gray blots, later clearer garments; in the end about half are recognizable, all with specks."
shown_epochs = sorted({0, epochs // 4, epochs // 2, epochs - 1})
rows = {f"epoch {epoch + 1}": monitor.pictures[epoch][:12] for epoch in shown_epochs}
gk.plot_rows(rows, title="Images from the same noise during the training")
plt.show()

# %% alt="A film of eleven generated images from the same noise, at twelve epochs from the first to the last: gray blotches become speckled tops, a bag, shoes and dresses."
import io

import PIL.Image
import PIL.ImageDraw

pictures_of_film = []
for epoch in np.unique(np.linspace(0, epochs - 1, 12).astype(int)):
    row = np.concatenate(list(monitor.pictures[epoch][:11, ..., 0]), axis=1)  # (28, 308)
    shades = 17 * np.round(15 * row).astype("uint8")  # sixteen shades make a small GIF
    enlarged = np.pad(shades.repeat(2, axis=0).repeat(2, axis=1), ((20, 0), (0, 0)))
    picture = PIL.Image.fromarray(enlarged)
    PIL.ImageDraw.Draw(picture).text((4, 4), f"epoch {epoch + 1}", fill=255)
    pictures_of_film.append(picture)
content = io.BytesIO()
pictures_of_film[0].save(
    content, "GIF", save_all=True, append_images=pictures_of_film[1:], duration=600, loop=0
)
display(Image(data=content.getvalue(), format="gif"))

# %% [markdown]
# After one epoch you see gray blotches with the outlines of tops. In the end about half of the garments are recognizable; their outlines are often ragged, and all of them are covered with specks. Some noise vectors change their kind on the way: the third starts as a top and ends as a shoe. The Fréchet distance falls from 236<!-- ffd_first_epoch --> to 71<!-- ffd -->, where training images have 0.9<!-- ffd_floor -->. Precision is 0.77<!-- precision --> and recall 0.24<!-- recall -->. (The textbook's settings, run again here for ten epochs, have a
# recall of 0.04<!-- experiment textbook_gans dense_gan classic_recall -->. That run had fewer epochs and smaller batches, so this does not tell which of our changes helped.)
#
# How does this compare with the VAE of chapter 07? Its draws from the prior had a distance of 83<!-- 07 ffd -->, a precision of 0.81<!-- 07 precision --> and a recall of 0.07<!-- 07 recall --> (with 5,000 images in place of 3,000). Distance and recall favor the GAN, precision the VAE. (These are single runs with different numbers of images, and specks may raise the recall.) Now put the pictures side by side. The VAE's are smooth and blurred, the GAN's are full of specks. The two faults look very different, yet the distances are similar. Variety also enters them;
# chapter 11 tests what it sees.

# %% [markdown]
# ## New, or copied?
# A generator that had memorized its training images would get excellent scores. Below each generated image you see the training image that is closest to it in the features of the classifier. How close is close? For comparison we measure the same for validation images.

# %% alt="Ten generated images, all with specks, and below each the nearest training image: other garments, mostly of the same kind, many of them with a pattern."
from sklearn.neighbors import NearestNeighbors

memory = NearestNeighbors(n_neighbors=1).fit(gk.classify(x_train)[0])
distance, nearest = memory.kneighbors(gk.classify(sample[:500])[0])
valid_distance, _ = memory.kneighbors(gk.classify(x_valid[:500])[0])
gk.plot_rows(
    {"generated": sample[:10], "nearest\ntraining image": x_train[nearest[:10, 0]]},
    title="Ten generated images and their nearest training images",
)
plt.show()
nearest_ratio = np.median(distance) / np.median(valid_distance)
least_difference = np.abs(sample[:500] - x_train[nearest[:, 0]]).mean(axis=(1, 2, 3)).min()
print(f"median distance of generated images {nearest_ratio:.2f} times that of validation images")
print(f"smallest mean difference of the pixels in 500 pairs: {least_difference:.3f}")

# %% [markdown]
# None of the ten is a copy. The nearest training images are other garments, mostly of the same kind, and often patterned ones, perhaps because of the specks. Their median distance, in the classifier's features, is 1.2<!-- nearest_ratio --> times that of validation images, and in none of the 500 pairs are the pixels the same. We found no sign of memorization, but the test is weak: a copied image that is covered with specks would also be far from its original.

# %% [markdown]
# ## What do the losses tell?
# So far in this course, a falling loss meant progress. In a game, one player's gain is the other's loss. Do the losses tell anything about the quality of the images? We compare them with the Fréchet distance, epoch by epoch. And to see whether what we find is a rule, we train a second GAN, with a third of the learning rate.

# %% alt="Fr\u00e9chet distance against the loss of D (left) and of G (right), one point per epoch, for two learning rates. On the left both distances fall, with small reversals, as the loss rises towards log 2; the curves touch near 0.46, and then the slower one lies up to about 35 lower. On the right the distance mostly rises with the loss."
runs = {"rate 0.001": (history, monitor)}
_, slow_history, slow_monitor = train_gan(1e-3 / 3, run.seed)
runs["rate 0.00033"] = slow_history, slow_monitor
figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
correlations = {}
for i, (name, (logs, watched)) in enumerate(runs.items()):
    for j, loss in enumerate(("d_loss", "g_loss")):
        axes[j].plot(logs[loss], watched.distances, ".-", color=f"C{i}", label=name)
        axes[j].set(xlabel=f"{loss} by epoch", ylabel="Fréchet distance" if j == 0 else "")
        correlations[name, loss] = np.corrcoef(logs[loss], watched.distances)[0, 1]
    print(
        f"{name}: correlation with the distance {correlations[name, 'd_loss']:+.2f} for D's loss, ",
        end="",
    )
    print(
        f"{correlations[name, 'g_loss']:+.2f} for G's; last epoch: D {logs['d_loss'][-1]:.2f}, ",
        end="",
    )
    print(f"G {logs['g_loss'][-1]:.2f}, distance {watched.distances[-1]:.0f}")
axes[0].axvline(np.log(2), color="0.6", ls=":", label="log 2: D guesses")
axes[0].legend(frameon=False, fontsize=8)
figure.suptitle("Loss and Fréchet distance, one point per epoch", fontsize=11)
plt.show()

# %% [markdown]
# In these two trainings the losses are closely related to the quality of the images. The better the images, the more often the discriminator is deceived, and the closer its loss comes to log 2: the correlation with the distance is -0.99<!-- d_loss_correlation --> and -0.96<!-- slow_d_loss_correlation -->. Note the direction: the discriminator's loss *rises*. But both trainings improved for most of their epochs, and any two quantities with a trend are correlated, so this does not show that the losses
# would reveal a failure. In the last epochs of the first training, D's loss hardly moves while the distance still falls.
#
# Nor do the two curves coincide. At the same loss of the discriminator, from about 0.5<!-- setting --> on, the faster training has the larger distance, by up to about 35. The value of a loss depends on both players: a weak discriminator would come close to log 2 against any images. If you want to compare trainings, score the images, and look at them.

# %% [markdown]
# ## Mixed precision: what `gk.minimize` does
# On a GPU, networks train faster if most of the arithmetic is done with 16 bits (*mixed precision*), and `gk.setup` turns this on where it helps. With float16 there is a catch. Gradients smaller than 6e-8 become zero. The remedy is to multiply the loss by a large number before the gradients are computed, and to divide the gradients by it afterwards. A
# `LossScaleOptimizer` knows the number and does the division. In `fit`, Keras multiplies for us. In a training step that we write ourselves, we have to do it, for each of our optimizers. Apart from checks, and from averaging over several GPUs, this is all that the two functions do beyond a gradient tape. (`mixed_bfloat16` has the range of float32 and needs none of this.)


# %%
def scale_optimizer(optimizer):
    """The optimizer, wrapped in a `LossScaleOptimizer` where the dtype policy is mixed_float16."""
    wrapped = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    if wrapped or keras.config.dtype_policy().compute_dtype != "float16":
        return optimizer
    return keras.optimizers.LossScaleOptimizer(optimizer)


def minimize(optimizer, loss_fn, variables):
    """One gradient step on `variables` and on no others; the loss is scaled if necessary."""
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
# What happens if we forget to scale the loss? We fit a line by plain gradient descent, 200 steps, in float32 and float16 with `minimize`, and in float16 with a tape that does not scale the loss.


# %%
def unscaled_step(optimizer, loss_fn, variables):
    """As `minimize`, but the loss is not scaled."""
    with tf.GradientTape() as tape:
        loss = loss_fn()
    optimizer.apply(tape.gradient(loss, [v.value for v in variables]), variables)
    return loss


inputs = rng.standard_normal((64, 2)).astype("float32")
targets = inputs @ np.array([[0.3], [-0.2]], "float32")
remaining = {}
for name, dtype, step in (
    ("float32, minimize", "float32", minimize),
    ("float16, minimize", "mixed_float16", minimize),
    ("float16, loss not scaled", "mixed_float16", unscaled_step),
):
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1, dtype=dtype)])
    model.set_weights([np.zeros((2, 1)), np.zeros(1)])
    optimizer = keras.optimizers.SGD(0.1)
    if dtype == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    optimizer.build(model.trainable_variables)

    def loss_fn(model=model):
        return ops.mean(ops.square(ops.cast(model(inputs), "float32") - targets))

    losses = [float(step(optimizer, loss_fn, model.trainable_variables)) for _ in range(200)]
    remaining[name] = losses[-1] / losses[0]
    print(f"{name:24} loss {losses[0]:.4f}, after 200 steps {losses[-1]:.2g}")

# %% [markdown]
# With `minimize`, float16 learns as well as float32, within its accuracy. Without the scaling of the loss almost nothing happens, because the gradients are divided by 32,768 all the same. Adam, which normalizes its steps, hides the mistake for large gradients only. Divided by 32,768, a gradient of 0.001<!-- setting --> is smaller than Adam's epsilon of 1e-7, and the step shrinks to about a quarter.

# %% [markdown]
# ## Check
# These are the main claims of the chapter as assertions. The test images are used here for the first time.

# %%
test_distance = gk.frechet_distance(gk.classify(x_test[:N_SCORED])[0], gk.classify(sample)[0])
print(f"Fréchet distance to test images {test_distance:.1f}")
discriminator_changes = phase_changes["discriminator phase"]
generator_changes = phase_changes["generator phase"]

assert discriminator_changes["generator", "trainable"] == 0, "D's phase trains G"
assert discriminator_changes["discriminator", "trainable"] > 0, "D's phase does not train D"
assert generator_changes["discriminator", "trainable"] == 0, "G's phase trains D"
assert generator_changes["generator", "trainable"] > 0, "G's phase does not train G"
assert classic_change == 0, "the other recipe trains its discriminator after all"
assert remaining["float16, minimize"] < 0.01, "scaled float16 does not learn"
assert remaining["float16, loss not scaled"] > 0.9, "unscaled float16 learns after all"
slope_values = list(slopes.values())
assert np.allclose(slope_values[0], slope_values[1], rtol=0.01), "the minimax loss is not JS"
assert np.allclose(slope_values[2], slope_values[3], rtol=0.01), "Arjovsky and Bottou are wrong"
if not QUICK:
    assert optimal_d_gap < 0.1 and abs(js(p_data, p_g) - js_from_game) < 1e-3, "D is not optimal"
    assert abs(frames[-1][1].mean() - 1) < 0.5, "G did not find the data"
    assert judge_points(clouds["mixture of 16"])[0] > judge_points(clouds["one normal"])[0] + 50
    assert monitor.distances[-1] < monitor.distances[0] / 2 and recall > 0.1, "a collapse"

gk.record(
    "10_generative_adversarial_networks",
    optimal_d_gap=optimal_d_gap,
    js_nats=js(p_data, p_g),
    middle_mean=frames[ROUNDS][1].mean(),
    middle_deviation=frames[ROUNDS][1].std(),
    last_mean=frames[-1][1].mean(),
    last_deviation=frames[-1][1].std(),
    saturating_slope=slope_values[0],
    non_saturating_slope=slope_values[2],
    normal_close_percent=judge_points(clouds["one normal"])[0],
    mixture_close_percent=judge_points(clouds["mixture of 16"])[0],
    gan_close_percent=np.mean([close for close, _ in gan_verdicts]),
    gan_fewest_groups=min(n for _, n in gan_verdicts),
    gan_most_groups=max(n for _, n in gan_verdicts),
    usual_groups=group_counts["GAN"],
    fast_groups=group_counts["G too fast"],
    replay_groups=group_counts["G too fast, with replay"],
    spiral_ratio=distance_ratio,
    turns_ratio=turns_ratio,
    ffd=monitor.distances[-1],
    ffd_test=test_distance,
    ffd_first_epoch=monitor.distances[0],
    ffd_floor=floor,
    precision=precision,
    recall=recall,
    nearest_ratio=nearest_ratio,
    d_loss_correlation=correlations["rate 0.001", "d_loss"],
    g_loss_correlation=correlations["rate 0.001", "g_loss"],
    slow_d_loss_correlation=correlations["rate 0.00033", "d_loss"],
    slow_g_loss_correlation=correlations["rate 0.00033", "g_loss"],
    last_d_loss=history["d_loss"][-1],
    slow_last_d_loss=slow_history["d_loss"][-1],
    slow_ffd=slow_monitor.distances[-1],
    training_seconds=training_seconds,
    seconds=time.perf_counter() - START,
)

# %% [markdown]
# ## What to remember
# - A GAN needs two optimizers and two lists of variables. Check that each phase changes its own network only.
# - The best discriminator is a ratio of densities. Against it, the minimax loss minimizes the Jensen-Shannon divergence; the usual $-\log D(G(z))$ follows another divergence, with gradients that do not vanish.
# - A game need not come to rest. With a faster generator and a slower discriminator, two of three seeds collapsed; with better balanced rates none did, and replay did not help here.
# - The value of the losses depends on both players. In our two successful trainings their trend followed the quality of the images; to compare trainings, score the images and look at them.
# - Under float16, scale the loss for each optimizer.
#
# ## Exercises
# 1. *(easy)* Interpolate between two noise vectors, as in chapter 08. Do the garments change as smoothly as those of the VAE?
# 2. *(easy)* Remove the dropout from the discriminator, then the batch normalization from the generator. What happens to the recall? Use two seeds.
# 3. *(medium)* Use the saturating loss in `generator_loss`. Does the GAN still learn? Hint: `-bce(ops.zeros_like(fake_logits), fake_logits)`.
# 4. *(medium)* Play the one-dimensional game with real points in two groups. Which of them does the generator find?
# 5. *(hard)* Give the discriminator the standard deviation of its batch as one more input (Salimans et al., 2016; the textbook calls a relative of it mini-batch discrimination), and repeat the ring with a generator that is too fast. Hint: `ops.std(x, axis=0)`, its mean repeated for each example.
#
# ## References
# - A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras and TensorFlow*, 3rd ed., ch. 17.
# - I. Goodfellow et al., Generative adversarial nets, NeurIPS 2014.
# - I. Goodfellow, NIPS 2016 tutorial: Generative adversarial networks (the two losses; maximum likelihood).
# - M. Arjovsky and L. Bottou, Towards principled methods for training generative adversarial networks, ICLR 2017.
# - L. Mescheder, S. Nowozin and A. Geiger, The numerics of GANs, NeurIPS 2017.
# - T. Salimans et al., Improved techniques for training GANs, NeurIPS 2016.
# - A. Shrivastava et al., Learning from simulated and unsupervised images through adversarial training, CVPR 2017 (a memory of generated images).
# - P. Micikevicius et al., Mixed precision training, ICLR 2018.
