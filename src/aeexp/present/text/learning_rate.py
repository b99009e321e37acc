"""The answer of experiment=learning_rate: which rate to use."""

from collections.abc import Iterator, Mapping

import numpy as np

from aeexp.analysis.rates import falling, middle
from aeexp.data import Floats
from aeexp.present.text.sentence import Sentence, next_command

DISAGREEMENT = 10.0  # largest over smallest suggestion
RULES = {
    "valley": "valley at {} (middle of the longest fall of the loss)",
    "minimum": "minimum / 10 at {} (a tenth of the rate with the lowest loss)",
    "steep": "steep at {} (fastest fall)",
    "slide": "slide at {} (start of the last even fall)",
}


def recommend_rate(
    rates: Floats, losses: Floats, suggested: Mapping[str, float], lr: float
) -> Iterator[Sentence]:
    """Yield the recommended rate, its reasons, and the next command.

    rates, losses: (rates,), losses of diverged trainings are NaN. suggested: rate by rule. lr:
    optimizer.lr of the run.
    """
    if not suggested:
        diverged = np.isnan(losses[0])
        reason = "even the lowest rate diverged" if diverged else "no rate lowered the loss"
        text = f"undecided, as {reason}. Change question.lowest and question.highest."
        yield Sentence("learning_rate", "undecided", f"Learning rate: {text}")
        if diverged:
            lowest = f"experiment=learning_rate question.lowest={rates[0] / 1000:.2g}"
            yield next_command("undecided", "Try lower rates", lowest)
        return
    lowest = falling(rates, losses)[0][-1]
    rate, at_edge = middle(suggested), lowest == rates[-1]
    edge = ", the highest rate tried" if at_edge else ""
    yield Sentence(
        "learning_rate",
        "undecided" if at_edge else "yes",
        f"Learning rate: {rate:.2g}, the median of four rules (loss lowest at {lowest:.2g}{edge};"
        f" optimizer.lr is {lr:g}).",
    )
    suggestions = ", ".join(RULES[rule].format(f"{at:.2g}") for rule, at in suggested.items())
    ratio = max(suggested.values()) / min(suggested.values())
    if ratio > DISAGREEMENT:
        text = f"The rules disagree by a factor of {ratio:.0f}: {suggestions}. Try several."
        yield Sentence("rules", "no", text)
    else:
        text = f"The rules agree within a factor of {DISAGREEMENT:.0f}: {suggestions}."
        yield Sentence("rules", "yes", text)
    if (diverged := np.isnan(losses)).any():
        first = rates[np.argmax(diverged)]
        text = f"{diverged.sum()} of {len(rates)} rates diverged, from {first:.2g} on."
        yield Sentence("divergence", "yes", text)
    if at_edge:
        highest = f"experiment=learning_rate question.highest={10 * rates[-1]:.2g}"
        yield next_command("undecided", "Try higher rates", highest)
    else:
        yield next_command("yes", "Use it", f"optimizer.lr={rate:.2g}")
