"""What structure is in the table, and is it real? Five sentences with their numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from aeexp.analysis.advantage import sentence as said_of_advantage
from aeexp.analysis.chance import Tested
from aeexp.analysis.consensus import Cluster
from aeexp.analysis.power import LEVEL, OFTEN
from aeexp.analysis.power import sentence as said_of_power
from aeexp.analysis.stability import REPRODUCIBLE, Stability
from aeexp.analysis.verdict import Verdict
from aeexp.controls import Kind
from aeexp.evidence.gather import Evidence
from aeexp.evidence.method import OURS, PCA
from aeexp.findings import Findings
from aeexp.names import few, printable
from aeexp.web.wording import counted

SAME = 0.9
"""Linear CKA from which a space counts as the same: 0.9 of the variance, weighted by variance."""


@dataclass(frozen=True)
class Sentence:
    """about: structure, stability, chance, pca or next. claim: yes, no or undecided."""

    about: str
    claim: str
    sentence: str


def answer(
    found: Findings, evidence: Evidence, verdict: Verdict, metrics: Mapping[str, float]
) -> list[Sentence]:
    """Return what was found, how stable it is, against chance, against PCA, and what to do next.

    Structure is claimed where the R^2 of rows held out is beyond that of tables with shuffled
    columns at a level of 5 %; groups, only then, where those that a clustering finds are farther
    apart than in these tables and in one Gaussian cloud. As the second question is asked only
    where the first is answered with yes, the level holds for both together (Marcus et al., 1976,
    doi:10.1093/biomet/63.3.655).
    """
    chance = _against_chance(evidence)
    stable, pca = _stability(evidence), against_pca(evidence)
    claims = {each.about: each.claim for each in (chance, stable, pca)}
    return [
        Sentence("structure", chance.claim, _found(found, evidence, metrics)),
        stable,
        chance,
        pca,
        _next(claims, evidence, verdict),
    ]


def _found(found: Findings, evidence: Evidence, metrics: Mapping[str, float]) -> str:
    part, _ = found.problem.rows.judged
    rows = "rows held out" if part == "val" else "the rows it was trained on"
    factors, r2 = len(found.factors), metrics[f"reconstruction.{part}.r2"]
    share = f"{100 * r2:.0f} %" if r2 > 0 else "nothing"
    told = f"{counted(factors, 'factor')} {'tells' if factors == 1 else 'tell'}"
    groups = [
        f"; {printable(name)} finds"
        f" {counted(int(metrics[f'clustering.{name}.n_clusters']), 'group')} in them"
        f"{_agreement(evidence, name)}"
        for name in found.clusters
    ]
    return f"{told} {share} of the variance of {rows}{''.join(groups)}."


def _agreement(evidence: Evidence, name: str) -> str:
    """Say how well a clustering agrees with the first label, if that is classes."""
    number = f"{name}.ari"
    for score in evidence.labels:
        if (score.number, score.input) == (number, OURS):
            ari = score.train if np.isnan(score.held_out) else score.held_out
            return f" (adjusted Rand index {ari:.2f} with {printable(score.label)})"
    return ""


def _stability(evidence: Evidence) -> Sentence:
    about, known = "stability", evidence.stability
    if known is None:
        said = "How stable that is was not asked: repeats=8 trains the model with other seeds."
        return Sentence(about, "undecided", said)
    same = known.cka.mean >= SAME
    groups = [_reproduced(name, each.clusters) for name, each in known.clusterings.items()]
    said = (
        f"In {len(known.matches) + 1} trainings the latent space {'is' if same else 'is not'}"
        f" the same (linear CKA {known.cka.mean:.2f}); {_came_back(known)}{''.join(groups)}."
    )
    if same and known.reproducible.all():
        return Sentence(about, "yes", said)
    return Sentence(about, "undecided" if same else "no", said)


def _came_back(known: Stability) -> str:
    lost = [f"z{k + 1}" for k in np.flatnonzero(~known.reproducible)]
    by = f"mean correlation of {REPRODUCIBLE:g} or more"
    match len(lost):
        case 0:
            return f"all factors come back ({by})"
        case count if count == len(known.reproducible):
            return f"no factor comes back ({by})"
        case 1:
            return f"{lost[0]} does not come back, the other factors do ({by})"
    return f"{few(lost)} do not come back, the other factors do ({by})"


def _reproduced(name: str, clusters: Sequence[Cluster]) -> str:
    kept = sum(each.reproducible for each in clusters)
    return f"; of {printable(name)}, {kept} of {counted(len(clusters), 'cluster')} again"


def _against_chance(evidence: Evidence) -> Sentence:
    test = next(iter(_tests(evidence, Kind.permuted, "reconstruction.")), None)
    if test is None:
        said = (
            "Whether there is structure at all was not asked: evidence=standard compares with"
            " copies of the table without any."
        )
        return Sentence("chance", "undecided", said)
    if np.isnan(test.p):
        said = "Whether there is structure cannot be told: R² has no value, here or on the copies."
        return Sentence("chance", "undecided", said)
    sampled = len(evidence.rows) < len(evidence.methods[OURS].z)
    learnt = f" of a model of {len(evidence.rows):,} rows" if sampled else ""
    compared = (
        f"R²{learnt} is {test.observed:.2f}, and {test.mean:.2f} ± {test.sd:.2f} on"
        f" {test.copies} copies of the table with shuffled columns (p = {test.p:.2g})"
    )
    if test.p > LEVEL:
        return _no_structure(evidence, test, compared)
    held = apart(evidence)
    groups = "".join(_apart(*each) for each in held.items())
    either = " Distinct groups are, and so are the parts of a curve or of a long tail."
    beware = either if any(test.p <= LEVEL for test in held.values()) else ""
    return Sentence("chance", "yes", f"There is structure: {compared}{groups}.{beware}")


def _no_structure(evidence: Evidence, test: Tested, compared: str) -> Sentence:
    """Say that nothing was found; not that nothing is there, unless groups would have been found.

    As where there are nearly as many factors as features, which then tell anything.
    """
    told = f" {said_of_power(evidence.power)}" if evidence.power else ""
    enough = 1 / (1 + test.copies) <= LEVEL
    if enough and any(each.found >= OFTEN for each in evidence.power):
        return Sentence("chance", "no", f"No structure beyond chance was found: {compared}.{told}")
    said = f"Whether there is structure cannot be told: {compared}.{told}"
    return Sentence("chance", "undecided", said)


def apart(evidence: Evidence) -> Mapping[str, Tested]:
    """Return of each clustering how far its groups are apart, held against one cloud.

    p is the greater of that and of what tables with shuffled columns tell.
    """
    shuffled = {each.number: each.p for each in _tests(evidence, Kind.permuted, "clustering.")}
    return {
        each.number.split(".")[1]: replace(each, p=max(each.p, shuffled.get(each.number, 0.0)))
        for each in _tests(evidence, Kind.cloud, "clustering.")
        if not np.isnan(each.p)
    }


def _apart(name: str, test: Tested) -> str:
    return (
        f"; the groups of {printable(name)} are {'' if test.p <= LEVEL else 'no '}farther apart"
        f" than in one Gaussian cloud (silhouette {test.observed:.2f}, there {test.mean:.2f} ±"
        f" {test.sd:.2f}, p = {test.p:.2g})"
    )


def _tests(evidence: Evidence, kind: Kind, start: str) -> list[Tested]:
    return [
        each
        for each in evidence.tested
        if each.control == kind.value and each.number.startswith(start)
    ]


def against_pca(evidence: Evidence) -> Sentence:
    """Return whether the autoencoder reconstructs better than PCA."""
    known = evidence.methods[PCA].advantage
    assert known, "a baseline"
    return Sentence("pca", known.claim, said_of_advantage(known))


def _next(claims: Mapping[str, str], evidence: Evidence, verdict: Verdict) -> Sentence:
    if verdict.word in {"diverged", "collapsed", "overfitting"}:
        said = verdict.sentence
    elif claims["chance"] == "no":
        said = "Do not read meaning into these factors and groups: get more rows or other columns."
    elif claims["pca"] == "no":
        said = "Use PCA, unless a better trained autoencoder does more"
        said += ": aeexp experiment=learning_rate and model=deep."
    elif claims["stability"] == "no":
        said = "Train for longer or with fewer factors until other seeds find the same"
        said += ": aeexp experiment=how_many."
    elif claims["chance"] == "undecided":
        said = "Ask again with fewer factors, more rows or evidence=standard before you read"
        said += " meaning into this."
    elif evidence.stability is None:
        said = "Train it again, to see whether it comes back: repeats=8."
    elif claims["stability"] == "undecided":
        said = "Read distances and groups in the latent space, not the single factors that do not"
        said += " come back; experiment=how_many tells how many there should be."
    else:
        said = "Read the factors by their cards, and see whether new rows agree: aeexp encode."
    return Sentence("next", "undecided" if claims["chance"] == "undecided" else "yes", said)
