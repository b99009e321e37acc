"""When a line on progress is printed, where no bar can be shown."""

import time

PAUSE = 10.0
"""Seconds before the first line; then doubled."""


class Pace:
    """Decides when a line on progress is due, ever more rarely, and estimates the time left."""

    def __init__(self) -> None:
        self.pause = PAUSE
        self.restart()
        self.first = 0, 0.0, 0  # steps done at the first call, its time, and their total

    def restart(self) -> None:
        """Count the seconds before the next line from now."""
        self.printed = time.monotonic()

    def time_left(self, done: int, total: int) -> float | None:
        """Return the seconds left if a line is due now. done, total: steps."""
        now, (first, start, steps) = time.monotonic(), self.first
        if steps != total or done <= first:  # other models
            self.first = first, start, _ = done, now, total
        left = (now - start) / (done - first) * (total - done) if done > first else 0.0
        if left <= 1 or now - self.printed <= self.pause:
            return None
        self.printed, self.pause = now, 2 * self.pause
        return left
