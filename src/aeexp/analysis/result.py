"""RunResult: latent coordinates, residuals, weights and clusters of a run, row by row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from aeexp.analysis import reconstruction
from aeexp.analysis.clustering.other_clusters import other_clusters
from aeexp.analysis.controls import Plan
from aeexp.analysis.factors import attribution
from aeexp.analysis.latent.posterior import collapsed
from aeexp.analysis.latent.reconstructed import Reconstructed
from aeexp.analysis.reconstruction import Residuals
from aeexp.config.spec import Experiment, Space
from aeexp.data import Floats, Integers
from aeexp.data.prepare import Problem
from aeexp.runs.history import History


@dataclass(frozen=True)
class RunResult:
    """Latent coordinates, reconstruction errors, weights and clusters of a run.

    planned: the planned models. histories: of the run's model, then of its repeats on all rows;
    fewer than planned if training was interrupted. folds: histories of the models of
    cross-fitting. z: (rows, factors). deviations: their standard deviations, None if
    a row has no distribution of factors. residuals, pca: residuals of the model and of PCA.
    reconstructed: the reconstructions on their principal axes. x_hat: (shown, features), scaled,
    reconstruction of the rows in the figure. weights: (features, factors); their meaning is
    `quantity`. Features that are constant in the training rows have weight 0. clusters: (rows,)
    by the name of the clustering.
    """

    planned: Plan
    histories: Sequence[History]
    folds: Sequence[History]
    z: Floats
    residuals: Residuals
    pca: Residuals
    reconstructed: Reconstructed
    x_hat: Floats
    weights: Floats
    quantity: str
    clusters: Mapping[str, Integers]
    deviations: Floats | None = None

    @property
    def experiment(self) -> Experiment:
        """Return the experiment."""
        return self.planned.experiment

    @property
    def problem(self) -> Problem:
        """Return the table, split and scaled."""
        return self.planned.problem

    @property
    def history(self) -> History:
        """Return the training history of the run's model."""
        return self.histories[0]

    @property
    def judged(self) -> History:
        """Return the history that shows how the training went on validation rows.

        With cross-fitting it is that of the fold with the median number of epochs, as the run's
        model had no validation rows.
        """
        if not self.folds:
            return self.history
        return sorted(self.folds, key=lambda history: history.kept)[len(self.folds) // 2]

    @property
    def collapsed(self) -> list[str]:
        """Return the factors whose distribution is the same in all rows."""
        return collapsed(self.z, self.deviations, self.factors)

    @property
    def factors(self) -> list[str]:
        """Return the names of the latent factors."""
        return [f"z{k + 1}" for k in range(self.z.shape[1])]

    @property
    def coordinates(self) -> Mapping[Space, Floats]:
        """Return the coordinates of the rows by space: (rows, coordinates)."""
        return {Space.latent: self.z, Space.reconstruction: self.reconstructed.points}

    @property
    def row_errors(self) -> Floats:
        """Return the error of each row: (rows,); with cross-fitting of the model without it."""
        return self.residuals.held_out.rows if self.folds else self.residuals.rows

    @property
    def table_clusters(self) -> Mapping[str, Integers]:
        """Return the clusters of the scaled table, by name; see `other_clusters`."""
        return self.other_clusters["table"]

    @cached_property
    def other_clusters(self) -> Mapping[str, Mapping[str, Integers]]:
        """Return the clusters in the spaces that a clustering does not use, by space and name.

        The spaces are "table" and those of `Space`; see `other_clusters`.
        """
        specs = self.experiment.clustering
        spaces: dict[str, Floats] = {"table": self.problem.x}
        spaces |= {space.value: points for space, points in self.coordinates.items()}
        return {
            name: other_clusters(
                {key: spec for key, spec in specs.items() if spec.space.value != name},
                points,
                self.clusters,
                self.problem.data.label,
                self.experiment.seed,
            )
            for name, points in spaces.items()
        }

    @cached_property
    def moves(self) -> Floats:
        """Return the mean effect of each feature on each factor: (features, factors)."""
        return attribution.moves(self.problem.x, self.problem.rows, self.weights)

    @cached_property
    def by_feature(self) -> Mapping[str, list[str] | list[float]]:
        """Return the reconstruction error of each feature, as columns of a table."""
        problem = self.problem
        return reconstruction.by_feature(
            self.residuals, self.mean, problem.data.features, problem.scaling
        )

    @cached_property
    def mean(self) -> Residuals:
        """Return the residuals of predicting every feature by its mean."""
        return reconstruction.cross_fitted(
            self.problem,
            lambda problem: reconstruction.predicting_the_mean(problem.x, problem.rows),
        )
