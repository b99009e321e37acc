"""run.json: what a run is, how it went, and all that is needed to say so later."""

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
from aeexp.config.options import class_name
from aeexp.config.spec import Experiment, Spec
from aeexp.runs.manifest import SCHEMA
from aeexp.runs.schemas import Status
from aeexp.runs.write import as_json, write_json

PACKAGES = ("aeexp", "keras", "numpy", "scikit-learn", "matplotlib", "hydra-core")


class Record:
    """The run.json of one run: written when it begins, replaced when it ends."""

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
            "specs": _specs(experiment),
            "cwd": str(Path.cwd()),
            "config_hash": hashlib.sha256(repr(experiment).encode()).hexdigest(),
            "threads": cores(),
            "host": gethostname(),
            "pid": os.getpid(),
        }

    def begin(self) -> None:
        """Write that the run is under way.

        Raises:
            OSError: It cannot be written; see `write_bytes`.
        """
        write_json(self.path, self.content)

    def note(self, **facts: Any) -> None:
        """Keep facts for the end of the run."""
        self.content |= facts

    @property
    def status(self) -> Status:
        """Return how the run ended."""
        return Status(self.content["status"])

    def ended(self, status: Status, seconds: Mapping[str, float]) -> None:
        """Note how a run ended now; its content is what would be read back from its file."""
        self.note(status=status, ended=_now(), seconds=dict(seconds))
        self.content = json.loads(as_json(self.content))

    def end(self) -> None:
        """Write how the run ended, as its last file, or else that it failed.

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


def _specs(experiment: Experiment) -> dict[str, str]:
    """Return which spec each part of an experiment is, by the key that sets it."""
    specs: dict[str, str] = {}
    for f in fields(experiment):
        match getattr(experiment, f.name):
            case Spec() as part:
                specs[f.name] = class_name(type(part))
            case dict() as several:
                specs |= {f"{f.name}.{n}": class_name(type(part)) for n, part in several.items()}
    return specs


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
    """Return the commit of the checkout that aeexp runs from, marked when it has changes."""
    checkout = Path(__file__).parents[3]
    if not (checkout / ".git").exists():
        return None
    command = [
        "git",
        "-C",
        str(checkout),
        "describe",
        "--always",
        "--dirty",
        "--abbrev=40",
        "--exclude=*",
    ]
    with suppress(OSError):
        done = subprocess.run(  # noqa: S603  (no word of it is the user's)
            command, capture_output=True, text=True, check=False
        )
        return done.stdout.strip() or None
    return None
