"""What a notebook shows of a run: its answer, its main figure and its metrics."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from aeexp.present.text.sentence import MARKS, QUESTIONS
from aeexp.runs import Run
from aeexp.text import number, printable

MAIN = "latent"
"""The name of the figure that is shown."""
TYPES = {".png": "image/png", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class StoredFigure:
    """A figure in a file, which a notebook displays."""

    path: Path

    def _repr_html_(self) -> str:
        if self.path.suffix not in TYPES:
            return escape(printable(str(self.path)))
        content = b64encode(self.path.read_bytes()).decode()
        source = f"data:{TYPES[self.path.suffix]};base64,{content}"
        return f'<img src="{source}" alt="{escape(self.path.stem)}" style="max-width:100%">'


def summary(run: Run) -> str:
    """Return a run as HTML. Texts are escaped: they may have names from somebody's table."""
    return "".join(f"<div>{part}</div>" for part in _parts(run))


def _parts(run: Run) -> Iterator[str]:
    name, status = run.record.get("dataset", "run"), run.status.value.lower()
    yield f"<b>{_text(str(name))}</b>: {status}, {_text(str(run.folder))}"
    if error := run.record.get("error"):
        yield _text(error)
    for part in run.answer:
        question = QUESTIONS.get(part["about"], part["about"])
        mark = "→" if part["about"] == "next" else MARKS[part["claim"]]
        yield f"{mark} <b>{_text(question)}</b> {_text(part['sentence'])}"
    if not run.answer and (verdict := run.record.get("verdict")):
        yield _text(verdict["sentence"])
    if figures := sorted((run.folder / "figures").glob(f"{MAIN}.*")):
        yield StoredFigure(figures[0])._repr_html_()
    if metrics := run.metrics:
        cells = (f"<tr><td>{_text(n)}</td><td>{number(v)}</td></tr>" for n, v in metrics.items())
        yield (
            f"<details><summary>{len(metrics)} metrics</summary>"
            f"<table>{''.join(cells)}</table></details>"
        )


def _text(text: str) -> str:
    return escape(printable(text))
