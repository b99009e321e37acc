"""describe: Spec -> what it is called in a paper; and how numbers and names are written there."""

from collections.abc import Sequence
from dataclasses import fields
from enum import Enum
from functools import singledispatch

from aeexp.names import few, printable, short
from aeexp.spec import Spec

EACH_BY = "; by ", "; and by "
"""Between long phrases, see `joined`: by a; by b; and by c."""
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@singledispatch
def describe(spec: Spec) -> str:
    """Return what a spec stands for, with its numbers and with what it cites.

    A noun; of a scaling, what became of the features. A spec of one's own is called by its name
    until words are registered with `describe.register`.
    """
    said = [f"{f.name} = {_value(getattr(spec, f.name))}" for f in fields(spec)]
    return f"{named(type(spec).__name__)} ({', '.join(said)})"


def _value(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    return named(str(value.value if isinstance(value, Enum) else value))


def named(name: str) -> str:
    """Return a name of the user's as Markdown that means nothing else, and cites nothing."""
    return f"`{short(printable(name).replace('`', chr(39))) or '?'}`"


def names(several: Sequence[str]) -> str:
    """Return the first of several names of the user's, and how many more there are."""
    return few([named(name) for name in several])


def number(value: float) -> str:
    """Return a number: whole ones in full, others with six digits."""
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{value:,.0f}"
    mantissa, _, exponent = f"{value:g}".partition("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(RAISED)}" if exponent else mantissa


def percent(share: float) -> str:
    """Return a share as a percentage."""
    return f"{number(100 * share)} %"


def joined(several: Sequence[str], comma: str = ", ", and_: str = " and ") -> str:
    """Return "a", "a and b" or "a, b and c"."""
    *others, last = several
    return f"{comma.join(others)}{and_}{last}" if others else last
