"""Tests run without the network and without any prepared data set, unless they say otherwise."""

import os

import matplotlib
import pytest

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
