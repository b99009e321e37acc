"""Clusters in the space of the latent factors and in that of the reconstructions.

python benchmarks/spaces.py agreement|claims [override …]

agreement: for each table, five seeds of a model. How well k-means agrees with the classes and
between seeds, in either space, beside k-means on the scaled columns and on principal components;
and how similar the spaces of the seeds are. claims: how often groups are farther apart than in
Gaussian tables, without groups and with groups. Overrides set the model: model=deep
model.activation=elu.
"""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from sklearn.metrics import adjusted_rand_score

from aeexp.analysis.controls import Control
from aeexp.app.notebook import compose
from aeexp.backend import choose
from aeexp.config.spec import (
    Backend,
    ClusteringSpec,
    DatasetSpec,
    EvidenceSpec,
    Experiment,
    KMeans,
    Space,
)
from aeexp.data import Classes, Dataset, Floats, Integers
from aeexp.data.prepare import Problem

SEEDS, TABLES, COPIES = 5, 10, 19
Generator = np.random.Generator


def manifold(generator: Generator) -> tuple[Floats, None]:
    """Draw a curved surface of two dimensions in 50 columns."""
    along = generator.uniform(-1, 1, (600, 2))
    waves = np.sin(along @ generator.normal(size=(2, 12)) * 2 + generator.uniform(0, 6, 12))
    return waves @ generator.normal(size=(12, 50)) + 0.3 * generator.normal(size=(600, 50)), None


def subspace(generator: Generator) -> tuple[Floats, None]:
    """Draw three directions in 30 columns, with noise."""
    directions = generator.normal(size=(400, 3)) @ generator.normal(size=(3, 30))
    return directions + generator.normal(size=(400, 30)), None


def groups(generator: Generator) -> tuple[Floats, Integers]:
    """Draw three groups that differ in 5 of 40 columns."""
    codes, x = generator.integers(3, size=300), generator.normal(size=(300, 40))
    x[:, :5] += 2 * generator.normal(size=(3, 5))[codes]
    return x, codes


def counts(generator: Generator) -> tuple[Floats, Integers]:
    """Draw skewed counts of 196 columns in four groups, as their logarithms."""
    codes = generator.integers(4, size=500)
    rates = np.exp(generator.normal(size=(4, 196)) * 0.7 + generator.normal(size=196))
    depth = np.exp(0.5 * generator.normal(size=(500, 1)))
    return np.log1p(generator.poisson(rates[codes] * depth)), codes


def noise(generator: Generator) -> tuple[Floats, None]:
    """Draw independent columns."""
    return generator.normal(size=(200, 13)), None


def correlated(generator: Generator) -> tuple[Floats, None]:
    """Draw one Gaussian cloud along three directions."""
    directions = generator.normal(size=(200, 3)) @ generator.normal(size=(3, 13))
    return directions + 0.5 * generator.normal(size=(200, 13)), None


def bent(generator: Generator) -> tuple[Floats, None]:
    """Draw rows along a bent line."""
    along = generator.uniform(0, 1.5 * np.pi, 200)
    arc = np.stack([np.cos(along), np.sin(along), along / 3], axis=1)
    return arc @ generator.normal(size=(3, 13)) + 0.3 * generator.normal(size=(200, 13)), None


def skewed(generator: Generator) -> tuple[Floats, None]:
    """Draw correlated columns with a long tail."""
    return np.exp(correlated(generator)[0] / 2), None


def clouds(generator: Generator, distance: float = 1.5) -> tuple[Floats, Integers]:
    """Draw three Gaussian clouds."""
    centres, codes = distance * generator.normal(size=(3, 13)), generator.integers(3, size=200)
    return centres[codes] + generator.normal(size=(200, 13)), codes


def closer(generator: Generator) -> tuple[Floats, Integers]:
    """Draw three clouds that overlap."""
    return clouds(generator, 0.8)


BUILT_IN = ("wine", "iris", "breast_cancer", "diabetes", "digits", "swiss_roll", "blobs")
MADE: Mapping[str, Callable[[Generator], tuple[Floats, Integers | None]]] = {
    function.__name__: function for function in (manifold, subspace, bent, groups, counts, noise)
}
WITHOUT_GROUPS = (bent, skewed, noise, correlated)
WITH_GROUPS = (closer, clouds)
ALL = {f.__name__: f for f in (*MADE.values(), *WITHOUT_GROUPS, *WITH_GROUPS)}


@dataclass(kw_only=True)
class Made(DatasetSpec):
    """A generated table."""

    kind: str = "noise"
    draw: int = 0

    def __post_init__(self) -> None:
        """Accept any kind."""


def experiments(overrides: list[str]) -> Iterator[tuple[str, Experiment]]:
    """Yield the experiment of each of the tables."""
    for name in BUILT_IN:
        yield name, compose(f"dataset={name}", *overrides)
    for name in MADE:
        yield name, replace(compose(*overrides), dataset=Made(kind=name))


def main(question: str, overrides: list[str]) -> None:
    """Print a line for each table."""
    choose(Backend.jax)
    logging.disable()
    load_made()
    print(question, *overrides)
    if question == "agreement":
        for name, experiment in experiments(overrides):
            print(name, measured(experiment), flush=True)
    for make in (*WITHOUT_GROUPS, *WITH_GROUPS) if question == "claims" else ():
        print(make.__name__, claimed(make.__name__, overrides), flush=True)


def load_made() -> None:
    """Let aeexp load generated tables."""
    from aeexp.data import load

    @load.register
    def _(spec: Made) -> Dataset:
        x, codes = ALL[spec.kind](np.random.default_rng(spec.draw))
        names = tuple(map(str, range(100)))
        labels = () if codes is None else (Classes("group", codes, names[: codes.max() + 1]),)
        features = tuple(f"x{j}" for j in range(x.shape[1]))
        return Dataset(spec.kind, x, features, range(len(x)), labels=labels)


def trained_spaces(
    experiment: Experiment,
) -> tuple[Problem, list[Mapping[Space, Floats]], list[Mapping[Space, Floats]]]:
    """Train a run; return its problem, the spaces of its own models, and those to compare.

    The latter are of the model that null models are compared with, then of the null models.
    """
    from aeexp.analysis.latent.reconstructed import reconstructed
    from aeexp.data.prepare import ProblemCache
    from aeexp.pipeline.trainings import train_runs
    from aeexp.runs.progress import Monitor

    problem = ProblemCache().prepare(experiment)
    (run,) = train_runs([(experiment, problem)], Monitor())
    planned = run.planned
    places = {id(control): (run.trained, i) for i, control in enumerate(planned.trained)}
    if run.folds:
        places |= {id(control): (run.folds, i) for i, control in enumerate(planned.folds)}

    def spaces(control: Control) -> Mapping[Space, Floats]:
        trained, number = places[id(control)]
        network = trained.network(number)
        z = network.encode(control.problem.x)
        return {
            Space.latent: z,
            Space.reconstruction: reconstructed(z, network.decode).points,
        }

    compared = [planned.observed, *planned.others] if planned.observed else []
    return problem, [*map(spaces, planned.own)], [*map(spaces, compared)]


def measured(experiment: Experiment) -> str:
    """Return the agreement of k-means with the classes and over seeds, and of the spaces."""
    from aeexp.analysis.clustering.clusters import find, has_several_classes
    from aeexp.analysis.latent.spaces import cka, neighbours_kept

    experiment = replace(experiment, evidence=EvidenceSpec(repeats=SEEDS))
    problem, spaces, _ = trained_spaces(experiment)
    x, label = problem.x, problem.data.label
    spec: ClusteringSpec = KMeans()
    if not has_several_classes(label):
        label, spec = None, KMeans(n_clusters=3)
    centred = x - x.mean(0)
    pca = centred @ np.linalg.svd(centred, full_matrices=False)[2][:3].T
    texts = []
    if label is not None:
        truth = label.codes
        for title, points in ("columns", x), ("PCA-3", pca):
            texts.append(f"{title} {adjusted_rand_score(truth, find(spec, points, label, 0)):.2f}")
    for space in Space:
        codes = [find(spec, one[space], label, seed) for seed, one in enumerate(spaces)]
        between = [adjusted_rand_score(*pair) for pair in combinations(codes, 2)]
        text = f"{space.value}: seeds {np.mean(between):.2f}"
        if label is not None:
            right = [adjusted_rand_score(truth, each) for each in codes]
            text += f", classes {np.mean(right):.2f} ± {np.std(right, ddof=1):.2f}"
        points = [one[space] for one in spaces]
        similar = np.mean([cka(*pair) for pair in combinations(points, 2)])
        kept = np.mean(neighbours_kept(points))
        texts.append(f"{text}, CKA {similar:.2f}, neighbours {kept:.2f}, {points[0].shape[1]}-d")
    return "; ".join(texts)


def claimed(kind: str, overrides: list[str]) -> str:
    """Return in how many tables groups are farther apart than in Gaussian tables."""
    from aeexp.analysis.clustering.clusters import find
    from aeexp.analysis.clustering.separation import mean_silhouette
    from aeexp.analysis.evidence.chance import p_value

    found = dict.fromkeys(Space, 0)
    for draw in range(TABLES):
        experiment = replace(
            compose(*overrides),
            dataset=Made(kind=kind, draw=draw),
            evidence=EvidenceSpec(clouds=COPIES),
        )
        _, _, spaces = trained_spaces(experiment)
        for space in Space:
            silhouettes = [
                mean_silhouette(each[space], find(KMeans(n_clusters=3), each[space], None, 0))
                for each in spaces
            ]
            p = p_value(silhouettes[0], np.array(silhouettes[1:]), more_is_better=True)
            found[space] += p <= 0.05
    return "; ".join(f"{space.value} {count} of {TABLES}" for space, count in found.items())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
