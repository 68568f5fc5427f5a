"""Plausible wrong answers to the exercises of chapter 02, which their checks must refuse."""

BUILD = """\
def build_autoencoder(latent_dim):
    encoder = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(200, activation="relu"),
            layers.Dense(latent_dim),
        ]
    )
    decoder = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(200, activation="relu"),
            layers.Dense(784, activation="sigmoid"),
            layers.Reshape((28, 28, 1)),
        ]
    )
    return keras.Sequential([encoder, decoder])


def train(x, epochs=20):
    model = build_autoencoder(20)
    model.compile(loss="mse", optimizer="adam")
    model.fit(x, x, batch_size=64, epochs=epochs)
    errors = [model.evaluate(x, x) for x in (shirts_valid, shoes_valid)]
    return model, errors[0] / errors[1]
"""

WRONG_ANSWERS = {
    1: [
        # a byte for each number of the code
        "ratio, n_photos = 64 * 64 * 3 / 128, 10_000_000 // (64 * 64 * 3 - 128) + 1",
        # the colors are forgotten
        "ratio, n_photos = 64 * 64 / 256, 10_000_000 // (64 * 64 - 256) + 1",
        # the codes are forgotten
        "ratio, n_photos = 48, 10_000_000 // (64 * 64 * 3) + 1",
        # rounded down
        "ratio, n_photos = 48, 831",
        # not a whole number
        "ratio, n_photos = 48, 10_000_000 / (64 * 64 * 3 - 256)",
        # a byte for each weight
        "ratio, n_photos = 48, 5_000_000 // (64 * 64 * 3 - 256) + 1",
    ],
    2: [
        # as for one step
        "needed_turn, needed_twice = 2, 5",
        # two numbers for each half
        "needed_turn, needed_twice = 4, 5",
        # as long as the sequence
        "needed_turn, needed_twice = 3, 10",
        # one pattern, one number
        "needed_turn, needed_twice = 3, 2",
    ],
    3: [
        # right for perpendicular rows of length 1 only
        '''\
def best_error(x, kernel):
    """The lowest mean squared error of x (n, values) with a decoder's kernel (size, values)."""
    return np.mean((x - x @ kernel.T @ kernel) ** 2)
''',
        # right for perpendicular rows only
        '''\
def best_error(x, kernel):
    """The lowest mean squared error of x (n, values) with a decoder's kernel (size, values)."""
    kernel = kernel / np.linalg.norm(kernel, axis=1, keepdims=True)
    return np.mean((x - x @ kernel.T @ kernel) ** 2)
''',
        # PCA's error, whatever the decoder
        '''\
def best_error(x, kernel):
    """The lowest mean squared error of x (n, values) with a decoder's kernel (size, values)."""
    pca = PCA(len(kernel)).fit(x)
    return np.mean((x - pca.inverse_transform(pca.transform(x))) ** 2)
''',
        # with a bias
        '''\
def best_error(x, kernel):
    """The lowest mean squared error of x (n, values) with a decoder's kernel (size, values)."""
    x = x - x.mean(axis=0)
    return np.mean((x - x @ np.linalg.pinv(kernel) @ kernel) ** 2)
''',
        # a sum over the values instead of a mean
        '''\
def best_error(x, kernel):
    """The lowest mean squared error of x (n, values) with a decoder's kernel (size, values)."""
    z = x @ np.linalg.pinv(kernel)
    return np.mean(np.sum((x - z @ kernel) ** 2, axis=1))
''',
    ],
    4: [
        # the expert trained on all garments
        BUILD
        + """
generalist, ratio_generalist = train(x_train)
shoe_expert, ratio_expert = generalist, ratio_generalist
""",
        # hardly trained
        BUILD
        + """
shoe_expert, ratio_expert = train(shoes, epochs=1)
generalist, ratio_generalist = train(x_train, epochs=1)
""",
        # the two exchanged
        BUILD
        + """
generalist, ratio_generalist = train(shoes)
shoe_expert, ratio_expert = train(x_train)
""",
        # the ratio upside down
        BUILD
        + """
shoe_expert, ratio_expert = train(shoes, epochs=8)
generalist, ratio_generalist = train(x_train, epochs=8)
ratio_expert, ratio_generalist = 1 / ratio_expert, 1 / ratio_generalist
""",
    ],
    5: [
        # a natural logarithm
        '''\
def description_bits(x, reconstructions, size):
    """Bits for an average image of x (n, pixels): its code of size numbers, and corrections."""
    differences = np.round(31 * x) - np.round(31 * reconstructions)
    _, counts = np.unique(differences, return_counts=True)
    shares = counts / counts.sum()
    return 8 * size - x.shape[1] * np.sum(shares * np.log(shares))


best_size = 30
''',
        # the code is not counted
        '''\
def description_bits(x, reconstructions, size):
    """Bits for an average image of x (n, pixels): its code of size numbers, and corrections."""
    differences = np.round(31 * x) - np.round(31 * reconstructions)
    _, counts = np.unique(differences, return_counts=True)
    shares = counts / counts.sum()
    return -x.shape[1] * np.sum(shares * np.log2(shares))


best_size = 300
''',
        # each difference takes the same number of bits
        '''\
def description_bits(x, reconstructions, size):
    """Bits for an average image of x (n, pixels): its code of size numbers, and corrections."""
    differences = np.round(31 * x) - np.round(31 * reconstructions)
    return 8 * size + x.shape[1] * np.log2(len(np.unique(differences)))


best_size = 30
''',
        # the sign of the differences is lost
        '''\
def description_bits(x, reconstructions, size):
    """Bits for an average image of x (n, pixels): its code of size numbers, and corrections."""
    differences = np.abs(np.round(31 * x) - np.round(31 * reconstructions))
    _, counts = np.unique(differences, return_counts=True)
    shares = counts / counts.sum()
    return 8 * size - x.shape[1] * np.sum(shares * np.log2(shares))


best_size = 30
''',
        # rounded after the difference
        '''\
def description_bits(x, reconstructions, size):
    """Bits for an average image of x (n, pixels): its code of size numbers, and corrections."""
    _, counts = np.unique(np.round(31 * (x - reconstructions)), return_counts=True)
    shares = counts / counts.sum()
    return 8 * size - x.shape[1] * np.sum(shares * np.log2(shares))


best_size = 30
''',
        # the shares are those of each image
        '''\
def description_bits(x, reconstructions, size):
    """Bits for an average image of x (n, pixels): its code of size numbers, and corrections."""
    bits = 0
    for difference in np.round(31 * x) - np.round(31 * reconstructions):
        _, counts = np.unique(difference, return_counts=True)
        shares = counts / counts.sum()
        bits -= x.shape[1] * np.sum(shares * np.log2(shares)) / len(x)
    return 8 * size + bits


best_size = 30
''',
        # the function is right, the size is that with the lowest error
        '''\
def description_bits(x, reconstructions, size):
    """Bits for an average image of x (n, pixels): its code of size numbers, and corrections."""
    differences = np.round(31 * x) - np.round(31 * reconstructions)
    _, counts = np.unique(differences, return_counts=True)
    shares = counts / counts.sum()
    return 8 * size - x.shape[1] * np.sum(shares * np.log2(shares))


best_size = 300
''',
    ],
}
