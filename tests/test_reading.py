"""A user's file is read without loss, or there is an error of one line with its remedy."""

import gzip
import re
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pandas.testing import assert_frame_equal
from sentences import Sentences

from aeexp.config.spec import Format
from aeexp.data.io import Sheet, batches, read

NAN, INF = float("nan"), float("inf")
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write bytes or text as a file, and return its path."""

    def make(content: str | bytes, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return make


def columns(sheet: Sheet) -> dict[str, list[Any]]:
    return {str(name): values.tolist() for name, values in sheet.frame.items()}


@pytest.mark.parametrize(
    ("content", "expected", "note"),
    [
        pytest.param("a,b\n1,2.5\n3,4\n", {"a": [1, 3], "b": [2.5, 4.0]}, None, id="plain"),
        pytest.param("a;b\n1;2\n", {"a": [1], "b": [2]}, "separator ';'", id="F26 semicolon"),
        pytest.param("a\tb\n1\t2\n", {"a": [1], "b": [2]}, "separator tab", id="F26 tab"),
        pytest.param("a|b\n1|2\n", {"a": [1], "b": [2]}, "separator '|'", id="F26 bar"),
        pytest.param(
            "a  b\n 1 2.5\n10  3\n", {"a": [1, 10], "b": [2.5, 3]}, "separator blanks", id="blanks"
        ),
        pytest.param("a;b\n1,5;2\n", {"a": [1.5], "b": [2]}, "decimal ','", id="F20 decimal"),
        pytest.param("x\n1,5\n2,25\n", {"x": [1.5, 2.25]}, "decimal ','", id="one decimal column"),
        pytest.param(
            'a,b\n"1,234,567",2\n3,4\n', {"a": [1234567, 3], "b": [2, 4]}, "thousands ','",
            id="F20 thousands",
        ),
        pytest.param(
            "a;b\n1.234,5;2\n6;7\n", {"a": [1234.5, 6], "b": [2, 7]}, "thousands '.'",
            id="F20 both",
        ),
        pytest.param("\ufeffa,b\n1,2\n", {"a": [1], "b": [2]}, None, id="F25 utf-8 mark"),
        pytest.param(
            "a,b\n1,2\n".encode("utf-16"), {"a": [1], "b": [2]}, "encoding utf-16", id="F25 utf-16"
        ),
        pytest.param(
            "a,b\n1,2\n".encode("utf-16-be"), {"a": [1], "b": [2]}, "encoding utf-16-be",
            id="utf-16 without a mark",
        ),
        pytest.param("a,b,\n1,2,\n", {"a": [1], "b": [2]}, "skipped", id="trailing separators"),
        pytest.param("a,b\n1,2,\n", {"a": [1], "b": [2]}, "skipped", id="below the header only"),
        pytest.param(
            ",b\n5,2\n", {"x1": [5], "b": [2]}, "without a name are named 'x1'", id="no name"
        ),
        pytest.param(
            "Run 7\nby me\n\na,b,c\n1,2,3\n", {"a": [1], "b": [2], "c": [3]},
            "lines before line 4 are skipped", id="preamble",
        ),
        pytest.param(
            "# made today by me\n# a b\n1 2\n3 4\n", {"a": [1, 3], "b": [2, 4]}, "before line 2",
            id="numpy.savetxt",
        ),
        pytest.param(
            "g,h\nr1,1,2\nr2,3,4\n", {"x1": ["r1", "r2"], "g": [1, 3], "h": [2, 4]},
            "the first column has no name", id="row names of R",
        ),
        pytest.param(
            "a,b\n1,NA\n?,2\n", {"a": [1, NAN], "b": [NAN, 2]},
            "missing cells in numeric columns: '?' (1), 'NA' (1)", id="missing",
        ),
        pytest.param(
            "a,b\n1e300,inf\n-Infinity,1\n", {"a": [1e300, -INF], "b": [INF, 1]}, None,
            id="extremes",
        ),
        pytest.param("a,b\n+1, 2\n", {"a": [1], "b": [2]}, None, id="signs and blanks"),
        pytest.param("a,b\r1,2\r", {"a": [1], "b": [2]}, None, id="old line ends"),
        pytest.param('a,b\n"x\ny",2\n', {"a": ["x\ny"], "b": [2]}, None, id="line in a cell"),
        pytest.param("a\n7\n", {"a": [7]}, None, id="one row and one column"),
        pytest.param("a,b\n0x10,1\n", {"a": ["0x10"], "b": [1]}, None, id="hexadecimal"),
        pytest.param("a\nNA\nx\n", {"a": ["NA", "x"]}, None, id="NA is text in a text column"),
    ],
)  # fmt: skip
def test_a_text_file_is_read_with_notes_on_detected_properties(
    write: Write, content: str | bytes, expected: dict[str, list[Any]], note: str | None
) -> None:
    sheet = read(write(content), Format())
    assert_frame_equal(sheet.frame, pd.DataFrame(expected))
    assert note is None or note in "; ".join(sheet.notes)
    assert note is not None or not sheet.notes


REFUSED = [
    pytest.param("", {}, id="F15 empty"),
    pytest.param("a,b\n", {}, id="F15 header only"),
    pytest.param("\n\n", {}, id="F15 blank lines"),
    pytest.param("a,b,a\n1,2,3\n", {}, id="F21 duplicates"),
    pytest.param("5.1,3.5\n1,2\n", {}, id="F22"),
    pytest.param(
        b"a,b\n1,2\n\xe9,2\n", {},
        id="F24",
    ),
    pytest.param("a,b\n1,2\n3\n4,5\n", {}, id="F27 few"),
    pytest.param("a,b\n1,2\n\n3,4,5\n", {}, id="F27 many"),
    pytest.param("x\n1,234\n", {}, id="ambiguous"),
    pytest.param('a,b\n1,"x\n2,3\n', {}, id="open quote"),
    pytest.param("a,b\n1,\0\n", {}, id="NUL"),
    pytest.param(b"PK\x03\x04aaaa", {}, id="another kind of file"),
    pytest.param("a\n1\n", {"sheet": "S"}, id="key of other files"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "format"), REFUSED)
def test_an_unreadable_file_is_an_error_of_one_line(
    write: Write, content: str | bytes, format: dict[str, Any], sentences: Sentences
) -> None:
    with sentences.raised(ValueError) as refused:
        read(write(content), Format(**format))
    assert str(refused.value).startswith("dataset.path=")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("none.csv", "there is no such file in /", id="missing"),
        pytest.param("folder.csv", "is a directory", id="directory"),
        pytest.param("table.foo", r"the name must end in .* \.parquet", id="unknown ending"),
        pytest.param("table.parquet.gz", "the name must end in", id="packed"),
        pytest.param("table.csv.gz", "cannot be read .*gzip", id="not packed"),
        pytest.param("table.parquet", "cannot be read .*complete", id="no Parquet"),
        pytest.param("table.arrow", "cannot be read .*complete", id="no Arrow"),
        pytest.param("table.xlsx", "cannot be read .*complete", id="no workbook"),
        pytest.param("table.npy", "no array can be read", id="no array"),
    ],
)
def test_a_path_without_a_table_is_an_error(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    for ending in ("foo", "parquet.gz", "csv.gz", "parquet", "arrow", "xlsx", "npy"):
        (tmp_path / f"table.{ending}").write_bytes(b"other content")
    with pytest.raises(ValueError, match=message) as refused:
        read(tmp_path / name, Format())
    assert "\n" not in str(refused.value)


def test_f20_non_numeric_cells_are_counted_and_located(write: Write) -> None:
    sheet = read(write("made by me\na,b,c\n1,1,u\n\n2,x,v\n3,3,w\n4,n.d.,w\n5,5,w\n"), Format())
    sentence = "column 'b': 2 of 5 cells are not numbers: 'x' in line 5, 'n.d.' in line 7"
    assert sheet.texts["b"] == sentence
    assert sentence in sheet.notes
    assert sheet.frame.b.tolist() == ["1", "x", "3", "n.d.", "5"]
    assert set(sheet.texts) == {"b", "c"}
    assert sheet.texts["c"] not in sheet.notes


def test_f20_the_note_on_a_late_decimal_comma_has_a_remedy(write: Write) -> None:
    body = "".join(f"{i}.5;1\n" for i in range(300))
    sheet = read(write(f"a;b\n{body}1,5;1\n"), Format())
    assert "'1,5' in line 302 (if these are numbers, set dataset.decimal=','" in sheet.texts["a"]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param(False, {"x1": [5.1, 1.0], "x2": [3, 2]}, id="no names"),
        pytest.param(True, {"5.1": [1], "3": [2]}, id="wavelengths"),
    ],
)
def test_f22_numbers_in_the_first_line_are_names_if_the_user_sets_it(
    write: Write, *, header: bool, expected: dict[str, list[float]]
) -> None:
    assert columns(read(write("5.1,3\n1,2\n"), Format(header=header))) == expected


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param("id\n9007199254740993\n9007199254740995\n", "int64", id="beyond 2^53"),
        pytest.param("id,b\n9007199254740993,1\n,2\n", "str", id="beyond 2^53, one missing"),
        pytest.param("id\n99999999999999999999\n1\n", "str", id="beyond 2^63"),
    ],
)
def test_f23_no_digit_of_a_long_number_is_lost_and_a_note_is_made(
    write: Write, content: str, kind: str
) -> None:
    sheet = read(write(content), Format())
    assert str(sheet.frame.id.dtype) == kind
    assert str(sheet.frame.id[0]) == content.split("\n")[1].split(",", maxsplit=1)[0]
    assert "too l" in "; ".join(sheet.notes)


def test_f24_an_encoding_can_be_set(write: Write) -> None:
    sheet = read(write("name,b\né,2\n".encode("latin-1")), Format(encoding="latin-1"))
    assert sheet.frame.name.tolist() == ["é"]


def test_f24_an_undecodable_byte_is_located_far_into_a_file(write: Write) -> None:
    good = b"a,b\n" + b"1,2\n" * 600_000
    with pytest.raises(ValueError, match=rf"byte {len(good)} \(0xE9\) in line 600002"):
        read(write(good + b"\xe9,2\n"), Format())


def test_f26_another_separator_in_the_name_of_a_single_column_is_noted(
    write: Write,
) -> None:
    notes = read(write("a;b\n1;2\n"), Format(separator=",")).notes
    assert "there is only one column, but the first line contains ';'" in notes


def test_f39_notes_on_hostile_cells_have_no_control_characters(write: Write) -> None:
    name = "\x1b[2J" + "n" * 300
    sheet = read(write(f"{name},b\n1,2\n\x1b]0;x\x07,2\n"), Format())
    assert sheet.frame.columns[0] == name
    assert all(note.isprintable() and len(note) < 200 for note in sheet.texts.values())


TABLE = pd.DataFrame({"a": [1, 2, 3], "b": [0.5, NAN, 1e300], "c": ["x", "é", "z"]})


def zstandard(path: Path) -> None:
    with pa.output_stream(path, compression="zstd") as file:
        file.write(TABLE.to_csv(index=False).encode())


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("__MACOSX/._t.csv", "attributes")
        archive.writestr("folder/t.csv", TABLE.to_csv(index=False))


@pytest.mark.parametrize(
    ("name", "save"),
    [
        pytest.param("t.csv", lambda p: TABLE.to_csv(p, index=False), id="csv"),
        pytest.param("t.csv.gz", lambda p: TABLE.to_csv(p, index=False), id="csv.gz"),
        pytest.param("t.csv.bz2", lambda p: TABLE.to_csv(p, index=False), id="csv.bz2"),
        pytest.param("t.csv.xz", lambda p: TABLE.to_csv(p, index=False), id="csv.xz"),
        pytest.param("t.csv.zst", zstandard, id="csv.zst"),
        pytest.param("t.csv.zip", lambda p: TABLE.to_csv(p, index=False), id="csv.zip"),
        pytest.param("t.zip", zipped, id="zip"),
        pytest.param("t.tab", lambda p: TABLE.to_csv(p, index=False, sep="\t"), id="tab"),
        pytest.param("t.dat", lambda p: TABLE.to_csv(p, index=False, sep="\t"), id="dat"),
        pytest.param("t.TSV", lambda p: TABLE.to_csv(p, index=False, sep="\t"), id="tsv"),
        pytest.param("t.txt", lambda p: TABLE.to_csv(p, index=False, sep="\t"), id="txt"),
        pytest.param("t.parquet", TABLE.to_parquet, id="parquet"),
        pytest.param("t.feather", TABLE.to_feather, id="feather"),
        pytest.param("t.xlsx", lambda p: TABLE.to_excel(p, index=False), id="xlsx"),
    ],
)
def test_every_kind_of_file_gives_the_same_table(
    tmp_path: Path, name: str, save: Callable[[Path], None]
) -> None:
    save(tmp_path / name)
    assert_frame_equal(read(tmp_path / name, Format()).frame, TABLE)
    pieces = list(batches(tmp_path / name, Format(), rows=2))
    assert [len(piece) for piece in pieces] == [2, 1]
    assert_frame_equal(pd.concat(pieces), TABLE)


def test_an_archive_of_several_files_is_an_error_that_lists_them(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("a.csv", "a\n1\n")
        archive.writestr("b.csv", "b\n2\n")
    with pytest.raises(ValueError, match=r"must have one file, got 'a.csv', 'b.csv'\. Unpack it"):
        read(tmp_path / "t.zip", Format())


def test_an_arrow_stream_is_read_like_an_arrow_file(tmp_path: Path) -> None:
    table = pa.Table.from_pandas(TABLE)
    with pa.ipc.new_stream(tmp_path / "t.arrow", table.schema) as stream:
        stream.write_table(table)
    assert_frame_equal(read(tmp_path / "t.arrow", Format()).frame, TABLE)


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "f8", "i4", "u1", "bool", "f2"])
def test_an_array_is_read_column_by_column(tmp_path: Path, dtype: str) -> None:
    x = (np.arange(6).reshape(3, 2) % 2).astype(dtype)
    np.save(tmp_path / "x.npy", x)
    sheet = read(tmp_path / "x.npy", Format())
    assert list(sheet.frame) == ["x1", "x2"]
    assert np.array_equal(sheet.frame.to_numpy(), x)
    kinds = {"f4": "float32", "f2": "float32", "f8": "float64"}
    assert set(map(str, sheet.frame.dtypes)) == {kinds.get(dtype[-2:], "int64")}


def test_an_archive_of_arrays_can_have_names_of_columns(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.eye(2), y=np.zeros(3), features=np.array(["u", "v"]))
    assert columns(read(tmp_path / "x.npz", Format())) == {"u": [1, 0], "v": [0, 1]}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"a": np.eye(2), "b": np.eye(2)}, id="two"),
        pytest.param({"x": np.zeros(3)}, id="a vector"),
        pytest.param({"x": np.array([[{}]])}, id="pickled objects"),
        pytest.param({"x": np.eye(2), "features": np.array(["u"])}, id="names"),
        pytest.param({"x": np.zeros((0, 2))}, id="F15 no rows"),
        pytest.param({"x": np.eye(2) * 1j}, id="complex"),
    ],
)
def test_an_archive_without_a_table_is_an_error(
    tmp_path: Path, content: dict[str, Any], sentences: Sentences
) -> None:
    np.savez(tmp_path / "x.npz", **content)
    with sentences.raised(ValueError):
        read(tmp_path / "x.npz", Format())


def test_types_of_a_parquet_file_become_numbers_or_text(tmp_path: Path) -> None:
    table = pa.table({
        "float32": pa.array([1.5, None], pa.float32()),
        "holes": pa.array([1, None], pa.int16()),
        "flag": pa.array([True, False]),
        "day": pa.array([0, 1], pa.date32()),
        "big": pa.array([2**64 - 1, 1], pa.uint64()),
        "category": pa.array(["u", "v"]).dictionary_encode(),
        "list": pa.array([[1], [2, 3]]),
        "nothing": pa.nulls(2),
    })  # fmt: skip
    pa.parquet.write_table(table, tmp_path / "t.parquet")
    frame = read(tmp_path / "t.parquet", Format()).frame
    assert [str(kind) for kind in frame.dtypes] == [
        "float32", "float64", "int64", "str", "str", "str", "str", "float64",
    ]  # fmt: skip
    assert frame.day.tolist() == ["1970-01-01", "1970-01-02"]
    assert frame.big.tolist() == ["18446744073709551615", "1"]
    assert frame.list.tolist() == ["[1]", "[2, 3]"]


def test_f21_duplicate_names_in_a_parquet_file_are_an_error(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    pa.parquet.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(ValueError, match="several columns have the same name: 'a'"):
        read(tmp_path / "t.parquet", Format())


def workbook(path: Path) -> Path:
    book = openpyxl.Workbook()
    book.active.title = "first"
    for row in [["Title"], [], ["a", "b", "when"], [1, 2.5, "x"], [None, "NA", "y"], [3, 4, "z"]]:
        book.active.append(row)
    book.active.cell(20, 1).value = None
    book.create_sheet("second").append(["u"])
    book["second"].append([7])
    book.save(path)
    return path


def test_the_first_sheet_of_a_workbook_is_read_and_the_others_are_noted(tmp_path: Path) -> None:
    sheet = read(workbook(tmp_path / "t.xlsx"), Format())
    assert_frame_equal(
        sheet.frame,
        pd.DataFrame({"a": [1, NAN, 3], "b": [2.5, NAN, 4], "when": ["x", "y", "z"]}),
    )
    assert "sheet 'first' is read, not 'second' (see dataset.sheet)" in sheet.notes
    assert "'x' in line 4" in sheet.texts["when"]


def test_a_sheet_of_a_workbook_can_be_chosen(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx")
    assert columns(read(path, Format(sheet="second"))) == {"u": [7]}
    with pytest.raises(
        ValueError, match=r"dataset.sheet=third does not exist; the sheets are 'first', 'second'"
    ):
        read(path, Format(sheet="third"))


def test_the_last_row_determines_the_types_of_all_batches(write: Write) -> None:
    path = write("a,b,c\n" + "1,2,3\n" * 250_000 + "1,0.5,x\n")
    kinds = {tuple(map(str, piece.dtypes)) for piece in batches(path, Format(), rows=1000)}
    assert kinds == {("int64", "float64", "str")}
    assert sum(len(piece) for piece in batches(path, Format())) == 250_001


def test_polars_and_pandas_agree_about_a_file(write: Write) -> None:
    path = write("a,b\n1,0.1\n2,1e-320\n3,2.2250738585072014e-308\n")
    frame = read(path, Format()).frame
    assert pl.read_csv(path).to_numpy().tolist() == frame.to_numpy().tolist()


def test_columns_of_one_numeric_type_become_an_array_without_a_copy(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.ones((50, 4), np.float32))
    frame = read(tmp_path / "x.npy", Format()).frame
    assert frame.to_numpy().dtype == np.float32
    assert np.shares_memory(frame.to_numpy(), frame.to_numpy())


def test_a_header_wider_than_a_block_is_read(write: Write) -> None:
    names = ",".join(f"column {i} {'n' * 100}" for i in range(20_000))
    row = ",".join(["1.5"] * 20_000)
    assert read(write(f"{names}\n{row}\n{row}\n"), Format()).frame.shape == (2, 20_000)


def test_f28_reading_single_precision_takes_little_more_memory_than_the_table(
    tmp_path: Path,
) -> None:
    x = np.random.default_rng(0).normal(size=(400_000, 20)).astype(np.float32)
    pd.DataFrame(x, columns=[f"c{i}" for i in range(20)]).to_parquet(tmp_path / "x.parquet")
    pool = pa.default_memory_pool()
    tracemalloc.start()
    try:
        frame = read(tmp_path / "x.parquet", Format()).frame
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert np.array_equal(frame.to_numpy(), x)
    assert set(frame.dtypes) == {np.dtype(np.float32)}
    assert peak < 1.2 * x.nbytes
    assert pool.bytes_allocated() < 0.5 * x.nbytes


MARKS = st.sampled_from([(";", ","), (";", "."), (",", "."), ("\t", ","), ("\t", "."), ("|", ".")])
NAMES = st.text("abcdefghijklmnopqrstuvwxyzäß_ -", min_size=1).map(lambda s: f"n{s}n")
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff"),
).map(lambda s: f"t{s}")


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    rows = draw(st.integers(1, 8))
    names = draw(st.lists(NAMES, min_size=2, max_size=5, unique=True))
    numbers = arrays(np.float64, rows, elements=st.floats(allow_nan=False).map(lambda x: x + 0.5))
    whole = arrays(np.int64, rows, elements=st.integers(-(2**53), 2**53))
    kinds = [numbers, whole, st.lists(TEXTS, min_size=rows, max_size=rows)]
    return pd.DataFrame({name: draw(draw(st.sampled_from(kinds))) for name in names})


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables(), MARKS, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_a_written_table_is_read_back_unchanged(
    tmp_path: Path, table: pd.DataFrame, marks: tuple[str, str], encoding: str
) -> None:
    separator, decimal = marks
    path = tmp_path / "t.csv"
    table.to_csv(path, index=False, sep=separator, decimal=decimal, encoding=encoding)
    sheet = read(path, Format(separator=separator, decimal=decimal, thousands=None))
    assert_frame_equal(sheet.frame, table.astype(sheet.frame.dtypes), check_exact=True)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(b",", "a,b\n")  # an empty row at the end
@given(st.binary(), st.sampled_from(["", "a,b\n", "PAR1", "\x93NUMPY\x01\x00", "ARROW1\0", "PK"]))
@pytest.mark.parametrize(
    "ending", ["csv", "tsv", "txt", "csv.gz", "parquet", "arrow", "xlsx", "npy", "npz"]
)
def test_any_bytes_are_read_or_are_a_user_error(
    tmp_path: Path, ending: str, content: bytes, start: str
) -> None:
    path = tmp_path / f"t.{ending}"
    packed = gzip.compress if ending.endswith("gz") else bytes
    path.write_bytes(packed(start.encode("latin-1") + content))
    try:
        read(path, Format())
    except ValueError as error:
        assert str(error).startswith("dataset.path=")  # noqa: PT017  (most bytes are not a table)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4))
@pytest.mark.parametrize("name", ["t.parquet", "t.feather", "t.xlsx", "t.npz", "t.csv.gz"])
def test_a_damaged_file_is_read_or_is_a_user_error(
    tmp_path: Path, name: str, damage: list[tuple[int, int]]
) -> None:
    path = tmp_path / name
    match name.rpartition(".")[2]:
        case "parquet":
            TABLE.to_parquet(path)
        case "feather":
            TABLE.to_feather(path)
        case "xlsx":
            TABLE.to_excel(path, index=False)
        case "npz":
            np.savez_compressed(path, x=np.eye(5))
        case _:
            TABLE.to_csv(path, index=False)
    content = bytearray(path.read_bytes())
    for place, value in damage:
        content[place % len(content)] = value
    path.write_bytes(content)
    try:
        read(path, Format())
    except ValueError as error:
        assert str(error).startswith("dataset.path=")  # noqa: PT017  (some damage does not show)


@pytest.mark.parametrize(
    "format",
    [
        pytest.param({"separator": ";;"}, id="two"),
        pytest.param({"separator": "1"}, id="digit"),
        pytest.param({"decimal": ";"}, id="decimal"),
        pytest.param({"decimal": ",", "thousands": ","}, id="same"),
        pytest.param({"encoding": "klingon"}, id="unknown"),
        pytest.param({"encoding": "hex"}, id="no text"),
    ],
)
def test_an_impossible_format_is_an_error(format: dict[str, Any], sentences: Sentences) -> None:
    with sentences.raised(ValueError):
        Format(**format)


@pytest.mark.parametrize("separator", ["tab", "\\t", "\t"])
def test_a_tab_can_be_written_in_three_ways(write: Write, separator: str) -> None:
    assert columns(read(write("a\tb\n1\t2\n"), Format(separator=separator))) == {
        "a": [1],
        "b": [2],
    }


def test_another_format_is_recognised_even_if_an_encoding_is_set(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"PAR1" + bytes(100))
    with pytest.raises(ValueError, match="Parquet"):
        read(path, Format(encoding="latin-1"))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        pytest.param("id;Größe;Übung\n1;2;3\n", "cp1252", id="Windows"),
        pytest.param("id;Größe;Übung\n1;2;3\n", "cp437", id="DOS"),
        pytest.param("姓名,年龄\n张伟,23\n王芳,31\n李娜,27\n", "gb18030", id="Chinese"),
        pytest.param("имя,возраст\nИван,3\nМосква,5\n", "cp1251", id="Cyrillic"),
    ],
)
def test_f24_an_encoding_is_asked_for_with_words_of_the_file(
    write: Write, text: str, encoding: str
) -> None:
    path = write(text.encode(encoding))
    with pytest.raises(ValueError, match="Which is right: ") as error:
        read(path, Format())
    right = " ".join(re.findall(r"[^\W\da-d]+", text.replace("id", ""))[:2])
    assert re.search(rf"'{right}[^']*' \(dataset.encoding={encoding}\)", str(error.value))
    assert str(error.value).count("dataset.encoding=") >= 2
    assert any(right.split()[0] in name for name in read(path, Format(encoding=encoding)).frame)
