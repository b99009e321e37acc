"""RunResult: latent coordinates, residuals, weights and clusters of a run, row by row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from aeexp.analysis import reconstruction
from aeexp.analysis.controls import Plan
from aeexp.analysis.factors import attribution
from aeexp.analysis.reconstruction import Residuals
from aeexp.config.spec import Experiment
from aeexp.data import Floats, Integers
from aeexp.data.prepare import Problem
from aeexp.runs.history import History


@dataclass(frozen=True)
class RunResult:
    """What a run found.

    planned: what was to be trained. histories: of the run's model, then of its repeats that learnt
    from all rows, perhaps fewer than there were to be. z: (rows, factors). residuals, pca: of the
    reconstruction by the model and by PCA. x_hat: (shown, features), scaled, the model's of the
    rows that are drawn. weights: (features, factors), of which `quantity` says what they are, 0
    of features that are constant in the training rows. clusters: (rows,) by the clustering's name.
    """

    planned: Plan
    histories: Sequence[History]
    z: Floats
    residuals: Residuals
    pca: Residuals
    x_hat: Floats
    weights: Floats
    quantity: str
    clusters: Mapping[str, Integers]

    @property
    def experiment(self) -> Experiment:
        """Return the experiment that the run was."""
        return self.planned.experiment

    @property
    def problem(self) -> Problem:
        """Return the table, split and scaled."""
        return self.planned.problem

    @property
    def history(self) -> History:
        """Return what happened in the training of the run's model."""
        return self.histories[0]

    @property
    def factors(self) -> list[str]:
        """Return the names of the latent factors."""
        return [f"z{k + 1}" for k in range(self.z.shape[1])]

    @cached_property
    def moves(self) -> Floats:
        """Return about how far each feature moves each factor: (features, factors)."""
        return attribution.moves(self.problem.x, self.problem.rows, self.weights)

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
