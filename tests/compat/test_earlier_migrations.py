"""Migrations written for the legacy system, in all the shapes that they have, through `doit`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from workspace import Ran, Workspace

SCRIPT = """\
{imports}
from nes.services.migration.context import MigrationContext

AUTHOR = "Damodar Dahal"
DATE = "2025-11-09"
DESCRIPTION = "{name}"


async def migrate(context: MigrationContext) -> None:
{body}
"""

EXAMPLE = (
    "from nes.core.models import Name, NameParts",
    """\
# The author is a slug alone, the type is a key of the data.
await context.publication.create_entity(
    entity_data={
        "type": "person",
        "slug": "bp-koirala",
        "names": [{"kind": "PRIMARY", "en": {"full": "BP Koirala"}}],
    },
    author_id="migration-000-example-migration",
    change_description="Example",
)
""",
)

PERSON = (
    """\
from nes.core.identifiers.builders import build_entity_id
from nes.core.models import (
    Address, Attribution, EntityPicture, ExternalIdentifier, LangText, LangTextValue, Name,
    NameParts,
)
from nes.core.models.base import EntityPictureType, NameKind
from nes.core.models.entity import EntityType
from nes.core.models.person import (
    Candidacy, ElectionPosition, ElectionSymbol, ElectionType, ElectoralDetails, Gender,
    PersonDetails,
)
from nes.core.models.version import Author
""",
    """\
author = Author(slug="damodar-dahal", name="Damodar Dahal")
await context.db.put_author(author)
text = LangText(ne=LangTextValue(value="काठमाडौं", provenance="imported"))
candidacy = Candidacy(
    election_year=2079, election_type=ElectionType.FEDERAL, candidate_id="17",
    constituency_id=build_entity_id("location", "constituency", "kathmandu-1"),
    position=ElectionPosition.FEDERAL_PARLIAMENT,
    symbol=ElectionSymbol(symbol_name=text, nec_id=2462),
)
data = {
    "slug": "asha-rai",
    "names": [Name(kind=NameKind.PRIMARY, en=NameParts(full="Asha Rai")).model_dump()],
    "identifiers": [ExternalIdentifier(scheme="other", value="17", url="http://EXAMPLE.org")],
    "attributions": [Attribution(title=text, details=None)],
    "pictures": [EntityPicture(type=EntityPictureType.THUMB, url="http://example.org/a.jpg")],
    "attributes": {"misc": {"qualification": text}},
    "personal_details": PersonDetails(
        gender=Gender.FEMALE,
        spouse_name=text,
        address=Address(description2=text).model_dump(exclude={"description"}, exclude_none=True),
    ),
    "electoral_details": ElectoralDetails(candidacies=[candidacy]),
    "tags": ["one"],
}
person = await context.publication.create_entity(
    entity_type=EntityType.PERSON, entity_subtype=None, entity_data=data,
    author_id=author.id, change_description="Import",
)
(candidacy,) = person.electoral_details.candidacies
context.log(f"{data['type']} {data['slug']} {person.id} {candidacy.elected}")
""",
)

IN_PLACE = (
    """\
from nes.core.models import EntityPicture, Name, NameParts
from nes.core.models.person import ElectoralDetails
""",
    """\
person = (await context.db.list_entities(entity_type="person", sub_type=None, limit=10))[0]
person = await context.db.get_entity(person.id)
person.names[0].en.full = "Asha Kumari Rai"
person.names = [
    person.names[0].model_dump(),
    Name(kind="ALIAS", ne=NameParts(full="आशा")),
    {"kind": "ALTERNATE", "en": {"full": "A. Rai"}},
]
person.misspelled_names = [Name(kind="ALTERNATE", en=NameParts(full="Asa Rai"))]
person.misspelled_names.append(Name(kind="ALTERNATE", en=NameParts(full="Asha Ray")))
person.personal_details.spouse_name = None
person.pictures = [EntityPicture(type="full", url="http://example.org/b.jpg")]
person.electoral_details = ElectoralDetails()
person.tags.append("two")
await context.publication.update_entity(
    entity=person, author_id="author:damodar-dahal", change_description="Change in place"
)
""",
)

PREFIX = (
    "from nes.core.models.version import Author",
    """\
await context.db.put_author(Author(slug="kushal-kc", name="Kushal KC"))
body = await context.publication.create_entity(
    entity_prefix="organization/government/commission/federal",
    entity_data={
        "slug": "tharu-commission",
        "type": "organization",
        "sub_type": "government_body",
        "names": [{"kind": "PRIMARY", "en": {"full": "Tharu Commission"}}],
        "government_type": "provincial",
    },
    author_id="author:kushal-kc",
    change_description="Initial sourcing of constitutional commissions",
)
context.log(f"{body.id} {body.sub_type.value}")
""",
)

ROLLBACK = (
    "from nes.core.models.version import Author",
    """\
author = Author(slug="subash-rijal", name="Subash Rijal")
await context.db.put_author(author)
rows = [{"slug": slug, "names": [{"kind": "PRIMARY", "en": {"full": slug.title()}}]}
        for slug in ("bir-hospital", "bir-hospital", "patan-hospital")]
made, links = [], []
for row in rows:
    try:
        made.append(await context.publication.create_entity(
            entity_type="organization", entity_subtype="hospital", entity_data=row,
            author_id=author.id, change_description="Initial sourcing"))
    except ValueError as error:
        if "already exists" not in str(error):
            raise
        context.log(str(error))
links.append(await context.publication.create_relationship(
    source_entity_id=made[0].id, target_entity_id=made[1].id, relationship_type="SUPERVISES",
    author_id=author.id, change_description="Link"))
for item, delete, name in [
    *((link, context.publication.delete_relationship, "relationship_id") for link in links),
    *((entity, context.publication.delete_entity, "entity_id") for entity in made),
]:
    await delete(**{name: item.id}, author_id=author.id, change_description="Rollback")
    for version in await context.db.list_versions_by_entity(
        entity_or_relationship_id=item.id, limit=1000
    ):
        await context.db.delete_version(version.id)
await context.db.delete_author(author.id)
""",
)

SCRIPTS = {
    "000-example-migration": EXAMPLE,
    "001-persons": PERSON,
    "002-change-in-place": IN_PLACE,
    "003-commissions": PREFIX,
    "004-hospitals": ROLLBACK,
}


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Ran]:
    workspace = Workspace(tmp_path_factory.mktemp("earlier") / "project")
    for name, (imports, body) in SCRIPTS.items():
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        script = SCRIPT.format(imports=imports, name=name, body=lines)
        workspace.migration(name, script=script)
    ran = workspace.doit()
    assert ran.code == 0, ran.err
    return workspace, ran


@pytest.fixture
def read(applied: tuple[Workspace, Ran]) -> Callable[[str], Any]:
    data = applied[0].db / "v2"
    return lambda path: json.loads((data / path).read_bytes())


def test_an_author_by_its_slug_alone_is_made_without_a_name(read: Callable[[str], Any]) -> None:
    assert read("author/migration-000-example-migration.json") == {
        "name": None,
        "slug": "migration-000-example-migration",
    }
    author = read("entity/person/bp-koirala.json")["version_summary"]["author"]
    assert author["id"] == "author:migration-000-example-migration"


def test_dicts_and_models_can_be_mixed_in_the_data_of_an_entity(
    read: Callable[[str], Any],
) -> None:
    person = read("version/entity/person/asha-rai/1.json")["snapshot"]
    nepali = {"en": None, "ne": {"provenance": "imported", "value": "काठमाडौं"}}
    assert person["identifiers"][0]["url"] == "http://example.org/"
    assert person["attributions"] == [{"title": nepali, "details": None}]
    assert person["attributes"] == {"misc": {"qualification": nepali}}
    assert person["personal_details"]["address"]["description2"] == nepali
    (candidacy,) = person["electoral_details"]["candidacies"]
    assert candidacy["candidate_id"] == 17
    assert candidacy["symbol"] == {"nec_id": 2462, "symbol_name": nepali, "url": None}
    assert candidacy["votes_received"] is None
    assert person["version_summary"]["author"]["name"] == "Damodar Dahal"


def test_the_data_that_was_given_is_filled_in(applied: tuple[Workspace, Ran]) -> None:
    log = (applied[0].db / "v2/migration-logs/001-persons/log.txt").read_text()
    assert log == "person asha-rai entity:person/asha-rai None\n"


def test_what_is_changed_in_place_is_written_as_it_is(read: Callable[[str], Any]) -> None:
    person = read("entity/person/asha-rai.json")
    assert [name["kind"] for name in person["names"]] == ["PRIMARY", "ALIAS", "ALTERNATE"]
    assert person["names"][0]["en"]["full"] == "Asha Kumari Rai"
    assert person["names"][1]["ne"]["full"] == "आशा"
    assert person["names"][2] == {"kind": "ALTERNATE", "en": {"full": "A. Rai"}}
    assert [name["en"]["full"] for name in person["misspelled_names"]] == ["Asa Rai", "Asha Ray"]
    assert person["personal_details"]["spouse_name"] is None
    assert person["personal_details"]["gender"] == "female"
    assert person["pictures"][0]["type"] == "full"
    assert person["electoral_details"] == {"candidacies": None}
    assert person["tags"] == ["one", "two"]
    assert person["version_summary"]["version_number"] == 2


def test_the_version_before_a_change_stays(read: Callable[[str], Any]) -> None:
    assert read("version/entity/person/asha-rai/1.json")["snapshot"]["tags"] == ["one"]
    second = read("version/entity/person/asha-rai/2.json")
    assert second["snapshot"]["names"][0]["en"]["full"] == "Asha Kumari Rai"
    assert second["created_at"] > second["snapshot"]["created_at"]


def test_an_entity_by_its_prefix_is_filed_there(
    applied: tuple[Workspace, Ran], read: Callable[[str], Any]
) -> None:
    body = read("entity/organization/government/commission/federal/tharu-commission.json")
    assert body["entity_prefix"] == "organization/government/commission/federal"
    assert (body["type"], body["sub_type"]) == ("organization", "government_body")
    assert body["address"] is None
    log = (applied[0].db / "v2/migration-logs/003-commissions/log.txt").read_text()
    assert log == (
        "entity:organization/government/commission/federal/tharu-commission government_body\n"
    )


def test_others_know_nothing_of_prefixes(read: Callable[[str], Any]) -> None:
    assert "entity_prefix" not in read("entity/person/asha-rai.json")


def test_a_migration_can_take_back_all_that_it_did_itself(
    applied: tuple[Workspace, Ran],
) -> None:
    workspace, _ = applied
    changed = workspace.git("show", "--name-only", "--format=", "HEAD").splitlines()
    assert changed == [
        "v2/migration-logs/004-hospitals/log.txt",
        "v2/migration-logs/004-hospitals/marker.toml",
    ]
    assert (workspace.db / changed[0]).read_text() == (
        "Entity with slug 'bir-hospital' and type 'EntityType.ORGANIZATION' already exists\n"
    )


def test_an_import_that_is_not_provided_fails_with_the_line_of_the_script(
    workspace: Workspace,
) -> None:
    script = SCRIPT.format(imports="import nes.api", name="x", body="    pass")
    workspace.migration("000-first", script=script)
    ran = workspace.doit()
    assert ran.code == 1
    assert "No module named 'nes.api' is provided" in ran.err
    assert "migrations/000-first/migrate.py:1  import nes.api" in ran.err
    assert not workspace.db.exists()
