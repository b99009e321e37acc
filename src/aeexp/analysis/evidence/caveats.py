"""What was chosen by the labels that are to judge it?"""

import re
from collections.abc import Iterator

from aeexp.analysis.clustering.agreement import NAMES
from aeexp.analysis.clustering.clusters import several_classes
from aeexp.config.spec import Experiment, Partition
from aeexp.data import Dataset

BY_LABELS = re.compile(rf"clustering\..+\.({'|'.join(NAMES)})(\.|$)")
"""Metrics that ask the labels, by their names."""


def stamps(experiment: Experiment, data: Dataset) -> list[str]:
    """Return a sentence for each choice that was made by labels."""
    return [*_clusterings(experiment, data), *_objectives(experiment)]


def _clusterings(experiment: Experiment, data: Dataset) -> Iterator[str]:
    if not several_classes(label := data.label):
        return
    for name, spec in experiment.clustering.items():
        if isinstance(spec, Partition) and spec.n_clusters is None:
            count = min(len(label.names), len(data.x))
            yield (
                f"{name}: its number of clusters, {count}, is that of the classes of"
                f" {label.name}: agreement with them is not independent of them."
            )


def _objectives(experiment: Experiment) -> Iterator[str]:
    said = experiment.sweep.objective
    for name in [said] if isinstance(said, str) else said:
        if BY_LABELS.match(name):
            yield (
                f"sweep.objective={name}: in a search, the settings are chosen by their agreement"
                " with the labels, which is not independent of them."
            )
