"""Train the small classifier whose features the metrics use: `make feature-net` (some minutes).

It learns from the full training set (validation images included: nothing is tuned on them here),
from one seed. Writes genkeras/assets/feature_net.keras and its SHA-256, or stops if the test
accuracy is below 91 %.
"""

import hashlib
import json
import pathlib
import zipfile

import genkeras as gk
import keras
import numpy as np
from keras import layers

PATH = pathlib.Path(__file__).resolve().parents[1] / "genkeras/assets/feature_net.keras"
EPOCHS = 8
BATCH_SIZE = 128


def build():
    """Three convolutions, each with batch normalization, then 64 features and 10 classes."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2D(48, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 1, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(64, activation="relu", name="features"),
            layers.Dropout(0.3),
            layers.Dense(10, activation="softmax"),
        ]
    )


def pack(path):
    """Compress a .keras archive, and take the dates out, so that equal weights are equal bytes."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in sorted(archive.namelist())}
    metadata = json.loads(parts["metadata.json"]) | {"date_saved": "2026-01-01@00:00:00"}
    parts["metadata.json"] = json.dumps(metadata).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


def main():
    run = gk.setup(seed=0)
    images = gk.load_images(source="tfds")
    x = np.concatenate([images.x_train, images.x_valid])
    y = np.concatenate([images.y_train, images.y_valid])
    net = build()
    net.compile(
        loss="sparse_categorical_crossentropy",
        optimizer=keras.optimizers.Nadam(gk.warmup_cosine(4e-3, EPOCHS * -(-len(x) // BATCH_SIZE))),
        metrics=["accuracy"],
        jit_compile=run.jit_compile,
        steps_per_execution=10,
    )
    net.fit(x, y, epochs=EPOCHS, batch_size=BATCH_SIZE, verbose=2)
    _, accuracy = net.evaluate(images.x_test, images.y_test, batch_size=500, verbose=0)
    if accuracy < 0.91:
        raise SystemExit(f"test accuracy {accuracy:.4f} is below 0.91: nothing was written")
    keras.Model(net.inputs, net.outputs).save(PATH)  # without optimizer state
    pack(PATH)
    digest = hashlib.sha256(PATH.read_bytes()).hexdigest()
    PATH.with_suffix(".sha256").write_text(f"{digest}  {PATH.name}\n")
    size = PATH.stat().st_size
    print(f"{net.count_params():,} weights, test accuracy {accuracy:.4f}, {size:,} bytes")


if __name__ == "__main__":
    main()
