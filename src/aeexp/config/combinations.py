"""The jobs of a sweep: every combination of the values of its overrides, once."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product
from math import isfinite, prod
from typing import Any

from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep

from aeexp.errors import UserError


def combinations(overrides: Sequence[Override]) -> Iterator[tuple[str, ...]]:
    """Yield the overrides of each job; of an interval, for its two ends.

    The last override of a key counts. Equal values are one: 1e-3 and 0.001.
    """
    choices = {override.get_key_element(): distinct(override) for override in overrides}
    yield from product(
        *([f"{key}={value}" for value in values] for key, values in choices.items())
    )


def require_few(overrides: Sequence[Override], limit: int) -> None:
    """Reject a sweep of more than `limit` jobs before any of them is composed."""
    counts = {}
    for override in overrides:
        if override.is_sweep_override():  # count no further: a range can have billions of values
            values = islice(_once(_unshuffled(override)), limit + 1)
            counts[override.get_key_element()] = sum(1 for _ in values)
            if not counts[override.get_key_element()]:
                raise UserError(f"{override.input_line} has no values to sweep over.")
    if prod(counts.values()) > limit:
        widest = max(counts, key=lambda key: counts[key])
        raise UserError(
            f"This sweep has more than sweep.max_jobs={limit} jobs, most of them by {widest}: give"
            " fewer values, or raise sweep.max_jobs."
        )


def distinct(override: Override) -> Iterator[str]:
    """Yield the values of an override, each once."""
    return _once(_values(override))


def _once(values: Iterable[Any]) -> Iterator[Any]:
    """Yield values lazily, each number or text once."""
    yielded = set()
    for value in values:
        if (same := _number(value)) not in yielded:
            yielded.add(same)
            yield value


def _number(value: Any) -> Any:
    try:
        number = float(value)
    except ValueError:
        return value
    return number if isfinite(number) and abs(number) < 2**53 else str(value)


def _unshuffled(override: Override) -> Iterable[Any]:
    """Return the values of an override lazily; shuffling would list all values of a range."""
    sweep = override.value()
    return sweep.range() if isinstance(sweep, RangeSweep) else _values(override)


def _values(override: Override) -> Iterator[str]:
    interval = override.value()
    if isinstance(interval, IntervalSweep):
        yield from (str(interval.start), str(interval.end))
    elif override.is_sweep_override():
        yield from override.sweep_string_iterator()
    else:
        yield override.get_value_element_as_str()
