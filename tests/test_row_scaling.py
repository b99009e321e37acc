"""Rows are scaled; effects of single cells and of the total of each row are recognised."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine

from aeexp.analysis.controls import other_controls
from aeexp.analysis.depth import Depth, depth_of
from aeexp.config.spec import EvidenceSpec, Experiment, Format, Robust, RowScaling, Standard, Table
from aeexp.data import Column, Dataset, load
from aeexp.data.inspect import inspect
from aeexp.data.prepare import prepare, prepare_problem
from aeexp.data.quality.composition import composition_total, varying_totals
from aeexp.data.quality.gross import gross_cells
from aeexp.data.quality.notes import number_notes, same_quantities
from aeexp.data.row_scaling import fit_rows
from aeexp.present.text.artefacts import artefact_remedy, artefact_sentences, without_praise
from aeexp.present.text.sentence import Sentence

RNG = np.random.default_rng(0)
DEPTHS = RNG.uniform(1, 10, 60)
COUNTS = RNG.poisson(DEPTHS[:, None] * RNG.uniform(5, 50, 20)).astype(float)
COLUMNS = [Column(f"g{j}") for j in range(20)]


def scaled(kind: RowScaling, x: np.ndarray, columns: list[Column]) -> np.ndarray:
    rows = fit_rows(kind, x, columns)
    assert rows is not None
    return rows.apply(x)


def test_total_gives_each_row_the_median_total() -> None:
    totals = scaled(RowScaling.total, COUNTS, COLUMNS).sum(axis=1)
    assert np.allclose(totals, np.median(COUNTS.sum(axis=1)))


def test_median_ratio_finds_depths_where_a_few_features_change() -> None:
    x = DEPTHS[:, None] * np.arange(1.0, 21)
    x[:30, :4] *= 50
    by_ratio = scaled(RowScaling.median_ratio, x, COLUMNS)
    assert np.allclose(by_ratio[:, 4:], by_ratio[0, 4:])
    by_total = scaled(RowScaling.total, x, COLUMNS)
    assert not np.allclose(by_total[:, 4:], by_total[0, 4:], rtol=0.5)


def test_clr_depends_on_ratios_alone_and_has_mean_0() -> None:
    x = RNG.uniform(1, 9, (30, 20))
    logarithms = scaled(RowScaling.clr, x, COLUMNS)
    assert np.allclose(logarithms, np.log(x) - np.log(x).mean(axis=1, keepdims=True))
    assert np.allclose(scaled(RowScaling.clr, x * DEPTHS[:30, None], COLUMNS), logarithms)
    x[0, 0] = 0
    assert np.isfinite(scaled(RowScaling.clr, x, COLUMNS)).all()


def test_rows_are_scaled_before_the_logarithm_and_without_indicators() -> None:
    columns = [*(Column(f"g{j}", log1p=True) for j in range(20)), Column("c", ("a", "b"))]
    indicators = np.eye(2)[np.arange(60) % 2]
    x = np.hstack([np.log1p(COUNTS), indicators])
    result = scaled(RowScaling.total, x, columns)
    assert np.allclose(result[:, :20], np.log1p(scaled(RowScaling.total, COUNTS, COLUMNS)))
    assert np.array_equal(result[:, 20:], indicators)


@pytest.mark.parametrize(
    ("kind", "cells", "message"),
    [
        pytest.param(RowScaling.total, np.nan, "complete rows", id="missing"),
        pytest.param(RowScaling.clr, -1, "at least 0", id="negative"),
        pytest.param(RowScaling.clr, 0, "only zeros", id="zeros"),
        pytest.param(
            RowScaling.median_ratio, np.arange(20) < 9, "above 0 in all", id="no feature"
        ),
    ],
)
def test_rows_that_cannot_be_scaled_are_an_error(
    kind: RowScaling, cells: Any, message: str
) -> None:
    x = COUNTS.copy()
    x[3] = cells
    if kind is RowScaling.median_ratio:
        x[4] = 1 - x[3]
    with pytest.raises(ValueError, match=message):
        scaled(kind, x, COLUMNS)


def test_tables_without_structure_are_scaled_though_counts_are_sparse() -> None:
    x = RNG.poisson(0.3, (60, 20)).astype(float)
    data = Dataset("x", x, tuple(column.name for column in COLUMNS), range(60))
    evidence = EvidenceSpec(permutations=3, planted=3, sizes=[2.0], clouds=1)
    experiment = Experiment(evidence=evidence, preprocessing=Standard(rows=RowScaling.total))
    problem = prepare(experiment, data)
    controls = [*other_controls(experiment, problem.folds[0])]
    assert len(controls) == 7
    assert all(np.isfinite(control.problem.x).all() for control in controls)


# Factors that follow the total


def test_a_factor_that_follows_the_total_is_found() -> None:
    z = np.column_stack([-DEPTHS, RNG.normal(size=60)])
    depth = depth_of(Dataset("x", COUNTS, tuple(c.name for c in COLUMNS), range(60)), z)
    assert depth is not None
    assert [name for name, _ in depth.following] == ["z1"]
    assert depth.following[0][1] < -0.9


@pytest.mark.parametrize(
    "x",
    [
        pytest.param(load_wine().data, id="another unit"),
        pytest.param(load_breast_cancer().data, id="areas"),
        pytest.param(load_iris().data, id="few columns"),
        pytest.param(load_diabetes().data, id="negative"),
        pytest.param(scaled(RowScaling.total, COUNTS, COLUMNS), id="equal totals"),
    ],
)
def test_the_total_of_other_tables_has_no_meaning(x: np.ndarray) -> None:
    assert varying_totals(x, [Column(str(j)) for j in range(x.shape[1])]) is None


def test_a_composition_is_noted() -> None:
    x = (100 * RNG.dirichlet(np.ones(5), 40)).round(1)
    assert composition_total(x, COLUMNS[:5]) == pytest.approx(100, abs=0.1)
    assert any("add up to 100" in note for note in number_notes(x, COLUMNS[:5], range(40)))
    assert composition_total(x[:, :4], COLUMNS[:4]) is None


# Gross errors


@pytest.mark.parametrize("factor", [1000, -100])
def test_slipped_decimal_points_are_found_with_row_column_and_value(
    tmp_path: Path, factor: float
) -> None:
    frame = pd.DataFrame(RNG.normal(10, 1, (150, 4)), columns=[*"abcd"])
    frame.insert(0, "id", [f"s{i}" for i in range(150)])
    frame.loc[3, "a"] *= factor
    frame.loc[77, "c"] *= factor
    path = tmp_path / "x.csv"
    frame.to_csv(path, index=False)
    expected = [f"c = {frame.c[77]:.6g} in row s77", f"a = {frame.a[3]:.6g} in row s3"]
    for text in ("; ".join(load(Table(path=str(path), id="id")).notes), inspect(path, Format())):
        assert all(part in " ".join(text.split()) for part in expected)
        assert "preprocessing.clip=10" in " ".join(text.split())


@pytest.mark.parametrize(
    "x",
    [
        pytest.param(load_wine().data, id="wine"),
        pytest.param(load_iris().data, id="iris"),
        pytest.param(load_breast_cancer().data, id="breast_cancer"),
        pytest.param(load_digits().data, id="digits"),
        pytest.param(load_diabetes().data, id="diabetes"),
        pytest.param(RNG.lognormal(0, 2, (500, 40)), id="long tails"),
        pytest.param(RNG.standard_t(2, (500, 40)), id="heavy tails"),
        pytest.param(RNG.negative_binomial(0.1, 0.01, (500, 40)).astype(float), id="counts"),
        pytest.param((RNG.random((500, 40)) < 0.01).astype(float), id="rare"),
    ],
)
def test_long_tails_are_no_gross_errors(x: np.ndarray) -> None:
    assert gross_cells(x) == []


def test_no_claim_rests_on_gross_errors() -> None:
    x = COUNTS.copy()
    x[4, 2] = 1e6
    data = Dataset("x", x, tuple(column.name for column in COLUMNS), range(60))
    evidence: Any = SimpleNamespace(gross=gross_cells(x), depth=None)
    [cells] = artefact_sentences(evidence, data, Experiment())
    assert (cells.about, cells.claim) == ("cells", "no")
    assert "g2 = 1e+06 in row 5" in cells.sentence
    claims = [Sentence(about, "yes", "") for about in ("chance", "pca", "labels")]
    assert [s.claim for s in without_praise(claims)] == ["undecided", "undecided", "yes"]


@pytest.mark.parametrize(
    ("rows", "has_remedy"), [(RowScaling.none, True), (RowScaling.total, False)]
)
def test_factors_that_follow_the_total_are_named(rows: RowScaling, *, has_remedy: bool) -> None:
    data = Dataset("x", COUNTS, tuple(column.name for column in COLUMNS), range(60))
    evidence: Any = SimpleNamespace(gross=(), depth=Depth(np.array([0.2, -0.75])))
    experiment = Experiment(preprocessing=Standard(rows=rows))
    [sentence] = artefact_sentences(evidence, data, experiment)
    assert sentence.sentence.startswith("z2 (r = -0.75) follows the total of a row")
    assert ("preprocessing.rows=total" in sentence.sentence) is has_remedy
    assert any(artefact_remedy(evidence, experiment)) is has_remedy


def test_clip_limits_the_scaled_values(tmp_path: Path) -> None:
    frame = pd.DataFrame(RNG.normal(10, 1, (60, 3)), columns=[*"abc"])
    frame.loc[3, "a"] = 1e6
    frame.to_csv(tmp_path / "x.csv", index=False)
    dataset = Table(path=str(tmp_path / "x.csv"))
    problem = prepare_problem(Experiment(dataset=dataset, preprocessing=Robust(clip=10)))
    assert problem.x.max() == 10
    unlimited = prepare_problem(Experiment(dataset=dataset, preprocessing=Robust()))
    assert unlimited.x.max() > 1e5


def test_a_quantity_in_two_units_is_found() -> None:
    x = RNG.normal(20, 5, (50, 3))
    x = np.column_stack([x, 1.8 * x[:, 1] + 32, x[:, 0]])
    assert same_quantities(x, range(5)) == [(1, 3)]
