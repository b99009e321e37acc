"""Convert the parameters of an estimator to an Experiment; errors name the parameter."""

from collections.abc import Mapping
from dataclasses import fields, replace
from enum import EnumType
from operator import index
from types import UnionType
from typing import Any, TypeVar, get_args

from aeexp.config.spec import (
    L1L2,
    OPTIONS,
    Adam,
    Deep,
    Dropout,
    EarlyStopping,
    Experiment,
    Noise,
    RegulariserSpec,
    Residual,
    Spec,
    Split,
    Training,
)
from aeexp.config.spec import Autoencoder as Network
from aeexp.errors import UserError

LAYERS = ("latent_dim", "hidden", "activation", "latent_activation", "output_activation")
MODELS: Mapping[str, type[Network]] = {"residual": Residual, "deep": Deep}
Values = Mapping[str, Any]
SpecType = TypeVar("SpecType", bound=Spec)


def experiment_of(values: Values) -> Experiment:
    """Return the experiment of an estimator's parameters. values: by the parameter's name.

    Raises:
        UserError: A value has the wrong type or is out of bounds.
    """
    preprocessing: Any = _choice("preprocessing", values, OPTIONS["preprocessing"])()
    penalty = _spec(L1L2, values, "l1", "l2")
    dropout = _spec(Dropout, values, rate="dropout")
    noise = _spec(Noise, values, sd="noise")
    strengths: dict[str, tuple[RegulariserSpec, float]] = {
        "l1_l2": (penalty, penalty.l1 + penalty.l2),
        "dropout": (dropout, dropout.rate),
        "noise": (noise, noise.sd),
    }
    return replace(
        _spec(Experiment, values, "backend", seed="random_state"),
        split=_spec(Split, values, "validation", seed="random_state"),
        preprocessing=preprocessing,
        model=_spec(_choice("model", values, MODELS), values, *LAYERS),
        regulariser={name: spec for name, (spec, strength) in strengths.items() if strength > 0},
        optimizer=_spec(Adam, values, "lr"),
        training=replace(
            _spec(Training, values, "epochs", "batch_size", "loss"),
            early_stopping=_spec(EarlyStopping, values, "patience"),
        ),
        clustering={},
    )


def _choice(name: str, values: Values, kinds: Mapping[str, type[SpecType]]) -> type[SpecType]:
    """Return the class that a parameter names."""
    value = values[name]
    if not isinstance(value, str) or value not in kinds:
        raise _error(name, f"one of {', '.join(kinds)}", value)
    return kinds[value]


def config_parameter(key: str) -> str:
    """Return the estimator's name of a config key, or of `key=value`."""
    if key == "preprocessing.fit_on=all":
        return "validation=0"  # the scaling is then fitted on all rows, too
    name, equals, value = key.partition("=")
    return name.rpartition(".")[2] + equals + value


def _spec(kind: type[SpecType], values: Values, *names: str, **renamed: str) -> SpecType:
    """Return a spec. names: parameters named like fields. renamed: others, by field."""
    parameters = dict(zip(names, names, strict=True)) | renamed
    types = {f.name: f.type for f in fields(kind)}
    converted = {
        field: _convert(types[field], name, values[name]) for field, name in parameters.items()
    }
    try:
        return kind(**converted)
    except UserError as error:
        raise error.about(parameters[error.name]) from None


def _convert(kind: Any, name: str, value: Any) -> Any:
    """Return a parameter's value as the type of its field."""
    optional = isinstance(kind, UnionType)
    if optional and value is None:
        return None
    plain = get_args(kind)[0] if optional else kind
    try:
        if plain is int:
            return index(value)  # accepts NumPy integers, but not 2.5
        if plain == list[int]:
            return [index(item) for item in value]
        return plain(value)
    except (TypeError, ValueError):
        expected = {int: "an integer", float: "a number"}.get(plain, "a sequence of integers")
        if isinstance(plain, EnumType):
            expected = f"one of {', '.join(plain.__members__)}"
        raise _error(name, expected + (" or None" if optional else ""), value) from None


def _error(name: str, expected: str, value: Any) -> UserError:
    return UserError(f"must be {expected}", field=name, value=repr(value))
