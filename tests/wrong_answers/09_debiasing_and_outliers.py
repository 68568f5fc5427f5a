"""Plausible wrong answers to the exercises of chapter 09, which their checks must refuse."""

PROBABILITIES = '''\
from sklearn.neighbors import NearestNeighbors


def draw_probabilities(codes, k):
    """Probabilities (n,) that sum to 1, inversely proportional to the density of codes (n, d)."""
    distances, _ = NearestNeighbors(n_neighbors={neighbors}).fit(codes).kneighbors(codes)
    weights = distances[:, -1] ** {power}
    return weights / weights.sum()
'''
DISTINCT = '''\
def expected_distinct(probabilities, n_draws):
    """The expected number of different images among n_draws draws with replacement."""
    return {value}
'''
SUSPECTS = """\
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

components = PCA(2).fit_transform(x.reshape(len(x), -1))
neighbors = NearestNeighbors(n_neighbors={k} + 1).fit(components)
suspects = np.argsort({sign}neighbors.kneighbors(components)[0][:, -1])[:60]
"""

WRONG_ANSWERS = {
    1: [
        # the chapter's power, which suits two numbers
        PROBABILITIES.format(neighbors="k + 1", power="2"),
        # a code is its own first neighbor
        PROBABILITIES.format(neighbors="k", power="codes.shape[1]"),
        # proportional to the density
        PROBABILITIES.format(neighbors="k + 1", power="-codes.shape[1]"),
        # all alike
        '''\
def draw_probabilities(codes, k):
    """Probabilities (n,) that sum to 1, inversely proportional to the density of codes (n, d)."""
    return np.full(len(codes), 1 / len(codes))
''',
    ],
    2: [
        # the number for equal probabilities
        DISTINCT.format(value="len(probabilities) * (1 - (1 - 1 / len(probabilities)) ** n_draws)"),
        # the expected number of draws, at most one of each image
        DISTINCT.format(value="np.sum(np.minimum(1, n_draws * probabilities))"),
        # the effective number of images
        DISTINCT.format(value="1 / np.sum(probabilities**2)"),
        # all of them
        DISTINCT.format(value="len(probabilities)"),
    ],
    3: [
        # the AUROC of the error itself
        "auroc_far_above, auroc_far_below = 0.92135, 0.92135",
        # the error itself, on both sides
        "auroc_far_above, auroc_far_below = 0.92135, 1 - 0.92135",
        # one side forgotten
        "auroc_far_above, auroc_far_below = 0.92135**2, 0.92135**2",
        # chance
        "auroc_far_above, auroc_far_below = 0.5, 0.5",
        # the chapter's own
        "auroc_far_above, auroc_far_below = 0.94, 0.94",
    ],
    4: [
        # the share of the outliers that are caught
        "real_alarms = 0.96",
        # the share of alarms for equally many outliers and normal images
        "real_alarms = 0.96 / (0.96 + 0.01)",
        # the share of outliers
        "real_alarms = 0.001",
        # the odds
        "real_alarms = 0.001 * 0.96 / (0.999 * 0.01)",
    ],
    5: [
        # another number of neighbors
        SUSPECTS.format(k=5, sign="-"),
        # the most frequent
        SUSPECTS.format(k=50, sign=""),
        # the darkest
        "suspects = np.argsort(x.mean(axis=(1, 2, 3)))[:60]",
        # the farthest from the mean image
        "suspects = np.argsort(-np.sum((x - x.mean(axis=0)) ** 2, axis=(1, 2, 3)))[:60]",
        # those that are planted, and others
        "suspects = np.union1d(planted, np.setdiff1d(np.arange(600), planted)[:50])",
        # the first images
        "suspects = np.arange(60)",
        # all images
        "suspects = np.arange(len(x))",
    ],
}
