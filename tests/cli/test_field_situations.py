"""Situations that people who keep data or migrations in git have met, each with its neighbours."""

from __future__ import annotations

import shutil
import subprocess
import unicodedata
from pathlib import Path

import pytest
from workspace import Ran, Workspace, create_person

README = "# x\n\nSources: https://example.org/data, taken for the test of what a check finds.\n"
CSV = "slug,name\nasha-rai,Asha\n"
READ = "rows = context.read_csv('rivers.csv')"


def migration(workspace: Workspace, name: str, body: str, **files: str | bytes) -> Path:
    """Write a migration that a check finds nothing wrong with, with files by their names."""
    folder = workspace.migration(name, body, files=files)
    (folder / "README.md").write_text(README)
    return folder


def versioned(workspace: Workspace, ignored: str = "") -> None:
    """Make the project a repository with all that is in it."""
    (workspace.root / ".gitignore").write_text(f".nes-tasks/\nnes-db/\n{ignored}")
    for args in (("init", "-q", "-b", "main"), ("add", "."), ("commit", "-qm", "Begin")):
        workspace.git_in(workspace.root, *args)


def one_line(ran: Ran, code: int) -> str:
    """Return the one line of an error."""
    assert ran.code == code, ran
    assert "Traceback" not in ran.err
    lines = [line for line in ran.err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, ran.err
    return lines[0]


# What is not in git -------------------------------------------------------------------------


def test_an_ignored_data_file_is_refused_by_its_reader_and_found_by_a_check(
    workspace: Workspace,
) -> None:
    migration(workspace, "001-first", READ, **{"rivers.csv": CSV})
    versioned(workspace, "*.csv\n")
    said = one_line(workspace.doit(), 1)
    assert said == (
        "error: 001-first failed: rivers.csv is ignored by git, so other clones would lack it; git "
        "check-ignore -v migrations/001-first/rivers.csv names the rule to change"
    )
    ran = workspace.doit("check")
    assert ran.code == 1
    assert ran.out.startswith(
        "error: migrations/001-first/rivers.csv:1: migrations/001-first/migrate.py uses it, and "
        "git ignores it, so other clones would lack it; git check-ignore -v migrations/"
    )


def test_a_file_below_an_ignored_folder_and_an_ignored_module_are_found(
    workspace: Workspace,
) -> None:
    body = "import helper\ncontext.read_csv('data/a.csv')"
    migration(workspace, "001-first", body, **{"data/a.csv": CSV, "helper.py": "X = 1\n"})
    versioned(workspace, "data/\nhelper.py\n")
    ran = workspace.doit("check")
    found = {line.split(":")[1].strip() for line in ran.out.splitlines() if "ignores it" in line}
    assert found == {
        "migrations/001-first/data/a.csv",
        "migrations/001-first/helper.py",
    }
    assert "helper.py is ignored by git" in one_line(workspace.doit(), 1)


def test_an_ignored_file_by_the_users_own_rules_is_found(
    workspace: Workspace, tmp_path: Path
) -> None:
    migration(workspace, "001-first", READ, **{"rivers.csv": CSV})
    versioned(workspace)
    (tmp_path / "ignore").write_text("*.csv\n")
    settings = tmp_path / "gitconfig"
    settings.write_text(f"[core]\n\texcludesFile = {tmp_path / 'ignore'}\n")
    workspace.git_in(workspace.root, "rm", "-q", "--cached", "migrations/001-first/rivers.csv")
    ran = workspace.doit("check", GIT_CONFIG_GLOBAL=str(settings))
    assert "git ignores it" in ran.out


def test_a_file_that_nobody_added_is_a_hint_until_it_is_added(workspace: Workspace) -> None:
    folder = migration(workspace, "001-first", READ)
    migration(workspace, "002-second", "pass")
    versioned(workspace)
    (folder / "rivers.csv").write_text(CSV)
    migration(workspace, "003-all-new", "pass")
    ran = workspace.doit("check")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "hint: migrations/001-first/rivers.csv:1: it is not added to git; "
        "git add migrations/001-first/rivers.csv",
        "3 migrations checked: 1 hint.",
    ]
    workspace.git_in(workspace.root, "add", ".")
    assert "hint" not in workspace.doit("check").out


LEFTOVERS = ("~$a.xlsx", "Thumbs.db", "desktop.ini", ".~lock.a#", "a.bak", "a.tmp", ".a.swp",
             ".DS_Store", "__MACOSX/a", "Icon\r", "a.crdownload", "@eaDir/x")  # fmt: skip


def test_what_programs_leave_behind_is_no_input_and_no_drift(workspace: Workspace) -> None:
    folder = migration(workspace, "001-first", READ, **{"rivers.csv": CSV})
    for name in LEFTOVERS[:6]:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x")
    assert workspace.doit().code == 0
    marker = workspace.git("show", "HEAD:v2/migration-logs/001-first/marker.toml")
    inputs = [line.split('"')[1] for line in marker.split("[inputs]")[1].split("\n") if line]
    assert inputs == ["README.md", "migrate.py", "rivers.csv"]
    for name in LEFTOVERS[6:]:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x")
    ran = workspace.doit()
    assert (ran.code, ran.err) == (0, "")


def test_a_leftover_that_was_recorded_once_is_not_missed(workspace: Workspace) -> None:
    migration(workspace, "001-first", "pass")
    assert workspace.doit().code == 0
    path = workspace.db / "v2/migration-logs/001-first/marker.toml"
    path.write_text(f'{path.read_text()}"Thumbs.db" = "{"0" * 64}"\n')
    workspace.git("commit", "-qam", "As an earlier version recorded it")
    assert "changed" not in workspace.doit("status").out
    assert workspace.doit().err == ""


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"


def test_a_pointer_of_git_lfs_is_never_taken_for_the_data(workspace: Workspace) -> None:
    body = "context.log((context.migration_dir / 'a.csv').read_text())"
    migration(workspace, "001-first", body, **{"a.csv": POINTER})
    said = "a.csv is a Git LFS pointer, not the data; git lfs pull"
    assert one_line(workspace.doit(), 1) == f"error: migrations/001-first/{said}"
    ran = workspace.doit("check")
    assert ran.code == 1
    assert "a.csv:1: it is a Git LFS pointer, not the data; git lfs pull" in ran.out


# Line ends ----------------------------------------------------------------------------------


def test_converted_line_ends_are_told_from_an_edit(workspace: Workspace, tmp_path: Path) -> None:
    migration(workspace, "001-first", READ, **{"rivers.csv": CSV})
    versioned(workspace)
    assert workspace.doit().code == 0
    copy = tmp_path / "windows"
    workspace.git_in(tmp_path, "clone", "-q", "-c", "core.autocrlf=true", str(workspace.root), copy)
    other = Workspace.there(copy)
    other.settings(database=str(workspace.db))
    ran = other.doit("check")
    assert ran.code == 1
    assert ran.out.splitlines()[0] == (
        "error: migrations/001-first: only the line ends of README.md, migrate.py, rivers.csv "
        "differ from what was applied: git converts them on this machine; add the line '* -text' "
        "to migrations/.gitattributes, delete these files, and get them back: git checkout -- "
        "migrations/001-first"
    )
    assert "changed after it was applied (only the line ends of" in other.doit().err
    # What it advises helps.
    (copy / "migrations/.gitattributes").write_text("* -text\n")
    for file in (copy / "migrations/001-first").iterdir():
        file.unlink()
    workspace.git_in(copy, "checkout", "--", "migrations/001-first")
    assert other.doit("check").code == 0
    # An edit beside is an edit.
    (copy / "migrations/001-first/rivers.csv").write_bytes(CSV.replace("\n", "\r\n").encode())
    other.edit("001-first")
    assert "only the line ends" not in other.doit("check").out


def test_create_keeps_git_from_converting_line_ends(workspace: Workspace) -> None:
    versioned(workspace)
    attributes = workspace.migrations / ".gitattributes"
    ran = workspace.doit("create", "add rivers")
    assert "Created migrations/.gitattributes, which keeps git from converting" in ran.out
    assert attributes.read_text().splitlines()[-1] == "* -text"
    assert ".gitattributes" not in workspace.doit("create", "add lakes").out
    attributes.write_text("*.png binary\n")
    assert "add the line '* -text' to migrations/.gitattr" in workspace.doit("create", "more").err
    attributes.unlink()
    (workspace.root / ".gitattributes").write_text("migrations/** -text\n")
    assert ".gitattributes" not in workspace.doit("create", "add peaks").out
    assert not attributes.exists()


# Modules beside a script --------------------------------------------------------------------


def test_a_module_beside_a_script_is_its_own_and_an_input(workspace: Workspace) -> None:
    body = "from helper import X\nfrom parts.deep import Y\ncontext.log(X + Y)"
    files = {"helper.py": "X = 'one '\n", "parts/deep.py": "Y = 'deep'\n"}
    migration(workspace, "001-first", body, **files)
    second = "from helper import X\ncontext.log(X)"
    migration(workspace, "002-second", second, **{"helper.py": "X = 'two'\n"})
    migration(workspace, "003-third", "import helper")
    assert workspace.doit("check:1", "check:2").code == 0
    ran = workspace.doit()
    assert "  one deep\n" in ran.err
    assert "  two\n" in ran.err
    assert "003-third failed: ModuleNotFoundError: No module named 'helper'" in ran.err
    marker = workspace.git("show", "HEAD:v2/migration-logs/002-second/marker.toml")
    assert '"helper.py" = ' in marker


def test_a_module_of_python_keeps_its_name(workspace: Workspace) -> None:
    body = "import calendar\ncontext.log(calendar.isleap(2024))"
    migration(workspace, "001-first", body, **{"calendar.py": "1 / 0\n"})
    assert "  True\n" in workspace.doit().err
    workspace.doit("forget", "check")
    migration(workspace, "002-second", "pass", **{"csv.py": "X = 1\n"})
    assert "csv.py:1: import csv gives Python's own module of that" in workspace.doit("check").out


# Names of files -----------------------------------------------------------------------------


def test_a_name_in_another_composition_is_found_and_a_similar_one_is_named(
    workspace: Workspace,
) -> None:
    composed, split = (unicodedata.normalize(form, "réseau.csv") for form in ("NFC", "NFD"))
    migration(workspace, "001-nfd", f"context.read_csv({composed!r})", **{split: CSV})
    migration(workspace, "002-nfc", f"context.read_csv({split!r})", **{composed: CSV})
    assert workspace.doit("check").out.startswith("2 migrations checked: no problems")
    assert workspace.doit().code == 0
    for number, body in enumerate(
        (READ, "open(context.migration_dir / 'rivers.csv')", "context.read_csv('river.csv')"), 3
    ):
        folder = migration(workspace, f"{number:03d}-case", body, **{"Rivers.csv": CSV})
        assert one_line(workspace.doit(), 1).endswith("; did you mean Rivers.csv?")
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()


# git around the database --------------------------------------------------------------------


def test_a_filter_whose_program_is_missing_is_named(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    assert workspace.doit().code == 0
    (workspace.db / ".gitattributes").write_text("*.json filter=big\n")
    workspace.git("add", "-f", ".gitattributes")
    workspace.git("commit", "-qm", "Filter")
    for key, value in (("required", "true"), ("clean", "cat"), ("smudge", "no-such-program %f")):
        workspace.git("config", f"filter.big.{key}", value)
    workspace.migration("002-second", create_person("bina-rai"))
    said = one_line(workspace.doit(), 3)
    assert said.endswith(
        "; install or repair the filter big (no-such-program) that .gitattributes names; then run "
        "it again"
    )
    workspace.git("config", "filter.big.required", "false")
    assert workspace.doit().code == 0
    assert workspace.applied() == ["001-first", "002-second"]


def test_a_submodule_is_recorded_by_the_identity_of_doit(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    assert workspace.doit().code == 0
    workspace.git_in(workspace.root, "init", "-q", "-b", "main")
    add = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "./nes-db", "nes-db")
    workspace.git_in(workspace.root, *add)
    (workspace.root / ".gitignore").write_text(".nes-tasks/\n")
    workspace.git_in(workspace.root, "add", ".")
    workspace.git_in(workspace.root, "commit", "-qm", "Begin")
    workspace.migration("002-second", create_person("bina-rai"))
    names = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")
    environment = {k: v for k, v in workspace.environment().items() if k not in names}
    for command in ([], ["submodule"]):
        done = subprocess.run(
            ["doit", *command],
            cwd=workspace.root,
            env={**environment, "PATH": workspace.shell_environment()["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    wrote = workspace.git("log", "-1", "--format=%cn <%ce>")
    assert wrote == "nes-tasks <nes-tasks@localhost>"
    assert workspace.git_in(workspace.root, "log", "-1", "--format=%an <%ae> %cn <%ce>") == (
        f"{wrote} {wrote}"
    )


def test_a_shallow_clone_of_the_migrations_says_what_to_fetch(
    workspace: Workspace, tmp_path: Path
) -> None:
    migration(workspace, "001-first", "pass")
    versioned(workspace)
    assert workspace.doit().code == 0
    workspace.edit("001-first")
    workspace.git_in(workspace.root, "commit", "-qam", "Edit")
    copy = tmp_path / "shallow"
    workspace.git_in(tmp_path, "clone", "-q", "--depth=1", workspace.root.as_uri(), str(copy))
    other = Workspace.there(copy)
    other.settings(database=str(workspace.db))
    ran = other.doit("replay")
    assert "  the migrations are a shallow clone, which may lack the commit that holds\n" in ran.out
    assert "  the folder as it was: git -C migrations fetch --unshallow\n" in ran.out
    workspace.git_in(copy, "fetch", "-q", "--unshallow")
    assert "  restore it with: git -C migrations restore --source=" in other.doit("replay").out


# doit's own commands ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two_once(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A project with two migrations, the first one applied, to copy from."""
    workspace = Workspace(tmp_path_factory.mktemp("two") / "project")
    for name in ("001-first", "002-second"):
        workspace.migration(name)
    assert workspace.doit("migrate:001-first").code == 0
    return workspace


UNDO = "doit revert NAME undoes one\n"


@pytest.mark.parametrize("name", ["1", "migrate:1", "migrate:001-first"])
@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("forget", "migrations are not forgotten: the database itself says what is applied; "),
        ("clean", "nothing of a migration is removed: its result is history; "),
        ("reset-dep", "the inputs of a migration are recorded when it is executed; "),
    ],
)
def test_saved_state_of_a_migration_is_left_alone_by_any_name(
    two_once: Workspace, command: str, name: str, said: str
) -> None:
    before = two_once.state()
    ran = two_once.doit(command, name)
    assert (ran.code, ran.out, ran.err) == (0, "", said + UNDO)
    assert two_once.state() == before


def test_a_migration_that_is_not_there_is_wrong_use(two_once: Workspace) -> None:
    for command in ("forget", "clean", "reset-dep", "ignore"):
        assert "there is no migration '7'" in one_line(two_once.doit(command, "migrate:7"), 2)


def test_dumpdb_and_other_backends_are_refused_in_one_line(
    two_once: Workspace, tmp_path: Path
) -> None:
    workspace = two_once.copy_to(tmp_path / "project")
    assert ".doit.db is not a dbm file" in one_line(workspace.doit("dumpdb"), 2)
    assert workspace.doit("check").code == 1
    for command in (["run"], ["list"], ["status"], ["forget"]):
        said = one_line(workspace.doit(*command, "--backend", "sqlite3"), 2)
        assert said.endswith("in a file of another backend of doit; omit --backend")
    shutil.rmtree(workspace.root / ".nes-tasks")
    assert "omit --backend" in one_line(workspace.doit("run", "--backend", "sqlite3"), 2)


# Long logs and rows -------------------------------------------------------------------------


def test_a_long_log_is_counted_on_a_pipe_and_whole_in_the_files(workspace: Workspace) -> None:
    body = "for number in range(1000): context.log(f'line {number}')"
    workspace.migration("001-first", body)
    ran = workspace.doit()
    lines = ran.err.splitlines()
    assert len(lines) == 22
    assert lines[-1] == "  and 980 more lines of its log; all are in .nes-tasks/logs"
    (log,) = (workspace.root / ".nes-tasks/logs").iterdir()
    assert log.read_text().count(": line ") == 1000
    text = workspace.git("show", "HEAD:v2/migration-logs/001-first/log.txt")
    assert len(text.splitlines()) == 1000


LOOPS = {
    "for": "for row in rows:\n    int(row['age'])",
    "pairs": "for at, row in enumerate(rows):\n    if row['age']:\n        int(row['age'])",
    "comprehension": "ages = [int(row['age']) for row in rows]",
    "argument": "def age(row):\n    return int(row['age'])\nlist(map(age, rows))",
    "while": "rest = iter(rows)\nwhile True:\n    row = next(rest)\n    int(row['age'])",
    "stored": "by = {row['slug']: row for row in rows}\n"
    "for row in by.values():\n    int(row['age'])",
}


@pytest.mark.parametrize("loop", LOOPS)
def test_an_error_names_the_row_that_was_worked_on(workspace: Workspace, loop: str) -> None:
    body = f"rows = context.read_csv('members.csv')\n{LOOPS[loop]}"
    data = "slug,age\na,1\nb,2\nc,x\nd,3\n"
    workspace.migration("001-first", body, files={"members.csv": data})
    said = one_line(workspace.doit(), 1)
    assert said.startswith("error: 001-first failed: members.csv line 4: ValueError: invalid lit")


def test_an_error_after_a_loop_names_no_row(workspace: Workspace) -> None:
    body = "for row in context.read_csv('a.csv'):\n    row['slug']\nint('x')"
    workspace.migration("001-first", body, files={"a.csv": "slug\nx\n"})
    assert "failed: ValueError: invalid literal" in one_line(workspace.doit(), 1)


def test_a_column_that_nothing_read_is_a_hint_outside_of_the_log(workspace: Workspace) -> None:
    body = "for row in context.read_csv('a.csv'{}):\n    row['slug']"
    files: dict[str, str | bytes] = {"a.csv": "slug,phone\nx,1\n"}
    workspace.migration("001-first", body.format(""), files=files)
    workspace.migration("002-second", body.format(", ignore=['phone']"), files=files)
    for command in ("preview", "run"):
        hints = [line for line in workspace.doit(command).err.splitlines() if "hint" in line]
        assert hints == [
            "  hint: a.csv: nothing read the column 'phone'; use it, or pass ignore=['phone']"
        ]
    assert workspace.git("show", "HEAD~1:v2/migration-logs/001-first/log.txt") == ""
