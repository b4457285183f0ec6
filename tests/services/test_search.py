"""Search: scores and order, filters, finding by name, batches, relationships, tags."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import pytest

from nes_tasks.database.store import Store
from nes_tasks.database.transaction import Transaction
from nes_tasks.models.base import Name, NameParts
from nes_tasks.models.codec import MalformedFileError
from nes_tasks.services.database import EntityDatabase
from nes_tasks.services.filters import name_score
from nes_tasks.services.publication import PublicationService
from nes_tasks.services.search import SearchService

from .samples import AUTHOR, name, person

run = asyncio.run


def create(publication: PublicationService, slug: str, *names: dict[str, Any], **more: Any) -> str:
    data = {"slug": slug, "names": list(names), **more}
    kind = {} if "type" in more or "entity_prefix" in more else {"entity_type": "person"}
    return str(run(publication.create_entity(**kind, entity_data=data)).id)


def found(search: SearchService, *arguments: Any, **more: Any) -> list[str]:
    return [entity.slug for entity in run(search.search_entities(*arguments, **more))]


# Scores


def parts(**given: str) -> NameParts:
    return NameParts(**{"full": "-", **given})


@pytest.mark.parametrize(
    ("names", "query", "score"),
    [
        ([Name(kind="PRIMARY", en=parts(full="Ram"))], "ram", 120),
        ([Name(kind="PRIMARY", en=parts(full="Ram Thapa"))], "ram", 70),
        ([Name(kind="ALIAS", en=parts(full="Ram"))], "ram", 110),
        ([Name(kind="ALTERNATE", en=parts(full="Ram Thapa"))], "ram", 60),
        ([Name(kind="BIRTH_NAME", en=parts(given="Ram"))], "ram", 85),
        ([Name(kind="PRIMARY", en=parts(given="Ram"))], "ram", 95),
        ([Name(kind="PRIMARY", en=parts(middle="Rama"))], "ram", 45),
        ([Name(kind="ALIAS", en=parts(family="Rama"))], "ram", 35),
        ([Name(kind="PRIMARY", en=parts(prefix="Ram", suffix="Ram"))], "ram", 0),
        ([Name(kind="PRIMARY", en=parts(full="Ram Ram", given="Ram", family="Ram"))], "ram", 260),
        ([Name(kind="PRIMARY", en=parts(full="Ram"), ne=parts(full="राम"))], "ram", 120),
        ([Name(kind="PRIMARY", en=parts(full="राम"), ne=parts(full="राम"))], "राम", 240),
        (
            [
                Name(kind="PRIMARY", en=parts(full="Ram Thapa")),
                Name(kind="ALIAS", en=parts(full="RAM")),
            ],
            "ram",
            180,
        ),
        ([Name(kind="PRIMARY", en=parts(full="Ram"))], "sita", 0),
        ([Name(kind="PRIMARY", en=parts(full="Ram"))], " ram", 0),
        ([], "ram", 0),
    ],
)
def test_names_are_scored_by_the_table(names: list[Name], query: str, score: int) -> None:
    assert name_score(names, query) == score


def test_the_best_come_first_and_equals_by_path(
    publication: PublicationService, search: SearchService
) -> None:
    create(publication, "zed-ram", name("Ram Thapa"))
    create(publication, "ann-ram", name("Ram Thapa"))
    create(publication, "exact", name("ram"))
    create(publication, "alias", name("Someone"), name("Ram", kind="ALIAS"))
    create(publication, "other", name("Sita"))
    ranked = ["exact", "alias", "ann-ram", "zed-ram"]
    assert found(search, "RAM") == ranked
    assert found(search, query="ram", limit=2) == ranked[:2]
    assert found(search, "ram", limit=2, offset=1) == ranked[1:3]
    assert found(search, "ram", limit=None, offset=3) == ranked[3:]
    assert found(search, "ram", limit=None) == ranked
    assert found(search, "ram", limit=0) == []
    assert found(search, "ram", offset=9) == []


def test_without_a_query_everything_is_found_by_path(
    publication: PublicationService, search: SearchService
) -> None:
    for slug in ("ccc", "aaa", "bbb"):
        create(publication, slug, name("Ram"))
    assert found(search) == found(search, None) == found(search, "") == ["aaa", "bbb", "ccc"]
    assert found(search, "", limit=1, offset=1) == ["bbb"]


def test_misspelled_names_are_not_searched(
    publication: PublicationService, search: SearchService
) -> None:
    create(publication, "ram-thapa", name("Ram"), misspelled_names=[name("Raam")])
    assert found(search, "raam") == []


# Filters


@pytest.fixture
def various(publication: PublicationService) -> PublicationService:
    create(publication, "ann-lee", name("Ann"), tags=["old", "good"], attributes={"age": 7})
    create(publication, "bob-lee", name("Bob"), tags=["old"])
    create(publication, "old-ngo", name("Ngo"), type="organization", sub_type="ngo", tags=["old"])
    create(
        publication, "old-office", name("Office"), type="organization", sub_type="government_body"
    )
    for prefix, slug in (
        ("organization/government", "the-cabinet"),
        ("organization/government/federal", "the-ministry"),
        ("organization/government/commission/federal", "the-commission"),
    ):
        create(publication, slug, name(slug), entity_prefix=prefix)
    create(
        publication,
        "big-dam",
        name("Dam"),
        type="project",
        tags=[{"category": "gender", "normalized_tag": "old"}],
    )
    return publication


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"tags": ["old"]}, ["old-ngo", "ann-lee", "bob-lee"]),
        ({"tags": ["old", "good"]}, ["ann-lee"]),
        ({"tags": ["old"], "entity_type": "person"}, ["ann-lee", "bob-lee"]),
        ({"tags": []}, None),
        ({"attributes": {"age": 7}}, ["ann-lee"]),
        ({"attributes": {"age": 7}, "tags": ["bad"]}, []),
        (
            {"entity_prefix": "organization/government"},
            ["the-commission", "the-ministry", "the-cabinet"],
        ),
        ({"entity_prefix": "organization/government/federal"}, ["the-ministry"]),
        ({"entity_prefix": "organization/gov"}, []),
        ({"entity_prefix": "organization/ngo"}, ["old-ngo"]),
        ({"entity_prefix": "person"}, ["ann-lee", "bob-lee"]),
        ({"entity_prefix": "../author"}, []),
        ({"entity_prefix": "organization/"}, []),
        (
            {
                "entity_prefix": "organization/government",
                "sub_type": "government_body",
                "query": "the-m",
            },
            ["the-ministry"],
        ),
        ({"entity_prefix": "organization/government", "entity_type": "person"}, []),
        ({"entity_type": "organization", "sub_type": "government_body"}, ["old-office"]),
    ],
)
def test_filters_leave_out_what_does_not_meet_them(
    various: PublicationService,
    search: SearchService,
    filters: dict[str, Any],
    expected: list[str] | None,
) -> None:
    assert found(search, **filters) == (found(search) if expected is None else expected)


def test_all_tags_that_are_texts_are_listed_once(
    various: PublicationService, search: SearchService
) -> None:
    assert run(search.get_all_tags()) == ["good", "old"]


def test_search_in_an_empty_database_finds_nothing(search: SearchService) -> None:
    assert found(search, "x") == []
    assert run(search.get_all_tags()) == []
    assert run(search.search_relationships()) == []
    assert run(search.find_entity_by_name("x")) is None


# By name


def by_name(search: SearchService, *arguments: str, **more: str) -> str | None:
    entity = run(search.find_entity_by_name(*arguments, **more))
    return None if entity is None else entity.slug


def test_an_entity_is_found_by_any_of_its_whole_names(
    publication: PublicationService, search: SearchService
) -> None:
    create(
        publication,
        "ram-thapa",
        name("Ram Thapa", "राम थापा", given="Ram"),
        name("R. Thapa", kind="ALIAS"),
    )
    for spelling in ("Ram Thapa", "राम थापा", "R. Thapa", "  RAM \u00a0 thapa\n", "ram thapa"):
        assert by_name(search, spelling) == "ram-thapa"
    for spelling in ("Ram", "Thapa", "Ram Thapas", "राम", "", " "):
        assert by_name(search, spelling) is None


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("Gro\u00dfe Stra\u00dfe", "GROSSE STRASSE"),
        ("Caf\u00e9", "CAFE\u0301"),
        ("Cafe\u0301", "caf\u00e9"),
        ("\u0958\u093e\u0928", "\u0915\u093c\u093e\u0928"),
        (
            "\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2",
            "\u03a3\u038a\u03a3\u03a5\u03a6\u039f\u03a3",
        ),
    ],
)
def test_case_and_unicode_form_do_not_matter(
    publication: PublicationService, search: SearchService, stored: str, asked: str
) -> None:
    create(publication, "the-one", name(stored))
    assert by_name(search, asked) == "the-one"


def test_type_and_sub_type_narrow_the_search_for_a_name(
    publication: PublicationService, search: SearchService
) -> None:
    create(publication, "bara", name("Bara"), type="location", sub_type="district")
    create(publication, "bara-ward", name("Bara"), type="location", sub_type="ward")
    create(publication, "bara-person", name("Bara"))
    assert by_name(search, "Bara", "location", "ward") == "bara-ward"
    assert by_name(search, "Bara", sub_type="district") == "bara"
    assert by_name(search, "Bara", entity_type="person") == "bara-person"
    assert by_name(search, "Bara", entity_type="robot") is None


def test_an_ambiguous_name_is_refused_with_the_candidates(
    publication: PublicationService, search: SearchService
) -> None:
    create(publication, "ram-two", name("Ram"))
    create(publication, "ram-one", name("Other"), name("RAM", kind="ALIAS"))
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole text is compared
        run(search.find_entity_by_name("ram"))
    assert str(caught.value) == (
        "2 entities are called 'ram': entity:person/ram-one, entity:person/ram-two;"
        " choose one, pass entity_type or sub_type or get it by its id:"
        " context.search.get_entity(…)"
    )
    with pytest.raises(ValueError, match=r"choose one or get it by its id: context\.search"):
        run(search.find_entity_by_name("ram", "person"))


def test_an_entity_with_the_same_name_twice_is_not_ambiguous(
    publication: PublicationService, search: SearchService
) -> None:
    create(publication, "ram-one", name("Ram", "Ram"), name("RAM", kind="ALIAS"))
    assert by_name(search, "ram") == "ram-one"


def test_changes_after_the_first_question_are_seen(
    publication: PublicationService, search: SearchService
) -> None:
    assert by_name(search, "Ram") is None
    first = create(publication, "ram-one", name("Ram"))
    assert by_name(search, "Ram") == "ram-one"
    entity = run(publication.get_entity(first))
    assert entity is not None
    assert entity.names[0].en is not None
    entity.names[0].en.full = "Hari"
    assert by_name(search, "Hari") is None, "not before it is written"
    run(publication.update_entity(entity, AUTHOR, "d"))
    assert by_name(search, "Ram") is None
    assert by_name(search, "Hari") == "ram-one"
    assert by_name(search, "Hari", "location") is None
    run(publication.delete_entity(first, AUTHOR, "d"))
    assert by_name(search, "Hari") is None


def test_a_change_that_was_undone_is_not_seen(
    publication: PublicationService, search: SearchService
) -> None:
    first = create(publication, "ram-one", name("Ram"))
    assert by_name(search, "Ram") == "ram-one"
    entity = run(publication.get_entity(first))
    assert entity is not None
    entity.names[0].en.full = "Hari"  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="Coordinated operation failed"):
        run(publication.update_entity_with_relationships(entity, [{}], AUTHOR, "d"))
    assert by_name(search, "Hari") is None
    assert by_name(search, "Ram") == "ram-one"


def test_names_are_read_once_and_not_for_each_question(
    publication: PublicationService, store: Store
) -> None:
    for number in range(20):
        create(publication, f"p-{number:03}", name(f"Person {number}"))
    read: list[str] = []

    class Watched(Transaction):
        def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
            for path, data in super().read_many(paths):
                read.append(path)
                yield path, data

    store.__class__ = Watched
    search = SearchService(EntityDatabase(store))
    assert [by_name(search, f"person {n}", "person") for n in range(20)] == [
        f"p-{n:03}" for n in range(20)
    ]
    assert read == [f"entity/person/p-{n:03}.json" for n in range(20)]


# Ids, versions, relationships


def test_a_batch_tells_what_was_found_and_what_not(
    various: PublicationService, search: SearchService
) -> None:
    ids = ["entity:person/bob-lee", "entity:person/nobody", "../x", "entity:person/ann-lee"]
    batch = run(search.get_entities_batch(iter(ids)))
    assert [entity.slug for entity in batch.entities] == ["bob-lee", "ann-lee"]
    assert batch.not_found == ["entity:person/nobody", "../x"]


def test_a_malformed_file_is_not_told_as_not_found(
    various: PublicationService, search: SearchService, store: Store, lenient: EntityDatabase
) -> None:
    store.write("entity/person/broken.json", b"{")
    ids = ["entity:person/broken"]
    with pytest.raises(MalformedFileError, match=r"entity/person/broken\.json"):
        run(search.get_entities_batch(ids))
    assert run(SearchService(lenient).get_entities_batch(ids)).not_found == ids


def test_entities_and_versions_are_got_by_id(
    various: PublicationService, search: SearchService
) -> None:
    entity = run(search.get_entity("entity:person/ann-lee"))
    assert entity is not None
    for number in (2, 3):
        run(various.update_entity(entity, AUTHOR, f"change {number}"))
    numbers = [v.version_number for v in run(search.get_entity_versions(entity.id))]
    assert numbers == [1, 2, 3]
    page = run(search.get_entity_versions(entity.id, limit=1, offset=1))
    assert [v.change_description for v in page] == ["change 2"]
    assert run(search.get_entity("entity:person/nobody")) is None


def test_relationships_must_meet_every_condition(
    publication: PublicationService, search: SearchService
) -> None:
    ann, bob, cid = (
        run(publication.create_entity("person", person(s))).id for s in ("ann", "bob", "cid")
    )
    for source, target, kind, start, end in (
        (ann, bob, "SUPERVISES", date(2020, 1, 1), None),
        (ann, cid, "SUPERVISES", date(2020, 1, 1), date(2020, 12, 31)),
        (ann, cid, "EMPLOYED_BY", None, None),
        (bob, cid, "EMPLOYED_BY", None, date(2019, 1, 1)),
    ):
        run(publication.create_relationship(source, target, kind, AUTHOR, "d", start, end))

    def matching(**conditions: Any) -> list[str]:
        return [
            f"{r.source_entity_id[-3:]} {r.type[:3]} {r.target_entity_id[-3:]}"
            for r in run(search.search_relationships(**conditions))
        ]

    everything = ["ann SUP bob", "ann EMP cid", "ann SUP cid", "bob EMP cid"]
    assert matching() == everything
    assert matching(limit=2, offset=1) == everything[1:3]
    assert matching(source_entity_id=ann) == everything[:3]
    assert matching(target_entity_id=cid) == everything[1:]
    assert matching(source_entity_id=ann, target_entity_id=cid) == everything[1:3]
    assert matching(source_entity_id=ann, target_entity_id=cid, limit=1, offset=1) == [
        "ann SUP cid"
    ]
    assert matching(relationship_type="EMPLOYED_BY") == ["ann EMP cid", "bob EMP cid"]
    assert matching(relationship_type="EMPLOYED_BY", currently_active=True) == ["ann EMP cid"]
    assert matching(currently_active=False) == ["ann SUP cid", "bob EMP cid"]
    assert matching(active_on=date(2020, 12, 31)) == everything[:3]
    assert matching(source_entity_id=ann, active_on="2021-01-01") == ["ann SUP bob", "ann EMP cid"]
    assert matching(source_entity_id="entity:../../x") == []
    assert [
        v.version_number
        for v in run(
            search.get_relationship_versions("relationship:person/ann:person/bob:SUPERVISES")
        )
    ] == [1]


@pytest.mark.parametrize("blank", ["", "   ", "-", "\u200d"])
def test_a_blank_name_is_nobodys(
    publication: PublicationService, search: SearchService, blank: str
) -> None:
    create(publication, "ram-one", name("Ram"))
    assert by_name(search, blank) is None


def test_a_name_that_is_no_text_is_a_clear_error(search: SearchService) -> None:
    with pytest.raises(ValueError, match="the name to find is None; pass a string"):
        run(search.find_entity_by_name(None))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("श्रेष्ठ", "श्रेष्\u200dठ"),
        ("गङ्गा", "गंगा"),
        ("काठमाडौँ", "काठमाडौं"),
        ("दुःख", "दुख"),
        ("पढ़ाई", "पढाई"),
    ],
)
def test_spellings_of_one_name_find_each_other(
    publication: PublicationService, search: SearchService, stored: str, asked: str
) -> None:
    create(publication, "the-one", name("X1", stored))
    assert by_name(search, asked) == "the-one"
    found = run(search.search_entities(query=asked))
    assert [entity.slug for entity in found] == ["the-one"]
    assert found[0].names[0].ne.full == stored


def test_of_two_spellings_the_one_that_is_asked_for_is_found(
    publication: PublicationService, search: SearchService
) -> None:
    create(publication, "one", name("X1", "गङ्गा"))
    create(publication, "two", name("X2", "गंगा"))
    assert by_name(search, "गङ्गा") == "one"
    assert by_name(search, "गंगा") == "two"
    with pytest.raises(ValueError, match="2 entities are called"):
        by_name(search, "गँगा")


def test_similar_names_are_found_with_their_scores(
    publication: PublicationService, search: SearchService
) -> None:
    for slug, english in (
        ("kavrepalanchok", "Kavrepalanchok"),
        ("bara", "Bara"),
        ("parsa", "Parsa"),
    ):
        create(publication, slug, name(english), type="location", sub_type="district")
    create(publication, "kavre-person", name("Kavre"))

    def similar(asked: str, **options: Any) -> list[tuple[str, str]]:
        found = run(search.find_similar_names(asked, "location", "district", **options))
        assert all(0.8 <= one.score <= 1 for one in found)
        return [(one.entity_id, one.name) for one in found]

    assert similar("Kavre") == [("entity:location/district/kavrepalanchok", "Kavrepalanchok")]
    assert similar("बारा") == [("entity:location/district/bara", "Bara")]
    assert similar("Kavre", limit=0) == []
    assert run(search.find_similar_names("Kavre", "robot")) == []
    entity = run(publication.get_entity("entity:location/district/bara"))
    entity.names[0].en.full = "Sunsari"
    run(publication.update_entity(entity, AUTHOR, "Rename it"))
    assert similar("बारा") == []


def test_a_namesake_gets_a_free_slug(
    publication: PublicationService, search: SearchService
) -> None:
    assert run(search.free_slug("राम प्रसाद", "person")) == "ram-prasad"
    create(publication, "ram-prasad", name("Ram Prasad"))
    assert run(search.free_slug("राम प्रसाद", "person")) == "ram-prasad-2"
    create(publication, "ram-prasad-2", name("Ram Prasad"))
    assert run(search.free_slug("Ram Prasad", "person")) == "ram-prasad-3"
    assert run(search.free_slug("Ram Prasad", "location", "ward")) == "ram-prasad"
