"""A template and what it is filled with -> one HTML file that needs no network."""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from aeexp.text import printable

SHARED = Path(__file__).parent / "template"


def render(template: Path, *scripts: str, **contents: Any) -> bytes:
    """Return a page, in which no name that a user chose is more than text.

    template: its path without an ending: there are the page (html), its style (css) and its
    script (js), which come after those that all pages share. scripts: names of further ones
    beside it, which come before it. The page's policy
    (Content-Security-Policy) allows these two, by their hashes, and pictures that are part of it;
    whatever else it might be made to load, it does not.
    """
    before = [template.with_name(f"{name}.js") for name in scripts]
    style = _joined(SHARED / "sheet.css", template.with_suffix(".css"))
    script = _joined(SHARED / "sheet.js", *before, template.with_suffix(".js"))
    environment = Environment(
        autoescape=True,
        finalize=_visible,
        loader=FileSystemLoader([template.parent, SHARED]),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    text = environment.get_template(f"{template.name}.html").render(
        policy=_policy(style, script),
        style=Markup(style),  # noqa: S704  (the project's own)
        script=Markup(script),  # noqa: S704  (the project's own)
        **contents,
    )
    return text.encode()


def _joined(*files: Path) -> str:
    return "\n".join(file.read_text("utf-8") for file in files)


def _policy(style: str, script: str) -> str:
    allowed = {"style-src": _hash(style), "script-src": _hash(script), "img-src": "data:"}
    denied = dict.fromkeys(("default-src", "base-uri", "form-action"), "'none'")
    return "; ".join(f"{what} {source}" for what, source in (denied | allowed).items())


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _visible(value: Any) -> Any:
    return printable(value) if type(value) is str else value
