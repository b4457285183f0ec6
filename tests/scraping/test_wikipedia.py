"""Pages and searches of a MediaWiki, on answers in the form that its API documents."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import unquote

import pytest
from loopback import Asked, Loopback, Reply, as_json

from nes_tasks.scraping import WebScraper, WikipediaScraper
from nes_tasks.scraping.errors import AmbiguousPageError, ExchangeError

CONTENT = """Ram Thapa (Nepali: राम थापा; born 14 October 1944) is a Nepalese politician.

He has been a member of parliament.


== Early life ==
He was born in Tanahun.


=== School ===
He went to school."""

PAGE = {
    "pageid": 12345,
    "ns": 0,
    "title": "Ram Thapa",
    "extract": CONTENT,
    "lastrevid": 987654,
    "canonicalurl": "https://en.wikipedia.org/wiki/Ram_Thapa",
    "pageprops": {"wikibase_item": "Q4242"},
    "categories": [
        {"ns": 14, "title": "Category:1944 births"},
        {"ns": 14, "title": "Category:Nepali Congress: members"},
    ],
    "links": [{"ns": 0, "title": f"Link {number}"} for number in range(60)],
    "images": [{"ns": 6, "title": "File:Ram_Thapa.jpg"}, {"ns": 6, "title": "File:Gone.png"}],
}

IMAGES = {
    "normalized": [
        {"fromencoded": False, "from": "File:Ram_Thapa.jpg", "to": "File:Ram Thapa.jpg"}
    ],
    "pages": [
        {"ns": 6, "title": "File:Gone.png", "missing": True},
        {
            "ns": 6,
            "title": "File:Ram Thapa.jpg",
            "imageinfo": [{"url": "https://upload.example.org/Ram_Thapa.jpg"}],
        },
    ],
}


def mediawiki(server: Loopback, page: Any) -> None:
    """Answer for one page and its files as the API does."""

    def answer(asked: Asked) -> Reply:
        query = IMAGES if asked.query["prop"] == "imageinfo" else page
        return as_json({"batchcomplete": True, "query": query})

    server.put("/en/w/api.php", answer)


@pytest.fixture
def wikipedia(server: Loopback, scraper: WebScraper) -> WikipediaScraper:
    return WikipediaScraper(scraper, api_url=f"{server.url}/{{language}}/w/api.php")


def extract(wikipedia: WikipediaScraper, title: str = "Ram Thapa", language: str = "en") -> Any:
    return asyncio.run(wikipedia.extract(title, language))


def test_a_page_has_everything_that_was_promised(
    server: Loopback, wikipedia: WikipediaScraper
) -> None:
    mediawiki(server, {"pages": [PAGE]})
    page = extract(wikipedia, " Ram Thapa ")
    assert page == {
        "content": CONTENT,
        "url": "https://en.wikipedia.org/wiki/Ram_Thapa",
        "title": "Ram Thapa",
        "summary": CONTENT.partition("\n\n\n==")[0],
        "categories": ["1944 births", "Nepali Congress: members"],
        "links": [f"Link {number}" for number in range(50)],
        "images": ["https://upload.example.org/Ram_Thapa.jpg"],
        "language": "en",
        "metadata": {
            "source": "wikipedia",
            "extractor": "WikipediaScraper",
            "language": "en",
            "page_title": " Ram Thapa ",
            "page_id": 12345,
            "revision_id": 987654,
            "wikidata_id": "Q4242",
        },
    }


def test_the_question_is_one_that_mediawiki_understands(
    server: Loopback, wikipedia: WikipediaScraper
) -> None:
    mediawiki(server, {"pages": [PAGE]})
    extract(wikipedia)
    first, second = (asked.query for asked in server.asked)
    assert first["action"] == "query"
    assert (first["format"], first["formatversion"]) == ("json", "2")
    assert (first["titles"], first["redirects"], first["explaintext"]) == ("Ram Thapa", "1", "1")
    assert second["titles"] == "File:Ram_Thapa.jpg|File:Gone.png"


def test_a_page_without_sections_pictures_or_categories_is_a_page(
    server: Loopback, wikipedia: WikipediaScraper
) -> None:
    bare = {key: PAGE[key] for key in ("pageid", "ns", "title", "lastrevid", "canonicalurl")}
    mediawiki(server, {"pages": [{**bare, "extract": "All there is."}]})
    page = extract(wikipedia)
    assert page["summary"] == page["content"] == "All there is."
    assert page["categories"] == page["links"] == page["images"] == []
    assert page["metadata"]["wikidata_id"] is None
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "query",
    [
        {"pages": [{"ns": 0, "title": "No such page", "missing": True}]},
        {"pages": [{"title": "", "invalidreason": "…", "invalid": True}]},
        {"pages": [{"ns": -1, "title": "Special:Random", "special": True}]},
        {"interwiki": [{"title": "fr:Paris", "iw": "fr"}]},
    ],
)
def test_where_there_is_no_page_there_is_none(
    server: Loopback, wikipedia: WikipediaScraper, query: Any
) -> None:
    mediawiki(server, query)
    assert extract(wikipedia) is None


def test_a_title_of_several_pages_names_them(server: Loopback, wikipedia: WikipediaScraper) -> None:
    links = [{"ns": 0, "title": "Ram Thapa (actor)"}, {"ns": 0, "title": "Ram Thapa (judge)"}]
    page = {**PAGE, "pageprops": {"disambiguation": ""}, "links": links}
    mediawiki(server, {"pages": [page]})
    with pytest.raises(
        AmbiguousPageError, match=r"ask for one of them: Ram Thapa \(actor\), Ram Thapa \(judge\)"
    ):
        extract(wikipedia)


@pytest.mark.parametrize("title", ["", "  ", "A|B", "A#b", "A<b>", "[[A]]", "{{A}}", "A\nB"])
def test_what_cannot_be_a_title_is_refused(wikipedia: WikipediaScraper, title: str) -> None:
    with pytest.raises(ValueError, match="cannot be the title of a Wikipedia page"):
        extract(wikipedia, title)


@pytest.mark.parametrize("language", ["", "EN", "e", "en.evil", "en/..", "@evil"])
def test_what_cannot_be_a_language_is_refused(wikipedia: WikipediaScraper, language: str) -> None:
    with pytest.raises(ValueError, match="is not a language code"):
        extract(wikipedia, "Nepal", language)


@pytest.mark.parametrize("failure", [Reply("down", 503), Reply("<html>", content_type="text/html")])
def test_a_failure_is_not_taken_for_a_missing_page(
    server: Loopback, wikipedia: WikipediaScraper, failure: Reply
) -> None:
    server.put("/en/w/api.php", failure)
    with pytest.raises(ExchangeError):
        extract(wikipedia)


def test_an_error_of_the_api_is_shown(server: Loopback, wikipedia: WikipediaScraper) -> None:
    error = {"error": {"code": "badvalue", "info": 'Unrecognized value for "prop"', "docref": "…"}}
    server.put("/en/w/api.php", as_json(error))
    with pytest.raises(ExchangeError, match='badvalue: Unrecognized value for "prop"'):
        extract(wikipedia)


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {},
        None,
        "text",
        {"query": []},
        {"query": {"pages": []}},
        {"query": {"pages": {"12": PAGE}}},
        {"query": {"pages": [{**PAGE, "extract": None}]}},
        {"query": {"pages": [{**PAGE, "links": 5}]}},
        {"error": "down"},
    ],
)
def test_an_answer_of_another_form_is_refused(
    server: Loopback, wikipedia: WikipediaScraper, answer: Any
) -> None:
    server.put("/en/w/api.php", as_json(answer))
    with pytest.raises(ExchangeError, match="did not answer as MediaWiki does"):
        extract(wikipedia)


def test_a_search_gives_titles_addresses_and_words(
    server: Loopback, wikipedia: WikipediaScraper
) -> None:
    hits = [
        {
            "ns": 0,
            "title": "राम थापा (नेता)",
            "pageid": 7,
            "snippet": 'is <span class="searchmatch">राम</span> &amp; co',
        },
        {"ns": 0, "title": "Other", "pageid": 8, "snippet": ""},
    ]
    server.put("/ne/w/api.php", as_json({"query": {"search": hits}}))
    found = asyncio.run(wikipedia.search(" राम ", "ne", limit=2))
    assert found[0]["summary"] == "is राम & co"
    assert unquote(found[0]["url"]) == f"{server.url}/ne/wiki/राम_थापा_(नेता)"
    assert found[0]["url"].isascii()
    assert [hit["page_id"] for hit in found] == [7, 8]
    assert {hit["source"] for hit in found} == {"wikipedia"}
    assert server.asked[0].query["srsearch"] == "राम"
    assert server.asked[0].query["srlimit"] == "2"


def test_a_search_may_find_nothing(server: Loopback, wikipedia: WikipediaScraper) -> None:
    server.put("/en/w/api.php", as_json({"batchcomplete": True, "query": {"search": []}}))
    assert asyncio.run(wikipedia.search("xyzzy")) == []


def test_a_search_for_nothing_is_refused(wikipedia: WikipediaScraper) -> None:
    with pytest.raises(ValueError, match="the query is empty"):
        asyncio.run(wikipedia.search("  "))


def test_the_real_address_is_that_of_the_language() -> None:
    assert WikipediaScraper()._api("ne") == "https://ne.wikipedia.org/w/api.php"
