"""The evidence for what a run found: what it is held against, and what that says."""

from aeexp.evidence.answer import Sentence, answer, document
from aeexp.evidence.exhibits import exhibits
from aeexp.evidence.gather import Evidence, gather
from aeexp.evidence.method import OURS, Method
from aeexp.evidence.stamps import stamps
from aeexp.evidence.tables import co_assignments, numbers, of_rows, tables

__all__ = [
    "OURS",
    "Evidence",
    "Method",
    "Sentence",
    "answer",
    "co_assignments",
    "document",
    "exhibits",
    "gather",
    "numbers",
    "of_rows",
    "stamps",
    "tables",
]
