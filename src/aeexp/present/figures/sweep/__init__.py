"""Figures of a sweep: what was compared in, a matplotlib Figure out."""

from aeexp.present.figures.sweep.curves import training
from aeexp.present.figures.sweep.effect import Panel, effects
from aeexp.present.figures.sweep.grid import grid
from aeexp.present.figures.sweep.parallel import parallel
from aeexp.present.figures.sweep.pareto import pareto
from aeexp.present.figures.sweep.search import importances, search
from aeexp.present.figures.sweep.spaces import spaces

__all__ = [
    "Panel",
    "effects",
    "grid",
    "importances",
    "parallel",
    "pareto",
    "search",
    "spaces",
    "training",
]
