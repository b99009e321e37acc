"""Did the training work? The verdict follows from the curve of the losses and from PCA."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import numpy as np

from aeexp.analysis.curve import Curve
from aeexp.analysis.evidence.advantage import MATTERS, Advantage, advantage
from aeexp.data import Floats, Integers

DIVERGED = 1.05  # training error over the error of predicting the mean
COLLAPSED = 1e-8  # largest variance of a factor
EXACT = 1e-8  # error of PCA over the error of predicting the mean: PCA loses nothing
EQUAL = 0.02  # difference of two errors that counts as none, in units (RowErrors.unit)
NEAR = 0.10  # training error above PCA's of a model that may be as good on judging rows, in units
FAINT = 0.15  # share of the variance that counts as nothing if it may be noise
GAIN = 0.01  # projected fall of the error that justifies more epochs, in units
MORE = 0.2  # additional epochs of the projection, relative to the epochs trained
FAR = 1000  # epochs to PCA's error, at the last rate, from which a training is too slow
TIMES = 4  # the same, relative to the epochs trained
LOST = 0.05  # rise of the validation loss above its minimum, relative and in units: overfitting
TRIFLE = 0.003  # change of the error that never matters, in units
JUMP = 0.1  # rise of the training loss above its least value, in units: unstable at a level
LEAP = 0.25  # the same: unstable in any case
STILL = 0.001  # relative range of the training loss that is no change
DECAYED = 0.1  # last learning rate over the largest
GAP = 1.2  # error of judging rows over training error


class Case(Enum):
    """The state of a training. `judge` returns the first case that applies, in this order.

    diverged: the training error exceeds the error of predicting the mean, and the loss does not
    fall steadily. collapsed: no factor varies between rows. not_compressed: PCA with as many
    factors loses nothing, so that there is nothing to compare. nothing_to_learn: neither the model
    nor PCA reconstructs judging rows better than is expected of independent features; or a test
    against permuted tables found no structure. unstable: worse than
    PCA on training rows, and the training loss jumps. overfitting: the validation loss rose while
    the training loss fell, or the model is as good as PCA on training rows and worse on judging
    rows. too_slow, still_improving: the loss falls; too slow if PCA's error is far away at the
    last rate. good: clearly better than PCA, the optimum of linear autoencoders (Baldi and Hornik,
    1989, doi:10.1016/0893-6080(89)90014-2), on judging rows. linear_limit: as good as PCA.
    underfitting: worse than PCA on training rows, and the loss no longer falls. unvalidated: no
    judging rows. uncertain: too few judging rows for a comparison with PCA.
    """

    diverged = "diverged"
    collapsed = "collapsed"
    not_compressed = "not compressed"
    nothing_to_learn = "nothing to learn"
    unstable = "unstable"
    overfitting = "overfitting"
    too_slow = "too slow"
    still_improving = "still improving"
    good = "good"
    linear_limit = "linear limit"
    underfitting = "underfitting"
    unvalidated = "unvalidated"
    uncertain = "uncertain"

    @property
    def word(self) -> str:
        """Return the verdict's word in run.json."""
        return "withheld" if self in {Case.unvalidated, Case.uncertain} else self.value

    @property
    def is_about_training(self) -> bool:
        """Return whether other settings of the training come before any interpretation."""
        return self in {
            *(Case.diverged, Case.collapsed, Case.unstable, Case.overfitting),
            *(Case.too_slow, Case.still_improving, Case.underfitting),
        }


@dataclass(frozen=True)
class RowErrors:
    """Squared error of each row, averaged over features, for three reconstructions: (rows,).

    model: the autoencoder. pca: PCA with as many factors. mean: every feature is predicted by its
    mean over the training rows.
    """

    model: Floats
    pca: Floats
    mean: Floats

    @property
    def unit(self) -> float:
        """Return the error that counts as 1: PCA's, or the part that PCA explains if it is less.

        If PCA explains 5 % of the variance, an error that is 2 % above PCA's is a large one.
        """
        return float(max(0.0, min(self.pca.mean(), (self.mean - self.pca).mean())))

    @property
    def excess(self) -> float:
        """Return the model's mean error minus PCA's, in units."""
        return _ratio((self.model - self.pca).mean(), self.unit)


@dataclass(frozen=True)
class TrainingResult:
    """The losses and errors by which a training is judged.

    loss, val_loss, learning_rate: (epochs,), as in the history; `val_loss` is of the rows that
    decide on epoch and setting, NaN without them. kept: index of the epoch whose weights the model
    has. train: errors of the rows from which the model learnt. judged: errors of the rows that
    judge, each by a model that did not learn from it; empty if there are none. They may be other
    rows than those of `val_loss`. latent: (factors,), variance of each factor over the training
    rows. folds: (judging rows,), the fold of each judging row, if several models judge them.
    units: (judging rows,), the independent unit of each. features: number of features. share: of
    the features' variance over the training rows, the part of as many features as factors, those
    of the largest variance. has_affine_decoder: whether reconstructions are in an affine space of
    as many dimensions as factors, so that no training error is below PCA's. is_regularised:
    whether penalties, dropout or noise change the loss. stopped: whether the losses, and not the
    setting, decided on the number of epochs, as in early stopping. interrupted: whether the user
    ended the training. is_chosen: whether linear and nonlinear models were tried, and this one was
    chosen. floor: the least mean squared error that the range of the output activation allows.
    """

    loss: Floats
    val_loss: Floats
    learning_rate: Floats
    kept: int
    train: RowErrors
    judged: RowErrors
    latent: Floats
    features: int
    share: float
    has_affine_decoder: bool = False
    is_regularised: bool = False
    stopped: bool = False
    interrupted: bool = False
    is_chosen: bool = False
    folds: Integers | None = None
    units: Integers | None = None
    floor: float = 0.0

    @cached_property
    def training_curve(self) -> Curve:
        """Return the curve of the training loss."""
        return Curve(self.loss)

    @cached_property
    def curve(self) -> Curve:
        """Return the curve of the validation loss; of the training loss if there is none."""
        return Curve(self.val_loss) if np.isfinite(self.val_loss).all() else self.training_curve

    @property
    def is_validated(self) -> bool:
        """Return whether some rows judge."""
        return self.judged.model.size > 0

    @property
    def is_above_mean(self) -> bool:
        """Return whether the training error exceeds the error of predicting the mean."""
        return bool(self.train.model.mean() > DIVERGED * self.train.mean.mean())

    @property
    def jumps(self) -> bool:
        """Return whether the training loss jumps, by much or where it does not improve."""
        jump = self.largest_jump
        return jump > LEAP or (jump > JUMP and not self._matters(self.projected_gain, GAIN))

    @property
    def largest_jump(self) -> float:
        """Return the largest rise of the training loss above its least value, in units."""
        return self.training_curve.largest_jump * self._loss_in_units

    @property
    def has_learnt(self) -> bool:
        """Return whether the training error is at or below PCA's."""
        return self.train.excess <= EQUAL

    @property
    def is_exact(self) -> bool:
        """Return whether PCA reconstructs all rows without error."""
        parts = (self.train, self.judged) if self.is_validated else (self.train,)
        return all(part.pca.mean() <= EXACT * part.mean.mean() for part in parts)

    @cached_property
    def advantage(self) -> Advantage:
        """Return PCA's error minus the model's on the judging rows."""
        return self._advantage(self.judged.model, self.judged.pca)

    @property
    def tolerance(self) -> float:
        """Return the difference to PCA's error on judging rows that counts as none."""
        return max(self.advantage.half, EQUAL * self.judged.unit)

    @property
    def equals_pca(self) -> bool:
        """Return whether the model is as good as PCA on judging rows, and surely not much better.

        Its training error may be somewhat higher, as that of a model with a penalty.
        """
        if not self.is_validated or self.train.excess > NEAR:
            return False
        gain = self.advantage
        is_sure = gain.mean + gain.half <= MATTERS * self.judged.unit
        return bool(is_sure and gain.mean >= -self.tolerance)

    @property
    def independent(self) -> Floats:
        """Return the errors of the judging rows that are expected of independent features.

        Then no linear map explains more of their variance than the features themselves, which are
        uncorrelated: `share`.
        """
        return (1 - self.share) * self.judged.mean

    @property
    def has_nothing_to_learn(self) -> bool:
        """Return whether the model and PCA explain no more than of independent features.

        The model is taken at its best epoch. While it improves or jumps, it cannot be judged,
        unless a linear map is all that it can be.
        """
        is_trained = not self.improves and (self.has_learnt or not self.jumps)
        if not self.is_validated or not (is_trained or self.has_affine_decoder):
            return False
        smooth = self.curve.smooth
        best = min(1.0, _ratio(smooth[self.curve.lowest], smooth[self.kept]))
        gain = self._advantage(best * self.judged.model, self.independent)
        linear = self._advantage(self.judged.pca, self.independent)
        is_sure = linear.mean + linear.half <= FAINT * self.judged.mean.mean()
        return bool(gain.mean <= gain.half and linear.mean <= linear.half and is_sure)

    @property
    def overfits(self) -> bool:
        """Return whether the validation loss rose while the training loss fell."""
        if not self._has_validation_curve:
            return False
        rise, loss = self.curve.rise(self.kept), self.training_curve.smooth
        return bool(self._matters(rise, LOST) and loss[self.kept] < loss[self.curve.lowest])

    @property
    def improves(self) -> bool:
        """Return whether more epochs would lower the loss.

        They would not after the validation loss has risen.
        """
        if self.stopped or self.curve.rise(len(self.loss) - 1):
            return False
        if self._has_validation_curve and self._matters(self.projected_gain, GAIN):
            return True
        return not self.has_learnt and (len(self.loss) == 1 or self.falls)

    @property
    def projected_gain(self) -> float:
        """Return the relative fall of the validation loss expected in a fifth more epochs.

        0 if its minimum is before the epochs that give its rate.
        """
        is_lowest = self.curve.lowest >= len(self.loss) - self.curve.last
        return self.curve.fall(MORE) if is_lowest else 0.0

    @property
    def falls(self) -> bool:
        """Return whether the training loss falls and has not levelled off."""
        curve = self.training_curve
        return curve.rate > 0 and (curve.fall(1.0) > GAIN or not curve.is_level)

    @property
    def is_steady(self) -> bool:
        """Return whether the training loss falls without jumps."""
        return self.falls and not self.jumps

    @property
    def is_unmoved(self) -> bool:
        """Return whether the training loss has hardly changed since the first epoch."""
        return bool(np.ptp(self.loss) <= STILL * np.abs(self.loss).max())

    @property
    def distance(self) -> float:
        """Return the number of epochs to PCA's training error at the last rate.

        0 if it is reached; infinite if the training loss does not fall.
        """
        rate = self.training_curve.rate
        above = np.log(_ratio(self.train.model.mean(), self.train.pca.mean()))
        if above <= 0:
            return 0.0
        return float(above / rate) if rate else np.inf

    @property
    def is_slow(self) -> bool:
        """Return whether PCA's training error is out of reach at the last rate."""
        return len(self.loss) > 1 and self.distance > max(FAR, TIMES * len(self.loss))

    @property
    def is_decayed(self) -> bool:
        """Return whether the schedule had lowered the learning rate at the end."""
        return bool(self.learning_rate[-1] < DECAYED * self.learning_rate.max())

    @property
    def is_out_of_range(self) -> bool:
        """Return whether the output activation cannot reach values that PCA's error needs."""
        return bool(self.floor > self.train.pca.mean() + EQUAL * self.train.unit)

    @property
    def is_penalised(self) -> bool:
        """Return whether penalties, dropout or noise are a part of the training loss."""
        part = self.loss[self.kept] - self.train.model.mean()
        return bool(self.is_regularised and part > EQUAL * self.train.unit)

    @property
    def has_gap(self) -> bool:
        """Return whether the error of judging rows clearly exceeds the training error."""
        difference = self.judged.model.mean() - self.train.model.mean()
        clear = difference > self._advantage(self.judged.model, 0 * self.judged.model).half
        return bool(clear and self.judged.model.mean() > GAP * self.train.model.mean())

    @property
    def _has_validation_curve(self) -> bool:
        return self.curve is not self.training_curve

    def _advantage(self, errors: Floats, baseline: Floats) -> Advantage:
        return advantage(errors[None], baseline, self.folds, self.units)

    def _matters(self, change: float, least: float) -> bool:
        """Return whether a relative change of the loss is at least `least`, and no trifle.

        It counts for more if PCA explains little, and for nothing if the error is tiny.
        """
        errors = self.judged if self.is_validated else self.train
        is_trifle = change * errors.model.mean() < TRIFLE * self.train.unit
        return bool(change * self._loss_in_units > least and not is_trifle)

    @property
    def _loss_in_units(self) -> float:
        """Return PCA's training error in units: 1, or more if PCA explains less than half."""
        return _ratio(self.train.pca.mean(), self.train.unit)


@dataclass(frozen=True)
class Verdict:
    """How a training ended, and the numbers by which it was judged."""

    case: Case
    training: TrainingResult


def judge(training: TrainingResult, structure: str = "undecided") -> Verdict:
    """Return the first case of `Case` that applies to a training.

    structure: the claim of the test against permuted tables: yes, no or undecided.
    """
    case = next(case for case, applies in _cases(training, structure) if applies)
    return Verdict(case, training)


def _cases(training: TrainingResult, structure: str) -> Iterator[tuple[Case, bool]]:
    """Yield every case, and whether it applies if none of the cases before does."""
    t, has_learnt, is_validated = training, training.has_learnt, training.is_validated
    is_better = is_validated and t.advantage.mean > t.tolerance
    yield Case.diverged, t.is_above_mean and not (t.is_steady or t.is_unmoved)
    yield Case.collapsed, bool(t.latent.max() < COLLAPSED)
    yield Case.not_compressed, t.is_exact
    yield Case.nothing_to_learn, t.has_nothing_to_learn and structure != "yes"
    yield Case.linear_limit, t.jumps and not has_learnt and t.equals_pca
    yield Case.unstable, t.jumps and not has_learnt and not is_better
    yield Case.overfitting, t.overfits
    yield Case.nothing_to_learn, structure == "no" and (has_learnt or is_better)
    yield Case.linear_limit, t.has_affine_decoder and has_learnt
    yield Case.underfitting, not has_learnt and t.is_out_of_range
    yield Case.too_slow, not has_learnt and (t.improves or t.is_unmoved) and t.is_slow
    yield Case.still_improving, t.improves
    yield Case.good, is_better
    yield Case.linear_limit, t.equals_pca
    yield Case.underfitting, not has_learnt
    yield Case.unvalidated, not is_validated
    yield Case.overfitting, t.advantage.mean < -t.tolerance
    yield Case.uncertain, True


def _ratio(a: float, b: float) -> float:
    return float(a / max(b, np.finfo(float).tiny))
