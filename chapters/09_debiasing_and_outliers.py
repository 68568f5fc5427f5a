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
# # Debiasing and outliers
#
# A latent space knows what is common and what is rare. We use that twice: to train a classifier
# that does not overlook a rare subgroup, though nobody labelled the subgroups (*debiasing*), and to
# tell garments from what is none (*detección de outliers*), with a threshold that can be defended.
#
# | | |
# |---|---|
# | Slides | *Debiasing*; *Detección de outliers* |
# | Textbook | Hands-On Machine Learning, chapter 17, where autoencoders serve to find anomalies |
# | Result | Raises the accuracy on a rare subgroup by 11<!-- rare_accuracy_gain_points --> points without using its labels |
# | Time | 127 s<!-- seconds --> on two CPU cores; not measured on a GPU |
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
from keras import layers

START = time.perf_counter()
run = gk.setup(seed=42)

# %% [markdown]
# ## Parameters

# %% quick={"EPOCHS": 4, "N_COMMON": 400, "N_OUTLIER_TRAIN": 600, "N_SCORED": 200, "OUTLIER_EPOCHS": 3, "QUICK": true, "RARITY": 20, "SEEDS": [0]} tags=["parameters"]
QUICK = False  # True runs with small numbers, which shows how it works but proves nothing
N_COMMON = 5000  # training images of each common kind of shoe
RARITY = 100  # one rare shoe for so many common ones
SEEDS = [0, 1, 2, 3, 4]  # of the debiasing experiment
EPOCHS = 8  # passes of each classifier; GPU: 20
NEIGHBOURS = 50  # of the density estimate
OUTLIER_EPOCHS = 6  # passes of each model that scores outliers; GPU: 30
N_OUTLIER_TRAIN = 10000  # images that each of them is trained on
N_SCORED = 1000  # test images on each side of an AUROC
LATENT_DIM = 8  # size of the latent codes
BATCH_SIZE = 128  # GPU: 512
PEAK_RATE = 2e-3  # highest learning rate of the schedules
CELEB_A = (
    None  # a folder in which TFDS has prepared celeb_a, for the same with faces (3 minutes more)
)

# %%
images = gk.load_images()
whole = images.source == "tfds"


def of_kind(x, y, kinds, class_names):
    """The images among x whose label in y is one of the named kinds."""
    return x[np.isin(y, [class_names.index(kind) for kind in kinds])]


# %% [markdown]
# ## A data set with a blind spot
# The task: closed shoes against open ones. Ankle boots and sandals are common; sneakers, closed
# too, are there once for every hundred boots. The test set has all three alike. Who learns from
# such data learns boots against sandals, and what is low and flat looks like a sandal.

# %%
KINDS = ("Ankle boot", "Sneaker", "Sandal")


def shoes(images, kinds, rarity, n_common, seed):
    """x (n, 28, 28, 1), y (1: closed), group (1: rare); `kinds` are common, rare, open."""
    rng = np.random.default_rng(seed)
    n_common = min(n_common, np.bincount(images.y_train).min())
    parts = []
    for kind, n in zip(kinds, (n_common, max(5, n_common // rarity), n_common), strict=True):
        x = of_kind(images.x_train, images.y_train, [kind], images.class_names)
        parts.append(x[rng.permutation(len(x))[:n]])
    sizes = [len(part) for part in parts]
    return np.concatenate(parts), np.repeat([1, 1, 0], sizes), np.repeat([0, 1, 0], sizes)


x, y, group = shoes(images, KINDS, RARITY, N_COMMON, seed=SEEDS[0])
test = {k: of_kind(images.x_test, images.y_test, [k], images.class_names) for k in KINDS}
print(f"training: {np.sum((y == 1) & (group == 0)):,} boots, {np.sum(group):,} sneakers", end=", ")
print(f"{np.sum(y == 0):,} sandals")
shown = np.concatenate([pictures[:10] for pictures in test.values()])
gk.plot_images(shown, title="Boots (common), sneakers (rare), sandals (common)")
plt.show()

# %% [markdown]
# ## One encoder, two heads
# The classifier and a VAE share the encoder, as Amini et al. (2019) propose. The class head says
# closed or open; the VAE head has to rebuild the picture, so the latent code knows how the pictures
# differ, whatever the labels. `gk.Sampling` adds the KL term (chapter 07).


# %%
def build_debiaser(shape, latent_dim, hidden_units=256):
    """Image to (logit of class 1, reconstruction); the second model gives the latent mean."""
    inputs, pixels = keras.Input(shape), int(np.prod(shape))
    hidden = layers.Dense(hidden_units, activation="relu")(layers.Flatten()(inputs))
    hidden = layers.Dense(128, activation="relu")(hidden)
    mean = layers.Dense(latent_dim, dtype="float32", name="mean")(hidden)
    log_var = layers.Dense(latent_dim, dtype="float32", name="log_var")(hidden)
    z = gk.Sampling(kl_weight=1 / pixels)([mean, log_var])
    logit = layers.Dense(1, dtype="float32", name="logit")(hidden)
    decoded = layers.Dense(hidden_units, activation="relu")(z)
    decoded = layers.Dense(pixels, activation="sigmoid", dtype="float32")(decoded)
    rebuilt = layers.Reshape(shape, dtype="float32", name="rebuilt")(decoded)
    return keras.Model(inputs, [logit, rebuilt]), keras.Model(inputs, [logit, mean])


# %% [markdown]
# ## Rare is what the latent space says is rare
# An image is rare if few others have a code near its own. The distance $r_k$ to the $k$-th nearest code
# says how few: in $d$ dimensions the density there is about $\hat{p}(z) \propto r_k^{-d}$. Codes are
# whitened first, so that every direction counts alike. Rare images are then drawn more often,
#
# $$w(x) \propto \hat{p}(z(x))^{-1/2} = r_k^{d/2}$$
#
# The subgroup's labels appear nowhere. Exponent 1 would draw all regions of the latent space alike,
# and let a few odd pictures fill the batches; $\frac{1}{2}$ stands between that and no resampling.

# %%
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors


def rarity_weights(codes, neighbours):
    """Sampling probabilities (n,) from latent codes (n, d), the higher the rarer the code."""
    codes = PCA(whiten=True).fit_transform(codes)
    radius = NearestNeighbors(n_neighbors=neighbours).fit(codes).kneighbors(codes)[0][:, -1]
    weights = radius ** (codes.shape[1] / 2)
    return weights / weights.sum()


def draw_probabilities(kind, codes, y, group, neighbours):
    """Probabilities (n,) of the next epoch's draws; both classes of y keep their share."""
    drawn = np.full(len(y), 1 / len(y))
    for label in (0, 1) if kind != "plain" else ():
        members = np.flatnonzero(y == label)
        if kind == "debiased":
            weights = rarity_weights(codes[members], neighbours)
        else:  # "label-aware": subgroups alike, by the labels nobody has
            weights = 1 / np.bincount(group[members])[group[members]]
        drawn[members] = weights / weights.sum() * len(members) / len(y)
    return drawn


# %% [markdown]
# We train three ways: *plain*, every image alike; *debiased*, as above, the codes renewed before each
# epoch; and *label-aware*, with the subgroups drawn alike. The last needs the labels that nobody has:
# it is the ceiling.


# %%
def train_classifier(
    kind, x, y, group, seed, epochs, latent_dim, neighbours, batch_size, peak_rate
):
    """Train one classifier; return its probe and the probabilities of the last epoch's draws."""
    keras.utils.set_random_seed(seed)
    model, probe = build_debiaser(x.shape[1:], latent_dim)
    steps = epochs * -(-len(x) // batch_size)
    model.compile(
        loss=[keras.losses.BinaryCrossentropy(from_logits=True), "mse"],
        loss_weights=[1.0, 10.0],
        optimizer=keras.optimizers.Nadam(gk.warmup_cosine(peak_rate, steps)),
        jit_compile=run.jit_compile,
        steps_per_execution=min(10, steps),
    )
    rng = np.random.default_rng(seed)
    drawn = draw_probabilities("plain", None, y, group, neighbours)
    for epoch in range(epochs):
        if epoch > 0 and kind != "plain":  # the first epoch gives the codes a meaning
            codes = np.asarray(probe(x)[1])
            drawn = draw_probabilities(kind, codes, y, group, neighbours)
        chosen = rng.choice(len(x), len(x), p=drawn)
        targets = [y[chosen].astype("float32")[:, None], x[chosen]]
        fed = {"batch_size": batch_size, "initial_epoch": epoch, "epochs": epoch + 1}
        model.fit(x[chosen], targets, verbose=0, **fed)
    return probe, drawn


def accuracies(probe, test, open_kind):
    """Percent of each kind of test shoe whose side the classifier gets right."""
    right = {}
    for kind, pictures in test.items():
        logit = np.asarray(probe(pictures)[0])[:, 0]
        right[kind] = 100 * np.mean((logit > 0) == (kind != open_kind))
    return right


recipe = (EPOCHS, LATENT_DIM, NEIGHBOURS, BATCH_SIZE, PEAK_RATE)

# %%
results = {}
for kind in ("plain", "debiased", "label-aware"):
    for seed in SEEDS:
        data = shoes(images, KINDS, RARITY, N_COMMON, seed)
        probe, drawn = train_classifier(kind, *data, seed, *recipe)
        results[kind, seed] = accuracies(probe, test, open_kind="Sandal")
        if kind == "debiased" and seed == SEEDS[0]:
            favoured = drawn
    rare = [results[kind, seed]["Sneaker"] for seed in SEEDS]
    print(f"{kind:11} sneakers right: " + ", ".join(f"{share:.1f} %" for share in rare))

# %% [markdown]
# The seeds give pairs: the same data, the same first weights, another way of drawing. We report the
# mean of the differences, with a 95 % interval from Student's t. "Overall" is the mean of the three
# kinds of the test set.

# %%
from scipy import stats


def interval(differences):
    """Mean and half-width of a 95 % confidence interval; of one value, a half-width of 0."""
    if len(differences) < 2:
        return differences[0], 0.0
    half = stats.t.ppf(0.975, len(differences) - 1) * stats.sem(differences)
    return np.mean(differences), half


accuracy = {
    (kind, s): (right["Sneaker"], np.mean(list(right.values())))
    for (kind, s), right in results.items()
}
gains = {}
for kind in ("debiased", "label-aware"):
    for i, part in enumerate(("sneakers", "overall")):
        differences = [accuracy[kind, s][i] - accuracy["plain", s][i] for s in SEEDS]
        gains[kind, part] = interval(differences)
        mean, half = gains[kind, part]
        print(
            f"{kind:11} {part:8} {mean:+.1f} points, 95 % interval {mean - half:+.1f} to {mean + half:+.1f}"
        )

# %%
figure, axis = plt.subplots(figsize=(8, 3.4), layout="constrained")
for i, kind in enumerate(("plain", "debiased", "label-aware")):
    for j, shoe in enumerate(KINDS):
        values, place = [results[kind, seed][shoe] for seed in SEEDS], j + 0.26 * (i - 1)
        axis.bar(place, np.mean(values), 0.24, color=f"C{i}", label=kind if j == 0 else None)
        axis.plot(np.full(len(values), place), values, "k.", ms=3)
axis.set_xticks(range(len(KINDS)), KINDS)
axis.set(ylabel="percent right (a point a seed)", ylim=(40, 118))
axis.set_title("The rare shoes gain when rare codes are drawn more often", fontsize=11)
axis.legend(frameon=False, ncols=3, loc="upper center")
plt.show()

# %% [markdown]
# The plain classifier gets 69.4<!-- plain_rare_accuracy_percent --> percent of the sneakers right. Debiased, the
# same network gains 11.5<!-- rare_accuracy_gain_points --> points (plus or minus
# 3.2<!-- gain_half_width_points -->), as much as the ceiling with its forbidden labels,
# 11.1<!-- label_aware_rare_gain_points -->, and the test set as a whole gains
# 3.8<!-- overall_accuracy_change_points -->. How can the labels be worth so little? Perhaps because the label-aware classifier
# sees the same fifty sneakers again and again; the debiased one also sees the unusual boots more often.

# %% [markdown]
# Whom does the sampler favour? Below are the forty closed shoes with the highest probability, and the share
# of sneakers in a batch before and after.

# %%
closed = np.flatnonzero(y == 1)
favourites = closed[np.argsort(-favoured[closed])[:40]]
gk.plot_images(x[favourites], title="The closed shoes that the debiasing sampler draws most often")
plt.show()
share_before, share_after = np.mean(group), favoured[group == 1].sum()
share_top = np.mean(group[favourites])
print(f"sneakers in a batch: plain {share_before:.1%}   debiased {share_after:.1%}", end="   ")
print(f"among the forty favourites {share_top:.0%}")
figure, axis = plt.subplots(figsize=(8, 2.8), layout="constrained")
for value, label in ((0, "boots"), (1, "sneakers")):
    chosen = closed[group[closed] == value]
    times, bins = favoured[chosen] * len(y), np.geomspace(0.02, 50, 40)
    axis.hist(
        times, bins=bins, weights=np.full(len(times), 1 / len(times)), histtype="step", label=label
    )
axis.set(xscale="log", xlabel="expected draws an epoch", ylabel="share of the kind")
axis.set_title("Most sneakers are drawn more than once an epoch, most boots less", fontsize=11)
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# The favourites are odd boots, most of them on high heels; one of the forty is a sneaker. Yet the sneakers' share of a batch grows from
# 0.5<!-- sneakers_before_percent --> to 1.2<!-- sneakers_after_percent --> percent. The sampler looks for what is rare, not for a
# subgroup; that the rare subgroup profits is the bet of the method, and here it pays.

# %% [markdown]
# ### The same with faces
# Amini et al. debias faces. If TFDS has prepared `celeb_a` on your machine, give its folder as
# `CELEB_A`: smiles are the task, hats the rare subgroup (about one face in twenty), faces are reduced to
# 28 x 28 grey pixels.


# %%
def faces(folder, n):
    """x (n, 28, 28, 1), y (1: smiles), group (1: wears a hat) from TFDS' celeb_a in a folder."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    x, y, group = [], [], []
    for face in tfds.load("celeb_a", data_dir=folder, split="train", download=False).take(n):
        square = tf.image.rgb_to_grayscale(face["image"][40:178])
        x.append(np.asarray(tf.image.resize(square, (28, 28), antialias=True)) / 255)
        y.append(int(face["attributes"]["Smiling"]))
        group.append(int(face["attributes"]["Wearing_Hat"]))
    return np.array(x, "float32"), np.array(y), np.array(group)


if CELEB_A:
    x_faces, smiles, hats = faces(CELEB_A, 20000)
    half = len(x_faces) // 2
    for kind in ("plain", "debiased", "label-aware"):
        fed = x_faces[:half], smiles[:half], hats[:half]
        probe, _ = train_classifier(kind, *fed, SEEDS[0], *recipe)
        right = (np.asarray(probe(x_faces[half:])[0])[:, 0] > 0) == smiles[half:]
        print(f"{kind:11} hats {right[hats[half:] == 1].mean():.1%}   all {right.mean():.1%}")

# %% [markdown]
# ## Outliers
# Now the latent space judges single pictures. A VAE is trained on some kinds of garments. Others,
# noise, scrambled garments and blank pictures are outliers. Three scores, the higher the stranger:
#
# - the reconstruction error, $\|x - \hat{x}\|^2$;
# - the negative ELBO, which here is that plus $D_{KL}(q(z|x) \,\|\, p(z))$ (chapter 07);
# - the distance of the latent mean from the mean $m$ of the training codes, measured by their
#   covariance $S$: $(\mu - m)^\top S^{-1} (\mu - m)$ (Mahalanobis).


# %%
def build_vae(latent_dim, hidden_units=256):
    """A VAE of 28 x 28 pixels; its encoder (image to mean, log_var, z, features); its decoder."""
    inputs = keras.Input((28, 28, 1))
    hidden = layers.Dense(hidden_units, activation="gelu")(layers.Flatten()(inputs))
    features = layers.Dense(128, activation="gelu")(hidden)
    mean = layers.Dense(latent_dim, dtype="float32", name="mean")(features)
    log_var = layers.Dense(latent_dim, dtype="float32", name="log_var")(features)
    z = gk.Sampling(kl_weight=1 / 784)([mean, log_var])
    encoder = keras.Model(inputs, [mean, log_var, z, features], name="encoder")
    codes = keras.Input((latent_dim,))
    hidden = layers.Dense(128, activation="gelu")(codes)
    hidden = layers.Dense(hidden_units, activation="gelu")(hidden)
    pixels = layers.Dense(784, activation="sigmoid", dtype="float32")(hidden)
    rebuilt = layers.Reshape((28, 28, 1), dtype="float32")(pixels)
    decoder = keras.Model(codes, rebuilt, name="decoder")
    return keras.Model(inputs, decoder(encoder(inputs)[2])), encoder, decoder


# %%
def fit(model, x, targets, loss, epochs, batch_size, peak_rate):
    """Train a model for so many epochs on a warm-up and cosine schedule."""
    steps = epochs * -(-len(x) // batch_size)
    model.compile(
        loss=loss,
        optimizer=keras.optimizers.Nadam(gk.warmup_cosine(peak_rate, steps)),
        steps_per_execution=min(10, steps),
        jit_compile=run.jit_compile,
    )
    model.fit(x, targets, epochs=epochs, batch_size=batch_size, verbose=0)


def scores(encoder, decoder, known, x):
    """Outlier scores of images x, {name: (n,)}; `known` (m, d) are the codes of training images."""
    mean, log_var = (np.asarray(part) for part in encoder(x)[:2])
    squared = np.sum((x - np.asarray(decoder(mean))) ** 2, axis=(1, 2, 3))
    kl = 0.5 * np.sum(np.exp(log_var) + mean**2 - 1 - log_var, axis=1)
    away = mean - known.mean(axis=0)
    inverse = np.linalg.inv(np.cov(known, rowvar=False))
    distance = np.einsum("ni,ij,nj->n", away, inverse, away)
    return {"reconstruction": squared, "ELBO": squared + kl, "latent distance": distance}


outlier_recipe = (OUTLIER_EPOCHS, BATCH_SIZE, 2 * PEAK_RATE)

# %% [markdown]
# Garments fall into families. Each split trains on one, tests against another, and sets a third
# aside for later. The made outliers need no data: uniform noise, the family's own garments with
# their pixels scrambled, and blank pictures in different greys.

# %%
FAMILIES = {
    "footwear": ("Sandal", "Sneaker", "Ankle boot"),
    "tops": ("T-shirt/top", "Pullover", "Coat", "Shirt"),
    "long": ("Trouser", "Dress"),
    "bags": ("Bag",),
}
SPLITS = [("footwear", "tops", "bags"), ("tops", "footwear", "long"), ("long", "bags", "footwear")]


def made_outliers(x, rng):
    """{name: images} of outliers as many as images x (n, 28, 28, 1), made from them or from nothing."""
    flat = x.reshape(len(x), -1)
    grey = np.linspace(0, 0.3, len(x), dtype="float32")[:, None, None, None]
    return {
        "noise": rng.random(x.shape, dtype="float32"),
        "scrambled": rng.permuted(flat, axis=1).reshape(x.shape),
        "blank": np.broadcast_to(grey, x.shape),
    }


def family_of(images, family, split, n):
    """The first n images of a family in a split ("train", "valid" or "test")."""
    x, y = getattr(images, f"x_{split}"), getattr(images, f"y_{split}")
    return of_kind(x, y, family, images.class_names)[:n]


# %%
rng = np.random.default_rng(run.seed)
detectors, tested = {}, {}
for family, unseen, _ in SPLITS:
    keras.utils.set_random_seed(run.seed)
    x_family = family_of(images, FAMILIES[family], "train", N_OUTLIER_TRAIN)
    vae, encoder, decoder = build_vae(LATENT_DIM)
    fit(vae, x_family, x_family, "mse", *outlier_recipe)
    detectors[family] = encoder, decoder, np.asarray(encoder(x_family[:5000])[0])
    inliers = family_of(images, FAMILIES[family], "test", N_SCORED)
    strangers = family_of(images, FAMILIES[unseen], "test", N_SCORED)
    tested[family] = {family: inliers, unseen: strangers, **made_outliers(inliers, rng)}
shown = np.concatenate([x[:: len(x) // 10][:10] for x in tested["footwear"].values()])
gk.plot_images(shown, title="Footwear, and what is none: tops, noise, scrambled, blank")
plt.show()

# %% [markdown]
# A score is judged without any threshold by the area under the ROC curve (AUROC): the probability that
# an outlier scores higher than an inlier. Chance is one half; below it, the outlier looks more
# normal than the data.

# %%
from sklearn.metrics import roc_auc_score


def auroc(inliers, outliers):
    """Probability that one of the scores `outliers` is higher than one of `inliers`."""
    truth = np.repeat([0, 1], [len(inliers), len(outliers)])
    return roc_auc_score(truth, np.concatenate([inliers, outliers]))


table = {}
for family, pictures in tested.items():
    found = {name: scores(*detectors[family], x_set) for name, x_set in pictures.items()}
    normal = found.pop(family)
    for name, strange in found.items():
        table[family, name] = {key: auroc(normal[key], strange[key]) for key in normal}
print(f"{'trained on':10} {'outliers':10}" + "".join(f"{key:>17}" for key in normal))
for (family, name), row in table.items():
    print(f"{family:10} {name:10}" + "".join(f"{value:17.3f}" for value in row.values()))
means = {key: np.mean([row[key] for row in table.values()]) for key in normal}
best = max(means, key=means.get)
print(f"{'mean':21}" + "".join(f"{value:17.3f}" for value in means.values()))

# %%
failure = min((row["ELBO"], pair) for pair, row in table.items())
family, name = failure[1]
print(f"where the ELBO fails most: {name} against {family}, AUROC {failure[0]:.3f}")
figure, axis = plt.subplots(figsize=(8, 3), layout="constrained")
for label in (family, name):
    values = scores(*detectors[family], tested[family][label])["ELBO"]
    axis.hist(values, bins=np.linspace(0, 100, 60), histtype="step", label=label)
axis.set(xlabel="negative ELBO (the higher, the less likely)", ylabel="pictures")
axis.set_title("A picture of nothing is more likely than a garment", fontsize=11)
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# Reconstruction and ELBO tell other garments, noise and scrambled pictures well, and fail on blank ones: the
# blank is easier to rebuild than any garment, so it counts as more likely
# (0.13<!-- auroc_failure --> is far below chance). This is the known failure of likelihoods (Nalisnick et al., 2019): simple
# pictures score as normal. The distance in latent space sees that a blank has no place among the
# codes. It is the best score on average, 0.92<!-- auroc --> against 0.81<!-- auroc_reconstruction -->
# and 0.81<!-- auroc_elbo -->, and the worst on scrambled shoes.

# %% [markdown]
# ## Outliers in training
# If some outliers are at hand, training may use them (outlier exposure, Hendrycks et al., 2019). A
# small head on the encoder's features learns the family against garments that are
# tested nowhere in its split: the third family, and the family's own pictures upside down or with
# half their pixels erased. Its logit and the best score, each divided by its spread over the family, are
# added.


# %%
def exposed_logit(encoder, x, exposed, recipe):
    """A function from images to the logit of "outlier", on features of a frozen encoder."""
    features = np.concatenate([np.asarray(encoder(part)[3]) for part in (x, exposed)])
    inputs = keras.Input(features.shape[1:])
    hidden = layers.Dense(64, activation="relu")(inputs)
    head = keras.Model(inputs, layers.Dense(1, dtype="float32")(hidden))
    truth = np.repeat([0.0, 1.0], [len(x), len(exposed)])[:, None]
    fit(head, features, truth, keras.losses.BinaryCrossentropy(from_logits=True), *recipe)
    return lambda pictures: np.asarray(head(encoder(pictures)[3]))[:, 0]


def standardised(values, normal):
    """Values by their distance from the mean of `normal`, in its standard deviations."""
    return (values - normal.mean()) / normal.std()


joint = {}
for family, _, third in SPLITS:
    keras.utils.set_random_seed(run.seed)
    x_family = family_of(images, FAMILIES[family], "train", N_OUTLIER_TRAIN)
    quarter = x_family[: len(x_family) // 4]
    erased = quarter * (rng.random(quarter.shape) < 0.5)
    others = family_of(images, FAMILIES[third], "train", len(x_family) // 2)
    exposed = np.concatenate([others, quarter[:, ::-1], erased]).astype("float32")
    joint[family] = exposed_logit(detectors[family][0], x_family, exposed, outlier_recipe)


# %%
def joint_scores(detector, logit, inliers, x, key):
    """Score `key` plus the exposed head's logit (n,) of images x, in spreads over the inliers."""
    parts = zip(
        (scores(*detector, x)[key], logit(x)),
        (scores(*detector, inliers)[key], logit(inliers)),
        strict=True,
    )
    return sum(standardised(values, normal) for values, normal in parts)


exposure = {}
for family, pictures in tested.items():
    calibration = family_of(images, FAMILIES[family], "valid", N_SCORED)
    fed = detectors[family], joint[family], calibration
    found = {name: joint_scores(*fed, x_set, best) for name, x_set in pictures.items()}
    normal = found.pop(family)
    for name, strange in found.items():
        exposure[family, name] = auroc(normal, strange)
        print(f"{family:10} {name:10} {best} {table[family, name][best]:.3f}", end="   ")
        print(f"with exposure {exposure[family, name]:.3f}")
auroc_mean, exposure_mean = means[best], np.mean(list(exposure.values()))
print(f"mean: {auroc_mean:.3f}, with exposure {exposure_mean:.3f}")

# %% [markdown]
# Exposure raises the mean from 0.92<!-- auroc --> to 0.98<!-- auroc_exposure -->, and no row falls. None of the outliers
# tested was seen in training: what the head learnt from bags, flipped and erased shoes carries over to tops,
# blanks and scrambled shoes.

# %% [markdown]
# ## A threshold at one false alarm in a hundred
# An AUROC is no decision. Whoever has to decide chooses how many false alarms are bearable, takes
# that quantile of the score over pictures known to be in order, and checks it on new ones.

# %%
family, unseen, _ = SPLITS[0]
calibration = family_of(images, FAMILIES[family], "valid", None)
sets = {"valid": calibration, "inliers": tested[family][family], "outliers": tested[family][unseen]}
fed = detectors[family], joint[family], calibration
values = {
    name: {**scores(*detectors[family], x_set), "with exposure": joint_scores(*fed, x_set, best)}
    for name, x_set in sets.items()
}
false_alarms, caught = {}, {}
figure, axes = plt.subplots(1, 2, figsize=(8, 2.8), layout="constrained")
panels = dict(zip((best, "with exposure"), axes, strict=True))
for key in values["valid"]:
    threshold = np.quantile(values["valid"][key], 0.99)
    false_alarms[key] = np.mean(values["inliers"][key] > threshold)
    caught[key] = np.mean(values["outliers"][key] > threshold)
    print(f"{key:16} threshold {threshold:6.2f}   false alarms {false_alarms[key]:.1%}", end="   ")
    print(f"{unseen} caught {caught[key]:.1%}")
    if key in panels:
        for label, name in ((family, "inliers"), (unseen, "outliers")):
            panels[key].hist(values[name][key], bins=50, histtype="step", label=label)
        panels[key].axvline(threshold, color="0.4", ls=":", label="threshold")
        panels[key].set(xlabel=f"score: {key}", ylabel="pictures")
axes[0].legend(frameon=False)
figure.suptitle("One threshold, chosen by its false alarms", fontsize=11)
plt.show()

# %% [markdown]
# The false alarms stay near what was asked. At that price the best score on average is not the best here: the
# latent distance catches 47.9<!-- caught_percent --> percent of the tops, reconstruction
# 65.4<!-- caught_reconstruction_percent -->, and with exposure it is 80.1<!-- caught_exposure_percent -->. An
# AUROC averages over thresholds that nobody would use; choose the score at yours.

# %% [markdown]
# ## Check

# %%
gain, change = gains["debiased", "sneakers"][0], gains["debiased", "overall"][0]
assert np.isclose(favoured.sum(), 1) and (favoured > 0).all(), "no probabilities"
assert np.isclose(favoured[y == 1].sum(), np.mean(y)), "a class lost its share"
assert share_after > share_before, "the sampler does not favour the rare"
assert exposure_mean > auroc_mean, "exposure does not help"
if not QUICK:
    assert gain > 0, "debiasing gained nothing on the rare subgroup"
    assert failure[0] < 0.5, "no failure of the likelihood was found"
    assert max(false_alarms.values()) < 0.03, "a threshold lets too many false alarms through"
if not QUICK and whole:
    assert gain >= 5 and change >= -1, "debiasing gains less than 5 points, or costs more than 1"
    assert auroc_mean >= 0.9, "the best score tells too few outliers"

gk.record(
    "09_debiasing_and_outliers",
    rare_accuracy_gain_points=gain,
    overall_accuracy_change_points=change,
    label_aware_rare_gain_points=gains["label-aware", "sneakers"][0],
    label_aware_overall_change_points=gains["label-aware", "overall"][0],
    gain_half_width_points=gains["debiased", "sneakers"][1],
    plain_rare_accuracy_percent=np.mean([results["plain", s]["Sneaker"] for s in SEEDS]),
    sneakers_before_percent=100 * share_before,
    sneakers_after_percent=100 * share_after,
    sneakers_among_favourites_percent=100 * share_top,
    auroc=auroc_mean,
    auroc_reconstruction=means["reconstruction"],
    auroc_elbo=means["ELBO"],
    auroc_exposure=exposure_mean,
    auroc_failure=failure[0],
    false_alarms_percent=100 * false_alarms[best],
    caught_percent=100 * caught[best],
    caught_reconstruction_percent=100 * caught["reconstruction"],
    caught_exposure_percent=100 * caught["with exposure"],
    seconds=time.perf_counter() - START,
)

# %% [markdown]
# ## What to remember
# - A VAE knows what is rare without being told the groups; sampling by it helps those overlooked.
# - Compare with the ceiling and over seeds, in pairs: one run proves nothing about rare cases.
# - Likelihood is no judge of normality: a blank page is more likely than any garment.
# - Outliers seen in training help against outliers never seen.
# - Choose a threshold by the false alarms you can bear, on data the model was not trained on.
#
# ## Exercises
# 1. *(easy)* Set `RARITY` to 20 and 500. When does debiasing stop paying?
# 2. *(easy)* Use exponents `1` and `0.1` in place of one half in `rarity_weights`. What do the favourites look
#    like?
# 3. *(medium)* Join reconstruction and latent distance in one score without exposure. Hint:
#    `standardised`, then the larger of the two.
# 4. *(medium)* Train on all garments but one class and test that class, for all ten. Which is hardest, and
#    why? Hint: what does it share with the others?
# 5. *(hard)* Correct the ELBO for complexity (Serrà et al., 2020): subtract the length of a PNG of the
#    picture, in nats. Does the blank lose its advantage?
#
# ## References
# - A. Amini et al., Uncovering and Mitigating Algorithmic Bias through Learned Latent Structure, AIES 2019.
# - D. Hendrycks, M. Mazeika and T. Dietterich, Deep Anomaly Detection with Outlier Exposure, ICLR 2019.
# - E. Nalisnick et al., Do Deep Generative Models Know What They Don't Know?, ICLR 2019.
# - J. Serrà et al., Input Complexity and Out-of-Distribution Detection, ICLR 2020.
# - A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras and TensorFlow*, 3rd ed., ch. 17.
