"""The figures of a sweep: functions that return a matplotlib Figure."""

from aeexp.present.figures.sweep.curves import training
from aeexp.present.figures.sweep.effect import Effect, effects
from aeexp.present.figures.sweep.grid import grid
from aeexp.present.figures.sweep.parallel import parallel
from aeexp.present.figures.sweep.pareto import pareto
from aeexp.present.figures.sweep.search import importances, search
from aeexp.present.figures.sweep.spaces import spaces

__all__ = [
    "Effect",
    "effects",
    "grid",
    "importances",
    "parallel",
    "pareto",
    "search",
    "spaces",
    "training",
]
