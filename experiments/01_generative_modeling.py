"""Chapter 01's models: other points and starts, a distance by chance, and what the code of a disk tells."""

import math

import keras
import numpy as np
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KNeighborsRegressor

from tools import lift

SEEDS = (0, 1, 2)


def components(images):
    """The number of Gaussians that is best on the validation points, with five sets of points.

    Each fit is the best of five starts, as in the chapter. The divergence of the best mixture from
    the true density, in nats, is estimated on 20,000 new points; the bound is the highest one, rounded
    up.
    """
    code = lift.chapter("01")
    rows = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        points, valid, new = (code["make_points"](n, rng)[0] for n in (2000, 2000, 20_000))
        fits = {
            k: GaussianMixture(k, n_init=5, random_state=seed).fit(points)
            for k in (8, 12, 16, 24, 32)
        }
        best = max(fits, key=lambda k: fits[k].score(valid))
        kl = np.mean(code["true_log_density"](new) - fits[best].score_samples(new))
        rows.append({"points": seed, "best_components": best, "kl_nats": kl})
    best, kl = ([row[key] for row in rows] for key in ("best_components", "kl_nats"))
    extremes = {"fewest": min(best), "most": max(best), "kl_least": min(kl), "kl_most": max(kl)}
    return {"rows": rows, **extremes, "kl_bound": math.ceil(100 * max(kl)) / 100}


def chance(images):
    """Energy distance of two sets of 5,000 points from the true distribution, in 25 pairs of sets."""
    code = lift.chapter("01")
    rng = np.random.default_rng(0)
    pairs = [[code["make_points"](5000, rng)[0] for _ in range(2)] for _ in range(25)]
    distances = [float(code["energy_distance"](*pair)) for pair in pairs]
    extremes = {"least": min(distances), "most": max(distances)}
    return {"mean": np.mean(distances), "standard_deviation": np.std(distances), **extremes}


def factors(images):
    """R² of the factors of 4,000 new disks, estimated from their codes (mean of x, y and size).

    The estimate is the mean over the ten training pictures with the most similar codes. Codes of
    the trained encoder, of the same one before its training, of PCA with three and four components,
    and the factors themselves, which show the most that the method can reach. The last column is the
    highest R² of one factor from one number of the code, by 100 neighbors. Below the table, the squared
    error of the pictures that are rebuilt from three numbers. Means of three seeds.
    """
    code = lift.chapter("01")
    results, errors = {}, {"autoencoder_mse": [], "pca_3_mse": []}
    for seed in SEEDS:
        keras.utils.set_random_seed(seed)
        rng = np.random.default_rng(seed)
        known, unknown = rng.uniform(-1, 1, (2, 4000, 3))
        x, new = code["draw_disks"](known), code["draw_disks"](unknown)
        encoder, decoder = code["build_autoencoder"](x.shape[1:], code_size=3)
        codes = {"untrained": (encoder.predict(x, verbose=0), encoder.predict(new, verbose=0))}
        model = keras.Sequential([encoder, decoder])
        model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(3e-3))
        model.fit(x, x, epochs=30, verbose=0)
        errors["autoencoder_mse"].append(np.mean((model.predict(new, verbose=0) - new) ** 2))
        codes["autoencoder"] = encoder.predict(x, verbose=0), encoder.predict(new, verbose=0)
        flat, new_flat = x.reshape(len(x), -1), new.reshape(len(new), -1)
        for n in (3, 4):
            pca = PCA(n).fit(flat)
            codes[f"pca_{n}"] = pca.transform(flat), pca.transform(new_flat)
            if n == 3:
                rebuilt = pca.inverse_transform(codes["pca_3"][1])
                errors["pca_3_mse"].append(np.mean((rebuilt - new_flat) ** 2))
        codes["factors"] = known, unknown
        for name, (seen, unseen) in codes.items():
            alone = [
                explained(seen[:, [i]], known, unseen[:, [i]], unknown, 100).max()
                for i in range(seen.shape[1])
            ]
            r2 = explained(seen, known, unseen, unknown, 10)
            results.setdefault(name, []).append([*r2, r2.mean(), max(alone)])
    columns = "x", "y", "size", "r2", "one_number"
    means = {name: np.mean(values, axis=0) for name, values in results.items()}
    rows = [{"code": name, **dict(zip(columns, mean, strict=True))} for name, mean in means.items()]
    return {"rows": rows, **{name: np.mean(values) for name, values in errors.items()}}


def explained(codes, known, new_codes, unknown, neighbors):
    """R² of each factor, estimated from the pictures with the most similar codes."""
    estimate = KNeighborsRegressor(neighbors).fit(codes, known).predict(new_codes)
    return 1 - np.mean((estimate - unknown) ** 2, axis=0) / unknown.var(axis=0)


QUESTIONS = {"components": components, "chance": chance, "factors": factors}
