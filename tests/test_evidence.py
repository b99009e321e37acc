"""Claims of a run, on tables with known structure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from structure import p_of_structure

from aeexp.analysis.clustering.other_clusters import GroupComparison
from aeexp.analysis.controls import (
    FEWEST_ROWS,
    MOST_VALUES,
    ControlKind,
    Plan,
    plan,
)
from aeexp.analysis.evidence import chance
from aeexp.analysis.evidence.power import LEVEL
from aeexp.config.spec import (
    DBSCAN,
    AllFigures,
    Backend,
    Blobs,
    ClusteringSpec,
    DatasetSpec,
    Deep,
    Digits,
    EvidenceSpec,
    Experiment,
    KMeans,
    NoEvidence,
    NoFigures,
    Quick,
    SwissRoll,
    Training,
)
from aeexp.data import Classes, Dataset, load
from aeexp.data.design import EXCHANGEABLE
from aeexp.data.prepare import prepare_problem
from aeexp.pipeline.run import run
from aeexp.present.figures import Unreliable
from aeexp.present.text.groups import group_sentences
from aeexp.present.text.sentence import QUESTIONS
from aeexp.runs.artifact import Artifact, Metrics, Plot, Table
from aeexp.runs.progress import Monitor

Make = Callable[..., Experiment]
FEW = EvidenceSpec(
    repeats=3, resamples=1, permutations=2, clouds=2, planted=1, sizes=[1.0], labels=9
)


@dataclass(kw_only=True)
class Gaussian(DatasetSpec):
    """200 rows of 13 columns: independent, along 3 directions, or in 3 groups."""

    directions: int = 0
    groups: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        """Take any number."""


@load.register
def _(spec: Gaussian) -> Dataset:
    generator = np.random.default_rng(spec.seed)
    x = generator.normal(size=(200, 13))
    if spec.directions:
        x = 0.5 * x + generator.normal(size=(200, spec.directions)) @ generator.normal(
            size=(spec.directions, 13)
        )
    member = generator.integers(spec.groups, size=200)
    x = x + 1.5 * generator.normal(size=(spec.groups, 13))[member] * (spec.groups > 1)
    names = tuple(f"group {k}" for k in range(spec.groups))
    labels = (Classes("group", member, names),) if spec.groups > 1 else ()
    return Dataset("made", x, tuple(f"x{j}" for j in range(13)), range(200), labels)


NO = {"claim": "no"}
"""The claim on groups of a table without structure, of which there is no sentence."""


def planned(experiment: Experiment) -> Plan:
    return plan(experiment, prepare_problem(experiment))


def artifacts(experiment: Experiment, monitor: Monitor | None = None) -> dict[str, Artifact]:
    return {artifact.name: artifact for artifact in run(experiment, monitor)}


def answers(outputs: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    return {part["about"]: part for part in outputs["answer"].content["sentences"]}


# The plan


def test_the_model_of_the_run_is_first_and_controls_follow_the_evidence(tiny: Make) -> None:
    experiment = tiny(evidence=FEW, seed=4)
    run_plan = planned(experiment)
    kinds = [control.kind for control in run_plan.trained]
    assert kinds == [
        *[ControlKind.repeat] * 3,
        ControlKind.resample,
        *[ControlKind.permuted] * 2,
        *[ControlKind.cloud] * 2,
        ControlKind.planted,
    ]
    assert experiment.models == len(run_plan.trained)
    assert [control.experiment.seed for control in run_plan.trained] == [4, 5, 6, 7, *[4] * 5]
    assert run_plan.controls == run_plan.trained


def test_no_evidence_trains_the_run_s_model_alone(tiny: Make) -> None:
    run_plan = planned(tiny(evidence=NoEvidence()))
    assert len(run_plan.trained) == 1
    assert not run_plan.controls


def test_requested_repeats_replace_those_of_the_evidence(tiny: Make) -> None:
    assert len(planned(tiny(evidence=FEW, repeats=5)).own) == 5


def test_a_table_without_structure_keeps_columns_but_not_correlations(tiny: Make) -> None:
    run_plan = planned(tiny(dataset=Blobs(samples=500, centers=2), evidence=FEW))
    x = run_plan.problem.data.x
    copy = next(
        control for control in run_plan.trained if control.kind is ControlKind.permuted
    ).problem
    shuffled = copy.x * copy.scaling.scale + copy.scaling.offset
    np.testing.assert_allclose(np.sort(shuffled, axis=0), np.sort(x, axis=0), rtol=1e-4, atol=1e-4)
    apart = ~np.eye(x.shape[1], dtype=bool)
    assert np.abs(np.corrcoef(x.T)[apart]).mean() > 0.3
    assert np.abs(np.corrcoef(shuffled.T)[apart]).max() < 0.2


def test_controls_are_scaled_and_split_as_the_run_is(tiny: Make) -> None:
    run_plan = planned(tiny(evidence=FEW))
    for control in run_plan.trained:
        assert np.array_equal(control.problem.rows.val, run_plan.problem.rows.val)
        np.testing.assert_allclose(
            control.problem.x[run_plan.problem.rows.train].mean(0), 0, atol=1e-5
        )
    resampled = next(
        control for control in run_plan.trained if control.kind is ControlKind.resample
    ).rows
    assert set(resampled) < set(run_plan.problem.rows.train)
    assert len(resampled) == len(run_plan.problem.rows.train)


def test_controls_of_many_rows_learn_from_a_sample_of_them(tiny: Make) -> None:
    few = replace(FEW, rows=40)
    run_plan = planned(tiny(dataset=Blobs(samples=200), evidence=few))
    assert [len(control.problem.x) for control in run_plan.trained] == [200] + [40] * 9
    assert [control.kind for control in run_plan.controls[:3]] == [ControlKind.repeat] * 3
    sample = run_plan.problem.data.x[run_plan.rows]
    assert np.array_equal(run_plan.controls[0].problem.data.x, sample)
    held_out = run_plan.problem.rows.held_out[run_plan.rows]
    assert np.array_equal(run_plan.controls[0].problem.rows.held_out, held_out)


def test_a_table_too_wide_for_controls_has_none_and_a_warning(
    tiny: Make, caplog: pytest.LogCaptureFixture
) -> None:
    features = MOST_VALUES // FEWEST_ROWS + 1
    run_plan = planned(tiny(dataset=Blobs(samples=FEWEST_ROWS, features=features), evidence=FEW))
    assert len(run_plan.trained) == 1
    assert not run_plan.controls
    assert "too wide" in caplog.text


# What comes of it


def test_evidence_does_not_change_the_run(tiny: Make) -> None:
    beside = artifacts(tiny(evidence=FEW))
    seed = beside["repeats"].columns["seed"][0]  # of the most typical repeat, which is shown
    alone = artifacts(tiny(evidence=NoEvidence(), seed=seed))
    for name in ("latents", "metrics"):
        before, after = alone[name], beside[name]
        run_plan = "columns" if isinstance(before, Table) else "values"
        for key, value in getattr(before, run_plan).items():
            if "kmeans" in key:  # k-means starts from the seed of the run
                continue
            got = getattr(after, run_plan)[key]
            if isinstance(value, float) or getattr(value, "dtype", None) == np.float32:
                np.testing.assert_allclose(got, value, rtol=1e-4, atol=1e-5)
            else:
                assert np.array_equal(got, value)


@pytest.mark.engine
def test_evidence_writes_its_tables_and_columns(tiny: Make) -> None:
    yielded = [*run(tiny(evidence=FEW, figures=AllFigures(dpi=30)))]
    tables = {part.name for part in yielded if isinstance(part, Table)}
    assert {"baselines", "scree", "rnx", "evidence", "power", "repeats"} <= tables
    figures = {part.name for part in yielded if isinstance(part, Plot)}
    assert {"baselines", "scree", "rnx", "reproducibility", "consensus_kmeans", "null"} <= figures
    outputs = {part.name: part for part in yielded if not isinstance(part, Plot)}
    latents = outputs["latents"]
    assert isinstance(latents, Table)
    for name in ("trustworthiness", "continuity", "error_percentile", "kmeans.co_assignment"):
        assert np.isfinite(np.array(latents.columns[name], float)).all()
    sentences = outputs["answer"].content["sentences"]  # type: ignore[attr-defined]
    asked = [sentence["about"] for sentence in sentences]
    assert asked == [
        "structure",
        "stability",
        "factors",
        "chance",
        "power",
        "pca",
        "labels",
        "next",
    ]
    assert {*asked} <= {*QUESTIONS}
    metrics = outputs["metrics"]
    assert isinstance(metrics, Metrics)
    assert metrics.values["chance.permuted.reconstruction.val.r2.p"] in {1 / 3, 2 / 3, 1}


def test_a_clustering_without_clusters_has_no_consensus_figure(tiny: Make) -> None:
    clustering: dict[str, ClusteringSpec] = {"dbscan": DBSCAN(eps=1e-6)}
    experiment = tiny(evidence=FEW, clustering=clustering, figures=AllFigures(dpi=30))
    drawn = {part.name for part in run(experiment) if isinstance(part, Plot)}
    assert "latent_dbscan" in drawn
    assert "consensus_dbscan" not in drawn


def test_a_map_of_clusters_fades_rows_that_change_cluster_with_a_note(
    tiny: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    why = {}

    def latent(*_: object, title: str, unreliable: Unreliable, **__: object) -> Figure:
        why[title.rpartition(" ")[2]] = unreliable.reason
        return Figure()

    monkeypatch.setattr("aeexp.present.figures.run_figures.figures.latent", latent)
    artifacts(tiny(evidence=FEW, figures=AllFigures(dpi=30)))
    assert "other trainings" in why.pop("kmeans")
    assert "other trainings" not in str(why)


def test_an_interrupted_run_has_a_result_without_evidence(tiny: Make) -> None:
    class Impatient(Monitor):
        stop = True

    outputs = artifacts(tiny(evidence=FEW, training=Training(epochs=10**6)), Impatient())
    assert "latents" in outputs
    assert "answer" not in outputs


def test_without_rows_held_out_nothing_is_claimed_against_pca(tiny: Make) -> None:
    experiment = tiny(evidence=FEW)
    experiment.split.validation = 0
    outputs = artifacts(experiment)
    assert "train.r2" in " ".join(outputs["evidence"].columns["number"])  # type: ignore[attr-defined]
    assert answers(outputs)["structure"]["sentence"].count("training rows")
    assert answers(outputs)["pca"]["claim"] == "undecided"


def test_too_few_copies_are_undecided(tiny: Make) -> None:
    assert answers(artifacts(tiny(evidence=FEW)))["chance"]["claim"] == "undecided"


def separation_test(
    name: str, p: float, control: ControlKind = ControlKind.cloud
) -> chance.PermutationTest:
    return chance.PermutationTest(
        f"clustering.{name}.silhouette", control.value, 0.5, 0.3, 0.02, p, 19
    )


def claimed_of(
    *tests: chance.PermutationTest, peaks: Mapping[str, Any] = MappingProxyType({})
) -> list[tuple[str, str]]:
    """Return the claims and sentences on groups for some tests, and some density peaks."""
    structure = chance.PermutationTest(
        "reconstruction.val.r2", ControlKind.permuted.value, 0.6, 0.2, 0.01, 0.05, 19
    )
    evidence: Any = SimpleNamespace(
        tested=[structure, *tests], groups={}, peaks=peaks, design=EXCHANGEABLE
    )
    sentences = group_sentences(SimpleNamespace(), evidence)  # type: ignore[arg-type]
    return [(sentence.claim, sentence.sentence) for sentence in sentences]


def test_groups_of_a_clustering_are_claimed_only_after_those_of_the_one_before() -> None:
    first, second = claimed_of(separation_test("kmeans", 0.4), separation_test("dbscan", 0.05))
    assert first[0] == "no"
    assert "of kmeans are no farther" in first[1]
    assert second[0] == "undecided"
    assert "of dbscan seem farther" in second[1]
    first, second = claimed_of(separation_test("kmeans", 0.05), separation_test("dbscan", 0.4))
    assert first[0] == "yes"
    assert "of kmeans are farther" in first[1]
    assert "p = 0.05, the least possible with 19 tables" in first[1]
    assert "of dbscan are no farther" in second[1]


def valley_test(name: str, p: float) -> chance.PermutationTest:
    return chance.PermutationTest(
        f"clustering.{name}.prominence", ControlKind.uniform.value, 1.4, 0.7, 0.2, p, 39
    )


def test_groups_are_claimed_only_with_a_valley_between_them() -> None:
    apart = separation_test("kmeans", 0.05)
    [(claim, sentence)] = claimed_of(apart, valley_test("kmeans", 0.025))
    assert claim == "yes"
    assert "A valley of low density separates them (p = 0.025, the least possible" in sentence
    peaks = {"kmeans": SimpleNamespace(count=3, between=0.04)}
    [(_, sentence)] = claimed_of(apart, valley_test("kmeans", 0.025), peaks=peaks)
    assert "has at least 3 peaks; 4 % of the rows lie between them" in sentence
    [(claim, sentence)] = claimed_of(apart, valley_test("kmeans", 0.4), peaks=peaks)
    assert "peaks" not in sentence
    assert claim == "undecided"
    assert "no valley of low density separates them (p = 0.4): they may be parts of a" in sentence
    [(claim, sentence)] = claimed_of(separation_test("kmeans", 0.4), valley_test("kmeans", 0.025))
    assert claim == "no"
    assert "valley" not in sentence


@pytest.mark.parametrize(
    ("p", "factors", "expected"),
    [
        pytest.param(0.05, np.nan, True, id="claimed"),
        pytest.param(0.5, 0.4, True, id="judged by classes"),
        pytest.param(0.5, np.nan, False, id="neither"),
    ],
)
def test_the_columns_are_compared_if_groups_are_claimed_or_judged(
    p: float, factors: float, expected: bool
) -> None:
    test = separation_test("kmeans", p)
    comparison = GroupComparison(0.5, factors, 0.6, -0.4, -0.1)
    classes = Classes("kind", np.arange(4) % 2, ("a", "b"))
    result: Any = SimpleNamespace(
        problem=SimpleNamespace(data=SimpleNamespace(own_labels=[classes]))
    )
    evidence: Any = SimpleNamespace(
        tested=[test], groups={"kmeans": comparison}, peaks={}, design=EXCHANGEABLE
    )
    about = [sentence.about for sentence in group_sentences(result, evidence)]
    assert about == ["groups", "columns"][: 1 + expected]


def test_groups_are_compared_with_the_null_model_of_larger_p() -> None:
    shuffled = separation_test("kmeans", 0.5, ControlKind.permuted)
    [(_, sentence)] = claimed_of(shuffled, separation_test("kmeans", 0.05))
    assert "no farther apart than in permuted tables" in sentence
    assert "p = 0.5)" in sentence


def test_one_cluster_has_no_claim_about_groups(tiny: Make) -> None:
    outputs = artifacts(tiny(evidence=FEW, clustering={"kmeans": KMeans(n_clusters=1)}))
    assert "groups" not in answers(outputs)


# Wrong answers are worse than none


@pytest.fixture
def asked(backend: Backend) -> Callable[..., dict[str, dict[str, str]]]:
    """Return the answer of a run. Only JAX trains many models in seconds."""
    if backend is not Backend.jax:
        pytest.skip("runs in tests(jax)")

    def ask(dataset: DatasetSpec, **changes: Any) -> dict[str, dict[str, str]]:
        clustering = {"kmeans": KMeans(n_clusters=3)}
        fields = {"figures": NoFigures(), "clustering": clustering} | changes
        return answers(artifacts(Experiment(dataset=dataset, **fields)))

    return ask


def test_structure_is_claimed_of_noise_no_more_often_than_stated() -> None:
    claimed = sum(p_of_structure(load(Gaussian(seed=seed))) <= LEVEL for seed in range(150))
    assert claimed <= 15  # of 150 at a level of 5 %: more by chance 1 time in 200


def test_groups_are_seldom_claimed_of_noise(asked: Any) -> None:
    evidence = EvidenceSpec(permutations=19, clouds=19)
    claimed = [asked(Gaussian(seed=seed), evidence=evidence) for seed in range(10, 14)]
    assert sum(part["chance"]["claim"] == "yes" for part in claimed) <= 1
    assert sum(part.get("groups", NO)["claim"] == "yes" for part in claimed) == 0


def test_noise_has_no_structure_if_groups_would_have_been_detected(asked: Any) -> None:
    answer = asked(Gaussian(seed=1))
    assert answer["chance"]["claim"] == "no"
    assert answer["power"]["claim"] == "yes"
    assert "would have detected a group" in answer["power"]["sentence"]
    assert "not ruled out" in answer["power"]["sentence"]
    assert answer["structure"]["claim"] == "no"
    assert "Do not interpret" in answer["next"]["sentence"]
    assert "model=deep" not in answer["next"]["sentence"]


def test_three_planted_groups_are_found(asked: Any) -> None:
    answer = asked(Gaussian(groups=3))
    assert answer["chance"]["claim"] == "yes"
    assert answer["groups"]["claim"] == "yes"
    assert "groups of kmeans are farther apart" in answer["groups"]["sentence"]
    assert "Reproducible clusters: 3 of 3 of kmeans" in answer["stability"]["sentence"]
    assert answer["columns"]["claim"] == "no"
    assert "of the scaled columns finds the same groups" in answer["columns"]["sentence"]
    assert answer["labels"]["claim"] == "yes"
    assert "group is predicted from the factors" in answer["labels"]["sentence"]


def test_groups_are_claimed_of_one_correlated_cloud_no_more_often_than_stated(asked: Any) -> None:
    evidence = EvidenceSpec(permutations=19, clouds=19)
    answer = [asked(Gaussian(directions=3, seed=seed), evidence=evidence) for seed in range(10)]
    assert all(part["chance"]["claim"] == "yes" for part in answer)
    assert sum(part["groups"]["claim"] == "yes" for part in answer) <= 2


def test_pca_is_better_on_a_linear_subspace(asked: Any) -> None:
    answer = asked(Gaussian(directions=3), evidence=Quick(permutations=0))
    assert answer["pca"]["claim"] == "no"
    assert "A linear map suffices" in answer["pca"]["sentence"]


@pytest.mark.parametrize("dataset", [SwissRoll(samples=600), Digits()], ids=["roll", "digits"])
def test_the_autoencoder_is_better_on_curved_data(asked: Any, dataset: DatasetSpec) -> None:
    evidence = EvidenceSpec(repeats=4)
    answer = asked(dataset, model=Deep(latent_dim=2), evidence=evidence)
    assert answer["pca"]["claim"] == "yes"
    assert "better than PCA" in answer["pca"]["sentence"]


def test_structure_that_could_not_be_detected_is_undecided(asked: Any) -> None:
    # 2 factors explain nearly all of 3 columns, with or without structure
    answer = asked(SwissRoll(samples=150), model=Deep(latent_dim=2))
    assert answer["chance"]["claim"] == "undecided"
    assert "Undecided whether" in answer["chance"]["sentence"]
