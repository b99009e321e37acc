"""Metrics on data with a known answer."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import special_ortho_group
from sentences import Sentences
from sklearn.decomposition import PCA

from aeexp.analysis import reconstruction
from aeexp.analysis.clustering import agreement, clusters, separation
from aeexp.analysis.factors import attribution
from aeexp.analysis.verdict import TrainingResult, divergence, judge
from aeexp.config.options import OPTIONS
from aeexp.config.spec import DBSCAN, HDBSCAN, Activation, ClusteringSpec, KMeans
from aeexp.data import Classes, Rows, Values
from aeexp.data.checks import shortfall
from aeexp.data.scaling import Scaling
from aeexp.present.text.training import verdict_document
from aeexp.runs.history import History

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
    return reconstruction.errors(left(x, x_hat, rows), mean, left(x, 0 * x, rows), rows)


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
    table = reconstruction.by_feature(
        left(x, x + np.array([0.0, 0.5])), mean, ROWS, ("f", "g"), scaling
    )
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


# --- the verdict, on courses whose truth is known

EPOCHS = np.arange(100)
SETTLED = 0.2 + 0.8 * np.exp(-EPOCHS / 8)


def training(**changes: object) -> TrainingResult:
    noise = np.random.default_rng(1)
    defaults = {
        "loss": SETTLED,
        "val_loss": SETTLED + 0.01,
        "train": noise.gamma(20, 0.2 / 20, 800),
        "val": noise.gamma(20, 0.21 / 20, 200),
        "pca": noise.gamma(20, 0.4 / 20, 200),
        "mean": 1.0,
        "latent": np.array([1.0, 0.0]),
        "kept": 99,
    }
    return TrainingResult(**(defaults | changes))


RISING = np.where(EPOCHS < 40, SETTLED + 0.01, 0.215 + 0.004 * (EPOCHS - 40))
FALLING = np.exp(-EPOCHS / 100)


@pytest.mark.parametrize(
    ("result", "word"),
    [
        pytest.param(training(), "good", id="good"),
        pytest.param(training(train=np.full(800, 1.2)), "diverged", id="diverged"),
        pytest.param(
            training(
                train=np.full(800, 1.2), loss=FALLING, val_loss=FALLING, val=np.full(200, 1.2)
            ),
            "still improving",
            id="far from its end, not diverged",
        ),
        pytest.param(
            training(
                loss=np.linspace(1.212, 1.183, 8),
                val_loss=np.linspace(0.894, 0.860, 8),
                train=np.full(800, 1.18),
                kept=7,
            ),
            "still improving",
            id="f60_short",
        ),
        pytest.param(
            training(
                loss=np.array([1.2]), val_loss=np.array([1.2]), train=np.full(800, 1.2), kept=0
            ),
            "still improving",
            id="f60_one_epoch",
        ),
        pytest.param(
            training(loss=np.linspace(1.1, 1.2, 8), train=np.full(800, 1.2), kept=7),
            "diverged",
            id="short, and its loss rises",
        ),
        pytest.param(
            training(
                loss=np.linspace(1.05, 0.97, 8),
                val_loss=np.linspace(1.05, 1.04, 8),
                train=np.full(800, 0.96),
                val=np.full(200, 0.97),
                kept=7,
            ),
            "underfitting",
            id="f60_hardly better than the mean, but its loss falls",
        ),
        pytest.param(
            training(
                val=np.random.default_rng(0).exponential(0.2, 12),
                pca=np.random.default_rng(0).exponential(0.2, 12) - 0.05,
            ),
            "underfitting",
            id="few rows, each worse than by PCA",
        ),
        pytest.param(training(latent=np.array([9e-9, 0.0])), "collapsed", id="f11_dead"),
        pytest.param(training(val=np.zeros(0)), "withheld", id="no validation"),
        pytest.param(
            training(val=np.random.default_rng(0).exponential(0.2, 12), pca=np.full(12, 0.25)),
            "withheld",
            id="too few rows",
        ),
        pytest.param(training(pca=np.full(200, 0.15)), "underfitting", id="no better than PCA"),
        pytest.param(
            training(val=np.array([0.1, 0.3, 0.2]), pca=np.array([0.14, 0.27, 0.2])),
            "underfitting",
            id="hardly better than PCA",
        ),
        pytest.param(
            training(pca=np.full(200, 0.15), loss=FALLING, val_loss=FALLING),
            "underfitting",
            id="no better than PCA yet",
        ),
        pytest.param(
            training(train=np.full(800, 0.95), val=np.full(200, 0.97)),
            "underfitting",
            id="hardly better than the mean",
        ),
        pytest.param(
            training(loss=FALLING, val_loss=FALLING), "still improving", id="still improving"
        ),
        pytest.param(
            training(
                loss=0.3 * FALLING,
                val_loss=RISING,
                train=np.full(800, 0.11),
                val=np.random.default_rng(0).gamma(20, 0.38 / 20, 200),
                pca=np.full(200, 0.6),
            ),
            "overfitting",
            id="overfitting",
        ),
        pytest.param(
            training(
                loss=0.3 * FALLING,
                val_loss=RISING,
                kept=40,
                train=np.full(800, 0.11),
            ),
            "good",
            id="overfitting, but the best epoch was restored",
        ),
    ],
)
def test_a_training_gets_its_verdict(
    result: TrainingResult, word: str, sentences: Sentences
) -> None:
    verdict = verdict_document(judge(result))
    assert verdict["word"] == word
    assert verdict["sentence"].startswith(word.capitalize())
    sentences.check(verdict["sentence"])


def test_a_divergence_has_its_epoch_and_the_last_finite_loss() -> None:
    loss = np.array([2.0, 3.5, np.nan])
    history = History(loss, 2 * loss, loss, 2, interrupted=False, lost=2)
    verdict = verdict_document(divergence(history))
    assert (verdict["word"], verdict["epoch"], verdict["last_loss"]) == ("diverged", 3, 3.5)
    assert "epoch 3" in verdict["sentence"]
    assert "3.5" in verdict["sentence"]
