"""Read a model from a run directory that may come from somebody else; nothing is executed.

model.keras is not read: it is an export for other programs, and Keras may run code in it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from aeexp.config.options import find_class
from aeexp.config.shapes import Shape, shapes
from aeexp.config.spec import ModelSpec
from aeexp.config.spec.preprocessing import MOST_SMOOTH
from aeexp.data.features import Column
from aeexp.data.features import features as columns_features
from aeexp.data.time_steps import TimeSteps
from aeexp.errors import UserError
from aeexp.runs.arrays import Array, Layout, layout, most_bytes, unpack
from aeexp.runs.document import MOST_BYTES, checked, converted, parse, read_bytes
from aeexp.runs.files import refuse_links
from aeexp.runs.manifest import SCHEMA, digest
from aeexp.runs.schemas import ManifestJson, PreprocessingJson

REMEDY = "Train the model again, or copy it again from its source."
SINGLE = "<f4"  # type of all weights in run directories without a manifest
MOST_VALUES = 1000  # in a list of the architecture, such as the hidden layers


@dataclass(frozen=True)
class StoredModel:
    """A trained model: see `artifact.Model`. weights, support: read-only arrays by name.

    features: names, in the order of the model's input. columns: of the table from which the
    features are made. selected_from: the columns from which these were selected after the scaling
    of rows; empty if that needs no other columns. steps: of preprocessing in the order of rows, if
    there are any. covariates: columns whose effects were removed. schema: version of the run
    directory.
    """

    architecture: ModelSpec
    features: tuple[str, ...]
    columns: tuple[Column, ...]
    selected_from: tuple[Column, ...]
    steps: TimeSteps | None
    covariates: tuple[Column, ...]
    preprocessing: Mapping[str, Any]
    weights: Mapping[str, Array]
    support: Mapping[str, Array]
    schema: int

    @property
    def needed(self) -> tuple[Column, ...]:
        """Return the columns that new rows must have: more than `columns` after a selection."""
        return self.selected_from or self.columns


def read_model(folder: Path) -> StoredModel:
    """Return the model of a run by its directory.

    Raises:
        UserError: There is no model, or one of its files is damaged, swapped or not valid.
    """
    if not folder.is_dir():
        raise UserError(f"{folder} is not the directory of a run: there is no such directory.")
    refuse_links(folder)
    schema, manifest = _schema(folder / "run.json"), None
    if schema > 1:
        with _named(path := folder / "model" / "manifest.json"):
            manifest = checked(parse(read_bytes(path, MOST_BYTES)), ManifestJson)
    files = _Files(folder / "model", manifest)
    with files.opened("architecture.json") as content:
        values = parse(content)
        names = values.pop("features", None)
        if not (isinstance(names, list) and names and all(isinstance(n, str) for n in names)):
            raise UserError("names no features")
        features = tuple(names)
        architecture = _to_model_spec(values.pop("spec", None), values)
    with files.opened("preprocessing.json") as content:
        preprocessing = checked(parse(content), PreprocessingJson)
        columns = _columns(preprocessing, features)
        steps = _steps(preprocessing, columns)
        selected_from = tuple(converted(preprocessing.get("selected_from", []), list[Column]))
        if selected_from and not {*columns} <= {*selected_from}:
            raise UserError("has selected columns that are not among those of the table")
        covariates = tuple(converted(preprocessing.get("covariates", []), list[Column]))
    weights = files.arrays("weights.npz", shapes(architecture, len(features)))
    with _named(files.folder / "weights.npz"):
        for name, array in weights.items():
            if array.dtype.kind != "f" or not np.isfinite(array).all():
                raise UserError(f"has weights in {name} that are not finite numbers")
    support = files.arrays("support.npz", None) if files.has("support.npz") else {}
    return StoredModel(
        architecture,
        features,
        columns,
        selected_from,
        steps,
        covariates,
        preprocessing,
        weights,
        support,
        schema,
    )


@dataclass(frozen=True)
class _Files:
    """The files of a model, checked against its manifest; None in version 1."""

    folder: Path
    manifest: Mapping[str, Any] | None

    def has(self, name: str) -> bool:
        return self.manifest is not None and name in self.manifest["files"]

    @contextmanager
    def opened(self, name: str, most: int = MOST_BYTES) -> Iterator[bytes]:
        """Provide the content of a file; errors in the block name the file."""
        with _named(self.folder / name):
            content = read_bytes(self.folder / name, most)
            if self.manifest is not None:
                expected = self.manifest["files"].get(name)
                if expected != {"sha256": digest(content), "bytes": len(content)}:
                    raise UserError("does not match its checksum in manifest.json")
            yield content

    def arrays(self, name: str, implied: Mapping[str, Shape] | None) -> dict[str, Array]:
        """Return the arrays of a file. implied: their shapes according to the architecture."""
        with _named(self.folder / name):
            expected = self._expected(name, implied)
            most = most_bytes(expected)
        with self.opened(name, most) as content:
            return unpack(content, expected)

    def _expected(self, name: str, implied: Mapping[str, Shape] | None) -> dict[str, Layout]:
        if self.manifest is None:
            if implied is None:
                raise UserError("needs a manifest.json with its layout")
            return {array: Layout(shape, SINGLE) for array, shape in implied.items()}
        entries = self.manifest["arrays"].get(name, {})
        declared = {array: layout(entry) for array, entry in entries.items()}
        if implied is not None and implied != {n: array.shape for n, array in declared.items()}:
            raise UserError("has weights that do not fit architecture.json")
        return declared


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Add the file and the remedy to errors."""
    try:
        yield
    except (UserError, OSError) as error:
        constraint = f"{str(error).rstrip('.')}, so the model is not used."
        raise UserError(constraint, field=str(path), remedy=REMEDY) from error


def _schema(path: Path) -> int:
    """Return the version of a run directory, from its run.json."""
    with _named(path):
        schema = parse(read_bytes(path, MOST_BYTES)).get("schema")
        if type(schema) is not int or schema < 1:
            raise UserError(f"has the schema {schema!r:.80}")
    if schema > SCHEMA:
        raise UserError(
            f"{path.parent} was written by a newer aeexp: update it to read this model."
        )
    return schema


def _to_model_spec(name: object, values: Mapping[str, Any]) -> ModelSpec:
    """Return a model's spec from the name of its class and the values of its fields.

    A missing field has its default, because older models lack newer fields.
    """
    kind = find_class(name) if isinstance(name, str) else None
    if kind is None or kind is ModelSpec or not issubclass(kind, ModelSpec):
        raise UserError(f"names the model {name!r:.80}, which no installed package has")
    if unknown := sorted(values.keys() - {f.name for f in fields(kind)}):
        raise UserError(f"has keys that {name} does not have: {', '.join(unknown)!r:.80}")
    if long := [key for key, v in values.items() if isinstance(v, list) and len(v) > MOST_VALUES]:
        raise UserError(f"has more than {MOST_VALUES:,} values of {long[0]}")
    return converted(values, kind)


def _columns(preprocessing: Mapping[str, Any], features: tuple[str, ...]) -> tuple[Column, ...]:
    """Check the scaling, and return the columns from which the features are made."""
    if preprocessing.get("features") != list(features):
        raise UserError("scales other features than architecture.json names")
    for key in ("offset", "scale"):
        values = preprocessing.get(key, ())
        if len(values) != len(features) or not all(map(math.isfinite, values)):
            raise UserError(f"has other than {len(features)} finite numbers as its {key}")
    if not all(preprocessing["scale"]):
        raise UserError("has a scale of 0")
    if "columns" not in preprocessing:  # version 1 had no other columns than features
        return tuple(map(Column, features))
    columns = tuple(converted(preprocessing["columns"], list[Column]))
    widths = (max(1, len(column.categories)) * (1 + column.lags) for column in columns)
    if sum(widths) != len(features) or columns_features(columns) != features:
        raise UserError("has columns that are not those of its features")
    return columns


def _steps(preprocessing: Mapping[str, Any], columns: Sequence[Column]) -> TimeSteps | None:
    """Return the steps in the order of rows, checked against the columns that follow from them."""
    if preprocessing.get("steps") is None:
        return None
    steps = converted(preprocessing["steps"], TimeSteps)
    if steps.bin < 1 or not 0 <= steps.smooth <= MOST_SMOOTH or steps.lags < 0:
        raise UserError("has steps that are out of bounds")
    if steps.columns(columns) != columns:
        raise UserError("has steps that are not those of its columns")
    if steps.need_order and not steps.time:
        raise UserError("has steps in time, but no column of times")
    return steps
