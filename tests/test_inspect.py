"""`inspect` describes a file and prints the command that trains on it."""

import shlex
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from aeexp.app import commands
from aeexp.config.spec import Format
from aeexp.data.inspect import inspect
from aeexp.data.inspect.command import command, quoted, value_text
from aeexp.data.inspect.roles import roles
from aeexp.data.io import read
from aeexp.errors import UserError

ROWS = 40


def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({
        "sample": [f"s{i}" for i in range(ROWS)],
        "run": range(100, 100 + ROWS),
        "alcohol": rng.normal(13, 1, ROWS).round(2),
        "ash": rng.normal(size=ROWS),
        "fixed": 1,
        "site": ["Rome", "Paris", "Rome", "Bonn"] * (ROWS // 4),
        "species": ["setosa", "virginica"] * (ROWS // 2),
    })  # fmt: skip
    frame["ash2"] = frame.ash
    frame.loc[3, "alcohol"] = np.nan
    return frame


def parsed(text: str) -> dict[str, object]:
    """Return the overrides of the command at the end, parsed by a shell and by Hydra."""
    command = text[text.index("aeexp dataset=table") :]
    script = f"aeexp() {{ printf '%s\\0' \"$@\"; }}; {command}"
    printed = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=True
    ).stdout
    parser = OverridesParser.create()
    overrides = [parser.parse_override(word) for word in printed.split("\0")[:-1]]
    return {override.key_or_group: plain(override.value()) for override in overrides}


def plain(value: object) -> object:
    return OmegaConf.to_container(OmegaConf.create({"value": value}), resolve=True)["value"]


def test_unusual_columns_are_listed_with_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "wine.csv"
    table().to_csv(path, index=False, sep=";", decimal=",", encoding="utf-16")
    text = " ".join(inspect(path, Format()).split())
    for part in (
        "wine.csv: 40 rows × 8 columns",
        "format csv; encoding utf-16; separator ';'; decimal ','",
        "sample text – 40 s0, s1, s2",
        "run int64 – 40 100 … 139",
        "fixed int64 – 1 1",
        "constant 'fixed'. A constant column carries no information.",
        "identical 'ash' = 'ash2'. Exclude all but one with dataset.drop.",
        "probable ids 'sample', 'run'. Use as dataset.id, or exclude with dataset.drop.",
        "probable batch 'site'. Use as dataset.batch",
        "probable labels 'species'. Use as dataset.label to compare",
        "text 'sample', 'site', 'species'. Use as dataset.id or dataset.label,",
    ):
        assert part in text


def test_the_command_has_the_overrides_that_the_table_needs(tmp_path: Path) -> None:
    path = tmp_path / "wine's table.csv"
    table().to_csv(path, index=False)
    assert parsed(inspect(path, Format(separator=","))) == {
        "dataset": "table",
        "dataset.path": str(path),
        "dataset.separator": ",",
        "dataset.label": "species",
        "dataset.batch": "site",
        "dataset.id": "sample",
        "dataset.drop": ["run"],
        "dataset.missing": "median",
    }


def test_a_table_of_numbers_needs_only_its_path(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(20, 3)))
    overrides = parsed(inspect(tmp_path / "x.npy", Format()))
    assert overrides == {"dataset": "table", "dataset.path": str(tmp_path / "x.npy")}


def test_rows_that_repeat_an_earlier_one_are_counted(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,x\n2,y\n1,x\n1,x\n,y\n")
    assert "2 rows repeat an earlier one" in inspect(tmp_path / "x.csv", Format())


def test_f20_the_text_cells_of_a_mixed_column_are_listed(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a\n1\n2\n3\nn.d.\n")
    text = " ".join(inspect(tmp_path / "x.csv", Format()).split())
    assert "mixed column 'a': 1 of 4 cells are not numbers: 'n.d.' in line 5" in text


@pytest.mark.parametrize("columns", [5, 5000])
def test_any_table_fits_a_terminal(tmp_path: Path, columns: int) -> None:
    names = [f"column {i} {'n' * (i % 60)}" for i in range(columns)]
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(12, columns)), columns=names)
    frame["text"] = ["long " * 50 + str(i) for i in range(12)]
    frame.iloc[:, -1:] = frame.iloc[:, -1:].astype(object)
    frame.to_csv(tmp_path / "x.csv", index=False)
    lines = inspect(tmp_path / "x.csv", Format()).splitlines()
    head = lines[: next(i for i, line in enumerate(lines) if line.startswith("aeexp"))]
    assert max(map(len, head)) <= 100
    assert len(lines) < 45


def test_many_text_columns_are_excluded_by_one_override(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {f"t{i}": [f"{i} {row} {row % 9}" for row in range(30)] for i in range(50)}
    )
    frame["x"] = np.random.default_rng(0).normal(size=30)
    frame.to_csv(tmp_path / "x.csv", index=False)
    overrides = parsed(inspect(tmp_path / "x.csv", Format()))
    assert overrides["dataset.categorical"] == "drop"
    assert "dataset.drop" not in overrides


def test_f39_no_terminal_commands_are_printed(tmp_path: Path) -> None:
    hostile = "\x1b[2J\x07\u202e\x9b" + "n" * 300
    frame = pd.DataFrame({hostile: [f"\x1b]0;{i}\x07" for i in range(12)], "b": range(0, 24, 2)})
    frame.to_parquet(tmp_path / "x.parquet")
    text = inspect(tmp_path / "x.parquet", Format())
    assert all(line.isprintable() for line in text.splitlines())
    assert "n" * 60 not in text


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"))) | st.text("\\${}'\"a,")
)
def test_the_shell_and_hydra_parse_a_quoted_text_as_this_text(text: str) -> None:
    arguments = shlex.split(command(Path("x.csv"), Format(sheet=text), roles([], {})))
    override = next(argument for argument in arguments if argument.startswith("dataset.sheet="))
    assert plain(OverridesParser.create().parse_override(override).value()) == text
    listed = OverridesParser.create().parse_override(f"dataset.drop=[{quoted(text)},b]").value()
    assert plain(listed) == [text, "b"]


@pytest.mark.parametrize(
    "text",
    ["null", "True", "5", "1e3", "", " ", "a b", "it's", 'say "x"', "$HOME", "${seed}", "a\\",
     "\\'", "\\\\${a}", "a,b", "[a]", "{a:1}", "#", "`ls`", "!!", "a=b", "nan", "~", "\\${a}'\\"],
)  # fmt: skip
def test_hydra_parses_a_quoted_text_as_this_text(text: str) -> None:
    override = OverridesParser.create().parse_override(f"dataset.label={quoted(text)}")
    assert plain(override.value()) == text


def test_inspect_and_read_raise_the_same_error(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n")
    for verb in (inspect, read):
        with pytest.raises(ValueError, match=r"x\.csv: it has 0 data rows"):
            verb(tmp_path / "x.csv", Format())


def test_a_column_of_parts_is_proposed_as_the_split(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(60, 3))
    frame = pd.DataFrame(x, columns=[*"abc"]).assign(part=["train", "val", "Test"] * 20)
    frame.to_csv(tmp_path / "x.csv", index=False)
    command = inspect(tmp_path / "x.csv", Format()).rpartition("aeexp ")[2]
    assert "split.column=part" in command
    assert "dataset.label" not in command


@pytest.mark.parametrize("old", ["age", "x:y", "p,q", "50% (v)", "it's", "a b", "null", "1"])
def test_a_printed_new_name_is_read_by_hydra(old: str) -> None:
    renamed = {old: "1: it's", "other": "new"}
    text = f"dataset.rename={value_text(renamed)}"
    (override,) = OverridesParser.create().parse_overrides([text])
    assert Format(rename=override.value()).rename == renamed


def test_inspect_reads_overrides_as_a_run_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.csv"
    pd.DataFrame({"it's": ["5%", "7%", "*", "8%"], "b": [1, 2, 4, 3]}).to_csv(path, index=False)
    renamed = r"dataset.rename=[['it\'s',a]]"
    assert commands.command(["inspect", str(path), "dataset.units=[%]", renamed]) == 0
    assert "dataset.na=['*']" in capsys.readouterr().out
    with pytest.raises(UserError, match=r"dataset.comment=\['#'\]"):
        commands.command(["inspect", str(path), "dataset.comment=[#]"])
