"""A part of a longer training."""

from aeexp.watch import Standing, Watch


class Leg(Watch):
    """Tells another watch of its epochs, as those of part `number` (from 0) of so many.

    It stops when the whole is to stop, and keeps an account of its own seconds.
    """

    def __init__(self, whole: Watch, number: int = 0, parts: int = 1) -> None:
        self.whole, self.number, self.parts = whole, number, parts

    @property
    def stop(self) -> bool:  # type: ignore[override]
        """Return whether the whole is to stop."""
        return self.whole.stop

    def epoch(self, standing: Standing) -> None:
        done, of = standing.done + self.number * standing.of, standing.of * self.parts
        losses = standing.loss, standing.val_loss
        self.whole.epoch(Standing(done, of, *losses, standing.members))
