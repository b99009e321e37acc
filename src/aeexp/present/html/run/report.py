"""Build report.html from the directory of a run and its table."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from aeexp.config.spec import Experiment, NoFigures
from aeexp.data import Dataset
from aeexp.data.prepare import ProblemCache
from aeexp.present.html.render import render
from aeexp.present.html.run.cards import factor_cards
from aeexp.present.html.run.clusters import cluster_records, clustering_records
from aeexp.present.html.run.figures import figures_by_section
from aeexp.present.html.run.numbers import key_numbers
from aeexp.present.html.run.outliers import outlier_records
from aeexp.present.html.run.run_data import RunData
from aeexp.present.html.run.view import view
from aeexp.present.text.sentence import QUESTIONS
from aeexp.runs import Report

SCRIPTS = "column", "frame", "dots", "view", "choices", "report"


def report_page(experiment: Experiment, folder: Path, problems: ProblemCache) -> Report | None:
    """Return a function that builds the report; None if the experiment draws no figures."""
    if isinstance(experiment.figures, NoFigures):
        return None
    return lambda record: page(folder, problems.prepare(experiment).data, record)


def page(folder: Path, data: Dataset, record: Mapping[str, Any] | None = None) -> bytes:
    """Return the report of a run as one HTML file; template/report.html has its sections.

    Sections whose files are missing are left out, so a run that diverged has a report, too.
    Interactive are at most 100,000 rows, and as many features as fit into some megabytes.

    folder: of the run. data: the table of the run, for its labels and its features in original
    units. record: the content of run.json, where it is not written yet.
    """
    run = RunData(folder, record)
    split = run.latents.get("split", ())
    held_out = sum(part != "train" for part in split)
    sentences = run.document("answer").get("sentences", [])
    found = next((one for one in sentences if one["about"] == "structure"), None)
    advice, command = _advice(sentences)
    return render(
        "report",
        SCRIPTS,
        title=data.name,
        run=run,
        data=data,
        questions=QUESTIONS,
        found=found,
        sentences=[one for one in sentences if one is not found and one["about"] != "next"],
        next=advice,
        next_command=command,
        numbers=key_numbers(run),
        held_out=round(len(data.rows) * held_out / max(len(split), 1)),
        folds=len(set(run.latents.get("fold", ()))),
        exact=len(split) == len(data.rows),
        warnings=[*run.record.get("stamps", ()), *data.notes],
        view=view(run, data),
        cards=factor_cards(run),
        outliers=outlier_records(run),
        figures_of=figures_by_section(folder),
        clusterings=clustering_records(run),
        clusters=cluster_records(run),
        command=_command(run),
    )


def _advice(sentences: Sequence[Mapping[str, str]]) -> tuple[str, str]:
    """Return what to do next, and the command that ends the advice; "" for what is missing."""
    advice = next((one["sentence"] for one in sentences if one["about"] == "next"), "")
    before, start, command = advice.partition(": aeexp ")
    return (f"{before}:", f"aeexp {command}") if start else (advice, "")


def _command(run: RunData) -> str:
    """Return the command that repeats the run; empty if it was not recorded."""
    path = run.folder / ".hydra" / "overrides.yaml"
    if not path.is_file():
        return ""
    overrides: Any = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    return shlex.join(["aeexp", *map(str, overrides or ())])
