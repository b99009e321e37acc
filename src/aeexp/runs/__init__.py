"""The run directory: made once, written file by file, each whole or not at all."""

from aeexp.runs.directory import claim
from aeexp.runs.record import Record, Status
from aeexp.runs.write import write, write_bytes

__all__ = ["Record", "Status", "claim", "write", "write_bytes"]
