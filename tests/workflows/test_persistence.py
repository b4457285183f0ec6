"""The workflow that applies what is merged: what it pushes, and before what it stops."""

from __future__ import annotations

import json
import re

import pytest
from hosting import DATABASE, SERVICE, WORKFLOWS, Hosting, Previewed
from runner import JobRun, Workflow
from workspace import create_person

from nes_tasks.github.api import Api
from nes_tasks.github.issue import report

BAD = 'minister = {}["name"]'


def stopped_at(hosting: Hosting, step: str, words: str) -> JobRun:
    """Run it; check where it stops and why, that nothing was pushed, and that an issue is open."""
    before = hosting.database_tip
    jobs = hosting.persist()
    name = "push" if step == "Push" else "persist"
    job = jobs[name]
    assert job.result == "failure"
    assert job.steps[step].outcome == "failure", job.log
    assert words in job.steps[step].log
    assert hosting.database_tip == before
    assert jobs["record"].result == "skipped"
    assert jobs["issue"].result == "success", jobs["issue"].log
    (issue,) = hosting.of_bot("issues")
    assert issue["state"] == "open"
    assert f"| {name}: {step.lower()} | failure |" in issue["body"]
    return jobs["persist"]


def test_nothing_pending_does_nothing(hosting: Hosting) -> None:
    before = hosting.database_tip
    jobs = hosting.persist("schedule")
    persist = jobs["persist"]
    assert persist.result == "success", persist.log
    assert persist.summary == "Pending migrations: 0\n"
    assert {name for name, step in persist.steps.items() if step.outcome == "skipped"} == {
        "Get the preview that reviewers saw",
        "Preview",
        "Apply",
        "Bundle",
        "Keep the bundle",
        "Summary",
    }
    assert jobs["push"].result == "skipped"
    assert jobs["record"].result == "skipped"
    assert jobs["issue"].log.endswith("all went well, and no issue is open\n")
    assert hosting.database_tip == before
    assert not hosting.of_bot("issues")


def test_a_failing_migration_stops_it_and_there_is_one_issue(
    hosting: Hosting, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosting.push_to_main("002-bad", BAD)
    stopped_at(hosting, "Preview", "error: 002-bad failed: KeyError: 'name'")
    (before,) = hosting.of_bot("issues")
    # The next day, without the workflow around it.
    monkeypatch.setenv("PATH", str(hosting.root / "bin"), prepend=":")
    monkeypatch.setenv("GH_TOKEN", 'job:{"issues": "write"}')
    jobs = {"persist": {"result": "cancelled", "outputs": {"preview": "", "apply": "failure"}}}
    assert report(Api(SERVICE), jobs, "https://hub.example/2").startswith("issue updated: ")
    (after,) = hosting.of_bot("issues")
    assert after["number"] == before["number"]
    assert "https://hub.example/2" in after["body"]
    assert "| persist: apply | failure |" in after["body"]
    assert "persist: preview" not in after["body"]


def test_a_push_that_is_refused_stops_it_with_a_preview_of_the_database_as_it_is_now(
    previewed: Previewed,
) -> None:
    hosting = previewed.hosting
    hosting.merge(previewed.pull)
    hosting.push_to_database()
    hook = hosting.root / f"{DATABASE}.git/hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'Data is reviewed on Fridays' >&2\nexit 1\n")
    hook.chmod(0o755)
    persist = stopped_at(hosting, "Push", "Data is reviewed on Fridays")
    assert f"the preview of pull request {previewed.pull.number}: " in persist.log
    assert "preview.json: it was made on " in persist.steps["Preview"].log
    assert "has shown: 002-one" in persist.steps["Apply"].log
    assert "Apply: success." in persist.summary


def test_a_second_run_while_one_is_under_way_overwrites_nothing(hosting: Hosting) -> None:
    hosting.push_to_main("002-one", create_person("one-rai"))
    hosting.push_to_main("003-two", create_person("two-rai"))
    first: list[dict[str, JobRun]] = []

    def meanwhile(step: str) -> None:
        if step == "Push" and not first:
            first.append({})  # lest it runs within itself for ever
            first[0] = hosting.persist("workflow_dispatch")

    second = hosting.persist(meanwhile=meanwhile)["push"]
    persist = first[0]["persist"]
    assert first[0]["push"].result == "success", first[0]["push"].log
    assert persist.result == "success", persist.log
    assert "no pull request was merged as" in persist.log
    assert "preview.json has shown: 002-one, 003-two" in persist.steps["Apply"].log
    assert hosting.applied() == ["001-first", "002-one", "003-two"]
    assert "Apply: success." in persist.summary
    assert "<code>003-two</code>" in persist.summary
    # Who runs it is the committer, and the contributor stays the author.
    names = hosting.bare(DATABASE, "log", "-1", "--format=%an, %cn", "main")
    assert names == "Asha Example, github-actions[bot]"

    assert second.steps["Push"].outcome == "failure"
    assert "[rejected]" in second.log and "-> main" in second.log
    assert hosting.git_in(persist.workspace / "nes-db", "rev-parse", "main") == hosting.database_tip
    assert hosting.of_bot("issues")[0]["state"] == "open"
    assert hosting.persist("schedule")["persist"].result == "success"
    (issue,) = hosting.of_bot("issues")
    assert (issue["state"], issue["state_reason"]) == ("closed", "completed")


def test_what_is_not_what_reviewers_saw_is_not_applied_until_a_person_says_so(
    previewed: Previewed,
) -> None:
    hosting = previewed.hosting
    hosting.merge(previewed.pull)
    # Somebody has changed the merge before it was pushed.
    hosting.migration("002-one", create_person("other-rai"))
    hosting.git_in(hosting.desk, "commit", "-q", "--amend", "--all", "--no-edit")
    hosting.git_in(hosting.desk, "push", "-q", "--force", "origin", "HEAD:main")
    state = hosting.state()
    state["pulls"][0]["merge_commit_sha"] = hosting.main
    hosting.set_state(state)
    stopped_at(hosting, "Apply", "it was not applied")
    jobs = hosting.persist("workflow_dispatch", ignore_reviewed_preview=True)
    assert jobs["persist"].result == "success", jobs["persist"].log
    assert jobs["persist"].steps["Get the preview that reviewers saw"].outcome == "skipped"
    assert hosting.of_bot("issues")[0]["state"] == "closed"


@pytest.mark.parametrize("where", ["no database", "another branch"])
def test_without_a_database_and_on_another_branch_it_is_skipped(
    hosting: Hosting, where: str
) -> None:
    hosting.push_to_main("002-one", create_person("one-rai"))
    if where == "no database":
        hosting.change_main("pyproject.toml", "[tool.nes_tasks]\n")
    ref = "refs/heads/other" if where == "another branch" else "refs/heads/main"
    jobs = hosting.persist("workflow_dispatch", ref=ref)
    assert {name for name, job in jobs.items() if job.result != "skipped"} <= {"settings"}


PROTECTION = """#!/bin/sh
while read -r old new ref; do
  if [ "$ref" = refs/heads/main ]; then echo 'main is protected' >&2; exit 1; fi
done
"""


def protected(hosting: Hosting) -> None:
    """Let the main branch take pull requests only."""
    hook = hosting.root / f"{SERVICE}.git/hooks/pre-receive"
    hook.write_text(PROTECTION)
    hook.chmod(0o755)


def test_where_main_is_protected_the_record_is_one_pull_request(hosting: Hosting) -> None:
    hosting.make_submodule()
    hosting.push_to_database()
    protected(hosting)
    before = hosting.main
    record = hosting.persist()["record"]
    assert record.result == "success", record.log
    assert "main is protected" in record.log
    hosting.push_to_database()
    again = hosting.persist("schedule")["record"]
    assert "the open pull request is up to date" in again.log
    (pull,) = hosting.state()["pulls"]
    assert (pull["head"]["ref"], pull["base"]["ref"]) == ("nes-tasks/record-database", "main")
    entry = hosting.bare(SERVICE, "ls-tree", pull["head"]["ref"], "nes-db").split()
    assert entry[2] == hosting.database_tip
    assert hosting.main == before
    assert hosting.bare(SERVICE, "rev-parse", f"{pull['head']['ref']}~1") == before


def test_a_token_of_its_own_records_where_that_of_the_job_may_not(hosting: Hosting) -> None:
    hosting.secrets["NES_RECORD_TOKEN"] = "token-of-an-app"
    hosting.make_submodule()
    hosting.push_to_database()
    record = hosting.persist()["record"]
    assert record.result == "success", record.log
    entry = hosting.bare(SERVICE, "ls-tree", "main", "nes-db").split()
    assert entry[2] == hosting.database_tip
    assert not hosting.state()["pulls"]


def test_a_day_proves_the_newest_and_an_older_one_and_tells_what_fails(hosting: Hosting) -> None:
    for number in range(2, 7):
        hosting.push_to_main(f"00{number}-more", create_person(f"more-{number}-rai"))
    assert hosting.persist("workflow_dispatch")["push"].result == "success"
    prove = hosting.persist("schedule")["prove"]
    assert prove.result == "success", prove.log
    proven = re.findall(r"^(\d{3})-\S+ +proven", prove.steps["Replay"].log, re.MULTILINE)
    assert proven[1:] == ["004", "005", "006"]
    assert proven[0] in ("001", "002", "003")
    hosting.change_main("migrations/006-more/migrate.py", "raise SystemExit\n")
    jobs = hosting.persist("schedule")
    assert jobs["prove"].result == "failure"
    assert jobs["push"].result == "skipped"
    (issue,) = hosting.of_bot("issues")
    assert "| prove: replay | failure |" in issue["body"]
    assert hosting.persist("workflow_dispatch")["prove"].result == "skipped"


def test_the_token_of_the_database_is_on_no_machine_that_runs_a_migration() -> None:
    jobs = Workflow(WORKFLOWS / "migration-persistence.yml").jobs
    having = [
        (name, step["name"])
        for name, job in jobs.items()
        for step in job["steps"]
        if "secrets." in json.dumps(step)
    ]
    assert having == [("push", "Push"), ("record", "Record and push")]
    assert [name for name, job in jobs.items() if "environment" in job] == ["push", "record"]
    # Where a token is that may write data or the main branch, nothing is installed.
    for name in ("push", "record"):
        text = json.dumps(jobs[name])
        assert "pip" not in text and "setup-python" not in text and "doit" not in text


def test_a_push_that_comes_too_late_is_rejected_by_the_database(hosting: Hosting) -> None:
    hosting.push_to_main("002-one", create_person("one-rai"))

    def meanwhile(step: str) -> None:
        if step == "Keep the bundle":
            hosting.push_to_database()

    push = hosting.persist(meanwhile=meanwhile)["push"]
    assert push.steps["Push"].outcome == "failure"
    assert "[rejected]" in push.log and "-> main" in push.log
    assert hosting.applied() == ["001-first"]


THIEF = """
import pathlib
hook = context.migration_dir.parents[1] / "nes-db/.git/hooks/pre-push"
hook.write_text('#!/bin/sh\\necho "$GH_TOKEN" > "{loot}"\\n')
hook.chmod(0o755)
"""


def test_what_a_migration_leaves_on_its_machine_does_not_get_near_the_token(
    hosting: Hosting,
) -> None:
    loot = hosting.root / "loot"
    hosting.push_to_main("002-thief", THIEF.format(loot=loot))
    jobs = hosting.persist()
    assert jobs["push"].result == "skipped", jobs["push"].log
    assert hosting.applied() == ["001-first"]
    hooks = [folder for job in jobs.values() for folder in job.workspace.rglob("pre-push")]
    assert hooks == []  # the sandbox does not let it write there
    assert not loot.exists()
