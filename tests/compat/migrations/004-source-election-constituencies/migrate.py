"""Source the constituencies of the House of Representatives, numbered within each district."""

from nes.core.identifiers import build_entity_id
from nes.core.models.entity import EntitySubType, EntityType
from nes.core.models.version import Author
from nes.core.utils.multilingual import fuzzy_match_transliterations
from nes.core.utils.slug_helper import text_to_slug
from nes.services.migration.context import MigrationContext

AUTHOR = "Damodar Dahal"
DATE = "2025-11-12"
DESCRIPTION = "Source the constituencies of all districts"

# Districts that the register names in words of their own.
SLUGS = {
    "नवलपरासी (बर्दघाट सुस्ता पश्चिम)": "parasi",
    "नवलपरासी (बर्दघाट सुस्ता पूर्व)": "nawalpur",
    "रुकुम पूर्व": "eastern-rukum",
}


async def migrate(context: MigrationContext) -> None:
    author = Author(slug=text_to_slug(AUTHOR), name=AUTHOR)
    await context.db.put_author(author)
    for row in context.read_csv("constituencies.csv"):
        district = await find_district(context, row["DistrictName"])
        for number in range(1, int(row["SCConstID"]) + 1):
            names = {
                "kind": "PRIMARY",
                "en": {"full": f"{district.names[0].en.full} - {number}"},
                "ne": {"full": f"{row['DistrictName']} - {number}"},
            }
            await context.publication.create_entity(
                entity_type=EntityType.LOCATION,
                entity_subtype=EntitySubType.CONSTITUENCY,
                entity_data={
                    "slug": f"{district.slug}-{number}",
                    "names": [names],
                    "parent": district.id,
                },
                author_id=author.id,
                change_description="Add election constituencies.",
            )


async def find_district(context, name):
    """Return the district of this Nepali name, however it is spelt."""
    if name in SLUGS:
        return await context.db.get_entity(build_entity_id("location", "district", SLUGS[name]))
    found = await context.search.search_entities(
        query=name, entity_type="location", sub_type="district", limit=1
    )
    if found:
        return found[0]
    districts = await context.db.list_entities(
        limit=100, entity_type="location", sub_type="district"
    )
    by_name = {district.names[0].en.full: district for district in districts}
    (best, _), *_ = fuzzy_match_transliterations(name, by_name)
    context.log(f"{name} is {best}")
    return by_name[best]
