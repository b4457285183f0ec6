"""Create the metropolitan and sub-metropolitan cities of Nepal, each inside its district."""

from __future__ import annotations

from nes_tasks import MigrationContext

AUTHOR = "The nes-tasks contributors <contributors@example.org>"
DATE = "2026-11-22"
DESCRIPTION = "Create the 6 metropolitan and 11 sub-metropolitan cities of Nepal"
EXPECT = {"location/metropolitan_city": 6, "location/sub_metropolitan_city": 11}

ATTRIBUTIONS = [
    {
        "title": {"en": {"value": "Ministry of Federal Affairs and General Administration"}},
        "details": {"en": {"value": "areas: https://github.com/sagautam5/local-states-nepal"}},
    }
]


async def migrate(context: MigrationContext) -> None:
    """Create a location for each city of cities.json, which lists them by kind."""
    for sub_type, cities in context.read_json("cities.json").items():
        for city in cities:
            district = await context.search.find_entity_by_name(
                city["district"], entity_type="location", sub_type="district"
            )
            if district is None:
                raise LookupError(f"{city['name']['en']}: no district {city['district']!r}")
            await context.publication.create_entity(
                entity_type="location",
                entity_subtype=sub_type,
                entity_data={
                    "slug": city["slug"],
                    "attributions": ATTRIBUTIONS,
                    "names": [
                        {
                            "kind": "PRIMARY",
                            "en": {"full": city["name"]["en"]},
                            "ne": {"full": city["name"]["ne"]},
                        }
                    ],
                    "parent": district.id,
                    "area": city["area_km2"],
                    "identifiers": [
                        {"scheme": "website", "value": city["website"], "url": city["website"]}
                    ],
                },
                change_description="Create the city",
            )
        context.log(f"Created {len(cities)} locations of kind {sub_type}")
