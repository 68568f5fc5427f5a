"""Figures that many chapters draw: images, reconstructions, networks, learning curves, films.

Each `plot_` function draws into a new Matplotlib figure; `plt.gcf()` is that figure, `plt.show()` shows it.
Each raises ValueError, in a sentence, for what it cannot draw, and then leaves no figure behind.
"""

import io

import matplotlib.pyplot as plt
import numpy as np
import PIL.Image
from genkeras.data import check_range

WIDTH = 8.0  # inches, for every figure
TEXT_SIZE = 8  # points
GAP = 0.06  # between two images of a row, as a share of an image's width


def as_images(images, name="images"):
    """Convert to images as Matplotlib draws them.

    Args:
        images: (n, h, w), (n, h, w, 1) or (n, h, w, 3); floats in [0, 1], or uint8 from 0 to 255.
        name: what error messages call them.

    Returns:
        float32 of shape (n, h, w) or (n, h, w, 3) in [0, 1].
    """
    array = np.asarray(images)
    if array.dtype.name == "bfloat16":
        array = array.astype("float32")
    if array.ndim == 3 and array.shape[-1] in (1, 3) and array.shape[1] > 3:
        raise ValueError(
            f"{name} must be several images, got shape {array.shape}, which looks like one: "
            "use images[:1] in place of images[0]"
        )
    if array.ndim == 4 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim not in (3, 4) or (array.ndim == 4 and array.shape[-1] != 3):
        raise ValueError(
            f"{name} must have shape (n, h, w), (n, h, w, 1) or (n, h, w, 3), got {array.shape}"
        )
    if len(array) == 0:
        raise ValueError(f"{name} must hold at least one image, got shape {array.shape}")
    if array.dtype == np.uint8:
        if array.max() == 1:
            raise ValueError(
                f"{name} are uint8 and must reach from 0 to 255, got only 0 and 1; "
                "convert them to floats first"
            )
        return array.astype("float32") / 255
    if not np.issubdtype(array.dtype, np.floating):
        raise ValueError(f"{name} must be floats in [0, 1] or uint8, got {array.dtype}")
    check_range(array, name=name)
    return np.clip(array.astype("float32"), 0, 1)


def _draw_rows(rows, labels=None, titles=None, title=None):
    """Draw rows of images, one axis for each row.

    Args:
        rows: list of arrays (n, h, w) or (n, h, w, 3).
        labels: texts to the left of the rows, or None.
        titles: list of texts above the images, in reading order, or None.
        title: text above the figure, or None.
    """
    columns = max(len(row) for row in rows)
    height, width = rows[0].shape[1:3]
    step = width * (1 + GAP)  # from one image to the next, in pixels
    row_inches = WIDTH / columns * height / width + (0.22 if titles is not None else 0)
    figure, axes = plt.subplots(
        nrows=len(rows),
        figsize=(WIDTH, row_inches * len(rows) + (0.35 if title else 0)),
        squeeze=False,
        layout="constrained",
    )
    figure.get_layout_engine().set(w_pad=0.01, h_pad=0.01, hspace=0.02)
    number = 0
    for axis, row in zip(axes[:, 0], rows, strict=True):
        for column, image in enumerate(row):
            left = column * step
            axis.imshow(image, cmap="gray", vmin=0, vmax=1, extent=(left, left + width, height, 0))
            if titles is not None:
                axis.text(
                    left + width / 2, -1, titles[number], size=TEXT_SIZE, ha="center", va="bottom"
                )
            number += 1
        axis.set(xlim=(0, columns * step), ylim=(height, 0), xticks=[], yticks=[], frame_on=False)
    for axis, label in zip(axes[:, 0], labels or [], strict=False):
        axis.set_ylabel(label, fontsize=TEXT_SIZE)
    if title:
        figure.suptitle(title, fontsize=11)


def plot_images(images, *, columns=10, titles=None, title=None):
    """Draw images as a grid.

    Args:
        images: (n, h, w), (n, h, w, 1) or (n, h, w, 3); floats in [0, 1], or uint8.
        columns: number of images in a row, at least 1.
        titles: n short texts, one above each image, or None.
        title: text above the figure, or None.
    """
    images = as_images(images)
    if titles is not None and len(titles) != len(images):
        raise ValueError(f"titles must be {len(images)} texts, one per image, got {len(titles)}")
    if columns < 1:
        raise ValueError(f"columns must be at least 1, got {columns}")
    columns = min(columns, len(images))
    rows = [images[i : i + columns] for i in range(0, len(images), columns)]
    _draw_rows(rows, titles=titles, title=title)


def plot_reconstructions(originals, reconstructions, *, title=None):
    """Draw originals in a first row and their reconstructions in the rows below.

    Args:
        originals: images, as for `plot_images`.
        reconstructions: images of the same shape, or a dict of such: {"row label": images}.
        title: text above the figure, or None.
    """
    if not isinstance(reconstructions, dict):
        reconstructions = {"reconstruction": reconstructions}
    first = as_images(originals, "originals")
    labels, rows = ["original"], [first]
    for label, images in reconstructions.items():
        row = as_images(images, f"reconstructions ({label})")
        if row.shape != first.shape:
            raise ValueError(
                f"reconstructions ({label}) must have the originals' shape {first.shape}, "
                f"got {row.shape}"
            )
        labels.append(label)
        rows.append(row)
    _draw_rows(rows, labels=labels, title=title)


def plot_rows(rows, *, title=None):
    """Draw rows of images with a label to the left of each.

    Args:
        rows: {"row label": images}, with images as for `plot_images`; rows may differ in length.
        title: text above the figure, or None.
    """
    if not isinstance(rows, dict) or not rows:
        raise ValueError('rows must be a dict such as {"generated": images} with at least one row')
    arrays = [as_images(images, f"images of row {label!r}") for label, images in rows.items()]
    _draw_rows(arrays, labels=list(rows), title=title)


def plot_network(layers, *, parts=None, title=None):
    """Draw a network as a row of bars, one for each layer, from the input on the left.

    Args:
        layers: list of pairs (text, size): what is written below a bar, and the number of values
            that the layer passes on for one example, at least 1. Heights grow with the square root.
        parts: {"encoder": (0, 2), ...}: names above the bars from a first to a last index, or None.
        title: text above the figure, or None.
    """
    layers = list(layers)
    if len(layers) < 2:
        raise ValueError(f"layers must hold at least two pairs (text, size), got {len(layers)}")
    for text, size in layers:
        if not size >= 1:
            raise ValueError(f"the size of layer {text!r} must be at least 1, got {size}")
    for name, (first, last) in (parts or {}).items():
        if not 0 <= first < last < len(layers):
            raise ValueError(
                f"part {name!r} must lie between 0 and {len(layers) - 1}, got {first} to {last}"
            )
    smallest = min(size for _, size in layers)
    largest = max(size for _, size in layers)
    heights = [(size / largest) ** 0.5 for _, size in layers]
    figure, axis = plt.subplots(figsize=(WIDTH, 2.5), layout="constrained")
    for i in range(len(layers) - 1):
        left, right = heights[i] / 2, heights[i + 1] / 2
        axis.fill([i, i + 1, i + 1, i], [left, right, -right, -left], color="0.93", zorder=1)
    for i, (text, size) in enumerate(layers):
        color = "C1" if size == smallest else "C0"
        axis.bar(i, heights[i], width=0.16, bottom=-heights[i] / 2, color=color, zorder=2)
        axis.text(i, -0.56, text, ha="center", va="top", fontsize=TEXT_SIZE)
    for name, (first, last) in (parts or {}).items():
        arrow = {"arrowstyle": "<->", "color": "0.4"}
        axis.annotate("", (first, 0.6), (last, 0.6), arrowprops=arrow)
        axis.text((first + last) / 2, 0.64, name, ha="center", va="bottom", fontsize=9)
    axis.set(xlim=(-0.6, len(layers) - 0.4), ylim=(-0.85, 0.8 if parts else 0.55))
    axis.axis("off")
    if title:
        axis.set_title(title, fontsize=11)


def plot_diagram(boxes, arrows, *, colored=(), title=None, height=2.4):
    """Draw boxes with text, and arrows between them.

    Args:
        boxes: {text: (x, y)}: what a box says and where its center is; the figure is as wide as
            the boxes need, so only the ratio of distances matters.
        arrows: list of (text of the first box, text of the second box, label); the label, "" for
            none, is written above the middle of the arrow.
        colored: texts of boxes that are drawn in a second color.
        title: text above the figure, or None.
        height: of the figure, in inches.
    """
    if not boxes:
        raise ValueError("boxes must hold at least one box, got none")
    for text in [text for arrow in arrows for text in arrow[:2]] + list(colored):
        if text not in boxes:
            raise ValueError(f"there is no box {text!r}; there are {', '.join(map(repr, boxes))}")
    figure, axis = plt.subplots(figsize=(WIDTH, height), layout="constrained")
    patches = {}
    for text, (x, y) in boxes.items():
        style = {"boxstyle": "round,pad=0.4", "facecolor": "white"}
        style["edgecolor"] = "C1" if text in colored else "C0"
        shown = axis.text(x, y, text, ha="center", va="center", fontsize=TEXT_SIZE, bbox=style)
        patches[text] = shown.get_bbox_patch()
    for start, end, label in arrows:
        style = {"arrowstyle": "->", "color": "0.4", "shrinkA": 0, "shrinkB": 0}
        style |= {"patchA": patches[start], "patchB": patches[end]}
        # drawn after the texts, since the boxes have no size before
        axis.annotate("", boxes[end], boxes[start], arrowprops=style, zorder=4)
        x, y = np.add(boxes[start], boxes[end]) / 2
        axis.annotate(
            label, (x, y), (0, 4), textcoords="offset points", ha="center", fontsize=TEXT_SIZE
        )
    places = np.array(list(boxes.values()), dtype=float)
    (left, low), (right, high) = places.min(axis=0), places.max(axis=0)
    margin = (right - left) / 12 or 1, (high - low) / 3 or 1
    axis.set(xlim=(left - margin[0], right + margin[0]), ylim=(low - margin[1], high + margin[1]))
    axis.axis("off")
    if title:
        axis.set_title(title, fontsize=11)


def plot_learning_curves(histories, *, metric="loss", baselines=None, title=None, ylabel=None):
    """Draw the training (dashed) and validation (solid) curves of several runs, by epoch.

    Args:
        histories: {"run": what `fit` returned, or its dict of lists}.
        metric: key in the histories; its validation curve has the key `"val_" + metric`.
        baselines: {"label": value}, drawn as dotted horizontal lines, or None.
        title: text above the figure, or None.
        ylabel: name of the vertical axis, with its unit; the metric if None.
    """
    curves = _read_histories(histories, metric)
    figure, axis = plt.subplots(figsize=(WIDTH, 3.6), layout="constrained")
    for i, (name, (training, validation)) in enumerate(curves.items()):
        epochs = range(1, len(training) + 1)
        color = f"C{i}"
        if validation:
            axis.plot(epochs, training, "--", color=color, alpha=0.6)
            axis.plot(epochs, validation, "-", color=color, label=f"{name}: {validation[-1]:.4g}")
        else:
            axis.plot(epochs, training, "--", color=color, label=f"{name}: {training[-1]:.4g}")
    for i, (name, value) in enumerate((baselines or {}).items()):
        gray = f"{0.2 + 0.5 * i / len(baselines):.2f}"
        axis.axhline(value, ls=":", color=gray, label=f"{name}: {value:.4g}")
    axis.set(xlabel="epoch (dashed: training, solid: validation)", ylabel=ylabel or metric)
    if title:
        axis.set_title(title, fontsize=11)
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.legend(fontsize=TEXT_SIZE, frameon=False)


def _read_histories(histories, metric):
    """{run: (training values, validation values)}, or ValueError."""
    if not isinstance(histories, dict):
        raise ValueError(
            f'histories must be a dict such as {{"my run": history}}, got {type(histories).__name__}'
        )
    if not histories:
        raise ValueError("histories must hold at least one run, got none")
    curves = {}
    for name, history in histories.items():
        history = getattr(history, "history", history)
        if metric not in history:
            raise ValueError(f"run {name!r} has no {metric!r}; it has {', '.join(history)}")
        training, validation = history[metric], history.get(f"val_{metric}", [])
        if not training:
            raise ValueError(f"run {name!r} has no epochs")
        if len(validation) not in (0, len(training)):
            raise ValueError(
                f"run {name!r} was validated {len(validation)} times in {len(training)} epochs; "
                "curves need validation_freq=1"
            )
        curves[name] = (training, validation)
    return curves


def show_film(figure, draw_frame, frames, *, frames_per_second=2):
    """Show drawings one after the other, as a GIF that repeats; closes the figure.

    Args:
        figure: the Matplotlib figure into which the frames are drawn.
        draw_frame: function that gets an item of `frames` and draws it; it clears what has to go.
        frames: list of what `draw_frame` takes, at least one.
        frames_per_second: speed of the film, above 0.
    """
    from IPython.display import Image, display

    try:
        if not frames:
            raise ValueError("frames must hold at least one frame, got none")
        if not frames_per_second > 0:
            raise ValueError(f"frames_per_second must be above 0, got {frames_per_second}")
        pictures = []
        for frame in frames:
            draw_frame(frame)
            content = io.BytesIO()
            figure.savefig(content, dpi=figure.dpi)
            pictures.append(
                PIL.Image.open(content).convert("P", palette=PIL.Image.Palette.ADAPTIVE)
            )
        content = io.BytesIO()
        options = {"append_images": pictures[1:], "duration": 1000 / frames_per_second, "loop": 0}
        pictures[0].save(content, "GIF", save_all=True, **options)
    finally:
        plt.close(figure)
    display(Image(data=content.getvalue(), format="gif"))
