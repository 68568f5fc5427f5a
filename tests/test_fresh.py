"""Outputs count as up to date as long as nothing that they depend on has changed."""

import json
import shutil

import made_up
import nbformat
import pytest
from conftest import ROOT

from tools import fresh

CODE = 'def f(x):\n    """One."""\n    return 2 * x\n'


def notebook(code=CODE, **metadata):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code, metadata=metadata)])


@pytest.fixture
def genkeras(tmp_path):
    shutil.copytree(ROOT / "genkeras", tmp_path / "genkeras")
    return tmp_path / "genkeras"


def edit(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


@pytest.mark.parametrize(
    ("file", "old", "new", "counts"),
    [
        ("training.py", "steps // 20", "steps // 30", True),
        ("metrics.py", "k=3", "k=4", True),  # however a chapter imports it
        ("__init__.py", '"TF_ENABLE_ONEDNN_OPTS", "1"', '"TF_ENABLE_ONEDNN_OPTS", "0"', True),
        ("training.py", "Learning rate that rises", "A rate that rises", False),  # a docstring
        ("training.py", "their gradients are summed", "summed", False),  # a comment
    ],
)
def test_a_change_of_genkeras_counts_and_a_reworded_docstring_does_not(
    genkeras, file, old, new, counts
):
    before = fresh.digest(notebook(), {}, genkeras=genkeras)
    edit(genkeras / file, old, new)
    assert (fresh.digest(notebook(), {}, genkeras=genkeras) != before) is counts


def test_assets_data_and_the_code_of_the_chapter_count(genkeras):
    found = {fresh.digest(notebook(), {}, genkeras=genkeras)}
    (genkeras / "assets" / "quiz.npz").write_bytes(b"other")
    found.add(fresh.digest(notebook(), {}, genkeras=genkeras))
    for source in ("tfds", "bundled"):
        found.add(fresh.digest(notebook(), {"fashion_mnist": source}, genkeras=genkeras))
    found.add(fresh.digest(notebook(CODE.replace("2", "3")), {}, genkeras=genkeras))
    assert len(found) == 5
    reworded = notebook(CODE.replace("One", "Two") + "# a comment\n")
    assert fresh.digest(reworded, {}, genkeras=genkeras) == min(
        found & {fresh.digest(notebook(), {}, genkeras=genkeras)}
    )


def test_pretrained_weights_count_for_the_chapters_that_name_them(genkeras):
    chapters = notebook(), notebook('gk.load_pretrained("15_diffusion", model)')
    before = [fresh.digest(chapter, {}, genkeras=genkeras) for chapter in chapters]
    (genkeras / "assets" / "15_diffusion.npz").write_bytes(b"other")
    after = [fresh.digest(chapter, {}, genkeras=genkeras) for chapter in chapters]
    assert after[0] == before[0] and after[1] != before[1]


def test_a_summary_depends_on_the_results_of_the_others(tmp_path):
    (tmp_path / "91_one.json").write_text("1", "utf-8")
    one, summary = notebook(), notebook(tags=["summary"])
    before = [fresh.digest(chapter, {}, tmp_path) for chapter in (one, summary)]
    (tmp_path / "91_one.json").write_text("2", "utf-8")
    (tmp_path / "99_summary.json").write_text("its own", "utf-8")
    after = [fresh.digest(chapter, {}, tmp_path) for chapter in (one, summary)]
    assert after[0] == before[0] and after[1] != before[1]


@pytest.mark.parametrize(
    "content",
    ["{", "[]", '{"digest": "x"}', '{"digest": "x", "data": {}, "numbers": {}, "made_by": null}'],
)
def test_results_of_another_form_are_no_results(tmp_path, content):
    script = tmp_path / "98_made_up.py"
    script.write_text(made_up.CHAPTER, "utf-8")
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "98_made_up.json").write_text(content, "utf-8")
    assert fresh.problems(script, tmp_path) == ["there are no results that can be read"]


def test_an_empty_string_inside_an_f_string_does_not_count():
    import ast

    tree = ast.parse('f"{a:<{b}}"')
    plain = json.dumps(fresh._describe(tree))
    spec = next(node.format_spec for node in ast.walk(tree) if isinstance(node, ast.FormattedValue))
    spec.values.append(ast.Constant(""))  # as Python 3.12.1 parses it
    assert json.dumps(fresh._describe(tree)) == plain
