"""Rows that depend on one another: their splits, null models, labels and claims."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_wine
from structure import p_of_structure

from aeexp.analysis.evidence.advantage import advantage
from aeexp.analysis.evidence.power import LEVEL
from aeexp.analysis.factors.associations import associations
from aeexp.analysis.labels.matched import matched
from aeexp.analysis.labels.probes import probes
from aeexp.analysis.labels.scores import Permutations
from aeexp.config.spec import (
    Experiment,
    NoFigures,
    Quick,
    Shallow,
    Split,
    Table,
    Together,
    Training,
)
from aeexp.data import Classes, Dataset, Floats, Integers, Rows, folds, load, partition
from aeexp.data.design import (
    EXCHANGEABLE,
    Design,
    correlation_time,
    error_of_sum,
    in_time,
    order_of,
)
from aeexp.data.inspect import inspect
from aeexp.data.quality.near_copies import near_copies
from aeexp.errors import UserError
from aeexp.pipeline.run import run
from aeexp.runs.artifact import Document

ROWS, COLUMNS = 400, 12
TIME = np.arange(ROWS)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def autoregressive(generator: np.random.Generator, columns: int, tau: float) -> Floats:
    """Draw stationary columns with an autocorrelation of exp(-lag / tau), of variance 1."""
    kept = np.exp(-1 / tau)
    noise = generator.normal(size=(ROWS, columns))
    x = noise.copy()
    for row in range(1, ROWS):
        x[row] = kept * x[row - 1] + np.sqrt(1 - kept**2) * noise[row]
    return x


def of_animals(generator: np.random.Generator, animals: int = 10) -> tuple[Floats, Integers]:
    """Draw independent columns whose means differ between animals."""
    animal = np.repeat(np.arange(animals), ROWS // animals)
    means = 1.5 * generator.normal(size=(animals, COLUMNS))
    return means[animal] + generator.normal(size=(ROWS, COLUMNS)), animal


def table(x: Floats, design: Design = EXCHANGEABLE) -> Dataset:
    if design.time is not None:
        design = in_time(design, x)
    names = tuple(f"c{i}" for i in range(x.shape[1]))
    return Dataset("made", x, names, range(len(x)), design=design)


# --- splits

DESIGNS = {
    "time": Design(TIME, tau=15),
    "groups": Design(groups=rng().integers(9, size=ROWS)),
    "sessions in time": Design(TIME, np.repeat(np.arange(10), ROWS // 10), tau=4),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("time", None),
        ("groups", None),
        ("sessions in time", None),
        ("sessions in time", Together.blocks),
    ],
)
def test_rows_that_depend_on_one_another_are_in_one_part(
    name: str, seed: int, by: Together | None
) -> None:
    design = DESIGNS[name]
    data = Dataset("made", np.zeros((ROWS, 2)), ("a", "b"), range(ROWS), design=design)
    splits = [
        *folds(Split(seed=seed, by=by), data),
        partition(Split(validation=0.2, test=0.2, seed=seed, by=by), data),
    ]
    for rows in splits:
        assert min(map(len, rows.parts.values())) > 0
        assert sorted(np.concatenate([*rows.parts.values(), rows.unused])) == [*range(ROWS)]
        for first, second in (("train", "val"), ("train", "test"), ("val", "test")):
            assert_apart(design, rows.parts[first], rows.parts[second], by)
    tested = np.concatenate([rows.test for rows in splits[:-1]])
    assert sorted(tested) == [*range(ROWS)]
    assert len({(len(rows.train), len(rows.val)) for rows in splits[:-1]}) == 1


def assert_apart(design: Design, first: Integers, second: Integers, by: Together | None) -> None:
    if design.groups is not None and by is not Together.blocks:
        assert not {*design.groups[first]} & {*design.groups[second]}
    if design.time is not None:
        lags = np.abs(design.time[first][:, None] - design.time[second])
        if design.groups is not None:
            lags = lags[design.groups[first][:, None] == design.groups[second]]
        assert lags.min(initial=ROWS) > design.tau


def test_a_short_recording_has_a_smaller_gap_but_training_rows() -> None:
    data = Dataset(
        "made", np.zeros((ROWS, 2)), ("a", "b"), range(ROWS), design=Design(TIME, tau=100)
    )
    for rows in folds(Split(), data):
        assert len(rows.train) > ROWS / 4
        assert np.abs(rows.train[:, None] - rows.test).min() > 20


@pytest.mark.parametrize(
    ("design", "split", "message"),
    [
        (EXCHANGEABLE, Split(by=Together.groups), "needs dataset.group"),
        (EXCHANGEABLE, Split(by=Together.blocks), "needs dataset.time"),
        (Design(groups=TIME % 2, group_name="eye"), Split(), "dataset.group=eye has 2 groups"),
        (Design(groups=TIME % 4), Split(folds=5), "holds out whole groups"),
        (Design(TIME), Split(stratify=True), "split.stratify=true holds out single rows"),
    ],
    ids=["no group", "no time", "two groups", "more folds than groups", "stratified"],
)
def test_units_that_cannot_be_held_out_are_an_error(
    design: Design, split: Split, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        folds(split, table(rng().normal(size=(ROWS, 2)), design))


# --- null models


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.sampled_from([*DESIGNS]))
def test_a_rearranged_column_keeps_its_rhythm_and_its_groups(seed: int, name: str) -> None:
    design = DESIGNS[name]
    order = design.rearranged(ROWS, rng(seed))
    if design.time is not None:
        for session in design.sessions():
            steps = np.diff(order[session])
            assert (steps != 1).sum() <= 1  # one break, where the end meets the start
    if design.groups is not None:
        sources = [{*design.groups[order[rows]]} for rows in design.members()]
        assert all(len(source) == 1 for source in sources)
        assert len(set.union(*sources)) == len(sources)


def test_a_column_in_time_is_shifted_by_at_least_a_correlation_time() -> None:
    design = Design(TIME, tau=30)
    lags = [(design.rearranged(ROWS, rng(seed))[0]) for seed in range(200)]
    assert min(lags) >= 30
    assert max(lags) <= ROWS - 30
    assert np.ptp(lags) > 0.8 * (ROWS - 60)


def test_some_rows_of_a_recording_have_a_shorter_correlation_time() -> None:
    design = Design(TIME, tau=40).take(np.arange(0, ROWS, 4))
    assert design.tau == 10
    assert not design.is_too_short
    assert design.time is not None
    assert design.time.tolist() == [*range(ROWS // 4)]


@pytest.mark.parametrize(("sessions", "units"), [(2, 20), (4, 4)])
def test_units_are_groups_if_there_are_three(sessions: int, units: int) -> None:
    design = Design(TIME, np.arange(ROWS) // (ROWS // sessions), tau=10)
    assert len({*design.units(ROWS)}) == units


def test_resamples_draw_whole_units() -> None:
    design = DESIGNS["groups"]
    drawn = next(design.resamples(TIME, rng()))
    assert len(drawn) == ROWS
    counts = np.bincount(drawn, minlength=ROWS)
    complete = [len({*counts[rows]}) == 1 for rows in design.members()]
    assert sum(complete) >= len(complete) - 1  # the last unit is cut


def smooth(generator: np.random.Generator) -> Dataset:
    return table(autoregressive(generator, COLUMNS, 25), Design(TIME))


def siblings(generator: np.random.Generator) -> Dataset:
    x, animal = of_animals(generator)
    return table(x, Design(groups=animal))


def shared_in_time(generator: np.random.Generator) -> Dataset:
    shared = autoregressive(generator, 3, 25) @ generator.normal(size=(3, COLUMNS))
    return table(shared + autoregressive(generator, COLUMNS, 25), Design(TIME))


def shared_across_animals(generator: np.random.Generator) -> Dataset:
    x, animal = of_animals(generator)
    shared = generator.normal(size=(ROWS, 2)) @ generator.normal(size=(2, COLUMNS))
    return table(x + 1.5 * shared, Design(groups=animal))


@pytest.mark.parametrize("draw", [smooth, siblings])
def test_independent_columns_of_dependent_rows_have_no_structure(
    draw: Callable[[np.random.Generator], Dataset],
) -> None:
    claimed = sum(p_of_structure(draw(rng(seed))) <= LEVEL for seed in range(40))
    assert claimed <= 6  # of 40 at a level of 5 %: more by chance 1 time in 200


@pytest.mark.parametrize("draw", [shared_in_time, shared_across_animals])
def test_factors_that_columns_share_are_found(
    draw: Callable[[np.random.Generator], Dataset],
) -> None:
    assert sum(p_of_structure(draw(rng(seed))) <= LEVEL for seed in range(10)) >= 9


# --- labels


def test_a_label_drawn_by_lot_for_each_animal_is_not_predicted() -> None:
    by_animal = by_row = associated = 0
    for seed in range(20):
        x, animal = of_animals(rng(seed))
        genotype = Classes(
            "genotype", rng(seed).permutation(np.arange(10) % 2)[animal], ("a", "b")
        )
        design = Design(groups=animal)
        splits = folds(Split(), table(x, design))
        for score in probes({"autoencoder": x}, genotype, splits, Permutations(99, 0, design)):
            by_animal += score.number == "knn balanced accuracy" and score.p <= LEVEL
        (single,) = [Rows(TIME[TIME % 5 > 0], TIME[TIME % 5 == 0])]
        for score in probes({"autoencoder": x}, genotype, [single], Permutations(99)):
            by_row += score.number == "knn balanced accuracy" and score.p <= LEVEL
        [association] = associations(x[:, :1], [genotype], design)
        associated += bool(association.p[0] <= LEVEL)
    assert by_row == 20
    assert by_animal <= 4
    assert associated <= 4


def test_clusters_of_animals_do_not_agree_with_a_label_of_animals() -> None:
    _, animal = of_animals(rng())
    genotype = Classes("genotype", (np.arange(10) % 2)[animal], ("a", "b"))
    design, clusters = Design(groups=animal), {"kmeans": {"autoencoder": animal // 3}}
    splits = folds(Split(), table(rng().normal(size=(ROWS, 2)), design))
    first, *_ = matched(clusters, genotype, splits, Permutations(199, 0, design))
    assert first.p > LEVEL


# --- standard errors


def test_the_error_of_a_difference_counts_groups() -> None:
    animal = np.repeat(np.arange(10), 40)
    ratios = []
    for seed in range(200):
        gain = rng(seed).normal(size=10)[animal] + 0.1 * rng(seed).normal(size=ROWS)
        result = advantage(np.zeros((1, ROWS)), gain, units=animal)
        assert result.units == 10
        ratios.append(result.mean / result.se)
    assert np.std(ratios) == pytest.approx(1.13, abs=0.2)  # of Student's t with 9 degrees


def test_the_error_of_a_sum_over_single_rows_is_the_usual_one() -> None:
    values = rng().normal(size=50)
    assert error_of_sum(values, np.arange(50)) == pytest.approx(values.std(ddof=1) * 50**0.5)


# --- the order of rows


@pytest.mark.parametrize("tau", [5, 25])
def test_the_correlation_time_is_found(tau: int) -> None:
    times = [
        correlation_time(autoregressive(rng(seed), COLUMNS, tau), [TIME]) for seed in range(5)
    ]
    assert 0.7 * tau <= np.median(times) <= 2 * tau


def test_shuffled_rows_do_not_look_ordered_but_a_recording_does() -> None:
    x = autoregressive(rng(), COLUMNS, 3)
    assert order_of(x, None) is not None
    for seed in range(50):
        assert order_of(x[rng(seed).permutation(ROWS)], None) is None


def test_rows_that_are_sorted_by_group_do_not_look_ordered() -> None:
    x, animal = of_animals(rng())
    assert order_of(x, None) is not None
    assert order_of(x, animal) is None


# --- a run


@pytest.fixture
def csv(tmp_path: Path) -> Callable[..., str]:
    def write(x: Floats, **columns: Any) -> str:
        path = tmp_path / "table.csv"
        frame = pd.DataFrame(x, columns=[f"c{i}" for i in range(x.shape[1])])
        frame.assign(**columns).to_csv(path, index=False)
        return str(path)

    return write


def sentences(dataset: Table, **changes: Any) -> dict[str, tuple[str, str]]:
    settings = {
        "model": Shallow(),
        "training": Training(epochs=5, batch_size=40),
        "evidence": Quick(),
        "figures": NoFigures(),
    } | changes
    artifacts: Iterator[Any] = run(Experiment(dataset=dataset, **settings))
    [answer] = [a for a in artifacts if isinstance(a, Document) and a.name == "answer"]
    return {s["about"]: (s["claim"], s["sentence"]) for s in answer.content["sentences"]}


def test_a_run_on_rows_that_look_ordered_withholds_the_claim(csv: Callable[..., str]) -> None:
    path = csv(autoregressive(rng(), COLUMNS, 25))
    answer = sentences(Table(path=path))
    assert next(iter(answer)) == "rows"
    assert answer["rows"][0] == "no"
    assert "Rows look ordered" in answer["rows"][1]
    assert "dataset.time=none" in answer["rows"][1]
    assert answer["chance"][0] == "undecided"
    assert "dataset.time=rows" in answer["next"][1]
    assert "rows" not in sentences(Table(path=path, time="none"))


def test_a_run_in_time_counts_independent_rows(csv: Callable[..., str]) -> None:
    path = csv(autoregressive(rng(), COLUMNS, 5), second=TIME / 10)
    claim, sentence = sentences(Table(path=path, time="second"))["rows"]
    assert claim == "yes"
    assert "400 rows count as" in sentence
    assert "Blocks of time are held out" in sentence


def test_a_recording_of_a_few_correlation_times_has_no_claim(csv: Callable[..., str]) -> None:
    answer = sentences(Table(path=csv(rng().normal(size=(ROWS, 8)).cumsum(axis=0)), time="rows"))
    assert answer["rows"][0] == "no"
    assert "too few to distinguish structure from drift" in answer["rows"][1]
    assert answer["chance"][0] == "undecided"


def test_a_run_by_animal_holds_out_whole_animals(csv: Callable[..., str]) -> None:
    x, animal = of_animals(rng())
    path = csv(x, animal=[f"m{i}" for i in animal])
    claim, sentence = sentences(Table(path=path, group="animal"))["rows"]
    assert claim == "yes"
    assert "400 rows count as 10 independent ones" in sentence


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"time": "when"}, "time=when: no such column"),
        ({"group": "who"}, "group=who: no such column"),
        ({"time": "word"}, "must have numbers or dates"),
        ({"time": "gaps"}, "1 cell empty"),
        ({"group": "gaps"}, "1 cell empty"),
    ],
)
def test_columns_that_are_no_time_or_group_are_an_error(
    csv: Callable[..., str], columns: dict[str, str], message: str
) -> None:
    x = rng().normal(size=(30, 2))
    gaps = [None, *range(29)]
    path = csv(x, word=["early", "late"] * 15, gaps=gaps)
    with pytest.raises(UserError, match=message):
        load(Table(path=path, drop=["word", "gaps"], **columns))


def test_columns_that_may_group_the_rows_are_noted(csv: Callable[..., str]) -> None:
    x, animal = of_animals(rng())
    path = csv(x, animal=animal, genotype=np.array(["ko", "wt"])[animal % 2], trial=TIME % 40)
    notes = load(Table(path=path, label=["genotype"], drop=["animal", "trial"])).notes
    assert any("genotype has one value in each animal" in note for note in notes)
    assert not any("in each trial" in note for note in notes)
    notes = load(Table(path=path, id="animal", drop=["genotype", "trial"])).notes
    assert any("390 of 400 rows repeat the name of another row" in note for note in notes)
    notes = load(Table(path=path, group="animal", drop=["genotype", "trial"])).notes
    assert not any("set dataset.group" in note for note in notes)


def test_a_batch_is_a_label_but_not_the_first(csv: Callable[..., str]) -> None:
    x, animal = of_animals(rng())
    path = csv(x, plate=animal % 3, genotype=np.array(["ko", "wt"])[animal % 2])
    data = load(Table(path=path, label=["plate", "genotype"], batch="plate"))
    assert [labels.name for labels in data.labels] == ["genotype", "plate"]
    assert data.label is data.labels[0]
    assert load(Table(path=path, batch="plate", drop=["genotype"])).label is None


def test_inspect_offers_the_batch(csv: Callable[..., str]) -> None:
    path = csv(rng().normal(size=(60, 3)), plate=np.arange(60) // 20)
    text = inspect(Path(path), Table())
    assert "probable batch" in text
    assert "dataset.batch=plate" in text


def test_dates_order_the_rows(csv: Callable[..., str]) -> None:
    dates = pd.date_range("2024-01-31", periods=30, freq="7min")[::-1]
    path = csv(rng().normal(size=(30, 2)), date=dates.astype(str))
    data = load(Table(path=path, time="date"))
    assert data.features == ("c0", "c1")
    assert data.design.time is not None
    assert data.design.time.tolist() == [*range(29, -1, -1)]


# --- inspect


def test_inspect_names_the_roles_of_columns_however_wide_the_table(tmp_path: Path) -> None:
    x = autoregressive(rng(), 80, 25)
    frame = pd.DataFrame(x, columns=[f"cell_{i}" for i in range(80)])
    frame["time_bin"] = TIME
    frame["stage"] = np.where(TIME % 3, "sleep", "wake")
    frame.to_csv(tmp_path / "spikes.csv", index=False)
    text = " ".join(inspect(tmp_path / "spikes.csv", Table()).split())
    assert "probable time 'time_bin'" in text
    assert "order of rows neighbouring rows are more similar than by chance" in text
    assert text.index("time_bin int64") < text.index("cell_0 float64")
    assert "dataset.label=stage dataset.time=time_bin" in text
    assert "dataset.drop" not in text.split("aeexp dataset")[1]


def test_inspect_offers_groups_and_drops_a_trial_number(tmp_path: Path) -> None:
    x, animal = of_animals(rng())
    frame = pd.DataFrame(x).rename(columns=str).assign(subject=animal, trial=TIME % 40)
    frame.to_csv(tmp_path / "trials.csv", index=False)
    command = inspect(tmp_path / "trials.csv", Table()).split("aeexp dataset=table")[1]
    assert "dataset.group=subject" in command
    assert "dataset.drop=[trial]" in command
    assert "dataset.time" not in command


def test_inspect_offers_the_order_of_rows_that_have_no_time(tmp_path: Path) -> None:
    pd.DataFrame(autoregressive(rng(), 4, 10), columns=[*"abcd"]).to_csv(
        tmp_path / "x.csv", index=False
    )
    assert "dataset.time=rows" in inspect(tmp_path / "x.csv", Table())


# --- near copies


def test_technical_replicates_on_both_sides_of_the_split_are_counted() -> None:
    x = rng().normal(size=(200, 13))
    repeated = x[:20] + 0.05 * rng(1).normal(size=(20, 13))
    sides = np.repeat([0, 1], [200, 20])
    assert near_copies(np.concatenate([x, repeated]), sides) == 40
    assert near_copies(np.concatenate([x, repeated]), np.zeros(220, int)) == 0


@pytest.mark.parametrize(
    "x",
    [
        load_wine().data,
        load_breast_cancer().data,
        rng().normal(size=(500, 5)),
        np.outer(rng().uniform(size=300), np.ones(13)) + 0.01 * rng(1).normal(size=(300, 13)),
        rng().poisson(0.2, size=(300, 8)).astype(float),
    ],
    ids=["wine", "breast cancer", "few columns", "a line", "counts"],
)
def test_rows_that_differ_have_no_near_copies(x: Floats) -> None:
    z = (x - x.mean(0)) / x.std(0)
    assert near_copies(z, np.arange(len(z))) == 0
