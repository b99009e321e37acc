"""The verdict on a training, in a few sentences."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from aeexp.analysis.divergence import Divergence
from aeexp.analysis.verdict import Case, TrainingResult, Verdict
from aeexp.errors import key
from aeexp.text import counted, distinct

FLUCTUATES = 0.02  # largest jump of the training loss
BARELY = 0.9  # training error over the error of predicting the mean
MANY = 10.0  # relative rises from here are given as multiples
MOST_EPOCHS = 1_000_000  # that are counted
CURVES = "Try model=deep, which can follow curves."
CANNOT = "With its linear decoder it cannot be better than PCA on training rows."


def verdict_document(verdict: Verdict | Divergence, measured: str | None = None) -> dict[str, Any]:
    """Return a verdict as run.json contains it: word, sentence, and the epoch of a divergence.

    measured: see `describe_verdict`.
    """
    if isinstance(verdict, Divergence):
        numbers = asdict(verdict)
        where = {name: numbers[name] for name in ("epoch", "last_loss")}
        return {"word": Case.diverged.word, "sentence": describe_divergence(verdict), **where}
    return {"word": verdict.case.word, "sentence": describe_verdict(verdict, measured)}


def describe_divergence(divergence: Divergence) -> str:
    """Return a sentence on a training that diverged."""
    losses = f"loss {divergence.loss:.3g}"
    if not np.isnan(divergence.val_loss):
        losses += f", val_loss {divergence.val_loss:.3g}"
    last = divergence.last_loss
    before = "from the start" if last is None else f"after a loss of {last:.3g}"
    return (
        f"Diverged: {losses} in epoch {divergence.epoch}, {before}: lower {key('optimizer.lr')}."
    )


def describe_verdict(verdict: Verdict, measured: str | None = None) -> str:
    """Return the verdict's word, its reason with numbers, and what to change.

    measured: a sentence on other settings that were tried; it replaces the remedy.
    """
    word, change = verdict.case.word.capitalize(), measured or remedy(verdict)
    return f"{word}: {reason(verdict)} {change}".rstrip()


def reason(verdict: Verdict) -> str:
    """Return the facts from which a verdict follows."""
    return REASONS[verdict.case](verdict.training)


def remedy(verdict: Verdict) -> str:
    """Return what to change, as it follows from the curve and the setting; "" if nothing."""
    change = REMEDIES[verdict.case]
    return change if isinstance(change, str) else change(verdict.training)


def _diverged(training: TrainingResult) -> str:
    error, mean = distinct(training.train.model.mean(), training.train.mean.mean())
    loss = f"jumps{_jump(training)}" if training.jumps else "does not fall"
    return (
        f"the training error ({error}) is above that of predicting the mean ({mean}), and the loss"
        f" {loss}."
    )


def _collapsed(training: TrainingResult) -> str:
    return f"no factor varies between rows (largest variance {training.latent.max():.2g})."


def _above_pca(training: TrainingResult) -> str:
    error, pca = distinct(training.train.model.mean(), training.train.pca.mean())
    return f"the training error ({error}) is above that of PCA with as many factors ({pca})"


def _jump(training: TrainingResult) -> str:
    """Return how far the training loss rose above its least value, if it is more than a little."""
    rise = training.training_curve.largest_jump
    if rise >= MANY:
        return f" to {rise + 1:.2g} times its least value before"
    return f" by up to {100 * rise:.0f} % above its least value before"


def _not_compressed(training: TrainingResult) -> str:
    factors = counted(len(training.latent), "factor")
    if len(training.latent) >= training.features:
        features = counted(training.features, "feature")
        return f"{factors} for {features} compress nothing: a copy has no error."
    return f"PCA with {factors} reconstructs every row without error: nothing is lost."


def _nothing_to_learn(training: TrainingResult) -> str:
    judged = training.judged
    if not training.has_nothing_to_learn:
        return "tables with permuted columns are reconstructed as well as this one."
    model, pca, independent = (
        f"{errors.mean():.3g}" for errors in (judged.model, judged.pca, training.independent)
    )
    neither = (
        f"neither the model (error {model}) nor PCA ({pca}) is clearly better on held-out rows"
    )
    return f"{neither} than is possible if the features are independent ({independent})."


def _overfitting(training: TrainingResult) -> str:
    if training.overfits:
        val_loss, loss = training.val_loss, training.training_curve.smooth
        best = int(val_loss.argmin())
        low, last = distinct(val_loss[best], val_loss[training.kept])
        before, after = distinct(loss[training.curve.lowest], loss[training.kept])
        return (
            f"the validation loss rose from {low} (epoch {best + 1}) to {last}, while the training"
            f" loss fell from {before} to {after}."
        )
    error, pca = distinct(training.train.model.mean(), training.train.pca.mean())
    judged, judged_pca = distinct(training.judged.model.mean(), training.judged.pca.mean())
    return (
        f"the training error ({error}) is {'below' if training.train.excess < 0 else 'near'} PCA's"
        f" ({pca}), but the error on held-out rows ({judged}) is above PCA's ({judged_pca})."
    )


def _distance(training: TrainingResult) -> str:
    """Return how many epochs PCA's training error is away."""
    if not training.distance < MOST_EPOCHS:
        return f"PCA's error is more than {MOST_EPOCHS:,} epochs away at this rate"
    epochs = float(f"{training.distance:.1g}")
    return f"PCA's error is about {counted(max(1, round(epochs)), 'epoch')} away at this rate"


def _still_improving(training: TrainingResult) -> str:
    if training.has_learnt or (len(training.loss) > 1 and not training.falls):
        gain = f"{100 * training.projected_gain:.0f} %"
        return f"the validation loss would fall another {gain} in a fifth more epochs."
    if len(training.loss) == 1:
        return f"{_above_pca(training)} after one epoch."
    return f"{_above_pca(training)}, and the loss falls: {_distance(training)}."


def _too_slow(training: TrainingResult) -> str:
    if training.is_unmoved:
        return f"{_above_pca(training)}, and the loss has hardly changed."
    return f"{_above_pca(training)}, and the loss falls slowly: {_distance(training)}."


def _unstable(training: TrainingResult) -> str:
    return f"{_above_pca(training)}, and the training loss jumps{_jump(training)}."


def _good(training: TrainingResult) -> str:
    error, pca = distinct(training.judged.model.mean(), training.judged.pca.mean())
    gap = ", clearly lower" if training.has_gap else ""
    return (
        f"the error on held-out rows ({error}) is below that of PCA with as many factors ({pca})"
        f" and no longer falls. Training error: {training.train.model.mean():.3g}{gap}."
    )


def _underfitting(training: TrainingResult) -> str:
    text = f"{_above_pca(training)}, and {_plateau(training).reason}."
    return f"{text} {CANNOT}" if training.has_affine_decoder else text


@dataclass(frozen=True)
class _Plateau:
    """Why a loss that is above PCA's no longer falls, and what to change."""

    applies: bool
    reason: str
    remedy: str


def _plateau(training: TrainingResult) -> _Plateau:
    """Return the first of the reasons that applies."""
    mean = training.train.mean.mean()
    is_at_mean = training.train.pca.mean() < BARELY * mean < training.train.model.mean()
    network = "Try more hidden units or another activation, or use PCA."
    reasons = [
        _Plateau(
            training.is_out_of_range,
            f"the output activation allows no error below {training.floor:.3g}",
            "Choose model.output_activation=linear or preprocessing=minmax.",
        ),
        _Plateau(
            training.stopped and training.falls,
            f"early stopping ended the training in epoch {len(training.loss)}, while it fell",
            "Raise training.early_stopping.patience or optimizer.lr.",
        ),
        _Plateau(
            training.is_penalised,
            "it no longer falls",
            "Lower the penalties, dropout or noise.",
        ),
        _Plateau(
            training.is_decayed,
            f"the schedule lowered the learning rate to {training.learning_rate[-1]:.2g}",
            "Raise training.epochs or optimizer.lr.",
        ),
        _Plateau(
            not training.falls and training.largest_jump > FLUCTUATES,
            "the loss fluctuates about one level",
            "Lower optimizer.lr, or set schedule=cosine.",
        ),
        _Plateau(
            bool(is_at_mean),
            f"hardly below that of predicting the mean ({mean:.3g})",
            "Try another optimizer.lr or another activation.",
        ),
    ]
    change = f"Use PCA. {CURVES}" if training.has_affine_decoder else network
    level = _Plateau(applies=True, reason="it no longer falls", remedy=change)
    return next((plateau for plateau in reasons if plateau.applies), level)


def _linear_limit(training: TrainingResult) -> str:
    errors = training.judged if training.is_validated else training.train
    rows = "held-out rows" if training.is_validated else "training rows"
    text = (
        f"the model reconstructs {rows} as well as PCA with as many factors (errors"
        f" {errors.model.mean():.3g} and {errors.pca.mean():.3g})"
    )
    if training.has_affine_decoder:
        return f"{text}, the best that a linear decoder can do."
    return f"{text}."


def _unvalidated(training: TrainingResult) -> str:
    return "without held-out rows, overfitting goes unnoticed."


def _uncertain(training: TrainingResult) -> str:
    judged, se = training.judged, training.advantage.se
    deviation = f"; standard error of the difference {se:.2g}" if np.isfinite(se) else ""
    return (
        f"{counted(judged.model.size, 'held-out row')} cannot distinguish the autoencoder's error"
        f" ({judged.model.mean():.3g}) from PCA's ({judged.pca.mean():.3g}{deviation})."
    )


def _revive(training: TrainingResult) -> str:
    if training.jumps:
        return "Lower optimizer.lr."
    if training.is_regularised:
        return "Lower the penalties."
    return "Choose model.latent_activation=linear, or another seed."


def _more_rows(training: TrainingResult) -> str:
    return "Hold out more rows." if training.folds is None else "Get more rows."


def _look_elsewhere(training: TrainingResult) -> str:
    stop = "Do not interpret the factors; get more rows or other features."
    if training.has_affine_decoder and not training.is_chosen:
        return f"{CURVES} Otherwise: {stop[0].lower()}{stop[1:]}"
    return stop


def _continue(training: TrainingResult) -> str:
    if training.interrupted:
        return "The training was interrupted: run it to its end."
    return f"Raise training.epochs{'' if training.jumps else ' or optimizer.lr'}."


def _stop_earlier(training: TrainingResult) -> str:
    if not training.overfits:
        return "Choose a regulariser or fewer hidden units, add rows, or use PCA."
    if training.stopped:
        return "Set training.early_stopping.restore_best=true, or choose a regulariser."
    return "Set training.early_stopping.patience, or choose a regulariser."


def _other_model(training: TrainingResult) -> str:
    if training.has_affine_decoder:
        return f"Use PCA. {CURVES}"
    return "A linear map suffices here: use PCA or model=linear."


REASONS: Mapping[Case, Callable[[TrainingResult], str]] = {
    Case.diverged: _diverged,
    Case.collapsed: _collapsed,
    Case.not_compressed: _not_compressed,
    Case.nothing_to_learn: _nothing_to_learn,
    Case.overfitting: _overfitting,
    Case.too_slow: _too_slow,
    Case.still_improving: _still_improving,
    Case.good: _good,
    Case.unstable: _unstable,
    Case.underfitting: _underfitting,
    Case.linear_limit: _linear_limit,
    Case.unvalidated: _unvalidated,
    Case.uncertain: _uncertain,
}

REMEDIES: Mapping[Case, str | Callable[[TrainingResult], str]] = {
    Case.diverged: "Lower optimizer.lr.",
    Case.collapsed: _revive,
    Case.not_compressed: "Lower model.latent_dim.",
    Case.nothing_to_learn: _look_elsewhere,
    Case.overfitting: _stop_earlier,
    Case.too_slow: "Raise optimizer.lr.",
    Case.still_improving: _continue,
    Case.good: "",
    Case.unstable: "Lower optimizer.lr.",
    Case.underfitting: lambda training: _plateau(training).remedy,
    Case.linear_limit: _other_model,
    Case.unvalidated: "Set split.validation.",
    Case.uncertain: lambda training: (
        "Hold out more rows." if training.folds is None else "Get more rows."
    ),
}
