"""The verdict on trainings whose truth is known."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentences import Sentences

from aeexp.analysis.curve import Curve
from aeexp.analysis.divergence import divergence
from aeexp.analysis.verdict import Case, RowErrors, TrainingResult, judge
from aeexp.config.spec import (
    Adam,
    DatasetSpec,
    Deep,
    Experiment,
    Linear,
    Shallow,
    Split,
    SwissRoll,
    Training,
    Wine,
)
from aeexp.data import Dataset, Floats, load
from aeexp.pipeline.run import run
from aeexp.present.text.training import REASONS, REMEDIES, describe_verdict, verdict_document
from aeexp.runs.artifact import RunMetadata
from aeexp.runs.history import History
from aeexp.text import distinct

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
    by_model, by_pca = squares[:, 3:].mean(1), squares[:, :10].mean(1)
    return RowErrors(model * by_model, pca * by_pca, squares.mean(1))


def pure_noise(n: int, s: int) -> TrainingResult:
    """Three of 13 independent columns are learnt; there is nothing else."""
    curve = falling(1.2, 0.77, n) * noise(n, 0.005, s)
    result = training(falling(1.2, 0.7, n), curve)
    train, judged = errors_on_noise(0.7, 0.71, s + 1), errors_on_noise(0.78, 0.77, s + 1)
    return replace(result, train=train, judged=judged)


def overfitted_noise(n: int, s: int) -> TrainingResult:
    """The same, learnt by a model that overfits."""
    result = overfit_early(n, s)
    train, judged = errors_on_noise(0.3, 0.71, s + 1), errors_on_noise(1.5, 0.77, s + 1)
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


# The sentences, on one training of each case.

SETTLED = plateau_below_pca(200, 0)
AT_PCA = plateau_at_pca(200, 0)
ABOVE_PCA = plateau_above_pca(200, 0)
FEW = RowErrors(np.array([0.2, 0.5, 0.3]), np.array([0.5, 0.3, 0.4]), np.ones(3))
NO_ROWS = RowErrors(np.zeros(0), np.zeros(0), np.zeros(0))
NO_VAL = np.full(200, np.nan)


@pytest.mark.parametrize(
    ("result", "word"),
    [
        pytest.param(SETTLED, "good", id="good"),
        pytest.param(replace(SETTLED, train=errors(0.1)), "good", id="good, with a gap"),
        pytest.param(diverged(200, 0), "diverged", id="diverged"),
        pytest.param(diverged_at_a_plateau(200, 0), "diverged", id="diverged, level"),
        pytest.param(collapsed(200, 0), "collapsed", id="collapsed"),
        pytest.param(
            replace(collapsed(200, 0), is_regularised=True), "collapsed", id="collapsed, penalised"
        ),
        pytest.param(
            replace(unstable_start_at_the_mean(200, 0), latent=np.zeros(3)),
            "collapsed",
            id="collapsed, unstable",
        ),
        pytest.param(
            replace(SETTLED, train=errors(0.001, 1e-31), judged=errors(0.001, 1e-31), features=3),
            "not compressed",
            id="as many factors as features",
        ),
        pytest.param(
            replace(SETTLED, train=errors(0.001, 1e-31), judged=errors(0.001, 1e-31)),
            "not compressed",
            id="features of low rank",
        ),
        pytest.param(pure_noise(200, 0), "nothing to learn", id="noise"),
        pytest.param(
            replace(pure_noise(200, 0), has_affine_decoder=True),
            "nothing to learn",
            id="noise, linear decoder",
        ),
        pytest.param(unstable(200, 0), "unstable", id="unstable"),
        pytest.param(unstable_start_at_the_mean(200, 0), "unstable", id="unstable, by a multiple"),
        pytest.param(overfit_early(200, 0), "overfitting", id="overfitting"),
        pytest.param(
            replace(overfit_early(200, 0), stopped=True), "overfitting", id="overfitting, stopped"
        ),
        pytest.param(memorising_at_a_plateau(200, 0), "overfitting", id="memorising"),
        pytest.param(too_slow(200, 0), "too slow", id="too slow"),
        pytest.param(unmoved(200, 0), "too slow", id="unmoved"),
        pytest.param(still_improving(200, 0), "still improving", id="still improving"),
        pytest.param(still_above_pca(200, 0), "still improving", id="still above PCA"),
        pytest.param(
            replace(still_above_pca(200, 0), interrupted=True),
            "still improving",
            id="interrupted",
        ),
        pytest.param(
            training(np.array([1.2]), np.array([1.2])), "still improving", id="one epoch"
        ),
        pytest.param(
            training(np.array([1.2, 1.1]), np.array([1.2, 1.1])),
            "still improving",
            id="two epochs",
        ),
        pytest.param(AT_PCA, "linear limit", id="at PCA"),
        pytest.param(
            replace(AT_PCA, has_affine_decoder=True), "linear limit", id="at PCA, linear decoder"
        ),
        pytest.param(
            replace(AT_PCA, has_affine_decoder=True, judged=NO_ROWS, val_loss=NO_VAL),
            "linear limit",
            id="at PCA, no held-out rows",
        ),
        pytest.param(ABOVE_PCA, "underfitting", id="above PCA"),
        pytest.param(
            replace(ABOVE_PCA, has_affine_decoder=True), "underfitting", id="above, linear decoder"
        ),
        pytest.param(
            replace(ABOVE_PCA, loss=ABOVE_PCA.loss + 0.1, is_regularised=True),
            "underfitting",
            id="above PCA, penalised",
        ),
        pytest.param(
            replace(ABOVE_PCA, train=errors(0.62), is_regularised=True),
            "underfitting",
            id="above PCA, weak penalty",
        ),
        pytest.param(
            replace(still_above_pca(200, 0), floor=0.5),
            "underfitting",
            id="above PCA, output out of range",
        ),
        pytest.param(
            replace(ABOVE_PCA, learning_rate=np.geomspace(1e-3, 1e-6, 200)),
            "underfitting",
            id="above PCA, decayed",
        ),
        pytest.param(
            training(falling(1.2, 0.6, 200) * noise(200, 0.02, 0), falling(1.2, 0.6, 200)),
            "underfitting",
            id="above PCA, fluctuating",
        ),
        pytest.param(
            replace(still_above_pca(200, 0), stopped=True), "underfitting", id="stopped too early"
        ),
        pytest.param(
            training(falling(1.2, 0.97, 200), falling(1.2, 0.97, 200)),
            "underfitting",
            id="at the mean",
        ),
        pytest.param(
            replace(SETTLED, judged=NO_ROWS, val_loss=NO_VAL), "withheld", id="no held-out rows"
        ),
        pytest.param(replace(SETTLED, judged=FEW), "withheld", id="few held-out rows"),
        pytest.param(
            replace(SETTLED, judged=FEW, folds=np.arange(3)), "withheld", id="few rows in folds"
        ),
        pytest.param(
            replace(SETTLED, judged=errors(0.35, rows=1)), "withheld", id="one held-out row"
        ),
    ],
)
def test_a_verdict_gives_the_reason_and_what_to_change(
    result: TrainingResult, word: str, sentences: Sentences
) -> None:
    verdict = verdict_document(judge(result))
    assert verdict["word"] == word
    assert verdict["sentence"].startswith(f"{word.capitalize()}: ")
    sentences.check(verdict["sentence"])


def test_every_case_has_a_reason_and_a_remedy() -> None:
    assert set(REASONS) == set(REMEDIES) == set(Case)


@pytest.mark.parametrize("result", [SETTLED, AT_PCA, replace(SETTLED, judged=FEW)])
def test_without_structure_beyond_chance_there_was_nothing_to_learn(
    result: TrainingResult,
) -> None:
    assert judge(result, structure="no").case is not Case.good
    verdict = judge(replace(result, judged=errors(0.3)), structure="no")
    assert verdict.case is Case.nothing_to_learn
    assert "permuted columns" in describe_verdict(verdict)


def test_structure_beyond_chance_is_something_to_learn() -> None:
    assert judge(pure_noise(200, 0), structure="yes").case is not Case.nothing_to_learn


def test_of_noise_nearly_all_tables_are_recognised() -> None:
    cases = [judge(pure_noise(200, seed)).case for seed in range(100)]
    assert cases.count(Case.nothing_to_learn) >= 93


def test_a_linear_decoder_that_is_at_pca_is_at_its_optimum_however_few_rows_judge() -> None:
    few = replace(AT_PCA, judged=errors(0.45, rows=4))
    assert judge(replace(few, has_affine_decoder=True)).case is Case.linear_limit


def test_rows_of_a_fold_count_as_one_judgement_if_they_agree() -> None:
    folds = np.repeat(np.arange(4), 100)
    shift = np.array([0.1, -0.1, 0.1, -0.1])[folds]
    result = replace(AT_PCA, judged=replace(AT_PCA.judged, model=AT_PCA.judged.pca + shift))
    assert judge(result).case is Case.linear_limit
    assert judge(replace(result, folds=folds)).case is Case.uncertain


def test_a_measured_remedy_replaces_that_of_the_curve() -> None:
    verdict = judge(ABOVE_PCA)
    measured = "With optimizer.lr=0.01 the error is 0.3."
    assert describe_verdict(verdict, measured).endswith(f"falls. {measured}")
    assert verdict_document(verdict, measured)["sentence"] == describe_verdict(verdict, measured)


def test_a_divergence_has_its_epoch_and_the_last_finite_loss() -> None:
    loss = np.array([2.0, 3.5, np.nan])
    history = History(loss, 2 * loss, loss, 2, interrupted=False, lost=2)
    verdict = verdict_document(divergence(history))
    assert (verdict["word"], verdict["epoch"], verdict["last_loss"]) == ("diverged", 3, 3.5)
    assert "epoch 3" in verdict["sentence"]
    assert "3.5" in verdict["sentence"]


# Whole runs


@dataclass(kw_only=True)
class Gaussian(DatasetSpec):
    """Rows of noise."""


@load.register
def _(spec: Gaussian) -> Dataset:
    x = np.random.default_rng(1).normal(size=(200, 8))
    return Dataset("noise", x, tuple(f"f{j}" for j in range(8)), tuple(map(str, range(200))))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        pytest.param({"dataset": Gaussian()}, "nothing to learn", id="noise"),
        pytest.param({"dataset": SwissRoll(samples=60)}, "not compressed", id="3 factors of 3"),
        pytest.param({"optimizer": Adam(lr=1e-6)}, "too slow", id="low rate"),
        pytest.param({"optimizer": Adam(lr=1.0)}, "unstable", id="high rate"),
        pytest.param(
            {"training": Training(epochs=2, batch_size=16)}, "still improving", id="two epochs"
        ),
        pytest.param(
            {"model": Linear(), "optimizer": Adam(lr=0.01)}, "linear limit", id="linear model"
        ),
        pytest.param(
            {
                "model": Deep(hidden=[128, 64]),
                "optimizer": Adam(lr=0.003),
                "split": Split(validation=0.5),
            },
            "overfitting",
            id="deep model",
        ),
        pytest.param({"split": Split(folds=3)}, "still improving", id="cross-fitted"),
    ],
)
def test_a_run_gets_its_verdict(tiny: Callable[..., Experiment], changes: Any, word: str) -> None:
    defaults = {
        "dataset": Wine(),
        "model": Shallow(),
        "training": Training(epochs=150, batch_size=16),
    }
    artifacts = {artifact.name: artifact for artifact in run(tiny(**(defaults | changes)))}
    metadata = artifacts["verdict"]
    assert isinstance(metadata, RunMetadata)
    assert metadata.values["verdict"]["word"] == word


# Curves and numbers


def test_the_rate_of_a_curve_is_its_relative_fall_per_epoch() -> None:
    curve = Curve(np.exp(-0.02 * np.arange(100)))
    assert curve.rate == pytest.approx(0.02)
    assert curve.mean_rate == pytest.approx(0.02)
    assert curve.fall(0.5) == pytest.approx(1 - np.exp(-0.02 * 50))
    assert not curve.is_level


@pytest.mark.parametrize("seed", range(20))
def test_noise_about_a_level_neither_falls_nor_rises(seed: int) -> None:
    curve = Curve(noise(200, 0.05, seed))
    assert curve.rate == 0
    assert curve.is_level
    assert curve.rise(199) == 0
    assert curve.noise == pytest.approx(0.05, rel=0.3)


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=60), st.floats(1e-3, 1e3))
def test_what_a_curve_shows_does_not_depend_on_its_unit(losses: list[float], unit: float) -> None:
    one, other = Curve(np.array(losses)), Curve(unit * np.array(losses))
    assert other.rate == pytest.approx(one.rate, abs=1e-9)
    assert other.noise == pytest.approx(one.noise, abs=1e-9)
    assert other.largest_jump == pytest.approx(one.largest_jump)


def test_a_jump_is_measured_from_the_least_loss_before() -> None:
    assert Curve(np.array([4.0, 1.0, 2.0, 1.5])).largest_jump == 1.0
    assert Curve(np.array([4.0])).largest_jump == 0


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        pytest.param((0.351, 0.35), ["0.351", "0.35"], id="three digits"),
        pytest.param((0.8998, 0.9), ["0.8998", "0.9"], id="near a threshold"),
        pytest.param((0.9, 0.9), ["0.9", "0.9"], id="equal"),
        pytest.param((1.00000000001, 1.0), ["1.00000000001", "1"], id="very near"),
    ],
)
def test_numbers_that_differ_are_not_rounded_to_the_same(
    values: tuple[float, float], texts: list[str]
) -> None:
    assert distinct(*values) == texts
