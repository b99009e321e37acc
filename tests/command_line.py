"""The command line in a process that is forked from one that has imported Keras already.

Most of a short run's time is spent on imports. Tests of the process itself (signals, pipes,
terminals, its environment, what it imports) start `PYTHON` instead.
"""

import atexit
import os
import runpy
import subprocess
import sys
from collections.abc import Mapping
from multiprocessing import get_context
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

PYTHON = (sys.executable, "-m", "aeexp")
FORKSERVER = get_context("forkserver")
FORKSERVER.set_forkserver_preload(
    ["aeexp.app.cli", "aeexp.sweep.finalize", "aeexp.app.jobs", "keras"]
)


def run(folder: Path, *words: str, env: Mapping[str, str] | None = None) -> CompletedProcess[str]:
    """Run the command line in a directory, and capture its output.

    With an environment of its own, or another backend than the suite's, it is started anew.
    """
    backends = {word for word in words if word.startswith("backend=")}
    if env is not None or backends - {f"backend={os.environ['KERAS_BACKEND']}"}:
        command = [*PYTHON, *words]
        return subprocess.run(
            command, cwd=folder, env=env, capture_output=True, text=True, check=False
        )
    with TemporaryDirectory() as kept:
        outputs = [Path(kept) / "out", Path(kept) / "err"]
        process = FORKSERVER.Process(target=_main, args=(folder, words, outputs, dict(os.environ)))
        process.start()
        process.join()
        code = process.exitcode
        process.close()
        assert code is not None
        return CompletedProcess(words, code, *(path.read_text() for path in outputs))


def _main(
    folder: Path, words: tuple[str, ...], outputs: list[Path], environment: dict[str, str]
) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in enumerate(outputs, 1):
        with path.open("wb") as file:
            os.dup2(file.fileno(), number)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))
    sys.argv[1:] = words
    try:
        runpy.run_module("aeexp", run_name="__main__", alter_sys=True)
    finally:
        atexit._run_exitfuncs()
