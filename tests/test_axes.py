"""Turned factors are those of other axes; the network computes the same function."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from conftest import BACKEND
from sklearn.decomposition import PCA

from aeexp.config.spec import (
    L1,
    L2,
    SGD,
    Activation,
    AppliesTo,
    Autoencoder,
    Axes,
    Deep,
    Dropout,
    Experiment,
    Linear,
    NestedDropout,
    RegulariserSpec,
    Residual,
    Shallow,
    Training,
    Wine,
)
from aeexp.data.prepare import prepare_problem
from aeexp.models import Network, build, seeds
from aeexp.models.axes import fold, moments, turn, varimax
from aeexp.pipeline.run import run
from aeexp.runs.artifact import Model
from aeexp.training import Member, train

pytestmark = pytest.mark.engine

X = (np.random.default_rng(0).normal(size=(200, 7)) * np.arange(1, 8) / 4).astype(np.float32)
MODELS = [
    pytest.param(Deep(), id="deep"),
    pytest.param(Deep(batch_norm=True), id="normalised"),
    pytest.param(Deep(latent_dim=9), id="more factors than features"),
    pytest.param(Deep(output_activation=Activation.sigmoid), id="sigmoid"),
    pytest.param(Residual(), id="residual"),
    pytest.param(Residual(batch_norm=True), id="residual normalised"),
    pytest.param(Residual(hidden=[]), id="residual without hidden layers"),
    pytest.param(Linear(), id="linear"),
    pytest.param(Linear(latent_dim=1), id="one factor"),
]
TURNED = [axes for axes in Axes if axes is not Axes.none]


def random_network(spec: Autoencoder) -> Network:
    """Return a network with random weights, also where the initial ones are 0."""
    network, generator = build(spec, 7, {}, seeds(0)), np.random.default_rng(1)
    weights = {
        name: generator.uniform(0.5, 1, w.shape)
        if name.endswith("variance")
        else generator.normal(0, 0.5, w.shape)
        for name, w in network.weights().items()
    }
    network.assign(weights[name].astype(np.float32) for name in network.names)
    return network


def turn_network(spec: Autoencoder, network: Network, axes: Axes) -> None:
    folded = fold(spec, network.weights(), turn(axes, moments(network, X)))
    network.assign(folded[name] for name in network.names)


@pytest.mark.parametrize("axes", TURNED)
@pytest.mark.parametrize("spec", MODELS)
def test_turning_changes_no_reconstruction_and_no_other_row(spec: Autoencoder, axes: Axes) -> None:
    network = random_network(spec)
    others = 3 * np.random.default_rng(2).normal(size=X.shape).astype(np.float32)
    x_hat = [network.decode(network.encode(x)) for x in (X, others)]
    z = network.encode(X)
    turn_network(spec, network, axes)
    for x, before in zip((X, others), x_hat, strict=True):
        after = network.decode(network.encode(x))
        np.testing.assert_allclose(after, before, rtol=0, atol=1e-5 * np.abs(before).max())
    assert not np.allclose(network.encode(X), z, atol=0.1)


@pytest.mark.parametrize("axes", TURNED)
@pytest.mark.parametrize("spec", MODELS)
def test_turned_factors_are_centred_uncorrelated_and_in_falling_order(
    spec: Autoencoder, axes: Axes
) -> None:
    network = random_network(spec)
    turn_network(spec, network, axes)
    z = network.encode(X).astype(float)
    variances, largest = z.var(0), z.std(0).max()
    assert z.mean(0) == pytest.approx(np.zeros(z.shape[1]), abs=1e-4 * largest)
    assert np.atleast_2d(np.cov(z.T, bias=True)) == pytest.approx(
        np.diag(variances), abs=1e-4 * largest**2
    )
    assert (np.diff(variances) <= 1e-5 * largest**2).all()


def loadings(network: Network) -> Any:
    """Return the least squares of x_hat on the factors: (factors, features)."""
    z = network.encode(X).astype(float)
    x_hat = network.decode(network.encode(X)).astype(float)
    return np.linalg.lstsq(z - z.mean(0), x_hat - x_hat.mean(0), rcond=None)[0]


@pytest.mark.parametrize(
    "spec", [Deep(), Residual(), Linear()], ids=["deep", "residual", "linear"]
)
def test_factors_have_the_variances_of_what_they_reconstruct(spec: Autoencoder) -> None:
    network = random_network(spec)
    before = moments(network, X)
    turn_network(spec, network, Axes.reconstruction)
    matrix = loadings(network)
    assert matrix @ matrix.T == pytest.approx(np.eye(3), abs=1e-4)
    explained = np.linalg.svd(np.linalg.cholesky(np.linalg.inv(before.zz)).T @ before.zx)[1]
    sd = network.encode(X).std(0)
    assert sd == pytest.approx(explained / np.sqrt(len(X)), rel=1e-3)


@pytest.mark.parametrize("axes", TURNED)
def test_the_largest_loading_of_each_factor_is_positive(axes: Axes) -> None:
    for seed in range(3):
        network = random_network(Deep(latent_dim=4))
        network.assign(
            w * np.random.default_rng(seed).choice([-1, 1]) for w in network.weights().values()
        )
        turn_network(Deep(latent_dim=4), network, axes)
        matrix = loadings(network)
        assert (matrix.max(1) > -matrix.min(1)).all()


def test_pca_axes_keep_the_distances_between_factors() -> None:
    network = random_network(Deep())
    before = network.encode(X)
    turn_network(Deep(), network, Axes.pca)
    after = network.encode(X)
    assert np.linalg.norm(after[:100] - after[100:], axis=1) == pytest.approx(
        np.linalg.norm(before[:100] - before[100:], axis=1), rel=1e-4
    )


def test_varimax_finds_loadings_of_one_factor_per_feature() -> None:
    generator = np.random.default_rng(0)
    simple = np.kron(np.eye(3), np.ones((4, 1))) * generator.uniform(1, 2, (12, 1))
    mixed = simple @ np.linalg.qr(generator.normal(size=(3, 3)))[0]
    rotated = mixed @ varimax(mixed)
    units = [matrix / np.linalg.norm(matrix, axis=0) for matrix in (simple, rotated)]
    agreement = np.abs(units[0].T @ units[1])
    assert np.sort(agreement.ravel()) == pytest.approx([0] * 6 + [1] * 3, abs=1e-4)


def test_varimax_is_a_rotation_with_a_larger_criterion() -> None:
    matrix = np.random.default_rng(0).normal(size=(12, 4))
    rotation = varimax(matrix)
    assert rotation @ rotation.T == pytest.approx(np.eye(4), abs=1e-10)
    assert ((matrix @ rotation) ** 2).var(0).sum() > (matrix**2).var(0).sum()


def test_factors_that_do_not_vary_come_last_and_change_nothing() -> None:
    spec = Deep(latent_dim=4)
    network = random_network(spec)
    weights = network.weights()
    weights["z/kernel"][:, [0, 2]] = 0
    network.assign(weights[name] for name in network.names)
    x_hat = network.decode(network.encode(X))
    turn_network(spec, network, Axes.reconstruction)
    z = network.encode(X)
    assert network.decode(z) == pytest.approx(x_hat, abs=1e-5)
    assert z[:, :2].std(0).min() > 0.1
    assert z[:, 2:].std(0) == pytest.approx([0, 0], abs=1e-5)


# --- in training


def member(axes: Axes | None, **changes: Any) -> Member:
    model = changes.pop("model", Residual(hidden=[8]))
    experiment = Experiment(
        dataset=Wine(),
        model=replace(model, axes=axes),
        backend=BACKEND,
        **({"training": Training(epochs=5)} | changes),
    )
    problem = prepare_problem(experiment)
    return Member(
        experiment=experiment, x=problem.x, rows=problem.rows.train, val=problem.rows.val
    )


@pytest.mark.parametrize("model", [Residual(hidden=[8]), Deep(hidden=[8])], ids=["r", "d"])
def test_training_ends_with_turned_factors_of_the_same_network(model: Autoencoder) -> None:
    plain, turned = (member(axes, model=model) for axes in (Axes.none, None))
    other = replace(plain, x=plain.x[::-1].copy())
    trained = train([plain, replace(other, experiment=turned.experiment), turned])
    before, after = (trained.network(i).encode(plain.x) for i in (0, 2))
    decoded = [trained.network(i).decode(z) for i, z in ((0, before), (2, after))]
    assert decoded[1] == pytest.approx(decoded[0], abs=1e-5)
    assert not np.allclose(before, after, atol=1e-3)
    for i, table in ((1, other), (2, plain)):  # each by its own rows
        z = trained.network(i).encode(table.x)[table.rows]
        assert np.corrcoef(z.T) == pytest.approx(np.eye(3), abs=1e-4)
        assert (np.diff(z.var(0)) < 0).all()


def test_seeds_of_a_linear_model_have_the_same_turned_factors() -> None:
    first = member(
        None,
        model=Linear(latent_dim=2),
        training=Training(epochs=400, batch_size=1000),
        optimizer=SGD(lr=0.5, momentum=0.9),
    )
    members = [first, replace(first, experiment=replace(first.experiment, seed=1))]
    trained = train(members)
    one, other = (trained.network(i).encode(members[0].x) for i in range(2))
    assert other == pytest.approx(one, abs=0.02)


def test_a_diverged_member_is_left_as_it_is() -> None:
    diverging = member(None, optimizer=SGD(lr=1e30))
    assert train([diverging]).histories[0].diverged


def test_the_stored_model_is_the_turned_one(tiny: Callable[..., Experiment]) -> None:
    experiment = tiny(model=Deep(latent_dim=2, hidden=[8]))
    (stored,) = (artifact for artifact in run(experiment) if isinstance(artifact, Model))
    problem = prepare_problem(experiment)
    network = build(experiment.model, problem.x.shape[1], {}, seeds(0))
    network.assign(stored.weights[name] for name in network.names)
    z = network.encode(problem.x)[problem.rows.train]
    assert np.corrcoef(z.T) == pytest.approx(np.eye(2), abs=1e-4)


def test_nested_dropout_orders_the_factors_of_a_linear_model_as_principal_components() -> None:
    ordering = member(
        None,
        model=Linear(latent_dim=2),
        regulariser={"it": NestedDropout(rate=0.5)},
        training=Training(epochs=400, batch_size=1000),
        optimizer=SGD(lr=0.5, momentum=0.9),
    )
    z = train([ordering]).network(0).encode(ordering.x)[ordering.rows]
    scores = PCA(2).fit_transform(ordering.x[ordering.rows])
    assert np.abs(np.diag(np.corrcoef(z.T, scores.T)[:2, 2:])).min() > 0.95


@pytest.mark.parametrize(
    ("model", "regulariser", "axes"),
    [
        pytest.param(Deep(), None, Axes.reconstruction, id="linear factors"),
        pytest.param(Deep(axes=Axes.varimax), None, Axes.varimax, id="varimax"),
        pytest.param(Deep(axes=Axes.none), None, Axes.none, id="none"),
        pytest.param(Shallow(), None, Axes.none, id="tanh"),
        pytest.param(Deep(latent_activation=Activation.relu), None, Axes.none, id="relu"),
        pytest.param(Deep(), L2(), Axes.reconstruction, id="l2"),
        pytest.param(Deep(), Dropout(), Axes.reconstruction, id="dropout"),
        pytest.param(Deep(), L1(), Axes.none, id="l1"),
        pytest.param(Deep(), L1(applies_to=AppliesTo.kernel), Axes.none, id="l1 on weights"),
        pytest.param(Deep(), NestedDropout(), Axes.none, id="nested dropout"),
        pytest.param(Deep(axes=Axes.pca), L1(), Axes.pca, id="l1, but asked for"),
    ],
)
def test_axes_follow_from_the_model_and_its_regularisers(
    model: Autoencoder, regulariser: RegulariserSpec | None, axes: Axes
) -> None:
    regularisers = {"it": regulariser} if regulariser else {}
    assert Experiment(model=model, regulariser=regularisers).axes is axes


@pytest.mark.parametrize("kind", [Shallow, Deep, Residual])
def test_axes_of_factors_that_are_not_linear_are_refused(kind: type[Autoencoder]) -> None:
    with pytest.raises(ValueError, match=r"axes must be null or none, as the factors are not a"):
        kind(latent_activation=Activation.tanh, axes=Axes.pca)
