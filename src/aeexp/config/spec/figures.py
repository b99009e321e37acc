"""What is drawn."""

from dataclasses import dataclass
from enum import Enum

from aeexp.config.spec._spec import Spec, option, param


class FigureFormat(Enum):
    """The file type of a figure."""

    png = "png"
    svg = "svg"
    pdf = "pdf"


@dataclass(kw_only=True)
class FiguresSpec(Spec):
    """The figures of a run."""


@option("figures", "all")
@dataclass(kw_only=True)
class AllFigures(FiguresSpec):
    """Every figure that the run's data, model and clusterings give rise to."""

    format: FigureFormat = param(FigureFormat.png, "File type; svg and pdf stay sharp.")
    dpi: int = param(150, "Pixels per inch of a png.", at_least=20, at_most=1200)


@option("figures", "none")
@dataclass(kw_only=True)
class NoFigures(FiguresSpec):
    """No figure at all."""
