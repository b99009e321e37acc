"""The files in conf/ agree with the specs and repeat no defaults."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from aeexp.app.menu import comment
from aeexp.config.compose import to_experiment
from aeexp.config.hydra_private import VERSION
from aeexp.config.options import OPTIONS, SEVERAL, conf_dir
from aeexp.config.sources import register
from aeexp.config.spec import Experiment
from aeexp.errors import UserError

register()
CONF = conf_dir()
FILES = [path for path in sorted(CONF.rglob("*.yaml")) if path.parent != CONF]
OPTION_FILES = [path for path in FILES if path.parent.name in OPTIONS]
GROUPS = [name for name in OPTIONS if name not in SEVERAL]


def name(path: Path) -> str:
    return f"{path.parent.name}={path.stem}"


def composed(*overrides: str) -> DictConfig:
    with initialize_config_dir(str(CONF), **VERSION):
        return compose("config", list(overrides))


def experiment(*overrides: str) -> Experiment:
    return to_experiment(composed(*overrides))


@pytest.mark.parametrize("path", FILES, ids=name)
def test_every_option_composes(path: Path) -> None:
    assert isinstance(experiment(name(path)), Experiment)


def test_every_option_has_a_file_and_every_file_an_option() -> None:
    in_python = {f"{group}={option}" for group, options in OPTIONS.items() for option in options}
    in_conf = {name(path) for path in OPTION_FILES}
    assert in_conf - {f"{group}=none" for group in SEVERAL} == in_python


def test_the_default_run_is_the_default_experiment() -> None:
    assert experiment() == Experiment()


@pytest.mark.parametrize("path", OPTION_FILES, ids=name)
def test_an_option_equals_the_defaults_of_its_spec(path: Path) -> None:
    group, option = path.parent.name, path.stem
    spec = getattr(experiment(name(path)), group)
    if group not in SEVERAL:
        assert spec == OPTIONS[group][option]()
    elif option == "none":
        assert spec == {}
    else:
        assert spec == {option: OPTIONS[group][option]()}


def leaves(node: Any, key: str = "") -> dict[str, Any]:
    if not isinstance(node, dict):
        return {key: node}
    parts = (leaves(child, f"{key}.{name}".lstrip(".")) for name, child in node.items())
    return {key: value for part in parts for key, value in part.items()}


@pytest.mark.parametrize("path", [*FILES, CONF / "tutorial.yaml"], ids=lambda path: path.stem)
def test_yaml_repeats_no_default(path: Path) -> None:
    stated = OmegaConf.to_container(OmegaConf.load(path))
    chosen = [
        f"{key.removeprefix('override /')}={value}"
        for default in stated.pop("defaults", [])
        if isinstance(default, dict)
        for key, value in default.items()
    ]
    without = leaves(OmegaConf.to_container(composed(*chosen)))
    repeated = {key for key, value in leaves(stated).items() if without.get(key, ...) == value}
    assert not repeated


@pytest.mark.parametrize(
    "path", [path for path in OPTION_FILES if path.stem in OPTIONS[path.parent.name]], ids=name
)
def test_the_head_of_an_option_file_is_up_to_date(path: Path) -> None:
    head = comment(path.parent.name, path.stem)
    assert path.read_text().startswith(head), "bring it up to date with: nox -s menu"


@pytest.mark.parametrize("group", GROUPS)
def test_the_keys_of_an_option_are_the_fields_of_its_spec(group: str) -> None:
    for option, kind in OPTIONS[group].items():
        node = composed(f"{group}={option}")[group]
        names = {"name"} if group not in SEVERAL else set()
        assert set(node) == {f.name for f in fields(kind)} | names
        assert node.get("name", option) == option


def test_the_name_of_an_option_cannot_be_set() -> None:
    with pytest.raises(UserError, match=r"model\.name cannot be set: choose with model=deep"):
        experiment("model=shallow", "model.name=deep")


@pytest.mark.parametrize("group", SEVERAL)
def test_a_group_takes_several_options_in_order(group: str) -> None:
    first, second, *_ = OPTIONS[group]
    assert list(getattr(experiment(f"{group}=[{second},{first}]"), group)) == [second, first]


def test_a_parameter_of_one_of_several_options_has_its_name_as_prefix() -> None:
    composed_experiment = experiment("clustering=[dbscan,hdbscan]", "clustering.dbscan.eps=0.5")
    assert composed_experiment.clustering["dbscan"].eps == 0.5


@pytest.mark.parametrize(
    ("step", "facts"),
    [
        pytest.param("encode", {"epochs": 100, "validation": 0.0}, id="encode"),
        pytest.param("loss_curve", {"epochs": 200, "validation": 0.0}, id="loss_curve"),
        pytest.param("validation", {"epochs": 200, "validation": 0.2}, id="validation"),
        pytest.param("regularised", {"l1": 1e-4, "validation": 0.2}, id="regularised"),
        pytest.param("learning_rate", {"lr": 1.0, "validation": 0.2}, id="learning_rate"),
        pytest.param("deep", {"hidden": [32, 16], "l1": 1e-4}, id="deep"),
    ],
)
def test_a_step_of_the_tutorial_has_the_settings_of_the_tutorial(
    step: str, facts: dict[str, Any]
) -> None:
    tutorial = experiment(f"experiment=tutorial_{step}")
    settings = {
        "epochs": tutorial.training.epochs,
        "validation": tutorial.split.validation,
        "lr": tutorial.optimizer.lr,
        "hidden": tutorial.model.hidden,
        "l1": tutorial.regulariser["l1"].strength if tutorial.regulariser else None,
        "fit_on": tutorial.preprocessing.fit_on.name,
        "latent": (tutorial.model.latent_dim, tutorial.model.latent_activation.name),
        "output": tutorial.model.output_activation.name,
        "clusters": (tutorial.clustering["kmeans"].n_clusters, tutorial.clustering["dbscan"].eps),
        "min_samples": tutorial.clustering["dbscan"].min_samples,
        "spaces": {spec.space.name for spec in tutorial.clustering.values()},
        "batch": tutorial.training.batch_size,
    }
    common = {
        "fit_on": "all",
        "latent": (3, "relu"),
        "output": "sigmoid",
        "clusters": (3, 1.8),
        "min_samples": 5,
        "spaces": {"latent"},
        "batch": 16,
    }
    assert (facts | common).items() <= settings.items()
