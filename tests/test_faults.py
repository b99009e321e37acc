"""Every fault in docs/faults.md has a test with its number in the name."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
NAME = re.compile(r"def (test_\w+)|id=\"([^\"]+)\"")
"""The name of a test, or of a case of it."""


def names() -> str:
    sources = (path.read_text() for path in TESTS.glob("test_*.py"))
    matches = (match[1] or match[2] for source in sources for match in NAME.finditer(source))
    return " ".join(matches).lower().replace("_", " ")


def listed() -> set[int]:
    """Return the numbers in the table, which has ranges such as F1 to F3."""
    table = (TESTS.parent / "docs" / "faults.md").read_text(encoding="utf-8")
    numbers: set[int] = set()
    for cell in re.findall(r"^\| (F[^|]*) \|", table, re.MULTILINE):
        ends = [int(number) for number in re.findall(r"F(\d+)", cell)]
        numbers |= set(range(ends[0], ends[-1] + 1))
    return numbers


def test_the_table_lists_all_faults() -> None:
    assert listed() == set(range(1, 63))


@pytest.mark.parametrize("number", range(1, 63))
def test_a_fault_has_a_test(number: int) -> None:
    assert re.search(rf"\bf{number}\b", names())
