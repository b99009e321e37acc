"""write: Artifact -> its files in the run directory, each whole or not at all."""

import io
import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from functools import singledispatch
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg

from aeexp.artifact import Artifact, Document, Metrics, Model, Plot, Table
from aeexp.names import slug
from aeexp.runs.arrays import pack
from aeexp.runs.manifest import manifest
from aeexp.runs.png import png
from aeexp.spreadsheet import lines


@singledispatch
def write(artifact: Artifact, folder: Path) -> None:
    """Write an artefact under its name into a run directory.

    Raises:
        OSError: It cannot be written; what was there before is as it was.
    """
    message = f"No writer for {type(artifact).__name__}: register one with write.register."
    raise NotImplementedError(message)


@write.register
def _(artifact: Metrics, folder: Path) -> None:
    write_json(_file(folder, artifact, "json"), artifact.values)


@write.register
def _(artifact: Document, folder: Path) -> None:
    write_json(_file(folder, artifact, "json"), artifact.content)


@write.register
def _(artifact: Table, folder: Path) -> None:
    rows = zip(*map(_cells, artifact.columns.values()), strict=True)
    write_bytes(_file(folder, artifact, "csv"), lines([artifact.columns, *rows]))


@write.register
def _(artifact: Plot, folder: Path) -> None:
    image = _pixels(artifact) if artifact.format == "png" else _strokes(artifact)
    write_bytes(_file(folder / "figures", artifact, artifact.format), image)


@write.register
def _(artifact: Model, folder: Path) -> None:
    arrays = {"weights.npz": artifact.weights, "support.npz": artifact.support}
    files = {
        "architecture.json": _json(artifact.architecture),
        "preprocessing.json": _json(artifact.preprocessing),
        **{name: pack(each) for name, each in arrays.items() if each},
        "model.keras": artifact.export,
    }
    for name, content in files.items():
        write_bytes(folder / artifact.name / name, content)
    write_json(folder / artifact.name / "manifest.json", manifest(files, arrays))


def _file(folder: Path, artifact: Artifact, ending: str) -> Path:
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


def write_json(path: Path, content: Any) -> None:
    """Write nested content as JSON; what is not a finite number becomes null."""
    write_bytes(path, _json(content))


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole file."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary file to fill, which then takes the place of `path` in one step.

    It lies hidden beside `path` and has the same ending.
    """
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _json(content: Any) -> bytes:
    text = json.dumps(_plain(content), indent=2, allow_nan=False, ensure_ascii=False)
    return f"{text}\n".encode(errors="replace")  # of no text, but a name of undecoded bytes


def _cells(column: Any) -> Iterator[Any]:
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
