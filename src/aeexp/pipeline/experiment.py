"""Write the experiment of a run as .hydra/config.yaml and read it back."""

from typing import Any

from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from aeexp.config.compose import to_experiment
from aeexp.config.names import remove_names, with_names
from aeexp.config.options import OPTIONS, SEVERAL, find_class
from aeexp.config.safety import small_file, validate_safe
from aeexp.config.spec import ClusteringSpec, Experiment, NoEvidence, Space, Spec
from aeexp.errors import UserError
from aeexp.runs import Run, refuse_links
from aeexp.text import few


def configuration(experiment: Experiment) -> bytes:
    """Return the content of .hydra/config.yaml, as Hydra writes it."""
    return OmegaConf.to_yaml(with_names(experiment)).encode()


def load_experiment(run: Run) -> Experiment:
    """Return the experiment that a run's directory records.

    Raises:
        UserError: It records none, or it has links, or options that are not installed.
    """
    refuse_links(run.folder)
    path = run.folder / ".hydra" / "config.yaml"
    if not path.is_file():
        raise UserError(
            f"{run.folder} is not the directory of a run: it has no .hydra/config.yaml."
        )
    try:
        with small_file(path):
            values = OmegaConf.load(path)
    except OSError:  # the file has neither keys nor a list
        values = None
    if not isinstance(values, DictConfig):
        raise UserError(f"{path} must have a value for each key of an experiment.")
    validate_safe(values)
    remove_names(values)
    config = OmegaConf.structured(Experiment)
    if "evidence" not in values:  # older runs did not have it
        config.evidence = OmegaConf.structured(NoEvidence)
    classes = _option_classes(run, values)
    keys = values.keys() | {key.partition(".")[0] for key in classes}
    for group in OPTIONS.keys() & keys:
        config[group] = {} if group in SEVERAL else MISSING
    for key, option_class in classes.items():
        OmegaConf.update(config, key, OmegaConf.structured(option_class), force_add=True)
        if issubclass(option_class, ClusteringSpec):  # older runs, which lack it, had no other
            OmegaConf.update(config, f"{key}.space", Space.latent)
    try:
        merged = OmegaConf.merge(config, values)
        assert isinstance(merged, DictConfig)
        return to_experiment(merged)
    except (UserError, OverflowError) as error:  # a whole number beyond what a float holds
        raise UserError(f"{path}: {error}") from error


def _option_classes(run: Run, values: Any) -> dict[str, type[Spec]]:
    """Return the spec class of each part of a recorded experiment, by its config key."""
    names = run.record.get("specs") or _choices(run, values)
    if names.get("dataset") == "Frame":
        raise UserError(
            f"{run.folder}: its table was a data frame in memory, which runs do not store."
        )
    classes = {key: find_class(str(name)) for key, name in names.items()}
    if unknown := [f"{key} ({names[key]})" for key, kind in classes.items() if kind is None]:
        raise UserError(
            f"{run.folder}: {few(unknown)} is neither aeexp's own nor of a package that is"
            " installed: install the package that has it."
        )
    return {key: kind for key, kind in classes.items() if kind}


def _choices(run: Run, values: Any) -> dict[str, str]:
    """Return the class names of the options that Hydra recorded, for a run of schema 1."""
    path = run.folder / ".hydra" / "hydra.yaml"
    try:
        with small_file(path):
            choices = OmegaConf.load(path).hydra.runtime.choices
        single = [g for g in OPTIONS if g in choices and g not in SEVERAL]
        chosen = {g: OPTIONS[g][choices[g]].__name__ for g in single}
        several = {f"{g}.{n}": OPTIONS[g][n].__name__ for g in SEVERAL for n in values[g]}
    except (OSError, OmegaConfBaseException, AttributeError, KeyError, TypeError) as error:
        raise UserError(f"{path} does not record which options the run had ({error}).") from error
    return chosen | several
