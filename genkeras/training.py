"""What training loops share: the learning-rate schedule, steps right in mixed precision, and a
base class for models whose players have optimizers of their own."""

import keras
import numpy as np
from genkeras.data import check_range


def warmup_cosine(peak_rate, steps):
    """Learning rate that rises to `peak_rate` in a twentieth of the steps, then falls to 0.

    Args:
        peak_rate: the highest learning rate.
        steps: gradient steps of the whole training, epochs times batches; at least 1.

    Returns:
        A Keras learning-rate schedule. Already the first step has a rate above 0.

    Raises:
        ValueError: if `steps` is less than 1.

    Source: Loshchilov and Hutter, SGDR, 2017 (cosine); Goyal et al., 2017 (warm-up).
    """
    if not steps >= 1:
        raise ValueError(f"steps must be at least 1 (epochs times batches), got {steps}")
    warmup = max(1, steps // 20)
    return keras.optimizers.schedules.CosineDecay(
        peak_rate / warmup, max(1, steps - warmup), warmup_target=peak_rate, warmup_steps=warmup
    )


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


def minimize(optimizer, loss_fn, variables):
    """Make one gradient step on `variables` and on no others, scaling the loss if necessary.

    With several devices (`setup`), each computes the loss of its part of the batch inside of
    `fit`, and the mean gradient makes the step. Elsewhere each of them computes the whole loss.

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

    if tf.distribute.in_cross_replica_context():  # several devices, and called outside of `fit`
        strategy = tf.distribute.get_strategy()
        losses = strategy.run(minimize, args=(optimizer, loss_fn, variables))
        return strategy.reduce("MEAN", losses, axis=None)
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


class AdversarialModel(keras.Model):
    """A `keras.Model` for GANs, which says in a sentence what such a model cannot do.

    A subclass has a `train_step` of its own, in which each player makes its step (`minimize`). It
    has no validation loss, and it is not saved as a whole: save the players.

    Attributes:
        image_range: (lowest, highest) value of the images that `fit` takes; arrays and tensors
            outside of it are refused. Data sets (`tf.data`) are not looked into.
    """

    image_range = (0.0, 1.0)

    def fit(self, x=None, *args, **kwargs):
        """`keras.Model.fit`; ValueError for images out of range and for validation data."""
        if kwargs.get("validation_data") is not None or kwargs.get("validation_split"):
            raise ValueError(self._no("validation_data"))
        if isinstance(x, np.ndarray) or keras.ops.is_tensor(x):
            check_range(np.asarray(x), *self.image_range)
        return super().fit(x, *args, **kwargs)

    def evaluate(self, *args, **kwargs):
        """Not possible: raises a NotImplementedError."""
        raise NotImplementedError(self._no("evaluate"))

    def _no(self, what):
        return (
            f"{type(self).__name__} has no validation loss, which {what} would need: "
            "draw images and score them, for example with gk.frechet_distance"
        )

    def save(self, *args, **kwargs):
        """Not possible: raises a NotImplementedError."""
        raise NotImplementedError(
            f"{type(self).__name__} cannot be saved as a whole: save its networks (for example "
            "model.generator.save('generator.keras')), or its weights with save_weights "
            "(ModelCheckpoint: save_weights_only=True)"
        )
