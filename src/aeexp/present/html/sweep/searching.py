"""The figures of a search, and the tables behind them."""

from collections.abc import Iterator

from aeexp.analysis.sweep.redefined import is_redefined, redefined
from aeexp.analysis.sweep.study import Study, Trial
from aeexp.present.figures import sweep as figures
from aeexp.present.html.sweep.picture import Picture, picture
from aeexp.present.html.table import Cell, Sheet, measured, said
from aeexp.text import joined, listed


def searched(study: Study) -> Iterator[Picture]:
    """Yield how a search went, and what mattered in it."""
    if study.trials and study.objectives:
        ends = joined(
            f"{_count(study, state)} {state}" for state in ("COMPLETE", "PRUNED", "FAIL")
        )
        yield picture(
            f"The search of {study.sweep}",
            f"{len(study.trials)} trials: {ends}. A trial that diverged is pruned."
            + "".join(_redefined(study)),
            figures.search(study),
            _trials(study),
        )
    if study.importances:
        rows = [[Cell(name), measured(share)] for name, share in study.importances.items()]
        yield picture(
            f"What mattered in the search of {study.sweep}",
            "The share of each parameter in the differences between the trials' values.",
            figures.importances(study.importances),
            Sheet("Importances", ["override", "share"], rows),
        )


def _redefined(study: Study) -> Iterator[str]:
    """Yield a caution for each parameter that changes what an objective measures."""
    params = dict.fromkeys(name for trial in study.trials for name in trial.params)
    for key in params:
        values = {str(trial.params[key]) for trial in study.trials if key in trial.params}
        patterns = redefined(key.lstrip("+"), values)
        if names := [name for name in study.objectives if is_redefined(name, patterns)]:
            yield (
                f" Caution: with {key} varies what {listed(names)} measures: choose another"
                " sweep.objective, such as reconstruction.val.mse."
            )


def _count(study: Study, state: str) -> int:
    return sum(trial.state == state for trial in study.trials)


def _trials(study: Study) -> Sheet:
    params = list(dict.fromkeys(name for trial in study.trials for name in trial.params))
    objectives = range(len(study.objectives))
    numbers = [*map(study.values, objectives), *map(study.best, objectives)]
    rows = [
        [*_said(trial, params), *(measured(float(column[i])) for column in numbers)]
        for i, trial in enumerate(study.trials)
    ]
    so_far = [f"best {name} so far" for name in study.objectives]
    return Sheet("Trials", ["trial", "state", *params, *study.objectives, *so_far], rows)


def _said(trial: Trial, params: list[str]) -> Iterator[Cell]:
    yield measured(trial.number)
    yield Cell(trial.state)
    yield from (said(trial.params.get(name, "")) for name in params)
