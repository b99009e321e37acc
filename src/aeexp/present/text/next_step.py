"""What to do next: one adviser that reads the training, the evidence and the labels together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from operator import attrgetter

from aeexp.analysis.evidence.gather import Evidence
from aeexp.analysis.evidence.stability import Stability
from aeexp.analysis.result import RunResult
from aeexp.analysis.verdict import Case, Verdict
from aeexp.config.options import OPTIONS
from aeexp.config.spec import Experiment, Missing, Table
from aeexp.data.automatic import EPOCHS
from aeexp.present.text.artefacts import artefact_remedy
from aeexp.present.text.command import ENCODE
from aeexp.present.text.labels import batch_remedy, claims_of
from aeexp.present.text.rows import WHAT_TO_STATE, declare_codes
from aeexp.present.text.sentence import NOTHING_MORE, Sentence, next_command
from aeexp.text import few, listed, printable, short

CHOOSE = "model=auto training.epochs=auto optimizer.lr=auto"
"""The overrides that let validation rows choose a model and its training."""
MOST_EPOCHS = 10_000
FAILED = {Case.diverged, Case.collapsed, Case.unstable, Case.too_slow, Case.still_improving}
"""Verdicts that need other settings even where validation rows chose among several models."""


@dataclass(frozen=True)
class Advice:
    """One step. text: why and what. changes: overrides that make it; empty if nothing is left.

    again: whether the command is to be repeated as it was.
    """

    text: str
    changes: str = ""
    again: bool = False

    def sentence(self) -> Sentence:
        """Return the advice as a part of the answer, with its command."""
        if not (self.changes or self.again):
            text = f"{NOTHING_MORE} {self.text} Check it with new rows: {ENCODE}"
            return Sentence("next", "yes", text, f"{NOTHING_MORE} {self.text}", ENCODE)
        return next_command("undecided", self.text, self.changes)


def next_step(
    sentences: Sequence[Sentence], result: RunResult, evidence: Evidence, verdict: Verdict
) -> Sentence:
    """Return the next step: the first question that a further run can decide, or what to use.

    The table comes first: codes for missing values and the order of the rows, as they change the
    table and the split, then errors in the table, the total of a row and the batch. Training,
    structure and stability follow. No advice leads back to itself: one whose overrides the run
    already has is left out, and no two of them undo each other.
    sentences: the other sentences of the answer.
    """
    claims = {sentence.about: sentence.claim for sentence in sentences}
    several = (
        *_about_table(result, evidence),
        *_about_training(result, verdict),
        *_about_evidence(claims, result, evidence),
    )
    experiment = result.experiment
    if not evidence.is_sufficient:
        text = f"{NOTHING_MORE} It is too small: get more rows or columns."
        return Sentence("next", "no", text)
    advice = next((one for one in several if one.again or not _is_followed(one, experiment)), None)
    return (advice or _use(claims, result, evidence)).sentence()


def _about_table(result: RunResult, evidence: Evidence) -> Iterator[Advice]:
    """Yield what to state or correct about the table."""
    dataset = result.experiment.dataset
    if evidence.codes and isinstance(dataset, Table):  # others do not have these keys
        missing = " dataset.missing=median" if dataset.missing is Missing.error else ""
        changes = f"dataset.na=[{','.join(evidence.codes)}]{missing}"
        yield Advice(f"{declare_codes(evidence.codes)} For the first", changes)
    if evidence.design.looks_ordered is not None and isinstance(dataset, Table):
        yield Advice(f"Rows look ordered. {WHAT_TO_STATE} For the first", "dataset.time=rows")
    for remedy_text, changes in (
        artefact_remedy(evidence, result.experiment),
        batch_remedy(evidence),
    ):
        if changes:
            yield Advice(remedy_text, changes)


def _about_training(result: RunResult, verdict: Verdict) -> Iterator[Advice]:
    """Yield how to train better, where the verdict or missing rows ask for it."""
    case, choice, experiment = verdict.case, result.planned.choice, result.experiment
    chosen = choice is not None and len({c.level for c in choice.candidates}) > 1
    if case is Case.unvalidated:
        yield Advice("Hold out rows that judge the model", "split.validation=0.2 split.test=0.2")
    if not case.is_about_training or not (case in FAILED or not chosen):
        return
    start = f"Train better before you interpret anything ({case.word})."
    if verdict.training.interrupted:
        yield Advice(f"{start} The training was interrupted: run it to its end", again=True)
    if not chosen:
        yield Advice(f"{start} Let validation rows choose the model and its training", CHOOSE)
    if experiment.optimizer.lr is not None and case is not Case.still_improving:
        yield Advice(f"{start} Let validation rows choose the rate", "optimizer.lr=auto")
    if (experiment.training.epochs or EPOCHS) < EPOCHS:
        yield Advice(f"{start} Let the losses end the training", "training.epochs=auto")
    epochs = max(EPOCHS, 2 * len(verdict.training.loss))
    if case in {Case.still_improving, Case.too_slow} and epochs <= MOST_EPOCHS:
        yield Advice(f"{start} Train for longer", f"training.epochs={epochs}")


def _about_evidence(
    claims: Mapping[str, str], result: RunResult, evidence: Evidence
) -> Iterator[Advice]:
    """Yield which run would decide whether there is structure, and whether it comes back."""
    factors, features = len(result.factors), len(result.problem.data.features)
    fewer = max(min(2, features - 1), features // 2)
    if claims["chance"] == "undecided" and not evidence.design.is_too_short:
        if not evidence.tested:
            yield Advice("Test the structure against permuted tables", "evidence=standard")
        if factors > fewer:
            text = f"{factors} factors explain nearly all of {features} columns of any table."
            yield Advice(f"{text} Compress more", f"model.latent_dim={fewer}")
        text = "Undecided whether there is structure. Compare with more tables"
        yield Advice(text, "evidence=full")
    elif claims["chance"] == "yes" and evidence.stability is None:
        yield Advice("Test the stability by training with other seeds", "repeats=8")


def _use(claims: Mapping[str, str], result: RunResult, evidence: Evidence) -> Advice:
    """Return how to use a result that further runs would not change."""
    if claims["chance"] != "yes":
        why = {"undecided": "Only more rows can decide whether there is structure. "}
        if evidence.design.is_too_short:
            why = {"undecided": "Only a longer recording can decide whether there is structure. "}
        return Advice(f"{why.get(claims['chance'], '')}{_without_structure(evidence)}")
    choice, stability = result.planned.choice, evidence.stability
    what = _interpret(claims, stability) if stability else "Its stability is unknown."
    if choice is not None and choice.is_linear:
        return Advice(f"{what} They are principal components.")
    if claims["pca"] == "no":
        return Advice("Use PCA, which explains as much and is simpler.")
    if claims["pca"] == "undecided":
        return Advice(f"{what} Only more rows can decide whether PCA explains as much.")
    return Advice(what)


def _without_structure(evidence: Evidence) -> str:
    """Return what to interpret without structure beyond chance: the labels, if anything."""
    _, claims = claims_of(evidence)
    if labels := [short(printable(claim.label)) for claim in claims if claim.claim == "yes"]:
        return f"Interpret only how {listed(labels)} differs along the factors, no group."
    return "Do not interpret these factors and groups: get more rows or other columns."


def _interpret(claims: Mapping[str, str], stability: Stability) -> str:
    reproducible = [f"z{k + 1}" for k, yes in enumerate(stability.reproducible) if yes]
    if claims["stability"] == "no" or not reproducible:
        return "Interpret no single factor, only clusters that are reproducible."
    if len(reproducible) < len(stability.reproducible):
        return f"Interpret {few(reproducible)} by their cards, and no other factor."
    return "Interpret the factors by their cards."


def _is_followed(advice: Advice, experiment: Experiment) -> bool:
    """Return whether an experiment has all values to which an advice would change it."""
    changes = (change.partition("=") for change in advice.changes.split())
    return all(_value(experiment, key) == value for key, _, value in changes)


def _value(experiment: Experiment, key: str) -> str:
    """Return a value of an experiment as the command line writes it."""
    value = attrgetter(key)(experiment)
    if key in OPTIONS:
        return next((name for name, kind in OPTIONS[key].items() if kind is type(value)), "")
    if isinstance(value, list):
        return f"[{','.join(map(str, value))}]"
    if isinstance(value, float):
        return f"{value:g}"
    return "auto" if value is None else str(value.value if isinstance(value, Enum) else value)
