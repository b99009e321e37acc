"""Sentences on the evidence of a run: advantage over a baseline, power, use of labels."""

import re
from collections.abc import Iterator, Sequence
from math import floor, isfinite, log10

import numpy as np

from aeexp.analysis.clustering.agreement import NAMES
from aeexp.analysis.clustering.clusters import has_several_classes
from aeexp.analysis.evidence.advantage import Advantage
from aeexp.analysis.evidence.power import Power, smallest_detected
from aeexp.config.spec import Experiment, Partition
from aeexp.data import Dataset
from aeexp.present.text.sentence import Sentence

SMALL = 1e-4  # numbers below are written with an exponent
AGREEMENT = re.compile(rf"clustering\..+\.({'|'.join(NAMES)})(\.|$)")
"""Names of the metrics that compare clusters with labels."""


def describe_advantage(advantage: Advantage, baseline: str = "PCA") -> str:
    """Return whether the autoencoder reconstructs better than a baseline, and by how much."""
    if not isfinite(advantage.mean):
        return (
            f"Without held-out rows the autoencoder cannot be compared with {baseline}:"
            " set split.validation."
        )
    difference = f"{_with_interval(advantage)}, 95 % interval"
    match advantage.claim:
        case "yes":
            share = f"{100 * advantage.mean / advantage.error:.0f} %"
            return (
                f"The autoencoder reconstructs held-out rows better than {baseline}: its error is"
                f" {share} lower (Δ MSE {difference})."
            )
        case "no":
            if abs(advantage.mean) > advantage.half:
                verb = "nearly as well" if advantage.mean > 0 else "better"
            else:
                verb = "as well"
            return f"{baseline} reconstructs held-out rows {verb} (Δ MSE {difference}). Use it."
    return (
        f"Undecided whether the autoencoder reconstructs better than {baseline}"
        f" (Δ MSE {difference}): more rows would decide it."
    )


def _with_interval(advantage: Advantage) -> str:
    """Return the mean with as many decimals as the first digit of half the interval has.

    One more if both round to the same number, which would hide whether 0 is in the interval.
    """
    mean, half = advantage.mean, advantage.half
    if not isfinite(half):
        return f"{mean:.2g} ± unknown"
    if half < SMALL:
        return f"{mean:.2g} ± {half:.1g}"
    decimals = max(0, -floor(log10(half)))
    decimals += round(abs(mean), decimals) == round(half, decimals)
    return f"{mean:z.{decimals}f} ± {half:.{decimals}f}"


def describe_power(powers: Sequence[Power]) -> Sentence:
    """Return which planted group the analysis would have detected, and that it is no other.

    powers: by rising size, at least one.
    """
    if np.isnan(powers[-1].detected):
        text = "Unknown: p ≤ 0.05 takes at least 19 permuted tables."
        return Sentence("power", "undecided", text)
    detected = smallest_detected(powers)
    power = detected or powers[-1]
    group = (
        f"a group of {100 * power.group.share:.0f} % of the rows, shifted by {power.group.size:g}"
        " sd in half of the columns"
    )
    numbers = f"in {round(power.detected * power.tables)} of {power.tables} tables"
    if detected:
        text = (
            f"It would have detected {group} ({numbers}). Smaller or fainter groups, in fewer"
            " columns, and gradients are not ruled out."
        )
        return Sentence("power", "yes", text)
    return Sentence("power", "no", f"It would often miss even {group} (found {numbers}).")


def label_caveats(experiment: Experiment, data: Dataset) -> Iterator[str]:
    """Yield a sentence for each setting that depends on labels, which then cannot judge it."""
    label = data.label
    for name, spec in experiment.clustering.items():
        counts_classes = isinstance(spec, Partition) and spec.n_clusters is None
        if counts_classes and has_several_classes(label):
            count = min(len(label.names), len(data.x))
            yield (
                f"{name} takes its number of clusters ({count}) from the classes of {label.name}:"
                f" its agreement with {label.name} is not independent evidence."
            )
    objective = experiment.sweep.objective
    for metric in [objective] if isinstance(objective, str) else objective:
        if AGREEMENT.match(metric):
            yield (
                f"sweep.objective={metric}: a search chooses settings by their agreement with the"
                " labels, so that this agreement is not independent evidence."
            )
