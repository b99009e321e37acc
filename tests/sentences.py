"""Sentences that users read, as `tests/__snapshots__` holds them.

`pytest --snapshot-update` writes them anew; the difference is for a reader to judge.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion


@dataclass(frozen=True)
class Sentences:
    """What a test is told. folder: the test's own, whose name differs from time to time."""

    snapshot: SnapshotAssertion
    folder: Path

    def check(self, text: str) -> None:
        """Compare a text with the one that is held."""
        text = text.replace(str(self.folder), "FOLDER")
        assert re.sub(r"[\d.]+ [kMGTP]?B are free", "… are free", text) == self.snapshot

    @contextmanager
    def raised(self, kind: type[Exception]) -> Iterator[pytest.ExceptionInfo[Exception]]:
        """Compare the text of an error, which must be raised within."""
        with pytest.raises(kind) as error:
            yield error
        self.check(str(error.value))
