"""Plausible wrong answers to the exercises of chapter 11, which their checks must refuse."""

WRONG_ANSWERS = {
    1: [
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
        # the share of the last weights
        '''\
def share_of_start(momentum, n, ramp):
    """Share of the untrained weights in the average after n steps; ramp is True or False."""
    return 1 - momentum
''',
        # one step too few
        '''\
def share_of_start(momentum, n, ramp):
    """Share of the untrained weights in the average after n steps; ramp is True or False."""
    t = np.arange(n)
    return np.prod(np.minimum(momentum, (1 + t) / (10 + t)) if ramp else np.full(n, momentum))
''',
    ],
    2: [
        # how many steps the average looks back
        "ramp_ends = 1 / (1 - 0.995)",
        # the momentum itself
        "ramp_ends = 0.995",
        # 9 steps late
        "ramp_ends = 9 / (1 - 0.995)",
    ],
    3: [
        # without smoothing, as in chapter 10
        '''\
def best_discriminator(p_data, p_g, real_label):
    """The best D(x), if real images have this label and generated ones the label 0."""
    return p_data / (p_data + p_g)
''',
        # the label weights the real images
        '''\
def best_discriminator(p_data, p_g, real_label):
    """The best D(x), if real images have this label and generated ones the label 0."""
    return real_label * p_data / (real_label * p_data + p_g)
''',
        # smoothed on both sides
        '''\
def best_discriminator(p_data, p_g, real_label):
    """The best D(x), if real images have this label and generated ones the label 0."""
    return (real_label * p_data + (1 - real_label) * p_g) / (p_data + p_g)
''',
    ],
    4: [
        # as if real images had a recall of 1
        '''\
def predicted_recall(share, real_recall):
    """The recall of a generator that draws the kinds of this share of real images."""
    return share
''',
        # that of real images
        '''\
def predicted_recall(share, real_recall):
    """The recall of a generator that draws the kinds of this share of real images."""
    return real_recall
''',
        # the number of the chapter
        '''\
def predicted_recall(share, real_recall):
    """The recall of a generator that draws the kinds of this share of real images."""
    return 0.43
''',
    ],
    5: [
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
    6: [
        # the distance itself
        "estimate = 2",
        # the gap of the means, without the penalty
        "estimate = 2.2",
        # the loss
        "estimate = -2.1",
    ],
    7: [
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
