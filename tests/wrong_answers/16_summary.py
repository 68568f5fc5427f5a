"""Plausible wrong answers to the exercises of chapter 16, which their checks must refuse."""

WRONG_ANSWERS = {
    1: [
        # more than half
        "free = paired = 26",
        # both ways are the same
        "free = paired = 30",
        "free = paired = 32",
        # more than k in place of k or more
        "free, paired = 29, 31",
        # the ways exchanged
        "free, paired = 32, 30",
    ],
    2: [
        # the first ten
        '''\
def solve(pictures):
    """The places of ten pictures, of twenty (20, 28, 28), that look like photographs."""
    return np.arange(10)
''',
        # the right clue, the wrong way round
        '''\
def solve(pictures):
    """The places of ten pictures, of twenty (20, 28, 28), that look like photographs."""
    nearly_black = np.sum((pictures > 0) & (pictures < 8), axis=(1, 2))
    return np.argsort(nearly_black)[10:]
''',
        # the brightest ones
        '''\
def solve(pictures):
    """The places of ten pictures, of twenty (20, 28, 28), that look like photographs."""
    return np.argsort(pictures.mean(axis=(1, 2)))[10:]
''',
        # ten times the same
        '''\
def solve(pictures):
    """The places of ten pictures, of twenty (20, 28, 28), that look like photographs."""
    return np.full(10, np.argmax(np.sum(pictures == 0, axis=(1, 2))))
''',
        # those that are in quiz_real
        '''\
def solve(pictures):
    """The places of ten pictures, of twenty (20, 28, 28), that look like photographs."""
    known = {picture.tobytes() for picture in quiz_real}
    return np.argsort([p.tobytes() not in known for p in pictures], kind="stable")[:10]
''',
    ],
    3: [
        # a single Gaussian
        """\
flat = images.x_train[:9000].reshape(-1, 784).astype("float64")
pca = PCA(30, random_state=0).fit(flat)
mixture = GaussianMixture(1, random_state=0).fit(pca.transform(flat))
generated = pca.inverse_transform(mixture.sample(1000)[0]).clip(0, 1).reshape(-1, 28, 28, 1)
distance = gk.frechet_distance(images.x_test[:1000], generated)
""",
        # 5, 10 or 20 components of PCA
        """\
flat = images.x_train[:9000].reshape(-1, 784).astype("float64")
pca = PCA(5, random_state=0).fit(flat)
mixture = GaussianMixture(10, random_state=0).fit(pca.transform(flat))
generated = pca.inverse_transform(mixture.sample(1000)[0]).clip(0, 1).reshape(-1, 28, 28, 1)
distance = gk.frechet_distance(images.x_test[:1000], generated)
""",
        """\
flat = images.x_train[:9000].reshape(-1, 784).astype("float64")
pca = PCA(10, random_state=0).fit(flat)
mixture = GaussianMixture(10, random_state=0).fit(pca.transform(flat))
generated = pca.inverse_transform(mixture.sample(1000)[0]).clip(0, 1).reshape(-1, 28, 28, 1)
distance = gk.frechet_distance(images.x_test[:1000], generated)
""",
        """\
flat = images.x_train[:9000].reshape(-1, 784).astype("float64")
pca = PCA(20, random_state=0).fit(flat)
mixture = GaussianMixture(10, random_state=0).fit(pca.transform(flat))
generated = pca.inverse_transform(mixture.sample(1000)[0]).clip(0, 1).reshape(-1, 28, 28, 1)
distance = gk.frechet_distance(images.x_test[:1000], generated)
""",
        # half or twice as many Gaussians
        """\
flat = images.x_train[:9000].reshape(-1, 784).astype("float64")
pca = PCA(30, random_state=0).fit(flat)
mixture = GaussianMixture(5, random_state=0).fit(pca.transform(flat))
generated = pca.inverse_transform(mixture.sample(1000)[0]).clip(0, 1).reshape(-1, 28, 28, 1)
distance = gk.frechet_distance(images.x_test[:1000], generated)
""",
        """\
flat = images.x_train[:9000].reshape(-1, 784).astype("float64")
pca = PCA(30, random_state=0).fit(flat)
mixture = GaussianMixture(20, random_state=0).fit(pca.transform(flat))
generated = pca.inverse_transform(mixture.sample(1000)[0]).clip(0, 1).reshape(-1, 28, 28, 1)
distance = gk.frechet_distance(images.x_test[:1000], generated)
""",
        # diagonal covariances
        """\
flat = images.x_train[:9000].reshape(-1, 784).astype("float64")
pca = PCA(30, random_state=0).fit(flat)
mixture = GaussianMixture(10, covariance_type="diag", random_state=0).fit(pca.transform(flat))
generated = pca.inverse_transform(mixture.sample(1000)[0]).clip(0, 1).reshape(-1, 28, 28, 1)
distance = gk.frechet_distance(images.x_test[:1000], generated)
""",
        # rebuilt training, validation and test images in place of samples
        """\
flat = images.x_train[:9000].reshape(-1, 784).astype("float64")
pca = PCA(30, random_state=0).fit(flat)
mixture = GaussianMixture(10, random_state=0).fit(pca.transform(flat))
generated = pca.inverse_transform(pca.transform(images.x_train[:1000].reshape(-1, 784))).clip(0, 1).reshape(-1, 28, 28, 1)
distance = gk.frechet_distance(images.x_test[:1000], generated)
""",
        """\
flat = images.x_train[:9000].reshape(-1, 784).astype("float64")
pca = PCA(30, random_state=0).fit(flat)
mixture = GaussianMixture(10, random_state=0).fit(pca.transform(flat))
generated = pca.inverse_transform(pca.transform(images.x_valid[:1000].reshape(-1, 784))).clip(0, 1).reshape(-1, 28, 28, 1)
distance = gk.frechet_distance(images.x_test[:1000], generated)
""",
        """\
flat = images.x_train[:9000].reshape(-1, 784).astype("float64")
pca = PCA(30, random_state=0).fit(flat)
mixture = GaussianMixture(10, random_state=0).fit(pca.transform(flat))
generated = pca.inverse_transform(pca.transform(images.x_test[:1000].reshape(-1, 784))).clip(0, 1).reshape(-1, 28, 28, 1)
distance = gk.frechet_distance(images.x_test[:1000], generated)
""",
        # all is fitted to test images
        """\
flat = images.x_test[:1000].reshape(-1, 784).astype("float64")
pca = PCA(30, random_state=0).fit(flat)
mixture = GaussianMixture(10, random_state=0).fit(pca.transform(flat))
generated = pca.inverse_transform(mixture.sample(1000)[0]).clip(0, 1).reshape(-1, 28, 28, 1)
distance = gk.frechet_distance(images.x_test[:1000], generated)
""",
        # not clipped
        """\
flat = images.x_train[:9000].reshape(-1, 784).astype("float64")
pca = PCA(30, random_state=0).fit(flat)
mixture = GaussianMixture(10, random_state=0).fit(pca.transform(flat))
generated = pca.inverse_transform(mixture.sample(1000)[0]).reshape(-1, 28, 28, 1)
distance = 83.0
""",
        # a distance from somewhere else
        """\
flat = images.x_train[:9000].reshape(-1, 784).astype("float64")
pca = PCA(30, random_state=0).fit(flat)
mixture = GaussianMixture(10, random_state=0).fit(pca.transform(flat))
generated = pca.inverse_transform(mixture.sample(1000)[0]).clip(0, 1).reshape(-1, 28, 28, 1)
distance = 78.0
""",
        # real images
        """\
flat = images.x_train[:9000].reshape(-1, 784).astype("float64")
pca = PCA(30, random_state=0).fit(flat)
mixture = GaussianMixture(10, random_state=0).fit(pca.transform(flat))
generated = images.x_test[1000:2000]
distance = gk.frechet_distance(images.x_test[:1000], generated)
""",
    ],
    4: [
        # a straight line in n
        '''\
def predict(sizes, distances, n):
    """The distance at size n, from the distances at two other sizes."""
    return np.polyval(np.polyfit(sizes, distances, 1), n)


sizes = (250, 500)
measured = [
    gk.frechet_distance(real_features[:n], real_features[1000 : 1000 + n]) for n in sizes
]
predicted = predict(sizes, measured, 1000)
''',
        # a straight line in log n
        '''\
def predict(sizes, distances, n):
    """The distance at size n, from the distances at two other sizes."""
    return np.polyval(np.polyfit(np.log(sizes), distances, 1), np.log(n))


sizes = (250, 500)
measured = [
    gk.frechet_distance(real_features[:n], real_features[1000 : 1000 + n]) for n in sizes
]
predicted = predict(sizes, measured, 1000)
''',
        # a power of n
        '''\
def predict(sizes, distances, n):
    """The distance at size n, from the distances at two other sizes."""
    return np.exp(np.polyval(np.polyfit(np.log(sizes), np.log(distances), 1), np.log(n)))


sizes = (250, 500)
measured = [
    gk.frechet_distance(real_features[:n], real_features[1000 : 1000 + n]) for n in sizes
]
predicted = predict(sizes, measured, 1000)
''',
        # no constant: half the distance for twice the size
        '''\
def predict(sizes, distances, n):
    """The distance at size n, from the distances at two other sizes."""
    return distances[1] * sizes[1] / n


sizes = (250, 500)
measured = [
    gk.frechet_distance(real_features[:n], real_features[1000 : 1000 + n]) for n in sizes
]
predicted = predict(sizes, measured, 1000)
''',
        # the sign of b
        '''\
def predict(sizes, distances, n):
    """The distance at size n, from the distances at two other sizes."""
    b = (distances[1] - distances[0]) / (1 / sizes[0] - 1 / sizes[1])
    return distances[0] - b / sizes[0] + b / n


sizes = (250, 500)
measured = [
    gk.frechet_distance(real_features[:n], real_features[1000 : 1000 + n]) for n in sizes
]
predicted = predict(sizes, measured, 1000)
''',
        # the limit in place of the prediction
        '''\
def predict(sizes, distances, n):
    """The distance at size n, from the distances at two other sizes."""
    b = (distances[0] - distances[1]) / (1 / sizes[0] - 1 / sizes[1])
    return distances[0] - b / sizes[0] + b / n


sizes = (250, 500)
measured = [
    gk.frechet_distance(real_features[:n], real_features[1000 : 1000 + n]) for n in sizes
]
predicted = predict(sizes, measured, 1e9)
''',
        # the same images on both sides
        '''\
def predict(sizes, distances, n):
    """The distance at size n, from the distances at two other sizes."""
    b = (distances[0] - distances[1]) / (1 / sizes[0] - 1 / sizes[1])
    return distances[0] - b / sizes[0] + b / n


measured = [gk.frechet_distance(real_features[:n], real_features[:n]) for n in (250, 500)]
predicted = predict((250, 500), measured, 1000)
''',
        # all images on one side
        '''\
def predict(sizes, distances, n):
    """The distance at size n, from the distances at two other sizes."""
    b = (distances[0] - distances[1]) / (1 / sizes[0] - 1 / sizes[1])
    return distances[0] - b / sizes[0] + b / n


measured = [gk.frechet_distance(real_features, real_features[:n]) for n in (250, 500)]
predicted = predict((250, 500), measured, 1000)
''',
    ],
    5: [
        # the answers for the numbers of the chapter
        """\
def for_a_game(models):
    return "conditional DCGAN"


def for_a_catalog(models):
    return "diffusion"


def unbeaten(models):
    return ["conditional DCGAN", "dense GAN"]
""",
        # less than half a second
        """\
def for_a_game(models):
    fast = [name for name, row in models.items() if row["seconds"] < 0.5]
    return min(fast, key=lambda name: models[name]["distance"])


def for_a_catalog(models):
    varied = [name for name, row in models.items() if row["recall"] >= 0.6]
    return max(varied, key=lambda name: models[name]["precision"])


def unbeaten(models):
    return sorted(
        name
        for name, row in models.items()
        if not any(
            other["distance"] < row["distance"] and other["seconds"] < row["seconds"]
            for other in models.values()
        )
    )
""",
        # the fastest
        """\
def for_a_game(models):
    fast = list(models)
    return min(fast, key=lambda name: models[name]["seconds"])


def for_a_catalog(models):
    varied = [name for name, row in models.items() if row["recall"] >= 0.6]
    return max(varied, key=lambda name: models[name]["precision"])


def unbeaten(models):
    return sorted(
        name
        for name, row in models.items()
        if not any(
            other["distance"] < row["distance"] and other["seconds"] < row["seconds"]
            for other in models.values()
        )
    )
""",
        # the lowest distance of all
        """\
def for_a_game(models):
    fast = list(models)
    return min(fast, key=lambda name: models[name]["distance"])


def for_a_catalog(models):
    varied = [name for name, row in models.items() if row["recall"] >= 0.6]
    return max(varied, key=lambda name: models[name]["precision"])


def unbeaten(models):
    return sorted(
        name
        for name, row in models.items()
        if not any(
            other["distance"] < row["distance"] and other["seconds"] < row["seconds"]
            for other in models.values()
        )
    )
""",
        # a recall above 0.6
        """\
def for_a_game(models):
    fast = [name for name, row in models.items() if row["seconds"] <= 0.5]
    return min(fast, key=lambda name: models[name]["distance"])


def for_a_catalog(models):
    varied = [name for name, row in models.items() if row["recall"] > 0.6]
    return max(varied, key=lambda name: models[name]["precision"])


def unbeaten(models):
    return sorted(
        name
        for name, row in models.items()
        if not any(
            other["distance"] < row["distance"] and other["seconds"] < row["seconds"]
            for other in models.values()
        )
    )
""",
        # the highest precision of all
        """\
def for_a_game(models):
    fast = [name for name, row in models.items() if row["seconds"] <= 0.5]
    return min(fast, key=lambda name: models[name]["distance"])


def for_a_catalog(models):
    varied = list(models)
    return max(varied, key=lambda name: models[name]["precision"])


def unbeaten(models):
    return sorted(
        name
        for name, row in models.items()
        if not any(
            other["distance"] < row["distance"] and other["seconds"] < row["seconds"]
            for other in models.values()
        )
    )
""",
        # the highest recall
        """\
def for_a_game(models):
    fast = [name for name, row in models.items() if row["seconds"] <= 0.5]
    return min(fast, key=lambda name: models[name]["distance"])


def for_a_catalog(models):
    varied = [name for name, row in models.items() if row["recall"] >= 0.6]
    return max(varied, key=lambda name: models[name]["recall"])


def unbeaten(models):
    return sorted(
        name
        for name, row in models.items()
        if not any(
            other["distance"] < row["distance"] and other["seconds"] < row["seconds"]
            for other in models.values()
        )
    )
""",
        # no worse in place of better: nothing stays, since each is no worse than itself
        """\
def for_a_game(models):
    fast = [name for name, row in models.items() if row["seconds"] <= 0.5]
    return min(fast, key=lambda name: models[name]["distance"])


def for_a_catalog(models):
    varied = [name for name, row in models.items() if row["recall"] >= 0.6]
    return max(varied, key=lambda name: models[name]["precision"])


def unbeaten(models):
    return sorted(
        name
        for name, row in models.items()
        if not any(
            other["distance"] <= row["distance"] and other["seconds"] <= row["seconds"]
            for other in models.values()
        )
    )
""",
        # beaten in one of the two
        """\
def for_a_game(models):
    fast = [name for name, row in models.items() if row["seconds"] <= 0.5]
    return min(fast, key=lambda name: models[name]["distance"])


def for_a_catalog(models):
    varied = [name for name, row in models.items() if row["recall"] >= 0.6]
    return max(varied, key=lambda name: models[name]["precision"])


def unbeaten(models):
    return sorted(
        name
        for name, row in models.items()
        if not any(
            other["distance"] < row["distance"] or other["seconds"] < row["seconds"]
            for other in models.values()
        )
    )
""",
        # the others
        """\
def for_a_game(models):
    fast = [name for name, row in models.items() if row["seconds"] <= 0.5]
    return min(fast, key=lambda name: models[name]["distance"])


def for_a_catalog(models):
    varied = [name for name, row in models.items() if row["recall"] >= 0.6]
    return max(varied, key=lambda name: models[name]["precision"])


def unbeaten(models):
    return sorted(
        name
        for name, row in models.items()
        if any(
            other["distance"] < row["distance"] and other["seconds"] < row["seconds"]
            for other in models.values()
        )
    )
""",
    ],
}
