"""Fill a template: one HTML file that works without a network."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from aeexp.config import metrics
from aeexp.present.html.table import table_of
from aeexp.text import counted, few, number, printable, short

TEMPLATES = Path(__file__).parent / "template"


def render(
    name: str, scripts: Sequence[str] = (), styles: Sequence[str] = (), **content: Any
) -> bytes:
    """Return a page. All text in it is escaped, so a user's name cannot become markup.

    The page's Content-Security-Policy allows its own style and script, by their hashes, and
    embedded images. It forbids every request.

    name: the template (`name`.html, `name`.css), an extension of base.html and page.css.
    scripts: names of scripts that run after page.js.
    styles: names of further styles, between those of the page and of the template.
    content: variables of the template.
    """
    style = _concatenate(["page.css", *(f"{style}.css" for style in styles), f"{name}.css"])
    script = _concatenate(["page.js", *(f"{script}.js" for script in scripts)])
    environment = Environment(
        autoescape=True,
        extensions=["jinja2.ext.do"],
        finalize=lambda value: printable(value) if type(value) is str else value,
        loader=FileSystemLoader(TEMPLATES),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    environment.globals |= {
        "counted": counted,
        "few": few,
        "metric_title": metrics.title,
        "number": number,
        "short": short,
        "table_of": table_of,
        "sections": [],  # the macro `section` appends ids and titles, for the navigation
    }
    html = environment.get_template(f"{name}.html").render(
        policy=(
            "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
            f"style-src {_hash(style)}; script-src {_hash(script)}"
        ),
        style=Markup(style),  # noqa: S704  (the project's own file)
        script=Markup(script),  # noqa: S704  (the project's own file)
        **content,
    )
    return html.encode()


def _concatenate(names: Iterable[str]) -> str:
    return "\n".join((TEMPLATES / name).read_text("utf-8") for name in names)


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
