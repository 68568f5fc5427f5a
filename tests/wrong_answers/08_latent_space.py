"""Plausible wrong answers to the exercises of chapter 08, which their checks must refuse."""

WRONG_ANSWERS = {
    1: [
        # does nothing
        "rotated = z",
        # a quarter turn only swaps the latents
        "rotated = z @ np.array([[0.0, 1.0], [-1.0, 0.0]])",
        # 45 degrees taken for radians
        "rotated = z @ np.array([[np.cos(45), np.sin(45)], [-np.sin(45), np.cos(45)]])",
        # the same mixture twice, from which nothing can be undone
        "rotated = z @ np.array([[0.5, 0.5], [0.5, 0.5]])",
    ],
    2: [
        # the chapter's score
        "latent_gap = mutual_information_gap",
        # latents that are not used count, too
        '''\
def latent_gap(shares):
    """Mean over latents of best minus second-best factor."""
    ranked = np.sort(shares, axis=0)
    return np.mean(ranked[-1] - ranked[-2])
''',
        # a threshold for the gaps in place of the largest shares
        '''\
def latent_gap(shares):
    """Mean over latents with a large gap of best minus second-best factor."""
    ranked = np.sort(shares, axis=0)
    gaps = ranked[-1] - ranked[-2]
    return np.sum(gaps[gaps > 0.1]) / max(1, np.sum(gaps > 0.1))
''',
        # the smallest share in place of the second largest
        '''\
def latent_gap(shares):
    """Mean over used latents of best minus worst factor."""
    used = shares[:, shares.max(axis=0) > 0.1]
    return np.mean(used.max(axis=0) - used.min(axis=0))
''',
        # used by the sum of the column
        '''\
def latent_gap(shares):
    """Mean over used latents of best minus second-best factor."""
    ranked = np.sort(shares, axis=0)
    gaps = ranked[-1] - ranked[-2]
    return np.mean(gaps[shares.sum(axis=0) > 0.1])
''',
        # used by the mean of the column
        '''\
def latent_gap(shares):
    """Mean over used latents of best minus second-best factor."""
    ranked = np.sort(shares, axis=0)
    gaps = ranked[-1] - ranked[-2]
    return np.mean(gaps[shares.mean(axis=0) > 0.05])
''',
        # another threshold
        '''\
def latent_gap(shares):
    """Mean over used latents of best minus second-best factor."""
    ranked = np.sort(shares, axis=0)
    gaps = ranked[-1] - ranked[-2]
    return np.mean(gaps[ranked[-1] > 0.25])
''',
        # a lower threshold
        '''\
def latent_gap(shares):
    """Mean over used latents of best minus second-best factor."""
    ranked = np.sort(shares, axis=0)
    gaps = ranked[-1] - ranked[-2]
    return np.mean(gaps[ranked[-1] > 0.06])
''',
    ],
    3: [
        # the middle in place of the sample
        '''\
def share_shorter(d):
    """Probability that the middle of two samples is shorter than a third sample."""
    samples = np.random.default_rng(0).standard_normal((3, 50_000, d))
    middles = (samples[0] + samples[1]) / 2
    return np.mean(np.linalg.norm(middles, axis=1) < np.linalg.norm(samples[2], axis=1))
''',
        # the sum in place of the middle
        '''\
def share_shorter(d):
    """Probability that a sample from N(0, I) is shorter than the sum of two others."""
    samples = np.random.default_rng(0).standard_normal((3, 50_000, d))
    sums = samples[0] + samples[1]
    return np.mean(np.linalg.norm(samples[2], axis=1) < np.linalg.norm(sums, axis=1))
''',
        # one of the ends in place of a third sample
        '''\
def share_shorter(d):
    """Probability that a sample from N(0, I) is shorter than the middle."""
    samples = np.random.default_rng(0).standard_normal((2, 50_000, d))
    middles = samples.mean(axis=0)
    return np.mean(np.linalg.norm(samples[0], axis=1) < np.linalg.norm(middles, axis=1))
''',
    ],
    4: [
        # the chapter's number of latents
        "d_shell = 10",
        # 1 in 10
        "d_shell = next(d for d in range(1, 100) if stats.f.cdf(0.5, d, d) < 0.1)",
        # 1 in 1000
        "d_shell = next(d for d in range(1, 200) if stats.f.cdf(0.5, d, d) < 0.001)",
    ],
    5: [
        # does nothing
        "brighter = np.zeros(10)",
        # the wrong way round
        """\
order = np.argsort(x_known.mean(axis=(1, 2, 3)))
z_known = np.float32(encoder(x_known)[0])
tenth = len(order) // 10
brighter = z_known[order[:tenth]].mean(axis=0) - z_known[order[-tenth:]].mean(axis=0)
""",
        # one latent moved by one
        "brighter = np.eye(10)[0]",
        # the chapter's direction for sleeves
        """\
z_known = np.float32(encoder(images.x_train)[0])
names = labels[images.y_train]
brighter = z_known[names == "Pullover"].mean(axis=0) - z_known[names == "T-shirt/top"].mean(axis=0)
""",
        # a random direction
        "brighter = np.random.default_rng(0).standard_normal(10)",
        # five times the direction
        """\
order = np.argsort(x_known.mean(axis=(1, 2, 3)))
z_known = np.float32(encoder(x_known)[0])
tenth = len(order) // 10
brighter = 5 * (z_known[order[-tenth:]].mean(axis=0) - z_known[order[:tenth]].mean(axis=0))
""",
        # halves in place of tenths
        """\
order = np.argsort(x_known.mean(axis=(1, 2, 3)))
z_known = np.float32(encoder(x_known)[0])
half = len(order) // 2
brighter = z_known[order[-half:]].mean(axis=0) - z_known[order[:half]].mean(axis=0)
""",
    ],
    6: [
        # a choice for each step of each instrument
        '''\
def blend_corners(corners, weights, rng):
    """A beat (9, 32) of corners (4, 9, 32)."""
    chosen = rng.choice(4, size=(9, 32), p=weights)
    return np.take_along_axis(corners, chosen[np.newaxis], axis=0)[0]
''',
        # one corner for the whole beat
        '''\
def blend_corners(corners, weights, rng):
    """A beat (9, 32) of corners (4, 9, 32)."""
    return corners[rng.choice(4, p=weights)]
''',
        # the weights are ignored
        '''\
def blend_corners(corners, weights, rng):
    """A beat (9, 32) of corners (4, 9, 32)."""
    return corners[rng.integers(4, size=9), np.arange(9)]
''',
        # the same chance each time
        '''\
def blend_corners(corners, weights, rng):
    """A beat (9, 32) of corners (4, 9, 32)."""
    chosen = np.random.default_rng(0).choice(4, size=9, p=weights)
    return corners[chosen, np.arange(9)]
''',
        # chance that does not come from rng
        '''\
def blend_corners(corners, weights, rng):
    """A beat (9, 32) of corners (4, 9, 32)."""
    chosen = np.random.default_rng().choice(4, size=9, p=weights)
    return corners[chosen, np.arange(9)]
''',
        # the largest weight only
        '''\
def blend_corners(corners, weights, rng):
    """A beat (9, 32) of corners (4, 9, 32)."""
    return corners[np.argmax(weights)]
''',
        # the mean of the corners
        '''\
def blend_corners(corners, weights, rng):
    """A beat (9, 32) of corners (4, 9, 32)."""
    return np.tensordot(weights, corners, axes=1)
''',
        # the chapter's blend, of the first two corners
        '''\
def blend_corners(corners, weights, rng):
    """A beat (9, 32) of corners (4, 9, 32)."""
    return np.where(rng.random((9, 1)) < 0.5, corners[0], corners[1])
''',
    ],
}
