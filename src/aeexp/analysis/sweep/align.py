"""Rotation of latent spaces for comparison by eye."""

import numpy as np
from scipy.linalg import orthogonal_procrustes

from aeexp.analysis.latent.spaces import disparity
from aeexp.data.dataset import Floats


def aligned(z: Floats, reference: Floats) -> tuple[Floats, float]:
    """Rotate and reflect a latent space towards the space of another run; return the likeness too.

    This solves the orthogonal Procrustes problem (Schönemann, 1966, doi:10.1007/BF02289451). The
    loss of an autoencoder does not fix the direction of its factors, so that two runs can differ
    by a rotation alone. Lengths are preserved. The likeness is 1 - Procrustes disparity, from 0
    to 1: the share of the variance of `reference` that `z` explains after rotation and scaling.
    It is NaN if either space is constant.

    z: (rows, factors). reference: (rows, its factors), the same rows. The narrower space is padded
    with zeros. Returns (rows, larger number of factors), with mean 0.
    """
    width = max(z.shape[1], reference.shape[1])
    z, reference = _centred(z, width), _centred(reference, width)
    return z @ orthogonal_procrustes(z, reference)[0], 1 - disparity(z, reference)


def _centred(z: Floats, width: int) -> Floats:
    return np.pad(z - z.mean(axis=0), [(0, 0), (0, width - z.shape[1])])
