"""load_images: the bundle, a prepared folder, offline, damaged copies, and bad servers."""

import dataclasses
import http.server
import json
import multiprocessing
import os
import pathlib
import shutil
import socket
import sys
import threading
import types

import genkeras as gk
import make_sample
import numpy as np
import pytest
from conftest import FULL_DATA
from genkeras import data


def prepare(
    folder, name="tiny_garments", n_train=60, n_test=12, size=(6, 5, 3), declared=None, test="test"
):
    """Prepare a small data set as TFDS does; return its folder."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    rng = np.random.default_rng(0)
    splits = {
        split: tf.data.Dataset.from_tensor_slices(
            {
                "image": rng.integers(0, 256, (n, *size)).astype("uint8"),
                "label": np.arange(n) % 2,
            }
        )
        for split, n in (("train", n_train), (test, n_test))
        if split
    }
    features = tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=declared or size),
            "label": tfds.features.ClassLabel(names=["plain", "striped"]),
        }
    )
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version="1.0.0",
        features=features,
        split_datasets=splits,
        data_dir=str(folder),
        disable_shuffling=True,
    )
    return pathlib.Path(folder, name, "1.0.0")


@pytest.fixture(scope="module")
def prepared_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    prepare(folder)
    return folder


@pytest.fixture
def prepared(prepared_once, tmp_path, monkeypatch):
    shutil.copytree(prepared_once, tmp_path / "data")
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data" / "tiny_garments" / "1.0.0"


@pytest.fixture
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


# --- The bundle ----------------------------------------------------------------------------------


def test_bundle_is_balanced_scaled_and_split(capsys):
    images = gk.load_images(source="bundled")
    assert images.x_train.shape == (9167, 28, 28, 1) and images.x_valid.shape == (833, 28, 28, 1)
    assert images.x_test.shape == (2000, 28, 28, 1) and images.source == "bundled"
    assert images.x_train.dtype == np.float32
    assert images.x_train.min() == 0 and images.x_train.max() == 1
    labels = np.concatenate([images.y_train, images.y_valid])
    assert (np.bincount(labels) == 1000).all() and (np.bincount(images.y_test) == 200).all()
    assert images.y_train.dtype.kind == "i" and len(images.class_names) == 10
    assert capsys.readouterr().out.count("\n") == 1


def test_n_train_draws_by_seed_and_leaves_validation_alone():
    first, again, other = (
        gk.load_images(source="bundled", n_train=100, seed=seed) for seed in (1, 1, 2)
    )
    assert len(first.x_train) == 100
    assert (first.x_train == again.x_train).all() and (first.x_train != other.x_train).any()
    assert (first.x_valid == other.x_valid).all()


def test_auto_falls_back_to_the_bundle_and_says_why(capsys):
    images = gk.load_images()
    assert images.source == "bundled"
    out = capsys.readouterr().out
    assert "Using the bundled sample: fashion_mnist is not prepared" in out


def test_offline_never_touches_the_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("the network was touched")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert gk.load_images().source == "bundled"
    with pytest.raises(OSError, match="GENKERAS_OFFLINE is set"):
        gk.load_images(source="tfds")


def test_a_damaged_bundle_says_how_to_restore_it(tmp_path, monkeypatch):
    for file in data.SAMPLE.parent.iterdir():
        shutil.copy(file, tmp_path)
    sample = tmp_path / data.SAMPLE.name
    monkeypatch.setattr(data, "SAMPLE", sample)
    content = bytearray(sample.read_bytes())
    content[1_000_000] ^= 1
    sample.write_bytes(content)
    with pytest.raises(RuntimeError, match="is damaged; restore it with `git checkout"):
        gk.load_images(source="bundled")
    sample.write_bytes(content[:1000])
    with pytest.raises(RuntimeError, match="is damaged"):
        gk.load_images(source="bundled")
    for checksum in (b"", b"\xff\xfe\xfa"):
        sample.with_suffix(".sha256").write_bytes(checksum)
        with pytest.raises(RuntimeError, match="restore it with"):
            gk.load_images(source="bundled")
    sample.unlink()
    with pytest.raises(RuntimeError, match="cannot be read"):
        gk.load_images(source="bundled")


def test_the_sample_is_rebuilt_bit_for_bit(prepared, tmp_path):
    images = gk.load_images("tiny_garments", n_valid=10)
    gray = dataclasses.replace(
        images,
        x_train=images.x_train[..., :1],
        x_valid=images.x_valid[..., :1],
        x_test=images.x_test[..., :1],
    )
    digests = {make_sample.make_sample(gray, tmp_path / f"{i}.npz", 20, 5) for i in range(2)}
    assert len(digests) == 1
    with np.load(tmp_path / "0.npz") as file:
        assert (np.bincount(file["y_train"]) == 20).all() and len(file["x_test"]) == 10


@pytest.mark.skipif(not FULL_DATA, reason="needs the full data set in TFDS_DATA_DIR")
def test_the_bundled_sample_is_the_one_that_make_sample_gives(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", FULL_DATA)
    images = gk.load_images(source="tfds")
    assert len(images.x_train) == 55_000 and len(images.x_valid) == 5_000
    digest = make_sample.make_sample(images, tmp_path / data.SAMPLE.name)
    assert digest == data.SAMPLE.with_suffix(".sha256").read_text().split()[0]


def test_without_tfds_the_bundle_serves(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    assert gk.load_images().source == "bundled"
    assert (
        "Using the bundled sample: TensorFlow Datasets cannot be imported"
        in capsys.readouterr().out
    )
    with pytest.raises(ImportError, match="cannot be imported"):
        gk.load_images(source="tfds")


# --- A prepared folder ---------------------------------------------------------------------------


def test_any_prepared_data_set_loads_at_its_own_size(prepared, capsys):
    images = gk.load_images("tiny_garments", n_valid=10)
    assert images.x_train.shape == (50, 6, 5, 3) and images.x_test.shape == (12, 6, 5, 3)
    assert images.class_names == ("plain", "striped") and images.source == "tfds"
    assert list(images.y_valid) == [0, 1] * 5
    assert "50 training, 10 validation, 12 test images of 6x5x3" in capsys.readouterr().out


def test_without_a_test_split_the_last_tenth_stands_in(empty_folder):
    prepare(empty_folder, "untested", test=None)
    images = gk.load_images("untested", n_valid=4)
    assert (len(images.x_train), len(images.x_valid), len(images.x_test)) == (50, 4, 6)


def test_images_of_several_sizes_are_refused(empty_folder):
    prepare(empty_folder, "ragged", size=(6, 5, 3), declared=(None, None, 3))
    with pytest.raises(ValueError, match="ragged does not hold images of one size"):
        gk.load_images("ragged")


@pytest.mark.parametrize(
    ("dtype", "split", "message"),
    [
        ("uint16", "train", "made_up must hold images of type uint8, got uint16"),
        ("uint8", "test", "made_up must have a split named 'train', got test"),
    ],
)
def test_a_data_set_that_would_be_read_wrongly_is_refused(dtype, split, message):
    image = types.SimpleNamespace(shape=(4, 4, 1), np_dtype=np.dtype(dtype))
    info = types.SimpleNamespace(features={"image": image}, splits={split: None})
    with pytest.raises(ValueError, match=message):
        data._check_supported(types.SimpleNamespace(name="made_up", info=info))


def test_a_truncated_file_is_reported(prepared):
    shard = next(prepared.glob("*train.tfrecord*"))
    shard.write_bytes(shard.read_bytes()[:-50])
    with pytest.raises(RuntimeError, match="prepared copy of tiny_garments in .* is damaged"):
        gk.load_images("tiny_garments", n_valid=10)


def test_a_file_with_flipped_bytes_is_reported(prepared):
    shard = next(prepared.glob("*train.tfrecord*"))
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 255
    shard.write_bytes(content)
    with pytest.raises(RuntimeError, match="is damaged .*; delete that folder and load again"):
        gk.load_images("tiny_garments", n_valid=10)


def test_a_missing_file_is_reported(prepared):
    next(prepared.glob("*train.tfrecord*")).unlink()
    with pytest.raises(RuntimeError, match="is damaged"):
        gk.load_images("tiny_garments", n_valid=10)


def test_a_broken_cache_is_reported(prepared):
    (prepared / "dataset_info.json").write_text('{"name": "tiny_gar')
    with pytest.raises(RuntimeError, match=f"in {prepared} is damaged .*delete that folder"):
        gk.load_images("tiny_garments", n_valid=10)


def test_a_version_without_its_description_is_reported(empty_folder, monkeypatch):
    monkeypatch.setenv("GENKERAS_OFFLINE", "0")
    (empty_folder / "fashion_mnist" / "3.0.1").mkdir(parents=True)
    with pytest.raises(RuntimeError, match="3.0.1 is damaged .*holds no dataset_info.json"):
        gk.load_images()


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_copy_is_not_called_damaged(prepared):
    shard = next(prepared.glob("*train.tfrecord*"))
    shard.chmod(0)
    with pytest.raises(OSError, match="cannot be read"):
        gk.load_images("tiny_garments", n_valid=10)


@pytest.mark.parametrize("value", ["0", "false", "No", "off", ""])
def test_offline_can_be_switched_off_in_words(monkeypatch, value):
    monkeypatch.setenv("GENKERAS_OFFLINE", value)
    monkeypatch.setattr(data, "_try_server", lambda url: "asked")
    with pytest.raises(OSError, match="asked"):
        gk.load_images(source="tfds")


def test_a_home_folder_is_expanded(prepared, monkeypatch):
    monkeypatch.setenv("HOME", str(prepared.parents[2]))
    monkeypatch.setenv("TFDS_DATA_DIR", "~/data")
    assert gk.load_images("tiny_garments", n_valid=10).source == "tfds"


def test_find_source_says_what_load_images_would_read(prepared, monkeypatch):
    assert data.find_source("tiny_garments") == "tfds"
    assert data.find_source() == "bundled"
    monkeypatch.setenv("GENKERAS_OFFLINE", "0")
    monkeypatch.setattr(data, "_try_server", lambda url: None)
    assert data.find_source() == "tfds"


def test_a_file_cut_between_records_is_reported(prepared):
    shard = next(prepared.glob("*train.tfrecord*"))
    content = shard.read_bytes()
    length = int.from_bytes(content[:8], "little") + 16
    shard.write_bytes(content[length:])
    with pytest.raises(RuntimeError, match="contained only 59 elements"):
        gk.load_images("tiny_garments", n_valid=10)


# --- Downloads -----------------------------------------------------------------------------------


class Server(http.server.BaseHTTPRequestHandler):
    """A proxy on localhost that gives every request the same bad answer."""

    behavior = "page"

    def do_GET(self):
        if self.behavior == "hang":
            self.server.stopped.wait()
            return
        if self.behavior == "trickle":
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            while not self.server.stopped.wait(0.5):
                self.wfile.write(b"x")
            return
        body = b"<!DOCTYPE html><html>Please sign in</html>" if self.behavior == "page" else b"x"
        self.send_response(503 if self.behavior == "busy" else 200)
        self.send_header("Content-Length", str(len(body) + 999 * (self.behavior == "cut")))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def proxy(monkeypatch, request):
    handler = type("Handler", (Server,), {"behavior": request.param})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.stopped = threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("GENKERAS_OFFLINE", "0")
    yield
    server.stopped.set()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("proxy", "reason"),
    [
        ("page", "a web page or a part of a file instead"),
        ("busy", "HTTP status 503"),
        ("hang", "no answer from the network"),
        ("cut", "could not be downloaded"),
        pytest.param("trickle", "not finished within 8 seconds", marks=pytest.mark.slow),
    ],
    indirect=["proxy"],
)
def test_a_bad_server_fails_over_and_leaves_nothing(
    proxy, reason, empty_folder, monkeypatch, capsys
):
    monkeypatch.setattr(data, "ANSWER_LIMIT", 2)
    monkeypatch.setattr(data, "DOWNLOAD_LIMIT", 8 if "8" in reason else 120)
    images = gk.load_images()
    assert images.source == "bundled"
    assert reason in capsys.readouterr().out
    assert not empty_folder.exists()
    with pytest.raises(OSError, match=reason):
        gk.load_images(source="tfds")
    assert not empty_folder.exists()


def test_a_dead_network_fails_over(monkeypatch, empty_folder, capsys):
    for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.setenv("GENKERAS_OFFLINE", "0")
    assert gk.load_images().source == "bundled"
    assert "no connection to" in capsys.readouterr().out
    assert not empty_folder.exists()


def load_home_made(folder, queue):
    os.environ.update(TFDS_DATA_DIR=str(folder), GENKERAS_OFFLINE="0")
    import home_made  # noqa: F401  (registers the data set)

    images = gk.load_images("home_made", n_valid=10)
    queue.put((len(images.x_train), float(images.x_test.sum())))


@pytest.mark.slow
def test_two_processes_may_prepare_at_once(empty_folder):
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    processes = [
        context.Process(target=load_home_made, args=(empty_folder, queue)) for _ in range(2)
    ]
    for process in processes:
        process.start()
    outcomes = [queue.get(timeout=120) for _ in processes]
    for process in processes:
        process.join()
    assert outcomes[0] == outcomes[1] and outcomes[0][0] == 30
    assert [path.name for path in empty_folder.iterdir()] == ["home_made"]
    assert json.loads((empty_folder / "home_made/1.0.0/dataset_info.json").read_text())


# --- Bad requests --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["fashion mnist", "fashion-mnist", 3, None, "x" * 100_000 + "!"])
def test_what_is_no_name_is_refused_in_a_short_sentence(name):
    with pytest.raises(ValueError, match="must be the name of a data set, such as") as caught:
        gk.load_images(name)
    assert len(str(caught.value)) < 200


def test_an_unknown_version_is_refused_without_advice_to_delete(prepared):
    with pytest.raises(ValueError, match="fashion_mnist:9.9.9 cannot be loaded") as caught:
        gk.load_images("fashion_mnist:9.9.9")
    assert "delete" not in str(caught.value)


@pytest.mark.parametrize("name", ["fashion_mnits", "fashionmnist"])
def test_an_unknown_name_lists_near_matches(name):
    with pytest.raises(ValueError, match=f"unknown data set '{name}'; .*fashion_mnist"):
        gk.load_images(name)


def test_a_few_validation_images_are_possible_on_the_sample():
    assert len(gk.load_images(source="bundled", n_valid=2).x_valid) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"source": "web"}, "source must be 'auto', 'tfds' or 'bundled', got 'web'"),
        ({"n_train": 0}, "n_train must be a whole number, at least 1"),
        ({"n_train": 3.5}, "n_train must be a whole number, at least 1, got 3.5"),
        ({"n_train": float("nan")}, "n_train must be a whole number"),
        ({"n_valid": "a"}, "n_valid must be a whole number"),
        ({"n_valid": 0, "source": "bundled"}, "n_valid must be a whole number, at least 1, got 0"),
        (
            {"n_valid": 60_000, "source": "bundled"},
            "10,000 of the 10,000 training images from the bundled sample",
        ),
        ({"name": "mnist", "source": "bundled"}, "only 'fashion_mnist' is bundled"),
    ],
)
def test_bad_arguments_are_refused_in_one_sentence(arguments, message):
    with pytest.raises(ValueError, match=message):
        gk.load_images(**arguments)
