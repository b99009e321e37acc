"""Did the training work?"""

from dataclasses import dataclass

import numpy as np

from aeexp.data import Floats
from aeexp.errors import key
from aeexp.runs.history import History

DIVERGED = 1.05  # times the error of predicting every feature's mean
COLLAPSED = 1e-8  # variance of a factor below which it says nothing
BARELY = 0.90  # times the same: nothing much was learnt
NOISY = 0.10  # standard error of the error below PCA's, as a share of PCA's
GAIN = 0.01  # projected fall of the loss that would be worth more epochs
MORE = 0.2  # of the epochs, that it is projected over
LOST = 5.0  # percent of Prechelt's generalisation loss
PROGRESS = 1.0  # per mille of Prechelt's training progress
GAP = 1.2  # validation error over training error


@dataclass(frozen=True)
class Verdict:
    """What became of the training: one word, and one sentence with its numbers."""

    word: str
    sentence: str


@dataclass(frozen=True)
class Lost(Verdict):
    """The verdict on a training whose loss was lost in an epoch, counted from 1.

    last_loss: the last before it, None in the first epoch.
    """

    epoch: int
    last_loss: float | None


@dataclass(frozen=True)
class Course:
    """What a verdict is given on.

    loss, val_loss: (epochs,), as in the history. train, val: (rows,), the squared error of each
    row, averaged over features, as the kept model reconstructs it. pca: the same for `val`
    (without validation rows: `train`) as PCA reconstructs it. mean: the training rows' mean
    squared error when every feature is predicted by its mean. latent: (factors,), the variance of
    each over the training rows. kept: index of the epoch kept.
    """

    loss: Floats
    val_loss: Floats
    train: Floats
    val: Floats
    pca: Floats
    mean: float
    latent: Floats
    kept: int


def lost(history: History) -> Lost:
    """Return the verdict on a training that diverged."""
    epoch = history.lost
    assert epoch is not None, "there is a model to judge"
    last = float(history.loss[epoch - 1]) if epoch else None
    before = "from the start" if last is None else f"after a loss of {last:.3g}"
    return Lost(
        "diverged",
        f"Diverged: {_losses(history, epoch)} in epoch {epoch + 1}, {before}: lower"
        f" {key('optimizer.lr')}.",
        epoch + 1,
        last,
    )


def _losses(history: History, epoch: int) -> str:
    loss, val_loss = history.loss[epoch], history.val_loss[epoch]
    return f"loss {loss:.3g}" + ("" if np.isnan(val_loss) else f", val_loss {val_loss:.3g}")


def judge(course: Course) -> Verdict:
    """Return the first of the verdicts that holds, with its numbers.

    Diverged; collapsed, where no factor differs between rows; still improving, where the error is
    that of a training which has barely begun; withheld, where the validation rows are too few to
    tell it from PCA; underfitting, judged by PCA, the optimum of a linear
    autoencoder (Baldi and Hornik, 1989); still improving; overfitting, by the generalisation loss
    and training progress of Prechelt (1998, Neural Networks 11:761); good.
    """
    rules = (
        *(_diverged, _collapsed, _barely_begun, _withheld, _underfitting),
        *(_still_improving, _overfitting, _good),
    )
    return next(verdict for rule in rules if (verdict := rule(course)))


def _diverged(course: Course) -> Verdict | None:
    error = course.train.mean()
    if error <= DIVERGED * course.mean or _falls(course.loss):
        return None
    return _say(
        "diverged",
        f"the training error ended at {error:.3g}, above the {course.mean:.3g} of predicting"
        " every feature's mean: lower optimizer.lr.",
    )


def _collapsed(course: Course) -> Verdict | None:
    if course.latent.max() >= COLLAPSED:
        return None
    return _say(
        "collapsed",
        f"no factor varies from row to row (largest variance {course.latent.max():.2g}), so that"
        " none can say anything: choose model.latent_activation=tanh, or lower the penalties or"
        " optimizer.lr.",
    )


def _barely_begun(course: Course) -> Verdict | None:
    """Judge a training that ends above the mean's error while its loss falls: too short a one."""
    error = course.train.mean()
    if error <= DIVERGED * course.mean:
        return None
    return _say(
        "still improving",
        f"the training error is {error:.3g} after {_epochs(course)}, and predicting every"
        f" feature's mean has {course.mean:.3g}: raise training.epochs or optimizer.lr.",
    )


def _epochs(course: Course) -> str:
    epochs = len(course.loss)
    return f"{epochs} epochs, in which the loss fell" if epochs > 1 else "one epoch"


def _withheld(course: Course) -> Verdict | None:
    if not course.val.size:
        return _say(
            "withheld",
            "without validation rows nothing tells learning from learning by heart:"
            " set split.validation.",
        )
    ahead, pca = course.pca - course.val, course.pca.mean()
    noise = _standard_error(ahead)
    if noise <= NOISY * pca or abs(ahead.mean()) > 2 * noise:
        return None
    return _say(
        "withheld",
        f"over {course.val.size} rows the validation error of {course.val.mean():.3g} cannot be"
        f" told from the {pca:.3g} of PCA with as many factors (standard error of the difference"
        f" {noise:.2g}): hold out more rows.",
    )


def _underfitting(course: Course) -> Verdict | None:
    ahead = course.pca - course.val
    if ahead.mean() > _standard_error(ahead):
        return None
    better = "hardly" if ahead.mean() > 0 else "no"
    return _say(
        "underfitting",
        f"the validation error of {course.val.mean():.3g} is {better} better than the"
        f" {course.pca.mean():.3g} of PCA with as many factors; {_remedy(course)}",
    )


def _remedy(course: Course) -> str:
    if (gain := _projected_gain(course.val_loss)) > GAIN:
        return (
            f"the loss would still fall by {gain:.0%} in a fifth more epochs:"
            " raise training.epochs or optimizer.lr."
        )
    if course.train.mean() > BARELY * course.mean:
        change = "raise training.epochs or" if _falls(course.loss) else "lower"
        return f"predicting every feature's mean has {course.mean:.3g}: {change} optimizer.lr."
    return "try a deeper model, or use PCA."


def _still_improving(course: Course) -> Verdict | None:
    gain = _projected_gain(course.val_loss)
    if gain <= GAIN:
        return None
    return _say(
        "still improving",
        f"at its last rate the validation loss would fall by {gain:.0%} in a fifth more epochs:"
        " raise training.epochs or optimizer.lr.",
    )


def _overfitting(course: Course) -> Verdict | None:
    best = course.val_loss.min()
    lost = 100 * (course.val_loss[course.kept] / best - 1)
    strip = course.loss[max(0, course.kept - 4) : course.kept + 1]
    progress = 1000 * (strip.mean() / strip.min() - 1)
    if lost <= LOST or progress <= PROGRESS or not _apart(course):
        return None
    return _say(
        "overfitting",
        f"the validation loss rose {lost:.0f} % above its best, of epoch"
        f" {course.val_loss.argmin() + 1}, while the training loss fell:"
        " set training.early_stopping.patience, or regularise.",
    )


def _good(course: Course) -> Verdict:
    train, val = course.train.mean(), course.val.mean()
    gap = (
        ", though rows seen in training fare better"
        if val > GAP * train and _apart(course)
        else ""
    )
    return _say(
        "good",
        f"the validation error of {val:.3g} is below the {course.pca.mean():.3g} of PCA with as"
        f" many factors and has settled; the training error is {train:.3g}{gap}.",
    )


def _say(word: str, reason: str) -> Verdict:
    return Verdict(word, f"{word.capitalize()}: {reason}")


def _standard_error(values: Floats) -> float:
    return float(values.std(ddof=1) / np.sqrt(values.size)) if values.size > 1 else np.inf


def _apart(course: Course) -> bool:
    return bool(course.val.mean() - course.train.mean() > 2 * _standard_error(course.val))


def _falls(losses: Floats) -> bool:
    """Return whether a loss would be worth less in as many more epochs, as far as one can tell."""
    return len(losses) < 2 or _projected_gain(losses, more=1.0) > GAIN


def _projected_gain(losses: Floats, more: float = MORE) -> float:
    """Return the share by which a loss would fall over more epochs. losses: (epochs,).

    more: how many, as a share of those that there were.
    """
    epochs = len(losses)
    last = losses[-max(10, epochs // 5) :]
    if len(last) < 2 or last.min() <= 0:
        return 0.0
    slope = np.polynomial.Polynomial.fit(np.arange(len(last)), np.log(last), 1).convert().coef[1]
    return float(1 - np.exp(slope * epochs * more))
