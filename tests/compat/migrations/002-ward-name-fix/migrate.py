"""Name each ward after the local level it belongs to; their names began with its slug."""

from nes.services.migration.context import MigrationContext

AUTHOR = "Damodar Dahal"
DATE = "2025-11-11"
DESCRIPTION = "Fix the English names of the wards"


async def migrate(context: MigrationContext) -> None:
    wards = await context.search.search_entities(
        entity_type="location", sub_type="ward", limit=10_000
    )
    for ward in wards:
        parent = await context.db.get_entity(ward.parent)
        number = ward.slug.rpartition("-")[2]
        ward.names[0].en.full = f"{parent.names[0].en.full} - Ward {number}"
        await context.publication.update_entity(
            entity=ward, author_id="author:damodar-dahal", change_description="Fix ward name"
        )
    context.log(f"Updated {len(wards)} wards")
