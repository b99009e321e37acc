"""Files of SPSS, read by pyreadstat."""

from collections.abc import Iterator

import pandas as pd
import pyreadstat

from aeexp.data.io.arrow import ROWS
from aeexp.data.io.frames import frames_table
from aeexp.data.io.names import listed
from aeexp.data.io.stata_sas import LABELLED
from aeexp.data.io.table_source import TableFile, TableSource


def open_spss(file: TableFile) -> TableSource:
    """Scan a file of SPSS; labelled values become text unless dataset.value_labels=false.

    Values that the file declares as missing are missing.
    """
    use_labels = file.format.value_labels is not False
    encoding = file.format.encoding

    def frames() -> Iterator[pd.DataFrame]:
        chunks = pyreadstat.read_file_in_chunks(
            pyreadstat.read_sav,
            str(file.path),
            chunksize=ROWS,
            apply_value_formats=use_labels,
            formats_as_category=False,
            encoding=encoding,
        )
        for frame, _ in chunks:
            yield frame

    _, header = pyreadstat.read_sav(str(file.path), metadataonly=True, encoding=encoding)
    labelled = list(header.variable_value_labels) if use_labels else []
    return frames_table(file.kind, frames, [LABELLED.format(listed(labelled))] if labelled else [])
