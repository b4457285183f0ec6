"""Implausible data that the publication service refuses, and plausible data that it keeps."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import pytest

from nes_tasks.database.store import Store
from nes_tasks.models.version import Author
from nes_tasks.services.database import EntityDatabase
from nes_tasks.services.publication import PublicationService

from .samples import AUTHOR, START, files, name, person

run = asyncio.run
TODAY = "2026-01-31"  # the day of START


def party(**fields: Any) -> dict[str, Any]:
    return {"slug": "a-party", "names": [name("A Party")], **fields}


def create_party(publication: PublicationService, **fields: Any) -> Any:
    planned = fields.pop("planned", False)
    data = party(**fields)
    return run(
        publication.create_entity(
            "organization", data, entity_subtype="political_party", planned=planned
        )
    )


def ends(publication: PublicationService) -> tuple[str, str]:
    first = run(publication.create_entity("person", person("asha-rai")))
    second = run(publication.create_entity("organization", party()))
    return first.id, second.id


def relate(publication: PublicationService, source: str, target: str, **more: Any) -> Any:
    return run(
        publication.create_relationship(
            source, target, "MEMBER_OF", change_description="Tell", **more
        )
    )


@pytest.mark.parametrize("blank", ["", "  ", "-", "…", "\u200d"])
@pytest.mark.parametrize("language", ["en", "ne"])
def test_a_name_without_a_letter_is_refused(
    publication: PublicationService, store: Store, blank: str, language: str
) -> None:
    names = [{"kind": "PRIMARY", "en": {"full": "Asha"}} | {language: {"full": blank}}]
    with pytest.raises(ValueError, match=rf"\({language}\) has neither a letter nor a digit"):
        run(publication.create_entity("person", {"slug": "asha", "names": names}))
    assert files(store) == {}


@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\n", "\u202e", "\u2067", "\x85"])
def test_a_name_with_control_characters_or_bidi_overrides_is_refused(
    publication: PublicationService, sign: str
) -> None:
    with pytest.raises(ValueError, match=f"has U\\+{ord(sign):04X}, which no name can have"):
        run(publication.create_entity("person", person("asha-rai", f"Asha{sign}Rai")))


def test_joiners_and_other_scripts_are_names(publication: PublicationService) -> None:
    names = [name("Asha 2", "श्रेष्\u200dठ"), name("李", kind="ALIAS")]
    entity = run(publication.create_entity("person", {"slug": "asha", "names": names}))
    assert entity.names[0].ne.full == "श्रेष्\u200dठ"


def test_a_beginning_after_the_clock_is_refused_with_a_hint_at_the_calendar(
    publication: PublicationService, store: Store
) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text is compared
        create_party(publication, registration_date="2079-11-20")
    assert str(caught.value) == (
        f"registration_date 2079-11-20 is after {TODAY}, the day of this change; if it is Bikram"
        " Sambat, it is 2023-03-04: convert it with context.calendar.to_gregorian; pass"
        " planned=True if it is planned"
    )
    assert files(store) == {}


@pytest.mark.parametrize("day", ["2047-03-12", "2026-02-01", "2090-01-01"])
@pytest.mark.parametrize("field", ["registration_date", "birth_date", "position", "relationship"])
def test_registrations_births_and_beginnings_in_the_future_are_planned_or_refused(
    publication: PublicationService, field: str, day: str
) -> None:
    source, target = ends(publication)

    def publish(**options: Any) -> object:
        if field == "relationship":
            return relate(publication, source, target, start_date=day, **options)
        if field == "registration_date":
            return create_party(publication, slug="another", registration_date=day, **options)
        details = {"birth_date": day}
        if field == "position":
            details = {"positions": [{"title": {"en": {"value": "x"}}, "start_date": day}]}
        data = person("bina-rai", personal_details=details)
        return run(publication.create_entity("person", data, **options))

    with pytest.raises(ValueError, match=f"{day} is after {TODAY}"):
        publish()
    assert publish(planned=True)


@pytest.mark.parametrize("text", ["YYYY-MM-DD", "2026", "2026-01", "1970", "about 1950", "31 Jan"])
def test_a_birth_date_may_be_known_in_part(publication: PublicationService, text: str) -> None:
    data = person("bina-rai", personal_details={"birth_date": text})
    assert run(publication.create_entity("person", data)).personal_details.birth_date == text


def test_the_day_of_the_clock_is_that_in_nepal(database: EntityDatabase) -> None:
    late = datetime(2026, 1, 31, 20, 0, tzinfo=UTC)
    publication = PublicationService(database, lambda: late, AUTHOR)
    party = create_party(publication, registration_date="2026-02-01")
    assert party.registration_date == date(2026, 2, 1)


def test_an_end_may_be_twenty_years_ahead(publication: PublicationService) -> None:
    source, target = ends(publication)
    assert relate(publication, source, target, end_date="2046-01-31")
    with pytest.raises(ValueError, match="end_date 2046-02-01 is more than 20 years after"):
        relate(publication, source, target, end_date="2046-02-01")
    with pytest.raises(ValueError, match="end_date 2079-11-20 is more than 20 years after"):
        relate(publication, source, target, end_date="2079-11-20")
    assert relate(publication, source, target, end_date="2079-11-20", planned=True)


def test_what_is_stored_already_may_stay(
    publication: PublicationService, database: EntityDatabase
) -> None:
    entity = create_party(publication, registration_date="2079-11-20", planned=True)
    entity.tags = ["x"]
    run(publication.update_entity(entity, change_description="Tag it"))
    entity.registration_date = entity.registration_date.replace(year=2078)
    with pytest.raises(ValueError, match="registration_date 2078-11-20 is after"):
        run(publication.update_entity(entity, change_description="Change it"))
    run(publication.update_entity(entity, change_description="Change it", planned=True))
    entity.names[0].en.full = "?"
    with pytest.raises(ValueError, match="neither a letter nor a digit"):
        run(publication.update_entity(entity, change_description="Change it", planned=True))
    stored = run(database.get_entity(entity.id))
    assert stored is not None and stored.names[0].en.full == "A Party"
    assert stored.version_summary.version_number == 3


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (0, "0 is a number, not a date; write it as in 2024-01-25"),
        ("0", "'0' is not a date"),
        ("86400", "'86400' is not a date"),
        ("1706140800", "'1706140800' is not a date"),
        (45316, "45316 is a number, not a date"),
        (20240125, "20240125 is a number, not a date"),
        ("20240125", "'20240125' is not a date"),
        ("2014", "'2014' is only a part of a date"),
        ("2014-01", "'2014-01' is only a part of a date"),
        ("2079-02-32", "'2079-02-32' is not a calendar date"),
        ("2079-01-31x", "is not a date"),
        ("२०७९-११-२०", "is a Bikram Sambat date; convert it with context.calendar"),
        ("2079-03-32", "is a Bikram Sambat date; convert it with context.calendar"),
        (True, "True is not a date"),
    ],
)
def test_what_is_not_clearly_a_day_is_refused_in_plain_words(
    publication: PublicationService, value: object, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        create_party(publication, registration_date=value)
    source, target = ends(publication)
    with pytest.raises(ValueError, match=f"start_date: .*{message}"):
        relate(publication, source, target, start_date=value)


def test_an_empty_cell_is_no_date(publication: PublicationService) -> None:
    import pandas as pd

    for number, empty in enumerate(("", " ", None, pd.NaT, pd.NA, float("nan"))):
        entity = create_party(publication, slug=f"party-{number}", registration_date=empty)
        assert entity.registration_date is None


def test_what_a_second_call_leaves_out_stays_and_none_takes_it_away(
    publication: PublicationService,
) -> None:
    source, target = ends(publication)
    first = relate(
        publication, source, target, start_date="2020-01-01", attributes={"role": "chair"}
    )
    second = relate(publication, source, target, end_date="2024-01-01")
    assert (str(second.start_date), second.attributes) == ("2020-01-01", {"role": "chair"})
    assert second.version_summary.version_number == 2
    third = relate(publication, source, target, start_date=None, attributes=None)
    assert (third.start_date, third.attributes) == (None, None)
    assert str(third.end_date) == "2024-01-01"
    assert first.id == third.id


@pytest.mark.parametrize(
    ("stored", "new"),
    [
        ({"start_date": "2017-12-07", "end_date": "2022-11-20"}, {"start_date": "2022-11-20"}),
        ({"start_date": "2017-12-07"}, {"start_date": "2022-11-20"}),
        ({"end_date": "2022-11-20"}, {"start_date": "2023-01-01", "end_date": None}),
        (
            {"start_date": "2017-12-07"},
            {"start_date": "2008-01-01", "end_date": "2012-01-01"},
        ),
    ],
)
def test_another_term_is_refused_unless_it_is_to_replace(
    publication: PublicationService, stored: dict[str, str], new: dict[str, str | None]
) -> None:
    source, target = ends(publication)
    before = relate(publication, source, target, **stored)
    with pytest.raises(ValueError, match="is another one; pass replace=True"):
        relate(publication, source, target, **new)
    after = relate(publication, source, target, replace=True, **new)
    assert (after.id, after.version_summary.version_number) == (before.id, 2)


def test_an_earlier_start_of_the_same_term_is_a_correction(publication: PublicationService) -> None:
    source, target = ends(publication)
    relate(publication, source, target, start_date="2017-12-07", end_date="2022-11-20")
    corrected = relate(publication, source, target, start_date="2017-12-01")
    assert (str(corrected.start_date), str(corrected.end_date)) == ("2017-12-01", "2022-11-20")


def test_a_term_of_one_day_can_be_told_again(publication: PublicationService) -> None:
    source, target = ends(publication)
    relate(publication, source, target, start_date="2017-12-07")
    day = {"start_date": "2017-12-07", "end_date": "2017-12-07"}
    first = relate(publication, source, target, **day)
    again = relate(publication, source, target, **day)
    assert (str(again.end_date), again.version_summary.version_number) == ("2017-12-07", 2)
    assert first.id == again.id


def test_a_namesake_is_told_what_to_do(publication: PublicationService) -> None:
    run(publication.create_entity("person", person("ram-prasad", "Ram Prasad")))
    with pytest.raises(ValueError, match=r"already exists\n") as caught:
        run(publication.create_entity("person", person("ram-prasad", "Ram Prasad")))
    [note] = caught.value.__notes__
    assert "entity:person/ram-prasad (Ram Prasad) is stored" in note
    assert "update_entity" in note and "context.search.free_slug" in note


def test_the_author_is_not_written_for_what_is_refused(
    database: EntityDatabase, store: Store
) -> None:
    publication = PublicationService(database, lambda: START, AUTHOR)
    with pytest.raises(ValueError, match="is after"):
        create_party(publication, registration_date="2079-11-20")
    assert not store.exists(f"author/{Author(slug='jane-doe').slug}.json")
