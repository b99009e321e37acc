"""The variational autoencoder: probabilistic PCA where it is linear, distributions of factors."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

import aeexp
from aeexp.analysis.latent.posterior import collapsed, divergences, lower_bound
from aeexp.app.inference import FittedModel
from aeexp.config.spec import Activation, Adam, Cosine, Experiment, Table, Training, Variational
from aeexp.data import Floats
from aeexp.errors import UserError
from aeexp.models import Network
from aeexp.runs import read_model
from aeexp.training import train
from aeexp.training.population import Member

TABLES = {"wine": (load_wine, 3), "iris": (load_iris, 2), "digits": (load_digits, 10)}
LINEAR = Variational(hidden=[])


def table(name: str) -> tuple[Floats, int]:
    load, factors = TABLES[name]
    x = load().data
    return StandardScaler().fit_transform(x[:, x.std(axis=0) > 0.2]).astype("float32"), factors


def trained(x: Floats, model: Variational, epochs: int = 0, rate: float = 1e-3) -> Network:
    training = Training(epochs=epochs, batch_size=len(x))
    experiment = Experiment(
        model=model, training=training, optimizer=Adam(lr=rate), schedule=Cosine()
    )
    member = Member(experiment=experiment, x=x, rows=np.arange(len(x)), val=np.arange(0))
    return train([member]).network(0)


def bound(network: Network, x: Floats) -> tuple[float, float]:
    """Return the evidence lower bound of a row, and the variance of the noise."""
    return lower_bound(x, network.encode(x), network.deviations(x), network.decode)


def probabilistic_pca(x: Floats, factors: int) -> tuple[float, float]:
    """Return the log likelihood of a row, and the variance of the noise (Tipping and Bishop)."""
    pca = PCA(factors).fit(x)
    return float(pca.score(x)), float(pca.noise_variance_ * (len(x) - 1) / len(x))


@pytest.mark.parametrize("name", TABLES)
def test_the_optimum_without_hidden_layers_is_probabilistic_pca(name: str) -> None:
    # Lucas et al. (2019). A high rate leaves the start, which is the optimum, and comes back.
    x, factors = table(name)
    network = trained(x, replace(LINEAR, latent_dim=factors), epochs=600, rate=0.03)
    assert bound(network, x) == pytest.approx(probabilistic_pca(x, factors), rel=0.01)


def test_training_starts_at_probabilistic_pca() -> None:
    x, factors = table("wine")
    for model in (LINEAR, Variational()):
        start = trained(x, replace(model, latent_dim=factors))
        assert bound(start, x) == pytest.approx(probabilistic_pca(x, factors), rel=0.002)


def test_hidden_layers_reach_a_higher_bound() -> None:
    x, factors = table("wine")
    network = trained(x, Variational(latent_dim=factors), epochs=300)
    assert bound(network, x)[0] > probabilistic_pca(x, factors)[0] + 0.3


def test_more_beta_leaves_less_divergence_until_factors_collapse() -> None:
    x, _ = table("iris")
    nats = []
    for beta in (0.1, 1.0, 30.0):
        network = trained(x, Variational(latent_dim=2, beta=beta), epochs=400, rate=0.01)
        z, deviations = network.encode(x), network.deviations(x)
        nats.append(divergences(z, deviations).sum())
    assert nats[0] > nats[1] > nats[2]
    assert "z2" in collapsed(z, deviations, ["z1", "z2"])


def test_free_bits_keep_a_factor_from_collapsing() -> None:
    x, _ = table("iris")
    model = Variational(latent_dim=2, beta=30, free_bits=0.5)
    network = trained(x, model, epochs=400, rate=0.01)
    z, deviations = network.encode(x), network.deviations(x)
    assert collapsed(z, deviations, ["z1", "z2"]) == []


@pytest.mark.engine
def test_beta_rises_during_the_warm_up() -> None:
    x, _ = table("iris")
    member = Member(
        experiment=Experiment(
            model=Variational(latent_dim=2, warm_up=10, noise=1.0),
            training=Training(epochs=20, batch_size=len(x)),
            optimizer=Adam(lr=1e-9),
        ),
        x=x,
        rows=np.arange(len(x)),
        val=np.arange(0),
    )
    loss = train([member]).histories[0].loss
    steps = np.diff(loss)
    assert (steps[:10] > 0.02).all()
    assert np.abs(steps[10:]).max() < 0.05
    assert loss[-1] - loss[0] > 0.5


@pytest.mark.engine
def test_a_run_and_new_rows_have_the_deviations_of_their_factors(
    tiny: Any, tmp_path: Path
) -> None:
    frame = pd.DataFrame(table("iris")[0], columns=list("abcd"))
    frame.to_csv(tmp_path / "iris.csv", index=False)
    dataset = Table(path=str(tmp_path / "iris.csv"))
    run = aeexp.run(
        tiny(dataset=dataset, model=Variational(latent_dim=2)), folder=tmp_path / "run"
    )
    columns = ["z1", "z2", "z1_sd", "z2_sd"]
    encoded = run.encode(frame)[columns]
    np.testing.assert_allclose(encoded, run.latents[columns], rtol=1e-3, atol=1e-4)
    assert ((encoded["z1_sd"] > 0) & (encoded["z1_sd"] < 1)).all()


def test_samples_have_the_moments_of_the_table(tiny: Any, tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal([5, -3, 0], [2, 1, 4], (400, 3))
    x[:, 1] = -0.4 * x[:, 0]
    pd.DataFrame(x, columns=list("abc")).to_csv(tmp_path / "x.csv", index=False)
    experiment = tiny(
        dataset=Table(path=str(tmp_path / "x.csv")),
        model=Variational(latent_dim=2, hidden=[]),
        training=Training(epochs=0),
    )
    aeexp.run(experiment, folder=tmp_path / "run")
    model = FittedModel(read_model(tmp_path / "run"))
    drawn = model.sample(4_000, seed=1)
    assert list(drawn) == ["z1", "z2", "a", "b", "c"]
    rows = drawn[["a", "b", "c"]].to_numpy()
    assert rows.mean(0) == pytest.approx(x.mean(0), abs=0.3)
    assert rows.std(0) == pytest.approx(x.std(0), rel=0.1)
    assert np.corrcoef(rows.T)[0, 1] < -0.98
    pd.testing.assert_frame_equal(drawn, model.sample(4_000, seed=1))


def test_factors_are_linear() -> None:
    with pytest.raises(UserError, match="latent_activation must be linear"):
        Variational(latent_activation=Activation.tanh)
