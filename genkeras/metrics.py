"""How good are generated garments? Distances between sets, on the features of a small classifier.

On garments this is the Fréchet Fashion Distance, by a classifier of ours: not comparable to FID.
"""

import functools
import pathlib

import numpy as np
from genkeras.data import read_asset
from genkeras.plotting import as_images

FEATURE_NET = pathlib.Path(__file__).parent / "assets" / "feature_net.keras"


@functools.cache
def _feature_net():
    import keras

    read_asset(FEATURE_NET)  # raises if it is damaged
    net = keras.saving.load_model(FEATURE_NET, compile=False)
    return keras.Model(net.inputs[0], [net.get_layer("features").output, net.outputs[0]])


def classify(images, batch_size=500):
    """Features and class probabilities of garments, by the classifier that comes along.

    Args:
        images: floats (n, 28, 28) or (n, 28, 28, 1) in [0, 1].
        batch_size: images at a time.
    Returns: float32 features (n, 64), and probabilities (n, 10) in the order of `class_names`.
    Raises: ValueError: for images of another shape or range.
        RuntimeError: if the classifier's file is missing or damaged.
    """
    images = as_images(images)[..., None]
    if images.shape[1:] != (28, 28, 1):
        raise ValueError(f"images must be grey, of 28 x 28 pixels, got shape {images.shape[:-1]}")
    net, parts = _feature_net(), range(0, len(images), batch_size)
    outputs = [[np.asarray(y) for y in net(images[i : i + batch_size])] for i in parts]
    return tuple(np.concatenate(part) for part in zip(*outputs, strict=True))


def _features(**sets):
    """Two sets of images or features as float64 features, or a ValueError that says why not."""
    found = []
    for name, array in sets.items():
        array = np.asarray(array)
        array = classify(array)[0] if array.ndim > 2 else array
        if array.ndim != 2 or len(array) < 2 or not np.isfinite(array).all():
            raise ValueError(
                f"{name} must be images, or finite features (n, d) with n > 1, got {array.shape}"
            )
        found.append(array.astype("float64"))
    sizes = [array.shape[1] for array in found]
    if sizes[0] != sizes[1]:
        raise ValueError(f"{' and '.join(sets)} must have as many features, got {sizes}")
    return found


def frechet_distance(a, b):
    """Fréchet distance of Gaussians fitted to two sets: |m - n|^2 + tr(S + T - 2 (S T)^1/2).

    On images of garments it is the Fréchet Fashion Distance, which is not FID. It falls with the
    number of images, so compare sets of equal size.

    Args:
        a, b: images (n, 28, 28[, 1]) in [0, 1], or features (n, d); n may differ.
    Returns: A float of at least 0.
    Raises: ValueError: for other shapes, numbers of features that differ, or NaN.
    Source: Dowson and Landau, 1982; Heusel et al., GANs Trained by a Two Time-Scale Update, 2017.
    """
    a, b = _features(a=a, b=b)
    s, t = (np.atleast_2d(np.cov(array, rowvar=False)) for array in (a, b))
    values, vectors = np.linalg.eigh(s)
    root = vectors * np.sqrt(np.clip(values, 0, None)) @ vectors.T
    cross = np.sqrt(np.clip(np.linalg.eigvalsh(root @ t @ root), 0, None)).sum()
    gap = np.sum((a.mean(axis=0) - b.mean(axis=0)) ** 2)
    return float(max(0, gap + np.trace(s) + np.trace(t) - 2 * cross))


def precision_recall(real, fake, k=3):
    """Share of fakes that lie among the real, and of the real that lie among the fakes.

    To lie among a set is to be as near to one of its members as that member's k-th neighbour.

    Args:
        real, fake: images or features, as for `frechet_distance`.
        k: neighbours that set each member's radius, at least 1 and less than either set.
    Returns: (precision, recall), floats in [0, 1].
    Raises: ValueError: as `frechet_distance`, and for k out of range.
    Source: Kynkäänniemi et al., Improved Precision and Recall Metric, 2019.
    """
    from sklearn.metrics import pairwise_distances

    real, fake = _features(real=real, fake=fake)
    if not 1 <= k < min(len(real), len(fake)):
        raise ValueError(f"k must be at least 1 and less than either set, got {k}")

    def share(members, points):
        own = np.sort(pairwise_distances(members), axis=1)  # itself first, at 0
        return float(np.mean((pairwise_distances(points, members) <= own[:, k]).any(axis=1)))

    return share(real, fake), share(fake, real)
