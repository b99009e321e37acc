"""Effects of batches and covariates are learnt from training rows, removed and given back."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from structure import p_of_structure

import aeexp
from aeexp.analysis.controls import other_controls
from aeexp.config.spec import (
    BatchCorrection,
    EvidenceSpec,
    Experiment,
    Missing,
    Robust,
    Split,
    Table,
    Together,
)
from aeexp.data import Classes, Column, Dataset, Floats, Integers, Values, fingerprint, load
from aeexp.data.effects import Covariates, fit
from aeexp.data.prepare import prepare
from aeexp.data.table.covariate_checks import confounded_labels
from aeexp.data.table.covariates import categories_of
from aeexp.errors import UserError
from aeexp.present.text.covariates import covariate_sentences

ROWS, COLUMNS = 200, 6
PLATES = Column("plate", ("A", "B", "C"))
AGE = Column("age")
Write = Callable[..., str]


def drawn(seed: int = 0) -> tuple[Floats, Integers, Floats]:
    """Return noise, a plate and an age for each row."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(ROWS, COLUMNS))
    return x, generator.integers(0, 3, ROWS), generator.uniform(20, 70, ROWS)


def covariates(plate: Integers, age: Floats, batch: str = "") -> Covariates:
    return Covariates((PLATES, AGE), np.c_[np.eye(3)[plate], age], batch)


def affected(seed: int = 0) -> tuple[Floats, Covariates]:
    """Return a table with means and variances of plates and slopes of age, and its covariates."""
    x, plate, age = drawn(seed)
    scaled = x * np.array([1, 2, 4])[plate, None] + np.array([0, 30, -9])[plate, None]
    return scaled + 0.3 * age[:, None], covariates(plate, age, "plate")


def dataset(x: Floats, several: Covariates, *labels: Any, **changes: Any) -> Dataset:
    names = tuple(f"c{i}" for i in range(x.shape[1]))
    return Dataset("made", x, names, range(len(x)), labels, covariates=several, **changes)


@pytest.fixture
def csv(tmp_path: Path) -> Write:
    def write(**columns: Any) -> str:
        path = tmp_path / "table.csv"
        frame = pd.DataFrame(drawn()[0], columns=[f"c{i}" for i in range(COLUMNS)])
        frame.assign(**columns).to_csv(path, index=False)
        return str(path)

    return write


# --- least squares


def test_slopes_and_means_of_categories_are_estimated_and_removed() -> None:
    x, plate, age = drawn()
    several = covariates(plate, age)
    effects = fit(x + 5 * (plate == 1)[:, None] + 0.3 * age[:, None], several)
    assert effects.coefficients[3] == pytest.approx(0.3, abs=0.02)
    assert effects.coefficients[1] - effects.coefficients[0] == pytest.approx(5, abs=0.7)
    rest = fit(x, several).removed(x, several.values)
    assert rest.mean(axis=0) == pytest.approx(x.mean(axis=0))
    assert fit(rest, several).coefficients == pytest.approx(0, abs=1e-12)


def test_effects_are_given_back() -> None:
    x, several = affected()
    x[:7, 2] = np.nan
    effects = fit(x, several)
    rest = effects.removed(x, several.values)
    assert effects.restored(rest, several.values) == pytest.approx(x, nan_ok=True)
    assert np.isnan(rest[:7, 2]).all()


def test_variances_of_batches_become_equal_only_if_asked() -> None:
    x, several = affected()

    def ratios(batch: str) -> Floats:
        chosen = replace(several, batch=batch)
        rest = fit(x, chosen).removed(x, several.values)
        plate = several.values[:, :3].argmax(axis=1)
        return np.array([rest[plate == k].std(axis=0, ddof=1) for k in (1, 2)]) / rest[
            plate == 0
        ].std(axis=0, ddof=1)

    assert ratios("plate") == pytest.approx(1)
    assert ratios("").mean(axis=1) == pytest.approx([2, 4], rel=0.2)


def test_a_batch_of_a_few_rows_keeps_its_variance() -> None:
    x, plate, age = drawn()
    plate[:] = np.arange(ROWS) % 2
    plate[:4] = 2
    spread = fit(x, covariates(plate, age, "plate")).spread
    assert (spread[2] == 1).all()
    assert (spread[:2] != 1).all()


def test_a_category_without_training_rows_has_no_effect() -> None:
    x, several = affected()
    effects = fit(x, several)
    unseen = np.array([[0, 0, 0, effects.centre[3]]])
    assert effects.removed(x[:1], unseen) == pytest.approx(x[:1])


def test_a_feature_that_covariates_explain_becomes_constant() -> None:
    x, plate, age = drawn()
    x[:, 0] = 3 * age + 10 * plate + 1e4
    x = x.astype(np.float32)
    several = covariates(plate, age)
    problem = prepare(Experiment(split=Split(validation=0.2)), dataset(x, several))
    assert problem.constant == ["c0"]
    assert len(np.unique(problem.x[:, 0])) == 1
    with pytest.raises(UserError, match="Nothing remains of made"):
        prepare(Experiment(), dataset(x[:, :1], several))


# --- a table


def test_only_training_rows_are_learnt_from_and_no_label() -> None:
    x, several = affected()
    label = Classes("kind", np.arange(ROWS) % 2, ("a", "b"))
    experiment = Experiment(split=Split(validation=0.2))
    first = prepare(experiment, dataset(x, several, label))
    x[first.rows.val] += 100
    effects = prepare(experiment, dataset(x, several)).preprocessing.effects
    assert effects is not None
    assert first.preprocessing.effects is not None
    assert (effects.coefficients == first.preprocessing.effects.coefficients).all()


def test_a_gross_error_within_clip_steers_no_effect() -> None:
    x, several = affected()
    several = replace(several, batch="")
    experiment = Experiment(split=Split(validation=0.2), preprocessing=Robust(clip=5))
    expected = prepare(experiment, dataset(x.copy(), several))
    row = expected.rows.train[0]
    x[row, 0] = 1e9
    others = np.arange(ROWS) != row
    scaled = prepare(experiment, dataset(x, several)).x
    assert scaled[row, 0] == 5
    assert scaled[others] == pytest.approx(expected.x[others], abs=0.4)


def test_numbers_are_slopes_unless_a_few_values_repeat(csv: Write) -> None:
    _, plate, age = drawn()
    path = csv(age=age, year=age.round(), site=plate, sex=np.where(plate > 0, "f", "m"), run=plate)
    table = Table(
        path=path,
        batch="run",
        batch_correction=BatchCorrection.mean,
        covariates=["age", "year", "s*"],
    )
    data = load(table)
    assert data.features == tuple(f"c{i}" for i in range(COLUMNS))
    assert data.covariates is not None
    read = {column.name: len(column.categories) for column in data.covariates.columns}
    assert read == {"run": 3, "age": 0, "year": 0, "site": 3, "sex": 2}
    assert any("age (a slope), year (a slope), site (3 categories)" in n for n in data.notes)
    assert data.own_labels == ()
    assert fingerprint(data) != fingerprint(replace(data, covariates=None))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        pytest.param({"covariates": ["aeg"]}, "covariates=aeg: no such column", id="unknown"),
        pytest.param({"covariates": ["gaps"]}, "covariates=gaps: 1 cell empty", id="empty"),
        pytest.param({"covariates": ["far"]}, "covariates=far has infinite", id="infinite"),
        pytest.param({"covariates": ["name"]}, "has 200 categories", id="names"),
        pytest.param({"covariates": ["kind"], "label": ["kind"]}, "is also a label", id="label"),
        pytest.param(
            {"batch": "gaps", "batch_correction": BatchCorrection.mean},
            "dataset.batch=gaps: 1 cell empty",
            id="batch",
        ),
    ],
)
def test_a_column_that_is_no_covariate_is_an_error(
    csv: Write, keys: dict[str, Any], message: str
) -> None:
    columns = {
        "gaps": [None, *range(ROWS - 1)],
        "far": [np.inf, *range(ROWS - 1)],
        "name": [f"row {i}" for i in range(ROWS)],
        "kind": ["a", "b"] * (ROWS // 2),
    }
    path = csv(**columns)
    with pytest.raises(UserError, match=message):
        load(Table(path=path, drop=[*columns], **keys))


def test_a_correction_needs_a_batch() -> None:
    with pytest.raises(UserError, match="batch must be the column of the batch"):
        Table(path="x.csv", batch_correction=BatchCorrection.mean)


def test_rows_without_a_covariate_can_be_dropped(csv: Write) -> None:
    path = csv(age=[np.nan, *range(ROWS - 1)])
    data = load(Table(path=path, covariates=["age"], missing=Missing.drop_rows))
    assert len(data.x) == ROWS - 1


def test_held_out_categories_without_training_rows_are_noted_or_an_error() -> None:
    x, plate, age = drawn()
    plate %= 2
    plate[0] = 2
    [*_, note] = prepare(Experiment(), dataset(x, covariates(plate, age))).data.notes
    assert "1 of 200 held-out rows" in note
    assert "plate=C" in note
    parts = np.where(plate == 1, "test", "train").tolist()
    split = Split(column="part")
    with pytest.raises(UserError, match=r"no training row of their split has.*plate=B"):
        prepare(Experiment(split=split), dataset(x, covariates(plate, age), part=parts))


def test_labels_that_covariates_explain_are_named() -> None:
    x, plate, age = drawn()
    labels = [
        Classes("kind", (plate > 0).astype(int), ("a", "b")),
        Values("years", age + drawn(1)[0][:, 0]),
        Classes("free", np.arange(ROWS) % 2, ("a", "b")),
    ]
    data = dataset(x, covariates(plate, age), *labels)
    confounded = confounded_labels(data)
    assert confounded == pytest.approx({"kind": 1, "years": 0.99}, abs=0.01)
    [sentence] = covariate_sentences(data)
    assert sentence.claim == "no"
    assert "plate and age were removed" in sentence.sentence
    assert "explain 100 % of kind and 100 % of years" in sentence.sentence
    [sentence] = covariate_sentences(replace(data, labels=labels[2:]))
    assert sentence.claim == "yes"


# --- what it is for


@pytest.mark.parametrize("correction", ["plate", ""])
def test_groups_are_found_and_the_batch_is_not(correction: str) -> None:
    generator = np.random.default_rng(2)
    group, plate = generator.integers(0, 3, 300), np.arange(300) % 2
    x = 1.2 * generator.normal(size=(3, 20))[group] + generator.normal(size=(300, 20))
    x += plate[:, None] * 2 * generator.normal(size=20)
    several = Covariates((Column("plate", ("A", "B")),), np.eye(2)[plate], correction)

    def scores(data: Dataset) -> tuple[float, float]:
        z = PCA(3, random_state=0).fit_transform(prepare(Experiment(), data).x)
        found = KMeans(3, n_init=10, random_state=0).fit_predict(z)
        accuracy = cross_val_score(KNeighborsClassifier(15), z, plate).mean()
        return adjusted_rand_score(group, found), accuracy

    ari, accuracy = scores(replace(dataset(x, several), covariates=None))
    assert ari < 0.6
    assert accuracy > 0.95
    ari, accuracy = scores(dataset(x, several))
    assert ari > 0.9
    assert accuracy < 0.6


def test_tables_without_structure_are_made_of_the_residuals() -> None:
    x, several = affected()
    experiment = Experiment(
        split=Split(validation=0.2), evidence=EvidenceSpec(permutations=1), clustering={}
    )
    problem = prepare(experiment, dataset(x, several))
    [control] = other_controls(experiment, problem)
    assert control.problem.data.x is x
    raw = x - x.mean(axis=0)
    kurtosis = [np.mean(table**4) / np.mean(table**2) ** 2 for table in (raw, control.problem.x)]
    assert kurtosis[0] < 2.2  # of three means far apart
    assert kurtosis[1] > 2.6


def test_noise_has_no_structure_once_covariates_are_removed() -> None:
    claimed = sum(p_of_structure(dataset(*affected(seed))) <= 0.05 for seed in range(20))
    assert claimed <= 4  # of 20 at a level of 5 %: more by chance 1 time in 400


# --- a stored model


@pytest.mark.engine
def test_a_stored_model_removes_the_effects_from_new_rows(
    tiny: Callable[..., Experiment], tmp_path: Path
) -> None:
    x, plate, age = drawn()
    frame = pd.DataFrame(x + 9.0 * plate[:, None], columns=[*"abcdef"])
    frame = frame.assign(plate=np.array([*"ABC"])[plate], age=age)
    table = Table(batch="plate", covariates=["age"])
    table.batch_correction = BatchCorrection.mean_and_scale
    result = aeexp.run(tiny(dataset=table, split=Split(by=Together.rows)), frame, tmp_path / "run")
    encoded = result.encode(frame)
    for factor in ("z1", "z2"):
        assert encoded[factor].to_numpy() == pytest.approx(
            result.latents[factor].to_numpy(), rel=1e-4, abs=1e-5
        )
    rest = frame[[*"abcdef"]] - result.reconstruct(frame)
    assert rest.to_numpy().std() < 1.5  # with the effects, in original units
    with_effects = result.decode(encoded.join(frame[["plate", "age"]]))
    assert with_effects.to_numpy() == pytest.approx(result.reconstruct(frame).to_numpy(), abs=1e-4)
    means = result.decode(encoded).groupby(frame["plate"]).mean()
    assert np.ptp(means.to_numpy(), axis=0).max() < 1  # rows of average covariates
    for changed, message in [
        (frame.drop(columns="age"), "lacks covariates .* removes: age"),
        (frame.assign(plate="Q"), "did not have: Q. The model knows A, B, C"),
        (frame.assign(age=np.nan), "without the covariate age"),
    ]:
        with pytest.raises(UserError, match=message):
            result.encode(changed)


# --- cells that are no measurements


def test_codes_and_words_in_covariates_are_recognised(csv: Write) -> None:
    generator = np.random.default_rng(0)
    age = generator.uniform(20, 70, ROWS).round(1)
    age[:12] = -999
    data = load(Table(path=csv(age=age), covariates=["age"]))
    assert data.codes == ("-999",)
    words = [*map(str, age)]
    words[:3] = ["n.d."] * 3
    with pytest.raises(UserError, match=r"words among them.*dataset.na=\[n.d.\]"):
        load(Table(path=csv(age=words), covariates=["age"]))


def test_declared_values_are_missing_in_covariates_of_new_rows(
    tiny: Callable[..., Experiment], csv: Write, tmp_path: Path
) -> None:
    age = np.random.default_rng(0).uniform(20, 70, ROWS).round(1)
    age[:4] = -999
    path = csv(age=age)
    table = Table(path=path, covariates=["age"], na=["-999"], missing=Missing.drop_rows)
    found = aeexp.run(tiny(dataset=table), folder=tmp_path / "run")
    encoded = found.encode(pd.read_csv(path))["z1"]
    assert [*np.flatnonzero(encoded.isna())] == [0, 1, 2, 3]
    assert encoded.dropna().to_numpy() == pytest.approx(found.latents["z1"].to_numpy(), abs=1e-4)


def test_categories_do_not_depend_on_the_other_cells() -> None:
    assert [*categories_of(pd.Series([1.0, 2.5, 2.0]))] == ["1", "2.5", "2"]
    assert [*categories_of(pd.Series(["p1 ", "p1", " v1.0"]))] == ["p1", "p1", "v1.0"]
