"""Paths of files by identifier, and identifiers by path."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from nes_tasks.models.identifiers import InvalidIdentifierError, id_of, path_of

PAIRS = [
    ("entity:person/rabi-lamichhane", "entity/person/rabi-lamichhane.json"),
    ("entity:location/ward/a-ward-1", "entity/location/ward/a-ward-1.json"),
    ("entity:project/wb-p511767", "entity/project/wb-p511767.json"),
    (
        "entity:organization/government/commission/federal/tharu-commission",
        "entity/organization/government/commission/federal/tharu-commission.json",
    ),
    ("author:damodar-dahal", "author/damodar-dahal.json"),
    ("version:entity:person/x-y:1", "version/entity/person/x-y/1.json"),
    ("version:entity:location/ward/x-y:22", "version/entity/location/ward/x-y/22.json"),
    (
        "relationship:project/development_project/wb-p511767"
        ":organization/international_org/world-bank:FUNDED_BY",
        "relationship/project/development_project/wb-p511767"
        "/organization/international_org/world-bank/FUNDED_BY.json",
    ),
    (
        "relationship:person/abc:person/def:SUPERVISES",
        "relationship/person/abc/person/def/SUPERVISES.json",
    ),
    (
        "relationship:organization/ngo:organization/ngo/abc:PARENT_OF",
        "relationship/organization/ngo/organization/ngo/abc/PARENT_OF.json",
    ),
    (
        "relationship:organization/ngo/organization:organization/ngo:PARENT_OF",
        "relationship/organization/ngo/organization/organization/ngo/PARENT_OF.json",
    ),
    (
        "relationship:organization/government/federal/person"
        ":organization/government/commission/federal/abc:PARENT_OF",
        "relationship/organization/government/federal/person"
        "/organization/government/commission/federal/abc/PARENT_OF.json",
    ),
    (
        "version:relationship:person/abc:person/def:SUPERVISES:3",
        "version/relationship/person/abc/person/def/SUPERVISES/3.json",
    ),
]

HOSTILE = [
    "",
    ":",
    "/",
    "entity:",
    "entity:person/",
    "entity:/etc/passwd",
    "/etc/passwd",
    "//host/share",
    "entity:../../x",
    "entity:person/../x",
    "entity:person/..",
    "entity:person/.",
    "entity:./person",
    "..",
    "entity:person//x",
    "entity::x",
    "author::",
    "entity:person\\..\\x",
    "C:\\x",
    "entity:person/a\0b",
    "entity:person/a\nb",
    "entity:person/a\rb",
    "entity:person/a\tb",
    "entity:person/a\x1bb",
    "entity:person/a\x7fb",
    "entity:person/काठमाडौं",
    "entity:person/e\u0301lan",
    "entity:person/\u00e9lan",
    "entity:person/a\u202eb",
    "entity:person/\uff0e\uff0e",
    "entity:person/a\u2215b",
    "entity:person/\ud800",
    ".git/config",
    "entity:.git/hooks/post-checkout",
    "entity:.GIT/x",
    "entity:git~1/x",
    "entity:GIT~1/x",
    "entity:person/.gitmodules",
    "migration-logs/001-x/metadata",
    "Migration-Logs:001-x/metadata",
    "entity:person/" + "a" * 251,
    "entity:" + "a" * 256 + "/abc",
]


@pytest.mark.parametrize(("identifier", "path"), PAIRS)
def test_ids_and_paths_are_each_others_inverse(identifier: str, path: str) -> None:
    assert path_of(identifier) == path
    assert id_of(path) == identifier


@pytest.mark.parametrize(
    ("identifier", "path"),
    [
        ("damodar-dahal", "damodar-dahal.json"),
        ("entity:person/Nobody Here", "entity/person/Nobody Here.json"),
        ("entity:robot/x", "entity/robot/x.json"),
        ("author:migration:001-x", "author/migration/001-x.json"),
        ("entity:person/a..b", "entity/person/a..b.json"),
    ],
)
def test_ids_that_merely_do_not_exist_have_a_path(identifier: str, path: str) -> None:
    assert path_of(identifier) == path


@pytest.mark.parametrize("identifier", HOSTILE)
def test_hostile_ids_are_refused(identifier: str) -> None:
    with pytest.raises(InvalidIdentifierError):
        path_of(identifier)


@pytest.mark.parametrize("identifier", HOSTILE)
def test_hostile_parts_are_refused_wherever_they_stand(identifier: str) -> None:
    for wrapped in (f"version:entity:person/{identifier}:1", f"relationship:{identifier}:x:Y"):
        if "igration" not in identifier.lower():
            with pytest.raises(InvalidIdentifierError):
                path_of(wrapped)


@pytest.mark.parametrize("identifier", HOSTILE)
def test_hostile_paths_have_no_id(identifier: str) -> None:
    with pytest.raises(InvalidIdentifierError):
        id_of(identifier.replace(":", "/") + ".json")


@pytest.mark.parametrize(
    "path",
    [
        "entity/person/abc",
        "entity/person/abc.txt",
        "entity/abc.json",
        "entity:person/abc.json",
        "author/a/b.json",
        "author.json",
        "version/1.json",
        "version/entity/1.json",
        "version/entity/person/1.json",
        "version/author/abc/1.json",
        "relationship/person/abc/MEMBER_OF.json",
        "relationship/person/abc/robot/abc/MEMBER_OF.json",
        "migration-logs/001-x/metadata.json",
        "README.json",
    ],
)
def test_paths_of_other_files_have_no_id(path: str) -> None:
    with pytest.raises(InvalidIdentifierError, match=path):
        id_of(path)


def test_the_longest_name_that_a_file_system_takes_is_accepted(tmp_path: Path) -> None:
    longest = tmp_path / PurePosixPath(path_of("entity:" + "a" * 250)).name
    longest.write_text("x")
    assert longest.read_text() == "x"


def test_refusals_are_value_errors_that_name_the_id() -> None:
    with pytest.raises(ValueError, match=r"entity:\.\./x.*'\.\.'"):
        path_of("entity:../x")
