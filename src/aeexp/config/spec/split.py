"""Split into training and held-out rows."""

from dataclasses import dataclass

from aeexp.config.spec._spec import Spec, param


@dataclass(kw_only=True)
class Split(Spec):
    """Split into training and held-out (validation) rows."""

    validation: float = param(
        0.2, "Fraction of held-out rows; 0 trains on all rows.", at_least=0, below=1
    )
    seed: int = param(0, "Random seed of the split.", at_least=0, below=2**32)
    stratify: bool = param(False, "Stratify: hold out the same fraction of every class.")
    column: str | None = param(
        None, "Column of your own table with the split: train, or val or test, which are held out."
    )
