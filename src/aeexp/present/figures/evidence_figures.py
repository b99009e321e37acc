"""The evidence as figures."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
from matplotlib.figure import Figure

from aeexp.analysis.clustering.consensus import VALID, Consensus
from aeexp.analysis.evidence.gather import Evidence
from aeexp.analysis.evidence.method import AUTOENCODER
from aeexp.analysis.evidence.stability import REPRODUCIBLE, Stability
from aeexp.analysis.factors.cards import Card, FactorAssociation
from aeexp.analysis.labels.scores import MAJORITY, Score
from aeexp.analysis.result import RunResult
from aeexp.config import metrics
from aeexp.config.metrics import Better
from aeexp.present import figures
from aeexp.present.tables.evidence import method_row
from aeexp.present.text.answer import against_pca

MEASURES = {
    "val_mse": "reconstruction.val.mse",
    "trustworthiness": "neighbourhoods.trustworthiness",
    "continuity": "neighbourhoods.continuity",
    "r_nx_auc": "neighbourhoods.r_nx_auc",
    "spearman": "neighbourhoods.spearman",
}
"""The metrics that are drawn of each method, by its column in baselines.csv."""
MOST_TIES = 2  # labels that a card names


def evidence_figures(result: RunResult, evidence: Evidence) -> Iterator[tuple[str, Figure]]:
    """Yield a figure, by name, for each question of the evidence."""
    yield "cards", cards_figure(result, evidence.cards)
    if evidence.labels:
        yield "probes", labels_figure(evidence.labels)
    yield "baselines", _baselines(result, evidence)
    yield "scree", figures.scree(evidence.scree, result.z.shape[1])
    if len(evidence.methods[AUTOENCODER].neighbourhoods.r_nx):
        yield "rnx", figures.rnx(_curves(evidence))
    if evidence.stability:
        yield "reproducibility", _reproducibility(evidence.stability)
        for name, each in evidence.stability.clusterings.items():
            if each.clusters:
                yield f"consensus_{name}", _consensus(result, evidence, name, each)
    if evidence.tested:
        yield "null", _null(evidence)
    if evidence.power:
        yield "power", _power(evidence)


def _baselines(result: RunResult, evidence: Evidence) -> Figure:
    rows = [method_row(result, name, each) for name, each in evidence.methods.items()]
    agreements = {key: f"clustering.{key}" for key in rows[0] if key.endswith(".ari")}
    drawn = {key: metrics.metric(name) for key, name in (MEASURES | agreements).items()}
    measures = {
        metric.title: figures.Measure(
            metric.better.sentence,
            np.array([row[key] for row in rows], float),
            np.array([row.get(f"{key}.se", 0.0) for row in rows], float),
        )
        for key, metric in drawn.items()
    }
    return figures.baselines([*evidence.methods], measures, against_pca(evidence).sentence)


def _curves(evidence: Evidence) -> dict[str, figures.Curve]:
    kept = {name: each.neighbourhoods for name, each in evidence.methods.items()}
    return {
        name: figures.Curve(each.neighbours, each.r_nx, each.numbers["r_nx_auc"])
        for name, each in kept.items()
    }


def _reproducibility(known: Stability) -> Figure:
    factors = [f"z{k + 1}" for k in range(len(known.reproducible))]
    of_factors = figures.MatchScores(
        "factors: correlation", factors, known.correlations, REPRODUCIBLE
    )
    groups = [of_factors]
    for name, each in known.clusterings.items():
        if each.clusters:
            names = [f"cluster {cluster.code}" for cluster in each.clusters]
            likeness = np.array([cluster.jaccard for cluster in each.clusters])
            groups.append(figures.MatchScores(f"{name}: Jaccard index", names, likeness, VALID))
    return figures.reproducibility(groups, len(known.matches) + 1)


def _consensus(result: RunResult, evidence: Evidence, name: str, each: Consensus) -> Figure:
    codes = result.clusters[name][evidence.rows][each.shown]
    clusters = {cluster.code: (cluster.rows, cluster.mean) for cluster in each.clusters}
    title = f"{name}: rows that come together"
    return figures.consensus(each.matrix, codes, clusters, title=title, enough=VALID)


def _null(evidence: Evidence) -> Figure:
    null = {kind.value: numbers for kind, numbers in evidence.null.items()}
    return figures.null(
        [
            figures.NullComparison(
                metrics.title(each.number),
                each.control,
                each.observed,
                null[each.control][each.number],
                each.p,
                1 if metrics.better(each.number) is Better.higher else -1,
            )
            for each in evidence.tested
        ]
    )


def _power(evidence: Evidence) -> Figure:
    powers = evidence.power
    share = f"{100 * powers[0].group.share:.0f} % of the rows"
    note = f"in half of the columns of {share}, {powers[0].tables} tables of each size"
    return figures.power(
        np.array([each.group.size for each in powers]),
        np.array([each.detected for each in powers]),
        np.array([[each.low for each in powers], [each.high for each in powers]]),
        note,
    )


def labels_figure(scores: Sequence[Score]) -> Figure:
    """Draw scores of rows held out, or of training rows where none are."""
    held_out = any(np.isfinite(each.held_out) for each in scores)
    groups = groupby(scores, lambda each: (each.label, each.number))
    told = [_told(label, number, [*group], held_out) for (label, number), group in groups]
    return figures.probes(told, "rows held out" if held_out else "training rows")


def _told(label: str, number: str, group: Sequence[Score], held_out: bool) -> figures.LabelScore:
    values = {
        each.input: (each.held_out, each.held_out_se) if held_out else (each.train, np.nan)
        for each in group
    }
    majority, _ = values.pop(MAJORITY, (np.nan, np.nan))
    first, said = group[0], number.replace("knn", "nearest rows").replace("r2", "R²")
    return figures.LabelScore(
        label, said, values, majority, first.permuted_mean, first.permuted_sd, first.p
    )


def cards_figure(result: RunResult, of: Sequence[Card]) -> Figure:
    """Draw the cards."""
    scaling = result.problem.scaling
    drawn = [
        figures.Factor(
            name=card.name,
            explained=float(card.explained.value),
            slopes=np.array([card.jacobian.value, card.jacobian.low, card.jacobian.high]),
            strongest=card.strongest,
            z=card.z,
            traversal=card.traversal,
            ends=scaling.undo(card.traversal[[0, -1]]),
            said=[*_said(card)],
            doubt=card.doubt,
        )
        for card in of
    ]
    return figures.cards(drawn, result.problem.data.features)


def _said(card: Card) -> Iterator[str]:
    """Yield short lines on a factor."""
    explained = card.explained
    if np.isfinite(explained.value):
        low, high = (f"{100 * share:z.0f}" for share in (explained.low, explained.high))
        over = f" ({low} to {high})" if explained.low <= explained.high else ""
        yield f"{100 * explained.value:z.0f} % of the variance{over}"
    if np.isfinite(card.reproducibility):
        yield f"reproducibility {card.reproducibility:.2f}"
    for tie in sorted(card.associations, key=lambda tie: -np.nan_to_num(abs(tie.value)))[
        :MOST_TIES
    ]:
        yield tie.label
        yield f"  {_tied(tie)}"


def _tied(tie: FactorAssociation) -> str:
    if np.isnan(tie.value):
        return "nothing to compare"
    sign = "η²" if tie.measure == "eta squared" else "ρ"
    p = "p < 0.001" if tie.p_adjusted < 0.001 else f"p = {tie.p_adjusted:.2g}"
    return f"{sign} {tie.value:z.2f}, adjusted {p}".replace("-", "−")
