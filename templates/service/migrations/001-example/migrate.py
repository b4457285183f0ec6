"""Add the people of the example."""

AUTHOR = "[AUTHOR]"
DATE = "[DATE]"
DESCRIPTION = "Add the people of the example"


async def migrate(context):
    """Create a person for each row."""
    for row in context.read_csv("people.csv"):
        await context.publication.create_entity(
            entity_type="person",
            entity_data={
                "slug": row["slug"],
                "attributions": [{"title": {"en": {"value": "An example"}}, "details": None}],
                "names": [
                    {
                        "kind": "PRIMARY",
                        "en": {"full": row["name_en"]},
                        "ne": {"full": row["name_ne"]},
                    }
                ],
            },
            change_description=DESCRIPTION,
        )
