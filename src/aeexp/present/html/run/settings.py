"""All that is needed to do the run again."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from omegaconf import OmegaConf

from aeexp.present.html.run.kept import Kept
from aeexp.text import number

RECORDED = {
    "status": "how it ended",
    "seed": "seed",
    "backend": "backend",
    "git_commit": "version of the code (git)",
    "config_hash": "hash of the settings",
    "data_hash": "hash of the table",
    "threads": "processor cores",
}


@dataclass(frozen=True)
class Settings:
    """The settings of a run.

    command: that does it again. lines: the settings in full. chosen: the option of each group.
    """

    command: str
    lines: Sequence[str]
    chosen: Mapping[str, str]
    recorded: Mapping[str, str]
    versions: Mapping[str, str]


def settings(run: Kept) -> Settings:
    """Return the settings of a run, as far as they were recorded."""
    record = run.record
    return Settings(
        command=_command(run),
        lines=run.lines(".hydra/config.yaml"),
        chosen=record.get("specs", {}),
        recorded=dict(_recorded(record)),
        versions=record.get("versions", {}),
    )


def _command(run: Kept) -> str:
    path = run.folder / ".hydra" / "overrides.yaml"
    if not path.is_file():
        return ""
    words: Any = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    return shlex.join(["aeexp", *map(str, words or ())])


def _recorded(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, title in RECORDED.items():
        if record.get(key) is not None:
            yield title, str(record[key])
    if "started" in record:
        yield "begun", f"{datetime.fromisoformat(record['started']):%Y-%m-%d %H:%M} UTC"
    if "total" in record.get("seconds", {}):
        yield "seconds it took", number(record["seconds"]["total"])
