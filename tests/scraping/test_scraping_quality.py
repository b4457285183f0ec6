"""Warnings about scraped data for its reviewer."""

from __future__ import annotations

from typing import Any

import pytest

from nes_tasks.scraping import DataQualityAssessor

TEXT = "Ram Thapa (राम थापा), born १४ October 1944 in\nTanahun, is a politician."
GOOD = {
    "slug": "ram-thapa",
    "names": [{"kind": "PRIMARY", "en": {"full": "Ram Thapa"}, "ne": {"full": "राम थापा"}}],
    "identifiers": [{"scheme": "wikidata", "value": "Q1"}],
}


def test_data_that_is_all_there_has_no_issues() -> None:
    report = DataQualityAssessor().assess(GOOD, TEXT)
    assert report.is_good
    assert (report.issues, report.unsupported) == ((), {})


@pytest.mark.parametrize(
    ("change", "issue"),
    [
        ({"slug": None}, "slug is None, not 3 to 100 characters"),
        ({"slug": "ab"}, "slug is 'ab', not 3 to 100 characters"),
        ({"names": []}, "no name of kind PRIMARY"),
        ({"names": [{"kind": "ALIAS", "en": {"full": "Ram"}}]}, "no name of kind PRIMARY"),
        ({"names": [{"kind": "PRIMARY", "en": {"full": "Ram"}}]}, "not given in Nepali"),
        ({"names": [{"kind": "PRIMARY", "ne": {"full": "राम"}}]}, "not given in English"),
        ({"identifiers": []}, "neither identifiers nor attributions say where it comes from"),
    ],
)
def test_what_is_missing_is_said(change: dict[str, Any], issue: str) -> None:
    report = DataQualityAssessor().assess({**GOOD, **change})
    assert not report.is_good
    assert any(issue in text for text in report.issues)


def test_what_the_source_does_not_say_is_listed_with_its_place() -> None:
    data = {
        "name": "ram  thapa",
        "born": {"day": 14, "place": "Tanahun", "father": "Shyam"},
        "jobs": ["politician", "lawyer"],
        "flag": True,
        "none": None,
        "empty": " ",
        "votes": 2.5,
    }
    assert DataQualityAssessor().unsupported(data, TEXT) == {
        "born.father": "Shyam",
        "jobs[1]": "lawyer",
        "votes": "2.5",
    }


def test_what_data_is_filed_by_need_not_be_said() -> None:
    data = {**GOOD, "type": "person", "attributes": {"occupations": ["judge"]}}
    assert DataQualityAssessor().assess(data, TEXT).unsupported == {
        "attributes.occupations[0]": "judge"
    }
