"""Make the files in genkeras/assets again: `python -m tools.assets sample` (or another, see the end).

All but `grooves` need the full Fashion-MNIST. The pretrained weights are made by tools/pretrain.py.
"""

import hashlib
import io
import json
import re
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
    velocity = code["guided_velocity"](network, rng.integers(0, 10, 10), 1.25)
    noise = np.random.default_rng(0).standard_normal((10, 28, 28, 1))
    drawn = code["to_pixels"](code["heun"](velocity, noise, np.linspace(1, 0, 21)))
    real = images.x_test[rng.choice(len(images.x_test), 10, replace=False)]
    order = rng.permutation(20)
    content = pack(images=pixels(np.concatenate([real, drawn])[order]), is_real=order < 10)
    return store("quiz.npz", content)


# --- The drum grooves of chapter 08 --------------------------------------------------------------

INSTRUMENTS = {
    "K": "kick",
    "S": "snare",
    "H": "closed hat",
    "O": "open hat",
    "L": "low tom",
    "M": "mid tom",
    "T": "high tom",
    "C": "crash",
    "R": "ride",
}
LOUDNESS = {".": 0, "o": 90, "x": 180, "X": 255}
RATE = 16_000  # samples per second


def grooves(images=None, folder=ASSETS, n_train=150, n_test=10):
    """Store the grooves of grooves.txt, variations of each, and a sound for each instrument."""
    lines = (ROOT / "tools" / "grooves.txt").read_text("utf-8").splitlines()
    written = dict(_read_groove(line) for line in lines if not line.startswith("#"))
    originals, rng = np.array(list(written.values())), np.random.default_rng(0)
    variations = {
        part: np.array([_vary(beat, rng) for beat in originals for _ in range(number)])
        for part, number in (("x_train", n_train), ("x_test", n_test))
    }
    content = pack(
        names=np.array(list(written)),
        instruments=np.array(list(INSTRUMENTS.values())),
        originals=originals,
        sounds=np.round(32767 * _synthesize(rng)).astype("int16"),
        rate=RATE,
        **variations,
    )
    return store("grooves.npz", content, folder)


def _read_groove(line):
    """The name of a groove and its loudness, uint8 (9, 32), from a line of grooves.txt."""
    name, *parts = re.split(r" +([A-Z]) ", line)
    beat = np.zeros((len(INSTRUMENTS), 32), "uint8")
    for key, pattern in zip(parts[::2], parts[1::2], strict=True):
        beat[list(INSTRUMENTS).index(key)] = [LOUDNESS[mark] for mark in pattern.strip()] * 2
    return name, beat


def _vary(beat, rng):
    """A variation of a beat, as a drummer might play it; each rule is applied at random."""
    beat = beat.astype(float)
    kick, snare, closed_hat, open_hat, *_, crash, ride = beat  # views of the rows
    use = rng.random(5) < 0.3
    if use[0]:  # from the hat to the ride
        ride[:], closed_hat[:] = np.maximum(ride, closed_hat), 0
    if use[1]:  # the last off-beat is an open hat
        open_hat[30], closed_hat[30] = 180, 0
    if use[2]:  # a crash at the start
        crash[0], closed_hat[0] = 255, 0
    if use[3]:  # soft notes on the snare
        steps = rng.choice([7, 9, 15, 23, 25, 31], 2, replace=False)
        snare[steps] = np.maximum(snare[steps], 76)
    if use[4]:  # the kick leads into the next bar
        kick[rng.choice([14, 30])] = 180
    return np.clip(np.round(beat * rng.normal(1, 0.08, beat.shape)), 0, 255).astype("uint8")


def _synthesize(rng, length=0.4):
    """A sound in [-1, 1] for each instrument: falling sines for drums, fading noise for metal."""
    seconds = np.arange(int(length * RATE)) / RATE
    noise = rng.uniform(-1, 1, len(seconds))
    hiss = np.diff(noise, prepend=0) / 2  # with less of the low frequencies

    def tone(high, low, decay):
        pitch = low + (high - low) * np.exp(-30 * seconds)  # in hertz
        return np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * np.exp(-decay * seconds)

    sounds = [
        tone(160, 48, 8),
        0.5 * noise * np.exp(-18 * seconds) + 0.5 * tone(220, 180, 20),
        0.7 * hiss * np.exp(-60 * seconds),
        0.7 * hiss * np.exp(-9 * seconds),
        tone(130, 90, 9),
        tone(180, 130, 10),
        tone(240, 180, 11),
        hiss * np.exp(-5 * seconds),
        0.7 * hiss * np.exp(-14 * seconds),
    ]
    return np.array(sounds) * np.minimum(1, (length - seconds) / 0.05)  # no click at the end


if __name__ == "__main__":
    import genkeras as gk

    makers = {maker.__name__: maker for maker in (sample, feature_net, quiz, grooves)}
    if len(sys.argv) != 2 or sys.argv[1] not in makers:
        sys.exit(f"write one of {', '.join(makers)}")
    images = None if sys.argv[1] == "grooves" else gk.load_images(source="tfds")
    print(makers[sys.argv[1]](images))
