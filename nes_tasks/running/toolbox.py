"""The Nepali toolbox of a script: `context.calendar`, `.names` and `.values`.

They only group pure functions, which can be imported from their modules as well.
"""

from __future__ import annotations

from ..models import amounts, bikram_sambat, phone_numbers, slugs
from ..models.damage import damage_of
from ..models.honorifics import split_honorifics
from ..models.legacy_fonts import looks_legacy, to_unicode
from ..models.name_keys import name_key
from ..models.romanization import romanize
from ..models.similar_names import best_match, name_similarity, similar_names


class Calendar:
    """Bikram Sambat: see `nes_tasks.models.bikram_sambat`."""

    to_gregorian = staticmethod(bikram_sambat.to_gregorian)
    from_gregorian = staticmethod(bikram_sambat.from_gregorian)
    parse_date = staticmethod(bikram_sambat.parse_date)
    find_dates = staticmethod(bikram_sambat.find_dates)
    days_in_month = staticmethod(bikram_sambat.days_in_month)
    suspect = staticmethod(bikram_sambat.suspect)


class Names:
    """Names in both scripts: titles, slugs, spellings, similarity, legacy fonts, damage."""

    split_honorifics = staticmethod(split_honorifics)
    romanize = staticmethod(romanize)
    slug_for = staticmethod(slugs.slug_for)
    free_slug = staticmethod(slugs.free_slug)
    name_key = staticmethod(name_key)
    name_similarity = staticmethod(name_similarity)
    similar_names = staticmethod(similar_names)
    best_match = staticmethod(best_match)
    to_unicode = staticmethod(to_unicode)
    looks_legacy = staticmethod(looks_legacy)
    damage_of = staticmethod(damage_of)


class Values:
    """Numbers, sums of money and phone numbers in cells."""

    read_number = staticmethod(amounts.read_number)
    read_amount = staticmethod(amounts.read_amount)
    read_percent = staticmethod(amounts.read_percent)
    read_phone_numbers = staticmethod(phone_numbers.read_phone_numbers)


CALENDAR, NAMES, VALUES = Calendar(), Names(), Values()
