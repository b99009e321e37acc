"""Factor cards, compared with linear maps, scikit-learn and SciPy."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import same_color
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from scipy import stats
from sklearn.decomposition import PCA

from aeexp.analysis.factors import attribution
from aeexp.analysis.factors.associations import associations
from aeexp.analysis.factors.attribution import FactorAttribution, FactorImportance, probe, weigh
from aeexp.analysis.factors.cards import Card, cards, flags, ranged
from aeexp.analysis.factors.matching import match
from aeexp.data import Classes, Floats, Labels, Rows, Values
from aeexp.present import figures
from aeexp.present.figures import Factor, style
from aeexp.present.tables import factors

SEEDS = st.integers(0, 2**32 - 1)


def normal(*shape: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=shape)


@dataclass(frozen=True)
class Linear:
    """z = x @ encoder, x_hat = z @ decoder + mean."""

    encoder: Floats
    decoder: Floats
    mean: Floats

    def encode(self, x: Floats) -> Floats:
        return x @ self.encoder

    def decode(self, z: Floats) -> Floats:
        return z @ self.decoder + self.mean


def linear(features: int = 5, number: int = 3, seed: int = 0) -> Linear:
    return Linear(
        normal(features, number, seed=seed),
        normal(number, features, seed=seed + 1),
        normal(features, seed=seed + 2),
    )


def halves(count: int) -> Rows:
    return Rows(np.arange(0, count, 2), np.arange(1, count, 2))


def probed(x: Floats, rows: Rows, network: Linear) -> FactorAttribution:
    return probe(x, network.encode(x), rows, network, network.encoder)


# --- attribution


def test_without_a_principal_component_its_share_of_the_variance_is_lost() -> None:
    x = normal(60, 5) * [5, 4, 3, 2, 1]
    fitted = PCA(3).fit(x)
    network = Linear(fitted.components_.T, fitted.components_, fitted.mean_ * 0)
    rows = Rows(np.arange(60), np.arange(0))
    x -= fitted.mean_
    shares = attribution.explained(x, network.encode(x), rows, network)
    assert shares == pytest.approx(fitted.explained_variance_ratio_)


@settings(deadline=None, max_examples=20)
@given(SEEDS)
def test_what_a_factor_explains_is_computed_on_held_out_rows(seed: int) -> None:
    x, rows, network = normal(40, 5, seed=seed), halves(40), linear()
    z = network.encode(x)
    total = np.square(x[rows.val] - x[rows.train].mean(0)).sum()
    left = np.square(network.decode(z) - x)[rows.val].sum()
    for k, share in enumerate(attribution.explained(x, z, rows, network)):
        without = z.copy()
        without[:, k] = z[rows.train, k].mean()
        more = np.square(network.decode(without) - x)[rows.val].sum()
        assert share == pytest.approx((more - left) / total)


def test_blocks_of_rows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    x, rows, network = normal(100, 5), halves(100), linear()
    total = probed(x, rows, network)
    monkeypatch.setattr(
        attribution, "blocks", lambda n, _: (slice(i, i + 7) for i in range(0, n, 7))
    )
    split = probed(x, rows, network)
    assert split.weighed.explained == pytest.approx(total.weighed.explained)
    assert np.array_equal(split.permutation, total.permutation)


def test_the_jacobian_of_one_feature_is_a_correlation() -> None:
    x, rows = normal(50, 4) * [1, 10, 0.1, 3], halves(50)
    network = Linear(np.diag([2.0, -3, 1, 5]), np.eye(4), np.zeros(4))
    jacobian = weigh(x, network.encode(x), rows, network, network.encoder).jacobian
    assert jacobian == pytest.approx(np.diag([1, -1, 1, 1]))


def test_the_jacobian_is_that_of_standardised_features_and_factors() -> None:
    x, rows, network = normal(50, 5) * [1, 10, 0.1, 3, 7], halves(50), linear()
    z = network.encode(x)
    train, scaled = rows.train, stats.zscore(x[rows.train])
    slopes = np.linalg.lstsq(scaled, stats.zscore(z[train]), rcond=None)[0]
    assert weigh(x, z, rows, network, network.encoder).jacobian == pytest.approx(slopes)


def test_shuffling_a_feature_moves_a_linear_factor_by_its_slope() -> None:
    x, rows, network = normal(4_000, 5), halves(4_000), linear()
    result = probed(x, rows, network)
    # the mean distance of two draws of a normal distribution is 2 / sqrt(pi) of its deviation
    expected = np.abs(result.weighed.jacobian) * 2 / np.sqrt(np.pi)
    assert result.permutation == pytest.approx(expected, rel=0.15)


def test_only_the_30_features_that_move_factors_most_are_shuffled() -> None:
    x, rows, network = normal(40, 50), halves(40), linear(50)
    result = probed(x, rows, network)
    values = np.isfinite(result.permutation).all(1)
    moves = attribution.moves(x, rows, network.encoder)
    largest = (moves / network.encode(x)[rows.train].std(0)).max(1)
    assert values.sum() == 30
    assert largest[values].min() > largest[~values].max()
    assert np.isnan(result.permutation[~values]).all()


def test_a_feature_that_differs_in_one_row_does_not_lead() -> None:
    x, rows = normal(200, 3), halves(200)
    x[:, 1] = np.sqrt(99) * (np.arange(200) == 0)  # scaled to unit variance, as the others
    network = Linear(np.array([[1.0], [1.5], [0.5]]), np.ones((1, 3)), np.zeros(3))
    result = probed(x, rows, network)
    assert np.argmax(np.abs(result.weighed.jacobian)) == 1
    [card] = cards(network.encode(x)[rows.train], result, [], None, [])
    assert [*card.strongest] == [0, 2, 1]
    assert [*np.argsort(-attribution.moves(x, rows, network.encoder)[:, 0])] == [0, 2, 1]


def test_a_traversal_goes_along_one_factor_with_the_others_at_their_median() -> None:
    x, rows, network = normal(60, 5), halves(60), linear()
    z, result = network.encode(x)[rows.train], probed(x, rows, network)
    assert pytest.approx(np.quantile(z, [0.05, 0.5, 0.95], axis=0)) == result.z[:, [0, 5, 10]].T
    for k in range(3):
        point = np.median(z, axis=0)
        point[k] = result.z[k, 7]
        assert result.traversals[k, 7] == pytest.approx(network.decode(point))


def test_a_constant_factor_and_two_rows_have_defined_results() -> None:
    network = linear()
    network.encoder[:, 1] = 0
    for x, rows in (
        (normal(2, 5), Rows(np.arange(2), np.arange(0))),
        (normal(9, 5), halves(9)),
        (np.ones((4, 5)), halves(4)),
    ):
        result = probed(x, rows, network)
        assert np.isnan(result.weighed.jacobian[:, 1]).all()
        assert np.isnan(result.permutation[:, 1]).all()
        assert np.isfinite(result.traversals).all()


def test_matched_trainings_have_the_same_importance_of_factors() -> None:
    x, rows, network = normal(40, 5), halves(40), linear()
    order, signs = [2, 0, 1], np.array([-1, 1, -1])
    other = Linear((network.encoder * signs)[:, order], (network.decoder.T * signs).T[order],
                   network.mean)  # fmt: skip
    first, theirs = probed(x, rows, network).weighed, probed(x, rows, other).weighed
    matched = theirs.matched(match(network.encode(x), other.encode(x)))
    assert matched.explained == pytest.approx(first.explained)
    assert matched.jacobian == pytest.approx(first.jacobian)


# --- associations


def test_associations_with_classes_are_those_of_scipy() -> None:
    z = normal(60, 3).round(1)  # with ties
    codes = np.random.default_rng(1).integers(-1, 3, 60)
    z[:, 0] += codes
    [result] = associations(z, [Classes("kind", codes, ("a", "b", "c"))])
    for k in range(3):
        groups = [z[codes == code, k] for code in range(3)]
        f = stats.f_oneway(*groups).statistic
        values = (codes >= 0).sum()
        assert result.value[k] == pytest.approx(2 * f / (2 * f + values - 3))  # eta^2 of F
        assert result.p[k] == pytest.approx(stats.kruskal(*groups).pvalue)
    assert result.measure == "eta squared"


def test_associations_with_numbers_are_those_of_scipy() -> None:
    z, values = normal(60, 3), normal(60, seed=1).round(1)
    values += z[:, 1]
    values[[3, 5]] = np.nan
    [result] = associations(z, [Values("age", values)])
    for k in range(3):
        expected = stats.spearmanr(z[:, k], values, nan_policy="omit")
        assert result.value[k] == pytest.approx(expected.statistic)
        assert result.p[k] == pytest.approx(expected.pvalue)
    assert result.measure == "Spearman"


def test_p_is_adjusted_over_all_factors_and_labels() -> None:
    z = normal(50, 3)
    z[:, 2] = 0.1
    labels: list[Labels] = [Values("age", normal(50, seed=1)), Values("weight", z[:, 0] ** 3)]
    labels.append(Classes("kind", (z[:, 1] > 0).astype(int), ("a", "b")))
    result = associations(z, labels)
    p = np.concatenate([one.p[:2] for one in result])
    adjusted = np.concatenate([one.p_adjusted[:2] for one in result])
    assert adjusted == pytest.approx(stats.false_discovery_control(p))
    assert all(np.isnan(one.p_adjusted[2]) for one in result)
    assert result[1].value[0] == pytest.approx(1)


@pytest.mark.parametrize(
    "label",
    [
        Classes("none", np.full(8, -1), ("a",)),
        Classes("one", np.zeros(8, int), ("a", "b")),
        Values("none", np.full(8, np.nan)),
        Values("two", np.array([1.0, 2] + [np.nan] * 6)),
        Values("constant", np.full(8, 0.1)),
    ],
)
def test_a_label_without_information_is_associated_with_no_factor(label: Labels) -> None:
    [result] = associations(normal(8, 2), [label])
    assert np.isnan([result.value, result.p, result.p_adjusted]).all()


def test_without_labels_there_are_no_associations() -> None:
    assert associations(normal(8, 2), []) == []


# --- cards


def test_dead_factors_and_duplicates_are_named() -> None:
    z = normal(100, 6)
    z[:, 1] = 0.05 * z[:, 1]
    z[:, 2] = 7
    z[:, 4] = -2 * z[:, 0] + 0.1 * z[:, 4]
    z[:, 5] = 3 * z[:, 4]
    assert flags(z / z.std(axis=0).max()) == [
        "", "dead", "dead", "", "duplicate of z1", "duplicate of z1",
    ]  # fmt: skip
    assert flags(np.ones((5, 2))) == ["dead", "dead"]


@settings(deadline=None, max_examples=20)
@given(SEEDS)
def test_flags_are_the_same_in_other_units_and_signs(seed: int) -> None:
    z = normal(30, 4, seed=seed)
    z[:, 3] = z[:, 1] * [-2]
    assert flags(-5 * z + 3) == flags(z)


def card(number: int = 3, features: int = 5, trainings: int = 3) -> list[Card]:
    x, rows, network = normal(40, features), halves(40), linear(features, number)
    z, attribution = network.encode(x), probed(x, rows, network)
    weighed = attribution.weighed
    others = [
        FactorImportance(weighed.explained + i, weighed.jacobian - i) for i in range(1, trainings)
    ]
    labels: list[Labels] = [Values("age", x[:, 0])]
    share = np.linspace(1, 0.5, number)
    stable = SimpleNamespace(reproducibility=share, reproducible=share >= 0.8)
    back: Any = stable if trainings > 1 else None
    return cards(z[rows.train], attribution, others, back, associations(z, labels))


def test_a_card_is_of_the_run_s_model_with_the_range_of_other_trainings() -> None:
    [alone, _, _], [first, _, last] = card(trainings=1), card()
    assert first.explained.value == alone.explained.value
    assert first.explained.low == pytest.approx(alone.explained.value + 1)
    assert first.explained.high == pytest.approx(alone.explained.value + 2)
    assert np.array_equal(first.jacobian.value, alone.jacobian.value)
    assert first.jacobian.low == pytest.approx(alone.jacobian.value - 2)
    assert first.jacobian.high == pytest.approx(alone.jacobian.value - 1)
    assert np.isnan(alone.jacobian.low).all()
    assert (first.doubt, last.doubt) == ("", "not reproducible")
    assert np.isnan(alone.reproducibility)
    assert alone.doubt == ""


def test_trainings_with_a_dead_factor_are_ignored_in_ranges() -> None:
    dead, values = np.full((2, 1), np.nan), np.array([[1.0], [-2.0]])
    result = ranged(values, [dead, values + 1, values - 1])
    assert np.array_equal(result.value, values)
    assert np.array_equal(result.low, values - 1)
    assert np.array_equal(result.high, values + 1)


def test_a_feature_whose_sign_differs_between_trainings_does_not_lead() -> None:
    x, rows, network = normal(40, 3), halves(40), Linear(np.eye(3), np.eye(3), np.zeros(3))
    network.encoder[:, 0] = [3, 2, 1]
    z, attribution = network.encode(x), probed(x, rows, network)
    other = FactorImportance(
        attribution.weighed.explained, attribution.weighed.jacobian * [[-1], [1], [1]]
    )
    [alone, *_] = cards(z[rows.train], attribution, [], None, [])
    [card, *_] = cards(z[rows.train], attribution, [other], None, [])
    assert [*alone.strongest] == [0, 1, 2]
    assert [*card.strongest] == [1, 2, 0]


def test_the_bar_of_a_feature_whose_sign_differs_is_grey() -> None:
    slopes = np.array([[1.0, -1, 0.5], [-0.1, -1, 0.6], [1, -0.2, 0.7]])
    drawn = factor(features=3, slopes=slopes, strongest=np.arange(3))
    bars = figures.cards([drawn], list("abc")).axes[0].patches
    grey = [same_color(bar.get_facecolor(), style.NOISE) for bar in bars]
    assert grey == [True, False, False]


def test_the_tables_have_a_row_for_each_factor_feature_and_step() -> None:
    names = ("a", "z", "factor", "d", "e")
    factor_cards = card()
    table = factors.traversals(factor_cards, [one.traversal for one in factor_cards], names)
    assert {*table} == {"factor", "z", "a", "feature.z", "feature.factor", "d", "e"}
    assert {len(column) for column in table.values()} == {33}
    assert table["d"][11:22] == pytest.approx(factor_cards[1].traversal[:, 3])
    importance = factors.importance(factor_cards, names)
    assert {len(column) for column in importance.values()} == {15}
    assert importance["feature"][5:10] == [*names]
    assert importance["jacobian"][5:10] == pytest.approx(factor_cards[1].jacobian.value)
    assert factors.factors(factor_cards)["factor"] == ["z1", "z2", "z3"]
    assert factors.associations(factor_cards)["value"] == [
        one.associations[0].value for one in factor_cards
    ]


def test_traversals_have_the_20_features_that_are_first_on_any_card() -> None:
    factor_cards = card(features=30)
    names = [f"f{j}" for j in range(30)]
    [*columns] = factors.traversals(factor_cards, [one.traversal for one in factor_cards], names)
    assert len(columns) == 22
    assert {names[j] for one in factor_cards for j in one.strongest[:6]} <= {*columns}
    assert columns[2] in {names[one.strongest[0]] for one in factor_cards}


# --- the figure


def factor(name: str = "z1", features: int = 5, **changes: object) -> Factor:
    traversal = normal(11, features)
    slopes = np.sort(normal(3, features, seed=1), axis=0)[[1, 0, 2]]
    drawn = Factor(
        name, 0.5, slopes, np.argsort(-np.abs(slopes[0])), np.linspace(-1, 1, 11), traversal,
        1e4 * traversal[[0, -1]],
        ["34 % of the variance", "age"], "",
    )  # fmt: skip
    return replace(drawn, **changes)  # type: ignore[arg-type]


def texts(figure: Figure) -> list[Text]:
    figure.savefig(BytesIO())
    return [text for text in figure.findobj(Text) if text.get_text()]


def test_a_card_names_the_strongest_features_and_their_values_at_both_ends() -> None:
    drawn = factor(ends=np.array([np.arange(5.0), -np.arange(5) - 10]))
    figure = figures.cards([drawn], ["a", "b", "c", "d", "e"])
    shown = [text.get_text() for text in texts(figure)]
    assert "0" in shown
    assert "−10  a" in shown
    assert any("34 % of the variance" in line for line in shown)


def test_unreliable_factors_are_grey_and_marked() -> None:
    figure = figures.cards([factor(), factor("z2", doubt="dead")], list("abcde"))
    assert "z2: dead" in [text.get_text() for text in texts(figure)]
    bars, doubted = figure.axes[0], figure.axes[2]
    grey = [
        all(same_color(bar.get_facecolor(), style.NOISE) for bar in axes.patches)
        for axes in (bars, doubted)
    ]
    assert grey == [False, True]
    assert {line.get_color() for line in figure.axes[3].lines} == {style.NOISE}


def test_whiskers_reach_from_the_least_to_the_greatest_slope() -> None:
    drawn = factor()
    axes = figures.cards([drawn], list("abcde")).axes[0]
    [whiskers] = axes.collections
    ends = np.array([path.vertices[:, 0] for path in whiskers.get_paths()])
    assert ends == pytest.approx(drawn.slopes[1:, drawn.strongest].T)
    widths = [bar.get_width() for bar in axes.patches if isinstance(bar, Rectangle)]
    assert widths == pytest.approx(drawn.slopes[0, drawn.strongest])


def test_of_many_factors_the_6_that_explain_most_are_drawn() -> None:
    many = [factor(f"z{k + 1}", explained=(k * 7 % 10) / 10) for k in range(9)]
    many.append(factor("z10", explained=np.nan))
    figure = figures.cards(many, list("abcde"))
    shown = {axes.get_title(loc="left") for axes in figure.axes[::2]}
    assert shown == {"z2", "z3", "z5", "z6", "z8", "z9"}
    assert any("6 of 10 factors" in text.get_text() for text in texts(figure))


ODD: list[tuple[str, Callable[[], tuple[list[Factor], list[str]]]]] = [
    ("long names", lambda: ([factor(notes=["x" * 300])], ["a long name of a feature " * 9] * 5)),
    ("constant", lambda: ([factor(z=np.zeros(11), traversal=np.zeros((11, 5)))], list("abcde"))),
    ("undefined", lambda: ([factor(slopes=np.full((3, 5), np.nan), notes=[])], list("abcde"))),
    ("one feature", lambda: ([factor(features=1)], ["a"])),
    ("large", lambda: ([factor(ends=np.full((2, 5), -1.2345e300))], list("abcde"))),
    ("many", lambda: ([factor(f"z{k}", 40) for k in range(12)], [f"feature {j}" * 5 for j in range(40)])),  # noqa: E501
]  # fmt: skip


@pytest.mark.parametrize("drawn", [make for _, make in ODD], ids=[name for name, _ in ODD])
def test_no_text_is_cut_off_or_overlaps(
    drawn: Callable[[], tuple[list[Factor], list[str]]],
) -> None:
    figure = figures.cards(*drawn())
    shown = texts(figure)
    page = figure.bbox
    for text in shown:
        box = text.get_window_extent()
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= page.x1
        assert box.y1 <= page.y1
    for axes in figure.axes[1::2]:
        boxes = [text.get_window_extent() for text in axes.texts]
        for i, box in enumerate(boxes):
            for other in boxes[:i]:
                across = min(box.x1, other.x1) - max(box.x0, other.x0)
                down = min(box.y1, other.y1) - max(box.y0, other.y0)
                assert across <= 1 or down <= 0.4 * min(box.height, other.height)
