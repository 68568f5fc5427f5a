"""Images as NumPy arrays: from TensorFlow Datasets (TFDS), or from the bundled sample.

`load_images` reads a data set that TFDS has prepared on this machine. If there is none, TFDS
downloads and prepares it. If that fails, too, Fashion-MNIST has a substitute: a sample of 12,000
of its images is part of this package.
"""

import contextlib
import dataclasses
import difflib
import hashlib
import io
import json
import logging
import operator
import os
import pathlib
import queue
import re
import reprlib
import signal
import subprocess
import sys
import tempfile
import threading

import numpy as np
from genkeras.runtime import quiet_stderr

SAMPLE = pathlib.Path(__file__).parent / "assets" / "fashion_mnist_sample.npz"
CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
SAMPLE_SHARE = 6  # the bundled sample has a sixth of the images
ANSWER_LIMIT = 10  # seconds that a server may take to answer
DOWNLOAD_LIMIT = 300  # seconds for a download that the bundled sample could replace
ORIGINS = {"tfds": "TensorFlow Datasets", "bundled": "the bundled sample"}

# {name of a data set: "tfds" or "bundled"}: what `load_images` has read in this process.
sources_read = {}


@dataclasses.dataclass(frozen=True, repr=False)
class ImageData:
    """Images and labels in three parts: training, validation and test.

    Attributes:
        x_train, x_valid, x_test: float32 images of shape (n, height, width, channels) in [0, 1].
        y_train, y_valid, y_test: int64 labels of shape (n,), all 0 if the data set has none.
        class_names: tuple of strings, empty if the data set has no labels.
        source: "tfds" or "bundled".
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_valid: np.ndarray
    y_valid: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    class_names: tuple
    source: str

    def __repr__(self):
        shape = "x".join(str(size) for size in self.x_train.shape[1:])
        return (
            f"{len(self.x_train):,} training, {len(self.x_valid):,} validation, "
            f"{len(self.x_test):,} test images of {shape} from {ORIGINS[self.source]}"
        )


@dataclasses.dataclass(frozen=True)
class RawImages:
    """A data set as it is stored: uint8 images, int64 labels, not yet split for validation."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    class_names: tuple


def load_images(name="fashion_mnist", *, source="auto", n_train=None, n_valid=5000, seed=42):
    """Load an image data set, scaled to [0, 1] and split for training; print a line about it.

    Args:
        name: "fashion_mnist", or any data set of TFDS with images of one size, optionally with a
            configuration and a version ("name/config:1.0.0").
        source: "tfds" reads the copy prepared in the folder `TFDS_DATA_DIR`, and downloads it
            first if necessary. "bundled" reads 10,000 training and 2,000 test images of
            Fashion-MNIST that are part of genkeras. "auto" tries the first, then the second.
            With the environment variable GENKERAS_OFFLINE=1 nothing is downloaded.
        n_train: number of training images to keep, drawn at random; None keeps all.
        n_valid: number of validation images, taken from the end of the training images. The
            bundled sample has a sixth of the images and takes a sixth of this number.
        seed: whole number that decides which images `n_train` keeps.

    Returns:
        An `ImageData`. If the data set has no test split, the last tenth of its images is used.

    Raises:
        ValueError: for an unknown name or source, images of several sizes, or bad numbers.
        OSError: if the data set cannot be read or downloaded. Nothing is left behind.
        ImportError: if TFDS is needed and cannot be imported.
        RuntimeError: if the prepared copy, or the bundled sample, is damaged.
    """
    _check_arguments(name, source, n_train, n_valid)
    raw = None
    if source != "bundled":
        try:
            raw = _read_prepared(_prepare(name))
            source = "tfds"
        except (OSError, ImportError) as error:
            if source == "tfds" or name != "fashion_mnist":
                raise
            print(f"Using the bundled sample: {error}", flush=True)
            source = "bundled"
    if source == "bundled":
        raw = _read_sample()
        n_valid = max(1, round(n_valid / SAMPLE_SHARE))
    data = _split(raw, source, n_train, n_valid, seed)
    sources_read[name] = source
    print(f"{name}: {data}", flush=True)
    return data


def find_source(name="fashion_mnist"):
    """Say where `load_images` would read a data set from now, without reading it.

    Args:
        name: as for `load_images`.

    Returns:
        "tfds" if the data set is prepared on this machine, or if its server answers; else
        "bundled".

    Raises:
        ValueError, RuntimeError: as `load_images`.
    """
    try:
        builder = _builder(name)
        if not _is_prepared(builder):
            _check_online(builder)
    except (OSError, ImportError):
        return "bundled"
    return "tfds"


def _check_arguments(name, source, n_train, n_valid):
    """Raise ValueError for arguments that are wrong whatever the data set holds."""
    if not isinstance(name, str) or not re.fullmatch(r"\w+(/[\w.-]+)?(:\d+\.\d+\.\d+)?", name):
        raise ValueError(
            "name must be the name of a data set, such as 'fashion_mnist', "
            f"'name/config' or 'name:1.0.0', got {reprlib.repr(name)}"
        )
    if source not in ("auto", "tfds", "bundled"):
        raise ValueError(f"source must be 'auto', 'tfds' or 'bundled', got {reprlib.repr(source)}")
    if source == "bundled" and name != "fashion_mnist":
        raise ValueError(f"only 'fashion_mnist' is bundled, got {name!r}; use source='tfds'")
    for argument, value in (("n_train", n_train), ("n_valid", n_valid)):
        if argument == "n_train" and value is None:
            continue
        try:
            if operator.index(value) >= 1:
                continue
        except TypeError:
            pass
        raise ValueError(
            f"{argument} must be a whole number, at least 1, got {reprlib.repr(value)}"
        )


def _split(raw, source, n_train, n_valid, seed):
    """Turn `RawImages` into `ImageData`: the last training images validate."""
    if n_valid >= len(raw.x_train):
        raise ValueError(
            f"n_valid must leave images to train on: {n_valid:,} of the {len(raw.x_train):,} "
            f"training images from {ORIGINS[source]} would be validation images"
        )
    keep = np.arange(len(raw.x_train) - n_valid)
    if n_train is not None and n_train < len(keep):
        keep = np.sort(np.random.default_rng(seed).permutation(len(keep))[:n_train])
    return ImageData(
        x_train=_to_unit_range(raw.x_train[keep]),
        y_train=raw.y_train[keep],
        x_valid=_to_unit_range(raw.x_train[-n_valid:]),
        y_valid=raw.y_train[-n_valid:],
        x_test=_to_unit_range(raw.x_test),
        y_test=raw.y_test,
        class_names=raw.class_names,
        source=source,
    )


def _to_unit_range(images):
    return images.astype("float32") / 255


# --- The bundled sample --------------------------------------------------------------------------


def read_asset(path):
    """Read a file of genkeras/assets and compare it with the SHA-256 in the file beside it.

    Args:
        path: a `pathlib.Path`; its checksum is in the file of the same name ending in .sha256.

    Returns:
        The file's bytes.

    Raises:
        RuntimeError: if one of the two files is missing, unreadable or damaged.
    """
    restore = "restore it with `git checkout -- genkeras/assets` or install genkeras again"
    checksum = path.with_suffix(".sha256")
    try:
        content, expected = path.read_bytes(), checksum.read_text().split()
    except (OSError, UnicodeDecodeError) as error:
        raise RuntimeError(f"{path.name} cannot be read ({error}); {restore}.") from None
    if not expected or hashlib.sha256(content).hexdigest() != expected[0]:
        raise RuntimeError(f"{path} or {checksum.name} is damaged; {restore}.")
    return content


def _read_sample():
    with np.load(io.BytesIO(read_asset(SAMPLE))) as file:
        return RawImages(
            x_train=file["x_train"][..., np.newaxis],
            y_train=file["y_train"].astype("int64"),
            x_test=file["x_test"][..., np.newaxis],
            y_test=file["y_test"].astype("int64"),
            class_names=CLASS_NAMES,
        )


# --- TensorFlow Datasets -------------------------------------------------------------------------


def _import_tfds():
    """Import TFDS; ImportError, with the reason in a line, if that fails for any reason."""
    try:
        with quiet_stderr():
            import tensorflow  # noqa: F401  (TFDS loads it; here it does so quietly)
            import tensorflow_datasets as tfds
        tfds.builder  # noqa: B018  (TFDS loads its parts, and what is broken, only when used)
    except Exception as error:  # not installed, or versions that do not fit
        reason = f"TensorFlow Datasets cannot be imported ({_first_line(error)})."
        raise ImportError(reason) from error
    return tfds


@contextlib.contextmanager
def _quiet_tfds_log():
    """Silence the warning that TFDS logs for each empty folder it looks into."""
    logger = logging.getLogger("absl")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before


def _data_folder():
    """The folder of all prepared data sets, or None for the default of TFDS.

    Read here, because TFDS reads the variable only once, when it is imported.
    """
    folder = os.environ.get("TFDS_DATA_DIR")
    return os.path.expanduser(folder) if folder else None


def _builder(name):
    """The TFDS builder of a data set; raises what `load_images` says of a bad name or copy."""
    tfds = _import_tfds()
    folder = _data_folder()
    try:
        with _quiet_tfds_log():
            return tfds.builder(name, data_dir=folder)
    except tfds.core.DatasetNotFoundError:
        close = difflib.get_close_matches(name, tfds.list_builders(), n=5) or ["none"]
        raise ValueError(
            f"unknown data set {reprlib.repr(name)}; close matches: {', '.join(close)}. "
            "tfds.list_builders() lists all."
        ) from None
    except Exception as error:
        damaged = _damaged_version(folder, name)
        if damaged is not None:
            raise RuntimeError(_damage_report(name, damaged, error)) from error
        if isinstance(error, AssertionError | ValueError):  # a version or configuration
            raise ValueError(f"{name} cannot be loaded: {_first_line(error)}.") from error
        where = folder or "the default folder of TensorFlow Datasets"
        raise OSError(f"{name} in {where} cannot be read ({_first_line(error)}).") from error


def _damaged_version(folder, name):
    """The folder of a version whose dataset_info.json is not JSON, or None."""
    if folder is None:
        folder = os.path.expanduser("~/tensorflow_datasets")
    for info in sorted(pathlib.Path(folder, re.split("[/:]", name)[0]).rglob("dataset_info.json")):
        try:
            json.loads(info.read_text())
        except ValueError:
            return info.parent
        except OSError:
            return None
    return None


def _is_prepared(builder):
    """Whether a data set has been prepared on this machine; RuntimeError if only half of it."""
    try:
        if (builder.data_path / "dataset_info.json").exists():
            return True
        leftover = builder.data_path.exists()
    except OSError as error:
        raise OSError(f"{builder.data_path} cannot be read ({_first_line(error)}).") from error
    if leftover:
        reason = "it holds no dataset_info.json"
        raise RuntimeError(_damage_report(builder.name, builder.data_path, reason))
    return False


def _prepare(name):
    """The builder of a data set that is prepared on this machine, downloaded if necessary."""
    builder = _builder(name)
    if not _is_prepared(builder):
        _check_online(builder)
        _download(builder)
        builder = _builder(name)
    _check_supported(builder)
    return builder


def _check_supported(builder):
    """Raise ValueError for a data set that `load_images` could read only wrongly."""
    for feature in builder.info.features.values():
        if feature.shape is not None and len(feature.shape) == 3:
            dtype = np.dtype(feature.np_dtype)
            if dtype != np.uint8:
                raise ValueError(f"{builder.name} must hold images of type uint8, got {dtype}")
    if "train" not in builder.info.splits:
        splits = ", ".join(builder.info.splits) or "none"
        raise ValueError(f"{builder.name} must have a split named 'train', got {splits}")


def _check_online(builder):
    """Raise OSError unless downloads are allowed and the data set's server answers soon."""
    if os.environ.get("GENKERAS_OFFLINE", "").lower() not in ("", "0", "false", "no", "off"):
        raise OSError(
            f"{builder.name} is not prepared in {builder.data_path.parent} and GENKERAS_OFFLINE is set."
        )
    urls = [url for url in builder.url_infos or () if url.startswith("http")]
    if not urls:
        return
    answers = queue.Queue()
    # In a thread, because looking up the name of a server has no time limit of its own.
    threading.Thread(target=lambda: answers.put(_try_server(urls[0])), daemon=True).start()
    try:
        problem = answers.get(timeout=ANSWER_LIMIT)
    except queue.Empty:
        problem = f"no answer from the network within {ANSWER_LIMIT} seconds"
    if problem is not None:
        raise OSError(f"{builder.name} could not be downloaded ({problem}).")


def _try_server(url):
    """Ask a server for a file; None if it would send it, else what is wrong."""
    import requests

    try:
        with requests.get(url, stream=True, timeout=2 * ANSWER_LIMIT) as response:
            if response.status_code == 200:
                return None
            return f"the server answered with HTTP status {response.status_code}"
    except requests.RequestException as error:
        return f"no connection to {url.split('/')[2]} ({type(error).__name__})"


def _download(builder):
    """Let TFDS download and prepare a data set; OSError, and nothing left behind, if it fails.

    TFDS prepares in a folder of its own and renames it in the end. It has no time limit, however,
    and would wait forever for a server that falls silent. Fashion-MNIST has a substitute here, so
    its download runs in a process that can be stopped.
    """
    target = pathlib.Path(builder.data_path)
    new_folders = [folder for folder in target.parents if not folder.exists()]
    with tempfile.TemporaryDirectory(prefix="genkeras-download-") as downloads:
        try:
            if builder.name == "fashion_mnist":
                _download_in_a_process(target.parents[1], downloads)  # above name/version
            else:
                tfds = _import_tfds()
                config = tfds.download.DownloadConfig(try_download_gcs=False)
                builder.download_and_prepare(download_dir=downloads, download_config=config)
        except Exception as error:
            if (target / "dataset_info.json").exists():
                return  # another process has prepared it in the meantime
            reason = _first_line(error)
            if "NonMatchingChecksumError" in repr(error):
                reason = "the server sent a web page or a part of a file instead of the data"
            raise OSError(f"{builder.name} could not be downloaded ({reason}).") from error
        finally:
            for folder in new_folders:
                with contextlib.suppress(OSError):  # it exists because it is not empty
                    folder.rmdir()


DOWNLOAD_SCRIPT = """
import sys
import tensorflow_datasets as tfds
tfds.builder("fashion_mnist", data_dir=sys.argv[1]).download_and_prepare(
    download_dir=sys.argv[2],
    download_config=tfds.download.DownloadConfig(try_download_gcs=False),
)
"""


def _download_in_a_process(data_dir, download_dir):
    """Prepare Fashion-MNIST within `DOWNLOAD_LIMIT` seconds; RuntimeError with TFDS's reason.

    Args:
        data_dir: the folder of all prepared data sets.
        download_dir: a folder for the files as they come.
    """
    print(f"Downloading fashion_mnist (30 MB) to {data_dir} ...", flush=True)
    with subprocess.Popen(
        [sys.executable, "-c", DOWNLOAD_SCRIPT, str(data_dir), str(download_dir)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            _, errors = process.communicate(timeout=DOWNLOAD_LIMIT)
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"not finished within {DOWNLOAD_LIMIT} seconds") from None
        finally:
            _stop(process)
    if process.returncode != 0:
        last_lines = [line for line in errors.splitlines() if re.match(r"[\w.]+(Error|:)", line)]
        raise RuntimeError(last_lines[-1] if last_lines else "the process failed")


def _stop(process):
    """Interrupt a process, which lets it remove its half-written files; then kill it."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()


def _read_prepared(builder):
    """Read a prepared data set as `RawImages`."""
    tfds = _import_tfds()
    features = builder.info.features
    images = [key for key, kind in features.items() if isinstance(kind, tfds.features.Image)]
    labels = [key for key, kind in features.items() if isinstance(kind, tfds.features.ClassLabel)]
    if not images or None in features[images[0]].shape:
        raise ValueError(f"{builder.name} does not hold images of one size, which is needed here")
    if "label" in labels:
        label = "label"
    elif labels:
        label = labels[0]
    else:
        label = None
    if "test" in builder.info.splits:
        parts = ["train", "test"]
    elif "validation" in builder.info.splits:
        parts = ["train", "validation"]
    else:
        parts = ["train[:90%]", "train[90%:]"]
    arrays = []
    try:
        for part in parts:
            examples = builder.as_dataset(split=part, batch_size=-1)
            x = np.asarray(examples[images[0]])
            y = np.asarray(examples[label]) if label else np.zeros(len(x))
            arrays += [x, y.astype("int64")]
    except Exception as error:
        if isinstance(error, PermissionError) or "PermissionDenied" in type(error).__name__:
            raise OSError(f"{builder.data_path} cannot be read ({_first_line(error)}).") from error
        raise RuntimeError(_damage_report(builder.name, builder.data_path, error)) from error
    return RawImages(*arrays, tuple(features[label].names) if label else ())


def _damage_report(name, version_folder, reason):
    """A sentence that tells the user to delete the folder of one version of one data set."""
    return (
        f"The prepared copy of {name} in {version_folder} is damaged ({_first_line(reason)}); "
        "delete that folder and load again."
    )


def _first_line(error):
    """What an exception says, in a line, without the marks that TensorFlow puts around it."""
    text = re.sub(r"\{\{.*?\}\} *|\[Op:.*", "", str(error)).strip() or repr(error)
    return text.splitlines()[0].rstrip(" .;")[:300]
