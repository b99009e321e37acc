"""Sentences on results that come from errors in the table or from the total of each row."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from aeexp.analysis.evidence.gather import Evidence
from aeexp.config.spec import Experiment, RowScaling
from aeexp.data import Dataset
from aeexp.data.quality.gross import gross_text
from aeexp.present.text.command import COMMAND
from aeexp.present.text.sentence import Sentence
from aeexp.text import printable

DOUBTFUL = {"stability", "factors", "chance", "groups", "columns", "pca", "model"}
"""The claims that a few extreme cells can bring about."""
LIMIT = "preprocessing=robust preprocessing.clip=10"
SCALE_ROWS = "preprocessing.rows=total"


def artefact_sentences(
    evidence: Evidence, data: Dataset, experiment: Experiment
) -> Iterator[Sentence]:
    """Yield which cells are far from the others, and which factors follow the row total."""
    if evidence.gross:
        cells = printable(gross_text(evidence.gross, data.features, data.rows))
        text = (
            f"The result may rest on single cells: {cells}. Correct them, or limit them:"
            f" {COMMAND} {LIMIT}"
        )
        yield Sentence("cells", "no", text)
    if evidence.depth is None:
        return
    following = evidence.depth.following
    is_scaled = experiment.preprocessing.rows is not RowScaling.none
    if not following:
        if is_scaled:
            yield Sentence("depth", "yes", "No factor follows the total of a row.")
        return
    factors = ", ".join(f"{name} (r = {r:.2f})" for name, r in following)
    verb = "follows" if len(following) == 1 else "follow"
    text = (
        f"{factors} {verb} the total of a row, such as the sequencing depth or the overall amount."
    )
    if not is_scaled:
        text += f" If it has no meaning, scale the rows: {COMMAND} {SCALE_ROWS}"
    yield Sentence("depth", "no", text)


def artefact_remedy(evidence: Evidence, experiment: Experiment) -> tuple[str, str]:
    """Return how to remove what comes from errors or from the total of each row.

    In words, and as overrides, "" if there is nothing to remove.
    """
    if evidence.gross:
        return "Correct single cells in the table, or limit them", LIMIT
    follows = evidence.depth is not None and bool(evidence.depth.following)
    if follows and experiment.preprocessing.rows is RowScaling.none:
        return "Remove the total of each row", SCALE_ROWS
    return "", ""


def without_praise(sentences: Iterable[Sentence]) -> Iterator[Sentence]:
    """Yield sentences with the claims undecided that a few extreme cells can bring about."""
    for sentence in sentences:
        if sentence.about in DOUBTFUL and sentence.claim == "yes":
            text = f"{sentence.sentence} It may rest on the cells far from all others."
            yield replace(sentence, claim="undecided", sentence=text)
        else:
            yield sentence
