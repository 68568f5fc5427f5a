"""The textbook's GANs against chapters 10 and 11.

The classic loop alternates `train_on_batch` of D and of G and D stacked, batch 32, RMSprop, as in
Hands-On Machine Learning, chapter 17; D is switched to trainable and back, so that it does learn on
Keras 3. Ours are the models of the chapters, taken from their scripts.
"""

import math
import time

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from experiments.common import SCORED, Clock, gan_peak_share, later_median, scores
from tools import lift


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
    """The classic loop, a batch at a time; `seconds` are those of training only."""

    def __init__(self, generator, discriminator, seed=0):
        self.generator, self.discriminator = generator, discriminator
        discriminator.compile(loss="binary_crossentropy", optimizer="rmsprop", jit_compile=False)
        self.stacked = keras.Sequential([generator, discriminator])
        self.stacked.compile(loss="binary_crossentropy", optimizer="rmsprop", jit_compile=False)
        self.rng, self.seconds = np.random.default_rng(seed), 0.0

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

    def rate(self, x, steps, batch_size=32):
        """Images per second of so many steps."""
        before = self.seconds
        self.train(x, steps, batch_size)
        return steps * batch_size / (self.seconds - before)


def our_dense_gan(ten):
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
    """Images per second of the dense GANs, and the quality of the textbook's.

    The classic loop, chapter 10's model at the same batch size of 32, and at its own of 256, in
    alternating rounds: medians. Precision and recall are those of the classic model's images.
    """
    ten, x = lift.chapter("10"), images.x_train[:20480]
    classic = Classic(*classic_dense())
    models = {batch_size: our_dense_gan(ten) for batch_size in (32, 256)}
    rates = []
    for _ in range(rounds + 1):  # the first builds the training functions
        row = [classic.rate(x, 300)]
        for batch_size, model in models.items():
            clock = Clock()
            model.fit(x, batch_size=batch_size, epochs=3, verbose=0, callbacks=[clock])
            row.append(len(x) / later_median(clock.seconds))
        rates.append(row)
    rates = np.array(rates[1:])
    classic_rate, same_batch, ours = np.median(rates, axis=0)
    speedups = rates[:, 2] / rates[:, 0]
    keras.utils.set_random_seed(0)
    classic = Classic(*classic_dense())
    for _ in range(epochs):
        classic.train(images.x_train, len(images.x_train) // 32)
    _, precision, recall = scores(images.x_test[:SCORED], classic.generator, 30)
    return {
        "classic_images": classic_rate,
        "same_batch_images": same_batch,
        "same_batch_speedup": np.median(rates[:, 1] / rates[:, 0]),
        "images": ours,
        "speedup": np.median(speedups),
        "speedup_least": speedups.min(),
        "speedup_most": speedups.max(),
        "peak_share": gan_peak_share(models[256].generator, models[256].discriminator, ours),
        "classic_precision": precision,
        "classic_recall": recall,
        "classic_epochs": epochs,
    }


def dcgan(images, epochs=2):
    """The textbook's DCGAN after two epochs, and chapter 11's in the same time.

    The share is ours by the textbook's Fréchet Fashion Distance, after as much time as its two
    epochs took. The ratio is the share of this time after which ours has as small a distance. Ours
    is scored four times in each epoch, and the first quarter includes building its functions.
    """
    x, real, eleven = images.x_train, images.x_test[:SCORED], lift.chapter("11")
    keras.utils.set_random_seed(0)
    classic = Classic(*classic_dcgan())
    for _ in range(epochs):
        classic.train(2 * x - 1, len(x) // 32)
    distance, _, recall = scores(real, lambda z: np.clip((classic.generator(z) + 1) / 2, 0, 1), 100)
    print(f"classic DCGAN: distance {distance:.1f} after {classic.seconds:.0f} s", flush=True)
    keras.utils.set_random_seed(0)
    latent_dim, adam, steps = eleven["LATENT_DIM"], eleven["adam"], len(x) // 4 // 64
    model = eleven["DCGAN"](eleven["build_generator"](latent_dim), eleven["build_discriminator"]())
    rates = adam(eleven["RATE"]), adam(eleven["RATE"])
    model.compile(*rates, steps_per_execution=math.gcd(10, steps), jit_compile=False)
    clock = Clock(lambda model: scores(real, model.average, latent_dim)[0], classic.seconds)
    data = tf.data.Dataset.from_tensor_slices(x).shuffle(len(x)).repeat().batch(64)
    model.fit(data, steps_per_epoch=steps, epochs=99, shuffle=False, verbose=0, callbacks=[clock])
    seconds = np.cumsum(clock.seconds)
    reached = np.flatnonzero(np.array(clock.scores) <= distance)
    needed = seconds[reached[0]] if len(reached) else math.inf
    last = np.flatnonzero(seconds <= classic.seconds)[-1]
    return {
        "classic_ffd": distance,
        "classic_recall": recall,
        "classic_seconds": classic.seconds,
        "seconds_until_as_good": needed,
        "ratio": needed / classic.seconds,
        "ffd": clock.scores[last],
        "epochs": (last + 1) / 4,
        "textbook_share": clock.scores[last] / distance,
    }


QUESTIONS = {"dense_gan": dense_gan, "dcgan": dcgan}
