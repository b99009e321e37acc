"""What to do next: one adviser that reads the training, the evidence and the labels together."""

from collections.abc import Mapping, Sequence

from aeexp.analysis.evidence.gather import Evidence
from aeexp.analysis.evidence.stability import Stability
from aeexp.analysis.result import RunResult
from aeexp.analysis.verdict import Verdict
from aeexp.config.spec import FullEvidence
from aeexp.present.text.command import COMMAND
from aeexp.present.text.sentence import Sentence
from aeexp.present.text.training import describe_verdict
from aeexp.text import few

NOTHING_MORE = "Further runs have nothing to add: check it with new rows, by aeexp encode."


def next_step(
    sentences: Sequence[Sentence], result: RunResult, evidence: Evidence, verdict: Verdict
) -> Sentence:
    """Return the next step: the first question that a further run can decide, or what to use.

    No advice leads to a run with the same advice: a run that has followed it is answered by the
    next rule. sentences: the other sentences of the answer.
    """
    claims = {sentence.about: sentence.claim for sentence in sentences}
    if verdict.case.is_about_training:
        return Sentence("next", "no", describe_verdict(verdict))
    if claims["chance"] == "undecided":
        return Sentence("next", "undecided", _more_evidence(result, evidence))
    if claims["chance"] == "no":
        text = "Do not interpret these factors and groups: get more rows or other columns."
        return Sentence("next", "yes", text)
    if evidence.stability is None:
        return Sentence("next", "undecided", f"Test the stability: {COMMAND} repeats=8")
    choice = result.planned.choice
    is_pca = choice is not None and choice.is_linear
    return Sentence("next", "yes", _use(claims, evidence.stability, is_pca=is_pca))


def _more_evidence(result: RunResult, evidence: Evidence) -> str:
    """Return which run would decide whether there is structure."""
    experiment = result.experiment
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
    return "Only more rows can decide it. Until then, do not interpret these factors."


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
