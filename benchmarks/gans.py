"""The textbook's GANs against chapters 10 and 11, in one process on one machine: `make bench`.

The classic loop alternates `train_on_batch` of D and of G and D stacked, batch 32, RMSprop, as in
Hands-On Machine Learning, chapter 17; D is switched to trainable and back, so that it does learn on
Keras 3. Ours are the models of the chapters, taken from their scripts.
"""

import ast
import json
import time

import genkeras as gk
import keras
import numpy as np
import tensorflow as tf
from common import HERE, machine_peak, multiply_adds, training_multiply_adds
from keras import layers, ops

SCORED = 3000  # images on each side of a Fréchet Fashion Distance


def settings(number):
    """The upper-case parameters of a chapter's script whose values are written out."""
    [script] = (HERE.parent / "chapters").glob(f"{number}_*.py")
    found = {}
    for node in ast.parse(script.read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name.isupper():
                try:
                    found[name] = ast.literal_eval(node.value)
                except ValueError:
                    pass  # computed from others
    return found


def chapter(number):
    """The functions, classes and parameters of a chapter's script, as a namespace."""
    [script] = (HERE.parent / "chapters").glob(f"{number}_*.py")
    kinds = (ast.FunctionDef, ast.ClassDef)
    kept = [node for node in ast.parse(script.read_text()).body if isinstance(node, kinds)]
    space = {"gk": gk, "keras": keras, "layers": layers, "ops": ops, "np": np, "tf": tf}
    space |= settings(number)
    space["bce"] = keras.losses.BinaryCrossentropy(from_logits=True)
    exec(compile(ast.Module(kept, []), str(script), "exec"), space)  # so that AutoGraph finds it
    return space


def classic_dense():
    wide = {"activation": "relu", "kernel_initializer": "he_normal"}
    generator = keras.Sequential(
        [
            keras.Input((30,)),
            layers.Dense(100, **wide),
            layers.Dense(150, **wide),
            layers.Dense(784, activation="sigmoid"),
            layers.Reshape((28, 28, 1)),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(150, **wide),
            layers.Dense(100, **wide),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    return generator, discriminator


def classic_dcgan():
    generator = keras.Sequential(
        [
            keras.Input((100,)),
            layers.Dense(7 * 7 * 128),
            layers.Reshape((7, 7, 128)),
            layers.BatchNormalization(),
            layers.Conv2DTranspose(64, 5, strides=2, padding="same", activation="selu"),
            layers.BatchNormalization(),
            layers.Conv2DTranspose(1, 5, strides=2, padding="same", activation="tanh"),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(64, 5, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Dropout(0.4),
            layers.Conv2D(128, 5, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Dropout(0.4),
            layers.Flatten(),
            layers.Dense(1, activation="sigmoid"),
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
    """Seconds of each epoch, and the distance of the images drawn after it.

    With a limit, training stops when the epochs after the first have taken as many seconds.
    """

    def __init__(self, score=None, limit=None):
        super().__init__()
        self.score, self.limit, self.seconds, self.scores = score, limit, [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.start)
        if self.score:
            self.scores.append(self.score(self.model))
        if self.limit and sum(self.seconds[1:]) >= self.limit:
            self.model.stop_training = True


def ffd(real, draw, latent_dim):
    z = np.random.default_rng(1).standard_normal((len(real), latent_dim)).astype("float32")
    drawn = np.concatenate([np.asarray(draw(z[i : i + 500])) for i in range(0, len(z), 500)])
    return gk.frechet_distance(real, drawn), *gk.precision_recall(real, drawn)


def our_speed(model, x, batch_size, epochs=3, **settings):
    """Images per second of the best epoch after the first, which builds the training function."""
    x, speed = x[: len(x) // batch_size * batch_size], Speed()
    model.compile(**settings)
    model.fit(x, batch_size=batch_size, epochs=epochs, verbose=0, callbacks=[speed])
    return len(x) / min(speed.seconds[1:])


def gan_peak_share(generator, discriminator, images_per_second):
    """Share of the machine's peak that a GAN's training makes use of, per real image.

    Phase one draws an image and trains D on two. Phase two trains G on one image, for which D
    computes its output and the gradient of its input, but not those of its kernels.
    """
    g, d = sum(multiply_adds(generator)), sum(multiply_adds(discriminator))
    phase_one = g + 2 * training_multiply_adds(discriminator)
    phase_two = training_multiply_adds(generator) + 2 * d
    return (phase_one + phase_two) * images_per_second / machine_peak()


def build_dense_gan(ten, batch_size):
    """Chapter 10's GAN, compiled as there."""
    keras.utils.set_random_seed(0)
    model = ten["GAN"](ten["build_generator"](30), ten["build_discriminator"]())
    model.compile(
        g_optimizer=ten["adam"](1e-3),
        d_optimizer=ten["adam"](1e-3),
        steps_per_execution=20,
        jit_compile=True,
    )
    return model


def dense_gan(images, rounds=7, epochs=10):
    """Images per second of the dense GAN, in alternating rounds; then the classic one's recall.

    Compared are the classic loop, chapter 10's model at its batch size, and at its own; medians.
    """
    ten, x = chapter("10"), images.x_train[:20480]
    classic = Classic(*classic_dense())
    models = {batch_size: build_dense_gan(ten, batch_size) for batch_size in (32, 256)}
    rates = []
    for _ in range(rounds + 1):  # the first builds the training functions
        classic.seconds, classic.images = 0.0, 0
        classic.train(x, 300)
        row = [classic.images / classic.seconds]
        for batch_size, model in models.items():
            speed = Speed()
            model.fit(x, batch_size=batch_size, epochs=3, verbose=0, callbacks=[speed])
            row.append(len(x) / np.median(speed.seconds[1:]))
        rates.append(row)
    rates = np.array(rates[1:])
    classic_rate, same_batch, ours = np.median(rates, axis=0)
    players = models[256].generator, models[256].discriminator
    speedups = rates[:, 2] / rates[:, 0]
    keras.utils.set_random_seed(0)
    classic = Classic(*classic_dense())
    for _ in range(epochs):
        classic.train(images.x_train, len(images.x_train) // 32)
    _, precision, recall = ffd(images.x_test[:SCORED], classic.generator, 30)
    part = {
        "classic_images": classic_rate,
        "same_batch_images": same_batch,
        "same_batch_speedup": np.median(rates[:, 1] / rates[:, 0]),
        "images": ours,
        "speedup": np.median(speedups),
        "speedup_least": speedups.min(),
        "speedup_most": speedups.max(),
        "peak_share": gan_peak_share(*players, ours),
        "classic_precision": precision,
        "classic_recall": recall,
        "classic_epochs": epochs,
    }
    return part, recall


def dcgan_speed(images):
    """Images per second of the DCGAN: the classic loop, and ours."""
    eleven, x = chapter("11"), images.x_train[:6400]
    classic = Classic(*classic_dcgan())
    classic.train(2 * x - 1, 10)
    classic.seconds, classic.images = 0.0, 0
    classic.train(2 * x - 1, 150)
    players = eleven["build_generator"](32), eleven["build_discriminator"]()
    rate = our_speed(
        eleven["DCGAN"](*players),
        x,
        batch_size=64,
        g_rate=2e-3,
        d_rate=2e-3,
        steps_per_execution=10,
        jit_compile=False,
    )
    per_second = classic.images / classic.seconds
    part = {
        "classic_images": per_second,
        "images": rate,
        "speedup": rate / per_second,
        "peak_share": gan_peak_share(*players, rate),
    }
    return part, None


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
    data = tf.data.Dataset.from_tensor_slices(x).shuffle(len(x)).repeat().batch(64)
    model.fit(
        data,
        steps_per_epoch=len(x) // 4 // 64,  # scored four times in each pass over the data
        epochs=8,
        shuffle=False,
        verbose=0,
        callbacks=[speed],
    )
    seconds = np.cumsum(speed.seconds)
    reached = np.flatnonzero(np.array(speed.scores) <= classic_ffd)
    needed = seconds[reached[0]] if len(reached) else np.inf
    part = {
        "classic_ffd": classic_ffd,
        "classic_recall": recall,
        "classic_seconds": classic.seconds,
        "seconds_until_as_good": needed,
        "ratio": needed / classic.seconds,
    }
    return part, classic_ffd


def padded_dcgan():
    """Chapter 11's generator and discriminator for images of 32 by 32 instead of 28 by 28 pixels."""
    generator = keras.Sequential(
        [
            keras.Input((32,)),
            layers.Dense(8 * 8 * 64, use_bias=False),
            layers.Reshape((8, 8, 64)),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2DTranspose(48, 4, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="sigmoid"),
        ]
    )
    discriminator = keras.Sequential([keras.Input((32, 32, 1))])
    for i, n in enumerate((32, 64, 128)):
        discriminator.add(layers.Conv2D(n, 4, strides=2, padding="same"))
        if i > 0:
            discriminator.add(layers.BatchNormalization())
        discriminator.add(layers.LeakyReLU(0.2))
    discriminator.add(layers.Flatten())
    discriminator.add(layers.Dense(1))
    return generator, discriminator


def middle_of(model):
    """A function that draws 32 by 32 pixels and cuts out the 28 by 28 that chapter 12 scores."""

    def draw(z):
        return np.asarray(model(z))[:, 2:-2, 2:-2]

    return draw


def dcgan_padded(images, seed=42):
    """Chapter 11's DCGAN on the padded images of chapters 12 and 13, for as long as these train.

    As in these chapters, the validation images are scored. The clock leaves out compiling, as in
    chapter 12; chapter 13's training time includes it.
    """
    eleven = chapter("11")
    padding = ((0, 0), (2, 2), (2, 2), (0, 0))
    x, real = np.pad(images.x_train, padding), images.x_valid[:SCORED]
    part = {}
    for name in ("12_progressive_growing", "13_stylegan"):
        results = HERE.parent / "chapters" / "results" / f"{name}.json"
        limit = json.loads(results.read_text())["numbers"]["training_seconds"]
        keras.utils.set_random_seed(seed)
        model = eleven["DCGAN"](*padded_dcgan(), momentum=0.995, seed=seed)
        model.compile(2e-3, 2e-3, steps_per_execution=10, jit_compile=False)
        data = tf.data.Dataset.range(len(x)).shuffle(len(x)).repeat().batch(64)
        speed = Speed(limit=limit)
        model.fit(
            data.map(lambda chosen: tf.gather(x, chosen)),
            steps_per_epoch=50,
            epochs=1000,  # the callback stops it
            shuffle=False,
            verbose=0,
            callbacks=[speed],
        )
        distance, precision, recall = ffd(real, middle_of(model), 32)
        number = name[:2]
        part |= {
            f"ffd_{number}": distance,
            f"precision_{number}": precision,
            f"recall_{number}": recall,
            f"seconds_{number}": limit,
            f"images_{number}": 64 * 50 * (len(speed.seconds) - 1),
        }
    return part, None


def gan_floor(images, steps=200, batch_size=256):
    """Step time of chapter 10's `fit` over that of a bare compiled loop doing the same."""
    ten, x = chapter("10"), images.x_train[: steps * batch_size]
    speed = Speed()
    model = build_dense_gan(ten, batch_size)
    model.fit(x, batch_size=batch_size, epochs=5, verbose=0, callbacks=[speed])
    fit = min(speed.seconds[1:])
    g, d = ten["build_generator"](30), ten["build_discriminator"]()
    g_optimizer, d_optimizer = ten["adam"](1e-3), ten["adam"](1e-3)
    g_optimizer.build(g.trainable_variables)
    d_optimizer.build(d.trainable_variables)

    @tf.function(jit_compile=True)
    def step(real):
        fakes = g(tf.random.normal((batch_size, 30)), training=True)
        with tf.GradientTape() as tape:
            loss = ten["discriminator_loss"](d(real, training=True), d(fakes, training=True))
        gradients = tape.gradient(loss, [v.value for v in d.trainable_variables])
        d_optimizer.apply(gradients, d.trainable_variables)
        with tf.GradientTape() as tape:
            fakes = g(tf.random.normal((batch_size, 30)), training=True)
            loss = ten["generator_loss"](d(fakes, training=True))
        gradients = tape.gradient(loss, [v.value for v in g.trainable_variables])
        g_optimizer.apply(gradients, g.trainable_variables)

    data, seconds = tf.constant(x), []
    for _ in range(5):
        start = time.perf_counter()
        order = tf.random.shuffle(tf.range(len(x)))
        for i in range(steps):
            step(tf.gather(data, order[i * batch_size : (i + 1) * batch_size]))
        seconds.append(time.perf_counter() - start)
    bare = min(seconds[1:])
    return {"fit_seconds": fit, "bare_seconds": bare, "fit_over_bare": fit / bare}, None


PARTS = {
    "dense_gan": dense_gan,
    "gan_floor": gan_floor,
    "dcgan_speed": dcgan_speed,
    "dcgan": dcgan,
    "dcgan_padded": dcgan_padded,
}
