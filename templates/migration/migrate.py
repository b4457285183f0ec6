"""[TITLE]."""

from __future__ import annotations

from nes_tasks import MigrationContext

AUTHOR = "[AUTHOR]"
DATE = "[DATE]"
DESCRIPTION = "[DESCRIPTION]"

# The expected numbers of created, changed and deleted objects; a preview suggests the line.
# EXPECT = {"person": 2, "organization": 2, "location": 2, "relationship": 2}

# The source of the data. Each new entity names it, for readers and reviewers.
SOURCE = [
    {
        "title": {"en": {"value": "[TODO: who published what, such as: Election Commission]"}},
        "details": {"en": {"value": "[TODO: the address, and the date on which you retrieved it]"}},
    }
]


async def migrate(context: MigrationContext) -> None:
    """[TITLE]."""
    # Four examples. Uncomment one and create its data file for a working migration; then adapt it,
    # and delete the others. The context also has:
    #
    # Files of this folder (docs/reference/context.md)
    #   context.read_csv, read_excel, read_json, read_jsonl, read_geojson: all rows at once
    #   context.iter_csv, iter_excel, iter_jsonl: one by one, for large files
    #   context.sheet_names("a.xlsx"), context.migration_dir / "notes.txt"
    #   context.lookup("party", rows): from values of the source to meanings, by lookups.csv
    # Writing (docs/reference/services.md; docs/reference/fields.md has what an entity can hold)
    #   context.publication.create_entity, update_entity, delete_entity
    #   context.publication.create_relationship, update_relationship, delete_relationship
    # Finding
    #   context.search.find_entity_by_name, find_similar_names, search_entities, free_slug
    #   context.search.search_relationships, context.publication.get_relationships_by_entity
    #   context.db.get_entity, context.db.list_entities
    # The Nepali toolbox (docs/reference/nepali.md)
    #   context.calendar.to_gregorian("२०७९ फागुन २०")
    #   context.names.split_honorifics, romanize, slug_for, best_match, to_unicode
    #   context.values.read_number, read_amount, read_percent, read_phone_numbers
    # Log and progress
    #   context.log("a line for the log"), context.progress(rows, "people")
    #
    # # 1. A CSV file: people.csv
    # #      name_en,name_ne,phone
    # #      Dr. Asha Rai,डा. आशा राई,९८४१२३४५६७
    # #      Bina Lama,बिना लामा,
    # people = context.read_csv("people.csv", required=["name_en"])
    # for row in context.progress(people, "people"):
    #     name = context.names.split_honorifics(row["name_en"]).name
    #     name_ne = context.names.split_honorifics(row["name_ne"]).name
    #     phones = context.values.read_phone_numbers(row["phone"])
    #     await context.publication.create_entity(
    #         entity_type="person",
    #         entity_data={
    #             "slug": context.names.slug_for(name),
    #             "attributions": SOURCE,
    #             "names": [{"kind": "PRIMARY", "en": {"full": name}, "ne": {"full": name_ne}}],
    #             "contacts": [{"type": "PHONE", "value": phone.number} for phone in phones],
    #         },
    #         change_description=DESCRIPTION,
    #     )
    # context.log(f"Created {len(people)} people")
    #
    # # 2. A workbook: parties.xlsx, with a title in row 1 and the names of the columns in row 2
    # #      slug,name,registered,seats
    # #      green-party,Green Party,2079-11-20,90
    # #      blue-party,Blue Party,2073-01-05,75
    # parties = context.read_excel("parties.xlsx", header=2)
    # for row in parties:
    #     await context.publication.create_entity(
    #         entity_type="organization",
    #         entity_subtype="political_party",
    #         entity_data={
    #             "slug": row["slug"],
    #             "attributions": SOURCE,
    #             "names": [{"kind": "PRIMARY", "en": {"full": row["name"]}}],
    #             # Bikram Sambat in the source, the Gregorian calendar in the database.
    #             "registration_date": context.calendar.to_gregorian(row["registered"]),
    #             "attributes": {"seats": row["seats"]},
    #         },
    #         change_description=DESCRIPTION,
    #     )
    #
    # # 3. A JSON file: provinces.json
    # #      [{"slug": "example-province", "name": "Example Province",
    # #        "districts": [{"slug": "example-district", "name": "Example District"}]}]
    # for province in context.read_json("provinces.json"):
    #     created = await context.publication.create_entity(
    #         entity_type="location",
    #         entity_subtype="province",
    #         entity_data={
    #             "slug": province["slug"],
    #             "attributions": SOURCE,
    #             "names": [{"kind": "PRIMARY", "en": {"full": province["name"]}}],
    #         },
    #         change_description=DESCRIPTION,
    #     )
    #     for district in province["districts"]:
    #         await context.publication.create_entity(
    #             entity_type="location",
    #             entity_subtype="district",
    #             entity_data={
    #                 "slug": district["slug"],
    #                 "attributions": SOURCE,
    #                 "names": [{"kind": "PRIMARY", "en": {"full": district["name"]}}],
    #                 "parent": created.id,
    #             },
    #             change_description=DESCRIPTION,
    #         )
    #
    # # 4. Existing entities: here the people and parties of examples 1 and 2
    # for name, party in (("Asha Rai", "Green Party"), ("Bina Lama", "Blue Party")):
    #     member = await context.search.find_entity_by_name(name, entity_type="person")
    #     joined = await context.search.find_entity_by_name(party, entity_type="organization")
    #     if member is None or joined is None:
    #         raise LookupError(f"{name} or {party} is not in the database")
    #     await context.publication.create_relationship(
    #         source_entity_id=member.id,
    #         target_entity_id=joined.id,
    #         relationship_type="MEMBER_OF",
    #         change_description=f"{name} is a member of the {party}",
    #     )
    #     member.tags = ["party-member"]
    #     await context.publication.update_entity(member, change_description="Add the tag")


# # Runs on the result before it is applied, and again with `doit verify`; it is read-only.
# async def verify(context: MigrationContext) -> None:
#     """Check what must always be true."""
#     districts = await context.db.list_entities(
#         entity_type="location", sub_type="district", limit=None
#     )
#     without = [district.id for district in districts if not getattr(district, "parent", None)]
#     assert not without, f"every district has a province, but not {without}"
#     parties = await context.db.list_entities(
#         entity_type="organization", sub_type="political_party", limit=None
#     )
#     seats = sum((party.attributes or {}).get("seats", 0) for party in parties)
#     assert seats == 165, f"the sum of seats is {seats}, not 165"
