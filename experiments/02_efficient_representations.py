"""Chapter 02's autoencoders: seeds, and the plane of two codes.

The models are the chapter's, trained as there. Errors are those of validation images.
"""

import keras
import numpy as np
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier

from tools import lift

SEEDS = (0, 1, 2)
EPOCHS, BATCH_SIZE = 5, 128  # as in the chapter


def trained(images, latent_dim, seed):
    """The chapter's autoencoder for garments, with a seed."""
    keras.utils.set_random_seed(seed)
    model = lift.chapter("02")["build_autoencoder"](images.x_train.shape[1:], latent_dim)
    model.compile(loss="mse", optimizer="adam")
    model.fit(images.x_train, images.x_train, batch_size=BATCH_SIZE, epochs=EPOCHS, verbose=0)
    return model


def seeds(images):
    """The chapter's autoencoder with a code of 30 numbers, trained with three seeds.

    Its squared error on garments and on scrambled garments, and below the table the means.
    """
    x_scrambled = lift.chapter("02")["scramble"](images.x_valid, 2)
    rows = []
    for seed in SEEDS:
        model = trained(images, 30, seed)
        mse = model.evaluate(images.x_valid, images.x_valid, verbose=0)
        scrambled = model.evaluate(x_scrambled, x_scrambled, verbose=0)
        rows.append({"seed": seed, "mse": mse, "scrambled": scrambled})
    return {"rows": rows} | {
        key: np.mean([row[key] for row in rows]) for key in ("mse", "scrambled")
    }


def plane(images):
    """Classes guessed from the 15 nearest neighbors in a plane, in percent of the garments.

    One half of the validation garments is guessed from the other. The plane is that of two codes
    of the chapter's autoencoder, of two principal components, or of two codes without training.
    """
    half = len(images.x_valid) // 2
    pixels = images.x_train.reshape(len(images.x_train), -1)

    def accuracy(codes):
        neighbors = KNeighborsClassifier(15).fit(codes[:half], images.y_valid[:half])
        return 100 * neighbors.score(codes[half:], images.y_valid[half:])

    build = lift.chapter("02")["build_autoencoder"]
    rows = []
    for seed in SEEDS[:2]:
        encoder = trained(images, 2, seed).layers[0]
        keras.utils.set_random_seed(seed)
        untrained = build(images.x_train.shape[1:], 2).layers[0]
        row = {"seed": seed, "autoencoder": accuracy(encoder.predict(images.x_valid, verbose=0))}
        rows.append(row | {"untrained": accuracy(untrained.predict(images.x_valid, verbose=0))})
    codes = PCA(2).fit(pixels).transform(images.x_valid.reshape(len(images.x_valid), -1))
    means = {name: np.mean([row[name] for row in rows]) for name in ("autoencoder", "untrained")}
    return {"rows": rows, **means, "pca": accuracy(codes)}


QUESTIONS = {
    "seeds": seeds,
    "plane": plane,
}
