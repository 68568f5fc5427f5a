"""make standalone: one file each, which runs where nothing of this repository is."""

import base64
import io
import os
import re
import subprocess
import sys
import zipfile

import made_up
import nbformat
import pytest
from book import pairing, running, standalone
from conftest import ROOT, bare_environment, make_in
from genkeras import data

CHAPTERS = sorted((ROOT / "chapters").glob("[0-9][0-9]_*.py"))


def archives(notebook):
    """What the first code cell carries: the wheel, and the files beside the notebook if any."""
    encoded = re.findall(r'^[A-Z]+ = """\n(.*?)"""$', notebook.cells[1].source, re.DOTALL | re.M)
    return [zipfile.ZipFile(io.BytesIO(base64.b64decode(text))) for text in encoded]


def assets_in(notebook):
    """The assets in a notebook's wheel, without checksums and licenses."""
    names = [
        name.rpartition("/")[2] for name in archives(notebook)[0].namelist() if "assets/" in name
    ]
    return {name for name in names if not name.endswith((".sha256", ".LICENSE"))}


def write(name, folder, **options):
    [script] = (ROOT / "chapters").glob(f"{name}_*.py")
    return pairing.read_notebook(standalone.write(script, folder, **options))


@pytest.fixture
def chapter(tmp_path):
    """A made-up chapter, with two files of results beside it."""
    script = tmp_path / "chapters" / "98_made_up.py"
    (script.parent / "results").mkdir(parents=True)
    script.write_text(made_up.CHAPTER)
    for name in ("01_one", "02_two"):
        (script.parent / "results" / f"{name}.json").write_text(f'{{"name": "{name}"}}')
    return script


@pytest.mark.parametrize("script", CHAPTERS, ids=lambda script: script.stem)
def test_a_chapter_travels_with_its_outputs_in_less_than_5_mb(script, tmp_path):
    path = standalone.write(script, tmp_path)
    notebook = pairing.read_notebook(path)
    nbformat.validate(notebook)
    assert path.stat().st_size <= 5_000_000
    committed = pairing.read_notebook(script.with_suffix(".ipynb"))
    code = [(cell.source, cell.outputs) for cell in pairing.code_cells(notebook)[1:]]
    assert code == [(cell.source, cell.outputs) for cell in pairing.code_cells(committed)]
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert "](../" not in prose and "genkeras" not in notebook.metadata
    reads_images = "gk.load_images" in script.read_text()
    assert ("downloads them" in notebook.cells[0].source) == reads_images


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("01", {"quiz.npz"}),
        ("03", set()),
        ("11", {"feature_net.keras"}),
        ("15", {"feature_net.keras", "15_diffusion.json", "15_diffusion.npz"}),
        ("16", {"15_diffusion.json", "15_diffusion.npz"}),
    ],
)
def test_only_the_assets_that_a_chapter_uses_travel(number, expected, tmp_path):
    assert assets_in(write(number, tmp_path)) == expected


def test_the_sample_travels_where_it_fits(tmp_path):
    notebook = write("03", tmp_path, max_bytes=10_000_000)
    assert assets_in(notebook) == {"fashion_mnist_sample.npz"}
    assert "download" not in notebook.cells[0].source


def test_the_same_chapter_gives_the_same_file(chapter, tmp_path):
    first = standalone.write(chapter, tmp_path).read_bytes()
    assert standalone.write(chapter, tmp_path / "again").read_bytes() == first


def test_links_to_other_files_become_text_and_links_to_the_web_stay(chapter, tmp_path):
    prose = "# See [the list](../benchmarks/README.md), [web](https://keras.io/a.md), ![x](y.png)"
    chapter.write_text(f"{made_up.CHAPTER}\n# %% [markdown]\n{prose}\n")
    [*_, last] = pairing.read_notebook(standalone.write(chapter, tmp_path)).cells
    assert last.source == "See the list, [web](https://keras.io/a.md), ![x](y.png)"


def test_files_of_other_chapters_are_written_beside_the_notebook(chapter, tmp_path, monkeypatch):
    monkeypatch.setitem(standalone.EXTRA_FILES, "98_made_up", ["results/*.json"])
    notebook = pairing.read_notebook(standalone.write(chapter, tmp_path))
    (tmp_path / "elsewhere" / "results").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setattr(sys, "path", sys.path[:])
    mine = tmp_path / "elsewhere" / "results" / "02_two.json"
    mine.write_text("mine")
    exec(notebook.cells[1].source, {})
    assert (mine.parent / "01_one.json").read_text() == '{"name": "01_one"}'
    assert mine.read_text() == "mine"
    assert "files beside the notebook, into results" in notebook.cells[0].source


def test_make_standalone_as_it_is_typed(clone):
    (clone / "chapters" / "91_one.py").write_text(made_up.CHAPTER)
    done = make_in(clone, "standalone", "N=91")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("build/standalone/91_one.ipynb: 0.")
    assert (clone / "build" / "standalone" / "91_one.ipynb").exists()


@pytest.mark.slow
def test_the_wheel_is_the_one_that_pip_would_build(tmp_path):
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", str(tmp_path), str(ROOT)], check=True)
    [path] = tmp_path.glob("*.whl")
    ours = tmp_path / "ours" / path.name
    ours.parent.mkdir()
    ours.write_bytes(
        standalone.build_wheel({p.name for p in (ROOT / "genkeras" / "assets").iterdir()})
    )
    with zipfile.ZipFile(path) as theirs, zipfile.ZipFile(ours) as made:
        names = set(theirs.namelist()) - {"genkeras-0.1.0.dist-info/top_level.txt"}
        assert set(made.namelist()) == names
        for name in names:
            if name.startswith("genkeras/"):
                assert made.read(name) == theirs.read(name), name
        assert checksums(made) == checksums(theirs)
    target = str(tmp_path / "installed")
    install = [*pip, "install", "--no-deps", "--no-index", "--target", target, str(ours)]
    subprocess.run(install, check=True)
    assert (tmp_path / "installed" / "genkeras" / "assets" / "quiz.npz").exists()


def checksums(wheel):
    """The rows of a wheel's RECORD that are about the package's files."""
    rows = wheel.read("genkeras-0.1.0.dist-info/RECORD").decode().splitlines()
    return sorted(row for row in rows if row.startswith("genkeras/"))


# --- Executed elsewhere --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """A Python that has what genkeras depends on, but neither genkeras nor this clone."""
    return bare_environment(tmp_path_factory.mktemp("elsewhere") / "venv")


@pytest.fixture(scope="module")
def prepared_garments(tmp_path_factory):
    """A folder of TensorFlow Datasets with a small Fashion-MNIST, as if it had been downloaded."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    folder = tmp_path_factory.mktemp("prepared")
    sample = data._read_sample()
    parts = {
        "train": (sample.x_train[:7000], sample.y_train[:7000]),
        "test": (sample.x_test[:1000], sample.y_test[:1000]),
    }
    tfds.dataset_builders.store_as_tfds_dataset(
        name="fashion_mnist",
        version="3.0.1",
        features=tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=(28, 28, 1)),
                "label": tfds.features.ClassLabel(names=list(sample.class_names)),
            }
        ),
        split_datasets={
            split: tf.data.Dataset.from_tensor_slices({"image": images, "label": labels})
            for split, (images, labels) in parts.items()
        },
        data_dir=str(folder),
        disable_shuffling=True,
    )
    return folder


BEFORE = """\
import importlib.util, sys
assert importlib.util.find_spec("genkeras") is None
print(sys.prefix)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "smaller"),
    [("01", {"SAMPLER_STEPS": 20}), ("12", {})],  # with an asset, and with images and a classifier
)
def test_a_notebook_runs_with_nothing_but_the_named_dependencies(
    number, smaller, tmp_path, elsewhere, prepared_garments
):
    notebook = write(number, tmp_path / "written")
    pairing.parameters_cell(notebook).metadata["quick"].update(smaller)
    notebook = running.with_quick_parameters(notebook)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(BEFORE))
    notebook.cells.append(nbformat.v4.new_code_cell("print(gk.__file__)"))
    (tmp_path / "uploaded").mkdir()
    path = tmp_path / "uploaded" / "chapter.ipynb"
    pairing.write_notebook(notebook, path)
    environment = {**os.environ, "TFDS_DATA_DIR": str(prepared_garments), "TMPDIR": str(tmp_path)}
    for inherited in ("PYTHONPATH", "JUPYTER_PATH", "GENKERAS_RESULTS", "VIRTUAL_ENV"):
        environment.pop(inherited, None)
    command = ["-m", "nbconvert", "--to", "notebook", "--execute", "--inplace", path.name]
    done = subprocess.run(
        [str(elsewhere), *command], cwd=path.parent, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    cells = pairing.code_cells(pairing.read_notebook(path))
    printed = ["".join(o.text for o in cell.outputs if "text" in o) for cell in cells]
    assert printed[0].strip() == str(elsewhere.parents[1])
    assert printed[-1].startswith(f"{tmp_path}/genkeras-")
    assert "bundled sample" not in "".join(printed)
    assert [o for cell in cells for o in cell.outputs if o.get("name") == "stderr"] == []
