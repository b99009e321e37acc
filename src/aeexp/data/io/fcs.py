"""Flow cytometry files, read by FlowIO: a row for each event, a column for each channel."""

import flowio

from aeexp.data.io.matrix import Matrix, array_blocks, matrix_table
from aeexp.data.io.table_source import TableFile, TableSource
from aeexp.data.memory import in_units
from aeexp.errors import UserError

MEMORY = 4  # times the file's size: events as read and as scaled


def open_fcs(file: TableFile) -> TableSource:
    """Scan the events of a flow cytometry file, with gain, logarithm and time step applied.

    A channel is named by its marker ($PnS) or, without one, by its detector ($PnN).

    Raises:
        UserError: It is larger than the limit.
    """
    needed = MEMORY * file.path.stat().st_size
    if needed > file.most_bytes:
        raise UserError(
            f"its events need {in_units(needed)} of memory. Use fewer events, or raise"
            " dataset.max_bytes."
        )
    with file.path.open("rb") as stream:  # FlowIO does not close a file that it cannot read
        data = flowio.FlowData(stream)
    x = data.as_array()
    names = [s or n for n, s in zip(data.pnn_labels, data.pns_labels, strict=True)]
    return matrix_table(file.kind, Matrix(x.shape, x.dtype, array_blocks(x), names))
