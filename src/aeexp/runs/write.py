"""write: Artifact -> files in the run directory, each written whole or not at all."""

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
    """Write an artifact under its name into a run directory; return its files.

    Raises:
        OSError: It cannot be written; existing files are unchanged.
    """
    raise NotImplementedError(
        f"No writer for {type(artifact).__name__}: register one with write.register."
    )


@write.register
def _(artifact: Metrics, folder: Path) -> list[Path]:
    for name in artifact.values:
        metric(name)  # raises if it is not declared
    return [write_json(path_of(folder, artifact, "json"), artifact.values)]


@write.register
def _(artifact: Document, folder: Path) -> list[Path]:
    return [write_json(path_of(folder, artifact, "json"), artifact.content)]


@write.register
def _(artifact: Text, folder: Path) -> list[Path]:
    return [write_bytes(folder / artifact.name, artifact.content)]


@write.register
def _(artifact: Plot, folder: Path) -> list[Path]:
    if artifact.format == "png":
        artifact.figure.set_dpi(artifact.dpi)
        canvas: Any = FigureCanvasAgg(artifact.figure)
        with rc_context({"text.hinting": "none"}):  # hinting takes a third of a text's time
            canvas.draw()
        image = png(np.asarray(canvas.buffer_rgba()), artifact.dpi)
    else:
        file = io.BytesIO()
        artifact.figure.savefig(file, format=artifact.format, dpi=artifact.dpi)
        image = file.getvalue()
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


def path_of(folder: Path, artifact: Artifact, extension: str) -> Path:
    """Return the path of an artifact's file; its name is safe for any name of the artifact."""
    return folder / f"{slug(artifact.name)}.{extension}"


def write_json(path: Path, content: Any) -> Path:
    """Write nested content as JSON and return the path; NaN and infinity become null."""
    return write_bytes(path, as_json(content))


def as_json(content: Any) -> bytes:
    """Return the content of a JSON file; see `write_json`."""
    text = json.dumps(_plain(content), indent=2, allow_nan=False, ensure_ascii=False)
    return f"{text}\n".encode(errors="replace")  # a file name may have surrogates


def cells(column: Any) -> Iterator[Any]:
    """Yield a column's cells for a CSV file; NaN is an empty cell."""
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
