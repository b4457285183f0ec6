"""The project in which the examples of docs/reference happen."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path

from workspace import EPOCH, SCRIPT, Workspace, create_person

TAG = """\
for slug in ("asha-rai", "bina-lama"):
    person = await context.db.get_entity(f"entity:person/{slug}")
    person.tags = ["minister"]
    await context.publication.update_entity(person, change_description="Tag the ministers")
context.log("Tagged 2 people")
"""

RIVERS = """\
await context.publication.create_entity(
    entity_type="location",
    entity_data={
        "slug": "koshi",
        "names": [{"kind": "PRIMARY", "en": {"full": "Koshi"}}],
    },
    change_description="Add the river",
)
"""

README = """\
# {name}

{description}, so that the examples of the documentation have something to show.

Sources: written for them.
"""


def begin(root: Path) -> tuple[Workspace, Path]:
    """Make a project with a remote: 001 is applied and pushed, 002 and 003 are pending."""
    workspace = Workspace(root / "nes-tasks")
    people = create_person("asha-rai") + create_person("bina-lama")
    migrations = {
        "001-add-ministers": ("Add the ministers of 2026", people),
        "002-add-tags": ("Tag the ministers", TAG),
        "003-add-rivers": ("Add the river Koshi", RIVERS),
    }
    for name, (description, body) in migrations.items():
        script = SCRIPT.format(description=description, body=textwrap.indent(body, "    "))
        folder = workspace.migration(name, script=script)
        (folder / "README.md").write_text(README.format(name=name, description=description))
    remote = root / "remote.git"
    workspace.git_in(root, "init", "-q", "--bare", "-b", "main", str(remote))
    workspace.settings(remote_url=remote.as_uri())
    for words in (["migrate:1"], ["push"]):
        ran = workspace.doit(*words, SOURCE_DATE_EPOCH=EPOCH)
        assert ran.code == 0, ran.err
    return workspace, remote


def copied(workspace: Workspace, remote: Path, root: Path) -> tuple[Workspace, Path]:
    """Return the project with its remote in another folder, for who changes something."""
    copy = workspace.copy_to(root / workspace.root.name)
    there = root / remote.name
    shutil.copytree(remote, there)
    copy.settings(remote_url=there.as_uri())
    copy.git("remote", "set-url", "origin", there.as_uri())
    return copy, there


def surroundings(workspace: Workspace) -> dict[str, str]:
    """Return the environment of the examples: their clock stands still, and git has settings."""
    settings = workspace.root.parent / "gitconfig"
    settings.touch()
    environment = workspace.shell_environment()
    return {**environment, "SOURCE_DATE_EPOCH": EPOCH, "GIT_CONFIG_GLOBAL": str(settings)}
