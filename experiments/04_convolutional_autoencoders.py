"""Chapter 04's convolutional autoencoder: dense layers, random filters, layer by layer.

All errors are mean squared errors of validation images.
"""

import time

import genkeras as gk
import keras
import numpy as np

from experiments.common import multiply_adds
from tools import lift

CODE = 30


def fit(model, x, valid, epochs):
    """Train a model as the chapter does; returns its validation error."""
    rate = gk.warmup_cosine(4e-3, epochs * len(x) // 128)
    model.compile(loss="mse", optimizer=keras.optimizers.Nadam(rate), steps_per_execution=10)
    data = {"batch_size": 128, "validation_data": (valid, valid), "verbose": 0}
    return model.fit(x, x, epochs=epochs, **data).history["val_loss"][-1]


def against_dense(images, seeds=(0, 1, 2), epochs=5):
    """The chapter's convolutional and dense autoencoders, with its training on all images.

    Multiplications are those of a forward pass for one image, seconds those of a training on one
    core. The gap is that between the errors of one seed, its smallest.
    """
    four = lift.chapter("04")
    shape = images.x_train.shape[1:]
    rows = []
    for name in ("convolutional", "dense"):
        errors, seconds = [], []
        for seed in seeds:
            keras.utils.set_random_seed(seed)
            if name == "dense":
                model = four["build_dense"](shape, 149, CODE)
            else:
                encoder = four["build_encoder"](shape, CODE)
                model = keras.Sequential([encoder, four["build_decoder"](shape, CODE)])
            start = time.perf_counter()
            errors.append(fit(model, images.x_train, images.x_valid, epochs))
            seconds.append(time.perf_counter() - start)
        multiplications = sum(multiply_adds(model))
        row = {"model": name, "mse": np.mean(errors), "by_seed": errors}
        row |= {"multiplications": multiplications, "seconds": np.mean(seconds)}
        rows.append(row)
    convolutional, dense = rows
    return {
        "rows": rows,
        "smallest_gap": min(np.subtract(dense["by_seed"], convolutional["by_seed"])),
        "work_ratio": convolutional["multiplications"] / dense["multiplications"],
    }


def random_filters(images, seeds=(0, 1, 2), epochs=5):
    """The chapter's autoencoder, trained on all images, with random convolutions in the encoder.

    Both keep their first weights; the code layer and the decoder are trained as in the chapter.
    """
    four = lift.chapter("04")
    shape = images.x_train.shape[1:]
    errors = []
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        encoder, decoder = four["build_encoder"](shape, CODE), four["build_decoder"](shape, CODE)
        for layer in encoder.layers[:2]:
            layer.trainable = False
        model = keras.Sequential([encoder, decoder])
        errors.append(fit(model, images.x_train, images.x_valid, epochs))
    return {"rows": [{"model": "random", "mse": np.mean(errors), "by_seed": errors}]}


def layer_by_layer(images, n=6000, epochs=4):
    """Three levels, each trained to copy its input, then together, against all at once.

    Each level has two epochs on 6,000 images, and the whole four. The levels together have the
    layers of the whole, each once, so that six epochs from scratch are as much work. Two seeds.
    """
    four = lift.chapter("04")
    x, valid, shape = images.x_train[:n], images.x_valid, images.x_train.shape[1:]
    rows = []
    for seed in (0, 1):
        keras.utils.set_random_seed(seed)
        encoder, decoder = four["build_encoder"](shape, CODE), four["build_decoder"](shape, CODE)
        low, high, flatten, code = encoder.layers
        expand, reshape, up, up_to_pixels = decoder.layers
        inputs, valid_inputs = x, valid
        levels = ([low], [up_to_pixels]), ([high], [up]), ([flatten, code], [expand, reshape])
        for down, back in levels:
            level_encoder = keras.Sequential([keras.Input(inputs.shape[1:]), *down])
            level = keras.Sequential([level_encoder, *back])
            fit(level, inputs, valid_inputs, 2)
            inputs, valid_inputs = (
                level_encoder.predict(one, verbose=0) for one in (inputs, valid_inputs)
            )
        whole = keras.Sequential([encoder, decoder])
        levels_mse = fit(whole, x, valid, epochs)
        keras.utils.set_random_seed(seed)
        encoder, decoder = four["build_encoder"](shape, CODE), four["build_decoder"](shape, CODE)
        at_once = keras.Sequential([encoder, decoder])
        at_once_mse = fit(at_once, x, valid, epochs + 2)
        rows.append({"seed": seed, "layer_by_layer": levels_mse, "at_once": at_once_mse})
    means = {name: np.mean([row[name] for row in rows]) for name in ("layer_by_layer", "at_once")}
    return {"rows": rows, **means}


QUESTIONS = {
    "against_dense": against_dense,
    "random_filters": random_filters,
    "layer_by_layer": layer_by_layer,
}
