"""Listings of git as streams: the files of a tree, commits of a branch, objects a clone lacks."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import Place, clone, init, partial_clone

from nes_tasks.errors import GitError
from nes_tasks.git.command import Git
from nes_tasks.git.diff import changed_files, changes_of_commits, list_files
from nes_tasks.git.incomplete_clone import lacks_trees, missing_files, shallow_boundary
from nes_tasks.git.log import read_commits

DEVANAGARI = "v2/entity/person/अशा.json"
SUBJECTS = ["Migration: 001-a", "Migration: 001-a (Batch 2/2)"]
ODD = 'v2/entity/person/a "quoted"\n*line*.json'


@pytest.fixture
def place(tmp_path: Path) -> Place:
    there = init(tmp_path / "source")
    there.commit({"v2/entity/person/b.json": "1", "v2extra/x.json": "1"}, SUBJECTS[0])
    there.commit({DEVANAGARI: "2", ODD: "3"}, SUBJECTS[1])
    return there


def paths(place: Place, folder: str, commit: str = "HEAD") -> list[str]:
    return [file.path for file in list_files(Git(place.path), commit, folder)]


def test_all_files_below_a_folder_are_listed(place: Place) -> None:
    assert paths(place, "v2") == [ODD, "v2/entity/person/b.json", DEVANAGARI]
    assert paths(place, "v2/entity/person") == paths(place, "v2")
    assert paths(place, "none") == []
    assert paths(place, "*") == []


def test_a_file_is_no_folder_and_links_and_submodules_are_no_files(place: Place) -> None:
    (place.path / "v2/link.json").symlink_to("entity")
    blob = place.git("rev-parse", "HEAD:v2/entity/person/b.json")
    place.commit({"v3": "a file"}, "More")
    place.git("update-index", "--add", "--cacheinfo", f"160000,{blob},v2/module.json")
    place.git("commit", "-qm", "A submodule")
    assert paths(place, "v3") == []
    assert paths(place, "v2") == [ODD, "v2/entity/person/b.json", DEVANAGARI]


def test_whoever_has_seen_enough_can_stop(place: Place) -> None:
    files = list_files(Git(place.path), "HEAD", "v2")
    assert next(files).path == ODD
    files.close()  # type: ignore[attr-defined]


def test_what_is_not_there_is_an_error_in_gits_words(place: Place) -> None:
    with pytest.raises(GitError, match="Not a valid object name none"):
        paths(place, "v2", "none")
    with pytest.raises(GitError, match="rev-list failed"):
        list(read_commits(Git(place.path), "0" * 40))


def test_rows_longer_than_what_is_read_at_once_stay_whole(tmp_path: Path) -> None:
    there = init(tmp_path / "source")
    there.commit({"x": "1"}, "y" * 100_000)
    rows = list(Git(there.path).stream_records("log", "--format=%s", end=b"\n"))
    assert [len(row) for row in rows] == [100_000]


def test_changes_can_be_limited_to_folders(place: Place) -> None:
    place.commit({"v2extra/x.json": "2", DEVANAGARI: "4"}, "More")
    git = Git(place.path)
    assert [c.path for c in changed_files(git, "HEAD^", "HEAD", "v2")] == [DEVANAGARI]
    assert len(list(changed_files(git, "HEAD^", "HEAD"))) == 2


def test_the_difference_of_two_trees_does_not_read_the_index(place: Place) -> None:
    (place.path / ".git/index").write_bytes(b"damaged")
    git = Git(place.path)
    assert len(list(changed_files(git, "HEAD^", "HEAD"))) == 2
    changes = changes_of_commits(git, [place.git("rev-parse", "HEAD")])
    assert len(list(changes)) == 2


def test_by_the_first_parent_what_merges_brought_along_is_left_out(place: Place) -> None:
    place.git("checkout", "-q", "-b", "side", "HEAD^")
    place.commit({"side": "1"}, "Aside")
    place.git("checkout", "-q", "main")
    place.git("merge", "-q", "--no-ff", "-m", "Merge", "side")
    git = Git(place.path)
    commits = list(read_commits(git, "--first-parent", "main"))
    assert [commit.subject for commit in commits] == [*SUBJECTS, "Merge"]
    assert len(list(read_commits(git, "main"))) == 4
    last = commits[-1]
    assert last.id == place.git("rev-parse", "HEAD")
    assert last.tree == place.git("rev-parse", "HEAD^{tree}")
    assert last.parent == commits[1].id == place.git("rev-parse", "HEAD^1")
    assert str(int(last.committed_at.timestamp())) == place.git("log", "-1", "--format=%ct")


def test_configuration_does_not_change_what_is_read(place: Place) -> None:
    place.git("config", "log.showSignature", "true")
    place.git("config", "i18n.logOutputEncoding", "latin1")
    commits = list(read_commits(Git(place.path), "main"))
    assert [commit.subject for commit in commits] == SUBJECTS
    assert commits[0].committed_at.year >= 2024


def test_clones_say_what_they_lack(tmp_path: Path, place: Place) -> None:
    whole, there = Git(place.path), partial_clone(place, tmp_path / "there")
    assert (whole.is_partial, lacks_trees(whole), shallow_boundary(whole)) == (False, False, set())
    assert missing_files(whole, "HEAD^{tree}") == frozenset()
    git, before = Git(there.path), there.missing()
    assert (git.is_partial, lacks_trees(git)) == (True, False)
    assert shallow_boundary(git) == {there.git("rev-parse", "HEAD")}
    ids = {bytes.fromhex(file.oid) for file in list_files(git, "HEAD", "v2")}
    assert missing_files(git, "HEAD^{tree}") >= ids
    assert there.missing() == before > 0
    there = clone(place.path, tmp_path / "treeless", "--filter=tree:0", "--no-checkout")
    assert lacks_trees(Git(there.path))
