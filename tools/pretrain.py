"""Train a chapter's network for longer than the chapter does: `make pretrained N=15`.

The network and its training images come from the code of the chapter's script. The training goes
on where it was interrupted. It writes genkeras/assets/15_diffusion.npz with the weights as float16,
the file's SHA-256, and the layers of the network as JSON. Needs the full Fashion-MNIST, and one to two hours on two cores.
"""

import argparse
import hashlib
import io
import pathlib
import sys
import time

import genkeras as gk
import keras
import numpy as np
from keras import ops

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
from gans import chapter  # noqa: E402

ASSETS = ROOT / "genkeras/assets"
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


def diffusion(steps):
    """Train the U-Net of chapter 15, and return it with its averaged weights."""
    code = chapter("15")
    run = gk.setup(seed=0, mixed_precision="float32")
    images = gk.load_images(source="tfds")
    network = code["build_unet"]()
    # the start of a cosine for a third more steps, then a straight line down to 0
    schedule = Cooldown(gk.warmup_cosine(4e-3, 4 * steps // 3), steps, last_steps=steps // 12)
    network.compile(
        optimizer=keras.optimizers.Adam(schedule, use_ema=True, ema_momentum=0.999),
        loss="mse",
        steps_per_execution=10,
        jit_compile=run.jit_compile,
    )
    backup = ROOT / f"build/pretrained/15-{steps}.backup"
    network.fit(
        code["noisy_batches"](2 * images.x_train - 1, images.y_train, 64),
        epochs=steps // EPOCH,
        steps_per_epoch=EPOCH,
        shuffle=False,  # the batches are already
        callbacks=[keras.callbacks.BackupAndRestore(backup)],
        verbose=2,
    )
    return network


TRAININGS = {"15_diffusion": (diffusion, 30_000)}


def store(network, name):
    """Write the weights as float16, their SHA-256 and the layers; return the size in bytes."""
    content = io.BytesIO()
    weights = [np.asarray(weight, "float16") for weight in network.get_weights()]
    np.savez_compressed(content, *weights)
    path = ASSETS / f"{name}.npz"
    path.write_bytes(content.getvalue())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".sha256").write_text(f"{digest}  {path.name}\n")
    layers = network.to_json()
    for key in ("quantization_config", "input_axes", "output_axes"):
        layers = layers.replace(f', "{key}": null', "")  # which older versions of Keras refuse
    path.with_suffix(".json").write_text(layers + "\n")
    return path.stat().st_size


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("number", help="of the chapter: 15")
    parser.add_argument("--steps", type=int, help="gradient steps, a multiple of 500")
    arguments = parser.parse_args()
    names = [name for name in TRAININGS if name.startswith(arguments.number)]
    if not names:
        parser.error(f"there is no longer training of chapter {arguments.number}")
    train, steps = TRAININGS[names[0]]
    start = time.perf_counter()
    network = train(arguments.steps or steps)
    size = store(network, names[0])
    minutes = (time.perf_counter() - start) / 60
    print(f"{names[0]}: {network.count_params():,} weights, {size:,} bytes, {minutes:.0f} minutes")


if __name__ == "__main__":
    main()
