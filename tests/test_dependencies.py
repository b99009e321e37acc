"""All imported packages are declared dependencies."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DECLARED = [*PROJECT["dependencies"], *chain(*PROJECT["optional-dependencies"].values())]
NAMES = {re.split(r"[<>=;\[ ]", line)[0].lower() for line in DECLARED}
OWN = {"aeexp", "hydra_plugins"}


def imported() -> set[str]:
    """Return all packages that the sources import."""
    packages = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                packages |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                packages.add(node.module.partition(".")[0])
    return packages - set(sys.stdlib_module_names) - OWN


@pytest.mark.parametrize("package", sorted(imported()))
def test_an_imported_package_is_declared(package: str) -> None:
    distributions = packages_distributions().get(package, [package])
    assert {name.lower() for name in distributions} & NAMES
