"""Publication: whose change it is, and what is kept of an author from call to call."""

from __future__ import annotations

import pytest

from nes_tasks.database.store import Store
from nes_tasks.models.version import Author
from nes_tasks.services.database import EntityDatabase
from nes_tasks.services.publication import PublicationService

from .samples import (
    AUTHOR,
    Clock,
    content,
    create,
    files,
    person,
    run,
)

# Batches


def test_a_batch_is_one_creation_after_the_other(
    publication: PublicationService, store: Store
) -> None:
    batch = [
        {**person("jane-one"), "type": "person"},
        {**person("jane-one"), "type": "person"},
    ]
    with pytest.raises(ValueError, match="already exists"):
        run(publication.batch_create_entities(batch, AUTHOR, "d"))
    assert store.exists("entity/person/jane-one.json")
    more = [{**person(f"jane-{n}00"), "type": "person"} for n in range(3)]
    made = run(publication.batch_create_entities(more, AUTHOR, "Many"))
    assert [e.slug for e in made] == ["jane-000", "jane-100", "jane-200"]
    assert {e.version_summary.change_description for e in made} == {"Many"}


# Authors


def test_the_stored_name_of_the_author_is_in_every_version(
    publication: PublicationService, store: Store
) -> None:
    run(publication.database.put_author(Author(slug="jane-doe", name="Jane Doe")))
    create(publication)
    version = content(store, "version/entity/person/jane-roe/1.json")
    assert version["author"]["name"] == "Jane Doe"
    assert content(store, "author/jane-doe.json") == {"name": "Jane Doe", "slug": "jane-doe"}


def test_a_new_name_of_the_author_is_in_the_versions_from_then_on(
    publication: PublicationService,
) -> None:
    assert create(publication, "one-one").version_summary.author.name is None
    run(publication.database.put_author(Author(slug="jane-doe", name="Jane Doe")))
    assert create(publication, "two-two").version_summary.author.name == "Jane Doe"
    run(publication.database.put_author(Author(slug="jane-doe", name="Jane D.")))
    assert create(publication, "three-three").version_summary.author.name == "Jane D."
    run(publication.database.delete_author("author:jane-doe"))
    assert create(publication, "four-four").version_summary.author.name is None
    assert publication.database.exists("author:jane-doe")


def test_an_author_is_read_once_for_many_writes(database: EntityDatabase, store: Store) -> None:
    run(database.put_author(Author(slug="jane-doe", name="Jane Doe")))
    reads: list[str] = []

    class Watched(EntityDatabase):
        async def get_author(self, author_id: str) -> Author | None:
            reads.append(author_id)
            return await super().get_author(author_id)

    publication = PublicationService(Watched(store), Clock(), AUTHOR)
    for number in range(5):
        create(publication, f"jane-{number}")
    assert reads == ["author:jane-doe"]


def test_changing_the_author_of_one_version_changes_no_other(
    publication: PublicationService,
) -> None:
    create(publication, "one-one").version_summary.author.name = "Mallory"
    assert create(publication, "two-two").version_summary.author.name is None


@pytest.mark.parametrize(
    ("given", "slug"),
    [
        ("author:jane-doe", "jane-doe"),
        ("jane-doe", "jane-doe"),
        ("migration-000-example-migration", "migration-000-example-migration"),
        ("author:migration:005-add-ministers", "migration-005-add-ministers"),
        ("migration:005-add-ministers", "migration-005-add-ministers"),
    ],
)
def test_an_author_can_be_spelled_in_the_known_ways(
    publication: PublicationService, store: Store, given: str, slug: str
) -> None:
    entity = run(publication.create_entity("person", person("jane-roe"), given))
    assert entity.version_summary.author.id == f"author:{slug}"
    assert content(store, f"author/{slug}.json") == {"name": None, "slug": slug}


def test_a_bare_slug_does_not_wipe_out_the_name_of_the_author(
    publication: PublicationService, store: Store
) -> None:
    run(publication.database.put_author(Author(slug="jane-doe", name="Jane Doe")))
    run(publication.create_entity("person", person("jane-roe"), "jane-doe"))
    assert content(store, "author/jane-doe.json")["name"] == "Jane Doe"


@pytest.mark.parametrize("given", ["author:../../x", "author:a:b", "author:", "", "Jane Doe", "क"])
def test_a_bad_author_is_refused_before_anything_is_written(
    publication: PublicationService, store: Store, given: str
) -> None:
    entity = create(publication)
    before = files(store)
    source = entity.id
    for change in (
        publication.create_entity("person", person("jane-two"), given),
        publication.update_entity(entity, given, "d"),
        publication.delete_entity(source, given, "d"),
        publication.create_relationship(source, source, "MEMBER_OF", given, "d"),
    ):
        with pytest.raises(ValueError, match="slug"):
            run(change)
    assert files(store) == before


def test_the_default_author_stands_in_for_a_missing_one(
    publication: PublicationService, store: Store
) -> None:
    entity = create(publication)
    run(publication.update_entity(entity, change_description="d"))
    assert entity.version_summary.author.id == AUTHOR
    assert store.exists("author/jane-doe.json")


def test_without_a_default_author_one_is_required(database: EntityDatabase, store: Store) -> None:
    publication = PublicationService(database, Clock())
    for call in (
        publication.create_entity("person", person("jane-roe")),
        publication.delete_entity("entity:person/jane-roe", change_description="d"),
    ):
        with pytest.raises(ValueError, match=r"^author_id is required$"):
            run(call)
    assert files(store) == {}
