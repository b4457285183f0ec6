"""The ledger: which migrations the database says are applied."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
from ledgers import EARLIER, MARKER, earlier, marker_of, read
from repositories import LOGS, Place, clone, git_called, init, partial_clone

from nes_tasks.database.ledger import Applied, Ledger, read_ledger
from nes_tasks.database.marker import Metadata, Statistics
from nes_tasks.errors import DatabaseError, UnavailableError

# What counts as applied


def test_a_marker_says_all_about_its_migration(database: Place) -> None:
    commit = database.commit(marker_of("001-first"))
    assert read(database) == Ledger(
        commit,
        {
            "001-first": Applied(
                name="001-first",
                metadata=Metadata(
                    MARKER.author, MARKER.date, MARKER.description, deterministic=False
                ),
                applied_at=MARKER.applied_at,
                inputs=MARKER.inputs,
                statistics=MARKER.statistics,
                base_tree=MARKER.base_tree,
                marker_blob=database.git("rev-parse", f"HEAD:{LOGS}/001-first/marker.toml"),
            )
        },
    )


def test_migrations_come_in_the_order_of_their_names(database: Place) -> None:
    names = ["010-tenth", "002-second", "001-first", "002-second-b"]
    for name in names:
        database.write(marker_of(name))
    database.commit()
    assert list(read(database).applied) == sorted(names)


def test_what_an_earlier_system_left_counts_with_unknown_inputs(database: Place) -> None:
    database.commit(earlier())
    assert read(database).applied == {
        "000-example-migration": Applied(
            name="000-example-migration",
            metadata=Metadata("contributor@example.org", date(2024, 1, 20), "An example"),
            applied_at=datetime(2025, 11, 5, 10, 11, 12, 131415),  # noqa: DTZ001 - as it was left
            inputs=None,
            statistics=Statistics(entities_created=1, relationships_created=2, versions_created=3),
        )
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"date": None},
        {"executed_at": None},
        {"author": None, "description": None},
        {"changes": None},
        {"changes": {"entities_created": None}},
    ],
)
def test_an_earlier_system_may_have_left_things_out(
    database: Place, changed: dict[str, object]
) -> None:
    database.commit(earlier(**changed))
    assert list(read(database).applied) == ["000-example-migration"]


def test_a_marker_beside_the_earlier_record_wins(database: Place) -> None:
    record = json.dumps(EARLIER)
    database.commit({**marker_of("001-first"), f"{LOGS}/001-first/metadata.json": record})
    assert read(database).applied["001-first"].inputs == MARKER.inputs


def test_the_real_records_of_the_earlier_system_are_understood(
    database: Place, shared_data: Path
) -> None:
    sample = shared_data / "database-sample" / "v2" / "migration-logs"
    shutil.copytree(sample, database.path / LOGS)
    database.commit()
    applied = read(database).applied
    assert len(applied) == 5
    assert all(record.inputs is None and record.applied_at for record in applied.values())
    assert sum(record.statistics.entities_created for record in applied.values()) > 0


@pytest.mark.parametrize(
    "path",
    [
        f"{LOGS}/001-first/log.txt",
        f"{LOGS}/marker.toml",
        f"{LOGS}/001-first/deeper/marker.toml",
        f"{LOGS}/001-first/marker.toml/x",
        "migration-logs/001-first/marker.toml",
        "v3/migration-logs/001-first/marker.toml",
    ],
)
def test_other_files_are_no_markers(database: Place, path: str) -> None:
    database.commit({path: "x"})
    assert read(database).applied == {}


def test_a_file_in_the_place_of_the_folder_is_no_marker(database: Place) -> None:
    commit = database.commit({LOGS: "x"})
    assert read(database) == Ledger(commit, {})


def test_the_data_folder_is_that_of_the_settings(database: Place) -> None:
    files = {path.replace("v2/", "my data/"): data for path, data in marker_of("001-a").items()}
    database.commit(files)
    assert list(read_ledger(database.path, "my data").applied) == ["001-a"]
    assert read_ledger(database.path, "v2").applied == {}


# Where it is read from


def test_only_what_is_committed_counts(database: Place) -> None:
    database.commit(marker_of("001-first"))
    database.write(marker_of("002-second"))
    (database.path / LOGS / "001-first" / "marker.toml").write_text("spoilt")
    database.git("add", "--all")
    assert list(read(database).applied) == ["001-first"]


def test_a_reverted_migration_is_pending_again(database: Place) -> None:
    database.commit({"README.md": "about"})
    database.commit(marker_of("001-first"))
    applied = database.commit(marker_of("002-second"))
    database.git("revert", "--no-edit", applied)
    assert list(read(database).applied) == ["001-first"]
    database.git("revert", "--no-edit", "HEAD")
    assert list(read(database).applied) == ["001-first", "002-second"]


def test_the_branch_of_the_settings_is_read_whatever_is_checked_out(database: Place) -> None:
    first = database.commit(marker_of("001-first"))
    database.git("switch", "--quiet", "-c", "data")
    second = database.commit(marker_of("002-second"))
    assert read(database, branch="main") == read_ledger(database.path, "v2", branch="main")
    assert read(database, branch="main").commit == first
    assert list(read(database, branch="main").applied) == ["001-first"]
    assert read(database, branch="data").commit == read(database).commit == second
    assert read(database, branch="nothing") == Ledger(None, {})


def test_a_tag_of_the_same_name_is_not_the_branch(database: Place) -> None:
    database.commit({"README.md": "about"})
    database.git("tag", "main")
    commit = database.commit(marker_of("001-first"))
    assert read(database, branch="main").commit == commit


def bare(source: Place, path: Path) -> Place:
    return clone(source.path, path, "--bare")


def shallow(source: Place, path: Path) -> Place:
    return clone(source.path, path, "--depth=1")


def without_checkout(source: Place, path: Path) -> Place:
    return clone(source.path, path, "--no-checkout")


def detached(source: Place, path: Path) -> Place:
    there = clone(source.path, path)
    there.git("checkout", "--quiet", "--detach")
    return there


def linked_worktree(source: Place, path: Path) -> Place:
    source.git("worktree", "add", "--quiet", "--detach", str(path))
    return Place(path)


def submodule(source: Place, path: Path) -> Place:
    service = init(path)
    service.git("-c", "protocol.file.allow=always", "submodule", "add", str(source.path), "db")
    return Place(path / "db")


@pytest.mark.parametrize(
    "make",
    [bare, shallow, without_checkout, detached, linked_worktree, submodule, partial_clone],
)
def test_every_kind_of_clone_knows_what_is_applied(
    tmp_path: Path, database: Place, make: Callable[[Place, Path], Place]
) -> None:
    for name in ("001-first", "002-second"):
        database.commit({**marker_of(name), f"v2/entity/{name}.json": name})
    assert read(make(database, tmp_path / "there")) == read(database)


def test_a_clone_that_lacks_the_records_fetches_them_in_one_go(
    tmp_path: Path, database: Place
) -> None:
    names = [f"{number:03d}-first" for number in range(1, 9)]
    database.commit({path: data for name in names for path, data in marker_of(name).items()})
    database.git("config", "uploadpack.allowFilter", "true")
    there = clone(database.path, tmp_path / "there", "--filter=blob:none", "--sparse", "--depth=1")
    log, program = tmp_path / "log", tmp_path / "upload-pack"
    program.write_text(f'#!/bin/sh\necho asked >> "{log}"\nexec git-upload-pack "$@"\n')
    program.chmod(0o755)
    there.git("config", "remote.origin.uploadpack", str(program))
    assert sorted(read(there).applied) == names
    assert log.read_text() == "asked\n"


def test_a_partial_clone_fetches_nothing_for_it(tmp_path: Path, database: Place) -> None:
    database.commit({**marker_of("001-first"), "v2/entity/a.json": "1"})
    there = partial_clone(database, tmp_path / "there")
    database.path.rename(tmp_path / "gone")
    before = there.missing()
    assert list(read(there).applied) == ["001-first"]
    assert there.missing() == before > 0


def test_a_sha256_repository_is_read_too(tmp_path: Path) -> None:
    database = init(tmp_path / "db", "--object-format=sha256")
    commit = database.commit(marker_of("001-first"))
    assert len(commit) == 64
    assert read(database) == Ledger(commit, read(database).applied)
    assert list(read(database).applied) == ["001-first"]


# Where there is nothing to read


def test_nothing_there_yet_is_an_empty_ledger(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("absent", "empty"):
        assert read_ledger(tmp_path / name, "v2") == Ledger(None, {})
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


def test_a_repository_without_commits_has_an_empty_ledger(database: Place) -> None:
    assert read(database) == Ledger(None, {})


def test_a_repository_without_migrations_has_an_empty_ledger(database: Place) -> None:
    commit = database.commit({"v2/entity/a.json": "1"})
    assert read(database) == Ledger(commit, {})


def test_a_file_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(DatabaseError, match="is a file, not a database repository"):
        read_ledger(tmp_path / "file", "v2")


def test_a_folder_of_something_else_is_no_database(tmp_path: Path) -> None:
    init(tmp_path).commit(marker_of("001-first"))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine")
    with pytest.raises(DatabaseError, match="other is not a git repository") as raised:
        read_ledger(tmp_path / "other", "v2")
    assert "change the setting `database`" in str(raised.value.hint)


def test_a_repository_of_another_user_is_told_with_the_way_to_trust_it(
    tmp_path: Path, database: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    suspicious = f'GIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec {shutil.which("git")} "$@"'
    monkeypatch.setenv("PATH", git_called(tmp_path / "bin", suspicious))
    with pytest.raises(DatabaseError, match="git does not trust") as raised:
        read(database)
    assert raised.value.hint == f"git config --global --add safe.directory {database.path}"


def test_a_machine_without_git_is_told_so(
    tmp_path: Path, database: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError, match="git is not installed"):
        read(database)


# What is damaged


def test_a_missing_commit_is_no_empty_database(database: Place) -> None:
    commit = database.commit(marker_of("001-first"))
    (database.path / ".git" / "objects" / commit[:2] / commit[2:]).unlink()
    for branch in (None, "main"):
        with pytest.raises(DatabaseError, match="is damaged: git cannot read the commit") as raised:
            read(database, branch=branch)
        assert f"git -C {database.path} fsck" in str(raised.value.hint)


def test_a_missing_marker_is_named(database: Place) -> None:
    database.commit(marker_of("001-first"))
    oid = database.git("rev-parse", f"HEAD:{LOGS}/001-first/marker.toml")
    (database.path / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    with pytest.raises(DatabaseError, match=r"migration-logs/001-first/marker.toml is missing"):
        read(database)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"format = 2",
        b"format = 1",
        b"= = =",
        MARKER.to_bytes().replace(b'author = "Asha', b"author = 7 #"),
        MARKER.to_bytes().replace(b"date = 2024-01-25", b"date = 2024-01-25T00:00:00Z"),
        MARKER.to_bytes().replace(b"files = 4", b'files = "many"'),
        b"a = " + b"[" * 100_000,
    ],
    ids=range(9),
)
def test_a_marker_that_cannot_be_read_is_named(database: Place, data: bytes) -> None:
    database.commit({**marker_of("001-first"), f"{LOGS}/002-second/marker.toml": data})
    with pytest.raises(
        DatabaseError, match=r"migration-logs/002-second/marker\.toml in the database cannot be"
    ) as raised:
        read(database)
    assert raised.value.hint == "restore it from the history of the database"


@pytest.mark.parametrize(
    "data",
    [
        "",
        "{",
        "null",
        "[]",
        '"text"',
        json.dumps({**EARLIER, "changes": [1]}),
        json.dumps({**EARLIER, "changes": {"entities_created": "many"}}),
        json.dumps({**EARLIER, "changes": {"entities_created": [1]}}),
        json.dumps({**EARLIER, "date": "yesterday"}),
        json.dumps({**EARLIER, "date": 20240120}),
        json.dumps({**EARLIER, "executed_at": "now"}),
        json.dumps({**EARLIER, "executed_at": 7}),
        "[" * 100_000,
    ],
    ids=range(13),
)
def test_an_earlier_record_that_cannot_be_read_is_named(database: Place, data: str) -> None:
    database.commit({f"{LOGS}/000-example-migration/metadata.json": data})
    with pytest.raises(DatabaseError, match=r"000-example-migration/metadata\.json in the data"):
        read(database)
