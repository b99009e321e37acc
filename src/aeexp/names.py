"""Names that users choose: classes, columns, tables, runs. They may have any characters."""

import re
from collections.abc import Sequence
from hashlib import sha256

LONGEST = 80
FEW = 5  # texts told of many
PLAIN = re.compile(rf"\w[\w.-]{{0,{LONGEST - 1}}}(?<!\.)", re.ASCII)
"""A name that a file can have as it is: not hidden, no option, no way elsewhere."""
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""What Windows has devices for, whatever the ending."""
HASHED = re.compile(r".*-[0-9a-f]{8}")


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
