"""The formats of tables: their endings, their readers and the keys that apply to them.

A format is declared here and nowhere else. Readers are imported when a file needs them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from aeexp.errors import UserError

if TYPE_CHECKING:
    from aeexp.data.io.table_source import TableFile, TableSource

PACKINGS = ("gz", "bz2", "xz", "zst", "zip")
"""Endings of compressed files."""


@dataclass(frozen=True)
class FileFormat:
    """A format of files that have a table.

    title: its name in the documentation. endings: of file names, without the point. reader: the
    module in this package and its function, which returns a `TableSource`. keys: the fields of
    `Format` that apply, in addition to `GENERAL`. package: what the reader imports from the extra
    `formats`. packed: whether the file may also be compressed, such as .csv.gz.
    """

    title: str
    endings: tuple[str, ...]
    reader: str
    keys: tuple[str, ...] = ()
    package: str = ""
    packed: bool = False

    def open(self, file: "TableFile") -> "TableSource":
        """Scan a file of this format.

        Raises:
            UserError: It has no table, or the package for it is not installed.
        """
        module, _, function = self.reader.partition(":")
        try:
            reader: Callable[[TableFile], TableSource] = getattr(
                import_module(f"aeexp.data.io.{module}"), function
            )
        except ModuleNotFoundError as error:
            if error.name != self.package:
                raise
            raise UserError(
                f".{file.kind} files need the package {self.package}. Install it:"
                ' pip install "aeexp[formats]".'
            ) from error
        return reader(file)


GENERAL = ("transpose", "pivot", "rename", "metadata", "na", "units", "max_bytes")
"""The fields of `Format` that apply to files of any format."""
LINES = ("decimal", "thousands", "header", "header_rows", "skip", "comment", "max_line")
TEXT_KEYS = ("separator", *LINES, "encoding")
SHEET_KEYS = (*LINES, "sheet")

FORMATS = (
    FileFormat(
        "delimited text",
        ("csv", "tsv", "txt", "tab", "dat", "gct"),
        "text_file:open_text",
        TEXT_KEYS,
        packed=True,
    ),
    FileFormat("Parquet", ("parquet",), "arrow:open_parquet"),
    FileFormat("Arrow, Feather", ("feather", "arrow"), "arrow:open_arrow"),
    FileFormat("Excel", ("xlsx", "xls", "xlsb"), "excel:open_workbook", SHEET_KEYS),
    FileFormat("OpenDocument", ("ods",), "excel:open_workbook", SHEET_KEYS),
    FileFormat("AnnData", ("h5ad",), "h5ad:open_h5ad", ("layer",)),
    FileFormat("HDF5", ("h5", "hdf5"), "hdf5_file:open_hdf5", ("key",)),
    FileFormat("NWB", ("nwb",), "hdf5_file:open_hdf5", ("key", "bin_seconds")),
    FileFormat("MATLAB", ("mat",), "matlab:open_matlab", ("key",)),
    FileFormat("Matrix Market", ("mtx",), "matrix_market:open_matrix_market", packed=True),
    FileFormat("Stata", ("dta",), "stata_sas:open_stata", ("value_labels",)),
    FileFormat("SAS", ("sas7bdat", "xpt"), "stata_sas:open_sas", ("encoding",)),
    FileFormat(
        "SPSS", ("sav", "zsav"), "spss:open_spss", ("encoding", "value_labels"), "pyreadstat"
    ),
    FileFormat("SQLite", ("sqlite", "sqlite3", "db"), "sqlite:open_sqlite", ("query",)),
    FileFormat("flow cytometry", ("fcs",), "fcs:open_fcs", package="flowio"),
    FileFormat("R", ("rds", "rdata", "rda"), "r_data:open_r", ("key",), "rdata"),
    FileFormat("NumPy", ("npy", "npz"), "npy:open_array", ("key",)),
)

BY_ENDING = {ending: format for format in FORMATS for ending in format.endings}


def format_of(name: str) -> tuple[str, FileFormat]:
    """Return the ending of a file name, without that of a compression, and its format.

    Raises:
        UserError: There is no such format, or its files cannot be compressed.
    """
    stem, _, last = name.lower().rpartition(".")
    ending = stem.rpartition(".")[2] if last in PACKINGS else last
    format = BY_ENDING.get(ending)
    if format is None or (last in PACKINGS and not format.packed):
        raise UserError(f"the name must end in {_endings()}.")
    return ending, format


def _endings() -> str:
    """Return all endings as a part of a sentence."""
    packed = [f".{e}" for format in FORMATS if format.packed for e in format.endings]
    others = [f".{e}" for format in FORMATS if not format.packed for e in format.endings]
    packings = ", ".join(f".{packing}" for packing in PACKINGS)
    return f"{', '.join(packed)} (or these with {packings}), {', '.join(others)}"
