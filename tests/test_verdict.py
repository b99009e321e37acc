"""The verdict on trainings whose truth is known."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from aeexp.analysis.verdict import Case, RowErrors, TrainingResult, judge
from aeexp.data import Floats
from aeexp.present.text.training import describe_verdict

LENGTHS = [60, 200, 1000]
PCA, MEAN = 0.4, 1.0


def errors(model: float, pca: float = PCA, rows: int = 400) -> RowErrors:
    """Return errors of rows with these means: difficult rows are difficult for all methods."""
    noise = np.random.default_rng(1)
    difficulty = noise.gamma(5, 0.2, rows)
    several = (mean * difficulty * noise.normal(1, 0.05, rows) for mean in (model, pca, MEAN))
    return RowErrors(*several)


def training(loss: Floats, val_loss: Floats, **changes: Any) -> TrainingResult:
    """Return a training that ends with these losses, with PCA at 0.4 and the mean at 1."""
    epoch = changes.get("kept", len(loss) - 1)
    defaults = {
        "learning_rate": np.full(len(loss), 0.001),
        "kept": epoch,
        "train": errors(loss[epoch]),
        "judged": errors(val_loss[epoch]),
        "latent": np.array([1.0, 0.5, 0.2]),
        "features": 13,
        "share": 3 / 13,
    }
    return TrainingResult(loss=loss, val_loss=val_loss, **(defaults | changes))


def falling(start: float, end: float, epochs: int, rate: float = 15.0) -> Floats:
    """Return an exponential decay that has settled: `rate` time constants in all epochs."""
    return end + (start - end) * np.exp(-rate * np.arange(epochs) / epochs)


def noise(epochs: int, size: float, seed: int) -> Floats:
    return np.random.default_rng(seed).normal(1, size, epochs)


# A curve of each kind. n: epochs; s: the seed of its noise.


def plateau_below_pca(n: int, s: int) -> TrainingResult:
    return training(falling(1.2, 0.2, n), falling(1.2, 0.22, n) * noise(n, 0.003, s))


def noisy_plateau_below_pca(n: int, s: int) -> TrainingResult:
    curve = falling(1.2, 0.2, n)
    return training(curve * noise(n, 0.02, s), (curve + 0.02) * noise(n, 0.04, s + 1))


def plateau_at_pca(n: int, s: int) -> TrainingResult:
    return training(falling(1.2, 0.4, n), falling(1.2, 0.4, n) * noise(n, 0.003, s))


def plateau_above_pca(n: int, s: int) -> TrainingResult:
    return training(falling(1.2, 0.6, n), falling(1.2, 0.6, n) * noise(n, 0.003, s))


def still_improving(n: int, s: int) -> TrainingResult:
    return training(falling(1.2, 0.1, n, 2.5), falling(1.2, 0.1, n, 2.5) * noise(n, 0.002, s))


def still_above_pca(n: int, s: int) -> TrainingResult:
    return training(falling(1.2, 0.2, n, 1.0), falling(1.2, 0.2, n, 1.0) * noise(n, 0.002, s))


def too_slow(n: int, s: int) -> TrainingResult:
    curve = 1.3 * np.exp(-1e-5 * np.arange(n))
    return training(curve, 1.02 * curve)


def unmoved(n: int, s: int) -> TrainingResult:
    return training(np.full(n, 1.3) * noise(n, 1e-5, s), np.full(n, 1.3) * noise(n, 1e-5, s + 1))


def overfit_early(n: int, s: int) -> TrainingResult:
    epochs = np.arange(n) / n
    val_loss = np.where(epochs < 0.1, 1.2 - 7.9 * epochs, 0.41 + 0.4 * (epochs - 0.1))
    return training(falling(1.2, 0.05, n, 4.0), val_loss * noise(n, 0.01, s))


def overfit_late(n: int, s: int) -> TrainingResult:
    epochs = np.arange(n) / n
    val_loss = np.where(epochs < 0.7, falling(1.2, 0.3, n), 0.3 + 0.2 * (epochs - 0.7))
    return training(falling(1.2, 0.1, n, 4.0), val_loss * noise(n, 0.005, s))


def overfit_but_better_than_pca(n: int, s: int) -> TrainingResult:
    epochs = np.arange(n) / n
    val_loss = np.where(epochs < 0.3, falling(1.2, 0.2, n, 20.0), 0.2 + 0.15 * (epochs - 0.3))
    return training(falling(1.2, 0.05, n, 4.0), val_loss * noise(n, 0.01, s))


def memorising_at_a_plateau(n: int, s: int) -> TrainingResult:
    return training(falling(1.2, 0.1, n, 5.0), falling(1.2, 0.6, n) * noise(n, 0.01, s))


def restored(n: int, s: int) -> TrainingResult:
    result = overfit_but_better_than_pca(n, s)
    best = int(result.val_loss.argmin())
    return training(result.loss, result.val_loss, kept=best, stopped=True)


def unstable(n: int, s: int) -> TrainingResult:
    jumps = np.random.default_rng(s).uniform(0, 0.3, n)
    return training(0.6 + jumps, 0.6 + jumps)


def unstable_start_at_the_mean(n: int, s: int) -> TrainingResult:
    loss = np.r_[900.0, 2000.0, np.full(n - 2, 1.0)] * noise(n, 0.001, s)
    return training(loss, loss)


def diverged(n: int, s: int) -> TrainingResult:
    loss = np.where(np.arange(n) < n // 2, 0.8, np.geomspace(0.1, 50, n)) * noise(n, 0.02, s)
    return training(loss, loss)


def diverged_at_a_plateau(n: int, s: int) -> TrainingResult:
    return training(np.full(n, 4.0) * noise(n, 0.1, s), np.full(n, 4.0))


def collapsed(n: int, s: int) -> TrainingResult:
    curve = falling(1.2, 1.0, n) * noise(n, 0.002, s)
    return training(curve, curve, latent=np.array([9e-9, 0.0, 0.0]))


def errors_on_noise(model: float, pca: float, seed: int, rows: int = 400) -> RowErrors:
    """Return errors on rows of 13 independent columns, each scaled to a mean.

    Model and PCA each miss ten directions of a row, not the same ones.
    """
    squares = np.random.default_rng(seed).normal(size=(rows, 13)) ** 2
    missed_by_model, missed_by_pca = squares[:, 3:].mean(1), squares[:, :10].mean(1)
    return RowErrors(missed_by_model * model * 1.3, missed_by_pca * pca * 1.3, squares.mean(1))


def pure_noise(n: int, s: int) -> TrainingResult:
    """Three of 13 independent columns are learnt; there is nothing else."""
    curve = falling(1.2, 0.77, n) * noise(n, 0.005, s)
    result = training(falling(1.2, 0.7, n), curve)
    train, judged = errors_on_noise(0.7, 0.71, s), errors_on_noise(0.78, 0.77, s)
    return replace(result, train=train, judged=judged)


def overfitted_noise(n: int, s: int) -> TrainingResult:
    """The same, learnt by a model that overfits."""
    result = overfit_early(n, s)
    train, judged = errors_on_noise(0.3, 0.71, s), errors_on_noise(1.5, 0.77, s)
    return replace(result, train=train, judged=judged)


def faint_structure_in_many_columns(n: int, s: int) -> TrainingResult:
    """PCA explains 5 % of 400 columns, as the model does: no sign of a high learning rate."""
    curve = falling(1.2, 0.95, n) * noise(n, 0.0002, s)
    near = errors(0.9505, pca=0.95, rows=4000)
    return training(curve, curve, train=near, judged=near, features=400, share=3 / 400)


@pytest.mark.parametrize("epochs", LENGTHS)
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("curve", "case"),
    [
        pytest.param(plateau_below_pca, Case.good, id="plateau below PCA"),
        pytest.param(noisy_plateau_below_pca, Case.good, id="noisy plateau below PCA"),
        pytest.param(plateau_at_pca, Case.linear_limit, id="plateau at PCA"),
        pytest.param(plateau_above_pca, Case.underfitting, id="plateau above PCA"),
        pytest.param(still_improving, Case.still_improving, id="still improving"),
        pytest.param(still_above_pca, Case.still_improving, id="still above PCA"),
        pytest.param(too_slow, Case.too_slow, id="too slow"),
        pytest.param(unmoved, Case.too_slow, id="unmoved"),
        pytest.param(overfit_early, Case.overfitting, id="overfit early"),
        pytest.param(overfit_late, Case.overfitting, id="overfit late"),
        pytest.param(overfit_but_better_than_pca, Case.overfitting, id="overfit, better than PCA"),
        pytest.param(memorising_at_a_plateau, Case.overfitting, id="memorising at a plateau"),
        pytest.param(restored, Case.good, id="best epoch restored"),
        pytest.param(unstable, Case.unstable, id="unstable"),
        pytest.param(unstable_start_at_the_mean, Case.unstable, id="unstable start"),
        pytest.param(diverged, Case.diverged, id="diverged"),
        pytest.param(diverged_at_a_plateau, Case.diverged, id="diverged at a plateau"),
        pytest.param(collapsed, Case.collapsed, id="collapsed"),
        pytest.param(pure_noise, Case.nothing_to_learn, id="pure noise"),
        pytest.param(overfitted_noise, Case.nothing_to_learn, id="noise, overfitted"),
        pytest.param(faint_structure_in_many_columns, Case.linear_limit, id="faint structure"),
    ],
)
def test_a_curve_of_known_truth_gets_its_verdict(
    curve: Any, case: Case, seed: int, epochs: int
) -> None:
    result = curve(epochs, seed)
    verdict = judge(result)
    assert verdict.case is case
    if not case.is_about_training:
        return
    rises = result.curve.lowest < 0.8 * epochs
    assert not (rises and "training.epochs" in describe_verdict(verdict))
