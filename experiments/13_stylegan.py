"""Chapter 13's generator after the longer training: what its codes tell, and mixed styles."""

import genkeras as gk
import keras
import numpy as np
from sklearn.linear_model import RidgeCV

from tools import lift

N = 3000  # images
LEVELS = {"coarse": [0, 1], "middle": [2], "fine": [3, 4]}  # layers, as in the chapter


def sample_of(code):
    """Generator, z, w, noise maps and images of the pretrained generator."""
    sizes = code["LATENT_DIM"], code["W_DIM"], code["RESOLUTIONS"], code["FILTERS"]
    generator = gk.load_pretrained("13_stylegan", code["build_generator"](*sizes))
    z = np.random.default_rng(0).standard_normal((N, code["LATENT_DIM"]), dtype="float32")
    noises = code["noise_maps"](N, [noise.shape[1] for noise in generator.inputs[1:]], seed=2)
    w = np.float32(generator.get_layer("mapping")(z))
    return generator, z, w, noises, code["draw"](generator, [z, *noises])


def linear(images):
    """How much of an attribute a linear model of the code explains (R2): of z, and of w.

    The attributes are the mean of all pixels, and the classifier's probability of a pullover or
    a coat among those and T-shirts, for the images in which it sees one of the three. z is divided
    by its length, as the mapping network does. Ridge regression on one half of 3,000 images,
    measured on the other one; `untrained` is w of a mapping network that was never trained.
    """
    code = lift.chapter("13")
    _, z, w, _, sample = sample_of(code)
    keras.utils.set_random_seed(0)
    mapping = code["build_mapping"](code["LATENT_DIM"], code["W_DIM"])
    unit = z / np.linalg.norm(z, axis=1, keepdims=True)
    codes = {"z": unit, "untrained": np.float32(mapping(z)), "w": w}
    verdicts = gk.classify(sample)[1]
    top = verdicts[:, [0, 2, 4]].sum(axis=1)
    sleeves = verdicts[:, [2, 4]].sum(axis=1) / np.maximum(top, 1e-6)
    attributes = {
        "brightness": (sample.mean(axis=(1, 2, 3)), np.full(N, True)),
        "sleeves": (sleeves, top > 0.5),
    }
    rows = []
    for attribute, (values, used) in attributes.items():
        row = {"variant": attribute}
        for name, x in codes.items():
            x_fit, x_test = np.array_split(x[used], 2)
            y_fit, y_test = np.array_split(values[used], 2)
            ridge = RidgeCV(np.logspace(-3, 3, 7)).fit(x_fit, y_fit)
            row[name] = float(ridge.score(x_test, y_test))
        rows.append(row)
    return {"rows": rows}


def mixed(images):
    """Which class the classifier sees in mixed styles, in % of the pairs.

    All codes are pulled towards their mean with psi = 0.7, as in the chapter.
    Pairs of images in whose class the classifier is 95 % sure, of two different classes: T-shirts
    with the styles of pullovers, pullovers with those of T-shirts, the three kinds of shoes, all
    classes. The second code enters at the layers of one level; `neither` is the share in which the
    classifier sees a third class.
    """
    code = lift.chapter("13")
    generator, _, w, noises, _ = sample_of(code)
    synthesis = generator.get_layer("synthesis")
    w = w.mean(axis=0) + 0.7 * (w - w.mean(axis=0))
    everywhere = np.repeat(w[:, None], len(noises), axis=1)
    verdicts = gk.classify(code["draw"](synthesis, [everywhere, *noises]))[1]
    kinds = verdicts.argmax(axis=1)
    rng = np.random.default_rng(1)
    rows = []
    shoes, every = [5, 7, 9], range(10)
    families = {"shirt": ([0], [2]), "pullover": ([2], [0]), "shoes": (shoes, shoes)}
    for family, sides in (families | {"all": (every, every)}).items():
        sure = [(verdicts.max(axis=1) > 0.95) & np.isin(kinds, classes) for classes in sides]
        first, second = (rng.choice(np.flatnonzero(side), 1000) for side in sure)
        differ = kinds[first] != kinds[second]
        first, second = first[differ], second[differ]
        for level, changed in LEVELS.items():
            pictures = code["draw_mixed"](synthesis, w, noises, first, second, changed)
            verdict = gk.classify(pictures)[1].argmax(axis=1)
            shares = [100 * float(np.mean(verdict == kinds[one])) for one in (first, second)]
            row = {"variant": f"{family}_{level}", "pairs": len(first)}
            row |= dict(zip(("first", "second"), shares, strict=True))
            rows.append({**row, "neither": 100 - sum(shares)})
    return {"rows": rows}


QUESTIONS = {"linear": linear, "mixed": mixed}
