"""Figures."""

from dataclasses import dataclass
from enum import Enum

from aeexp.config.spec._spec import Spec, option, param


class FigureFormat(Enum):
    """File type of a figure."""

    png = "png"
    svg = "svg"
    pdf = "pdf"


@dataclass(kw_only=True)
class FiguresSpec(Spec):
    """The figures of a run."""


@option("figures", "all")
@dataclass(kw_only=True)
class AllFigures(FiguresSpec):
    """All figures that apply to the data, model and clusterings."""

    format: FigureFormat = param(FigureFormat.png, "File type; svg and pdf are vector graphics.")
    dpi: int = param(150, "Resolution of a png, in pixels per inch.", at_least=20, at_most=1200)


@option("figures", "none")
@dataclass(kw_only=True)
class NoFigures(FiguresSpec):
    """No figures and no report."""
