"""How much memory is free, and refusing what needs more before it is begun.

What runs out of memory is ended by the system, or by XLA, without a word to the user.
"""

from contextlib import suppress
from pathlib import Path

import psutil

from aeexp.errors import UserError

CGROUP = Path("/sys/fs/cgroup")
UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


def free_bytes() -> int:
    """Return how many bytes of memory this process can take: of the machine's, or its share."""
    available = psutil.virtual_memory().available
    with suppress(OSError, ValueError):  # a container or a job may have less
        limit, used = (
            int((CGROUP / name).read_text()) for name in ("memory.max", "memory.current")
        )
        available = min(available, limit - used)
    return available


def require_memory(needed: float, what: str, remedy: str) -> None:
    """Refuse what needs more memory than is free.

    Raises:
        UserError: It does; the message says how much, and the remedy.
    """
    free = free_bytes()
    if needed > free:
        message = (
            f"{what} takes {in_units(needed)} of memory, and {in_units(free)} are free: {remedy}"
        )
        raise UserError(message)


def in_units(size: float) -> str:
    """Return a number of bytes as people say it: 1.5 GB."""
    for unit in UNITS[:-1]:
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} {UNITS[-1]}"
