"""The wheel in another repository, set up as its page says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from installed import Installed
from template import uncommented
from transcripts import Shell, fences

PAGE = "docs/new-repository.md"


@pytest.fixture(scope="module")
def shell(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A terminal in an empty git repository, with the wheel at hand."""
    folder = tmp_path_factory.mktemp("rivers")
    shell = installed.shell(folder)
    assert shell.run("git init -q -b main").returncode == 0
    return shell


def test_it_is_the_wheel_that_is_imported_and_all_its_doors_open(
    installed: Installed, shell: Shell
) -> None:
    code = (
        "import importlib.metadata as m, nes_tasks; print(nes_tasks.__file__)\n"
        "points = m.distribution('nes-tasks').entry_points\n"
        "print(len([p.load() for p in points]))"
    )
    done = shell.run(f'python -c "{code}"')
    file, count = done.stdout.split()
    assert Path(file).is_relative_to(installed.python.parent.parent), done.stderr
    assert int(count) >= 20


@pytest.fixture(scope="module")
def rivers(project: Path, shell: Shell) -> list[list[str]]:
    """Do what the page says, and return the beginnings of its commands."""
    folder = shell.cwd / "migrations/001-add-rivers"
    ran = []
    for language, text in fences(project / PAGE):
        if language == "console":
            for command, printed, shown in shell.follow(text):
                assert printed == shown, command
                ran.append(command.split()[:2])
        elif language in ("toml", "markdown"):
            place = shell.cwd / "pyproject.toml" if language == "toml" else folder / "README.md"
            place.write_text(text)
        elif language == "python":
            is_dodo = "nes_tasks.dodo" in text
            (shell.cwd / "dodo.py" if is_dodo else folder / "migrate.py").write_text(text)
    return ran


def test_the_page_happens_as_shown(shell: Shell, rivers: list[list[str]]) -> None:
    assert len((shell.cwd / "dodo.py").read_text().split("\n\n")) == 2
    for command in (["doit", "create"], ["doit", "check"], ["doit", "preview"], ["doit"]):
        assert command in rivers
    assert shell.run("git -C rivers-db fsck --strict && git -C rivers-db status -s").stdout == ""
    assert shell.run("git status -s --untracked-files=all").stdout.split()[1::2] == [
        ".gitignore",
        "dodo.py",
        "migrations/.gitattributes",
        "migrations/001-add-rivers/README.md",
        "migrations/001-add-rivers/migrate.py",
        "pyproject.toml",
    ]


@pytest.mark.usefixtures("rivers")
def test_the_import_without_a_star_gives_the_same_tasks(project: Path, shell: Shell) -> None:
    (line,) = re.findall(r"`(from nes_tasks\.dodo import DOIT.*?)`", (project / PAGE).read_text())
    (shell.cwd / "explicit.py").write_text(f"{line}\n")
    listed = shell.run("doit list")
    tasks = listed.stdout.partition("\nTask ")[2].splitlines()[2:]
    assert [row.split()[0] for row in tasks] == ["check", "migrate"]
    assert shell.run("doit list -f explicit.py").stdout == listed.stdout


@pytest.mark.usefixtures("rivers")
def test_a_strict_type_checker_sees_the_types(installed: Installed, shell: Shell) -> None:
    """What `doit create` makes passes with its examples uncommented; a mistake in it is found."""
    assert shell.run("doit create --author 'A B <a@example.org>' typed").returncode == 0
    script = shell.cwd / "migrations/002-typed/migrate.py"
    script.write_text(uncommented(script.read_text("utf-8"), *"1234", verify=True), "utf-8")

    def checked() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mypy", "--strict", "--python-executable"]
        return subprocess.run(
            [*command, installed.python, script],
            cwd=shell.cwd,
            env=shell.variables,
            capture_output=True,
            text=True,
            check=False,
        )

    done = checked()
    assert done.stdout.startswith("Success"), done.stdout
    text = script.read_text("utf-8")
    script.write_text(text.replace("context.log(", "context.lag(").replace("entity_type=", "kind="))
    done = checked()
    assert done.returncode == 1
    assert '"MigrationContext" has no attribute "lag"' in done.stdout
    assert 'Unexpected keyword argument "kind"' in done.stdout
