"""A run into its directory, whatever comes of it."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from aeexp.artifact import Artifact, DivergedError, Facts
from aeexp.names import printable
from aeexp.runs.files import write_bytes
from aeexp.runs.record import Record, Status
from aeexp.runs.write import write
from aeexp.spec import Experiment
from aeexp.watch import Watch


def keep(
    experiment: Experiment,
    folder: Path,
    artifacts: Callable[[], Iterator[Artifact]],
    watch: Watch,
    report: Callable[[], bytes] | None = None,
) -> Status:
    """Write what a run yields into its directory as it comes; return COMPLETED or DIVERGED.

    report: makes report.html of the directory, once all else is there, unless the run failed.

    Raises:
        KeyboardInterrupt: It was interrupted; what was known by then is kept.
        Exception, SystemExit: It failed; the traceback is in its directory, if there is room.
    """
    record, status = Record(folder, experiment), Status.FAILED
    try:
        record.begin()
        with watch.stage("total"):
            status = _kept(artifacts, folder, record, watch)
    except KeyboardInterrupt:
        status = Status.INTERRUPTED
        raise
    except (Exception, SystemExit) as error:
        record.note(error=named(error))
        with suppress(OSError):  # where the disk is full, the error is told all the same
            text = printable(traceback.format_exc(), keep="\n\t")
            write_bytes(folder / "traceback.txt", text.encode())
        raise
    finally:
        _end(record, status, watch, report)
    return status


def _end(record: Record, status: Status, watch: Watch, report: Callable[[], bytes] | None) -> None:
    """Write and tell how a run ended; without the record of it, or its report, it has failed."""
    try:
        record.end(status, watch.seconds)
        if report and status is not Status.FAILED and "data_hash" in record.content:
            write_bytes(record.folder / "report.html", report())
    except Exception as error:
        record.note(status=Status.FAILED)
        record.content.setdefault("error", named(error))
        with suppress(OSError):
            record.end(Status.FAILED, watch.seconds)
        raise
    finally:
        watch.ended(record.content, record.folder)


def named(error: BaseException) -> str:
    """Return an error as records and ledgers name it, with its kind."""
    return f"{type(error).__name__}: {error}"


def _kept(
    artifacts: Callable[[], Iterator[Artifact]], folder: Path, record: Record, watch: Watch
) -> Status:
    try:
        for artifact in artifacts():
            if isinstance(artifact, Facts):
                record.note(**artifact.values)
            else:
                write(artifact, folder)
            watch.hear(artifact)
            if watch.halted:
                raise KeyboardInterrupt
    except DivergedError:
        return Status.DIVERGED
    if watch.stop:
        raise KeyboardInterrupt
    return Status.COMPLETED
