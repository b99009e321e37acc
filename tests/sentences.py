"""Compares the sentences that users read with those in `tests/__snapshots__`.

`pytest --snapshot-update` rewrites the snapshots; read the difference before you commit it.
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
    """The texts of a test. folder: its temporary directory, which is replaced by FOLDER."""

    snapshot: SnapshotAssertion
    folder: Path

    def check(self, text: str) -> None:
        """Compare a text with its snapshot."""
        text = text.replace(str(self.folder), "FOLDER")
        assert re.sub(r"[\d.]+ [kMGTP]?B are free", "… are free", text) == self.snapshot

    @contextmanager
    def raised(self, kind: type[Exception]) -> Iterator[pytest.ExceptionInfo[Exception]]:
        """Expect an error in the context, and compare its text with the snapshot."""
        with pytest.raises(kind) as error:
            yield error
        self.check(str(error.value))
