"""Each feature as reconstructed from the latent space."""

from collections.abc import Iterator, Sequence
from math import ceil, sqrt

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from aeexp.data.dataset import Floats, Integers
from aeexp.present.figures import style
from aeexp.present.figures.panel import panel

MOST_PANELS = 16
MOST_ROWS, MOST_VALUES = 2_000, 2**24
"""Limits on the rows and values of a reconstruction that stay in memory until it is drawn."""
Mask = NDArray[np.bool_]


def chosen_rows(rows: int, features: int) -> Integers:
    """Return the rows to draw: 2,000 at random, or fewer if there are more than 8,000 features."""
    most = min(MOST_ROWS, max(1, MOST_VALUES // features))
    return np.random.default_rng(0).permutation(rows)[:most]


@style.styled
def reconstruction(
    x: Floats, x_hat: Floats, features: Sequence[str], validation: Mask, r2: Floats
) -> Figure:
    """Draw the reconstruction of each feature by its original: up to 16, else 8 best and 8 worst.

    x: (rows, features), in original units. x_hat: (shown, features), of `chosen_rows`.
    validation: (rows,), True for rows that the model was not trained on. r2: (features,), over
    these rows, or over all if there are none; NaN if undefined.
    """
    drawn = _drawn_features(r2)
    rows = chosen_rows(*x.shape)
    figure, side = _panels(len(drawn))
    for axes, i in zip(figure.axes, drawn, strict=True):
        _panel(axes, x[rows, i], x_hat[:, i], validation[rows])
        name = style.fit(features[i], side + 0.25, style.SMALL)
        written = "-" if np.isnan(r2[i]) else format(r2[i], ".2f" if r2[i] > -10 else ".2g")
        axes.set_title(f"{name}\nR² = {written}", fontsize=style.SMALL)
    style.label_panels(figure, "original", "reconstructed, same scale")
    if validation.any():
        x_inches, y_inches = figure.get_size_inches()
        figure.legend(
            [Line2D([], [], ls="", marker="o", color=c) for _, c, _ in _sets(validation)],
            ["training", "validation"],
            loc="upper right",
            bbox_to_anchor=(1 - 0.1 / x_inches, 1 - 0.05 / y_inches),
            ncols=2,
            handletextpad=0.1,
            columnspacing=1,
        )
    style.headline(figure, _title(features, r2), *_notes(x, validation, len(rows)))
    return figure


def _title(features: Sequence[str], r2: Floats) -> str:
    if np.isnan(r2).all():
        return "No feature varies"
    best, worst = features[int(np.nanargmax(r2))], features[int(np.nanargmin(r2))]
    return f"{best} is reconstructed best, {worst} worst" if best != worst else f"{best}"


def _drawn_features(r2: Floats) -> Integers:
    """Return the features to draw: all, or the best and the worst by decreasing R²."""
    if len(r2) <= MOST_PANELS:
        return np.arange(len(r2))
    order = np.argsort(-r2, kind="stable")  # NaN comes last
    worst = max(np.isfinite(r2).sum(), MOST_PANELS)
    half = MOST_PANELS // 2
    return np.concatenate([order[:half], order[worst - half : worst]])


def _notes(x: Floats, validation: Mask, shown: int) -> Iterator[str]:
    rows, features = x.shape
    yield f"R² over {'the validation' if validation.any() else 'all'} rows"
    if features > MOST_PANELS:
        half = MOST_PANELS // 2
        yield f"the {half} best and {half} worst of {features} features"
    if shown < rows:
        yield f"{shown:,} of {rows:,} rows shown"


def _panels(count: int) -> tuple[Figure, float]:
    """Return a figure with `count` square panels, and the side of a panel in inches."""
    columns = min(count, ceil(sqrt(1.8 * count)))
    side = min(4.0, 8.6 / columns - 0.4)
    margins = style.Margins(left=0.6, top=1.2, across=0.4, down=0.75)
    figure, grid = style.canvas((ceil(count / columns), columns), (side, side), margins)
    for i in range(count):
        panel(figure, grid[i])
    return figure, side


def _panel(axes: Axes, x: Floats, x_hat: Floats, validation: Mask) -> None:
    """Draw a feature and its reconstruction, with the training rows behind."""
    style.few_ticks(axes, 2)
    finite = np.concatenate([x, x_hat])[np.isfinite([x, x_hat]).ravel()]
    low, high = (finite.min(), finite.max()) if finite.size else (0, 1)
    margin = 0.06 * (high - low) or 0.1 * abs(low) or 1.0
    window = low - margin, high + margin
    axes.plot(window, window, color=style.INK, lw=0.8)
    many = len(x) > style.MANY
    for rows, c, alpha in _sets(validation):
        axes.plot(x[rows], x_hat[rows], "o", c=c, alpha=alpha, ms=3.5, mew=0, rasterized=many)
    axes.set(xlim=window, ylim=window)
    axes.tick_params(labelleft=False)


def _sets(validation: Mask) -> list[tuple[Mask, str, float]]:
    return [(~validation, style.TRAINING, 0.35), (validation, style.VALIDATION, 0.7)]
