"""The test of structure of a run, with PCA as its model: without training, so for many tables."""

import numpy as np

from aeexp.analysis import reconstruction
from aeexp.analysis.controls import other_controls
from aeexp.analysis.evidence.chance import p_value
from aeexp.config.spec import EvidenceSpec, Experiment
from aeexp.data import Dataset
from aeexp.data.prepare import Problem, prepare


def p_of_structure(data: Dataset) -> float:
    """Return the p-value of R² of the first fold, against 19 tables without structure."""
    experiment = Experiment(evidence=EvidenceSpec(permutations=19), clustering={})
    problem = prepare(experiment, data).folds[0]
    null = [_held_out_r2(control.problem) for control in other_controls(experiment, problem)]
    return p_value(_held_out_r2(problem), np.array(null), more_is_better=True)


def _held_out_r2(problem: Problem) -> float:
    pca = reconstruction.pca(problem.x, problem.rows, 3)
    mean = reconstruction.predicting_the_mean(problem.x, problem.rows)
    return reconstruction.errors(pca, mean, pca)["reconstruction.test.r2"]
