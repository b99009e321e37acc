"""Datasets: built in, generated or read from a file."""

import codecs
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from aeexp.config.spec._spec import IN_SCALED_UNITS, Spec, option, param
from aeexp.text import counted, exact, named

DISTRIBUTED = "as distributed with scikit-learn [@pedregosa2011]"


@dataclass(kw_only=True)
class DatasetSpec(Spec):
    """A table of numbers, with or without labels."""

    redefines = IN_SCALED_UNITS


@option("dataset", "wine")
@dataclass(kw_only=True)
class Wine(DatasetSpec):
    """178 wines x 13 chemical measurements, 3 cultivars (Forina et al., 1991)."""

    def methods(self) -> str:
        return f"chemical measurements of wines of 3 cultivars [@forina1991], {DISTRIBUTED}"


@option("dataset", "iris")
@dataclass(kw_only=True)
class Iris(DatasetSpec):
    """150 flowers x 4 lengths and widths, 3 species (Fisher, 1936)."""

    def methods(self) -> str:
        return (
            f"lengths and widths of the sepals and petals of irises [@fisher1936], {DISTRIBUTED}"
        )


@option("dataset", "breast_cancer")
@dataclass(kw_only=True)
class BreastCancer(DatasetSpec):
    """569 tumours x 30 measurements of cell nuclei, 2 diagnoses (Street et al., 1993)."""

    def methods(self) -> str:
        return f"measurements of cell nuclei in breast tumours [@street1993], {DISTRIBUTED}"


@option("dataset", "digits")
@dataclass(kw_only=True)
class Digits(DatasetSpec):
    """1,797 handwritten digits x 64 pixels, 10 digits (Alpaydin and Kaynak, 1998)."""

    def methods(self) -> str:
        return f"images of handwritten digits, 8 × 8 pixels each [@alpaydin1998], {DISTRIBUTED}"


@option("dataset", "diabetes")
@dataclass(kw_only=True)
class Diabetes(DatasetSpec):
    """442 patients x 10 measurements; target: disease progression (Efron et al., 2004)."""

    def methods(self) -> str:
        return f"measurements of patients with diabetes [@efron2004], {DISTRIBUTED}"


@dataclass(kw_only=True)
class Surface(DatasetSpec):
    """Points on a curved surface in 3 dimensions, generated with scikit-learn."""

    samples: int = param(1000, "Number of rows.", at_least=2)
    noise: float = param(
        0.0, "Standard deviation of Gaussian noise added to each value.", at_least=0
    )
    seed: int = param(0, "Random seed of the data.", at_least=0, below=2**32)

    def _generated(self) -> str:
        noise = f"with normal noise of standard deviation {exact(self.noise)}"
        return (
            f"{noise if self.noise else 'without noise'}, generated with scikit-learn"
            f" [@pedregosa2011] (seed {self.seed})"
        )


@option("dataset", "swiss_roll")
@dataclass(kw_only=True)
class SwissRoll(Surface):
    """Swiss roll: a rolled-up surface in 3 dimensions; target: position along the roll."""

    def methods(self) -> str:
        return f"points on a Swiss roll [@tenenbaum2000] {self._generated()}"


@option("dataset", "s_curve")
@dataclass(kw_only=True)
class SCurve(Surface):
    """S-curve: an S-shaped surface in 3 dimensions; target: position along the S."""

    def methods(self) -> str:
        return f"points on an S-shaped sheet {self._generated()}"


@option("dataset", "blobs")
@dataclass(kw_only=True)
class Blobs(DatasetSpec):
    """Isotropic Gaussian clusters with known labels."""

    samples: int = param(500, "Number of rows.", at_least=2)
    features: int = param(10, "Number of columns.", at_least=1)
    centers: int = param(4, "Number of clusters, which are the classes.", at_least=1)
    spread: float = param(1.0, "Standard deviation of each cluster.", above=0)
    seed: int = param(0, "Random seed of the data.", at_least=0, below=2**32)

    def methods(self) -> str:
        clouds = counted(self.centers, "isotropic Gaussian cloud")
        return (
            f"{clouds} of standard deviation {exact(self.spread)}, generated with scikit-learn"
            f" [@pedregosa2011] (seed {self.seed})"
        )


PIVOT = "three columns: names of rows, names of columns and values, such as [sample,gene,count]"


@dataclass(kw_only=True)
class Format(Spec):
    """How a file is read. null: detected, and reported if it is not the usual value."""

    separator: str | None = param(
        None, "Separator of the fields: one character, tab, or blank for one or more spaces."
    )
    decimal: str | None = param(None, "Decimal mark: point or comma.")
    thousands: str | None = param(None, "Thousands separator.")
    encoding: str | None = param(None, "Character encoding of a text file, such as latin-1.")
    header: bool | None = param(
        None,
        "Whether the first line has the column names. null: yes, but an error if all of them are"
        " numbers; false: the columns are named x1, x2, ….",
    )
    header_rows: int | None = param(
        None,
        "Rows with the names of the columns, which are joined by _. null: detected; 1: the rows"
        " below the first are data.",
        at_least=1,
        at_most=10,
    )
    skip: int | None = param(None, "Lines before the names. null: detected.", at_least=0)
    comment: Any = param(
        [],
        "Lines that are no rows: the marks that they begin with, such as '#', or their first"
        " cells, such as [Mean,SD].",
    )
    sheet: str | None = param(None, "Sheet of a workbook. null: the first.")
    transpose: bool | None = param(
        None,
        "Whether to exchange rows and columns, as in a table of genes × samples. null: no, with a"
        " note if the columns look like samples.",
    )
    pivot: Any = param(
        [],
        "For a table with one value per line: the columns with the names of the rows, the names of"
        " the columns, and the values, such as [sample,gene,count].",
    )
    rename: Any = param(
        None,
        "New names of columns, such as {X1.Methyl: 1-Methyl}, or [['a, b','c:d']] for names with"
        " special characters.",
    )
    metadata: str | None = param(
        None,
        "A second table, whose rows are matched by the names in dataset.id. Its columns are not"
        " features, but can be named as label, group, batch or time.",
    )
    na: Any = param(
        [],
        "Numbers and words that mean a missing value, in all columns, such as [-200,n.d.,'<*']; *"
        " matches any characters. none: numbers that look like codes are measurements.",
    )
    units: Any = param(
        [],
        "Units to remove from numbers in cells of text, such as ['%',Hz]. The cells of a column"
        " must have the same unit.",
    )
    layer: str | None = param(None, "Matrix of an .h5ad file: X, a layer, or raw. null: X.")
    key: str | None = param(
        None,
        "Matrix of a file with several: spikes or data.spikes in a .mat file, /a/b in an .h5 or"
        " .nwb file, the name of an array in an .npz file. null: the only one.",
    )
    query: str | None = param(
        None, "SQL query to an SQLite database, which is not changed. null: its only table."
    )
    value_labels: bool | None = param(
        None,
        "Whether a Stata or SPSS file is read with the labels of values, as text, or with their"
        " codes, as numbers. null: labels.",
    )
    bin_seconds: float | None = param(
        None,
        "Bins in which the spikes of an .nwb file are counted, in seconds. null: 0.1.",
        above=0,
    )
    max_line: int | None = param(
        None, "Maximum characters in a line of text. null: 16777216.", at_least=2**20
    )
    max_bytes: int | None = param(
        None,
        "Maximum bytes of an unpacked file and of the table in memory. null: a quarter of the free"
        " memory for the file, all free memory for the table.",
        at_least=1,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.separator not in (None, "tab", "blank", "\\t"):
            self._check_mark("separator", self.separator)
        if self.decimal not in (None, ".", ","):
            self.reject("decimal", "'.' or ','", repr(self.decimal))
        if self.thousands is not None:
            self._check_mark("thousands", self.thousands)
            if self.thousands == self.decimal:
                self.reject("thousands", "different from decimal", repr(self.thousands))
        if self.encoding is not None:
            self._check_encoding(self.encoding)
        self.comment = self._texts("comment", self.comment, "texts, such as ['#',Mean]")
        if not all(mark.strip() for mark in self.comment):
            self.reject("comment", "texts that are not empty, such as ['#',Mean]", self.comment)
        self.pivot = self._texts("pivot", self.pivot, PIVOT)
        if len({*self.pivot}) not in (0, 3):
            self.reject("pivot", PIVOT, self.pivot)
        self.na = self._texts("na", self.na, "numbers and words, such as [-200,n.d.]")
        self.units = self._texts("units", self.units, "units, such as ['%',Hz]")
        self._check_names()

    def _texts(self, field: str, value: Any, what: str) -> list[str]:
        texts = value if isinstance(value, list) else [] if value is None else [value]
        if not all(isinstance(text, str | int | float) for text in texts):
            self.reject(field, what, value)
        return [str(text) for text in texts]

    def _check_names(self) -> None:
        pairs = self.rename or []
        if isinstance(pairs, dict):
            # YAML reads {a:b} as {"a:b": null}
            pairs = [[k, v] if v is not None else str(k).split(":", 1) for k, v in pairs.items()]
        if not isinstance(pairs, list) or not all(
            isinstance(pair, list) and len(pair) == 2 and str(pair[1]) for pair in pairs
        ):
            what = "old and new names of columns, such as {X1.Methyl: 1-Methyl}"
            self.reject("rename", what, self.rename)
        self.rename = {str(old): str(new) for old, new in pairs} or None

    def _check_mark(self, name: str, mark: str) -> None:
        if len(mark) != 1 or mark.isalnum() or mark in '"\r\n\0+-\ufeff\ufffd':
            self.reject(name, "one character, no letter, digit, sign or quote", repr(mark))

    def _check_encoding(self, encoding: str) -> None:
        try:
            codecs.lookup(encoding)
            "".encode(encoding)
        except (LookupError, ValueError):
            self.reject("encoding", "a text encoding of Python, such as latin-1", encoding)


class Missing(Enum):
    """Handling of missing values; replacements are estimated from the training rows."""

    error = "error"
    drop_rows = "drop_rows"
    mean = "mean"
    median = "median"
    knn = "knn"


class BatchCorrection(Enum):
    """Removal of differences between batches, learnt from the training rows."""

    none = "none"
    mean = "mean"
    mean_and_scale = "mean_and_scale"


class Infinite(Enum):
    """Handling of infinite values."""

    error = "error"
    missing = "missing"


class Categorical(Enum):
    """Handling of text columns."""

    error = "error"
    onehot = "onehot"
    drop = "drop"


@option("dataset", "table")
@dataclass(kw_only=True)
class Table(Format, DatasetSpec):
    """Your own table, one sample per row. docs/tables.md lists the formats of files."""

    path: str = param("", "Path of the file.")
    columns: Any = param(
        [], "Feature columns, by name or pattern ('gene_*'). []: all other columns."
    )
    drop: Any = param([], "Columns to ignore, by name or pattern.")
    label: Any = param(
        [], "Label columns: not features, but compared with the factors; the first in most detail."
    )
    id: str | None = param(None, "Column with the row names. null: numbers from 0.")
    time: str | None = param(
        None,
        "Order of the rows: a column of numbers or dates, rows (the order in the file), or none"
        " (the order has no meaning). null: not stated.",
    )
    group: str | None = param(
        None,
        "Column of the animal, subject or session of each row. Rows of a group are not"
        " independent: they are held out together. Not a feature.",
    )
    batch: str | None = param(
        None,
        "Column of the plate, run or site of each row. Not a feature, but compared with the"
        " factors: the answer states whether they show it.",
    )
    batch_correction: BatchCorrection = param(
        BatchCorrection.none,
        "Removal of the batch from the features: the differences of its means, or these and those"
        " of its standard deviations.",
    )
    covariates: Any = param(
        [],
        "Columns such as age or sex whose effects are removed from the features by least squares,"
        " by name or pattern. Not features.",
    )
    missing: Missing = param(
        Missing.error, "Handling of missing values; knn: impute from the 5 nearest rows."
    )
    infinite: Infinite = param(Infinite.error, "Handling of infinite values.")
    categorical: Categorical = param(
        Categorical.error, "Handling of text columns; onehot: one feature per category."
    )
    log1p: Any = param([], "Columns to transform by log(1 + value), by name or pattern.")
    sample: int | None = param(
        None, "Size of a random subset of the rows, for a first look. null: all rows.", at_least=2
    )
    seed: int = param(0, "Random seed of the subset.", at_least=0, below=2**32)

    def __post_init__(self) -> None:
        super().__post_init__()
        for field in ("columns", "drop", "label", "covariates", "log1p"):
            what = "names of columns, such as [age,weight]"
            setattr(self, field, self._texts(field, getattr(self, field), what))
        if self.batch is None and self.batch_correction is not BatchCorrection.none:
            self.reject("batch", "the column of the batch for batch_correction", self.batch)

    def methods(self) -> str:
        return f"the table {named(Path(self.path).stem)}"
