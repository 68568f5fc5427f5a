"""Images as NumPy arrays: from TensorFlow Datasets, or from the sample that comes along."""

import contextlib
import dataclasses
import difflib
import functools
import hashlib
import io
import logging
import os
import pathlib
import re
import shutil
import tempfile
import threading
import unittest.mock

import numpy as np
from genkeras.runtime import quiet_stderr

SAMPLE = pathlib.Path(__file__).parent / "assets" / "fashion_mnist_sample.npz"
CLASS_NAMES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
PATIENCE = 10  # seconds to wait for a server before the network counts as dead


@dataclasses.dataclass(frozen=True, repr=False)
class ImageData:
    """Images and labels, split in three."""

    x_train: np.ndarray  # images are float32 (n, h, w, channels) in [0, 1]
    y_train: np.ndarray  # labels are int64 (n,), all 0 where there are none
    x_valid: np.ndarray
    y_valid: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    class_names: tuple  # empty where there are none
    source: str  # "tfds" or "bundled"

    def __repr__(self):
        sizes = f"{len(self.x_train):,} training, {len(self.x_valid):,} validation, "
        shape = "x".join(map(str, self.x_train.shape[1:]))
        origin = {"tfds": "TensorFlow Datasets", "bundled": "the bundled sample"}[self.source]
        return f"{sizes}{len(self.x_test):,} test images of {shape} from {origin}"


def load_images(name="fashion_mnist", *, source="auto", n_train=None, n_valid=5000, seed=42):
    """Load an image data set, scaled to [0, 1] and split for training; say in a line from where.

    Args:
        name: "fashion_mnist", or any image data set of TensorFlow Datasets.
        source: "tfds" (a copy prepared in `TFDS_DATA_DIR`, else a download), "bundled" (10,000
            training and 2,000 test images of Fashion-MNIST that come with genkeras), or "auto"
            (the first, and where that cannot be had the second). With the environment variable
            GENKERAS_OFFLINE=1 nothing is downloaded.
        n_train: keep at most so many training images, drawn at random; None keeps all.
        n_valid: how many of the last training images validate; of the bundled sample, which is
            a sixth of the set, a sixth of that.
        seed: decides which images `n_train` keeps.
    Returns: An `ImageData`. Where the data set has no test split, its last tenth stands in.
    Raises: ValueError: for an unknown name or source, images that differ in size, or bad numbers.
        OSError: if the data set has to be downloaded and cannot be; nothing is left behind.
        ImportError: if TensorFlow Datasets is needed and cannot be imported.
        RuntimeError: if the prepared copy, or the bundled sample, is damaged.
    """
    if source not in ("auto", "tfds", "bundled"):
        raise ValueError(f"source must be 'auto', 'tfds' or 'bundled', got {source!r}")
    if n_train is not None and n_train < 1:
        raise ValueError(f"n_train must be at least 1, or None for all, got {n_train}")
    if source == "bundled" and name != "fashion_mnist":
        raise ValueError(f"only 'fashion_mnist' comes bundled, got {name!r}; use source='tfds'")
    if source != "bundled":
        try:
            x, y, x_test, y_test, class_names = _read(_prepared_builder(name))
            source = "tfds"
        except (OSError, ImportError) as error:
            if source == "tfds" or name != "fashion_mnist":
                raise
            print(f"The bundled sample serves, because {error}", flush=True)
            source = "bundled"
    if source == "bundled":
        x, y, x_test, y_test, class_names = _read_sample()
        n_valid = round(n_valid / 6)  # it has a sixth of the images
    if not 1 <= n_valid < len(x):
        raise ValueError(f"n_valid must leave images on both sides of {len(x):,}, got {n_valid}")
    keep = np.arange(len(x) - n_valid)
    if n_train is not None and n_train < len(keep):
        keep = np.sort(np.random.default_rng(seed).permutation(len(keep))[:n_train])
    x, x_valid, x_test = (part.astype("float32") / 255 for part in (x[keep], x[-n_valid:], x_test))
    data = ImageData(x, y[keep], x_valid, y[-n_valid:], x_test, y_test, class_names, source)
    print(f"{name}: {data}", flush=True)
    return data


def read_asset(path):
    """Bytes of a file that comes along; RuntimeError if its SHA-256 is not the one beside it."""
    restore = f"restore it with `git checkout {path.name}` or by installing genkeras again"
    try:
        content, expected = path.read_bytes(), path.with_suffix(".sha256").read_text().split()[0]
    except OSError as error:
        raise RuntimeError(f"{path.name} cannot be read ({error}); {restore}.") from None
    if hashlib.sha256(content).hexdigest() != expected:
        raise RuntimeError(
            f"{path} is damaged (another SHA-256 than the one beside it); {restore}."
        )
    return content


def _read_sample():
    with np.load(io.BytesIO(read_asset(SAMPLE))) as file:
        x, x_test = file["x_train"][..., None], file["x_test"][..., None]
        return x, file["y_train"].astype(int), x_test, file["y_test"].astype(int), CLASS_NAMES


def _prepared_builder(name):
    """The TFDS builder of a data set that lies prepared on the disk, downloaded if need be."""
    # TFDS logs a warning for each folder that it looks into and finds empty.
    with unittest.mock.patch.object(logging.getLogger("absl"), "disabled", True):
        try:
            with quiet_stderr():
                import tensorflow  # noqa: F401  (TFDS loads it; here its chatter is held back)
                import tensorflow_datasets as tfds
            find_builder = tfds.builder  # TFDS loads its parts, and what is broken, only now
        except Exception as error:  # not installed, or versions that do not go together
            reason = f"TensorFlow Datasets cannot be imported ({_first_line(error)})."
            raise ImportError(reason) from error
        # Named here because TFDS reads the variable only once, when it is imported.
        folder = os.environ.get("TFDS_DATA_DIR")
        try:
            if not re.fullmatch(r"\w[\w/.:]*", name):
                raise tfds.core.DatasetNotFoundError(name)
            builder = find_builder(name, data_dir=folder)
        except tfds.core.DatasetNotFoundError:
            close = difflib.get_close_matches(name, tfds.list_builders(), n=5) or ["none"]
            raise ValueError(
                f"unknown data set {name!r}; close matches: {', '.join(close)}. "
                "tfds.list_builders() lists all."
            ) from None
        except Exception as error:  # a dataset_info.json that is cut or is not JSON
            raise RuntimeError(_damaged(name, folder or "the usual folder", error)) from error
        if (builder.data_path / "dataset_info.json").exists():
            return builder
        if os.environ.get("GENKERAS_OFFLINE", "0") not in ("", "0"):
            raise OSError(f"{name} is not prepared on this machine and GENKERAS_OFFLINE is set.")
        _download(builder)
        return find_builder(name, data_dir=folder)


def _download(builder):
    """Download and prepare beside the final folder, then move there in one step."""
    import tensorflow_datasets as tfds

    final = pathlib.Path(builder.data_path)
    inside = pathlib.Path(builder.info.full_name)  # name[/config]/version
    root = final.parents[len(inside.parts) - 1]
    missing = [folder for folder in (root, *root.parents) if not folder.exists()]
    work = None
    try:
        _probe(builder)
        import requests

        # TFDS sets no time limit itself, and would wait forever for a server that falls silent.
        patient = functools.partialmethod(requests.Session.request, timeout=PATIENCE)
        root.mkdir(parents=True, exist_ok=True)
        work = pathlib.Path(tempfile.mkdtemp(prefix=".incomplete-", dir=root))
        with unittest.mock.patch.object(requests.Session, "request", patient):
            config = tfds.download.DownloadConfig(try_download_gcs=False)
            own = tfds.builder(inside.parent.as_posix(), data_dir=work)
            own.download_and_prepare(download_config=config)
        final.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):  # another process was faster: its copy is as good
            os.rename(own.data_path, final)
    except Exception as error:
        reason = _first_line(error)
        if type(error).__name__ == "NonMatchingChecksumError":
            reason = f"what came was cut short, or is a web page instead of the data: {reason}"
        raise OSError(f"{builder.name} could not be downloaded ({reason}).") from error
    finally:
        if work is not None:
            shutil.rmtree(work, ignore_errors=True)
        for folder in missing:  # only those that we made and that hold nothing
            with contextlib.suppress(OSError):
                folder.rmdir()


def _probe(builder):
    """Raise OSError unless the data set's server answers soon."""
    urls = [url for url in builder.url_infos or () if url.startswith("http")]
    outcome = [f"no answer from the network within {PATIENCE} seconds"]

    def ask():
        import requests

        try:
            with requests.get(urls[0], stream=True, timeout=2 * PATIENCE) as response:
                status = response.status_code
            outcome[0] = status != 200 and f"the server answered with HTTP status {status}"
        except requests.RequestException as error:
            outcome[0] = f"no connection to {urls[0].split('/')[2]} ({type(error).__name__})"

    # In a thread, because a name look-up has no time limit of its own.
    thread = threading.Thread(target=ask, daemon=True)
    if urls:
        thread.start()
        thread.join(PATIENCE)
        if outcome[0]:
            raise OSError(outcome[0])


def _read(builder):
    """Read a prepared data set: uint8 images, labels, the same for testing, class names."""
    import tensorflow_datasets as tfds

    features = builder.info.features
    images = [key for key, kind in features.items() if isinstance(kind, tfds.features.Image)]
    labels = [key for key, kind in features.items() if isinstance(kind, tfds.features.ClassLabel)]
    if not images or None in features[images[0]].shape:
        raise ValueError(f"{builder.name} does not hold images of one size, which is needed here")
    label = "label" if "label" in labels else labels[0] if labels else None
    splits = builder.info.splits
    test = next((split for split in ("test", "validation") if split in splits), None)
    parts = ["train", test] if test else ["train[:90%]", "train[90%:]"]
    out = []
    try:
        for part in parts:
            examples = builder.as_dataset(split=part, batch_size=-1)
            x = np.asarray(examples[images[0]])
            y = np.asarray(examples[label]) if label else np.zeros(len(x))
            out += [x, y.astype(int)]
    except Exception as error:
        raise RuntimeError(_damaged(builder.name, builder.data_path, error)) from error
    return *out, tuple(features[label].names) if label else ()


def _damaged(name, folder, error):
    return (
        f"The prepared copy of {name} in {folder} is damaged ({_first_line(error)}); "
        "delete that folder and load again."
    )


def _first_line(error):
    """What an exception says, without the marks that TensorFlow puts around it."""
    text = re.sub(r"\{\{.*?\}\} *|\[Op:.*", "", str(error)).strip() or repr(error)
    return text.splitlines()[0].rstrip(" .;")
