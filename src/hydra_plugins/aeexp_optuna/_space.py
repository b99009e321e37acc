"""The search space: overrides with several values as distributions of Optuna."""

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

from aeexp.config.combinations import combinations, distinct
from aeexp.config.spec import REPLICATIONS
from aeexp.errors import UserError


@dataclass(frozen=True)
class Space:
    """A search space.

    fixed: overrides that all trials share. searched: the distributions of the others by key.
    repeats: the overrides of each run of a trial, which are seeds.
    """

    fixed: Sequence[str]
    searched: Mapping[str, BaseDistribution]
    repeats: Sequence[Sequence[str]] = ((),)

    def jobs(self, trial: int, params: Mapping[str, Any]) -> dict[int, list[str]]:
        """Return the overrides of the jobs of a trial by their numbers."""
        searched = [f"{key}={value}" for key, value in params.items()]
        first = trial * len(self.repeats)
        return {n: [*self.fixed, *searched, *seeds] for n, seeds in enumerate(self.repeats, first)}


def space(arguments: Sequence[str], config: DictConfig, loader: ConfigLoader | None) -> Space:
    """Return the search space of a sweep's overrides; the last override of a key counts.

    Seeds with several values are not searched, because the best seed is luck: they are repeats. A
    list of one value is fixed.

    config: the configuration of the overrides with one value.

    Raises:
        UserError: No override has several values, or values cannot be searched.
    """
    parsed = OverridesParser.create(config_loader=loader).parse_overrides(list(arguments))
    overrides = {override.get_key_element(): override for override in parsed}
    swept = {key: o for key, o in overrides.items() if o.is_sweep_override() and not _is_one(o)}
    seeds = [key for key in REPLICATIONS if key in swept and swept[key].is_discrete_sweep()]
    searched = {key: o for key, o in swept.items() if key not in seeds}
    if not searched:
        raise UserError(
            "hydra/sweeper=aeexp_optuna: there is nothing to search; give a parameter several"
            " values, such as 'optimizer.lr=tag(log, interval(1e-5, 1))'."
        )
    if objective := searched.get("sweep.objective"):
        line = objective.input_line
        raise UserError(f"{line}: write several objectives in brackets, sweep.objective=[a,b].")
    distributions = {}
    for key, override in searched.items():
        value = OmegaConf.select(config, override.key_or_group)
        integer = isinstance(value, int) and not isinstance(value, bool)
        try:
            distributions[key] = distribution(override, integer=integer)
        except ValueError as error:
            raise UserError(f"{override.input_line}: {error}") from None
    fixed = [
        f"{key}={next(distinct(o))}" if _is_one(o) else str(o.input_line)
        for key, o in overrides.items()
        if key not in swept
    ]
    return Space(fixed, distributions, [*combinations([swept[key] for key in seeds])])


def _is_one(override: Override) -> bool:
    """Return whether an override is a list of one value."""
    values = override.value()
    return isinstance(values, ChoiceSweep) and len(values.list) == 1


def distribution(override: Override, *, integer: bool) -> BaseDistribution:
    """Return the distribution of an override's values.

    - interval(a,b): real numbers from a to b. Integers if the parameter is an `integer` and a and
      b are, or if it is written int(interval(a,b)).
    - range(a,b,step) of integers: integers, without b as in Hydra.
    - all others: choices without an order.
    - tag(log, …): uniform in the logarithm.

    Raises:
        ValueError: There is no such distribution.
    """
    values: Any = override.value()
    integers = isinstance(values, RangeSweep) and isinstance(values.range(), range)
    tags = values.tags if isinstance(values, Sweep) else set()
    log, allows_log = "log" in tags, integers or isinstance(values, IntervalSweep)
    if tags and not (tags == {"log"} and allows_log):
        raise ValueError("the only tag is log, for interval(…) and for range(…) of whole numbers.")
    if isinstance(values, IntervalSweep):
        low, high = values.start, values.end
        assert low is not None
        assert high is not None
        is_cast = isinstance(low, int) and isinstance(high, int)  # interval() alone makes floats
        if is_cast or (integer and float(low).is_integer() and float(high).is_integer()):
            return IntDistribution(int(low), int(high), log=log)
        return FloatDistribution(low, high, log=log)
    if integers:
        numbers = values.range()
        if not numbers:
            raise ValueError("there is no number in this range.")
        step = abs(numbers.step) if len(numbers) > 1 else 1
        return IntDistribution(min(numbers), max(numbers), log=log, step=step)
    if isinstance(values, ChoiceSweep | RangeSweep):
        values.shuffle = False  # a resumed sweep must have the same order
    choices = (
        value if isinstance(value, int | float) else Transformer.str(value)
        for value in override.sweep_iterator()
    )
    return CategoricalDistribution(list(dict.fromkeys(choices)))
