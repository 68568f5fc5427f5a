"""Plausible wrong answers to the exercises of chapter 11, which their checks must refuse."""

WRONG_ANSWERS = {
    1: [
        # rounded down
        '''\
def discriminator_maps(shape):
    """Three sizes (height, width, features), for images of shape (height, width, channels)."""
    height, width, _ = shape
    return [(height // 2**i, width // 2**i, 16 * 2**i) for i in (1, 2, 3)]
''',
        # without padding
        '''\
def discriminator_maps(shape):
    """Three sizes (height, width, features), for images of shape (height, width, channels)."""
    height, width, _ = shape
    maps = []
    for features in (32, 64, 128):
        height, width = (height - 4) // 2 + 1, (width - 4) // 2 + 1
        maps.append((height, width, features))
    return maps
''',
        # the input, and the maps behind the first two
        '''\
def discriminator_maps(shape):
    """Three sizes (height, width, features), for images of shape (height, width, channels)."""
    height, width, _ = shape
    return [(-(-height // 2**i), -(-width // 2**i), 32 * 2**i) for i in range(3)]
''',
        # without strides
        '''\
def discriminator_maps(shape):
    """Three sizes (height, width, features), for images of shape (height, width, channels)."""
    return [(*shape[:2], features) for features in (32, 64, 128)]
''',
        # the colors make more features
        '''\
def discriminator_maps(shape):
    """Three sizes (height, width, features), for images of shape (height, width, channels)."""
    height, width, channels = shape
    sizes = [(-(-height // 2**i), -(-width // 2**i)) for i in (1, 2, 3)]
    return [(*size, channels * n) for size, n in zip(sizes, (32, 64, 128), strict=True)]
''',
    ],
    2: [
        # moving averages are counted as well
        '''\
def trained_weights(inputs, shape):
    """Numbers of trained weights of the generator and of the discriminator."""
    height, width, channels = shape
    generator = inputs * (height // 4) * (width // 4) * 64 + 4 * 64
    generator += 16 * 64 * 48 + 4 * 48 + 16 * 48 * channels + channels
    discriminator = 16 * channels * 32 + 32 + 16 * 32 * 64 + 64 + 16 * 64 * 128 + 128
    discriminator += 4 * 64 + 4 * 128
    discriminator += -(-height // 8) * -(-width // 8) * 128 + 1
    return generator, discriminator
''',
        # a bias in each layer of the generator
        '''\
def trained_weights(inputs, shape):
    """Numbers of trained weights of the generator and of the discriminator."""
    height, width, channels = shape
    generator = (inputs + 1) * (height // 4) * (width // 4) * 64 + 2 * 64
    generator += 16 * 64 * 48 + 48 + 2 * 48 + 16 * 48 * channels + channels
    discriminator = 16 * channels * 32 + 32 + 16 * 32 * 64 + 64 + 16 * 64 * 128 + 128
    discriminator += 2 * 64 + 2 * 128
    discriminator += -(-height // 8) * -(-width // 8) * 128 + 1
    return generator, discriminator
''',
        # sides of the last maps rounded down
        '''\
def trained_weights(inputs, shape):
    """Numbers of trained weights of the generator and of the discriminator."""
    height, width, channels = shape
    generator = inputs * (height // 4) * (width // 4) * 64 + 2 * 64
    generator += 16 * 64 * 48 + 2 * 48 + 16 * 48 * channels + channels
    discriminator = 16 * channels * 32 + 32 + 16 * 32 * 64 + 64 + 16 * 64 * 128 + 128
    discriminator += 2 * 64 + 2 * 128
    discriminator += (height // 8) * (width // 8) * 128 + 1
    return generator, discriminator
''',
        # batch normalization is forgotten
        '''\
def trained_weights(inputs, shape):
    """Numbers of trained weights of the generator and of the discriminator."""
    height, width, channels = shape
    generator = inputs * (height // 4) * (width // 4) * 64
    generator += 16 * 64 * 48 + 16 * 48 * channels + channels
    discriminator = 16 * channels * 32 + 32 + 16 * 32 * 64 + 64 + 16 * 64 * 128 + 128
    discriminator += -(-height // 8) * -(-width // 8) * 128 + 1
    return generator, discriminator
''',
        # the other way round
        '''\
def trained_weights(inputs, shape):
    """Numbers of trained weights of the generator and of the discriminator."""
    height, width, channels = shape
    generator = inputs * (height // 4) * (width // 4) * 64 + 2 * 64
    generator += 16 * 64 * 48 + 2 * 48 + 16 * 48 * channels + channels
    discriminator = 16 * channels * 32 + 32 + 16 * 32 * 64 + 64 + 16 * 64 * 128 + 128
    discriminator += 2 * 64 + 2 * 128
    discriminator += -(-height // 8) * -(-width // 8) * 128 + 1
    return discriminator, generator
''',
    ],
    3: [
        # over the batch only
        '''\
def batch_norm(x, gamma, beta, epsilon):
    """A batch x (n, ..., features), normalized over all axes but the last one."""
    mean, variance = x.mean(axis=0), x.var(axis=0)
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta
''',
        # each image by itself
        '''\
def batch_norm(x, gamma, beta, epsilon):
    """A batch x (n, ..., features), normalized over all axes but the last one."""
    axes = tuple(range(1, x.ndim - 1))
    mean, variance = x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta
''',
        # one mean for all features
        '''\
def batch_norm(x, gamma, beta, epsilon):
    """A batch x (n, ..., features), normalized over all axes but the last one."""
    return gamma * (x - x.mean()) / np.sqrt(x.var() + epsilon) + beta
''',
        # epsilon is added to the deviation
        '''\
def batch_norm(x, gamma, beta, epsilon):
    """A batch x (n, ..., features), normalized over all axes but the last one."""
    axes = tuple(range(x.ndim - 1))
    return gamma * (x - x.mean(axis=axes)) / (x.std(axis=axes) + epsilon) + beta
''',
        # the variance in place of the deviation
        '''\
def batch_norm(x, gamma, beta, epsilon):
    """A batch x (n, ..., features), normalized over all axes but the last one."""
    axes = tuple(range(x.ndim - 1))
    return gamma * (x - x.mean(axis=axes)) / (x.var(axis=axes) + epsilon) + beta
''',
    ],
    4: [
        # as without normalization
        "separate_gap = mixed_gap = np.mean(real_values) - np.mean(generated_values)",
        # no gap in either
        "separate_gap = mixed_gap = 0.0",
        # in deviations of one of the sets
        """\
separate_gap = 0.0
mixed_gap = (np.mean(real_values) - np.mean(generated_values)) / np.sqrt(np.var(real_values) + 0.001)
""",
        # the other way round
        """\
separate_gap = 0.0
mixed = batch_norm(np.concatenate([real_values, generated_values]), 1, 0, 0.001)
mixed_gap = np.mean(mixed[1000:]) - np.mean(mixed[:1000])
""",
        # side by side, as two features
        """\
separate_gap = 0.0
mixed = batch_norm(np.concatenate([real_values, generated_values], axis=1), 1, 0, 0.001)
mixed_gap = np.mean(mixed[:, 0]) - np.mean(mixed[:, 1])
""",
    ],
    5: [
        # the ramp without its limit
        '''\
def share_of_start(momentum, n, ramp):
    """Share of the untrained weights in the average after n steps; ramp is True or False."""
    t = np.arange(1, n + 1)
    return np.prod((1 + t) / (10 + t)) if ramp else momentum**n
''',
        # gone after two steps
        '''\
def share_of_start(momentum, n, ramp):
    """Share of the untrained weights in the average after n steps; ramp is True or False."""
    t = np.arange(1, n + 1)
    ramped = np.prod((1 + t) / (10 + t))
    return (ramped if ramp else momentum**n) if n <= 2 else 0.0
''',
        # the ramp is forgotten
        '''\
def share_of_start(momentum, n, ramp):
    """Share of the untrained weights in the average after n steps; ramp is True or False."""
    return momentum**n
''',
        # the momentum of the last step, for all of them
        '''\
def share_of_start(momentum, n, ramp):
    """Share of the untrained weights in the average after n steps; ramp is True or False."""
    return min(momentum, (1 + n) / (10 + n)) ** n if ramp else momentum**n
''',
        # one step too few
        '''\
def share_of_start(momentum, n, ramp):
    """Share of the untrained weights in the average after n steps; ramp is True or False."""
    t = np.arange(n)
    return np.prod(np.minimum(momentum, (1 + t) / (10 + t)) if ramp else np.full(n, momentum))
''',
    ],
    6: [
        # how many steps the average looks back
        "ramp_ends = 1 / (1 - 0.995)",
        # the momentum itself
        "ramp_ends = 0.995",
        # 9 steps late
        "ramp_ends = 9 / (1 - 0.995)",
    ],
    7: [
        # of length 1
        '''\
def best_linear_critic(real, fake, penalty_weight):
    """The w (d,) that minimizes the critic's loss with this lambda."""
    difference = real.mean(axis=0) - fake.mean(axis=0)
    return difference / np.linalg.norm(difference)
''',
        # the difference of the means
        '''\
def best_linear_critic(real, fake, penalty_weight):
    """The w (d,) that minimizes the critic's loss with this lambda."""
    return real.mean(axis=0) - fake.mean(axis=0)
''',
        # the other way round
        '''\
def best_linear_critic(real, fake, penalty_weight):
    """The w (d,) that minimizes the critic's loss with this lambda."""
    difference = fake.mean(axis=0) - real.mean(axis=0)
    gap = np.linalg.norm(difference)
    return difference / gap * (1 + gap / (2 * penalty_weight))
''',
        # the factor of 2 is lost
        '''\
def best_linear_critic(real, fake, penalty_weight):
    """The w (d,) that minimizes the critic's loss with this lambda."""
    difference = real.mean(axis=0) - fake.mean(axis=0)
    gap = np.linalg.norm(difference)
    return difference / gap * (1 + gap / penalty_weight)
''',
    ],
    8: [
        # the distance itself
        "estimate = 2",
        # the gap of the means, without the penalty
        "estimate = 2.2",
        # the loss
        "estimate = -2.1",
    ],
    9: [
        # the second class only
        '''\
def draw_between(generator, z, first, second, share):
    """Images (n, 28, 28, 1) from noise z and a label between the classes first and second."""
    label = np.eye(10, dtype="float32")[second]
    return np.float32(generator(np.concatenate([z, np.tile(label, (len(z), 1))], axis=1)))
''',
        # the shares swapped
        '''\
def draw_between(generator, z, first, second, share):
    """Images (n, 28, 28, 1) from noise z and a label between the classes first and second."""
    one_hot = np.eye(10, dtype="float32")
    label = share * one_hot[first] + (1 - share) * one_hot[second]
    return np.float32(generator(np.concatenate([z, np.tile(label, (len(z), 1))], axis=1)))
''',
        # images are mixed, in place of labels
        '''\
def draw_between(generator, z, first, second, share):
    """Images (n, 28, 28, 1) from noise z and a label between the classes first and second."""
    labels = [np.tile(np.eye(10, dtype="float32")[kind], (len(z), 1)) for kind in (first, second)]
    images = [np.float32(generator(np.concatenate([z, label], axis=1))) for label in labels]
    return (1 - share) * images[0] + share * images[1]
''',
        # a class between the numbers of the two
        '''\
def draw_between(generator, z, first, second, share):
    """Images (n, 28, 28, 1) from noise z and a label between the classes first and second."""
    label = np.eye(10, dtype="float32")[round((1 - share) * first + share * second)]
    return np.float32(generator(np.concatenate([z, np.tile(label, (len(z), 1))], axis=1)))
''',
    ],
}
