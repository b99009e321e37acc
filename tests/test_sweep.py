"""A sweep equals its single runs, survives failures of jobs, and can be resumed."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from command_line import command, files, read, run, statuses, sweep
from conftest import BACKEND
from filelock import FileLock
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from made_sweep import Made, loss, made
from omegaconf import OmegaConf
from sentences import Sentences

from aeexp.config.compose import Composer
from aeexp.config.hydra_private import VERSION
from aeexp.config.options import conf_dir
from aeexp.config.sources import register
from aeexp.config.spec import Adam, Backend, Deep, Experiment, Shallow, Training
from aeexp.data.prepare import ProblemCache
from aeexp.runs import Ledger, Status
from aeexp.runs import Run as RunDirectory
from aeexp.runs.task import Task
from aeexp.signals import PATIENCE
from aeexp.sweep.groups import groups

register()
Run = Callable[..., subprocess.CompletedProcess[str]]
QUICK = ("training.epochs=3", "figures=none", "evidence=none", f"backend={BACKEND.value}")

FAULTS = """
import os, sys
if "--multiprocessing-fork" in sys.orig_argv:
    from aeexp.pipeline import results
    analyse = results._analyse
    def faulty(planned, *rest):
        match planned.experiment.seed:
            case 1: raise RuntimeError("a fault of its own")
            case 2: sys.exit(3)
            case 3: os._exit(9)
            case 4: raise KeyboardInterrupt
        return analyse(planned, *rest)
    results._analyse = faulty
"""
"""Python runs this when a process starts: it makes the workers' reports fail."""


def started(root: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command("--multirun", *arguments, f"backend={BACKEND.value}"),
        cwd=root,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.engine
def test_a_run_of_a_sweep_equals_the_same_run_alone(aeexp: Run, tmp_path: Path) -> None:
    # a warning must be in the log: the table is not compressed
    overrides = ("training.epochs=3", "model.latent_dim=13", "repeats=2")
    overrides += ("evidence=quick", "evidence.permutations=2", f"backend={BACKEND.value}")
    done = aeexp("--multirun", "model=shallow,deep", "optimizer.lr=0.1,0.01", *overrides)
    assert done.returncode == 0, done.stderr
    together = sweep(tmp_path) / "3"
    aeexp("model=deep", "optimizer.lr=0.01", *overrides, "hydra.run.dir=alone")
    alone = tmp_path / "alone"
    assert files(together) == files(alone)
    metrics, expected = RunDirectory(together).metrics, RunDirectory(alone).metrics
    assert metrics == pytest.approx(expected, rel=1e-4, abs=1e-6, nan_ok=True)
    record, record_alone = read(together / "run.json"), read(alone / "run.json")
    assert set(record) == set(record_alone)
    for key in ("status", "seed", "config_hash", "data_hash"):
        assert record[key] == record_alone[key]
    assert (together / "aeexp.log").read_text().count("does not compress") == 1
    for name in ("config", "overrides"):
        same = {(run / ".hydra" / f"{name}.yaml").read_text() for run in (together, alone)}
        assert len(same) == 1 or name == "overrides"


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, int]:
    """Run seven jobs; four fail in different ways; return folder, output, exit code."""
    root = tmp_path_factory.mktemp("faulty")
    (root / "sitecustomize.py").write_text(FAULTS)
    done = subprocess.run(
        command("--multirun", "seed=range(7)", *QUICK),
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": f"{root}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"},
    )
    return sweep(root), done.stdout, done.returncode


def test_f6_failed_jobs_do_not_affect_the_others(faulty: tuple[Path, str, int]) -> None:
    folder, output, code = faulty
    assert code == 1
    good, bad = Status.COMPLETED.value, Status.FAILED.value
    assert statuses(folder) == [good, bad, bad, bad, Status.INTERRUPTED.value, good, good]
    assert [read(folder / str(i) / "run.json")["status"] for i in range(7)] == statuses(folder)
    expected = files(folder / "0")
    assert files(folder / "5") == files(folder / "6") == expected
    assert "metrics.json" in expected
    for number, error in {1: "a fault of its own", 2: "SystemExit: 3", 3: "was killed"}.items():
        assert error in (folder / str(number) / "traceback.txt").read_text()
        assert error in output
        assert error in str(Ledger(folder).jobs()[number].error)
    assert (folder / "summary.csv").exists()
    assert (folder / "summary.html").exists()


def test_resuming_runs_only_the_missing_jobs(
    faulty: tuple[Path, str, int], tmp_path: Path
) -> None:
    folder, _, _ = faulty
    before = {i: (folder / str(i) / "run.json").stat().st_mtime_ns for i in (0, 5, 6)}
    for jobs in (4, 0):
        done = run(tmp_path, "resume", str(folder))
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("  completed") == jobs
        assert statuses(folder) == [Status.COMPLETED.value] * 7
    assert {i: (folder / str(i) / "run.json").stat().st_mtime_ns for i in before} == before
    assert "traceback.txt" in files(folder / "1-unfinished-1")
    assert files(folder / "1") == files(folder / "0")


STOPS = pytest.mark.parametrize(
    ("number", "code"),
    [
        pytest.param(signal.SIGINT, 130, id="f7_ctrl_c"),
        pytest.param(signal.SIGTERM, 143, id="f8_sigterm"),
    ],
)


@STOPS
def test_a_signal_keeps_finished_runs(tmp_path: Path, number: signal.Signals, code: int) -> None:
    with started(tmp_path, "seed=range(16)", "training.epochs=3", "evidence=none") as process:
        assert process.stdout
        next(line for line in process.stdout if line.startswith("2/16"))
        process.send_signal(number)
        sent = time.monotonic()
        output, _ = process.communicate(timeout=120)
    hurried = number is signal.SIGTERM and time.monotonic() - sent > PATIENCE
    assert process.returncode == code
    assert "Stopping" in output
    finished = [i for i, status in enumerate(statuses(sweep(tmp_path))) if status]
    assert 2 <= len(finished) < 16
    expected = files(sweep(tmp_path) / "0")
    assert {"run.json", "aeexp.log", ".hydra/config.yaml", "figures/latent.png"} <= expected
    assert all(files(sweep(tmp_path) / str(i)) == expected for i in finished)
    assert hurried or (sweep(tmp_path) / "summary.html").exists()


@STOPS
def test_a_signal_ends_a_sweep_during_training(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    overrides = ("model=shallow,deep", "seed=0,1", "training.epochs=1000000", "evidence=none")
    with started(tmp_path, *overrides) as process:
        while not list(tmp_path.glob("outputs/multirun/*/*/sweep.jsonl")):
            time.sleep(0.1)
        while '"started"' not in (sweep(tmp_path) / "sweep.jsonl").read_text():
            time.sleep(0.1)
        time.sleep(4)
        process.send_signal(number)
        process.communicate(timeout=120)
    assert process.returncode == code
    assert set(statuses(sweep(tmp_path))) == {None}
    *_, last = Ledger(sweep(tmp_path)).jobs().values()
    assert last.directory is None  # no other group was started


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_a_killed_sweep_leaves_no_processes_and_can_be_resumed(
    tmp_path: Path,
) -> None:
    with started(tmp_path, "seed=range(8)", "training.epochs=3", "evidence=none") as process:
        assert process.stdout
        next(line for line in process.stdout if line.startswith("3/8"))
        children = [
            path
            for path in Path("/proc").glob("[0-9]*")
            if f"PPid:\t{process.pid}\n".encode() in content(path / "status")
            and b"spawn_main" in content(path / "cmdline")
        ]
        assert children
        process.kill()
    patience = time.monotonic() + 60
    while any(b"spawn_main" in content(path / "cmdline") for path in children):
        assert time.monotonic() < patience
        time.sleep(0.1)
    done = run(tmp_path, "resume", str(sweep(tmp_path)))
    assert done.returncode == 0, done.stderr
    expected = files(sweep(tmp_path) / "0")
    assert {"aeexp.log", ".hydra/hydra.yaml", "metrics.json"} <= expected
    assert all(files(sweep(tmp_path) / str(i)) == expected for i in range(8))


def content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # the process has ended
        return b""


def test_the_process_launcher_writes_the_same_files(aeexp: Run, tmp_path: Path) -> None:
    overrides = (
        "hydra/launcher=process",
        "hydra.launcher.workers=2",
        "optimizer=sgd",
        "model=linear",
    )
    done = aeexp("--multirun", *overrides, "optimizer.lr=1e30,0.01", *QUICK)
    assert done.returncode == 3, done.stderr
    assert statuses(sweep(tmp_path)) == ["DIVERGED", "COMPLETED"]
    lines = [line for line in done.stdout.splitlines() if line.startswith("$ ")]
    assert len(lines) == 2
    pasted = shlex.split(lines[1].removeprefix("$ "))
    assert pasted[:3] == [sys.executable, "-m", "aeexp"]
    aeexp("optimizer=sgd", "model=linear", "optimizer.lr=0.01", *QUICK, "hydra.run.dir=alone")
    alone, apart = tmp_path / "alone", sweep(tmp_path) / "1"
    assert files(apart) == files(alone)
    assert (apart / "metrics.json").read_bytes() == (alone / "metrics.json").read_bytes()


@pytest.mark.engine
@pytest.mark.skipif(BACKEND is Backend.jax, reason="needs a second backend")
def test_jobs_on_another_backend_run_in_their_own_process(aeexp: Run, tmp_path: Path) -> None:
    done = aeexp("--multirun", f"backend={BACKEND.value},jax", *QUICK[:-1])
    assert done.returncode == 0, done.stderr
    assert "1 job on another backend" in done.stdout
    records = [read(sweep(tmp_path) / job / "run.json") for job in ("0", "1")]
    assert [record["backend"] for record in records] == [BACKEND.value, "jax"]


@pytest.mark.parametrize("subdir", ["../x", "same", ".", "/x"])
def test_job_directories_outside_the_sweep_or_shared_are_refused(
    aeexp: Run, tmp_path: Path, subdir: str
) -> None:
    done = aeexp("--multirun", "seed=0,1", f"hydra.sweep.subdir='{subdir}'", *QUICK)
    assert done.returncode == 2
    assert "must name a directory within hydra.sweep.dir, another for each" in done.stderr
    assert files(tmp_path) == set()


def test_f5_two_processes_cannot_run_one_sweep(tmp_path: Path) -> None:
    folder = made(tmp_path / "sweep", [Made(["seed=0"], status=None, begun=False)])
    with FileLock(folder / "sweep.lock"):
        done = run(tmp_path, "resume", str(folder))
    assert done.returncode == 2
    assert "Another process works on" in done.stderr


def test_compare_summarises_several_sweeps(tmp_path: Path) -> None:
    sweeps = [
        made(tmp_path / name, [Made([f"model={name}", f"seed={i}"], metrics=loss(0.5 + i / 10))])
        for i, name in enumerate(("shallow", "deep"))
    ]
    done = run(tmp_path, "compare", *map(str, sweeps))
    assert done.returncode == 0, done.stderr
    assert "Best run: " in done.stdout
    (page,) = tmp_path.glob("outputs/compare/*/*/summary.html")
    assert len((page.parent / "summary.csv").read_text().splitlines()) == 3
    run(tmp_path, "compare", str(sweeps[0]))
    assert (sweeps[0] / "summary.csv").exists()


def test_zero_workers_are_refused(aeexp: Run) -> None:
    overrides = ("hydra/launcher=process", "hydra.launcher.workers=0")
    done = aeexp("--multirun", *overrides, "seed=0,1", *QUICK)
    assert done.returncode == 2
    assert done.stderr == "hydra.launcher.workers must be at least 1 or null, got 0.\n"


@pytest.mark.parametrize(
    "overrides",
    [
        pytest.param(["resume"], id="nothing"),
        pytest.param(["resume", "nowhere"], id="no_sweep"),
        pytest.param(["compare", "nowhere"], id="compare"),
    ],
)
def test_resume_and_compare_refuse_directories_without_a_sweep(
    tmp_path: Path, overrides: list[str], sentences: Sentences
) -> None:
    done = run(tmp_path, *overrides)
    assert done.returncode == 2
    sentences.check(done.stderr)


@pytest.mark.parametrize(
    "overrides",
    [
        pytest.param([], id="nothing"),
        pytest.param(["seed=3", "optimizer.lr=1e-3", "training.epochs=4"], id="values"),
        pytest.param(["model=deep", "model.hidden=[9]", "backend=torch"], id="options"),
        pytest.param(["regulariser=[l1,dropout]", "regulariser.l1.strength=1"], id="several"),
        pytest.param(["experiment=tutorial_deep", "model.latent_dim=5"], id="experiment"),
        pytest.param(["hydra.sweep.subdir=x", "seed=1", "clustering=none"], id="hydra"),
    ],
)
def test_jobs_are_composed_exactly_as_hydra_composes_them(overrides: list[str]) -> None:
    with initialize_config_dir(str(conf_dir()), **VERSION):
        loader = GlobalHydra.instance().config_loader()
        composer = Composer(loader, "config")
        composer.compose([*overrides, "seed=7"])  # must not affect the next one
        composed = composer.compose(overrides)
        expected = loader.load_configuration("config", overrides, RunMode.RUN, from_shell=False)
    assert OmegaConf.to_yaml(composed) == OmegaConf.to_yaml(expected)


def tasks(tmp_path: Path, *experiments: Experiment) -> list[Task]:
    return [
        Task(i, [], [], experiment, tmp_path / str(i)) for i, experiment in enumerate(experiments)
    ]


@pytest.mark.skipif(BACKEND is not Backend.jax, reason="runs on JAX")
def test_jobs_that_differ_only_in_numbers_train_together(
    tiny: Callable[..., Experiment], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aeexp.sweep.groups.MAX_MEMBERS", 3)
    experiments = [
        *(tiny(seed=seed, optimizer=Adam(lr=lr)) for seed in (0, 1) for lr in (0.1, 0.2)),
        *(tiny(model=Deep(), repeats=4), tiny(model=Shallow(latent_dim=3))),
        *(tiny(seed=9), tiny(training=Training(epochs=3))),
    ]
    grouped = groups(tasks(tmp_path, *experiments), ProblemCache())
    numbers = [[task.number for task in group] for group in grouped]
    assert numbers == [[0, 1, 2], [3, 6], [4], [5], [7]]


@pytest.mark.skipif(BACKEND is not Backend.jax, reason="runs on JAX")
def test_large_tables_are_not_copied_for_each_member(
    tiny: Callable[..., Experiment], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tiny()
    other = replace(first, dataset=replace(first.dataset, seed=1))
    for most, together in ((2**20, [[0, 1]]), (10, [[0], [1]])):
        monkeypatch.setattr("aeexp.sweep.groups.MAX_COPIED", most)
        grouped = groups(tasks(tmp_path, first, other), ProblemCache())
        assert [[task.number for task in group] for group in grouped] == together


def test_workers_import_neither_keras_nor_a_backend() -> None:
    heavy = "{'keras', 'jax', 'tensorflow', 'torch'}"
    code = f"import aeexp.sweep.workers, sys; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
