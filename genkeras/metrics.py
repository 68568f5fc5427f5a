"""How good are generated garments? Distances between sets, on the features of a small classifier.

On garments, `frechet_distance` is the Fréchet Fashion Distance. Its features come from our own
classifier, so its values cannot be compared with a published FID.
"""

import functools
import operator
import pathlib
import tempfile

import keras
import numpy as np
from genkeras.data import read_asset
from genkeras.plotting import as_images
from scipy.spatial.distance import cdist

FEATURE_NET = "feature_net.keras"
ROWS_AT_A_TIME = 1000  # of a matrix of distances, which would not fit into memory as a whole


@functools.cache
def _feature_net():
    """The bundled classifier, as a model with two outputs: features and probabilities."""
    with tempfile.TemporaryDirectory() as folder:  # genkeras may be imported from a zip
        path = pathlib.Path(folder, FEATURE_NET)
        path.write_bytes(read_asset(FEATURE_NET))
        net = keras.saving.load_model(path, compile=False)
    return keras.Model(net.inputs[0], [net.get_layer("features").output, net.outputs[0]])


def classify(images, batch_size=500):
    """Compute features and class probabilities of garments with the bundled classifier.

    Args:
        images: (n, 28, 28) or (n, 28, 28, 1); floats in [0, 1], or uint8 from 0 to 255.
        batch_size: number of images at a time, at least 1.

    Returns:
        Two float32 arrays: features (n, 64), and probabilities (n, 10) in the order of
        `ImageData.class_names`.

    Raises:
        ValueError: for images of another shape or range, or a bad batch size.
        RuntimeError: if the classifier's file is missing or damaged.
    """
    images = as_images(images)[..., np.newaxis]
    if images.shape[1:] != (28, 28, 1):
        raise ValueError(f"images must be gray, of 28 x 28 pixels, got shape {images.shape[:-1]}")
    _check_whole_number("batch_size", batch_size)
    features, probabilities = _feature_net().predict(images, batch_size=batch_size, verbose=0)
    return features, probabilities


def frechet_distance(a, b):
    """Fréchet distance of Gaussians fitted to two sets: `|m - n|^2 + tr(S + T - 2 (S T)^1/2)`.

    Here m, n are the means and S, T the covariances of the features. On images of garments it is
    the Fréchet Fashion Distance, which is not FID. It falls as the number of images grows, so
    compare sets of equal size.

    Args:
        a, b: images (n, 28, 28) or (n, 28, 28, 1), as for `classify`, or features (n, d); n may
            differ. Features of width 784 are taken for flattened images, and refused.

    Returns:
        A float, 0 or more.

    Raises:
        ValueError: for other shapes, different numbers of features, or values that are not finite.

    Source: Dowson and Landau, 1982; Heusel et al., GANs Trained by a Two Time-Scale Update, 2017.
    """
    a, b = _as_pair(a, b, "a", "b")
    s, t = (np.atleast_2d(np.cov(features, rowvar=False)) for features in (a, b))
    values, vectors = np.linalg.eigh(s)
    root = vectors * np.sqrt(np.clip(values, 0, None)) @ vectors.T
    cross = np.sqrt(np.clip(np.linalg.eigvalsh(root @ t @ root), 0, None)).sum()
    gap = np.sum((a.mean(axis=0) - b.mean(axis=0)) ** 2)
    return float(max(0, gap + np.trace(s) + np.trace(t) - 2 * cross))


def precision_recall(real, fake, k=3):
    """Share of fakes that lie among the real images, and share of real ones among the fakes.

    A point lies among a set if it is at least as close to one of the set's members as that
    member's k-th neighbor is.

    Args:
        real, fake: images or features, as for `frechet_distance`.
        k: whole number of neighbors, at least 1 and less than the size of either set.

    Returns:
        (precision, recall), two floats in [0, 1].

    Raises:
        ValueError: as `frechet_distance`, and for k out of range.

    Source: Kynkäänniemi et al., Improved Precision and Recall Metric, 2019.
    """
    real, fake = _as_pair(real, fake, "real", "fake")
    _check_whole_number("k", k)
    if k >= min(len(real), len(fake)):
        raise ValueError(f"k must be less than the size of either set, got {k}")
    return _share_among(real, fake, k), _share_among(fake, real, k)


def _share_among(members, points, k):
    """Share of the points that lie within the k-neighbor radius of at least one member."""
    # cdist subtracts, so that equal points have a distance of exactly 0
    radius = [np.partition(rows, k, axis=1)[:, k] for rows in _distances(members, members)]
    inside = [(rows <= np.concatenate(radius)).any(axis=1) for rows in _distances(points, members)]
    return float(np.concatenate(inside).mean())


def _distances(points, members):
    """The distances of points to all members, some rows of the matrix at a time."""
    for start in range(0, len(points), ROWS_AT_A_TIME):
        yield cdist(points[start : start + ROWS_AT_A_TIME], members)


def _as_pair(a, b, name_a, name_b):
    """Features of two sets, of equal width."""
    a, b = _as_features(a, name_a), _as_features(b, name_b)
    if a.shape[1] != b.shape[1]:
        raise ValueError(
            f"{name_a} and {name_b} must have the same number of features, "
            f"got {a.shape[1]} and {b.shape[1]}"
        )
    return a, b


def _as_features(array, name):
    """Float64 features (n, d) of images or features; ValueError for anything else."""
    array = np.asarray(array)
    if array.ndim > 2:
        array = classify(array)[0]
    if array.shape[1:] == (784,) or array.shape == (28, 28):
        raise ValueError(
            f"{name} must be images (n, 28, 28) or features (n, d), got {array.shape}, "
            "which looks like flattened images or a single one; reshape them first"
        )
    try:
        features = array.astype("float64")
    except (TypeError, ValueError):
        raise ValueError(f"{name} must hold numbers, got dtype {array.dtype}") from None
    if features.ndim != 2 or len(features) < 2 or not np.isfinite(features).all():
        raise ValueError(
            f"{name} must be images, or finite features (n, d) with n > 1, got {array.shape}"
        )
    return features


def _check_whole_number(name, value):
    try:
        if operator.index(value) >= 1:
            return
    except TypeError:
        pass
    raise ValueError(f"{name} must be a whole number, at least 1, got {value!r}")
