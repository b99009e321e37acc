"""Where a search looks: Hydra's words with several values -> Optuna's distributions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import (
    ChoiceSweep,
    IntervalSweep,
    Override,
    RangeSweep,
    Sweep,
    Transformer,
)
from omegaconf import DictConfig, OmegaConf
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from aeexp.errors import UserError


@dataclass(frozen=True)
class Space:
    """Words that all trials share, and the distributions of what they differ in, by key."""

    fixed: Sequence[str]
    searched: Mapping[str, BaseDistribution]

    def words(self, params: Mapping[str, Any]) -> list[str]:
        """Return the words that make a trial."""
        return [*self.fixed, *(f"{key}={value}" for key, value in params.items())]


def space(words: Sequence[str], config: DictConfig, loader: ConfigLoader | None) -> Space:
    """Return the space that a sweep's words span; of words with one key the last counts.

    config: what the words with one value compose to.

    Raises:
        UserError: Nothing has several values, or values that cannot be searched.
    """
    parsed = OverridesParser.create(config_loader=loader).parse_overrides(list(words))
    overrides = {override.get_key_element(): override for override in parsed}
    searched = {k: o for k, o in overrides.items() if o.is_sweep_override()}
    _refuse_what_is_no_space(searched)
    return Space(
        fixed=[str(o.input_line) for key, o in overrides.items() if key not in searched],
        searched={key: distribution(o, whole=_is_whole(o, config)) for key, o in searched.items()},
    )


def distribution(override: Override, *, whole: bool) -> BaseDistribution:
    """Return the distribution of a word's values.

    interval(a,b) -> real numbers from a to b; whole ones if the parameter is `whole` and both
    ends are, and where int(interval(a,b)) says so.
    range(a,b,step) of whole numbers -> whole numbers, without b, as Hydra has it.
    Everything else -> choices without an order. tag(log, …) -> evenly in the logarithm.

    Raises:
        UserError: There is no such distribution.
    """
    values: Any = override.value()
    try:
        _refuse_tags(values)
        if isinstance(values, IntervalSweep):
            return _interval(values, whole=whole)
        if _counts(values):
            return _range(values)
        return _choices(override, values)
    except ValueError as error:
        message = f"{override.input_line}: {error}"
        raise UserError(message) from None


def _interval(values: IntervalSweep, *, whole: bool) -> BaseDistribution:
    low, high, log = values.start, values.end, "log" in values.tags
    assert low is not None
    assert high is not None
    said = isinstance(low, int) and isinstance(high, int)
    if said or (whole and float(low).is_integer() and float(high).is_integer()):
        return IntDistribution(int(low), int(high), log=log)
    return FloatDistribution(low, high, log=log)


def _range(values: RangeSweep) -> BaseDistribution:
    numbers = list(values.range())
    if not numbers:
        message = "there is no number in this range."
        raise UserError(message)
    step = abs(int(values.step)) if len(numbers) > 1 else 1
    return IntDistribution(
        int(min(numbers)), int(max(numbers)), log="log" in values.tags, step=step
    )


def _choices(override: Override, values: Any) -> BaseDistribution:
    if isinstance(values, ChoiceSweep | RangeSweep):
        values.shuffle = False  # a resumed sweep must find the order it left
    choices = map(_number_or_word, override.sweep_iterator())
    return CategoricalDistribution(list(dict.fromkeys(choices)))


def _number_or_word(value: Any) -> int | float | str:
    return value if isinstance(value, int | float) else Transformer.str(value)


def _counts(values: Any) -> bool:
    """Return whether a word is a range of whole numbers."""
    return isinstance(values, RangeSweep) and isinstance(values.range(), range)


def _is_whole(override: Override, config: DictConfig) -> bool:
    """Return whether a key's own value is a whole number, so that another must be one, too."""
    value = OmegaConf.select(config, override.key_or_group)
    return isinstance(value, int) and not isinstance(value, bool)


def _refuse_tags(values: Any) -> None:
    tags = values.tags if isinstance(values, Sweep) else set()
    if tags and not (tags == {"log"} and (isinstance(values, IntervalSweep) or _counts(values))):
        message = "the only tag is log, for interval(…) and for range(…) of whole numbers."
        raise UserError(message)


def _refuse_what_is_no_space(searched: Mapping[str, Override]) -> None:
    if not searched:
        message = (
            "hydra/sweeper=aeexp_optuna: there is nothing to search; give a parameter several"
            " values, such as 'optimizer.lr=tag(log, interval(1e-5, 1))'."
        )
        raise UserError(message)
    if "sweep.objective" in searched:
        line = searched["sweep.objective"].input_line
        message = f"{line}: several objectives stand in brackets, sweep.objective=[a,b]."
        raise UserError(message)
