"""Questions to the user, which only a terminal can answer."""

import sys
from pathlib import Path

from aeexp.errors import UserError


def confirmed(question: str, *, default: bool) -> bool:
    """Return whether the user agrees; False without a terminal, where nobody can answer."""
    if not _can_answer():
        return False
    sys.stdout.write(f"{question} [{'Y/n' if default else 'y/N'}] ")
    sys.stdout.flush()
    answer = sys.stdin.readline().lower()  # without a line end, the input has ended
    return answer.strip() in {"y", "yes"} or (default and answer == "\n")


def require_new(path: Path, *, overwrite: bool) -> None:
    """Ask before an existing file is overwritten; refuse it if nobody can answer.

    Raises:
        UserError: The file exists and may not be overwritten.
    """
    if overwrite or not path.exists() or confirmed(f"{path} exists. Overwrite it?", default=False):
        return
    raise UserError(f"{path} exists: add --overwrite, or name another file with -o.")


def _can_answer() -> bool:
    return bool(sys.stdin and sys.stdin.isatty() and sys.stdout.isatty())
