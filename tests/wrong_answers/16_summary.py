"""Plausible wrong answers to the exercises of chapter 16, which their checks must refuse."""

# right answers to exercise 5, in which one part is changed
GAME = """\
def for_a_game(models):
    fast = [name for name, row in models.items() if row["seconds"] <= 0.5]
    return min(fast, key=lambda name: models[name]["distance"])
"""
CATALOG = """

def for_a_catalog(models):
    close = [name for name, row in models.items() if row["distance"] <= 5]
    return max(close, key=lambda name: models[name]["recall"])
"""
UNBEATEN = """

def unbeaten(models):
    return sorted(
        name
        for name, row in models.items()
        if not any(
            other["distance"] < row["distance"] and other["seconds"] < row["seconds"]
            for other in models.values()
        )
    )
"""
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
        # the same, mirrored back
        '''\
def solve(pictures):
    """The places of ten pictures, of twenty (20, 28, 28), that look like photographs."""
    known = {picture[:, ::-1].tobytes() for picture in quiz_real}
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
        # diagonal covariances
        """\
flat = images.x_train[:9000].reshape(-1, 784).astype("float64")
pca = PCA(30, random_state=0).fit(flat)
mixture = GaussianMixture(10, covariance_type="diag", random_state=0).fit(pca.transform(flat))
generated = pca.inverse_transform(mixture.sample(1000)[0]).clip(0, 1).reshape(-1, 28, 28, 1)
distance = gk.frechet_distance(images.x_test[:1000], generated)
""",
        # rebuilt training images in place of samples
        """\
flat = images.x_train[:9000].reshape(-1, 784).astype("float64")
pca = PCA(30, random_state=0).fit(flat)
mixture = GaussianMixture(10, random_state=0).fit(pca.transform(flat))
generated = pca.inverse_transform(pca.transform(images.x_train[:1000].reshape(-1, 784))).clip(0, 1).reshape(-1, 28, 28, 1)
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
        # the measured distance in place of the predicted one
        '''\
def predict(sizes, distances, n):
    """The distance at size n, from the distances at two other sizes."""
    b = (distances[0] - distances[1]) / (1 / sizes[0] - 1 / sizes[1])
    return distances[0] - b / sizes[0] + b / n


sizes = (250, 500)
measured = [
    gk.frechet_distance(real_features[:n], real_features[1000 : 1000 + n]) for n in sizes
]
predicted = gk.frechet_distance(real_features[:1000], real_features[1000:])
''',
        # distances from somewhere else
        '''\
def predict(sizes, distances, n):
    """The distance at size n, from the distances at two other sizes."""
    b = (distances[0] - distances[1]) / (1 / sizes[0] - 1 / sizes[1])
    return distances[0] - b / sizes[0] + b / n


measured = [7.0, 4.0]
predicted = predict((250, 500), measured, 1000)
''',
    ],
    5: [
        # the answers for the numbers of the chapter
        """\
def for_a_game(models):
    return "conditional DCGAN"


def for_a_catalog(models):
    return "conditional DCGAN"


def unbeaten(models):
    return ["conditional DCGAN", "dense GAN"]
""",
        # less than half a second
        GAME.replace("<=", "<") + CATALOG + UNBEATEN,
        # the fastest
        GAME.replace("distance", "seconds") + CATALOG + UNBEATEN,
        # the lowest distance of all
        GAME.replace("<= 0.5", "< np.inf") + CATALOG + UNBEATEN,
        # a distance below 5
        GAME + CATALOG.replace("<=", "<") + UNBEATEN,
        # the highest recall of all
        GAME + CATALOG.replace("<= 5", "< np.inf") + UNBEATEN,
        # the lowest recall
        GAME + CATALOG.replace("max(", "min(") + UNBEATEN,
        # the lowest distance
        GAME + CATALOG.replace("max(", "min(").replace("recall", "distance") + UNBEATEN,
        # no worse in place of better: nothing stays, since each is no worse than itself
        GAME + CATALOG + UNBEATEN.replace("<", "<="),
        # beaten in one of the two
        GAME + CATALOG + UNBEATEN.replace(" and ", " or "),
        # the others
        GAME + CATALOG + UNBEATEN.replace("not any", "any"),
    ],
}
