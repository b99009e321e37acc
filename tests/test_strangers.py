"""What somebody else's directories, files and words can do: be read, or be refused in one line."""

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
"""The number of no process."""
JOBS = ("--multirun", "seed=0", "evidence=none", "training.epochs=2", "figures=none")


@pytest.fixture
def told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Run the command line in this process, in an empty directory: exit code and errors."""

    def run(*words: str) -> tuple[int, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["aeexp", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return int(end.value.code or 0), capsys.readouterr().err

    return run


def begun(folder: Path, *words: str, cwd: str = ".") -> Path:
    """Make the directory of a sweep that somebody else began."""
    folder.mkdir()
    event = {"event": "begun", "words": [*JOBS, *words], "cwd": cwd, "pid": 1, "time": "then"}
    (folder / "sweep.jsonl").write_text(json.dumps(event) + "\n")
    return folder


# Files are written through no link


def test_f49_a_link_is_replaced_and_what_it_points_to_is_unchanged(tmp_path: Path) -> None:
    mine, link = tmp_path / "mine", tmp_path / "run" / "file"
    mine.write_text("mine")
    link.parent.mkdir()
    link.symlink_to(mine)
    write_bytes(link, b"theirs")
    assert (mine.read_text(), link.is_symlink(), link.read_text()) == ("mine", False, "theirs")


def test_f49_nothing_is_appended_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine\n")
    (tmp_path / "sweep.jsonl").symlink_to(tmp_path / "mine")
    with pytest.raises(OSError, match=r"sweep\.jsonl cannot be written"):
        append(tmp_path / "sweep.jsonl", "theirs\n")
    assert (tmp_path / "mine").read_text() == "mine\n"


def test_f49_the_name_of_a_temporary_file_cannot_be_foreseen(tmp_path: Path) -> None:
    names = []
    for _ in range(2):
        with replacing(tmp_path / "file") as file:
            (found,) = tmp_path.glob(".aeexp-*")
            names.append(found.name)
            file.write(b"content")
    assert names[0] != names[1]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


WRITERS = {"write_text", "write_bytes", "savefig", "save", "to_csv", "to_parquet", "mkdtemp"}
EXEMPT = {
    "aeexp/menu.py": "a tool for developers, which writes the heads of conf/",
    "aeexp/models/network.py": "Keras's archive, in a temporary directory of our own",
    "aeexp/output.py": "to nowhere",
    "aeexp/page/pictures.py": "into memory",
    "aeexp/runs/write.py": "into memory",
    "aeexp/summary/picture.py": "into memory",
}
"""Modules that call something like a writer, which writes no file of a run."""


def test_f49_all_files_are_written_by_one_module() -> None:
    """Whoever adds a writer of its own beside `runs.files` fails here."""
    others = {str(path.relative_to(SOURCES)): path for path in SOURCES.rglob("*.py")}
    del others["aeexp/runs/files.py"]
    assert EXEMPT.keys() <= others.keys()
    found = {name: calls for name, path in others.items() if (calls := _writes(path))}
    assert found.keys() <= EXEMPT.keys(), found


def _writes(path: Path) -> list[str]:
    """Return the calls in a module that look as if they wrote a file."""
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


# What killed processes left half written


def test_f50_what_a_killed_process_left_half_written_is_removed(tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    left = tmp_path / "figures" / f"{_owner(DEAD)}-0123"
    reused = tmp_path / f"{_owner(1)}-0123"  # process 1 is older than the file, or began after it
    mine = tmp_path / f"{_owner(os.getpid())}-0123"
    elsewhere = tmp_path / f".aeexp-00000000-{DEAD}-0123"  # on another machine
    for path in (left, reused, mine, elsewhere):
        path.touch()
    os.utime(reused, (0, 0))
    remove_leftovers(tmp_path)
    assert [path.exists() for path in (left, reused, mine, elsewhere)] == [
        False,
        False,
        True,
        True,
    ]


def test_f50_the_next_run_and_who_resumes_remove_it(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name / ".hydra").mkdir(parents=True)
        (tmp_path / name / f"{_owner(DEAD)}-0123").touch()
    set_aside(tmp_path / "a")
    assert not list((tmp_path / "a-unfinished-1").glob(".aeexp-*"))
    claim(tmp_path / "c")
    assert not list((tmp_path / "b").glob(".aeexp-*"))


def test_f51_what_is_written_is_never_writable_by_everybody(tmp_path: Path) -> None:
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
def test_f49_a_run_with_a_link_in_it_is_not_read(
    tmp_path: Path, name: str, read: Callable[[Path], object]
) -> None:
    (tmp_path / "run.json").write_text('{"schema": 2}')
    link = tmp_path / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to("/etc/hostname")
    with pytest.raises(ValueError, match=rf"{name} is a symbolic link"):
        read(tmp_path)


def test_f49_a_run_with_a_pipe_in_it_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"schema": 2}')
    os.mkfifo(tmp_path / "metrics.json")
    with pytest.raises(ValueError, match=r"metrics\.json is no plain file"):
        load_run(tmp_path)


@pytest.mark.parametrize("command", ["resume", "compare"])
def test_f49_a_sweep_with_a_link_in_it_is_not_touched(
    command: str, told: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    mine = tmp_path / "mine"
    mine.write_text("mine")
    (begun(tmp_path / "sweep") / "multirun.yaml").symlink_to(mine)
    code, line = told(command, "sweep")
    assert (code, line.count("\n")) == (2, 1)
    assert "multirun.yaml is a symbolic link" in line
    assert mine.read_text() == "mine"


# Sweeps that somebody else began


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["hydra.help.header='$(touch harm)'"], id="free_text"),
        pytest.param(["hydra.hydra_logging.formatters.simple.format=x"], id="format"),
        pytest.param(["hydra/job_logging=disabled"], id="option"),
        pytest.param(["hydra/sweeper=aeexp_optuna", "hydra.sweeper.storage=x"], id="database"),
        pytest.param(["hydra.job.chdir=true"], id="directory"),
        pytest.param(["--config-dir", "options", "--config-name", "theirs"], id="file"),
    ],
)
def test_f33_a_stranger_s_settings_of_hydra_are_not_resumed(
    words: list[str], told: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    begun(tmp_path / "sweep", *words)
    (tmp_path / "options").mkdir()
    (tmp_path / "options" / "theirs.yaml").write_text(
        "defaults: [config, _self_]\nhydra: {help: {header: '$(touch harm)'}}\n"
    )
    before = sorted(tmp_path.rglob("*"))
    code, line = told("resume", "sweep")
    assert (code, line.count("\n")) == (2, 1)
    assert "if you trust the author of this sweep, repeat the setting: aeexp resume" in line
    assert sorted(tmp_path.rglob("*")) == before


def test_f33_a_setting_that_the_user_repeats_is_resumed(
    told: Callable[..., tuple[int, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, resumed = begun(tmp_path / "sweep", "hydra.verbose=[a]"), []

    def sweep(path: Path, words: list[str]) -> int:
        resumed.append((path, words, sys.argv[1:]))
        return 0

    monkeypatch.setattr(cli, "_sweep", sweep)  # what it does then is tested with sweeps
    assert told("resume", "sweep", "hydra.verbose=[b]") == (0, "")
    assert resumed == [
        (folder, [*JOBS], [*JOBS, "hydra.verbose=[b]", f"hydra.sweep.dir='{folder}'"])
    ]
    assert "seed=1 cannot be changed" in told("resume", "sweep", "seed=1")[1]


def test_words_said_again_replace_those_of_the_sweep() -> None:
    words = ["--multirun", "seed=0,1", "hydra/launcher=process", "hydra.launcher.workers=7"]
    again = ["hydra/launcher=population", "+hydra.launcher.workers=2"]
    assert resume.merge_arguments(words, again) == ["--multirun", "seed=0,1"]


def test_f33_a_sweep_imports_nothing_from_the_directory_it_was_begun_in(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    folder = begun(theirs, cwd=str(theirs))
    for module in ("multiprocessing", "aeexp", "numpy"):
        (theirs / f"{module}.py").write_text(f"open({str(tmp_path / 'harm')!r}, 'w')\n")
    (tmp_path / "mine").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "aeexp", "resume", str(folder)],
        cwd=tmp_path / "mine",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "harm").exists()


def test_a_sweep_whose_directory_has_gone_is_refused(
    told: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    begun(tmp_path / "sweep", cwd="nowhere")
    code, line = told("resume", "sweep")
    assert code == 2
    assert "started in nowhere, which cannot be entered (No such file or directory)" in line
