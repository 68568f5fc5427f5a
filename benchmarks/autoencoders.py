"""The textbook's autoencoders against ours, in one process on one machine: `make bench`.

For each model the classic recipe (architecture and settings of Hands-On Machine Learning,
chapter 17, written anew for Keras 3) and ours are trained from the same seeds. What counts is the
ratio of two times: ours until its validation error is as good as the classic recipe's last one,
and the classic recipe's. Three more parts measure what XLA does to each kind of model, which
change of the recipe buys what, and how far `fit` is from a bare compiled loop.
"""

import dataclasses
import functools
import math
import time
from collections.abc import Callable

import genkeras as gk
import keras
import numpy as np
import tensorflow as tf
from common import Clock, machine_peak, median_epoch, training_multiply_adds
from keras import layers

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


def classic_tied():
    return tied_autoencoder(100, code_activation="relu", output_activation=None)


def our_tied():
    return tied_autoencoder(400, code_activation=None, output_activation="sigmoid")


def classic_denoiser():
    return classic_autoencoder(before=[layers.Dropout(0.5)])


def our_denoiser():
    return dense_autoencoder(hidden=400, before=[layers.Dropout(0.5)])


def classic_sparse(penalty):
    return classic_autoencoder(code_units=300, code_activation="sigmoid", after_code=[penalty])


def our_sparse(penalty):
    """Chapter 06's: the codes start at 0.1 and reach the decoder as 10 z - 1."""
    return dense_autoencoder(
        hidden=400,
        code_units=300,
        code_activation="sigmoid",
        code_bias=math.log(0.1 / 0.9),
        after_code=[penalty, layers.Rescaling(10.0, offset=-1.0)],
    )


def classic_l1():
    return classic_sparse(layers.ActivityRegularization(l1=1e-4))


def our_l1():
    return our_sparse(layers.ActivityRegularization(l1=1e-4))


def classic_kl():
    # Keras divides the penalty of an activity regularizer by the batch size; our layer does not.
    return classic_sparse(gk.KLDivergenceActivityRegularization(0.1, 5e-3 / 32))


def our_kl():
    return our_sparse(gk.KLDivergenceActivityRegularization(0.1, 5e-3))


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
    """Chapter 04's."""
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
    """Chapter 04's."""
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


def classic_vae():
    return variational_autoencoder(hidden=(150, 100), activation="selu")


def our_vae():
    """Chapter 07's."""
    return variational_autoencoder(hidden=(256, 128), activation="gelu")


# --- Recipes -------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A classic model and ours, with the settings of both trainings."""

    classic: Callable
    classic_epochs: int
    ours: Callable
    epochs: int
    batch_size: int = 256
    peak_rate: float = 4e-3
    jit_compile: bool = True  # for ours, by the rule: dense models on, all others off
    classic_batch_size: int = 32
    metric: str = "val_mse"
    seeds: tuple = (0,)


RECIPES = {
    "stacked": Recipe(
        classic=classic_autoencoder,
        classic_epochs=20,
        ours=our_autoencoder,
        epochs=6,
        seeds=(0, 1, 2),
    ),
    "tied": Recipe(
        classic=classic_tied, classic_epochs=10, ours=our_tied, epochs=6, seeds=(0, 1, 2)
    ),
    "conv": Recipe(
        classic=classic_convolutional,
        classic_epochs=10,
        ours=our_convolutional,
        epochs=5,
        batch_size=128,
        peak_rate=3e-3,
        jit_compile=False,
    ),
    "recurrent": Recipe(
        classic=classic_recurrent,
        classic_epochs=10,
        ours=our_recurrent,
        epochs=3,
        batch_size=128,
        peak_rate=3e-3,
        jit_compile=False,
    ),
    "dropout": Recipe(
        classic=classic_denoiser,
        classic_epochs=10,
        ours=our_denoiser,
        epochs=8,
        jit_compile=False,
    ),
    "l1": Recipe(
        classic=classic_l1,
        classic_epochs=10,
        ours=our_l1,
        epochs=6,
        batch_size=128,
        peak_rate=2e-3,
    ),
    "kl": Recipe(
        classic=classic_kl,
        classic_epochs=10,
        ours=our_kl,
        epochs=6,
        batch_size=128,
        peak_rate=2e-3,
    ),
    "vae": Recipe(
        classic=classic_vae,
        classic_epochs=25,
        ours=our_vae,
        epochs=8,
        batch_size=128,
        classic_batch_size=128,
        metric="val_loss",
    ),
}


def train(
    model,
    x,
    x_valid,
    *,
    epochs,
    batch_size,
    rate,
    jit_compile=False,
    steps_per_execution=1,
    metric="val_mse",
):
    """Fit; return the seconds at the end of each epoch, and the metric there.

    The clock starts before the training function is built, since a reader waits for that, too.
    """
    clock = Clock()
    model.compile(
        loss="mse",
        metrics=["mse"],  # the loss holds penalties, too
        optimizer=keras.optimizers.Nadam(rate),
        jit_compile=jit_compile,
        steps_per_execution=steps_per_execution,
    )
    history = model.fit(
        x,
        x,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(x_valid, x_valid),
        callbacks=[clock],
        verbose=0,
    )
    return clock.seconds, history.history[metric]


def train_ours(build, x, x_valid, *, epochs, batch_size, peak_rate, jit_compile, metric="val_mse"):
    """Build and fit by the recipe that all chapters share; return times and metric."""
    model = build()
    rate = gk.warmup_cosine(peak_rate, epochs * math.ceil(len(x) / batch_size))
    return train(
        model,
        x,
        x_valid,
        epochs=epochs,
        batch_size=batch_size,
        rate=rate,
        jit_compile=jit_compile,
        steps_per_execution=20,
        metric=metric,
    )


def compare(name, images):
    """Train the classic recipe and ours from each seed: means and spread."""
    recipe, runs = RECIPES[name], []
    x, x_valid = images.x_train, images.x_valid
    for seed in recipe.seeds:
        keras.utils.set_random_seed(seed)
        classic_seconds, classic_values = train(
            recipe.classic(),
            x,
            x_valid,
            epochs=recipe.classic_epochs,
            batch_size=recipe.classic_batch_size,
            rate=1e-3,
            metric=recipe.metric,
        )
        keras.utils.set_random_seed(seed)
        seconds, values = train_ours(
            recipe.ours,
            x,
            x_valid,
            epochs=recipe.epochs,
            batch_size=recipe.batch_size,
            peak_rate=recipe.peak_rate,
            jit_compile=recipe.jit_compile,
            metric=recipe.metric,
        )
        reached = np.flatnonzero(np.array(values) <= classic_values[-1])
        needed = seconds[reached[0]] if len(reached) else math.inf
        runs.append(
            {
                "classic_mse": classic_values[-1],
                "classic_seconds": classic_seconds[-1],
                "mse": values[-1],
                "seconds": seconds[-1],
                "ratio": needed / classic_seconds[-1],
            }
        )
        print(
            name, f"seed {seed}:", {k: float(f"{v:.4g}") for k, v in runs[-1].items()}, flush=True
        )
    ratios = [run["ratio"] for run in runs]
    means = {key: float(np.mean([run[key] for run in runs])) for key in runs[0]}
    part = {
        **means,
        "seeds": len(runs),
        "ratio_low": min(ratios),
        "ratio_high": max(ratios),
        "classic_mse_per_seed": [run["classic_mse"] for run in runs],
        "mse_per_seed": [run["mse"] for run in runs],
    }
    return part, means["classic_mse"]


# --- What XLA does, which change buys what, and the bare loop --------------------------------------


def measure_xla(images, rounds=5):
    """Seconds per epoch of our models without and with XLA, in alternating epochs."""
    x, models = images.x_train, {}
    builders = {
        "stacked (dense)": our_autoencoder,
        "vae (dense)": our_vae,
        "dropout on 784 pixels (dense)": our_denoiser,
        "conv": our_convolutional,
        "recurrent": our_recurrent,
    }
    for name, build in builders.items():
        batch_size = 128 if name in ("conv", "recurrent") else 256
        seconds = {}
        trained = {}
        for switch, jit_compile in (("off", False), ("on", True)):
            trained[switch] = build()
            trained[switch].compile(
                loss="mse",
                optimizer=keras.optimizers.Nadam(1e-3),
                jit_compile=jit_compile,
                steps_per_execution=20,
            )
            seconds[switch] = []
        for _ in range(rounds + 1):  # the first one compiles
            for switch, model in trained.items():
                start = time.perf_counter()
                model.fit(x, x, batch_size=batch_size, epochs=1, verbose=0)
                seconds[switch].append(time.perf_counter() - start)
        models[name] = {
            "off": float(np.median(seconds["off"][1:])),
            "on": float(np.median(seconds["on"][1:])),
            "off_first": seconds["off"][0],
            "on_first": seconds["on"][0],
        }
        print(name, seconds, flush=True)
    return {"models": models, "rounds": rounds}, None


def measure_changes(images):
    """Time and error of the stacked autoencoder as the changes are made one by one."""
    x, x_valid = images.x_train, images.x_valid
    steps = math.ceil(len(x) / 256)
    classic = {"epochs": 4, "batch_size": 32, "rate": 1e-3}
    large = {"epochs": 6, "batch_size": 256, "rate": gk.warmup_cosine(4e-3, 6 * steps)}
    grouped = {**large, "steps_per_execution": 20}
    changes = [
        ("the textbook's recipe, XLA off", classic_autoencoder, classic),
        ("... XLA on (Keras 3's default)", classic_autoencoder, {**classic, "jit_compile": True}),
        ("batch 256, warm-up and cosine from 4e-3, XLA off", classic_autoencoder, large),
        ("... 20 steps per execution", classic_autoencoder, grouped),
        ("... a sigmoid output", lambda: classic_autoencoder(output_activation="sigmoid"), grouped),
        ("... a linear code", lambda: dense_autoencoder(hidden=100), grouped),
        ("... 400 hidden units", our_autoencoder, grouped),
        ("... XLA on: ours", our_autoencoder, {**grouped, "jit_compile": True}),
    ]
    rows = []
    for change, build, settings in changes:
        keras.utils.set_random_seed(0)
        seconds, mse = train(build(), x, x_valid, **settings)
        rows.append(
            {
                "change": change,
                "epochs": settings["epochs"],
                "epoch_seconds": median_epoch(seconds),
                "first_seconds": seconds[0],
                "seconds": seconds[-1],
                "mse": mse[-1],
            }
        )
        print(rows[-1], flush=True)
    return {"rows": rows}, None


def measure_floor(images, epochs=4, batch_size=256):
    """Seconds per epoch of `fit`, and of a bare compiled loop that does the same arithmetic."""
    n_steps = len(images.x_train) // batch_size
    x = images.x_train[: n_steps * batch_size]
    model, clock = our_autoencoder(), Clock()
    model.compile(
        loss="mse",
        optimizer=keras.optimizers.Nadam(1e-3),
        jit_compile=True,
        steps_per_execution=20,
    )
    model.fit(x, x, batch_size=batch_size, epochs=epochs + 1, verbose=0, callbacks=[clock])

    images, bare_model = tf.constant(x), our_autoencoder()
    optimizer = keras.optimizers.Nadam(1e-3)
    optimizer.build(bare_model.trainable_variables)

    @tf.function(jit_compile=True)
    def step(batch):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(bare_model(batch, training=True) - batch))
        variables = bare_model.trainable_variables
        optimizer.apply(tape.gradient(loss, [v.value for v in variables]), variables)

    bare_seconds = []
    for _ in range(epochs + 1):
        start = time.perf_counter()
        order = tf.random.shuffle(tf.range(len(x)))
        for i in range(n_steps):
            step(tf.gather(images, order[i * batch_size : (i + 1) * batch_size]))
        bare_seconds.append(time.perf_counter() - start)
    fit, bare = median_epoch(clock.seconds), float(np.median(bare_seconds[1:]))
    return {"fit_seconds": fit, "bare_seconds": bare, "fit_over_bare": fit / bare}, None


def measure_peak(images, epochs=4):
    """Share of the machine's peak that each of our trainings reaches, in its best epoch."""
    x, shares, peaks = images.x_train, {}, [machine_peak()]
    for name, recipe in RECIPES.items():
        model = recipe.ours()
        model.compile(
            loss="mse",
            optimizer=keras.optimizers.Nadam(1e-3),
            jit_compile=recipe.jit_compile,
            steps_per_execution=20,
        )
        seconds = []
        for _ in range(epochs):  # the first one compiles
            start = time.perf_counter()
            model.fit(x, x, batch_size=recipe.batch_size, epochs=1, verbose=0)
            seconds.append(time.perf_counter() - start)
        shares[name] = training_multiply_adds(model) * len(x) / min(seconds[1:])
        peaks.append(machine_peak())
        print(f"{name}: {shares[name]:.3g} of {peaks[-1]:.3g}", flush=True)
    shares = {name: rate / max(peaks) for name, rate in shares.items()}
    return {"shares": shares, "multiply_adds_per_second": max(peaks)}, None


# {name: function of the images, which returns what results.json keeps and
# the classic recipe's figure for textbook.json, if there is one}
PARTS = {
    "xla": measure_xla,
    "measures": measure_changes,
    "floor": measure_floor,
    "peak": measure_peak,
}
PARTS |= {name: functools.partial(compare, name) for name in RECIPES}
