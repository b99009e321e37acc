"""Density peaks: groups with a valley between them, and continua without one."""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.datasets import load_iris, load_wine
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler

from aeexp.analysis.clustering import density
from aeexp.analysis.clustering.density import peaks
from aeexp.analysis.evidence.chance import p_value
from aeexp.data import Floats

Draw = Callable[[np.random.Generator], Floats]


def noise(generator: np.random.Generator, sd: float = 0.3) -> Floats:
    return sd * generator.normal(size=(200, 13))


def components(x: Floats) -> Floats:
    return PCA(3).fit_transform(StandardScaler().fit_transform(x))


def p(points: Floats) -> float:
    several = peaks(points)
    assert several is not None
    return p_value(several.prominence, several.uniform, more_is_better=True)


def cloud(generator: np.random.Generator) -> Floats:
    return generator.normal(size=(200, 3)) @ generator.normal(size=(3, 13)) + noise(generator)


def skewed(generator: np.random.Generator) -> Floats:
    return np.exp(cloud(generator) / 2)


def gradient(generator: np.random.Generator) -> Floats:
    along = generator.uniform(-1, 1, 200)
    return 2 * np.outer(along, generator.normal(size=13)) + noise(generator, 0.5)


def ring(generator: np.random.Generator) -> Floats:
    angle = generator.uniform(0, 2 * np.pi, 200)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return circle @ generator.normal(size=(2, 13)) + noise(generator)


def three_clouds(generator: np.random.Generator) -> Floats:
    centres = 1.5 * generator.normal(size=(3, 13))
    return centres[generator.integers(3, size=200)] + noise(generator, 1)


@pytest.mark.parametrize("draw", [cloud, skewed, gradient, ring])
def test_a_continuum_has_no_valley(draw: Draw) -> None:
    separated = sum(p(components(draw(np.random.default_rng(seed)))) <= 0.05 for seed in range(20))
    assert separated <= 4  # of 20 at a level of 5 %: more by chance 1 time in 400


def test_clouds_are_separated_by_a_valley() -> None:
    assert all(
        p(components(three_clouds(np.random.default_rng(seed)))) <= 0.05 for seed in range(10)
    )


@pytest.mark.parametrize("table", [load_iris, load_wine])
def test_known_groups_are_separated_by_a_valley(table: Callable[[], object]) -> None:
    assert p(components(table().data)) <= 0.05  # type: ignore[attr-defined]


def test_groups_that_no_neighbours_join_have_the_highest_prominence() -> None:
    generator = np.random.default_rng(0)
    far = (np.arange(120) >= 60)[:, None]
    near = generator.normal(size=(120, 2)) + 3 * far
    apart = near + 100 * far
    first, second = peaks(near), peaks(apart)
    assert first is not None
    assert second is not None
    assert second.prominence > first.prominence


def test_the_unit_of_distance_does_not_matter() -> None:
    points = components(three_clouds(np.random.default_rng(0)))
    one, other = peaks(points), peaks(1000 * points)
    assert one is not None
    assert other is not None
    assert one.prominence == pytest.approx(other.prominence)


def test_a_peak_of_a_few_rows_does_not_count() -> None:
    generator = np.random.default_rng(0)
    points = np.concatenate([generator.normal(size=(200, 2)), 50 + generator.normal(size=(4, 2))])
    assert p(points) > 0.05


def test_peaks_are_counted_and_rows_between_them_found() -> None:
    generator = np.random.default_rng(0)
    groups = np.concatenate([generator.normal(at, 1, (150, 2)) for at in (0, 5, 10)])
    between = np.linspace([1, 1], [4, 4], 8)
    several = peaks(np.concatenate([groups, between]))
    assert several is not None
    assert several.count == 3
    peak, _ = several.of(groups)
    assert adjusted_rand_score(np.repeat([0, 1, 2], 150), peak) > 0.9
    _, share = several.of(np.array([[0.0, 0.0], [2.5, 2.5]]))
    assert share[0] == 1
    assert share[1] < 0.8


@pytest.mark.parametrize("points", [np.zeros((100, 2)), np.arange(20.0)[:, None]])
def test_few_distinct_rows_have_no_peaks(points: Floats) -> None:
    assert peaks(points) is None


def test_many_rows_are_sampled() -> None:
    several = peaks(np.random.default_rng(0).normal(size=(5_000, 3)))
    assert several is not None
    assert len(several.uniform) == density.COPIES
