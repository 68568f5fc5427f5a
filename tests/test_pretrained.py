"""Weights that come with the package: loading them, and what is said when they do not fit."""

import hashlib

import genkeras as gk
import keras
import numpy as np
import pytest
from genkeras import data
from keras import layers

from tools import lift


def small_model(units=3):
    return keras.Sequential([keras.Input((2,)), layers.Dense(units), layers.Dense(1)])


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """Float16 weights of a small model, stored as `make pretrained` stores them."""
    monkeypatch.setattr(data, "ASSETS", tmp_path)
    path = tmp_path / "99_small.npz"
    weights = [np.asarray(weight, "float16") for weight in small_model().get_weights()]
    np.savez_compressed(path, *weights)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".sha256").write_text(f"{digest}  {path.name}\n", "utf-8")
    return path, weights


def test_the_model_gets_the_stored_weights_in_its_own_precision(stored):
    model = gk.load_pretrained("99_small", small_model())
    for weight, expected in zip(model.weights, stored[1], strict=True):
        assert weight.dtype == "float32"
        np.testing.assert_array_equal(weight.numpy(), expected.astype("float32"))


def test_more_than_ten_arrays_keep_their_order(stored):
    deep = keras.Sequential([keras.Input((1,))] + [layers.Dense(1) for _ in range(8)])
    values = [np.full(weight.shape, i, "float16") for i, weight in enumerate(deep.weights)]
    np.savez_compressed(stored[0], *values)
    digest = hashlib.sha256(stored[0].read_bytes()).hexdigest()
    stored[0].with_suffix(".sha256").write_text(digest, "utf-8")
    gk.load_pretrained("99_small", deep)
    assert [float(weight.numpy().max()) for weight in deep.weights] == list(range(16))


def test_an_unknown_name_is_answered_with_the_known_ones(stored):
    with pytest.raises(ValueError, match=r"no pretrained weights are called '98'.*99_small"):
        gk.load_pretrained("98", small_model())


def test_a_model_of_other_sizes_is_refused_and_left_as_it_was(stored):
    model = small_model(units=4)
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"shape \(2, 3\), and the model's has \(2, 4\)"):
        gk.load_pretrained("99_small", model)
    with pytest.raises(ValueError, match="there are 4 arrays, and the model has 2"):
        gk.load_pretrained("99_small", keras.Sequential([keras.Input((2,)), layers.Dense(1)]))
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_damaged_file_is_refused(stored):
    stored[0].write_bytes(stored[0].read_bytes()[:-1] + b"x")
    with pytest.raises(RuntimeError, match="damaged"):
        gk.load_pretrained("99_small", small_model())


def drawn_by(number):
    """Thirty images of a chapter's pretrained network."""
    code, rng = lift.chapter(number), np.random.default_rng(0)
    if number == "11":
        network = code["build_generator"](code["LATENT_DIM"] + 10)
        gk.load_pretrained("11_dcgan", network)
        z = rng.standard_normal((30, code["LATENT_DIM"]))
        return network(np.concatenate([z, np.eye(10)[np.arange(30) % 10]], axis=1))
    if number == "13":
        sizes = code["LATENT_DIM"], code["W_DIM"], code["RESOLUTIONS"], code["FILTERS"]
        network = gk.load_pretrained("13_stylegan", code["build_generator"](*sizes))
        inputs = [rng.standard_normal((30, *one.shape[1:])) for one in network.inputs]
        return np.clip(network(inputs) / 2 + 0.5, 0, 1)[:, 2:-2, 2:-2]
    network = gk.load_pretrained("15_diffusion", code["build_unet"]())
    times = np.linspace(1, 0, 6)
    velocity = code["network_velocity"](network, np.arange(30) % 10)
    noise = np.random.default_rng(0).standard_normal((30, 28, 28, 1))
    return code["to_pixels"](code["heun"](velocity, noise, times))


@pytest.mark.parametrize("name", ["11_dcgan", "13_stylegan", "15_diffusion"])
def test_the_weights_that_come_with_the_package_are_small_and_draw_garments(name):
    assert (data.ASSETS / f"{name}.npz").stat().st_size < 2_000_000
    pictures = np.float32(drawn_by(name[:2]))
    assert pictures.shape == (30, 28, 28, 1)
    confidence = gk.classify(pictures)[1].max(axis=1)
    assert np.mean(confidence > 0.5) > 0.8
