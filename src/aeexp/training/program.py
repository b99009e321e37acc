"""What the compiled engine compiles: epochs of a population as one function of arrays.

Gradients, penalties, optimizers and schedules are Keras's own, called without state. The structure
of a member is compiled: layers, loss, batch size, optimizer class. What may differ between members
is an argument: first weights, order of the rows, table, and the hyperparameters of the model, the
regularisers, the optimizer, the schedule and early stopping. One program thus serves any seed and
any value of these hyperparameters.

**Hyperparameters.** While the program is traced, every hyperparameter that is positive in any
member is an array with one value per member. It is put into the spec that the layers read and into
the optimizer (`Program._traced_hyperparameters`). Layers must therefore read their spec when they
are called, and must not compare values. Each hyperparameter comes with its complement to 1,
computed in double precision: in single precision 1 - 0.999 has lost four digits, and Keras's Adam
computes it. The learning rate is written into the optimizer's variable at each step, so that
schedules and constant rates share their code.

**Losses.** Penalties are added to the loss by layers. They are collected in a
`keras.StatelessScope` around a call of the whole model, not by `Model.stateless_call`: in Keras
3.15, a layer removes the losses of its previous call from those of the current one, and identifies
them by memory address. If another layer's new loss has the address of an old one, it is lost; that
happened in one of a hundred traces. `Program.penalties` keeps the tensors alive for that reason.

**Loop.** The loop over epochs is outside `vmap`, so that it ends as soon as no member on a device
trains. Within `vmap` it would run for all members until the last one stops, with a select over the
whole state per epoch. Members that have stopped are computed meanwhile, but their state is kept.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import jax
import keras
import numpy as np
from jax import lax
from jax import numpy as jnp

from aeexp.config.spec import Experiment
from aeexp.models import Network
from aeexp.training.optimizers import learning_rate, optimizer
from aeexp.training.population import Member, hyperparameters, set_hyperparameters
from aeexp.training.rows import batch_size, validation_batch_size


class TrainState(NamedTuple):
    """State of the members that the epochs update; the first axis of each array is the members.

    trainable, other: values of the network's trainable and other variables. optimizer: values of
    the optimizer's variables. best_weights: (trainable, other) for early stopping to restore;
    empty if it restores nothing. best_epoch: index of their epoch, of the last one if nothing is
    restored. best: lowest loss that early stopping has seen. waited: epochs since then. active:
    whether the member still trains.
    """

    trainable: list[Any]
    other: list[Any]
    optimizer: list[Any]
    best_weights: tuple[list[Any], ...]
    best_epoch: Any
    best: Any
    waited: Any
    active: Any


class StaticInputs(NamedTuple):
    """Inputs that the epochs do not change; the first axis is the members.

    hyperparameters: (value, 1 - value) by key. x: (members, rows, features), or (rows, features)
    if all members share one table. val: (members, held-out rows) indices. weights: (members, rows)
    or None.
    """

    hyperparameters: Any
    x: Any
    val: Any
    weights: Any

    def axes(self, shared: Any, split: Any) -> "StaticInputs":
        """Return `split` for the inputs that have a members axis, `shared` for a shared table."""
        return StaticInputs(split, split if self.x.ndim == 3 else shared, split, split)


class EpochLog(NamedTuple):
    """Results of epochs: (members, epochs). counts: false after the member has stopped."""

    loss: Any
    val_loss: Any
    learning_rate: Any
    counts: Any


class Program:
    """The epochs of a network; see the module's docstring.

    experiment: of the network; its hyperparameters are replaced while the program is traced.
    member: any member of the population, for the number of its rows.
    """

    def __init__(self, network: Network, experiment: Experiment, member: Member) -> None:
        self.network, self.experiment, self.validated = network, experiment, len(member.val) > 0
        self.batch_size, self.val_batch_size = batch_size(member), validation_batch_size(member)
        self.steps = math.ceil(len(member.rows) / self.batch_size)
        self.loss = keras.losses.get(experiment.training.loss.value)
        self.optimizer = optimizer(experiment.optimizer, 1.0)
        self.optimizer.build(network.training.trainable_variables)
        self.iterations, self.rate = (
            next(i for i, v in enumerate(self.optimizer.variables) if v is wanted)
            for wanted in (self.optimizer.iterations, self.optimizer.learning_rate)
        )

    def initial_state(self, trainable: list[Any], other: list[Any]) -> TrainState:
        """Return the state before the first epoch; the first axis of the values is the members.

        In NumPy: JAX would compile a program for each array.
        """
        members = len(trainable[0])
        stopping = self.experiment.training.early_stopping
        restores = stopping.patience is not None and stopping.restore_best
        slots = [np.asarray(v.value) for v in self.optimizer.variables]
        return TrainState(
            trainable,
            other,
            optimizer=[np.broadcast_to(slot, (members, *slot.shape)) for slot in slots],
            best_weights=(trainable, other) if restores else (),
            best_epoch=np.zeros(members, np.int32),
            best=np.full(members, np.inf, np.float32),
            waited=np.zeros(members, np.int32),
            active=np.ones(members, bool),
        )

    def epochs(
        self, state: TrainState, inputs: StaticInputs, order: Any, first: Any, count: Any
    ) -> tuple[TrainState, EpochLog]:
        """Train all members for `count` epochs, from epoch `first`; end once all have stopped.

        order: (members, most epochs, rows) indices of the training rows. The log has as many
        epochs as `order`; the first `count` are filled in.
        """
        members, most, _ = order.shape
        nan = jnp.full((members, most), jnp.nan)
        logs = EpochLog(nan, nan, nan, jnp.zeros((members, most), bool))
        epoch = jax.vmap(self._epoch, (0, inputs.axes(None, 0), 0, None))

        def body(carry: Any) -> Any:
            i, state, logs = carry
            state, log = epoch(state, inputs, order[:, i], first + i)
            return i + 1, state, jax.tree.map(lambda all_, one: all_.at[:, i].set(one), logs, log)

        def continues(carry: Any) -> Any:
            return (carry[0] < count) & carry[1].active.any()

        _, state, logs = lax.while_loop(continues, body, (0, state, logs))
        return state, logs

    def _epoch(
        self, old: TrainState, inputs: StaticInputs, order: Any, number: Any
    ) -> tuple[TrainState, EpochLog]:
        """Train one member for an epoch; leave its state unchanged if it has stopped."""
        with self._traced_hyperparameters(inputs.hyperparameters):
            rate = self._learning_rate(old.optimizer)

            def step(state: TrainState, rows: Any) -> tuple[TrainState, Any]:
                return self._step(state, inputs, rows)

            new, loss = _over_batches(step, old, order, self.batch_size)
            val_loss = self._validate(new, inputs)
            new = self._stop(new, number, loss, val_loss)
        return _where(old.active, new, old), EpochLog(loss, val_loss, rate, old.active)

    def _step(self, state: TrainState, inputs: StaticInputs, rows: Any) -> tuple[TrainState, Any]:
        weights = None if inputs.weights is None else inputs.weights[rows]
        value_and_gradients = jax.value_and_grad(self._loss, has_aux=True)
        (loss, other), gradients = value_and_gradients(
            state.trainable, state.other, inputs.x[rows], weights
        )
        slots = list(state.optimizer)
        slots[self.rate] = self._learning_rate(slots)
        trainable, slots = self.optimizer.stateless_apply(slots, gradients, state.trainable)
        return state._replace(trainable=trainable, other=other, optimizer=slots), loss

    def _loss(
        self, trainable: Any, other: Any, x: Any, weights: Any, *, training: bool = True
    ) -> tuple[Any, Any]:
        """Return the loss with penalties, and the new values of the other variables."""
        model = self.network.training
        values = [
            *zip(model.trainable_variables, trainable, strict=True),
            *zip(model.non_trainable_variables, other, strict=True),
        ]
        # not stateless_call, and penalties stay alive: see "Losses" in the module's docstring
        with keras.StatelessScope(values, collect_losses=True) as scope:
            x_hat, self.penalties = model(x, training=training), model.losses
        other = [scope.get_current_value(variable) for variable in model.non_trainable_variables]
        losses = self.loss(x, x_hat)
        weighted = losses if weights is None else weights * losses
        return jnp.mean(weighted) + sum(self.penalties), other

    def _validate(self, state: TrainState, inputs: StaticInputs) -> Any:
        if not self.validated:
            return jnp.nan

        def loss(_: None, rows: Any) -> tuple[None, Any]:
            x = inputs.x[rows]
            return None, self._loss(state.trainable, state.other, x, None, training=False)[0]

        return _over_batches(loss, None, inputs.val, self.val_batch_size)[1]

    def _learning_rate(self, slots: list[Any]) -> Any:
        """Return the learning rate of the next step, whose number is in the optimizer's slots."""
        spec, epochs = self.experiment, self.experiment.training.max_epochs
        rate = learning_rate(spec.schedule, spec.optimizer.lr, self.steps, epochs)
        return jnp.asarray(rate(slots[self.iterations]) if callable(rate) else rate, jnp.float32)

    def _stop(self, state: TrainState, number: Any, loss: Any, val_loss: Any) -> TrainState:
        """Apply early stopping after an epoch, as Keras's callback does."""
        spec = self.experiment.training.early_stopping
        finite = jnp.isfinite(loss) & (jnp.isfinite(val_loss) if self.validated else True)
        if spec.patience is None:
            return state._replace(active=finite, best_epoch=number)
        monitored = val_loss if self.validated else loss
        better = monitored + spec.min_delta < state.best
        waited = jnp.where(better, 0, state.waited + 1)
        weights = (state.trainable, state.other) if spec.restore_best else ()
        replaces = better if spec.restore_best else True
        return state._replace(
            best_weights=_where(better, weights, state.best_weights),
            best_epoch=jnp.where(replaces, number, state.best_epoch),
            best=jnp.where(better, monitored, state.best),
            waited=waited,
            active=finite & ((waited < spec.patience) | (number == 0)),
        )

    @contextmanager
    def _traced_hyperparameters(self, values: Mapping[str, Any]) -> Iterator[None]:
        """Replace hyperparameters by traced values while the program is traced.

        values: (value, 1 - value) by key. The network's layers read them from the experiment;
        Keras's optimizers have copies under the same names. The learning rate is not among these
        copies, as each step writes it.
        """
        prefix = "optimizer."
        traced = {
            key.removeprefix(prefix): TracedHyperparameter(*pair)
            for key, pair in values.items()
            if key.startswith(prefix) and key != "optimizer.lr"
        }
        before = hyperparameters(self.experiment)
        optimizer_before = {name: getattr(self.optimizer, name) for name in traced}
        set_hyperparameters(self.experiment, {key: value for key, (value, _) in values.items()})
        for name, number in traced.items():
            setattr(self.optimizer, name, number)
        try:
            yield
        finally:
            set_hyperparameters(self.experiment, before)
            for name, number in optimizer_before.items():
                setattr(self.optimizer, name, number)


class TracedHyperparameter:
    """A traced value that a Keras optimizer computes with as if it were a Python float.

    Comparisons with zero are true: a hyperparameter is only traced if it is positive in a member.
    `1 - value` returns the complement, which was computed in double precision.
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


def _delegated(name: str) -> Callable[..., Any]:
    def operator(self: TracedHyperparameter, *operands: Any) -> Any:
        return getattr(self.value, name)(*operands)

    return operator


for _name in ("neg", "add", "radd", "sub", "mul", "rmul", "truediv", "rtruediv", "pow", "rpow"):
    setattr(TracedHyperparameter, f"__{_name}__", _delegated(f"__{_name}__"))


def _where(condition: Any, new: Any, old: Any) -> Any:
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), new, old)


def _over_batches(
    f: Callable[[Any, Any], tuple[Any, Any]], carry: Any, rows: Any, size: int
) -> tuple[Any, Any]:
    """Fold f over batches of rows; return the carry and the mean of f's values per row.

    The last batch may be smaller.
    """
    full, rest = divmod(len(rows), size)
    carry, values = lax.scan(f, carry, rows[: full * size].reshape(full, size))
    total = size * values.sum()
    if rest:
        carry, value = f(carry, rows[full * size :])
        total += rest * value
    return carry, total / len(rows)
