"""Train a chapter's network for longer than the chapter does: `make pretrained N=13`.

The network and its training images come from the code of the chapter's script. An interrupted
training goes on where it stopped. The weights go to genkeras/assets/13_stylegan.npz as float16,
with the file's SHA-256 beside it. Needs the full Fashion-MNIST, and on two cores half an hour (11,
13) or one to two (15).
"""

import argparse
import hashlib
import json
import math
import time

import genkeras as gk
import keras
import numpy as np
import tensorflow as tf
from keras import ops

from tools import ROOT, assets, lift

BACKUPS = ROOT / "build" / "pretrained"
EPOCH = 500  # steps between two lines of output, and two backups


class Cooldown(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule whose learning rates fall to 0 on a straight line over the last steps."""

    def __init__(self, schedule, steps, last_steps):
        self.schedule, self.steps, self.last_steps = schedule, steps, last_steps

    def __call__(self, step):
        left = (self.steps - ops.cast(step, "float32")) / self.last_steps
        return self.schedule(step) * ops.clip(left, 0.0, 1.0)

    def get_config(self):
        return {"schedule": self.schedule, "steps": self.steps, "last_steps": self.last_steps}


def diffusion(settings, images, jit_compile):
    """The U-Net of chapter 15; its weights are averages after the training."""
    code, steps = lift.chapter("15"), settings["steps"]
    network = code["build_unet"]()
    # the start of a cosine for a third more steps, then a straight line down to 0
    schedule = gk.warmup_cosine(settings["rate"], 4 * steps // 3)
    network.compile(
        optimizer=keras.optimizers.Adam(
            Cooldown(schedule, steps, last_steps=steps // 12),
            use_ema=True,
            ema_momentum=settings["momentum"],
        ),
        loss="mse",
        steps_per_execution=math.gcd(10, EPOCH),
        jit_compile=jit_compile,
    )
    x = 2 * images.x_train - 1
    return network, code["noisy_batches"](x, images.y_train, settings["batch_size"]), network


def dcgan(settings, images, jit_compile):
    """The conditional DCGAN of chapter 11; its average is stored."""
    code = lift.chapter("11")
    n_classes = len(images.class_names)
    shape = images.x_train.shape[1:]
    model = code["ConditionalDCGAN"](
        code["build_generator"](code["LATENT_DIM"] + n_classes, shape),
        code["build_discriminator"](shape, n_classes),
        momentum=settings["momentum"],
    )
    compile_gan(model, code["adam"], settings, jit_compile)
    labels = np.eye(n_classes, dtype="float32")[images.y_train]
    return model, endless(settings, images.x_train, labels), model.average


def stylegan(settings, images, jit_compile):
    """The StyleGAN of chapter 13; its average is stored."""
    code = lift.chapter("13")
    sizes = code["LATENT_DIM"], code["W_DIM"], code["RESOLUTIONS"], code["FILTERS"]
    model = code["StyleGAN"](
        code["build_generator"](*sizes),
        code["build_generator"](*sizes),
        code["build_discriminator"](code["RESOLUTIONS"], code["FILTERS"], 1),
        mixing=settings["mixing"],
    )
    compile_gan(
        model,
        code["adam"],
        settings,
        jit_compile,
        gamma=settings["gamma"],
        momentum=settings["momentum"],
    )
    return model, endless(settings, code["pad"](images.x_train)), model.average


def compile_gan(model, adam, settings, jit_compile, **kwargs):
    """Give both players Adam, with a rate that falls along a cosine to a twentieth."""
    rates = [
        keras.optimizers.schedules.CosineDecay(settings["rate"], settings["steps"], alpha=0.05)
        for _ in range(2)
    ]
    steps = math.gcd(10, EPOCH)
    optimizers = [adam(rate) for rate in rates]
    model.compile(*optimizers, steps_per_execution=steps, jit_compile=jit_compile, **kwargs)


def endless(settings, *arrays):
    """Shuffled batches of arrays, again and again."""
    tensors = [tf.constant(array) for array in arrays]
    numbers = tf.data.Dataset.range(len(arrays[0])).shuffle(len(arrays[0])).repeat()
    batches = numbers.batch(settings["batch_size"])
    if len(tensors) == 1:
        return batches.map(lambda chosen: tf.gather(tensors[0], chosen))
    return batches.map(lambda chosen: tuple(tf.gather(one, chosen) for one in tensors))


# {name of the weights: (function, settings)}. The function takes the settings, the images and
# whether to use XLA. It returns a compiled model, endless data that it learns from, and the network
# whose weights are stored: the model itself, or a part of it.
TRAININGS = {
    "11_dcgan": (
        dcgan,
        {"steps": 17_000, "rate": 2e-3, "batch_size": 64, "momentum": 0.999, "seed": 0},
    ),
    "13_stylegan": (
        stylegan,
        {
            "steps": 20_000,
            "rate": 0.02,
            "batch_size": 32,
            "momentum": 0.998,
            "mixing": 0.1,
            "gamma": 0.1,
            "seed": 0,
        },
    ),
    "15_diffusion": (
        diffusion,
        {"steps": 30_000, "rate": 4e-3, "batch_size": 64, "momentum": 0.999, "seed": 0},
    ),
}


def find(number, steps=None):
    """Name, function and settings of a chapter's training.

    Raises:
        ValueError: if there is none, or if the steps do not fill whole epochs.
    """
    names = {name.split("_")[0]: name for name in TRAININGS}
    if number not in names:
        raise ValueError(
            f"no training of chapter {number!r}; there are those of {', '.join(names)}"
        )
    prepare, settings = TRAININGS[names[number]]
    if steps is not None and (steps <= 0 or steps % EPOCH):
        raise ValueError(f"steps must be a positive multiple of {EPOCH}, got {steps}")
    return names[number], prepare, settings | {"steps": steps or settings["steps"]}


def backup_folder(name, settings, model, folder=BACKUPS):
    """Where a training is backed up: a folder for each combination of settings and shapes.

    Says so if there are backups with other ones, from which the training cannot go on.
    """
    described = json.dumps(
        [settings, [list(weight.shape) for weight in model.weights]], sort_keys=True
    )
    path = folder / f"{name}-{hashlib.sha256(described.encode()).hexdigest()[:12]}.backup"
    if not path.exists() and any(folder.glob(f"{name}-*.backup")):
        print(f"{name}: starts anew, because the backups in {folder} have other settings")
    return path


def train(name, prepare, settings):
    """Train, or go on where a training with the same settings stopped; return the network."""
    run = gk.setup(seed=settings["seed"], mixed_precision="float32")
    images = gk.load_images(source="tfds")
    model, data, network = prepare(settings, images, run.jit_compile)
    folder = backup_folder(name, settings | {"images": len(images.x_train)}, model)
    model.fit(
        data,
        epochs=settings["steps"] // EPOCH,
        steps_per_epoch=EPOCH,
        shuffle=False,  # the batches are already
        callbacks=[keras.callbacks.BackupAndRestore(folder)],
        verbose=2,
    )
    return network


def store(network, name, folder=assets.ASSETS):
    """Write the weights as float16, and their SHA-256."""
    weights = {f"arr_{i}": np.float16(weight) for i, weight in enumerate(network.get_weights())}
    assets.store(f"{name}.npz", assets.pack(**weights), folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("number", help=f"of the chapter: {', '.join(TRAININGS)}")
    parser.add_argument("--steps", type=int, help=f"gradient steps, a multiple of {EPOCH}")
    arguments = parser.parse_args()
    try:
        name, prepare, settings = find(arguments.number, arguments.steps)
    except ValueError as error:
        raise SystemExit(str(error)) from None
    start = time.perf_counter()
    network = train(name, prepare, settings)
    store(network, name)
    minutes = (time.perf_counter() - start) / 60
    print(f"{name}: {network.count_params():,} weights, {minutes:.0f} minutes")


if __name__ == "__main__":
    main()
