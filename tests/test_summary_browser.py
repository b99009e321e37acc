"""The summary of a sweep works in a browser, without any request to a network."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from made_sweep import Made, crossed, loss, made
from pages import Opened

from aeexp.sweep.summary import summarise

pytestmark = pytest.mark.extras
pytest.importorskip("playwright.sync_api", reason="needs the extra `browser`")
PAYLOAD = '"><img src=x onerror=console.error(1)><b>'


class Summary(Opened):
    """The page of a sweep in a browser."""

    def column(self, name: str) -> list[str]:
        """Return the texts of a column of the table of all runs, from top to bottom."""
        heads = self.tab.locator("#runs th").all_inner_texts()
        place = heads.index(name) + 1
        return self.tab.locator(f"#runs tbody td:nth-child({place})").all_inner_texts()

    def head(self, name: str) -> Any:
        heads = self.tab.locator("#runs th").all_inner_texts()
        return self.tab.locator("#runs th button").nth(heads.index(name))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    combinations = crossed({"model": ["shallow", "deep", PAYLOAD], "lr": ["0.1", "1e-3", "0.02"]})
    values = [10, 9, 8.5, 100, 2, 3, 4, 5, 6]
    jobs = [
        Made(job, metrics=loss(value)) for job, value in zip(combinations, values, strict=True)
    ]
    jobs[4] = Made(combinations[4], status="FAILED", metrics=None, error=PAYLOAD)
    folder = tmp_path_factory.mktemp("sweeps") / "a #1 %20"
    return summarise([made(folder, jobs)], folder).page.as_uri()


@pytest.fixture
def opened(browser: Any, address: str) -> Iterator[Summary]:
    page = browser.new_page()
    yield Summary(page, address)
    page.close()


def test_the_page_opens_without_an_error_and_without_a_request(opened: Summary) -> None:
    assert opened.tab.title().startswith("Summary of ")
    assert opened.errors == []
    assert {urlsplit(url).scheme for url in opened.requests} <= {"file", "data"}
    assert [url for url in opened.requests if url.startswith("file:")] == [opened.tab.url]


def test_every_figure_is_drawn(opened: Summary) -> None:
    pictures = opened.tab.locator("figure img")
    assert pictures.count() == 3
    sizes = pictures.evaluate_all("all => all.map(each => each.complete && each.naturalWidth)")
    assert min(sizes) > 300


def test_a_click_sorts_numbers_and_a_second_reverses_them(opened: Summary) -> None:
    ascending = ["3", "4", "5", "6", "8.5", "9", "10", "100"]
    opened.head("reconstruction.val.mse").click()
    assert opened.column("reconstruction.val.mse") == [*ascending, ""]
    assert opened.tab.locator('#runs th[aria-sort="ascending"]').count() == 1
    opened.head("reconstruction.val.mse").click()
    assert opened.column("reconstruction.val.mse") == [*reversed(ascending), ""]
    assert opened.tab.locator('#runs th[aria-sort="descending"]').count() == 1


def test_values_in_any_notation_are_sorted_as_numbers(opened: Summary) -> None:
    opened.head("lr").click()
    assert opened.column("lr") == ["1e-3"] * 3 + ["0.02"] * 3 + ["0.1"] * 3


def test_a_key_sorts_words(opened: Summary) -> None:
    opened.head("model").focus()
    opened.tab.keyboard.press("Enter")
    assert opened.column("model") == [PAYLOAD] * 3 + ["deep"] * 3 + ["shallow"] * 3
    assert opened.column("job") == ["6", "7", "8", "3", "4", "5", "0", "1", "2"]


def test_rows_are_filtered_by_a_word(opened: Summary) -> None:
    opened.tab.locator(".filter").fill("failed")
    shown = opened.tab.locator("#runs tbody tr:visible")
    assert shown.count() == 1
    assert opened.tab.locator(".matches").inner_text() == "1 of 9 rows"


def test_links_lead_to_files_that_exist(opened: Summary) -> None:
    links = opened.tab.locator("a").evaluate_all("all => all.map(each => each.href)")
    assert len(links) > 18
    assert all(Path(unquote(urlsplit(link).path)).exists() for link in links)


def test_a_name_with_markup_is_shown_as_text(opened: Summary) -> None:
    reasons = opened.tab.locator("#failures td").all_inner_texts()
    assert PAYLOAD in reasons
    assert opened.tab.locator("td b, td img").count() == 0


def test_a_folded_table_opens_and_sorts(opened: Summary) -> None:
    opened.tab.locator("#settings summary").click()
    head = opened.tab.locator("#settings th button").filter(has_text="loss").first
    head.click()
    assert opened.tab.locator('#settings th[aria-sort="ascending"]').count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_fits_on_narrow_screens(
    browser: Any, address: str, scheme: str, width: int
) -> None:
    tab = browser.new_page(viewport={"width": width, "height": 740}, color_scheme=scheme)
    tab.goto(address)
    assert not tab.evaluate("document.documentElement.scrollWidth > innerWidth")
    background = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") == (scheme == "light")
    tab.close()
