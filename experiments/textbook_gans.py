"""The textbook's DCGAN against chapter 11's.

The classic loop alternates `train_on_batch` of D and of G and D stacked, batch 32, RMSprop, as in
Hands-On Machine Learning, chapter 17; D is switched to trainable and back, so that it does learn on
Keras 3. Ours is the chapter's, taken from its script.
"""

import math
import time

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from experiments.common import SCORED, Clock, scores
from tools import lift


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


QUESTIONS = {"dcgan": dcgan}
