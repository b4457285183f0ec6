"""Two repositories at a hosting service, with pull requests, and machines that run workflows."""

from __future__ import annotations

import json
import os
import shutil
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner import Job, JobRun, Machine, Workflow
from server import GitServer
from workspace import EPOCH, Workspace, create_person

TESTS = Path(__file__).resolve().parent
WORKFLOWS = TESTS.parent.parent / ".github/workflows"
SERVICE, DATABASE = "org/nes-tasks", "org/nes-db"
FORK = "stranger/nes-tasks"
DATABASE_TOKEN = "database-token"
# What the settings say, wherever the service is in a test.
ADDRESS = "https://hub.example/org/nes-db.git"
SETTINGS = f'[tool.nes_tasks]\nremote_url = "{ADDRESS}"\n'
# What the steps may install; whatever they need is in the environment of the tests already.
PIP = """#!/bin/sh
case "$*" in
  "install --quiet --requirement requirements.txt") test -f requirements.txt ;;
  "install --quiet --requirement .github/release.txt") test -f .github/release.txt ;;
  "install --quiet --no-deps --no-build-isolation --editable .") ;;
  *) echo "pip: $*" >&2; exit 1 ;;
esac
"""
PYTHON = """#!/bin/sh
if [ "$1 $2" = "-m pip" ]; then shift 2; exec pip "$@"; fi
exec {python} "$@"
"""
DOIT = '#!/bin/sh\nexec {python} -m doit "$@"\n'
GH = '#!/bin/sh\nexec {python} -I -S {script} {state} "$@"\n'


@dataclass(frozen=True)
class PullRequest:
    """An open pull request: its number, its own commit, and whose repository it comes from."""

    number: int
    head: str
    branch: str
    source: str


@dataclass
class Hosting:
    """The service below a folder; `url` is where the git server has it."""

    root: Path
    server: GitServer
    secrets: dict[str, str] = field(default_factory=dict)
    database_path: str = f"{DATABASE}.git"
    python: Path = Path(sys.executable)
    executed: set[tuple[str, str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.secrets.setdefault("NES_DATABASE_TOKEN", DATABASE_TOKEN)
        self._programs()

    # Setting up

    @property
    def url(self) -> str:
        """The address of the service."""
        return f"{self.server.url}/{self.root.name}"

    @property
    def database_url(self) -> str:
        """Where machines find the database."""
        return f"{self.url}/{self.database_path}"

    @classmethod
    def at(cls, root: Path, server: GitServer) -> Hosting:
        """Make both repositories, the database with one migration applied."""
        hosting = cls.bare_at(root, server)
        project = Workspace(root / "desk")
        hosting.git_in(hosting.desk, "init", "-q", "-b", "main")
        hosting.git_in(hosting.desk, "remote", "add", "origin", str(root / f"{SERVICE}.git"))
        hosting.write(".gitignore", "/nes-db/\n/.nes-tasks/\n__pycache__/\n")
        hosting.migration("001-first", create_person("first-rai"))
        ran = project.doit(SOURCE_DATE_EPOCH=EPOCH)
        assert ran.code == 0, ran.err
        project.git("push", "-q", str(root / f"{DATABASE}.git"), "HEAD:main")
        shutil.rmtree(project.db)
        hosting.write("pyproject.toml", SETTINGS)
        hosting.write("requirements.txt", "# What a job installs.\n")
        hosting.commit("Begin")
        hosting.git_in(hosting.desk, "push", "-q", "origin", "HEAD:main")
        return hosting

    @classmethod
    def bare_at(cls, root: Path, server: GitServer, python: Path | None = None) -> Hosting:
        """Make both repositories without a commit; `python` is that of the machines."""
        (root / "bin").mkdir(parents=True)
        (root / "github.json").write_text(
            json.dumps({"runs": [], "artifacts": [], "pulls": [], "comments": [], "issues": []})
        )
        hosting = cls(root, server, python=python or Path(sys.executable))
        for name in (SERVICE, DATABASE):
            bare = root / f"{name}.git"
            hosting.git_in(root, "init", "-q", "--bare", "-b", "main", str(bare))
            hosting.git_in(bare, "config", "uploadpack.allowFilter", "true")
            hosting.git_in(bare, "config", "uploadpack.allowAnySHA1InWant", "true")
        return hosting

    def copied(self) -> Hosting:
        """Return the same in another folder: it is quicker than to set it up."""
        root = self.server.root / f"copy-{len(list(self.server.root.iterdir()))}"
        no_machines = shutil.ignore_patterns("machines")
        shutil.copytree(self.root, root, symlinks=True, ignore=no_machines)
        copy = Hosting(root, self.server)
        copy.git_in(copy.desk, "remote", "set-url", "origin", str(root / f"{SERVICE}.git"))
        return copy

    def _programs(self) -> None:
        """Let the machines have what they need, with the packages of the Python."""
        folder = self.root / "bin"
        folder.mkdir(exist_ok=True)
        gh = GH.format(python=sys.executable, script=TESTS / "gh.py", state=self.root)
        for name, text in (
            ("pip", PIP),
            ("gh", gh),
            ("python", PYTHON.format(python=self.python)),
            ("doit", DOIT.format(python=self.python)),
        ):
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)

    # Committing

    @property
    def project(self) -> Workspace:
        """A clone of the service repository, where people commit."""
        return Workspace.there(self.desk)

    @property
    def desk(self) -> Path:
        """The folder of that clone."""
        return self.root / "desk"

    def git_in(self, folder: Path, *args: str) -> str:
        """Run git in a folder and return its output."""
        return self.project.git_in(folder, *args)

    def bare(self, name: str, *args: str) -> str:
        """Run git in one of the bare repositories."""
        return self.git_in(self.root / f"{name}.git", *args)

    def write(self, path: str, text: str) -> None:
        """Write a file at the desk."""
        target = self.desk / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def migration(self, name: str, body: str = "pass") -> None:
        """Write a migration at the desk, with which `doit check` is content."""
        folder = self.project.migrations / name
        if folder.exists():
            shutil.rmtree(folder)
        self.project.migration(name, body)
        text = "Adds some people for a test.\n\nSource: the list of the example office, 2026.\n"
        (folder / "README.md").write_text(f"# {name}\n\n{text}")

    def commit(self, message: str) -> str:
        """Commit everything at the desk; return the commit."""
        # The submodule is not there at the desk, and shall not be gone for that.
        self.git_in(self.desk, "add", "--all", "--", ".", ":!nes-db")
        self.git_in(self.desk, "commit", "-q", "--allow-empty", "-m", message)
        return self.git_in(self.desk, "rev-parse", "HEAD")

    def to_main(self) -> None:
        """Go to the newest commit of main at the desk."""
        self.git_in(self.desk, "fetch", "-q", "origin", "main")
        self.git_in(self.desk, "checkout", "-q", "--detach", "origin/main")

    def push_to_main(self, name: str, body: str) -> str:
        """Commit a migration to main directly; return the commit."""
        self.to_main()
        self.migration(name, body)
        commit = self.commit(f"Add {name}")
        self.git_in(self.desk, "push", "-q", "origin", "HEAD:main")
        return commit

    def change_main(self, path: str, text: str) -> str:
        """Commit a file to main directly; return the commit."""
        self.to_main()
        self.write(path, text)
        commit = self.commit(f"Change {path}")
        self.git_in(self.desk, "push", "-q", "origin", "HEAD:main")
        return commit

    @property
    def main(self) -> str:
        """The commit that the main branch of the service repository is at."""
        return self.bare(SERVICE, "rev-parse", "main")

    @property
    def database_tip(self) -> str:
        """The commit that the database is at."""
        return self.bare(DATABASE, "rev-parse", "main")

    def applied(self) -> list[str]:
        """Return what has a marker in the database repository."""
        paths = self.bare(DATABASE, "ls-tree", "-r", "--name-only", "main").splitlines()
        return [path.split("/")[2] for path in paths if path.endswith("/marker.toml")]

    def push_to_database(self) -> str:
        """Let somebody else push a commit to the database; return it."""
        tree = self.bare(DATABASE, "rev-parse", "main^{tree}")
        parent = self.database_tip
        commit = self.bare(DATABASE, "commit-tree", tree, "-p", parent, "-m", "By somebody else")
        self.bare(DATABASE, "update-ref", "refs/heads/main", commit, parent)
        return commit

    def make_submodule(self) -> None:
        """Let the service repository record the database as a submodule."""
        self.to_main()
        self.write(".gitmodules", f'[submodule "nes-db"]\n\tpath = nes-db\n\turl = {ADDRESS}\n')
        self.write(".gitignore", "/.nes-tasks/\n__pycache__/\n")
        link = f"160000,{self.database_tip},nes-db"
        self.git_in(self.desk, "update-index", "--add", "--cacheinfo", link)
        self.git_in(self.desk, "add", ".gitmodules", ".gitignore")
        self.git_in(self.desk, "commit", "-q", "-m", "Add the database")
        self.git_in(self.desk, "push", "-q", "origin", "HEAD:main")

    # Pull requests

    def open_pull_request(
        self, branch: str, *migrations: tuple[str, str], source: str = SERVICE
    ) -> PullRequest:
        """Propose migrations on a branch of the repository `source`."""
        self.to_main()
        for name, body in migrations:
            self.migration(name, body)
        self.commit(f"Propose {branch}")
        return self.open_here(branch, source=source)

    def open_here(self, branch: str, *, source: str = SERVICE) -> PullRequest:
        """Propose what the desk has committed; one that is open for the branch is closed."""
        head = self.git_in(self.desk, "rev-parse", "HEAD")
        state = self.state()
        for pull in state["pulls"]:
            if pull["head"]["ref"] == branch:
                pull["state"] = "closed"
        self.set_state(state)
        number = 1 + len(self.state()["pulls"])
        self.git_in(self.desk, "push", "-qf", "origin", f"{head}:refs/pull/{number}/head")
        self.add(
            "pulls",
            number=number,
            state="open",
            merged_at=None,
            merge_commit_sha=None,
            user={"login": source.partition("/")[0], "id": 7},
            commits=[self._commit_at_github(head, source)],
            head={"ref": branch, "sha": head, "repo": {"full_name": source}},
            base={"ref": "main", "repo": {"full_name": SERVICE, "default_branch": "main"}},
        )
        pull = PullRequest(number, head, branch, source)
        self.merge_result(pull)
        return pull

    def _commit_at_github(self, commit: str, source: str) -> dict[str, Any]:
        name, email = self.git_in(self.desk, "show", "-s", "--format=%an%n%ae", commit).split("\n")
        author = {"name": name, "email": email}
        login = source.partition("/")[0]
        return {"sha": commit, "commit": {"author": author}, "author": {"login": login}}

    def merge_result(self, pull: PullRequest) -> str:
        """Bring the merge of a pull request with the present main up to date, as GitHub does."""
        self.to_main()
        self.git_in(self.desk, "merge", "-q", "--no-ff", "-m", "Merge", pull.head)
        place = f"refs/pull/{pull.number}/merge"
        self.git_in(self.desk, "push", "-q", "--force", "origin", f"HEAD:{place}")
        return self.git_in(self.desk, "rev-parse", "HEAD")

    def merge(self, pull: PullRequest) -> str:
        """Merge a pull request into main; return the commit."""
        commit = self.merge_result(pull)
        self.git_in(self.desk, "push", "-q", "origin", "HEAD:main")
        state = self.state()
        for known in state["pulls"]:
            if known["number"] == pull.number:
                known.update(state="closed", merged_at="2026-02-01", merge_commit_sha=commit)
        self.set_state(state)
        return commit

    # What GitHub knows

    def state(self) -> dict[str, Any]:
        """Return what GitHub knows."""
        loaded: dict[str, Any] = json.loads((self.root / "github.json").read_text())
        return loaded

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Let GitHub know something else."""
        (self.root / "github.json").write_text(json.dumps(state))

    def add(self, kind: str, **content: Any) -> None:
        """Let GitHub know one thing more."""
        state = self.state()
        state[kind].append(content)
        self.set_state(state)

    def of_bot(self, kind: str) -> list[dict[str, Any]]:
        """Return the comments or issues that the workflows have made."""
        made = [item for item in self.state()[kind] if item["user"]]
        return [item for item in made if item["user"]["login"] == "github-actions[bot]"]

    # Running

    def run(
        self,
        file: str,
        github: Mapping[str, Any],
        *,
        inputs: Mapping[str, Any] | None = None,
        meanwhile: Callable[[str], None] = lambda _: None,
        of_fork: bool = False,
        folder: Path = WORKFLOWS,
    ) -> dict[str, JobRun]:
        """Run a workflow of a folder; note which of its steps were executed."""
        workflow = Workflow(folder / file)
        machine = Machine(
            folder=self.root / "machines",
            path=f"{self.root / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            server_url=self.url,
            repository=SERVICE,
            token=self._token,
            actions={
                "actions/checkout": self._checkout,
                "actions/setup-python": _set_up_python,
                "actions/upload-artifact": self._upload,
            },
            secrets={"database": self.secrets},
            addresses={ADDRESS: self.database_url},
            of_fork=of_fork,
            meanwhile=meanwhile,
        )
        jobs = workflow.run(machine, github, inputs)
        self.executed |= workflow.run_steps() & {
            (file, job, name)
            for job, run in jobs.items()
            for name, step in run.steps.items()
            if step.outcome != "skipped"
        }
        return jobs

    def _token(self, permissions: Mapping[str, str]) -> str:
        """Return a job's token, and let it push if it may."""
        token = f"job:{json.dumps(permissions)}"
        place = self.root.name
        self.server.tokens[f"{place}/{DATABASE}"] = DATABASE_TOKEN
        if permissions.get("contents") == "write":
            self.server.tokens[f"{place}/{SERVICE}"] = self.secrets.get("NES_RECORD_TOKEN", token)
        return token

    def preview(
        self, pull: PullRequest, *, folder: Path = WORKFLOWS
    ) -> tuple[dict[str, JobRun], dict[str, Any]]:
        """Run the preview of a pull request; return its jobs and GitHub's record of the run."""
        number = 100 + len(self.state()["runs"])
        github = {
            "event_name": "pull_request",
            "event": {"pull_request": {"number": pull.number}},
            "ref": f"refs/pull/{pull.number}/merge",
            "sha": self.bare(SERVICE, "rev-parse", f"refs/pull/{pull.number}/merge"),
            "run_id": number,
        }
        of_fork = pull.source != SERVICE
        jobs = self.run("migration-preview.yml", github, of_fork=of_fork, folder=folder)
        failed = any(job.result == "failure" for job in jobs.values())
        return jobs, self.record(pull, number, "failure" if failed else "success")

    def queue(self, pull: PullRequest) -> dict[str, JobRun]:
        """Run the preview of a pull request in the merge queue, behind what main has."""
        base = self.main
        commit = self.merge_result(pull)
        ref = f"refs/heads/gh-readonly-queue/main/pr-{pull.number}-{base}"
        self.git_in(self.desk, "push", "-q", "origin", f"{commit}:{ref}")
        event = {"merge_group": {"base_sha": base, "head_sha": commit}}
        about = {"event_name": "merge_group", "event": event, "ref": ref, "sha": commit}
        return self.run("migration-preview.yml", {**about, "run_id": 700})

    def record(self, pull: PullRequest, number: int, conclusion: str) -> dict[str, Any]:
        """Let GitHub know a run of the preview; return its record."""
        record = {
            "id": number,
            "path": ".github/workflows/migration-preview.yml",
            "event": "pull_request",
            "head_sha": pull.head,
            "head_branch": pull.branch,
            "head_repository": {"full_name": pull.source},
            "conclusion": conclusion,
            "html_url": f"https://hub.example/runs/{number}",
            "run_started_at": f"2026-02-01T00:{number - 100:02}:00Z",
        }
        self.add("runs", **record)
        return record

    def comment(self, record: Mapping[str, Any], *, folder: Path = WORKFLOWS) -> JobRun:
        """Run the workflow that comments on what a preview has found."""
        github = {
            "event_name": "workflow_run",
            "event": {"workflow_run": record},
            "ref": "refs/heads/main",
            "sha": self.main,
            "run_id": 900,
        }
        return self.run("migration-preview-comment.yml", github, folder=folder)["comment"]

    def persist(
        self,
        event: str = "push",
        *,
        ref: str = "refs/heads/main",
        meanwhile: Callable[[str], None] = lambda _: None,
        **inputs: Any,
    ) -> dict[str, JobRun]:
        """Run the workflow that applies and pushes what is merged."""
        github = {"event_name": event, "event": {}, "ref": ref, "sha": self.main, "run_id": 500}
        return self.run(
            "migration-persistence.yml",
            github,
            inputs={key.replace("_", "-"): value for key, value in inputs.items()},
            meanwhile=meanwhile,
        )

    # The actions

    def _checkout(self, job: Job, given: Mapping[str, str]) -> None:
        """Do what actions/checkout does: one commit, detached or on its branch."""
        assert given.pop("persist-credentials") == "false"  # type: ignore[attr-defined]
        assert job.permissions["contents"] in ("read", "write")
        named = given.get("ref")
        depth = given.get("fetch-depth", "1")
        assert set(given) <= {"ref", "fetch-depth"}
        ref = f"refs/heads/{named}" if named else job.github["ref"]
        commit = self.bare(SERVICE, "rev-parse", ref) if named else job.github["sha"]
        work = job.run_of.workspace
        self.git_in(work, "init", "-q", "-b", "main")
        self.git_in(work, "remote", "add", "origin", f"{self.url}/{SERVICE}.git")
        local = ref.replace("refs/heads/", "refs/remotes/origin/").replace(
            "refs/pull/", "refs/remotes/pull/"
        )
        self.git_in(
            work, "fetch", "-q", "--no-tags", f"--depth={depth}", "origin", f"+{commit}:{local}"
        )
        branch = ref.removeprefix("refs/heads/")
        start = ["--detach", local] if branch == ref else ["-B", branch, local]
        self.git_in(work, "checkout", "-q", *start)

    def _upload(self, job: Job, given: Mapping[str, str]) -> None:
        """Do what actions/upload-artifact does: an archive of a folder's files."""
        assert set(given) == {"name", "path", "retention-days"}
        files = sorted(Path(given["path"]).iterdir()) if Path(given["path"]).is_dir() else []
        if not files:
            return  # with a warning
        number = 1 + len(self.state()["artifacts"])
        path = self.root / f"artifact-{number}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in files:
                archive.write(file, file.name)
        self.add(
            "artifacts",
            id=number,
            run=job.github["run_id"],
            name=given["name"],
            size_in_bytes=path.stat().st_size,
            expired=False,
            created_at=f"2026-02-01T00:00:{number:02}Z",
        )


def _set_up_python(job: Job, given: Mapping[str, str]) -> None:
    """Take the Python of the tests for the one that is asked for."""
    assert given["python-version"] in ("3.11", "3.12")
    if "cache" in given:
        assert (job.run_of.workspace / given["cache-dependency-path"]).is_file()


@dataclass
class Previewed:
    """A pull request of a fork with its preview: the jobs, and GitHub's record of the run."""

    hosting: Hosting
    pull: PullRequest
    jobs: dict[str, JobRun]
    run: dict[str, Any]
