"""One gradient step, right in mixed precision: gk.minimize and gk.scale_optimizer."""

import genkeras as gk
import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops


@pytest.fixture
def policy(request):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


half_precision = pytest.mark.parametrize("policy", ["mixed_float16"], indirect=True)
TARGET = np.array([[0.3], [-0.2]], "float32")  # small, so that the first scale does not overflow


def regression(dtype, seed=0):
    """A linear model with its data, the same weights under every dtype policy."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(64, 2)).astype("float32")
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1, dtype=dtype)])
    model.set_weights([np.zeros((2, 1)), np.zeros(1)])
    return model, x, x @ TARGET


def losses(dtype, step, steps=200, scale=1.0):
    """The losses of `steps` steps of SGD, each made by step(optimizer, loss_fn, variables)."""
    model, x, y = regression(dtype)
    optimizer = keras.optimizers.SGD(0.1 / scale)
    if dtype == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    optimizer.build(model.trainable_variables)

    @tf.function
    def run():
        return step(
            optimizer,
            lambda: scale * ops.mean(ops.square(ops.cast(model(x), "float32") - y)),
            model.trainable_variables,
        )

    return np.array([float(run()) for _ in range(steps)])


def naive_step(optimizer, loss_fn, variables):
    """What a hand-written tape does that forgets to scale the loss."""
    with tf.GradientTape() as tape:
        loss = loss_fn()
    optimizer.apply(tape.gradient(loss, [v.value for v in variables]), variables)
    return loss


def test_half_precision_follows_float32_where_a_naive_tape_stands_still():
    full = losses("float32", gk.minimize)
    half = losses("mixed_float16", gk.minimize)
    naive = losses("mixed_float16", naive_step)
    assert full[-1] < 1e-3 * full[0]
    np.testing.assert_allclose(half, full, rtol=0.02, atol=1e-5)
    assert naive[-1] > 0.9 * naive[0]


def test_gradients_too_small_for_half_precision_survive():
    tiny = 1e-6  # a loss whose gradients would vanish in float16
    half = losses("mixed_float16", gk.minimize, scale=tiny)
    assert half[-1] < 1e-2 * half[0]


@half_precision
def test_an_overflow_halves_the_scale_and_skips_the_step(policy):
    variable = keras.Variable(1.0)
    optimizer = gk.scale_optimizer(keras.optimizers.SGD(1.0))
    optimizer.build([variable])
    scale = float(optimizer.dynamic_scale)
    gk.minimize(optimizer, lambda: variable * np.inf, [variable])
    assert float(variable) == 1.0
    assert float(optimizer.dynamic_scale) == scale / 2
    gk.minimize(optimizer, lambda: 0.5 * variable, [variable])
    assert float(variable) == 0.5


def test_other_variables_do_not_move_by_one_bit():
    mine, other = keras.Variable(1.0), keras.Variable(2.0)
    optimizer = keras.optimizers.Adam(0.1)
    for _ in range(5):
        loss = gk.minimize(optimizer, lambda: ops.square(mine * other), [mine])
    assert float(other) == 2.0 and float(mine) < 1.0
    assert loss.dtype == tf.float32


def test_the_loss_comes_back_before_the_step_and_not_scaled():
    variable = keras.Variable(3.0)
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1))
    assert float(gk.minimize(optimizer, lambda: variable**2, [variable])) == 9.0


def test_minimize_says_what_is_wrong(monkeypatch):
    variable, other = keras.Variable(1.0), keras.Variable(1.0)
    optimizer = keras.optimizers.SGD()
    for variables in ([], [other]):
        with pytest.raises(
            ValueError, match="depends on none of the variables .is the model built"
        ):
            gk.minimize(optimizer, lambda: variable * 2, variables)
    with pytest.raises(ValueError, match="must return a scalar"):
        gk.minimize(optimizer, lambda: variable * np.ones(3), [variable])
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(RuntimeError, match="KERAS_BACKEND=tensorflow"):
        gk.minimize(optimizer, lambda: variable * 2, [variable])


@pytest.mark.parametrize("steps", [0, -5, float("nan")])
def test_a_schedule_without_steps_is_refused(steps):
    with pytest.raises(ValueError, match="steps must be at least 1"):
        gk.warmup_cosine(1e-3, steps)


def test_a_schedule_rises_and_falls_to_zero():
    schedule = gk.warmup_cosine(2e-3, 100)
    rates = [float(schedule(step)) for step in (0, 5, 52, 100)]
    assert rates[0] == pytest.approx(4e-4) and rates[1] == pytest.approx(2e-3, rel=1e-3)
    assert 0.8e-3 < rates[2] < 1.2e-3 and rates[3] == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("steps", [1, 2, 30])
def test_the_first_step_of_every_training_moves_the_weights(steps):
    variable = keras.Variable(1.0)
    optimizer = keras.optimizers.SGD(gk.warmup_cosine(0.1, steps))
    gk.minimize(optimizer, lambda: variable * 1.0, [variable])
    assert float(variable) < 1.0


def test_optimizers_are_left_alone_in_full_precision():
    optimizer = keras.optimizers.Adam()
    assert gk.scale_optimizer(optimizer) is optimizer


@half_precision
def test_optimizers_are_wrapped_once_in_half_precision(policy):
    scaled = gk.scale_optimizer(keras.optimizers.Adam())
    assert isinstance(scaled, keras.optimizers.LossScaleOptimizer)
    assert gk.scale_optimizer(scaled) is scaled


class Pair(gk.AdversarialModel):
    """Two linear models with an optimizer each; `phases` says which of them learn."""

    image_range = (-5.0, 5.0)

    def __init__(self, phases=("first", "second")):
        super().__init__()
        self.first, self.second = regression("float32")[0], regression("float32")[0]
        self.phases, self.built = phases, True

    def call(self, x):
        return self.first(x)

    def compile(self, **kwargs):
        super().compile(**kwargs)
        self.optimizers = {}
        for phase in self.phases:
            self.optimizers[phase] = gk.scale_optimizer(keras.optimizers.SGD(0.1))
            self.optimizers[phase].build(getattr(self, phase).trainable_variables)

    def train_step(self, data):
        x, y = data
        for phase in self.phases:
            model = getattr(self, phase)
            loss = gk.minimize(
                self.optimizers[phase],
                lambda model=model: ops.mean(ops.square(model(x) - y)),
                model.trainable_variables,
            )
        return {"loss": loss}


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("steps_per_execution", [1, 4])
def test_minimize_works_inside_train_step(jit_compile, steps_per_execution):
    _, x, y = regression("float32")
    model = Pair(phases=("first",))
    model.compile(jit_compile=jit_compile, steps_per_execution=steps_per_execution)
    model.fit(x, y, batch_size=16, epochs=30, verbose=0)
    np.testing.assert_allclose(model.first.get_weights()[0], TARGET, atol=1e-3)
    assert not np.any(model.second.get_weights()[0])


def pair():
    _, x, y = regression("float32")
    model = Pair()
    model.compile(jit_compile=False)
    return model, np.abs(x).clip(0.5, 1), y


def test_what_an_adversarial_model_cannot_do_is_said_in_a_sentence(tmp_path):
    model, x, y = pair()
    path = tmp_path / "model.keras"
    with pytest.raises(ValueError, match="Pair has no validation loss, which validation_data"):
        model.fit(x, y, validation_data=(x, y), verbose=0)
    with pytest.raises(NotImplementedError, match="no validation loss, which evaluate would need"):
        model.evaluate(x, y, verbose=0)
    checkpoint = keras.callbacks.ModelCheckpoint(path)
    for save in (
        lambda: model.save(path),
        lambda: model.fit(x, y, verbose=0, callbacks=[checkpoint]),
    ):
        with pytest.raises(NotImplementedError, match="cannot be saved as a whole: save its net"):
            save()
    assert list(tmp_path.iterdir()) == []


def test_weights_of_an_adversarial_model_can_be_saved(tmp_path):
    model, x, y = pair()
    model.fit(x, y, verbose=0)
    model.save_weights(tmp_path / "pair.weights.h5")
    other, *_ = pair()
    other.load_weights(tmp_path / "pair.weights.h5")
    np.testing.assert_array_equal(other.first.get_weights()[0], model.first.get_weights()[0])


@pytest.mark.parametrize("factor", [255, -9, np.nan])
def test_images_out_of_range_are_refused_in_fit(factor):
    model, x, y = pair()
    with pytest.raises(ValueError, match=r"must lie in \[-5, 5\], got values from"):
        model.fit(x * factor, y, verbose=0)
    with pytest.raises(ValueError, match=r"must lie in \[-5, 5\]"):
        model.fit((255 * x).astype("uint8"), y, verbose=0)
