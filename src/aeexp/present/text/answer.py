"""What structure is in the table, and is it real? Five sentences with their numbers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from operator import and_, attrgetter

import numpy as np

from aeexp.analysis.clustering.clusters import several_classes
from aeexp.analysis.clustering.consensus import Cluster
from aeexp.analysis.controls import ControlKind
from aeexp.analysis.evidence.advantage import sentence as said_of_advantage
from aeexp.analysis.evidence.chance import Tested
from aeexp.analysis.evidence.gather import Evidence
from aeexp.analysis.evidence.method import OURS, PCA
from aeexp.analysis.evidence.power import LEVEL, OFTEN
from aeexp.analysis.evidence.power import sentence as said_of_power
from aeexp.analysis.evidence.stability import REPRODUCIBLE, Stability
from aeexp.analysis.result import RunResult
from aeexp.analysis.verdict import Verdict
from aeexp.runs.artifact import Document
from aeexp.text import counted, few, printable

SAME = 0.9
"""Linear CKA from which a space counts as the same: 0.9 of the variance, weighted by variance."""


@dataclass(frozen=True)
class Sentence:
    """about: structure, stability, chance, pca or next. claim: yes, no or undecided."""

    about: str
    claim: str
    sentence: str


def document(sentences: Iterable[Sentence]) -> Document:
    """Return sentences as they are kept."""
    return Document("answer", {"sentences": [asdict(each) for each in sentences]})


def answer(
    result: RunResult, evidence: Evidence, verdict: Verdict, metrics: Mapping[str, float]
) -> list[Sentence]:
    """Return what was found, how stable it is, against chance, against PCA, and what to do next.

    Structure is claimed where the R^2 of rows held out is beyond that of tables with shuffled
    columns at a level of 5 %; groups, only then, where those that a clustering finds are farther
    apart than in these tables and in one Gaussian cloud; those of the next clustering, only then.
    As each question is asked only where the one before is answered with yes, the level holds for
    all together (Marcus et al., 1976, doi:10.1093/biomet/63.3.655).
    """
    chance = against_chance(result, evidence)
    stable, pca = _stability(result, evidence), against_pca(evidence)
    claims = {each.about: each.claim for each in (chance, stable, pca)}
    return [
        Sentence("structure", chance.claim, _found(result, metrics)),
        stable,
        chance,
        pca,
        _next(claims, result, evidence, verdict),
    ]


def _found(result: RunResult, metrics: Mapping[str, float]) -> str:
    part, _ = result.problem.rows.judged
    rows = "rows held out" if part == "val" else "the rows it was trained on"
    factors, r2 = len(result.factors), metrics[f"reconstruction.{part}.r2"]
    share = f"{100 * r2:.0f} %" if r2 > 0 else "nothing"
    told = f"{counted(factors, 'factor')} {'tells' if factors == 1 else 'tell'}"
    groups = [_grouped(result, name, metrics) for name in result.clusters]
    return f"{told} {share} of the variance of {rows}{''.join(groups)}."


def _grouped(result: RunResult, name: str, metrics: Mapping[str, float]) -> str:
    """Say how many groups a clustering finds, and how well they agree with the first label."""
    count, noise, ari = (
        metrics.get(f"clustering.{name}.{key}", np.nan)
        for key in ("n_clusters", "noise_fraction", "ari")
    )
    said = f"; {printable(name)} finds {counted(int(count), 'group')} in them"
    if noise >= 0.005:
        said += f" and leaves {100 * noise:.0f} % of rows in none"
    label = result.problem.data.label
    if np.isnan(ari) or not several_classes(label):
        return said
    return f"{said} (adjusted Rand index {ari:.2f} with {printable(label.name)})"


def _stability(result: RunResult, evidence: Evidence) -> Sentence:
    about, known = "stability", evidence.stability
    if known is None:
        said = "How stable that is was not asked: repeats=8 trains the model with other seeds."
        if len(result.experiment.seeds) > 1:
            said = "How stable that is cannot be told: all other trainings diverged."
        return Sentence(about, "undecided", said)
    same = known.cka.mean >= SAME
    groups = [
        _reproduced(name, each.clusters)
        for name, each in known.clusterings.items()
        if each.clusters
    ]
    verb, side = ("is", "not below") if same else ("is not", "below")
    said = (
        f"In {len(known.matches) + 1} trainings the latent space {verb} the same (linear CKA"
        f" {known.cka.mean:.2f}, {side} {SAME:g}); {_came_back(known)}{''.join(groups)}."
    )
    clusters = [each for of in known.clusterings.values() for each in of.clusters]
    if same and known.reproducible.all() and all(each.reproducible for each in clusters):
        return Sentence(about, "yes", said)
    return Sentence(about, "undecided" if same else "no", said)


def _came_back(known: Stability) -> str:
    lost = [f"z{k + 1}" for k in np.flatnonzero(~known.reproducible)]
    by = f"mean correlation of {REPRODUCIBLE:g} or more"
    back = [f"z{k + 1}" for k in np.flatnonzero(known.reproducible)]
    if not lost:
        return f"all factors come back ({by})"
    if not back:
        return f"no factor comes back ({by})"
    return f"{_some(back, 'comes', 'come')} back, {_some(lost, 'does', 'do')} not ({by})"


def _some(names: Sequence[str], one: str, many: str) -> str:
    return f"{few(names)} {one if len(names) == 1 else many}"


def _reproduced(name: str, clusters: Sequence[Cluster]) -> str:
    kept = sum(each.reproducible for each in clusters)
    come = "comes" if kept == 1 else "come"
    return f"; {kept} of {counted(len(clusters), 'cluster')} of {printable(name)} {come} back"


def against_chance(result: RunResult, evidence: Evidence) -> Sentence:
    """Return whether there is more structure than chance gives, and groups farther apart."""
    test = next(iter(_tests(evidence, ControlKind.permuted, "reconstruction.")), None)
    if test is None:
        said = (
            "Whether there is structure at all was not asked: evidence=standard compares with"
            " copies of the table without any."
        )
        if result.experiment.evidence.permutations:
            said = "Whether there is structure cannot be told: the trainings of copies diverged."
        return Sentence("chance", "undecided", said)
    if np.isnan(test.p):
        said = "Whether there is structure cannot be told: R² has no value, here or on the copies."
        return Sentence("chance", "undecided", said)
    sampled = len(evidence.rows) < len(evidence.methods[OURS].z)
    learnt = f" of a model of {len(evidence.rows):,} rows" if sampled else ""
    compared = (
        f"R²{learnt} is {test.observed:.2f}, and {test.mean:.2f} ± {test.sd:.2g} (mean ± sd) on"
        f" {test.copies} copies of the table with shuffled columns (p = {test.p:.2g})"
    )
    if test.p > LEVEL:
        return _no_structure(evidence, test, compared)
    held = apart(evidence)
    claims = [*accumulate((test.p <= LEVEL for test in held.values()), and_)]
    groups = "".join(map(_apart, held, held.values(), claims))
    either = " Distinct groups are; the parts of a curve or of a long tail would be, too."
    beware = either if any(claims) else ""
    return Sentence("chance", "yes", f"There is structure: {compared}{groups}.{beware}")


def _no_structure(evidence: Evidence, test: Tested, compared: str) -> Sentence:
    """Say that nothing was found; not that nothing is there, unless groups would have been found.

    As where there are nearly as many factors as features, which then tell anything.
    """
    told = f" {said_of_power(evidence.power)}" if evidence.power else ""
    enough = 1 / (1 + test.copies) <= LEVEL
    if enough and evidence.power and evidence.power[-1].found >= OFTEN:
        return Sentence("chance", "no", f"No structure beyond chance was found: {compared}.{told}")
    said = f"Whether there is structure cannot be told: {compared}.{told}"
    return Sentence("chance", "undecided", said)


def apart(evidence: Evidence) -> Mapping[str, Tested]:
    """Return of each clustering how far its groups are apart, held against what they least exceed.

    That is one cloud, or tables with shuffled columns where p is greater there.
    """
    shuffled = {
        each.number: each for each in _tests(evidence, ControlKind.permuted, "clustering.")
    }
    return {
        each.number.removeprefix("clustering.").removesuffix(".silhouette"): max(
            each, shuffled.get(each.number, each), key=attrgetter("p")
        )
        for each in _tests(evidence, ControlKind.cloud, "clustering.")
        if not np.isnan(each.p)
    }


def _apart(name: str, test: Tested, claimed: np.bool_ | bool) -> str:
    """Say whether groups are apart. claimed: those of this clustering, and of each before it."""
    clouds = test.control == ControlKind.cloud.value
    where = "one Gaussian cloud" if clouds else "tables with shuffled columns"
    farther = "are farther" if claimed else "are no farther"
    if test.p <= LEVEL and not claimed:
        farther = "count as no farther, as those before are not,"
    return (
        f"; the groups of {printable(name)} {farther} apart than in {where} (silhouette"
        f" {test.observed:.2f}, there {test.mean:.2f} ± {test.sd:.2g}, p = {test.p:.2g})"
    )


def _tests(evidence: Evidence, kind: ControlKind, start: str) -> list[Tested]:
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


def _next(
    claims: Mapping[str, str], result: RunResult, evidence: Evidence, verdict: Verdict
) -> Sentence:
    if verdict.word in {"diverged", "collapsed", "overfitting"}:
        said = verdict.sentence
    elif claims["chance"] == "no":
        said = "Do not read meaning into these factors and groups: get more rows or other columns"
        better = ", or see whether a better trained autoencoder finds more: model=deep"
        said += f"{better if verdict.word == 'underfitting' else ''}."
    elif claims["chance"] == "undecided":
        fewer = "fewer factors, " if len(result.factors) > 1 else ""
        said = f"Ask again with {fewer}more rows or evidence=full before you read meaning into it."
    elif claims["pca"] == "no":
        said = "Use PCA, unless a better trained autoencoder does more: try"
        said += " experiment=learning_rate, then model=deep."
    elif claims["stability"] == "no":
        said = "Train for longer, or try experiment=how_many for the number of factors, until"
        said += " other seeds find the same."
    elif evidence.stability is None:
        said = "Train it again, to see whether it comes back: repeats=8."
    elif claims["stability"] == "undecided":
        said = "Read distances in the latent space, but no meaning into factors and clusters that"
        said += " do not come back; experiment=how_many tells how many there should be."
    else:
        said = "Read the factors by their cards, and see whether new rows agree: aeexp encode."
    return Sentence("next", "undecided" if claims["chance"] == "undecided" else "yes", said)
