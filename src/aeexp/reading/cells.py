"""Cells of text: which are missing, which are numbers, and of what type their column is."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

MISSING = ("", "NA", "N/A", "#N/A", "NAN", "-NAN", "NULL", "NONE", "-", "--", "?", ".")
"""Cells that stand for nothing in a column of numbers, in capitals; in text, only an empty one."""

EXACT = 2**53  # beyond it, double precision skips whole numbers
EXAMPLES = 3  # cells named of those that are no numbers


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
    their row. words: what was taken as missing.
    """

    filled: int = 0
    strangers: int = 0
    examples: list[tuple[int, str]] = field(default_factory=list)
    words: Counter[str] = field(default_factory=Counter)
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
            self.words[each["values"]] += each["counts"]

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
