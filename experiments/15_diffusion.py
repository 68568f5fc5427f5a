"""Chapter 15's U-Net: other settings, and samplers."""

import math
import time

import genkeras as gk
import keras
import numpy as np

from experiments.common import SCORED, Clock, later_median
from tools import lift

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
# The samplers that are compared, and the calls of the network for an image.
SAMPLERS = ["euler_5", "euler_10", "euler_20", "euler_50", "heun_5", "heun_9"]
SAMPLERS += ["ddpm_10", "ddpm_20", "ddpm_50"]
PAIRS = [("heun_5", "euler_5"), ("heun_9", "euler_10")]
PAIRS += [("ddpm_20", "euler_20"), ("ddpm_50", "euler_50")]
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
        steps_per_execution=math.gcd(10, steps_per_epoch),
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
    return max(round(seconds / later_median(clock.seconds) * 2) * 10, 10)


def score(code, network, images, target):
    """Fréchet Fashion Distance, precision and recall of images drawn with 9 or 10 calls."""
    labels = np.arange(SCORED) % 10
    if target == "velocity":
        x = code["in_parts"](code["heun"], network, labels, np.linspace(1, 0, 6))
    else:  # a prediction of the noise tells nothing about the velocity at 1
        times = np.linspace(0.98, 0, 11)
        x = code["in_parts"](code["euler"], network, labels, times, target=target)
    real, drawn = gk.classify(images.x_valid[:SCORED])[0], gk.classify(x)[0]
    precision, recall = gk.precision_recall(real, drawn)
    distance = gk.frechet_distance(real, drawn)
    return {"ffd": distance, "precision": precision, "recall": recall}


def diffusion(images, seconds=60):
    """The U-Net with one setting of the chapter changed, trained for equally long.

    The number of steps comes from each variant's own speed, which is measured first: as many as fit
    into 60 s without building and compiling, which the seconds in the table include. One seed.
    Fréchet Fashion Distance, precision and recall of 3,000 images, drawn with 9 calls of the network
    (with the noise as the target: 10). The chapter's own setting is averaged with the momentum 0.9,
    and in the last rows with others.
    """
    code = lift.chapter("15")
    rows, average_rows = [], []
    for name, changes in VARIANTS.items():
        settings = SETTINGS | changes
        steps = steps_in(code, images, settings, seconds)
        averages = [code["Averages"](OTHER_MOMENTA)] if name == "chapter" else []
        start = time.perf_counter()
        network = train(code, images, settings, 1, steps, averages)
        taken = time.perf_counter() - start
        rows.append(
            {
                "variant": name,
                "setting": ", ".join(f"{key} {value}" for key, value in changes.items()),
                **score(code, network, images, settings["target"]),
                "steps": steps,
                "seconds": taken,
                "images_per_second": steps * settings["batch_size"] / taken,
            }
        )
        print(rows[-1], flush=True)
        for momentum, weights in averages[0].weights.items() if averages else ():
            network.set_weights(weights)
            row = {"variant": f"momentum_{momentum}".replace(".", "_")}
            row["setting"] = f"momentum {momentum}"
            average_rows.append(row | score(code, network, images, "velocity"))
    return {"rows": rows + average_rows}


def samplers(images):
    """The pretrained model's Fréchet Fashion Distance with several samplers.

    Sampler and number of calls of the network name a row: five sets of 200 images that differ in
    their starting noises only, with the lowest and the highest distance, and that of all sets
    together. Their spread shows what a difference between two samplers on 200 images is worth, and
    that of real images what the best value would be. `heun_5_before_euler_5` counts the sets for
    which the first has the smaller distance. `heun_9_ffd` is that of 3,000 images.
    """
    code = lift.chapter("15")
    network = gk.load_pretrained("15_diffusion", code["build_unet"]())
    features = gk.classify(images.x_valid)[0]
    answer, distances, rows = {}, {}, []
    for steps in (5, 50):
        calls = 2 * steps - 1
        labels, times = np.arange(SCORED) % 10, np.linspace(1, 0, steps + 1)
        start = time.perf_counter()
        drawn = gk.classify(code["in_parts"](code["heun"], network, labels, times))[0]
        answer[f"heun_{calls}_seconds"] = time.perf_counter() - start
        answer[f"heun_{calls}_ffd"] = gk.frechet_distance(features[:SCORED], drawn)
    answer["heun_ratio"] = answer["heun_9_ffd"] / answer["heun_99_ffd"]
    labels = np.arange(200) % 10
    for name in SAMPLERS:
        sampler, calls = name.split("_")
        steps = (int(calls) + 1) // 2 if sampler == "heun" else int(calls)
        times, sets = np.linspace(1, 0, steps + 1), []
        for seed in range(SETS):
            x = code["in_parts"](code[sampler], network, labels, times, seed=seed)
            sets.append(gk.classify(x)[0])
        found = [gk.frechet_distance(features[:200], drawn) for drawn in sets]
        distances[name] = found
        together = gk.frechet_distance(features, np.concatenate(sets))
        row = {"low": min(found), "high": max(found), "all": together}
        rows.append({"sampler": f"{name}_calls", **row})
        print(rows[-1], flush=True)
    for better, other in PAIRS:
        pairs = zip(distances[better], distances[other], strict=True)
        answer[f"{better}_before_{other}"] = sum(a < b for a, b in pairs)
    slices = features[200 : len(features) // 200 * 200].reshape(-1, 200, features.shape[1])
    real = [gk.frechet_distance(features[:200], drawn) for drawn in slices]
    answer |= {"real_low": min(real), "real_mean": np.mean(real), "real_high": max(real)}
    return {"rows": rows, **answer}


QUESTIONS = {"diffusion": diffusion, "samplers": samplers}
