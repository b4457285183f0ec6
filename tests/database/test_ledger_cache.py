"""The cache of the ledger: what it saves, and that a damaged one does no harm."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from ledgers import MARKER, earlier, marker_of, read
from repositories import LOGS, Place, git_called

from nes_tasks.errors import DatabaseError


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "state" / "cache" / "ledger.json"


def poison(cache: Path, author: str) -> None:
    """Change what the cache says, so that one sees whether it was used."""
    content = json.loads(cache.read_text())
    for row in content["entries"].values():
        row["applied"]["metadata"]["author"] = author
    cache.write_text(json.dumps(content))


def test_the_cache_saves_the_parsing(database: Place, cache: Path) -> None:
    database.commit({**marker_of("001-first"), **earlier()})
    first = read(database, cache=cache)
    assert read(database, cache=cache) == first == read(database)
    poison(cache, "from the cache")
    assert {row.author for row in read(database, cache=cache).applied.values()} == {
        "from the cache"
    }


def test_only_new_and_changed_markers_are_parsed_again(database: Place, cache: Path) -> None:
    database.commit({**marker_of("001-first"), **marker_of("002-second")})
    read(database, cache=cache)
    poison(cache, "from the cache")
    changed = marker_of("002-second")[f"{LOGS}/002-second/marker.toml"] + b"\n"
    database.commit({f"{LOGS}/002-second/marker.toml": changed, **marker_of("003-third")})
    authors = {name: row.author for name, row in read(database, cache=cache).applied.items()}
    assert authors == {
        "001-first": "from the cache",
        "002-second": MARKER.author,
        "003-third": MARKER.author,
    }


def test_the_cache_forgets_what_is_gone(database: Place, cache: Path) -> None:
    database.commit({**marker_of("001-first"), **marker_of("002-second")})
    read(database, cache=cache)
    shutil.rmtree(database.path / LOGS / "002-second")
    database.commit()
    assert list(read(database, cache=cache).applied) == ["001-first"]


def test_a_new_commit_with_the_same_markers_uses_the_cache(database: Place, cache: Path) -> None:
    database.commit(marker_of("001-first"))
    read(database, cache=cache)
    poison(cache, "from the cache")
    commit = database.commit({"README.md": "about"})
    ledger = read(database, cache=cache)
    assert ledger.commit == commit
    assert ledger.applied["001-first"].author == "from the cache"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: {},
        lambda content: [],
        lambda content: {**content, "format": 0},
        lambda content: {**content, "entries": []},
        lambda content: {**content, "entries": None},
        lambda content: {**content, "entries": {"001-first": 5}},
        lambda content: {**content, "entries": {"001-first": {}}},
        lambda content: {**content, "tree": "x", "entries": {"001-first": 5}},
        lambda content: {key: value for key, value in content.items() if key != "tree"},
        lambda content: {key: value for key, value in content.items() if key != "entries"},
    ],
)
def test_a_damaged_cache_is_as_good_as_none(
    database: Place, cache: Path, spoil: Callable[[dict[str, Any]], object]
) -> None:
    database.commit(marker_of("001-first"))
    read(database, cache=cache)
    cache.write_text(json.dumps(spoil(json.loads(cache.read_text()))))
    assert read(database, cache=cache) == read(database)
    assert json.loads(cache.read_text())["entries"]["001-first"]["applied"] == {
        "name": "001-first",
        "metadata": {**asdict(MARKER.metadata), "date": MARKER.metadata.iso_date},
        "applied_at": MARKER.applied_at.isoformat(),
        "inputs": MARKER.inputs,
        "statistics": asdict(MARKER.statistics),
        "base_tree": MARKER.base_tree,
        "marker_blob": database.git("rev-parse", f"HEAD:{LOGS}/001-first/marker.toml"),
    }


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"\0" * 100, b"[" * 100_000])
def test_a_cache_that_is_no_json_is_as_good_as_none(
    database: Place, cache: Path, data: bytes
) -> None:
    database.commit(marker_of("001-first"))
    cache.parent.mkdir(parents=True)
    cache.write_bytes(data)
    assert list(read(database, cache=cache).applied) == ["001-first"]


def test_a_cache_that_cannot_be_written_only_costs_time(database: Place, tmp_path: Path) -> None:
    database.commit(marker_of("001-first"))
    (tmp_path / "file").write_text("x")
    assert read(database, cache=tmp_path / "file" / "ledger.json") == read(database)
    (tmp_path / "folder.json").mkdir()
    assert read(database, cache=tmp_path / "folder.json") == read(database)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.json", "nes-db"]


def test_an_unreadable_marker_does_not_spoil_the_cache(database: Place, cache: Path) -> None:
    database.commit(marker_of("001-first"))
    read(database, cache=cache)
    before = cache.read_bytes()
    database.commit({f"{LOGS}/002-second/marker.toml": "spoilt"})
    with pytest.raises(DatabaseError):
        read(database, cache=cache)
    assert cache.read_bytes() == before


def test_reading_writes_nothing_to_the_database(database: Place, cache: Path) -> None:
    database.commit(marker_of("001-first"))
    files = {path: path.stat().st_mtime_ns for path in database.path.rglob("*")}
    read(database, cache=cache)
    assert {path: path.stat().st_mtime_ns for path in database.path.rglob("*")} == files


def test_many_markers_are_read_with_few_processes(
    tmp_path: Path, database: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(300):
        database.write(marker_of(f"{number:03}-m"))
    database.commit()
    calls = tmp_path / "calls"
    counting = f'echo "$@" >> {calls}; exec {shutil.which("git")} "$@"'
    monkeypatch.setenv("PATH", git_called(tmp_path / "bin", counting))
    assert len(read(database).applied) == 300
    assert len(calls.read_text().splitlines()) <= 4
