"""sweep.jsonl: the event log of a sweep, one line per event; and the lock of a sweep.

Lines are only appended. The state of every job follows from the events so far.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from aeexp.errors import UserError
from aeexp.runs.document import converted, read_bytes
from aeexp.runs.files import append
from aeexp.runs.schemas import (
    EVENTS,
    Begun,
    Event,
    Failed,
    Finished,
    Planned,
    Started,
    Status,
)

NAME = "sweep.jsonl"
MOST_BYTES = 2**30


@dataclass(frozen=True)
class Job:
    """State of a job in the ledger.

    directory: of its run, relative to the sweep's. status: None before it has ended. error: one
    line, if it failed.
    """

    number: int
    overrides: list[str] = field(default_factory=list)
    directory: str | None = None
    status: Status | None = None
    error: str | None = None

    @property
    def done(self) -> bool:
        """Return whether the job need not run again."""
        return self.status in {Status.COMPLETED, Status.DIVERGED}


class Ledger:
    """The event log of a sweep, to which several processes may append.

    They take turns under a lock: on NFS, hosts that append at the same time overwrite each other
    (open(2)).
    """

    def __init__(self, sweep: Path) -> None:
        self.path = sweep / NAME

    def begun(self, arguments: list[str]) -> None:
        """Log that this process starts or resumes the sweep. arguments: of its command line."""
        self._append([Begun(arguments, cwd=str(Path.cwd()), pid=os.getpid())])

    def planned(self, jobs: Mapping[int, list[str]]) -> None:
        """Log the overrides of jobs by number."""
        self._append(Planned(number, overrides) for number, overrides in jobs.items())

    def started(self, folders: Mapping[int, Path]) -> None:
        """Log that jobs start, with their directories within the sweep's."""
        sweep = self.path.parent.resolve()
        self._append(
            Started(number, str(folder.relative_to(sweep))) for number, folder in folders.items()
        )

    def finished(self, number: int, status: Status) -> None:
        """Log that a job ended without failing."""
        self._append([Finished(number, status)])

    def failed(self, number: int, error: str) -> None:
        """Log that a job failed. error: one line."""
        self._append([Failed(number, error)])

    def arguments(self) -> list[str]:
        """Return the command-line arguments that started the sweep.

        Raises:
            UserError: The directory is not a sweep's.
        """
        return self._start().words

    def cwd(self) -> Path:
        """Return the working directory in which the sweep was started; see `arguments`."""
        return Path(self._start().cwd)

    def jobs(self) -> dict[int, Job]:
        """Return the state of all jobs by number.

        Raises:
            UserError: A line is not valid, or has a directory outside the sweep's, which resuming
            would rename.
        """
        jobs: dict[int, Job] = {}
        sweep = self.path.parent.resolve()
        for event in self._events():
            if isinstance(event, Begun):
                continue
            job = jobs.get(event.job, Job(event.job))
            match event:
                case Planned(overrides=overrides):
                    job = replace(job, overrides=overrides)
                case Started(directory=directory):
                    if not (sweep / directory).resolve().is_relative_to(sweep):
                        raise UserError(
                            f"{self.path} has a directory outside the sweep, {directory!r:.80}:"
                            " not resumed."
                        )
                    job = replace(job, directory=directory, status=None, error=None)
                case Finished(status=status):
                    job = replace(job, status=status)
                case Failed(error=error):
                    job = replace(job, status=Status.FAILED, error=error)
            jobs[event.job] = job
        return dict(sorted(jobs.items()))

    def unknown(self) -> int:
        """Return the number of events that this version of aeexp does not support."""
        return sum(event is None for event in self._lines())

    def _start(self) -> Begun:
        for event in self._events():
            if isinstance(event, Begun):
                return event
        raise UserError(f"{self.path.parent} is not the directory of a sweep: it has no {NAME}.")

    def _events(self) -> Iterator[Event]:
        """Yield the supported events in order."""
        return (event for event in self._lines() if event)

    def _lines(self) -> Iterator[Event | None]:
        """Yield the event of each line, None if not supported; skip lines truncated by a crash."""
        if not self.path.is_file():
            return
        for number, line in enumerate(read_bytes(self.path, MOST_BYTES).splitlines(), 1):
            try:
                content = json.loads(line)
            except ValueError:
                continue
            except RecursionError:
                content = None
            if isinstance(content, dict) and content.get("event") not in EVENTS:
                yield None
                continue
            try:
                yield converted(content, Event)
            except ValueError as error:
                raise UserError(f"{self.path}, line {number}, {error}.") from error

    def _append(self, events: Iterable[Event]) -> None:
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        lines = [json.dumps({"time": now, **msgspec.to_builtins(event)}) for event in events]
        if lines:
            with FileLock(f"{self.path}.lock"):
                append(self.path, "".join(f"{line}\n" for line in lines))


@contextmanager
def locked(sweep: Path) -> Iterator[None]:
    """Lock a sweep; the operating system releases the lock of a killed process.

    Raises:
        UserError: Another process has locked it.
    """
    lock = FileLock(sweep / "sweep.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise UserError(
            f"Another process works on {sweep}: wait for it, or stop it first."
        ) from None
    try:
        yield
    finally:
        lock.release()
