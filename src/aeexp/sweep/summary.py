"""summarise: the directories of sweeps -> summary.csv, summary.json and summary.html."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from omegaconf import ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from aeexp.analysis.sweep.comparison import Comparison
from aeexp.analysis.sweep.judgement import Judgement, judge
from aeexp.analysis.sweep.outcome import outcomes
from aeexp.analysis.sweep.study import Study, study
from aeexp.config.safety import small_file
from aeexp.errors import UserError
from aeexp.present.html.sweep.summary import page
from aeexp.present.tables.sweep import table
from aeexp.present.text.chosen import chosen
from aeexp.present.text.conclusion import conclusion
from aeexp.present.text.next_sweep import next_sweep
from aeexp.present.text.sentence import Sentence
from aeexp.present.text.sweep import run_text
from aeexp.runs import Ledger, write_bytes
from aeexp.runs.write import as_json
from aeexp.text import printable


@dataclass(frozen=True)
class Failure:
    """A run that failed or is incomplete.

    sweep: the name of its sweep's directory. overrides: with several values in the sweep,
    "model=deep seed=0". reason: one line.
    """

    sweep: str
    number: int
    overrides: str
    status: str
    reason: str


@dataclass(frozen=True)
class Summary:
    """The content of a summary for the terminal.

    counts: runs by status. lines: the conclusion. table, page: the written files.
    """

    counts: Mapping[str, int]
    failures: Sequence[Failure]
    lines: Sequence[str]
    table: Path
    page: Path


def _objective(
    folders: Sequence[Path], studies: Sequence[Study]
) -> tuple[str | None, bool | None]:
    """Return the first objective of the sweeps, and whether it is maximised; None if they differ.

    A sweep that was no search recorded its objective in multirun.yaml.
    """
    searched = [(s.objectives[0], s.maximised[0]) for s in studies if s.objectives]
    recorded = [] if len(searched) == len(folders) else [*map(_recorded, folders)]
    objectives = {*searched, *((name, None) for name in recorded)}
    return objectives.pop() if len(objectives) == 1 else (None, None)


def _answer(judgement: Judgement | None, folders: Sequence[Path]) -> list[Sentence]:
    """Return the answer of a sweep; of several sweeps without a command."""
    if judgement is None:
        return []
    answer = [*chosen(judgement)]
    if answer and len(folders) == 1:
        answer.append(next_sweep(judgement, Ledger(folders[0]).arguments()))
    return answer


def _recorded(folder: Path) -> str | None:
    path = folder / "multirun.yaml"
    try:
        with small_file(path):
            objective = OmegaConf.select(OmegaConf.load(path), "sweep.objective")
    except (OSError, UserError, OmegaConfBaseException):
        return None
    names = objective if isinstance(objective, ListConfig) else [objective]
    return str(names[0]) if names and names[0] else None


def summarise(sweeps: Sequence[Path], into: Path) -> Summary:
    """Write summary.csv, summary.json and summary.html of one or several sweeps into a directory.

    Reads only the ledgers and the directories of the runs.

    Raises:
        UserError: One is not the directory of a sweep.
        OSError: The files cannot be written; older files are unchanged.
    """
    folders = list(dict.fromkeys(sweep.resolve() for sweep in sweeps))
    studies = [*filter(None, map(study, folders))]
    runs = [run for folder in folders for run in outcomes(folder)]
    comparison = Comparison(runs, *_objective(folders, studies))
    judgement = judge(comparison)
    answer = _answer(judgement, folders)
    concluded = conclusion(comparison, answer)
    files = {
        "summary.csv": table(comparison, into),
        "summary.json": as_json(
            {
                "counts": comparison.counts,
                **(judgement.document if judgement else {}),
                "sentences": [vars(sentence) for sentence in answer],
            }
        ),
        "summary.html": page(comparison, folders, studies, concluded, into),
    }
    for name, content in files.items():
        write_bytes(into / name, content)
    failures = [
        Failure(
            printable(run.sweep.name),
            run.number,
            printable(run_text(comparison, run)),
            run.status,
            run.reason,
        )
        for run in comparison.outcomes
        if run.reason
    ]
    return Summary(
        counts=comparison.counts,
        failures=failures,
        lines=concluded.lines,
        table=into / "summary.csv",
        page=into / "summary.html",
    )
