"""Run directories: every file in them is written whole or not at all."""

from aeexp.runs.directory import claim, set_aside
from aeexp.runs.document import BrokenFileError
from aeexp.runs.files import refuse_links, remove_leftovers, replacing, subfolder, write_bytes
from aeexp.runs.ledger import Job, Ledger, locked
from aeexp.runs.model import StoredModel, read_model
from aeexp.runs.read import Run
from aeexp.runs.record import Record, config_hash
from aeexp.runs.rows import rows
from aeexp.runs.save import Report, error_line, save_artifacts, save_run, write_traceback
from aeexp.runs.schemas import Status
from aeexp.runs.write import write, write_json
from aeexp.text import slug

__all__ = [
    "BrokenFileError",
    "Job",
    "Ledger",
    "Record",
    "Report",
    "Run",
    "Status",
    "StoredModel",
    "claim",
    "config_hash",
    "error_line",
    "locked",
    "read_model",
    "refuse_links",
    "remove_leftovers",
    "replacing",
    "rows",
    "save_artifacts",
    "save_run",
    "set_aside",
    "slug",
    "subfolder",
    "write",
    "write_bytes",
    "write_json",
    "write_traceback",
]
