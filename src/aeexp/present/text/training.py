"""The verdict on a training, in a sentence or two."""

from dataclasses import asdict
from typing import Any

import numpy as np

from aeexp.analysis.verdict import BARELY, GAIN, GAP, Case, Divergence, TrainingResult, Verdict
from aeexp.errors import key


def verdict_document(verdict: Verdict | Divergence) -> dict[str, Any]:
    """Return a verdict as run.json contains it: word, sentence, and the epoch of a divergence."""
    if isinstance(verdict, Divergence):
        numbers = asdict(verdict)
        where = {name: numbers[name] for name in ("epoch", "last_loss")}
        return {"word": Case.diverged.word, "sentence": describe_divergence(verdict), **where}
    return {"word": verdict.case.word, "sentence": describe_verdict(verdict)}


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


def describe_verdict(verdict: Verdict) -> str:
    """Return the verdict's word, its reason with numbers, and what to change."""
    reason = _reason(verdict.case, verdict.training)
    return f"{verdict.case.word.capitalize()}: {reason}"


def _reason(case: Case, training: TrainingResult) -> str:
    mean = f"that of predicting the mean ({training.mean:.3g})"
    match case:
        case Case.diverged:
            text = (
                f"the training error ({training.train.mean():.3g}) is above {mean}."
                " Lower optimizer.lr."
            )
        case Case.collapsed:
            text = (
                f"no factor varies between rows (largest variance {training.latent.max():.2g})."
                " Choose model.latent_activation=tanh, or lower the penalties or optimizer.lr."
            )
        case Case.barely_begun:
            epochs = len(training.loss)
            ended = f"fell over {epochs} epochs" if epochs > 1 else "had one epoch to fall"
            text = (
                f"the loss {ended}, but the training error ({training.train.mean():.3g}) is above"
                f" {mean}. Raise training.epochs or optimizer.lr."
            )
        case Case.unvalidated:
            text = "without validation rows, overfitting goes unnoticed. Set split.validation."
        case Case.uncertain:
            text = (
                f"{training.val.size} validation rows are too few to compare the autoencoder"
                f" (error {training.val.mean():.3g}) with PCA ({training.pca.mean():.3g}; standard"
                f" error of the difference {training.advantage_se:.2g}). Hold out more rows."
            )
        case Case.underfitting:
            hardly = "hardly" if training.advantage > 0 else "not"
            text = (
                f"the validation error ({training.val.mean():.3g}) is {hardly} below that of PCA"
                f" with as many factors ({training.pca.mean():.3g}). {_remedy(training)}"
            )
        case Case.still_improving:
            text = f"{_projection(training)} Raise training.epochs or optimizer.lr."
        case Case.overfitting:
            text = (
                f"the validation loss rose {training.generalisation_loss:.0f} % above its minimum"
                f" (epoch {training.val_loss.argmin() + 1}) while the training loss fell."
                " Set training.early_stopping.patience, or choose a regulariser."
            )
        case Case.good:
            train, val = training.train.mean(), training.val.mean()
            gap = ", clearly lower" if val > GAP * train and training.has_gap else ""
            text = (
                f"the validation error ({val:.3g}) is below that of PCA with as many factors"
                f" ({training.pca.mean():.3g}) and no longer falls."
                f" Training error: {train:.3g}{gap}."
            )
    return text


def _projection(training: TrainingResult) -> str:
    gain = f"{100 * training.projected_gain:.0f} %"
    return f"the validation loss would fall another {gain} in a fifth more epochs."


def _remedy(training: TrainingResult) -> str:
    if training.projected_gain > GAIN:
        projection = _projection(training)
        return f"T{projection[1:]} Raise training.epochs or optimizer.lr."
    if training.train.mean() > BARELY * training.mean:
        change = "Raise training.epochs or" if training.loss_falls else "Lower"
        return f"Predicting the mean has an error of {training.mean:.3g}. {change} optimizer.lr."
    return "Try a deeper model, or use PCA."
