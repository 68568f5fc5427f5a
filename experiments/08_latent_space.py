"""Chapter 08's beta-VAE over seeds: the mutual information gap, and what the codes know of shape."""

import keras
import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from tools import lift

SEEDS = (0, 1, 2)
WEIGHTS = (1, 8)


def mig(images):
    """The mutual information gap for two weights of the divergence, three seeds each.

    Models, sprites and training are the chapter's. Shape is the percentage of one half of the
    sprites for which the twenty nearest codes of the other half tell the shape, with all latents
    and samples of the encoder; shape_pixels is the same with the twenty nearest sprites, and
    shape_always that of the most frequent shape. The images are not used.
    """
    code = lift.chapter("08")
    sprites, factors = code["make_sprites"](code["SPRITE_LEVELS"])
    shapes = factors[:, 0]
    known, new = np.array_split(np.random.default_rng(4).permutation(len(sprites)), 2)

    def found(z):
        neighbors = KNeighborsClassifier(20).fit(z[known], shapes[known])
        return 100 * neighbors.score(z[new], shapes[new])

    rows = []
    for seed in SEEDS:
        for weight in WEIGHTS:
            keras.utils.set_random_seed(seed)
            model, encoder, _ = code["build_vae"](sprites.shape[1:], 8, weight)
            code["train"](model, sprites, code["SPRITE_EPOCHS"])
            z = np.float32(encoder(sprites)[2])
            score = code["mutual_information_gap"](code["information_shares"](z, factors))
            rows.append({"seed": seed, "weight": weight, "mig": score, "shape": found(z)})
    answer = {"rows": rows}
    for weight in WEIGHTS:
        chosen = [row for row in rows if row["weight"] == weight]
        answer[f"lowest_{weight}"] = min(row["mig"] for row in chosen)
        answer[f"shape_{weight}"] = np.mean([row["shape"] for row in chosen])
    answer["shape_pixels"] = found(sprites.reshape(len(sprites), -1))
    return {**answer, "shape_always": 100 * np.bincount(shapes[new]).max() / len(new)}


QUESTIONS = {"mig": mig}
