"""Records of the rows that are reconstructed worst."""

from collections.abc import Sequence
from itertools import groupby

from aeexp.present.html.run.run_data import RunData
from aeexp.present.html.table import Record, number_in, three_digits
from aeexp.text import joined, short


def outlier_records(run: RunData) -> Sequence[Record]:
    """Return a record for each row, with the features that make its error in one text."""
    return [
        {**cells[0], "made_by": joined(_feature(cell) for cell in cells)}
        for _, group in groupby(run.rows("outliers"), lambda cell: cell["row"])
        if (cells := [*group])
    ]


def _feature(cell: Record) -> str:
    value, expected, share = (
        number_in(cell, name) for name in ("value", "reconstructed", "share")
    )
    numbers = f"{three_digits(value)}, not {three_digits(expected)}"
    return f"{short(cell['feature'])} {numbers} ({100 * share:.0f} %)"
