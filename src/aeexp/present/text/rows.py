"""Sentences on the table: numbers that may be codes, and rows that depend on one another."""

from collections.abc import Iterator, Sequence

from aeexp.analysis.evidence.gather import Evidence
from aeexp.config.spec import Split, Together
from aeexp.config.spec.split import FEWEST_ROWS
from aeexp.data import Dataset
from aeexp.data.design import Design
from aeexp.data.split import held_out_together
from aeexp.present.text.sentence import Sentence
from aeexp.text import counted, few, printable, short

WHAT_TO_STATE = (
    "State what the order means: dataset.time=rows or a column of times, dataset.group=COLUMN for"
    " the animals, subjects or sessions of the rows, or dataset.time=none if it means nothing."
)


def declare_codes(codes: Sequence[str]) -> str:
    """Return what to set if numbers mean a missing value, or if they do not."""
    return (
        f"Set dataset.na=[{','.join(codes)}] and dataset.missing if {few(codes)} means a missing"
        " value, dataset.na=none if it is a measurement."
    )


def size_sentences(data: Dataset, evidence: Evidence) -> Iterator[Sentence]:
    """Yield that a table is too small for any claim, if it is."""
    if not evidence.is_sufficient:
        rows, columns = counted(len(data.x), "row"), counted(len(data.features), "column")
        text = (
            f"{rows} and {columns} are too few to claim anything: {FEWEST_ROWS} rows and two"
            " columns are the least, and a hundred rows a good start."
        )
        yield Sentence("size", "no", text)


def codes_sentences(data: Dataset) -> Iterator[Sentence]:
    """Yield that a number probably means "missing", as its rows then look like a group."""
    if data.codes:
        text = (
            f"{few(data.codes)} is repeated and apart from all other values, as is a code for a"
            " missing value: structure and groups may be no more than the rows with it."
            f" {declare_codes(data.codes)}"
        )
        yield Sentence("values", "no", text)


def null_tables(design: Design) -> str:
    """Return the name of tables whose columns are not related; see `Design.rearranged`."""
    if design.time is not None:
        return "shifted tables"
    return "permuted tables" if design.groups is None else "tables with exchanged groups"


def rows_sentences(data: Dataset, split: Split) -> Iterator[Sentence]:
    """Yield whether dependent rows are taken into account, if rows depend on one another."""
    design = data.design
    if design.looks_ordered is not None:
        text = (
            "Rows look ordered: neighbouring rows are more similar than by chance (autocorrelation"
            f" {design.looks_ordered:.2f}), so that p values cannot be relied on. {WHAT_TO_STATE}"
        )
        yield Sentence("rows", "no", text)
    if design.is_exchangeable:
        return
    rows, group = len(data.x), short(printable(design.group_name))
    units = design.unit_count(rows)
    start = f"Rows come in groups ({group})" if group else "Rows follow one another in time"
    if design.time is not None:
        follow = "and follow one another in time, with" if group else "with"
        start += f", {follow} a correlation time of {counted(design.tau, 'row')}"
    held_out = {
        Together.rows: "Single rows are held out, so that the results hold for further rows of the"
        f" same {group or 'recording'}.",
        Together.groups: "Whole groups are held out.",
        Together.blocks: "Blocks of time are held out, with a gap before and after them.",
    }
    together = held_out_together(split, design)
    shifted = (
        "each column is shifted in time"
        if design.time is not None
        else "the values of each column are exchanged between groups"
    )
    text = (
        f"{start}: {rows:,} rows count as {units:,} independent ones. {held_out[together]} In the"
        f" tables without structure, {shifted}."
    )
    if design.is_too_short:
        text += " They are too few to distinguish structure from drift: record longer."
        yield Sentence("rows", "no", text)
    else:
        yield Sentence("rows", "undecided" if together is Together.rows else "yes", text)
