"""A real browser for tests of pages, and what they look at with it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright import sync_api as playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE, SMALL_PHONE, DESK = (
    {"width": 390, "height": 844},
    {"width": 320, "height": 640},
    {"width": 1280, "height": 900},
)
WIDTHS = "[document.documentElement.scrollWidth, window.innerWidth]"
# What sticks out of the page and is in no box that scrolls by itself.
STICKING_OUT = """
[...document.querySelectorAll('body *')].filter(one =>
  !one.closest('.scroll') && !one.closest('svg')
  && one.getBoundingClientRect().right > window.innerWidth + 1
).map(one => one.outerHTML.slice(0, 100))
"""


@dataclass
class Opened:
    """A page, and everything that it said or asked for since it was opened."""

    page: playwright.Page
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)


@contextmanager
def start_browser(root: Path) -> Iterator[Opened]:
    """Give a browser whose home is `root`, with an empty page; skips the test without one."""
    browser_path = next(filter(None, map(shutil.which, NAMES)), None)
    if browser_path is None:
        pytest.skip("no Chromium on this machine (apt-get install chromium)")
    with playwright.sync_playwright() as starting:
        # Whatever its own start-up complains about must not be mixed into a test's output.
        browser = starting.chromium.launch(
            executable_path=browser_path, args=FLAGS, env={**os.environ, "HOME": str(root)}
        )
        found = Opened(browser.new_page(viewport=DESK))
        found.page.on("console", lambda message: found.console.append(message.text))
        found.page.on("pageerror", lambda error: found.console.append(str(error)))
        found.page.on("request", lambda request: found.requests.append(request.url))
        found.page.on("dialog", lambda dialog: found.dialogs.append(dialog.message))
        yield found
        browser.close()
