"""Blocks of rows, so that what is computed from a table need not be held whole."""

from collections.abc import Iterator

VALUES = 2**20  # of a block: 4 MiB in single precision


def blocks(rows: int, columns: int, values: int = VALUES) -> Iterator[slice]:
    """Yield slices that cover so many rows, each of about `values` values, or of one row."""
    size = max(1, values // max(1, columns))
    return (slice(start, min(start + size, rows)) for start in range(0, rows, size))
