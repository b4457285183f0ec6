"""The page that leads a repository of the legacy system over to this one, command by command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from earlier_service import ALLOW_FILES, MIGRATIONS, Service
from transcripts import Shell, fences
from workspace import environment

PAGE = "docs/changing-over.md"
# The test has installed it already, and no test depends on a package index.
INSTALL = "pip install nes-tasks\n"


def shell_in(folder: Path, around: Path) -> Shell:
    """Return a terminal in which git takes submodules from files, as it does from the network."""
    setting = ALLOW_FILES[1].partition("=")
    variables = environment(
        GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0=setting[0], GIT_CONFIG_VALUE_0=setting[2]
    )
    return Shell(folder, around / "bin", variables)


@pytest.fixture(scope="module")
def changed(project: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Shell, list[str]]:
    """The maintainer's terminal after the transcripts of the page, and its lines for a CI."""
    around = tmp_path_factory.mktemp("changing")
    service = Service.at(around)
    shell = shell_in(service.root, around)
    scripts: list[str] = []
    for language, text in fences(project / PAGE):
        if language == "console":
            for command, printed, shown in shell.follow(text):
                assert printed == shown, command
        elif language == "python":
            (service.root / "dodo.py").write_text(text)
        elif language == "toml":
            with (service.root / "pyproject.toml").open("a") as file:
                file.write(f"\n{text}")
        elif text != INSTALL:
            scripts.append(text)
    return shell, scripts


def test_the_page_happens_as_shown_and_leaves_everything_in_order(
    changed: tuple[Shell, list[str]],
) -> None:
    shell, _ = changed
    assert (
        shell.run("git -C nes-db fsck --strict --no-dangling && git -C nes-db status -s").stdout
        == ""
    )
    assert shell.run("git status -s").stdout == (
        "?? migrations/.gitattributes\n?? migrations/012-add-ministers/\n"
    )
    markers = shell.run("git -C nes-db ls-tree -r --name-only HEAD v2/migration-logs").stdout
    assert markers.count("/marker.toml") == len(MIGRATIONS)
    assert "changes.diff" not in markers
    recorded = shell.run("git rev-parse HEAD:nes-db && git -C nes-db rev-parse origin/main").stdout
    assert len(set(recorded.split())) == 1
    blamed = shell.run("doit blame entity:location/ward/kathmandu-ward-1").stdout
    assert re.search(r"^tags\[0\] .* 002-ward-name-fix ", blamed, re.MULTILINE), blamed
    history = shell.run("doit history").stdout
    assert [line.split()[0] for line in history.splitlines()[2:]] == [m.name for m in MIGRATIONS]


def test_another_clone_sees_what_was_adopted_and_its_ci_has_something_to_do(
    changed: tuple[Shell, list[str]], tmp_path: Path
) -> None:
    shell, (for_pull_requests, after_merge) = changed
    assert shell.run("git push -q origin change-over:main").returncode == 0
    assert shell.run(f"git clone -q $(git remote get-url origin) {tmp_path}/clone").returncode == 0
    there = shell_in(tmp_path / "clone", tmp_path)
    warned = there.run("doit list")
    assert "the submodule nes-db is not fetched yet" in warned.stderr
    new = there.cwd / "migrations/012-more"
    new.mkdir()
    readme = "# More\n\nOne person more, for the test of the lines that a CI runs. No source.\n"
    (new / "README.md").write_text(readme)
    script = MIGRATIONS[9].script().replace("blue-party", "red-party")
    (new / "migrate.py").write_text(script)

    ran = there.run(f"set -e\n{for_pull_requests}")
    assert ran.returncode == 0, ran.stderr
    assert "012-more" in (there.cwd / "preview.md").read_text()
    there.run("git add migrations && git commit -q -m 'Add 012-more'")
    ran = there.run(f"set -e\n{after_merge}")
    assert ran.returncode == 0, ran.stderr
    assert there.run("doit pending --check").returncode == 0
    tip = there.run("git ls-remote $(git -C nes-db remote get-url origin) main").stdout.split()[0]
    assert there.run("git rev-parse origin/main:nes-db").stdout.strip() == tip


def test_an_unfetched_submodule_is_told_and_not_taken_for_an_empty_database(
    changed: tuple[Shell, list[str]], tmp_path: Path
) -> None:
    shell, _ = changed
    where = "$(git remote get-url origin)"
    assert shell.run(f"git clone -q -b main {where} {tmp_path}/clone").returncode == 0
    there = shell_in(tmp_path / "clone", tmp_path)
    (there.cwd / "dodo.py").write_text("from nes_tasks.dodo import *\n")
    error = (
        "the submodule nes-db is not fetched yet; "
        "git submodule update --init nes-db && git -C nes-db switch main\n"
    )
    adopt, status, listed = (there.run(f"doit {c}") for c in ("adopt", "status", "list"))
    assert (adopt.returncode, adopt.stdout, adopt.stderr) == (3, "", f"error: {error}")
    assert "Problem     the submodule nes-db is not fetched yet\n" in status.stdout
    assert "Next: git submodule update --init nes-db" in status.stdout
    assert listed.stderr == f"warning: {error}"
    assert not list((there.cwd / "nes-db").iterdir())
