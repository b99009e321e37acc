"""The parameters of an estimator -> Experiment; what is wrong with one is said under its name."""

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
    Spec,
    Split,
    Training,
)
from aeexp.errors import UserError

LAYERS = ("latent_dim", "hidden", "activation", "latent_activation", "output_activation")
Values = Mapping[str, Any]
Made = TypeVar("Made", bound=Spec)


def experiment(values: Values) -> Experiment:
    """Return what the parameters of an estimator ask for. values: of each, by its name.

    Raises:
        UserError: A value is of another kind than its parameter, or out of its bounds.
    """
    return replace(
        _spec(Experiment, values, "backend", seed="random_state"),
        split=_spec(Split, values, "validation", seed="random_state"),
        preprocessing=_preprocessing(values, "preprocessing"),
        model=_spec(Deep, values, *LAYERS),
        regulariser=_regularisers(values),
        optimizer=_spec(Adam, values, "lr"),
        training=replace(
            _spec(Training, values, "epochs", "batch_size", "loss"),
            early_stopping=_spec(EarlyStopping, values, "patience"),
        ),
        clustering={},
    )


def parameter(key: str) -> str:
    """Return what an estimator calls a config key, or `key=value`."""
    if key == "preprocessing.fit_on=all":
        return "validation=0"  # it then sees all rows, too
    name, equals, value = key.partition("=")
    return name.rpartition(".")[2] + equals + value


def _preprocessing(values: Values, name: str) -> Any:
    word = values[name]
    words = OPTIONS["preprocessing"]
    if not isinstance(word, str) or word not in words:
        raise _refused(name, f"one of {', '.join(words)}", word)
    return words[word]()


def _regularisers(values: Values) -> dict[str, RegulariserSpec]:
    """Return the penalties and disturbances that are not zero."""
    penalty = _spec(L1L2, values, "l1", "l2")
    dropout = _spec(Dropout, values, rate="dropout")
    noise = _spec(Noise, values, sd="noise")
    strengths: dict[str, tuple[RegulariserSpec, float]] = {
        "l1_l2": (penalty, penalty.l1 + penalty.l2),
        "dropout": (dropout, dropout.rate),
        "noise": (noise, noise.sd),
    }
    return {name: spec for name, (spec, strength) in strengths.items() if strength > 0}


def _spec(kind: type[Made], values: Values, *names: str, **others: str) -> Made:
    """Make a spec of parameters that are called as its fields are, and of others by field."""
    parameters = dict(zip(names, names, strict=True)) | others
    types = {f.name: f.type for f in fields(kind)}
    read = {field: _read(types[field], name, values[name]) for field, name in parameters.items()}
    try:
        return kind(**read)
    except UserError as error:
        raise error.about(parameters[error.name]) from None


def _read(kind: Any, name: str, value: Any) -> Any:
    """Return a parameter's value as the kind of its field."""
    optional = isinstance(kind, UnionType)
    if optional and value is None:
        return None
    plain = get_args(kind)[0] if optional else kind
    try:
        return _as(plain, value)
    except (TypeError, ValueError):
        raise _refused(name, _meant(plain) + (" or None" if optional else ""), value) from None


def _as(kind: Any, value: Any) -> Any:
    if kind is int:
        return index(value)  # NumPy's integers, too, but not 2.5
    if kind == list[int]:
        return [index(each) for each in value]
    return kind(value)


def _meant(kind: Any) -> str:
    if isinstance(kind, EnumType):
        return f"one of {', '.join(kind.__members__)}"
    return {int: "an integer", float: "a number"}.get(kind, "a sequence of integers")


def _refused(name: str, must_be: str, value: Any) -> UserError:
    return UserError(f"must be {must_be}", field=name, value=repr(value))
