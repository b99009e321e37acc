"""Published results of model families beside ours: `python benchmarks/published.py`.

Prints for each table the evidence lower bound of a row and the variance of the noise of the linear
variational autoencoder, mean ± standard deviation over seeds, beside those of probabilistic PCA,
which are its optimum (Lucas et al., 2019, arXiv:1911.02469).
"""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from aeexp.analysis.latent.posterior import lower_bound
from aeexp.config.spec import Adam, Cosine, Experiment, Training, Variational
from aeexp.data import Floats
from aeexp.models import Network
from aeexp.training import train
from aeexp.training.population import Member

TABLES = {"wine": (load_wine, 3), "iris": (load_iris, 2), "digits": (load_digits, 10)}
SEEDS, EPOCHS, RATE = 5, 600, 0.03


def bound(network: Network, x: Floats) -> tuple[float, float]:
    """Return the evidence lower bound of a row, and the variance of the noise."""
    return lower_bound(x, network.encode(x), network.deviations(x), network.decode)


def probabilistic_pca(x: Floats, factors: int) -> tuple[float, float]:
    """Return the log likelihood of a row, and the variance of the noise (Tipping and Bishop)."""
    pca = PCA(factors).fit(x)
    return float(pca.score(x)), float(pca.noise_variance_ * (len(x) - 1) / len(x))


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
