"""Relate each location to the one that it lies in, as its parent says."""

from __future__ import annotations

from nes_tasks import MigrationContext

AUTHOR = "The nes-tasks contributors <contributors@example.org>"
DATE = "2026-11-22"
DESCRIPTION = "Relate districts, cities and constituencies to where they lie"
EXPECT = {"relationship:LOCATED_IN": 259}

SUB_TYPES = ("district", "metropolitan_city", "sub_metropolitan_city", "constituency")


async def migrate(context: MigrationContext) -> None:
    """Create a LOCATED_IN relationship from each location to its parent."""
    for sub_type in SUB_TYPES:
        locations = await context.db.list_entities(
            entity_type="location", sub_type=sub_type, limit=1000
        )
        for location in context.progress(locations, sub_type):
            await context.publication.create_relationship(
                source_entity_id=location.id,
                target_entity_id=location.parent,
                relationship_type="LOCATED_IN",
                change_description="Say where it is located",
            )
        context.log(f"Located {len(locations)} of kind {sub_type}")


async def verify(context: MigrationContext) -> None:
    """Check that every location is related to its parent."""
    related = await context.search.search_relationships(
        relationship_type="LOCATED_IN", currently_active=True, limit=None
    )
    found = {(one.source_entity_id, one.target_entity_id) for one in related}
    for sub_type in SUB_TYPES:
        for location in await context.db.list_entities(
            entity_type="location", sub_type=sub_type, limit=None
        ):
            assert (location.id, location.parent) in found, f"{location.id} is not located"
