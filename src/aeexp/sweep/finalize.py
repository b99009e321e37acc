"""How a sweep ended: its summary, told and as an exit code."""

from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from aeexp.present.terminal.run import quiet_console
from aeexp.runs import Ledger, Status
from aeexp.sweep.summary import summarise
from aeexp.text import counted, printable

FAILED, DIVERGED = 1, 3
NAMED = 20  # jobs that are not complete, told one by one


def finalize(sweeps: Sequence[Path], into: Path) -> int:
    """Write and tell the summary of sweeps, in a directory; return an exit code.

    It is 1 if a job failed or is missing, otherwise 3 if one diverged, otherwise 0.
    """
    summary, console = summarise(sweeps, into), quiet_console()
    failures = [f"#{f.number} {f.overrides}: {f.status}: {f.reason}" for f in summary.failures]
    if len(failures) > NAMED:
        failures[NAMED:] = [f"… and {len(failures) - NAMED:,} more, in {summary.table}"]
    newer = [
        f"{sweep}: {counted(unknown, 'line')} of a newer aeexp passed over"
        for sweep in sweeps
        if (unknown := Ledger(sweep).unknown())
    ]
    for line in (*newer, *failures, *summary.lines, f"summary: {summary.page}"):
        console.print(Text(printable(line)), soft_wrap=True)
    statuses = {job.status for sweep in sweeps for job in Ledger(sweep).jobs().values()}
    if not statuses <= {Status.COMPLETED, Status.DIVERGED}:
        return FAILED
    return DIVERGED if Status.DIVERGED in statuses else 0
