"""Which migrations can be replayed, in rewritten, edited, merged and truncated histories."""

from __future__ import annotations

from pathlib import Path

import pytest
from workspace import Workspace, create_person

from nes_tasks.database.executions import Execution
from nes_tasks.errors import DatabaseError, UsageError
from nes_tasks.operations.replay import replay
from nes_tasks.operations.replay_runs import Candidate, SkipReason, candidates
from nes_tasks.operations.tree_difference import Kind
from nes_tasks.project import Project
from nes_tasks.running.events import EventKind, RunEvent, ignore
from nes_tasks.settings import load_settings

MARKER = "v2/migration-logs/002-second/marker.toml"


@pytest.fixture(scope="session")
def three(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Three migrations, each in two commits, after the one that created the database."""
    three = Workspace(tmp_path_factory.mktemp("replaying") / "project")
    three.settings(batch_size=3, batches="linear")
    for name, slug in (("001-first", "a-rai"), ("002-second", "b-rai"), ("003-third", "c-rai")):
        three.migration(name, create_person(slug))
    assert three.doit().code == 0
    assert three.git("rev-list", "--count", "HEAD") == "7"
    return three


@pytest.fixture
def copy(three: Workspace, tmp_path: Path) -> Workspace:
    """A copy of it to rewrite."""
    return three.copy_to(tmp_path / "project")


def found(workspace: Workspace, *names: str) -> dict[str, Candidate]:
    project = Project(load_settings(workspace.root))
    return {candidate.entry.name: candidate for candidate in candidates(project, names)}


def obstacles(workspace: Workspace) -> list[SkipReason | None]:
    return [candidate.skip_reason for candidate in found(workspace).values()]


def execution(workspace: Workspace, name: str) -> Execution:
    known = found(workspace)[name].execution
    assert known is not None
    return known


def silent(event: RunEvent) -> None:
    """A callback where nothing may be executed."""
    assert event.kind is not EventKind.STARTED, f"{event.migration} was executed"


def test_all_batches_are_one_execution_on_what_was_there_before(three: Workspace) -> None:
    second = execution(three, "002-second")
    commits = three.git("rev-list", "--reverse", "HEAD").split()
    assert (second.base, second.commit) == (commits[2], commits[4])
    assert second.tree == three.git("rev-parse", "HEAD~2^{tree}")
    first = execution(three, "001-first")
    assert (first.base, first.base_tree) == (
        commits[0],
        three.git("hash-object", "-t", "tree", "/dev/null"),
    )
    assert obstacles(three) == [None, None, None]


def test_data_that_somebody_corrected_is_the_base_of_the_next_and_no_obstacle(
    copy: Workspace,
) -> None:
    (copy.db / "v2/entity/person/a-rai.json").write_text("{}\n")
    copy.git("commit", "-qam", "Empty it")
    assert obstacles(copy) == [None, None, None]


def test_a_marker_that_was_edited_contradicts_its_run(copy: Workspace) -> None:
    marker = copy.db / MARKER
    text = marker.read_text()
    marker.write_text(text.replace("entities_created = 1", "entities_created = 2"))
    copy.git("commit", "-qam", "Embellish it")
    assert obstacles(copy) == [None, SkipReason.EDITED, None]
    project = Project(load_settings(copy.root))
    (proof,) = replay(project, silent, names=["002-second"]).migrations
    assert proof.difference is not None
    assert proof.difference.to_dict() == {
        "path": MARKER,
        "kind": "content",
        "field": "statistics.entities_created",
        "line": None,
        "committed": 2,
        "replayed": 1,
    }
    marker.write_text(f"# Nothing but a comment\n{text}")
    copy.git("commit", "-qam", "Comment on it")
    (proof,) = replay(project, silent, names=["002-second"]).migrations
    assert proof.difference is not None
    assert (proof.difference.line, proof.difference.to_dict()["replayed"]) == (1, "format = 1\n")
    marker.write_text(text)
    copy.git("commit", "-qam", "Put it right")
    assert obstacles(copy) == [None, None, None]


def test_commits_that_were_moved_do_not_follow_on_their_base(copy: Workspace) -> None:
    tip = copy.git("rev-parse", "HEAD")
    copy.git("checkout", "-q", "-b", "other", "HEAD~4")
    (copy.db / "by-hand.txt").write_text("x")
    copy.git("add", ".")
    copy.git("commit", "-qm", "By hand")
    copy.git("rebase", "-q", "--onto", "other", "HEAD~1", tip)
    copy.git("checkout", "-q", "-B", "main")
    assert obstacles(copy) == [None, SkipReason.MOVED, SkipReason.MOVED]
    project = Project(load_settings(copy.root))
    (proof,) = replay(project, silent, names=["002-second"]).migrations
    assert proof.difference is not None
    recorded = found(copy)["002-second"].marker
    assert recorded is not None
    assert proof.difference.to_dict() == {
        "path": MARKER,
        "kind": "content",
        "field": "base_tree",
        "line": None,
        "committed": recorded.base_tree,
        "replayed": copy.git("rev-parse", "other^{tree}"),
    }


def test_batches_that_somebody_made_one_commit_of_are_still_one_execution(
    copy: Workspace,
) -> None:
    tree, base = copy.git("rev-parse", "HEAD^{tree}"), copy.git("rev-parse", "HEAD~2")
    commit = copy.git("commit-tree", tree, "-p", base, "-m", "Squash them")
    copy.git("update-ref", "refs/heads/main", commit)
    third = execution(copy, "003-third")
    assert (third.commit, third.base) == (commit, base)
    assert obstacles(copy) == [None, None, None]


def test_a_merge_and_a_revert_that_was_reverted_keep_every_execution(copy: Workspace) -> None:
    wanted = execution(copy, "003-third")
    copy.git("checkout", "-q", "-b", "side", "HEAD~2")
    (copy.db / "by-hand.txt").write_text("x")
    copy.git("add", ".")
    copy.git("commit", "-qm", "By hand")
    copy.git("merge", "-q", "--no-ff", "-m", "Merge", "main")
    copy.git("checkout", "-q", "-B", "main")
    copy.git("revert", "--no-edit", wanted.commit)
    assert list(found(copy)) == ["001-first", "002-second"]
    copy.git("revert", "--no-edit", "HEAD")
    assert execution(copy, "003-third") == wanted
    assert obstacles(copy) == [None, None, None]


def test_a_marker_that_no_run_wrote_cannot_be_replayed(copy: Workspace) -> None:
    folder = copy.db / "v2/migration-logs/004-adopted"
    folder.mkdir()
    text = (copy.db / MARKER).read_text()
    (folder / "marker.toml").write_text(text.replace("002-second", "004-adopted"))
    copy.git("add", ".")
    copy.git("commit", "-qm", "Adopt 1 applied migration")
    assert obstacles(copy) == [None, None, None, SkipReason.ADOPTED]


@pytest.mark.parametrize(
    ("depth", "cut"),
    [(1, "003-third"), (3, "002-second"), (7, "")],
    ids=["in-the-last", "in-the-second", "complete"],
)
def test_a_shallow_clone_knows_what_is_beyond_its_end(
    copy: Workspace, depth: int, cut: str
) -> None:
    whole = copy.db.rename(copy.root / "whole")
    copy.git_in(copy.root, "clone", "-q", f"--depth={depth}", whole.as_uri(), "nes-db")
    known = found(copy)
    ends = [name for name, one in known.items() if one.execution and one.execution.is_truncated]
    names = ["001-first", "002-second", "003-third"]
    assert ends == (names[: names.index(cut) + 1] if cut else [])
    assert [one.skip_reason for one in known.values()] == [None, None, None]
    if cut:
        with pytest.raises(DatabaseError, match="git -C nes-db fetch --unshallow"):
            replay(Project(load_settings(copy.root)), silent)


def test_a_partial_clone_needs_no_content_to_find_the_executions(copy: Workspace) -> None:
    whole = copy.db.rename(copy.root / "whole")
    copy.git_in(whole, "config", "uploadpack.allowFilter", "true")
    options = ["--filter=blob:none", "--no-checkout"]
    copy.git_in(copy.root, "clone", "-q", *options, whole.as_uri(), "nes-db")
    assert obstacles(copy) == [None, None, None]
    entity = copy.git("ls-tree", "HEAD", "v2/entity/person/a-rai.json").split()[2]
    assert f"?{entity}" in copy.git("rev-list", "--objects", "--all", "--missing=print")


def test_what_is_not_applied_cannot_be_named(copy: Workspace) -> None:
    copy.migration("004-new")
    with pytest.raises(UsageError, match="004-new is not applied; doit preview 004-new"):
        found(copy, "001-first", "004-new")
    copy.db.rename(copy.root / "gone")
    assert found(copy) == {}
    with pytest.raises(UsageError, match="001-first is not applied"):
        found(copy, "001-first")


def test_a_tree_that_has_a_file_too_many_or_too_few_is_different(copy: Workspace) -> None:
    extra = copy.db / "v2/entity/person/forged-rai.json"
    extra.write_text("{}")
    (copy.db / "v2/entity/person/c-rai.json").unlink()
    copy.git("add", "--all")
    copy.git("commit", "-q", "--amend", "--no-edit")

    project = Project(load_settings(copy.root))
    (proof,) = replay(project, ignore, names=["003-third"]).migrations
    assert proof.difference is not None
    assert (proof.difference.kind, proof.differing_files) == (Kind.ONLY_REPLAYED, 2)
    assert proof.difference.path == "v2/entity/person/c-rai.json"
    assert copy.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"
