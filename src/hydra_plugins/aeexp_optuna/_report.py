"""What a study has found so far, for study.json."""

from typing import Any
from warnings import catch_warnings, simplefilter

from optuna import Study
from optuna.importance import get_param_importances
from optuna.trial import FrozenTrial, TrialState

from hydra_plugins.aeexp_optuna._objectives import Objectives

ENOUGH = 8  # complete trials to say what matters


def report(study: Study, wanted: Objectives) -> dict[str, Any]:
    """Return the trials, those that are best, and how much each parameter matters.

    best: the numbers of the trials on the Pareto front; with one objective, of the best alone.
    importances: the share of each parameter by PED-ANOVA (Watanabe et al., 2023,
    arXiv:2304.10255), for all objectives at once; empty where the trials are too few or too much
    alike to say.
    """
    return {
        "objectives": list(wanted.names),
        "directions": [each.value for each in wanted.directions],
        "importances": _importances(study),
        "trials": [_trial(trial) for trial in study.get_trials(deepcopy=False)],
        "best": _best(study),
    }


def _trial(trial: FrozenTrial) -> dict[str, Any]:
    return {
        "number": trial.number,
        "state": trial.state.name,
        "values": trial.values,
        "params": trial.params,
        "status": trial.user_attrs.get("status"),
    }


def _best(study: Study) -> list[int]:
    best = sorted(trial.number for trial in study.best_trials)
    return best if len(study.directions) > 1 else best[:1]


def _importances(study: Study) -> dict[str, float]:
    complete = study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
    if len(complete) < ENOUGH:
        return {}
    with catch_warnings():
        simplefilter("error", UserWarning)  # Optuna warns where it gives all an equal share
        try:
            return get_param_importances(study)
        except UserWarning:
            return {}
