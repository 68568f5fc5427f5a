"""Chapter 14's translators without parts of their loss, and outlines that are filled."""

import keras
import numpy as np
from scipy import ndimage

from tools import lift

SEEDS = (0, 1)
STEPS = 500
PARTS = {"complete": (1, 1), "cycle_only": (1, 0), "identity_only": (0, 1), "neither": (0, 0)}


def trained(code, a, b, steps, seed, factors=(1, 1)):
    """The chapter's CycleGAN after some steps; the factors change the weights of its loss."""
    keras.utils.set_random_seed(seed)
    gan = code["build_cyclegan"](a.shape[1:], code["FILTERS"], code["BLOCKS"])
    optimizers = [code["adam"](code["RATE"], steps) for _ in range(2)]
    weights = factors[0] * code["CYCLE_WEIGHT"], factors[1] * code["IDENTITY_WEIGHT"]
    gan.compile(*optimizers, *weights, steps_per_execution=10, jit_compile=False)
    batches = code["unpaired"](a, b, code["BATCH_SIZE"]).repeat().take(steps)
    gan.fit(batches, shuffle=False, verbose=0)
    return gan


def parts(images):
    """What the cycle loss and the identity loss do, with 500 steps each.

    The chapter's networks and weights, with T-shirts and pullovers, with two seeds: the complete
    loss, without the identity loss, without the cycle loss, and without both. On test images: the
    share in % that the classifier takes for the other class, the mean absolute change of the body,
    and the error of the way back; the last two are means of both directions. Random pairs of a
    T-shirt and a pullover have a body change of `random_body`.
    """
    code = lift.chapter("14")
    tshirt, pullover = [images.class_names.index(name) for name in ("T-shirt/top", "Pullover")]
    a, b = [images.x_train[images.y_train == kind] for kind in (tshirt, pullover)]
    x, y = [images.x_test[images.y_test == kind] for kind in (tshirt, pullover)]
    error, body, rows, summary = code["mean_error"], code["body"], [], {}
    for name, factors in PARTS.items():
        for seed in SEEDS:
            gan = trained(code, a, b, STEPS, seed, factors)
            to_b, to_a = np.float32(gan.g(x)), np.float32(gan.f(y))
            body_change = error(body(to_b), body(x)) + error(body(to_a), body(y))
            cycle = error(np.float32(gan.f(to_b)), x) + error(np.float32(gan.g(to_a)), y)
            row = {
                "variant": f"{name}_{seed}",
                "to_pullover": code["share"](to_b, pullover),
                "to_tshirt": code["share"](to_a, tshirt),
                "body": float(body_change / 2),
                "cycle": float(cycle / 2),
            }
            rows.append(row)
            print(row, flush=True)
        for key in ("to_pullover", "to_tshirt", "body", "cycle"):
            summary[f"{name}_{key}"] = float(np.mean([row[key] for row in rows[-len(SEEDS) :]]))
    n = min(len(x), len(y))
    return {"rows": rows, **summary, "random_body": float(error(body(x[:n]), body(y[:n])))}


def inside(outlines):
    """Which pixels outlines (n, h, w, 1) enclose."""
    enclosed = [ndimage.binary_fill_holes(image[..., 0] > 0.2) for image in outlines]
    return np.stack([ndimage.binary_erosion(image) for image in enclosed])[..., np.newaxis]


def outlines(images):
    """Outlines that are filled with one gray, the median of what those of training images enclose.

    The mean absolute error on the chapter's 1,000 test images, beside that of the median garment.
    """
    outline, error = lift.chapter("14")["outline"], lift.chapter("14")["mean_error"]
    x_fit, x = images.x_train[:6400], images.x_test[:1000]
    gray = float(np.median(x_fit[inside(outline(x_fit))]))
    filled = float(error(gray * inside(outline(x)), x))
    return {"gray": gray, "filled": filled, "median": float(error(np.median(x_fit, axis=0), x))}


QUESTIONS = {"parts": parts, "outlines": outlines}
