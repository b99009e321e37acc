"""A user's table becomes features, labels and names of rows, without loss."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pyarrow import feather
from sentences import Sentences
from sklearn.datasets import load_wine
from sklearn.impute import KNNImputer

from aeexp.config.spec import (
    Categorical,
    Experiment,
    Format,
    Infinite,
    KMeans,
    MinMax,
    Missing,
    PreprocessingSpec,
    Split,
    Standard,
    Table,
    Unscaled,
)
from aeexp.data import Classes, Column, Values, imputation, load
from aeexp.data.features import decode, encode, features
from aeexp.data.inspect import inspect
from aeexp.data.prepare import prepare_problem

Csv = Callable[..., str]


@pytest.fixture
def csv(tmp_path: Path) -> Csv:
    """Write columns as a csv file and return its path."""

    def write(**columns: Any) -> str:
        path = tmp_path / "table.csv"
        pd.DataFrame(columns).to_csv(path, index=False)
        return str(path)

    return write


SIX = {"a": [1.0, 2, 3, 4, 5, 6], "b": [6.5, 5, 4, 3, 2, 1]}


def test_a_file_is_loaded_as_a_dataset(csv: Csv) -> None:
    data = load(
        Table(path=csv(name=list("uvwxyz"), **SIX, site=list("nnsnss")), id="name", label="site")
    )
    assert data.name == "table"
    assert data.features == ("a", "b")
    assert data.x.tolist() == [list(pair) for pair in zip(*SIX.values(), strict=True)]
    assert list(data.rows) == list("uvwxyz")
    assert isinstance(data.label, Classes)
    assert [data.label.names[code] for code in data.label.codes] == list("nnsnss")


def test_wine_from_a_file_equals_the_built_in_wine(tmp_path: Path) -> None:
    wine = load_wine(as_frame=True)
    wine.data.assign(cultivar=wine.target_names[wine.target]).to_csv(
        tmp_path / "wine.csv", index=False
    )
    loaded = load(Table(path=str(tmp_path / "wine.csv"), label="cultivar"))
    builtin = load(Experiment().dataset)
    assert np.array_equal(loaded.x, builtin.x)
    assert loaded.features == builtin.features
    assert np.array_equal(loaded.label.codes, builtin.label.codes)


def test_a_table_keeps_single_precision(tmp_path: Path) -> None:
    frame = pd.DataFrame(SIX).astype(np.float32)
    frame.to_parquet(tmp_path / "t.parquet")
    assert load(Table(path=str(tmp_path / "t.parquet"))).x.dtype == np.float32


@pytest.mark.parametrize(
    ("settings", "chosen"),
    [
        pytest.param({}, ("gene_1", "gene_2", "age"), id="all"),
        pytest.param({"columns": ["gene_*"]}, ("gene_1", "gene_2"), id="a pattern"),
        pytest.param({"columns": ["age", "gene_1"]}, ("gene_1", "age"), id="in the table's order"),
        pytest.param({"columns": "age"}, ("age",), id="one name"),
        pytest.param({"drop": ["gene_*"]}, ("age",), id="dropped"),
        pytest.param({"label": ["age"]}, ("gene_1", "gene_2"), id="a label is no feature"),
        pytest.param({"id": "age"}, ("gene_1", "gene_2"), id="an id is no feature"),
        pytest.param({"columns": ["*"], "drop": ["age"]}, ("gene_1", "gene_2"), id="both"),
    ],
)
def test_columns_are_chosen_by_name_or_pattern(
    csv: Csv, settings: dict[str, Any], chosen: tuple[str, ...]
) -> None:
    path = csv(gene_1=[1, 2, 3], gene_2=[3, 1, 2], age=[20, 40, 30])
    assert load(Table(path=path, **settings)).features == chosen


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"label": "cultivr"}, id="label"),
        pytest.param({"id": "nr"}, id="id"),
        pytest.param({"drop": ["z*"]}, id="pattern"),
        pytest.param({"drop": ["a", "b"]}, id="nothing left"),
        pytest.param({"path": ""}, id="no file"),
    ],
)
def test_an_unknown_column_is_an_error_with_its_name(
    csv: Csv, settings: dict[str, Any], sentences: Sentences
) -> None:
    with sentences.raised(ValueError):
        load(Table(**{"path": csv(**SIX)} | settings))


def test_a_number_can_be_the_name_of_a_column(csv: Csv) -> None:
    assert load(Table(path=csv(**{"1": [1, 2], "b": [2, 1]}), label=1)).features == ("b",)


def test_a_name_must_be_text_or_a_number() -> None:
    with pytest.raises(ValueError, match=r"Table.drop must be names of columns"):
        Table(path="x.csv", drop=[{"a": 1}])


@pytest.mark.parametrize(
    ("column", "kind", "names"),
    [
        pytest.param(["b", "a", "b", "a", "b", "c"], Classes, ("a", "b", "c"), id="text"),
        pytest.param([2, 1, 2, 1, 2, 10], Classes, ("1", "10", "2"), id="few whole numbers"),
        pytest.param([2.5, 1, 2, 1, 2, 3], Values, None, id="numbers"),
        pytest.param([True, False] * 3, Classes, ("False", "True"), id="truth values"),
        pytest.param([0.0, 1.0] * 3, Classes, ("0", "1"), id="whole floats"),
    ],
)
def test_the_cells_of_a_label_determine_whether_it_has_classes_or_values(
    csv: Csv, column: list[Any], kind: type, names: tuple[str, ...] | None
) -> None:
    label = load(Table(path=csv(**SIX, y=column), label="y")).label
    assert isinstance(label, kind)
    assert getattr(label, "names", None) == names


def test_f32_a_row_without_a_label_belongs_to_no_class(csv: Csv) -> None:
    label = load(Table(path=csv(**SIX, y=["a", None, "b", "a", "b", "a"]), label="y")).label
    assert label.codes.tolist() == [0, -1, 1, 0, 1, 0]
    assert label.none == "no y"
    ages = load(Table(path=csv(**SIX, y=[1.5, None, 2, 3, 4, 5]), label="y")).label
    assert np.isnan(ages.values).tolist() == [False, True] + [False] * 4


def test_f20_a_text_column_is_an_error_with_a_remedy(csv: Csv) -> None:
    path = csv(**SIX, site=list("nnsnss"))
    with pytest.raises(ValueError, match=r"not numeric: column 'site'.*categorical=onehot"):
        load(Table(path=path))
    assert load(Table(path=path, label="site", columns=["a", "site"])).features == ("a",)


def test_text_columns_can_be_dropped_or_encoded(csv: Csv) -> None:
    path = csv(**SIX, site=list("nnsnss"))
    assert load(Table(path=path, categorical=Categorical.drop)).features == ("a", "b")
    onehot = load(Table(path=path, categorical=Categorical.onehot))
    assert onehot.features == ("a", "b", "site=n", "site=s")
    assert onehot.x[:, 2:].tolist() == [[1, 0], [1, 0], [0, 1], [1, 0], [0, 1], [0, 1]]


def test_a_text_column_with_many_categories_is_an_error(csv: Csv) -> None:
    path = csv(a=range(150), name=[f"n{i}" for i in range(150)])
    with pytest.raises(ValueError, match="name has 150 categories, more than 100"):
        load(Table(path=path, categorical=Categorical.onehot))


def test_log1p_applies_to_the_chosen_columns(csv: Csv) -> None:
    data = load(Table(path=csv(**SIX), log1p=["a"]))
    assert data.features == ("log1p(a)", "b")
    assert data.x[:, 0] == pytest.approx(np.log1p(SIX["a"]))
    with pytest.raises(ValueError, match="a must have values above -1 for log1p, got -3"):
        load(Table(path=csv(a=[-3, 1], b=[1, 2]), log1p=["a"]))


def test_decode_is_the_inverse_of_encode() -> None:
    frame = pd.DataFrame({"a": [1.0, 2, 3], "site": ["n", "s", "n"], "c": [0.0, 10, 100]})
    columns = [Column("a"), Column("site", categories=("n", "s")), Column("c", log1p=True)]
    restored = decode(columns, encode(columns, frame))
    assert features(columns) == ("a", "site=n", "site=s", "log1p(c)")
    assert restored["site"].tolist() == ["n", "s", "n"]
    assert restored["a"].tolist() == [1, 2, 3]
    assert restored["c"] == pytest.approx([0, 10, 100])


GAPS = {"a": [1.0, None, 3, 4, 5, 6], "b": [6.0, 5, None, None, 2, 1]}


def test_f13_missing_cells_are_an_error_with_counts_rows_and_remedy(csv: Csv) -> None:
    with pytest.raises(ValueError, match=r"3 of 12 cells are missing, in a \(1\), b \(2\)") as e:
        load(Table(path=csv(**GAPS)))
    assert "data rows 2, 3, 4" in str(e.value)
    assert "dataset.missing=drop_rows, mean, median or knn" in str(e.value)


def test_f13_infinities_are_missing_only_if_it_is_set(csv: Csv) -> None:
    path = csv(a=[1, np.inf, 3, 4, -np.inf, 6], b=[1.0, 2, 3, 4, 5, 6])
    with pytest.raises(ValueError, match=r"infinite cells in a \(2\)"):
        load(Table(path=path))
    data = load(Table(path=path, infinite=Infinite.missing, missing=Missing.mean))
    assert np.isnan(data.x[:, 0]).tolist() == [False, True, False, False, True, False]


def test_f13_rows_with_missing_cells_are_dropped_with_their_labels(csv: Csv) -> None:
    path = csv(**GAPS, y=list("abcdef"), n=list("uvwxyz"))
    data = load(Table(path=path, missing=Missing.drop_rows, label="y", id="n"))
    assert data.x.tolist() == [[1, 6], [5, 2], [6, 1]]
    assert list(data.rows) == ["u", "y", "z"]
    assert data.label.names == ("a", "e", "f")
    assert any("3 of 6 rows are dropped" in note for note in data.notes)


@given(
    x=arrays(np.float64, (12, 3), elements=st.floats(-1e3, 1e3)),
    gaps=arrays(np.bool_, (12, 3)),
)
@pytest.mark.parametrize("missing", [Missing.mean, Missing.median, Missing.knn])
def test_f13_missing_cells_are_filled_from_training_rows_only(
    missing: Missing, x: np.ndarray, gaps: np.ndarray
) -> None:
    gaps[0] = False
    scaled = np.where(gaps, np.nan, x).astype(np.float32)
    train, held_out = scaled[:8], scaled[8:]
    filled = imputation.fit(missing, train).apply(held_out)
    assert np.isfinite(filled).all()
    assert np.array_equal(filled[~gaps[8:]], held_out[~gaps[8:]])
    functions = {Missing.mean: np.nanmean, Missing.median: np.nanmedian}
    if missing is Missing.knn:
        oracle = KNNImputer(n_neighbors=5).fit(train).transform(held_out)
        assert filled == pytest.approx(oracle, rel=1e-5, abs=1e-3)
    else:
        expected = np.broadcast_to(functions[missing](train.astype(float), axis=0), held_out.shape)
        assert filled[gaps[8:]] == pytest.approx(expected[gaps[8:]], rel=1e-4, abs=1e-2)


@pytest.mark.parametrize("missing", [Missing.mean, Missing.median, Missing.knn])
def test_f13_held_out_rows_do_not_change_the_imputation(csv: Csv, missing: Missing) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 40))
    a[[1, 5]] = np.nan
    experiment = Experiment(dataset=Table(path=csv(a=a, b=b), missing=missing))
    before = prepare_problem(experiment)
    held_out = before.rows.val
    a[held_out], b[held_out] = 100 + a[held_out], 100 - b[held_out]
    csv(a=a, b=b)
    after = prepare_problem(experiment)
    assert np.array_equal(before.x[before.rows.train], after.x[after.rows.train])


def test_remaining_rows_keep_their_numbers(csv: Csv) -> None:
    assert list(load(Table(path=csv(**GAPS), missing=Missing.drop_rows)).rows) == ["0", "4", "5"]
    some = load(Table(path=csv(a=np.arange(50.0), b=np.arange(50.0)), sample=5))
    assert [float(row) for row in some.rows] == some.x[:, 0].tolist()


def test_remaining_rows_at_the_end_keep_their_numbers(csv: Csv) -> None:
    path = csv(a=[None, None, 3.0, 4, 5, 6], b=SIX["b"])
    assert list(load(Table(path=path, missing=Missing.drop_rows)).rows) == [2, 3, 4, 5]


def test_integer_names_stay_integers_if_some_are_missing(csv: Csv) -> None:
    path = csv(**SIX, n=[1, 2, None, 4, 5, 6], k=[1, 2, None, 1, 2, 1])
    data = load(Table(path=path, id="n", label="k"))
    assert list(data.rows) == ["1", "2", "", "4", "5", "6"]
    assert data.label.names == ("1", "2")
    column = Column("k", categories=("1", "2"))
    assert column.encode(pd.Series([1.0, np.nan, 2.0])).argmax(1).tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"label": "e"}, id="label"),
        pytest.param({"log1p": ["s"], "drop": "s"}, id="log1p"),
    ],
)
def test_an_unsuitable_column_is_an_error(
    csv: Csv, settings: dict[str, Any], sentences: Sentences
) -> None:
    path = csv(**SIX, e=[None] * 6, s=list("xyzxyz"))
    with sentences.raised(ValueError):
        load(Table(path=path, **({"columns": ["a", "b"]} | settings)))


def test_a_label_that_is_listed_twice_is_loaded_once(csv: Csv) -> None:
    data = load(Table(path=csv(**SIX, y=list("ababab")), label=["y", "y*"]))
    assert [labels.name for labels in data.labels] == ["y"]


def test_a_column_without_donors_is_filled_by_its_mean() -> None:
    fill = np.array([7.0, 8.0], np.float32)
    donors = np.array([[1, np.nan], [3, np.nan]], np.float32)
    gaps = np.array([[np.nan, np.nan]], np.float32)
    assert imputation.Imputation(fill, donors).apply(gaps).tolist() == [[2, 8]]


def test_labels_can_be_chosen_by_a_pattern(csv: Csv) -> None:
    data = load(Table(path=csv(**SIX, y_1=list("ababab"), y_2=list("aabbcc")), label="y_*"))
    assert [labels.name for labels in data.labels] == ["y_1", "y_2"]
    assert data.features == ("a", "b")


def test_two_features_of_one_name_are_an_error(csv: Csv) -> None:
    path = csv(**{"a": list("xy"), "a=x": [1, 2]})
    with pytest.raises(ValueError, match="Several columns become the feature a=x"):
        load(Table(path=path, categorical=Categorical.onehot))


def test_a_column_without_a_value_in_the_training_rows_is_an_error(csv: Csv) -> None:
    path = csv(a=[np.nan] * 5 + [7], b=SIX["b"], part=["train"] * 5 + ["val"])
    experiment = Experiment(
        dataset=Table(path=path, missing=Missing.mean), split=Split(column="part")
    )
    with pytest.raises(ValueError, match=r"have no value of a: leave the column out"):
        prepare_problem(experiment)


def test_a_column_without_a_cell_is_left_out_with_a_note(csv: Csv) -> None:
    data = load(Table(path=csv(a=[np.nan] * 6, b=SIX["b"])))
    assert data.features == ("b",)
    assert "columns without a cell are left out: a" in data.notes


def test_f23_a_column_of_row_numbers_is_noted_if_it_is_learnt_from(csv: Csv) -> None:
    path = csv(number=list(range(20)), b=[0, 1] * 10)
    assert any("probably row numbers: 'number' (" in note for note in load(Table(path=path)).notes)
    for unused in ({"id": "number"}, {"time": "number"}, {"drop": ["number"]}):
        assert "row numbers" not in " ".join(load(Table(path=path, **unused)).notes)


def test_a_column_of_the_table_can_set_the_split(csv: Csv) -> None:
    path = csv(**SIX, part=["train", "Train", "val", "train", "test", "training"])
    problem = prepare_problem(Experiment(dataset=Table(path=path), split=Split(column="part")))
    assert problem.data.features == ("a", "b")
    assert problem.rows.train.tolist() == [0, 1, 3, 5]
    assert problem.rows.val.tolist() == [2]
    assert problem.rows.test.tolist() == [4]


@pytest.mark.parametrize(
    ("column", "part"),
    [
        pytest.param("prt", ["train"] * 6, id="no column"),
        pytest.param("part", list("xyzxyz"), id="other words"),
        pytest.param("part", ["train", *["val"] * 5], id="too few"),
    ],
)
def test_an_unsuitable_split_column_is_an_error(
    csv: Csv, column: str, part: list[str], sentences: Sentences
) -> None:
    path = csv(**SIX, part=part)
    with sentences.raised(ValueError):
        prepare_problem(Experiment(dataset=Table(path=path), split=Split(column=column)))


def test_a_split_column_needs_a_table_of_one_s_own() -> None:
    with pytest.raises(ValueError, match="needs a table of your own"):
        prepare_problem(Experiment(split=Split(column="part")))


def test_a_sample_is_a_fixed_choice_of_rows_in_order(csv: Csv) -> None:
    path = csv(a=np.arange(100.0), b=np.arange(100.0) ** 2)
    first, again, other = (
        load(Table(path=path, sample=10, seed=seed)).x[:, 0].tolist() for seed in (0, 0, 1)
    )
    assert first == again == sorted(first)
    assert len(set(first)) == 10
    assert first != other


def test_duplicate_rows_are_counted(csv: Csv) -> None:
    data = load(Table(path=csv(a=[1, 2, 1, 1], b=[1, 2, 1, 2])))
    assert any(note.startswith("1 of 4 rows are copies of another") for note in data.notes)
    assert not load(Table(path=csv(**SIX))).notes


def test_results_are_reported_for_each_label(csv: Csv, tiny: Callable[..., Experiment]) -> None:
    from aeexp.pipeline.run import run  # noqa: PLC0415  (Keras: its backend is chosen by then)

    rng = np.random.default_rng(0)
    x = np.repeat([[0.0, 0], [9, 9]], 20, axis=0) + rng.normal(size=(40, 2))
    kind, site = ["u"] * 20 + ["v"] * 20, ["n", "s"] * 20
    path = csv(a=x[:, 0], b=x[:, 1], kind=kind, site=site, age=np.arange(40) / 3)
    experiment = tiny(
        dataset=Table(path=path, label=["kind", "site", "age"]), clustering={"kmeans": KMeans()}
    )
    artifacts = {artifact.name: artifact for artifact in run(experiment)}
    latents, metrics = artifacts["latents"].columns, artifacts["metrics"].values
    assert [name for name in latents if name.startswith("label")] == [
        "label",
        "label.site",
        "label.age",
    ]
    assert list(latents["label.site"]) == site
    assert metrics["clustering.kmeans.ari"] > 0.9
    assert metrics["clustering.kmeans.ari.site"] < 0.1
    assert "clustering.kmeans.ari.age" not in metrics


@pytest.mark.parametrize("scaling", [Standard(), MinMax()], ids=["standard", "minmax"])
def test_training_works_with_every_treatment_of_missing_cells(
    csv: Csv, tiny: Callable[..., Experiment], scaling: Any
) -> None:
    from aeexp.pipeline.run import run  # noqa: PLC0415

    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 3))
    x[rng.random(x.shape) < 0.2] = np.nan
    path = csv(**dict(zip("abc", x.T, strict=True)))
    for missing in (Missing.drop_rows, Missing.mean, Missing.median, Missing.knn):
        experiment = tiny(dataset=Table(path=path, missing=missing), preprocessing=scaling)
        artifacts = {artifact.name: artifact for artifact in run(experiment)}
        assert np.isfinite(artifacts["metrics"].values["reconstruction.val.mse"])


# Indexes of data frames, and content that is not quoted

FRAME = pd.DataFrame(SIX | {"site": list("nnsnss")})


@pytest.mark.parametrize("ending", ["parquet", "feather"])
def test_f60_the_index_of_a_filtered_frame_names_the_rows(tmp_path: Path, ending: str) -> None:
    path, some = str(tmp_path / f"table.{ending}"), FRAME.drop(columns="site")[FRAME.a != 4]
    write = feather.write_feather if ending == "feather" else pa.parquet.write_table
    write(pa.Table.from_pandas(some), path)
    data = load(Table(path=path))
    assert data.features == ("a", "b")
    assert [str(row) for row in data.rows] == ["0", "1", "2", "4", "5"]
    assert "__index_level_0__: the index in the file" in " ".join(data.notes)
    assert "probably row numbers" not in " ".join(data.notes)
    text = inspect(Path(path), Format())
    assert "probable ids      '__index_level_0__'" in text
    assert text.endswith(" dataset.id=__index_level_0__\n")


def test_f60_an_index_of_pandas_names_the_rows_without_the_notes_of_pandas(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    table = pa.Table.from_pandas(FRAME.drop(columns="site")[FRAME.a != 4])
    pa.parquet.write_table(table.replace_schema_metadata(), path)
    assert load(Table(path=str(path))).features == ("a", "b")


def test_f60_a_named_index_names_the_rows_unless_it_is_chosen(tmp_path: Path) -> None:
    path = str(tmp_path / "table.parquet")
    FRAME.set_index("site").to_parquet(path)
    assert list(load(Table(path=path)).rows) == list("nnsnss")
    labelled = load(Table(path=path, label=["site"]))
    assert labelled.label
    assert labelled.label.name == "site"
    FRAME.set_index("a").to_parquet(path)
    assert load(Table(path=path, columns=["a", "b"], drop=[])).features == ("b", "a")


def test_f60_the_target_of_a_link_is_not_quoted(tmp_path: Path) -> None:
    secret, link = tmp_path / "secret", tmp_path / "table.csv"
    link.symlink_to(secret)
    secret.write_text("name,word\nroot,hidden\n1,2\n")
    with pytest.raises(ValueError, match="column 1 has cells that are not numbers") as error:
        load(Table(path=str(link)))
    assert "hidden" not in str(error.value)
    secret.write_text("a,b\nhidden\n")
    with pytest.raises(ValueError, match=r"a link to .*secret, which cannot be read") as error:
        load(Table(path=str(link)))
    assert "hidden" not in str(error.value)
    secret.write_text("a,b\n1,2\n3,4\n5,6\n")
    assert load(Table(path=str(link))).features == ("a", "b")


@pytest.mark.parametrize("name", ["table.npz", "objects.npz", "objects.npy"])
def test_f60_no_error_recommends_to_unpickle(tmp_path: Path, name: str) -> None:
    path, objects = tmp_path / name, np.array([[{}, 1]], object)
    match name:
        case "table.npz":
            path.write_text("a,b\n1,2\n")
        case "objects.npz":
            np.savez(path, x=objects)
        case _:
            np.save(path, objects)
    with pytest.raises(ValueError, match="no array can be read from it") as error:
        load(Table(path=str(path)))
    assert "pickle" not in str(error.value)


@pytest.mark.parametrize("scaling", [Standard(), Unscaled()], ids=lambda s: type(s).__name__)
def test_f60_no_error_recommends_the_current_scaling(csv: Csv, scaling: PreprocessingSpec) -> None:
    size = 5e-324 if isinstance(scaling, Standard) else 1e300
    path = csv(a=SIX["a"], b=[size, 0, 0, 0, 0, 0])
    with pytest.raises(ValueError, match=r"in the columns b\. Exclude these columns") as error:
        prepare_problem(Experiment(dataset=Table(path=path), preprocessing=scaling))
    assert ("preprocessing=standard" in str(error.value)) is isinstance(scaling, Unscaled)
