"""Every chapter runs with small parameters, in a notebook's kernel."""

import json

import pytest
from conftest import ROOT

from tools import pages, pairing, running

pytestmark = pytest.mark.slow

CHAPTERS = sorted((ROOT / "chapters").glob("[0-9][0-9]_*.py"))


@pytest.mark.parametrize("script", CHAPTERS, ids=lambda script: script.stem)
def test_chapter_runs_with_quick_parameters(script, tmp_path):
    running.run_chapter(script, "quick", tmp_path)
    cells = pairing.code_cells(pairing.read_notebook(tmp_path / f"{script.stem}.ipynb"))
    errors = [o.text for cell in cells for o in cell.outputs if o.get("name") == "stderr"]
    assert errors == []
    assert any(pages.picture_outputs(cell) for cell in cells)
    numbers = json.loads((tmp_path / "results" / f"{script.stem}.json").read_text("utf-8"))
    assert "seconds" in numbers["numbers"]
