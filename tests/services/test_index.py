"""The index finds what a plain scan of all files finds, whatever was written since."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from isolation import database as repository
from isolation import isolated
from repositories import Place, commit_all, transaction

from nes_tasks.database.transaction import Transaction
from nes_tasks.git.command import Git
from nes_tasks.models.codec import MalformedFileError, entity_from_dict
from nes_tasks.models.identifiers import path_of
from nes_tasks.models.name_keys import name_key
from nes_tasks.models.relationship import RELATIONSHIP_TYPES, Relationship
from nes_tasks.services import index as index_module
from nes_tasks.services.database import EntityDatabase, index_of
from nes_tasks.services.index import Conditions, Tables, is_askable
from nes_tasks.services.index_connection import open_tables
from nes_tasks.services.index_file import IndexFile
from nes_tasks.services.search import SearchService
from nes_tasks.services.table_writer import TableWriter

from .samples import START

__all__ = ["isolated", "repository"]

run = asyncio.run

KINDS = [
    ("person", None),
    ("organization", None),
    ("organization", "political_party"),
    ("location", "ward"),
    ("location", "district"),
]
SLUGS = ["asha", "asha-rai", "bina", "bin", "ward-1", "ward-10"]
ENGLISH = ["Asha", "Asha Rai", "asha  RAI", "Bina Lama", "Ward 1", "ward", "a", "Ra\"i's", "K.C."]
NEPALI = ["आशा राई", "आशा", "बिना लामा", "वडा १", "गङ्गा", "गंगा", "शान्ति"]
PARTS = [None, None, "Asha", "asha", "Rai", "राई", ""]
TAGS = ["a", "b", "x y", "ward"]
VALUES: list[Any] = ["first", "First", 1, 1.0, True, None, [1], "x" * 300, ""]
QUERIES = [*ENGLISH, *NEPALI, "ai", "ash", "ward 1", "r", " ", "\u200d", "nobody", "a\0b", "\ud800"]


LIMITS = {"MANY_ROWS": (2000, 0, 2), "MOST_WALKED": (1000, 100, 5), "FIRST_WALKED": (100, 2, 1)}


def some_entity(chance: random.Random) -> dict[str, Any]:
    kind, sub_type = chance.choice(KINDS)
    slug = chance.choice(SLUGS)
    names = [
        {
            "kind": "PRIMARY" if number == 0 else chance.choice(["ALIAS", "ALTERNATE", "PRIMARY"]),
            "en": {"full": chance.choice([*ENGLISH, ""]), "given": chance.choice(PARTS)},
            "ne": chance.choice(
                [None, {"full": chance.choice(NEPALI), "family": chance.choice(PARTS)}]
            ),
        }
        for number in range(chance.randint(1, 3))
    ]
    identifier = "/".join(filter(None, (kind, sub_type, slug)))
    return {
        "type": kind,
        "sub_type": sub_type,
        "slug": slug,
        "names": names,
        "tags": chance.choice([None, [], chance.choices(TAGS, k=2)]),
        "attributes": chance.choice([None, {"note": chance.choice(VALUES)}]),
        "created_at": START,
        "version_summary": {
            "entity_or_relationship_id": f"entity:{identifier}",
            "type": "ENTITY",
            "version_number": 1,
            "author": {"slug": "jane-doe"},
            "change_description": "New",
            "created_at": START,
        },
    }


def some_id(chance: random.Random) -> str:
    kind, sub_type = chance.choice(KINDS)
    return "entity:" + "/".join(filter(None, (kind, sub_type, chance.choice(SLUGS))))


def some_relationship(chance: random.Random) -> Relationship:
    return Relationship(
        source_entity_id=some_id(chance),
        target_entity_id=some_id(chance),
        type=chance.choice(RELATIONSHIP_TYPES[:3]),
        start_date=chance.choice([None, "2020-01-01", "2024-01-01"]),
    )


def change(database: EntityDatabase, chance: random.Random) -> None:
    """Write or delete something."""
    act = chance.random()
    if act < 0.5:
        run(database.put_entity(entity_from_dict(some_entity(chance))))
    elif act < 0.6:
        run(database.delete_entity(some_id(chance)))
    elif act < 0.85:
        run(database.put_relationship(some_relationship(chance)))
    elif act < 0.95:
        found = run(database.list_relationships(limit=None))
        if found:
            run(database.delete_relationship(chance.choice(found).id))
    else:
        with contextlib.suppress(KeyError), database.undone_on_error():
            run(database.put_entity(entity_from_dict(some_entity(chance))))
            run(database.delete_entity(some_id(chance)))
            raise KeyError


def questions(chance: random.Random) -> Iterator[Callable[[EntityDatabase, SearchService], Any]]:
    """Yield questions; the same ones for the same random numbers."""
    for _ in range(12):
        kind, sub_type = chance.choice([*KINDS, (None, None), (None, "ward"), ("no", None)])
        name, limit = chance.choice(QUERIES), chance.choice([None, None, 0, 1, 3])
        given: dict[str, Any] = {
            "query": chance.choice([None, name, name]),
            "entity_type": kind,
            "sub_type": sub_type,
            "tags": chance.choice([None, None, chance.choices([*TAGS, "no", "\ud800"], k=2)]),
            "limit": limit,
            "offset": chance.choice([0, 0, 1, 4]),
        }
        wanted = chance.choice([None, None, {"note": chance.choice(VALUES)}, {"no": 1}])
        prefix = chance.choice([None, None, "location", "organization/political_party"])
        yield lambda _, s, a=wanted, p=prefix, g=given: s.search_entities(
            attributes=a, entity_prefix=p, **g
        )
        yield lambda d, _, a=wanted, k=kind: d.list_entities(None, 0, k, attr_filters=a)
        yield lambda _, s, n=name, k=kind, b=sub_type: s.find_entity_by_name(n, k, b)
        threshold = chance.choice([0.0, 0.5, 0.9])
        yield lambda _, s, n=name, k=kind, t=threshold, m=limit: s.find_similar_names(
            n, k, threshold=t, limit=m
        )
        end, which = some_id(chance), chance.choice(["source", "target", "both"])
        other = chance.choice([None, "entity:no", some_id(chance)])
        kind_of = chance.choice([None, RELATIONSHIP_TYPES[0]])
        page = {"limit": limit, "offset": given["offset"]}
        yield lambda d, _, e=end, w=which, r=kind_of, p=page: d.list_relationships_by_entity(
            e, w, r, active_on="2022-01-01", **p
        )
        yield lambda _, s, e=end, o=other, r=kind_of, p=page: s.search_relationships(r, e, o, **p)
        yield lambda _, s, o=other: s.search_relationships(target_entity_id=o)
    yield lambda _, s: s.get_all_tags()


def answer(question: Callable[..., Any], database: EntityDatabase, search: SearchService) -> object:
    """Return what comes of a question, errors included."""
    try:
        return run(question(database, search))
    except (ValueError, MalformedFileError) as error:
        return type(error), str(error)


class World:
    """A database that changes, the file of its index, and a transaction on its last commit."""

    def __init__(self, place: Place, folder: Path) -> None:
        self.place = place
        self.git = Git(place.path)
        self.warnings: list[str] = []
        self.told: list[tuple[str, int, int | None]] = []
        self.file = IndexFile(
            folder, "v2", warn=self.warnings.append, progress=lambda *row: self.told.append(row)
        )
        self.base: str | None = None
        self.connection: sqlite3.Connection | None = None

    def path(self, *, is_published: bool = True) -> Path | None:
        return self.file.at(self.git, self.git.tree_of(self.base), is_published=is_published)

    def open(
        self, store: Transaction, *, is_published: bool = True, **options: Any
    ) -> EntityDatabase:
        """A database whose searches ask the index."""

        def opened() -> sqlite3.Connection | None:
            path = self.path(is_published=is_published)
            if path is None:
                return None
            self.connection = open_tables(path, self.git.tree_of(self.base), "v2")
            return self.connection

        return EntityDatabase(store, open_tables=opened, **options)

    def begin(self) -> Transaction:
        """Begin a migration; the process of the one before has ended."""
        if self.connection is not None:
            self.connection.close()
        return transaction(self.place, self.base)

    def commit(self, store: Transaction) -> None:
        self.base = commit_all(store)[-1]


@pytest.fixture
def world(repository: Place, tmp_path: Path) -> World:
    return World(repository, tmp_path / ".nes-tasks" / "index")


@pytest.mark.parametrize("in_memory", [0, 8, 10_000], ids=["in a file", "in both", "in memory"])
@pytest.mark.parametrize("seed", range(3))
def test_the_index_finds_what_a_scan_finds(
    world: World, seed: int, in_memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "FILES_IN_MEMORY", in_memory)
    # Limits that some of the questions reach.
    for limit, values in LIMITS.items():
        monkeypatch.setattr(index_module, limit, values[seed])
    chance = random.Random(seed)
    trees: list[str | None] = [None]
    for _ in range(5):
        # Also back to a state before, as after `doit undo`.
        world.base = chance.choice([trees[-1], trees[-1], chance.choice(trees)])
        with world.begin() as store:
            plain = EntityDatabase(store)
            indexed = world.open(store, is_published=chance.random() < 0.7)
            scanning, asking = SearchService(plain), SearchService(indexed)
            for _ in range(3):
                numbers = chance.random()
                for question in questions(random.Random(numbers)):
                    expected = by_scan(question, plain, scanning)
                    assert answer(question, indexed, asking) == expected
                for _ in range(chance.choice([0, 1, 12])):
                    change(indexed, chance)
            world.commit(store)
        trees.append(world.base)
    assert not world.warnings


def by_scan(question: Callable[..., Any], database: EntityDatabase, search: SearchService) -> Any:
    """Return what comes of a question to a database that has no index at all."""
    index_of(database).answers = lambda folder: False  # type: ignore[method-assign]
    return answer(question, database, search)


def tables_of(entities: Iterable[dict[str, Any]]) -> tuple[sqlite3.Connection, Tables]:
    """Return the tables of an index with these entities, each filed under a number."""
    connection = sqlite3.connect(":memory:")
    writer = TableWriter(connection)
    writer.create()
    for number, data in enumerate(entities):
        data["slug"] = f"slug-{number:05}"
        entity = entity_from_dict(data)
        writer.add_entity(path_of(entity.id), entity, b"")
    writer.finish()
    return connection, Tables(connection)


@pytest.mark.parametrize("seed", range(3))
def test_the_first_of_many_are_those_that_a_scan_of_all_names_ranks_first(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    for limit, values in LIMITS.items():
        monkeypatch.setattr(index_module, limit, values[seed])
    chance = random.Random(seed)
    # Most have names alike, so that many fit as well as each other.
    names = [some_entity(chance)["names"] for _ in range(9)]
    entities = [{**some_entity(chance), "names": chance.choice(names)} for _ in range(300)]
    _, tables = tables_of(entities)
    walked = 0
    for query in sorted({name_key(query) for query in QUERIES if is_askable(query)}):
        for folder in ("entity", "entity/person", "entity/location/ward"):
            conditions = Conditions.of(folder)
            ranked = list(tables.ranked(query, conditions))
            for first in (1, 3, 50, 400):
                assert list(tables.ranked(query, conditions, first)) == ranked
            best = list(tables._best(query, conditions)) if query else []
            assert best == ranked[: len(best)]
            walked += len(best) > 10
    assert walked > 5 or seed > 0


def test_a_search_that_all_names_fit_does_not_look_at_all_of_them() -> None:
    work = []
    for count in (1000, 4000):
        connection, tables = tables_of(namesake("p") for _ in range(count))
        steps = []
        connection.set_progress_handler(lambda s=steps: s.append(1), 10)
        found = list(islice(tables.ranked("as", Conditions.of("entity"), 11), 11))
        assert [path for _, path in found] == [
            f"entity/person/slug-{number:05}.json" for number in range(11)
        ]
        work.append(len(steps))
    assert 0 < work[1] <= work[0] + 10


def namesake(slug: str) -> dict[str, Any]:
    data = some_entity(random.Random(0))
    data["version_summary"]["entity_or_relationship_id"] = f"entity:person/{slug}"
    names = [{"kind": "PRIMARY", "en": {"full": "Asha Rai"}}]
    return {**data, "type": "person", "sub_type": None, "slug": slug, "names": names}


@pytest.mark.parametrize("in_memory", [0, 10_000], ids=["in a file", "in memory"])
def test_what_fits_equally_well_is_sorted_by_path_in_whatever_order_it_came(
    world: World, in_memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "FILES_IN_MEMORY", in_memory)
    slugs = ["p-9", "p-5", "p-1", "p-7", "p-3", "p-8", "p-2"]
    for batch in (slugs[:3], slugs[3:5], slugs[5:]):
        with world.begin() as store:
            database = world.open(store)
            for slug in batch:
                run(database.put_entity(entity_from_dict(namesake(slug))))
                done = sorted(slugs[: slugs.index(slug) + 1])
                for limit in (None, 2):
                    found = run(database.search_entities("asha rai", limit=limit))
                    assert [entity.slug for entity in found] == done[:limit]
            world.commit(store)


def test_questions_may_have_any_number_of_terms(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "FILES_IN_MEMORY", 0)
    long = "".join(map(chr, range(ord("a"), ord("a") + 26))) * 40
    with world.begin() as store:
        names = [{"kind": "PRIMARY", "en": {"full": long}}]
        tags = [f"tag {number}" for number in range(2000)]
        data = {**namesake("p-1"), "names": names, "tags": tags}
        run(EntityDatabase(store).put_entity(entity_from_dict(data)))
        world.commit(store)
    with world.begin() as store:
        database = world.open(store)
        for query, wanted in ((long, tags), (long[1:], tags), (None, tags), (long, [*tags, "no"])):
            found = run(database.search_entities(query, tags=wanted))
            assert [entity.slug for entity in found] == ([] if "no" in wanted else ["p-1"])
        assert not run(database.search_entities(f"{long}b"))


def test_files_that_are_not_what_their_paths_say_are_left_to_the_scan(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "FILES_IN_MEMORY", 0)
    with world.begin() as store:
        for slug in ("p-1", "p-2"):
            run(EntityDatabase(store).put_entity(entity_from_dict(namesake(slug))))
        moved = store.read("entity/person/p-1.json")
        assert moved is not None
        store.write("entity/location/moved.json", moved)
        store.write("entity/organization/broken.json", b"{")
        world.commit(store)
    for strict in (True, False):
        warned: dict[str, list[str]] = {"plain": [], "indexed": []}
        with world.begin() as store:
            plain = EntityDatabase(store, strict=strict, warn=warned["plain"].append)
            indexed = world.open(store, strict=strict, warn=warned["indexed"].append)
            scanning, asking = SearchService(plain), SearchService(indexed)
            for kind in (None, "person", "location", "organization"):
                for ask in (
                    lambda _, s, k=kind: s.search_entities("asha", k),
                    lambda _, s, k=kind: s.search_entities(None, k, tags=["no"]),
                    lambda _, s, k=kind: s.find_similar_names("Asha Rai", k),
                ):
                    expected = by_scan(ask, plain, scanning)
                    assert answer(ask, indexed, asking) == expected
                    if kind == "organization" and strict:
                        assert expected[0] is MalformedFileError
        assert set(warned["plain"]) == set(warned["indexed"])
        assert bool(warned["plain"]) is not strict
