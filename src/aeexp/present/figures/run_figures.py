"""The figures of a run."""

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.figure import Figure

from aeexp.analysis.choice import Choice, setting
from aeexp.analysis.clustering.agreement import matching
from aeexp.analysis.evidence.baselines import AUTOENCODER
from aeexp.analysis.evidence.gather import Evidence
from aeexp.analysis.factors.differences import Difference, difference
from aeexp.analysis.reconstruction import average
from aeexp.analysis.result import RunResult
from aeexp.config.spec import AllFigures, FigureSize, FiguresSpec, Loss
from aeexp.config.verb import verb
from aeexp.data import Classes, Integers, Labels
from aeexp.data.images import image_shape
from aeexp.present import figures
from aeexp.present.figures import Unreliable, style
from aeexp.present.figures.evidence_figures import evidence_figures
from aeexp.present.figures.paint import PLACE, Trajectory
from aeexp.present.figures.reconstruction import chosen_rows
from aeexp.present.tables.evidence import co_assignments
from aeexp.present.text.choice import short_choice
from aeexp.runs.artifact import Plot
from aeexp.runs.history import History
from aeexp.text import counted

AGREEMENT = 0.5
"""A row is unreliable if fewer other trainings than this agree with its cluster."""
ELSEWHERE = f"{PLACE}, or in other clusters in most other trainings"


@verb
def draw(
    spec: FiguresSpec,
    histories: Sequence[History],
    result: RunResult | None = None,
    evidence: Evidence | None = None,
) -> Iterator[Plot]:
    """Yield the figures that a spec selects; each is drawn when it is requested.

    histories: of the run and its repeats. result: None if the run diverged.
    """
    yield from ()


@draw.register
def _(
    spec: AllFigures,
    histories: Sequence[History],
    result: RunResult | None = None,
    evidence: Evidence | None = None,
) -> Iterator[Plot]:
    for name, figure in _figures(histories, result, evidence):
        if spec.size is FigureSize.slide:
            style.centre_on_slide(figure)
        yield Plot(name, figure, spec.format.value, spec.dpi)


def _figures(
    histories: Sequence[History], result: RunResult | None, evidence: Evidence | None
) -> Iterator[tuple[str, Figure]]:
    yield "loss", _loss(histories, result)
    if not result:
        return
    if (choice := result.planned.choice) and len(choice.candidates) > 1:
        yield "candidates", figures.candidates(_tried(choice), short_choice(choice))
    stability = evidence.stability if evidence else None
    unreliable = Unreliable(
        rows=~evidence.methods[AUTOENCODER].neighbourhoods.trusted if evidence else None,
        factors=np.flatnonzero(~stability.reproducible).tolist() if stability else [],
        held_out=result.problem.rows.held_out,
    )
    yield from _maps(result, evidence, unreliable)
    yield from _features(result, evidence, unreliable)
    if evidence:
        yield from evidence_figures(result, evidence)


def _loss(histories: Sequence[History], result: RunResult | None) -> Figure:
    """Draw the loss; if it is the mean squared error alone, with that of PCA."""
    curves, pca = histories, np.nan
    if result and result.folds:  # the run's model has no validation rows
        curves = [result.judged, *(h for h in result.folds if h is not result.judged)]
    if result and result.experiment.training.loss is Loss.mse:
        pca = average(result.pca.parts["val"].rows)
    kind = "repeats" if curves is histories else "folds"
    return figures.loss(*(history.columns() for history in curves), kind=kind, pca=pca)


def _maps(
    result: RunResult, evidence: Evidence | None, unreliable: Unreliable
) -> Iterator[tuple[str, Figure]]:
    """Yield the rows in latent space, by label, by time and by cluster."""
    data = result.problem.data
    for number, labels in enumerate(data.labels or [None], 1):
        suffix, differences = _suffix(number), _differences(result, labels)
        title = f"{data.name}: {_seen(result, labels, differences, unreliable)}"
        yield (
            f"latent{suffix}",
            figures.latent(result.z, labels, title=title, unreliable=unreliable),
        )
        if isinstance(labels, Classes) and differences:
            figure = figures.by_label(result.z, labels, differences, unreliable)
            yield f"by_label{suffix}", figure
    if (design := data.design).time is not None:
        time = Trajectory(design.time_name, design.time.astype(float), design.sessions())
        title = f"{data.name}: the rows in the order of {design.time_name}"
        yield "latent_time", figures.latent(result.z, time, title=title, unreliable=unreliable)
    for name, codes in result.clusters.items():
        yield f"latent_{name}", _clusters(result, evidence, name, unreliable)
        for number, labels in enumerate(data.labels, 1):
            if isinstance(labels, Classes):
                figure = figures.contingency(codes, labels, name)
                yield f"contingency_{name}{_suffix(number)}", figure


def _features(
    result: RunResult, evidence: Evidence | None, unreliable: Unreliable
) -> Iterator[tuple[str, Figure]]:
    """Yield the weights and the reconstructions of the features, as images if rows are images."""
    data, rows = result.problem.data, result.problem.rows
    named = data.features, result.quantity, Unreliable(factors=unreliable.factors)
    yield "weights", figures.weight_bars(result.weights, result.moves, *named)
    yield "weights_map", figures.weight_map(result.weights, *named)
    r2 = np.array(result.by_feature[f"{result.residuals.part}_r2"])
    x, x_hat = result.problem.adjusted, result.problem.scaling.undo(result.x_hat)
    yield "reconstruction", figures.reconstruction(x, x_hat, data.features, rows.held_out, r2)
    if size := image_shape(data.features):
        cards = evidence.cards if evidence else []
        along = np.array([result.problem.scaling.undo(card.traversal) for card in cards])
        names = [unreliable.name(k) for k in range(len(cards))]
        shown = x[chosen_rows(*x.shape)]
        yield "images", figures.images(shown, x_hat, names, along, size)


def _differences(result: RunResult, labels: Labels | None) -> list[Difference]:
    """Return how much the classes differ in each factor; empty without two classes."""
    if not isinstance(labels, Classes):
        return []
    labelled = labels.codes >= 0
    codes, independent = labels.codes[labelled], result.problem.data.design.is_exchangeable
    if len(np.unique(codes)) < 2:
        return []
    return [difference(factor, codes, independent=independent) for factor in result.z[labelled].T]


def _seen(
    result: RunResult,
    labels: Labels | None,
    differences: Sequence[Difference],
    unreliable: Unreliable,
) -> str:
    """Return what the rows in latent space show, by the label that colours them."""
    if labels and not differences:
        return f"the factors by {labels.name}"
    if not labels:
        factors = counted(len(result.factors), "factor")
        return f"{counted(len(result.z), 'row')} described by {factors}"
    sizes = np.nan_to_num([abs(one.value) for one in differences])
    best = int(sizes.argmax())
    one = differences[best]
    name = unreliable.name(best)
    return f"{name} differs most by {labels.name} ({one.measure} = {one.value:z.2f})"


def _clusters(
    result: RunResult, evidence: Evidence | None, name: str, unreliable: Unreliable
) -> Figure:
    """Draw the clusters in latent space; clusters that are not reproduced are grey."""
    codes, data = result.clusters[name], result.problem.data
    if evidence and evidence.stability:
        clusters = evidence.stability.clusterings[name].clusters
        agreement = co_assignments(result, evidence)[f"{name}.co_assignment"]
        unreliable = Unreliable(
            ~evidence.methods[AUTOENCODER].neighbourhoods.trusted | (agreement < AGREEMENT),
            unreliable.factors,
            {cluster.code for cluster in clusters if not cluster.reproducible},
            ELSEWHERE,
            unreliable.held_out,
        )
    grey = unreliable.clusters
    names = tuple(f"cluster {c}{'*' if c in grey else ''}" for c in range(int(codes.max()) + 1))
    colours = enumerate(cluster_colours(codes, data.label))
    return figures.latent(
        result.z,
        Classes(name, codes, names),
        title=f"{data.name}: {counted(len(names), 'cluster')} by {name}",
        colours=[None if c in grey else colour for c, colour in colours],
        unreliable=unreliable,
    )


def _tried(choice: Choice) -> figures.Tried:
    experiments = [candidate.experiment for candidate in choice.candidates]
    names = [
        setting(one) + (f", rate {one.optimizer.rate:g}" if one.training.max_epochs else "")
        for one in experiments
    ]
    return figures.Tried(names, choice.mse, choice.spread, choice.test_mse, choice.number)


def _suffix(label: int) -> str:
    """Return the suffix of the names of figures for the second and further labels."""
    return "" if label == 1 else f"_label{label}"


def cluster_colours(codes: Integers, label: Labels | None) -> Sequence[int]:
    """Return for each cluster the colour of its matching class, or an unused colour.

    codes: (rows,), -1 for noise.
    """
    clusters = range(int(codes.max(initial=-1)) + 1)
    if not isinstance(label, Classes):
        return clusters
    partner = matching(codes, label)
    unused = iter(range(len(label.names), len(label.names) + len(clusters)))
    return [partner[c] if c in partner else next(unused) for c in clusters]
