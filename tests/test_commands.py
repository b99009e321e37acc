"""What a person types first: words, files, short keys, paths and the names of runs."""

import json
import os
import re
import shutil
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pytest

from aeexp import __version__
from aeexp.app import cli
from aeexp.app.outputs import directories, find, link_latest
from aeexp.config.overrides import completed
from aeexp.errors import UserError
from aeexp.runs import Ledger

Main = Callable[..., tuple[int, str, str]]
SCHEMA_1 = Path(__file__).parent / "runs" / "schema_1"


@pytest.fixture
def main(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Main:
    """Return a function that runs the command line here; it returns code, output and errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["aeexp", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        captured = capsys.readouterr()
        return int(end.value.code or 0), captured.out, captured.err

    return run


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "täble 1.csv"
    path.write_text("a,b,kind\n" + "".join(f"{i},{i * i},{'xy'[i % 2]}\n" for i in range(8)))
    return path


def of(*overrides: str, multirun: bool = False) -> list[str]:
    arguments = Namespace(
        overrides=[*overrides], multirun=multirun, config_name=None, config_dir=None
    )
    return completed(arguments)


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        pytest.param(["latent_dim=2"], "did you mean model.latent_dim=2?", id="end of a key"),
        pytest.param(["lr=0.01"], "did you mean optimizer.lr=0.01?", id="short key"),
        pytest.param(["epochs=50"], "did you mean training.epochs=50?", id="default first"),
        pytest.param(["epcohs=50"], "did you mean training.epochs=50?", id="misspelt"),
        pytest.param(["model.lr=1"], "did you mean optimizer.lr?", id="of another group"),
        pytest.param(["model.hidden=[8]"], "a key of model=shallow, model=deep", id="option"),
        pytest.param(["dataset.label=a"], "it is a key of dataset=table", id="dataset"),
        pytest.param(["model=[shallow,deep]"], "--multirun model=shallow,deep", id="list"),
        pytest.param(["clustering=kmeans,hdbscan"], "'clustering=[kmeans,hdbscan]'", id="both"),
        pytest.param(["seed=0,1"], "--multirun seed=0,1", id="sweep"),
        pytest.param(["deep"], "write model=deep", id="option without its group"),
        pytest.param(["inspct", "x.csv"], "did you mean inspect?", id="misspelt command"),
        pytest.param(["foo"], "The commands are inspect, encode", id="no command"),
        pytest.param(["none.csv"], "none.csv: there is no such file", id="missing file"),
        pytest.param(["--help", "foo"], "choose all, question, dataset", id="help"),
        pytest.param(["encode", "new.csv", "run"], "aeexp encode run new.csv", id="swapped"),
        pytest.param(["encode", ".", "new.csv"], "aeexp encode run new.csv", id="above runs"),
        pytest.param(["encode", "sweep", "new.csv"], "such as sweep/0", id="sweep of runs"),
    ],
)
def test_a_mistake_is_answered_with_what_was_meant(
    main: Main, tmp_path: Path, arguments: list[str], meant: str
) -> None:
    shutil.copytree(SCHEMA_1, tmp_path / "run")
    shutil.copytree(SCHEMA_1, tmp_path / "sweep" / "0")
    (tmp_path / "sweep" / "sweep.jsonl").touch()
    (tmp_path / "new.csv").write_text("a,b\n1,2\n")
    code, _, error = main(*arguments)
    assert (code, error.count("\n")) == (2, 1)
    assert meant in error


def test_the_version_is_that_of_aeexp(main: Main) -> None:
    assert main("--version") == main("version") == (0, f"aeexp {__version__}\n", "")


def test_help_fits_a_screen_and_has_a_page_for_each_group(main: Main) -> None:
    _, short, _ = main("--help")
    assert short.count("\n") <= 32
    _, page, _ = main("help", "model")
    assert "model.latent_dim=3" in page
    assert "optimizer" not in page
    _, everything, _ = main("--help", "all")
    assert page in everything


def test_a_file_is_described_with_its_command_and_not_run_without_a_terminal(
    main: Main, table: Path
) -> None:
    code, output, _ = main(table.name, "model=deep", "dataset.label=b")
    assert code == 0
    assert "\naeexp dataset=table \"dataset.path='täble 1.csv'\" model=deep" in output
    assert "dataset.label=b\n" in output
    assert "dataset.label=kind" not in output
    assert [*table.parent.iterdir()] == [table]


def test_the_command_of_a_file_runs_if_a_terminal_answers_yes(
    main: Main, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aeexp.app.table_command.confirmed", lambda *_, **__: True)
    _, output, error = main(table.name, "--cfg", "job")
    assert error == ""
    assert f"path: {table.name}" in output
    assert "label: kind" in output


@pytest.mark.parametrize(
    ("override", "parsed"),
    [
        pytest.param("dataset.path=~/a.csv", f"dataset.path={Path.home()}/a.csv", id="home"),
        pytest.param("dataset.path='~/a'", f"dataset.path={Path.home()}/a", id="quoted home"),
        pytest.param("dataset.path=my é.csv", "dataset.path='my é.csv'", id="blank"),
        pytest.param("dataset.path=a,b", "dataset.path=a,b", id="ambiguous"),
        pytest.param('dataset.path="a b"', 'dataset.path="a b"', id="quoted"),
        pytest.param("hydra.run.dir=${now:%H}", "hydra.run.dir=${now:%H}", id="interpolation"),
    ],
)
def test_paths_need_no_quotes_for_hydra(override: str, parsed: str) -> None:
    assert of("dataset=table", override) == ["dataset=table", parsed]
    assert of(*of("dataset=table", override)) == ["dataset=table", parsed]


def test_a_file_with_a_comma_in_its_name_is_one_path(tmp_path: Path) -> None:
    path = tmp_path / "a,b.csv"
    path.touch()
    assert of(f"dataset.path={path}") == ["dataset=table", f"dataset.path='{path}'"]


def test_several_paths_of_a_sweep_are_quoted_one_by_one() -> None:
    paths = of("dataset.path=a é,c", multirun=True)
    assert paths == ["dataset=table", "dataset.path='a é',c"]


def test_a_path_implies_dataset_table_unless_a_dataset_is_chosen() -> None:
    assert of("seed=1", "dataset.path=a")[1:] == ["dataset=table", "dataset.path=a"]
    assert "dataset=table" not in of("dataset=iris", "dataset.path=a")
    assert "dataset=table" in of("experiment=how_many", "dataset.path=a")
    assert "dataset=table" not in of("experiment=my_own", "dataset.path=a")


def test_a_run_is_found_by_the_start_or_end_of_its_name(tmp_path: Path) -> None:
    first = shutil.copytree(SCHEMA_1, tmp_path / "2026-11-24" / "17-44-05-123456")
    second = shutil.copytree(SCHEMA_1, tmp_path / "2026-11-24" / "18-00-00-654321")
    for name in ("17-44", "123456", "2026-11-24/17", str(first)):
        assert find(name, tmp_path) == first
    with pytest.raises(UserError, match=r"may be .* or "):
        find("2026-11-24", tmp_path)
    with pytest.raises(UserError, match="aeexp list shows them"):
        find("19-00", tmp_path)
    os.utime(second / "run.json", (0, 0))
    assert find("latest", tmp_path) == first
    assert directories(tmp_path) == [first, second]


def test_latest_links_to_the_last_run_and_replaces_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("outputs/a/1", "outputs/a/2", "elsewhere/3"):
        Path(name).mkdir(parents=True)
        link_latest(Path(name))
    assert Path("outputs/latest").readlink() == Path("a/2")
    assert find("latest") == tmp_path / "outputs/a/2"
    Path("outputs/latest").unlink()
    Path("outputs/latest").mkdir()
    link_latest(Path("outputs/a/1"))
    assert [*Path("outputs/latest").iterdir()] == []


def test_runs_and_sweeps_are_listed_with_their_status_and_answer(
    main: Main, tmp_path: Path
) -> None:
    run = shutil.copytree(SCHEMA_1, tmp_path / "outputs" / "a" / "1")
    answer = {"sentences": [{"about": "structure", "claim": "yes", "sentence": "3 factors."}]}
    (run / "answer.json").write_text(json.dumps(answer))
    broken = tmp_path / "outputs" / "a" / "2"
    broken.mkdir()
    (broken / "run.json").write_text("[]")
    sweep = Ledger(tmp_path / "outputs" / "multirun" / "1")
    sweep.path.parent.mkdir(parents=True)
    sweep.begun(["--multirun", "seed=0,1", "hydra.sweep.dir=x"])
    sweep.planned({0: ["seed=0"], 1: ["seed=1"]})
    sweep.failed(0, "no")
    code, output, _ = main("list")
    assert code == 0
    header, *lines = (re.split(r"\s{2,}", line) for line in output.splitlines())
    assert header == ["directory", "dataset", "status", "result"]
    assert sorted(line[0] for line in lines) == [
        "outputs/a/1",
        "outputs/a/2",
        "outputs/multirun/1",
    ]
    assert ["outputs/multirun/1", "1 failed, 1 not run", "sweep: seed=0,1"] in lines
    assert any(line[-2:] == ["completed", "3 factors."] for line in lines)
    assert any(line[1] == "unreadable" for line in lines)


def test_the_list_imports_neither_numpy_nor_keras(tmp_path: Path) -> None:
    shutil.copytree(SCHEMA_1, tmp_path / "outputs" / "1")
    code = (
        "import sys; sys.argv = ['aeexp', 'list']; import aeexp.app.cli as c\n"
        "try: c.main()\n"
        "finally: sys.stderr.write(' '.join({'keras', 'numpy', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert "outputs/1" in done.stdout


def test_a_page_is_opened_in_the_browser_and_its_path_printed(
    main: Main, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    run = shutil.copytree(SCHEMA_1, tmp_path / "outputs" / "a" / "1")
    assert "has no report.html or summary.html" in main("open")[2]
    (run / "report.html").touch()
    assert main("open", "latest")[1] == "outputs/a/1/report.html\n"
    assert opened == [(run / "report.html").as_uri()]
