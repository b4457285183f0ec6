"""Devanagari: detection, Roman transliteration, normal form, and comparison."""

from __future__ import annotations

import unicodedata

import pytest

from nes_tasks.models.devanagari import (
    compare_devanagari,
    contains_devanagari,
    is_devanagari,
    normalize_devanagari,
    romanize_nepali,
    transliterate_to_roman,
)


@pytest.mark.parametrize(
    ("text", "contains", "only"),
    [
        ("", False, False),
        (" ", False, False),
        ("Ram", False, False),
        ("Ram राम", True, False),
        ("राम चन्द्र\t१२\n", True, True),
        ("राम, चन्द्र", True, False),
        ("\u0900", True, True),
        ("\u097f", True, True),
        ("\u0980", False, False),
        ("\u08ff", False, False),
    ],
)
def test_devanagari_is_recognised(text: str, contains: bool, only: bool) -> None:
    assert contains_devanagari(text) is contains
    assert is_devanagari(text) is only


@pytest.mark.parametrize(
    ("nepali", "roman"),
    [
        ("राम चन्द्र पौडेल", "raama chanadara paaudaela"),
        ("क्षेत्र", "kashhaetara"),
        ("ज्ञान", "janyaana"),
        ("का", "kaa"),
        ("कि", "kai"),
        ("२०७३-८-३०", "2073-8-30"),
        ("०१२३४५६७८९", "0123456789"),
        ("१२/०७७", "12/077"),
        ("नेपाल", "Nepal"),
        ("नेपाली", "Nepali"),
        ("काठमाडौं र काठमाडौ", "Kathmandu ra Kathmandu"),
        ("पोखरा, भारत", "Pokhara, Bharat"),
        ("संघ", "sangha"),
        ("दुःख", "dauhkha"),
        ("चाँद", "chaanda"),
        ("अ आ इ ई उ ऊ ऋ ए ऐ ओ औ", "a a i i u u ri e ai o au"),
        ("क ख ग घ ङ", "ka kha ga gha nga"),
        ("च छ ज झ ञ", "cha chha ja jha nya"),
        ("ट ठ ड ढ ण", "ta tha da dha na"),
        ("त थ द ध न", "ta tha da dha na"),
        ("प फ ब भ म", "pa pha ba bha ma"),
        ("य र ल व श ष स ह", "ya ra la va sha shha sa ha"),
        ("कृ के कै को कौ कु कू", "kari kae kaai kao kaau kau kau"),
        ("A।", "A।"),
        ("Ward No. 5", "Ward No. 5"),
        ("", ""),
    ],
)
def test_devanagari_is_written_in_roman_letters(nepali: str, roman: str) -> None:
    assert transliterate_to_roman(nepali) == roman
    assert romanize_nepali(nepali) == roman


def test_normal_form_is_composed_and_has_single_blanks() -> None:
    decomposed = unicodedata.normalize("NFD", "ऩ") + " \n\t x "
    assert normalize_devanagari(decomposed) == "ऩ x"


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("राम  चन्द्र", " राम चन्द्र ", True),
        (unicodedata.normalize("NFD", "ऩ"), "ऩ", True),
        ("राम", "रम", False),
        ("", " ", True),
    ],
)
def test_texts_are_compared_without_regard_to_blanks_and_encoding(
    first: str, second: str, same: bool
) -> None:
    assert compare_devanagari(first, second) is same
