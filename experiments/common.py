"""What experiments share: a clock, the cost of a model, and scores."""

import datetime
import math
import os
import statistics
import time

import genkeras as gk
import keras
import numpy as np
import tensorflow as tf
from keras import layers

from tools.running import processor_name

SCORED = 3000  # images on each side of a Fréchet Fashion Distance


def made_by(images):
    """What an answer was measured on."""
    return {
        "date": str(datetime.date.today()),
        "machine": f"{processor_name()}, {os.cpu_count()} cores",
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "images": len(images.x_train),
    }


class Clock(keras.callbacks.Callback):
    """Seconds of each epoch, validation included, and what `score(model)` gives after it.

    With a limit, training stops when the epochs after the first have taken as many seconds.
    """

    def __init__(self, score=None, limit=math.inf):
        super().__init__()
        self.score, self.limit, self.seconds, self.scores = score, limit, [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.start)
        if self.score:
            self.scores.append(self.score(self.model))
        if sum(self.seconds[1:]) >= self.limit:
            self.model.stop_training = True


def later_median(seconds):
    """Median of all but the first, which includes compiling."""
    return statistics.median(seconds[1:])


def seconds_of(function, *arguments, **options):
    """Seconds that a call takes."""
    start = time.perf_counter()
    function(*arguments, **options)
    return time.perf_counter() - start


def scores(real, draw, latent_dim):
    """Fréchet Fashion Distance, precision and recall of as many drawn images as there are real."""
    z = np.random.default_rng(1).standard_normal((len(real), latent_dim)).astype("float32")
    drawn = np.concatenate([np.asarray(draw(z[i : i + 500])) for i in range(0, len(z), 500)])
    return gk.frechet_distance(real, drawn), *gk.precision_recall(real, drawn)


# --- Arithmetic ----------------------------------------------------------------------------------


def multiply_adds(model):
    """Multiply-adds of a forward pass for one image, in each layer that has a kernel.

    Returns:
        A list of whole numbers, in the order of the layers.
    """
    counts = []
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            counts += multiply_adds(layer)
        elif isinstance(layer, layers.Dense | gk.TransposedDense):
            positions = math.prod(layer.input.shape[1:-1])  # a sequence has one for each step
            counts.append(positions * math.prod(layer.kernel.shape))
        elif isinstance(layer, layers.Conv2D | layers.Conv2DTranspose):
            transposed = isinstance(layer, layers.Conv2DTranspose)
            _, height, width, _ = (layer.input if transposed else layer.output).shape
            counts.append(height * width * math.prod(layer.kernel.shape))
        elif isinstance(layer, layers.RNN):
            kernels = layer.cell.kernel, layer.cell.recurrent_kernel
            per_step = sum(math.prod(kernel.shape) for kernel in kernels)
            counts.append(layer.input.shape[1] * per_step)
    return counts
