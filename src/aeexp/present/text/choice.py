"""The choice of the model and of its learning rate, in sentences."""

from aeexp.analysis.choice import Choice, setting
from aeexp.text import counted


def describe_choice(choice: Choice) -> str:
    """Return what was chosen on validation rows, and what it means for the table."""
    tried, number = choice.candidates, choice.number
    chosen = tried[number]
    rate = f"learning rate {chosen.experiment.optimizer.rate:g}"
    nonlinear = [i for i, candidate in enumerate(tried) if candidate.level]
    if not nonlinear:
        rates = counted(len(tried), "rate")
        return f"The {rate} was chosen from {rates} on validation rows." if len(tried) > 1 else ""
    if choice.is_linear:
        best = min(nonlinear, key=lambda i: choice.mse[i])
        return (
            "A linear map suffices: on validation rows, the best of"
            f" {counted(len(nonlinear), 'nonlinear setting')} explains {_points(choice, best, 0)}"
            " of the variance."
        )
    text = (
        f"Validation rows chose {setting(chosen.experiment)} ({rate}) from"
        f" {counted(len(tried), 'setting')}: it explains {_points(choice, number, 0)} of the"
        " variance than a linear map."
    )
    best = choice.best
    if tried[best].level > chosen.level:
        text += (
            f" {setting(tried[best].experiment).capitalize()} explains"
            f" {_points(choice, best, number)}, too few to choose it."
        )
    return text


def short_choice(choice: Choice) -> str:
    """Return the first sentence of `describe_choice`, for the title of a figure."""
    chosen = choice.candidates[choice.number].experiment
    rate = f"learning rate {chosen.optimizer.rate:g}"
    if choice.is_linear or not choice.has_models:
        return describe_choice(choice)
    gain = _points(choice, choice.number, 0)
    return f"{setting(chosen)} ({rate}) explains {gain} than a linear map"


def _points(choice: Choice, one: int, other: int) -> str:
    """Return by how many points of variance a candidate explains more than another, ± one SE."""
    gain, error = choice.gain(one, other)
    which = "more" if gain >= 0 else "less"
    return f"{abs(gain):.1f} ± {error:.1f} points {which}"
