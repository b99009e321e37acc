"""Claims on labels that the factors predict, or do not predict."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from aeexp.analysis.evidence.baselines import AUTOENCODER, PCA
from aeexp.analysis.factors.cards import FactorAssociation
from aeexp.analysis.labels.batch import Batch, batch_of
from aeexp.analysis.labels.claims import MOST_LABELS, LabelClaim, holm, label_claims
from aeexp.analysis.labels.label_scores import TABLE
from aeexp.analysis.labels.probes import probes
from aeexp.analysis.labels.scores import Permutations, Score
from aeexp.data import Classes, Dataset, Integers, Rows, Values
from aeexp.present.text.command import COMMAND
from aeexp.present.text.labels import batch_sentences, label_sentences
from aeexp.present.text.sentence import Sentence

ROWS = Rows(np.arange(0, 400, 2), np.arange(1, 400, 2))
SCORE = Score(
    "kind", "knn balanced accuracy", AUTOENCODER, rows=50, train=0.9, held_out=0.8,
    held_out_se=0.05, permuted_mean=0.33, permuted_sd=0.05, p=0.005, copies=199,
)  # fmt: skip


def card(name: str, value: float, p_adjusted: float = 0.001, label: str = "kind") -> Any:
    association = FactorAssociation(label, "eta squared", value, p_adjusted, p_adjusted)
    return SimpleNamespace(name=name, associations=[association])


def claims(*scores: Score, cards: Any = ()) -> list[LabelClaim]:
    return label_claims(scores, cards)


def sentences(*scores: Score, cards: Any = ()) -> list[str]:
    evidence: Any = SimpleNamespace(labels=scores, cards=cards, batch=None)
    return [sentence.sentence for sentence in label_sentences(evidence)]


@pytest.mark.parametrize(
    ("changes", "claim"),
    [
        pytest.param({}, "yes", id="far above shuffled labels"),
        pytest.param({"p": 0.05}, "yes", id="at the level"),
        pytest.param({"p": 0.06, "held_out": 0.4}, "undecided", id="a few rows"),
        pytest.param(
            {"p": 0.5, "held_out": 0.33, "held_out_se": 0.02}, "no", id="many rows, no gain"
        ),
        pytest.param(
            {"p": 0.1, "copies": 9, "held_out": 0.33, "held_out_se": 0.02},
            "undecided",
            id="too few shuffles to be significant",
        ),
    ],
)
def test_a_label_is_claimed_by_its_p_value_and_denied_by_its_error(
    changes: dict[str, Any], claim: str
) -> None:
    [label] = claims(replace(SCORE, **changes))
    assert label.claim == claim


def test_p_values_are_adjusted_for_the_labels_that_are_tested() -> None:
    assert holm(np.array([0.01, 0.04, 0.03])) == pytest.approx([0.03, 0.06, 0.06])
    assert holm(np.array([0.5, 0.9])) == pytest.approx([1, 1])
    tested = claims(
        SCORE, replace(SCORE, label="site", p=0.04), replace(SCORE, label="sex", p=0.9)
    )
    assert [claim.p for claim in tested] == pytest.approx([0.015, 0.08, 0.9])
    assert [claim.claim for claim in tested] == ["yes", "undecided", "undecided"]


def test_only_the_first_labels_are_tested_and_the_others_counted() -> None:
    scores = [replace(SCORE, label=f"label{i}") for i in range(5)]
    assert [claim.label for claim in claims(*scores)] == ["label0", "label1", "label2"]
    *_, last = sentences(*scores)
    assert len(sentences(*scores)) == MOST_LABELS
    assert last.endswith("labels.csv has 2 further labels.")


def test_other_scores_than_the_declared_ones_are_not_tested() -> None:
    assert not claims(
        replace(SCORE, number="linear accuracy"), replace(SCORE, number="kmeans.ari")
    )
    assert not claims(replace(SCORE, p=np.nan))
    assert not sentences()


def test_the_factor_with_the_largest_association_carries_a_label() -> None:
    cards = [card("z1", 0.1), card("z2", 0.7), card("z3", np.nan), card("z1", 0.9, label="site")]
    [claim] = claims(SCORE, cards=cards)
    assert claim.carrier
    assert claim.carrier.factor == "z2"
    [text] = sentences(SCORE, cards=cards)
    assert "z2 carries it most (η² 0.70)" in text
    [text] = sentences(SCORE, cards=[card("z1", 0.7, p_adjusted=0.2)])
    assert "carries" not in text


def test_a_sentence_compares_with_the_columns_and_pca() -> None:
    table = replace(SCORE, input=TABLE, held_out=0.95, difference=-0.15, difference_p=0.01)
    pca = replace(SCORE, input=PCA, held_out=0.78, difference=0.02, difference_p=0.7)
    [text] = sentences(SCORE, table, pca)
    assert "From the columns 0.95 (clearly better), from PCA 0.78." in text
    [text] = sentences(SCORE, replace(table, difference=0.15))
    assert "(clearly worse)" in text


def test_the_least_possible_p_is_named() -> None:
    [text] = sentences(SCORE)
    assert "p = 0.005, the least possible with 199 shuffles" in text
    first, second = sentences(SCORE, replace(SCORE, label="site", p=0.02))
    assert "adjusted for 2 labels p = 0.01, the least possible with 199 shuffles" in first
    assert "p = 0.02)" in second
    [text] = sentences(replace(SCORE, p=1.0, copies=0, held_out=0.3))
    assert "least possible" not in text


def test_no_number_is_minus_zero() -> None:
    [text] = sentences(
        replace(SCORE, number="knn r2", held_out=-0.001, permuted_mean=-0.004, p=0.4)
    )
    assert "-0.00" not in text


def test_random_labels_are_claimed_no_more_often_than_stated_and_real_ones_are() -> None:
    generator = np.random.default_rng(0)
    inputs, claimed = {AUTOENCODER: generator.normal(size=(400, 3))}, 0
    for _ in range(20):
        classes = Classes("random", generator.integers(3, size=400), ("a", "b", "c"))
        values = Values("noise", generator.normal(size=400))
        scores = [
            s
            for label in (classes, values)
            for s in probes(inputs, label, [ROWS], Permutations(99))
        ]
        claimed += any(claim.claim == "yes" for claim in claims(*scores))
    assert claimed <= 4  # of 20 at a level of 5 %: more by chance 1 time in 400
    rare = Classes("rare", (np.arange(400) % 9 == 0).astype(int), ("no", "yes"))
    shifted = inputs[AUTOENCODER] + 1.5 * rare.codes[:, None]
    [claim] = claims(*probes({AUTOENCODER: shifted}, rare, [ROWS], Permutations(99)))
    assert claim.claim == "yes"


# --- the batch


def batches(*scores: Score, v: float = 0.1, stronger: str = "mean") -> Sentence:
    batch = Batch("plate", "kind", v, stronger)
    evidence: Any = SimpleNamespace(labels=scores, cards=(), batch=batch)
    [sentence] = batch_sentences(evidence)
    return sentence


def test_a_batch_that_is_predicted_better_than_the_label_is_a_warning() -> None:
    plate = replace(SCORE, label="plate")
    weak = replace(SCORE, held_out=0.5)
    sentence = batches(weak, plate)
    assert (sentence.about, sentence.claim) == ("batch", "no")
    assert f"predicted better than {SCORE.label}: what was found may be the batch" in (
        sentence.sentence
    )
    assert "better than" not in batches(replace(SCORE, held_out=0.99), plate).sentence
    assert sentence.sentence.endswith(f"{COMMAND} dataset.batch_correction=mean")
    assert COMMAND not in batches(weak, plate, stronger="").sentence


def test_a_batch_that_is_not_predicted_is_no_warning() -> None:
    plate = replace(SCORE, label="plate", p=0.5, held_out=0.33, held_out_se=0.02)
    assert batches(SCORE, plate).claim == "yes"
    assert batches(SCORE, plate, v=0.9).claim == "no"
    assert "plate and kind are confounded (Cramér's V 0.90)" in batches(plate, v=0.9).sentence


def test_the_batch_is_tested_however_many_labels_there_are() -> None:
    scores = [replace(SCORE, label=f"label {i}") for i in range(5)]
    several = label_claims([*scores, replace(SCORE, label="plate")], (), "plate")
    assert [claim.label for claim in several] == ["label 0", "label 1", "plate"]


@pytest.mark.parametrize(
    ("codes", "v"),
    [(np.arange(60) % 2, 1.0), (np.arange(60) // 30, 0.0), (np.zeros(60, int), np.nan)],
)
def test_confounding_is_measured_by_cramer_s_v(codes: Integers, v: float) -> None:
    kind = Classes("kind", np.arange(60) % 2, ("a", "b"))
    plate = Classes("plate", codes, ("p", "q"))
    x = np.zeros((60, 1))
    data = Dataset("made", x, ("x",), range(60), (kind, plate), batch="plate")
    found = batch_of(data)
    assert found is not None
    assert found.v == pytest.approx(v, abs=0.02, nan_ok=True)
    assert data.label is kind
    assert replace(data, labels=(plate,)).label is None
