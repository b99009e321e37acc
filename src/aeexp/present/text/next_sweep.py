"""The next step after a sweep, with a command that can be run as it is."""

import shlex
from collections.abc import Sequence

from aeexp.analysis.sweep.judgement import Judgement
from aeexp.analysis.sweep.varied import Varied
from aeexp.config.spec import REPLICATIONS
from aeexp.present.text.sentence import Sentence

SEEDS = "seed=range(4)"
FLAGS = {"--multirun", "-m"}


def next_sweep(judgement: Judgement, arguments: Sequence[str]) -> Sentence:
    """Return what to do next. arguments: the arguments of the sweep's command line."""
    is_certain = len(judgement.good.settings) > 1 or not judgement.good.unknown
    if len(judgement.comparison.ranked) > 1 and not is_certain:
        text = "Train each setting with several seeds, to separate differences from chance"
        return _sentence(text, _changed(arguments, SEEDS))
    if judgement.chance is None and "evidence=none" in arguments:
        text = "Repeat the sweep with evidence, to compare the best setting with tables without"
        return _sentence(f"{text} structure", _changed(arguments, "evidence=quick"))
    for axis in judgement.comparison.axes:
        if values := _further(axis, judgement.best.overrides[axis.key]):
            text = f"The best {axis.key} is at the end of its values: try further ones"
            return _sentence(text, _changed(arguments, f"{axis.key}={values}"))
    text = "Run the best setting with all evidence, and interpret its report"
    return _sentence(text, _alone(judgement, arguments))


def _sentence(text: str, command: Sequence[str]) -> Sentence:
    return Sentence("next", "yes", f"{text}: {shlex.join(['aeexp', *command])}")


def _further(axis: Varied, best: str) -> str:
    """Return further values, if the best of three or more numbers is the smallest or largest."""
    if (
        axis.numbers is None
        or len(axis.values) < 3
        or best not in {axis.values[0], axis.values[-1]}
    ):
        return ""
    numbers = axis.numbers if best == axis.values[-1] else axis.numbers[::-1]
    last, before = float(numbers[-1]), float(numbers[-2])
    if axis.logarithmic:
        further = [last * (last / before) ** i for i in (1, 2)]
    else:
        further = [last + i * (last - before) for i in (1, 2)]
    allowed = [value for value in further if value > 0]
    are_integers = all(float(value).is_integer() for value in (*axis.numbers, *allowed))
    texts = [f"{int(value)}" if are_integers else f"{value:.3g}" for value in allowed]
    return ",".join([best, *texts]) if allowed else ""


def _changed(arguments: Sequence[str], override: str) -> list[str]:
    """Return the arguments of the sweep with another value of one key; flags stay."""
    key = _key(override)
    remaining = [w for w in arguments if not ("=" in w and _key(w) == key) and not _is_folder(w)]
    return [*remaining, override]


def _alone(judgement: Judgement, arguments: Sequence[str]) -> list[str]:
    """Return the arguments of one run of the best setting."""
    varied = {*judgement.best.overrides, *REPLICATIONS, "evidence"}
    remaining = [
        argument
        for argument in arguments
        if argument not in FLAGS
        and not (
            "=" in argument and (_key(argument) in varied or _key(argument).startswith("hydra"))
        )
    ]
    chosen = [f"{key}={value}" for key, value in judgement.best.overrides.items() if value]
    return [*remaining, *chosen, "evidence=full"]


def _is_folder(argument: str) -> bool:
    return _key(argument) == "hydra.sweep.dir"


def _key(override: str) -> str:
    return override.lstrip("+~").partition("=")[0]
