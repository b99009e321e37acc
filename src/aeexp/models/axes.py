"""Axes of linear factors: a map of the factors that leaves the reconstruction as it is.

Seeds find the same surface in other coordinates. If the factors z are a linear layer, any
invertible linear map of them can be folded into the layers that produce z and those that read z.
The network then computes the same function, with factors in axes that follow from what it
reconstructs instead of from its seed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from aeexp.config.spec import Autoencoder, Axes
from aeexp.data import Floats
from aeexp.data.chunks import blocks
from aeexp.data.principal import signed
from aeexp.models.network import Network

FLAT = 1e-10
"""Share of the largest variance of the factors below which a direction of them does not vary."""
LEAST = 1e-6
"""Least standard deviation of a turned factor, relative to the largest: the map is invertible."""
ROTATIONS, CONVERGED = 500, 1e-10
"""Most iterations of varimax, and the relative gain of its criterion at which it ends."""


@dataclass(frozen=True)
class Moments:
    """Sums over rows from which axes are computed.

    rows: their number. mean: (factors,) of z. zz: (factors, factors) and zx: (factors, features),
    the sums of products of the centred z with itself and with x_hat.
    """

    rows: int
    mean: Floats
    zz: Floats
    zx: Floats


def moments(network: Network, x: Floats) -> Moments:
    """Return the moments of a network for scaled rows. x: (rows, features)."""
    z = network.encode(x)
    mean = z.mean(0, dtype=np.float64)
    centred, zx = z - mean, np.zeros((z.shape[1], x.shape[1]))
    for block in blocks(*x.shape):
        zx += centred[block].T @ network.decode(z[block])
    return Moments(len(x), mean, centred.T @ centred, zx)


@dataclass(frozen=True)
class Turn:
    """A map of factors: (z - mean) @ matrix. mean: (factors,). matrix: (factors, factors)."""

    mean: Floats
    matrix: Floats


def turn(axes: Axes, moments: Moments) -> Turn:
    """Return the map of factors to other axes, in falling order of their variance.

    reconstruction: x_hat is predicted from z by least squares; the axes are the principal axes of
    the prediction, so that the loadings of the turned factors are orthonormal: their variances and
    distances are those of what they reconstruct. varimax: these factors, rotated to few large
    loadings (Kaiser, 1958, doi:10.1007/BF02289233), with loadings of length 1. pca: a rotation of
    z to its own principal axes. The largest absolute loading of each factor is positive.
    Directions in which z does not vary come last.
    """
    variances, directions = (a[..., ::-1] for a in np.linalg.eigh(moments.zz / moments.rows))
    varies = variances > FLAT * max(variances[0], 0)
    rank = int(varies.sum())
    flat, scale = directions[:, rank:], np.sqrt(variances[:rank])
    whitening = directions[:, :rank] / scale
    loadings = whitening.T @ moments.zx / moments.rows  # of uncorrelated factors of variance 1
    if axes is Axes.pca:
        rotation, sizes = np.eye(rank), scale
    else:
        more = rank > loadings.shape[1]  # factors than features
        rotation, sizes, _ = np.linalg.svd(loadings, full_matrices=more)
        sizes = np.append(sizes, np.zeros(rank - len(sizes)))
        if axes is Axes.varimax:
            rotation = rotation @ varimax((rotation.T @ loadings).T)
            sizes = np.linalg.norm(rotation.T @ loadings, axis=1)
            order = np.argsort(-sizes, kind="stable")
            rotation, sizes = rotation[:, order], sizes[order]
        sizes = np.maximum(sizes, LEAST * (sizes.max(initial=0) or 1))
    signs = _signs((rotation.T @ loadings).T)
    matrix = np.hstack([whitening @ rotation * (signs * sizes), flat])
    return Turn(moments.mean, matrix)


def varimax(loadings: Floats) -> Floats:
    """Return the rotation of factors that maximises the variance of the squared loadings.

    Kaiser (1958, doi:10.1007/BF02289233), by the iteration of singular value decompositions.
    loadings: (features, factors).
    """
    features, factors = loadings.shape
    rotation, before = np.eye(factors), 0.0
    for _ in range(ROTATIONS):
        rotated = loadings @ rotation
        gradient = rotated**3 - rotated * (rotated**2).sum(0) / features
        left, singular, right = np.linalg.svd(loadings.T @ gradient)
        rotation, gain = left @ right, singular.sum()
        if gain <= before * (1 + CONVERGED):
            break
        before = gain
    return rotation


def fold(spec: Autoencoder, weights: Mapping[str, Floats], turned: Turn) -> dict[str, Floats]:
    """Return the weights of a network with turned factors and the same reconstruction.

    weights: by the names of `Network.weights`. spec: of a model with linear factors.
    """
    bottleneck = spec.own_method("bottleneck")()
    assert bottleneck, "the factors are linear"
    writers, readers = bottleneck
    mean, matrix = turned.mean, turned.matrix
    inverse = np.linalg.inv(matrix)
    folded = {name: weight.astype(np.float64) for name, weight in weights.items()}
    for layer in writers:
        folded[f"{layer}/kernel"] = folded[f"{layer}/kernel"] @ matrix
    bias = f"{writers[0]}/bias"
    folded[bias] = (folded[bias] - mean) @ matrix
    for layer in readers:
        kernel = folded[f"{layer}/kernel"]
        if f"{layer}/bias" in folded:
            folded[f"{layer}/bias"] += mean @ kernel
        else:  # a normalisation replaces it
            folded[f"{layer}_norm/moving_mean"] -= mean @ kernel
        folded[f"{layer}/kernel"] = inverse @ kernel
    return {name: weight.astype(weights[name].dtype) for name, weight in folded.items()}


def _signs(loadings: Floats) -> Floats:
    """Return 1 or -1 for each factor: the sign of its largest loading; see `signed`."""
    return np.where((signed(loadings) == loadings).all(0), 1.0, -1.0)
