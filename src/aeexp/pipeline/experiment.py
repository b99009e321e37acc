"""The experiment of a run in its directory: written and read back."""

from typing import Any

from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from aeexp.config.compose import to_experiment
from aeexp.config.options import OPTIONS, SEVERAL, find_class
from aeexp.config.safety import small_file, validate_safe
from aeexp.config.spec import Experiment, NoEvidence, Spec
from aeexp.errors import UserError
from aeexp.runs import Run, refuse_links
from aeexp.text import few


def configuration(experiment: Experiment) -> bytes:
    """Return the file of an experiment, as Hydra writes .hydra/config.yaml."""
    return OmegaConf.to_yaml(OmegaConf.structured(experiment)).encode()


def load_experiment(run: Run) -> Experiment:
    """Return the experiment that a run did, as its directory says.

    Raises:
        UserError: It does not say it, or it holds links, or parts that are not aeexp's own.
    """
    refuse_links(run.folder)
    path = run.folder / ".hydra" / "config.yaml"
    if not path.is_file():
        message = f"{run.folder} is not the directory of a run: it has no .hydra/config.yaml."
        raise UserError(message)
    try:
        with small_file(path):
            values = OmegaConf.load(path)
    except OSError:  # it holds neither keys nor a list
        values = None
    if not isinstance(values, DictConfig):
        message = f"{path} must have a value for each key of an experiment."
        raise UserError(message)
    validate_safe(values)
    config = OmegaConf.structured(Experiment)
    if "evidence" not in values:  # which older runs had not
        config.evidence = OmegaConf.structured(NoEvidence)
    kinds = _kinds(run, values)
    for group in OPTIONS.keys() & (values.keys() | {key.partition(".")[0] for key in kinds}):
        config[group] = {} if group in SEVERAL else MISSING
    for key, kind in kinds.items():
        OmegaConf.update(config, key, OmegaConf.structured(kind), force_add=True)
    try:
        merged = OmegaConf.merge(config, values)
        assert isinstance(merged, DictConfig)
        return to_experiment(merged)
    except UserError as error:
        message = f"{path}: {error}"
        raise UserError(message) from error


def _kinds(run: Run, values: Any) -> dict[str, type[Spec]]:
    """Return the spec of each part of the experiment that a run did, by the key that sets it."""
    named = run.record.get("specs") or _chosen(run, values)
    if named.get("dataset") == "Frame":
        message = f"{run.folder}: its table was a data frame in memory, which is not kept."
        raise UserError(message)
    kinds = {key: find_class(str(name)) for key, name in named.items()}
    if unknown := [f"{key} ({named[key]})" for key, kind in kinds.items() if kind is None]:
        message = (
            f"{run.folder}: {few(unknown)} is neither aeexp's own nor of a package that is"
            " installed: install the package that has it."
        )
        raise UserError(message)
    return {key: kind for key, kind in kinds.items() if kind}


def _chosen(run: Run, values: Any) -> dict[str, str]:
    """Return the same for a run of schema 1, of which Hydra says what was chosen."""
    path = run.folder / ".hydra" / "hydra.yaml"
    try:
        with small_file(path):
            choices = OmegaConf.load(path).hydra.runtime.choices
        single = [g for g in OPTIONS if g in choices and g not in SEVERAL]
        chosen = {g: OPTIONS[g][choices[g]].__name__ for g in single}
        several = {f"{g}.{n}": OPTIONS[g][n].__name__ for g in SEVERAL for n in values[g]}
    except (OSError, OmegaConfBaseException, AttributeError, KeyError, TypeError) as error:
        message = f"{path} does not say what was chosen for the run ({error})."
        raise UserError(message) from error
    return chosen | several
