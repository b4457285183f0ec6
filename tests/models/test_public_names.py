"""The public names of the models, and what importing them loads."""

from __future__ import annotations

import subprocess
import sys

import pytest

import nes_tasks.models

PUBLISHED = (
    "Address Attribution Contact ContactType EntityPicture EntityPictureType LangText"
    " LangTextValue Name NameKind NameParts ProvenanceMethod Entity EntitySubType EntityType"
    " ExternalIdentifier IdentifierScheme ADMINISTRATIVE_LEVELS Location LocationType"
    " GovernmentBody GovernmentType Organization PartySymbol PoliticalParty Candidacy Education"
    " ElectoralDetails Gender Person PersonDetails Position Relationship RelationshipType Author"
    " Version VersionSummary VersionType Hospital Project ElectionSymbol ElectionType"
    " ElectionPosition"
)


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("name", PUBLISHED.split())
def test_the_names_that_migrations_import_are_there(name: str) -> None:
    assert name in nes_tasks.models.__all__
    assert name in dir(nes_tasks.models)
    assert getattr(nes_tasks.models, name) is not None


def test_all_names_can_be_imported_at_once() -> None:
    assert run("from nes_tasks.models import *; print(Person.__name__)") == "Person"


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Symbol'"):
        nes_tasks.models.Symbol  # noqa: B018


@pytest.mark.parametrize("room", ["identifiers", "entity_types", "slugs", "devanagari", "names"])
def test_text_rooms_do_not_load_pydantic(room: str) -> None:
    code = f"import sys, nes_tasks.models.{room}; print('pydantic' in sys.modules)"
    assert run(code) == "False"
