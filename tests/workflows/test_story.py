"""From a pull request to the database: every step of every workflow is executed once."""

from __future__ import annotations

from hosting import DATABASE, SERVICE, WORKFLOWS, Hosting
from runner import JobRun, Workflow
from workspace import create_person

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
    assert {job.result for job in jobs.values()} == {"success"}, "".join(
        job.log for job in jobs.values()
    )
    persist = jobs["persist"]
    assert f"the preview of pull request {pull.number}: " in persist.log
    assert "is kept: it is of the present state" in persist.steps["Preview"].log
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
    steps = {key for path in WORKFLOWS.glob("*.yml") for key in Workflow(path).run_steps()}
    assert len(steps) >= 20
    assert hosting.executed == steps


def test_a_gate_that_fails_is_a_job_that_fails(hosting: Hosting) -> None:
    with_a_gate(hosting, GATE.replace("dodo.py", "gone.py"))
    job = gate(hosting)
    assert job.result == "failure"
    assert job.steps["Run the gate"].outcome == "failure"
