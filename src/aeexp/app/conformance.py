"""check: test that a new option fulfils the contract of its group.

An author of an option calls it in a test:

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
    Auto,
    Axes,
    Backend,
    Deep,
    Dropout,
    Experiment,
    NestedDropout,
    Noise,
    RegulariserSpec,
    Spec,
    Table,
    describe,
)
from aeexp.data import Classes, fingerprint, load
from aeexp.data.automatic import candidates, settled
from aeexp.data.scaling import FILLS, fit
from aeexp.models import Network, build, seeds, start
from aeexp.models.axes import fold, moments, turn
from aeexp.present.methods import references
from aeexp.present.methods.citations import CITATION
from aeexp.training import Member, train
from aeexp.training.optimizers import learning_rate, optimizer
from aeexp.training.population import copy_experiment, hyperparameters, set_hyperparameters
from aeexp.training.traced import changes_output, is_read_per_call, training_outputs

ROWS, FEATURES = 60, 5
WITHOUT_METHODS = ("question", "evidence", "figures")
"""Groups whose options have no sentence of their own in the Methods text."""


def check(group: str, name: str) -> None:
    """Check that an option is documented and fulfils the contract of its group.

    Keras must run on a backend that aeexp has chosen: `backend.choose`, or KERAS_BACKEND.

    Raises:
        AssertionError: A check failed; the message names the option and the fault.
        KeyError: There is no such option.
    """
    spec_class = OPTIONS[group][name]
    try:
        require_option(group, name)
        generated = f"{spec_class.__name__}("  # the docstring that a dataclass has by default
        documented = not (spec_class.__doc__ or generated).startswith(generated)
        assert documented, "it has no docstring, which --help prints"
        if group not in WITHOUT_METHODS and spec_class is not Auto:  # it becomes another model
            _check_methods_text(spec_class())
        if group in CHECKS:
            CHECKS[group](spec_class())
    except Exception as error:
        kind = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
        raise AssertionError(f"{group}={name}: {kind}{error}") from error


def _check_methods_text(spec: Spec) -> None:
    assert spec.own_method("methods"), "it has no method `methods`, its text in a paper"
    text = describe(spec)
    assert text.count("[@") == len(CITATION.findall(text)), "a citation is no [@key]"
    try:
        references(text)
    except KeyError as error:
        raise AssertionError(f"it cites {error}, which references.bib lacks") from error


def _check_dataset(spec: Any) -> None:
    if isinstance(spec, Table):
        return  # needs a file of the user's
    data = load(spec)
    assert data.x.shape == (len(data.rows), len(data.features)), (
        "x must have a name for each row and feature"
    )
    assert data.x.dtype.kind == "f", f"x must be of floats, got {data.x.dtype}"
    assert len({*data.features}) == len(data.features), "two features have one name"
    filled = data.missing in FILLS or bool(np.isfinite(data.x).all())
    assert filled, "x has missing cells, and `missing` does not fill them"
    for label in data.labels:
        values = label.codes if isinstance(label, Classes) else label.values
        assert len(values) == len(data.x), f"{label.name} needs a value for each row"
    assert fingerprint(data) == fingerprint(load(spec)), "it is not reproducible"


def _check_preprocessing(spec: Any) -> None:
    x = _table().astype(np.float64)
    x[:, 0] = 3  # constant: its standard deviation is 0
    scaling = fit(spec, x)
    scaled = scaling.apply(x)
    assert np.isfinite(scaled).all(), "it makes a constant feature infinite"
    assert np.allclose(scaling.undo(scaled), x, atol=1e-4), "it cannot be undone"


def _check_model(spec: Any) -> None:
    if isinstance(spec, Auto):
        for candidate in candidates(Experiment(model=spec), ROWS):
            _check_model(candidate.experiment.model)
        return
    x, network, again = _table(), _network(spec), _network(spec)
    z = network.encode(x)
    assert np.array_equal(z, network.encode(x)), "it encodes differently the second time"
    assert z.shape == (ROWS, spec.latent_dim), f"wrong shape of factors, {z.shape}"
    assert network.decode(z).shape == x.shape, "it decodes to another shape"
    assert len({*network.names}) == len(network.names), "two weights have one name"
    assert network.names == again.names, "it names its weights differently the second time"
    same = map(np.array_equal, network.weights().values(), again.weights().values())
    assert all(same), "random initial weights must take their seeds from `seeds`"
    _check_declarations(spec, network)
    _check_axes(spec, network, x)
    _check_hyperparameters(Experiment(model=spec), "model")
    _check_regularised(spec)
    network.export()  # raises an error for layers without get_config


def _check_declarations(spec: Any, network: Network) -> None:
    network.training(_table(), training=True)
    adds, term = bool(network.training.losses), spec.own_method("term")
    assert term, "it has no method `term`, its term of the loss"
    assert bool(term()) == adds, f"`term` is {term()!r}, but the model adds a loss: {adds}"
    weights = {name: value.shape for name, value in network.weights().items()}
    shapes, weighted = spec.own_method("shapes"), spec.own_method("weighted")
    assert not shapes or shapes(FEATURES) == weights, "`shapes` are wrong"
    started = start(spec, _table(), np.arange(ROWS))
    same = {name: weights.get(name) == value.shape for name, value in started.items()}
    assert all(same.values()), f"`start` returns other weights than the network has: {same}"
    assert all(np.isfinite(value).all() for value in started.values()), "`start` is not finite"
    if weighted and weighted():
        names = {variable.path for variable in network.encoder.weights}
        assert names == {"z/kernel", "z/bias"}, "`weighted` needs a linear encoder"
    affine = spec.own_method("affine")
    if affine and affine():
        z = np.random.default_rng(0).normal(size=(3, spec.latent_dim)).astype("float32")
        first, second, between = network.decode(np.stack([z[0], z[1], (z[0] + z[1]) / 2]))
        assert np.allclose(between, (first + second) / 2, atol=1e-4), "`affine` is wrong"


def _check_axes(spec: Any, network: Network, x: Any) -> None:
    """Check that turned factors are reconstructed as before, if the class has a `bottleneck`."""
    bottleneck = spec.own_method("bottleneck")
    if bottleneck and bottleneck():
        x_hat, weights = network.reconstruct(x), network.weights()
        folded = fold(spec, weights, turn(Axes.reconstruction, moments(network, x)))
        network.assign(folded[name] for name in network.names)
        after = network.reconstruct(x)
        assert np.allclose(after, x_hat, atol=1e-4), "`bottleneck` names other layers"
        network.assign(weights[name] for name in network.names)


def _check_regularised(spec: Any) -> None:
    """Check that a builder adds the layers of every regulariser, as the Methods text claims."""
    x = _table()
    plain = training_outputs(_network(spec), x)
    for name, regulariser in REGULARISERS.items():
        outputs = training_outputs(build(spec, FEATURES, {name: regulariser}, seeds(0)), x)
        changed = len(outputs) != len(plain) or not all(map(np.allclose, outputs, plain))
        assert changed, f"it ignores regulariser={name}: see models.regularisers"


def _check_regulariser(spec: Any) -> None:
    experiment = Experiment(model=Deep(latent_dim=2), regulariser={"it": spec})
    x, plain = _table(), _network(experiment.model)
    network = build(experiment.model, FEATURES, experiment.regulariser, seeds(0))
    network.assign(plain.weights().values())
    assert np.array_equal(plain.encode(x), network.encode(x)), "it changes the factors"
    [before], [after, *added] = training_outputs(plain, x), training_outputs(network, x)
    assert added or not np.array_equal(before, after), "it does nothing in training"
    _check_hyperparameters(experiment, "regulariser")


def _check_optimizer(spec: Any) -> None:
    experiment = settled(Experiment(optimizer=spec), ROWS, validated=False)
    keras_optimizer = optimizer(spec, spec.rate)
    for key in hyperparameters(experiment):
        group, _, name = key.rpartition(".")
        if group == "optimizer" and name != "lr":
            value = getattr(keras_optimizer, name)
            assert value == getattr(spec, name), f"Keras ignores {name}"
    _check_hyperparameters(experiment, "optimizer")
    _check_trains(experiment)


def _check_schedule(spec: Any) -> None:
    rate = learning_rate(spec, 0.5, 10, 20)
    steps = [rate(step) if callable(rate) else rate for step in (0, 10, 199)]
    rates = np.array([float(ops.convert_to_numpy(value)) for value in steps])
    assert ((rates >= 0) & (rates <= 0.5)).all(), f"rates outside 0 to 0.5: {rates}"
    _check_trains(Experiment(schedule=spec))


def _check_trains(experiment: Experiment) -> None:
    """Train two members that differ in every hyperparameter of the optimizer or schedule."""
    experiment = settled(experiment, ROWS, validated=False)
    training = replace(experiment.training, epochs=1)
    short = replace(experiment, training=training, backend=running() or Backend.jax)
    x, rows = _table(), np.arange(ROWS)
    other = copy_experiment(short)
    set_hyperparameters(other, {key: value / 2 for key, value in hyperparameters(other).items()})
    members = [Member(experiment=exp, x=x, rows=rows, val=rows[:0]) for exp in (short, other)]
    losses = [float(history.loss[-1]) for history in train(members).histories]
    assert np.isfinite(losses).all(), f"losses {losses} after an epoch"


def _check_clustering(spec: Any) -> None:
    x = _table()
    x[: ROWS // 2] += 8
    codes = find(spec, x, None, seed=0)
    clusters = np.unique(codes[codes >= 0])
    assert isinstance(codes, np.ndarray), "clusters must be an array"
    assert codes.shape == (ROWS,), "every row needs a cluster"
    assert codes.dtype.kind == "i", f"clusters must be integers, got {codes.dtype}"
    assert np.array_equal(clusters, np.arange(len(clusters))), "clusters must be counted from 0"
    assert codes.min() >= -1, "noise must be -1"
    assert np.array_equal(codes, find(spec, x, None, seed=0)), "it is not reproducible"


def _check_hyperparameters(experiment: Experiment, group: str) -> None:
    for key, value in hyperparameters(experiment).items():
        if key.partition(".")[0] == group:
            other = value / 2 or 0.5
            read = is_read_per_call(experiment, _table(), key, other)
            assert read, f"{key} is read while it is built, not in each call"
            used = group == "optimizer" or changes_output(experiment, _table(), key, other)
            assert used, f"{key} changes nothing: is it implemented?"


def _table() -> Any:
    return np.random.default_rng(0).normal(size=(ROWS, FEATURES)).astype(np.float32)


def _network(spec: Any) -> Network:
    return build(spec, FEATURES, {}, seeds(0))


REGULARISERS: dict[str, RegulariserSpec] = {
    "l1": L1(strength=1.0),
    "l1 on the factors": L1(strength=1.0, applies_to=AppliesTo.latent),
    "l2": L2(strength=1.0, applies_to=AppliesTo.kernel),
    "dropout": Dropout(rate=0.5),
    "noise": Noise(sd=1.0),
    "nested_dropout": NestedDropout(rate=0.5),
}
"""One strong regulariser of each kind."""
CHECKS: dict[str, Callable[[Any], None]] = {
    "dataset": _check_dataset,
    "preprocessing": _check_preprocessing,
    "model": _check_model,
    "regulariser": _check_regulariser,
    "optimizer": _check_optimizer,
    "schedule": _check_schedule,
    "clustering": _check_clustering,
}
