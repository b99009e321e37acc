"""The analysis tasks: answer registers a function for each `question`."""

from aeexp.pipeline.tasks import how_many, learning_rate
from aeexp.pipeline.tasks.answering import Callbacks, answer

__all__ = ["Callbacks", "answer", "how_many", "learning_rate"]
