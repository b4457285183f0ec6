"""Slugs made of text."""

from __future__ import annotations

import pytest

from nes_tasks.models.slugs import text_to_slug


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Ram  Bahadur_Thapa", "ram-bahadur-thapa"),
        ("A.B. (C) – D", "ab-c-d"),
        ("Élan vital", "elan-vital"),
        ("O'Brien", "obrien"),
        ("१२ Name", "name"),
        ("काठमाडौं", ""),
        ("", ""),
        ("--a--b--", "a-b"),
        ("a - b", "a-b"),
        ("tab\tnew\nline", "tab-new-line"),
        ("ﬁve ½", "five-12"),
    ],
)
def test_a_text_becomes_a_slug(text: str, slug: str) -> None:
    assert text_to_slug(text) == slug


@pytest.mark.parametrize("text", ["Ram  Bahadur_Thapa", "A.B. (C) – D", "Élan vital", "__x__"])
def test_a_slug_stays_as_it_is(text: str) -> None:
    slug = text_to_slug(text)
    assert text_to_slug(slug) == slug
