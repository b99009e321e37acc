"""page: the directory of a run and its table -> report.html."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aeexp.config.spec import Experiment, NoFigures
from aeexp.data import Dataset
from aeexp.data.prepare import Problems
from aeexp.present.html.render import render
from aeexp.present.html.run.contents import contents
from aeexp.present.html.run.kept import Kept
from aeexp.runs import Report

SCRIPTS = "page", "column", "frame", "dots", "view", "choices"


def report_page(experiment: Experiment, folder: Path, problems: Problems) -> Report | None:
    """Return what makes the report of a run; None where nothing is to be drawn."""
    if isinstance(experiment.figures, NoFigures):
        return None
    return lambda record: page(folder, problems.pose(experiment).data, record)


def page(folder: Path, data: Dataset, record: Mapping[str, Any] | None = None) -> bytes:
    """Return the report of a run as one HTML file.

    What the directory lacks is left out, so that a run that diverged has a report, too. At most
    100,000 rows can be looked at one by one, and as many features as fit into some megabytes.

    folder: of the run. data: the table that it is about, for its labels and its features in
    original units. record: the content of run.json, where it is not written yet.
    """
    template = Path(__file__).parent / "template" / "report"
    return render(template, *SCRIPTS, contents=contents(Kept(folder, record), data))
