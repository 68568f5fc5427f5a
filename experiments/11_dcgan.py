"""Chapter 11's DCGAN beside the generators of later chapters."""

import functools
import json
import math

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from experiments.common import SCORED, Clock, scores
from tools import CHAPTERS, lift


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


def draw_middle(model, z):
    """Images of 32 by 32 pixels, cut to the 28 by 28 that chapters 12 and 13 score."""
    return np.asarray(model(z))[:, 2:-2, 2:-2]


def dcgan_padded(images, seed=42, steps=50):
    """Chapter 11's DCGAN on the padded images of chapters 12 and 13, for as long as these train.

    Fréchet Fashion Distance, precision and recall of 3,000 images, as in these chapters on
    validation images, and the number of images that the training was shown. One seed. The clock
    leaves out compiling, as in chapter 12; chapter 13's training time includes it.
    """
    eleven = lift.chapter("11")
    x = tf.constant(np.pad(images.x_train, ((0, 0), (2, 2), (2, 2), (0, 0))))
    answer = {}
    for chapter in ("12_progressive_growing", "13_stylegan"):
        results = json.loads((CHAPTERS / "results" / f"{chapter}.json").read_text("utf-8"))
        limit = results["numbers"]["training_seconds"]
        keras.utils.set_random_seed(seed)
        model = eleven["DCGAN"](*padded_dcgan(), momentum=0.995, seed=seed)
        model.compile(2e-3, 2e-3, steps_per_execution=math.gcd(10, steps), jit_compile=False)
        data = tf.data.Dataset.range(len(x)).shuffle(len(x)).repeat().batch(64)
        clock = Clock(limit=limit)
        model.fit(
            data.map(lambda chosen: tf.gather(x, chosen)),
            steps_per_epoch=steps,
            epochs=1000,  # the clock stops it
            shuffle=False,
            verbose=0,
            callbacks=[clock],
        )
        draw = functools.partial(draw_middle, model)
        distance, precision, recall = scores(images.x_valid[:SCORED], draw, 32)
        number = chapter[:2]
        answer |= {
            f"ffd_{number}": distance,
            f"precision_{number}": precision,
            f"recall_{number}": recall,
            f"seconds_{number}": limit,
            f"images_{number}": 64 * steps * (len(clock.seconds) - 1),
        }
    return answer


QUESTIONS = {"dcgan_padded": dcgan_padded}
