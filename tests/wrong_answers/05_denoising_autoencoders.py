"""Plausible wrong answers to the exercises of chapter 05, which their checks must refuse."""

WRONG_ANSWERS = {
    1: [
        # the two are exchanged
        """\
errors = np.mean((x_valid - smoothed) ** 2, axis=(1, 2, 3))
mean_of_psnr, psnr_of_mean = -10 * np.log10(errors.mean()), np.mean(-10 * np.log10(errors))
""",
        # root mean squared errors
        """\
errors = np.mean((x_valid - smoothed) ** 2, axis=(1, 2, 3)) ** 0.5
psnr_of_mean, mean_of_psnr = -10 * np.log10(errors.mean()), np.mean(-10 * np.log10(errors))
""",
        # the noisy images instead of the smoothed ones
        """\
errors = np.mean((x_valid - noisy_valid) ** 2, axis=(1, 2, 3))
psnr_of_mean, mean_of_psnr = -10 * np.log10(errors.mean()), np.mean(-10 * np.log10(errors))
""",
    ],
    2: [
        # the standard deviation instead of the variance
        '''\
def best_answer(noisy, sigma):
    """The mean of x, given x + noise."""
    return 1 / (1 + np.exp(-(noisy - 0.5) / sigma))
''',
        # the nearest value, which is not the mean
        '''\
def best_answer(noisy, sigma):
    """The mean of x, given x + noise."""
    return (noisy > 0.5).astype("float32")
''',
        # the noisy pixel itself
        '''\
def best_answer(noisy, sigma):
    """The mean of x, given x + noise."""
    return np.clip(noisy, 0, 1)
''',
        # the best linear answer (Wiener)
        '''\
def best_answer(noisy, sigma):
    """The mean of x, given x + noise."""
    return 0.5 + (noisy - 0.5) * 0.25 / (0.25 + sigma**2)
''',
    ],
    3: [
        # noise in all pixels is added, whatever the code
        '''\
def split_pca_error(pca, k, noise_level):
    """Lost on clean images, and added by noise."""
    return pca.explained_variance_[k:].sum() / 784, noise_level**2


best_k = 784
''',
        # what is kept instead of what is lost
        '''\
def split_pca_error(pca, k, noise_level):
    """Lost on clean images, and added by noise."""
    return pca.explained_variance_[:k].sum() / 784, k * noise_level**2 / 784


best_k = 0
''',
        # right function, and the size of the chapter's code
        '''\
def split_pca_error(pca, k, noise_level):
    """Lost on clean images, and added by noise."""
    return pca.explained_variance_[k:].sum() / 784, k * noise_level**2 / 784


best_k = 30
''',
    ],
    4: [
        # black spots only, as Dropout
        '''\
def salt_and_pepper(x, share, rng):
    """Images with a share of the pixels set to 0."""
    return np.where(rng.random(x.shape) < share, 0, x).astype("float32")


spotted = salt_and_pepper(x_valid, 0.1, rng)
median_psnr = -10 * np.log10(np.mean((x_valid - median_filter(spotted, (1, 3, 3, 1))) ** 2))
smooth = gaussian_filter(spotted, (0, 0.9, 0.9, 0))
gaussian_psnr = -10 * np.log10(np.mean((x_valid - smooth) ** 2))
''',
        # the same spots on all images
        '''\
def salt_and_pepper(x, share, rng):
    """Images with a share of the pixels set to 0 or 1."""
    hit = rng.random(x.shape[1:]) < share
    return np.where(hit, rng.integers(0, 2, x.shape[1:]), x).astype("float32")


spotted = salt_and_pepper(x_valid, 0.1, rng)
median_psnr = -10 * np.log10(np.mean((x_valid - median_filter(spotted, (1, 3, 3, 1))) ** 2))
smooth = gaussian_filter(spotted, (0, 0.9, 0.9, 0))
gaussian_psnr = -10 * np.log10(np.mean((x_valid - smooth) ** 2))
''',
        # filters that also smooth over images and channels
        '''\
def salt_and_pepper(x, share, rng):
    """Images with a share of the pixels set to 0 or 1."""
    hit = rng.random(x.shape) < share
    return np.where(hit, rng.integers(0, 2, x.shape), x).astype("float32")


spotted = salt_and_pepper(x_valid, 0.1, rng)
median_psnr = -10 * np.log10(np.mean((x_valid - median_filter(spotted, 3)) ** 2))
gaussian_psnr = -10 * np.log10(np.mean((x_valid - gaussian_filter(spotted, 0.9)) ** 2))
''',
    ],
    5: [
        # one level for the whole batch
        '''\
class RandomLevelNoise(layers.Layer):
    """Gaussian noise of a random level."""

    def __init__(self, highest, **kwargs):
        super().__init__(**kwargs)
        self.highest = highest

    def call(self, x, training=False):
        if not training:
            return x
        level = keras.random.uniform((), 0, self.highest)
        return x + level * keras.random.normal(ops.shape(x))
''',
        # the highest level is fixed
        '''\
class RandomLevelNoise(layers.Layer):
    """Gaussian noise of a random level."""

    def __init__(self, highest, **kwargs):
        super().__init__(**kwargs)

    def call(self, x, training=False):
        if not training:
            return x
        levels = keras.random.uniform((ops.shape(x)[0], 1, 1, 1), 0, 0.5)
        return x + levels * keras.random.normal(ops.shape(x))
''',
        # active at inference
        '''\
class RandomLevelNoise(layers.Layer):
    """Gaussian noise of a random level."""

    def __init__(self, highest, **kwargs):
        super().__init__(**kwargs)
        self.highest = highest

    def call(self, x, training=False):
        levels = keras.random.uniform((ops.shape(x)[0], 1, 1, 1), 0, self.highest)
        return x + levels * keras.random.normal(ops.shape(x))
''',
        # a level for each pixel
        '''\
class RandomLevelNoise(layers.Layer):
    """Gaussian noise of a random level."""

    def __init__(self, highest, **kwargs):
        super().__init__(**kwargs)
        self.highest = highest

    def call(self, x, training=False):
        if not training:
            return x
        levels = keras.random.uniform(ops.shape(x), 0, self.highest)
        return x + levels * keras.random.normal(ops.shape(x))
''',
    ],
}
