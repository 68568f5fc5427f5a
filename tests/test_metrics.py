"""Fréchet distance, precision and recall, and the classifier whose features they use."""

import genkeras as gk
import keras
import numpy as np
import pytest
from genkeras import data, metrics


@pytest.fixture(scope="module")
def garments():
    return gk.load_images(source="bundled")


def gaussian(n, mean, spread, seed):
    return np.random.default_rng(seed).normal(mean, spread, (n, 3))


def exactly_standard(points):
    """The points moved and turned so that their mean is 0 and their covariance the identity."""
    centered = points - points.mean(axis=0)
    root = np.linalg.cholesky(np.linalg.inv(np.cov(centered, rowvar=False)))
    return centered @ root


def test_frechet_distance_has_the_closed_form_of_gaussians():
    a = exactly_standard(gaussian(100, 0, 1, 0))
    shift, scale = np.array([1.0, -2.0, 0.5]), np.array([3.0, 1.0, 0.5])
    closed_form = np.sum(shift**2) + np.sum((scale - 1) ** 2)
    assert gk.frechet_distance(a, a * scale + shift) == pytest.approx(closed_form, rel=1e-9)


def test_frechet_distance_of_covariances_that_do_not_commute():
    a = exactly_standard(gaussian(100, 0, 1, 0))
    p, q = (
        np.array([[2, 0, 0], [1, 1, 0], [0, 0, 1.0]]),
        np.array([[1, 2, 0], [0, 1, 1], [0, 0, 3.0]]),
    )
    s, t = p @ p.T, q @ q.T
    cross = np.sqrt(np.linalg.eigvals(s @ t).real).sum()
    expected = np.trace(s) + np.trace(t) - 2 * cross
    assert gk.frechet_distance(a @ p.T, a @ q.T) == pytest.approx(expected, rel=1e-6)


def test_frechet_distance_is_symmetric_and_zero_to_itself():
    a, b = gaussian(50, 0, 1, 0), gaussian(80, 1, 2, 1)
    assert gk.frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
    assert gk.frechet_distance(a, b) == pytest.approx(gk.frechet_distance(b, a), rel=1e-9)


def test_precision_and_recall_of_hand_made_sets():
    left = np.linspace(0, 1, 20)[:, None]
    right = left + 100
    both = np.concatenate([left, right])
    assert gk.precision_recall(both, left) == (1.0, 0.5)  # real, but half of what there is
    assert gk.precision_recall(left, both) == (0.5, 1.0)  # all there is, and as much that is not
    assert gk.precision_recall(left, right) == (0.0, 0.0)


def test_precision_and_recall_count_the_k_th_neighbor():
    real, fake = np.array([[0.0], [1.0], [3.0]]), np.array([[-2.5], [9.0], [9.5]])
    # 0 reaches 1 with one neighbor and 3 with two: only then does it reach -2.5.
    assert gk.precision_recall(real, fake, k=1)[0] == 0.0
    assert gk.precision_recall(real, fake, k=2)[0] == pytest.approx(1 / 3)


def test_precision_and_recall_agree_with_the_definition_in_blocks(monkeypatch):
    monkeypatch.setattr(metrics, "ROWS_AT_A_TIME", 7)
    real, fake = gaussian(40, 0, 1, 0), gaussian(30, 0.5, 1, 1)

    def share(members, points):
        distances = np.linalg.norm(members[:, None] - members[None], axis=-1)
        radius = np.sort(distances, axis=1)[:, 3]
        return np.mean((np.linalg.norm(points[:, None] - members[None], axis=-1) <= radius).any(1))

    assert gk.precision_recall(real, fake) == (share(real, fake), share(fake, real))


@pytest.mark.parametrize(("points", "copies"), [(6, 4), (50, 5)])
def test_sets_that_hold_copies_lie_among_themselves(points, copies):
    same = np.repeat(gaussian(points, 0, 1, 0), copies, axis=0)
    assert gk.precision_recall(same, same) == (1.0, 1.0)


def test_the_classifier_knows_garments(garments):
    features, probabilities = gk.classify(garments.x_test)
    assert features.shape == (2000, 64) and probabilities.shape == (2000, 10)
    assert np.mean(probabilities.argmax(axis=1) == garments.y_test) >= 0.9
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-4)


def test_images_and_their_features_score_alike(garments):
    a, b = garments.x_test[:200], garments.x_train[:200]
    features = gk.classify(a)[0], gk.classify(b)[0]
    assert gk.frechet_distance(a, b) == pytest.approx(gk.frechet_distance(*features), rel=1e-6)
    noise = np.random.default_rng(0).random(a.shape)
    assert gk.frechet_distance(a, noise) > 5 * gk.frechet_distance(a, b)


def test_the_classifier_does_not_follow_the_dtype_policy(garments):
    expected = gk.classify(garments.x_test[:20])[0]
    metrics._feature_net.cache_clear()
    try:
        keras.config.set_dtype_policy("mixed_bfloat16")
        assert np.allclose(gk.classify(garments.x_test[:20])[0], expected, atol=1e-5)
    finally:
        keras.config.set_dtype_policy("float32")
        metrics._feature_net.cache_clear()


@pytest.mark.parametrize(
    ("images", "why"),
    [
        (np.zeros((2, 32, 32, 1)), "28 x 28 pixels"),
        (np.zeros((28, 28)), "must have shape"),
        (np.full((2, 28, 28), 255.0), "divide by 255"),
        (np.eye(28, dtype="uint8")[None], "got only 0 and 1"),
        (np.full((2, 28, 28), np.nan), "must lie in"),
        (np.zeros((0, 28, 28)), "at least one"),
    ],
)
def test_other_images_are_refused(images, why):
    with pytest.raises(ValueError, match=why):
        gk.classify(images)


def test_bad_sets_are_refused():
    good = np.zeros((10, 3))
    with pytest.raises(ValueError, match="n > 1"):
        gk.frechet_distance(good, np.zeros((1, 3)))
    with pytest.raises(ValueError, match="the same number of features"):
        gk.frechet_distance(good, np.zeros((10, 4)))
    with pytest.raises(ValueError, match="finite"):
        gk.frechet_distance(good, np.full((10, 3), np.nan))
    with pytest.raises(ValueError, match="hold numbers, got dtype"):
        gk.frechet_distance(good, np.full((10, 3), "x"))
    for flat in (np.zeros((10, 784)), np.zeros((28, 28))):
        with pytest.raises(ValueError, match="flattened images or a single one"):
            gk.frechet_distance(flat, flat)
    for k in (0, 10, 3.5):
        with pytest.raises(ValueError, match="k must be"):
            gk.precision_recall(good, good, k=k)
    with pytest.raises(ValueError, match="batch_size must be a whole number"):
        gk.classify(np.zeros((2, 28, 28)), batch_size=-1)


def test_a_damaged_classifier_says_how_to_restore_it(tmp_path, monkeypatch):
    for name in ("feature_net.keras", "feature_net.sha256"):
        (tmp_path / name).write_bytes((data.ASSETS / name).read_bytes())
    path = tmp_path / "feature_net.keras"
    path.write_bytes(path.read_bytes()[:-10])
    monkeypatch.setattr(data, "ASSETS", tmp_path)
    metrics._feature_net.cache_clear()
    with pytest.raises(RuntimeError, match="is damaged"):
        gk.classify(np.zeros((1, 28, 28)))
    monkeypatch.undo()
    metrics._feature_net.cache_clear()
