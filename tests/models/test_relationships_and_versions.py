"""Relationships, versions and authors."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from nes_tasks.models.relationship import RELATIONSHIP_TYPES, Relationship
from nes_tasks.models.version import Author, Version, VersionSummary, VersionType

Data = dict[str, Any]


def test_a_relationship_has_the_id_of_its_ends_and_type(full_relationship: Data) -> None:
    relationship = Relationship.model_validate(full_relationship)
    assert relationship.id == (
        "relationship:person/rabi-lamichhane:organization/ngo/helping-hands:MEMBER_OF"
    )
    assert relationship.start_date == date(2020, 1, 1)


def test_a_relationship_needs_only_ends_and_type() -> None:
    for relationship_type in RELATIONSHIP_TYPES:
        relationship = Relationship.model_validate(
            {
                "source_entity_id": "entity:person/abc",
                "target_entity_id": "entity:organization/government/abc",
                "type": relationship_type,
            }
        )
        assert relationship.id.endswith(f":{relationship_type}")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"type": "HELD_POSITION"}, "Input should be 'AFFILIATED_WITH'"),
        ({"source_entity_id": "abc"}, "Invalid entity ID format: abc"),
        ({"target_entity_id": "entity:robot/abc"}, "Unsupported entity type robot"),
        ({"attributions": [{"title": {}, "details": None}]}, "valid string"),
        ({"start_date": "soon"}, "start_date"),
        ({"id": "relationship:x"}, "Extra inputs are not permitted"),
        ({"surprise": 1}, "Extra inputs are not permitted"),
    ],
)
def test_bad_relationships_are_refused(
    full_relationship: Data, changes: Data, message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        Relationship.model_validate(full_relationship | changes)


def test_an_author_drops_the_id_that_files_repeat() -> None:
    author = Author.model_validate({"slug": "damodar-dahal", "id": "author:someone-else"})
    assert (author.id, author.name) == ("author:damodar-dahal", None)


@pytest.mark.parametrize("slug", ["migration:001-x", "ab", "a" * 101, "Damodar", "author:abc", ""])
def test_the_slug_of_an_author_follows_the_rules_of_slugs(slug: str) -> None:
    with pytest.raises(ValidationError, match="slug"):
        Author(slug=slug)


def test_a_version_has_an_id_and_a_snapshot(full_summary: Data) -> None:
    version = Version.model_validate(full_summary | {"snapshot": {"anything": [1]}})
    assert version.id == "version:entity:person/rabi-lamichhane:3"
    assert version.type is VersionType.ENTITY
    assert version.snapshot == {"anything": [1]}
    assert Version.model_validate(full_summary).snapshot is None


@pytest.mark.parametrize("model", [VersionSummary, Version])
def test_versions_accept_the_id_of_the_author_but_not_their_own(
    model: type[VersionSummary], full_summary: Data
) -> None:
    full_summary["author"]["id"] = "author:damodar-dahal"
    model.model_validate(full_summary)
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        model.model_validate(full_summary | {"id": "version:entity:person/rabi-lamichhane:3"})


@pytest.mark.parametrize(
    "key",
    [
        "entity_or_relationship_id",
        "type",
        "version_number",
        "author",
        "change_description",
        "created_at",
    ],
)
def test_a_version_summary_needs_all_its_fields(full_summary: Data, key: str) -> None:
    del full_summary[key]
    with pytest.raises(ValidationError, match=rf"{key}\s+Field required"):
        VersionSummary.model_validate(full_summary)


def test_a_version_is_of_an_entity_or_a_relationship(full_summary: Data) -> None:
    with pytest.raises(ValidationError, match="'ENTITY' or 'RELATIONSHIP'"):
        VersionSummary.model_validate(full_summary | {"type": "AUTHOR"})
