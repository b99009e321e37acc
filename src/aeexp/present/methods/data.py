"""Which rows there were, and what was done to them before they were learnt from."""

from collections.abc import Iterator

import numpy as np

from aeexp.config.spec import (
    Categorical,
    DatasetSpec,
    Experiment,
    FitOn,
    Infinite,
    Missing,
    PreprocessingSpec,
    Split,
    Table,
    Unscaled,
    describe,
)
from aeexp.data import Dataset
from aeexp.data.chunks import blocks
from aeexp.data.features import places
from aeexp.data.imputation import MOST_DONORS, NEIGHBOURS
from aeexp.data.prepare import Problem
from aeexp.text import counted, named, names, percent


def data(experiment: Experiment, problem: Problem) -> str:
    """Return the paragraph on the table: its rows, its features, its split and its scaling."""
    rows, features = problem.data.x.shape
    size = f"{counted(rows, 'row')}, {counted(features, 'feature')}"
    return " ".join(
        [
            f"The data were {describe(experiment.dataset)} ({size}).",
            *_columns(problem.data),
            *_choices(experiment.dataset),
            *_labels(problem.data),
            _split(experiment.split, problem),
            *_prepared(experiment.preprocessing, problem),
        ]
    )


def _columns(data: Dataset) -> Iterator[str]:
    """Yield which columns are features in another form."""
    if text := [column for column in data.columns if column.categories]:
        indicators = counted(sum(len(column.features) for column in text), "indicator feature")
        yield f"Categories of {names([column.name for column in text])} became {indicators}."
    if logarithms := [column.name for column in data.columns if column.log1p]:
        yield f"Values x of {names(logarithms)} were replaced by log(1 + x)."


def _choices(spec: DatasetSpec) -> Iterator[str]:
    """Yield what became of rows and columns of a user's table before it was split."""
    if not isinstance(spec, Table):
        return
    if spec.sample is not None:
        yield f"They are at most {spec.sample:,} rows drawn at random (seed {spec.seed})."
    if spec.categorical is Categorical.drop:
        yield "Columns of text were left out."
    if spec.infinite is Infinite.missing:
        yield "Infinite values were treated as missing."
    if spec.missing is Missing.drop_rows:
        yield "Rows with missing values were left out."


def _labels(data: Dataset) -> Iterator[str]:
    if data.labels:
        said = names([labels.name for labels in data.labels])
        yield f"Labels ({said}) were not used to train the model."


def _split(spec: Split, problem: Problem) -> str:
    trained, held_out = len(problem.rows.train), len(problem.rows.val)
    if not held_out:
        return f"The model was trained on all {counted(trained, 'row')}; none was held out."
    rows = trained + held_out
    told = f"{held_out:,} of {rows:,} rows ({percent(round(held_out / rows, 3))})"
    others = f"the model was trained on the other {trained:,}"
    if spec.column is not None:
        return f"For validation, {told} were held out, as {named(spec.column)} says; {others}."
    strata = ""
    if spec.stratify and problem.data.label:
        strata = f", in equal shares of the classes of {named(problem.data.label.name)}"
    return (
        f"For validation, {told}, drawn at random (seed {spec.seed}){strata}, were held out;"
        f" {others}."
    )


def _prepared(spec: PreprocessingSpec, problem: Problem) -> Iterator[str]:
    """Yield how features were scaled and gaps filled, and which rows said by what."""
    alone = spec.fit_on is FitOn.train and len(problem.rows.val) > 0
    fitted = len(problem.rows.train if alone else problem.x)
    filled = [*_filled(problem, fitted)]
    yield f"Features were {describe(spec)}."
    yield from filled
    if filled or not isinstance(spec, Unscaled):
        rows = f"the {fitted:,} training rows alone" if alone else f"all {fitted:,} rows"
        yield f"The parameters of this preprocessing were estimated from {rows}."


def _filled(problem: Problem, fitted: int) -> Iterator[str]:
    """Yield how gaps were filled, if there were any. fitted: rows that it was learnt from."""
    data = problem.data
    if not problem.preprocessing.imputation:
        return
    firsts = [place.start for _, place in places(data.columns)]
    gaps = sum(int(np.isnan(data.x[block][:, firsts]).sum()) for block in blocks(*data.x.shape))
    if gaps:
        cells = len(data.x) * len(firsts)
        share = percent(float(f"{gaps / cells:.2g}"))
        yield (
            f"Then the {gaps:,} of {cells:,} values that were missing ({share}) were replaced by"
            f" {_fill(data.missing, fitted)}."
        )


def _fill(missing: Missing, fitted: int) -> str:
    if missing is not Missing.knn:
        return f"the {missing.value} of the feature"
    asked = f" among {MOST_DONORS:,} drawn at random" if fitted > MOST_DONORS else ""
    return f"the mean over the {NEIGHBOURS} nearest rows{asked} with a value [@troyanskaya2001]"
