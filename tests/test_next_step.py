"""The advice at the end of an answer: one step for each state of a run."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from aeexp.analysis.evidence.baselines import AUTOENCODER
from aeexp.analysis.labels.scores import Score
from aeexp.analysis.verdict import Case
from aeexp.app.notebook import compose
from aeexp.config.options import OPTIONS
from aeexp.config.spec import (
    Adam,
    Backend,
    EvidenceSpec,
    Experiment,
    FullEvidence,
    NoEvidence,
    Shallow,
    StandardEvidence,
    Table,
    Training,
)
from aeexp.data.design import Design
from aeexp.data.quality.gross import GrossCell
from aeexp.pipeline.run import run
from aeexp.present.text.command import COMMAND, ENCODE
from aeexp.present.text.next_step import CHOOSE, NOTHING_MORE, next_step
from aeexp.present.text.sentence import Sentence
from aeexp.runs.artifact import Document, Metrics

YES = {"chance": "yes", "stability": "yes", "pca": "yes"}
SCORE = Score("kind", "knn r2", AUTOENCODER, 50, 0.9, 0.8, 0.05, 0.0, 0.05, 0.005, 199)


@dataclass(frozen=True)
class MadeRun:
    """The state of a run. levels: of the candidates; empty if the user chose the model."""

    case: Case = Case.good
    claims: Mapping[str, str] = field(default_factory=lambda: YES)
    reproducible: tuple[bool, ...] = (True, True, True)
    levels: tuple[int, ...] = (0, 1)
    number: int = 1
    tested: bool = True
    features: int = 13
    evidence: EvidenceSpec = field(default_factory=StandardEvidence)
    changes: Mapping[str, Any] = field(default_factory=dict)
    epochs: int = 200
    labels: tuple[Score, ...] = ()
    looks_ordered: float | None = None
    gross: tuple[GrossCell, ...] = ()
    codes: tuple[str, ...] = ()
    sufficient: bool = True

    @property
    def choice(self) -> Any:
        """Return the choice of a candidate."""
        candidates = [SimpleNamespace(level=level) for level in self.levels]
        is_linear = bool(self.levels) and self.levels[self.number] == 0 < max(self.levels)
        return SimpleNamespace(candidates=candidates, is_linear=is_linear)

    @property
    def result(self) -> Any:
        """Return the result."""
        return SimpleNamespace(
            planned=SimpleNamespace(choice=self.choice if self.levels else None),
            experiment=Experiment(evidence=self.evidence, **self.changes),
            factors=["z1", "z2", "z3"],
            problem=SimpleNamespace(data=SimpleNamespace(features=["x"] * self.features)),
        )

    @property
    def gathered(self) -> Any:
        """Return the evidence."""
        stability = SimpleNamespace(reproducible=np.array(self.reproducible))
        return SimpleNamespace(
            tested=["R²"] if self.tested else [],
            stability=stability if self.reproducible else None,
            labels=self.labels,
            cards=(),
            batch=None,
            codes=self.codes,
            is_sufficient=self.sufficient,
            design=Design(looks_ordered=self.looks_ordered),
            gross=self.gross,
            depth=None,
        )


def advice(case: Case = Case.good, **state: Any) -> Sentence:
    """Return the next step of a made-up run."""
    run = MadeRun(case, **state)
    training = SimpleNamespace(interrupted=False, loss=[0.0] * run.epochs)
    verdict = cast("Any", SimpleNamespace(case=case, training=training))
    sentences = [Sentence(about, claim, "") for about, claim in run.claims.items()]
    return next_step(sentences, run.result, run.gathered, verdict)


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        pytest.param(
            {
                "case": Case.diverged,
                "looks_ordered": 0.5,
                "changes": {"dataset": Table(path="x.csv")},
            },
            "State what the order means: dataset.time=rows",
            id="order not stated",
        ),
        pytest.param(
            {"case": Case.diverged, "gross": (GrossCell(0, 0, 1e9, 1e9),)},
            "preprocessing=robust preprocessing.clip=10",
            id="gross errors",
        ),
        pytest.param(
            {"case": Case.diverged, "changes": {"optimizer": Adam(lr=1.0)}},
            "optimizer.lr=auto",
            id="diverged",
        ),
        pytest.param(
            {"case": Case.still_improving, "changes": {"training": Training(epochs=5)}},
            "training.epochs=auto",
            id="few epochs",
        ),
        pytest.param(
            {"case": Case.still_improving, "epochs": 2_000}, "training.epochs=4000", id="improves"
        ),
        pytest.param(
            {"case": Case.underfitting, "levels": (), "changes": {"model": Shallow()}},
            CHOOSE,
            id="model of the user",
        ),
        pytest.param({"sufficient": False}, "get more rows or columns", id="too small"),
        pytest.param({"case": Case.unvalidated}, "split.validation=0.2", id="no rows judge"),
        pytest.param(
            {
                "claims": YES | {"chance": "undecided"},
                "tested": False,
                "evidence": NoEvidence(),
            },
            "evidence=standard",
            id="structure not tested",
        ),
        pytest.param(
            {"claims": YES | {"chance": "undecided"}, "features": 4},
            "model.latent_dim=2",
            id="hardly compressed",
        ),
        pytest.param(
            {"claims": YES | {"chance": "undecided"}}, "evidence=full", id="structure undecided"
        ),
        pytest.param({"claims": YES | {"chance": "no"}}, "get more rows", id="no structure"),
        pytest.param({"reproducible": ()}, "repeats=8", id="stability not tested"),
        pytest.param({"number": 0}, "principal components", id="linear model chosen"),
        pytest.param({"claims": YES | {"pca": "no"}}, "Use PCA", id="PCA is as good"),
        pytest.param({"claims": YES | {"pca": "undecided"}}, "more rows", id="PCA undecided"),
        pytest.param({}, "Interpret the factors by their cards.", id="all is decided"),
        pytest.param(
            {"reproducible": (True, False, True)}, "Interpret z1, z3", id="one factor differs"
        ),
        pytest.param(
            {"reproducible": (False, False, False)}, "no single factor", id="no factor comes back"
        ),
        pytest.param(
            {"claims": YES | {"stability": "no"}}, "no single factor", id="another space"
        ),
    ],
)
def test_each_state_of_a_run_has_its_advice(run: dict[str, Any], expected: str) -> None:
    assert expected in advice(**run).sentence


def test_a_run_that_followed_the_advice_gets_another_one() -> None:
    undecided = YES | {"chance": "undecided"}
    chain = [
        advice(
            Case.underfitting,
            levels=(),
            claims=undecided,
            tested=False,
            changes={"model": Shallow()},
            evidence=NoEvidence(),
        ),
        advice(Case.underfitting, claims=undecided, tested=False, evidence=NoEvidence()),
        advice(Case.underfitting, claims=undecided, features=4),
        advice(Case.underfitting, claims=undecided),
        advice(Case.underfitting, claims=undecided, evidence=FullEvidence()),
    ]
    sentences = [sentence.sentence for sentence in chain]
    assert len({*sentences}) == len(sentences)
    assert all(f"{COMMAND} " in text for text in sentences[:-1])
    assert "Only more rows can decide" in sentences[-1]


@pytest.mark.parametrize(
    "run", [{}, {"number": 0}, {"claims": YES | {"pca": "no"}}, {"claims": YES | {"chance": "no"}}]
)
def test_the_last_advice_gains_nothing_more(run: dict[str, Any]) -> None:
    last = advice(**run)
    assert last.sentence.startswith(NOTHING_MORE)
    assert last.command == ENCODE


@pytest.mark.parametrize(
    "run",
    [
        {"looks_ordered": 0.5, "changes": {"dataset": Table(path="x.csv", time="rows")}},
        {"case": Case.unstable, "changes": {"training": Training(epochs=4000)}},
        {"reproducible": (), "changes": {"repeats": 8}},
        {"claims": YES | {"chance": "undecided"}, "evidence": FullEvidence()},
    ],
    ids=["time", "training", "repeats", "evidence"],
)
def test_an_advice_that_a_run_has_followed_is_not_given_again(run: dict[str, Any]) -> None:
    assert advice(**run).sentence.startswith(NOTHING_MORE)


def test_a_label_is_interpreted_even_without_structure() -> None:
    none = YES | {"chance": "no"}
    assert "how kind differs" in advice(claims=none, labels=(SCORE,)).sentence
    assert "Do not interpret" in advice(claims=none).sentence


def follow(overrides: Sequence[str], backend: Backend) -> list[tuple[str, float]]:
    """Follow the advice for up to three steps; return each advice and the test error.

    overrides: of the first run.
    """
    seen: list[tuple[str, float]] = []
    for _ in range(4):
        experiment = compose(*overrides, "figures=none", f"backend={backend.value}")
        artifacts = {a.name: a for a in run(experiment, overrides=overrides)}
        metrics, answer = artifacts["metrics"], artifacts["answer"]
        assert isinstance(metrics, Metrics)
        assert isinstance(answer, Document)
        last = answer.content["sentences"][-1]
        seen.append((last["sentence"], metrics.values["reconstruction.test.mse"]))
        if last["command"] == ENCODE:
            break
        overrides = shlex.split(last["command"])[1:]
    return seen


def assert_it_ends(seen: Sequence[tuple[str, float]]) -> None:
    """Assert that advice ends or lowers the test error, and that none is given twice."""
    texts, errors = zip(*seen, strict=True)
    assert len({*texts}) == len(texts), texts
    assert texts[-1].startswith(NOTHING_MORE) or errors[-1] < errors[0], texts


@pytest.mark.parametrize(
    "directions",
    [pytest.param(0, id="noise", marks=pytest.mark.slow), pytest.param(1, id="one group")],
)
def test_the_advice_on_a_table_without_groups_ends(
    directions: int, tmp_path: Path, backend: Backend
) -> None:
    generator, path = np.random.default_rng(0), tmp_path / "table.csv"
    x = generator.normal(size=(60, 5))
    x += directions * 3 * generator.normal(size=(60, 1))
    np.savetxt(path, x, delimiter=",", header="a,b,c,d,e", comments="")
    table = ["dataset=table", f"dataset.path={path}", "evidence.repeats=3", "evidence.clouds=3"]
    assert_it_ends(follow([*table, "training.epochs=20", "optimizer.lr=0.01"], backend))


@pytest.mark.slow
@pytest.mark.parametrize("dataset", [name for name in OPTIONS["dataset"] if name != "table"])
def test_the_advice_on_a_built_in_table_ends(dataset: str, backend: Backend) -> None:
    assert_it_ends(follow([f"dataset={dataset}"], backend))


@pytest.mark.slow
@pytest.mark.parametrize(
    "overrides",
    [
        ["model=deep", "optimizer.lr=1.0"],
        ["model=shallow", "training.epochs=20"],
        ["experiment=tutorial_deep"],
        ["dataset=swiss_roll", "model.latent_dim=3"],
    ],
    ids=" ".join,
)
def test_the_advice_on_a_poor_setting_ends(overrides: list[str], backend: Backend) -> None:
    assert_it_ends(follow(overrides, backend))
