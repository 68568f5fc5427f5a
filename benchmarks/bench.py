"""The textbook's recipes against ours, in one process on one machine: `make bench`.

For each model the classic recipe (architecture and settings of Hands-On Machine Learning,
chapter 17, written anew for Keras 3) and ours are trained from the same seeds. What counts is the
ratio of two times: ours until its validation error is as good as the classic recipe's last one,
and the classic recipe's. Then: which measure buys what, and how far `fit` is from a bare
compiled loop that does the same arithmetic. Results go to benchmarks/README.md and results.json.
`bench.py conv l1` measures only these models and keeps what stands in results.json of the others.
"""

import datetime
import json
import os
import pathlib
import platform
import sys
import time

import genkeras as gk
import keras
import numpy as np
import tensorflow as tf
from keras import layers

HERE = pathlib.Path(__file__).parent


class Clock(keras.callbacks.Callback):
    """Seconds since the start of training, at the end of each epoch, validation included."""

    def on_train_begin(self, logs=None):
        self.start, self.seconds = time.perf_counter(), []

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.start)


def image_model(*stack):
    return keras.Sequential([keras.Input((28, 28, 1)), *stack])


def dense_autoencoder(hidden, code_activation=None, output_activation="sigmoid", first=(), **code):
    """784-hidden-code-hidden-784; `first` stands before it, code may name units and penalty."""
    return image_model(
        *(layers.Flatten(), *first, layers.Dense(hidden, activation="relu")),
        layers.Dense(
            code.get("units", 30),
            activation=code_activation,
            bias_initializer=keras.initializers.Constant(code.get("bias", 0.0)),
        ),
        *code.get("penalty", ()),
        layers.Dense(hidden, activation="relu"),
        *(layers.Dense(784, activation=output_activation), layers.Reshape((28, 28, 1))),
    )


def tied_autoencoder(hidden, code_activation=None, output_activation="sigmoid"):
    first = layers.Dense(hidden, activation="relu")
    second = layers.Dense(30, activation=code_activation)
    return image_model(
        *(layers.Flatten(), first, second, gk.TransposedDense(second, activation="relu")),
        *(gk.TransposedDense(first, activation=output_activation), layers.Reshape((28, 28, 1))),
    )


def denoiser(hidden, **kwargs):
    return dense_autoencoder(hidden, first=[layers.Dropout(0.5)], **kwargs)


def sparse_autoencoder(hidden, penalty, output_activation="sigmoid"):
    return dense_autoencoder(
        hidden, "sigmoid", output_activation, units=300, penalty=[penalty], bias=0.0
    )


def our_sparse_autoencoder(penalty):
    """Chapter 06's: the codes start at 0.1 and come to the decoder as 10 z - 1."""
    entrance = [penalty, layers.Rescaling(10.0, offset=-1.0)]
    bias = float(np.log(0.1 / 0.9))
    return dense_autoencoder(400, "sigmoid", units=300, penalty=entrance, bias=bias)


def classic_convolutional():
    same, up = {"padding": "same", "activation": "relu"}, {"strides": 2, "activation": "relu"}
    return image_model(
        *(layers.Conv2D(16, 3, **same), layers.MaxPooling2D()),
        *(layers.Conv2D(32, 3, **same), layers.MaxPooling2D()),
        *(layers.Conv2D(64, 3, **same), layers.MaxPooling2D()),
        *(layers.Conv2D(30, 3, **same), layers.GlobalAveragePooling2D()),
        *(layers.Dense(3 * 3 * 16), layers.Reshape((3, 3, 16))),
        layers.Conv2DTranspose(32, 3, **up),
        layers.Conv2DTranspose(16, 3, padding="same", **up),
        layers.Conv2DTranspose(1, 3, strides=2, padding="same"),
    )


def our_convolutional():
    """Chapter 04's."""
    half = {"strides": 2, "padding": "same"}
    return image_model(
        layers.Conv2D(32, 3, activation="relu", **half),
        layers.Conv2D(64, 3, activation="relu", **half),
        *(layers.Flatten(), layers.Dense(30), layers.Dense(7 * 7 * 64, activation="relu")),
        layers.Reshape((7, 7, 64)),
        layers.Conv2DTranspose(32, 4, activation="relu", **half),
        layers.Conv2DTranspose(1, 4, activation="sigmoid", **half),
    )


def classic_recurrent():
    return image_model(
        *(layers.Reshape((28, 28)), layers.LSTM(100, return_sequences=True), layers.LSTM(30)),
        *(layers.RepeatVector(28), layers.LSTM(100, return_sequences=True)),
        *(layers.Dense(28), layers.Reshape((28, 28, 1))),
    )


def our_recurrent(units=64):
    """Chapter 04's."""
    cells = {"units": units, "return_sequences": True, "unroll": True}
    image = keras.Input((28, 28, 1))
    states = layers.SimpleRNN(**cells)(layers.Reshape((28, 28))(image))
    hidden = layers.Dense(400, activation="relu")(layers.Flatten()(states))
    hidden = layers.Dense(400, activation="relu")(layers.Dense(30)(hidden))
    plan = layers.Reshape((28, units))(layers.Dense(28 * units)(hidden))
    both = layers.Concatenate()([layers.SimpleRNN(**cells)(plan), plan])
    rows = layers.Dense(28, activation="sigmoid")(both)
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


def train(
    model,
    data,
    epochs,
    *,
    batch_size,
    rate,
    jit_compile="auto",
    steps_per_execution=1,
    metric="val_mse",
):
    """Fit; return the seconds at the end of each epoch, and the metric there."""
    clock = Clock()
    x, x_valid = data
    # From building the training function on, since a reader waits for that too.
    model.compile(
        loss="mse",
        metrics=["mse"],  # the loss holds penalties too
        optimizer=keras.optimizers.Nadam(rate),
        jit_compile=jit_compile,
        steps_per_execution=steps_per_execution,
    )
    history = model.fit(
        *((x,) if isinstance(x, tf.data.Dataset) else (x, x)),
        batch_size=None if isinstance(x, tf.data.Dataset) else batch_size,
        epochs=epochs,
        validation_data=(x_valid, x_valid),
        callbacks=[clock],
        shuffle=not isinstance(x, tf.data.Dataset),  # a data set brings its own order
        verbose=0,
    )
    return np.array(clock.seconds), np.array(history.history[metric])


# Without XLA, which Keras 3 switches on by default: the classic recipe is faster so (see below).
XLA = {"jit_compile": True}
CLASSIC = {"batch_size": 32, "rate": 1e-3, "jit_compile": False}


def ours(epochs, n, batch_size=256, peak_rate=4e-3, jit_compile=False):
    rate = gk.warmup_cosine(peak_rate, epochs * -(-n // batch_size))
    return {
        "batch_size": batch_size,
        "rate": rate,
        "jit_compile": jit_compile,
        "steps_per_execution": 20,
    }


TEXTBOOK = {"hidden": 100, "code_activation": "relu", "output_activation": None}
L1 = {"l1": 1e-4}
# Keras divides the penalty of an activity regulariser by the batch size, so the classic weight is
# 5e-3 / 32 of the sum over units; our layer does not divide.
# name: (the textbook's model, its epochs, ours, our epochs, batch size and peak rate, seeds)
RECIPES = {
    "stacked": (
        *(lambda: dense_autoencoder(**TEXTBOOK), 20),
        *(lambda: dense_autoencoder(400), 6, {}, (0, 1, 2)),
    ),
    "tied": (
        *(lambda: tied_autoencoder(**TEXTBOOK), 10),
        *(lambda: tied_autoencoder(400), 6, {}, (0, 1, 2)),
    ),
    "conv": (
        *(classic_convolutional, 10),
        *(our_convolutional, 5, {"batch_size": 128, "peak_rate": 3e-3}, (0,)),
    ),
    "recurrent": (
        *(classic_recurrent, 10),
        *(our_recurrent, 3, {"batch_size": 128, "peak_rate": 3e-3}, (0,)),
    ),
    "dropout": (lambda: denoiser(**TEXTBOOK), 10, lambda: denoiser(400), 8, {}, (0,)),
    "l1": (
        *(lambda: sparse_autoencoder(100, layers.ActivityRegularization(**L1), None), 10),
        lambda: our_sparse_autoencoder(layers.ActivityRegularization(**L1)),
        *(6, {"batch_size": 128, "peak_rate": 2e-3}, (0,)),
    ),
    "kl": (
        lambda: sparse_autoencoder(
            100, gk.KLDivergenceActivityRegularization(0.1, 5e-3 / 32), None
        ),
        10,
        lambda: our_sparse_autoencoder(gk.KLDivergenceActivityRegularization(0.1, 5e-3)),
        *(6, {"batch_size": 128, "peak_rate": 2e-3}, (0,)),
    ),
    "vae": (
        *(lambda: variational_autoencoder((150, 100), "selu"), 25),
        *(lambda: variational_autoencoder((256, 128), "gelu"), 8),
        *({"batch_size": 128, "peak_rate": 4e-3, "jit_compile": True}, (0,)),
    ),
}
# Where a line departs from CLASSIC, and what it compares if not the MSE: the loss with its KL term.
CLASSIC_OF = {"vae": {"batch_size": 128}}
METRIC_OF = {"vae": "val_loss"}


def compare(name, data):
    """Classic against ours from each seed; a dict of means and spreads."""
    classic, classic_epochs, build, our_epochs, settings, seeds = RECIPES[name]
    rows, metric = [], METRIC_OF.get(name, "val_mse")
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        classic_seconds, classic_mse = train(
            classic(), data, classic_epochs, metric=metric, **CLASSIC | CLASSIC_OF.get(name, {})
        )
        keras.utils.set_random_seed(seed)
        recipe = ours(our_epochs, len(data[0]), **settings)
        seconds, mse = train(build(), data, our_epochs, metric=metric, **recipe)
        reached = np.flatnonzero(mse <= classic_mse[-1])
        needed = seconds[reached[0]] if len(reached) else np.inf
        ratio = needed / classic_seconds[-1]
        rows.append((classic_mse[-1], classic_seconds[-1], mse[-1], seconds[-1], ratio))
        print(
            f"{name}, seed {seed}: classic {classic_mse[-1]:.5f} in {classic_seconds[-1]:.0f} s;",
            end="",
        )
        print(
            f" ours {mse[-1]:.5f} in {seconds[-1]:.0f} s, as good after {needed:.1f} s", flush=True
        )
    rows = np.array(rows)
    return {
        f"{name}_seeds": len(seeds),
        f"{name}_classic_mse": rows[:, 0].mean(),
        f"{name}_classic_seconds": rows[:, 1].mean(),
        f"{name}_mse": rows[:, 2].mean(),
        f"{name}_seconds": rows[:, 3].mean(),
        f"{name}_ratio": rows[:, 4].mean(),
        f"{name}_ratio_low": rows[:, 4].min(),
        f"{name}_ratio_high": rows[:, 4].max(),
    }


def measures(data):
    """Time and error as the measures are added one by one: (label, epochs, seconds..., MSE)."""
    pipeline = tf.data.Dataset.from_tensor_slices((data[0], data[0])).cache()
    pipeline = pipeline.shuffle(10_000).batch(256).prefetch(tf.data.AUTOTUNE)
    fast = ours(6, len(data[0]))
    slow = fast | {"steps_per_execution": 1}
    small = {"hidden": 100}
    steps = [
        ("the textbook's recipe, XLA on (Keras 3's default)", 4, TEXTBOOK, CLASSIC | XLA, data),
        ("the textbook's recipe, XLA off", 4, TEXTBOOK, CLASSIC, data),
        ("batch 256, warm-up and cosine from 4e-3", 6, TEXTBOOK, slow, data),
        ("... and 20 steps an execution", 6, TEXTBOOK, fast, data),
        ("... and a sigmoid output", 6, small | {"code_activation": "relu"}, fast, data),
        ("... and a linear code", 6, small, fast, data),
        ("... and 400 hidden units: ours", 6, {"hidden": 400}, fast, data),
        ("ours with XLA", 6, {"hidden": 400}, fast | XLA, data),
        ("ours fed by tf.data", 6, {"hidden": 400}, fast, (pipeline, data[1])),
    ]
    rows = []
    for label, epochs, model, settings, fed in steps:
        keras.utils.set_random_seed(0)
        seconds, mse = train(dense_autoencoder(**model), fed, epochs, **settings)
        rows.append((label, epochs, np.median(np.diff(seconds)), seconds[0], seconds[-1], mse[-1]))
        print(
            "{}: {} epochs, {:.2f} s each (first {:.1f} s), {:.0f} s in all, MSE {:.5f}".format(
                *rows[-1]
            ),
            flush=True,
        )
    return rows


def floor(x, epochs=4, batch_size=256):
    """Seconds an epoch of `fit`, and of a bare compiled loop doing the same arithmetic."""
    n_steps = len(x) // batch_size
    x = x[: n_steps * batch_size]
    model = dense_autoencoder(400)
    clock = Clock()
    model.compile(
        loss="mse",
        optimizer=keras.optimizers.Nadam(1e-3),
        jit_compile=False,
        steps_per_execution=20,
    )
    model.fit(x, x, batch_size=batch_size, epochs=epochs + 1, verbose=0, callbacks=[clock])
    fit = np.diff(clock.seconds)

    images, model = tf.constant(x), dense_autoencoder(400)
    optimizer = keras.optimizers.Nadam(1e-3)
    optimizer.build(model.trainable_variables)

    @tf.function(jit_compile=False)
    def epoch(order):
        for step in tf.range(n_steps):
            batch = tf.gather(images, order[step * batch_size : (step + 1) * batch_size])
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(model(batch, training=True) - batch))
            variables = model.trainable_variables
            optimizer.apply(tape.gradient(loss, variables), variables)

    bare = []
    for _ in range(epochs + 1):
        start = time.perf_counter()
        epoch(tf.random.shuffle(tf.range(len(x))))
        bare.append(time.perf_counter() - start)
    return float(np.median(fit)), float(np.median(bare[1:]))


def report(results, rows, machine):
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`; do not edit. The classic recipe is the textbook's, run on Keras 3",
        f"in the same process. {machine}. Validation MSE per pixel, without penalties",
        "(the VAE's loss with its KL / 784); means over the seeds. Each line was measured in one process.",
        "",
        "| model | seeds | classic MSE | classic time | our MSE | our time | ours as good as classic after |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in RECIPES:
        get = {key.removeprefix(f"{name}_"): value for key, value in results.items()}
        if f"{name}_ratio" not in results:
            continue
        spread = ""
        if get["seeds"] > 1:
            spread = f" (from {get['ratio_low']:.3f} to {get['ratio_high']:.3f})"
        lines.append(
            f"| {name} | {get['seeds']:.0f} | {get['classic_mse']:.5f} "
            f"| {get['classic_seconds']:.0f} s | {get['mse']:.5f} | {get['seconds']:.0f} s "
            f"| {get['ratio']:.3f} of its time{spread} |"
        )
    lines += ["", "Which measure buys what (the stacked autoencoder, one seed):", ""]
    lines += [
        "| | epochs | seconds an epoch | first epoch | in all | MSE |",
        "|---|---|---|---|---|---|",
    ]
    form = "| {} | {} | {:.2f} s | {:.1f} s | {:.0f} s | {:.5f} |"
    lines += [form.format(*row) for row in rows]
    lines += [
        "",
        "The first epoch includes building the training function, and with XLA compiling it.",
        "",
        f"The floor (400-30-400, batch 256): `fit` takes {results['fit_epoch_seconds']:.2f} s an "
        f"epoch, a bare compiled loop {results['bare_epoch_seconds']:.2f} s: "
        f"{results['fit_over_bare']:.2f} times.",
    ]
    return "\n".join(lines) + "\n"


def main(names):
    gk.setup()
    images = gk.load_images()
    data = images.x_train, images.x_valid
    path = HERE / "results.json"
    results = json.loads(path.read_text()) if names and path.exists() else {}
    if "measures" not in results:
        results["measures"] = measures(data)
        fit, bare = floor(images.x_train)
        results |= {"fit_epoch_seconds": fit, "bare_epoch_seconds": bare}
        results["fit_over_bare"] = fit / bare
        print(
            f"fit {fit:.2f} s an epoch, bare loop {bare:.2f} s: {fit / bare:.2f} times", flush=True
        )
    machine = (
        f"{datetime.date.today()}, {platform.processor() or platform.machine()}, {os.cpu_count()} "
        f"cores, TensorFlow {tf.__version__}, Keras {keras.__version__}, {len(images.x_train):,} images"
    )
    for name in names or RECIPES:
        results |= compare(name, data)
        text = report(results, results["measures"], machine)
        (HERE / "README.md").write_text(text)
        shown = {
            key: float(f"{value:.5g}") if isinstance(value, float) else value
            for key, value in results.items()
        }
        path.write_text(json.dumps(shown, indent=1) + "\n")
    print(text)


if __name__ == "__main__":
    main(sys.argv[1:])
