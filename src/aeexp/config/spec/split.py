"""Which rows are trained on."""

from dataclasses import dataclass

from aeexp.config.spec._spec import Spec, param


@dataclass(kw_only=True)
class Split(Spec):
    """Rows held out of training, to see whether what was learnt holds for them too."""

    validation: float = param(
        0.2, "Share of the rows held out; 0 trains on all rows.", at_least=0, below=1
    )
    seed: int = param(0, "Seed that chooses the rows held out.", at_least=0, below=2**32)
    stratify: bool = param(False, "Hold out the same share of every class.")
    column: str | None = param(
        None, "Column of your own table that says train or val (test is held out, too)."
    )
