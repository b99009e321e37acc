"""Figures of a sweep: what was compared in, a matplotlib Figure out."""

from aeexp.summary.figures.curves import training
from aeexp.summary.figures.effect import Panel, effects
from aeexp.summary.figures.grid import grid
from aeexp.summary.figures.parallel import parallel
from aeexp.summary.figures.pareto import pareto
from aeexp.summary.figures.search import importances, search
from aeexp.summary.figures.spaces import spaces

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
