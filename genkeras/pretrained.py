"""Weights that come with the package: networks of the chapters, trained for longer."""

import io

import numpy as np
from genkeras import data


def load_pretrained(name, model):
    """Give a model the weights of a longer training, which come with the package.

    Chapters 11, 13 and 15 have some; `make pretrained N=15` makes those of 15 again. They are
    stored as float16.

    Args:
        name: the chapter, such as "15_diffusion".
        model: a built Keras model with the layers and sizes of the chapter's.

    Returns:
        The model, whose weights have been replaced.

    Raises:
        ValueError: if there are no weights of that name, or the model has other ones.
        RuntimeError: if the file of the weights is damaged.
    """
    names = sorted(path.name[:-4] for path in data.ASSETS.iterdir() if path.name.endswith(".npz"))
    names = [known for known in names if known[:2].isdigit()]
    if name not in names:
        raise ValueError(f"no pretrained weights are called {name!r}; there are {names}")
    with np.load(io.BytesIO(data.read_asset(f"{name}.npz"))) as file:
        weights = [file[key].astype("float32") for key in file.files]
    shapes = [weight.shape for weight in weights]
    expected = [tuple(weight.shape) for weight in model.weights]
    if shapes != expected:
        raise ValueError(
            f"the weights of {name} do not fit the model: {_describe_difference(shapes, expected)}"
        )
    model.set_weights(weights)
    return model


def _describe_difference(stored, expected):
    """Say in words where two lists of shapes differ first."""
    if len(stored) != len(expected):
        return f"there are {len(stored)} arrays, and the model has {len(expected)}"
    [first, *_] = [pair for pair in zip(stored, expected, strict=True) if pair[0] != pair[1]]
    return f"an array has shape {first[0]}, and the model's has {first[1]}"
