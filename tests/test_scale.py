"""Memory is proportional to the table; sampled measures have a standard error."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from sklearn.manifold import trustworthiness
from sklearn.metrics import silhouette_samples

from aeexp.analysis import sampling
from aeexp.analysis.clustering import clusters, separation
from aeexp.analysis.clustering.knn_vote import nearest
from aeexp.analysis.latent.neighbourhoods import neighbourhoods
from aeexp.config.spec import DBSCAN, Agglomerative, Blobs, Deep, Experiment, KMeans, Training
from aeexp.data.chunks import blocks
from aeexp.data.scaling import Scaling
from aeexp.pipeline.run import run
from aeexp.runs import Run, write
from aeexp.runs.artifact import Plot, Table

RNG = np.random.default_rng(0)


def folded(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return features, and factors that preserve some of their neighbourhoods."""
    x = RNG.normal(size=(rows, 6)).astype(np.float32)
    return x, np.tanh(x @ RNG.normal(size=(6, 2)).astype(np.float32))


def cloud(rows: int) -> np.ndarray:
    """Return two clouds of points, in alternating rows."""
    return (RNG.normal(size=(rows, 2)) + 20 * (np.arange(rows) % 2)[:, None]).astype(np.float32)


@pytest.mark.parametrize(("rows", "columns"), [(0, 5), (10, 3), (7, 1), (3, 100)])
def test_blocks_cover_each_row_once_within_their_size(rows: int, columns: int) -> None:
    parts = list(blocks(rows, columns, 6))
    assert [i for part in parts for i in range(rows)[part]] == list(range(rows))
    assert all((part.stop - part.start) * columns <= max(6, columns) for part in parts)


# --- sampled measures


@pytest.mark.parametrize("rows", [40, 1_000])
def test_neighbourhoods_equal_those_of_scikit_learn(rows: int) -> None:
    x, z = folded(rows)
    measured = neighbourhoods(x, z)
    assert measured == {
        "trustworthiness": pytest.approx(trustworthiness(x, z, n_neighbors=15), abs=1e-4),
        "continuity": pytest.approx(trustworthiness(z, x, n_neighbors=15), abs=1e-4),
    }


def test_sampled_neighbourhoods_are_near_the_exact_ones() -> None:
    x, z = folded(6_000)
    measured = neighbourhoods(x, z)
    exact = trustworthiness(x, z, n_neighbors=15)
    assert measured["trustworthiness.rows"] == 1_000
    assert 0 < measured["trustworthiness.se"] < 0.01
    assert abs(measured["trustworthiness"] - exact) < 4 * measured["trustworthiness.se"]


@pytest.mark.parametrize("rows", [3, 4, 20])
def test_few_rows_have_fewer_neighbours(rows: int) -> None:
    x, _ = folded(rows)
    assert neighbourhoods(x, x) == {"trustworthiness": 1.0, "continuity": 1.0}


def test_equal_rows_are_all_neighbours() -> None:
    assert neighbourhoods(np.ones((50, 3)), np.ones((50, 2)))["trustworthiness"] == 1.0


def test_f16_two_rows_have_no_neighbourhoods(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        measured = neighbourhoods(np.eye(2), np.eye(2))
    assert np.isnan(list(measured.values())).all()
    assert "trustworthiness, continuity undefined: 2 rows" in caplog.text


def test_silhouettes_equal_those_of_scikit_learn() -> None:
    z = RNG.normal(size=(300, 2))
    codes = np.append(RNG.integers(0, 4, 299), 4)  # the last is alone in its cluster
    some = np.array([0, 7, 150, 299])
    expected = silhouette_samples(z, codes)[some]
    assert separation.silhouettes(z, [codes], some)[0] == pytest.approx(expected, abs=1e-5)


def test_a_sampled_silhouette_is_near_the_exact_one() -> None:
    z, every = RNG.normal(size=(11_000, 2)), np.arange(11_000)
    codes = (z[:, 0] > 0).astype(int)
    measured = separation.separation(z, codes, "k")
    exact = separation.silhouettes(z, [codes], every).mean()
    assert measured["silhouette.rows"] == 1_000
    assert abs(measured["silhouette"] - exact) < 4 * measured["silhouette.se"]


def test_the_standard_error_vanishes_if_the_sample_has_all_rows() -> None:
    values = RNG.normal(size=99)
    assert sampling.mean("m", values, 99) == {"m": pytest.approx(values.mean())}
    from_many, from_few = (sampling.mean("m", values, rows)["m.se"] for rows in (10**9, 100))
    assert from_many == pytest.approx(values.std(ddof=1) / np.sqrt(99))
    assert from_few == pytest.approx(from_many / 10)


# --- clusterings of many rows


@pytest.mark.parametrize("spec", [DBSCAN(), Agglomerative(n_clusters=2)], ids=["dbscan", "agglo"])
def test_f28_a_sample_of_many_rows_is_clustered_and_this_is_logged(
    spec: DBSCAN | Agglomerative, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(spec), "most_rows", 500)
    codes = clusters.find(spec, cloud(3_000), None, seed=0)
    assert np.unique(codes[::2]).tolist() != np.unique(codes[1::2]).tolist()
    assert np.mean(codes[::2] == codes[0]) > 0.9
    assert "clustered a random sample of 500 of 3,000 rows" in caplog.text


def test_k_means_clusters_all_rows(caplog: pytest.LogCaptureFixture) -> None:
    codes = clusters.find(KMeans(n_clusters=2), cloud(30_000), None, seed=0)
    assert len(np.unique(codes[::2])) == 1
    assert not caplog.text


def test_a_new_row_takes_the_cluster_of_most_of_its_neighbours() -> None:
    x, codes = np.array([[0.0], [1.0], [2.0], [9.0]]), np.array([4, -1, -1, 4])
    clusters_found, confidence = nearest(x, codes, np.array([[0.9], [9.0]]), neighbours=3)
    assert clusters_found.tolist() == [-1, -1]
    assert confidence == pytest.approx([2 / 3, 2 / 3])


def test_the_nearest_of_equally_frequent_clusters_is_taken() -> None:
    x, codes = np.array([[0.0], [1.0]]), np.array([0, 1])
    clusters_found, confidence = nearest(x, codes, np.array([[0.1], [0.9]]))
    assert clusters_found.tolist() == [0, 1]
    assert confidence.tolist() == [0.5, 0.5]


# --- files of many rows


def many(rows: int) -> Table:
    z = np.arange(rows, dtype=np.float32) / 8
    z[-1] = np.nan
    names = np.where(np.arange(rows) % 2, "b", "a")
    return Table("latents", {"row": range(rows), "z1": z, "label": names})


def test_f28_tables_of_many_rows_are_parquet(tmp_path: Path) -> None:
    write(many(100_001), tmp_path)
    with parquet.ParquetFile(tmp_path / "latents.parquet") as file:
        assert file.num_row_groups == 2
        read = file.read()
    assert [path.name for path in tmp_path.iterdir()] == ["latents.parquet"]
    assert read.schema.types[:2] == [pa.int64(), pa.float32()]
    assert read["row"].to_pylist() == list(range(100_001))
    assert Run(tmp_path).table("latents")["label"][:3] == ["a", "b", "a"]


@pytest.mark.parametrize("rows", [100_000, 100_001], ids=["csv", "parquet"])
def test_f28_a_fixed_sample_of_many_rows_is_read_back(rows: int, tmp_path: Path) -> None:
    write(many(rows), tmp_path)
    some = Run(tmp_path).table("latents", most=50)
    assert len(some["row"]) == 50
    assert [float(z) for z in some["z1"]] == [int(row) / 8 for row in some["row"]]
    assert Run(tmp_path).table("latents", most=50) == some


def test_a_parquet_table_with_an_error_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(pa.ArrowInvalid):
        write(Table("latents", {"a": range(100_001), "b": [*range(100_000), "x"]}), tmp_path)
    assert not list(tmp_path.iterdir())


# --- memory

GROWTH = """
import resource, sys
from pathlib import Path
from aeexp.backend import choose
from aeexp.config import spec
from aeexp.config.spec import Backend, Experiment, KMeans, Table, Training
choose(Backend.jax)
from aeexp.pipeline.run import run
from aeexp.runs import write
from aeexp.runs.artifact import RunMetadata

def peak(name):
    folder = Path(name + "_run")
    folder.mkdir()
    experiment = Experiment(dataset=Table(path=f"{name}.parquet"))
    experiment.clustering = {"kmeans": KMeans(n_clusters=2)}
    experiment.training = Training(epochs=1, batch_size=1024)
    experiment.evidence = getattr(spec, sys.argv[1])()
    for artifact in run(experiment):
        if not isinstance(artifact, RunMetadata):
            write(artifact, folder)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

few, many = map(peak, sys.argv[2:])
print(many - few)
"""


@pytest.mark.parametrize(
    ("evidence", "most"),
    [("NoEvidence", 6), pytest.param("StandardEvidence", 9, marks=pytest.mark.slow)],
)
def test_f28_memory_grows_by_a_few_times_the_table(
    evidence: str, most: int, tmp_path: Path
) -> None:
    for name, rows in {"few": 25_000, "many": 200_000}.items():
        x = RNG.normal(size=(rows, 50)).astype(np.float32)
        table = pa.table({f"x{j}": column for j, column in enumerate(x.T)})
        parquet.write_table(table, tmp_path / f"{name}.parquet")
    done = subprocess.run(
        [sys.executable, "-c", GROWTH, evidence, "few", "many"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.splitlines()[-1]) < most * x.nbytes


def test_f29_memory_is_proportional_to_the_number_of_columns() -> None:
    wide = Blobs(samples=40, features=20_000)  # the squares of its columns fill 3 GB
    experiment = Experiment(dataset=wide, model=Deep(), clustering={}, training=Training(epochs=1))
    artifacts = list(run(experiment))
    [weights] = [a for a in artifacts if isinstance(a, Table) and a.name == "weights"]
    assert len(weights.columns["z1"]) == 20_000
    plots = {artifact.name for artifact in artifacts if isinstance(artifact, Plot)}
    assert {"weights", "weights_map", "reconstruction"} <= plots


def test_scaled_tables_are_aligned_for_jax() -> None:
    for rows in range(1, 20):
        x = RNG.normal(size=(rows, 3))
        scaled = Scaling(np.zeros(3), np.ones(3)).apply(x)
        assert scaled.ctypes.data % 64 == 0
        assert scaled == pytest.approx(x, abs=1e-6)
