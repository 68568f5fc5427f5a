"""Plausible wrong answers to the exercises of chapter 06, which their checks must refuse."""

WRONG_ANSWERS = {
    1: [
        # as far below the target as the other is above it
        "q_below = 0.1 - 0.2",
        # half of the target
        "q_below = 0.05",
        # by the same factor below the target as the other is above it
        "q_below = 0.1 / 3",
    ],
    2: [
        # the derivative with respect to q
        '''\
def l1_pull(weight, a):
    """The derivative of weight * sigmoid(a) with respect to a."""
    return weight * np.ones_like(a)
''',
        # the slope of the sigmoid, with a in place of q
        '''\
def l1_pull(weight, a):
    """The derivative of weight * sigmoid(a) with respect to a."""
    return weight * a * (1 - a)
''',
    ],
    3: [
        # a unit that is fully active costs most, but is not pulled most
        "q_hardest = 1.0",
        # the target of the chapter
        "q_hardest = 0.1",
    ],
    4: [
        # the chapter's layer
        '''\
class TopKMagnitude(layers.Layer):
    """Keep the k codes of each image that are farthest from 0; set the others to 0."""

    def __init__(self, k, **kwargs):
        super().__init__(**kwargs)
        self.k = k

    def call(self, z):
        return ops.where(z >= ops.top_k(z, self.k)[0][:, -1:], z, 0.0)
''',
        # the signs are lost
        '''\
class TopKMagnitude(layers.Layer):
    """Keep the k codes of each image that are farthest from 0; set the others to 0."""

    def __init__(self, k, **kwargs):
        super().__init__(**kwargs)
        self.k = k

    def call(self, z):
        magnitude = ops.abs(z)
        return ops.where(magnitude >= ops.top_k(magnitude, self.k)[0][:, -1:], magnitude, 0.0)
''',
        # one unit too few
        '''\
class TopKMagnitude(layers.Layer):
    """Keep the k codes of each image that are farthest from 0; set the others to 0."""

    def __init__(self, k, **kwargs):
        super().__init__(**kwargs)
        self.k = k

    def call(self, z):
        magnitude = ops.abs(z)
        return ops.where(magnitude > ops.top_k(magnitude, self.k)[0][:, -1:], z, 0.0)
''',
        # the largest of the whole batch
        '''\
class TopKMagnitude(layers.Layer):
    """Keep the k codes of each image that are farthest from 0; set the others to 0."""

    def __init__(self, k, **kwargs):
        super().__init__(**kwargs)
        self.k = k

    def call(self, z):
        magnitude = ops.abs(z)
        return ops.where(magnitude >= ops.min(ops.top_k(magnitude, self.k)[0]), z, 0.0)
''',
    ],
    5: [
        # the chapter's layer
        '''\
class ImageKL(layers.Layer):
    """Return the code unchanged; add weight * mean over images of D_KL(target, mean of units)."""

    def __init__(self, target, weight, **kwargs):
        super().__init__(**kwargs)
        self.target, self.weight = target, weight

    def call(self, z):
        p, q = self.target, ops.mean(z, axis=0)
        kl = p * ops.log(p / q) + (1 - p) * ops.log((1 - p) / (1 - q))
        self.add_loss(self.weight * ops.mean(kl))
        return z
''',
        # the sum over the images
        '''\
class ImageKL(layers.Layer):
    """Return the code unchanged; add weight * mean over images of D_KL(target, mean of units)."""

    def __init__(self, target, weight, **kwargs):
        super().__init__(**kwargs)
        self.target, self.weight = target, weight

    def call(self, z):
        p, q = self.target, ops.mean(z, axis=-1)
        kl = p * ops.log(p / q) + (1 - p) * ops.log((1 - p) / (1 - q))
        self.add_loss(self.weight * ops.sum(kl))
        return z
''',
        # the divergence of the mean of all
        '''\
class ImageKL(layers.Layer):
    """Return the code unchanged; add weight * mean over images of D_KL(target, mean of units)."""

    def __init__(self, target, weight, **kwargs):
        super().__init__(**kwargs)
        self.target, self.weight = target, weight

    def call(self, z):
        p, q = self.target, ops.mean(z)
        kl = p * ops.log(p / q) + (1 - p) * ops.log((1 - p) / (1 - q))
        self.add_loss(self.weight * kl)
        return z
''',
        # computed, but not added to the loss
        '''\
class ImageKL(layers.Layer):
    """Return the code unchanged; add weight * mean over images of D_KL(target, mean of units)."""

    def __init__(self, target, weight, **kwargs):
        super().__init__(**kwargs)
        self.target, self.weight = target, weight

    def call(self, z):
        p, q = self.target, ops.mean(z, axis=-1)
        kl = p * ops.log(p / q) + (1 - p) * ops.log((1 - p) / (1 - q))
        self.loss = self.weight * ops.mean(kl)
        return z
''',
    ],
    6: [
        # the reconstruction is rounded, not the code
        '''\
def two_errors(encoder, decoder, x):
    """The squared errors of the decoded codes, and of the decoded rounded codes."""
    y = decoder.predict(encoder.predict(x))
    return [np.mean((y - x) ** 2), np.mean((np.round(y) - x) ** 2)]
''',
        # rounded down
        '''\
def two_errors(encoder, decoder, x):
    """The squared errors of the decoded codes, and of the decoded rounded codes."""
    z = encoder.predict(x)
    return [np.mean((decoder.predict(code) - x) ** 2) for code in (z, np.floor(z))]
''',
    ],
    7: [
        # hardly any noise: the codes are no bits, and rounding destroys them
        "best_strength = 0.1",
        # much noise: rounding changes little, but little information gets through
        "best_strength = 40.0",
    ],
}
