"""The answer of a run: what structure the table has, and whether it is real."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from operator import and_, attrgetter

import numpy as np

from aeexp.analysis.clustering.clusters import has_several_classes
from aeexp.analysis.controls import ControlKind
from aeexp.analysis.evidence.baselines import AUTOENCODER, PCA
from aeexp.analysis.evidence.chance import PermutationTest
from aeexp.analysis.evidence.gather import Evidence
from aeexp.analysis.evidence.power import LEVEL, OFTEN
from aeexp.analysis.evidence.stability import REPRODUCIBLE
from aeexp.analysis.result import RunResult
from aeexp.analysis.verdict import Case, Verdict
from aeexp.present.text.evidence import describe_advantage, describe_power
from aeexp.present.text.training import describe_verdict
from aeexp.runs.artifact import Document
from aeexp.text import counted, few, printable

SAME = 0.9
"""Linear CKA from which two latent spaces count as the same: they share 0.9 of the variance."""


@dataclass(frozen=True)
class Sentence:
    """A part of an answer: one claim with its numbers, then short sentences with details.

    about: structure, stability, chance, pca or next. claim: yes, no or undecided.
    """

    about: str
    claim: str
    sentence: str


def document(sentences: Iterable[Sentence]) -> Document:
    """Return answer.json."""
    return Document("answer", {"sentences": [asdict(sentence) for sentence in sentences]})


def answer(
    result: RunResult, evidence: Evidence, verdict: Verdict, metrics: Mapping[str, float]
) -> list[Sentence]:
    """Return the answer of a run: structure, stability, chance, PCA, and what to do next.

    Structure is claimed if R^2 on held-out rows exceeds that of permuted tables at a level of
    5 %. Only then, groups are claimed if those of the first clustering are farther apart than in
    permuted and in Gaussian tables; then those of the second clustering, and so on. As a question
    is tested only if the previous answer is yes, the level holds for all of them together
    (Marcus et al., 1976, doi:10.1093/biomet/63.3.655).
    """
    chance = against_chance(result, evidence)
    stability, pca = _stability(result, evidence), against_pca(evidence)
    claims = {sentence.about: sentence.claim for sentence in (chance, stability, pca)}
    return [
        Sentence("structure", chance.claim, _structure(result, metrics)),
        stability,
        chance,
        pca,
        Sentence(
            "next",
            "undecided" if chance.claim == "undecided" else "yes",
            _next(claims, result, evidence, verdict),
        ),
    ]


def _structure(result: RunResult, metrics: Mapping[str, float]) -> str:
    part, _ = result.problem.rows.evaluated
    variance = "held-out variance" if part == "val" else "variance of the training rows"
    factors, r2 = len(result.factors), metrics[f"reconstruction.{part}.r2"]
    verb = "explains" if factors == 1 else "explain"
    share = f"{100 * r2:.0f} %" if r2 > 0 else "nothing"
    number = "" if np.isnan(r2) else f" (R² {r2:.2f})"
    groups = "".join(_groups(result, name, metrics) for name in result.clusters)
    return f"{counted(factors, 'factor')} {verb} {share} of the {variance}{number}.{groups}"


def _groups(result: RunResult, name: str, metrics: Mapping[str, float]) -> str:
    """Return how many groups a clustering has, and how well they agree with the first label."""
    count, noise, ari = (
        metrics.get(f"clustering.{name}.{key}", np.nan)
        for key in ("n_clusters", "noise_fraction", "ari")
    )
    text = f" {printable(name)} finds {counted(int(count), 'group')}"
    if noise >= 0.005:
        text += f" and assigns {100 * noise:.0f} % of the rows to none"
    label = result.problem.data.label
    if np.isnan(ari) or not has_several_classes(label):
        return f"{text}."
    return f"{text} (adjusted Rand index {ari:.2f} with {printable(label.name)})."


def _stability(result: RunResult, evidence: Evidence) -> Sentence:
    stability = evidence.stability
    if stability is None:
        text = "Stability was not tested: repeats=8 trains the model with other seeds."
        if len(result.experiment.seeds) > 1:
            text = "Stability is unknown: all other trainings diverged."
        return Sentence("stability", "undecided", text)
    same = stability.cka.mean >= SAME
    which, sign = ("the same", "≥") if same else ("a different", "<")
    text = (
        f"Repeated trainings find {which} latent space ({len(stability.matches) + 1} trainings,"
        f" linear CKA {stability.cka.mean:.3f} {sign} {SAME:g})."
        f" {_reproducible_factors(stability.reproducible.tolist())}"
    )
    clusters = {name: consensus.clusters for name, consensus in stability.clusterings.items()}
    counts = [
        f"{sum(c.reproducible for c in several)} of {len(several)} of {printable(name)}"
        for name, several in clusters.items()
        if several
    ]
    if counts:
        text += f" Reproducible clusters: {', '.join(counts)}."
    stable = all(cluster.reproducible for several in clusters.values() for cluster in several)
    if same and stability.reproducible.all() and stable:
        return Sentence("stability", "yes", text)
    return Sentence("stability", "undecided" if same else "no", text)


def _reproducible_factors(reproducible: Sequence[bool]) -> str:
    names = {
        wanted: [f"z{k + 1}" for k, yes in enumerate(reproducible) if yes is wanted]
        for wanted in (True, False)
    }
    by = f"mean correlation ≥ {REPRODUCIBLE:g}"
    if not names[False]:
        return f"All factors are reproducible ({by})."
    if not names[True]:
        return f"No factor is reproducible (mean correlation < {REPRODUCIBLE:g})."
    return f"Reproducible factors: {few(names[True])} ({by}); others: {few(names[False])}."


def against_chance(result: RunResult, evidence: Evidence) -> Sentence:
    """Return whether structure exceeds chance, and whether groups are farther apart."""
    test = next(iter(_tests(evidence, ControlKind.permuted, "reconstruction.")), None)
    if test is None:
        text = "Structure was not tested: evidence=standard compares with permuted tables."
        if result.experiment.evidence.permutations:
            text = "Undecided whether there is structure: trainings on permuted tables diverged."
        return Sentence("chance", "undecided", text)
    if np.isnan(test.p):
        text = "Undecided whether there is structure: R² is undefined, here or on permuted tables."
        return Sentence("chance", "undecided", text)
    sampled = len(evidence.rows) < len(evidence.methods[AUTOENCODER].z)
    sample = f" of a model of {len(evidence.rows):,} rows" if sampled else ""
    numbers = (
        f"(R²{sample} {test.observed:.2f}; {test.copies} permuted tables {test.mean:.2f} ±"
        f" {test.sd:.2g}, p = {test.p:.2g})"
    )
    if test.p <= LEVEL:
        tests = apart(evidence)
        claims = [*accumulate((test.p <= LEVEL for test in tests.values()), and_)]
        groups = "".join(map(_separation, tests, tests.values(), claims))
        caution = " They may be parts of a curve or of a long tail." if any(claims) else ""
        text = f"The table has structure beyond chance {numbers}.{groups}{caution}"
        return Sentence("chance", "yes", text)
    power = f" {describe_power(evidence.power)}" if evidence.power else ""
    # no structure is claimed only if it would have been detected, which takes 19 copies or more
    enough = 1 / (1 + test.copies) <= LEVEL
    if enough and evidence.power and evidence.power[-1].detected >= OFTEN:
        return Sentence("chance", "no", f"No structure beyond chance {numbers}.{power}")
    text = f"Undecided whether there is structure {numbers}.{power}"
    return Sentence("chance", "undecided", text)


def apart(evidence: Evidence) -> Mapping[str, PermutationTest]:
    """Return how far the groups of each clustering are apart, compared with tables without groups.

    These are Gaussian or permuted tables, whichever have the greater p.
    """
    tests = _tests(evidence, ControlKind.permuted, "clustering.")
    permuted = {test.number: test for test in tests}
    return {
        test.number.removeprefix("clustering.").removesuffix(".silhouette"): max(
            test, permuted.get(test.number, test), key=attrgetter("p")
        )
        for test in _tests(evidence, ControlKind.cloud, "clustering.")
        if not np.isnan(test.p)
    }


def _separation(name: str, test: PermutationTest, claimed: np.bool_ | bool) -> str:
    """Return whether groups are apart. claimed: those of this and of all previous clusterings."""
    tables = "Gaussian" if test.control == ControlKind.cloud.value else "permuted"
    numbers = (
        f"silhouette {test.observed:.2f}; there {test.mean:.2f} ± {test.sd:.2g}, p = {test.p:.2g}"
    )
    verb = "are farther" if claimed else "are no farther"
    if test.p <= LEVEL and not claimed:
        numbers += "; not claimed, as the clustering before is not"
        verb = "seem farther"
    return f" The groups of {printable(name)} {verb} apart than in {tables} tables ({numbers})."


def _tests(evidence: Evidence, kind: ControlKind, prefix: str) -> list[PermutationTest]:
    return [
        test
        for test in evidence.tested
        if test.control == kind.value and test.number.startswith(prefix)
    ]


def against_pca(evidence: Evidence) -> Sentence:
    """Return whether the autoencoder reconstructs better than PCA."""
    advantage = evidence.methods[PCA].advantage
    assert advantage, "PCA is a baseline"
    return Sentence("pca", advantage.claim, describe_advantage(advantage))


def _next(
    claims: Mapping[str, str], result: RunResult, evidence: Evidence, verdict: Verdict
) -> str:
    """Return what to do next."""
    if verdict.case in {Case.diverged, Case.collapsed, Case.overfitting}:
        text = describe_verdict(verdict)
    elif claims["chance"] == "no":
        train = ", or train better: model=deep" if verdict.case is Case.underfitting else ""
        text = f"Do not interpret these factors and groups: get more rows or other columns{train}."
    elif claims["chance"] == "undecided":
        fewer = "fewer factors, " if len(result.factors) > 1 else ""
        text = f"Run again with {fewer}more rows or evidence=full before you interpret anything."
    elif claims["pca"] == "no":
        text = "Use PCA, unless better training helps: experiment=learning_rate, then model=deep."
    elif claims["stability"] == "no":
        text = (
            "Train longer, or find the number of factors with experiment=how_many, until other"
            " seeds agree."
        )
    elif evidence.stability is None:
        text = "Test the stability: repeats=8."
    elif claims["stability"] == "undecided":
        text = (
            "Interpret distances in the latent space, but no factor or cluster that is not"
            " reproducible. experiment=how_many recommends how many to use."
        )
    else:
        text = "Interpret the factors by their cards, then check with new rows: aeexp encode."
    return text
