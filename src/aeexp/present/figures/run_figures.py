"""The figures of a run."""

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.figure import Figure

from aeexp.analysis.choice import Choice, setting
from aeexp.analysis.clustering.agreement import matching
from aeexp.analysis.evidence.baselines import AUTOENCODER
from aeexp.analysis.evidence.gather import Evidence
from aeexp.analysis.factors.differences import difference
from aeexp.analysis.result import RunResult
from aeexp.config.spec import AllFigures, FiguresSpec
from aeexp.config.verb import verb
from aeexp.data import Classes, Integers, Labels
from aeexp.present import figures
from aeexp.present.figures import Unreliable
from aeexp.present.figures.evidence_figures import evidence_figures
from aeexp.present.figures.paint import PLACE, Trajectory
from aeexp.present.tables.evidence import co_assignments
from aeexp.present.text.choice import short_choice
from aeexp.runs.artifact import Plot
from aeexp.runs.history import History

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
        yield Plot(name, figure, spec.format.value, spec.dpi)


def _figures(
    histories: Sequence[History], result: RunResult | None, evidence: Evidence | None
) -> Iterator[tuple[str, Figure]]:
    curves = histories
    if result and result.folds:  # the run's model has no validation rows
        curves = [result.judged, *(h for h in result.folds if h is not result.judged)]
    kind = "repeats" if curves is histories else "folds"
    yield "loss", figures.loss(*(history.columns() for history in curves), kind=kind)
    if not result:
        return
    if (choice := result.planned.choice) and len(choice.candidates) > 1:
        yield "candidates", figures.candidates(_tried(choice), short_choice(choice))
    stability = evidence.stability if evidence else None
    unreliable = Unreliable(
        rows=~evidence.methods[AUTOENCODER].neighbourhoods.trusted if evidence else None,
        factors=np.flatnonzero(~stability.reproducible).tolist() if stability else [],
    )
    data, rows = result.problem.data, result.problem.rows
    for number, labels in enumerate(data.labels or [None], 1):
        title = f"{data.name}: factors by {labels.name}" if labels else f"{data.name}: factors"
        figure = figures.latent(result.z, labels, title=title, unreliable=unreliable)
        yield f"latent{_suffix(number)}", figure
        if isinstance(labels, Classes) and len(np.unique(labels.codes[labels.codes >= 0])) > 1:
            yield f"by_label{_suffix(number)}", _by_label(result, labels, unreliable)
    if (design := data.design).time is not None:
        time = Trajectory(design.time_name, design.time.astype(float), design.sessions())
        title = f"{data.name}: factors through time"
        yield "latent_time", figures.latent(result.z, time, title=title, unreliable=unreliable)
    for name, codes in result.clusters.items():
        yield f"latent_{name}", _clusters(result, evidence, name, unreliable)
        for number, labels in enumerate(data.labels, 1):
            if isinstance(labels, Classes):
                figure = figures.contingency(codes, labels, f"{name} clusters and {labels.name}")
                yield f"contingency_{name}{_suffix(number)}", figure
    names = data.features, result.quantity, Unreliable(factors=unreliable.factors)
    yield "weights", figures.weight_bars(result.weights, result.moves, *names)
    yield "weights_map", figures.weight_map(result.weights, *names)
    r2 = np.array(result.by_feature[f"{result.residuals.part}_r2"])
    x, x_hat = result.problem.adjusted, result.problem.scaling.undo(result.x_hat)
    yield "reconstruction", figures.reconstruction(x, x_hat, data.features, rows.held_out, r2)
    if evidence:
        yield from evidence_figures(result, evidence)


def _by_label(result: RunResult, label: Classes, unreliable: Unreliable) -> Figure:
    labelled = label.codes >= 0
    codes, independent = label.codes[labelled], result.problem.data.design.is_exchangeable
    differences = [
        difference(factor, codes, independent=independent) for factor in result.z[labelled].T
    ]
    return figures.by_label(result.z, label, differences, unreliable)


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
        )
    grey = unreliable.clusters
    names = tuple(f"cluster {c}{'*' if c in grey else ''}" for c in range(int(codes.max()) + 1))
    colours = enumerate(cluster_colours(codes, data.label))
    return figures.latent(
        result.z,
        Classes(name, codes, names),
        title=f"{data.name}: factors by {name}",
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
