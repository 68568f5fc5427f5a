"""Plausible wrong answers to the exercises of chapter 01, which their checks must refuse."""

WRONG_ANSWERS = {
    1: [
        # more than 7 instead of 7 or more
        "from scipy.stats import hypergeom\nneeded, chance = 7, hypergeom(20, 10, 10).sf(7)",
        # as if each guess were a toss of its own
        "from scipy.stats import binom\nneeded, chance = 9, binom(10, 0.5).sf(8)",
        # the probability of exactly eight
        "from scipy.stats import hypergeom\nneeded, chance = 8, hypergeom(20, 10, 10).pmf(8)",
    ],
    2: [
        # the share is forgotten
        '''\
def posterior(density_0, density_1, share):
    """p(y = 1 | x) of points, from the densities of both classes there."""
    return density_1 / (density_0 + density_1)
''',
        # not divided by p(x)
        '''\
def posterior(density_0, density_1, share):
    """p(y = 1 | x) of points, from the densities of both classes there."""
    return share * density_1
''',
        # the share of the other class
        '''\
def posterior(density_0, density_1, share):
    """p(y = 1 | x) of points, from the densities of both classes there."""
    joint_1 = (1 - share) * density_1
    return joint_1 / (joint_1 + share * density_0)
''',
    ],
    3: [
        # the best bandwidth on the points that the model has seen
        """\
bandwidth = 0.01
model = KernelDensity(bandwidth=bandwidth).fit(points)
kl = np.mean(true_log_density - model.score_samples(new_points))
""",
        # the log-likelihood instead of the divergence
        """\
models = [KernelDensity(bandwidth=b).fit(points) for b in bandwidths]
best = max(models, key=lambda model: model.score(valid_points))
bandwidth = best.bandwidth
kl = np.mean(best.score_samples(new_points))
""",
        # the sign
        """\
models = [KernelDensity(bandwidth=b).fit(points) for b in bandwidths]
best = max(models, key=lambda model: model.score(valid_points))
bandwidth = best.bandwidth
kl = np.mean(best.score_samples(new_points) - true_log_density)
""",
        # the validation points, which chose the bandwidth, instead of new ones
        """\
models = [KernelDensity(bandwidth=b).fit(points) for b in bandwidths]
best = max(models, key=lambda model: model.score(valid_points))
bandwidth = best.bandwidth
kl = np.mean(true_log_density) - best.score_samples(valid_points).mean()
""",
    ],
    4: [
        # with the pairs of a point with itself
        '''\
def unbiased_energy_distance(a, b):
    """Energy distance of two sets of points, zero on average if their distributions agree."""
    return 2 * cdist(a, b).mean() - cdist(a, a).mean() - cdist(b, b).mean()
''',
        # only one of the two sets without these pairs
        '''\
def unbiased_energy_distance(a, b):
    """Energy distance of two sets of points, zero on average if their distributions agree."""
    n = len(a)
    return 2 * cdist(a, b).mean() - cdist(a, a).sum() / (n * (n - 1)) - cdist(b, b).mean()
''',
        # the halves, as in the chapter
        '''\
def unbiased_energy_distance(a, b):
    """Energy distance of two sets of points, zero on average if their distributions agree."""
    within = cdist(a[::2], a[1::2]).mean() + cdist(b[::2], b[1::2]).mean()
    return 2 * cdist(a, b).mean() - within
''',
        # every distance of 0 left out, also that of two points at the same place
        '''\
def unbiased_energy_distance(a, b):
    """Energy distance of two sets of points, zero on average if their distributions agree."""
    within_a, within_b = cdist(a, a), cdist(b, b)
    within = within_a[within_a > 0].mean() + within_b[within_b > 0].mean()
    return 2 * cdist(a, b).mean() - within
''',
        # the 2 is forgotten
        '''\
def unbiased_energy_distance(a, b):
    """Energy distance of two sets of points, zero on average if their distributions agree."""
    n, m = len(a), len(b)
    within = cdist(a, a).sum() / (n * (n - 1)) + cdist(b, b).sum() / (m * (m - 1))
    return cdist(a, b).mean() - within
''',
    ],
    5: [
        # no hidden layers: a linear code, as PCA has
        '''\
def train_autoencoder(pictures, code_size):
    """Encoder and decoder of pictures (n, h, w), trained to rebuild them from code_size numbers."""
    encoder = keras.Sequential(
        [keras.Input(pictures.shape[1:]), layers.Flatten(), layers.Dense(code_size)]
    )
    decoder = keras.Sequential(
        [keras.Input((code_size,)), layers.Dense(256), layers.Reshape(pictures.shape[1:])]
    )
    model = keras.Sequential([encoder, decoder])
    model.compile(loss="mse", optimizer="adam")
    model.fit(pictures, pictures, epochs=10)
    return encoder, decoder
''',
        # code_size is ignored
        '''\
def train_autoencoder(pictures, code_size):
    """Encoder and decoder of pictures (n, h, w), trained to rebuild them from code_size numbers."""
    encoder = keras.Sequential(
        [keras.Input(pictures.shape[1:]), layers.Flatten(), layers.Dense(3)]
    )
    decoder = keras.Sequential(
        [keras.Input((3,)), layers.Dense(256), layers.Reshape(pictures.shape[1:])]
    )
    return encoder, decoder
''',
        # not trained
        '''\
def train_autoencoder(pictures, code_size):
    """Encoder and decoder of pictures (n, h, w), trained to rebuild them from code_size numbers."""
    encoder = keras.Sequential(
        [
            keras.Input(pictures.shape[1:]),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(code_size),
        ]
    )
    decoder = keras.Sequential(
        [
            keras.Input((code_size,)),
            layers.Dense(128, activation="relu"),
            layers.Dense(256, activation="sigmoid"),
            layers.Reshape(pictures.shape[1:]),
        ]
    )
    return encoder, decoder
''',
    ],
}
