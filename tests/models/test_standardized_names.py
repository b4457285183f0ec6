"""Standard forms of names."""

from __future__ import annotations

import pytest

from nes_tasks.models.names import NameExtractor, standardize_name


@pytest.mark.parametrize(
    ("name", "standard"),
    [
        ("Marxist-Leninist party", "Marxist-leninist Party"),
        ("CPN (UML)", "CPN (UML)"),
        ("K.C.", "K.C."),
        ("McDonald o'neil", "Mcdonald O'neil"),
        ("राम   चन्द्र\nपौडेल", "राम चन्द्र पौडेल"),
        ("a B c", "A B C"),
        ("  ", ""),
        ("(uml)", "(uml)"),
    ],
)
def test_names_get_their_standard_form(name: str, standard: str) -> None:
    assert standardize_name(name) == standard
    assert NameExtractor().standardize_name(name) == standard


def test_disambiguating_a_name_trims_it() -> None:
    assert NameExtractor().disambiguate_name("  Ram Thapa ", {"any": "context"}) == "Ram Thapa"
