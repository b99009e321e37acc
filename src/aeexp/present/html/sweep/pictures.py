"""Which figures a sweep has something to say with."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from aeexp.analysis.sweep.comparison import Comparison
from aeexp.analysis.sweep.study import Study
from aeexp.present.html.sweep.comparing import compared, traded
from aeexp.present.html.sweep.picture import Picture
from aeexp.present.html.sweep.searching import searched
from aeexp.present.html.sweep.training import spaces, trained


def pictures(comparison: Comparison, studies: Sequence[Study], into: Path) -> Iterator[Picture]:
    """Yield the figures that say something, each drawn when it is asked for."""
    for study in studies:
        yield from searched(study)
    if len(comparison.ranked) > 1:
        yield from compared(comparison)
        yield from traded(comparison)
    yield from trained(comparison)
    yield from spaces(comparison, into)
