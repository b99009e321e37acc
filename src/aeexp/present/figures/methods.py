"""The autoencoder and what it is held against, each in the same colour wherever it is drawn."""

from aeexp.present.figures import style

AUTOENCODER = "autoencoder"
METHODS = (AUTOENCODER, "PCA", "factor analysis", "random projection")


def colour(method: str) -> str:
    """Return the colour of a method; grey if it is none that is known."""
    return style.PALETTE[METHODS.index(method)] if method in METHODS else style.NOISE
