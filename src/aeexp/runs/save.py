"""A run into its directory, whatever comes of it."""

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
"""Makes the content of report.html from that of the final run.json."""


def save_run(
    experiment: Experiment,
    folder: Path,
    artifacts: Artifacts,
    monitor: Monitor,
    report: Report | None = None,
) -> Status:
    """Write what a run yields into its directory as it comes; return COMPLETED or DIVERGED.

    report: makes report.html, once all else is there, unless the run failed.

    Raises:
        KeyboardInterrupt: It was interrupted; what was known by then is kept.
        Exception, SystemExit: It failed; the traceback is in its directory, if there is room.
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
    """Write all of a run but its end; return its record, and what ended it early; see `keep`.

    Until `Record.end` writes the record, the run is unfinished to every reader.
    """
    record = Record(folder, experiment)
    error: BaseException | None = None
    try:
        record.begin()
        error = _write(artifacts, folder, record, monitor)
        record.ended(_status(error), monitor.seconds)
        if report and "data_hash" in record.content:
            write_bytes(folder / "report.html", report(record.content))
    except (Exception, SystemExit, KeyboardInterrupt) as other:  # noqa: BLE001  (it is recorded)
        error = other
    if _status(error) is Status.FAILED:
        assert error
        record.note(error=error_line(error))
        with suppress(OSError):  # where the disk is full, the error is told all the same
            write_traceback(folder, error)
    record.ended(_status(error), monitor.seconds)
    return record, None if isinstance(error, DivergedError) else error


def write_traceback(folder: Path, error: BaseException) -> Path:
    """Write the traceback of an error into a directory; return the file."""
    path = folder / "traceback.txt"
    write_bytes(path, printable(trace(error), keep="\n\t").encode())
    return path


def error_line(error: BaseException) -> str:
    """Return an error as records and ledgers name it, with its kind."""
    return f"{type(error).__name__}: {error}"


def _write(
    artifacts: Artifacts, folder: Path, record: Record, monitor: Monitor
) -> KeyboardInterrupt | DivergedError | None:
    """Write what a run yields; return what ended it early, other than a failure."""
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
