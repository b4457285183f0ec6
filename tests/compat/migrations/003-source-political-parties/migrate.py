"""Source the register of political parties; names come in Nepali and in a translation."""

import sys
from pathlib import Path

from nes.core.models import (
    Address,
    Attribution,
    Contact,
    ExternalIdentifier,
    LangText,
    LangTextValue,
    Name,
    NameParts,
    PartySymbol,
)
from nes.core.models.base import NameKind
from nes.core.models.entity import EntitySubType, EntityType
from nes.core.models.version import Author
from nes.core.utils.devanagari import transliterate_to_roman
from nes.core.utils.phone_number import normalize_nepali_phone_number
from nes.core.utils.slug_helper import text_to_slug
from nes.services.migration.context import MigrationContext
from nes.services.scraping.normalization import NameExtractor

sys.path.insert(0, str(Path(__file__).parent))
from bikram_sambat import to_gregorian

AUTHOR = "Damodar Dahal"
DATE = "2025-11-11"
DESCRIPTION = "Source the political parties registered at the Election Commission"

# What a party was called when it was registered.
FORMER_NAMES = {"विकासशील जनता पार्टी": "पिछडावर्ग निषाद दलित जनजाती पार्टी"}


async def migrate(context: MigrationContext) -> None:
    author = Author(slug=text_to_slug(AUTHOR), name=AUTHOR)
    await context.db.put_author(author)
    english = context.read_json("parties-data-en.json")
    extractor = NameExtractor()

    for row in context.read_csv("parties-2082.csv", delimiter="|"):
        translated = english[row["दलको नाम"]]
        name = extractor.standardize_name(translated["name"])
        party = await context.publication.create_entity(
            entity_type=EntityType.ORGANIZATION,
            entity_subtype=EntitySubType.POLITICAL_PARTY,
            entity_data={
                "slug": text_to_slug(name),
                "names": names(name, row["दलको नाम"].strip()),
                "identifiers": [registration(row)],
                "contacts": contacts(translated) or None,
                "address": address(row, translated),
                "party_chief": both(translated["main_person"], row["प्रमुख पदाधिकारीको नाम"]),
                "registration_date": to_gregorian(transliterate_to_roman(row["दल दर्ता मिति"])),
                "symbol": symbol(row, translated),
                "attributions": [attribution()],
            },
            author_id=author.id,
            change_description="Initial sourcing",
        )
        context.log(f"Created {party.id}")

    parties = await context.db.list_entities(
        limit=1000, sub_type="political_party", entity_type="organization"
    )
    context.log(f"Verified: {len(parties)} parties")


def names(english, nepali):
    """Return the names of a party as dicts."""
    found = [Name(kind=NameKind.PRIMARY, en=NameParts(full=english), ne=NameParts(full=nepali))]
    if nepali in FORMER_NAMES:
        found.append(Name(kind="ALTERNATE", ne=NameParts(full=FORMER_NAMES[nepali])))
    return [name.model_dump() for name in found]


def both(english, nepali):
    """Return a text in both languages, None without any."""
    texts = {
        "en": (english, "translation_service"),
        "ne": (nepali, "imported"),
    }
    given = {
        language: LangTextValue(value=text.strip(), provenance=provenance)
        for language, (text, provenance) in texts.items()
        if text and text.strip()
    }
    return LangText(**given) if given else None


def registration(row):
    return ExternalIdentifier(
        scheme="other",
        value=transliterate_to_roman(row["दर्ता नं."]),
        name=LangText(
            en=LangTextValue(
                value="Election Commission Registration Number (2082)", provenance="human"
            ),
            ne=LangTextValue(value="निर्वाचन आयोग दर्ता नं.", provenance="human"),
        ),
    )


def contacts(translated):
    numbers = map(normalize_nepali_phone_number, translated["contact"])
    return [Contact(type="PHONE", value=number) for number in numbers if number]


def address(row, translated):
    nepali = row["दलको मुख्य कार्यालय (ठेगाना)"].strip()
    return Address(description=f"{translated['address']} / {nepali}")


def symbol(row, translated):
    name = both(translated["symbol_name"], row["चिन्हको नाम"])
    return None if name is None else PartySymbol(name=name)


def attribution():
    return Attribution(
        title=LangText(
            en=LangTextValue(value="Nepal Election Commission", provenance="human"),
            ne=LangTextValue(value="नेपाल निर्वाचन आयोग", provenance="human"),
        ),
        details=LangText(
            en=LangTextValue(
                value="Registered Parties (2082) - imported 2025-11-11", provenance="human"
            ),
            ne=LangTextValue(
                value="दर्ता भएका दलहरू (२०८२) - आयात मिति 2025-11-11 A.D.", provenance="human"
            ),
        ),
    )
