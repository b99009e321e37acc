"""Which learning rate trains best?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import ceil

import numpy as np

from aeexp.analysis.rates import RULES, falling, middle, suggestions
from aeexp.analysis.sampling import chosen
from aeexp.config.spec import AllFigures, Constant, EarlyStopping, Experiment, LearningRate
from aeexp.data import Floats
from aeexp.data.prepare import Problem
from aeexp.pipeline.results import before_training
from aeexp.pipeline.tasks.answering import Callbacks, answer
from aeexp.present import figures
from aeexp.present.text.answer import Sentence, document
from aeexp.present.text.command import AGAIN
from aeexp.runs.artifact import Artifact, Metrics, Plot, Table
from aeexp.runs.history import History
from aeexp.runs.progress import Monitor
from aeexp.training import Member, train

STEPS = 100  # of a training, unless epochs are said
MOST_VALIDATED = 10_000
APART = 10.0  # the factor by which rules that disagree are told to
MEANT = {
    "valley": "valley at {} (amid the longest fall of the loss)",
    "minimum": "minimum / 10 at {} (a tenth of the rate of the least loss)",
    "steep": "steep at {} (the fastest fall)",
    "slide": "slide at {} (where the last even fall begins)",
}


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
    yield document(_sentences(experiment, suggested, table))
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


def _sentences(
    experiment: Experiment, suggested: Mapping[str, float], table: Mapping[str, Floats]
) -> Iterator[Sentence]:
    rates, losses = table["rate"], table["loss"]
    if not suggested:
        reason = "diverged" if np.isnan(losses[0]) else "lowered the loss"
        none = "even the lowest rate" if np.isnan(losses[0]) else "no rate"
        yield Sentence(
            "learning_rate",
            "undecided",
            f"Learning rate: undecided, as {none} {reason}: change question.lowest and"
            " question.highest.",
        )
        return
    least = falling(rates, losses)[0][-1]
    chosen, edge = middle(suggested), least == rates[-1]
    yield Sentence(
        "learning_rate",
        "undecided" if edge else "yes",
        f"Learning rate: {chosen:.2g}, the middle of four rules; the loss is least at"
        f" {least:.2g}{', the highest rate tried' if edge else ''}, and optimizer.lr is"
        f" {experiment.optimizer.lr:g}.",
    )
    yield _agreement(suggested)
    yield from _lost(rates, losses)
    if edge:
        yield Sentence("next", "undecided", "Try higher rates: raise question.highest.")
    else:
        yield Sentence("next", "yes", f"Use it: {AGAIN} optimizer.lr={chosen:.2g}")


def _agreement(suggested: Mapping[str, float]) -> Sentence:
    told = ", ".join(MEANT[rule].format(f"{rate:.2g}") for rule, rate in suggested.items())
    apart = max(suggested.values()) / min(suggested.values())
    if apart > APART:
        said = f"The rules disagree by a factor of {apart:.0f}: {told}; try several of them."
        return Sentence("rules", "no", said)
    return Sentence("rules", "yes", f"The rules agree within a factor of {APART:.0f}: {told}.")


def _lost(rates: Floats, losses: Floats) -> Iterator[Sentence]:
    lost = np.isnan(losses)
    if lost.any():
        first = rates[np.argmax(lost)]
        said = f"{lost.sum()} of {len(rates)} rates diverged, from {first:.2g} on."
        yield Sentence("divergence", "yes", said)
