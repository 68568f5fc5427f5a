"""Every chapter keeps the rules, and runs with small parameters; every rule can fail."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import nbformat
import notebooks
import pytest

ROOT = pathlib.Path(__file__).parents[1]
CHAPTERS = sorted((ROOT / "chapters").glob("[0-9][0-9]_*.py"))
each_chapter = pytest.mark.parametrize("script", CHAPTERS, ids=lambda script: script.stem)

MADE_UP = '''\
# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A made-up chapter
#
# | | |
# |---|---|
# | Slides | *Ninguna* |
# | Textbook | none |
# | Time | 2.5 s<!-- seconds --> |
# | Data | none |

# %% tags=["parameters"] quick={"EPOCHS": 1}
EPOCHS = 3

# %%
import genkeras as gk


class Double:
    """Twice."""

    def call(self, x):
        y = x + x
        return [y for _ in range(1)][0]


# %% [markdown]
# The loss is 0.25<!-- val_mse -->, half of the textbook's 0.50<!-- textbook --> with `rate=0.1`.

# %%
print(Double().call(EPOCHS))

# %%
gk.record("98_made_up", val_mse=0.25, seconds=2.5)
'''


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The made-up chapter, run in place once."""
    folder = tmp_path_factory.mktemp("chapters")
    script = folder / "98_made_up.py"
    script.write_text(MADE_UP)
    os.environ["GENKERAS_RESULTS"] = str(folder / "results")
    notebook = notebooks.read_script(script)
    notebooks.execute(notebook, folder)
    del os.environ["GENKERAS_RESULTS"]
    notebook.metadata["genkeras"] = {"code_sha256": notebooks.fingerprint(notebook)}
    notebooks.write(notebook, script.with_suffix(".ipynb"))
    notebooks.sync(script)
    return folder


@pytest.fixture
def chapter(executed, tmp_path):
    shutil.copytree(executed, tmp_path / "chapters")
    return tmp_path / "chapters" / "98_made_up.py"


@pytest.fixture
def twins(tmp_path):
    folder = tmp_path / "genkeras"
    folder.mkdir()
    return folder


def edit(script, old, new, sync=True):
    text = script.read_text()
    assert old in text
    script.write_text(text.replace(old, new))
    if sync:
        notebooks.sync(script)


def edit_notebook(script, change):
    path = script.with_suffix(".ipynb")
    notebook = nbformat.read(path, as_version=4)
    change([c for c in notebook.cells if c.cell_type == "code"])
    path.write_text(nbformat.writes(notebook))


# --- The real chapters ---------------------------------------------------------------------------


@each_chapter
def test_chapter_keeps_every_rule(script):
    assert notebooks.problems(script) == []


@pytest.fixture(scope="module")
def quick_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("quick")


@each_chapter
def test_chapter_runs_with_quick_parameters(script, quick_folder, monkeypatch):
    monkeypatch.setenv("GENKERAS_RESULTS", str(quick_folder / "results"))
    target = quick_folder / f"{script.stem}.ipynb"
    notebooks.run_quick(notebooks.read_script(script), target, quick_folder)
    notebook = nbformat.read(target, as_version=4)
    kinds = [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs]
    assert [o.text for o in kinds if o.get("name") == "stderr"] == []
    committed = json.loads((ROOT / "chapters" / "results" / f"{script.stem}.json").read_text())
    measured = json.loads((quick_folder / "results" / f"{script.stem}.json").read_text())
    assert set(measured) <= set(committed) and "seconds" in measured
    assert next(iter(measured)) == next(iter(committed))


@each_chapter
def test_committed_figures_are_as_many_as_those_of_a_quick_run(script, quick_folder):
    def figures(path):
        cells = nbformat.read(path, as_version=4).cells
        outputs = [o for c in cells if c.cell_type == "code" for o in c.outputs]
        return sum("image/png" in o.get("data", {}) for o in outputs)

    quick = quick_folder / f"{script.stem}.ipynb"
    if not quick.exists():
        pytest.skip("the quick run was left out")
    assert figures(quick) == figures(script.with_suffix(".ipynb")) > 0


def test_readme_table_is_that_of_the_results():
    assert notebooks.chapter_table() in (ROOT / "README.md").read_text()


# --- The rules, each broken once -----------------------------------------------------------------


def test_the_made_up_chapter_is_without_fault(chapter, twins):
    assert notebooks.problems(chapter, twins) == []


BREACHES = [
    ("#   kernelspec:", "#   other: 1\n#   kernelspec:", "header must hold jupytext"),
    ("# # A made-up", "# A made-up", "must open with a title"),
    ("| Slides |", "| Slide |", "lacks the row 'Slides'"),
    ('tags=["parameters"] ', "", "exactly one cell must be tagged"),
    ('quick={"EPOCHS": 1}', 'quick={"EPOCH": 1}', "quick parameter EPOCH is not in"),
    (' quick={"EPOCHS": 1}', "", "names no quick parameters"),
    ("EPOCHS = 3", "EPOCHS = 3" + "\nx = 1" * 40, "'EPOCHS = 3' has 41 lines"),
    ("return [y for", "return [EPOCHS for", "class Double reads the notebook's variable EPOCHS"),
    ("0.25<!-- val_mse", "0.26<!-- val_mse", "quotes val_mse as 0.26, results/ say 0.25"),
    ("0.25<!-- val_mse -->", "0.25", "quotes 0.25 without saying where"),
    ("<!-- val_mse", "<!-- test_mse", "as test_mse, which results/ does not hold"),
]


@pytest.mark.parametrize(("old", "new", "problem"), BREACHES, ids=[b[2] for b in BREACHES])
def test_a_broken_rule_is_found(chapter, twins, old, new, problem):
    edit(chapter, old, new, sync=False)  # to synchronise renews numbers in prose
    assert any(problem in found for found in notebooks.problems(chapter, twins))


def test_a_drifted_pair_is_found(chapter, twins):
    edit(chapter, "# The loss is", "# Now the loss is", sync=False)
    assert notebooks.problems(chapter, twins) == ["script and notebook differ: run make sync"]
    notebooks.sync(chapter)
    assert notebooks.problems(chapter, twins) == []


def test_a_missing_notebook_or_result_is_found(chapter, twins):
    chapter.with_suffix(".ipynb").unlink()
    (chapter.parent / "results" / "98_made_up.json").unlink()
    found = notebooks.problems(chapter, twins)
    assert "no recorded results" in found
    assert "no notebook beside the script: run make sync" in found


def test_stale_and_missing_outputs_are_found(chapter, twins):
    edit(chapter, "EPOCHS = 3", "EPOCHS = 4")
    found = notebooks.problems(chapter, twins)
    assert "the outputs are not those of this code: run make outputs" in found
    assert "1 code cells have not been run" in found


def test_cells_out_of_order_are_found(chapter, twins):
    def swap(cells):
        counts = cells[0].execution_count, cells[1].execution_count
        cells[1].execution_count, cells[0].execution_count = counts

    edit_notebook(chapter, swap)
    assert notebooks.problems(chapter, twins) == ["the cells were run out of order"]


def test_errors_and_warnings_in_outputs_are_found(chapter, twins):
    def spoil(cells):
        cells[0].outputs = [nbformat.v4.new_output("error", ename="E", evalue="", traceback=[])]
        cells[1].outputs = [nbformat.v4.new_output("stream", name="stderr", text="a warning")]
        cells[2].outputs = [nbformat.v4.new_output("stream", text="WARNING:tensorflow: slow")]

    edit_notebook(chapter, spoil)
    assert notebooks.problems(chapter, twins) == [
        "the cell that starts 'EPOCHS = 3' ended in an error",
        "the cell that starts 'import genkeras as gk' wrote to stderr",
        "the cell that starts 'print(Double().call(EPOCHS))' printed a warning",
    ]


def test_a_notebook_that_is_too_large_is_found(chapter, twins):
    def bloat(cells):
        cells[0].outputs = [nbformat.v4.new_output("stream", text="x" * notebooks.MAX_BYTES)]

    edit_notebook(chapter, bloat)
    assert any("bytes, more than" in found for found in notebooks.problems(chapter, twins))


def test_a_twin_that_differs_is_found(chapter, twins):
    twin = MADE_UP[MADE_UP.index("class Double") : MADE_UP.index("# %% [markdown]\n# The loss")]
    path = twins / "layers.py"
    path.write_text(twin.replace("Twice.", "Another docstring, which may differ."))
    assert notebooks.problems(chapter, twins) == []
    path.write_text(twin.replace("x + x", "2 * x"))
    assert notebooks.problems(chapter, twins) == ["Double differs from its twin in genkeras"]


# --- Pairing -------------------------------------------------------------------------------------


def test_sync_keeps_outputs_of_unchanged_cells_and_ids(chapter):
    before = nbformat.read(chapter.with_suffix(".ipynb"), as_version=4)
    assert notebooks.sync(chapter) is False
    edit(chapter, "EPOCHS = 3", "EPOCHS = 4")
    after = nbformat.read(chapter.with_suffix(".ipynb"), as_version=4)
    same = [a == b for a, b in zip(before.cells, after.cells, strict=True)]
    assert same.count(False) == 1 and after.cells[1].outputs == []
    assert notebooks.sync(chapter) is False


def test_sync_renews_the_numbers_that_prose_quotes(chapter):
    edit(chapter, "0.25<!-- val_mse", "0.99<!-- val_mse")
    assert "0.25<!-- val_mse" in chapter.read_text()
    assert "0.50<!-- textbook" in chapter.read_text()


def test_cell_ids_are_derived_and_unique(chapter):
    ids = [[c["id"] for c in notebooks.read_script(chapter).cells] for _ in range(2)]
    assert ids[0] == ids[1] and len(set(ids[0])) == len(ids[0])


# --- The set-up cell -----------------------------------------------------------------------------


@each_chapter
def test_setup_cell_says_how_to_get_genkeras(script, tmp_path):
    setup = notebooks.code_cells(notebooks.read_script(script))[0].source
    code = f"import sys\nsys.modules['genkeras'] = None\n{setup}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ModuleNotFoundError: genkeras is missing: run `pip install git+")


def test_figures_are_shrunk_and_grey_ones_stay_as_they_are():
    import base64
    import io

    import numpy as np
    from PIL import Image

    def png(pixels):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        return base64.b64encode(file.getvalue()).decode() + "\n"

    rng = np.random.default_rng(0)
    grey = np.repeat(rng.integers(0, 256, (60, 80, 1), dtype=np.uint8), 4, axis=2)
    grey[..., 3] = 255
    colours = rng.integers(0, 256, (300, 400, 3), dtype=np.uint8)
    outputs = [
        nbformat.v4.new_output("display_data", {"image/png": png(p)}) for p in (grey, colours)
    ]
    cell = nbformat.v4.new_code_cell("plt.show()", outputs=outputs)
    notebook = nbformat.v4.new_notebook(cells=[cell])
    notebooks.shrink_figures(notebook)
    small, reduced = (output["data"]["image/png"] for output in cell.outputs)
    assert len(small) < len(png(grey)) and len(reduced) < len(png(colours)) / 2
    kept = np.asarray(Image.open(io.BytesIO(base64.b64decode(small))).convert("RGBA"))
    assert (kept == grey).all()
