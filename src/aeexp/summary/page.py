"""summary.html: one page that needs no network and no other file."""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from aeexp.names import printable
from aeexp.summary.contents import Contents

TEMPLATE = Path(__file__).parent / "template"


def page(contents: Contents) -> bytes:
    """Return the page, in which no name that a user chose is more than text.

    Its policy (Content-Security-Policy) allows its own style and script, by their hashes, and
    pictures that are part of it; whatever else it might be made to load, it does not.
    """
    style, script = ((TEMPLATE / f"summary.{kind}").read_text("utf-8") for kind in ("css", "js"))
    environment = Environment(
        autoescape=True,
        finalize=_visible,
        loader=FileSystemLoader(TEMPLATE),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    text = environment.get_template("summary.html").render(
        contents=contents,
        policy=_policy(style, script),
        style=Markup(style),  # noqa: S704  (the project's own)
        script=Markup(script),  # noqa: S704  (the project's own)
    )
    return text.encode()


def _policy(style: str, script: str) -> str:
    allowed = {"style-src": _hash(style), "script-src": _hash(script), "img-src": "data:"}
    denied = dict.fromkeys(("default-src", "base-uri", "form-action"), "'none'")
    return "; ".join(f"{what} {source}" for what, source in (denied | allowed).items())


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _visible(value: Any) -> Any:
    return printable(value) if type(value) is str else value
