"""How numbers, lists and other people's words are written."""

import math
from collections.abc import Iterable, Sequence

from aeexp.names import few, printable, short

NOTHING = "–"
EACH_BY = "; by ", "; and by "
"""Between long phrases, see `listed`: by a; by b; and by c."""
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


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


def listed(several: Sequence[str], comma: str = ", ", and_: str = " and ") -> str:
    """Return "a", "a and b" or "a, b and c"."""
    *others, last = several
    return f"{comma.join(others)}{and_}{last}" if others else last


def named(name: str) -> str:
    """Return a name of the user's as Markdown that means nothing else, and cites nothing."""
    return f"`{short(printable(name).replace('`', chr(39))) or '?'}`"


def names(several: Sequence[str]) -> str:
    """Return the first of several names of the user's, and how many more there are."""
    return few([named(name) for name in several])


def exact(value: float) -> str:
    """Return a number as a paper has it: whole ones in full, others with six digits."""
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{value:,.0f}"
    mantissa, _, exponent = f"{value:g}".partition("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(RAISED)}" if exponent else mantissa


def percent(share: float) -> str:
    """Return a share as a percentage."""
    return f"{exact(100 * share)} %"
