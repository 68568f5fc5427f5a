"""Images as NumPy arrays: from TensorFlow Datasets (TFDS), the bundled sample, or your own."""

import dataclasses
import hashlib
import importlib.resources
import io
import operator
import os
import pathlib
import re
import reprlib
import tempfile

import numpy as np

ASSETS = importlib.resources.files("genkeras") / "assets"  # readable in a zip file, too
SAMPLE = "fashion_mnist_sample.npz"
GARMENTS = "T-shirt/top, Trouser, Pullover, Dress, Coat, Sandal, Shirt, Sneaker, Bag, Ankle boot"
CLASS_NAMES = tuple(GARMENTS.split(", "))
ANSWER_LIMIT = 10  # seconds that a server may take to answer
USUAL_SIZE = 55_000  # training images of Fashion-MNIST, for which the chapters name their epochs

# {name of a data set: "tfds" or "bundled"}: what source="auto" has found in this process.
sources_read = {}


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class ImageData:
    """Images and labels in three parts: training, validation and test.

    Attributes:
        x_train, x_valid, x_test: float32 images of shape (n, height, width, channels) in [0, 1].
        y_train, y_valid, y_test: int64 labels of shape (n,), all 0 if there are none.
        class_names: tuple of strings, empty if there are no labels.
        source: "tfds", "bundled" or "arrays".
        n_all: number of training images before `n_train` kept some of them.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_valid: np.ndarray
    y_valid: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    class_names: tuple
    source: str
    n_all: int

    def epochs(self, number):
        """Epochs that suit the size of this data set, where `number` suits 55,000 images.

        A smaller data set gets more: halfway between as many epochs and as many gradient steps. So
        12 become 42 with the bundled sample, which has a sixth of the images. What `n_train` keeps
        makes no difference, so that fewer images always take less time.

        Args:
            number: of epochs over 55,000 training images, at least 1.

        Returns:
            A whole number, at least 1.

        Raises:
            ValueError: if `number` is less than 1.
        """
        if not number >= 1:
            raise ValueError(f"number must be at least 1 (epochs), got {number!r}")
        return max(1, round(number * (1 + USUAL_SIZE / self.n_all) / 2))

    def __repr__(self):
        shape = "x".join(str(size) for size in self.x_train.shape[1:])
        return (
            f"{len(self.x_train):,} train, {len(self.x_valid):,} valid, "
            f"{len(self.x_test):,} test images of {shape} ({self.source})"
        )


def load_images(data="fashion_mnist", *, source="auto", n_train=None, n_valid=None, seed=42):
    """Load images, scale them to [0, 1], split them for training, and print a line about them.

    Args:
        data: a TFDS data set with images of one size ("name" or "name/config:1.0.0"); or your own
            arrays x, (x, y), or ((x_train, y_train), (x_test, y_test)) as `keras.datasets` gives
            them. Images have shape (n, height, width[, 1 or 3]) and are uint8 from 0 to 255 or
            floats in [0, 1]; labels are None, or whole numbers of shape (n,) or (n, 1).
        source: "tfds" reads what TFDS has prepared in the folder `TFDS_DATA_DIR`, or lets it
            download the data set, unless GENKERAS_OFFLINE=1 is set. "bundled" reads 10,000
            training and 2,000 test images of Fashion-MNIST that are part of genkeras. "auto" tries
            the first, then the second.
        n_train: number of training images to keep, drawn at random; None keeps all.
        n_valid: number of validation images, taken from the end of the training images; None
            takes a twelfth, which is 5,000 of the 60,000 of Fashion-MNIST.
        seed: whole number that decides which images `n_train` keeps.

    Returns:
        An `ImageData`. Without test images, a validation split of TFDS takes their place, or else
        the last tenth of the training images. Classes of your own are named "0", "1", ...

    Raises:
        ValueError: for an unknown name or source, unfit images or labels, or bad numbers.
        OSError, ImportError: if the data set is not prepared and cannot be downloaded.
        RuntimeError: if the prepared copy, or the bundled sample, cannot be read.
    """
    if source not in ("auto", "tfds", "bundled"):
        raise ValueError(f"source must be 'auto', 'tfds' or 'bundled', got {reprlib.repr(source)}")
    for name, value, least in (("n_train", n_train, 1), ("n_valid", n_valid, 1), ("seed", seed, 0)):
        if value is not None and (not isinstance(value, int | np.integer) or value < least):
            raise ValueError(
                f"{name} must be a whole number, at least {least}, got {reprlib.repr(value)}"
            )
    arrays, class_names, found = _read(data, source)
    train, test, numbers = _check_arrays(arrays)
    images = _split(train, test, class_names or numbers, found, n_train, n_valid, seed)
    print(f"{'your images' if found == 'arrays' else data}: {images}", flush=True)
    if source == "auto" and found != "arrays":
        sources_read[data] = found
    return images


def is_prepared(name="fashion_mnist"):
    """Whether TFDS has a data set on this machine; False, too, for a copy that cannot be read."""
    try:
        return _has_info(_builder(name))
    except (ImportError, OSError, RuntimeError):
        return False


def check_range(images, low=0.0, high=1.0, name="images"):
    """Raise ValueError, which calls the images by `name`, unless all values lie in [low, high]."""
    images = np.asarray(images)
    least, greatest = images.min(), images.max()
    if low - 1e-3 <= least and greatest <= high + 1e-3:  # rounding is allowed, NaN is not
        return
    remedy = "rescale or repair them"
    if (low, high) == (0, 1) and least >= 0 and greatest > 2:
        remedy = "divide by 255, or load uint8 images with gk.load_images(your_array)"
    raise ValueError(
        f"{name} must lie in [{low:g}, {high:g}], got values from {least:.4g} to {greatest:.4g}: "
        f"{remedy}"
    )


def read_asset(name):
    """The bytes of a file in genkeras/assets.

    Raises:
        RuntimeError: if it is missing, or does not fit the .sha256 file of the same stem.
    """
    restore = "restore it with `git checkout -- genkeras/assets` or install genkeras again"
    checksum = pathlib.PurePath(name).with_suffix(".sha256").name
    try:
        content = (ASSETS / name).read_bytes()
        expected = (ASSETS / checksum).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuntimeError(f"{name} cannot be read ({error}); {restore}.") from None
    if not expected.startswith(hashlib.sha256(content).hexdigest()):
        raise RuntimeError(f"{name} or {checksum} is damaged; {restore}.")
    return content


def _check_arrays(data):
    """Check arrays as `load_images` takes them.

    Returns:
        (x, y) for training, (x, y) for testing or None, and the numbers of the classes as names.
    """
    if not isinstance(data, tuple):
        data = ((data, None),)
    elif not any(isinstance(pair, tuple) for pair in data):
        data = (data,)
    if len(data) > 2 or any(not isinstance(pair, tuple) or len(pair) != 2 for pair in data):
        raise ValueError("arrays must be x, (x, y) or ((x_train, y_train), (x_test, y_test))")
    train = _check_pair(*data[0], "train")
    test = _check_pair(*data[1], "test") if len(data) == 2 else None
    if test and train[0].shape[1:] != test[0].shape[1:]:
        sizes = f"{train[0].shape[1:]} and {test[0].shape[1:]}"
        raise ValueError(f"training and test images must have the same size, got {sizes}")
    labels = np.concatenate([train[1], test[1] if test else []])
    n_classes = 0 if data[0][1] is None else int(labels.max()) + 1
    return train, test, tuple(str(number) for number in range(n_classes))


def _check_pair(x, y, part):
    """Turn images into float32 with a channel axis, and labels into int64 of shape (n,)."""
    x = np.asarray(x)
    if x.ndim == 3 and x.shape[2] > 3:  # else it looks like a single image with channels
        x = x[..., np.newaxis]
    is_float = np.issubdtype(x.dtype, np.floating)
    is_images = x.ndim == 4 and x.shape[3] in (1, 3) and x.size > 0
    if not is_images or not (is_float or x.dtype == np.uint8):
        raise ValueError(
            f"x_{part} must be uint8 or floats of shape (n, height, width), (n, height, width, 1) "
            f"or (n, height, width, 3), got {x.dtype} of shape {x.shape}"
        )
    if is_float:
        check_range(x, name=f"x_{part}")
    elif x.max() == 1:
        raise ValueError(f"x_{part} is uint8 and must reach to 255, got 0 and 1: make it floats")
    y = np.zeros(len(x), "int64") if y is None else np.asarray(y)
    if y.shape not in ((len(x),), (len(x), 1)) or y.dtype.kind not in "iu":
        raise ValueError(
            f"y_{part} must be whole numbers, one for each of the {len(x):,} images, "
            f"got {y.dtype} of shape {y.shape}"
        )
    if y.min() < 0 or y.max() > 99_999:
        raise ValueError(f"y_{part} must number classes from 0 up, got {y.min()} to {y.max()}")
    x = np.clip(x.astype("float32"), 0, 1) if is_float else x.astype("float32") / 255
    return x, y.reshape(-1).astype("int64")


def _split(train, test, class_names, source, n_train, n_valid, seed):
    """Make an `ImageData`: the last training images validate."""
    x, y = train
    if test is None:
        n_test = max(1, len(x) // 10)
        x, y, test = x[:-n_test], y[:-n_test], (x[-n_test:], y[-n_test:])
    if n_valid is None:
        n_valid = max(1, round(len(x) / 12))
    if n_valid >= len(x):
        raise ValueError(
            f"n_valid must leave images to train on, got {n_valid:,} of {len(x):,} ({source})"
        )
    n_all = len(x) - n_valid
    keep = np.arange(n_all)
    if n_train is not None and n_train < n_all:
        keep = np.sort(np.random.default_rng(seed).permutation(n_all)[:n_train])
    valid = x[-n_valid:], y[-n_valid:]
    return ImageData(x[keep], y[keep], *valid, *test, class_names, source, n_all)


def _read(data, source):
    """Read a data set: its arrays as `_check_arrays` takes them, class names, and the source."""
    if not isinstance(data, str):
        if source != "auto":
            raise ValueError(f"source must be 'auto' for your own arrays, got {source!r}")
        return data, (), "arrays"
    if source == "bundled" and data != "fashion_mnist":
        raise ValueError(f"only 'fashion_mnist' is bundled, got {reprlib.repr(data)}")
    problem = ""
    if source != "bundled":
        try:
            return *_read_tfds(data), "tfds"
        except (ImportError, OSError) as error:
            if source == "tfds" or data != "fashion_mnist":
                raise
            problem = str(error).rstrip(".")
            if not (ASSETS / SAMPLE).is_file():  # standalone notebooks leave it out
                raise OSError(
                    f"{problem}. This copy of genkeras carries no images: switch the internet on "
                    "(on Kaggle: Settings, Internet), or pass your own arrays to load_images."
                ) from error
    with np.load(io.BytesIO(read_asset(SAMPLE))) as file:
        arrays = tuple((file[f"x_{part}"], file[f"y_{part}"]) for part in ("train", "test"))
    if problem:
        print(f"Using the bundled sample: {problem}.", flush=True)
    return arrays, CLASS_NAMES, "bundled"


def _read_tfds(name):
    """Read a data set, which TFDS downloads if necessary: its arrays and class names."""
    builder = _builder(name)
    if not _has_info(builder):
        if builder.data_path.exists():
            raise RuntimeError(_unreadable(builder.data_path, "it has no dataset_info.json"))
        _download(builder)
        builder = _builder(name)  # which now knows its splits
    import tensorflow_datasets as tfds

    features, splits = dict(builder.info.features.items()), builder.info.splits
    image, label = features.get("image"), features.get("label")
    if not isinstance(image, tfds.features.Image) or None in image.shape or "train" not in splits:
        raise ValueError(
            f"{name} must have a split 'train' and a feature 'image' of one size, "
            f"got {', '.join(splits)} and {image}"
        )
    has_labels = isinstance(label, tfds.features.ClassLabel)
    pick = operator.itemgetter("image", "label" if has_labels else "image")
    pairs = []
    for part in [part for part in ("train", "test", "validation") if part in splits][:2]:
        try:
            examples = builder.as_dataset(split=part).map(pick)
            x, y = examples.batch(len(examples)).get_single_element()
        except Exception as error:
            raise RuntimeError(_unreadable(builder.data_path, error)) from error
        pairs.append((x, y if has_labels else None))
    return tuple(pairs), tuple(label.names) if has_labels else ()


def _builder(name):
    """The TFDS builder of a data set; raises what `load_images` says of a bad name or copy."""
    import tensorflow_datasets as tfds
    from google.protobuf.json_format import ParseError

    # TFDS itself reads this variable only once, when it is imported.
    folder = os.path.expanduser(os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets")
    try:
        return tfds.builder(name, data_dir=folder)
    except (AssertionError, ValueError) as error:  # no such name, configuration or version
        raise ValueError(f"{reprlib.repr(name)} cannot be loaded: {_line(error)}.") from error
    except ParseError as error:
        copy = os.path.join(folder, re.split("[/:]", name)[0])
        raise RuntimeError(_unreadable(copy, error)) from error


def _has_info(builder):
    return (builder.data_path / "dataset_info.json").exists()


def _download(builder):
    """Let TFDS download and prepare a data set in this process; OSError if that fails."""
    import requests
    import tensorflow_datasets as tfds

    if os.environ.get("GENKERAS_OFFLINE", "0") not in ("", "0"):
        folder = builder.data_path.parent
        raise OSError(f"{builder.name} is not prepared in {folder} and GENKERAS_OFFLINE is set.")
    config = tfds.download.DownloadConfig(try_download_gcs=False)
    try:
        # TFDS waits for a silent server without a limit, so we ask the server first.
        for url in [url for url in builder.url_infos or () if url.startswith("http")][:1]:
            with requests.get(url, stream=True, timeout=ANSWER_LIMIT) as response:
                response.raise_for_status()
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as downloads:
            builder.download_and_prepare(download_dir=downloads, download_config=config)
    except Exception as error:
        if _has_info(builder):
            return  # another process has prepared it in the meantime
        reason = _line(error)
        if isinstance(error, requests.ConnectionError | requests.Timeout):
            reason = f"no answer from the server: {type(error).__name__}"
        elif "checksum" in str(error):
            reason = "the server sent a web page or a part of a file instead of the data"
        raise OSError(f"{builder.name} could not be downloaded ({reason}).") from error


def _unreadable(folder, reason):
    return f"{folder} cannot be read ({_line(reason)}); delete that folder and load again."


def _line(error):
    """What an exception says, in a line, without the marks that TensorFlow puts around it."""
    text = re.sub(r"\{\{.*?\}\} *|\[Op:.*", "", str(error)).strip() or repr(error)
    return text.splitlines()[0].rstrip(" .;:")[:300]
