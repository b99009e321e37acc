"""draw: FiguresSpec, what a run found and its evidence -> its figures, one after another."""

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from aeexp.analysis.clustering.agreement import matching
from aeexp.analysis.evidence.gather import Evidence
from aeexp.analysis.evidence.method import AUTOENCODER
from aeexp.analysis.result import RunResult
from aeexp.config.spec import AllFigures, FiguresSpec
from aeexp.config.verb import verb
from aeexp.data import Classes, Integers, Labels
from aeexp.present import figures
from aeexp.present.figures import Unreliable
from aeexp.present.figures.evidence_figures import evidence_figures
from aeexp.present.figures.unreliable import PLACE
from aeexp.present.tables.evidence import co_assignments
from aeexp.runs.artifact import Plot
from aeexp.runs.history import History

ALONE = 0.5
"""Co-assignment below which a row is more often than not without those of its cluster."""
ELSEWHERE = f"{PLACE}, or that other trainings mostly put elsewhere"


@verb
def draw(
    spec: FiguresSpec,
    histories: Sequence[History],
    result: RunResult | None = None,
    evidence: Evidence | None = None,
) -> Iterator[Plot]:
    """Yield the figures that a spec asks for, each drawn only when it is asked for.

    A run that diverged found nothing: it has its histories to show.
    """
    yield from ()


@draw.register
def _(
    spec: AllFigures,
    histories: Sequence[History],
    result: RunResult | None = None,
    evidence: Evidence | None = None,
) -> Iterator[Plot]:
    loss = figures.loss(*(history.columns() for history in histories))
    others = _Gallery(result, evidence).figures() if result else ()
    for name, figure in chain([("loss", loss)], others):
        yield Plot(name, figure, spec.format.value, spec.dpi)


class _Gallery:
    """The figures of what was found; what the evidence unreliable is grey, pale or starred."""

    def __init__(self, result: RunResult, evidence: Evidence | None) -> None:
        self.result, self.evidence, self.data = result, evidence, result.problem.data
        self.rows: NDArray[np.bool_] | None = None
        self.factors: list[int] = []
        if evidence:
            self.rows = ~evidence.methods[AUTOENCODER].neighbourhoods.trusted
        if evidence and evidence.stability:
            self.factors = np.flatnonzero(~evidence.stability.reproducible).tolist()

    def figures(self) -> Iterator[tuple[str, Figure]]:
        yield from self._latent()
        for name, codes in self.result.clusters.items():
            yield from self._clustering(name, codes)
        yield from self._weights()
        yield "reconstruction", self._reconstruction()
        if self.evidence:
            yield from evidence_figures(self.result, self.evidence)

    def _latent(self) -> Iterator[tuple[str, Figure]]:
        unreliable = Unreliable(self.rows, self.factors)
        for number, labels in enumerate(self.data.labels or [None], 1):
            by = f" by {labels.name}" if labels else ""
            title = f"{self.data.name}: factors{by}"
            figure = figures.latent(self.result.z, labels, title=title, unreliable=unreliable)
            yield f"latent{_numbered(number)}", figure

    def _weights(self) -> Iterator[tuple[str, Figure]]:
        weights, unreliable = self.result.weights, Unreliable(factors=self.factors)
        said = self.data.features, self.result.quantity, unreliable
        yield "weights", figures.weight_bars(weights, self.result.moves, *said)
        yield "weights_map", figures.weight_map(weights, *said)

    def _reconstruction(self) -> Figure:
        result, rows = self.result, self.result.problem.rows
        r2 = np.array(result.by_feature["val_r2" if rows.val.size else "train_r2"])
        x_hat = result.problem.scaling.undo(result.x_hat)
        return figures.reconstruction(self.data.x, x_hat, self.data.features, rows.held_out, r2)

    def _clustering(self, name: str, codes: Integers) -> Iterator[tuple[str, Figure]]:
        lost = self._lost(name)
        count = int(codes.max()) + 1
        names = tuple(f"cluster {c}{'*' if c in lost else ''}" for c in range(count))
        colours = cluster_colours(codes, self.data.label)
        yield (
            f"latent_{name}",
            figures.latent(
                self.result.z,
                Classes(name, codes, names),
                title=f"{self.data.name}: factors by {name}",
                colours=[None if c in lost else colours[c] for c in range(count)],
                unreliable=self._doubts(name, lost),
            ),
        )
        for number, labels in enumerate(self.data.labels, 1):
            if isinstance(labels, Classes):
                title = f"{name} clusters and {labels.name}"
                figure = figures.contingency(codes, labels, title)
                yield f"contingency_{name}{_numbered(number)}", figure

    def _lost(self, name: str) -> set[int]:
        """Return the clusters that do not come back in other trainings."""
        if not (self.evidence and self.evidence.stability):
            return set()
        clusters = self.evidence.stability.clusterings[name].clusters
        return {each.code for each in clusters if not each.reproducible}

    def _doubts(self, name: str, lost: set[int]) -> Unreliable:
        """Return what a map of clusters leaves in doubt: also rows whose company changes."""
        if self.rows is None or not (self.evidence and self.evidence.stability):
            return Unreliable(self.rows, self.factors, lost)
        together = co_assignments(self.result, self.evidence)[f"{name}.co_assignment"]
        return Unreliable(self.rows | (together < ALONE), self.factors, lost, ELSEWHERE)


def _numbered(label: int) -> str:
    """Return what tells the figures of further labels from those of the first."""
    return "" if label == 1 else f"_label{label}"


def cluster_colours(codes: Integers, label: Labels | None) -> Sequence[int]:
    """Return for each cluster the colour of the class it is matched with, or one of its own.

    codes: (rows,), -1 for noise.
    """
    clusters = range(int(codes.max(initial=-1)) + 1)
    if not isinstance(label, Classes):
        return clusters
    partner = matching(codes, label)
    spare = iter(range(len(label.names), len(label.names) + len(clusters)))
    return [partner[c] if c in partner else next(spare) for c in clusters]
