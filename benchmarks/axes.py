"""How many factors come back in other seeds, by the axes of the factors.

python benchmarks/axes.py [dataset …]

For each table, eight seeds of deep ELU models with three linear factors, trained until the
validation loss stops falling. Their factors are turned to each kind of axes, since this changes
no reconstruction. Then models with nested dropout, and residual models. A factor of a model comes
back if its mean absolute correlation with the matched factors of the other seeds is at least 0.8.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from aeexp.analysis.evidence.stability import REPRODUCIBLE
from aeexp.analysis.factors.matching import match
from aeexp.backend import choose
from aeexp.config.spec import (
    OPTIONS,
    Activation,
    Axes,
    Backend,
    Deep,
    Experiment,
    NestedDropout,
    Residual,
    Split,
)
from aeexp.data import Floats
from aeexp.data.prepare import prepare_problem

SEEDS = 8
TABLES = ("wine", "iris", "breast_cancer", "diabetes", "digits", "swiss_roll")
PLAIN = Deep(activation=Activation.elu, axes=Axes.none)


def main(tables: list[str]) -> None:
    """Print, for each table, the number of factors that come back and their mean correlation."""
    choose(Backend.jax)
    print(f"{'table':15}{'model':10}{'axes':16}{'come back':>10}{'mean |r|':>10}{'seconds':>9}")
    for name in tables:
        start = time.perf_counter()
        split = Split(validation=0.2)
        experiment = Experiment(dataset=OPTIONS["dataset"][name](), split=split)
        for model, axes, spaces in _spaces(experiment):
            back, mean = _coming_back(spaces)
            seconds, start = time.perf_counter() - start, time.perf_counter()
            print(f"{name:15}{model:10}{axes:16}{back:>10.1f}{mean:>10.2f}{seconds:>9.1f}")


def _spaces(experiment: Experiment) -> Iterator[tuple[str, str, list[Floats]]]:
    """Yield the names of model and axes, and the factors of each seed."""
    from aeexp.training import Member, train
    from aeexp.training.turned import turned

    problem = prepare_problem(experiment)

    def members(experiment: Experiment) -> list[Member]:
        rows, val = problem.rows.train, problem.rows.val
        experiments = [replace(experiment, seed=seed) for seed in range(SEEDS)]
        return [Member(experiment=e, x=problem.x, rows=rows, val=val) for e in experiments]

    plain = replace(experiment, model=PLAIN)
    trained = train(members(plain))
    for axes in reversed(Axes):
        other = turned(members(replace(plain, model=replace(PLAIN, axes=axes))), trained)
        yield "deep", axes.value, [other.network(i).encode(problem.x) for i in range(SEEDS)]
    regulariser = {"nested_dropout": NestedDropout()}
    for name, other_experiment in (
        ("nested", replace(plain, regulariser=regulariser)),
        ("residual", replace(experiment, model=Residual(axes=Axes.none))),
        ("residual", replace(experiment, model=Residual())),
    ):
        trained = train(members(other_experiment))
        spaces = [trained.network(i).encode(problem.x) for i in range(SEEDS)]
        yield name, other_experiment.axes.value, spaces


def _coming_back(spaces: list[Floats]) -> tuple[float, float]:
    """Return the mean number of factors of a seed that come back, and their mean correlation."""
    correlations = np.array(
        [
            np.mean(
                [match(one, other).correlations for other in spaces if other is not one], axis=0
            )
            for one in spaces
        ]
    )
    return float((correlations >= REPRODUCIBLE).sum(1).mean()), float(correlations.mean())


if __name__ == "__main__":
    main(sys.argv[1:] or list(TABLES))
