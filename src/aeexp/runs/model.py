"""A model read back from a run's directory, which may be a stranger's: nothing in it is executed.

model.keras is not looked at: it is for other programs, and Keras may run code that is in it.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aeexp.config.shapes import Shape, shapes
from aeexp.config.spec import ModelSpec
from aeexp.data.features import Column
from aeexp.data.features import features as columns_features
from aeexp.errors import UserError
from aeexp.runs.architecture import rebuilt
from aeexp.runs.arrays import Array, Layout, layout, most_bytes, unpack
from aeexp.runs.document import MOST_BYTES, checked, converted, parse, read_bytes
from aeexp.runs.files import refuse_links
from aeexp.runs.manifest import SCHEMA, digest
from aeexp.runs.schemas import ManifestJson, PreprocessingJson

REMEDY = "Train the model again, or take it once more from where it came from."
SINGLE = "<f4"  # the precision of all weights before there was a manifest to tell it


@dataclass(frozen=True)
class StoredModel:
    """A trained model: see `artifact.Model`. weights, support: arrays by name, not to be written.

    features: of the rows that it takes, in this order. columns: of the table that they come from.
    schema: of the directory it was read from.
    """

    architecture: ModelSpec
    features: tuple[str, ...]
    columns: tuple[Column, ...]
    preprocessing: Mapping[str, Any]
    weights: Mapping[str, Array]
    support: Mapping[str, Array]
    schema: int


def read_model(folder: Path) -> StoredModel:
    """Return the model of a run by its directory.

    Raises:
        UserError: There is none, or a file of it is damaged, swapped, or not what it should be.
    """
    refuse_links(folder)
    schema = _schema(folder / "run.json")
    files = _Files(folder / "model", _manifest(folder / "model") if schema > 1 else None)
    with files.opened("architecture.json") as content:
        said = parse(content)
        features = _features(said.pop("features", None))
        architecture = rebuilt(said.pop("spec", None), said)
    with files.opened("preprocessing.json") as content:
        preprocessing = checked(parse(content), PreprocessingJson)
        columns = _columns(preprocessing, features)
    weights = files.arrays("weights.npz", shapes(architecture, len(features)))
    with _refusing(files.folder / "weights.npz"):
        _refuse_infinite(weights)
    support = files.arrays("support.npz", None) if files.has("support.npz") else {}
    return StoredModel(architecture, features, columns, preprocessing, weights, support, schema)


@dataclass(frozen=True)
class _Files:
    """The files of a model, as its manifest says that they are; None where it has none."""

    folder: Path
    manifest: Mapping[str, Any] | None

    def has(self, name: str) -> bool:
        return self.manifest is not None and name in self.manifest["files"]

    @contextmanager
    def opened(self, name: str, most: int = MOST_BYTES) -> Iterator[bytes]:
        """Give the content of a file, and let what is refused of it be said of it."""
        with _refusing(self.folder / name):
            content = read_bytes(self.folder / name, most)
            if self.manifest is not None:
                said = self.manifest["files"].get(name)
                if said != {"sha256": digest(content), "bytes": len(content)}:
                    message = "is not the file that manifest.json tells of"
                    raise UserError(message)
            yield content

    def arrays(self, name: str, implied: Mapping[str, Shape] | None) -> dict[str, Array]:
        """Return the arrays of a file; implied: their shapes, as far as the architecture tells."""
        with _refusing(self.folder / name):
            expected = self._expected(name, implied)
            most = most_bytes(expected)
        with self.opened(name, most) as content:
            return unpack(content, expected)

    def _expected(self, name: str, implied: Mapping[str, Shape] | None) -> dict[str, Layout]:
        if self.manifest is None:
            if implied is None:
                message = "has nothing beside it that says what it should hold"
                raise UserError(message)
            return {each: Layout(shape, SINGLE) for each, shape in implied.items()}
        declared = {
            each: layout(said) for each, said in self.manifest["arrays"].get(name, {}).items()
        }
        if implied is not None and implied != {n: each.shape for n, each in declared.items()}:
            message = "has weights that do not fit architecture.json"
            raise UserError(message)
        return declared


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Let what is refused of a file name it, and say what to do."""
    try:
        yield
    except (UserError, OSError) as error:
        constraint = f"{str(error).rstrip('.')}, so the model is not used."
        raise UserError(constraint, field=str(path), remedy=REMEDY) from error


def _schema(path: Path) -> int:
    """Return the schema of the directory of a run, by its run.json."""
    with _refusing(path):
        schema = parse(read_bytes(path, MOST_BYTES)).get("schema")
        if type(schema) is not int or schema < 1:
            message = f"has the schema {schema!r:.80}"
            raise UserError(message)
    if schema > SCHEMA:
        message = f"{path.parent} was written by a newer aeexp: update it to read this model."
        raise UserError(message)
    return schema


def _manifest(model: Path) -> Mapping[str, Any]:
    with _refusing(model / "manifest.json"):
        return checked(parse(read_bytes(model / "manifest.json", MOST_BYTES)), ManifestJson)


def _features(names: object) -> tuple[str, ...]:
    if isinstance(names, list) and names and all(isinstance(name, str) for name in names):
        return tuple(names)
    message = "names no features"
    raise UserError(message)


def _columns(preprocessing: Mapping[str, Any], features: tuple[str, ...]) -> tuple[Column, ...]:
    """Return the columns of which features are made, and refuse a scaling of other features."""
    if preprocessing.get("features") != list(features):
        message = "scales other features than architecture.json names"
        raise UserError(message)
    for key in ("offset", "scale"):
        values = preprocessing.get(key, ())
        if len(values) != len(features) or not all(map(math.isfinite, values)):
            message = f"has other than {len(features)} finite numbers as its {key}"
            raise UserError(message)
    if not all(preprocessing["scale"]):
        message = "has a scale of 0"
        raise UserError(message)
    if "columns" not in preprocessing:  # schema 1 knew no other columns than features
        return tuple(map(Column, features))
    columns = tuple(converted(preprocessing["columns"], list[Column]))
    if columns_features(columns) != features:
        message = "has columns that are not those of its features"
        raise UserError(message)
    return columns


def _refuse_infinite(weights: Mapping[str, Array]) -> None:
    for name, values in weights.items():
        if values.dtype.kind != "f" or not np.isfinite(values).all():
            message = f"has weights in {name} that are not finite numbers"
            raise UserError(message)
