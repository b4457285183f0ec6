"""The migration system of an open, git-versioned database.

The names below are those of `api` that most scripts and programs need; `api` has the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .lazy import lazy_exports
from .version import __version__ as __version__

if TYPE_CHECKING:
    from .api import Entity as Entity
    from .api import LangText as LangText
    from .api import LangTextValue as LangTextValue
    from .api import Migration as Migration
    from .api import MigrationContext as MigrationContext
    from .api import MigrationResult as MigrationResult
    from .api import MigrationStatus as MigrationStatus
    from .api import Name as Name
    from .api import NameKind as NameKind
    from .api import NameParts as NameParts
    from .api import NesTasksError as NesTasksError
    from .api import Project as Project
    from .api import Relationship as Relationship
    from .api import RunEvent as RunEvent
    from .api import build_entity_id as build_entity_id
    from .api import text_to_slug as text_to_slug

_NAMES = (
    "Entity LangText LangTextValue Migration MigrationContext MigrationResult MigrationStatus Name"
    " NameKind NameParts NesTasksError Project Relationship RunEvent build_entity_id text_to_slug"
)

__all__ = sorted(_NAMES.split())
__getattr__, __dir__ = lazy_exports(__name__, dict.fromkeys(_NAMES.split(), "api"))
