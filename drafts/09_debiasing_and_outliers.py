# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
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
# | Time | 250 s<!-- seconds --> on two CPU cores; not measured on a GPU |
# | Data | Fashion-MNIST: 55,000 images to train, 5,000 to validate, 10,000 to test; or the bundled sixth of it |

# %% [markdown]
# ## Setup
# Everything below needs only this cell.

# %%
import time

try:
    import genkeras as gk
except ModuleNotFoundError:
    raise ModuleNotFoundError(
        "genkeras is missing: run `pip install git+ADDRESS` with the address of its repository "
        "(in Colab: `%pip`), or copy the repository's folder genkeras beside this notebook."
    ) from None
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, ops

START = time.perf_counter()
run = gk.setup(seed=42)

# %% [markdown]
# ## Parameters

# %% tags=["parameters"] quick={"N_COMMON": 400, "RARITY": 20, "SEEDS": [0], "EPOCHS": 2, "OUTLIER_EPOCHS": 1, "N_OUTLIER_TRAIN": 600, "N_SCORED": 200}
N_COMMON = 5000  # training images of each common kind
RARITY = 100  # one rare image for so many common ones
SEEDS = [0, 1, 2, 3, 4]  # of the debiasing experiment
EPOCHS = 8  # passes of each classifier; GPU: 20
OUTLIER_EPOCHS = 6  # passes of each model that scores outliers; GPU: 30
N_OUTLIER_TRAIN = 10000  # images that each of them is trained on
N_SCORED = 1000  # test images on each side of an AUROC
LATENT_DIM = 8  # size of the latent codes
BATCH_SIZE = 128  # GPU: 512
PEAK_RATE = 2e-3  # highest learning rate of the schedules

# %%
images = gk.load_images()
whole = images.source == "tfds"
CLASS = {name: i for i, name in enumerate(images.class_names)}


def of_kind(x, y, names):
    """The images among x whose label is one of the class names."""
    return x[np.isin(y, [CLASS[name] for name in names])]


# %% [markdown]
# ## A data set with a blind spot
# The task: closed shoes against open ones. Ankle boots and sandals are common; sneakers, closed
# too, are there once for every hundred boots. The test set has all three alike. Who learns from
# such data learns boots against sandals, and what is low and flat looks like a sandal.


# %%
def shoes(rarity, n_common, seed):
    """Images, task labels (1: closed) and subgroups (1: sneaker) with one sneaker per `rarity` boots."""
    rng = np.random.default_rng(seed)
    kinds = ("Ankle boot", "Sneaker", "Sandal")
    n_common = min(n_common, *(np.sum(images.y_train == CLASS[kind]) for kind in kinds))
    parts = []
    for kind in kinds:
        x = of_kind(images.x_train, images.y_train, [kind])
        n = max(5, n_common // rarity) if kind == "Sneaker" else n_common
        parts.append(x[rng.permutation(len(x))[:n]])
    sizes = [len(part) for part in parts]
    return np.concatenate(parts), np.repeat([1, 1, 0], sizes), np.repeat([0, 1, 0], sizes)


x, y, group = shoes(RARITY, N_COMMON, seed=0)
test = {
    kind: of_kind(images.x_test, images.y_test, [kind])
    for kind in ("Ankle boot", "Sneaker", "Sandal")
}
print(f"training: {np.sum((y == 1) & (group == 0)):,} boots, {np.sum(group):,} sneakers", end=", ")
print(f"{np.sum(y == 0):,} sandals")
gk.plot_images(
    np.concatenate([pictures[:10] for pictures in test.values()]),
    title="Boots (common), sneakers (rare), sandals (common)",
)
plt.show()

# %% [markdown]
# ## One encoder, two heads
# The classifier and a VAE share the encoder, as Amini et al. (2019) propose. The class head says
# closed or open; the VAE head has to rebuild the picture, so the latent code knows how the pictures
# differ, whatever the labels. `gk.Sampling` adds the KL term (chapter 07).


# %%
def build_debiaser(latent_dim, hidden_units=256):
    """Image to (logit of "closed", reconstruction); the encoder returns the latent mean too."""
    inputs = keras.Input((28, 28, 1))
    hidden = layers.Dense(hidden_units, activation="relu")(layers.Flatten()(inputs))
    hidden = layers.Dense(128, activation="relu")(hidden)
    mean, log_var = layers.Dense(latent_dim, name="mean")(hidden), layers.Dense(latent_dim)(hidden)
    z = gk.Sampling(kl_weight=1 / 784)([mean, log_var])
    logit = layers.Dense(1, dtype="float32", name="logit")(hidden)
    decoded = layers.Dense(hidden_units, activation="relu")(z)
    decoded = layers.Dense(784, activation="sigmoid", dtype="float32")(decoded)
    rebuilt = layers.Reshape((28, 28, 1), dtype="float32", name="rebuilt")(decoded)
    return keras.Model(inputs, [logit, rebuilt]), keras.Model(inputs, [logit, mean])


# %% [markdown]
# ## Rare is what the latent space says is rare
# For each latent variable we draw a histogram over the training images. An image is rare if in some
# variable it falls where few others do; it is then drawn more often:
#
# $$w(x) \propto \max_j \frac{1}{\hat{p}_j(z_j(x)) + \alpha}$$
#
# The subgroup's labels appear nowhere. $\alpha$ keeps single odd pictures from taking over.


# %%
def rarity_weights(codes, alpha=0.02, bins=20):
    """Sampling probabilities (n,) of n images from their latent codes (n, d), the rare ones high."""
    weights = np.zeros(len(codes))
    for column in codes.T:
        counts, edges = np.histogram(column, bins=bins)
        place = np.clip(np.digitize(column, edges[1:-1]), 0, bins - 1)
        weights = np.maximum(weights, 1 / (counts[place] / len(codes) + alpha))
    return weights / weights.sum()


def group_weights(y, group):
    """Every subgroup of a class drawn as often as the other: needs the labels nobody has."""
    cells = 2 * y + group
    weights = 1 / np.bincount(cells)[cells]
    weights = np.where(y == 1, weights / 2, weights)
    return weights / weights.sum()


# %%
def train_shoes(kind, seed):
    """Train one classifier; return it and the probabilities it drew with in the last epoch."""
    x, y, group = shoes(RARITY, N_COMMON, seed)
    keras.utils.set_random_seed(seed)
    model, probe = build_debiaser(LATENT_DIM)
    steps = EPOCHS * -(-len(x) // BATCH_SIZE)
    model.compile(
        loss=[keras.losses.BinaryCrossentropy(from_logits=True), "mse"],
        loss_weights=[1.0, 10.0],
        optimizer=keras.optimizers.Nadam(gk.warmup_cosine(PEAK_RATE, steps)),
        jit_compile=run.jit_compile,
        steps_per_execution=min(10, steps),
    )
    rng = np.random.default_rng(seed)
    drawn = np.full(len(x), 1 / len(x))
    for epoch in range(EPOCHS):
        if kind == "reweighted":
            drawn = group_weights(y, group)
        if kind == "debiased" and epoch > 0:  # the first epoch gives the codes a meaning
            drawn = np.zeros(len(x))
            for label in (0, 1):  # both classes keep their share
                members = np.flatnonzero(y == label)
                drawn[members] = rarity_weights(np.asarray(probe(x[members])[1]))
            drawn *= np.bincount(y)[y] / len(y)
        chosen = rng.choice(len(x), len(x), p=drawn / drawn.sum())
        targets = [y[chosen].astype("float32")[:, None], x[chosen]]
        fed = {"batch_size": BATCH_SIZE, "initial_epoch": epoch, "epochs": epoch + 1}
        model.fit(x[chosen], targets, verbose=0, **fed)
    return probe, drawn / drawn.sum()


def accuracies(probe):
    """Percent of each kind of test shoe whose side the classifier gets right."""
    right = {}
    for kind, pictures in test.items():
        logit = np.asarray(probe(pictures)[0])[:, 0]
        right[kind] = 100 * np.mean((logit > 0) == (kind != "Sandal"))
    return right


results = {}
for kind in ("plain", "debiased", "reweighted"):
    for seed in SEEDS:
        probe, drawn = train_shoes(kind, seed)
        results[kind, seed] = accuracies(probe)
        if kind == "debiased" and seed == SEEDS[0]:
            shown_drawn = drawn
    rare = [results[kind, seed]["Sneaker"] for seed in SEEDS]
    print(f"{kind:11} sneakers right: " + ", ".join(f"{share:.1f} %" for share in rare))

# %% [markdown]
# The seeds give pairs: the same data, the same first weights, another way of drawing. We report the
# mean of the differences, with a 95 % interval from Student's t.

# %%
from scipy import stats


def interval(differences):
    """Mean and half-width of a 95 % confidence interval."""
    differences = np.asarray(differences)
    if len(differences) < 2:
        return differences.mean(), np.inf
    half = stats.t.ppf(0.975, len(differences) - 1) * stats.sem(differences)
    return differences.mean(), half


def overall(kind, seed):
    return np.mean(list(results[kind, seed].values()))


gains = {}
for kind in ("debiased", "reweighted"):
    rare = interval([results[kind, s]["Sneaker"] - results["plain", s]["Sneaker"] for s in SEEDS])
    total = interval([overall(kind, s) - overall("plain", s) for s in SEEDS])
    gains[kind] = rare[0], total[0]
    print(f"{kind:11} sneakers {rare[0]:+.1f} +- {rare[1]:.1f} points", end="   ")
    print(f"overall {total[0]:+.1f} +- {total[1]:.1f} points")
figure, axis = plt.subplots(figsize=(8, 3.4), layout="constrained")
for i, kind in enumerate(("plain", "debiased", "reweighted")):
    for j, shoe in enumerate(test):
        values = [results[kind, seed][shoe] for seed in SEEDS]
        axis.bar(j + 0.26 * (i - 1), np.mean(values), 0.24, color=f"C{i}", label=kind if j == 0 else None)
        axis.plot(np.full(len(values), j + 0.26 * (i - 1)), values, "k.", ms=3)
axis.set_xticks(range(len(test)), test)
axis.set(ylabel="percent right", ylim=(40, 101), title="The rare shoes are overlooked, unless rare codes are drawn more often")
axis.legend(frameon=False, ncols=3, loc="lower left")
plt.show()

# %% [markdown]
# PROSE debias

# %% [markdown]
# Whom does the sampler favour? The forty training images with the highest probability, and the share
# of sneakers in a batch before and after.

# %%
favourites = np.argsort(-shown_drawn)[:40]
gk.plot_images(shoes(RARITY, N_COMMON, SEEDS[0])[0][favourites], title="What the debiasing sampler draws most often")
plt.show()
share_before = np.mean(group)
share_after = shown_drawn[shoes(RARITY, N_COMMON, SEEDS[0])[2] == 1].sum()
print(f"sneakers in a batch: uniform {share_before:.1%}   debiased {share_after:.1%}")

# %% [markdown]
# PROSE favourites

# %% [markdown]
# ## Outliers
# Now the latent space judges single pictures. A VAE is trained on some kinds of garments. Others,
# noise, scrambled garments and blank pictures are outliers. Three scores, the higher the stranger:
#
# - reconstruction error, $\|x - \hat{x}\|^2$;
# - the negative ELBO, which is that plus $D_{KL}(q(z|x) \,\|\, p(z))$ (chapter 07);
# - the distance of the latent mean from those of the training images, measured by their covariance
#   (Mahalanobis).


# %%
def build_vae(latent_dim, hidden_units=256):
    """Encoder to (mean, log variance, z) and decoder, joined into a VAE."""
    inputs = keras.Input((28, 28, 1))
    hidden = layers.Dense(hidden_units, activation="gelu")(layers.Flatten()(inputs))
    hidden = layers.Dense(128, activation="gelu", name="hidden")(hidden)
    mean, log_var = layers.Dense(latent_dim)(hidden), layers.Dense(latent_dim)(hidden)
    z = gk.Sampling(kl_weight=1 / 784)([mean, log_var])
    encoder = keras.Model(inputs, [mean, log_var, z, hidden])
    codes = keras.Input((latent_dim,))
    hidden = layers.Dense(128, activation="gelu")(codes)
    hidden = layers.Dense(hidden_units, activation="gelu")(hidden)
    pixels = layers.Dense(784, activation="sigmoid", dtype="float32")(hidden)
    decoder = keras.Model(codes, layers.Reshape((28, 28, 1), dtype="float32")(pixels))
    return keras.Model(inputs, decoder(encoder(inputs)[2])), encoder, decoder


def fit(model, x, targets, loss, epochs, batch_size, peak_rate, jit_compile):
    steps = epochs * -(-len(x) // batch_size)
    model.compile(
        loss=loss,
        optimizer=keras.optimizers.Nadam(gk.warmup_cosine(peak_rate, steps)),
        steps_per_execution=min(10, steps),
        jit_compile=jit_compile,
    )
    return model.fit(x, targets, epochs=epochs, batch_size=batch_size, verbose=0).history


recipe = (OUTLIER_EPOCHS, BATCH_SIZE, 2 * PEAK_RATE, run.jit_compile)


# %%
def scores(encoder, decoder, known, x):
    """Three outlier scores of images x, each (n,); `known` are the codes of training images."""
    mean, log_var = (np.asarray(part) for part in encoder(x)[:2])
    squared = np.sum((x - np.asarray(decoder(mean))) ** 2, axis=(1, 2, 3))
    kl = 0.5 * np.sum(np.exp(log_var) + mean**2 - 1 - log_var, axis=1)
    away = mean - known.mean(axis=0)
    precision = np.linalg.inv(np.cov(known, rowvar=False) + 1e-3 * np.eye(known.shape[1]))
    distance = np.einsum("ni,ij,nj->n", away, precision, away)
    return {"reconstruction": squared, "ELBO": squared + kl, "latent distance": distance}


FAMILIES = {
    "footwear": ("Sandal", "Sneaker", "Ankle boot"),
    "tops": ("T-shirt/top", "Pullover", "Coat", "Shirt"),
    "long": ("Trouser", "Dress"),
    "bags": ("Bag",),
}
# Trained on a family; tested against the second; the third is what outlier exposure may use.
SPLITS = [("footwear", "tops", "bags"), ("tops", "footwear", "long"), ("long", "bags", "footwear")]

# %% [markdown]
# The made outliers need no data: uniform noise, garments of the family itself with their pixels
# scrambled, and blank pictures in different greys.


# %%
def made_outliers(x, rng):
    """{"name": images} of outliers made from images x or from nothing."""
    flat = x.reshape(len(x), -1)
    grey = np.linspace(0, 0.3, len(x), dtype="float32")[:, None, None, None]
    return {
        "noise": rng.random(x.shape, dtype="float32"),
        "scrambled": rng.permuted(flat, axis=1).reshape(x.shape),
        "blank": np.broadcast_to(grey, x.shape),
    }


from sklearn.metrics import roc_auc_score


def auroc(inliers, outliers):
    """Probability that an outlier scores higher than an inlier."""
    truth = np.repeat([0, 1], [len(inliers), len(outliers)])
    return roc_auc_score(truth, np.concatenate([inliers, outliers]))


rng = np.random.default_rng(run.seed)
table, kept = {}, {}
for family, unseen, _ in SPLITS:
    keras.utils.set_random_seed(run.seed)
    x = of_kind(images.x_train, images.y_train, FAMILIES[family])[:N_OUTLIER_TRAIN]
    vae, encoder, decoder = build_vae(LATENT_DIM)
    fit(vae, x, x, "mse", *recipe)
    inliers = of_kind(images.x_test, images.y_test, FAMILIES[family])[:N_SCORED]
    others = {
        unseen: of_kind(images.x_test, images.y_test, FAMILIES[unseen])[:N_SCORED],
        **made_outliers(inliers, rng),
    }
    known = np.asarray(encoder(x[:5000])[0])
    normal = scores(encoder, decoder, known, inliers)
    for name, pictures in others.items():
        strange = scores(encoder, decoder, known, pictures)
        table[family, name] = {key: auroc(normal[key], strange[key]) for key in normal}
    kept[family] = encoder, decoder, known, inliers, others
print(f"{'trained on':10} {'outliers':10}" + "".join(f"{key:>17}" for key in normal))
for (family, name), row in table.items():
    print(f"{family:10} {name:10}" + "".join(f"{value:17.3f}" for value in row.values()))

# %%
means = {key: np.mean([row[key] for row in table.values()]) for key in normal}
best = max(means, key=means.get)
print("mean AUROC: " + "   ".join(f"{key} {value:.3f}" for key, value in means.items()))
failure = min((table[pair]["ELBO"], pair) for pair in table)
print(f"where the ELBO fails most: {failure[1][1]} against {failure[1][0]}, AUROC {failure[0]:.3f}")
family, name = failure[1]
encoder, decoder, known, inliers, others = kept[family]
figure, axis = plt.subplots(figsize=(8, 3.2), layout="constrained")
for label, pictures in ((family, inliers), (name, others[name])):
    axis.hist(scores(encoder, decoder, known, pictures)["ELBO"], bins=60, histtype="step", label=label)
axis.set(xlabel="negative ELBO", ylabel="pictures")
axis.set_title("A simple outlier is more likely than the data")
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# PROSE outliers

# %% [markdown]
# ## Outliers in training
# If some outliers are at hand, training may use them (outlier exposure, Hendrycks et al., 2019). A
# small head on the encoder's hidden layer learns family against exposed garments, of kinds that are
# not tested, and against the family scrambled by another rule: its pictures upside down, or half
# erased. Its logit joins the best score, each scaled by its spread over the family.


# %%
def exposed_head(encoder, x, exposed, epochs, batch_size, peak_rate, jit_compile):
    """A model from image to logit of "outlier" on the features of a frozen encoder."""
    head = keras.Sequential(
        [
            *(keras.Input((encoder.outputs[3].shape[-1],)), layers.Dense(64, activation="relu")),
            layers.Dense(1, dtype="float32"),
        ]
    )
    features = np.concatenate([np.asarray(encoder(part)[3]) for part in (x, exposed)])
    truth = np.repeat([0.0, 1.0], [len(x), len(exposed)])[:, None]
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    fit(head, features, truth, loss, epochs, batch_size, peak_rate, jit_compile)
    return lambda pictures: np.asarray(head(encoder(pictures)[3]))[:, 0]


def standardised(values, normal):
    return (values - normal.mean()) / normal.std()


exposure = {}
for family, unseen, third in SPLITS:
    keras.utils.set_random_seed(run.seed)
    encoder, decoder, known, inliers, others = kept[family]
    x = of_kind(images.x_train, images.y_train, FAMILIES[family])[:N_OUTLIER_TRAIN]
    exposed = of_kind(images.x_train, images.y_train, FAMILIES[third])[: len(x) // 2]
    halves = x[: len(x) // 4] * (rng.random((len(x) // 4, 28, 1, 1)) < 0.5)
    exposed = np.concatenate([exposed, x[: len(x) // 4, ::-1], halves]).astype("float32")
    logit = exposed_head(encoder, x, exposed, *recipe)
    normal = scores(encoder, decoder, known, inliers)[best]
    for name, pictures in others.items():
        strange = scores(encoder, decoder, known, pictures)[best]
        joint = [
            standardised(s, normal) + standardised(logit(p), logit(inliers))
            for s, p in ((normal, inliers), (strange, pictures))
        ]
        exposure[family, name] = auroc(*joint)
for pair, value in exposure.items():
    print(f"{pair[0]:10} {pair[1]:10} {best} {table[pair][best]:.3f}   with exposure {value:.3f}")
auroc_mean, exposure_mean = means[best], np.mean(list(exposure.values()))
print(f"mean: {auroc_mean:.3f}, with exposure {exposure_mean:.3f}")

# %% [markdown]
# PROSE exposure

# %% [markdown]
# ## A threshold at one false alarm in a hundred
# An AUROC is no decision. Whoever has to decide chooses how many false alarms are bearable, takes
# that quantile of the score over pictures known to be in order, and checks it on new ones.

# %%
family, unseen, _ = SPLITS[0]
encoder, decoder, known, inliers, others = kept[family]
calibration = of_kind(images.x_valid, images.y_valid, FAMILIES[family])
threshold = np.quantile(scores(encoder, decoder, known, calibration)[best], 0.99)
false_alarms = np.mean(scores(encoder, decoder, known, inliers)[best] > threshold)
caught = np.mean(scores(encoder, decoder, known, others[unseen])[best] > threshold)
print(f"threshold {threshold:.1f} from {len(calibration):,} validation pictures", end="   ")
print(f"false alarms {false_alarms:.1%}   {unseen} caught {caught:.1%}")
figure, axis = plt.subplots(figsize=(8, 3.2), layout="constrained")
for label, pictures in ((family, inliers), (unseen, others[unseen])):
    values = scores(encoder, decoder, known, pictures)[best]
    axis.hist(values, bins=60, histtype="step", label=label)
axis.axvline(threshold, color="0.4", ls=":", label="threshold")
axis.set(xlabel=best, ylabel="pictures", title="One threshold, chosen by its false alarms")
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# PROSE threshold

# %% [markdown]
# ## Check

# %%
full = len(SEEDS) == 5 and OUTLIER_EPOCHS >= 6
assert np.isclose(shown_drawn.sum(), 1) and (shown_drawn > 0).all(), "no probabilities"
assert share_after > share_before, "the sampler does not favour the rare"
assert set(exposure) == set(table), "a split is missing"
if full:
    assert gains["debiased"][0] > 0, "debiasing gained nothing on the rare subgroup"
    assert failure[0] < 0.6, "no failure of the likelihood was found"
    assert false_alarms < 0.03, "the threshold lets too many false alarms through"
    assert exposure_mean > auroc_mean, "exposure does not help"
if full and whole:
    assert gains["debiased"][0] >= 5 and gains["debiased"][1] >= -1 and auroc_mean >= 0.9

gk.record(
    "09_debiasing_and_outliers",
    rare_accuracy_gain_points=gains["debiased"][0],
    overall_accuracy_change_points=gains["debiased"][1],
    reweighted_rare_gain_points=gains["reweighted"][0],
    reweighted_overall_change_points=gains["reweighted"][1],
    plain_rare_accuracy_percent=np.mean([results["plain", s]["Sneaker"] for s in SEEDS]),
    sneakers_before_percent=100 * share_before,
    sneakers_after_percent=100 * share_after,
    auroc=auroc_mean,
    auroc_reconstruction=means["reconstruction"],
    auroc_elbo=means["ELBO"],
    auroc_latent_distance=means["latent distance"],
    auroc_exposure=exposure_mean,
    auroc_failure=failure[0],
    false_alarms_percent=100 * false_alarms,
    caught_percent=100 * caught,
    seconds=time.perf_counter() - START,
)
