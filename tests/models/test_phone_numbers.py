"""Phone numbers of Nepal."""

from __future__ import annotations

import pytest

from nes_tasks.models import Contact
from nes_tasks.models.phone_numbers import normalize_nepali_phone_number


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("9851081379", "+9779851081379"),
        ("01-4569033", "+97714569033"),
        ("98510, 98511", "+9779851098511"),
        ("+977 9851081379", "+9779851081379"),
        ("00977-1-4569033", "+97714569033"),
        ("9779851081379", "+9779851081379"),
        (" 0985 ", "+977985"),
        (9851081379, "+9779851081379"),
        ("९८५१०८१३७९", "+9779851081379"),
    ],
)
def test_a_number_of_nepal_gets_the_international_form(given: object, normal: str) -> None:
    assert normalize_nepali_phone_number(given) == normal
    assert Contact(type="PHONE", value=normal).value == normal


@pytest.mark.parametrize("given", [None, "", 0, "12345678901", "none", "977", "000", "-"])
def test_what_is_no_number_of_nepal_gives_none(given: object) -> None:
    assert normalize_nepali_phone_number(given) is None
