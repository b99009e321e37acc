"""Values that a user declares as missing by dataset.na: numbers, and words in text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aeexp.data.features import EXACT, is_numeric

if TYPE_CHECKING:
    import pandas as pd

NONE = "none"
"""The value of dataset.na that declares numbers that look like codes to be measurements."""


@dataclass(frozen=True)
class NaValues:
    """Values that mean a missing cell.

    numbers: equal to a cell of a column of numbers. words: equal to a cell of text; `*` matches
    any characters, unless the word has no other character.
    """

    numbers: tuple[float, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def pattern(self) -> str:
        """Return a regular expression that matches the words, for Python and for RE2."""
        return f"^(?:{'|'.join(map(_pattern, self.words))})$"

    def among(self, values: pd.Series[Any]) -> dict[str, NDArray[np.bool_]]:
        """Return by value which cells of a column equal it: (rows,); without values of no cell."""
        numbers = {f"{number:.15g}": number for number in self.numbers}
        if is_numeric(values):
            cells = values.to_numpy()
            kind = cells.dtype if cells.dtype.kind == "f" else np.dtype(np.float64)
            masks = {text: cells == kind.type(number) for text, number in numbers.items()}
        else:
            texts = values.astype(str).str.strip()
            masks = {
                text: texts.str.fullmatch(_pattern(text)).to_numpy(bool)
                for text in (*self.words, *numbers)
            }
        return {text: mask for text, mask in masks.items() if mask.any()}


def na_values(na: Iterable[str] | None) -> NaValues:
    """Return the numbers and words of dataset.na."""
    numbers, words = [], []
    for text in na or ():
        number = _number(text)
        if number is not None:
            numbers.append(number)
        elif text != NONE:
            words.append(text)
    return NaValues(tuple(numbers), tuple(words))


def without_na(
    frame: pd.DataFrame, names: Iterable[str], na: Iterable[str] | None
) -> tuple[pd.DataFrame, Counter[str]]:
    """Return a table without the values of dataset.na, and the number of cells of each value.

    names: the columns in which these values become missing cells. A text column that has only
    numbers besides them becomes numeric.
    """
    values, changed, counts = na_values(na), {}, Counter[str]()
    for name in names if values.numbers or values.words else ():
        masks = values.among(frame[name])
        counts.update({text: int(mask.sum()) for text, mask in masks.items()})
        if masks:
            changed[name] = _as_numbers(frame[name].mask(np.logical_or.reduce([*masks.values()])))
    return frame.assign(**changed), counts


def numbers_as_text(frame: pd.DataFrame, names: Iterable[str]) -> dict[str, pd.Series[Any]]:
    """Return the text columns that have only numbers, as numbers; typed files may have some."""
    texts = (name for name in names if not is_numeric(frame[name]))
    return {name: numbers for name in texts if is_numeric(numbers := _as_numbers(frame[name]))}


def _as_numbers(values: pd.Series[Any]) -> pd.Series[Any]:
    """Return a text column as numbers if all its cells are, and no digit is lost."""
    import pandas as pd  # noqa: PLC0415  (only for a user's table)

    try:
        numbers = pd.to_numeric(values)
    except (ValueError, TypeError):
        return values
    return numbers if numbers.abs().max() < EXACT else values


def _pattern(word: str) -> str:
    if not word.strip("*"):
        return re.escape(word)
    return ".*".join(map(re.escape, word.split("*")))


def _number(text: str) -> float | None:
    try:
        number = float(text.replace("\u2212", "-"))
    except ValueError:
        return None
    return number if isfinite(number) else None
