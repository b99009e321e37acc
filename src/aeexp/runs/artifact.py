"""What a run yields: each artefact becomes one file, or a folder, of the run directory."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Artifact:
    """A result under the name of its file, without the ending."""

    name: str


@dataclass(frozen=True)
class Metrics(Artifact):
    """Numbers by dotted name; what is undefined is not a number and is written as null."""

    values: Mapping[str, float]


@dataclass(frozen=True)
class Table(Artifact):
    """Sequences of equal length, by name; not-a-number is written as an empty cell."""

    columns: Mapping[str, Any]


@dataclass(frozen=True)
class Document(Artifact):
    """Nested mappings, lists, text and numbers."""

    content: Mapping[str, Any]


@dataclass(frozen=True)
class Text(Artifact):
    """A text of its own format, under the name of its file with the ending."""

    content: bytes


@dataclass(frozen=True)
class Plot(Artifact):
    """A `matplotlib.figure.Figure` and how it is to be kept."""

    figure: Any
    format: str
    dpi: int


@dataclass(frozen=True)
class Model(Artifact):
    """A trained model: what rebuilds it, what scales its rows, its weights, and an export.

    weights: arrays by name. export: the file of a Keras model x -> x_hat, if
    there is one.
    """

    architecture: Mapping[str, Any]
    preprocessing: Mapping[str, Any]
    weights: Mapping[str, Any]
    export: bytes | None


@dataclass(frozen=True)
class Support(Artifact):
    """What the model beside it is used with on other rows: arrays by name."""

    arrays: Mapping[str, Any]


@dataclass(frozen=True)
class RunMetadata(Artifact):
    """What belongs into run.json."""

    values: Mapping[str, Any]


class DivergedError(RuntimeError):
    """The loss became infinite or not a number: a run ends without a model to look at."""
