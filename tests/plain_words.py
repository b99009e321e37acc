"""How often the source uses words and names that only its authors would use.

`python tests/plain_words.py [place …]` prints each line with such a word in a comment, a
docstring, another text or a page, each variable with such a name, and both rates.
`nox -s lint` fails beyond LIMIT.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PLACES = "src", "tests", "benchmarks", "examples", "docs", "conf", *ROOT.glob("*.md")

WORDS = re.compile(
    r"""\b(
    tell|tells|told|telling|say|says|said|saying|hear|hears|heard|know|knows|knew|
    lest|alike|mould|moulds|stamps|whoever|whomever|whence|thereof|besides|
    held(?![ -]out)|asks|asked|speaks|spoken|lies|lie|
    of[ ]which|of[ ]whom|of[ ]whose|those[ ]that|what[ ](?:is|was|are|were)|
    come[ ]to|comes[ ]to|came[ ]to|goes[ ]with|go[ ]with|such[ ]as[ ]are|in[ ]vain|
    by[ ]heart|not[ ]to[ ]be|is[ ]to[ ]be|are[ ]to[ ]be|so[ ]many
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
"""Words that have a plainer one: data does not speak, and a relative clause is no noun."""
NAMES = {
    "alike", "ahead", "beyond", "called", "each", "found", "given", "heard", "held", "kept",
    "known", "made", "meant", "mine", "mould", "of", "others", "ours", "own", "said", "seen",
    "stands", "taken", "tells", "told", "whole", "words",
}  # fmt: skip
"""Names of variables that do not name a thing."""
SPEECH = {
    "tell", "tells", "told", "say", "says", "said", "hear", "hears", "heard", "know", "knows",
    "knew", "alike", "lest", "whoever",
}  # fmt: skip
"""Words that make a longer name one of them, too, such as that of a test."""
SENTENCE = 4  # words of a string that a person reads
LIMIT = {"words": 1.0, "names": 3.0}
"""Of a thousand words in comments and texts, and of a thousand lines of code."""


class Hit(NamedTuple):
    """A word or a name, and its line."""

    kind: str
    path: Path
    line: int
    text: str


class Count(NamedTuple):
    """How many words and lines there are, and the hits among them."""

    words: int
    lines: int
    hits: list[Hit]

    def rate(self, kind: str) -> float:
        """Return the hits of a kind in a thousand words or lines."""
        hits = sum(hit.kind == kind for hit in self.hits)
        return 1000 * hits / max(1, self.words if kind == "words" else self.lines)


def count(paths: list[Path]) -> Count:
    """Return the words, lines and hits of Python files and pages."""
    words, lines, hits = 0, 0, []
    for path in paths:
        source = path.read_text(encoding="utf-8")
        for line, text in PROSE[path.suffix](source):
            words += len(text.split())
            without_code = " ".join(re.sub(r"`[^`]*`", "", text).split())
            hits += [Hit("words", path, line, match[0]) for match in WORDS.finditer(without_code)]
        if path.suffix == ".py":
            lines += source.count("\n")
            names = [(line, name) for line, name in bound(ast.parse(source)) if not is_plain(name)]
            hits += [Hit("names", path, line, name) for line, name in names]
    return Count(words, lines, hits)


def in_python(source: str) -> Iterator[tuple[int, str]]:
    """Yield the comments, docstrings and other texts of a module, and where they begin."""
    for node in ast.walk(ast.parse(source)):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and len(text.split()) >= SENTENCE:  # else it is a key
            yield node.lineno, text
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def in_page(source: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a page that are no example of code."""
    is_code = False
    for number, line in enumerate(source.splitlines(), 1):
        is_code ^= line.startswith("```")
        if not is_code:
            yield number, line


def in_yaml(source: str) -> Iterator[tuple[int, str]]:
    """Yield the comments of a configuration file."""
    for number, line in enumerate(source.splitlines(), 1):
        yield number, line.partition("#")[2]


PROSE = {".py": in_python, ".md": in_page, ".yaml": in_yaml}


def bound(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the names that a file binds: arguments, variables, fields and functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.FunctionDef):
            yield node.lineno, node.name


def is_plain(name: str) -> bool:
    """Return whether a name is a thing's or an action's name in plain English."""
    return name.strip("_") not in NAMES and not SPEECH.intersection(name.split("_"))


def main(places: list[str]) -> int:
    """Print hits and rates; return 1 beyond the limits."""
    folders = [ROOT / place for place in places or PLACES]
    paths = [path for folder in folders for path in [folder, *sorted(folder.rglob("*"))]]
    here = Path(__file__).resolve()
    counted = count([path for path in paths if path.suffix in PROSE and path.resolve() != here])
    for hit in counted.hits:
        print(f"{hit.path.relative_to(ROOT)}:{hit.line}: {hit.text}")
    rates = {kind: counted.rate(kind) for kind in LIMIT}
    print(", ".join(f"{rate:.1f} {kind} per 1,000" for kind, rate in rates.items()))
    return int(any(rates[kind] > most for kind, most in LIMIT.items()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
