"""Wikipedia: pages and searches through the MediaWiki Action API.

The requests and answers are those of https://www.mediawiki.org/wiki/API:Query (format version
2), with the extension https://www.mediawiki.org/wiki/Extension:TextExtracts for plain text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from .errors import AmbiguousPageError, ExchangeError
from .exchange import Answer, excerpt
from .web import WebScraper, text_of_html

API_URL = "https://{language}.wikipedia.org/w/api.php"
MAX_LINKS = 50
MAX_IMAGES = 10

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z]{2,10}){0,2}")
# https://www.mediawiki.org/wiki/Help:Bad_title; "|" would ask for two pages.
_NOT_IN_TITLES = re.compile(r"[#<>\[\]{}|\x00-\x1f\x7f]")
_HEADING = re.compile(r"^==+[^=].*==+\s*$", re.MULTILINE)
_IN_PATHS = "/:,()'!*~@;$"

Result = TypeVar("Result")


class WikipediaScraper:
    """Reads pages from Wikipedia with `web_scraper` (by default its own).

    `api_url` is the address of the API, with ``{language}`` where the language goes.
    """

    def __init__(self, web_scraper: WebScraper | None = None, *, api_url: str = API_URL) -> None:
        self.web_scraper = web_scraper or WebScraper()
        self._api_url = api_url

    async def extract(self, page_title: str, language: str = "en") -> dict[str, Any] | None:
        """Return a page, None when there is none of that title; redirects are followed.

        The keys are ``content`` (plain text; headings between ``==``), ``url``, ``title``,
        ``summary`` (what stands before the first heading), ``categories`` without the name of
        their namespace, ``links`` (at most 50 titles), ``images`` (at most 10 addresses),
        ``language`` and ``metadata``: ``source``, ``extractor``, ``language``, ``page_title``
        as asked for, ``page_id``, ``revision_id``, ``wikidata_id``. Raises `ValueError` for
        what cannot be a title or language, `AmbiguousPageError` for a page that lists pages of
        that name, `ExchangeError` when Wikipedia is not reached or its answer is not one.
        """
        title = page_title.strip()
        if not title or _NOT_IN_TITLES.search(title):
            raise ValueError(f"{page_title!r} cannot be the title of a Wikipedia page")
        page = await self._ask(
            language,
            {
                "prop": "extracts|info|pageprops|categories|links|images",
                "titles": title,
                "redirects": 1,
                "explaintext": 1,
                "inprop": "url",
                "cllimit": "max",
                "clshow": "!hidden",
                "pllimit": MAX_LINKS,
                "plnamespace": 0,
                "imlimit": MAX_IMAGES,
            },
            _read_page,
        )
        if page is None:
            return None
        if page.is_disambiguation:
            raise AmbiguousPageError(
                f"{title!r} on {language} Wikipedia lists several pages",
                hint=f"ask for one of them: {', '.join(page.links[:5])}",
            )
        heading = _HEADING.search(page.content)
        return {
            "content": page.content,
            "url": page.url,
            "title": page.title,
            "summary": page.content[: heading.start()].strip() if heading else page.content,
            "categories": page.categories,
            "links": page.links,
            "images": await self._image_addresses(page.files, language),
            "language": language,
            "metadata": {
                "source": "wikipedia",
                "extractor": type(self).__name__,
                "language": language,
                "page_title": page_title,
                **page.identity,
            },
        }

    async def search(
        self, query: str, language: str = "en", limit: int = 10
    ) -> list[dict[str, Any]]:
        """Return the pages that Wikipedia finds for `query`, the best first.

        Each is a dict with ``source`` ("wikipedia"), ``title``, ``url``, ``summary`` (the words
        around the hit, cut), ``language`` and ``page_id``. Raises `ValueError` for an empty
        query, `ExchangeError` as `extract` does.
        """
        if not query.strip():
            raise ValueError("the query is empty")
        origin = self._api(language).rpartition("/w/api.php")[0]

        def read(answer: dict[str, Any]) -> list[dict[str, Any]]:
            return [
                {
                    "source": "wikipedia",
                    "title": hit["title"],
                    "url": f"{origin}/wiki/{quote(hit['title'].replace(' ', '_'), safe=_IN_PATHS)}",
                    "summary": text_of_html(hit.get("snippet", "")),
                    "language": language,
                    "page_id": hit["pageid"],
                }
                for hit in answer.get("search", [])
            ]

        parameters = {"list": "search", "srsearch": query.strip(), "srlimit": limit}
        return await self._ask(language, {**parameters, "srprop": "snippet"}, read)

    async def _image_addresses(self, files: list[str], language: str) -> list[str]:
        """Return the addresses of the files, in their order; a deleted file has none."""
        if not files:
            return []

        def read(answer: dict[str, Any]) -> list[str]:
            normalized = {row["from"]: row["to"] for row in answer.get("normalized", [])}
            found = {
                page["title"]: page["imageinfo"][0]["url"]
                for page in answer.get("pages", [])
                if page.get("imageinfo")
            }
            names = [normalized.get(name, name) for name in files]
            return [found[name] for name in names if name in found]

        parameters = {"prop": "imageinfo", "titles": "|".join(files), "iiprop": "url"}
        return await self._ask(language, parameters, read)

    async def _ask(
        self, language: str, parameters: dict[str, Any], read: Callable[[dict[str, Any]], Result]
    ) -> Result:
        """Return the ``query`` part of an answer parsed by `read`."""
        query = {"action": "query", "format": "json", "formatversion": 2, **parameters}
        url = f"{self._api(language)}?{urlencode(query)}"

        def checked(answer: Answer) -> Result:
            try:
                return read(_query_part(answer))
            except (KeyError, IndexError, TypeError, AttributeError):
                raise _not_mediawiki(answer) from None

        return await self.web_scraper.fetch(url, checked)

    def _api(self, language: str) -> str:
        if not _LANGUAGE.fullmatch(language):
            raise ValueError(f"{language!r} is not a language code such as en or ne")
        return self._api_url.format(language=language)


@dataclass(frozen=True, slots=True)
class _Page:
    """A page as the API describes it."""

    title: str
    url: str
    content: str
    categories: list[str]
    links: list[str]
    files: list[str]
    is_disambiguation: bool
    identity: dict[str, Any]


def _read_page(query: dict[str, Any]) -> _Page | None:
    """Return the page of an answer, None for an unknown or invalid title."""
    if "interwiki" in query:  # "fr:Paris" is a page of another wiki
        return None
    page = query["pages"][0]
    if any(page.get(reason) for reason in ("missing", "invalid", "special")):
        return None
    properties = page.get("pageprops", {})
    return _Page(
        title=page["title"],
        url=page["canonicalurl"],
        content=page["extract"].strip(),
        categories=[name.partition(":")[2] for name in _titles(page, "categories")],
        links=_titles(page, "links")[:MAX_LINKS],
        files=_titles(page, "images")[:MAX_IMAGES],
        is_disambiguation="disambiguation" in properties,
        identity={
            "page_id": page["pageid"],
            "revision_id": page["lastrevid"],
            "wikidata_id": properties.get("wikibase_item"),
        },
    )


def _titles(page: dict[str, Any], part: str) -> list[str]:
    return [row["title"] for row in page.get(part, [])]


def _query_part(answer: Answer) -> dict[str, Any]:
    """Return the answer, or raise the error that the API reports (with status 200)."""
    content = answer.json()
    if "error" in content:
        error = content["error"]
        raise ExchangeError(
            f"{excerpt(answer.url)}: {error['code']}: {excerpt(str(error.get('info', '')))}",
            status=answer.status,
        )
    query = content["query"]
    if not isinstance(query, dict):
        raise TypeError
    return query


def _not_mediawiki(answer: Answer) -> ExchangeError:
    return ExchangeError(
        f"{excerpt(answer.url)} did not answer as MediaWiki does: {excerpt(answer.text)}",
        status=answer.status,
    )
