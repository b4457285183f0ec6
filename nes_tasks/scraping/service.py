"""The scraping service: ``context.scraping`` of a migration script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .errors import ProviderMissingError

if TYPE_CHECKING:
    from .person import DataNormalizer
    from .providers.base import BaseLLMProvider
    from .translation import Translator
    from .web import WebScraper


class ScrapingService:
    """Extracts data from texts, pages and language models; invents nothing.

    Rules need no extra, pages need the extra ``scraping``, and language models an `llm_provider`. A
    script sets its own one with ``context.scraping.provider = …``. Does not write to the database.
    """

    # Each migration gets a service but few use it, so its parts are created lazily.

    def __init__(
        self,
        llm_provider: BaseLLMProvider | None = None,
        web_scraper: WebScraper | None = None,
        translator: Translator | None = None,
        normalizer: DataNormalizer | None = None,
    ) -> None:
        self._provider = llm_provider
        if web_scraper is not None:
            self.web_scraper = web_scraper
        if translator is not None:
            self.translator = translator
        if normalizer is not None:
            self.normalizer = normalizer

    @property
    def provider(self) -> BaseLLMProvider | None:
        """The language model; None means that calls which need one are refused."""
        return self._provider

    @provider.setter
    def provider(self, provider: BaseLLMProvider | None) -> None:
        self._provider = provider
        self.translator.provider = provider

    @property
    def llm_provider_name(self) -> str | None:
        """The name of the provider, None without one."""
        return self._provider.provider_name if self._provider else None

    @cached_property
    def web_scraper(self) -> WebScraper:
        """The scraper that fetches pages."""
        from .web import WebScraper

        return WebScraper()

    @cached_property
    def translator(self) -> Translator:
        """The translator, with this provider unless it was given another one."""
        from .translation import Translator

        return Translator(self._provider)

    @cached_property
    def normalizer(self) -> DataNormalizer:
        """The extractors of names, attributes and relationships in a text."""
        from .person import DataNormalizer

        return DataNormalizer()

    @cached_property
    def extractors(self) -> dict[str, Any]:
        """The sources by name: objects with a coroutine ``search(query, language)``."""
        from .wikipedia import WikipediaScraper

        return {"wikipedia": WikipediaScraper(self.web_scraper)}

    async def extract_from_wikipedia(
        self, page_title: str, language: str = "en"
    ) -> dict[str, Any] | None:
        """Return a page of Wikipedia, None when there is none of that title.

        The keys are those of `WikipediaScraper.extract`, which also says what is raised.
        """
        page: dict[str, Any] | None = await self.extractors["wikipedia"].extract(
            page_title, language
        )
        return page

    async def normalize_person_data(
        self, raw_data: Mapping[str, Any], source: str
    ) -> dict[str, Any]:
        """Return data about a person as `create_entity` takes it: see `DataNormalizer`."""
        return self.normalizer.normalize_person(raw_data, source)

    async def extract_relationships(self, text: str, entity_id: str) -> list[dict[str, Any]]:
        """Return the relationships of an entity that `text` states: see `RelationshipExtractor`."""
        return self.normalizer.relationships.extract(text, entity_id)

    async def translate(
        self, text: str, target_lang: str, source_lang: str | None = None
    ) -> dict[str, str]:
        """Return the translation of `text` into "en" or "ne": see `Translator.translate`."""
        return await self.translator.translate(text, target_lang, source_lang)

    async def search_external_sources(
        self, query: str, sources: Iterable[str]
    ) -> list[dict[str, Any]]:
        """Return what the sources have for `query`, in the order of the sources.

        There is "wikipedia", in the language of the query; its results: see
        `WikipediaScraper.search`. Raises `ValueError` for an unknown source, before any is
        asked.
        """
        from .translation import detect_language

        asked = [sources] if isinstance(sources, str) else list(sources)
        for source in asked:
            if source not in self.extractors:
                known = ", ".join(sorted(self.extractors))
                raise ValueError(f"Unknown source: {source}. The sources are: {known}")
        language = detect_language(query)
        found: list[dict[str, Any]] = []
        for source in asked:
            found.extend(await self.extractors[source].search(query, language))
        return found

    async def normalize_name(self, name: str) -> str:
        """Return the one spelling that equal names share: see `names.normalize_name`."""
        from .person import normalize_name

        return normalize_name(name)

    async def extract_data(
        self, text: str, schema: Mapping[str, Any] | type, instructions: str = ""
    ) -> Any:
        """Return what `text` says as JSON data that fits `schema`, by the language model.

        `schema` is a JSON Schema or a pydantic class, `instructions` say what to look for. A
        model may still invent: `normalizer.quality.unsupported(data, text)` lists what the text
        does not hold. Raises `ProviderMissingError` without a model, and what
        `HttpProvider.extract_structured_data` raises.
        """
        if self._provider is None:
            raise ProviderMissingError(
                "extract_data needs a language model, and none is configured",
                hint="set context.scraping.provider, for example to OpenAIProvider(model_id=…)",
            )
        return await self._provider.extract_structured_data(text, schema, instructions)
