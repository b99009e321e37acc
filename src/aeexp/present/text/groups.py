"""Sentences on the groups: are they real, and are the factors needed to find them?"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from aeexp.analysis.clustering.clusters import has_several_classes
from aeexp.analysis.clustering.density import Peaks
from aeexp.analysis.clustering.other_clusters import SAME, SIMILAR, GroupComparison
from aeexp.analysis.controls import ControlKind
from aeexp.analysis.evidence.claims import GroupClaim, group_claims
from aeexp.analysis.evidence.gather import Evidence
from aeexp.analysis.evidence.power import LEVEL
from aeexp.analysis.result import RunResult
from aeexp.data import Labels
from aeexp.present.text.rows import null_tables
from aeexp.present.text.sentence import Sentence, p_value_text, shortened
from aeexp.text import joined, printable, short, with_error


def found_groups(metrics: Mapping[str, float], clusterings: Iterable[str]) -> str:
    """Return how many groups each clustering finds, as a sentence; empty without clusterings."""
    parts = []
    for name in clusterings:
        count, noise = (
            metrics.get(f"clustering.{name}.{key}", np.nan)
            for key in ("n_clusters", "noise_fraction")
        )
        outside = f" without {100 * noise:.0f} % of the rows" if noise >= 0.005 else ""
        parts.append(f"{int(count) if count > 1 else 'none'} by {printable(name)}{outside}")
    return f" Groups: {joined(parts)}." if parts else ""


def group_sentences(result: RunResult, evidence: Evidence) -> Iterator[Sentence]:
    """Yield whether the groups of each clustering exceed chance.

    If those of the first do, or if there are classes to judge them by, also whether clusters of
    the table are the same. For tables with structure beyond chance.
    """
    claims = group_claims(evidence)
    for groups in claims:
        peaks = evidence.peaks.get(groups.clustering)
        yield _separation(groups, peaks, null_tables(evidence.design))
    name = claims[0].clustering if claims else ""
    comparison = evidence.groups.get(name)
    if comparison and (claims[0].claimed or np.isfinite(comparison.factors)):
        yield columns_sentence(result.problem.data.own_labels, name, comparison)


def _separation(groups: GroupClaim, peaks: Peaks | None, permuted: str) -> Sentence:
    test, name = groups.test, printable(groups.clustering)
    tables = "tables of a single cloud" if test.control == ControlKind.cloud.value else permuted
    compared = f"{test.observed:z.2f}; there {with_error(test.mean, test.sd)}"
    numbers = f"silhouette {compared}; {p_value_text(test.p, test.copies, 'tables')}"
    if groups.claimed:
        verb, claim, note = "are farther", "yes", ""
        if valley := groups.valley:
            note = (
                " A valley of low density separates them"
                f" ({p_value_text(valley.p, valley.copies, 'samples of uniform points')})."
            )
        if peaks and peaks.count > 1:
            note += (
                f" The density has at least {peaks.count} peaks; {100 * peaks.between:.0f} % of"
                " the rows lie between them."
            )
    elif test.p <= LEVEL and (valley := groups.valley) and valley.p > LEVEL:
        verb, claim = "are farther", "undecided"
        note = (
            " But no valley of low density separates them"
            f" (p = {valley.p:.2g}): they may be parts of a continuum, such as a gradient,"
            " a curve or a ring."
        )
    elif test.p <= LEVEL:
        verb, claim = "seem farther", "undecided"
        note = " Not claimed, as the groups of the clustering before are not."
    else:
        verb, claim, note = "are no farther", "no", ""
    text = f"The groups of {name} {verb} apart than in {tables} ({numbers}).{note}"
    brief = f"The groups of {name} {verb} apart than in {tables} (silhouette {compared}).{note}"
    return Sentence("groups", claim, text, shortened(brief))


def columns_sentence(labels: Sequence[Labels], name: str, comparison: GroupComparison) -> Sentence:
    """Return whether the clusters of the table are the same, and which agrees with the label.

    labels: of the table. name: of the clustering.
    """
    rand, clusters = comparison.agreement, f"{printable(name)} of the scaled columns"
    if rand >= SAME:
        start = f"{clusters} finds the same groups (adjusted Rand index {_floor(rand)})"
    elif rand >= SIMILAR:
        start = f"{clusters} finds similar groups (adjusted Rand index {_floor(rand)})"
    else:
        start = f"{clusters} finds other groups (adjusted Rand index {_floor(rand)})"
    if np.isnan(comparison.factors):
        return Sentence("columns", "no" if rand >= SAME else "undecided", f"{start}.")
    label = next(label for label in labels if has_several_classes(label))
    agreement = {
        "factors": "less than those of the model",
        "table": "better than those of the model",
        "": "about as well as those of the model",
    }[comparison.better]
    claim = {"factors": "yes", "table": "no"}.get(comparison.better, "undecided")
    numbers = (
        f"{comparison.table:z.2f} against {comparison.factors:z.2f}; 95 % interval of the"
        f" difference {_not_zero(-comparison.high)} to {_not_zero(-comparison.low)}"
    )
    return Sentence(
        "columns",
        "no" if claim == "undecided" and rand >= SAME else claim,
        f"{start}, which agree with {short(printable(label.name))} {agreement} ({numbers}).",
    )


def _not_zero(limit: float) -> str:
    """Return the limit of an interval, not rounded to the 0 that it may exclude."""
    text = f"{limit:z.2f}"
    return f"{limit:.1g}" if text == "0.00" and limit else text


def _floor(rand: float) -> str:
    """Return an index, not rounded up to a threshold."""
    return f"{np.floor(100 * rand) / 100:z.2f}"
