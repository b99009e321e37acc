"""draw: FiguresSpec, what a run found -> its figures, one after another."""

from collections.abc import Iterator, Sequence
from functools import singledispatch
from itertools import chain

import numpy as np
from matplotlib.figure import Figure

from aeexp import figures
from aeexp.analysis.agreement import matching
from aeexp.artifact import Plot
from aeexp.data import Classes, Integers, Labels
from aeexp.findings import Findings
from aeexp.history import History
from aeexp.spec import AllFigures, FiguresSpec


@singledispatch
def draw(
    spec: FiguresSpec, histories: Sequence[History], found: Findings | None
) -> Iterator[Plot]:
    """Yield the figures that a spec asks for, each drawn only when it is asked for.

    A run that diverged found nothing: it has its histories to show.
    """
    yield from ()


@draw.register
def _(spec: AllFigures, histories: Sequence[History], found: Findings | None) -> Iterator[Plot]:
    drawn = {"loss": figures.loss(*(history.columns() for history in histories))}.items()
    for name, figure in drawn if found is None else chain(drawn, _figures(found)):
        yield Plot(name, figure, spec.format.value, spec.dpi)


def _figures(found: Findings) -> Iterator[tuple[str, Figure]]:
    data = found.problem.data
    for number, labels in enumerate(data.labels or [None], 1):
        by = f" by {labels.name}" if labels else ""
        title = f"{data.name}: factors{by}"
        yield f"latent{_numbered(number)}", figures.latent(found.z, labels, title=title)
    for name, codes in found.clusters.items():
        yield from _clustering(found, name, codes)
    yield "weights", figures.weight_bars(found.weights, data.features, found.quantity)
    yield "weights_map", figures.weight_map(found.weights, data.features, found.quantity)
    yield "reconstruction", _reconstruction(found)


def _reconstruction(found: Findings) -> Figure:
    data, rows = found.problem.data, found.problem.rows
    r2 = np.array(found.by_feature["val_r2" if rows.val.size else "train_r2"])
    x_hat = found.problem.scaling.undo(found.x_hat)
    return figures.reconstruction(data.x, x_hat, data.features, rows.held_out, r2)


def _clustering(found: Findings, name: str, codes: Integers) -> Iterator[tuple[str, Figure]]:
    data = found.problem.data
    names = tuple(f"cluster {c}" for c in range(int(codes.max()) + 1))
    yield (
        f"latent_{name}",
        figures.latent(
            found.z,
            Classes(name, codes, names),
            title=f"{data.name}: factors by {name}",
            colours=_colours(codes, data.label),
        ),
    )
    for number, labels in enumerate(data.labels, 1):
        if isinstance(labels, Classes):
            title = f"{name} clusters and {labels.name}"
            figure = figures.contingency(codes, labels, title)
            yield f"contingency_{name}{_numbered(number)}", figure


def _numbered(label: int) -> str:
    """Return what tells the figures of further labels from those of the first."""
    return "" if label == 1 else f"_label{label}"


def _colours(codes: Integers, labels: Labels | None) -> Sequence[int] | None:
    """Return for each cluster the colour of the class it is matched with, or one of its own."""
    if not isinstance(labels, Classes):
        return None
    partner = matching(codes, labels)
    spare = iter(range(len(labels.names), len(labels.names) + len(codes)))
    clusters = range(int(codes.max()) + 1)
    return [partner[c] if c in partner else next(spare) for c in clusters]
