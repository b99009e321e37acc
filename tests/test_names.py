"""Names that users choose are harmless: on terminals, in spreadsheets, in paths and pages."""

import csv
import io
import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from conftest import BACKEND
from hypothesis import given
from hypothesis import strategies as st

from aeexp.app import cli
from aeexp.config.explain import explain
from aeexp.config.spec import HDBSCAN, AllFigures, DatasetSpec, Experiment, FigureFormat, KMeans
from aeexp.data import Classes, Dataset, load
from aeexp.pipeline.run import run
from aeexp.present.terminal.run import Terminal
from aeexp.present.terminal.sweep import SweepTerminal
from aeexp.runs import Ledger, Run, Status, read_model, save_run, slug, write
from aeexp.runs.artifact import Artifact, Metrics, Plot, Table
from aeexp.runs.csv_file import FORMULA, guarded, lines, unguarded
from aeexp.sweep.summary import summarise
from aeexp.text import printable

NAMES = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "$\\frac{",
    "_{",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "'=1",
    "\x1b[2J\x1b]0;owned\x07",
    "\x9b31m",
    "../../../etc/passwd",
    "C:\\CON",
    "nul\0",
    "W" * 300,
    "\u202egnp.exe",
    "עברית",
    "蛋白质",
    "[red]{{ 7 * 7 }}%s",
    "",
    "\ud800",
)


@dataclass(kw_only=True)
class Hostile(DatasetSpec):
    """A table with hostile names of columns, rows and classes."""


@load.register
def _(spec: Hostile) -> Dataset:
    rng = np.random.default_rng(0)
    codes = np.arange(4 * len(NAMES)) % len(NAMES)
    x = rng.normal(size=(len(codes), len(NAMES)))
    rows = tuple(f"{NAMES[code]}{i}" for i, code in enumerate(codes))
    return Dataset("\x1b[2J=$\\frac{", x, NAMES, rows, (Classes("../$_{\x1b[2J", codes, NAMES),))


CLUSTERINGS = {"../../=$_{\x1b[2J": KMeans(), "[red]": HDBSCAN()}


@pytest.fixture(scope="module", params=[FigureFormat.png, FigureFormat.svg])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of a run on a table with hostile names, figures included."""
    from aeexp.config.spec import Shallow, Training  # noqa: PLC0415

    experiment = Experiment(
        dataset=Hostile(),
        model=Shallow(latent_dim=2),
        training=Training(epochs=2),
        clustering=CLUSTERINGS,
        figures=AllFigures(format=request.param, dpi=40),
        backend=BACKEND,
    )
    folder = tmp_path_factory.mktemp("hostile") / "run"
    folder.mkdir()
    status = save_run(experiment, folder, partial(run, experiment), Terminal())
    assert status is Status.COMPLETED
    return folder


def test_f36_f38_a_run_with_hostile_names_draws_all_its_figures(folder: Path) -> None:
    drawn = {path.stem for path in (folder / "figures").iterdir()}
    assert {"loss", "latent", "weights", "weights_map", "reconstruction"} < drawn
    assert len([name for name in drawn if name.startswith(("latent_", "contingency_"))]) == 4


def test_f40_names_are_escaped_in_paths(folder: Path) -> None:
    written = [path for path in folder.parent.rglob("*") if path.is_file()]
    assert all(path.is_relative_to(folder) for path in written)
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,95}", path.name) for path in written)


def test_f37_no_cell_of_a_table_is_a_formula(folder: Path) -> None:
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [cell for cell in cells if cell.startswith(FORMULA) and not is_number(cell)]


def is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?[\d.]+(e[+-]?\d+)?", text) is not None


def test_f37_names_are_read_back_unchanged(folder: Path) -> None:
    names = [*NAMES[:-1], "?"]  # UTF-8 cannot encode half a character
    assert Run(folder).table("weights")["feature"] == names
    assert set(Run(folder).table("latents")["label"]) == set(names)
    assert read_model(folder).features == tuple(names)


def test_f36_names_add_no_elements_to_an_svg(folder: Path) -> None:
    for path in (folder / "figures").glob("*.svg"):
        nodes = [*ET.fromstring(path.read_text()).iter()]  # noqa: S314  (aeexp's own)
        assert not {str(node.tag).rpartition("}")[2] for node in nodes} & {"script", "img"}
        assert not [key for node in nodes for key in node.attrib if key.startswith("on")]


class Elements(HTMLParser):
    """The elements of a page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))


def test_f36_names_add_no_elements_to_a_summary(folder: Path, tmp_path: Path) -> None:
    sweep = tmp_path / NAMES[0].replace("/", "")
    sweep.mkdir()
    ledger = Ledger(sweep)
    ledger.begun([f"x={NAMES[1]}"])
    for job, name in enumerate(NAMES[:-1]):
        ledger.planned({job: [f"x={name}", f"{NAMES[1]}={job}"]})
        ledger.started({job: sweep.resolve() / f"{job}"})
        ledger.finished(job, Status.COMPLETED)
        shutil.copytree(folder, sweep / f"{job}")
    summary = summarise([sweep], sweep)
    page = summary.page.read_text()
    elements = Elements(page).elements
    assert sum(tag == "script" for tag, _ in elements) == 1
    assert not [
        attributes for _, attributes in elements if attributes.keys() & {"onerror", "onload"}
    ]
    assert all(str(a["src"]).startswith("data:image/") for t, a in elements if t == "img")
    assert "\x1b" not in page + summary.table.read_text()


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(TEXTS, min_size=1))
def test_f37_texts_are_guarded_and_read_back(texts: list[str]) -> None:
    (row,) = csv.reader(io.StringIO(lines([["x", *texts]]).decode(), newline=""))
    assert [unguarded(cell) for cell in row] == ["x", *texts]
    assert not [cell for cell in row if cell.startswith(FORMULA) and guarded(cell) != cell]


@pytest.mark.parametrize("prefix", ["", "'", "''"])
@pytest.mark.parametrize("start", FORMULA)
def test_f37_a_guard_is_removed_once(prefix: str, start: str) -> None:
    text = f"{prefix}{start}x"
    assert guarded(text) == f"'{text}"
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("number", ["-1", "+0.5", "-1e-3", "-inf"])
def test_f37_numbers_are_unchanged(number: str, tmp_path: Path) -> None:
    write(Table("t", {"text": [number], "number": [float(number)]}), tmp_path)
    assert (tmp_path / "t.csv").read_text().splitlines()[1] == f"{number},{float(number)}"


@given(st.text())
def test_f40_a_slug_is_one_safe_part_of_a_path(name: str) -> None:
    part = slug(name)
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,88}", part)
    assert not part.endswith(".")
    assert (Path("/root") / part).resolve().parent == Path("/root")


@given(st.text(), st.text())
def test_f40_different_names_have_different_slugs(one: str, other: str) -> None:
    assert (slug(one) == slug(other)) == (one == other)


@pytest.mark.parametrize("name", ["latent_kmeans", "z1", "a.b-c", "0", "x" * 80])
def test_f40_the_slug_of_a_plain_name_is_the_name(name: str) -> None:
    assert slug(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "../x", "/etc/x", "C:\\x", "a\0b", "CON", "com1.txt", "x" * 300, "x."),
        *("-rf", ".bashrc", "ä", slug("ä"), "a b", "\u202egnp"),
    ],
)
def test_f40_the_slug_of_any_other_name_has_a_hash(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_].*-[0-9a-f]{8}", slug(name))
    assert slug(name) != name


@pytest.mark.parametrize("artifact", [Metrics("../x", {}), Table("../x", {"a": [1]})])
def test_f40_an_artifact_is_written_inside_its_directory(
    artifact: Artifact, tmp_path: Path
) -> None:
    (tmp_path / "run").mkdir()
    write(artifact, tmp_path / "run")
    assert [path.parent.name for path in tmp_path.rglob("x*")] == ["run"]


@pytest.mark.parametrize("subdir", ["../x", "/etc", "..", ".", "x" * 256, "a\x1bb"])
def test_f40_a_job_s_directory_is_within_its_sweep(
    subdir: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ["--multirun", f"backend={BACKEND.value}", f"hydra.sweep.subdir='{subdir}'"]
    monkeypatch.setattr(sys, "argv", ["aeexp", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    assert "must name a directory within" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("directory", ["../elsewhere", "/etc", "link/x"])
def test_f40_a_ledger_with_a_directory_outside_the_sweep_is_rejected(
    directory: str, tmp_path: Path
) -> None:
    sweep = tmp_path / "sweep"
    sweep.mkdir()
    (sweep / "link").symlink_to(tmp_path)
    event = {"event": "started", "job": 0, "directory": directory}
    (sweep / "sweep.jsonl").write_text(json.dumps(event) + "\n")
    with pytest.raises(ValueError, match="outside the sweep"):
        Ledger(sweep).jobs()


@pytest.mark.parametrize("terminal", [Terminal, partial(SweepTerminal, 1)], ids=["run", "sweep"])
@pytest.mark.parametrize("name", NAMES)
def test_f39_lines_on_the_terminal_are_printable(
    terminal: Callable[[], Terminal], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal().print_line(f"a {name} b")
    printed = capsys.readouterr().out
    assert printed.endswith(" b\n")
    assert printed[:-1].isprintable()


def test_f39_a_run_with_hostile_names_prints_only_printable_lines(
    tiny: Callable[..., Experiment], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    experiment = tiny(dataset=Hostile(), clustering=CLUSTERINGS)
    save_run(experiment, tmp_path, partial(run, experiment), Terminal(verbose=True))
    printed = capsys.readouterr().out
    assert "[red]" in printed
    assert all(line.isprintable() for line in printed.splitlines())


def test_f39_an_error_is_one_printable_line() -> None:
    line = explain(ValueError("x=\x1b[2J\n\x9b\u202e must be y"))
    assert line.isprintable()
    assert line.endswith("must be y")


def test_f39_a_traceback_is_printable(tiny: Callable[..., Experiment], tmp_path: Path) -> None:
    def fails() -> Iterator[Artifact]:
        message = "bad\x1b[2J"
        raise ValueError(message)
        yield

    with pytest.raises(ValueError, match="bad"):
        save_run(tiny(), tmp_path, fails, Terminal())
    traceback = (tmp_path / "traceback.txt").read_text()
    assert printable(traceback, keep="\n") == traceback


def test_the_file_of_a_plot_has_its_name(tmp_path: Path) -> None:
    from matplotlib.figure import Figure  # noqa: PLC0415

    write(Plot("latent_kmeans", Figure(), "svg", 50), tmp_path)
    assert (tmp_path / "figures" / "latent_kmeans.svg").exists()
