"""Chapter 07's variational autoencoder: seeds, other distributions to draw from, tighter bounds.

All models are the chapter's, trained as there. Squared errors and nats are those of validation
images.
"""

import math

import genkeras as gk
import keras
import numpy as np
from keras import layers, ops
from scipy.special import logsumexp
from sklearn.mixture import GaussianMixture

from experiments.common import SCORED
from tools import lift

SEEDS = (0, 1, 2)
BATCH_SIZE = 128
WEIGHT = 1 / 784  # of the divergence, as in the textbook: pixels with a variance of 1/2


def log_mse(x, reconstructions):
    """Half the logarithm of the batch's squared error: a normal with the best variance."""
    return 0.5 * ops.log(ops.mean(ops.square(x - reconstructions)))


def fit(model, x, valid, epochs, loss="mse", callbacks=()):
    """Train a model as the chapter does; returns its last losses and metrics."""
    rate = gk.warmup_cosine(4e-3, epochs * len(x) // BATCH_SIZE)
    model.compile(
        loss=loss,
        optimizer=keras.optimizers.Nadam(rate),
        metrics=["mse"],
        steps_per_execution=20,
    )
    history = model.fit(
        x,
        x,
        batch_size=BATCH_SIZE,
        epochs=epochs,
        validation_data=(valid, valid),
        callbacks=list(callbacks),
        verbose=0,
    ).history
    return {name: values[-1] for name, values in history.items()}


def trained(images, kind, seed, latent_dim=10, weight=WEIGHT, epochs=3):
    """Train one model: kind is "plain" (no draw), "vae", or "learned" (learned variance).

    Returns:
        The VAE that contains the layers, so that all kinds have an encoder and a decoder, and the
        last losses and metrics.
    """
    keras.utils.set_random_seed(seed)
    vae = lift.chapter("07")["build_vae"](images.x_train.shape[1:], latent_dim, weight)
    model = vae
    if kind == "plain":  # the layers up to the mean, without the sampling layer and its loss
        encoder, decoder = vae.get_layer("encoder"), vae.get_layer("decoder")
        model = keras.Model(encoder.inputs[0], decoder(encoder.outputs[0]))
    loss = log_mse if kind == "learned" else "mse"
    return vae, fit(model, images.x_train, images.x_valid, epochs, loss)


def spread(values):
    return max(values) - min(values)


# --- Seeds ---------------------------------------------------------------------------------------


def seeds(images):
    """The chapter's first model, 12 epochs, with three seeds.

    A code is active if it carries more than 0.1 nats.
    """
    rows = []
    for seed in SEEDS:
        vae, logs = trained(images, "vae", seed, epochs=12)
        mean, log_var, _ = (np.asarray(one) for one in vae.get_layer("encoder")(images.x_valid))
        nats = 0.5 * np.mean(np.exp(log_var) + mean**2 - 1 - log_var, axis=0)
        rows.append(
            {
                "seed": seed,
                "loss": logs["val_loss"],
                "mse": logs["val_mse"],
                "kl_nats": logs["val_kl_nats"],
                "active_codes": int(np.sum(nats > 0.1)),
            }
        )
    return {"rows": rows, "loss_spread": spread([row["loss"] for row in rows])}


# --- What to draw from ---------------------------------------------------------------------------


def draw_codes(source, codes, n, seed):
    """n codes (n, d) from the prior, or from a distribution that is fitted to some codes."""
    if source == "prior":
        return np.random.default_rng(seed).standard_normal((n, codes.shape[1]))
    components = 1 if source == "normal" else 10
    mixture = GaussianMixture(components, random_state=seed).fit(codes.astype("float64"))
    return mixture.sample(n)[0]


def draws(images):
    """What to draw codes from: the prior, or a normal or a mixture fitted to 10,000 codes.

    A plain autoencoder, the chapter's VAE, and a VAE that learns the variance of its pixels, three
    epochs each, with 2 and 10 codes and two seeds; Fréchet Fashion Distance, precision and recall
    of 3,000 draws against as many validation images, means of the seeds. The row "real" has
    training images instead of draws: no generator can be expected to do better, and a precision
    above its own comes from pictures that are more typical than real ones.
    """
    real = gk.classify(images.x_valid[:SCORED])[0]

    def score(pictures):
        features = gk.classify(np.asarray(pictures))[0]
        return gk.frechet_distance(real, features), *gk.precision_recall(real, features)

    columns = "ffd", "precision", "recall"
    rows = [{"draws": "real", **dict(zip(columns, score(images.x_train[:SCORED]), strict=True))}]
    for latent_dim in (2, 10):
        for kind in ("plain", "vae", "learned"):
            scores, errors, nats = {}, [], []
            for seed in SEEDS[:2]:
                vae, logs = trained(images, kind, seed, latent_dim)
                outputs = vae.get_layer("encoder")(images.x_train[:10_000])
                codes = np.asarray(outputs[0 if kind == "plain" else 2])
                errors.append(logs["val_mse"])
                nats.append(logs.get("val_kl_nats", math.nan))
                for source in ("prior", "normal", "mixture"):
                    z = draw_codes(source, codes, SCORED, seed)
                    scores.setdefault(source, []).append(score(vae.get_layer("decoder")(z)))
            for source, by_seed in scores.items():
                row = {"draws": f"{kind}_{latent_dim}_{source}"}
                row |= dict(zip(columns, np.mean(by_seed, axis=0), strict=True))
                row["ffd_by_seed"] = [one[0] for one in by_seed]
                row["mse"] = np.mean(errors)
                if kind != "plain":
                    row["kl_nats"] = np.mean(nats)
                rows.append(row)
    return {"rows": rows}


# --- Bounds and gradients ------------------------------------------------------------------------


def log_weights(vae, variance, x, n_draws, seed=0):
    """log p(x|z) + log p(z) - log q(z|x), in nats, for draws z from q: (n_draws, len(x))."""
    rng = np.random.default_rng(seed)
    mean, log_var, _ = (np.asarray(one) for one in vae.get_layer("encoder")(x))
    weights = []
    for _ in range(n_draws):
        epsilon = rng.standard_normal(mean.shape)
        z = mean + np.exp(log_var / 2) * epsilon
        squared_error = np.sum((x - np.asarray(vae.get_layer("decoder")(z))) ** 2, axis=(1, 2, 3))
        log_likelihood = -squared_error / (2 * variance) - 392 * np.log(2 * np.pi * variance)
        weights.append(log_likelihood + 0.5 * np.sum(epsilon**2 + log_var - z**2, axis=1))
    return np.array(weights)


def bounds(images, k_max=100):
    """Importance-weighted bounds on log p(x) with K = 1 (the ELBO), 10 and 100 draws an image.

    In nats, on 1,000 validation images: Burda et al., Importance Weighted Autoencoders, 2016.
    "half" is the chapter's VAE (12 epochs) with the variance of 1/2 that its loss assumes,
    "same_network" the same with its mean squared error v as the variance, "sharp" the chapter's
    second VAE (3 epochs, the weight for v). The last two rows have equal epochs (3): the first VAE
    with its own mean squared error, and one with a learned variance. What K = 100 adds to K = 1
    bounds from below how far the ELBO is from log p(x).
    """
    vae, logs = trained(images, "vae", 42, epochs=12)
    v = logs["mse"]
    sharp, _ = trained(images, "vae", 42, weight=2 * v / 784)
    short, short_logs = trained(images, "vae", 0)
    learned, learned_logs = trained(images, "learned", 0)
    cases = {
        "half": (vae, 0.5),
        "same_network": (vae, v),
        "sharp": (sharp, v),
        "short_same_network": (short, short_logs["mse"]),
        "short_learned": (learned, learned_logs["mse"]),
    }
    rows = []
    for name, (model, variance) in cases.items():
        weights = log_weights(model, variance, images.x_valid[:1000], k_max)
        row = {"variance": name, "value": variance}
        for k in (1, 10, k_max):
            groups = weights.reshape(k_max // k, k, -1)
            row[f"k{k}"] = np.mean(logsumexp(groups, axis=1) - np.log(k))
        rows.append({**row, "gap": row[f"k{k_max}"] - row["k1"]})
    _, same, sharp_row, before, after = rows
    gains = {f"sharp_gain_at_k{k}": sharp_row[f"k{k}"] - same[f"k{k}"] for k in (1, 10, k_max)}
    gains |= {f"gain_at_k{k}": after[f"k{k}"] - before[f"k{k}"] for k in (1, 10, k_max)}
    return {"rows": rows, **gains}


def score_function(images, n=1_000_000):
    """Two estimators of the gradient of E[z^2] with respect to mu, for z from N(1.5, 0.5^2).

    The right value is 3. The variances are those of a single draw; the exact ratio for these
    numbers is 55.5.
    """
    epsilon = np.random.default_rng(42).standard_normal(n)
    z = 1.5 + 0.5 * epsilon
    reparametrized, score = 2 * z, z**2 * (z - 1.5) / 0.5**2
    return {
        "reparametrized_mean": reparametrized.mean(),
        "score_function_mean": score.mean(),
        "reparametrized_variance": reparametrized.var(),
        "score_function_variance": score.var(),
        "variance_ratio": score.var() / reparametrized.var(),
    }


# --- Posterior collapse --------------------------------------------------------------------------


def build_row_decoder(latent_dim):
    """Decoder for [image, z] that draws each row from z and from the five rows above it."""
    image, z = keras.Input((28, 28, 1)), keras.Input((latent_dim,))
    rows = layers.Reshape((28, 28))(image)
    above = layers.Cropping1D((0, 1))(layers.ZeroPadding1D((1, 0))(rows))  # one row further down
    hidden = layers.Conv1D(64, 3, padding="causal", activation="gelu")(above)
    hidden = layers.Concatenate()([hidden, layers.RepeatVector(28)(z)])
    hidden = layers.Conv1D(64, 3, padding="causal", activation="gelu")(hidden)
    hidden = layers.Dense(28, activation="sigmoid")(hidden)
    return keras.Model([image, z], layers.Reshape((28, 28, 1))(hidden))


def build_row_vae(weight):
    """A VAE with that decoder and the chapter's encoder, and its encoder and decoder."""
    code = lift.chapter("07")
    code["Sampling"] = gk.Sampling  # its weight can be changed during the training
    encoder = code["build_vae"]((28, 28, 1), 10, weight).get_layer("encoder")
    decoder = build_row_decoder(10)
    inputs = keras.Input((28, 28, 1))
    return keras.Model(inputs, decoder([inputs, encoder(inputs)[2]])), encoder, decoder


class KLWarmUp(keras.callbacks.Callback):
    """Raise the weight of the divergence from 0 to its own over some epochs."""

    def __init__(self, sampling, epochs):
        super().__init__()
        self.sampling, self.epochs = sampling, epochs

    def on_epoch_begin(self, epoch, logs=None):
        share = min(1, epoch / self.epochs)
        self.sampling.kl_weight.assign(share * self.sampling.initial_kl_weight)


def collapse(images, epochs=5):
    """A decoder that sees the rows above the one that it draws, and so can do without the code.

    12,000 images, two seeds. "rows" is that decoder, with the weight 1/784, the same after a
    warm-up of two epochs (Bowman et al., 2016), and with a learned variance; "dense" is the
    chapter's decoder with equal training. The second error is that with the code of another image:
    if it is no larger, the decoder ignores the code. Means of the seeds; the divergence is the
    greatest for the decoder of rows, the least for the dense one.
    """
    rows = []
    x, valid = images.x_train[:12_000], images.x_valid
    for name in ("dense_weight", "rows_weight", "rows_warm_up", "rows_learned"):
        nats, errors = [], []
        for seed in SEEDS[:2]:
            keras.utils.set_random_seed(seed)
            if name == "dense_weight":
                model = lift.chapter("07")["build_vae"](x.shape[1:], 10, WEIGHT)
                encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
            else:
                model, encoder, decoder = build_row_vae(WEIGHT)
            callbacks = []
            if name == "rows_warm_up":
                [sampling] = [one for one in encoder.layers if isinstance(one, gk.Sampling)]
                callbacks = [KLWarmUp(sampling, epochs // 2)]
            loss = log_mse if name == "rows_learned" else "mse"
            nats.append(fit(model, x, valid, epochs, loss, callbacks)["val_kl_nats"])
            z = np.asarray(encoder(valid)[2])
            codes = z, np.roll(z, 1, axis=0)
            inputs = codes if name == "dense_weight" else [[valid, one] for one in codes]
            rebuilt = [np.asarray(decoder(one)) for one in inputs]
            errors.append([np.mean((one - valid) ** 2) for one in rebuilt])
        own, other = np.mean(errors, axis=0)
        least = min if name == "dense_weight" else max
        rows.append({"model": name, "kl_nats": least(nats), "mse": own, "mse_other_code": other})
    return {"rows": rows}


QUESTIONS = {
    "seeds": seeds,
    "draws": draws,
    "bounds": bounds,
    "score_function": score_function,
    "collapse": collapse,
}
