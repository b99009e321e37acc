"""Learning rate range test."""

from collections.abc import Mapping

import numpy as np

from aeexp.data import Floats

FALL = 0.01  # smallest fall that counts, relative to the first loss
EDGE = 0.1  # share of the fall at either end that is ignored
RULES = ("valley", "minimum", "steep", "slide")
SAME = 0.03  # slopes that differ by less are equal, relative to the first loss per e-fold


def suggestions(rates: Floats, losses: Floats) -> Mapping[str, float]:
    """Return the learning rate that each of four rules suggests.

    valley: the middle of the longest interval over which the loss falls. minimum: a tenth of the
    rate with the lowest loss. steep: the rate at which the loss falls fastest over log(rate).
    slide: the left end of a window that slides from the right until the slopes at its ends are
    equal. Empty if the loss does not fall.

    The test is that of Smith (2017, arXiv:1506.01186) with the rules of fastai (Howard and Gugger,
    2020, doi:10.3390/info11020108). There, one training raises its rate after every step. Here,
    each rate has its own training from the same initial weights. So the loss at one rate does not
    depend on lower rates, falls smoothly, and need not rise after the minimum. Rates above the
    minimum are ignored.

    rates, losses: (rates,), rates ascending; a loss that is not finite means divergence.
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
    """Return rates and losses up to the lowest loss before the first divergence."""
    diverged = ~np.isfinite(losses)
    finite = int(np.argmax(diverged)) if diverged.any() else len(losses)
    end = int(np.argmin(losses[:finite])) + 1 if finite else 0
    return rates[:end], losses[:end]


def middle(suggested: Mapping[str, float]) -> float:
    """Return the median of the suggestions on a logarithmic scale, robust to one bad rule."""
    return float(np.exp(np.median(np.log([*suggested.values()]))))


def _valley(losses: Floats) -> int:
    """Return the middle of the longest falling subsequence of the losses.

    The first and the last tenth of the fall are ignored, as the loss falls by almost nothing from
    the lowest rate on. length[i] is the length of the longest falling subsequence that ends at
    i, first[i] its start (dynamic programming).
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
    """Return the left end of a window of one decade at whose ends the slopes are equal."""
    log_rates = np.log(rates)
    slopes = np.gradient(losses, log_rates)
    left = log_rates - np.log(10)
    difference = (slopes - np.interp(left, log_rates, slopes))[left >= log_rates[0]]
    if not difference.size:
        return float(rates[0])
    sign_changes = np.sign(difference) != np.sign(difference[-1])
    equal = (np.abs(difference) <= SAME * losses[0]) | sign_changes
    first = len(rates) - len(difference)
    return float(rates[first + (np.flatnonzero(equal)[-1] if equal.any() else 0)] / 10)
