"""answer: the function that each analysis task registers an implementation of."""

from collections.abc import Iterator, Sequence
from typing import Any

from aeexp.config.spec import Experiment, QuestionSpec
from aeexp.config.verb import verb
from aeexp.data.prepare import Problem
from aeexp.runs.artifact import Artifact
from aeexp.runs.progress import Monitor

Callbacks = Sequence[Any]


@verb
def answer(
    question: QuestionSpec,
    experiment: Experiment,
    problem: Problem,
    monitor: Monitor,
    callbacks: Callbacks,
) -> Iterator[Artifact]:
    """Yield each artifact of a task as soon as it is ready."""
    raise NotImplementedError(
        f"No answer to {type(question).__name__}: register one with answer.register."
    )
