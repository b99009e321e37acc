"""The figures of a run, small enough to be part of a page."""

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

WIDEST, COLOURS = 1400, 96
"""Of an image: pixels across, and colours, of which figures have few."""
MOST_BYTES = 1_500_000
"""Of all figures; what is left then lies in the directory alone."""
CAPTIONS = (
    ("loss", "training", "The error by epoch, of the rows learnt from and of those held out"),
    ("reconstruction", "training", "Rows as they are and as the factors describe them"),
    (r"r_?nx|neighbou?rs?", "trust", "How many of a row's neighbours are kept"),
    ("repeats|stability|seeds|reproducibility", "trust", "What other trainings came to"),
    ("latent", "view", "Where the rows lie by their factors"),
    ("weights_map", "factors", "The weight of each feature in each factor, as a map"),
    ("weights", "factors", "The weight of each feature in each factor"),
    ("importance", "factors", "How much each factor follows each feature"),
    ("traversals?", "factors", "How features change while one factor goes from low to high"),
    ("associations?", "factors", "How factors go with the known labels"),
    ("factors?|cards?", "factors", "The factors"),
    ("contingency", "clusters", "How many rows of each cluster have which label"),
    ("consensus|co_?assignment", "clusters", "How often two rows are in one cluster"),
    ("clusters?|silhouette", "clusters", "The clusters"),
    ("labels?|probes", "labels", "How well the factors tell the labels"),
    ("scree", "baselines", "The share of the variance of each principal component"),
    ("baselines?|advantage", "baselines", "The autoencoder and simpler methods"),
    ("power", "chance", "How often planted groups of each size are found"),
    ("evidence|nulls?", "chance", "The same measures on tables without structure"),
    ("how_many", "tried", "What each number of dimensions, and of clusters, comes to"),
    ("learning_rate", "tried", "The loss after a short training at each rate"),
)
"""What a figure's name begins with, the section that it is part of, and what it shows."""


@dataclass(frozen=True)
class Picture:
    """A figure: its name, the section it is part of, what it shows, its address, its width."""

    name: str
    section: str
    caption: str
    source: str
    width: int


def pictures(folder: Path) -> Iterator[Picture]:
    """Yield the figures of a run, as far as a page can show them."""
    left, files = MOST_BYTES, folder / "figures"
    for path in sorted(files.glob("*")) if files.is_dir() else ():
        kinds = {".png": _png, ".svg": _svg}
        if path.suffix in kinds:
            kind, content, width = kinds[path.suffix](path)
            left -= len(content)
            if left >= 0:
                section, caption = _named(path.stem)
                source = f"data:image/{kind};base64,{b64encode(content).decode()}"
                yield Picture(path.stem, section, caption, source, width)


def _named(name: str) -> tuple[str, str]:
    for start, section, caption in CAPTIONS:
        if found := re.match(rf"(?:{start})(?=_|-|$)", name):
            of = name[found.end() :].strip("_-").replace("_", " ")
            return section, f"{caption} ({of})" if of else caption
    return "more", name.replace("_", " ")


def _png(path: Path) -> tuple[str, bytes, int]:
    """Return an image of few colours, which takes a third of the room."""
    with Image.open(path) as file:
        dpi, image = file.info.get("dpi", (150, 150))[0], file.convert("RGB")
    width = round(96 * image.width / dpi)
    if image.width > WIDEST:
        size = WIDEST, round(image.height * WIDEST / image.width)
        image = image.resize(size, Image.Resampling.LANCZOS)
    few = image.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette = np.array(few.getpalette()).reshape(-1, 3)
    palette[(palette >= 250).all(1)] = 255  # white is mixed with what is almost white
    few.putpalette(palette.ravel().tolist())
    content = BytesIO()
    few.save(content, "png", compress_level=6)
    return "png", content.getvalue(), width


def _svg(path: Path) -> tuple[str, bytes, int]:
    content = path.read_bytes()
    points = re.search(rb'<svg[^>]* width="([\d.]+)pt"', content[:4000])
    return "svg+xml", content, round(96 / 72 * float(points[1])) if points else 860
