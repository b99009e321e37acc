"""How the network was trained."""

from collections.abc import Iterator

from aeexp.config.spec import EarlyStopping, Experiment, Loss, ModelSpec, describe
from aeexp.config.spec.training import LOSSES
from aeexp.data.prepare import Problem
from aeexp.text import EACH_BY, counted, exact, listed, named


def training(experiment: Experiment, problem: Problem) -> str:
    """Return the paragraph on the network and its training."""
    optimizer, schedule = describe(experiment.optimizer), describe(experiment.schedule)
    validated = len(problem.rows.val) > 0
    return " ".join(
        [
            *_network(experiment.model, problem.x.shape[1]),
            *_minimised(experiment, problem),
            f"The optimiser was {optimizer} with {schedule}.",
            "Settings that are not named had the defaults of Keras.",
            *_ended(experiment.training.early_stopping, validated=validated),
            f"All random numbers of training and clustering followed from seed {experiment.seed}.",
        ]
    )


def _network(spec: ModelSpec, features: int) -> Iterator[str]:
    """Yield what was trained to reconstruct rows of so many features."""
    yield f"The model was {describe(spec)}."
    if details := spec.own_method("details"):
        yield details(features)


def _minimised(experiment: Experiment, problem: Problem) -> Iterator[str]:
    spec, penalties = experiment.training, [*map(describe, experiment.regulariser.values())]
    most = "" if spec.early_stopping.patience is None else "at most "
    rows = counted(min(spec.batch_size, len(problem.rows.train)), "row")
    order = ", reshuffled before each epoch," if spec.shuffle else ", always in the same order,"
    yield (
        f"It was trained for {most}{counted(spec.epochs, 'epoch')} in batches of {rows}{order} to"
        f" minimise {LOSSES[spec.loss]} of the preprocessed features{_added(experiment.model)}."
    )
    if penalties:
        yield f"It was regularised by {listed(penalties, *EACH_BY)}."
        return
    if not _adds_nothing(experiment.model):
        return
    yield "No regularisation was used."
    linear = experiment.model.own_method("linear")
    if linear and linear() and spec.loss is Loss.mse:
        yield "At its optimum, such a linear network spans the principal subspace [@baldi1989]."


def _adds_nothing(spec: ModelSpec) -> bool:
    """Return whether a model is known to add nothing to the loss."""
    term = spec.own_method("term")
    return bool(term) and not term()


def _added(spec: ModelSpec) -> str:
    """Return what a model adds to the loss; of one that does not say, that it may."""
    if _adds_nothing(spec):
        return ""
    if term := spec.own_method("term"):
        return f" plus {term()}"
    return f" plus what {named(type(spec).__name__)} adds to it, if anything"


def _ended(spec: EarlyStopping, *, validated: bool) -> Iterator[str]:
    """Yield which epoch's weights were kept. validated: whether rows were held out."""
    if spec.patience is None:
        yield "The weights of the last epoch were kept."
        return
    least = f" by more than {exact(spec.min_delta)}" if spec.min_delta else ""
    loss = "validation loss" if validated else "training loss"
    yield (
        f"Training was to stop early once the {loss} had not fallen{least} for"
        f" {counted(spec.patience, 'epoch')} [@prechelt1998]; the weights of the"
        f" {'best' if spec.restore_best else 'last'} epoch were kept."
    )
    if validated:
        yield "As held-out rows chose that epoch, they are no independent test set."
