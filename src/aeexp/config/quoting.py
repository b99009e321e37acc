"""Texts as values in Hydra's grammar of overrides."""

import re

NOT_TEXT = "null|true|false|nan|inf"
PLAIN = re.compile(
    rf"(?:\.{{0,2}}/)?(?!(?:{NOT_TEXT})$)[A-Za-z_][A-Za-z0-9_./-]*", re.IGNORECASE | re.ASCII
)
"""Texts that Hydra parses as such without quotation marks."""


def quoted(text: str) -> str:
    """Return a text as a value of a Hydra override, which Hydra parses as this text."""
    if PLAIN.fullmatch(text):
        return text
    # escape the start of an interpolation, and the backslashes before it
    escaped = re.sub(r"(\\*)\$\{", r"\1\1\\${", text)

    def escape(match: re.Match[str]) -> str:
        """Double the backslashes before a quotation mark; Hydra reads others as they are."""
        return match[1] * 2 + ("\\'" if match[2] else "")

    return "'" + re.sub(r"(\\*)('|\Z)", escape, escaped) + "'"
