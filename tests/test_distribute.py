"""Two devices train as one does: gk.setup(distribute=...), on two logical CPUs.

They have to be declared before TensorFlow starts. So this file is also the script that trains
everything, first on one device and then on two, in a process of its own.
"""

import json
import os
import subprocess
import sys

import genkeras as gk
import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import ROOT
from keras import layers, ops

RNG = np.random.default_rng(0)
X = RNG.random((96, 12), "float32")
Z = RNG.standard_normal((96, 4), "float32")
IMAGES = RNG.random((32, 28, 28, 1), "float32")


def mlp(*units, **kwargs):
    dense = [layers.Dense(n, activation="tanh", **kwargs) for n in units[1:]]
    return keras.Sequential([keras.Input(units[:1]), *dense])


class GAN(gk.AdversarialModel):
    """A dense GAN that is fed its noise, since devices draw different noise."""

    def __init__(self):
        super().__init__()
        self.players = {"g": mlp(4, 8, 12), "d": mlp(12, 8, 1)}
        self.g, self.d, self.average = *self.players.values(), mlp(4, 8, 12)
        self.average.set_weights(self.g.get_weights())
        self.d_loss = keras.metrics.Mean(name="d_loss")
        self.built = True

    def compile(self, **kwargs):
        # With Adam, a gradient of twice the size would go unnoticed.
        self.steps = {name: keras.optimizers.SGD(0.1, momentum=0.5) for name in self.players}
        for name, optimizer in self.steps.items():
            optimizer.build(self.players[name].trainable_variables)
        super().compile(**kwargs)

    def train_step(self, data):
        real, z = data

        def d_loss():
            return ops.mean(ops.softplus(-self.d(real)) + ops.softplus(self.d(self.g(z))))

        def g_loss():
            return ops.mean(ops.softplus(-self.d(self.g(z))))

        self.d_loss.update_state(gk.minimize(self.steps["d"], d_loss, self.d.trainable_variables))
        gk.minimize(self.steps["g"], g_loss, self.g.trainable_variables)
        for mean, weight in zip(self.average.weights, self.g.weights, strict=True):
            mean.assign(0.9 * mean + 0.1 * weight)
        return {"d_loss": self.d_loss.result()}


def weights_of(model):
    return np.concatenate([w.ravel() for w in model.get_weights()]).tolist()


def train_autoencoder():
    model = mlp(12, 6, 12)
    model.compile("sgd", "mse", metrics=["mae"], steps_per_execution=3, jit_compile=True)
    fit = model.fit(X, X, batch_size=32, epochs=3, validation_data=(X[:32], X[:32]), verbose=0)
    return {
        **fit.history,
        "weights": weights_of(model),
        "prediction": model.predict(X, verbose=0).tolist(),
    }


def train_gan():
    model = GAN()
    model.compile(steps_per_execution=3, jit_compile=False)
    fit = model.fit(X, Z, batch_size=32, epochs=3, verbose=0)
    return {**fit.history, "weights": weights_of(model)}


def train_vae():
    inputs = keras.Input((12,))
    z = gk.Sampling(kl_weight=0.1, seed=0)([layers.Dense(2)(inputs), layers.Dense(2)(inputs)])
    model = keras.Model(inputs, layers.Dense(12)(z))
    nadam = keras.optimizers.Nadam(gk.warmup_cosine(1e-3, 3), global_clipnorm=1.0)
    model.compile(nadam, "mse", jit_compile=True, steps_per_execution=3)
    return model.fit(X, X, batch_size=32, verbose=0).history


def train_dcgan():
    from tools.lift import chapter

    code = chapter("11")
    model = code["DCGAN"](code["build_generator"](4), code["build_discriminator"]())
    rates = code["adam"](1e-4), code["adam"](1e-4)
    model.compile(*rates, steps_per_execution=2, jit_compile=False)
    history = model.fit(IMAGES, batch_size=16, epochs=2, verbose=0).history
    return {**history, "drawn": np.asarray(model.average(Z[:2])).ravel().tolist()}


def step_by_hand():
    """`gk.minimize` outside of `fit`."""
    model, optimizer = mlp(12, 6, 12), keras.optimizers.SGD(0.1)
    optimizer.build(model.trainable_variables)

    @tf.function
    def step():
        def loss():
            return ops.mean(ops.square(model(X) - X))

        return gk.minimize(optimizer, loss, model.trainable_variables)

    losses = [float(step()) for _ in range(3)]
    return {"losses": losses, "weights": weights_of(model)}


def draw_noise():
    """The random numbers that each device draws."""
    strategy, seed = tf.distribute.get_strategy(), keras.random.SeedGenerator(1)

    @tf.function
    def draw():
        return strategy.run(keras.random.normal, args=((3,),), kwargs={"seed": seed})

    return [one.numpy().tolist() for one in strategy.experimental_local_results(draw())]


def train_everything():
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    tasks = [train_autoencoder, train_gan, train_vae, train_dcgan, step_by_hand, draw_noise]
    for distribute, names in ((None, tasks), (["CPU:0", "CPU:1"], tasks), ("auto", tasks[:1])):
        answer = {}
        for task in names:
            gk.setup(distribute=distribute)  # again and again, as in a notebook
            answer[task.__name__] = task()
        print(json.dumps(answer), flush=True)


@pytest.fixture(scope="module")
def trained():
    done = subprocess.run(
        [sys.executable, __file__],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    setups = [line for line in done.stdout.splitlines() if line.startswith("Keras ")]
    assert ["2 x CPU" in line for line in setups] == [False] * 6 + [True] * 6 + [False]
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("task", ["train_autoencoder", "train_gan", "step_by_hand"])
def test_two_devices_compute_the_losses_and_weights_of_one(trained, task):
    one, two = trained[0][task], trained[1][task]
    for name in one:
        # Sums of float32 numbers in another order: a few times their accuracy of 6e-8.
        np.testing.assert_allclose(two[name], one[name], rtol=1e-5, atol=1e-6, err_msg=name)
    assert np.ptp(one.get("loss") or one.get("d_loss") or one["losses"]) > 1e-3  # it has moved


def test_chapter_11_trains_on_two_devices_with_similar_losses(trained):
    one, two = (result["train_dcgan"] for result in trained[:2])
    assert np.isfinite(two["drawn"]).all()
    for name in ("d_loss", "g_loss"):  # other noise, and batches of 8 for batch normalization
        np.testing.assert_allclose(two[name], one[name], rtol=0.1)


def test_a_variational_autoencoder_trains_on_two_devices_with_similar_losses(trained):
    one, two = (result["train_vae"] for result in trained[:2])
    np.testing.assert_allclose(two["kl_nats"], one["kl_nats"], rtol=0.01)  # noise enters later
    np.testing.assert_allclose(two["loss"], one["loss"], rtol=0.1)


def test_each_device_draws_numbers_of_its_own_and_the_first_those_of_a_single_one(trained):
    (alone,), (first, second) = (result["draw_noise"] for result in trained[:2])
    assert first == alone and not np.isclose(second, first).any()


def test_setup_can_go_back_to_one_device(trained):
    assert trained[2]["train_autoencoder"] == trained[0]["train_autoencoder"]


if __name__ == "__main__":
    train_everything()
