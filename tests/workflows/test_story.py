"""From a pull request to the database: every step of every workflow is executed once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hosting import DATABASE, SERVICE, WORKFLOWS, Hosting
from runner import JobRun, Workflow
from workspace import create_person

from nes_tasks import __version__

# What stands for the gate of this project: it takes minutes, and is tested by being run.
GATE = "#!/bin/sh\nset -e\ntest -e dodo.py\necho all is well\n"


def gate(hosting: Hosting) -> JobRun:
    """Run the gate on main."""
    about = {"ref": "refs/heads/main", "sha": hosting.main, "run_id": 1}
    return hosting.run("ci.yml", {"event_name": "push", "event": {}, **about})["gate"]


def with_a_gate(hosting: Hosting, text: str = GATE) -> None:
    """Let main hold a gate."""
    hosting.to_main()
    hosting.write(".ci/run", text)
    (hosting.desk / ".ci/run").chmod(0o755)
    hosting.commit("Add a gate")
    hosting.git_in(hosting.desk, "push", "-q", "origin", "HEAD:main")


def test_from_a_pull_request_to_the_database(hosting: Hosting) -> None:
    with_a_gate(hosting)
    job = gate(hosting)
    assert {step.outcome for step in job.steps.values()} == {"success"}, job.log
    hosting.make_submodule()
    body = create_person("one-rai") + create_person("two-rai")
    pull = hosting.open_pull_request("people", ("002-people", body), source="asha/nes-tasks")
    jobs, record = hosting.preview(pull)
    assert record["conclusion"] == "success", "".join(job.log for job in jobs.values())
    assert hosting.comment(record).result == "success"
    (comment,) = hosting.of_bot("comments")
    assert "2 new" in comment["body"]
    hosting.server.with_credentials.clear()

    hosting.merge(pull)
    before = hosting.database_tip
    jobs = hosting.persist()
    log = "".join(job.log for job in jobs.values())
    assert jobs.pop("prove").result == "skipped"
    assert {job.result for job in jobs.values()} == {"success"}, log
    persist = jobs["persist"]
    assert f"the preview of pull request {pull.number}: " in persist.log
    assert "is kept: it shows the current state" in persist.steps["Preview"].log
    assert "has shown: 002-people" in persist.steps["Apply"].log
    tree = hosting.bare(DATABASE, "rev-parse", "main^{tree}")
    assert f"Tree <code>{tree}</code>" in comment["body"]
    assert hosting.bare(DATABASE, "rev-parse", "main~1") == before
    assert "Apply: success." in persist.summary
    assert "2 new" in persist.summary
    entry = hosting.bare(SERVICE, "ls-tree", "main", "nes-db").split()
    assert entry[2] == hosting.database_tip
    changed = hosting.bare(SERVICE, "show", "--format=%an", "--name-only", "main").split()
    assert changed == ["github-actions[bot]", "nes-db"]
    # Reading takes no token.
    assert {path.rpartition("/")[2] for path in hosting.server.with_credentials} == {
        "refs",
        "git-receive-pack",
    }
    assert hosting.persist("schedule")["prove"].result == "success"
    steps = {key for path in WORKFLOWS.glob("*.yml") for key in Workflow(path).run_steps()}
    steps -= Workflow(WORKFLOWS / "release.yml").run_steps()  # see the test below
    assert len(steps) >= 20
    assert hosting.executed == steps


def test_a_gate_that_fails_is_a_job_that_fails(hosting: Hosting) -> None:
    with_a_gate(hosting, GATE.replace("dodo.py", "gone.py"))
    job = gate(hosting)
    assert job.result == "failure"
    assert job.steps["Run the gate"].outcome == "failure"


@pytest.mark.parametrize("version", [__version__, "9.9.9"])
def test_a_tag_is_built_if_it_is_the_version(hosting: Hosting, project: Path, version: str) -> None:
    """Signing and uploading need Sigstore and the index, which know GitHub's machines only."""
    listed = hosting.git_in(project, "ls-files", "-z").split("\0")
    for name in filter(None, listed):
        if (project / name).is_file():
            (hosting.desk / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(project / name, hosting.desk / name)
    commit = hosting.commit("Release")
    hosting.git_in(hosting.desk, "push", "-q", "origin", f"{commit}:refs/tags/v{version}")
    about = {"ref": f"refs/tags/v{version}", "sha": commit, "run_id": 1}
    meanwhile = _Stopped()
    try:
        build = hosting.run(
            "release.yml", {"event_name": "push", "event": {}, **about}, meanwhile=meanwhile
        )["build"]
    except _Stopped.AtPublishing:
        build = None
    if version == __version__:
        assert build is None
        files = sorted(path.name for path in hosting.root.glob("machines/build-*/temp/dist/*"))
        assert files == [
            f"nes_tasks-{version}-py3-none-any.whl",
            f"nes_tasks-{version}.tar.gz",
        ]
    else:
        assert build is not None
        assert build.steps["Build"].outcome == "failure"


class _Stopped:
    """Ends a run before it reaches the network."""

    class AtPublishing(Exception):  # noqa: N818
        pass

    def __call__(self, step: str) -> None:
        if step == "Sign and upload":
            raise self.AtPublishing
