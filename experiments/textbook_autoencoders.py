"""The textbook's autoencoders against ours.

For each model the classic recipe (architecture and settings of Hands-On Machine Learning,
chapter 17, written anew for Keras 3) and ours are trained from the same seeds, in one process.
"""

import dataclasses
import functools
import math
from collections.abc import Callable

import genkeras as gk
import keras
import numpy as np
from keras import layers

from experiments.common import Clock

# --- Models --------------------------------------------------------------------------------------


def dense_autoencoder(
    hidden,
    code_units=30,
    code_activation=None,
    code_bias=0.0,
    output_activation="sigmoid",
    before=(),
    after_code=(),
):
    """784-hidden-code-hidden-784; `before` are layers on the pixels, `after_code` on the code."""
    code = layers.Dense(
        code_units,
        activation=code_activation,
        bias_initializer=keras.initializers.Constant(code_bias),
    )
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            *before,
            layers.Dense(hidden, activation="relu"),
            code,
            *after_code,
            layers.Dense(hidden, activation="relu"),
            layers.Dense(784, activation=output_activation),
            layers.Reshape((28, 28, 1)),
        ]
    )


def classic_autoencoder(**changes):
    """The textbook's: 100 hidden units, ReLU on the code, linear output."""
    settings = {"hidden": 100, "code_activation": "relu", "output_activation": None}
    return dense_autoencoder(**settings | changes)


def our_autoencoder():
    return dense_autoencoder(hidden=400)


def tied_autoencoder(hidden, code_activation, output_activation):
    first = layers.Dense(hidden, activation="relu")
    second = layers.Dense(30, activation=code_activation)
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            first,
            second,
            gk.TransposedDense(second, activation="relu"),
            gk.TransposedDense(first, activation=output_activation),
            layers.Reshape((28, 28, 1)),
        ]
    )


def classic_sparse(penalty):
    return classic_autoencoder(code_units=300, code_activation="sigmoid", after_code=[penalty])


def our_sparse(penalty):
    """The codes start at 0.1 and reach the decoder as 10 z - 1."""
    return dense_autoencoder(
        hidden=400,
        code_units=300,
        code_activation="sigmoid",
        code_bias=math.log(0.1 / 0.9),
        after_code=[penalty, layers.Rescaling(10.0, offset=-1.0)],
    )


def classic_convolutional():
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(30, 3, padding="same", activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3 * 3 * 16),
            layers.Reshape((3, 3, 16)),
            layers.Conv2DTranspose(32, 3, strides=2, activation="relu"),
            layers.Conv2DTranspose(16, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(1, 3, strides=2, padding="same"),
        ]
    )


def our_convolutional():
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(64, 3, strides=2, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dense(30),
            layers.Dense(7 * 7 * 64, activation="relu"),
            layers.Reshape((7, 7, 64)),
            layers.Conv2DTranspose(32, 4, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="sigmoid"),
        ]
    )


def classic_recurrent():
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Reshape((28, 28)),
            layers.LSTM(100, return_sequences=True),
            layers.LSTM(30),
            layers.RepeatVector(28),
            layers.LSTM(100, return_sequences=True),
            layers.Dense(28),
            layers.Reshape((28, 28, 1)),
        ]
    )


def our_recurrent(units=64):
    image = keras.Input((28, 28, 1))
    rows = layers.Reshape((28, 28))(image)
    states = layers.SimpleRNN(units, return_sequences=True, unroll=True)(rows)
    hidden = layers.Dense(400, activation="relu")(layers.Flatten()(states))
    code = layers.Dense(30)(hidden)
    hidden = layers.Dense(400, activation="relu")(code)
    plan = layers.Reshape((28, units))(layers.Dense(28 * units)(hidden))
    states = layers.SimpleRNN(units, return_sequences=True, unroll=True)(plan)
    rows = layers.Dense(28, activation="sigmoid")(layers.Concatenate()([states, plan]))
    return keras.Model(image, layers.Reshape((28, 28, 1))(rows))


def variational_autoencoder(hidden, activation):
    """784-hidden-10-hidden-784 with a sampled code; the loss is MSE + KL / 784."""
    image = keras.Input((28, 28, 1))
    x = layers.Flatten()(image)
    for units in hidden:
        x = layers.Dense(units, activation=activation)(x)
    x = gk.Sampling(kl_weight=1 / 784)([layers.Dense(10)(x), layers.Dense(10)(x)])
    for units in reversed(hidden):
        x = layers.Dense(units, activation=activation)(x)
    pixels = layers.Dense(784, activation="sigmoid")(x)
    return keras.Model(image, layers.Reshape((28, 28, 1))(pixels))


# --- Recipes -------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """A classic model and ours, with the settings of both trainings."""

    classic: Callable
    ours: Callable  # those of chapters 03 to 07
    classic_epochs: int = 10
    classic_batch_size: int = 32
    epochs: int = 6
    batch_size: int = 256
    peak_rate: float = 4e-3
    jit_compile: bool = True  # for ours, by the rule: dense models on, all others off
    metric: str = "val_mse"
    seeds: tuple = (0,)


SPATIAL = {"batch_size": 128, "peak_rate": 3e-3, "jit_compile": False}
SPARSE = {"batch_size": 128, "peak_rate": 2e-3}
RECIPES = {
    "stacked": Recipe(
        classic=classic_autoencoder, ours=our_autoencoder, classic_epochs=20, seeds=(0, 1, 2)
    ),
    "tied": Recipe(
        classic=lambda: tied_autoencoder(100, code_activation="relu", output_activation=None),
        ours=lambda: tied_autoencoder(400, code_activation=None, output_activation="sigmoid"),
        seeds=(0, 1, 2),
    ),
    "conv": Recipe(classic=classic_convolutional, ours=our_convolutional, epochs=5, **SPATIAL),
    "recurrent": Recipe(classic=classic_recurrent, ours=our_recurrent, epochs=3, **SPATIAL),
    "dropout": Recipe(
        classic=lambda: classic_autoencoder(before=[layers.Dropout(0.5)]),
        ours=lambda: dense_autoencoder(hidden=400, before=[layers.Dropout(0.5)]),
        epochs=8,
        jit_compile=False,
    ),
    "l1": Recipe(
        classic=lambda: classic_sparse(layers.ActivityRegularization(l1=1e-4)),
        ours=lambda: our_sparse(layers.ActivityRegularization(l1=1e-4)),
        **SPARSE,
    ),
    "kl": Recipe(
        # Keras divides the penalty of an activity regularizer by the batch size; our layer does not.
        classic=lambda: classic_sparse(gk.KLDivergenceActivityRegularization(0.1, 5e-3 / 32)),
        ours=lambda: our_sparse(gk.KLDivergenceActivityRegularization(0.1, 5e-3)),
        **SPARSE,
    ),
    "vae": Recipe(
        classic=lambda: variational_autoencoder(hidden=(150, 100), activation="selu"),
        ours=lambda: variational_autoencoder(hidden=(256, 128), activation="gelu"),
        classic_epochs=25,
        classic_batch_size=128,
        epochs=8,
        batch_size=128,
        metric="val_loss",
    ),
}


def warmup_cosine(images, *, peak_rate, epochs, batch_size):
    """The learning rates that all chapters share."""
    return gk.warmup_cosine(peak_rate, epochs * math.ceil(len(images.x_train) / batch_size))


def train(model, images, *, epochs, batch_size, rate, metric="val_mse", **options):
    """Fit; return the seconds since the start at the end of each epoch, and the metric there.

    The options are those of `compile`. The clock starts before the training function is built,
    since a reader waits for that, too.
    """
    clock = Clock()
    model.compile(
        loss="mse",
        metrics=["mse"],  # the loss holds penalties, too
        optimizer=keras.optimizers.Nadam(rate),
        **options,
    )
    history = model.fit(
        images.x_train,
        images.x_train,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(images.x_valid, images.x_valid),
        callbacks=[clock],
        verbose=0,
    )
    return np.cumsum(clock.seconds), history.history[metric]


def train_both(recipe, images, seed):
    """The classic model and ours from one seed: their last errors, and their times."""
    keras.utils.set_random_seed(seed)
    classic_seconds, classic_errors = train(
        recipe.classic(),
        images,
        epochs=recipe.classic_epochs,
        batch_size=recipe.classic_batch_size,
        rate=1e-3,
        metric=recipe.metric,
        jit_compile=False,
    )
    keras.utils.set_random_seed(seed)
    ours = {"epochs": recipe.epochs, "batch_size": recipe.batch_size}
    seconds, errors = train(
        recipe.ours(),
        images,
        **ours,
        rate=warmup_cosine(images, peak_rate=recipe.peak_rate, **ours),
        metric=recipe.metric,
        jit_compile=recipe.jit_compile,
        steps_per_execution=20,
    )
    reached = np.flatnonzero(np.array(errors) <= classic_errors[-1])
    needed = seconds[reached[0]] if len(reached) else math.inf
    return {
        "classic_mse": classic_errors[-1],
        "classic_seconds": classic_seconds[-1],
        "mse": errors[-1],
        "seconds": seconds[-1],
        "ratio": needed / classic_seconds[-1],
    }


def compare(name, images):
    """Validation MSE per pixel without penalties (for the VAE, the loss with its KL / 784).

    Means over the seeds. The ratio is the share of the classic recipe's time after which our error
    is as small as the classic recipe's last one.
    """
    recipe = RECIPES[name]
    runs = [train_both(recipe, images, seed) for seed in recipe.seeds]
    ratios = [run["ratio"] for run in runs]
    return {
        **{key: np.mean([run[key] for run in runs]) for key in runs[0]},
        "seeds": len(runs),
        "ratio_low": min(ratios),
        "ratio_high": max(ratios),
        "classic_mse_per_seed": [run["classic_mse"] for run in runs],
        "mse_per_seed": [run["mse"] for run in runs],
    }


QUESTIONS = {name: functools.partial(compare, name) for name in RECIPES}
