"""Make the quiz of chapter 01: ten photographed garments and ten drawn by a model of the project.

The model is chapter 03's stacked autoencoder (chapters/models/, left by `make outputs N=03`) with
a Gaussian mixture over its codes; the chapters on better generators will replace it. Which are
shown is left to the seed, tried once.
"""

import pathlib

import genkeras as gk
import keras
import numpy as np
from sklearn.mixture import GaussianMixture

ROOT = pathlib.Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    images = gk.load_images()
    model = keras.models.load_model(ROOT / "chapters/models/03_stacked_autoencoder.keras")
    encoder, decoder = model.layers
    codes = encoder.predict(images.x_train, batch_size=1000, verbose=0)
    mixture = GaussianMixture(50, random_state=0, reg_covar=1e-2).fit(
        codes[:20_000].astype("float64")
    )
    drawn = decoder.predict(mixture.sample(10)[0].astype("float32"), verbose=0)
    rng = np.random.default_rng(0)
    real = images.x_test[rng.choice(len(images.x_test), 10, replace=False)]
    order = rng.permutation(20)
    quiz = np.concatenate([real, drawn])[order, ..., 0]
    path = ROOT / "genkeras" / "assets" / "quiz.npz"
    np.savez_compressed(path, images=np.round(255 * quiz).astype("uint8"), is_real=order < 10)
    print(f"{path}: {path.stat().st_size:,} bytes")
