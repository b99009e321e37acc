"""The figures of a sweep: searches, settings, training curves, latent spaces."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from aeexp.analysis.sweep.comparison import Comparison
from aeexp.analysis.sweep.histories import curves
from aeexp.analysis.sweep.latents import latents, turned
from aeexp.analysis.sweep.outcome import Outcome
from aeexp.analysis.sweep.redefined import is_redefined, redefined
from aeexp.analysis.sweep.study import Study
from aeexp.config.spec import REPLICATIONS
from aeexp.present.figures import sweep as draw
from aeexp.present.html.figure import Figure, drawn_figure
from aeexp.present.html.sweep.setting_figures import effects, trade_off
from aeexp.present.html.table import Cell, Table, number_cell, value_cell
from aeexp.present.tables.sweep import address
from aeexp.present.text.sweep import setting_lines, setting_text
from aeexp.text import joined, listed

MAX_PANELS = 24
EPOCHS = 6
"""Number of epochs in the table of the training curves."""


def figures(comparison: Comparison, studies: Sequence[Study], into: Path) -> Iterator[Figure]:
    """Yield the figures that a sweep has data for, each with the table of its numbers."""
    for study in studies:
        yield from _search(study)
    if len(comparison.ranked) > 1:
        yield from effects(comparison)
        yield from trade_off(comparison)
    yield from _training(comparison)
    yield from _latent_spaces(comparison, into)


def _search(study: Study) -> Iterator[Figure]:
    """Yield the course of a search, and the importance of its parameters."""
    if study.trials and study.objectives:
        counts = joined(
            f"{sum(trial.state == state for trial in study.trials)} {state}"
            for state in ("COMPLETE", "PRUNED", "FAIL")
        )
        yield drawn_figure(
            f"The search of {study.sweep}",
            f"{len(study.trials)} trials: {counts}. A trial that diverged counts as PRUNED."
            + "".join(_cautions(study)),
            draw.search(study),
            _trials(study),
        )
    if study.importances:
        yield drawn_figure(
            f"The importance of parameters in the search of {study.sweep}",
            "The share of each parameter in the differences between the trials' values.",
            draw.importances(study.importances),
            Table(
                "Importances",
                ["override", "share"],
                [[Cell(key), number_cell(share)] for key, share in study.importances.items()],
            ),
        )


def _parameters(study: Study) -> list[str]:
    return list(dict.fromkeys(name for trial in study.trials for name in trial.params))


def _cautions(study: Study) -> Iterator[str]:
    """Yield a caution for each parameter that changes the definition of an objective."""
    for key in _parameters(study):
        values = {str(trial.params[key]) for trial in study.trials if key in trial.params}
        patterns = redefined(key.lstrip("+"), values)
        if names := [name for name in study.objectives if is_redefined(name, patterns)]:
            yield (
                f" Caution: {key} changes the definition of {listed(names)}. Choose another"
                " sweep.objective, such as reconstruction.val.mse."
            )


def _trials(study: Study) -> Table:
    parameters, objectives = _parameters(study), range(len(study.objectives))
    numbers = [*map(study.values, objectives), *map(study.best, objectives)]
    rows = [
        [
            number_cell(trial.number),
            Cell(trial.state),
            *(value_cell(trial.params.get(name, "")) for name in parameters),
            *(number_cell(float(column[i])) for column in numbers),
        ]
        for i, trial in enumerate(study.trials)
    ]
    so_far = [f"best {name} so far" for name in study.objectives]
    return Table("Trials", ["trial", "state", *parameters, *study.objectives, *so_far], rows)


def _training(comparison: Comparison) -> Iterator[Figure]:
    """Yield the training curves of the best settings."""
    panels = [panel for panel in map(curves, comparison.ranked[:MAX_PANELS]) if panel.bands]
    if not panels:
        return
    rows = []
    for panel in panels:
        for name, band in panel.bands.items():
            last = len(band.epoch) - 1
            for i in np.linspace(0, last, min(EPOCHS, last + 1)).round().astype(int):
                numbers = band.epoch[i], band.median[i], band.low[i], band.high[i]
                head = [Cell(setting_text(panel.setting)), Cell(name), number_cell(panel.runs)]
                rows.append([*head, *(number_cell(float(number)) for number in numbers)])
    columns = ["setting", "loss", "runs", "epoch", "median", "lowest", "highest"]
    yield drawn_figure(
        "Training by setting",
        "All panels have the same axes; the best setting comes first." if len(panels) > 1 else "",
        draw.training(
            panels,
            "val_loss" if comparison.has_metric("val_loss") else "loss",
            _left_out(len(panels), len(comparison.ranked), "settings"),
        ),
        Table("Losses at some epochs", columns, rows),
    )


def _latent_spaces(comparison: Comparison, into: Path) -> Iterator[Figure]:
    """Yield the latent spaces of the best settings; of a single setting, those of its seeds."""
    runs, titles = _runs_and_titles(comparison)
    panels = [
        (space, title)
        for run, title in list(zip(runs, titles, strict=True))[:MAX_PANELS]
        if (space := latents(run))
    ]
    if not panels:
        return
    spaces, titles = turned([space for space, _ in panels]), [title for _, title in panels]
    rows = []
    for space, title in zip(spaces, titles, strict=True):
        folder = space.run.folder
        files = sorted(folder.glob("latents.*")) if folder else []
        numbers = space.run.number, len(space.rows), space.factors, space.likeness
        links = Cell(links={file.name: address(file, into) for file in files})
        rows.append([Cell(" ".join(title)), *map(number_cell, numbers), links])
    columns = ["panel", "job", "rows", "factors", "similarity to the first", "coordinates"]
    what = "settings" if len(comparison.settings) > 1 else "runs"
    yield drawn_figure(
        "Aligned latent spaces",
        "A dot is a row of the table, at its first two factors. The orientation of factors is"
        " arbitrary, so each panel is rotated and mirrored to match the first one as well as"
        " possible. Each panel has its own scale.",
        draw.spaces(spaces, titles, _left_out(len(spaces), len(runs), what)),
        Table("The panels and their similarity (0 to 1)", columns, rows),
    )


def _runs_and_titles(comparison: Comparison) -> tuple[list[Outcome], list[list[str]]]:
    ranked = comparison.ranked
    if len(ranked) == 1:
        runs = ranked[0].completed
        return runs, [
            [f"{key}={run.overrides[key]}" for key in REPLICATIONS if key in run.overrides]
            for run in runs
        ]
    return [s.completed[0] for s in ranked], [*map(setting_lines, ranked)]


def _left_out(shown: int, total: int, what: str) -> str:
    return f"the best {shown} of {total} {what}" if shown < total else ""
