"""The textbook's GANs against chapters 10 and 11, in one process on one machine: `make bench`.

The classic loop alternates `train_on_batch` of D and of G and D stacked, batch 32, RMSprop, as in
Hands-On Machine Learning, chapter 17; D is switched to trainable and back, so that it does learn on
Keras 3. Ours are the models of the chapters, taken from their scripts. Results go to
benchmarks/GANS.md and gans.json. `gans.py dense floor` measures only some parts.
"""

import ast
import datetime
import json
import os
import pathlib
import sys
import time

import genkeras as gk
import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

HERE = pathlib.Path(__file__).parent
SCORED = 3000  # images on each side of a Fréchet Fashion Distance


def chapter(number):
    """The functions and classes of a chapter's script, as a namespace."""
    [script] = (HERE.parent / "chapters").glob(f"{number}_*.py")
    kinds = (ast.FunctionDef, ast.ClassDef)
    kept = [node for node in ast.parse(script.read_text()).body if isinstance(node, kinds)]
    space = {"gk": gk, "keras": keras, "layers": layers, "ops": ops, "np": np, "tf": tf}
    space["bce"] = keras.losses.BinaryCrossentropy(from_logits=True)
    exec(compile(ast.Module(kept, []), str(script), "exec"), space)  # so that AutoGraph finds it
    return space


def classic_dense():
    wide = {"activation": "relu", "kernel_initializer": "he_normal"}
    generator = keras.Sequential(
        [
            *(keras.Input((30,)), layers.Dense(100, **wide), layers.Dense(150, **wide)),
            *(layers.Dense(784, activation="sigmoid"), layers.Reshape((28, 28, 1))),
        ]
    )
    discriminator = keras.Sequential(
        [
            *(keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(150, **wide)),
            *(layers.Dense(100, **wide), layers.Dense(1, activation="sigmoid")),
        ]
    )
    return generator, discriminator


def classic_dcgan():
    half = {"kernel_size": 5, "strides": 2, "padding": "same"}
    generator = keras.Sequential(
        [
            *(keras.Input((100,)), layers.Dense(7 * 7 * 128), layers.Reshape((7, 7, 128))),
            *(layers.BatchNormalization(), layers.Conv2DTranspose(64, activation="selu", **half)),
            *(layers.BatchNormalization(), layers.Conv2DTranspose(1, activation="tanh", **half)),
        ]
    )
    discriminator = keras.Sequential(
        [
            *(keras.Input((28, 28, 1)), layers.Conv2D(64, **half), layers.LeakyReLU(0.2)),
            *(layers.Dropout(0.4), layers.Conv2D(128, **half), layers.LeakyReLU(0.2)),
            *(layers.Dropout(0.4), layers.Flatten(), layers.Dense(1, activation="sigmoid")),
        ]
    )
    return generator, discriminator


class Classic:
    """The classic loop, a batch at a time; seconds and images are those of training only."""

    def __init__(self, generator, discriminator, seed=0):
        self.generator, self.discriminator = generator, discriminator
        discriminator.compile(loss="binary_crossentropy", optimizer="rmsprop", jit_compile=False)
        self.stacked = keras.Sequential([generator, discriminator])
        self.stacked.compile(loss="binary_crossentropy", optimizer="rmsprop", jit_compile=False)
        self.rng, self.seconds, self.images = np.random.default_rng(seed), 0.0, 0

    def noise(self, n):
        return self.rng.standard_normal((n, self.generator.input_shape[1])).astype("float32")

    def train(self, x, steps, batch_size=32):
        for i in range(steps):
            start = time.perf_counter()
            if i % (len(x) // batch_size) == 0:
                x = x[self.rng.permutation(len(x))]
            place = i % (len(x) // batch_size) * batch_size
            fakes = self.generator(self.noise(batch_size))
            both = np.concatenate([fakes, x[place : place + batch_size]])
            self.discriminator.trainable = True
            self.discriminator.train_on_batch(both, np.repeat([0.0, 1.0], batch_size)[:, None])
            self.discriminator.trainable = False
            self.stacked.train_on_batch(self.noise(batch_size), np.ones((batch_size, 1)))
            self.seconds += time.perf_counter() - start
            self.images += batch_size


class Speed(keras.callbacks.Callback):
    """Seconds of each epoch, and the distance of what the model draws after it."""

    def __init__(self, score=None):
        super().__init__()
        self.score, self.seconds, self.scores = score, [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.start)
        if self.score:
            self.scores.append(self.score(self.model))


def ffd(real, draw, latent_dim):
    z = np.random.default_rng(1).standard_normal((len(real), latent_dim)).astype("float32")
    drawn = np.concatenate([np.asarray(draw(z[i : i + 500])) for i in range(0, len(z), 500)])
    return gk.frechet_distance(real, drawn), *gk.precision_recall(real, drawn)


def our_speed(model, x, batch_size, epochs=3, **settings):
    """Images a second of the best epoch after the first, which builds the training function."""
    x, speed = x[: len(x) // batch_size * batch_size], Speed()
    model.compile(**settings)
    model.fit(x, batch_size=batch_size, epochs=epochs, verbose=0, callbacks=[speed])
    return len(x) / min(speed.seconds[1:])


def dense(images, rounds=7):
    """Images a second of the dense GAN: the classic loop, ours at its batch size, ours; medians."""
    ten, x = chapter("10"), images.x_train[:20480]
    classic, players = Classic(*classic_dense()), {}
    for batch_size in (32, 256):
        keras.utils.set_random_seed(0)
        model = ten["GAN"](ten["build_generator"](30), ten["build_discriminator"]())
        adam = {"g_optimizer": ten["adam"](1e-3), "d_optimizer": ten["adam"](1e-3)}
        model.compile(**adam, steps_per_execution=20, jit_compile=True)
        players[batch_size] = model
    rates = []
    for _ in range(rounds + 1):  # the first builds the training functions
        classic.seconds, classic.images = 0.0, 0
        classic.train(x, 300)
        speeds = {batch_size: Speed() for batch_size in players}
        for batch_size, model in players.items():
            watch = {"verbose": 0, "callbacks": [speeds[batch_size]]}
            model.fit(x, batch_size=batch_size, epochs=3, **watch)
        ours = [len(x) / np.median(speed.seconds[1:]) for speed in speeds.values()]
        rates.append([classic.images / classic.seconds, *ours])
    rates = np.array(rates[1:])
    classic_rate, same_batch, ours = np.median(rates, axis=0)
    return {
        "classic_dense_images": classic_rate,
        "dense_same_batch_images": same_batch,
        "dense_same_batch_speedup": np.median(rates[:, 1] / rates[:, 0]),
        "dense_ours_images": ours,
        "dense_ours_speedup": np.median(rates[:, 2] / rates[:, 0]),
        "dense_ours_speedup_least": np.min(rates[:, 2] / rates[:, 0]),
        "dense_ours_speedup_most": np.max(rates[:, 2] / rates[:, 0]),
    }


def dcgan_speed(images):
    """Images a second of the DCGAN: the classic loop, and ours."""
    eleven, x = chapter("11"), images.x_train[:6400]
    classic = Classic(*classic_dcgan())
    classic.train(2 * x - 1, 10)
    classic.seconds, classic.images = 0.0, 0
    classic.train(2 * x - 1, 150)
    players = eleven["build_generator"](32), eleven["build_discriminator"]()
    fast = {"steps_per_execution": 10, "jit_compile": False}
    rate = our_speed(eleven["DCGAN"](*players), x, 64, g_rate=2e-3, d_rate=2e-3, **fast)
    per_second = classic.images / classic.seconds
    return {
        "classic_dcgan_images": per_second,
        "dcgan_images": rate,
        "dcgan_speedup": rate / per_second,
    }


def dcgan(images, epochs=2):
    """The classic DCGAN's distance and time after two epochs; ours until it is as good."""
    x, real, eleven = images.x_train, images.x_test[:SCORED], chapter("11")
    keras.utils.set_random_seed(0)
    classic = Classic(*classic_dcgan())
    for _ in range(epochs):
        classic.train(2 * x - 1, len(x) // 32)
    classic_ffd, _, recall = ffd(real, lambda z: np.clip((classic.generator(z) + 1) / 2, 0, 1), 100)
    print(f"classic DCGAN: distance {classic_ffd:.1f} after {classic.seconds:.0f} s", flush=True)
    keras.utils.set_random_seed(0)
    latent_dim = 32
    players = eleven["build_generator"](latent_dim), eleven["build_discriminator"]()
    model = eleven["DCGAN"](*players, momentum=0.99)
    model.compile(2e-3, 2e-3, steps_per_execution=10, jit_compile=False)
    speed = Speed(lambda model: ffd(real, model, latent_dim)[0])
    quarter = len(x) // 4 // 64  # steps; scored four times an epoch
    data = tf.data.Dataset.from_tensor_slices(x).shuffle(len(x)).repeat().batch(64)
    settings = {"epochs": 8, "shuffle": False, "verbose": 0, "callbacks": [speed]}
    model.fit(data, steps_per_epoch=quarter, **settings)
    seconds = np.cumsum(speed.seconds)
    reached = np.flatnonzero(np.array(speed.scores) <= classic_ffd)
    needed = seconds[reached[0]] if len(reached) else np.inf
    return {
        "classic_dcgan_ffd": classic_ffd,
        "classic_dcgan_recall": recall,
        "classic_dcgan_seconds": classic.seconds,
        "dcgan_seconds_until_as_good": needed,
        "dcgan_ratio": needed / classic.seconds,
    }


def floor(images, steps=200, batch_size=256):
    """Step time of chapter 10's `fit` over that of a bare compiled loop doing the same."""
    ten, x = chapter("10"), images.x_train[: steps * batch_size]
    keras.utils.set_random_seed(0)
    model = ten["GAN"](ten["build_generator"](30), ten["build_discriminator"]())
    adam = {"g_optimizer": ten["adam"](1e-3), "d_optimizer": ten["adam"](1e-3)}
    rate = our_speed(model, x, batch_size, 5, jit_compile=True, steps_per_execution=20, **adam)
    g, d = ten["build_generator"](30), ten["build_discriminator"]()
    optimizers = ten["adam"](1e-3), ten["adam"](1e-3)
    for optimizer, part in zip(optimizers, (g, d), strict=True):
        optimizer.build(part.trainable_variables)

    @tf.function(jit_compile=True)
    def step(real):
        fakes = g(tf.random.normal((batch_size, 30)), training=True)
        with tf.GradientTape() as tape:
            loss = ten["discriminator_loss"](d(real, training=True), d(fakes, training=True))
        gradients = tape.gradient(loss, [v.value for v in d.trainable_variables])
        optimizers[1].apply(gradients, d.trainable_variables)
        with tf.GradientTape() as tape:
            fakes = g(tf.random.normal((batch_size, 30)), training=True)
            loss = ten["generator_loss"](d(fakes, training=True))
        gradients = tape.gradient(loss, [v.value for v in g.trainable_variables])
        optimizers[0].apply(gradients, g.trainable_variables)

    data, seconds = tf.constant(x), []
    for _ in range(5):
        start = time.perf_counter()
        order = tf.random.shuffle(tf.range(len(x)))
        for i in range(steps):
            step(tf.gather(data, order[i * batch_size : (i + 1) * batch_size]))
        seconds.append(time.perf_counter() - start)
    bare = len(x) / min(seconds[1:])
    return {"fit_images": rate, "bare_images": bare, "fit_over_bare": bare / rate}


PARTS = {"dense": dense, "floor": floor, "dcgan_speed": dcgan_speed, "dcgan": dcgan}


def report(found, machine):
    lines = [
        "# Benchmarks of the GANs",
        "",
        f"Written by `make bench`; do not edit. {machine}.",
        "",
    ]
    rows = {
        "classic_dense_images": "images a second, dense GAN, classic loop at batch 32",
        "dense_same_batch_speedup": "times as many, chapter 10 at batch 32",
        "dense_ours_speedup": "times as many, chapter 10 at its batch 256 (median of seven rounds)",
        "dense_ours_speedup_least": "the same, in the worst round",
        "dense_ours_speedup_most": "the same, in the best round",
        "fit_over_bare": "step time of chapter 10's `fit` over a bare compiled loop's",
        "classic_dcgan_images": "images a second, DCGAN, classic loop at batch 32",
        "dcgan_speedup": "times as many, chapter 11 at its batch 64",
        "classic_dcgan_ffd": "Fréchet Fashion Distance of the classic DCGAN after two epochs",
        "classic_dcgan_recall": "recall of the same",
        "classic_dcgan_seconds": "seconds that these took",
        "dcgan_ratio": "of which chapter 11's DCGAN needs this share to be as good",
    }
    lines += ["| | |", "|---|---|"]
    shown = {
        key: f"{value:,.0f}" if value >= 100 else f"{value:.3g}" for key, value in found.items()
    }
    lines += [f"| {text} | {shown[key]} |" for key, text in rows.items() if key in found]
    return "\n".join(lines) + "\n"


def main(names):
    gk.setup()
    images = gk.load_images()
    path = HERE / "gans.json"
    found = json.loads(path.read_text()) if names and path.exists() else {}
    machine = f"{datetime.date.today()}, {os.cpu_count()} cores, TensorFlow {tf.__version__}, "
    machine += f"Keras {keras.__version__}, {len(images.x_train):,} images, one seed"
    for name in names or PARTS:
        found |= {key: float(f"{value:.5g}") for key, value in PARTS[name](images).items()}
        path.write_text(json.dumps(found, indent=1) + "\n")
        (HERE / "GANS.md").write_text(report(found, machine))
        print(json.dumps(found, indent=1), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
