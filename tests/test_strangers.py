"""Directories, files and arguments of strangers are read safely or refused in one line."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from aeexp import load_run
from aeexp.app import cli
from aeexp.pipeline.experiment import load_experiment
from aeexp.runs import (
    Run,
    claim,
    read_model,
    remove_leftovers,
    replacing,
    set_aside,
    subfolder,
    write_bytes,
)
from aeexp.runs.files import _owner, append
from aeexp.sweep import resume

SOURCES = Path(__file__).parent.parent / "src"
DEAD = 2**22 + 1
"""An id that no process has."""
JOBS = ("--multirun", "seed=0", "evidence=none", "training.epochs=2", "figures=none")


@pytest.fixture
def run_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Run the command line in this process and an empty directory; return code and errors."""

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["aeexp", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return int(end.value.code or 0), capsys.readouterr().err

    return run


def started(folder: Path, *arguments: str, cwd: str = ".") -> Path:
    """Make the directory of a sweep that somebody else started."""
    folder.mkdir()
    event = {"event": "begun", "words": [*JOBS, *arguments], "cwd": cwd, "pid": 1, "time": "then"}
    (folder / "sweep.jsonl").write_text(json.dumps(event) + "\n")
    return folder


# Links are never followed when writing


def test_f49_writing_replaces_a_link_and_not_its_target(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "run" / "file"
    target.write_text("target")
    link.parent.mkdir()
    link.symlink_to(target)
    write_bytes(link, b"theirs")
    assert (target.read_text(), link.is_symlink(), link.read_text()) == ("target", False, "theirs")


def test_f49_appending_to_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("target\n")
    (tmp_path / "sweep.jsonl").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match=r"sweep\.jsonl cannot be written"):
        append(tmp_path / "sweep.jsonl", "theirs\n")
    assert (tmp_path / "target").read_text() == "target\n"


def test_f49_names_of_temporary_files_are_unpredictable(tmp_path: Path) -> None:
    names = []
    for _ in range(2):
        with replacing(tmp_path / "file") as file:
            (temporary,) = tmp_path.glob(".aeexp-*")
            names.append(temporary.name)
            file.write(b"content")
    assert names[0] != names[1]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


WRITERS = {"write_text", "write_bytes", "savefig", "save", "to_csv", "to_parquet", "mkdtemp"}
EXEMPT = {
    "aeexp/app/menu.py": "a tool for developers, which writes the heads of conf/",
    "aeexp/data/io/matrix_market.py": "a packed matrix, in a new temporary directory",
    "aeexp/models/network.py": "Keras's archive, in a new temporary directory",
    "aeexp/present/html/figure.py": "into memory",
    "aeexp/present/terminal/output.py": "to nowhere",
    "aeexp/runs/write.py": "into memory",
}
"""Modules with calls named like writers that write no file of a run."""


def test_f49_only_one_module_writes_files() -> None:
    """All writers are in `runs.files`, which follows no links."""
    modules = {str(path.relative_to(SOURCES)): path for path in SOURCES.rglob("*.py")}
    del modules["aeexp/runs/files.py"]
    assert EXEMPT.keys() <= modules.keys()
    writers = {name: calls for name, path in modules.items() if (calls := _writes(path))}
    assert writers.keys() <= EXEMPT.keys(), writers


def _writes(path: Path) -> list[str]:
    """Return the calls in a module that may write a file."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    methods = [node.func.attr for node in calls if isinstance(node.func, ast.Attribute)]
    texts = [
        argument.value
        for node in calls
        if getattr(node.func, "attr", getattr(node.func, "id", "")) in {"open", "fdopen"}
        for argument in (*node.args, *(keyword.value for keyword in node.keywords))
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]
    modes = [f"open(…, {text!r})" for text in texts if set("wax+") & set(text)]
    return [*modes, *(name for name in methods if name in WRITERS)]


# Partial files of killed processes


def test_f50_partial_files_of_killed_processes_are_removed(tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    left = tmp_path / "figures" / f"{_owner(DEAD)}-0123"
    reused = tmp_path / f"{_owner(1)}-0123"  # process 1 started after the file was written
    current = tmp_path / f"{_owner(os.getpid())}-0123"
    elsewhere = tmp_path / f".aeexp-00000000-{DEAD}-0123"  # on another machine
    for path in (left, reused, current, elsewhere):
        path.touch()
    os.utime(reused, (0, 0))
    remove_leftovers(tmp_path)
    assert [path.exists() for path in (left, reused, current, elsewhere)] == [
        False,
        False,
        True,
        True,
    ]


def test_f50_the_next_run_and_resuming_remove_partial_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name / ".hydra").mkdir(parents=True)
        (tmp_path / name / f"{_owner(DEAD)}-0123").touch()
    set_aside(tmp_path / "a")
    assert not list((tmp_path / "a-unfinished-1").glob(".aeexp-*"))
    claim(tmp_path / "c")
    assert not list((tmp_path / "b").glob(".aeexp-*"))


def test_f51_written_files_are_not_writable_by_everybody(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        folder = claim(tmp_path / "run")
        write_bytes(subfolder(folder, "model") / "file", b"")
        append(folder / "log", "line\n")
    finally:
        os.umask(mask)
    paths = [folder, *folder.rglob("*")]
    assert len(paths) == 4
    assert not [path for path in paths if path.stat().st_mode & 0o002]


# Directories with links


@pytest.mark.parametrize("read", [load_run, read_model, lambda run: load_experiment(Run(run))])
@pytest.mark.parametrize("name", ["latents.csv", "model/weights.npz", "figures/deep/er"])
def test_f49_a_run_directory_with_a_link_is_refused(
    tmp_path: Path, name: str, read: Callable[[Path], object]
) -> None:
    (tmp_path / "run.json").write_text('{"schema": 2}')
    link = tmp_path / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to("/etc/hostname")
    with pytest.raises(ValueError, match=rf"{name} is a symbolic link"):
        read(tmp_path)


def test_f49_a_run_directory_with_a_pipe_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"schema": 2}')
    os.mkfifo(tmp_path / "metrics.json")
    with pytest.raises(ValueError, match=r"metrics\.json is no plain file"):
        load_run(tmp_path)


@pytest.mark.parametrize("command", ["resume", "compare"])
def test_f49_a_sweep_directory_with_a_link_is_refused(
    command: str, run_here: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    target = tmp_path / "target"
    target.write_text("target")
    (started(tmp_path / "sweep") / "multirun.yaml").symlink_to(target)
    code, line = run_here(command, "sweep")
    assert (code, line.count("\n")) == (2, 1)
    assert "multirun.yaml is a symbolic link" in line
    assert target.read_text() == "target"


# Sweeps of strangers


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["hydra.help.header='$(touch harm)'"], id="free_text"),
        pytest.param(["hydra.hydra_logging.formatters.simple.format=x"], id="format"),
        pytest.param(["hydra/job_logging=disabled"], id="option"),
        pytest.param(["hydra/sweeper=aeexp_optuna", "hydra.sweeper.storage=x"], id="database"),
        pytest.param(["hydra.job.chdir=true"], id="directory"),
        pytest.param(["--config-dir", "options", "--config-name", "theirs"], id="file"),
    ],
)
def test_f33_resuming_refuses_hydra_settings_of_a_stranger(
    arguments: list[str], run_here: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    started(tmp_path / "sweep", *arguments)
    (tmp_path / "options").mkdir()
    (tmp_path / "options" / "theirs.yaml").write_text(
        "defaults: [config, _self_]\nhydra: {help: {header: '$(touch harm)'}}\n"
    )
    before = sorted(tmp_path.rglob("*"))
    code, line = run_here("resume", "sweep")
    assert (code, line.count("\n")) == (2, 1)
    assert "if you trust the author of this sweep, repeat the setting: aeexp resume" in line
    assert sorted(tmp_path.rglob("*")) == before


def test_f33_resuming_accepts_settings_that_the_user_repeats(
    run_here: Callable[..., tuple[int, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, resumed = started(tmp_path / "sweep", "hydra.verbose=[a]"), []

    def sweep(path: Path, arguments: list[str]) -> int:
        resumed.append((path, arguments, sys.argv[1:]))
        return 0

    monkeypatch.setattr("aeexp.app.resume.run_sweep", sweep)  # tested in test_sweep.py
    assert run_here("resume", "sweep", "hydra.verbose=[b]") == (0, "")
    assert resumed == [
        (folder, [*JOBS], [*JOBS, "hydra.verbose=[b]", f"hydra.sweep.dir={folder}"])
    ]
    assert "seed=1 cannot be changed" in run_here("resume", "sweep", "seed=1")[1]


def test_repeated_arguments_replace_recorded_ones() -> None:
    recorded = ["--multirun", "seed=0,1", "hydra/launcher=process", "hydra.launcher.workers=7"]
    repeated = ["hydra/launcher=population", "+hydra.launcher.workers=2"]
    assert resume.merge_arguments(recorded, repeated) == ["--multirun", "seed=0,1"]


def test_f33_resuming_imports_no_modules_from_the_sweep_s_working_directory(
    tmp_path: Path,
) -> None:
    theirs = tmp_path / "theirs"
    folder = started(theirs, cwd=str(theirs))
    for module in ("multiprocessing", "aeexp", "numpy"):
        (theirs / f"{module}.py").write_text(f"open({str(tmp_path / 'harm')!r}, 'w')\n")
    (tmp_path / "elsewhere").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "aeexp", "resume", str(folder)],
        cwd=tmp_path / "elsewhere",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "harm").exists()


def test_resuming_refuses_a_missing_working_directory(
    run_here: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    started(tmp_path / "sweep", cwd="nowhere")
    code, line = run_here("resume", "sweep")
    assert code == 2
    assert "started in nowhere, which cannot be entered (No such file or directory)" in line
