"""Formatting of numbers, lists and names. Names are the user's and may have any characters."""

import math
import re
from collections.abc import Iterable, Sequence
from hashlib import sha256

NOTHING = "–"
EACH_BY = "; by ", "; and by "
"""Separators for `listed`: a; by b; and by c."""
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
LONGEST = 80  # characters of a name in a path
FEW = 5  # texts listed of many
PLAIN = re.compile(rf"\w[\w.-]{{0,{LONGEST - 1}}}(?<!\.)", re.ASCII)
"""A safe file name: not hidden, not an option, not a path."""
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names of devices on Windows, with any ending."""
HASHED = re.compile(r".*-[0-9a-f]{8}")


def one_line(text: str, longest: int = 300) -> str:
    """Return `text` on one line of at most `longest` characters."""
    return short(printable(" ".join(text.split())), longest)


def number(value: float) -> str:
    """Return an integer in full, another number with four digits, and NaN as a dash."""
    if not math.isfinite(value):
        return NOTHING
    return f"{value:z.0f}" if float(value).is_integer() and abs(value) < 1e9 else f"{value:.4g}"


def distinct(*values: float) -> list[str]:
    """Return numbers with three digits, or with more until different numbers look different.

    So a number that is below a threshold is not rounded to it: "0.8998" and "0.9".
    """
    for digits in range(3, 18):
        texts = [f"{value:.{digits}g}" for value in values]
        if len(set(texts)) == len(set(values)):
            break
    return texts


def with_error(value: float, error: float) -> str:
    """Return a number ± its error, with as many decimals as the first digit of the error has."""
    if not (math.isfinite(error) and error > 0):
        return f"{value:z.2f}"
    decimals = max(0, -math.floor(math.log10(error)))
    return f"{value:z.{decimals}f} ± {error:.{decimals}f}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return "1 run" or "1,000 runs"."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def joined(texts: Iterable[str]) -> str:
    """Return texts separated by commas."""
    return ", ".join(texts)


def listed(texts: Sequence[str], comma: str = ", ", and_: str = " and ") -> str:
    """Return "a", "a and b" or "a, b and c"."""
    *first, last = texts
    return f"{comma.join(first)}{and_}{last}" if first else last


def named(name: str) -> str:
    """Return a user's name as Markdown code, so that it has no markup and no citation."""
    return f"`{short(printable(name).replace('`', chr(39))) or '?'}`"


def names(several: Sequence[str]) -> str:
    """Return the first names as Markdown code, and the number of the others."""
    return few([named(name) for name in several])


def exact(value: float) -> str:
    """Return a number for a paper: integers in full, others with six digits."""
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{value:,.0f}"
    mantissa, _, exponent = f"{value:g}".partition("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(RAISED)}" if exponent else mantissa


def percent(share: float) -> str:
    """Return a share as a percentage."""
    return f"{exact(100 * share)} %"


def printable(text: str, keep: str = "") -> str:
    """Return `text` with a replacement for each character that does not print.

    Escape codes are such characters. keep: the control characters to leave unchanged.
    """
    return "".join(
        c if c.isprintable() or c in keep else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def short(text: str, most: int = 40) -> str:
    """Return at most `most` characters of a text."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def few(texts: Sequence[str], most: int = FEW, separator: str = ", ", more: str = "more") -> str:
    """Return the first `most` texts, and the number of the others."""
    rest = f" and {len(texts) - most:,} {more}" if len(texts) > most else ""
    return separator.join(texts[:most]) + rest


def slug(name: str) -> str:
    """Return a name for use in a path: unchanged if it is safe, else its safe part and a hash.

    The result has at most 89 characters: ASCII letters, digits, dots, dashes and underscores.
    Different names have different results.
    """
    if PLAIN.fullmatch(name) and not RESERVED.fullmatch(name) and not HASHED.fullmatch(name):
        return name
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", name[: 2 * LONGEST]).strip("-.")[:LONGEST]
    digest = sha256(name.encode(errors="surrogatepass")).hexdigest()
    return f"{safe or 'name'}-{digest[:8]}"
