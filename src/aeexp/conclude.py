"""How a sweep ended: its summary, told and as an exit code."""

import sys
from collections.abc import Sequence
from pathlib import Path

from aeexp.runs import Ledger, Status
from aeexp.summary import summarise

FAILED, DIVERGED = 1, 3


def conclude(sweeps: Sequence[Path], into: Path) -> int:
    """Write and tell the summary of sweeps, in a directory; return an exit code.

    It is 1 if a job failed or is missing, otherwise 3 if one diverged, otherwise 0.
    """
    summary = summarise(sweeps, into)
    for each in summary.failures:
        sys.stdout.write(f"#{each.number} {each.overrides}: {each.status}: {each.reason}\n")
    for line in (*summary.lines, f"summary: {summary.page}"):
        sys.stdout.write(f"{line}\n")
    statuses = {job.status for sweep in sweeps for job in Ledger(sweep).jobs().values()}
    if not statuses <= {Status.COMPLETED, Status.DIVERGED}:
        return FAILED
    return DIVERGED if Status.DIVERGED in statuses else 0
