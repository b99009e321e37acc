"""references: a text with citations -> the BibTeX of exactly what it cites."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from aeexp.config.options import PACKAGES

ENTRY = re.compile(r"^@\w+\{([\w:./+-]+),$.*?^\}$", re.MULTILINE | re.DOTALL)
CITATION = re.compile(r"\[(@[\w:./+-]+(?:; @[\w:./+-]+)*)\]")
FIELD = re.compile(r"^  (\w+) = \{(.*)\},?$", re.MULTILINE)
CODE = re.compile(r"`[^`]*`")
"""What users call things: a name that looks like a citation is none."""


def keys(text: str) -> list[str]:
    """Return what a text cites by [@key] or [@key; @other], each once, in order."""
    cited = CITATION.findall(CODE.sub("", text))
    return list(dict.fromkeys(key[1:] for several in cited for key in several.split("; ")))


def references(text: str) -> str:
    """Return the BibTeX entries of what a text cites, in the order in which it does.

    Raises:
        KeyError: It cites what `references.bib` does not have.
    """
    return "".join(f"{_entries()[key]}\n\n" for key in keys(text)).removesuffix("\n")


def source(key: str) -> str:
    """Return who published what can be cited, and when: "Hubert and Arabie (1985)"."""
    fields = dict(FIELD.findall(_entries()[key]))
    authors = [author.partition(",")[0] for author in fields["author"].split(" and ")]
    names = [re.sub(r"\\.|[{}]", "", name) for name in authors]  # without TeX's accents
    who = " and ".join(names) if len(names) < 3 else f"{names[0]} et al."
    return f"{who} ({fields['year']})"


@cache
def _entries() -> Mapping[str, str]:
    """Return the entries of all that can be cited, by their keys."""
    texts = [files(__package__).joinpath("references.bib").read_text("utf-8")]
    texts += [package.references.read_text("utf-8") for package in PACKAGES if package.references]
    text = "\n".join(texts[::-1])  # where both have a key, it is aeexp's own
    return {entry[1]: entry[0] for entry in ENTRY.finditer(text)}
