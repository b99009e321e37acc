"""Preservation of neighbourhoods and distances, on spaces with known answers."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.text import Text
from scipy.spatial.distance import cdist, pdist
from scipy.stats import ortho_group, spearmanr
from sklearn.manifold import trustworthiness

from aeexp.analysis.latent import coranking, neighbourhoods
from aeexp.analysis.latent.distances import spearman
from aeexp.analysis.latent.neighbourhoods import measure
from aeexp.data import Classes, Floats, Values
from aeexp.present import figures
from aeexp.present.figures import Curve, style
from aeexp.present.figures.paint import FADED, Unreliable

RNG = np.random.default_rng(0)


def folded(rows: int) -> tuple[Floats, Floats]:
    x = RNG.normal(size=(rows, 6))
    return x, np.tanh(x @ RNG.normal(size=(6, 2)))


def ranks(x: Floats) -> np.ndarray:
    """Return Lee and Verleysen's ranks: of rows as far, those with lower numbers are nearer."""
    distances = cdist(x, x, "sqeuclidean")
    np.fill_diagonal(distances, -1)
    return np.argsort(np.argsort(distances, axis=1, kind="stable"), axis=1)


def coranking_matrix(x: Floats, z: Floats) -> np.ndarray:
    """Return how many pairs of rows have rank k in one space and l in the other: (n-1, n-1)."""
    rows = len(x)
    matrix = np.zeros((rows, rows), int)
    np.add.at(matrix, (ranks(x), ranks(z)), 1)
    return matrix[1:, 1:]


def r_nx(x: Floats, z: Floats) -> Floats:
    """Return R_NX(K) for K from 1 to n - 2, out of the corners of the co-ranking matrix."""
    matrix, rows = coranking_matrix(x, z), len(x)
    q_nx = [matrix[:k, :k].sum() / (k * rows) for k in range(1, rows - 1)]
    k = np.arange(1, rows - 1)
    return ((rows - 1) * np.array(q_nx) - k) / (rows - 1 - k)


# --- R_NX

SPACES = {
    "folded": folded(40),
    "three rows": folded(3),
    "grid": tuple(RNG.integers(0, 3, (2, 40, 3)).astype(float)),
    "all alike": (np.ones((30, 3)), np.ones((30, 2))),
    "collapsed": (RNG.normal(size=(30, 3)), np.zeros((30, 2))),
}


@pytest.mark.parametrize("spaces", SPACES.values(), ids=SPACES)
def test_r_nx_is_that_of_the_co_ranking_matrix(spaces: tuple[Floats, Floats]) -> None:
    [result] = measure(*spaces)
    expected = r_nx(*spaces)
    assert result.neighbours.tolist() == list(range(1, len(expected) + 1))
    assert result.r_nx == pytest.approx(expected)


@pytest.mark.parametrize("spaces", SPACES.values(), ids=SPACES)
def test_the_area_is_the_mean_over_the_logarithm_of_k(spaces: tuple[Floats, Floats]) -> None:
    [result] = measure(*spaces)
    expected = np.average(r_nx(*spaces), weights=1 / result.neighbours)
    assert result.numbers["r_nx_auc"] == pytest.approx(expected)
    assert result.r_nx_auc.mean() == pytest.approx(expected)


def test_a_long_curve_has_200_points_on_a_logarithmic_scale() -> None:
    x, z = folded(600)
    [result] = measure(x, z)
    assert len(result.neighbours) <= 200
    assert result.neighbours[[0, -1]].tolist() == [1, 598]
    assert result.r_nx == pytest.approx(r_nx(x, z)[result.neighbours - 1])


def test_the_area_of_a_row_is_that_of_its_own_curve() -> None:
    x, z = folded(30)
    farther = np.maximum(ranks(x), ranks(z))[:1]
    k, alone = coranking.curve(coranking.counted(farther))
    assert coranking.areas(farther) == pytest.approx([np.average(alone, weights=1 / k)])


@given(st.integers(0, 10**6), st.sampled_from([1e-30, 7, 1e30]))
def test_neighbourhoods_are_invariant_under_rotation(seed: int, scale: float) -> None:
    random = np.random.default_rng(seed)
    x, z = random.normal(size=(25, 4)), random.normal(size=(25, 3))
    turned = scale * (z @ ortho_group.rvs(3, random_state=seed) + 2)
    order = random.permutation(25)
    plain, rotated = measure(x, z, turned)
    [permuted] = measure(x[order], z[order])
    for name in ("trustworthiness", "continuity", "r_nx_auc"):
        assert getattr(rotated, name) == pytest.approx(getattr(plain, name))
        assert getattr(permuted, name) == pytest.approx(getattr(plain, name)[order])


@pytest.mark.parametrize(
    ("latent", "expected"),
    [
        pytest.param(lambda x: 3 * x - 1, (1, 1, 1), id="the features themselves"),
        pytest.param(lambda x: RNG.normal(size=(len(x), 2)), (0.5, 0.5, 0), id="chance"),
    ],
)
def test_measures_range_from_chance_to_perfect(latent: Any, expected: tuple[float, ...]) -> None:
    x = RNG.normal(size=(800, 5))
    [result] = measure(x, latent(x))
    assert tuple(result.numbers.values()) == pytest.approx(expected, abs=0.02)


# --- of each row


def test_the_trustworthiness_of_a_row_depends_on_ranks_of_neighbours() -> None:
    x, z = folded(40)
    [result] = measure(x, z)
    among_x, among_z = ranks(x), ranks(z)
    worst = 15 * (2 * 40 - 3 * 15 - 1) / 2
    for i in range(40):
        false = (among_z[i] <= 15) & (among_x[i] > 15)
        assert result.trustworthiness[i] == pytest.approx(
            1 - (among_x[i, false] - 15).sum() / worst
        )
        missed = (among_x[i] <= 15) & (among_z[i] > 15)
        assert result.continuity[i] == pytest.approx(1 - (among_z[i, missed] - 15).sum() / worst)


def test_mean_trustworthiness_is_that_of_scikit_learn() -> None:
    x, z = folded(300)
    for latent, result in zip((z, x[:, :3]), measure(x, z, x[:, :3]), strict=True):
        expected = [trustworthiness(*pair, n_neighbors=15) for pair in ((x, latent), (latent, x))]
        numbers = neighbourhoods.neighbourhoods(x, latent)
        assert tuple(numbers) == neighbourhoods.NAMES
        assert [*numbers.values()] == pytest.approx(expected, abs=1e-6)
        assert numbers.items() <= result.numbers.items()


def test_rows_at_equal_distance_are_no_false_neighbours() -> None:
    x = np.eye(50)  # each row is as far from every other
    [result] = measure(x, RNG.normal(size=(50, 2)))
    assert (result.trustworthiness == 1).all()


def test_a_misplaced_row_is_not_trusted() -> None:
    cloud = RNG.normal(size=(200, 3)) + 30 * (np.arange(200) % 2)[:, None]
    z = cloud[:, :2].copy()
    z[7] -= 30  # of the second cloud, it is drawn in the first
    [result] = measure(cloud, z)
    assert np.flatnonzero(~result.trusted).tolist() == [7]


def test_a_sample_of_many_rows_is_measured_and_the_others_are_trusted() -> None:
    x, z = folded(6_000)
    [result] = measure(x, z)
    measured = np.isfinite(result.trustworthiness)
    assert measured.sum() == 1_000
    assert np.array_equal(measured, np.isfinite(result.continuity))
    assert np.array_equal(measured, np.isfinite(result.r_nx_auc))
    assert result.trusted[~measured].all()
    assert not result.trusted[measured].all()
    assert result.numbers["r_nx_auc.rows"] == 1_000


def test_a_sampled_area_is_near_that_of_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    x, z = folded(1_500)
    [exact] = measure(x, z)
    monkeypatch.setattr(neighbourhoods, "MOST", 1_000)
    monkeypatch.setattr(neighbourhoods, "SAMPLE", 300)
    [sampled] = measure(x, z)
    error = sampled.numbers["r_nx_auc.se"]
    assert 0 < error < 0.01
    assert abs(sampled.numbers["r_nx_auc"] - exact.numbers["r_nx_auc"]) < 4 * error
    assert np.abs(sampled.r_nx - exact.r_nx)[:-10].max() < 0.1


def test_the_sample_is_smaller_for_very_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbourhoods, "MOST", 100)
    monkeypatch.setattr(neighbourhoods, "DISTANCES", 4_000)
    [result] = measure(*folded(200))
    assert np.isfinite(result.trustworthiness).sum() == 20


def test_two_rows_have_nan_metrics_and_are_trusted() -> None:
    [result] = measure(np.eye(2), np.eye(2))
    assert np.isnan([*result.numbers.values()]).all()
    assert result.trusted.all()
    assert result.neighbours.size == result.r_nx.size == 0


# --- distances


def test_the_rank_correlation_of_distances_is_that_of_scipy() -> None:
    x, z = folded(100)
    expected = spearmanr(pdist(x), pdist(z)).statistic
    assert spearman(x, z, x) == [
        {"spearman": pytest.approx(expected)},
        {"spearman": pytest.approx(1)},
    ]


def test_many_pairs_are_sampled_and_have_a_standard_error() -> None:
    x, z = folded(1_000)
    [result] = spearman(x, z)
    expected = spearmanr(pdist(x), pdist(z)).statistic
    assert 0 < result["spearman.se"] < 0.01
    assert abs(result["spearman"] - expected) < 4 * result["spearman.se"]


def test_the_uncertainty_of_independent_distances_is_that_of_100_000_pairs() -> None:
    [result] = spearman(RNG.normal(size=(20_000, 1)), RNG.normal(size=(20_000, 1)))
    assert result["spearman.se"] == pytest.approx(1e5**-0.5, rel=0.5)


@pytest.mark.parametrize("rows", [2, 20, 1_000])
def test_equal_distances_have_no_correlation(rows: int) -> None:
    [result] = spearman(RNG.normal(size=(rows, 3)), np.ones((rows, 2)))
    assert np.isnan([*result.values()]).all()


# --- figures

CLASSES = Classes("kind", np.arange(60) % 4 - 1, ("a", "b", "c"))


def texts_of(figure: Any) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text))


@pytest.mark.parametrize(
    "groups",
    [
        pytest.param(None, id="alike"),
        pytest.param(CLASSES, id="classes"),
        pytest.param(Values("age", np.arange(60.0)), id="values"),
    ],
)
@pytest.mark.parametrize("factors", [1, 2, 3, 5])
def test_rows_that_are_not_trusted_are_faded(factors: int, groups: Any) -> None:
    z, trusted = RNG.normal(size=(60, factors)), np.arange(60) >= 12
    figure = figures.latent(z, groups, title="z", unreliable=Unreliable(~trusted))
    figure.canvas.draw()
    assert "faded: 12 rows with other neighbours than in the features" in texts_of(figure)
    if factors == 1 and not isinstance(groups, Values):
        bars = [(bars.get_facecolor()[3], bars.get_data()) for bars in figure.axes[0].patches]
        assert sum((v - b).sum() for alpha, (v, _, b) in bars if alpha == FADED) == 12
    else:
        scattered = figure.axes[1 if factors > 3 else 0].collections
        alphas = [pair.get_edgecolors()[:, 3] for pair in scattered]
        assert np.sum(np.concatenate(alphas) == FADED) == 12


def test_a_figure_of_trusted_rows_is_unchanged() -> None:
    z = RNG.normal(size=(60, 2))
    plain, trusted = (
        figures.latent(z, CLASSES, title="z", unreliable=pair)
        for pair in (Unreliable(), Unreliable(np.zeros(60, bool)))
    )
    assert "faded" not in texts_of(trusted)
    for figure in (plain, trusted):
        assert {*figure.axes[0].collections[-1].get_facecolors()[:, 3]} == {1.0}


@pytest.mark.parametrize(
    "curves",
    [
        pytest.param({"autoencoder": Curve(np.array([1]), np.array([1.0]), 1.0)}, id="one point"),
        pytest.param({"PCA": Curve(np.empty(0, int), np.empty(0), np.nan)}, id="no point"),
        pytest.param(
            {
                name: Curve(np.arange(1, 999), np.linspace(-0.2, 1, 998), 0.5)
                for name in (*style.METHODS, "mW" * 90)
            },
            id="five",
        ),
    ],
)
def test_curves_are_drawn_with_their_areas_and_no_text_is_cut_off(curves: Any) -> None:
    figure = figures.rnx(curves)
    figure.canvas.draw()
    drawn, (x, y) = figure.get_tightbbox(), figure.get_size_inches()
    assert min(drawn.x0, drawn.y0) >= -0.01
    assert drawn.x1 <= x + 0.01
    assert drawn.y1 <= y + 0.01
    for legend in figure.legends:
        assert not legend.get_window_extent().overlaps(figure.axes[0].get_tightbbox())
    assert texts_of(figure).count("AUC") >= len(curves)  # the title has the best
