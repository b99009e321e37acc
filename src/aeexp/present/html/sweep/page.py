"""summary.html: one page that needs no network and no other file."""

from pathlib import Path

from aeexp.present.html.render import render
from aeexp.present.html.sweep.contents import Contents


def page(contents: Contents) -> bytes:
    """Return the page, in which no name that a user chose is more than text."""
    return render(Path(__file__).parent / "template" / "summary", contents=contents)
