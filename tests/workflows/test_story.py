"""From a pull request to the database: every step of every workflow is executed once."""

from __future__ import annotations

import shutil
from pathlib import Path

from hosting import DATABASE, SERVICE, WORKFLOWS, Hosting
from runner import JobRun, Workflow
from workspace import create_person

SMALL_MODULE = '"""A module."""\n\nNUMBER: int = 1\n'
SMALL_TEST = (
    '"""A test."""\n\nimport small\n\n\ndef test_number() -> None:\n    assert small.NUMBER\n'
)
SETTINGS = """\
[tool.nes_tasks]
[tool.ruff]
line-length = 100
[tool.ruff.lint]
select = ["E", "F"]
[tool.mypy]
strict = true
files = ["small.py"]
[tool.pytest.ini_options]
testpaths = ["test_small.py"]
pythonpath = ["."]
"""


def gate(hosting: Hosting) -> JobRun:
    """Run the gate on main."""
    about = {"ref": "refs/heads/main", "sha": hosting.main, "run_id": 1}
    return hosting.run("ci.yml", {"event_name": "push", "event": {}, **about})["gate"]


def a_small_project(hosting: Hosting, project: Path) -> None:
    """Let main hold this project's chores, and a small module and a test to do them on."""
    hosting.to_main()
    shutil.copy(project / "dodo.py", hosting.desk)
    hosting.write("pyproject.toml", SETTINGS)
    hosting.write("small.py", SMALL_MODULE)
    hosting.write("test_small.py", SMALL_TEST)
    hosting.commit("Add a module")
    hosting.git_in(hosting.desk, "push", "-q", "origin", "HEAD:main")


def test_from_a_pull_request_to_the_database(hosting: Hosting, project: Path) -> None:
    a_small_project(hosting, project)
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


def test_the_gate_fails_with_the_first_of_its_steps_that_does(
    hosting: Hosting, project: Path
) -> None:
    a_small_project(hosting, project)
    hosting.write("small.py", '"""A module."""\n\nimport os\n')
    hosting.commit("Forget something")
    hosting.git_in(hosting.desk, "push", "-q", "origin", "HEAD:main")
    job = gate(hosting)
    assert job.result == "failure"
    assert "`os` imported but unused" in job.steps["Check style and types"].log
    assert job.steps["Run the tests"].outcome == "skipped"
