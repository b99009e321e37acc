"""What the user can mend is one line; what is a fault of the program looks like one."""

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
    """Run the command line in this process, in an empty directory: exit code and errors."""

    def run(*words: str) -> tuple[int, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        monkeypatch.setattr(sys, "argv", ["aeexp", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return int(end.value.code or 0), capsys.readouterr().err

    return run


def broadcast(*_: object) -> None:
    np.zeros(3) + np.zeros(4)


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a programmer's mistake, a ValueError of NumPy's, where a table is prepared."""
    monkeypatch.setattr(problem, "prepare", broadcast)


def test_a_user_error_is_its_parts_and_one_line_of_them() -> None:
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
        pytest.param(lambda: compose("model.latent_dim=0"), "model.latent_dim", id="words"),
        pytest.param(
            lambda: compose("clustering.dbscan.eps=0"),
            "clustering.dbscan.eps",
            id="one of several",
        ),
        pytest.param(lambda: Autoencoder(0).fit(np.eye(4)), "latent_dim", id="estimator"),
    ],
)
def test_a_value_out_of_bounds_is_named_as_it_was_given(
    refused: Callable[[], object], field: str
) -> None:
    with pytest.raises(UserError) as told:
        refused()
    assert (told.value.field, told.value.value) == (field, 0)
    assert str(told.value).startswith(f"{field} must be ")


def test_keys_are_named_as_asked_for_and_only_while_it_is() -> None:
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
def test_an_estimator_s_errors_name_its_parameters(parameters: dict[str, object]) -> None:
    x = np.random.default_rng(0).normal(size=(12, 3))
    with pytest.raises(UserError, match=next(iter(parameters))) as told:
        Autoencoder(**({"latent_dim": 2} | parameters)).fit(x)
    for group in ("training.", "model.", "split.", "optimizer.", "preprocessing."):
        assert group not in str(told.value)


@pytest.mark.usefixtures("faulty")
def test_f61_a_fault_of_the_program_is_one_line_with_its_traceback_in_a_file(
    main: Main, tmp_path: Path
) -> None:
    code, told = main("figures=none")
    path = tmp_path / "cache" / "aeexp" / "traceback.txt"
    assert code == 1
    assert told.startswith("ValueError: operands could not be broadcast together with shapes")
    assert told.endswith(f" (see {path})\n")
    assert told.count("\n") == 1
    assert "in broadcast" in path.read_text()


@pytest.mark.usefixtures("faulty")
def test_f61_a_traceback_is_told_where_it_is_asked_for(
    main: Main, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AEEXP_DEBUG", "1")
    code, told = main("figures=none")
    assert code == 1
    assert told.startswith("Traceback (most recent call last):\n")
    assert "in broadcast" in told


def test_f61_what_is_the_user_s_fault_has_no_traceback(main: Main, tmp_path: Path) -> None:
    code, told = main("model.latent_dim=0")
    assert (code, told) == (2, "model.latent_dim must be at least 1, got 0.\n")
    assert not (tmp_path / "cache" / "aeexp" / "traceback.txt").exists()


def test_f61_a_fault_in_a_reader_is_not_said_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"a,b\n1,2\n\xff,3\n")
    with pytest.raises(UserError, match=r"x\.csv"):
        read(path, Format())
    of_aeexp = FunctionType(broadcast.__code__, {"np": np, "__name__": "aeexp.data.io.reader"})
    monkeypatch.setattr(sheet, "open_table", of_aeexp)
    with pytest.raises(ValueError, match="broadcast") as told:
        read(path, Format())
    assert not isinstance(told.value, UserError)


def test_a_fault_in_python_is_what_it_is(
    tiny: Callable[..., Experiment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(problem, "prepare", broadcast)
    with pytest.raises(ValueError, match="broadcast") as told:
        list(run(tiny()))
    assert not isinstance(told.value, UserError)
