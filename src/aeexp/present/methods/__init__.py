"""methods: an experiment -> the Methods paragraphs of a paper, and what they cite."""

from aeexp.config.spec import describe
from aeexp.present.methods import evidence
from aeexp.present.methods.citations import keys, references, source
from aeexp.present.methods.paragraphs import Methods, methods

__all__ = [
    "Methods",
    "describe",
    "evidence",
    "keys",
    "methods",
    "references",
    "source",
]
