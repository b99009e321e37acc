"""The run directory: nobody else's, and every file in it whole."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from aeexp.artifact import Artifact, Document, Metrics, Table
from aeexp.runs import Record, Status, claim, write, write_bytes
from aeexp.spec import Activation, Experiment, Iris, Wine


def test_a_directory_that_is_free_is_taken_as_it_is(tmp_path: Path) -> None:
    assert claim(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert (tmp_path / "a" / "b").is_dir()


def test_runs_that_want_the_same_directory_get_one_each(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        claimed = list(pool.map(lambda _: claim(tmp_path / "same"), range(64)))
    assert len(set(claimed)) == 64
    assert {path.name for path in claimed} == {"same", *(f"same-{n}" for n in range(2, 65))}


def test_what_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        claim(tmp_path / "file" / "run")


def test_undefined_numbers_become_null(tmp_path: Path) -> None:
    write(Metrics("metrics", {"a": 1.5, "b": float("nan"), "c": float("inf"), "d": 3}), tmp_path)
    written = json.loads((tmp_path / "metrics.json").read_text())
    assert written == {"a": 1.5, "b": None, "c": None, "d": 3}


def test_a_document_keeps_its_nesting_and_the_names_of_choices(tmp_path: Path) -> None:
    write(Document("d", {"x": ({"y": [Activation.relu, float("nan")]},), "ä": "ö"}), tmp_path)
    assert json.loads((tmp_path / "d.json").read_text()) == {
        "x": [{"y": ["relu", None]}],
        "ä": "ö",
    }


def test_a_table_is_read_back_as_it_was(tmp_path: Path) -> None:
    z = np.array([0.1, np.nan, 1e-30], np.float32)
    names = ['a,"b"', "c\nd", "é"]
    write(Table("t", {"name": names, "z": z, "n": [1, 2, 3]}), tmp_path)
    import csv  # noqa: PLC0415

    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == names
    assert [row["z"] for row in rows] == ["0.1", "", "1e-30"]
    assert np.float32(rows[0]["z"]) == z[0]


def test_columns_of_unequal_length_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="shorter"):
        write(Table("t", {"a": [1, 2], "b": [1]}), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_leaves_the_one_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bytes(tmp_path / "file", b"before")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_bytes(tmp_path / "file", b"after")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"before"


def test_an_artefact_nobody_can_write_says_how_to_teach_it(tmp_path: Path) -> None:
    with pytest.raises(NotImplementedError, match=r"write\.register"):
        write(Artifact("odd"), tmp_path)


WRITER = """
import sys
from pathlib import Path
from aeexp.artifact import Metrics
from aeexp.runs import write
print("ready", flush=True)
n = 0
while True:
    n += 1
    write(Metrics("metrics", {str(i): n for i in range(2000)}), Path(sys.argv[1]))
"""


def test_killed_at_any_moment_a_file_is_absent_or_whole(tmp_path: Path) -> None:
    waits = np.random.default_rng(0).uniform(0, 0.05, 12)
    for wait in waits:
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE
        ) as process:
            process.stdout.readline()
            time.sleep(wait)
            process.send_signal(signal.SIGKILL)
        path = tmp_path / "metrics.json"
        if path.exists():
            assert len(set(json.loads(path.read_text()).values())) == 1


def test_a_record_is_running_until_it_ends(tmp_path: Path) -> None:
    record = Record(tmp_path, Experiment())
    before = json.loads((tmp_path / "run.json").read_text())
    record.note(data_hash="abc")
    record.end(Status.COMPLETED, {"total": 1.5})
    after = json.loads((tmp_path / "run.json").read_text())
    assert before["status"] == "RUNNING"
    assert after["status"] == "COMPLETED"
    assert after["data_hash"] == "abc"
    assert after["seconds"] == {"total": 1.5}
    assert after["started"] < after["ended"]
    assert {"seed", "backend", "versions", "git_commit", "config_hash", "threads", "schema"} < set(
        after
    )


def test_the_config_hash_tells_experiments_apart(tmp_path: Path) -> None:
    experiments = (Experiment(), Experiment(dataset=Iris()), Experiment(seed=1))
    hashes = [Record(tmp_path, each).content["config_hash"] for each in experiments]
    assert len(set(hashes)) == 3
    assert Record(tmp_path, Experiment(dataset=Wine())).content["config_hash"] == hashes[0]
