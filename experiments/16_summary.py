"""The generators of all chapters, scored in one way, and the gallery of chapter 16."""

import runpy
import warnings

import genkeras as gk
import keras
import matplotlib
import numpy as np

from experiments.common import SCORED
from tools import assets, lift

GALLERY = "16_gallery.npz"
CLASSES = np.arange(SCORED) % 10  # what models that know classes are asked for
SHOWN, QUIZZES = 10, 4  # images of each model; sets of ten real and ten drawn ones for the quiz


def noise(size, seed=1):
    return np.random.default_rng(seed).standard_normal((SCORED, size)).astype("float32")


def variables_of(number):
    """The variables of a chapter's script after its whole run."""
    matplotlib.use("agg")
    keras.backend.clear_session()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "FigureCanvasAgg")  # which shows no figures
        found = runpy.run_path(str(lift.find(number)))
    matplotlib.pyplot.close("all")
    return found


# --- Three networks that the chapters train in minutes -------------------------------------------


def vae():
    seven = variables_of("07")
    return np.asarray(seven["vae"].get_layer("decoder")(noise(seven["LATENT_DIM"])))


def gan():
    ten = variables_of("10")
    return np.asarray(ten["gan"].generator(noise(ten["LATENT_DIM"])))


def progressive_gan():
    twelve = variables_of("12")
    return twelve["draw"](twelve["gan"].average, noise(twelve["LATENT_DIM"]))[:, 2:-2, 2:-2]


# --- Three networks with the weights of the package ----------------------------------------------


def conditional_dcgan(seed=1):
    eleven = lift.chapter("11")
    generator = eleven["build_generator"](eleven["LATENT_DIM"] + 10)
    gk.load_pretrained("11_dcgan", generator)
    one_hot = np.eye(10, dtype="float32")[CLASSES]
    z = noise(eleven["LATENT_DIM"], seed)
    return np.asarray(generator(np.concatenate([z, one_hot], axis=1)))


def stylegan(seed=1):
    thirteen = lift.chapter("13")
    sizes = [thirteen[name] for name in ("LATENT_DIM", "W_DIM", "RESOLUTIONS", "FILTERS")]
    generator = gk.load_pretrained("13_stylegan", thirteen["build_generator"](*sizes))
    maps = [single.shape[1] for single in generator.inputs[1:]]
    inputs = [noise(sizes[0], seed), *thirteen["noise_maps"](SCORED, maps, seed=2)]
    return thirteen["draw"](generator, inputs)


def diffusion():
    fifteen = lift.chapter("15")
    network = gk.load_pretrained("15_diffusion", fifteen["build_unet"]())
    velocity = fifteen["guided_velocity"](network, CLASSES, 1.25)
    rngs = [np.random.default_rng((0, first)) for first in range(0, SCORED, 500)]
    start = np.concatenate([rng.standard_normal((500, 28, 28, 1)) for rng in rngs])[:SCORED]
    return fifteen["to_pixels"](fifteen["heun"](velocity, start, np.linspace(1, 0, 6)))


DRAWN_BY = {
    "vae": ("07", vae),
    "gan": ("10", gan),
    "progressive_gan": ("12", progressive_gan),
    "conditional_dcgan": ("11", conditional_dcgan),
    "stylegan": ("13", stylegan),
    "diffusion": ("15", diffusion),
}


def generators(images, folder=assets.ASSETS):
    """Fréchet distance, precision and recall of 3,000 images of each model, beside test images.

    The networks of chapters 07, 10 and 12 are those that the chapter trains, with its seed; those
    of 11, 13 and 15 have the weights of the package. Conditional models draw each class equally
    often, diffusion with 5 steps of Heun's method and guidance. `real` are other test images. The
    first ten images of each model, of real ones the first of each class, are the gallery of
    chapter 16, together with images of known classes for its quiz.
    """
    reference, others = np.split(images.x_test[: 2 * SCORED], 2)
    features = gk.classify(reference)[0]
    labels = images.y_test[SCORED : 2 * SCORED]
    of_class = [np.flatnonzero(labels == label) for label in range(10)]
    real = np.concatenate([others[[places[i] for places in of_class]] for i in range(QUIZZES + 1)])

    gallery, rows = {"real": assets.pixels(real[:SHOWN])}, []
    for model, (chapter, draw) in {"real": ("", lambda: others), **DRAWN_BY}.items():
        drawn = np.clip(draw(), 0, 1)
        drawn_features = gk.classify(drawn)[0]
        distance = gk.frechet_distance(features, drawn_features)
        precision, recall = gk.precision_recall(features, drawn_features)
        rows.append({"model": model, "chapter": chapter, "distance": distance})
        rows[-1] |= {"precision": precision, "recall": recall}
        print(rows[-1], flush=True)
        gallery.setdefault(model, assets.pixels(drawn[:SHOWN]))
    gallery["scores"] = [[row[key] for key in ("distance", "precision", "recall")] for row in rows]
    gallery["quiz_real"] = assets.pixels(real[SHOWN:])
    gallery["quiz_drawn"] = assets.pixels(drawn[SHOWN : SHOWN * (QUIZZES + 1)])  # by diffusion
    assets.store(GALLERY, assets.pack(**gallery), folder)
    return {"rows": rows}


def spread(images, seeds=(1, 2, 3, 4)):
    """Lowest and highest distance of two networks, when only the noise has other seeds."""
    features, rows = gk.classify(images.x_test[:SCORED])[0], []
    for draw in (conditional_dcgan, stylegan):
        drawn = [gk.classify(draw(seed))[0] for seed in seeds]
        found = [gk.frechet_distance(features, one) for one in drawn]
        rows.append({"model": draw.__name__, "lowest": min(found), "highest": max(found)})
    return {"rows": rows}


QUESTIONS = {"generators": generators, "spread": spread}
