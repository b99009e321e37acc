"""Run directories with made-up content, evidence included, without training."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from aeexp.data import Classes, Dataset
from aeexp.runs import write
from aeexp.runs.artifact import Plot, Table

SENTENCES = (
    ("structure", "yes", "The rows form 3 groups that are further apart than chance makes them."),
    ("stability", "yes", "8 random starts find the same space (CKA 0.97 ± 0.02)."),
    ("chance", "yes", "None of 99 tables with permuted columns shows groups as clear (p = 0.01)."),
    ("pca", "no", "PCA with 3 factors describes the rows held out better, by 0.087 ± 0.021."),
    ("next", "undecided", "Use PCA, or try more factors: aeexp experiment=how_many."),
)
METHODS = ("autoencoder", "PCA", "factor analysis", "random projection", "mean")


def made(folder: Path, data: Dataset, factors: int = 3) -> Path:
    """Write a run with the principal components of a table as factors, and its evidence."""
    folder.mkdir(parents=True)
    x = np.nan_to_num(data.x.astype(float))
    x = (x - x.mean(0)) / np.where(x.std(0) > 0, x.std(0), 1)
    z, axes = x[:, :factors], np.eye(x.shape[1])[:factors]
    if len(x) < 5000:
        u, s, axes = np.linalg.svd(x, full_matrices=False)
        z = (u * s)[:, :factors]
    codes = (z[:, 0] > 0).astype(int) + (z[:, 0] > 2)
    codes[np.abs(z[:, 0]) > 4] = -1
    latents = {"row": data.rows, "split": np.where(np.arange(len(x)) % 5, "train", "val")}
    latents |= {f"z{k + 1}": z[:, k].astype(np.float32) for k in range(factors)}
    for number, labels in enumerate(data.labels):
        name = f"label.{labels.name}" if number else "label"
        cells = labels.codes if isinstance(labels, Classes) else labels.values
        latents[name] = cells
    latents |= {"kmeans": codes, "dbscan": codes - 1}
    _table(folder, "latents", latents | trust(len(x)))
    weights = {f"z{k + 1}": axes[k] for k in range(factors)}
    quantity = ["encoder weight"] * len(data.features)
    _table(folder, "weights", {"feature": data.features, "quantity": quantity} | weights)
    _json(folder, "run", RECORD)
    _json(folder, "metrics", METRICS)
    for name in "loss", "latent", "weights", "contingency_kmeans", "surprise":
        write(Plot(name, Figure((9, 5)), "png", 150), folder)
    (folder / ".hydra").mkdir()
    (folder / ".hydra" / "config.yaml").write_text("dataset: {}\nseed: 0\n")
    (folder / ".hydra" / "overrides.yaml").write_text("- dataset=wine\n- model.hidden=[8, 4]\n")
    add_evidence(folder, data, factors)
    return folder


def add_evidence(folder: Path, data: Dataset, factors: int = 3) -> None:
    """Add the evidence's files, with plausible numbers, to a run directory."""
    rng, names = np.random.default_rng(0), [f"z{k + 1}" for k in range(factors)]
    _json(folder, "answer", {"sentences": [*map(_sentence, SENTENCES)]})
    record = json.loads((folder / "run.json").read_text())
    record["stamps"] = ["kmeans: its number of clusters was taken from the labels."]
    (folder / "run.json").write_text(json.dumps(record))
    _methods(folder, rng)
    _stability(folder, names)
    _factors(folder, data, names, rng)
    _chance(folder)
    _outliers(folder, data)
    (folder / "methods.md").write_text(
        "A shallow autoencoder (13-3-13) was trained with Adam on 142 rows [@kingma2015].\n"
    )
    (folder / "references.bib").write_text(
        "@inproceedings{kingma2015,\n  title = {Adam: A Method for Stochastic Optimization}\n}\n"
    )


def _sentence(parts: tuple[str, str, str]) -> dict[str, str]:
    return dict(zip(("about", "claim", "sentence"), parts, strict=True))


def trust(rows: int) -> dict[str, Any]:
    """Return the columns of latents that measure how reliable each row is."""
    rng = np.random.default_rng(0)
    columns = {"trustworthiness": 1 - rng.beta(1, 8, rows), "continuity": 1 - rng.beta(1, 9, rows)}
    columns |= {"error": rng.gamma(2, 0.2, rows), "error_percentile": rng.uniform(0, 100, rows)}
    columns |= {"kmeans.co_assignment": rng.uniform(0.5, 1, rows)}
    for column in columns.values():
        column[0] = np.nan  # not measured
    return {name: column.round(4) for name, column in columns.items()}


def _methods(folder: Path, rng: np.random.Generator) -> None:
    several = np.arange(len(METHODS))
    columns = {"method": METHODS}
    columns |= {"train_mse": 0.39 + 0.1 * several, "val_mse": 0.44 + 0.1 * several}
    columns |= {"val_r2": 0.56 - 0.1 * several, "delta_mse": 0.1 * several - 0.09}
    columns |= {"delta_n": [np.nan, 8, 8, 8, 8]}
    columns |= {"delta_se": 0.02 + 0 * several, "trustworthiness": 0.93 - 0.03 * several}
    columns |= {"continuity": 0.95 - 0.03 * several, "r_nx_auc": 0.5 - 0.04 * several}
    _table(folder, "baselines", columns | {"kmeans.ari": 0.85 - 0.1 * several})
    share = np.sort(rng.dirichlet(np.ones(13)))[::-1]
    scree = {"component": np.arange(1, 14), "share": share, "cumulative": share.cumsum()}
    _table(folder, "scree", scree)
    k = np.arange(1, 40)
    rnx = {"neighbours": k, "autoencoder": 0.5 - k / 200, "PCA": 0.52 - k / 200}
    _table(folder, "rnx", rnx)


def _outliers(folder: Path, data: Dataset) -> None:
    columns = {"row": [data.rows[1]] * 2 + [data.rows[0]], "error": [9.5, 9.5, 2.25]}
    columns |= {"times_median": [19.0, 19.0, 4.5], "feature": [*data.features[:1]] * 3}
    columns |= {"value": [1e9, 12.0, 3.0], "reconstructed": [12.3456, 11.0, 2.5]}
    _table(folder, "outliers", columns | {"share": [0.998, 0.002, 0.7]})


def _stability(folder: Path, names: Sequence[str]) -> None:
    factors = {
        name: {"reproducibility": 0.97 - 0.4 * k, "reproducible": k == 0}
        for k, name in enumerate(names)
    }
    clusters = [
        {"cluster": c, "rows": 60 - c, "jaccard": 0.93 - 0.2 * c, "reproducible": c < 2}
        for c in range(3)
    ]
    kmeans = {"ari": {"mean": 0.9, "sd": 0.05}, "pac": 0.02, "clusters": clusters}
    spread = {"mean": 0.97, "sd": 0.02}
    content = {"members": 8, "cka": spread, "procrustes": spread, "neighbours_kept": spread}
    content |= {"factors": factors, "clusterings": {"kmeans": kmeans}}
    _json(folder, "stability", content)


def _factors(folder: Path, data: Dataset, names: Sequence[str], rng: np.random.Generator) -> None:
    count, features = len(names), data.features
    explained = 0.3 / np.arange(1, count + 1)
    columns = {"factor": names, "variance_explained": explained}
    columns |= {"variance_explained_low": explained - 0.03}
    columns |= {"variance_explained_high": explained + 0.04}
    columns |= {"reproducibility": np.linspace(0.97, 0.4, count)}
    flags = ["", "duplicate of z1", *["dead"] * count][:count]
    _table(folder, "factors", columns | {"flag": flags})
    jacobian = rng.normal(size=count * len(features))
    columns = {"factor": np.repeat(names, len(features)), "feature": [*features] * count}
    columns |= {"jacobian": jacobian, "jacobian_low": jacobian - 0.2}
    columns |= {"jacobian_high": jacobian + 0.3, "permutation": np.abs(jacobian) / 10}
    _table(folder, "importance", columns)
    steps = np.tile(np.linspace(-1, 1, 7), count)
    columns = {"factor": np.repeat(names, 7), "z": steps}
    columns |= {feature: 10 + 3 * np.tanh(k * steps) for k, feature in enumerate(features[:20])}
    _table(folder, "traversals", columns)
    label = data.label.name if data.label else "none"
    columns = {"factor": names, "label": [label] * count, "measure": ["eta squared"] * count}
    columns |= {"value": explained, "p": explained / 100, "p_adjusted": explained / 50}
    _table(folder, "associations", columns)
    columns = {"label": [label] * 4, "number": ["knn accuracy"] * 4}
    columns |= {"input": ["autoencoder", "standardized input", "PCA", "majority"]}
    columns |= {"train": [0.96, 0.98, 0.97, 0.4], "held_out": [0.92, 0.97, 0.94, 0.39]}
    columns |= {"held_out_se": [0.04, 0.03, 0.04, 0.08], "permuted_mean": [0.34] * 4}
    _table(folder, "labels", columns | {"permuted_sd": [0.05] * 4, "p": [0.01] * 4})


def _chance(folder: Path) -> None:
    columns = {"number": ["clustering.kmeans.silhouette", "reconstruction.val.r2"]}
    columns |= {"control": ["one cloud", "permuted columns"], "observed": [0.49, 0.56]}
    columns |= {"null_mean": [0.31, 0.2], "null_sd": [0.02, 0.03], "p": [0.02, 0.01]}
    _table(folder, "evidence", columns | {"copies": [49, 99]})
    columns = {"size": [1, 2, 3], "share": [0.2] * 3, "found": [0.1, 0.7, 1.0]}
    columns |= {"found_low": [0.03, 0.48, 0.84], "found_high": [0.3, 0.85, 1.0]}
    _table(folder, "power", columns | {"tables": [20] * 3})


def _table(folder: Path, name: str, columns: Mapping[str, Any]) -> None:
    write(Table(name, columns), folder)


def _json(folder: Path, name: str, content: Any) -> None:
    (folder / f"{name}.json").write_text(json.dumps(content))


RECORD = {
    "status": "COMPLETED",
    "started": "2026-11-25T15:25:09.042099+00:00",
    "seed": 0,
    "backend": "jax",
    "versions": {"python": "3.11.7", "aeexp": "0.1.0"},
    "specs": {
        "dataset": "Wine",
        "model": "Shallow",
        "clustering.kmeans": "KMeans",
        "clustering.dbscan": "DBSCAN",
    },
    "config_hash": "656dfdfc",
    "data_hash": "56c8ebea",
    "seconds": {"total": 1.88},
    "verdict": {"word": "good", "sentence": "Good: the training went well."},
}
METRICS = {
    "reconstruction.train.mse": 0.39,
    "reconstruction.val.mse": 0.44,
    "reconstruction.val.r2": 0.56,
    "baseline.pca.train.mse": 0.33,
    "baseline.pca.val.mse": 0.35,
    "neighbourhoods.trustworthiness": 0.93,
    "neighbourhoods.continuity": None,
    "clustering.kmeans.n_clusters": 3,
    "clustering.kmeans.silhouette": 0.49,
    "clustering.kmeans.ari": 0.85,
    "baseline.table.clustering.kmeans.n_clusters": 3,
    "baseline.table.clustering.kmeans.silhouette": 0.29,
    "baseline.table.clustering.kmeans.ari": 0.9,
    "baseline.table.clustering.kmeans.agreement": 0.88,
    "clustering.dbscan.n_clusters": 2,
    "clustering.dbscan.silhouette": None,
}
