"""Create the seven provinces of Nepal."""

from __future__ import annotations

from nes_tasks import MigrationContext

AUTHOR = "The nes-tasks contributors <contributors@example.org>"
DATE = "2026-11-22"
DESCRIPTION = "Create the seven provinces of Nepal"
EXPECT = {"location/province": 7}

ATTRIBUTIONS = [
    {
        "title": {
            "en": {"value": "Constitution of Nepal (2015), Schedule 4; provincial assemblies"}
        },
        "details": {"en": {"value": "areas: https://github.com/sagautam5/local-states-nepal"}},
    }
]


async def migrate(context: MigrationContext) -> None:
    """Create a location for each row of provinces.csv."""
    provinces = context.read_csv("provinces.csv")
    for row in provinces:
        await context.publication.create_entity(
            entity_type="location",
            entity_subtype="province",
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
                "area": float(row["area_km2"]),
                "identifiers": [
                    {
                        "scheme": "other",
                        "name": {
                            "en": {"value": "Province number", "provenance": "human"},
                            "ne": {"value": "प्रदेश नम्बर", "provenance": "human"},
                        },
                        "value": row["number"],
                    },
                    {"scheme": "website", "value": row["website"], "url": row["website"]},
                ],
                "attributes": {
                    "headquarter": {
                        "en": {"value": row["headquarters_en"], "provenance": "human"},
                        "ne": {"value": row["headquarters_ne"], "provenance": "human"},
                    }
                },
            },
            change_description="Create the province",
        )
    context.log(f"Created {len(provinces)} provinces")
