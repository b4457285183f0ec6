"""A database repository that names programs: which command lets git run which of them.

Each program writes down that it ran, by its name.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from subprocess import CalledProcessError

import pytest
from workspace import Workspace, create_person

SLUG = "asha-rai"
READING = (
    ("list", "--all", "--status"),
    ("info", "1"),
    ("status",),
    ("status", "--json"),
    ("pending",),
    ("show", "1"),
    ("history",),
    ("history", "1"),
    ("history", "--since", "HEAD", "--entity", f"entity:person/{SLUG}"),
    ("diff", "1", "HEAD"),
    ("graph",),
    ("release", "--dry-run"),
    ("release", "--list"),
    ("accept", "1", "--dry-run"),
    ("blame", f"entity:person/{SLUG}"),
    ("preview",),
    ("replay",),
    ("report", "--markdown"),
    ("check",),
    ("adopt", "--dry-run"),
    ("tabcompletion", "--names", "applied"),
)
HOOKS = (
    *("applypatch-msg", "commit-msg", "fsmonitor-watchman", "post-applypatch", "post-checkout"),
    *("post-commit", "post-index-change", "post-merge", "post-receive", "post-rewrite"),
    *("post-update", "pre-applypatch", "pre-auto-gc", "pre-commit", "pre-merge-commit"),
    *("pre-push", "pre-rebase", "pre-receive", "prepare-commit-msg", "proc-receive"),
    *("push-to-checkout", "reference-transaction", "sendemail-validate", "update"),
)
FILTERS = {"clean", "included-filter", "smudge"}
TRANSPORT = {"askPass", "gitProxy", "helper", "receivepack", "sshCommand", "uploadpack", "ext"}


class Trap:
    """A project whose database names a program wherever git looks for one."""

    def __init__(self, workspace: Workspace, repository: Path | None = None) -> None:
        self.workspace = workspace
        self.repository = repository or workspace.db
        self.folder = workspace.root.parent / "traps"
        self.folder.mkdir(exist_ok=True)
        self.seen = self.folder / "seen"

    def program(self, name: str, *, then: str = "exit 1") -> Path:
        """Write a program that leaves a trace."""
        path = self.folder / name
        path.write_text(f'#!/bin/sh\necho {name} >> "{self.seen}"\n{then}\n')
        path.chmod(0o755)
        return path

    def set(
        self, key: str, *, name: str | None = None, form: str = "{}", then: str = "cat"
    ) -> None:
        """Let a local setting name a program, which is called after the last word of the key."""
        program = self.program(name or key.rpartition(".")[2], then=then)
        self.git("config", key, form.format(program))

    def git(self, *args: str) -> str:
        """Run git in the repository, as a person would."""
        return self.workspace.git_in(self.repository, *args)

    @property
    def ran(self) -> set[str]:
        """Which programs ran since the last look."""
        names = set(self.seen.read_text().split()) if self.seen.exists() else set()
        self.seen.unlink(missing_ok=True)
        return names


def lay(workspace: Workspace, repository: Path | None = None) -> Trap:
    """Lay all traps in the database, or in another repository."""
    trap = Trap(workspace, repository)
    for hook in HOOKS:
        shutil.copy(trap.program(hook), trap.repository / ".git/hooks" / hook)
    trap.set("core.fsmonitor", then='printf "/\\0"')
    trap.set("core.alternateRefsCommand")
    trap.set("core.askPass")
    trap.set("core.editor")
    trap.set("core.gitProxy")
    trap.set("core.pager")
    trap.set("core.sshCommand")
    trap.set("credential.helper", form="!{}")
    trap.set("diff.external")
    trap.set("diff.trap.command")
    trap.set("diff.trap.textconv")
    trap.set("filter.trap.clean")
    trap.set("filter.trap.smudge")
    trap.set("gpg.program", name="program")
    trap.set("interactive.diffFilter")
    trap.set("merge.trap.driver")
    trap.set("pager.log", name="pager-log")
    trap.set("protocol.unknown.allow")
    trap.set("sequence.editor", name="sequence-editor")
    trap.set("trailer.Duration.command", name="trailer")
    trap.set("uploadpack.packObjectsHook")
    for command in ("log", "status", "rev-list", "cat-file", "diff-tree", "read-tree", "config"):
        trap.set(f"alias.{command}", name=f"alias-{command}", form="!{}")
    trap.git("config", "log.showSignature", "true")
    trap.git("config", "filter.trap.required", "true")
    included = trap.folder / "included"
    program = trap.program("included-filter", then="cat")
    included.write_text(f'[filter "included"]\n\tclean = {program}\n\tsmudge = {program}\n')
    trap.git("config", "include.path", str(included))
    attributes = trap.repository / ".git/info/attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text(
        "*.json filter=trap diff=trap merge=trap\n*.txt filter=included\n"
        "*.toml filter=trap\n*.py filter=trap\n"
    )
    return trap


def add_remote(trap: Trap) -> None:
    """Give the database an empty remote, with a trap at either end of the transport."""
    workspace = trap.workspace
    bare = workspace.root.parent / "remote.git"
    workspace.git_in(workspace.root, "init", "-q", "--bare", "-b", "main", str(bare))
    workspace.git("remote", "add", "origin", bare.as_uri())
    for kind in ("uploadpack", "receivepack"):
        # Two words: git lets a shell read it.
        command = f"git-{kind.removesuffix('pack')}-pack"
        trap.set(f"remote.origin.{kind}", then=f'exec {command} "$@"')


def touch_all(folder: Path) -> None:
    """Let every file look as if it may have been changed, so that git has to compare it."""
    for path in folder.rglob("*.*"):
        if path.is_file() and ".git" not in path.parts:
            os.utime(path, (1, 1))


@pytest.fixture
def trap(started: Workspace) -> Trap:
    """A project with one migration applied, another one pending, and all traps."""
    started.migration("002-second", create_person("bina-lama"))
    return lay(started)


def test_the_traps_are_sharp(trap: Trap) -> None:
    workspace = trap.workspace
    touch_all(workspace.db)
    workspace.git("status", "--porcelain")
    assert {"fsmonitor", "clean"} <= trap.ran
    workspace.git("diff", "HEAD")
    with pytest.raises(CalledProcessError):  # the hook forbids it
        workspace.git("update-ref", "refs/heads/other", "HEAD")
    assert "reference-transaction" in trap.ran


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Trap:
    """All traps, and a remote that is one: for commands that leave the project as it is."""
    workspace = Workspace(tmp_path_factory.mktemp("reading") / "project")
    workspace.migration("001-first", create_person(SLUG))
    assert workspace.doit().code == 0
    workspace.migration("002-second", create_person("bina-lama"))
    trap = lay(workspace)
    add_remote(trap)
    trap.set("remote.origin.vcs", name="vcs")
    trap.git("config", "remote.origin.vcs", "ext")
    trap.git("config", "protocol.ext.allow", "always")
    trap.git("config", "remote.origin.url", f"ext::{trap.program('ext')}")
    with pytest.raises(CalledProcessError):
        trap.git("fetch", "origin")
    assert "ext" in trap.ran
    return trap


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_what_only_reads_runs_nothing_and_reaches_no_remote(
    reading: Trap, command: tuple[str, ...]
) -> None:
    # Each command begins without what an earlier one has read.
    shutil.rmtree(reading.workspace.root / ".nes-tasks", ignore_errors=True)
    touch_all(reading.workspace.db)
    ran = reading.workspace.doit(*command)
    assert ran.code in (0, 1), ran.err
    assert "Traceback" not in ran.err
    assert reading.ran == set()


def test_neither_does_it_from_a_worktree_configuration(trap: Trap) -> None:
    workspace = trap.workspace
    workspace.git("config", "extensions.worktreeConfig", "true")
    program = trap.program("worktree-filter", then="cat")
    workspace.git("config", "--worktree", "filter.own.clean", str(program))
    (workspace.db / ".git/info/attributes").write_text("*.json filter=own\n")
    touch_all(workspace.db)
    workspace.git("status", "--porcelain")
    assert "worktree-filter" in trap.ran
    touch_all(workspace.db)
    assert workspace.doit("status").code == 0
    assert trap.ran == set()


def test_a_section_that_nobody_knows_is_emptied() -> None:
    from nes_tasks.git.safety import Allow, overrides, parse

    settings = parse(b"local\0novel.thing.tool\nevil\0global\0novel.other\nmine\0")
    assert "novel.thing.tool=" in overrides(settings, Allow.NOTHING)
    assert "novel.other=" not in overrides(settings, Allow.NOTHING)


def test_a_run_lets_files_pass_through_filters_and_runs_nothing_else(trap: Trap) -> None:
    ran = trap.workspace.doit()
    assert ran.code == 0, ran.err
    assert trap.workspace.applied() == ["001-first", "002-second"]
    found = trap.ran
    assert "smudge" in found
    assert found <= FILTERS


@pytest.mark.parametrize(
    "command", [("revert", "1", "--yes"), ("adopt",), ("release", "x")], ids=" ".join
)
def test_other_writers_do_not_either(trap: Trap, command: tuple[str, ...]) -> None:
    ran = trap.workspace.doit(*command)
    assert ran.code == 0, ran.err
    assert trap.ran <= FILTERS


@pytest.fixture
def remote(trap: Trap) -> Trap:
    """The same with a remote, reached through programs that the repository names."""
    add_remote(trap)
    return trap


def test_a_push_uses_the_transport_and_the_hook_for_it(remote: Trap) -> None:
    hooks = remote.workspace.db / ".git/hooks"
    for name in ("pre-push", "reference-transaction"):
        shutil.copy(remote.program(name, then="exit 0"), hooks / name)
    ran = remote.workspace.doit("push")
    assert ran.code == 0, ran.err
    found = remote.ran
    assert {"receivepack", "pre-push"} <= found
    assert found <= {*TRANSPORT, "pre-push", "reference-transaction"}


def test_a_sync_uses_the_transport_and_no_hook(remote: Trap) -> None:
    remote.workspace.git("-c", "core.hooksPath=/dev/null", "push", "-q", "origin", "HEAD:main")
    remote.ran  # noqa: B018 - forgets what our own push ran
    ran = remote.workspace.doit("sync")
    assert ran.code == 0, ran.err
    found = remote.ran
    assert "uploadpack" in found
    assert found <= {*TRANSPORT, *FILTERS}


def test_the_repository_of_the_migrations_is_read_in_the_same_way(started: Workspace) -> None:
    started.git_in(started.root, "init", "-q")
    started.git_in(started.root, "add", "migrations")
    trap = lay(started, started.root)
    touch_all(started.migrations)
    trap.git("status", "--porcelain")
    assert {"fsmonitor", "clean"} <= trap.ran
    touch_all(started.migrations)
    for command in (("list",), ("status",), ("check",), ("replay",), ("create", "third-one")):
        assert started.doit(*command).code == 0
        assert trap.ran == set(), command


def test_status_names_what_the_repository_could_let_git_run(trap: Trap) -> None:
    workspace = trap.workspace
    programs = json.loads(workspace.doit("status", "--json").out)["database"]["programs"]
    assert {"core.fsmonitor", "filter.trap.clean", "filter.included.smudge"} <= set(
        programs["settings"]
    )
    assert programs["hooks"] == sorted(HOOKS)
    assert "\nPrograms    alias.cat-file, " in workspace.doit("status").out


def test_status_says_nothing_of_a_repository_as_git_and_doit_make_it(started: Workspace) -> None:
    assert "Programs" not in started.doit("status").out
    programs = json.loads(started.doit("status", "--json").out)["database"]["programs"]
    assert programs == {"settings": [], "hooks": []}


def test_what_the_user_has_set_wins_over_what_is_switched_off(
    started: Workspace, tmp_path: Path
) -> None:
    trap = Trap(started)
    own = tmp_path / "gitconfig"
    program = trap.program("of-the-user", then="cat")
    own.write_text(f'[filter "trap"]\n\tclean = {program}\n')
    trap.set("filter.trap.clean")
    (started.db / ".git/info/attributes").write_text("*.json filter=trap\n")
    touch_all(started.db)
    ran = started.doit("status", GIT_CONFIG_GLOBAL=str(own))
    assert ran.code == 0, ran.err
    assert trap.ran == {"of-the-user"}


def test_a_filter_that_cannot_be_switched_off_is_refused(started: Workspace) -> None:
    trap = Trap(started)
    trap.set("filter.a=b.clean")
    ran = started.doit("list")
    assert ran.code == 3
    assert "filter.a=b.clean" in ran.err
    assert ran.err.count("\n") == 1
    assert trap.ran == set()


def test_objects_are_read_as_they_are(started: Workspace) -> None:
    started.migration("002-second", create_person("bina-lama"))
    assert started.doit().code == 0
    before = {
        command: started.doit(*command).out
        for command in (("show", "2"), ("history",), ("blame", f"entity:person/{SLUG}"))
    }
    tip = started.git("rev-parse", "HEAD")
    started.git("replace", "--graft", "HEAD")
    blob = started.git("rev-parse", f"HEAD:v2/entity/person/{SLUG}.json")
    other = started.git("hash-object", "-w", "--stdin", stdin="{}")
    started.git("replace", blob, other)
    (started.db / ".git/info").mkdir(exist_ok=True)
    (started.db / ".git/info/grafts").write_text(f"{tip}\n")
    assert {command: started.doit(*command).out for command in before} == before
    replayed = started.doit("replay")
    assert replayed.code == 0, replayed.out + replayed.err
