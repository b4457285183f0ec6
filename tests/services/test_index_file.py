"""The file of the index: kept up to date, and made anew when it cannot be relied on."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from isolation import database as repository
from isolation import isolated
from repositories import Place, partial_clone, transaction

from nes_tasks.errors import DatabaseError, NesTasksError
from nes_tasks.git.command import Git
from nes_tasks.services import index as index_module
from nes_tasks.services import index_connection, index_file
from nes_tasks.services.database import EntityDatabase
from nes_tasks.services.index_connection import open_tables
from nes_tasks.services.index_file import NAME, STAMP, IndexFile
from nes_tasks.services.table_writer import TableWriter

__all__ = ["isolated", "repository"]


def person(slug: str, name: str) -> dict[str, bytes]:
    """The file of a person."""
    when = "2026-01-15T00:00:00Z"
    summary = {
        "author": {"slug": "a-b"},
        "change_description": "New",
        "created_at": when,
        "entity_or_relationship_id": f"entity:person/{slug}",
        "type": "ENTITY",
        "version_number": 1,
    }
    content = {
        "slug": slug,
        "type": "person",
        "names": [{"kind": "PRIMARY", "en": {"full": name}}],
        "created_at": when,
        "version_summary": summary,
    }
    return {f"v2/entity/person/{slug}.json": json.dumps(content).encode()}


class Project:
    """A database with an index that is kept in a folder."""

    def __init__(self, place: Place, folder: Path) -> None:
        self.place = place
        self.folder = folder
        self.warnings: list[str] = []
        self.told: list[tuple[str, int, int | None]] = []
        self.read: list[str] = []

    def opened(self) -> IndexFile:
        """The index, as another process would open it."""
        return IndexFile(
            self.folder,
            "v2",
            warn=self.warnings.append,
            progress=lambda *row: self.told.append(row),
        )

    @property
    def tree(self) -> str:
        return self.place.git("rev-parse", "HEAD^{tree}")

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def path(self, *, is_published: bool = True) -> Path | None:
        """The file for the newest commit; `read` then has the paths that were read for it."""
        self.read.clear()
        return self.opened().at(Git(self.place.path), self.tree, is_published=is_published)

    def names(self, path: Path | None) -> list[str]:
        """The names that a file has."""
        assert path is not None, self.warnings
        with closing(open_tables(path, self.tree, "v2")) as connection:
            rows = connection.execute('SELECT "full" FROM names ORDER BY 1')
            return [name for (name,) in rows]


@pytest.fixture
def project(repository: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A database with two persons and an index."""
    repository.commit({**person("asha-rai", "Asha Rai"), **person("bina-lama", "Bina Lama")})
    found = Project(repository, tmp_path / ".nes-tasks" / "index")
    add_file = TableWriter.add_file

    def noted(self: TableWriter, path: str, data: bytes) -> None:
        found.read.append(path)
        add_file(self, path, data)

    monkeypatch.setattr(TableWriter, "add_file", noted)
    assert found.names(found.path()) == ["Asha Rai", "Bina Lama"]
    assert len(found.read) == 2
    return found


def test_only_what_has_changed_is_read(project: Project) -> None:
    assert project.path() == project.folder / NAME
    assert project.read == []
    project.place.commit({"v2/migration-logs/001-x/marker.toml": "x", "v2/entity/notes.txt": "x"})
    project.path()
    assert project.read == []
    (project.place.path / "v2/entity/person/asha-rai.json").unlink()
    project.place.commit(person("chandra-rai", "Chandra Rai"))
    assert project.names(project.path()) == ["Bina Lama", "Chandra Rai"]
    assert project.read == ["entity/person/chandra-rai.json"]
    project.place.git("reset", "--hard", "--quiet", "HEAD~2")
    assert project.names(project.path()) == ["Asha Rai", "Bina Lama"]
    assert project.read == ["entity/person/asha-rai.json"]


@pytest.mark.parametrize("is_published", [True, False])
@pytest.mark.parametrize(("few", "read"), [(1000, 0), (0, 2)])
def test_where_most_is_gone_it_is_made_anew(
    project: Project, monkeypatch: pytest.MonkeyPatch, few: int, read: int, is_published: bool
) -> None:
    monkeypatch.setattr(index_file, "FEW_REMOVED", few)
    for number in range(4):
        project.place.commit(person(f"p-{number}", f"Person {number}"))
    project.path()
    project.place.git("reset", "--hard", "--quiet", "HEAD~4")
    project.read.clear()
    with closing(project.opened()) as index:
        path = index.at(Git(project.place.path), project.tree, is_published=is_published)
        assert project.names(path) == ["Asha Rai", "Bina Lama"]
    assert len(project.read) == read


def test_another_tree_than_that_of_the_branch_has_a_file_of_its_own(project: Project) -> None:
    with closing(project.opened()) as index:
        git, published = Git(project.place.path), project.tree
        before = (project.folder / NAME).read_bytes()
        project.place.commit(person("chandra-rai", "Chandra Rai"))
        own = index.at(git, project.tree, is_published=False)
        assert own != project.folder / NAME
        assert project.names(own) == ["Asha Rai", "Bina Lama", "Chandra Rai"]
        project.place.commit(person("dipa-rai", "Dipa Rai"))
        project.read.clear()
        own = index.at(git, project.tree, is_published=False)
        assert project.names(own) == ["Asha Rai", "Bina Lama", "Chandra Rai", "Dipa Rai"]
        assert project.read == ["entity/person/dipa-rai.json"]
        assert (project.folder / NAME).read_bytes() == before
        assert index.at(git, published, is_published=True) == project.folder / NAME
    assert project.files() == [NAME, STAMP]


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2 :] = b"\xff" * (len(data) - len(data) // 2)
    path.write_bytes(data)


def cut(path: Path) -> None:
    os.truncate(path, 5000)


def no_database(path: Path) -> None:
    path.write_text("something else")


def of_somebody_else(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE meta (name TEXT, value TEXT)")
        connection.commit()


def forged(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE names SET \"full\" = 'Somebody Else'")
        connection.commit()


def linked(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def a_folder_of_another_machine(path: Path) -> None:
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    os.utime(copy, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    copy.replace(path)


def begun_and_not_finished(path: Path) -> None:
    path.with_name(f"{NAME}-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"\0" * 999)
    os.utime(path)


DAMAGES = [
    Path.unlink,
    damage,
    cut,
    no_database,
    of_somebody_else,
    forged,
    linked,
    a_folder_of_another_machine,
    begun_and_not_finished,
]


@pytest.mark.parametrize("act", DAMAGES, ids=lambda act: act.__name__)
def test_a_file_that_is_not_as_we_left_it_is_made_anew(
    project: Project, act: Callable[[Path], None]
) -> None:
    act(project.folder / NAME)
    project.place.commit(person("chandra-rai", "Chandra Rai"))
    assert project.names(project.path()) == ["Asha Rai", "Bina Lama", "Chandra Rai"]
    assert len(project.read) == 3
    assert not project.warnings
    project.path()
    assert project.read == []


def test_a_file_of_another_version_is_made_anew(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (index_file, index_connection):
        monkeypatch.setattr(module, "MAKER", "2 of another version")
    assert project.names(project.path()) == ["Asha Rai", "Bina Lama"]
    assert len(project.read) == 2


def test_a_file_whose_tree_is_gone_is_made_anew(project: Project) -> None:
    project.place.commit(person("chandra-rai", "Chandra Rai"))
    project.path()
    project.place.git("reset", "--hard", "--quiet", "HEAD~1")
    project.place.git("reflog", "expire", "--expire=now", "--all")
    project.place.git("gc", "--quiet", "--prune=now")
    assert project.names(project.path()) == ["Asha Rai", "Bina Lama"]
    assert len(project.read) == 2


OTHER_PROCESS = """
import os, signal, sys
from pathlib import Path
from nes_tasks.git.command import Git
from nes_tasks.services import index_file

class Killed(index_file.IndexFile):
    def {method}(self, *args):
        os.kill(os.getpid(), signal.SIGKILL)

index = {kind}(Path(sys.argv[1]), "v2", warn=print, progress=print)
git = Git(Path(sys.argv[2]))
print(index.at(git, git.tree_of("HEAD"), is_published=True))
"""


def start(
    project: Project, kind: str = "index_file.IndexFile", method: str = "no_method"
) -> subprocess.Popen[str]:
    """Bring the index up to date in another process."""
    code = OTHER_PROCESS.format(kind=kind, method=method)
    command = [sys.executable, "-c", code, str(project.folder), str(project.place.path)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("method", ["_add", "_describe", "_stamp"])
@pytest.mark.parametrize("is_new", [False, True], ids=["updated", "made"])
def test_a_process_that_is_killed_leaves_nothing_wrong(
    project: Project, method: str, is_new: bool
) -> None:
    if is_new:
        (project.folder / NAME).unlink()
    project.place.commit(person("chandra-rai", "Chandra Rai"))
    killed = start(project, "Killed", method)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert project.names(project.path()) == ["Asha Rai", "Bina Lama", "Chandra Rai"]
    (project.folder / NAME).unlink()
    project.path()
    assert project.files() == [NAME, STAMP]


def test_processes_that_make_it_at_the_same_time_do_not_disturb_each_other(
    project: Project,
) -> None:
    for number in range(3):
        if number == 1:
            (project.folder / NAME).unlink()
        project.place.commit(person(f"one-{number}", f"One {number}"))
        others = [start(project) for _ in range(3)]
        for other in others:
            out, err = other.communicate()
            assert str(project.folder) in out, err
        assert f"One {number}" in project.names(project.path())


def test_a_file_that_is_being_read_does_not_change(project: Project) -> None:
    tree, path = project.tree, project.path()
    assert path is not None
    with closing(open_tables(path, tree, "v2")) as reading:
        project.place.commit(person("chandra-rai", "Chandra Rai"))
        with closing(project.opened()) as other:
            own = other.at(Git(project.place.path), project.tree, is_published=True)
            assert project.names(own) == ["Asha Rai", "Bina Lama", "Chandra Rai"]
            assert own != path
        assert reading.execute("SELECT count(*) FROM names").fetchone() == (2,)
    assert project.path() == path
    with pytest.raises(NesTasksError, match="changed by another process"):
        open_tables(path, tree, "v2")


def test_a_file_that_is_damaged_while_it_is_read_is_named(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "FILES_IN_MEMORY", 0)
    path = project.path()
    assert path is not None

    def damaged() -> sqlite3.Connection:
        connection = open_tables(path, project.tree, "v2")
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * (path.stat().st_size - 4096))
        return connection

    with transaction(project.place) as store:
        database = EntityDatabase(store, open_tables=damaged)
        with pytest.raises(NesTasksError, match=r"index .*; delete the folder \.nes-tasks/index"):
            asyncio.run(database.search_entities("rai"))


# Where it cannot be written


def test_a_place_that_cannot_be_written_to_is_warned_of_once(
    repository: Place, tmp_path: Path
) -> None:
    repository.commit(person("asha-rai", "Asha Rai"))
    (tmp_path / ".nes-tasks").write_text("in the way")
    project = Project(repository, tmp_path / ".nes-tasks" / "index")
    index = project.opened()
    for is_published in (True, False):
        path = index.at(Git(repository.path), project.tree, is_published=is_published)
        assert path is None
    assert len(project.warnings) == 1
    told = "searches read the whole database, because the index cannot be written to "
    assert project.warnings[0].startswith(f"{told}.nes-tasks/index: ")


@pytest.fixture
def full_disk() -> Iterator[Callable[[], None]]:
    """Makes every file that grows beyond 8 KiB fail, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("is_new", [False, True], ids=["updated", "made"])
def test_a_full_disk_costs_the_index_alone(
    project: Project, full_disk: Callable[[], None], is_new: bool
) -> None:
    if is_new:
        (project.folder / NAME).unlink()
    many = [person(f"p-{n:03}", f"Person {n}") for n in range(300)]
    project.place.commit({path: data for one in many for path, data in one.items()})
    full_disk()
    assert project.path() is None
    assert len(project.warnings) == 1
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert len(project.names(project.path())) == 302


def test_without_an_index_searches_scan(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "FILES_IN_MEMORY", 0)
    asked: list[None] = []
    with transaction(project.place) as store:
        database = EntityDatabase(store, open_tables=lambda: asked.append(None))
        for _ in range(2):
            found = asyncio.run(database.search_entities("rai"))
            assert [entity.slug for entity in found] == ["asha-rai"]
    assert asked == [None]


# Large and incomplete databases


def test_making_it_tells_how_far_it_is(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.path()
    assert project.told == []
    monkeypatch.setattr(index_file, "QUIET", 0)
    monkeypatch.setattr(index_file, "INTERVAL", 0)
    (project.folder / NAME).unlink()
    project.path()
    assert project.told == [("reading names for searches", 2, None)]
    project.place.commit(person("chandra-rai", "Chandra Rai"))
    project.path()
    assert project.told[1:] == [("reading names for searches", 1, 1)]


def test_what_a_partial_clone_lacks_comes_in_one_announced_fetch(
    repository: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [person(f"p-{n:03}", f"Person {n}") for n in range(600)]
    repository.commit({path: data for one in many for path, data in one.items()})
    there = partial_clone(repository, tmp_path / "there")
    announced: list[Path] = []
    monkeypatch.setattr(Git, "announce_fetch", announced.append)
    packs = there.path / ".git/objects/pack"
    before = len(list(packs.glob("*.promisor")))
    project = Project(there, tmp_path / ".nes-tasks" / "index")
    assert len(project.names(project.path())) == 600
    assert announced == [there.path]
    assert len(list(packs.glob("*.promisor"))) == before + 1


def test_a_content_that_is_missing_is_named(project: Project) -> None:
    project.place.commit(person("chandra-rai", "Chandra Rai"))
    oid = project.place.git("rev-parse", "HEAD:v2/entity/person/chandra-rai.json")
    (project.place.path / ".git/objects" / oid[:2] / oid[2:]).unlink()
    with pytest.raises(DatabaseError, match=r"for v2/entity/person/chandra-rai\.json"):
        project.path()
