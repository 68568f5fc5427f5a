"""The Keras layers that coursework and several chapters use, complete: with checks and saving.

The chapter that teaches a layer writes out a shorter form; a test holds both to the same outputs.
"""

import keras
from keras import layers, ops


# Taught in chapter 03.
@keras.saving.register_keras_serializable("genkeras")
class TransposedDense(layers.Layer):
    """Dense layer tied to another: activation(x W^T + b), where W is the other layer's kernel.

    It maps (batch, units of `dense`) to (batch, inputs of `dense`) and has its own bias. A saved
    model is tied again when it is loaded if it contains both layers itself. If they are in models
    inside it, or only this one is, the loaded layer has a kernel of its own, with the same values.
    So have the copies that `keras.models.clone_model` and `to_json` make. Setting `trainable` of this
    layer concerns the shared kernel, too.

    Args:
        dense: the `Dense` layer whose kernel W, of shape (inputs, units), is shared. It must be
            built before this layer is.
        activation: name or function, as for `Dense`; None is linear.

    Raises:
        ValueError: if `dense` is no `Dense` layer or has no kernel yet, or if the last axis of
            the input is not its number of units.

    Source: Vincent et al., Stacked Denoising Autoencoders, 2010 (tied weights).
    """

    def __init__(self, dense, activation=None, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(dense, layers.Dense):
            raise ValueError(f"TransposedDense: expected a Dense layer, got {dense!r}")
        self._hold_dense = lambda: dense  # in a function: Keras would take it for a part of this
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        dense = self._hold_dense()
        if not dense.built:
            raise ValueError(f"TransposedDense: layer {dense.name!r} must be built first")
        inputs, units = dense.kernel.shape
        if input_shape[-1] != units:
            raise ValueError(
                f"TransposedDense: expected inputs of size {units}, got {input_shape[-1]}"
            )
        self.kernel = dense.kernel  # one variable, which both layers list and save
        self.bias = self.add_weight(shape=(inputs,), initializer="zeros", name="bias")

    def call(self, x):
        return self.activation(ops.matmul(x, ops.transpose(self.kernel)) + self.bias)

    def get_config(self):
        dense = keras.saving.serialize_keras_object(self._hold_dense())
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "dense": dense, "activation": activation}

    @classmethod
    def from_config(cls, config):
        dense = keras.saving.deserialize_keras_object(config["dense"])
        return cls(**{**config, "dense": dense})


# Taught in chapter 06.
@keras.saving.register_keras_serializable("genkeras")
class KLDivergenceActivityRegularization(layers.Layer):
    """Return the codes unchanged; add weight * sum over units of D_KL(target, q) to the loss.

    q is a unit's mean activation over the batch, so the codes must lie between 0 and 1 (sigmoid).
    A mean outside of this range makes the loss NaN. The layer maps (batch, ..., units) to itself.
    The statistics are float32 under every dtype policy.

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
        self.target = target
        self.weight = weight

    def call(self, codes):
        p = self.target
        q = ops.mean(ops.cast(codes, "float32"), axis=tuple(range(len(codes.shape) - 1)))
        tiny = 1e-6  # keeps the logarithms finite at 0 and 1
        kl = p * ops.log(p / (q + tiny)) + (1 - p) * ops.log((1 - p) / (1 - q + tiny))
        self.add_loss(self.weight * ops.sum(kl))
        return codes

    def get_config(self):
        return {**super().get_config(), "target": self.target, "weight": self.weight}


# Taught in chapter 07.
@keras.saving.register_keras_serializable("genkeras")
class Sampling(layers.Layer):
    """Draw z = mean + exp(log_var / 2) * epsilon; add kl_weight * KL to N(0, I) to the loss.

    It maps the pair [mean, log_var], each (batch, d), to z (batch, d), in float32 under every
    dtype policy. The KL is summed over d and averaged over the batch. The metric "kl_nats" reports
    it without the weight. A callback can assign to the variable `kl_weight` (warm-up); its
    first value is kept as `initial_kl_weight`. `log_var` is clipped to [-30, 30], that is, standard
    deviations to [3e-7, 3e6], so that the loss stays finite up to means of 1e18.

    Args:
        kl_weight: factor of the KL, 0 or more. Beside an MSE, which is a mean over pixels, the
            weight 1 / pixels keeps the balance.
        seed: seed of the layer's random numbers, an integer; None draws one from Keras.

    Raises:
        ValueError: for a weight out of range, or inputs that are not two tensors of one shape.

    Source: Kingma and Welling, Auto-Encoding Variational Bayes, 2014.
    """

    def __init__(self, kl_weight, seed=None, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        if not 0 <= kl_weight < float("inf"):
            raise ValueError(f"kl_weight must be a finite number, 0 or more, got {kl_weight}")
        self.initial_kl_weight = kl_weight
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.kl_weight = self.add_weight(
            name="kl_weight",
            initializer=keras.initializers.Constant(kl_weight),
            trainable=False,
        )
        self.kl_metric = keras.metrics.Mean(name="kl_nats")

    def call(self, inputs):
        pair = isinstance(inputs, list | tuple) and len(inputs) == 2
        if not pair or inputs[0].shape != inputs[1].shape:
            raise ValueError("Sampling: expected [mean, log_var], two tensors of one shape")
        mean, log_var = inputs[0], ops.clip(inputs[1], -30, 30)
        kl = 0.5 * ops.sum(ops.exp(log_var) + ops.square(mean) - 1 - log_var, axis=-1)
        self.kl_metric.update_state(kl)
        self.add_loss(self.kl_weight * ops.mean(kl))
        epsilon = keras.random.normal(ops.shape(mean), dtype=mean.dtype, seed=self.seed_generator)
        return mean + ops.exp(0.5 * log_var) * epsilon

    def get_config(self):
        return {**super().get_config(), "kl_weight": self.initial_kl_weight, "seed": self.seed}


# Taught in chapter 12.
@keras.saving.register_keras_serializable("genkeras")
class PixelNormalization(layers.Layer):
    """Divide the features of each pixel by their root mean square.

    It maps (batch, ..., features) to the same shape and has no weights. The mean is computed in
    float32 under every dtype policy.

    Source: Karras et al., Progressive Growing of GANs, 2018, section 4.2.
    """

    def call(self, x):
        x32 = ops.cast(x, "float32")
        mean_square = ops.mean(ops.square(x32), axis=-1, keepdims=True)
        return ops.cast(x32 * ops.rsqrt(mean_square + 1e-8), x.dtype)


# Taught in chapter 12.
@keras.saving.register_keras_serializable("genkeras")
class EqualizedDense(layers.Dense):
    """`Dense` with an equalized learning rate: weights from N(0, 1), scaled in each call.

    The kernel is multiplied by gain / sqrt(number of inputs) whenever it is used, so that Adam
    changes the weights of all layers by the same share. The bias is not scaled.

    Args:
        units: as for `Dense`.
        gain: 2 ** 0.5 before a ReLU or leaky ReLU, 1 for a linear output.
        **kwargs: as for `Dense`.

    Source: Karras et al., Progressive Growing of GANs, 2018, section 4.1.
    """

    def __init__(self, units, gain=2**0.5, **kwargs):
        normal = keras.initializers.RandomNormal(stddev=1.0)
        super().__init__(units, **{"kernel_initializer": normal, **kwargs})
        self.gain = gain

    def call(self, x):
        return super().call(x * (self.gain / self.kernel.shape[0] ** 0.5))

    def get_config(self):
        return {**super().get_config(), "gain": self.gain}


# Taught in chapter 12.
@keras.saving.register_keras_serializable("genkeras")
class EqualizedConv2D(layers.Conv2D):
    """`Conv2D` with an equalized learning rate, as `EqualizedDense`; "same" padding by default.

    Args:
        filters, kernel_size: as for `Conv2D`.
        gain: 2 ** 0.5 before a ReLU or leaky ReLU, 1 for a linear output.
        **kwargs: as for `Conv2D`.

    Source: Karras et al., Progressive Growing of GANs, 2018, section 4.1.
    """

    def __init__(self, filters, kernel_size, gain=2**0.5, **kwargs):
        normal = keras.initializers.RandomNormal(stddev=1.0)
        super().__init__(
            filters, kernel_size, **{"kernel_initializer": normal, "padding": "same", **kwargs}
        )
        self.gain = gain

    def call(self, x):
        height, width, channels, _ = self.kernel.shape
        return super().call(x * (self.gain / (height * width * channels) ** 0.5))

    def get_config(self):
        return {**super().get_config(), "gain": self.gain}


# Taught in chapter 12.
@keras.saving.register_keras_serializable("genkeras")
class MinibatchStandardDeviation(layers.Layer):
    """Add a feature map that tells how much the examples of the batch differ on average.

    It maps (batch, height, width, features) to (batch, height, width, features + 1). The new map
    is constant: the standard deviation over the batch, averaged over features and places.

    Source: Karras et al., Progressive Growing of GANs, 2018, section 3.
    """

    def call(self, x):
        deviations = ops.sqrt(ops.var(ops.cast(x, "float32"), axis=0) + 1e-8)
        new_map = ops.zeros_like(x[..., :1]) + ops.cast(ops.mean(deviations), x.dtype)
        return ops.concatenate([x, new_map], axis=-1)
