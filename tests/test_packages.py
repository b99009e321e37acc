"""Packages add options and callbacks; tested by the example, installed outside the source."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import command_line
import pandas as pd
import pytest
from sentences import Sentences

from aeexp import Callback
from aeexp.config import options
from aeexp.config.options import OPTIONS, find_class
from aeexp.config.spec import ModelSpec

EXAMPLE = Path(__file__).parents[1] / "examples" / "aeexp-example"
Run = Callable[..., subprocess.CompletedProcess[str]]
USED_AGAIN = """
import sys
from pathlib import Path
from aeexp import Callback, compose, load_run, run
from aeexp.backend import choose
from aeexp.config.spec import Backend
choose(Backend.jax)
from aeexp.app.conformance import check
from aeexp.pipeline.experiment import load_experiment
from aeexp.app.verify import verify
from aeexp_example.journal import Journal
import pandas as pd

class Broken(Callback):
    def on_epoch(self, epoch, losses):
        raise RuntimeError("no connection")

def main():
    check("model", "vae")
    check("clustering", "bisecting")
    first = load_run("first")
    result = verify(first, load_experiment(first))
    assert result.same, result.lines
    table = pd.read_csv("table.csv")
    latents = first.latents[["z1", "z2", "z3"]].to_numpy(float)
    assert abs(first.encode(table)[["z1", "z2", "z3"]].to_numpy() - latents).max() < 1e-4
    short = ("model=vae", "training.epochs=3", "evidence=none", "figures=none", "clustering=none")
    short += ("split.validation=0.2",)
    again = run(compose(*short), folder="again", callbacks=[Broken(), Journal(Path("journal"))])
    assert again.status.name == "COMPLETED"

if __name__ == "__main__":
    main()
"""
SWEPT = """
from aeexp.app.cli import main
from aeexp.training import compiled

if __name__ == "__main__":
    try:
        main()
    finally:
        print(len(compiled.PROGRAMS), "program")
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a working directory with the example installed in its folder `packages`."""
    place = tmp_path_factory.mktemp("example")
    install = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-build-isolation"]
    packages = str(place / "packages")
    subprocess.run([*install, "--target", packages, str(EXAMPLE)], check=True, capture_output=True)
    return place


@pytest.fixture(scope="module")
def inside(place: Path) -> Run:
    """Return a function that runs Python in that directory, with the example installed."""

    paths = [str(place / "packages"), *filter(None, [os.environ.get("PYTHONPATH")])]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=place,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def first(place: Path, inside: Run) -> Path:
    """Return the directory of a run of the example's experiment."""
    short = ("training.epochs=20", "evidence=quick", "evidence.permutations=2", "figures.dpi=30")
    done = inside("-m", "aeexp", "experiment=vae", *short, "hydra.run.dir=first")
    assert done.returncode == 0, done.stderr
    return place / "first"


def test_options_of_a_package_are_in_the_help(inside: Run) -> None:
    menu = " ".join(inside("-m", "aeexp", "--help", "all").stdout.split())
    assert " vae Variational autoencoder (Kingma and Welling, 2014)." in menu
    assert "model.beta=0.1" in menu
    assert "A variational autoencoder, and two clusterings of its factors." in menu


def test_a_run_is_described_by_the_texts_of_its_options(first: Path) -> None:
    methods = (first / "methods.md").read_text()
    assert "a variational autoencoder [@kingma2014] with 1 hidden layer" in methods
    assert "plus 0.1 times the Kullback–Leibler divergence" in methods
    assert "bisecting k-means [@steinbach2000]" in methods
    assert "No regularisation" not in methods
    assert "fully connected" not in methods
    references = (first / "references.bib").read_text()
    assert "{kingma2014," in references
    assert "{steinbach2000," in references
    assert "vae" in (first / "report.html").read_text()
    assert {"kmeans", "bisecting"} <= {*pd.read_csv(first / "latents.csv").columns}


def test_a_run_can_be_reused_and_observed_by_callbacks(
    place: Path, first: Path, inside: Run
) -> None:
    from sklearn.datasets import load_wine  # noqa: PLC0415

    load_wine(as_frame=True).data.to_csv(place / "table.csv", index=False)
    (place / "again.py").write_text(USED_AGAIN)
    done = inside("again.py")
    assert done.returncode == 0, done.stderr
    assert "Broken.on_epoch failed and is not called again" in done.stdout
    events = [json.loads(line) for line in (place / "journal").read_text().splitlines()]
    epochs = [event for event in events if event["event"] == "epoch"]
    assert events[0]["event"] == "start"
    assert [event["epoch"] for event in epochs] == [1, 2, 3]
    assert all(event["loss"] > 0 and event["val_loss"] > 0 for event in epochs)
    files = {file for event in events for file in event.get("files", ())}
    written = {path.name for path in (place / "again").rglob("*") if path.is_file()}
    assert written - files == {"config.yaml", "run.json"}
    assert events[-1] == {"event": "end", "status": "COMPLETED"}


def test_a_sweep_over_the_weight_of_its_term_compiles_once(place: Path, inside: Run) -> None:
    (place / "swept.py").write_text(SWEPT)
    overrides = ["model=vae", "model.beta=0.01,0.1,1", "training.epochs=5", "evidence=none"]
    overrides += ["split.validation=0.2"]  # one split, one program
    done = inside("swept.py", "--multirun", *overrides, "figures=none", "hydra.sweep.dir=swept")
    assert "1 program" in done.stdout, done.stderr
    assert "3 COMPLETED" in done.stdout
    assert "so that other metrics are not comparable: loss, val_loss" in done.stdout


def test_a_run_with_options_of_a_missing_package_is_rejected(
    first: Path, sentences: Sentences
) -> None:
    for command in ("verify", "encode"):
        arguments = (command, str(first), *(["x.csv"] if command == "encode" else []))
        done = command_line.run(first.parent, *arguments)
        assert done.returncode == 2
        sentences.check(done.stderr.replace(str(first), "RUN"))


# --- broken packages

HEAD = """from dataclasses import dataclass
from aeexp.config.spec import KMeans, Shallow, option, param
"""
CLASS = "@option('model', 'x')\nclass Mine(Shallow):\n    beta: float = 0"
BARE = CLASS.replace("class", "@dataclass(kw_only=True)\nclass")
BOUND = BARE.replace("= 0", "= param(0.0, 'Weight.', at_least=1)")


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        pytest.param("import nothing_of_the_kind", "No module named", id="does not load"),
        pytest.param(
            "option('model', 'deep')(Shallow)", "is aeexp.config.spec.model.Deep", id="taken"
        ),
        pytest.param("option('modell', 'x')(Shallow)", "There is no group modell", id="no group"),
        pytest.param(
            "option('model', 'x')(KMeans)", "must derive from aeexp.config.spec.M", id="kind"
        ),
        pytest.param(BARE, "declare beta with aeexp.config.spec.param", id="field"),
        pytest.param(BOUND, "beta must be at least 1, got 0", id="default"),
        pytest.param(CLASS, "model=x must be a dataclass", id="class"),
        pytest.param("raise SystemExit(3)", "SystemExit: 3", id="ends"),
        pytest.param(
            "option('model', 'x')(Shallow)\nraise OSError('half way')", "half way", id="half way"
        ),
    ],
)
def test_a_broken_package_is_left_out_with_a_warning(
    module: str, reason: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(HEAD + module)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    point = EntryPoint("mine", "mine", options.ENTRY_POINTS)
    monkeypatch.setattr(options, "entry_points", lambda group: [point])
    before = {group: dict(names) for group, names in OPTIONS.items()}
    with pytest.warns(UserWarning, match=f"The options of mine are left out.*{reason}"):
        assert [*options._packages()] == []
    assert before == OPTIONS


def test_only_specs_are_found_by_name() -> None:
    assert find_class("Deep") is OPTIONS["model"]["deep"]
    for name in ("os.system", "aeexp.config.spec.Deep", "OPTIONS", "param", "Activation", ""):
        assert find_class(name) is None
    assert find_class("ModelSpec") is ModelSpec


def test_every_method_of_a_callback_has_a_default() -> None:
    assert all(vars(Callback)[hook] for hook in ("on_run_start", "on_epoch", "on_run_end"))
