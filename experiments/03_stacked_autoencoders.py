"""Chapter 03's autoencoders: depth at equal size, layer by layer, and pretraining with few labels.

All models are the chapter's. Errors and accuracies are those of validation images.
"""

import keras
import numpy as np

from tools import lift

SEEDS = (0, 1, 2)
LABELS = (100, 500, 2000)
DRAWS = 9  # of labeled images


def depth(images):
    """One or two hidden layers on each side, with equally many parameters, three epochs.

    Codes of 2 and 30 numbers, three seeds each. The change is the error with two layers against that
    with one, in percent, with equal seeds: the mean, the lowest and the highest.
    """
    code = lift.chapter("03")
    shape = images.x_train.shape[1:]
    rows = []
    for latent_dim, two_layers in ((2, [337, 150]), (30, [344, 150])):
        row, errors = {"code": f"code_{latent_dim}"}, {}
        for name, hidden_units in {"one": [400], "two": two_layers}.items():
            errors[name] = []
            for seed in SEEDS:
                keras.utils.set_random_seed(seed)
                model = code["build_autoencoder"](shape, hidden_units, latent_dim)
                history = code["train"](model, images.x_train, images.x_valid, epochs=3)
                errors[name].append(history["val_loss"][-1])
            row[f"{name}_parameters"] = model.count_params()
            row[f"{name}_mse"] = np.mean(errors[name])
        changes = 100 * (np.divide(errors["two"], errors["one"]) - 1)
        row |= {"change": changes.mean(), "lowest": changes.min(), "highest": changes.max()}
        rows.append(row)
    return {"rows": rows}


def layer_by_layer(images):
    """The chapter's network, its two autoencoders trained one at a time, against all at once.

    First autoencoder, second and whole have two, two and four epochs. The first two together have
    the layers of the whole, each once, so that six epochs at once are as much work. Three seeds,
    on all images and on 6,000.
    """
    code = lift.chapter("03")
    shape, x_valid = images.x_train.shape[1:], images.x_valid
    rows = []
    for n in (6000, len(images.x_train)):
        x_train = images.x_train[:n]
        greedy_errors, joint_errors = [], []
        for seed in SEEDS:
            keras.utils.set_random_seed(seed)
            whole = code["build_autoencoder"](shape, [400], 30)
            flatten, encoder_1, encoder_2 = whole.layers[0].layers
            decoder_2, decoder_1, reshape = whole.layers[1].layers
            to_hidden = keras.Sequential([keras.Input(shape), flatten, encoder_1])
            first = keras.Sequential([*to_hidden.layers, decoder_1, reshape])
            code["train"](first, x_train, x_valid, 2)
            hidden_train, hidden_valid = (to_hidden.predict(x) for x in (x_train, x_valid))
            second = keras.Sequential([keras.Input((400,)), encoder_2, decoder_2])
            code["train"](second, hidden_train, hidden_valid, 2)
            greedy_errors.append(code["train"](whole, x_train, x_valid, 4)["val_loss"][-1])
            keras.utils.set_random_seed(seed)
            joint = code["build_autoencoder"](shape, [400], 30)
            joint_errors.append(code["train"](joint, x_train, x_valid, 6)["val_loss"][-1])
        means = {"layer_by_layer": np.mean(greedy_errors), "at_once": np.mean(joint_errors)}
        seeds = {"by_seed": greedy_errors, "at_once_by_seed": joint_errors}
        rows.append({"images": "few" if n == 6000 else "all", **means, **seeds})
    return {"rows": rows}


def pretraining(images):
    """What the layers of an autoencoder are worth for a classifier with few labels.

    Three autoencoders, trained for six epochs on all images; three draws of labeled images for each,
    nine in all. The lower part is the first layer ("layer") or the whole encoder ("encoder"), from
    scratch, frozen, or fine-tuned; "random_frozen" is a first layer that is neither pretrained nor
    trained. Each classifier makes 300 steps; "long" ones make 1,500. The gain is the accuracy minus
    that from scratch with equal draws and steps; its error is the standard error of the mean.
    """
    code = lift.chapter("03")
    shape, n_images = images.x_train.shape[1:], len(images.x_train)
    ways = {  # the pretrained part, and the chapter's name of the way
        "layer_scratch": ("layer", "from scratch"),
        "layer_frozen": ("layer", "frozen"),
        "layer_tuned": ("layer", "fine-tuned"),
        "encoder_tuned": ("encoder", "fine-tuned"),
        "random_frozen": ("layer", "random, frozen"),
    }
    cases = [(n, 300, "", ways) for n in LABELS]
    long_ways = {way: ways[way] for way in ("layer_scratch", "layer_tuned")}
    cases.append((LABELS[-1], 1500, "_long", long_ways))
    accuracies = {}
    for draw in range(DRAWS):
        if draw % 3 == 0:
            keras.utils.set_random_seed(draw)
            autoencoder = code["build_autoencoder"](shape, [400], 30)
            code["train"](autoencoder, images.x_train, images.x_valid, epochs=6)
            encoder = autoencoder.layers[0]
            layer = keras.Sequential([keras.Input(shape), *encoder.layers[:2]])
            parts = {"encoder": encoder, "layer": layer}
        for n, steps, suffix, case_ways in cases:
            rng = np.random.default_rng(100 + draw)
            labeled = rng.choice(n_images, n, replace=False)
            drawn = rng.choice(labeled, steps * 32)
            x, y = images.x_train[drawn], images.y_train[drawn]
            for name, (part, way) in case_ways.items():
                keras.utils.set_random_seed(draw)
                if way == "random, frozen":
                    lower = code["copy_layers"](parts[part], "from scratch")
                    lower.trainable = False
                else:
                    lower = code["copy_layers"](parts[part], way)
                classifier = code["train_classifier"](lower, x, y, 10)
                score = classifier.evaluate(images.x_valid, images.y_valid)[1]
                accuracies.setdefault((name, n, suffix), []).append(100 * score)
    rows = []
    for (name, n, suffix), values in accuracies.items():
        gains = np.subtract(values, accuracies["layer_scratch", n, suffix])
        error = gains.std(ddof=1) / DRAWS**0.5
        row = {"case": f"{name}_{n}{suffix}", "accuracy": np.mean(values)}
        rows.append({**row, "gain": gains.mean(), "error": error})
    return {"rows": rows}


QUESTIONS = {
    "depth": depth,
    "layer_by_layer": layer_by_layer,
    "pretraining": pretraining,
}
