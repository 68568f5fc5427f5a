"""The script and the notebook of a chapter stay in step, and no edit is lost without a word."""

import shutil
import subprocess
import sys

import made_up
import nbformat
import pytest
from conftest import ROOT

from tools import pairing

CHAPTERS = sorted((ROOT / "chapters").glob("[0-9][0-9]_*.py"))


@pytest.fixture
def chapter(tmp_path):
    """The made-up chapter and its notebook, with an output in each code cell."""
    shutil.copy(ROOT / "chapters" / "jupytext.toml", tmp_path)
    script = tmp_path / "98_made_up.py"
    script.write_text(made_up.CHAPTER, "utf-8")
    pairing.sync(script)
    path = script.with_suffix(".ipynb")
    notebook = pairing.read_notebook(path)
    for number, cell in enumerate(pairing.code_cells(notebook), 1):
        cell.execution_count = number
        cell.outputs = [nbformat.v4.new_output("stream", text=f"output {number}")]
    pairing.write_notebook(notebook, path)
    return script


def outputs(script):
    cells = pairing.code_cells(pairing.read_notebook(script.with_suffix(".ipynb")))
    return [cell.outputs[0].text if cell.outputs else None for cell in cells]


def edit(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_syncing_twice_changes_nothing(chapter):
    assert pairing.sync(chapter) is False


def test_cell_ids_are_derived_from_the_content_and_unique(chapter):
    ids = [[cell["id"] for cell in pairing.read_script(chapter).cells] for _ in range(2)]
    assert ids[0] == ids[1] and len(set(ids[0])) == len(ids[0])


def test_outputs_stay_where_code_or_comment_and_docstring_stay(chapter):
    before = outputs(chapter)
    edit(chapter, '"""Twice."""', '"""Two times."""  # a comment')
    edit(chapter, "# The loss is", "# Now the loss is")
    assert pairing.sync(chapter) is True
    assert outputs(chapter) == before


def test_the_output_of_changed_code_goes_and_the_others_stay(chapter):
    edit(chapter, "EPOCHS = 3", "EPOCHS = 4")
    pairing.sync(chapter)
    assert outputs(chapter) == ["output 1", None, *(f"output {number}" for number in range(3, 7))]


def test_an_edited_notebook_is_refused_and_not_overwritten(chapter):
    path = chapter.with_suffix(".ipynb")
    notebook = pairing.read_notebook(path)
    notebook.cells.append(nbformat.v4.new_markdown_cell("My own notes"))
    nbformat.write(notebook, path)
    before = path.read_bytes(), chapter.read_bytes()
    with pytest.raises(
        pairing.EditedNotebook, match="1 cells are not in the script .'My own notes"
    ):
        pairing.sync(chapter)
    assert (path.read_bytes(), chapter.read_bytes()) == before


PROGRAMS = {
    "JupyterLab": {"scrolled": True, "jp-MarkdownHeadingCollapsed": True, "editable": True},
    "Colab": {"outputId": "x", "colab": {"base_uri": "y"}, "execution": {"shell.execute": "z"}},
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_programs_add_to_cells_is_no_edit(chapter, program):
    path = chapter.with_suffix(".ipynb")
    before = path.read_bytes()
    notebook = pairing.read_notebook(path)
    for cell in notebook.cells:
        cell.metadata.update(PROGRAMS[program])
    notebook.metadata["kernelspec"]["display_name"] = "Python 3"
    nbformat.write(notebook, path)
    pairing.sync(chapter)
    assert path.read_bytes() == before


@pytest.mark.parametrize("change", ["delete", "move", "alt"])
def test_cells_deleted_moved_or_retitled_in_the_notebook_are_not_restored_silently(chapter, change):
    path = chapter.with_suffix(".ipynb")
    notebook = pairing.read_notebook(path)
    if change == "delete":
        del notebook.cells[-1]
    elif change == "move":
        notebook.cells.append(notebook.cells.pop(1))
    else:
        notebook.cells[1].metadata["alt"] = "Another text"
    pairing.write_notebook(notebook, path)
    with pytest.raises(pairing.EditedNotebook, match="deleted or moved, or their metadata"):
        pairing.sync(chapter)


def test_an_edited_notebook_can_be_kept_or_discarded(chapter):
    path = chapter.with_suffix(".ipynb")
    notebook = pairing.read_notebook(path)
    notebook.cells.append(nbformat.v4.new_markdown_cell("My own notes"))
    nbformat.write(notebook, path)
    pairing.sync(chapter, keep="ipynb")
    assert "# My own notes" in chapter.read_text("utf-8")
    assert pairing.read_notebook(path).cells[-1].source == "My own notes"
    edit(chapter, "# My own notes", "# Their notes")
    pairing.sync(chapter)  # what the script says now is newer than the last sync
    notebook = pairing.read_notebook(path)
    notebook.cells[-1].source = "Mine again"
    nbformat.write(notebook, path)
    pairing.sync(chapter, keep="py")
    assert pairing.read_notebook(path).cells[-1].source == "Their notes"


def test_jupytext_sync_changes_nothing(chapter):
    before = chapter.read_bytes(), chapter.with_suffix(".ipynb").read_bytes()
    command = [sys.executable, "-m", "jupytext", "--quiet", "--sync"]
    subprocess.run([*command, str(chapter.with_suffix(".ipynb"))], check=True)
    assert (chapter.read_bytes(), chapter.with_suffix(".ipynb").read_bytes()) == before


def test_jupytext_sync_on_a_clean_clone_changes_nothing(tmp_path):
    folder = tmp_path / "chapters"
    shutil.copytree(ROOT / "chapters", folder, ignore=shutil.ignore_patterns("models", "results"))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    command = [sys.executable, "-m", "jupytext", "--quiet", "--sync"]
    subprocess.run([*command, *map(str, sorted(folder.glob("*.ipynb")))], check=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("opened", ["98_made_up.py", "98_made_up.ipynb"])
def test_saving_in_jupyterlab_keeps_the_pair_in_step(chapter, opened):
    """JupyterLab reads and writes through jupytext's contents manager."""
    from jupytext import TextFileContentsManager

    manager = TextFileContentsManager()
    manager.root_dir = str(chapter.parent)
    model = manager.get(opened, content=True, type="notebook")
    for cell in model["content"]["cells"]:
        cell["source"] = cell["source"].replace("EPOCHS = 3", "EPOCHS = 5")
    manager.save(model, opened)
    assert "EPOCHS = 5" in chapter.read_text("utf-8")
    assert "EPOCHS = 5" in chapter.with_suffix(".ipynb").read_text("utf-8")
    pairing.sync(chapter)  # both hold the edit, so there is nothing to refuse
    assert outputs(chapter) == [f"output {number}" for number in range(1, 7)]


@pytest.fixture
def gan_chapter(chapter):
    """The made-up chapter under the number of a GAN's."""
    for path in (chapter, chapter.with_suffix(".ipynb")):
        path.rename(path.with_name(path.name.replace("98", "10")))
    script = chapter.with_name("10_made_up.py")
    pairing.sync(script)
    return script


@pytest.mark.parametrize("saved_by", ["make sync", "jupytext", "JupyterLab"])
def test_colab_starts_a_gpu_for_a_gan_whoever_saves_the_pair(gan_chapter, saved_by):
    from jupytext import TextFileContentsManager

    path = gan_chapter.with_suffix(".ipynb")
    before = gan_chapter.read_bytes(), path.read_bytes()
    if saved_by == "make sync":
        assert pairing.sync(gan_chapter) is False
    elif saved_by == "jupytext":
        command = [sys.executable, "-m", "jupytext", "--quiet", "--sync", str(path)]
        subprocess.run(command, check=True)
    else:
        manager = TextFileContentsManager()
        manager.root_dir = str(gan_chapter.parent)
        manager.save(manager.get(path.name, content=True, type="notebook"), path.name)
        pairing.sync(gan_chapter)
    assert (gan_chapter.read_bytes(), path.read_bytes()) == before
    metadata = pairing.read_notebook(path).metadata
    assert metadata["accelerator"] == "GPU" and metadata["colab"] == {"gpuType": "T4"}
    assert "accelerator" not in gan_chapter.read_text("utf-8")


@pytest.mark.parametrize("script", CHAPTERS, ids=lambda script: script.stem)
def test_colab_starts_a_gpu_for_gans_and_diffusion_only(script):
    metadata = pairing.read_notebook(script.with_suffix(".ipynb")).metadata
    expected = "GPU" if "10" <= script.stem[:2] <= "15" else None
    assert metadata.get("accelerator") == expected, f"run make sync N={script.stem[:2]}"
