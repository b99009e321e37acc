"""The answer of a run: what structure the table has, and whether it is real."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from aeexp.analysis.evidence.baselines import AUTOENCODER, PCA
from aeexp.analysis.evidence.claims import (
    SAME,
    stability_claim,
    structure_claim,
    structure_test,
)
from aeexp.analysis.evidence.gather import Evidence
from aeexp.analysis.evidence.stability import REPRODUCIBLE, Stability
from aeexp.analysis.result import RunResult
from aeexp.analysis.verdict import Verdict
from aeexp.present.text.artefacts import artefact_sentences, without_praise
from aeexp.present.text.choice import describe_choice
from aeexp.present.text.covariates import covariate_sentences
from aeexp.present.text.evidence import describe_advantage, describe_power
from aeexp.present.text.groups import found_groups, group_sentences
from aeexp.present.text.labels import batch_sentences, label_sentences
from aeexp.present.text.next_step import next_step
from aeexp.present.text.rows import codes_sentences, null_tables, rows_sentences, size_sentences
from aeexp.present.text.sentence import Sentence, p_value_text
from aeexp.text import counted, few, printable, with_error

PARTS = {"test": "held-out rows", "val": "held-out rows", "train": "the training rows"}
"""The parts of the rows, in the order in which they judge a model."""


def answer(
    result: RunResult, evidence: Evidence, verdict: Verdict, metrics: Mapping[str, float]
) -> list[Sentence]:
    """Return the answer of a run: what it finds, whether it is real, and what to do next."""
    sentences = [
        *artefact_sentences(evidence, result.problem.data, result.experiment),
        *_findings(result, evidence, metrics),
    ]
    if evidence.gross:
        sentences = [*without_praise(sentences)]
    if not evidence.is_sufficient:
        doubted = {"yes": "undecided"}
        sentences = [replace(s, claim=doubted.get(s.claim, s.claim)) for s in sentences]
    return [*sentences, next_step(sentences, result, evidence, verdict)]


def _findings(
    result: RunResult, evidence: Evidence, metrics: Mapping[str, float]
) -> Iterator[Sentence]:
    chance = against_chance(result, evidence)
    yield from size_sentences(result.problem.data, evidence)
    yield from codes_sentences(result.problem.data)
    yield from rows_sentences(result.problem.data, result.experiment.split)
    yield from covariate_sentences(result.problem.data)
    yield from batch_sentences(evidence)
    yield Sentence("structure", chance.claim, _structure(result, metrics))
    yield from _stability(result, evidence)
    yield chance
    if chance.claim == "yes":
        yield from group_sentences(result, evidence)
    elif evidence.power:
        yield describe_power(evidence.power)
    choice = result.planned.choice
    if choice and choice.is_linear:  # the model is PCA
        yield Sentence("pca", "no", describe_choice(choice))
    elif evidence.is_compressed:  # else neither has an error
        pca = against_pca(evidence)
        yield pca
        if choice and choice.has_models:
            claim = "yes" if pca.claim == "yes" else "undecided"
            yield Sentence("model", claim, describe_choice(choice))
    yield from label_sentences(evidence)


def _structure(result: RunResult, metrics: Mapping[str, float]) -> str:
    shares = {part: metrics.get(f"reconstruction.{part}.r2", np.nan) for part in PARTS}
    part, r2 = next((item for item in shares.items() if np.isfinite(item[1])), ("train", np.nan))
    variance, factors = f"variance of {PARTS[part]}", len(result.factors)
    verb = "explains" if factors == 1 else "explain"
    share = f"{100 * r2:.0f} %" if r2 > 0 else "nothing"
    number = "" if np.isnan(r2) else f" (R² {r2:z.2f})"
    groups = "" if result.problem.data.codes else found_groups(metrics, result.clusters)
    columns = len(result.problem.data.features)
    if factors >= columns:
        return (
            f"Nothing was compressed: {counted(factors, 'factor')} for"
            f" {counted(columns, 'column')}.{groups}"
        )
    unused = ""
    if names := result.collapsed:
        unused = (
            f" {few(names)} {'carries' if len(names) == 1 else 'carry'} no information: a factor"
            " collapsed to the standard normal in all rows. Use fewer factors, or a lower beta."
        )
    return (
        f"{counted(factors, 'factor')} {verb} {share} of the {variance}{number}.{unused}{groups}"
    )


def _stability(result: RunResult, evidence: Evidence) -> Iterator[Sentence]:
    """Yield whether other trainings find the same space and clusters, and the same factors."""
    stability = evidence.stability
    if stability is None:
        text = "Stability was not tested: repeats=8 trains the model with other seeds."
        if len(result.experiment.seeds) > 1:
            text = "Stability is unknown: all other trainings diverged."
        yield Sentence("stability", "undecided", text)
        return
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
    )
    clusters = {name: consensus.clusters for name, consensus in stability.clusterings.items()}
    counts = [
        f"{sum(c.reproducible for c in several)} of {len(several)} of {printable(name)}"
        for name, several in clusters.items()
        if len(several) > 1
    ]
    if counts:
        text += f" Reproducible clusters: {', '.join(counts)}."
    yield Sentence("stability", claim, text)
    yield _factors(stability)


def _factors(stability: Stability) -> Sentence:
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
        return Sentence("factors", "yes", f"All factors are reproducible ({by}).")
    if not names[True]:
        text = f"No factor is reproducible (mean correlation < {limit})."
        return Sentence("factors", "no", text)
    text = f"Reproducible factors: {few(names[True])} ({by}); others: {few(names[False])}."
    return Sentence("factors", "undecided", text)


def against_chance(result: RunResult, evidence: Evidence) -> Sentence:
    """Return whether structure exceeds chance."""
    test, claim = structure_test(evidence), structure_claim(evidence)
    if test is None:
        text = "Structure was not tested: evidence=standard compares with permuted tables."
        if result.experiment.evidence.permutations:
            text = "Undecided whether there is structure: trainings on permuted tables diverged."
        return Sentence("chance", "undecided", text)
    if np.isnan(test.p):
        text = "Undecided whether there is structure: R² is undefined, here or on permuted tables."
        return Sentence("chance", "undecided", text)
    if not (evidence.is_compressed and evidence.is_sufficient):
        why = "the table is too small" if evidence.is_compressed else "nothing was compressed"
        text = f"Undecided whether there is structure: {why}."
        return Sentence("chance", "undecided", text)
    sampled = len(evidence.rows) < len(evidence.methods[AUTOENCODER].z)
    sample = f" of a model of {len(evidence.rows):,} rows" if sampled else ""
    numbers = (
        f"(R²{sample} {test.observed:z.2f}, of {null_tables(evidence.design)}"
        f" {with_error(test.mean, test.sd)};"
        f" {p_value_text(test.p, test.copies, 'tables')})"
    )
    start = {
        "yes": "The table has structure beyond chance",
        "no": "No structure beyond chance",
        "undecided": "Undecided whether there is structure",
    }[claim]
    return Sentence("chance", claim, f"{start} {numbers}.")


def against_pca(evidence: Evidence) -> Sentence:
    """Return whether the autoencoder reconstructs better than PCA."""
    advantage = evidence.methods[PCA].advantage
    assert advantage, "PCA is a baseline"
    return Sentence("pca", advantage.claim, describe_advantage(advantage))
