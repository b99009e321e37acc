"""What the default does: the split, the trials, the choice, and the model that is shown."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from aeexp.analysis.choice import Choice, Trial, TrialResult, choose
from aeexp.analysis.evidence.advantage import advantage
from aeexp.config.overrides import with_null
from aeexp.config.spec import (
    Adam,
    Auto,
    Backend,
    Blobs,
    Deep,
    EarlyStopping,
    Experiment,
    HowMany,
    NoEvidence,
    Quick,
    Residual,
    Split,
    Table,
    Training,
)
from aeexp.data import Dataset, Rows, folds, partition
from aeexp.data.automatic import WIDTHS, Candidate, candidates, settled
from aeexp.data.prepare import Problem, prepare_problem
from aeexp.errors import UserError
from aeexp.pipeline.run import run
from aeexp.pipeline.trainings import train_runs
from aeexp.present.text.choice import describe_choice
from aeexp.runs.artifact import Artifact
from aeexp.runs.progress import Monitor

Make = Callable[..., Experiment]


def dataset(rows: int, features: int = 4) -> Dataset:
    x = np.random.default_rng(0).normal(size=(rows, features))
    return Dataset("made", x, tuple(map(str, range(features))), range(rows))


@pytest.fixture
def auto(tiny: Make, backend: Backend) -> Make:
    """Make an experiment that leaves everything automatic, on a small table."""

    def make(**changes: Any) -> Experiment:
        settings = {
            "dataset": Blobs(samples=40, features=5, centers=2),
            "model": Auto(latent_dim=2),
            "split": Split(),
            "optimizer": Adam(),
            "training": Training(epochs=3),
            "backend": backend,
        }
        return tiny(**(settings | changes))

    return make


# --- rows that train, decide and judge


@pytest.mark.parametrize(
    ("split", "counts"),
    [
        pytest.param(Split(folds=1), (60, 20, 20), id="nothing set"),
        pytest.param(Split(validation=0.3), (70, 30, 0), id="validation alone: no test rows"),
        pytest.param(Split(test=0.3), (50, 20, 30), id="test alone"),
        pytest.param(Split(validation=0.1, test=0.1), (80, 10, 10), id="both"),
        pytest.param(Split(validation=0), (100, 0, 0), id="no rows held out"),
    ],
)
def test_a_single_split_has_three_parts(split: Split, counts: tuple[int, ...]) -> None:
    rows = partition(split, dataset(100))
    assert tuple(len(part) for part in rows.parts.values()) == counts
    assert sorted(np.concatenate([*rows.parts.values()])) == [*range(100)]
    judged = "test" if counts[2] else "val" if counts[1] else "train"
    assert rows.evaluated[0] == judged


@pytest.mark.parametrize(("rows", "expected"), [(999, 5), (1_000, 0)])
def test_tables_of_few_rows_are_cross_fitted(rows: int, expected: int) -> None:
    assert len(folds(Split(), dataset(rows))) == expected
    assert not folds(Split(validation=0.2), dataset(rows))


@pytest.mark.parametrize("rows", [10, 40, 101, 178, 569])
def test_each_row_judges_once_and_its_model_never_saw_it(rows: int) -> None:
    splits = folds(Split(folds=5), dataset(rows))
    assert sorted(np.concatenate([split.test for split in splits])) == [*range(rows)]
    sizes = {(len(split.train), len(split.val)) for split in splits}
    assert len(sizes) == 1, "all folds train as one program"
    for split in splits:
        parts = [*split.parts.values(), split.unused]
        assert sorted(np.concatenate(parts)) == [*range(rows)]
        assert len(split.unused) <= max(1, rows // 10) + 1
        assert split.count == rows
        assert (split.names[split.test] == "test").all()


def test_the_smallest_tables_have_no_test_rows() -> None:
    assert not folds(Split(), dataset(19))
    assert len(folds(Split(), dataset(20))) == 5
    assert partition(Split(), dataset(3)).evaluated[0] == "val"


def test_a_subset_of_rows_keeps_its_parts() -> None:
    rows = Rows(np.array([0, 2, 4]), np.array([1]), np.array([3]), np.array([5]))
    part = rows.subset(np.array([1, 2, 3, 5]))
    assert [p.tolist() for p in part.parts.values()] == [[1], [0], [2]]
    assert part.unused.tolist() == [3]


@pytest.mark.parametrize(
    ("split", "message"),
    [
        pytest.param(Split(folds=2), "at least 3 folds", id="too few folds"),
        pytest.param(Split(folds=30), "2 rows in each", id="too few rows"),
        pytest.param(Split(folds=5, column="part"), "Remove one of them", id="and a column"),
    ],
)
def test_impossible_folds_are_refused(split: Split, message: str) -> None:
    with pytest.raises(UserError, match=message):
        folds(split, dataset(40))


def test_other_questions_use_a_single_split(auto: Make) -> None:
    assert not prepare_problem(auto(question=HowMany())).folds
    with pytest.raises(UserError, match="needs question=structure"):
        prepare_problem(auto(question=HowMany(), split=Split(folds=5)))


def test_a_column_can_mark_test_rows(tmp_path: Path, auto: Make) -> None:
    path, parts = tmp_path / "t.csv", ["train"] * 20 + ["Validation"] * 6 + [" test "] * 4
    pd.DataFrame({"a": range(30), "b": np.arange(30) % 7, "part": parts}).to_csv(path, index=False)
    experiment = auto(dataset=Table(path=str(path)), split=Split(column="part"))
    rows = prepare_problem(experiment).rows
    assert (rows.val.tolist(), rows.test.tolist()) == ([*range(20, 26)], [*range(26, 30)])


def test_the_scaling_of_a_fold_ignores_its_held_out_rows(auto: Make) -> None:
    problem = prepare_problem(auto())
    for fold in problem.folds:
        assert fold.x[fold.rows.train].mean(0) == pytest.approx(0, abs=1e-5)
    assert problem.x.mean(0) == pytest.approx(0, abs=1e-5)


# --- numbers that follow from the table


def test_what_is_automatic_becomes_a_number_and_what_is_set_is_kept() -> None:
    experiment = settled(Experiment(), 107, validated=True)
    assert isinstance(experiment.model, Residual)
    assert (experiment.training.batch_size, experiment.optimizer.lr) == (15, 3e-3)
    assert experiment.training.early_stopping.patience
    own = Experiment(
        model=Deep(), optimizer=Adam(lr=0.5), training=Training(epochs=7, batch_size=9)
    )
    assert settled(own, 107, validated=True) == own
    assert [c.experiment for c in candidates(own, 107)] == [own]
    assert not settled(Experiment(), 107, validated=False).training.early_stopping.patience


def test_a_set_number_of_epochs_has_the_usual_learning_rate() -> None:
    deep = Experiment(model=Deep(), training=Training(epochs=7))
    assert [c.experiment.optimizer.lr for c in candidates(deep, 107)] == [1e-3]
    rates = [c.experiment.optimizer.lr for c in candidates(Experiment(model=Deep()), 107)]
    assert sorted(map(float, filter(None, rates))) == pytest.approx([1e-3, 3e-3, 1e-2])


def test_the_candidates_rise_from_a_linear_model() -> None:
    first, *others = candidates(Experiment(), 107)
    assert (first.level, first.experiment.training.epochs) == (0, 0)
    assert isinstance(first.experiment.model, Residual)
    assert first.experiment.model.hidden == []
    assert [c.level for c in others] == [1, 1, 2, 2]
    hidden = {
        tuple(c.experiment.model.hidden)
        for c in others
        if isinstance(c.experiment.model, Residual)
    }
    assert hidden == {tuple(units) for units, _ in WIDTHS}


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("training.epochs=auto", "training.epochs=null"),
        ("optimizer.lr=auto,0.1", "optimizer.lr=null,0.1"),
        ("+split.folds=auto", "+split.folds=null"),
        ("model=auto", "model=auto"),
        ("dataset.path=auto", "dataset.path=auto"),
        ("--multirun", "--multirun"),
    ],
)
def test_auto_stands_for_null_where_a_number_can_be_automatic(
    override: str, expected: str
) -> None:
    assert with_null(override) == expected


# --- the choice


def made_choice(*errors: Sequence[float], levels: Sequence[int]) -> Choice:
    """Return the choice among candidates with these errors of validation rows, in two folds."""
    problem = Problem.__new__(Problem)
    several, results = [], []
    for number, (rows, level) in enumerate(zip(errors, levels, strict=True)):
        candidate = Candidate(Experiment(model=Residual(hidden=[] if not level else [4])), level)
        for fold, part in enumerate(np.array_split(np.asarray(rows, float), 2)):
            several.append(Trial(number, candidate, problem, fold))
            losses = np.array([part.mean() + 0.1, part.mean()])
            results.append(TrialResult(part, part, np.ones(len(part)), losses, 2))
    return choose(several, results)


NOISE = np.tile([0.0, 0.02, -0.02, 0.0], 10)


def test_the_simplest_candidate_within_a_standard_error_is_chosen() -> None:
    clear = made_choice(0.5 + NOISE, 0.4 + NOISE, 0.3 + 0 * NOISE, levels=(0, 1, 2))
    assert (clear.number, clear.best) == (2, 2)
    close = made_choice(0.5 + NOISE, 0.301 + NOISE, 0.3 + 0 * NOISE, levels=(0, 1, 2))
    assert (close.number, close.best) == (1, 2)


def test_less_than_a_point_of_variance_is_not_worth_a_more_complex_model() -> None:
    assert made_choice([0.309] * 40, [0.3] * 40, levels=(0, 1)).number == 0
    assert made_choice([0.311] * 40, [0.3] * 40, levels=(0, 1)).number == 1


def test_a_candidate_that_diverged_is_not_chosen() -> None:
    choice = made_choice([0.5] * 40, [np.nan] * 40, levels=(0, 1))
    assert choice.number == 0
    assert "explains nan" not in describe_choice(
        made_choice([0.5] * 40, [0.2] * 40, levels=(0, 1))
    )


def test_a_fold_is_judged_by_a_setting_chosen_without_its_rows() -> None:
    # fold 1 holds the validation rows of split 0: there the complex model is far better
    first, second = [0.5] * 20 + [0.3] * 20, [0.1] * 20 + [0.3] * 20
    choice = made_choice(first, second, levels=(0, 1))
    assert choice.number == 1
    assert [*choice.by_fold] == [1, 0]


def test_the_epoch_is_that_which_is_best_for_all_folds_together() -> None:
    problem, candidate = Problem.__new__(Problem), Candidate(Experiment(model=Residual()), 1)
    ones = np.ones(4)
    curves = [np.array([5.0, 1.0, 3.0, 4.0]), np.array([5.0, 4.0, 3.0, 1.0])]
    results = [
        TrialResult(ones, ones, 2 * ones, curve, int(curve.argmin()) + 1) for curve in curves
    ]
    choice = choose([Trial(0, candidate, problem, fold) for fold in (0, 1)], results)
    assert choice.epochs.tolist() == [2]  # mean losses 5, 2.5, 3, 2.5
    assert choice.mse == pytest.approx([2.5])  # instead of 1, the mean of two lucky epochs


# --- whole runs


def by_name(experiment: Experiment) -> dict[str, Any]:
    artifacts: dict[str, Artifact] = {artifact.name: artifact for artifact in run(experiment)}
    return artifacts


def test_a_default_run_says_what_it_tried_and_judges_every_row(auto: Make) -> None:
    artifacts = by_name(auto(evidence=NoEvidence()))
    tried = artifacts["candidates"].columns
    assert sum(tried["chosen"]) == 1
    assert tried["model"][0] == "linear (PCA)"
    latents = artifacts["latents"].columns
    assert sorted(np.unique(latents["fold"])) == [1, 2, 3, 4, 5]
    metrics = artifacts["metrics"].values
    for name in ("reconstruction.test.mse", "baseline.pca.test.mse", "val_loss"):
        assert np.isfinite(metrics[name]), name
    assert "5-fold cross-fitting" in artifacts["methods.md"].content.decode()


def test_the_linear_candidate_has_the_error_of_pca(auto: Make) -> None:
    artifacts = by_name(auto(evidence=NoEvidence()))
    tried, metrics = artifacts["candidates"].columns, artifacts["metrics"].values
    assert tried["test_mse"][0] == pytest.approx(metrics["baseline.pca.test.mse"], rel=1e-3)


def test_test_rows_decide_nothing(auto: Make) -> None:
    experiment = auto(split=Split(folds=1), evidence=NoEvidence())
    problem = prepare_problem(experiment)
    x = problem.x.copy()
    x[problem.rows.test] += 100
    (one,), (other,) = (
        train_runs([(experiment, table)], Monitor()) for table in (problem, replace(problem, x=x))
    )
    assert one.planned.choice
    assert other.planned.choice
    assert one.planned.choice.number == other.planned.choice.number
    assert np.array_equal(one.planned.choice.mse, other.planned.choice.mse)
    pairs = zip(one.trained.weights[0], other.trained.weights[0], strict=True)
    assert all(np.array_equal(*pair) for pair in pairs)


def test_the_kept_model_learns_from_all_rows_and_stops_as_the_folds(auto: Make) -> None:
    training = Training(epochs=6, early_stopping=EarlyStopping(patience=2))
    experiment = auto(model=Residual(latent_dim=2, hidden=[4]), training=training)
    problem = prepare_problem(experiment)
    (trained,) = train_runs([(experiment, problem)], Monitor())
    choice = trained.planned.choice
    assert choice
    assert len(trained.planned.own[0].rows) == len(problem.x)
    assert len(trained.histories[0].loss) == choice.epochs[choice.number]
    assert len(trained.fold_histories) == 5


def test_the_most_typical_repeat_is_shown(auto: Make) -> None:
    experiment = auto(
        model=Deep(latent_dim=2, hidden=[8]), evidence=Quick(), split=Split(validation=0.25)
    )
    problem = prepare_problem(experiment)
    (trained,) = train_runs([(experiment, problem)], Monitor())
    x_hats = []
    for number in range(len(trained.planned.own)):
        network = trained.trained.network(number)
        x_hats.append(network.decode(network.encode(problem.x)))
    distances = [sum(np.square(one - other).sum() for other in x_hats) for one in x_hats]
    assert int(np.argmin(distances)) == 0
    seeds = [control.experiment.seed for control in trained.planned.own]
    assert sorted(seeds) == experiment.seeds
    assert trained.planned.own[0] in trained.planned.controls


def test_rows_of_a_fold_are_not_counted_as_independent() -> None:
    effect = np.repeat([-1.0, -0.5, 0.0, 0.5, 1.0], 20)
    noise = np.random.default_rng(0).normal(0, 0.01, 100)
    errors, baseline = (1 - effect + noise)[None], np.ones(100)
    alone = advantage(errors, baseline)
    grouped = advantage(errors, baseline, np.repeat(np.arange(5), 20))
    assert grouped.se > 2 * alone.se
    assert grouped.mean == alone.mean
