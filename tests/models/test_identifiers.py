"""Identifiers of entities, relationships, versions and authors."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nes_tasks.models.entity_types import (
    ALLOWED_ENTITY_PREFIXES,
    ENTITY_TYPE_MAP,
    EntitySubType,
    EntityType,
)
from nes_tasks.models.identifiers import (
    break_author_id,
    break_entity_id,
    break_relationship_id,
    break_version_id,
    build_author_id,
    build_entity_id,
    build_entity_id_from_prefix,
    build_relationship_id,
    build_version_id,
    is_valid_author_id,
    is_valid_entity_id,
    is_valid_relationship_id,
    is_valid_version_id,
    validate_author_id,
    validate_entity_id,
    validate_entity_prefix,
    validate_relationship_id,
    validate_version_id,
)

COMMISSION = "organization/government/commission/federal"
FUNDED = (
    "relationship:project/development_project/wb-p511767"
    ":organization/international_org/world-bank:FUNDED_BY"
)


@pytest.mark.parametrize(
    ("arguments", "identifier"),
    [
        (("person", None, "rabi-lamichhane"), "entity:person/rabi-lamichhane"),
        (("location", "district", "kathmandu"), "entity:location/district/kathmandu"),
        ((EntityType.LOCATION, EntitySubType.WARD, "x"), "entity:location/ward/x"),
        (("nothing is", "checked", ""), "entity:nothing is/checked/"),
    ],
)
def test_an_entity_id_is_built_from_type_sub_type_and_slug(
    arguments: tuple[str, str | None, str], identifier: str
) -> None:
    assert build_entity_id(*arguments) == identifier


@pytest.mark.parametrize(
    ("identifier", "parts", "prefix"),
    [
        ("entity:person/abc", ("person", None, "abc"), "person"),
        ("entity:location/ward/abc", ("location", "ward", "abc"), "location/ward"),
        (
            f"entity:{COMMISSION}/abc",
            ("organization", "government/commission/federal", "abc"),
            COMMISSION,
        ),
    ],
)
def test_an_entity_id_is_broken_into_parts_that_build_it_again(
    identifier: str, parts: tuple[str, str | None, str], prefix: str
) -> None:
    broken = break_entity_id(identifier)
    assert broken == parts
    assert (broken.type, broken.subtype, broken.slug) == parts
    assert broken.prefix == prefix
    assert build_entity_id(*broken) == identifier
    assert build_entity_id_from_prefix(broken.prefix, broken.slug) == identifier


@pytest.mark.parametrize("identifier", ["", "person/abc", "entity:abc", "entity:a/b/c/d/e/f"])
def test_what_is_no_entity_id_is_not_broken(identifier: str) -> None:
    with pytest.raises(ValueError, match=r"^Invalid entity ID format$"):
        break_entity_id(identifier)


@pytest.mark.parametrize("start", ["", "entity:"])
def test_a_relationship_id_is_built_and_broken(start: str) -> None:
    source = "project/development_project/wb-p511767"
    target = "organization/international_org/world-bank"
    assert build_relationship_id(start + source, start + target, "FUNDED_BY") == FUNDED
    parts = break_relationship_id(FUNDED)
    assert parts == (f"entity:{source}", f"entity:{target}", "FUNDED_BY")
    assert (parts.source, parts.target, parts.type) == parts


@pytest.mark.parametrize("identifier", ["", "a:b:C", "relationship:a:b", "relationship:a:b:c:d"])
def test_what_is_no_relationship_id_is_not_broken(identifier: str) -> None:
    with pytest.raises(ValueError, match=r"^Invalid relationship ID format$"):
        break_relationship_id(identifier)


@pytest.mark.parametrize("subject", ["entity:person/x-y", FUNDED])
def test_a_version_id_is_built_and_broken(subject: str) -> None:
    identifier = build_version_id(subject, 12)
    assert identifier == f"version:{subject}:12"
    parts = break_version_id(identifier)
    assert (parts.entity_or_relationship_id, parts.version_number) == parts == (subject, 12)


@pytest.mark.parametrize(
    ("identifier", "message"),
    [
        ("entity:person/x-y:1", "Invalid version ID format"),
        ("version:author:abc:1", "Version ID must contain entity or relationship ID"),
        ("version:1", "Version ID must contain entity or relationship ID"),
        ("version:entity:person/x-y", "Version ID must contain entity or relationship ID"),
        ("version:entity:person/x-y:one", "Invalid version number format"),
        ("version:entity:person/x-y:-1", "Invalid version number format"),
        ("version:entity:person/x-y:१", "Invalid version number format"),
        ("version:entity:person/x-y:", "Invalid version number format"),
    ],
)
def test_what_is_no_version_id_is_not_broken(identifier: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        break_version_id(identifier)
    assert not is_valid_version_id(identifier)


def test_an_author_id_is_built_and_broken() -> None:
    assert build_author_id("damodar-dahal") == "author:damodar-dahal"
    assert break_author_id("author:damodar-dahal") == ("damodar-dahal",)
    with pytest.raises(ValueError, match=r"^Invalid author ID format$"):
        break_author_id("damodar-dahal")


@pytest.mark.parametrize(
    ("identifier", "message"),
    [
        ("person/abc", "Invalid entity ID format: person/abc"),
        ("entity:abc", "Invalid entity ID format: entity:abc"),
        ("entity:a/b/c/d/e/f", "Invalid entity ID format: entity:a/b/c/d/e/f"),
        ("entity:abcdefghijklmnopq/abc", "Entity type too long: abcdefghijklmnopq"),
        ("entity:robot/abc", "Unsupported entity type robot."),
        ("entity:/abc", "Unsupported entity type ."),
        ("entity:person/politician/abc", "Unsupported entity sub type politician."),
        (
            "entity:person/ward/abc",
            "Entity subtype ward not supported for entity type EntityType.PERSON.",
        ),
        (
            "entity:organization/ward/abc",
            "Entity subtype ward not supported for entity type EntityType.ORGANIZATION.",
        ),
        ("entity:person/ab", "Entity slug length invalid: ab"),
        ("entity:person/", "Entity slug length invalid: "),
        (f"entity:person/{'a' * 101}", f"Entity slug length invalid: {'a' * 101}"),
        ("entity:person/Abc", "Invalid entity slug format: Abc"),
        ("entity:person/abc\n", "Invalid entity slug format: abc\n"),
        ("entity:person/काठ-", "Invalid entity slug format: काठ-"),
        (
            "entity:organization/government/provincial/abc",
            "Entity prefix 'organization/government/provincial' is not allowed."
            " Add it to ALLOWED_ENTITY_PREFIXES in nes_tasks.models.entity_types",
        ),
    ],
)
def test_an_invalid_entity_id_is_refused_with_the_reason(identifier: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        validate_entity_id(identifier)
    assert str(caught.value) == message
    assert not is_valid_entity_id(identifier)


@pytest.mark.parametrize("slug", ["abc", "a" * 100, "---", "2079-x"])
@pytest.mark.parametrize("prefix", sorted(ALLOWED_ENTITY_PREFIXES))
def test_every_allowed_prefix_makes_valid_ids(prefix: str, slug: str) -> None:
    identifier = build_entity_id_from_prefix(prefix, slug)
    assert validate_entity_id(identifier) == identifier
    assert is_valid_entity_id(identifier)
    assert validate_entity_prefix(prefix) == prefix


def test_allowed_prefixes_are_types_sub_types_and_the_government() -> None:
    assert sum(map(len, ENTITY_TYPE_MAP.values())) == 18
    assert len(ALLOWED_ENTITY_PREFIXES) == 24
    assert COMMISSION in ALLOWED_ENTITY_PREFIXES


@pytest.mark.parametrize(
    ("prefix", "message"),
    [
        ("", "must not be empty"),
        ("organization/my ngo", "must not contain blanks"),
        ("organization/\u00a0", "must not contain blanks"),
        ("organization//ngo", "has an empty segment"),
        ("organization/", "has an empty segment"),
        ("organization/a/b/c/d", "more than 4 segments"),
        ("robot", "'robot' is not a valid EntityType"),
        ("organization/ward", "'organization/ward' is not allowed"),
    ],
)
def test_a_prefix_that_is_not_allowed_is_refused(prefix: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        validate_entity_prefix(prefix)


@pytest.mark.parametrize(
    ("validate", "identifier", "message"),
    [
        (validate_relationship_id, "x", "Invalid relationship ID format: x"),
        (
            validate_relationship_id,
            "relationship:robot/abc:person/abc:MEMBER_OF",
            "Unsupported entity type robot.",
        ),
        (
            validate_relationship_id,
            "relationship:person/abc:person/ab:MEMBER_OF",
            "Entity slug length invalid: ab",
        ),
        (
            validate_relationship_id,
            "relationship:person/abc:person/abd:",
            "Invalid relationship ID format: relationship:person/abc:person/abd:",
        ),
        (validate_version_id, "x", "Invalid version ID format: x"),
        (validate_version_id, "version:entity:robot/abc:1", "Unsupported entity type robot."),
        (
            validate_version_id,
            "version:relationship:person/abc:1",
            "Invalid relationship ID format: relationship:person/abc",
        ),
        (validate_author_id, "damodar", "Invalid author ID format: damodar"),
        (validate_author_id, "author:ab", "Author slug length invalid: ab"),
        (validate_author_id, "author:migration:001", "Invalid author slug format: migration:001"),
    ],
)
def test_other_invalid_ids_are_refused_with_the_reason(
    validate: Callable[[str], str], identifier: str, message: str
) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        validate(identifier)
    assert str(caught.value) == message


def test_valid_ids_of_every_kind_pass() -> None:
    assert validate_relationship_id(FUNDED) == FUNDED
    assert is_valid_relationship_id(FUNDED)
    assert is_valid_version_id(f"version:{FUNDED}:1")
    assert is_valid_version_id(f"version:entity:{COMMISSION}/abc:22")
    assert is_valid_author_id("author:migration-000-example-migration")
    assert not is_valid_author_id("author:")
    assert not is_valid_relationship_id("entity:person/abc")
