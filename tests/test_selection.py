"""Features that vary most are selected, and a stored model selects them in new rows."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import aeexp
from aeexp.config.spec import Experiment, RowScaling, Select, Split, Standard, Table
from aeexp.data import Column, Dataset
from aeexp.data.prepare import prepare
from aeexp.data.selection import dispersion
from aeexp.errors import UserError

ROWS, GENES, KEPT = 80, 40, 10
RNG = np.random.default_rng(0)
MEANS = RNG.uniform(20, 200, GENES)
DEPTHS = RNG.uniform(0.5, 2, ROWS)
VARIABLE = RNG.choice(GENES, KEPT, replace=False)


def counts() -> pd.DataFrame:
    """Return counts of two depths, with genes that differ between rows by more than chance."""
    rates = np.tile(MEANS, (ROWS, 1))
    rates[:, VARIABLE] *= RNG.gamma(2, 0.5, (ROWS, KEPT))
    table = RNG.poisson(rates * DEPTHS[:, None]).astype(float)
    return pd.DataFrame(table, columns=[f"g{j}" for j in range(GENES)])


def prepared(frame: pd.DataFrame, preprocessing: Standard, **split: Any) -> Dataset:
    x = frame.to_numpy()
    data = Dataset("made", x, tuple(frame), range(len(x)))
    return prepare(Experiment(preprocessing=preprocessing, split=Split(**split)), data).data


def test_the_largest_variances_of_the_training_rows_are_selected() -> None:
    frame = counts()
    preprocessing = Standard(select=Select.variable, n=KEPT)
    first = prepared(frame, preprocessing, validation=0.25, folds=1)
    problem = prepare(
        Experiment(preprocessing=preprocessing, split=Split(validation=0.25, folds=1)),
        Dataset("made", frame.to_numpy(), tuple(frame), range(ROWS)),
    )
    train = frame.iloc[problem.rows.train]
    assert {*first.features} == {*train.var().nlargest(KEPT).index}
    frame.iloc[problem.rows.evaluated[1], 0] = 1e6
    assert prepared(frame, preprocessing, validation=0.25, folds=1).features == first.features


def test_dispersed_counts_are_those_that_vary_more_than_their_mean_explains() -> None:
    frame = counts() / DEPTHS[:, None]
    assert {*np.argsort(-dispersion(frame.to_numpy()))[:KEPT]} == {*VARIABLE}
    assert {*np.argsort(-frame.to_numpy().var(axis=0))[:KEPT]} != {*VARIABLE}
    with pytest.raises(UserError, match="at least 0"):
        dispersion(-frame.to_numpy())


def test_rows_are_scaled_by_the_total_of_all_features() -> None:
    frame = counts()
    scaled = Standard(select=Select.dispersed, n=KEPT, rows=RowScaling.total)
    data = prepared(frame, scaled)
    totals = frame.sum(axis=1)
    expected = frame[[*data.features]].mul(totals.median() / totals, axis=0)
    np.testing.assert_allclose(data.x, expected)


def test_columns_of_categories_remain() -> None:
    x = np.column_stack(
        [RNG.normal(size=(ROWS, 4)) * [1, 2, 3, 4], np.eye(2)[np.arange(ROWS) % 2]]
    )
    columns = (*(Column(f"c{j}") for j in range(4)), Column("sex", ("f", "m")))
    names = ("c0", "c1", "c2", "c3", "sex=f", "sex=m")
    data = Dataset("made", x, names, range(ROWS), origin=columns)
    chosen = prepare(Experiment(preprocessing=Standard(select=Select.variable, n=1)), data).data
    assert chosen.features == ("c3", "sex=f", "sex=m")


def test_more_columns_than_there_are_is_an_error() -> None:
    with pytest.raises(UserError, match="more than the 40 columns"):
        prepared(counts(), Standard(select=Select.variable, n=GENES + 1))


@pytest.mark.parametrize("rows", [*RowScaling][:2])
def test_a_stored_model_selects_the_features_of_new_rows(
    tiny: Any, tmp_path: Path, rows: RowScaling
) -> None:
    frame = counts()
    frame.to_csv(tmp_path / "counts.csv", index=False)
    experiment = tiny(
        dataset=Table(path=str(tmp_path / "counts.csv")),
        preprocessing=Standard(select=Select.variable, n=KEPT, rows=rows),
    )
    run = aeexp.run(experiment, folder=tmp_path / "run")
    encoded = run.encode(frame)
    np.testing.assert_allclose(encoded["z1"], run.latents["z1"], rtol=1e-4, atol=1e-5)
    selected = [*run.reconstruct(frame)]
    assert len(selected) == KEPT
    other = next(name for name in frame if name not in selected)
    if rows is RowScaling.none:  # only the selected columns are needed
        pd.testing.assert_frame_equal(run.encode(frame.drop(columns=other)), encoded)
    else:
        with pytest.raises(UserError, match=f"lacks columns that the model takes: {other}"):
            run.encode(frame.drop(columns=other))
