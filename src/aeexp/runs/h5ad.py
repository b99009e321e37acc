"""Encoded rows as an AnnData file.

The layout is documented at https://anndata.readthedocs.io/en/stable/fileformat-prose.html. Such a
file joins an analysis in scanpy: `adata.obsm["X_aeexp"] = read_h5ad("z.h5ad").obsm["X_aeexp"]`.
"""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

import h5py
import numpy as np
import pandas as pd

FACTOR = re.compile(r"z\d+")
LATENTS = "X_aeexp"
"""The name of the latent factors in obsm."""


@contextmanager
def writer(file: BinaryIO) -> Iterator[Any]:
    """Provide a function that adds rows; see `rows.rows`. All rows are held in memory.

    The first column names the rows. Factors z1, z2, … become obsm["X_aeexp"], other columns obs.
    """
    parts: list[pd.DataFrame] = []

    def write(columns: Mapping[str, Any]) -> None:
        parts.append(pd.DataFrame(dict(columns)))

    yield write
    content = io.BytesIO()
    with h5py.File(content, "w") as root:
        _fill(root, pd.concat(parts, ignore_index=True))
    file.write(content.getbuffer())


def _fill(root: Any, table: pd.DataFrame) -> None:
    names, *others = table.columns
    factors = [name for name in others if FACTOR.fullmatch(name)]
    _mark(root, "anndata", "0.1.0")
    for name in ("layers", "obsm", "obsp", "uns", "varm", "varp"):
        _mark(root.create_group(name), "dict", "0.1.0")
    latents = table[factors].astype(np.float32).to_numpy()
    _mark(root["obsm"].create_dataset(LATENTS, data=latents), "array", "0.2.0")
    _frame(root, "var", [], pd.DataFrame())
    _frame(root, "obs", table[names], table[[n for n in others if n not in factors]])


def _frame(root: Any, name: str, index: Sequence[Any], columns: pd.DataFrame) -> None:
    group = root.create_group(name)
    _mark(group, "dataframe", "0.2.0")
    group.attrs["_index"] = "_index"
    group.attrs["column-order"] = np.array([*columns], dtype=h5py.string_dtype())
    _text(group, "_index", index)
    for column, values in columns.items():
        _column(group, str(column), values)


def _column(group: Any, name: str, values: "pd.Series[Any]") -> None:
    """Write numbers as an array, and integers, truth values and text as categories."""
    if pd.api.types.is_float_dtype(values):
        numbers = values.to_numpy(np.float64, na_value=np.nan)
        _mark(group.create_dataset(name, data=numbers), "array", "0.2.0")
        return
    codes, categories = pd.factorize(values, sort=True)
    column = group.create_group(name)
    _mark(column, "categorical", "0.2.0")
    column.attrs["ordered"] = False
    _mark(column.create_dataset("codes", data=codes.astype(np.int32)), "array", "0.2.0")
    _text(column, "categories", categories)


def _text(group: Any, name: str, texts: Sequence[Any]) -> None:
    cells = np.array([*map(str, texts)], dtype=object)
    data = group.create_dataset(name, data=cells, dtype=h5py.string_dtype())
    _mark(data, "string-array", "0.2.0")


def _mark(item: Any, kind: str, version: str) -> None:
    item.attrs["encoding-type"], item.attrs["encoding-version"] = kind, version
