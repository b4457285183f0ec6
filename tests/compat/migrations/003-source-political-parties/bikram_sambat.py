"""Dates of Nepal's calendar, Bikram Sambat, for the years of the register.

The lengths of the months are fixed by almanac, not by rule. With them the registration dates
of the published parties come out.
"""

from datetime import date, timedelta

FIRST_YEAR = 2073
FIRST_DAY = date(2016, 4, 13)
MONTHS = (
    (31, 32, 31, 32, 31, 30, 30, 30, 29, 29, 30, 31),
    (31, 31, 31, 32, 31, 31, 30, 29, 30, 29, 30, 30),
    (31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30),
    (31, 32, 31, 32, 31, 30, 30, 30, 29, 29, 30, 30),
    (31, 32, 31, 32, 31, 30, 30, 30, 29, 30, 29, 31),
    (31, 31, 31, 32, 31, 31, 30, 29, 30, 29, 30, 30),
    (31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30),
    (31, 32, 31, 32, 31, 30, 30, 30, 29, 29, 30, 30),
    (31, 31, 32, 32, 31, 30, 30, 30, 29, 30, 30, 30),
    (30, 32, 31, 32, 31, 30, 30, 30, 29, 30, 30, 30),
)


def to_gregorian(text):
    """Return the date of a text such as 2073-8-30."""
    year, month, day = map(int, text.split("-"))
    before = sum(map(sum, MONTHS[: year - FIRST_YEAR]))
    days = before + sum(MONTHS[year - FIRST_YEAR][: month - 1]) + day - 1
    return FIRST_DAY + timedelta(days=days)
