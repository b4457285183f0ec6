"""The web scraper: pages and data from any server, politely."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from .exchange import Answer, Credentials, Request
from .html import WebPage, read_page
from .http_client import DEFAULT_MAX_BYTES, DEFAULT_TIMEOUT, USER_AGENT, HttpClient
from .rate_limiter import RateLimiter
from .retry import RetryHandler

Result = TypeVar("Result")


class WebScraper:
    """Fetches by GET: at most one request a second and thirty a minute to each server.

    `timeout` is in seconds for a whole answer and `max_bytes` its largest size. Inside a
    migration answers come from its recording: see `recording`. All methods raise
    `NotFoundError` when the server says that there is nothing, `ExchangeError` for any other
    failure and `RecordingError` for an address or header that carries a secret; secrets
    belong into `credentials`.
    """

    def __init__(
        self,
        rate_limiter: RateLimiter | None = None,
        retry_handler: RetryHandler | None = None,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        max_bytes: int = DEFAULT_MAX_BYTES,
        user_agent: str = USER_AGENT,
    ) -> None:
        self.rate_limiter = rate_limiter or RateLimiter()
        self.retry_handler = retry_handler or RetryHandler()
        self._client = HttpClient(
            timeout=timeout,
            max_bytes=max_bytes,
            limiter=self.rate_limiter,
            retry=self.retry_handler,
            user_agent=user_agent,
        )

    @property
    def user_agent(self) -> str:
        """What servers see; sites such as Wikipedia ask for a way to reach you in it."""
        return self._client.user_agent

    @user_agent.setter
    def user_agent(self, value: str) -> None:
        self._client.user_agent = value

    async def fetch_text(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        credentials: Credentials | None = None,
    ) -> str:
        """Return the text at `url`, decoded."""
        return await self.fetch(url, lambda answer: answer.text, headers, credentials)

    async def fetch_json(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        credentials: Credentials | None = None,
    ) -> Any:
        """Return the JSON value at `url`."""
        return await self.fetch(url, Answer.json, headers, credentials)

    async def fetch_page(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        credentials: Credentials | None = None,
    ) -> WebPage:
        """Return the page at `url`, its `url` being the one after redirects."""
        return await self.fetch(
            url, lambda answer: read_page(answer.text, answer.url), headers, credentials
        )

    async def fetch(
        self,
        url: str,
        read: Callable[[Answer], Result],
        headers: Mapping[str, str] | None = None,
        credentials: Credentials | None = None,
    ) -> Result:
        """Return what `read` makes of the answer; an answer that it refuses is not recorded."""

        async def authorize() -> Credentials:
            return credentials or Credentials()

        return await self._client.exchange(
            Request("GET", url, headers=headers or {}), read, authorize=authorize
        )
