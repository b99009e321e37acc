"""The progress and the results of a run on the terminal."""

import math
import shlex
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from aeexp.analysis.choice import setting
from aeexp.analysis.latent import neighbourhoods
from aeexp.config.metrics import SPACES
from aeexp.config.spec import Autoencoder, Experiment, HowMany, LearningRate
from aeexp.data import Classes, Values
from aeexp.data.automatic import candidates
from aeexp.data.prepare import Problem
from aeexp.present.terminal.output import lossy
from aeexp.present.terminal.pace import Pace
from aeexp.present.text.sentence import MARKS, QUESTIONS
from aeexp.runs.artifact import Artifact, Document, Metrics
from aeexp.runs.artifact import Table as Columns
from aeexp.runs.progress import Monitor, Progress
from aeexp.text import counted, listed, printable, short

MAX_FEATURES = 4  # listed for each sign of a factor
MOST_NOTES, MOST_ANSWERS, MOST_CAVEATS = 3, 12, 2  # lines without --verbose


def quiet_console() -> Console:
    """Return a console on standard output that drops what cannot be written.

    In a notebook it shows progress bars if ipywidgets is installed, and else prints plain lines.
    """
    console = Console(file=lossy(sys.stdout), highlight=False)
    if not console.is_jupyter:
        return console
    shows_bars = find_spec("ipywidgets") is not None  # without it, rich warns of every bar
    return Console(
        file=console.file, highlight=False, force_jupyter=shows_bars, force_terminal=shows_bars
    )


class Terminal(Monitor):
    """Prints the progress and the answer of a run, in at most 25 lines unless it is verbose.

    The first Ctrl-C stops the training after an epoch. verbose: print long sentences and tables.
    """

    def __init__(self, *, verbose: bool = False) -> None:
        self.console, self.verbose = quiet_console(), verbose
        self.artifacts: dict[str, Artifact] = {}
        self.rows, self.phase, self.trains_own = 0, "training", True
        self.pace = Pace()
        self.interrupt = signal.getsignal(signal.SIGINT)
        self.bar = progress_bar(self.console, TimeRemainingColumn())

    def on_start(self, experiment: Experiment, problem: Problem) -> None:
        self.rows, notes = len(problem.data.rows), problem.data.notes
        table, model = _plan(experiment, problem)
        most = len(notes) if self.verbose else MOST_NOTES
        further = [f"{len(notes) - most} more notes: --verbose"] if len(notes) > most else []
        for line in (table, *notes[:most], *further, model):
            self.print_line(line)
        self.task = self.bar.add_task("", total=None)
        signal.signal(signal.SIGINT, self._stop)

    def on_phase(self, title: str, *, own: bool) -> None:
        self.phase, self.trains_own = title, own

    def on_epoch(self, progress: Progress) -> None:
        done, total = progress.done, progress.total
        if progress.first and self.trains_own:
            first = progress.first
            text = "  ".join(named_losses({"loss": first.loss, "val_loss": first.val_loss}))
        else:
            text = f"{len(progress.loss)} of {counted(progress.members, 'model')} in training"
        if self.console.is_terminal:
            self.bar.start()
            self.bar.update(self.task, total=total, completed=done, description=text)
        else:
            self._report(done, total, f"{self.phase}: epoch {done}/{total}  {text}")

    def on_step(self, done: int, total: int, title: str) -> None:
        self._report(done, total, f"{title} {done}/{total}")

    def _report(self, done: int, total: int, text: str) -> None:
        """Print a line on progress and the time left, ever more rarely."""
        if (left := self.pace.time_left(done, total)) is not None:
            self.print_line(f"{text}  at most {left:.0f} s left")

    def on_trained(self, seconds: float, compiling: float) -> None:
        self.pace.restart()
        self.bar.stop()
        signal.signal(signal.SIGINT, self._halt)
        super().on_trained(seconds, compiling)

    def on_artifact(self, artifact: Artifact, files: Sequence[Path] = ()) -> None:
        super().on_artifact(artifact, files)
        if isinstance(artifact, Metrics | Document):
            self.artifacts[artifact.name] = artifact
        if isinstance(artifact, Columns) and artifact.name == "history":
            epochs = len(artifact.columns["loss"])
            last = {name: values[-1] for name, values in artifact.columns.items() if epochs}
            if epochs:
                text = "  ".join(named_losses(last))
                self.print_line(f"the model of this run: {counted(epochs, 'epoch')}  {text}")

    def on_end(self, record: Mapping[str, Any], folder: Path) -> None:
        self.bar.stop()
        signal.signal(signal.SIGINT, self.interrupt)
        answer = self.artifacts.get("answer")
        match self.artifacts.get("metrics"), self.artifacts.get("interpretation"):
            case Metrics(values=metrics), Document(content=content):
                if self.verbose or not answer:
                    self.console.print(_reconstruction(metrics))
                if self.verbose:
                    self._print_tables(metrics, content, record.get("spaces", {}))
        if isinstance(answer, Document):
            self._print_answer(answer.content["sentences"], record.get("stamps", ()), folder)
        if "verdict" in record and (self.verbose or not answer):
            self.print_line(record["verdict"]["sentence"])
        if "error" in record:
            self.print_line(f"{record['error']} (see {folder / 'traceback.txt'})")
        report = folder / "report.html"
        path = _near(report if report.exists() else folder)
        self.print_line(f"{record['status'].lower()}: {path}")

    def _print_tables(
        self, metrics: Mapping[str, float], content: Mapping[str, Any], spaces: Mapping[str, str]
    ) -> None:
        self.console.print("", _clusterings(metrics, spaces), sep="\n")
        for line in (*_neighbourhoods(metrics, self.rows), *_factors(content)):
            self.print_line(line)

    def _print_answer(
        self, sentences: Sequence[Mapping[str, str]], caveats: Sequence[str], folder: Path
    ) -> None:
        """Print a line for each sentence: mark, question, answer; and the next command."""
        *answers, following = sentences
        if following["about"] != "next":
            answers, following = [*sentences], {}
        most = len(answers) if self.verbose else MOST_ANSWERS
        for part in answers[:most]:
            text = part["sentence"] if self.verbose else part["short"]
            question = QUESTIONS.get(part["about"], part["about"])
            self.print_line(f"{MARKS[part['claim']]} {question} {text}")
        if len(answers) > most:
            self.print_line(f"{len(answers) - most} more answers: in the report, or --verbose")
        for caveat in caveats if self.verbose else caveats[:MOST_CAVEATS]:
            self.print_line(f"! {caveat}")
        if following:
            self.print_line(f"→ {QUESTIONS['next']} {following['short']}")
        if "command" in following:
            self.print_line(f"  {following['command'].replace(' RUN ', f' {_near(folder)} ')}")

    def print_line(self, line: str) -> None:
        """Print a line, above the bar if there is one."""
        self.console.print(Text(printable(line)), soft_wrap=True)

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stop = True
        signal.signal(signal.SIGINT, self._halt)  # first, as a second Ctrl-C may follow at once
        self.print_line(
            "Stopping after the current epoch. Press Ctrl-C again to stop immediately."
        )

    def _halt(self, number: int, frame: FrameType | None) -> None:
        """Interrupt the run. `halted` records it, as some libraries swallow the exception."""
        self.halted = True
        handler = self.interrupt if callable(self.interrupt) else signal.default_int_handler
        handler(number, frame)


def _near(path: Path) -> str:
    """Return a path relative to the working directory if it is in it, quoted for the shell."""
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def losses(progress: Progress) -> str:
    """Return the losses of one member; of several, the median, the best and how many train."""
    if progress.members == 1:
        return "  ".join(
            named_losses({"loss": progress.loss[0], "val_loss": progress.val_loss[0]})
        )
    held_out = not np.isnan(progress.val_loss).all()
    name, values = ("val_loss", progress.val_loss) if held_out else ("loss", progress.loss)
    finite = values[np.isfinite(values)].astype(float)
    median, best = (np.median(finite), finite.min()) if finite.size else (math.nan, math.nan)
    training = f"{len(values)}/{progress.members} training"
    return f"{name} median {median:.3g}, best {best:.3g}, {training}"


def named_losses(metrics: Mapping[str, float]) -> list[str]:
    """Return "loss 0.1" and "val_loss 0.2", as far as they are known."""
    values = {name: metrics.get(name, math.nan) for name in ("loss", "val_loss")}
    return [f"{name} {value:.4g}" for name, value in values.items() if not math.isnan(value)]


def progress_bar(console: Console, *times: ProgressColumn) -> Bar:
    """Return a progress bar that is shown on terminals only. times: its last columns."""
    return Bar(
        BarColumn(bar_width=12),  # leaves room for the other columns on 80 characters
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        *times,
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )


def _plan(experiment: Experiment, problem: Problem) -> tuple[str, str]:
    """Return a line on the table, and one on the model, its training and the other models."""
    data, model = problem.data, experiment.model
    match data.label:
        case Classes(name=name, names=names):
            label = f", {counted(len(names), 'class', 'classes')} ({name})"
        case Values(name=name):
            label = f", a numeric target ({name})"
        case _:
            label = ""
    table = (
        f"{data.name}: {len(data.rows)} rows × {len(data.features)} features{label};"
        f" {_split(problem)}"
    )
    splits = problem.folds or (problem,)
    trials = [c.experiment for c in candidates(experiment, len(splits[0].rows.train))]
    settings = [*dict.fromkeys(map(setting, trials))]
    first, is_auto = trials[-1], experiment.training.epochs is None
    most = f"at most {first.training.max_epochs}" if is_auto else f"{first.training.max_epochs}"
    latent, epochs = str(model.latent_dim), f"{most} epochs"
    tried_rates = sorted({trial.optimizer.rate for trial in trials})
    rate, models = " or ".join(f"{rate:g}" for rate in tried_rates), ""
    match experiment.question:
        case HowMany(seeds=seeds, copies=copies, dimensions=highest):
            latent = "k"
            models = f"; for each k up to {highest}: {seeds} seeds, {copies} permuted copies"
        case LearningRate(lowest=lowest, highest=highest_rate, rates=rates):
            rate, epochs = f"{lowest:g} to {highest_rate:g}", "a few epochs"
            models = f"; {rates} rates"
        case _ if experiment.models > 1:
            models = f"; {counted(experiment.models - 1, 'control model')}"
    hidden = model.hidden if isinstance(model, Autoencoder) else ["…"]
    features = len(data.features)
    layers = "-".join(map(str, [features, *hidden, latent, *reversed(hidden), features]))
    network = f"{type(model).__name__.lower()} autoencoder {layers}"
    if len(settings) > 1:
        network = f"autoencoder with {latent} factors, chosen from {listed(settings, and_=' or ')}"
    return table, (
        f"{' + '.join([network, *experiment.regulariser])};"
        f" {type(experiment.optimizer).__name__} lr {rate}, {experiment.training.loss.value},"
        f" {epochs}, batch size {first.training.batch};"
        f" {experiment.backend.value}, seed {experiment.seed}{models}"
    )


def _split(problem: Problem) -> str:
    """Return how many rows train, decide and judge."""
    if problem.folds:
        return (
            f"{len(problem.folds)} folds: each row is judged by a model that was trained and"
            " chosen without it"
        )
    names = {"train": "training", "val": "validation", "test": "test"}
    counts = [
        f"{len(rows)} {names[part]}" for part, rows in problem.rows.parts.items() if len(rows)
    ]
    return f"{', '.join(counts)} rows"


def _reconstruction(metrics: Mapping[str, float]) -> Table:
    parts = {"train": "training", "val": "validation", "test": "test"}
    shown = [
        part
        for part in parts
        if part != "test" or not math.isnan(metrics["reconstruction.test.mse"])
    ]
    table = _table("", *(parts[part] for part in shown))
    for heading, key in {
        "mean squared error": "reconstruction.{}.mse",
        "  PCA, same number of factors": "baseline.pca.{}.mse",
        "R²": "reconstruction.{}.r2",
    }.items():
        table.add_row(heading, *(_number(metrics[key.format(part)]) for part in shown))
    return table


def _clusterings(metrics: Mapping[str, float], spaces: Mapping[str, str]) -> Table:
    """Return the clusters in the space of each clustering and, below them, in the others."""
    columns = ("n_clusters", "noise_fraction", "silhouette", "ari", "accuracy", "agreement")
    headings = ("clusters", "noise", "silhouette", "ARI", "accuracy", "agreement")
    table = _table("clustering", *headings)
    for key in metrics:
        if key.startswith("clustering.") and key.endswith(".n_clusters"):
            prefix = key.removesuffix(".n_clusters")
            name = prefix.removeprefix("clustering.")
            starts = {prefix: SPACES.get(spaces.get(name, ""), "")}
            starts |= {f"baseline.{space}.{prefix}": of for space, of in SPACES.items()}
            table.add_row(Text(printable(name)))
            for start, heading in starts.items():
                if f"{start}.n_clusters" in metrics:
                    values = (_measured(metrics, f"{start}.{column}") for column in columns)
                    table.add_row(Text(f"  {heading}"), *values)
    return table


def _neighbourhoods(metrics: Mapping[str, float], rows: int) -> Iterator[str]:
    values = (
        f"{name} {_measured(metrics, f'neighbourhoods.{name}')}" for name in neighbourhoods.NAMES
    )
    yield f"neighbourhoods: {', '.join(values)}"
    for sample in {int(value) for key, value in metrics.items() if key.endswith(".rows")}:
        yield f"±: standard error, from a sample of {sample:,} of {rows:,} rows"


def _measured(metrics: Mapping[str, float], name: str) -> str:
    """Return a number and, if it was estimated from a sample of rows, its standard error."""
    error = metrics.get(f"{name}.se")
    tail = "" if error is None else f" ± {error:.1g}"
    return _number(metrics.get(name, math.nan)) + tail


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in headings:
        table.add_column(heading, justify="right" if table.columns else "left")
    return table


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3g}"


def _factors(content: Mapping[str, Any]) -> Iterator[str]:
    yield f"factors and their most important features ({content['quantity']}):"
    for factor, sides in content["factors"].items():
        positive, negative = (
            ", ".join(short(entry["feature"]) for entry in sides[side][:MAX_FEATURES]) or "–"
            for side in ("positive", "negative")
        )
        yield f"  {factor}  + {positive}   − {negative}"
