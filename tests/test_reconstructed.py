"""The space of the reconstructions: its distances, its size, and clusterings in it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist
from scipy.stats import ortho_group

from aeexp.analysis.latent import reconstructed as module
from aeexp.analysis.latent.reconstructed import components, reconstructed
from aeexp.data import Floats

RNG = np.random.default_rng(0)
Z = RNG.normal(size=(150, 3)).astype(np.float32)


def decoded(z: Floats, features: int = 20) -> Floats:
    """Decode a curved surface of three factors, away from the origin."""
    weights = np.random.default_rng(1).normal(size=(3, features))
    return (5 + np.tanh(z @ weights) + 0.2 * z @ weights[::-1]).astype(np.float32)


@pytest.mark.parametrize("features", [4, 20, 400], ids=["narrow", "usual", "wider_than_long"])
def test_distances_are_those_of_the_reconstructions(features: int) -> None:
    surface = reconstructed(Z, lambda z: decoded(z, features))
    x_hat = decoded(Z, features)
    squares, expected = pdist(surface.points) ** 2, pdist(x_hat) ** 2
    assert (squares <= expected * (1 + 1e-4)).all()
    assert squares.sum() == pytest.approx(expected.sum(), rel=0.001)
    assert surface.project(x_hat) == pytest.approx(surface.points, abs=1e-4)


def test_reconstructions_of_a_linear_decoder_have_as_many_components_as_factors() -> None:
    weights = RNG.normal(size=(3, 50)).astype(np.float32)
    points = reconstructed(Z, lambda z: z @ weights + 1).points
    assert points.shape == (150, 3)
    assert pdist(points) == pytest.approx(pdist(Z @ weights), rel=1e-3)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_a_linear_map_that_the_decoder_undoes_changes_no_distance(seed: int) -> None:
    turn = ortho_group.rvs(3, random_state=seed) * [100, 1, 0.01]
    other = reconstructed(Z @ turn, lambda z: decoded(z @ np.linalg.inv(turn)))
    assert pdist(other.points) == pytest.approx(pdist(reconstructed(Z, decoded).points), abs=1e-3)


def test_components_of_reconstructions_in_memory_are_the_same() -> None:
    assert components(decoded(Z)) == pytest.approx(reconstructed(Z, decoded).points, abs=1e-5)


@pytest.mark.parametrize(("rows", "features"), [(1, 5), (2, 5), (30, 5), (3, 50), (30, 1)])
def test_reconstructions_that_do_not_vary_have_one_component_of_zero(
    rows: int, features: int
) -> None:
    points = components(np.full((rows, features), 0.1, np.float32))
    assert points.shape == (rows, 1)
    assert not points.any()


def test_many_rows_are_decoded_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "VALUES", 2**12)
    z = RNG.normal(size=(20_000, 3)).astype(np.float32)
    largest = 0

    def decode(rows: Floats) -> Floats:
        nonlocal largest
        largest = max(largest, len(rows) * 20)
        return decoded(rows)

    points = reconstructed(z, decode).points
    assert largest <= 2**12
    variance = decoded(z).var(axis=0).sum()
    assert points.var(axis=0).sum() == pytest.approx(variance, rel=0.005)
