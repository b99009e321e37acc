"""check: an option -> whether it does what its group must do, for tests of whoever adds it.

from aeexp.app.conformance import check

def test_vae() -> None:
    check("model", "vae")
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from keras import ops

from aeexp.analysis.clustering.clusters import find
from aeexp.backend import running
from aeexp.config.options import OPTIONS, require_option
from aeexp.config.spec import (
    L1,
    L2,
    AppliesTo,
    Backend,
    Deep,
    Dropout,
    Experiment,
    Noise,
    RegulariserSpec,
    Spec,
    Table,
    Training,
    describe,
)
from aeexp.data import Classes, fingerprint, load
from aeexp.data.scaling import FILLS, fit
from aeexp.models import Network, build, seeds
from aeexp.present.methods import references
from aeexp.present.methods.citations import CITATION
from aeexp.training import Member, train
from aeexp.training.optimizers import learning_rate, optimizer
from aeexp.training.population import copy_experiment, hyperparameters, set_hyperparameters
from aeexp.training.traced import changes_output, is_read_per_call, training_outputs

ROWS, FEATURES = 60, 5
UNTOLD = ("question", "evidence", "figures")
"""Groups whose options have no words of their own in the Methods."""


def check(group: str, name: str) -> None:
    """Hold an option to what its group must do, and to be documented.

    Keras must run on a backend that aeexp has chosen: `backend.choose`, or KERAS_BACKEND.

    Raises:
        AssertionError: It fails; the message names the option, and what is missing.
        KeyError: There is no such option.
    """
    kind, option = OPTIONS[group][name], f"{group}={name}"
    try:
        require_option(group, name)
        _check(kind, group, option)
    except AssertionError:
        raise
    except Exception as error:
        message = f"{option}: {type(error).__name__}: {error}"
        raise AssertionError(message) from error


def _check(kind: type[Spec], group: str, option: str) -> None:
    made_by_dataclass = f"{kind.__name__}("
    told = (kind.__doc__ or made_by_dataclass).startswith(made_by_dataclass)
    assert not told, f"{option} has no docstring, which --help prints"
    if group not in UNTOLD:
        _check_words(kind(), option)
    if group in CHECKS:
        CHECKS[group](kind(), option)


def _check_words(spec: Spec, option: str) -> None:
    assert spec.own_method("methods"), f"{option} has no method `methods`, its words in a paper"
    words = describe(spec)
    assert words.count("[@") == len(CITATION.findall(words)), f"{option}: a citation is no [@key]"
    try:
        references(words)
    except KeyError as error:
        message = f"{option} cites {error}, which references.bib lacks"
        raise AssertionError(message) from error


def _check_dataset(spec: Any, option: str) -> None:
    if isinstance(spec, Table):
        return  # a file of the user's
    data = load(spec)
    assert data.x.shape == (len(data.rows), len(data.features)), f"{option}: names for all of x"
    assert data.x.dtype.kind == "f", f"{option}: x of {data.x.dtype}, not of floats"
    assert len({*data.features}) == len(data.features), f"{option}: two features of one name"
    known = data.missing in FILLS or bool(np.isfinite(data.x).all())
    assert known, f"{option}: x has cells without a number, and `missing` does not fill them"
    for each in data.labels:
        values = each.codes if isinstance(each, Classes) else each.values
        assert len(values) == len(data.x), f"{option}: {each.name} has not a label for each row"
    assert fingerprint(data) == fingerprint(load(spec)), f"{option} is not the same twice"


def _check_preprocessing(spec: Any, option: str) -> None:
    x = _table().astype(np.float64)
    x[:, 0] = 3  # which cannot be divided by its spread
    scaling = fit(spec, x)
    scaled = scaling.apply(x)
    assert np.isfinite(scaled).all(), f"{option} makes a constant feature infinite"
    assert np.allclose(scaling.undo(scaled), x, atol=1e-4), f"{option} cannot be undone"


def _check_model(spec: Any, option: str) -> None:
    x, network, again = _table(), _network(spec), _network(spec)
    z = network.encode(x)
    assert np.array_equal(z, network.encode(x)), f"{option} encodes otherwise the next time"
    assert z.shape == (ROWS, spec.latent_dim), f"{option}: factors of shape {z.shape}"
    assert network.decode(z).shape == x.shape, f"{option} decodes to another shape"
    assert len({*network.names}) == len(network.names), f"{option}: weights of one name"
    assert network.names == again.names, f"{option} names its weights otherwise the next time"
    same = map(np.array_equal, network.weights().values(), again.weights().values())
    assert all(same), f"{option}: what is random must take its seed from `seeds`"
    _check_what_a_model_says(spec, network, option)
    _check_numbers(Experiment(model=spec), option)
    _check_that_it_is_regularised(spec, option)
    network.export()  # refuses layers that Keras cannot save: give them get_config


def _check_what_a_model_says(spec: Any, network: Network, option: str) -> None:
    network.training(_table(), training=True)
    adds, term = bool(network.training.losses), spec.own_method("term")
    assert term, f"{option} has no method `term`, what it adds to the loss"
    assert bool(term()) == adds, (
        f"{option}: `term` is {term()!r}, and the loss is added to: {adds}"
    )
    weights = {name: value.shape for name, value in network.weights().items()}
    shapes, weighted = spec.own_method("shapes"), spec.own_method("weighted")
    assert not shapes or shapes(FEATURES) == weights, f"{option}: `shapes` are others"
    if weighted and weighted():
        of_encoder = {variable.path for variable in network.encoder.weights}
        assert of_encoder == {"z/kernel", "z/bias"}, f"{option}: `weighted` by more than z/kernel"


def _check_that_it_is_regularised(spec: Any, option: str) -> None:
    """Hold a builder to put in the layers of regularisers, which the Methods tell of."""
    x = _table()
    plain = training_outputs(_network(spec), x)
    for name, regulariser in REGULARISERS.items():
        found = training_outputs(build(spec, FEATURES, {name: regulariser}, seeds(0)), x)
        changed = len(found) != len(plain) or not all(map(np.allclose, found, plain))
        assert changed, f"{option} takes no notice of regulariser={name}: see models.regularisers"


def _check_regulariser(spec: Any, option: str) -> None:
    experiment = Experiment(model=Deep(latent_dim=2), regulariser={"it": spec})
    x, plain = _table(), _network(experiment.model)
    network = build(experiment.model, FEATURES, experiment.regulariser, seeds(0))
    network.assign(plain.weights().values())
    assert np.array_equal(plain.encode(x), network.encode(x)), f"{option} changes the factors"
    [before], [after, *added] = training_outputs(plain, x), training_outputs(network, x)
    assert added or not np.array_equal(before, after), f"{option} does nothing in training"
    _check_numbers(experiment, option)


def _check_optimizer(spec: Any, option: str) -> None:
    made = optimizer(spec, spec.lr)
    experiment = Experiment(optimizer=spec)
    for key in hyperparameters(experiment):
        group, _, name = key.rpartition(".")
        if group == "optimizer" and name != "lr":
            assert getattr(made, name) == getattr(spec, name), f"{option}: Keras has no {name}"
    _check_numbers(experiment, option)
    _check_that_it_trains(experiment, option)


def _check_schedule(spec: Any, option: str) -> None:
    rate = learning_rate(spec, 0.5, 10, 20)
    steps = [rate(step) if callable(rate) else rate for step in (0, 10, 199)]
    rates = np.array([float(ops.convert_to_numpy(each)) for each in steps])
    assert ((rates >= 0) & (rates <= 0.5)).all(), f"{option}: rates {rates} of 0.5"
    _check_that_it_trains(Experiment(schedule=spec), option)


def _check_that_it_trains(experiment: Experiment, option: str) -> None:
    """Hold an optimizer or a schedule to train two members that differ in each number."""
    short = replace(experiment, training=Training(epochs=1), backend=running() or Backend.jax)
    x, rows = _table(), np.arange(ROWS)
    other = copy_experiment(short)
    set_hyperparameters(other, {key: value / 2 for key, value in hyperparameters(other).items()})
    members = [Member(experiment=each, x=x, rows=rows, val=rows[:0]) for each in (short, other)]
    losses = [float(history.loss[-1]) for history in train(members).histories]
    assert np.isfinite(losses).all(), f"{option}: losses of {losses} after an epoch"


def _check_clustering(spec: Any, option: str) -> None:
    x = _table()
    x[: ROWS // 2] += 8
    codes = find(spec, x, None, seed=0)
    found = np.unique(codes[codes >= 0])
    assert isinstance(codes, np.ndarray), f"{option}: clusters as {type(codes).__name__}, no array"
    assert codes.shape == (ROWS,), f"{option}: a cluster for each row"
    assert codes.dtype.kind == "i", f"{option}: clusters of {codes.dtype}, not of integers"
    assert np.array_equal(found, np.arange(len(found))), f"{option}: clusters counted from 0"
    assert codes.min() >= -1, f"{option}: noise is -1"
    assert np.array_equal(codes, find(spec, x, None, seed=0)), f"{option} is not the same twice"


def _check_numbers(experiment: Experiment, option: str) -> None:
    group = option.partition("=")[0]
    for key, value in hyperparameters(experiment).items():
        if key.partition(".")[0] == group:
            other = value / 2 or 0.5
            read = is_read_per_call(experiment, _table(), key, other)
            assert read, f"{option}: {key} is read while it is built, not in each call"
            does = group == "optimizer" or changes_output(experiment, _table(), key, other)
            assert does, f"{option}: {key} changes nothing: has it an implementation?"


def _table() -> Any:
    return np.random.default_rng(0).normal(size=(ROWS, FEATURES)).astype(np.float32)


def _network(spec: Any) -> Network:
    return build(spec, FEATURES, {}, seeds(0))


REGULARISERS: dict[str, RegulariserSpec] = {
    "l1": L1(strength=1.0),
    "l2": L2(strength=1.0, applies_to=AppliesTo.kernel),
    "dropout": Dropout(rate=0.5),
    "noise": Noise(sd=1.0),
}
"""Of each kind, one that shows."""
CHECKS: dict[str, Callable[[Any, str], None]] = {
    "dataset": _check_dataset,
    "preprocessing": _check_preprocessing,
    "model": _check_model,
    "regulariser": _check_regulariser,
    "optimizer": _check_optimizer,
    "schedule": _check_schedule,
    "clustering": _check_clustering,
}
