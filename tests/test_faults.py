"""Every fault that docs/faults.md tells of has a test that carries its number."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
NAMED = re.compile(r"def (test_\w+)|id=\"([^\"]+)\"")
"""The name of a test, or of a case of it."""


def names() -> str:
    sources = (path.read_text() for path in TESTS.glob("test_*.py"))
    found = (match[1] or match[2] for source in sources for match in NAMED.finditer(source))
    return " ".join(found).lower().replace("_", " ")


def told() -> set[int]:
    """Return the numbers of the table, of which it names the first and the last of some."""
    table = (TESTS.parent / "docs" / "faults.md").read_text(encoding="utf-8")
    numbers: set[int] = set()
    for cell in re.findall(r"^\| (F[^|]*) \|", table, re.MULTILINE):
        ends = [int(number) for number in re.findall(r"F(\d+)", cell)]
        numbers |= set(range(ends[0], ends[-1] + 1))
    return numbers


def test_the_table_is_complete() -> None:
    assert told() == set(range(1, 62))


@pytest.mark.parametrize("number", range(1, 62))
def test_a_fault_has_its_test(number: int) -> None:
    assert re.search(rf"\bf{number}\b", names())
