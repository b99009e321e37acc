"""What the removal of a batch changes: groups, batch, and the test of structure.

python benchmarks/covariates.py [tables for groups] [tables for the test of structure]

Groups: 300 rows × 20 columns, three groups and two batches that shift each column by 1.5 standard
deviations on average. Clusters and the batch are sought in three principal components of the
preprocessed table. Test of structure: 200 rows × 12 columns without any structure but the effects
of a batch and of age.
"""

import sys
from dataclasses import replace

import numpy as np
from scipy.stats import binomtest, t
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score, balanced_accuracy_score
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from aeexp.analysis import reconstruction
from aeexp.analysis.controls import other_controls
from aeexp.analysis.evidence.chance import p_value
from aeexp.analysis.evidence.power import LEVEL
from aeexp.config.spec import EvidenceSpec, Experiment
from aeexp.data import Column, Dataset, Floats, Integers
from aeexp.data.effects import Covariates
from aeexp.data.prepare import Problem, prepare

ROWS, COLUMNS, NOISE_ROWS, NOISE_COLUMNS = 300, 20, 200, 12
SHARES = {"equal": [1, 1, 1], "unbalanced": [5, 3, 2], "confounded": [14, 5, 1]}
"""Shares of the groups in the first batch; the second has them in reverse."""
KINDS = {"shift": "equal", "shift and scale": "equal"} | {k: k for k in [*SHARES][1:]}


def of_batches(kind: str, seed: int) -> tuple[Floats, Integers, Integers]:
    """Return a table, and the group and batch of each row."""
    generator = np.random.default_rng([seed, 7])
    batch, shares = np.repeat([0, 1], ROWS // 2), np.array(SHARES[KINDS[kind]])
    drawn = [generator.choice(3, ROWS // 2, p=p / p.sum()) for p in (shares, shares[::-1])]
    group = np.concatenate(drawn)
    x = 0.8 * generator.normal(size=(3, COLUMNS))[group] + generator.normal(size=(ROWS, COLUMNS))
    shift = 1.5 * generator.normal(size=COLUMNS)
    if kind == "shift and scale":
        x = np.where(batch[:, None] == 1, x * generator.uniform(1, 3, COLUMNS), x)
    return x + batch[:, None] * shift, group, batch


def dataset(x: Floats, covariates: Covariates | None) -> Dataset:
    """Return a table of numbers."""
    return Dataset(
        "made", x, tuple(map(str, range(x.shape[1]))), range(len(x)), (), covariates=covariates
    )


def measured(data: Dataset, group: Integers, batch: Integers) -> tuple[float, float]:
    """Return the agreement of clusters with groups, and the accuracy of predicting the batch."""
    z = PCA(3, random_state=0).fit_transform(prepare(Experiment(), data).x)
    found = KMeans(3, n_init=10, random_state=0).fit_predict(z)
    voted = cross_val_predict(KNeighborsClassifier(15), z / z.std(axis=0), batch)
    return adjusted_rand_score(group, found), balanced_accuracy_score(batch, voted)


def print_groups(tables: int) -> None:
    """Print both for each kind of table and each correction."""
    for kind in KINDS:
        scores: dict[str, list[tuple[float, float]]] = {}
        for seed in range(tables):
            x, group, batch = of_batches(kind, seed)
            mean = Covariates((Column("batch", ("a", "b")),), np.eye(2)[batch])
            corrections = {
                "none": None,
                "mean": mean,
                "mean_and_scale": replace(mean, batch="batch"),
            }
            for name, covariates in corrections.items():
                scores.setdefault(name, []).append(measured(dataset(x, covariates), group, batch))
        for name, several in scores.items():
            values = np.array(several)
            half = t.ppf(0.975, tables - 1) * values.std(axis=0, ddof=1) / np.sqrt(tables)
            cells = [f"{m:.2f} ± {h:.2f}" for m, h in zip(values.mean(axis=0), half, strict=True)]
            print(f"| {kind} | {name} | {' | '.join(cells)} |", flush=True)


def noise(categories: int, seed: int, *, scaled: bool) -> tuple[Floats, Covariates]:
    """Return independent columns with effects of a batch and of age."""
    generator = np.random.default_rng([seed, 3])
    x = generator.normal(size=(NOISE_ROWS, NOISE_COLUMNS))
    batch, age = (
        generator.integers(0, categories, NOISE_ROWS),
        generator.uniform(20, 70, NOISE_ROWS),
    )
    if scaled:
        x *= generator.uniform(0.5, 3, (categories, NOISE_COLUMNS))[batch]
    x += 2 * generator.normal(size=(categories, NOISE_COLUMNS))[batch]
    x += 0.03 * age[:, None] * generator.normal(size=NOISE_COLUMNS)
    columns = Column("batch", tuple(map(str, range(categories)))), Column("age")
    values = np.c_[np.eye(categories)[batch], age]
    return x, Covariates(columns, values, "batch" if scaled else "")


def held_out_r2(problem: Problem) -> float:
    """Return R² of PCA on the test rows."""
    pca = reconstruction.pca(problem.x, problem.rows, 3)
    mean = reconstruction.predicting_the_mean(problem.x, problem.rows)
    return reconstruction.errors(pca, mean, pca)["reconstruction.test.r2"]


def is_claimed(data: Dataset) -> bool:
    """Return whether structure is claimed."""
    experiment = Experiment(evidence=EvidenceSpec(permutations=19), clustering={})
    problem = prepare(experiment, data).folds[0]
    null = [held_out_r2(control.problem) for control in other_controls(experiment, problem)]
    return p_value(held_out_r2(problem), np.array(null), more_is_better=True) <= LEVEL


def print_level(tables: int) -> None:
    """Print how often structure is claimed of noise, with 95 % intervals."""
    for categories, scaled in ((3, False), (20, False), (3, True)):
        drawn = [noise(categories, seed, scaled=scaled) for seed in range(tables)]
        counts = [
            sum(is_claimed(dataset(x, several if removes else None)) for x, several in drawn)
            for removes in (True, False)
        ]
        low, high = binomtest(counts[0], tables).proportion_ci(method="wilson")
        print(
            f"| {categories} batches{', scaled' if scaled else ''} | {counts[0] / tables:.1%} |"
            f" {low:.1%} to {high:.1%} | {counts[1] / tables:.1%} |",
            flush=True,
        )


if __name__ == "__main__":
    print_groups(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
    print_level(int(sys.argv[2]) if len(sys.argv) > 2 else 200)
