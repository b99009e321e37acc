"""Task learning_rate: a range test that recommends a learning rate."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import ceil

import numpy as np

from aeexp.analysis.rates import RULES, middle, suggestions
from aeexp.analysis.sampling import chosen
from aeexp.config.spec import AllFigures, Constant, EarlyStopping, Experiment, LearningRate
from aeexp.data import Floats
from aeexp.data.automatic import settled
from aeexp.data.prepare import Problem
from aeexp.pipeline.results import before_training
from aeexp.pipeline.tasks.answering import Callbacks, answer
from aeexp.present import figures
from aeexp.present.text.learning_rate import recommend_rate
from aeexp.present.text.sentence import document
from aeexp.runs.artifact import Artifact, Metrics, Plot, Table
from aeexp.runs.history import History
from aeexp.runs.progress import Monitor
from aeexp.training import Member, train

STEPS = 100  # of each training, unless the question has a number of epochs
MAX_VALIDATION_ROWS = 10_000


@answer.register
def _(
    question: LearningRate,
    experiment: Experiment,
    problem: Problem,
    monitor: Monitor,
    callbacks: Callbacks,
) -> Iterator[Artifact]:
    trained_rows, validated = len(problem.rows.train), len(problem.rows.val) > 0
    experiment = settled(experiment, trained_rows, validated=validated)
    yield from before_training(replace(experiment, clustering={}), problem)
    rates = np.geomspace(question.lowest, question.highest, question.rates)
    trained = train(_members(question, experiment, problem, rates), monitor, callbacks)
    monitor.on_trained(trained.seconds, trained.compile)
    if monitor.stop:
        return
    table = _table(rates, trained.histories)
    yield Table("learning_rate", table)
    suggested = suggestions(rates, table["loss"])
    recommended = middle(suggested) if suggested else np.nan
    by_rule = {rule: suggested.get(rule, np.nan) for rule in RULES}
    metrics = {"recommended": recommended} | by_rule
    yield Metrics("metrics", {f"learning_rate.{name}": rate for name, rate in metrics.items()})
    lr = experiment.optimizer.rate
    yield document(recommend_rate(rates, table["loss"], suggested, lr))
    if isinstance(experiment.figures, AllFigures):
        with monitor.stage("figures"):
            figure = figures.learning_rate(table, suggested, recommended, problem.data.name)
            yield Plot(
                "learning_rate", figure, experiment.figures.format.value, experiment.figures.dpi
            )


def _members(
    question: LearningRate, experiment: Experiment, problem: Problem, rates: Floats
) -> list[Member]:
    """Return a short training for each rate, without a schedule and without early stopping."""
    rows, batch = problem.rows.train, experiment.training.batch
    if question.epochs is None:
        rows = rows[chosen(len(rows), STEPS * batch)]
    val = problem.rows.val[chosen(len(problem.rows.val), MAX_VALIDATION_ROWS)]
    epochs = question.epochs or ceil(STEPS / ceil(len(rows) / batch))
    short = replace(
        experiment,
        schedule=Constant(),
        training=replace(experiment.training, epochs=epochs, early_stopping=EarlyStopping()),
    )
    optimizers = (replace(experiment.optimizer, lr=float(rate)) for rate in rates)
    return [
        Member(experiment=replace(short, optimizer=optimizer), x=problem.x, rows=rows, val=val)
        for optimizer in optimizers
    ]


def _table(rates: Floats, histories: Sequence[History]) -> Mapping[str, Floats]:
    """Return a row for each rate: its last losses, NaN if it diverged."""
    diverged = np.array([history.diverged for history in histories])
    columns = {
        name: np.array([getattr(history, name)[-1] for history in histories])
        for name in ("loss", "val_loss")
    }
    losses = {name: np.where(diverged, np.nan, values) for name, values in columns.items()}
    return {"rate": rates, **losses, "status": np.where(diverged, "DIVERGED", "COMPLETED")}
