"""What chapter 11 says of its models, by the classes of the chapter itself."""

import keras
import numpy as np
import pytest
from gans import chapter


@pytest.fixture
def eleven():
    return chapter("11")


def images(n=32, seed=0):
    return np.random.default_rng(seed).random((n, 28, 28, 1), "float32")


def train(model, n=32, epochs=3):
    model.compile(1e-3, 1e-3, jit_compile=False)
    return model.fit(images(n), batch_size=16, epochs=epochs, verbose=0).history["d_loss"]


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_training_in_half_precision_has_finite_losses(eleven, policy):
    keras.config.set_dtype_policy(policy)
    generator, discriminator = (
        eleven["build_generator"](4, (8, 8)),
        eleven["build_discriminator"]((4, 8)),
    )
    losses = train(eleven["DCGAN"](generator, discriminator))
    assert generator.layers[0].compute_dtype == policy.removeprefix("mixed_")
    assert np.isfinite(losses).all()


def test_the_average_moves_a_quarter_of_the_way_with_momentum_three_quarters(eleven):
    generator = eleven["build_generator"](4, (8, 8))
    model = eleven["DCGAN"](generator, eleven["build_discriminator"]((4, 8)), momentum=0.75)
    before = generator.get_weights()
    train(model, n=16, epochs=1)  # one step
    after, mean = generator.get_weights(), model.average.get_weights()
    assert max(np.abs(a - b).max() for a, b in zip(after, before, strict=True)) > 1e-4
    for a, b, m in zip(after, before, mean, strict=True):
        np.testing.assert_allclose(m, 0.75 * b + 0.25 * a, atol=1e-6)
