"""The figures of how runs trained and where that put the rows, and the tables behind them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from aeexp.analysis.sweep.comparison import Comparison
from aeexp.analysis.sweep.histories import Band, Curves, curves
from aeexp.analysis.sweep.latents import Latents, latents, turned
from aeexp.analysis.sweep.outcome import Outcome
from aeexp.present.figures import sweep as figures
from aeexp.present.html.sweep.picture import Picture, picture
from aeexp.present.html.table import Cell, Sheet, measured
from aeexp.present.tables.sweep import address
from aeexp.present.text.sweep import setting_lines

MOST_PANELS = 24
EPOCHS = 6
"""At so many epochs the table of the training curves has numbers."""


def trained(comparison: Comparison) -> Iterator[Picture]:
    """Yield how the loss fell in the best settings."""
    shown = [each for each in map(curves, comparison.ranked[:MOST_PANELS]) if each.bands]
    if not shown:
        return
    columns = ["setting", "loss", "runs", "epoch", "median", "least", "greatest"]
    yield picture(
        "Training, setting by setting",
        "All panels have the same axes; the best setting comes first." if len(shown) > 1 else "",
        figures.training(
            shown,
            "val_loss" if comparison.known("val_loss") else "loss",
            _left_out(len(shown), len(comparison.ranked)),
        ),
        Sheet("Losses at some epochs", columns, [row for each in shown for row in _rows(each)]),
    )


def _left_out(shown: int, known: int) -> str:
    return f"{shown} of {known} settings shown, the best" if shown < known else ""


def _rows(each: Curves) -> Iterator[list[Cell]]:
    for name, band in each.bands.items():
        for i in _some(band):
            numbers = band.epoch[i], band.median[i], band.low[i], band.high[i]
            head = [Cell(str(each.setting)), Cell(name), measured(each.runs)]
            yield [*head, *(measured(float(value)) for value in numbers)]


def _some(band: Band) -> Sequence[int]:
    places = np.linspace(0, len(band.epoch) - 1, min(EPOCHS, len(band.epoch)))
    return list(map(int, places.round()))


def spaces(comparison: Comparison, into: Path) -> Iterator[Picture]:
    """Yield the latent space of each of the best settings, or of each seed of the only one."""
    chosen, known = _chosen(comparison)
    panels = [(each, title) for run, title in chosen if (each := latents(run))]
    if not panels:
        return
    read = turned([each for each, _ in panels])
    what = "settings" if len(comparison.settings) > 1 else "runs"
    left_out = f"{len(read)} of {known} {what} shown, the best" if len(read) < known else ""
    yield picture(
        "Latent spaces, turned alike",
        "A dot is a row of the table, at its first two factors. An autoencoder does not choose "
        "which way its factors point: each panel is turned and mirrored to match the first as "
        "well as it can, at a scale of its own.",
        figures.spaces(read, [title for _, title in panels], left_out),
        _sheet(read, [title for _, title in panels], into),
    )


def _chosen(comparison: Comparison) -> tuple[list[tuple[Outcome, list[str]]], int]:
    """Return the runs to show with their titles, and how many there are to choose from."""
    ranked = comparison.ranked
    if len(ranked) == 1:
        runs = ranked[0].completed
        titles = [
            [f"seed={run.overrides['seed']}"] if "seed" in run.overrides else [] for run in runs
        ]
        return list(zip(runs, titles, strict=True))[:MOST_PANELS], len(runs)
    return [(each.completed[0], setting_lines(each)) for each in ranked[:MOST_PANELS]], len(ranked)


def _sheet(read: Sequence[Latents], titles: Sequence[Sequence[str]], into: Path) -> Sheet:
    rows = [
        [
            Cell(" ".join(title)),
            measured(each.run.number),
            measured(len(each.rows)),
            measured(each.factors),
            measured(each.likeness),
            Cell(links=_file(each, into)),
        ]
        for each, title in zip(read, titles, strict=True)
    ]
    columns = ["panel", "job", "rows", "factors", "likeness to the first", "coordinates"]
    return Sheet("What is shown, and how alike (0 to 1)", columns, rows)


def _file(each: Latents, into: Path) -> dict[str, str]:
    folder = each.run.folder
    files = sorted(folder.glob("latents.*")) if folder else []
    return {file.name: address(file, into) for file in files}
