"""Pull requests as they come: from forks, colliding, editing what is applied, in a merge queue."""

from __future__ import annotations

import html

import pytest
from hosting import ADDRESS, FORK, Hosting, PullRequest
from runner import JobRun
from workspace import create_person

from nes_tasks.errors import UnavailableError
from nes_tasks.github import api as api_module
from nes_tasks.github.api import Api


def results(jobs: dict[str, JobRun]) -> dict[str, str]:
    return {name: job.result for name, job in jobs.items()}


ALL_WELL = dict.fromkeys(("changes", "check", "preview", "gate"), "success")


def told(hosting: Hosting, record: dict[str, object]) -> str:
    """Run the comment; return what the one comment says."""
    job = hosting.comment(record)
    assert job.result == "success", job.log
    (comment,) = hosting.of_bot("comments")
    body: str = comment["body"]
    return body


def from_fork(hosting: Hosting, *migrations: tuple[str, str]) -> PullRequest:
    return hosting.open_pull_request("people", *migrations, source=FORK)


@pytest.mark.parametrize(
    "conclusion", ["action_required", "skipped", "startup_failure", "cancelled", "stale"]
)
def test_nothing_is_told_of_a_run_that_has_executed_nothing(
    hosting: Hosting, conclusion: str
) -> None:
    pull = from_fork(hosting, ("002-one", create_person("one-rai")))
    job = hosting.comment(hosting.record(pull, 100, conclusion))
    assert job.result == "skipped"
    assert not hosting.of_bot("comments")


def test_the_first_pull_request_of_a_fork_once_it_is_approved(hosting: Hosting) -> None:
    """It gets no variable, no secret and no right to write, and sees the real database."""
    pull = from_fork(hosting, ("002-one", create_person("one-rai")))
    hosting.comment(hosting.record(pull, 100, "action_required"))
    jobs, record = hosting.preview(pull)
    assert results(jobs) == ALL_WELL, "".join(job.log for job in jobs.values())
    body = told(hosting, record)
    assert "Preview of 1 migration\n" in body
    assert "Check of 1 migration" in body or "Check of 2 migrations" in body
    assert "1 hint." in body  # it names no source


def test_two_migrations_of_a_fork(hosting: Hosting) -> None:
    one, two = create_person("one-rai"), create_person("two-rai")
    pull = from_fork(hosting, ("002-one", one), ("003-two", two))
    jobs, record = hosting.preview(pull)
    assert results(jobs) == ALL_WELL
    body = told(hosting, record)
    assert "Preview of 2 migrations" in body
    assert body.index("002-one") < body.index("003-two")


def test_a_number_that_main_has_taken_meanwhile(hosting: Hosting) -> None:
    pull = from_fork(hosting, ("002-mine", create_person("mine-rai")))
    hosting.push_to_main("002-theirs", create_person("theirs-rai"))
    assert hosting.persist()["push"].result == "success"
    hosting.merge_result(pull)
    jobs, record = hosting.preview(pull)
    assert (jobs["check"].result, jobs["gate"].result) == ("failure", "failure")
    said = jobs["check"].steps["Show the findings"].log
    # The folder to move is the contributor's, not the one that is applied.
    assert "::error file=migrations/002-mine,line=1,title=002-mine::" in said
    assert "002-theirs, which is already applied" in said
    assert "mv migrations/002-mine migrations/003-mine" in said
    for shown in (jobs["check"].summary, told(hosting, record)):
        assert "002-theirs, which is already applied" in html.unescape(shown)


def test_an_applied_migration_that_is_edited(hosting: Hosting) -> None:
    pull = from_fork(hosting, ("001-first", create_person("other-rai")))
    jobs, record = hosting.preview(pull)
    assert (jobs["check"].result, jobs["gate"].result) == ("failure", "failure")
    assert "001-first" in jobs["check"].steps["Show the findings"].log
    assert "applied" in told(hosting, record)


def test_an_applied_migration_that_is_renamed(hosting: Hosting) -> None:
    hosting.to_main()
    hosting.git_in(hosting.desk, "mv", "migrations/001-first", "migrations/001-renamed")
    hosting.git_in(hosting.desk, "checkout", "-q", "-b", "rename")
    hosting.commit("Rename")
    pull = hosting.open_here("rename", source=FORK)
    jobs, _ = hosting.preview(pull)
    assert not (jobs["check"].workspace / "migrations/001-first").exists()
    assert (jobs["check"].result, jobs["gate"].result) == ("failure", "failure")
    assert "001-first" in jobs["check"].steps["Show the findings"].log


def test_a_check_that_fails_while_the_preview_passes(hosting: Hosting) -> None:
    pull = from_fork(hosting, ("002-one", create_person("one-rai")))
    hosting.write("migrations/002-one/README.md", "# 002-one\n")
    hosting.commit("Leave out the sources")
    pull = hosting.open_here("people", source=FORK)
    jobs, record = hosting.preview(pull)
    assert results(jobs) == {**ALL_WELL, "check": "failure", "gate": "failure"}
    body = told(hosting, record)
    assert "1 error" in body
    assert "it says nothing under its title" in body
    assert "Preview of 1 migration" in body
    assert "ended as **failure**" in body


def test_a_pull_request_in_a_merge_queue(hosting: Hosting) -> None:
    pull = from_fork(hosting, ("002-one", create_person("one-rai")))
    assert results(hosting.queue(pull)) == ALL_WELL
    hosting.push_to_main("002-theirs", create_person("theirs-rai"))
    jobs = hosting.queue(pull)
    assert (jobs["check"].result, jobs["gate"].result) == ("failure", "failure")


def test_one_without_migrations_passes_the_gate_and_is_not_commented_on(hosting: Hosting) -> None:
    hosting.to_main()
    hosting.write("docs/page.md", "A page.\n")
    hosting.commit("Write a page")
    pull = hosting.open_here("page", source=FORK)
    jobs, record = hosting.preview(pull)
    expected = {"changes": "success", "check": "skipped", "preview": "skipped", "gate": "success"}
    assert results(jobs) == expected
    assert "there is nothing to report" in hosting.comment(record).log
    assert not hosting.of_bot("comments")
    assert results(hosting.queue(pull)) == expected


def test_what_a_pull_request_no_longer_changes_is_no_longer_told(hosting: Hosting) -> None:
    pull = from_fork(hosting, ("002-one", create_person("one-rai")))
    _, record = hosting.preview(pull)
    assert "002-one" in told(hosting, record)
    hosting.to_main()
    hosting.commit("Take it back")
    state = hosting.state()
    state["pulls"].pop()
    hosting.set_state(state)
    _, record = hosting.preview(hosting.open_here("people", source=FORK))
    assert "does not change migrations any more" in told(hosting, record)


def test_settings_and_dodo_py_of_a_pull_request_count_for_nothing(hosting: Hosting) -> None:
    """A fork could point to another database or switch the sandbox off there."""
    hosting.to_main()
    hosting.migration("002-one", create_person("one-rai"))
    rows = 'remote_url = "https://evil.example/x.git"\nsandbox = "off"\nnetwork = ["002-one"]\n'
    hosting.write("pyproject.toml", f"[tool.nes_tasks]\n{rows}")
    hosting.write("dodo.py", "raise SystemExit('executed')\n")
    hosting.commit("Change more than migrations")
    pull = hosting.open_here("evil", source=FORK)
    jobs, _ = hosting.preview(pull)
    assert results(jobs) == ALL_WELL, jobs["check"].log
    for name in ("check", "preview"):
        work = jobs[name].workspace
        assert ADDRESS in (work / "pyproject.toml").read_text()
        assert "executed" not in (work / "dodo.py").read_text()
        assert (work / "migrations/002-one/migrate.py").exists()


def test_a_database_that_is_not_there_is_an_error_in_ci(hosting: Hosting) -> None:
    for command in ("check", "preview", "pending", "list"):
        ran = hosting.project.doit(command, CI="true")
        assert ran.code == 3, command
        assert "nes-db does not exist, so it is unknown what is applied" in ran.err
        assert hosting.project.doit("list").code == 0


def test_an_author_is_pointed_out_unless_it_is_who_opened_it(hosting: Hosting) -> None:
    own = {"003-address": "mina@example.org", "004-hidden": "7+stranger@users.noreply.github.com"}
    names = ("002-other", *own)
    from_fork(hosting, *((name, create_person(f"{name[4:]}-rai")) for name in names))
    for name, email in own.items():
        path = f"migrations/{name}/migrate.py"
        text = (hosting.desk / path).read_text()
        hosting.write(path, text.replace("asha@example.org", email))
    hosting.commit("Name the authors")
    pull = hosting.open_here("people", source=FORK)
    _, record = hosting.preview(pull)
    body = told(hosting, record)
    assert "AUTHOR of <code>002-other</code> is <code>Asha Example" in body
    assert "<code>stranger</code> opened this pull request" in body
    assert not [name for name in own if f"AUTHOR of <code>{name}" in body]


def test_two_pull_requests_that_change_the_same_are_named(hosting: Hosting) -> None:
    rename = (
        'person = await context.db.get_entity("entity:person/first-rai")\n'
        'person.tags = ["{tag}"]\n'
        'await context.publication.update_entity(person, change_description="Tag")'
    )
    other = hosting.open_pull_request("other", ("002-other", rename.format(tag="a")), source=FORK)
    hosting.preview(other)
    apart = hosting.open_pull_request("apart", ("002-apart", create_person("apart-rai")))
    hosting.preview(apart)
    pull = hosting.open_pull_request("mine", ("002-mine", rename.format(tag="b")))
    _, record = hosting.preview(pull)
    body = told(hosting, record)
    assert f"Pull request #{other.number} changes the same: <code>entity&#58;person" in body
    assert f"#{apart.number} " not in body


def test_an_outage_is_waited_for_and_not_for_ever(
    hosting: Hosting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(hosting.root / "bin"), prepend=":")
    monkeypatch.setenv("GH_TOKEN", 'job:{"issues": "write"}')
    pauses: list[float] = []
    monkeypatch.setattr(api_module.time, "sleep", pauses.append)
    outage, api = hosting.root / "outage", Api("org/nes-tasks")
    outage.write_text("2")
    assert api.get_all("issues", state="open", creator="x") == []
    assert pauses == [2, 4]
    outage.write_text("9")
    with pytest.raises(UnavailableError, match="HTTP 502"):
        api.get_all("issues", state="open", creator="x")
    assert outage.read_text() == "5"
    with pytest.raises(UnavailableError, match="HTTP 502"):
        api.send("POST", "issues", {"title": "x", "body": "y"})
    assert outage.read_text() == "4"
