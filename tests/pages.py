"""HTML pages in tests: their elements, and a tab of a browser."""

from html.parser import HTMLParser
from typing import Any


class Elements(HTMLParser):
    """The elements of a page, its texts, and the texts of the cells of each of its tables."""

    def __init__(self, page: str | bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.inside = False
        self.feed(page if isinstance(page, str) else page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in {"td", "th"}:
            self.inside = True
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside &= tag not in {"td", "th"}

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())
        if self.inside:
            self.tables[-1][-1][-1] += data.strip()

    @property
    def text(self) -> str:
        return " ".join(filter(None, self.texts))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def table(self, *heads: str) -> list[dict[str, str]]:
        """Return the first table that has these columns."""
        for head, *body in self.tables:
            if set(heads) <= set(head):
                return [dict(zip(head, row, strict=False)) for row in body]
        raise AssertionError(heads)


class Opened:
    """A page in a tab of a browser. Records errors on its console, and its requests."""

    def __init__(self, tab: Any, address: str) -> None:
        self.tab, self.errors, self.requests = tab, [], []
        tab.on("console", lambda message: self.errors.append(message.text))
        tab.on("pageerror", lambda error: self.errors.append(str(error)))
        tab.on("request", lambda request: self.requests.append(request.url))
        tab.goto(address)
