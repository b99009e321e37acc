"""answer: QuestionSpec -> what it takes to answer it, as artefacts."""

from aeexp.questions import how_many, learning_rate
from aeexp.questions.answering import Callbacks, answer

__all__ = ["Callbacks", "answer", "how_many", "learning_rate"]
