"""The registry of metrics: each name is declared once with title, direction and range."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aeexp.app.metrics_page import metrics_page
from aeexp.config.metrics import (
    METRICS,
    Better,
    Metric,
    UnknownMetricError,
    better,
    find,
    metric,
    register,
    title,
)
from aeexp.config.spec import (
    Experiment,
    HowMany,
    LearningRate,
    QuestionSpec,
    StandardEvidence,
    Structure,
)
from aeexp.pipeline.run import run
from aeexp.present.methods.citations import source
from aeexp.runs.artifact import Metrics
from aeexp.runs.write import write

Make = Callable[..., Experiment]

HIGHER, LOWER, NONE = Better.higher, Better.lower, Better.none
DIRECTIONS = {
    "val_loss": LOWER,
    "val_loss.mean": LOWER,
    "val_loss.sd": NONE,
    "epochs": NONE,
    "reconstruction.val.mse": LOWER,
    "reconstruction.val.r2": HIGHER,
    "baseline.pca.advantage": HIGHER,
    "baseline.pca.advantage.se": NONE,
    "neighbourhoods.trustworthiness": HIGHER,
    "neighbourhoods.trustworthiness.se": NONE,
    "clustering.kmeans.silhouette": HIGHER,
    "clustering.kmeans.davies_bouldin": LOWER,
    "clustering.kmeans.n_clusters": NONE,
    "clustering.kmeans.ari": HIGHER,
    "clustering.kmeans.ari.sd": HIGHER,  # a label named sd
    "clustering.kmeans.ari.davies_bouldin": HIGHER,
    "clustering.kmeans.ari.animal.no. 1": HIGHER,
    "clustering.two.words.davies_bouldin": LOWER,
    "stability.cka": HIGHER,
    "stability.procrustes": LOWER,
    "stability.kmeans.ari": HIGHER,
    "chance.permuted.reconstruction.val.r2.p": LOWER,
    "chance.cloud.clustering.kmeans.silhouette.p": LOWER,
    "dimensions.fewest": NONE,
    "knn accuracy": HIGHER,
}


@pytest.mark.parametrize(("name", "direction"), DIRECTIONS.items())
def test_a_metric_has_a_direction(name: str, direction: Better) -> None:
    assert metric(name).better is direction


@pytest.mark.parametrize("name", ["", "scari", "ari", "val_loss.p", "chance.permuted.foo.p"])
def test_an_unknown_name_has_no_direction(name: str) -> None:
    assert find(name) is None
    assert better(name) is NONE
    with pytest.raises(UnknownMetricError, match="There is no metric"):
        metric(name)


def test_a_metric_has_a_title() -> None:
    assert title("clustering.kmeans.silhouette") == "how far apart: kmeans (silhouette)"
    assert title("clustering.{0}.ari") == "agreement with {0} (ARI)"
    assert title("kmeans.ari") == "agreement with kmeans (ARI)"
    assert title("val_loss.sd") == "validation loss, standard deviation over repeats"
    assert title("chance.permuted.reconstruction.val.r2.p") == "p of R² of validation rows"
    assert title("anything else") == "anything else"


@pytest.mark.parametrize("declared", METRICS, ids=lambda declared: declared.name)
def test_a_metric_is_declared_in_full(declared: Metric) -> None:
    assert declared.title
    assert declared.measured
    assert declared.low < declared.high
    assert declared.title.count("{}") == declared.name.count("*") - declared.name.startswith(
        "chance."
    )
    assert not declared.reference or source(declared.reference)[-1] == ")"


def test_names_are_declared_once() -> None:
    names = [declared.name for declared in METRICS]
    assert sorted(set(names)) == sorted(names)


def test_the_page_of_metrics_is_up_to_date() -> None:
    page = Path(__file__).parents[1] / "docs" / "metrics.md"
    assert page.read_text(encoding="utf-8") == metrics_page(), "run python -m aeexp.app.menu"


@pytest.mark.parametrize(
    "question",
    [
        Structure(),
        HowMany(dimensions=2, seeds=2, copies=2, clusters=3),
        LearningRate(rates=10, epochs=1),
    ],
    ids=lambda question: type(question).__name__,
)
def test_measured_values_are_within_the_declared_range(question: QuestionSpec, tiny: Make) -> None:
    evidence = StandardEvidence(repeats=2, resamples=0, permutations=2, clouds=2, planted=0)
    for artifact in run(tiny(question=question, evidence=evidence)):
        for name, value in artifact.values.items() if isinstance(artifact, Metrics) else ():
            declared = metric(name)
            assert np.isnan(value) or declared.low <= value <= declared.high, name


def test_a_metric_that_is_not_declared_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UnknownMetricError, match="There is no metric kl; "):
        write(Metrics("metrics", {"loss": 1.0, "kl": 2.0}), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_package_can_declare_a_metric(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aeexp.config.metrics.METRICS", [*METRICS])
    register(replace(metric("loss"), name="kl", title="divergence"))
    write(Metrics("metrics", {"kl": 2.0}), tmp_path)
    assert title("kl") == "divergence"
    monkeypatch.undo()
    find.cache_clear()
