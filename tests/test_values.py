"""Cells that are no measurements: codes, words among numbers, units, rows without cells."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import test_reading
from sklearn import datasets
from test_design import sentences
from test_inspect import parsed

from aeexp.config.spec import Categorical, Format, Infinite, Missing, Table
from aeexp.data import Dataset, load
from aeexp.data.inspect.arranged import arranged
from aeexp.data.inspect.command import command
from aeexp.data.quality.codes import find_codes

ROWS = 60
MEASURED = ("glucose", "lactate", "insulin")


def measured(rows: int = ROWS) -> pd.DataFrame:
    """Return measurements as text, so that any of them can be replaced by a word."""
    rng = np.random.default_rng(0)
    numbers = rng.normal([5, 6, 40], [1, 1.5, 8], (rows, 3)).round(3)
    frame = pd.DataFrame(numbers.astype(str), columns=[*MEASURED])
    return frame.assign(sample=[f"S{row:03}" for row in range(rows)])


def with_cells(*words: str, name: str = "lactate", every: int = 7) -> pd.DataFrame:
    """Return measurements with words in some cells of a column."""
    frame = measured()
    for number, word in enumerate(words):
        frame.loc[frame.index % every == number, name] = word
    return frame


def everywhere(code: str) -> pd.DataFrame:
    frame = measured()
    frame.loc[frame.index % 9 == 0, [*MEASURED[:2]]] = code
    return frame


def joined() -> pd.DataFrame:
    names = pd.DataFrame([{name: name for name in measured()}])
    return pd.concat([measured(), names, measured()], ignore_index=True)


def empty_rows() -> pd.DataFrame:
    return pd.concat([measured(), measured().iloc[:5].map(lambda _: "")], ignore_index=True)


def with_roles() -> pd.DataFrame:
    rows = np.arange(ROWS)
    return measured().assign(
        animal=np.sort(rows % 6),
        minute=rows,
        plate=[f"P{row % 3}" for row in rows],
        condition=np.where(rows % 2, "drug", "control"),
    )


FILES: dict[str, Callable[[], pd.DataFrame]] = {
    "numbers": measured,
    "not detected": lambda: with_cells("n.d."),
    "error of Excel": lambda: with_cells("#DIV/0!"),
    "two words": lambda: with_cells("n.d.", "failed"),
    "below a limit": lambda: with_cells("<0.05", "<0.1"),
    "below limits of rows": lambda: measured().assign(
        lactate=lambda f: f.lactate.where(f.index % 3 > 0, "<" + f.lactate)
    ),
    "U+2212": lambda: measured().assign(lactate=lambda f: "\u2212" + f.lactate),
    "percent": lambda: measured().assign(lactate=lambda f: f.lactate + "%"),
    "unit": lambda: measured().assign(lactate=lambda f: f.lactate + " Hz"),
    "unit and word": lambda: with_cells("n.d.").assign(insulin=lambda f: f.insulin + " mU/l"),
    "some percent": lambda: measured().assign(
        lactate=lambda f: f.lactate.where(f.index % 5 > 0, f.lactate + "%")
    ),
    "flags": lambda: measured().assign(
        lactate=lambda f: f.lactate.where(f.index % 5 > 0, f.lactate + "*")
    ),
    "repeated names": joined,
    "empty rows": empty_rows,
    "column without cells": lambda: measured().assign(comment=""),
    "column of na": lambda: measured().assign(comment="na"),
    "-999": lambda: everywhere("-999"),
    "99 among counts": lambda: everywhere("99").assign(
        insulin=[str(row % 5) if row % 9 != 1 else "99" for row in range(ROWS)]
    ),
    "1e30": lambda: everywhere("1e30"),
    "zeros": lambda: everywhere("0"),
    "infinite": lambda: with_cells("inf"),
    "roles": with_roles,
    "gaps in a group": lambda: with_roles().assign(
        plate=lambda f: f.plate.where(f.index > 3, "?")
    ),
}


@pytest.fixture
def write(tmp_path: Path) -> Callable[[pd.DataFrame], Path]:
    def make(frame: pd.DataFrame) -> Path:
        frame.to_csv(tmp_path / "table.csv", index=False)
        return tmp_path / "table.csv"

    return make


def loaded(path: Path, format: Format) -> tuple[Dataset, dict[str, Any]]:
    """Return the dataset of the command that inspect prints, and its settings of the dataset."""
    table = arranged(path, format)
    overrides = parsed(command(path, table.reading.format, table.roles, table.drop))
    settings = {
        key.removeprefix("dataset."): value for key, value in overrides.items() if key != "dataset"
    }
    kinds = {"missing": Missing, "categorical": Categorical, "infinite": Infinite}
    for name, kind in kinds.items():
        if name in settings:
            settings[name] = kind(settings[name])
    return load(Table(**settings)), settings


@pytest.mark.parametrize("name", FILES)
def test_the_printed_command_learns_from_all_measurements_and_from_nothing_else(
    name: str, write: Callable[[pd.DataFrame], Path]
) -> None:
    data, settings = loaded(write(FILES[name]()), Format())
    assert sorted(data.features) == sorted(MEASURED)
    assert len(data.x) == (2 * ROWS if name == "repeated names" else ROWS)
    assert not data.codes
    if name == "roles":
        roles = {key: settings[key] for key in ("id", "group", "batch", "label")}
        expected = ("sample", "animal", "plate", "condition")
        assert roles == dict(zip(roles, expected, strict=True))


TYPED = ["not detected", "below a limit", "U+2212", "unit and word", "some percent"]


@pytest.mark.parametrize("name", TYPED)
def test_words_and_units_are_found_in_a_file_with_types_as_in_text(
    name: str, tmp_path: Path, write: Callable[[pd.DataFrame], Path]
) -> None:
    frame = FILES[name]()
    frame.to_parquet(tmp_path / "table.parquet")
    data, settings = loaded(write(frame), Format())
    typed, of_types = loaded(tmp_path / "table.parquet", Format())
    assert typed.features == data.features
    assert np.array_equal(typed.x, data.x, equal_nan=True)
    assert {**of_types, "path": ""} == {**settings, "path": ""}


def test_words_are_found_in_a_transposed_table_with_decimal_commas(
    tmp_path: Path,
) -> None:
    path = tmp_path / "table.csv"
    frame = with_cells("n.d.").set_index("sample").T.reset_index(names="gene")
    commas = frame.map(lambda cell: cell if cell == "n.d." else cell.replace(".", ","))
    commas.to_csv(path, sep=";", index=False)
    data, settings = loaded(path, Format(transpose=True))
    assert data.features == MEASURED
    assert settings["na"] == ["n.d."]
    expected = with_cells("n.d.")[[*MEASURED]].replace("n.d.", None).astype(float)
    present = expected.notna().to_numpy()
    assert np.array_equal(data.x[present], expected.to_numpy()[present])


OWN = next(
    mark.args[1]
    for mark in test_reading.test_a_text_file_is_read_with_notes_on_detected_properties.pytestmark
    if mark.name == "parametrize"
)


@pytest.mark.parametrize("content", [pytest.param(case.values[0], id=case.id) for case in OWN])
def test_the_printed_command_reads_each_file_of_the_suite(
    content: str | bytes, tmp_path: Path
) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    table = arranged(path, Format())
    if any(not column.is_text and column.distinct for column in table.roles.features):
        data, _ = loaded(path, Format())
        assert not [name for name in data.features if "=" in name]


BUILT_IN = ["iris", "wine", "breast_cancer", "digits", "diabetes", "linnerud"]


@pytest.mark.parametrize("name", BUILT_IN)
def test_no_number_of_a_built_in_table_is_taken_for_a_code(name: str) -> None:
    x = getattr(datasets, f"load_{name}")().data
    assert not find_codes({str(number): column for number, column in enumerate(x.T)})


NORMAL = np.random.default_rng(0).normal(50, 10, 200)
COUNTS = np.random.default_rng(1).poisson(1.0, 200).astype(float)


@pytest.mark.parametrize(
    ("column", "codes"),
    [
        pytest.param(NORMAL, [], id="Gaussian"),
        pytest.param(np.where(NORMAL > 60, -200, NORMAL), ["-200"], id="negative"),
        pytest.param(np.where(NORMAL > 60, 1e30, NORMAL), ["1e+30"], id="fill value"),
        pytest.param(np.where(NORMAL > 60, 0, NORMAL), ["0"], id="not detected"),
        pytest.param(np.where(NORMAL > 60, 500, NORMAL), ["500"], id="no usual code"),
        pytest.param(COUNTS, [], id="counts with zeros"),
        pytest.param(np.where(NORMAL > 60, 99, COUNTS), ["99"], id="99 among counts"),
        pytest.param(
            np.where(NORMAL > 60, 99, np.where(NORMAL > 55, 98, COUNTS)), ["98", "99"], id="two"
        ),
        pytest.param(np.r_[NORMAL, -999], [], id="a single cell"),
        pytest.param(np.round(NORMAL / 20), [], id="few values"),
        pytest.param(np.minimum(NORMAL.round(), 60), [], id="a ceiling"),
        pytest.param(COUNTS > 0, [], id="truth values"),
    ],
)
def test_a_repeated_number_apart_from_the_others_is_a_code(
    column: np.ndarray, codes: list[str]
) -> None:
    assert sorted(code.text for code in find_codes({"x": column})) == codes


def test_a_code_within_the_range_of_another_column_is_not_declared() -> None:
    [code] = find_codes({"x": np.where(NORMAL > 60, 999, NORMAL), "y": 20 * NORMAL.round()})
    assert code.is_missing
    inside = np.r_[999, 20 * NORMAL.round()[1:]]
    [code] = find_codes({"x": np.where(NORMAL > 60, 999, NORMAL), "y": inside})
    assert code.inside == ("y",)
    assert not code.is_missing


def test_the_first_note_of_a_run_names_codes_until_it_is_decided_what_they_are(
    write: Callable[[pd.DataFrame], Path],
) -> None:
    path = str(write(everywhere("-200")))
    undecided = load(Table(path=path, id="sample"))
    assert undecided.codes == ("-200",)
    assert undecided.notes[0].startswith(
        "-200 is apart from all other values in 14 cells of 2 columns, glucose (7), lactate (7)."
    )
    assert not load(Table(path=path, id="sample", na="none")).codes
    missing = load(Table(path=path, id="sample", na=[-200], missing=Missing.median))
    assert not missing.codes
    assert np.isnan(missing.x).sum() == 14
    assert "missing by dataset.na: '-200' (14)" in missing.notes


def test_structure_is_undecided_until_a_code_is_declared(
    write: Callable[[pd.DataFrame], Path],
) -> None:
    path = str(write(everywhere("-200")))
    answer = sentences(Table(path=path, id="sample"))
    assert next(iter(answer)) == "values"
    assert answer["values"][0] == "no"
    assert answer["chance"][0] == "undecided"
    assert "groups" not in answer
    assert "dataset.na=[-200]" in answer["next"][1]
    declared = Table(path=path, id="sample", na=[-200], missing=Missing.median)
    assert "values" not in sentences(declared)


@pytest.mark.parametrize("ending", ["csv", "parquet", "feather", "xlsx"])
def test_declared_values_are_missing_in_every_format(tmp_path: Path, ending: str) -> None:
    frame = pd.DataFrame({"a": [1, -200, 3, 4], "b": [1.5, 2, -200, 3], "c": list("uvuw")})
    path = tmp_path / f"table.{ending}"
    write = {"csv": frame.to_csv, "xlsx": frame.to_excel}.get(ending)
    write(path, index=False) if write else getattr(frame, f"to_{ending}")(path)
    data = load(Table(path=str(path), label="c", na=[-200, "w"], missing=Missing.mean))
    assert np.isnan(data.x).tolist() == [
        [False, False], [True, False], [False, True], [False, False]
    ]  # fmt: skip
    assert data.label.codes.tolist() == [0, 1, 0, -1]


def test_numbers_stored_as_text_are_learnt_from(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    measured().to_parquet(path)
    data, settings = loaded(path, Format())
    assert sorted(data.features) == sorted(MEASURED)
    assert settings["id"] == "sample"
    assert "text with only numbers is read as numbers: glucose, lactate, insulin" in data.notes


def test_the_error_of_a_mixed_column_has_the_keys_that_make_it_numeric(
    write: Callable[[pd.DataFrame], Path],
) -> None:
    path = write(with_cells("n.d.", "<0.05").assign(insulin=lambda f: f.insulin + " Hz"))
    with pytest.raises(ValueError, match="columns are not numeric") as error:
        load(Table(path=str(path), id="sample"))
    keys = """set "dataset.na=['<*',n.d.]" and "dataset.units=[Hz]" and dataset.missing."""
    assert f"To use lactate, insulin as numbers, {keys}" in str(error.value)
    with pytest.raises(ValueError, match="mostly numbers, which are no categories"):
        load(Table(path=str(path), id="sample", categorical=Categorical.onehot))


def test_a_unit_of_some_cells_only_is_not_removed(write: Callable[[pd.DataFrame], Path]) -> None:
    path = write(FILES["some percent"]())
    with pytest.raises(ValueError, match=r"12 with '%', 48 without a unit: use one unit"):
        load(Table(path=str(path), id="sample", units="%"))


def test_a_class_of_a_label_is_not_declared_missing(write: Callable[[pd.DataFrame], Path]) -> None:
    frame = with_roles()
    frame.loc[::9, "lactate"] = "control"
    data, settings = loaded(write(frame), Format())
    assert "na" not in settings
    assert data.label.names == ("control", "drug")
