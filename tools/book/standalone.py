"""Notebooks that travel: each chapter as one file, which carries genkeras in its first cell.

Uploaded to Colab, Kaggle or any Jupyter, such a notebook needs nothing else from this repository.
Its first code cell unpacks a wheel of genkeras into a temporary folder and imports from there, so
that nothing is installed and no version that was there before changes. The wheel is written here
and not by pip: it is plain Python, and building it this way needs no network.
"""

import base64
import hashlib
import importlib.metadata
import io
import re
import zipfile

import nbformat

from book import ROOT
from book.fingerprint import GENKERAS, parse_cells, used_assets, used_of_genkeras
from book.pairing import keep_outputs, read_notebook, read_script, write_notebook

FOLDER = ROOT / "build" / "standalone"
MAX_BYTES = 5_000_000  # of a notebook; one that would be larger leaves the image sample out
SAMPLE = "fashion_mnist_sample.npz"
# Files that a chapter reads, from chapters/; the first cell writes them beside the notebook, into a
# folder of the same name.
EXTRA_FILES = {"16_summary": ["results/*.json", "../benchmarks/results.json"]}
# For people to scroll past: hidden in Colab, in JupyterLab and in Kaggle.
HIDDEN = {"cellView": "form", "jupyter": {"source_hidden": True}, "_kg_hide-input": True}
LINE_LENGTH = 1000  # of the encoded wheel; editors become slow on very long lines
# A link to another file of this repository, which is not there where the notebook travels.
LINK_INSIDE = re.compile(
    r"(?<!!)\[([^]]*)\]\((?!\w+://|#)[^)\s]+\.(?:md|ipynb|py|json)(?:#[^)]*)?\)"
)

CODE = '''\
# @title Unpack genkeras
import base64
import io
import pathlib
import sys
import tempfile
import zipfile

GENKERAS = """
{wheel}
"""
folder = tempfile.mkdtemp(prefix="genkeras-")
with zipfile.ZipFile(io.BytesIO(base64.b64decode(GENKERAS))) as wheel:
    wheel.extractall(folder)
sys.path.insert(0, folder)  # before a genkeras that may be installed
'''
CODE_FOR_FILES = '''
FILES = """
{files}
"""
with zipfile.ZipFile(io.BytesIO(base64.b64decode(FILES))) as archive:
    for name in archive.namelist():
        if not pathlib.Path(name).exists():
            archive.extract(name)
'''
NOTE = (
    "The next cell unpacks the package `genkeras`, which this notebook carries with it, into a "
    "temporary folder{files}. It installs nothing else and leaves every installed version as it "
    "is; TensorFlow, Keras, Matplotlib and scikit-learn must be there, as they are on Colab and "
    "Kaggle."
)
NOTE_ON_DOWNLOAD = (
    " The images are read through TensorFlow Datasets, which downloads them (30 MB) the first "
    "time; this needs access to the internet, which Kaggle lets you switch on in the settings of "
    "the notebook."
)


def write(script, folder=FOLDER, max_bytes=MAX_BYTES):
    """Write a chapter as a notebook that needs no other file of this repository.

    Args:
        script: the chapter's script; outputs come from the notebook beside it.
        folder: where the notebook goes.
        max_bytes: the image sample is left out of a notebook that would be larger with it.

    Returns:
        The path of the new notebook.
    """
    notebook = read_script(script)
    assets = needed_assets(notebook)
    extra = extra_files(script)
    if script.with_suffix(".ipynb").exists():
        notebook = keep_outputs(notebook, read_notebook(script.with_suffix(".ipynb")))
    for key in ("genkeras", "jupytext"):  # about the pair of script and notebook, which stays here
        notebook.metadata.pop(key, None)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = LINK_INSIDE.sub(r"\1", cell.source)
    chapter = notebook.cells
    notebook.cells = [*first_cells(assets, extra), *chapter]
    if SAMPLE in assets and len(nbformat.writes(notebook).encode()) > max_bytes:
        notebook.cells = [*first_cells(assets - {SAMPLE}, extra, download=True), *chapter]
    path = folder / f"{script.stem}.ipynb"
    write_notebook(notebook, path)
    return path


def needed_assets(notebook):
    """The names of the files in genkeras/assets that a chapter uses, directly or through genkeras."""
    trees = parse_cells(notebook)
    used = used_of_genkeras(trees, GENKERAS)
    return set(used_assets([*trees, *used.values()], GENKERAS))


def extra_files(script):
    """{path beside the notebook: content} of the files that `EXTRA_FILES` names for a chapter."""
    files = {}
    for pattern in EXTRA_FILES.get(script.stem, []):
        where = script.parent / pattern
        for path in sorted(where.parent.glob(where.name)):
            files[f"{where.parent.name}/{path.name}"] = path.read_bytes()
    return files


def first_cells(assets, extra, download=False):
    """The two cells that go before a chapter's own: what happens, and the code that does it."""
    code = CODE.format(wheel=encode(build_wheel(assets)))
    if extra:
        code += CODE_FOR_FILES.format(files=encode(pack(extra)))
    names = " and ".join(sorted({name.rpartition("/")[0] for name in extra}))
    note = NOTE.format(files=f", and files beside the notebook, into {names}" if extra else "")
    if download:
        note += NOTE_ON_DOWNLOAD
    return [
        nbformat.v4.new_markdown_cell(note, id="genkeras-note"),
        nbformat.v4.new_code_cell(code.rstrip("\n"), id="genkeras-wheel", metadata=HIDDEN),
    ]


def encode(content):
    """Bytes as lines of base64."""
    text = base64.b64encode(content).decode()
    return "\n".join(text[i : i + LINE_LENGTH] for i in range(0, len(text), LINE_LENGTH))


def build_wheel(assets):
    """A wheel of genkeras, as bytes, with these assets, their checksums and licenses."""
    distribution = importlib.metadata.distribution("genkeras")
    files = {f"genkeras/{path.name}": path.read_bytes() for path in GENKERAS.glob("*.py")}
    for path in (GENKERAS / "assets").iterdir():
        belongs_to_one = any(path == other.with_suffix(".sha256") for other in asset_paths(assets))
        if path.name in assets or belongs_to_one or path.suffix == ".LICENSE":
            files[f"genkeras/assets/{path.name}"] = path.read_bytes()
    info = f"genkeras-{distribution.version}.dist-info"
    headers = [f"{key}: {value}" for key, value in distribution.metadata.items()]
    # The description is the README, which would be of no use here.
    headers = [header for header in headers if not header.startswith("Description: ")]
    files[f"{info}/METADATA"] = ("\n".join(headers) + "\n").encode()
    files[f"{info}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: genkeras tools/book\n"
        b"Root-Is-Purelib: true\nTag: py3-none-any\n"
    )
    files[f"{info}/licenses/LICENSE"] = (ROOT / "LICENSE").read_bytes()
    rows = [f"{name},{record_hash(content)},{len(content)}" for name, content in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,\n"]).encode()
    return pack(files)


def asset_paths(assets):
    return [GENKERAS / "assets" / name for name in assets]


def record_hash(content):
    """The checksum of a file as a wheel's RECORD holds it."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
    return f"sha256={digest.rstrip(b'=').decode()}"


def pack(files):
    """A zip archive of {name: content}, as bytes that are the same whenever they are made."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name, content in sorted(files.items()):
            member = zipfile.ZipInfo(name)  # with the date 1980-01-01
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            file.writestr(member, content)
    return archive.getvalue()
