"""Drum grooves: the data of chapter 08's Beat Blender, made by `python -m tools.assets grooves`."""

import dataclasses
import io

import numpy as np
from genkeras.data import read_asset


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class GrooveData:
    """Drum beats as arrays (n, 9, 32): instruments by steps, two bars of sixteen each.

    Values are loudnesses in [0, 1], float32, and 0 where there is no hit.

    Attributes:
        names: of the written grooves, such as "rock".
        instruments: names of the nine instruments.
        originals: the grooves as they are written, in the order of `names`; bar 2 repeats bar 1.
        x_train: variations of them, 150 of each in turn.
        x_test: other variations, 10 of each.
        sounds: (9, n), a hit of each instrument, float32 in [-1, 1].
        rate: samples per second of the sounds.
    """

    names: tuple
    instruments: tuple
    originals: np.ndarray
    x_train: np.ndarray
    x_test: np.ndarray
    sounds: np.ndarray
    rate: int


def load_grooves():
    """Load drum grooves, variations of them and the sounds of a drum machine.

    Returns:
        `GrooveData`.

    Raises:
        RuntimeError: if the file is missing or damaged.
    """
    with np.load(io.BytesIO(read_asset("grooves.npz"))) as file:
        beats = {key: file[key] / np.float32(255) for key in ("originals", "x_train", "x_test")}
        return GrooveData(
            names=tuple(file["names"].tolist()),
            instruments=tuple(file["instruments"].tolist()),
            sounds=file["sounds"] / np.float32(32767),
            rate=int(file["rate"]),
            **beats,
        )
