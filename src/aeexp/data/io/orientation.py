"""Signs that a table is transposed, or has one value per line."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd

from aeexp.data.features import is_numeric, words
from aeexp.data.io.names import listed

NAMES_FEATURES = re.compile(
    r"(?i)#?(gene|ensembl|entrez|symbol|probe|transcript|protein|uniprot|peptide|metabolite|otu|asv"
    r"|taxon|taxa|cpg|mirna|id_ref)([_ .-]?(id|ids|name|names|symbol|set))?s?"
)
"""Names of a column whose cells name features, such as genes."""
FEATURE = re.compile(
    r"(?i)ENS[A-Z]*[GTP]\d{6,}(\.\d+)?|\S+_at|ILMN_\d+|cg\d{8}|[NX][MRP]_\d+(\.\d+)?"
    r"|(gene|probe|otu|asv|protein|metabolite|peptide)[_ .-]?\d+|hsa-.*|AT[1-5MC]G\d{5}"
)
"""Names of features, such as ENSG00000223972."""
SAMPLE = re.compile(
    r"(?i).*\.(bam|fastq|cel)|(GSM|SRR|ERR|DRR|SAMN|SAMEA)\d+.*|TCGA-.*|[ACGT]{10,}(-\d+)?"
    r"|(sample|patient|subject|donor|mouse|animal|rat|control|contr|ctrl|ctl|treat(ed|ment)?|case"
    r"|wt|ko|het|mut(ant)?|rep(licate)?|tumou?r|normal|healthy|disease)([_ .-]?\w{0,3})?[_ .-]?\d+"
)
"""Names of samples, such as GSM1234 or ctrl_2."""
NO_SAMPLE = re.compile(
    r"(?i)chr(om(osome)?)?|start|end|stop|strand|length|len|width|gc([_ .]?content)?|exons?"
    r"|log2?[_ .]?f(old[_ .]?)?c(hange)?|p[_ .]?val(ue)?s?|padj|fdr|base[_ .]?mean|mean|total"
)
"""Names of columns that describe features."""
NAMES_COLUMNS = re.compile(
    r"(?i)(gene|variable|feature|analyte|marker|metric|parameter|measure(ment)?|channel|unit|neuron"
    r"|taxon|otu|protein|metabolite|probe|species|item|question|quantity|property)s?([_ .-]?\w+)?"
)
"""Names of a column whose cells name the columns of a table."""
NAMES_VALUES = re.compile(
    r"(?i)values?|counts?|intensit(y|ies)|expression|levels?|reading|abundance|tpm|fpkm|rate|score"
    r"|measurement|result|concentration|signal|amount|response|answer"
)
"""Names of a column of values."""
MOST_TALL = 3
"""Rows for each column from which a table may be transposed."""
SAME_KIND = 1.5
"""Largest range of the columns' means, as a power of ten, if they are of one kind."""
SIMILAR, TALL, SAME_SIZE = 0.9, 5, 0.5
"""Without such names: the median rank correlation of columns from which they look like samples,
the rows for each column, and the largest range of their means. The lengths in the irises, which
correlate and have a common unit, are farther apart."""
DESCRIBES = 0.4
"""Median rank correlation from which a column with less than half of it looks like no sample."""
COMPLETE = 0.8
"""Share of the combinations that a table in long form has."""
MOST_ROWS, MOST_COLUMNS = 2_000, 50  # examined
MOST_TEXT = 10  # further columns of a transposed table, such as descriptions of genes


@dataclass(frozen=True)
class Sideways:
    """A table whose rows look like features and whose columns look like samples.

    names: the column that names the rows. samples: the number of columns that look like samples.
    others: columns of numbers that look like properties of the features, such as their length.
    named: whether names of rows or columns show it; otherwise only the numbers do.
    """

    names: str
    rows: int
    samples: int
    others: tuple[str, ...]
    named: bool

    @property
    def sentence(self) -> str:
        """Return the features of the table as it is, and how to transpose it."""
        others = f" {listed(self.others)} may be no sample: dataset.drop." if self.others else ""
        return (
            f"rows look like features and columns like samples ({self.rows:,} names in"
            f" '{self.names}', {self.samples:,} columns of one kind): the model learns how the"
            f" rows of '{self.names}' differ, not the samples. Set dataset.transpose=true to learn"
            f" from samples, or dataset.transpose=false if this is meant.{others}"
        )


def sideways(cells: Mapping[str, Any], rows: int) -> Sideways | None:
    """Return whether a table looks transposed. cells: by column, arrays or pandas series."""
    if rows < MOST_TALL * (len(cells) - MOST_TEXT):
        return None
    columns = {name: pd.Series(values) for name, values in cells.items()}
    numeric = [name for name, values in columns.items() if is_numeric(values)]
    text = [name for name in columns if name not in numeric]
    names = next((n for n in text if columns[n].nunique() == rows), None)
    samples = [name for name in numeric if not NO_SAMPLE.fullmatch(name)]
    if names is None or len(samples) < 3 or rows < MOST_TALL * len(samples):
        return None
    part = pd.DataFrame({n: columns[n].iloc[:MOST_ROWS] for n in samples[:MOST_COLUMNS]})
    correlation = part.corr("spearman").to_numpy(copy=True)
    np.fill_diagonal(correlation, np.nan)
    typical = np.nanmedian(correlation)
    others = [name for name in numeric if name not in samples]
    if typical > DESCRIBES:
        apart = np.nanmedian(correlation, axis=0) < typical / 2
        others += [name for name, yes in zip(part, apart, strict=True) if yes]
    samples = [name for name in samples if name not in others]
    size = part[[n for n in part if n in samples]].abs().mean()
    size = np.log10(size[size > 0])
    spread = size.max() - size.min()
    if len(samples) < 3 or not spread <= SAME_KIND:
        return None
    first = columns[names].iloc[:100].astype(str)
    named = (
        bool(NAMES_FEATURES.fullmatch(names.strip()))
        or first.str.fullmatch(FEATURE).mean() > 1 / 2
        or sum(SAMPLE.fullmatch(name) is not None for name in samples) > len(samples) / 2
    )
    similar = typical >= SIMILAR and spread <= SAME_SIZE and rows >= TALL * len(samples)
    if not (named or similar):
        return None
    return Sideways(names, rows, len(samples), tuple(others), named)


def long_form(cells: Mapping[str, Any], rows: int) -> tuple[str, str, str] | None:
    """Return the columns for dataset.pivot if a table has one value per line.

    Then one column has values, and the others enumerate: two of them have nearly all combinations
    of their names, each combination once.
    """
    if not 3 <= len(cells) <= 8:
        return None
    columns = {name: pd.Series(values) for name, values in cells.items()}
    measured = [name for name, values in columns.items() if _is_measured(name, values)]
    names = [name for name in columns if name not in measured]
    if len(measured) != 1 or len(names) < 2:
        return None
    keys = pd.DataFrame({name: words(columns[name]) for name in names})
    counts = keys.nunique()
    ordered = sorted(permutations(names, 2), key=lambda pair: not NAMES_COLUMNS.fullmatch(pair[1]))
    for row, column in ordered:
        combinations = counts[row] * counts[column]
        is_full = COMPLETE * combinations <= rows <= combinations
        is_table = counts[row] > 2 < counts[column]
        if is_full and is_table and not keys.duplicated([row, column]).any():
            return row, column, measured[0]
    return None


def _is_measured(name: str, values: "pd.Series[Any]") -> bool:
    if not is_numeric(values):
        return False
    return NAMES_VALUES.fullmatch(name) is not None or values.nunique() > len(values) / 2


def layout_notes(cells: Mapping[str, Any], rows: int) -> list[str]:
    """Return notes on the layout of a table that is learnt from as it is."""
    notes = []
    if found := sideways(cells, rows):
        notes.append(found.sentence)
    if pivot := long_form(cells, rows):
        notes.append(long_form_sentence(pivot))
    return notes


def long_form_sentence(pivot: Sequence[str]) -> str:
    """Return the features of a table in long form, and how to change it."""
    row, column, value = pivot
    return (
        f"the table looks like the long form of one with rows '{row}', columns '{column}' and"
        f" values '{value}'. Set dataset.pivot=[{','.join(pivot)}] to learn from the rows '{row}'"
    )
