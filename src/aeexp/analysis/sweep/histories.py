"""Loss curves of the runs of one setting."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aeexp.analysis.sweep.comparison import Setting
from aeexp.data.dataset import Floats
from aeexp.runs import Run

CURVES = ("loss", "val_loss")
MOST_EPOCHS = 200
"""Longer curves are thinned to this number of epochs."""


@dataclass(frozen=True)
class Band:
    """Range of a loss over the seeds of a setting.

    epoch, median, low (minimum), high (maximum): (epochs,), for epochs that at least one run has.
    """

    epoch: Floats
    median: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Curves:
    """Loss curves of the completed runs of a setting. bands: by the name of the loss."""

    setting: Setting
    runs: int
    bands: Mapping[str, Band]


def curves(setting: Setting) -> Curves:
    """Read the histories of the completed runs of a setting."""
    read = [_history(Run(run.folder)) for run in setting.completed if run.folder]
    histories = [history for history in read if history]
    bands = {name: _band([history.get(name, []) for history in histories]) for name in CURVES}
    return Curves(setting, len(histories), {name: band for name, band in bands.items() if band})


def _history(run: Run) -> Mapping[str, list[float]]:
    """Return the losses of a run by epoch; empty if they cannot be read."""
    try:
        table = run.table("history")
        return {name: [*map(_number, table[name])] for name in CURVES if name in table}
    except (OSError, ValueError):
        return {}


def _band(histories: Sequence[Sequence[float]]) -> Band | None:
    longest = max(map(len, histories), default=0)
    values = np.full((len(histories), longest), np.nan)
    for row, history in zip(values, histories, strict=True):
        row[: len(history)] = history
    values[~np.isfinite(values)] = np.nan
    epochs = np.flatnonzero(np.isfinite(values).any(axis=0))
    if not epochs.size:
        return None
    places = np.linspace(0, epochs.size - 1, min(epochs.size, MOST_EPOCHS))
    chosen = epochs[np.unique(places.round().astype(int))]
    low, median, high = np.nanquantile(values[:, chosen], [0, 0.5, 1], axis=0)
    return Band(chosen + 1.0, median, low, high)


def _number(text: str) -> float:
    return float(text) if text else math.nan
