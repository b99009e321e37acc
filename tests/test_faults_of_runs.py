"""Faults of runs: kills, signals, full disks, divergence and degenerate tables.

The number in a test's name is the fault's number in docs/faults.md.
"""

import csv
import io
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from command_line import PYTHON, command
from command_line import run as run_command
from conftest import BACKEND
from made_sweep import Made, loss, made

from aeexp import run as run_in_python
from aeexp.analysis.sweep.comparison import Comparison
from aeexp.analysis.sweep.outcome import outcomes
from aeexp.config.options import OPTIONS
from aeexp.config.spec import (
    L1,
    Activation,
    Adam,
    AllFigures,
    Backend,
    Blobs,
    DatasetSpec,
    Engine,
    Experiment,
    FiguresSpec,
    KMeans,
    Loss,
    MinMax,
    NoFigures,
    PreprocessingSpec,
    Robust,
    Shallow,
    Split,
    Standard,
    Training,
    Unscaled,
)
from aeexp.data import Classes, Dataset, Labels, load
from aeexp.data.prepare import ProblemCache, prepare_problem
from aeexp.pipeline.run import run
from aeexp.present.html.run import report_page
from aeexp.present.terminal.output import lossy
from aeexp.runs import Record, Run, Status, claim, locked, rows, save_run
from aeexp.runs.artifact import Artifact, DivergedError, Document, Metrics, RunMetadata, Table
from aeexp.runs.history import History
from aeexp.runs.progress import Monitor
from aeexp.sweep.resume import require_ended
from aeexp.sweep.workers import _pool
from aeexp.training.divergence import _mark, mean_loss

Make = Callable[..., Experiment]
HANDLES_SIGHUP = ("env", "--default-signal=HUP")  # nohup may run the suite
TINY = ("dataset=blobs", "dataset.samples=60", "training.epochs=3", "clustering=kmeans")
TINY += (f"backend={BACKEND.value}", "evidence=none")
QUICK = (*TINY, "figures=none")


VARYING = {"run.json", "model/manifest.json"}
"""Files with a time, or with a checksum of the export, which has one."""


def files(root: Path) -> set[str]:
    """Return the files of a directory, without Hydra's, the log and temporary files."""
    paths = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    visible = {str(path) for path in paths if not any(p.startswith(".") for p in path.parts)}
    return visible - {"aeexp.log"}


def content(path: Path) -> Any:
    """Return the content of a file; raise an error if it is incomplete."""
    match path.suffix:
        case ".txt" | ".md" | ".bib" | ".html":
            return path.read_text(encoding="utf-8")
        case ".json":
            return json.loads(path.read_text())
        case ".csv":
            header, *rows = csv.reader(path.read_text().splitlines())
            assert all(len(row) == len(header) for row in rows)
            return header, rows
        case ".npz":
            return {name: array.tolist() for name, array in np.load(path).items()}
        case ".keras":
            with zipfile.ZipFile(path) as archive:
                names = [*archive.namelist()]
                assert archive.testzip() is None
                return names
        case ".png":
            image = path.read_bytes()
            assert image.endswith(b"IEND\xaeB`\x82")
            return image
    message = f"no run writes such a file: {path}"
    raise AssertionError(message)


def contents(folder: Path) -> dict[str, Any]:
    """Return the contents of all files of a run that are the same every time."""
    return {name: content(folder / name) for name in files(folder) - VARYING}


# Kills

kills = pytest.mark.skipif(
    sys.platform == "win32" or BACKEND is not Backend.jax,
    reason="the files are the same on every backend, and JAX starts fastest",
)


@kills
@pytest.mark.parametrize(
    "moments",
    [
        pytest.param([1.0, 2.5, 3, 9, 20, 27], id="six"),
        pytest.param([*np.linspace(1, 20, 20), *range(1, 31)], id="fifty", marks=pytest.mark.slow),
    ],
)
def test_f1_after_a_kill_every_file_is_complete_or_absent(
    tmp_path: Path, moments: list[float]
) -> None:
    with ThreadPoolExecutor(2) as threads:
        folders = [tmp_path / str(i) for i in range(len(moments))]
        statuses = list(threads.map(_killed, folders, moments))
    assert Status.INCOMPLETE in statuses
    assert set(statuses) <= {Status.INCOMPLETE, Status.COMPLETED}


def _killed(root: Path, moment: float) -> Status:
    """Kill a run after `moment` seconds, or, if that is an integer, after as many files."""
    root.mkdir()
    folder = root / "run"
    overrides = [*TINY, "figures.dpi=40", "hydra.run.dir=run"]
    with subprocess.Popen(command(*overrides), cwd=root, stdout=subprocess.DEVNULL) as process:
        if isinstance(moment, float):
            time.sleep(moment)
        while not isinstance(moment, float) and process.poll() is None:
            if len(files(folder)) >= moment:
                break
            time.sleep(0.001)
        process.kill()
    contents(folder)
    status = Run(folder).status
    ended = {"metrics.json", "figures/latent.png", "report.html"} <= files(folder)
    assert ended or status is not Status.COMPLETED
    return status


@pytest.mark.parametrize("figures", [AllFigures(dpi=40), NoFigures()], ids=["figures", "none"])
def test_f2_before_each_file_the_run_is_unfinished_and_older_files_are_complete(
    tiny: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figures: FiguresSpec
) -> None:
    folder, moments = tmp_path / "run", []

    def copy_run() -> None:
        moments.append(shutil.copytree(folder, tmp_path / "moments" / str(len(moments))))

    monkeypatch.setattr("aeexp.runs.files._crash_if_requested", copy_run)
    folder.mkdir()
    experiment, problems = tiny(figures=figures, repeats=2), ProblemCache()
    yields = partial(run, experiment, problems=problems)
    page = report_page(experiment, folder, problems)
    assert save_run(experiment, folder, yields, Monitor(), page) is Status.COMPLETED
    expected = contents(folder)
    assert ("report.html" in expected) == isinstance(figures, AllFigures)
    assert len(moments) > len(expected)  # run.json and the manifest are written again
    for moment in moments:
        files_then = contents(moment)
        assert Run(moment).status is not Status.COMPLETED
        assert files_then == {name: expected[name] for name in files_then}
    assert set(files_then) == set(expected)  # the status is written last


@kills
@pytest.mark.parametrize("number", [9, 24], ids=["a table", "the report"])
def test_f2_a_crash_before_a_file_leaves_an_incomplete_run_that_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    overrides = (*TINY, "figures.dpi=40")
    monkeypatch.setenv("AEEXP_CRASH_AT", str(number))
    done = run_command(tmp_path, *overrides, "hydra.run.dir=run")
    monkeypatch.delenv("AEEXP_CRASH_AT")
    assert done.returncode == 9
    assert Run(tmp_path / "run").status is Status.INCOMPLETE
    left = contents(tmp_path / "run")
    assert ("figures/latent.png" in left, "report.html" in left) == (number == 24, False)
    again = run_command(tmp_path, *overrides, "hydra.run.dir=run")
    assert again.returncode == 0, again.stderr
    complete = contents(tmp_path / "run-2")
    assert left == {name: complete[name] for name in left}
    assert not list((tmp_path / "run").rglob(".aeexp-*"))  # the second run removed them


def test_f1_the_status_is_running_while_the_process_exists(tmp_path: Path) -> None:
    record = Record(tmp_path, Experiment())
    record.begin()
    assert Run(tmp_path).status is Status.RUNNING
    for changes in (
        {"pid": 2**22 + 1},  # no process has it
        {"pid": os.getppid(), "started": "1970-01-01T00:00:00+00:00"},  # older than the record
    ):
        record.content.update(changes)
        record.begin()
        assert Run(tmp_path).status is Status.INCOMPLETE
    record.note(host="elsewhere")
    record.begin()
    assert Run(tmp_path).status is Status.RUNNING


def test_f1_the_summary_distinguishes_killed_runs_from_running_ones(tmp_path: Path) -> None:
    sweep = made(tmp_path, [Made([f"seed={i}"], status=None) for i in range(2)])
    Record(sweep / "1", Experiment()).begin()
    statuses = [(run.status, run.reason) for run in outcomes(sweep)]
    assert statuses == [("INCOMPLETE", "begun, but not ended"), ("RUNNING", "not yet ended")]


def test_f5_a_killed_process_releases_its_lock(tmp_path: Path) -> None:
    code = "import sys, time; from pathlib import Path; from aeexp.runs import locked\n"
    code += "with locked(Path(sys.argv[1])): print('locked', flush=True); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.readline()
        with pytest.raises(ValueError, match="Another process works on"), locked(tmp_path):
            pass
        process.kill()
    with locked(tmp_path):
        pass


@kills
@pytest.mark.parametrize(
    "finished", [[4], pytest.param([1, 2, 5, 9, 14, 20, 27], marks=pytest.mark.slow)], ids=len
)
def test_f9_a_sweep_that_is_killed_repeatedly_gives_the_same_summary(
    tmp_path: Path, finished: list[int]
) -> None:
    overrides = ("--multirun", "model.latent_dim=1,2,3", "seed=range(10)", *QUICK)
    for name in ("killed", "undisturbed"):
        (tmp_path / name).mkdir()
    done = run_command(tmp_path / "undisturbed", *overrides, "hydra.sweep.dir=sweep")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "killed" / "sweep"
    for jobs in finished:
        again = (
            ["resume", str(folder)] if folder.exists() else [*overrides, "hydra.sweep.dir=sweep"]
        )
        with subprocess.Popen(
            command(*again), cwd=folder.parent, stdout=subprocess.DEVNULL
        ) as process:
            while process.poll() is None and len(list(folder.glob("*/metrics.json"))) < jobs:
                time.sleep(0.01)
            process.kill()
    done = run_command(folder.parent, "resume", str(folder))
    assert done.returncode == 0, done.stderr
    disturbed, expected = (_table(tmp_path / name / "sweep") for name in ("killed", "undisturbed"))
    assert len(expected) == 30
    for row, other in zip(disturbed, expected, strict=True):
        assert row == pytest.approx(other, rel=1e-4, abs=1e-6, nan_ok=True)


def _table(sweep: Path) -> list[list[float]]:
    """Return the numbers of a sweep's summary, without the seconds."""
    with (sweep / "summary.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["status"] for row in rows} == {"COMPLETED"}
    text = {"status", "directory", "error", "seconds"}
    return [[float(v or "nan") for key, v in row.items() if key not in text] for row in rows]


@kills
def test_f52_the_runs_of_a_killed_sweep_end_and_it_can_be_resumed(tmp_path: Path) -> None:
    overrides = ("hydra/launcher=process", "seed=0", *QUICK, "training.epochs=1000000")
    started = command("--multirun", *overrides, "hydra.sweep.dir=sweep")
    folder = tmp_path / "sweep" / "0"
    with subprocess.Popen(started, cwd=tmp_path, stdout=subprocess.DEVNULL) as process:
        _wait_for(folder / "run.json")
        assert Run(folder).status is Status.RUNNING
        process.kill()
    require_ended(tmp_path / "sweep")  # waits for no more than 30 seconds
    assert Run(folder).status is Status.INCOMPLETE


def test_f52_resuming_waits_until_no_run_of_the_sweep_is_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = made(tmp_path, [Made(["seed=0"], status=None), Made(["seed=1"], status="FAILED")])
    living, ended = Record(sweep / "0", Experiment()), Record(sweep / "1", Experiment())
    for record in (living, ended):
        record.begin()
    monkeypatch.setattr("aeexp.sweep.resume.END_TIMEOUT", 0.0)
    with pytest.raises(ValueError, match=rf"0 is being written by process {os.getpid()} on "):
        require_ended(sweep)
    monkeypatch.setattr("aeexp.sweep.resume.END_TIMEOUT", 60.0)
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(require_ended, sweep)
        living.ended(Status.INTERRUPTED, {})
        living.end()
        waiting.result(timeout=10)


def test_f59_a_removed_run_directory_is_not_made_again(tiny: Make, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()

    def removing() -> Iterator[Artifact]:
        yield Metrics("metrics", {"loss": 1.0})
        shutil.rmtree(folder)
        yield Table("history", {"epoch": [1]})

    with pytest.raises(OSError, match=r"run\.json .*: its directory does not exist"):
        save_run(tiny(), folder, removing, Monitor())
    assert not folder.exists()


# Full disks


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of one megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.name != "posix" or os.geteuid() or not shutil.which("mount"):
        pytest.skip("only root can mount a small disk")
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "aeexp", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this container cannot mount a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("room", [0, 8_000, 60_000, 200_000])
def test_f3_a_full_disk_gives_a_one_line_error_and_keeps_written_files(
    small_disk: Path, room: int
) -> None:
    free = shutil.disk_usage(small_disk).free
    (small_disk / "full").write_bytes(bytes(free - room))
    done = run_command(small_disk, *TINY, "figures.dpi=300", "hydra.run.dir=run")
    assert done.returncode == 1
    errors = [line for line in (done.stdout + done.stderr).splitlines() if "No space left" in line]
    assert len(errors) == 1
    assert "Traceback" not in done.stdout + done.stderr
    folder = small_disk / "run"
    contents(folder)
    assert not [path for path in folder.rglob(".*") if path.is_file()]
    assert Run(folder).status in {Status.FAILED, Status.INCOMPLETE}
    assert str(folder) in errors[0]
    if room >= 60_000:
        assert Run(folder).status is Status.FAILED
        assert "it takes " in errors[0]


def test_f3_a_sweep_on_a_full_disk_fails_without_a_traceback(small_disk: Path) -> None:
    overrides = ("--multirun", "seed=range(4)", *TINY, "hydra.sweep.dir=sweep")
    done = run_command(small_disk, *overrides)
    assert done.returncode == 1
    assert "No space left" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    for folder in small_disk.glob("sweep/[0-9]"):
        contents(folder)


def test_f3_a_read_only_directory_is_refused(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    done = run_command(small_disk, *QUICK)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "cannot be made (Read-only file system)" in done.stderr


# Signals


STOPS = [
    pytest.param(signal.SIGINT, 130, id="f7_ctrl_c"),
    pytest.param(signal.SIGTERM, 143, id="f8_sigterm"),
]


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signals")
@pytest.mark.parametrize(("number", "code"), STOPS)
def test_a_run_stopped_during_its_figures_keeps_its_results(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    overrides = [*TINY, "figures.dpi=900", "hydra.run.dir=run"]
    with subprocess.Popen(command(*overrides), cwd=tmp_path, stdout=subprocess.DEVNULL) as process:
        _wait_for(tmp_path / "run" / "figures" / "loss.png")
        process.send_signal(number)
        process.wait(timeout=60)  # F8 promises 10, but a busy machine needs longer
    assert process.returncode == code
    assert Run(tmp_path / "run").status is Status.INTERRUPTED
    written = contents(tmp_path / "run")
    assert {"metrics.json", "model/weights.npz"} <= set(written)
    assert "figures/reconstruction.png" not in written


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signals")
@pytest.mark.parametrize(("number", "code"), STOPS)
def test_a_second_signal_stops_a_run_immediately(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    overrides = [*TINY, "training.epochs=1000000", "figures.dpi=900", "hydra.run.dir=run"]
    with subprocess.Popen(
        command(*overrides), cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        next(line for line in process.stdout if line.startswith("shallow"))
        time.sleep(4)  # until it trains
        process.send_signal(number)
        next(line for line in process.stdout if line.startswith("Stopping"))
        process.send_signal(number)  # after the first was handled
        process.communicate(timeout=60)
    assert process.returncode == code
    assert Run(tmp_path / "run").status is Status.INTERRUPTED
    assert "figures/reconstruction.png" not in files(tmp_path / "run")


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signals")
@pytest.mark.parametrize(
    "handler",
    [
        pytest.param("signal.default_int_handler", id="at once"),
        pytest.param("lambda *_: None", id="never"),
        pytest.param("signal.SIG_IGN", id="in the background of a shell"),
    ],
)
def test_f8_sigterm_ends_a_process_whatever_handles_ctrl_c(handler: str) -> None:
    code = (
        "import signal, sys, time, aeexp.signals as t\n"
        "t.PATIENCE = t.LAST = 0.2\n"
        f"signal.signal(signal.SIGINT, {handler})\n"
        "with t.Termination() as termination:\n"
        "    try:\n"
        "        print('ready', flush=True)\n"
        "        while True: time.sleep(0.01)\n"
        "    except KeyboardInterrupt:\n"
        "        sys.exit(termination.exit or 1)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        process.terminate()
    assert process.returncode == 143


@pytest.mark.skipif(sys.platform == "win32", reason="has no such terminals")
def test_f53_a_run_with_a_closed_terminal_saves_its_results(tmp_path: Path) -> None:
    terminal, end = pytest.importorskip("pty").openpty()
    take_terminal = (
        "import fcntl, os, sys, termios\n"
        "fcntl.ioctl(0, termios.TIOCSCTTY)\n"
        "os.execv(sys.argv[1], sys.argv[1:])\n"
    )
    overrides = [*QUICK, "training.epochs=1000000", "hydra.run.dir=run"]
    with subprocess.Popen(
        [*HANDLES_SIGHUP, sys.executable, "-c", take_terminal, *command(*overrides)],
        cwd=tmp_path,
        start_new_session=True,
        stdin=end,
        stdout=end,
        stderr=end,
    ) as process:
        os.close(end)
        output = b""
        while b"/1000000" not in output:  # until it trains
            output += os.read(terminal, 1024)
        os.close(terminal)
    assert process.returncode == 129
    assert Run(tmp_path / "run").status is Status.INTERRUPTED
    assert {"metrics.json", "model/weights.npz"} <= set(contents(tmp_path / "run"))


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signals")
def test_f53_nohup_is_respected_and_a_repeated_hangup_counts_once() -> None:
    code = (
        "import signal, sys, aeexp.signals as t\n"
        "calls = []\n"
        "signal.signal(signal.SIGINT, lambda *_: calls.append(1))\n"
        "with t.Termination() as termination:\n"
        "    signal.raise_signal(signal.SIGHUP)\n"
        "    signal.raise_signal(signal.SIGHUP)\n"
        "print(len(calls), termination.exit)\n"
    )
    run = [sys.executable, "-c", code]
    outputs = [
        subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for command in ([*HANDLES_SIGHUP, *run], ["nohup", *run])
    ]
    assert outputs == ["1 129\n", "0 None\n"]


def _wait_for(path: Path) -> None:
    until = time.monotonic() + 120
    while not path.exists():
        assert time.monotonic() < until
        time.sleep(0.002)


# Divergence


def artifacts(experiment: Experiment) -> dict[str, Artifact]:
    yielded: dict[str, Artifact] = {}
    try:
        for artifact in run(experiment):
            yielded[artifact.name] = artifact
    except DivergedError:
        yielded["diverged"] = Artifact("diverged")
    return yielded


def verdict(results: dict[str, Artifact]) -> dict[str, Any]:
    metadata = results["verdict"]
    assert isinstance(metadata, RunMetadata)
    return metadata.values["verdict"]


@pytest.mark.parametrize("engine", [None, Engine.fit], ids=["own", "fit"])
@pytest.mark.parametrize("lr", [1e6, 1e30])
@pytest.mark.parametrize("validation", [0.2, 0.0])
def test_f10_a_huge_loss_counts_as_diverged_like_nan(
    tiny: Make, engine: Engine, lr: float, validation: float
) -> None:
    spec = Training(epochs=4, engine=engine)
    experiment = tiny(
        optimizer=Adam(lr=lr), training=spec, split=Split(validation=validation), repeats=2
    )
    results = artifacts(experiment)
    assert "diverged" in results
    assert "model" not in results
    metrics, repeats = results["metrics"], results["repeats"]
    assert isinstance(metrics, Metrics)
    assert isinstance(repeats, Table)
    names = [name for name in metrics.values if not name.endswith(".n")]
    assert np.isnan([metrics.values[name] for name in names]).all()
    assert list(repeats.columns["status"]) == ["DIVERGED"] * 2
    diverged = verdict(results)
    assert diverged["word"] == "diverged"
    assert diverged["epoch"] == 1
    assert diverged["last_loss"] is None
    assert "lower optimizer.lr" in diverged["sentence"]


@pytest.mark.parametrize(
    ("losses", "restored", "lost"),
    [
        pytest.param([1.0, 2e3, 1e9], 2, 1, id="first bad epoch"),
        pytest.param([1.0, 1e9, 0.5], 2, None, id="recovered"),
        pytest.param([1.0, 0.5, 1e9], 1, None, id="the best epoch was restored"),
        pytest.param([900.0, 950.0, 999.0], 2, None, id="large, but not diverged"),
    ],
)
def test_f10_divergence_is_judged_by_the_restored_epoch(
    losses: list[float], restored: int, lost: int | None
) -> None:
    values = np.array(losses)
    history = History(values, values, values, restored, interrupted=False)
    assert _mark(history, 1000.0, validated=True).lost == lost
    assert _mark(history, 0.0, validated=True).lost is None  # nothing to predict


@pytest.mark.parametrize("name", [Loss.mse, Loss.mae, Loss.huber], ids=lambda name: name.name)
def test_f10_the_loss_of_the_mean_equals_keras_loss(name: Loss) -> None:
    residual = np.random.default_rng(0).normal(0, 2, (50, 4)).astype("float32")
    expected = keras.losses.get(name.value)(residual, 0 * residual)
    assert mean_loss(name, residual) == pytest.approx(float(keras.ops.mean(expected)), rel=1e-5)


def test_f10_rankings_have_no_diverged_runs(tmp_path: Path) -> None:
    jobs = [
        Made(["seed=0"], metrics=loss(2.0)),
        Made(["seed=1"], status="DIVERGED", metrics=loss(None)),
        Made(["seed=2"], metrics=loss(1.0)),
    ]
    best = Comparison(outcomes(made(tmp_path, jobs))).best
    assert [run.number for run in best] == [2, 0]


def test_f11_constant_factors_are_reported_as_collapsed(tiny: Make) -> None:
    results = artifacts(
        tiny(
            model=Shallow(latent_dim=2, latent_activation=Activation.relu),
            regulariser={"l1": L1(strength=1e3)},
            optimizer=Adam(lr=0.1),
            training=Training(epochs=30),
            clustering={name: kind() for name, kind in OPTIONS["clustering"].items()},
            figures=AllFigures(),
        )
    )
    assert verdict(results)["word"] == "collapsed"
    metrics = results["metrics"]
    assert isinstance(metrics, Metrics)
    assert metrics.values["clustering.kmeans.n_clusters"] == 1


# Degenerate tables

FEATURES = 4
DRAWN = np.random.default_rng(0).normal(size=(40, FEATURES))


@dataclass(kw_only=True)
class Made40(DatasetSpec):
    """40 rows of noise, with one of `CHANGES`."""

    name: str = "noise"


@dataclass(frozen=True)
class Change:
    """scale, shift: of each column. labels: of the rows."""

    scale: tuple[float, ...] = (1.0,) * FEATURES
    shift: tuple[float, ...] = (0.0,) * FEATURES
    labels: tuple[Labels, ...] = ()


CHANGES = {
    "noise": Change(),
    "constant": Change(scale=(1, 0, 1, 1), shift=(0, 7, 0, 0)),
    "all constant": Change(scale=(0, 0, 0, 0), shift=(1, 2, 3, 4)),
    "extreme": Change(scale=(1e300, 1e-300, 1e-18, 0), shift=(0, 0, 0, 1e300)),
    "largest": Change(scale=(7e307, 1, 1, 1)),
    "one class": Change(labels=(Classes("class", np.zeros(40, int), ("a",)),)),
    "a class of one": Change(labels=(Classes("class", np.arange(40) // 39, ("a", "b")),)),
    "a class a row": Change(labels=(Classes("class", np.arange(40), tuple(map(str, range(40)))),)),
}


@load.register
def _(spec: Made40) -> Dataset:
    change = CHANGES[spec.name]
    x = DRAWN * change.scale + change.shift
    names = tuple(f"f{j}" for j in range(FEATURES))
    return Dataset(spec.name, x, names, tuple(map(str, range(40))), change.labels)


SCALINGS = [Standard(), MinMax(), Robust()]


def test_f12_constant_columns_are_kept_and_reported(
    tiny: Make, caplog: pytest.LogCaptureFixture
) -> None:
    results = artifacts(tiny(dataset=Made40(name="constant")))
    assert "constant in the training rows (1 of 4): f1." in caplog.text
    weights, interpretation = results["weights"], results["interpretation"]
    assert isinstance(weights, Table)
    assert [weights.columns[z][1] for z in ("z1", "z2")] == [0, 0]
    assert isinstance(interpretation, Document)
    assert "f1" not in str(interpretation.content)
    table = results["reconstruction"]
    assert isinstance(table, Table)
    assert list(table.columns["feature"]) == ["f0", "f1", "f2", "f3"]


@pytest.mark.parametrize("scaling", [*SCALINGS, Unscaled()], ids=lambda s: type(s).__name__)
def test_f12_a_constant_table_is_refused(tiny: Make, scaling: PreprocessingSpec) -> None:
    with pytest.raises(ValueError, match="all constant has no structure: no feature varies"):
        prepare_problem(tiny(dataset=Made40(name="all constant"), preprocessing=scaling))


@pytest.mark.parametrize("scaling", SCALINGS, ids=lambda s: type(s).__name__)
def test_f14_extreme_columns_are_scaled_like_ordinary_ones(
    tiny: Make, scaling: PreprocessingSpec
) -> None:
    ordinary, extreme = (
        prepare_problem(tiny(dataset=Made40(name=name), preprocessing=scaling))
        for name in ("noise", "extreme")
    )
    assert extreme.x[:, :3] == pytest.approx(ordinary.x[:, :3], rel=1e-5)
    assert len(set(extreme.x[:, 3])) == 1
    assert extreme.scaling.undo(extreme.x) == pytest.approx(extreme.data.x, rel=1e-3)


def test_f14_a_run_with_extreme_columns_completes(tiny: Make) -> None:
    results = artifacts(tiny(dataset=Made40(name="extreme"), figures=AllFigures()))
    assert {"verdict", "reconstruction"} <= set(results)


@pytest.mark.parametrize(
    ("name", "scaling", "columns"),
    [
        pytest.param("extreme", Unscaled(), "f0, f3", id="unscaled"),
        *(
            pytest.param("largest", scaling, "f0", id=f"largest {type(scaling).__name__}")
            for scaling in SCALINGS
        ),
    ],
)
def test_f14_columns_that_no_scaling_makes_finite_are_named(
    tiny: Make, name: str, scaling: PreprocessingSpec, columns: str
) -> None:
    with pytest.raises(ValueError, match=rf"in the columns {columns}\. Exclude"):
        prepare_problem(tiny(dataset=Made40(name=name), preprocessing=scaling))


@pytest.mark.parametrize("rows", range(3, 13))
def test_f16_a_run_with_a_few_rows_completes(tiny: Make, rows: int) -> None:
    results = artifacts(
        tiny(
            dataset=Blobs(samples=rows, features=6, centers=3),
            clustering={name: kind() for name, kind in OPTIONS["clustering"].items()},
            figures=AllFigures(),
        )
    )
    assert {"metrics", "verdict", "latent", "weights"} <= set(results)


@pytest.mark.parametrize(
    ("rows", "validation"), [(1, 0.0), (1, 0.2), (2, 0.2)], ids=["1", "1_validated", "2_validated"]
)
def test_f16_too_few_rows_are_refused(
    tiny: Make, monkeypatch: pytest.MonkeyPatch, rows: int, validation: float
) -> None:
    table = load(Made40())
    few = replace(table, x=table.x[:rows], rows=table.rows[:rows])
    monkeypatch.setattr("aeexp.data.prepare.load", lambda _: few)
    with pytest.raises(ValueError, match=rf"leaves \d of the {rows} rows .* 2 are needed"):
        prepare_problem(tiny(split=Split(validation=validation)))


@pytest.mark.parametrize("latent_dim", [1, 2])
def test_f17_one_feature_is_allowed_with_a_warning(
    tiny: Make, latent_dim: int, caplog: pytest.LogCaptureFixture
) -> None:
    experiment = tiny(
        dataset=Blobs(samples=60, features=1, centers=3),
        model=Shallow(latent_dim=latent_dim),
        figures=AllFigures(),
    )
    assert {"verdict", "weights", "latent_kmeans"} <= set(artifacts(experiment))
    assert f"model.latent_dim={latent_dim} does not compress 1 features" in caplog.text


def test_f18_more_clusters_than_distinct_rows_are_refused(
    tiny: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = replace(load(Made40()), x=np.tile(DRAWN[:2], (20, 1)))
    monkeypatch.setattr("aeexp.data.prepare.load", lambda _: table)
    with pytest.raises(ValueError, match="n_clusters=3 is more than the 2 different rows of"):
        prepare_problem(tiny(clustering={"kmeans": KMeans(n_clusters=3)}))
    prepare_problem(tiny(clustering={"kmeans": KMeans(n_clusters=2)}))


@pytest.mark.parametrize("name", ["one class", "a class of one", "a class a row"])
def test_f32_uninformative_classes_are_compared(tiny: Make, name: str) -> None:
    results = artifacts(tiny(dataset=Made40(name=name), figures=AllFigures()))
    metrics = results["metrics"]
    assert isinstance(metrics, Metrics)
    for index in ("ari", "ami", "accuracy"):
        assert np.isfinite(metrics.values[f"clustering.kmeans.{index}"])
    assert "contingency_kmeans" in results


# Clocks and processes


def test_f42_a_clock_set_back_changes_neither_seconds_nor_directories(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", iter(range(100, 0, -1)).__next__)
    monitor = Monitor()
    with monitor.stage("total"):
        time.sleep(0.01)
    assert 0.01 <= monitor.seconds["total"] < 10
    repeated_hour = tmp_path / "02-30-00-000000"
    assert claim(repeated_hour) != claim(repeated_hour)


def test_f43_workers_are_spawned_and_not_forked() -> None:
    pool = _pool(1)
    assert pool._mp_context.get_start_method() == "spawn"
    pool.shutdown(cancel_futures=True)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell's pipes")
@pytest.mark.parametrize(
    ("overrides", "runs"),
    [
        pytest.param("--help", 0, id="help"),
        pytest.param(" ".join(QUICK), 1, id="run"),
        pytest.param(f"--multirun seed=0,1 {' '.join(QUICK)}", 2, id="sweep"),
    ],
)
def test_f48_a_closed_pipe_is_not_an_error(tmp_path: Path, overrides: str, runs: int) -> None:
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {' '.join(PYTHON)} {overrides} | head -n 1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    statuses = [Run(path.parent).status for path in tmp_path.rglob("run.json")]
    assert statuses == runs * [Status.COMPLETED]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell's redirections")
@pytest.mark.parametrize(
    ("overrides", "redirected"),
    [
        pytest.param((*QUICK, "hydra.run.dir=run"), "<&- >&- 2>&-", id="closed"),
        pytest.param((*QUICK, "hydra.run.dir=run"), "> /dev/full 2>&1", id="full"),
        pytest.param(("inspect", "table.csv"), ">&-", id="inspect_closed"),
        pytest.param(("inspect", "table.csv"), "> /dev/full", id="inspect_full"),
    ],
)
def test_f54_unwritable_output_is_not_an_error(
    tmp_path: Path, overrides: tuple[str, ...], redirected: str
) -> None:
    (tmp_path / "table.csv").write_text("a,b\n1,2\n3,4\n")
    done = subprocess.run(
        ["bash", "-c", f"{shlex.join(command(*overrides))} {redirected}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    if overrides[0] != "inspect":
        assert Run(tmp_path / "run").status is Status.COMPLETED
        contents(tmp_path / "run")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_f54_a_stream_drops_unwritable_text_and_replaces_unknown_characters() -> None:
    with Path("/dev/full").open("w") as full:
        stream = lossy(full)
        print("x" * 100_000, file=stream, flush=True)
        stream.settle()
    print("after it was closed", file=stream, flush=True)
    text = io.TextIOWrapper(io.BytesIO(), "ascii")
    print("✓", file=lossy(text), end="", flush=True)
    assert text.buffer.getvalue() == b"?"


def test_f54_a_program_without_a_console_runs(
    tiny: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert run_in_python(tiny(), folder=tmp_path / "run").status is Status.COMPLETED


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_f3_a_table_that_does_not_fit_is_named_with_its_bytes(
    small_disk: Path, ending: str
) -> None:
    path = small_disk / f"encoded.{ending}"
    message = (
        rf"encoded\.{ending} cannot be written \(No space left on device\): it takes [\d,]+ bytes"
    )
    with pytest.raises(OSError, match=message), rows(path) as write:
        for part in np.random.default_rng(0).normal(size=(10, 100_000)):
            write({"z1": part})
    assert not list(small_disk.iterdir())
