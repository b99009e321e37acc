"""Clusters of the scaled table: are they those of the factors, and which agree with a label?"""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from aeexp.analysis.clustering.clusters import find
from aeexp.analysis.clustering.other_clusters import (
    MOST_FEATURES,
    MOST_VALUES,
    GroupComparison,
    compare,
    other_clusters,
)
from aeexp.config.spec import DBSCAN, GaussianMixture, KMeans
from aeexp.data import Classes, Integers
from aeexp.data.design import EXCHANGEABLE
from aeexp.present.text.groups import columns_sentence

RNG = np.random.default_rng(0)
TRUTH = np.arange(150) % 3
X = (RNG.normal(size=(150, 5)) + 8 * np.eye(3, 5)[TRUTH]).astype(np.float32)
CLASSES = Classes("kind", TRUTH, ("a", "b", "c"))


def shuffled(share: float, seed: int = 0) -> Integers:
    """Return the true groups with a share of the rows in random groups."""
    generator = np.random.default_rng(seed)
    wrong = generator.random(len(TRUTH)) < share
    return np.where(wrong, generator.integers(3, size=len(TRUTH)), TRUTH)


def test_the_table_is_clustered_into_as_many_groups_as_the_factors() -> None:
    for count in (2, 3, 4):
        found = other_clusters({"k": KMeans()}, X, {"k": np.arange(150) % count}, None, 0)
        assert len(np.unique(found["k"])) == count
    set_beforehand = other_clusters({"k": KMeans(n_clusters=5)}, X, {"k": TRUTH}, None, 0)
    assert len(np.unique(set_beforehand["k"])) == 5
    noise = other_clusters({"k": KMeans()}, X, {"k": np.full(150, -1)}, None, 0)
    assert len(np.unique(noise["k"])) == 1


def test_clusters_of_the_table_find_its_groups() -> None:
    specs = {"kmeans": KMeans(), "dbscan": DBSCAN()}
    found = other_clusters(specs, X, dict.fromkeys(specs, TRUTH), None, 0)
    assert adjusted_rand_score(found["kmeans"], TRUTH) == 1
    assert [*found] == ["kmeans", "dbscan"]


def test_a_radius_is_chosen_anew_in_other_units() -> None:
    specs = {"dbscan": DBSCAN(eps=1e-9)}
    (found,) = other_clusters(specs, X, {"dbscan": TRUTH}, None, 0).values()
    assert np.array_equal(found, find(DBSCAN(), X, None, 0))


def test_large_tables_are_not_clustered() -> None:
    rows = MOST_VALUES // 5 + 1
    large = np.zeros((rows, 5), np.float32)
    assert other_clusters({"k": KMeans()}, large, {"k": np.zeros(rows, int)}, None, 0) == {}
    wide = RNG.normal(size=(150, MOST_FEATURES + 1)).astype(np.float32)
    specs = {"k": KMeans(), "gm": GaussianMixture()}
    assert [*other_clusters(specs, wide, dict.fromkeys(specs, TRUTH), None, 0)] == ["k"]


def test_clusters_are_compared_by_the_rand_index() -> None:
    factors, table = shuffled(0.3), shuffled(0.1, seed=1)
    comparison = compare(factors[None], table, CLASSES, EXCHANGEABLE, 0)
    assert comparison.agreement == pytest.approx(adjusted_rand_score(factors, table))
    assert comparison.factors == pytest.approx(adjusted_rand_score(factors, TRUTH))
    assert comparison.table == pytest.approx(adjusted_rand_score(table, TRUTH))
    assert comparison.low <= comparison.factors - comparison.table <= comparison.high


@pytest.mark.parametrize(
    ("factors", "table", "better"),
    [
        pytest.param(shuffled(0.1), shuffled(0.6, 1), "factors", id="factors"),
        pytest.param(shuffled(0.6), shuffled(0.1, 1), "table", id="table"),
        pytest.param(shuffled(0.2), shuffled(0.22, 1), "", id="neither"),
    ],
)
def test_one_agrees_better_only_beyond_its_uncertainty(
    factors: Integers, table: Integers, better: str
) -> None:
    assert compare(factors[None], table, CLASSES, EXCHANGEABLE, 0).better == better


def test_equal_groups_are_seldom_called_different() -> None:
    differ = [
        bool(
            compare(
                shuffled(0.3, seed)[None], shuffled(0.3, 100 + seed), CLASSES, EXCHANGEABLE, 0
            ).better
        )
        for seed in range(40)
    ]
    assert sum(differ) <= 6  # of 40 at a level of 5 %: more by chance 1 time in 200


def test_trainings_that_disagree_widen_the_interval() -> None:
    table = shuffled(0.3, 1)
    one = compare(shuffled(0.1)[None], table, CLASSES, EXCHANGEABLE, 0)
    several = compare(np.array([shuffled(0.1), shuffled(0.8, 2)]), table, CLASSES, EXCHANGEABLE, 0)
    assert several.low < one.low - 0.2
    assert one.better == "factors"
    assert not several.better


def test_rows_without_a_class_are_ignored_and_without_classes_nothing_is_better() -> None:
    partly = Classes("kind", np.where(np.arange(150) < 100, TRUTH, -1), ("a", "b", "c"))
    comparison = compare(shuffled(0.3)[None], TRUTH, partly, EXCHANGEABLE, 0)
    assert comparison.factors == pytest.approx(
        adjusted_rand_score(shuffled(0.3)[:100], TRUTH[:100])
    )
    for classes in (None, Classes("kind", np.full(150, -1), ("a",))):
        without = compare(TRUTH[None], TRUTH, classes, EXCHANGEABLE, 0)
        assert without.agreement == 1
        assert np.isnan(without.factors)
        assert not without.better


def test_a_sentence_on_the_columns_states_what_the_interval_excludes() -> None:
    for comparison, claim, text in (
        (GroupComparison(0.95), "no", "finds the same groups (adjusted Rand index 0.95)."),
        (GroupComparison(0.899), "undecided", "similar groups (adjusted Rand index 0.89)."),
        (GroupComparison(0.2, 0.9, 0.5, 0.3, 0.5), "yes", "less than those of the model"),
        (GroupComparison(0.7, 0.5, 0.9, -0.5, -0.3), "no", "better than those of the model"),
        (GroupComparison(0.95, 0.8, 0.82, -0.1, 0.1), "no", "about as well"),
        (GroupComparison(0.7, 0.8, 0.82, -0.1, 0.1), "undecided", "about as well"),
        (GroupComparison(0.7, 0.8, 0.82, -0.1, -0.001), "no", "difference 0.001 to 0.10"),
    ):
        sentence = columns_sentence((CLASSES,), "kmeans", comparison)
        assert sentence.claim == claim
        assert text in sentence.sentence
