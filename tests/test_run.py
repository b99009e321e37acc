"""A run yields its artifacts as soon as they are ready, and reproducibly."""

import re
from collections.abc import Callable
from itertools import islice
from typing import Any

import keras
import numpy as np
import pytest

from aeexp.config.options import OPTIONS
from aeexp.config.spec import (
    SGD,
    Adam,
    AllFigures,
    Blobs,
    Deep,
    Diabetes,
    Engine,
    Experiment,
    Linear,
    NoFigures,
    Shallow,
    Split,
    SwissRoll,
    Training,
    Wine,
)
from aeexp.pipeline.run import run
from aeexp.runs.artifact import (
    Artifact,
    DivergedError,
    Document,
    Metrics,
    Plot,
    RunMetadata,
    Table,
)
from aeexp.runs.progress import Monitor, Progress

Make = Callable[..., Experiment]

PARTS = ("train", "val", "test")
OTHER_POINTS = re.compile(r"baseline\.\w+\.clustering\.")
"""Metrics of the same clusterings of other points, such as the columns."""


def artifacts(experiment: Experiment) -> dict[str, Artifact]:
    return {artifact.name: artifact for artifact in run(experiment)}


def table(experiment: Experiment, name: str) -> dict[str, Any]:
    artifact = artifacts(experiment)[name]
    assert isinstance(artifact, Table)
    return {key: list(column) for key, column in artifact.columns.items()}


def metrics(experiment: Experiment) -> dict[str, float]:
    artifact = artifacts(experiment)["metrics"]
    assert isinstance(artifact, Metrics)
    return dict(artifact.values)


def test_a_run_yields_its_artifacts_in_order(tiny: Make) -> None:
    assert [artifact.name for artifact in run(tiny())] == [
        "table",
        "history",
        "model",
        "model/support",
        "latents",
        "weights",
        "interpretation",
        "reconstruction",
        "outliers",
        "methods.md",
        "references.bib",
        "metrics",
        "verdict",
    ]


def test_the_history_is_yielded_before_the_analysis(
    tiny: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aeexp.pipeline.results._analyse", lambda *_: 1 / 0)
    yielded = run(tiny())
    assert [artifact.name for artifact in islice(yielded, 3)] == ["table", "history", "model"]
    with pytest.raises(ZeroDivisionError):
        next(yielded)


@pytest.mark.engine
def test_the_same_seed_gives_the_same_numbers_twice(tiny: Make) -> None:
    experiment = tiny(model=Deep(latent_dim=2))
    one, two = (artifacts(experiment) for _ in range(2))
    assert one["metrics"] == two["metrics"]
    for column in ("z1", "z2", "kmeans"):
        assert np.array_equal(one["latents"].columns[column], two["latents"].columns[column])


def test_latents_have_one_row_per_table_row_in_input_order(tiny: Make) -> None:
    latents = table(tiny(), "latents")
    assert list(latents) == ["row", "split", "z1", "z2", "label", "kmeans"]
    assert latents["row"] == list(range(60))
    assert latents["split"].count("val") == 12
    assert set(latents["label"]) == {"cloud 1", "cloud 2", "cloud 3"}


def test_a_numeric_target_is_the_label(tiny: Make) -> None:
    latents = table(tiny(dataset=SwissRoll(samples=40)), "latents")
    assert len(set(latents["label"])) == 40


def test_weights_of_a_linear_encoder_are_its_kernel(tiny: Make) -> None:
    results = artifacts(tiny())
    weights, kernel = results["weights"].columns, results["model"].weights["z/kernel"]
    assert set(weights["quantity"]) == {"encoder weight"}
    assert np.array_equal(np.column_stack([weights["z1"], weights["z2"]]), kernel)


def test_weights_of_a_deep_encoder_are_its_mean_jacobian(tiny: Make) -> None:
    results = artifacts(tiny(model=Deep(latent_dim=2)))
    assert set(results["weights"].columns["quantity"]) == {"mean encoder Jacobian"}
    assert isinstance(results["interpretation"], Document)
    assert results["interpretation"].content["quantity"] == "mean encoder Jacobian"


def test_a_run_has_the_documented_metrics(tiny: Make) -> None:
    internal = {
        "n_clusters",
        "noise_fraction",
        "silhouette",
        "davies_bouldin",
        "calinski_harabasz",
    }
    external = {"ari", "ami", "nmi", "homogeneity", "completeness", "v_measure"}
    external |= {"fowlkes_mallows", "accuracy"}
    names = {name for name in metrics(tiny()) if not OTHER_POINTS.match(name)}
    assert names == {
        *("loss", "val_loss", "epochs", "kept_epoch"),
        *(f"reconstruction.{part}.{name}" for part in PARTS for name in ("mse", "r2")),
        *(f"baseline.pca.{part}.mse" for part in PARTS),
        *("neighbourhoods.trustworthiness", "neighbourhoods.continuity"),
        *(f"clustering.kmeans.{name}" for name in internal | external),
    }
    unlabelled = metrics(tiny(dataset=Diabetes()))
    assert not any(key.endswith("ari") for key in unlabelled)


def test_without_penalties_the_validation_error_equals_the_validation_loss(
    tiny: Make,
) -> None:
    measured = metrics(tiny())
    assert measured["reconstruction.val.mse"] == pytest.approx(measured["val_loss"], rel=1e-5)


def test_without_held_out_rows_validation_metrics_are_nan(tiny: Make) -> None:
    measured = metrics(tiny(split=Split(validation=0)))
    undefined = {key for key, value in measured.items() if np.isnan(value)}
    assert undefined == {
        "val_loss",
        *(f"reconstruction.{part}.{name}" for part in PARTS[1:] for name in ("mse", "r2")),
        *(f"baseline.pca.{part}.mse" for part in PARTS[1:]),
    }


def test_labels_do_not_influence_the_training(tiny: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace  # noqa: PLC0415

    from aeexp.data import load  # noqa: PLC0415

    data = load(Blobs(samples=60, features=6, centers=3))
    shuffled = (replace(data.label, codes=data.label.codes[::-1]),)
    before = table(tiny(), "latents")
    monkeypatch.setattr("aeexp.data.prepare.load", lambda _: replace(data, labels=shuffled))
    after = table(tiny(), "latents")
    assert before["z1"] == after["z1"]
    assert before["kmeans"] == after["kmeans"]


def test_simulated_clouds_are_recovered(tiny: Make) -> None:
    # the plane through the three centres is the principal one: a linear autoencoder spans it
    spec = {"model": Linear(latent_dim=2), "optimizer": Adam(lr=0.02)}
    measured = metrics(tiny(training=Training(epochs=60), **spec))
    assert measured["clustering.kmeans.ari"] > 0.9


@pytest.mark.parametrize("name", OPTIONS["clustering"])
def test_every_clustering_is_measured_under_its_name(tiny: Make, name: str) -> None:
    measured = metrics(tiny(clustering={name: OPTIONS["clustering"][name]()}))
    assert f"clustering.{name}.n_clusters" in measured


@pytest.mark.parametrize("name", [name for name in OPTIONS["dataset"] if name != "table"])
def test_every_dataset_runs_with_every_figure(tiny: Make, name: str) -> None:
    experiment = tiny(
        dataset=OPTIONS["dataset"][name](), figures=AllFigures(), training=Training(epochs=1)
    )
    drawn = [artifact for artifact in run(experiment) if isinstance(artifact, Plot)]
    names = {plot.name for plot in drawn}
    assert {"loss", "latent", "latent_kmeans", "weights", "weights_map", "reconstruction"} <= names


def test_figures_none_draws_no_figures(tiny: Make) -> None:
    assert not [a for a in run(tiny(figures=NoFigures())) if isinstance(a, Plot)]


def test_plots_have_the_configured_format_and_dpi(tiny: Make) -> None:
    spec = AllFigures(format=type(AllFigures().format).pdf, dpi=77)
    plots = [a for a in run(tiny(figures=spec)) if isinstance(a, Plot)]
    assert {(plot.format, plot.dpi) for plot in plots} == {("pdf", 77)}


@pytest.mark.engine
def test_a_diverged_run_yields_its_history_null_metrics_and_a_verdict(tiny: Make) -> None:
    yielded: list[Artifact] = []
    with pytest.raises(DivergedError):
        for artifact in run(tiny(optimizer=SGD(lr=1e30), figures=AllFigures())):
            yielded.append(artifact)  # noqa: PERF402  (keeps what came before the error)
    assert [a.name for a in yielded] == ["table", "history", "metrics", "verdict", "loss"]
    nulls = next(a for a in yielded if isinstance(a, Metrics))
    assert set(nulls.values) == {name for name in metrics(tiny()) if not OTHER_POINTS.match(name)}
    assert np.isnan(list(nulls.values.values())).all()
    verdict = next(a for a in yielded if isinstance(a, RunMetadata) and a.name == "verdict")
    assert verdict.values["verdict"]["word"] == "diverged"


def test_repeats_have_successive_seeds_and_the_first_is_the_run_s_model(tiny: Make) -> None:
    three = tiny(seed=4, repeats=3)
    rows = table(three, "repeats")
    alone = metrics(tiny(seed=rows["seed"][0]))
    assert sorted(rows["seed"]) == [4, 5, 6]  # the most typical one is first
    assert rows["status"] == ["COMPLETED"] * 3
    assert len(set(rows["loss"])) == 3
    assert rows["loss"] == pytest.approx(
        [metrics(tiny(seed=seed))["loss"] for seed in rows["seed"]], rel=1e-5
    )
    together = metrics(three)
    assert {key: together[key] for key in alone} == pytest.approx(alone, rel=1e-4, nan_ok=True)
    for key in ("loss", "val_loss", "epochs", "kept_epoch"):
        expected = [np.mean(rows[key]), np.std(rows[key], ddof=1), 3]
        statistics = [together[f"{key}.{name}"] for name in ("mean", "sd", "n")]
        assert statistics == pytest.approx(expected)
    assert set(together) - set(alone) == {
        f"{key}.{name}"
        for key in ("loss", "val_loss", "epochs", "kept_epoch")
        for name in ("mean", "sd", "n")
    }


def test_seeds_of_repeats_wrap_around_after_the_largest(tiny: Make) -> None:
    assert table(tiny(seed=2**32 - 1, repeats=2), "repeats")["seed"] == [2**32 - 1, 0]


def test_diverged_repeats_are_reported_and_not_averaged(tiny: Make) -> None:
    changes = {"optimizer": SGD(lr=1e30), "repeats": 2, "figures": AllFigures()}
    yielded: dict[str, Artifact] = {}
    with pytest.raises(DivergedError):
        for artifact in run(tiny(**changes)):
            yielded[artifact.name] = artifact
    assert yielded["repeats"].columns["status"] == ["DIVERGED"] * 2
    assert np.isnan(yielded["repeats"].columns["loss"]).all()
    assert np.isnan(yielded["repeats"].columns["kept_epoch"]).all()
    assert yielded["repeats"].columns["epochs"] == [1, 1]
    nulls = yielded["metrics"].values
    assert nulls["loss.n"] == 0
    assert np.isnan([nulls["loss"], nulls["loss.mean"], nulls["loss.sd"]]).all()
    assert "loss" in yielded


def test_interrupted_repeats_are_not_averaged(tiny: Make) -> None:
    class Impatient(Monitor):
        def on_epoch(self, progress: Progress) -> None:
            self.stop = True

    yielded = run(tiny(repeats=2, training=Training(epochs=10**6)), Impatient())
    results = {artifact.name: artifact for artifact in yielded}
    assert set(results["repeats"].columns["status"]) == {"INTERRUPTED"}
    assert results["metrics"].values["loss.n"] == 0
    assert np.isfinite(results["metrics"].values["loss"])


def test_without_held_out_rows_no_repeat_has_a_validation_loss(tiny: Make) -> None:
    measured = metrics(tiny(repeats=2, split=Split(validation=0)))
    assert measured["val_loss.n"] == 0
    assert measured["loss.n"] == 2


def test_the_compiled_engine_refuses_keras_callbacks(tiny: Make) -> None:
    nobody = keras.callbacks.Callback()
    experiment = tiny(training=Training(engine=Engine.compiled))
    with pytest.raises(ValueError, match="no callbacks"):
        next(run(experiment, callbacks=[nobody]))


@pytest.mark.parametrize(
    ("changes", "concern"),
    [
        pytest.param(
            {"training": Training(epochs=1, batch_size=49)}, "clipped to 48", id="f19_batch"
        ),
        pytest.param({"model": Shallow(latent_dim=6)}, "does not compress", id="latent_dim"),
        pytest.param(
            {"model": Shallow(output_activation=type(Shallow().output_activation).sigmoid)},
            r"stays within \(0, 1\), but \d+% of the scaled values are outside: no training",
            id="sigmoid",
        ),
    ],
)
def test_unusual_settings_log_a_warning(
    tiny: Make, caplog: pytest.LogCaptureFixture, changes: dict[str, Any], concern: str
) -> None:
    list(run(tiny(**changes)))
    assert [r for r in caplog.records if r.levelname == "WARNING"]
    assert re.search(concern, caplog.text)


def test_an_ordinary_run_logs_no_warning(tiny: Make, caplog: pytest.LogCaptureFixture) -> None:
    list(run(tiny(dataset=Wine())))
    assert not [r for r in caplog.records if r.levelname == "WARNING"]
