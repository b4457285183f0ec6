"""Bikram Sambat dates: parsing, validation, and conversion to Gregorian dates."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from nes_tasks.models.bikram_sambat import (
    FIRST_YEAR,
    LAST_PUBLISHED_YEAR,
    LAST_YEAR,
    BikramSambatDate,
    days_in_month,
    find_dates,
    from_gregorian,
    parse_date,
    suspect,
    to_gregorian,
)
from nes_tasks.models.bikram_sambat_months import FIRST_DAY, MONTH_LENGTHS

TODAY = date(2026, 11, 28)

# Days that are known by both of their dates, each from public history.
ORACLES = {
    "1971-05-24": "1914-09-08",  # B. P. Koirala is born
    "1977-02-30": "1920-06-11",  # King Mahendra is born
    "1990-10-02": "1934-01-15",  # the great earthquake
    "1997-10-10": "1941-01-23",  # the martyr Shukraraj Shastri
    "2000-01-01": "1943-04-14",
    "2002-09-14": "1945-12-28",  # King Birendra is born
    "2004-03-23": "1947-07-07",  # King Gyanendra is born
    "2007-11-07": "1951-02-18",  # Democracy Day
    "2015-11-07": "1959-02-18",  # the first general election
    "2017-09-01": "1960-12-15",  # the king dismisses the parliament
    "2019-09-01": "1962-12-16",  # the constitution of the Panchayat
    "2028-10-17": "1972-01-31",  # King Mahendra dies
    "2031-11-12": "1975-02-24",  # the coronation of King Birendra
    "2037-01-20": "1980-05-02",  # the referendum
    "2046-12-26": "1990-04-08",  # parties are allowed again
    "2047-07-23": "1990-11-09",  # the constitution of 2047
    "2050-02-03": "1993-05-16",  # Madan Bhandari dies
    "2052-11-01": "1996-02-13",  # the civil war begins
    "2058-02-19": "2001-06-01",  # the massacre in the palace
    "2061-10-19": "2005-02-01",  # the king takes over
    "2063-01-11": "2006-04-24",  # Loktantra Day
    "2063-02-04": "2006-05-18",  # the proclamation of the House
    "2063-08-05": "2006-11-21",  # the peace accord
    "2064-12-28": "2008-04-10",  # the first Constituent Assembly
    "2065-02-15": "2008-05-28",  # Republic Day
    "2070-08-04": "2013-11-19",  # the second Constituent Assembly
    "2072-01-12": "2015-04-25",  # the Gorkha earthquake
    "2072-06-03": "2015-09-20",  # the constitution
    "2074-08-10": "2017-11-26",  # the general election
    "2079-08-04": "2022-11-20",  # the general election
    "2080-07-17": "2023-11-03",  # the Jajarkot earthquake
    "2081-01-01": "2024-04-13",
    "2082-01-01": "2025-04-14",
    "2082-05-23": "2025-09-08",  # the protests of 2082
    "2082-11-21": "2026-03-05",  # the general election
    "2083-01-01": "2026-04-14",
    "2083-07-01": "2026-10-18",
}


@pytest.mark.parametrize(("nepali", "gregorian"), ORACLES.items())
def test_days_of_history_have_both_their_dates(nepali: str, gregorian: str) -> None:
    assert to_gregorian(nepali) == date.fromisoformat(gregorian)
    assert str(from_gregorian(date.fromisoformat(gregorian))) == nepali


def test_every_day_of_the_table_goes_there_and_back() -> None:
    day, before = FIRST_DAY, None
    for year, lengths in enumerate(MONTH_LENGTHS, FIRST_YEAR):
        for month, length in enumerate(lengths, 1):
            for number in range(1, length + 1):
                nepali = BikramSambatDate(year, month, number)
                assert nepali.to_gregorian() == day
                assert from_gregorian(day) == nepali
                assert before is None or before < nepali
                day, before = day + timedelta(days=1), nepali
    assert (year, LAST_PUBLISHED_YEAR) == (LAST_YEAR, 2083)


def test_years_and_months_have_possible_lengths() -> None:
    assert {len(year) for year in MONTH_LENGTHS} == {12}
    assert {sum(year) for year in MONTH_LENGTHS} == {365, 366}
    assert {length for year in MONTH_LENGTHS for length in year} == {29, 30, 31, 32}


@pytest.mark.parametrize(
    "text",
    [
        "2079-11-20",
        "2079/11/20",
        "2079.11.20 B.S.",
        "BS 2079-11-20",
        "२०७९-११-२०",
        "२०७९।११।२०",
        "२०७९ फागुन २०",
        "वि.सं. २०७९ साल फाल्गुन २० गते",
        "20 Falgun 2079",
        "20th Phalgun, 2079 BS",
        "Fagun 20, 2079",
        "20 फागुन २०७९",
        datetime(2079, 11, 20),  # noqa: DTZ001
        date(2079, 11, 20),
    ],
)
def test_a_date_is_understood_in_every_usual_form(text: str | date) -> None:
    assert to_gregorian(text) == date(2023, 3, 4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2079-02-33", "2079-02-33 is not a date: Jestha 2079 BS has 31 days"),
        ("2079-13-01", "the month 13 is not between 1 and 12"),
        ("1969-01-01", "the year 1969 BS is outside the table, 1970 to 2100"),
        ("05-06-2079", "'05-06-2079' can be two dates; write the year first, as in 2079-11-20"),
        ("Falgun 2079", "'Falgun 2079' is not a Bikram Sambat date; write it as 2079-11-20"),
        ("20 Februar 2079", "'20 Februar 2079' is not a Bikram Sambat date"),
        ("", "'' is not a Bikram Sambat date; write it as 2079-11-20"),
    ],
)
def test_what_is_not_a_date_is_refused_in_plain_words(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        to_gregorian(text)


def test_days_outside_the_table_are_refused() -> None:
    with pytest.raises(ValueError, match="1913-04-12 is outside the table, 1913-04-13 to 2044"):
        from_gregorian(date(1913, 4, 12))
    with pytest.raises(ValueError, match="20790101 is not a Bikram Sambat date"):
        to_gregorian(20790101)  # type: ignore[arg-type]


def test_months_have_their_own_lengths() -> None:
    assert [days_in_month(2083, month) for month in range(1, 13)] == [
        31, 31, 32, 31, 31, 31, 30, 29, 30, 29, 30, 30,
    ]  # fmt: skip


def test_a_date_is_written_in_both_languages() -> None:
    day = parse_date("२०८३ कात्तिक १")
    assert (str(day), day.in_english()) == ("2083-07-01", "1 Kartik 2083")
    assert day.in_nepali() == "२०८३ कार्तिक १"


def test_dates_are_found_in_a_text() -> None:
    text = "Born 2047-03-12. २०७९ साल फागुन २० गते; BS 2079-11-21, 2079/01/05, Falgun 7, 2007."
    found = find_dates(text)
    assert [(str(one.date), one.text) for one in found] == [
        ("2079-11-20", "२०७९ साल फागुन २० गते"),
        ("2079-11-21", "BS 2079-11-21"),
        ("2007-11-07", "Falgun 7, 2007"),
    ]
    assert all(text[one.start :].startswith(one.text) for one in found)
    assert find_dates("नयाँ असारे ५ २०७९, २०७९-०२-३३ and 20 Maghi 2079") == []


@pytest.mark.parametrize(
    ("value", "nepali"),
    [
        ("2079-11-20", "2079-11-20"),  # what Excel makes of the cell
        ("2047-03-12", "2047-03-12"),  # looks like an ordinary year
        ("2026-11-28", None),  # today
        ("2001-01-01", None),
        ("2099-01-01", None),  # in the future in either calendar
        ("2079-12-31", None),  # no such day of Bikram Sambat
    ],
)
def test_a_gregorian_date_is_suspected_when_only_bikram_sambat_makes_it_past(
    value: str, nepali: str | None
) -> None:
    found = suspect(date.fromisoformat(value), TODAY)
    assert (str(found) if found else None) == nepali
