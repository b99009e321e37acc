"""What the numbers say about how many there are, in sentences."""

from collections.abc import Iterator, Mapping

import numpy as np

from aeexp.analysis.clustering.gap import STABLE, Gap
from aeexp.analysis.evidence.advantage import Advantage, sentence
from aeexp.analysis.latent.dimensions import Dimensions, Finding
from aeexp.analysis.latent.intrinsic import Estimate
from aeexp.data import Floats
from aeexp.present.text.answer import Sentence
from aeexp.present.text.command import AGAIN
from aeexp.text import counted

HINTS = {"two_nn": "TwoNN", "levina_bickel": "Levina and Bickel"}

LOST = Sentence(
    "dimensions",
    "undecided",
    "Dimensions: undecided. Every training diverged: lower optimizer.lr.",
)


def recommend(
    found: Dimensions,
    stability: Floats,
    ahead: Advantage,
    hints: Mapping[str, Estimate],
    groups: Gap,
) -> Iterator[Sentence]:
    """Yield what is recommended, what speaks for it, and the command to go on with.

    stability: (tried,), as in how_many.csv. ahead: of the best dimension, over PCA.
    """
    claim, said = _of_dimensions(found, stability)
    clusters = _clusters(groups)
    yield Sentence("dimensions", claim, said)
    yield _hint(found, hints, decided=claim == "yes")
    yield clusters
    if found.finding in {Finding.found, Finding.rising}:
        with_best = f"With {counted(found.best, 'dimension')}: {sentence(ahead)}"
        yield Sentence("pca", ahead.claim, with_best)
    yield _next(found, groups, clusters.claim) if claim == "yes" else _not_yet(found)


def _of_dimensions(found: Dimensions, stability: Floats) -> tuple[str, str]:
    """Return the claim, and what is said of each finding, of which one is true."""
    tried, best = len(found.r2) - 1, found.best
    beyond = f"{100 * found.beyond[best]:.0f} ± {100 * found.beyond_se[best]:.0f} points"
    fewer = f", and with {found.fewest} no clearly less" if found.fewest < best else ""
    at_most = f": at most {beyond} more (± a standard error), as happens by chance" if best else ""
    said = {
        Finding.found: f"{_range(found.fewest, found.most)}. With {best} the autoencoder explains"
        f" {_percent(found.r2[best])} of the variance of rows held out, {beyond} more than of"
        f" permuted tables (± a standard error){fewer}; the spaces that seeds find with"
        f" {found.fewest} agree by {stability[found.fewest - 1]:.2f} (CKA, at most 1).",
        Finding.none: f"none. No number up to {tried} explains clearly more of the variance of"
        f" rows held out than of permuted tables{at_most}.",
        Finding.unclear: f"undecided. With {best}, {beyond} more of the variance of rows held out"
        " is explained than of permuted tables (± a standard error), which is more than nothing,"
        " but by less than three standard errors.",
        Finding.rising: f"undecided, at least {found.fewest}. What is explained beyond permuted"
        f" tables still rises at the last dimension tried, {tried}.",
        Finding.diverged: "undecided. Too few trainings came to a result, or too few rows are held"
        " out.",
        Finding.unlearnt: "undecided. PCA finds structure of which the autoencoder has learnt less"
        " than half.",
        Finding.unseen: "undecided. Without rows held out, nothing tells learning from learning by"
        " heart.",
    }
    claim = {Finding.found: "yes", Finding.none: "no"}.get(found.finding, "undecided")
    return claim, f"Dimensions: {said[found.finding]}"


def _range(fewest: int, most: int) -> str:
    return f"{fewest}" if fewest == most else f"{fewest} to {most}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


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
    within = decided and bool(inside.all())
    how = "not both" if inside.any() else "neither"
    beware = f": {how} within that range, as noise raises them and few rows lower them"
    compared = ": within that range" if within else beware if decided else ""
    where = " and ".join(told)
    sentence = f"Hint: the dimensions in which rows vary locally are {where}{compared}."
    return Sentence("hint", "yes" if within else "undecided", sentence)


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
    gap = (
        f"gap statistic {groups.gap[count - 1]:.2f} ± {groups.error[count - 1]:.2f}, a standard"
        " error"
    )
    if groups.decided is None:
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
    words = [AGAIN, f"model.latent_dim={found.fewest}"]
    if claim == "yes":
        words += ["clustering=kmeans", f"clustering.kmeans.n_clusters={groups.count}"]
    return Sentence("next", "yes", f"Use it: {' '.join(words)}")


def _not_yet(found: Dimensions) -> Sentence:
    more = 2 * (len(found.r2) - 1)
    ways = {
        Finding.none: "look at the columns: a model would learn each of them by itself.",
        Finding.unclear: "ask again with more rows.",
        Finding.rising: f"try more of them: question.dimensions={more}.",
        Finding.diverged: "lower optimizer.lr, or hold out more rows with split.validation.",
        Finding.unlearnt: "raise training.epochs, or ask for a rate: experiment=learning_rate.",
        Finding.unseen: "set split.validation.",
    }
    return Sentence("next", "undecided", f"Next: {ways[found.finding]}")
