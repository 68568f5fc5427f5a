"""Make the bundled sample: the first 1,000 training and 200 test images of each class.

`python -m tools.make_sample [FILE]` needs the full Fashion-MNIST, prepared or downloadable, and
gives the same bytes each time.
"""

import hashlib
import pathlib
import sys

import genkeras as gk
import numpy as np
from genkeras import data


def first_of_each_class(labels, count):
    """Sorted indices of the first `count` examples of each class."""
    return np.sort(np.concatenate([np.flatnonzero(labels == k)[:count] for k in np.unique(labels)]))


def make_sample(images, path, n_train=1000, n_test=200):
    """Write the sample of an `ImageData` (training and validation images taken as one)."""
    x = np.concatenate([images.x_train, images.x_valid])
    y = np.concatenate([images.y_train, images.y_valid])
    train, test = first_of_each_class(y, n_train), first_of_each_class(images.y_test, n_test)

    def pixels(floats):
        return np.round(floats[..., 0] * 255).astype("uint8")

    np.savez_compressed(
        path,
        x_train=pixels(x[train]),
        y_train=y[train].astype("uint8"),
        x_test=pixels(images.x_test[test]),
        y_test=images.y_test[test].astype("uint8"),
    )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".sha256").write_text(f"{digest}  {path.name}\n", encoding="utf-8")
    return digest


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else data.ASSETS / data.SAMPLE
    print(make_sample(gk.load_images(source="tfds"), target), target)
