"""Which figures a sweep has something to say with."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from aeexp.summary.comparing import compared, traded
from aeexp.summary.comparison import Comparison
from aeexp.summary.picture import Picture
from aeexp.summary.searching import searched
from aeexp.summary.study import Study
from aeexp.summary.training import spaces, trained


def pictures(comparison: Comparison, studies: Sequence[Study], into: Path) -> Iterator[Picture]:
    """Yield the figures that say something, each drawn when it is asked for."""
    for study in studies:
        yield from searched(study)
    if len(comparison.ranked) > 1:
        yield from compared(comparison)
        yield from traded(comparison)
    yield from trained(comparison)
    yield from spaces(comparison, into)
