"""Cells of text: which are missing, which are numbers, and of what type their column is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

MISSING = ("", "NA", "N/A", "#N/A", "NAN", "-NAN", "NULL", "NONE", "-", "--", "?", ".")
"""Cells that stand for nothing in a column of numbers, in capitals; in text, only an empty one."""

EXACT = 2**53  # beyond it, double precision skips whole numbers
EXAMPLES = 3  # cells named of those that are no numbers
FEW = 64  # rows of a batch up to which its columns are looked at together
DIGITS = 15  # of a whole number that double precision certainly has


@dataclass(frozen=True)
class Style:
    """How numbers are written."""

    decimal: str = "."
    thousands: str | None = None

    @property
    def pattern(self) -> str:
        """Return a regular expression of numbers, for Python's `fullmatch` and for RE2."""
        mark = f"[{self.decimal}]"
        number = rf"[0-9]+(?:{mark}[0-9]*)?|{mark}[0-9]+"
        if self.thousands:
            number += rf"|[1-9][0-9]{{0,2}}(?:[{self.thousands}][0-9]{{3}})+(?:{mark}[0-9]*)?"
        return rf"(?i)^[+-]?(?:(?:{number})(?:e[+-]?[0-9]+)?|inf(?:inity)?)$"


PLAIN = Style()


@dataclass
class Column:
    """What is known of a column of text after some of its cells.

    strangers: how many cells are neither missing nor numbers; examples: the first of them, with
    their row. words: what was taken as missing, and
    how often.
    """

    filled: int = 0
    strangers: int = 0
    examples: list[tuple[int, str]] = field(default_factory=list)
    words: dict[str, int] = field(default_factory=dict)
    whole: bool = True
    big: bool = False
    long: bool = False

    @property
    def type(self) -> pa.DataType:
        """Return the type that loses nothing: int64, float64 or, failing these, string."""
        holes = bool(self.words)
        if self.strangers or (self.whole and (self.long or (self.big and holes))):
            return pa.string()
        return pa.int64() if self.whole and self.filled and not holes else pa.float64()

    def see(self, cells: Any, row: int, style: Style) -> None:
        """Learn of further cells, the first of which is in a row."""
        if style == PLAIN and self._plain(cells):
            self.filled += len(cells)
            return
        texts = _without_missing(cells)
        self.filled += len(texts) - texts.null_count
        if texts.null_count:
            self._count(pc.filter(cells, pc.is_null(texts)))
        if (strange := _strange(texts, style)) is not None:
            self._strangers(texts, strange, row)
        elif not self.strangers and self.whole:
            self._whole(_unstyled(texts, style))

    def _plain(self, cells: Any) -> bool:
        """Tell whether all cells are numbers that Arrow understands by itself."""
        if self.strangers:
            return False
        try:
            if self.whole:
                numbers = cells.cast(pa.int64())
                self.big |= _beyond_exact(numbers)
                return not pc.any(pc.match_substring(cells, "x", ignore_case=True)).as_py()
            return not pc.any(pc.is_nan(cells.cast(pa.float64()))).as_py()
        except pa.ArrowInvalid:
            return False

    def _count(self, missing: Any) -> None:
        for each in pc.value_counts(pc.ascii_trim_whitespace(missing)).to_pylist():
            word = each["values"]
            self.words[word] = self.words.get(word, 0) + each["counts"]

    def _strangers(self, texts: Any, strange: Any, row: int) -> None:
        self.strangers += pc.sum(strange).as_py()
        for index in pc.indices_nonzero(strange)[: EXAMPLES - len(self.examples)].to_pylist():
            self.examples.append((row + index, texts[index].as_py()))

    def _whole(self, texts: Any) -> None:
        try:
            self.big |= _beyond_exact(_integers(texts))
        except pa.ArrowInvalid:
            self.whole = pc.all(pc.match_substring_regex(texts, "^[0-9+-]+$")).as_py() is True
            self.long |= self.whole


def see_all(columns: Sequence[Column], batch: pa.RecordBatch, row: int, style: Style) -> None:
    """Let columns learn of further cells, a batch of all of them, whose first row is `row`.

    Of a hundred thousand columns it looks at all cells in one call, not at each column's.
    """
    rows = batch.num_rows
    plain, whole = _plain_columns(batch) if style == PLAIN and rows <= FEW else ((), ())
    for index, column in enumerate(columns):
        if len(plain) and plain[index] and not column.strangers:
            column.filled += rows
            column.whole = bool(column.whole and whole[index])
        else:
            column.see(batch.column(index), row, style)


def _plain_columns(batch: pa.RecordBatch) -> tuple[Any, Any]:
    """Return which columns have nothing but numbers, and which nothing but short whole ones."""
    cells = pa.concat_arrays(batch.columns)
    patterns = PLAIN.pattern, f"^[+-]?[0-9]{{1,{DIGITS}}}$", "^[+-]?[0-9]+$"
    number, short, any_whole = (
        pc.match_substring_regex(cells, pattern)
        .to_numpy(zero_copy_only=False)
        .reshape(-1, batch.num_rows)
        for pattern in patterns
    )
    long = (any_whole & ~short).any(1)
    return number.all(1) & ~long, short.all(1)


def convert_all(batch: pa.RecordBatch, schema: pa.Schema, style: Style) -> pa.RecordBatch:
    """Return a batch of text as what its columns are; see `convert` and `see_all`."""
    cells = {name: batch.column(name) for name in schema.names}
    if style == PLAIN and batch.num_rows <= FEW:
        for kind in set(schema.types) - {pa.string()}:
            cells |= _cast(cells, [f.name for f in schema if f.type == kind], kind)
    typed = [
        values if values.type == kind and kind != pa.string() else convert(values, kind, style)
        for values, kind in zip(cells.values(), schema.types, strict=True)
    ]
    return pa.RecordBatch.from_arrays(typed, schema=schema)


def _cast(cells: Mapping[str, Any], names: Sequence[str], kind: pa.DataType) -> dict[str, Any]:
    """Return columns as numbers, by one cast of all of them; none where that cannot be."""
    try:
        numbers = pa.concat_arrays([cells[name] for name in names]).cast(kind)
    except pa.ArrowInvalid:
        return {}
    rows = len(numbers) // len(names)
    return {name: numbers.slice(i * rows, rows) for i, name in enumerate(names)}


def convert(cells: Any, kind: pa.DataType, style: Style) -> Any:
    """Return cells of text as what their column is; missing ones are null."""
    if pa.types.is_string(kind):
        return pc.if_else(pc.equal(cells, ""), pa.scalar(None, pa.string()), cells)
    if style == PLAIN:
        try:
            return cells.cast(kind)
        except pa.ArrowInvalid:
            pass
    texts = _unstyled(_without_missing(cells), style)
    return _integers(texts) if pa.types.is_integer(kind) else texts.cast(kind)


def _integers(texts: Any) -> Any:
    return pc.utf8_ltrim(texts, "+").cast(pa.int64())


def _strange(texts: Any, style: Style) -> Any:
    """Return which texts are no numbers, or None where all are."""
    if style == PLAIN:
        try:
            texts.cast(pa.float64())
        except pa.ArrowInvalid:
            pass
        else:
            return None
    strange = pc.invert(pc.match_substring_regex(texts, style.pattern))
    return strange if pc.any(strange).as_py() else None


def _without_missing(cells: Any) -> Any:
    texts = pc.ascii_trim_whitespace(cells)
    missing = pc.is_in(pc.ascii_upper(texts), value_set=pa.array(MISSING))
    return pc.if_else(missing, pa.scalar(None, pa.string()), texts)


def _unstyled(texts: Any, style: Style) -> Any:
    """Return numbers as Arrow writes them."""
    if style.thousands:
        texts = pc.replace_substring(texts, style.thousands, "")
    return pc.replace_substring(texts, style.decimal, ".") if style.decimal != "." else texts


def _beyond_exact(numbers: Any) -> bool:
    ends = pc.min_max(numbers).as_py()
    return max(-(ends["min"] or 0), ends["max"] or 0) > EXACT
