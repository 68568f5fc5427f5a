"""Plausible wrong answers to the exercises of chapter 14, which their checks must refuse."""

WRONG_ANSWERS = {
    1: [
        # the discriminators are swapped
        '''\
def translator_loss(g, f, d_a, d_b, a, b, cycle_weight, identity_weight):
    """The loss of G and F, one number."""
    adversarial = np.mean((d_a(g(a)) - 1) ** 2) + np.mean((d_b(f(b)) - 1) ** 2)
    cycle = np.mean(np.abs(f(g(a)) - a)) + np.mean(np.abs(g(f(b)) - b))
    identity = np.mean(np.abs(f(a) - a)) + np.mean(np.abs(g(b) - b))
    return adversarial + cycle_weight * cycle + identity_weight * identity
''',
        # the identity loss compares a translation with its original
        '''\
def translator_loss(g, f, d_a, d_b, a, b, cycle_weight, identity_weight):
    """The loss of G and F, one number."""
    adversarial = np.mean((d_b(g(a)) - 1) ** 2) + np.mean((d_a(f(b)) - 1) ** 2)
    cycle = np.mean(np.abs(f(g(a)) - a)) + np.mean(np.abs(g(f(b)) - b))
    identity = np.mean(np.abs(g(a) - a)) + np.mean(np.abs(f(b) - b))
    return adversarial + cycle_weight * cycle + identity_weight * identity
''',
        # squared differences
        '''\
def translator_loss(g, f, d_a, d_b, a, b, cycle_weight, identity_weight):
    """The loss of G and F, one number."""
    adversarial = np.mean((d_b(g(a)) - 1) ** 2) + np.mean((d_a(f(b)) - 1) ** 2)
    cycle = np.mean((f(g(a)) - a) ** 2) + np.mean((g(f(b)) - b) ** 2)
    identity = np.mean((f(a) - a) ** 2) + np.mean((g(b) - b) ** 2)
    return adversarial + cycle_weight * cycle + identity_weight * identity
''',
        # the loss of the discriminators
        '''\
def translator_loss(g, f, d_a, d_b, a, b, cycle_weight, identity_weight):
    """The loss of G and F, one number."""
    adversarial = np.mean(d_b(g(a)) ** 2) + np.mean(d_a(f(b)) ** 2)
    cycle = np.mean(np.abs(f(g(a)) - a)) + np.mean(np.abs(g(f(b)) - b))
    identity = np.mean(np.abs(f(a) - a)) + np.mean(np.abs(g(b) - b))
    return adversarial + cycle_weight * cycle + identity_weight * identity
''',
        # one direction
        '''\
def translator_loss(g, f, d_a, d_b, a, b, cycle_weight, identity_weight):
    """The loss of G and F, one number."""
    adversarial = np.mean((d_b(g(a)) - 1) ** 2)
    cycle, identity = np.mean(np.abs(f(g(a)) - a)), np.mean(np.abs(g(b) - b))
    return adversarial + cycle_weight * cycle + identity_weight * identity
''',
    ],
    2: [
        # nothing is left
        "idle_loss, negative_loss = 0.0, 0.0",
        # the cycle of negatives is taken for wrong
        """\
idle_loss = 0.5
gaps = np.mean(np.abs(1 - 2 * tshirts)) + np.mean(np.abs(1 - 2 * pullovers))
negative_loss = idle_loss + (10 + 2) * gaps
""",
        # the weight is forgotten
        """\
idle_loss = 0.5
gaps = np.mean(np.abs(1 - 2 * tshirts)) + np.mean(np.abs(1 - 2 * pullovers))
negative_loss = idle_loss + gaps
""",
        # one discriminator
        """\
idle_loss = 0.25
gaps = np.mean(np.abs(1 - 2 * tshirts)) + np.mean(np.abs(1 - 2 * pullovers))
negative_loss = idle_loss + 2 * gaps
""",
    ],
    3: [
        # without strides
        '''\
def patch_size(kernel_sizes, strides):
    """The side of the square of pixels that one output depends on."""
    return 1 + sum(kernel_size - 1 for kernel_size in kernel_sizes)
''',
        # a layer's own stride counts for its kernel
        '''\
def patch_size(kernel_sizes, strides):
    """The side of the square of pixels that one output depends on."""
    size, step = 1, 1
    for kernel_size, stride in zip(kernel_sizes, strides, strict=True):
        step *= stride
        size += (kernel_size - 1) * step
    return size
''',
        # the product of the strides
        '''\
def patch_size(kernel_sizes, strides):
    """The side of the square of pixels that one output depends on."""
    return kernel_sizes[-1] * int(np.prod(strides))
''',
        # the numbers of the chapter and the paper
        '''\
def patch_size(kernel_sizes, strides):
    """The side of the square of pixels that one output depends on."""
    return 18 if len(kernel_sizes) <= 3 else 70
''',
    ],
    4: [
        # the oldest one is shown
        '''\
def show(pool, new, size, rng):
    """The image for the discriminator: new, or one from the pool; rng draws at random."""
    if len(pool) < size:
        pool.append(new)
        return new
    if rng.random() < 0.5:
        return new
    pool.append(new)
    return pool.pop(0)
''',
        # nothing is replaced
        '''\
def show(pool, new, size, rng):
    """The image for the discriminator: new, or one from the pool; rng draws at random."""
    if len(pool) < size:
        pool.append(new)
        return new
    return new if rng.random() < 0.5 else pool[rng.integers(size)]
''',
        # always one of the pool
        '''\
def show(pool, new, size, rng):
    """The image for the discriminator: new, or one from the pool; rng draws at random."""
    if len(pool) < size:
        pool.append(new)
        return new
    place = rng.integers(size)
    old, pool[place] = pool[place], new
    return old
''',
        # the new one takes a place, but is shown itself
        '''\
def show(pool, new, size, rng):
    """The image for the discriminator: new, or one from the pool; rng draws at random."""
    if len(pool) < size:
        pool.append(new)
    elif rng.random() < 0.5:
        pool[rng.integers(size)] = new
    return new
''',
        # without a pool
        '''\
def show(pool, new, size, rng):
    """The image for the discriminator: new, or one from the pool; rng draws at random."""
    return new
''',
    ],
    5: [
        # batches of one image
        "steps_in_pool = 100",
        # half of the images, which do not enter the pool, are forgotten
        "steps_in_pool = 50 / 16",
        # half of the steps
        "steps_in_pool = 2",
    ],
    6: [
        # the translators that are given
        """\
other_g, other_f = g, f
""",
        # points of A are translated as before, those of B are mirrored
        '''\
def other_g(points):
    """Points (n, 2) of A to points of B, in another way."""
    return np.where(points[:, :1] < 0, g(points), points * (1, -1))


def other_f(points):
    """Points (n, 2) of B to points of A, in another way."""
    return np.where(points[:, :1] > 0, f(points), points * (1, -1))
''',
        # the way back forgets to turn
        '''\
def other_g(points):
    """Points (n, 2) of A to points of B, in another way."""
    return g(points) * (1, -1)


def other_f(points):
    """Points (n, 2) of B to points of A, in another way."""
    return f(points)
''',
        # shifted, which changes the distribution
        '''\
def other_g(points):
    """Points (n, 2) of A to points of B, in another way."""
    return g(points) + (0, 2)


def other_f(points):
    """Points (n, 2) of B to points of A, in another way."""
    return f(points) - (0, 2)
''',
        # stretched, which changes the distribution
        '''\
def other_g(points):
    """Points (n, 2) of A to points of B, in another way."""
    return g(points) * (1, 3)


def other_f(points):
    """Points (n, 2) of B to points of A, in another way."""
    return f(points) / (1, 3)
''',
        # negatives, which do not reach the other domain
        '''\
def other_g(points):
    """Points (n, 2) of A to points of B, in another way."""
    return points * (1, -1)


def other_f(points):
    """Points (n, 2) of B to points of A, in another way."""
    return points * (1, -1)
''',
    ],
    7: [
        # the outlines as they are
        '''\
def fill(outlines):
    """Garments (n, 28, 28, 1) in [0, 1] from outlines of the same shape."""
    return outlines
''',
        # black
        '''\
def fill(outlines):
    """Garments (n, 28, 28, 1) in [0, 1] from outlines of the same shape."""
    return np.zeros_like(outlines)
''',
        # filled with white
        '''\
def fill(outlines):
    """Garments (n, 28, 28, 1) in [0, 1] from outlines of the same shape."""
    enclosed = [ndimage.binary_fill_holes(image[..., 0] > 0.2) for image in outlines]
    return 1.0 * np.stack(enclosed)[..., np.newaxis]
''',
        # the median garment for all
        '''\
def fill(outlines):
    """Garments (n, 28, 28, 1) in [0, 1] from outlines of the same shape."""
    return np.repeat(np.median(images.x_train, axis=0)[np.newaxis], len(outlines), axis=0)
''',
    ],
}
