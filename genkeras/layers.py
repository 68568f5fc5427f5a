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
