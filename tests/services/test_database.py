"""The database: files of objects, listings and their filters, and what is wrong with files."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nes_tasks.database.store import FolderStore, Store
from nes_tasks.errors import NesTasksError
from nes_tasks.models.codec import MalformedFileError, entity_from_dict
from nes_tasks.models.entity import Entity, EntitySubType, EntityType
from nes_tasks.models.identifiers import InvalidIdentifierError
from nes_tasks.models.relationship import Relationship
from nes_tasks.models.version import Author, Version, VersionSummary
from nes_tasks.services.database import EntityDatabase

from .samples import START, files, name

run = asyncio.run


def summary(identifier: str, number: int = 1, slug: str = "jane-doe") -> dict[str, Any]:
    return {
        "entity_or_relationship_id": identifier,
        "type": "ENTITY",
        "version_number": number,
        "author": {"slug": slug},
        "change_description": f"change {number}",
        "created_at": START + timedelta(days=number),
    }


def entity(type: str, slug: str, sub_type: str | None = None, **fields: Any) -> Entity:  # noqa: A002
    return entity_from_dict(
        {
            "type": type,
            **({"sub_type": sub_type} if sub_type else {}),
            "slug": slug,
            "names": [name(slug)],
            "version_summary": summary("any"),
            "created_at": START,
            **fields,
        }
    )


def put(database: EntityDatabase, *entities: Entity) -> None:
    for one in entities:
        run(database.put_entity(one))


def slugs(entities: list[Entity]) -> list[str]:
    return [one.slug for one in entities]


@pytest.fixture
def filled(database: EntityDatabase) -> EntityDatabase:
    put(
        database,
        entity("person", "zed-zed", tags=["old", "good"]),
        entity("person", "ann-lee", attributes={"age": 7, "none": None}),
        entity("location", "bara", "district", attributes={"age": 7, "code": "x"}),
        entity("location", "dang", "district"),
        entity("location", "bara-ward-1", "ward"),
        entity("organization", "some-ngo", "ngo"),
        entity("organization", "plain-org"),
        entity(
            "organization",
            "women-commission",
            entity_prefix="organization/government/commission/federal",
        ),
        entity("organization", "old-office", "government_body"),
        entity("project", "big-dam"),
    )
    return database


# One object


def test_what_is_put_can_be_got(database: EntityDatabase, store: Store) -> None:
    one = entity("person", "ann-lee")
    assert run(database.put_entity(one)) is one
    got = run(database.get_entity("entity:person/ann-lee"))
    assert got is not None
    assert got is not one
    assert got.id == one.id
    assert list(files(store)) == ["entity/person/ann-lee.json"], "no version is written"


def test_changing_an_object_changes_nothing_until_it_is_put_back(filled: EntityDatabase) -> None:
    one = run(filled.get_entity("entity:person/ann-lee"))
    assert one is not None
    one.tags = ["new"]
    again = run(filled.get_entity("entity:person/ann-lee"))
    assert again is not None
    assert again.tags is None
    run(filled.put_entity(one))
    again = run(filled.get_entity("entity:person/ann-lee"))
    assert again is not None
    assert again.tags == ["new"]


def test_every_kind_is_put_got_and_deleted(database: EntityDatabase, store: Store) -> None:
    link = Relationship(
        source_entity_id="entity:person/ann-lee",
        target_entity_id="entity:organization/ngo/some-ngo",
        type="MEMBER_OF",
    )
    version = Version(**summary("entity:person/ann-lee", 3), snapshot={"a": 1})
    author = Author(slug="jane-doe", name="Jane")
    run(database.put_relationship(link))
    run(database.put_version(version))
    run(database.put_author(author))
    assert sorted(files(store)) == [
        "author/jane-doe.json",
        "relationship/person/ann-lee/organization/ngo/some-ngo/MEMBER_OF.json",
        "version/entity/person/ann-lee/3.json",
    ]
    assert run(database.get_relationship(link.id)) == link
    assert run(database.get_version(version.id)) == version
    assert run(database.get_author(author.id)) == author
    for delete, identifier in (
        (database.delete_relationship, link.id),
        (database.delete_version, version.id),
        (database.delete_author, author.id),
    ):
        assert run(delete(identifier)) is True
        assert run(delete(identifier)) is False
    assert files(store) == {}


def test_what_is_absent_is_none_and_deleting_it_false(database: EntityDatabase) -> None:
    assert run(database.get_entity("entity:person/nobody")) is None
    assert run(database.get_relationship("relationship:person/a-a:person/b-b:MEMBER_OF")) is None
    assert run(database.get_version("version:entity:person/nobody:1")) is None
    assert run(database.get_author("author:nobody")) is None
    assert run(database.delete_entity("entity:person/nobody")) is False


HOSTILE = [
    "entity:../../x",
    "entity:person/../../author/jane-doe",
    "entity:/etc/passwd",
    "entity:person/.git/config",
    "entity:person/a\0b",
    "entity:person/a\\b",
    "entity:person/काठ",
    "entity:",
    "",
    "jane-doe",
    "author:jane-doe",
    "migration-logs:001-x:marker",
    None,
    7,
]


@pytest.mark.parametrize("identifier", HOSTILE)
def test_a_hostile_id_finds_nothing_and_is_refused_where_it_would_change_something(
    database: EntityDatabase, store: Store, identifier: Any
) -> None:
    run(database.put_author(Author(slug="jane-doe")))
    before = files(store)
    assert run(database.get_entity(identifier)) is None
    assert run(database.batch_get_entities([identifier])) == [None]
    assert run(database.get_version(identifier)) is None
    assert run(database.list_versions_by_entity(identifier)) == []
    assert run(database.list_relationships_by_entity(identifier)) == []
    with pytest.raises(InvalidIdentifierError):
        run(database.delete_entity(identifier))
    with pytest.raises(InvalidIdentifierError):
        run(database.delete_version(identifier))
    assert files(store) == before


def test_objects_with_hostile_ids_are_not_written(database: EntityDatabase, store: Store) -> None:
    one = entity("person", "ann-lee")
    link = Relationship(
        source_entity_id="entity:person/ann-lee",
        target_entity_id="entity:person/bob-lee",
        type="MEMBER_OF",
    )
    author = Author(slug="jane-doe")
    version = Version(**summary("entity:../../x"))
    for hostile in ("../../x", ".git", "a\0b", "ann lee", "x/../../y"):
        one.slug = author.slug = hostile
        link.target_entity_id = f"entity:person/{hostile}"
        for change in (
            database.put_entity(one),
            database.put_author(author),
            database.put_relationship(link),
            database.put_version(version),
        ):
            with pytest.raises(ValueError, match=r"slug|part|character|entity"):
                run(change)
    assert files(store) == {}


def test_what_could_not_be_read_back_is_not_written(database: EntityDatabase, store: Store) -> None:
    one = entity("person", "ann-lee")
    run(database.put_entity(one))
    before = files(store)
    one.names = []
    with pytest.raises(MalformedFileError, match="entity:person/ann-lee: names"):
        run(database.put_entity(one))
    version = Version(**summary("entity:person/ann-lee"))
    version.version_number = "first"  # type: ignore[assignment]
    with pytest.raises(MalformedFileError, match="version_number"):
        run(database.put_version(version))
    assert files(store) == before


def test_several_entities_are_got_in_the_order_asked_for(filled: EntityDatabase) -> None:
    ids = ["entity:person/zed-zed", "entity:person/nobody", "../x", "entity:location/ward/none"]
    ids += ["entity:location/district/bara", "entity:person/zed-zed"]
    found = run(filled.batch_get_entities(ids))
    assert [one.slug if one else None for one in found] == [
        "zed-zed",
        None,
        None,
        None,
        "bara",
        "zed-zed",
    ]
    assert run(filled.batch_get_entities([])) == []


# Listings of entities


def test_entities_are_listed_by_path(filled: EntityDatabase) -> None:
    assert slugs(run(filled.list_entities())) == [
        "bara",
        "dang",
        "bara-ward-1",
        "women-commission",
        "old-office",
        "some-ngo",
        "plain-org",
        "ann-lee",
        "zed-zed",
        "big-dam",
    ]


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ({"entity_type": "location"}, ["bara", "dang", "bara-ward-1"]),
        ({"entity_type": EntityType.LOCATION}, ["bara", "dang", "bara-ward-1"]),
        ({"entity_type": "location", "sub_type": "district"}, ["bara", "dang"]),
        (
            {"entity_type": EntityType.LOCATION, "sub_type": EntitySubType.DISTRICT},
            ["bara", "dang"],
        ),
        ({"entity_type": "location", "sub_type": None}, ["bara", "dang", "bara-ward-1"]),
        ({"sub_type": "district"}, ["bara", "dang"]),
        ({"sub_type": EntitySubType.WARD}, ["bara-ward-1"]),
        (
            {"entity_type": "organization"},
            ["women-commission", "old-office", "some-ngo", "plain-org"],
        ),
        ({"entity_type": "project"}, ["big-dam"]),
        ({"entity_type": "location", "sub_type": "ngo"}, []),
        ({"entity_type": "location", "sub_type": "province"}, []),
        ({"entity_type": "robot"}, []),
        ({"sub_type": "politician"}, []),
        ({"entity_type": "../author"}, []),
        ({"entity_type": "location", "sub_type": ".."}, []),
    ],
)
def test_entities_are_listed_by_type_and_sub_type(
    filled: EntityDatabase, types: dict[str, Any], expected: list[str]
) -> None:
    assert slugs(run(filled.list_entities(**types, limit=50))) == expected
    assert slugs(run(filled.search_entities(**types, limit=50))) == expected


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"age": 7}, ["bara", "ann-lee"]),
        ({"age": 7, "code": "x"}, ["bara"]),
        ({"age": "7"}, []),
        ({"none": None}, ["ann-lee"]),
        ({"missing": None}, []),
    ],
)
def test_attributes_must_all_be_there_and_equal(
    filled: EntityDatabase, attributes: dict[str, Any], expected: list[str]
) -> None:
    assert slugs(run(filled.list_entities(attr_filters=attributes))) == expected
    assert slugs(run(filled.search_entities(attr_filters=attributes))) == expected


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("filters", [{}, {"attr_filters": {"x": 1}}])
def test_limit_and_offset_cut_a_page_out_of_the_listing(
    store: Store, strict: bool, filters: dict[str, Any]
) -> None:
    database = EntityDatabase(store, strict=strict)
    put(database, *(entity("person", f"p-{n:03}", attributes={"x": 1}) for n in range(7)))

    def page(**arguments: Any) -> list[str]:
        return slugs(run(database.list_entities(**filters, **arguments)))

    assert page(limit=2) == ["p-000", "p-001"]
    assert page(limit=2, offset=5) == ["p-005", "p-006"]
    assert page(limit=10, offset=6) == ["p-006"]
    assert page(limit=10, offset=7) == []
    assert page(limit=0) == []
    assert page(limit=None, offset=4) == ["p-004", "p-005", "p-006"]
    assert page(offset=5, entity_type="person", sub_type=None) == ["p-005", "p-006"]


@pytest.mark.parametrize("wrong", [{"limit": -1}, {"offset": -1}])
def test_a_negative_limit_or_offset_is_refused(
    filled: EntityDatabase, wrong: dict[str, int]
) -> None:
    for listing in (
        filled.list_entities(**wrong),
        filled.search_entities("x", **wrong),
        filled.list_versions_by_entity("entity:person/ann-lee", **wrong),
    ):
        with pytest.raises(ValueError, match="must not be negative, but is -1"):
            run(listing)


def test_what_the_default_limit_cuts_off_is_told(
    database: EntityDatabase, warnings: list[str]
) -> None:
    put(database, *(entity("person", f"p-{n:03}") for n in range(100)))
    assert len(run(database.list_entities())) == 100
    assert warnings == []
    put(database, entity("person", "p-100"))
    assert len(run(database.list_entities())) == 100
    assert len(run(database.search_entities("p-"))) == 100
    told = "{} returned 100 of more, its default limit; pass limit=None for all of them"
    assert warnings == [told.format("list_entities"), told.format("search_entities")]
    assert len(run(database.list_entities(limit=100))) == 100
    assert len(run(database.list_entities(limit=None))) == 101
    assert len(warnings) == 2, "an explicit limit is meant"


def test_files_that_are_no_objects_are_not_listed(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    database = EntityDatabase(store)
    put(database, entity("person", "ann-lee"))
    store.write("entity/person/notes.txt", b"not an entity")
    assert slugs(run(database.list_entities(entity_type="person"))) == ["ann-lee"]


def test_only_the_files_of_the_page_are_read(filled: EntityDatabase, store: Store) -> None:
    read: list[str] = []

    class Watched(EntityDatabase):
        """Sees each file as it is asked for, one at a time."""

        def __init__(self) -> None:
            super().__init__(OneByOne())

    class OneByOne:
        def __getattr__(self, attribute: str) -> Any:
            return getattr(store, attribute)

        def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
            for path in paths:
                read.append(path.rpartition("/")[2])
                yield path, store.read(path)

    assert slugs(run(Watched().list_entities(limit=2, offset=1))) == ["dang", "bara-ward-1"]
    assert read == ["dang.json", "bara-ward-1.json"]
    read.clear()
    entities = Watched().scan("entity/person")
    assert next(entities).slug == "ann-lee"
    assert read == ["ann-lee.json"]


# Malformed files

BROKEN = [
    (b"{", "not JSON"),
    (b"", "not JSON"),
    (b"\xff", "not UTF-8"),
    (b"[]", "not a JSON object"),
    (b'{"type": "robot"}', "'robot' is not a valid EntityType"),
    (b'{"type": "person", "slug": "x"}', "slug is "),
]


@pytest.mark.parametrize(("content", "said"), BROKEN)
def test_a_malformed_file_stops_a_listing_and_is_named(
    filled: EntityDatabase, store: Store, content: bytes, said: str
) -> None:
    store.write("entity/person/broken.json", content)
    for listing in (
        filled.list_entities(),
        filled.search_entities("ann"),
        filled.batch_get_entities(["entity:person/broken"]),
        filled.get_entity("entity:person/broken"),
    ):
        with pytest.raises(MalformedFileError, match="^entity/person/broken.json: ") as caught:  # noqa: RUF043
            run(listing)
        assert said in str(caught.value)
        assert isinstance(caught.value, NesTasksError)


@pytest.mark.parametrize(("content", "said"), BROKEN)
def test_a_malformed_file_is_left_out_and_told_where_that_was_asked_for(
    lenient: EntityDatabase, store: Store, warnings: list[str], content: bytes, said: str
) -> None:
    put(lenient, entity("person", "ann-lee"), entity("person", "zed-zed"))
    store.write("entity/person/broken.json", content)
    ids = ["entity:person/broken", "entity:person/ann-lee"]
    assert slugs(run(lenient.list_entities())) == ["ann-lee", "zed-zed"]
    assert slugs(run(lenient.list_entities(limit=1, offset=1))) == ["zed-zed"]
    assert slugs(run(lenient.search_entities("ann"))) == ["ann-lee"]
    assert [bool(one) for one in run(lenient.batch_get_entities(ids))] == [False, True]
    assert len(warnings) == 4
    assert all(w.startswith("left out: entity/person/broken.json: ") for w in warnings)
    assert all(said in w for w in warnings)
    with pytest.raises(MalformedFileError, match="broken"):
        run(lenient.get_entity("entity:person/broken"))


def test_warnings_are_logged_unless_someone_takes_them(
    store: Store, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    store.write("entity/person/broken.json", b"{")
    assert run(EntityDatabase(store, strict=False).list_entities()) == []
    assert "left out: entity/person/broken.json" in caplog.text
    assert capfd.readouterr().out == ""


def test_malformed_files_of_every_kind_are_named(database: EntityDatabase, store: Store) -> None:
    for path in (
        "relationship/person/a-a/person/b-b/MEMBER_OF.json",
        "version/entity/person/a-a/1.json",
        "author/a-a.json",
    ):
        store.write(path, b"{}")
    for listing, named in (
        (database.list_relationships(), "relationship/person/a-a/person/b-b/MEMBER_OF.json: "),
        (database.list_versions(), "version/entity/person/a-a/1.json: "),
        (database.list_versions_by_entity("entity:person/a-a"), "version/entity/person/a-a/1.json"),
        (database.list_authors(), "author/a-a.json: "),
        (database.get_author("author:a-a"), "author/a-a.json: "),
    ):
        with pytest.raises(MalformedFileError) as caught:
            run(listing)
        assert str(caught.value).startswith(named)


# Relationships

ANN, BOB = "entity:person/ann-lee", "entity:person/bob-lee"
NGO, DAM = "entity:organization/ngo/some-ngo", "entity:project/development_project/big-dam"


@pytest.fixture
def linked(database: EntityDatabase) -> EntityDatabase:
    def link(source: str, target: str, kind: str, start: str = "", end: str = "") -> None:
        made = Relationship.model_validate(
            {
                "source_entity_id": source,
                "target_entity_id": target,
                "type": kind,
                "start_date": start or None,
                "end_date": end or None,
            }
        )
        run(database.put_relationship(made))

    link(ANN, NGO, "MEMBER_OF", "2020-01-01", "2021-12-31")
    link(ANN, NGO, "EMPLOYED_BY", "2022-01-01")
    link(BOB, NGO, "MEMBER_OF")
    link(ANN, BOB, "SUPERVISES", "2021-06-01")
    link(DAM, NGO, "FUNDED_BY", "", "2019-12-31")
    return database


def pairs(relationships: list[Relationship]) -> list[str]:
    return [
        f"{r.source_entity_id[-7:-4]} {r.type[:3]} {r.target_entity_id[-3:]}" for r in relationships
    ]


def test_relationships_are_listed_by_path(linked: EntityDatabase) -> None:
    everything = ["ann EMP ngo", "ann MEM ngo", "ann SUP lee", "bob MEM ngo", "big FUN ngo"]
    assert pairs(run(linked.list_relationships())) == everything
    assert pairs(run(linked.list_relationships(limit=2, offset=1))) == everything[1:3]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, ["ann EMP ngo", "ann MEM ngo", "ann SUP lee"]),
        ({"direction": "source"}, ["ann EMP ngo", "ann MEM ngo", "ann SUP lee"]),
        ({"direction": "target"}, []),
        ({"relationship_type": "MEMBER_OF"}, ["ann MEM ngo"]),
        ({"active_on": date(2021, 12, 31)}, ["ann MEM ngo", "ann SUP lee"]),
        ({"active_on": "2022-01-01"}, ["ann EMP ngo", "ann SUP lee"]),
        ({"active_on": date(2019, 1, 1)}, []),
        ({"currently_active": True}, ["ann EMP ngo", "ann SUP lee"]),
        ({"currently_active": False}, ["ann MEM ngo"]),
        ({"start_date_from": date(2021, 6, 1)}, ["ann EMP ngo", "ann SUP lee"]),
        ({"start_date_to": date(2021, 6, 1)}, ["ann MEM ngo", "ann SUP lee"]),
        ({"limit": 1, "offset": 1}, ["ann MEM ngo"]),
    ],
)
def test_relationships_of_an_entity_are_filtered(
    linked: EntityDatabase, arguments: dict[str, Any], expected: list[str]
) -> None:
    assert pairs(run(linked.list_relationships_by_entity(ANN, **arguments))) == expected


def test_relationships_of_a_target_are_found(linked: EntityDatabase) -> None:
    def of(entity_id: str, **arguments: Any) -> list[str]:
        return pairs(run(linked.list_relationships_by_entity(entity_id, **arguments)))

    assert of(BOB) == ["ann SUP lee", "bob MEM ngo"]
    assert of(BOB, direction="target") == ["ann SUP lee"]
    assert of(NGO, active_on="2018-01-01") == ["bob MEM ngo", "big FUN ngo"]
    assert of(NGO, start_date_from="1900-01-01") == ["ann EMP ngo", "ann MEM ngo"]
    assert of("entity:person/lee") == []


def test_a_direction_that_does_not_exist_is_refused(linked: EntityDatabase) -> None:
    with pytest.raises(ValueError, match="source, target or both, not 'up'"):
        run(linked.list_relationships_by_entity(ANN, "up"))  # type: ignore[arg-type]


def test_relationships_are_listed_by_type(linked: EntityDatabase) -> None:
    def of(kind: str, **arguments: Any) -> list[str]:
        return pairs(run(linked.list_relationships_by_type(kind, **arguments)))

    assert of("MEMBER_OF") == ["ann MEM ngo", "bob MEM ngo"]
    assert of("MEMBER_OF", limit=1, offset=1) == ["bob MEM ngo"]
    assert of("KNOWS") == []


def test_a_slug_that_is_also_a_prefix_does_not_mix_relationships(
    database: EntityDatabase,
) -> None:
    short, long = "entity:organization/government", "entity:organization/government/the-office"
    for source in (short, long):
        made = Relationship(source_entity_id=source, target_entity_id=ANN, type="SUPERVISES")
        run(database.put_relationship(made))
    found = run(database.list_relationships_by_entity(short))
    assert [r.source_entity_id for r in found] == [short]


# Versions


def test_versions_of_an_entity_come_by_number(database: EntityDatabase) -> None:
    for number in (1, 2, 9, 10, 11):
        run(database.put_version(Version(**summary(ANN, number, f"author-{number % 2}"))))
    run(database.put_version(Version(**summary("entity:person/ann-lee-two", 5))))

    def numbers(**arguments: Any) -> list[int]:
        found = run(database.list_versions_by_entity(ANN, **arguments))
        return [v.version_number for v in found]

    assert numbers() == [1, 2, 9, 10, 11]
    assert numbers(order="desc") == [11, 10, 9, 2, 1]
    assert numbers(limit=2, offset=1) == [2, 9]
    assert numbers(order="desc", limit=1) == [11]
    assert numbers(min_version=2, max_version=10) == [2, 9, 10]
    assert numbers(author_slug="author-1") == [1, 9, 11]
    ninth = START + timedelta(days=9)
    assert numbers(created_after=ninth) == [9, 10, 11]
    assert numbers(created_before=ninth) == [1, 2]
    assert numbers(created_after=ninth.replace(tzinfo=None)) == [9, 10, 11]
    assert numbers(created_before=datetime(2026, 2, 9, 6, 15, 9, 123457, tzinfo=UTC)) == [1, 2, 9]
    assert numbers(min_version=3, author_slug="author-0", limit=5) == [10]
    assert run(database.list_versions_by_entity("entity:person/nobody")) == []


def test_an_order_that_does_not_exist_is_refused(database: EntityDatabase) -> None:
    with pytest.raises(ValueError, match="asc or desc, not 'up'"):
        run(database.list_versions_by_entity(ANN, order="up"))  # type: ignore[arg-type]


def test_versions_of_deeper_ids_are_not_mixed_in(database: EntityDatabase) -> None:
    short, long = "entity:organization/government", "entity:organization/government/the-office"
    run(database.put_version(Version(**summary(short, 1))))
    run(database.put_version(Version(**summary(long, 2))))
    found = run(database.list_versions_by_entity(short))
    assert [v.entity_or_relationship_id for v in found] == [short]


def test_all_versions_and_authors_are_listed(database: EntityDatabase) -> None:
    for number in (1, 2):
        run(database.put_version(Version(**summary(ANN, number))))
        run(database.put_author(Author(slug=f"author-{number}")))
    assert [v.version_number for v in run(database.list_versions())] == [1, 2]
    assert [a.slug for a in run(database.list_authors(limit=1, offset=1))] == ["author-2"]


def test_the_next_version_number_is_free(database: EntityDatabase) -> None:
    assert database.next_version_number(ANN) == 1
    for number in (1, 2, 4):
        run(database.put_version(Version(**summary(ANN, number))))
    assert database.next_version_number(ANN) == 3
    assert database.next_version_number(ANN, 4) == 5
    assert database.next_version_number("entity:../../x", 6) == 6


# Watching and undoing


def test_every_change_is_told_to_those_who_watch(database: EntityDatabase) -> None:
    seen: list[str] = []
    database.watch(seen.append)
    put(database, entity("person", "ann-lee"))
    run(database.put_author(Author(slug="jane-doe")))
    run(database.get_entity(ANN))
    run(database.delete_entity(ANN))
    assert seen == [ANN, "author:jane-doe", ANN]


def test_changes_of_a_block_that_fails_are_undone(database: EntityDatabase, store: Store) -> None:
    put(database, entity("person", "ann-lee"), entity("person", "bob-lee"))
    before = files(store)
    seen: list[str] = []
    database.watch(seen.append)

    def fail() -> None:
        with database.undone_on_error():
            put(database, entity("person", "ann-lee", tags=["x"]), entity("person", "new-one"))
            put(database, entity("person", "ann-lee", tags=["y"]))
            run(database.delete_entity(BOB))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert files(store) == before
    assert sorted(set(seen)) == [ANN, BOB, "entity:person/new-one"]
    put(database, entity("person", "new-one"))
    assert store.exists("entity/person/new-one.json"), "later changes are not undone"


def test_changes_of_a_block_that_ends_well_stay(database: EntityDatabase, store: Store) -> None:
    with database.undone_on_error():
        put(database, entity("person", "ann-lee"))
    assert store.exists("entity/person/ann-lee.json")


def test_a_version_summary_is_a_part_of_the_file_and_not_a_version(
    database: EntityDatabase, store: Store
) -> None:
    one = entity("person", "ann-lee")
    one.version_summary = VersionSummary(**summary(ANN, 7))
    run(database.put_entity(one))
    got = run(database.get_entity(ANN))
    assert got is not None
    assert got.version_summary.version_number == 7
    assert not list(store.list("version"))
