"""Notebooks that travel: each chapter and its exercises as files that carry genkeras in a cell.

Uploaded to Colab, Kaggle or any Jupyter, such a notebook needs nothing else from this repository.
Its first code cell writes genkeras as a zip into the folder for temporary files and imports it from
there: nothing is installed, and no version that was there before changes.
"""

import base64
import hashlib
import importlib.metadata
import io
import re
import zipfile

import nbformat

from tools import CHAPTERS, EXPERIMENTS, ROOT, exercises, fresh, pages, pairing

FOLDER = ROOT / "build" / "standalone"
# For people to scroll past: hidden in Colab, in JupyterLab and in Kaggle.
HIDDEN = {"cellView": "form", "jupyter": {"source_hidden": True}, "_kg_hide-input": True}
LINE_LENGTH = 1000  # of the encoded zip; editors become slow on very long lines

NOTE = (
    "*The next cell holds genkeras {version} (MIT license, SHA-256 {digest:.12}...), some modules of "
    "plain Python that the chapters share. It installs nothing; to read it, unzip the file that it "
    "names. TensorFlow with Keras {keras} or newer, TensorFlow Datasets, Matplotlib and scikit-learn "
    "must be there.{download}*"
)
DOWNLOAD = (
    " The images are downloaded (30 MB) the first time: this needs the internet, which Kaggle lets "
    "you switch on in the settings of the notebook."
)
CODE = '''\
# @title Unpack genkeras
import base64
import pathlib
import sys
import tempfile
import zipfile

GENKERAS = """
{content}
"""
path = pathlib.Path(tempfile.gettempdir(), "genkeras-{digest:.12}.zip")
if not path.exists() or path.read_bytes() != base64.b64decode(GENKERAS):
    path.write_bytes(base64.b64decode(GENKERAS))
sys.path.insert(0, str(path))  # before a genkeras that may be installed
with zipfile.ZipFile(path) as archive:
    for name in archive.namelist():
        if not name.startswith("genkeras/") and not pathlib.Path(name).exists():
            archive.extract(name)  # results that a chapter reads, beside the notebook
print("genkeras {version} in", path)'''


def write(script, folder=FOLDER):
    """Write a chapter, or exercises, as a notebook that needs no other file of this repository.

    Args:
        script: the chapter's script; outputs come from the notebook beside it. Or a source of
            exercises; the notebook is the student's, without answers.
        folder: where the notebook goes; exercises go into its folder exercises/.

    Returns:
        The path of the new notebook.
    """
    notebook = pairing.read_script(script)
    code = "\n".join(cell.source for cell in pairing.code_cells(notebook))
    content = pack(needed_files(notebook, code))
    if pairing.tagged_cells(notebook, "solution"):
        notebook, folder = exercises.student(script), folder / "exercises"
    elif script.with_suffix(".ipynb").exists():
        old = pairing.read_notebook(script.with_suffix(".ipynb"))
        notebook = pairing.keep_outputs(notebook, old)
    for key in ("genkeras", "jupytext"):  # about the pair of script and notebook, which stays here
        notebook.metadata.pop(key, None)
    pages.without_links_inside(notebook)
    encoded = base64.b64encode(content).decode()
    values = {
        "version": importlib.metadata.version("genkeras"),
        "digest": hashlib.sha256(content).hexdigest(),
        "content": re.sub(f"(.{{{LINE_LENGTH}}})", r"\1\n", encoded).rstrip("\n"),
        "keras": "3.14",
        "download": DOWNLOAD if "gk.load_images(" in code else "",
    }
    place = next(i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code")
    notebook.cells[place:place] = [
        nbformat.v4.new_markdown_cell(NOTE.format(**values), id="genkeras-note"),
        nbformat.v4.new_code_cell(CODE.format(**values), id="genkeras-zip", metadata=HIDDEN),
    ]
    path = folder / f"{script.stem}.ipynb"
    pairing.write_notebook(notebook, path)
    return path


def needed_files(notebook, code):
    """{name in the zip: path} of genkeras, the assets that a chapter names, and what it reads.

    The sample of the images stays here, since it would be most of the notebook.
    """
    files = {f"genkeras/{path.name}": path for path in fresh.GENKERAS.glob("*.py")}
    files["genkeras/LICENSE"] = ROOT / "LICENSE"
    for path in (fresh.GENKERAS / "assets").iterdir():
        if path.stem == "feature_net" or path.stem in code:
            files[f"genkeras/assets/{path.name}"] = path
    if pairing.tagged_cells(notebook, "summary"):
        files |= {f"results/{path.name}": path for path in CHAPTERS.glob("results/*.json")}
        speed = EXPERIMENTS / "results" / "speed.json"
        files["experiments/results/speed.json"] = speed
    return files


def pack(files):
    """A zip archive of {name: path}, as bytes that are the same whenever they are made."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, path in sorted(files.items()):
            member = zipfile.ZipInfo(name)  # with the date 1980-01-01
            file.writestr(member, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return archive.getvalue()
