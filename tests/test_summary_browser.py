"""The page of a sweep works in a browser, and asks nothing of any network."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from made_sweep import Made, crossed, loss, made

from aeexp.summary import summarise

sync_api = pytest.importorskip("playwright.sync_api", reason="needs the extra `browser`")
CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PAYLOAD = '"><img src=x onerror=console.error(1)><b>'


class Opened:
    """The page of a sweep in a browser, with what it said and asked for meanwhile."""

    def __init__(self, page: sync_api.Page, address: str) -> None:
        self.page, self.errors, self.requests = page, [], []
        page.on("console", lambda message: self.errors.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(address)

    def column(self, name: str) -> list[str]:
        """Return the texts of a column of the table of all runs, from top to bottom."""
        heads = self.page.locator("#runs th").all_inner_texts()
        place = heads.index(name) + 1
        return self.page.locator(f"#runs tbody td:nth-child({place})").all_inner_texts()

    def head(self, name: str) -> sync_api.Locator:
        heads = self.page.locator("#runs th").all_inner_texts()
        return self.page.locator("#runs th button").nth(heads.index(name))


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    said = crossed({"model": ["shallow", "deep", PAYLOAD], "lr": ["0.1", "1e-3", "0.02"]})
    values = [10, 9, 8.5, 100, 2, 3, 4, 5, 6]
    jobs = [Made(words, metrics=loss(value)) for words, value in zip(said, values, strict=True)]
    jobs[4] = Made(said[4], status="FAILED", metrics=None, error=PAYLOAD)
    folder = tmp_path_factory.mktemp("sweeps") / "a #1 %20"
    return summarise([made(folder, jobs)], folder).page.as_uri()


@pytest.fixture
def opened(browser: sync_api.Browser, address: str) -> Iterator[Opened]:
    page = browser.new_page()
    yield Opened(page, address)
    page.close()


def test_the_page_opens_without_an_error_and_without_a_request(opened: Opened) -> None:
    assert opened.page.title().startswith("Summary of ")
    assert opened.errors == []
    assert {urlsplit(url).scheme for url in opened.requests} <= {"file", "data"}
    assert [url for url in opened.requests if url.startswith("file:")] == [opened.page.url]


def test_every_picture_is_drawn(opened: Opened) -> None:
    pictures = opened.page.locator("figure img")
    assert pictures.count() == 3
    sizes = pictures.evaluate_all("all => all.map(each => each.complete && each.naturalWidth)")
    assert min(sizes) > 300


def test_a_click_sorts_numbers_by_size_and_a_second_turns_them_round(opened: Opened) -> None:
    ascending = ["3", "4", "5", "6", "8.5", "9", "10", "100"]
    opened.head("val_loss").click()
    assert opened.column("val_loss") == [*ascending, ""]
    assert opened.page.locator('#runs th[aria-sort="ascending"]').count() == 1
    opened.head("val_loss").click()
    assert opened.column("val_loss") == [*reversed(ascending), ""]
    assert opened.page.locator('#runs th[aria-sort="descending"]').count() == 1


def test_values_in_any_notation_are_sorted_as_numbers(opened: Opened) -> None:
    opened.head("lr").click()
    assert opened.column("lr") == ["1e-3"] * 3 + ["0.02"] * 3 + ["0.1"] * 3


def test_a_key_sorts_words(opened: Opened) -> None:
    opened.head("model").focus()
    opened.page.keyboard.press("Enter")
    assert opened.column("model") == [PAYLOAD] * 3 + ["deep"] * 3 + ["shallow"] * 3
    assert opened.column("job") == ["6", "7", "8", "3", "4", "5", "0", "1", "2"]


def test_rows_are_chosen_by_a_word(opened: Opened) -> None:
    opened.page.locator("#filter").fill("failed")
    shown = opened.page.locator("#runs tbody tr:visible")
    assert shown.count() == 1
    assert opened.page.locator("#shown").inner_text() == "1 of 9 rows"


def test_links_lead_to_files_that_exist(opened: Opened) -> None:
    links = opened.page.locator("a").evaluate_all("all => all.map(each => each.href)")
    assert len(links) > 18
    assert all(Path(unquote(urlsplit(link).path)).exists() for link in links)


def test_a_name_that_is_markup_is_read_as_it_is_written(opened: Opened) -> None:
    reasons = opened.page.locator("#failures td").all_inner_texts()
    assert PAYLOAD in reasons
    assert opened.page.locator("td b, td img").count() == 0


def test_a_folded_table_opens_and_sorts(opened: Opened) -> None:
    opened.page.locator("#settings summary").click()
    head = opened.page.locator("#settings th button").filter(has_text="loss").first
    head.click()
    assert opened.page.locator('#settings th[aria-sort="ascending"]').count() == 1
