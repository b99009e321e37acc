"""What the default does: 12 tables, beside a shallow model of a fixed length and PCA.

python benchmarks/defaults.py [splits] [table …]

For each table, means over some splits of the rows: the test error over PCA's of the default and of
`model=shallow training.epochs=200`; the regret of the default, in points of variance, against the
best of all that were tried; the model that was chosen; factors and reconstructions that come back
with other seeds; k-means against the classes and seconds. All test rows decided nothing.

python benchmarks/defaults.py noise [tables]

How often structure and groups are claimed of tables of independent columns.
"""

import json
import logging
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from statistics import mean
from typing import Any

import numpy as np
from spaces import MADE, Made, load_made

from aeexp.app.notebook import compose
from aeexp.backend import choose
from aeexp.config.spec import Backend, Experiment

BUILT_IN = ("wine", "iris", "breast_cancer", "diabetes", "digits", "swiss_roll")
FIXED = (
    "model=shallow",
    "training.epochs=200",
    "training.batch_size=16",
    "optimizer.lr=1e-3",
    "evidence=none",
)
SEEDS = ("evidence.permutations=0", "evidence.clouds=0", "evidence.planted=0", "evidence.labels=0")


def experiment(name: str, *overrides: str) -> Experiment:
    """Return the experiment of a table."""
    common = ["figures=none", *overrides]
    if name == "swiss_roll":
        common.append("model.latent_dim=2")
    if name in BUILT_IN:
        return compose(f"dataset={name}", *common)
    return replace(compose(*common), dataset=Made(kind=name))


def results(one: Experiment) -> Mapping[str, Any]:
    """Run an experiment; return its artifacts by name, and the seconds that it took."""
    from aeexp.pipeline.run import run

    start = time.perf_counter()
    artifacts = {artifact.name: artifact for artifact in run(one)}
    return artifacts | {"seconds": time.perf_counter() - start}


def row(name: str, split: int) -> dict[str, Any]:
    """Return the numbers of a table and a split."""
    fixed = results(experiment(name, f"split.seed={split}", *FIXED, *folds(name)))
    ours = results(experiment(name, f"split.seed={split}", *SEEDS))
    numbers, shallow = ours["metrics"].values, fixed["metrics"].values
    pca = numbers["baseline.pca.test.mse"]
    error, variance = numbers["reconstruction.test.mse"], pca_variance(numbers)
    tried = ours["candidates"].columns
    best = min(np.nanmin(tried["test_mse"]), pca, shallow["reconstruction.test.mse"])
    return {
        "default": error / pca,
        "shallow": shallow["reconstruction.test.mse"] / pca,
        "regret": 100 * (error - best) / variance,
        "regret_shallow": 100 * (shallow["reconstruction.test.mse"] - best) / variance,
        "regret_pca": 100 * (pca - best) / variance,
        "chosen": tried["model"][int(np.argmax(tried["chosen"]))],
        "factors": numbers.get("stability.factors", np.nan),
        "cka": numbers.get("stability.cka_reconstructions", np.nan),
        "ari": numbers.get("clustering.kmeans.ari", np.nan),
        "raw": numbers.get("baseline.table.clustering.kmeans.ari", np.nan),
        "verdict": ours["verdict"].values["verdict"]["word"],
        "seconds": ours["seconds"],
        "seconds_shallow": fixed["seconds"],
    }


def folds(name: str) -> list[str]:
    """Return the overrides that judge the shallow model on the same rows as the default."""
    return ["split.folds=1"] if name in {"digits", "swiss_roll"} else []


def pca_variance(numbers: Mapping[str, float]) -> float:
    """Return the variance of the test rows about the mean of the training rows."""
    return numbers["reconstruction.test.mse"] / (1 - numbers["reconstruction.test.r2"])


def tables(splits: int, names: list[str]) -> None:
    """Print a line for each table, then the means."""
    every: list[dict[str, Any]] = []
    for name in names or [*BUILT_IN, *MADE]:
        rows = [row(name, split) for split in range(splits)]
        every += rows
        chosen = Counter(one["chosen"] for one in rows).most_common()
        verdicts = Counter(one["verdict"] for one in rows).most_common()
        numbers = {
            key: mean(one[key] for one in rows)
            for key, value in rows[0].items()
            if isinstance(value, float)
        }
        text = " ".join(f"{key} {value:.3g}" for key, value in numbers.items())
        print(name, text, chosen, verdicts, flush=True)
    for key in ("regret", "regret_shallow", "regret_pca"):
        values = [one[key] for one in every]
        print(f"{key}: mean {mean(values):.2f}, worst {max(values):.2f} points of variance")


def noise(count: int) -> None:
    """Print how often structure and groups are claimed of tables without structure."""
    claims: Counter[str] = Counter()
    for draw in range(count):
        one = replace(compose("figures=none"), dataset=Made(kind="noise", draw=draw))
        artifacts = results(one)
        answer = artifacts["answer"]
        for sentence in answer.content["sentences"]:
            claims[f"{sentence['about']} {sentence['claim']}"] += 1
        tried = artifacts["candidates"].columns
        claims[tried["model"][int(np.argmax(tried["chosen"]))]] += 1
        if draw % 10 == 9:
            print(draw + 1, json.dumps(claims), flush=True)


if __name__ == "__main__":
    choose(Backend.jax)
    logging.disable()
    load_made()
    match sys.argv[1:]:
        case ["noise", *count]:
            noise(int(count[0]) if count else 100)
        case arguments:
            tables(int(arguments[0]) if arguments else 5, arguments[1:])
