"""The database on a plain folder, and the services over it, under their earlier names."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    from nes.config import Config

    monkeypatch.delenv("NES_DB_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    yield Config
    Config.cleanup()


def person(slug: str) -> dict[str, Any]:
    return {"slug": slug, "type": "person", "names": [{"kind": "PRIMARY", "en": {"full": slug}}]}


def test_a_file_database_makes_its_folder_and_keeps_files_in_it(tmp_path: Path) -> None:
    from nes.core.models.version import Author
    from nes.database.entity_database import EntityDatabase
    from nes.database.file_database import FileDatabase

    database = FileDatabase(base_path=str(tmp_path / "nes-db" / "v2"))
    assert isinstance(database, EntityDatabase)
    assert (tmp_path / "nes-db/v2").is_dir()
    asyncio.run(database.put_author(Author(slug="asha-rai", name="Asha Rai")))
    text = (tmp_path / "nes-db/v2/author/asha-rai.json").read_text()
    assert text == '{\n  "name": "Asha Rai",\n  "slug": "asha-rai"\n}'


def test_the_services_work_on_a_file_database_at_the_present_time(tmp_path: Path) -> None:
    from nes.database.file_database import FileDatabase
    from nes.services.publication.service import PublicationService
    from nes.services.search.service import SearchService

    database = FileDatabase(tmp_path)
    publication, search = PublicationService(database), SearchService(database)
    assert publication.database is database

    async def work() -> tuple[Any, Any]:
        created = await publication.create_entity(
            entity_data=person("asha-rai"), author_id="author:mina-rai"
        )
        created.tags = ["changed"]
        await publication.update_entity(created, "author:mina-rai", "Add a tag")
        return created, await search.search_entities(query="ASHA", entity_type="person")

    before = datetime.now(UTC)
    created, found = asyncio.run(work())
    assert before <= created.created_at <= datetime.now(UTC)
    assert [entity.id for entity in found] == ["entity:person/asha-rai"]
    assert found[0].tags == ["changed"]
    files = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.json"))
    assert files == [
        "author/mina-rai.json",
        "entity/person/asha-rai.json",
        "version/entity/person/asha-rai/1.json",
        "version/entity/person/asha-rai/2.json",
    ]


@pytest.mark.parametrize("identifier", ["entity:../../outside", "entity:/etc/x", "entity:.git/x"])
def test_a_hostile_id_reads_nothing_and_deletes_nothing(tmp_path: Path, identifier: str) -> None:
    from nes.database.file_database import FileDatabase

    (tmp_path / "outside.json").write_text("{}")
    database = FileDatabase(tmp_path / "data" / "v2")
    assert asyncio.run(database.get_entity(identifier)) is None
    with pytest.raises(ValueError, match=r"which no id has|empty part"):
        asyncio.run(database.delete_entity(identifier))
    assert (tmp_path / "outside.json").exists()


def test_the_sample_of_the_published_database_can_be_read(shared_data: Path) -> None:
    from nes.database.file_database import FileDatabase

    database = FileDatabase(shared_data / "database-sample" / "v2")
    entities = asyncio.run(database.list_entities(limit=1000))
    assert len(entities) == 54
    kathmandu = asyncio.run(
        database.get_entity("entity:location/metropolitan_city/kathmandu-metropolitan-city")
    )
    assert kathmandu is not None
    assert kathmandu.administrative_level == 3  # type: ignore[attr-defined]


def test_the_path_is_the_argument_then_the_variable_then_the_default(
    config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert config.get_db_path() == Path("nes-db/v2")
    assert config.get_db_protocol() == "file"
    monkeypatch.setenv("NES_DB_URL", "file+memcached:///srv/data%20base/v2")
    assert config.get_db_path() == Path("/srv/data base/v2")
    assert config.get_db_protocol() == "file+memcached"
    assert config.get_db_path("elsewhere") == Path("elsewhere")


@pytest.mark.parametrize(
    "url", ["http://example.org/v2", "nes-db/v2", "file://host/v2", "file:v2", "sqlite:///x.db"]
)
def test_a_url_that_names_no_folder_is_refused(
    config: Any, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("NES_DB_URL", url)
    for ask in (config.get_db_path, config.get_db_protocol, config.initialize_database):
        with pytest.raises(ValueError, match="NES_DB_URL is "):
            ask()


def test_the_folder_can_be_made_beforehand(config: Any, tmp_path: Path) -> None:
    assert config.ensure_db_path_exists() == Path("nes-db/v2")
    assert (tmp_path / "nes-db/v2").is_dir()
    assert config.ensure_db_path_exists(tmp_path / "other").is_dir()


def test_there_is_no_database_before_it_is_initialized_nor_after_the_cleanup(config: Any) -> None:
    services = (config.get_database, config.get_search_service, config.get_publication_service)
    for get in services:
        with pytest.raises(RuntimeError, match="not initialized"):
            get()
    database = config.initialize_database("data/v2")
    assert config.get_database() is database
    assert config.get_search_service().database is database
    assert config.get_publication_service().database is database
    config.cleanup()
    with pytest.raises(RuntimeError, match="not initialized"):
        config.get_database()


def test_a_script_beside_migrations_can_use_the_names(tmp_path: Path) -> None:
    script = tmp_path / "count.py"
    script.write_text(
        "from nes_tasks.compat import install\n"
        "install()\n"
        "import asyncio\n"
        "from nes.config import Config\n"
        "database = Config.initialize_database('data')\n"
        "print(len(asyncio.run(database.list_entities())))\n"
    )
    ran = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "0\n"
