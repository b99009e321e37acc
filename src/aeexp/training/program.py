"""What the compiled engine computes: the epochs of a population, as one function of arrays.

Gradients, penalties, optimizers and schedules are Keras's own, called without state. What may
differ between members is an argument: first weights, the order of rows, the table, and the
numbers of the model, the regularisers, the optimizer, the schedule and early stopping.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import jax
import keras
from jax import lax
from jax import numpy as jnp

from aeexp.config.spec import Experiment
from aeexp.models import Network
from aeexp.training.optimizers import learning_rate, optimizer
from aeexp.training.population import Member, hyperparameters, set_hyperparameters
from aeexp.training.rows import batch_size, validation_batch_size


class Course(NamedTuple):
    """What the epochs change of a member.

    trainable, other: values of the network's variables. optimizer: of the optimizer's. kept: the
    weights to go back to, (trainable, other), or nothing if that is never done. kept_epoch: the
    epoch they are of. best: the least loss that early stopping saw. waited: epochs since then.
    going: whether the member still trains.
    """

    trainable: list[Any]
    other: list[Any]
    optimizer: list[Any]
    kept: tuple[list[Any], ...]
    kept_epoch: Any
    best: Any
    waited: Any
    going: Any


class Given(NamedTuple):
    """What the epochs do not change: numbers by key, table, validation rows, weights of rows.

    Of each number its complement to 1 comes along. Each array has the members first, but for a
    table of two dimensions, which all have in common.
    """

    numbers: Any
    x: Any
    val: Any
    weights: Any

    def axes(self, whole: Any, split: Any) -> "Given":
        """Return `split` for what each member has of its own, `whole` for a common table."""
        return Given(split, split if self.x.ndim == 3 else whole, split, split)


class Log(NamedTuple):
    """What is told of an epoch; `counts` is false where the member had stopped before it."""

    loss: Any
    val_loss: Any
    learning_rate: Any
    counts: Any


class Program:
    """The epochs of a network under an experiment, of which only the numbers may be exchanged.

    member: one of the population, for the numbers of its rows.
    """

    def __init__(self, network: Network, experiment: Experiment, member: Member) -> None:
        self.network, self.experiment, self.validated = network, experiment, len(member.val) > 0
        self.batch_size, self.val_batch_size = batch_size(member), validation_batch_size(member)
        self.steps = math.ceil(len(member.rows) / self.batch_size)
        self.distance = keras.losses.get(experiment.training.loss.value)
        self.optimizer = optimizer(experiment.optimizer, 1.0)
        self.optimizer.build(network.training.trainable_variables)
        self.iterations, self.rate = (
            next(i for i, v in enumerate(self.optimizer.variables) if v is wanted)
            for wanted in (self.optimizer.iterations, self.optimizer.learning_rate)
        )

    def first(self, trainable: list[Any], other: list[Any]) -> Course:
        """Return members before their first epoch; the values have the members first."""
        members = len(trainable[0])
        stopping = self.experiment.training.early_stopping
        restores = stopping.patience is not None and stopping.restore_best
        slots = [v.value for v in self.optimizer.variables]
        return Course(
            trainable,
            other,
            optimizer=[jnp.broadcast_to(slot, (members, *slot.shape)) for slot in slots],
            kept=(list(map(jnp.copy, trainable)), list(map(jnp.copy, other))) if restores else (),
            kept_epoch=jnp.zeros(members, int),
            best=jnp.full(members, jnp.inf),
            waited=jnp.zeros(members, int),
            going=jnp.ones(members, bool),
        )

    def epochs(
        self, course: Course, given: Given, order: Any, first: Any, count: Any
    ) -> tuple[Course, Log]:
        """Train all members for `count` epochs, from the `first` on; end if all have stopped.

        order: (members, most epochs, rows) indices of the rows to train on.
        """
        members, most, _ = order.shape
        numeric = jnp.full((members, most), jnp.nan)
        logs = Log(numeric, numeric, numeric, jnp.zeros((members, most), bool))
        epoch = jax.vmap(self._epoch, (0, given.axes(None, 0), 0, None))

        def body(state: Any) -> Any:
            i, course, logs = state
            course, log = epoch(course, given, order[:, i], first + i)
            return i + 1, course, jax.tree.map(lambda all_, one: all_.at[:, i].set(one), logs, log)

        def goes_on(state: Any) -> Any:
            return (state[0] < count) & state[1].going.any()

        _, course, logs = lax.while_loop(goes_on, body, (0, course, logs))
        return course, logs

    def _epoch(self, old: Course, given: Given, order: Any, number: Any) -> tuple[Course, Log]:
        with self._numbers(given.numbers):
            rate = self._rate(old.optimizer)

            def step(course: Course, rows: Any) -> tuple[Course, Any]:
                return self._step(course, given, rows)

            new, loss = _over_batches(step, old, order, self.batch_size)
            val_loss = self._validate(new, given)
            new = self._stop(new, number, loss, val_loss)
        return _where(old.going, new, old), Log(loss, val_loss, rate, old.going)

    def _step(self, course: Course, given: Given, rows: Any) -> tuple[Course, Any]:
        weights = None if given.weights is None else given.weights[rows]
        gradient = jax.value_and_grad(self._loss, has_aux=True)
        (loss, other), slopes = gradient(course.trainable, course.other, given.x[rows], weights)
        slots = list(course.optimizer)
        slots[self.rate] = self._rate(slots)
        trainable, slots = self.optimizer.stateless_apply(slots, slopes, course.trainable)
        return course._replace(trainable=trainable, other=other, optimizer=slots), loss

    def _loss(
        self, trainable: Any, other: Any, x: Any, weights: Any, *, training: bool = True
    ) -> tuple[Any, Any]:
        model = self.network.training
        state = [
            *zip(model.trainable_variables, trainable, strict=True),
            *zip(model.non_trainable_variables, other, strict=True),
        ]
        # not stateless_call, which forgets to forget the losses of its last call: see regularisers
        with keras.StatelessScope(state, collect_losses=True) as scope:
            x_hat, penalties = model(x, training=training), model.losses
        self.held = penalties  # as each layer knows its own of the last call by their addresses
        other = [scope.get_current_value(variable) for variable in model.non_trainable_variables]
        distances = self.distance(x, x_hat)
        weighted = distances if weights is None else weights * distances
        return jnp.mean(weighted) + sum(penalties), other

    def _validate(self, course: Course, given: Given) -> Any:
        if not self.validated:
            return jnp.nan

        def loss(_: None, rows: Any) -> tuple[None, Any]:
            x = given.x[rows]
            return None, self._loss(course.trainable, course.other, x, None, training=False)[0]

        return _over_batches(loss, None, given.val, self.val_batch_size)[1]

    def _rate(self, slots: list[Any]) -> Any:
        """Return the learning rate of the next step, of which the optimizer's slots know."""
        spec, epochs = self.experiment, self.experiment.training.epochs
        rate = learning_rate(spec.schedule, spec.optimizer.lr, self.steps, epochs)
        return jnp.asarray(rate(slots[self.iterations]) if callable(rate) else rate, jnp.float32)

    def _stop(self, course: Course, number: Any, loss: Any, val_loss: Any) -> Course:
        """Decide after an epoch which weights to keep and whether to go on, as Keras does."""
        spec = self.experiment.training.early_stopping
        finite = jnp.isfinite(loss) & (jnp.isfinite(val_loss) if self.validated else True)
        if spec.patience is None:
            return course._replace(going=finite, kept_epoch=number)
        watched = val_loss if self.validated else loss
        better = watched + spec.min_delta < course.best
        waited = jnp.where(better, 0, course.waited + 1)
        now = (course.trainable, course.other) if spec.restore_best else ()
        keeps = better if spec.restore_best else True
        return course._replace(
            kept=_where(better, now, course.kept),
            kept_epoch=jnp.where(keeps, number, course.kept_epoch),
            best=jnp.where(better, watched, course.best),
            waited=waited,
            going=finite & ((waited < spec.patience) | (number == 0)),
        )

    @contextmanager
    def _numbers(self, values: Mapping[str, Any]) -> Iterator[None]:
        """Let the numbers be those of each member while the program is made.

        The network's layers read them from the experiment; Keras's optimizers have their own copy
        under the same name.
        """
        ours = hyperparameters(self.experiment)
        theirs = {name: getattr(self.optimizer, name) for name in _named(values)}
        set_hyperparameters(self.experiment, {key: value for key, (value, _) in values.items()})
        for name, value in _named(values).items():
            setattr(self.optimizer, name, value)
        try:
            yield
        finally:
            set_hyperparameters(self.experiment, ours)
            for name, value in theirs.items():
                setattr(self.optimizer, name, value)


class Number:
    """A number that a Keras optimizer may use, and ask things of, before it is known.

    It is positive, or it would not be traced. Its complement comes along since 1 - 0.999 has
    lost four digits where it is taken in single precision; Keras takes it in double.
    """

    def __init__(self, value: Any, complement: Any) -> None:
        self.value, self.complement, self.dtype = value, complement, value.dtype

    def __jax_array__(self) -> Any:
        return self.value

    def __rsub__(self, one: float) -> Any:
        assert one == 1, "only 1 - number is known precisely"
        return self.complement

    def __gt__(self, _zero: float) -> bool:
        return True

    def __ne__(self, _zero: object) -> bool:
        return True

    def __getattr__(self, name: str) -> Any:
        return getattr(self.value, name)

    __hash__ = None  # type: ignore[assignment]


def _computed(name: str) -> Callable[..., Any]:
    def compute(self: Number, *others: Any) -> Any:
        return getattr(self.value, name)(*others)

    return compute


for _name in ("neg", "add", "radd", "sub", "mul", "rmul", "truediv", "rtruediv", "pow", "rpow"):
    setattr(Number, f"__{_name}__", _computed(f"__{_name}__"))


def _named(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the optimizer's numbers by their name in Keras; its rate is set step by step."""
    prefix = "optimizer."
    own = {key.removeprefix(prefix): v for key, v in values.items() if key.startswith(prefix)}
    return {name: Number(*value) for name, value in own.items() if name != "lr"}


def _where(condition: Any, one: Any, other: Any) -> Any:
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), one, other)


def _over_batches(
    f: Callable[[Any, Any], tuple[Any, Any]], carry: Any, rows: Any, size: int
) -> tuple[Any, Any]:
    """Fold over batches of rows, the last of which may be smaller; average what f returns."""
    full, rest = divmod(len(rows), size)
    carry, values = lax.scan(f, carry, rows[: full * size].reshape(full, size))
    total = size * values.sum()
    if rest:
        carry, value = f(carry, rows[full * size :])
        total += rest * value
    return carry, total / len(rows)
