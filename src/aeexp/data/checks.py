"""What an experiment may do but is seldom meant to."""

from collections.abc import Iterator

import numpy as np

from aeexp.config.spec import Activation, Autoencoder, Experiment, Loss, Partition
from aeexp.data import MOST_CLASSES, Classes, Floats, Labels
from aeexp.data.chunks import blocks
from aeexp.data.prepare import Problem, constant
from aeexp.errors import key
from aeexp.text import few

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


def concerns(experiment: Experiment, problem: Problem) -> Iterator[str]:
    """Yield a sentence for each concern, with its numbers."""
    trained, features = len(problem.rows.train), len(problem.data.features)
    batch_size, latent_dim = experiment.training.batch_size, experiment.model.latent_dim
    if batch_size > trained:
        yield (
            f"{key('training.batch_size')}={batch_size} is more than the {trained} training rows:"
            f" clipped to {trained}."
        )
    if latent_dim >= features:
        yield (
            f"{key('model.latent_dim')}={latent_dim} does not compress {features} features:"
            " the factors may merely copy them."
        )
    yield from _constant(problem)
    yield from _many_classes(experiment, problem.data.label)
    if isinstance(experiment.model, Autoencoder):
        yield from _no_probability(experiment.training.loss, experiment.model.output_activation)
        yield from _out_of_reach(experiment.model.output_activation, problem.x)


def _many_classes(experiment: Experiment, label: Labels | None) -> Iterator[str]:
    """Tell of a label that does not say how many clusters to seek; a thousand take minutes."""
    if not isinstance(label, Classes) or len(label.names) <= MOST_CLASSES:
        return
    open_ = [
        f"clustering.{name}.n_clusters"
        for name, spec in experiment.clustering.items()
        if isinstance(spec, Partition) and spec.n_clusters is None
    ]
    if open_:
        yield (
            f"{label.name} has {len(label.names):,} classes, more than the {MOST_CLASSES} that say"
            " how many clusters to seek: the best silhouette says it. Or set"
            f" {' and '.join(open_)}."
        )


def _constant(problem: Problem) -> Iterator[str]:
    if named := constant(problem.data, problem.rows):
        yield (
            f"{len(named)} of {len(problem.data.features)} features are constant in the training"
            f" rows: {few(named)}. They are kept, and say nothing."
        )


def _no_probability(loss: Loss, activation: Activation) -> Iterator[str]:
    if loss is Loss.binary_crossentropy and activation is not Activation.sigmoid:
        yield (
            f"{key('training.loss=binary_crossentropy')} reads the reconstruction as"
            f" probabilities: choose {key('model.output_activation=sigmoid')} instead of"
            f" {activation.value}."
        )


def _out_of_reach(activation: Activation, x: Floats) -> Iterator[str]:
    outside, floor = shortfall(activation, x)
    if outside:
        low, high = RANGES[activation]
        yield (
            f"{key('model.output_activation')}={activation.value} stays within"
            f" ({low:.3g}, {high:.3g}), but {outside:.0%} of the scaled values are outside: no"
            f" training can bring the mean squared error below {floor:.3g}. Choose"
            f" {key('model.output_activation=linear')} or preprocessing=minmax."
        )


def shortfall(activation: Activation, x: Floats) -> tuple[float, float]:
    """Return the share of values an activation cannot reach, and the error that leaves.

    The error is the mean squared distance of all values to the activation's range, which no
    weights can remove. x: scaled values of any shape.
    """
    outside, squares, values = 0, 0.0, np.ravel(x)
    if activation not in RANGES:
        return 0.0, 0.0
    low, high = RANGES[activation]
    for block in blocks(values.size, 1):
        beyond = values[block] - np.clip(values[block], low, high).astype(np.float64)
        outside += int(np.count_nonzero(beyond))
        squares += float(np.sum(beyond**2))
    return outside / values.size, squares / values.size
