"""Files of other programs are read with their names and roles, and nothing outside them is."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from scipy import sparse

from aeexp.config.spec import Format, Table
from aeexp.data import Classes, load
from aeexp.data.inspect import inspect
from aeexp.data.io import batches, read

RNG = np.random.default_rng(0)
ROWS, COLUMNS = 12, 5
COUNTS = (RNG.poisson(2, (ROWS, COLUMNS)) * RNG.integers(0, 2, (ROWS, COLUMNS))).astype("f4")
GENES = ["Actb", "Gapdh", "Sox2", "Sox2", "n_counts"]
UNIQUE = ["Actb", "Gapdh", "Sox2", "Sox2-1", "n_counts"]
TYPES = ["T", "B", "T", None] * 3


def numbers(path: Path, columns: list[str] = UNIQUE, **keys: Any) -> Any:
    return read(path, Format(**keys)).frame[columns].to_numpy()


# AnnData: the layout of anndata 0.8 to 0.12, which is documented at
# https://anndata.readthedocs.io/en/stable/fileformat-prose.html


def write_frame(parent: Any, name: str, index: list[str], **columns: Any) -> Any:
    frame = parent.create_group(name)
    frame.attrs["encoding-type"] = "dataframe"
    frame.attrs["_index"] = "_index"
    frame.attrs["column-order"] = np.array([*columns], h5py.string_dtype())
    for key, cells in {"_index": index, **columns}.items():
        if isinstance(cells, dict):
            group = frame.create_group(key)
            for part, values in cells.items():
                group[part] = values
        else:
            frame[key] = cells
    return frame


def write_matrix(parent: Any, name: str, x: Any, kind: str) -> None:
    if kind == "array":
        parent[name] = x
        return
    compressed = sparse.csr_array(x) if kind == "csr_matrix" else sparse.csc_array(x)
    group = parent.create_group(name)
    group.attrs["encoding-type"] = kind
    group.attrs["shape"] = x.shape
    for part in ("data", "indices", "indptr"):
        group.create_dataset(part, data=getattr(compressed, part), compression="gzip")


def h5ad(path: Path, kind: str = "csr_matrix") -> Path:
    with h5py.File(path, "w") as file:
        write_matrix(file, "X", np.log1p(COUNTS), kind)
        write_matrix(file.create_group("layers"), "counts", COUNTS, kind)
        write_frame(file, "var", GENES)
        write_frame(
            file,
            "obs",
            [f"cell{i}" for i in range(ROWS)],
            cell_type={
                "codes": np.array([-1 if t is None else "BT".index(t) for t in TYPES], "i1"),
                "categories": ["B", "T"],
            },
            n_counts=COUNTS.sum(1),
            hits={"values": np.arange(ROWS), "mask": np.arange(ROWS) == 1},
            plate=["p1", "p2"] * 6,
        )
    return path


@pytest.mark.parametrize("kind", ["array", "csr_matrix", "csc_matrix"])
def test_an_h5ad_file_has_its_matrix_layers_and_names(tmp_path: Path, kind: str) -> None:
    path = h5ad(tmp_path / "cells.h5ad", kind)
    np.testing.assert_array_equal(numbers(path), np.log1p(COUNTS))
    np.testing.assert_array_equal(numbers(path, layer="counts"), COUNTS)
    sheet = read(path, Format())
    assert "layer 'X' is read, not 'counts' (see dataset.layer)" in sheet.notes
    assert "names that occur several times are numbered: Sox2, n_counts" in sheet.notes
    pieces = list(batches(path, Format(), rows=5))
    assert [len(piece) for piece in pieces] == [5, 5, 2]
    np.testing.assert_array_equal(np.concatenate([p[UNIQUE] for p in pieces]), np.log1p(COUNTS))


def test_obs_of_an_h5ad_file_gives_labels_and_row_names_but_no_features(tmp_path: Path) -> None:
    path = h5ad(tmp_path / "cells.h5ad")
    data = load(Table(path=str(path), label=["cell_type"], batch="plate"))
    assert data.features == tuple(UNIQUE)
    assert data.rows == tuple(f"cell{i}" for i in range(ROWS))
    cell_type, plate = data.labels
    assert isinstance(cell_type, Classes)
    assert [None if c < 0 else cell_type.names[c] for c in cell_type.codes] == TYPES
    assert plate.name == "plate"
    named = load(Table(path=str(path), columns=["Actb", "n_counts-1"]))
    assert set(named.features) == {"Actb", "n_counts-1"}
    hits = read(path, Format()).frame["hits"]
    assert np.isnan(hits[1])
    assert hits[2] == 2


def test_inspect_gives_each_column_of_an_h5ad_file_its_role(tmp_path: Path) -> None:
    text = inspect(h5ad(tmp_path / "cells.h5ad"), Format(layer="counts"))
    command = " ".join(text[text.index("\naeexp") :].split())
    assert "dataset.layer=counts" in command
    assert "dataset.label=cell_type" in command
    assert "dataset.id=obs_names" in command
    assert "dataset.batch=plate" in command
    assert "dataset.drop" not in command


def link_outside(file: Any) -> None:
    del file["X"]
    file["X"] = h5py.ExternalLink("/etc/secret.h5", "/x")


def store_outside(file: Any) -> None:
    del file["X"]
    file.create_dataset("X", (ROWS, COLUMNS), "u1", external=[("/etc/passwd", 0, 60)])


def virtual(file: Any) -> None:
    del file["X"]
    layout = h5py.VirtualLayout((ROWS, COLUMNS), "f4")
    layout[:] = h5py.VirtualSource("/etc/secret.h5", "x", (ROWS, COLUMNS))
    file.create_virtual_dataset("X", layout)


def index_beyond_columns(file: Any) -> None:
    file["X/indices"][0] = 10**6


def objects(file: Any) -> None:
    del file["obs/plate"]
    file["obs"].create_dataset("plate", (ROWS,), h5py.ref_dtype)


def large_chunks(file: Any) -> None:
    del file["X"]
    file.create_dataset("X", (ROWS, 5), "f4", chunks=(10**6, 10**3), maxshape=(None, None))


def fewer_rows(file: Any) -> None:
    file["X"].attrs["shape"] = (ROWS - 1, COLUMNS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (link_outside, "'X' is a link to /etc/secret.h5/x. Links are not followed"),
        (store_outside, "the cells of '/X' are in other files"),
        (virtual, "the cells of '/X' are in other files"),
        (index_beyond_columns, "cannot be read"),
        (objects, "'/obs/plate' has object, neither numbers nor text"),
        (large_chunks, "'/X' has chunks of 4 GB"),
        (fewer_rows, "'obs_names': 12 entries, but the matrix has 11 rows"),
        (lambda file: file.pop("var"), "'var' is not a data frame of AnnData"),
    ],
)
def test_f62_an_h5ad_file_that_is_damaged_or_refers_to_other_files_is_an_error(
    tmp_path: Path, change: Callable[[Any], None], message: str
) -> None:
    path = h5ad(tmp_path / "cells.h5ad")
    with h5py.File(path, "a") as file:
        change(file)
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        read(path, Format(max_bytes=10**6))
    assert "\n" not in str(error.value)
