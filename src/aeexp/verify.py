"""Does a run come to the same numbers when it is run again from its own record?"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from aeexp.artifact import DivergedError, Facts, Metrics
from aeexp.experiment import run as run_again
from aeexp.runs import Run
from aeexp.spec import DatasetSpec, Experiment, NoFigures, Table

TOLERANCE = 1e-3
"""Of a number, relative to it: machines sum in different orders, and training magnifies it."""
NAMED = 8  # numbers told that differ


@dataclass(frozen=True)
class Verification:
    """same: whether all numbers are, within the tolerance. lines: that say so."""

    same: bool
    lines: list[str]


def verify(run: Run, experiment: Experiment) -> Verification:
    """Run an experiment again, without its figures, and compare with what is recorded of it.

    Raises:
        ValueError: It cannot be run again: its table is gone, say.
    """
    again = replace(experiment, figures=NoFigures(), dataset=_found(run, experiment))
    metrics, data_hash = _outcome(again)
    differing = dict(_differing(run.metrics, metrics))
    if data_hash != run.record.get("data_hash"):
        lines = ["different: the table is not the one that the run was made with"]
    elif differing:
        lines = [f"different: {len(differing)} of {len(metrics)} numbers", *_named(differing)]
    else:
        lines = [f"the same: all {len(metrics)} numbers, within {TOLERANCE:g} of each"]
    same = not differing and data_hash == run.record.get("data_hash")
    return Verification(same, lines)


def _found(run: Run, experiment: Experiment) -> DatasetSpec:
    """Return the experiment's dataset; a file is looked for where the run found it."""
    dataset = experiment.dataset
    if isinstance(dataset, Table):
        return replace(dataset, path=str(Path(run.record.get("cwd", "."), dataset.path)))
    return dataset


def _outcome(experiment: Experiment) -> tuple[Mapping[str, float], str]:
    metrics: Mapping[str, float] = {}
    facts: dict[str, str] = {}
    try:
        for artifact in run_again(experiment):
            match artifact:
                case Metrics():
                    metrics = artifact.values
                case Facts():
                    facts |= artifact.values
    except DivergedError:
        pass
    return metrics, facts["data_hash"]


def _differing(
    recorded: Mapping[str, float], now: Mapping[str, float]
) -> Iterator[tuple[str, tuple[float, float]]]:
    for name in dict.fromkeys([*recorded, *now]):
        before, after = (of.get(name, math.nan) for of in (recorded, now))
        both_undefined = math.isnan(before) and math.isnan(after)
        if not both_undefined and not math.isclose(before, after, rel_tol=TOLERANCE, abs_tol=1e-9):
            yield name, (before, after)


def _named(differing: Mapping[str, tuple[float, float]]) -> Iterator[str]:
    for name, (before, after) in [*differing.items()][:NAMED]:
        yield f"  {name}: {before:.6g} recorded, {after:.6g} now"
    if len(differing) > NAMED:
        yield f"  and {len(differing) - NAMED} more"
