"""`aeexp list` and `aeexp open`: which runs and sweeps there are, and the page of one."""

import json
import shutil
import sys
import webbrowser
from argparse import Namespace
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from socket import gethostname
from typing import Any, NamedTuple

from psutil import pid_exists

from aeexp.app.outputs import LEDGER, RECORD, directories, find, is_sweep
from aeexp.errors import UserError
from aeexp.text import counted, listed, printable, short

MOST = 20  # runs and sweeps that are listed without --all
WIDTH, LEAST = 200, 40  # characters of a line that is not for a terminal, and of a result
PAGES = ("report.html", "summary.html")
NOT_JSON = (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What a file with other content than aeexp writes can raise."""


class Entry(NamedTuple):
    """A line of the list. result: the answer of a run, or the settings of a sweep."""

    directory: str
    dataset: str
    status: str
    result: str


def list_runs(arguments: Namespace) -> int:
    """Print the runs and sweeps below a directory, the last written first."""
    folders = directories(arguments.folder)
    entries = [*map(_entry, folders if arguments.all else folders[:MOST])]
    lines = [Entry(*Entry._fields), *entries]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    most = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH
    rest = max(LEAST, most - sum(width + 2 for width in widths[:-1]))
    for *cells, result in lines if entries else ():
        columns = [f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=False)]
        sys.stdout.write("  ".join([*columns, short(result, rest)]).rstrip() + "\n")
    if not entries:
        sys.stdout.write(f"There is no run below {arguments.folder}/.\n")
    if older := len(folders) - len(entries):
        sys.stdout.write(f"and {counted(older, 'older one')}: aeexp list --all\n")
    return 0


def open_page(arguments: Namespace) -> int:
    """Open the report of a run, or the summary of a sweep, in a browser; print its path.

    Raises:
        UserError: There is no such page.
    """
    folder = find(arguments.run)
    pages = [folder / name for name in PAGES if (folder / name).is_file()]
    if not pages:
        raise UserError(
            f"{folder} has no {listed(PAGES, and_=' or ')}: it failed, has not ended, or was made"
            " with figures=none."
        )
    sys.stdout.write(f"{printable(str(pages[0]))}\n")
    webbrowser.open(pages[0].resolve().as_uri())
    return 0


def _entry(folder: Path) -> Entry:
    try:
        entry = _sweep(folder) if is_sweep(folder) else _run(folder)
    except NOT_JSON as error:
        entry = Entry(str(folder), "", "unreadable", str(error))
    return Entry(*map(printable, entry))


def _run(folder: Path) -> Entry:
    record = _content(folder / RECORD)
    status = record["status"]
    if status == "RUNNING" and record["host"] == gethostname() and not pid_exists(record["pid"]):
        status = "INCOMPLETE"  # its process was killed
    return Entry(str(folder), _dataset(record), status.lower(), _result(folder, record))


def _result(folder: Path, record: Mapping[str, Any]) -> str:
    """Return the sentence on what a run has found, or why it found nothing."""
    answer = folder / "answer.json"
    sentences = _content(answer)["sentences"] if answer.is_file() else []
    by_question = {sentence["about"]: sentence for sentence in reversed(sentences)}
    first: dict[str, str] = by_question.get("structure") or next(iter(sentences), {})
    texts = (
        record.get("error"),
        first.get("short"),
        first.get("sentence"),
        record.get("verdict", {}).get("sentence"),
    )
    return next(filter(None, texts), "")


def _sweep(folder: Path) -> Entry:
    jobs: dict[int, str] = {}
    records, settings = [], ""
    for line in (folder / LEDGER).read_text("utf-8").splitlines():
        event = json.loads(line)
        match event["event"]:
            case "begun":
                words = [w for w in event["words"] if not w.startswith(("hydra", "-"))]
                settings = settings or f"sweep: {' '.join(words)}"
            case "started":
                records.append(folder / event["directory"] / RECORD)
                jobs[event["job"]] = "not ended"
            case "planned":
                jobs.setdefault(event["job"], "not run")
            case "finished":
                jobs[event["job"]] = event["status"].lower()
            case "failed":
                jobs[event["job"]] = "failed"
    dataset = next((_dataset(_content(path)) for path in records if path.is_file()), "")
    status = ", ".join(f"{count} {name}" for name, count in Counter(jobs.values()).items())
    return Entry(str(folder), dataset, status, settings)


def _dataset(record: Mapping[str, Any]) -> str:
    """Return the name of a dataset or of its file; of older runs, the name of its class."""
    return record.get("dataset") or record.get("specs", {}).get("dataset", "").lower()


def _content(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))
