"""Chapter 05's denoising autoencoder over seeds, the Wiener filter, and features for a classifier."""

import keras
import numpy as np
from keras import layers
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

from tools import lift

SEEDS = (0, 1, 2)


def seeds(images):
    """PSNR in dB of the chapter's denoiser and of the network that predicts the noise, and Wiener's.

    Three seeds each, with the chapter's training on all images. All are tested on the same noisy
    validation images, which the chapter uses, too. The gain is that of predicting the noise, with
    equal seeds.
    """
    code = lift.chapter("05")
    level, epochs = code["NOISE"], code["EPOCHS"]
    x, x_valid = images.x_train, images.x_valid
    noisy = code["add_noise"](x_valid, level, seed=2)
    pca = PCA(svd_solver="covariance_eigh").fit(x.reshape(len(x), -1))
    wiener_psnr = code["psnr"](x_valid, code["wiener_filter"](noisy, pca, level))
    rows = []
    for seed in SEEDS:
        row = {"seed": seed}
        for name, build in (("image", "build_denoiser"), ("noise", "build_noise_predictor")):
            keras.utils.set_random_seed(seed)
            model = code[build](x.shape[1:], layers.GaussianNoise(level))
            code["train"](model, x, x_valid, epochs)
            row[f"{name}_psnr"] = code["psnr"](x_valid, model.predict(noisy))
        rows.append({**row, "gain": row["noise_psnr"] - row["image_psnr"]})
    scores = [row["image_psnr"] for row in rows]
    gains = [row["gain"] for row in rows]
    return {
        "rows": rows,
        "image_smallest": min(scores),
        "image_largest": max(scores),
        "wiener_psnr": wiener_psnr,
        "gain_smallest": min(gains),
        "gain_largest": max(gains),
    }


def hidden_layer(code, x, x_valid, noise, epochs=2):
    """Train one hidden layer of 800 units to denoise; the encoder, untrained without epochs."""
    encoder = keras.Sequential([keras.Input(x.shape[1:]), layers.Dense(800, activation="relu")])
    decoder = layers.Dense(x.shape[1])
    if epochs:
        model = keras.Sequential([keras.Input(x.shape[1:]), noise, encoder, decoder])
        code["train"](model, x, x_valid, epochs)
    return encoder


def features(images):
    """Accuracy of a linear classifier, in %, on features of one and of two stacked hidden layers.

    Each layer learns to reconstruct what the layer below gives, with half of its inputs dropped
    (denoising), as it is (plain), or is not trained. The classifier gets 500 labeled images, and is
    scored on the validation images; means of three seeds, which also choose the labeled images.
    """
    code = lift.chapter("05")
    x, x_valid = (part.reshape(len(part), -1) for part in (images.x_train, images.x_valid))
    noises = {"denoising": lambda: layers.Dropout(0.5), "plain": layers.Identity}
    rows = []
    for seed in SEEDS:
        labeled = np.random.default_rng(seed).choice(len(x), 500, replace=False)

        def accuracy(train, valid, labeled=labeled):
            classifier = LogisticRegression(C=0.1, max_iter=500)
            classifier.fit(train[labeled], images.y_train[labeled])
            return 100 * classifier.score(valid, images.y_valid)

        row = {"seed": seed, "pixels": accuracy(x, x_valid)}
        for kind in ("denoising", "plain", "untrained"):
            keras.utils.set_random_seed(seed)
            below, below_valid = x, x_valid
            for number in (1, 2):
                noise = noises.get(kind, layers.Identity)()
                epochs = 0 if kind == "untrained" else 2
                encoder = hidden_layer(code, below, below_valid, noise, epochs)
                below = encoder.predict(below, batch_size=1000)
                below_valid = encoder.predict(below_valid, batch_size=1000)
                row[f"{kind}_{number}"] = accuracy(below, below_valid)
        rows.append(row)
    means = {name: np.mean([row[name] for row in rows]) for name in rows[0] if name != "seed"}
    return {"rows": rows, **means}


QUESTIONS = {"seeds": seeds, "features": features}
