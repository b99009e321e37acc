"""What to do next: one adviser that reads the training, the evidence and the labels together."""

from collections.abc import Mapping, Sequence

from aeexp.analysis.evidence.gather import Evidence
from aeexp.analysis.evidence.stability import Stability
from aeexp.analysis.result import RunResult
from aeexp.analysis.verdict import Case, Verdict
from aeexp.config.spec import FullEvidence
from aeexp.present.text.artefacts import artefact_remedy
from aeexp.present.text.command import COMMAND
from aeexp.present.text.labels import claims_of
from aeexp.present.text.rows import WHAT_TO_STATE, declare_codes
from aeexp.present.text.sentence import Sentence
from aeexp.present.text.training import remedy
from aeexp.text import few, listed, printable, short

NOTHING_MORE = "Further runs have nothing to add: check it with new rows, by aeexp encode."
CHOOSE = f"{COMMAND} model=auto training.epochs=auto optimizer.lr=auto"
"""The command that chooses a model and its training on validation rows."""
ORDERED = f"Rows look ordered. {WHAT_TO_STATE}"
FAILED = {Case.diverged, Case.collapsed, Case.unstable, Case.too_slow, Case.still_improving}
"""Verdicts that need other settings even where validation rows chose among several models."""


def next_step(
    sentences: Sequence[Sentence], result: RunResult, evidence: Evidence, verdict: Verdict
) -> Sentence:
    """Return the next step: the first question that a further run can decide, or what to use.

    The table comes first: codes for missing values and the order of the rows, as they change the
    table and the split, then errors in the table and the total of a row. Training, structure and
    stability follow. A run that has followed the advice is
    answered by a later rule, so that no advice leads back to itself.
    sentences: the other sentences of the answer.
    """
    claims = {sentence.about: sentence.claim for sentence in sentences}
    choice = result.planned.choice
    chosen = choice is not None and len({c.level for c in choice.candidates}) > 1
    if text := _about_table(result, evidence):
        return Sentence("next", "undecided", text)
    if verdict.case.is_about_training and (verdict.case in FAILED or not chosen):
        return Sentence("next", "no", _train(verdict, chosen=chosen))
    if claims["chance"] == "undecided":
        return Sentence("next", "undecided", _more_evidence(result, evidence))
    if claims["chance"] == "no":
        return Sentence("next", "yes", _no_structure(evidence))
    if evidence.stability is None:
        return Sentence("next", "undecided", f"Test the stability: {COMMAND} repeats=8")
    is_pca = choice is not None and choice.is_linear
    return Sentence("next", "yes", _use(claims, evidence.stability, is_pca=is_pca))


def _about_table(result: RunResult, evidence: Evidence) -> str:
    """Return what to state or correct about the table first, "" if nothing."""
    if evidence.codes:
        return declare_codes(evidence.codes)
    if evidence.design.looks_ordered is not None:
        return ORDERED
    return artefact_remedy(evidence, result.experiment)


def _train(verdict: Verdict, *, chosen: bool) -> str:
    """Return how to train better. chosen: whether validation rows chose the model."""
    text = f"Train better before you interpret anything ({verdict.case.word}). {remedy(verdict)}"
    return text if chosen else f"{text} Or let validation rows choose: {CHOOSE}"


def _more_evidence(result: RunResult, evidence: Evidence) -> str:
    """Return which run would decide whether there is structure."""
    experiment = result.experiment
    if evidence.design.is_too_short:
        return "Only a longer recording can decide it: rows count as too few independent ones."
    if not evidence.tested:
        return f"Test the structure: {COMMAND} evidence=standard"
    factors, features = len(result.factors), len(result.problem.data.features)
    if factors > max(1, features // 2):
        fewer = max(1, features // 2)
        return (
            f"{factors} factors explain nearly all of {features} columns in any table. Compress"
            f" more: {COMMAND} model.latent_dim={fewer}"
        )
    if not isinstance(experiment.evidence, FullEvidence):
        return f"Compare with more tables: {COMMAND} evidence=full"
    return f"Only more rows can decide it. {_no_structure(evidence)}"


def _no_structure(evidence: Evidence) -> str:
    """Return what to interpret without structure beyond chance: the labels, if anything."""
    _, claims = claims_of(evidence)
    if labels := [short(printable(claim.label)) for claim in claims if claim.claim == "yes"]:
        return f"Interpret only how {listed(labels)} differs along the factors, no group."
    return "Do not interpret these factors and groups: get more rows or other columns."


def _use(claims: Mapping[str, str], stability: Stability, *, is_pca: bool) -> str:
    """Return how to use the result of a table with structure."""
    reproducible = [f"z{k + 1}" for k, yes in enumerate(stability.reproducible) if yes]
    if claims["stability"] == "no" or not reproducible:
        what = "Interpret no single factor, only clusters that are reproducible."
    elif len(reproducible) < len(stability.reproducible):
        what = f"Interpret {few(reproducible)} by their cards, and no other factor."
    else:
        what = "Interpret the factors by their cards."
    if is_pca:
        return f"{what} They are principal components. {NOTHING_MORE}"
    if claims["pca"] == "no":
        return f"Use PCA, which explains as much and is simpler. {NOTHING_MORE}"
    if claims["pca"] == "undecided":
        return f"{what} More rows would decide whether PCA explains as much."
    return f"{what} {NOTHING_MORE}"
