"""What the numbers say about how many there are, in sentences."""

from collections.abc import Iterator, Mapping

import numpy as np

from aeexp.analysis.dimensions import Dimensions, Finding
from aeexp.analysis.gap import Gap
from aeexp.analysis.intrinsic import Estimate
from aeexp.data import Floats
from aeexp.evidence import Sentence

STABLE = 0.75
"""Mean adjusted Rand index between seeds from which on clusters are told as found."""
HINTS = {"two_nn": "TwoNN", "levina_bickel": "Levina and Bickel"}


def recommend(
    found: Dimensions,
    stability: Floats,
    hints: Mapping[str, Estimate],
    groups: Gap,
    *,
    held_out: bool,
) -> Iterator[Sentence]:
    """Yield what is recommended, what speaks for it, and the command to go on with.

    stability: (dimensions,), of each dimension from 1 on. held_out: whether the errors are those
    of rows held out.
    """
    claim, sentence = _of_dimensions(found, stability)
    if not held_out:
        claim = "undecided"
        sentence = (
            "Dimensions: undecided, as without rows held out nothing tells learning from learning"
            " by heart: set split.validation."
        )
    yield Sentence("dimensions", claim, sentence)
    yield _hint(found, hints, decided=claim == "yes")
    clusters = _clusters(groups)
    yield clusters
    yield _next(found, groups, clusters.claim) if claim == "yes" else _not_yet(found)


def _of_dimensions(found: Dimensions, stability: Floats) -> tuple[str, str]:
    tried, best = len(found.r2) - 1, found.best
    beyond = f"{found.beyond[best]:.0%} ± {found.beyond_se[best]:.0%}"
    match found.finding:
        case Finding.found:
            fewer = f", and with {found.fewest} no clearly less" if found.fewest < best else ""
            return "yes", (
                f"Dimensions: {_range(found.fewest, found.most)}. With {best} the autoencoder"
                f" explains {beyond} more of the variance of rows held out than of permuted"
                f" tables{fewer}; with {found.fewest} seeds agree by"
                f" {stability[found.fewest - 1]:.2f} (CKA, at most 1)."
            )
        case Finding.none:
            return "no", (
                f"Dimensions: none. No number up to {tried} explains clearly more of the variance"
                " of rows held out than of permuted tables: there is no structure to squeeze."
            )
        case Finding.unclear:
            return "undecided", (
                "Dimensions: undecided. What is explained beyond permuted tables, at most"
                f" {beyond} of the variance with {best}, is less than two standard errors: more"
                " rows would tell."
            )
        case Finding.rising:
            return "undecided", (
                f"Dimensions: undecided, at least {found.fewest}. What is explained beyond"
                f" permuted tables still rises at the last dimension tried, {tried}: raise"
                " question.dimensions."
            )
        case Finding.diverged:
            return "undecided", (
                "Dimensions: undecided. Too few trainings came to a result, or too few rows are"
                " held out: lower optimizer.lr, or hold out more."
            )


def _range(fewest: int, most: int) -> str:
    return f"{fewest}" if fewest == most else f"{fewest} to {most}"


def _hint(found: Dimensions, hints: Mapping[str, Estimate], *, decided: bool) -> Sentence:
    told = [
        f"{each.dimension:.1f} ({each.low:.1f} to {each.high:.1f}) by {HINTS[name]}"
        for name, each in hints.items()
    ]
    values = np.array([each.dimension for each in hints.values()])
    if np.isnan(values).any():
        sentence = "Hint: too few rows differ to tell in how many dimensions they vary locally."
        return Sentence("hint", "undecided", sentence)
    inside = (found.fewest - 0.5 <= values) & (values <= found.most + 0.5)
    claim = ("yes" if inside.all() else "no") if decided else "undecided"
    said = {
        "yes": ": within that range",
        "no": ": not all within that range, as noise raises them and few rows lower them",
        "undecided": "",
    }
    sentence = f"Hint: rows vary locally in {' and '.join(told)} dimensions{said[claim]}."
    return Sentence("hint", claim, sentence)


def _clusters(groups: Gap) -> Sentence:
    count, tried = groups.count, len(groups.gap)
    if count is None:
        return Sentence(
            "clusters",
            "undecided",
            f"Clusters: undecided. The gap statistic still rises at {tried}, the most tried.",
        )
    if count == 1:
        return Sentence(
            "clusters",
            "no",
            "Clusters: none. More than one is no closer than rows without groups would be.",
        )
    alike = groups.stability[count - 1]
    gap = f"gap statistic {groups.gap[count - 1]:.2f} ± {groups.error[count - 1]:.2f}"
    if not alike >= STABLE:
        return Sentence(
            "clusters",
            "undecided",
            f"Clusters: undecided. {count} are the closest ({gap}), but seeds do not agree which"
            f" rows belong together (adjusted Rand index {alike:.2f}, below {STABLE}).",
        )
    return Sentence(
        "clusters",
        "yes",
        f"Clusters: {count} ({gap}); seeds agree which rows belong together (adjusted Rand index"
        f" {alike:.2f}).",
    )


def _next(found: Dimensions, groups: Gap, claim: str) -> Sentence:
    words = ["aeexp", f"model.latent_dim={found.fewest}"]
    if claim == "yes":
        words += ["clustering=kmeans", f"clustering.kmeans.n_clusters={groups.count}"]
    return Sentence("next", "yes", f"Use it: {' '.join(words)} …")


def _not_yet(found: Dimensions) -> Sentence:
    most = 2 * (len(found.r2) - 1)
    ways = {
        Finding.rising: f"Next: try more of them, question.dimensions={most}.",
        Finding.none: "Next: look at the columns; a model would learn each of them by itself.",
    }
    other = "Next: change what is said above, and ask again."
    return Sentence("next", "undecided", ways.get(found.finding, other))
