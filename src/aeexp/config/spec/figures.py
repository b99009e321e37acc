"""Figures."""

from dataclasses import dataclass
from enum import Enum

from aeexp.config.spec._spec import Spec, option, param


class FigureFormat(Enum):
    """File type of a figure."""

    png = "png"
    svg = "svg"
    pdf = "pdf"


class FigureSize(Enum):
    """Size of a figure."""

    page = "page"
    slide = "slide"


@dataclass(kw_only=True)
class FiguresSpec(Spec):
    """The figures of a run."""


@option("figures", "all")
@dataclass(kw_only=True)
class AllFigures(FiguresSpec):
    """All figures that apply to the data, model and clusterings."""

    format: FigureFormat = param(FigureFormat.png, "File type; svg and pdf are vector graphics.")
    size: FigureSize = param(
        FigureSize.page,
        "page: as large as the content. slide: 16:9, with the content in its centre.",
    )
    dpi: int = param(150, "Resolution of a png, in pixels per inch.", at_least=20, at_most=1200)


@option("figures", "none")
@dataclass(kw_only=True)
class NoFigures(FiguresSpec):
    """No figures and no report."""
