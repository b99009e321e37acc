"""Small inputs that would hang, abort or fill memory are an error with the limit and its key."""

import gzip
import io
import itertools
import lzma
import os
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_sweep import Made, made

from aeexp.analysis.clustering.clusters import find
from aeexp.app import cli
from aeexp.config.compose import compositions
from aeexp.config.spec import (
    Blobs,
    Deep,
    EvidenceSpec,
    Experiment,
    Format,
    HowMany,
    KMeans,
    LearningRate,
    Training,
)
from aeexp.data import Classes, Dataset
from aeexp.data.checks import setting_warnings
from aeexp.data.inspect import inspect
from aeexp.data.io import read
from aeexp.data.io.cells import Column, Notation, convert, convert_all, update_all
from aeexp.data.io.encoding import _undecodable
from aeexp.data.memory import free_bytes, in_units, require_memory
from aeexp.data.na import NaValues
from aeexp.data.prepare import check, prepare, prepare_problem
from aeexp.pipeline.experiment import load_experiment
from aeexp.runs import Run
from aeexp.sweep.finalize import finalize

Make = Callable[..., Experiment]
PLAIN = "a,b\n1,2\n3,4\n"


@pytest.fixture
def user_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Run a command that is a user error of one line, with exit code 2; return the line."""

    def run(*arguments: str) -> str:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["aeexp", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        output = capsys.readouterr()
        assert (end.value.code, output.out, output.err.count("\n")) == (2, "", 1), output.err
        return output.err

    return run


# Files


def workbook(path: Path, **changes: str) -> Path:
    """Write a workbook whose one sheet has other text in the XML of its cells."""
    book = openpyxl.Workbook()
    assert book.active
    for row in (["a", "b"], [1, 2], [3, 4]):
        book.active.append(row)
    book.save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    for old, new in changes.items():
        members[sheet] = members[sheet].replace(old.encode(), new.encode())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({'row r="3"': 'row r="999999999999"'}, "rows below 1,048,576", id="row"),
        pytest.param(
            {'<c r="A3" t="n"><v>3': f'<c r="A3" t="str"><v>{"x" * 40_000}'},
            "a cell of more than 32,767 characters",
            id="cell",
        ),
    ],
)
def test_f55_a_workbook_beyond_excel_s_own_limits_is_an_error(
    tmp_path: Path, changes: dict[str, str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        read(workbook(tmp_path / "table.xlsx", **changes), Format())


def test_f55_a_sheet_with_a_wrong_size_in_its_xml_is_read_completely(tmp_path: Path) -> None:
    path = workbook(tmp_path / "table.xlsx", **{'ref="A1:B3"': 'ref="A1:XFD9"'})
    assert read(path, Format()).frame["b"].tolist() == [2, 4]


@pytest.mark.parametrize("name", ["table.xlsx", "table.csv.gz", "table.csv.xz", "table.zip"])
def test_f55_a_file_that_unpacks_to_too_much_is_an_error(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith("xlsx"):
        workbook(path)
    elif name.endswith("zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("table.csv", PLAIN * 1000)
    else:
        pack = {".gz": gzip.compress, ".xz": lzma.compress}[path.suffix]
        path.write_bytes(pack(PLAIN.encode() * 1000))
    with pytest.raises(ValueError, match=r"unpacks to more than 1 kB\. .* dataset\.max_bytes"):
        read(path, Format(max_bytes=1000))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("a,b\n" + "1" * 60 + ",2\n", "a line of more than 50 characters", id="line"),
        pytest.param("a" * 60 + ",b\n1,2", "a line of more than 50 characters", id="header"),
        pytest.param("", "the file is empty", id="empty"),
    ],
)
def test_f55_a_line_that_is_too_long_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, message: str
) -> None:
    monkeypatch.setattr("aeexp.data.io.encoding.CHUNK", 10)
    monkeypatch.setattr("aeexp.data.io.text_file.LONGEST", 50)
    path = tmp_path / "table.csv"
    path.write_text(content)
    with pytest.raises(ValueError, match=message):
        read(path, Format())
    if "more than 50" in message:
        assert len(read(path, Format(max_line=2**20)).frame.columns) == 2


def test_f55_a_table_that_does_not_fit_into_memory_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "table.csv"
    path.write_text(PLAIN)
    with pytest.raises(ValueError, match=r"2 rows × 2 columns needs 32 bytes .* dataset\.max_b"):
        read(path, Format(max_bytes=31))
    assert len(read(path, Format(max_bytes=32)).frame) == 2
    monkeypatch.setattr("aeexp.data.memory.free_bytes", lambda: 60)
    for function in (read, inspect):
        with pytest.raises(ValueError, match="needs 64 bytes of memory, but only 60 bytes are"):
            function(path, Format())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_f55_a_pipe_or_a_device_is_an_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "device.xlsx").symlink_to("/dev/zero")
    for name in ("pipe.csv", "device.xlsx"):
        with pytest.raises(ValueError, match="it is a pipe or a device"):
            read(tmp_path / name, Format())


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 1000])
def test_f55_the_line_of_an_undecodable_byte_is_counted_across_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\r\n1,2\r3,4\n5,6\r\n\xff,8\n"))
    monkeypatch.setattr("aeexp.data.io.encoding.CHUNK", chunk)
    with pytest.raises(ValueError, match=r"byte 18 \(0xFF\) in line 5 is not utf-8"):
        read(path, Format())


class Long(io.BytesIO):
    """An endless file."""

    def read(self, size: int | None = -1) -> bytes:
        assert size, "it is not read as a whole"
        return b"1,2\n" * (size // 4)


def test_f55_the_line_of_an_undecodable_byte_is_counted_in_little_memory() -> None:
    tracemalloc.start()
    try:
        error = _undecodable(Long, "utf-8", 200_000_000)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    assert "in line 50000001 " in str(error)


NUMBERS = ["1", "-2", "+3", "0.5", "1e3", "inf", " 4 ", ".5", "5.", "1" * 15, "1" * 16, "1" * 20]
OTHERS = ["", "nan", "NA", "-", "x", "\u22125", "5 Hz", "0x1f", "1_0", "١"]
CELLS = st.sampled_from(NUMBERS + OTHERS)


@given(st.data(), st.integers(1, 4), st.integers(1, 5))
def test_f55_columns_updated_together_equal_columns_updated_one_by_one(
    data: st.DataObject, rows: int, columns: int
) -> None:
    notation = Notation(na=NaValues(words=("x",)))
    several, alone = ([Column(notation) for _ in range(columns)] for _ in range(2))
    batches = [
        pa.record_batch(
            [data.draw(st.lists(CELLS, min_size=rows, max_size=rows)) for _ in range(columns)],
            [f"x{i}" for i in range(columns)],
        )
        for _ in range(2)
    ]
    for number, batch in enumerate(batches):
        update_all(several, batch, number * rows)
        for column, cells in zip(alone, batch.columns, strict=True):
            column.update(cells, number * rows)
    assert [(c.type, c.filled, c.non_numeric, c.missing) for c in several] == [
        (c.type, c.filled, c.non_numeric, c.missing) for c in alone
    ]
    schema = pa.schema([(f"x{i}", column.type) for i, column in enumerate(alone)])
    for batch in batches:
        typed = convert_all(batch, schema, notation)
        for values, cells, kind in zip(typed.columns, batch.columns, schema.types, strict=True):
            assert _plain(values) == _plain(convert(cells, kind, notation))


def _plain(values: Any) -> list[Any]:
    return [None if value is None else str(value) for value in values.to_pylist()]


def test_f55_a_hundred_thousand_columns_are_inspected(tmp_path: Path) -> None:
    """In bounded memory; how long it takes is measured in benchmarks/scale.py."""
    path, columns = tmp_path / "wide.csv", 100_000
    numbers = np.random.default_rng(0).normal(size=(3, columns)).round(3)
    numbers[:, 7] = numbers[:, 9]
    names = ",".join(f"g{i}" for i in range(columns))
    path.write_text("\n".join([names, *(",".join(map(str, row)) for row in numbers)]) + "\n")
    text = inspect(path, Format())
    assert "3 rows × 100,000 columns" in text
    assert "'g7' = 'g9'" in text
    assert "… and 99,980 more columns: 99,980 float64; 0 with missing cells" in text


# Options and overrides


def bomb(levels: int) -> str:
    """Return a few lines of YAML that expand to 10^levels values."""
    lines = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x, x]", *lines])


HOSTILE = [
    pytest.param(bomb(10), "is larger than a configuration may be", id="aliases"),
    pytest.param("a: &a [*a]", "is larger than a configuration may be", id="within itself"),
    pytest.param("a: " + "[" * 5000, "is larger than a configuration may be", id="deep"),
    pytest.param("# " + "x" * 2**20, "is larger than a configuration may be", id="long"),
    pytest.param("a: !!python/object/apply:os.getcwd []", "is not plain YAML", id="object"),
    pytest.param("a: [", "is not plain YAML", id="torn"),
    pytest.param("? [1, 2]\n: 3", "is not plain YAML", id="key"),
]


@pytest.mark.parametrize(("text", "message"), HOSTILE)
def test_f55_an_option_file_that_would_hang_is_an_error(
    text: str, message: str, tmp_path: Path, user_error: Callable[..., str]
) -> None:
    (tmp_path / "options").mkdir()
    (tmp_path / "options" / "theirs.yaml").write_text(f"defaults: [config, _self_]\n{text}\n")
    line = user_error("--config-dir", "options", "--config-name", "theirs")
    assert "theirs.yaml" in line
    assert message in line


@pytest.mark.parametrize(("text", "message"), HOSTILE)
def test_f55_a_run_s_configuration_that_would_hang_is_an_error(
    text: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / ".hydra").mkdir()
    (tmp_path / ".hydra" / "config.yaml").write_text(text)
    with pytest.raises(ValueError, match=message):
        load_experiment(Run(tmp_path))


def test_the_error_for_an_incomplete_configuration_has_a_remedy(
    tmp_path: Path, user_error: Callable[..., str]
) -> None:
    (tmp_path / "mine.yaml").write_text("seed: 1\n")
    assert "begin it with defaults: [config, _self_]" in user_error(
        "--config-dir", ".", "--config-name", "mine"
    )


@pytest.mark.parametrize(
    "values",
    ["range(100000000)", "shuffle(range(100000000))", "range(0,1,1e-12)", "range(20000)"],
)
def test_f55_a_sweep_of_too_many_jobs_is_an_error(
    values: str, user_error: Callable[..., str]
) -> None:
    line = user_error("--multirun", f"optimizer.lr={values}")
    assert "more than sweep.max_jobs=10000 jobs, most of them by optimizer.lr" in line


def test_f55_the_jobs_of_all_keys_are_counted_and_their_limit_can_be_raised(
    user_error: Callable[..., str], tmp_path: Path
) -> None:
    sweep = ("--multirun", "seed=range(3)", "model=shallow,deep")
    assert "sweep.max_jobs=5 jobs" in user_error(*sweep, "sweep.max_jobs=5")
    arguments = cli.get_args_parser().parse_args([*sweep, "sweep.max_jobs=6"])
    assert len([*compositions(arguments)]) == 6
    (tmp_path / "mine.yaml").write_text(
        "defaults: [config, _self_]\nhydra: {sweeper: {params: {seed: 'range(100000)'}}}\n"
    )
    assert "sweep.max_jobs=10000" in user_error(
        "--multirun", "--config-dir", ".", "--config-name", "mine"
    )
    assert "seed=range(0) has no values" in user_error("--multirun", "seed=range(0)")


# Models


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"model": Deep(latent_dim=10**9)}, "Lower model.latent_dim", id="factors"),
        pytest.param({"model": Deep(hidden=[10**6, 10**6])}, "8 TB", id="hidden"),
        pytest.param({"repeats": 10**9}, "Lower repeats", id="repeats"),
        pytest.param(
            {"evidence": EvidenceSpec(permutations=10**9)}, "evidence.permutations", id="copies"
        ),
        pytest.param({"question": HowMany(copies=10**10)}, "Lower question.copies", id="how_many"),
        pytest.param({"question": LearningRate(rates=10**10)}, "question.rates", id="rates"),
        pytest.param({"training": Training(epochs=10**13)}, "training.epochs", id="epochs"),
    ],
)
def test_f55_a_model_that_does_not_fit_into_memory_is_an_error(
    tiny: Make, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=r"[kMGTP]B of (memory|weights)") as error:
        prepare_problem(tiny(**changes))
    assert message in str(error.value)


def test_f55_the_largest_possible_model_depends_on_the_free_memory(
    tiny: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem, large = prepare_problem(tiny()), tiny(model=Deep(hidden=[1000, 1000]))
    check(large, problem)
    monkeypatch.setattr("aeexp.data.memory.free_bytes", lambda: 80_000_000)
    with pytest.raises(ValueError, match=r"model=deep on 6 features needs 80\.9 MB"):
        check(large, problem)


@pytest.mark.parametrize("shape", [{"samples": 10**12}, {"features": 10**9}], ids=str)
def test_f55_a_generated_table_that_does_not_fit_is_an_error(
    tiny: Make, shape: dict[str, int]
) -> None:
    with pytest.raises(ValueError, match=f"TB of memory, .* Lower dataset.{next(iter(shape))}"):
        prepare_problem(tiny(dataset=Blobs(**shape)))


def test_free_memory_is_limited_by_the_machine_and_the_cgroup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aeexp.data.memory.CGROUP", tmp_path)
    of_machine = free_bytes()
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("400\n")
    assert free_bytes() == 600 < of_machine
    require_memory(600, "a table", "")
    with pytest.raises(
        ValueError, match="a table needs 601 bytes of memory, but only 600 bytes are"
    ):
        require_memory(601, "a table", "Lower something.")
    sizes = [1, 999, 1000, 2_147_483_648, 5e15, 2e20]
    assert [*map(in_units, sizes)] == [
        *["1 bytes", "999 bytes", "1 kB", "2.15 GB", "5 PB", "2e+05 PB"]
    ]


# Many of a kind


def test_f55_more_than_100_classes_do_not_set_the_number_of_clusters(tiny: Make) -> None:
    z = np.random.default_rng(0).normal(size=(240, 2)).astype(np.float32)
    codes = {
        count: find(
            KMeans(), z, Classes("name", np.arange(240) % count, tuple(map(str, range(count)))), 0
        )
        for count in (100, 101)
    }
    assert len(np.unique(codes[100])) == 100
    assert 2 <= len(np.unique(codes[101])) <= 10
    problem = prepare_problem(tiny(dataset=Blobs(samples=240, centers=120)))
    assert any(
        "120 classes, more than the 100" in text for text in setting_warnings(tiny(), problem)
    )


def test_a_label_that_names_the_rows_does_not_set_the_number_of_clusters(tiny: Make) -> None:
    z = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    names = Classes("trial", np.arange(60), tuple(map(str, range(60))))
    assert names.are_names
    assert not replace(names, codes=np.arange(60) % 30).are_names
    assert 2 <= len(np.unique(find(KMeans(), z, names, 0))) <= 10
    dataset = Dataset("trials", z, ("a", "b"), range(60), (names,))
    notes = setting_warnings(tiny(), prepare(tiny(), dataset))
    [note] = [text for text in notes if "trial" in text]
    assert "60 classes for 60 rows: it names rows, not groups" in note
    assert "set clustering.kmeans.n_clusters" in note


def test_f55_the_first_of_many_incomplete_jobs_are_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep = made(tmp_path, [Made([f"seed={i}"], status=None) for i in range(50)])
    assert finalize([sweep], sweep) == 1
    lines = capsys.readouterr().out.splitlines()
    listed = [*itertools.takewhile(lambda line: line.startswith("#"), lines)]
    assert len(listed) == 20
    assert lines[20].startswith("… and 30 more, in ")
