"""What training loops share: the learning-rate schedule, and steps right in mixed precision."""

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


# Taught in chapter 10.
def scale_optimizer(optimizer):
    """Wrap an optimizer in a `LossScaleOptimizer` where the dtype policy computes in float16.

    Args:
        optimizer: a Keras optimizer.
    Returns: The wrapped optimizer under mixed_float16, else the optimizer itself; wrapped only once.
    Source: Micikevicius et al., Mixed Precision Training, 2018.
    """
    scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    if keras.config.dtype_policy().compute_dtype != "float16" or scaled:
        return optimizer
    return keras.optimizers.LossScaleOptimizer(optimizer)


# Taught in chapter 10.
def minimize(optimizer, loss_fn, variables):
    """One gradient step on `variables` and no others; the loss is scaled if the optimizer asks.

    Args:
        optimizer: from `scale_optimizer`; one for each set of variables.
        loss_fn: function without arguments that returns a scalar loss.
        variables: the Keras variables to move, a part of what the loss depends on.
    Returns: The loss before the step, float32 and not scaled.
    Raises: RuntimeError: on a Keras backend other than TensorFlow.
        ValueError: if `variables` is empty, or the loss depends on none of them.
    """
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError("minimize needs TensorFlow: set KERAS_BACKEND=tensorflow")
    import tensorflow as tf

    variables = list(variables)
    if not variables:
        raise ValueError("variables is empty: is the model built?")
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([variable.value for variable in variables])
        loss = tf.cast(loss_fn(), "float32")
        scaled = optimizer.scale_loss(loss)
    gradients = tape.gradient(scaled, [variable.value for variable in variables])
    if all(gradient is None for gradient in gradients):
        raise ValueError("the loss depends on none of the variables")
    optimizer.apply(gradients, variables)
    return loss
