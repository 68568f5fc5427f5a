"""Keras layers that more than one chapter uses. Each is written out in the chapter it belongs to."""

import keras
from keras import layers, ops


# Taught in chapter 03.
@keras.saving.register_keras_serializable("genkeras")
class TransposedDense(layers.Layer):
    """Dense layer tied to another: activation(x W^T + b), W being the other's kernel.

    Maps (batch, units of `dense`) to (batch, inputs of `dense`) with a bias of its own. A saved
    model is tied again when loaded if it holds both layers itself, not in models inside it: Keras
    shares layers within a model's configuration only.

    Args:
        dense: the `Dense` layer whose kernel W, of shape (inputs, units), is shared; built.
        activation: name or function, as for `Dense`; None is linear.

    Raises:
        ValueError: if `dense` has no kernel yet, or the input's last axis is not its units.

    Source: Vincent et al., Stacked Denoising Autoencoders, 2010 (tied weights).
    """

    def __init__(self, dense, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.dense = dense
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        if not self.dense.built:
            raise ValueError(f"TransposedDense: layer {self.dense.name!r} must be built first")
        inputs, units = self.dense.kernel.shape
        if input_shape[-1] != units:
            raise ValueError(
                f"TransposedDense: expected inputs of size {units}, got {input_shape[-1]}"
            )
        self.bias = self.add_weight(shape=(inputs,), initializer="zeros", name="bias")

    def call(self, x):
        return self.activation(ops.matmul(x, ops.transpose(self.dense.kernel)) + self.bias)

    def get_config(self):
        dense = keras.saving.serialize_keras_object(self.dense)
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "dense": dense, "activation": activation}

    @classmethod
    def from_config(cls, config):
        dense = keras.saving.deserialize_keras_object(config["dense"])
        return cls(**{**config, "dense": dense})


# Taught in chapter 06.
@keras.saving.register_keras_serializable("genkeras")
class KLDivergenceActivityRegularization(layers.Layer):
    """Pass codes on unchanged; add weight * sum over units of D_KL(target, q) to the loss.

    q is a unit's mean activation over the batch, so codes must lie between 0 and 1 (sigmoid).
    Maps (batch, ..., units) to itself. The statistics are float32 under every dtype policy. Under
    a `tf.distribute` strategy each replica takes the means of its own part of the batch.

    Args:
        target: wanted mean activation p, strictly between 0 and 1.
        weight: factor of the penalty, 0 or more.

    Raises:
        ValueError: for a target or weight out of range.

    Source: Hands-On Machine Learning, ch. 17; Ng, Sparse Autoencoder, 2011.
    """

    def __init__(self, target=0.1, weight=5e-3, **kwargs):
        super().__init__(**kwargs)
        if not 0 < target < 1:
            raise ValueError(
                "target must lie strictly between 0 and 1 (a fraction of active units), "
                f"got {target}"
            )
        if not 0 <= weight < float("inf"):
            raise ValueError(f"weight must be a finite number, 0 or more, got {weight}")
        self.target, self.weight = target, weight

    def call(self, codes):
        p = self.target
        q = ops.mean(ops.cast(codes, "float32"), axis=tuple(range(len(codes.shape) - 1)))
        q = ops.clip(q, 1e-6, 1 - 1e-6)
        kl = p * ops.log(p / q) + (1 - p) * ops.log((1 - p) / (1 - q))
        self.add_loss(self.weight * ops.sum(kl))
        return codes

    def get_config(self):
        return {**super().get_config(), "target": self.target, "weight": self.weight}
