"""Create the 165 constituencies of the House of Representatives, numbered by district."""

from __future__ import annotations

from nes_tasks import MigrationContext

AUTHOR = "The nes-tasks contributors <contributors@example.org>"
DATE = "2026-11-22"
DESCRIPTION = "Create the 165 constituencies of the House of Representatives"
EXPECT = {"location/constituency": 165}

ATTRIBUTIONS = [
    {
        "title": {"en": {"value": "Constituency Delimitation Commission (2017)"}},
        "details": None,
    }
]


async def migrate(context: MigrationContext) -> None:
    """Create as many constituencies in each district as it has directly elected seats."""
    created = 0
    for row in context.progress(context.read_csv("constituencies.csv"), "districts"):
        district = await context.search.find_entity_by_name(
            row["district"], entity_type="location", sub_type="district"
        )
        if district is None:
            raise LookupError(f"no district {row['district']!r}")
        name = district.names[0]
        for number in range(1, int(row["seats"]) + 1):
            await context.publication.create_entity(
                entity_type="location",
                entity_subtype="constituency",
                entity_data={
                    "slug": f"{district.slug}-{number}",
                    "attributions": ATTRIBUTIONS,
                    "names": [
                        {
                            "kind": "PRIMARY",
                            "en": {"full": f"{name.en.full} - {number}"},
                            "ne": {"full": f"{name.ne.full} - {number}"},
                        }
                    ],
                    "parent": district.id,
                },
                change_description="Create the constituency",
            )
            created += 1
    context.log(f"Created {created} constituencies")


async def verify(context: MigrationContext) -> None:
    """Check that the seats of all districts are those of the House of Representatives."""
    constituencies = await context.db.list_entities(
        entity_type="location", sub_type="constituency", limit=None
    )
    assert len(constituencies) == 165, f"there are {len(constituencies)} constituencies, not 165"
