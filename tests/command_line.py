"""Run the command line in a process forked from one that has already imported Keras.

Imports take most of the time of a short run. Tests of the process itself (signals, pipes,
terminals, environment, imports) start `PYTHON` instead.
"""

import atexit
import json
import os
import runpy
import subprocess
import sys
from collections.abc import Mapping
from multiprocessing import get_context
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory
from typing import Any

from aeexp.runs import Ledger

PYTHON = (sys.executable, "-m", "aeexp")
FORKSERVER = get_context("forkserver")
FORKSERVER.set_forkserver_preload(
    ["aeexp.app.cli", "aeexp.sweep.finalize", "aeexp.app.jobs", "keras"]
)


USUAL = {
    "model": "shallow",
    "training.epochs": "200",
    "training.batch_size": "16",
    "optimizer.lr": "1e-3",
    "split.validation": "0.2",
}
"""Settings of the suite's runs where a test sets none: one small model, one split, fast."""
OTHERS = ("split.folds", "split.test", "split.column", "experiment")


def usual(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """Return the arguments of a run with the suite's usual settings; `default=true` keeps aeexp's.

    The arguments of other commands are returned unchanged.
    """
    if "default=true" in arguments:
        return tuple(argument for argument in arguments if argument != "default=true")
    is_run = all("=" in argument or argument == "--multirun" for argument in arguments)
    keys = {argument.partition("=")[0] for argument in arguments}
    if not is_run or "experiment" in keys:
        return arguments
    added = [
        f"{key}={value}"
        for key, value in USUAL.items()
        if key not in keys and not (key == "split.validation" and keys & {*OTHERS})
    ]
    return (*arguments, *added)


def command(*arguments: str) -> list[str]:
    """Return the command line of a process of its own; see `usual`."""
    return [*PYTHON, *usual(arguments)]


def run(
    folder: Path, *arguments: str, env: Mapping[str, str] | None = None
) -> CompletedProcess[str]:
    """Run the command line in a directory, and capture its output.

    With its own environment, or another backend than the suite's, it starts in a new process.
    """
    arguments = usual(arguments)
    backends = {argument for argument in arguments if argument.startswith("backend=")}
    if env is not None or backends - {f"backend={os.environ['KERAS_BACKEND']}"}:
        command = [*PYTHON, *arguments]
        return subprocess.run(
            command, cwd=folder, env=env, capture_output=True, text=True, check=False
        )
    with TemporaryDirectory() as directory:
        outputs = [Path(directory) / "out", Path(directory) / "err"]
        process = FORKSERVER.Process(
            target=_main, args=(folder, arguments, outputs, dict(os.environ))
        )
        process.start()
        process.join()
        code = process.exitcode
        process.close()
        assert code is not None
        return CompletedProcess(arguments, code, *(path.read_text() for path in outputs))


def _main(
    folder: Path, arguments: tuple[str, ...], outputs: list[Path], environment: dict[str, str]
) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in enumerate(outputs, 1):
        with path.open("wb") as file:
            os.dup2(file.fileno(), number)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))
    sys.argv[1:] = arguments
    try:
        runpy.run_module("aeexp", run_name="__main__", alter_sys=True)
    finally:
        atexit._run_exitfuncs()


def files(root: Path) -> set[str]:
    """Return the paths of all files in a directory, relative to it."""
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def read(path: Path) -> dict[str, Any]:
    """Return the content of a JSON file."""
    return json.loads(path.read_text())


def sweep(root: Path) -> Path:
    """Return the directory of the only sweep."""
    (ledger,) = root.glob("outputs/multirun/*/*/sweep.jsonl")
    return ledger.parent


def statuses(folder: Path) -> list[str | None]:
    """Return the status of each job of a sweep."""
    return [job.status and job.status.value for job in Ledger(folder).jobs().values()]
