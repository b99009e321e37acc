"""How well position is predicted from three factors of spike counts, by their preprocessing.

python benchmarks/spike_counts.py [recordings]

60 Poisson cells with place fields along a track, 2,000 time bins. Nearest neighbours learn the
position of training and validation rows and predict that of test rows, which are blocks of time
with a gap around them.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from aeexp.analysis.evidence import linear
from aeexp.analysis.labels.probes import probes
from aeexp.analysis.labels.scores import Permutations
from aeexp.backend import choose
from aeexp.config.spec import (
    Backend,
    Experiment,
    NoEvidence,
    NoFigures,
    PreprocessingSpec,
    Residual,
    Standard,
    Table,
    Training,
)
from aeexp.data import Floats, load
from aeexp.data.prepare import prepare
from aeexp.runs import artifact

ROWS, CELLS, FACTORS = 2_000, 60, 3
SETTINGS = {
    "none": Standard(),
    "sqrt=true": Standard(sqrt=True),
    "smooth=2": Standard(smooth=2),
    "sqrt=true smooth=2": Standard(sqrt=True, smooth=2),
    "bin=5 sqrt=true": Standard(sqrt=True, bin=5),
    "sqrt=true smooth=2 lags=2": Standard(sqrt=True, smooth=2, lags=2),
}


def recording(seed: int) -> pd.DataFrame:
    """Draw counts of cells with place fields of width 8 on a track of 100, mostly 0 and rarely 2.

    In the centre of its field, a cell fires 0.05 to 0.3 times per bin.
    """
    generator = np.random.default_rng(seed)
    phase = 2 * np.pi * np.arange(ROWS) / 170 + generator.normal(0, 0.02, ROWS).cumsum()
    position = 50 + 50 * np.sin(phase)
    centres, peaks = generator.uniform(0, 100, CELLS), generator.uniform(0.05, 0.3, CELLS)
    rates = 0.02 + peaks * np.exp(-np.square(position[:, None] - centres) / (2 * 8**2))
    counts = pd.DataFrame(generator.poisson(rates), columns=[f"cell_{i}" for i in range(CELLS)])
    return counts.assign(position=position)


def r2_of_position(path: Path, preprocessing: PreprocessingSpec) -> tuple[float, float]:
    """Return R² on test rows from the factors of an autoencoder and from as many of PCA."""
    experiment = Experiment(
        dataset=Table(path=str(path), time="rows", label="position"),
        preprocessing=preprocessing,
        model=Residual(latent_dim=FACTORS),
        training=Training(epochs=100),
        clustering={},
        evidence=NoEvidence(),
        figures=NoFigures(),
    )
    problem = prepare(experiment, load(experiment.dataset))
    pca = linear.pca(problem.x, problem.rows, FACTORS).encode(problem.x)
    inputs = {"autoencoder": _factors(experiment), "PCA": pca}
    splits = [fold.rows for fold in problem.folds] or [problem.rows]
    [label] = problem.data.labels
    scores = probes(inputs, label, splits, Permutations(0, 0, problem.data.design))
    r2 = {score.input: score.held_out for score in scores if score.number == "knn r2"}
    return r2["autoencoder"], r2["PCA"]


def _factors(experiment: Experiment) -> Floats:
    from aeexp.pipeline.run import run

    [latents] = [
        a for a in run(experiment) if isinstance(a, artifact.Table) and a.name == "latents"
    ]
    return np.stack([latents.columns[f"z{k + 1}"] for k in range(FACTORS)], axis=1)


def main(recordings: int) -> None:
    """Print the mean R² for each preprocessing."""
    choose(Backend.jax)
    print("| preprocessing | autoencoder | PCA |")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "spikes.csv")
        for name, preprocessing in SETTINGS.items():
            several = []
            for seed in range(recordings):
                recording(seed).to_csv(path, index=False)
                several.append(r2_of_position(path, preprocessing))
            autoencoder, pca = np.mean(several, axis=0)
            print(f"| {name} | {autoencoder:.2f} | {pca:.2f} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
