"""run.json: settings, environment and outcome of a run."""

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from socket import gethostname
from typing import Any

from aeexp.backend import cores
from aeexp.config.options import OPTIONS, class_name
from aeexp.config.spec import Experiment, Spec, Table
from aeexp.runs.manifest import SCHEMA
from aeexp.runs.schemas import Status
from aeexp.runs.write import as_json, write_json

PACKAGES = ("aeexp", "keras", "numpy", "scikit-learn", "matplotlib", "hydra-core")


class Record:
    """The run.json of one run, written at the start and replaced at the end."""

    def __init__(self, folder: Path, experiment: Experiment) -> None:
        self.folder, self.path = folder, folder / "run.json"
        self.content: dict[str, Any] = {
            "schema": SCHEMA,
            "status": Status.RUNNING,
            "started": _now(),
            "seed": experiment.seed,
            "backend": experiment.backend,
            "versions": _versions(experiment.backend.value),
            "git_commit": _git_commit(),
            "dataset": _dataset(experiment),
            "specs": _specs(experiment),
            "spaces": {name: spec.space.value for name, spec in experiment.clustering.items()},
            "cwd": str(Path.cwd()),
            "config_hash": config_hash(experiment),
            "threads": cores(),
            "host": gethostname(),
            "pid": os.getpid(),
        }

    def begin(self) -> None:
        """Write the record with the status RUNNING.

        Raises:
            OSError: It cannot be written; see `write_bytes`.
        """
        write_json(self.path, self.content)

    def note(self, **entries: Any) -> None:
        """Add entries, which are written at the end of the run."""
        self.content |= entries

    @property
    def status(self) -> Status:
        """Return how the run ended."""
        return Status(self.content["status"])

    def ended(self, status: Status, seconds: Mapping[str, float]) -> None:
        """Set the outcome; `content` is then what reading the file would return."""
        self.note(status=status, ended=_now(), seconds=dict(seconds))
        self.content = json.loads(as_json(self.content))

    def end(self) -> None:
        """Write the final record, the run's last file; if that fails, try to write that it failed.

        Raises:
            OSError: It cannot be written; see `write_bytes`.
        """
        try:
            write_json(self.path, self.content)
        except OSError as error:
            self.note(status=Status.FAILED.value, error=f"{type(error).__name__}: {error}")
            with suppress(OSError):
                write_json(self.path, self.content)
            raise


def config_hash(experiment: Experiment) -> str:
    """Return the hash of all parameters of an experiment."""
    return hashlib.sha256(repr(experiment).encode()).hexdigest()


def _specs(experiment: Experiment) -> dict[str, str]:
    """Return the class name of each spec of an experiment, by its key."""
    specs: dict[str, str] = {}
    for f in fields(experiment):
        match getattr(experiment, f.name):
            case Spec() as part:
                specs[f.name] = class_name(type(part))
            case dict() as several:
                specs |= {f"{f.name}.{n}": class_name(type(part)) for n, part in several.items()}
    return specs


def _dataset(experiment: Experiment) -> str:
    """Return the name of the dataset, or of its file."""
    dataset = experiment.dataset
    if isinstance(dataset, Table):
        return Path(dataset.path).name
    names = {kind: name for name, kind in OPTIONS["dataset"].items()}
    return names.get(type(dataset), class_name(type(dataset)))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


@cache
def _versions(backend: str) -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in (*PACKAGES, backend, f"{backend}-cpu"):
        with suppress(PackageNotFoundError):
            versions[package] = version(package)
    return versions


@cache
def _git_commit() -> str | None:
    """Return the commit of aeexp's checkout, with `-dirty` if it has changes; None without one."""
    checkout = Path(__file__).parents[3]
    if not (checkout / ".git").exists():
        return None
    arguments = ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    command = ["git", "-C", str(checkout), *arguments]
    with suppress(OSError):
        done = subprocess.run(  # noqa: S603  (no part of it is user input)
            command, capture_output=True, text=True, check=False
        )
        return done.stdout.strip() or None
    return None
