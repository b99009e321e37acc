"""sweep.jsonl: what became of each job of a sweep, one line an event, never rewritten."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from filelock import FileLock

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
    """One job of a sweep, as far as its ledger knows.

    overrides: the words that make it. directory: of its run, within the sweep's. status: None
    before it has ended. error: of a job that failed.
    """

    number: int
    overrides: list[str] = field(default_factory=list)
    directory: str | None = None
    status: Status | None = None
    error: str | None = None

    @property
    def done(self) -> bool:
        """Return whether there is nothing left to do."""
        return self.status in {Status.COMPLETED, Status.DIVERGED}


class Ledger:
    """The events of one sweep, which many processes may tell.

    They take turns: over NFS, two hosts that append at a time overwrite each other (open(2)).
    """

    def __init__(self, sweep: Path) -> None:
        self.path = sweep / NAME

    def begun(self, words: list[str]) -> None:
        """Tell that a process begins or resumes the sweep that the words of a command line say."""
        self._tell([Begun(words, cwd=str(Path.cwd()), pid=os.getpid())])

    def planned(self, jobs: Mapping[int, list[str]]) -> None:
        """Tell the overrides of jobs by number."""
        self._tell(Planned(number, overrides) for number, overrides in jobs.items())

    def started(self, folders: Mapping[int, Path]) -> None:
        """Tell in which directories, within the sweep's, jobs are begun."""
        sweep = self.path.parent.resolve()
        self._tell(
            Started(number, str(folder.relative_to(sweep))) for number, folder in folders.items()
        )

    def finished(self, number: int, status: Status) -> None:
        """Tell how a job ended that did not fail."""
        self._tell([Finished(number, status)])

    def failed(self, number: int, error: str) -> None:
        """Tell what a job failed of, in one line."""
        self._tell([Failed(number, error)])

    def words(self) -> list[str]:
        """Return the words that began the sweep.

        Raises:
            UserError: It is no sweep's directory.
        """
        return self._beginning().words

    def cwd(self) -> Path:
        """Return the directory in which the sweep was begun; see `words`."""
        return Path(self._beginning().cwd)

    def jobs(self) -> dict[int, Job]:
        """Return all jobs by number, as the events so far leave them.

        Raises:
            UserError: A line is not what aeexp writes, or tells of a directory elsewhere.
        """
        jobs: dict[int, Job] = {}
        for event in self._events():
            if isinstance(event, Begun):
                continue
            if isinstance(event, Started):
                self._refuse_outside(event.directory)
            jobs[event.job] = _after(jobs.get(event.job, Job(event.job)), event)
        return dict(sorted(jobs.items()))

    def unknown(self) -> int:
        """Return how many lines tell of events that this aeexp does not know: a newer one did."""
        return sum(event is None for event in self._lines())

    def _refuse_outside(self, directory: str) -> None:
        """Refuse a directory that is not within the sweep's: whoever resumes it renames it."""
        sweep = self.path.parent.resolve()
        if not (sweep / directory).resolve().is_relative_to(sweep):
            message = (
                f"{self.path} tells of {directory!r:.80}, which is not within it: not resumed."
            )
            raise UserError(message)

    def _beginning(self) -> Begun:
        for event in self._events():
            if isinstance(event, Begun):
                return event
        message = f"{self.path.parent} is not the directory of a sweep: it has no {NAME}."
        raise UserError(message)

    def _events(self) -> Iterator[Event]:
        """Yield the events that are known, in order."""
        return (event for event in self._lines() if event)

    def _lines(self) -> Iterator[Event | None]:
        """Yield the event of each line, None if it is unknown; pass over one that a crash tore."""
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
                message = f"{self.path}, line {number}, {error}."
                raise UserError(message) from error

    def _tell(self, events: Iterable[Event]) -> None:
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        told = ({"time": now, **msgspec.to_builtins(event)} for event in events)
        lines = [json.dumps(event) for event in told]
        if lines:
            with FileLock(f"{self.path}.lock"):
                append(self.path, "".join(f"{line}\n" for line in lines))


def _after(job: Job, event: Planned | Started | Finished | Failed) -> Job:
    match event:
        case Planned(overrides=overrides):
            return replace(job, overrides=overrides)
        case Started(directory=directory):
            return replace(job, directory=directory, status=None, error=None)
        case Finished(status=status):
            return replace(job, status=status)
        case Failed(error=error):
            return replace(job, status=Status.FAILED, error=error)
