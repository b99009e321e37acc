"""Whether the effects of covariates can be removed from a table, and labels that they explain."""

from collections.abc import Iterator, Sequence

import numpy as np

from aeexp.data.dataset import Classes, Dataset, Floats, Labels
from aeexp.data.effects import Covariates, explained_share
from aeexp.data.split import Rows
from aeexp.errors import UserError, key
from aeexp.text import counted, few, listed

MOST_UNSEEN = 0.1
"""Share of held-out rows with an unknown effect from which results would be misleading."""
CONFOUNDED = 0.25
"""Share of a label's variance from which covariates count as confounded with it."""


def unseen_categories(data: Dataset, splits: Sequence[Rows]) -> Iterator[str]:
    """Yield a warning about held-out rows with a category that no training row has.

    splits: the folds, or the single split.

    Raises:
        UserError: These are more than a tenth of the held-out rows.
    """
    if data.covariates is None:
        return
    named: dict[str, None] = {}
    unseen, judged = 0, 0
    for split in splits:
        _, rows = split.evaluated
        has_unseen = np.zeros(len(rows), bool)
        for column, category, has in data.covariates.unseen(split.train, rows):
            named[f"{column.name}={category}"] = None
            has_unseen |= has
        unseen, judged = unseen + int(has_unseen.sum()), judged + len(rows)
    if not unseen:
        return
    text = (
        f"{unseen:,} of {counted(judged, 'held-out row')} have a category that no training row of"
        f" their split has, so that its effect is not removed: {few([*named])}."
    )
    if unseen > MOST_UNSEEN * judged:
        raise UserError(
            f"{text} Merge rare categories or leave them out; if whole groups are held out, hold"
            f" out single rows with {key('split.by=rows')}."
        )
    yield text


def confounded_labels(data: Dataset) -> dict[str, float]:
    """Return the share of each label that covariates explain, if it is a quarter or more.

    The share is the adjusted R² of the indicators of the classes, or of the values, by least
    squares. For a label and a batch of two categories each, it is the square of Cramér's V.
    """
    if data.covariates is None:
        return {}
    shares = {labels.name: _share(data.covariates, labels) for labels in data.own_labels}
    return {name: share for name, share in shares.items() if share >= CONFOUNDED}


def covariate_warnings(data: Dataset) -> Iterator[str]:
    """Yield a warning if what is removed with the effects of covariates is a part of a label."""
    if data.covariates and (confounded := confounded_labels(data)):
        labels = [f"{100 * share:.0f} % of {name}" for name, share in confounded.items()]
        names = listed(data.covariates.names)
        yield (
            f"Covariates are confounded with labels: {names} explain {listed(labels)} (adjusted"
            " R²). With their effects, a part of the differences between the classes is removed."
        )


def _share(covariates: Covariates, labels: Labels) -> float:
    if isinstance(labels, Classes):
        known = labels.codes >= 0
        targets: Floats = np.eye(len(labels.names))[labels.codes[known]]
    else:
        known = np.isfinite(labels.values)
        targets = labels.values[known, None].astype(np.float64)
    return explained_share(covariates.values[known], targets) if known.any() else np.nan
