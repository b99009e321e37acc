"""Generated tables with known structure."""

import numpy as np
from sklearn import datasets

from aeexp.config.spec import Blobs, SCurve, SwissRoll
from aeexp.data.dataset import Classes, Dataset, Floats, Labels, Values, load
from aeexp.data.memory import require_memory

COPIES = 24  # bytes for each number: double precision, and two copies


def _table(name: str, x: Floats, labels: Labels) -> Dataset:
    features = tuple(f"x{j + 1}" for j in range(x.shape[1]))
    return Dataset(name, x, features, range(len(x)), (labels,))


def _check_memory(rows: int, features: int) -> None:
    """Check that a table fits into memory when it is generated, scaled and trained on."""
    key = "samples" if rows > features else "features"
    what = f"A table of {rows:,} × {features:,} numbers"
    require_memory(COPIES * rows * features, what, f"Lower dataset.{key}.")


@load.register
def _(spec: SwissRoll) -> Dataset:
    _check_memory(spec.samples, 3)
    x, t = datasets.make_swiss_roll(spec.samples, noise=spec.noise, random_state=spec.seed)
    return _table("swiss_roll", x, Values("position along the roll", t))


@load.register
def _(spec: SCurve) -> Dataset:
    _check_memory(spec.samples, 3)
    x, t = datasets.make_s_curve(spec.samples, noise=spec.noise, random_state=spec.seed)
    return _table("s_curve", x, Values("position along the S", t))


@load.register
def _(spec: Blobs) -> Dataset:
    _check_memory(spec.samples + spec.centers, spec.features)
    x, codes = datasets.make_blobs(
        spec.samples,
        n_features=spec.features,
        centers=spec.centers,
        cluster_std=spec.spread,
        random_state=spec.seed,
    )
    names = tuple(f"cloud {k + 1}" for k in range(spec.centers))
    return _table("blobs", x, Classes("cloud", np.asarray(codes), names))
