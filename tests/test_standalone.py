"""make standalone: one file each, which runs where nothing of this repository is."""

import base64
import io
import os
import pathlib
import re
import subprocess
import sys
import zipfile

import made_up
import nbformat
import pytest
from conftest import ROOT, make_in

from tools import pairing, standalone

CHAPTERS = sorted((ROOT / "chapters").glob("[0-9][0-9]_*.py"))


def unpacking_cell(notebook):
    return next(cell for cell in notebook.cells if cell.get("id") == "genkeras-zip")


@pytest.fixture
def chapter(tmp_path):
    """A made-up chapter."""
    script = tmp_path / "chapters" / "98_made_up.py"
    script.parent.mkdir()
    script.write_text(made_up.CHAPTER, "utf-8")
    return script


@pytest.mark.parametrize("script", CHAPTERS, ids=lambda script: script.stem)
def test_a_chapter_travels_with_its_outputs_and_begins_with_its_title(script, tmp_path):
    path = standalone.write(script, tmp_path)
    notebook = pairing.read_notebook(path)
    nbformat.validate(notebook)
    assert path.stat().st_size <= 4_000_000
    assert notebook.cells[0].source.startswith(f"# {script.stem[:2]} ")
    code = pairing.code_cells(notebook)
    assert code[0] == unpacking_cell(notebook)
    committed = pairing.code_cells(pairing.read_notebook(script.with_suffix(".ipynb")))
    assert [cell.outputs for cell in code[1:]] == [cell.outputs for cell in committed]
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert "](../" not in prose and "genkeras" not in notebook.metadata


def test_the_zip_holds_the_package_its_license_and_the_assets_that_are_named(tmp_path):
    [script] = (ROOT / "chapters").glob("01_*.py")
    notebook = pairing.read_notebook(standalone.write(script, tmp_path))
    encoded = re.search(r'"""\n(.*?)\n"""', unpacking_cell(notebook).source, re.DOTALL)[1]
    names = zipfile.ZipFile(io.BytesIO(base64.b64decode(encoded))).namelist()
    modules = {f"genkeras/{path.name}" for path in (ROOT / "genkeras").glob("*.py")}
    assert modules | {"genkeras/LICENSE", "genkeras/assets/quiz.npz"} <= set(names)
    assert "genkeras/assets/fashion_mnist_sample.npz" not in names


def test_the_note_says_version_license_and_how_to_read_it(chapter, tmp_path):
    cells = pairing.read_notebook(standalone.write(chapter, tmp_path)).cells
    note = next(cell.source for cell in cells if cell.get("id") == "genkeras-note")
    assert re.search(r"genkeras \d+\.\d+\.\d+ \(MIT license, SHA-256 [0-9a-f]{12}", note)
    assert "unzip the file" in note and "internet" not in note  # it loads no images
    chapter.write_text(
        made_up.CHAPTER.replace("print(double", "gk.load_images()\nprint(double"), "utf-8"
    )
    cells = pairing.read_notebook(standalone.write(chapter, tmp_path)).cells
    note = next(cell.source for cell in cells if cell.get("id") == "genkeras-note")
    assert "needs the internet" in note


def test_the_same_chapter_gives_the_same_file(chapter, tmp_path):
    first = standalone.write(chapter, tmp_path).read_bytes()
    assert standalone.write(chapter, tmp_path / "again").read_bytes() == first


def test_links_to_other_files_become_text_and_links_to_the_web_stay(chapter, tmp_path):
    prose = "# See [the list](../experiments/README.md), [web](https://keras.io/a.md), ![x](y.png)"
    chapter.write_text(f"{made_up.CHAPTER}\n# %% [markdown]\n{prose}\n", "utf-8")
    [*_, last] = pairing.read_notebook(standalone.write(chapter, tmp_path)).cells
    assert last.source == "See the list, [web](https://keras.io/a.md), ![x](y.png)"


def test_make_standalone_as_it_is_typed(clone):
    (clone / "chapters" / "91_one.py").write_text(
        made_up.CHAPTER.replace("# 98 A made", "# 91 A made"), "utf-8"
    )
    done = make_in(clone, "standalone", "N=91")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("build/standalone/91_one.ipynb: 0.")


READS = """
assert len(gk.data.read_asset("quiz.npz")) > 1000
try:
    gk.load_images()
except OSError as error:
    print("refused:", error)
print(gk.classify(np.zeros((2, 28, 28)))[0].shape, gk.__file__)
"""


@pytest.mark.slow
def test_genkeras_is_imported_from_the_zip_where_no_clone_is(chapter, tmp_path):
    """Scores work from the zip; without images and network there is one sentence that helps."""
    text = made_up.CHAPTER.replace("print(double", 'quiz = "quiz.npz"\nprint(double')
    chapter.write_text(text, "utf-8")
    notebook = pairing.read_notebook(standalone.write(chapter, tmp_path))
    code = unpacking_cell(notebook).source
    script = tmp_path / "run.py"
    script.write_text(f"{code}\nimport genkeras as gk\nimport numpy as np\n{READS}", "utf-8")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=elsewhere,
        env={**os.environ, "TMPDIR": str(tmp_path), "GENKERAS_OFFLINE": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert "(2, 64)" in done.stdout and ".zip" in done.stdout.splitlines()[-1]
    assert "refused:" in done.stdout and "internet" in done.stdout
    assert "Using the bundled sample" not in done.stdout
    assert list(pathlib.Path(elsewhere).iterdir()) == []


def test_no_chapter_reads_files_of_genkeras_by_their_place():
    """They are inside of the zip: `gk.data.read_asset` finds them there, too."""
    for script in CHAPTERS:
        assert "__file__).parent" not in script.read_text("utf-8"), script.stem
