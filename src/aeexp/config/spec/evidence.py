"""What a run's numbers are held against."""

from dataclasses import dataclass

from aeexp.config.spec._spec import Spec, option, param, redefault


@dataclass(kw_only=True)
class EvidenceSpec(Spec):
    """Models trained beside the run's own, on the same table and on tables without structure."""

    repeats: int = param(
        1,
        "Models of the table that differ in their seed, to see whether what was found is stable.",
        at_least=1,
    )
    resamples: int = param(
        0, "Models that learn from training rows drawn with replacement.", at_least=0
    )
    permutations: int = param(
        0,
        "Models of copies of the table with each column shuffled, in which there is no structure;"
        " 19 tell at a level of 5 %, 99 of 1 %.",
        at_least=0,
    )
    clouds: int = param(
        0,
        "Models of a single Gaussian cloud that is correlated as the table, without groups.",
        at_least=0,
    )
    planted: int = param(
        0,
        "Models, for each size, of shuffled copies with a group planted, to see what is found.",
        at_least=0,
    )
    sizes: list[float] = param(
        [0.5, 1.0, 1.5, 2.0], "Sizes of planted groups, in standard deviations.", above=0
    )
    share: float = param(0.2, "Share of the rows in a planted group.", above=0, below=1)
    labels: int = param(
        0,
        "Times that labels are shuffled, to see how well any would agree.",
        at_least=0,
        at_most=100_000,
    )
    rows: int = param(
        2_000, "Rows that all of these learn from at most, chosen at random.", at_least=10
    )

    @property
    def others(self) -> int:
        """Return how many models are trained that are no repeats."""
        planted = self.planted * len(self.sizes)
        return self.resamples + self.permutations + self.clouds + planted


@option("evidence", "standard")
@dataclass(kw_only=True)
class StandardEvidence(EvidenceSpec):
    """Repeats, tables without structure and without groups, and planted groups."""

    repeats: int = redefault(EvidenceSpec, "repeats", 8)
    permutations: int = redefault(EvidenceSpec, "permutations", 19)
    clouds: int = redefault(EvidenceSpec, "clouds", 19)
    planted: int = redefault(EvidenceSpec, "planted", 5)
    labels: int = redefault(EvidenceSpec, "labels", 199)


@option("evidence", "none")
@dataclass(kw_only=True)
class NoEvidence(EvidenceSpec):
    """The run's model alone, whatever the numbers say."""

    @property
    def others(self) -> int:
        return 0


@option("evidence", "quick")
@dataclass(kw_only=True)
class Quick(EvidenceSpec):
    """The fewest controls that can tell structure from chance at a level of 5 %."""

    repeats: int = redefault(EvidenceSpec, "repeats", 3)
    permutations: int = redefault(EvidenceSpec, "permutations", 19)
    labels: int = redefault(EvidenceSpec, "labels", 99)


@option("evidence", "full")
@dataclass(kw_only=True)
class FullEvidence(EvidenceSpec):
    """The same with more of each, and resampled rows: numbers for a paper."""

    repeats: int = redefault(EvidenceSpec, "repeats", 16)
    resamples: int = redefault(EvidenceSpec, "resamples", 20)
    permutations: int = redefault(EvidenceSpec, "permutations", 99)
    clouds: int = redefault(EvidenceSpec, "clouds", 99)
    planted: int = redefault(EvidenceSpec, "planted", 20)
    labels: int = redefault(EvidenceSpec, "labels", 999)
