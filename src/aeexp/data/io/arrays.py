"""The choice of one matrix among the arrays of a file."""

from collections.abc import Mapping

from aeexp.data.io.names import shown
from aeexp.errors import UserError
from aeexp.text import few

Shapes = Mapping[str, tuple[int, ...]]


def choose(shapes: Shapes, key: str | None) -> str:
    """Return the name of the matrix to read.

    shapes: of the arrays of numbers, by name. key: what the user has set; None chooses the only
    matrix.

    Raises:
        UserError: There is no such array, or no matrix, or several.
    """
    if key is not None and key in shapes:
        return key
    if key is not None:
        raise UserError(f"dataset.key={shown(key)} is no array; the arrays are {_sizes(shapes)}.")
    matrices = {name: shape for name, shape in shapes.items() if sum(n > 1 for n in shape) > 1}
    if len(matrices) > 1:
        raise UserError(
            f"it has {len(matrices)} matrices: {_sizes(matrices)}. Choose one with dataset.key=…."
        )
    if not matrices and len(shapes) != 1:
        raise UserError(f"it has no matrix of numbers; the arrays are {_sizes(shapes)}.")
    return next(iter(matrices or shapes))


def _sizes(shapes: Shapes) -> str:
    sizes = {name: " × ".join(f"{n:,}" for n in shape) for name, shape in shapes.items()}
    return few([f"{shown(name)} ({size or 'one value'})" for name, size in sizes.items()], 10) or (
        "none"
    )
