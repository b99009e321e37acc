"""Text cells: which ones are missing, which ones are numbers, and the type of their column."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from aeexp.data.features import EXACT
from aeexp.data.na import NaValues

MISSING = ("", "NA", "N/A", "#N/A", "NAN", "-NAN", "NULL", "NONE", "-", "--", "?", ".")
"""Cells that mean a missing number, in capitals. In a text column, only an empty cell is."""
MINUS = "\u2212"  # the minus sign of typography, as other programs write it
SIGN = f"[+{MINUS}-]?"

UNIT = r"[^0-9\s.,;:/<>=()*+-][^0-9\s]{0,15}"  # text that may follow a number

EXAMPLES = 3  # non-numeric cells listed for a column
MOST_WORDS = 50  # different texts counted in a column
FEW = 64  # rows: the columns of a batch this small are processed together
DIGITS = 15  # integers of at most this many digits are exact in double precision


@dataclass(frozen=True)
class Style:
    """How numbers are written."""

    decimal: str = "."
    thousands: str | None = None

    @property
    def pattern(self) -> str:
        """Return a regular expression of a number, for Python's `fullmatch` and for RE2."""
        return rf"(?i)^{self.number}$"

    @property
    def number(self) -> str:
        """Return the regular expression without its ends."""
        mark = f"[{self.decimal}]"
        number = rf"[0-9]+(?:{mark}[0-9]*)?|{mark}[0-9]+"
        if self.thousands:
            number += rf"|[1-9][0-9]{{0,2}}(?:[{self.thousands}][0-9]{{3}})+(?:{mark}[0-9]*)?"
        return rf"{SIGN}(?:(?:{number})(?:e{SIGN}[0-9]+)?|inf(?:inity)?)"


PLAIN = Style()


@dataclass(frozen=True)
class Notation:
    """How cells are written. na: missing cells. units: removed from the end of numbers."""

    style: Style = PLAIN
    na: NaValues = NaValues()
    units: tuple[str, ...] = ()

    @property
    def unit_pattern(self) -> str:
        """Return a regular expression of a number with a unit, which is the last group."""
        return rf"(?i)^(?P<number>{self.style.number})[ \x{{A0}}]?(?P<unit>{UNIT})$"


@dataclass
class Column:
    """What the cells read so far require of a text column's type.

    filled: the number of cells that are not missing. non_numeric: how many of them are not
    numbers. examples: the first of them, with their rows. missing: the cells taken as
    missing, with their counts. is_integral: all numbers are integers. beyond_exact: an integer
    exceeds `EXACT`. beyond_int64: an integer exceeds int64. has_minus: a number has the sign
    `MINUS`. suffixes, others: the cells that are not numbers, counted by the unit that follows a
    number and by their text; None after more than `MOST_WORDS` of them.
    """

    notation: Notation = Notation()
    filled: int = 0
    non_numeric: int = 0
    examples: list[tuple[int, str]] = field(default_factory=list)
    missing: dict[str, int] = field(default_factory=dict)
    is_integral: bool = True
    beyond_exact: bool = False
    beyond_int64: bool = False
    has_minus: bool = False
    suffixes: Counter[str] | None = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)

    @property
    def type(self) -> pa.DataType:
        """Return int64 or float64, or string if these cannot hold every cell exactly."""
        if self.unit in self.notation.units and not self.others:
            return pa.float64()
        has_gaps = bool(self.missing)
        inexact = self.beyond_int64 or (self.beyond_exact and has_gaps)
        if self.non_numeric or (self.is_integral and inexact):
            return pa.string()
        return pa.int64() if self.is_integral and self.filled and not has_gaps else pa.float64()

    @property
    def unit(self) -> str | None:
        """Return the unit that all numbers have; None without one."""
        has_numbers = self.filled > self.non_numeric
        return None if has_numbers or len(self.suffixes or ()) != 1 else min(self.suffixes or ())

    @property
    def remedy(self) -> tuple[str, ...] | None:
        """Return the texts that must be missing to make the column numeric.

        None if it is not text, or if less than half of its cells are numbers.
        """
        if not self.non_numeric or self.suffixes is None:
            return None
        texts = Counter(self.others)
        if self.unit is None:
            texts.update({f"*{unit}": count for unit, count in self.suffixes.items()})
        return tuple(sorted(texts)) if 2 * texts.total() < self.filled else None

    def update(self, cells: Any, row: int) -> None:
        """Take account of more cells. row: the row of the first."""
        style = self.notation.style
        if style == PLAIN and self._take_numbers(cells):
            self.filled += len(cells)
            return
        texts = _without_missing(cells, self.notation)
        self.filled += len(texts) - texts.null_count
        if texts.null_count:
            tokens = pc.ascii_trim_whitespace(pc.filter(cells, pc.is_null(texts)))
            for token in pc.value_counts(tokens).to_pylist():
                word = token["values"]
                self.missing[word] = self.missing.get(word, 0) + token["counts"]
        if (non_numeric := _non_numeric(texts, style)) is not None:
            self.non_numeric += pc.sum(non_numeric).as_py()
            room = EXAMPLES - len(self.examples)
            for index in pc.indices_nonzero(non_numeric)[:room].to_pylist():
                self.examples.append((row + index, texts[index].as_py()))
            self._count(pc.drop_null(pc.filter(texts, non_numeric)))
        elif not self.non_numeric:
            self.has_minus |= bool(pc.any(pc.match_substring(texts, MINUS)).as_py())
            self._take_integers(_in_plain_style(texts, style))

    def _take_integers(self, texts: Any) -> None:
        """Take account of numbers in plain style."""
        if not self.is_integral:
            return
        try:
            self.beyond_exact |= _exceeds_exact(_to_integers(texts))
        except pa.ArrowInvalid:
            digits = pc.all(pc.match_substring_regex(texts, "^[0-9+-]+$")).as_py()
            self.is_integral = digits is True
            self.beyond_int64 |= self.is_integral

    def _count(self, texts: Any) -> None:
        """Count texts that are not numbers, unless they are too many for a column of numbers."""
        if self.suffixes is None:
            return
        units = pc.struct_field(pc.extract_regex(texts, self.notation.unit_pattern), "unit")
        below_limit = rf"(?i)^([<>\x{{2264}}\x{{2265}}])=?\s*{self.notation.style.number}$"
        others = pc.replace_substring_regex(texts, below_limit, r"\1*")
        for counter, cells in (
            (self.suffixes, pc.drop_null(units)),
            (self.others, pc.filter(others, pc.is_null(units))),
        ):
            for count in pc.value_counts(cells).to_pylist():
                counter[count["values"]] += count["counts"]
        if len(self.suffixes) + len(self.others) > MOST_WORDS:
            self.suffixes = None

    def _take_numbers(self, cells: Any) -> bool:
        """Take account of cells if Arrow itself converts all of them; return whether it does."""
        if self.non_numeric:
            return False
        try:
            if self.is_integral:
                self.beyond_exact |= _exceeds_exact(cells.cast(pa.int64()))
                # Arrow also converts hexadecimal numbers
                return not pc.any(pc.match_substring(cells, "x", ignore_case=True)).as_py()
            return not pc.any(pc.is_nan(cells.cast(pa.float64()))).as_py()
        except pa.ArrowInvalid:
            return False


def update_all(columns: Sequence[Column], batch: pa.RecordBatch, row: int) -> None:
    """Update each column with its cells in a batch. row: the row of the first.

    Calling Arrow once for each of 100,000 columns is slow. So in a batch of few rows, the cells
    of all columns are matched in one call, and only columns with other cells are updated alone.
    """
    rows = batch.num_rows
    if columns[0].notation.style == PLAIN and 0 < rows <= FEW:
        cells = pa.concat_arrays(batch.columns)
        patterns = PLAIN.pattern.replace(MINUS, ""), f"^[+-]?[0-9]{{1,{DIGITS}}}$", "^[+-]?[0-9]+$"
        is_number, is_short, is_integer = (
            pc.match_substring_regex(cells, pattern)
            .to_numpy(zero_copy_only=False)
            .reshape(-1, rows)
            for pattern in patterns
        )
        simple = is_number.all(1) & ~(is_integer & ~is_short).any(1)
        integral = is_short.all(1)
    else:
        simple = integral = [False] * len(columns)
    for index, column in enumerate(columns):
        if simple[index] and not column.non_numeric:
            column.filled += rows
            column.is_integral = bool(column.is_integral and integral[index])
        else:
            column.update(batch.column(index), row)


def convert_all(batch: pa.RecordBatch, schema: pa.Schema, notation: Notation) -> pa.RecordBatch:
    """Convert a batch of text to a schema; for few rows together, as in `update_all`."""
    cells = {name: batch.column(name) for name in schema.names}
    if notation.style == PLAIN and batch.num_rows <= FEW:
        for kind in set(schema.types) - {pa.string()}:
            cells |= _cast(cells, [f.name for f in schema if f.type == kind], kind)
    typed = [
        values if values.type == kind and kind != pa.string() else convert(values, kind, notation)
        for values, kind in zip(cells.values(), schema.types, strict=True)
    ]
    return pa.RecordBatch.from_arrays(typed, schema=schema)


def _cast(cells: Mapping[str, Any], names: Sequence[str], kind: pa.DataType) -> dict[str, Any]:
    """Return columns as numbers by one cast for all of them; return none if it fails."""
    try:
        numbers = pa.concat_arrays([cells[name] for name in names]).cast(kind)
    except pa.ArrowInvalid:
        return {}
    rows = len(numbers) // len(names)
    return {name: numbers.slice(i * rows, rows) for i, name in enumerate(names)}


def convert(cells: Any, kind: pa.DataType, notation: Notation = Notation()) -> Any:
    """Convert the cells of a column to its type; missing cells become null."""
    if pa.types.is_string(kind):
        missing = pc.equal(cells, "")
        if notation.na.words:
            missing = pc.or_(missing, _is_na(pc.ascii_trim_whitespace(cells), notation))
        return pc.if_else(missing, pa.scalar(None, pa.string()), cells)
    if notation.style == PLAIN:
        try:
            return cells.cast(kind)
        except pa.ArrowInvalid:
            pass
    texts = _without_missing(cells, notation)
    if notation.units:
        texts = pc.replace_substring_regex(texts, notation.unit_pattern, r"\1")
    texts = _in_plain_style(texts, notation.style)
    return _to_integers(texts) if pa.types.is_integer(kind) else texts.cast(kind)


def _to_integers(texts: Any) -> Any:
    return pc.utf8_ltrim(texts, "+").cast(pa.int64())


def _non_numeric(texts: Any, style: Style) -> Any:
    """Return which texts are not numbers, or None if all are."""
    if style == PLAIN:
        try:
            texts.cast(pa.float64())
        except pa.ArrowInvalid:
            pass
        else:
            return None
    non_numeric = pc.invert(pc.match_substring_regex(texts, style.pattern))
    return non_numeric if pc.any(non_numeric).as_py() else None


def _without_missing(cells: Any, notation: Notation) -> Any:
    texts = pc.ascii_trim_whitespace(cells)
    missing = pc.is_in(pc.ascii_upper(texts), value_set=pa.array(MISSING))
    if notation.na.words:
        missing = pc.or_(missing, _is_na(texts, notation))
    return pc.if_else(missing, pa.scalar(None, pa.string()), texts)


def _is_na(texts: Any, notation: Notation) -> Any:
    """Return which texts are among the words of dataset.na; a number is not."""
    is_number = pc.match_substring_regex(texts, notation.style.pattern)
    return pc.and_not(pc.match_substring_regex(texts, notation.na.pattern), is_number)


def _in_plain_style(texts: Any, style: Style) -> Any:
    """Return numbers in the style that Arrow reads."""
    texts = pc.replace_substring(texts, MINUS, "-")
    if style.thousands:
        texts = pc.replace_substring(texts, style.thousands, "")
    return pc.replace_substring(texts, style.decimal, ".") if style.decimal != "." else texts


def _exceeds_exact(numbers: Any) -> bool:
    ends = pc.min_max(numbers).as_py()
    return max(-(ends["min"] or 0), ends["max"] or 0) > EXACT
