"""Files of Stata and SAS, read by pandas."""

from collections.abc import Iterator

import pandas as pd

from aeexp.data.io.arrow import ROWS
from aeexp.data.io.frames import frames_table, quietly
from aeexp.data.io.names import listed
from aeexp.data.io.table_source import TableFile, TableSource
from aeexp.errors import UserError

LABELLED = "value labels are read instead of codes in {} (see dataset.value_labels)"


def open_stata(file: TableFile) -> TableSource:
    """Scan a file of Stata; labelled values become text unless dataset.value_labels=false."""
    use_labels = file.format.value_labels is not False

    def frames() -> Iterator[pd.DataFrame]:
        with pd.read_stata(file.path, chunksize=ROWS, convert_categoricals=use_labels) as reader:
            yield from reader

    first = next(quietly(frames()), pd.DataFrame())
    labelled = [name for name, kind in first.dtypes.items() if kind == "category"]
    return frames_table(file.kind, frames, [LABELLED.format(listed(labelled))] if labelled else [])


def open_sas(file: TableFile) -> TableSource:
    """Scan a data set or a transport file of SAS.

    Raises:
        UserError: Its text is not in the encoding that is set or stated in the file.
    """
    is_transport = file.kind == "xpt"
    encoding = file.format.encoding or ("utf-8" if is_transport else "infer")

    def frames() -> Iterator[pd.DataFrame]:
        kind = "xport" if is_transport else "sas7bdat"
        with pd.read_sas(file.path, format=kind, encoding=encoding, chunksize=ROWS) as reader:
            yield from reader

    try:
        return frames_table(file.kind, frames, [])
    except UnicodeDecodeError as error:
        raise UserError(
            f"its text is not {error.encoding}. Set the encoding, for example"
            " dataset.encoding=cp1252."
        ) from error
