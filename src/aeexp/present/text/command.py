"""The command that an answer recommends: the command of the run, with some overrides changed."""

import shlex
from collections.abc import Sequence
from dataclasses import replace

from aeexp.runs.artifact import Artifact, Document

COMMAND = "aeexp …"
"""Placeholder in a sentence for the command of the run; overrides to change follow it."""
TASKS = "experiment=how_many", "experiment=learning_rate"


def with_command(artifact: Artifact, overrides: Sequence[str]) -> Artifact:
    """Return answer.json with a command that can be run: same table, but no task.

    overrides: of the run's command line. Other artefacts are returned unchanged.
    """
    if not (isinstance(artifact, Document) and artifact.name == "answer"):
        return artifact
    sentences = [
        part | {"sentence": _with_command(part["sentence"], overrides)}
        for part in artifact.content["sentences"]
    ]
    return replace(artifact, content={"sentences": sentences})


def _with_command(sentence: str, overrides: Sequence[str]) -> str:
    before, placeholder, changes = sentence.partition(COMMAND)
    if not placeholder:
        return sentence
    changed = {"question", *map(_key, changes.split())}
    unchanged = [
        override
        for override in overrides
        if override.lstrip("+") not in TASKS
        and not any(f"{_key(override)}.".startswith(f"{key}.") for key in changed)
    ]
    return before + shlex.join(["aeexp", *unchanged, *changes.split()])


def _key(override: str) -> str:
    return override.lstrip("+~").partition("=")[0]
