"""The figures of the evidence of a run."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import false_discovery_control, sem

from aeexp.analysis.clustering.consensus import VALID
from aeexp.analysis.evidence.baselines import AUTOENCODER, Method
from aeexp.analysis.evidence.gather import Evidence
from aeexp.analysis.evidence.stability import Stability
from aeexp.analysis.factors.cards import Card, FactorAssociation
from aeexp.analysis.labels.claims import DECLARED
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
"""The metrics that are drawn for each method, by column of baselines.csv."""
MOST_ASSOCIATIONS = 2  # labels on a card


def evidence_figures(result: RunResult, evidence: Evidence) -> Iterator[tuple[str, Figure]]:
    """Yield the figures of the evidence, with their names."""
    yield "cards", cards_figure(result, evidence.cards)
    if evidence.labels:
        yield "probes", labels_figure(evidence.labels)
    yield "baselines", _baselines(result, evidence)
    yield "scree", figures.scree(evidence.scree, result.z.shape[1])
    neighbourhoods = {name: method.neighbourhoods for name, method in evidence.methods.items()}
    if len(neighbourhoods[AUTOENCODER].r_nx):
        curves = {
            name: figures.Curve(measured.neighbours, measured.r_nx, measured.numbers["r_nx_auc"])
            for name, measured in neighbourhoods.items()
        }
        yield "rnx", figures.rnx(curves)
    if evidence.stability:
        yield "reproducibility", _reproducibility(evidence.stability)
        for name, consensus in evidence.stability.clusterings.items():
            if consensus.clusters:
                figure = figures.consensus(
                    consensus.matrix,
                    result.clusters[name][evidence.rows][consensus.shown],
                    {c.code: (c.rows, c.mean) for c in consensus.clusters},
                    title=name,
                    threshold=VALID,
                )
                yield f"consensus_{name}", figure
    if evidence.tested:
        yield "null", _null(evidence)
    if evidence.power:
        yield "power", _power(evidence)


def _baselines(result: RunResult, evidence: Evidence) -> Figure:
    rows = [method_row(result, name, method) for name, method in evidence.methods.items()]
    spreads = [_standard_errors(result, method) for method in evidence.methods.values()]
    agreements = {key: f"clustering.{key}" for key in rows[0] if key.endswith(".ari")}
    drawn = {key: metrics.metric(name) for key, name in (MEASURES | agreements).items()}
    measures = {
        metric.title: figures.Measure(
            metric.better.sentence,
            np.array([row[key] for row in rows], float),
            np.array([errors.get(key, 0.0) for errors in spreads], float),
        )
        for key, metric in drawn.items()
    }
    return figures.baselines([*evidence.methods], measures, against_pca(evidence).sentence)


def _standard_errors(result: RunResult, method: Method) -> dict[str, float]:
    """Return standard errors over rows by column of baselines.csv; none if rows are dependent."""
    if not result.problem.data.design.is_exchangeable:
        return {}
    trustworthiness, continuity, r_nx_auc = method.neighbourhoods.of_queries
    of_rows = {
        "val_mse": method.residuals.parts["val"].rows,
        "trustworthiness": trustworthiness,
        "continuity": continuity,
        "r_nx_auc": r_nx_auc,
    }
    return {key: float(sem(values)) for key, values in of_rows.items() if len(values) > 1}


def _reproducibility(stability: Stability) -> Figure:
    factors = [f"z{k + 1}" for k in range(len(stability.reproducible))]
    correlations = stability.correlations
    groups = [
        figures.MatchScores("factors: correlation", factors, correlations, stability.thresholds)
    ]
    for name, consensus in stability.clusterings.items():
        if consensus.clusters:
            names = [f"cluster {cluster.code}" for cluster in consensus.clusters]
            similarity = np.array([cluster.jaccard for cluster in consensus.clusters])
            title = f"{name}: Jaccard index"
            valid = np.full(len(names), VALID)
            groups.append(figures.MatchScores(title, names, similarity, valid))
    return figures.reproducibility(groups, len(stability.matches) + 1)


def _null(evidence: Evidence) -> Figure:
    null = {kind.value: numbers for kind, numbers in evidence.null.items()}
    return figures.null(
        [
            figures.NullComparison(
                metrics.title(test.number),
                test.control,
                test.observed,
                null[test.control][test.number],
                test.p,
                1 if metrics.better(test.number) is Better.higher else -1,
            )
            for test in evidence.tested
        ]
    )


def _power(evidence: Evidence) -> Figure:
    powers = evidence.power
    share, tables = f"{100 * powers[0].group.share:.0f} %", powers[0].tables
    return figures.power(
        np.array([power.group.size for power in powers]),
        np.array([power.detected for power in powers]),
        np.array([[power.low for power in powers], [power.high for power in powers]]),
        f"{share} of the rows differ in half of the columns; {tables} tables of each size",
    )


def labels_figure(scores: Sequence[Score]) -> Figure:
    """Draw scores of held-out rows, or of training rows if none were held out."""
    held_out = any(np.isfinite(score.held_out) for score in scores)
    drawn = []
    for (label, number), group in groupby(scores, lambda score: (score.label, score.number)):
        first, *further = group
        values = {
            score.input: (score.held_out, score.held_out_se) if held_out else (score.train, np.nan)
            for score in (first, *further)
        }
        majority, _ = values.pop(MAJORITY, (np.nan, np.nan))
        metric = number.replace("knn", "nearest rows").replace("r2", "R²")
        chance = first.permuted_mean, first.permuted_sd, first.p, first.copies
        tested = number in DECLARED
        drawn.append(figures.LabelScore(label, metric, values, majority, *chance, tested))
    return figures.probes(adjusted(drawn), "held-out rows" if held_out else "training rows")


def adjusted(scores: Sequence[figures.LabelScore]) -> list[figures.LabelScore]:
    """Return scores with p-values adjusted for all of them (Benjamini and Hochberg, 1995).

    doi:10.1111/j.2517-6161.1995.tb02031.x. Else one of 20 unrelated labels would look predicted.
    """
    p = np.array([score.p for score in scores])
    tested = np.isfinite(p)
    p[tested] = false_discovery_control(p[tested])
    return [replace(score, p=value) for score, value in zip(scores, p.tolist(), strict=True)]


def cards_figure(result: RunResult, cards: Sequence[Card]) -> Figure:
    """Draw a card for each factor."""
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
            notes=[*_notes(card)],
            doubt=card.doubt,
        )
        for card in cards
    ]
    return figures.cards(drawn, result.problem.data.features)


def _notes(card: Card) -> Iterator[str]:
    """Yield short lines with the statistics of a factor."""
    explained = card.explained
    if np.isfinite(explained.value):
        low, high = (f"{100 * share:z.0f}" for share in (explained.low, explained.high))
        trainings = f" ({low} to {high})" if explained.low <= explained.high else ""
        yield f"{100 * explained.value:z.0f} % of the variance{trainings}"
    if np.isfinite(card.reproducibility):
        yield f"reproducibility {card.reproducibility:.2f}"
    strongest = sorted(card.associations, key=lambda a: -np.nan_to_num(abs(a.value)))
    for association in strongest[:MOST_ASSOCIATIONS]:
        yield association.label
        yield f"  {_association(association)}"


def _association(association: FactorAssociation) -> str:
    if np.isnan(association.value):
        return "nothing to compare"
    symbol = "η²" if association.measure == "eta squared" else "ρ"
    adjusted = association.p_adjusted
    p = "p < 0.001" if adjusted < 0.001 else f"p = {adjusted:.2g}"
    return f"{symbol} {association.value:z.2f}, adjusted {p}".replace("-", "−")
