"""The situations of maintainers: each section is a story of its own, and happens as shown."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pages import run_shell, sections
from team import Team
from transcripts import blocks, commands, masked
from workspace import Workspace, create_person

PAGE = Path(__file__).parents[2] / "docs/maintainer-situations.md"

CHANGE = """\
person = await context.db.get_entity("entity:person/{slug}")
person.{field} = {value}
await context.publication.update_entity(person, context.author_id, "Set {field}")
"""
TAG = CHANGE.format(slug="first-rai", field="tags", value='["minister"]')
PARTY = CHANGE.format(slug="first-rai", field="attributes", value='{"party": "independent"}')


def keep_folders(project: Workspace) -> None:
    """Let the migrations be in a repository, on the branch main."""
    (project.root / ".gitignore").write_text("nes-db\n.nes-tasks\n__pycache__\n")
    project.git_in(project.root, "init", "-q", "-b", "main")
    commit_folders(project)


def commit_folders(project: Workspace) -> None:
    project.git_in(project.root, "add", ".")
    project.git_in(project.root, "commit", "-qm", "Migrations")


def a_pull_request(team: Team) -> None:
    mina = team.mina
    keep_folders(mina)
    service = team.remote.with_name("service.git")
    mina.git_in(mina.root, "clone", "-q", "--bare", str(mina.root), str(service))
    mina.git_in(mina.root, "remote", "add", "origin", service.as_uri())
    mina.git_in(mina.root, "switch", "-qc", "theirs")
    mina.migration("002-add-ministers", create_person("bina-rai"))
    commit_folders(mina)
    mina.git_in(mina.root, "push", "-q", "origin", "theirs:refs/pull/7/head")
    mina.git_in(mina.root, "switch", "-q", "main")
    mina.git_in(mina.root, "branch", "-qD", "theirs")


def the_second_is_there(team: Team) -> None:
    team.mina.migration("003-add-party", PARTY)


def the_first_is_applied(team: Team) -> None:
    team.applied_by_asha("002-add-tags", TAG)
    team.give_mina("002-add-tags")


def others_build_on_it(team: Team) -> None:
    team.applied_by_mina("002-add-ministers", create_person("bina-rai"))
    change = CHANGE.format(slug="bina-rai", field="tags", value='["minister"]')
    team.applied_by_mina("003-tag-ministers", change)
    team.applied_by_mina("004-add-river", create_person("koshi-rai"))


def many_are_pending(team: Team) -> None:
    for number, slug in enumerate(("asha-rai", "bina-rai"), start=2):
        team.mina.migration(f"{number:03}-add-{slug}", create_person(slug))
    team.mina.migration("004-wrong", "raise ValueError('no such district')")
    for number, slug in enumerate(("chet-rai", "devi-rai"), start=5):
        team.mina.migration(f"{number:03}-add-{slug}", create_person(slug))
    keep_folders(team.mina)


def the_remote_is_gone(team: Team) -> None:
    team.applied_by_mina("002-add-ministers", create_person("bina-rai"))
    shutil.move(team.remote, team.remote.with_name("gone.git"))


def the_remote_is_another(team: Team) -> None:
    """The new repository is where URL leads."""
    shutil.move(team.remote.with_name("new.git"), team.remote)


def it_was_forced(team: Team) -> None:
    team.applied_by_mina("002-add-ministers", create_person("bina-rai"))
    assert team.mina.doit("push").code == 0
    team.asha.migration("002-add-rivers", create_person("koshi-rai"))
    assert team.asha.doit().code == 0
    team.asha.git("push", "-q", "--force", "origin", "main")


def without_a_clone(team: Team) -> None:
    team.mina.git_in(team.remote, "config", "uploadpack.allowFilter", "true")
    shutil.move(team.mina.db, team.remote.with_name("old"))
    team.mina.migration("002-add-ministers", create_person("bina-rai"))


Event = Callable[[Team], None]

# What has happened before a section, and before some of its commands.
BEGINNINGS: dict[str, Event] = {
    "A pull request on your own machine": a_pull_request,
    "Two pull requests that change the same entity": the_second_is_there,
    "A revert that is not the newest": others_build_on_it,
    "Many pending migrations": many_are_pending,
    "The remote is lost": the_remote_is_gone,
    "The remote was rewritten": it_was_forced,
    "A shallow, sparse and partial clone": without_a_clone,
}
EVENTS: dict[tuple[str, str], Event] = {
    ("Two pull requests that change the same entity", "doit sync"): the_first_is_applied,
    ("The remote is lost", "git -C nes-db remote set-url origin URL"): the_remote_is_another,
}


def played(section: str, team: Team) -> list[tuple[str, str, str]]:
    """Run the commands of a section; return each with what it printed and what is shown."""
    BEGINNINGS[section](team)
    environment = team.mina.shell_environment()
    found = []
    for block in blocks(sections(PAGE.read_text())[section], "console"):
        for command, shown in commands(block):
            if event := EVENTS.get((section, command)):
                event(team)
            line = re.sub(r"\bURL\b", team.remote.as_uri(), command)
            printed = run_shell(line, team.mina.root, environment)
            for address in (team.remote.as_uri(), str(team.remote)):
                printed = printed.replace(address, "URL")
            found.append((command, printed, shown))
    return found


def test_every_section_has_a_beginning() -> None:
    assert list(sections(PAGE.read_text())) == list(BEGINNINGS)


@pytest.mark.parametrize("section", BEGINNINGS)
def test_every_transcript_is_what_happens(section: str, begun: Team, tmp_path: Path) -> None:
    rows = played(section, begun.copied(tmp_path))
    assert len(rows) >= 3
    for command, printed, shown in rows:
        assert masked(printed) == masked(shown), command
