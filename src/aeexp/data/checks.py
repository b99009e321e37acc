"""Warnings about settings that are allowed but probably a mistake."""

from collections.abc import Iterator

import numpy as np

from aeexp.config.spec import Activation, Autoencoder, Experiment, Loss, Partition
from aeexp.data import MOST_CLASSES, Classes, Floats, Labels
from aeexp.data.chunks import blocks
from aeexp.data.prepare import Problem
from aeexp.data.quality.near_copies import near_copies
from aeexp.data.table.covariate_checks import covariate_warnings
from aeexp.errors import key
from aeexp.text import counted, few

RANGES = {
    Activation.relu: (0.0, np.inf),
    Activation.elu: (-1.0, np.inf),
    Activation.selu: (-1.7580993, np.inf),  # -scale * alpha (Klambauer et al., 2017)
    Activation.gelu: (-0.1699712, np.inf),  # minimum of x * Phi(x)
    Activation.silu: (-0.2784645, np.inf),  # minimum of x * sigmoid(x)
    Activation.softplus: (0.0, np.inf),
    Activation.tanh: (-1.0, 1.0),
    Activation.sigmoid: (0.0, 1.0),
}


def setting_warnings(experiment: Experiment, problem: Problem) -> Iterator[str]:
    """Yield a sentence, with its numbers, for each setting that is probably a mistake."""
    trained, features = len(problem.rows.train), len(problem.data.features)
    batch_size, latent_dim = experiment.training.batch_size, experiment.model.latent_dim
    loss = experiment.training.loss
    if batch_size and batch_size > trained:
        yield (
            f"{key('training.batch_size')}={batch_size} is more than the {trained} training rows:"
            f" clipped to {trained}."
        )
    if latent_dim >= features:
        yield (
            f"{key('model.latent_dim')}={latent_dim} does not compress {features} features:"
            " the factors may merely copy them."
        )
    explained = ", or explained by covariates" if problem.data.covariates else ""
    if names := problem.constant:
        yield (
            f"Features that are constant in the training rows{explained} ({len(names)} of"
            f" {features}): {few(names)}. They are kept, but carry no information."
        )
    if copies := near_copies(problem.x, problem.part_of):
        group = problem.data.design.group_name
        other = f" instead of {group}" if group else ""
        yield (
            f"{copies:,} of {len(problem.x):,} rows have a near copy in another part of the split,"
            f" such as a second measurement of the sample: the held-out error is too low. Name"
            f" the column of the sample in dataset.group{other}, so that its rows are held out"
            " together."
        )
    yield from covariate_warnings(problem.data)
    yield from _many_classes(experiment, problem.data.label)
    if not isinstance(experiment.model, Autoencoder):
        return
    activation = experiment.model.output_activation
    if loss is Loss.binary_crossentropy and activation is not Activation.sigmoid:
        yield (
            f"{key('training.loss=binary_crossentropy')} takes the reconstruction as"
            f" probabilities: set {key('model.output_activation=sigmoid')} instead of"
            f" {activation.value}."
        )
    outside, floor = shortfall(activation, problem.x)
    if outside:
        low, high = RANGES[activation]
        yield (
            f"{key('model.output_activation')}={activation.value} stays within"
            f" ({low:.3g}, {high:.3g}), but {outside:.0%} of the scaled values are outside: no"
            f" training can reduce the mean squared error below {floor:.3g}. Set"
            f" {key('model.output_activation=linear')} or preprocessing=minmax."
        )


def _many_classes(experiment: Experiment, label: Labels | None) -> Iterator[str]:
    """Yield a warning about a label with too many classes to set the number of clusters.

    A thousand clusters would take minutes. Clusters of one row each are no groups.
    """
    if not isinstance(label, Classes) or not (label.are_names or len(label.names) > MOST_CLASSES):
        return
    unset = [
        f"clustering.{name}.n_clusters"
        for name, spec in experiment.clustering.items()
        if isinstance(spec, Partition) and spec.n_clusters is None
    ]
    classes, rows = f"{len(label.names):,} classes", int((label.codes >= 0).sum())
    reason = f"{classes}, more than the {MOST_CLASSES} up to which they set the number of clusters"
    if label.are_names:
        reason = f"{classes} for {counted(rows, 'row')}: it names rows, not groups"
    if unset:
        yield (
            f"{label.name} has {reason}. The number of clusters will be chosen by the silhouette;"
            f" to choose it yourself, set {' and '.join(unset)}."
        )


def shortfall(activation: Activation, x: Floats) -> tuple[float, float]:
    """Return the share of values outside an activation's range, and the least possible error.

    The error is the mean squared distance of all values to the range, which no weights can
    reduce. x: scaled values of any shape.
    """
    if activation not in RANGES:
        return 0.0, 0.0
    outside, squares, values = 0, 0.0, np.ravel(x)
    low, high = RANGES[activation]
    for block in blocks(values.size, 1):
        distances = values[block] - np.clip(values[block], low, high).astype(np.float64)
        outside += int(np.count_nonzero(distances))
        squares += float(np.sum(distances**2))
    return outside / values.size, squares / values.size
