"""Baselines, and the advantage of the autoencoder over them."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.text import Text
from scipy.spatial.distance import pdist
from sklearn.datasets import make_swiss_roll
from sklearn.decomposition import PCA, FactorAnalysis

from aeexp.analysis import reconstruction
from aeexp.analysis.evidence import baselines, linear
from aeexp.analysis.evidence.advantage import Advantage, advantage
from aeexp.config.spec import Space
from aeexp.data import Dataset, Floats, Rows
from aeexp.data.prepare import Problem
from aeexp.data.scaling import Preprocessing, Scaling
from aeexp.present import figures
from aeexp.present.figures import Measure
from aeexp.present.text.evidence import describe_advantage

RNG = np.random.default_rng(0)
ROWS = Rows(np.arange(0, 200, 2), np.arange(1, 200, 2))


def subspace(features: int = 8, noise: float = 0.3) -> Floats:
    """Return 200 rows of three factors, each with its own features, and noise."""
    of_feature = np.eye(3)[np.arange(features) % 3].T
    generator = np.random.default_rng(0)  # of its own, so that no test hangs on those before it
    factors, left = generator.normal(size=(200, 3)), generator.normal(size=(200, features))
    return factors @ of_feature + noise * left + 5


def named(x: Floats, rows: Rows = ROWS, dimensions: int = 3) -> dict[str, baselines.Baseline]:
    names = tuple(map(str, range(x.shape[1])))
    data = Dataset("made", x, names, range(len(x)))
    scaling = Scaling(np.zeros(x.shape[1]), np.ones(x.shape[1]))
    problem = Problem(data, rows, Preprocessing(scaling), x)
    return {
        baseline.name: baseline for baseline in baselines.baselines(problem, dimensions, seed=0)
    }


# --- the methods


LINEAR = {
    "PCA": linear.pca,
    "factor analysis": baselines.factor_analysis,
    "random projection": partial(baselines.random_projection, seed=0),
}


@pytest.mark.parametrize("name", LINEAR)
def test_baselines_have_the_distances_of_their_reconstructions(name: str) -> None:
    x = subspace()
    baseline = named(x)[name]
    points = baseline.coordinates[Space.reconstruction]
    assert points.shape == (200, 3)
    expected = pdist(LINEAR[name](x, ROWS, 3).reconstruct(x))
    assert pdist(points) == pytest.approx(expected, abs=1e-4)
    assert baseline.coordinates[Space.latent] is baseline.z


def test_pca_has_the_codes_of_scikit_learn_up_to_sign() -> None:
    x = subspace()
    fitted = PCA(3).fit(x[ROWS.train])
    expected = fitted.transform(x)
    result = named(x)["PCA"]
    assert np.abs(result.z) == pytest.approx(np.abs(expected))
    left = np.square(x - fitted.inverse_transform(expected)).mean(1)
    assert result.residuals.rows == pytest.approx(left)
    assert np.array_equal(result.residuals.rows, reconstruction.pca(x, ROWS, 3).rows)


def test_factor_analysis_has_the_scores_and_reconstruction_of_scikit_learn() -> None:
    x = subspace()
    fitted = FactorAnalysis(3, rotation="varimax", svd_method="lapack").fit(x[ROWS.train])
    expected = fitted.transform(x)
    result = named(x)["factor analysis"]
    assert result.z == pytest.approx(expected)
    left = np.square(x - fitted.mean_ - expected @ fitted.components_).mean(1)
    assert result.residuals.rows == pytest.approx(left)


def test_varimax_finds_factors_with_separate_features() -> None:
    of_feature = baselines.factor_analysis(subspace(features=9), ROWS, 3).decoder
    driven = np.abs(of_feature).argmax(0)
    assert driven[:3].tolist() == driven[3:6].tolist() == driven[6:].tolist()
    assert sorted(driven[:3]) == [0, 1, 2]
    assert np.sort(np.abs(of_feature), axis=0)[-2].max() < 0.3


def test_a_random_projection_is_decoded_by_least_squares() -> None:
    x = subspace()
    result = baselines.random_projection(x, ROWS, 3, seed=0)
    assert result.encoder.T @ result.encoder == pytest.approx(np.eye(3))
    centred = x[ROWS.train] - x[ROWS.train].mean(0)
    expected = np.linalg.lstsq(centred @ result.encoder, centred, rcond=None)[0]
    assert result.decoder == pytest.approx(expected)
    assert not np.allclose(result.encoder, baselines.random_projection(x, ROWS, 3, 1).encoder)


def test_random_directions_are_uniform() -> None:
    drawn = [baselines.random_projection(np.eye(4), Rows(np.arange(4), np.arange(0)), 1, seed)
             for seed in range(600)]  # fmt: skip
    directions = np.concatenate([baseline.encoder for baseline in drawn], axis=1)
    assert np.abs(directions.mean(1)).max() < 4 * 0.5 / np.sqrt(600)


def test_pca_has_the_smallest_and_a_random_projection_the_largest_error() -> None:
    left = {
        name: method.residuals.rows[ROWS.val].mean() for name, method in named(subspace()).items()
    }
    assert left["PCA"] < left["factor analysis"] < left["random projection"]


@pytest.mark.parametrize("name", baselines.NAMES)
def test_baselines_learn_from_the_training_rows_alone(name: str) -> None:
    x = subspace()
    altered = x.copy()
    altered[ROWS.val] *= -50
    one, other = (named(baseline)[name] for baseline in (x, altered))
    assert np.array_equal(one.z[ROWS.train], other.z[ROWS.train])
    features = [one.residuals.parts["train"].features, other.residuals.parts["train"].features]
    assert np.array_equal(*features)


@pytest.mark.parametrize(
    ("x", "dimensions"),
    [
        pytest.param(RNG.normal(size=(200, 2)), 5, id="more dimensions than features"),
        pytest.param(np.ones((200, 3)), 2, id="nothing varies"),
        pytest.param(RNG.normal(size=(200, 3)) * [1, 0, 1], 2, id="a constant feature"),
        pytest.param(np.repeat(RNG.normal(size=(200, 1)), 4, axis=1), 3, id="one feature copied"),
        pytest.param(RNG.normal(size=(200, 1)), 1, id="one feature"),
        pytest.param(RNG.normal(size=(200, 300)), 3, id="many features"),
        pytest.param(RNG.normal(size=(200, 1_001)), 3, id="too many for factor analysis"),
        pytest.param(RNG.normal(size=(200, 5)).astype(np.float32), 2, id="single precision"),
    ],
)
@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(ROWS, id="half held out"),
        pytest.param(Rows(np.arange(200), np.arange(0)), id="none held out"),
        pytest.param(Rows(np.arange(2), np.arange(2, 200)), id="two rows to train on"),
    ],
)
def test_baselines_are_finite_on_any_table(x: Floats, dimensions: int, rows: Rows) -> None:
    result = named(x, rows, dimensions)
    assert ("factor analysis" in result) == (x.shape[1] <= 1_000)
    for baseline in result.values():
        assert len(baseline.z) == len(baseline.residuals.rows) == 200
        assert 1 <= baseline.z.shape[1] <= dimensions
        assert np.isfinite(baseline.z).all()
        assert np.isfinite(baseline.residuals.rows).all()


def test_a_factor_analysis_may_stop_before_convergence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(baselines, "STEPS", 1)
    assert np.isfinite(named(subspace())["factor analysis"].z).all()


def test_factor_analysis_uses_a_bounded_number_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "MOST_ROWS", 50)
    x = subspace()
    some = baselines.factor_analysis(x, ROWS, 3)
    assert some.mean != pytest.approx(x[ROWS.train].mean(0), abs=1e-9)
    assert some.mean == pytest.approx(x[ROWS.train].mean(0), abs=0.5)


@pytest.mark.parametrize(("features", "shown"), [(8, 8), (60, 50), (1_200, 50)])
def test_shares_of_variance_are_those_of_scikit_learn(features: int, shown: int) -> None:
    x = subspace(features)
    expected = PCA(svd_solver="full").fit(x[ROWS.train]).explained_variance_ratio_
    result = linear.scree(x, ROWS)
    assert result[:shown] == pytest.approx(expected[:shown], rel=0.03, abs=1e-9)
    assert len(result) == shown
    assert np.sum(linear.scree(x[:, :8], ROWS)) == pytest.approx(1)


def test_a_constant_table_has_no_shares_of_variance() -> None:
    assert np.isnan(linear.scree(np.ones((200, 3)), ROWS)).all()


# --- the comparison


def drawn(rows: int, members: int, spread: tuple[float, float, float]) -> Floats:
    """Return differences with effects of row, member and both of a given standard deviation."""
    of_row, of_member, of_both = spread
    return (
        of_row * RNG.normal(size=rows)
        + of_member * RNG.normal(size=(members, 1))
        + of_both * RNG.normal(size=(members, rows))
    )


@pytest.mark.parametrize(
    "spread", [(1, 0, 0.5), (0.1, 1, 0.1), (1, 0.3, 2), (0.2, 0.1, 3)], ids=str
)
def test_the_standard_error_is_the_spread_of_the_mean(spread: tuple[float, float, float]) -> None:
    rows, members = 30, 8
    result = [advantage(-drawn(rows, members, spread), np.zeros(rows)) for _ in range(1_000)]
    spread_of_means = np.std([baseline.mean for baseline in result])
    claimed = np.sqrt(np.mean([baseline.se**2 for baseline in result]))
    assert claimed == pytest.approx(spread_of_means, rel=0.12)


def test_rows_are_compared_in_pairs() -> None:
    hard = RNG.exponential(size=50)  # what makes a row hard for both is no uncertainty
    assert advantage(np.array([hard - 0.1] * 3), hard).se == pytest.approx(0, abs=1e-9)


def test_one_member_is_judged_by_its_rows() -> None:
    errors, baseline = RNG.exponential(size=(1, 40)), RNG.exponential(size=40)
    differences = baseline - errors[0]
    result = advantage(errors, baseline)
    assert result.mean == pytest.approx(differences.mean())
    assert result.se == pytest.approx(differences.std(ddof=1) / np.sqrt(40))


@given(st.integers(1, 5), st.integers(2, 20), st.integers(0, 10**6))
def test_the_order_of_rows_and_members_is_irrelevant(members: int, rows: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    errors = generator.exponential(size=(members, rows))
    baseline = generator.exponential(size=rows)
    order = generator.permutation(rows)
    one, other = advantage(errors, baseline), advantage(errors[::-1, order], baseline[order])
    assert (one.mean, one.se) == pytest.approx((other.mean, other.se))
    assert one.members == members


def test_one_row_is_undecided() -> None:
    result = advantage(np.array([[0.1], [0.2]]), np.array([1.0]))
    assert result.se == np.inf
    assert result.claim == "undecided"
    assert "± unknown" in describe_advantage(result)


def test_no_held_out_rows_are_undecided() -> None:
    result = advantage(np.empty((3, 0)), np.empty(0))
    assert np.isnan(result.mean)
    assert result.claim == "undecided"
    assert "set split.validation" in describe_advantage(result)


def test_pca_is_recommended_for_a_linear_subspace() -> None:
    pca = named(subspace())["PCA"].residuals.rows[ROWS.val]
    repeats = pca * (1 + 0.02 * RNG.normal(size=(8, len(pca))))
    result = advantage(repeats, pca)
    assert result.claim == "no"
    assert describe_advantage(result).startswith("PCA reconstructs held-out rows as well (Δ MSE ")
    assert describe_advantage(result).endswith("interval). Use it.")


def test_a_network_that_unrolls_a_swiss_roll_beats_pca() -> None:
    roll = make_swiss_roll(200, random_state=0)[0]
    pca = named(roll / roll.std(), dimensions=2)["PCA"].residuals.rows[ROWS.val]
    unrolled = RNG.exponential(0.02, (8, len(pca)))
    result = advantage(unrolled, pca)
    assert result.claim == "yes"
    assert describe_advantage(result).startswith(
        "The autoencoder reconstructs held-out rows better than PCA: "
    )


@pytest.mark.parametrize(
    ("difference", "claim", "sentence"),
    [
        pytest.param(
            Advantage(0.13, 0.01, 0.37, 36),
            "yes",
            "The autoencoder reconstructs held-out rows better than PCA: its error is 35 % lower"
            " (Δ MSE 0.13 ± 0.02, 95 % interval).",
            id="better",
        ),
        pytest.param(
            Advantage(0.0143, 0.006, 0.1, 36),
            "yes",
            "The autoencoder reconstructs held-out rows better than PCA: its error is 14 % lower"
            " (Δ MSE 0.014 ± 0.012, 95 % interval).",
            id="not rounded to the limit",
        ),
        pytest.param(
            Advantage(0.003, 0.003, 0.4, 36),
            "no",
            "PCA reconstructs held-out rows as well (Δ MSE 0.003 ± 0.006, 95 % interval). Use it.",
            id="as good",
        ),
        pytest.param(
            Advantage(0.008, 0.002, 0.4, 36),
            "no",
            "PCA reconstructs held-out rows nearly as well (Δ MSE 0.008 ± 0.004, 95 % interval)."
            " Use it.",
            id="better by too little to matter",
        ),
        pytest.param(
            Advantage(-0.2, 0.02, 0.4, 36),
            "no",
            "PCA reconstructs held-out rows better (Δ MSE -0.20 ± 0.04, 95 % interval). Use it.",
            id="worse",
        ),
        pytest.param(
            Advantage(0.05, 0.04, 0.4, 36),
            "undecided",
            "Undecided whether the autoencoder reconstructs better than PCA"
            " (Δ MSE 0.05 ± 0.08, 95 % interval): more rows would decide it.",
            id="unknown",
        ),
        pytest.param(
            Advantage(0.0, 0.0, 0.0, 36),
            "no",
            "PCA reconstructs held-out rows as well (Δ MSE 0 ± 0, 95 % interval). Use it.",
            id="both perfect",
        ),
        pytest.param(
            Advantage(-0.01, 0.02, 0.0, 36),
            "no",
            "PCA reconstructs held-out rows as well (Δ MSE -0.01 ± 0.04, 95 % interval). Use it.",
            id="no error to gain on",
        ),
        pytest.param(
            Advantage(0.13, 0.03, 0.37, 2),
            "undecided",
            "Undecided whether the autoencoder reconstructs better than PCA"
            " (Δ MSE 0.1 ± 0.4, 95 % interval): more rows would decide it.",
            id="too few rows",
        ),
        pytest.param(
            Advantage(3e-7, 1e-8, 4e-7, 36),
            "yes",
            "The autoencoder reconstructs held-out rows better than PCA: its error is 75 % lower"
            " (Δ MSE 3e-07 ± 2e-08, 95 % interval).",
            id="small numbers",
        ),
    ],
)
def test_an_advantage_is_described(difference: Advantage, claim: str, sentence: str) -> None:
    assert difference.claim == claim
    assert describe_advantage(difference) == sentence


# --- figures

NAMES = ("autoencoder", *baselines.NAMES, "mean")
FIVE = np.array([0.3, 0.4, 0.5, np.nan, 1.0])


def cases() -> Iterator[tuple[str, Callable[[], Figure]]]:
    measures = {f"{'measure ' * i}{i}": Measure("more", FIVE, FIVE / 10) for i in range(1, 7)}
    for count in (1, 3, 6):
        some = dict(list(measures.items())[:count])
        yield f"baselines-{count}", lambda some=some: figures.baselines(NAMES, some, "$_{" * 90)
    same = {"mse": Measure("less", np.zeros(5), np.full(5, np.nan))}
    yield "baselines-the_same", lambda: figures.baselines(["$_{" * 60] * 5, same, "")
    none = {"mse": Measure("less", np.full(5, np.nan), np.full(5, np.inf))}
    yield "baselines-no_number", lambda: figures.baselines(NAMES, none, "")
    for count in (1, 2, 13, 50):
        shares = np.arange(count, 0, -1) / np.arange(count + 1).sum()
        yield f"scree-{count}", lambda shares=shares: figures.scree(shares, 3)
    yield "scree-nothing_varies", lambda: figures.scree(np.full(3, np.nan), 2)


@pytest.mark.parametrize("draw", [pytest.param(draw, id=name) for name, draw in cases()])
def test_no_text_of_a_figure_is_cut_off_or_overlaps(draw: Callable[[], Figure]) -> None:
    figure = draw()
    figure.canvas.draw()
    drawn, (x, y) = figure.get_tightbbox(), figure.get_size_inches()
    assert min(drawn.x0, drawn.y0) >= -0.01
    assert drawn.x1 <= x + 0.01
    assert drawn.y1 <= y + 0.01
    titles = [axes.title.get_window_extent() for axes in figure.axes]
    assert not any(a.overlaps(b) for a, b in pairwise(titles))


def test_a_dot_marks_each_method_with_two_standard_errors() -> None:
    figure = figures.baselines(NAMES, {"mse": Measure("less", FIVE, FIVE / 10)}, "")
    lines = {tuple(line.get_ydata()): line.get_xdata() for line in figure.axes[0].lines}
    assert lines[1,][0] == 0.4
    assert lines[1, 1] == pytest.approx([0.32, 0.48])
    assert (3,) not in lines


def test_the_chosen_components_stand_out_with_their_share() -> None:
    figure = figures.scree(np.array([0.5, 0.3, 0.2]), 2)
    colours = [bar.get_facecolor() for bar in figure.axes[0].patches]
    assert colours[0] == colours[1] != colours[2]
    assert "2 components have 80 %" in " ".join(t.get_text() for t in figure.findobj(Text))
