"""The drum grooves of chapter 08, and how tools/assets.py writes them."""

import genkeras as gk
import numpy as np
import pytest
from genkeras import data

from tools import assets


@pytest.fixture(scope="module")
def grooves():
    return gk.load_grooves()


def test_beats_have_nine_instruments_and_two_bars(grooves):
    assert grooves.originals.shape == (len(grooves.names), 9, 32) == (24, 9, 32)
    assert grooves.x_train.shape == (24 * 150, 9, 32) and grooves.x_test.shape == (240, 9, 32)
    for beats in (grooves.originals, grooves.x_train, grooves.x_test):
        assert beats.dtype == "float32" and 0 <= beats.min() < beats.max() <= 1
    assert np.array_equal(grooves.originals[..., :16], grooves.originals[..., 16:])


def test_a_groove_reads_as_it_is_written(grooves):
    rock = dict(zip(grooves.instruments, grooves.originals[0], strict=True))
    assert np.flatnonzero(rock["kick"][:16]).tolist() == [0, 8]
    assert np.flatnonzero(rock["snare"][:16]).tolist() == [4, 12]
    assert not rock["ride"].any()


def test_variations_stay_near_their_groove_and_are_not_repeated(grooves):
    own = grooves.x_train.reshape(24, 150, 9, 32) > 0
    differing = np.mean(own != (grooves.originals[:, np.newaxis] > 0), axis=(1, 2, 3))
    assert differing.max() < 0.1
    assert not any(
        np.array_equal(beat, other) for beat in grooves.x_test for other in grooves.x_train
    )


def test_each_instrument_has_a_sound_that_fades(grooves):
    assert len(grooves.sounds) == len(grooves.instruments) == 9
    loud = np.abs(grooves.sounds)
    assert (loud.max(axis=1) > 0.3).all() and loud.max() <= 1 and (loud[:, -1] < 0.001).all()


def test_the_file_is_what_the_tool_makes(tmp_path):
    assets.grooves(folder=tmp_path)
    assert (tmp_path / "grooves.npz").read_bytes() == (data.ASSETS / "grooves.npz").read_bytes()


def test_no_two_grooves_have_the_same_hits(grooves):
    hits = grooves.originals > 0
    assert len({beat.tobytes() for beat in hits}) == len(hits)
