"""load_images: the bundle, your own arrays, a prepared folder, damaged copies, and bad servers."""

import dataclasses
import http.server
import shutil
import socket
import sys
import threading

import genkeras as gk
import home_made
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from conftest import FULL_DATA
from genkeras import data

from tools.assets import sample

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (60, 8, 6)).astype("uint8")
LABELS = np.arange(60) % 3


def prepare(folder, name="tiny_garments", size=(6, 5, 3), parts=("train", "test"), more=None):
    """Prepare a small data set as TFDS does; `more` maps other features to (type, values)."""
    columns = {
        "image": (tfds.features.Image(shape=size), RNG.integers(0, 256, (60, 6, 5, 3), "uint8")),
        "label": (tfds.features.ClassLabel(names=["plain", "striped"]), np.arange(60) % 2),
        **(more or {}),
    }
    examples = tf.data.Dataset.from_tensor_slices(
        {key: column[1] for key, column in columns.items()}
    )
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version="1.0.0",
        features=tfds.features.FeaturesDict({key: column[0] for key, column in columns.items()}),
        split_datasets={part: examples.take(12 if part == "test" else 60) for part in parts},
        data_dir=str(folder),
        disable_shuffling=True,
    )
    return folder / name / "1.0.0"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def assets(tmp_path, monkeypatch):
    """A copy of the assets in place of genkeras/assets."""
    copy = shutil.copytree(data.ASSETS, tmp_path / "assets")
    monkeypatch.setattr(data, "ASSETS", copy)
    return copy


def test_bundle_is_balanced_scaled_and_split(capsys):
    images = gk.load_images(source="bundled")
    assert images.x_train.shape == (9167, 28, 28, 1) and images.x_valid.shape == (833, 28, 28, 1)
    assert images.x_test.shape == (2000, 28, 28, 1) and images.source == "bundled"
    assert images.x_train.dtype == np.float32
    assert images.x_train.min() == 0 and images.x_train.max() == 1
    labels = np.concatenate([images.y_train, images.y_valid])
    assert (np.bincount(labels) == 1000).all() and (np.bincount(images.y_test) == 200).all()
    assert images.y_train.dtype == np.int64 and images.class_names[8] == "Bag"
    assert capsys.readouterr().out.count("\n") == 1


def test_n_train_draws_by_seed_and_leaves_validation_alone():
    first, again, other = (
        gk.load_images(source="bundled", n_train=100, seed=seed) for seed in (1, 1, 2)
    )
    assert len(first.x_train) == 100 and first != again  # compared by identity, without an error
    assert (first.x_train == again.x_train).all() and (first.x_train != other.x_train).any()
    assert (first.x_valid == other.x_valid).all()


def test_a_smaller_data_set_gets_more_epochs_whatever_n_train_keeps():
    bundled = gk.load_images(source="bundled", n_train=500)
    assert [bundled.epochs(number) for number in (1, 4, 12)] == [3, 14, 42]
    usual = dataclasses.replace(bundled, n_all=55_000)
    assert [usual.epochs(number) for number in (1, 4, 12)] == [1, 4, 12]
    large = dataclasses.replace(bundled, n_all=550_000)
    assert [large.epochs(number) for number in (1, 4, 12)] == [1, 2, 7]
    with pytest.raises(ValueError, match="number must be at least 1 .epochs., got 0"):
        usual.epochs(0)


def test_offline_falls_back_to_the_bundle_without_touching_the_network(monkeypatch, capsys):
    def refuse(*args, **kwargs):
        raise AssertionError("the network was touched")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert gk.load_images().source == "bundled"
    assert "Using the bundled sample: fashion_mnist is not prepared" in capsys.readouterr().out
    with pytest.raises(OSError, match="GENKERAS_OFFLINE is set"):
        gk.load_images(source="tfds")


def test_only_what_source_auto_found_is_remembered(monkeypatch):
    monkeypatch.setattr(data, "sources_read", {})
    gk.load_images(source="bundled")
    gk.load_images(PIXELS)
    assert data.sources_read == {}
    gk.load_images()
    assert data.sources_read == {"fashion_mnist": "bundled"}


def test_a_copy_without_the_sample_says_so_and_announces_nothing(assets, capsys):
    (assets / data.SAMPLE).unlink()
    with pytest.raises(OSError, match="OFFLINE is set. This copy of genkeras carries no images"):
        gk.load_images()
    assert capsys.readouterr().out == ""


def test_a_damaged_asset_says_how_to_restore_it(assets):
    sample = assets / data.SAMPLE
    content = sample.read_bytes()
    for damaged in (content[:999] + b"?" + content[1000:], content[:1000]):
        sample.write_bytes(damaged)
        with pytest.raises(RuntimeError, match="is damaged; restore it with `git checkout"):
            gk.load_images()
    for checksum in (b"", b"\xff\xfe\xfa"):
        sample.with_suffix(".sha256").write_bytes(checksum)
        with pytest.raises(RuntimeError, match="restore it with"):
            data.read_asset(data.SAMPLE)
    with pytest.raises(RuntimeError, match="none.npz cannot be read"):
        data.read_asset("none.npz")


@pytest.mark.skipif(not FULL_DATA, reason="needs the full data set in TFDS_DATA_DIR")
def test_the_bundled_sample_is_the_one_that_is_made_from_all_images(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", FULL_DATA)
    images = gk.load_images(source="tfds")
    assert len(images.x_train) == 55_000 and len(images.x_valid) == 5_000
    sample(images, tmp_path)
    assert (tmp_path / data.SAMPLE).read_bytes() == data.read_asset(data.SAMPLE)


def test_arrays_as_keras_datasets_gives_them_are_scaled_and_split(capsys):
    images = gk.load_images(((PIXELS, LABELS.reshape(-1, 1)), (PIXELS[:7], LABELS[:7])))
    assert (len(images.x_train), len(images.x_valid), len(images.x_test)) == (55, 5, 7)
    assert np.array_equal(images.x_test[..., 0], PIXELS[:7] / np.float32(255))
    assert images.x_train.dtype == np.float32 and images.y_train.shape == (55,)
    assert images.class_names == ("0", "1", "2") and images.source == "arrays"
    assert capsys.readouterr().out == (
        "your images: 55 train, 5 valid, 7 test images of 8x6x1 (arrays)\n"
    )


def test_without_test_images_the_last_tenth_stands_in():
    images = gk.load_images((PIXELS, LABELS), n_valid=4)
    assert (len(images.x_train), len(images.x_valid), len(images.x_test)) == (50, 4, 6)
    assert list(images.y_test) == list(LABELS[-6:])


def test_images_alone_and_floats_and_colors_are_taken():
    images = gk.load_images(RNG.random((60, 8, 6, 3)))
    assert images.x_train.shape == (50, 8, 6, 3) and images.x_train.dtype == np.float32
    assert images.class_names == () and not images.y_train.any()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (PIXELS / 1.0, r"x_train must lie in \[0, 1\], got values from 0 to 255: divide by 255"),
        (PIXELS / 255 * 2 - 1, "got values from -1 to 1"),
        (np.full((60, 8, 6), np.nan), "got values from nan to nan"),
        (PIXELS // 128, "must reach to 255, got 0 and 1"),
        (PIXELS.astype("int64"), "must be uint8 or floats .* got int64"),
        (PIXELS[0], r"must be uint8 or floats of shape .* got uint8 of shape \(8, 6\)"),
        (np.zeros((28, 28, 3)), r"got float64 of shape \(28, 28, 3\)"),
        (None, r"got object of shape \(\)"),
        (PIXELS[:2], "n_valid must leave images to train on"),
        ((PIXELS, LABELS[:-1]), "one for each of the 60 images, got int64 of shape .59,"),
        ((PIXELS, np.eye(3)[LABELS]), r"y_train must be whole numbers.* got float64 of shape"),
        ((PIXELS, LABELS - 1), "y_train must number classes from 0 up, got -1 to 1"),
        ((PIXELS, LABELS, PIXELS), r"must be x, \(x, y\) or"),
        (((PIXELS, LABELS), (PIXELS[:, 1:], LABELS)), "must have the same size"),
        (((PIXELS, LABELS), (PIXELS, LABELS[1:])), "y_test must be whole numbers"),
    ],
)
def test_unfit_arrays_are_refused_in_a_sentence(arrays, message):
    with pytest.raises(ValueError, match=message):
        gk.load_images(arrays)


def test_check_range_knows_other_ranges_and_rounding():
    data.check_range(np.array([-1.0005, 1.0]), -1, 1)
    with pytest.raises(ValueError, match=r"noise must lie in \[-1, 1\], got .* 0 to 2: rescale"):
        data.check_range(np.array([0, 2]), -1, 1, name="noise")


def test_any_prepared_data_set_loads_at_its_own_size(folder):
    prepare(folder)
    images = gk.load_images("tiny_garments", n_valid=10)
    assert images.x_train.shape == (50, 6, 5, 3) and images.x_test.shape == (12, 6, 5, 3)
    assert images.class_names == ("plain", "striped") and images.source == "tfds"
    assert list(images.y_valid) == [0, 1] * 5
    assert data.is_prepared("tiny_garments") and not data.is_prepared()


def test_other_features_do_not_matter_and_a_validation_split_stands_in(folder):
    tensor = tfds.features.Tensor(shape=(2, 2, 3), dtype=np.float64), np.zeros((60, 2, 2, 3))
    kinds = tfds.features.FeaturesDict({key: np.float64 for key in "abc"})
    scalars = kinds, {key: np.zeros(60) for key in "abc"}
    prepare(folder, parts=("train", "validation"), more={"other": tensor, "scalars": scalars})
    images = gk.load_images("tiny_garments")
    assert (len(images.x_train), len(images.x_valid), len(images.x_test)) == (55, 5, 60)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": (None, None, 3)}, "must have .* a feature 'image' of one size, got .*None"),
        ({"parts": ("test",)}, "must have a split 'train' .* got test"),
        ({"more": {"image": (tfds.features.Scalar(np.int64), np.arange(60))}}, "a feature 'image'"),
    ],
)
def test_a_data_set_without_training_images_of_one_size_is_refused(folder, options, message):
    prepare(folder, **options)
    with pytest.raises(ValueError, match=message):
        gk.load_images("tiny_garments")


@pytest.mark.parametrize(
    ("file", "damage", "message"),
    [
        ("*train.tfrecord*", lambda content: content[:-50], "truncated"),
        ("*train.tfrecord*", lambda content: content[:999] + b"?" + content[1000:], "corrupted"),
        ("*train.tfrecord*", None, "No such file"),
        ("dataset_info.json", lambda content: content[:20], "JSON"),
    ],
)
def test_a_damaged_copy_is_reported(folder, file, damage, message):
    [path] = prepare(folder).glob(file)
    if damage:
        path.write_bytes(damage(path.read_bytes()))
    else:
        path.unlink()
    with pytest.raises(RuntimeError, match=f"tiny_garments.* cannot be read .*{message}.* delete"):
        gk.load_images("tiny_garments")
    assert data.is_prepared("tiny_garments") == (file != "dataset_info.json")


def test_a_version_without_its_description_is_reported(folder):
    (folder / "fashion_mnist" / "3.0.1").mkdir(parents=True)
    with pytest.raises(RuntimeError, match="3.0.1 cannot be read .*no dataset_info.json"):
        gk.load_images()
    assert not data.is_prepared()


class BadServer(http.server.BaseHTTPRequestHandler):
    """A proxy on localhost that gives every request the same bad answer."""

    def do_GET(self):
        if self.server.kind == "hang":
            return self.server.stopped.wait()
        self.send_response(503 if self.server.kind == "busy" else 200)
        self.send_header("Content-Length", "999" if self.server.kind == "cut" else "14")
        self.end_headers()
        self.wfile.write(b"Please sign in")

    def log_message(self, *args):
        pass


def use_proxy(monkeypatch, port):
    monkeypatch.setenv("GENKERAS_OFFLINE", "0")
    for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("page", "web page"), ("busy", "503"), ("hang", "ReadTimeout"), ("cut", "more expected")],
)
def test_a_bad_server_fails_over_and_leaves_no_files(folder, monkeypatch, capsys, kind, reason):
    monkeypatch.setattr(data, "ANSWER_LIMIT", 1)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), BadServer) as server:
        server.kind, server.stopped = kind, threading.Event()
        use_proxy(monkeypatch, server.server_port)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert gk.load_images().source == "bundled"
        server.stopped.set()
        server.shutdown()
    out = capsys.readouterr().out
    assert "fashion_mnist could not be downloaded (" in out and reason in out
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_a_dead_network_fails_over(monkeypatch, capsys):
    use_proxy(monkeypatch, 9)
    assert gk.load_images().source == "bundled"
    assert "no answer from the server: ProxyError" in capsys.readouterr().out


def test_another_process_may_prepare_the_data_set_first(folder, monkeypatch):
    finish = home_made.HomeMade.download_and_prepare

    def come_second(builder, **options):
        finish(builder, **options)
        raise OSError("Directory not empty")

    monkeypatch.setenv("GENKERAS_OFFLINE", "0")
    monkeypatch.setattr(home_made.HomeMade, "download_and_prepare", come_second)
    images = gk.load_images("home_made", n_valid=10)
    assert len(images.x_train) == 30 and len(images.x_test) == 8


def test_without_tfds_the_bundle_serves(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    assert gk.load_images().source == "bundled" and not data.is_prepared()
    assert "Using the bundled sample: import of tensorflow_datasets" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("fashion mnist", "Parsing"),
        ("fashion_mnits", "not found"),
        ("fashion_mnist:9.9.9", "only: 3.0.1"),
    ],
)
def test_an_unknown_name_is_refused_in_a_short_sentence(name, reason):
    with pytest.raises(ValueError, match=f"^'.* cannot be loaded: [^\n]*{reason}") as caught:
        gk.load_images(name)
    assert len(str(caught.value)) < 400 and "delete" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"source": "web"}, "source must be 'auto', 'tfds' or 'bundled', got 'web'"),
        ({"n_train": 0}, "n_train must be a whole number, at least 1"),
        ({"n_valid": "a"}, "n_valid must be a whole number"),
        ({"n_valid": 10_000, "source": "bundled"}, "got 10,000 of 10,000"),
        ({"seed": 1.5}, "seed must be a whole number, at least 0, got 1.5"),
        ({"data": "mnist", "source": "bundled"}, "only 'fashion_mnist' is bundled"),
        ({"data": PIXELS, "source": "bundled"}, "source must be 'auto' for your own arrays"),
    ],
)
def test_bad_arguments_are_refused_in_one_sentence(arguments, message):
    with pytest.raises(ValueError, match=message):
        gk.load_images(**arguments)
