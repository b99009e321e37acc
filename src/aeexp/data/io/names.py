"""What columns are called, and how names from a stranger's file are shown."""

from collections import Counter
from collections.abc import Iterable, Sequence

from aeexp.errors import UserError

SHOWN = 40  # characters of a name or a cell
LISTED = 5  # names in a sentence


def shown(text: object, limit: int = SHOWN) -> str:
    """Return a text from a file as it is safe to print: short, without control characters."""
    clean = "".join(c for c in str(text)[: 10 * limit] if c.isprintable())
    return clean if len(clean) <= limit else f"{clean[: limit - 1]}…"


def listed(texts: Iterable[object], limit: int = LISTED) -> str:
    """Say the first few texts, quoted, and how many more there are."""
    every = list(texts)
    said = ", ".join(f"'{shown(text)}'" for text in every[:limit])
    return f"{said} and {len(every) - limit:,} more" if len(every) > limit else said


def numbered(columns: int) -> list[str]:
    """Return x1, x2, …: the names of columns that have none."""
    return [f"x{number}" for number in range(1, columns + 1)]


def named(names: Sequence[str]) -> list[str]:
    """Return a name for each column; those that have none are called x and their number.

    Raises:
        UserError: Two columns have the same name.
    """
    given = [str(name).strip() for name in names]
    complete = [name or x for name, x in zip(given, numbered(len(given)), strict=True)]
    twice = [name for name, count in Counter(complete).items() if count > 1]
    if twice:
        message = (
            f"several columns are called {listed(twice)}: give each column a name of its own,"
            " or say dataset.header=false if the file has no names."
        )
        raise UserError(message)
    return complete
