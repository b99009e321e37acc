"""What a run left in its directory, as its report reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from aeexp.present.html.run.importance import Importance, measured, weighed
from aeexp.runs import Run

MOST_ROWS = 100_000
"""Rows that are shown one by one; of more, a random choice."""


@dataclass(frozen=True)
class Kept(Run):
    """A run's directory. Whatever it lacks is empty here.

    final: the content of run.json, where it is not written yet.
    """

    final: Mapping[str, Any] | None = None

    @property
    def record(self) -> Mapping[str, Any]:
        return super().record if self.final is None else self.final

    @cached_property
    def latents(self) -> Mapping[str, Sequence[str]]:
        """Return the columns of the latents, of at most 100,000 rows."""
        return self.table("latents", MOST_ROWS)

    @property
    def factors(self) -> list[str]:
        """Return the names of the factors: z1, z2, …"""
        return [name for name in self.latents if name[:1] == "z" and name[1:].isdecimal()]

    @property
    def clusterings(self) -> list[str]:
        """Return the names of the clusterings that rows have a cluster of."""
        named = [key.partition(".") for key in self.record.get("specs", {})]
        return [name for group, _, name in named if group == "clustering" and name in self.latents]

    @cached_property
    def importances(self) -> Sequence[Importance]:
        """Return the importances that were measured, or else the weights of the model."""
        return [*measured(self.rows("importance"))] or [
            *weighed(self.rows("weights"), self.factors)
        ]

    @property
    def verdict(self) -> str:
        """Return what the run says of its own training."""
        return self.record.get("verdict", {}).get("sentence", "")

    @property
    def quantity(self) -> str:
        """Return what the importances are."""
        if self.table("importance"):
            return (
                "change of this model's factor, in its standard deviations, per standard deviation"
                " of the feature; whiskers: least and greatest of other trainings"
            )
        return next(iter(self.table("weights").get("quantity", ())), "")

    def rows(self, name: str) -> list[dict[str, str]]:
        """Return a table as one record a row."""
        table = self.table(name)
        return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]

    def lines(self, name: str) -> list[str]:
        """Return the lines of a text file."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        return text.expandtabs(4).splitlines()
