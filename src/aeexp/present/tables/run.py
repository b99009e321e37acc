"""tell: what a run found, and the evidence -> tables, metrics and the verdict."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from aeexp.analysis import reconstruction
from aeexp.analysis.clustering import agreement, separation
from aeexp.analysis.controls import Plan
from aeexp.analysis.evidence.gather import Evidence
from aeexp.analysis.factors import interpretation
from aeexp.analysis.latent import neighbourhoods
from aeexp.analysis.result import RunResult
from aeexp.analysis.spread import spread
from aeexp.analysis.support import Support
from aeexp.analysis.verdict import TrainingResult, judge
from aeexp.data import Classes, Dataset, Labels, Values
from aeexp.data.prepare import Problem
from aeexp.present.methods import methods
from aeexp.present.tables.evidence import numbers, reliability_columns, tables
from aeexp.present.text.answer import answer, document
from aeexp.present.text.training import verdict_document
from aeexp.runs.artifact import Artifact, Document, Metrics, RunMetadata, Table, Text
from aeexp.runs.history import History


def run_artifacts(
    result: RunResult, evidence: Evidence | None, support: Support
) -> Iterator[Artifact]:
    """Yield the tables, the numbers and the verdict of a run.

    support: what its rows are held against.
    """
    trust = reliability_columns(result, evidence, support) if evidence else {}
    yield Table("latents", _latents(result) | dict(trust))
    yield Table("weights", _weights(result))
    features = result.problem.data.features
    signed = interpretation.signed_features(result.weights, result.moves, features)
    yield Document("interpretation", {"quantity": result.quantity, "factors": signed})
    yield Table("reconstruction", result.by_feature)
    metrics, verdict = _metrics(result, evidence), judge(_training_result(result))
    if evidence:
        yield from tables(result, evidence)
        yield document(answer(result, evidence, verdict, metrics))
    told = methods(result.experiment, result.problem, len(result.planned.rows) if evidence else 0)
    yield Text("methods.md", told.text.encode())
    yield Text("references.bib", told.references.encode())
    yield Metrics("metrics", metrics)
    yield RunMetadata("verdict", {"verdict": verdict_document(verdict)})


def repeats_table(seed: int, histories: Sequence[History]) -> Mapping[str, Any]:
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


def undefined_metrics(planned: Plan, histories: Sequence[History]) -> Metrics:
    """Return the metrics of a run that has no model to measure: the model's names, no number.

    The others of its repeats may have come to something: their spread is told. What it would have
    been held against has no names, as nothing was.
    """
    experiment, indices = planned.experiment, _clustering_names(planned.problem)
    names = [
        *reconstruction.NAMES,
        *(f"neighbourhoods.{of}" for of in neighbourhoods.NAMES),
        *(f"clustering.{name}.{of}" for name in experiment.clustering for of in indices),
    ]
    trained = _end(histories[0]) | dict(_spread(histories, len(planned.own)))
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


def _latents(result: RunResult) -> dict[str, Any]:
    data, rows = result.problem.data, result.problem.rows
    named = {"row": data.rows, "split": rows.names}
    factors = dict(zip(result.factors, result.z.T, strict=True))
    return named | factors | _label_columns(data) | dict(result.clusters)


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


def _weights(result: RunResult) -> Mapping[str, Any]:
    features = result.problem.data.features
    named = {"feature": features, "quantity": [result.quantity] * len(features)}
    return named | dict(zip(result.factors, result.weights.T, strict=True))


def _metrics(result: RunResult, evidence: Evidence | None) -> dict[str, float]:
    problem = result.problem
    metrics = _end(result.history) | dict(_spread(result.histories, len(result.planned.own)))
    metrics |= reconstruction.errors(result.residuals, result.mean, result.pca, problem.rows)
    metrics |= numbers(evidence) if evidence else _neighbourhoods(result)
    for name, codes in result.clusters.items():
        measured = dict(separation.separation(result.z, codes, name))
        for labels, suffix in _classes(problem.data):
            agreed = agreement.agreement(codes, labels)
            measured |= {f"{key}{suffix}": value for key, value in agreed.items()}
        metrics |= {f"clustering.{name}.{key}": value for key, value in measured.items()}
    return metrics


def _neighbourhoods(result: RunResult) -> dict[str, float]:
    measured = neighbourhoods.neighbourhoods(result.problem.x, result.z)
    return {f"neighbourhoods.{key}": value for key, value in measured.items()}


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
        known = spread(end[key] for end in ends)
        yield from ((f"{key}.mean", known.mean), (f"{key}.sd", known.sd), (f"{key}.n", known.n))


def _training_result(result: RunResult) -> TrainingResult:
    rows, mean = result.problem.rows, result.mean
    return TrainingResult(
        loss=result.history.loss,
        val_loss=result.history.val_loss,
        train=result.residuals.rows[rows.train],
        val=result.residuals.rows[rows.val],
        pca=result.pca.rows[rows.val],
        mean=float(mean.rows[rows.train].mean()),
        latent=result.z[rows.train].var(0, dtype=np.float64),
        kept=result.history.kept,
    )
