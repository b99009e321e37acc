"""Where the rows come from."""

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
    """A table of numbers, perhaps with labels."""

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
    """442 patients x 10 measurements, progression as numeric target (Efron et al., 2004)."""

    def methods(self) -> str:
        return f"measurements of patients with diabetes [@efron2004], {DISTRIBUTED}"


@option("dataset", "swiss_roll")
@dataclass(kw_only=True)
class SwissRoll(DatasetSpec):
    """A sheet rolled up in 3 dimensions; its numeric target is the position along the roll."""

    samples: int = param(1000, "Number of rows.", at_least=2)
    noise: float = param(0.0, "Standard deviation of the noise added to each value.", at_least=0)
    seed: int = param(0, "Seed of the generated data.", at_least=0, below=2**32)

    def methods(self) -> str:
        return f"points on a Swiss roll [@tenenbaum2000] {_generated(self)}"


@option("dataset", "s_curve")
@dataclass(kw_only=True)
class SCurve(DatasetSpec):
    """A sheet bent to an S in 3 dimensions; its numeric target is the position along the S."""

    samples: int = param(1000, "Number of rows.", at_least=2)
    noise: float = param(0.0, "Standard deviation of the noise added to each value.", at_least=0)
    seed: int = param(0, "Seed of the generated data.", at_least=0, below=2**32)

    def methods(self) -> str:
        return f"points on an S-shaped sheet {_generated(self)}"


def _generated(spec: SwissRoll | SCurve) -> str:
    noise = f"with normal noise of standard deviation {exact(spec.noise)}"
    return (
        f"{noise if spec.noise else 'without noise'}, generated with scikit-learn"
        f" [@pedregosa2011] (seed {spec.seed})"
    )


@option("dataset", "blobs")
@dataclass(kw_only=True)
class Blobs(DatasetSpec):
    """Gaussian clouds of known membership: structure that is there to be found."""

    samples: int = param(500, "Number of rows.", at_least=2)
    features: int = param(10, "Number of columns.", at_least=1)
    centers: int = param(4, "Number of clouds, which are the classes.", at_least=1)
    spread: float = param(1.0, "Standard deviation of each cloud.", above=0)
    seed: int = param(0, "Seed of the generated data.", at_least=0, below=2**32)

    def methods(self) -> str:
        clouds = counted(self.centers, "isotropic Gaussian cloud")
        return (
            f"{clouds} of standard deviation {exact(self.spread)}, generated with scikit-learn"
            f" [@pedregosa2011] (seed {self.seed})"
        )


@dataclass(kw_only=True)
class Format(Spec):
    """How a file is read. What is null is detected, and said where it is not the plain default."""

    separator: str | None = param(
        None, "The character between fields; tab stands for a tab, blank for runs of blanks."
    )
    decimal: str | None = param(None, "The decimal mark, a point or a comma.")
    thousands: str | None = param(None, "The mark between groups of three digits.")
    encoding: str | None = param(None, "The encoding of a text file, such as latin-1.")
    header: bool | None = param(
        None,
        "Whether the first line holds names; null refuses names that are all numbers, true takes"
        " them, and with false the columns are x1, x2, ….",
    )
    sheet: str | None = param(None, "The sheet of a workbook; null takes the first.")
    max_line: int | None = param(
        None, "Most characters of a line of text; null is 16777216.", at_least=2**20
    )
    max_bytes: int | None = param(
        None,
        "Most bytes that a compressed file may unpack to, and that the table may take in memory;"
        " null is a quarter of the free memory for the one, all of it for the other.",
        at_least=1,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        named = ("tab", "blank", "\\t")
        if self.separator is not None and self.separator not in named:
            self._check_mark("separator", self.separator)
        if self.decimal not in (None, ".", ","):
            self.refuse("decimal", "'.' or ','", repr(self.decimal))
        if self.thousands is not None:
            self._check_mark("thousands", self.thousands)
        if self.thousands is not None and self.thousands == self.decimal:
            self.refuse("thousands", "another mark than decimal", repr(self.thousands))
        if self.encoding is not None:
            self._check_encoding(self.encoding)

    def _check_mark(self, name: str, mark: str) -> None:
        if len(mark) != 1 or mark.isalnum() or mark in '"\r\n\0+-\ufeff\ufffd':
            self.refuse(name, "one character, none of letters, digits and quotes", repr(mark))

    def _check_encoding(self, encoding: str) -> None:
        try:
            codecs.lookup(encoding)
            "".encode(encoding)
        except (LookupError, ValueError):
            self.refuse("encoding", "one that Python knows, such as utf-8 or latin-1", encoding)


class Missing(Enum):
    """What becomes of cells without a number; what fills them is learnt from the training rows."""

    error = "error"
    drop_rows = "drop_rows"
    mean = "mean"
    median = "median"
    knn = "knn"


class Infinite(Enum):
    """What becomes of infinities."""

    error = "error"
    missing = "missing"


class Categorical(Enum):
    """What becomes of columns of text."""

    error = "error"
    onehot = "onehot"
    drop = "drop"


@option("dataset", "table")
@dataclass(kw_only=True)
class Table(Format, DatasetSpec):
    """Your own table: csv, tsv, parquet, feather, xlsx, npy or npz, a row for each thing."""

    path: str = param("", "The file.")
    columns: Any = param(
        [], "Columns to learn from, by name or pattern ('gene_*'); none named takes all others."
    )
    drop: Any = param([], "Columns to leave out, by name or pattern.")
    label: Any = param(
        [], "Columns that are known about the rows, not learnt from; most is told of the first."
    )
    id: str | None = param(None, "Column that names the rows; null numbers them from 0.")
    missing: Missing = param(
        Missing.error, "What becomes of cells without a number; knn takes the 5 nearest rows."
    )
    infinite: Infinite = param(Infinite.error, "Whether infinities count as missing.")
    categorical: Categorical = param(
        Categorical.error, "What becomes of columns of text: onehot makes each category a feature."
    )
    log1p: Any = param([], "Columns whose log(1 + value) is learnt, by name or pattern.")
    sample: int | None = param(
        None, "Rows chosen at random, for a first look; null takes all.", at_least=2
    )
    seed: int = param(0, "Seed that chooses the sample.", at_least=0, below=2**32)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("columns", "drop", "label", "log1p"):
            setattr(self, name, self._names(name, getattr(self, name)))

    def _names(self, name: str, said: Any) -> list[str]:
        names = said if isinstance(said, list) else [] if said is None else [said]
        if not all(isinstance(each, str | int | float) for each in names):
            self.refuse(name, "names of columns, such as [age,weight]", said)
        return [str(each) for each in names]

    def methods(self) -> str:
        return f"the table {named(Path(self.path).stem)}"
