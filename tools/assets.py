"""Make the files in genkeras/assets again: `python -m tools.assets sample`, `feature_net` or `quiz`.

All need the full Fashion-MNIST. The pretrained weights are made by tools/pretrain.py.
"""

import hashlib
import io
import json
import sys
import zipfile

import numpy as np

from tools import ROOT, lift

ASSETS = ROOT / "genkeras" / "assets"


def store(name, content, folder=ASSETS):
    """Write a file of genkeras/assets, with its SHA-256 beside it; return the digest."""
    path = folder / name
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    path.with_suffix(".sha256").write_text(f"{digest}  {name}\n", "utf-8")
    return digest


def pack(**arrays):
    """Arrays as the bytes of an .npz file."""
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return content.getvalue()


def pixels(floats):
    """Gray images of floats in [0, 1] as uint8 without a channel axis."""
    return np.round(floats[..., 0] * 255).astype("uint8")


# --- The bundled sample --------------------------------------------------------------------------


def sample(images, folder=ASSETS, n_train=1000, n_test=200):
    """Store the first training and test images of each class (validation images are training's)."""
    x = np.concatenate([images.x_train, images.x_valid])
    y = np.concatenate([images.y_train, images.y_valid])
    train, test = _first_of_each_class(y, n_train), _first_of_each_class(images.y_test, n_test)
    content = pack(
        x_train=pixels(x[train]),
        y_train=y[train].astype("uint8"),
        x_test=pixels(images.x_test[test]),
        y_test=images.y_test[test].astype("uint8"),
    )
    return store("fashion_mnist_sample.npz", content, folder)


def _first_of_each_class(labels, count):
    """Sorted indices of the first `count` examples of each class."""
    return np.sort(np.concatenate([np.flatnonzero(labels == k)[:count] for k in np.unique(labels)]))


# --- The classifier behind the scores ------------------------------------------------------------


def feature_net(images, epochs=8, batch_size=128):
    """Train and store the classifier, from one seed, or stop if its test accuracy is below 91 %.

    It learns from the validation images, too: nothing is tuned on them here.
    """
    import genkeras as gk
    import keras
    from keras import layers

    def convolution(filters, size, **kwargs):
        conv = layers.Conv2D(filters, size, padding="same", use_bias=False, **kwargs)
        return [conv, layers.BatchNormalization(), layers.ReLU()]

    keras.utils.set_random_seed(0)
    x = np.concatenate([images.x_train, images.x_valid])
    y = np.concatenate([images.y_train, images.y_valid])
    net = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            *convolution(32, 3, strides=2),
            *convolution(48, 3),
            layers.MaxPooling2D(),
            *convolution(32, 1),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(64, activation="relu", name="features"),
            layers.Dropout(0.3),
            layers.Dense(10, activation="softmax"),
        ]
    )
    rate = gk.warmup_cosine(4e-3, epochs * -(-len(x) // batch_size))
    loss = "sparse_categorical_crossentropy"
    net.compile(loss=loss, optimizer=keras.optimizers.Nadam(rate), metrics=["accuracy"])
    net.fit(x, y, epochs=epochs, batch_size=batch_size, verbose=2)
    _, accuracy = net.evaluate(images.x_test, images.y_test, batch_size=500, verbose=0)
    if accuracy < 0.91:
        raise SystemExit(f"test accuracy {accuracy:.4f} is below 0.91: nothing was written")
    path = ROOT / "build" / "feature_net.keras"
    path.parent.mkdir(exist_ok=True)
    keras.Model(net.inputs, net.outputs).save(path)  # without optimizer state
    return store(path.name, portable(path))


def portable(path):
    """A .keras archive without its date, and without settings that older versions of Keras refuse."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in sorted(archive.namelist())}
    metadata = json.loads(parts["metadata.json"]) | {"date_saved": "2026-01-01@00:00:00"}
    parts["metadata.json"] = json.dumps(metadata).encode()
    for key in (b"input_axes", b"output_axes", b"quantization_config"):
        parts["config.json"] = parts["config.json"].replace(b', "%b": null' % key, b"")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, part in parts.items():
            archive.writestr(zipfile.ZipInfo(name), part, zipfile.ZIP_DEFLATED)
    return content.getvalue()


# --- The quiz of chapter 01 ----------------------------------------------------------------------


def quiz(images):
    """Store ten photographed garments, and ten that the pretrained model of chapter 15 draws."""
    import genkeras as gk

    code, rng = lift.chapter("15"), np.random.default_rng(0)
    network = gk.load_pretrained("15_diffusion", code["build_unet"]())
    times, labels = np.linspace(1, 0, 21), rng.integers(0, 10, 10)
    drawn = code["to_pixels"](code["heun"](network, labels, times, guidance=1.25))
    real = images.x_test[rng.choice(len(images.x_test), 10, replace=False)]
    order = rng.permutation(20)
    content = pack(images=pixels(np.concatenate([real, drawn])[order]), is_real=order < 10)
    return store("quiz.npz", content)


if __name__ == "__main__":
    import genkeras as gk

    makers = {maker.__name__: maker for maker in (sample, feature_net, quiz)}
    if len(sys.argv) != 2 or sys.argv[1] not in makers:
        sys.exit(f"write one of {', '.join(makers)}")
    print(makers[sys.argv[1]](gk.load_images(source="tfds")))
