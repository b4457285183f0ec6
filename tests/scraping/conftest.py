"""A local server, and clocks that only tests advance."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from loopback import Loopback
from manual_clock import ManualClock
from vendors import VENDORS, Vendor

from nes_tasks.scraping import RateLimiter, RetryHandler, WebScraper

SECRETS = (
    "OPENAI_API_KEY ANTHROPIC_API_KEY AWS_BEARER_TOKEN_BEDROCK GOOGLE_APPLICATION_CREDENTIALS"
    " NES_TASKS_RECORD NES_TASKS_PASS_ENV"
)
PROXIES = "HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the keys and proxies of the person who runs the tests."""
    for name in f"{SECRETS} {PROXIES}".split():
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[Loopback]:
    loopback = Loopback()
    yield loopback
    loopback.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def retry(clock: ManualClock) -> RetryHandler:
    """Retries whose waits take no time and are noted in `clock`."""
    return RetryHandler(sleep=clock.sleep)


@pytest.fixture
def scraper(clock: ManualClock, retry: RetryHandler) -> WebScraper:
    """A scraper that waits on `clock`."""
    return WebScraper(RateLimiter(clock=clock, sleep=clock.sleep), retry, timeout=20)


@pytest.fixture(params=VENDORS, ids=lambda vendor: vendor.name)
def vendor(request: pytest.FixtureRequest) -> Vendor:
    found = request.param
    assert isinstance(found, Vendor)
    return found
