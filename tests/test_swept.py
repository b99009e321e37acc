"""What a sweep varies: its jobs, its objective, its launcher and sweeper, checked beforehand."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf
from sentences import Sentences

from aeexp.config.combinations import combinations
from aeexp.config.compose import compositions, for_hydra, to_experiment
from aeexp.config.hydra_private import get_args_parser
from aeexp.config.objectives import Objectives
from aeexp.config.sources import register
from aeexp.config.spec import Experiment, NoEvidence
from aeexp.errors import UserError
from aeexp.pipeline.experiment import configuration
from aeexp.runs import Record, Run
from aeexp.sweep.resume import require_unchanged

register()
FILES = {
    "on_processes": "defaults: [override /hydra/launcher: process]\ntraining: {epochs: 5}",
    "search": "defaults: [override /hydra/sweeper: aeexp_optuna]\n"
    "hydra: {sweeper: {n_trials: 6, params: {optimizer.lr: 'interval(0.001,1)'}}}",
    "rates": "hydra: {sweeper: {params: {optimizer.lr: '0.1,0.2'}}}",
    "seeds": "hydra: {sweeper: {params: {seed: '0,1,2'}}}",
    "plain": "training: {epochs: 5}",
}


@pytest.fixture
def folder(tmp_path: Path) -> Sequence[str]:
    """Return arguments that add experiments' files."""
    (tmp_path / "experiment").mkdir()
    for name, content in FILES.items():
        (tmp_path / f"experiment/{name}.yaml").write_text(f"# @package _global_\n{content}\n")
    return "--config-dir", str(tmp_path)


def jobs(*arguments: str) -> list[list[str]]:
    parsed = get_args_parser().parse_args(["--multirun", *arguments])
    return [list(config.hydra.overrides.task) for config in compositions(parsed)]


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        pytest.param(["a=1e-3,0.001,1"], ["a=0.001", "a=1"], id="numbers"),
        pytest.param(["a=x,y,x"], ["a=x", "a=y"], id="words"),
        pytest.param(["a=1,2", "a=3,3"], ["a=3"], id="the last of a key"),
        pytest.param(["a='1',1,true"], ["a='1'", "a=1", "a=True"], id="text is no number"),
    ],
)
def test_a_setting_given_twice_is_one_job(overrides: list[str], expected: list[str]) -> None:
    parsed = OverridesParser.create().parse_overrides(overrides)
    assert [line for (line,) in combinations(parsed)] == expected


@pytest.mark.parametrize(
    ("experiment", "part", "target"),
    [
        ("on_processes", "launcher", "launchers.ProcessLauncher"),
        ("search", "sweeper", "sweeper.OptunaSweeper"),
        ("plain", "launcher", "launchers.PopulationLauncher"),
        ("plain", "sweeper", "grid.GridSweeper"),
    ],
)
def test_an_experiment_s_file_can_choose_how_to_sweep(
    folder: Sequence[str], experiment: str, part: str, target: str
) -> None:
    parsed = get_args_parser().parse_args(["--multirun", f"experiment={experiment}", *folder])
    configs = [*compositions(parsed)]
    assert {config.hydra[part]._target_.endswith(target) for config in configs} == {True}
    assert len(configs) == (2 if experiment == "search" else 1)


def test_the_command_line_has_precedence_over_an_experiment_s_launcher(
    folder: Sequence[str],
) -> None:
    arguments = ["--multirun", "experiment=on_processes", "hydra/launcher=population", *folder]
    (config,) = compositions(get_args_parser().parse_args(arguments))
    assert config.hydra.launcher._target_.endswith("PopulationLauncher")


def test_sweeps_of_several_experiments_are_all_made(folder: Sequence[str]) -> None:
    assert len(jobs("experiment=[rates,seeds]", *folder)) == 6


@pytest.mark.parametrize("other", ["rates", "on_processes", "search"])
def test_sweeps_of_swept_experiments_are_refused(
    folder: Sequence[str], other: str, sentences: Sentences
) -> None:
    with sentences.raised(UserError):
        jobs(f"experiment=plain,{other}", *folder)


@pytest.mark.parametrize(
    "overrides",
    [
        ["dataset=swiss_roll,s_curve", "dataset.samples=300"],
        ["optimizer=sgd,rmsprop", "optimizer.momentum=0.9"],
        ["regulariser=[l1],[l1,dropout]", "regulariser.l1.strength=1e-3,1e-2"],
    ],
)
def test_a_key_of_all_swept_options_is_accepted(overrides: list[str]) -> None:
    assert len(jobs(*overrides)) == 2 * (1 + ("," in overrides[1]))
    of_hydra = for_hydra(get_args_parser().parse_args(["--multirun", *overrides]))
    assert of_hydra[1] in {overrides[1], overrides[1].replace("=", "=choice(") + ")"}
    parsed = OverridesParser.create().parse_overrides(of_hydra)
    assert all(override.is_sweep_override() for override in parsed)


@pytest.mark.parametrize(
    "overrides",
    [
        pytest.param(["optimizer=adam,sgd", "optimizer.momentum=0.9"], id="one of two"),
        pytest.param(
            ["preprocessing=minmax,robust,standard", "preprocessing.high=90"], id="one of three"
        ),
        pytest.param(["regulariser=none,l1", "regulariser.l1.strength=1,2"], id="several"),
        pytest.param(["dataset.samples=3", "dataset=swiss_roll,wine"], id="dataset"),
    ],
)
def test_a_key_of_some_swept_options_is_refused_by_naming_them(
    overrides: list[str], sentences: Sentences
) -> None:
    with sentences.raised(UserError):
        jobs(*overrides)


@pytest.mark.parametrize(
    ("objective", "reason"),
    [
        ("val_los", "there is no such metric; did you mean val_loss?"),
        ("clustering.hdbscan.ari", "no run of this sweep would measure it"),
        ("reconstruction.test.mse", "no run of this sweep would measure it"),
        ("val_loss.mean", "no run of this sweep would measure it"),
        ("clustering.kmeans.n_clusters", "neither more nor less"),
        ("[val_loss,los]", "did you mean loss?"),
        ("clustering.kmeans.ari", None),
        ("reconstruction.val.r2", None),
        ("val_loss", None),
    ],
)
def test_an_objective_that_no_run_has_is_refused_before_training(
    objective: str, reason: str | None
) -> None:
    arguments = ["--multirun", f"sweep.objective={objective}", "evidence=none", "seed=0,1"]
    objectives = None
    for config in compositions(get_args_parser().parse_args(arguments)):
        objectives = objectives or Objectives(config)
        objectives.seek(to_experiment(config), {"train", "val"}, folds=False)
    assert objectives
    if reason is None:
        objectives.require_found()
    else:
        with pytest.raises(UserError, match=reason.replace("?", r"\?")):
            objectives.require_found()


def test_repeats_have_an_objective_unless_they_learn_from_all_rows() -> None:
    arguments = ["--multirun", "sweep.objective=val_loss.mean", "repeats=4", "evidence=none"]
    for folds in (False, True):
        (config,) = compositions(get_args_parser().parse_args(arguments))
        objectives = Objectives(config)
        objectives.seek(to_experiment(config), {"train", "val"}, folds=folds)
        assert objectives.missing == (["val_loss.mean"] if folds else [])


def test_a_finished_run_that_would_now_be_another_experiment_is_not_added_to(
    tmp_path: Path, sentences: Sentences
) -> None:
    experiment = Experiment(evidence=NoEvidence())
    (tmp_path / ".hydra").mkdir()
    (tmp_path / ".hydra" / "config.yaml").write_bytes(configuration(experiment))
    Record(tmp_path, experiment).begin()
    config = OmegaConf.structured(experiment)
    require_unchanged(tmp_path, 0, Run(tmp_path), config)
    config.training.epochs = 9
    with sentences.raised(UserError):
        require_unchanged(tmp_path, 0, Run(tmp_path), config)
