"""A file has more lines than rows, or rows where columns should be: the table in it is found."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from sentences import Sentences
from sklearn.datasets import load_iris, load_wine

from aeexp.config.spec import Format, Missing, Table
from aeexp.data import Classes, load
from aeexp.data.inspect import inspect
from aeexp.data.io import Sheet, batches, read
from aeexp.data.io.arrangement import r_name
from aeexp.data.io.orientation import long_form, sideways
from aeexp.data.table.metadata import with_metadata

Write = Callable[..., Path]
ROWS = 30
RNG = np.random.default_rng(0)
NUMBERS = RNG.normal(5, 1, (ROWS, 3)).round(3)
BODY = [f"s{i},{','.join(map(str, row))}" for i, row in enumerate(NUMBERS)]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write lines as a file, and return its path."""

    def make(*lines: str, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join([*lines, ""]))
        return path

    return make


def has_numbers(sheet: Sheet, note: str, names: tuple[str, ...] = ("a", "b", "c")) -> None:
    """Check that a sheet has the 30 rows under the names, and a note."""
    assert np.array_equal(sheet.frame[[*names]].to_numpy(float), NUMBERS)
    assert note in "; ".join(sheet.notes)


@pytest.mark.parametrize(
    ("lines", "note"),
    [
        pytest.param(["id,a,b,c", ",mV,mV,Hz", *BODY], "'mV', 'mV', 'Hz'", id="units"),
        pytest.param(
            ["TOA5,x,1", "id,a,b,c", "RN,V,V,V", ",Min,Max,Avg", *BODY], "2 rows of text below",
            id="Campbell",
        ),
        pytest.param(["id,a,b,c", *BODY[:9], "# paused", *BODY[9:]], "'# paused'", id="comment"),
        pytest.param(["id,a,b,c", *BODY, "", "By AB", "Lab 4"], "line 33 on", id="notes below"),
        pytest.param(
            ["id,a,b,c", *BODY, ",,,", ",checked,by,", "AB,,on,paper"], "line 33 on",
            id="cells below",
        ),
        pytest.param(
            ["see,,the,book", ",please,,", ",,,", "id,a,b,c", *BODY], "before line 4", id="above"
        ),
        pytest.param(
            ["!Series_title,x", "!Sample_title,u,v,w", "id,a,b,c", *BODY, "!end"], "'!end'",
            id="GEO",
        ),
        pytest.param(
            ["id,a,b,c", *BODY[:5], ",,,", " ,,,", *BODY[5:]], "2 empty rows", id="empty rows"
        ),
    ],
)  # fmt: skip
def test_lines_that_are_no_rows_are_left_out_with_a_note(
    write: Write, lines: list[str], note: str
) -> None:
    path = write(*lines)
    sheet = read(path, Format())
    has_numbers(sheet, note)
    whole = pd.concat(batches(path, Format(), rows=7))
    assert whole.equals(sheet.frame)


@pytest.mark.parametrize(
    ("lines", "format", "names"),
    [
        pytest.param(["id,x,x,y", ",u,v,u", *BODY], {}, ("x_u", "x_v", "y_u"), id="repeated"),
        pytest.param(["id,x,,y", ",u,v,u", *BODY], {}, ("x_u", "x_v", "y_u"), id="merged cells"),
        pytest.param(
            ["scorer,m,m,m", "part,x,x,y", "axis,u,v,u", *BODY], {}, ("x_u", "x_v", "y_u"),
            id="DeepLabCut",
        ),
        pytest.param(
            ["id,a,b,c", ",mV,mV,Hz", *BODY], {"header_rows": 2}, ("a_mV", "b_mV", "c_Hz"),
            id="set",
        ),
        pytest.param(["9,8,7,6", "1", "id,a,b,c", *BODY], {"skip": 2}, ("a", "b", "c"), id="skip"),
        pytest.param(
            ["id,a,b,c", *BODY, "Mean,1,1,1", "SD,2,2,2"], {"comment": ["Mean", "SD"]},
            ("a", "b", "c"), id="summaries",
        ),
    ],
)  # fmt: skip
def test_names_in_several_rows_are_joined(
    write: Write, lines: list[str], format: dict[str, Any], names: tuple[str, ...]
) -> None:
    has_numbers(read(write(*lines), Format(**format)), "", names)


@pytest.mark.parametrize(
    "first",
    [
        pytest.param("s,n.d.,n.d.,n.d.", id="a code that is repeated"),
        pytest.param("s,NA,NA,NA", id="missing"),
        pytest.param("s,high,1,2", id="one word"),
    ],
)
def test_a_first_row_without_numbers_may_be_data(write: Write, first: str) -> None:
    assert len(read(write("id,a,b,c", first, *BODY, first), Format()).frame) == ROWS + 2
    forced = read(write("id,a,b,c", "s,mV,mV,mV", *BODY), Format(header_rows=1))
    assert len(forced.frame) == ROWS + 1


def test_a_merged_header_of_a_workbook_is_joined(tmp_path: Path) -> None:
    sheet = openpyxl.Workbook().active
    sheet.append(["results of May"])
    sheet.append(["id", "day 1", None, "day 8"])
    sheet.append([None, "IL6", "TNF", "IL6"])
    for i, row in enumerate(NUMBERS):
        sheet.append([f"s{i}", *row])
    sheet.parent.save(tmp_path / "x.xlsx")
    has_numbers(read(tmp_path / "x.xlsx", Format()), "", ("day 1_IL6", "day 1_TNF", "day 8_IL6"))


def test_formulas_without_a_stored_value_are_noted(tmp_path: Path) -> None:
    sheet = openpyxl.Workbook().active
    sheet.append(["a", "b", "ratio"])
    for i, row in enumerate(NUMBERS, 2):
        sheet.append([*row[:2], f"=A{i}/B{i}"])
    sheet.parent.save(tmp_path / "x.xlsx")
    data = load(Table(path=str(tmp_path / "x.xlsx")))
    assert data.features == ("a", "b")
    assert any(
        "formulas without a stored value are read as empty cells (30)" in note
        for note in data.notes
    )


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(["id,a,b,c", *BODY, "s99,1"], id="a row cut off"),
        pytest.param(["id,a,b,c", *BODY, "mouse 99"], id="a row cut off in its name"),
        pytest.param(["id,a,b,c", *BODY, "", "two", "d,e", "1,2", "3,4"], id="a second table"),
    ],
)
def test_a_line_that_may_be_a_row_is_not_left_out(
    write: Write, lines: list[str], sentences: Sentences
) -> None:
    with sentences.raised(ValueError):
        read(write(*lines), Format())


# Rows and columns exchanged


def genes() -> pd.DataFrame:
    """Return counts of 100 genes in 12 samples: a row for each gene."""
    names = [f"ctrl_{i}" for i in range(12)]
    frame = pd.DataFrame(RNG.poisson(20, (100, 12)), columns=names)
    frame.insert(0, "gene", [f"ENSG{i:08d}" for i in range(100)])
    return frame


def test_a_table_of_genes_and_samples_is_recognised_and_transposed(tmp_path: Path) -> None:
    path = tmp_path / "counts.tsv"
    frame = genes().assign(Length=[*range(150, 200), *range(100, 150)], biotype="coding")
    frame.to_csv(path, sep="\t", index=False)
    as_it_is = Table(path=str(path), drop=["gene", "biotype"])
    assert "Set dataset.transpose=true" in load(as_it_is).notes[0]
    assert load(replace(as_it_is, transpose=False)).notes == ()
    text = inspect(path, Format())
    assert "dataset.transpose=true" in text[text.index("\naeexp") :]
    assert "dataset.drop=[Length]" in text
    data = load(Table(path=str(path), transpose=True, drop=["Length"]))
    assert np.array_equal(data.x, frame.filter(like="ctrl").to_numpy().T)
    assert data.features == tuple(frame.gene)
    assert data.rows == tuple(f"ctrl_{i}" for i in range(12))
    assert any("without the columns of text 'biotype'" in note for note in data.notes)


def test_a_transposed_table_may_have_a_row_of_text(write: Write) -> None:
    path = write("gene,s1,s2,s3", "group,ko,wt,ko", "g1,1,2,3", "g2,4,5,6.5")
    data = load(Table(path=str(path), transpose=True, label="group"))
    assert data.x.tolist() == [[1, 4], [2, 5], [3, 6.5]]
    assert isinstance(data.label, Classes)
    assert data.label.names == ("ko", "wt")


def test_a_transposed_table_keeps_its_decimal_commas_beside_a_word(write: Write) -> None:
    path = write("gene;s1;s2;s3", "g1;1,5;2,25;n.d.", "g2;4,125;5,5;6,5", "g3;0,5;1,5;2,5")
    frame = read(path, Format(transpose=True)).frame
    assert frame["sample"].tolist() == ["s1", "s2", "s3"]
    assert frame["g2"].tolist() == [4.125, 5.5, 6.5]
    with_na = read(path, Format(transpose=True, na=["n.d."])).frame
    assert np.array_equal(with_na["g1"], [1.5, 2.25, np.nan], equal_nan=True)


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(load_iris(as_frame=True).data, id="iris"),
        pytest.param(load_wine(as_frame=True).data, id="wine"),
        pytest.param(
            pd.DataFrame(RNG.poisson(9, (400, 28)), columns=[f"unit_{i}" for i in range(28)]),
            id="spikes in trials",
        ),
        pytest.param(
            pd.DataFrame(RNG.lognormal(2, 1, (300, 40))).add_prefix("gene"), id="samples"
        ),
    ],
)
def test_an_ordinary_table_with_names_of_rows_is_not_taken_as_transposed(
    frame: pd.DataFrame,
) -> None:
    cells = {"name": pd.Series([f"s{i}" for i in range(len(frame))]), **frame}
    assert sideways(cells, len(frame)) is None
    assert long_form(cells, len(frame)) is None


def test_repeated_names_of_a_transposed_table_are_an_error(
    write: Write, sentences: Sentences
) -> None:
    with sentences.raised(ValueError):
        read(write("gene,s1,s2", "A,1,2", "A,3,4"), Format(transpose=True))


# Long form


def long_table() -> pd.DataFrame:
    """Return 20 samples of two groups x 5 genes, a line for each value."""
    samples, names = [f"s{i}" for i in range(20)], [f"g{j}" for j in range(5)]
    index = pd.MultiIndex.from_product([samples, names], names=["sample", "gene"])
    frame = index.to_frame(index=False)
    groups = np.where(frame["sample"].isin(samples[:10]), "ko", "wt")
    return frame.assign(group=groups, count=RNG.poisson(9, 100))


def test_a_table_in_long_form_is_recognised_and_pivoted(tmp_path: Path) -> None:
    path, frame = tmp_path / "long.csv", long_table()
    frame.sample(frac=1, random_state=0).to_csv(path, index=False)
    assert "dataset.pivot=[sample,gene,count]" in inspect(path, Format())
    data = load(Table(path=str(path), pivot=["sample", "gene", "count"], label="group"))
    order = [int(name[1:]) for name in data.rows]
    columns = [int(name[1:]) for name in data.features]
    expected = frame["count"].to_numpy().reshape(20, 5)[np.ix_(order, columns)]
    assert np.array_equal(data.x, expected)
    assert isinstance(data.label, Classes)
    assert len(data.label.names) == 2


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_in_long_form_is_recognised_with_words_among_its_values(
    tmp_path: Path, ending: str
) -> None:
    path, frame = tmp_path / f"long.{ending}", long_table()
    frame["count"] = frame["count"].astype(str).where(frame["count"] > 5, "<LOD")
    write = frame.to_csv if ending == "csv" else frame.to_parquet
    write(path, index=False)
    text = inspect(path, Format())
    assert "dataset.pivot=[sample,gene,count]" in text
    assert "dataset.na=['<LOD']" in text
    assert "'<LOD' in" in text
    data = load(
        Table(
            path=str(path),
            pivot=["sample", "gene", "count"],
            na="<LOD",
            label="group",
            missing=Missing.median,
        )
    )
    assert data.features == ("g0", "g1", "g2", "g3", "g4")


def test_several_values_for_one_cell_are_an_error(tmp_path: Path, sentences: Sentences) -> None:
    frame = long_table()
    pd.concat([frame, frame.tail(1)]).to_csv(tmp_path / "long.csv", index=False)
    with sentences.raised(ValueError):
        read(tmp_path / "long.csv", Format(pivot=["sample", "gene", "count"]))


# A second table, and names


def test_metadata_are_labels_and_no_features(write: Write) -> None:
    path = write("id,a,b,c", *BODY)
    rows = [f"{'ko' if i < 10 else 'wt'},s{i},{i}" for i in reversed(range(ROWS + 1))]
    about = write("group,name,age", *rows, name="about.csv")
    data = load(Table(path=str(path), id="id", metadata=str(about), label="group", group="age"))
    assert data.features == ("a", "b", "c")
    assert isinstance(data.label, Classes)
    assert [data.label.names[code] for code in data.label.codes] == ["ko"] * 10 + ["wt"] * 20
    assert any("about.csv: 1 name without a row" in note for note in data.notes)
    with pytest.raises(ValueError, match=r"dataset.columns=age: a column of dataset.metadata"):
        load(Table(path=str(path), id="id", metadata=str(about), columns=["a", "age"]))
    command = inspect(path, Format(metadata=str(about)))
    assert "dataset.label=group dataset.id=id" in command[command.index("\naeexp") :]


@pytest.mark.parametrize(
    ("lines", "row_id"),
    [
        pytest.param([f"s{i},{i}" for i in range(ROWS - 2)], "id", id="no partner"),
        pytest.param([f"s{i // 2},{i}" for i in range(2 * ROWS)], "id", id="two partners"),
        pytest.param([f"s{i},{i}" for i in range(ROWS)], None, id="no id"),
    ],
)
def test_metadata_that_do_not_fit_are_an_error(
    write: Write, lines: list[str], row_id: str | None, sentences: Sentences
) -> None:
    about = write("id,age", *lines, name="about.csv")
    with sentences.raised(ValueError):
        load(Table(path=str(write("id,a,b,c", *BODY)), id=row_id, drop="id", metadata=str(about)))


def test_metadata_are_read_with_the_keys_of_their_own_format(write: Write, tmp_path: Path) -> None:
    path = write("id,a,b,c", *BODY)
    about = pd.DataFrame({"id": [f"s{i}" for i in range(ROWS)], "größe": [1.5, 2.5] * (ROWS // 2)})
    texts = about.assign(größe=["n.d.", "2,5 m"] * (ROWS // 2))
    about.to_excel(tmp_path / "about.xlsx", index=False)
    files = [(tmp_path / "about.xlsx", 1.5)]
    for encoding, ending in [("utf-8", "tab"), ("cp1252", "csv.xz"), ("cp1252", "txt.zip")]:
        files.append((tmp_path / f"about.{ending}", float("nan")))
        texts.to_csv(files[-1][0], sep="\t", index=False, encoding=encoding)
    for file, first in files:
        format = Format(metadata=str(file), encoding="cp1252", decimal=",", na="n.d.", units="m")
        joined, _ = with_metadata(read(path, Format()).frame, "id", format)
        assert joined["größe"].tolist() == pytest.approx([first, 2.5] * (ROWS // 2), nan_ok=True)


def test_columns_are_renamed(write: Write) -> None:
    path = write("id,X1.Methyl,b,c", *BODY)
    format = Format(rename={"X1.Methyl": "1-Methyl"})
    has_numbers(read(path, format), "", ("1-Methyl", "b", "c"))
    assert [*next(batches(path, format))] == ["id", "1-Methyl", "b", "c"]
    assert Format(rename={"X1.Methyl:1-Methyl": None}).rename == format.rename


@pytest.mark.parametrize(
    ("name", "expected"),
    [("1-Methyl", "X1.Methyl"), ("a b", "a.b"), ("_x", "X_x"), (".2", "X.2"), (".x", ".x")],
)
def test_r_name_changes_a_name_as_r_does(name: str, expected: str) -> None:
    assert r_name(name) == expected
