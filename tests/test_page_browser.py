"""The report of a run works in a browser, without any request to a network."""

from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from made_run import made
from pages import Opened

from aeexp.config.spec import Wine
from aeexp.data import Classes, Dataset, load
from aeexp.present.html.run import page

pytestmark = pytest.mark.extras
pytest.importorskip("playwright.sync_api", reason="needs the extra `browser`")
PAYLOAD = "</script><img src=x onerror=console.error(1)>"
PIXELS = """() => {
  const canvas = document.getElementById("canvas");
  const context = canvas.getContext("2d");
  const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
  let sum = 0;
  for (let i = 0; i < data.length; i += 1) sum = (sum * 31 + data[i]) % 2147483647;
  return sum;
}"""
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)))"


class Report(Opened):
    """The report of a run in a browser."""

    def __init__(self, tab: Any, address: str) -> None:
        super().__init__(tab, address)
        self.canvas = tab.locator("#canvas")

    def pixels(self) -> int:
        """Return a checksum of the map's pixels."""
        self.tab.evaluate(SETTLED)
        return self.tab.evaluate(PIXELS)

    def press(self, key: str) -> int:
        self.canvas.press(key)
        return self.pixels()

    def overflows(self) -> bool:
        return self.tab.evaluate("document.documentElement.scrollWidth > innerWidth")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(tmp_path_factory.mktemp("runs") / "a #1 %20", load(Wine()))


def written(folder: Path, data: Dataset, factors: int = 3) -> str:
    """Write the report of an artificial run, and return its address."""
    made(folder, data, factors)
    (folder / "report.html").write_bytes(page(folder, data))
    return (folder / "report.html").as_uri()


def clouds(rows: int, features: int) -> Dataset:
    codes = np.arange(rows) % 3
    x = np.random.default_rng(0).normal(size=(rows, features)) + 4 * codes[:, None]
    labels = Classes(PAYLOAD, codes, ("a", PAYLOAD, "W" * 200))
    named = tuple(f"{PAYLOAD}{k}" for k in range(features))
    return Dataset("clouds", x, named, [f"{PAYLOAD}{i}" for i in range(rows)], (labels,))


@pytest.fixture
def opened(browser: Any, address: str) -> Iterator[Report]:
    tab = browser.new_page()
    yield Report(tab, address)
    tab.close()


@pytest.fixture
def showing(browser: Any) -> Iterator[Callable[..., Report]]:
    tabs = []

    def show(address: str, **options: object) -> Opened:
        tabs.append(browser.new_page(**options))
        return Report(tabs[-1], address)

    yield show
    for tab in tabs:
        tab.close()


def test_the_report_opens_without_an_error_and_without_a_request(opened: Report) -> None:
    assert opened.tab.title() == "Report on wine"
    assert opened.pixels() != 0
    assert opened.errors == []
    assert {urlsplit(url).scheme for url in opened.requests} <= {"file", "data"}
    assert [url for url in opened.requests if url.startswith("file:")] == [opened.tab.url]


def test_requests_to_a_network_are_refused(opened: Report) -> None:
    answers: list[object] = []
    opened.tab.on("response", lambda answer: answers.append(answer.url))
    opened.tab.evaluate("fetch('file:///etc/hostname').catch(() => 0)")
    opened.tab.evaluate("document.body.append(Object.assign(new Image(), {src: 'http://a.b/c'}))")
    opened.tab.wait_for_timeout(100)
    assert answers == []
    assert any("Content Security Policy" in error for error in opened.errors)


def test_every_figure_is_drawn(opened: Report) -> None:
    opened.tab.locator("#open-all").click()
    pictures = opened.tab.locator("figure img")
    sizes = pictures.evaluate_all("all => all.map(each => each.complete && each.naturalWidth)")
    assert len(sizes) == 3
    assert min(sizes) > 300


def test_the_row_under_the_mouse_is_described(opened: Report) -> None:
    tip, wine = opened.tab.locator("#tip"), load(Wine())
    assert isinstance(wine.label, Classes)
    assert not tip.is_visible()
    rows = set()
    for x, y in product(range(220, 520, 20), (160, 220)):
        opened.canvas.hover(position={"x": x, "y": y})
        opened.pixels()
        lines = tip.inner_text().splitlines()
        if lines:
            row = int(lines[0].removeprefix("row "))
            rows.add(row)
            assert f"cultivar: {wine.label.names[wine.label.codes[row]]}" in lines
            assert f"split: {'training' if row % 5 else 'held out'}" in lines
            assert any(line.startswith("kmeans: ") for line in lines)
            assert any(line.startswith("trustworthiness: ") for line in lines)
    assert len(rows) > 2
    assert opened.errors == []


def test_keys_select_rows_and_screen_readers_announce_them(opened: Report) -> None:
    announced = opened.tab.locator("#selected-row")
    opened.canvas.focus()
    for key, row in {"n": "row 0,", "p": "row 177,", "Escape": ""}.items():
        opened.press(key)
        assert announced.inner_text().startswith(row)
    assert announced.inner_text() == ""


def test_keys_rotate_zoom_and_reset_the_map(opened: Report) -> None:
    first = opened.pixels()
    left, up, larger = map(opened.press, ("ArrowLeft", "ArrowUp", "+"))
    assert len({first, left, up, larger}) == 4
    assert opened.press("-") == up
    assert opened.press("ArrowDown") == left
    assert opened.press("0") == first


def test_buttons_do_what_keys_do(opened: Report) -> None:
    first = opened.pixels()
    opened.tab.get_by_role("button", name="Rotate left").click()
    turned = opened.pixels()
    opened.tab.get_by_role("button", name="Reset view").click()
    assert turned != first
    assert opened.pixels() == first


def test_dragging_rotates_and_the_wheel_zooms_a_focused_map_only(opened: Report) -> None:
    first = opened.pixels()
    opened.canvas.hover(position={"x": 20, "y": 20})
    opened.tab.mouse.wheel(0, 5)
    assert opened.pixels() == first
    opened.canvas.hover(position={"x": 20, "y": 20})
    opened.tab.mouse.down()
    opened.tab.mouse.move(200, 300)
    opened.tab.mouse.up()
    turned = opened.pixels()
    assert turned != first
    opened.canvas.focus()
    opened.canvas.hover(position={"x": 20, "y": 20})
    opened.tab.mouse.wheel(0, -200)
    assert opened.pixels() != turned


def test_another_colour_changes_the_map_the_legend_and_the_description(
    opened: Report,
) -> None:
    legend, colour = opened.tab.locator("#legend li"), opened.tab.locator("#colour")
    assert legend.all_inner_texts() == ["class_0 (59)", "class_1 (71)", "class_2 (48)"]
    swatches = legend.locator(".swatch")
    hues = swatches.evaluate_all("all => all.map(each => getComputedStyle(each).backgroundColor)")
    assert hues == ["rgb(1, 115, 178)", "rgb(222, 143, 5)", "rgb(2, 158, 115)"]
    checksums = {opened.pixels()}
    for name in "kmeans", "split", "proline", "z1":
        colour.select_option(label=name)
        checksums.add(opened.pixels())
        assert f"coloured by {name}" in str(opened.canvas.get_attribute("aria-label"))
    assert len(checksums) == 5
    colour.select_option(label="proline")
    assert legend.all_inner_texts() == ["278\n1680"]


def test_a_class_can_be_hidden(opened: Report) -> None:
    first = opened.pixels()
    box = opened.tab.get_by_role("checkbox", name="class_1")
    box.uncheck()
    assert opened.pixels() != first
    box.check()
    assert opened.pixels() == first


def test_unreliable_rows_are_faded_until_that_is_switched_off(
    opened: Report,
) -> None:
    first = opened.pixels()
    opened.tab.locator("#fade").uncheck()
    assert opened.pixels() != first


def test_far_rows_are_small_and_not_faded(opened: Report) -> None:
    alpha, near = opened.tab.evaluate("""() => {
      const [n, depth] = [3, [1.5, -1.5, 0]];
      const view = { n, depth, order: [], alpha: [], shuffled: [0, 1, 2], hidden: new Set() };
      Object.assign(view, { doubtful: [0, 0, 1], paint: [0, 0, 0], column: {} });
      sortRows(view);
      return [view.alpha, depth.map((each) => nearness(each, SIZES))];
    }""")
    assert alpha[0] == alpha[1] > alpha[2]
    assert near[0] > near[2] > near[1]


@pytest.mark.parametrize("width", [1280, 390])
def test_no_button_covers_the_map(
    showing: Callable[..., Report], address: str, width: int
) -> None:
    opened = showing(address, viewport={"width": width, "height": 740})
    opened.tab.locator("#axis-2").select_option("")
    canvas = opened.canvas.bounding_box()
    tops = opened.tab.locator(".buttons button").evaluate_all(
        "all => all.map(each => each.getBoundingClientRect().top + scrollY)"
    )
    assert min(tops) >= canvas["y"] + canvas["height"]


def test_two_factors_are_a_plane(opened: Report) -> None:
    first = opened.pixels()
    opened.tab.locator("#axis-2").select_option("")
    plane = opened.pixels()
    assert plane != first
    assert opened.press("ArrowLeft") != plane
    assert opened.errors == []


@pytest.mark.parametrize("factors", [1, 2, 5])
def test_any_number_of_factors_is_shown(
    showing: Callable[..., Report], tmp_path: Path, factors: int
) -> None:
    opened = showing(written(tmp_path / "run", clouds(60, 6), factors))
    assert opened.tab.locator("#axis-2").is_visible() == (factors > 2)
    assert opened.tab.locator("#axis-1").is_visible() == (factors > 1)
    assert opened.press("n") != opened.press("+")
    assert opened.errors == []


def test_a_name_with_markup_is_shown_as_text(
    showing: Callable[..., Report], tmp_path: Path
) -> None:
    opened = showing(written(tmp_path / "run", clouds(30, 4)))
    opened.press("n")
    assert f"row {PAYLOAD}0" in opened.tab.locator("#tip").inner_text()
    assert f"{PAYLOAD} (10)" in opened.tab.locator("#legend").inner_text()
    assert opened.tab.locator("img[src=x]").count() == 0
    assert opened.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_fits_on_narrow_screens(
    showing: Callable[..., Report], address: str, tmp_path: Path, scheme: str, width: int
) -> None:
    size = {"width": width, "height": 740}
    for page_address in address, written(tmp_path / "run", clouds(30, 4)):
        opened = showing(page_address, viewport=size, color_scheme=scheme)
        assert not opened.overflows()
        background = "getComputedStyle(document.body).backgroundColor"
        assert (opened.tab.evaluate(background) == "rgb(255, 255, 255)") == (scheme == "light")


def test_fingers_rotate_and_zoom_the_map_and_not_the_page(
    showing: Callable[..., Report], address: str
) -> None:
    opened = showing(address, viewport={"width": 360, "height": 740}, has_touch=True)
    opened.canvas.scroll_into_view_if_needed()
    box = opened.canvas.bounding_box()
    fingers = opened.tab.context.new_cdp_session(opened.tab)

    def touch(kind: str, *across: float) -> None:
        points = [{"x": box["x"] + x, "y": box["y"] + 150, "id": i} for i, x in enumerate(across)]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    checksums = {opened.pixels()}
    for start, end in ([120], [200]), ([120, 200], [60, 260]):
        touch("touchStart", *start)
        for share in 0.3, 0.6, 1:
            now = [a + share * (b - a) for a, b in zip(start, end, strict=True)]
            touch("touchMove", *now)
        touch("touchEnd")
        checksums.add(opened.pixels())
    assert len(checksums) == 3
    assert opened.tab.evaluate("visualViewport.scale") == 1


def test_a_row_is_selected_by_its_name_and_deselected_by_a_tap_elsewhere(
    showing: Callable[..., Report], address: str
) -> None:
    opened = showing(address, viewport={"width": 360, "height": 740}, has_touch=True)
    find = opened.tab.locator("#find")
    find.fill("no such row")
    assert find.get_attribute("aria-invalid") == "true"
    find.fill("100")
    opened.pixels()
    assert opened.tab.locator("#tip b").inner_text() == "row 100"
    opened.canvas.tap(position={"x": 3, "y": 3})
    opened.pixels()
    assert not opened.tab.locator("#tip").is_visible()


def test_the_answer_and_the_map_fit_on_the_first_screen(
    showing: Callable[..., Report], address: str
) -> None:
    opened = showing(address, viewport={"width": 1280, "height": 800})
    for part in ".found", "#canvas", ".numbers", ".claim >> nth=-1", "#next-command":
        box = opened.tab.locator(part).bounding_box()
        assert box["y"] + box["height"] <= 800
    assert opened.tab.evaluate("document.documentElement.scrollHeight") < 2000


def test_a_link_opens_its_section_and_the_contents_stay_in_view(opened: Report) -> None:
    table = opened.tab.locator("#clusters table").first
    assert not table.is_visible()
    opened.tab.get_by_role("link", name="Clusters").click()
    table.wait_for()
    top = opened.tab.locator("nav").bounding_box()["y"]
    assert top == 0 < opened.tab.evaluate("scrollY")


def test_a_table_is_not_wider_than_a_phone(showing: Callable[..., Report], address: str) -> None:
    opened = showing(address, viewport={"width": 390, "height": 740})
    opened.tab.locator("#open-all").click()
    opened.tab.evaluate("document.querySelectorAll('details').forEach((part) => part.open = true)")
    hidden = opened.tab.locator(".stacked").evaluate_all(
        "all => all.map(each => each.scrollWidth - each.clientWidth)"
    )
    assert len(hidden) > 10
    assert max(hidden) == 0


def test_paper_has_all_sections_on_white_without_folded_parts(
    showing: Callable[..., Report], address: str
) -> None:
    opened = showing(address, color_scheme="dark")
    assert not opened.tab.locator("#paragraph").is_visible()
    opened.tab.emulate_media(media="print")
    assert opened.tab.locator("#paragraph").is_visible()
    assert opened.tab.locator(".sentence").first.is_visible()
    for absent in "#configuration", "#bibliography", "#colour", "nav":
        assert not opened.tab.locator(absent).is_visible()
    background = opened.tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(255, 255, 255)"
    assert not opened.overflows()


def test_every_table_fits_on_a_printed_page(showing: Callable[..., Report], address: str) -> None:
    a4 = 680  # CSS pixels of 180 mm
    opened = showing(address, viewport={"width": a4, "height": 1000})
    opened.tab.emulate_media(media="print")
    tables = opened.tab.locator("table")
    ends = tables.evaluate_all("all => all.map(each => each.getBoundingClientRect().right)")
    assert len(ends) > 10
    assert max(ends) <= a4


def test_a_methods_paragraph_is_copied(opened: Report) -> None:
    opened.tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened.tab.get_by_role("link", name="Methods", exact=True).click()
    opened.tab.locator('.copy[data-of="paragraph"]').click()
    opened.tab.get_by_role("button", name="Copied").wait_for()
    assert "A shallow autoencoder" in opened.tab.evaluate("navigator.clipboard.readText()")


def test_a_map_of_a_hundred_thousand_rows_rotates_smoothly(
    showing: Callable[..., Report], tmp_path: Path
) -> None:
    opened = showing(written(tmp_path / "run", clouds(100_000, 4)))
    opened.pixels()
    milliseconds = opened.tab.evaluate("""async () => {
      const canvas = document.getElementById("canvas");
      const start = performance.now();
      for (let i = 0; i < 20; i += 1) {
        canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft" }));
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
      }
      return (performance.now() - start) / 20;
    }""")
    assert milliseconds < 150  # 20 on a machine that does nothing else
