"""Labels are scored on rows held out, beside what chance and the majority would score."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.datasets import load_wine
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import Ridge
from sklearn.metrics import adjusted_rand_score, r2_score
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from aeexp.analysis.clustering.clusters import find_each
from aeexp.analysis.controls import plan
from aeexp.analysis.evidence.baselines import Method
from aeexp.analysis.labels.label_scores import label_scores
from aeexp.analysis.labels.matched import matched
from aeexp.analysis.labels.probes import CLASSES, probes
from aeexp.analysis.labels.scores import (
    Permutations,
    Score,
    balanced_accuracy,
    balanced_error,
    balanced_merits,
    columns,
    paired_p,
    r2_error,
    share_error,
)
from aeexp.analysis.latent.reconstructed import reconstructed
from aeexp.analysis.result import RunResult
from aeexp.config.spec import DBSCAN, Experiment, KMeans, NoEvidence, Space, Sweep
from aeexp.data import Classes, Dataset, Floats, Integers, Labels, Rows, Values
from aeexp.data.prepare import prepare
from aeexp.present.figures import LabelScore
from aeexp.present.figures.evidence_figures import adjusted, labels_figure
from aeexp.present.text.evidence import label_caveats

RNG = np.random.default_rng(0)
ROWS = Rows(np.arange(0, 200, 2), np.arange(1, 200, 2))
NONE_HELD_OUT = Rows(np.arange(200), np.arange(0))
Z = RNG.normal(size=(200, 3)) * [1, 20, 1]


def classes(codes: Integers, count: int = 3) -> Classes:
    return Classes("species", codes, tuple(f"class {i}" for i in range(count)))


def of_factors() -> Classes:
    return classes(np.digitize(Z[:, 0], [-0.5, 0.5]))


def scored(labels: Labels, rows: Rows = ROWS, z: Floats = Z, copies: int = 99) -> dict[str, Score]:
    result = probes({"autoencoder": z}, labels, [rows], Permutations(copies))
    return {f"{score.number}, {score.input}": score for score in result}


def numbers(result: Sequence[Score]) -> Floats:
    table = columns(result)
    return np.array([table[name] for name in table if name not in ("label", "number", "input")])


# --- probes


@pytest.mark.parametrize(
    ("number", "model"),
    [
        ("knn accuracy", KNeighborsClassifier(15)),
        ("linear accuracy", LinearDiscriminantAnalysis(solver="lsqr")),
    ],
)
def test_classes_are_predicted_as_by_scikit_learn(number: str, model: Any) -> None:
    x, codes = load_wine(return_X_y=True)
    rows = Rows(np.arange(0, 178, 2), np.arange(1, 178, 2))
    fitted = make_pipeline(StandardScaler(), model).fit(x[rows.train], codes[rows.train])
    result = scored(classes(codes), rows, x)[f"{number}, autoencoder"]
    one_row = 0.012 if number == "linear accuracy" else 0  # from the penalty
    expected = fitted.score(x[rows.val], codes[rows.val])
    assert result.held_out == pytest.approx(expected, abs=one_row)
    if number == "linear accuracy":
        assert result.train == pytest.approx(fitted.score(x[rows.train], codes[rows.train]))


@pytest.mark.parametrize("penalty", [0.0, 1.0, 50.0])
def test_the_linear_classes_are_those_of_the_covariance_within_classes(
    penalty: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, codes = load_wine(return_X_y=True)
    x = (x - x[:120].mean(0)) / x[:120].std(0)
    order = np.random.default_rng(0).permutation(178)
    x, codes = x[order] - x[order][:120].mean(0), codes[order]
    means = np.array([x[:120][codes[:120] == k].mean(0) for k in range(3)])
    sizes, residuals = np.bincount(codes[:120]), x[:120] - means[codes[:120]]
    within = (residuals.T @ residuals + penalty * np.eye(13)) / 120
    towards = np.linalg.solve(within, means.T)
    scores = x @ towards - np.diag(means @ towards) / 2 + np.log(sizes / 120)
    monkeypatch.setattr("aeexp.analysis.labels.probes.PENALTY", penalty)
    predicted = CLASSES.linear(x, codes[:120, None])[:, 0]
    np.testing.assert_array_equal(predicted, scores.argmax(1))


@pytest.mark.parametrize(
    ("number", "model"), [("knn r2", KNeighborsRegressor(15)), ("linear r2", Ridge())]
)
def test_values_are_predicted_as_by_scikit_learn(number: str, model: Any) -> None:
    values = Z @ [1, 0.1, 2] + RNG.normal(size=200)
    predicted = (
        make_pipeline(StandardScaler(), model).fit(Z[ROWS.train], values[ROWS.train]).predict(Z)
    )
    result = scored(Values("age", values))[f"{number}, autoencoder"]
    assert result.held_out == pytest.approx(r2_score(values[ROWS.val], predicted[ROWS.val]))


def test_no_training_row_votes_on_itself() -> None:
    of_its_own = Values("age", RNG.normal(size=200))
    codes = classes(RNG.integers(3, size=200))
    near = Rows(np.arange(2), np.arange(2, 200))  # one other row to ask
    assert scored(codes)["knn accuracy, autoencoder"].train < 0.5
    assert scored(of_its_own)["knn r2, autoencoder"].train < 0.2
    assert scored(replace(codes, codes=np.arange(200) % 2), near)[
        "knn accuracy, autoencoder"
    ].train == pytest.approx(0)


@pytest.mark.parametrize("labels", [of_factors(), Values("age", Z[:, 0] + 0.5 * Z[:, 2])])
def test_labels_that_depend_on_the_factors_are_predicted_beyond_chance(labels: Labels) -> None:
    result = scored(labels)
    for score in result.values():
        if score.input == "majority":
            assert np.isnan(score.p)
            assert score.held_out < 0.5
        else:
            assert score.held_out > 0.7
            assert score.p == 1 / 100
            assert score.permuted_mean + 4 * score.permuted_sd < score.held_out


@pytest.mark.parametrize("kind", ["classes", "values"])
def test_random_labels_are_predicted_no_more_often_than_by_chance(kind: str) -> None:
    generator, result = np.random.default_rng(1), []
    for _ in range(20):
        drawn: Labels = (
            classes(generator.integers(3, size=200))
            if kind == "classes"
            else Values("age", generator.normal(size=200))
        )
        result.append(scored(drawn, copies=19))
    for name in result[0]:
        if "majority" not in name:
            p = np.array([score[name].p for score in result])
            assert (p <= 0.05).sum() <= 5  # of 20 with 1 in 20: more by chance 1 time in 3,000
            assert 0.25 < p.mean() < 0.8
            means = [np.mean([getattr(score[name], part) for score in result])
                     for part in ("held_out", "permuted_mean")]  # fmt: skip
            assert means[0] == pytest.approx(means[1], abs=0.05)


def test_the_majority_is_the_training_rows_most_frequent_class() -> None:
    codes = np.where(np.arange(200) % 2, np.arange(200) % 3, 2)  # 2 in all the training rows
    result = scored(classes(codes))["knn accuracy, majority"]
    assert result.train == 1
    assert result.held_out == (codes[ROWS.val] == 2).mean()
    value = scored(Values("age", codes.astype(float)))["linear r2, majority"]
    assert value.held_out < 0


def test_labels_of_held_out_rows_are_not_used_for_learning() -> None:
    labels = of_factors()
    altered = labels.codes.copy()
    altered[ROWS.val] = (altered[ROWS.val] + 1) % 3
    one, other = scored(labels), scored(classes(altered))
    assert [score.train for score in one.values()] == [score.train for score in other.values()]
    assert other["knn accuracy, autoencoder"].held_out < 0.2


@pytest.mark.parametrize("kind", ["classes", "values"])
def test_rows_without_a_label_are_ignored(kind: str) -> None:
    labelled = np.arange(200) % 5 != 0
    number = np.flatnonzero(labelled)
    half = len(number) // 2
    rows = Rows(np.arange(number[half]), np.arange(number[half], 200))
    labels: Labels = (
        classes(np.where(labelled, of_factors().codes, -1))
        if kind == "classes"
        else Values("age", np.where(labelled, Z[:, 0], np.nan))
    )
    without = Rows(np.arange(half), np.arange(half, len(number)))
    one, other = scored(labels, rows), scored(labels.take(number), without, Z[number])
    assert numbers([*one.values()]) == pytest.approx(numbers([*other.values()]), nan_ok=True)


def test_without_held_out_rows_there_is_only_a_training_score() -> None:
    for labels in (of_factors(), Values("age", Z[:, 0])):
        for score in scored(labels, NONE_HELD_OUT).values():
            assert np.isfinite(score.train)
            undefined = score.held_out, score.held_out_se, score.permuted_mean, score.p
            assert np.isnan(undefined).all()


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param(classes(np.zeros(200, int), 1), id="one class"),
        pytest.param(classes(np.full(200, -1)), id="no class"),
        pytest.param(classes(np.where(np.arange(200) == 4, 1, -1)), id="one row has a class"),
        pytest.param(classes(np.arange(200) % 2 + 1), id="a class that no training row has"),
        pytest.param(classes(np.arange(200), 200), id="a class for each row"),
        pytest.param(classes(np.arange(200) % 90, 90), id="a class for every other row"),
        pytest.param(Values("age", np.ones(200)), id="one value"),
        pytest.param(Values("age", np.full(200, np.nan)), id="no value"),
        pytest.param(Values("age", np.where(np.arange(200) < 3, 1.0, np.nan)), id="3 rows"),
    ],
)
@pytest.mark.parametrize("z", [Z, np.ones((200, 2)), Z[:, :1].astype(np.float32)])
@pytest.mark.parametrize("rows", [ROWS, NONE_HELD_OUT, Rows(np.arange(2), np.arange(2, 200))])
def test_any_labels_have_a_figure(labels: Labels, z: Floats, rows: Rows) -> None:
    result = [*scored(labels, rows, z, copies=3).values()]
    if isinstance(labels, Classes):
        codes = {"autoencoder": np.zeros(200, int), "PCA": np.full(200, -1)}
        result += matched({"kmeans": codes}, labels, [rows], Permutations(3))
    assert isinstance(labels_figure(result), Figure)


def test_many_rows_and_columns_are_sampled_the_same_each_time() -> None:
    x = RNG.normal(size=(5_100, 1_050)).astype(np.float32)
    x[:, :900] += (codes := np.arange(5_100) % 2)[:, None]
    rows = Rows(np.arange(0, 4_000), np.arange(4_000, 5_100))
    one = scored(classes(codes), rows, x, copies=2)
    assert one["knn accuracy, autoencoder"].held_out > 0.95
    assert np.isnan(one["linear accuracy, autoencoder"].p)  # too many columns to learn again


# --- comparisons


def test_a_rare_class_counts_as_much_as_a_frequent_one() -> None:
    rare = (np.arange(200) % 9 == 0).astype(int)
    z = Z + 3 * rare[:, None]
    result = scored(classes(rare, 2), z=z)
    balanced = result["knn balanced accuracy, autoencoder"]
    assert balanced.held_out > 0.7
    assert balanced.p == 1 / 100
    assert result["knn balanced accuracy, majority"].held_out == 0.5
    predicted, truth = np.array([[0], [0], [1], [1]]), np.array([[0], [0], [0], [1]])
    assert balanced_accuracy(truth, predicted) == pytest.approx((2 / 3 + 1) / 2)
    merits = balanced_merits(truth[:, 0], predicted[:, 0])
    assert merits.sum() == pytest.approx((2 / 3 + 1) / 2)


def test_the_error_of_a_balanced_accuracy_is_its_deviation_over_tables() -> None:
    generator, truth = np.random.default_rng(0), np.repeat([0, 1, 2], [100, 60, 30])
    drawn, errors = [], []
    for _ in range(300):
        predicted = np.where(generator.random(190) < 0.7, truth, (truth + 1) % 3)
        drawn.append(balanced_accuracy(truth[:, None], predicted[:, None])[0])
        errors.append(balanced_error(truth, predicted))
    assert np.mean(errors) == pytest.approx(np.std(drawn), rel=0.1)


@pytest.mark.parametrize(
    ("differences", "p"),
    [
        pytest.param([1, 1, 1, 1, 0, 0], 1 / 8, id="4 rows of one sign: 2 of 16"),
        pytest.param([1, -1, 1, -1], 1, id="as many of either sign"),
        pytest.param([0, 0], 1, id="no difference"),
        pytest.param([1] * 20, 1 / 1000, id="20 rows of one sign"),
    ],
)
def test_paired_differences_are_tested_by_random_signs(
    differences: Sequence[float], p: float
) -> None:
    assert paired_p(np.array(differences, float)) == pytest.approx(p, abs=0.03)


def test_paired_differences_without_effect_are_significant_as_often_as_stated() -> None:
    generator = np.random.default_rng(3)
    p = np.array([paired_p(generator.normal(size=30)) for _ in range(300)])
    assert 0.02 < (p <= 0.05).mean() < 0.09


@pytest.mark.parametrize("labels", [of_factors(), Values("age", Z[:, 0])])
def test_an_input_without_the_label_is_significantly_worse_than_the_factors(
    labels: Labels,
) -> None:
    inputs = {"autoencoder": Z, "copy": Z, "noise": RNG.normal(size=Z.shape)}
    for score in probes(inputs, labels, [ROWS], Permutations(0)):
        if score.input == "autoencoder":
            assert np.isnan(score.difference)
        elif score.input == "copy":
            assert (score.difference, score.difference_p) == (0, 1)
        else:
            assert score.difference > 0.2
            assert score.difference_p <= 0.01


@pytest.mark.parametrize("labels", [of_factors(), Values("age", Z[:, 0])])
def test_folds_judge_in_turn(labels: Labels) -> None:
    fold = np.arange(200) % 4
    splits = [Rows(*(np.flatnonzero(part) for part in (fold != k, fold == k))) for k in range(4)]
    inputs = {"autoencoder": Z, "noise": RNG.normal(size=Z.shape)}
    single = scored(labels)
    for score in probes(inputs, labels, splits, Permutations(99)):
        if score.input == "autoencoder":
            assert score.rows == 200
            assert score.p <= 0.05
            expected = single[f"{score.number}, autoencoder"].held_out
            assert score.held_out == pytest.approx(expected, abs=0.15)
        elif score.input == "noise":
            assert score.difference_p <= 0.01


# --- errors


@pytest.mark.parametrize("right", [0, 30, 40])
def test_the_error_of_a_share_is_binomial_and_never_zero(right: int) -> None:
    assert share_error(right, 40) > 0
    assert share_error(100 * right, 4_000) == pytest.approx(
        np.sqrt(right * (40 - right)) / 40 / np.sqrt(4_000), abs=6e-4
    )


def test_the_error_of_r2_is_the_deviation_over_tables() -> None:
    generator, r2, errors = np.random.default_rng(0), [], []
    for _ in range(400):
        predicted = generator.normal(size=150)
        truth = predicted + generator.normal(size=150)
        r2.append(r2_score(truth, predicted))
        errors.append(r2_error(truth, predicted))
    assert np.mean(errors) == pytest.approx(np.std(r2), rel=0.12)


# --- clusters


def cluster_scores(codes: Integers, labels: Classes, rows: Rows = ROWS) -> dict[str, Score]:
    result = matched({"kmeans": {"autoencoder": codes}}, labels, [rows], Permutations(199))
    return {f"{score.number}, {score.input}": score for score in result}


def test_agreement_of_clusters_on_held_out_rows_is_that_of_scikit_learn() -> None:
    labels = of_factors()
    codes = np.where(RNG.random(200) < 0.3, RNG.integers(-1, 4, size=200), labels.codes)
    result = cluster_scores(codes, labels)["kmeans.ari, autoencoder"]
    for measured, rows in (result.train, ROWS.train), (result.held_out, ROWS.val):
        assert measured == pytest.approx(adjusted_rand_score(labels.codes[rows], codes[rows]))
    assert result.p == 1 / 200
    assert abs(result.permuted_mean) < 0.01


def test_clusters_are_matched_with_classes_on_the_training_rows() -> None:
    labels = of_factors()
    renamed = np.array([2, 0, 1])[labels.codes]
    assert cluster_scores(renamed, labels)["kmeans.accuracy, autoencoder"].held_out == 1
    renamed[ROWS.val] = labels.codes[ROWS.val]  # a new matching would be right, the old one not
    other = cluster_scores(renamed, labels)
    assert other["kmeans.accuracy, autoencoder"].held_out == 0
    assert other["kmeans.ari, autoencoder"].held_out == 1
    assert other["kmeans.accuracy, autoencoder"].p == 1


def test_the_error_of_the_rand_index_is_that_of_the_jackknife() -> None:
    labels = of_factors()
    codes = np.where(RNG.random(200) < 0.3, RNG.integers(-1, 4, size=200), labels.codes)
    without = np.array(
        [adjusted_rand_score(*(part[np.delete(ROWS.val, i)] for part in (labels.codes, codes)))
         for i in range(100)]
    )  # fmt: skip
    expected = np.sqrt(99 / 100 * np.square(without - without.mean()).sum())
    result = cluster_scores(codes, labels)["kmeans.ari, autoencoder"]
    assert result.held_out_se == pytest.approx(expected)


def test_random_clusters_agree_with_classes_as_often_as_by_chance() -> None:
    generator = np.random.default_rng(2)
    drawn = [cluster_scores(generator.integers(3, size=200), of_factors()) for _ in range(40)]
    for number in ("ari", "accuracy"):
        p = np.array([score[f"kmeans.{number}, autoencoder"].p for score in drawn])
        assert (p <= 0.05).sum() <= 7
        assert 0.35 < p.mean() < 0.7


def test_one_cluster_of_all_rows_predicts_the_majority() -> None:
    labels = of_factors()
    by_clusters = cluster_scores(labels.codes, labels)["kmeans.accuracy, majority"]
    by_probe = scored(labels)["knn accuracy, majority"]
    assert by_clusters.held_out == by_probe.held_out
    assert by_clusters.train == by_probe.train


# --- of a run


def result_of(data: Dataset, **changes: Any) -> RunResult:
    """Return a result with the fields that scores of labels need."""
    latent = {"kmeans": KMeans(space=Space.latent), "dbscan": DBSCAN(space=Space.latent)}
    experiment = Experiment(evidence=NoEvidence(labels=9), **({"clustering": latent} | changes))
    problem = prepare(experiment, data)
    codes = {name: np.arange(200) % 2 for name in experiment.clustering}
    fields: dict[str, Any] = dict.fromkeys(
        ("histories", "residuals", "pca", "folds", "x_hat", "weights", "quantity")
    )
    fields["reconstructed"] = reconstructed(Z, lambda z: z)
    return RunResult(planned=plan(experiment, problem), z=Z, clusters=codes, **fields)


def components(result: RunResult) -> Method:
    """Return PCA with the fields that scores of labels need."""
    data, experiment = result.problem.data, result.experiment
    points = dict.fromkeys(Space, Z[:, :2])
    codes = find_each(experiment.clustering, points, data.label, experiment.seed)
    fields: dict[str, Any] = dict.fromkeys(
        ("residuals", "advantage", "neighbourhoods", "spearman")
    )
    return Method(z=Z[:, :2], clusters=codes, **fields)


def scores_in(data: Dataset) -> list[Score]:
    result = result_of(data)
    return label_scores(result, components(result))


def test_each_label_of_a_run_is_scored_from_factors_table_and_components() -> None:
    height = Values("height", Z[:, 0])
    other = replace(of_factors(), name="site")
    result = scores_in(dataset(of_factors(), height, other))
    inputs = ["autoencoder", "standardized input", "PCA", "majority"]
    for name, indices in ("species", 7), ("height", 2), ("site", 7):
        of_label = [score for score in result if score.label == name]
        assert [score.input for score in of_label] == inputs * indices
    numbers = dict.fromkeys(score.number for score in result)
    of_clusters = [
        f"{name}.{index}" for name in ("kmeans", "dbscan") for index in ("ari", "accuracy")
    ]
    of_classes = ["knn accuracy", "knn balanced accuracy", "linear accuracy"]
    assert [*numbers] == [*of_classes, *of_clusters, "knn r2", "linear r2"]
    assert isinstance(labels_figure(result), Figure)


def test_a_run_without_labels_has_no_scores() -> None:
    assert scores_in(dataset()) == []


def test_values_alone_are_scored_without_clusters() -> None:
    result = scores_in(dataset(Values("height", Z[:, 0])))
    assert {score.number for score in result} == {"knn r2", "linear r2"}


# --- the table, the figure, the caveats


def test_a_table_has_a_row_for_each_score() -> None:
    table = columns([*scored(of_factors()).values()])
    assert [*table] == ["label", "number", "input", "rows", "train", "held_out", "held_out_se",
                        "permuted_mean", "permuted_sd", "p", "copies", "difference",
                        "difference_p"]  # fmt: skip
    names = ("knn accuracy", "knn balanced accuracy", "linear accuracy")
    assert table["number"] == [name for name in names for _ in range(2)]
    assert table["input"] == ["autoencoder", "majority"] * 3
    assert table["copies"] == [99, 0] * 3


def test_one_of_many_unrelated_scores_is_not_drawn_as_found() -> None:
    p_values = [0.02, np.nan, *np.linspace(0.1, 1, 18)]
    several = [LabelScore(f"{p}", "R²", {}, 0, 0, 0.1, p, 199) for p in p_values]
    assert not any(score.row.strong for score in adjusted(several))
    assert [score.row.strong for score in adjusted(several[:1])] == [True]


def test_a_figure_names_its_rows_and_each_score_once() -> None:
    result = [*scored(of_factors()).values()]
    figure = labels_figure(result)
    figure.canvas.draw()
    [axes] = figure.axes
    assert "held-out rows" in axes.get_xlabel()
    row = f"{result[0].held_out:.2f}, adjusted p = {result[0].p:.2g}"  # all have the same p
    assert row in [text.get_text() for text in axes.texts]
    [legend] = figure.legends
    shown = [text.get_text() for text in legend.get_texts()]
    assert shown == ["autoencoder", "same prediction for all", "shuffled labels ± 2 sd"]
    assert figure.bbox.contains(*legend.get_window_extent().min)
    assert figure.bbox.contains(*legend.get_window_extent().max)
    trained = labels_figure([*scored(of_factors(), NONE_HELD_OUT).values()])
    assert "training rows" in trained.axes[0].get_xlabel()


def dataset(*labels: Labels) -> Dataset:
    return Dataset("flowers", Z, ("a", "b", "c"), range(200), labels)


def test_a_number_of_clusters_from_the_classes_has_a_caveat() -> None:
    labelled = dataset(of_factors())
    [caveat] = label_caveats(Experiment(), labelled)
    assert caveat.startswith("kmeans takes its number of clusters (3) from the classes of species")
    changes = Experiment(clustering={"kmeans": KMeans(n_clusters=3), "dbscan": DBSCAN()})
    assert not [*label_caveats(changes, labelled)]
    assert not [*label_caveats(Experiment(), dataset(Values("age", Z[:, 0])))]
    assert not [*label_caveats(Experiment(), dataset())]


@pytest.mark.parametrize(
    ("objective", "count"),
    [
        ("val_loss", 0),
        ("clustering.kmeans.silhouette", 0),
        ("clustering.kmeans.ari", 1),
        ("clustering.kmeans.ari.mean", 1),
        (["val_loss", "clustering.dbscan.v_measure"], 1),
    ],
)
def test_settings_that_were_chosen_by_labels_have_a_caveat(objective: Any, count: int) -> None:
    experiment = Experiment(clustering={}, sweep=Sweep(objective=objective))
    caveats = [*label_caveats(experiment, dataset())]
    assert len(caveats) == count
    assert all("chooses settings" in caveat for caveat in caveats)
