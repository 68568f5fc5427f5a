"""Plausible wrong answers to the exercises of chapter 13, which their checks must refuse."""

WRONG_ANSWERS = {
    1: [
        # the other way round
        '''\
def mix(wa, wb, k):
    """Styles (n, 5, 32): wa (n, 32) at the first k layers, wb at the other ones."""
    layer = np.arange(5)[np.newaxis, :, np.newaxis]
    return np.where(layer < k, wb[:, np.newaxis], wa[:, np.newaxis])
''',
        # one layer too many
        '''\
def mix(wa, wb, k):
    """Styles (n, 5, 32): wa (n, 32) at the first k layers, wb at the other ones."""
    layer = np.arange(5)[np.newaxis, :, np.newaxis]
    return np.where(layer <= k, wa[:, np.newaxis], wb[:, np.newaxis])
''',
        # numbers of the code in place of layers
        '''\
def mix(wa, wb, k):
    """Styles (n, 5, 32): wa (n, 32) at the first k layers, wb at the other ones."""
    codes = np.concatenate([wa[:, :k], wb[:, k:]], axis=1)
    return np.repeat(codes[:, np.newaxis], 5, axis=1)
''',
        # an average of the two
        '''\
def mix(wa, wb, k):
    """Styles (n, 5, 32): wa (n, 32) at the first k layers, wb at the other ones."""
    return np.repeat((k * wa + (5 - k) * wb)[:, np.newaxis] / 5, 5, axis=1)
''',
    ],
    2: [
        # the other way round
        """\
verdicts = gk.classify(draw(synthesis, mix(shirts, pullovers, 2), noises))[1]
share = np.mean(verdicts.argmax(axis=1) == 2)
""",
        # one layer
        """\
verdicts = gk.classify(draw(synthesis, mix(pullovers, shirts, 1), noises))[1]
share = np.mean(verdicts.argmax(axis=1) == 2)
""",
        # T-shirts
        """\
verdicts = gk.classify(draw(synthesis, mix(pullovers, shirts, 2), noises))[1]
share = np.mean(verdicts.argmax(axis=1) == 0)
""",
        # the mean probability
        """\
verdicts = gk.classify(draw(synthesis, mix(pullovers, shirts, 2), noises))[1]
share = verdicts[:, 2].mean()
""",
        # in percent
        """\
verdicts = gk.classify(draw(synthesis, mix(pullovers, shirts, 2), noises))[1]
share = 100 * np.mean(verdicts.argmax(axis=1) == 2)
""",
    ],
    3: [
        # does nothing
        '''\
def switch_noise_off(network):
    """Set the strengths of all noise in a synthesis network to zero."""
''',
        # all weights
        '''\
def switch_noise_off(network):
    """Set the strengths of all noise in a synthesis network to zero."""
    network.set_weights([0 * weight for weight in network.get_weights()])
''',
        # the first of them only
        '''\
def switch_noise_off(network):
    """Set the strengths of all noise in a synthesis network to zero."""
    noise = next(layer for layer in network.layers if isinstance(layer, AddNoise))
    noise.strength.assign(np.zeros(noise.strength.shape))
''',
        # all arrays of one number a feature, so the biases as well
        '''\
def switch_noise_off(network):
    """Set the strengths of all noise in a synthesis network to zero."""
    weights = [0 * one if one.ndim == 1 else one for one in network.get_weights()]
    network.set_weights(weights)
''',
    ],
    4: [
        # x as it is
        '''\
def transfer(x, other):
    """Feature maps x (n, h, w, f) with the means and deviations of those of `other`."""
    return x
''',
        # normalized, without the new style
        '''\
def transfer(x, other):
    """Feature maps x (n, h, w, f) with the means and deviations of those of `other`."""
    mean, variance = ops.moments(x, axes=(1, 2), keepdims=True)
    return (x - mean) / ops.sqrt(variance + 1e-8)
''',
        # statistics of the batch, as in batch normalization
        '''\
def transfer(x, other):
    """Feature maps x (n, h, w, f) with the means and deviations of those of `other`."""
    mean, variance = ops.moments(x, axes=(0, 1, 2), keepdims=True)
    other_mean, other_variance = ops.moments(other, axes=(0, 1, 2), keepdims=True)
    return (x - mean) / ops.sqrt(variance + 1e-8) * ops.sqrt(other_variance) + other_mean
''',
        # the variance in place of the deviation
        '''\
def transfer(x, other):
    """Feature maps x (n, h, w, f) with the means and deviations of those of `other`."""
    mean, variance = ops.moments(x, axes=(1, 2), keepdims=True)
    other_mean, other_variance = ops.moments(other, axes=(1, 2), keepdims=True)
    return (x - mean) / ops.sqrt(variance + 1e-8) * other_variance + other_mean
''',
    ],
    5: [
        # without the gain
        '''\
def demodulated_kernel(kernel, style):
    """The kernel (3, 3, f, g) of one image, from the common kernel and its style (f,)."""
    scaled = kernel * style[:, np.newaxis]
    norm = np.sqrt(np.sum(scaled**2, axis=(0, 1, 2)) + 1e-8)
    return scaled / norm
''',
        # one norm for all output features
        '''\
def demodulated_kernel(kernel, style):
    """The kernel (3, 3, f, g) of one image, from the common kernel and its style (f,)."""
    scaled = kernel * style[:, np.newaxis]
    norm = np.sqrt(np.sum(scaled**2) + 1e-8)
    return np.sqrt(2) * scaled / norm
''',
        # one norm for each input feature, which takes the style away
        '''\
def demodulated_kernel(kernel, style):
    """The kernel (3, 3, f, g) of one image, from the common kernel and its style (f,)."""
    scaled = kernel * style[:, np.newaxis]
    norm = np.sqrt(np.sum(scaled**2, axis=(0, 1, 3), keepdims=True) + 1e-8)
    return np.sqrt(2) * scaled[:, :, :] / norm[0, 0]
''',
        # the norm of the kernel before it is scaled
        '''\
def demodulated_kernel(kernel, style):
    """The kernel (3, 3, f, g) of one image, from the common kernel and its style (f,)."""
    norm = np.sqrt(np.sum(kernel**2, axis=(0, 1, 2)) + 1e-8)
    scaled = kernel * style[:, np.newaxis]
    return np.sqrt(2) * scaled / norm
''',
        # the style at each place of the kernel's last axis, by broadcasting
        '''\
def demodulated_kernel(kernel, style):
    """The kernel (3, 3, f, g) of one image, from the common kernel and its style (f,)."""
    style = np.resize(style, kernel.shape[-1])
    scaled = kernel * style
    norm = np.sqrt(np.sum(scaled**2, axis=(0, 1, 2)) + 1e-8)
    return np.sqrt(2) * scaled / norm
''',
    ],
    6: [
        # the code of a z of zeros
        "center = np.float32(mapping(np.zeros((1, 32))))[0]",
        # of the 200 codes at hand
        "center = w.mean(axis=0)",
        # one code
        "center = w[0]",
        # zero
        "center = np.zeros(32)",
        # one number
        "center = w.mean()",
    ],
    7: [
        # all layers, as in the chapter
        '''\
def truncate_coarse(w, center, psi):
    """Styles (n, 5, 32) from codes w (n, 32), truncated at the two layers of 4 by 4 pixels."""
    return np.repeat((center + psi * (w - center))[:, np.newaxis], 5, axis=1)
''',
        # one layer
        '''\
def truncate_coarse(w, center, psi):
    """Styles (n, 5, 32) from codes w (n, 32), truncated at the two layers of 4 by 4 pixels."""
    styles = np.repeat(w[:, np.newaxis], 5, axis=1)
    styles[:, 0] = center + psi * (w - center)
    return styles
''',
        # the wrong way round
        '''\
def truncate_coarse(w, center, psi):
    """Styles (n, 5, 32) from codes w (n, 32), truncated at the two layers of 4 by 4 pixels."""
    styles = np.repeat(w[:, np.newaxis], 5, axis=1)
    styles[:, :2] = w[:, np.newaxis] + psi * (center - w[:, np.newaxis])
    return styles
''',
        # towards zero
        '''\
def truncate_coarse(w, center, psi):
    """Styles (n, 5, 32) from codes w (n, 32), truncated at the two layers of 4 by 4 pixels."""
    styles = np.repeat(w[:, np.newaxis], 5, axis=1)
    styles[:, :2] = psi * w[:, np.newaxis]
    return styles
''',
        # nothing
        '''\
def truncate_coarse(w, center, psi):
    """Styles (n, 5, 32) from codes w (n, 32), truncated at the two layers of 4 by 4 pixels."""
    return np.repeat(w[:, np.newaxis], 5, axis=1)
''',
    ],
}
