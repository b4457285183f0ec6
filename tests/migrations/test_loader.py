"""Folders of the migrations folder: the good, the bad and the passed over."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from migrations_directory import SCRIPT, Directory

from nes_tasks.database.marker import Metadata
from nes_tasks.errors import InvalidMigrationError, SettingsError
from nes_tasks.migrations import (
    Folder,
    HashCache,
    Migration,
    discover,
    find_folder,
    load,
    split_name,
)


def problem(folder: Folder) -> InvalidMigrationError:
    assert folder.problem is not None
    assert folder.problem.hint
    assert str(folder.problem).isprintable()
    return folder.problem


# --- names ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("000-example-migration", (0, "example-migration")),
        ("005-add-ministers", (5, "add-ministers")),
        ("007-2082-candidates", (7, "2082-candidates")),
        ("1000-a", (1000, "a")),
        ("999999-a", (999999, "a")),
    ],
)
def test_names_of_the_convention(name: str, parts: tuple[int, str]) -> None:
    assert split_name(name) == parts


@pytest.mark.parametrize(
    "name",
    [
        "5-add",
        "05-add",
        "0005-add",
        "005",
        "005-",
        "005--add",
        "005-add-",
        "005-add--more",
        "005_add",
        "005-Add",
        "005-add_more",
        "005-add.more",
        "005 add",
        "005-add\n",
        "add-005",
        "००५-add",
        "005-मन्त्री",
        "",
    ],
)
def test_other_names(name: str) -> None:
    assert split_name(name) is None


# --- the directory --------------------------------------------------------------------------


def test_folders_come_in_the_order_of_number_and_name(migrations: Directory) -> None:
    names = ["1000-z", "010-a", "009-b", "009-a", "000-x", "100-a"]
    for name in names:
        migrations.add(name)
    migrations.add("zebra")
    assert [folder.name for folder in migrations.folders()] == [
        "000-x",
        "009-a",
        "009-b",
        "010-a",
        "100-a",
        "1000-z",
        "zebra",
    ]


def test_one_folder_can_be_looked_into_alone(migrations: Directory) -> None:
    for name in ("001-a", "002-b"):
        migrations.add(name)
    (migrations.path / "004-link").symlink_to(migrations.path / "001-a")
    (migrations.path / "005-file").write_text("")
    (migrations.path / "006-link").symlink_to(migrations.path / "005-file")
    (migrations.path / "007-nowhere").symlink_to(migrations.path / "nothing")
    listed = {one.name: one for one in discover(migrations.path, display_path="migrations")}
    assert listed.keys() == {"001-a", "002-b", "004-link", "007-nowhere"}
    for name in ("001-a", "002-b", "003-c", "004-link", "005-file", "006-link", "007-nowhere"):
        alone = find_folder(migrations.path, name, display_path="migrations")
        assert _comparable(alone) == _comparable(listed.get(name))


def _comparable(folder: Folder | None) -> object:
    """Return what makes two folders equal; each problem is an error of its own."""
    return folder and (dataclasses.replace(folder, problem=None), str(folder.problem))


def test_the_order_in_which_the_system_lists_does_not_matter(tmp_path: Path) -> None:
    listings = set()
    for number, names in enumerate(itertools.permutations(["003-c", "3-C", "001-a", "3_c"])):
        migrations = Directory(tmp_path / str(number))
        for name in names:
            migrations.add(name)
        found = discover(migrations.path, display_path="migrations")
        listings.add(tuple((folder.name, str(folder.problem)) for folder in found))
    assert len(listings) == 1


def test_hidden_folders_caches_and_files_are_passed_over(migrations: Directory) -> None:
    migrations.add("001-a")
    for name in (".git", ".002-draft", "__pycache__"):
        (migrations.path / name).mkdir()
    for name in ("README.md", "003-a-file", "shared.py"):
        migrations.write(name, "text")
    (migrations.path / "link.md").symlink_to("README.md")
    os.mkfifo(migrations.path / "004-pipe")
    assert [folder.name for folder in migrations.folders()] == ["001-a"]


def test_an_empty_directory_has_no_folders(migrations: Directory) -> None:
    assert migrations.folders() == []


def test_a_missing_directory_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="data/migrations does not exist") as caught:
        discover(tmp_path / "migrations", display_path="data/migrations")
    assert caught.value.hint
    assert "mkdir data/migrations" in caught.value.hint
    assert "[tool.nes_tasks]" in caught.value.hint


def test_a_file_in_place_of_the_directory_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "migrations").write_text("")
    with pytest.raises(SettingsError, match="is not a folder"):
        discover(tmp_path / "migrations")


def test_a_closed_directory_is_an_error(
    migrations: Directory, unprivileged: Callable[[], AbstractContextManager[None]]
) -> None:
    migrations.path.chmod(0)
    with unprivileged(), pytest.raises(SettingsError, match="cannot be read: Permission denied"):
        discover(Path("migrations"))
    migrations.path.chmod(0o755)


def test_listing_does_not_read_a_script(migrations: Directory) -> None:
    migrations.add("001-a", script=b"\xff this is no Python \x00")
    assert migrations.folder("001-a").problem is None


# --- names that are wrong -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "corrected"),
    [
        ("5-Add_Ministers", "005-add-ministers"),
        ("0005-add-ministers", "005-add-ministers"),
        ("05 add  ministers!", "005-add-ministers"),
        ("005-AddMinisters", "005-add-ministers"),
        ("005-add-ministers-", "005-add-ministers"),
        ("005-Ajouté", "005-ajoute"),
        ("005", "005-add-ministers"),
        ("005-मन्त्री", "005-add-ministers"),
        ("add-ministers", "003-add-ministers"),
        ("2-add-ministers", "003-add-ministers"),
        ("--", "003-add-ministers"),
        ("20240125101500_add", "003-20240125101500-add"),
    ],
)
def test_a_wrong_name_comes_with_the_corrected_one(
    migrations: Directory, name: str, corrected: str
) -> None:
    migrations.add("002-other")
    migrations.add(name)
    folder = migrations.folder(name)
    assert folder.prefix is None
    hint = problem(folder).hint or ""
    command = hint.partition(", or move")[0]
    assert shlex.split(command) == ["mv", f"migrations/{name}", f"migrations/{corrected}"]
    assert split_name(corrected)


def test_corrected_names_do_not_collide(migrations: Directory) -> None:
    for name in ("003-c", "3-a", "3-b", "x", "y"):
        migrations.add(name)
    hints = [folder.problem.hint or "" for folder in migrations.folders() if folder.problem]
    assert [hint.split()[2].rstrip(",") for hint in hints] == [
        "migrations/004-a",
        "migrations/005-b",
        "migrations/006-x",
        "migrations/007-y",
    ]


@pytest.mark.parametrize(
    "name", [b"005-new\nline", b"005-\x1b[31mred", b"005-\xff", "005-\u202eabc".encode()]
)
def test_a_hostile_name_is_kept_and_told_in_printable_words(
    migrations: Directory, name: bytes
) -> None:
    (migrations.path / os.fsdecode(name)).mkdir()
    (folder,) = migrations.folders()
    assert os.fsencode(folder.name) == name
    assert "is not named like" in problem(folder).message
    assert "rename it to migrations/005-" in (folder.problem.hint or "")  # type: ignore[union-attr]


def test_a_name_for_the_shell_is_quoted(migrations: Directory) -> None:
    migrations.add("5 add; rm -rf $HOME '")
    (folder,) = migrations.folders()
    hint = (problem(folder).hint or "").partition(", or move")[0]
    assert shlex.split(hint) == [
        "mv",
        "migrations/5 add; rm -rf $HOME '",
        "migrations/005-add-rm-rf-home",
    ]


def test_the_longest_name_is_a_name(migrations: Directory) -> None:
    name = "005-" + "a" * 251
    migrations.add(name)
    assert load(migrations.folder(name)).full_name == name


# --- folders that are wrong -----------------------------------------------------------------


def test_two_scripts_are_one_too_many(migrations: Directory) -> None:
    migrations.add("001-a", files={"run.py": SCRIPT})
    told = problem(migrations.folder("001-a"))
    assert told.message == "migrations/001-a has two scripts, migrate.py and run.py"
    assert "git rm migrations/001-a/run.py" in (told.hint or "")


@pytest.mark.parametrize("name", ["Migrate.py", "src/migrate.py", "migrate.py~", "main.py"])
def test_a_folder_without_a_script_is_told(migrations: Directory, name: str) -> None:
    migrations.add("001-a", script=None, files={name: SCRIPT})
    assert problem(migrations.folder("001-a")).message == "migrations/001-a has no migrate.py"


def test_a_folder_in_place_of_the_script_is_no_script(migrations: Directory) -> None:
    migrations.add("001-a", script=None, files={"migrate.py/x": ""})
    assert "has no migrate.py" in problem(migrations.folder("001-a")).message


def test_a_readme_is_required(migrations: Directory) -> None:
    migrations.add("001-a", readme=None)
    told = problem(migrations.folder("001-a"))
    assert told.message == "migrations/001-a has no README.md"
    assert "write migrations/001-a/README.md" in (told.hint or "")


@pytest.mark.parametrize("leavings", [{}, {"__pycache__/migrate.pyc": b"x", ".DS_Store": b"x"}])
def test_a_folder_without_files_may_be_left_over(
    migrations: Directory, leavings: dict[str, bytes]
) -> None:
    migrations.add("001-a", script=None, readme=None, files=leavings)
    folder = migrations.folder("001-a")
    assert folder.is_empty
    assert problem(folder).message == "migrations/001-a contains no files"


def test_a_bad_file_is_the_problem_of_its_folder_only(migrations: Directory) -> None:
    (migrations.add("001-a") / "data.csv").symlink_to("/etc/passwd")
    migrations.add("002-b")
    first, second = migrations.folders()
    assert "migrations/001-a/data.csv is a link" in problem(first).message
    assert first.files is None
    assert not first.is_empty
    with pytest.raises(InvalidMigrationError, match="is a link"):
        first.hashes()
    assert second.problem is None


@pytest.mark.parametrize("target", ["001-a", "absent", "..", "002-b"])
def test_a_link_is_no_folder(migrations: Directory, target: str) -> None:
    migrations.add("001-a")
    (migrations.path / "002-b").symlink_to(target)
    assert "is a link, not a folder" in problem(migrations.folder("002-b")).message


def test_a_closed_folder_is_told(
    migrations: Directory, unprivileged: Callable[[], AbstractContextManager[None]]
) -> None:
    migrations.add("001-a").chmod(0)
    with unprivileged():
        (folder,) = discover(Path("migrations"))
    assert "migrations/001-a cannot be read: Permission denied" in problem(folder).message
    (migrations.path / "001-a").chmod(0o755)


# --- what git ignores -----------------------------------------------------------------------


def test_ignored_files_are_no_inputs(migrations: Directory) -> None:
    migrations.add("001-a", files={"cache/x": "x", "big.bin": "x"})
    migrations.add("002-b", files={"big.bin": "x"})
    ignored = frozenset({"001-a/cache/", "001-a/big.bin", "003-c/x"})
    first, second = discover(migrations.path, ignored=ignored)
    assert sorted(first.hashes()) == ["README.md", "migrate.py"]
    assert first.ignored == {"cache/", "big.bin"}
    assert "big.bin" in second.hashes()


@pytest.mark.parametrize("path", ["001-a", "001-a/", "001-a/migrate.py", "001-a/README.md"])
def test_a_migration_that_git_ignores_is_told(migrations: Directory, path: str) -> None:
    migrations.add("001-a")
    (folder,) = discover(migrations.path, ignored=frozenset({path}))
    told = problem(folder)
    assert told.message.startswith(f"migrations/{path.rstrip('/')} is ignored by git")
    assert "git check-ignore -v migrations/001-a" in (told.hint or "")


def test_other_folders_that_git_ignores_are_passed_over(migrations: Directory) -> None:
    migrations.add("scratch")
    assert discover(migrations.path, ignored=frozenset({"scratch/"})) == []


# --- loading --------------------------------------------------------------------------------


def test_a_folder_is_loaded_with_the_metadata_of_its_script(migrations: Directory) -> None:
    path = migrations.add("005-add-ministers")
    assert load(migrations.folder("005-add-ministers")) == Migration(
        prefix=5,
        name="add-ministers",
        folder_path=path,
        script_path=path / "migrate.py",
        readme_path=path / "README.md",
        metadata=Metadata(
            "Sita Rai <sita@example.org>", dt.date(2024, 1, 25), "Add the cabinet ministers of 2024"
        ),
    )


def test_the_script_may_be_called_run(migrations: Directory) -> None:
    path = migrations.add("005-a", script=None, files={"run.py": SCRIPT})
    assert load(migrations.folder("005-a")).script_path == path / "run.py"


def test_loading_does_not_import_the_script(migrations: Directory) -> None:
    folder = migrations.add("001-a", script="raise RuntimeError('imported')\n" + SCRIPT)
    modules = set(sys.modules)
    assert load(migrations.folder("001-a")).author.startswith("Sita")
    assert not any("migrat" in name for name in set(sys.modules) - modules)
    assert not (folder / "__pycache__").exists()


def test_a_bad_script_is_told_with_its_path(migrations: Directory) -> None:
    migrations.add("001-a", script="def migrate(:\n")
    folder = discover(migrations.path, display_path="data/migrations")[0]
    with pytest.raises(InvalidMigrationError, match=r"data/migrations/001-a/migrate\.py:1: "):
        load(folder)


def test_a_folder_with_a_problem_cannot_be_loaded(migrations: Directory) -> None:
    migrations.add("001-a", readme=None)
    with pytest.raises(InvalidMigrationError, match=r"has no README\.md"):
        load(migrations.folder("001-a"))


def test_a_script_that_vanishes_is_an_error(migrations: Directory) -> None:
    path = migrations.add("001-a")
    folder = migrations.folder("001-a")
    (path / "migrate.py").unlink()
    with pytest.raises(InvalidMigrationError, match=r"migrate\.py is missing"):
        load(folder)


# --- loading with a cache -------------------------------------------------------------------


def settled(path: Path) -> HashCache:
    return HashCache(path, clock=lambda: time.time_ns() + 60_000_000_000)


def test_a_known_script_is_not_parsed_again(migrations: Directory, tmp_path: Path) -> None:
    migrations.add("001-a")
    cache = settled(tmp_path / "cache.json")
    fresh = load(migrations.folder("001-a"), cache)
    cache.save()
    text = (tmp_path / "cache.json").read_text()
    (tmp_path / "cache.json").write_text(text.replace("Sita Rai", "Out of the cache"))
    again = load(migrations.folder("001-a"), settled(tmp_path / "cache.json"))
    assert fresh.author == "Sita Rai <sita@example.org>"
    assert again.author == "Out of the cache <sita@example.org>"


def test_a_changed_script_is_parsed_again(migrations: Directory, tmp_path: Path) -> None:
    migrations.add("001-a")
    cache = settled(tmp_path / "cache.json")
    load(migrations.folder("001-a"), cache)
    migrations.write("001-a/migrate.py", SCRIPT.replace("Sita", "Gita"))
    assert load(migrations.folder("001-a"), cache).author == "Gita Rai <sita@example.org>"


@pytest.mark.parametrize("kept", [None, 1, [], {}, {"AUTHOR": "x"}])
def test_damaged_constants_of_a_cache_are_read_again(
    migrations: Directory, tmp_path: Path, kept: object
) -> None:
    migrations.add("001-a")
    folder = migrations.folder("001-a")
    cache = settled(tmp_path / "cache.json")
    cache.keep(folder.hashes(cache)["migrate.py"], kept)
    assert load(folder, cache) == load(folder)


def test_a_bad_value_is_refused_with_a_cache_as_without(
    migrations: Directory, tmp_path: Path
) -> None:
    migrations.add("001-a", script=SCRIPT.replace("2024-01-25", "2024-13-45"))
    cache = settled(tmp_path / "cache.json")
    for _ in range(2):
        with pytest.raises(InvalidMigrationError, match="DATE is '2024-13-45'"):
            load(migrations.folder("001-a"), cache)


# --- cost -----------------------------------------------------------------------------------


def test_the_rooms_load_nothing_heavy() -> None:
    heavy = {"pydantic", "pandas", "openpyxl", "git", "orjson", "rich", "asyncio", "doit"}
    listed = "import sys, nes_tasks.migrations; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", listed], capture_output=True, text=True, check=True
    )
    assert heavy.isdisjoint(done.stdout.split())
