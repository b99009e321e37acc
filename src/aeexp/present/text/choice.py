"""The choice of the model and of its learning rate, in sentences."""

from aeexp.analysis.choice import Choice, setting
from aeexp.text import counted, with_error


def describe_choice(choice: Choice) -> str:
    """Return the setting that validation rows chose from several, and its meaning."""
    tried, number = choice.candidates, choice.number
    nonlinear = [i for i, candidate in enumerate(tried) if candidate.level]
    if not nonlinear:
        return (
            f"The learning rate {tried[number].experiment.optimizer.rate:g} was chosen from"
            f" {counted(len(tried), 'rate')} on validation rows."
        )
    if choice.is_linear:
        best = min(nonlinear, key=lambda i: choice.mse[i])
        return (
            "A linear map suffices: on validation rows, the best of"
            f" {counted(len(nonlinear), 'nonlinear setting')} explains {_points(choice, best, 0)}"
            " of the variance."
        )
    text = (
        f"Validation rows chose {_chosen(choice)} from {counted(len(tried), 'setting')}: it"
        f" explains {_points(choice, number, 0)} of the variance than a linear map."
    )
    best = choice.best
    if tried[best].level > tried[number].level:
        text += (
            f" {setting(tried[best].experiment).capitalize()} explains"
            f" {_points(choice, best, number)}, too few to choose it."
        )
    return text


def short_choice(choice: Choice) -> str:
    """Return the chosen setting in the length of a figure's title; see `describe_choice`."""
    if choice.is_linear or not choice.has_models:
        return describe_choice(choice)
    return f"{_chosen(choice)} explains {_points(choice, choice.number, 0)} than a linear map"


def _chosen(choice: Choice) -> str:
    experiment = choice.candidates[choice.number].experiment
    return f"{setting(experiment)} (learning rate {experiment.optimizer.rate:g})"


def _points(choice: Choice, one: int, other: int) -> str:
    """Return by how many points of variance a candidate explains more than another, ± one SE."""
    gain, error = choice.gain(one, other)
    which = "more" if gain >= 0 else "less"
    points = with_error(abs(gain), error) if error >= 0.05 else f"{abs(gain):.1f}"
    return f"{points} points {which}"
