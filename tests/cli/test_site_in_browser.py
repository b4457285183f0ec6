"""The pages of a site in a real browser: search, keyboard, phone and desk, light and dark."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from browser import DESK, PHONE, SMALL_PHONE, STICKING_OUT, WIDTHS, Opened, start_browser
from playwright import sync_api as playwright
from published import NAME, publish

PERSON = "entity/person/asha-rai.html"
HOSTILE = "entity/person/hostile-one.html"
DISTRICT = "entity/location/district/kathmandu.html"


class Quiet(SimpleHTTPRequestHandler):
    """Serves files as GitHub Pages does, and says nothing about it."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Opened, str]]:
    """A browser, with the address of a site that is served."""
    root = tmp_path_factory.mktemp("site-browser")
    there = publish(root)
    assert there.doit("report", "--site", "site").code == 0
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Quiet, directory=str(there.root / "site"))
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with start_browser(root) as found:
        yield found, f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(opened: tuple[Opened, str]) -> playwright.Page:
    """The first page, on a large screen in the light."""
    found, address = opened
    found.page.set_viewport_size(DESK)
    found.page.emulate_media(color_scheme="light")
    found.page.goto(f"{address}index.html")
    return found.page


def results(page: playwright.Page, text: str, count: str) -> list[str]:
    page.get_by_role("searchbox").fill(text)
    page.get_by_role("status").filter(has_text=count).wait_for()
    return page.get_by_role("list", name="Entities found").get_by_role("link").all_inner_texts()


def test_names_are_found_in_both_scripts(page: playwright.Page) -> None:
    assert results(page, "राई", "1 entity")[0].startswith("Asha Rai")
    # By an alias, without its accent; words in any order.
    assert results(page, "r. asha", "1 entity")[0].startswith("Asha Rai")
    assert [text.split("\n")[0] for text in results(page, "WARD", "3 entities")] == [
        "Ward 1 location, ward", "Ward 2 location, ward", "Ward 10 location, ward",
    ]  # fmt: skip
    assert results(page, "काठमाडौ", "1 entity")
    assert results(page, "nobody", "0 entities") == []


def test_the_keyboard_is_enough(page: playwright.Page, opened: tuple[Opened, str]) -> None:
    _, address = opened
    page.keyboard.press("/")
    page.keyboard.type("ward")
    page.get_by_role("status").filter(has_text="3 entities").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}entity/location/ward/ward-1.html")
    # Back to what was searched for.
    page.go_back()
    page.get_by_role("status").filter(has_text="3 entities").wait_for()
    page.goto(f"{address}{PERSON}")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("searchbox").fill("kathm")
    page.keyboard.press("Enter")
    page.get_by_role("status").filter(has_text="1 entity").wait_for()
    assert page.get_by_role("searchbox").input_value() == "kathm"


def test_pages_lead_to_each_other(page: playwright.Page) -> None:
    page.get_by_role("link", name="Do 002-tag").click()
    page.get_by_role("link", name="Asha Rai").click()
    page.get_by_role("link", name="migration-002-tag").click()
    assert page.evaluate("document.querySelector(':target').id") == "version-2"
    page.get_by_role("link", name="Kathmandu").click()
    page.get_by_role("link", name="Location: district").click()
    assert page.get_by_role("heading", level=1).inner_text() == "District (location)"


def test_nothing_of_others_is_asked_for_and_no_text_runs(
    page: playwright.Page, opened: tuple[Opened, str]
) -> None:
    found, address = opened
    for name in (HOSTILE, "report.html", "migration/001-people.html", "index.html"):
        page.goto(f"{address}{name}")
        page.wait_for_load_state("networkidle")
    assert len(results(page, "script", "1 entity")) == 1
    assert page.get_by_role("list", name="Entities found").get_by_text(NAME).count() == 1
    asked = [url for url in found.requests if not url.startswith(("data:", address))]
    assert (asked, found.console, found.dialogs) == ([], [], [])
    assert page.title() == "What nes-db holds"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_everybody_can_read_it(
    page: playwright.Page, opened: tuple[Opened, str], scheme: str, size: dict[str, int]
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    for name in ("index.html?q=a", PERSON, HOSTILE, DISTRICT, "migration/002-tag.html"):
        page.goto(f"{opened[1]}{name}")
        page.wait_for_load_state("networkidle")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("size", [PHONE, SMALL_PHONE], ids=["390", "320"])
def test_a_phone_scrolls_in_one_direction(
    page: playwright.Page, opened: tuple[Opened, str], size: dict[str, int]
) -> None:
    page.set_viewport_size(size)
    for name in ("index.html?q=a", PERSON, HOSTILE, "type/location-ward.html"):
        page.goto(f"{opened[1]}{name}")
        page.wait_for_load_state("networkidle")
        scroll_width, width = page.evaluate(WIDTHS)
        assert (scroll_width, page.evaluate(STICKING_OUT)) == (width, []), name
