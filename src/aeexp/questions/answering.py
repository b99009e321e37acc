"""The verb that questions are registered with, and how an answer is kept."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import singledispatch
from typing import Any

from aeexp.artifact import Artifact, Document
from aeexp.evidence import Sentence
from aeexp.problem import Problem
from aeexp.spec import Experiment, QuestionSpec
from aeexp.watch import Watch

Callbacks = Sequence[Any]


@singledispatch
def answer(
    question: QuestionSpec,
    experiment: Experiment,
    problem: Problem,
    watch: Watch,
    callbacks: Callbacks,
) -> Iterator[Artifact]:
    """Yield each artefact of an answer as soon as it is known."""
    message = f"No answer to {type(question).__name__}: register one with answer.register."
    raise NotImplementedError(message)


def document(sentences: Iterable[Sentence]) -> Document:
    """Return sentences as they are kept."""
    return Document("answer", {"sentences": [asdict(each) for each in sentences]})
