"""sweep.jsonl: what became of each job of a sweep, one line an event, never rewritten."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from aeexp.runs.files import append
from aeexp.runs.record import Status

NAME = "sweep.jsonl"


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
        where = {"cwd": str(Path.cwd()), "pid": os.getpid()}
        self._tell([{"event": "begun", "words": words, **where}])

    def planned(self, jobs: Mapping[int, list[str]]) -> None:
        """Tell the overrides of jobs by number."""
        self._tell(
            {"event": "planned", "job": number, "overrides": overrides}
            for number, overrides in jobs.items()
        )

    def started(self, folders: Mapping[int, Path]) -> None:
        """Tell in which directories, within the sweep's, jobs are begun."""
        sweep = self.path.parent.resolve()
        self._tell(
            {"event": "started", "job": number, "directory": str(folder.relative_to(sweep))}
            for number, folder in folders.items()
        )

    def finished(self, number: int, status: Status) -> None:
        """Tell how a job ended that did not fail."""
        self._tell([{"event": "finished", "job": number, "status": status.value}])

    def failed(self, number: int, error: str) -> None:
        """Tell what a job failed of, in one line."""
        self._tell([{"event": "failed", "job": number, "error": error}])

    def words(self) -> list[str]:
        """Return the words that began the sweep.

        Raises:
            ValueError: It is no sweep's directory.
        """
        return self._beginning()["words"]

    def cwd(self) -> Path:
        """Return the directory in which the sweep was begun; see `words`."""
        return Path(self._beginning()["cwd"])

    def jobs(self) -> dict[int, Job]:
        """Return all jobs by number, as the events so far leave them.

        Raises:
            ValueError: One is told to be elsewhere.
        """
        jobs: dict[int, Job] = {}
        for event in self._events():
            if "job" in event:
                job = jobs.get(event["job"], Job(event["job"]))
                self._refuse_outside(event.get("directory", "."))
                jobs[job.number] = _after(job, event)
        return dict(sorted(jobs.items()))

    def _refuse_outside(self, directory: str) -> None:
        """Refuse a directory that is not within the sweep's: whoever resumes it renames it."""
        sweep = self.path.parent.resolve()
        if not (sweep / directory).resolve().is_relative_to(sweep):
            message = (
                f"{self.path} tells of {directory!r:.80}, which is not within it: not resumed."
            )
            raise ValueError(message)

    def _beginning(self) -> Mapping[str, Any]:
        for event in self._events():
            if event["event"] == "begun":
                return event
        message = f"{self.path.parent} is not the directory of a sweep: it has no {NAME}."
        raise ValueError(message)

    def _events(self) -> Iterator[Mapping[str, Any]]:
        """Yield the events in order; a line that was torn by a crash is passed over."""
        if not self.path.is_file():
            return
        for line in self.path.read_bytes().splitlines():
            with suppress(ValueError):
                yield json.loads(line)

    def _tell(self, events: Iterable[Mapping[str, Any]]) -> None:
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        lines = [json.dumps({"time": now, **event}, ensure_ascii=False) for event in events]
        if lines:
            with FileLock(f"{self.path}.lock"):
                append(self.path, "".join(f"{line}\n" for line in lines))


def _after(job: Job, event: Mapping[str, Any]) -> Job:
    match event["event"]:
        case "planned":
            return replace(job, overrides=event["overrides"])
        case "started":
            return replace(job, directory=event["directory"], status=None, error=None)
        case "finished":
            return replace(job, status=Status(event["status"]))
        case _:
            return replace(job, status=Status.FAILED, error=event["error"])
