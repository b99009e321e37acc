"""How often is structure claimed by the best of many settings, on tables without structure?

    python benchmarks/sweep_null.py TABLES [FIRST]

Each table has 60 rows and 6 independent normal columns. 16 settings × 4 seeds are trained, and the
setting with the least mean validation error is chosen, as in the summary of a sweep. The script
prints the p-value of each table, corrected for the choice and uncorrected, and at the end how many
are at most 0.05. Only the first seed has permuted tables, because only they are used.
"""

import sys
from dataclasses import replace
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from aeexp.analysis.controls import ControlKind, ControlResult
from aeexp.analysis.evidence.gather import Measured
from aeexp.analysis.sweep.chance import ChosenByChance, compare
from aeexp.backend import choose
from aeexp.config.spec import (
    Adam,
    Backend,
    Deep,
    EvidenceSpec,
    Experiment,
    NoEvidence,
    Shallow,
    Split,
    Table,
    Training,
)
from aeexp.data.prepare import ProblemCache
from aeexp.runs.progress import Monitor

ROWS, COLUMNS, SEEDS, LEVEL = 60, 6, 4, 0.05
EPOCHS = 30
MODELS = Shallow, Deep
SETTINGS = [*product(MODELS, (1, 2), (3e-3, 1e-2, 3e-2, 1e-1))]


def main() -> None:
    """Train the settings on tables of noise and count claims."""
    tables = int(sys.argv[1])
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    tests = []
    for number in range(first, first + tables):
        tests.append(tested(number))
        p, uncorrected = tests[-1].p, tests[-1].uncorrected
        print(f"table {number}: p {p:.2f}, uncorrected {uncorrected:.2f}", flush=True)
    for name in ("p", "uncorrected"):
        claims = sum(getattr(test, name) <= LEVEL for test in tests)
        print(f"{name}: at most {LEVEL} for {claims} of {tables} tables")


def tested(number: int) -> ChosenByChance:
    """Return the test of the best setting of one table."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "noise.csv"
        x = np.random.default_rng(number).normal(size=(ROWS, COLUMNS))
        head = ",".join(f"c{i}" for i in range(COLUMNS))
        np.savetxt(path, x, delimiter=",", header=head, comments="")
        runs = trained(str(path))
    losses = np.array([run.histories[0].val_loss[run.histories[0].kept] for run in runs])
    best = losses.reshape(len(SETTINGS), SEEDS).mean(1).argmin()
    r2 = np.array([explained(run) for run in runs[::SEEDS]])
    return compare(np.vstack([r2[best], np.delete(r2, best, 0)]))


def trained(path: str) -> list[Any]:
    """Train all settings and seeds on a table, as one sweep does; return each `TrainedRun`."""
    choose(Backend.jax)
    from aeexp.pipeline.trainings import train_runs

    common = Experiment(
        dataset=Table(path=path),
        split=Split(validation=0.3, test=0.2, folds=1),
        training=Training(epochs=EPOCHS, batch_size=16),
        clustering={},
    )
    problem = ProblemCache().prepare(common)
    jobs = [
        replace(
            common,
            model=model(latent_dim=factors),
            optimizer=Adam(lr=lr),
            seed=seed,
            evidence=NoEvidence() if seed else EvidenceSpec(permutations=19),
        )
        for (model, factors, lr), seed in product(SETTINGS, range(SEEDS))
    ]
    return train_runs([(job, problem) for job in jobs], Monitor())


def explained(run: Any) -> list[float]:
    """Return R² of the test rows, of the table and of its permuted copies."""
    r2 = []
    for place, control in enumerate(run.planned.trained):
        if control.kind in {ControlKind.repeat, ControlKind.permuted}:
            x = control.problem.x
            result = ControlResult(x, x, run.trained.network(place).errors(x), None)
            r2 += Measured(control, result, {}).r2.values()
    return r2


if __name__ == "__main__":
    main()
