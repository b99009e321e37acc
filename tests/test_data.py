"""Built-in tables have their documented size; a split is a partition; a scaling has an inverse."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sentences import Sentences

from aeexp.config.options import OPTIONS
from aeexp.config.spec import (
    Blobs,
    DatasetSpec,
    Experiment,
    FitOn,
    MinMax,
    PreprocessingSpec,
    Robust,
    Split,
    Standard,
    SwissRoll,
    Unscaled,
)
from aeexp.data import Classes, Dataset, Values, fingerprint, load, partition
from aeexp.data.prepare import prepare_problem
from aeexp.data.scaling import fit as fit_scaling


def table(rows: int, classes: list[int] | None = None) -> Dataset:
    x = np.arange(2.0 * rows).reshape(rows, 2)
    labels = () if classes is None else (Classes("class", np.array(classes), ("a", "b")),)
    return Dataset("table", x, ("f", "g"), tuple(map(str, range(rows))), labels)


@pytest.mark.parametrize(
    ("name", "rows", "features", "classes"),
    [
        pytest.param("wine", 178, 13, 3, id="wine"),
        pytest.param("iris", 150, 4, 3, id="iris"),
        pytest.param("breast_cancer", 569, 30, 2, id="breast_cancer"),
        pytest.param("digits", 1797, 64, 10, id="digits"),
        pytest.param("diabetes", 442, 10, None, id="diabetes"),
        pytest.param("swiss_roll", 1000, 3, None, id="swiss_roll"),
        pytest.param("s_curve", 1000, 3, None, id="s_curve"),
        pytest.param("blobs", 500, 10, 4, id="blobs"),
    ],
)
def test_a_dataset_has_its_documented_rows_features_and_labels(
    name: str, rows: int, features: int, classes: int | None
) -> None:
    data = load(OPTIONS["dataset"][name]())
    assert data.x.shape == (rows, features)
    assert len(set(data.features)) == features
    if classes is None:
        assert isinstance(data.label, Values)
        assert data.label.values.shape == (rows,)
    else:
        assert isinstance(data.label, Classes)
        assert set(data.label.codes) == set(range(classes))
        assert len(data.label.names) == classes


def test_diabetes_comes_in_original_units() -> None:
    data = load(OPTIONS["dataset"]["diabetes"]())
    ages = data.x[:, data.features.index("age")]
    assert 18 <= ages.min() < ages.max() < 100


def test_generated_data_follow_their_parameters() -> None:
    spread = load(Blobs(samples=400, features=3, centers=1, spread=5.0)).x.std()
    assert spread == pytest.approx(5.0, rel=0.1) or spread > 5.0
    assert load(SwissRoll(samples=7)).x.shape == (7, 3)


@pytest.mark.parametrize("spec", [Blobs(), SwissRoll()], ids=["blobs", "swiss_roll"])
def test_the_data_seed_determines_the_generated_data(spec: DatasetSpec) -> None:
    assert np.array_equal(load(spec).x, load(spec).x)
    assert not np.array_equal(load(spec).x, load(replace(spec, seed=1)).x)


def test_the_fingerprint_depends_on_every_number_name_and_label() -> None:
    data = table(4, [0, 0, 1, 1])
    changed = data.x.copy()
    changed[3, 1] += 1e-12
    variants = [
        replace(data, x=changed),
        replace(data, features=("f", "h")),
        replace(data, rows=("0", "1", "2", "x")),
        replace(data, labels=(Classes("class", np.array([0, 0, 0, 1]), ("a", "b")),)),
        replace(data, labels=()),
    ]
    assert len({fingerprint(variant) for variant in [data, *variants]}) == 6
    assert fingerprint(data) == fingerprint(table(4, [0, 0, 1, 1]))


@given(
    rows=st.integers(2, 200),
    validation=st.floats(0, 0.9),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_split_is_a_partition(rows: int, validation: float, seed: int) -> None:
    spec = Split(validation=validation, seed=seed)
    if rows - np.ceil(validation * rows) < 2:
        with pytest.raises(ValueError, match=r"leaves [01] of the .* rows"):
            partition(spec, table(rows))
        return
    split = partition(spec, table(rows))
    assert sorted([*split.train, *split.val]) == list(range(rows))
    assert len(split.val) == np.ceil(validation * rows)
    assert [i for i, name in enumerate(split.names) if name == "val"] == sorted(split.val)


def test_without_validation_all_rows_are_training_rows_in_input_order() -> None:
    split = partition(Split(validation=0), table(5))
    assert split.train.tolist() == [0, 1, 2, 3, 4]
    assert split.val.size == 0


def test_a_stratified_split_holds_out_the_same_share_of_every_class() -> None:
    data = table(100, [0] * 80 + [1] * 20)
    split = partition(Split(validation=0.25, stratify=True), data)
    assert np.bincount(data.label.codes[split.val]).tolist() == [20, 5]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(table(10), id="no classes"),
        pytest.param(table(10, [0] * 9 + [1]), id="a class of one"),
        pytest.param(table(4, [0, 0, 1, 1]), id="too few held out"),
    ],
)
def test_stratification_needs_rows_of_each_class_on_both_sides(
    data: Dataset, sentences: Sentences
) -> None:
    with sentences.raised(ValueError):
        partition(Split(stratify=True), data)


columns = arrays(np.float64, (12, 3), elements=st.floats(-1e6, 1e6, allow_subnormal=False))


@given(x=columns)
@pytest.mark.parametrize(
    "spec",
    [Standard(), MinMax(low=-2, high=3), Robust(), Unscaled()],
    ids=lambda s: type(s).__name__,
)
def test_undo_is_the_inverse_of_apply(spec: PreprocessingSpec, x: np.ndarray) -> None:
    scaling = fit_scaling(spec, x)
    spread = np.abs(x).max() + 1
    assert scaling.undo(scaling.apply(x)) == pytest.approx(x, abs=1e-5 * spread)


@pytest.mark.parametrize(
    ("spec", "low", "high"),
    [
        pytest.param(Standard(), -1.0, 1.0, id="standard"),
        pytest.param(MinMax(low=-2, high=3), -2.0, 3.0, id="minmax"),
        pytest.param(Robust(low=0, high=100), -0.5, 0.5, id="robust"),
        pytest.param(Unscaled(), 5.0, 9.0, id="none"),
    ],
)
def test_a_scaling_has_its_documented_range(
    spec: PreprocessingSpec, low: float, high: float
) -> None:
    x = np.array([[5.0], [9.0]])
    scaled = fit_scaling(spec, x).apply(x)
    assert scaled.ravel().tolist() == pytest.approx([low, high])
    assert scaled.dtype == np.float32


def test_f12_a_constant_column_is_not_divided_by_zero() -> None:
    x = np.array([[1.0, 7.0], [2.0, 7.0]])
    for spec in (Standard(), MinMax(), Robust()):
        scaling = fit_scaling(spec, x)
        assert np.isfinite(scaling.apply(x)).all()
        assert scaling.undo(scaling.apply(x)) == pytest.approx(x)


def test_f14_values_beyond_single_precision_are_an_error() -> None:
    x = np.array([[1e300], [1.0]])
    with pytest.raises(ValueError, match="infinite or too large"):
        fit_scaling(Unscaled(), x).apply(x)


@pytest.mark.parametrize(
    ("fit_on", "depends"),
    [pytest.param(FitOn.train, False, id="train"), pytest.param(FitOn.all, True, id="all")],
)
def test_scaling_depends_on_held_out_rows_only_if_it_is_set(
    monkeypatch: pytest.MonkeyPatch, *, fit_on: FitOn, depends: bool
) -> None:
    experiment = Experiment(
        dataset=Blobs(samples=50),
        preprocessing=Standard(fit_on=fit_on),
        split=Split(validation=0.2),
    )
    before = prepare_problem(experiment)
    altered = before.data.x.copy()
    altered[before.rows.val] += 1000.0
    monkeypatch.setattr("aeexp.data.prepare.load", lambda _: replace(before.data, x=altered))
    after = prepare_problem(experiment)
    assert np.array_equal(after.scaling.offset, before.scaling.offset) is not depends
    assert np.array_equal(after.x[before.rows.train], before.x[before.rows.train]) is not depends
