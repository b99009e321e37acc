"""What a curve of losses shows: whether it falls, where its minimum is, whether it jumps."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aeexp.data import Floats

END = 0.2  # share of the epochs at the end that give the last rate
FEWEST = 8  # epochs for that rate
WINDOW = 0.05  # share of the epochs of the running median
SURE = 3.0  # standard errors of a slope that is not 0
GAUSSIAN = 1.4826  # standard deviation over median absolute deviation
CLEAR = 1.5  # standard deviations that a curve falls at its end
MEDIAN = 1.25  # standard error of a median over that of a mean
LEVEL = 0.3  # last rate over the mean rate of the whole curve: the curve has not levelled off


@dataclass(frozen=True)
class Curve:
    """A loss, epoch by epoch.

    losses: (epochs,), at least one, finite. The rates are those of the logarithm per epoch; they
    are 0 unless all losses are positive.
    """

    losses: Floats

    @property
    def window(self) -> int:
        """Return the number of epochs of the running median: a twentieth, an odd number."""
        return int(WINDOW * len(self.losses)) // 2 * 2 + 1

    @cached_property
    def smooth(self) -> Floats:
        """Return the running median, of fewer epochs at both ends: (epochs,)."""
        padded = np.pad(self.losses, self.window // 2, constant_values=np.nan)
        windows = np.lib.stride_tricks.sliding_window_view(padded, self.window)
        return np.nanmedian(windows, axis=1)

    @property
    def noise(self) -> float:
        """Return the relative standard deviation of a loss about its trend.

        By the median of the second differences, on which a smooth trend and single spikes have
        little influence.
        """
        if len(self.losses) < 3 or self.losses.min() <= 0:
            return 0.0
        return float(GAUSSIAN * np.median(np.abs(np.diff(np.log(self.losses), 2))) / np.sqrt(6))

    @property
    def lowest(self) -> int:
        """Return the index of the minimum of the smooth curve."""
        return int(self.smooth.argmin())

    def rise(self, epoch: int) -> float:
        """Return the relative rise from the minimum of the smooth curve to a later epoch.

        0 if noise alone can cause it. The minimum of n medians is about sqrt(2 ln n) of their
        standard deviations below the mean; another three are for the later value, whose median may
        be of half as many epochs.
        """
        if epoch <= self.lowest:
            return 0.0
        least = max(self.smooth[self.lowest], np.finfo(float).tiny)
        rise = float(min(self.smooth[epoch], self.losses[epoch]) / least - 1)
        medians = max(1.0, len(self.losses) / self.window)
        deviations = np.sqrt(2 * np.log(medians)) + 3 * np.sqrt(2)
        return rise if rise > deviations * MEDIAN * self.noise / np.sqrt(self.window) else 0.0

    @property
    def largest_jump(self) -> float:
        """Return the largest rise above the least loss before, relative to that loss."""
        if len(self.losses) < 2:
            return 0.0
        before = np.minimum.accumulate(self.losses)[:-1]
        return float((self.losses[1:] / np.maximum(before, np.finfo(float).tiny)).max() - 1)

    @property
    def last(self) -> int:
        """Return the number of epochs that are the end: a fifth, eight at least if there are."""
        return min(len(self.losses), max(FEWEST, int(END * len(self.losses))))

    @cached_property
    def rate(self) -> float:
        """Return the relative fall per epoch at the end; 0 unless it is distinct from noise.

        It is the slope of a line. Neighbouring losses are not independent, so that the fall must
        exceed the standard deviation about the line, and not only that of the slope.
        """
        last = self.losses[-self.last :]
        if len(last) < 2 or last.min() <= 0:
            return 0.0
        epochs = np.arange(len(last)) - (len(last) - 1) / 2
        logarithms = np.log(last)
        squares = float(epochs @ epochs)
        fall = -float(epochs @ logarithms) / squares
        rest = logarithms - logarithms.mean() + fall * epochs
        deviation = float(np.sqrt(rest @ rest / max(1, len(last) - 2)))
        noise = max(SURE / np.sqrt(squares), CLEAR / len(last)) * deviation
        return fall if fall > max(0.0, noise) else 0.0

    @property
    def mean_rate(self) -> float:
        """Return the relative fall per epoch over the whole curve."""
        if len(self.losses) < 2 or min(self.losses[0], self.losses[-1]) <= 0:
            return 0.0
        return float(np.log(self.losses[0] / self.losses[-1])) / (len(self.losses) - 1)

    @property
    def is_level(self) -> bool:
        """Return whether the curve falls no longer, or much more slowly than on average."""
        return self.rate <= LEVEL * max(0.0, self.mean_rate)

    def fall(self, more: float) -> float:
        """Return the relative fall expected if the curve goes on at its last rate.

        more: additional epochs, relative to the epochs of the curve.
        """
        return float(1 - np.exp(-self.rate * more * len(self.losses)))
