"""A run's model is applied to other rows, with the run's columns and preprocessing."""

import csv
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import polars as pl
import pytest
from omegaconf import OmegaConf
from PIL import Image
from sklearn.datasets import load_wine

import aeexp
from aeexp.analysis.latent.reconstructed import Reconstructed
from aeexp.analysis.support import SPACES, KnownRows, Support, support
from aeexp.app import convert
from aeexp.app.commands import command
from aeexp.app.inference import FittedModel
from aeexp.app.verify import verify
from aeexp.config.spec import (
    Categorical,
    Deep,
    Experiment,
    Format,
    Infinite,
    KMeans,
    Missing,
    RowScaling,
    Space,
    Standard,
    Table,
    Training,
    Wine,
)
from aeexp.errors import UserError
from aeexp.pipeline.experiment import configuration, load_experiment
from aeexp.pipeline.run import run
from aeexp.runs import Record, Run, Status, read_model, save_run, subfolder, write_bytes
from aeexp.runs.arrays import layouts, pack, unpack
from aeexp.runs.progress import Monitor

SCHEMA_1 = Path(__file__).parent / "runs" / "schema_1"
Make = Callable[..., Experiment]
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def wine() -> pd.DataFrame:
    bunch = load_wine(as_frame=True)
    names = [f"w{i}" for i in range(len(bunch.data))]
    return bunch.data.assign(sample=names, cultivar=bunch.target_names[bunch.target])


def close(values: pd.Series, expected: pd.Series, **within: float) -> bool:
    return values.to_numpy() == pytest.approx(expected.to_numpy(), **within)


@pytest.fixture(scope="module")
def of_wine(
    tiny: Make, tmp_path_factory: pytest.TempPathFactory, wine: pd.DataFrame
) -> aeexp.LoadedRun:
    """Return a run on the Wine data, trained from a data frame."""
    experiment = tiny(
        dataset=Table(label="cultivar", id="sample"),
        model=Deep(latent_dim=2),
        training=Training(epochs=5),
        clustering={"kmeans": KMeans()},
    )
    return aeexp.run(experiment, wine, tmp_path_factory.mktemp("wine") / "run")


@pytest.mark.engine
def test_encoding_the_run_s_rows_gives_its_latents(
    of_wine: aeexp.LoadedRun, wine: pd.DataFrame
) -> None:
    encoded, latents = of_wine.encode(wine), of_wine.latents
    for factor in ("z1", "z2"):
        assert close(encoded[factor], latents[factor], rel=1e-4, abs=1e-5)
    assert (encoded["kmeans"] == latents["kmeans"]).mean() > 0.9  # they differ at the borders
    assert encoded["kmeans_confidence"].between(1 / 3, 1).all()


def test_the_error_equals_that_of_the_run(of_wine: aeexp.LoadedRun, wine: pd.DataFrame) -> None:
    encoded, latents = of_wine.encode(wine), of_wine.latents
    held_out = (latents["split"] == "val").to_numpy()
    mean = encoded["error"][held_out].mean()
    assert mean == pytest.approx(of_wine.metrics["reconstruction.val.mse"], rel=1e-4)
    trained = encoded["error_percentile"][~held_out]
    assert trained.min() == pytest.approx(0, abs=0.1)
    assert trained.max() == pytest.approx(100, abs=0.1)
    assert trained.median() == pytest.approx(50, abs=1)


def test_f30_columns_are_matched_by_name_and_others_ignored(
    of_wine: aeexp.LoadedRun, wine: pd.DataFrame
) -> None:
    turned = wine.iloc[:, ::-1].assign(more="x")
    assert of_wine.encode(turned).equals(of_wine.encode(wine))


def test_f30_missing_columns_are_refused_by_name(
    of_wine: aeexp.LoadedRun, wine: pd.DataFrame
) -> None:
    with pytest.raises(ValueError, match=r"lacks columns that the model takes: alcohol, hue\."):
        of_wine.encode(wine.drop(columns=["hue", "alcohol"]))


def test_f30_other_numeric_types_give_the_same_factors(
    of_wine: aeexp.LoadedRun, wine: pd.DataFrame
) -> None:
    converted = wine.astype({"proline": "Int64", "hue": "float32"})
    assert close(of_wine.encode(converted)["z1"], of_wine.encode(wine)["z1"], rel=1e-3)
    with pytest.raises(ValueError, match="column hue must have numbers, got 'much'"):
        of_wine.encode(wine.assign(hue="much"))


def test_a_name_that_r_has_changed_is_recognised(
    of_wine: aeexp.LoadedRun, wine: pd.DataFrame
) -> None:
    name = "od280/od315_of_diluted_wines"
    with pytest.raises(
        ValueError, match=r"dataset.rename=\{od280.od315_of_diluted_wines:od280/od"
    ):
        of_wine.encode(wine.rename(columns={name: "od280.od315_of_diluted_wines"}))


@pytest.mark.parametrize("kind", [RowScaling.total, RowScaling.median_ratio, RowScaling.clr])
def test_rows_are_transposed_scaled_and_limited_as_in_training(
    tiny: Make, tmp_path: Path, wine: pd.DataFrame, kind: RowScaling
) -> None:
    turned = wine.drop(columns="cultivar").set_index("sample").T.reset_index(names="measurement")
    experiment = tiny(dataset=Table(transpose=True), preprocessing=Standard(rows=kind, clip=1.5))
    trained = aeexp.run(experiment, turned, tmp_path / "run")
    some = turned.iloc[::-1, [0, *range(100, 105)]]
    encoded, latents = trained.encode(some), trained.latents.iloc[99:104]
    assert [*encoded.index] == [*latents["row"]] == [f"w{i}" for i in range(99, 104)]
    for factor in ("z1", "z2"):
        assert close(encoded[factor], latents[factor], rel=1e-4, abs=1e-5)


def test_columns_that_are_no_samples_are_left_out_as_in_training(
    tiny: Make, tmp_path: Path, wine: pd.DataFrame
) -> None:
    turned = wine.drop(columns="cultivar").set_index("sample").T.reset_index(names="measurement")
    turned.insert(1, "Length", range(len(turned)))
    dataset = Table(transpose=True, drop=["Length"])
    trained = aeexp.run(tiny(dataset=dataset), turned, tmp_path / "run")
    assert [*trained.encode(turned).index] == trained.latents["row"].tolist()
    turned.to_csv(path := tmp_path / "turned.csv", index=False)
    model, format = FittedModel(read_model(trained.folder)), Format(transpose=True)
    [*_] = convert.encode(model, path, tmp_path / "z.csv", format)
    encoded = pd.read_csv(tmp_path / "z.csv")
    assert [*encoded["row"]] == [*trained.latents["row"]]
    assert close(encoded["z1"], trained.latents["z1"], rel=1e-4, abs=1e-5)


def test_columns_of_a_second_file_are_joined_to_new_rows(
    tiny: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    table = mixed()[["b", "c", "count"]].assign(id=[f"s{i}" for i in range(60)])
    about = table[["id"]].assign(age=np.arange(60) % 7)
    for path, frame in [("t.csv", table), ("new.csv", table), ("about.csv", about[::-1])]:
        frame.to_csv(path, index=False)
    dataset = Table(path="t.csv", metadata="about.csv", id="id", covariates=["age"])
    trained = aeexp.run(tiny(dataset=dataset), folder="run")
    for arguments in (["t.csv"], ["new.csv", "dataset.metadata=about.csv"]):
        assert command(["encode", "run", *arguments, "-o", "z.csv", "--overwrite"]) == 0
        assert "1 column from about.csv, matched by 'id' and 'id'" in capsys.readouterr().out
        encoded = pd.read_csv("z.csv")
        assert close(encoded["z1"], trained.latents["z1"], rel=1e-4, abs=1e-5)
    with pytest.raises(UserError, match=r"removes: age.* name it: dataset.metadata=FILE"):
        command(["encode", "run", "new.csv"])  # other samples may have the same names


def test_new_rows_do_not_change_the_scaling(of_wine: aeexp.LoadedRun, wine: pd.DataFrame) -> None:
    alone = of_wine.encode(wine.iloc[[7]])
    shifted = wine.assign(proline=wine["proline"] + 5000)
    with_others = of_wine.encode(pd.concat([wine.iloc[[7]], shifted])).iloc[[0]]
    assert close(alone["z1"], with_others["z1"], rel=1e-5)


def test_f31_rows_far_from_the_training_rows_are_outside(
    of_wine: aeexp.LoadedRun, wine: pd.DataFrame
) -> None:
    far = wine.assign(proline=wine["proline"] * 100)
    assert of_wine.encode(far)["outside"].all()
    trained = of_wine.latents["split"].to_numpy() == "train"
    inside = of_wine.encode(wine[trained])["outside"]
    assert inside.sum() == np.ceil(0.01 * trained.sum())  # 1 % have a larger error than 99 %


def test_rows_are_reconstructed_in_original_units(
    of_wine: aeexp.LoadedRun, wine: pd.DataFrame
) -> None:
    restored = of_wine.reconstruct(wine)
    assert list(restored) == [name for name in wine if name not in {"sample", "cultivar"}]
    model = FittedModel(read_model(of_wine.folder))
    error = ((restored - wine[list(restored)]) / model.preprocessing.scaling.scale) ** 2
    assert close(error.mean(axis=1), of_wine.encode(wine)["error"], rel=1e-3)


def test_decoding_factors_gives_their_reconstruction(
    of_wine: aeexp.LoadedRun, wine: pd.DataFrame
) -> None:
    decoded, restored = of_wine.decode(of_wine.latents), of_wine.reconstruct(wine)
    assert close(decoded, restored, rel=1e-3)
    with pytest.raises(ValueError, match="lacks factors that the model decodes: z2"):
        of_wine.decode(of_wine.latents.drop(columns="z2"))
    with pytest.raises(ValueError, match="not finite"):
        of_wine.decode(of_wine.latents.assign(z1=np.nan))


@pytest.fixture
def new_file(
    of_wine: aeexp.LoadedRun, wine: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> pd.DataFrame:
    """Return the rows of new.csv in the working directory; the run is in the directory run."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(of_wine.folder, "run")
    rows = wine[::-1].assign(date="today")
    rows.to_csv("new.csv", index=False)
    return rows


@pytest.mark.parametrize(
    ("keep", "kept"),
    [
        pytest.param("--keep", ["cultivar", "date"], id="all that the model does not use"),
        pytest.param("--keep=hue,cultivar", ["hue", "cultivar"], id="named columns"),
    ],
)
def test_columns_of_new_rows_are_copied_on_request(
    new_file: pd.DataFrame, keep: str, kept: list[str]
) -> None:
    assert command(["encode", "run", "new.csv", "-o", "z.csv", keep]) == 0
    encoded = pd.read_csv("z.csv")
    assert [*encoded["sample"]] == [*new_file["sample"]]
    assert [*encoded][-2:] == kept
    assert encoded[kept].to_numpy().tolist() == new_file[kept].to_numpy().tolist()


@pytest.mark.usefixtures("new_file")
def test_a_column_that_cannot_be_copied_is_named() -> None:
    with pytest.raises(UserError, match=r"the file has no column Cultivar\. It has alcohol"):
        command(["encode", "run", "new.csv", "-o", "z.csv", "--keep=Cultivar"])
    pd.read_csv("new.csv").assign(error=1).to_csv("new.csv", index=False)
    with pytest.raises(UserError, match="the result has a column error of its own"):
        command(["encode", "run", "new.csv", "-o", "z.csv", "--keep"])
    assert not Path("z.csv").exists()


@pytest.mark.usefixtures("new_file")
def test_an_existing_file_is_overwritten_only_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("z.csv").write_text("mine")
    arguments = ["encode", "run", "new.csv", "-o", "z.csv"]
    with pytest.raises(UserError, match=r"z\.csv exists: add --overwrite"):
        command(arguments)
    assert Path("z.csv").read_text() == "mine"
    assert command([*arguments, "--overwrite"]) == 0
    monkeypatch.setattr("aeexp.app.ask.confirmed", lambda *_, **__: True)
    assert command(arguments) == 0


@pytest.mark.parametrize("format", ["h5ad", "parquet"])
def test_the_rows_of_a_run_are_exported(
    of_wine: aeexp.LoadedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command(["export", str(of_wine.folder), "--format", format]) == 0
    latents, path = of_wine.latents, tmp_path / f"run.latents.{format}"
    if format == "parquet":
        assert pd.read_parquet(path).equals(latents)
        return
    with h5py.File(path) as file:
        assert np.asarray(file["obsm/X_aeexp"]) == pytest.approx(latents[["z1", "z2"]].to_numpy())
        assert file["obs/_index"].asstr()[0] == latents["row"][0]
        assert {"label", "kmeans", "split"} <= {*file["obs"]}


def test_a_run_shows_its_answer_figure_and_metrics_in_a_notebook(tmp_path: Path) -> None:
    shutil.copytree(SCHEMA_1, tmp_path / "run")
    sentence = {"about": "structure", "claim": "yes", "sentence": "3 factors <b>."}
    (tmp_path / "run" / "answer.json").write_text(json.dumps({"sentences": [sentence]}))
    run = aeexp.load_run(tmp_path / "run")
    assert run.report is None
    assert run.evidence.empty
    assert run.figures == {}
    (tmp_path / "run" / "figures").mkdir()
    Image.new("RGB", (2, 2)).save(tmp_path / "run" / "figures" / "latent.png")
    (tmp_path / "run" / "report.html").touch()
    page = run._repr_html_()
    assert "✓ <b>What does it find?</b> 3 factors &lt;b&gt;." in page
    assert run.figures["latent"]._repr_html_() in page
    assert "data:image/png;base64,iVBOR" in page
    assert f"{len(run.metrics)} metrics" in page
    assert run.report == tmp_path / "run" / "report.html"


def test_encoded_rows_are_written_as_anndata(
    of_wine: aeexp.LoadedRun, wine: pd.DataFrame, tmp_path: Path
) -> None:
    wine.assign(row=[f"w{i}" for i in range(len(wine))]).to_csv(tmp_path / "new.csv", index=False)
    model = FittedModel(read_model(of_wine.folder))
    [*_] = convert.encode(model, tmp_path / "new.csv", tmp_path / "z.h5ad", Format())
    with h5py.File(tmp_path / "z.h5ad") as file:
        assert file.attrs["encoding-type"] == "anndata"
        latents = np.asarray(file["obsm/X_aeexp"])
        obs = file["obs"]
        assert obs["_index"].asstr()[0] == "w0"
        assert obs["error"].shape == (len(wine),)
        codes = np.asarray(obs["kmeans/codes"])
        names = obs["kmeans/categories"].asstr()[()]
        assert {*obs.attrs["column-order"]} == {*obs} - {"_index"}
    assert latents == pytest.approx(of_wine.latents[["z1", "z2"]].to_numpy(), abs=1e-4)
    clusters = of_wine.latents["kmeans"].astype(str)
    assert (names[codes] == clusters).mean() > 0.9  # the vote of the nearest rows
    with pytest.raises(UserError, match="only encode writes"):
        [*_] = convert.reconstruct(model, tmp_path / "new.csv", tmp_path / "x.h5ad", Format())


def test_a_frame_keeps_its_index(of_wine: aeexp.LoadedRun, wine: pd.DataFrame) -> None:
    some = wine.set_index("sample").iloc[5:9]
    assert list(of_wine.encode(some).index) == ["w5", "w6", "w7", "w8"]


def test_polars_frames_are_accepted(of_wine: aeexp.LoadedRun, wine: pd.DataFrame) -> None:
    assert (
        of_wine.encode(pl.from_pandas(wine))["z1"].tolist() == of_wine.encode(wine)["z1"].tolist()
    )


def mixed() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 3)), columns=list("abc"))
    frame["a"] = frame["a"].where(rng.random(60) > 0.2)
    return frame.assign(site=rng.choice(["n", "s"], 60), count=rng.poisson(5, 60))


@pytest.mark.parametrize("missing", [Missing.mean, Missing.median, Missing.knn])
def test_gaps_categories_and_logarithms_are_treated_as_in_training(
    tiny: Make, tmp_path: Path, missing: Missing
) -> None:
    dataset = Table(missing=missing, categorical=Categorical.onehot, log1p=["count"])
    run = aeexp.run(tiny(dataset=dataset), mixed(), tmp_path / "run")
    encoded = run.encode(mixed())
    assert close(encoded["z1"], run.latents["z1"], rel=1e-3, abs=1e-5)
    restored = run.reconstruct(mixed())
    assert list(restored) == ["a", "b", "c", "site", "count"]
    assert set(restored["site"]) <= {"n", "s"}
    assert restored["count"].min() > -1
    assert run.encode(mixed().assign(site="w"))["outside"].all()


def test_rows_with_gaps_stay_empty_if_training_dropped_such_rows(
    tiny: Make, tmp_path: Path
) -> None:
    table = mixed().drop(columns="site")
    run = aeexp.run(tiny(dataset=Table(missing=Missing.drop_rows)), table, tmp_path / "run")
    encoded = run.encode(table)
    assert encoded["z1"].isna().tolist() == table["a"].isna().tolist()
    assert len(encoded) == len(table)


def test_declared_values_are_missing_in_new_rows(tiny: Make, tmp_path: Path) -> None:
    table = mixed().drop(columns="site").fillna({"a": -9})
    table["b"] = table["b"].where(table.index % 5 > 0, "n.d.").astype(object)
    dataset = Table(na=[-9, "n.d."], missing=Missing.median)
    run = aeexp.run(tiny(dataset=dataset), table, tmp_path / "run")
    assert close(run.encode(table)["z1"], run.latents["z1"], rel=1e-3, abs=1e-5)
    nothing = table.head(1).assign(a=-9, b="n.d.", c=np.nan, count=np.nan)
    assert run.encode(pd.concat([table, nothing]))["z1"].isna().tolist() == [False] * 60 + [True]


def test_gaps_are_refused_in_columns_that_had_none_in_training(
    of_wine: aeexp.LoadedRun, wine: pd.DataFrame
) -> None:
    with pytest.raises(ValueError, match="missing cells in hue, which the model was not trained"):
        of_wine.encode(wine.assign(hue=np.nan))


def test_infinities_are_treated_as_in_training(tiny: Make, tmp_path: Path) -> None:
    table = mixed().drop(columns="site")
    table.loc[3, "b"] = np.inf
    dataset = Table(missing=Missing.mean, infinite=Infinite.missing)
    run = aeexp.run(tiny(dataset=dataset), table, tmp_path / "run")
    assert close(run.encode(table)["z1"], run.latents["z1"], rel=1e-3, abs=1e-5)
    other = aeexp.run(tiny(dataset=Table(missing=Missing.mean)), table.drop(3), tmp_path / "r")
    with pytest.raises(ValueError, match="infinite cells in b"):
        other.encode(table)


def test_row_names_stay_text_in_the_latents(tiny: Make, tmp_path: Path) -> None:
    table = mixed()[["b", "c"]].assign(n=[f"{i:03}" for i in range(60)])
    run = aeexp.run(tiny(dataset=Table(id="n")), table, tmp_path / "run")
    assert run.latents["row"].tolist() == table["n"].tolist()
    assert run.latents["z1"].dtype.kind == "f"


def test_a_frame_may_contain_unusable_columns_that_are_dropped(tiny: Make, tmp_path: Path) -> None:
    flags = pd.Series([True, None, False] * 20, dtype=object)
    table = mixed()[["b", "c"]].assign(lists=[[i] for i in range(60)], flag=flags)
    dataset = Table(drop=["lists"], missing=Missing.mean)
    run = aeexp.run(tiny(dataset=dataset), table, tmp_path / "run")
    assert len(run.encode(table)) == 60
    with pytest.raises(ValueError, match="a data frame in memory, which runs do not store"):
        load_experiment(run)
    with pytest.raises(ValueError, match="several columns of one name: b"):
        aeexp.run(tiny(dataset=dataset), table.rename(columns={"c": "b"}))


@pytest.mark.engine
def test_files_are_read_with_the_run_s_options_or_with_overrides(
    aeexp: Command, tmp_path: Path
) -> None:
    first, second = mixed()[["b", "c"]], mixed()[["b", "c"]] + 100
    with pd.ExcelWriter(tmp_path / "book.xlsx") as book:
        first.to_excel(book, sheet_name="one", index=False)
        second.to_excel(book, sheet_name="two", index=False)
    arguments = (
        "dataset=table",
        "dataset.path=book.xlsx",
        "dataset.sheet=two",
        "hydra.run.dir=run",
    )
    assert (
        aeexp(*arguments, "training.epochs=2", "figures=none", "model.latent_dim=1").returncode
        == 0
    )
    two = aeexp("encode", "run", "book.xlsx", "-o", "two.csv")
    assert int(two.stdout.splitlines()[-1].partition(" of 60 rows are outside")[0]) < 12
    one = aeexp("encode", "run", "book.xlsx", "-o", "one.csv", "dataset.sheet=one")
    assert one.stdout.splitlines()[-1].startswith("60 of 60 rows are outside")
    assert aeexp("encode", "run", "book.xlsx", "dataset.sheeet=one").returncode == 2


def test_empty_rows_are_counted_and_clusters_stay_integers(aeexp: Command, tmp_path: Path) -> None:
    mixed().drop(columns="site").to_csv(tmp_path / "t.csv", index=False)
    arguments = (
        "dataset=table",
        "dataset.path=t.csv",
        "dataset.missing=drop_rows",
        "figures=none",
    )
    assert aeexp(*arguments, "training.epochs=2", "hydra.run.dir=run").returncode == 0
    output = aeexp("encode", "run", "t.csv", "-o", "l.csv").stdout
    empty = int(mixed()["a"].isna().sum())
    assert f"of {60 - empty} rows are outside" in output
    assert f"{empty} more rows have missing cells and were left empty" in output
    with (tmp_path / "l.csv").open() as file:
        clusters = {row["kmeans"] for row in csv.DictReader(file)}
    assert "" in clusters
    assert all(name.isdigit() for name in clusters - {""})


def test_f45_a_run_of_schema_1_is_read_and_encodes(wine: pd.DataFrame) -> None:
    run = aeexp.load_run(SCHEMA_1)
    encoded = run.encode(wine)
    assert close(encoded["z1"], run.latents["z1"], rel=1e-3, abs=1e-4)
    assert "outside" not in encoded
    assert load_experiment(Run(SCHEMA_1)).dataset == Wine()
    assert load_experiment(Run(SCHEMA_1)).model == Deep()


def test_support_is_read_back_with_clusterings_of_any_name() -> None:
    clusters = {"../$_{": np.array([0, -1]), "": np.array([2, 2])}
    z = np.array([[1.0], [2.0]])
    spaces = {"../$_{": Space.reconstruction, "": Space.latent}
    surface = Reconstructed(3 * z, np.zeros(1), np.ones((1, 1)))
    known = KnownRows(z, surface, clusters, spaces)
    written = support(z, np.array([1.0, 2]), np.array([0, 1]), known)
    read = Support.read(unpack(pack(written.arrays), layouts(written.arrays)), 1, 1).known
    assert read.spaces == spaces
    assert read.reconstructed is not None
    assert read.reconstructed.points.tolist() == [[3], [6]]
    assert {name: codes.tolist() for name, codes in read.clusters.items()} == {
        "../$_{": [0, -1],
        "": [2, 2],
    }
    assert read.z.tolist() == z.tolist()


def test_support_describes_the_training_rows() -> None:
    x = np.array([[1.0, 5], [3, np.nan], [100, 7]])
    z, surface = np.zeros((3, 1)), Reconstructed(np.zeros((3, 1)), np.zeros(2), np.ones((2, 1)))
    known = KnownRows(z, surface, {}, {})
    novelty = support(x, np.array([1.0, 2, 99]), np.array([0, 1]), known)
    assert novelty.low.tolist() == [1, 5]
    assert novelty.high.tolist() == [3, 5]
    assert novelty.percentile(np.array([0.0, 1.5, 3])).tolist() == [0, 50, 100]
    outside = novelty.beyond(np.array([[1, 5], [0.5, 5.0], [3.1, 6]]))
    assert outside.tolist() == [[False, False], [True, False], [True, True]]


def test_new_rows_join_the_cluster_that_is_nearest_in_its_space() -> None:
    z, x_hat = np.arange(60.0)[:, None], np.zeros((60, 2))
    x_hat[::2] = 100  # even rows are far from odd ones
    surface = Reconstructed(x_hat[:, :1], np.zeros(2), np.array([[1.0], [0]]))
    codes = {"halves": np.arange(60) // 30, "parity": np.arange(60) % 2}
    spaces = {"halves": Space.latent, "parity": Space.reconstruction}
    known_rows = KnownRows(z, surface, codes, spaces)
    written = support(x_hat, np.ones(60), np.arange(60), known_rows)
    for known in (written.known, Support.read(written.arrays, 2, 1).known):
        found = known.nearest(np.array([[2.0], [2]]), np.array([[100.0, 0], [0, 100]]))
        assert found["halves"][0].tolist() == [0, 0]
        assert found["parity"][0].tolist() == [0, 1]
    older = {name: array for name, array in written.arrays.items() if name not in SPACES}
    assert Support.read(older, 2, 1).known.spaces == dict.fromkeys(codes, Space.latent)


def test_a_run_without_a_space_clustered_the_factors(trained: Path) -> None:
    path = trained / ".hydra" / "config.yaml"
    lines = path.read_text().splitlines(keepends=True)
    spaces = {"    space: reconstruction\n": Space.reconstruction, "": Space.latent}
    for line, space in spaces.items():
        path.write_text("".join(line if "    space: " in each else each for each in lines))
        clusterings = load_experiment(Run(trained)).clustering
        assert [spec.space for spec in clusterings.values()] == [space]


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def trained(aeexp: Command, tmp_path: Path, wine: pd.DataFrame) -> Path:
    """Train on a file with the Wine data from the command line; return the run directory."""
    wine.to_csv(tmp_path / "wine.csv", index=False)
    arguments = ("dataset=table", "dataset.path=wine.csv", "dataset.label=cultivar")
    done = aeexp(*arguments, "dataset.id=sample", "training.epochs=3", "figures=none")
    assert done.returncode == 0, done.stderr
    (record,) = tmp_path.glob("outputs/*/*/run.json")
    return record.parent


def test_commands_use_a_run_again(
    aeexp: Command, trained: Path, tmp_path: Path, wine: pd.DataFrame
) -> None:
    wine.iloc[:30, ::-1].to_csv(tmp_path / "new.csv", index=False)
    encoded = aeexp("encode", str(trained), "new.csv", "-o", "latents.csv")
    assert encoded.returncode == 0, encoded.stderr
    assert "30 rows: latents.csv" in encoded.stdout
    assert "of 30 rows are outside the training data" in encoded.stdout
    latents = pd.read_csv(tmp_path / "latents.csv")
    assert latents["sample"].tolist() == wine["sample"][:30].tolist()
    assert {"z1", "error_percentile", "kmeans_confidence", "outside"} <= set(latents)
    assert aeexp("decode", str(trained), "latents.csv").returncode == 0
    assert aeexp("reconstruct", str(trained), "new.csv", "-o", "r.parquet").returncode == 0
    decoded = pd.read_csv(tmp_path / "latents.decoded.csv")
    restored = pd.read_parquet(tmp_path / "r.parquet")
    assert close(decoded["proline"], restored["proline"], rel=1e-4)


def test_f39_names_of_unused_columns_are_printed_without_control_characters(
    aeexp: Command, trained: Path, tmp_path: Path, wine: pd.DataFrame
) -> None:
    wine.assign(**{"\x1b[2J": 1, "w" * 300: 1}).to_csv(tmp_path / "new.csv", index=False)
    done = aeexp("encode", str(trained), "new.csv")
    assert done.returncode == 0, done.stderr
    (output,) = [line for line in done.stdout.splitlines() if "columns not used" in line]
    assert "\x1b" not in output
    assert "w" * 39 + "…" in output
    assert "w" * 40 not in output


def test_a_run_is_verified_and_a_changed_table_is_detected(
    aeexp: Command, trained: Path, tmp_path: Path, wine: pd.DataFrame
) -> None:
    same = aeexp("verify", str(trained))
    assert same.returncode == 0, same.stderr
    assert re.search(r"the same: \d+ metrics, \d+ tables with [\d,]+ cells", same.stdout)
    assert "not compared: figures, report.html" in same.stdout
    wine.assign(hue=1.5).to_csv(tmp_path / "wine.csv", index=False)
    different = aeexp("verify", str(trained))
    assert different.returncode == 1
    assert "the table is not the one that the run was made with" in different.stdout


def test_f57_every_changed_result_is_named(tiny: Make, tmp_path: Path) -> None:
    experiment = tiny(repeats=2)
    folder = tmp_path / "run"
    folder.mkdir()
    assert save_run(experiment, folder, partial(run, experiment), Monitor()) is Status.COMPLETED
    assert verify(Run(folder), experiment).same
    shutil.copytree(folder, tmp_path / "original")
    for name, forge, message in FORGERIES:
        path = folder / name
        forge(path)
        result = verify(Run(folder), experiment)
        assert not result.same, name
        assert message in "\n".join(result.lines)
        shutil.rmtree(folder)
        shutil.copytree(tmp_path / "original", folder)
    slightly(folder / "latents.csv", 1 + 1e-6)
    assert verify(Run(folder), experiment).same


def slightly(path: Path, factor: float) -> None:
    """Multiply the factors of the first row."""
    table = pd.read_csv(path, dtype=str)
    table.loc[0, "z1"] = str(float(table.loc[0, "z1"]) * factor)
    table.to_csv(path, index=False)


def swapped(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def cut(path: Path, lines: int) -> None:
    path.write_text("\n".join(path.read_text().splitlines()[:lines]))


FORGERIES: list[tuple[str, Callable[[Path], object], str]] = [
    ("latents.csv", lambda path: slightly(path, 2.0), "table latents, column z1: 1 of 60 cells"),
    ("latents.csv", lambda path: swapped(path, "train", "val"), "column split: 1 of 60 cells"),
    ("latents.csv", lambda path: swapped(path, ",kmeans", ",other"), "kmeans is not recorded"),
    ("latents.csv", lambda path: path.unlink(), "table latents is missing"),
    ("latents.csv", lambda path: swapped(path, ",", ""), "missing, or cannot be read"),
    ("latents.csv", lambda path: cut(path, 12), "column row: 11 rows recorded, 60 now"),
    ("history.csv", lambda path: swapped(path, "0.001", "0.002"), "column learning_rate"),
    ("metrics.json", lambda path: swapped(path, '"loss": ', '"loss": 9'), "loss: 9"),
    ("interpretation.json", lambda path: swapped(path, '"x1"', '"x9"'), "interpretation.json"),
]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("encode",), "the following arguments are required: run, file", id="nothing"),
        pytest.param(("encode", "run", "none.csv"), "none.csv", id="no file"),
        pytest.param(
            ("encode", "none", "new.csv"), "none is not the directory of a run", id="no run"
        ),
        pytest.param(
            ("encode", "run", "new.csv", "-o", "x.txt"), "x.txt must end in", id="ending"
        ),
        pytest.param(("encode", "run", "new.csv", "-o", "new.csv"), "the file to read", id="same"),
        pytest.param(("encode", "run", "few.csv"), "lacks columns .*: hue", id="columns"),
        pytest.param(("verify", "none"), "none is not the directory of a run", id="verify"),
        pytest.param(("encode", "run", "new.csv", "--backend", "mx"), "invalid", id="backend"),
    ],
)
def test_an_error_is_one_line_and_nothing_is_written(
    aeexp: Command, tmp_path: Path, wine: pd.DataFrame, arguments: tuple[str, ...], message: str
) -> None:
    shutil.copytree(SCHEMA_1, tmp_path / "run")
    wine.to_csv(tmp_path / "new.csv", index=False)
    wine.drop(columns="hue").to_csv(tmp_path / "few.csv", index=False)
    before = files(tmp_path)
    done = aeexp(*arguments)
    assert done.returncode == 2, done.stdout
    assert done.stderr.count("\n") == 1
    assert re.search(message, done.stderr)
    assert files(tmp_path) == before


def test_a_run_from_python_equals_the_run_from_the_command_line(
    tmp_path: Path, trained: Path
) -> None:
    again = load_experiment(Run(trained))
    dataset = replace(again.dataset, path=str(tmp_path / "wine.csv"))
    run = aeexp.run(replace(again, dataset=dataset), folder=tmp_path / "again")
    assert run.metrics == pytest.approx(Run(trained).metrics, rel=1e-4, nan_ok=True)
    assert load_experiment(Run(run.folder)).model == again.model


def test_f41_the_configuration_of_a_run_cannot_read_the_environment(tmp_path: Path) -> None:
    shutil.copytree(SCHEMA_1, tmp_path / "run")
    config = tmp_path / "run" / ".hydra" / "config.yaml"
    before = config.read_text()
    config.write_text(before.replace("latent_dim: 3", "latent_dim: ${oc.env:HOME}"))
    assert config.read_text() != before
    with pytest.raises(ValueError, match=r"model.latent_dim calls oc\.env"):
        load_experiment(Run(tmp_path / "run"))


def test_a_stored_configuration_names_its_options_and_is_read_without_names_too(
    tiny: Make, tmp_path: Path
) -> None:
    experiment = tiny()
    Record(tmp_path, experiment).begin()
    path = subfolder(tmp_path, ".hydra") / "config.yaml"
    write_bytes(path, configuration(experiment))
    values = OmegaConf.load(path)
    assert (values.dataset.name, values.model.name) == ("blobs", "shallow")
    assert repr(load_experiment(Run(tmp_path))) == repr(experiment)
    for group in ("dataset", "model", "optimizer"):
        del values[group].name
    OmegaConf.save(values, path)
    assert repr(load_experiment(Run(tmp_path))) == repr(experiment)


def test_overrides_compose_to_an_experiment() -> None:
    experiment = aeexp.compose("model=deep", "optimizer.lr=0.1", "dataset=iris")
    assert (experiment.model, experiment.optimizer.lr) == (Deep(), 0.1)
    with pytest.raises(Exception, match="mdl"):
        aeexp.compose("mdl=deep")


def test_a_data_frame_needs_dataset_table(tiny: Make, wine: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="needs dataset=table"):
        aeexp.run(tiny(), wine)


def test_a_directory_without_a_run_is_not_loaded(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"has no run\.json"):
        aeexp.load_run(tmp_path)


def test_nothing_is_written_if_a_run_is_refused(tiny: Make, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such column"):
        frame = pd.DataFrame({"a": [1.0, 2, 3]})
        aeexp.run(tiny(dataset=Table(label="b")), frame, tmp_path / "run")
    assert files(tmp_path) == set()


def test_public_names_are_listed() -> None:
    assert {"compose", "run", "load_run", "LoadedRun"} <= set(dir(aeexp))
