"""The answer of a run, and what the table is that it is about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aeexp.data import Classes, Dataset, Labels
from aeexp.present.html.run.kept import Kept
from aeexp.text import counted, few, short

QUESTIONS = {
    "structure": "Was structure found in the table?",
    "stability": "Do other trainings find the same?",
    "chance": "Was more found than chance gives?",
    "pca": "Does it say more than PCA?",
    "dimensions": "Is there a number of dimensions?",
    "hint": "Do rows vary locally in as many?",
    "clusters": "Are there groups?",
    "learning_rate": "Is there a learning rate that trains well?",
    "rules": "Do the rules agree on it?",
    "divergence": "Did any rate diverge?",
    "next": "What to do next",
}
MARKS = {"yes": "✓", "no": "✗", "undecided": "?"}


@dataclass(frozen=True)
class Sentence:
    """A sentence of the answer: what it is about, what it claims, and the mark of the claim."""

    question: str
    claim: str
    mark: str
    text: str


def answer(run: Kept) -> list[Sentence]:
    """Return the sentences of the answer, or the verdict on the training where there is none."""
    told = run.document("answer").get("sentences", [])
    if not told and run.verdict:
        return [Sentence("How the training went", "", "→", run.verdict)]
    return [_sentence(each["about"], each["claim"], each["sentence"]) for each in told]


def _sentence(about: str, claim: str, text: str) -> Sentence:
    advice = about == "next"
    mark = "→" if advice else MARKS.get(claim, "?")
    return Sentence(QUESTIONS.get(about, about), "" if advice else claim, mark, text)


def about(run: Kept, data: Dataset) -> Iterator[str]:
    """Yield sentences on what the table is and what was done with it."""
    size = f"{counted(len(data.rows), 'row')} and {counted(len(data.features), 'feature')}"
    yield f"The table has {size}."
    if data.labels:
        named = few([_label(each) for each in data.labels])
        yield f"Known of its rows: {named}; no autoencoder saw that."
    if run.factors:
        yield f"An autoencoder describes each row by {counted(len(run.factors), 'factor')}."
        yield from _split(run.latents["split"], len(data.rows))


def _label(labels: Labels) -> str:
    kind = "a number"
    if isinstance(labels, Classes):
        kind = counted(len(labels.names), "class", "classes")
    return f"{short(labels.name)} ({kind})"


def _split(split: Sequence[str], rows: int) -> Iterator[str]:
    held_out = round(rows * sum(part == "val" for part in split) / max(len(split), 1))
    roughly = "" if len(split) == rows else "about "
    if held_out:
        learnt = f"{roughly}{rows - held_out:,} rows"
        tried = f"was tried on the other {held_out:,} (held out)"
        yield f"It learnt from {learnt} (training) and {tried}."
    else:
        yield "It learnt from all rows; none was held out to try it on."
