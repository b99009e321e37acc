"""Blocks of rows, for computations that must not hold a whole table's intermediate results."""

from collections.abc import Iterator

VALUES = 2**20  # of a block: 4 MiB in single precision


def blocks(rows: int, columns: int, values: int = VALUES) -> Iterator[slice]:
    """Yield slices that cover `rows` rows, each of at most `values` values or of one row."""
    size = max(1, values // max(1, columns))
    return (slice(start, min(start + size, rows)) for start in range(0, rows, size))
