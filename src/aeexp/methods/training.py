"""How the network was trained."""

from collections.abc import Iterator

from aeexp.methods.network import is_linear, network
from aeexp.methods.wording import EACH_BY, describe, joined, number, percent
from aeexp.problem import Problem
from aeexp.spec import (
    L1,
    L1L2,
    L2,
    SGD,
    Adam,
    AdamW,
    AppliesTo,
    Constant,
    Cosine,
    Dropout,
    EarlyStopping,
    Experiment,
    Exponential,
    Loss,
    Nadam,
    Noise,
    Penalty,
    RMSprop,
    WarmupCosine,
)
from aeexp.web.wording import counted

LOSSES = {
    Loss.mse: "the mean squared error",
    Loss.mae: "the mean absolute error",
    Loss.huber: "the Huber loss [@huber1964] (threshold 1)",
    Loss.binary_crossentropy: "the binary cross-entropy",
}


def training(experiment: Experiment, problem: Problem) -> str:
    """Return the paragraph on the network and its training."""
    optimizer, schedule = describe(experiment.optimizer), describe(experiment.schedule)
    validated = len(problem.rows.val) > 0
    return " ".join(
        [
            *network(experiment.model, problem.x.shape[1]),
            *_minimised(experiment, problem),
            f"The optimiser was {optimizer} with {schedule}.",
            "Settings that are not named had the defaults of Keras.",
            *_ended(experiment.training.early_stopping, validated=validated),
            f"All random numbers of training and clustering followed from seed {experiment.seed}.",
        ]
    )


def _minimised(experiment: Experiment, problem: Problem) -> Iterator[str]:
    spec, penalties = experiment.training, [*map(describe, experiment.regulariser.values())]
    most = "" if spec.early_stopping.patience is None else "at most "
    rows = counted(min(spec.batch_size, len(problem.rows.train)), "row")
    order = ", reshuffled before each epoch," if spec.shuffle else ", always in the same order,"
    yield (
        f"It was trained for {most}{counted(spec.epochs, 'epoch')} in batches of {rows}{order} to"
        f" minimise {LOSSES[spec.loss]} of the preprocessed features."
    )
    if penalties:
        yield f"It was regularised by {joined(penalties, *EACH_BY)}."
        return
    yield "No regularisation was used."
    if is_linear(experiment.model) and spec.loss is Loss.mse:
        yield "At its optimum, such a linear network spans the principal subspace [@baldi1989]."


def _ended(spec: EarlyStopping, *, validated: bool) -> Iterator[str]:
    """Yield which epoch's weights were kept. validated: whether rows were held out."""
    if spec.patience is None:
        yield "The weights of the last epoch were kept."
        return
    least = f" by more than {number(spec.min_delta)}" if spec.min_delta else ""
    loss = "validation loss" if validated else "training loss"
    yield (
        f"Training was to stop early once the {loss} had not fallen{least} for"
        f" {counted(spec.patience, 'epoch')} [@prechelt1998]; the weights of the"
        f" {'best' if spec.restore_best else 'last'} epoch were kept."
    )
    if validated:
        yield "As held-out rows chose that epoch, they are no independent test set."


@describe.register
def _(spec: L1) -> str:
    return f"an L1 penalty [@tibshirani1996] of strength {number(spec.strength)} {_target(spec)}"


@describe.register
def _(spec: L2) -> str:
    return f"an L2 penalty [@hoerl1970] of strength {number(spec.strength)} {_target(spec)}"


@describe.register
def _(spec: L1L2) -> str:
    return (
        f"an elastic-net penalty [@zou2005] of strengths {number(spec.l1)} (L1) and"
        f" {number(spec.l2)} (L2) {_target(spec)}"
    )


def _target(spec: Penalty) -> str:
    if spec.applies_to is AppliesTo.kernel:
        return "on the weights of each layer of the encoder"
    return "on the outputs of each layer of the encoder, averaged over the rows of a batch"


@describe.register
def _(spec: Dropout) -> str:
    rate = percent(spec.rate)
    return f"dropout [@srivastava2014] of {rate} of what each layer of the encoder reads"


@describe.register
def _(spec: Noise) -> str:
    sd = number(spec.sd)
    return f"normal noise of standard deviation {sd} on the scaled input [@vincent2008]"


@describe.register
def _(spec: Adam) -> str:
    return f"Adam [@kingma2015] ({_moments(spec)})"


@describe.register
def _(spec: AdamW) -> str:
    decay = f"weight decay {number(spec.weight_decay)}"
    return f"AdamW [@loshchilov2019] ({_moments(spec)}, {decay})"


@describe.register
def _(spec: Nadam) -> str:
    return f"Nadam [@dozat2016] ({_moments(spec)})"


def _moments(spec: Adam) -> str:
    rate, first, second = map(number, (spec.lr, spec.beta_1, spec.beta_2))
    return f"learning rate {rate}, β₁ = {first}, β₂ = {second}"


@describe.register
def _(spec: SGD) -> str:
    said = f"stochastic gradient descent [@robbins1951] (learning rate {number(spec.lr)}"
    if not spec.momentum:
        return f"{said})"
    kind = "Nesterov momentum [@nesterov1983]" if spec.nesterov else "momentum [@polyak1964]"
    return f"{said}, {kind} {number(spec.momentum)})"


@describe.register
def _(spec: RMSprop) -> str:
    said = f"learning rate {number(spec.lr)}, ρ = {number(spec.rho)}"
    momentum = f", momentum {number(spec.momentum)}" if spec.momentum else ""
    return f"RMSprop [@tieleman2012] ({said}{momentum})"


@describe.register
def _(spec: Constant) -> str:
    return "a constant learning rate"


@describe.register
def _(spec: Exponential) -> str:
    return f"a learning rate that was multiplied by {number(spec.decay)} every epoch"


@describe.register
def _(spec: Cosine) -> str:
    return f"a learning rate that {_fell(spec)} over all epochs"


@describe.register
def _(spec: WarmupCosine) -> str:
    warmup = percent(spec.warmup)
    return (
        f"a learning rate that rose from 0 along a straight line over the first {warmup} of the"
        f" training steps [@goyal2017] and then {_fell(spec)}"
    )


def _fell(spec: Cosine) -> str:
    end = f"{percent(spec.final)} of its highest value" if spec.final else "0"
    return f"fell along half a cosine [@loshchilov2017] to {end}"
