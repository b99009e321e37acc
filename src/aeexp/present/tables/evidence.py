"""The tables of the evidence, its metrics, and its columns in the table of rows."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from aeexp.analysis.clustering.agreement import agreement
from aeexp.analysis.controls import ControlKind
from aeexp.analysis.evidence.baselines import AUTOENCODER, PCA, Method
from aeexp.analysis.evidence.gather import Evidence, main_axes
from aeexp.analysis.labels.scores import columns
from aeexp.analysis.reconstruction import average
from aeexp.analysis.result import RunResult
from aeexp.analysis.support import Support
from aeexp.data import Classes, Floats
from aeexp.present.tables.factors import factor_tables
from aeexp.runs.artifact import Artifact, Document, Table


def evidence_tables(result: RunResult, evidence: Evidence) -> Iterator[Artifact]:
    """Yield the tables and documents of the evidence."""
    methods, shares = evidence.methods, evidence.scree
    rows = [method_row(result, name, method) for name, method in methods.items()]
    yield Table("baselines", {key: [row[key] for row in rows] for key in rows[0]})
    component = [*range(1, len(shares) + 1)]
    yield Table(
        "scree", {"component": component, "share": shares, "cumulative": np.cumsum(shares)}
    )
    curves = {name: method.neighbourhoods.r_nx for name, method in methods.items()}
    yield Table("rnx", {"neighbours": methods[AUTOENCODER].neighbourhoods.neighbours, **curves})
    yield from factor_tables(result, evidence.cards)
    if evidence.labels:
        yield Table("labels", columns(evidence.labels))
    if evidence.tested:
        yield Table("evidence", _tested(evidence))
        yield Table("null", _null(evidence))
    if evidence.power:
        yield Table("power", _power(evidence))
    if evidence.stability:
        yield Document("stability", evidence.stability.document)


def reliability_columns(
    result: RunResult, evidence: Evidence, support: Support
) -> Mapping[str, Floats]:
    """Return columns that measure how reliable each row is: (rows,) each."""
    neighbours, errors = evidence.methods[AUTOENCODER].neighbourhoods, result.row_errors
    return {
        "trustworthiness": neighbours.trustworthiness,
        "continuity": neighbours.continuity,
        "error": errors,
        "error_percentile": support.percentile(errors),
        **co_assignments(result, evidence),
        **_peaks(result, evidence),
    }


def co_assignments(result: RunResult, evidence: Evidence) -> dict[str, Floats]:
    """Return for each clustering how often other trainings agree with the cluster of each row."""
    assigned = {}
    clusterings = evidence.stability.clusterings if evidence.stability else {}
    for name, consensus in clusterings.items():
        column = assigned[f"{name}.co_assignment"] = np.full(len(result.z), np.nan)
        column[evidence.rows] = consensus.co_assignment
    return assigned


def _peaks(result: RunResult, evidence: Evidence) -> Mapping[str, Any]:
    """Return the density peak of each row in the space of each clustering, and its share."""
    columns: dict[str, Any] = {}
    for name, several in evidence.peaks.items():
        peak, share = several.of(main_axes(result, result.experiment.clustering[name].space))
        columns |= {f"{name}.peak": peak, f"{name}.peak_share": share}
    return columns


def evidence_metrics(evidence: Evidence) -> dict[str, float]:
    """Return the metrics of the evidence, by their names in metrics.json."""
    autoencoder, pca = evidence.methods[AUTOENCODER], evidence.methods[PCA].advantage
    assert pca, "a baseline"
    preserved = {**autoencoder.neighbourhoods.numbers, **autoencoder.spearman}
    metrics = {f"neighbourhoods.{name}": value for name, value in preserved.items()}
    metrics |= {"baseline.pca.advantage": pca.mean, "baseline.pca.advantage.se": pca.se}
    if stability := evidence.stability:
        metrics |= {
            "stability.cka": stability.cka.mean,
            "stability.procrustes": stability.procrustes.mean,
            "stability.neighbours_kept": stability.neighbours_kept.mean,
            "stability.cka_reconstructions": stability.cka_reconstructions.mean,
            "stability.neighbours_kept_reconstructions": (
                stability.neighbours_kept_reconstructions.mean
            ),
            "stability.factors": float(stability.reproducible.mean()),
        }
        metrics |= {
            f"stability.{name}.ari": c.ari.mean for name, c in stability.clusterings.items()
        }
    metrics |= {f"clustering.{name}.peaks": p.count for name, p in evidence.peaks.items()}
    return metrics | {
        f"chance.{ControlKind(test.control).name}.{test.number}.p": test.p
        for test in evidence.tested
    }


def method_row(result: RunResult, name: str, method: Method) -> dict[str, Any]:
    """Return the row of a method in baselines.csv, by its columns."""
    label, advantage = result.problem.data.label, method.advantage
    agreements = {}
    if isinstance(label, Classes):
        clusters = method.clusters.items()
        agreements = {f"{key}.ari": agreement(codes, label)["ari"] for key, codes in clusters}
    return {
        "method": name,
        **dict(_errors(result, method)),
        "delta_mse": advantage.mean if advantage else np.nan,
        "delta_se": advantage.se if advantage else np.nan,
        "delta_n": advantage.members if advantage else np.nan,
        **method.neighbourhoods.numbers,
        **method.spearman,
        **agreements,
    }


def _errors(result: RunResult, method: Method) -> Iterator[tuple[str, float]]:
    yield "train_mse", average(method.residuals.parts["train"].rows)
    for part in ("val", "test"):
        errors, total = method.residuals.parts[part].rows, result.mean.parts[part].rows.sum()
        yield f"{part}_mse", average(errors)
        yield f"{part}_r2", float(1 - errors.sum() / total) if total > 0 else np.nan


def _tested(evidence: Evidence) -> Mapping[str, Any]:
    keys = {name: name for name in ("number", "control", "observed", "p")}
    keys |= {"null_mean": "mean", "null_sd": "sd", "copies": "copies"}
    return {key: [getattr(t, field) for t in evidence.tested] for key, field in keys.items()}


def _null(evidence: Evidence) -> Mapping[str, Any]:
    """Return the columns of null.csv: a row for each table without structure, its metrics."""
    kinds = [(kind, tables) for kind, tables in evidence.tables.items() if tables]
    metrics = dict.fromkeys(name for kind, _ in kinds for name in evidence.null[kind])
    undefined = {kind: np.full(len(tables), np.nan) for kind, tables in kinds}
    return {
        "control": [kind.value for kind, tables in kinds for _ in tables],
        "table": [number for _, tables in kinds for number in tables],
        **{
            name: np.concatenate(
                [evidence.null[kind].get(name, undefined[kind]) for kind, _ in kinds]
            )
            for name in metrics
        },
    }


def _power(evidence: Evidence) -> Mapping[str, Any]:
    powers = evidence.power
    return {
        "size": [power.group.size for power in powers],
        "share": [power.group.share for power in powers],
        "found": [power.detected for power in powers],
        "found_low": [power.low for power in powers],
        "found_high": [power.high for power in powers],
        "tables": [power.tables for power in powers],
    }
