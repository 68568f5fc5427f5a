"""Chapter 05's denoising autoencoder over seeds, the Wiener filter, and predicting the noise."""

import keras
from keras import layers
from sklearn.decomposition import PCA

from tools import lift

SEEDS = (0, 1, 2)


def seeds(images):
    """PSNR in dB of the chapter's denoiser and of the network that predicts the noise, and Wiener's.

    Three seeds each, with the chapter's training on all images. All are tested on the same noisy
    validation images, which the chapter uses, too. The gain is that of predicting the noise, with
    equal seeds.
    """
    code = lift.chapter("05")
    level, epochs = code["NOISE"], code["EPOCHS"]
    x, x_valid = images.x_train, images.x_valid
    noisy = code["add_noise"](x_valid, level, seed=2)
    pca = PCA(svd_solver="covariance_eigh").fit(x.reshape(len(x), -1))
    wiener_psnr = code["psnr"](x_valid, code["wiener_filter"](noisy, pca, level))
    rows = []
    for seed in SEEDS:
        row = {"seed": seed}
        for name, build in (("image", "build_denoiser"), ("noise", "build_noise_predictor")):
            keras.utils.set_random_seed(seed)
            model = code[build](x.shape[1:], layers.GaussianNoise(level))
            code["train"](model, x, x_valid, epochs)
            row[f"{name}_psnr"] = code["psnr"](x_valid, model.predict(noisy))
        rows.append({**row, "gain": row["noise_psnr"] - row["image_psnr"]})
    scores = [row["image_psnr"] for row in rows]
    gains = [row["gain"] for row in rows]
    return {
        "rows": rows,
        "image_smallest": min(scores),
        "image_largest": max(scores),
        "wiener_psnr": wiener_psnr,
        "gain_smallest": min(gains),
        "gain_largest": max(gains),
    }


QUESTIONS = {"seeds": seeds}
