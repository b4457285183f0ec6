"""What is disturbed: a project made for each command, and how to tell whether it was carried out.

A scenario is built once and copied for each point. The clock stands still, so a command that is
carried out after it was disturbed must give the very same tree.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from faults import succeeded
from workspace import EPOCH, Workspace, create_person


@dataclass(frozen=True)
class Scenario:
    """A command, in a project that `build` makes in a folder.

    `state` tells what the command changes; it is called before and after. `after_done` returns the
    next command where it was carried out, the same one by default. `in_steps` says that it may
    stop between two of its steps.
    """

    name: str
    args: tuple[str, ...]
    build: Callable[[Path], Workspace]
    state: Callable[[Workspace], object] = field(default=lambda w: tree_of(w))
    after_done: Callable[[Workspace], tuple[str, ...]] | None = None
    in_steps: bool = False

    def copy(self, original: Path, root: Path) -> Workspace:
        """Return a copy of the project that was built in `original`, its remote beside it."""
        shutil.copytree(original, root, symlinks=True)
        workspace = Workspace.there(root / "here/project")
        if (root / "remote.git").exists():
            url = (root / "remote.git").as_uri()
            workspace.settings(remote_url=url)
            if workspace.db.exists():
                workspace.git("remote", "set-url", "origin", url)
        return workspace


def tree_of(workspace: Workspace) -> object:
    """Return the tree of the branch; None without a database or without commits."""
    if not (workspace.db / ".git").exists():
        return None
    if not workspace.git("for-each-ref", "--format=x", "refs/heads/main"):
        return None
    tree = workspace.tree
    empty = workspace.git("hash-object", "-t", "tree", "/dev/null")
    return None if tree == empty else tree


def _doit(workspace: Workspace, *args: str) -> None:
    succeeded(workspace.doit(*args, SOURCE_DATE_EPOCH=EPOCH))


def _first(root: Path) -> Workspace:
    workspace = Workspace(root / "here/project")
    workspace.migration("001-first", create_person("asha-rai"))
    return workspace


def _started(root: Path) -> Workspace:
    workspace = _first(root)
    _doit(workspace)
    return workspace


def _forced(root: Path) -> Workspace:
    """Applied at another time, so that executing it again gives another marker."""
    workspace = Workspace(root / "here/project")
    workspace.migration("001-first", "context.log('x')")
    succeeded(workspace.doit(SOURCE_DATE_EPOCH="1700000000"))
    return workspace


def _run(root: Path) -> Workspace:
    workspace = _started(root)
    workspace.migration("002-second", create_person("bina-rai"))
    return workspace


def _several(root: Path) -> Workspace:
    """The files of the second may follow together with those of the others."""
    workspace = _run(root)
    person = '"entity:person/bina-rai"'
    workspace.migration(
        "003-third", f"await context.publication.delete_entity({person}, None, 'x')"
    )
    workspace.migration("004-fourth", create_person("chet-rai"))
    return workspace


def _large(root: Path) -> Workspace:
    """Several batches, and enough objects for a pack."""
    workspace = _started(root)
    workspace.settings(batch_size=60)
    body = f"for n in range(60):\n{create_person('x').replace('await', '    await')}"
    body = body.replace('"x"', 'f"person-{n}-rai"').replace("\n    entity", "\n        entity")
    workspace.migration("002-large", body)
    return workspace


def _revert(root: Path) -> Workspace:
    workspace = _run(root)
    _doit(workspace)
    return workspace


def _adopt(root: Path) -> Workspace:
    workspace = _started(root)
    workspace.migration("002-second")
    (workspace.db / "v2/entity/person/by-hand.json").write_text("{}")
    workspace.git("add", "--all")
    workspace.git("commit", "-qm", "Run migration 002-second")
    return workspace


def _remote(root: Path, workspace: Workspace) -> None:
    workspace.git_in(root, "clone", "-q", "--bare", str(workspace.db), "remote.git")
    url = (root / "remote.git").as_uri()
    workspace.settings(remote_url=url)
    workspace.git("remote", "add", "origin", url)
    workspace.git("fetch", "-q")


def _push(root: Path) -> Workspace:
    workspace = _started(root)
    _remote(root, workspace)
    workspace.migration("002-second", create_person("bina-rai"))
    _doit(workspace)
    return workspace


def _apart(root: Path) -> Workspace:
    """The remote has 002-theirs, and 003-mine is here alone."""
    workspace = _started(root)
    _remote(root, workspace)
    other = Workspace(root / "other/project")
    other.settings(remote_url=(root / "remote.git").as_uri())
    shutil.copytree(workspace.migrations, other.migrations, dirs_exist_ok=True)
    other.migration("002-theirs", create_person("chet-rai"))
    _doit(other)
    _doit(other, "push")
    workspace.migration("003-mine", create_person("bina-rai"))
    _doit(workspace)
    return workspace


def _renumber(root: Path) -> Workspace:
    workspace = _started(root)
    workspace.migration("001-second")
    return workspace


def _remote_tip(workspace: Workspace) -> object:
    remote = workspace.root.parent.parent / "remote.git"
    return workspace.git_in(remote, "rev-parse", "refs/heads/main")


def _names(workspace: Workspace) -> object:
    return sorted(folder.name for folder in workspace.migrations.iterdir())


def _without_the_folder(workspace: Workspace) -> tuple[str, ...]:
    """A migration that was taken back is pending; the next command is not to apply it again."""
    shutil.rmtree(workspace.migrations / "002-second")
    return ("run",)


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("first run", ("run",), _first),
        Scenario("run", ("run",), _run),
        Scenario("run of batches", ("run",), _large),
        Scenario("run of several", ("run",), _several, in_steps=True),
        Scenario("force", ("migrate:1", "--force"), _forced, after_done=lambda w: ("run",)),
        Scenario("revert", ("revert", "2", "--yes"), _revert, after_done=_without_the_folder),
        Scenario("undo", ("undo", "--yes"), _revert, after_done=_without_the_folder),
        Scenario("adopt", ("adopt", "--yes"), _adopt),
        Scenario("sync", ("sync",), _apart),
        Scenario("push", ("push",), _push, _remote_tip),
        Scenario(
            "renumber",
            ("renumber", "001-second"),
            _renumber,
            _names,
            after_done=lambda w: ("renumber", "002-second"),
        ),
    )
}
