"""The service as scripts use it, offline and against servers on this machine."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import vendors
from loopback import Loopback, as_json

from nes_tasks import scraping
from nes_tasks.database.transaction import Transaction
from nes_tasks.errors import NesTasksError
from nes_tasks.git.command import Git
from nes_tasks.models import Person
from nes_tasks.scraping import (
    Mode,
    Recording,
    ScrapingService,
    Translator,
    WebScraper,
    WikipediaScraper,
    errors,
    providers,
    recording,
)
from nes_tasks.scraping.errors import NotRecordedError, ProviderMissingError
from nes_tasks.scraping.providers import BaseLLMProvider, OpenAIProvider
from nes_tasks.services.database import EntityDatabase
from nes_tasks.services.publication import PublicationService

TEXT = "Ram Thapa (Nepali: राम थापा; born 14 October 1944) is a Nepalese politician."
RAW = {
    "content": TEXT,
    "title": "Ram Thapa (politician)",
    "url": "https://en.wikipedia.org/wiki/Ram_Thapa_(politician)",
    "metadata": {"wikidata_id": "Q4242"},
}


@pytest.fixture
def publication(tmp_path: Path) -> Iterator[PublicationService]:
    """A publication service on an empty database of a real repository."""
    folder = tmp_path / "database"
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    with Transaction(Git(folder), base=None, ref="refs/nes-tasks/t", data_dir="v2") as transaction:
        yield PublicationService(
            EntityDatabase(transaction), lambda: datetime(2026, 1, 31, tzinfo=UTC)
        )


def normalized(raw: dict[str, Any], source: str = "wikipedia") -> dict[str, Any]:
    return asyncio.run(ScrapingService().normalize_person_data(raw, source))


# As it was promised


def test_names_and_parameters_are_those_of_the_earlier_system() -> None:
    signatures = {
        name: list(inspect.signature(getattr(ScrapingService, name)).parameters)[1:]
        for name in (
            "extract_from_wikipedia", "normalize_person_data", "extract_relationships",
            "translate", "search_external_sources",
        )
    }  # fmt: skip
    assert signatures == {
        "extract_from_wikipedia": ["page_title", "language"],
        "normalize_person_data": ["raw_data", "source"],
        "extract_relationships": ["text", "entity_id"],
        "translate": ["text", "target_lang", "source_lang"],
        "search_external_sources": ["query", "sources"],
    }
    assert all(inspect.iscoroutinefunction(getattr(ScrapingService, name)) for name in signatures)
    assert list(inspect.signature(ScrapingService).parameters) == [
        "llm_provider", "web_scraper", "translator", "normalizer"
    ]  # fmt: skip


def test_the_attributes_are_there() -> None:
    service = ScrapingService()
    assert (service.provider, service.llm_provider_name) == (None, None)
    assert isinstance(service.web_scraper, WebScraper)
    assert isinstance(service.translator, Translator)
    assert isinstance(service.normalizer, scraping.DataNormalizer)
    assert isinstance(service.extractors["wikipedia"], WikipediaScraper)
    assert service.extractors["wikipedia"].web_scraper is service.web_scraper


def test_parts_that_are_given_are_used() -> None:
    web, translator, normalizer = WebScraper(), Translator(), scraping.DataNormalizer()
    service = ScrapingService(None, web, translator, normalizer)
    assert service.web_scraper is web
    assert service.translator is translator
    assert service.normalizer is normalizer


def test_every_public_name_can_be_had_and_no_other() -> None:
    assert all(getattr(scraping, name) is not None for name in scraping.__all__)
    assert set(scraping.__all__) <= set(dir(scraping))
    with pytest.raises(AttributeError, match="has no attribute 'MockScraper'"):
        scraping.MockScraper  # noqa: B018


def test_importing_and_making_the_service_loads_nothing_heavy() -> None:
    program = """
import sys
from nes_tasks.scraping import ScrapingService, providers, recording
ScrapingService()
heavy = {"httpx", "bs4", "jsonschema", "google", "pydantic", "ssl", "asyncio"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


# Without a provider


@pytest.mark.parametrize(
    ("method", "arguments"),
    [("translate", ("काठमाडौं", "en")), ("extract_data", (TEXT, {"type": "object"}))],
)
def test_what_needs_a_model_says_what_to_configure(method: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(ProviderMissingError, match=r"set context\.scraping\.provider") as raised:
        asyncio.run(getattr(ScrapingService(), method)(*arguments))
    assert isinstance(raised.value, NesTasksError)


def test_names_are_normalized_without_a_model() -> None:
    assert asyncio.run(ScrapingService().normalize_name(" ram  thapa")) == "Ram Thapa"


def test_relationships_are_extracted_without_a_model() -> None:
    found = asyncio.run(
        ScrapingService().extract_relationships(
            "He joined the Nepali Congress.", "entity:person/ram-thapa"
        )
    )
    assert found == [
        {
            "type": "MEMBER_OF",
            "target_entity": {"name": "Nepali Congress"},
            "evidence": "He joined the Nepali Congress.",
        }
    ]


# People


def test_a_person_is_normalized_to_what_the_database_takes(
    publication: PublicationService,
) -> None:
    data = normalized(RAW)
    assert data == {
        "slug": "ram-thapa",
        "type": "person",
        "names": [{"kind": "PRIMARY", "en": {"full": "Ram Thapa"}, "ne": {"full": "राम थापा"}}],
        "identifiers": [
            {"scheme": "wikipedia", "value": RAW["title"], "url": RAW["url"]},
            {"scheme": "wikidata", "value": "Q4242", "url": "https://www.wikidata.org/wiki/Q4242"},
        ],
        "attributes": {"birth_date": "1944-10-14", "occupations": ["politician"]},
    }
    created = asyncio.run(publication.create_entity(entity_data=data, author_id="author:jane-doe"))
    assert isinstance(created, Person)
    assert created.id == "entity:person/ram-thapa"


def test_a_person_of_another_source_is_identified_by_its_address() -> None:
    data = normalized({"content": TEXT, "url": "https://mof.gov.np/ram"}, "Ministry of Finance")
    assert data["identifiers"] == [
        {
            "scheme": "other",
            "name": {"en": {"value": "Ministry of Finance"}},
            "value": "https://mof.gov.np/ram",
            "url": "https://mof.gov.np/ram",
        }
    ]
    assert normalized({"content": TEXT}, "a letter")["identifiers"] == []


def test_a_person_with_a_nepali_name_only_gets_a_slug_one_can_read(
    publication: PublicationService,
) -> None:
    data = normalized({"content": "नेपाली राजनीतिज्ञ।", "title": "रामचन्द्र पौडेल"})
    assert data["slug"] == "ramchandra-paudel"
    assert data["names"] == [{"kind": "PRIMARY", "ne": {"full": "रामचन्द्र पौडेल"}}]
    asyncio.run(publication.create_entity(entity_data=data, author_id="author:jane-doe"))


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ({}, "^raw_data must contain 'content' field$"),
        ({"title": "Ram"}, "^raw_data must contain 'content' field$"),
        ({"content": " "}, "^raw_data must contain 'content' field$"),
        ({"content": None}, "^raw_data must contain 'content' field$"),
        ({"content": "the minister spoke."}, "no name was found in the content"),
        ({"content": TEXT, "title": "日本"}, "gives the slug '', which is too short"),
        ({"content": TEXT, "title": "Al"}, "gives the slug 'al', which is too short"),
    ],
)
def test_a_person_that_cannot_be_told_from_the_data_is_refused(
    raw: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        normalized(raw)


def test_a_very_long_name_gives_a_slug_that_fits() -> None:
    assert len(normalized({"content": TEXT, "title": "Ram " * 60})["slug"]) <= 100


# With a provider


def test_a_provider_that_a_script_sets_is_used_everywhere(server: Loopback) -> None:
    service = ScrapingService()
    service.provider = OpenAIProvider("m", base_url=f"{server.url}/v1")
    assert service.llm_provider_name == "openai"
    server.put("/v1/chat/completions", as_json(vendors.openai_answer("Kathmandu")))
    assert asyncio.run(service.translate("काठमाडौं", "en"))["translated_text"] == "Kathmandu"
    server.put("/v1/chat/completions", as_json(vendors.openai_answer('{"name": "Ram Rai"}')))
    schema = {"type": "object", "required": ["name"]}
    data = asyncio.run(service.extract_data(TEXT, schema, "the person"))
    assert data == {"name": "Ram Rai"}
    assert service.normalizer.quality.unsupported(data, TEXT) == {"name": "Ram Rai"}


# Sources


def service_on(server: Loopback, scraper: WebScraper) -> ScrapingService:
    service = ScrapingService(web_scraper=scraper)
    service.extractors["wikipedia"] = WikipediaScraper(
        scraper, api_url=f"{server.url}/{{language}}/w/api.php"
    )
    return service


def page() -> dict[str, Any]:
    return {
        "pageid": 1,
        "ns": 0,
        "title": "Ram Thapa",
        "extract": TEXT,
        "lastrevid": 2,
        "canonicalurl": "https://en.wikipedia.org/wiki/Ram_Thapa",
    }


def test_from_wikipedia_to_the_database_and_again_without_the_network(
    server: Loopback, scraper: WebScraper, publication: PublicationService, tmp_path: Path
) -> None:
    server.put("/en/w/api.php", as_json({"query": {"pages": [page()]}}))
    service = service_on(server, scraper)
    people = []
    for mode in (Mode.RECORD, Mode.REPLAY):
        with Recording(tmp_path / "recorded-answers.jsonl", mode).in_force():
            raw = asyncio.run(service.extract_from_wikipedia("Ram Thapa"))
        assert raw is not None
        people.append(normalized(raw))
    assert people[0] == people[1]
    assert len(server.asked) == 1
    asyncio.run(publication.create_entity(entity_data=people[1], author_id="author:jane-doe"))


def test_a_page_that_is_not_recorded_is_not_taken_for_a_missing_one(
    server: Loopback, scraper: WebScraper, tmp_path: Path
) -> None:
    service = service_on(server, scraper)
    with Recording(tmp_path / "a.jsonl").in_force(), pytest.raises(NotRecordedError):
        asyncio.run(service.extract_from_wikipedia("Ram Thapa"))


def test_a_search_goes_to_the_wikipedia_of_its_language(
    server: Loopback, scraper: WebScraper
) -> None:
    hit = {"title": "राम थापा", "pageid": 3, "snippet": "राम"}
    server.put("/ne/w/api.php", as_json({"query": {"search": [hit]}}))
    service = service_on(server, scraper)
    for sources in (["wikipedia"], "wikipedia", ("wikipedia",)):
        found = asyncio.run(service.search_external_sources("राम", sources))
        assert [one["title"] for one in found] == ["राम थापा"]
    assert asyncio.run(service.search_external_sources("राम", [])) == []


def test_an_unknown_source_is_refused_before_any_is_asked(
    server: Loopback, scraper: WebScraper
) -> None:
    service = service_on(server, scraper)
    with pytest.raises(ValueError, match=r"Unknown source: facebook\. The sources are: wikipedia"):
        asyncio.run(service.search_external_sources("Ram", ["wikipedia", "facebook"]))
    assert server.asked == []


def test_a_script_may_add_a_source_of_its_own() -> None:
    class Gazette:
        async def search(self, query: str, language: str) -> list[dict[str, Any]]:
            return [{"source": "gazette", "title": query, "language": language}]

    service = ScrapingService()
    service.extractors["gazette"] = Gazette()
    assert asyncio.run(service.search_external_sources("Ram", ["gazette"])) == [
        {"source": "gazette", "title": "Ram", "language": "en"}
    ]


# The page


def test_every_public_name_is_on_the_reference_page(project: Path) -> None:
    page = (project / "docs/reference/scraping.md").read_text(encoding="utf-8")
    public = {
        *scraping.__all__,
        *providers.__all__,
        *(name for name in vars(ScrapingService) if not name.startswith("_")),
        *(name for name in vars(BaseLLMProvider) if not name.startswith("_")),
        *(name for name in vars(errors) if name.endswith("Error") and name != "UnavailableError"),
        recording.RECORD_VARIABLE,
        recording.PASS_VARIABLE,
        recording.FILE_NAME,
    }
    assert [name for name in sorted(public) if name not in page] == []
