"""Keras layers that several chapters use. Each is written out in the chapter that teaches it."""

import keras
from keras import layers, ops


# Taught in chapter 03.
@keras.saving.register_keras_serializable("genkeras")
class TransposedDense(layers.Layer):
    """Dense layer tied to another: activation(x W^T + b), where W is the other layer's kernel.

    It maps (batch, units of `dense`) to (batch, inputs of `dense`) and has its own bias. A saved
    model is tied again when it is loaded if it contains both layers itself, not in models inside
    it. Copies made by `keras.models.clone_model` or `to_json` are not tied.

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
    first value is kept as `initial_kl_weight`.

    Args:
        kl_weight: factor of the KL, 0 or more. Beside an MSE, which is a mean over pixels, the
            weight 1 / pixels keeps the balance.
        seed: seed of the layer's random numbers, an integer; None draws one from Keras.

    Raises:
        ValueError: for a weight out of range, or inputs that are not two tensors of one shape.

    Source: Kingma and Welling, Auto-Encoding Variational Bayes, 2014.
    """

    def __init__(self, kl_weight=0.0, seed=None, **kwargs):
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
        if len(inputs) != 2 or inputs[0].shape != inputs[1].shape:
            raise ValueError("Sampling: expected [mean, log_var], two tensors of one shape")
        mean, log_var = inputs
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

    Args:
        **kwargs: as for any Keras layer (`name`, `dtype`).

    Raises:
        ValueError: for any other keyword argument.

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

    Raises:
        ValueError: as `Dense`, for example if `units` is not a positive whole number.

    Source: Karras et al., Progressive Growing of GANs, 2018, section 4.1.
    """

    def __init__(self, units, gain=2**0.5, **kwargs):
        normal = keras.initializers.RandomNormal(stddev=1.0)
        super().__init__(units, **{"kernel_initializer": normal, **kwargs})
        self.gain = gain

    def call(self, x):
        return super().call(x * self.gain / self.kernel.shape[0] ** 0.5)

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

    Raises:
        ValueError: as `Conv2D`, for example if `filters` is not a positive whole number.

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
        return super().call(x * self.gain / (height * width * channels) ** 0.5)

    def get_config(self):
        return {**super().get_config(), "gain": self.gain}


# Taught in chapter 12.
@keras.saving.register_keras_serializable("genkeras")
class MinibatchStandardDeviation(layers.Layer):
    """Add a feature map that tells how much the examples of the batch differ on average.

    It maps (batch, height, width, features) to (batch, height, width, features + 1). The new map
    is constant: the standard deviation over the batch, averaged over features and places.

    Args:
        **kwargs: as for any Keras layer (`name`, `dtype`).

    Raises:
        ValueError: for any other keyword argument.

    Source: Karras et al., Progressive Growing of GANs, 2018, section 3.
    """

    def call(self, x):
        deviations = ops.sqrt(ops.var(ops.cast(x, "float32"), axis=0) + 1e-8)
        new_map = ops.zeros_like(x[..., :1]) + ops.cast(ops.mean(deviations), x.dtype)
        return ops.concatenate([x, new_map], axis=-1)


# Taught in chapter 12.
@keras.saving.register_keras_serializable("genkeras")
class FadeIn(layers.Layer):
    """(1 - alpha) old + alpha new, for a pair of tensors of one shape, in float32.

    `alpha` is a variable between 0 and 1 that is not trained; it starts at 1.

    Args:
        **kwargs: as for any Keras layer (`name`, `dtype`).

    Raises:
        ValueError: for any other keyword argument.

    Source: Karras et al., Progressive Growing of GANs, 2018, section 2.
    """

    def __init__(self, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.alpha = self.add_weight(shape=(), initializer="ones", trainable=False, name="alpha")

    def call(self, inputs):
        old, new = inputs
        return old + self.alpha * (new - old)


# Taught in chapter 13.
@keras.saving.register_keras_serializable("genkeras")
class ModulatedConv2D(layers.Layer):
    """A convolution whose kernel is scaled by a style and, if asked, divided by its norm.

    It maps [x, w], of shapes (batch, h, w, inputs) and (batch, size of w), to (batch, h, w,
    filters). A dense layer computes a factor for each input feature from w.

    Args:
        filters: number of output features.
        kernel_size: height and width of the kernel, in pixels.
        demodulate: whether to divide the kernel of each output feature by its norm.
        gain: factor of the output: 2 ** 0.5 before a ReLU or leaky ReLU, 1 for a linear output.
        **kwargs: as for any Keras layer (`name`, `dtype`).

    Raises:
        ValueError: for any other keyword argument.

    Source: Karras et al., Analyzing and Improving the Image Quality of StyleGAN, 2020, section 2.2.
    """

    def __init__(self, filters, kernel_size, demodulate=True, gain=2**0.5, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = kernel_size
        self.demodulate = demodulate
        self.gain = gain

    def build(self, input_shapes):
        inputs = input_shapes[0][-1]
        shape = (self.kernel_size, self.kernel_size, inputs, self.filters)
        normal = keras.initializers.RandomNormal(stddev=1.0)
        self.kernel = self.add_weight(shape=shape, initializer=normal, name="kernel")
        self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")
        self.to_style = EqualizedDense(inputs, gain=1.0, bias_initializer="ones", dtype="float32")
        self.to_style.build(input_shapes[1])

    def call(self, inputs):
        x, w = inputs
        style = self.to_style(w)
        if self.demodulate:
            squares = ops.sum(ops.square(ops.cast(self.kernel, "float32")), axis=(0, 1))
            scale = self.gain * ops.rsqrt(ops.matmul(ops.square(style), squares) + 1e-8)
            scale = scale[:, None, None]
        else:
            scale = self.gain / (self.kernel_size**2 * self.kernel.shape[2]) ** 0.5
        style, scale = ops.cast(style[:, None, None], x.dtype), ops.cast(scale, x.dtype)
        return ops.conv(x * style, self.kernel, padding="same") * scale + self.bias

    def get_config(self):
        config = {"filters": self.filters, "kernel_size": self.kernel_size}
        config |= {"demodulate": self.demodulate, "gain": self.gain}
        return {**super().get_config(), **config}


# Taught in chapter 13.
@keras.saving.register_keras_serializable("genkeras")
class AddNoise(layers.Layer):
    """Add noise to features, with a trained strength for each feature that starts at 0.

    It maps [x, noise], of shapes (batch, h, w, features) and (batch, h, w, 1), to the shape of x.

    Args:
        **kwargs: as for any Keras layer (`name`, `dtype`).

    Raises:
        ValueError: for any other keyword argument.

    Source: Karras et al., A Style-Based Generator Architecture for GANs, 2019, section 2.
    """

    def build(self, input_shapes):
        features = input_shapes[0][-1]
        self.strength = self.add_weight(shape=(features,), initializer="zeros", name="strength")

    def call(self, inputs):
        x, noise = inputs
        return x + self.strength * noise


# Taught in chapter 13.
@keras.saving.register_keras_serializable("genkeras")
class LearnedConstant(layers.Layer):
    """The same trained tensor for each example of a batch, whatever the input is.

    It maps (batch, ...) to (batch, *shape); the values start as draws from N(0, 1).

    Args:
        shape: of the tensor, for example (4, 4, 64).
        **kwargs: as for any Keras layer (`name`, `dtype`).

    Raises:
        ValueError: for any other keyword argument.

    Source: Karras et al., A Style-Based Generator Architecture for GANs, 2019, section 2.
    """

    def __init__(self, shape, **kwargs):
        super().__init__(**kwargs)
        self.shape = tuple(shape)
        normal = keras.initializers.RandomNormal(stddev=1.0)
        self.constant = self.add_weight(shape=self.shape, initializer=normal, name="constant")

    def call(self, x):
        return ops.broadcast_to(self.constant, (ops.shape(x)[0], *self.shape))

    def get_config(self):
        return {**super().get_config(), "shape": self.shape}
