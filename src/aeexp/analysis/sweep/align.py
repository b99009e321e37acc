"""Latent spaces turned so that they can be compared by eye."""

import numpy as np
from scipy.linalg import orthogonal_procrustes

from aeexp.analysis.latent.spaces import disparity
from aeexp.data.dataset import Floats


def aligned(z: Floats, reference: Floats) -> tuple[Floats, float]:
    """Return latents turned and mirrored towards those of another run, and how alike they are.

    The orthogonal Procrustes problem (Schönemann, 1966, doi:10.1007/BF02289451): an autoencoder's
    loss does not tell which way its factors point, so that two runs may differ by a rotation
    alone. Lengths are kept. Likeness is 1 - the Procrustes disparity: the share of the reference's
    variance that `z` accounts for once it is turned and scaled, from 0 to 1; it is not a number
    where either is constant.

    z: (rows, factors), reference: (rows, its factors), the same rows; the narrower is filled up
    with zeros. Returns (rows, the larger number of factors), about the mean 0.
    """
    width = max(z.shape[1], reference.shape[1])
    z, reference = _centred(z, width), _centred(reference, width)
    return z @ orthogonal_procrustes(z, reference)[0], 1 - disparity(z, reference)


def _centred(z: Floats, width: int) -> Floats:
    return np.pad(z - z.mean(axis=0), [(0, 0), (0, width - z.shape[1])])
