"""Amounts, phone numbers, text for old fonts, and damaged text."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from nes_tasks.models.amounts import Amount, read_amount, read_number, read_percent
from nes_tasks.models.base import Contact
from nes_tasks.models.damage import DamageKind, damage_of, forbidden_characters
from nes_tasks.models.legacy_fonts import looks_legacy, to_unicode
from nes_tasks.models.phone_numbers import read_phone_numbers


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("Rs. 1,23,456", 123456, "NPR"),
        ("Rs.1,23,456/-", 123456, "NPR"),
        ("रु. १२,३४,५६७।००", 1234567, "NPR"),
        ("NPR 1,234,567.50", 1234567.5, "NPR"),
        ("5 lakh", 500000, None),
        ("Rs 5 lakh 25 thousand", 525000, "NPR"),
        ("2.5 crore", 25000000, None),
        ("१ करोड २५ लाख", 12500000, None),
        ("१.५ करोड रुपैयाँ", 15000000, "NPR"),
        ("US$ 1,000", 1000, "USD"),
        ("(1,234)", -1234, None),
        ("Rs. -500", -500, "NPR"),
        ("1 234 567", 1234567, None),
        ("१,००,०००", 100000, None),
    ],
)
def test_a_sum_is_read(text: str, value: float, currency: str | None) -> None:
    amount = read_amount(text)
    assert amount == Amount(value, currency)
    assert type(amount.value) is type(value)


@pytest.mark.parametrize(
    "text",
    ["1,23,45", "12,5", "1,000,00", "", "abc", "12 apples", "1e5", "5 thousand 2 lakh", "--5"],
)
def test_what_is_not_clearly_a_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a number|not clear"):
        read_number(text)


def test_decimal_commas_are_read_when_asked_for() -> None:
    assert read_number("1.234,5", decimal=",") == 1234.5
    assert read_number("12,5", decimal=",") == 12.5
    assert read_number("१२,३४,५६७") == 1234567
    with pytest.raises(ValueError, match=r'use "\." or ","'):
        read_number("1", decimal=";")


def test_a_percentage_has_its_sign() -> None:
    assert read_percent("12.5%") == 12.5
    assert read_percent("१२ प्रतिशत") == 12
    with pytest.raises(ValueError, match="is not a percentage"):
        read_percent("12")


MOBILE = ("+9779851000000", "mobile", None)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("01-4211641 ext 12", [("+97714211641", "land line", "12")]),
        ("01 4211641, ext. 12", [("+97714211641", "land line", "12")]),
        ("100", [("100", "short code", None)]),
        ("9851000000, 9841000000", [MOBILE, ("+9779841000000", "mobile", None)]),
        ("9851000000 9841000000", [MOBILE, ("+9779841000000", "mobile", None)]),
        ("मो. ९८५१०००००० र ०१-४२११६४१", [MOBILE, ("+97714211641", "land line", None)]),
        ("+977-1-4211641", [("+97714211641", "land line", None)]),
        ("00977 9851000000", [("+9779851000000", "mobile", None)]),
        ("061-520600", [("+97761520600", "land line", None)]),
        ("1660-01-00000", [("+97716600100000", "toll free", None)]),
        ("+91 98765 43210", [("+919876543210", "foreign", None)]),
        (9851081379, [("+9779851081379", "mobile", None)]),
        ("", []),
        (None, []),
    ],
)  # fmt: skip
def test_the_phone_numbers_of_a_cell_are_read(
    text: object, numbers: list[tuple[str, str, str | None]]
) -> None:
    found = read_phone_numbers(text)
    assert [(one.number, one.kind, one.extension) for one in found] == numbers
    for one in found:
        kind = "OTHER" if one.kind == "short code" else "PHONE"
        assert Contact(type=kind, value=one.number)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("4211289", 'has no area code; pass area_code="1" if it is in the Kathmandu valley'),
        ("01-4211641/42", "'42' is not a Nepali phone number: it has 2 digits"),
        ("98510", "is not a Nepali phone number: it has 5 digits"),
        ("12345678901", "it has 11 digits"),
        ("none", "'none' is not a phone number"),
        ("+12", "is not a phone number"),
    ],
)
def test_what_is_not_a_whole_number_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_phone_numbers(text)


def test_an_area_code_completes_numbers() -> None:
    [number] = read_phone_numbers("4211289", area_code="01")
    assert number.number == "+97714211289"
    with pytest.raises(ValueError, match="is not a number of the area 1"):
        read_phone_numbers("420374", area_code="1")


LEGACY = [
    line.split("\t")
    for line in (Path(__file__).with_name("legacy_pairs.tsv")).read_text("utf-8").splitlines()
]


@pytest.mark.parametrize(("typed", "nepali"), LEGACY)
def test_text_for_preeti_becomes_unicode(typed: str, nepali: str) -> None:
    assert to_unicode(typed) == nepali


def test_kantipur_has_keys_of_its_own() -> None:
    assert to_unicode("g]kfn", "kantipur") == "नेपाल"
    assert to_unicode("Xbo", "kantipur") == "हृदय"
    assert to_unicode("Xbo") != "हृदय"


def test_text_for_these_fonts_is_recognised(project: Path) -> None:
    assert looks_legacy("sf7df8f}+")
    assert sum(looks_legacy(typed) for typed, _ in LEGACY) >= 45
    assert looks_legacy(" ".join(typed for typed, _ in LEGACY[:20]))


@pytest.mark.parametrize(
    "text",
    [
        "Kathmandu", "CPN (UML)", "A/B", "O'Brien", "McDonald", "asha@example.org", "B+", "km/h",
        "https://example.org/a?b=[c]", "COVID-19", "and/or", "html", "csv tsv", "नेपाल", "",
        "Pvt. Ltd.", "2025-11-11T00:00:00Z", "2025-11-09T08:27:03.357205",
    ],
)  # fmt: skip
def test_ordinary_text_is_not_taken_for_them(text: str) -> None:
    assert not looks_legacy(text)


def test_no_name_of_a_public_figure_is_taken_for_damaged(project: Path) -> None:
    lines = (project / "benchmarks/person_names.tsv").read_text("utf-8").splitlines()[1:]
    names = [name for line in lines for name in line.split("\t")]
    assert len(names) > 600
    assert [name for name in names if damage_of(name) or looks_legacy(name)] == []


@pytest.mark.parametrize(
    ("text", "kind", "repaired"),
    [
        ("??? ???", DamageKind.QUESTION_MARKS, None),
        ("Ward ???", DamageKind.QUESTION_MARKS, None),
        ("à¤°à¤¾à¤®", DamageKind.MOJIBAKE, "राम"),
        ("काठमाडौं".encode().decode("latin-1"), DamageKind.MOJIBAKE, "काठमाडौं"),
        ("JosÃ©", DamageKind.MOJIBAKE, "José"),
        ("Ram&nbsp;Thapa", DamageKind.MARKUP, "Ram Thapa"),
        ("<b>Ram</b>", DamageKind.MARKUP, "Ram"),
        ("sf7df8f}+", DamageKind.LEGACY_FONT, "काठमाडौं"),
        ("Caf\ufffd", DamageKind.REPLACEMENT, None),
        ("a\x00b", DamageKind.CONTROL, None),
        ("a\u202eb", DamageKind.CONTROL, None),
        ("Ram\nThapa", DamageKind.CONTROL, None),
    ],
)
def test_damaged_text_is_recognised(text: str, kind: DamageKind, repaired: str | None) -> None:
    damage = damage_of(text)
    assert damage is not None
    assert (damage.kind, damage.repaired) == (kind, repaired)
    assert damage.explanation


@pytest.mark.parametrize(
    "text",
    ["", "What?", "Élan", "A & B Ltd.", "x < y", "श्रेष्\u200dठ", "Â", "R&D", "AT&T; x", "नेपाल"],
)
def test_sound_text_is_not(text: str) -> None:
    assert damage_of(text) is None


def test_forbidden_characters_are_named_once() -> None:
    assert forbidden_characters("a\x00b\x00\u202e\u200d") == ["U+0000", "U+202E"]


def test_forbidden_are_controls_surrogates_separators_and_what_changes_the_direction() -> None:
    changing = set("\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    for character in map(chr, range(0x110000)):
        expected = unicodedata.category(character) in ("Cc", "Cs") or character in changing
        assert bool(forbidden_characters(character)) is expected
