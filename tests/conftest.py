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


def pytest_collection_modifyitems(items):
    """Slow tests first, on each of two workers, so that both end at about the same time."""
    slow = [item for item in items if item.get_closest_marker("slow")]
    fast = [item for item in items if item not in slow]
    half = len(fast) // 2
    items[:] = slow[::2] + fast[:half] + slow[1::2] + fast[half:]


@pytest.fixture(autouse=True, scope="session")
def no_prepared_data(tmp_path_factory):
    os.environ["TFDS_DATA_DIR"] = str(tmp_path_factory.mktemp("no_data_sets"))


@pytest.fixture(autouse=True)
def clean_afterwards():
    """The usual precision and no open figures after each test, where it has loaded the libraries."""
    yield
    if "keras" in sys.modules:
        sys.modules["keras"].config.set_dtype_policy("float32")
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


def make(*arguments, folder=ROOT, **variables):
    """Run make as a user would; VIRTUAL_ENV is this process's environment unless given."""
    environment = {**os.environ, "VIRTUAL_ENV": sys.prefix, **variables}
    for inherited in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "ENV", "PYTHON", "GPU", "N", "ARGS"):
        environment.pop(inherited, None)  # `make test` is a make, too
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=folder,
        env={key: value for key, value in environment.items() if value is not None},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def clone(tmp_path):
    """A copy of the project without its chapters, in a folder with spaces and accents.

    Its commands use this process's environment; the copy's own genkeras is what they import.
    """
    folder = tmp_path / "mi carpeta ñandú"
    ignored = shutil.ignore_patterns(
        ".git", ".venv*", "build", "models", "*.egg-info", ".*_cache", "__pycache__", "[01]*.*"
    )
    shutil.copytree(ROOT, folder, ignore=ignored)
    # The environment is this process's, which needs no installation.
    (folder / "tools" / "install.sh").write_text("", encoding="utf-8")
    return folder


def make_in(clone, *arguments, **variables):
    """Run make in a clone."""
    return make(*arguments, folder=clone, **variables)
