"""Evidence: control models that a run's results are compared with."""

from dataclasses import dataclass

from aeexp.config.spec._spec import Spec, option, param, redefault


@dataclass(kw_only=True)
class EvidenceSpec(Spec):
    """Control models, trained on the same table and on null tables without structure."""

    repeats: int = param(
        1, "Models of the table with different seeds, to measure stability.", at_least=1
    )
    resamples: int = param(0, "Models of bootstrap samples of the training rows.", at_least=0)
    permutations: int = param(
        0,
        "Models of copies of the table with each column permuted, which removes all structure."
        " Smallest p-value: 0.05 with 19, 0.01 with 99.",
        at_least=0,
    )
    clouds: int = param(
        0,
        "Models of samples of one Gaussian copula with the table's columns and rank correlations,"
        " which has no clusters.",
        at_least=0,
    )
    planted: int = param(
        0,
        "Models of permuted tables with a planted group, per size: the power analysis.",
        at_least=0,
    )
    sizes: list[float] = param(
        [0.5, 1.0, 1.5, 2.0], "Effect sizes of planted groups, in standard deviations.", above=0
    )
    share: float = param(0.2, "Fraction of the rows in a planted group.", above=0, below=1)
    labels: int = param(
        0,
        "Permutations of the labels, to test their predictions and their agreement with clusters.",
        at_least=0,
        at_most=100_000,
    )
    rows: int = param(
        2_000, "Maximum rows that controls are trained on, chosen at random.", at_least=10
    )

    @property
    def controls(self) -> int:
        """Return the number of control models without the repeats."""
        planted = self.planted * len(self.sizes)
        return self.resamples + self.permutations + self.clouds + planted


@option("evidence", "standard")
@dataclass(kw_only=True)
class StandardEvidence(EvidenceSpec):
    """Repeats, permuted tables, tables of a single cloud and planted groups."""

    repeats: int = redefault(EvidenceSpec, "repeats", 8)
    permutations: int = redefault(EvidenceSpec, "permutations", 19)
    clouds: int = redefault(EvidenceSpec, "clouds", 19)
    planted: int = redefault(EvidenceSpec, "planted", 5)
    labels: int = redefault(EvidenceSpec, "labels", 199)


@option("evidence", "none")
@dataclass(kw_only=True)
class NoEvidence(EvidenceSpec):
    """No control models: results are not tested."""

    @property
    def controls(self) -> int:
        return 0


@option("evidence", "quick")
@dataclass(kw_only=True)
class Quick(EvidenceSpec):
    """The fewest controls for a permutation test at a level of 5 %."""

    repeats: int = redefault(EvidenceSpec, "repeats", 3)
    permutations: int = redefault(EvidenceSpec, "permutations", 19)
    labels: int = redefault(EvidenceSpec, "labels", 99)


@option("evidence", "full")
@dataclass(kw_only=True)
class FullEvidence(EvidenceSpec):
    """More controls of each kind, and bootstrap samples: for publication."""

    repeats: int = redefault(EvidenceSpec, "repeats", 16)
    resamples: int = redefault(EvidenceSpec, "resamples", 20)
    permutations: int = redefault(EvidenceSpec, "permutations", 99)
    clouds: int = redefault(EvidenceSpec, "clouds", 99)
    planted: int = redefault(EvidenceSpec, "planted", 20)
    labels: int = redefault(EvidenceSpec, "labels", 999)
