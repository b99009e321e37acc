"""Free memory, and a check that a computation fits into it.

Without the check, the system or XLA ends a process that runs out of memory without a message.
"""

from contextlib import suppress
from pathlib import Path

import psutil

from aeexp.errors import UserError

CGROUP = Path("/sys/fs/cgroup")
UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


def free_bytes() -> int:
    """Return the free memory of the machine or, if smaller, of the process's cgroup, in bytes."""
    available = psutil.virtual_memory().available
    with suppress(OSError, ValueError):  # containers and jobs of clusters set a limit
        limit, used = (
            int((CGROUP / name).read_text()) for name in ("memory.max", "memory.current")
        )
        available = min(available, limit - used)
    return available


def require_memory(needed: float, what: str, remedy: str) -> None:
    """Check that `needed` bytes are free. remedy: a sentence.

    Raises:
        UserError: They are not; the message states both numbers and the remedy.
    """
    free = free_bytes()
    if needed > free:
        raise UserError(
            f"{what} needs {in_units(needed)} of memory, but only {in_units(free)} are free."
            f" {remedy}"
        )


def in_units(size: float) -> str:
    """Return a number of bytes in decimal units, such as 1.5 GB."""
    for unit in UNITS[:-1]:
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} {UNITS[-1]}"
