"""Chapter 09's resampling over seeds with its controls, and its outlier scores over families."""

import functools

import numpy as np
from sklearn.decomposition import PCA

from tools import lift

SEEDS = (0, 1, 2, 3, 4)
SHOES, TOPS = ["Sandal", "Sneaker", "Ankle boot"], ["T-shirt/top", "Pullover", "Coat", "Shirt"]
FAMILIES = {  # what a VAE is trained on, another family for the choice, and one for the test
    "footwear": (SHOES, ["Bag"], TOPS),
    "tops": (TOPS, ["Trouser", "Dress"], SHOES),
}


def log_error(pca, pictures):
    """The logarithm of the squared error of principal components, for each image."""
    flat = pictures.reshape(len(pictures), -1)
    rebuilt = pca.inverse_transform(pca.transform(flat))
    return np.log(np.sum((flat - rebuilt) ** 2, axis=1) + 1e-3)


def seeds(images):
    """Percent of test sneakers that are put on the right side, for ways of drawing and five seeds.

    Equal seeds have equal training images and equal initial weights. `principal` draws by the rarity of two principal components, which do not change.
    """
    code = lift.chapter("09")
    epochs = images.epochs(code["EPOCHS"])
    rows = []
    for seed in SEEDS:
        x, names = code["biased_shoes"](images, code["N_COMMON"], code["RARITY"], seed)
        closed, rare = names != "Sandal", names == "Sneaker"
        flat = x.reshape(len(x), -1)
        components = PCA(2, random_state=0, svd_solver="covariance_eigh").fit_transform(flat)
        row = {"seed": seed}

        def add(name, draw, row=row, x=x, closed=closed, rare=rare, seed=seed):
            model, batches = code["train_classifier"](x, closed, draw, epochs, seed)
            for kind in ("Sneaker", "Ankle boot", "Sandal"):
                percent = code["accuracy"](model, images, kind)
                row[f"{name}_{kind.lower().replace(' ', '_')}"] = percent
            row[f"{name}_share"] = 100 * batches.probabilities[rare].sum()

        def by_components(codes, closed, components=components):
            return code["draw_by_rarity"](components, closed)

        add("uniform", code["draw_alike"])
        add("resampled", code["draw_by_rarity"])
        add("labeled", functools.partial(code["draw_by_group"], rare=rare))
        add("control", functools.partial(code["draw_with_rare_fixed"], rare=rare))
        add("principal", by_components)
        rows.append(row)
    summary = {name: np.mean([row[name] for row in rows]) for name in rows[0] if name != "seed"}
    for name in ("resampled", "labeled", "control", "principal"):
        gains = [row[f"{name}_sneaker"] - row["uniform_sneaker"] for row in rows]
        summary |= {f"{name}_gain": np.mean(gains), f"{name}_smallest_gain": min(gains)}
    return {"rows": rows, **summary}


def longer(images):
    """The same for `draw_alike` and `draw_by_rarity`, two seeds, and three times as many steps."""
    code = lift.chapter("09")
    epochs = images.epochs(3 * code["EPOCHS"])
    rows = []
    for seed in SEEDS[:2]:
        x, names = code["biased_shoes"](images, code["N_COMMON"], code["RARITY"], seed)
        row = {"seed": seed}
        for name in ("alike", "by_rarity"):
            draw = code[f"draw_{name}"]
            model, _ = code["train_classifier"](x, names != "Sandal", draw, epochs, seed)
            row[name] = code["accuracy"](model, images, "Sneaker")
        rows.append({**row, "gain": row["by_rarity"] - row["alike"]})
    summary = {
        f"mean_{name}": np.mean([row[name] for row in rows])
        for name in ("alike", "by_rarity", "gain")
    }
    return {"rows": rows, **summary}


def outliers(images):
    """Mean AUROC over three kinds of test outliers, for two families and three seeds.

    The chapter's scores, and `principal`, the atypicality with the error of PCA of as many numbers;
    for these two also the AUROC of each kind. `detector` and `sum` have been exposed to the kinds
    of outliers for the choice. Columns that begin with `choice` are for these kinds.
    """
    code = lift.chapter("09")
    standardize, variance = code["standardize"], code["VARIANCE"]
    epochs, latent_dim = images.epochs(code["EPOCHS"]), code["LATENT_DIM"]
    rows = []
    for family, (own, other, tested) in FAMILIES.items():
        x, known, normal = (
            code["of_classes"](images, split, own) for split in ("train", "valid", "test")
        )
        choice = {"other": code["of_classes"](images, "valid", other), **code["altered"](known, 1)}
        choice = {f"choice {kind}": group for kind, group in choice.items()}
        test = {"other": code["of_classes"](images, "test", tested)}
        test |= code["meaningless"](normal, 2)
        groups = {"known": known, "normal": normal, **choice, **test}
        part = x[::4]
        exposed = [code["of_classes"](images, "train", other, len(part))]
        exposed = np.concatenate([*exposed, *code["altered"](part, 3).values()])
        pca = PCA(latent_dim, random_state=0).fit(x.reshape(len(x), -1))
        for seed in SEEDS[:3]:
            vae = code["train_vae"](x, latent_dim, variance, epochs, seed)
            detector = code["train_detector"](x, exposed, epochs, seed)
            scores = {kind: code["score"](vae, group, variance) for kind, group in groups.items()}
            for kind, found in scores.items():
                found["atypicality"] = np.log(found["reconstruction error"])
                found["principal"] = log_error(pca, groups[kind])
                found["detector"] = np.float32(detector(groups[kind]))[:, 0]
            usual = dict(scores["known"])
            for found in scores.values():
                for name in ("atypicality", "principal"):
                    found[name] = np.abs(standardize(found[name], usual[name]))
                found["detector"] = standardize(found["detector"], usual["detector"])
            usual = scores["known"]["atypicality"]
            for found in scores.values():
                found["sum"] = found["detector"] + standardize(found["atypicality"], usual)
            row = {"family": family, "seed": seed}
            chosen_on = code["compare"](scores, "known", choice)
            for name, by_kind in code["compare"](scores, "normal", test).items():
                key = name.replace(" ", "_")
                row |= {f"choice_{key}": chosen_on[name]["mean"], key: by_kind["mean"]}
                if name in ("atypicality", "principal"):
                    row |= {f"{key}_{kind}": by_kind[kind] for kind in test}
            rows.append(row)
    summary = {}
    for family in FAMILIES:
        own = [row for row in rows if row["family"] == family]
        for name in list(rows[0])[2:]:
            summary[f"mean_{family}_{name}"] = np.mean([row[name] for row in own])
        summary[f"smallest_{family}"] = min(row["atypicality"] for row in own)
    return {"rows": rows, **summary}


QUESTIONS = {"seeds": seeds, "longer": longer, "outliers": outliers}
