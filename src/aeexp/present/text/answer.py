"""The answer of a run: what structure the table has, and whether it is real."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import numpy as np

from aeexp.analysis.clustering.clusters import has_several_classes
from aeexp.analysis.controls import ControlKind
from aeexp.analysis.evidence.baselines import AUTOENCODER, PCA
from aeexp.analysis.evidence.claims import (
    SAME,
    GroupClaim,
    group_claims,
    stability_claim,
    structure_claim,
    structure_test,
)
from aeexp.analysis.evidence.gather import Evidence
from aeexp.analysis.evidence.power import LEVEL
from aeexp.analysis.evidence.stability import REPRODUCIBLE, Stability
from aeexp.analysis.result import RunResult
from aeexp.analysis.verdict import Case, Verdict
from aeexp.present.text.evidence import describe_advantage, describe_power
from aeexp.present.text.training import describe_verdict
from aeexp.runs.artifact import Document
from aeexp.text import counted, few, printable


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
    """Return the answer of a run: structure, stability, chance, PCA, and what to do next."""
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
    claim = stability_claim(stability)
    which = "different" if claim == "no" else "the same"
    similar = stability.cka_reconstructions.mean
    sign = "≥" if similar >= SAME else "<"
    kept = 100 * stability.neighbours_kept_reconstructions.mean
    chance = 100 * stability.neighbours_by_chance
    text = (
        f"Repeated trainings find {which} reconstructions ({len(stability.matches) + 1} trainings:"
        f" linear CKA {np.floor(1000 * similar) / 1000:.3f} {sign} {SAME:g};"  # not rounded up
        f" {kept:.0f} % of the nearest rows in common, {chance:.0f} % by chance)."
        f" {_reproducible_factors(stability)}"
    )
    clusters = {name: consensus.clusters for name, consensus in stability.clusterings.items()}
    counts = [
        f"{sum(c.reproducible for c in several)} of {len(several)} of {printable(name)}"
        for name, several in clusters.items()
        if several
    ]
    if counts:
        text += f" Reproducible clusters: {', '.join(counts)}."
    return Sentence("stability", claim, text)


def _reproducible_factors(stability: Stability) -> str:
    reproducible = stability.reproducible.tolist()
    names = {
        wanted: [f"z{k + 1}" for k, yes in enumerate(reproducible) if yes is wanted]
        for wanted in (True, False)
    }
    limit = f"{REPRODUCIBLE:g}"
    if stability.thresholds.max() > REPRODUCIBLE:
        limit += ", and that with unrelated factors"
    by = f"mean correlation ≥ {limit}"
    if not names[False]:
        return f"All factors are reproducible ({by})."
    if not names[True]:
        return f"No factor is reproducible (mean correlation < {limit})."
    return f"Reproducible factors: {few(names[True])} ({by}); others: {few(names[False])}."


def against_chance(result: RunResult, evidence: Evidence) -> Sentence:
    """Return whether structure exceeds chance, and whether groups are farther apart."""
    test, claim = structure_test(evidence), structure_claim(evidence)
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
    if claim == "yes":
        groups = group_claims(evidence)
        caution = " They may be parts of a curve or of a long tail."
        text = (
            f"The table has structure beyond chance {numbers}.{''.join(map(_separation, groups))}"
        )
        return Sentence("chance", claim, text + caution * any(g.claimed for g in groups))
    power = f" {describe_power(evidence.power)}" if evidence.power else ""
    start = (
        "No structure beyond chance" if claim == "no" else "Undecided whether there is structure"
    )
    return Sentence("chance", claim, f"{start} {numbers}.{power}")


def _separation(groups: GroupClaim) -> str:
    test = groups.test
    tables = "Gaussian" if test.control == ControlKind.cloud.value else "permuted"
    numbers = (
        f"silhouette {test.observed:.2f}; there {test.mean:.2f} ± {test.sd:.2g}, p = {test.p:.2g}"
    )
    verb = "are farther" if groups.claimed else "are no farther"
    if test.p <= LEVEL and not groups.claimed:
        numbers += "; not claimed, as the clustering before is not"
        verb = "seem farther"
    name = printable(groups.clustering)
    return f" The groups of {name} {verb} apart than in {tables} tables ({numbers})."


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
