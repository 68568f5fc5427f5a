"""Plausible wrong answers to the exercises of chapter 03, which their checks must refuse."""

WRONG_ANSWERS = {
    1: [
        # the biases are forgotten
        '''\
def count_parameters(pixels, hidden_units, latent_dim):
    """Number of weights and biases of encoder and decoder."""
    sizes = [pixels, *hidden_units, latent_dim, *reversed(hidden_units), pixels]
    return sum(a * b for a, b in zip(sizes[:-1], sizes[1:], strict=True))
''',
        # twice the encoder: the decoder's biases are others
        '''\
def count_parameters(pixels, hidden_units, latent_dim):
    """Number of weights and biases of encoder and decoder."""
    sizes = [pixels, *hidden_units, latent_dim]
    return 2 * sum(a * b + b for a, b in zip(sizes[:-1], sizes[1:], strict=True))
''',
        # the hidden layers are not reversed in the decoder
        '''\
def count_parameters(pixels, hidden_units, latent_dim):
    """Number of weights and biases of encoder and decoder."""
    sizes = [pixels, *hidden_units, latent_dim, *hidden_units, pixels]
    return sum(a * b + b for a, b in zip(sizes[:-1], sizes[1:], strict=True))
''',
    ],
    2: [
        # the lowest loss of all epochs, as if the training had not stopped
        '''\
def stop_early(losses, patience):
    """Number of epochs that are trained, and the epoch with the lowest loss among them."""
    best = min(range(len(losses)), key=losses.__getitem__) + 1
    return min(len(losses), best + patience), best
''',
        # compares with the epoch before, not with the lowest value
        '''\
def stop_early(losses, patience):
    """Number of epochs that are trained, and the epoch with the lowest loss among them."""
    worse, best = 0, 1
    for epoch in range(2, len(losses) + 1):
        worse = worse + 1 if losses[epoch - 1] >= losses[epoch - 2] else 0
        best = epoch if losses[epoch - 1] < losses[best - 1] else best
        if worse == patience:
            return epoch, best
    return len(losses), best
''',
        # epochs are counted from 0
        '''\
def stop_early(losses, patience):
    """Number of epochs that are trained, and the epoch with the lowest loss among them."""
    best = 0
    for epoch in range(1, len(losses)):
        if losses[epoch] < losses[best]:
            best = epoch
        elif epoch - best == patience:
            return epoch, best
    return len(losses) - 1, best
''',
        # the best weights are not restored if the training runs to the end
        '''\
def stop_early(losses, patience):
    """Number of epochs that are trained, and the epoch with the lowest loss among them."""
    best = 1
    for epoch in range(2, len(losses) + 1):
        if losses[epoch - 1] < losses[best - 1]:
            best = epoch
        elif epoch - best == patience:
            return epoch, best
    return len(losses), len(losses)
''',
        # the best epoch is taken to be `patience` epochs before the end, if it is not the last
        '''\
def stop_early(losses, patience):
    """Number of epochs that are trained, and the epoch with the lowest loss among them."""
    best = 1
    for epoch in range(2, len(losses) + 1):
        if losses[epoch - 1] < losses[best - 1]:
            best = epoch
        elif epoch - best == patience:
            return epoch, epoch - patience
    return len(losses), len(losses) if best == len(losses) else max(1, len(losses) - patience)
''',
    ],
    3: [
        # the mean is not subtracted before encoding
        """\
code_kernel = pca.components_.T
code_bias = np.zeros(30)
output_bias = pca.mean_
""",
        # the components are not transposed, but reshaped
        """\
code_kernel = pca.components_.reshape(784, 30)
code_bias = -pca.mean_ @ code_kernel
output_bias = pca.mean_
""",
        # the mean is added instead of subtracted
        """\
code_kernel = pca.components_.T
code_bias = pca.mean_ @ code_kernel
output_bias = pca.mean_
""",
    ],
    4: [
        # the standard deviation instead of the standard error
        '''\
def compare(labeled_sets, trained, untrained, y_train, y_valid):
    """Mean gain of trained codes over untrained ones, in points, and its standard error."""
    scores = []
    for codes, codes_valid in (untrained, trained):
        models = [
            LogisticRegression(max_iter=1000).fit(codes[one], y_train[one]) for one in labeled_sets
        ]
        scores.append([100 * model.score(codes_valid, y_valid) for model in models])
    gains = np.subtract(scores[1], scores[0])
    return np.mean(gains), np.std(gains, ddof=1)
''',
        # the error as if the two had different labeled images
        '''\
def compare(labeled_sets, trained, untrained, y_train, y_valid):
    """Mean gain of trained codes over untrained ones, in points, and its standard error."""
    scores = []
    for codes, codes_valid in (untrained, trained):
        models = [
            LogisticRegression(max_iter=1000).fit(codes[one], y_train[one]) for one in labeled_sets
        ]
        scores.append([100 * model.score(codes_valid, y_valid) for model in models])
    gain = np.mean(scores[1]) - np.mean(scores[0])
    variances = np.var(scores[0], ddof=1) + np.var(scores[1], ddof=1)
    return gain, (variances / len(labeled_sets)) ** 0.5
''',
        # shares instead of percent
        '''\
def compare(labeled_sets, trained, untrained, y_train, y_valid):
    """Mean gain of trained codes over untrained ones, in points, and its standard error."""
    scores = []
    for codes, codes_valid in (untrained, trained):
        models = [
            LogisticRegression(max_iter=1000).fit(codes[one], y_train[one]) for one in labeled_sets
        ]
        scores.append([model.score(codes_valid, y_valid) for model in models])
    gains = np.subtract(scores[1], scores[0])
    return np.mean(gains), np.std(gains, ddof=1) / len(gains) ** 0.5
''',
    ],
    5: [
        # small enough, but not deep
        "hidden_units = [190]",
        # the chapter's deeper network is too large
        "hidden_units = [344, 150]",
        # no hidden layer
        "hidden_units = []",
    ],
}
