"""The advice at the end of an answer: one step for each state of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from aeexp.analysis.evidence.baselines import AUTOENCODER
from aeexp.analysis.labels.scores import Score
from aeexp.analysis.verdict import Case
from aeexp.config.spec import EvidenceSpec, FullEvidence, StandardEvidence
from aeexp.data.design import Design
from aeexp.data.quality.gross import GrossCell
from aeexp.present.text import next_step as module
from aeexp.present.text.next_step import CHOOSE, NOTHING_MORE, next_step
from aeexp.present.text.sentence import Sentence

YES = {"chance": "yes", "stability": "yes", "pca": "yes"}
SCORE = Score("kind", "knn r2", AUTOENCODER, 50, 0.9, 0.8, 0.05, 0.0, 0.05, 0.005, 199)


@pytest.fixture(autouse=True)
def plain_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "remedy", lambda verdict: "Lower optimizer.lr.")


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
    labels: tuple[Score, ...] = ()
    looks_ordered: float | None = None
    gross: tuple[GrossCell, ...] = ()
    codes: tuple[str, ...] = ()

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
            experiment=SimpleNamespace(evidence=self.evidence),
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
            design=Design(looks_ordered=self.looks_ordered),
            gross=self.gross,
            depth=None,
        )


def advice(case: Case = Case.good, **state: Any) -> Sentence:
    """Return the next step of a made-up run."""
    run, verdict = MadeRun(case, **state), cast("Any", SimpleNamespace(case=case))
    sentences = [Sentence(about, claim, "") for about, claim in run.claims.items()]
    return next_step(sentences, run.result, run.gathered, verdict)


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        pytest.param(
            {"case": Case.diverged, "looks_ordered": 0.5},
            "State what the order means: dataset.time=rows",
            id="order not stated",
        ),
        pytest.param(
            {"case": Case.diverged, "gross": (GrossCell(0, 0, 1e9, 1e9),)},
            "preprocessing=robust preprocessing.clip=10",
            id="gross errors",
        ),
        pytest.param({"case": Case.diverged}, "Lower optimizer.lr.", id="diverged"),
        pytest.param({"case": Case.underfitting, "levels": ()}, CHOOSE, id="model of the user"),
        pytest.param(
            {"claims": YES | {"chance": "undecided"}, "tested": False},
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
        pytest.param({"claims": YES | {"pca": "undecided"}}, "More rows", id="PCA undecided"),
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
        advice(Case.underfitting, levels=(), claims=undecided, tested=False),
        advice(Case.underfitting, claims=undecided, tested=False),
        advice(Case.underfitting, claims=undecided, features=4),
        advice(Case.underfitting, claims=undecided),
        advice(Case.underfitting, claims=undecided, evidence=FullEvidence()),
    ]
    sentences = [sentence.sentence for sentence in chain]
    assert len({*sentences}) == len(sentences)
    assert "Only more rows can decide it" in sentences[-1]


def test_the_last_advice_has_nothing_to_add() -> None:
    for run in ({}, {"number": 0}, {"claims": YES | {"pca": "no"}}):
        assert advice(**run).sentence.endswith(NOTHING_MORE)


def test_a_label_is_interpreted_even_without_structure() -> None:
    none = YES | {"chance": "no"}
    assert "how kind differs" in advice(claims=none, labels=(SCORE,)).sentence
    assert "Do not interpret" in advice(claims=none).sentence
