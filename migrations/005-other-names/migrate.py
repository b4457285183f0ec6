"""Add the other names by which people look for provinces and districts."""

from __future__ import annotations

from nes_tasks import LangText, LangTextValue, MigrationContext, Name, NameKind, NameParts
from nes_tasks.api import Attribution

AUTHOR = "The nes-tasks contributors <contributors@example.org>"
DATE = "2026-11-22"
DESCRIPTION = "Add former and common names of provinces and districts"
EXPECT = {"location/province changed": 7, "location/district changed": 4}

SOURCE = Attribution(
    title=LangText(
        en=LangTextValue(
            value="Other names: Constitution of Nepal (2015), common names of districts"
        )
    ),
    details=None,
)


async def migrate(context: MigrationContext) -> None:
    """Find each location by the name it has and add the name of other-names.csv."""
    other_names = context.read_csv("other-names.csv")
    for row in other_names:
        location = await context.search.find_entity_by_name(
            row["name"], entity_type="location", sub_type=row["sub_type"]
        )
        if location is None:
            raise LookupError(f"no {row['sub_type']} {row['name']!r}")
        location.names.append(
            Name(
                kind=NameKind.ALTERNATE,
                en=NameParts(full=row["other_name_en"]),
                ne=NameParts(full=row["other_name_ne"]),
            )
        )
        location.attributions = [*(location.attributions or []), SOURCE]
        await context.publication.update_entity(
            entity=location, change_description=f"Add the name {row['other_name_en']}"
        )
    context.log(f"Added {len(other_names)} names")
