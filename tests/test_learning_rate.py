"""Learning rate range test: four rules, and their answer."""

import csv
import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from asking import Stopping, answered, claims
from conftest import BACKEND
from hypothesis import given, settings
from hypothesis import strategies as st

from aeexp.analysis.rates import RULES, falling, middle, suggestions
from aeexp.config.spec import (
    SGD,
    Adam,
    Cosine,
    EarlyStopping,
    Experiment,
    LearningRate,
    NoFigures,
    OptimizerSpec,
    Shallow,
    Split,
    Training,
    Wine,
)
from aeexp.data import Floats
from aeexp.data.prepare import prepare_problem
from aeexp.pipeline.run import run
from aeexp.present.figures import learning_rate as draw
from aeexp.runs.artifact import Artifact, Table
from aeexp.training import Member, train

Run = Callable[..., subprocess.CompletedProcess[str]]
RATES = np.geomspace(1e-6, 10, 100)


def bowl(curvatures: list[float], steps: int = 60) -> Floats:
    """Return the losses of gradient descent in a quadratic bowl from (1, 1, …), by rate.

    It diverges at rates above 2 / the largest curvature.
    """
    curvature = np.array(curvatures)[:, None]
    with np.errstate(over="ignore"):
        losses = (curvature / 2 * (1 - curvature * RATES) ** (2 * steps)).sum(0)
    return np.where(losses > 1e12, np.nan, losses)


# The rules


@pytest.mark.parametrize("curvatures", [[1.0], [10.0, 1.0], [100.0, 3.0, 0.5]], ids=str)
def test_in_a_quadratic_bowl_every_rule_stays_below_the_limit_of_stability(
    curvatures: list[float],
) -> None:
    result = suggestions(RATES, bowl(curvatures))
    assert tuple(result) == RULES
    assert max(result.values()) < 2 / max(curvatures)


def test_the_rules_are_right_on_a_known_curve() -> None:
    at = np.log10(RATES)
    losses = 1 - 1 / (1 + np.exp(-4 * (at + 3))) + 0.05 * np.clip(at + 1, 0, None)
    result = suggestions(RATES, losses)
    assert result["minimum"] == pytest.approx(1e-2, rel=0.2)
    assert result["steep"] == pytest.approx(1e-3, rel=0.1)
    assert result["valley"] == pytest.approx(1e-3, rel=0.2)
    assert result["slide"] == pytest.approx(10**-3.5, rel=0.3)  # the slopes meet around the steep


@settings(max_examples=30, deadline=None)
@given(st.floats(-3, 3), st.floats(0.01, 100))
def test_another_unit_of_rate_or_loss_changes_no_rule(decades: float, unit: float) -> None:
    losses = bowl([10.0, 1.0])
    result = suggestions(RATES, losses)
    other = suggestions(RATES * 10**decades, losses * unit)
    assert other == pytest.approx({rule: rate * 10**decades for rule, rate in result.items()})


def test_rates_above_the_lowest_loss_are_ignored() -> None:
    losses = bowl([10.0, 1.0])
    least = int(np.nanargmin(losses))
    wild = losses.copy()
    wild[least + 1 :] = np.random.default_rng(0).uniform(1, 9, len(losses) - least - 1)
    assert suggestions(RATES, wild) == suggestions(RATES, losses)


def test_rates_above_the_first_divergence_are_ignored() -> None:
    losses = np.linspace(1, 0, 100)
    losses[40] = np.nan
    rates, falling_losses = falling(RATES, losses)
    assert (len(rates), falling_losses[-1]) == (40, losses[39])


@pytest.mark.parametrize(
    "losses",
    [
        pytest.param(np.ones(100), id="flat"),
        pytest.param(np.linspace(1, 2, 100), id="rising"),
        pytest.param(np.full(100, np.nan), id="diverged"),
        pytest.param(np.where(np.arange(100) < 2, 1.0, np.inf), id="two_rates"),
        pytest.param(1 - 1e-3 * np.linspace(0, 1, 100), id="hardly_falling"),
    ],
)
def test_no_rate_is_suggested_if_the_loss_does_not_fall(losses: Floats) -> None:
    assert suggestions(RATES, losses) == {}


def test_the_middle_of_the_rules_is_hardly_moved_by_one() -> None:
    rules = {"valley": 1e-3, "minimum": 1e-2, "steep": 1e-3, "slide": 1e-2}
    assert middle(rules) == pytest.approx(10**-2.5)
    assert middle(rules | {"slide": 1e9}) == pytest.approx(10**-2.5)


# The answer


def asked(**changes: Any) -> Experiment:
    defaults: dict[str, Any] = {
        "question": LearningRate(rates=12, lowest=1e-5, highest=1.0),
        "dataset": Wine(),
        "figures": NoFigures(),
        "backend": BACKEND,
    }
    return Experiment(**(defaults | changes))


def columns(result: Mapping[str, Artifact]) -> Mapping[str, Any]:
    table = result["learning_rate"]
    assert isinstance(table, Table)
    return table.columns


def test_on_wine_the_suggestion_trains_better_than_the_usual_rate_of_adam() -> None:
    experiment = asked(question=LearningRate(rates=30), model=Shallow())
    result = answered(experiment)
    suggested = float(claims(result)["next"][1].partition("optimizer.lr=")[2].split()[0])
    problem = prepare_problem(experiment)

    def member(rate: float) -> Member:
        longer = replace(experiment, optimizer=Adam(lr=rate), training=Training(epochs=60))
        return Member(
            experiment=longer, x=problem.x, rows=problem.rows.train, val=problem.rows.val
        )

    suggestion, usual = train([member(suggested), member(1e-3)]).histories
    assert suggestion.val_loss[-1] < 0.95 * usual.val_loss[-1]


def test_neither_a_schedule_nor_a_stop_changes_the_test() -> None:
    plain = answered(asked())
    changes = {
        "schedule": Cosine(),
        "training": Training(early_stopping=EarlyStopping(patience=1)),
    }
    np.testing.assert_array_equal(
        columns(plain)["loss"], columns(answered(asked(**changes)))["loss"]
    )


def test_a_rate_has_the_loss_of_a_run_at_that_rate() -> None:
    experiment = asked(question=LearningRate(rates=10, lowest=1e-3, highest=1e-1, epochs=2))
    result = columns(answered(experiment))
    problem = prepare_problem(experiment)
    changes = replace(
        experiment, optimizer=Adam(lr=float(result["rate"][4])), training=Training(epochs=2)
    )
    member = Member(experiment=changes, x=problem.x, rows=problem.rows.train, val=problem.rows.val)
    [history] = train([member]).histories
    assert result["loss"][4] == pytest.approx(history.loss[-1], rel=1e-4)


@pytest.mark.parametrize(
    ("optimizer", "question", "about", "claim", "text"),
    [
        pytest.param(
            SGD(),
            LearningRate(rates=12, lowest=1e-4, highest=1e6),
            "divergence",
            "yes",
            "of 12 rates diverged, from",
            id="diverged",
        ),
        pytest.param(
            SGD(),
            LearningRate(rates=10, lowest=1e5, highest=1e6),
            "learning_rate",
            "undecided",
            "even the lowest rate diverged",
            id="all_diverged",
        ),
        pytest.param(
            Adam(),
            LearningRate(rates=10, lowest=1e-8, highest=1e-7),
            "learning_rate",
            "undecided",
            "no rate lowered the loss",
            id="too_low",
        ),
        pytest.param(
            Adam(),
            LearningRate(rates=10, lowest=1e-5, highest=1e-3),
            "learning_rate",
            "undecided",
            "the highest rate tried",
            id="still_falling",
        ),
    ],
)
def test_the_answer_of_each_case(
    optimizer: OptimizerSpec, question: LearningRate, about: str, claim: str, text: str
) -> None:
    changes = claims(answered(asked(optimizer=optimizer, question=question)))[about]
    assert changes[0] == claim
    assert text in changes[1]


def test_a_stopped_test_has_no_answer() -> None:
    question = LearningRate(rates=10, epochs=500)
    names = {artifact.name for artifact in run(asked(question=question), Stopping())}
    assert "answer" not in names


def test_without_held_out_rows_the_training_loss_decides() -> None:
    result = answered(asked(split=Split(validation=0)))
    assert claims(result)["learning_rate"][0] == "yes"
    assert np.isnan(columns(result)["val_loss"]).all()


def test_the_lowest_rate_must_be_below_the_highest() -> None:
    with pytest.raises(ValueError, match=r"LearningRate\.lowest must be below 1, the highest"):
        LearningRate(lowest=2, highest=1)


# The figure


@pytest.mark.parametrize(
    ("losses", "val_losses"),
    [
        pytest.param(bowl([10.0, 1.0]), 2 * bowl([10.0, 1.0]), id="diverged"),
        pytest.param(bowl([10.0, 1.0]), np.full(100, np.nan), id="none_held_out"),
        pytest.param(bowl([10.0, 1.0]) * 1e6, bowl([10.0, 1.0]), id="large"),
        pytest.param(np.full(100, np.nan), np.full(100, np.nan), id="all_diverged"),
        pytest.param(np.ones(100), np.ones(100), id="flat"),
    ],
)
def test_no_text_of_the_figure_is_cut_off(losses: Floats, val_losses: Floats) -> None:
    table = {"rate": RATES, "loss": losses, "val_loss": val_losses}
    figure = draw(table, suggestions(RATES, losses), 0.01, "W" * 200)
    figure.canvas.draw()
    drawn, (x, y) = figure.get_tightbbox(), figure.get_size_inches()
    assert min(drawn.x0, drawn.y0) >= -0.01
    assert drawn.x1 <= x + 0.01
    assert drawn.y1 <= y + 0.01


def test_the_figure_names_every_rule_and_the_recommendation() -> None:
    losses = bowl([10.0, 1.0])
    table = {"rate": RATES, "loss": losses, "val_loss": losses}
    figure = draw(table, suggestions(RATES, losses), 0.0123, "")
    legend = " ".join(text.get_text() for text in figure.legends[0].get_texts())
    assert all(rule in legend for rule in RULES)
    assert any("recommended: 0.012," in text.get_text() for text in figure.texts)


# The command line


def test_the_command_line_suggests_a_rate_and_the_command_to_use_it(
    aeexp: Run, tmp_path: Path
) -> None:
    done = aeexp("experiment=learning_rate", "question.rates=10", "hydra.run.dir=asked")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "asked"
    sentences = json.loads((folder / "answer.json").read_text())["sentences"]
    assert all(part["short"] in done.stdout for part in sentences)
    assert "Use it:\n  aeexp " in done.stdout
    assert len(done.stdout.splitlines()) <= 25
    rows = [*csv.DictReader((folder / "learning_rate.csv").read_text().splitlines())]
    assert [*rows[0]] == ["rate", "loss", "val_loss", "status"]
    assert len(rows) == 10
    assert (folder / "figures" / "learning_rate.png").is_file()
    assert not (folder / "model").exists()
