"""The figures of a page: images that are part of it, with captions and the numbers behind them."""

import re
from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
import matplotlib.figure
import numpy as np
from PIL import Image

from aeexp.present.html.table import Table

MAX_WIDTH = 1400  # pixels of an embedded PNG
COLOURS = 96  # of an embedded PNG; figures have few


@dataclass(frozen=True)
class Figure:
    """An image with a caption.

    alt: the text for readers who cannot see it. source: a data: address with the image itself.
    width: in CSS pixels. table: the numbers that the figure shows.
    """

    caption: str
    alt: str
    source: str
    width: int
    table: Table | None = None


def drawn_figure(
    title: str, caption: str, figure: matplotlib.figure.Figure, table: Table
) -> Figure:
    """Return a matplotlib figure as SVG. The same figure always gives the same bytes."""
    image = BytesIO()
    with mpl.rc_context({"svg.hashsalt": "aeexp"}):
        figure.savefig(image, format="svg", dpi=150, metadata={"Date": None, "Creator": None})
    return Figure(
        caption,
        f"{title}; its numbers are in the table below.",
        _data_address("svg+xml", image.getvalue()),
        round(96 * figure.get_figwidth()),
        table,
    )


def stored_figure(path: Path, caption: str) -> Figure:
    """Return the figure of a PNG or SVG file.

    A PNG is reduced to 96 colours and at most 1,400 pixels, which takes a third of the bytes.
    """
    alt = f"{caption}. Figure {path.stem} of the run."
    if path.suffix == ".svg":
        content = path.read_bytes()
        points = re.search(rb'<svg[^>]* width="([\d.]+)pt"', content[:4000])
        width = round(96 / 72 * float(points[1])) if points else 860
        return Figure(f"{caption}.", alt, _data_address("svg+xml", content), width)
    with Image.open(path) as file:
        dpi, image = file.info.get("dpi", (150, 150))[0], file.convert("RGB")
    width = round(96 * image.width / dpi)
    if image.width > MAX_WIDTH:
        size = MAX_WIDTH, round(image.height * MAX_WIDTH / image.width)
        image = image.resize(size, Image.Resampling.LANCZOS)
    reduced = image.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette = np.array(reduced.getpalette()).reshape(-1, 3)
    palette[(palette >= 250).all(1)] = 255  # quantizing mixes white with colours close to it
    reduced.putpalette(palette.ravel().tolist())
    png = BytesIO()
    reduced.save(png, "png", compress_level=6)
    return Figure(f"{caption}.", alt, _data_address("png", png.getvalue()), width)


def _data_address(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{b64encode(content).decode()}"
