"""The claims of a run: structure, groups, stability. Each is yes, no or undecided.

Structure is claimed if R^2 on held-out rows exceeds that of permuted tables at a level of 5 %.
Only then, groups are claimed if those of the first clustering are farther apart than in permuted
tables and in tables of a single cloud, and if a valley of low density separates two of them (see
`density`); then those of the second clustering, and so on. As a question is tested only if the
previous answer is yes, the level holds for all of them (Marcus et al., 1976,
doi:10.1093/biomet/63.3.655). Absence of structure is claimed only if a planted group would have
been detected.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import and_, attrgetter

import numpy as np

from aeexp.analysis.controls import ControlKind
from aeexp.analysis.evidence.chance import PermutationTest
from aeexp.analysis.evidence.gather import Evidence
from aeexp.analysis.evidence.power import LEVEL, OFTEN
from aeexp.analysis.evidence.stability import Stability

SAME = 0.9
"""Linear CKA from which two spaces count as the same: 0.9 of the variance is shared."""


@dataclass(frozen=True)
class GroupClaim:
    """Whether groups are claimed.

    test: of their silhouettes, against the null model with the larger p. valley: of the prominence
    of the second density peak; None if there are too few rows.
    """

    clustering: str
    test: PermutationTest
    valley: PermutationTest | None
    claimed: bool


def structure_test(evidence: Evidence) -> PermutationTest | None:
    """Return the test of R^2 against permuted tables, None if none was trained."""
    return next(iter(_tests(evidence, ControlKind.permuted, "reconstruction.")), None)


def structure_claim(evidence: Evidence) -> str:
    """Return whether the table has structure.

    Undecided if rows look ordered although no order was stated, as the test treats them as
    independent, if there are too few correlation times, if the table is too small, if there are as
    many factors as columns, or if a number probably means "missing": rows with it differ from the
    others, whatever their measurements.
    """
    test, design = structure_test(evidence), evidence.design
    is_possible = evidence.is_compressed and evidence.is_sufficient and design.supports_claims
    if evidence.codes or not is_possible:
        return "undecided"
    if test is None or np.isnan(test.p):
        return "undecided"
    if test.p <= LEVEL:
        return "yes"
    # no structure is claimed only if it would have been detected, which takes 19 copies or more
    enough = 1 / (1 + test.copies) <= LEVEL
    powerful = bool(evidence.power) and evidence.power[-1].detected >= OFTEN
    return "no" if enough and powerful else "undecided"


def group_claims(evidence: Evidence) -> Sequence[GroupClaim]:
    """Return the claim on the groups of each clustering; its table must have structure."""
    permuted = {
        test.number: test for test in _tests(evidence, ControlKind.permuted, "clustering.")
    }
    tests = [
        max(test, permuted.get(test.number, test), key=attrgetter("p"))
        for test in _tests(evidence, ControlKind.cloud, "clustering.")
        if not np.isnan(test.p)
    ]
    names = [test.number.removeprefix("clustering.").removesuffix(".silhouette") for test in tests]
    peaks = {test.number: test for test in _tests(evidence, ControlKind.uniform, "clustering.")}
    valleys = [peaks.get(f"clustering.{name}.prominence") for name in names]
    both = (
        bool(test.p <= LEVEL and (valley is None or valley.p <= LEVEL))
        for test, valley in zip(tests, valleys, strict=True)
    )
    return [*map(GroupClaim, names, tests, valleys, accumulate(both, and_))]


def stability_claim(stability: Stability | None) -> str:
    """Return whether other trainings find the same space and clusters.

    no: the reconstructions differ, or their neighbourhoods agree by chance alone. yes: neither,
    and each cluster is reproducible. Factors are not a part of this claim: a space has no axes of
    its own, so that it can be the same although its factors differ.
    """
    if stability is None:
        return "undecided"
    # CKA is NaN for reconstructions that do not vary
    if not (stability.cka_reconstructions.mean >= SAME and stability.keeps_neighbours):
        return "no"
    clusterings = stability.clusterings.values()
    clusters = (cluster for consensus in clusterings for cluster in consensus.clusters)
    return "yes" if all(cluster.reproducible for cluster in clusters) else "undecided"


def _tests(evidence: Evidence, kind: ControlKind, prefix: str) -> list[PermutationTest]:
    return [
        test
        for test in evidence.tested
        if test.control == kind.value and test.number.startswith(prefix)
    ]
