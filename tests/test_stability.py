"""Stability of several models, compared with brute force and published formulas."""

from io import BytesIO
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.text import Text
from scipy.spatial import procrustes
from scipy.stats import ortho_group
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import NearestNeighbors

from aeexp.analysis.clustering.consensus import consensus
from aeexp.analysis.clustering.partitions import adjusted_rand, contingency
from aeexp.analysis.evidence.claims import stability_claim
from aeexp.analysis.evidence.stability import stability
from aeexp.analysis.factors.matching import match
from aeexp.analysis.latent import spaces
from aeexp.analysis.spread import spread
from aeexp.config.spec import Space
from aeexp.data import Floats, Integers
from aeexp.present import figures
from aeexp.present.figures import MatchScores, style

SEEDS = st.integers(0, 2**32 - 1)


def normal(*shape: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=shape)


def partitions(seed: int, members: int = 6, rows: int = 40, clusters: int = 4) -> Integers:
    """Return clusterings that differ from the first in some of their rows, with noise."""
    generator = np.random.default_rng(seed)
    first = generator.integers(-1, clusters, rows)
    other = generator.integers(-1, clusters, (members, rows))
    codes = np.where(generator.random((members, rows)) < 0.3, other, first)
    codes[0] = first
    return codes.astype(np.int32)  # as scikit-learn's are


# --- matching


@settings(deadline=None, max_examples=40)
@given(SEEDS, st.integers(1, 6))
def test_factors_are_matched_in_any_order_and_with_any_sign(seed: int, factors: int) -> None:
    z, generator = normal(50, factors, seed=seed), np.random.default_rng(seed)
    order, signs = generator.permutation(factors), generator.choice([-1, 1], factors)
    other = (3 * z * signs + 1)[:, order]
    result = match(z, other)
    assert np.array_equal(order[result.order], np.arange(factors))
    assert np.array_equal(result.signs, signs)
    assert result.correlations == pytest.approx(1)
    assert result.apply((z * signs)[:, order]) == pytest.approx(z)


def test_a_match_orders_weights_as_it_orders_latents() -> None:
    weights, x = normal(7, 3), normal(20, 7, seed=1)
    other = -weights[:, [2, 0, 1]]
    result = match(x @ weights, x @ other)
    assert result.apply(other) == pytest.approx(weights)


def test_the_match_has_the_greatest_sum_of_correlations() -> None:
    a, b = normal(30, 4), normal(30, 4, seed=1)
    r = np.abs(np.corrcoef(a.T, b.T)[:4, 4:])
    best = max(r[range(4), order].sum() for order in map(list, permutations(range(4))))
    assert match(a, b).correlations.sum() == pytest.approx(best)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e20])
def test_a_constant_factor_correlates_with_none(value: float) -> None:
    z = normal(30, 3).astype(np.float32)
    z[:, 1] = value
    result = match(z, z[:, ::-1])
    assert result.correlations == pytest.approx([1, 0, 1], abs=1e-6)


@pytest.mark.parametrize("rows", [1, 2])
def test_a_handful_of_rows_is_matched(rows: int) -> None:
    result = match(normal(rows, 2), normal(rows, 2, seed=1))
    assert result.correlations == pytest.approx([rows - 1] * 2)


# --- spaces


@settings(deadline=None, max_examples=40)
@given(SEEDS, st.integers(1, 5))
def test_similarity_is_invariant_under_rotation_shift_and_scale(seed: int, factors: int) -> None:
    z = normal(40, factors, seed=seed)
    turn = ortho_group.rvs(factors, random_state=seed) if factors > 1 else np.array([[-1.0]])
    other = 5 * z @ turn + 3
    assert spaces.cka(z, other) == pytest.approx(1)
    assert spaces.disparity(z, other) == pytest.approx(0, abs=1e-9)
    assert spaces.neighbours_kept([z, other]) == [pytest.approx(1)]


@settings(deadline=None, max_examples=40)
@given(SEEDS)
def test_the_disparity_is_that_of_scipy(seed: int) -> None:
    a, b = normal(30, 3, seed=seed), normal(30, 3, seed=seed + 1)
    assert spaces.disparity(a, b) == pytest.approx(procrustes(a, b)[2])


def test_cka_is_that_of_the_kernels() -> None:
    a, b = normal(30, 3), normal(30, 5, seed=1) + np.pad(normal(30, 3), [(0, 0), (0, 2)])
    centre = np.eye(30) - 1 / 30
    k, m = (centre @ matrix @ matrix.T @ centre for matrix in (a, b))
    expected = (k * m).sum() / np.sqrt((k * k).sum() * (m * m).sum())
    assert spaces.cka(a, b) == pytest.approx(expected)


def test_cka_of_one_axis_and_the_plane_is_one_over_root_two() -> None:
    plane = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
    assert spaces.cka(plane, plane[:, :1]) == pytest.approx(np.sqrt(0.5))
    assert spaces.cka(plane[:, :1], plane[:, 1:]) == pytest.approx(0)


def test_neighbours_in_common_are_those_in_both_sets() -> None:
    latents = [normal(60, 2, seed=seed) for seed in range(3)]
    near = [NearestNeighbors(n_neighbors=15).fit(z).kneighbors()[1] for z in latents]
    expected = [
        np.mean([len({*a} & {*b}) / 15 for a, b in zip(near[i], near[j], strict=True)])
        for i, j in combinations(range(3), 2)
    ]
    assert spaces.neighbours_kept(latents) == pytest.approx(expected)


def test_a_sample_of_many_rows_finds_neighbours_among_all() -> None:
    z = normal(3_000, 2)
    [share] = spaces.neighbours_kept([z, z + 0.01 * normal(3_000, 2, seed=1)])
    near = [
        NearestNeighbors(n_neighbors=15).fit(matrix).kneighbors()[1]
        for matrix in (z, z + 0.01 * normal(3_000, 2, seed=1))
    ]
    shared = [len({*a} & {*b}) / 15 for a, b in zip(*near, strict=True)]
    assert share == pytest.approx(np.mean(shared), abs=4 * np.std(shared) / np.sqrt(1000))


def test_unrelated_spaces_share_neighbours_by_chance_alone() -> None:
    [share] = spaces.neighbours_kept([normal(800, 3), normal(800, 3, seed=1)])
    assert share == pytest.approx(15 / 799, abs=0.01)


def test_a_space_that_is_a_point_has_no_similarity() -> None:
    z, point = normal(30, 2), np.full((30, 2), 0.1, np.float32)
    assert np.isnan(spaces.cka(z, point))
    assert np.isnan(spaces.disparity(z, point))
    assert np.isnan(spaces.neighbours_kept([z, point]))


def test_two_rows_have_no_neighbourhoods() -> None:
    assert np.isnan(spaces.neighbours_kept([normal(2, 2), normal(2, 2, seed=1)]))


def test_identical_rows_have_neighbours() -> None:
    z = np.repeat(normal(2, 2), 30, axis=0)
    assert 0 <= spaces.neighbours_kept([z, z])[0] <= 1


def test_many_members_are_compared_with_the_first() -> None:
    assert len([*spaces.pairs(64)]) == 64 * 63 // 2
    assert [*spaces.pairs(66)] == [(0, other) for other in range(1, 66)]


# --- clusterings


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 3)), min_size=1, max_size=30))
def test_the_adjusted_rand_index_is_that_of_scikit_learn(codes: list[tuple[int, int]]) -> None:
    a, b = np.array(codes).T
    assert adjusted_rand(contingency(a, b)) == pytest.approx(adjusted_rand_score(a, b))


@settings(deadline=None, max_examples=40)
@given(SEEDS)
def test_the_consensus_is_that_of_brute_force(seed: int) -> None:
    codes = partitions(seed)
    result = consensus(codes)
    together = (codes[:, :, None] == codes[:, None]) & (codes[:, :, None] >= 0)
    matrix = together.mean(axis=0)
    assert result.matrix == pytest.approx(matrix[np.ix_(result.shown, result.shown)])
    upper = matrix[np.triu_indices(40, 1)]
    assert result.pac == pytest.approx(np.mean((upper > 0.1) & (upper <= 0.9)))
    of_others = together[1:].mean(axis=0)
    for row, code in enumerate(codes[0]):
        mates = [i for i in np.flatnonzero(codes[0] == code) if i != row]
        expected = of_others[row, mates].mean() if mates and code >= 0 else np.nan
        assert result.co_assignment[row] == pytest.approx(expected, nan_ok=True)
    aris = [adjusted_rand_score(a, b) for a, b in combinations(codes, 2)]
    assert [result.ari.mean, result.ari.sd] == pytest.approx([np.mean(aris), np.std(aris, ddof=1)])


@settings(deadline=None, max_examples=40)
@given(SEEDS)
def test_a_cluster_is_compared_with_the_most_similar_one_of_each_clustering(seed: int) -> None:
    first, *rest = codes = partitions(seed)
    result = consensus(codes).clusters
    assert [cluster.code for cluster in result] == [c for c in range(4) if (first == c).any()]
    for cluster in result:
        rows = first == cluster.code
        expected = [
            max((rows & (other == c)).sum() / (rows | (other == c)).sum() for c in range(4))
            for other in rest
        ]
        assert cluster.rows == (first == cluster.code).sum()
        assert cluster.jaccard == pytest.approx(expected)
        assert cluster.mean == pytest.approx(np.mean(expected))


@settings(deadline=None, max_examples=40)
@given(SEEDS)
def test_consensus_is_invariant_under_renaming_of_clusters(seed: int) -> None:
    codes, generator = partitions(seed), np.random.default_rng(seed)
    renamed = codes.copy()
    for other in renamed[1:]:
        other[other >= 0] = generator.permutation(4)[other[other >= 0]]
    before, after = consensus(codes), consensus(renamed)
    assert np.array_equal(before.matrix, after.matrix)
    assert before.document == after.document


def test_rows_are_ordered_by_cluster_and_co_assignment_with_noise_last() -> None:
    codes = partitions(3, rows=60)
    result = consensus(codes)
    shown = codes[0][result.shown]
    assert [*dict.fromkeys(shown)] == [0, 1, 2, 3, -1]
    assert len(dict.fromkeys(result.shown)) == 60
    for code in range(4):
        assert np.all(np.diff(result.co_assignment[result.shown][shown == code]) <= 0)


def test_the_matrix_has_500_of_many_rows_and_all_have_a_co_assignment() -> None:
    codes = partitions(0, rows=2_000)
    result = consensus(codes)
    assert result.matrix.shape == (500, 500)
    assert np.isfinite(result.co_assignment[codes[0] >= 0]).all()
    assert np.array_equal(result.shown, consensus(codes).shown)


def test_a_cluster_that_is_split_elsewhere_is_not_reproducible() -> None:
    first = np.repeat([0, 1], 40)
    split = np.where(first == 1, np.arange(80) % 2 + 1, 0)
    stable, lost = consensus(np.array([first, split, split])).clusters
    assert (stable.mean, stable.reproducible) == (1.0, True)
    assert (lost.mean, lost.reproducible) == (0.5, False)


@pytest.mark.parametrize(
    ("codes", "ari", "pac", "clusters"),
    [
        pytest.param(np.zeros((3, 20), int), 1, 0, 1, id="one_cluster"),
        pytest.param(np.full((3, 20), -1), 1, 0, 0, id="all_noise"),
        pytest.param(np.tile(np.arange(20), (3, 1)), 1, 0, 20, id="a_cluster_a_row"),
        pytest.param(np.array([[0] * 20, [-1] * 20]), 1, 1, 1, id="noise_elsewhere"),
        pytest.param(np.zeros((2, 1), int), 1, np.nan, 1, id="one_row"),
    ],
)
def test_trivial_clusterings_have_a_consensus(
    codes: Integers, ari: float, pac: float, clusters: int
) -> None:
    result = consensus(codes)
    assert result.ari.mean == ari
    assert result.pac == pytest.approx(pac, nan_ok=True)
    assert len(result.clusters) == clusters


# --- all of it


def in_both(points: Floats) -> dict[Space, Floats]:
    """Return a member whose latents and reconstructions are the same."""
    return {Space.latent: points, Space.reconstruction: points}


def uncorrelated(z: Floats) -> Floats:
    """Return a factor of unit variance without any correlation with another."""
    other = normal(len(z), 1, seed=99)
    unit = (z - z.mean()) / np.linalg.norm(z - z.mean())
    other = other - other.mean() - unit * float((unit * other).sum())
    return other / other.std()


def test_members_that_differ_in_order_and_signs_are_stable() -> None:
    z, codes = normal(90, 3), np.repeat([0, 1, 2], 30)
    members = [in_both(z), in_both(-z[:, ::-1]), in_both(z[:, [1, 2, 0]])]
    result = stability(members, {"kmeans": np.array([codes, 2 - codes, codes])})
    same = {"mean": pytest.approx(1), "sd": pytest.approx(0, abs=1e-9)}
    assert result.document == {
        "members": 3,
        "cka": same,
        "procrustes": {"mean": pytest.approx(0, abs=1e-9), "sd": pytest.approx(0, abs=1e-9)},
        "neighbours_kept": {"mean": 1.0, "sd": 0.0},
        "cka_reconstructions": same,
        "neighbours_kept_reconstructions": {"mean": 1.0, "sd": 0.0},
        "neighbours_by_chance": 15 / 89,
        "factors": {
            f"z{k}": {
                "reproducibility": pytest.approx(1),
                "threshold": 0.8,
                "reproducible": True,
            }
            for k in (1, 2, 3)
        },
        "clusterings": {
            "kmeans": {
                "ari": {"mean": 1.0, "sd": 0.0},
                "pac": 0.0,
                "clusters": [
                    {"cluster": c, "rows": 30, "jaccard": 1.0, "reproducible": True}
                    for c in range(3)
                ],
            }
        },
    }


def test_a_space_can_be_reproducible_although_its_axes_are_not() -> None:
    z = normal(500, 2)
    angle = np.pi / 4
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    result = stability([in_both(z), in_both(z @ turn)], {})
    assert result.cka.mean == pytest.approx(1)
    assert not result.reproducible.any()
    assert result.reproducibility == pytest.approx([np.sqrt(0.5)] * 2, abs=0.05)


def test_a_dead_factor_is_not_reproducible() -> None:
    z = normal(60, 2) * [1, 0]
    result = stability([in_both(z), in_both(z)], {})
    assert result.reproducible.tolist() == [True, False]


def test_reconstructions_are_compared_although_the_latents_differ() -> None:
    z, x_hat = normal(200, 2), normal(200, 5, seed=1)
    members = [
        {Space.latent: latents, Space.reconstruction: x_hat}
        for latents in (z, normal(200, 2, seed=2), z**3)
    ]
    result = stability(members, {})
    assert result.cka_reconstructions.mean == pytest.approx(1)
    assert result.neighbours_kept_reconstructions.mean == 1
    assert result.cka.mean < 0.6
    assert result.keeps_neighbours
    assert stability_claim(result) == "yes"


def test_a_factor_must_be_more_reproducible_than_unrelated_factors() -> None:
    z = normal(6, 1)
    other = 0.85 * z / z.std() + np.sqrt(1 - 0.85**2) * uncorrelated(z)
    unrelated = [normal(6, 1, seed=seed) for seed in range(19)]
    least = max(abs(float(np.corrcoef(z[:, 0], each[:, 0])[0, 1])) for each in unrelated)
    members = [in_both(z), in_both(other)]
    assert stability(members, {}).reproducible.all()
    result = stability(members, {}, unrelated)
    assert least > 0.85
    assert result.thresholds == pytest.approx([least])
    assert not result.reproducible.any()
    assert not result.document["factors"]["z1"]["reproducible"]


def test_with_many_rows_unrelated_factors_do_not_raise_the_threshold() -> None:
    z = normal(300, 3)
    unrelated = [normal(300, 3, seed=seed) for seed in range(1, 20)]
    result = stability([in_both(z), in_both(z)], {}, unrelated)
    assert result.unrelated.shape == (3, 19)
    assert result.thresholds.tolist() == [0.8] * 3


@pytest.mark.parametrize(
    ("noise", "keeps"), [pytest.param(0.3, True, id="near"), pytest.param(1e6, False, id="unlike")]
)
def test_neighbours_are_kept_if_more_are_common_than_by_chance(noise: float, keeps: bool) -> None:
    z = normal(120, 3)
    members = [in_both(z + noise * normal(120, 3, seed=seed)) for seed in range(1, 6)]
    assert stability(members, {}).keeps_neighbours is keeps


@pytest.mark.parametrize(
    ("codes", "claim"),
    [
        pytest.param([[0, 1], [1, 0], [0, 1]], "yes", id="the_same"),
        pytest.param([[0, 1], [0, 0], [0, 0]], "undecided", id="others"),
    ],
)
def test_a_stable_space_is_claimed_if_its_clusters_are_reproducible(
    codes: list[list[int]], claim: str
) -> None:
    z = normal(100, 2)
    turned = [z, z @ [[0.6, -0.8], [0.8, 0.6]], z @ [[0.8, -0.6], [0.6, 0.8]]]
    clusters = np.repeat(np.array(codes), [30, 70], axis=1)
    result = stability([*map(in_both, turned)], {"kmeans": clusters})
    assert not result.reproducible.all()  # which is no reason against the space
    assert stability_claim(result) == claim


def test_other_reconstructions_are_another_space() -> None:
    members = [in_both(normal(100, 4, seed=seed)) for seed in range(3)]
    assert stability_claim(stability(members, {})) == "no"
    points = [in_both(np.zeros((100, 4))) for _ in range(3)]
    assert stability_claim(stability(points, {})) == "no"


def test_the_spread_ignores_values_that_are_not_finite() -> None:
    result = spread([1.0, np.nan, 3.0])
    assert (result.mean, result.sd) == (2.0, pytest.approx(np.sqrt(2)))
    assert np.isnan(spread([]).mean)
    assert np.isnan(spread([1.0]).sd)


# --- figures


def drawn(figure: Figure) -> str:
    """Return the texts of a figure, after checking that none is cut off."""
    figure.savefig(BytesIO(), dpi=80)
    box, (x, y) = figure.get_tightbbox(), figure.get_size_inches()
    assert min(box.x0, box.y0) >= -0.01
    assert box.x1 <= x + 0.01
    assert box.y1 <= y + 0.01
    return "\n".join(text.get_text() for text in figure.findobj(Text) if text.get_text())


def drawn_consensus(codes: Integers, title: str = "kmeans") -> Figure:
    result = consensus(codes)
    clusters = {cluster.code: (cluster.rows, cluster.mean) for cluster in result.clusters}
    return figures.consensus(
        result.matrix, codes[0][result.shown], clusters, title=title, threshold=0.75
    )


@pytest.mark.parametrize(
    "codes",
    [
        pytest.param(partitions(0, rows=1_000), id="many_rows"),
        pytest.param(np.tile(np.arange(300), (3, 1)), id="a_cluster_a_row"),
        pytest.param(np.full((3, 20), -1), id="all_noise"),
        pytest.param(np.zeros((2, 1), int), id="one_row"),
        pytest.param(np.zeros((2, 20), int), id="one_cluster"),
    ],
)
def test_no_text_of_a_consensus_figure_is_cut_off(codes: Integers) -> None:
    text = drawn(drawn_consensus(codes, "$_{" * 60))
    assert ("500 rows chosen at random" in text) == (codes.shape[1] > 500)


def test_clusters_have_name_and_size_and_are_grey_if_not_reproducible() -> None:
    first = np.repeat([0, 1, -1], [40, 40, 20])
    split = np.where(first == 1, np.arange(100) % 2 + 1, first)
    figure = drawn_consensus(np.array([first, split, split]))
    assert "grey: not reproduced (Jaccard below 0.75), or noise" in drawn(figure)
    colours = {text.get_text(): text.get_color() for text in figure.axes[0].texts}
    assert colours == {
        "0: 40 rows, Jaccard 1.00": style.INK,
        "1: 40 rows, Jaccard 0.50": style.NOISE,
        "noise": style.NOISE,
    }


def test_clusters_too_small_for_a_name_are_counted() -> None:
    codes = np.repeat([0, 1, 2], [300, 2, 1])
    assert "2 of 3 blocks too small for a name" in drawn(drawn_consensus(np.tile(codes, (2, 1))))


def match_scores(things: int, others: int = 7, name: str = "z") -> MatchScores:
    likeness = np.linspace(1, 0, things)[:, None] * np.ones(others)
    names = [f"{name}{i + 1}" for i in range(things)]
    return MatchScores("factors: correlation", names, likeness, np.full(things, 0.8))


@pytest.mark.parametrize(
    "groups",
    [
        pytest.param([match_scores(3), match_scores(5), match_scores(0)], id="a_few"),
        pytest.param([match_scores(64), match_scores(100), match_scores(12)], id="many"),
        pytest.param([match_scores(1, others=1)], id="one"),
        pytest.param([match_scores(5, name="$_{蛋" * 30)], id="hostile_names"),
    ],
)
def test_no_text_of_a_reproducibility_figure_is_cut_off(groups: list[MatchScores]) -> None:
    drawn(figures.reproducibility(groups, trainings=8))


def test_irreproducible_factors_are_grey_and_the_least_reproducible_are_shown() -> None:
    figure = figures.reproducibility([match_scores(64)], trainings=8)
    text = drawn(figure)
    assert "the 40 least reproducible of 64 factors" in text
    assert "Reproduced: 13 of 64 factors in 8 trainings" in text
    diamonds = {
        (float(line.get_xdata()[0]), line.get_color())
        for line in figure.axes[0].lines
        if line.get_marker() == "D"
    }
    assert len(diamonds) == 40
    assert {colour for _, colour in diamonds} == {style.NOISE}
    few = figures.reproducibility([match_scores(2)], trainings=8).axes[0].lines
    assert [line.get_color() for line in few if line.get_marker() == "D"] == [
        style.PALETTE[0],
        style.NOISE,
    ]


def test_the_threshold_of_each_factor_is_drawn() -> None:
    scores = MatchScores("factors: r", ["z1", "z2"], np.full((2, 7), 0.85), np.array([0.8, 0.9]))
    lines = figures.reproducibility([scores], trainings=8).axes[0].lines
    (dashed,) = (line for line in lines if line.get_linestyle() == "--")
    assert dashed.get_xdata().tolist() == [0.8, 0.8, 0.9, 0.9]
    diamonds = [line.get_color() for line in lines if line.get_marker() == "D"]
    assert diamonds == [style.PALETTE[0], style.NOISE]
