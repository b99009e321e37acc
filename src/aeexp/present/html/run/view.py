"""The interactive map of the rows: their positions, and all columns that can colour them."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import nan

import numpy as np
from markupsafe import Markup
from matplotlib.colors import to_hex

from aeexp.data import Classes, Dataset, Floats, Integers, Labels
from aeexp.present.figures import style
from aeexp.present.figures.run_figures import cluster_colours
from aeexp.present.html.run.columns import Column, classes, values
from aeexp.present.html.run.run_data import MAX_ROWS, RunData
from aeexp.runs.read import sample_rows
from aeexp.text import counted, printable, short

MAX_BYTES = 8_500_000  # of the whole map
MAX_16_BIT_BYTES = 1_000_000  # of the features; larger ones are stored with 8 bits
MAX_NAME_BYTES = 2_000_000  # of the names of rows
MAX_CLASSES, MAX_FEATURES = 1_000, 1_000
FIRST_FACTORS = 8  # stored before anything else; further factors follow the labels
RELIABLE = 0.75
"""Rows of a lower trustworthiness or continuity are faded."""
RELIABILITY = {
    "trustworthiness": "trustworthiness (1: all its neighbours here are real)",
    "continuity": "continuity (1: none of its neighbours is lost)",
    "error_percentile": "reconstruction error, percentile",
    "error": "reconstruction error",
}


@dataclass(frozen=True)
class View:
    """The map. data: JSON. notes: what it leaves out. description: for screen readers."""

    data: Markup
    notes: Sequence[str]
    description: str


def view(run: RunData, data: Dataset) -> View | None:
    """Return the map of the rows; None if the run has no factors."""
    if not run.factors:
        return None
    places = sample_rows(len(data.rows), MAX_ROWS)
    assert len(places) == len(run.latents["row"])
    names = _names(run.latents["row"], places)
    columns = [*_fitting(_columns(run, data, places), len(json.dumps(names)))]
    content = {
        "rows": len(places),
        "names": names,
        "numbers": None if len(places) == len(data.rows) else places.tolist(),
        "columns": columns,
        "doubtful": _unreliable(run),
        "noise": style.NOISE,
        "scale": [to_hex(style.VALUES(i)) for i in range(256)],
    }
    text = json.dumps(content, allow_nan=False, separators=(",", ":"))
    axes = " and ".join([", ".join(run.factors[:2]), *run.factors[2:3]])
    return View(
        # Without "<", no name in the JSON can end the script element.
        Markup(text.replace("<", "\\u003c")),  # noqa: S704
        [*_notes(run, data, columns, names)],
        f"A scatter plot of {counted(len(places), 'row')} by the factors {axes}.",
    )


def _names(rows: Sequence[str], places: Integers) -> list[str] | None:
    """Return the names of rows; None if they are the rows' numbers, or too long in all."""
    names = [short(printable(row), 60) for row in rows]
    numbered = names == [str(place) for place in places]
    return None if numbered or len(json.dumps(names)) > MAX_NAME_BYTES else names


def _columns(run: RunData, data: Dataset, places: Integers) -> Iterator[Column]:
    """Yield all columns, the most important first."""
    for name in run.factors[:FIRST_FACTORS]:
        yield values("Factors", name, _numbers(run, name))
    for labels in data.labels:
        yield from _label(_at(labels, places))
    label = _at(data.label, places) if data.label else None
    for name in run.clusterings:
        codes = _numbers(run, name).astype(int)
        names = tuple(f"cluster {code}" for code in range(codes.max() + 1))
        yield classes("Clusters", Classes(name, codes, names), cluster_colours(codes, label))
    split = np.array([part != "train" for part in run.latents["split"]], int)
    yield classes("Rows", Classes("split", split, ("training", "held out")))
    reliability = RELIABILITY | {
        f"{name}.co_assignment": f"{name}: how often the row stays with its cluster"
        for name in run.clusterings
    }
    reliability |= {
        f"{name}.peak_share": f"{name}: share of near rows of the same density peak"
        for name in run.clusterings
    }
    for column, name in reliability.items():
        if column in run.latents:
            yield values("Reliability", name, _numbers(run, column))
    for name in run.factors[FIRST_FACTORS:]:
        yield values("Factors", name, _numbers(run, name))
    bytes_in_base64 = 2 * len(places) * len(data.features) * 4 / 3
    bits = 16 if bytes_in_base64 <= MAX_16_BIT_BYTES else 8
    for k in run.ranked_features(data.features)[:MAX_FEATURES]:
        name = printable(data.features[k])
        title = f"{name} (column)" if name in run.latents else name
        yield values("Features", title, data.x[places, k], bits)


def _label(labels: Labels) -> Iterator[Column]:
    name = printable(labels.name)
    if not isinstance(labels, Classes):
        yield values("Known labels", name, labels.values)
    elif len(labels.names) <= MAX_CLASSES:
        names = tuple(short(printable(class_), 60) for class_ in labels.names)
        yield classes("Known labels", replace(labels, name=name, names=names))


def _at(labels: Labels, places: Integers) -> Labels:
    if isinstance(labels, Classes):
        return replace(labels, codes=labels.codes[places])
    return replace(labels, values=labels.values[places])


def _fitting(columns: Iterable[Column], size: int) -> Iterator[Column]:
    """Yield columns up to the maximal size of the map."""
    for column in columns:
        size += len(json.dumps(column))
        if size > MAX_BYTES:
            return
        yield column


def _numbers(run: RunData, column: str) -> Floats:
    return np.array([float(text or nan) for text in run.latents[column]])


def _unreliable(run: RunData) -> list[int] | None:
    """Return the rows whose position is unreliable; None if that was not measured."""
    measured = [name for name in ("trustworthiness", "continuity") if name in run.latents]
    if not measured:
        return None
    low = np.any([_numbers(run, name) < RELIABLE for name in measured], axis=0)
    return np.flatnonzero(low).tolist()


def _notes(
    run: RunData, data: Dataset, columns: Sequence[Column], names: Sequence[str] | None
) -> Iterator[str]:
    shown = len(run.latents["row"])
    if shown < len(data.rows):
        yield f"The map shows a random sample of {shown:,} of the {len(data.rows):,} rows."
    if names is None and not isinstance(data.rows, range):
        yield "Rows are numbered from 0, either in the table or because their names are too long."
    selections = (
        ("Factors", len(run.factors), "the first"),
        ("Features", len(data.features), "the most important for the factors"),
    )
    for group, total, selection in selections:
        count = sum(column["group"] == group for column in columns)
        if count < total:
            yield f"The map includes {count:,} of {total:,} {group.lower()}: {selection}."
