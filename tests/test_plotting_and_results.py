"""Figures take every sensible array and refuse the rest; results are plain numbers."""

import json

import genkeras as gk
import numpy as np
import pytest
from matplotlib.figure import Figure

RNG = np.random.default_rng(0)
SHAPES = [(6, 8, 8), (6, 8, 8, 1), (6, 8, 8, 3)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "uint8"])
def test_every_plot_takes_floats_and_uint8(shape, dtype):
    images = RNG.random(shape)
    images = (images * 255).astype("uint8") if dtype == "uint8" else images.astype(dtype)
    assert isinstance(gk.plot_images(images, columns=4, titles=list("abcdef")), Figure)
    figure = gk.plot_reconstructions(images, {"one": images, "two": images}, title="t")
    assert isinstance(figure, Figure)
    assert len(figure.axes) == 18


def test_images_of_a_bfloat16_tensor_can_be_drawn():
    import keras

    assert isinstance(gk.plot_images(keras.ops.zeros((2, 4, 4), "bfloat16")), Figure)


def test_drawn_pixels_are_those_given():
    images = RNG.random((3, 5, 5))
    figure = gk.plot_images(images, columns=2)
    drawn = [axis.images[0].get_array() for axis in figure.axes if axis.images]
    np.testing.assert_allclose(drawn, images, rtol=1e-6)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((8, 8)), r"must have shape .* got \(8, 8\)"),
        (np.zeros((2, 8, 8, 2)), r"must have shape .* got \(2, 8, 8, 2\)"),
        (np.zeros((0, 8, 8)), "at least one image"),
        (np.zeros((2, 8, 8), int), "floats in .* or uint8, got int64"),
        (np.full((2, 8, 8), 255.0), "must lie in .* got values from 255 to 255"),
        (np.full((2, 8, 8), -0.5), "must lie in .* got values from -0.5"),
        (np.full((2, 8, 8), np.nan), "must lie in .* nan"),
    ],
)
def test_other_images_are_refused_in_one_sentence(images, message):
    with pytest.raises(ValueError, match=message) as caught:
        gk.plot_images(images)
    assert "\n" not in str(caught.value)


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


def test_learning_curves_show_runs_and_baselines():
    histories = {"with": {"loss": [3, 2], "val_loss": [4, 3]}, "without": {"loss": [1, 0.5]}}
    figure = gk.plot_learning_curves(histories, baselines={"PCA": 2.5}, title="t")
    axis = figure.axes[0]
    labels = [text.get_text() for text in axis.get_legend().get_texts()]
    assert labels == ["with: 3", "without: 0.5", "PCA: 2.5"]
    assert list(axis.lines[1].get_ydata()) == [4, 3]


def test_record_shows_and_writes(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("GENKERAS_RESULTS", str(tmp_path / "results"))
    gk.record("03_stacked_autoencoders", stacked_val_mse=np.float32(0.0123456789), seconds=12)
    written = json.loads((tmp_path / "results" / "03_stacked_autoencoders.json").read_text())
    assert written == {"stacked_val_mse": 0.0123457, "seconds": 12}
    assert [p.name for p in (tmp_path / "results").iterdir()] == ["03_stacked_autoencoders.json"]
    assert "stacked_val_mse  0.0123457" in capsys.readouterr().out


def test_record_writes_nothing_unasked(tmp_path, monkeypatch):
    monkeypatch.delenv("GENKERAS_RESULTS", raising=False)
    monkeypatch.chdir(tmp_path)
    gk.record("03_stacked_autoencoders", seconds=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("chapter", "numbers", "message"),
    [
        ("stacked", {"seconds": 1}, "chapter must look like"),
        ("03_x", {"valMSE": 1}, "keys must be lower_case"),
        ("03_x", {"mse": float("nan")}, "mse must be one finite number"),
        ("03_x", {"mse": "good"}, "mse must be one finite number"),
        ("03_x", {"mse": [1, 2]}, "mse must be one finite number"),
    ],
)
def test_record_refuses_what_is_not_a_plain_number(chapter, numbers, message):
    with pytest.raises(ValueError, match=message):
        gk.record(chapter, **numbers)
