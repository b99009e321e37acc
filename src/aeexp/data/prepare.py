"""A table split and scaled for training, and checks that an experiment fits it."""

from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from aeexp.config.shapes import MOST_BYTES as MOST_WEIGHTS
from aeexp.config.shapes import weights
from aeexp.config.spec import (
    Autoencoder,
    Backend,
    Engine,
    Experiment,
    FitOn,
    HowMany,
    LearningRate,
    Loss,
    Partition,
    Structure,
    Table,
)
from aeexp.data import (
    Dataset,
    Floats,
    Integers,
    Rows,
    folds,
    load,
    load_table,
    partition,
    scaling,
    time_steps,
)
from aeexp.data.automatic import candidates
from aeexp.data.memory import in_units, require_memory
from aeexp.data.scaling import Preprocessing, Scaling
from aeexp.data.selection import with_selection
from aeexp.data.table.covariate_checks import unseen_categories
from aeexp.errors import UserError, key

CACHED, CACHED_BYTES = 4, 2**28  # tables kept for the next experiments; one if they are large
WEIGHT, COPIES = 4, 10  # bytes of a weight; copies of the weights during training
EPOCH, MODEL = 24, 10_000  # bytes of an epoch in a history; estimated bytes of the rest of a model
CONTROLS = ("repeats", "resamples", "permutations", "clouds", "planted")


@dataclass(frozen=True)
class Problem:
    """A table ready for training. x: (rows, features), scaled, no gaps, rows in input order.

    folds: the splits of cross-fitting, each scaled by its own training rows. Then all rows of the
    problem itself are training rows. Empty for a single split.
    """

    data: Dataset
    rows: Rows
    preprocessing: Preprocessing
    x: NDArray[np.float32]
    folds: tuple["Problem", ...] = ()

    @property
    def scaling(self) -> Scaling:
        """Return the scaling of each feature."""
        return self.preprocessing.scaling

    @property
    def adjusted(self) -> Floats:
        """Return the table with scaled rows and without the effects of covariates.

        (rows, features), in the units of the features.
        """
        covariates = self.data.covariates
        values = covariates.values if covariates else None
        return self.preprocessing.adjusted(self.data.x, values)

    @property
    def constant(self) -> list[str]:
        """Return the names of the features that do not vary in the adjusted training rows."""
        effects, names = self.preprocessing.effects, constant(self.data, self.rows)
        explained = () if effects is None else np.flatnonzero(effects.explained)
        return list(dict.fromkeys([*names, *(self.data.features[j] for j in explained)]))

    @property
    def fold_of(self) -> Integers:
        """Return the fold in which each row is held out: (rows,)."""
        folds = np.empty(len(self.x), int)
        for fold, problem in enumerate(self.folds):
            folds[problem.rows.test] = fold
        return folds

    @property
    def part_of(self) -> Integers:
        """Return the number of the part or fold in which each row is held out: (rows,)."""
        if self.folds:
            return self.fold_of
        parts = np.zeros(len(self.x), int)
        for number, rows in enumerate(self.rows.parts.values()):
            parts[rows] = number
        return parts

    @property
    def judged_units(self) -> Integers:
        """Return the independent unit of each row that judges; see `Design.units`."""
        units = self.data.design.units(len(self.x))
        return units if self.folds else units[self.rows.evaluated[1]]

    def subset(self, rows: Integers) -> "Problem":
        """Return the problem of some rows, with the same split and scaling. rows: ascending."""
        data = replace(
            self.data,
            x=self.data.x[rows],
            rows=[str(self.data.rows[i]) for i in rows],
            labels=tuple(labels.take(rows) for labels in self.data.labels),
            part=None,
            design=self.data.design.take(rows),
            covariates=self.data.covariates and self.data.covariates.take(rows),
        )
        return replace(self, data=data, rows=self.rows.subset(rows), x=self.x[rows], folds=())


class ProblemCache:
    """A cache of prepared tables, which experiments with equal data settings share."""

    def __init__(self) -> None:
        self.prepared: dict[str, Problem] = {}

    def prepare(self, experiment: Experiment) -> Problem:
        """Return an experiment's table, split and scaled; from the cache if it is there.

        Raises:
            UserError: The table cannot be loaded or does not suit the experiment.
        """
        backend, engine = experiment.backend, experiment.training.engine
        if engine is Engine.compiled and backend is not Backend.jax:
            raise UserError(
                f"training.engine=compiled needs backend=jax, got backend={backend.value}. Remove"
                " training.engine, or set training.engine=keras."
            )
        tasks = type(experiment.question)
        settings = repr((experiment.dataset, experiment.split, experiment.preprocessing, tasks))
        problem = self.prepared.pop(settings, None) or prepare(experiment, _load(experiment))
        most = CACHED if problem.x.nbytes <= CACHED_BYTES // CACHED else 1
        self.prepared = dict([*self.prepared.items(), (settings, problem)][-most:])
        check(experiment, problem)
        return problem


def prepare_problem(experiment: Experiment) -> Problem:
    """Return an experiment's table, split and scaled; see `ProblemCache.prepare`."""
    return ProblemCache().prepare(experiment)


def prepare(experiment: Experiment, data: Dataset) -> Problem:
    """Take the steps of preprocessing in time, then split and scale a table.

    Raises:
        UserError: It has too few rows, no feature that varies, or values that cannot be scaled.
    """
    data = time_steps.applied(experiment.preprocessing, data)
    _check_sample(experiment, data)
    splits: list[Rows] = []
    if isinstance(experiment.question, Structure):
        splits = folds(experiment.split, data)
    elif (experiment.split.folds or 1) > 1:
        raise UserError(
            f"{key('split.folds')}={experiment.split.folds} needs question=structure: other"
            " questions use a single split. Remove it."
        )
    every = np.arange(len(data.x))
    rows = Rows(every, every[:0]) if splits else partition(experiment.split, data)
    data = with_selection(experiment.preprocessing, data, rows.train)
    if len(constant(data, rows)) == len(data.features):
        raise UserError(f"{data.name} has no structure: no feature varies in the training rows.")
    if experiment.preprocessing.fit_on is FitOn.train:
        data = replace(data, notes=(*data.notes, *unseen_categories(data, splits or [rows])))
    problems = [_scaled(experiment, data, split) for split in (rows, *splits)]
    return replace(problems[0], folds=tuple(problems[1:]))


def _check_sample(experiment: Experiment, data: Dataset) -> None:
    """Check that the steps in time have successive rows."""
    is_sample = isinstance(experiment.dataset, Table) and experiment.dataset.sample is not None
    if is_sample and data.steps and data.steps.need_order:
        raise UserError(
            "dataset.sample draws single rows, but preprocessing.bin, smooth and lags need"
            " successive rows. Remove dataset.sample."
        )


def _scaled(experiment: Experiment, data: Dataset, rows: Rows) -> Problem:
    """Return a table, scaled by its training rows."""
    prepared = scaling.prepare(experiment.preprocessing, data, rows.train)
    if prepared.effects and prepared.effects.explained.all():
        raise UserError(
            f"Nothing remains of {data.name} without the effects of its covariates, which explain"
            " each feature. Remove some of dataset.covariates, or set"
            " dataset.batch_correction=none."
        )
    values = data.covariates.values if data.covariates else None
    return Problem(data, rows, prepared, prepared.apply(data.x, data.features, values))


def constant(data: Dataset, rows: Rows) -> list[str]:
    """Return the names of the features that have the same value in all training rows."""
    trained = rows.trained[:, None]
    low = np.fmin.reduce(data.x, where=trained, initial=np.inf)
    high = np.fmax.reduce(data.x, where=trained, initial=-np.inf)
    return [name for name, same in zip(data.features, low == high, strict=True) if same]


def _load(experiment: Experiment) -> Dataset:
    if isinstance(experiment.dataset, Table):
        return load_table(experiment.dataset, aside=experiment.split.column)
    return load(experiment.dataset)


def check(experiment: Experiment, problem: Problem) -> None:
    """Check that an experiment suits its table, before any model is trained.

    Raises:
        UserError: It does not.
    """
    data = problem.data
    if isinstance(experiment.question, HowMany) and len(data.features) < 2:
        raise UserError(f"question=how_many needs two or more features, but {data.name} has one.")
    _check_clusters(experiment, data)
    is_normalised = isinstance(experiment.model, Autoencoder) and experiment.model.batch_norm
    trained = len((problem.folds or [problem])[0].rows.train)
    if is_normalised and min(experiment.training.batch_size or trained, trained) == 1:
        raise UserError(
            f"Batch normalisation needs batches of two or more rows, got"
            f" {key('training.batch_size=1')}. Use larger batches, or set"
            f" {key('model.batch_norm=false')}."
        )
    low, high = problem.x.min(), problem.x.max()
    if experiment.training.loss is Loss.binary_crossentropy and not 0 <= low <= high <= 1:
        raise UserError(
            f"{key('training.loss=binary_crossentropy')} needs scaled values between 0 and 1, but"
            f" the values of {data.name} are between {low:.3g} and {high:.3g}. Use another loss,"
            f" or preprocessing=minmax {key('preprocessing.fit_on=all')}."
        )
    for candidate in candidates(experiment, trained):
        _check_memory(candidate.experiment, len(data.features))


def _check_clusters(experiment: Experiment, data: Dataset) -> None:
    """Check that there are as many different rows as clusters."""
    for name, spec in experiment.clustering.items():
        wanted = (isinstance(spec, Partition) and spec.n_clusters) or 1
        if (distinct := _distinct(data.x, wanted)) < wanted:
            rows = "rows" if distinct == len(data.x) else "different rows"
            raise UserError(
                f"clustering.{name}.n_clusters={wanted} is more than the {distinct} {rows} of"
                f" {data.name}. Use fewer clusters."
            )


def _distinct(x: Floats, enough: int) -> int:
    """Count different rows, but no further than `enough`."""
    distinct: set[bytes] = set()
    rows = iter(x)
    while len(distinct) < enough and (row := next(rows, None)) is not None:
        distinct.add(row.tobytes())
    return len(distinct)


def _check_memory(experiment: Experiment, features: int) -> None:
    """Check that the largest model fits into memory during training, and all models after it."""
    count = weights(experiment.model, features)
    if count is None:
        return
    size = WEIGHT * count
    name = type(experiment.model).__name__.lower()
    remedy = f"Lower {key('model.latent_dim')} or {key('model.hidden')}."
    if size > MOST_WEIGHTS:
        raise UserError(
            f"model={name} must have at most {in_units(MOST_WEIGHTS)} of weights, got"
            f" {in_units(size)}. {remedy}"
        )
    require_memory(COPIES * size, f"Training model={name} on {features:,} features", remedy)
    models, numerous = _models(experiment, features)
    history = EPOCH * (experiment.training.epochs or 1)
    largest = "training.epochs" if history > size + MODEL else numerous
    what = f"Training {models:,} models" if models > 1 else "Training"
    require_memory(models * (size + history + MODEL), what, f"Lower {key(largest)}.")


def _models(experiment: Experiment, features: int) -> tuple[int, str]:
    """Return the number of models that an experiment trains, and the key that sets most of it."""
    match experiment.question:
        case HowMany(dimensions=dimensions, seeds=seeds, copies=copies):
            numerous = "question.seeds" if seeds > copies else "question.copies"
            return min(dimensions, features) * (seeds + copies), numerous
        case LearningRate(rates=rates):
            return rates, "question.rates"
    evidence = asdict(experiment.evidence)
    counts = {f"evidence.{control}": evidence[control] for control in CONTROLS}
    counts["repeats"] = experiment.repeats or 0
    return experiment.models, max(counts, key=lambda key: counts[key])
