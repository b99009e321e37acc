"""A user's error is one line; a programmer's error has a traceback."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FunctionType

import numpy as np
import pytest

from aeexp import Autoencoder, compose
from aeexp.app import cli
from aeexp.config.spec import Deep, Experiment, Format
from aeexp.data import prepare as problem
from aeexp.data.io import read
from aeexp.data.io import reader as sheet
from aeexp.errors import UserError, key, named_by
from aeexp.pipeline.run import run

Main = Callable[..., tuple[int, str]]


@pytest.fixture
def main(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Main:
    """Return a function that runs the command line here; it returns the exit code and errors."""

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        monkeypatch.setattr(sys, "argv", ["aeexp", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return int(end.value.code or 0), capsys.readouterr().err

    return run


def broadcast(*_: object) -> None:
    np.zeros(3) + np.zeros(4)


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the preparation of tables by a bug: a ValueError of NumPy."""
    monkeypatch.setattr(problem, "prepare", broadcast)


def test_a_user_error_has_parts_and_is_one_line() -> None:
    error = UserError("must be at least 1", field="model.latent_dim", value=0, remedy="Raise it.")
    assert str(error) == "model.latent_dim must be at least 1, got 0. Raise it."
    assert (error.field, error.constraint, error.value) == (
        "model.latent_dim",
        "must be at least 1",
        0,
    )
    assert str(error.about("latent_dim")) == "latent_dim must be at least 1, got 0. Raise it."
    assert str(UserError("There is no row.")) == "There is no row."


@pytest.mark.parametrize(
    ("refused", "field"),
    [
        pytest.param(lambda: Deep(latent_dim=0), "Deep.latent_dim", id="spec"),
        pytest.param(lambda: compose("model.latent_dim=0"), "model.latent_dim", id="override"),
        pytest.param(
            lambda: compose("clustering.kmeans.n_clusters=0"),
            "clustering.kmeans.n_clusters",
            id="one of several options",
        ),
        pytest.param(lambda: Autoencoder(0).fit(np.eye(4)), "latent_dim", id="estimator"),
    ],
)
def test_a_value_out_of_bounds_has_the_name_that_the_user_gave(
    refused: Callable[[], object], field: str
) -> None:
    with pytest.raises(UserError) as error:
        refused()
    assert (error.value.field, error.value.value) == (field, 0)
    assert str(error.value).startswith(f"{field} must be ")


def test_keys_are_renamed_only_inside_the_context() -> None:
    with named_by(str.upper):
        assert key("optimizer.lr") == "OPTIMIZER.LR"
    assert key("optimizer.lr") == "optimizer.lr"


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param({"loss": "binary_crossentropy"}, id="loss"),
        pytest.param({"validation": 0.9}, id="split"),
        pytest.param({"latent_dim": 10**6, "hidden": [10**6]}, id="size"),
        pytest.param({"epochs": 10**15}, id="memory"),
    ],
)
def test_errors_of_an_estimator_name_its_parameters(parameters: dict[str, object]) -> None:
    x = np.random.default_rng(0).normal(size=(12, 3))
    with pytest.raises(UserError, match=next(iter(parameters))) as error:
        Autoencoder(**({"latent_dim": 2} | parameters)).fit(x)
    for group in ("training.", "model.", "split.", "optimizer.", "preprocessing."):
        assert group not in str(error.value)


@pytest.mark.usefixtures("faulty")
def test_f61_a_bug_is_one_line_with_its_traceback_in_a_file(main: Main, tmp_path: Path) -> None:
    code, printed = main("figures=none")
    path = tmp_path / "cache" / "aeexp" / "traceback.txt"
    assert code == 1
    assert printed.startswith("ValueError: operands could not be broadcast together with shapes")
    assert printed.endswith(f" (see {path})\n")
    assert printed.count("\n") == 1
    assert "in broadcast" in path.read_text()


@pytest.mark.usefixtures("faulty")
def test_f61_a_traceback_is_printed_on_request(
    main: Main, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AEEXP_DEBUG", "1")
    code, printed = main("figures=none")
    assert code == 1
    assert printed.startswith("Traceback (most recent call last):\n")
    assert "in broadcast" in printed


def test_f61_a_user_error_has_no_traceback(main: Main, tmp_path: Path) -> None:
    code, printed = main("model.latent_dim=0")
    assert (code, printed) == (2, "model.latent_dim must be at least 1, got 0.\n")
    assert not (tmp_path / "cache" / "aeexp" / "traceback.txt").exists()


def test_f61_a_bug_in_a_reader_is_not_blamed_on_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"a,b\n1,2\n\xff,3\n")
    with pytest.raises(UserError, match=r"x\.csv"):
        read(path, Format())
    bug = FunctionType(broadcast.__code__, {"np": np, "__name__": "aeexp.data.io.reader"})
    monkeypatch.setattr(sheet, "open_table", bug)
    with pytest.raises(ValueError, match="broadcast") as error:
        read(path, Format())
    assert not isinstance(error.value, UserError)


def test_a_bug_keeps_its_type_in_python(
    tiny: Callable[..., Experiment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(problem, "prepare", broadcast)
    with pytest.raises(ValueError, match="broadcast") as error:
        list(run(tiny()))
    assert not isinstance(error.value, UserError)
