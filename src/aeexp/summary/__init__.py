"""The summary of sweeps: what many runs come to, in one table and one page."""

from aeexp.summary.summary import Failure, Summary, summarise

__all__ = ["Failure", "Summary", "summarise"]
