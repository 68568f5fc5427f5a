"""Chapter 12's networks: how fast each stage is, and whether growing pays at the full size.

Seconds are those of computing (of all cores, without compiling), so that other programs on the
machine do not change them.
"""

import math
import statistics
import time

import genkeras as gk
import keras
import numpy as np

from experiments.common import SCORED
from tools import lift

SEEDS = (0, 1, 2)


class Stopwatch(keras.callbacks.Callback):
    """Steps and seconds of computing; the first call compiles, and counts as the second one.

    With a limit, training stops when so many seconds have passed.
    """

    def __init__(self, limit=math.inf):
        super().__init__()
        self.limit, self.seconds, self.steps, self.last = limit, 0.0, 0, None

    def on_train_batch_end(self, batch, logs=None):
        now = time.process_time()
        if self.last is not None:
            self.seconds += (now - self.last) * (2 if self.seconds == 0 else 1)
        self.last, self.steps = now, batch + 1
        if self.seconds >= self.limit:
            self.model.stop_training = True


def build(code, seed):
    """The chapter's GAN for gray images."""
    keras.utils.set_random_seed(seed)
    sizes, fade = (code["RESOLUTIONS"], code["FILTERS"]), code["FadeIn"]()
    generators, averages = [
        code["build_generators"](*sizes, code["LATENT_DIM"], 1, fade) for _ in range(2)
    ]
    discriminators = code["build_discriminators"](*sizes, 1, fade)
    return code["ProgressiveGAN"](generators, averages, discriminators, fade)


def train(code, gan, stage, x, steps, fade_steps, limit=math.inf):
    """Train one stage; returns the stopwatch."""
    watch = Stopwatch(limit)
    gan.start_stage(stage, fade_steps)
    optimizers = code["adam"](code["RATE"]), code["adam"](code["RATE"])
    gan.compile(*optimizers, code["GAMMA"], steps_per_execution=10, jit_compile=False)
    batches = code["endless"](x, code["BATCH_SIZE"])
    gan.fit(batches, steps_per_epoch=steps, shuffle=False, callbacks=[watch], verbose=0)
    return watch


def all_sizes(code, images):
    """Training images at each resolution, the smallest first."""
    x_fit = [code["pad"](images.x_train, code["RESOLUTIONS"][-1])]
    while len(x_fit) < len(code["RESOLUTIONS"]):
        x_fit.insert(0, code["halve"](x_fit[0]))
    return x_fit


def rates(images):
    """Training images per second at each size, with the chapter's batch, after the fade."""
    code = lift.chapter("12")
    gan, x_fit, rows = build(code, seed=0), all_sizes(code, images), []
    for stage, size in enumerate(code["RESOLUTIONS"]):
        watch = train(code, gan, stage, x_fit[stage], steps=150, fade_steps=0)
        rows.append({"pixels": size, "rate": code["BATCH_SIZE"] * watch.steps / watch.seconds})
    return {"rows": rows}


def pays(images):
    """Growing as in the chapter, and the full size from the start for as much time.

    Three seeds each. The distance is to 3,000 test images, on the middle 28 by 28 pixels.
    """
    code = lift.chapter("12")
    x_fit, last = all_sizes(code, images), len(code["RESOLUTIONS"]) - 1
    real = gk.classify(images.x_test[:SCORED])[0]
    z = np.random.default_rng(0).standard_normal((SCORED, code["LATENT_DIM"])).astype("float32")
    rows, distances = [], {"grown": [], "start": []}

    def add(name, seed, gan, seconds, steps):
        features = gk.classify(code["draw"](gan.average, z)[:, 2:-2, 2:-2])[0]
        row = {"variant": f"{name}_{seed}", "distance": gk.frechet_distance(real, features)}
        row |= {"recall": gk.precision_recall(real, features)[1]}
        rows.append({**row, "steps_at_full_size": steps, "seconds": seconds})
        distances[name].append(row["distance"])
        print(rows[-1], flush=True)

    for seed in SEEDS:
        gan, seconds = build(code, seed), 0.0
        for stage, steps in enumerate(code["STEPS"]):
            watch = train(code, gan, stage, x_fit[stage], steps, steps // 2 * (stage > 0))
            seconds += watch.seconds
        add("grown", seed, gan, seconds, watch.steps)
        gan = build(code, seed)
        watch = train(code, gan, last, x_fit[last], 100_000, fade_steps=0, limit=seconds)
        add("start", seed, gan, watch.seconds, watch.steps)
    summary = {}
    for name, values in distances.items():
        summary |= {f"{name}_mean": statistics.mean(values)}
        summary |= {f"{name}_lowest": min(values), f"{name}_highest": max(values)}
    return {"rows": rows, **summary}


QUESTIONS = {"rates": rates, "pays": pays}
