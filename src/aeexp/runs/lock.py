"""One process at a time in a sweep."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from aeexp.errors import UserError


@contextmanager
def locked(sweep: Path) -> Iterator[None]:
    """Keep every other process from the same sweep; the lock of one that was killed is gone.

    Raises:
        UserError: Another process is at it.
    """
    lock = FileLock(sweep / "sweep.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        message = f"Another process works on {sweep}: wait for it, or stop it first."
        raise UserError(message) from None
    try:
        yield
    finally:
        lock.release()
