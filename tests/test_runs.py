"""Run directories are unique, and every file in them is whole."""

import io
import json
import math
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aeexp.config.spec import Activation, Experiment, Iris, Wine
from aeexp.runs import Job, Ledger, Record, Run, Status, claim, set_aside, write, write_bytes
from aeexp.runs.artifact import Artifact, Document, Metrics, Table
from aeexp.runs.png import png


def test_a_directory_that_does_not_exist_is_claimed_under_its_name(tmp_path: Path) -> None:
    assert claim(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert (tmp_path / "a" / "b").is_dir()


def test_f4_concurrent_claims_of_a_directory_get_different_ones(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        claimed = list(pool.map(lambda _: claim(tmp_path / "same"), range(64)))
    assert len(set(claimed)) == 64
    assert {path.name for path in claimed} == {"same", *(f"same-{n}" for n in range(2, 65))}


CLAIM = """
from pathlib import Path
from aeexp.runs import claim
print("ready", flush=True)
input()
claim(Path("runs", "same"))
"""


def test_f4_eight_concurrent_processes_create_eight_directories(tmp_path: Path) -> None:
    pipe = subprocess.PIPE
    claiming = [
        subprocess.Popen([sys.executable, "-c", CLAIM], cwd=tmp_path, stdin=pipe, stdout=pipe)
        for _ in range(8)
    ]
    for process in claiming:
        assert process.stdout.readline() == b"ready\n"
    for process in claiming:
        process.stdin.write(b"go\n")
        process.stdin.flush()
    for process in claiming:
        process.communicate()
    names = {"same", *(f"same-{n}" for n in range(2, 9))}
    assert {path.name for path in (tmp_path / "runs").iterdir()} == names


def test_a_directory_that_cannot_be_created_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        claim(tmp_path / "file" / "run")


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (40, 30)])
def test_an_image_has_the_pixels_and_resolution_it_was_written_with(
    shape: tuple[int, int],
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 4), np.uint8)
    with Image.open(io.BytesIO(png(pixels, dpi=150))) as image:
        assert np.array_equal(np.asarray(image), pixels[..., :3])
        assert image.info["dpi"] == pytest.approx((150, 150), abs=0.02)  # whole pixels a metre


def test_undefined_numbers_become_null(tmp_path: Path) -> None:
    numbers = {"loss": 1.5, "val_loss": float("nan"), "clusters.count": float("inf"), "epochs": 3}
    write(Metrics("metrics", numbers), tmp_path)
    written = json.loads((tmp_path / "metrics.json").read_text())
    assert written == {"loss": 1.5, "val_loss": None, "clusters.count": None, "epochs": 3}


def test_a_document_keeps_its_nesting_and_writes_enums_by_value(tmp_path: Path) -> None:
    write(Document("d", {"x": ({"y": [Activation.relu, float("nan")]},), "ä": "ö"}), tmp_path)
    assert json.loads((tmp_path / "d.json").read_text()) == {
        "x": [{"y": ["relu", None]}],
        "ä": "ö",
    }


def test_a_table_is_read_back_unchanged(tmp_path: Path) -> None:
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


def test_a_failed_write_does_not_change_the_existing_file(
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


def test_the_error_for_an_artifact_without_a_writer_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(NotImplementedError, match=r"write\.register"):
        write(Artifact("odd"), tmp_path)


WRITER = """
import sys
from pathlib import Path
from aeexp.runs.artifact import Metrics
from aeexp.runs import write
print("ready", flush=True)
n = 0
while True:
    n += 1
    write(Metrics("metrics", {str(i): n for i in range(2000)}), Path(sys.argv[1]))
"""


def test_f1_after_a_kill_at_any_moment_a_file_is_absent_or_whole(tmp_path: Path) -> None:
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


def test_a_record_has_the_status_running_until_it_ends(tmp_path: Path) -> None:
    record = Record(tmp_path, Experiment())
    record.begin()
    before = json.loads((tmp_path / "run.json").read_text())
    record.note(data_hash="abc")
    record.ended(Status.COMPLETED, {"total": 1.5})
    record.end()
    after = json.loads((tmp_path / "run.json").read_text())
    assert before["status"] == "RUNNING"
    assert after["status"] == "COMPLETED"
    assert after["data_hash"] == "abc"
    assert after["seconds"] == {"total": 1.5}
    assert after["started"] < after["ended"]
    assert {"seed", "backend", "versions", "git_commit", "config_hash", "threads", "schema"} < set(
        after
    )


def test_different_experiments_have_different_config_hashes(tmp_path: Path) -> None:
    experiments = (Experiment(), Experiment(dataset=Iris()), Experiment(seed=1))
    hashes = [Record(tmp_path, e).content["config_hash"] for e in experiments]
    assert len(set(hashes)) == 3
    assert Record(tmp_path, Experiment(dataset=Wine())).content["config_hash"] == hashes[0]


def example_ledger(folder: Path) -> Ledger:
    ledger = Ledger(folder)
    ledger.begun(["--multirun", "seed=0,1,2"])
    ledger.planned({number: [f"seed={number}"] for number in range(3)})
    ledger.started({number: folder.resolve() / f"run {number}" for number in range(3)})
    ledger.finished(0, Status.DIVERGED)
    ledger.failed(1, "ValueError: “no”")
    return ledger


def test_a_ledger_has_the_state_of_each_job(tmp_path: Path) -> None:
    ledger = example_ledger(tmp_path)
    assert ledger.arguments() == ["--multirun", "seed=0,1,2"]
    assert ledger.cwd() == Path.cwd()
    diverged, failed, missing = ledger.jobs().values()
    assert diverged == Job(0, ["seed=0"], "run 0", Status.DIVERGED)
    assert failed == Job(1, ["seed=1"], "run 1", Status.FAILED, "ValueError: “no”")
    assert missing == Job(2, ["seed=2"], "run 2")
    assert [job.done for job in (diverged, failed, missing)] == [True, False, False]


def test_a_job_that_is_started_again_has_not_failed(tmp_path: Path) -> None:
    ledger = example_ledger(tmp_path)
    ledger.started({1: tmp_path.resolve() / "run 1"})
    assert ledger.jobs()[1] == Job(1, ["seed=1"], "run 1")


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_truncated_line_does_not_affect_the_others(tmp_path: Path, cut: int) -> None:
    ledger = example_ledger(tmp_path)
    content = ledger.path.read_bytes()
    ledger.path.write_bytes(content[:-cut])
    assert ledger.jobs()[0].status is Status.DIVERGED
    assert ledger.jobs()[1].status is None or cut == 1
    ledger.finished(2, Status.COMPLETED)
    assert ledger.jobs()[2].status is Status.COMPLETED
    assert ledger.jobs()[0].status is Status.DIVERGED


def test_many_processes_write_one_ledger(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, get_context("spawn")) as pool:
        list(pool.map(Ledger(tmp_path).finished, range(40), [Status.COMPLETED] * 40))
    assert all(job.done for job in Ledger(tmp_path).jobs().values())
    assert len(Ledger(tmp_path).jobs()) == 40


def test_the_directory_of_an_unfinished_run_is_renamed(tmp_path: Path) -> None:
    for content in ("first", "second"):
        (tmp_path / "3").mkdir()
        (tmp_path / "3" / content).touch()
        set_aside(tmp_path / "3")
    set_aside(tmp_path / "3")  # does not exist
    paths = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*/*"))
    assert paths == ["3-unfinished-1/first", "3-unfinished-2/second"]


def test_a_run_is_read_back_unchanged(tmp_path: Path) -> None:
    record = Record(tmp_path, Experiment())
    assert Run(tmp_path).status is Status.INCOMPLETE
    record.begin()
    assert Run(tmp_path).status is Status.RUNNING
    write(Metrics("metrics", {"loss": 0.5, "val_loss": math.nan}), tmp_path)
    write(Table("latents", {"row": ["a", "b"], "z1": [0.25, math.nan]}), tmp_path)
    write(Table("empty", {"row": []}), tmp_path)
    record.ended(Status.COMPLETED, {})
    record.end()
    run = Run(tmp_path)
    assert run.status is Status.COMPLETED
    assert run.metrics == pytest.approx({"loss": 0.5, "val_loss": math.nan}, nan_ok=True)
    assert run.table("latents") == {"row": ["a", "b"], "z1": ["0.25", ""]}
    assert run.table("empty") == {"row": []}
    assert run.table("absent") == {}
