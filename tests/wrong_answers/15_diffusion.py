"""Plausible wrong answers to the exercises of chapter 15, which their checks must refuse."""

WRONG_ANSWERS = {
    1: [
        # the nearer point only
        '''\
def two_point_velocity(x, t, share):
    """Mean velocity at x (an array) and t, 0 < t <= 1, if x0 is 1 with this probability."""
    return (x - np.sign(x)) / t
''',
        # the share is forgotten
        '''\
def two_point_velocity(x, t, share):
    """Mean velocity at x (an array) and t, 0 < t <= 1, if x0 is 1 with this probability."""
    return (x - np.tanh(x * (1 - t) / t**2)) / t
''',
        # the share as if x were not known
        '''\
def two_point_velocity(x, t, share):
    """Mean velocity at x (an array) and t, 0 < t <= 1, if x0 is 1 with this probability."""
    return (x - (2 * share - 1)) / t
''',
        # the mean of x0 in place of the velocity
        '''\
def two_point_velocity(x, t, share):
    """Mean velocity at x (an array) and t, 0 < t <= 1, if x0 is 1 with this probability."""
    upper = share * np.exp(-((x - (1 - t)) ** 2) / (2 * t**2))
    lower = (1 - share) * np.exp(-((x + (1 - t)) ** 2) / (2 * t**2))
    return (upper - lower) / (upper + lower)
''',
        # the formula of the chapter, with the mean and the deviation of the two points
        '''\
def two_point_velocity(x, t, share):
    """Mean velocity at x (an array) and t, 0 < t <= 1, if x0 is 1 with this probability."""
    mean, variance = 2 * share - 1, 4 * share * (1 - share)
    slope = (t - (1 - t) * variance) / ((1 - t) ** 2 * variance + t**2)
    return slope * (x - (1 - t) * mean) - mean
''',
    ],
    2: [
        # the mean of the noise
        "one_step = 0.0",
        # the more frequent point
        "one_step = 1.0",
        # the share
        "one_step = 0.8",
        # the other way
        "one_step = -0.6",
    ],
    3: [
        # all the same
        '''\
def other_errors(velocity_error, t):
    """Mean squared errors of the noise and of the image, in this order."""
    return velocity_error, velocity_error
''',
        # not squared
        '''\
def other_errors(velocity_error, t):
    """Mean squared errors of the noise and of the image, in this order."""
    return (1 - t) * velocity_error, t * velocity_error
''',
        # in the other order
        '''\
def other_errors(velocity_error, t):
    """Mean squared errors of the noise and of the image, in this order."""
    return t**2 * velocity_error, (1 - t) ** 2 * velocity_error
''',
        # divided in place of multiplied
        '''\
def other_errors(velocity_error, t):
    """Mean squared errors of the noise and of the image, in this order."""
    return velocity_error / (1 - t) ** 2, velocity_error / t**2
''',
    ],
    4: [
        # not squared
        "velocity_error = 0.001 / (1 - 0.98)",
        # multiplied
        "velocity_error = 0.001 * (1 - 0.98) ** 2",
        # by t
        "velocity_error = 0.001 / 0.98**2",
    ],
    5: [
        # sigma of the whole beta, as in another version of DDPM
        '''\
def textbook_coefficients(beta, alpha_bar):
    """c and sigma of a step of DDPM."""
    return beta / np.sqrt(1 - alpha_bar), np.sqrt(beta)
''',
        # the weight of the noise in the step, in place of c
        '''\
def textbook_coefficients(beta, alpha_bar):
    """c and sigma of a step of DDPM."""
    later = alpha_bar / (1 - beta)
    return np.sqrt(beta), np.sqrt((1 - later) / (1 - alpha_bar) * beta)
''',
        # DDIM
        '''\
def textbook_coefficients(beta, alpha_bar):
    """c and sigma of a step of DDPM."""
    return beta / np.sqrt(1 - alpha_bar), 0.0
''',
        # the variance, in place of the deviation
        '''\
def textbook_coefficients(beta, alpha_bar):
    """c and sigma of a step of DDPM."""
    later = alpha_bar / (1 - beta)
    return beta / np.sqrt(1 - alpha_bar), (1 - later) / (1 - alpha_bar) * beta
''',
    ],
    6: [
        # squared
        '''\
def nearest_distances(x, among):
    """Distances (n,) of images to the nearest of others."""
    flat = among.reshape(len(among), -1)
    return np.array([np.min(np.sum((flat - one.reshape(-1)) ** 2, axis=1)) for one in x])
''',
        # root mean square over the pixels
        '''\
def nearest_distances(x, among):
    """Distances (n,) of images to the nearest of others."""
    flat = among.reshape(len(among), -1)
    return np.array([np.sqrt(np.mean((flat - one.reshape(-1)) ** 2, axis=1)).min() for one in x])
''',
        # which image it is
        '''\
def nearest_distances(x, among):
    """Distances (n,) of images to the nearest of others."""
    flat = among.reshape(len(among), -1)
    return np.array([np.linalg.norm(flat - one.reshape(-1), axis=1).argmin() for one in x])
''',
        # nearest to the mean of the others
        '''\
def nearest_distances(x, among):
    """Distances (n,) of images to the nearest of others."""
    return np.linalg.norm((x - among.mean(axis=0)).reshape(len(x), -1), axis=1)
''',
    ],
    7: [
        # none
        "is_copy = np.zeros(100, bool)",
        # equal pixels only
        "is_copy = nearest_distances(suspects, images.x_train) == 0",
        # the closer half
        "is_copy = nearest_distances(suspects, images.x_train) < 4",
    ],
    8: [
        # fresh noise, as in the chapter
        '''\
def complete_smoothly(velocity, x, known, visible, times):
    """Complete images in [-1, 1], known where visible is 1, from the noise x."""
    rng = np.random.default_rng(0)
    for t, later in pairwise(times):
        x0 = visible * known + (1 - visible) * (x - t * velocity(x, t))
        x = (1 - later) * x0 + later * rng.standard_normal(x.shape)
    return x
''',
        # the noise of the start
        '''\
def complete_smoothly(velocity, x, known, visible, times):
    """Complete images in [-1, 1], known where visible is 1, from the noise x."""
    noise = x
    for t, later in pairwise(times):
        x0 = visible * known + (1 - visible) * (x - t * velocity(x, t))
        x = (1 - later) * x0 + later * noise
    return x
''',
        # known pixels only at the end: the halves do not fit
        '''\
def complete_smoothly(velocity, x, known, visible, times):
    """Complete images in [-1, 1], known where visible is 1, from the noise x."""
    return visible * known + (1 - visible) * euler(velocity, x, times)
''',
        # known pixels are forgotten
        '''\
def complete_smoothly(velocity, x, known, visible, times):
    """Complete images in [-1, 1], known where visible is 1, from the noise x."""
    return euler(velocity, x, times)
''',
        # the velocity in place of the noise
        '''\
def complete_smoothly(velocity, x, known, visible, times):
    """Complete images in [-1, 1], known where visible is 1, from the noise x."""
    for t, later in pairwise(times):
        v = velocity(x, t)
        x0 = visible * known + (1 - visible) * (x - t * v)
        x = (1 - later) * x0 + later * v
    return x
''',
    ],
}
