"""What did the model learn from, and does a new row lie within it?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from aeexp.analysis.clustering.knn_vote import nearest
from aeexp.data import Floats, Integers
from aeexp.errors import UserError

MOST_KNOWN = 10_000  # rows that new ones are compared with
QUANTILES = 1_001  # of the training rows' errors
USUAL = 99.0  # percentile of the training rows' errors, beyond which a row is outside
NAMES = {"low", "high", "errors", "z", "clusterings", "clusters"}


@dataclass(frozen=True)
class Support:
    """What new rows are held against.

    low, high: (features,), the range of the training rows, in original units. errors: (1001,)
    quantiles of their mean squared errors. z: (known, factors), of all rows or a fixed random
    choice of 10,000. clusters: (known,) by the clustering's name; -1 is noise.
    """

    low: Floats
    high: Floats
    errors: Floats
    z: Floats
    clusters: Mapping[str, Integers]

    @classmethod
    def read(cls, arrays: Mapping[str, NDArray[Any]], features: int, factors: int) -> Self:
        """Return the support that arrays hold, for a model of so many features; see `arrays`.

        Raises:
            UserError: They hold something else.
        """
        if missing := sorted(NAMES - arrays.keys()):
            message = f"model/support.npz lacks {', '.join(missing)}: train the model again."
            raise UserError(message)
        known, clusterings = len(arrays["z"]), len(arrays["clusterings"].ravel())
        expected: dict[str, tuple[str, tuple[int, ...]]] = {
            "low": ("f", (features,)),
            "high": ("f", (features,)),
            "errors": ("f", (QUANTILES,)),
            "z": ("f", (known, factors)),
            "clusterings": ("U", (clusterings,)),
            "clusters": ("i", (known, clusterings)),
        }
        for name, (kind, shape) in expected.items():
            require_array(name, arrays[name], kind, shape)
        return cls(
            low=arrays["low"],
            high=arrays["high"],
            errors=arrays["errors"],
            z=arrays["z"],
            clusters=dict(zip(arrays["clusterings"].tolist(), arrays["clusters"].T, strict=True)),
        )

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all of it as arrays by name; of clusters, (known, clusterings), and their names.

        A clustering's own name may be any text, but that of an array is a path.
        """
        numbers = {"low": self.low, "high": self.high, "errors": self.errors, "z": self.z}
        clusters = np.array([*self.clusters.values()]).reshape(-1, len(self.z)).T
        return numbers | {
            "clusterings": np.array([*self.clusters], str),
            "clusters": clusters.astype(np.int64),
        }

    def percentile(self, errors: Floats) -> Floats:
        """Return what percentage of the training rows have a smaller error: (rows,)."""
        return np.interp(errors, self.errors, np.linspace(0, 100, QUANTILES))

    def beyond(self, x: Floats) -> NDArray[np.bool_]:
        """Return which values lie beyond the training rows' range: (rows, features).

        Rounding to single precision puts no value beyond it.
        """
        slack = np.finfo(np.float32).eps * np.maximum(np.abs(self.low), np.abs(self.high))
        return (x < self.low - slack) | (x > self.high + slack)

    def nearest(self, z: Floats) -> Mapping[str, tuple[Integers, Floats]]:
        """Return the nearest cluster of each row and its confidence, by clustering."""
        return {name: nearest(self.z, codes, z) for name, codes in self.clusters.items()}


def require_array(name: str, array: NDArray[Any], kind: str, shape: tuple[int, ...]) -> None:
    """Refuse an array of model/support.npz that is not of a kind and shape.

    kind: as NumPy has it, "f" for floats. These must be finite, but for the gaps of donors and
    the range of a feature without a value.

    Raises:
        UserError: It is not.
    """
    if array.dtype.kind != kind or array.shape != shape:
        message = f"model/support.npz has {name} of another shape or type: train the model again."
        raise UserError(message)
    wrong = np.isnan if name in {"low", "high"} else _not_finite
    if kind == "f" and name != "donors" and wrong(array).any():
        message = f"model/support.npz has {name} that is not finite: train the model again."
        raise UserError(message)


def _not_finite(array: NDArray[Any]) -> NDArray[np.bool_]:
    return ~np.isfinite(array)


def support(
    x: Floats, errors: Floats, train: Integers, z: Floats, clusters: Mapping[str, Integers]
) -> Support:
    """Return what the rows that were trained on span.

    x: (rows, features), in original units, cells that are not a number being no part of it.
    errors: (rows,), of their reconstruction. train: the rows trained on. z: (rows, factors).
    clusters: (rows,) by the clustering's name.
    """
    trained = np.zeros((len(x), 1), bool)
    trained[train] = True
    known = np.sort(np.random.default_rng(0).permutation(len(z))[:MOST_KNOWN])
    return Support(
        low=np.fmin.reduce(x, where=trained, initial=np.inf),
        high=np.fmax.reduce(x, where=trained, initial=-np.inf),
        errors=np.quantile(errors[train], np.linspace(0, 1, QUANTILES)),
        z=z[known],
        clusters={name: codes[known] for name, codes in clusters.items()},
    )
