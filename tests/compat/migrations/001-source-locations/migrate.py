"""Source Nepal's provinces, districts, local levels and wards, each from two parallel files."""

from nes.core.identifiers import build_entity_id
from nes.core.models import ADMINISTRATIVE_LEVELS, Attribution, LangText, LangTextValue
from nes.core.models.location import LocationType
from nes.core.models.version import Author
from nes.core.utils.devanagari import contains_devanagari
from nes.core.utils.slug_helper import text_to_slug
from nes.services.migration.context import MigrationContext

AUTHOR = "Damodar Dahal"
DATE = "2025-11-09"
DESCRIPTION = "Source provinces, districts, local levels and wards"
CHANGE = "Initial sourcing"

KINDS = {
    1: LocationType.METROPOLITAN_CITY,
    2: LocationType.SUB_METROPOLITAN_CITY,
    3: LocationType.MUNICIPALITY,
    4: LocationType.RURAL_MUNICIPALITY,
}

# Where the Nepali spelling of a district in the names of others is not its own.
IN_BRACKETS = {"Morang": "मोरङ", "Siraha": "सिरहा"}


async def migrate(context: MigrationContext) -> None:
    author = Author(slug=text_to_slug(AUTHOR), name=AUTHOR)
    await context.db.put_author(author)
    pairs = list(zip(context.read_json("en.json"), context.read_json("np.json"), strict=True))
    doubled = doubled_names(pairs)

    async def create(kind, data):
        assert kind in ADMINISTRATIVE_LEVELS
        data.update(type="location", sub_type=LocationType(kind), attributions=[attribution()])
        await context.publication.create_entity(
            entity_data=data, author_id=author.id, change_description=CHANGE
        )
        return build_entity_id(data["type"], data["sub_type"], data["slug"])

    for province, np_province in pairs:
        province_id = await create("province", seat(province, np_province, None))
        for district, np_district in parallel(province, np_province, "districts"):
            district_id = await create("district", seat(district, np_district, province_id))
            for local, np_local in parallel(district, np_district, "municipalities"):
                data = place(local, np_local, district_id)
                if data["names"][0]["en"]["full"] in doubled:
                    tell_apart(data, district, np_district)
                kind = KINDS[local["category_id"]]
                local_id = await create(kind, data)
                for number in values(local["wards"]):
                    await create("ward", ward(data, number, local_id))

    for kind in LocationType:
        found = await context.db.list_entities(
            limit=10_000, entity_type="location", sub_type=kind.value
        )
        context.log(f"{len(found)} {kind.value}")


def values(items):
    """Return the members of a JSON list or object."""
    return list(items.values()) if isinstance(items, dict) else items


def parallel(english, nepali, key):
    return zip(values(english[key]), values(nepali[key]), strict=True)


def doubled_names(pairs):
    """Return the English names that more than one local level has."""
    seen, doubled = set(), set()
    for province, np_province in pairs:
        for district, np_district in parallel(province, np_province, "districts"):
            for local, _ in parallel(district, np_district, "municipalities"):
                name = local["name"].strip()
                (doubled if name in seen else seen).add(name)
    return doubled


def attribution():
    return Attribution(
        title=LangText(en=LangTextValue(value="Sagar Gautam (GitHub)", provenance="imported")),
        details=LangText(
            en=LangTextValue(
                value="https://github.com/sagautam5/local-states-nepal (imported 2025-11-09)",
                provenance="imported",
            )
        ),
    )


def place(english, nepali, parent):
    """Return the data of a province, district or local level."""
    name, np_name = english["name"].strip(), nepali["name"].strip()
    assert contains_devanagari(np_name), np_name
    identifiers = [{"scheme": "other", "value": str(english["id"]), "label": "local-states-nepal"}]
    website = english["website"]
    # One of them is a name, not an address.
    if website.startswith("http"):
        identifiers.append({"scheme": "website", "value": website, "url": website})
    return {
        "slug": text_to_slug(name),
        "names": [{"kind": "PRIMARY", "en": {"full": name}, "ne": {"full": np_name}}],
        "parent": parent,
        "area": area(english["area_sq_km"]),
        "identifiers": identifiers,
    }


def seat(english, nepali, parent):
    """Return the data of a division that has a headquarters."""
    texts = {"en": english["headquarter"], "ne": nepali["headquarter"]}
    headquarter = {
        language: {"value": text.strip(), "provenance": "imported"}
        for language, text in texts.items()
    }
    return {**place(english, nepali, parent), "attributes": {"headquarter": headquarter}}


def area(text):
    try:
        return float(text)
    except ValueError:
        return None


def tell_apart(data, district, np_district):
    """Put the district behind a name that several have."""
    (name,) = data["names"]
    english = district["name"].strip()
    nepali = IN_BRACKETS.get(english, np_district["name"].strip())
    name["en"]["full"] += f" ({english})"
    name["ne"]["full"] += f" ({nepali})"
    data["slug"] = text_to_slug(name["en"]["full"])


def ward(local, number, parent):
    (name,) = local["names"]
    slug = local["slug"]
    return {
        "slug": f"{slug}-ward-{number}",
        "names": [
            {
                "kind": "PRIMARY",
                "en": {"full": f"{slug} - Ward {number}"},
                "ne": {"full": f"{name['ne']['full']} वडा नं.– {number}"},
            }
        ],
        "parent": parent,
    }
