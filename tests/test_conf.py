"""conf/ and the vocabulary say the same things, and each says them once."""

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

register()
CONF = conf_dir()
FILES = [path for path in sorted(CONF.rglob("*.yaml")) if path.parent != CONF]
OPTION_FILES = [path for path in FILES if path.parent.name != "experiment"]
GROUPS = [name for name in OPTIONS if name not in SEVERAL]


def name(path: Path) -> str:
    return f"{path.parent.name}={path.stem}"


def composed(*words: str) -> DictConfig:
    with initialize_config_dir(str(CONF), **VERSION):
        return compose("config", list(words))


def experiment(*words: str) -> Experiment:
    return to_experiment(composed(*words))


@pytest.mark.parametrize("path", FILES, ids=name)
def test_every_option_composes(path: Path) -> None:
    assert isinstance(experiment(name(path)), Experiment)


def test_every_option_of_the_menu_has_its_file_and_every_file_its_option() -> None:
    said_in_python = {f"{group}={word}" for group, words in OPTIONS.items() for word in words}
    said_in_conf = {name(path) for path in OPTION_FILES}
    assert said_in_conf - {f"{group}=none" for group in SEVERAL} == said_in_python


def test_the_default_run_is_the_default_experiment() -> None:
    assert experiment() == Experiment()


@pytest.mark.parametrize("path", OPTION_FILES, ids=name)
def test_an_option_is_what_its_spec_is_in_python(path: Path) -> None:
    group, word = path.parent.name, path.stem
    made = getattr(experiment(name(path)), group)
    if group not in SEVERAL:
        assert made == OPTIONS[group][word]()
    elif word == "none":
        assert made == {}
    else:
        assert made == {word: OPTIONS[group][word]()}


def leaves(node: Any, key: str = "") -> dict[str, Any]:
    if not isinstance(node, dict):
        return {key: node}
    found = (leaves(child, f"{key}.{name}".lstrip(".")) for name, child in node.items())
    return {key: value for part in found for key, value in part.items()}


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
def test_the_head_of_an_option_file_is_its_part_of_the_menu(path: Path) -> None:
    head = comment(path.parent.name, path.stem)
    assert path.read_text().startswith(head), "bring it up to date with: nox -s menu"


@pytest.mark.parametrize("group", GROUPS)
def test_the_schema_does_not_shine_through_another_choice(group: str) -> None:
    for word, kind in OPTIONS[group].items():
        known = {f.name for f in fields(kind)}
        assert set(composed(f"{group}={word}")[group]) == known


@pytest.mark.parametrize("group", SEVERAL)
def test_several_options_of_a_group_stand_side_by_side(group: str) -> None:
    first, second, *_ = OPTIONS[group]
    assert list(getattr(experiment(f"{group}=[{second},{first}]"), group)) == [second, first]


def test_a_parameter_of_one_of_several_is_said_under_its_name() -> None:
    made = experiment("clustering=[dbscan,hdbscan]", "clustering.dbscan.eps=0.5")
    assert made.clustering["dbscan"].eps == 0.5


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
def test_a_step_of_the_tutorial_says_what_the_tutorial_does(
    step: str, facts: dict[str, Any]
) -> None:
    made = experiment(f"experiment=tutorial_{step}")
    said_there = {
        "epochs": made.training.epochs,
        "validation": made.split.validation,
        "lr": made.optimizer.lr,
        "hidden": made.model.hidden,
        "l1": made.regulariser["l1"].strength if made.regulariser else None,
        "fit_on": made.preprocessing.fit_on.name,
        "latent": (made.model.latent_dim, made.model.latent_activation.name),
        "output": made.model.output_activation.name,
        "clusters": (made.clustering["kmeans"].n_clusters, made.clustering["dbscan"].eps),
        "min_samples": made.clustering["dbscan"].min_samples,
        "batch": made.training.batch_size,
    }
    common = {
        "fit_on": "all",
        "latent": (3, "relu"),
        "output": "sigmoid",
        "clusters": (3, 1.8),
        "min_samples": 5,
        "batch": 16,
    }
    assert (facts | common).items() <= said_there.items()
