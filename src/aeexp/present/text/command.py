"""The command that an answer proposes: the one that asked, with some of its values changed."""

import shlex
from collections.abc import Sequence
from dataclasses import replace

from aeexp.runs.artifact import Artifact, Document

AGAIN = "aeexp …"
"""Stands in a sentence for the command that asks, before the words that change it."""
ASKING = "experiment=how_many", "experiment=learning_rate"


def in_words(artifact: Artifact, words: Sequence[str]) -> Artifact:
    """Return an answer whose command can be run: it says the same table, and no question.

    words: of the command line that asked. Any other artefact is returned as it is.
    """
    if not (isinstance(artifact, Document) and artifact.name == "answer"):
        return artifact
    sentences = [
        each | {"sentence": _in_words(each["sentence"], words)}
        for each in artifact.content["sentences"]
    ]
    return replace(artifact, content={"sentences": sentences})


def _in_words(sentence: str, words: Sequence[str]) -> str:
    before, again, changes = sentence.partition(AGAIN)
    if not again:
        return sentence
    changed = {"question", *map(_key, changes.split())}
    kept = [
        word
        for word in words
        if word.lstrip("+") not in ASKING
        and not any(f"{_key(word)}.".startswith(f"{key}.") for key in changed)
    ]
    return before + shlex.join(["aeexp", *kept, *changes.split()])


def _key(word: str) -> str:
    return word.lstrip("+~").partition("=")[0]
