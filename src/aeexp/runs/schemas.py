"""What aeexp's own files hold. They may be a stranger's, so each is checked when it is read.

Keys that are not named here are passed over: a newer aeexp may have written them.
"""

from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Required, TypedDict

from msgspec import Meta, Struct

from aeexp.config.spec import Backend, Infinite, Missing
from aeexp.data.features import Column


class Status(Enum):
    """What became of a run; INCOMPLETE is what a process leaves that was killed."""

    COMPLETED = "COMPLETED"
    DIVERGED = "DIVERGED"
    FAILED = "FAILED"
    INTERRUPTED = "INTERRUPTED"
    RUNNING = "RUNNING"
    INCOMPLETE = "INCOMPLETE"


Natural = Annotated[int, Meta(ge=0, lt=2**53)]


class Verdict(TypedDict, total=False):
    """What a run says of its own training."""

    word: str
    sentence: str


class RunJson(TypedDict, total=False):
    """run.json."""

    schema: Annotated[int, Meta(ge=1)]
    status: Status
    started: datetime
    ended: datetime
    seed: Natural
    backend: Backend
    versions: dict[str, str]
    git_commit: str | None
    specs: dict[str, str]
    cwd: str
    config_hash: str
    data_hash: str
    threads: Natural
    host: str
    pid: Annotated[int, Meta(ge=0, lt=2**31)]
    notes: list[str]
    stamps: list[str]
    verdict: Verdict
    seconds: dict[str, float]
    error: str


MetricsJson = dict[str, float | None]
"""metrics.json; null is undefined."""


class Sentence(TypedDict):
    """A sentence of an answer: claim is yes, no or undecided."""

    about: str
    claim: str
    sentence: str


class AnswerJson(TypedDict, total=False):
    """answer.json."""

    sentences: list[Sentence]


class PreprocessingJson(TypedDict, total=False):
    """model/preprocessing.json; what schema 1 had not may be absent."""

    features: list[str]
    offset: list[float]
    scale: list[float]
    id: str | None
    columns: list[Column]
    missing: Missing
    infinite: Infinite | None


class FileJson(TypedDict):
    """A file of a model in model/manifest.json."""

    sha256: str
    bytes: Natural


class ManifestJson(TypedDict):
    """model/manifest.json; see `arrays.layout` for what it says of arrays."""

    schema: Annotated[int, Meta(ge=1)]
    files: dict[str, FileJson]
    arrays: dict[str, dict[str, Any]]


class TrialJson(TypedDict, total=False):
    """A setting that a search tried; values: of each objective, null where there is none."""

    number: Required[Natural]
    state: Required[str]
    values: list[float | None] | None
    params: dict[str, Any] | None


class StudyJson(TypedDict, total=False):
    """study.json."""

    objectives: Required[list[str]]
    trials: Required[list[TrialJson]]
    directions: list[str]
    importances: dict[str, Annotated[float, Meta(ge=0, le=1.001)]] | None


class Begun(Struct, tag_field="event", tag="begun"):
    """A process begins or resumes the sweep that the words of a command line say."""

    words: list[str]
    cwd: str
    pid: int = 0


class Planned(Struct, tag_field="event", tag="planned"):
    """A job is to be run with these overrides."""

    job: Natural
    overrides: list[str]


class Started(Struct, tag_field="event", tag="started"):
    """A job is begun in a directory, within the sweep's."""

    job: Natural
    directory: str


class Finished(Struct, tag_field="event", tag="finished"):
    """A job ended and did not fail."""

    job: Natural
    status: Status


class Failed(Struct, tag_field="event", tag="failed"):
    """A job failed of an error, in one line."""

    job: Natural
    error: str | None = None


Event = Begun | Planned | Started | Finished | Failed
"""A line of sweep.jsonl."""
EVENTS = [kind.__struct_config__.tag for kind in (Begun, Planned, Started, Finished, Failed)]
