"""Analysis tasks."""

from dataclasses import dataclass

from aeexp.config.spec._spec import Spec, option, param


@dataclass(kw_only=True)
class QuestionSpec(Spec):
    """Analysis task of a run."""


@option("question", "structure")
@dataclass(kw_only=True)
class Structure(QuestionSpec):
    """Train an autoencoder and analyse its latent space."""


@option("question", "how_many")
@dataclass(kw_only=True)
class HowMany(QuestionSpec):
    """Estimate the number of latent dimensions and of clusters."""

    dimensions: int = param(
        10, "Maximum latent dimension; always below the number of features.", at_least=1
    )
    clusters: int = param(10, "Maximum number of clusters.", at_least=2)
    seeds: int = param(
        4, "Models per latent dimension, with the seeds seed, seed + 1, ….", at_least=2
    )
    copies: int = param(
        4, "Models of tables with permuted columns, per latent dimension.", at_least=2
    )


@option("question", "learning_rate")
@dataclass(kw_only=True)
class LearningRate(QuestionSpec):
    """Find a learning rate by short trainings (learning-rate range test).

    Raises:
        UserError: The lowest rate is not below the highest.
    """

    lowest: float = param(1e-6, "Lowest learning rate.", above=0)
    highest: float = param(10.0, "Highest learning rate.", above=0)
    rates: int = param(100, "Number of learning rates; one model for each.", at_least=10)
    epochs: int | None = param(
        None, "Epochs per learning rate. null: as many as 100 steps take.", at_least=1
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.lowest >= self.highest:
            self.reject("lowest", f"below {self.highest:g}, the highest", self.lowest)
