"""Every message that the page of questions explains is one that a run prints."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from workspace import SCRIPT, Workspace, create_person, environment

from nes_tasks.cli.console import format_error
from nes_tasks.errors import NesTasksError
from nes_tasks.project import Project
from nes_tasks.running.events import EventKind, RunEvent
from nes_tasks.running.runner import Runner
from nes_tasks.settings import load_settings

README = "# x\n\nSources: made up by hand for this test, on the day of its last run.\n"
PERSON = create_person("asha-rai")
RELATE = """\
await context.publication.create_relationship(
    source_entity_id="entity:person/asha-rai",
    target_entity_id="entity:person/nobody-rai",
    relationship_type="{kind}",
    change_description="Relate",
)
"""

# The body of a `migrate` for each message.
# A script to whose folder somebody adds a file meanwhile.
EDITED = "pass"
SCRIPTS = {
    "… was called without await, so it did nothing": "context.db.list_entities()",
    "migrate returned before its tasks had ended: …": (
        "import asyncio\nasyncio.create_task(asyncio.sleep(60))"
    ),
    "Entity with slug … and type … already exists": PERSON + PERSON,
    "… entity … does not exist": PERSON + RELATE.format(kind="MEMBER_OF"),
    "Invalid relationship type: …": PERSON
    + PERSON.replace("asha-rai", "nobody-rai")
    + RELATE.format(kind="KNOWS"),
    "Entity must have at least one name with kind='PRIMARY'": PERSON.replace("PRIMARY", "ALIAS"),
    'slug is "Asha Rai"; a slug is like asha-rai': PERSON.replace("asha-rai", "Asha Rai"),
    "… is not a valid EntitySubType": PERSON.replace('"person"', '"person", entity_subtype="x"'),
    "… has no column …": "context.read_csv('rows.csv')[0]['name']",
    "No such file or directory: …": "open('ministers.csv')",
    "CSV file not found: …": 'context.read_csv("Ministers.csv")',
    "… is outside the migration's folder": 'context.read_csv("../ministers.csv")',
    "No module named …": "import a_package_that_nobody_has",
    "the script called sys.exit(…)": "raise SystemExit(3)",
    "the script's process was killed by SIGKILL (out of memory?)": (
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    ),
    "the database was used by a thread or a process that the script has started": (
        "import asyncio, threading\n"
        "look = lambda: asyncio.run(context.db.get_entity('entity:person/asha-rai'))\n"
        "thread = threading.Thread(target=look)\nthread.start()\nthread.join()"
    ),
    "… was edited while it ran; nothing was applied": EDITED,
}


def tables(project: Path) -> list[str]:
    """Return the messages of the page, in its order."""
    page = (project / "docs/faq.md").read_text("utf-8")
    return re.findall(r"^\| `(.*?)` \|", page, re.MULTILINE)


def is_in(message: str, output: str) -> bool:
    """Tell whether a line has the message, with something in the place of each dots."""
    pattern = ".+".join(re.escape(part) for part in message.split("…")).removesuffix(".+")
    return re.search(pattern, output) is not None


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What `doit check` and other commands say of folders that are not accepted."""
    workspace = Workspace(tmp_path_factory.mktemp("folders") / "project")

    def add(name: str, script: str | None = None, **files: bytes) -> Path:
        folder = workspace.migration(name, script=script, files={"README.md": README, **files})
        (folder / "README.md").write_text(README)
        return folder

    def script(old: str, new: str) -> str:
        return SCRIPT.format(description="Do it", body="    pass").replace(old, new)

    workspace.git_in(workspace.root, "init", "-q")
    (workspace.root / ".gitignore").write_text("017-*\n/nes-db/\n")
    converted, edited, removed = add("008-converted"), add("010-edited"), add("011-removed")
    assert workspace.doit().code == 0
    script_file = converted / "migrate.py"
    script_file.write_bytes(script_file.read_bytes().replace(b"\n", b"\r\n"))
    workspace.edit(edited.name)
    removed.rename(workspace.root / "elsewhere")
    add("009-late")
    add("Add_Ministers")
    add("012-one")
    add("012-two")
    (add("013-no-readme") / "README.md").unlink()
    (add("014-todo") / "README.md").write_text("# x\n\n[TODO: what this migration changes]\n")
    add("015-no-author", script(r'AUTHOR = "Asha Example <asha@example.org>"', "import os"))
    add("016-date", script("2026-01-15", "15.1.2026"))
    add("017-ignored")
    add("018-import", script("\n\nasync", "import a_package_that_nobody_has\n\nasync"))
    (add("019-encoding") / "rows.csv").write_bytes("slug,name\nx,Kathmandü\n".encode("cp1252"))
    (add("020-cells") / "rows.csv").write_text("a,b,c,d\nx,y,Rs. 1,23,456,2079\n")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
    (add("021-pointer") / "rows.csv").write_text(pointer)
    return "\n".join(
        f"{ran.out}{ran.err}"
        for ran in (
            workspace.doit("check"),
            workspace.doit(),
            workspace.doit("info", "11"),
            workspace.doit("migrate", "--force"),
            workspace.doit("--dry-run", "check"),
            workspace.doit("check:12"),
            workspace.doit("migrate:no-such"),
            workspace.doit("-a"),
            workspace.doit("ignore", "migrate:010-edited"),
        )
    )


def without_dodo(workspace: Workspace) -> None:
    (workspace.root / "dodo.py").unlink()


def without_migrations(workspace: Workspace) -> None:
    workspace.migrations.rename(workspace.root / "elsewhere")


def with_a_misspelt_key(workspace: Workspace) -> None:
    workspace.settings(databse="x")


def with_another_folder(workspace: Workspace) -> None:
    (workspace.db / "sub").mkdir(parents=True)


def with_a_submodule_to_come(workspace: Workspace) -> None:
    (workspace.root / ".gitmodules").write_text('[submodule "d"]\n\tpath = nes-db\n\turl = x\n')


def with_an_edit(workspace: Workspace) -> None:
    _begin(workspace)
    (workspace.db / "mine.txt").write_text("x")


def with_a_message(workspace: Workspace) -> None:
    _begin(workspace)
    workspace.git("commit", "-q", "--allow-empty", "-m", "Run migration 001-first")


def _begin(workspace: Workspace) -> None:
    workspace.git_in(workspace.root, "init", "-q", "-b", "main", "nes-db")
    workspace.git("commit", "-q", "--allow-empty", "-m", "Begin")


PROJECTS: dict[str, Callable[[Workspace], None]] = {
    "there is no …/dodo.py": without_dodo,
    "the migrations folder … does not exist": without_migrations,
    "[tool.nes_tasks] … is not a setting": with_a_misspelt_key,
    "… is not a git repository": with_another_folder,
    "… has uncommitted changes: …": with_an_edit,
    "the submodule … is not fetched yet": with_a_submodule_to_come,
    "… has no marker, but commit … says that it was run": with_a_message,
}


def test_messages_about_folders(project: Path, folders: str) -> None:
    ours = [m for m in tables(project) if m not in SCRIPTS and m not in PROJECTS]
    assert len(ours) >= 15
    assert [message for message in ours if not is_in(message, folders)] == []


@pytest.mark.parametrize("message", PROJECTS)
def test_messages_about_the_project(project: Path, workspace: Workspace, message: str) -> None:
    assert message in tables(project)
    workspace.migration("001-first")
    PROJECTS[message](workspace)
    ran = workspace.doit()
    assert ran.code in (1, 2, 3)
    assert is_in(message, ran.err), ran.err


class Quiet:
    """Nobody looks at the progress of these; somebody edits a folder when its script starts."""

    edited: Path | None = None

    def __call__(self, event: RunEvent) -> None:
        if event.kind is EventKind.STARTED and self.edited is not None:
            self.edited.write_text("x")


@pytest.fixture(scope="module")
def runner(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Workspace, Runner, Quiet]]:
    """A project with one pending migration, and what `doit` runs it with."""
    workspace = Workspace(tmp_path_factory.mktemp("scripts") / "project")
    workspace.migration("001-first")
    project = Project(load_settings(workspace.root, {}))
    quiet = Quiet()
    with pytest.MonkeyPatch.context() as patch, Runner(project, quiet) as runner:
        for name, value in environment().items():
            patch.setenv(name, value)
        yield workspace, runner, quiet


@pytest.mark.parametrize("message", SCRIPTS)
def test_messages_about_scripts(
    project: Path, runner: tuple[Workspace, Runner, Quiet], message: str
) -> None:
    assert message in tables(project)
    workspace, running, quiet = runner
    is_edited = SCRIPTS[message] == EDITED
    quiet.edited = workspace.migrations / "001-first/more.txt" if is_edited else None
    shutil.rmtree(workspace.migrations / "001-first")
    workspace.migration("001-first", SCRIPTS[message], files={"rows.csv": "slug\nx\n"})
    with pytest.raises(NesTasksError) as raised:
        running.apply("001-first")
    assert raised.value.exit_code == 1
    assert is_in(message, format_error(raised.value))


def test_no_message_is_found_where_it_is_not() -> None:
    assert is_in("… can mean …", "error: 01 can mean 010-a or 011-b; give the full name")
    assert not is_in("… can mean …", "error: what it can mean")
