"""A configuration is data: nothing in it can run code or read the environment."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf
from sentences import Sentences

from aeexp.app import cli
from aeexp.config.safety import FILES, RESOLVERS, STREAMS, TARGETS, validate_safe
from aeexp.runs import Ledger

Run = Callable[..., subprocess.CompletedProcess[str]]
QUICK = ("training.epochs=1", "figures=none", "evidence=none")
CANARY = "canary-2f6c8e"


@pytest.fixture
def refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Return a function that runs arguments that are rejected, and returns the line of the error.

    The exit code is 2, and no file is written. Arguments can use the path $HARM.
    """
    monkeypatch.setenv("HARM", str(tmp_path / "harm"))
    monkeypatch.setenv("SECRET", CANARY)

    def run(*arguments: str) -> str:
        before = sorted(tmp_path.rglob("*"))
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["aeexp", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        printed = capsys.readouterr()
        assert end.value.code == 2, printed.err
        assert printed.err.count("\n") == 1
        assert printed.out == ""
        assert CANARY not in printed.err
        assert sorted(tmp_path.rglob("*")) == before
        return printed.err

    return run


TOUCH = '_target_:os.system,_args_:["touch $HARM"]'


@pytest.mark.parametrize("mode", [[], ["--multirun"], ["--cfg", "job"], ["--info", "all"]])
@pytest.mark.parametrize(
    ("word", "key"),
    [
        pytest.param(f"+hydra.callbacks.x={{{TOUCH}}}", "hydra.callbacks.x._target_", id="os"),
        pytest.param(
            "+hydra.callbacks.x={_target_:logging.os.system,_args_:[touch]}",
            "hydra.callbacks.x._target_",
            id="alias",
        ),
        pytest.param(
            "+hydra.callbacks.x={_target_:hydra.experimental.callbacks.pickle.loads}",
            "hydra.callbacks.x._target_",
            id="alias in an allowed module",
        ),
        pytest.param(
            "+hydra.callbacks.x={_target_:hydra.experimental.callbacks.LogJobReturnCallback,"
            f"_args_:[{{{TOUCH}}}]}}",
            "hydra.callbacks.x._args_.0._target_",
            id="nested",
        ),
        pytest.param(
            f"+hydra.callbacks.x=[[{{{TOUCH}}}]]", "hydra.callbacks.x.0.0._target_", id="list"
        ),
        pytest.param(
            "+hydra.callbacks.x={a:os.system,_target_:'${.a}'}",
            "hydra.callbacks.x._target_",
            id="interpolated",
        ),
        pytest.param("+model._target_=os.system", "model._target_", id="in the experiment"),
        pytest.param("+x={y:{_target_:os.system}}", "x.y._target_", id="of its own"),
        pytest.param(
            "hydra.sweeper._target_=os.system", "hydra.sweeper._target_", id="another sweeper"
        ),
        pytest.param(
            "hydra.launcher._target_=hydra_plugins.evil.Launcher",
            "hydra.launcher._target_",
            id="another launcher",
        ),
        pytest.param(
            "hydra.launcher._target_=hydra.experimental.callbacks.LogJobReturnCallback",
            "hydra.launcher._target_",
            id="a callback as launcher",
        ),
    ],
)
def test_f33_a_target_that_is_not_allowed_is_rejected_by_its_key(
    word: str, key: str, mode: list[str], refused: Callable[..., str]
) -> None:
    assert f"{key} may run any code" in refused(*mode, word)


def logs(**parts: Any) -> dict[str, Any]:
    return {"hydra": {"job_logging": {"version": 1, **parts}}}


def file_handler(name: str) -> dict[str, Any]:
    return logs(handlers={"f": {"class": "logging.FileHandler", "filename": name}})


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(logs(filters={"x": {"()": "os.system"}}), id="()"),
        pytest.param(logs(handlers={"x": {".": {"a": 1}}}), id="set"),
        pytest.param(
            logs(handlers={"x": {"class": "subprocess.Popen", "args": ["touch"]}}), id="class"
        ),
        pytest.param(logs(handlers={"x": {"class": "logging.handlers.SMTPHandler"}}), id="mail"),
        pytest.param(logs(handlers={"x": {"class": "${y}"}}), id="interpolated"),
        pytest.param(logs(loggers={"class": {}}), id="no class"),
        pytest.param(logs(formatters={"x": {"format": "ext://os.environ"}}), id="ext"),
        pytest.param(logs(handlers={"x": {"a": [["cfg://handlers"]]}}), id="cfg"),
        pytest.param(logs(formatters={"x": {"format": "${y}"}}), id="hidden"),
        pytest.param(logs(handlers="${y}"), id="hidden handlers"),
        pytest.param(file_handler("/home/user/.bashrc"), id="file"),
        pytest.param(file_handler("${hydra.runtime.output_dir}/../.bashrc"), id="way out"),
        pytest.param(file_handler("${y}/x.log"), id="another directory"),
        pytest.param(
            {"hydra": {"hydra_logging": {"handlers": {"x": {"class": "logging.FileHandler"}}}}},
            id="file of no run",
        ),
        pytest.param({"hydra": {"output_subdir": "../x"}}, id="subdirectory"),
        pytest.param({"hydra": {"output_subdir": ".."}}, id="parent"),
        pytest.param({"hydra": {"job": {"name": "../x"}}}, id="job's name"),
        pytest.param({"hydra": {"job": {"env_set": {"PATH": "/evil"}}}}, id="PATH"),
        pytest.param({"hydra": {"job": {"env_set": "${y}"}}}, id="env"),
        pytest.param({"hydra": {"job": {"env_copy": ["SECRET"]}}}, id="copied"),
        pytest.param({"hydra": {"sweeper": {"params": {"+hydra.x": "1"}}}}, id="swept"),
        pytest.param({"hydra": {"sweeper": {"params": "${hydra.job}"}}}, id="all swept"),
        pytest.param(
            {"hydra": {"sweeper": {"params": {"seed": "${oc.env:SECRET}"}}}},
            id="swept environment",
        ),
        pytest.param({"a": "${oc.env:SECRET}"}, id="environment"),
        pytest.param({"a": "x ${ oc.env : SECRET}"}, id="spaces"),
        pytest.param({"a": ["${now:${oc.env:SECRET}}"]}, id="nested"),
        pytest.param({"a": "${now:'${oc.env:SECRET}'}"}, id="quoted"),
        pytest.param({"a": "${${b}.env:SECRET}"}, id="made up"),
        pytest.param({"a": "${oc.create:{_target_:x}}"}, id="new node"),
        pytest.param({"a": "${oc.decode:x}"}, id="decoded"),
        pytest.param({"a": "${oc.select:b,c}"}, id="selected"),
    ],
)
def test_f33_other_ways_to_run_code_or_read_the_environment_are_rejected(
    config: dict[str, Any], sentences: Sentences
) -> None:
    with pytest.raises(ValueError, match=r"\A.*\Z") as error:
        validate_safe(OmegaConf.create(config))
    sentences.check(str(error.value))


@pytest.mark.parametrize(
    "config",
    [
        *(
            {place[0]: {place[1]: {"x": {"_target_": target}}}}
            if place[1] == "callbacks"
            else {place[0]: {place[1]: {"_target_": target}}}
            for place, targets in TARGETS.items()
            for target in targets
        ),
        *(logs(handlers={"x": {"class": name}}) for name in STREAMS | FILES),
        file_handler("${hydra.runtime.output_dir}/${hydra.job.name}-2.log"),
        {
            "a": [f"${{{resolver}:x}}" for resolver in RESOLVERS],
            "b": "${a} $5 {x}",
            "c": "???",
            "d": None,
        },
    ],
)
def test_allowed_values_are_accepted(config: dict[str, Any]) -> None:
    validate_safe(OmegaConf.create(config))


@pytest.mark.parametrize("option", ["experiment/evil", "hydra/callbacks/evil"])
def test_f33_a_target_in_an_untrusted_option_file_is_rejected(
    option: str, refused: Callable[..., str], tmp_path: Path
) -> None:
    path = tmp_path / "theirs" / f"{option}.yaml"
    path.parent.mkdir(parents=True)
    package = "# @package _global_\nhydra:\n  callbacks:\n    " if "experiment" in option else ""
    path.write_text(f'{package}x: {{_target_: os.system, _args_: ["touch $HARM"]}}\n')
    group, name = option.rsplit("/", 1)
    for arguments in (
        ["--config-dir", f"{tmp_path}/theirs"],
        [f"hydra.searchpath=[file://{tmp_path}/theirs]"],
    ):
        assert "callbacks.x._target_ may run" in refused(f"{group}={name}", *arguments)


@pytest.mark.parametrize("where", ["override", "file"])
def test_f33_packages_are_not_imported_to_search_for_options(
    where: str, refused: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "evil_package").mkdir()
    (tmp_path / "evil_package" / "__init__.py").write_text("open('harm', 'w')\n")
    monkeypatch.syspath_prepend(tmp_path)
    arguments = ["hydra.searchpath=[pkg://evil_package]"]
    if where == "file":
        (tmp_path / "mine.yaml").write_text(
            "defaults: [config]\nhydra: {searchpath: ['pkg://evil_package']}\n"
        )
        arguments = ["--config-dir", ".", "--config-name", "mine"]
    assert "pkg://evil_package may run any code" in refused(*arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--experimental-rerun", "config.pickle"], id="rerun"),
        pytest.param(["--config-path", "theirs"], id="other config folder"),
        pytest.param(["hydra.mode=MULTIRUN"], id="mode"),
        pytest.param(["hydra.job.env_copy=[SECRET]"], id="copied"),
        pytest.param(["hydra.job.env_copy=[NO_SUCH]"], id="not set"),
        pytest.param(["seed=${oc.env:SECRET}"], id="environment"),
    ],
)
def test_f33_ways_around_the_check_are_rejected(
    arguments: list[str], sentences: Sentences, refused: Callable[..., str]
) -> None:
    sentences.check(refused(*arguments))


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--multirun", f"+hydra.callbacks.x={{{TOUCH}}}"], id="target"),
        pytest.param([f"+hydra.callbacks.x={{{TOUCH}}}"], id="single"),
        pytest.param(["--cfg", "job"], id="no sweep"),
    ],
)
def test_f33_an_untrusted_sweep_is_checked_before_it_is_resumed(
    arguments: list[str], sentences: Sentences, refused: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "sweep").mkdir()
    Ledger(tmp_path / "sweep").begun(arguments)
    events = (tmp_path / "sweep" / "sweep.jsonl").read_text()
    (tmp_path / "sweep" / "sweep.jsonl").write_text(events.replace(str(Path.cwd()), str(tmp_path)))
    sentences.check(refused("resume", "sweep"))


def test_f41_no_environment_variable_is_written_to_a_file(
    aeexp: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", CANARY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", CANARY)
    assert aeexp(*QUICK).returncode == 0
    assert aeexp("--multirun", "seed=0,1", *QUICK).returncode == 0
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"run.json", "hydra.yaml", "sweep.jsonl", "summary.html", "multirun.yaml"} <= {
        path.name for path in written
    }
    assert not [path for path in written if CANARY.encode() in path.read_bytes()]
