"""answer: QuestionSpec -> what it takes to answer it, as artefacts."""

from aeexp.questions import how_many, learning_rate
from aeexp.questions.answering import Callbacks, answer, in_words
from aeexp.questions.leg import Leg

__all__ = ["Callbacks", "Leg", "answer", "how_many", "in_words", "learning_rate"]
