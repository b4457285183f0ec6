"""A project whose database has something of everything that exports and sites show."""

from __future__ import annotations

from pathlib import Path

from hostile import IMAGE, SCRIPT, TURNED
from workspace import EPOCH, Workspace

PEOPLE = """\
await context.publication.create_entity(
    entity_type="location",
    entity_data={
        "slug": "kathmandu", "sub_type": "district",
        "names": [
            {"kind": "PRIMARY", "en": {"full": "Kathmandu"}, "ne": {"full": "काठमाडौं"}}
        ],
    },
)
for number in (1, 2, 10):
    await context.publication.create_entity(
        entity_type="location",
        entity_data={
            "slug": f"ward-{number}", "sub_type": "ward",
            "parent": "entity:location/district/kathmandu",
            "names": [{"kind": "PRIMARY", "en": {"full": f"Ward {number}"}}],
        },
    )
source = {
    "title": {"en": {"value": HOSTILE}, "ne": {"value": "निर्वाचन आयोग"}},
    "details": {"en": {"value": "imported"}},
}
await context.publication.create_entity(
    entity_type="person",
    entity_data={
        "slug": "asha-rai",
        "names": [
            {
                "kind": "PRIMARY",
                "en": {"full": "Asha Rai", "given": "Asha"},
                "ne": {"full": "आशा राई"},
            },
            {"kind": "ALIAS", "en": {"full": "Ásha R."}},
        ],
        "tags": ["minister", "mayor"],
        "attributes": {"note": "first", "seats": [1, 2]},
        "identifiers": [
            {"scheme": "wikidata", "value": "Q42", "url": "https://example.org/Q42"}
        ],
        "contacts": [{"type": "EMAIL", "value": "asha@example.org"}],
        "attributions": [source],
    },
    change_description="Add her",
)
await context.publication.create_entity(
    entity_type="person",
    entity_data={
        "slug": "hostile-one",
        "names": [{"kind": "PRIMARY", "en": {"full": NAME}}],
        "tags": [HOSTILE],
        "attributes": {HOSTILE: HOSTILE, "link": "javascript:alert(1)"},
    },
    change_description=HOSTILE,
)
await context.publication.create_relationship(
    source_entity_id="entity:person/asha-rai",
    target_entity_id="entity:location/district/kathmandu",
    relationship_type="LOCATED_IN",
    start_date="2024-01-25",
    change_description="She lives there",
)
"""

TAG = """\
asha = await context.db.get_entity("entity:person/asha-rai")
asha.tags = ["minister"]
await context.publication.update_entity(asha, change_description="She is no longer mayor")
"""
NAME = f"{SCRIPT} {IMAGE}"
HOSTILE = f"{NAME} {TURNED}"


def publish(root: Path) -> Workspace:
    """Return a project with two applied migrations, which ran by a clock that stands still."""
    workspace = Workspace(root / "project")
    workspace.migration("001-people", PEOPLE, head=f"NAME, HOSTILE = {NAME!r}, {HOSTILE!r}")
    workspace.migration("002-tag", TAG)
    ran = workspace.doit(SOURCE_DATE_EPOCH=EPOCH)
    assert ran.code == 0, ran.err
    return workspace
