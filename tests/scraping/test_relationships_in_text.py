"""Relationships out of English sentences: only types that exist, only what is stated."""

from __future__ import annotations

from typing import Any

import pytest

from nes_tasks.models.relationship import RELATIONSHIP_TYPES
from nes_tasks.scraping import RelationshipExtractor
from nes_tasks.scraping.relationships import _PHRASES

PERSON = "entity:person/ram-thapa"
PROJECT = "entity:project/development_project/melamchi"
PARTY = "entity:organization/political_party/nepali-congress"
WARD = "entity:location/ward/bhanu-ward-5"


def found(text: str, entity_id: str = PERSON) -> list[dict[str, Any]]:
    return RelationshipExtractor().extract(text, entity_id)


def pairs(text: str, entity_id: str = PERSON) -> list[tuple[str, str]]:
    return [(one["type"], one["target_entity"]["name"]) for one in found(text, entity_id)]


def test_all_types_are_the_databases() -> None:
    assert {kind for _, kind, _ in _PHRASES} <= set(RELATIONSHIP_TYPES)


@pytest.mark.parametrize(
    ("sentence", "entity_id", "expected"),
    [
        ("He is a member of the Nepali Congress.", PERSON, ("MEMBER_OF", "Nepali Congress")),
        ("He was a founding central member of CPN (UML).", PERSON, ("MEMBER_OF", "CPN (UML)")),
        ("He joined the Nepali Congress.", PERSON, ("MEMBER_OF", "Nepali Congress")),
        ("He worked for the Ministry of Health and Population.", PERSON,
         ("EMPLOYED_BY", "Ministry of Health and Population")),
        ("She was employed by Nepal Airlines.", PERSON, ("EMPLOYED_BY", "Nepal Airlines")),
        ("It is affiliated with the World Bank.", PARTY, ("AFFILIATED_WITH", "World Bank")),
        ("It is jointly funded by the Asian Development Bank.", PROJECT,
         ("FUNDED_BY", "Asian Development Bank")),
        ("It was implemented by the Ministry of Water Supply.", PROJECT,
         ("IMPLEMENTED_BY", "Ministry of Water Supply")),
        ("It is executed by the Department of Roads.", PROJECT,
         ("EXECUTED_BY", "Department of Roads")),
        ("It is overseen by the National Planning Commission.", PROJECT,
         ("OVERSEEN_BY", "National Planning Commission")),
        ("It supervises the Nepal Bank.", PARTY, ("SUPERVISES", "Nepal Bank")),
        ("It is headquartered in Sanepa, Lalitpur.", PARTY, ("LOCATED_IN", "Sanepa")),
        ("The ward is located in Bhanu Municipality.", WARD, ("LOCATED_IN", "Bhanu Municipality")),
        ("It is a subsidiary of the Nepal Trust.", PARTY, ("CHILD_OF", "Nepal Trust")),
        ("It is the parent organization of Tarun Dal.", PARTY, ("PARENT_OF", "Tarun Dal")),
    ],
)  # fmt: skip
def test_a_phrase_states_a_relationship(
    sentence: str, entity_id: str, expected: tuple[str, str]
) -> None:
    assert pairs(sentence, entity_id) == [expected]
    assert found(sentence, entity_id)[0]["evidence"] == sentence


@pytest.mark.parametrize(
    "sentence",
    [
        "He is not a member of the Nepali Congress.",
        "He never joined the Nepali Congress.",
        "He denied that he worked for Nepal Airlines.",
        "He could have joined the Nepali Congress.",
        "He didn't work; he wasn't employed by Nepal Airlines.",
        "His brother is a member of the Nepali Congress.",
        "He joined them.",
        "He is the son of Shyam Thapa and the husband of Sita Thapa.",
        "He worked under Shyam Rai and served as Minister of Finance.",
        "It is funded by the World Bank.",
        "It is located in Kathmandu.",
        "उहाँ नेपाली कांग्रेसको सदस्य हुनुहुन्छ।",
        "",
    ],
)
def test_what_is_denied_private_or_not_a_persons_is_not_taken(sentence: str) -> None:
    assert found(sentence) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Nepal Airlines (Kathmandu office)", "Nepal Airlines"),
        ("(see Nepal Airlines)", None),
        ("Nepal Airlines)", "Nepal Airlines"),
        ("Nepal Airlines...", "Nepal Airlines"),
    ],
)
def test_a_name_ends_where_its_parentheses_do(name: str, expected: str | None) -> None:
    assert pairs(f"He worked for {name}.") == ([("EMPLOYED_BY", expected)] if expected else [])


def test_two_names_are_two_relationships() -> None:
    assert pairs("He worked for Nepal Airlines and the Himalaya Bank.") == [
        ("EMPLOYED_BY", "Nepal Airlines"),
        ("EMPLOYED_BY", "Himalaya Bank"),
    ]


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("from 1 May 2001 to 3 June 2005", {"start_date": "2001-05-01", "end_date": "2005-06-03"}),
        ("from 2001 to 3 June 2005", {"start_year": 2001, "end_date": "2005-06-03"}),
        ("(2001–2005)", {"start_year": 2001, "end_year": 2005}),
        ("since May 2001", {"start_year": 2001}),
        ("since 2058 BS", {}),
        ("since 30 February 2001", {}),
        ("on 1 May 2001", {"start_date": "2001-05-01"}),
        ("and wrote from 2001 to 2005", {}),
        ("", {}),
    ],
)
def test_dates_are_given_as_precisely_as_they_are_stated(
    period: str, expected: dict[str, Any]
) -> None:
    one = found(f"He worked for Nepal Airlines {period}.")[0]
    assert {key: one[key] for key in one if key.startswith(("start", "end"))} == expected


def test_a_relationship_is_found_once_with_the_sentence_that_knows_when() -> None:
    text = "He joined the Nepali Congress. He was a member of the Nepali Congress since 1999."
    (one,) = found(text)
    assert one["start_year"] == 1999
    assert one["evidence"] == "He was a member of the Nepali Congress since 1999."


def test_an_entity_has_no_relationship_to_itself() -> None:
    assert found("It is affiliated with the Nepali Congress.", PARTY) == []


def test_known_entities_get_their_id() -> None:
    known = {"nepali congress": PARTY}
    text = "He joined the Nepali  Congress. He worked for Nepal Airlines."
    targets = [one["target_entity"] for one in RelationshipExtractor(known).extract(text, PERSON)]
    assert targets == [{"name": "Nepali Congress", "id": PARTY}, {"name": "Nepal Airlines"}]


@pytest.mark.parametrize("entity_id", ["", "ram-thapa", "person/ram-thapa", "author:ram"])
def test_what_is_no_entity_id_is_refused(entity_id: str) -> None:
    with pytest.raises(ValueError, match="Invalid entity ID format"):
        found("He joined the Nepali Congress.", entity_id)


@pytest.mark.parametrize(
    "text", ["He worked for " + "A" * 50_000, "A. " * 20_000, "He joined " + "Aa and " * 9_000]
)
@pytest.mark.timeout(60)
def test_a_hostile_text_comes_to_an_end(text: str) -> None:
    """It would take hours if a pattern could be matched in exponentially many ways."""
    assert all(one["evidence"] in text for one in found(text))
