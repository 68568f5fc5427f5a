"""The chapters' optional data sets, which no test machine can download: read as TFDS defines them."""

import ast
import io
import pathlib

import mido
import numpy as np
import pytest
import tensorflow_datasets as tfds

CHAPTERS = pathlib.Path(__file__).parent.parent / "chapters"


def definitions(chapter, *names):
    """Functions, and constants in capitals, of a chapter's script without running the rest."""
    [script] = CHAPTERS.glob(f"{chapter}_*.py")
    kept = []
    for node in ast.parse(script.read_text()).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.FunctionDef) and node.name in names:
            kept.append(node)
        elif any(isinstance(target, ast.Name) and target.id in names for target in targets):
            kept.append(node)
    space = {"np": np, "io": io}
    exec(compile(ast.Module(kept, []), script.name, "exec"), space)
    return [space[name] for name in names]


def midi(hits, ticks_per_beat=480):
    """The bytes of a MIDI file with (step, pitch, velocity) hits, a step being a sixteenth."""
    track, now = mido.MidiTrack(), 0
    for step, pitch, velocity in sorted(hits):
        at = step * ticks_per_beat // 4
        track.append(mido.Message("note_on", note=pitch, velocity=velocity, time=at - now))
        now = at
    content = io.BytesIO()
    mido.MidiFile(ticks_per_beat=ticks_per_beat, tracks=[track]).save(file=content)
    return content.getvalue()


@pytest.fixture
def mocked():
    with tfds.testing.mock_data(num_examples=12):
        yield


def test_dsprites_become_small_pictures_with_five_factors(mocked):
    [dsprites] = definitions("08", "dsprites")
    x, factors = dsprites(10)
    assert x.shape == (10, 32, 32, 1) and x.dtype == "float32"
    assert x.min() >= 0 and x.max() <= 1
    assert factors.shape == (10, 5) and factors.dtype.kind == "i"


def test_celeb_a_becomes_grey_faces_with_two_labels(mocked, tmp_path):
    [faces] = definitions("09", "faces")
    x, y, group = faces(tmp_path, 8)
    assert x.shape == (8, 28, 28, 1) and x.dtype == "float32"
    assert x.min() >= 0 and x.max() <= 1
    assert set(y) | set(group) <= {0, 1}


def test_a_midi_file_becomes_two_bars_of_nine_instruments():
    beat_from_midi, pitches = definitions("08", "beat_from_midi", "PITCHES")
    content = midi(
        [(0, 36, 127), (4, 38, 64), (6, 42, 30), (6, 46, 90), (31, 51, 100), (32, 36, 99)]
    )
    beat = beat_from_midi(content, pitches)
    assert beat.shape == (9, 32)
    assert sorted(zip(*np.nonzero(beat), strict=True)) == [(0, 0), (1, 4), (2, 6), (3, 6), (8, 31)]
    assert beat[0, 0] == 1 and beat[1, 4] == pytest.approx(64 / 127)


def test_groove_loops_in_four_become_beats(monkeypatch):
    import tensorflow as tf

    groove_beats, _, pitches = definitions("08", "groove_beats", "beat_from_midi", "PITCHES")
    info = tfds.builder("groove/2bar-midionly").info
    signatures = [info.features["time_signature"].str2int(name) for name in ("4-4", "3-4")]
    loops = {"midi": [midi([(0, 36, 127)]), midi([(1, 38, 9)])], "time_signature": signatures}
    assert set(loops) <= set(info.features)
    data = tf.data.Dataset.from_tensor_slices(loops)
    monkeypatch.setattr(tfds, "load", lambda name, split, with_info: (data, info))
    beats = groove_beats(pitches)
    assert beats.shape == (1, 9, 32) and beats.sum() == 1
