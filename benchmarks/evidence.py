"""Error rate of the evidence: its claims about tables with a known structure.

python benchmarks/evidence.py [tables of each kind]
"""

import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from aeexp.backend import choose
from aeexp.config.spec import Backend, DatasetSpec, EvidenceSpec, Experiment, KMeans, NoFigures

ROWS, COLUMNS = 200, 13


def independent(generator: np.random.Generator) -> np.ndarray:
    """Draw columns without structure."""
    return generator.normal(size=(ROWS, COLUMNS))


def correlated(generator: np.random.Generator) -> np.ndarray:
    """Draw one Gaussian cloud along three directions."""
    directions = generator.normal(size=(ROWS, 3)) @ generator.normal(size=(3, COLUMNS))
    return directions + 0.5 * generator.normal(size=(ROWS, COLUMNS))


def clouds(generator: np.random.Generator) -> np.ndarray:
    """Draw three Gaussian clouds."""
    centres = 1.5 * generator.normal(size=(3, COLUMNS))
    return centres[generator.integers(3, size=ROWS)] + generator.normal(size=(ROWS, COLUMNS))


def curved(generator: np.random.Generator) -> np.ndarray:
    """Draw rows along a bent line."""
    along = generator.uniform(0, 1.5 * np.pi, ROWS)
    arc = np.stack([np.cos(along), np.sin(along), along / 3], axis=1)
    return arc @ generator.normal(size=(3, COLUMNS)) + 0.3 * generator.normal(size=(ROWS, COLUMNS))


def skewed(generator: np.random.Generator) -> np.ndarray:
    """Draw correlated columns with a long tail."""
    return np.exp(correlated(generator) / 2)


def heavy(generator: np.random.Generator) -> np.ndarray:
    """Draw correlated columns with heavy tails."""
    factors = generator.standard_t(3, size=(ROWS, 3)) @ generator.normal(size=(3, COLUMNS))
    return factors + 0.5 * generator.normal(size=(ROWS, COLUMNS))


def counts(generator: np.random.Generator) -> np.ndarray:
    """Draw correlated counts, 90 % of which are zero."""
    rates = np.exp(correlated(generator) / 2)
    return generator.poisson(rates * 0.105 / rates.mean()).astype(float)


def ring(generator: np.random.Generator) -> np.ndarray:
    """Draw rows on a ring."""
    angle = generator.uniform(0, 2 * np.pi, ROWS)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    noise = 0.3 * generator.normal(size=(ROWS, COLUMNS))
    return circle @ generator.normal(size=(2, COLUMNS)) + noise


def gradient(generator: np.random.Generator) -> np.ndarray:
    """Draw rows along a straight line."""
    along = generator.uniform(-1, 1, ROWS)
    noise = 0.5 * generator.normal(size=(ROWS, COLUMNS))
    return 2 * np.outer(along, generator.normal(size=COLUMNS)) + noise


def closer(generator: np.random.Generator) -> np.ndarray:
    """Draw three clouds that are two thirds as far apart."""
    centres = generator.normal(size=(3, COLUMNS))
    return centres[generator.integers(3, size=ROWS)] + generator.normal(size=(ROWS, COLUMNS))


def small(generator: np.random.Generator) -> np.ndarray:
    """Draw a group of 10 % of the rows."""
    x = generator.normal(size=(ROWS, COLUMNS))
    x[: ROWS // 10] += 2 * generator.normal(size=COLUMNS)
    return x


KINDS: Mapping[str, Callable[[np.random.Generator], np.ndarray]] = {
    "independent columns": independent,
    "one Gaussian cloud, correlated": correlated,
    "skewed columns, correlated": skewed,
    "heavy tails, correlated": heavy,
    "counts, 90 % zero, correlated": counts,
    "a gradient": gradient,
    "a bent line": curved,
    "a ring": ring,
    "three clouds": clouds,
    "three closer clouds": closer,
    "a group of 10 %": small,
}


@dataclass(kw_only=True)
class Simulated(DatasetSpec):
    """A simulated table."""

    kind: str = "independent columns"
    seed: int = 0

    def __post_init__(self) -> None:
        """Accept any kind."""


def main(tables: int) -> None:
    """Print how often structure and groups are claimed for each kind of table."""
    choose(Backend.jax)
    logging.disable()
    from aeexp.data import Dataset, load
    from aeexp.pipeline.run import run
    from aeexp.runs.artifact import Document

    @load.register
    def _(spec: Simulated) -> Dataset:
        x = KINDS[spec.kind](np.random.default_rng(spec.seed))
        return Dataset(spec.kind, x, tuple(f"x{j}" for j in range(COLUMNS)), range(ROWS))

    for kind in KINDS:
        structure = groups = 0
        for seed in range(tables):
            experiment = Experiment(
                dataset=Simulated(kind=kind, seed=seed),
                evidence=EvidenceSpec(permutations=19, clouds=19),
                clustering={"kmeans": KMeans(n_clusters=3)},
                figures=NoFigures(),
            )
            documents = (a for a in run(experiment) if isinstance(a, Document))
            (answer,) = (document for document in documents if document.name == "answer")
            claims = {s["about"]: s["claim"] for s in answer.content["sentences"]}
            structure += claims["chance"] == "yes"
            groups += claims.get("groups") == "yes"
        print(f"{kind}: structure {structure}, groups {groups} of {tables}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
