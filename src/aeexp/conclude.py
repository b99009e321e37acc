"""How a sweep ended: its summary, told and as an exit code."""

import sys
from collections.abc import Sequence
from pathlib import Path

from aeexp.names import printable
from aeexp.runs import Ledger, Status
from aeexp.summary import summarise

FAILED, DIVERGED = 1, 3


def conclude(sweeps: Sequence[Path], into: Path) -> int:
    """Write and tell the summary of sweeps, in a directory; return an exit code.

    It is 1 if a job failed or is missing, otherwise 3 if one diverged, otherwise 0.
    """
    summary = summarise(sweeps, into)
    for each in summary.failures:
        _tell(f"#{each.number} {each.overrides}: {each.status}: {each.reason}")
    for line in (*summary.lines, f"summary: {summary.page}"):
        _tell(line)
    statuses = {job.status for sweep in sweeps for job in Ledger(sweep).jobs().values()}
    if not statuses <= {Status.COMPLETED, Status.DIVERGED}:
        return FAILED
    return DIVERGED if Status.DIVERGED in statuses else 0


def _tell(line: str) -> None:
    sys.stdout.write(f"{printable(line)}\n")
