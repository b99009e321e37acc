"""One job: an experiment into its run directory, told on the terminal."""

import traceback
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from aeexp.artifact import DivergedError, Facts
from aeexp.backend import choose, unheard
from aeexp.runs import Record, Status, write, write_bytes
from aeexp.spec import Experiment
from aeexp.terminal import Terminal
from aeexp.words import said

EXIT = {Status.COMPLETED: 0, Status.DIVERGED: 3}


def perform(config: DictConfig) -> int:
    """Run a composed experiment in Hydra's output directory; return the exit code.

    Raises:
        KeyboardInterrupt: It was interrupted; what was known by then is kept.
        Exception: It failed; the traceback is in its directory.
    """
    folder = Path(HydraConfig.get().runtime.output_dir)
    experiment = said(config)
    record, terminal = Record(folder, experiment), Terminal()
    status = Status.FAILED
    try:
        with terminal.stage("total"):
            status = _run(experiment, folder, record, terminal)
    except KeyboardInterrupt:
        status = Status.INTERRUPTED
        raise
    except Exception as error:
        write_bytes(folder / "traceback.txt", traceback.format_exc().encode())
        record.note(error=f"{type(error).__name__}: {error}")
        raise
    finally:
        record.end(status, terminal.seconds)
        terminal.ended(record.content, folder)
    return EXIT[status]


def _run(experiment: Experiment, folder: Path, record: Record, terminal: Terminal) -> Status:
    choose(experiment.backend)
    with terminal.stage("import"), unheard():
        from aeexp.run import run  # noqa: PLC0415  (imports Keras: its backend must be chosen)
    try:
        for artifact in run(experiment, terminal):
            if isinstance(artifact, Facts):
                record.note(**artifact.values)
            else:
                write(artifact, folder)
            terminal.hear(artifact)
    except DivergedError:
        return Status.DIVERGED
    if terminal.stop:
        raise KeyboardInterrupt
    return Status.COMPLETED
