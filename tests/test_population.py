"""A member's result depends neither on the engine nor on the other members."""

import importlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import cycle
from typing import Any

import keras
import numpy as np
import pytest
from conftest import BACKEND
from own_model import Baked, Tempered
from sklearn.decomposition import PCA

from aeexp.config.options import OPTIONS
from aeexp.config.spec import (
    L1,
    L2,
    SGD,
    Activation,
    Adam,
    AdamW,
    AppliesTo,
    Autoencoder,
    Backend,
    Constant,
    Cosine,
    Deep,
    Dropout,
    EarlyStopping,
    Engine,
    Experiment,
    FitOn,
    Initializer,
    Loss,
    MinMax,
    NestedDropout,
    Noise,
    Penalty,
    Residual,
    RMSprop,
    ScheduleSpec,
    Split,
    Training,
    WarmupCosine,
    Wine,
)
from aeexp.data.prepare import Problem, prepare_problem
from aeexp.errors import UserError
from aeexp.models import InitialValues, Network, build, build_seeded, seeds, start
from aeexp.models import Make as Models
from aeexp.runs.progress import Monitor, Progress
from aeexp.training import Member, Trained, program_key, train

pytestmark = pytest.mark.engine

Make = Callable[..., Experiment]
ENGINE = Engine.compiled if BACKEND is Backend.jax else Engine.keras
# not linear: before a normalisation, the bias of a linear layer has no effect
NORMALISED = Deep(hidden=[8], batch_norm=True, latent_activation=Activation.tanh)
SIGMOID = Deep(hidden=[8], output_activation=Activation.sigmoid)
DEEP = {"model": Deep(hidden=[8])}
COMPILED = pytest.mark.skipif(BACKEND is not Backend.jax, reason="runs on JAX")


def _keras_s_own(name: str, tried: str) -> Any:
    """Return the mark of an option that uses Keras's own object on other backends than JAX.

    On those backends one option per group is tested.
    """
    return () if name == tried else COMPILED


def member(experiment: Experiment, problem: Problem | None = None, **changes: Any) -> Member:
    problem = problem or prepare_problem(experiment)
    table = {"x": problem.x, "rows": problem.rows.train, "val": problem.rows.val}
    return Member(experiment=experiment, **(table | changes))


def by(engine: Engine, members: Sequence[Member]) -> Trained:
    return train([replace(m, experiment=with_(m.experiment, engine=engine)) for m in members])


def with_(experiment: Experiment, **training: Any) -> Experiment:
    return replace(experiment, training=replace(experiment.training, **training))


def close(
    one: Trained, other: Trained, rel: float, pairs: Sequence[tuple[int, int]] = ((0, 0),)
) -> None:
    """Check that histories and weights of pairs of members are close."""
    for i, j in pairs:
        first, second = one.histories[i].columns(), other.histories[j].columns()
        for column in first:
            np.testing.assert_allclose(first[column], second[column], rel, err_msg=column)
        assert one.histories[i].kept == other.histories[j].kept
        assert one.histories[i].diverged == other.histories[j].diverged
        for weight, expected in zip(one.weights[i], other.weights[j], strict=True):
            np.testing.assert_allclose(
                weight, expected, rtol=0, atol=rel * max(0.1, abs(expected).max())
            )


@pytest.mark.parametrize(
    "parts",
    [
        *(pytest.param({"model": kind()}, id=word) for word, kind in OPTIONS["model"].items()),
        pytest.param({"model": NORMALISED}, id="batch_norm"),
        *(
            pytest.param({"regulariser": {word: kind()}, **DEEP}, id=word)
            for word, kind in OPTIONS["regulariser"].items()
        ),
        *(
            pytest.param(
                {"regulariser": {word: kind(applies_to=target)}}, id=f"{word}_{target.value}"
            )
            for target in (AppliesTo.latent, AppliesTo.kernel)
            for word, kind in OPTIONS["regulariser"].items()
            if issubclass(kind, Penalty)
        ),
        *(
            pytest.param({"optimizer": kind()}, id=word, marks=_keras_s_own(word, "adamw"))
            for word, kind in OPTIONS["optimizer"].items()
        ),
        pytest.param({"optimizer": SGD(momentum=0.9)}, id="momentum"),
        pytest.param(
            {"optimizer": SGD(momentum=0.9, nesterov=True)}, id="nesterov", marks=COMPILED
        ),
        pytest.param({"optimizer": RMSprop(momentum=0.5)}, id="rmsprop_momentum", marks=COMPILED),
        *(
            pytest.param({"schedule": kind()}, id=word, marks=_keras_s_own(word, "warmup_cosine"))
            for word, kind in OPTIONS["schedule"].items()
        ),
        *(
            pytest.param(
                {"training": Training(loss=loss), "model": SIGMOID},
                id=loss.name,
                marks=_keras_s_own(loss.name, "huber"),
            )
            for loss in Loss
        ),
    ],
)
def test_engines_give_the_same_result(tiny: Make, parts: dict[str, Any]) -> None:
    preprocessing = MinMax(fit_on=FitOn.all)  # within 0 and 1, for binary_crossentropy
    experiment = with_(
        tiny(**({"dataset": Wine(), "preprocessing": preprocessing} | parts)),
        epochs=23,  # in 9 steps
        shuffle=False,
    )
    population = [member(experiment)]
    close(by(ENGINE, population), by(Engine.fit, population), rel=1e-4)


@COMPILED
def test_the_compiled_engine_draws_orders_dropout_and_noise_as_keras_does(tiny: Make) -> None:
    regularisers = {
        "dropout": Dropout(rate=0.3),
        "noise": Noise(sd=0.3),
        "nested": NestedDropout(rate=0.3),
    }
    population = [member(tiny(regulariser=regularisers, training=Training(epochs=20), **DEEP))]
    close(by(Engine.compiled, population), by(Engine.fit, population), rel=1e-4)


@pytest.mark.parametrize("val_batch", [5, 7, 4096])
def test_engines_weight_and_validate_rows_in_the_same_way(
    tiny: Make, monkeypatch: pytest.MonkeyPatch, val_batch: int
) -> None:
    monkeypatch.setattr("aeexp.training.rows.VALIDATION_BATCH", val_batch)
    experiment = tiny(training=Training(epochs=3, batch_size=5, shuffle=False))
    problem = prepare_problem(experiment)
    weights = np.random.default_rng(0).exponential(size=len(problem.x))
    population = [member(experiment, problem, weights=weights)]
    weighted = by(ENGINE, population)
    close(weighted, by(Engine.fit, population), rel=1e-4)
    unweighted = by(ENGINE, [member(experiment, problem)])
    assert weighted.histories[0].loss[0] != pytest.approx(
        unweighted.histories[0].loss[0], rel=0.01
    )


def diverse(tiny: Make, model: Autoencoder) -> list[Member]:
    """Return eight members that differ in everything that may differ between members."""
    problem, random = prepare_problem(tiny()), np.random.default_rng(0)
    rows, x = problem.rows.train, problem.x
    permuted = random.permuted(x, axis=0)
    changes = [
        {"rows": random.choice(rows, len(rows))},
        {"x": permuted},
        {"weights": random.exponential(size=len(x))},
        {"rows": rows[::-1], "val": problem.rows.val[::-1]},
    ]
    return [
        member(
            tiny(
                seed=i,
                optimizer=AdamW(lr=(i + 1) / 1000, beta_1=0.8 + i / 50, weight_decay=i / 100),
                regulariser={
                    "l1": L1(strength=i / 1000),
                    "kernel": L1(strength=i / 2000, applies_to=AppliesTo.kernel),
                    "dropout": Dropout(rate=i / 10),
                    "noise": Noise(sd=i / 10),
                    "nested": NestedDropout(rate=i / 20),
                },
                training=Training(epochs=12, engine=ENGINE),
                model=model,
            ),
            problem,
            **({"weights": np.ones(len(x))} | changes[i % 4]),
        )
        for i in range(8)
    ]


@pytest.fixture(scope="module", params=[Deep(hidden=[8]), Residual(hidden=[8])], ids=["d", "r"])
def diverse_members(request: pytest.FixtureRequest) -> tuple[list[Member], Trained]:
    def make(**parts: Any) -> Experiment:
        return Experiment(dataset=Wine(), split=Split(validation=0.2), backend=BACKEND, **parts)

    members = diverse(make, request.param)
    return members, train(members)


def test_a_member_has_the_result_of_training_alone(
    diverse_members: tuple[list[Member], Trained],
) -> None:
    members, together = diverse_members
    for i in (0, 3, 7):
        close(train([members[i]]), together, 1e-5, [(0, i)])


def test_the_order_of_members_changes_nothing(
    diverse_members: tuple[list[Member], Trained],
) -> None:
    members, together = diverse_members
    close(train(members[::-1]), together, 1e-5, [(i, 7 - i) for i in range(8)])


@COMPILED
@pytest.mark.parametrize(("most", "groups"), [(1, 7), (3, 4), (4, 2), (5, 2), (8, 1)])
def test_the_size_of_groups_changes_nothing(
    diverse_members: tuple[list[Member], Trained],
    monkeypatch: pytest.MonkeyPatch,
    most: int,
    groups: int,
) -> None:
    members, together = diverse_members
    reports: list[tuple[int, int, int]] = []

    class Listener(Monitor):
        def on_epoch(self, progress: Progress) -> None:
            reports.append((progress.done, progress.total, progress.members))

    monkeypatch.setattr("aeexp.training.compiled._bytes", lambda *_: 1)
    monkeypatch.setattr("aeexp.training.compiled._free_bytes", lambda _: 2 * most)
    close(train(members[:7], Listener()), together, 1e-5, [(i, i) for i in range(7)])
    assert [done for done, _, _ in reports] == list(range(1, 12 * groups + 1))
    assert {total for _, total, _ in reports} == {12 * groups}
    assert sum(members for done, _, members in reports if done % 12 == 0) == 7


@COMPILED
def test_the_number_of_devices_changes_nothing(
    diverse_members: tuple[list[Member], Trained], monkeypatch: pytest.MonkeyPatch
) -> None:
    members, together = diverse_members
    devices = importlib.import_module("jax").local_devices()
    assert len(devices) > 1
    monkeypatch.setattr("aeexp.training.compiled.jax.local_devices", lambda: devices[:1])
    close(train(members), together, 1e-5, [(i, i) for i in range(8)])


def test_training_twice_gives_the_same_bits(diverse_members: tuple[list[Member], Trained]) -> None:
    members, together = diverse_members
    again = train(members)
    for one, other in zip(together.histories, again.histories, strict=True):
        assert np.array_equal(one.loss, other.loss)
        assert np.array_equal(one.val_loss, other.val_loss)
    for one, other in zip(together.weights, again.weights, strict=True):
        assert all(map(np.array_equal, one, other))


def test_a_diverging_member_does_not_change_the_others(tiny: Make) -> None:
    def population(lr: float) -> list[Member]:
        rates = [0.01] * 3 + [lr] + [0.01] * 4
        return [member(tiny(seed=i, optimizer=SGD(lr=rate))) for i, rate in enumerate(rates)]

    healthy, harmed = train(population(0.01)), train(population(1e30))
    assert [history.diverged for history in harmed.histories] == [i == 3 for i in range(8)]
    for i in {*range(8)} - {3}:
        assert np.array_equal(harmed.histories[i].loss, healthy.histories[i].loss)
        assert all(map(np.array_equal, harmed.weights[i], healthy.weights[i]))


@pytest.mark.parametrize("restore_best", [True, False])
@pytest.mark.parametrize("validation", [0.0, 0.2])
def test_early_stopping_stops_each_member_as_keras_does(
    tiny: Make, restore_best: bool, validation: float
) -> None:
    stopping = EarlyStopping(patience=2, min_delta=0.02, restore_best=restore_best)
    experiment = tiny(optimizer=Adam(lr=0.03))
    experiment.split.validation = validation
    experiment.training = Training(epochs=60, shuffle=False, early_stopping=stopping)
    population = [member(replace(experiment, seed=seed)) for seed in range(4)]
    trained, expected = by(ENGINE, population), by(Engine.fit, population)
    close(trained, expected, 1e-4, [(i, i) for i in range(4)])
    epochs = [len(history.loss) for history in trained.histories]
    assert max(epochs) < 60
    assert len(set(epochs)) > 1


def test_an_interrupted_population_keeps_the_trained_epochs(tiny: Make) -> None:
    class Impatient(Monitor):
        def on_epoch(self, progress: Progress) -> None:
            self.stop = True

    population = [member(tiny(seed=i, training=Training(epochs=10**6))) for i in range(3)]
    outcome = train(population, Impatient())
    assert outcome.interrupted
    assert (
        len(outcome.histories) == len(outcome.weights) == (3 if ENGINE is Engine.compiled else 1)
    )
    assert len(outcome.histories[0].loss) < 1000


# --- no epochs


def untrained(tiny: Make, **changes: Any) -> list[Member]:
    """Return members of different rows, tables and seeds that keep their initial weights."""
    parts = {"model": Residual(latent_dim=2), "training": Training(epochs=0, engine=ENGINE)}
    experiments = [tiny(**(parts | {"seed": seed} | changes)) for seed in range(3)]
    problem = prepare_problem(experiments[0])
    rows, x = problem.rows.train, np.random.default_rng(0).permuted(problem.x, axis=0)
    tables = [{}, {"rows": np.random.default_rng(0).choice(rows, len(rows))}, {"x": x}]
    return [member(e, problem, **t) for e, t in zip(experiments, tables, strict=True)]


@pytest.mark.parametrize("hidden", [[], [8]], ids=str)
@pytest.mark.parametrize("schedule", [Constant(), Cosine(), WarmupCosine()], ids=type)
@pytest.mark.parametrize("engine", [ENGINE, Engine.fit])
def test_without_epochs_a_residual_model_is_pca(
    tiny: Make, hidden: list[int], schedule: ScheduleSpec, engine: Engine
) -> None:
    members = untrained(tiny, model=Residual(latent_dim=2, hidden=hidden), schedule=schedule)
    trained = by(engine, members)
    for i, of in enumerate(members):
        network, pca = trained.network(i), PCA(2, svd_solver="full").fit(of.x[of.rows])
        x_hat = pca.inverse_transform(pca.transform(of.x))
        assert network.decode(network.encode(of.x)) == pytest.approx(x_hat, abs=1e-5)
        history = trained.histories[i]
        errors = ((of.x - x_hat) ** 2).mean(1)
        assert history.loss == pytest.approx([errors[of.rows].mean()], abs=1e-5)
        assert history.val_loss == pytest.approx([errors[of.val].mean()], abs=1e-5)
        assert (history.kept, history.diverged, history.interrupted) == (0, False, False)


def test_without_epochs_the_loss_has_weights_and_penalties_but_no_dropout(tiny: Make) -> None:
    regularisers = {"l2": L2(strength=0.1), "dropout": Dropout(rate=0.5)}
    weights = np.random.default_rng(0).exponential(size=60)
    members = [replace(m, weights=weights) for m in untrained(tiny, regulariser=regularisers)]
    of, trained = members[0], train(members)
    close(trained, by(Engine.fit, members), 1e-5, [(i, i) for i in range(3)])
    network = trained.network(0)
    errors = ((of.x - network.decode(network.encode(of.x))) ** 2).mean(1)
    expected = (weights * errors)[of.rows].mean()
    penalty = trained.histories[0].loss[0] - expected
    hidden = keras.Model(network.encoder.input, network.encoder.get_layer("encoder_1").output)
    more = keras.Model(network.encoder.input, network.encoder.get_layer("encoder_2").output)
    layers = [keras.ops.convert_to_numpy(part(of.x[of.rows])) for part in (hidden, more)]
    layers.append(network.encode(of.x[of.rows]))
    assert penalty == pytest.approx(0.1 * sum((a**2).sum(1).mean() for a in layers), rel=1e-4)


@pytest.mark.parametrize("validation", [0.0, 0.2])
def test_without_epochs_and_with_early_stopping_the_initial_weights_are_kept(
    tiny: Make, validation: float
) -> None:
    experiment = tiny(
        model=Residual(latent_dim=2),
        training=Training(epochs=0, early_stopping=EarlyStopping(patience=1), engine=ENGINE),
    )
    experiment.split.validation = validation
    trained = train([member(experiment)])
    assert [len(history.loss) for history in trained.histories] == [1]
    plain = train([member(with_(experiment, early_stopping=EarlyStopping()))])
    assert all(map(np.array_equal, trained.weights[0], plain.weights[0]))


def test_members_that_share_their_rows_share_the_computation_of_their_start(
    tiny: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def counted(*arguments: Any) -> Any:
        calls.append(1)
        return start(*arguments)

    monkeypatch.setattr("aeexp.training.population.start", counted)
    first, *others = untrained(tiny)
    again = replace(first, experiment=replace(first.experiment, seed=9))
    train([first, again, *others])
    assert len(calls) == 3


class Batches(keras.callbacks.Callback):
    """A user's callback that counts the steps."""

    steps = 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.steps += 1


class Decay(keras.callbacks.Callback):
    """A user's callback that changes the learning rate."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.model.optimizer.learning_rate = 10.0 ** -(epoch + 1)


def test_the_history_has_the_learning_rate_that_a_callback_sets(tiny: Make) -> None:
    (history,) = train([member(tiny(optimizer=Adam(lr=0.5)))], callbacks=[Decay()]).histories
    assert history.learning_rate.tolist() == [0.5, 0.1]


def test_user_callbacks_are_called_for_all_steps_of_all_members(tiny: Make) -> None:
    population, batches = [member(tiny(seed=i)) for i in range(2)], Batches()
    train(population, callbacks=[batches])
    assert batches.steps == 2 * 2 * 3  # members, epochs, batches


@COMPILED
def test_the_compiled_engine_refuses_callbacks(tiny: Make) -> None:
    population = [member(tiny(training=Training(engine=Engine.compiled)))]
    with pytest.raises(ValueError, match="no callbacks: choose keras"):
        train(population, callbacks=[Batches()])


def test_the_compiled_engine_requires_jax(tiny: Make) -> None:
    experiment = tiny(backend=Backend.torch, training=Training(engine=Engine.compiled))
    with pytest.raises(ValueError, match=r"compiled needs backend=jax, got backend=torch"):
        prepare_problem(experiment)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"rows": np.arange(0)}, "must name at least one row", id="no_rows"),
        pytest.param({"rows": np.array([60])}, "rows must be at least 0, below 60", id="rows"),
        pytest.param({"val": np.array([-1])}, "val must be at least 0, below 60", id="val"),
        pytest.param({"weights": np.ones(48)}, r"60 rows, got \(48,\)", id="weights"),
    ],
)
def test_invalid_rows_and_weights_are_refused(
    tiny: Make, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        member(tiny(), **changes)


@pytest.mark.parametrize("seed", range(2))
def test_no_weights_equal_weights_of_one(tiny: Make, seed: int) -> None:
    members = [member(tiny(seed=seed)), member(tiny(seed=seed), weights=np.ones(60))]
    close(train(members), train(members[:1]), 1e-5, [(0, 0), (1, 0)])


@COMPILED
@pytest.mark.parametrize("seeds", [[0, 1, 2], [0, 1, 0], [0, 0, 0]])
def test_members_have_their_own_start_if_a_layer_draws_without_an_initializer(
    tiny: Make, monkeypatch: pytest.MonkeyPatch, seeds: list[int]
) -> None:
    def build_noisily(experiment: Experiment, features: int) -> Models:
        def make(seeds: Iterator[int]) -> Network:
            network = build(experiment.model, features, experiment.regulariser, seeds)
            drawn = np.random.default_rng(next(seeds)).random(2)
            network.encoder.layers[1].bias.assign(drawn)
            return network

        return make

    monkeypatch.setattr("aeexp.training.compiled.network_builder", build_noisily)
    members = [member(tiny(seed=seed)) for seed in seeds]
    for i, alone in enumerate(members):
        close(train([alone]), train(members), 1e-5, [(0, i)])


class Alternate(keras.layers.Layer):
    """Adds two losses in turn, so that a new loss has the address of another layer's old one."""

    def __init__(self, *losses: Any) -> None:
        super().__init__()
        self.turn = cycle(losses)

    def call(self, a: Any) -> Any:
        self.add_loss(next(self.turn))
        return a


@COMPILED
def test_no_penalty_is_lost_to_a_reused_address(tiny: Make) -> None:
    experiment, x = tiny(), keras.Input((6,))
    losses = keras.ops.convert_to_tensor(10.0), keras.ops.convert_to_tensor(200.0)
    training = keras.Model(x, Alternate(*losses[::-1])(Alternate(*losses)(x)))
    network = replace(build(experiment.model, 6, {}, seeds(0)), training=training)
    program = importlib.import_module("aeexp.training.program").Program
    rows = np.ones((4, 6), np.float32)
    for _ in range(3):
        loss, _ = program(network, experiment, member(experiment))._loss([], [], rows, None)
        assert float(loss) == pytest.approx(210)


def make_network(initializer: Initializer) -> Models:
    spec = Deep(hidden=[5], batch_norm=True, kernel_initializer=initializer)
    return partial(build, spec, 7, {"dropout": Dropout(), "noise": Noise()})


@pytest.mark.parametrize("initializer", list(Initializer), ids=lambda i: i.name)
def test_initial_values_equal_those_of_building_each_network(initializer: Initializer) -> None:
    make, several = make_network(initializer), [7, 0, 7, 2**32 - 1]
    values = InitialValues(make, several).of(several)
    for seed, drawn in zip(several, values, strict=True):
        expected = [
            keras.ops.convert_to_numpy(v) for v in build_seeded(make, seed).training.variables
        ]
        assert all(map(np.array_equal, drawn, expected))


def test_networks_that_draw_without_an_initializer_are_built_for_each_seed() -> None:
    def make(seeds: Iterator[int]) -> Network:
        network = make_network(Initializer.glorot_uniform)(seeds)
        drawn = np.random.default_rng(next(seeds)).random((7, 5))
        network.encoder.layers[1].kernel.assign(drawn)
        return network

    values = InitialValues(make, [0, 1, 2]).of([0, 1, 2])
    for seed, drawn in zip(range(3), values, strict=True):
        expected = [
            keras.ops.convert_to_numpy(v) for v in build_seeded(make, seed).training.variables
        ]
        assert all(map(np.array_equal, drawn, expected))


# --- hyperparameters of models of other packages


def tempered(tiny: Make, **numbers: float) -> Member:
    rate = Cosine(final=numbers.pop("final", 0.0))
    stopping = EarlyStopping(patience=2, min_delta=numbers.pop("min_delta", 0.0))
    spec = Tempered(latent_dim=2, **numbers)
    training = Training(epochs=12, shuffle=False, engine=ENGINE, early_stopping=stopping)
    return member(tiny(model=spec, schedule=rate, training=training))


HYPERPARAMETERS = [
    pytest.param({"beta": 0.5}, {"beta": 0.0}, id="weight of a term"),
    pytest.param({"temperature": 2.0}, {"temperature": 0.5}, id="in the encoder"),
    pytest.param({"final": 0.5}, {"final": 0.1}, id="schedule"),
    pytest.param({"min_delta": 0.5}, {"min_delta": 1e-3}, id="early stopping"),
]


@pytest.mark.parametrize(("one", "other"), HYPERPARAMETERS)
def test_members_with_different_hyperparameters_have_the_result_of_training_alone(
    tiny: Make, one: dict[str, float], other: dict[str, float]
) -> None:
    members = [tempered(tiny, **values) for values in (one, other)]
    assert program_key(members[0]) == program_key(members[1])
    together = train(members)
    for i, alone in enumerate(members):
        close(train([alone]), together, 1e-5, [(0, i)])
        close(by(Engine.fit, [alone]), together, 1e-4, [(0, i)])
    losses = [history.loss for history in together.histories]
    assert not np.array_equal(*losses)


@COMPILED
@pytest.mark.parametrize(("one", "other"), HYPERPARAMETERS)
def test_members_with_different_hyperparameters_share_a_program(
    tiny: Make, one: dict[str, float], other: dict[str, float]
) -> None:
    compiled = importlib.import_module("aeexp.training.compiled")
    compiled.PROGRAMS.clear()
    train([tempered(tiny, **one), tempered(tiny, **other)])
    assert len(compiled.PROGRAMS) == 1


def test_the_network_of_a_member_has_its_own_hyperparameters(tiny: Make) -> None:
    members = [tempered(tiny, temperature=value) for value in (1.0, 4.0)]
    trained, x = train(members), members[0].x
    for i, alone in enumerate(members):
        expected = train([alone]).network(0).encode(x)
        np.testing.assert_allclose(trained.network(i).encode(x), expected, rtol=1e-4, atol=1e-4)
    assert [member_.experiment.model.temperature for member_ in members] == [1.0, 4.0]


def test_a_model_that_ignores_regularisers_is_refused_with_one(tiny: Make) -> None:
    with pytest.raises(UserError, match="The model Tempered ignores regularisers"):
        train([member(tiny(model=Tempered(), regulariser={"l1": L1()}))])


def test_an_untraced_hyperparameter_changes_the_program_key(tiny: Make) -> None:
    assert program_key(tempered(tiny, leak=0.1)) != program_key(tempered(tiny, leak=0.2))


@COMPILED
def test_a_traced_hyperparameter_that_is_read_while_building_is_refused(tiny: Make) -> None:
    members = [member(tiny(model=Baked(slope=slope))) for slope in (0.1, 0.2)]
    with pytest.raises(RuntimeError, match=r"model.slope is read while it is built"):
        train(members)
    assert train(members[:1]).histories
