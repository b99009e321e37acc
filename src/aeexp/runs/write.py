"""write: Artifact -> its files in the run directory, each whole or not at all."""

import io
import json
import math
from collections.abc import Iterator
from enum import Enum
from functools import singledispatch
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg

from aeexp.config.metrics import metric
from aeexp.runs.arrays import pack
from aeexp.runs.artifact import Artifact, Document, Metrics, Model, Plot, Support, Text
from aeexp.runs.files import subfolder, write_bytes
from aeexp.runs.manifest import manifest
from aeexp.runs.png import png
from aeexp.text import slug


@singledispatch
def write(artifact: Artifact, folder: Path) -> list[Path]:
    """Write an artefact under its name into a run directory; return its files.

    Raises:
        OSError: It cannot be written; what was there before is as it was.
    """
    message = f"No writer for {type(artifact).__name__}: register one with write.register."
    raise NotImplementedError(message)


@write.register
def _(artifact: Metrics, folder: Path) -> list[Path]:
    for name in artifact.values:
        metric(name)  # refuses one that is not declared
    return [write_json(path_of(folder, artifact, "json"), artifact.values)]


@write.register
def _(artifact: Document, folder: Path) -> list[Path]:
    return [write_json(path_of(folder, artifact, "json"), artifact.content)]


@write.register
def _(artifact: Text, folder: Path) -> list[Path]:
    return [write_bytes(folder / artifact.name, artifact.content)]


@write.register
def _(artifact: Plot, folder: Path) -> list[Path]:
    image = _pixels(artifact) if artifact.format == "png" else _strokes(artifact)
    path = path_of(subfolder(folder, "figures"), artifact, artifact.format)
    return [write_bytes(path, image)]


@write.register
def _(artifact: Model, folder: Path) -> list[Path]:
    files = {
        "architecture.json": as_json(artifact.architecture),
        "preprocessing.json": as_json(artifact.preprocessing),
        "weights.npz": pack(artifact.weights),
    }
    if artifact.export is not None:
        files["model.keras"] = artifact.export
    model = subfolder(folder, artifact.name)
    written = [write_bytes(model / name, content) for name, content in files.items()]
    arrays = {"weights.npz": artifact.weights}
    return [*written, write_json(model / "manifest.json", manifest(files, arrays))]


@write.register
def _(artifact: Support, folder: Path) -> list[Path]:
    path, content = folder / f"{artifact.name}.npz", pack(artifact.arrays)
    write_bytes(path, content)
    before = json.loads((path.parent / "manifest.json").read_bytes())
    added = manifest({path.name: content}, {path.name: artifact.arrays})
    both = {key: before[key] | added[key] for key in ("files", "arrays")}
    return [path, write_json(path.parent / "manifest.json", before | both)]


def path_of(folder: Path, artifact: Artifact, ending: str) -> Path:
    """Return the path of an artefact's file, whose name is safe whatever the artefact's is."""
    return folder / f"{slug(artifact.name)}.{ending}"


def _pixels(plot: Plot) -> bytes:
    plot.figure.set_dpi(plot.dpi)
    canvas: Any = FigureCanvasAgg(plot.figure)
    with rc_context({"text.hinting": "none"}):  # to hint takes a third of a text's time
        canvas.draw()
    return png(np.asarray(canvas.buffer_rgba()), plot.dpi)


def _strokes(plot: Plot) -> bytes:
    image = io.BytesIO()
    plot.figure.savefig(image, format=plot.format, dpi=plot.dpi)
    return image.getvalue()


def write_json(path: Path, content: Any) -> Path:
    """Write nested content as JSON; what is not a finite number becomes null. Return the file."""
    return write_bytes(path, as_json(content))


def as_json(content: Any) -> bytes:
    """Return the file of nested content; see `write_json`."""
    text = json.dumps(_plain(content), indent=2, allow_nan=False, ensure_ascii=False)
    return f"{text}\n".encode(errors="replace")  # of no text, but a name of undecoded bytes


def cells(column: Any) -> Iterator[Any]:
    """Yield a column's cells as a csv file has them; what is not a number is empty."""
    return (
        "" if isinstance(value, float | np.floating) and math.isnan(value) else value
        for value in column
    )


def _plain(content: Any) -> Any:
    if isinstance(content, dict):
        return {str(key): _plain(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_plain(value) for value in content]
    if isinstance(content, Enum):
        return content.value
    if isinstance(content, float) and not math.isfinite(content):
        return None
    return content
