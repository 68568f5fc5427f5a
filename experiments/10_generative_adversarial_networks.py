"""Chapter 10's small GANs over seeds: the game in one dimension, and the ring."""

import math

import keras
import numpy as np

from tools import lift

SEEDS = (0, 1, 2)


def settle(images):
    """The game in one dimension with a constant and with a falling rate of G, with three seeds.

    As in the chapter: the range of the standard deviation of G(z) in the last eight of 24 rounds,
    and the mean and the standard deviation after the last one. The bounds in the summary are
    rounded to the safe side.
    """
    code = lift.chapter("10")
    rounds = code["ROUNDS"]
    line = np.linspace(-3, 3, 121, dtype="float32")[:, np.newaxis]
    z = np.random.default_rng(42).standard_normal((1000, 1)).astype("float32")
    rates = {
        "falling": keras.optimizers.schedules.CosineDecay(0.01, 8 * rounds),
        "constant": 0.01,
    }
    rows, swings = [], {}
    for name, rate in rates.items():
        for seed in SEEDS:
            points = [frame[1] for frame in code["play"](rate, rounds, z, line, seed)[1::2]]
            swing = np.ptp([one.std() for one in points[-8:]])
            swings.setdefault(name, []).append(float(swing))
            row = {"variant": f"{name}_{seed}", "range": swing}
            rows.append({**row, "mean": points[-1].mean(), "deviation": points[-1].std()})
    most = math.ceil(100 * max(swings["falling"])) / 100
    least = math.floor(100 * min(swings["constant"])) / 100
    return {"rows": rows, "falling_most": most, "constant_least": least}


def even_ring(n=200_000, seed=0):
    """Points on the whole ring, without groups, as far from it as the real ones."""
    rng = np.random.default_rng(seed)
    angle = 2 * np.pi * rng.random(n)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return circle + 0.05 * rng.standard_normal((n, 2))


def ring(images):
    """Groups with points, of eight, at the end of 2,000 steps, with three seeds.

    As in the chapter: the usual GAN; the same with a discriminator that learns at a tenth of its
    rate; and this with the deviation of the batch as an input of the discriminator. The share
    of points close to a group is in %; even_percent is that of a ring without groups.
    """
    code = lift.chapter("10")
    rates = {"usual": 2e-3, "slow": 2e-4, "cured": 2e-4}
    rows, summary = [], {}
    for name, rate in rates.items():
        verdicts = []
        for seed in SEEDS:
            first_layers = [code["MinibatchDeviation"]()] if name == "cured" else []
            points = code["train_ring"](rate, code["RING_EPOCHS"], seed, first_layers)
            close, groups = code["judge"](points)
            verdicts.append(int(groups))
            row = {"variant": f"{name}_{seed}", "groups": int(groups)}
            rows.append({**row, "close_percent": float(close)})
        summary |= {f"{name}_fewest": min(verdicts), f"{name}_most": max(verdicts)}
    return {"rows": rows, **summary, "even_percent": float(code["judge"](even_ring())[0])}


QUESTIONS = {"settle": settle, "ring": ring}
