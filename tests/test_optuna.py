"""The Optuna sweeper: overrides to distributions, trials by number, a report of the best."""

import json
import math
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

import optuna
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import OmegaConf
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from sentences import Sentences

from aeexp.errors import UserError
from aeexp.runs import Ledger, Status, set_aside
from hydra_plugins.aeexp_optuna import sweeper
from hydra_plugins.aeexp_optuna._options import Direction, Sampler, direction
from hydra_plugins.aeexp_optuna._space import Space, space

Values = Mapping[str, str]
Objective = Callable[[Values], Any]
LR = "optimizer.lr=tag(log, interval(1e-5, 1))"
DIM = "model.latent_dim=range(2,9)"


class Launcher:
    """Replaces training by `objective`, a function of the values of a job's overrides.

    It returns the metrics of a run, or the status of a run without metrics, or raises an error.
    launched: the overrides of jobs by number, for each batch.
    """

    def __init__(self, folder: Path, objective: Objective) -> None:
        self.folder, self.objective = folder, objective
        self.launched: list[dict[int, Sequence[str]]] = []

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> list[JobReturn]:
        self.launched.append(dict(enumerate(job_overrides, initial_job_idx)))
        return [self._job(number, job) for number, job in self.launched[-1].items()]

    def _job(self, number: int, overrides: Sequence[str]) -> JobReturn:
        folder = self.folder / str(number)
        set_aside(folder)  # as aeexp's launchers do
        folder.mkdir()
        Ledger(self.folder).started({number: folder})
        hydra = {"runtime": {"output_dir": str(folder)}, "job": {"num": number}}
        config = OmegaConf.create({"hydra": hydra})
        ended = JobReturn(hydra_cfg=config, status=JobStatus.COMPLETED)
        try:
            result = self.objective(dict(override.split("=", 1) for override in overrides))
        except Exception as error:  # noqa: BLE001  (as Hydra does)
            ended.status, ended.return_value = JobStatus.FAILED, error
            return ended
        metrics, status = ({}, result) if isinstance(result, str) else (result, "COMPLETED")
        (folder / "metrics.json").write_text(json.dumps(metrics))
        (folder / "run.json").write_text(json.dumps({"status": status}))
        return ended

    @property
    def jobs(self) -> dict[int, Sequence[str]]:
        return {number: job for batch in self.launched for number, job in batch.items()}


Search = Callable[..., Launcher]


@pytest.fixture
def search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Search:
    """Return a function that runs a sweep as Hydra does, and returns the launcher."""

    def run(
        *overrides: str,
        to: Objective,
        objective: Any = "val_loss",
        folder: Path = tmp_path,
        **options: Any,
    ) -> Launcher:
        launcher = Launcher(folder, to)
        monkeypatch.setattr(Plugins, "instantiate_launcher", lambda *_, **__: launcher)
        config = {"hydra": {"sweep": {"dir": str(folder)}}, "sweep": {"objective": objective}}
        optuna_sweeper = sweeper.OptunaSweeper(**options)
        optuna_sweeper.setup(
            hydra_context=SimpleNamespace(config_loader=None),
            task_function=print,
            config=OmegaConf.create(config),
        )
        optuna_sweeper.sweep(list(overrides))
        return launcher

    return run


def study(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "study.json").read_text())


def trials(folder: Path) -> list[optuna.trial.FrozenTrial]:
    return optuna.load_study(study_name="aeexp", storage=f"sqlite:///{folder}/study.db").trials


CKA = "stability.cka"


def bowl(values: Values) -> dict[str, float]:
    """Return a loss with the minimum 0 at a learning rate of 0.01 and 5 factors."""
    lr, dim = float(values["optimizer.lr"]), int(values["model.latent_dim"])
    return {"val_loss": (math.log10(lr) + 2) ** 2 + 0.1 * (dim - 5) ** 2}


def space_of(*overrides: str, **config: Any) -> Space:
    return space(overrides, OmegaConf.create(config), None)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param("interval(0.5,2)", FloatDistribution(0.5, 2), id="reals"),
        pytest.param("interval(1,4)", FloatDistribution(1, 4), id="reals between whole numbers"),
        pytest.param("int(interval(1,4))", IntDistribution(1, 4), id="whole numbers"),
        pytest.param(
            "tag(log, interval(1e-5, 1))", FloatDistribution(1e-5, 1, log=True), id="logarithm"
        ),
        pytest.param("range(2,9)", IntDistribution(2, 8), id="range excludes its end"),
        pytest.param("range(0,10,4)", IntDistribution(0, 8, step=4), id="range with a step"),
        pytest.param("range(8,1,-3)", IntDistribution(2, 8, step=3), id="range downwards"),
        pytest.param("range(3,4)", IntDistribution(3, 3), id="range of one"),
        pytest.param("tag(log, range(1,65))", IntDistribution(1, 64, log=True), id="log range"),
        pytest.param(
            "range(0,0.35,0.1)", CategoricalDistribution([0.0, 0.1, 0.2, 0.3]), id="reals"
        ),
        pytest.param("shallow,deep", CategoricalDistribution(["shallow", "deep"]), id="options"),
        pytest.param("choice(3,1,3)", CategoricalDistribution([3, 1]), id="a value twice"),
        pytest.param(
            "[kmeans],[kmeans,hdbscan],null",
            CategoricalDistribution(["[kmeans]", "[kmeans,hdbscan]", "null"]),
            id="lists and null",
        ),
        pytest.param("shuffle(a,b,c,d,e)", CategoricalDistribution(list("abcde")), id="shuffled"),
    ],
)
def test_overrides_are_distributions(values: str, expected: BaseDistribution) -> None:
    assert space_of(f"x={values}").searched == {"x": expected}


def test_an_interval_of_an_integer_parameter_is_of_integers() -> None:
    overrides = [f"{key}=interval(0,2)" for key in ("a.rate", "a.n", "a.flag", "a.unknown")]
    searched = space_of(*overrides, a={"rate": 0.5, "n": 3, "flag": True}).searched
    assert [type(distribution) for distribution in searched.values()] == [
        *(FloatDistribution, IntDistribution, FloatDistribution, FloatDistribution)
    ]
    assert searched["a.n"] == IntDistribution(0, 2)


@pytest.mark.parametrize(
    "overrides",
    [
        pytest.param(["model=deep"], id="nothing"),
        pytest.param(["x=tag(log, interval(0, 1.0))"], id="logarithm of 0"),
        pytest.param(["x=interval(2,1)"], id="backwards"),
        pytest.param(["x=range(3,3)"], id="empty"),
        pytest.param(["x=tag(lin, interval(0,1))"], id="unknown tag"),
        pytest.param(["x=tag(log, choice(1,10))"], id="choices have no log"),
        pytest.param(["sweep.objective=a,b"], id="objectives"),
    ],
)
def test_an_invalid_search_space_is_rejected(overrides: list[str], sentences: Sentences) -> None:
    with sentences.raised(ValueError):
        space_of(*overrides)


def test_a_trial_has_fixed_and_sampled_overrides_and_the_last_of_a_key_counts() -> None:
    overrides = ("a=1", "b=1,2", "seed=range(8)", "b=c,d", "a=2", "seed=3", "+e=[1,2],null")
    searched = space_of(*overrides)
    assert searched.jobs(4, {"b": "c", "+e": "[1,2]"}) == {4: ["a=2", "seed=3", "b=c", "+e=[1,2]"]}


def test_seeds_of_a_trial_are_repeats_that_share_its_parameters() -> None:
    searched = space_of("a=1,2", "seed=5,7,5", "split.seed=0,1", "c=choice(3)")
    assert list(searched.searched) == ["a"]
    jobs = searched.jobs(2, {"a": 1})
    assert list(jobs) == [8, 9, 10, 11]
    assert all(job[:2] == ["c=3", "a=1"] for job in jobs.values())
    seeds = [["seed=5", "split.seed=0"], ["seed=5", "split.seed=1"], ["seed=7", "split.seed=0"]]
    assert [jobs[n][2:] for n in (8, 9, 10)] == seeds


def test_a_trial_is_judged_by_the_mean_of_its_seeds(search: Search, tmp_path: Path) -> None:
    def noisy(values: Values) -> dict[str, float]:
        return {"val_loss": float(values["a"]) + float(values["seed"])}

    search("a=0,10", "seed=0,4", to=noisy, n_trials=3)
    for trial in study(tmp_path)["trials"]:
        assert trial["values"] == [trial["params"]["a"] + 2]
    assert list(Ledger(tmp_path).jobs()) == [*range(6)]


def test_a_resumed_search_trains_again_what_has_no_directory(
    search: Search, tmp_path: Path
) -> None:
    def seed(values: Values) -> dict[str, float]:
        return {"val_loss": float(values["seed"])}

    for number in search("a=0,10", "seed=0,4", to=seed, n_trials=2).jobs:
        Ledger(tmp_path).finished(number, Status.COMPLETED)
    shutil.rmtree(tmp_path / "1")
    assert set(search("a=0,10", "seed=0,4", to=seed, n_trials=2).jobs) == {1}


def test_choices_survive_quoting() -> None:
    choices = ["a b", "it's", "1", "x,y", "1.5e-3", "true"]
    quoted = ",".join('"' + value + '"' for value in choices)
    (distribution,) = space_of(f"x={quoted}").searched.values()
    assert isinstance(distribution, CategoricalDistribution)
    jobs = [space_of("x=1,2").jobs(0, {"x": choice})[0][-1] for choice in distribution.choices]
    assert [o.value() for o in OverridesParser.create().parse_overrides(jobs)] == choices


def test_the_direction_of_a_search_is_the_direction_of_its_metric() -> None:
    assert direction("val_loss") is Direction.minimize
    assert direction("stability.cka") is Direction.maximize


def test_a_metric_without_a_direction_needs_one(sentences: Sentences) -> None:
    with sentences.raised(UserError):
        direction("epochs")


def test_an_unknown_objective_is_rejected(sentences: Sentences) -> None:
    with sentences.raised(UserError):
        direction("accurracy")


def test_an_explicit_direction_overrides_the_metric_s(search: Search, tmp_path: Path) -> None:
    search(LR, DIM, to=bowl, direction=[Direction.maximize], n_trials=8)
    report = study(tmp_path)
    values = [trial["values"][0] for trial in report["trials"]]
    assert report["directions"] == ["maximize"]
    assert report["best"] == [values.index(max(values))]


def test_each_objective_needs_a_direction(search: Search) -> None:
    with pytest.raises(
        ValueError, match=r"direction=\[maximize\]: give one direction for each.*a, b"
    ):
        search(LR, to=bowl, objective=["a", "b"], direction=[Direction.maximize])


def test_trials_are_launched_in_batches_under_their_numbers(
    search: Search, tmp_path: Path
) -> None:
    launcher = search("model=deep", LR, DIM, to=bowl, n_trials=10, batch=4)
    numbers = [list(batch) for batch in launcher.launched]
    assert numbers == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert all(job[0] == "model=deep" for job in launcher.jobs.values())
    reported = study(tmp_path)["trials"]
    assert [trial["number"] for trial in reported] == list(range(10))
    jobs = [dict(override.split("=") for override in job[1:]) for job in launcher.jobs.values()]
    assert [{k: str(v) for k, v in trial["params"].items()} for trial in reported] == jobs
    assert [trial["values"] for trial in reported] == [[bowl(job)["val_loss"]] for job in jobs]


def test_the_ledger_has_the_jobs_of_a_batch_before_they_are_launched(
    search: Search, tmp_path: Path
) -> None:
    counts: list[int] = []

    def look(values: Values) -> dict[str, float]:
        counts.append(len(Ledger(tmp_path).jobs()))
        return bowl(values)

    launcher = search(LR, DIM, to=look, n_trials=4, batch=2)
    assert counts == [2, 2, 4, 4]
    jobs = Ledger(tmp_path).jobs()
    assert {number: job.overrides for number, job in jobs.items()} == launcher.jobs


def best(search: Search, root: Path, sampler: Sampler, seed: int) -> float:
    folder = root / f"{sampler.name}{seed}"
    options = {"sampler": sampler, "seed": seed, "storage": f"journal:{root / 'journal'}"}
    search(LR, DIM, to=bowl, folder=folder, n_trials=40, **options)
    report = study(folder)
    return report["trials"][report["best"][0]]["values"][0]


def test_tpe_finds_a_minimum_faster_than_random_search(search: Search, tmp_path: Path) -> None:
    tpe, chance = (
        median(best(search, tmp_path, sampler, seed) for seed in range(5))
        for sampler in (Sampler.tpe, Sampler.random)
    )
    assert tpe < 0.02  # a factor of 1.4 in the learning rate, with the right number of factors
    assert tpe < chance / 2


def test_the_seed_determines_the_trials(search: Search, tmp_path: Path) -> None:
    jobs = [
        search(LR, DIM, to=bowl, folder=tmp_path / str(n), n_trials=16, seed=seed).jobs
        for n, seed in enumerate((1, 1, 2))
    ]
    assert jobs[0] == jobs[1]
    assert jobs[0] != jobs[2]


def test_diverged_trials_are_pruned_and_avoided(search: Search, tmp_path: Path) -> None:
    def steep(values: Values) -> Any:
        """Return a loss that decreases until training diverges."""
        lr = math.log10(float(values["optimizer.lr"]))
        return "DIVERGED" if lr > -2.5 else {"val_loss": -lr}

    search(LR, to=steep, n_trials=48)
    tried = trials(tmp_path)
    pruned = [t.number for t in tried if t.state is optuna.trial.TrialState.PRUNED]
    statuses = {t.user_attrs["status"] for t in tried if t.number in pruned}
    assert statuses == {"DIVERGED"}
    assert len([n for n in pruned if n >= 24]) < len([n for n in pruned if n < 24])
    assert study(tmp_path)["trials"][pruned[0]] == {
        "number": pruned[0],
        "state": "PRUNED",
        "values": None,
        "params": tried[pruned[0]].params,
        "status": "DIVERGED",
    }


def test_a_failed_trial_is_recorded_with_its_error_and_the_search_continues(
    search: Search, tmp_path: Path
) -> None:
    def fragile(values: Values) -> Any:
        match int(values["n"]) % 5:
            case 0:
                message = "no such\nthing"
                raise ValueError(message)
            case 1:
                return {"val_loss": None, "loss": 1.0}
            case 2:
                return "FAILED"
            case 3:
                return "RUNNING"
        return {"val_loss": 1.0}

    launcher = search("n=range(100)", to=fragile, n_trials=24)
    assert len(launcher.jobs) == 24
    expected = {
        0: ("FAIL", "FAILED", "ValueError: no such thing"),
        1: ("FAIL", "COMPLETED", "val_loss: undefined in its run"),
        2: ("FAIL", "FAILED", "its run did not complete"),
        3: ("FAIL", "INCOMPLETE", "its run did not complete"),
        4: ("COMPLETE", "COMPLETED", None),
    }
    kinds = {trial.params["n"] % 5 for trial in trials(tmp_path)}
    assert kinds == set(expected)
    for trial in trials(tmp_path):
        attributes = trial.user_attrs
        recorded = (trial.state.name, attributes["status"], attributes.get("error"))
        assert recorded == expected[trial.params["n"] % 5]


def test_a_search_stops_after_two_batches_of_failures(search: Search, tmp_path: Path) -> None:
    def broken(values: Values) -> Any:
        message = "disk full"
        raise OSError(message)

    with pytest.raises(ValueError, match="all 8 trials failed, the last: OSError: disk full"):
        search(LR, to=broken, batch=4)
    assert [trial["state"] for trial in study(tmp_path)["trials"]] == ["FAIL"] * 8


def test_an_objective_that_no_run_has_is_rejected_with_the_choices(search: Search) -> None:
    def run(values: Values) -> dict[str, float]:
        return {"loss": 1.0, "val_loss": 2.0}

    with pytest.raises(
        ValueError, match=r"sweep.objective=clustering.*: .* choose loss, val_loss"
    ):
        search(LR, to=run, objective="clustering.kmeans.ari")


def test_only_trials_without_the_objective_fail(search: Search, tmp_path: Path) -> None:
    metrics = iter([{name: 0.5} for name in ("stability.cka", "loss", "stability.cka")])
    search(LR, to=lambda _: next(metrics), objective="stability.cka", n_trials=3, batch=1)
    states = [trial["state"] for trial in study(tmp_path)["trials"]]
    assert states == ["COMPLETE", "FAIL", "COMPLETE"]


def test_several_objectives_give_the_pareto_front(search: Search, tmp_path: Path) -> None:
    def two(values: Values) -> dict[str, float]:
        return {"val_loss": bowl(values)["val_loss"], CKA: float(values["model.latent_dim"]) / 8}

    search(LR, DIM, to=two, objective=["val_loss", CKA])
    report = study(tmp_path)
    assert report["directions"] == ["minimize", "maximize"]
    values = [trial["values"] for trial in report["trials"]]

    def dominated(number: int) -> bool:
        loss, cka = values[number]
        return any(
            other[0] <= loss and other[1] >= cka and other != [loss, cka] for other in values
        )

    assert report["best"] == [n for n in range(len(values)) if not dominated(n)]
    assert 1 < len(report["best"]) < len(values)


class Interrupted:
    """An objective that is interrupted in the job number `at`, counted from 1."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, values: Values) -> dict[str, float]:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        return bowl(values)


def test_a_resumed_sweep_finishes_its_trials_and_continues_to_the_total(
    search: Search, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        search(LR, DIM, to=Interrupted(at=6), n_trials=12, batch=4)
    assert [trial["number"] for trial in study(tmp_path)["trials"]] == [0, 1, 2, 3]
    planned = Ledger(tmp_path).jobs()
    resumed = search(LR, DIM, to=bowl, n_trials=12, batch=4)
    # in the second batch one job had ended, one was interrupted, two had not started
    assert list(resumed.jobs) == list(range(5, 12))
    assert all(resumed.jobs[number] == planned[number].overrides for number in (5, 6, 7))
    reported = study(tmp_path)["trials"]
    assert [trial["number"] for trial in reported] == list(range(12))
    assert {trial["state"] for trial in reported} == {"COMPLETE"}
    for trial in reported:
        expected = bowl({key: str(value) for key, value in trial["params"].items()})
        assert trial["values"] == [expected["val_loss"]]


def test_a_finished_sweep_launches_nothing_unless_there_are_more_trials(
    search: Search, tmp_path: Path
) -> None:
    search(LR, DIM, to=bowl, n_trials=8)
    (tmp_path / "study.json").unlink()
    assert search(LR, DIM, to=bowl, n_trials=8).jobs == {}
    assert len(study(tmp_path)["trials"]) == 8
    assert list(search(LR, DIM, to=bowl, n_trials=10).jobs) == [8, 9]


def test_a_resumed_random_search_does_not_repeat_trials(search: Search) -> None:
    first = search(LR, to=lambda _: {"val_loss": 1.0}, n_trials=8, sampler=Sampler.random)
    second = search(LR, to=lambda _: {"val_loss": 1.0}, n_trials=16, sampler=Sampler.random)
    overrides = [job for jobs in (first.jobs, second.jobs) for (job,) in jobs.values()]
    assert len(set(overrides)) == 16


@pytest.mark.parametrize(
    ("overrides", "objective"),
    [
        pytest.param(["model=shallow,deep"], "loss", id="objective"),
        pytest.param(["model=shallow,linear"], "val_loss", id="choices"),
    ],
)
def test_a_sweep_is_not_resumed_as_another(
    search: Search, overrides: list[str], objective: str, sentences: Sentences
) -> None:
    search("model=shallow,deep", to=lambda _: {"val_loss": 1.0}, n_trials=2)
    with sentences.raised(ValueError):
        search(*overrides, to=lambda _: {"val_loss": 1.0}, objective=objective)


def test_sweeps_that_share_a_storage_are_not_mixed(search: Search, tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path}/shared.db"
    for name in ("a", "b"):
        launcher = search(LR, DIM, to=bowl, folder=tmp_path / name, n_trials=3, storage=storage)
        assert list(launcher.jobs) == [0, 1, 2]


def test_a_storage_that_cannot_be_opened_is_an_error_of_one_line(search: Search) -> None:
    with pytest.raises(ValueError, match=r"^hydra.sweeper.storage cannot be opened: [^\n]*$"):
        search(LR, to=bowl, storage="sqlite:////no/such/folder/study.db")


def test_importances_are_high_for_parameters_that_matter(search: Search, tmp_path: Path) -> None:
    search(LR, "model=shallow,deep", to=lambda values: bowl({**values, "model.latent_dim": "5"}))
    shares = study(tmp_path)["importances"]
    assert shares["optimizer.lr"] > 0.8
    assert sum(shares.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("n_trials", "objective"),
    [
        pytest.param(7, bowl, id="too few"),
        pytest.param(8, lambda _: {"val_loss": 1.0}, id="constant"),
    ],
)
def test_importances_are_empty_when_they_cannot_be_estimated(
    search: Search, tmp_path: Path, n_trials: int, objective: Objective
) -> None:
    search(LR, DIM, to=objective, n_trials=n_trials)
    assert study(tmp_path)["importances"] == {}


@pytest.mark.parametrize("option", ["n_trials", "batch"])
def test_an_option_out_of_bounds_is_rejected(search: Search, option: str) -> None:
    with pytest.raises(ValueError, match=f"^hydra.sweeper.{option} must be at least 1, got 0.$"):
        search(LR, to=bowl, **{option: 0})


PROGRAM = """
import json, os, sys
from pathlib import Path
import hydra
from hydra.core.hydra_config import HydraConfig
from aeexp.config.hydra_private import VERSION

os.environ["HYDRA_FULL_ERROR"] = "1"  # as aeexp does
if "--without" in sys.argv:
    sys.argv.remove("--without")
    sys.modules["optuna"] = None

@hydra.main(config_path="conf", config_name="config", **VERSION)
def main(config):
    folder = Path(HydraConfig.get().runtime.output_dir)
    loss = (config.rate - 0.5) ** 2 + (config.model.depth != 2)
    (folder / "run.json").write_text('{"status": "COMPLETED"}')
    (folder / "metrics.json").write_text(json.dumps({"val_loss": loss}))

try:
    main()
except ValueError as error:
    print(error)
"""


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs a Hydra program with the sweeper; warnings are errors."""
    models = tmp_path / "conf" / "model"
    models.mkdir(parents=True)
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "conf" / "config.yaml").write_text("defaults: [model: one, _self_]\nrate: 0.1\n")
    for depth, name in enumerate(("one", "two"), 1):
        (models / f"{name}.yaml").write_text(f"depth: {depth}\n")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "error", "program.py", "--multirun"]
        command += ["hydra/sweeper=aeexp_optuna", "hydra.sweep.dir=out", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


def test_hydra_finds_the_sweeper_and_runs_its_trials(
    program: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    overrides = ["rate=interval(0,1)", "model=glob(*)", "hydra.sweeper.sampler=random"]
    done = program(*overrides, "hydra.sweeper.n_trials=4", "hydra.sweeper.batch=2")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("0", "1", "2", "3", "multirun.yaml", "study.db", "study.json"),
        *("sweep.jsonl", "sweep.jsonl.lock"),
    }
    for trial in study(tmp_path / "out")["trials"]:
        rate, model = trial["params"]["rate"], trial["params"]["model"]
        assert trial["values"] == [(rate - 0.5) ** 2 + (model != "two")]
        ran = OmegaConf.load(tmp_path / "out" / str(trial["number"]) / ".hydra" / "config.yaml")
        assert ran == {"rate": rate, "model": {"depth": 1 + (model == "two")}}


def test_without_optuna_the_error_is_how_to_install_it(
    program: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    done = program("rate=interval(0,1)", "--without")
    assert done.stdout == (
        'hydra/sweeper=aeexp_optuna needs Optuna: pip install "aeexp[optuna]".\n'
    )
    assert not (tmp_path / "out").exists()


def test_discovery_of_plugins_does_not_import_optuna() -> None:
    code = "import sys; from hydra.core.plugins import Plugins; Plugins.instance();"
    code += "print({'hydra_plugins.aeexp_optuna.sweeper', 'optuna', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "{'hydra_plugins.aeexp_optuna.sweeper'}\n"
