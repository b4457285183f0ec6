"""Text from outside: escaped, quoted, truncated, compared."""

import pytest

from nes_tasks.text import MAX_QUOTED, casefold_key, escape_control, quote, truncate


def test_a_truncated_text_has_at_most_the_limit() -> None:
    assert truncate("abcde", 5) == "abcde"
    assert truncate("abcdef", 5) == "abcd…"


def test_a_quoted_text_is_escaped_and_truncated() -> None:
    assert quote("a\x1b[2J") == r"'a\x1b[2J'"
    assert len(quote("a" * 1000)) == MAX_QUOTED + len("''")
    assert escape_control("नेपाल\u202e") == r"नेपाल\u202e"


@pytest.mark.parametrize(
    ("one", "other"), [("ABC", "abc"), ("\u00c9", "e\u0301"), ("Straße", "STRASSE"), ("ड़", "ड़")]
)
def test_case_and_unicode_form_do_not_change_the_key(one: str, other: str) -> None:
    assert casefold_key(one) == casefold_key(other)


def test_white_space_and_letters_change_the_key() -> None:
    assert len({casefold_key(text) for text in ("a b", "a  b", "ab", "क", "ख")}) == 5
