"""The web scraper: rate-limited requests for pages and data, and text of HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urldefrag, urljoin

from .errors import MissingPackageError
from .exchange import Answer, Credentials, Request
from .http_client import (
    DEFAULT_MAX_BYTES,
    DEFAULT_TIMEOUT,
    USER_AGENT,
    HttpClient,
    RateLimiter,
    RetryHandler,
)

_NOT_TEXT = ("script", "style", "noscript", "template")
# Block elements, which start a new line in browsers.
_BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "br", "caption", "dd", "details", "div",
    "dl", "dt", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hr", "html", "li", "main", "nav", "ol", "option", "p", "pre", "section", "summary",
    "table", "tbody", "tfoot", "thead", "title", "tr", "ul",
}  # fmt: skip
_CELLS = {"td", "th"}
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class WebPage:
    """The content of a page: `text` has a line for each block, `links` are absolute addresses.

    `language` is what the page declares, None if nothing; `html` is all of it, for a parser of
    one's own.
    """

    url: str
    title: str
    text: str
    links: tuple[str, ...]
    language: str | None
    html: str


def read_page(html: str, url: str) -> WebPage:
    """Return the page with this HTML at this address.

    Raises `MissingPackageError` without the extra ``scraping``.
    """
    soup = _soup(html)
    base = soup.find("base", href=True)
    start = urljoin(url, str(base["href"])) if base else url
    root = soup.find("html")
    language = root.get("lang") if root else None
    return WebPage(
        url=url,
        title=_one_line(soup.title.get_text()) if soup.title else "",
        text=_text_of(soup.body or soup),
        links=_links(soup, start),
        language=str(language) if language else None,
        html=html,
    )


def text_of_html(html: str) -> str:
    """Return the text of a piece of HTML, with a line for each block."""
    return _text_of(_soup(html))


def _soup(html: str) -> Any:
    try:
        from bs4 import BeautifulSoup
    except ImportError:
        raise MissingPackageError("beautifulsoup4", "scraping") from None
    soup = BeautifulSoup(html, "html.parser")
    for element in soup(_NOT_TEXT):
        element.decompose()
    return soup


def _links(soup: Any, start: str) -> tuple[str, ...]:
    """Return the http(s) addresses that the page links to, each once, in their order."""
    found: dict[str, None] = {}
    for anchor in soup.find_all("a", href=True):
        try:
            address = urldefrag(urljoin(start, anchor["href"].strip())).url
        except ValueError:  # an address in a page may be invalid
            continue
        if address.startswith(("http://", "https://")):
            found[address] = None
    return tuple(found)


def _text_of(root: Any) -> str:
    from bs4.element import NavigableString, PreformattedString

    pieces: list[str] = []
    # A stack and not a recursion: pages may be nested deeper than Python's limit.
    waiting: list[Any] = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, PreformattedString):  # a comment or declaration
            continue
        if isinstance(node, NavigableString):
            pieces.append(_BLANKS.sub(" ", node))
        elif isinstance(node, str):
            pieces.append(node)
        else:
            around = "\n" if node.name in _BLOCKS else " " if node.name in _CELLS else ""
            waiting.extend([around, *reversed(node.contents), around])
    lines = (_one_line(line) for line in "".join(pieces).split("\n"))
    return "\n".join(line for line in lines if line)


def _one_line(text: str) -> str:
    return " ".join(text.split())


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
        """The User-Agent header; sites such as Wikipedia require contact information in it."""
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
        """Return the answer parsed by `read`; refused answers are not recorded."""

        async def authorize() -> Credentials:
            return credentials or Credentials()

        return await self._client.exchange(
            Request("GET", url, headers=headers or {}), read, authorize=authorize
        )
