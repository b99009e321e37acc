"""What a run found, row by row, and the tables and numbers that say it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from aeexp.analysis import agreement, interpretation, reconstruction, separation
from aeexp.analysis.verdict import Course, judge
from aeexp.artifact import Artifact, Document, Facts, Metrics, Table
from aeexp.data import Classes, Dataset, Floats, Integers
from aeexp.history import History
from aeexp.problem import Problem
from aeexp.spec import Experiment


@dataclass(frozen=True)
class Findings:
    """What a run found.

    histories: of the run's model, then of its repeats with other seeds, of which there were to be
    `repeats` in all. z: (rows, factors). x_hat,
    x_pca: (rows, features), scaled, as the model and as PCA reconstruct them. weights: (features,
    factors), of which `quantity` says what they are. clusters: (rows,) by the clustering's name.
    """

    problem: Problem
    histories: Sequence[History]
    repeats: int
    z: Floats
    x_hat: Floats
    x_pca: Floats
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
            problem.x, self.x_hat, problem.rows, problem.data.features, problem.scaling
        )


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
    nothing = np.full_like(problem.x, np.nan)
    indices = _clustering_names(problem)
    names = [
        *reconstruction.errors(problem.x, nothing, problem.rows, nothing),
        *(f"clustering.{name}.{of}" for name in experiment.clustering for of in indices),
    ]
    trained = _end(histories[0]) | dict(_spread(histories, experiment.repeats))
    return Metrics("metrics", trained | dict.fromkeys(names, math.nan))


def _clustering_names(problem: Problem) -> tuple[str, ...]:
    labelled = isinstance(problem.data.labels, Classes)
    return separation.NAMES + (agreement.NAMES if labelled else ())


def _latents(found: Findings) -> Mapping[str, Any]:
    data, rows = found.problem.data, found.problem.rows
    named = {"row": data.rows, "split": rows.names}
    factors = dict(zip(found.factors, found.z.T, strict=True))
    return named | factors | _label_column(data) | dict(found.clusters)


def _label_column(data: Dataset) -> dict[str, Any]:
    if data.labels is None:
        return {}
    if isinstance(data.labels, Classes):
        return {"label": [data.labels.names[code] for code in data.labels.codes]}
    return {"label": data.labels.values}


def _weights(found: Findings) -> Mapping[str, Any]:
    features = found.problem.data.features
    named = {"feature": features, "quantity": [found.quantity] * len(features)}
    return named | dict(zip(found.factors, found.weights.T, strict=True))


def _metrics(found: Findings) -> Mapping[str, float]:
    problem = found.problem
    metrics = _end(found.history) | dict(_spread(found.histories, found.repeats))
    metrics |= reconstruction.errors(problem.x, found.x_hat, problem.rows, found.x_pca)
    for name, codes in found.clusters.items():
        measured = dict(separation.separation(found.z, codes, name))
        if isinstance(problem.data.labels, Classes):
            measured |= agreement.agreement(codes, problem.data.labels)
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
    x, rows = found.problem.x, found.problem.rows
    error, pca = ((x - hat).astype(np.float64) ** 2 for hat in (found.x_hat, found.x_pca))
    return Course(
        loss=found.history.loss,
        val_loss=found.history.val_loss,
        train=error[rows.train].mean(1),
        val=error[rows.val].mean(1),
        pca=pca[rows.val].mean(1),
        mean=float(x[rows.train].var(0, dtype=np.float64).mean()),
        latent=found.z[rows.train].var(0, dtype=np.float64),
        kept=found.history.kept,
    )
