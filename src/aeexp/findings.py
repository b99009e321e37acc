"""What a run found, row by row, and the tables and numbers that say it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from aeexp.analysis import (
    agreement,
    interpretation,
    neighbourhoods,
    reconstruction,
    separation,
)
from aeexp.analysis.reconstruction import Residuals
from aeexp.analysis.verdict import Course, judge
from aeexp.artifact import Artifact, Document, Facts, Metrics, Table
from aeexp.data import Classes, Dataset, Floats, Integers, Labels, Values
from aeexp.history import History
from aeexp.problem import Problem
from aeexp.spec import Experiment


@dataclass(frozen=True)
class Findings:
    """What a run found.

    histories: of the run's model, then of its repeats with other seeds, of which there were to be
    `repeats` in all. z: (rows, factors). residuals, pca: of the reconstruction by the model and
    by PCA. x_hat: (shown, features), scaled, the model's of the rows that are drawn. weights:
    (features, factors), of which `quantity` says what they are. clusters: (rows,) by the
    clustering's name.
    """

    problem: Problem
    histories: Sequence[History]
    repeats: int
    z: Floats
    residuals: Residuals
    pca: Residuals
    x_hat: Floats
    weights: Floats
    quantity: str
    clusters: Mapping[str, Integers]

    @property
    def history(self) -> History:
        """Return what happened in the training of the run's model."""
        return self.histories[0]

    @property
    def factors(self) -> list[str]:
        """Return the names of the latent factors."""
        return [f"z{k + 1}" for k in range(self.z.shape[1])]

    @cached_property
    def by_feature(self) -> Mapping[str, list[str] | list[float]]:
        """Return how well each feature is reconstructed, as a table."""
        problem = self.problem
        return reconstruction.by_feature(
            self.residuals, self.mean, problem.rows, problem.data.features, problem.scaling
        )

    @cached_property
    def mean(self) -> Residuals:
        """Return the residuals where each feature is predicted by its mean."""
        return reconstruction.predicting_the_mean(self.problem.x, self.problem.rows)


def tell(found: Findings) -> Iterator[Artifact]:
    """Yield the tables, the numbers and the verdict of a run."""
    yield Table("latents", _latents(found))
    yield Table("weights", _weights(found))
    signed = interpretation.signed_features(found.weights, found.problem.data.features)
    yield Document("interpretation", {"quantity": found.quantity, "factors": signed})
    yield Table("reconstruction", found.by_feature)
    yield Metrics("metrics", _metrics(found))
    yield Facts("verdict", {"verdict": asdict(judge(_course(found)))})


def repeated(seed: int, histories: Sequence[History]) -> Mapping[str, Any]:
    """Return a row for each member of a run, whose seeds count on from the first's.

    A member that diverged has as many epochs as it took to, and no other number.
    """
    ends = [_end(history) | {"epochs": len(history.loss)} for history in histories]
    return {
        "seed": [(seed + i) % 2**32 for i in range(len(histories))],
        "status": [_status(history) for history in histories],
        **{key: [end[key] for end in ends] for key in ends[0]},
    }


def _status(history: History) -> str:
    if history.diverged:
        return "DIVERGED"
    return "INTERRUPTED" if history.interrupted else "COMPLETED"


def undefined(problem: Problem, experiment: Experiment, histories: Sequence[History]) -> Metrics:
    """Return the metrics of a run that has no model to measure: every name, no number.

    The others of its repeats may have come to something: their spread is told.
    """
    indices = _clustering_names(problem)
    names = [
        *reconstruction.NAMES,
        *(f"neighbourhoods.{of}" for of in neighbourhoods.NAMES),
        *(f"clustering.{name}.{of}" for name in experiment.clustering for of in indices),
    ]
    trained = _end(histories[0]) | dict(_spread(histories, experiment.repeats))
    return Metrics("metrics", trained | dict.fromkeys(names, math.nan))


def _clustering_names(problem: Problem) -> list[str]:
    of_labels = [
        f"{name}{suffix}" for _, suffix in _classes(problem.data) for name in agreement.NAMES
    ]
    return [*separation.NAMES, *of_labels]


def _classes(data: Dataset) -> Iterator[tuple[Classes, str]]:
    """Yield the labels that are classes, each with what the names of its metrics end in."""
    for number, labels in enumerate(data.labels):
        if isinstance(labels, Classes):
            yield labels, f".{labels.name}" if number else ""


def _latents(found: Findings) -> Mapping[str, Any]:
    data, rows = found.problem.data, found.problem.rows
    named = {"row": data.rows, "split": rows.names}
    factors = dict(zip(found.factors, found.z.T, strict=True))
    return named | factors | _label_columns(data) | dict(found.clusters)


def _label_columns(data: Dataset) -> dict[str, Any]:
    """Return a column for each of the labels: `label` is the first, others have their names."""
    return {
        f"label.{labels.name}" if number else "label": _cells(labels)
        for number, labels in enumerate(data.labels)
    }


def _cells(labels: Labels) -> Any:
    if isinstance(labels, Values):
        return labels.values
    return np.array([*labels.names, ""], object)[labels.codes]


def _weights(found: Findings) -> Mapping[str, Any]:
    features = found.problem.data.features
    named = {"feature": features, "quantity": [found.quantity] * len(features)}
    return named | dict(zip(found.factors, found.weights.T, strict=True))


def _metrics(found: Findings) -> Mapping[str, float]:
    problem = found.problem
    metrics = _end(found.history) | dict(_spread(found.histories, found.repeats))
    metrics |= reconstruction.errors(found.residuals, found.mean, found.pca, problem.rows)
    measured = neighbourhoods.neighbourhoods(problem.x, found.z)
    metrics |= {f"neighbourhoods.{key}": value for key, value in measured.items()}
    for name, codes in found.clusters.items():
        measured = dict(separation.separation(found.z, codes, name))
        for labels, suffix in _classes(problem.data):
            agreed = agreement.agreement(codes, labels)
            measured |= {f"{key}{suffix}": value for key, value in agreed.items()}
        metrics |= {f"clustering.{name}.{key}": value for key, value in measured.items()}
    return metrics


def _end(history: History) -> dict[str, float]:
    """Return what a training came to at the epoch whose weights were kept, if it has one."""
    end = {
        "loss": float(history.loss[history.kept]),
        "val_loss": float(history.val_loss[history.kept]),
        "epochs": len(history.loss),
        "kept_epoch": history.kept + 1,
    }
    return dict.fromkeys(end, math.nan) if history.diverged else end


def _spread(histories: Sequence[History], repeats: int) -> Iterator[tuple[str, float]]:
    """Yield mean, standard deviation (of a sample) and number of what repeats came to.

    Those that diverged or were interrupted came to nothing.
    """
    if repeats == 1:
        return
    ends = [_end(history) for history in histories if _status(history) == "COMPLETED"]
    for key in _end(histories[0]):
        values = np.array([end[key] for end in ends if not math.isnan(end[key])])
        yield f"{key}.mean", float(values.mean()) if values.size else math.nan
        yield f"{key}.sd", float(values.std(ddof=1)) if values.size > 1 else math.nan
        yield f"{key}.n", len(values)


def _course(found: Findings) -> Course:
    rows, mean = found.problem.rows, found.mean
    return Course(
        loss=found.history.loss,
        val_loss=found.history.val_loss,
        train=found.residuals.rows[rows.train],
        val=found.residuals.rows[rows.val],
        pca=found.pca.rows[rows.val],
        mean=float(mean.rows[rows.train].mean()),
        latent=found.z[rows.train].var(0, dtype=np.float64),
        kept=found.history.kept,
    )
