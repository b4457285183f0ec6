"""Listings of entities: order, filters, pages, and files that cannot be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nes_tasks.database.store import FolderStore, Store
from nes_tasks.errors import NesTasksError
from nes_tasks.models.codec import MalformedFileError
from nes_tasks.models.entity import Entity, EntitySubType, EntityType
from nes_tasks.services.database import EntityDatabase

from .samples import entity, put, run


def slugs(entities: list[Entity]) -> list[str]:
    return [one.slug for one in entities]


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
