"""What an answer prints: short sentences, no more digits than are known, no claim of nothing."""

from types import SimpleNamespace
from typing import Any

import pytest

from aeexp.analysis.evidence.chance import PermutationTest
from aeexp.analysis.evidence.claims import structure_claim
from aeexp.app.notebook import compose
from aeexp.data.design import EXCHANGEABLE
from aeexp.present.text.command import COMMAND
from aeexp.present.text.sentence import LONGEST, shortened
from aeexp.text import number, with_error

TEST = PermutationTest("reconstruction.test.r2", "permuted columns", 1.0, 0.5, 0.1, 0.05, 19)


def test_a_short_text_is_unchanged() -> None:
    assert shortened("Groups: 3 (of kmeans).") == "Groups: 3 (of kmeans)."


def test_a_long_text_loses_parentheses_then_its_last_sentences() -> None:
    text = f"It is so (p = 0.05). {'A' * 60} does. {'B' * 60} does. {'C' * 60} does."
    assert shortened(text) == f"It is so. {'A' * 60} does. {'B' * 60} does."
    assert len(shortened("x" * 500)) == LONGEST


def test_a_command_is_no_part_of_a_short_sentence() -> None:
    assert shortened(f"It is a batch. Remove it: {COMMAND} dataset.x=1") == "It is a batch."


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.2345, 0.042, "0.23 ± 0.04"),
        (0.99991, 0.0001, "0.9999 ± 0.0001"),
        (54.2, 3.1, "54 ± 3"),
        (-0.001, 0.02, "0.00 ± 0.02"),
        (0.3, 0.0, "0.30"),
    ],
)
def test_a_number_has_the_digits_of_its_error(value: float, error: float, text: str) -> None:
    assert with_error(value, error) == text


def test_zero_has_no_sign() -> None:
    assert number(-0.0) == "0"


@pytest.mark.parametrize("state", ["is_compressed", "is_sufficient"])
def test_without_compression_or_rows_no_structure_is_claimed(state: str) -> None:
    states = {"is_compressed": True, "is_sufficient": True}
    evidence: Any = SimpleNamespace(tested=[TEST], codes=(), design=EXCHANGEABLE, **states)
    assert structure_claim(evidence) == "yes"
    setattr(evidence, state, False)
    assert structure_claim(evidence) == "undecided"


@pytest.mark.parametrize(
    ("overrides", "factors"),
    [(["dataset=swiss_roll"], 2), (["dataset=s_curve", "model=deep"], 2), (["dataset=iris"], 3)],
)
def test_a_table_of_three_columns_is_compressed_by_default(
    overrides: list[str], factors: int
) -> None:
    assert compose(*overrides).model.latent_dim == factors
    assert compose(*overrides, "model.latent_dim=1").model.latent_dim == 1
