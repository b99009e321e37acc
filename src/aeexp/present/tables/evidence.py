"""The evidence as tables, and as columns of the rows'."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from aeexp.analysis.clustering.agreement import agreement
from aeexp.analysis.controls import ControlKind
from aeexp.analysis.evidence.gather import Evidence
from aeexp.analysis.evidence.method import AUTOENCODER, PCA, Method
from aeexp.analysis.labels.scores import columns
from aeexp.analysis.result import RunResult
from aeexp.analysis.support import Support
from aeexp.data import Classes, Floats
from aeexp.present.tables import factors
from aeexp.runs.artifact import Artifact, Document, Table


def tables(result: RunResult, evidence: Evidence) -> Iterator[Artifact]:
    """Yield a table, or a document, for each question of the evidence."""
    yield Table("baselines", _baselines(result, evidence))
    yield Table("scree", _scree(evidence.scree))
    yield Table("rnx", _rnx(evidence))
    yield from factors.tables(result, evidence.cards)
    if evidence.labels:
        yield Table("labels", columns(evidence.labels))
    if evidence.tested:
        yield Table("evidence", _tested(evidence))
    if evidence.power:
        yield Table("power", _power(evidence))
    if evidence.stability:
        yield Document("stability", evidence.stability.document)


def reliability_columns(
    result: RunResult, evidence: Evidence, support: Support
) -> Mapping[str, Floats]:
    """Return columns that tell how far each row is to be trusted: (rows,) each."""
    kept, errors = evidence.methods[AUTOENCODER].neighbourhoods, result.residuals.rows
    return {
        "trustworthiness": kept.trustworthiness,
        "continuity": kept.continuity,
        "error": errors,
        "error_percentile": support.percentile(errors),
        **co_assignments(result, evidence),
    }


def co_assignments(result: RunResult, evidence: Evidence) -> dict[str, Floats]:
    """Return how often other trainings put each row together with those of its cluster."""
    told = {}
    clusterings = evidence.stability.clusterings if evidence.stability else {}
    for name, each in clusterings.items():
        column = told[f"{name}.co_assignment"] = np.full(len(result.z), np.nan)
        column[evidence.rows] = each.co_assignment
    return told


def numbers(evidence: Evidence) -> dict[str, float]:
    """Return the numbers of the evidence that belong beside those of the run."""
    ours, pca = evidence.methods[AUTOENCODER], evidence.methods[PCA].advantage
    assert pca, "a baseline"
    told = {f"neighbourhoods.{name}": value for name, value in ours.neighbourhoods.numbers.items()}
    told |= {f"neighbourhoods.{name}": value for name, value in ours.spearman.items()}
    told |= {"baseline.pca.advantage": pca.mean, "baseline.pca.advantage.se": pca.se}
    if known := evidence.stability:
        told |= {
            "stability.cka": known.cka.mean,
            "stability.procrustes": known.procrustes.mean,
            "stability.neighbours_kept": known.neighbours_kept.mean,
            "stability.factors": float(known.reproducible.mean()),
        }
        told |= {f"stability.{name}.ari": c.ari.mean for name, c in known.clusterings.items()}
    return told | {
        f"chance.{_key(test.number, test.control)}.p": test.p for test in evidence.tested
    }


def _key(number: str, control: str) -> str:
    return f"{ControlKind(control).name}.{number}"


def _baselines(result: RunResult, evidence: Evidence) -> Mapping[str, Any]:
    rows = [method_row(result, name, each) for name, each in evidence.methods.items()]
    return {key: [row[key] for row in rows] for key in rows[0]}


def method_row(result: RunResult, name: str, each: Method) -> dict[str, Any]:
    """Return what a method comes to, by the columns of baselines.csv."""
    rows, mean = result.problem.rows, result.mean
    val = each.residuals.rows[rows.val]
    whole = mean.rows[rows.val].sum()
    ahead = each.advantage
    return {
        "method": name,
        "train_mse": _mean(each.residuals.rows[rows.train]),
        "val_mse": _mean(val),
        "val_r2": float(1 - val.sum() / whole) if whole > 0 else np.nan,
        "delta_mse": ahead.mean if ahead else np.nan,
        "delta_se": ahead.se if ahead else np.nan,
        "delta_n": ahead.members if ahead else np.nan,
        **each.neighbourhoods.numbers,
        **each.spearman,
        **_agreements(result, each),
    }


def _agreements(result: RunResult, each: Method) -> dict[str, float]:
    label = result.problem.data.label
    if not isinstance(label, Classes):
        return {}
    return {f"{name}.ari": agreement(codes, label)["ari"] for name, codes in each.clusters.items()}


def _mean(values: Floats) -> float:
    return float(values.mean()) if values.size else np.nan


def _scree(shares: Floats) -> Mapping[str, Any]:
    count = range(1, len(shares) + 1)
    return {"component": [*count], "share": shares, "cumulative": np.cumsum(shares)}


def _rnx(evidence: Evidence) -> Mapping[str, Any]:
    curves = {name: each.neighbourhoods.r_nx for name, each in evidence.methods.items()}
    return {"neighbours": evidence.methods[AUTOENCODER].neighbourhoods.neighbours, **curves}


def _tested(evidence: Evidence) -> Mapping[str, Any]:
    names = {"null_mean": "mean", "null_sd": "sd", "copies": "copies"}
    keys = {"number": "number", "control": "control", "observed": "observed", "p": "p"} | names
    return {key: [getattr(each, of) for each in evidence.tested] for key, of in keys.items()}


def _power(evidence: Evidence) -> Mapping[str, Any]:
    powers = evidence.power
    return {
        "size": [each.group.size for each in powers],
        "share": [each.group.share for each in powers],
        "found": [each.detected for each in powers],
        "found_low": [each.low for each in powers],
        "found_high": [each.high for each in powers],
        "tables": [each.tables for each in powers],
    }
