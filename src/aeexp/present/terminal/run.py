"""What a run tells on the terminal."""

import math
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from aeexp.analysis.latent import neighbourhoods
from aeexp.config.spec import Autoencoder, Experiment, HowMany, LearningRate
from aeexp.data import Classes, Labels, Values
from aeexp.data.prepare import Problem
from aeexp.present.terminal.output import lossy
from aeexp.runs.artifact import Artifact, Document, Metrics
from aeexp.runs.progress import Monitor, Progress
from aeexp.text import counted, printable, short

NAMED = 4  # features named on either side of a factor
MARKS = {"yes": "✓", "no": "✗", "undecided": "?"}
LINES = 10  # told of a training where there is no bar
PATIENCE = 10.0  # seconds after which a step that goes on says so


def quiet_console() -> Console:
    """Return the console that a run or a sweep tells on, and outlives."""
    return Console(file=lossy(sys.stdout), highlight=False)


class Terminal(Monitor):
    """Tells of a run, and turns a first Ctrl-C into a stop."""

    def __init__(self) -> None:
        self.console = quiet_console()
        self.heard: dict[str, Artifact] = {}
        self.rows = 0
        self.told = time.monotonic()
        self.interrupt = signal.getsignal(signal.SIGINT)
        self.bar = Bar(
            BarColumn(bar_width=12),  # leaves 80 columns room for the rest
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
            TimeRemainingColumn(),
            console=self.console,
            disable=not self.console.is_terminal,
            transient=True,
        )

    def on_start(self, experiment: Experiment, problem: Problem) -> None:
        self.rows = len(problem.data.rows)
        for line in _plan(experiment, problem):
            self._say(line)
        self.task = self.bar.add_task("", total=experiment.training.epochs)
        signal.signal(signal.SIGINT, self._stop)

    def on_epoch(self, progress: Progress) -> None:
        text = losses(progress)
        if self.console.is_terminal:
            self.bar.start()
            self.bar.update(
                self.task, total=progress.total, completed=progress.done, description=text
            )
        elif progress.done % max(1, progress.total // LINES) == 0:
            self._say(f"epoch {progress.done}/{progress.total}  {text}")

    def on_step(self, done: int, total: int, title: str) -> None:
        now = time.monotonic()
        if now - self.told > PATIENCE:
            self.told = now
            self._say(f"{title} {done}/{total}")

    def on_trained(self, seconds: float, compiling: float) -> None:
        self.told = time.monotonic()
        self.bar.stop()
        signal.signal(signal.SIGINT, self._halt)
        super().on_trained(seconds, compiling)

    def on_artifact(self, artifact: Artifact, files: Sequence[Path] = ()) -> None:
        super().on_artifact(artifact, files)
        if isinstance(artifact, Metrics | Document):
            self.heard[artifact.name] = artifact

    def on_end(self, record: Mapping[str, Any], folder: Path) -> None:
        self.bar.stop()
        signal.signal(signal.SIGINT, self.interrupt)
        match self.heard.get("metrics"), self.heard.get("interpretation"):
            case Metrics(values=metrics), Document(content=content):
                self.console.print(_reconstruction(metrics), _clusterings(metrics), sep="\n\n")
                for line in _neighbourhoods(metrics, self.rows):
                    self._say(line)
                for line in _factors(content):
                    self._say(line)
        if isinstance(said := self.heard.get("answer"), Document):
            for each in said.content["sentences"]:
                self._say(f"{MARKS[each['claim']]} {each['sentence']}")
            for stamp in record.get("stamps", ()):
                self._say(f"! {stamp}")
        if "verdict" in record:
            self._say(record["verdict"]["sentence"])
        if "error" in record:
            self._say(f"{record['error']} (see {folder / 'traceback.txt'})")
        self._say(f"{record['status'].lower()}: {folder}")

    def _say(self, line: str) -> None:
        self.console.print(Text(printable(line)), soft_wrap=True)

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stop = True
        signal.signal(signal.SIGINT, self._halt)  # before a second one may come
        self._say("Stopping as soon as an epoch has ended; Ctrl-C again to stop at once.")

    def _halt(self, number: int, frame: FrameType | None) -> None:
        """Interrupt; who writes what comes looks for it, as some code lets no error through."""
        self.halted = True
        heard = self.interrupt if callable(self.interrupt) else signal.default_int_handler
        heard(number, frame)


def losses(progress: Progress) -> str:
    """Say the loss of one member, or how those of many lie and how many still train."""
    if progress.members == 1:
        losses = {"loss": progress.loss[0], "val_loss": progress.val_loss[0]}
        return "  ".join(f"{name} {v:.4g}" for name, v in losses.items() if not math.isnan(v))
    held_out = not np.isnan(progress.val_loss).all()
    name, values = ("val_loss", progress.val_loss) if held_out else ("loss", progress.loss)
    finite = values[np.isfinite(values)].astype(float)
    median, best = (np.median(finite), finite.min()) if finite.size else (math.nan, math.nan)
    training = f"{len(values)}/{progress.members} training"
    return f"{name} median {median:.3g}, best {best:.3g}, {training}"


def _plan(experiment: Experiment, problem: Problem) -> Iterator[str]:
    data, rows = problem.data, problem.rows
    yield (
        f"{data.name}: {len(data.rows)} rows × {len(data.features)} features"
        f"{_labels(data.label)}; {len(rows.train)} to train on, {len(rows.val)} held out"
    )
    yield from data.notes
    optimizer, training = experiment.optimizer, experiment.training
    yield (
        f"{_shape(experiment, len(data.features))};"
        f" {type(optimizer).__name__} lr {_rate(experiment)}, {training.loss.value},"
        f" {_epochs(experiment)} in batches of {training.batch_size};"
        f" {experiment.backend.value}, seed {experiment.seed}{_others(experiment)}"
    )


def _rate(experiment: Experiment) -> str:
    match experiment.question:
        case LearningRate(lowest=lowest, highest=highest):
            return f"{lowest:g} to {highest:g}"
    return f"{experiment.optimizer.lr:g}"


def _epochs(experiment: Experiment) -> str:
    if isinstance(experiment.question, LearningRate):
        return "a few epochs"
    return f"{experiment.training.epochs} epochs"


def _others(experiment: Experiment) -> str:
    match experiment.question:
        case HowMany(seeds=seeds, copies=copies, dimensions=most):
            return f"; for each k up to {most}, {seeds} seeds and {copies} permuted copies"
        case LearningRate(rates=rates):
            return f"; {rates} rates"
    count = experiment.models - 1
    return f", and {count} models to hold it against" if count else ""


def _labels(labels: Labels | None) -> str:
    match labels:
        case Classes(name=name, names=names):
            return f", {counted(len(names), 'class', 'classes')} ({name})"
        case Values(name=name):
            return f", a numeric target ({name})"
    return ""


def _shape(experiment: Experiment, features: int) -> str:
    model = experiment.model
    hidden = model.hidden if isinstance(model, Autoencoder) else ["…"]
    latent = "k" if isinstance(experiment.question, HowMany) else model.latent_dim
    layers = [features, *hidden, latent, *reversed(hidden), features]
    name = f"{type(model).__name__.lower()} autoencoder {'-'.join(map(str, layers))}"
    return " + ".join([name, *experiment.regulariser])


def _reconstruction(metrics: Mapping[str, float]) -> Table:
    table = _table("", "training", "validation")
    for heading, key in {
        "mean squared error": "reconstruction.{}.mse",
        "  of PCA, as many factors": "baseline.pca.{}.mse",
        "R²": "reconstruction.{}.r2",
    }.items():
        table.add_row(heading, *(_number(metrics[key.format(part)]) for part in ("train", "val")))
    return table


def _clusterings(metrics: Mapping[str, float]) -> Table:
    columns = ("n_clusters", "noise_fraction", "silhouette", "ari", "accuracy")
    table = _table("clustering", "clusters", "noise", "silhouette", "ARI", "accuracy")
    for key in metrics:
        if key.startswith("clustering.") and key.endswith(".n_clusters"):
            prefix = key.removesuffix(".n_clusters")
            values = (_measured(metrics, f"{prefix}.{of}") for of in columns)
            table.add_row(Text(printable(prefix.removeprefix("clustering."))), *values)
    return table


def _neighbourhoods(metrics: Mapping[str, float], rows: int) -> Iterator[str]:
    measured = (
        f"{name} {_measured(metrics, f'neighbourhoods.{name}')}" for name in neighbourhoods.NAMES
    )
    yield f"neighbourhoods: {', '.join(measured)}"
    for some in {int(value) for key, value in metrics.items() if key.endswith(".rows")}:
        yield f"±: standard error, {some:,} of {rows:,} rows"


def _measured(metrics: Mapping[str, float], name: str) -> str:
    """Write a number and, where it is of a sample of rows, its standard error."""
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
    yield f"factors, by the features that move them most ({content['quantity']}):"
    for factor, sides in content["factors"].items():
        named = {
            sign: ", ".join(short(entry["feature"]) for entry in sides[side][:NAMED]) or "–"
            for sign, side in {"+": "positive", "−": "negative"}.items()
        }
        yield f"  {factor}  + {named['+']}   − {named['−']}"
