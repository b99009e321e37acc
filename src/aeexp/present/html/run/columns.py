"""Columns as the page stores them: unsigned integers of 8 or 16 bits, in base64."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import numpy as np

from aeexp.data import Classes, Floats
from aeexp.present.figures import style

Column = dict[str, Any]


def values(group: str, name: str, numbers: Floats, bits: int = 16) -> Column:
    """Return a column of numbers, exact to 1/65,534 of their range, or to 1/254 with 8 bits.

    The highest code stands for a missing number. numbers: (rows,).
    """
    numbers = numbers.astype(np.float64)
    finite = np.isfinite(numbers)
    low, high = (numbers[finite].min(), numbers[finite].max()) if finite.any() else (0.0, 0.0)
    highest = 2**bits - 2
    span = high / 2 - low / 2  # halves, as the range itself may overflow
    shares = np.where(finite, numbers / 2 - low / 2, 0) / (span or 1)
    codes = np.where(finite, np.rint(highest * shares), highest + 1)
    limits = {"low": float(low), "high": float(high)}
    return {"group": group, "name": name, "bits": bits, "data": _encode(codes, bits)} | limits


def classes(group: str, labels: Classes, colours: Sequence[int] | None = None) -> Column:
    """Return a column of names. The highest code stands for a missing name.

    colours: the index of each class's colour, by default its code.
    """
    indices = range(len(labels.names)) if colours is None else colours
    bits = 8 if len(labels.names) < 255 else 16
    codes = np.where(labels.codes < 0, 2**bits - 1, labels.codes)
    return {
        "group": group,
        "name": labels.name,
        "bits": bits,
        "data": _encode(codes, bits),
        "names": [*labels.names],
        "colours": [style.class_colour(index) for index in indices],
        "none": labels.none,
    }


def _encode(codes: Any, bits: int) -> str:
    return b64encode(np.asarray(codes).astype(f"<u{bits // 8}").tobytes()).decode()
