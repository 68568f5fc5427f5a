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
        # reconstructions: rebuilt test images in place of samples
        """\
flat = images.x_test[:1000].reshape(-1, 784)
pca = PCA(30, random_state=0).fit(flat)
generated = pca.inverse_transform(pca.transform(flat)).clip(0, 1).reshape(-1, 28, 28, 1)
distance = gk.frechet_distance(images.x_test[:1000], generated)
""",
        # real images
        """\
generated = images.x_test[1000:2000]
distance = gk.frechet_distance(images.x_test[:1000], generated)
""",
        # not clipped, and a distance from somewhere else
        """\
flat = images.x_train[:9000].reshape(-1, 784).astype("float64")
pca = PCA(30, random_state=0).fit(flat)
mixture = GaussianMixture(10, random_state=0).fit(pca.transform(flat))
generated = pca.inverse_transform(mixture.sample(1000)[0]).reshape(-1, 28, 28, 1)
distance = 85.0
""",
    ],
    4: [
        # the same images on both sides
        "distances = {n: gk.frechet_distance(real_features[:n], real_features[:n]) "
        "for n in (250, 500, 1000)}",
        # all images on one side
        "distances = {n: gk.frechet_distance(real_features, real_features[:n]) "
        "for n in (250, 500, 1000)}",
        # the distance does not depend on n
        "distances = dict.fromkeys((250, 500, 1000), "
        "gk.frechet_distance(real_features[:1000], real_features[1000:]))",
    ],
    5: [
        # the best in one of the two
        '''\
def in_the_race(seconds, distances):
    """Places of the models that no other one beats in both time and distance."""
    return sorted({int(np.argmin(seconds)), int(np.argmin(distances))})
''',
        # no worse in place of better
        '''\
def in_the_race(seconds, distances):
    """Places of the models that no other one beats in both time and distance."""
    pairs = list(zip(seconds, distances))
    return [
        i
        for i, (s, d) in enumerate(pairs)
        if not any(a <= s and b <= d for j, (a, b) in enumerate(pairs) if j != i)
    ]
''',
        # beaten in one of the two
        '''\
def in_the_race(seconds, distances):
    """Places of the models that no other one beats in both time and distance."""
    return [
        i
        for i in range(len(seconds))
        if not np.any((seconds < seconds[i]) | (distances < distances[i]))
    ]
''',
        # the others
        '''\
def in_the_race(seconds, distances):
    """Places of the models that no other one beats in both time and distance."""
    return [
        i
        for i in range(len(seconds))
        if np.any((seconds < seconds[i]) & (distances < distances[i]))
    ]
''',
    ],
}
