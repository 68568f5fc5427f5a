"""Figures take every sensible array and refuse the rest."""

import io

import genkeras as gk
import keras
import matplotlib.pyplot as plt
import numpy as np
import PIL.Image
import pytest

RNG = np.random.default_rng(0)
SHAPES = [(6, 8, 8), (6, 8, 8, 1), (6, 8, 8, 3)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "uint8"])
def test_every_plot_takes_floats_and_uint8(shape, dtype):
    images = RNG.random(shape)
    images = (images * 255).astype("uint8") if dtype == "uint8" else images.astype(dtype)
    assert gk.plot_images(images, columns=4, titles=list("abcdef")) is None  # nothing to show twice
    gk.plot_reconstructions(images, {"one": images, "two": images}, title="t")
    assert [len(axis.images) for axis in plt.gcf().axes] == [6, 6, 6]


def test_images_of_a_bfloat16_tensor_can_be_drawn():
    gk.plot_images(keras.ops.zeros((2, 4, 4), "bfloat16"))
    assert len(plt.gcf().axes[0].images) == 2


def test_drawn_pixels_are_those_given():
    images = RNG.random((3, 5, 5))
    gk.plot_images(images, columns=2)
    drawn = [image for axis in plt.gcf().axes for image in axis.images]
    np.testing.assert_allclose([image.get_array() for image in drawn], images, rtol=1e-6)
    assert {image.get_clim() for image in drawn} == {(0, 1)}  # one scale, from black to white


def test_originals_come_first_and_are_drawn_as_they_are():
    originals, others = RNG.random((2, 3, 5, 5))
    gk.plot_reconstructions(originals, others)
    rows = [[image.get_array() for image in axis.images] for axis in plt.gcf().axes]
    np.testing.assert_allclose(rows, [originals, others], rtol=1e-6)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((8, 8)), r"must have shape .* got \(8, 8\)"),
        (np.zeros((2, 8, 8, 2)), r"must have shape .* got \(2, 8, 8, 2\)"),
        (np.zeros((0, 8, 8)), "at least one image"),
        (np.zeros((2, 8, 8), int), "floats in .* or uint8, got int64"),
        (np.full((2, 8, 8), 255.0), "must lie in .* got values from 255 to 255: divide by 255"),
        (np.ones((2, 8, 8), "uint8"), "got only 0 and 1"),
        (np.full((2, 8, 8), -0.5), "must lie in .* got values from -0.5"),
        (np.full((2, 8, 8), np.nan), "must lie in .* nan"),
    ],
)
def test_other_images_are_refused_in_one_sentence(images, message):
    with pytest.raises(ValueError, match=message) as caught:
        gk.plot_images(images)
    assert "\n" not in str(caught.value)


def test_a_network_is_drawn_with_a_bar_for_each_layer_and_a_text_for_each_part():
    sizes = [("pixels", 784), ("hidden", 400), ("code", 30), ("pixels", 784)]
    gk.plot_network(sizes, parts={"encoder": (0, 2), "decoder": (2, 3)}, title="t")
    bars = plt.gcf().axes[0].containers
    heights = [bar.patches[0].get_height() for bar in bars]
    np.testing.assert_allclose(heights, [1, (400 / 784) ** 0.5, (30 / 784) ** 0.5, 1])
    texts = [text.get_text() for text in plt.gcf().axes[0].texts]
    assert {"pixels", "hidden", "code", "encoder", "decoder"} <= set(texts)


@pytest.mark.parametrize(
    ("sizes", "parts", "message"),
    [
        ([("code", 3)], None, "at least two pairs"),
        ([("code", 3), ("pixels", 0)], None, "'pixels' must be at least 1, got 0"),
        ([("code", 3), ("pixels", float("nan"))], None, "must be at least 1, got nan"),
        (
            [("code", 3), ("pixels", 9)],
            {"all": (0, 2)},
            "'all' must lie between 0 and 1, got 0 to 2",
        ),
    ],
)
def test_a_network_that_cannot_be_drawn_is_refused(sizes, parts, message):
    with pytest.raises(ValueError, match=message):
        gk.plot_network(sizes, parts=parts)
    assert not plt.get_fignums()


def test_the_arrows_of_a_diagram_end_at_the_edges_of_its_boxes():
    gk.plot_diagram({"noise": (0, 0), "image": (4, 0)}, [("noise", "image", "G")])
    plt.gcf().canvas.draw()
    texts = plt.gcf().axes[0].texts
    arrow = next(text.arrow_patch for text in texts if getattr(text, "arrow_patch", None))
    start, end = arrow.get_window_extent().x0, arrow.get_window_extent().x1
    boxes = [text.get_bbox_patch() for text in texts if text.get_bbox_patch()]
    left, right = (box.get_window_extent() for box in boxes)
    assert start == pytest.approx(left.x1, abs=3)
    assert end == pytest.approx(right.x0, abs=3)


@pytest.mark.parametrize(
    ("boxes", "arrows", "colored", "message"),
    [
        ({}, [], (), "at least one box"),
        ({"a": (0, 0)}, [("a", "b", "")], (), "no box 'b'; there are 'a'"),
        ({"a": (0, 0)}, [], ["c"], "no box 'c'; there are 'a'"),
    ],
)
def test_a_diagram_that_cannot_be_drawn_is_refused(boxes, arrows, colored, message):
    with pytest.raises(ValueError, match=message):
        gk.plot_diagram(boxes, arrows, colored=colored)
    assert not plt.get_fignums()


@pytest.mark.parametrize("shape", [(28, 28, 1), (28, 28, 3)])
def test_a_single_image_is_not_taken_for_many(shape):
    with pytest.raises(ValueError, match="use images.:1. in place of images.0."):
        gk.plot_images(np.zeros(shape))


def test_a_row_may_be_called_original_too():
    images = np.zeros((3, 4, 4))
    gk.plot_reconstructions(images, {"original": images})
    assert [axis.get_ylabel() for axis in plt.gcf().axes] == ["original", "original"]


def test_rows_have_their_labels_and_may_differ_in_length():
    gk.plot_rows({"real": np.zeros((3, 4, 4)), "generated": np.ones((2, 4, 4))})
    assert [axis.get_ylabel() for axis in plt.gcf().axes] == ["real", "generated"]
    assert [len(axis.images) for axis in plt.gcf().axes] == [3, 2]
    for rows in ({}, np.zeros((3, 4, 4))):
        with pytest.raises(ValueError, match="rows must be a dict .* with at least one row"):
            gk.plot_rows(rows)


def test_refused_calls_leave_no_figure_open():
    for call in (
        lambda: gk.plot_images(np.zeros((2, 4, 4)), titles=["one"]),
        lambda: gk.plot_reconstructions(np.zeros((2, 4, 4)), np.zeros((3, 4, 4))),
        lambda: gk.plot_learning_curves({"a": {"loss": [1]}}, metric="mse"),
    ):
        with pytest.raises(ValueError):
            call()
    assert plt.get_fignums() == []


def test_mismatches_are_refused():
    with pytest.raises(ValueError, match="titles must be 2 texts"):
        gk.plot_images(np.zeros((2, 4, 4)), titles=["one"])
    with pytest.raises(ValueError, match="columns must be at least 1"):
        gk.plot_images(np.zeros((2, 4, 4)), columns=0)
    with pytest.raises(ValueError, match="must have the originals' shape"):
        gk.plot_reconstructions(np.zeros((2, 4, 4)), np.zeros((3, 4, 4)))
    with pytest.raises(ValueError, match="at least one run"):
        gk.plot_learning_curves({})
    with pytest.raises(ValueError, match="'a' has no 'mse'; it has loss"):
        gk.plot_learning_curves({"a": {"loss": [1]}}, metric="mse")
    with pytest.raises(ValueError, match="must be a dict .* got History"):
        gk.plot_learning_curves(keras.callbacks.History())
    with pytest.raises(ValueError, match="validated 2 times in 4 epochs; .* validation_freq=1"):
        gk.plot_learning_curves({"a": {"loss": [1, 2, 3, 4], "val_loss": [1, 2]}})


def test_learning_curves_show_runs_and_baselines():
    histories = {"with": {"loss": [3, 2], "val_loss": [4, 3]}, "without": {"loss": [1, 0.5]}}
    gk.plot_learning_curves(histories, baselines={"PCA": 2.5}, title="t")
    axis = plt.gcf().axes[0]
    labels = [text.get_text() for text in axis.get_legend().get_texts()]
    assert labels == ["with: 3", "without: 0.5", "PCA: 2.5"]
    assert [list(line.get_ydata()) for line in axis.lines[:3]] == [[3, 2], [4, 3], [1, 0.5]]
    assert [line.get_linestyle() for line in axis.lines[:3]] == ["--", "-", "--"]


def test_a_film_shows_each_frame_in_turn_and_closes_its_figure(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    figure, axis = plt.subplots(figsize=(2, 1), dpi=50)
    gk.show_film(figure, lambda title: axis.set_title(title), ["a", "b", "c"], frames_per_second=4)
    film = PIL.Image.open(io.BytesIO(shown[0].data))
    assert (film.format, film.n_frames, film.size) == ("GIF", 3, (100, 50))
    assert film.info["duration"] == 250 and film.info["loop"] == 0
    assert plt.get_fignums() == []


def test_a_film_without_frames_or_speed_is_refused():
    for frames, speed, message in (([], 2, "at least one frame"), (["a"], 0, "above 0, got 0")):
        with pytest.raises(ValueError, match=message):
            gk.show_film(plt.figure(), lambda frame: None, frames, frames_per_second=speed)
    assert plt.get_fignums() == []
