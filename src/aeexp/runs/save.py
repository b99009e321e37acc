"""Save a run in its directory, also if it fails or is interrupted."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from aeexp.config.spec import Experiment
from aeexp.errors import trace
from aeexp.runs.artifact import Artifact, DivergedError, RunMetadata
from aeexp.runs.files import write_bytes
from aeexp.runs.progress import Monitor
from aeexp.runs.record import Record
from aeexp.runs.schemas import Status
from aeexp.runs.write import write
from aeexp.text import printable

Artifacts = Callable[[], Iterator[Artifact]]
Report = Callable[[Mapping[str, Any]], bytes]
"""Returns the content of report.html from the content of the final run.json."""


def save_run(
    experiment: Experiment,
    folder: Path,
    artifacts: Artifacts,
    monitor: Monitor,
    report: Report | None = None,
) -> Status:
    """Write the artifacts of a run as they are yielded; return COMPLETED or DIVERGED.

    report: makes report.html after all other files, unless the run failed.

    Raises:
        KeyboardInterrupt: The run was interrupted; its artifacts so far are written.
        Exception, SystemExit: The run failed; its traceback is in its directory, if there is room.
    """
    record, error = save_artifacts(experiment, folder, artifacts, monitor, report)
    try:
        record.end()
    finally:
        monitor.on_end(record.content, folder)
    if error:
        raise error
    return record.status


def save_artifacts(
    experiment: Experiment,
    folder: Path,
    artifacts: Artifacts,
    monitor: Monitor,
    report: Report | None = None,
) -> tuple[Record, BaseException | None]:
    """Write a run without its final record; return the record and the error that ended the run.

    Readers see the run as unfinished until `Record.end` writes the record. See `save_run`.
    """
    record = Record(folder, experiment)
    error: BaseException | None = None
    try:
        record.begin()
        error = _write(artifacts, folder, record, monitor)
        record.ended(_status(error), monitor.seconds)
        if report and "data_hash" in record.content:
            write_bytes(folder / "report.html", report(record.content))
    except (Exception, SystemExit, KeyboardInterrupt) as caught:  # noqa: BLE001  (it is recorded)
        error = caught
    if _status(error) is Status.FAILED:
        assert error
        record.note(error=error_line(error))
        with suppress(OSError):  # the disk may be full; the error is reported anyway
            write_traceback(folder, error)
    record.ended(_status(error), monitor.seconds)
    return record, None if isinstance(error, DivergedError) else error


def write_traceback(folder: Path, error: BaseException) -> Path:
    """Write the traceback of an error into a directory; return the path."""
    path = folder / "traceback.txt"
    write_bytes(path, printable(trace(error), keep="\n\t").encode())
    return path


def error_line(error: BaseException) -> str:
    """Return the class and message of an error, for records and ledgers."""
    return f"{type(error).__name__}: {error}"


def _write(
    artifacts: Artifacts, folder: Path, record: Record, monitor: Monitor
) -> KeyboardInterrupt | DivergedError | None:
    """Write the artifacts; return why the run ended early, unless it failed."""
    try:
        with monitor.stage("total"):
            for artifact in artifacts():
                files: list[Path] = []
                if isinstance(artifact, RunMetadata):
                    record.note(**artifact.values)
                else:
                    files = write(artifact, folder)
                monitor.on_artifact(artifact, files)
                if monitor.halted:
                    return KeyboardInterrupt()
    except (DivergedError, KeyboardInterrupt) as error:
        return error
    return KeyboardInterrupt() if monitor.stop else None


def _status(error: BaseException | None) -> Status:
    match error:
        case None:
            return Status.COMPLETED
        case DivergedError():
            return Status.DIVERGED
        case KeyboardInterrupt():
            return Status.INTERRUPTED
    return Status.FAILED
