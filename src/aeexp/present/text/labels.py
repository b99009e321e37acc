"""Sentences on the labels: are they predicted from the factors, and by which factor?"""

from collections.abc import Iterator

from aeexp.analysis.evidence.baselines import PCA
from aeexp.analysis.evidence.gather import Evidence
from aeexp.analysis.labels.claims import LabelClaim, label_claims
from aeexp.analysis.labels.label_scores import TABLE
from aeexp.present.text.command import COMMAND
from aeexp.present.text.sentence import Sentence, shortened
from aeexp.text import counted, listed, printable, short, with_error

SCORES = {"knn balanced accuracy": "balanced accuracy", "knn r2": "R²"}
"""The tested scores in a sentence."""
INPUTS = {TABLE: "the columns", PCA: "PCA"}


def claims_of(evidence: Evidence) -> tuple[LabelClaim | None, list[LabelClaim]]:
    """Return the claim on the batch, None without one, and those on the first labels."""
    batch = evidence.batch.name if evidence.batch else None
    claims = label_claims(evidence.labels, evidence.cards, batch)
    of_batch = next((claim for claim in claims if claim.label == batch), None)
    return of_batch, [claim for claim in claims if claim is not of_batch]


def batch_sentences(evidence: Evidence) -> Iterator[Sentence]:
    """Yield whether the factors show the batch, and whether more than they show a label."""
    batch, (of_batch, of_labels) = evidence.batch, claims_of(evidence)
    answer, parts = "undecided", []
    if of_batch:
        answer = {"yes": "no", "no": "yes"}.get(of_batch.claim, answer)
        parts.append(_sentence(of_batch))
        weaker = [short(printable(c.label)) for c in of_labels if c.gain <= of_batch.gain]
        if answer == "no" and weaker:
            better = f"It is predicted better than {listed(weaker)}"
            parts.append(f"{better}: what was found may be the batch.")
        text, correction = batch_remedy(evidence)
        if correction:
            parts.append(f"{text}: {COMMAND} {correction}")
    if batch and batch.is_confounded:
        answer = "no"
        parts.append(
            f"{short(printable(batch.name))} and {short(printable(batch.label))} are confounded"
            f" (Cramér's V {batch.v:.2f}): their effects cannot be separated."
        )
    if parts:
        yield Sentence("batch", answer, " ".join(parts))


def batch_remedy(evidence: Evidence) -> tuple[str, str]:
    """Return how to remove a batch that the factors show: in words and as overrides, or ""."""
    batch, (of_batch, _) = evidence.batch, claims_of(evidence)
    shown = of_batch is not None and of_batch.claim == "yes"
    if batch and shown and batch.stronger and not batch.is_confounded:
        return "Remove the batch", f"dataset.batch_correction={batch.stronger}"
    return "", ""


def label_sentences(evidence: Evidence) -> Iterator[Sentence]:
    """Yield a sentence for each of the first labels, the last with the number of further ones."""
    batch = evidence.batch.name if evidence.batch else None
    labels = dict.fromkeys(score.label for score in evidence.labels if score.label != batch)
    _, claims = claims_of(evidence)
    for number, claim in enumerate(claims, 1):
        text, further = _sentence(claim), ""
        if number == len(claims) < len(labels):
            further = f" labels.csv has {counted(len(labels) - number, 'further label')}."
        yield Sentence("labels", claim.claim, f"{text}{further}", _short(claim))


def _sentence(claim: LabelClaim) -> str:
    numbers = f"{_measured(claim)}; {_p(claim)}"
    parts = [f"{_start(claim)} ({numbers}).", *_comparisons(claim), *_carrier(claim)]
    return " ".join(parts)


def _short(claim: LabelClaim) -> str:
    return shortened(" ".join([f"{_start(claim)} ({_measured(claim)}).", *_carrier(claim)]))


def _start(claim: LabelClaim) -> str:
    name = short(printable(claim.label))
    return {
        "yes": f"{name} is predicted from the factors",
        "no": f"{name} is not predicted from the factors",
        "undecided": f"Undecided whether {name} is predicted from the factors",
    }[claim.claim]


def _measured(claim: LabelClaim) -> str:
    """Return the score, its rows, and the score of shuffled labels."""
    score = claim.score
    measured = f"{SCORES[score.number]} {with_error(score.held_out, score.held_out_se)}"
    shuffled = f"of shuffled labels {score.permuted_mean:z.2f}"
    return f"{measured} of {counted(score.rows, 'row')}, {shuffled}"


def _p(claim: LabelClaim) -> str:
    adjusted = "" if claim.tests == 1 else f"adjusted for {claim.tests} labels "
    text = f"{adjusted}p = {claim.p:.2g}"
    if claim.p <= claim.least_p * 1.001 < 1:
        return f"{text}, the least possible with {claim.score.copies} shuffles"
    return text


def _comparisons(claim: LabelClaim) -> Iterator[str]:
    """Yield how well the columns and PCA predict a label that the factors predict."""
    if claim.claim == "yes":
        parts = [
            f"from {text} {claim.scores[name].held_out:z.2f}{_verdict(claim, name)}"
            for name, text in INPUTS.items()
            if name in claim.scores
        ]
        if parts:
            yield f"F{', '.join(parts)[1:]}."


def _verdict(claim: LabelClaim, name: str) -> str:
    if claim.clearly_better(name):
        return " (clearly better)"
    return " (clearly worse)" if claim.clearly_worse(name) else ""


def _carrier(claim: LabelClaim) -> Iterator[str]:
    """Yield which factor is most strongly associated with a label, if that is significant."""
    carrier = claim.carrier
    if carrier and carrier.significant:
        association = carrier.association
        symbol = "η²" if association.measure == "eta squared" else "ρ"
        verb = "carries it most" if claim.claim == "yes" else "is associated with it"
        value = f"{association.value:z.2f}".replace("-", "−")
        yield f"{carrier.factor} {verb} ({symbol} {value})."
