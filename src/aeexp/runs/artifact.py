"""Artifacts: results of a run, each written as one file or folder of the run directory."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Artifact:
    """A result. name: of its file, without the extension."""

    name: str


@dataclass(frozen=True)
class Metrics(Artifact):
    """Metrics by dotted name; an undefined one is NaN, written as null."""

    values: Mapping[str, float]


@dataclass(frozen=True)
class Table(Artifact):
    """Columns of equal length by name; NaN is written as an empty cell."""

    columns: Mapping[str, Any]


@dataclass(frozen=True)
class Document(Artifact):
    """Nested mappings, lists, text and numbers."""

    content: Mapping[str, Any]


@dataclass(frozen=True)
class Text(Artifact):
    """A text file. name: with the extension."""

    content: bytes


@dataclass(frozen=True)
class Plot(Artifact):
    """A `matplotlib.figure.Figure`, its file format and its resolution."""

    figure: Any
    format: str
    dpi: int


@dataclass(frozen=True)
class Model(Artifact):
    """A trained model.

    architecture: its spec and features. preprocessing: offsets, scales and columns. weights:
    arrays by name. export: content of a .keras file, x -> x_hat, or None.
    """

    architecture: Mapping[str, Any]
    preprocessing: Mapping[str, Any]
    weights: Mapping[str, Any]
    export: bytes | None


@dataclass(frozen=True)
class Support(Artifact):
    """Arrays by name that the model in the same folder needs to judge new rows."""

    arrays: Mapping[str, Any]


@dataclass(frozen=True)
class RunMetadata(Artifact):
    """Entries of run.json."""

    values: Mapping[str, Any]


class DivergedError(RuntimeError):
    """The training diverged, so the run has no model."""
