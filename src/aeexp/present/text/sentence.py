"""A sentence of an answer, and the question that it answers."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from aeexp.present.text.command import COMMAND
from aeexp.runs.artifact import Document
from aeexp.text import short as cut

NOTHING_MORE = "Nothing more to gain from further runs of this table."
"""How the advice ends."""
LONGEST = 160  # characters of a short sentence
PARENTHESES = re.compile(r" \([^()]*\)")
END = re.compile(r"(?<=[.!?]) (?=[A-Z])")
"""The space between two sentences."""

QUESTIONS = {
    "size": "Are there enough rows and columns?",
    "values": "Are all numbers measurements?",
    "rows": "Are dependent rows taken into account?",
    "covariates": "Are the effects of covariates removed?",
    "structure": "What does it find?",
    "stability": "Do other trainings find the same?",
    "factors": "Does each factor come back?",
    "chance": "Is it more than chance?",
    "power": "Would a group have been detected?",
    "groups": "Are there groups?",
    "columns": "Are the factors needed to find the groups?",
    "pca": "Does it explain more than PCA?",
    "model": "Do the rows support a nonlinear model?",
    "batch": "Is it free of the batch?",
    "cells": "Is it free of gross errors?",
    "depth": "Is it free of the total of a row?",
    "labels": "Do the factors predict the label?",
    "dimensions": "Is there a best number of dimensions?",
    "hint": "Does the local dimension agree?",
    "clusters": "Are there clusters?",
    "learning_rate": "Is there a learning rate that trains well?",
    "rules": "Do the rules agree on it?",
    "divergence": "Did any rate diverge?",
    "best": "Which setting is best?",
    "test": "How good is it on other rows?",
    "parameters": "Which parameters matter?",
    "next": "What next?",
}
"""The question of each sentence, by `about`."""
MARKS = {"yes": "✓", "no": "✗", "undecided": "?"}
"""The mark of each claim."""


@dataclass(frozen=True)
class Sentence:
    """A part of an answer: one claim with its numbers, in at most two or three short sentences.

    about: a key of `QUESTIONS`; several sentences may answer one question. claim: yes, no or
    undecided. short: the same for the terminal; by default as `shortened` makes it. command: of
    the next step, `COMMAND` with the overrides to change.
    """

    about: str
    claim: str
    sentence: str
    short: str = ""
    command: str = ""


def next_command(claim: str, text: str, changes: str = "") -> Sentence:
    """Return a next step that the command of the run makes, with some overrides changed."""
    command = f"{COMMAND} {changes}".rstrip()
    return Sentence("next", claim, f"{text}: {command}", f"{text}:", command)


def document(sentences: Iterable[Sentence]) -> Document:
    """Return answer.json."""
    return Document("answer", {"sentences": [*map(_part, sentences)]})


def _part(sentence: Sentence) -> dict[str, str]:
    part = asdict(sentence) | {"short": sentence.short or shortened(sentence.sentence)}
    return part if sentence.command else {k: v for k, v in part.items() if k != "command"}


def shortened(text: str) -> str:
    """Return the first sentences of a text that have at most 160 characters together.

    Without commands, and without parentheses if the text is longer.
    """
    parts = [part for part in END.split(text) if COMMAND not in part]
    text = " ".join(parts)
    if len(text) <= LONGEST:
        return text
    kept, *parts = (PARENTHESES.sub("", part) for part in parts)
    for part in parts:
        if len(kept) + 1 + len(part) > LONGEST:
            break
        kept += f" {part}"
    return cut(kept, LONGEST)


def p_value_text(p: float, copies: int, what: str) -> str:
    """Return "p = 0.01", and whether it is the least possible value.

    copies: number of random copies that it is computed from. what: the copies, in the plural.
    """
    least = 1 / (1 + copies)
    text = f"p = {p:.2g}"
    return f"{text}, the least possible with {copies} {what}" if p <= least * 1.001 else text
