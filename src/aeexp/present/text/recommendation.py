"""The answer of experiment=how_many: how many dimensions and clusters to use."""

from collections.abc import Iterator, Mapping

import numpy as np

from aeexp.analysis.clustering.gap import STABLE, Gap
from aeexp.analysis.evidence.advantage import Advantage
from aeexp.analysis.evidence.claims import SAME
from aeexp.analysis.latent.dimensions import Dimensions, Finding
from aeexp.analysis.latent.intrinsic import Estimate
from aeexp.data import Floats
from aeexp.present.text.evidence import describe_advantage
from aeexp.present.text.sentence import NOTHING_MORE, Sentence, next_command
from aeexp.text import counted, with_error

HINTS = {"two_nn": "TwoNN", "levina_bickel": "Levina and Bickel"}

ALL_DIVERGED = Sentence(
    "dimensions",
    "undecided",
    "Dimensions: undecided. Every training diverged: lower optimizer.lr.",
)


def recommend(
    dimensions: Dimensions,
    stability: Floats,
    advantage: Advantage,
    hints: Mapping[str, Estimate],
    groups: Gap,
) -> Iterator[Sentence]:
    """Yield the recommendation, its reasons, and the next command.

    stability: (tried,), as in how_many.csv. advantage: of the best dimension over PCA.
    """
    finding = dimensions.finding
    claim = {Finding.decided: "yes", Finding.none: "no"}.get(finding, "undecided")
    clusters = _clusters(groups)
    yield Sentence("dimensions", claim, f"Dimensions: {_dimensions(dimensions, stability)}")
    yield _hint(dimensions, hints, decided=claim == "yes")
    yield clusters
    if finding in {Finding.decided, Finding.rising}:
        best = counted(dimensions.best, "dimension")
        text = f"With {best}: {describe_advantage(advantage)}"
        yield Sentence("pca", advantage.claim, text)
    if claim == "yes":
        overrides = [f"model.latent_dim={dimensions.fewest}"]
        if clusters.claim == "yes":
            overrides += ["clustering=kmeans", f"clustering.kmeans.n_clusters={groups.count}"]
        yield next_command("yes", "Use it", " ".join(overrides))
    else:
        yield _remedy(dimensions)


def _dimensions(dimensions: Dimensions, stability: Floats) -> str:
    tried, best, fewest = len(dimensions.r2) - 1, dimensions.best, dimensions.fewest
    beyond, error = (100 * of[best] for of in (dimensions.beyond, dimensions.beyond_se))
    excess = f"{with_error(beyond, error)} points"
    match dimensions.finding:
        case Finding.decided:
            several = f"{fewest}" + (f" to {dimensions.most}" if dimensions.most > fewest else "")
            fewer = f" {fewest} explain hardly less." if fewest < best else ""
            agree = "agree" if stability[fewest - 1] >= SAME else "differ"
            text = (
                f"{several}. With {best}, the autoencoder explains {100 * dimensions.r2[best]:.0f}"
                f" % of the held-out variance ({excess} more than in permuted tables, ± standard"
                f" error).{fewer} Reconstructions of different seeds {agree} (linear"
                f" CKA {stability[fewest - 1]:.2f} with {fewest})."
            )
        case Finding.none:
            most = f" (best: {excess} more, ± standard error)" if best else ""
            text = (
                f"none. No number up to {tried} explains more held-out variance than in permuted"
                f" tables{most}."
            )
        case Finding.unclear:
            text = (
                f"undecided. With {best}, the autoencoder explains {excess} more held-out variance"
                " than in permuted tables: less than three standard errors (±)."
            )
        case Finding.rising:
            text = (
                f"undecided, at least {fewest}. The excess over permuted tables still rises at the"
                f" largest number tried ({tried})."
            )
        case Finding.diverged:
            text = "undecided. Too many trainings diverged, or too few rows are held out."
        case Finding.unlearnt:
            text = "undecided. PCA finds structure, but the autoencoders learnt less than half."
        case Finding.unseen:
            text = "undecided. Without held-out rows, overfitting goes unnoticed."
        case Finding.dependent:
            text = "undecided. Rows depend on one another, as stated above."
    return text


def _hint(dimensions: Dimensions, hints: Mapping[str, Estimate], *, decided: bool) -> Sentence:
    values = np.array([estimate.dimension for estimate in hints.values()])
    if np.isnan(values).any():
        text = "Hint: too few distinct rows to estimate the intrinsic dimension."
        return Sentence("hint", "undecided", text)
    inside = (dimensions.fewest - 0.5 <= values) & (values <= dimensions.most + 0.5)
    within = decided and bool(inside.all())
    estimates = " and ".join(
        f"{estimate.dimension:.1f} ({estimate.low:.1f} to {estimate.high:.1f}) by {HINTS[name]}"
        for name, estimate in hints.items()
    )
    text = f"Hint: the estimated intrinsic dimension is {estimates}"
    if within:
        text += ", within that range"
    elif decided:
        which = "not both are" if inside.any() else "neither is"
        text += f"; {which} within that range. Noise raises such estimates, few rows lower them"
    return Sentence("hint", "yes" if within else "undecided", f"{text}.")


def _clusters(groups: Gap) -> Sentence:
    count, tried = groups.count, len(groups.gap)
    if count is None:
        claim = "undecided"
        text = f"undecided. The gap statistic still rises at the largest number tried ({tried})."
    elif count == 1:
        claim, text = "no", "none. Rows are no closer in groups than in data without groups."
    else:
        claim = "undecided" if groups.decided is None else "yes"
        gap = f"gap statistic {with_error(groups.gap[count - 1], groups.error[count - 1])}"
        rand = f"adjusted Rand index {groups.stability[count - 1]:z.2f}"
        if claim == "yes":
            text = f"{count} ({gap}, ± standard error). Seeds agree on them ({rand})."
        else:
            text = (
                f"undecided. {count} are best ({gap}, ± standard error), but seeds disagree on"
                f" them ({rand} < {STABLE})."
            )
    return Sentence("clusters", claim, f"Clusters: {text}")


def _remedy(dimensions: Dimensions) -> Sentence:
    """Return the next step if no number is recommended."""
    tried = len(dimensions.r2) - 1
    steps = {
        Finding.rising: (
            "Try larger numbers",
            f"experiment=how_many question.dimensions={2 * tried}",
        ),
        Finding.diverged: ("Find a learning rate", "experiment=learning_rate"),
        Finding.unlearnt: ("Find a learning rate", "experiment=learning_rate"),
        Finding.unseen: ("Hold out rows", "experiment=how_many split.validation=0.2"),
    }
    if dimensions.finding in steps:
        return next_command("undecided", *steps[dimensions.finding])
    text = {
        Finding.none: "Check the columns: nothing connects them.",
        Finding.unclear: "Only more rows can decide it.",
        Finding.dependent: "State what the order of the rows means, or record longer.",
    }[dimensions.finding]
    start = "" if dimensions.finding is Finding.dependent else f"{NOTHING_MORE} "
    return Sentence("next", "undecided", f"{start}{text}")
