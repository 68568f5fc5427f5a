"""Chapter 15's model: `make bench ONLY=samplers` and `make bench ONLY=diffusion`.

The first draws with the pretrained model by several samplers. The second trains the
U-Net with other settings, each for equally long. Each variant changes one setting of the chapter.
Its number of steps comes from its own speed, which is measured first, so that all of them train for
the same time.
"""

import time

import genkeras as gk
import keras
import numpy as np
from common import Clock, median_epoch
from gans import SCORED, chapter

SECONDS = 60  # of training, for each variant, without building and compiling it
SETTINGS = {
    "filters": (32, 64),
    "batch_size": 64,
    "rate": 4e-3,
    "momentum": 0.9,  # these trainings are too short for the chapter's 0.99
    "target": "velocity",
}
VARIANTS = {
    "chapter": {},
    "batch_32": {"batch_size": 32},
    "batch_128": {"batch_size": 128},
    "rate_halved": {"rate": 2e-3},
    "rate_doubled": {"rate": 8e-3},
    "narrow": {"filters": (16, 32)},
    "wide": {"filters": (48, 96)},
    "noise": {"target": "noise"},
}
SAMPLERS = [  # and their steps
    ("euler", 5),
    ("heun", 3),
    ("euler", 10),
    ("heun", 5),
    ("ddpm", 10),
    ("euler", 20),
    ("ddpm", 20),
    ("euler", 50),
    ("ddpm", 50),
]
PAIRS = [
    ("heun_5", "euler_5"),
    ("heun_9", "euler_10"),
    ("ddpm_20", "euler_20"),
    ("ddpm_50", "euler_50"),
]
SETS = 5  # of starting noises, for the spread of a distance on 200 images
OTHER_MOMENTA = [0.0, 0.99, 0.998, 0.9995]  # of the averages, all in one training


def train(code, images, settings, epochs, steps_per_epoch, callbacks):
    """A U-Net with averaged weights, after so many steps."""
    keras.utils.set_random_seed(0)
    network = code["build_unet"](settings["filters"])
    schedule = gk.warmup_cosine(settings["rate"], epochs * steps_per_epoch)
    network.compile(
        optimizer=keras.optimizers.Adam(schedule, use_ema=True, ema_momentum=settings["momentum"]),
        loss="mse",
        steps_per_execution=10,
        jit_compile=False,
    )
    network.fit(
        code["noisy_batches"](
            2 * images.x_train - 1, images.y_train, settings["batch_size"], settings["target"]
        ),
        epochs=epochs,
        steps_per_epoch=steps_per_epoch,
        shuffle=False,  # the batches are already
        callbacks=callbacks,
        verbose=0,
    )
    return network


def steps_in(code, images, settings, seconds):
    """How many gradient steps fit into a time, as a multiple of 10."""
    clock = Clock()
    train(code, images, settings, epochs=4, steps_per_epoch=20, callbacks=[clock])
    return max(round(seconds / median_epoch(clock.seconds) * 2) * 10, 10)


def score(code, network, images, target):
    """Fréchet Fashion Distance, precision and recall of images drawn with 9 or 10 calls."""
    labels = np.arange(SCORED) % 10
    if target == "velocity":
        x = code["in_parts"](code["heun"], network, labels, np.linspace(1, 0, 6))
    else:  # a prediction of the noise tells nothing about the velocity at 1
        times = np.linspace(0.98, 0, 11)
        x = code["in_parts"](code["euler"], network, labels, times, target=target)
    real, drawn = gk.classify(images.x_valid[:SCORED])[0], gk.classify(x)[0]
    return [gk.frechet_distance(real, drawn), *gk.precision_recall(real, drawn)]


def equal_time(images):
    """Distances of all variants, and of other averages of the chapter's settings."""
    code = chapter("15")
    part = {"seconds": SECONDS}
    for name, changes in VARIANTS.items():
        settings = SETTINGS | changes
        steps = steps_in(code, images, settings, SECONDS)
        averages = code["Averages"](OTHER_MOMENTA) if name == "chapter" else None
        start = time.perf_counter()
        network = train(code, images, settings, 1, steps, [averages] if averages else [])
        seconds = time.perf_counter() - start
        distance, precision, recall = score(code, network, images, settings["target"])
        part[f"{name}_ffd"] = distance
        part[f"{name}_precision"] = precision
        part[f"{name}_recall"] = recall
        part[f"{name}_steps"] = steps
        part[f"{name}_seconds"] = seconds
        part[f"{name}_images_per_second"] = steps * settings["batch_size"] / seconds
        print(name, f"{steps} steps, {seconds:.0f} s, distance {distance:.1f}", flush=True)
        if averages:
            for momentum, weights in averages.weights.items():
                network.set_weights(weights)
                key = f"momentum_{momentum}".replace(".", "_")
                part[f"{key}_ffd"] = score(code, network, images, "velocity")[0]
                print(key, f"distance {part[f'{key}_ffd']:.1f}", flush=True)
    return part, None


def samplers(images):
    """Distances of the pretrained model's images: 3,000 by Heun's method, and sets of 200.

    The sets differ in their starting noises only. Their spread shows what a difference between two
    samplers on 200 images is worth, and that of real images what the best value would be.
    """
    code = chapter("15")
    network = gk.load_pretrained("15_diffusion")
    features = gk.classify(images.x_valid)[0]
    part = {}
    for steps in (5, 50):
        calls = 2 * steps - 1
        labels, times = np.arange(SCORED) % 10, np.linspace(1, 0, steps + 1)
        start = time.perf_counter()
        drawn = gk.classify(code["in_parts"](code["heun"], network, labels, times))[0]
        part[f"heun_{calls}_seconds"] = time.perf_counter() - start
        part[f"heun_{calls}_ffd"] = gk.frechet_distance(features[:SCORED], drawn)
    part["heun_ratio"] = part["heun_9_ffd"] / part["heun_99_ffd"]
    labels, distances = np.arange(200) % 10, {}
    for name, steps in SAMPLERS:
        key = f"{name}_{2 * steps - 1 if name == 'heun' else steps}_calls"
        sets = []
        for seed in range(SETS):
            times = np.linspace(1, 0, steps + 1)
            x = code["in_parts"](code[name], network, labels, times, seed=seed)
            sets.append(gk.classify(x)[0])
        distances[key] = [gk.frechet_distance(features[:200], drawn) for drawn in sets]
        part |= {f"{key}_low": min(distances[key]), f"{key}_high": max(distances[key])}
        part[f"{key}_all"] = gk.frechet_distance(features, np.concatenate(sets))
        print(key, distances[key], flush=True)
    for better, other in PAIRS:  # of the sets, in how many a sampler has the smaller distance
        pairs = zip(distances[f"{better}_calls"], distances[f"{other}_calls"], strict=True)
        part[f"{better}_before_{other}"] = sum(a < b for a, b in pairs)
    slices = features[200 : len(features) // 200 * 200].reshape(-1, 200, features.shape[1])
    real = [gk.frechet_distance(features[:200], drawn) for drawn in slices]
    part |= {"real_low": min(real), "real_mean": np.mean(real), "real_high": max(real)}
    return part, None


PARTS = {"samplers": samplers, "diffusion": equal_time}
