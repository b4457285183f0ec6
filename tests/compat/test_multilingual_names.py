"""Names across scripts, and Roman letters put into Devanagari."""

from __future__ import annotations

import unicodedata

import pytest

from nes_tasks.models.multilingual import (
    extract_name_variants,
    fuzzy_match_transliterations,
    match_names_cross_language,
    normalize_name,
    phonetic_search_nepali,
    similarity,
    sound_of,
)
from nes_tasks.models.transliteration import transliterate_to_devanagari

SAME = [
    ("पौडेल", "Poudel"),
    ("पौडेल", "Paudyal"),
    ("लामिछाने", "Lamichhane"),
    ("श्रेष्ठ", "Shrestha"),
    ("क्षेत्री", "Chhetri"),
    ("क्षेत्री", "Kshetri"),
    ("ज्ञवाली", "Gyawali"),
    ("सिंह", "Singh"),
    ("तामाङ", "Tamang"),
    ("गंगा", "Ganga"),
    ("विद्या", "Bidya"),
    ("प्रचण्ड", "Prachanda"),
    ("धादिङ्ग", "Dhading"),
    ("शेर बहादुर देउवा", "Sher Bahadur Deuba"),
    ("खड्ग प्रसाद शर्मा ओली", "Khadga Prasad Sharma Oli"),
    ("पुष्प कमल दाहाल", "Pushpa Kamal Dahal"),
    ("रवि लामिछाने", "Rabi Lamichhane"),
    ("वडा ५", "Wada 5"),
    ("Mohammad", "Mohamad"),
    ("Vishnu", "Bisnu"),
]

OTHER = [
    ("राम", "Sita"),
    ("काठमाडौं", "Pokhara"),
    ("दाङ", "Morang"),
    ("वडा ५", "Wada 6"),
    ("राम", ""),
    ("Ram", "..."),
]


@pytest.mark.parametrize(("first", "second"), SAME)
def test_spellings_of_one_name_match_in_both_directions(first: str, second: str) -> None:
    assert match_names_cross_language(first, second)
    assert match_names_cross_language(second, first)
    assert sound_of(first) == sound_of(second)


@pytest.mark.parametrize(("first", "second"), OTHER)
def test_other_names_do_not_match(first: str, second: str) -> None:
    assert not match_names_cross_language(first, second)


def test_names_in_other_scripts_match_when_they_are_written_the_same() -> None:
    assert match_names_cross_language("东京", "东京")
    assert not match_names_cross_language("东京", "北京")


@pytest.mark.parametrize(("first", "second"), [("", ""), ("", "-"), ("-", "???"), (" ", "राम")])
def test_a_blank_name_is_like_none(first: str, second: str) -> None:
    assert similarity(first, second) == 0.0
    assert not match_names_cross_language(first, second)


def test_the_threshold_says_how_alike_names_must_be() -> None:
    assert 0.5 < similarity("Khotang", "काठमाडौं") < 0.8
    assert match_names_cross_language("Khotang", "काठमाडौं", threshold=0.5)


def test_accents_and_unicode_forms_do_not_matter() -> None:
    assert sound_of("Rāma Śarmā") == sound_of("Rama Sharma")
    name = "पढ़ाई"
    forms = {sound_of(unicodedata.normalize(form, name)) for form in ("NFC", "NFD", "NFKD")}
    assert len(forms) == 1


@pytest.mark.parametrize(
    ("name", "normalized"),
    [
        ("  Dr. Ram  Bahadur THAPA ", "ram bahadur thapa"),
        ("डा. राम बहादुर थापा", "राम बहादुर थापा"),
        ("श्री माननीय सीता देवी", "सीता देवी"),
        ("Shree", "shree"),
        ("K.C., Hari", "k c hari"),
        ("", ""),
    ],
)
def test_a_normalized_name_has_no_titles_punctuation_or_capitals(
    name: str, normalized: str
) -> None:
    assert normalize_name(name) == normalized


def test_fuzzy_matches_come_the_most_alike_first() -> None:
    districts = ["Manang", "Morang", "Dang", "Dhading"]
    found = fuzzy_match_transliterations("मोरङ", districts)
    assert found == [("Morang", 1.0)]
    more = fuzzy_match_transliterations("मोरङ", districts, threshold=0.5)
    assert [name for name, _ in more] == ["Morang", "Manang"]
    assert fuzzy_match_transliterations("मोरङ", []) == []


def test_a_phonetic_search_finds_names_by_some_of_their_words() -> None:
    names = ["शेर बहादुर देउवा", "Ram Bahadur Thapa", "Sita Poudel"]
    assert phonetic_search_nepali("Bahadur", names) == names[:2]
    assert phonetic_search_nepali("थापा राम", names) == names[1:2]
    assert phonetic_search_nepali("पौडेल", names) == names[2:]
    assert phonetic_search_nepali("", names) == []
    assert phonetic_search_nepali("Baha", names) == []


def test_the_variants_of_a_name_begin_with_itself() -> None:
    assert extract_name_variants("Dr. Ram Bahadur Thapa") == [
        "Dr. Ram Bahadur Thapa",
        "ram bahadur thapa",
        "ram thapa",
        "ram b thapa",
        "रम बहदुर थपा",
    ]
    assert extract_name_variants("राम थापा") == ["राम थापा"]
    assert extract_name_variants("") == []


@pytest.mark.parametrize(
    ("roman", "devanagari"),
    [
        ("raam", "राम"),
        ("Siita", "सीता"),
        ("nepaal", "नेपाल"),
        ("gauN", "गौन"),
        ("aama", "आमा"),
        ("ilaam", "इलाम"),
        ("Krishna", "क्रिश्ना"),
        ("gyaan", "ज्ञान"),
        ("ward 2082", "वर्द २०८२"),
        ("", ""),
        ("राम", "राम"),
        ("é!", "é!"),
    ],
)
def test_roman_letters_are_put_into_devanagari(roman: str, devanagari: str) -> None:
    assert transliterate_to_devanagari(roman) == devanagari


def test_the_districts_of_nepal_find_each_other_across_scripts(shared_data: object) -> None:
    import json
    from pathlib import Path

    assert isinstance(shared_data, Path)
    english, nepali = (
        [
            district["name"].strip()
            for province in json.loads((shared_data / "locations" / file).read_text())
            for district in _values(province["districts"])
        ]
        for file in ("en.json", "np.json")
    )
    assert len(english) == len(nepali) == 77
    pairs = dict(zip(nepali, english, strict=True))
    unmatched = {
        pairs[name] for name in nepali if not match_names_cross_language(name, pairs[name])
    }
    # "Eastern" and "Western" are translated, not transliterated.
    assert unmatched == {"Eastern Rukum", "Western Rukum"}


def _values(items: object) -> list[dict[str, str]]:
    return list(items.values()) if isinstance(items, dict) else list(items)  # type: ignore[call-overload]
