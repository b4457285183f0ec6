"""[TITLE]."""

from __future__ import annotations

from nes_tasks import MigrationContext

AUTHOR = "[AUTHOR]"
DATE = "[DATE]"
DESCRIPTION = "[DESCRIPTION]"


async def migrate(context: MigrationContext) -> None:
    """[TITLE]."""
    # An example. Take "# " away in front of the lines below, and it runs; then make it yours.
    #
    # # What is new: a row for each.
    # rows = [  # or context.read_csv("people.csv"), read_json, read_jsonl, read_excel
    #     {"slug": "asha-rai", "name_en": "Asha Rai", "name_ne": "आशा राई"},
    #     {"slug": "bina-lama", "name_en": "Bina Lama", "name_ne": "बिना लामा"},
    # ]
    # for row in context.progress(rows, "people"):
    #     await context.publication.create_entity(
    #         entity_type="person",
    #         entity_data={
    #             "slug": row["slug"],
    #             # Where the data are from: reviewers and readers look for it.
    #             "attributions": [
    #                 {"title": {"en": {"value": "Election Commission"}}, "details": None}
    #             ],
    #             "names": [
    #                 {
    #                     "kind": "PRIMARY",
    #                     "en": {"full": row["name_en"]},
    #                     "ne": {"full": row["name_ne"]},
    #                 }
    #             ],
    #         },
    #         change_description=DESCRIPTION,
    #     )
    #
    # # What is there and changes; leave this part out if nothing does.
    # person = await context.search.find_entity_by_name("Asha Rai", entity_type="person")
    # assert person is not None, "Asha Rai was created above"
    # person.tags = ["example"]
    # await context.publication.update_entity(
    #     entity=person, change_description="Add the tag of the example"
    # )
    # context.log(f"Created {len(rows)} people")
