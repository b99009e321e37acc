"""Files of other programs are read with their names and roles, and nothing outside them is."""

import gzip
import re
import sqlite3
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import flowio
import h5py
import numpy as np
import pandas as pd
import pyreadstat
import pytest
import rdata
import scipy.io
from scipy import sparse

from aeexp.config.spec import Format, Table
from aeexp.data import Classes, load
from aeexp.data.inspect import inspect
from aeexp.data.io import batches, read
from aeexp.data.io.formats import FORMATS, FileFormat

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


def test_categories_are_read_as_anndata_0_7_wrote_them(tmp_path: Path) -> None:
    path = h5ad(tmp_path / "cells.h5ad")
    with h5py.File(path, "a") as file:
        old = file["obs"].pop("cell_type")
        file["obs/__categories/cell_type"] = old["categories"][:]
        file["obs/cell_type"] = old["codes"][:]
    assert read(path, Format()).frame["cell_type"].fillna("").tolist() == ["T", "B", "T", ""] * 3


def test_a_transposed_h5ad_file_has_its_cells_as_columns_and_no_row_of_obs(tmp_path: Path) -> None:
    path = h5ad(tmp_path / "cells.h5ad")
    as_it_is, turned = (read(path, Format(transpose=yes)) for yes in (None, True))
    matrix = as_it_is.frame.drop(columns=[*as_it_is.annotations])
    assert turned.frame.columns.tolist() == ["sample", *as_it_is.frame["obs_names"]]
    assert turned.frame["sample"].tolist() == [*matrix]
    assert np.array_equal(turned.frame.iloc[:, 1:], matrix.T)
    assert "transposed without" in "; ".join(turned.notes)


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


# MATLAB, HDF5, NWB and NumPy


SPIKES = RNG.poisson(3, (ROWS, COLUMNS)).astype(float)
CONTENT = {
    "spikes": SPIKES,
    "trial": np.arange(ROWS)[:, None],
    "stimulus": np.array(["left", "right"] * 6, object),
    "rate": 30.0,
    "data": {"lfp": SPIKES[:, :3], "side": np.arange(ROWS), "fit": {"weights": SPIKES[:4]}},
}


def mat5(path: Path) -> None:
    scipy.io.savemat(path, CONTENT, do_compression=True)


def mat73(path: Path) -> None:
    """Write what MATLAB writes: matrices transposed, structs as groups, below 512 bytes."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, x in [
            ("spikes", SPIKES),
            ("trial", CONTENT["trial"]),
            ("rate", np.array([[30.0]])),
            ("data/lfp", SPIKES[:, :3]),
            ("data/side", np.arange(ROWS)[:, None]),
            ("data/fit/weights", SPIKES[:4]),
        ]:
            file[name] = x.T
            file[name].attrs["MATLAB_class"] = np.bytes_("double")
        file["note"] = np.full((5, 7), 65, "u2")
        file["note"].attrs["MATLAB_class"] = np.bytes_("char")
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\0\2IM")


@pytest.mark.parametrize("write", [mat5, mat73])
def test_a_matrix_of_a_matlab_file_is_chosen_by_its_path(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    path = tmp_path / "session.mat"
    write(path)
    names = [f"x{i}" for i in range(1, 6)]
    np.testing.assert_array_equal(numbers(path, names, key="spikes"), SPIKES)
    np.testing.assert_array_equal(numbers(path, names[:3], key="data.lfp"), SPIKES[:, :3])
    np.testing.assert_array_equal(numbers(path, names, key="data.fit.weights"), SPIKES[:4])
    assert read(path, Format(key="data.lfp")).annotations == ("side",)
    assert read(path, Format(key="spikes")).frame["trial"].tolist() == [*range(ROWS)]
    several = r"3 matrices: spikes \(12 × 5\), data.lfp \(12 × 3\), data.fit.weights \(4 × 5\)"
    with pytest.raises(ValueError, match=several if write is mat5 else "it has 3 matrices: "):
        read(path, Format())
    with pytest.raises(
        ValueError, match=r"dataset.key=spike is no array; the arrays are .*spikes"
    ):
        read(path, Format(key="spike"))


def test_f62_a_vector_of_a_matlab_file_that_is_in_another_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "session.mat"
    mat73(path)
    with h5py.File(path, "a") as file:
        file.create_dataset("secret", (1, ROWS), "u1", external=[("/etc/passwd", 0, ROWS)])
    with pytest.raises(ValueError, match="the cells of '/secret' are in other files"):
        read(path, Format(key="spikes"))


def test_a_vector_beside_a_matlab_matrix_can_be_a_label(tmp_path: Path) -> None:
    mat5(tmp_path / "session.mat")
    path = str(tmp_path / "session.mat")
    data = load(Table(path=path, key="spikes", label="stimulus", time="trial"))
    assert data.features == tuple(f"x{i}" for i in range(1, 6))
    assert isinstance(data.label, Classes)
    assert data.label.names == ("left", "right")


def test_f62_a_matlab_file_that_unpacks_to_too_much_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "zeros.mat"
    scipy.io.savemat(path, {"x": np.zeros((1000, 1000))}, do_compression=True)
    assert path.stat().st_size < 100_000
    with pytest.raises(ValueError, match=r"unpacks to more than 1 MB\. .*dataset\.max_bytes"):
        read(path, Format(max_bytes=10**6))


def test_a_sparse_matrix_of_a_matlab_file_is_read(tmp_path: Path) -> None:
    scipy.io.savemat(tmp_path / "s.mat", {"s": sparse.csc_array(SPIKES)})
    assert np.array_equal(read(tmp_path / "s.mat", Format()).frame.to_numpy(), SPIKES)


def test_a_matrix_of_an_hdf5_file_is_chosen_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "session.h5"
    with h5py.File(path, "w") as file:
        file["a/b"] = SPIKES
        file["a/animal"] = ["m1", "m2"] * 6
        file["other"] = np.eye(3)
        write_matrix(file, "sparse", COUNTS, "csc_matrix")
        file["a/outside"] = h5py.ExternalLink("/etc/secret.h5", "/x")
        file["cube"] = np.zeros((4, 3, 2))
    sheet = read(path, Format(key="/a/b"))
    assert sheet.annotations == ("animal",)
    np.testing.assert_array_equal(numbers(path, ["x1", "x5"], key="a/b"), SPIKES[:, [0, 4]])
    np.testing.assert_array_equal(numbers(path, ["x1", "x5"], key="sparse"), COUNTS[:, [0, 4]])
    for key, message in {
        None: "3 matrices: /a/b (12 × 5), /cube (4 × 3 × 2), /other (3 × 3). Choose one with",
        "/a/outside": "'/a/outside' is a link to /etc/secret.h5/x",
        "/cube": "3 dimensions (4 × 3 × 2), but a table has 2",
    }.items():
        with pytest.raises(ValueError, match=re.escape(message)):
            read(path, Format(key=key))


def test_a_matrix_of_10x_genomics_has_cells_as_rows_and_genes_as_columns(tmp_path: Path) -> None:
    path = tmp_path / "filtered_feature_bc_matrix.h5"
    compressed = sparse.csc_array(COUNTS.T.astype("i4"))
    with h5py.File(path, "w") as file:
        for name in ("data", "indices", "indptr", "shape"):
            file[f"matrix/{name}"] = getattr(compressed, name)
        file["matrix/features/name"] = np.array(GENES, "S")
        file["matrix/barcodes"] = np.array([f"AAC{i}-1" for i in range(ROWS)], "S")
    np.testing.assert_array_equal(numbers(path), COUNTS)
    assert load(Table(path=str(path))).rows == tuple(f"AAC{i}-1" for i in range(ROWS))


def test_spikes_of_an_nwb_file_are_counted_in_bins(tmp_path: Path) -> None:
    path = tmp_path / "session.nwb"
    times = [np.array([0.05, 0.31, 0.32, 0.99]), np.array([0.5]), np.array([])]
    with h5py.File(path, "w") as file:
        file["units/id"] = [4, 7, 9]
        file["units/spike_times"] = np.concatenate(times)
        file["units/spike_times_index"] = np.cumsum([len(t) for t in times])
    sheet = read(path, Format(bin_seconds=0.25))
    assert sheet.frame["unit_4"].tolist() == [1, 2, 0, 1]
    assert sheet.frame["unit_7"].tolist() == [0, 0, 1, 0]
    assert sheet.frame["unit_9"].tolist() == [0, 0, 0, 0]
    assert sheet.frame["time"].tolist() == [0, 0.25, 0.5, 0.75]
    assert load(Table(path=str(path), time="time")).x.shape == (10, 3)
    assert "dataset.bin_seconds=0.25" in inspect(path, Format(bin_seconds=0.25))
    with pytest.raises(ValueError, match=r"over 94,000,001 bins .* Set dataset.bin_seconds"):
        read(path, Format(bin_seconds=1e-8, max_bytes=10**6))


def test_y_and_labels_of_an_npz_file_describe_the_rows(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, x=SPIKES, y=np.arange(ROWS) % 2, labels=np.array(["a", "b"] * 6))
    assert load(Table(path=str(path))).features == ("x1", "x2", "x3", "x4", "x5")
    assert "dataset.label=labels" in inspect(path, Format())
    np.savez(path, a=SPIKES, b=np.eye(2))
    assert read(path, Format(key="b")).frame.shape == (2, 2)
    np.save(tmp_path / "cube.npy", np.zeros((6, 5, 4)))
    with pytest.raises(ValueError, match=r"last are the columns, save x.reshape\(-1, 4\)"):
        read(tmp_path / "cube.npy", Format())


# Statistical programs


SURVEY = pd.DataFrame({
    "age": [31, 45, 52, 38],
    "score": [1.5, np.nan, 2.5, 3.5],
    "sex": [1.0, 2.0, 2.0, 1.0],
    "town": ["Köln", "", "Bonn", "Bonn"],
})  # fmt: skip
SEX = {1: "male", 2: "female"}


def dta(path: Path) -> None:
    SURVEY.to_stata(path, write_index=False, value_labels={"sex": SEX}, version=118)


def sav(path: Path) -> None:
    pyreadstat.write_sav(
        SURVEY.fillna({"score": 99}),
        path,
        variable_value_labels={"sex": SEX},
        missing_ranges={"score": [99]},
    )


@pytest.mark.parametrize(("name", "save"), [("t.dta", dta), ("t.sav", sav)])
def test_value_labels_of_a_survey_are_kept_unless_codes_are_wanted(
    tmp_path: Path, name: str, save: Callable[[Path], None]
) -> None:
    save(tmp_path / name)
    sheet = read(tmp_path / name, Format())
    assert sheet.frame["sex"].tolist() == ["male", "female", "female", "male"]
    assert (
        "value labels are read instead of codes in 'sex' (see dataset.value_labels)" in sheet.notes
    )
    np.testing.assert_array_equal(sheet.frame["score"], SURVEY["score"])
    assert sheet.frame["age"].tolist() == SURVEY["age"].tolist()
    assert sheet.frame["town"].fillna("").tolist() == SURVEY["town"].tolist()
    codes = read(tmp_path / name, Format(value_labels=False)).frame
    assert codes["sex"].tolist() == [1, 2, 2, 1]


def test_files_of_sas_are_read(tmp_path: Path) -> None:
    pyreadstat.write_xport(SURVEY, tmp_path / "t.xpt", file_format_version=5)
    frame = read(tmp_path / "t.xpt", Format()).frame
    np.testing.assert_allclose(frame["score"], SURVEY["score"])
    assert frame["town"].fillna("").tolist() == SURVEY["town"].tolist()
    frame = read(unpacked("sample.sas7bdat", tmp_path), Format()).frame
    assert frame["mynum"].tolist() == [1.1, 1.2, -1000.3, -1.4, 1000.3]
    assert frame["mychar"].tolist() == [*"abcde"]


def unpacked(name: str, folder: Path) -> Path:
    content = (Path(__file__).parent / "files" / f"{name}.gz").read_bytes()
    (folder / name).write_bytes(gzip.decompress(content))
    return folder / name


def test_text_of_sas_in_another_encoding_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "t.xpt"
    pyreadstat.write_xport(SURVEY, path, file_format_version=5)
    path.write_bytes(path.read_bytes().replace("Köln".encode(), "Köln ".encode("cp1252")))
    with pytest.raises(ValueError, match=r"its text is not utf-8\. .* dataset\.encoding=cp1252"):
        read(path, Format())
    assert read(path, Format(encoding="cp1252")).frame["town"][0] == "Köln"


# Workbooks, databases, counts, cytometry and R


@pytest.mark.parametrize("ending", ["xls", "xlsb", "ods"])
def test_other_workbooks_are_read_as_excel_s_are(tmp_path: Path, ending: str) -> None:
    path = unpacked(f"base.{ending}", tmp_path)
    sheet = read(path, Format(header=False))
    assert sheet.frame.iloc[0, :3].tolist() == ["String", 1, 1.1]
    assert "'String' in line 2" in sheet.texts["x1"]
    assert any("sheet 'Sheet1' is read, not 'Sheet2'" in note for note in sheet.notes)
    with pytest.raises(ValueError, match=r"dataset.sheet=none does not exist; .* 'Sheet1'"):
        read(path, Format(sheet="none"))


def test_f62_a_workbook_whose_grid_is_too_large_is_an_error(tmp_path: Path) -> None:
    path = unpacked("base.ods", tmp_path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    start = members["content.xml"].index(b"<table:table-row")
    cell = b'<table:table-cell table:number-columns-repeated="16000" office:value-type="float"'
    row = b'<table:table-row table:number-rows-repeated="100000">' + cell + b' office:value="1"/>'
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            bomb = content[:start] + row + b"</table:table-row>" + content[start:]
            archive.writestr(name, bomb if name == "content.xml" else content)
    with pytest.raises(
        ValueError, match=r"cannot be read in 200 MB of memory .* dataset\.max_byt"
    ):
        read(path, Format(max_bytes=2 * 10**8))


def test_a_query_to_a_database_gives_a_table(tmp_path: Path) -> None:
    path = tmp_path / "lab.sqlite"
    with closing(sqlite3.connect(path)) as database:
        SURVEY.to_sql("survey", database, index=False)
        database.execute("CREATE TABLE codes (code)")
        database.executemany("INSERT INTO codes VALUES (?)", [(1,), (2.5,), ("x",), (None,)])
        database.commit()
    frame = read(path, Format(query="SELECT age, score, town FROM survey WHERE age > 40")).frame
    assert frame["age"].tolist() == [45, 52]
    assert frame["town"].tolist() == ["", "Bonn"]
    mixed = read(path, Format(query="SELECT * FROM codes")).frame["code"]
    assert mixed.fillna("missing").tolist() == ["1", "2.5", "x", "missing"]
    for query, message in {
        None: "the database has the tables 'survey', 'codes'",
        "SELECT * FROM surveys": "no such table: surveys. The tables are 'survey', 'codes'",
        "DROP TABLE survey": "not authorized",
        "ATTACH 'x.db' AS x": "not authorized",
    }.items():
        with pytest.raises(ValueError, match=re.escape(message)):
            read(path, Format(query=query))


@pytest.mark.parametrize("packing", ["", ".gz"])
def test_counts_of_10x_genomics_in_text_have_barcodes_as_rows(
    tmp_path: Path, packing: str
) -> None:
    write = gzip.open if packing else open
    with write(tmp_path / f"s1_matrix.mtx{packing}", "wb") as file:
        scipy.io.mmwrite(file, sparse.coo_array(COUNTS.T.astype(int)))
    with write(tmp_path / f"s1_features.tsv{packing}", "wt") as file:
        file.writelines(f"ENSG{i}\t{gene}\tGene Expression\n" for i, gene in enumerate(GENES))
    with write(tmp_path / f"s1_barcodes.tsv{packing}", "wt") as file:
        file.writelines(f"AAC{i}-1\n" for i in range(ROWS))
    path = tmp_path / f"s1_matrix.mtx{packing}"
    np.testing.assert_array_equal(numbers(path), COUNTS)
    assert load(Table(path=str(path))).rows == tuple(f"AAC{i}-1" for i in range(ROWS))
    with pytest.raises(ValueError, match=r"entries need .* of memory|unpacks to more than"):
        read(path, Format(max_bytes=100))


def test_events_of_flow_cytometry_have_columns_named_by_their_markers(tmp_path: Path) -> None:
    path = tmp_path / "tube.fcs"
    with path.open("wb") as file:
        flowio.create_fcs(
            file,
            SPIKES.ravel().tolist(),
            ["FSC-A", "B1-A", "R2-A", "V3-A", "Time"],
            opt_channel_names=["", "CD4", "CD8", "", ""],
        )
    np.testing.assert_allclose(
        numbers(path, ["FSC-A", "CD4", "CD8", "V3-A"]), SPIKES[:, :4], rtol=1e-6
    )


def test_data_frames_and_matrices_of_r_are_read(tmp_path: Path) -> None:
    frame = SURVEY.astype({"town": object}).assign(sex=pd.Categorical(SURVEY["sex"].map(SEX)))
    frame.index = pd.Index(["p1", "p2", "p3", "p4"], dtype=object)
    rdata.write_rds(tmp_path / "t.rds", frame)
    sheet = read(tmp_path / "t.rds", Format())
    assert sheet.frame["sex"].tolist() == ["male", "female", "female", "male"]
    assert sheet.frame["rownames"].tolist() == ["p1", "p2", "p3", "p4"]
    rdata.write_rda(tmp_path / "t.RData", {"a": frame, "b": SPIKES})
    assert numbers(tmp_path / "t.RData", ["x1", "x2"], key="b").tolist() == SPIKES[:, :2].tolist()
    with pytest.raises(ValueError, match=r"it has 2 matrices: a \(4 × 4\), b \(12 × 5\)"):
        read(tmp_path / "t.RData", Format())
    with pytest.raises(ValueError, match="unpacks to more than"):
        read(tmp_path / "t.rds", Format(max_bytes=100))


# All formats


def test_a_format_whose_package_is_not_installed_names_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "t.fcs").touch()
    monkeypatch.setitem(sys.modules, "flowio", None)
    monkeypatch.delitem(sys.modules, "aeexp.data.io.fcs", raising=False)
    with pytest.raises(
        ValueError, match=r'need the package flowio.* pip install "aeexp\[formats\]"'
    ):
        read(tmp_path / "t.fcs", Format())


@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.title)
def test_each_format_has_a_row_in_the_documentation(format: FileFormat) -> None:
    endings = ", ".join(f"`.{ending}`" for ending in format.endings)
    keys = ", ".join(f"`{key}`" for key in format.keys)
    page = (Path(__file__).parents[1] / "docs" / "tables.md").read_text(encoding="utf-8")
    assert f"| {format.title} | {endings} | {keys} |" in page


@pytest.mark.parametrize("ending", [ending for format in FORMATS for ending in format.endings])
@pytest.mark.parametrize("content", [b"", b"other content", b"\x89HDF\r\n\x1a\n", bytes(600)])
def test_f62_a_file_with_other_content_is_a_user_error(
    tmp_path: Path, ending: str, content: bytes
) -> None:
    (tmp_path / f"t.{ending}").write_bytes(content)
    with pytest.raises(ValueError, match=r"^dataset\.path="):
        read(tmp_path / f"t.{ending}", Format())
