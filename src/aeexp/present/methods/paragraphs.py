"""Write the Methods section of a paper: `methods.md.j2`, filled with the numbers of a run."""

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from platform import python_version
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from aeexp.analysis.choice import LINEAR, Choice, setting
from aeexp.analysis.clustering import clusters, density, knn_vote, other_clusters, separation
from aeexp.analysis.clustering.consensus import VALID
from aeexp.analysis.evidence import baselines
from aeexp.analysis.evidence.power import LEVEL
from aeexp.analysis.evidence.stability import ABOVE_UNRELATED, REPRODUCIBLE
from aeexp.analysis.factors import associations, attribution
from aeexp.analysis.labels.claims import MOST_LABELS
from aeexp.analysis.latent import neighbourhoods
from aeexp.analysis.latent.reconstructed import VARIANCE
from aeexp.config.spec import (
    Backend,
    ClusteringSpec,
    Experiment,
    FitOn,
    Loss,
    Missing,
    Partition,
    Table,
    Unscaled,
    describe,
)
from aeexp.config.spec.model import AXES
from aeexp.config.spec.preprocessing import ROWS
from aeexp.config.spec.training import LOSSES
from aeexp.data import Classes, imputation, principal
from aeexp.data.automatic import settled
from aeexp.data.chunks import blocks
from aeexp.data.features import places
from aeexp.data.prepare import Problem
from aeexp.data.selection import CRITERIA
from aeexp.data.split import held_out_together
from aeexp.present.methods.citations import keys, references
from aeexp.text import counted, exact, listed, named, names, percent

BACKENDS = {
    Backend.jax: ("JAX", "bradbury2018"),
    Backend.tensorflow: ("TensorFlow", "abadi2016"),
    Backend.torch: ("PyTorch", "paszke2019"),
}
"""Name and citation of each backend."""


@dataclass(frozen=True)
class Methods:
    """Paragraphs of Markdown, with citations in the syntax of pandoc: [@key]."""

    text: str

    @property
    def keys(self) -> list[str]:
        """Return the cited keys, in the order of the text."""
        return keys(self.text)

    @property
    def references(self) -> str:
        """Return the BibTeX entries of the cited keys, and no others."""
        return references(self.text)


def methods(
    experiment: Experiment, problem: Problem, rows: int = 0, choice: Choice | None = None
) -> Methods:
    """Return the Methods section of an experiment.

    rows: the number of rows that its controls were trained on, 0 without controls; see
    `controls.Plan`. choice: of its setting, if others were tried.
    """
    splits = problem.folds or (problem,)
    validated = len(splits[0].rows.val) > 0
    experiment = settled(experiment, len(splits[0].rows.train), validated=validated)
    filled = _template().render(
        _settings(experiment)
        | _choice(choice)
        | _table(experiment, problem)
        | _analysis(experiment, problem)
        | _controls(experiment, problem, rows)
    )
    paragraphs = [paragraph.splitlines() for paragraph in re.split(r"\n\s*\n", filled.strip())]
    return Methods("\n\n".join(" ".join(map(str.strip, lines)) for lines in paragraphs) + "\n")


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=False,  # noqa: S701  (Markdown; `named` escapes the names that users choose)
        loader=PackageLoader("aeexp.present", "methods"),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    for function in (counted, describe, exact, listed, named, names, percent):
        environment.filters[function.__name__] = function
    environment.filters["version"] = _version
    return environment.get_template("methods.md.j2")


def _version(package: str) -> str:
    """Return a blank and the installed version of a package or its build for CPUs."""
    for name in (package, f"{package}-cpu"):
        with suppress(PackageNotFoundError):
            return f" {version(name)}"
    return ""


def _choice(choice: Choice | None) -> dict[str, Any]:
    """Return the settings that were tried: their names with the learning rates."""
    tried: dict[str, list[str]] = {}
    for candidate in choice.candidates if choice else ():
        experiment = candidate.experiment
        tried.setdefault(setting(experiment), []).append(exact(experiment.optimizer.rate))
    several = [
        name if name == LINEAR else f"{name} with learning rate {listed(rates, and_=' or ')}"
        for name, rates in tried.items()
    ]
    return {"choice": choice, "tried": several}


def _settings(experiment: Experiment) -> dict[str, Any]:
    model, training = experiment.model, experiment.training
    term, linear_model, weighted = (
        model.own_method(name) for name in ("term", "linear", "weighted")
    )
    backend_name, backend_key = BACKENDS[experiment.backend]
    return {
        "experiment": experiment,
        "split": experiment.split,
        "training": training,
        "stopping": training.early_stopping,
        "evidence": experiment.evidence,
        "table": experiment.dataset if isinstance(experiment.dataset, Table) else None,
        "scaled": not isinstance(experiment.preprocessing, Unscaled),
        "rows_scaled": ROWS.get(experiment.preprocessing.rows),
        "selected": CRITERIA.get(experiment.preprocessing.select),
        "model_name": type(model).__name__,
        "term": term() if term else None,
        "weighted": weighted and weighted(),
        "loss": LOSSES[training.loss],
        "axes": AXES.get(experiment.axes),
        "penalties": [*map(describe, experiment.regulariser.values())],
        "principal_subspace": linear_model and linear_model() and training.loss is Loss.mse,
        "backend_name": backend_name,
        "backend_key": backend_key,
        "python": python_version(),
    }


def _table(experiment: Experiment, problem: Problem) -> dict[str, Any]:
    """Return the numbers of the table: its shape, columns, labels, split and missing values."""
    data, (rows, features) = problem.data, problem.x.shape
    train, val, test = (len(part) for part in problem.rows.parts.values())
    text = [column for column in data.columns if column.categories]
    fitted_on_train = experiment.preprocessing.fit_on is FitOn.train and val + test > 0
    firsts = [place.start for _, place in places(data.columns)]
    gaps = 0
    if problem.preprocessing.imputation:
        gaps = sum(int(np.isnan(data.x[b][:, firsts]).sum()) for b in blocks(*data.x.shape))
    cells = rows * len(firsts)
    details = experiment.model.own_method("details")
    return {
        "problem": problem,
        "rows": rows,
        "features": features,
        "categorical": [column.name for column in text],
        "indicators": sum(len(column.features) for column in text),
        "log1p": [column.name for column in data.columns if column.log1p],
        "labels": [labels.name for labels in data.labels],
        "class_labels": [labels.name for labels in data.labels if isinstance(labels, Classes)],
        "label": data.label.name if data.label else None,
        "train": train,
        "val": val,
        "test": test,
        "folds": len(problem.folds),
        "judged": rows if problem.folds else test or val,
        "design": data.design,
        "steps": data.steps,
        "phrases": [*data.steps.phrases(data.columns)] if data.steps else [],
        "covariates": data.covariates,
        "arrangements": associations.ARRANGEMENTS,
        "together": held_out_together(experiment.split, data.design).value,
        "held_out": {"rows": "the rows", "groups": "whole groups", "blocks": "blocks of time"},
        "fitted_on_train": fitted_on_train,
        "fitted": train if fitted_on_train else rows,
        "gaps": gaps,
        "cells": cells,
        "missing": float(f"{gaps / cells:.2g}"),
        "knn": data.missing is Missing.knn,
        "donors": imputation.NEIGHBOURS,
        "most_donors": imputation.MOST_DONORS,
        "batch": min(experiment.training.batch, train),
        "details": details(features) if details else "",
    }


def _analysis(experiment: Experiment, problem: Problem) -> dict[str, Any]:
    (rows, features), label = problem.x.shape, problem.data.label
    return {
        "clusterings": [_clustering(spec, rows) for spec in experiment.clustering.values()],
        "table_clusters": problem.x.size <= other_clusters.MOST_VALUES,
        "classes": len(label.names) if clusters.has_several_classes(label) else 0,
        "kept_variance": VARIANCE,
        "most_tried": clusters.MOST_TRIED,
        "voters": knn_vote.NEIGHBOURS,
        "components": min(experiment.model.latent_dim, len(problem.rows.train), features),
        "approximate_pca": features > principal.EXACT,
        "neighbours": min(neighbourhoods.NEIGHBOURS, (rows - 1) // 2),
        "sampled_neighbours": rows > neighbourhoods.MOST,
        "sampled_silhouette": rows > separation.MOST,
        "jacobian_rows": attribution.JACOBIAN_ROWS,
        "density_copies": density.COPIES,
    }


def _clustering(spec: ClusteringSpec, rows: int) -> dict[str, Any]:
    """Return a clustering, its number of rows and its highest number of clusters, if any."""
    clustered = min(rows, spec.most_rows or rows)
    most = max(2, min(clusters.MOST_CLUSTERS, min(clustered, clusters.MOST_TRIED) - 1))
    is_partition = isinstance(spec, Partition)
    return {"spec": spec, "rows": clustered, "most_clusters": most if is_partition else None}


def _controls(experiment: Experiment, problem: Problem, controls: int) -> dict[str, Any]:
    """Return the numbers of the controls; controls: their rows, 0 without controls."""
    evidence, (rows, features) = experiment.evidence, problem.x.shape
    all_rows = controls == rows
    clouds = evidence.clouds if experiment.clustering else 0
    tables = min((count for count in (evidence.permutations, clouds) if count), default=0)
    return {
        "controls": controls,
        # Controls that were trained on fewer rows do not repeat the run itself.
        "seeds": experiment.seeds if all_rows or experiment.repeats else experiment.seeds[:1],
        "factor_analysis": features <= baselines.MOST_FEATURES,
        "dimensions": min(experiment.model.latent_dim, features),
        "several_models": all_rows and len(experiment.seeds) > 1,
        "models": len(experiment.seeds) + (not all_rows) + evidence.resamples,
        "reproducible": REPRODUCIBLE,
        "above_unrelated": ABOVE_UNRELATED,
        "valid": VALID,
        "clouds": clouds,
        "tables": tables,
        "least_p": float(f"{1 / (tables + 1):.2g}"),
        "level": LEVEL,
        "most_labels": MOST_LABELS,
    }
