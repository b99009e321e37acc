"""How numbers and other people's words are written."""

import math
from collections.abc import Iterable

from aeexp.names import printable

NOTHING = "–"


def one_line(text: str, longest: int = 300) -> str:
    """Return `text` on one line of at most `longest` characters."""
    line = printable(" ".join(text.split()))
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def number(value: float) -> str:
    """Return a number as a reader wants it: whole ones in full, others with four digits."""
    if not math.isfinite(value):
        return NOTHING
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e9 else f"{value:.4g}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return "1 run" or "1,000 runs"."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def joined(words: Iterable[str]) -> str:
    """Return words with commas between."""
    return ", ".join(words)
