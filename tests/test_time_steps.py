"""Steps of preprocessing in the order of rows: bins, square roots, smoothing and lags."""

import re
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from structure import p_of_structure

import aeexp
from aeexp.analysis.evidence.null import permuted
from aeexp.analysis.evidence.power import LEVEL, Group, planted
from aeexp.app import convert
from aeexp.app.inference import FittedModel
from aeexp.app.verify import verify
from aeexp.config.spec import (
    Experiment,
    Format,
    Missing,
    PreprocessingSpec,
    Split,
    Standard,
    Table,
    Together,
)
from aeexp.data import (
    Classes,
    Column,
    Dataset,
    Floats,
    Values,
    fingerprint,
    folds,
    load,
    partition,
)
from aeexp.data.design import Design, correlation_time, in_time
from aeexp.data.effects import Covariates
from aeexp.data.features import decode
from aeexp.data.prepare import prepare
from aeexp.data.time_steps import TimeSteps, applied
from aeexp.errors import UserError
from aeexp.pipeline.experiment import load_experiment
from aeexp.present.methods import methods
from aeexp.runs import Run, read_model
from aeexp.runs.model import _columns, _steps

ROWS = 120
TIME = np.arange(ROWS)
SESSION = np.repeat([0, 1, 2, 3], ROWS // 4)
Make = Callable[..., Experiment]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def table(x: Floats, groups: Any = None, time: Any = None, **changes: Any) -> Dataset:
    ranks = np.arange(len(x)) if time is None else np.argsort(np.argsort(time))
    design = in_time(Design(ranks, groups, "second", "" if groups is None else "day"), x)
    names = tuple(f"c{i}" for i in range(x.shape[1]))
    return Dataset("made", x, names, range(len(x)), **({"design": design} | changes))


def autoregressive(seed: int, tau: float = 5, rows: int = 400, columns: int = 12) -> Floats:
    """Draw independent stationary columns with an autocorrelation of exp(-lag / tau)."""
    kept, generator = np.exp(-1 / tau), rng(seed)
    x = generator.normal(size=(rows, columns))
    for row in range(1, rows):
        x[row] = kept * x[row - 1] + np.sqrt(1 - kept**2) * x[row]
    return x


# --- each step


def test_bins_sum_counts_and_average_other_values() -> None:
    x = np.stack([np.arange(7.0), np.arange(7) / 2], axis=1)
    data = applied(Standard(bin=3), table(x))
    assert data.x.tolist() == [[3, 0.5], [12, 2]]  # the seventh row has no complete bin


def test_bins_follow_time_within_sessions_and_not_the_order_of_the_file() -> None:
    x = np.array([40.5, 30.5, 20.5, 10.5, 0.5, 100.5, 110.5, 120.5, 130.5, 140.5])
    time, day = np.array([4, 3, 2, 1, 0, 0, 1, 2, 3, 4]), np.repeat([0, 1], 5)
    data = applied(Standard(bin=2), table(x[:, None], day, time))
    assert data.x.ravel().tolist() == [25.5, 5.5, 105.5, 125.5]
    assert [session.tolist() for session in data.design.sessions()] == [[1, 0], [2, 3]]
    assert [*data.rows] == ["2", "4", "5", "7"]


def test_labels_and_parts_follow_their_bins() -> None:
    position = Values("position", np.array([1.0, 3, 5, np.nan, 0]))
    zone = Classes("zone", np.array([0, 0, 0, 1, 1, 1]), ("left", "right"))
    data = table(np.ones((6, 1)), labels=(zone,), part=["train"] * 4 + ["val"] * 2)
    thirds = applied(Standard(bin=3), data)
    assert isinstance(thirds.label, Classes)
    assert thirds.label.codes.tolist() == [0, 1]
    assert thirds.part == ["train", "none"]
    pairs = applied(Standard(bin=2), table(np.ones((5, 1)), labels=(position,)))
    assert isinstance(pairs.label, Values)
    assert pairs.label.values.tolist() == [2, 5]


def test_a_bin_of_a_mixed_part_is_in_no_part() -> None:
    part = ["train"] * 7 + ["test"] * 5
    data = applied(Standard(bin=2), table(rng().normal(size=(12, 1)), part=part))
    rows = partition(Split(column="part"), data)
    assert rows.parts["train"].tolist() == [0, 1, 2]
    assert rows.unused.tolist() == [3]


def test_a_bin_leaves_out_missing_cells() -> None:
    x = np.array([[1.0, np.nan], [np.nan, np.nan], [3, 0.5], [1, 1]])
    data = applied(Standard(bin=2), table(x, missing=Missing.mean))
    assert data.x[:, 0].tolist() == [2, 4]  # the known count of a bin of two is doubled
    np.testing.assert_array_equal(data.x[:, 1], [np.nan, 0.75])


def test_square_roots_are_of_the_sums() -> None:
    data = applied(Standard(bin=2, sqrt=True), table(np.array([[1.0], [3], [0], [9]])))
    assert data.x.ravel().tolist() == [2, 3]
    assert data.features == ("sqrt(c0)",)


def test_square_roots_need_no_order() -> None:
    data = Dataset("made", np.array([[4.0], [9]]), ("c0",), range(2))
    assert applied(Standard(sqrt=True), data).x.ravel().tolist() == [2, 3]


def test_smoothing_is_a_gaussian_that_keeps_constants_and_missing_cells() -> None:
    impulse = np.zeros((41, 1))
    impulse[20] = 1
    smooth = applied(Standard(smooth=2), table(impulse)).x.ravel()
    assert smooth[20:27] / smooth[20] == pytest.approx(np.exp(-(np.arange(7) ** 2) / 8))
    assert not smooth[27:].any()
    constant = np.where(np.arange(20) == 7, np.nan, 3.0)[:, None]
    data = applied(Standard(smooth=2), table(constant, missing=Missing.mean))
    np.testing.assert_allclose(data.x, constant)


def test_lags_are_the_rows_before_with_names_and_without_the_first_rows() -> None:
    x = np.stack([np.arange(5), 10.0 * np.arange(5)], axis=1)
    data = applied(Standard(lags=2), table(x))
    assert data.features == ("c0", "c0[t-1]", "c0[t-2]", "c1", "c1[t-1]", "c1[t-2]")
    assert data.x.tolist() == [
        [t, t - 1, t - 2, 10 * t, 10 * t - 10, 10 * t - 20] for t in (2, 3, 4)
    ]
    assert [*data.rows] == ["2", "3", "4"]


def test_categories_have_lags_too() -> None:
    letter = Column("letter", ("a", "b"))
    x = np.array([[1.0, 0], [0, 1], [0, 1]])
    data = applied(Standard(lags=1), replace(table(x), features=letter.features, origin=(letter,)))
    assert data.features == ("letter=a", "letter=b", "letter=a[t-1]", "letter=b[t-1]")
    assert data.x.tolist() == [[0, 1, 1, 0], [0, 1, 0, 1]]
    assert decode(data.columns, data.x)["letter"].tolist() == ["b", "b"]


def test_the_note_has_the_steps_in_their_order() -> None:
    data = applied(Standard(bin=7, sqrt=True, smooth=2, lags=1), table(np.ones((ROWS, 2))))
    [note] = data.notes
    assert note == (
        "preprocessing: counts were summed over bins of 7 successive rows, then square roots were"
        " taken, then values were smoothed in time by a Gaussian with a standard deviation of 2"
        " bins, which ends at 3 standard deviations, then each bin was extended by the values of"
        " 1 bin before it; 120 rows became 17 bins, named by their first rows; left out: 1 row of"
        " incomplete bins, and 1 bin with too few bins before"
    )


def test_the_fingerprint_is_that_of_the_table_before_the_steps() -> None:
    data = table(autoregressive(0))
    assert fingerprint(applied(Standard(smooth=2), data)) == fingerprint(data)


# --- no value in two parts

STEPS = {
    "smooth": Standard(smooth=1.5),
    "lags": Standard(lags=4),
    "all": Standard(bin=2, sqrt=True, smooth=0.7, lags=2),
}


@pytest.mark.parametrize("spec", [pytest.param(spec, id=name) for name, spec in STEPS.items()])
@pytest.mark.parametrize("groups", [None, SESSION // 2, SESSION], ids=["one", "two", "sessions"])
@pytest.mark.parametrize("seed", range(2))
def test_no_value_enters_rows_of_two_parts(
    spec: PreprocessingSpec, groups: Any, seed: int
) -> None:
    """The table is the identity: a feature of a row shows which row of the table enters it."""
    part = np.repeat(["train", "val", "train", "test"], ROWS // 4)
    data = applied(spec, table(np.eye(ROWS), groups, part=part))
    of_columns = data.x.reshape(len(data.x), ROWS, -1)
    enters = (of_columns > 0).any(axis=2)
    by = None if groups is SESSION else Together.blocks
    splits = [
        *folds(Split(seed=seed, folds=3, by=by), data),
        partition(Split(validation=0.2, test=0.2, seed=seed, by=by), data),
        partition(Split(column="part"), data),
    ]
    for rows in splits:
        assert min(map(len, rows.parts.values())) > 0
        entering = [enters[of_part].any(axis=0).astype(int) for of_part in rows.parts.values()]
        assert sum(entering).max() == 1
    if groups is not None:
        session = np.array(groups)
        for row, entry in zip(enters, data.rows, strict=True):
            assert {*session[row]} == {session[int(entry)]}


# --- tables without structure


def test_lags_of_a_column_move_together_in_tables_without_structure() -> None:
    data = applied(Standard(lags=2), table(autoregressive(0, rows=200, columns=3)))
    null = permuted(data.x, data.columns, np.arange(100), rng(), data.design)
    for column in range(0, 9, 3):
        lagged = null[:, column : column + 3]
        continues = np.isclose(lagged[1:, 1], lagged[:-1, 0])
        assert (~continues).sum() <= 1  # where the end of the recording meets its start
        assert {*map(tuple, lagged)} == {*map(tuple, data.x[:, column : column + 3])}
    assert not np.isclose(null[:, 0], data.x[:, 0]).all()


def test_a_planted_group_shifts_all_lags_of_a_column() -> None:
    data = applied(Standard(lags=2), table(autoregressive(0, columns=4)))
    x, rows = planted(data.x, data.columns, Group(5, 0.1), rng())
    shifted = (x != data.x)[rows].all(axis=0).reshape(4, 3)
    assert shifted.any(axis=1).sum() == 2
    assert (shifted.any(axis=1) == shifted.all(axis=1)).all()


@pytest.mark.parametrize("spec", [Standard(lags=2), Standard(smooth=2)], ids=["lags", "smooth"])
def test_independent_columns_have_no_structure_after_the_steps(spec: PreprocessingSpec) -> None:
    claimed = [p_of_structure(applied(spec, table(autoregressive(s)))) <= LEVEL for s in range(20)]
    assert sum(claimed) <= 3  # of 20 at a level of 5 %: more by chance 1 time in 60


def test_a_shared_factor_is_found_after_the_steps() -> None:
    shared = autoregressive(0, columns=2) @ rng().normal(size=(2, 12))
    data = table(autoregressive(1) + shared)
    assert p_of_structure(applied(Standard(smooth=1, lags=1), data)) <= LEVEL


def test_the_correlation_time_is_that_of_the_processed_table() -> None:
    data = table(rng().normal(size=(400, 5)))
    assert data.design.tau == 1
    smooth = applied(Standard(smooth=4), data)
    assert smooth.design.tau == correlation_time(smooth.x, [np.arange(400)]) > 5
    assert applied(Standard(lags=6), data).design.tau == 6  # rows with a common value


# --- errors


@pytest.mark.parametrize(
    ("spec", "split", "message"),
    [
        pytest.param(
            Standard(smooth=2), Split(), "preprocessing.smooth=2 needs the order", id="order"
        ),
        pytest.param(
            Standard(bin=2), Split(), "set dataset.time=rows|dataset.time=rows", id="remedy"
        ),
        pytest.param(Standard(lags=1), Split(), "preprocessing.lags=1 needs the order", id="lags"),
    ],
)
def test_steps_in_time_need_the_order_of_rows(
    spec: PreprocessingSpec, split: Split, message: str
) -> None:
    experiment = Experiment(preprocessing=spec, split=split)
    with pytest.raises(UserError, match=message):
        prepare(experiment, load(experiment.dataset))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        pytest.param(
            Standard(lags=130), "lags=130 need 131 successive rows, but .* has 120", id="lags"
        ),
        pytest.param(Standard(bin=130), "bin=130 and preprocessing.lags=0 need 130", id="bin"),
        pytest.param(Standard(sqrt=True), r"lowest values are negative in c0 \(-", id="negative"),
    ],
)
def test_steps_that_are_not_possible_are_an_error(spec: PreprocessingSpec, message: str) -> None:
    with pytest.raises(UserError, match=message):
        applied(spec, table(rng().normal(size=(ROWS, 2))))


def test_single_rows_cannot_be_held_out_of_a_smoothed_table() -> None:
    data = applied(Standard(smooth=1), table(rng().normal(size=(ROWS, 2))))
    with pytest.raises(UserError, match=r"Set split\.by=blocks"):
        folds(Split(by=Together.rows), data)


def test_smoothing_that_leaves_no_training_rows_is_an_error() -> None:
    data = applied(Standard(smooth=30), table(rng().normal(size=(ROWS, 2))))
    with pytest.raises(
        UserError, match="or less smoothing or fewer lags, which need a gap of 120"
    ):
        folds(Split(), data)


def test_a_smoothed_table_is_no_sample(csv: Path) -> None:
    experiment = Experiment(
        dataset=Table(path=str(csv), time="second", group="day", sample=50),
        preprocessing=Standard(smooth=1),
    )
    with pytest.raises(UserError, match=r"Remove dataset\.sample"):
        prepare(experiment, load(experiment.dataset))


# --- a run


@pytest.fixture(scope="module")
def csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "spikes.csv"
    counts = rng().poisson(2 + 2 * np.sin(TIME[:, None] / 9 + np.arange(4)))
    frame = pd.DataFrame(counts, columns=[f"cell{i}" for i in range(4)])
    frame.assign(second=TIME * 0.1, day=SESSION // 2).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def of_spikes(tiny: Make, csv: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    experiment = tiny(
        dataset=Table(path=str(csv), time="second", group="day"),
        preprocessing=Standard(bin=2, sqrt=True, smooth=1, lags=1),
        split=Split(validation=0.3, folds=1),
    )
    return aeexp.run(experiment, folder=tmp_path_factory.mktemp("of_spikes") / "run")


def test_a_run_encodes_its_own_recording_as_before(of_spikes: Any, csv: Path) -> None:
    frame, latents = pd.read_csv(csv), of_spikes.latents
    encoded = of_spikes.encode(frame)
    assert [*encoded.index] == [*range(0, ROWS, 2)]  # a row for each bin
    without = encoded.index[encoded["z1"].isna()]
    assert [*without] == [0, ROWS // 2]  # the first bin of each session has no lag
    np.testing.assert_allclose(encoded["z1"].dropna(), latents["z1"], rtol=1e-4, atol=1e-5)
    assert [*encoded["z1"].dropna().index] == [*latents["row"]]
    shuffled = of_spikes.encode(frame.sample(frac=1, random_state=0))
    np.testing.assert_allclose(
        shuffled.sort_index()["z1"].dropna(), latents["z1"], rtol=1e-4, atol=1e-5
    )


def test_a_file_is_encoded_as_a_whole_with_the_names_of_first_rows(
    of_spikes: Any, csv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convert, "BATCH_ROWS", 7)
    model = FittedModel(read_model(of_spikes.folder))
    *_, last = convert.encode(model, csv, tmp_path / "z.csv", Format())
    assert last == "2 more rows have missing cells or too few rows before them and were left empty"
    encoded = pd.read_csv(tmp_path / "z.csv")
    assert [*encoded["row"]] == [*range(0, ROWS, 2)]
    expected = of_spikes.encode(pd.read_csv(csv))["z1"]
    np.testing.assert_allclose(encoded["z1"], expected, rtol=1e-4, atol=1e-5)


def test_a_recording_without_its_times_or_sessions_is_an_error(of_spikes: Any, csv: Path) -> None:
    with pytest.raises(UserError, match="lacks columns that order its rows: second, day"):
        of_spikes.encode(pd.read_csv(csv).drop(columns=["second", "day"]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(lambda frame: frame.head(3), "recording has 3", id="short"),
        pytest.param(lambda frame: frame.assign(cell0=-1), "negative in cell0", id="negative"),
        pytest.param(lambda frame: frame.assign(second="x. y"), "got 'x. y'", id="time"),
    ],
)
def test_rows_that_do_not_fit_are_an_error_without_advice_on_training(
    of_spikes: Any, csv: Path, change: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    for apply in (of_spikes.encode, of_spikes.reconstruct):
        with pytest.raises(UserError, match=f"does not fit the model: .*{message}.*") as error:
            apply(change(pd.read_csv(csv)))
        assert not re.search("[Uu]se|[Ss]et |[Rr]emove|dataset.drop", str(error.value))


def test_counts_of_bins_are_reconstructed(of_spikes: Any, csv: Path) -> None:
    restored = of_spikes.reconstruct(pd.read_csv(csv)).dropna()
    assert [*restored] == [f"cell{i}" for i in range(4)]
    assert restored.to_numpy().min() >= 0
    assert 2 < restored.to_numpy().mean() < 5  # two rows of a mean count of 2
    decoded = of_spikes.decode(of_spikes.encode(pd.read_csv(csv))).dropna()
    np.testing.assert_allclose(decoded, restored, rtol=1e-3, atol=1e-4)


def test_a_run_with_steps_is_verified(of_spikes: Any) -> None:
    run = Run(of_spikes.folder)
    assert verify(run, load_experiment(run)).same


def test_a_stored_model_has_its_steps(of_spikes: Any) -> None:
    stored, cells = read_model(of_spikes.folder), tuple(f"cell{i}" for i in range(4))
    expected = TimeSteps(2, sqrt=True, smooth=1, lags=1, counts=cells, time="second", group="day")
    assert stored.steps == expected


@pytest.mark.parametrize(
    "change",
    [{"lags": 10**15}, {"lags": -1}, {"sqrt": False}, {"smooth": 1e300}, {"bin": 0}, {"time": ""}],
)
def test_stored_steps_that_do_not_fit_are_refused(of_spikes: Any, change: dict[str, Any]) -> None:
    stored = read_model(of_spikes.folder)
    assert stored.steps
    forged = asdict(stored.steps) | change
    with pytest.raises(UserError, match="has steps"):
        _steps({"steps": forged}, stored.columns)


def test_stored_columns_with_too_many_lags_are_refused(of_spikes: Any) -> None:
    values = dict(read_model(of_spikes.folder).preprocessing)
    values["columns"] = [column | {"lags": 10**15} for column in values["columns"]]
    with pytest.raises(UserError, match="not those of its features"):
        _columns(values, tuple(values["features"]))


def test_the_methods_have_the_steps_in_their_order(tiny: Make, csv: Path) -> None:
    experiment = tiny(
        dataset=Table(path=str(csv), time="rows"),
        preprocessing=Standard(bin=2, sqrt=True, smooth=1),
    )
    text = methods(experiment, prepare(experiment, load(experiment.dataset))).text
    assert (
        "in this order: 5 features of counts were summed and 1 other averaged over bins of 2"
        " successive rows; square roots were taken; then values were smoothed in time" in text
    )
    assert "so that no value of the table is in rows of two parts" in text


def test_covariates_are_those_of_the_bins(tiny: Make, csv: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(csv).assign(temperature=rng(1).normal(size=ROWS))
    frame["cell0"] += 1000 * frame["temperature"]
    frame.to_csv(tmp_path / "warm.csv", index=False)
    dataset = Table(
        path=str(tmp_path / "warm.csv"), time="second", group="day", covariates=["temperature"]
    )
    experiment = tiny(dataset=dataset, preprocessing=Standard(bin=2))
    found = aeexp.run(experiment, folder=tmp_path / "run")
    encoded = found.encode(frame)["z1"].dropna()
    np.testing.assert_allclose(encoded, found.latents["z1"], rtol=1e-3, atol=1e-4)
    warm = frame.assign(temperature=frame["temperature"] + 1, cell0=frame["cell0"] + 1000)
    assert np.corrcoef(found.encode(warm)["z1"], encoded)[0, 1] > 0.95
    with pytest.raises(UserError, match="lacks covariates whose effects the model removes: temp"):
        found.encode(frame.drop(columns="temperature"))


def test_lags_of_rows_with_other_covariates_are_an_error() -> None:
    names = Column("temperature")
    values = np.arange(ROWS, dtype=float)[:, None]
    x = rng().normal(size=(ROWS, 3))
    data = table(x, time=TIME, covariates=Covariates((names,), values))
    assert len(applied(Standard(bin=2), data).x) == ROWS // 2
    with pytest.raises(UserError, match=r"whose covariates \(temperature\) may differ"):
        applied(Standard(lags=1), data)
    constant = replace(data, covariates=Covariates((names,), np.ones((ROWS, 1))))
    assert applied(Standard(lags=1), constant).x.shape == (ROWS - 1, 6)


def test_steps_do_not_join_rows_around_a_row_that_was_left_out(tmp_path: Path) -> None:
    x = rng().normal(size=(ROWS, 3))
    x[50] = np.nan
    frame = pd.DataFrame(x, columns=[*"abc"]).assign(day=SESSION)
    frame.to_csv(tmp_path / "gap.csv", index=False)
    spec = Table(path=str(tmp_path / "gap.csv"), time="rows", group="day")
    with pytest.raises(UserError, match="would join rows that do not follow one another"):
        applied(Standard(lags=1), load(spec))
    assert applied(Standard(sqrt=False), load(spec)).x.shape == (ROWS - 1, 3)
    frame.loc[SESSION == 1] = frame.loc[SESSION == 1].assign(a=np.nan, b=np.nan, c=np.nan)
    frame.to_csv(tmp_path / "gap.csv", index=False)  # a whole session is left out
    assert applied(Standard(lags=1), load(spec)).x.shape == (87, 6)


def test_logarithms_are_not_summed() -> None:
    columns = tuple(Column(f"c{i}", log1p=True) for i in range(2))
    with pytest.raises(UserError, match=r"are for counts, not for their logarithms"):
        applied(Standard(bin=2), table(np.ones((ROWS, 2)), origin=columns))


def test_lags_need_names_that_are_free() -> None:
    names = Column("a"), Column("a[t-1]")
    with pytest.raises(UserError, match="which the table has already"):
        applied(Standard(lags=1), table(np.ones((ROWS, 2)), origin=names))
