"""The command that an answer recommends: the command of the run, with some overrides changed."""

import shlex
from collections.abc import Collection, Sequence
from dataclasses import replace

from aeexp.runs.artifact import Artifact, Document

COMMAND = "aeexp …"
"""Placeholder in a sentence for the command of the run; overrides to change follow it."""
ENCODE = "aeexp encode RUN new.csv"
"""The command that checks a result with new rows. RUN: the run's directory."""
KEPT = "model.latent_dim", "model.axes"
"""Parameters that all models have, so that another model keeps them."""
TASKS = "experiment=how_many", "experiment=learning_rate"


def with_command(artifact: Artifact, overrides: Sequence[str]) -> Artifact:
    """Return answer.json with a command that can be run: same table, but no task.

    overrides: of the run's command line. Other artefacts are returned unchanged.
    """
    if not (isinstance(artifact, Document) and artifact.name == "answer"):
        return artifact
    sentences = [
        {key: _with_command(text, overrides) for key, text in part.items()}
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
        and not ("model" in changed and override.startswith("experiment=tutorial"))
        and not _is_changed(_key(override), changed)
    ]
    return before + shlex.join(["aeexp", *unchanged, *changes.split()])


def _is_changed(key: str, changed: Collection[str]) -> bool:
    """Return whether a key, or the group that it belongs to, is changed."""
    if key in KEPT:
        return key in changed
    return any(f"{key}.".startswith(f"{other}.") for other in changed)


def _key(override: str) -> str:
    return override.lstrip("+~").partition("=")[0]
