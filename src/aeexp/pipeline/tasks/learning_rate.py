"""Which learning rate trains best?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import ceil

import numpy as np

from aeexp.analysis.rates import RULES, middle, suggestions
from aeexp.analysis.sampling import chosen
from aeexp.config.spec import AllFigures, Constant, EarlyStopping, Experiment, LearningRate
from aeexp.data import Floats
from aeexp.data.prepare import Problem
from aeexp.pipeline.results import before_training
from aeexp.pipeline.tasks.answering import Callbacks, answer
from aeexp.present import figures
from aeexp.present.text.answer import document
from aeexp.present.text.learning_rate import recommend_rate
from aeexp.runs.artifact import Artifact, Metrics, Plot, Table
from aeexp.runs.history import History
from aeexp.runs.progress import Monitor
from aeexp.training import Member, train

STEPS = 100  # of a training, unless epochs are said
MOST_VALIDATED = 10_000


@answer.register
def _(
    question: LearningRate,
    experiment: Experiment,
    problem: Problem,
    monitor: Monitor,
    callbacks: Callbacks,
) -> Iterator[Artifact]:
    yield from before_training(replace(experiment, clustering={}), problem)
    rates = np.geomspace(question.lowest, question.highest, question.rates)
    trained = train(_members(question, experiment, problem, rates), monitor, callbacks)
    monitor.on_trained(trained.seconds, trained.compile)
    if monitor.stop:
        return
    table = _table(rates, trained.histories)
    yield Table("learning_rate", table)
    suggested = suggestions(rates, table["loss"])
    found = _metrics(suggested)
    yield Metrics("metrics", found)
    lr = experiment.optimizer.lr
    yield document(recommend_rate(rates, table["loss"], suggested, lr))
    if isinstance(experiment.figures, AllFigures):
        with monitor.stage("figures"):
            figure = figures.learning_rate(
                table, suggested, found["learning_rate.recommended"], problem.data.name
            )
            yield Plot(
                "learning_rate", figure, experiment.figures.format.value, experiment.figures.dpi
            )


def _members(
    question: LearningRate, experiment: Experiment, problem: Problem, rates: Floats
) -> list[Member]:
    """Return a short training for each rate, which neither a schedule nor a stop changes."""
    rows, batch = problem.rows.train, experiment.training.batch_size
    if question.epochs is None:
        rows = rows[chosen(len(rows), STEPS * batch)]
    val = problem.rows.val[chosen(len(problem.rows.val), MOST_VALIDATED)]
    epochs = question.epochs or ceil(STEPS / ceil(len(rows) / batch))
    short = replace(
        experiment,
        schedule=Constant(),
        training=replace(experiment.training, epochs=epochs, early_stopping=EarlyStopping()),
    )
    optimizers = (replace(experiment.optimizer, lr=float(rate)) for rate in rates)
    each = (replace(short, optimizer=optimizer) for optimizer in optimizers)
    return [Member(experiment=said, x=problem.x, rows=rows, val=val) for said in each]


def _table(rates: Floats, histories: Sequence[History]) -> Mapping[str, Floats]:
    """Return a row for each rate: its last losses, no number where it diverged."""
    lost = np.array([history.diverged for history in histories])
    columns = {
        name: np.array([getattr(history, name)[-1] for history in histories])
        for name in ("loss", "val_loss")
    }
    losses = {name: np.where(lost, np.nan, values) for name, values in columns.items()}
    return {"rate": rates, **losses, "status": np.where(lost, "DIVERGED", "COMPLETED")}


def _metrics(suggested: Mapping[str, float]) -> Mapping[str, float]:
    recommended = middle(suggested) if suggested else np.nan
    by_rule = {rule: suggested.get(rule, np.nan) for rule in RULES}
    return {
        f"learning_rate.{key}": r for key, r in ({"recommended": recommended} | by_rule).items()
    }
