"""Schemas of aeexp's own files, against which every file is checked when it is read.

A file may come from somebody else. Keys without a field here are ignored: a newer aeexp may have
written them.
"""

from datetime import datetime
from enum import Enum
from typing import Annotated, Any, NotRequired, Required, TypedDict

from msgspec import Meta, Struct

from aeexp.config.spec import Backend, Infinite, Missing, RowScaling
from aeexp.data.features import Column
from aeexp.data.time_steps import TimeSteps


class Status(Enum):
    """Outcome of a run; INCOMPLETE if its process was killed."""

    COMPLETED = "COMPLETED"
    DIVERGED = "DIVERGED"
    FAILED = "FAILED"
    INTERRUPTED = "INTERRUPTED"
    RUNNING = "RUNNING"
    INCOMPLETE = "INCOMPLETE"


Natural = Annotated[int, Meta(ge=0, lt=2**53)]


class Verdict(TypedDict, total=False):
    """Assessment of the training."""

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
    dataset: str
    specs: dict[str, str]
    spaces: dict[str, str]
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
"""metrics.json; null: undefined."""


class Sentence(TypedDict):
    """A sentence of an answer. claim: yes, no or undecided. See `present.text.sentence`."""

    about: str
    claim: str
    sentence: str
    short: NotRequired[str]
    command: NotRequired[str]


class AnswerJson(TypedDict, total=False):
    """answer.json."""

    sentences: list[Sentence]


class RowsJson(TypedDict):
    """How rows were scaled, in model/preprocessing.json; see `RowScale`."""

    kind: RowScaling
    reference: list[float]


class PreprocessingJson(TypedDict, total=False):
    """model/preprocessing.json; keys that schema 1 lacked are optional."""

    features: list[str]
    offset: list[float]
    scale: list[float]
    id: str | None
    columns: list[Column]
    selected_from: list[Column]
    missing: Missing
    infinite: Infinite | None
    steps: TimeSteps | None
    covariates: list[Column]
    batch: str
    transpose: bool | None
    drop: list[str]
    pivot: list[str]
    rename: dict[str, str] | None
    rows: RowsJson | None
    clip: Annotated[float, Meta(gt=0)] | None
    na: list[str]


class FileJson(TypedDict):
    """A file of a model in model/manifest.json."""

    sha256: str
    bytes: Natural


class ManifestJson(TypedDict):
    """model/manifest.json; `arrays.layout` checks the entries in `arrays`."""

    schema: Annotated[int, Meta(ge=1)]
    files: dict[str, FileJson]
    arrays: dict[str, dict[str, Any]]


class TrialJson(TypedDict, total=False):
    """A trial of a search. values: one per objective, null if undefined."""

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
    """A process starts or resumes the sweep of a command line. words: its arguments."""

    words: list[str]
    cwd: str
    pid: int = 0


class Planned(Struct, tag_field="event", tag="planned"):
    """A job is planned with these overrides."""

    job: Natural
    overrides: list[str]


class Started(Struct, tag_field="event", tag="started"):
    """A job starts. directory: relative to the sweep's."""

    job: Natural
    directory: str


class Finished(Struct, tag_field="event", tag="finished"):
    """A job ended without failing."""

    job: Natural
    status: Status


class Failed(Struct, tag_field="event", tag="failed"):
    """A job failed. error: one line."""

    job: Natural
    error: str | None = None


Event = Begun | Planned | Started | Finished | Failed
"""A line of sweep.jsonl."""
EVENTS = [kind.__struct_config__.tag for kind in (Begun, Planned, Started, Finished, Failed)]
