"""How numbers, lists and names are written. Names are the user's: they may have any characters."""

import math
import re
from collections.abc import Iterable, Sequence
from hashlib import sha256

NOTHING = "–"
EACH_BY = "; by ", "; and by "
"""Between long phrases, see `listed`: by a; by b; and by c."""
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
LONGEST = 80
FEW = 5  # texts told of many
PLAIN = re.compile(rf"\w[\w.-]{{0,{LONGEST - 1}}}(?<!\.)", re.ASCII)
"""A name that a file can have as it is: not hidden, no option, no way elsewhere."""
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""What Windows has devices for, whatever the ending."""
HASHED = re.compile(r".*-[0-9a-f]{8}")


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


def printable(text: str, keep: str = "") -> str:
    """Return `text` with a mark for each character that is not printed, such as an escape code.

    keep: the control characters that may stay.
    """
    return "".join(
        c if c.isprintable() or c in keep else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def short(name: str, most: int = 40) -> str:
    """Return a name that is told among others, cut where it is long."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def few(texts: Sequence[str], most: int = FEW, separator: str = ", ", more: str = "more") -> str:
    """Return the first of several texts, and how many more there are."""
    rest = f" and {len(texts) - most} {more}" if len(texts) > most else ""
    return separator.join(texts[:most]) + rest


def slug(name: str) -> str:
    """Return a name as part of a path: itself if it is plain, else what of it is, and a hash.

    It has letters, digits, dots, dashes and underscores of ASCII alone, at most 89 of them, and
    other names have other slugs.
    """
    if PLAIN.fullmatch(name) and not RESERVED.fullmatch(name) and not HASHED.fullmatch(name):
        return name
    kept = re.sub(r"[^A-Za-z0-9._-]+", "-", name[: 2 * LONGEST]).strip("-.")[:LONGEST]
    digest = sha256(name.encode(errors="surrogatepass")).hexdigest()
    return f"{kept or 'name'}-{digest[:8]}"
