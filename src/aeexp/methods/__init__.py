"""methods: an experiment -> the Methods paragraphs of a paper, and what they cite."""

from aeexp.methods import evidence
from aeexp.methods.citations import keys, references, source
from aeexp.methods.paragraphs import Methods, methods
from aeexp.spec import describe

__all__ = [
    "Methods",
    "describe",
    "evidence",
    "keys",
    "methods",
    "references",
    "source",
]
