"""The factors of the rows by their class: violins, the rows, and how much the classes differ."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aeexp.analysis.factors.differences import Difference
from aeexp.data.dataset import Classes, Floats, Integers
from aeexp.present.figures import style
from aeexp.present.figures.paint import Unreliable
from aeexp.present.figures.panel import panel

MOST_FACTORS, MOST_CLASSES, MOST_ROWS = 6, 12, 2_000
ROW, LONGEST = 0.62, 2.2
"""Inches: height of the row of a class, and greatest width of its name."""
FEWEST = 5  # rows of a violin
NONE = Unreliable()
MEANING = {
    "g": "g: difference of the means in standard deviations",
    "η²": "η²: share of the variance between the classes",
}


@style.styled
def by_label(
    z: Floats, label: Classes, differences: Sequence[Difference], unreliable: Unreliable = NONE
) -> Figure:
    """Draw the distribution of each factor in each class, and how much the classes differ.

    At most the 6 factors that differ most and the 12 largest classes are drawn. Seaborn, which
    draws the violins, is imported here, as other figures do not need it.
    z: (rows, factors). differences: (factors,). label: rows without a class are left out.
    """
    counts = np.bincount(label.codes[label.codes >= 0], minlength=len(label.names))
    classes = np.sort(np.argsort(-counts, kind="stable")[:MOST_CLASSES])
    classes = classes[counts[classes] > 0]
    sizes = np.nan_to_num([abs(one.value) for one in differences])
    order = np.argsort(-sizes, kind="stable")
    factors = np.sort(order[:MOST_FACTORS])
    names = [f"{label.names[code]} ({counts[code]:,})" for code in classes]
    left = 0.3 + min(LONGEST, style.widest(names, style.SMALL))
    wide = min(4.2, (9 - left - 0.25 * len(factors)) / len(factors))
    margins = style.Margins(left=left, top=1.3, bottom=0.4, across=0.25)
    figure, grid = style.canvas((1, len(factors)), (wide, ROW * max(len(classes), 2)), margins)
    for i, factor in enumerate(factors):
        axes = panel(figure, grid[i], ylim=(len(classes) - 0.5, -0.5))
        style.name_ticks(axes.yaxis, [] if i else names, ROW, LONGEST)
        _violins(axes, z[:, factor], label.codes, classes)
        text = f"{unreliable.name(factor)}\n{_effect(differences[factor], wide)}"
        axes.set_title(text, fontsize=style.SMALL)
        axes.xaxis.set_major_formatter("{x:g}")
    best = order[0]
    title = f"No factor differs by {label.name}"
    if sizes[best] > 0:
        title = f"{unreliable.name(best)} differs most by {label.name}"
    style.headline(figure, title, *_notes(z, label, differences, classes), *unreliable.note)
    return figure


def _violins(axes: Axes, z: Floats, codes: Integers, classes: Integers) -> None:
    """Draw a violin and the rows of each class."""
    from seaborn import violinplot  # noqa: PLC0415

    generator = np.random.default_rng(0)
    by_class = [z[codes == code] for code in classes]
    colours = [style.class_colour(int(code)) for code in classes]
    wide = [i for i, rows in enumerate(by_class) if len(rows) >= FEWEST and np.ptp(rows) > 0]
    if wide:
        places = np.repeat(wide, [len(by_class[i]) for i in wide])
        rows = np.concatenate([by_class[i] for i in wide])
        look: dict[str, Any] = {
            "orient": "h",
            "native_scale": True,
            "saturation": 1,
            "alpha": 0.35,
        }
        look |= {"inner": None, "cut": 0, "width": 0.85, "linewidth": 0.8, "legend": False}
        palette = {i: colours[i] for i in wide}
        violinplot(x=rows, y=places, hue=places, palette=palette, ax=axes, **look)
    for place, (rows, colour) in enumerate(zip(by_class, colours, strict=True)):
        shown = generator.permutation(rows)[: MOST_ROWS // len(classes)]
        aside = place + generator.uniform(-0.12, 0.12, len(shown))
        axes.plot(shown, aside, "o", c=colour, ms=2.5, mew=0, alpha=0.6, rasterized=True)
        axes.plot([rows.mean()] * 2, [place - 0.36, place + 0.36], c=style.INK, lw=1.6)
    axes.set(xlabel="", ylabel="", ylim=(len(classes) - 0.5, -0.5))
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)


def _effect(one: Difference, wide: float) -> str:
    """Return an effect size with its interval, on two lines above a narrow panel."""
    if np.isnan(one.value):
        return "no difference"
    lines = [f"{one.measure} = {one.value:z.2f}"]
    if np.isfinite(one.low):
        lines.append(f"({one.low:z.2f} to {one.high:z.2f})")
    if wide > 2.2:
        lines = [" ".join(lines)]
    return "\n".join(line.replace("-", "−") for line in lines)


def _notes(
    z: Floats, label: Classes, differences: Sequence[Difference], classes: Integers
) -> list[str]:
    measure = differences[0].measure
    meaning = MEANING[measure]
    if measure == "g":
        meaning += f", {label.names[classes[-1]]} minus {label.names[classes[0]]}"
    notes = [meaning]
    if any(np.isfinite(one.low) for one in differences):
        notes.append("in brackets: 95 % interval")
    notes.append("lines: means")
    if len(classes) < len(label.names):
        notes.append(f"the {len(classes)} largest of {len(label.names)} classes")
    if z.shape[1] > MOST_FACTORS:
        notes.append(f"{MOST_FACTORS} of {z.shape[1]} factors")
    return notes
