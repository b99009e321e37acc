"""clustering.space=…: one override for the space of all chosen clusterings."""

import subprocess
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pytest

from aeexp.analysis.sweep.redefined import is_redefined, redefined
from aeexp.app.notebook import compose
from aeexp.config.compose import compositions, to_experiment
from aeexp.config.sources import register
from aeexp.config.spec import Space
from aeexp.errors import UserError
from aeexp.runs import Run as Folder

Run = Callable[..., subprocess.CompletedProcess[str]]
BOTH = "clustering.space=latent,reconstruction"
TWO = "clustering=[kmeans,dbscan]"
QUICK = ("dataset=blobs", "training.epochs=2", "evidence=none", "figures=none")


@pytest.mark.parametrize(
    ("overrides", "spaces"),
    [
        pytest.param(
            ["clustering.space=latent"],
            {"kmeans": "latent"},
            id="default",
        ),
        pytest.param(
            ["clustering.space=latent", "clustering=[hdbscan,kmeans]"],
            {"hdbscan": "latent", "kmeans": "latent"},
            id="chosen_after_it",
        ),
        pytest.param(
            [TWO, "clustering.space=reconstruction", "clustering.kmeans.space=latent"],
            {"kmeans": "latent", "dbscan": "reconstruction"},
            id="the_last_one_counts",
        ),
        pytest.param(
            [TWO, "clustering.kmeans.space=latent", "clustering.space=reconstruction"],
            {"kmeans": "reconstruction", "dbscan": "reconstruction"},
            id="it_is_the_last_one",
        ),
        pytest.param(["clustering=none", "clustering.space=latent"], {}, id="none_chosen"),
    ],
)
def test_the_override_sets_the_space_of_each_chosen_clustering(
    overrides: list[str], spaces: dict[str, str]
) -> None:
    chosen = compose(*overrides).clustering
    assert {name: spec.space.value for name, spec in chosen.items()} == spaces


def test_a_sweep_sets_it_for_the_clusterings_of_each_job() -> None:
    register()
    arguments = Namespace(
        overrides=["clustering=kmeans,dbscan", BOTH],
        config_name=None,
        config_dir=None,
        multirun=True,
    )
    chosen = [to_experiment(config).clustering for config in compositions(arguments)]
    assert [(name, spec.space) for job in chosen for name, spec in job.items()] == [
        (name, space) for name in ("kmeans", "dbscan") for space in Space
    ]


def test_an_error_names_the_key_of_a_clustering_and_the_choices() -> None:
    with pytest.raises(Exception, match="space") as error:
        compose("clustering.space=plane")
    assert not isinstance(error.value, UserError | AssertionError)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--cfg", "job", "model=deep", "clustering.space=reconstruction"], id="last"),
        pytest.param(["clustering.space=reconstruction", "seed=1", "--cfg", "job"], id="first"),
    ],
)
def test_hydra_shows_the_configuration_with_it(aeexp: Run, arguments: list[str]) -> None:
    done = aeexp(*arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("space: reconstruction") == 1


@pytest.mark.parametrize("launcher", ["population", "basic"])
def test_the_jobs_of_a_sweep_run_with_it(aeexp: Run, tmp_path: Path, launcher: str) -> None:
    done = aeexp("--multirun", BOTH, f"hydra/launcher={launcher}", *QUICK)
    assert done.returncode == 0, done.stderr
    (sweep,) = tmp_path.glob("outputs/multirun/*/*")
    for number, space in enumerate(("latent", "reconstruction")):
        written = (sweep / str(number) / ".hydra" / "config.yaml").read_text()
        assert written.count(f"space: {space}\n") == 1
        assert Folder(sweep / str(number)).record["status"] == "COMPLETED"


@pytest.mark.parametrize("key", ["clustering.space", "clustering.kmeans.space"])
def test_it_redefines_distances_between_clusters_but_not_their_agreement(key: str) -> None:
    assert is_redefined("clustering.kmeans.silhouette", redefined(key))
    assert not is_redefined("clustering.kmeans.ari", redefined(key))
