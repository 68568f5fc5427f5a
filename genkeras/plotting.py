"""Figures that many chapters draw: grids of images, reconstructions, learning curves."""

import matplotlib.pyplot as plt
import numpy as np

WIDTH = 8.0  # inches, for every figure


def as_images(images, name="images"):
    """Images as float32 (n, h, w) or (n, h, w, 3) in [0, 1], or a ValueError that says why not."""
    array = np.asarray(images)
    if array.dtype.name == "bfloat16":
        array = array.astype("float32")
    if array.ndim == 4 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim not in (3, 4) or (array.ndim == 4 and array.shape[-1] != 3):
        raise ValueError(
            f"{name} must have shape (n, h, w), (n, h, w, 1) or (n, h, w, 3), got {array.shape}"
        )
    if len(array) == 0:
        raise ValueError(f"{name} must hold at least one image, got shape {array.shape}")
    if array.dtype == np.uint8:
        return array.astype("float32") / 255
    if not np.issubdtype(array.dtype, np.floating):
        raise ValueError(f"{name} must be floats in [0, 1] or uint8, got {array.dtype}")
    low, high = float(array.min()), float(array.max())
    if not (low >= -1e-3 and high <= 1 + 1e-3):  # written so that NaN fails too
        raise ValueError(
            f"{name} must lie in [0, 1] if floats, got values from {low:.3g} to {high:.3g}; "
            "clip or rescale them first"
        )
    return np.clip(array.astype("float32"), 0, 1)


def _draw_grid(rows, labels=None, titles=None, title=None):
    """Draw a list of rows of images as one figure; `labels` stand left, `titles` on top."""
    columns = max(len(row) for row in rows)
    cell = WIDTH / columns
    height = cell * len(rows) * rows[0].shape[1] / rows[0].shape[2]
    extra = (0.35 if title else 0) + (0.22 * len(rows) if titles is not None else 0)
    figure, axes = plt.subplots(
        len(rows), columns, figsize=(WIDTH, height + extra), squeeze=False, layout="constrained"
    )
    figure.get_layout_engine().set(w_pad=0.01, h_pad=0.01, wspace=0.02, hspace=0.02)
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[], frame_on=False)
    for i, row in enumerate(rows):
        for j, image in enumerate(row):
            axes[i, j].imshow(image, cmap="gray", vmin=0, vmax=1)
            if titles is not None:
                axes[i, j].set_title(titles[i * columns + j], fontsize=8, pad=2)
        if labels is not None:
            axes[i, 0].set_ylabel(labels[i], fontsize=8)
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


def plot_images(images, *, columns=10, titles=None, title=None):
    """Draw images as a grid.

    Args:
        images: (n, h, w), (n, h, w, 1) or (n, h, w, 3); floats in [0, 1] or uint8.
        columns: images in a row.
        titles: n short texts, one above each image, or None.
        title: text above the figure, or None.
    Returns: The matplotlib figure.
    Raises: ValueError: for images of another shape, type or range, or titles of another number.
    """
    images = as_images(images)
    if titles is not None and len(titles) != len(images):
        raise ValueError(f"titles must be {len(images)} texts, one an image, got {len(titles)}")
    if columns < 1:
        raise ValueError(f"columns must be at least 1, got {columns}")
    columns = min(columns, len(images))
    rows = [images[i : i + columns] for i in range(0, len(images), columns)]
    return _draw_grid(rows, titles=titles, title=title)


def plot_reconstructions(originals, reconstructions, *, title=None):
    """Draw originals in a first row and their reconstructions in the rows below.

    Args:
        originals: images, as for `plot_images`.
        reconstructions: images of the same shape, or a dict of such: {"row label": images}.
        title: text above the figure, or None.
    Returns: The matplotlib figure.
    Raises: ValueError: for images of another shape, type or range, or shapes that differ.
    """
    if not isinstance(reconstructions, dict):
        reconstructions = {"rebuilt": reconstructions}
    rows = {"original": as_images(originals, "originals")}
    for label, images in reconstructions.items():
        rows[label] = as_images(images, f"reconstructions ({label})")
        if rows[label].shape != rows["original"].shape:
            raise ValueError(
                f"reconstructions ({label}) must have the originals' shape "
                f"{rows['original'].shape}, got {rows[label].shape}"
            )
    return _draw_grid(list(rows.values()), labels=list(rows), title=title)


def plot_learning_curves(histories, *, metric="loss", baselines=None, title=None, ylabel=None):
    """Draw the training (dashed) and validation (solid) curves of several runs, by epoch.

    Args:
        histories: {"run": History or dict of lists, as `fit` returns them}.
        metric: key in the histories; its validation twin is "val_" + metric.
        baselines: {"label": value}, drawn as dotted horizontal lines, or None.
        title: text above the figure, or None.
        ylabel: name of the vertical axis; the metric if None.
    Returns: The matplotlib figure.
    Raises: ValueError: if there is no history, or one lacks the metric.
    """
    if not histories:
        raise ValueError("histories must hold at least one run, got none")
    figure, axis = plt.subplots(figsize=(WIDTH, 3.6), layout="constrained")
    for i, (name, history) in enumerate(histories.items()):
        history = getattr(history, "history", history)
        if metric not in history:
            plt.close(figure)
            raise ValueError(f"run {name!r} has no {metric!r}; it has {', '.join(history)}")
        training, validation = history[metric], history.get(f"val_{metric}", [])
        shown = validation or training
        epochs = range(1, len(training) + 1)
        axis.plot(epochs, training, "--", color=f"C{i}", alpha=0.6)
        label = f"{name}: {shown[-1]:.4g}"
        axis.plot(
            epochs[: len(shown)], shown, "-" if validation else "--", color=f"C{i}", label=label
        )
    for i, (name, value) in enumerate((baselines or {}).items()):
        grey = f"{0.2 + 0.5 * i / len(baselines):.2f}"
        axis.axhline(value, ls=":", color=grey, label=f"{name}: {value:.4g}")
    axis.set(xlabel="epoch (dashed: training, solid: validation)", ylabel=ylabel or metric)
    if title:
        axis.set_title(title, fontsize=11)
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.legend(fontsize=8, frameon=False)
    return figure
