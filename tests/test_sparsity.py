"""The KL activity regularizer against closed forms, finite differences, files and policies."""

import genkeras as gk
import keras
import numpy as np
import pytest
from gans import chapter
from keras import layers, ops

CODES = np.random.default_rng(0).uniform(0.05, 0.95, (7, 4)).astype("float32")


def closed_form(codes, target, weight):
    q = codes.astype("float64").mean(axis=tuple(range(codes.ndim - 1)))
    kl = target * np.log(target / q) + (1 - target) * np.log((1 - target) / (1 - q))
    return weight * kl.sum()


@pytest.mark.parametrize(("target", "weight"), [(0.1, 5e-3), (0.5, 1.0), (0.9, 0.0)])
@pytest.mark.parametrize("shape", [(7, 4), (7, 2, 2)])
def test_loss_is_the_closed_form_and_codes_pass_unchanged(target, weight, shape):
    layer = gk.KLDivergenceActivityRegularization(target, weight)
    codes = CODES.reshape(shape)
    assert (ops.convert_to_numpy(layer(codes)) == codes).all()
    assert float(layer.losses[0]) == pytest.approx(closed_form(codes, target, weight), rel=2e-4)


def test_thirty_percent_against_ten_costs_what_the_slides_example_says():
    layer = gk.KLDivergenceActivityRegularization(0.1, 1.0)
    layer(np.full((5, 1), 0.3, "float32"))
    assert float(layer.losses[0]) == pytest.approx(0.11632, abs=2e-5)


def test_gradient_matches_finite_differences():
    import tensorflow as tf

    layer = gk.KLDivergenceActivityRegularization(0.1, 1.0)
    codes = tf.constant(CODES)
    with tf.GradientTape() as tape:
        tape.watch(codes)
        layer(codes)
        loss = layer.losses[0]
    gradient, step = tape.gradient(loss, codes).numpy(), 1e-4
    for index in np.ndindex(CODES.shape):
        ends = []
        for sign in (1, -1):
            moved = CODES.astype("float64")
            moved[index] += sign * step
            ends.append(closed_form(moved, 0.1, 1.0))
        expected = (ends[0] - ends[1]) / (2 * step)
        assert gradient[index] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("extreme", [0.0, 1.0])
def test_silent_and_saturated_units_give_finite_losses(extreme):
    layer = gk.KLDivergenceActivityRegularization()
    layer(np.full((3, 2), extreme, "float32"))
    assert np.isfinite(float(layer.losses[0]))


@pytest.mark.parametrize("codes", [2.0, -0.5])
def test_codes_outside_0_and_1_make_the_loss_nan(codes):
    layer = gk.KLDivergenceActivityRegularization()
    layer(np.full((3, 2), codes, "float32"))
    assert np.isnan(float(layer.losses[0]))


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_statistics_are_float32_under_mixed_precision(policy):
    keras.config.set_dtype_policy(policy)
    layer = gk.KLDivergenceActivityRegularization(0.1, 1.0)
    codes = np.full((4096, 3), 0.02, "float32")  # a float16 sum of so many would lose digits
    out = layer(codes)
    assert keras.backend.standardize_dtype(out.dtype) == layer.compute_dtype
    loss = layer.losses[0]
    assert keras.backend.standardize_dtype(loss.dtype) == "float32"
    assert float(loss) == pytest.approx(closed_form(codes, 0.1, 1.0), rel=0.01)


def test_training_reaches_the_target_and_survives_a_file(tmp_path):
    keras.utils.set_random_seed(0)
    regularizer = gk.KLDivergenceActivityRegularization(0.2, 1.0)
    model = keras.Sequential(
        [keras.Input((5,)), layers.Dense(8, activation="sigmoid"), regularizer, layers.Dense(5)]
    )
    model.compile(loss="mse", optimizer=keras.optimizers.Adam(0.05))
    x = np.random.default_rng(1).normal(size=(256, 5)).astype("float32")
    model.fit(x, x, epochs=20, verbose=0)
    codes = keras.Sequential(model.layers[:2]).predict(x, verbose=0)
    assert codes.mean() == pytest.approx(0.2, abs=0.03)
    model.save(tmp_path / "sparse.keras")
    loaded = keras.models.load_model(tmp_path / "sparse.keras")
    assert (loaded.layers[1].target, loaded.layers[1].weight) == (0.2, 1.0)
    assert loaded.evaluate(x, x, verbose=0) == pytest.approx(model.evaluate(x, x, verbose=0))


@pytest.mark.parametrize("target", [0, 1, 1.5, -0.1, float("nan")])
def test_a_target_that_is_no_fraction_is_refused(target):
    with pytest.raises(ValueError, match=r"strictly between 0 and 1 \(a fraction of active units"):
        gk.KLDivergenceActivityRegularization(target)


@pytest.mark.parametrize("weight", [-1, float("inf"), float("nan")])
def test_a_weight_that_is_no_charge_is_refused(weight):
    with pytest.raises(ValueError, match="weight must be a finite number, 0 or more"):
        gk.KLDivergenceActivityRegularization(0.1, weight)


# --- Chapter 06's k-sparse layer -----------------------------------------------------------------


@pytest.fixture(scope="module")
def top_k():
    return chapter("06")["TopK"]


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_top_k_keeps_exactly_k_units_even_where_codes_are_equal(top_k, policy):
    keras.config.set_dtype_policy(policy)
    codes = np.random.default_rng(0).integers(1, 4, (50, 40)).astype("float32")
    kept = np.asarray(ops.cast(top_k(7)(codes), "float32"))
    assert (np.count_nonzero(kept, axis=1) == 7).all()
    assert (np.sort(kept, axis=1)[:, -7:] == np.sort(codes, axis=1)[:, -7:]).all()


def test_top_k_passes_a_nan_on_and_survives_a_file(top_k, tmp_path):
    codes = np.ones((1, 5), "float32")
    codes[0, 2] = np.nan
    assert np.isnan(np.asarray(top_k(2)(codes))).any()
    model = keras.Sequential([keras.Input((5,)), top_k(2)])
    model.save(tmp_path / "k.keras")
    assert keras.models.load_model(tmp_path / "k.keras").layers[0].k == 2
