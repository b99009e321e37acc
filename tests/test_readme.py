"""The commands and examples in README.md and docs/ work."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import run

from aeexp.config.compose import compositions
from aeexp.config.hydra_private import get_args_parser
from aeexp.config.options import OPTIONS, conf_dir
from aeexp.config.sources import register
from aeexp.config.spec import Backend

register()

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))]


def commands(text: str) -> list[str]:
    """Return the shell commands of a page."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [part.strip() for line in lines for part in line.partition("#")[0].split("&&")]


COMMANDS = commands(README)
TOUR = re.findall(r"```\n(wine: .*?)```", README, re.DOTALL)[0]
"""The output of the first command."""
IN_README = [command for command in COMMANDS if command.startswith("python -m aeexp")]
TUTORIAL = commands((ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8"))
IN_DOCS = [c for text in DOCS for c in commands(text) if c.startswith("python -m aeexp ")]
LONG = ("--multirun model=", "aeexp_optuna", "dataset=digits")  # train many models: minutes
EXAMPLES = re.findall(
    r"```python\n(.*?)```", (ROOT / "docs" / "python.md").read_text(encoding="utf-8"), re.DOTALL
)


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_python_example_runs(example: str, tmp_path: Path, backend: Backend) -> None:
    environment = os.environ | {"KERAS_BACKEND": backend.value}
    allowed = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
    code = [sys.executable, "-W", "error", "-W", allowed, "-c", example]
    done = subprocess.run(
        code, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("command", dict.fromkeys([*IN_README, *IN_DOCS]))
def test_a_command_of_the_documentation_composes(command: str) -> None:
    assert list(compositions(get_args_parser().parse_args(shlex.split(command)[3:])))


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(c, marks=[pytest.mark.slow] * any(part in c for part in LONG))
        for c in IN_README
    ],
)
def test_a_command_of_the_readme_runs(command: str, tmp_path: Path, backend: Backend) -> None:
    overrides = shlex.split(command)[3:]
    wanted = next(
        (w.removeprefix("backend=") for w in overrides if w.startswith("backend=")), "jax"
    )
    if wanted != backend.value:
        pytest.skip(f"runs on {wanted}")
    done = run(tmp_path, *overrides or ["default=true"])
    assert done.returncode == 0, done.stderr
    if overrides:
        assert done.stdout
    else:
        assert without_numbers(TOUR) == without_numbers(done.stdout)
        assert len(done.stdout.splitlines()) <= 25


def without_numbers(output: str) -> list[str]:
    """Return lines without numbers, which differ in the last digits between machines.

    And without those on progress, which depend on the time.
    """
    lines = [line for line in output.splitlines() if not line.endswith(" s left")]
    return [re.sub(r"[\d.,/-]+", "#", line) for line in lines]


@pytest.mark.parametrize("command", TUTORIAL)
def test_a_step_of_the_tutorial_runs(command: str, tmp_path: Path, backend: Backend) -> None:
    done = run(tmp_path, *shlex.split(command)[3:], "evidence=none")
    assert done.returncode == 0, done.stderr


def test_the_other_commands_are_run_by_ci() -> None:
    other_commands = {c for c in COMMANDS if c and not c.startswith("python -m aeexp")}
    assert other_commands == {"pip install -e .", "pip install nox", "nox"}
    assert "pip install nox && nox" in (ROOT / ".ci" / "run").read_text()


@pytest.mark.parametrize("group", OPTIONS)
def test_the_readme_lists_all_options(group: str) -> None:
    row = next(line for line in README.splitlines() if line.startswith(f"| `{group}`"))
    options = set(re.findall(r"\w+", " ".join(re.findall(r"`(.*?)`", row)))) - {group}
    assert options == {path.stem for path in (conf_dir() / group).glob("*.yaml")}


LINK = re.compile(r"\]\((?!http|#)([^)#]+)")


@pytest.mark.parametrize(
    "page",
    [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))],
    ids=lambda page: page.stem,
)
def test_all_links_of_a_page_exist(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 130
