"""The data model of the database: entities, relationships, versions, and their files.

The names below load their module when they are first used, so that importing a module that needs
only the standard library (`identifiers`, `slugs`, `devanagari` …) does not load pydantic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import lazy_exports

if TYPE_CHECKING:
    from .base import Address as Address
    from .base import Attribution as Attribution
    from .base import Contact as Contact
    from .base import ContactType as ContactType
    from .base import CursorPage as CursorPage
    from .base import EntityPicture as EntityPicture
    from .base import EntityPictureType as EntityPictureType
    from .base import LangText as LangText
    from .base import LangTextValue as LangTextValue
    from .base import Language as Language
    from .base import Name as Name
    from .base import NameKind as NameKind
    from .base import NamePart as NamePart
    from .base import NameParts as NameParts
    from .base import ProvenanceMethod as ProvenanceMethod
    from .entity import Entity as Entity
    from .entity import EntitySubType as EntitySubType
    from .entity import EntityType as EntityType
    from .entity import ExternalIdentifier as ExternalIdentifier
    from .entity import IdentifierScheme as IdentifierScheme
    from .location import ADMINISTRATIVE_LEVELS as ADMINISTRATIVE_LEVELS
    from .location import Location as Location
    from .location import LocationType as LocationType
    from .organization import GovernmentBody as GovernmentBody
    from .organization import GovernmentType as GovernmentType
    from .organization import Hospital as Hospital
    from .organization import Organization as Organization
    from .organization import OwnershipType as OwnershipType
    from .organization import PartySymbol as PartySymbol
    from .organization import PoliticalParty as PoliticalParty
    from .person import Candidacy as Candidacy
    from .person import Education as Education
    from .person import ElectionPosition as ElectionPosition
    from .person import ElectionSymbol as ElectionSymbol
    from .person import ElectionType as ElectionType
    from .person import ElectoralDetails as ElectoralDetails
    from .person import Gender as Gender
    from .person import Person as Person
    from .person import PersonDetails as PersonDetails
    from .person import Position as Position
    from .project import AssistanceType as AssistanceType
    from .project import BudgetType as BudgetType
    from .project import CrossCuttingTag as CrossCuttingTag
    from .project import DonorExtension as DonorExtension
    from .project import FinancingCommitment as FinancingCommitment
    from .project import FinancingTerms as FinancingTerms
    from .project import Project as Project
    from .project import ProjectDateEvent as ProjectDateEvent
    from .project import ProjectStage as ProjectStage
    from .project import SectorMapping as SectorMapping
    from .relationship import Relationship as Relationship
    from .relationship import RelationshipType as RelationshipType
    from .version import Author as Author
    from .version import Version as Version
    from .version import VersionSummary as VersionSummary
    from .version import VersionType as VersionType

_NAMES = {
    "base": "Address Attribution Contact ContactType CursorPage EntityPicture EntityPictureType"
    " LangText LangTextValue Language Name NameKind NamePart NameParts ProvenanceMethod",
    "entity": "Entity EntitySubType EntityType ExternalIdentifier IdentifierScheme",
    "location": "ADMINISTRATIVE_LEVELS Location LocationType",
    "organization": "GovernmentBody GovernmentType Hospital Organization OwnershipType"
    " PartySymbol PoliticalParty",
    "person": "Candidacy Education ElectionPosition ElectionSymbol ElectionType"
    " ElectoralDetails Gender Person PersonDetails Position",
    "project": "AssistanceType BudgetType CrossCuttingTag DonorExtension FinancingCommitment"
    " FinancingTerms Project ProjectDateEvent ProjectStage SectorMapping",
    "relationship": "Relationship RelationshipType",
    "version": "Author Version VersionSummary VersionType",
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names.split()}

__all__ = sorted(_MODULES)
__getattr__, __dir__ = lazy_exports(__name__, _MODULES)
