"""What training loops share: the learning-rate schedule, and steps right in mixed precision."""

import keras


# Taught in chapter 03.
def warmup_cosine(peak_rate, steps):
    """Learning rate that rises to `peak_rate` in a twentieth of the steps, then falls to 0.

    Args:
        peak_rate: the highest learning rate.
        steps: gradient steps of the whole training, epochs times batches; at least 1.

    Returns:
        A Keras learning-rate schedule.

    Raises:
        ValueError: if `steps` is less than 1.

    Source: Loshchilov and Hutter, SGDR, 2017 (cosine); Goyal et al., 2017 (warm-up).
    """
    if not steps >= 1:
        raise ValueError(f"steps must be at least 1 (epochs times batches), got {steps}")
    warmup = max(1, steps // 20)
    return keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - warmup), warmup_target=peak_rate, warmup_steps=warmup
    )


# Taught in chapter 10.
def scale_optimizer(optimizer):
    """Wrap an optimizer in a `LossScaleOptimizer` where the dtype policy is mixed_float16.

    Args:
        optimizer: a Keras optimizer.

    Returns:
        The wrapped optimizer, or the one that was given if it needs no wrapping.

    Source: Micikevicius et al., Mixed Precision Training, 2018.
    """
    wrapped = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    if wrapped or keras.config.dtype_policy().compute_dtype != "float16":
        return optimizer
    return keras.optimizers.LossScaleOptimizer(optimizer)


# Taught in chapter 10.
def minimize(optimizer, loss_fn, variables):
    """Make one gradient step on `variables` and on no others, scaling the loss if necessary.

    Args:
        optimizer: from `scale_optimizer`, one for each set of variables.
        loss_fn: function without arguments that returns a scalar loss.
        variables: the Keras variables to update.

    Returns:
        The loss before the step, a float32 scalar, not scaled.

    Raises:
        ValueError: if the loss is not a scalar, or depends on none of the variables.
        RuntimeError: on another Keras backend than TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError("minimize needs TensorFlow: set KERAS_BACKEND=tensorflow")
    import tensorflow as tf

    values = [variable.value for variable in variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values)
        loss = tf.cast(loss_fn(), "float32")
        if loss.shape.rank != 0:
            raise ValueError(f"loss_fn must return a scalar, got a loss of shape {loss.shape}")
        replicas = tf.distribute.get_strategy().num_replicas_in_sync  # their gradients are summed
        scaled_loss = optimizer.scale_loss(loss / replicas)
    gradients = tape.gradient(scaled_loss, values)
    if all(gradient is None for gradient in gradients):
        raise ValueError("the loss depends on none of the variables (is the model built?)")
    optimizer.apply(gradients, variables)
    return loss
