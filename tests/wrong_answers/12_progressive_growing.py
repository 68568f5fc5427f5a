"""Plausible wrong answers to the exercises of chapter 12, which their checks must refuse."""

WRONG_ANSWERS = {
    1: [
        # the new path only: nothing is faded
        '''\
def grown_logits(x, alpha):
    """Logits (n, 1) of images (n, 8, 8, 1), while the new block is faded in."""
    return older_blocks(new_block(from_new(x)))
''',
        # the old path only
        '''\
def grown_logits(x, alpha):
    """Logits (n, 1) of images (n, 8, 8, 1), while the new block is faded in."""
    return older_blocks(from_old(reduce(x)))
''',
        # mixes the logits, not the features
        '''\
def grown_logits(x, alpha):
    """Logits (n, 1) of images (n, 8, 8, 1), while the new block is faded in."""
    old = older_blocks(from_old(reduce(x)))
    return (1 - alpha) * old + alpha * older_blocks(new_block(from_new(x)))
''',
        # alpha the other way round
        '''\
def grown_logits(x, alpha):
    """Logits (n, 1) of images (n, 8, 8, 1), while the new block is faded in."""
    return older_blocks(alpha * from_old(reduce(x)) + (1 - alpha) * new_block(from_new(x)))
''',
    ],
    2: [
        # it is faded in
        "jump = 0",
        # the mean change
        "jump = np.abs(older_blocks(new_block(from_new(x_large))) - older_blocks(from_old(reduce(x_large)))).mean()",
        # the largest rise: some logits fall by more
        "jump = np.max(older_blocks(new_block(from_new(x_large))) - older_blocks(from_old(reduce(x_large))))",
        # of the features, not of the logits
        "jump = np.abs(new_block(from_new(x_large)) - from_old(reduce(x_large))).max()",
    ],
    3: [
        # the chapter's, over the whole batch
        '''\
class GroupDeviation(layers.Layer):
    """Append a map to images (n, h, w, c): the mean standard deviation in the image's group."""

    def __init__(self, group_size, **kwargs):
        super().__init__(**kwargs)
        self.group_size = group_size

    def call(self, x):
        deviation = ops.mean(ops.sqrt(ops.var(x, axis=0) + 1e-8))
        return ops.concatenate([x, deviation * ops.ones_like(x[..., :1])], axis=-1)
''',
        # groups of images that do not follow each other
        '''\
class GroupDeviation(layers.Layer):
    """Append a map to images (n, h, w, c): the mean standard deviation in the image's group."""

    def __init__(self, group_size, **kwargs):
        super().__init__(**kwargs)
        self.group_size = group_size

    def call(self, x):
        groups = ops.reshape(x, (self.group_size, -1, *x.shape[1:]))
        means = ops.mean(ops.sqrt(ops.var(groups, axis=0) + 1e-8), axis=(1, 2, 3))
        means = ops.tile(means, self.group_size)[:, None, None, None]
        return ops.concatenate([x, means * ops.ones_like(x[..., :1])], axis=-1)
''',
        # the deviation over everything in the group, places and features included
        '''\
class GroupDeviation(layers.Layer):
    """Append a map to images (n, h, w, c): the mean standard deviation in the image's group."""

    def __init__(self, group_size, **kwargs):
        super().__init__(**kwargs)
        self.group_size = group_size

    def call(self, x):
        groups = ops.reshape(x, (-1, self.group_size, *x.shape[1:]))
        means = ops.repeat(ops.std(groups, axis=(1, 2, 3, 4)), self.group_size)
        return ops.concatenate([x, means[:, None, None, None] * ops.ones_like(x[..., :1])], axis=-1)
''',
        # its gradient is not finite for copies
        '''\
class GroupDeviation(layers.Layer):
    """Append a map to images (n, h, w, c): the mean standard deviation in the image's group."""

    def __init__(self, group_size, **kwargs):
        super().__init__(**kwargs)
        self.group_size = group_size

    def call(self, x):
        groups = ops.reshape(x, (-1, self.group_size, *x.shape[1:]))
        means = ops.mean(ops.sqrt(ops.var(groups, axis=1)), axis=(1, 2, 3))
        means = ops.repeat(means, self.group_size)
        return ops.concatenate([x, means[:, None, None, None] * ops.ones_like(x[..., :1])], axis=-1)
''',
        # the mean of the variances
        '''\
class GroupDeviation(layers.Layer):
    """Append a map to images (n, h, w, c): the mean standard deviation in the image's group."""

    def __init__(self, group_size, **kwargs):
        super().__init__(**kwargs)
        self.group_size = group_size

    def call(self, x):
        groups = ops.reshape(x, (-1, self.group_size, *x.shape[1:]))
        means = ops.repeat(ops.mean(ops.var(groups, axis=1), axis=(1, 2, 3)), self.group_size)
        return ops.concatenate([x, means[:, None, None, None] * ops.ones_like(x[..., :1])], axis=-1)
''',
    ],
    4: [
        # without the penalty
        '''\
def d_gradient(psi, theta, gamma):
    """The derivative of D's loss with respect to psi, the penalty included."""
    return theta / (1 + np.exp(-psi * theta))
''',
        # the penalty itself, not its derivative
        '''\
def d_gradient(psi, theta, gamma):
    """The derivative of D's loss with respect to psi, the penalty included."""
    return theta / (1 + np.exp(-psi * theta)) + gamma / 2 * psi**2
''',
        # the half is forgotten
        '''\
def d_gradient(psi, theta, gamma):
    """The derivative of D's loss with respect to psi, the penalty included."""
    return theta / (1 + np.exp(-psi * theta)) + 2 * gamma * psi
''',
        # the sign of the logit
        '''\
def d_gradient(psi, theta, gamma):
    """The derivative of D's loss with respect to psi, the penalty included."""
    return theta / (1 + np.exp(psi * theta)) + gamma * psi
''',
    ],
    5: [
        # they arrive
        "without = 0",
        # after 400 rounds
        "without = play(0, 400)",
        # they circle at the distance where they start
        "without = 2**0.5",
        # with a penalty
        "without = play(0.01, 4000)",
    ],
    6: [
        # every convolution at the last resolution
        '''\
def count_generator(resolutions, filters, latent_dim=32, channels=1):
    """Multiplications of the generator for one image, without the paths of fading in."""
    total = latent_dim * resolutions[0] ** 2 * filters[0]
    for inputs, outputs in zip([filters[0], *filters], filters, strict=False):
        total += resolutions[-1] ** 2 * 3**2 * inputs * outputs
    return total + resolutions[-1] ** 2 * filters[-1] * channels
''',
        # the first block's convolution is left out
        '''\
def count_generator(resolutions, filters, latent_dim=32, channels=1):
    """Multiplications of the generator for one image, without the paths of fading in."""
    total = latent_dim * resolutions[0] ** 2 * filters[0]
    for r, inputs, outputs in zip(resolutions[1:], filters, filters[1:], strict=False):
        total += r**2 * 3**2 * inputs * outputs
    return total + resolutions[-1] ** 2 * filters[-1] * channels
''',
        # the numbers of weights
        '''\
def count_generator(resolutions, filters, latent_dim=32, channels=1):
    """Multiplications of the generator for one image, without the paths of fading in."""
    total = latent_dim * resolutions[0] ** 2 * filters[0]
    for inputs, outputs in zip([filters[0], *filters], filters, strict=False):
        total += 3**2 * inputs * outputs
    return total + filters[-1] * channels
''',
    ],
    7: [
        # pixels only
        "ratio = 0.25",
        # the generator only
        "ratio = 0.62",
        # the larger cost divided by the smaller one
        "ratio = 1.593",
    ],
    8: [
        # the kernel itself
        '''\
def ordinary_kernel(layer):
    """The kernel of an ordinary layer with the outputs of `layer`, which is equalized."""
    return layer.kernel
''',
        # the gain is always that before a leaky ReLU
        '''\
def ordinary_kernel(layer):
    """The kernel of an ordinary layer with the outputs of `layer`, which is equalized."""
    inputs = np.prod(layer.kernel.shape[:-1])
    return layer.kernel * (2 / inputs) ** 0.5
''',
        # the features only, not height and width
        '''\
def ordinary_kernel(layer):
    """The kernel of an ordinary layer with the outputs of `layer`, which is equalized."""
    return layer.kernel * layer.gain / layer.kernel.shape[-2] ** 0.5
''',
        # the outputs are counted, not the inputs
        '''\
def ordinary_kernel(layer):
    """The kernel of an ordinary layer with the outputs of `layer`, which is equalized."""
    return layer.kernel * layer.gain / layer.kernel.shape[-1] ** 0.5
''',
        # the root is forgotten
        '''\
def ordinary_kernel(layer):
    """The kernel of an ordinary layer with the outputs of `layer`, which is equalized."""
    inputs = np.prod(layer.kernel.shape[:-1])
    return layer.kernel * layer.gain / inputs
''',
        # the other way round: to an equalized one
        '''\
def ordinary_kernel(layer):
    """The kernel of an ordinary layer with the outputs of `layer`, which is equalized."""
    inputs = np.prod(layer.kernel.shape[:-1])
    return layer.kernel / layer.gain * inputs**0.5
''',
    ],
    9: [
        # the same
        '''\
def ordinary_rate(layer, rate):
    """Adam's learning rate for the ordinary layer, if the equalized `layer` has `rate`."""
    return rate
''',
        # the inverse: as if smaller gradients needed it
        '''\
def ordinary_rate(layer, rate):
    """Adam's learning rate for the ordinary layer, if the equalized `layer` has `rate`."""
    inputs = np.prod(layer.kernel.shape[:-1])
    return rate / layer.gain * inputs**0.5
''',
        # that of plain gradient descent
        '''\
def ordinary_rate(layer, rate):
    """Adam's learning rate for the ordinary layer, if the equalized `layer` has `rate`."""
    inputs = np.prod(layer.kernel.shape[:-1])
    return rate * layer.gain**2 / inputs
''',
        # the gain is forgotten
        '''\
def ordinary_rate(layer, rate):
    """Adam's learning rate for the ordinary layer, if the equalized `layer` has `rate`."""
    inputs = np.prod(layer.kernel.shape[:-1])
    return rate / inputs**0.5
''',
        # the gain is always that before a leaky ReLU
        '''\
def ordinary_rate(layer, rate):
    """Adam's learning rate for the ordinary layer, if the equalized `layer` has `rate`."""
    inputs = np.prod(layer.kernel.shape[:-1])
    return rate * (2 / inputs) ** 0.5
''',
        # the chapter's example
        '''\
def ordinary_rate(layer, rate):
    """Adam's learning rate for the ordinary layer, if the equalized `layer` has `rate`."""
    return 0.001
''',
    ],
}
