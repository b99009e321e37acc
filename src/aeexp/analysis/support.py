"""Applicability domain: are new rows similar to the training rows?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from aeexp.analysis.clustering.knn_vote import nearest
from aeexp.data import Floats, Integers
from aeexp.errors import UserError

MOST_KNOWN = 10_000  # rows stored for the comparison
QUANTILES = 1_001  # of the errors of the training rows
USUAL = 99.0  # percentile of the errors of the training rows above which a row is unusual
NAMES = {"low", "high", "errors", "z", "clusterings", "clusters"}


@dataclass(frozen=True)
class Support:
    """Reference for new rows.

    low, high: (features,), range of the training rows in original units. errors: (1001,),
    quantiles of their mean squared errors. z: (known, factors), of all rows or of a fixed random
    sample of 10,000. clusters: (known,) by the name of the clustering; -1 is noise.
    """

    low: Floats
    high: Floats
    errors: Floats
    z: Floats
    clusters: Mapping[str, Integers]

    @classmethod
    def read(cls, arrays: Mapping[str, NDArray[Any]], features: int, factors: int) -> Self:
        """Return the support from its arrays; see `arrays`.

        features, factors: of the model.

        Raises:
            UserError: An array is missing or has a wrong type or shape.
        """
        if missing := sorted(NAMES - arrays.keys()):
            raise UserError(
                f"model/support.npz lacks {', '.join(missing)}: train the model again."
            )
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
        """Return the arrays of model/support.npz by name.

        The clusterings are one array, (known, clusterings), with their names in another, because
        the name of an array is a path, but the name of a clustering can be any text.
        """
        numbers = {"low": self.low, "high": self.high, "errors": self.errors, "z": self.z}
        clusters = np.array([*self.clusters.values()]).reshape(-1, len(self.z)).T
        return numbers | {
            "clusterings": np.array([*self.clusters], str),
            "clusters": clusters.astype(np.int64),
        }

    def percentile(self, errors: Floats) -> Floats:
        """Return the percentage of training rows with a smaller error: (rows,)."""
        return np.interp(errors, self.errors, np.linspace(0, 100, QUANTILES))

    def beyond(self, x: Floats) -> NDArray[np.bool_]:
        """Return which values are outside the range of the training rows: (rows, features).

        Values within rounding to single precision of the range are inside.
        """
        slack = np.finfo(np.float32).eps * np.maximum(np.abs(self.low), np.abs(self.high))
        return (x < self.low - slack) | (x > self.high + slack)

    def nearest(self, z: Floats) -> Mapping[str, tuple[Integers, Floats]]:
        """Return the cluster of each row and its confidence, by clustering; see `knn_vote`."""
        return {name: nearest(self.z, codes, z) for name, codes in self.clusters.items()}


def require_array(name: str, array: NDArray[Any], kind: str, shape: tuple[int, ...]) -> None:
    """Check the type and shape of an array of model/support.npz.

    kind: NumPy's character, such as "f". Floats must be finite, except missing values of donors
    and the infinite range of a feature without values.

    Raises:
        UserError: The array has another type or shape, or is not finite.
    """
    if array.dtype.kind != kind or array.shape != shape:
        raise UserError(
            f"model/support.npz has {name} of another shape or type: train the model again."
        )
    if kind != "f" or name == "donors":
        return
    valid = ~np.isnan(array) if name in {"low", "high"} else np.isfinite(array)
    if not valid.all():
        raise UserError(f"model/support.npz has {name} that is not finite: train the model again.")


def support(
    x: Floats, errors: Floats, train: Integers, z: Floats, clusters: Mapping[str, Integers]
) -> Support:
    """Return the reference for new rows.

    x: (rows, features), in original units; NaNs are ignored. errors: (rows,), reconstruction
    errors. train: indices of the training rows. z: (rows, factors). clusters: (rows,) by the name
    of the clustering.
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
