"""Names and facts out of what someone wrote about a person, and nothing that is not there."""

from __future__ import annotations

from typing import Any

import pytest

from nes_tasks.scraping import AttributeExtractor, NameExtractor, normalize_name

POUDEL = """\
Ram Chandra Poudel (Nepali: रामचन्द्र पौडेल; born 14 October 1944) is a Nepalese politician and \
writer serving as the third president of Nepal since 13 March 2023.

He was born in Satiswara, Tanahun. In 1994, he was elected Speaker of the House of Representatives \
from 1994 to 1999. Poudel was the minister for Local Development from 29 May 1991 to 1994."""


# normalize_name


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("  ram   bahadur\tthapa ", "Ram Bahadur Thapa"),
        ("marxist-leninist party (uml)", "Marxist-Leninist Party (Uml)"),
        ("Ram bahadur", "Ram bahadur"),
        ("RAM THAPA", "RAM THAPA"),
        ("McDonald", "McDonald"),
        ("o’neil", "O'neil"),
        ("“Ram Thapa”,", "Ram Thapa"),
        ("'Ram'", "Ram"),
        ('"Balen" Shah', '"Balen" Shah'),
        ("राम\u00a0\u200bबहादुर", "राम बहादुर"),
        ("गर्\u200dयो\u200d", "गर्\u200dयो"),
        ("क\u093c", "क\u093c"),
        ("\u0958", "क\u093c"),
        ("E\u0301lan", "Élan"),
        ("ßa", "ßa"),
        ("डा. राम", "डा. राम"),
        ("", ""),
        (" \u200b,", ""),
    ],
)
def test_a_name_has_one_spelling(name: str, normal: str) -> None:
    assert normalize_name(name) == normal
    assert normalize_name(normal) == normal


# Names


def names(text: str, title: str | None = None) -> list[dict[str, Any]]:
    return NameExtractor().extract_names(text, title)


def test_the_name_comes_in_both_languages() -> None:
    expected = [
        {
            "kind": "PRIMARY",
            "en": {"full": "Ram Chandra Poudel"},
            "ne": {"full": "रामचन्द्र पौडेल"},
        }
    ]
    assert names(POUDEL, "Ram Chandra Poudel (politician)") == expected
    assert names(POUDEL) == expected


def test_a_nepali_page_gives_the_english_name_it_states() -> None:
    text = "रामचन्द्र पौडेल (अङ्ग्रेजी: Ram Chandra Poudel; जन्म २००१) नेपाली राजनीतिज्ञ हुन्।"
    expected = [
        {
            "kind": "PRIMARY",
            "ne": {"full": "रामचन्द्र पौडेल"},
            "en": {"full": "Ram Chandra Poudel"},
        }
    ]
    assert names(text, "रामचन्द्र पौडेल") == names(text) == expected


@pytest.mark.parametrize(
    ("text", "kind", "full"),
    [
        ("Prachanda, born Pushpa Kamal Dahal on 11 December 1954, is a politician.",
         "BIRTH_NAME", "Pushpa Kamal Dahal"),
        ("Ama Rai (née Ama Gurung) is a poet.", "BIRTH_NAME", "Ama Gurung"),
        ("Balendra Shah, popularly known as Balen, is a mayor.", "ALIAS", "Balen"),
        ("Bal Krishna (also known as “Bal K.C.”) is a poet.", "ALIAS", "Bal K.C."),
        ("Bal Krishna is a poet better known as Bala.", "ALIAS", "Bala"),
    ],
)  # fmt: skip
def test_further_names_come_from_the_phrases_that_give_them(
    text: str, kind: str, full: str
) -> None:
    assert names(text)[1:] == [{"kind": kind, "en": {"full": full}}]


@pytest.mark.parametrize(
    "text",
    [
        "Ram Thapa (born October 1944) is a poet.",
        "Ram Thapa was born in Kathmandu.",
        "Ram Thapa is known as a poet.",
        "Ram Thapa, also known as Ram Thapa, is a poet.",
        "Ram Thapa is a poet.\n\nHis brother is also known as Shyam.",
    ],
)
def test_no_further_name_is_read_into_a_text(text: str) -> None:
    assert names(text, "Ram Thapa") == [{"kind": "PRIMARY", "en": {"full": "Ram Thapa"}}]


@pytest.mark.parametrize("text", ["", " \n", "the minister spoke.", "१२३", "!?"])
def test_a_text_without_a_name_has_none(text: str) -> None:
    assert names(text) == []


def test_the_helpers_of_the_earlier_system_are_there() -> None:
    extractor = NameExtractor()
    assert extractor.standardize_name("ram  THAPA McDonald") == "Ram THAPA Mcdonald"
    assert extractor.disambiguate_name(" Ram ", {"any": "context"}) == "Ram"


# Attributes


def attributes(text: str) -> dict[str, Any]:
    return AttributeExtractor().extract(text)


def test_what_a_text_states_is_found_word_for_word() -> None:
    assert attributes(POUDEL) == {
        "birth_date": "1944-10-14",
        "birth_place": "Satiswara, Tanahun",
        "occupations": ["politician", "writer"],
        "positions": [
            {"title": "president of Nepal", "start_date": "2023-03-13"},
            {
                "title": "Speaker of the House of Representatives",
                "start_date": "1994",
                "end_date": "1999",
            },
            {
                "title": "minister for Local Development",
                "start_date": "1991-05-29",
                "end_date": "1994",
            },
        ],
    }


@pytest.mark.parametrize(
    ("dates", "birth", "death"),
    [
        ("(born 14 October 1944)", "1944-10-14", None),
        ("(born October 14, 1944)", "1944-10-14", None),
        ("(born 1944-10-14)", "1944-10-14", None),
        ("(born October 1944)", "October 1944", None),
        ("(born 1944)", "1944", None),
        ("(born 2001 BS)", "2001 BS", None),
        ("(born 31 February 1944)", "31 February 1944", None),
        ("(4 July 1924 – 20 March 2010)", "1924-07-04", "2010-03-20"),
        ("(गिरिजा; 1924 - 2010)", "1924", "2010"),
        ("(c. 1924 – 20 March 2010)", None, None),
        ("(born 19444)", None, None),
        ("", None, None),
    ],
)
def test_dates_are_as_precise_as_the_text(dates: str, birth: str | None, death: str | None) -> None:
    found = attributes(f"Girija Koirala {dates} was a politician.")
    assert (found.get("birth_date"), found.get("death_date")) == (birth, death)


def test_a_death_that_is_told_later_is_found() -> None:
    found = attributes("Girija Koirala was a politician. He died on 20 March 2010 in Maharajgunj.")
    assert found["death_date"] == "2010-03-20"


@pytest.mark.parametrize(
    ("sentence", "occupations"),
    [
        ("is a Nepali rapper, structural engineer, and the current mayor of Kathmandu",
         ["rapper", "structural engineer"]),
        ("was an actress", ["actress"]),
        ("is a former prime minister", None),
        ("is not a poet", None),
        ("is the son of a poet", None),
    ],
)  # fmt: skip
def test_occupations_are_what_the_first_sentence_says(
    sentence: str, occupations: list[str] | None
) -> None:
    assert attributes(f"Ram Thapa {sentence}.").get("occupations") == occupations


@pytest.mark.parametrize(
    "sentence",
    [
        "His brother was the mayor of Pokhara.",
        "Shyam Rai was the mayor of Pokhara.",
        "He was never the mayor of Pokhara.",
        "He denied that he was mayor of Pokhara.",
        "He would have been elected mayor of Pokhara.",
        "He was allegedly appointed mayor of Pokhara.",
        "Her husband was born on 4 July 1924 in Pokhara and died on 5 July 1999.",
    ],
)
def test_what_is_said_of_others_or_denied_is_not_taken(sentence: str) -> None:
    assert attributes(f"Ram Thapa is a poet. {sentence}") == {"occupations": ["poet"]}


def test_a_period_is_only_what_directly_follows_the_office() -> None:
    text = "Ram Thapa is a poet. He was mayor of Pokhara in 1999. He was governor of Bagmati and wrote from 1990 to 2000."  # noqa: E501
    assert attributes(text)["positions"] == [
        {"title": "mayor of Pokhara"},
        {"title": "governor of Bagmati"},
    ]


def test_a_position_that_goes_on_has_no_end() -> None:
    found = attributes(
        "Ram Thapa is a poet. He was appointed ambassador to India from 2020 to present."
    )
    assert found["positions"] == [{"title": "ambassador to India", "start_date": "2020"}]


@pytest.mark.parametrize("text", ["", "\n\n", "…", "नेपाली मात्र।", "A" * 50_000, "is a " * 9_000])
def test_a_text_without_facts_has_none(text: str) -> None:
    assert attributes(text) == {}


def test_titles_and_initials_do_not_end_a_sentence() -> None:
    found = attributes("Dr. K. P. Thapa is a poet. Dr. Thapa was appointed governor of Nepal.")
    assert found == {"occupations": ["poet"], "positions": [{"title": "governor of Nepal"}]}
