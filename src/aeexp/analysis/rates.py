"""Which learning rate does a range test suggest?"""

from collections.abc import Mapping

import numpy as np

from aeexp.data import Floats

FALL = 0.01  # of the first loss: a smaller one is none
EDGE = 0.1  # of the whole fall, at either end, which is too slow to count
RULES = ("valley", "minimum", "steep", "slide")
SAME = 0.03  # of the first loss, an e-fold: slopes that differ by less are the same


def suggestions(rates: Floats, losses: Floats) -> Mapping[str, float]:
    """Return the rate that each of four rules reads off the losses at rising rates.

    valley: the middle of the longest stretch over which the loss falls. minimum: a tenth of the
    rate with the least loss. steep: where the loss falls fastest by the logarithm of the rate.
    slide: the left end of a window that slides from the right until the slopes at its ends meet.
    Nothing where the loss never falls.

    The test is Smith's (2017, arXiv:1506.01186), the rules are those that fastai describes
    (Howard and Gugger, 2020, doi:10.3390/info11020108). There, one training raises its rate after
    each step; here, each rate has a training of its own, from the same first weights. So the loss
    at a rate owes nothing to lower ones, is smooth where it falls, and need not blow up beyond
    the best: what comes after the least loss is not looked at.

    rates, losses: (rates,); what is not finite has diverged.
    """
    rates, losses = falling(rates, losses)
    if len(rates) < 3 or losses[-1] > (1 - FALL) * losses[0]:
        return {}
    return {
        "valley": float(rates[_valley(losses)]),
        "minimum": float(rates[-1] / 10),
        "steep": float(rates[np.argmin(np.gradient(losses, np.log(rates)))]),
        "slide": _slide(rates, losses),
    }


def falling(rates: Floats, losses: Floats) -> tuple[Floats, Floats]:
    """Return the curve up to its least loss, which lies before the first that diverged."""
    lost = ~np.isfinite(losses)
    known = int(np.argmax(lost)) if lost.any() else len(losses)
    end = int(np.argmin(losses[:known])) + 1 if known else 0
    return rates[:end], losses[:end]


def middle(suggested: Mapping[str, float]) -> float:
    """Return the median of suggestions by their logarithms, which one bad rule moves little."""
    return float(np.exp(np.median(np.log([*suggested.values()]))))


def _valley(losses: Floats) -> int:
    """Return the middle of the longest subsequence of losses that fall.

    Without the first and the last tenth of the fall: where every rate has a training of its own,
    the loss falls from the lowest rate on, by next to nothing.
    """
    edge = EDGE * np.ptp(losses)
    inside = (losses.min() + edge < losses) & (losses < losses.max() - edge)
    [places] = np.nonzero(inside) if inside.any() else [np.arange(len(losses))]
    length, first = np.ones(len(places), int), np.arange(len(places))
    for i in range(1, len(places)):
        before = np.flatnonzero(losses[places[:i]] > losses[places[i]])
        if before.size:
            longest = before[np.argmax(length[before])]
            length[i], first[i] = length[longest] + 1, first[longest]
    last = int(np.argmax(length))
    return int(places[first[last]] + places[last]) // 2


def _slide(rates: Floats, losses: Floats) -> float:
    """Return where a window of a decade ends when the slopes at its ends are the same."""
    at = np.log(rates)
    slopes = np.gradient(losses, at)
    left = at - np.log(10)
    steeper = (slopes - np.interp(left, at, slopes))[left >= at[0]]  # right than left
    if not steeper.size:
        return float(rates[0])
    met = (np.abs(steeper) <= SAME * losses[0]) | (np.sign(steeper) != np.sign(steeper[-1]))
    first = len(rates) - len(steeper)
    return float(rates[first + (np.flatnonzero(met)[-1] if met.any() else 0)] / 10)
