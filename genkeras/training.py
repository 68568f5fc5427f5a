"""What training loops share: the learning-rate schedule."""

import keras


# Taught in chapter 03.
def warmup_cosine(peak_rate, steps):
    """Learning rate that rises to `peak_rate` in a twentieth of the steps, then falls to 0.

    Args:
        peak_rate: the highest learning rate.
        steps: gradient steps of the whole training, epochs times batches.
    Returns: A Keras learning-rate schedule.
    Source: Loshchilov and Hutter, SGDR, 2017 (cosine); Goyal et al., 2017 (warm-up).
    """
    warmup = max(1, steps // 20)
    return keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - warmup), warmup_target=peak_rate, warmup_steps=warmup
    )
