"""Names of columns, and safe display of text from an untrusted file."""

from collections import Counter
from collections.abc import Iterable, Sequence

from aeexp.errors import UserError
from aeexp.text import few, printable, short

SHOWN = 40  # characters of a name or a cell
LISTED = 5  # names in a sentence


def shown(text: object, limit: int = SHOWN) -> str:
    """Return at most `limit` characters of a text, without control characters."""
    return short(printable(str(text)[: limit + 1]), limit)


def listed(texts: Iterable[object]) -> str:
    """Return the first texts in quotation marks, and the number of the others."""
    return few([f"'{shown(text)}'" for text in texts], LISTED)


def numbered(columns: int) -> list[str]:
    """Return x1, x2, …: the names of columns in a file without names."""
    return [f"x{number}" for number in range(1, columns + 1)]


def named(names: Sequence[str]) -> list[str]:
    """Return the names of columns, stripped; an empty name becomes x and the column's number.

    Raises:
        UserError: Two columns have the same name.
    """
    stripped = [str(name).strip() for name in names]
    complete = [name or x for name, x in zip(stripped, numbered(len(stripped)), strict=True)]
    twice = [name for name, count in Counter(complete).items() if count > 1]
    if twice:
        raise UserError(
            f"several columns have the same name: {listed(twice)}. Rename them, or set"
            " dataset.header=false if the file has no names."
        )
    return complete


def distinct(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return names that differ, and those that were repeated.

    A repetition gets -1, -2, …, as anndata's `var_names_make_unique` does.
    """
    taken, repeated = set(names), dict[str, int]()
    different: list[str] = []
    first = set[str]()
    for name in names:
        unique = name
        while unique in first or (unique != name and unique in taken):
            repeated[name] = repeated.get(name, 0) + 1
            unique = f"{name}-{repeated[name]}"
        first.add(unique)
        different.append(unique)
    return different, [*repeated]
