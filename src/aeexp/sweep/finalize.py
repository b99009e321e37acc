"""The end of a sweep: write its summary, print it, and return an exit code."""

from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from aeexp.present.terminal.run import quiet_console
from aeexp.runs import Ledger, Status
from aeexp.sweep.summary import summarise
from aeexp.text import counted, printable

FAILED, DIVERGED = 1, 3
MAX_LISTED = 20  # failed jobs with a line each


def finalize(sweeps: Sequence[Path], into: Path) -> int:
    """Write the summary of sweeps into a directory and print it; return an exit code.

    It is 1 if a job failed or is missing, otherwise 3 if one diverged, otherwise 0.
    """
    summary, console = summarise(sweeps, into), quiet_console()
    failures = [f"#{f.number} {f.overrides}: {f.status}: {f.reason}" for f in summary.failures]
    if len(failures) > MAX_LISTED:
        failures[MAX_LISTED:] = [f"… and {len(failures) - MAX_LISTED:,} more, in {summary.table}"]
    newer = [
        f"{sweep}: {counted(unknown, 'line')} of a newer aeexp ignored"
        for sweep in sweeps
        if (unknown := Ledger(sweep).unknown())
    ]
    for line in (*newer, *failures, *summary.lines, f"summary: {summary.page}"):
        console.print(Text(printable(line)), soft_wrap=True)
    statuses = {job.status for sweep in sweeps for job in Ledger(sweep).jobs().values()}
    if not statuses <= {Status.COMPLETED, Status.DIVERGED}:
        return FAILED
    return DIVERGED if Status.DIVERGED in statuses else 0
