"""What is asked of the table."""

from dataclasses import dataclass

from aeexp.config.spec._spec import Spec, option, param


@dataclass(kw_only=True)
class QuestionSpec(Spec):
    """What a run is to find out."""


@option("question", "structure")
@dataclass(kw_only=True)
class Structure(QuestionSpec):
    """What does an autoencoder find in the table?"""


@option("question", "how_many")
@dataclass(kw_only=True)
class HowMany(QuestionSpec):
    """How many dimensions does the table have, and how many groups?"""

    dimensions: int = param(
        10, "Most latent dimensions tried, always fewer than features.", at_least=1
    )
    clusters: int = param(10, "Most clusters tried.", at_least=2)
    seeds: int = param(4, "Autoencoders for each dimension, from `seed` on.", at_least=2)
    copies: int = param(
        4, "Copies of the table with permuted columns, for each dimension.", at_least=2
    )


@option("question", "learning_rate")
@dataclass(kw_only=True)
class LearningRate(QuestionSpec):
    """Which learning rate trains best?

    Raises:
        UserError: The lowest rate is not below the highest.
    """

    lowest: float = param(1e-6, "Lowest rate tried.", above=0)
    highest: float = param(10.0, "Highest rate tried.", above=0)
    rates: int = param(100, "Rates tried, each by an autoencoder of its own.", at_least=10)
    epochs: int | None = param(
        None, "Passes over the training rows at each rate; null takes 100 steps.", at_least=1
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.lowest >= self.highest:
            self.refuse("lowest", f"below {self.highest:g}, the highest", self.lowest)
