"""Commands that read, on a shallow clone without file contents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from workspace import Workspace, create_person

TAG = """\
asha = await context.db.get_entity("entity:person/asha-rai")
asha.tags = ["found"]
await context.publication.update_entity(asha, change_description="Tag her")
"""
ANNOUNCED = "nes-db is a partial clone; missing contents are fetched from its remote\n"


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Path]:
    """A project with two applied migrations and one pending, and a remote that filters."""
    workspace = Workspace(tmp_path_factory.mktemp("partial") / "project")
    workspace.migration("001-people", create_person("asha-rai") + create_person("bina-lama"))
    workspace.migration("002-tag", TAG)
    assert workspace.doit().code == 0
    workspace.migration("003-untag", TAG.replace('["found"]', "[]"))
    bare = workspace.root.parent / "remote.git"
    workspace.git_in(workspace.root, "clone", "-q", "--bare", str(workspace.db), str(bare))
    workspace.git_in(bare, "config", "uploadpack.allowFilter", "true")
    workspace.db.rename(workspace.root.parent / "whole")
    return workspace, bare


@pytest.fixture
def partial(remote: tuple[Workspace, Path], tmp_path: Path) -> Iterator[tuple[Workspace, Path]]:
    """The project with a blobless, sparse and shallow clone as its database."""
    there, bare = remote
    workspace = there.copy_to(tmp_path / "project")
    options = ("--filter=blob:none", "--sparse", "--depth", "1")
    workspace.git_in(tmp_path, "clone", "-q", *options, bare.as_uri(), str(workspace.db))
    workspace.git("sparse-checkout", "set", "v2/migration-logs")
    assert not (workspace.db / "v2/entity").exists()
    yield workspace, bare
    hidden = bare.with_name("away.git")
    if hidden.exists():
        hidden.rename(bare)


def test_preview_and_show_fetch_what_they_read_and_no_more(
    partial: tuple[Workspace, Path],
) -> None:
    workspace, _ = partial
    status = workspace.git("status", "--porcelain")
    previewed = workspace.doit("preview")
    assert previewed.code == 0, previewed.err
    assert '    - "found"\n' in previewed.out
    shown = workspace.doit("show", "2")
    assert shown.code == 0, shown.err
    assert '    - null\n    + ["found"]\n' in shown.out
    lines = workspace.git("rev-list", "--objects", "--all", "--missing=print").splitlines()
    assert any(line.startswith("?") for line in lines), "not everything was fetched"
    assert not (workspace.db / "v2/entity").exists()
    assert workspace.git("status", "--porcelain") == status


def test_what_is_older_than_the_clone_is_told_with_what_to_fetch(
    partial: tuple[Workspace, Path],
) -> None:
    workspace, _ = partial
    shown = workspace.doit("show", "1")
    assert shown.code == 0
    assert shown.out.endswith("git -C nes-db fetch --unshallow fetches what is missing.\n")
    workspace.git("fetch", "-q", "--unshallow")
    assert "entity:person/bina-lama" in workspace.doit("show", "1").out


def test_a_remote_that_is_away_is_told_in_a_line(partial: tuple[Workspace, Path]) -> None:
    workspace, bare = partial
    bare.rename(bare.with_name("away.git"))
    assert workspace.doit("status").code == 0
    previewed = workspace.doit("preview")
    assert previewed.code == 3
    said = "a partial clone fetches contents when they are read, and its remote cannot be reached"
    assert said in previewed.err
    assert "Traceback" not in previewed.err
    blamed = workspace.doit("blame", "entity:person/asha-rai")
    assert (blamed.code, blamed.out) == (3, "")
    assert blamed.err.endswith(f"; {said}\n")
    shown = workspace.doit("show", "2")
    assert (shown.code, shown.err) == (0, ANNOUNCED)
    assert shown.out.endswith("git -C nes-db fetch --unshallow fetches what is missing.\n")


def test_a_fetch_for_a_reader_is_announced_and_only_then(
    partial: tuple[Workspace, Path],
) -> None:
    workspace, _ = partial
    for command in ("list", "status", "history"):
        assert ANNOUNCED not in workspace.doit(command).err
    assert workspace.doit("show", "2").err.count(ANNOUNCED) == 1
    assert ANNOUNCED not in workspace.doit("show", "2").err, "it is all here now"
