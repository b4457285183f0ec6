"""After a crash: the next command finishes or forgets what a killed publication left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from publication import CHANGE, MARKER, assert_published, create_folder
from repositories import (
    ASHA,
    BASE,
    MINA,
    NEW,
    REF,
    Place,
    clone,
    killed_after_publishing,
    opened,
    partial_clone,
    prepare,
    publish,
)

from nes_tasks.database.repository import PRIVATE_REFS, Repository
from nes_tasks.errors import DatabaseError, GitError


def recover(root: Path) -> None:
    """Do what the next command does first."""
    with opened(root).locked("doit run"):
        pass


def kept(database: Place) -> dict[str, bytes]:
    """Return the files that were kept aside, by path in the working tree."""
    folder = database.path / ".git" / "nes-tasks" / "kept"
    files = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {"/".join(short.parts[1:]): path.read_bytes() for short, path in files.items()}


def nothing_written(database: Place) -> None:
    """The kill came before the checkout began."""


def index_locked(database: Place) -> None:
    """The kill came when the checkout had begun."""
    (database.path / ".git" / "index.lock").write_bytes(b"DIRC half an index")


def half_written(database: Place) -> None:
    """Some files are there, one is cut short, one is gone for the moment."""
    index_locked(database)
    database.write({f"v2/{NEW}": CHANGE[NEW][:4], MARKER: ""})
    (database.path / f"v2/{ASHA}").unlink()


def files_written(database: Place) -> None:
    """All files are there, the index is not."""
    index_locked(database)
    database.write({f"v2/{NEW}": CHANGE[NEW], f"v2/{ASHA}": CHANGE[ASHA], MARKER: "001-first"})
    (database.path / f"v2/{MINA}").unlink()


def all_done(database: Place) -> None:
    """Only the note is left."""
    database.git("read-tree", "-m", "-u", "main~1", "main")


def put_right_by_hand(database: Place) -> None:
    """A person saw an odd status and made the files those of the commit."""
    database.git("reset", "--quiet", "--hard")


def stashed_by_hand(database: Place) -> None:
    """A person saw an odd status and put it aside."""
    half_written(database)
    (database.path / ".git" / "index.lock").unlink()
    database.git("stash", "--include-untracked")


CRASHES = [
    nothing_written,
    index_locked,
    half_written,
    files_written,
    all_done,
    put_right_by_hand,
    stashed_by_hand,
]


@pytest.mark.parametrize("crash", CRASHES)
def test_wherever_a_run_was_killed_the_next_one_finishes_the_checkout(
    tmp_path: Path, filled: Place, repository: Repository, crash: Callable[[Place], None]
) -> None:
    commit = killed_after_publishing(repository, CHANGE, deleted=[MINA])
    crash(filled)
    assert opened(tmp_path).is_unfinished
    recover(tmp_path)
    assert not opened(tmp_path).is_unfinished
    assert_published(filled, commit)
    assert kept(filled) == {}
    opened(tmp_path).check_ready()


@pytest.mark.parametrize("crash", [nothing_written, index_locked])
def test_the_first_checkout_of_all_is_finished_too(
    tmp_path: Path, crash: Callable[[Place], None]
) -> None:
    repository = opened(tmp_path)
    database = Place(tmp_path / "nes-db")
    killed_after_publishing(repository, CHANGE)
    crash(database)
    database.write({f"v2/{ASHA}": CHANGE[ASHA]})
    recover(tmp_path)
    assert database.files() == [f"v2/{ASHA}", f"v2/{NEW}", MARKER]
    assert database.status() == ""


def test_what_a_person_wrote_meanwhile_is_kept_aside(
    tmp_path: Path, filled: Place, repository: Repository
) -> None:
    commit = killed_after_publishing(repository, CHANGE, deleted=[MINA])
    half_written(filled)
    mine = {f"v2/{ASHA}": b"my edit", f"v2/{MINA}": b"my other edit", f"v2/{NEW}": b"my own"}
    filled.write(mine)
    filled.write({"README.md": "unrelated", "notes.txt": "unrelated"})
    recover(tmp_path)
    assert kept(filled) == mine
    assert filled.status().splitlines() == [" M README.md", "?? notes.txt"]
    filled.git("checkout", "README.md")
    (filled.path / "notes.txt").unlink()
    assert_published(filled, commit)


def test_a_second_crash_does_not_lose_what_the_first_kept(
    tmp_path: Path, filled: Place, repository: Repository
) -> None:
    for number in (1, 2):
        killed_after_publishing(repository, {ASHA: b"version %d" % number})
        filled.write({f"v2/{ASHA}": f"my edit {number}"})
        recover(tmp_path)
    folder = filled.path / ".git" / "nes-tasks" / "kept"
    found = {path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found == {b"my edit 1", b"my edit 2"}


def test_a_link_of_somebody_is_kept_and_not_followed(
    tmp_path: Path, filled: Place, repository: Repository
) -> None:
    commit = killed_after_publishing(repository, CHANGE, deleted=[MINA])
    outside = tmp_path / "outside.json"
    outside.write_bytes(CHANGE[NEW])
    (filled.path / f"v2/{NEW}").symlink_to(outside)
    (filled.path / f"v2/{ASHA}").unlink()
    (filled.path / f"v2/{ASHA}").symlink_to("nowhere")
    recover(tmp_path)
    assert_published(filled, commit)
    assert outside.read_bytes() == CHANGE[NEW]
    folder = filled.path / ".git" / "nes-tasks" / "kept"
    links = {path.name: str(path.readlink()) for path in folder.rglob("*.json")}
    assert links == {"new.json": str(outside), "asha-rai.json": "nowhere"}


def test_a_folder_in_the_way_is_told_with_a_hint_that_works(
    tmp_path: Path, filled: Place, repository: Repository
) -> None:
    commit = killed_after_publishing(repository, CHANGE, deleted=[MINA])
    create_folder(filled)
    with pytest.raises(DatabaseError, match="applied and committed, but nes-db could not") as error:
        recover(tmp_path)
    assert error.value.hint == "git -C nes-db stash --include-untracked, then run it again"
    filled.git("stash", "--include-untracked")
    recover(tmp_path)
    assert_published(filled, commit)


def test_a_sparse_clone_is_finished_without_the_files_it_leaves_out(
    tmp_path: Path, filled: Place
) -> None:
    there = partial_clone(filled, tmp_path / "there")
    before, files = there.missing(), there.files()
    killed_after_publishing(opened(tmp_path, database=there.path), CHANGE, deleted=[MINA])
    filled.path.rename(tmp_path / "gone")
    with opened(tmp_path, database=there.path).locked("doit run"):
        assert there.files() == sorted([*files, MARKER])
        assert there.status() == ""
        assert there.missing() == before


def test_a_linked_worktree_finishes_its_own_publication_and_no_other(
    tmp_path: Path, filled: Place
) -> None:
    filled.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "linked"))
    linked = Place(tmp_path / "linked")
    killed_after_publishing(opened(tmp_path, database=linked.path), CHANGE)
    recover(tmp_path)
    assert linked.status() != ""
    with opened(tmp_path, database=linked.path).locked("doit run"):
        assert linked.status() == ""


def test_a_repository_without_checkout_has_nothing_to_finish(tmp_path: Path, filled: Place) -> None:
    there = clone(filled.path, tmp_path / "there", "--no-checkout")
    killed_after_publishing(opened(tmp_path, database=there.path), CHANGE)
    with opened(tmp_path, database=there.path).locked("doit run"):
        assert there.files() == []


def test_a_run_killed_before_the_branch_moved_has_changed_nothing(
    tmp_path: Path, filled: Place, repository: Repository
) -> None:
    before = filled.git("rev-parse", "main")
    killed_after_publishing(repository, CHANGE)
    filled.git("update-ref", "refs/heads/main", before)
    recover(tmp_path)
    assert filled.status() == ""
    assert filled.files() == sorted(BASE)
    assert not (filled.path / ".git" / "nes-tasks" / "publishing.json").exists()


def test_commits_made_after_the_crash_are_left_alone(
    tmp_path: Path, filled: Place, repository: Repository
) -> None:
    killed_after_publishing(repository, CHANGE)
    filled.git("reset", "--quiet", "--hard")
    later = filled.commit({f"v2/{ASHA}": "later"})
    recover(tmp_path)
    assert filled.git("rev-parse", "main") == later
    assert (filled.path / f"v2/{ASHA}").read_bytes() == b"later"
    assert filled.status() == ""


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"\0\0\0\0",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"branch": "refs/heads/main"}',
        b'{"branch": 1, "old": 2, "new": 3, "checkout": 4}',
        b"\xff",
    ],
)
def test_a_note_that_a_power_cut_spoilt_is_forgotten(
    tmp_path: Path, filled: Place, repository: Repository, note: bytes
) -> None:
    publish(repository, CHANGE)
    pending = filled.path / ".git" / "nes-tasks" / "publishing.json"
    pending.write_bytes(note)
    recover(tmp_path)
    assert not pending.exists()
    assert filled.status() == ""


def test_what_killed_runs_left_in_the_repository_is_removed(
    tmp_path: Path, filled: Place, repository: Repository
) -> None:
    with repository.locked("doit run"):
        prepare(repository, CHANGE)
    head = filled.git("rev-parse", "main")
    for number in range(3):
        filled.git("update-ref", f"{PRIVATE_REFS}/{number}", head)
    left = filled.path / ".git" / "objects" / "tmp_nes-tasks-x1"
    (left / "pack").mkdir(parents=True)
    (left / "pack" / "tmp_pack_abc").write_bytes(b"x" * 1000)
    recover(tmp_path)
    assert filled.git("for-each-ref", PRIVATE_REFS) == ""
    assert not left.exists()
    assert filled.git("fsck", "--no-dangling") == ""


def test_a_private_ref_whose_objects_never_arrived_is_removed(
    tmp_path: Path, filled: Place
) -> None:
    ref = filled.path / ".git" / REF
    ref.parent.mkdir(parents=True)
    ref.write_text("1" * 40 + "\n")
    recover(tmp_path)
    assert filled.git("for-each-ref", PRIVATE_REFS) == ""


def test_a_process_killed_in_the_middle_of_writing_leaves_a_database_that_works(
    tmp_path: Path, filled: Place, repository: Repository
) -> None:
    before = filled.state()
    code = (
        "import sys; from pathlib import Path; from repositories import *\n"
        "repository = Repository.open(settings(Path(sys.argv[1])))\n"
        "with repository.locked('doit run'):\n"
        "    changes = transaction(Place(repository.git.folder))\n"
        "    for number in range(500):\n"
        "        changes.write(f'entity/{number}.json', b'x' * 1000)\n"
        "    changes.read('entity/0.json')\n"
        "    print('written', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout
    assert process.stdout.readline() == b"written\n"
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    recover(tmp_path)
    assert filled.state() == before
    assert_published(filled, publish(repository, CHANGE, deleted=[MINA]))


@pytest.mark.parametrize("smudge", ["false", "kill -9 $PPID"])
def test_a_checkout_that_fails_or_is_killed_half_way_is_told_and_finished_later(
    tmp_path: Path, filled: Place, repository: Repository, smudge: str
) -> None:
    filled.git("config", "filter.broken.smudge", smudge)
    filled.git("config", "filter.broken.required", "true")
    attributes = filled.path / ".git" / "info" / "attributes"
    attributes.write_text("new.json filter=broken\n")
    with repository.locked("doit run"):
        base, commit = prepare(repository, CHANGE, deleted=[MINA])
        with pytest.raises(DatabaseError, match="applied and committed, but") as raised:
            repository.publish(REF, base, commit)
    assert isinstance(raised.value.__cause__, GitError)
    assert repository.head() == commit
    assert (filled.path / ".git" / "index.lock").exists() is smudge.startswith("kill")
    attributes.unlink()
    recover(tmp_path)
    assert_published(filled, commit)
