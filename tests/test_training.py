"""Training equals Keras's, is reproducible, and stops when it should."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from conftest import BACKEND
from sklearn.datasets import load_wine
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from aeexp.config.options import OPTIONS
from aeexp.config.spec import (
    L1,
    SGD,
    Activation,
    Adam,
    Backend,
    Blobs,
    Constant,
    Cosine,
    EarlyStopping,
    Engine,
    Experiment,
    Exponential,
    FitOn,
    Linear,
    Loss,
    MinMax,
    ScheduleSpec,
    Shallow,
    Split,
    Standard,
    Training,
    WarmupCosine,
    Wine,
)
from aeexp.data.prepare import Problem, prepare_problem
from aeexp.models import Network, build, seeds
from aeexp.runs.progress import Monitor, Progress
from aeexp.training import History, Member, train
from aeexp.training.optimizers import optimizer

pytestmark = pytest.mark.engine

Make = Callable[..., Experiment]


def trained(
    experiment: Experiment, monitor: Monitor | None = None
) -> tuple[Problem, Network, History]:
    problem = prepare_problem(experiment)
    outcome = train([member(experiment, problem)], monitor)
    return problem, outcome.network(0), outcome.histories[0]


def member(experiment: Experiment, problem: Problem | None = None, **changes: Any) -> Member:
    problem = problem or prepare_problem(experiment)
    table = {"x": problem.x, "rows": problem.rows.train, "val": problem.rows.val}
    return Member(experiment=experiment, **(table | changes))


def plain_keras(epochs: int) -> tuple[list[float], list[float]]:
    """Train as in the tutorial's fourth step, with Keras alone."""
    x = StandardScaler().fit_transform(load_wine().data).astype("float32")
    x_train, x_val = train_test_split(x, test_size=0.2, random_state=0)
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((13,)),
            keras.layers.Dense(3, "relu", activity_regularizer=keras.regularizers.L1(1e-4)),
            keras.layers.Dense(13, "sigmoid"),
        ]
    )
    model.compile("adam", "mse")
    history = model.fit(
        x_train, x_train, batch_size=16, epochs=epochs, validation_data=(x_val, x_val), verbose=0
    ).history
    return history["loss"], history["val_loss"]


def test_the_tutorial_s_history_equals_that_of_a_plain_keras_script(tiny: Make) -> None:
    experiment = tiny(
        dataset=Wine(),
        preprocessing=Standard(fit_on=FitOn.all),
        model=Shallow(latent_activation=Activation.relu, output_activation=Activation.sigmoid),
        regulariser={"l1": L1()},
        optimizer=Adam(lr=1e-3),
        # another engine than JAX's shuffles otherwise than its backend's fit
        training=Training(
            epochs=200, batch_size=16, engine=None if BACKEND is Backend.jax else Engine.fit
        ),
    )
    _, _, history = trained(experiment)
    loss, val_loss = plain_keras(200)
    assert history.loss == pytest.approx(np.array(loss), rel=1e-4)
    assert history.val_loss == pytest.approx(np.array(val_loss), rel=1e-4)


@pytest.mark.parametrize("word", OPTIONS["regulariser"])
def test_the_same_seed_gives_the_same_numbers_twice(tiny: Make, word: str) -> None:
    experiment = tiny(regulariser={word: OPTIONS["regulariser"][word]()})
    one, two = (trained(experiment)[2] for _ in range(2))
    assert np.array_equal(one.loss, two.loss)
    assert np.array_equal(one.val_loss, two.val_loss)


def test_another_seed_gives_other_numbers(tiny: Make) -> None:
    assert trained(tiny(seed=0))[2].loss[0] != trained(tiny(seed=1))[2].loss[0]


def test_a_linear_autoencoder_reaches_the_error_of_pca(tiny: Make) -> None:
    experiment = tiny(
        dataset=Wine(),
        model=Linear(latent_dim=3),
        optimizer=Adam(lr=0.01),
        schedule=Cosine(),
        training=Training(epochs=100),
    )
    problem, network, _ = trained(experiment)
    x = problem.x[problem.rows.train]
    pca = PCA(3).fit(x)
    optimum = np.mean((x - pca.inverse_transform(pca.transform(x))) ** 2)
    error = np.mean((x - network.decode(network.encode(x))) ** 2)
    assert optimum <= error <= 1.02 * optimum


@pytest.mark.parametrize("word", OPTIONS["optimizer"])
def test_every_optimizer_learns_and_has_the_hyperparameters_of_its_spec(
    tiny: Make, word: str
) -> None:
    spec = OPTIONS["optimizer"][word](lr=0.01)
    _, _, history = trained(tiny(optimizer=spec, training=Training(epochs=8)))
    assert history.loss[-1] < history.loss[0]
    config = optimizer(spec, 0.01).get_config()
    expected = {key: value for key, value in vars(spec).items() if key != "lr"}
    assert {key: config[key] for key in expected} == pytest.approx(expected)


@pytest.mark.parametrize("loss", list(Loss), ids=lambda loss: loss.name)
def test_the_loss_is_that_of_keras(tiny: Make, loss: Loss) -> None:
    experiment = tiny(
        preprocessing=MinMax(fit_on=FitOn.all),
        model=Shallow(output_activation=Activation.sigmoid),
        training=Training(epochs=1, loss=loss),
    )
    problem, network, history = trained(experiment)
    x = problem.x[problem.rows.val]
    per_row = keras.losses.get(loss.value)(x, network.decode(network.encode(x)))
    expected = float(keras.ops.convert_to_numpy(keras.ops.mean(per_row)))
    assert history.val_loss[0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        pytest.param(Constant(), lambda e: 0.1, id="constant"),
        pytest.param(Exponential(decay=0.5), lambda e: 0.1 * 0.5**e, id="exponential"),
        pytest.param(
            Cosine(final=0.2),
            lambda e: 0.1 * (0.8 * 0.5 * (1 + np.cos(np.pi * e / 4)) + 0.2),
            id="cosine",
        ),
        pytest.param(
            WarmupCosine(warmup=0.5),
            lambda e: 0.1 * e / 2 if e < 2 else 0.05 * (1 + np.cos(np.pi * (e - 2) / 2)),
            id="warmup_cosine",
        ),
        pytest.param(
            WarmupCosine(warmup=0.0),
            lambda e: 0.05 * (1 + np.cos(np.pi * e / 4)),
            id="warmup_cosine without warm-up",
        ),
    ],
)
def test_the_history_has_the_learning_rate_at_the_start_of_each_epoch(
    tiny: Make, schedule: ScheduleSpec, expected: Callable[[int], float]
) -> None:
    experiment = tiny(optimizer=SGD(lr=0.1), schedule=schedule, training=Training(epochs=4))
    _, _, history = trained(experiment)
    rates = [expected(epoch) for epoch in range(4)]
    assert history.learning_rate == pytest.approx(rates, rel=1e-5, abs=1e-9)


def test_early_stopping_restores_the_best_epoch(tiny: Make) -> None:
    stopping = EarlyStopping(patience=3, min_delta=0.01)
    spec = Training(epochs=500, early_stopping=stopping)
    problem, network, history = trained(tiny(optimizer=Adam(lr=0.05), training=spec))
    assert len(history.loss) < 500
    assert history.kept == len(history.loss) - 1 - 3
    x = problem.x[problem.rows.val]
    error = np.mean((x - network.decode(network.encode(x))) ** 2)
    assert error == pytest.approx(history.val_loss[history.kept], rel=1e-5)


def test_without_restoring_the_last_epoch_is_kept(tiny: Make) -> None:
    stopping = EarlyStopping(patience=2, min_delta=10.0, restore_best=False)
    _, _, history = trained(tiny(training=Training(epochs=50, early_stopping=stopping)))
    assert history.kept == len(history.loss) - 1 == 2


def test_early_stopping_uses_the_training_loss_without_held_out_rows(tiny: Make) -> None:
    stopping = EarlyStopping(patience=2, min_delta=10.0)
    spec = Training(epochs=50, early_stopping=stopping)
    _, _, history = trained(tiny(split=Split(validation=0), training=spec))
    assert len(history.loss) == 3
    assert np.isnan(history.val_loss).all()


def test_f10_a_loss_that_is_not_finite_ends_the_training(tiny: Make) -> None:
    _, _, history = trained(tiny(optimizer=SGD(lr=1e30), training=Training(epochs=50)))
    assert history.diverged
    assert not np.isfinite(history.loss[-1])
    assert np.isfinite(history.loss[:-1]).all()
    assert len(history.loss) < 5


def test_a_monitor_is_called_after_every_epoch_and_can_stop_the_training(tiny: Make) -> None:
    class Impatient(Monitor):
        epochs_done: list[int] = []  # noqa: RUF012

        def on_epoch(self, progress: Progress) -> None:
            self.epochs_done.append(progress.done)
            self.stop = progress.done >= 3

    monitor, experiment = Impatient(), tiny(training=Training(epochs=1_000_000))
    outcome = train([member(experiment)], monitor)
    epochs = len(outcome.histories[0].loss)
    assert outcome.interrupted
    assert monitor.epochs_done == list(range(1, epochs + 1))
    assert epochs < 1000


def test_a_batch_is_at_most_the_table(tiny: Make) -> None:
    histories = [
        trained(tiny(training=Training(epochs=3, batch_size=size, shuffle=False)))[2].loss
        for size in (48, 1000)
    ]
    assert np.array_equal(*histories)


def test_without_shuffling_the_rows_are_in_order(tiny: Make) -> None:
    spec = Training(epochs=1, batch_size=10, shuffle=False)
    experiment = tiny(
        dataset=Blobs(samples=20, features=3), split=Split(validation=0), training=spec
    )
    problem = prepare_problem(experiment)
    model = build(experiment.model, 3, {}, seeds(0)).training
    model.compile(keras.optimizers.Adam(1e-3), "mse")
    for batch in (problem.x[:10], problem.x[10:]):
        model.train_on_batch(batch, batch)
    _, network, _ = trained(experiment)
    by_hand = keras.ops.convert_to_numpy(model.weights[0].value)
    assert network.weights()["z/kernel"] == pytest.approx(by_hand, abs=1e-6)


def test_the_history_counts_epochs_from_one(tiny: Make) -> None:
    _, _, history = trained(tiny())
    assert history.columns()["epoch"].tolist() == [1, 2]
    assert replace(history, kept=0).columns().keys() == {
        "epoch",
        "loss",
        "val_loss",
        "learning_rate",
    }
