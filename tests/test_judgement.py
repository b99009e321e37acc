"""A sweep's best setting is judged as one that was chosen; effects have the known truth."""

import json
from collections.abc import Mapping
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from made_sweep import Made, crossed, loss, made

from aeexp.analysis.sweep.chance import chosen_by_chance, compare
from aeexp.analysis.sweep.comparison import Comparison
from aeexp.analysis.sweep.effects import Effects, effects
from aeexp.analysis.sweep.judgement import judge
from aeexp.analysis.sweep.outcome import outcomes
from aeexp.present.text.next_sweep import next_sweep
from aeexp.sweep.summary import summarise

R2 = "reconstruction.test.r2"


def test_the_choice_of_the_best_of_many_settings_keeps_the_level() -> None:
    generator = np.random.default_rng(0)
    corrected, uncorrected = [], []
    for _ in range(1_000):
        # settings share the luck of a table; those with more factors explain more of any table
        r2 = generator.normal(size=(16, 20)) + generator.normal(size=20)
        r2 += np.arange(16)[:, None] * 10
        scores = (r2 - r2.mean(1, keepdims=True)) / r2.std(1, keepdims=True)
        best = scores[:, 0].argmax()  # the least favourable choice: by the tested numbers
        test = compare(np.vstack([r2[best], np.delete(r2, best, 0)]))
        corrected.append(test.p)
        uncorrected.append(test.uncorrected)
    assert np.mean(np.array(corrected) <= 0.05) == pytest.approx(0.05, abs=0.02)
    assert np.mean(np.array(uncorrected) <= 0.05) > 0.15


def test_structure_is_found_in_spite_of_the_choice() -> None:
    r2 = np.random.default_rng(0).normal(size=(16, 20))
    r2[:, 0] += 8
    assert (compare(r2).p, compare(r2).tables) == (0.05, 19)


def write_tests(folder: Path, r2: Mapping[int, Mapping[int, float]]) -> None:
    """Write the tests of each job: R² by the number of the table, 0 for the run's own."""
    for job, of_job in r2.items():
        (folder / f"{job}/evidence.csv").write_text(
            f"number,control,observed\n{R2},permuted columns,{of_job[0]}\n{R2},one cloud,9\n"
        )
        rows = [f"permuted columns,{n},{value}" for n, value in of_job.items() if n]
        text = "\n".join([f"control,table,{R2}", *rows, "one cloud,99,0.5", ""])
        (folder / f"{job}/null.csv").write_text(text)


def test_settings_are_compared_on_the_tables_that_all_of_them_have(tmp_path: Path) -> None:
    combinations = crossed({"lr": ["1", "2"], "seed": ["0", "1"]})
    jobs = [Made(overrides, metrics=loss(i)) for i, overrides in enumerate(combinations)]
    sweep = made(tmp_path, jobs)
    assert chosen_by_chance(Comparison(outcomes(sweep))) is None
    one = {0: 0.9, 1: 0.1, 2: 0.2, 3: 0.3}
    write_tests(sweep, {0: one, 2: {0: 0.5, 2: 0.9, 3: 0.1, 4: 0.7}})
    test = chosen_by_chance(Comparison(outcomes(sweep)))
    assert test
    assert (test.observed, test.tables, test.settings) == (0.9, 2, 2)
    assert (test.p, test.uncorrected) == (pytest.approx(1 / 3), pytest.approx(1 / 3))


def of_sweep(
    folder: Path, value: Mapping[str, float], noise: float, *, together: float
) -> Effects:
    """Return the effects in a made sweep. value: what each override adds to the loss.

    together: what model=deep adds to the effect of lr=2.
    """
    generator = np.random.default_rng(3)
    names = {key: [] for key in dict.fromkeys(override.partition("=")[0] for override in value)}
    for override in value:
        names[override.partition("=")[0]].append(override)
    jobs = []
    for *setting, seed in product(*names.values(), range(4)):
        number = sum(value[override] for override in setting) + noise * generator.normal() + seed
        number += together * ({"model=deep", "lr=2"} <= {*setting})
        jobs.append(Made([*setting, f"seed={seed}"], metrics=loss(number)))
    return effects(Comparison(outcomes(made(folder, jobs))))


VALUE = {"model=shallow": 0, "model=deep": -1, "lr=1": 0, "lr=2": 3, "lr=3": 5}
VALUE |= {"a=0": 0, "a=1": 0}


def test_effects_have_the_known_differences_within_their_intervals(tmp_path: Path) -> None:
    effects = of_sweep(tmp_path, VALUE, 0.2, together=0)
    assert [effect.key for effect in effects.effects] == ["lr", "model", "a"]
    assert [effect.best for effect in effects.effects[:2]] == ["1", "deep"]
    for effect, truth in zip(effects.effects, (5, 1, 0), strict=True):
        assert effect.low <= truth <= effect.high
        assert effect.high - effect.low < 0.5
    assert not effects.interactions


def test_an_interaction_is_named(tmp_path: Path) -> None:
    (effects,) = of_sweep(tmp_path, VALUE, 0.2, together=2).interactions
    assert {effects.one, effects.other} == {"model", "lr"}
    assert effects.p < 0.001


SWEPT = "--multirun lr=1,2,4 model=deep"
COMMAND = ["--multirun", "lr=1,2,4", "model=deep", "evidence=none", "hydra.sweep.dir=x"]


@pytest.mark.parametrize(
    ("values", "seeds", "arguments", "command"),
    [
        pytest.param("124", 1, COMMAND, f"{SWEPT} evidence=none 'seed=range(4)'", id="seeds"),
        pytest.param("124", 2, COMMAND, f"{SWEPT} evidence=quick", id="evidence"),
        pytest.param("421", 2, COMMAND[:3], "--multirun model=deep lr=4,6,8", id="end"),
        pytest.param("214", 2, COMMAND[:3], "model=deep lr=2 evidence=full", id="best"),
    ],
)
def test_the_next_step_is_a_complete_command(
    values: str, seeds: int, arguments: list[str], command: str, tmp_path: Path
) -> None:
    jobs = [
        Made([f"lr={lr}", f"seed={seed}"], metrics=loss(int(value) + seed))
        for lr, value in zip("124", values, strict=True)
        for seed in range(seeds)
    ]
    judgement = judge(Comparison(outcomes(made(tmp_path, jobs))))
    assert judgement
    assert next_sweep(judgement, arguments).sentence.endswith(f": aeexp {command}")


def test_the_summary_has_its_numbers_in_a_file(tmp_path: Path) -> None:
    metrics = {"reconstruction.test.mse": 0.5, "reconstruction.test.r2": 0.5}
    metrics |= {"baseline.pca.advantage": 0.3, "baseline.pca.advantage.se": 0.1}
    metrics |= {"stability.cka_reconstructions": 0.95, "baseline.pca.val.mse": 0.7}
    jobs = [
        Made([f"lr={lr}", f"seed={seed}"], metrics=loss(lr + seed / 10, **metrics))
        for lr in (1, 3)
        for seed in range(2)
    ]
    sweep = made(tmp_path, jobs)
    one = {n: 0.1 * n for n in range(1, 20)}
    write_tests(sweep, {0: one | {0: 9.0}, 2: one | {0: 8.0}})
    summary = summarise([sweep], tmp_path)
    content = json.loads((tmp_path / "summary.json").read_text())
    assert content["best"] == {"overrides": {"lr": "1"}, "jobs": [0, 1]}
    assert content["validation"]["n"] == 2
    assert content["as_good"] == [{"lr": "1"}]
    assert content["chance"]["p"] == 0.05
    assert content["pca"] == {"delta_mse": 0.3, "delta_se": pytest.approx(0.1)}
    claims = {part["about"]: part["claim"] for part in content["sentences"]}
    asked = ["best", "test", "chance", "pca", "stability", "parameters", "next"]
    assert claims == dict.fromkeys(asked, "yes")
    assert len(summary.lines) <= 12
    assert "baseline.pca.val.mse" in summary.page.read_text().replace("<wbr>", "")
