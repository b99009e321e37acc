"""AnnData files, as single-cell analyses write them.

The layout is documented at https://anndata.readthedocs.io/en/stable/fileformat-prose.html:
the matrix X or a layer, dense or sparse, and the data frames obs (of rows) and var (of columns).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import h5py
import numpy as np
import pyarrow as pa

from aeexp.data.io.hdf5 import as_text, find, open_matrix, opened, values
from aeexp.data.io.matrix import matrix_table
from aeexp.data.io.names import listed
from aeexp.data.io.table_source import TableFile, TableSource
from aeexp.errors import UserError

RAW = "raw"  # the layer of an AnnData object before columns were selected
INDEX = "obs_names"


def open_h5ad(file: TableFile) -> TableSource:
    """Scan an AnnData file: X or a layer, and obs as columns that describe the rows.

    Raises:
        UserError: It has no such layer, or does not have the documented layout.
    """
    most = file.most_bytes
    with opened(file.path) as root:
        layers = _layers(root)
        layer = file.format.layer or "X"
        if layer not in layers:
            raise UserError(
                f"dataset.layer={layer} does not exist; the layers are {listed(layers)}."
            )
        var = find(root, "raw/var" if layer == RAW else "var")
        names = values(_index(var, "var"), most).to_pylist()
        obs = find(root, "obs")
        beside = {INDEX: values(_index(obs, "obs"), most)}
        beside |= {name: _column(obs, name, most) for name in _columns(obs)}
        matrix = open_matrix(file.path, layers[layer], find(root, layers[layer]), most)
    others = [name for name in layers if name != layer]
    notes = [f"layer '{layer}' is read, not {listed(others)} (see dataset.layer)"]
    unset = others and file.format.layer is None
    named = replace(matrix, names=names, beside=beside, index=INDEX)
    return matrix_table(file.kind, named, notes if unset else [])


def _layers(root: Any) -> Mapping[str, str]:
    """Return the path of each matrix by its name."""
    layers = find(root, "layers")
    paths = {"X": "X", **{name: f"layers/{name}" for name in layers or ()}, RAW: "raw/X"}
    return {name: path for name, path in paths.items() if find(root, path) is not None}


def _columns(frame: Any) -> list[str]:
    order = frame.attrs.get("column-order", ())
    return [name for name in map(as_text, order) if find(frame, name) is not None]


def _index(frame: Any, name: str) -> Any:
    """Return the array with the names of a data frame's rows."""
    path = as_text(frame.attrs.get("_index", "")) if isinstance(frame, h5py.Group) else ""
    index = find(frame, path) if path else None
    if index is None:
        raise UserError(
            f"'{name}' is not a data frame of AnnData 0.7 or later. Open the file with anndata,"
            " and write it again."
        )
    return index


def _column(frame: Any, name: str, most_bytes: float) -> Any:
    """Return a column of a data frame as an Arrow array."""
    item = find(frame, name)
    if isinstance(item, h5py.Dataset):
        cells = values(item, most_bytes)
        categories = find(frame, f"__categories/{name}")  # as AnnData 0.7 wrote them
        return cells if categories is None else _categorical(cells, categories, most_bytes)
    if (categories := find(item, "categories")) is not None:
        return _categorical(values(find(item, "codes"), most_bytes), categories, most_bytes)
    cells, mask = (values(find(item, part), most_bytes) for part in ("values", "mask"))
    return pa.array(cells.to_pylist(), cells.type, mask=mask.to_numpy(zero_copy_only=False) != 0)


def _categorical(codes: Any, categories: Any, most_bytes: float) -> Any:
    """Return categories by their codes; a code below 0 is missing."""
    numbers = codes.to_numpy(zero_copy_only=False).astype(np.int64)
    indices = pa.array(numbers, mask=numbers < 0)
    return values(categories, most_bytes).take(indices)
