"""Chapter 06's sparse and hashing autoencoders: seeds, equal activity, and what the noise is worth.

All models are the chapter's, trained as there. Squared errors are those of validation images.
"""

import keras
import numpy as np
from keras import layers

from tools import lift

SEEDS = (0, 1, 2)
NEAREST = 20  # garments that a search returns
BITS = 16


def mean(rows, name, model):
    return float(np.mean([row[name] for row in rows if row["model"].startswith(f"{model}_")]))


def trained(six, images, code, epochs, seed, hidden=400, usual_weights=False):
    """The chapter's autoencoder with these layers for its code, trained; and its squared error."""
    keras.utils.set_random_seed(seed)
    model = six["build_autoencoder"](images.x_train.shape[1:], code(), hidden)
    if usual_weights:  # 25 times the variance is 5 times the standard deviation
        kernel = model.layers[1].layers[0].kernel
        kernel.assign(kernel / 5)
    if epochs == 0:
        return model, None
    six["train"](model, images.x_train, images.x_valid, epochs)
    return model, model.evaluate(images.x_valid, images.x_valid, verbose=0)[1]


def sigmoid(units, *others):
    return [layers.Dense(units, activation="sigmoid"), *others]


# --- Penalties -----------------------------------------------------------------------------------


def seeds(images, epochs=10):
    """The chapter's model with the KL penalty, with three seeds.

    The squared error, the effective units of an image, and the largest distance of a unit's mean
    from the target.
    """
    six = lift.chapter("06")
    penalty = six["KLDivergenceActivityRegularization"]
    rows = []
    for seed in SEEDS:
        model, mse = trained(six, images, lambda: sigmoid(300, penalty(0.1, 5e-3)), epochs, seed)
        z = np.asarray(model.layers[0](images.x_valid))
        gap = np.abs(z.mean(axis=0) - 0.1).max()
        effective = np.mean(six["effective_units"](z))
        rows.append({"model": f"kl_{seed}", "mse": mse, "effective": effective, "gap": gap})
    errors = [row["mse"] for row in rows]
    return {"rows": rows, "kl_mse_spread": max(errors) - min(errors)}


def weights(images, epochs=10, seed=0):
    """The model with the l1 penalty, with the decoder's large first weights and with usual ones."""
    six = lift.chapter("06")
    found = {}
    for name in ("large", "usual"):
        code = lambda: sigmoid(300, layers.ActivityRegularization(l1=1e-4))  # noqa: E731
        _, mse = trained(six, images, code, epochs, seed, usual_weights=name == "usual")
        found[f"{name}_l1_mse"] = mse
    return found


def equal_activity(images, epochs=10, seed=0):
    """The l1 penalty, and the KL penalty with the mean activity of the l1 code as its target.

    The mean activity and the effective units of an image.
    """
    six = lift.chapter("06")
    rows, target = [], None
    for name in ("l1", "kl"):
        if name == "l1":
            penalty = layers.ActivityRegularization(l1=1e-4)
        else:
            penalty = six["KLDivergenceActivityRegularization"](target, 5e-3)
        model, mse = trained(six, images, lambda p=penalty: sigmoid(300, p), epochs, seed)
        z = np.asarray(model.layers[0](images.x_valid))
        target = float(z.mean())
        effective = np.mean(six["effective_units"](z))
        rows.append({"model": name, "mse": mse, "activity": target, "effective": effective})
    return {"rows": rows}


# --- The k largest -------------------------------------------------------------------------------


def class_share(z, labels, nine=9):
    """Share of the most frequent class among the nine images that activate a unit most, in %.

    The mean over the units that at least nine images use.
    """
    units = np.flatnonzero(np.sum(z > 0, axis=0) >= nine)
    strongest = labels[np.argsort(-z[:, units], axis=0)[:nine]]
    return 100 * np.mean([np.bincount(column).max() / nine for column in strongest.T])


def k_largest(images, epochs=4):
    """The k-sparse autoencoders, and a bottleneck of 30 trained as long; three seeds each.

    The squared error, how many units some validation image uses, and the share of one class among
    the nine images that activate a unit most, before the training and after it.
    """
    six = lift.chapter("06")
    codes = {
        "k": lambda: [layers.Dense(1000), six["TopK"](30)],
        "normalized": lambda: [layers.Dense(1000), layers.BatchNormalization(), six["TopK"](30)],
        "bottleneck": lambda: [layers.Dense(30)],
    }
    rows = []
    for name, code in codes.items():
        for seed in SEEDS:
            row = {"model": f"{name}_{seed}"}
            for stage, passes in (("before", 0), ("after", epochs)):
                model, row["mse"] = trained(six, images, code, passes, seed)
                z = np.asarray(model.layers[0](images.x_valid))
                row[f"used_{stage}"] = int(np.sum(np.any(z != 0, axis=0)))
                row[f"share_{stage}"] = class_share(z, images.y_valid)
            rows.append(row)
    errors = {f"{name}_mse": mean(rows, "mse", name) for name in codes}
    shares = {name: mean(rows, name, "normalized") for name in ("share_before", "share_after")}
    return {"rows": rows, **errors, **shares}


# --- Hashes --------------------------------------------------------------------------------------


def precision(query_bits, query_labels, bits, labels, seed=0):
    """Share of the nearest images by Hamming distance that have the query's label, in %."""
    a, b = query_bits.astype("float32"), bits.astype("float32")
    distances = a @ (1 - b).T + (1 - a) @ b.T
    distances += 1e-3 * np.random.default_rng(seed).random(distances.shape)  # ties at random
    nearest = np.argpartition(distances, NEAREST, axis=1)[:, :NEAREST]
    return 100 * np.mean(labels[nearest] == query_labels[:, None])


def refit(six, model, images, epochs):
    """The squared error of a new decoder, trained on the rounded codes of a model."""
    encoder, _ = model.layers
    encoder.trainable = False
    rounded = layers.Lambda(keras.ops.round)
    new = six["build_autoencoder"](images.x_train.shape[1:], sigmoid(BITS), hidden=100)
    with_bits = keras.Sequential([encoder, rounded, new.layers[1]])
    six["train"](with_bits, images.x_train, images.x_valid, epochs)
    return with_bits.evaluate(images.x_valid, images.x_valid, verbose=0)[1]


def hashes(images, epochs=10):
    """The hashing autoencoder with and without noise: new decoders, and searches by 16 bits.

    The squared error of a new decoder that is trained on the rounded codes, as long as the model;
    and the share of the twenty nearest of 20,000 training images that are of the query's class, in
    %, with 1,000 validation images as queries. Means of three seeds.
    """
    six = lift.chapter("06")
    noise = [layers.Rescaling(1 / 15), layers.GaussianNoise(1.0), layers.Rescaling(15.0)]
    codes = {"noisy": lambda: [*noise, *sigmoid(BITS)], "quiet": lambda: sigmoid(BITS)}
    database, queries = images.x_train[:20_000], images.x_valid[:1000]
    labels, query_labels = images.y_train[:20_000], images.y_valid[:1000]
    rows = []
    for name, code in codes.items():
        for seed in SEEDS:
            model, _ = trained(six, images, code, epochs, seed, hidden=100)
            _, bits_mse = six["errors_with_bits"](model, images.x_valid)
            bits = [np.asarray(model.layers[0](x)) > 0.5 for x in (queries, database)]
            found = precision(bits[0], query_labels, bits[1], labels, seed)
            refit_mse = refit(six, model, images, epochs)
            row = {"bits_mse": bits_mse, "refit_mse": refit_mse, "precision": found}
            rows.append({"model": f"{name}_{seed}", **row})
    names = ("refit_mse", "precision")
    return {"rows": rows} | {f"{m}_{name}": mean(rows, name, m) for m in codes for name in names}


QUESTIONS = {
    "seeds": seeds,
    "weights": weights,
    "equal_activity": equal_activity,
    "k_largest": k_largest,
    "hashes": hashes,
}
