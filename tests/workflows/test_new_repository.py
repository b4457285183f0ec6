"""A repository that `doit init` has made: from `pip install` to a pull request with its preview."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hosting import ADDRESS, DATABASE, FORK, SERVICE, Hosting
from installed import Installed, build
from server import GitServer
from test_files import TOOLS, ran
from workspace import EPOCH, create_person, environment

COMMIT = "1" * 40
FILES = [
    ".gitattributes",
    ".github/dependabot.yml",
    ".github/workflows/migration-persistence.yml",
    ".github/workflows/migration-preview-comment.yml",
    ".github/workflows/migration-preview.yml",
    ".gitignore",
    "README.md",
    "dodo.py",
    "migrations/001-example/README.md",
    "migrations/001-example/migrate.py",
    "migrations/001-example/people.csv",
    "pyproject.toml",
    "requirements.txt",
]


@pytest.fixture(scope="module")
def installed(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """An environment with nothing but the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    (wheel,) = build(project, folder, "--wheel")
    return Installed.at(tmp_path_factory.mktemp("environment"), wheel)


@pytest.fixture(scope="module")
def made(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Hosting:
    """The repository at the hosting service, with its first migration in the database."""
    server = GitServer(tmp_path_factory.mktemp("hosting"))
    hosting = Hosting.bare_at(server.root / "new", server, installed.python)

    def doit(*words: str, folder: Path = hosting.root) -> str:
        done = subprocess.run(
            [installed.python, "-m", "doit", *words],
            cwd=folder,
            env={**environment(SOURCE_DATE_EPOCH=EPOCH), "PYTHONPATH": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    author, called = "Asha Rai <asha@example.org>", f"org/nes-tasks@{COMMIT}"
    doit("init", "--author", author, "--remote-url", ADDRESS, "--workflows", called, "desk")
    settings = hosting.desk / "pyproject.toml"
    text = settings.read_text()
    settings.write_text(text.replace(ADDRESS, str(hosting.root / f"{DATABASE}.git")))
    assert "1 migration checked" in doit("check", folder=hosting.desk)
    doit("run", folder=hosting.desk)
    doit("push", folder=hosting.desk)
    settings.write_text(text)
    shutil.rmtree(hosting.desk / "nes-db")
    hosting.git_in(hosting.desk, "remote", "add", "origin", str(hosting.root / f"{SERVICE}.git"))
    hosting.commit("Begin")
    hosting.git_in(hosting.desk, "push", "-q", "origin", "HEAD:main")
    return hosting


def test_these_are_its_files_and_they_are_sound(made: Hosting) -> None:
    listed = made.bare(SERVICE, "ls-tree", "-r", "--name-only", "main").splitlines()
    assert listed == FILES
    workflows = [str(made.desk / path) for path in FILES if "/workflows/" in path]
    check = str(TOOLS / "check-jsonschema")
    ran(check, "--builtin-schema", "vendor.github-workflows", *workflows)
    ran(check, "--builtin-schema", "vendor.dependabot", str(made.desk / ".github/dependabot.yml"))
    ran(str(TOOLS / "zizmor"), "--offline", "--no-progress", "--quiet", str(made.desk / ".github"))
    for path in workflows:
        assert len(Path(path).read_text().splitlines()) <= 18
    assert made.applied() == ["001-example"]


def test_its_first_pull_request_is_previewed_and_merged(made: Hosting) -> None:
    folder = made.desk / ".github/workflows"
    pull = made.open_pull_request("people", ("002-one", create_person("one-rai")), source=FORK)
    jobs, record = made.preview(pull, folder=folder)
    assert {job.result for job in jobs.values()} == {"success"}, "".join(
        job.log for job in jobs.values()
    )
    comment = made.comment(record, folder=folder)
    assert comment.result == "success", comment.log
    (said,) = made.of_bot("comments")
    assert "Preview of 1 migration\n" in said["body"]
    assert "<code>002-one</code>" in said["body"]
    made.merge(pull)
    github = {"event_name": "push", "event": {}, "ref": "refs/heads/main", "sha": made.main}
    jobs = made.run("migration-persistence.yml", {**github, "run_id": 500}, folder=folder)
    assert jobs["push"].result == "success", "".join(job.log for job in jobs.values())
    assert made.applied() == ["001-example", "002-one"]


def test_it_is_run_again_for_what_is_missing(made: Hosting, tmp_path: Path) -> None:
    def init(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "doit", "init", *words],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    first = init("--author", "Asha Rai", "new")
    assert first.returncode == 0, first.stderr
    assert not (tmp_path / "new/.github").exists()
    assert "remote_url" not in (tmp_path / "new/pyproject.toml").read_text()
    (tmp_path / "new/README.md").write_text("Mine.\n")
    (tmp_path / "new/migrations/001-example").rename(tmp_path / "new/migrations/001-mine")
    again = init("--author", "Asha Rai", "--workflows", f"org/nes-tasks@{COMMIT}", "new")
    assert (tmp_path / "new/README.md").read_text() == "Mine.\n"
    assert "Kept README.md.\n" in again.stdout
    assert "  .github/workflows/migration-preview.yml\n" in again.stdout
    assert not (tmp_path / "new/migrations/001-example").exists()
    assert init("--author", "Asha Rai", "--workflows", f"org/x@{COMMIT}", "new").stdout.endswith(
        "Nothing is missing in new.\n"
    )


@pytest.mark.parametrize("workflows", ["org/nes-tasks", "org/nes-tasks@v1", "x@" + COMMIT, "a/b@1"])
def test_workflows_are_named_by_their_commit(tmp_path: Path, workflows: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "doit", "init", "--author", "A", "--workflows", workflows],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "does not name workflows by their commit" in done.stderr
    assert not list(tmp_path.iterdir())
