"""The user's own configuration of git: nothing in it changes what is read or written."""

from __future__ import annotations

from pathlib import Path

import pytest
from team import Team
from workspace import EPOCH, Ran, Workspace, create_person

# Every key of https://git-scm.com/docs/git-config that changes what a command of ours prints or
# writes, or that did so in some version of git, with a value that is not the default.
ODD = """\
advice.detachedHead = false
alias.log = log --oneline
alias.status = status --long
blame.date = relative
branch.sort = -committerdate
checkout.defaultRemote = other
clone.defaultRemoteName = upstream
color.ui = always
color.status = always
color.diff = always
column.ui = always
commit.cleanup = scissors
commit.status = true
commit.verbose = 2
core.abbrev = 4
core.bigFileThreshold = 1
core.checkStat = minimal
core.commentChar = D
core.compression = 0
core.logAllRefUpdates = always
core.notesRef = refs/notes/odd
core.quotePath = true
core.warnAmbiguousRefs = false
core.whitespace = tab-in-indent
diff.algorithm = patience
diff.colorMoved = zebra
diff.context = 0
diff.ignoreSubmodules = all
diff.mnemonicPrefix = true
diff.noprefix = true
diff.relative = true
diff.renames = copies
diff.submodule = log
diff.wordRegex = .
diff.wsErrorHighlight = all
fastimport.unpackLimit = 1
feature.experimental = true
feature.manyFiles = true
fetch.output = compact
fetch.prune = true
fetch.recurseSubmodules = true
fetch.writeCommitGraph = true
format.pretty = oneline
grep.patternType = fixed
grep.lineNumber = true
i18n.commitEncoding = ISO-8859-1
i18n.logOutputEncoding = ISO-8859-1
init.defaultBranch = trunk
log.abbrevCommit = true
log.date = relative
log.decorate = full
log.diffMerges = first-parent
log.follow = true
log.mailmap = true
log.showRoot = false
log.showSignature = true
merge.ff = false
notes.displayRef = *
pack.useSparse = false
pager.log = false
pager.status = false
protocol.version = 0
pull.rebase = true
push.default = nothing
rebase.abbreviateCommands = true
safe.bareRepository = explicit
showBranch.default = --all
status.branch = true
status.relativePaths = false
status.renames = copies
status.short = true
status.showStash = true
status.showUntrackedFiles = no
status.submoduleSummary = true
submodule.recurse = true
tag.sort = -version:refname
trailer.separators = =
trailer.where = start
trailer.ifexists = replace
transfer.fsckObjects = true
user.useConfigOnly = true
versionsort.suffix = -rc
"""
READING = (
    ("list", "--all", "--status"),
    ("info", "2"),
    ("status", "--json"),
    ("history", "--json"),
    ("history", "2"),
    ("pending",),
    ("show", "2"),
    ("show", "2", "--json"),
    ("blame", "entity:person/नेपाल-x"),
    ("blame", "entity:person/asha-rai"),
    ("preview", "--json"),
    ("report", "--markdown"),
    ("adopt", "--dry-run"),
)


@pytest.fixture
def odd(tmp_path: Path) -> dict[str, str]:
    """An environment in which the user has set everything to another value."""
    path = tmp_path / "gitconfig"
    rows = (row.partition(" = ") for row in ODD.splitlines())
    lines = []
    for key, _, value in rows:
        section, _, rest = key.partition(".")
        middle, _, name = rest.rpartition(".")
        heading = f'{section} "{middle}"' if middle else section
        lines.append(f"[{heading}]\n\t{name} = {value}\n")
    path.write_text("".join(lines))
    return {"GIT_CONFIG_GLOBAL": str(path), "SOURCE_DATE_EPOCH": EPOCH}


def build(workspace: Workspace, **env: str) -> None:
    """Apply and revert, with a name that is not ASCII."""
    script = create_person("asha-rai")
    folder = workspace.migration("001-first", script)
    text = (folder / "migrate.py").read_text()
    (folder / "migrate.py").write_text(text.replace("Asha Example", "आशा Exämple"))
    workspace.migration("002-second", create_person("bina-lama"))
    assert workspace.doit(**env).code == 0
    reverted = workspace.doit("revert", "2", "--reason", "नाम was wrong", "--yes", **env)
    assert reverted.code == 0, reverted.err
    assert workspace.doit(**env).code == 0
    workspace.migration("003-third", create_person("chandra-thapa"))


def plain(ran: Ran, workspace: Workspace) -> tuple[int, str, str]:
    """Return what a command gave, without what differs from run to run."""
    return ran.code, ran.out.replace(str(workspace.root), "ROOT"), ran.err


def commits(workspace: Workspace) -> str:
    return workspace.git("log", "--format=%T %an %ae %cn %s%n%b%e", "--encoding=UTF-8")


def without_times(text: str) -> str:
    return "\n".join(row for row in text.splitlines() if not row.startswith(("Duration", "This")))


def test_commands_read_the_same_whatever_the_user_has_set(
    workspace: Workspace, odd: dict[str, str]
) -> None:
    usual = {"SOURCE_DATE_EPOCH": EPOCH}
    build(workspace, **usual)
    for command in READING:
        expected = plain(workspace.doit(*command, **usual), workspace)
        given = plain(workspace.doit(*command, **odd), workspace)
        if "--json" in command and command[0] == "preview":
            expected, given = (tuple(map(_without_cost, each)) for each in (expected, given))
        assert given == expected, command
    (workspace.db / "untracked").write_text("x")
    assert "untracked" in workspace.doit("status", **odd).out


def _without_cost(value: object) -> object:
    """Leave time and memory out of a document."""
    if not isinstance(value, str):
        return value
    measured = ('"duration', '"peak_memory', '"seconds', '"made_at')
    return "\n".join(row for row in value.splitlines() if not row.strip().startswith(measured))


def test_commands_write_the_same_whatever_the_user_has_set(
    tmp_path: Path, odd: dict[str, str]
) -> None:
    usual, other = Workspace(tmp_path / "a/project"), Workspace(tmp_path / "b/project")
    build(usual, SOURCE_DATE_EPOCH=EPOCH)
    build(other, **odd)
    assert without_times(commits(other)) == without_times(commits(usual))
    assert "encoding" not in other.git("cat-file", "commit", "HEAD~1").partition("\n\n")[0]
    assert other.git("status", "--porcelain") == ""


def test_a_remote_is_used_the_same_whatever_the_user_has_set(
    begun: Team, tmp_path: Path, odd: dict[str, str]
) -> None:
    team = begun.copied(tmp_path / "team")
    team.applied_by_asha("002-hers")
    team.applied_by_mina("003-mine")
    team.give_mina("002-hers")
    synced = team.mina.doit("sync", **odd)
    assert synced.code == 0, synced.err
    pushed = team.mina.doit("push", **odd)
    assert pushed.code == 0, pushed.err
    assert team.tip() == team.mina.git("rev-parse", "HEAD")


def test_a_bare_database_is_used_whatever_the_user_has_set(
    workspace: Workspace, odd: dict[str, str]
) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.git_in(workspace.root, "init", "-q", "--bare", "-b", "main", str(workspace.db))
    ran = workspace.doit(**odd)
    assert ran.code == 0, ran.err
    assert "001-first" in workspace.doit("history", **odd).out
