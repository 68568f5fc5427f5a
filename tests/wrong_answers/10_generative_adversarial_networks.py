"""Plausible wrong answers to the exercises of chapter 10, which their checks must refuse."""

WRONG_ANSWERS = {
    1: [
        # the sizes, without their signs
        '''\
def loss_gradients(a):
    """The derivatives of log(1 - D) and of -log D with respect to the logit a."""
    d = 1 / (1 + np.exp(-a))
    return d, 1 - d
''',
        # in the other order
        '''\
def loss_gradients(a):
    """The derivatives of log(1 - D) and of -log D with respect to the logit a."""
    d = 1 / (1 + np.exp(-a))
    return d - 1, -d
''',
        # with respect to D
        '''\
def loss_gradients(a):
    """The derivatives of log(1 - D) and of -log D with respect to the logit a."""
    d = 1 / (1 + np.exp(-a))
    return -1 / (1 - d), -1 / d
''',
        # the losses themselves
        '''\
def loss_gradients(a):
    """The derivatives of log(1 - D) and of -log D with respect to the logit a."""
    d = 1 / (1 + np.exp(-a))
    return np.log(1 - d), -np.log(d)
''',
    ],
    2: [
        # the other way round
        "gradient_ratio = np.exp(-5)",
        # the gradient of -log D alone
        "gradient_ratio = -0.9933",
        # the logit
        "gradient_ratio = 5",
    ],
    3: [
        # the chapter's, for equal shares
        '''\
def best_discriminator(p_data, p_g, share):
    """The best D(x), if a batch holds this share of real examples."""
    return p_data / (p_data + p_g)
''',
        # the share of real examples, whatever x is
        '''\
def best_discriminator(p_data, p_g, share):
    """The best D(x), if a batch holds this share of real examples."""
    return share * np.ones_like(p_data)
''',
        # weighted after the division
        '''\
def best_discriminator(p_data, p_g, share):
    """The best D(x), if a batch holds this share of real examples."""
    return 2 * share * p_data / (p_data + p_g)
''',
        # the shares swapped
        '''\
def best_discriminator(p_data, p_g, share):
    """The best D(x), if a batch holds this share of real examples."""
    return (1 - share) * p_data / ((1 - share) * p_data + share * p_g)
''',
    ],
    4: [
        # the other divergence, KL(p_g, p_data)
        '''\
def divergences(real_logits, fake_logits):
    """Estimates of KL(p_data, p_g) and of JS(p_data, p_g)."""
    value = -np.mean(np.log1p(np.exp(-real_logits))) - np.mean(np.log1p(np.exp(fake_logits)))
    return -np.mean(fake_logits), (value + np.log(4)) / 2
''',
        # the half is forgotten
        '''\
def divergences(real_logits, fake_logits):
    """Estimates of KL(p_data, p_g) and of JS(p_data, p_g)."""
    value = -np.mean(np.log1p(np.exp(-real_logits))) - np.mean(np.log1p(np.exp(fake_logits)))
    return np.mean(real_logits), value + np.log(4)
''',
        # log 4 is forgotten
        '''\
def divergences(real_logits, fake_logits):
    """Estimates of KL(p_data, p_g) and of JS(p_data, p_g)."""
    value = -np.mean(np.log1p(np.exp(-real_logits))) - np.mean(np.log1p(np.exp(fake_logits)))
    return np.mean(real_logits), value / 2
''',
        # the numbers of the chapter
        '''\
def divergences(real_logits, fake_logits):
    """Estimates of KL(p_data, p_g) and of JS(p_data, p_g)."""
    return np.mean(real_logits), 0.317
''',
    ],
    5: [
        # the step that is given
        '''\
def extragradient_step(x, y, rate=0.1):
    """A step from (x, y) with the gradients at the point to which a gradient step would lead."""
    return gradient_step(x, y, rate)
''',
        # two steps, without going back
        '''\
def extragradient_step(x, y, rate=0.1):
    """A step from (x, y) with the gradients at the point to which a gradient step would lead."""
    return gradient_step(*gradient_step(x, y, rate), rate)
''',
        # in turns, as in a GAN
        '''\
def extragradient_step(x, y, rate=0.1):
    """A step from (x, y) with the gradients at the point to which a gradient step would lead."""
    x = x - rate * y
    return x, y + rate * x
''',
    ],
    6: [
        # the chapter's layer
        '''\
class FeatureDeviations(layers.Layer):
    """Append the standard deviations of the batch's features to each example (batch, features)."""

    def call(self, x):
        deviation = ops.mean(ops.std(x, axis=0))
        return ops.concatenate([x, deviation * ops.ones_like(x[:, :1])], axis=1)
''',
        # its mean, once for each feature
        '''\
class FeatureDeviations(layers.Layer):
    """Append the standard deviations of the batch's features to each example (batch, features)."""

    def call(self, x):
        deviation = ops.mean(ops.sqrt(ops.var(x, axis=0) + 1e-8))
        return ops.concatenate([x, deviation * ops.ones_like(x)], axis=1)
''',
        # right, but with an infinite gradient in a collapse
        '''\
class FeatureDeviations(layers.Layer):
    """Append the standard deviations of the batch's features to each example (batch, features)."""

    def call(self, x):
        return ops.concatenate([x, ops.std(x, axis=0) * ops.ones_like(x)], axis=1)
''',
        # right, but without a gradient to learn from
        '''\
class FeatureDeviations(layers.Layer):
    """Append the standard deviations of the batch's features to each example (batch, features)."""

    def call(self, x):
        deviations = ops.stop_gradient(ops.std(x, axis=0)) * ops.ones_like(x)
        return ops.concatenate([x, deviations], axis=1)
''',
        # the deviation of each example's features
        '''\
class FeatureDeviations(layers.Layer):
    """Append the standard deviations of the batch's features to each example (batch, features)."""

    def call(self, x):
        deviations = ops.sqrt(ops.var(x, axis=1, keepdims=True) + 1e-8)
        return ops.concatenate([x, deviations * ops.ones_like(x)], axis=1)
''',
        # the variances
        '''\
class FeatureDeviations(layers.Layer):
    """Append the standard deviations of the batch's features to each example (batch, features)."""

    def call(self, x):
        return ops.concatenate([x, ops.var(x, axis=0) * ops.ones_like(x)], axis=1)
''',
    ],
}
