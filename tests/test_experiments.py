"""Experiments: what they take from the chapters, what chapters quote of them, and their tables."""

import genkeras as gk
import keras
import numpy as np
import pytest
from keras import layers, ops

from experiments import __main__ as runner
from experiments import tables
from tools import lift, pretrain

CHAPTER = """
import math
import nowhere
import keras
from keras import layers
QUICK = run.quick
EPOCHS = 2 if QUICK else 12
STEPS = 10 * EPOCHS
N = len(images)
def root():
    return math.sqrt(STEPS)
@keras.saving.register_keras_serializable("genkeras")
class PixelNormalization(layers.Layer):
    def call(self, x):
        return 2 * x
"""
ANSWER = {"n": 3, "rows": [{"size": "small", "mse": 0.25}, {"size": "large", "mse": 0.123456}]}


def test_functions_and_the_settings_of_a_full_run_are_lifted_without_running_cells(tmp_path):
    (tmp_path / "42_made_up.py").write_text(CHAPTER, "utf-8")
    code = lift.chapter("42", tmp_path)
    assert (code["EPOCHS"], code["STEPS"]) == (12, 120) and "N" not in code
    assert code["root"]() == pytest.approx(120**0.5)


def test_a_saved_layer_of_genkeras_stays_one_after_lifting_its_namesake(tmp_path):
    (tmp_path / "42_made_up.py").write_text(CHAPTER, "utf-8")
    before = dict(keras.saving.get_custom_objects())
    code, path = lift.chapter("42", tmp_path), tmp_path / "model.keras"
    lift.chapter("12")
    assert keras.saving.get_custom_objects() == before
    assert keras.saving.get_registered_name(code["PixelNormalization"]) == "PixelNormalization"
    keras.Sequential([keras.Input((2,)), gk.PixelNormalization()]).save(path)
    assert type(keras.models.load_model(path).layers[0]) is gk.PixelNormalization
    keras.Sequential([keras.Input((2,)), code["PixelNormalization"]()]).save(path)
    loaded = keras.models.load_model(path, custom_objects=lift.classes(code))
    np.testing.assert_array_equal(loaded(ops.ones((1, 2))), [[2.0, 2.0]])


def test_an_unknown_chapter_gets_one_sentence():
    with pytest.raises(ValueError, match="^there is no chapter '99'; there are 01, 02, .*16$"):
        lift.chapter("99")


def test_only_the_answer_that_was_run_is_replaced(tmp_path):
    for question, answer in (("xla", ANSWER), ("peak", {"n": 4}), ("peak", {"n": 5})):
        tables.save("speed", question, answer, tmp_path)
    assert tables.look_up("speed", "peak", "n", folder=tmp_path) == 5
    assert tables.look_up("speed", "xla", "n", folder=tmp_path) == 3
    assert tables.look_up("speed", "large_mse", folder=tmp_path) == 0.12346
    assert [path.name for path in tmp_path.iterdir()] == ["speed.json"]


@pytest.mark.parametrize("source", ["speed n", "speed xla size", "speed peak n", "speed", "99 n"])
def test_what_is_not_one_number_is_a_key_error(tmp_path, source):
    tables.save("speed", "xla", ANSWER, tmp_path)
    tables.save("speed", "floor", {"n": 4}, tmp_path)
    with pytest.raises(KeyError, match=source):
        tables.look_up(*source.split(), folder=tmp_path)


def test_the_readme_is_that_of_the_results():
    assert tables.README.read_text("utf-8") == tables.readme()


def test_what_is_unknown_gets_one_sentence():
    with pytest.raises(ValueError, match="^there are no experiments '99'; there are 01_gen"):
        runner.chosen("99")
    with pytest.raises(
        ValueError, match="^there is no question 'why' in 15_diffusion; .*samplers, real$"
    ):
        runner.chosen("15", only="why")


def test_a_training_goes_on_only_from_a_backup_with_the_same_settings(tmp_path, capsys):
    name, _, settings = pretrain.find("15")
    models = [keras.Sequential([keras.Input((2,)), layers.Dense(units)]) for units in (3, 4)]
    backup = pretrain.backup_folder(name, settings, models[0], tmp_path)
    backup.mkdir()
    assert pretrain.backup_folder(name, settings, models[0], tmp_path) == backup
    assert capsys.readouterr().out == ""
    others = {pretrain.backup_folder(name, settings, models[1], tmp_path)}
    for key in settings:
        others.add(pretrain.backup_folder(name, settings | {key: 99}, models[0], tmp_path))
    assert len(others - {backup}) == len(settings) + 1
    assert capsys.readouterr().out.count("15_diffusion: starts anew") == len(others)


def test_a_training_of_no_whole_epochs_or_of_an_unknown_chapter_is_refused():
    with pytest.raises(ValueError, match="^steps must be a positive multiple of 500, got 750$"):
        pretrain.find("15", steps=750)
    with pytest.raises(
        ValueError, match="^no training of chapter '14'; there are those of 11, 13, 15$"
    ):
        pretrain.find("14")


def test_rows_with_many_numbers_become_columns():
    narrow, wide = ([{f"n_{i}": i * j for i in range(n)} for j in (1, 2)] for n in (2, 13))
    assert tables._table(narrow) == ["| n 0 | n 1 |", "|---|---|", "| 0 | 1 |", "| 0 | 2 |", ""]
    assert tables._table(wide)[:3] == ["| n 0 | 0 | 0 |", "|---|---|---|", "| n 1 | 1 | 2 |"]
