"""A transaction: what it shows, what it refuses, and what it counts."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from repositories import (
    ASHA,
    LOGS,
    MINA,
    NEW,
    REF,
    Place,
    commit_all,
    transaction,
)

from nes_tasks.database.marker import Statistics
from nes_tasks.database.transaction import Transaction


def content(database: Place, path: str, commit: str = REF) -> str:
    return database.git("show", f"{commit}:v2/{path}")


# Reading what was written


def test_at_first_it_shows_the_base(filled: Place) -> None:
    with transaction(filled) as changes:
        assert changes.read(ASHA) == b"asha"
        assert changes.exists(MINA)
        assert changes.read(NEW) is None
        assert not changes.exists(NEW)
        assert list(changes.list("")) == [ASHA, MINA]
        assert changes.statistics() == Statistics()


def test_a_database_without_commits_is_empty(database: Place) -> None:
    with transaction(database, None) as changes:
        assert list(changes.list("")) == []
        assert changes.read(ASHA) is None
        assert not changes.delete(ASHA)
        changes.write(ASHA, b"1")
        assert list(changes.list("entity")) == [ASHA]
        assert changes.read(ASHA) == b"1"


def test_what_is_written_is_read_back_whole(filled: Place) -> None:
    with transaction(filled) as changes:
        for data in (b"", b"\0\n", "नेपाल".encode(), os.urandom(100_000)):
            changes.write(NEW, data)
            assert changes.read(NEW) == data
            assert changes.exists(NEW)


def test_the_last_content_wins(filled: Place) -> None:
    with transaction(filled) as changes:
        for number in range(5):
            changes.write(ASHA, b"%d" % number)
        assert changes.read(ASHA) == b"4"
        commit_all(changes)
    assert content(filled, ASHA) == "4"


def test_what_is_deleted_is_gone(filled: Place) -> None:
    with transaction(filled) as changes:
        assert changes.delete(ASHA)
        assert not changes.delete(ASHA)
        assert changes.read(ASHA) is None
        assert not changes.exists(ASHA)
        assert list(changes.list("entity")) == [MINA]
        commit_all(changes)
    assert f"v2/{ASHA}" not in filled.tracked(REF)


def test_what_is_deleted_can_be_written_again(filled: Place) -> None:
    with transaction(filled) as changes:
        changes.delete(ASHA)
        changes.write(ASHA, b"again")
        assert changes.read(ASHA) == b"again"
        assert changes.statistics() == Statistics(entities_updated=1, files=1)
        commit_all(changes)
    assert content(filled, ASHA) == "again"


def test_what_is_written_and_deleted_never_was(filled: Place) -> None:
    with transaction(filled) as changes:
        changes.write(NEW, b"1")
        assert changes.delete(NEW)
        assert not changes.delete(NEW)
        assert list(changes.list("entity")) == [ASHA, MINA]
        assert changes.statistics() == Statistics()
        assert len(commit_all(changes)) == 1
    assert filled.git("diff", "--name-only", "HEAD", REF) == f"{LOGS}/001-first/marker.toml"


def test_the_same_content_is_no_change(filled: Place) -> None:
    with transaction(filled) as changes:
        changes.write(ASHA, b"asha")
        assert changes.statistics() == Statistics()
        assert changes.read(ASHA) == b"asha"


@pytest.mark.parametrize(
    "detour",
    [
        lambda changes: changes.write(ASHA, b"other"),
        lambda changes: changes.delete(ASHA),
    ],
)
def test_going_back_to_the_first_content_is_no_change(
    filled: Place, detour: Callable[[Transaction], object]
) -> None:
    with transaction(filled) as changes:
        detour(changes)
        assert changes.statistics().files == 1
        changes.write(ASHA, b"asha")
        assert changes.statistics() == Statistics()
        commit_all(changes)
    assert filled.git("diff", "--name-only", "HEAD", REF) == f"{LOGS}/001-first/marker.toml"


def test_many_are_read_from_both_in_the_order_asked_for(filled: Place) -> None:
    filled.commit({f"v2/entity/{n:03}.json": f"old {n}" for n in range(600)})
    with transaction(filled) as changes:
        for number in range(0, 600, 3):
            changes.write(f"entity/{number:03}.json", b"new %d" % number)
        changes.delete("entity/001.json")
        wanted = [f"entity/{number:03}.json" for number in reversed(range(601))]
        found = list(changes.read_many(wanted))
    assert [path for path, _ in found] == wanted
    contents = dict(found)
    assert contents["entity/600.json"] is None
    assert contents["entity/001.json"] is None
    assert contents["entity/000.json"] == b"new 0"
    assert contents["entity/002.json"] == b"old 2"
    assert contents["entity/597.json"] == b"new 597"


def test_reading_many_shows_what_the_reader_writes_meanwhile(filled: Place) -> None:
    with transaction(filled) as changes:
        rows = changes.read_many([ASHA, MINA, NEW, ASHA])
        assert next(rows) == (ASHA, b"asha")
        changes.write(MINA, b"changed")
        changes.write(NEW, b"new")
        changes.delete(ASHA)
        assert list(rows) == [(MINA, b"changed"), (NEW, b"new"), (ASHA, None)]


def test_a_list_is_sorted_by_whole_path_wherever_a_file_comes_from(database: Place) -> None:
    database.commit({"v2/entity/a/b.json": "1", "v2/entity/a-b.json": "2"})
    with transaction(database) as changes:
        for path in ("entity/a.json", "entity/a/a.json", "entity/a0.json", "entity/a-a.json"):
            changes.write(path, b"x")
        listed = list(changes.list("entity"))
        assert len(listed) == 6
        assert listed == sorted(listed)
        assert list(changes.list("entity/a")) == ["entity/a/a.json", "entity/a/b.json"]


def test_a_folder_is_not_the_ones_whose_names_begin_alike(filled: Place) -> None:
    with transaction(filled) as changes:
        changes.write("entity/person-group/x.json", b"x")
        assert list(changes.list("entity/person")) == [ASHA, MINA]
        assert list(changes.list("entity/pers")) == []


def test_writing_while_listing_neither_fails_nor_repeats(filled: Place) -> None:
    with transaction(filled) as changes:
        changes.write("entity/person/a.json", b"1")
        seen = []
        for path in changes.list("entity"):
            seen.append(path)
            changes.write(path, b"changed")
            changes.write(path.replace(".json", "-copy.json"), b"copy")
        assert seen == ["entity/person/a.json", ASHA, MINA]
        assert len(list(changes.list("entity"))) == 6


def test_a_link_in_the_base_is_read_and_replaced_as_a_file(filled: Place) -> None:
    (filled.path / "v2" / "entity" / "link.json").symlink_to("person/asha-rai.json")
    filled.commit()
    with transaction(filled) as changes:
        assert changes.read("entity/link.json") == b"person/asha-rai.json"
        changes.write("entity/link.json", b"file")
        commit_all(changes)
    assert filled.git("ls-tree", REF, "v2/entity/link.json").startswith("100644 blob")


# Refusals


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/etc/passwd",
        "entity/",
        "entity//a.json",
        "./a.json",
        "../a.json",
        "entity/../../a.json",
        "entity/..",
        ".git/config",
        "entity/.GIT/hooks/post-checkout",
        "entity/.git",
        "entity/.git /x",
        "entity/.git./x",
        "entity/.git::$INDEX_ALLOCATION/x",
        "entity/GIT~1/x",
        "entity\\.git\\config",
        "entity/.g\u200cit/config",
        "\ufeff.git/config",
        "entity/a\nb.json",
        "entity/a\0.json",
        "entity/a\x7f.json",
        "entity/a\tb.json",
        "migration-logs/001-first/marker.toml",
        "migration-logs",
        "Migration-Logs/001-first/marker.json",
        "Entity/person/x.json",
        "../.github/workflows/x.yml",
        "top.json",
        "entity.json",
        "entity/.json",
        "entity/.hidden/x.json",
        "entity/tool.sh",
        "entity/a.JSON",
        "entity/a.json/",
        "entity/a.json\n",
        "entity/a./x.json",
        "entity/a /x.json",
        "entity/a:b.json",
        "entity/git~2/x.json",
        "entity/नेपाल.json",
        "entity/\ud800.json",
        "entity/caf\udce9.json",
        "entity/" + "n" * 251 + ".json",
        "entity/" + "n" * 256 + "/x.json",
    ],
)
def test_hostile_paths_are_neither_written_nor_deleted(filled: Place, path: str) -> None:
    with transaction(filled) as changes:
        with pytest.raises(ValueError, match="cannot be written by a migration"):
            changes.write(path, b"x")
        with pytest.raises(ValueError, match="cannot be written by a migration"):
            changes.delete(path)
        assert changes.statistics() == Statistics()


@pytest.mark.parametrize(
    "path",
    [
        "entity/git.json",
        "entity/a.git/x.json",
        "entity/a..b.json",
        "entity/with space/it's (a) [name].json",
        "relationship/person/a/party/b/MEMBER_OF.json",
        "author/" + "n" * 250 + ".json",
    ],
)
def test_names_that_only_look_hostile_are_fine(filled: Place, path: str) -> None:
    with transaction(filled) as changes:
        changes.write(path, b"x")
        commit_all(changes)
    assert content(filled, path) == "x"


@pytest.mark.parametrize(
    ("stored", "path"),
    [
        ("v2/entity/person/Asha.json", "entity/person/asha.json"),
        ("v2/entity/person/asha.json", "entity/person/Asha.json"),
        ("v2/entity/Person/x.json", "entity/person/new.json"),
        ("v2/Entity/person/x.json", "entity/person/new.json"),
        ("V2/entity/person/x.json", "entity/person/new.json"),
        ("v2/entity/person/\u212aelvin.json", "entity/person/kelvin.json"),
        ("v2/entity/person/gro\u00df.json", "entity/person/gross.json"),
    ],
)
def test_one_name_in_two_spellings_is_refused(database: Place, stored: str, path: str) -> None:
    database.commit({stored: "1", "README.md": "about"})
    with transaction(database) as changes:
        with pytest.raises(ValueError, match="are one file where case or Unicode form do not"):
            changes.write(path, b"x")
        assert changes.statistics() == Statistics()


def test_spellings_are_compared_among_new_files_and_folders_too(filled: Place) -> None:
    with transaction(filled) as changes:
        changes.write("entity/party/Abc.json", b"x")
        changes.write("entity/party/Abc.json", b"y")
        for path in ("entity/party/abc.json", "entity/party/ABC.json", "entity/Party/x.json"):
            with pytest.raises(ValueError, match="are one file"):
                changes.write(path, b"x")
        changes.delete("entity/party/Abc.json")
        changes.write("entity/party/abc.json", b"x")


def test_what_is_stored_in_two_spellings_can_still_be_changed(database: Place) -> None:
    database.commit({"v2/entity/person/asha.json": "1"})
    oid = database.git("rev-parse", "HEAD:v2/entity/person/asha.json")
    row = f"100644,{oid},v2/entity/person/Asha.json"
    database.git("update-index", "--add", "--cacheinfo", row)
    database.git("commit", "--quiet", "--message", "Two spellings")
    with transaction(database) as changes:
        changes.write("entity/person/asha.json", b"2")
        changes.write("entity/person/Asha.json", b"3")
        assert changes.statistics().entities_updated == 2


VERSION = "version/entity/person/asha-rai/1.json"


def test_a_stored_version_changes_only_where_that_is_meant(filled: Place) -> None:
    filled.commit({f"v2/{VERSION}": "one"})
    with transaction(filled) as changes:
        changes.write(VERSION, b"one")
        for act in (lambda: changes.write(VERSION, b"two"), lambda: changes.delete(VERSION)):
            with pytest.raises(ValueError, match="is a stored version; only put_version and"):
                act()
        assert changes.statistics() == Statistics()
        changes.write(VERSION, b"two", rewrite=True)
        assert changes.read(VERSION) == b"two"
        assert changes.delete(VERSION, rewrite=True)


def test_a_version_of_the_same_transaction_may_change(filled: Place) -> None:
    with transaction(filled) as changes:
        changes.write(VERSION, b"one")
        changes.write(VERSION, b"two")
        assert changes.delete(VERSION)


def test_a_file_does_not_take_the_place_of_a_folder(filled: Place) -> None:
    filled.commit({"v2/entity/stored.json/x.json": "1"})
    with transaction(filled) as changes:
        changes.write("entity/party.json/a.json/b.json", b"x")
        for path in ("entity/party.json", "entity/party.json/a.json", "entity/stored.json"):
            with pytest.raises(ValueError, match=f"'v2/{path}' is a folder"):
                changes.write(path, b"x")
        commit_all(changes)
    assert {f"v2/{ASHA}", f"v2/{MINA}"} < set(filled.tracked(REF))
    assert "v2/entity/party.json/a.json/b.json" in filled.tracked(REF)


def test_a_folder_does_not_take_the_place_of_a_file(filled: Place) -> None:
    with transaction(filled) as changes:
        changes.write(NEW, b"x")
        for file in (ASHA, NEW):
            with pytest.raises(ValueError, match=f"is below 'v2/{file}', which is a file"):
                changes.write(f"{file}/deep/er.json", b"x")
        changes.delete(ASHA)
        changes.write(f"{ASHA}/now.json", b"x")
        commit_all(changes)
    assert f"v2/{ASHA}/now.json" in filled.tracked(REF)
    assert f"v2/{NEW}" in filled.tracked(REF)


def test_the_data_folder_cannot_be_below_a_file(database: Place) -> None:
    database.commit({"v2": "a file"})
    with transaction(database) as changes, pytest.raises(ValueError, match="below 'v2', which is"):
        changes.write("entity/a.json", b"x")


# Statistics


def test_changes_are_counted_by_kind(database: Place) -> None:
    kinds = ["entity", "relationship", "version", "author"]
    base = {f"v2/{kind}/{name}.json": "1" for kind in kinds for name in ("kept", "gone", "same")}
    database.commit(base)
    with transaction(database) as changes:
        for kind in kinds:
            changes.write(f"{kind}/new.json", b"1")
            changes.write(f"{kind}/another.json", b"1")
            changes.write(f"{kind}/another.json", b"2")
            changes.write(f"{kind}/kept.json", b"2", rewrite=True)
            changes.write(f"{kind}/same.json", b"1")
            changes.write(f"{kind}/brief.json", b"1")
            changes.delete(f"{kind}/brief.json")
            changes.delete(f"{kind}/gone.json", rewrite=True)
        assert changes.statistics() == Statistics(
            entities_created=2,
            entities_updated=1,
            entities_deleted=1,
            relationships_created=2,
            relationships_updated=1,
            relationships_deleted=1,
            versions_created=2,
            files=16,
        )
