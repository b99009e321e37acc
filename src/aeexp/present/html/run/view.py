"""What the view of the rows holds: where they lie, and all that they can be coloured by."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import nan

import numpy as np
from markupsafe import Markup
from matplotlib.colors import to_hex

from aeexp.data import Classes, Dataset, Floats, Integers, Labels
from aeexp.present.figures import style
from aeexp.present.figures.run_figures import cluster_colours
from aeexp.present.html.run.columns import Column, classes, values
from aeexp.present.html.run.importance import ranked
from aeexp.present.html.run.kept import MOST_ROWS, Kept
from aeexp.runs.read import sample_rows
from aeexp.text import counted, printable, short

MOST_BYTES, EXACT = 8_500_000, 1_000_000
"""Of all that the view holds, and of features that are held with 16 bits instead of 8."""
MOST_NAMES, MOST_CLASSES, MOST_FEATURES = 2_000_000, 1_000, 1_000
"""Bytes of the names of rows, classes of a label, and features to choose from."""
FIRST = 8
"""Factors that are held before anything else is."""
TRUSTED = 0.75
"""Trustworthiness or continuity of a row below which its place is not to be trusted."""
TRUST = {
    "trustworthiness": "trustworthiness (1: all its neighbours here are real)",
    "continuity": "continuity (1: none of its neighbours is lost)",
    "error_percentile": "reconstruction error, percentile",
    "error": "reconstruction error",
}


@dataclass(frozen=True)
class View:
    """The view: its data as JSON, what it leaves out, and what it shows in words.

    deep: whether it may be one of three factors.
    """

    data: Markup
    notes: Sequence[str]
    description: str
    deep: bool


def view(run: Kept, data: Dataset) -> View | None:
    """Return the view of the rows; None if the run has no factors."""
    if not run.factors:
        return None
    places = sample_rows(len(data.rows), MOST_ROWS)
    assert len(places) == len(run.latents["row"])
    names = _names(run.latents["row"], places)
    columns = [*_fitting(_columns(run, data, places), len(json.dumps(names)))]
    content = {
        "rows": len(places),
        "names": names,
        "numbers": None if len(places) == len(data.rows) else places.tolist(),
        "columns": columns,
        "doubtful": _doubtful(run),
        "noise": style.NOISE,
        "scale": [to_hex(style.VALUES(i)) for i in range(256)],
    }
    notes = [*_notes(run, data, columns, names)]
    return View(_inert(content), notes, _described(run, len(places)), len(run.factors) > 2)


def _names(rows: Sequence[str], places: Integers) -> list[str] | None:
    """Return what rows are called; None if that is their number, or would take too much room."""
    names = [short(printable(row), 60) for row in rows]
    numbered = names == [str(place) for place in places]
    return None if numbered or len(json.dumps(names)) > MOST_NAMES else names


def _columns(run: Kept, data: Dataset, places: Integers) -> Iterator[Column]:
    """Yield all that the view can show, the most important first."""
    for name in run.factors[:FIRST]:
        yield values("Factors", name, _numbers(run, name))
    for labels in data.labels:
        yield from _label(labels, places)
    label = _chosen(data.label, places)
    for name in run.clusterings:
        codes = _numbers(run, name).astype(int)
        found = Classes(name, codes, tuple(f"cluster {c}" for c in range(codes.max() + 1)))
        yield classes("Clusters found", found, cluster_colours(codes, label))
    split = np.array([part == "val" for part in run.latents["split"]], int)
    yield classes("Rows", Classes("split", split, ("training", "held out")))
    yield from _trust(run)
    for name in run.factors[FIRST:]:
        yield values("Factors", name, _numbers(run, name))
    yield from _features(run, data, places)


def _label(labels: Labels, places: Integers) -> Iterator[Column]:
    match _chosen(labels, places):
        case Classes() as known if len(known.names) <= MOST_CLASSES:
            names = tuple(short(printable(name), 60) for name in known.names)
            yield classes("Known labels", replace(known, name=printable(known.name), names=names))
        case Classes():
            pass
        case known if known is not None:
            yield values("Known labels", printable(known.name), known.values)


def _chosen(labels: Labels | None, places: Integers) -> Labels | None:
    match labels:
        case Classes():
            return replace(labels, codes=labels.codes[places])
        case None:
            return None
    return replace(labels, values=labels.values[places])


def _trust(run: Kept) -> Iterator[Column]:
    named = TRUST | {
        f"{name}.co_assignment": f"{name}: how often it stays with its cluster"
        for name in run.clusterings
    }
    for column, name in named.items():
        if column in run.latents:
            yield values("Can the row be trusted?", name, _numbers(run, column))


def _features(run: Kept, data: Dataset, places: Integers) -> Iterator[Column]:
    size = len(places) * len(data.features)
    bits = 16 if 2 * size * 4 / 3 <= EXACT else 8
    for k in ranked(run.importances, data.features)[:MOST_FEATURES]:
        name = printable(data.features[k])
        title = f"{name} (column)" if name in run.latents else name
        yield values("Features", title, data.x[places, k], bits)


def _fitting(columns: Iterable[Column], taken: int) -> Iterator[Column]:
    """Yield as many columns as there is room for."""
    for column in columns:
        taken += len(json.dumps(column))
        if taken > MOST_BYTES:
            return
        yield column


def _numbers(run: Kept, column: str) -> Floats:
    return np.array([float(text or nan) for text in run.latents[column]])


def _doubtful(run: Kept) -> list[int] | None:
    """Return which rows' places are not to be trusted; None if that was not measured."""
    measured = [name for name in ("trustworthiness", "continuity") if name in run.latents]
    if not measured:
        return None
    low = np.any([_numbers(run, name) < TRUSTED for name in measured], axis=0)
    return np.flatnonzero(low).tolist()


def _notes(
    run: Kept, data: Dataset, columns: Sequence[Column], names: Sequence[str] | None
) -> Iterator[str]:
    shown = len(run.latents["row"])
    if shown < len(data.rows):
        yield f"A random choice of {shown:,} of the {len(data.rows):,} rows is shown."
    if names is None and not isinstance(data.rows, range):
        yield "Rows are numbered from 0, as the table does, or as their names take too much room."
    for group, total in ("Factors", len(run.factors)), ("Features", len(data.features)):
        held = sum(column["group"] == group for column in columns)
        if held < total:
            which = "those that the factors follow most" if group == "Features" else "the first"
            yield f"{held:,} of {total:,} {group.lower()} are held here, {which}."


def _described(run: Kept, rows: int) -> str:
    axes = " and ".join([", ".join(run.factors[:2]), *run.factors[2:3]])
    return f"A scatter plot of {counted(rows, 'row')} by the factors {axes}."


def _inert(content: Mapping[str, object]) -> Markup:
    """Return JSON that ends no script, whatever the names in it."""
    text = json.dumps(content, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704  (no markup begins without it)
