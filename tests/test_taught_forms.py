"""What a chapter teaches in its shortest form gives the same outputs as the complete form in gk."""

import genkeras as gk
import keras
import numpy as np
import pytest
from keras import layers, ops

from tools.lift import chapter

RNG = np.random.default_rng(0)


def x(*shape):
    return RNG.normal(size=shape).astype("float32")


def outputs(layer, inputs, seed=1):
    """What a layer gives and adds to the loss, with weights that depend on the seed only."""
    layer(inputs)  # builds it
    rng = np.random.default_rng(seed)
    for variable in layer.trainable_variables:
        variable.assign(rng.normal(size=variable.shape))
    keras.utils.set_random_seed(seed)
    return [ops.convert_to_numpy(value) for value in [layer(inputs), *layer.losses]]


LAYERS = [
    ("06", "KLDivergenceActivityRegularization", (0.2, 0.5), RNG.random((6, 4), "float32")),
    ("07", "Sampling", (0.3,), [x(6, 4), x(6, 4)]),
    ("12", "PixelNormalization", (), x(2, 4, 4, 3)),
    ("12", "EqualizedDense", (3,), x(5, 7)),
    ("12", "EqualizedConv2D", (3, 3), x(2, 4, 4, 3)),
    ("12", "MinibatchStandardDeviation", (), x(2, 4, 4, 3)),
]


@pytest.mark.parametrize(("number", "name", "arguments", "inputs"), LAYERS)
def test_a_layer(number, name, arguments, inputs, monkeypatch):
    # Sampling: in the short form each call asks for noise, the complete one has a generator.
    monkeypatch.setattr(keras.random, "normal", lambda shape, **kwargs: 0.5 * ops.ones(shape))
    taught = outputs(chapter(number)[name](*arguments), inputs)
    complete = outputs(getattr(gk, name)(*arguments), inputs)
    assert len(taught) == len(complete)
    for one, other in zip(taught, complete, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_transposed_dense():
    dense = layers.Dense(3)
    dense.build((None, 5))
    z = x(4, 3)
    taught, complete = (
        chapter("03")["TransposedDense"](dense, "tanh"),
        gk.TransposedDense(dense, "tanh"),
    )
    np.testing.assert_allclose(taught(z), complete(z), rtol=1e-6)
    for layer in (taught, complete):
        layer.bias.assign([1.0, 2.0, 3.0, 4.0, 5.0])
    np.testing.assert_allclose(taught(z), complete(z), rtol=1e-6)


@pytest.mark.parametrize("steps", [1, 7, 200])
def test_the_schedule(steps):
    schedules = chapter("03")["warmup_cosine"](2e-3, steps), gk.warmup_cosine(2e-3, steps)
    taught, complete = ([float(s(step)) for step in range(0, steps + 1)] for s in schedules)
    assert taught == complete
