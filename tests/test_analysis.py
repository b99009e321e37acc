"""Metrics on data with a known answer."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import special_ortho_group
from sklearn.decomposition import PCA

from aeexp.analysis import reconstruction
from aeexp.analysis.clustering import agreement, clusters, separation
from aeexp.analysis.factors import attribution
from aeexp.config.options import OPTIONS
from aeexp.config.spec import DBSCAN, HDBSCAN, Activation, ClusteringSpec, KMeans
from aeexp.data import Classes, Rows, Values
from aeexp.data.checks import shortfall
from aeexp.data.scaling import Scaling

RNG = np.random.default_rng(0)
CENTRES = np.array([[0.0, 0.0], [20.0, 0.0], [0.0, 20.0]])
TRUTH = np.repeat([0, 1, 2], 30)
FAR = CENTRES[TRUTH] + RNG.normal(size=(90, 2))
CLASSES = Classes("class", TRUTH, ("a", "b", "c"))
ROWS = Rows(np.arange(60), np.arange(60, 90))

# --- clusters


@pytest.mark.parametrize("word", OPTIONS["clustering"])
def test_three_far_clouds_are_found_by_every_clustering(word: str) -> None:
    codes = clusters.find(OPTIONS["clustering"][word](), FAR, CLASSES, seed=0)
    assert agreement.agreement(codes[codes >= 0], Classes("c", TRUTH[codes >= 0], CLASSES.names))[
        "ari"
    ] == pytest.approx(1.0)
    assert np.mean(codes >= 0) > 0.8


@pytest.mark.parametrize("word", ["kmeans", "gaussian_mixture", "agglomerative"])
@pytest.mark.parametrize("labels", [None, Values("v", FAR[:, 0])], ids=["none", "values"])
def test_without_classes_the_silhouette_finds_how_many_clusters_there_are(
    word: str, labels: Values | None
) -> None:
    codes = clusters.find(OPTIONS["clustering"][word](), FAR, labels, seed=0)
    assert len(np.unique(codes)) == 3


def test_with_classes_there_are_as_many_clusters_as_classes() -> None:
    two = Classes("class", TRUTH % 2, ("even", "odd"))
    assert len(np.unique(clusters.find(KMeans(), FAR, two, seed=0))) == 2


def test_a_given_number_of_clusters_is_used() -> None:
    assert len(np.unique(clusters.find(KMeans(n_clusters=5), FAR, CLASSES, seed=0))) == 5


def test_rows_in_no_dense_region_are_noise() -> None:
    z = np.vstack([FAR, [[1000.0, 1000.0]]])
    for spec in (DBSCAN(), HDBSCAN()):
        assert clusters.find(spec, z, None, seed=0)[-1] == separation.NOISE


def test_the_knee_lies_between_the_distances_within_and_between_clouds() -> None:
    eps = clusters.knee(np.vstack([FAR, [[10.0, 10.0]]]), 5)
    assert 0.2 < eps < 10


@pytest.mark.parametrize("word", OPTIONS["clustering"])
@pytest.mark.parametrize("rows", [2, 3, 4])
def test_f16_a_handful_of_rows_is_clustered_without_a_crash(word: str, rows: int) -> None:
    codes = clusters.find(OPTIONS["clustering"][word](), FAR[:rows], None, seed=0)
    assert codes.shape == (rows,)


@pytest.mark.parametrize(
    "spec", [KMeans(n_clusters=3), DBSCAN(eps=2.0), HDBSCAN()], ids=lambda s: type(s).__name__
)
def test_clusters_are_invariant_under_rotation(spec: ClusteringSpec) -> None:
    turned = FAR @ special_ortho_group.rvs(2, random_state=1)
    result = [clusters.find(spec, z, None, seed=0) for z in (FAR, turned)]
    assert agreement.agreement(result[0], Classes("c", result[1] + 1, ("n", "a", "b", "c")))[
        "ari"
    ] == pytest.approx(1.0)


# --- separation and agreement


def test_separation_counts_clusters_and_noise_and_leaves_noise_out() -> None:
    noisy = TRUTH.copy()
    noisy[:9] = separation.NOISE
    measured = separation.separation(FAR, noisy, "k")
    without = separation.separation(FAR[9:], TRUTH[9:], "k")
    assert measured["n_clusters"] == 3
    assert measured["noise_fraction"] == pytest.approx(0.1)
    assert measured["silhouette"] == pytest.approx(without["silhouette"])
    assert measured["silhouette"] > 0.8


@pytest.mark.parametrize(
    "codes",
    [
        pytest.param(np.zeros(90, int), id="one cluster"),
        pytest.param(np.full(90, -1), id="all noise"),
        pytest.param(np.arange(90), id="a cluster a row"),
    ],
)
def test_f18_undefined_metrics_are_nan_with_a_reason_in_the_log(
    codes: np.ndarray, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        measured = separation.separation(FAR, codes, "dbscan")
    for name in ("silhouette", "davies_bouldin", "calinski_harabasz"):
        assert math.isnan(measured[name])
        assert name in caplog.text
    assert "clustering.dbscan" in caplog.text


@given(renamed=st.permutations([0, 1, 2]))
def test_agreement_is_invariant_under_renaming_of_clusters(renamed: list[int]) -> None:
    measured = agreement.agreement(np.array(renamed)[TRUTH], CLASSES)
    assert measured == pytest.approx(dict.fromkeys(agreement.NAMES, 1.0))


def test_agreement_by_hand() -> None:
    codes = np.array([0, 0, 1, 1, -1, 2])
    classes = Classes("class", np.array([0, 0, 0, 1, 1, 1]), ("a", "b"))
    measured = agreement.agreement(codes, classes)
    assert measured["accuracy"] == pytest.approx(3 / 6)  # 0 is a, 1 (or 2) is b, noise is nothing
    # of 15 pairs 2 are together by cluster, 6 by class, 1 by both; 2 * 6 / 15 = 0.8 by chance
    assert measured["ari"] == pytest.approx((1 - 0.8) / ((2 + 6) / 2 - 0.8))
    assert measured["fowlkes_mallows"] == pytest.approx(1 / math.sqrt(6 * 2))


def test_noise_and_surplus_clusters_match_no_class() -> None:
    codes = np.array([0, 0, 1, 1, 2, -1])
    classes = Classes("class", np.array([0, 0, 1, 1, 1, 0]), ("a", "b"))
    assert agreement.matching(codes, classes) == {0: 0, 1: 1}


# --- reconstruction


def left(x: np.ndarray, x_hat: np.ndarray, rows: Rows = ROWS) -> reconstruction.Residuals:
    return reconstruction.residuals(x, lambda block: x_hat[block], rows)


def errors_of(x: np.ndarray, x_hat: np.ndarray, rows: Rows = ROWS) -> Mapping[str, float]:
    mean = reconstruction.predicting_the_mean(x, rows)
    return reconstruction.errors(left(x, x_hat, rows), mean, left(x, 0 * x, rows))


def test_reconstruction_errors_are_computed_for_each_part() -> None:
    x = RNG.normal(size=(90, 3))
    x_hat = x.copy()
    x_hat[ROWS.val] += 2.0
    errors = errors_of(x, x_hat)
    assert errors["reconstruction.train.mse"] == 0
    assert errors["reconstruction.val.mse"] == pytest.approx(4.0)
    assert errors["baseline.pca.val.mse"] == pytest.approx((x[ROWS.val] ** 2).mean())
    assert tuple(errors) == reconstruction.NAMES


def test_predicting_the_training_mean_explains_nothing() -> None:
    x = RNG.normal(size=(90, 3)) * [1, 5, 0.1]
    errors = errors_of(x, np.broadcast_to(x[ROWS.train].mean(0), x.shape))
    assert errors["reconstruction.train.r2"] == pytest.approx(0)
    assert errors["reconstruction.val.r2"] == pytest.approx(0)


def test_without_validation_rows_their_errors_are_nan() -> None:
    x = RNG.normal(size=(90, 3))
    errors = errors_of(x, x, Rows(np.arange(90), np.arange(0)))
    assert math.isnan(errors["reconstruction.val.mse"])
    assert math.isnan(errors["reconstruction.val.r2"])
    assert errors["reconstruction.train.r2"] == 1


def test_each_feature_has_its_r2_and_its_error_in_original_units() -> None:
    x = RNG.normal(size=(90, 2))
    scaling = Scaling(offset=np.zeros(2), scale=np.array([1.0, 100.0]))
    mean = reconstruction.predicting_the_mean(x, ROWS)
    table = reconstruction.by_feature(left(x, x + np.array([0.0, 0.5])), mean, ("f", "g"), scaling)
    assert table["feature"] == ["f", "g"]
    assert table["val_rmse"] == pytest.approx([0.0, 50.0])
    variance = np.mean((x[:60, 1] - x[:60, 1].mean()) ** 2)
    assert table["train_r2"] == pytest.approx([1.0, 1 - 0.25 / variance])


def test_pca_is_fitted_on_the_training_rows_alone() -> None:
    x = RNG.normal(size=(90, 4))
    altered = x.copy()
    altered[ROWS.val] *= 50
    fits = [reconstruction.pca(table, ROWS, 2).rows[ROWS.train] for table in (x, altered)]
    assert np.array_equal(*fits)


@pytest.mark.parametrize(
    ("rows", "features", "dimensions"),
    [
        pytest.param(90, 4, 2, id="more rows"),
        pytest.param(30, 200, 3, id="more features"),
        pytest.param(90, 4, 9, id="as many components as features"),
        pytest.param(12, 20, 5, id="as many components as rows can have"),
        pytest.param(60, 1_500, 3, id="too many features for a covariance"),
        pytest.param(8, 1_500, 3, id="as many components as few rows can have"),
    ],
)
def test_pca_reconstructs_like_scikit_learn(rows: int, features: int, dimensions: int) -> None:
    x = RNG.normal(size=(rows, 5)) @ RNG.normal(size=(5, features)) * 3 + 3
    x += RNG.normal(size=x.shape)
    parts = Rows(np.arange(0, rows, 2), np.arange(1, rows, 2))
    count = min(dimensions, len(parts.train), features)
    fitted = PCA(count, svd_solver="full").fit(x[parts.train])
    x_pca = fitted.inverse_transform(fitted.transform(x))
    result = reconstruction.pca(x, parts, dimensions)
    assert result.rows == pytest.approx(left(x, x_pca, parts).rows, rel=1e-3, abs=1e-9)


# --- interpretation


def test_of_many_rows_a_fixed_sample_is_taken() -> None:
    assert len(attribution.sampled(5000)) == 2000
    assert np.array_equal(attribution.sampled(5000), attribution.sampled(5000))
    assert np.array_equal(attribution.sampled(2000), np.arange(2000))


def test_features_are_listed_by_sign_and_falling_effect() -> None:
    weights = np.array([[1.0], [-3.0], [0.0], [2.0], [-0.5]])
    moves = np.array([[1.0], [0.1], [0.0], [2.0], [0.5]])
    signed = attribution.signed_features(weights, moves, ("a", "b", "c", "d", "e"))["z1"]
    assert [entry["feature"] for entry in signed["positive"]] == ["d", "a"]
    assert [entry["feature"] for entry in signed["negative"]] == ["e", "b"]
    assert signed["negative"][1]["weight"] == -3.0


# --- what an activation cannot reach


@pytest.mark.parametrize("activation", list(Activation), ids=lambda a: a.name)
def test_the_range_of_an_activation_is_that_of_keras(activation: Activation) -> None:
    import keras  # noqa: PLC0415

    values = np.linspace(-500, 500, 200_001, dtype=np.float32)
    reached = keras.ops.convert_to_numpy(keras.activations.get(activation.value)(values))
    ends = np.array([reached.min(), reached.max()])
    bounded = np.abs(ends) < 99
    assert shortfall(activation, ends)[1] < 1e-12
    outside_range = [
        shortfall(activation, end)[1] > 1e-5 for end in ends + np.array([-0.01, 0.01])
    ]
    assert outside_range == bounded.tolist()


def test_the_floor_is_the_error_of_the_nearest_values_in_reach() -> None:
    outside, floor = shortfall(Activation.sigmoid, np.array([-2.0, 0.5, 1.0, 4.0]))
    assert outside == 0.5
    assert floor == pytest.approx((4 + 9) / 4)
