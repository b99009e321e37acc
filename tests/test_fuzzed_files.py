"""aeexp's own files with one change are read, or there is an error of one line with the file name.

Hypothesis changes one place in a file of a real run or sweep, which is then read.
Any exception but a ValueError is a fault: users would see its traceback.
"""

import copy
import io
import json
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import BACKEND
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_sweep import Made, loss, made
from omegaconf.errors import OmegaConfBaseException

from aeexp import load_run
from aeexp.app.inference import FittedModel
from aeexp.config.explain import explain
from aeexp.config.spec import (
    Categorical,
    Experiment,
    KMeans,
    Missing,
    NoEvidence,
    NoFigures,
    Shallow,
    Table,
    Training,
)
from aeexp.pipeline.experiment import configuration, load_experiment
from aeexp.pipeline.run import run
from aeexp.runs import Ledger, Run, Status, read_model, save_run, subfolder, write_bytes
from aeexp.runs.progress import Monitor
from aeexp.sweep.resume import require_ended
from aeexp.sweep.summary import summarise

VALUES: list[Any] = [
    *(None, True, -1, 0, 3.5, 10**400, 1e308, "", "x", "COMPLETED", "../..", "\ud800"),
    *([], {}, [[]], [None], ["x"] * 3, {"a": 1}, {"event": "danced"}),
]
FUZZ = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
FRAME = pd.DataFrame({"a": [0.5, 1.5], "b": [1.0, None], "c": ["x", "y"]})


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run a table with text and gaps, so that the files of its model have all their parts."""
    root = tmp_path_factory.mktemp("original")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(30, 2)), columns=["a", "b"])
    frame["c"] = ["x", "y", "z"] * 10
    frame.loc[::7, "b"] = np.nan
    frame.to_csv(root / "table.csv", index=False)
    path = str(root / "table.csv")
    experiment = Experiment(
        dataset=Table(path=path, missing=Missing.knn, categorical=Categorical.onehot),
        model=Shallow(latent_dim=2),
        training=Training(epochs=2),
        clustering={"kmeans": KMeans(n_clusters=2)},
        evidence=NoEvidence(),
        figures=NoFigures(),
        backend=BACKEND,
    )
    folder = root / "run"
    folder.mkdir()
    write_bytes(subfolder(folder, ".hydra") / "config.yaml", configuration(experiment))
    assert save_run(experiment, folder, partial(run, experiment), Monitor()) is Status.COMPLETED
    return folder


@pytest.fixture
def copied(original: Path, tmp_path: Path) -> Callable[[], Path]:
    """Return a function that copies the run to one place, where it replaces the last copy."""

    def again() -> Path:
        folder = tmp_path / "run"
        shutil.rmtree(folder, ignore_errors=True)
        return shutil.copytree(original, folder)

    return again


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path to every value in JSON."""
    yield path
    children = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    for key, child in children:
        yield from places(child, (*path, key))


@st.composite
def changed(draw: st.DrawFn, content: Any) -> Any:
    """Return JSON with one value changed, deleted or added."""
    content = copy.deepcopy(content)
    path = draw(st.sampled_from([*places(content)]))
    value = copy.deepcopy(draw(st.sampled_from(VALUES)))
    if not path:
        return value
    *way, last = path
    parent = content
    for key in way:
        parent = parent[key]
    match draw(st.sampled_from(["set", "delete", "add"])):
        case "set":
            parent[last] = value
        case "delete":
            del parent[last]
        case "add" if isinstance(parent, dict):
            parent["surprise"] = value
        case "add":
            parent.append(value)
    return content


def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """Return a file that is cut, or has one byte changed."""
    place = draw(st.integers(0, max(0, len(content) - 1)))
    if draw(st.booleans()):
        return content[:place]
    return content[:place] + bytes([draw(st.integers(0, 255))]) + content[place + 1 :]


def survives(read: Callable[[], object]) -> None:
    """Read a file, or raise an error of one line."""
    try:
        read()
    except (ValueError, OmegaConfBaseException) as error:
        line = explain(error)
        assert "\n" not in line
        assert len(line) < 1000


def as_bytes(content: Any) -> bytes:
    return json.dumps(content).encode()


def sealed(folder: Path) -> None:
    """Update the checksums of a model's files, as an attacker would."""
    path = folder / "model" / "manifest.json"
    manifest = json.loads(path.read_text())
    for name in manifest["files"]:
        content = (folder / "model" / name).read_bytes()
        manifest["files"][name] = {"sha256": sha256(content).hexdigest(), "bytes": len(content)}
    path.write_text(json.dumps(manifest))


def encode(folder: Path) -> None:
    FittedModel(read_model(folder)).encode(FRAME)


def look(folder: Path) -> None:
    run = Run(folder)
    _ = run.record, run.status, run.backend, run.metrics, run.answer


READERS: dict[str, Callable[[Path], object]] = {
    "run.json": lambda folder: (look(folder), load_run(folder), read_model(folder)),
    "metrics.json": look,
    "model/architecture.json": encode,
    "model/preprocessing.json": encode,
    "model/manifest.json": encode,
}


@pytest.mark.parametrize("name", READERS)
@FUZZ
@given(data=st.data())
def test_f56_a_changed_file_of_a_run_is_read_or_is_a_user_error(
    copied: Callable[[], Path], name: str, data: st.DataObject
) -> None:
    folder = copied()
    path = folder / name
    path.write_bytes(as_bytes(data.draw(changed(json.loads(path.read_text())))))
    if path.parent.name == "model" and path.name != "manifest.json":
        sealed(folder)
    survives(lambda: READERS[name](folder))


@FUZZ
@given(data=st.data())
def test_f56_a_changed_configuration_is_read_or_is_a_user_error(
    copied: Callable[[], Path], data: st.DataObject
) -> None:
    folder = copied()
    path = folder / ".hydra" / "config.yaml"
    path.write_bytes(as_bytes(data.draw(changed(yaml.safe_load(path.read_text())))))
    survives(lambda: load_experiment(Run(folder)))


@pytest.mark.parametrize(
    "name",
    [
        *("low", "errors", "z", "clusterings", "clusters", "fill", "donors"),
        *("spaces", "points", "mean", "axes"),
    ],
)
@pytest.mark.parametrize("change", ["text", "shape", "nan", "empty"])
def test_f56_a_changed_support_is_read_or_is_a_user_error(
    copied: Callable[[], Path], name: str, change: str
) -> None:
    folder = copied()
    path, manifest = folder / "model" / "support.npz", folder / "model" / "manifest.json"
    with np.load(path) as loaded:
        arrays = dict(loaded)
    array = arrays[name]
    match change:
        case "text":
            arrays[name] = np.full(array.shape, "x")
        case "shape":
            arrays[name] = np.concatenate([array, array])
        case "nan" if array.dtype.kind == "f":
            arrays[name] = np.full_like(array, np.nan)
        case _:
            arrays[name] = array[:0]
    file = io.BytesIO()
    np.savez(file, **arrays)
    path.write_bytes(file.getvalue())
    declared = json.loads(manifest.read_text())
    declared["arrays"]["support.npz"][name] = {
        "shape": list(arrays[name].shape),
        "dtype": arrays[name].dtype.str,
    }
    manifest.write_text(json.dumps(declared))
    sealed(folder)
    survives(lambda: encode(folder))


@pytest.mark.parametrize("name", ["history", "latents"])
@FUZZ
@given(data=st.data())
def test_f56_a_damaged_table_is_read_or_is_a_user_error(
    copied: Callable[[], Path], name: str, data: st.DataObject
) -> None:
    folder = copied()
    path = folder / f"{name}.csv"
    path.write_bytes(data.draw(st.composite(damaged)(path.read_bytes())))
    survives(lambda: Run(folder).table(name))


# Sweeps

JOBS = [
    Made(["seed=0", "model=deep"], metrics=loss(1.0), answers={"clusters": "yes"}),
    Made(["seed=1", "model=deep"], status="FAILED", error="it broke"),
    Made(["seed=2", "model=deep"], status=None),
]
STUDY = {
    "objectives": ["val_loss"],
    "directions": ["minimize"],
    "importances": {"model": 0.5},
    "trials": [{"number": 0, "state": "COMPLETE", "values": [1.0], "params": {"model": "deep"}}],
}


def summed_up(sweep: Path) -> None:
    ledger = Ledger(sweep)
    _ = ledger.arguments(), ledger.cwd(), ledger.unknown()
    require_ended(sweep)
    summarise([sweep], sweep)


@FUZZ
@given(data=st.data())
def test_f56_a_changed_line_of_a_ledger_is_read_or_is_a_user_error(
    tmp_path: Path, data: st.DataObject
) -> None:
    sweep = tmp_path / "sweep"
    shutil.rmtree(sweep, ignore_errors=True)
    path = made(sweep, JOBS) / "sweep.jsonl"
    events = [json.loads(line) for line in path.read_text().splitlines()]
    number = data.draw(st.integers(0, len(events) - 1))
    events[number] = data.draw(changed(events[number]))
    path.write_bytes(b"".join(as_bytes(event) + b"\n" for event in events))
    survives(lambda: summed_up(sweep))


@pytest.mark.parametrize("name", ["run.json", "metrics.json", "answer.json"])
@FUZZ
@given(data=st.data())
def test_f56_a_changed_run_does_not_prevent_a_comparison(
    tmp_path: Path, name: str, data: st.DataObject
) -> None:
    sweep = tmp_path / "sweep"
    shutil.rmtree(sweep, ignore_errors=True)
    path = made(sweep, JOBS) / "0" / name
    path.write_bytes(as_bytes(data.draw(changed(json.loads(path.read_text())))))
    summed_up(sweep)


@FUZZ
@given(data=st.data())
def test_f56_a_changed_search_does_not_prevent_a_comparison(
    tmp_path: Path, data: st.DataObject
) -> None:
    sweep = tmp_path / "sweep"
    shutil.rmtree(sweep, ignore_errors=True)
    summed_up(made(sweep, JOBS, data.draw(changed(STUDY))))


def test_f56_events_of_a_newer_version_are_skipped_and_counted(tmp_path: Path) -> None:
    sweep = made(tmp_path, JOBS)
    with (sweep / "sweep.jsonl").open("a") as file:
        file.write('{"event": "danced", "job": 0}\n{}\n{"event": "begun", "words": [], "cwd"')
    ledger = Ledger(sweep)
    assert ledger.unknown() == 2
    assert [job.status for job in ledger.jobs().values()] == [
        Status.COMPLETED,
        Status.FAILED,
        None,
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        pytest.param("null", "line 2, is not what aeexp writes: expected", id="null"),
        pytest.param("[" * 100_000, "line 2, is not", id="deep"),
        pytest.param('{"event": "begun"}', "missing required field `words`", id="words"),
        pytest.param(
            '{"event": "planned", "job": 0, "overrides": [1]}', "at overrides", id="list"
        ),
        pytest.param('{"event": "finished", "job": 0, "status": "GREAT"}', "'GREAT'", id="status"),
        pytest.param('{"event": "started", "job": -1, "directory": "0"}', "at job", id="number"),
    ],
)
def test_f56_an_invalid_line_of_a_ledger_is_an_error(
    tmp_path: Path, line: str, message: str
) -> None:
    (tmp_path / "sweep.jsonl").write_text(
        f'{{"event": "begun", "words": [], "cwd": "."}}\n{line}\n'
    )
    with pytest.raises(ValueError, match=r"sweep\.jsonl, line 2") as error:
        Ledger(tmp_path).jobs()
    assert message in str(error.value)
