"""The page of `doit report` in a real browser: what readers see and hostile data cannot do."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from browser import DESK, PHONE, SMALL_PHONE, STICKING_OUT, WIDTHS, Opened, start_browser
from databases import Commit, entity, fill
from hostile import commits
from playwright import sync_api as playwright

from nes_tasks.cli.report_html import page as page_of
from nes_tasks.operations.report import make_report
from nes_tasks.project import Project
from nes_tasks.settings import Settings

OPEN_ALL = "document.querySelectorAll('details').forEach(one => one.open = true)"
# How bright a picture is, from 0 to 1, and how many colours it has.
LOOKED_AT = """
async png => {
  const picture = new Image();
  picture.src = 'data:image/png;base64,' + png;
  await picture.decode();
  const context = new OffscreenCanvas(picture.width, picture.height).getContext('2d');
  context.drawImage(picture, 0, 0);
  const {data} = context.getImageData(0, 0, picture.width, picture.height);
  const colors = new Set();
  let sum = 0;
  for (let at = 0; at < data.length; at += 4) {
    sum += data[at] + data[at + 1] + data[at + 2];
    colors.add(data[at] << 16 | data[at + 1] << 8 | data[at + 2]);
  }
  return [sum / (data.length / 4 * 3 * 255), colors.size];
}
"""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """The page of hostile data, opened once; tests change how it is looked at."""
    root = tmp_path_factory.mktemp("browser")
    database = fill(root / "nes-db", commits())
    project = Project(Settings(root=root, migrations=root, database=database))
    file = root / "report.html"
    file.write_text(page_of(make_report(project, lambda *_: None)), encoding="utf-8")
    with start_browser(root) as found:
        found.page.goto(file.as_uri())
        yield found


@pytest.fixture
def page(opened: Opened) -> playwright.Page:
    """The page as it is on a large screen in the light, with everything folded up."""
    opened.page.set_viewport_size(DESK)
    opened.page.emulate_media(color_scheme="light")
    opened.page.evaluate(OPEN_ALL.replace("true", "false"))
    return opened.page


def test_it_asks_for_nothing_and_has_nothing_to_complain_about(opened: Opened) -> None:
    opened.page.evaluate(OPEN_ALL)
    opened.page.wait_for_load_state("networkidle")
    asked = [url for url in opened.requests if not url.startswith("data:")]
    assert asked == [opened.page.url]
    assert (opened.console, opened.dialogs) == ([], [])


def test_no_text_of_the_data_runs(page: playwright.Page) -> None:
    assert page.title() == "nes-db: what the database holds, 1 March 2026"
    assert page.locator("script, img, iframe, b b, i").count() == 0
    assert page.get_by_text("<script>document.title='owned'</script>").count() > 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_everybody_can_read_it(page: playwright.Page, scheme: str, size: dict[str, int]) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    page.evaluate(OPEN_ALL)
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert len(results.response["passes"]) > 20


def test_dark_is_dark_and_light_is_light(page: playwright.Page) -> None:
    def brightness(of: str) -> float:
        color = page.evaluate(f"getComputedStyle(document.body).{of}")
        return sum(int(part) for part in color.strip("rgb()").split(",")) / (3 * 255)

    assert brightness("backgroundColor") > 0.9 > 0.3 > brightness("color")
    accent = page.evaluate("getComputedStyle(document.querySelector('svg path[stroke]')).stroke")
    page.emulate_media(color_scheme="dark")
    assert brightness("backgroundColor") < 0.2 < 0.8 < brightness("color")
    dark = page.evaluate("getComputedStyle(document.querySelector('svg path[stroke]')).stroke")
    assert dark != accent


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_what_is_painted_is_text_and_charts_on_a_quiet_ground(
    page: playwright.Page, size: dict[str, int]
) -> None:
    browser = page.context.browser
    assert browser
    looking = browser.new_page()  # the page itself may load no picture
    page.set_viewport_size(size)
    seen = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        picture = base64.b64encode(page.screenshot(full_page=True)).decode()
        seen[scheme], colors = looking.evaluate(LOOKED_AT, picture)
        assert colors > 50
    looking.close()
    # All but one or two parts in ten is ground, which is never pure white or black.
    assert 0.85 < seen["light"] < 0.99
    assert 0.03 < seen["dark"] < 0.25


@pytest.mark.parametrize("size", [PHONE, SMALL_PHONE], ids=["390", "320"])
def test_a_phone_scrolls_in_one_direction(page: playwright.Page, size: dict[str, int]) -> None:
    page.set_viewport_size(size)
    page.evaluate(OPEN_ALL)
    scroll_width, width = page.evaluate(WIDTHS)
    assert (scroll_width, page.evaluate(STICKING_OUT)) == (width, [])
    # The table of all numbers is wider than a phone, and can be moved with the keyboard.
    table = page.get_by_role("region", name="Statistics of each migration")
    assert table.evaluate("one => one.scrollWidth > one.clientWidth")
    table.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "() => document.activeElement.scrollLeft > 0 && document.documentElement.scrollLeft === 0"
    )


def test_each_chart_has_a_name_that_tells_what_it_shows(page: playwright.Page) -> None:
    charts = page.get_by_role("img").all()
    names = [chart.get_attribute("aria-label") or "" for chart in charts]
    assert len(names) == page.locator("svg").count() >= 7
    assert "Person: from 12 on 9 November 2025 to 13 on 1 March 2026, at most 13" in names
    assert all(len(name) > 20 for name in names)
    sizes = [chart.bounding_box() for chart in charts]
    assert all(size and size["width"] > 200 and size["height"] > 20 for size in sizes)


def test_numbers_behind_the_charts_are_tables(page: playwright.Page) -> None:
    page.get_by_text("Chart data").click()
    table = page.get_by_role("table", name="Entities by type over time")
    row = table.get_by_role("row").filter(has_text="24 December 2025")
    assert row.get_by_role("rowheader").inner_text() == "24 December 2025"
    assert "12" in row.get_by_role("cell").all_inner_texts()


def test_links_lead_to_the_parts(page: playwright.Page, opened: Opened) -> None:
    for link in page.get_by_role("navigation").get_by_role("link").all():
        target = link.get_attribute("href") or ""
        assert page.locator(target).get_by_role("heading", level=2).is_visible()
    assert len(opened.requests) - sum(url.startswith("data:") for url in opened.requests) == 1


def test_no_word_is_broken_at_a_hyphen(page: playwright.Page) -> None:
    page.evaluate(OPEN_ALL)
    for size in (DESK, PHONE, SMALL_PHONE):
        page.set_viewport_size(size)
        broken = (
            "[...document.querySelectorAll('.whole')].filter(e => e.getClientRects().length > 1)"
        )
        assert page.evaluate("document.querySelectorAll('.whole').length") > 0
        assert page.evaluate(f"{broken}.map(e => e.textContent)") == []


def test_a_table_that_scrolls_says_so_on_a_phone_alone(
    page: playwright.Page, tmp_path: Path
) -> None:
    kinds = ("province", "district", "municipality", "rural_municipality", "ward")
    files = {f"v2/entity/location/{kind}/a.json": entity("a") for kind in kinds}
    database = fill(tmp_path / "nes-db", [Commit("Begin", "2026-01-01", files)])
    project = Project(Settings(root=tmp_path, migrations=tmp_path, database=database))
    file = tmp_path / "report.html"
    file.write_text(page_of(make_report(project, lambda *_: None)), encoding="utf-8")
    browser = page.context.browser
    assert browser is not None
    with closing(browser.new_page(viewport=DESK)) as other:
        other.goto(file.as_uri())
        note, table = other.locator(".sideways"), other.locator(".fields")
        wide = "one => one.scrollWidth > one.parentElement.clientWidth"
        assert (note.is_visible(), table.evaluate(wide)) == (False, False)
        other.set_viewport_size(SMALL_PHONE)
        assert (note.is_visible(), table.evaluate(wide)) == (True, True)
        assert note.inner_text() == "The table of location fields scrolls sideways."


def test_the_circles_have_a_legend(page: playwright.Page) -> None:
    legend = page.locator(".people .legend")
    assert "A circle is one migration." in legend.inner_text()
    measure = "all => all.map(one => one.getBoundingClientRect().width)"
    widths = legend.locator("path").evaluate_all(measure)
    assert len(widths) > 1
    assert widths == sorted(widths)
    # The largest one is as large as the largest of all.
    others = page.locator(".people li:not(.legend) path")
    largest = max(others.evaluate_all(measure))
    assert abs(widths[-1] - largest) < 1
