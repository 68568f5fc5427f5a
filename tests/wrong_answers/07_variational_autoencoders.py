"""Plausible wrong answers to the exercises of chapter 07, which their checks must refuse."""

WRONG_ANSWERS = {
    1: [
        # the factor 0.5 is missing
        '''\
def kl_normal(mean_q, var_q, mean_p, var_p):
    """D_KL(q || p) in nats, for two normal distributions of one variable."""
    return np.log(var_p / var_q) + (var_q + (mean_q - mean_p) ** 2) / var_p - 1
''',
        # the two distributions are exchanged
        '''\
def kl_normal(mean_q, var_q, mean_p, var_p):
    """D_KL(q || p) in nats, for two normal distributions of one variable."""
    return 0.5 * (np.log(var_q / var_p) + (var_p + (mean_q - mean_p) ** 2) / var_q - 1)
''',
    ],
    2: [
        # the variance instead of the standard deviation
        '''\
class MySampling(layers.Layer):
    """Sample z from N(mean, exp(log_var))."""

    def call(self, inputs):
        mean, log_var = inputs
        return mean + ops.exp(log_var) * keras.random.normal(ops.shape(mean))
''',
        # no gradient gets through to the variance
        '''\
class MySampling(layers.Layer):
    """Sample z from N(mean, exp(log_var))."""

    def call(self, inputs):
        mean, log_var = inputs
        spread = ops.stop_gradient(ops.exp(0.5 * log_var))
        return mean + spread * keras.random.normal(ops.shape(mean))
''',
        # the same noise in each call
        '''\
class MySampling(layers.Layer):
    """Sample z from N(mean, exp(log_var))."""

    def call(self, inputs):
        mean, log_var = inputs
        return mean + ops.exp(0.5 * log_var) * keras.random.normal(ops.shape(mean), seed=1)
''',
        # noise of NumPy, which a graph draws only once
        '''\
class MySampling(layers.Layer):
    """Sample z from N(mean, exp(log_var))."""

    def call(self, inputs):
        mean, log_var = inputs
        return mean + ops.exp(0.5 * log_var) * rng.standard_normal(mean.shape).astype("float32")
''',
        # one number for all dimensions
        '''\
class MySampling(layers.Layer):
    """Sample z from N(mean, exp(log_var))."""

    def call(self, inputs):
        mean, log_var = inputs
        return mean + ops.exp(0.5 * log_var) * keras.random.normal(ops.shape(mean[:, :1]))
''',
        # noise of the right variance that is not normal
        '''\
class MySampling(layers.Layer):
    """Sample z from N(mean, exp(log_var))."""

    def call(self, inputs):
        mean, log_var = inputs
        epsilon = keras.random.uniform(ops.shape(mean), -(3**0.5), 3**0.5)
        return mean + ops.exp(0.5 * log_var) * epsilon
''',
    ],
    3: [
        # the 2 of the normal density is forgotten
        "kl_weight, assumed_variance = 0.02 / (32 * 32 * 3), 32 * 32 * 3 / 2",
        # the right weight, and the variance of a sum that is not divided by 2
        "kl_weight, assumed_variance = 2 * 0.02 / (32 * 32 * 3), 32 * 32 * 3",
        # as if the loss summed over pixels and colors
        "kl_weight, assumed_variance = 2 * 0.02, 0.5",
    ],
    4: [
        # the variance of the textbook's weight
        '''\
def best_elbo(mse, kl, pixels):
    """The best variance of the pixels, and the ELBO of an image with it."""
    return 0.5, -pixels / 2 * (2 * mse + np.log(np.pi)) - kl
''',
        # the divergence is forgotten
        '''\
def best_elbo(mse, kl, pixels):
    """The best variance of the pixels, and the ELBO of an image with it."""
    return mse, -pixels / 2 * (1 + np.log(2 * np.pi * mse))
''',
        # the root of the error
        '''\
def best_elbo(mse, kl, pixels):
    """The best variance of the pixels, and the ELBO of an image with it."""
    v = mse**0.5
    return v, -pixels / 2 * (mse / v + np.log(2 * np.pi * v)) - kl
''',
    ],
    5: [
        # collapsed, and far from the smallest
        "collapsed_weight = 1.0\npredicted_mse = np.mean((x_train - x_train.mean(axis=0)) ** 2)",
        # not collapsed
        "collapsed_weight = 0.003\npredicted_mse = np.mean((x_train - x_train.mean(axis=0)) ** 2)",
        # one gray for all pixels, instead of the mean image
        "collapsed_weight = 0.035\npredicted_mse = np.var(x_train)",
    ],
}
