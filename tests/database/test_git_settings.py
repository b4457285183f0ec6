"""No setting of the user's git changes what is read from a history."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from histories import close_with_a_merge
from repositories import LOGS, Place
from test_executions import DATA, NAME, execute

from nes_tasks.database.counts import count_ahead_and_behind, measure
from nes_tasks.database.executions import durations, find_executions, records_of
from nes_tasks.database.history import History
from nes_tasks.database.ledger import read_ledger
from nes_tasks.database.unrecorded import find_unrecorded
from nes_tasks.git.command import Git
from nes_tasks.git.diff import list_files
from nes_tasks.git.file_history import read_file_history
from nes_tasks.git.remote import Remote

# Keys of https://git-scm.com/docs/git-config that change what commands print, find or compare.
SETTINGS = [
    *("color.ui=always", "color.diff=always", "color.status=always", "color.branch=always"),
    *("column.ui=always", "column.status=always", "core.abbrev=4", "core.commentChar=M"),
    *("core.pager=false", "pager.log=true", "pager.config=true", "pager.diff=true"),
    *("core.quotePath=true", "core.quotePath=false", "core.precomposeUnicode=true"),
    *("core.ignoreCase=true", "core.attributesFile=ATTRIBUTES", "core.whitespace=cr-at-eol"),
    *("core.warnAmbiguousRefs=true", "core.preferSymlinkRefs=true", "core.notesRef=refs/notes/x"),
    *("diff.renames=copies", "diff.renameLimit=1", "diff.orderFile=ORDER", "diff.noprefix=true"),
    *("diff.mnemonicPrefix=true", "diff.relative=true", "diff.ignoreSubmodules=all"),
    *("diff.external=false", "diff.algorithm=patience", "diff.context=0", "diff.dirstat=files"),
    *("diff.statGraphWidth=2", "diff.submodule=log", "diff.suppressBlankEmpty=true"),
    *("diff.wordRegex=x", "diff.wsErrorHighlight=all", "diff.autoRefreshIndex=false"),
    *("diff.colorMoved=zebra", "diff.interHunkContext=9", "diff.indentHeuristic=false"),
    *("format.pretty=oneline", "format.notes=true", "grep.patternType=fixed"),
    *("grep.patternType=perl", "grep.extendedRegexp=true", "grep.lineNumber=true"),
    *("i18n.commitEncoding=latin1", "i18n.logOutputEncoding=latin1"),
    *("log.abbrevCommit=true", "log.date=relative", "log.decorate=full", "log.follow=true"),
    *("log.excludeDecoration=x", "log.graphColors=red", "log.initialDecorationSet=all"),
    *("log.diffMerges=first-parent", "log.mailmap=true", "log.showRoot=false"),
    *("log.showSignature=true", "mailmap.file=MAILMAP", "notes.displayRef=refs/notes/*"),
    *("pretty.oneline=%H", "pretty.raw=x", "trailer.separators==", "trailer.where=start"),
    *("trailer.duration.key=Took", "trailer.ifexists=replace", "gpg.format=ssh"),
    *("status.branch=true", "status.short=true", "status.showStash=true", "status.renames=copies"),
    *(
        "status.relativePaths=false",
        "status.showUntrackedFiles=no",
        "status.aheadBehind=false",
    ),
    *("submodule.recurse=true", "feature.manyFiles=true", "feature.experimental=true"),
    *("merge.log=true", "uploadpack.hideRefs=refs/", "branch.sort=-refname"),
    *("tag.sort=-refname", "versionsort.suffix=x", "advice.graftFileDeprecated=true"),
    *("alias.rev-list=log", "alias.diff-tree=show", "blame.showEmail=true", "help.autocorrect=1"),
    *("interactive.singleKey=true", "core.logAllRefUpdates=always", "core.commitGraph=false"),
]


@pytest.fixture
def filled(database: Place) -> Place:
    """A history with all that is read of one: a side chain, a revert, commits by hand."""
    base = database.commit({"v2/entity/person/ö.json": "{}"}, "Begin")
    execute(database, "1", "2", "3")
    close_with_a_merge(database, base, NAME, "Duration: 1.5s")
    execute(database, "4", name="002-second")
    database.git("revert", "--no-edit", "HEAD")
    database.commit({"v2/entity/person/b.json": "1"}, "Run 003-by-hand")
    database.git("revert", "--no-edit", "HEAD")
    database.commit({"v2/entity/person/c.json": "1"}, "Run 004-by-hand")
    record = f"{LOGS}/005-early/metadata.json"
    database.commit({"v2/entity/person/d.json": "1", record: "{}"}, "Parties. PR 17")
    database.git("update-ref", "refs/remotes/origin/main", base)
    database.git("notes", "add", "-m", "Duration: 9s", "HEAD")
    return database


def all_that_is_read(place: Place) -> list[object]:
    git, tip = Git(place.path), place.git("rev-parse", "HEAD")
    history = History(git, tip, "v2")
    applied = read_ledger(place.path, "v2").applied
    executions = find_executions(history, records_of(applied))
    remote = Remote(git, "origin", "main", label="nes-db", timeout=9)
    standing = remote.remote_status(tip)
    return [
        applied,
        executions,
        durations(git, executions),
        {name: measure(git, run, "v2") for name, run in executions.items()},
        find_unrecorded(history, applied),
        read_file_history(git, tip, DATA),
        list(list_files(git, tip, "v2")),
        standing,
        count_ahead_and_behind(git, tip, standing.commit, "v2"),
    ]


def test_no_setting_changes_what_is_read(
    filled: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "MAILMAP").write_text("Somebody Else <else@example.org> <mina@example.org>\n")
    (tmp_path / "ATTRIBUTES").write_text("* -diff\n")
    (tmp_path / "ORDER").write_text("*marker.toml\n")
    expected = all_that_is_read(filled)
    executions = expected[1]
    assert isinstance(executions, dict)
    assert list(executions) == [NAME, "005-early"]
    config = tmp_path / "config"
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    for setting in SETTINGS:
        key, _, value = setting.partition("=")
        path = tmp_path / value
        config.unlink(missing_ok=True)
        text = str(path) if value.isupper() and path.is_file() else value
        subprocess.run(["git", "config", "--file", str(config), key, text], check=True)
        assert all_that_is_read(filled) == expected, setting


def test_the_keys_are_those_of_git(tmp_path: Path) -> None:
    """A key that no git knows would prove nothing."""
    done = subprocess.run(
        ["git", "help", "--config"], capture_output=True, text=True, check=True, env=os.environ
    )
    known = {line.strip().lower() for line in done.stdout.splitlines()}
    families = {key.partition(".")[0] for key in known}
    ours = {setting.partition(".")[0].lower() for setting in SETTINGS}
    assert ours - families <= {"trailer"}  # git interpret-trailers describes these itself
