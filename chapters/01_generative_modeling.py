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
# # 01 Generative modeling
#
# Inventing faces, proposing new molecules, noticing that a machine sounds unusual: such tasks can be solved with *generative models*, models of how the data are distributed.
# In this chapter we build small ones, on data simple enough to draw.
# They raise the questions of the whole course: how do we describe a distribution, how do we sample from it, and how do we tell a good model from a bad one?
#
# | | |
# |---|---|
# | Slides | *¿Cuál rostro es real?*; *Aprendizaje supervisado vs. no supervisado*; *Modelado generativo*; *¿Por qué modelos generativos?*; *Modelos de variables latentes*; *¿Qué es una variable latente?* |
# | Textbook | Hands-On Machine Learning, chapter 17, introduction; chapter 9, "Gaussian Mixtures" |
# | Result | Learns how pictures vary: from three numbers each, a network rebuilds them with a squared error of 0.0005<!-- experiment 01 factors autoencoder_mse -->, where PCA has 0.018<!-- experiment 01 factors pca_3_mse --> |
# | Time | 77 s<!-- seconds --> on two CPU cores |
# | Evidence | [The experiments](../experiments/README.md) |

# %% [markdown]
# ## Setup
# Numbers in the text are those of the run that you see here; yours will differ a little, and the walks near the end may look quite different.
# The chapter makes its own data, so nothing is downloaded.

# %%
import io
import math

import genkeras as gk
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, ops
from scipy.spatial.distance import cdist
from sklearn.mixture import GaussianMixture

run = gk.setup(seed=42, mixed_precision="float32")  # too small to gain from less

# %% tags=["parameters"]
QUICK = run.quick  # True: everything small, to see it run in less than a minute
N_POINTS = 500 if QUICK else 2000  # to learn from, and as many to validate
CLASSIFIER_EPOCHS = 5 if QUICK else 20
COMPONENTS = [1, 4, 12] if QUICK else [1, 4, 8, 12, 16, 24, 32, 48]  # Gaussians to try
SAMPLER_STEPS = 200 if QUICK else 3000
N_PICTURES = 500 if QUICK else 4000  # of disks
DISK_EPOCHS = 2 if QUICK else 30  # GPU: 100

# %% [markdown]
# ## Which garment is real?
# The lecture starts with this question about faces.
# Here it is about garments: ten of these twenty are photographs, and a generative model drew the others.
# Write down the numbers of the photographs before you read on.

# %% alt="Twenty small gray pictures of garments, numbered from 1 to 20: shoes, sandals, trousers, tops, dresses and bags."
with np.load(io.BytesIO(gk.data.read_asset("quiz.npz"))) as file:
    quiz_images = file["images"]
    is_real = file["is_real"]
numbers = np.arange(1, 21).astype(str)
gk.plot_images(quiz_images, titles=numbers, title="Ten of these garments are real")
plt.show()

# %% [markdown]
# Here are the answers, the photographs in the first row and the generated ones in the second.

# %% alt="The same garments in two rows. Photographs: two shoes, two sandals, two pairs of trousers, a third sandal, a dress, a hooded sweater with a print, a second dress. Generated: a bag, trousers, a T-shirt, two pullovers, a sandal in two pieces, two T-shirts, a bag, a dress."
order = np.argsort(~is_real, kind="stable")  # the photographs first
gk.plot_images(quiz_images[order], titles=numbers[order], title="First row: real")
plt.show()

# %% [markdown]
# The sandal of number 10 is in two pieces.
# How many of the other generated garments did you find?
# The diffusion model of chapter 15 drew them: it was trained on 55,000 photographs and their class labels, and we asked it for ten random classes.

# %% [markdown]
# ## Supervised and unsupervised learning
# Let's begin with data that we can plot: points in the plane, scattered around two arcs.
# The function below defines their distribution, which we usually do not know.


# %%
def place_on_arc(arc, angle):
    """Points (n, 2) on two interlocking arcs; arc is 0 (upper) or 1 (lower)."""
    x1 = np.cos(angle) + arc
    x2 = np.where(arc == 1, 0.5 - np.sin(angle), np.sin(angle))
    return np.stack([x1, x2], axis=1)


def make_points(n, rng):
    """n points scattered around the two arcs, and the arc of each."""
    arcs = rng.integers(0, 2, n)
    angles = rng.uniform(0, np.pi, n)
    points = place_on_arc(arcs, angles) + 0.1 * rng.normal(size=(n, 2))
    return points.astype("float32"), arcs


rng = np.random.default_rng(run.seed)
points, arcs = make_points(N_POINTS, rng)
valid_points, valid_arcs = make_points(N_POINTS, rng)

# %% [markdown]
# We can ask two questions about these points.
#
# 1. *Which arc does a point belong to?* Supervised learning (*aprendizaje supervisado*) needs points $x$ with labels $y$, and looks for the map $x \to y$. A model of $p(y|x)$ is called *discriminative*.
# 2. *Where are the points?* Unsupervised learning (*aprendizaje no supervisado*) needs no labels and looks for structure in $x$ alone. A *generative* model answers the question completely: it models $p(x)$ itself.
#
# For the first question we train a small classifier.

# %%
classifier = keras.Sequential(
    [
        keras.Input((2,)),
        layers.Dense(32, activation="relu"),
        layers.Dense(1, activation="sigmoid"),
    ]
)
classifier.compile(
    loss="binary_crossentropy",
    optimizer=keras.optimizers.Adam(learning_rate=0.01),
    metrics=["accuracy"],
)
classifier.fit(points, arcs, epochs=CLASSIFIER_EPOCHS)
valid_accuracy = 100 * classifier.evaluate(valid_points, valid_arcs)[1]
print(f"validation accuracy {valid_accuracy:.1f} %")

# %% [markdown]
# For the second question we use a classical model, a *mixture of Gaussians*, which is a weighted sum of bell curves:
#
# $$p(x) = \sum_{k=1}^{K} \pi_k\, \mathcal{N}(x; \mu_k, \Sigma_k)$$
#
# Here $K$ is eight, and each Gaussian has a weight $\pi_k$, a center $\mu_k$ and a covariance matrix $\Sigma_k$.
# The *EM algorithm* chooses them so that the training points become probable; it does not use the labels.
# It finds only a local maximum, so we keep the best of five random starts.

# %% alt="Two maps of the plane with the points of both arcs. Left: the plane is blue on the side of the upper arc and red on the side of the lower one, up to its corners, with a narrow pale border between the arcs. Right: eight gray ellipses of density that follow both arcs, white elsewhere."
eight = GaussianMixture(8, n_init=5, random_state=run.seed).fit(points)

x1, x2 = np.meshgrid(np.linspace(-1.6, 2.6, 127), np.linspace(-1.1, 1.6, 82))
plane = np.stack([x1.ravel(), x2.ravel()], axis=1)
probability = classifier.predict(plane).reshape(x1.shape)
mixture_density = np.exp(eight.score_samples(plane)).reshape(x1.shape)

figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained", sharey=True)
filled = axes[0].contourf(x1, x2, probability, 20, cmap="coolwarm", vmin=0, vmax=1)
figure.colorbar(filled, ax=axes[0], ticks=[0, 0.5, 1], location="bottom")
for arc, color in enumerate(["C0", "C3"]):
    x = points[:300][arcs[:300] == arc]
    axes[0].scatter(*x.T, s=16, c=color, edgecolors="white", label=f"y = {arc}")
axes[0].legend(loc="upper right", markerscale=2)
axes[0].set(title="classifier: p(y = 1 | x)", xlabel="x1", ylabel="x2", aspect="equal")
filled = axes[1].contourf(x1, x2, mixture_density, 20, cmap="Greys")
figure.colorbar(filled, ax=axes[1], ticks=[0, 0.2, 0.4, 0.6], location="bottom")
axes[1].scatter(*points[:300].T, s=3, color="C0")
axes[1].set(title="mixture of Gaussians: p(x)", xlabel="x1", aspect="equal")
plt.show()

# %% [markdown]
# The classifier is right for 99.8 %<!-- valid_accuracy --> of the validation points.
# But look at the top left corner of its picture: the color is the deepest blue, although there are no points anywhere near.
# $p(y|x)$ does not say how surprising a point there would be.
# The mixture does: its density is almost zero.
#
# The reverse is possible: if we know the density $p(x|y)$ of each arc, and both are equally frequent, Bayes' rule gives us the classifier, $p(y=1|x) = p(x|1) / (p(x|0) + p(x|1))$.
#
# So a generative model has other uses than to generate.
# A point of very low density may be an *outlier* that deserves attention, and rare examples can be shown to a classifier more often (*debiasing*).
# Chapter 09 does both, with images.

# %% [markdown]
# ## Density estimation (*estimación de la densidad*)
# How good is a model of $p(x)$?
# The mixture gives every point a density $P_{model}(x)$, which should be high at new points from the true density, $P_{data}$.
# The usual measure is the mean log-likelihood of $n$ such points:
#
# $$\frac{1}{n} \sum_{i=1}^{n} \log P_{model}(x_i)$$
#
# With the natural logarithm its unit is the *nat*: one nat more means a density $e$ times as high, in the geometric mean.
#
# We use it to choose the number of Gaussians.

# %%
mixtures = {8: eight}
for k in COMPONENTS:
    if k != 8:
        mixtures[k] = GaussianMixture(k, n_init=5, random_state=run.seed).fit(points)
train_nats = [mixtures[k].score(points) for k in COMPONENTS]
valid_nats = [mixtures[k].score(valid_points) for k in COMPONENTS]
best_components = COMPONENTS[np.argmax(valid_nats)]
gaussian, mixture = mixtures[1], mixtures[best_components]
print(f"best on the validation points: {best_components} Gaussians")

# %% [markdown]
# No model can do better on average than the true density, which we know here: it is the bell curve of the scatter, averaged over both arcs.


# %%
def true_log_density(x):
    """log P_data of the points x (n, 2)."""
    angles = np.linspace(0, np.pi, 500)
    centers = np.concatenate([place_on_arc(0, angles), place_on_arc(1, angles)])
    variance = 0.1**2
    bells = np.exp(-cdist(x, centers, "sqeuclidean") / (2 * variance))
    return np.log(bells.mean(axis=1) / (2 * np.pi * variance))


true_valid_nats = true_log_density(valid_points).mean()

# %% alt="Log-likelihood against the number of Gaussians. Both curves come from below the axis and rise steeply up to 8. Then the training curve goes on rising, past the dotted line of the truth on these points, while the validation curve has its peak at 12, just below its own dotted line, and sinks."
figure, axis = plt.subplots(figsize=(8, 3), layout="constrained")
axis.plot(COMPONENTS, train_nats, "o--", color="C0", label="training points")
axis.plot(COMPONENTS, valid_nats, "o-", color="C1", label="validation points")
axis.axhline(true_log_density(points).mean(), ls=":", color="C0", label="truth, seen")
axis.axhline(true_valid_nats, ls=":", color="C1", label="truth, unseen")
axis.set(xlabel="number of Gaussians", ylabel="mean log-likelihood (nats)")
axis.set(ylim=(-1.35, -0.9), title="Log-likelihood of seen and of unseen points")
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# With more Gaussians, the training points get an ever higher density, and their curve even passes the truth.
# That of the validation points turns around.
# This is overfitting, so we take the number that is best on the validation points, 12<!-- best_components -->.

# %% alt="Three maps of density. P_data: two even gray arcs. One Gaussian: a wide, pale ellipse over both arcs. 12 Gaussians: two arcs like those of P_data, but spotted, with darker and paler stretches."
densities = {
    "$P_{data}$": true_log_density(plane),
    "$P_{model}$, one Gaussian": gaussian.score_samples(plane),
    f"$P_{{model}}$, {best_components} Gaussians": mixture.score_samples(plane),
}
levels = np.linspace(0, 0.8, 17)
figure, axes = plt.subplots(1, 3, figsize=(8, 2.2), layout="constrained", sharey=True)
for axis, (name, log_density) in zip(axes, densities.items(), strict=True):
    density = np.exp(log_density).reshape(x1.shape)
    filled = axis.contourf(x1, x2, density, levels=levels, cmap="Greys", extend="max")
    axis.set_title(name, fontsize=10)
    axis.set(xlabel="x1", aspect="equal")
axes[0].set_ylabel("x2")
figure.colorbar(filled, ax=axes, ticks=[0, 0.4, 0.8], label="density")
plt.show()

# %% [markdown]
# The mixture follows both arcs, but it is spotted; a single Gaussian misses them.
# The *Kullback-Leibler divergence* puts a number on this, the mean difference of the log densities:
#
# $$D_{KL}(P_{data}\,\|\,P_{model}) = \mathbb{E}_{x \sim P_{data}}\big[\log P_{data}(x) - \log P_{model}(x)\big]$$
#
# Here $\mathbb{E}$ is the mean over points from $P_{data}$; we use 20,000 new ones.
# The divergence is zero if the two distributions agree, and positive otherwise.

# %%
new_points, _ = make_points(20_000, rng)
true_nats = true_log_density(new_points).mean()
kl = true_nats - mixture.score(new_points)
gaussian_kl = true_nats - gaussian.score(new_points)
print(f"KL: one Gaussian {gaussian_kl:.2f} nats, the mixture {kl:.3f} nats")

# %% [markdown]
# The single Gaussian is 0.91<!-- gaussian_kl --> nats away from the truth, the mixture 0.016<!-- kl -->, and 0.020<!-- experiment 01 components kl_least --> to 0.029<!-- experiment 01 components kl_most --> with five other sets of points.
# In the formula, the first term does not depend on the model.
# So maximizing the log-likelihood, averaged over $P_{data}$, minimizes the divergence.
# Averaged over the training points, it can rise while the divergence grows, as the two curves show beyond 12<!-- best_components -->.

# %% [markdown]
# ## Generating samples (*generación de muestras*)
# Often we just want more points like these.
# The mixture can make them: it chooses a Gaussian with the probabilities $\pi_k$, then draws from it.
# The slides start from random noise $z$ and learn a map $G$ from noise to data.

# %%
sampler = keras.Sequential(
    [
        keras.Input((4,)),
        layers.Dense(64, activation="relu"),
        layers.Dense(64, activation="relu"),
        layers.Dense(64, activation="relu"),
        layers.Dense(2),
    ]
)

# %% [markdown]
# We cannot train it by maximum likelihood: its points $G(z)$ have a density, but we have no way to compute it.
# Such a model is called *implicit*, and one whose density we can compute, like the mixture, or at least bound, *explicit*.
# But we can compare its samples with data, for example by the *energy distance* (Székely and Rizzo):
#
# $$2\,\mathbb{E}\|x - G(z)\| - \mathbb{E}\|x - x'\| - \mathbb{E}\|G(z) - G(z')\|$$
#
# Here $x$ and $x'$ are data points, $z$ and $z'$ noise vectors, all drawn independently.
# The first term pulls generated points toward the data, and the last one keeps them apart.
# The distance is zero if generated points and data have the same distribution, and positive otherwise.
# For the last two terms we split each set into halves, so that no point is compared with itself.


# %%
def mean_distance(a, b):
    """Mean distance between the points a (n, 2) and b (m, 2), over all pairs."""
    difference = ops.expand_dims(a, 1) - ops.expand_dims(b, 0)
    squared = ops.sum(difference**2, axis=-1)
    return ops.mean(ops.sqrt(squared + 1e-12))  # at 0 the slope would be infinite


def energy_distance(real, generated):
    """Energy distance of two sets of points."""
    within_real = mean_distance(real[::2], real[1::2])
    within_generated = mean_distance(generated[::2], generated[1::2])
    return 2 * mean_distance(real, generated) - within_real - within_generated


# %% [markdown]
# Noise and data are drawn independently, so no noise vector belongs to a point.
# The loss compares the 200 generated points of a batch with its 200 data points, as two sets.
# Chapter 03 explains the schedule of the learning rate.

# %%
drawn = rng.integers(0, N_POINTS, 200 * SAMPLER_STEPS)
noise = rng.normal(size=(len(drawn), 4))
schedule = gk.warmup_cosine(3e-3, SAMPLER_STEPS)
sampler.compile(loss=energy_distance, optimizer=keras.optimizers.Adam(schedule))
sampler.fit(noise, points[drawn], batch_size=200)

# %% [markdown]
# Now we draw 5,000 new points from $P_{data}$ and from each model.

# %% alt="Three scatter plots. Data and mixture: points along two arcs, with an almost empty gap between them. Sampler: both arcs are there, but points are scattered all over the gap, the inner ends of the arcs are lost in them, and a tail reaches far to the right."
samples = {
    "data": make_points(5000, rng)[0],
    "mixture": mixture.sample(5000)[0],
    "sampler": sampler.predict(rng.normal(size=(5000, 4))),
    "one Gaussian": gaussian.sample(5000)[0],
}
figure, axes = plt.subplots(1, 3, figsize=(8, 2.4), layout="constrained", sharey=True)
for axis, name in zip(axes, ["data", "mixture", "sampler"], strict=True):
    axis.scatter(*samples[name][::3].T, s=2, linewidths=0, alpha=0.3)
    axis.set(title=name, xlabel="x1", xlim=(-2, 3.6), ylim=(-1.1, 1.7), aspect="equal")
axes[0].set_ylabel("x2")
plt.show()

# %% [markdown]
# The sampler has found both arcs, but it scatters points over the gap between them, and a tail reaches far to the right.
# How far is it from the data?
# For comparison, we also measure the distance of two sets of *real* points.

# %%
distances = {}
for name, x in samples.items():
    distances[name] = float(energy_distance(new_points[:5000], np.float32(x)))
    print(f"{name}: energy distance {distances[name]:.4f} from new data")
mixture_distance, sampler_distance = distances["mixture"], distances["sampler"]
gaussian_distance = distances["one Gaussian"]

# %% [markdown]
# By chance, two sets of 5,000 real points get from −0.0017<!-- experiment 01 chance least --> to 0.0017<!-- experiment 01 chance most -->, since this is an estimate.
# So it tells neither the mixture's points (0.0002<!-- mixture_distance -->) nor the sampler's (0.0012<!-- sampler_distance -->) from real ones, only the single Gaussian's (0.0141<!-- gaussian_distance -->), although the sampler's mistakes are easy to see.
# The generative adversarial networks (GANs) of chapter 10 *learn* how to compare: a second network is trained to tell generated data from real data.

# %% [markdown]
# ## Latent variables (*variables latentes*)
# Pictures have hundreds of coordinates, but often a few factors decide what we see: for a face, say, the person, the pose and the light.
# Such factors, if they were not measured, are called *latent variables*.
# The slides ask whether we can learn the true factors from the observed data alone.
# To find out, we draw pictures whose factors we know: disks of different position and size.


# %% alt="Ten pictures of a white disk on black, in different places and of different sizes; the smallest are a little gray."
def draw_disks(factors, size=16):
    """Pictures (n, size, size) of disks; factors (n, 3): x, y, size in [-1, 1]."""
    x, y, s = factors.T[:, :, None, None]
    grid = np.linspace(-1.5, 1.5, size)
    distance = np.hypot(grid[None, None, :] - x, grid[None, :, None] - y)
    radius = 0.35 + 0.15 * s
    return 1 / (1 + np.exp((distance - radius) / 0.06))


factors = rng.uniform(-1, 1, (N_PICTURES, 3))
valid_factors = rng.uniform(-1, 1, (N_PICTURES, 3))
pictures, valid_pictures = draw_disks(factors), draw_disks(valid_factors)
gk.plot_images(pictures[:10], title="Pictures with three factors")
plt.show()

# %% [markdown]
# The model is an *autoencoder*, the subject of the next chapters.
# Its encoder reduces the 256 pixels to three numbers, the *code*, and its decoder has to rebuild all pixels from the code.
# If it succeeds, the code must contain what varies from picture to picture.


# %%
def build_autoencoder(shape, code_size):
    """Encoder and decoder of pictures of this shape, with pixels between 0 and 1."""
    encoder = keras.Sequential(
        [
            keras.Input(shape),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(code_size),
        ]
    )
    decoder = keras.Sequential(
        [
            keras.Input((code_size,)),
            layers.Dense(64, activation="relu"),
            layers.Dense(128, activation="relu"),
            layers.Dense(math.prod(shape), activation="sigmoid"),
            layers.Reshape(shape),
        ]
    )
    return encoder, decoder


encoder, decoder = build_autoencoder(pictures.shape[1:], code_size=3)
autoencoder = keras.Sequential([encoder, decoder])

# %% [markdown]
# The pictures are both input and target.
# The classifier's loss also suits pixels between 0 and 1: it is lowest where output and target agree.

# %%
autoencoder.compile(
    loss="binary_crossentropy",
    optimizer=keras.optimizers.Adam(learning_rate=0.003),
    metrics=["mse"],
)
autoencoder.fit(pictures, pictures, epochs=DISK_EPOCHS)
disk_mse = autoencoder.evaluate(valid_pictures, valid_pictures)[1]
mean_mse = np.mean((valid_pictures - pictures.mean(axis=0)) ** 2)
print(f"squared error {disk_mse:.4f}, of the mean picture {mean_mse:.3f}")

# %% alt="Ten disks and their reconstructions, with the same places and sizes; small disks come out a little grayer."
shown = valid_pictures[:10]
gk.plot_reconstructions(shown, autoencoder(shown), title="Rebuilt from three numbers")
plt.show()

# %% [markdown]
# On pictures that it has not seen, the squared error is 0.0005<!-- disk_mse -->.
# With three numbers of PCA, the linear method of chapter 02, it is 0.018<!-- experiment 01 factors pca_3_mse -->, and with the mean picture 0.027<!-- mean_mse -->.
# Is each of the network's three numbers one of the factors?
# We take the code of a disk near the center and of medium size, change one of its three numbers, and decode.

# %% alt="Three rows of nine decoded disks. Number 1: a small gray disk grows, moves to the left, and shrinks again. Number 2: the disk moves from the lower left to the upper right and grows. Number 3: it shrinks and moves a little to the left."
middle = np.argmin(np.abs(valid_factors).sum(axis=1))  # nearest to (0, 0, 0)
codes = encoder.predict(valid_pictures)
walks = {}
for i in range(3):
    walk = np.tile(codes[middle], (9, 1))
    walk[:, i] += np.linspace(-1, 1, 9) * codes[:, i].std()
    walks[f"number {i + 1}"] = decoder(walk)
gk.plot_rows(walks, title="One number of the code changes, the others stay")
plt.show()

# %% [markdown]
# Each number changes place and size together.
# The best single number explains a share (R²) of 0.86<!-- experiment 01 factors autoencoder_one_number --> of the variance of one factor; a true factor would explain all of it.
# But the ten disks with the most similar codes give the place with an R² of 0.998<!-- experiment 01 factors autoencoder_x --> and the size with 0.95<!-- experiment 01 factors autoencoder_size -->; three numbers of PCA give 0.975<!-- experiment 01 factors pca_3_x --> and 0.87<!-- experiment 01 factors pca_3_size -->, the true factors 0.997<!-- experiment 01 factors factors_x -->.
#
# So the code contains the factors, but in coordinates of its own.
# Nothing in the pictures singles out the true ones: after any invertible change of coordinates, another encoder and decoder rebuild the pictures just as well.
# Even if we demanded that the numbers be independent, infinitely many coordinates would do (Hyvärinen and Pajunen).
#
# Is this autoencoder a generative model?
# Not yet: nothing tells us which codes to decode.
# A *latent variable model* has a distribution $p(z)$ of codes, and for each code a distribution $p(x|z)$ of data; it draws $z$ first and then $x$:
#
# $$p(x) = \int p(x|z)\,p(z)\,dz$$
#
# The mixture is such a model: $z$ says which Gaussian a point comes from, and the integral is a sum.
# Chapter 07 makes one from an autoencoder.

# %% [markdown]
# ## The models of this course
# Can we compute the density of a model, or a bound of it, as for variational autoencoders (VAEs), or can we only draw samples?

# %% alt="Diagram: generative models lead to explicit and to implicit density. Explicit density leads to two boxes: exact, mixtures (01), autoregressive models and flows; lower bound, VAEs (07 to 09) and diffusion (15). Implicit density leads to one: only samples, our sampler (01) and GANs (10 to 14)."
gk.plot_diagram(
    {
        "generative models": (0, 1.1),
        "explicit density": (2.5, 2.2),
        "implicit density": (2.5, 0),
        "exact: mixtures (01),\nautoregressive models, flows": (6, 3),
        "lower bound: VAEs (07 to 09),\ndiffusion (15)": (6, 1.5),
        "only samples: our sampler (01),\nGANs (10 to 14)": (6, 0),
    },
    [
        ("generative models", "explicit density", ""),
        ("generative models", "implicit density", ""),
        ("explicit density", "exact: mixtures (01),\nautoregressive models, flows", ""),
        ("explicit density", "lower bound: VAEs (07 to 09),\ndiffusion (15)", ""),
        ("implicit density", "only samples: our sampler (01),\nGANs (10 to 14)", ""),
    ],
    title="Families of generative models, and their chapters",
)
plt.show()

# %% [markdown]
# Autoregressive models, such as language models, and normalizing flows are not part of this course.

# %% [markdown]
# ## Check

# %%
cell_area = (x1[0, 1] - x1[0, 0]) * (x2[1, 0] - x2[0, 0])
total = np.exp(true_log_density(plane)).sum() * cell_area
assert abs(total - 1) < 0.02, f"the density adds up to {total:.3f}, not to 1"
if not QUICK:
    assert valid_accuracy > 98, "the classifier has not learned the arcs"
    assert kl < 0.05 < gaussian_kl, "the mixture is a poor density"
    assert sampler_distance < gaussian_distance / 5, "the sampler is a poor one"
    assert disk_mse < 0.002, "the disks are not rebuilt"

# %% [markdown]
# ## What to remember
# - A discriminative model describes $p(y|x)$ and needs labels. A generative model describes $p(x)$, without labels, or $p(x, y)$ or $p(x|y)$, with them.
# - An explicit model is judged by the log-likelihood of unseen points. Maximizing it, averaged over $P_{data}$, minimizes $D_{KL}(P_{data}\,\|\,P_{model})$.
# - An implicit model is judged by its samples: by looking at them, and by their distance from real data.
# - Latent variables are factors that were not measured. The code of an autoencoder can contain them, in coordinates of its own.
#
# ## Exercises
# In [exercises/01_generative_modeling.ipynb](../exercises/01_generative_modeling.ipynb), with cells that check your answers:
# the quiz and chance; a classifier from two densities; another density; an energy distance with all pairs; two numbers for the disks.
#
# ## References
# - G. Székely, M. Rizzo, [Energy statistics: A class of statistics based on distances](https://doi.org/10.1016/j.jspi.2013.03.018), 2013.
# - A. Hyvärinen, P. Pajunen, [Nonlinear independent component analysis: Existence and uniqueness results](https://doi.org/10.1016/S0893-6080(98)00140-3), 1999.
