"""Null models, permutation tests and power, on tables with known structure."""

from collections.abc import Mapping
from io import BytesIO
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.text import Text
from scipy.ndimage import gaussian_filter1d
from scipy.stats import binom, spearmanr
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score

from aeexp.analysis.clustering import partitions
from aeexp.analysis.clustering.partitions import permuted_tables
from aeexp.analysis.evidence import chance
from aeexp.analysis.evidence.chance import p_value
from aeexp.analysis.evidence.null import cloud, permuted
from aeexp.analysis.evidence.power import Group, Power, planted, power
from aeexp.data import Column, Floats
from aeexp.data.design import Design
from aeexp.present import figures
from aeexp.present.figures import NullComparison, style
from aeexp.present.text.evidence import describe_power

NOT_RULED_OUT = "Smaller or fainter groups, in fewer columns, and gradients are not ruled out."
SEEDS = st.integers(0, 2**32 - 1)
SPECIES = Column("species", ("a", "b", "c"))
CENTRES = np.array([[0.0, 0.0], [20.0, 0.0], [0.0, 20.0]])


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def numbers(count: int) -> tuple[Column, ...]:
    return tuple(Column(f"x{i}") for i in range(count))


def correlated(rows: int, features: int, seed: int = 0) -> Floats:
    generator = rng(seed)
    mixing = generator.normal(size=(features, features))
    return 5 + generator.normal(size=(rows, features)) @ mixing


def with_text(rows: int, seed: int = 0) -> tuple[Floats, tuple[Column, ...]]:
    """Return a table of two numeric columns around a text column with a missing cell."""
    generator = rng(seed)
    indicators = np.eye(3)[generator.integers(0, 3, rows)]
    indicators[0] = np.nan
    first, last = generator.normal(size=(2, rows, 1))
    return np.hstack([first, indicators, last]), (Column("x"), SPECIES, Column("y"))


# --- tables without structure


@settings(deadline=None, max_examples=40)
@given(SEEDS, st.integers(1, 40), st.integers(1, 5))
def test_a_permuted_table_has_the_same_values_in_each_column(
    seed: int, rows: int, features: int
) -> None:
    x = correlated(rows, features, seed)
    x[rng(seed).random(x.shape) < 0.2] = np.nan
    x[0] = 5
    shuffled = permuted(x, numbers(features), np.arange(len(x)), rng(seed))
    assert np.array_equal(np.sort(shuffled, axis=0), np.sort(x, axis=0), equal_nan=True)


def test_a_column_of_few_known_cells_has_one_in_a_training_row() -> None:
    x = np.full((200, 60), np.nan)
    x[:3] = rng().normal(size=(3, 60))
    train = np.arange(60)
    shuffled = permuted(x, numbers(60), train, rng())
    assert np.isfinite(shuffled[train]).any(axis=0).all()
    assert (np.isfinite(shuffled).sum(axis=0) == 3).all()


def test_a_permuted_table_has_no_correlations() -> None:
    x = correlated(4_000, 5)
    before, after = (
        np.abs(np.corrcoef(estimate.T)[np.triu_indices(5, 1)]).max()
        for estimate in (x, permuted(x, numbers(5), np.arange(len(x)), rng()))
    )
    assert before > 0.5
    assert after < 4 / np.sqrt(4_000)


@settings(deadline=None, max_examples=40)
@given(SEEDS)
def test_features_of_a_text_column_stay_together(seed: int) -> None:
    x, columns = with_text(30, seed)
    shuffled = permuted(x, columns, np.arange(len(x)), rng(seed))
    text = shuffled[:, 1:4]
    missing = np.isnan(text)
    assert (missing.all(axis=1) == missing.any(axis=1)).all()
    assert missing.all(axis=1).sum() == 1
    assert np.nansum(text, axis=0) == pytest.approx(np.nansum(x[:, 1:4], axis=0))
    assert set(text[~missing.any(axis=1)].sum(axis=1)) == {1.0}


def test_null_models_do_not_change_the_table_and_have_its_precision() -> None:
    x = correlated(30, 4).astype(np.float32)
    before = x.copy()
    for table in (
        permuted(x, numbers(4), np.arange(len(x)), rng()),
        cloud(x, rng()),
        planted(x, numbers(4), Group(2, 0.5), rng())[0],
    ):
        assert table.dtype == np.float32
        assert np.array_equal(x, before)
        assert not np.array_equal(table, x)


@pytest.mark.parametrize("features", [4, 90], ids=["tall", "wide"])
def test_a_cloud_has_the_columns_and_the_rank_correlations_of_the_table(features: int) -> None:
    x = np.exp(correlated(60, features) / 3)
    several = [cloud(x, rng(seed)) for seed in range(300)]
    for drawn in several[:5]:
        assert np.array_equal(np.sort(drawn, axis=0), np.sort(x, axis=0))
    drawn = np.mean([spearmanr(drawn).statistic for drawn in several], axis=0)
    assert np.abs(drawn - spearmanr(x).statistic).max() < 0.15


def test_a_cloud_has_no_groups() -> None:
    truth = np.repeat([0, 1, 2], 200)
    angles = 2 * np.pi * truth / 3
    x = np.stack([np.cos(angles), np.sin(angles)]).T @ rng(2).normal(size=(2, 8))
    x = 2 * x + rng().normal(size=(600, 8))
    assert silhouette_score(x, truth) > 0.2
    clustered = KMeans(3, n_init=5, random_state=0)
    drawn = cloud(x, rng(1))
    apart = silhouette_score(x, clustered.fit_predict(x))
    assert silhouette_score(drawn, clustered.fit_predict(drawn)) < 0.75 * apart


def test_missing_cells_of_a_cloud_stay_missing() -> None:
    x = correlated(3_000, 3)
    x[rng(1).random(x.shape) < 0.3] = np.nan
    drawn = cloud(x, rng())
    assert np.array_equal(np.isnan(drawn), np.isnan(x))
    assert np.array_equal(np.sort(drawn, axis=0), np.sort(x, axis=0), equal_nan=True)


def test_a_cloud_in_time_keeps_the_rhythm_of_columns_and_their_relations() -> None:
    shared = np.cumsum(rng().normal(size=(500, 1)), axis=0)
    smooth = gaussian_filter1d(shared, 8, axis=0) * [1, -1, 0.5]
    x = smooth + 0.3 * smooth.std() * rng(1).normal(size=(500, 3))
    drawn = cloud(x, rng(2), Design(np.arange(500), tau=20))
    assert np.array_equal(np.sort(drawn, axis=0), np.sort(x, axis=0))
    assert spearmanr(drawn).statistic == pytest.approx(spearmanr(x).statistic, abs=0.2)
    lagged = [spearmanr(table[:-1, 0], table[1:, 0]).statistic for table in (x, drawn)]
    assert lagged[1] == pytest.approx(lagged[0], abs=0.15)
    assert np.abs(spearmanr(x[:, 0], drawn[:, 0]).statistic) < 0.9


def test_a_cloud_of_groups_keeps_the_differences_between_groups() -> None:
    groups = np.repeat(np.arange(20), 20)
    x = 3 * rng().normal(size=(20, 4))[groups] + rng(1).normal(size=(400, 4))
    tables = x, cloud(x, rng(2), Design(groups=groups)), cloud(x, rng(2))
    own, of_groups, of_rows = (
        np.mean([table[groups == group].var(axis=0) for group in range(20)]) for table in tables
    )
    assert of_groups < 2 * own
    assert of_rows > 5 * own


@pytest.mark.parametrize(
    "x",
    [
        pytest.param(np.full((5, 3), 2.0), id="constant"),
        pytest.param(np.full((5, 3), np.nan), id="nothing_known"),
        pytest.param(np.array([[1.0, 2.0]]), id="one_row"),
        pytest.param(np.array([[1.0], [3.0]]), id="one_feature"),
    ],
)
def test_a_trivial_table_has_a_permutation_and_a_cloud(x: Floats) -> None:
    columns = numbers(x.shape[1])
    for table in (permuted(x, columns, np.arange(len(x)), rng()), cloud(x, rng())):
        assert table.shape == x.shape
        assert np.array_equal(np.isnan(table), np.isnan(x))
    if not np.ptp(x):
        assert np.array_equal(cloud(x, rng()), x, equal_nan=True)


# --- p


@pytest.mark.parametrize(
    ("observed", "more", "p"),
    [
        pytest.param(5.0, True, 0.2, id="better_than_all"),
        pytest.param(5.0, False, 1.0, id="worse_than_all"),
        pytest.param(3.0, True, 0.6, id="a_tie_is_as_good"),
        pytest.param(np.nan, True, np.nan, id="no_number"),
    ],
)
def test_p_counts_the_copies_at_least_as_good(observed: float, more: bool, p: float) -> None:
    null = np.array([1.0, 2.0, 3.0, 4.0, np.nan])
    assert p_value(observed, null, more_is_better=more) == pytest.approx(p, nan_ok=True)


def test_p_is_nan_without_copies() -> None:
    assert np.isnan(p_value(1.0, np.full(3, np.nan), more_is_better=True))
    assert np.isnan(p_value(1.0, np.empty(0), more_is_better=True))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=40, unique=True), st.booleans())
def test_p_is_uniform_under_the_null_hypothesis(drawn: list[float], more: bool) -> None:
    values = np.array(drawn)
    p = [
        p_value(estimate, np.delete(values, i), more_is_better=more)
        for i, estimate in enumerate(values)
    ]
    assert sorted(p) == pytest.approx(np.arange(1, len(p) + 1) / len(p))


def test_p_is_below_a_level_no_more_often_than_that_level() -> None:
    drawn = rng().integers(0, 50, size=(400, 20)).astype(float)  # with ties
    p = np.array([p_value(estimate[0], estimate[1:], more_is_better=True) for estimate in drawn])
    assert 0 < (p <= 0.05).sum() <= binom.ppf(0.999, len(p), 0.05)


R2 = "reconstruction.val.r2"


def test_metrics_are_tested_in_the_better_direction() -> None:
    null = np.linspace(0, 1, 19)
    observed = {"clustering.kmeans.silhouette": 2.0, "reconstruction.val.mse": 2.0, "other": 1.0}
    copies = {name: null for name in observed if name != "other"}
    better, worse = chance.tested(observed, copies, "permuted columns")
    assert (better.number, better.control) == ("clustering.kmeans.silhouette", "permuted columns")
    assert (better.p, worse.p) == (0.05, 1.0)
    assert (better.mean, better.sd) == pytest.approx((0.5, null.std(ddof=1)))
    assert better.copies == 19


def test_undefined_copies_are_ignored() -> None:
    [one] = chance.tested({R2: 2.0}, {R2: np.array([1.0, np.nan, 3.0])}, "one cloud")
    assert (one.copies, one.mean, one.p) == (2, 2.0, pytest.approx(2 / 3))


# --- planted groups


@settings(deadline=None, max_examples=40)
@given(SEEDS, st.integers(2, 9), st.floats(0, 1))
def test_planted_rows_are_shifted_in_half_of_the_columns(
    seed: int, features: int, share: float
) -> None:
    x = correlated(40, features, seed)
    shifted, rows = planted(x, numbers(features), Group(1.5, share), rng(seed))
    change = (shifted - x) / x.std(0)
    assert rows.sum() == round(40 * share)
    assert not change[~rows].any()
    touched = change[rows].any(axis=0)
    if rows.any():
        assert touched.sum() == max(2, features // 2)
        assert change[rows][:, touched] == pytest.approx(1.5)


def test_a_group_is_planted_only_in_numeric_columns_that_vary() -> None:
    x, columns = with_text(30)
    x = np.hstack([x, np.ones((30, 1))])
    shifted, rows = planted(x, (*columns, Column("constant")), Group(3, 0.5), rng())
    changed = (shifted != x) & ~np.isnan(x)
    assert changed[rows].all(axis=0).tolist() == [True, False, False, False, True, False]


def test_a_table_without_numeric_columns_is_unchanged() -> None:
    x, _ = with_text(30)
    shifted, rows = planted(x[:, 1:4], (SPECIES,), Group(3, 0.5), rng())
    assert np.array_equal(shifted, x[:, 1:4], equal_nan=True)
    assert rows.sum() == 15


def test_a_large_planted_group_is_recovered_and_a_permuted_table_has_none() -> None:
    x = permuted(correlated(200, 12), numbers(12), np.arange(200), rng())
    shifted, rows = planted(x, numbers(12), Group(4, 0.3), rng())
    _, _, axes = np.linalg.svd((shifted - shifted.mean(0)) / shifted.std(0), full_matrices=False)
    score = (shifted / shifted.std(0)) @ axes[0]
    apart = abs(score[rows].mean() - score[~rows].mean()) / score[~rows].std()
    assert apart > 4


# --- power


def detected_in(size: float, right: int, tables: int = 10) -> dict[Group, Floats]:
    return {Group(size, 0.2): np.where(np.arange(tables) < right, 2.0, 0.5)}


NULL = np.linspace(0, 1, 19)


def test_power_is_the_share_of_tables_beyond_chance_with_wilsons_interval() -> None:
    [one] = power(detected_in(1, 9), NULL)
    z, p, n = NormalDist().inv_cdf(0.975), 0.9, 10
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert (one.detected, one.tables) == (0.9, 10)
    assert (one.low, one.high) == pytest.approx((middle - half, middle + half))


def test_power_is_near_one_for_large_groups_and_the_level_without_any() -> None:
    generator = rng()
    groups = {Group(size, 0.2): generator.normal(size, 1, 200) for size in (6.0, 0.0)}
    none, large = power(groups, rng(1).normal(size=99))
    assert (none.group.size, large.group.size) == (0, 6)
    assert none.detected < 0.15
    assert large.detected == 1


def test_a_planted_table_with_an_undefined_metric_counts_as_missed() -> None:
    [one] = power({Group(1, 0.2): np.array([2.0, np.nan])}, NULL)
    assert one.detected == 0.5


@pytest.mark.parametrize(
    ("groups", "text"),
    [
        pytest.param(
            detected_in(1, 3) | detected_in(1.5, 9) | detected_in(3, 10),
            "It would have detected a group of 20 % of the rows, shifted by 1.5 sd in half of the"
            f" columns (in 9 of 10 tables). {NOT_RULED_OUT}",
            id="the_smallest",
        ),
        pytest.param(
            detected_in(1, 9) | detected_in(2, 5) | detected_in(3, 8),
            "It would have detected a group of 20 % of the rows, shifted by 3 sd in half of the"
            f" columns (in 8 of 10 tables). {NOT_RULED_OUT}",
            id="not_one_that_was_lucky",
        ),
        pytest.param(
            detected_in(1, 3) | detected_in(3, 4),
            "It would often miss even a group of 20 % of the rows, shifted by 3 sd in half of the"
            " columns (found in 4 of 10 tables).",
            id="none",
        ),
    ],
)
def test_the_detectable_group_is_described(groups: Mapping[Group, Floats], text: str) -> None:
    assert describe_power(power(groups, NULL)).sentence == text


def test_too_few_null_tables_detect_nothing() -> None:
    powers = power(detected_in(3, 10), NULL[:18])
    assert np.isnan(powers[0].detected)
    assert "at least 19" in describe_power(powers).sentence


def test_a_power_has_its_number_of_tables() -> None:
    sentence = describe_power([Power(Group(1, 0.25), 1.0, 0.7, 1.0, 10)]).sentence
    assert "25 % of the rows, shifted by 1 sd in half of the columns (in 10 of 10" in sentence


# --- classes given at random


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_random_tables_have_the_sizes_of_clusters_and_classes(
    codes: list[tuple[int, int]],
) -> None:
    table = partitions.contingency(*np.array(codes).T)[1:, 1:]
    tables = permuted_tables(table, 5, rng())
    assert (tables >= 0).all()
    assert (tables.sum(2)[:, :-1] == table.sum(1)).all()
    assert (tables.sum(1)[:, :-1] == table.sum(0)).all()


def test_random_tables_agree_like_permuted_labels() -> None:
    generator = rng()
    score, truth = generator.integers(0, 3, (2, 80))
    drawn = permuted_tables(partitions.contingency(score, truth), 2_000, generator)
    null = partitions.adjusted_rand(drawn)
    by_rows = [adjusted_rand_score(score, generator.permutation(truth)) for _ in range(200)]
    error = np.std(by_rows) / np.sqrt(200)
    assert null.mean() == pytest.approx(np.mean(by_rows), abs=4 * error)
    assert null.std() == pytest.approx(np.std(by_rows), rel=0.35)


# --- figures


def drawn(figure: Figure) -> str:
    """Return the texts of a figure, after checking that none is cut off."""
    figure.savefig(BytesIO(), dpi=80)
    box, (x, y) = figure.get_tightbbox(), figure.get_size_inches()
    assert min(box.x0, box.y0) >= -0.01
    assert box.x1 <= x + 0.01
    assert box.y1 <= y + 0.01
    return "\n".join(text.get_text() for text in figure.findobj(Text) if text.get_text())


def against(number: str = "r2", better: int = 1, **changes: Any) -> NullComparison:
    text = {"observed": 2.0, "null": NULL, "p": 0.05, "control": "permuted columns"}
    return NullComparison(metric=number, better=better, **(text | changes))


@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param([against()], id="one"),
        pytest.param([against(control=f"control {i}") for i in range(20)], id="many"),
        pytest.param([against("$_{蛋" * 60, control="W" * 300)], id="hostile_names"),
        pytest.param([against(observed=np.nan, p=np.nan)], id="no_number"),
        pytest.param([against(null=np.full(19, np.nan), p=np.nan)], id="no_null"),
        pytest.param([against(null=np.empty(0), p=np.nan)], id="no_copies"),
        pytest.param([against(null=np.full(19, 2.0), p=1.0)], id="all_alike"),
        pytest.param([against(observed=1e100, null=-1e100 * NULL)], id="far_apart"),
    ],
)
def test_no_text_of_a_null_figure_is_cut_off(numbers: list[NullComparison]) -> None:
    drawn(figures.null(numbers))


@pytest.mark.parametrize(("better", "at"), [(1, 1.0), (-1, 0.0)])
def test_a_value_better_than_all_copies_is_at_the_right(better: int, at: float) -> None:
    figure = figures.null([against(better=better)])
    text = drawn(figure)
    [diamond] = [line for line in figure.axes[0].lines if line.get_marker() == "D"]
    assert diamond.get_xdata() == [at]
    assert "2, chance 0.5 ± 0.31, p = 0.05" in text
    assert "permuted columns" in text


def test_values_within_chance_are_grey() -> None:
    lines = figures.null([against(p=0.05), against(p=0.06)]).axes[0].lines
    colours = [line.get_color() for line in lines if line.get_marker() == "D"]
    assert colours == [style.PALETTE[0], style.NOISE]


def test_twelve_of_many_metrics_are_shown() -> None:
    assert "12 of 20 metrics shown" in drawn(figures.null([against()] * 20))


@pytest.mark.parametrize("tables", [1, 5])
def test_the_power_is_drawn_with_its_interval(tables: int) -> None:
    powers = [estimate for n in range(tables) for estimate in power(detected_in(n, n), NULL)]
    figure = figures.power(
        np.array([estimate.group.size for estimate in powers]),
        np.array([estimate.detected for estimate in powers]),
        np.array([[estimate.low, estimate.high] for estimate in powers]).T,
        note="in half of the columns",
    )
    assert "in half of the columns" in drawn(figure)
    [bars] = figure.axes[0].containers[0][2]
    ends = [segment[:, 1].tolist() for segment in bars.get_segments()]
    assert ends == [pytest.approx([estimate.low, estimate.high]) for estimate in powers]


def test_an_unknown_power_is_drawn() -> None:
    nothing = np.full(2, np.nan)
    drawn(figures.power(np.array([1.0, 2.0]), nothing, np.full((2, 2), np.nan), note=""))
