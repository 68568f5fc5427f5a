"""The script and the notebook of a chapter, kept in step.

The two are a jupytext pair (chapters/jupytext.toml), so JupyterLab updates both when either is
saved. For `make sync` the script is the source. It never overwrites cells that somebody has edited
in the notebook alone: the notebook remembers the cells of the last sync in its metadata.
"""

import contextlib
import copy
import hashlib
import os
import pathlib

import jupytext
import nbformat
from jupytext.combine import combine_inputs_with_outputs

from tools import CHAPTERS, ROOT, fresh, pages

# Chapters that take minutes on a GPU and much longer without. Colab reads from a notebook's metadata
# which machine to start; the scripts do not hold this.
GPU_CHAPTERS = ("10", "11", "12", "13", "14", "15")
COLAB_WITH_GPU = {"accelerator": "GPU", "colab": {"gpuType": "T4"}}
SETTINGS = jupytext.config.load_jupytext_configuration_file(str(CHAPTERS / "jupytext.toml"))
FORMAT = {"fmt": "py:percent", "config": SETTINGS}


class EditedNotebook(Exception):
    """The notebook holds edits that the script does not have; says what to type."""


def read_script(script):
    """Read a percent script as a notebook, with derived cell ids and what Colab is to know."""
    notebook = jupytext.reads(pathlib.Path(script).read_text("utf-8"), **FORMAT)
    seen = {}
    for cell in notebook.cells:
        key = f"{cell.cell_type}\n{cell.source}"
        seen[key] = seen.get(key, 0) + 1
        cell["id"] = hashlib.sha256(f"{key}\n{seen[key]}".encode()).hexdigest()[:8]
    notebook.metadata["language_info"] = {"name": "python"}
    notebook.metadata["jupytext"].pop("text_representation", None)
    if pathlib.Path(script).stem[:2] in GPU_CHAPTERS:
        notebook.metadata.update(copy.deepcopy(COLAB_WITH_GPU))
    return notebook


def read_notebook(path):
    """Read an .ipynb file."""
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    """The code cells of a notebook."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tagged_cells(notebook, tag):
    """The code cells that have a tag: `# %% tags=["parameters"]`."""
    return [cell for cell in code_cells(notebook) if tag in cell.metadata.get("tags", [])]


def title(notebook):
    """The chapter's title: the heading of its first cell, which begins with its number."""
    return notebook.cells[0].source.splitlines()[0].removeprefix("# ")


def write_whole(path, text):
    """Write a file in one step, so that a full disk or an interrupt leaves the old one as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_text(text, encoding="utf-8", newline="\n")
        partial.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise


def write_notebook(notebook, path):
    """Write a notebook in one step; return whether the file changed."""
    text = nbformat.writes(notebook, version=4) + "\n"
    if path.exists() and path.read_text("utf-8") == text:
        return False
    write_whole(path, text)
    return True


def as_script(notebook):
    """A notebook as jupytext writes it into a script, with the metadata that its filter keeps."""
    notebook = nbformat.reads(nbformat.writes(notebook), as_version=4)  # sorts the metadata
    return jupytext.writes(notebook, **FORMAT)


def canonical_script(script):
    """The script as JupyterLab would save it."""
    return as_script(jupytext.reads(pathlib.Path(script).read_text("utf-8"), **FORMAT))


def cells_digest(notebook):
    """A short digest of the cells as a person writes them, without what programs add to them."""
    body = as_script(notebook).split("# ---\n", 2)[-1]
    return hashlib.sha256(body.encode()).hexdigest()[:16]


def sync(script, keep=None):
    """Bring a chapter's script and notebook in step; outputs of unchanged code cells stay.

    Args:
        script: path of the script.
        keep: None takes the script's cells, unless the notebook was edited by itself. "py" takes
            the script's cells in any case, and "ipynb" writes the notebook's cells into the script.

    Returns:
        Whether one of the two files changed.

    Raises:
        EditedNotebook: if the notebook was edited by itself and `keep` is None.
    """
    script = pathlib.Path(script)
    path = script.with_suffix(".ipynb")
    old = read_notebook(path) if path.exists() else None
    text = canonical_script(script)
    if old is not None and keep == "ipynb":
        backup = ROOT / "build" / "replaced" / script.name
        write_whole(backup, script.read_text("utf-8"))
        print(f"the script as it was is kept in {os.path.relpath(backup)}")
        header = text.split("# ---\n", 2)[1]
        body = as_script(old).split("# ---\n", 2)[-1]
        text = f"# ---\n{header}# ---\n{body}"
    elif keep is None and (edit := edit_in(script)):
        raise EditedNotebook(edit)
    changed = text != script.read_text("utf-8")
    if changed:
        write_whole(script, text)
    notebook = read_script(script)
    notebook.metadata["genkeras"] = {}
    if old is not None:
        notebook = keep_outputs(notebook, old)
    notebook.metadata["genkeras"]["cells"] = cells_digest(notebook)
    pages.add_alternative_texts(notebook)
    return write_notebook(notebook, path) or changed


def edit_in(script):
    """What to do about a notebook that is neither the script's nor that of the last sync, or ""."""
    path = script.with_suffix(".ipynb")
    if not path.exists():
        return ""
    notebook, source = read_notebook(path), read_script(script)
    known = notebook.metadata.get("genkeras", {}).get("cells"), cells_digest(source)
    if cells_digest(notebook) in known:
        return ""
    ours = {cell.source for cell in source.cells}
    new = [cell.source for cell in notebook.cells if cell.source.strip() not in ("", *ours)]
    if new:
        first_lines = "; ".join(repr(source.splitlines()[0][:60]) for source in new[:3])
        what = f"{len(new)} cells are not in the script ({first_lines})"
    else:
        what = "cells were deleted or moved, or their metadata changed"
    number = script.stem[:2]
    return (
        f"{path.name} was saved since the last sync, and differs from the script: {what}. "
        f"Type `make sync N={number} KEEP=ipynb` to take the edit into the script, "
        f"or `make sync N={number} KEEP=py` to drop it."
    )


def keep_outputs(notebook, old):
    """Give the cells of `notebook` the outputs that `old` has for the same code."""
    ids = [cell["id"] for cell in notebook.cells]
    combined = combine_inputs_with_outputs(notebook, old, fmt="py:percent")
    # jupytext also keeps outputs of cells that were changed; those outputs are no longer true.
    known = {fresh.normalized(cell.source) for cell in code_cells(old)}
    metadata = [cell.metadata for cell in notebook.cells]
    for cell, cell_id, own in zip(combined.cells, ids, metadata, strict=True):
        cell["id"] = cell_id
        cell.metadata = own
        if cell.cell_type == "code" and fresh.normalized(cell.source) not in known:
            cell.outputs = []
            cell.execution_count = None
    for key in ("genkeras", "widgets"):  # what produced the outputs, and the sliders as they were
        if key in old.metadata:
            combined.metadata[key] = old.metadata[key]
    return combined
