"""The jobs that Hydra gives: experiments into their run directories, told on the terminal."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from aeexp.backend import choose, cores, running, silence_stderr
from aeexp.config.compose import job_arguments, to_experiment
from aeexp.config.safety import validate_safe
from aeexp.config.spec import Experiment
from aeexp.data.prepare import Problems
from aeexp.present.html.run import report_page
from aeexp.present.terminal.run import Terminal
from aeexp.present.terminal.sweep import SweepTerminal
from aeexp.runs import Ledger, Status, error_line, save_run, write_json
from aeexp.runs.artifact import Artifact
from aeexp.runs.progress import Monitor
from aeexp.runs.task import Outcome, Task
from aeexp.sweep.chunks import chunks
from aeexp.sweep.processes import run_tasks
from aeexp.text import counted

Configs = Iterable[tuple[int, DictConfig]]
"""Jobs of one sweep by number, composed with Hydra's part."""


def run_job(config: DictConfig, problems: Problems | None = None) -> Status:
    """Run one composed experiment in Hydra's output directory; see `runs.save_run`.

    Where it is a job of a sweep, the sweep's ledger hears of it. problems: may have posed the
    experiment before.
    """
    hydra = HydraConfig.get()
    folder, experiment, terminal = (
        Path(hydra.runtime.output_dir),
        to_experiment(config),
        Terminal(),
    )
    problems = problems or Problems()
    yields = partial(artifacts, experiment, terminal, problems, list(hydra.overrides.task))
    told = report_page(experiment, folder, problems)
    if hydra.mode is not RunMode.MULTIRUN:
        return save_run(experiment, folder, yields, terminal, told)
    ledger, number = Ledger(Path(hydra.sweep.dir)), int(hydra.job.num)
    ledger.started({number: folder})
    try:
        status = save_run(experiment, folder, yields, terminal, told)
    except KeyboardInterrupt:
        ledger.finished(number, Status.INTERRUPTED)
        raise
    except (Exception, SystemExit) as error:
        ledger.failed(number, error_line(error))
        raise
    ledger.finished(number, status)
    return status


def run_as_population(configs: Configs) -> Iterator[Outcome]:
    """Run the jobs of a sweep, composed with Hydra's part, as few populations.

    Those on another backend than the first's, which Keras cannot change to in this process, run
    each in a process of its own.

    Raises:
        KeyboardInterrupt: It was interrupted; those that have ended are kept.
    """
    tasks, ledger = _tasks(configs)
    first = running() or tasks[0].experiment.backend
    here = [task for task in tasks if task.experiment.backend is first]
    apart = [task for task in tasks if task.experiment.backend is not first]
    with SweepTerminal(len(tasks)) as terminal:
        if apart:
            others = counted(len(apart), "job")
            terminal.say(f"{others} on another backend than {first.value}: a process each.")
        ended = chain(
            _together(here, ledger, terminal) if here else (),
            run_tasks(apart, ledger, terminal, cores()),
        )
        yield from _told(ended, ledger, terminal)


def run_in_processes(configs: Configs, workers: int | None) -> Iterator[Outcome]:
    """Run the jobs of a sweep each in a process of its own; see `run_as_population`."""
    tasks, ledger = _tasks(configs)
    with SweepTerminal(len(tasks)) as terminal:
        yield from _told(run_tasks(tasks, ledger, terminal, workers or cores()), ledger, terminal)


def run_on_ray(configs: Configs, address: str | None, count: int | None) -> Iterator[Outcome]:
    """Run the jobs of a sweep in so many chunks on a Ray cluster; see `run_as_population`.

    address, count: null starts a cluster of this machine, and makes one chunk a node.
    """
    from aeexp.sweep.cluster import joined, train_on_cluster  # noqa: PLC0415  (imports Ray)

    tasks, ledger = _tasks(configs)
    with SweepTerminal(len(tasks)) as terminal, joined(address) as nodes:
        parts = chunks(tasks, count or len(nodes))
        terminal.say(f"nodes: {len(nodes)}, chunks: {', '.join(map(str, map(len, parts)))} jobs")
        ended = train_on_cluster(parts, nodes, ledger, terminal, _together)
        yield from _told(ended, ledger, terminal)


def _told(
    outcomes: Iterable[Outcome], ledger: Ledger, terminal: SweepTerminal
) -> Iterator[Outcome]:
    """Yield outcomes for Hydra to record; only then is each run's end written, and told."""
    for outcome in outcomes:
        terminal.finished(outcome)
        yield outcome
        unwritten = _unwritten(outcome)
        if error := outcome.error or unwritten:
            ledger.failed(outcome.task.number, error)
        else:
            ledger.finished(outcome.task.number, outcome.status)


def _unwritten(outcome: Outcome) -> str | None:
    """Write run.json for the last time, where that is left to do; return why it cannot be."""
    try:
        if outcome.final:
            write_json(outcome.task.folder / "run.json", outcome.final)
    except OSError as error:
        return error_line(error)
    return None


def _tasks(configs: Configs) -> tuple[list[Task], Ledger]:
    """Return jobs as tasks, with the ledger of their sweep."""
    tasks: list[Task] = []
    for number, config in configs:
        validate_safe(config)  # a sweeper may have words of its own
        sweep = Path(config.hydra.sweep.dir)
        words = list(config.hydra.overrides.task)
        folder = Path(config.hydra.runtime.output_dir)
        tasks.append(Task(number, [], job_arguments(config), to_experiment(config), folder, words))
    common = set.intersection(*(set(task.words) for task in tasks))
    varied = ([word for word in task.words if word not in common] for task in tasks)
    return [replace(task, varied=v) for task, v in zip(tasks, varied, strict=True)], Ledger(sweep)


def _together(tasks: Sequence[Task], ledger: Ledger, monitor: Monitor) -> Iterator[Outcome]:
    choose(tasks[0].experiment.backend)
    with silence_stderr():
        from aeexp.sweep.population import train_together  # noqa: PLC0415  (imports Keras)
    yield from train_together(tasks, ledger, monitor, cores())


def artifacts(
    experiment: Experiment,
    monitor: Monitor,
    problems: Problems | None = None,
    words: Sequence[str] | None = None,
) -> Iterator[Artifact]:
    """Yield what a run yields, on its backend, which is chosen here; see `experiment.run`."""
    choose(experiment.backend)
    with monitor.stage("import"), silence_stderr():
        from aeexp.pipeline.run import run  # noqa: PLC0415  (imports Keras: its backend must be chosen)
    yield from run(experiment, monitor, problems=problems, words=words)
