"""Run the jobs that Hydra composes: experiments into run directories, with terminal output."""

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
from aeexp.data.prepare import ProblemCache
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
"""The jobs of a sweep: number and composed configuration, Hydra's part included."""


def run_job(
    config: DictConfig, problems: ProblemCache | None = None, *, verbose: bool = False
) -> Status:
    """Run one composed experiment in Hydra's output directory; see `runs.save_run`.

    The job of a sweep is recorded in the sweep's ledger. problems: prepared data of earlier
    checks. verbose: see `Terminal`.
    """
    hydra = HydraConfig.get()
    folder, experiment = Path(hydra.runtime.output_dir), to_experiment(config)
    terminal, problems = Terminal(verbose=verbose), problems or ProblemCache()
    overrides = list(hydra.overrides.task)
    artifacts = partial(run_on_backend, experiment, terminal, problems, overrides)
    page = report_page(experiment, folder, problems)
    if hydra.mode is not RunMode.MULTIRUN:
        return save_run(experiment, folder, artifacts, terminal, page)
    ledger, number = Ledger(Path(hydra.sweep.dir)), int(hydra.job.num)
    ledger.started({number: folder})
    try:
        status = save_run(experiment, folder, artifacts, terminal, page)
    except KeyboardInterrupt:
        ledger.finished(number, Status.INTERRUPTED)
        raise
    except (Exception, SystemExit) as error:
        ledger.failed(number, error_line(error))
        raise
    ledger.finished(number, status)
    return status


def run_as_population(configs: Configs) -> Iterator[Outcome]:
    """Run the jobs of a sweep as few populations in this process.

    Keras cannot change its backend in a running process. Jobs with another backend than the first
    job's run in a process each.

    Raises:
        KeyboardInterrupt: The user interrupted; finished runs are complete.
    """
    tasks, ledger = _tasks(configs)
    backend = running() or tasks[0].experiment.backend
    here = [task for task in tasks if task.experiment.backend is backend]
    elsewhere = [task for task in tasks if task.experiment.backend is not backend]
    with SweepTerminal(len(tasks)) as terminal:
        if elsewhere:
            jobs = counted(len(elsewhere), "job")
            terminal.print_line(f"{jobs} on another backend than {backend.value}: a process each.")
        outcomes = chain(
            _train_together(here, ledger, terminal) if here else (),
            run_tasks(elsewhere, ledger, terminal, cores()),
        )
        yield from _recorded(outcomes, ledger, terminal)


def run_in_processes(configs: Configs, workers: int | None) -> Iterator[Outcome]:
    """Run each job of a sweep in a process of its own; see `run_as_population`.

    workers: number of processes at a time; None is one per core.
    """
    tasks, ledger = _tasks(configs)
    with SweepTerminal(len(tasks)) as terminal:
        outcomes = run_tasks(tasks, ledger, terminal, workers or cores())
        yield from _recorded(outcomes, ledger, terminal)


def run_on_ray(configs: Configs, address: str | None, count: int | None) -> Iterator[Outcome]:
    """Run the jobs of a sweep in `count` chunks on a Ray cluster; see `run_as_population`.

    address: None starts a cluster on this machine. count: None makes one chunk per node.
    """
    from aeexp.sweep.cluster import connect, train_on_cluster  # noqa: PLC0415  (imports Ray)

    tasks, ledger = _tasks(configs)
    with SweepTerminal(len(tasks)) as terminal, connect(address) as nodes:
        parts = chunks(tasks, count or len(nodes))
        terminal.print_line(
            f"nodes: {len(nodes)}, chunks: {', '.join(map(str, map(len, parts)))} jobs"
        )
        outcomes = train_on_cluster(parts, nodes, ledger, terminal, _train_together)
        yield from _recorded(outcomes, ledger, terminal)


def _recorded(
    outcomes: Iterable[Outcome], ledger: Ledger, terminal: SweepTerminal
) -> Iterator[Outcome]:
    """Yield each outcome to Hydra, then write the end of its run and mark it in the ledger."""
    for outcome in outcomes:
        terminal.finished(outcome)
        yield outcome
        error = outcome.error
        try:
            if outcome.final:
                write_json(outcome.task.folder / "run.json", outcome.final)
        except OSError as unwritten:
            error = error or error_line(unwritten)
        if error:
            ledger.failed(outcome.task.number, error)
        else:
            ledger.finished(outcome.task.number, outcome.status)


def _tasks(configs: Configs) -> tuple[list[Task], Ledger]:
    """Return jobs as tasks, and the ledger of their sweep."""
    tasks: list[Task] = []
    for number, config in configs:
        validate_safe(config)  # a sweeper may have added overrides
        sweep = Path(config.hydra.sweep.dir)
        overrides = list(config.hydra.overrides.task)
        folder = Path(config.hydra.runtime.output_dir)
        command, experiment = job_arguments(config), to_experiment(config)
        tasks.append(Task(number, [], command, experiment, folder, overrides))
    common = set.intersection(*(set(task.overrides) for task in tasks))
    varied = ([word for word in task.overrides if word not in common] for task in tasks)
    return [replace(task, varied=v) for task, v in zip(tasks, varied, strict=True)], Ledger(sweep)


def _train_together(tasks: Sequence[Task], ledger: Ledger, monitor: Monitor) -> Iterator[Outcome]:
    choose(tasks[0].experiment.backend)
    with silence_stderr():
        from aeexp.sweep.population import train_together  # noqa: PLC0415  (imports Keras)
    yield from train_together(tasks, ledger, monitor, cores())


def run_on_backend(
    experiment: Experiment,
    monitor: Monitor,
    problems: ProblemCache | None = None,
    overrides: Sequence[str] | None = None,
) -> Iterator[Artifact]:
    """Choose the experiment's backend, import Keras and run it; see `pipeline.run`."""
    choose(experiment.backend)
    with monitor.stage("import"), silence_stderr():
        from aeexp.pipeline.run import run  # noqa: PLC0415  (imports Keras: its backend must be chosen)
    yield from run(experiment, monitor, problems=problems, overrides=overrides)
