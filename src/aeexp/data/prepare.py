"""What is to be learnt: a table, split and scaled. Refuses what cannot be trained."""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from aeexp.config.shapes import MOST_BYTES as MOST_WEIGHTS
from aeexp.config.shapes import weights
from aeexp.config.spec import (
    Autoencoder,
    Backend,
    Engine,
    Experiment,
    HowMany,
    LearningRate,
    Loss,
    Partition,
    Table,
)
from aeexp.data import Dataset, Floats, Rows, load, load_table, partition, scaling
from aeexp.data.memory import in_units, require_memory
from aeexp.data.scaling import Preprocessing, Scaling
from aeexp.errors import UserError, key

TABLES, MOST_BYTES = 4, 2**28  # kept ready for the next experiment, unless they are large
WEIGHT, COPIES = 4, 10  # bytes of a weight; copies of it while it is trained
OF_EPOCH, OF_MODEL = 24, 10_000  # bytes of a model's history and, about, of all else
CONTROLS = ("repeats", "resamples", "permutations", "clouds", "planted")


@dataclass(frozen=True)
class Problem:
    """A table ready for training. x: (rows, features), scaled and whole, in input order."""

    data: Dataset
    rows: Rows
    preprocessing: Preprocessing
    x: NDArray[np.float32]

    @property
    def scaling(self) -> Scaling:
        """Return the scaling of each feature."""
        return self.preprocessing.scaling


class Problems:
    """Poses many experiments; those that ask about one table share it."""

    def __init__(self) -> None:
        self.prepared: dict[str, Problem] = {}

    def pose(self, experiment: Experiment) -> Problem:
        """Load, split and scale an experiment's table, unless it is one of the last few.

        Raises:
            UserError: The experiment asks for what the table cannot give.
        """
        _refuse_to_compile_without_jax(experiment)
        asked = repr((experiment.dataset, experiment.split, experiment.preprocessing))
        problem = self.prepared.pop(asked, None) or prepare(experiment, _load(experiment))
        most = TABLES if problem.x.nbytes <= MOST_BYTES // TABLES else 1
        self.prepared = dict([*self.prepared.items(), (asked, problem)][-most:])
        check(experiment, problem)
        return problem


def pose(experiment: Experiment) -> Problem:
    """Load, split and scale an experiment's table; see `Problems.pose`."""
    return Problems().pose(experiment)


def prepare(experiment: Experiment, data: Dataset) -> Problem:
    """Split and scale a table as an experiment asks.

    Raises:
        UserError: The table has too few rows, or values that cannot be scaled.
    """
    rows = partition(experiment.split, data)
    if len(constant(data, rows)) == len(data.features):
        message = f"No feature of {data.name} varies in the training rows: there is no structure."
        raise UserError(message)
    prepared = scaling.prepare(experiment.preprocessing, data, rows.train)
    return Problem(data, rows, prepared, prepared.apply(data.x, data.features))


def constant(data: Dataset, rows: Rows) -> list[str]:
    """Return the names of the features that are the same in all training rows."""
    trained = ~rows.held_out[:, None]
    low = np.fmin.reduce(data.x, where=trained, initial=np.inf)
    high = np.fmax.reduce(data.x, where=trained, initial=-np.inf)
    return [name for name, same in zip(data.features, low == high, strict=True) if same]


def _load(experiment: Experiment) -> Dataset:
    if isinstance(experiment.dataset, Table):
        return load_table(experiment.dataset, aside=experiment.split.column)
    return load(experiment.dataset)


def check(experiment: Experiment, problem: Problem) -> None:
    """Refuse an experiment that asks for what its table cannot give, by a UserError."""
    _refuse_too_many_clusters(experiment, problem.data)
    _refuse_single_row_batches(experiment, problem.rows)
    _refuse_what_is_no_probability(experiment, problem)
    _refuse_too_few_features(experiment, problem.data)
    _refuse_too_large(experiment, len(problem.data.features))


def _refuse_to_compile_without_jax(experiment: Experiment) -> None:
    backend, engine = experiment.backend, experiment.training.engine
    if engine is Engine.compiled and backend is not Backend.jax:
        message = (
            f"training.engine=compiled needs backend=jax, got {backend.value}: leave the engine to"
            " aeexp, or choose keras."
        )
        raise UserError(message)


def _refuse_too_large(experiment: Experiment, features: int) -> None:
    """Refuse models that do not fit into memory, alone while one trains or all when it is done."""
    of_model = weights(experiment.model, features)
    if of_model is None:
        return
    size = WEIGHT * of_model
    name = type(experiment.model).__name__.lower()
    remedy = f"lower {key('model.latent_dim')} or {key('model.hidden')}."
    if size > MOST_WEIGHTS:
        message = (
            f"model={name} has {in_units(size)} of weights here, more than the"
            f" {in_units(MOST_WEIGHTS)} that can be read back: {remedy}"
        )
        raise UserError(message)
    require_memory(COPIES * size, f"Training model={name} on {features:,} features", remedy)
    models, history = _models(experiment, features), OF_EPOCH * experiment.training.epochs
    largest = "training.epochs" if history > size + OF_MODEL else _numerous(experiment)
    what = f"Training {models:,} models" if models > 1 else "Training"
    require_memory(models * (size + history + OF_MODEL), what, f"lower {key(largest)}.")


def _models(experiment: Experiment, features: int) -> int:
    """Return how many models are trained to answer an experiment's question."""
    match experiment.question:
        case HowMany(dimensions=dimensions, seeds=seeds, copies=copies):
            return min(dimensions, features) * (seeds + copies)
        case LearningRate(rates=rates):
            return rates
    return experiment.models


def _numerous(experiment: Experiment) -> str:
    """Return the key that makes most of the models."""
    match experiment.question:
        case HowMany(seeds=seeds, copies=copies):
            return "question.seeds" if seeds > copies else "question.copies"
        case LearningRate():
            return "question.rates"
    of_evidence = asdict(experiment.evidence)
    counts = {f"evidence.{key}": of_evidence[key] for key in CONTROLS}
    counts["repeats"] = experiment.repeats or 0
    return max(counts, key=lambda key: counts[key])


def _refuse_too_few_features(experiment: Experiment, data: Dataset) -> None:
    if isinstance(experiment.question, HowMany) and len(data.features) < 2:
        message = (
            f"question=how_many: {data.name} has one feature, of which there is nothing to"
            " squeeze; give it two or more."
        )
        raise UserError(message)


def _refuse_too_many_clusters(experiment: Experiment, data: Dataset) -> None:
    for name, spec in experiment.clustering.items():
        wanted = (isinstance(spec, Partition) and spec.n_clusters) or 1
        if (distinct := _distinct(data.x, wanted)) < wanted:
            rows = "rows" if distinct == len(data.x) else "different rows"
            message = (
                f"clustering.{name}.n_clusters={wanted} is more than the {distinct} {rows} of"
                f" {data.name}: ask for fewer clusters."
            )
            raise UserError(message)


def _distinct(x: Floats, enough: int) -> int:
    """Return how many rows differ from each other, counting no further than to enough."""
    seen: set[bytes] = set()
    rows = iter(x)
    while len(seen) < enough and (row := next(rows, None)) is not None:
        seen.add(row.tobytes())
    return len(seen)


def _refuse_single_row_batches(experiment: Experiment, rows: Rows) -> None:
    normalised = isinstance(experiment.model, Autoencoder) and experiment.model.batch_norm
    if normalised and min(experiment.training.batch_size, len(rows.train)) == 1:
        message = (
            f"{key('training.batch_size=1')} leaves batch normalisation nothing to normalise over:"
            f" use a larger batch or {key('model.batch_norm=false')}."
        )
        raise UserError(message)


def _refuse_what_is_no_probability(experiment: Experiment, problem: Problem) -> None:
    low, high = problem.x.min(), problem.x.max()
    if experiment.training.loss is Loss.binary_crossentropy and not 0 <= low <= high <= 1:
        message = (
            f"{key('training.loss=binary_crossentropy')} needs scaled values between 0 and 1, and"
            f" those of {problem.data.name} lie between {low:.3g} and {high:.3g}: choose another"
            f" loss, or preprocessing=minmax {key('preprocessing.fit_on=all')}."
        )
        raise UserError(message)
