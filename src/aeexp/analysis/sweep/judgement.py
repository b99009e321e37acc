"""The best setting of a sweep, judged as one that was chosen from many."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from aeexp.analysis.spread import Spread, spread
from aeexp.analysis.sweep.as_good import AsGood, as_good
from aeexp.analysis.sweep.chance import ChosenByChance, chosen_by_chance
from aeexp.analysis.sweep.comparison import Comparison, Setting
from aeexp.analysis.sweep.effects import Effects, effects

ADVANTAGE = "baseline.pca.advantage"
STABILITY = "stability.cka_reconstructions"


@dataclass(frozen=True)
class Judgement:
    """What the runs of a sweep show about its best setting and its parameters.

    chance: None if the settings were not tested on the same tables without structure.
    """

    comparison: Comparison
    good: AsGood
    chance: ChosenByChance | None
    effects: Effects

    @property
    def best(self) -> Setting:
        """Return the best setting."""
        return self.comparison.ranked[0]

    @property
    def validation(self) -> Spread:
        """Return the metric by which the best setting was chosen."""
        return self.best.spread(self.comparison.headline or "")

    @property
    def advantage(self) -> tuple[float, float]:
        """Return PCA's error minus the best setting's, and the standard error; NaN if unknown.

        All seeds are judged by the same rows, so their mean is not more certain than one of them.
        """
        error = spread(
            run.metrics.get(f"{ADVANTAGE}.se", float("nan")) for run in self.best.completed
        )
        return self.best.spread(ADVANTAGE).mean, error.mean

    @cached_property
    def document(self) -> dict[str, Any]:
        """Return all numbers, for summary.json; NaN if unknown."""
        test = {name: self.best.spread(f"reconstruction.test.{name}") for name in ("mse", "r2")}
        difference, error = self.advantage
        return {
            "metric": self.comparison.headline,
            "settings": len(self.comparison.ranked),
            "best": {
                "overrides": self.best.overrides,
                "jobs": [r.number for r in self.best.completed],
            },
            "validation": vars(self.validation),
            "as_good": [setting.overrides for setting in self.good.settings],
            "test": {name: vars(of) for name, of in test.items()},
            "chance": vars(self.chance) if self.chance else None,
            "pca": {"delta_mse": difference, "delta_se": error},
            "stability": {"cka_reconstructions": self.best.spread(STABILITY).mean},
            "effects": [vars(effect) for effect in self.effects.effects],
            "interactions": [vars(interaction) for interaction in self.effects.interactions],
        }


def judge(comparison: Comparison) -> Judgement | None:
    """Judge the best setting of a sweep; None if no run can be ranked."""
    if not comparison.ranked:
        return None
    return Judgement(
        comparison, as_good(comparison), chosen_by_chance(comparison), effects(comparison)
    )
