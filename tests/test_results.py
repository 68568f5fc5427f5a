"""The numbers that chapters of the second edition record."""

import json

import genkeras as gk
import numpy as np
import pytest


def test_record_shows_and_writes(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("GENKERAS_RESULTS", str(tmp_path / "results"))
    gk.record("03_stacked_autoencoders", stacked_val_mse=np.float32(0.0123456789), seconds=12)
    written = json.loads((tmp_path / "results" / "03_stacked_autoencoders.json").read_text("utf-8"))
    assert written["numbers"] == {"stacked_val_mse": 0.0123457, "seconds": 12}
    assert [p.name for p in (tmp_path / "results").iterdir()] == ["03_stacked_autoencoders.json"]
    assert "stacked_val_mse  0.0123457" in capsys.readouterr().out


def test_record_says_which_data_were_read(tmp_path, monkeypatch):
    monkeypatch.setenv("GENKERAS_RESULTS", str(tmp_path))
    gk.load_images(n_train=5)
    gk.record("03_stacked_autoencoders", seconds=1)
    written = json.loads((tmp_path / "03_stacked_autoencoders.json").read_text("utf-8"))
    assert written["data"]["fashion_mnist"] == "bundled"


def test_record_leaves_nothing_half_written(tmp_path, monkeypatch):
    monkeypatch.setenv("GENKERAS_RESULTS", str(tmp_path))

    def full(self, target):
        raise OSError("No space left on device")

    monkeypatch.setattr(type(tmp_path), "replace", full)
    with pytest.raises(OSError, match="No space left"):
        gk.record("03_stacked_autoencoders", seconds=1)
    assert list(tmp_path.iterdir()) == []


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
        ("03_x", {"mse": [1, 2]}, "mse must be one finite number"),
    ],
)
def test_record_refuses_what_is_not_a_plain_number(chapter, numbers, message):
    with pytest.raises(ValueError, match=message):
        gk.record(chapter, **numbers)


def test_a_number_may_be_called_chapter(capsys):
    gk.record("03_stacked_autoencoders", chapter=3)
    assert capsys.readouterr().out == "chapter  3\n"
