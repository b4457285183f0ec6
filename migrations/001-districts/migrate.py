"""Create the 77 districts of Nepal, each inside its province."""

from __future__ import annotations

from nes_tasks import MigrationContext

AUTHOR = "The nes-tasks contributors <contributors@example.org>"
DATE = "2026-11-22"
DESCRIPTION = "Create the 77 districts of Nepal"
EXPECT = {"location/district": 77}

ATTRIBUTIONS = [
    {
        "title": {
            "en": {
                "value": "Constitution of Nepal (2015), Schedule 4; Election Commission of Nepal"
            }
        },
        "details": {"en": {"value": "areas: https://github.com/sagautam5/local-states-nepal"}},
    }
]


async def migrate(context: MigrationContext) -> None:
    """Create a location for each row of the workbook."""
    districts = context.read_excel("districts.xlsx", sheet_name="districts")
    for row in districts:
        province = await context.search.find_entity_by_name(
            row["province"], entity_type="location", sub_type="province"
        )
        if province is None:
            raise LookupError(f"{row['name_en']}: no province {row['province']!r}")
        await context.publication.create_entity(
            entity_type="location",
            entity_subtype="district",
            entity_data={
                "slug": row["slug"],
                "attributions": ATTRIBUTIONS,
                "names": [
                    {
                        "kind": "PRIMARY",
                        "en": {"full": row["name_en"]},
                        "ne": {"full": row["name_ne"]},
                    }
                ],
                "parent": province.id,
                "area": row["area_km2"],
                "attributes": {
                    "headquarter": {
                        "en": {"value": row["headquarters_en"], "provenance": "human"},
                        "ne": {"value": row["headquarters_ne"], "provenance": "human"},
                    }
                },
            },
            change_description="Create the district",
        )
    context.log(f"Created {len(districts)} districts")


async def verify(context: MigrationContext) -> None:
    """Check that every district lies in a province."""
    for district in await context.db.list_entities(
        entity_type="location", sub_type="district", limit=None
    ):
        province = district.parent and await context.db.get_entity(district.parent)
        assert province, f"{district.id} has no province"
