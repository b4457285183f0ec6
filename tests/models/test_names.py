"""Names: titles split off, romanised, compared, looked up."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from nes_tasks.models.honorifics import SplitName, split_honorifics
from nes_tasks.models.name_keys import is_blank, name_key
from nes_tasks.models.romanization import romanize
from nes_tasks.models.similar_names import best_match, name_similarity, similar_names
from nes_tasks.models.slugs import free_slug, shorten_slug, slug_for, text_to_slug


def table(path: Path) -> list[list[str]]:
    lines = path.read_text("utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize(
    ("written", "name", "honorifics"),
    [
        ("मा. डा. राम बहादुर थापा", "राम बहादुर थापा", ("मा.", "डा.")),
        ("सम्माननीय शेर बहादुर देउवा", "शेर बहादुर देउवा", ("सम्माननीय",)),
        ("अधिवक्ता स्व. गीता राई", "गीता राई", ("अधिवक्ता", "स्व.")),
        ("डा.गोविन्द के.सी.", "गोविन्द के.सी.", ("डा.",)),
        ("Hon. Dr. Ram Thapa", "Ram Thapa", ("Hon.", "Dr.")),
        ("Adv. Late Sita Rai", "Sita Rai", ("Adv.", "Late")),
        ("Capt. Hari KC", "Hari KC", ("Capt.",)),
        ("Rt. Hon. Ram Rai", "Ram Rai", ("Rt.", "Hon.")),
        ("अध्यक्षः डा. गंगा लाल श्रेष्ठ", "गंगा लाल श्रेष्ठ", ("अध्यक्ष", "डा.")),
        ("General Secretary: Asha Rai", "Asha Rai", ("General Secretary",)),
        ("राम प्रसाद ज्यू", "राम प्रसाद", ("ज्यू",)),
        ("Ram Rai, PhD", "Ram Rai", ("PhD",)),
        ("मान बहादुर", "मान बहादुर", ()),
        ("दुःखी राम", "दुःखी राम", ()),
        ("Drona Adhikari", "Drona Adhikari", ()),
        ("डा.", "डा.", ()),
        ("", "", ()),
    ],
)
def test_honorifics_and_offices_are_split_off(
    written: str, name: str, honorifics: tuple[str, ...]
) -> None:
    assert split_honorifics(written) == SplitName(name, honorifics)


@pytest.mark.parametrize(
    ("nepali", "slug"),
    [
        ("राम चन्द्र पौडेल", "ram-chandra-paudel"),
        ("गङ्गा", "ganga"),
        ("गंगा", "ganga"),
        ("श्रेष्\u200dठ", "shrestha"),
        ("चित्र बहादुर के.सी.", "chitra-bahadur-kc"),
        ("सुनसरी", "sunsari"),
        ("रामनगर", "ramnagar"),
        ("कमला", "kamala"),
        ("ईश्वरपुर", "ishworpur"),
        ("नरसिंह", "narsingh"),
        ("वडा ५", "wada-5"),
        ("Ram  Bahadur_Thapa", "ram-bahadur-thapa"),
        ("Élan vital", "elan-vital"),
    ],
)
def test_a_name_in_either_script_has_a_slug(nepali: str, slug: str) -> None:
    assert slug_for(nepali) == slug


def test_a_slug_of_roman_letters_is_that_of_text_to_slug() -> None:
    for name in ("Ram K.C.", "O'Brien", "A.B. (C) – D"):
        assert slug_for(name) == text_to_slug(name)


def test_a_long_slug_is_shortened_at_a_word_and_a_short_one_refused() -> None:
    slug = slug_for("very long name " * 20)
    assert len(slug) == 99 and slug.endswith("-name-very-long")
    assert shorten_slug("a" * 200) == "a" * 100
    for name in ("X", "", "東京"):
        with pytest.raises(ValueError, match="a slug has 3 characters or more; write one by hand"):
            slug_for(name)


def test_a_free_slug_counts_on_and_keeps_the_length() -> None:
    assert free_slug("राम प्रसाद", set()) == "ram-prasad"
    assert free_slug("राम प्रसाद", {"ram-prasad", "ram-prasad-2"}) == "ram-prasad-3"
    long = slug_for("long name " * 20)
    assert len(free_slug("long name " * 20, lambda slug: slug == long)) <= 100


def test_names_of_public_figures_are_romanised_as_they_are_spelt(project: Path) -> None:
    pairs = table(project / "benchmarks/person_names.tsv")
    right = [slug_for(nepali) == text_to_slug(english) for nepali, english in pairs]
    joined = [
        slug_for(nepali).replace("-", "") == text_to_slug(english).replace("-", "")
        for nepali, english in pairs
    ]
    assert len(pairs) >= 300
    assert sum(joined) / len(pairs) >= 0.92
    assert sum(right) <= sum(joined)


def test_letters_without_a_roman_form_stay() -> None:
    assert romanize("राम 東京 ॲ") == "ram 東京 ॲ"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("श्रेष्\u200dठ", "श्रेष्ठ"),
        ("गङ्गा", "गंगा"),
        ("काठमाडौँ", "काठमाडौं"),
        ("प\u0922\u093cाई", "पढाई"),
        ("प\u095dाई", "पढाई"),
        ("दुःख", "दुख"),
        ("कञ्चनपुर", "कन्चनपुर"),
        ("धादिंङ्ग", "धादिङ्ग"),
        ("सम्बन्ध", "संबंध"),
        ("वडा ५", "वडा 5"),
        ("RAM  Rai", "ram rai"),
        ("\u00adRam\u200b Rai", "ram rai"),
    ],
)
def test_spellings_of_one_name_have_one_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)
    assert name_key(name_key(one)) == name_key(one)


@pytest.mark.parametrize(
    ("one", "other"), [("कमल", "कमला"), ("दिन", "दीन"), ("अन्न", "अन"), ("a", "á")]
)
def test_other_names_have_other_keys(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


def test_a_name_without_letter_and_digit_is_blank() -> None:
    assert all(map(is_blank, ("", "  ", "-", "…", "\u200d", "।")))
    assert not any(map(is_blank, ("x", "५", "अ", "李")))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("काठमाडौं", "Kathmandu"), ("Sita Poudel", "सीता पौडेल"), ("Dr. Hari KC", "Hari K.C."),
        ("Laxmi", "Lakshmi"), ("Vishnu", "Bishnu"), ("Chhetri", "Kshetri"),
        ("Kavre", "काभ्रेपलाञ्चोक"),
        ("Thapa Ram", "Ram Thapa"), ("Pokhara", "Pokhara Metropolitan City"),
    ],
)  # fmt: skip
def test_spellings_of_one_name_are_similar(one: str, other: str) -> None:
    assert name_similarity(one, other) >= 0.85
    assert name_similarity(other, one) == name_similarity(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kavre", "Bara"), ("Bara", "Parsa"), ("Rolpa", "Dolpa"), ("Humla", "Jumla"),
        ("Manang", "Morang"),
        ("Ram Bahadur Thapa", "Ram Bahadur Karki"), ("Kalika Municipality", "Kalaiya Municipality"),
        ("Rajpur Municipality", "Rajpur Rural Municipality"), ("Maoist", "Marxist"),
        ("", "-"), ("-", "???"), ("", ""), ("Ram", ""),
    ],
)  # fmt: skip
def test_other_names_are_not(one: str, other: str) -> None:
    assert name_similarity(one, other) < 0.8


def test_candidates_come_the_most_alike_first() -> None:
    districts = ["Bara", "Parsa", "Kavrepalanchok", "Sindhuli", "Sindhupalchok"]
    found = similar_names("Sindhu", districts)
    assert {one.name for one in found} == {"Sindhuli", "Sindhupalchok"}
    assert best_match("Sindhu", districts) is None, "two are meant"
    assert best_match("Kavre", districts) == "Kavrepalanchok"
    assert best_match("Kavre", ["Bara", "Parsa"]) is None
    assert similar_names("Bara", districts, limit=1)[0].score == 1.0
    assert similar_names("", districts) == []


def test_other_spellings_in_lists_find_what_they_mean(project: Path, shared_data: Path) -> None:
    candidates = real_names(shared_data)
    everything = [name for names in candidates.values() for name in names]
    wrong, found, false = [], 0, []
    for spelling, meant in table(project / "benchmarks/other_spellings.tsv"):
        [among] = [names for names in candidates.values() if meant in names]
        answer = best_match(spelling, among)
        found += answer == meant
        if answer not in (None, meant):
            wrong.append((spelling, answer))
        others = [name for name in among if name != meant]
        if (without := best_match(spelling, others)) is not None:
            false.append((spelling, without))
    assert (wrong, false) == ([], [])
    assert found >= 130
    assert len(everything) > 200


def real_names(data: Path) -> dict[str, list[str]]:
    """Return the English names of districts, cities and parties."""

    def values(listed: Any) -> list[Any]:
        return list(listed.values()) if isinstance(listed, dict) else listed

    provinces = json.loads((data / "locations/en.json").read_text("utf-8"))
    districts = [one for province in provinces for one in values(province["districts"])]
    towns = [town["name"].strip() for one in districts for town in values(one["municipalities"])]
    parties = json.loads((data / "parties/parties-data-en.json").read_text("utf-8"))
    return {
        "districts": [one["name"].strip() for one in districts],
        "cities": [town for town in towns if "etropolitan" in town],
        "parties": [party["name"] for party in parties.values()],
    }


def test_the_heads_of_the_parties_lose_their_offices(shared_data: Path) -> None:
    text = (shared_data / "parties/parties-2082.csv").read_text("utf-8-sig")
    heads = [
        row["प्रमुख पदाधिकारीको नाम"] for row in csv.DictReader(text.splitlines(), delimiter="|")
    ]
    names = [split_honorifics(head).name for head in heads]
    assert not [name for name in names if ":" in name or "ः" in name or "अध्यक्ष" in name]
