"""Number of dimensions and clusters, on tables with a known answer."""

import json
import shlex
import subprocess
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from asking import Stopping, answered, claims
from conftest import BACKEND
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ortho_group
from sklearn.datasets import load_breast_cancer, load_digits, make_blobs, make_swiss_roll
from sklearn.metrics import r2_score
from sklearn.preprocessing import scale
from usual import usual

from aeexp.analysis.clustering.gap import Gap, gap_statistic
from aeexp.analysis.controls import ControlKind, plan
from aeexp.analysis.evidence.advantage import Advantage
from aeexp.analysis.latent.dimensions import (
    Dimensions,
    Errors,
    Finding,
    dimensions,
    errors_of_units,
    explained,
)
from aeexp.analysis.latent.intrinsic import Estimate, levina_bickel, two_nn
from aeexp.config.spec import (
    SGD,
    Adam,
    AllFigures,
    Backend,
    Deep,
    Experiment,
    HowMany,
    NoFigures,
    Split,
    Training,
)
from aeexp.config.spec import Table as OwnTable
from aeexp.data import Floats
from aeexp.data.prepare import prepare_problem
from aeexp.pipeline.run import run
from aeexp.pipeline.tasks.dimension import _with_own_seeds, with_dimension
from aeexp.present.figures import how_many as draw
from aeexp.present.text.command import with_command
from aeexp.present.text.recommendation import recommend
from aeexp.runs.artifact import Artifact, DivergedError, Document, Table

Run = Callable[..., subprocess.CompletedProcess[str]]
QUICK = HowMany(dimensions=2, clusters=3, seeds=2, copies=2)


def normal(*shape: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=shape)


# Dimensions


def curve(r2: list[float], null_r2: list[float], noise: float, rows: int = 200) -> list[Errors]:
    """Make errors that explain so much; dimension 0, which explains nothing, comes first."""
    rng = np.random.default_rng(0)
    of_row = 1 + noise * rng.normal(size=rows)
    of_row += 1 - of_row.mean()

    def errors(explains: float) -> Floats:
        own_table = noise * rng.normal(size=(3, rows))
        return (1 - explains) * (of_row + own_table - own_table.mean(1, keepdims=True))

    pairs = zip([0.0, *r2], [0.0, *null_r2], strict=True)
    return [Errors(errors(real), errors(null)) for real, null in pairs]


EVEN = [0.1, 0.2, 0.3, 0.4]


@pytest.mark.parametrize(
    ("r2", "noise", "features", "finding", "near"),
    [
        pytest.param([0.3, 0.6, 0.9, 0.93], 0.02, 10, "decided", (3, 3), id="found"),
        pytest.param([0.3, 0.599, 0.7, 0.75], 0.5, 10, "decided", (2, 3), id="a_range"),
        pytest.param([0.3, 0.5, 0.7, 0.9], 0.02, 10, "rising", (4, 4), id="rising"),
        pytest.param([0.3, 0.5, 0.7, 0.9], 0.02, 5, "decided", (4, 4), id="no_more_to_try"),
        pytest.param(EVEN, 0.3, 10, "none", (0, 0), id="no_structure"),
        pytest.param([0.09, 0.18, 0.27, 0.36], 0.01, 10, "none", (0, 0), id="worse_than_null"),
    ],
)
def test_the_range_is_within_a_standard_error_of_the_largest_excess(
    r2: list[float], noise: float, features: int, finding: str, near: tuple[int, int]
) -> None:
    result = dimensions(curve(r2, EVEN, noise), features)
    assert (result.finding.value, (result.fewest, result.most)) == (finding, near)


@pytest.mark.parametrize(
    ("r2", "between", "finding"),
    [
        pytest.param(0.3, (1, 2), Finding.none, id="none"),
        pytest.param(0.306, (2, 3), Finding.unclear, id="unclear"),
        pytest.param(0.315, (3, 4), Finding.rising, id="clear"),
    ],
)
def test_structure_counts_from_three_standard_errors_on_and_as_none_below_two(
    r2: float, between: tuple[int, int], finding: Finding
) -> None:
    result = dimensions(curve([0.1, r2], [0.1, 0.28], 0.25, rows=400), 10)
    assert between[0] < result.beyond[2] / result.beyond_se[2] < between[1]
    assert result.finding is finding


def test_a_negative_r2_is_no_structure() -> None:
    result = dimensions(curve([-0.1, -0.2], [-0.6, -0.7], 0.02), 10)
    assert result.finding is Finding.none


def test_a_dimension_without_a_result_leaves_it_undecided() -> None:
    tried = curve([0.3, 0.6], EVEN[:2], 0.02)
    tried[1].real[:] = np.nan
    assert dimensions(tried, 10).finding is Finding.diverged


def test_members_that_diverged_do_not_count() -> None:
    of_mean, errors = (one.real for one in curve([0.6], EVEN[:1], 0.02))
    with_lost = np.vstack([errors, np.full_like(errors[:1], np.nan)])
    assert explained(with_lost, np.vstack([of_mean, of_mean[:1]])) == explained(errors, of_mean)


@pytest.mark.parametrize("shape", [(2, 1), (1, 5), (0, 5)])
def test_too_few_rows_or_members_have_no_r2(shape: tuple[int, int]) -> None:
    assert np.isnan(explained(np.ones(shape), np.ones(shape))).all()


def test_r2_is_that_of_scikit_learn_with_the_error_of_a_bootstrap() -> None:
    x = normal(300, 4)
    x_hat = x + normal(300, 4, seed=1) * [0.2, 0.5, 0.9, 0.4]
    errors, of_mean = ((x - other) ** 2 for other in (x_hat, x.mean(0)))
    both = [np.tile(one.mean(1), (2, 1)) for one in (errors, of_mean)]
    r2, error = explained(*both)
    assert r2 == pytest.approx(r2_score(x, x_hat, multioutput="variance_weighted"))
    rng = np.random.default_rng(2)
    drawn = [rng.integers(0, 300, 300) for _ in range(2000)]
    resampled = [1 - both[0][0, i].mean() / both[1][0, i].mean() for i in drawn]
    assert error == pytest.approx(np.std(resampled), rel=0.1)


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(30)), st.permutations(range(3)))
def test_the_order_of_rows_and_seeds_does_not_matter(rows: list[int], seeds: list[int]) -> None:
    tried = curve([0.3, 0.6, 0.65], EVEN[:3], 0.1, rows=30)
    other = [Errors(one.real[seeds][:, rows], one.null[:, rows]) for one in tried]
    result, again = dimensions(tried, 10), dimensions(other, 10)
    assert (result.finding, result.fewest, result.most) == (
        again.finding,
        again.fewest,
        again.most,
    )
    np.testing.assert_allclose(result.beyond_se, again.beyond_se, atol=1e-12)


# Hints


@pytest.mark.parametrize(
    ("x", "by_two_nn", "by_levina_bickel"),
    [
        pytest.param(
            scale(load_breast_cancer().data),
            9.442957126287107,
            7.472275623048624,
            id="breast_cancer",
        ),
        pytest.param(load_digits().data, 9.044249492474107, 6.844815332043865, id="digits"),
    ],
)
def test_intrinsic_dimensions_are_those_of_scikit_dimension(
    x: Floats, by_two_nn: float, by_levina_bickel: float
) -> None:
    # By scikit-dimension 0.5.0, TwoNN without discarding by maximum likelihood, MLE combined by it
    assert two_nn(x).dimension == pytest.approx(by_two_nn)
    assert levina_bickel(x).dimension == pytest.approx(by_levina_bickel)


ESTIMATORS = pytest.mark.parametrize("estimate", [two_nn, levina_bickel])


@ESTIMATORS
def test_a_swiss_roll_varies_locally_in_two_dimensions(
    estimate: Callable[[Floats], Estimate],
) -> None:
    result = estimate(make_swiss_roll(2000, random_state=0)[0])
    assert result.dimension == pytest.approx(2, abs=0.15)
    assert result.low < result.dimension < result.high


@ESTIMATORS
def test_duplicate_rows_count_once(estimate: Callable[[Floats], Estimate]) -> None:
    x = normal(200, 3)
    assert estimate(np.vstack([x, x])) == estimate(x)


@ESTIMATORS
def test_dimensions_are_invariant_under_rotation_and_scale(
    estimate: Callable[[Floats], Estimate],
) -> None:
    x = normal(200, 5)
    turned = 7 * x @ ortho_group.rvs(5, random_state=0)
    assert estimate(turned).dimension == pytest.approx(estimate(x).dimension)


@ESTIMATORS
@pytest.mark.parametrize("x", [np.zeros((9, 3)), normal(2, 3), np.eye(3)], ids=str)
def test_too_few_different_rows_have_no_dimension(
    x: Floats, estimate: Callable[[Floats], Estimate]
) -> None:
    assert np.isnan(estimate(x).dimension)


# Clusters


def blobs(centers: int) -> Floats:
    return make_blobs(150, 3, centers=centers, random_state=3)[0]


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_the_gap_statistic_counts_clouds(count: int) -> None:
    assert gap_statistic([blobs(count)], 7).count == count


def test_a_gap_that_rises_to_the_last_has_no_count() -> None:
    assert gap_statistic([blobs(5)], 4).count is None


def test_clusterings_of_spaces_that_are_rotated_agree() -> None:
    z = blobs(3)
    result = gap_statistic([z, z @ ortho_group.rvs(3, random_state=0)], 4)
    assert result.stability[2] == 1
    assert np.isnan(result.stability[0])


@pytest.mark.parametrize("z", [np.zeros((5, 2)), np.eye(2)], ids=["one_point", "two_rows"])
def test_rows_that_hardly_differ_are_one_cluster(z: Floats) -> None:
    result = gap_statistic([z, z], 10)
    assert (result.count, len(result.gap)) == (1, 1)


# Truths


def own_table(folder: Path, x: Floats, **changes: Any) -> Experiment:
    """Return an experiment with the task how_many on a table."""
    path = folder / "x.npy"
    np.save(path, x)
    parts: dict[str, Any] = {
        "question": QUICK,
        "dataset": OwnTable(path=str(path)),
        "optimizer": Adam(lr=0.01),
        "training": Training(epochs=2),
        "figures": NoFigures(),
        "backend": BACKEND,
    }
    return usual(**(parts | changes))


def factors() -> Floats:
    loadings = np.array([[1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1]])
    return normal(240, 3) @ loadings + 0.3 * normal(240, 6, seed=1)


def three_blobs() -> Floats:
    return make_blobs(240, 6, centers=3, random_state=0)[0]


def swiss_roll() -> Floats:
    """Return a swiss roll whose 3 coordinates are mixed to 6 features."""
    return scale(make_swiss_roll(600, random_state=0)[0]) @ ortho_group.rvs(6, random_state=0)[:3]


TRUTHS: dict[str, tuple[Callable[[], Floats], dict[str, Any]]] = {
    "factors": (factors, {}),
    "noise": (lambda: normal(240, 6), {}),
    "other_noise": (lambda: normal(200, 8, seed=1), {}),
    "wider_noise": (
        lambda: normal(200, 8, seed=2),
        {"question": HowMany(dimensions=7, clusters=2, seeds=3, copies=3)},
    ),
    "random_walks": (lambda: normal(240, 6).cumsum(0), {}),
    "blobs": (three_blobs, {}),
    "swiss_roll": (
        swiss_roll,
        {"model": Deep(), "training": Training(epochs=150, batch_size=32)},
    ),
}
TRUE = pytest.mark.skipif(BACKEND is not Backend.jax, reason="runs on JAX")


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Mapping[str, Artifact]]:
    @cache
    def ask(name: str) -> Mapping[str, Artifact]:
        make, changes = TRUTHS[name]
        question = HowMany(dimensions=4, clusters=5, seeds=3, copies=3)
        parts = {"question": question, "training": Training(epochs=60)} | changes
        return answered(own_table(tmp_path_factory.mktemp(name), make(), **parts))

    return ask


def recommended(result: Mapping[str, Artifact], table: str, key: str) -> list[int]:
    artifact = result[table]
    assert isinstance(artifact, Table)
    chosen = np.array(artifact.columns["recommended"], bool)
    return list(np.array(artifact.columns[key])[chosen])


@TRUE
@pytest.mark.parametrize(("name", "dimension"), [("factors", 3), ("blobs", 2), ("swiss_roll", 2)])
def test_the_range_contains_the_true_dimension(
    name: str, dimension: int, truth: Callable[[str], Mapping[str, Artifact]]
) -> None:
    result = truth(name)
    assert claims(result)["dimensions"][0] == "yes"
    assert dimension in recommended(result, "how_many", "latent_dim")


@TRUE
def test_rows_in_an_order_that_was_not_stated_decide_nothing(
    truth: Callable[[str], Mapping[str, Artifact]],
) -> None:
    result = truth("random_walks")
    assert claims(result)["rows"][0] == "no"
    assert claims(result)["dimensions"][0] == "undecided"
    assert not recommended(result, "how_many", "latent_dim")


def test_the_error_of_repeated_rows_is_that_of_the_rows_alone() -> None:
    once = Errors(normal(3, 50) ** 2, normal(3, 50, seed=1) ** 2)
    twice = Errors(np.repeat(once.real, 2, axis=1), np.repeat(once.null, 2, axis=1))
    summed = errors_of_units(twice, np.repeat(np.arange(50), 2))
    mean = np.ones((3, 50))
    assert explained(summed.real, 2 * mean) == pytest.approx(explained(once.real, mean))


@TRUE
@pytest.mark.parametrize("name", ["noise", "other_noise", "wider_noise"])
def test_noise_has_no_dimensions(
    name: str, truth: Callable[[str], Mapping[str, Artifact]]
) -> None:
    result = truth(name)
    assert claims(result)["dimensions"][0] == "no"
    assert "pca" not in claims(result)
    assert recommended(result, "how_many", "latent_dim") == []


@TRUE
def test_structure_that_only_pca_finds_counts_as_not_learnt(tmp_path: Path) -> None:
    question = HowMany(dimensions=4, clusters=2, seeds=3, copies=3)
    parts = claims(answered(own_table(tmp_path, factors(), question=question, optimizer=Adam())))
    assert parts["dimensions"][0] == "undecided"
    assert "experiment=learning_rate" in parts["next"][1]


def test_copies_have_the_initial_weights_of_the_table(tmp_path: Path) -> None:
    experiment = own_table(tmp_path, normal(20, 4))
    parts = with_dimension(experiment, HowMany(seeds=3, copies=4), 2)
    controls = [*_with_own_seeds(plan(parts, prepare_problem(experiment)).controls, parts.seeds)]
    seeds = {kind: [c.experiment.seed for c in controls if c.kind is kind] for kind in ControlKind}
    assert seeds[ControlKind.repeat] == [0, 1, 2]
    assert seeds[ControlKind.permuted] == [0, 1, 2, 0]


@TRUE
def test_three_clouds_are_three_clusters_in_the_command(
    truth: Callable[[str], Mapping[str, Artifact]],
) -> None:
    parts = claims(truth("blobs"))
    assert parts["clusters"][0] == "yes"
    assert parts["clusters"][1].startswith("Clusters: 3 ")
    command = "model.latent_dim=2 clustering=kmeans clustering.kmeans.n_clusters=3"
    assert command in parts["next"][1]


@TRUE
@pytest.mark.parametrize("name", ["factors", "noise"])
def test_one_cloud_has_no_clusters(
    name: str, truth: Callable[[str], Mapping[str, Artifact]]
) -> None:
    assert claims(truth(name))["clusters"][0] in {"no", "undecided"}


# Undecided runs


def test_without_rows_held_out_it_is_undecided(tmp_path: Path) -> None:
    parts = claims(answered(own_table(tmp_path, normal(40, 4), split=Split(validation=0))))
    assert parts["dimensions"][0] == "undecided"
    assert "split.validation" in parts["next"][1]


def test_autoencoders_far_behind_pca_leave_it_undecided(tmp_path: Path) -> None:
    parts = claims(answered(own_table(tmp_path, factors(), optimizer=Adam(lr=1e-5))))
    assert parts["dimensions"][0] == "undecided"
    assert "PCA finds structure" in parts["dimensions"][1]


def test_a_task_whose_trainings_all_diverge_has_diverged(tmp_path: Path) -> None:
    artifacts = run(own_table(tmp_path, normal(40, 4), optimizer=SGD(lr=1e9)))
    assert [next(artifacts).name for _ in range(3)][1:] == ["how_many", "answer"]
    with pytest.raises(DivergedError):
        next(artifacts)


def test_a_stopped_task_ends_after_the_epoch(tmp_path: Path) -> None:
    result = list(
        run(own_table(tmp_path, normal(40, 4), training=Training(epochs=500)), Stopping())
    )
    assert "answer" not in {artifact.name for artifact in result}


def test_the_smallest_table_is_answered(tmp_path: Path) -> None:
    parts = claims(answered(own_table(tmp_path, normal(3, 2), figures=AllFigures())))
    assert parts["dimensions"][0] == "undecided"


def test_one_feature_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="two or more features"):
        prepare_problem(own_table(tmp_path, normal(20, 1)))


# Sentences

AGREED, AHEAD = np.full(4, 0.9), Advantage(0.13, 0.01, 0.37, 36, 4)


def dimensions_of(finding: Finding) -> Dimensions:
    numbers = np.linspace(0, 0.6, 5)
    result = finding in {Finding.decided, Finding.rising}
    near = (2, 3) if result else (0, 0)
    return Dimensions(numbers, numbers / 9, numbers / 2, numbers / 9, finding, 3, *near)


@pytest.mark.parametrize("finding", list(Finding), ids=lambda finding: finding.value)
@pytest.mark.parametrize("count", [1, 3, None])
def test_every_finding_has_a_sentence(finding: Finding, count: int | None) -> None:
    hints = {"two_nn": Estimate(2.1, 1.9, 2.3), "levina_bickel": Estimate(2.5, 2.4, 2.6)}
    groups = Gap(np.arange(4.0), np.ones(4), np.array([np.nan, 0.5, 0.9, 0.8]), count)
    parts = {
        one.about: one for one in recommend(dimensions_of(finding), AGREED, AHEAD, hints, groups)
    }
    claim = {Finding.decided: "yes", Finding.none: "no"}.get(finding, "undecided")
    assert parts["dimensions"].claim == claim
    assert parts["clusters"].claim == {1: "no", 3: "yes", None: "undecided"}[count]
    assert ("model.latent_dim=2" in parts["next"].sentence) == (finding is Finding.decided)
    assert not any("nan" in one.sentence for one in parts.values())


def test_clusters_are_undecided_if_seeds_disagree() -> None:
    hints = {"two_nn": Estimate(9.0, 8.9, 9.3), "levina_bickel": Estimate(9.5, 9.4, 9.6)}
    groups = Gap(np.arange(4.0), np.ones(4), np.array([np.nan, 0.5, 0.3, 0.8]), 3)
    parts = {
        s.about: s for s in recommend(dimensions_of(Finding.decided), AGREED, AHEAD, hints, groups)
    }
    assert parts["clusters"].claim == "undecided"
    assert "n_clusters" not in parts["next"].sentence
    assert parts["hint"].claim == "undecided"
    assert "neither" in parts["hint"].sentence
    assert groups.decided is None


# The figure


@pytest.mark.parametrize("tried", [1, 4, 60])
@pytest.mark.parametrize("undefined", [False, True])
def test_no_text_of_the_figure_is_cut_off(tried: int, undefined: bool) -> None:
    falling = np.full(tried, np.nan) if undefined else np.linspace(-0.05, 0.9, tried)
    counts = np.arange(1, tried + 1)
    chosen = list((counts > 1) & (counts < 4))
    columns = ("r2", "r2_se", "pca_r2", "permuted_r2", "permuted_r2_se", "stability")
    table = {"latent_dim": counts, "recommended": chosen} | dict.fromkeys(columns, falling)
    clusters = dict.fromkeys(("gap", "gap_se", "stability"), np.abs(falling))
    figure = draw(table, {"n_clusters": counts, "recommended": chosen, **clusters}, "W" * 200)
    figure.canvas.draw()
    drawn, (x, y) = figure.get_tightbbox(), figure.get_size_inches()
    assert min(drawn.x0, drawn.y0) >= -0.01
    assert drawn.x1 <= x + 0.01
    assert drawn.y1 <= y + 0.01


# The command line


def test_the_command_line_prints_how_many_and_writes_why(aeexp: Run, tmp_path: Path) -> None:
    overrides = (
        "question.dimensions=2",
        "question.seeds=2",
        "question.copies=2",
        "training.epochs=2",
    )
    done = aeexp("experiment=how_many", *overrides, "hydra.run.dir=asked")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "asked"
    sentences = json.loads((folder / "answer.json").read_text())["sentences"]
    assert all(one["short"] in done.stdout for one in sentences)
    assert len(done.stdout.splitlines()) <= 25
    assert "autoencoder with k factors" in done.stdout
    lines = (folder / "how_many.csv").read_text().splitlines()
    assert len(lines) == 3
    assert (folder / "clusters.csv").is_file()
    assert (folder / "figures" / "how_many.png").is_file()
    assert not (folder / "model").exists()
    record = json.loads((folder / "run.json").read_text())
    assert record["status"] == "COMPLETED"
    assert record["seconds"]["train"] > 0
    assert record["specs"]["question"] == "HowMany"


@pytest.mark.parametrize(
    ("overrides", "remaining"),
    [
        pytest.param(["experiment=how_many"], [], id="experiment"),
        pytest.param(["question=how_many", "question.seeds=2"], [], id="question"),
        pytest.param(["model=deep", "model.latent_dim=9"], ["model=deep"], id="changed"),
        pytest.param(["clustering=dbscan", "+clustering.dbscan.eps=2"], [], id="whole_group"),
        pytest.param(["dataset.path=a b.csv"], ["'dataset.path=a b.csv'"], id="quoted"),
        pytest.param(
            ["~schedule", "experiment=mine"], ["'~schedule'", "experiment=mine"], id="own"
        ),
    ],
)
def test_a_command_repeats_the_overrides_but_for_the_task_and_its_changes(
    overrides: list[str], remaining: list[str]
) -> None:
    changes = "model.latent_dim=2 clustering=kmeans"
    part = {"about": "next", "claim": "yes", "sentence": f"Use it: aeexp … {changes}"}
    answer = with_command(Document("answer", {"sentences": [part]}), overrides)
    assert isinstance(answer, Document)
    command = " ".join(["aeexp", *remaining, changes])
    assert answer.content["sentences"][0]["sentence"] == f"Use it: {command}"


@TRUE
@pytest.mark.parametrize(
    ("asked", "folder_name"),
    [
        (("experiment=how_many", "question.dimensions=4", "hydra.run.dir=run"), "run"),
        (("--multirun", "experiment=learning_rate", "hydra.sweep.dir=sweep"), "sweep/0"),
    ],
    ids=["how_many", "sweep_of_learning_rate"],
)
def test_the_command_that_is_printed_runs_on_the_same_table(
    aeexp: Run, tmp_path: Path, asked: tuple[str, ...], folder_name: str
) -> None:
    np.savetxt(
        tmp_path / "my own.csv", factors(), delimiter=",", header="a,b,c,d,e,f", comments=""
    )
    parts = ("dataset=table", "dataset.path='my own.csv'", "figures=none", "optimizer.lr=0.01")
    done = aeexp(*asked, *parts, "training.epochs=60")
    assert done.returncode == 0, done.stderr
    [part] = [s for s in sentences(tmp_path / folder_name) if s.startswith("Use it: ")]
    program, *overrides = shlex.split(part.removeprefix("Use it: "))
    again = aeexp(*overrides, "training.epochs=2", "hydra.run.dir=again")
    assert (program, again.returncode) == ("aeexp", 0), again.stderr
    records = [json.loads((tmp_path / n / "run.json").read_text()) for n in (folder_name, "again")]
    assert records[0]["data_hash"] == records[1]["data_hash"]
    assert records[1]["specs"]["question"] == "Structure"


def sentences(folder: Path) -> list[str]:
    answer = json.loads((folder / "answer.json").read_text())
    return [one["sentence"] for one in answer["sentences"]]


def test_a_task_is_answered_within_a_sweep(aeexp: Run, tmp_path: Path) -> None:
    overrides = (
        "question=how_many,structure",
        "training.epochs=2",
        "dataset=iris",
        "figures=none",
    )
    done = aeexp("--multirun", *overrides, "evidence=none", "hydra.sweep.dir=swept")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "swept" / "0" / "how_many.csv").is_file()
    assert (tmp_path / "swept" / "1" / "latents.csv").is_file()
    records = [json.loads((tmp_path / "swept" / n / "run.json").read_text()) for n in "01"]
    assert [record["status"] for record in records] == ["COMPLETED"] * 2
    assert "2 COMPLETED" in done.stdout
