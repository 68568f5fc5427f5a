"""Every chapter runs with small parameters, in a notebook's kernel."""

import json

import pytest
from book import figures, pairing, running
from conftest import ROOT

pytestmark = pytest.mark.slow

CHAPTERS = sorted((ROOT / "chapters").glob("[0-9][0-9]_*.py"))


def count_figures(path):
    return sum(len(figures.picture_outputs(cell)) for cell in pairing.read_notebook(path).cells)


@pytest.mark.parametrize("script", CHAPTERS, ids=lambda script: script.stem)
def test_chapter_runs_with_quick_parameters(script, tmp_path):
    running.run_chapter(script, "quick", tmp_path)
    quick, committed = tmp_path / f"{script.stem}.ipynb", script.with_suffix(".ipynb")
    outputs = [o for c in pairing.code_cells(pairing.read_notebook(quick)) for o in c.outputs]
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []
    measured, recorded = (
        json.loads((folder / "results" / f"{script.stem}.json").read_text())["numbers"]
        for folder in (tmp_path, script.parent)
    )
    assert set(measured) <= set(recorded) and "seconds" in measured
    assert count_figures(quick) == count_figures(committed) > 0
