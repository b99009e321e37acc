"""Applicability domain: are new rows similar to the training rows?"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from aeexp.analysis.clustering.knn_vote import nearest
from aeexp.analysis.latent.reconstructed import Reconstructed
from aeexp.config.spec import Space
from aeexp.data import Floats, Integers
from aeexp.errors import UserError

MOST_KNOWN = 10_000  # rows stored for the comparison
QUANTILES = 1_001  # of the errors of the training rows
USUAL = 99.0  # percentile of the errors of the training rows above which a row is unusual
NAMES = {"low", "high", "errors", "z", "clusterings", "clusters"}
SPACES = {"spaces", "points", "mean", "axes"}
"""The arrays for clusterings in the space of the reconstructions. Older runs lack them."""


@dataclass(frozen=True)
class KnownRows:
    """Rows whose clusters are known.

    z: (rows, factors). reconstructed: their reconstructions on their principal axes; None for
    older runs, whose clusterings are in the space of the factors. clusters: (rows,) by the name
    of the clustering; -1 is noise. spaces: of the clusterings, by name.
    """

    z: Floats
    reconstructed: Reconstructed | None
    clusters: Mapping[str, Integers]
    spaces: Mapping[str, Space]

    def take(self, rows: Integers) -> Self:
        """Return some of the rows."""
        surface = self.reconstructed
        return replace(
            self,
            z=self.z[rows],
            reconstructed=surface and replace(surface, points=surface.points[rows]),
            clusters={name: codes[rows] for name, codes in self.clusters.items()},
        )

    def nearest(self, z: Floats, x_hat: Floats) -> Mapping[str, tuple[Integers, Floats]]:
        """Return the cluster of each new row and its confidence, by clustering; see `knn_vote`.

        Neighbours are those in the space of the clustering. z: (new rows, factors). x_hat: (new
        rows, features), scaled, their reconstructions.
        """
        known, new = {Space.latent: self.z}, {Space.latent: z}
        if surface := self.reconstructed:
            known[Space.reconstruction] = surface.points
            new[Space.reconstruction] = surface.project(x_hat)
        return {
            name: nearest(known[self.spaces[name]], codes, new[self.spaces[name]])
            for name, codes in self.clusters.items()
        }

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays of the rows in model/support.npz by name.

        The clusterings are one array, (rows, clusterings), with their names in another, because
        the name of an array is a path, but the name of a clustering can be any text.
        """
        clusters = np.array([*self.clusters.values()]).reshape(-1, len(self.z)).T
        arrays: dict[str, NDArray[Any]] = {
            "z": self.z,
            "clusterings": np.array([*self.clusters], str),
            "clusters": clusters.astype(np.int64),
        }
        if surface := self.reconstructed:
            arrays |= {"points": surface.points, "mean": surface.mean, "axes": surface.axes}
            arrays["spaces"] = np.array([self.spaces[name].value for name in self.clusters], str)
        return arrays


@dataclass(frozen=True)
class Support:
    """Reference for new rows.

    low, high: (features,), range of the training rows in original units. errors: (1001,),
    quantiles of their mean squared errors. known: all rows or a fixed random sample of 10,000.
    """

    low: Floats
    high: Floats
    errors: Floats
    known: KnownRows

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
        has_spaces = arrays.keys() >= SPACES
        if has_spaces:
            components = arrays["axes"].shape[-1] if arrays["axes"].ndim else 0
            expected |= {
                "spaces": ("U", (clusterings,)),
                "points": ("f", (known, components)),
                "mean": ("f", (features,)),
                "axes": ("f", (features, components)),
            }
        for name, (kind, shape) in expected.items():
            require_array(name, arrays[name], kind, shape)
        names = arrays["clusterings"].tolist()
        reconstructed, spaces = None, dict.fromkeys(names, Space.latent)
        if has_spaces:
            reconstructed = Reconstructed(arrays["points"], arrays["mean"], arrays["axes"])
            spaces = dict(zip(names, map(_space, arrays["spaces"].tolist()), strict=True))
        return cls(
            low=arrays["low"],
            high=arrays["high"],
            errors=arrays["errors"],
            known=KnownRows(
                arrays["z"],
                reconstructed,
                dict(zip(names, arrays["clusters"].T, strict=True)),
                spaces,
            ),
        )

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays of model/support.npz by name."""
        ranges = {"low": self.low, "high": self.high, "errors": self.errors}
        return ranges | self.known.arrays

    def percentile(self, errors: Floats) -> Floats:
        """Return the percentage of training rows with a smaller error: (rows,)."""
        return np.interp(errors, self.errors, np.linspace(0, 100, QUANTILES))

    def beyond(self, x: Floats) -> NDArray[np.bool_]:
        """Return which values are outside the range of the training rows: (rows, features).

        Values within rounding to single precision of the range are inside.
        """
        slack = np.finfo(np.float32).eps * np.maximum(np.abs(self.low), np.abs(self.high))
        return (x < self.low - slack) | (x > self.high + slack)


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


def _space(name: str) -> Space:
    if name not in Space.__members__:
        raise UserError(f"model/support.npz has the space {name!r:.80}: train the model again.")
    return Space[name]


def support(x: Floats, errors: Floats, train: Integers, known: KnownRows) -> Support:
    """Return the reference for new rows.

    x: (rows, features), in original units; NaNs are ignored. errors: (rows,), reconstruction
    errors. train: indices of the training rows. known: all rows.
    """
    trained = np.zeros((len(x), 1), bool)
    trained[train] = True
    sample = np.sort(np.random.default_rng(0).permutation(len(known.z))[:MOST_KNOWN])
    return Support(
        low=np.fmin.reduce(x, where=trained, initial=np.inf),
        high=np.fmax.reduce(x, where=trained, initial=-np.inf),
        errors=np.quantile(errors[train], np.linspace(0, 1, QUANTILES)),
        known=known.take(sample),
    )
