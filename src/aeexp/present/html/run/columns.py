"""Columns as a page holds them: whole numbers of 8 or 16 bits, in base64."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import numpy as np

from aeexp.data import Classes, Floats
from aeexp.present.figures import style

Column = dict[str, Any]


def values(group: str, name: str, numbers: Floats, bits: int = 16) -> Column:
    """Return a column of numbers, exact to 1/65,534 of their range, or 1/254 with 8 bits.

    The highest code means that there is no number. numbers: (rows,).
    """
    numbers = numbers.astype(np.float64)
    known = np.isfinite(numbers)
    low, high = (numbers[known].min(), numbers[known].max()) if known.any() else (0.0, 0.0)
    most = 2**bits - 2
    span = high / 2 - low / 2  # the range itself may be no finite number
    shares = np.where(known, numbers / 2 - low / 2, 0) / (span or 1)
    codes = np.where(known, np.rint(most * shares), most + 1)
    limits = {"low": float(low), "high": float(high)}
    return {"group": group, "name": name, "bits": bits, "data": _packed(codes, bits)} | limits


def classes(group: str, labels: Classes, colours: Sequence[int] | None = None) -> Column:
    """Return a column of names; the highest code means that there is none.

    colours: the number of each class's colour, its code by default.
    """
    numbers = range(len(labels.names)) if colours is None else colours
    bits = 8 if len(labels.names) < 255 else 16
    codes = np.where(labels.codes < 0, 2**bits - 1, labels.codes)
    return {
        "group": group,
        "name": labels.name,
        "bits": bits,
        "data": _packed(codes, bits),
        "names": [*labels.names],
        "colours": [style.class_colour(number) for number in numbers],
        "none": labels.none,
    }


def _packed(codes: Any, bits: int) -> str:
    return b64encode(np.asarray(codes).astype(f"<u{bits // 8}").tobytes()).decode()
