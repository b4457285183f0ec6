"""`doit export`: everything is there, in each format, and nothing of others is overwritten."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from published import NAME, publish
from workspace import Workspace

from nes_tasks.operations.export_schema import TABLES

COUNTS = {
    "entities": 6,
    "names": 9,
    "identifiers": 1,
    "contacts": 1,
    "tags": 2,
    "attributes": 4,
    "parents": 3,
    "relationships": 1,
    "versions": 8,
    "authors": 2,
    "migrations": 2,
    "unread": 0,
}


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A project with a database; exports may be written beside it."""
    return publish(tmp_path_factory.mktemp("export"))


@pytest.fixture(scope="module")
def exported(there: Workspace) -> Path:
    ran = there.doit("export", "-o", "whole.db")
    assert (ran.code, ran.err) == (0, "")
    return there.root / "whole.db"


def rows(file: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(query, values).fetchall()


def test_one_file_has_everything(there: Workspace, exported: Path) -> None:
    found = {table: rows(exported, f"SELECT count(*) FROM {table}")[0][0] for table in COUNTS}
    assert found == COUNTS
    assert rows(
        exported, "SELECT name_en, name_ne, version FROM entities WHERE slug='asha-rai'"
    ) == [("Asha Rai", "आशा राई", 2)]
    assert rows(exported, "SELECT name, value FROM attributes WHERE name IN ('note', 'seats')") == [
        ("note", "first"),
        ("seats", "[1, 2]"),
    ]
    history = "SELECT number, description, migration FROM history WHERE subject = ? ORDER BY 1"
    assert rows(exported, history, "entity:person/asha-rai") == [
        (1, "Add her", "001-people"),
        (2, "She is no longer mayor", "002-tag"),
    ]
    commit = rows(exported, "SELECT value FROM export WHERE name = 'commit'")[0][0]
    assert commit == there.git("rev-parse", "HEAD")
    # Names are public, addresses are not for everybody.
    assert rows(exported, "SELECT name, author FROM migrations") == [
        ("001-people", "Asha Example"),
        ("002-tag", "Asha Example"),
    ]


def test_it_is_said_what_was_written(there: Workspace) -> None:
    ran = there.doit("export", "-o", "said.db")
    assert ran.code == 0, ran.err
    first, second, third = ran.out.splitlines()
    assert first.startswith("said.db: ")
    assert "earlier" not in first
    assert second == "6 entities, 1 relationship, 8 versions, 2 migrations"
    assert third.startswith("as of now (")
    again = there.doit("export", "-o", "said.db")
    assert again.out.splitlines()[0].endswith(", in place of an earlier export")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("told.db", "sqlite"),
        ("told.csv", "csv"),
        ("told.zip", "csv_zip"),
        ("told.ndjson", "json_lines"),
        ("told.parquet", "parquet"),
    ],
)
def test_json_says_what_was_written(there: Workspace, name: str, kind: str) -> None:
    ran = there.doit("export", "-o", name, "--at", "2", "--json")
    assert (ran.code, ran.err) == (0, "")
    found = json.loads(ran.out)
    place = there.root / name
    files = sorted(place.iterdir()) if place.is_dir() else [place]
    assert found["files"] == [{"path": str(f), "bytes": f.stat().st_size} for f in files]
    assert found["bytes"] == sum(file.stat().st_size for file in files)
    assert (found["path"], found["format"], found["replaced"]) == (str(place), kind, False)
    assert found["point"]["commit"] == there.git("rev-parse", "HEAD")
    assert found["point"]["migration"] == "002-tag"
    tables = {table["name"]: table["rows"] for table in found["tables"]}
    assert tables == {table: rows_of(place, table) for table in tables}
    assert json.loads(there.doit("export", "-o", name, "--json").out)["replaced"] is True


def rows_of(place: Path, table: str) -> int:
    """Count the rows of a table in an export of any format."""
    if place.suffix == ".db":
        return int(rows(place, f"SELECT count(*) FROM {table}")[0][0])
    if place.suffix == ".ndjson":
        kind = {"entities": "entity"}.get(table, table.removesuffix("s"))
        lines = place.read_text("utf-8").splitlines()
        return sum(json.loads(line).get("kind") == kind for line in lines)
    if place.suffix == ".parquet":
        from pyarrow import parquet

        return int(parquet.read_metadata(place / f"{table}.parquet").num_rows)
    if place.is_dir():
        text = (place / f"{table}.csv").read_text("utf-8")
    else:
        with zipfile.ZipFile(place) as archive:
            text = archive.read(f"{table}.csv").decode()
    return len(list(csv.DictReader(io.StringIO(text, newline=""))))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("राई", ["asha-rai"]),
        ("रा", []),  # a vowel sign is a part of its word
        ("काठमाडौं", ["kathmandu"]),
        ("kathm*", ["kathmandu"]),
        ("asha", ["asha-rai"]),  # an alias with an accent has no say in it
        ("names_en : ward AND names_en : 10", ["ward-10"]),
    ],
)
def test_names_are_found_by_their_words(exported: Path, query: str, found: list[str]) -> None:
    search = (
        "SELECT slug FROM entities WHERE key IN "
        "(SELECT rowid FROM entity_search WHERE entity_search MATCH ?)"
    )
    assert [slug for (slug,) in rows(exported, search, query)] == found


def test_the_same_commit_gives_the_same_bytes_in_any_clone(
    there: Workspace, exported: Path, tmp_path: Path
) -> None:
    other = Workspace(tmp_path / "elsewhere")
    there.git_in(tmp_path, "clone", "-q", "--bare", str(there.db), str(other.db))
    ran = other.doit("export", TZ="Asia/Kathmandu", LC_ALL="C")
    assert ran.code == 0, ran.err
    assert (other.root / "nes.db").read_bytes() == exported.read_bytes()
    dirty = there.copy_to(tmp_path / "dirty")
    shutil.rmtree(dirty.db / "v2/entity")
    (dirty.db / "v2/author/nobody.json").write_text("{")
    for ending in ("db", "zip", "jsonl"):
        for workspace in (other, dirty):
            assert workspace.doit("export", "-o", f"x.{ending}").code == 0
        one, two = (workspace.root / f"x.{ending}" for workspace in (other, dirty))
        assert one.read_bytes() == two.read_bytes()


def test_at_gives_an_earlier_state(there: Workspace) -> None:
    ran = there.doit("export", "--at", "1", "-o", "first.db")
    assert ran.code == 0, ran.err
    assert "as of 001-people (" in ran.out
    first = there.root / "first.db"
    assert rows(first, "SELECT name FROM migrations") == [("001-people",)]
    assert rows(first, "SELECT count(*) FROM versions") == [(7,)]
    assert rows(first, "SELECT count(*) FROM tags WHERE tag = 'mayor'") == [(1,)]
    assert there.doit("export", "--at", "HEAD~9").code == 2


def test_csv_json_lines_and_parquet_have_the_same(there: Workspace, exported: Path) -> None:
    from pyarrow import parquet

    for name in ("x.csv", "x.zip", "x.jsonl", "x.parquet"):
        ran = there.doit("export", "-o", name)
        assert ran.code == 0, ran.err
    folder, root = there.root / "x.csv", there.root
    with zipfile.ZipFile(root / "x.zip") as archive:
        for table in TABLES:
            text = (folder / f"{table}.csv").read_bytes()
            assert archive.read(f"{table}.csv") == text
            found = list(csv.DictReader(io.StringIO(text.decode(), newline="")))
            columns = parquet.read_table(root / "x.parquet" / f"{table}.parquet").to_pylist()
            assert [
                {k: "" if v is None else str(v) for k, v in row.items()} for row in columns
            ] == (found)
            assert len(found) == rows(exported, f"SELECT count(*) FROM {table}")[0][0]
    lines = [json.loads(line) for line in (root / "x.jsonl").read_text("utf-8").splitlines()]
    assert lines[0]["commit"] == there.git("rev-parse", "HEAD")
    kinds = [line["kind"] for line in lines[1:]]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "author": 2, "entity": 6, "migration": 2, "relationship": 1, "version": 8,
    }  # fmt: skip
    asha = next(line for line in lines if line.get("id") == "entity:person/asha-rai")
    assert asha["data"] == json.loads(there.git("show", "HEAD:v2/entity/person/asha-rai.json"))
    hostile = next(line for line in lines if line.get("slug") == "hostile-one")
    assert hostile["name_en"] == NAME


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-o", "nes.txt"], "'nes.txt' does not have the extension of an export format; use .db, "),
        (["-o", "dodo.py"], "'dodo.py' does not have the extension"),
        (["-o", "none/x.db"], "none/x.db cannot be written: there is no folder none"),
        (["-o", "other.db"], "other.db is not an export, so it is not replaced; give another"),
        (["-o", "other.jsonl"], "other.jsonl is not an export"),
        (["-o", "other.zip"], "other.zip is not an export"),
        (["-o", "other.csv"], "other.csv is not an export"),
        (["-o", "folder.db"], "folder.db is not an export"),
        (["-o", "/dev/null/x.db"], "/dev/null/x.db cannot be written: there is no folder"),
        (["name"], "doit export takes no name"),
        (["--at", "nothing"], "there is no migration, tag, commit or date 'nothing'"),
    ],
)
def test_what_is_not_ours_is_never_replaced(there: Workspace, words: list[str], said: str) -> None:
    root = there.root
    with closing(sqlite3.connect(root / "other.db")) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS mine (a)")
    (root / "other.jsonl").write_text('{"kind": "mine"}\n')
    (root / "other.zip").write_bytes(b"PK")
    (root / "folder.db").mkdir(exist_ok=True)
    (root / "other.csv").mkdir(exist_ok=True)
    (root / "other.csv/mine.csv").write_text("a\n")
    before = content_of(root)
    ran = there.doit("export", *words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"error: {said}"), ran.err
    assert ran.err.count("\n") == 1
    assert content_of(root) == before


def content_of(root: Path) -> dict[str, bytes]:
    return {
        str(path): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and ".nes-tasks" not in path.parts and "nes-db" not in path.parts
    }


def test_a_folder_of_ours_with_a_file_of_others_stays(there: Workspace) -> None:
    assert there.doit("export", "-o", "mixed.csv").code == 0
    (there.root / "mixed.csv/notes.txt").write_text("mine")
    ran = there.doit("export", "-o", "mixed.csv")
    assert ran.code == 2
    assert (there.root / "mixed.csv/notes.txt").read_text() == "mine"


def test_an_empty_file_and_what_a_killed_process_left_are_no_obstacle(there: Workspace) -> None:
    (there.root / "fresh.db").touch()
    gone = subprocess.Popen(["true"])
    gone.wait()
    left = there.root / f".fresh.db.{gone.pid}.part"
    left.write_text("half")
    assert there.doit("export", "-o", "fresh.db").code == 0
    assert not left.exists()
    assert not list(there.root.glob(".fresh.db.*"))


def test_a_failure_leaves_the_earlier_export(there: Workspace, tmp_path: Path) -> None:
    damaged = there.copy_to(tmp_path / "damaged")
    assert damaged.doit("export").code == 0
    before = (damaged.root / "nes.db").read_bytes()
    blob = damaged.git("rev-parse", "HEAD:v2/entity/person/asha-rai.json")
    remove_blob(damaged, blob)
    ran = damaged.doit("export")
    assert ran.code == 3
    assert ran.err.startswith("error: the database is damaged: git has no object ")
    assert (damaged.root / "nes.db").read_bytes() == before
    assert not list(damaged.root.glob(".nes.db*"))


def remove_blob(workspace: Workspace, blob: str) -> None:
    """Take one object out of a repository."""
    packs = workspace.db / ".git/objects/pack"
    moved = workspace.root / "packs"
    packs.rename(moved)
    packs.mkdir()
    for pack in moved.glob("*.pack"):
        subprocess.run(
            ["git", "-C", str(workspace.db), "unpack-objects", "-q"],
            input=pack.read_bytes(),
            check=True,
        )
    (workspace.db / ".git/objects" / blob[:2] / blob[2:]).unlink()


def test_an_empty_database_has_no_state(workspace: Workspace) -> None:
    ran = workspace.doit("export")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "error: nes-db has no commit yet, so it has no state to name; doit pending\n"
    )
    assert not (workspace.root / "nes.db").exists()


def test_files_that_cannot_be_read_are_named_in_a_table(there: Workspace, tmp_path: Path) -> None:
    broken = there.copy_to(tmp_path / "broken")
    (broken.db / "v2/entity/person/bad.json").write_text("{")
    broken.git("add", "v2")
    broken.git("commit", "-qm", "Break it")
    ran = broken.doit("export")
    assert ran.code == 0
    assert ran.err == ("warning: 1 file left out, unreadable; see the table unread\n")
    found = rows(broken.root / "nes.db", "SELECT path, malformed FROM unread")
    assert found == [("entity/person/bad.json", 1)]


@pytest.mark.parametrize("options", [["--depth", "1"], ["--filter=blob:none", "--sparse"]])
def test_incomplete_clones_give_what_they_can(
    there: Workspace, exported: Path, tmp_path: Path, options: list[str]
) -> None:
    bare = tmp_path / "remote.git"
    there.git_in(tmp_path, "clone", "-q", "--bare", str(there.db), str(bare))
    there.git_in(bare, "config", "uploadpack.allowFilter", "true")
    clone = Workspace(tmp_path / "project")
    there.git_in(tmp_path, "clone", "-q", *options, bare.as_uri(), str(clone.db))
    ran = clone.doit("export")
    assert ran.code == 0, ran.err
    file = clone.root / "nes.db"
    for table in ("entities", "versions", "names", "relationships"):
        assert rows(file, f"SELECT * FROM {table}") == rows(exported, f"SELECT * FROM {table}")
    known = {name for (name,) in rows(file, "SELECT DISTINCT migration FROM version_migrations")}
    assert known == (set() if "--depth" in options else {"001-people", "002-tag"})


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_folder_without_permission(there: Workspace, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    ran = there.doit("export", "-o", str(closed / "nes.db"))
    assert (ran.code, ran.out) == (2, "")
    assert "permission denied" in ran.err


@pytest.mark.parametrize("name", ["full.db", "full.csv", "full.zip", "full.jsonl"])
def test_a_full_disk_is_no_traceback_and_leaves_nothing(there: Workspace, name: str) -> None:
    command = f"ulimit -f 100; exec {sys.executable} -m doit export -o {name}"
    ran = subprocess.run(
        ["bash", "-c", command],
        cwd=there.root,
        env=there.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (3, "")
    assert ran.stderr.startswith("error: the export cannot be written: ")
    assert ran.stderr.count("\n") == 1
    assert not [path for path in there.root.iterdir() if "full" in path.name]
