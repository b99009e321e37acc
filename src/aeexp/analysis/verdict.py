"""Did the training work?"""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from aeexp.data import Floats
from aeexp.runs.history import History

DIVERGED = 1.05  # training error over the error of predicting the mean
COLLAPSED = 1e-8  # largest variance of a factor
BARELY = 0.90  # training error over the error of predicting the mean: hardly anything was learnt
NOISY = 0.10  # standard error of the difference to PCA's error, over PCA's error
GAIN = 0.01  # projected relative fall of the loss that justifies more epochs
MORE = 0.2  # additional epochs of the projection, relative to the epochs trained
LOST = 5.0  # percent of Prechelt's generalisation loss
PROGRESS = 1.0  # per mille of Prechelt's training progress
GAP = 1.2  # validation error over training error


@dataclass(frozen=True)
class Divergence:
    """A training that stopped because its loss was not finite, or far above any use.

    epoch: in which it stopped, counted from 1. loss, val_loss: of that epoch; val_loss is NaN
    without validation rows. last_loss: of the epoch before, None if there was none.
    """

    epoch: int
    loss: float
    val_loss: float
    last_loss: float | None


class Case(Enum):
    """How a training ended. `judge` returns the first case that applies, in this order.

    diverged: the training error exceeds the error of predicting the mean, and the loss rises.
    collapsed: no factor varies between rows. barely_begun: the training error exceeds the error of
    predicting the mean, but the loss falls. unvalidated: no validation rows. uncertain: too few
    validation rows for a comparison with PCA. underfitting: no better than PCA, the optimum of a
    linear autoencoder (Baldi and Hornik, 1989). still_improving: the validation loss falls.
    overfitting: by the generalisation loss and training progress of Prechelt (1998, Neural
    Networks 11:761). good: none of these.
    """

    diverged = "diverged"
    collapsed = "collapsed"
    barely_begun = "barely begun"
    unvalidated = "unvalidated"
    uncertain = "uncertain"
    underfitting = "underfitting"
    still_improving = "still improving"
    overfitting = "overfitting"
    good = "good"

    @property
    def word(self) -> str:
        """Return the verdict's word in run.json."""
        renamed = {
            Case.barely_begun: Case.still_improving.value,
            Case.unvalidated: "withheld",
            Case.uncertain: "withheld",
        }
        return renamed.get(self, self.value)


@dataclass(frozen=True)
class TrainingResult:
    """The losses and errors by which a training is judged.

    loss, val_loss: (epochs,), as in the history. train, val: (rows,), the squared error of each
    row, averaged over features, as the saved model reconstructs it. pca: the same for `val`
    (without validation rows: for `train`) as PCA reconstructs it. mean: mean squared error of the
    training rows when every feature is predicted by its mean. latent: (factors,), variance of
    each factor over the training rows. kept: index of the epoch whose weights were saved.
    """

    loss: Floats
    val_loss: Floats
    train: Floats
    val: Floats
    pca: Floats
    mean: float
    latent: Floats
    kept: int

    @property
    def advantage(self) -> float:
        """Return the mean difference of PCA's and the autoencoder's error on validation rows."""
        return float((self.pca - self.val).mean())

    @property
    def advantage_se(self) -> float:
        """Return the standard error of `advantage`, infinite for fewer than two rows."""
        return _standard_error(self.pca - self.val)

    @property
    def is_uncertain(self) -> bool:
        """Return whether the validation rows are too few for a comparison with PCA."""
        noisy = self.advantage_se > NOISY * self.pca.mean()
        return bool(noisy and abs(self.advantage) <= 2 * self.advantage_se)

    @property
    def loss_falls(self) -> bool:
        """Return whether the training loss would fall if the number of epochs were doubled."""
        return len(self.loss) < 2 or _projected_fall(self.loss, more=1.0) > GAIN

    @property
    def projected_gain(self) -> float:
        """Return the relative fall of the validation loss expected in a fifth more epochs."""
        return _projected_fall(self.val_loss, MORE)

    @property
    def has_gap(self) -> bool:
        """Return whether the validation error exceeds the training error by 2 standard errors."""
        return bool(self.val.mean() - self.train.mean() > 2 * _standard_error(self.val))

    @property
    def generalisation_loss(self) -> float:
        """Return by how many percent the validation loss exceeds its minimum (Prechelt, 1998)."""
        return float(100 * (self.val_loss[self.kept] / self.val_loss.min() - 1))

    @property
    def overfits(self) -> bool:
        """Return whether the training loss falls while the validation loss rises."""
        strip = self.loss[max(0, self.kept - 4) : self.kept + 1]
        progress = 1000 * (strip.mean() / strip.min() - 1)
        return bool(self.generalisation_loss > LOST and progress > PROGRESS and self.has_gap)


@dataclass(frozen=True)
class Verdict:
    """How a training ended, and the numbers by which it was judged."""

    case: Case
    training: TrainingResult


def divergence(history: History) -> Divergence:
    """Return where and how a training diverged."""
    epoch = history.lost
    assert epoch is not None, "the training did not diverge"
    last = float(history.loss[epoch - 1]) if epoch else None
    return Divergence(epoch + 1, float(history.loss[epoch]), float(history.val_loss[epoch]), last)


def judge(training: TrainingResult) -> Verdict:
    """Return the first case of `Case` that applies to a training."""
    above_mean = training.train.mean() > DIVERGED * training.mean
    if above_mean and not training.loss_falls:
        case = Case.diverged
    elif training.latent.max() < COLLAPSED:
        case = Case.collapsed
    elif above_mean:
        case = Case.barely_begun
    elif not training.val.size:
        case = Case.unvalidated
    elif training.is_uncertain:
        case = Case.uncertain
    elif training.advantage <= training.advantage_se:
        case = Case.underfitting
    elif training.projected_gain > GAIN:
        case = Case.still_improving
    elif training.overfits:
        case = Case.overfitting
    else:
        case = Case.good
    return Verdict(case, training)


def _standard_error(values: Floats) -> float:
    return float(values.std(ddof=1) / np.sqrt(values.size)) if values.size > 1 else np.inf


def _projected_fall(losses: Floats, more: float) -> float:
    """Return the relative fall of a loss if it continues at its last rate. losses: (epochs,).

    The rate is the slope of a line through the logarithms of the last fifth of the epochs, ten
    at least. more: number of additional epochs, relative to the epochs trained.
    """
    epochs = len(losses)
    last = losses[-max(10, epochs // 5) :]
    if len(last) < 2 or last.min() <= 0:
        return 0.0
    slope = np.polynomial.Polynomial.fit(np.arange(len(last)), np.log(last), 1).convert().coef[1]
    return float(1 - np.exp(slope * epochs * more))
