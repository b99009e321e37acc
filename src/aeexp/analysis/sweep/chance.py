"""Is there structure, where the setting was chosen as the best of many?

The best of many settings looks better than one, on a table without structure, too. Therefore the
choice is made there as well: all settings were trained on the same permuted tables, and the best
one of each table is compared with the chosen one. This is the single-step maximum statistic of
Westfall and Young (1993), Resampling-based multiple testing, Wiley. It holds its level whichever
setting is chosen, by whatever rows.

Settings with more factors explain more of any table. So R² is measured in standard deviations from
its mean, for each setting over all tables, the observed one included: each table could then have
been the observed one, and p is exact.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from aeexp.analysis.evidence.chance import p_value
from aeexp.analysis.sweep.comparison import Comparison
from aeexp.analysis.sweep.outcome import Outcome
from aeexp.config.spec import REPLICATIONS
from aeexp.data.dataset import Floats
from aeexp.runs import Run

PERMUTED = "permuted columns"
R2 = {f"reconstruction.{part}.r2" for part in ("train", "val", "test")}


@dataclass(frozen=True)
class ChosenByChance:
    """The best setting compared with the best settings of tables without structure.

    observed: R² of the best setting. p: corrected for the choice. uncorrected: as if it had been
    the only setting. tables: number of permuted tables. settings: number of settings.
    """

    observed: float
    p: float
    uncorrected: float
    tables: int
    settings: int


def chosen_by_chance(comparison: Comparison) -> ChosenByChance | None:
    """Test the best setting of a sweep; None if its settings were not tested on the same tables.

    Seeds of weights, splits and samples have other permuted tables, so one of them is tested: the
    first that all settings have.
    """
    settings = comparison.ranked
    by_seed = [{_seeds(run): run for run in setting.completed} for setting in settings]
    common = [seeds for seeds in by_seed[0] if all(seeds in runs for runs in by_seed)]
    if not common or len({runs[common[0]].data for runs in by_seed}) > 1:
        return None
    measured = [_r2(runs[common[0]]) for runs in by_seed]
    tables = [n for n in measured[0] if all(n in of_setting for of_setting in measured)]
    if len(tables) < 2 or tables[0] != 0:  # 0 is the table itself
        return None
    r2 = np.array([[of_setting[n] for n in tables] for of_setting in measured])
    return compare(r2)


def compare(r2: Floats) -> ChosenByChance:
    """Return the test of the first setting. r2: (settings, tables), the observed table first."""
    sd = r2.std(axis=1, keepdims=True)
    scores = (r2 - r2.mean(axis=1, keepdims=True)) / np.where(sd > 0, sd, 1)
    best = scores[:, 1:].max(axis=0)
    return ChosenByChance(
        observed=float(r2[0, 0]),
        p=p_value(float(scores[0, 0]), best, more_is_better=True),
        uncorrected=p_value(float(scores[0, 0]), scores[0, 1:], more_is_better=True),
        tables=r2.shape[1] - 1,
        settings=len(r2),
    )


def _seeds(run: Outcome) -> tuple[str, ...]:
    return tuple(run.overrides.get(key, "") for key in REPLICATIONS)


def _r2(run: Outcome) -> Mapping[int, float]:
    """Return R² by the number of the table, 0 for the run's own; empty if it was not tested."""
    if run.folder is None:
        return {}
    try:
        tested, null = (Run(run.folder).table(name) for name in ("evidence", "null"))
        own = {
            name: value
            for name, control, value in zip(
                *(tested[key] for key in ("number", "control", "observed")), strict=True
            )
            if control == PERMUTED and name in R2
        }
        ((name, observed),) = own.items()
        rows = zip(null["control"], null["table"], null[name], strict=True)
        numbers = {int(table): float(value) for kind, table, value in rows if kind == PERMUTED}
        return {0: float(observed)} | numbers
    except (OSError, ValueError, KeyError):  # no evidence, or of an earlier version
        return {}
