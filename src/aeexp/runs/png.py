"""Write PNG files (W3C, Portable Network Graphics, third edition, 2025)."""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray


def png(pixels: NDArray[np.uint8], dpi: int) -> bytes:
    """Return the content of a file. pixels: (rows, columns, channels); the first three are RGB.

    Pillow always tries five filters on every row, which takes as long as drawing the figure. On
    areas of one colour the file is smaller without a filter.
    """
    rows, columns, _ = pixels.shape
    lines = np.zeros((rows, 1 + 3 * columns), np.uint8)  # each row starts with its filter, 0: none
    for channel in range(3):
        lines[:, 1 + channel :: 3] = pixels[:, :, channel]
    eight_bits_of_red_green_blue = 8, 2, 0, 0, 0
    per_metre = round(dpi / 0.0254)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [
            _chunk(b"IHDR", struct.pack(">2I5B", columns, rows, *eight_bits_of_red_green_blue)),
            _chunk(b"pHYs", struct.pack(">2IB", per_metre, per_metre, 1)),
            _chunk(b"IDAT", zlib.compress(lines.data, 3)),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(content, zlib.crc32(kind))
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)
