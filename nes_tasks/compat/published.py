"""Our own modules that were documented for scripts before `api` existed.

Applied migrations cannot be edited, so these imports must keep working, wherever the names are now.
This module loads none of them.
"""

from __future__ import annotations

from .. import models
from .names import MODULES


def _in_api(names: str, **renamed: str) -> dict[str, str]:
    """Return the location of each name in `api`, where `renamed` ones have another name."""
    return dict.fromkeys(names.split(), "nes_tasks.api") | {
        name: f"nes_tasks.api:{other}" for name, other in renamed.items()
    }


def _same_as(legacy: str) -> str:
    """Return the names of a legacy module, which our module of the same kind has as well."""
    return " ".join(MODULES[legacy])


_SCRAPING = {
    **_in_api(
        f"{_same_as('nes.services.scraping')} Credentials Mode Recording Translator detect_language"
        " romanize"
    ),
    "normalize_name": "nes_tasks.scraping.person",
}
_PROVIDERS = _in_api(_same_as("nes.services.scraping.providers"))
_SCRAPING_ERRORS = _in_api(
    "AmbiguousPageError ExchangeError MissingPackageError NotFoundError NotRecordedError"
    " ProviderAnswerError ProviderMissingError RecordingError TransientError"
)
_INSTALL = {"install": "nes_tasks.api:install_nes_names"}

PUBLISHED: dict[str, dict[str, str]] = {
    "nes_tasks.compat": _INSTALL,
    "nes_tasks.models": _in_api(
        " ".join(name for name in models.__all__ if name != "Project"), Project="ProjectEntity"
    ),
    "nes_tasks.models.base": _in_api(_same_as("nes.core.models.base")),
    "nes_tasks.models.devanagari": _in_api(
        "compare_devanagari contains_devanagari is_devanagari normalize_devanagari romanize_nepali"
        " transliterate_to_roman"
    ),
    "nes_tasks.models.identifiers": _in_api(
        f"{_same_as('nes.core.identifiers')} check_prefix_shape id_of path_of"
        " validate_entity_prefix"
    ),
    "nes_tasks.models.multilingual": _in_api(
        f"{_same_as('nes.core.utils.multilingual')} similarity sound_of"
    ),
    "nes_tasks.models.names": _in_api("standardize_name"),
    "nes_tasks.models.phone_numbers": _in_api("normalize_nepali_phone_number read_phone_numbers"),
    "nes_tasks.models.relationship": _in_api("RELATIONSHIP_TYPES Relationship RelationshipType"),
    "nes_tasks.models.slugs": _in_api("free_slug shorten_slug slug_for text_to_slug"),
    "nes_tasks.models.transliteration": _in_api("transliterate_to_devanagari"),
    "nes_tasks.running.compat": _INSTALL,
    "nes_tasks.running.context": _in_api("MigrationContext ServiceMissingError"),
    "nes_tasks.running.readers": _in_api("InputFileError MissingColumnError MissingInputFileError"),
    "nes_tasks.scraping": _SCRAPING,
    "nes_tasks.scraping.errors": _SCRAPING_ERRORS,
    "nes_tasks.scraping.providers": _PROVIDERS,
    "nes_tasks.services.scraping": _SCRAPING,
    "nes_tasks.services.scraping.errors": _SCRAPING_ERRORS,
    "nes_tasks.services.scraping.providers": _PROVIDERS,
}
"""The names of each module, with their place; after a colon follows their name there."""
