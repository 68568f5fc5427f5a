"""TransposedDense and Sampling against closed forms, finite differences, files and policies."""

import subprocess
import sys

import genkeras as gk
import keras
import numpy as np
import pytest
from keras import layers, ops


def tied_autoencoder(units=3, inputs=5, activation=None, **kwargs):
    dense = layers.Dense(units, name="code", **kwargs)
    tied = gk.TransposedDense(dense, activation=activation, **kwargs)
    return keras.Sequential([keras.Input((inputs,)), dense, tied]), dense, tied


def randomize(model, seed=0):
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(size=w.shape).astype("float32") for w in model.get_weights()])


def test_transposed_dense_is_the_closed_form():
    model, dense, tied = tied_autoencoder(activation="tanh")
    randomize(model)
    x = np.random.default_rng(1).normal(size=(4, 3)).astype("float32")
    kernel, bias = (ops.convert_to_numpy(v) for v in (dense.kernel, tied.bias))
    np.testing.assert_allclose(tied(x), np.tanh(x @ kernel.T + bias), rtol=1e-5)


def test_tied_model_has_half_the_kernels():
    model, dense, tied = tied_autoencoder()
    assert model.count_params() == 5 * 3 + 3 + 5
    assert len(model.trainable_weights) == 3


def test_gradient_of_the_shared_kernel_matches_finite_differences():
    import tensorflow as tf

    model, dense, tied = tied_autoencoder(activation="sigmoid", dtype="float64")
    randomize(model)
    x = np.random.default_rng(2).normal(size=(6, 5))

    def loss():
        return ops.mean(ops.square(model(x) - x))

    with tf.GradientTape() as tape:
        value = loss()
    gradient = tape.gradient(value, dense.kernel.value).numpy()
    kernel, step = dense.kernel.numpy(), 1e-6
    for index in np.ndindex(kernel.shape):
        ends = []
        for sign in (1, -1):
            moved = kernel.copy()
            moved[index] += sign * step
            dense.kernel.assign(moved)
            ends.append(float(loss()))
        dense.kernel.assign(kernel)
        assert gradient[index] == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-7)


def test_a_loaded_tied_model_is_the_same_and_still_tied(tmp_path):
    model, *_ = tied_autoencoder(activation="relu")
    randomize(model)
    model.save(tmp_path / "tied.keras")
    loaded = keras.models.load_model(tmp_path / "tied.keras")
    x = np.random.default_rng(3).normal(size=(4, 5)).astype("float32")
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)
    dense, tied = loaded.layers
    assert tied.kernel is dense.kernel
    assert loaded.count_params() == model.count_params()
    dense.kernel.assign(np.zeros((5, 3)))
    bias = ops.convert_to_numpy(tied.bias)
    np.testing.assert_allclose(tied(np.ones((1, 3))), np.maximum(bias, 0)[None], rtol=1e-6)


def test_a_fresh_process_that_imported_genkeras_can_load(tmp_path):
    model, *_ = tied_autoencoder()
    model.save(tmp_path / "tied.keras")
    code = f"import genkeras, keras; keras.models.load_model({str(tmp_path / 'tied.keras')!r})"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("functional", [False, True])
def test_tied_layers_in_models_inside_a_model_keep_their_values_when_loaded(tmp_path, functional):
    dense = layers.Dense(3, name="code")
    encoder = keras.Sequential([keras.Input((5,)), dense])
    decoder = keras.Sequential([keras.Input((3,)), gk.TransposedDense(dense, "tanh")])
    if functional:
        x = keras.Input((5,))
        model = keras.Model(x, decoder(encoder(x)))
    else:
        model = keras.Sequential([keras.Input((5,)), encoder, decoder])
    randomize(model)
    assert len(model.trainable_weights) == 3 and model.count_params() == 5 * 3 + 3 + 5
    x = np.random.default_rng(3).normal(size=(4, 5)).astype("float32")
    expected = model.predict(x, verbose=0)
    model.save(tmp_path / "tied.keras")
    loaded = keras.models.load_model(tmp_path / "tied.keras")
    np.testing.assert_allclose(loaded.predict(x, verbose=0), expected, rtol=1e-6)
    model.save_weights(tmp_path / "tied.weights.h5")
    randomize(model, seed=9)
    model.load_weights(tmp_path / "tied.weights.h5")
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-6)


def test_freezing_the_tied_layer_leaves_the_bias_of_the_other_trainable():
    model, dense, tied = tied_autoencoder()
    tied.trainable = False
    assert [v.name for v in dense.trainable_variables] == ["bias"]  # the kernel is one variable


def test_decoder_saved_alone_loads(tmp_path):
    model, dense, tied = tied_autoencoder()
    randomize(model)
    decoder = keras.Sequential([keras.Input((3,)), tied])
    decoder.save(tmp_path / "decoder.keras")
    loaded = keras.models.load_model(tmp_path / "decoder.keras")
    z = np.ones((2, 3), "float32")
    np.testing.assert_allclose(
        loaded.predict(z, verbose=0), decoder.predict(z, verbose=0), rtol=1e-6
    )


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_policies_keep_float32_variables_and_agree_with_float32(policy):
    keras.config.set_dtype_policy(policy)
    model, dense, tied = tied_autoencoder(activation="tanh")
    randomize(model)
    x = np.random.default_rng(4).normal(size=(4, 3)).astype("float32")
    kernel, bias = (ops.convert_to_numpy(v) for v in (dense.kernel, tied.bias))
    out = tied(x)
    assert keras.backend.standardize_dtype(out.dtype) == tied.compute_dtype
    assert keras.backend.standardize_dtype(tied.bias.dtype) == "float32"
    expected = np.tanh(x @ kernel.T + bias)
    out = ops.convert_to_numpy(ops.cast(out, "float32"))
    np.testing.assert_allclose(out, expected, atol=1e-5 if policy == "float32" else 0.05)


def test_tied_model_trains_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_float16")
    keras.utils.set_random_seed(0)
    model, *_ = tied_autoencoder()
    model.compile(loss="mse", optimizer=keras.optimizers.Adam(0.03))
    x = np.random.default_rng(5).normal(size=(64, 5)).astype("float32")
    losses = model.fit(x, x, epochs=30, verbose=0).history["loss"]
    assert losses[-1] < 0.7 * losses[0]


def test_an_unbuilt_dense_is_refused():
    with pytest.raises(ValueError, match="'later' must be built first"):
        gk.TransposedDense(layers.Dense(3, name="later"))(np.ones((1, 3)))


def test_a_layer_that_is_not_dense_is_refused():
    with pytest.raises(ValueError, match="expected a Dense layer, got <Conv2D"):
        gk.TransposedDense(layers.Conv2D(3, 2))


def test_inputs_of_the_wrong_size_are_refused():
    _, dense, _ = tied_autoencoder()
    fresh = gk.TransposedDense(dense)
    with pytest.raises(ValueError, match="inputs of size 3, got 4"):
        fresh(np.ones((1, 4)))


def vae(kl_weight, latent_dim=2):
    inputs = keras.Input((6,))
    mean, log_var = layers.Dense(latent_dim)(inputs), layers.Dense(latent_dim)(inputs)
    return keras.Model(inputs, layers.Dense(6)(gk.Sampling(kl_weight, seed=0)([mean, log_var])))


def test_sampling_draws_with_the_mean_and_spread_it_is_given():
    mean, log_var = np.full((20_000, 2), 3.0), np.full((20_000, 2), np.log(4.0))
    z = np.asarray(gk.Sampling(0.0, seed=0)([mean.astype("float32"), log_var.astype("float32")]))
    assert np.allclose(z.mean(axis=0), 3, atol=0.06) and np.allclose(z.std(axis=0), 2, atol=0.04)


def test_sampling_adds_the_closed_form_of_the_divergence():
    mean, log_var = np.array([[1.0, -2.0]], "float32"), np.array([[0.5, -1.0]], "float32")
    layer = gk.Sampling(kl_weight=0.1, seed=0)
    layer([mean, log_var])
    kl = 0.5 * np.sum(np.exp(log_var) + mean**2 - 1 - log_var)
    assert float(layer.losses[0]) == pytest.approx(0.1 * kl, rel=1e-5)
    assert float(layer.kl_metric.result()) == pytest.approx(kl, rel=1e-5)


def test_fit_and_evaluate_report_the_divergence_apart():
    x = np.random.default_rng(0).normal(size=(64, 6)).astype("float32")
    model = vae(kl_weight=0.5)
    model.compile(loss="mse", metrics=["mse"], optimizer="adam")
    history = model.fit(x, x, epochs=1, batch_size=64, verbose=0).history
    assert history["loss"][0] == pytest.approx(
        history["mse"][0] + 0.5 * history["kl_nats"][0], rel=1e-4
    )
    logs = model.evaluate(x, x, batch_size=64, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(logs["mse"] + 0.5 * logs["kl_nats"], rel=1e-4)


def test_a_vae_is_the_same_after_loading(tmp_path):
    x = np.random.default_rng(0).normal(size=(64, 6)).astype("float32")
    model = vae(kl_weight=0.5)
    model.compile(loss="mse", metrics=["mse"], optimizer="adam")
    model.fit(x, x, epochs=1, verbose=0)
    model.save(tmp_path / "vae.keras")
    loaded = keras.models.load_model(tmp_path / "vae.keras")
    first, second = (m.evaluate(x, x, verbose=0, return_dict=True) for m in (model, loaded))
    assert first["kl_nats"] == pytest.approx(second["kl_nats"], rel=1e-5)


def test_sampling_of_huge_log_variances_is_finite():
    mean = np.zeros((4, 2), "float32")
    layer = gk.Sampling(kl_weight=1.0, seed=0)
    z = layer([mean, mean + 300])
    assert np.isfinite(np.asarray(z)).all() and np.isfinite(float(layer.losses[0]))


def test_a_vae_on_images_that_were_not_scaled_has_a_finite_loss():
    x = 255 * np.random.default_rng(0).random((64, 6)).astype("float32")
    model = vae(kl_weight=1.0)
    model.compile(loss="mse", optimizer=keras.optimizers.Adam(0.1))
    assert np.isfinite(model.fit(x, x, epochs=20, verbose=0).history["loss"]).all()


def test_sampling_is_float32_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        layer = gk.Sampling(kl_weight=1.0, seed=0)
        z = layer([np.full((4, 2), 300.0, "float16"), np.full((4, 2), 12.0, "float16")])
    finally:
        keras.config.set_dtype_policy("float32")
    assert keras.backend.standardize_dtype(z.dtype) == "float32"
    assert np.isfinite(np.asarray(z)).all() and np.isfinite(float(layer.losses[0]))


def test_a_callback_can_change_the_weight_and_the_configuration_keeps_the_first():
    model = vae(kl_weight=0.5)
    layer = next(layer for layer in model.layers if isinstance(layer, gk.Sampling))
    layer.kl_weight.assign(0.0)
    assert float(layer.kl_weight.value) == 0.0 and layer.initial_kl_weight == 0.5
    assert layer.get_config()["kl_weight"] == 0.5


@pytest.mark.parametrize("weight", [-0.1, float("nan"), float("inf")])
def test_sampling_refuses_a_weight_out_of_range(weight):
    with pytest.raises(ValueError, match="kl_weight must be a finite number"):
        gk.Sampling(kl_weight=weight)


def test_sampling_refuses_what_is_not_a_pair():
    with pytest.raises(ValueError, match="two tensors of one shape"):
        gk.Sampling(0.0)([np.zeros((2, 3)), np.zeros((2, 4))])
    with pytest.raises(ValueError, match="two tensors of one shape"):
        gk.Sampling(0.0)(np.zeros((2, 3)))


# --- Layers of chapters 12 and 13 ---------------------------------------------------------------


def test_equalized_layers_of_large_half_precision_inputs_are_finite():
    x = np.full((2, 1000), 50_000, "float16")
    dense = gk.EqualizedDense(3, gain=1.0, dtype="mixed_float16")
    dense.build(x.shape)
    dense.set_weights([np.tile([[1.0], [-1.0]], (500, 3)), np.zeros(3)])
    assert np.isfinite(np.asarray(ops.cast(dense(x), "float32"))).all()
    conv = gk.EqualizedConv2D(1, 3, gain=1.0, dtype="mixed_float16", padding="valid")
    x = np.full((1, 3, 3, 100), 50_000, "float16")
    conv.build(x.shape)
    conv.set_weights([np.tile([[1.0], [-1.0]], (3, 3, 50, 1)), np.zeros(1)])
    assert np.isfinite(np.asarray(ops.cast(conv(x), "float32"))).all()
