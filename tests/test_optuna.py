"""The search: Hydra's words in, trials by number, a study that tells what was best."""

import json
import math
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
from aeexp.runs import Ledger, set_aside
from hydra_plugins.aeexp_optuna import sweeper
from hydra_plugins.aeexp_optuna._options import Direction, Sampler, direction
from hydra_plugins.aeexp_optuna._space import Space, space

Said = Mapping[str, str]
Objective = Callable[[Said], Any]
LR = "optimizer.lr=tag(log, interval(1e-5, 1))"
DIM = "model.latent_dim=range(2,9)"


class Launcher:
    """Stands for jobs: each leaves what `objective` makes of its words.

    That is its metrics, the status of a run without any, or what it raises. launched: the words
    of the jobs by number, batch by batch.
    """

    def __init__(self, folder: Path, objective: Objective) -> None:
        self.folder, self.objective = folder, objective
        self.launched: list[dict[int, Sequence[str]]] = []

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> list[JobReturn]:
        self.launched.append(dict(enumerate(job_overrides, initial_job_idx)))
        return [self._job(number, words) for number, words in self.launched[-1].items()]

    def _job(self, number: int, words: Sequence[str]) -> JobReturn:
        folder = self.folder / str(number)
        set_aside(folder)  # as our launchers do
        folder.mkdir()
        Ledger(self.folder).started({number: folder})
        hydra = {"runtime": {"output_dir": str(folder)}, "job": {"num": number}}
        config = OmegaConf.create({"hydra": hydra})
        ended = JobReturn(hydra_cfg=config, status=JobStatus.COMPLETED)
        try:
            came_to = self.objective(dict(word.split("=", 1) for word in words))
        except Exception as error:  # noqa: BLE001  (as Hydra does)
            ended.status, ended.return_value = JobStatus.FAILED, error
            return ended
        metrics, status = ({}, came_to) if isinstance(came_to, str) else (came_to, "COMPLETED")
        (folder / "metrics.json").write_text(json.dumps(metrics))
        (folder / "run.json").write_text(json.dumps({"status": status}))
        return ended

    @property
    def jobs(self) -> dict[int, Sequence[str]]:
        return {number: words for batch in self.launched for number, words in batch.items()}


Search = Callable[..., Launcher]


@pytest.fixture
def search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Search:
    """Sweep over words in a directory, as Hydra would have it done; give the launcher."""

    def run(
        *words: str,
        to: Objective,
        objective: Any = "val_loss",
        folder: Path = tmp_path,
        **options: Any,
    ) -> Launcher:
        launcher = Launcher(folder, to)
        monkeypatch.setattr(Plugins, "instantiate_launcher", lambda *_, **__: launcher)
        said = {"hydra": {"sweep": {"dir": str(folder)}}, "sweep": {"objective": objective}}
        searching = sweeper.OptunaSweeper(**options)
        searching.setup(
            hydra_context=SimpleNamespace(config_loader=None),
            task_function=print,
            config=OmegaConf.create(said),
        )
        searching.sweep(list(words))
        return launcher

    return run


def study(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "study.json").read_text())


def trials(folder: Path) -> list[optuna.trial.FrozenTrial]:
    return optuna.load_study(study_name="aeexp", storage=f"sqlite:///{folder}/study.db").trials


CKA = "stability.cka"


def bowl(said: Said) -> dict[str, float]:
    """The least is 0, at a learning rate of 0.01 and 5 factors."""
    lr, dim = float(said["optimizer.lr"]), int(said["model.latent_dim"])
    return {"val_loss": (math.log10(lr) + 2) ** 2 + 0.1 * (dim - 5) ** 2}


def spanned(*words: str, **config: Any) -> Space:
    return space(words, OmegaConf.create(config), None)


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
        pytest.param("choice(3,1,3)", CategoricalDistribution([3, 1]), id="a value said twice"),
        pytest.param(
            "[kmeans],[kmeans,hdbscan],null",
            CategoricalDistribution(["[kmeans]", "[kmeans,hdbscan]", "null"]),
            id="lists and null",
        ),
        pytest.param("shuffle(a,b,c,d,e)", CategoricalDistribution(list("abcde")), id="shuffled"),
    ],
)
def test_hydras_words_are_distributions(values: str, expected: BaseDistribution) -> None:
    assert spanned(f"x={values}").searched == {"x": expected}


def test_an_interval_is_of_whole_numbers_where_the_parameter_is_one() -> None:
    words = [f"{key}=interval(0,2)" for key in ("a.rate", "a.n", "a.flag", "a.unknown")]
    found = spanned(*words, a={"rate": 0.5, "n": 3, "flag": True}).searched
    assert [type(distribution) for distribution in found.values()] == [
        *(FloatDistribution, IntDistribution, FloatDistribution, FloatDistribution)
    ]
    assert found["a.n"] == IntDistribution(0, 2)


@pytest.mark.parametrize(
    "words",
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
def test_what_cannot_be_searched_is_refused(words: list[str], sentences: Sentences) -> None:
    with sentences.raised(ValueError):
        spanned(*words)


def test_a_trial_says_what_is_fixed_and_what_it_tries_and_later_words_count() -> None:
    found = spanned("a=1", "b=1,2", "seed=range(8)", "b=c,d", "a=2", "seed=3", "+e=[1,2],null")
    assert found.overrides({"b": "c", "+e": "[1,2]"}) == ["a=2", "seed=3", "b=c", "+e=[1,2]"]
    assert set(found.searched) == {"b", "+e"}


def test_choices_come_back_as_they_were_said() -> None:
    said = ["a b", "it's", "1", "x,y", "1.5e-3", "true"]
    quoted = ",".join('"' + value + '"' for value in said)
    (distribution,) = spanned(f"x={quoted}").searched.values()
    assert isinstance(distribution, CategoricalDistribution)
    words = [spanned("x=1,2").overrides({"x": choice})[-1] for choice in distribution.choices]
    assert [o.value() for o in OverridesParser.create().parse_overrides(words)] == said


def test_a_search_goes_the_way_in_which_its_metric_is_better() -> None:
    assert direction("val_loss") is Direction.minimize
    assert direction("stability.cka") is Direction.maximize


def test_a_search_for_what_is_better_neither_way_must_be_told_one(sentences: Sentences) -> None:
    with sentences.raised(UserError):
        direction("epochs")


def test_a_search_for_no_metric_is_refused(sentences: Sentences) -> None:
    with sentences.raised(UserError):
        direction("accurracy")


def test_a_direction_that_is_said_wins(search: Search, tmp_path: Path) -> None:
    search(LR, DIM, to=bowl, direction=[Direction.maximize], n_trials=8)
    told = study(tmp_path)
    values = [trial["values"][0] for trial in told["trials"]]
    assert told["directions"] == ["maximize"]
    assert told["best"] == [values.index(max(values))]


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
    assert all(words[0] == "model=deep" for words in launcher.jobs.values())
    told = study(tmp_path)["trials"]
    assert [trial["number"] for trial in told] == list(range(10))
    said = [dict(word.split("=") for word in words[1:]) for words in launcher.jobs.values()]
    assert [{k: str(v) for k, v in trial["params"].items()} for trial in told] == said
    assert [trial["values"] for trial in told] == [[bowl(each)["val_loss"]] for each in said]


def test_the_ledger_knows_the_jobs_of_a_batch_before_they_are_launched(
    search: Search, tmp_path: Path
) -> None:
    known: list[int] = []

    def look(said: Said) -> dict[str, float]:
        known.append(len(Ledger(tmp_path).jobs()))
        return bowl(said)

    launcher = search(LR, DIM, to=look, n_trials=4, batch=2)
    assert known == [2, 2, 4, 4]
    jobs = Ledger(tmp_path).jobs()
    assert {number: job.overrides for number, job in jobs.items()} == launcher.jobs


def best(search: Search, root: Path, sampler: Sampler, seed: int) -> float:
    folder = root / f"{sampler.name}{seed}"
    options = {"sampler": sampler, "seed": seed, "storage": f"journal:{root / 'journal'}"}
    search(LR, DIM, to=bowl, folder=folder, n_trials=40, **options)
    told = study(folder)
    return told["trials"][told["best"][0]]["values"][0]


def test_tpe_finds_the_bottom_of_a_bowl_and_sooner_than_chance(
    search: Search, tmp_path: Path
) -> None:
    tpe, chance = (
        median(best(search, tmp_path, sampler, seed) for seed in range(5))
        for sampler in (Sampler.tpe, Sampler.random)
    )
    assert tpe < 0.02  # a factor of 1.4 in the learning rate, with the right number of factors
    assert tpe < chance / 2


def test_another_seed_searches_elsewhere_and_the_same_one_alike(
    search: Search, tmp_path: Path
) -> None:
    tried = [
        search(LR, DIM, to=bowl, folder=tmp_path / str(n), n_trials=16, seed=seed).jobs
        for n, seed in enumerate((1, 1, 2))
    ]
    assert tried[0] == tried[1]
    assert tried[0] != tried[2]


def test_what_diverges_is_pruned_and_then_avoided(search: Search, tmp_path: Path) -> None:
    def steep(said: Said) -> Any:
        """The closer to where it diverges, the better."""
        lr = math.log10(float(said["optimizer.lr"]))
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


def test_a_failed_trial_is_recorded_with_its_error_and_stops_nothing(
    search: Search, tmp_path: Path
) -> None:
    def fragile(said: Said) -> Any:
        match int(said["n"]) % 5:
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
        told = (trial.state.name, attributes["status"], attributes.get("error"))
        assert told == expected[trial.params["n"] % 5]


def test_two_batches_of_failures_are_enough(search: Search, tmp_path: Path) -> None:
    def broken(said: Said) -> Any:
        message = "disk full"
        raise OSError(message)

    with pytest.raises(ValueError, match="all 8 trials failed, the last: OSError: disk full"):
        search(LR, to=broken, batch=4)
    assert [trial["state"] for trial in study(tmp_path)["trials"]] == ["FAIL"] * 8


def test_an_objective_that_no_run_knows_is_refused_with_those_there_are(search: Search) -> None:
    def run(said: Said) -> dict[str, float]:
        return {"loss": 1.0, "val_loss": 2.0}

    with pytest.raises(
        ValueError, match=r"sweep.objective=clustering.*: .* choose loss, val_loss"
    ):
        search(LR, to=run, objective="clustering.kmeans.ari")


def test_an_objective_that_some_runs_do_not_have_fails_those_alone(
    search: Search, tmp_path: Path
) -> None:
    metrics = iter([{name: 0.5} for name in ("stability.cka", "loss", "stability.cka")])
    search(LR, to=lambda _: next(metrics), objective="stability.cka", n_trials=3, batch=1)
    states = [trial["state"] for trial in study(tmp_path)["trials"]]
    assert states == ["COMPLETE", "FAIL", "COMPLETE"]


def test_several_objectives_give_the_front_that_nothing_dominates(
    search: Search, tmp_path: Path
) -> None:
    def two(said: Said) -> dict[str, float]:
        return {"val_loss": bowl(said)["val_loss"], CKA: float(said["model.latent_dim"]) / 8}

    search(LR, DIM, to=two, objective=["val_loss", CKA])
    told = study(tmp_path)
    assert told["directions"] == ["minimize", "maximize"]
    values = [trial["values"] for trial in told["trials"]]

    def dominated(number: int) -> bool:
        loss, ari = values[number]
        return any(
            other[0] <= loss and other[1] >= ari and other != [loss, ari] for other in values
        )

    assert told["best"] == [n for n in range(len(values)) if not dominated(n)]
    assert 1 < len(told["best"]) < len(values)


class Interrupted:
    """An objective that is interrupted in its so-many-th job."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, said: Said) -> dict[str, float]:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        return bowl(said)


def test_a_resumed_sweep_ends_what_it_began_and_goes_on_to_the_total(
    search: Search, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        search(LR, DIM, to=Interrupted(at=6), n_trials=12, batch=4)
    assert [trial["number"] for trial in study(tmp_path)["trials"]] == [0, 1, 2, 3]
    asked = Ledger(tmp_path).jobs()
    resumed = search(LR, DIM, to=bowl, n_trials=12, batch=4)
    # of the second batch one job had ended, one was interrupted, two were not begun
    assert list(resumed.jobs) == list(range(5, 12))
    assert all(resumed.jobs[number] == asked[number].overrides for number in (5, 6, 7))
    told = study(tmp_path)["trials"]
    assert [trial["number"] for trial in told] == list(range(12))
    assert {trial["state"] for trial in told} == {"COMPLETE"}
    for trial in told:
        expected = bowl({key: str(value) for key, value in trial["params"].items()})
        assert trial["values"] == [expected["val_loss"]]


def test_a_sweep_that_is_done_has_nothing_to_resume_and_more_trials_go_on(
    search: Search, tmp_path: Path
) -> None:
    search(LR, DIM, to=bowl, n_trials=8)
    (tmp_path / "study.json").unlink()
    assert search(LR, DIM, to=bowl, n_trials=8).jobs == {}
    assert len(study(tmp_path)["trials"]) == 8
    assert list(search(LR, DIM, to=bowl, n_trials=10).jobs) == [8, 9]


def test_chance_does_not_repeat_itself_on_resuming(search: Search) -> None:
    first = search(LR, to=lambda _: {"val_loss": 1.0}, n_trials=8, sampler=Sampler.random)
    second = search(LR, to=lambda _: {"val_loss": 1.0}, n_trials=16, sampler=Sampler.random)
    words = [word for jobs in (first.jobs, second.jobs) for (word,) in jobs.values()]
    assert len(set(words)) == 16


@pytest.mark.parametrize(
    ("words", "objective"),
    [
        pytest.param(
            ["model=shallow,deep"],
            "loss",
            id="objective",
        ),
        pytest.param(["model=shallow,linear"], "val_loss"),
    ],
)
def test_a_sweep_is_not_resumed_as_another(
    search: Search, words: list[str], objective: str, sentences: Sentences
) -> None:
    search("model=shallow,deep", to=lambda _: {"val_loss": 1.0}, n_trials=2)
    with sentences.raised(ValueError):
        search(*words, to=lambda _: {"val_loss": 1.0}, objective=objective)


def test_sweeps_that_share_a_storage_are_not_mixed(search: Search, tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path}/shared.db"
    for name in ("a", "b"):
        launcher = search(LR, DIM, to=bowl, folder=tmp_path / name, n_trials=3, storage=storage)
        assert list(launcher.jobs) == [0, 1, 2]


def test_a_storage_that_cannot_be_opened_is_told_in_a_line(search: Search) -> None:
    with pytest.raises(ValueError, match=r"^hydra.sweeper.storage cannot be opened: [^\n]*$"):
        search(LR, to=bowl, storage="sqlite:////no/such/folder/study.db")


def test_importances_say_which_parameter_matters(search: Search, tmp_path: Path) -> None:
    search(LR, "model=shallow,deep", to=lambda said: bowl({**said, "model.latent_dim": "5"}))
    shares = study(tmp_path)["importances"]
    assert shares["optimizer.lr"] > 0.8
    assert sum(shares.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("n_trials", "objective"),
    [
        pytest.param(7, bowl, id="too few"),
        pytest.param(8, lambda _: {"val_loss": 1.0}, id="all alike"),
    ],
)
def test_importances_are_empty_where_they_cannot_be_told(
    search: Search, tmp_path: Path, n_trials: int, objective: Objective
) -> None:
    search(LR, DIM, to=objective, n_trials=n_trials)
    assert study(tmp_path)["importances"] == {}


@pytest.mark.parametrize("option", ["n_trials", "batch"])
def test_an_option_out_of_bounds_is_refused(search: Search, option: str) -> None:
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
    """Run a program of Hydra's with a group and a real number, warnings being errors."""
    models = tmp_path / "conf" / "model"
    models.mkdir(parents=True)
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "conf" / "config.yaml").write_text("defaults: [model: one, _self_]\nrate: 0.1\n")
    for depth, name in enumerate(("one", "two"), 1):
        (models / f"{name}.yaml").write_text(f"depth: {depth}\n")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "error", "program.py", "--multirun"]
        command += ["hydra/sweeper=aeexp_optuna", "hydra.sweep.dir=out", *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


def test_hydra_finds_the_sweeper_and_runs_its_trials(
    program: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    words = ["rate=interval(0,1)", "model=glob(*)", "hydra.sweeper.sampler=random"]
    done = program(*words, "hydra.sweeper.n_trials=4", "hydra.sweeper.batch=2")
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


def test_without_optuna_one_line_says_how_to_get_it(
    program: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    done = program("rate=interval(0,1)", "--without")
    assert done.stdout == (
        'hydra/sweeper=aeexp_optuna needs Optuna: pip install "aeexp[optuna]".\n'
    )
    assert not (tmp_path / "out").exists()


def test_other_programs_of_hydras_do_not_import_optuna() -> None:
    asked = "import sys; from hydra.core.plugins import Plugins; Plugins.instance();"
    asked += "print({'hydra_plugins.aeexp_optuna.sweeper', 'optuna', 'numpy'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True
    )
    assert done.stdout == "{'hydra_plugins.aeexp_optuna.sweeper'}\n"
