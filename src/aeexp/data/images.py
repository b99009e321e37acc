"""Whether the features of a table are the pixels of an image."""

import re
from collections.abc import Sequence
from math import isqrt

FEWEST = 16  # pixels
GRID = re.compile(r"(.*?)(\d+)[_x.,-](\d+)")
SERIES = re.compile(r"(pixel|px|pix)[_ ]?(\d+)", re.IGNORECASE)


def image_shape(features: Sequence[str]) -> tuple[int, int] | None:
    """Return the height and width of the images in the rows; None if they are no images.

    Features are pixels if their names have a row and a column, such as pixel_0_7, that fill a
    grid line by line, or are pixel0, pixel1, … and make a square.
    """
    if len(features) < FEWEST:
        return None
    if matches := _all(GRID, features):
        places = [(int(match[2]), int(match[3])) for match in matches]
        (top, left), (bottom, right) = places[0], places[-1]
        grid = [(i, j) for i in range(top, bottom + 1) for j in range(left, right + 1)]
        return (bottom - top + 1, right - left + 1) if places == grid else None
    side = isqrt(len(features))
    if matches := _all(SERIES, features):
        numbers = [int(match[2]) for match in matches]
        first = numbers[0]
        in_order = numbers == list(range(first, first + len(features)))
        return (side, side) if in_order and side**2 == len(features) else None
    return None


def _all(pattern: re.Pattern[str], features: Sequence[str]) -> list[re.Match[str]]:
    """Return the matches of all features, which have one prefix; empty if they do not."""
    matches = [match for feature in features if (match := pattern.fullmatch(feature))]
    prefixes = {match[1] for match in matches}
    return matches if len(matches) == len(features) and len(prefixes) == 1 else []
