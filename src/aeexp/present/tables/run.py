"""The tables, metrics and verdict of a run."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from aeexp.analysis import reconstruction
from aeexp.analysis.choice import Choice
from aeexp.analysis.clustering import agreement, separation
from aeexp.analysis.clustering.partitions import adjusted_rand, contingency
from aeexp.analysis.controls import Plan
from aeexp.analysis.evidence.claims import structure_claim
from aeexp.analysis.evidence.gather import Evidence
from aeexp.analysis.factors import attribution
from aeexp.analysis.latent import neighbourhoods
from aeexp.analysis.outliers import outliers
from aeexp.analysis.result import RunResult
from aeexp.analysis.spread import spread
from aeexp.analysis.support import Support
from aeexp.analysis.verdict import Case, RowErrors, TrainingResult, Verdict, judge
from aeexp.config.metrics import OF_CLUSTERS
from aeexp.config.spec import Autoencoder, ModelSpec
from aeexp.data import Classes, Dataset, Floats, Integers, Values
from aeexp.data.checks import shortfall
from aeexp.present.methods import methods
from aeexp.present.tables.evidence import (
    evidence_metrics,
    evidence_tables,
    reliability_columns,
)
from aeexp.present.text.answer import answer
from aeexp.present.text.choice import describe_choice
from aeexp.present.text.sentence import document
from aeexp.present.text.training import verdict_document
from aeexp.runs.artifact import Artifact, Document, Metrics, RunMetadata, Table, Text
from aeexp.runs.history import History


def run_artifacts(
    result: RunResult, evidence: Evidence | None, support: Support
) -> Iterator[Artifact]:
    """Yield the tables, the answers, the Methods text, the metrics and the verdict of a run.

    support: the reference for the percentiles of the errors of its rows.
    """
    problem = result.problem
    features, factors = problem.data.features, result.factors
    yield Table(
        "latents",
        {
            "row": problem.data.rows,
            "split": problem.rows.names,
            **({"fold": problem.fold_of + 1} if problem.folds else {}),
            **dict(zip(factors, result.z.T, strict=True)),
            **deviation_columns(result.deviations),
            **_label_columns(problem.data),
            **result.clusters,
            **(reliability_columns(result, evidence, support) if evidence else {}),
        },
    )
    weights = dict(zip(factors, result.weights.T, strict=True))
    quantity = [result.quantity] * len(features)
    yield Table("weights", {"feature": features, "quantity": quantity} | weights)
    signed = attribution.signed_features(result.weights, result.moves, features)
    yield Document("interpretation", {"quantity": result.quantity, "factors": signed})
    yield Table("reconstruction", result.by_feature)
    yield Table("outliers", _outliers_table(result))
    metrics = _metrics(result, evidence)
    structure = structure_claim(evidence) if evidence else "undecided"
    verdict = judge(training_result(result), structure)
    if evidence:
        yield from evidence_tables(result, evidence)
        yield document(answer(result, evidence, verdict, metrics))
    rows = len(result.planned.rows) if evidence else 0
    written = methods(result.experiment, problem, rows, result.planned.choice)
    yield Text("methods.md", written.text.encode())
    yield Text("references.bib", written.references.encode())
    yield Metrics("metrics", metrics)
    measured = _measured(result.planned.choice, verdict)
    yield RunMetadata("verdict", {"verdict": verdict_document(verdict, measured)})


def _outliers_table(result: RunResult) -> Mapping[str, Any]:
    """Return a table with a row for each feature of the rows that are reconstructed worst."""
    data = result.problem.data
    rows = [
        (data.rows[one.row], one.error, one.times_median, data.features[feature], *numbers)
        for one in outliers(result)
        for feature, *numbers in zip(one.features, one.x, one.x_hat, one.shares, strict=True)
    ]
    names = ("row", "error", "times_median", "feature", "value", "reconstructed", "share")
    return dict(zip(names, zip(*rows, strict=True), strict=True))


def _measured(choice: Choice | None, verdict: Verdict) -> str | None:
    """Return what the comparison of models showed, where it replaces the verdict's advice."""
    if choice is None or not choice.has_models:
        return None
    if verdict.case is (Case.linear_limit if choice.is_linear else Case.good):
        return describe_choice(choice)
    if verdict.case is Case.linear_limit:
        return "Validation rows chose a nonlinear model; held-out rows do not tell it from PCA."
    return None


def _floor(model: ModelSpec, x: Floats) -> float:
    """Return the least mean squared error that the range of the output activation allows."""
    return shortfall(model.output_activation, x)[1] if isinstance(model, Autoencoder) else 0.0


def deviation_columns(deviations: Floats | None) -> Mapping[str, Floats]:
    """Return the standard deviations of factors by the names of columns: z1_sd."""
    several = () if deviations is None else deviations.T
    return {f"z{k}_sd": column for k, column in enumerate(several, 1)}


def repeats_table(seeds: Sequence[int], histories: Sequence[History]) -> Mapping[str, Any]:
    """Return a table with a row for each model of a run; the first is the run's model.

    A model that diverged has its number of epochs and no other number. seeds: of the planned
    models, which may be more than were trained.
    """
    ends = [_end(history) | {"epochs": len(history.loss)} for history in histories]
    return {
        "seed": seeds[: len(histories)],
        "status": [_status(history) for history in histories],
        **{key: [end[key] for end in ends] for key in ends[0]},
    }


def undefined_metrics(planned: Plan, histories: Sequence[History]) -> Metrics:
    """Return the metrics of a run whose model diverged: those of the model are NaN.

    Its other repeats may have finished, so their mean and standard deviation are included.
    Comparisons with controls are left out, because there were none.
    """
    experiment, data = planned.experiment, planned.problem.data
    indices = [*separation.NAMES]
    indices += [f"{name}{suffix}" for _, suffix in _classes(data) for name in agreement.NAMES]
    names = [
        *reconstruction.NAMES,
        *(f"neighbourhoods.{name}" for name in neighbourhoods.NAMES),
        *(f"clustering.{name}.{index}" for name in experiment.clustering for index in indices),
    ]
    trained = _end(histories[0]) | dict(_spread(histories, len(planned.own)))
    return Metrics("metrics", trained | dict.fromkeys(names, math.nan))


def _classes(data: Dataset) -> Iterator[tuple[Classes, str]]:
    """Yield the labels that are classes, and the suffix of the names of their metrics."""
    for labels in data.labels:
        if isinstance(labels, Classes):
            yield labels, "" if labels is data.label else f".{labels.name}"


def _label_columns(data: Dataset) -> dict[str, Any]:
    """Return a column for each label: `label` for the first, `label.<name>` for the others."""
    columns: dict[str, Any] = {}
    for labels in data.labels:
        name = "label" if labels is data.label else f"label.{labels.name}"
        if isinstance(labels, Values):
            columns[name] = labels.values
        else:
            columns[name] = np.array([*labels.names, ""], object)[labels.codes]
    return columns


def _metrics(result: RunResult, evidence: Evidence | None) -> dict[str, float]:
    problem = result.problem
    metrics = _end(result.history) | dict(_spread(result.histories, len(result.planned.own)))
    if result.folds:
        ends = [_end(history)["val_loss"] for history in result.folds]
        metrics["val_loss"] = float(np.mean(ends))
    metrics |= reconstruction.errors(result.residuals, result.mean, result.pca)
    if evidence:
        metrics |= evidence_metrics(evidence)
    else:
        measured = neighbourhoods.neighbourhoods(problem.x, result.z)
        metrics |= {f"neighbourhoods.{key}": value for key, value in measured.items()}
    for name, codes in result.clusters.items():
        space = result.experiment.clustering[name].space
        indices = dict(separation.separation(result.coordinates[space], codes, name))
        for labels, suffix in _classes(problem.data):
            agreed = agreement.agreement(codes, labels)
            indices |= {f"{key}{suffix}": value for key, value in agreed.items()}
        metrics |= {f"clustering.{name}.{key}": value for key, value in indices.items()}
    coordinates = {space.value: points for space, points in result.coordinates.items()}
    for other, clusters in result.other_clusters.items():
        of_other = _other_clusterings(result, clusters, coordinates.get(other, problem.x))
        metrics |= {f"baseline.{other}.{key}": value for key, value in of_other}
    return metrics


def _other_clusterings(
    result: RunResult, clusters: Mapping[str, Integers], points: Floats
) -> Iterator[tuple[str, float]]:
    """Yield the metrics of clusters in another space than that of their clustering.

    clusters: (rows,) by the name of the clustering. points: (rows, coordinates).
    """
    for name, codes in clusters.items():
        indices = dict(separation.separation(points, codes, name))
        for labels, suffix in _classes(result.problem.data):
            agreed = agreement.agreement(codes, labels)
            indices |= {f"{key}{suffix}": value for key, value in agreed.items()}
        for key, value in indices.items():
            if key.partition(".")[0] in OF_CLUSTERS:
                yield f"clustering.{name}.{key}", value
        table = contingency(result.clusters[name], codes)
        yield f"clustering.{name}.agreement", float(adjusted_rand(table))


def _status(history: History) -> str:
    if history.diverged:
        return "DIVERGED"
    return "INTERRUPTED" if history.interrupted else "COMPLETED"


def _end(history: History) -> dict[str, float]:
    """Return the losses at the epoch whose weights were kept; NaN if the training diverged."""
    end = {
        "loss": float(history.loss[history.kept]),
        "val_loss": float(history.val_loss[history.kept]),
        "epochs": len(history.loss),
        "kept_epoch": history.kept + 1,
    }
    return dict.fromkeys(end, math.nan) if history.diverged else end


def _spread(histories: Sequence[History], repeats: int) -> Iterator[tuple[str, float]]:
    """Yield mean, sample standard deviation and number of the completed repeats."""
    if repeats == 1:
        return
    ends = [_end(history) for history in histories if _status(history) == "COMPLETED"]
    for key in _end(histories[0]):
        values = spread(end[key] for end in ends)
        yield f"{key}.mean", values.mean
        yield f"{key}.sd", values.sd
        yield f"{key}.n", values.n


def training_result(result: RunResult) -> TrainingResult:
    """Return the losses and errors by which the training of a run is judged."""
    experiment, history = result.experiment, result.judged
    several = (result.residuals, result.pca, result.mean)
    variance = np.sort(result.mean.parts["train"].features)[::-1]
    affine, term = (experiment.model.own_method(name) for name in ("affine", "term"))
    trained = result.planned.folds[0].experiment.training if result.folds else experiment.training
    stops = trained.early_stopping.patience is not None and not history.interrupted
    return TrainingResult(
        loss=history.loss,
        val_loss=history.val_loss,
        learning_rate=history.learning_rate,
        kept=history.kept,
        train=RowErrors(*(residuals.parts["train"].rows for residuals in several)),
        judged=RowErrors(*(residuals.held_out.rows for residuals in several)),
        latent=result.z[result.problem.rows.train].var(0, dtype=np.float64),
        features=len(variance),
        share=float(variance[: len(result.factors)].sum() / variance.sum()),
        has_affine_decoder=bool(affine and affine()),
        is_regularised=bool(experiment.regulariser or (term and term())),
        stopped=stops and len(history.loss) < trained.max_epochs,
        interrupted=history.interrupted,
        is_chosen=bool(result.planned.choice and result.planned.choice.has_models),
        folds=result.problem.fold_of if result.problem.folds else None,
        units=result.problem.judged_units,
        floor=_floor(experiment.model, result.problem.x),
    )
