"""The choice of a setting by validation rows, and of the number of epochs for all rows.

Every candidate is trained on the training rows of each fold of cross-fitting, or of the single
split, and compared on the validation rows. The simplest one is chosen that is as good as the best:
its error is within one standard error of the paired difference (Breiman et al., 1984, section
3.4.3), or it explains less than one point of the variance less. Test rows decide nothing: the
setting that judges a fold is chosen without the validation errors of its rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aeexp.analysis.reconstruction import average
from aeexp.analysis.sampling import chosen
from aeexp.config.spec import Autoencoder, Experiment
from aeexp.data import Floats, Integers
from aeexp.data.automatic import Candidate, candidates, for_all_rows, settled
from aeexp.data.prepare import Problem

MATTERS = 0.01
"""Share of the variance that a more complex model must explain to be chosen."""
LINEAR = "linear (PCA)"
"""Name of the residual model without hidden layers."""
MOST_ROWS = 2_000
"""Rows of a single split on which candidates are compared; larger tables are sampled."""


@dataclass(frozen=True)
class Trial:
    """A candidate, trained on the training rows of a split and compared on its validation rows.

    fold: the number of the split, 0 for a single split.
    """

    number: int
    candidate: Candidate
    problem: Problem
    fold: int


@dataclass(frozen=True)
class TrialResult:
    """Errors of a trial. NaN if it diverged.

    val, test: (rows,), squared errors of validation and test rows, averaged over features. mean:
    the same for the validation rows if every feature is predicted by its mean. losses: (epochs,),
    validation loss. epochs: number of epochs that the kept weights trained.
    """

    val: Floats
    test: Floats
    mean: Floats
    losses: Floats
    epochs: int


@dataclass(frozen=True)
class Choice:
    """The chosen candidate, and the errors by which it was chosen.

    errors: (candidates, validation rows), squared errors averaged over features at the number of
    epochs that is best for all folds together, NaN if a training diverged. mean: the same for
    predicting each feature by its mean. test_mse: (candidates,), mean squared error of the test
    rows, which decided nothing. epochs: (candidates,), the best for all folds together. number: of
    the chosen candidate. by_fold: the candidate that judges each fold, chosen without its rows.
    """

    candidates: Sequence[Candidate]
    errors: Floats
    mean: Floats
    test_mse: Floats
    epochs: Integers
    number: int
    by_fold: Sequence[int]

    @property
    def mse(self) -> Floats:
        """Return the mean squared error of each candidate on the validation rows."""
        return self.errors.mean(1)

    @property
    def best(self) -> int:
        """Return the number of the candidate with the lowest validation error."""
        return 0 if np.isnan(self.mse).all() else int(np.nanargmin(self.mse))

    @property
    def has_models(self) -> bool:
        """Return whether models were compared, not only learning rates of one model."""
        return any(candidate.level for candidate in self.candidates)

    @property
    def is_linear(self) -> bool:
        """Return whether a linear model, the principal components, was chosen from others."""
        return self.has_models and not self.candidates[self.number].level

    @property
    def spread(self) -> Floats:
        """Return the standard error of each candidate's paired difference to the best one."""
        return _error(self.errors - self.errors[self.best])

    def gain(self, one: int, other: int) -> tuple[float, float]:
        """Return by how many points of variance a candidate explains more than another.

        And the standard error of this paired difference over the validation rows.
        """
        difference = 100 * (self.errors[other] - self.errors[one]) / self.mean.mean()
        return float(difference.mean()), float(_error(difference[None])[0])

    @property
    def columns(self) -> Mapping[str, Any]:
        """Return the columns of candidates.csv: a row for each candidate."""
        experiments = [candidate.experiment for candidate in self.candidates]
        return {
            "model": [setting(experiment) for experiment in experiments],
            "lr": [experiment.optimizer.lr for experiment in experiments],
            "epochs": self.epochs,
            "val_mse": self.mse,
            "above_best": self.mse - self.mse[self.best],
            "above_best_se": self.spread,
            "test_mse": self.test_mse,
            "chosen": np.arange(len(experiments)) == self.number,
        }


def setting(experiment: Experiment) -> str:
    """Return the model of an experiment and its hidden layers: `residual 32-16`."""
    model = experiment.model
    name = type(model).__name__.lower()
    if not isinstance(model, Autoencoder):
        return name
    if name == "residual" and not model.hidden:
        return LINEAR
    return " ".join([name, *(["-".join(map(str, model.hidden))] if model.hidden else [])])


def trials(experiment: Experiment, problem: Problem) -> list[Trial]:
    """Return the trainings that a choice needs; none if there is nothing to choose or to judge.

    A single split of more than 2,000 rows is sampled.
    """
    splits = problem.folds or (_sampled(problem),)
    several = candidates(experiment, len(splits[0].rows.train))
    validated = all(len(split.rows.val) for split in splits)
    if not problem.folds and (len(several) == 1 or not validated):
        return []
    return [
        Trial(number, candidate, split, fold)
        for number, candidate in enumerate(several)
        for fold, split in enumerate(splits)
    ]


def _sampled(problem: Problem) -> Problem:
    rows = problem.rows
    if problem.rows.count <= MOST_ROWS:
        return problem
    share = MOST_ROWS / rows.count
    parts = (part[chosen(len(part), int(share * len(part)))] for part in rows.parts.values())
    return problem.subset(np.sort(np.concatenate([*parts])))


def choose(several: Sequence[Trial], results: Sequence[TrialResult]) -> Choice:
    """Return the choice. several: all trials, candidate by candidate. results: of each trial."""
    tried = {trial.number: trial.candidate for trial in several}
    folds = max(trial.fold for trial in several) + 1
    shape = (len(tried), folds)
    of = {(trial.number, trial.fold): r for trial, r in zip(several, results, strict=True)}
    val, test = (
        [[getattr(of[n, k], part) for k in range(folds)] for n in range(shape[0])]
        for part in ("val", "test")
    )
    levels = np.array([candidate.level for candidate in tried.values()])
    common = [_common_epoch([of[n, k] for k in range(folds)]) for n in range(shape[0])]
    rises = np.array([rise for _, rise in common])
    errors = np.array([np.concatenate(rows) for rows in val]) * rises[:, None]
    fold_of = np.repeat(np.arange(folds), [len(rows) for rows in val[0]])
    mean = np.concatenate([of[0, k].mean for k in range(folds)])
    # the validation rows of split k - 1 are the test rows of split k
    others = [fold_of != (k - 1) % folds for k in range(folds)]
    by_fold = [_simplest(errors[:, kept], mean[kept], levels) for kept in others if kept.any()]
    number = _simplest(errors, mean, levels)
    return Choice(
        candidates=[*tried.values()],
        errors=errors,
        mean=mean,
        test_mse=np.array([average(np.concatenate(rows)) for rows in test]),
        epochs=np.array([epochs for epochs, _ in common]),
        number=number,
        by_fold=by_fold or [number],
    )


def _common_epoch(results: Sequence[TrialResult]) -> tuple[int, float]:
    """Return the number of epochs that is best for all folds together, and the cost of it.

    Each fold stops at the minimum of its own validation loss, which is too low, as it was chosen
    from many epochs by few rows. The minimum of the mean over the folds is chosen from as many
    epochs, but by the rows of all folds. The cost is its ratio to the mean of the folds' minima,
    one or more.
    """
    if not all(result.epochs for result in results):  # untrained
        return 0, 1.0
    shortest = min(len(result.losses) for result in results)
    losses = np.array([result.losses[:shortest] for result in results])
    kept = np.mean([result.losses[result.epochs - 1] for result in results])
    best = int(losses.mean(0).argmin())
    return best + 1, float(losses.mean(0)[best] / kept) if kept > 0 else 1.0


def _simplest(errors: Floats, mean: Floats, levels: Integers) -> int:
    """Return the number of the chosen candidate. errors: (candidates, validation rows).

    mean: (validation rows,), errors of predicting each feature by its mean.
    """
    mse = errors.mean(1)
    if np.isnan(mse).all():
        return 0
    best = int(np.nanargmin(mse))
    differences = errors - errors[best]
    tolerated = np.maximum(_error(differences), MATTERS * mean.mean())
    good: NDArray[np.bool_] = differences.mean(1) <= tolerated
    level = levels[good].min()
    of_level = np.where(levels == level, mse, np.nan)
    return int(np.nanargmin(of_level))


def _error(differences: Floats) -> Floats:
    rows = differences.shape[1]
    return (
        differences.std(axis=1, ddof=1) / np.sqrt(rows) if rows > 1 else np.zeros(len(differences))
    )


def chosen_experiments(
    experiment: Experiment, problem: Problem, choice: Choice | None
) -> tuple[Experiment, Experiment]:
    """Return the experiment of the model that is kept, and that of trainings with validation rows.

    With cross-fitting, the kept model learns from all rows for as many epochs as the folds found
    best. Null models are compared with the model of the first fold and have its setting, which was
    chosen without the rows that judge it. Otherwise both are the same.
    """
    if choice is None:
        rows = problem.rows
        only = settled(experiment, len(rows.train), validated=len(rows.val) > 0)
        return only, only
    if not problem.folds:  # the candidates may have been compared on a sample of the rows
        kept = candidates(experiment, len(problem.rows.train))[choice.number].experiment
        return kept, kept
    chosen = choice.candidates[choice.number].experiment
    trial = choice.candidates[choice.by_fold[0]].experiment
    if chosen.training.early_stopping.patience is None:  # the user has set the number of epochs
        return chosen, trial
    return for_all_rows(chosen, int(choice.epochs[choice.number])), trial
