"""Every importable module of the legacy system, and where its names are here.

This module loads none of them.
"""

from __future__ import annotations

from .. import models

PACKAGE = "nes"


def _of(source: str, names: str) -> dict[str, str]:
    """Return the module that holds each of the names."""
    return dict.fromkeys(names.split(), f"nes_tasks.{source}")


_BUILDERS = _of(
    "models.identifiers",
    "build_author_id build_entity_id build_entity_id_from_prefix build_relationship_id"
    " build_version_id break_author_id break_entity_id break_relationship_id break_version_id",
)
_VALIDATORS = _of(
    "models.identifiers",
    "is_valid_author_id is_valid_entity_id is_valid_relationship_id is_valid_version_id"
    " validate_author_id validate_entity_id validate_relationship_id validate_version_id",
)
_MIGRATION = _of("migrations.migration", "Migration MigrationResult MigrationStatus")
_MIGRATION_CONTEXT = _of("running.context", "MigrationContext")
_PUBLICATION = _of("services.publication", "PublicationService")
_SEARCH = _of("services.search", "SearchService")
_ENTITY_DATABASE = _of("services.database", "EntityDatabase")
_FILE_DATABASE = _of("compat.config", "FileDatabase")
_SCRAPING = "scraping"
_SCRAPING_SERVICE = _of(_SCRAPING, "ScrapingService")
_SCRAPERS = _of(_SCRAPING, "RateLimiter RetryHandler WebScraper WikipediaScraper")
_NORMALIZATION = _of(
    _SCRAPING,
    "AttributeExtractor DataNormalizer DataQualityAssessor NameExtractor RelationshipExtractor",
)
_PROVIDERS = f"{_SCRAPING}.providers"

MODULES: dict[str, dict[str, str]] = {
    "nes": {},
    "nes.config": _of("compat.config", "Config"),
    "nes.core": {},
    "nes.core.constraints": _of(
        "models.entity_types",
        "MAX_DESCRIPTION_LENGTH MAX_ID_LENGTH MAX_PREFIX_DEPTH MAX_SHORT_DESCRIPTION_LENGTH"
        " MAX_SLUG_LENGTH MAX_SUBTYPE_LENGTH MAX_TYPE_LENGTH MIN_SLUG_LENGTH SLUG_PATTERN",
    ),
    "nes.core.identifiers": {**_BUILDERS, **_VALIDATORS},
    "nes.core.identifiers.builders": _BUILDERS,
    "nes.core.identifiers.validators": _VALIDATORS,
    "nes.core.models": _of("models", " ".join(models.__all__)),
    "nes.core.models.base": _of(
        "models.base",
        "Address Attribution Contact ContactType CursorPage EntityPicture EntityPictureType"
        " LangText LangTextValue Language Name NameKind NamePart NameParts ProvenanceMethod",
    ),
    "nes.core.models.entity": _of(
        "models.entity",
        "ENTITY_TYPE_MAP Entity EntitySubType EntityType ExternalIdentifier IdentifierScheme",
    ),
    "nes.core.models.location": _of(
        "models.location", "ADMINISTRATIVE_LEVELS Location LocationType"
    ),
    "nes.core.models.organization": _of(
        "models.organization",
        "GovernmentBody GovernmentType Hospital Organization OwnershipType PartySymbol"
        " PoliticalParty",
    ),
    "nes.core.models.person": _of(
        "models.person",
        "Candidacy Education ElectionPosition ElectionSymbol ElectionType ElectoralDetails"
        " Gender Person PersonDetails Position",
    ),
    "nes.core.models.project": _of(
        "models.project",
        "AssistanceType BudgetType CrossCuttingTag DonorExtension FinancingCommitment"
        " FinancingTerms Project ProjectDateEvent ProjectStage SectorMapping",
    ),
    "nes.core.models.relationship": _of("models.relationship", "Relationship RelationshipType"),
    "nes.core.models.version": _of("models.version", "Author Version VersionSummary VersionType"),
    "nes.core.utils": {},
    "nes.core.utils.devanagari": {
        **_of(
            "models.devanagari",
            "compare_devanagari contains_devanagari is_devanagari normalize_devanagari"
            " romanize_nepali transliterate_to_roman",
        ),
        **_of("models.transliteration", "transliterate_to_devanagari"),
    },
    "nes.core.utils.entity_utils": _of("models.codec", "entity_from_dict"),
    "nes.core.utils.multilingual": _of(
        "models.multilingual",
        "extract_name_variants fuzzy_match_transliterations match_names_cross_language"
        " normalize_name phonetic_search_nepali",
    ),
    "nes.core.utils.phone_number": _of("models.phone_numbers", "normalize_nepali_phone_number"),
    "nes.core.utils.slug_helper": _of("models.slugs", "text_to_slug"),
    "nes.database": {**_ENTITY_DATABASE, **_FILE_DATABASE},
    "nes.database.entity_database": _ENTITY_DATABASE,
    "nes.database.file_database": _FILE_DATABASE,
    "nes.services": {},
    "nes.services.migration": {**_MIGRATION, **_MIGRATION_CONTEXT},
    "nes.services.migration.context": _MIGRATION_CONTEXT,
    "nes.services.migration.models": _MIGRATION,
    "nes.services.publication": _PUBLICATION,
    "nes.services.publication.service": _PUBLICATION,
    "nes.services.scraping": {**_SCRAPING_SERVICE, **_SCRAPERS, **_NORMALIZATION},
    "nes.services.scraping.normalization": _NORMALIZATION,
    "nes.services.scraping.providers": _of(
        _PROVIDERS,
        "AWSBedrockProvider AnthropicProvider BaseLLMProvider GoogleVertexAIProvider"
        " MockLLMProvider OpenAIProvider",
    ),
    "nes.services.scraping.providers.google": _of(_PROVIDERS, "GoogleVertexAIProvider"),
    "nes.services.scraping.service": _SCRAPING_SERVICE,
    "nes.services.scraping.web_scraper": _SCRAPERS,
    "nes.services.search": _SEARCH,
    "nes.services.search.service": _SEARCH,
}
"""The names of each module, with the module of this package that has them."""

_RUNNING = "a migration does not run others; on the command line that is `doit`"

WITHHELD: dict[str, str] = {
    "nes.services.migration.MigrationManager": _RUNNING,
    "nes.services.migration.MigrationRunner": _RUNNING,
    "nes.database.InMemoryCachedReadDatabase": "it serves a web API; read with FileDatabase",
}
"""Names of the legacy system that are not here, and why."""
