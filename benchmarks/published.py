"""Published results of model families beside ours: `python benchmarks/published.py`.

Prints for each table the evidence lower bound of a row and the variance of the noise of the linear
variational autoencoder, mean ± standard deviation over seeds, beside those of probabilistic PCA,
which are its optimum (Lucas et al., 2019, arXiv:1911.02469).
"""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np
from scipy.stats import multivariate_normal
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.preprocessing import StandardScaler

from aeexp.analysis.latent.posterior import divergences
from aeexp.config.spec import Adam, Cosine, Experiment, Training, Variational
from aeexp.data import Floats
from aeexp.models import Network
from aeexp.training import train
from aeexp.training.population import Member

TABLES = {"wine": (load_wine, 3), "iris": (load_iris, 2), "digits": (load_digits, 10)}
SEEDS, EPOCHS, RATE, DRAWS = 5, 600, 0.03, 100


def bound(network: Network, x: Floats) -> tuple[float, float]:
    """Return the evidence lower bound of a row with the best noise, and that noise's variance."""
    z, deviations = network.encode(x), network.deviations(x)
    if deviations is None:
        raise ValueError("the network has no distribution of factors")
    rng = np.random.default_rng(0)
    drawn = [z + deviations * rng.normal(size=z.shape) for _ in range(DRAWS)]
    errors = [np.square(x - network.decode(d.astype("float32"))).mean() for d in drawn]
    noise = float(np.mean(errors))
    likelihood = -x.shape[1] / 2 * (np.log(2 * np.pi * noise) + 1)
    return likelihood - float(divergences(z, deviations).sum()), noise


def probabilistic_pca(x: Floats, factors: int) -> tuple[float, float]:
    """Return the log likelihood of a row, and the variance of the noise (Tipping and Bishop)."""
    values, axes = np.linalg.eigh(np.cov(x.T, bias=True))
    noise = values[:-factors].mean()
    kernel = axes[:, -factors:] * np.sqrt(values[-factors:] - noise)
    covariance = kernel @ kernel.T + noise * np.eye(x.shape[1])
    return float(multivariate_normal(x.mean(0), covariance).logpdf(x).mean()), float(noise)


def main() -> None:
    """Print the table."""
    print("| table | factors | log likelihood of pPCA | bound | noise of pPCA | noise |")
    print("|---|---|---|---|---|---|")
    for name, (load, factors) in TABLES.items():
        raw = load().data
        x = StandardScaler().fit_transform(raw[:, raw.std(axis=0) > 0.2]).astype("float32")
        members = [
            Member(
                experiment=Experiment(
                    model=Variational(hidden=[], latent_dim=factors),
                    training=Training(epochs=EPOCHS, batch_size=len(x)),
                    optimizer=Adam(lr=RATE),
                    schedule=Cosine(),
                    seed=seed,
                ),
                x=x,
                rows=np.arange(len(x)),
                val=np.arange(0),
            )
            for seed in range(SEEDS)
        ]
        trained = train(members)
        ours = np.array([bound(trained.network(i), x) for i in range(SEEDS)])
        expected = probabilistic_pca(x, factors)
        cells = [
            f"{value:.4g} | {column.mean():.4g} ± {column.std(ddof=1):.1g}"
            for value, column in zip(expected, ours.T, strict=True)
        ]
        print(f"| {name} | {factors} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
