"""Error rate and power of the test of structure, for rows that depend on one another.

python benchmarks/dependent_rows.py [tables of each kind]

The model is PCA, which the default chooses for nearly all tables without structure; the tables
without structure and the split are those of a run. Each kind of table is tested with its design
(time, groups) and, for comparison, as if its rows were independent. A recording that is too short
for a claim counts as not claimed.
"""

import sys
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.stats import binomtest

from aeexp.analysis import reconstruction
from aeexp.analysis.controls import other_controls
from aeexp.analysis.evidence.chance import p_value
from aeexp.analysis.evidence.power import LEVEL
from aeexp.config.spec import EvidenceSpec, Experiment
from aeexp.data import Dataset, Floats
from aeexp.data.design import EXCHANGEABLE, Design, in_time
from aeexp.data.prepare import Problem, prepare

ROWS, COLUMNS, COPIES = 400, 12, 19
Draw = Callable[[np.random.Generator], tuple[Floats, Design]]
TIME = np.arange(ROWS)
EQUAL, UNEQUAL = [40] * 10, [10, 10, 20, 20, 30, 30, 40, 60, 80, 100]


def autoregressive(
    generator: np.random.Generator, columns: int, tau: float, rows: int = ROWS
) -> Floats:
    """Draw stationary columns with an autocorrelation of exp(-lag / tau), of variance 1."""
    kept = np.exp(-1 / tau)
    x = generator.normal(size=(rows, columns))
    for row in range(1, rows):
        x[row] = kept * x[row - 1] + np.sqrt(1 - kept**2) * x[row]
    return x


def of_groups(generator: np.random.Generator, sizes: Sequence[int]) -> tuple[Floats, Design]:
    """Draw independent columns whose means differ between groups."""
    group = np.repeat(np.arange(len(sizes)), sizes)
    means = 1.5 * generator.normal(size=(len(sizes), COLUMNS))
    return means[group] + generator.normal(size=(ROWS, COLUMNS)), Design(groups=group)


def sessions(generator: np.random.Generator) -> tuple[Floats, Design]:
    """Draw eight recordings, each with means of its own."""
    parts = [
        autoregressive(generator, COLUMNS, 5, ROWS // 8) + generator.normal(size=COLUMNS)
        for _ in range(8)
    ]
    return np.concatenate(parts), Design(TIME, np.repeat(np.arange(8), ROWS // 8))


def mixed(generator: np.random.Generator, factors: Floats) -> Floats:
    """Mix factors into columns."""
    return factors @ generator.normal(size=(factors.shape[1], COLUMNS))


def shared_in_time(generator: np.random.Generator) -> tuple[Floats, Design]:
    """Draw columns that share three smooth factors."""
    shared = mixed(generator, autoregressive(generator, 3, 25))
    return shared + autoregressive(generator, COLUMNS, 25), Design(TIME)


def shared_across_animals(generator: np.random.Generator) -> tuple[Floats, Design]:
    """Draw columns that share two factors of the rows, beside the means of animals."""
    x, design = of_groups(generator, EQUAL)
    return x + mixed(generator, generator.normal(size=(ROWS, 2))), design


def shared_by_animals(generator: np.random.Generator) -> tuple[Floats, Design]:
    """Draw columns that share two factors of 20 animals."""
    group = np.repeat(np.arange(20), ROWS // 20)
    shared = mixed(generator, generator.normal(size=(20, 2)))
    return shared[group] + generator.normal(size=(ROWS, COLUMNS)), Design(groups=group)


def ordered(tau: float) -> Draw:
    """Return how to draw independent smooth columns."""
    return lambda generator: (autoregressive(generator, COLUMNS, tau), Design(TIME))


KINDS: Mapping[str, tuple[bool, Draw]] = {
    "independent rows": (False, lambda g: (g.normal(size=(ROWS, COLUMNS)), EXCHANGEABLE)),
    "smooth columns, tau 5": (False, ordered(5)),
    "smooth columns, tau 25": (False, ordered(25)),
    "smooth columns, tau 100": (False, ordered(100)),
    "random walks": (False, lambda g: (g.normal(size=(ROWS, COLUMNS)).cumsum(0), Design(TIME))),
    "8 sessions, smooth columns": (False, sessions),
    "10 animals": (False, lambda g: of_groups(g, EQUAL)),
    "10 animals of 10 to 100 rows": (False, lambda g: of_groups(g, UNEQUAL)),
    "three shared smooth factors": (True, shared_in_time),
    "two factors shared across animals": (True, shared_across_animals),
    "two factors of 20 animals": (True, shared_by_animals),
}
"""Whether there is structure, and how to draw a table, by kind."""


def held_out_r2(problem: Problem) -> float:
    """Return R² of PCA on the test rows."""
    pca = reconstruction.pca(problem.x, problem.rows, 3)
    mean = reconstruction.predicting_the_mean(problem.x, problem.rows)
    return reconstruction.errors(pca, mean, pca)["reconstruction.test.r2"]


def is_claimed(x: Floats, design: Design) -> bool:
    """Return whether structure is claimed."""
    if design.time is not None:
        design = in_time(design, x)
    if design.is_too_short:
        return False
    data = Dataset("made", x, tuple(map(str, range(COLUMNS))), range(ROWS), design=design)
    experiment = Experiment(evidence=EvidenceSpec(permutations=COPIES), clustering={})
    problem = prepare(experiment, data).folds[0]
    null = [held_out_r2(control.problem) for control in other_controls(experiment, problem)]
    return p_value(held_out_r2(problem), np.array(null), more_is_better=True) <= LEVEL


def main(tables: int) -> None:
    """Print how often structure is claimed for each kind of table, with 95 % intervals."""
    print("| table | structure | claimed | 95 % | claimed as independent rows |")
    for kind, (has_structure, draw) in KINDS.items():
        drawn = [draw(np.random.default_rng([seed, 1])) for seed in range(tables)]
        claimed = sum(is_claimed(x, design) for x, design in drawn)
        naive = sum(is_claimed(x, EXCHANGEABLE) for x, _ in drawn)
        low, high = binomtest(claimed, tables).proportion_ci(method="wilson")
        wanted = "yes" if has_structure else "no"
        print(
            f"| {kind} | {wanted} | {100 * claimed / tables:.0f} % |"
            f" {100 * low:.0f} to {100 * high:.0f} % | {100 * naive / tables:.0f} % |",
            flush=True,
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
