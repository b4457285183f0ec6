"""The public API: every name that scripts and other programs may import.

What is here is stable: it is documented in docs/reference/api.md, and it stays when the modules
that have it move. ``from nes_tasks import ...`` gives the names that are needed most. A name loads
its module when it is first used, so that a script which needs two does not pay for all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import models, scraping
from .lazy import lazy_exports
from .scraping import providers

if TYPE_CHECKING:
    from .compat.config import FileDatabase as FileDatabase
    from .compat.finder import install as _install_nes_names
    from .database.ledger import Applied as _AppliedMigration
    from .database.marker import Metadata as Metadata
    from .database.marker import Statistics as Statistics
    from .errors import DatabaseError as DatabaseError
    from .errors import GitError as GitError
    from .errors import InvalidMigrationError as InvalidMigrationError
    from .errors import LockHeldError as LockHeldError
    from .errors import MigrationFailedError as MigrationFailedError
    from .errors import MigrationRefusedError as MigrationRefusedError
    from .errors import NesTasksError as NesTasksError
    from .errors import SettingsError as SettingsError
    from .errors import UnavailableError as UnavailableError
    from .errors import UsageError as UsageError
    from .git.transfer_progress import TransferProgress as TransferProgress
    from .library import Project as Project
    from .migrations.migration import Migration as Migration
    from .migrations.migration import MigrationResult as MigrationResult
    from .migrations.migration import MigrationStatus as MigrationStatus
    from .models.amounts import Amount as Amount
    from .models.base import Address as Address
    from .models.base import Attribution as Attribution
    from .models.base import Contact as Contact
    from .models.base import ContactType as ContactType
    from .models.base import CursorPage as CursorPage
    from .models.base import EntityPicture as EntityPicture
    from .models.base import EntityPictureType as EntityPictureType
    from .models.base import LangText as LangText
    from .models.base import LangTextValue as LangTextValue
    from .models.base import Language as Language
    from .models.base import Name as Name
    from .models.base import NameKind as NameKind
    from .models.base import NamePart as NamePart
    from .models.base import NameParts as NameParts
    from .models.base import ProvenanceMethod as ProvenanceMethod
    from .models.bikram_sambat import BikramSambatDate as BikramSambatDate
    from .models.bikram_sambat import FoundDate as FoundDate
    from .models.codec import MalformedFileError as MalformedFileError
    from .models.codec import UnwritableError as UnwritableError
    from .models.damage import Damage as Damage
    from .models.devanagari import compare_devanagari as compare_devanagari
    from .models.devanagari import contains_devanagari as contains_devanagari
    from .models.devanagari import is_devanagari as is_devanagari
    from .models.devanagari import normalize_devanagari as normalize_devanagari
    from .models.devanagari import romanize_nepali as romanize_nepali
    from .models.devanagari import transliterate_to_roman as transliterate_to_roman
    from .models.entity import Entity as Entity
    from .models.entity import EntitySubType as EntitySubType
    from .models.entity import EntityType as EntityType
    from .models.entity import ExternalIdentifier as ExternalIdentifier
    from .models.entity import IdentifierScheme as IdentifierScheme
    from .models.entity_types import ALLOWED_ENTITY_PREFIXES as ALLOWED_ENTITY_PREFIXES
    from .models.entity_types import ENTITY_TYPE_MAP as ENTITY_TYPE_MAP
    from .models.honorifics import SplitName as SplitName
    from .models.identifiers import AuthorIdParts as AuthorIdParts
    from .models.identifiers import EntityIdParts as EntityIdParts
    from .models.identifiers import InvalidIdentifierError as InvalidIdentifierError
    from .models.identifiers import RelationshipIdParts as RelationshipIdParts
    from .models.identifiers import VersionIdParts as VersionIdParts
    from .models.identifiers import break_author_id as break_author_id
    from .models.identifiers import break_entity_id as break_entity_id
    from .models.identifiers import break_relationship_id as break_relationship_id
    from .models.identifiers import break_version_id as break_version_id
    from .models.identifiers import build_author_id as build_author_id
    from .models.identifiers import build_entity_id as build_entity_id
    from .models.identifiers import build_entity_id_from_prefix as build_entity_id_from_prefix
    from .models.identifiers import build_relationship_id as build_relationship_id
    from .models.identifiers import build_version_id as build_version_id
    from .models.identifiers import check_prefix_shape as check_prefix_shape
    from .models.identifiers import id_of as id_of
    from .models.identifiers import is_valid_author_id as is_valid_author_id
    from .models.identifiers import is_valid_entity_id as is_valid_entity_id
    from .models.identifiers import is_valid_relationship_id as is_valid_relationship_id
    from .models.identifiers import is_valid_version_id as is_valid_version_id
    from .models.identifiers import path_of as path_of
    from .models.identifiers import validate_author_id as validate_author_id
    from .models.identifiers import validate_entity_id as validate_entity_id
    from .models.identifiers import validate_entity_prefix as validate_entity_prefix
    from .models.identifiers import validate_relationship_id as validate_relationship_id
    from .models.identifiers import validate_version_id as validate_version_id
    from .models.location import ADMINISTRATIVE_LEVELS as ADMINISTRATIVE_LEVELS
    from .models.location import Location as Location
    from .models.location import LocationType as LocationType
    from .models.multilingual import extract_name_variants as extract_name_variants
    from .models.multilingual import fuzzy_match_transliterations as fuzzy_match_transliterations
    from .models.multilingual import match_names_cross_language as match_names_cross_language
    from .models.multilingual import normalize_name as normalize_name
    from .models.multilingual import phonetic_search_nepali as phonetic_search_nepali
    from .models.multilingual import similarity as similarity
    from .models.multilingual import sound_of as sound_of
    from .models.names import standardize_name as standardize_name
    from .models.organization import GovernmentBody as GovernmentBody
    from .models.organization import GovernmentType as GovernmentType
    from .models.organization import Hospital as Hospital
    from .models.organization import Organization as Organization
    from .models.organization import OwnershipType as OwnershipType
    from .models.organization import PartySymbol as PartySymbol
    from .models.organization import PoliticalParty as PoliticalParty
    from .models.person import Candidacy as Candidacy
    from .models.person import Education as Education
    from .models.person import ElectionPosition as ElectionPosition
    from .models.person import ElectionSymbol as ElectionSymbol
    from .models.person import ElectionType as ElectionType
    from .models.person import ElectoralDetails as ElectoralDetails
    from .models.person import Gender as Gender
    from .models.person import Person as Person
    from .models.person import PersonDetails as PersonDetails
    from .models.person import Position as Position
    from .models.phone_numbers import PhoneNumber as PhoneNumber
    from .models.phone_numbers import normalize_nepali_phone_number as normalize_nepali_phone_number
    from .models.phone_numbers import read_phone_numbers as read_phone_numbers
    from .models.project import AssistanceType as AssistanceType
    from .models.project import BudgetType as BudgetType
    from .models.project import CrossCuttingTag as CrossCuttingTag
    from .models.project import DonorExtension as DonorExtension
    from .models.project import FinancingCommitment as FinancingCommitment
    from .models.project import FinancingTerms as FinancingTerms
    from .models.project import Project as _ProjectEntity
    from .models.project import ProjectDateEvent as ProjectDateEvent
    from .models.project import ProjectStage as ProjectStage
    from .models.project import SectorMapping as SectorMapping
    from .models.relationship import RELATIONSHIP_TYPES as RELATIONSHIP_TYPES
    from .models.relationship import Relationship as Relationship
    from .models.relationship import RelationshipType as RelationshipType
    from .models.similar_names import SimilarName as SimilarName
    from .models.slugs import free_slug as free_slug
    from .models.slugs import shorten_slug as shorten_slug
    from .models.slugs import slug_for as slug_for
    from .models.slugs import text_to_slug as text_to_slug
    from .models.transliteration import transliterate_to_devanagari as transliterate_to_devanagari
    from .models.version import Author as Author
    from .models.version import Version as Version
    from .models.version import VersionSummary as VersionSummary
    from .models.version import VersionType as VersionType
    from .operations.sync import PushResult as PushResult
    from .running.context import MigrationContext as MigrationContext
    from .running.context import ServiceMissingError as ServiceMissingError
    from .running.events import EventKind as EventKind
    from .running.events import ProgressCallback as ProgressCallback
    from .running.events import RunEvent as RunEvent
    from .running.readers.errors import InputFileError as InputFileError
    from .running.readers.errors import MissingColumnError as MissingColumnError
    from .running.readers.errors import MissingInputFileError as MissingInputFileError
    from .running.readers.errors import UnmatchedError as UnmatchedError
    from .running.toolbox import CALENDAR as _CALENDAR
    from .running.toolbox import NAMES as _NAMES_OF_PEOPLE
    from .running.toolbox import VALUES as _VALUES
    from .scraping.errors import AmbiguousPageError as AmbiguousPageError
    from .scraping.errors import ExchangeError as ExchangeError
    from .scraping.errors import MissingPackageError as MissingPackageError
    from .scraping.errors import NotFoundError as NotFoundError
    from .scraping.errors import NotRecordedError as NotRecordedError
    from .scraping.errors import ProviderAnswerError as ProviderAnswerError
    from .scraping.errors import ProviderMissingError as ProviderMissingError
    from .scraping.errors import RecordingError as RecordingError
    from .scraping.errors import TransientError as TransientError
    from .scraping.exchange import Credentials as Credentials
    from .scraping.http_client import RateLimiter as RateLimiter
    from .scraping.http_client import RetryHandler as RetryHandler
    from .scraping.person import AttributeExtractor as AttributeExtractor
    from .scraping.person import DataNormalizer as DataNormalizer
    from .scraping.person import DataQualityAssessor as DataQualityAssessor
    from .scraping.person import NameExtractor as NameExtractor
    from .scraping.person import RelationshipExtractor as RelationshipExtractor
    from .scraping.providers.base import BaseLLMProvider as BaseLLMProvider
    from .scraping.providers.google import GoogleVertexAIProvider as GoogleVertexAIProvider
    from .scraping.providers.vendors import AnthropicProvider as AnthropicProvider
    from .scraping.providers.vendors import AWSBedrockProvider as AWSBedrockProvider
    from .scraping.providers.vendors import MockLLMProvider as MockLLMProvider
    from .scraping.providers.vendors import OpenAIProvider as OpenAIProvider
    from .scraping.recording import Mode as Mode
    from .scraping.recording import Recording as Recording
    from .scraping.service import ScrapingService as ScrapingService
    from .scraping.translation import Translator as Translator
    from .scraping.translation import detect_language as detect_language
    from .scraping.translation import romanize as romanize
    from .scraping.web import WebScraper as WebScraper
    from .scraping.wikipedia import WikipediaScraper as WikipediaScraper
    from .services.database import EntityDatabase as EntityDatabase
    from .services.publication import PublicationService as PublicationService
    from .services.search import SearchService as SearchService

    ProjectEntity = _ProjectEntity
    AppliedMigration = _AppliedMigration
    calendar = _CALENDAR
    names = _NAMES_OF_PEOPLE
    values = _VALUES
    install_nes_names = _install_nes_names

# All names of the packages in `_PACKAGES` are exported as well.
_NAMES = {
    # For scripts: what a migration gets, what its readers raise, and its services.
    "running.context": "MigrationContext ServiceMissingError",
    "running.readers.errors": "InputFileError MissingColumnError MissingInputFileError "
    "UnmatchedError",
    "models.codec": "MalformedFileError UnwritableError",
    "services.database": "EntityDatabase",
    "services.publication": "PublicationService",
    "services.search": "SearchService",
    "models.entity_types": "ALLOWED_ENTITY_PREFIXES ENTITY_TYPE_MAP",
    "models.relationship": "RELATIONSHIP_TYPES",
    # Identifiers, slugs, names.
    "models.identifiers": "AuthorIdParts EntityIdParts InvalidIdentifierError RelationshipIdParts"
    " VersionIdParts break_author_id break_entity_id break_relationship_id"
    " break_version_id build_author_id build_entity_id build_entity_id_from_prefix"
    " build_relationship_id build_version_id check_prefix_shape id_of"
    " is_valid_author_id is_valid_entity_id is_valid_relationship_id"
    " is_valid_version_id path_of validate_author_id validate_entity_id"
    " validate_entity_prefix validate_relationship_id validate_version_id",
    "models.slugs": "free_slug shorten_slug slug_for text_to_slug",
    "models.names": "standardize_name",
    "models.multilingual": "extract_name_variants fuzzy_match_transliterations"
    " match_names_cross_language normalize_name phonetic_search_nepali similarity sound_of",
    "models.devanagari": "compare_devanagari contains_devanagari is_devanagari normalize_devanagari"
    " romanize_nepali transliterate_to_roman",
    "models.transliteration": "transliterate_to_devanagari",
    "models.phone_numbers": "PhoneNumber normalize_nepali_phone_number read_phone_numbers",
    # The Nepali toolbox.
    "models.amounts": "Amount",
    "models.bikram_sambat": "BikramSambatDate FoundDate",
    "models.damage": "Damage",
    "models.honorifics": "SplitName",
    "models.similar_names": "SimilarName",
    # Taking data from outside.
    "scraping.errors": "AmbiguousPageError ExchangeError MissingPackageError NotFoundError"
    " NotRecordedError ProviderAnswerError ProviderMissingError RecordingError"
    " TransientError",
    # For programs.
    "library": "Project",
    "git.transfer_progress": "TransferProgress",
    "operations.sync": "PushResult",
    "running.events": "EventKind ProgressCallback RunEvent",
    "migrations.migration": "Migration MigrationResult MigrationStatus",
    "database.marker": "Metadata Statistics",
    "compat.config": "FileDatabase",
    "errors": "DatabaseError GitError InvalidMigrationError LockHeldError MigrationFailedError"
    " MigrationRefusedError NesTasksError SettingsError UnavailableError UsageError",
}
# Names that differ from those in their module, because two modules share one or because scripts
# know it as an attribute of the context.
_RENAMED = {
    "ProjectEntity": "models.project:Project",
    "AppliedMigration": "database.ledger:Applied",
    "calendar": "running.toolbox:CALENDAR",
    "names": "running.toolbox:NAMES",
    "values": "running.toolbox:VALUES",
    "install_nes_names": "compat.finder:install",
}
_PACKAGES = {"models": models, "scraping": scraping, "scraping.providers": providers}
# Two names have a different meaning in another package.
_ELSEWHERE = {"Project", "normalize_name"}
_MODULES = {
    **{
        name: package
        for package, found in _PACKAGES.items()
        for name in found.__all__
        if name not in _ELSEWHERE
    },
    **{name: module for module, names in _NAMES.items() for name in names.split()},
    **_RENAMED,
}

__all__ = sorted(_MODULES)
__getattr__, __dir__ = lazy_exports(__name__, _MODULES, package="nes_tasks")
