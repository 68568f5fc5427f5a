"""The KL activity regularizer, of genkeras and of chapter 06, and the chapter's k-sparse layer."""

import genkeras as gk
import keras
import numpy as np
import pytest
from keras import layers, ops

from tools import lift

SIX = lift.chapter("06")
CODES = np.random.default_rng(0).uniform(0.05, 0.95, (7, 4)).astype("float32")
both_forms = pytest.mark.parametrize(
    "regularizer",
    [code["KLDivergenceActivityRegularization"] for code in (vars(gk), SIX)],
    ids=["genkeras", "chapter"],
)


def closed_form(codes, target, weight):
    q = codes.astype("float64").mean(axis=tuple(range(codes.ndim - 1)))
    kl = target * np.log(target / q) + (1 - target) * np.log((1 - target) / (1 - q))
    return weight * kl.sum()


@both_forms
@pytest.mark.parametrize(("target", "weight"), [(0.1, 5e-3), (0.5, 1.0), (0.9, 0.0)])
def test_loss_is_the_closed_form_and_codes_pass_unchanged(regularizer, target, weight):
    layer = regularizer(target, weight)
    assert (ops.convert_to_numpy(layer(CODES)) == CODES).all()
    assert float(layer.losses[0]) == pytest.approx(closed_form(CODES, target, weight), rel=2e-4)


def test_more_axes_than_one_are_taken_together_with_the_batch():
    layer = gk.KLDivergenceActivityRegularization(0.1, 5e-3)
    codes = CODES.reshape(7, 2, 2)
    assert (ops.convert_to_numpy(layer(codes)) == codes).all()
    assert float(layer.losses[0]) == pytest.approx(closed_form(codes, 0.1, 5e-3), rel=2e-4)


@both_forms
@pytest.mark.parametrize(("code", "is_finite"), [(0.0, True), (1.0, True), (2.0, False)])
def test_only_codes_outside_0_and_1_make_the_loss_nan(regularizer, code, is_finite):
    layer = regularizer(0.1, 5e-3)
    layer(np.full((3, 2), code, "float32"))
    assert np.isfinite(float(layer.losses[0])) == is_finite


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


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_top_k_keeps_the_k_largest_and_their_signs(policy):
    keras.config.set_dtype_policy(policy)
    rng = np.random.default_rng(0)
    codes = np.stack([rng.permutation(np.arange(40.0) - 35) for _ in range(50)])
    kept = np.asarray(ops.cast(SIX["TopK"](7)(codes.astype("float32")), "float32"))
    largest = codes >= np.sort(codes, axis=1)[:, -7:-6]
    assert (kept == np.where(largest, codes, 0)).all()


def test_top_k_passes_the_gradient_of_the_kept_units_only():
    import tensorflow as tf

    codes = tf.constant(CODES)
    with tf.GradientTape() as tape:
        tape.watch(codes)
        kept = SIX["TopK"](2)(codes)
    assert (np.asarray(tape.gradient(kept, codes)) == (np.asarray(kept) != 0)).all()
