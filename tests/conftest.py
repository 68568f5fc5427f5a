"""Tests run without the network and without any prepared data set, unless they say otherwise."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys

import matplotlib
import pytest

ROOT = pathlib.Path(__file__).parents[1]

# What a script starts in the background ignores interrupts, and would pass that on to its children.
signal.signal(signal.SIGINT, signal.default_int_handler)

matplotlib.use("agg")  # here, and not by a variable, which the notebooks' kernels would inherit
os.environ["GENKERAS_OFFLINE"] = "1"
FULL_DATA = os.environ.pop("TFDS_DATA_DIR", None)


@pytest.fixture(autouse=True, scope="session")
def no_prepared_data(tmp_path_factory):
    os.environ["TFDS_DATA_DIR"] = str(tmp_path_factory.mktemp("no_data_sets"))


@pytest.fixture(autouse=True)
def float32_afterwards():
    yield
    import keras

    keras.config.set_dtype_policy("float32")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def make(*arguments, folder=ROOT, **variables):
    """Run make as a user would; VIRTUAL_ENV is this process's environment unless given."""
    environment = {**os.environ, "VIRTUAL_ENV": sys.prefix, **variables}
    for inherited in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "ENV", "PYTHON", "GPU"):
        environment.pop(inherited, None)  # `make test` is a make, too
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=folder,
        env={key: value for key, value in environment.items() if value is not None},
        capture_output=True,
        text=True,
    )


def bare_environment(folder, *paths):
    """A virtual environment that imports from `paths`, then from where this process imports."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    [packages] = folder.glob("lib/python*/site-packages")
    parents = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "paths.pth").write_text("\n".join([*map(str, paths), *parents]) + "\n")
    return folder / "bin" / "python"


@pytest.fixture
def clone(tmp_path):
    """A copy of the project without its chapters, installed, in a folder with spaces and accents."""
    folder = tmp_path / "mi carpeta ñandú"
    ignored = shutil.ignore_patterns(
        ".git", ".venv*", "build", "models", "*.egg-info", ".*_cache", "__pycache__", "[01]*.*"
    )
    shutil.copytree(ROOT, folder, ignore=ignored)
    bare_environment(folder / ".venv", folder)
    checksum = subprocess.run(
        ["cksum"], input=(folder / "pyproject.toml").read_bytes(), capture_output=True
    ).stdout.decode()
    checksum = checksum.strip()
    stamp = f"{folder} [notebooks,test] highest {checksum}\n"
    (folder / ".venv" / ".genkeras-installed").write_text(stamp)
    return folder


def make_in(clone, *arguments, **variables):
    """Run make in a clone with the clone's own environment."""
    jupyter = str(pathlib.Path(sys.prefix) / "share" / "jupyter")  # nbconvert's templates
    return make(*arguments, folder=clone, VIRTUAL_ENV=None, JUPYTER_PATH=jupyter, **variables)
