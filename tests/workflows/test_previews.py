"""The workflows of a pull request: what it is shown, and what a stranger can do with them."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from typing import Any

import pytest
from hosting import FORK, Hosting, Previewed
from workspace import create_person

from nes_tasks.errors import NesTasksError
from nes_tasks.github import artifact
from nes_tasks.github.api import Api
from nes_tasks.github.comment import MARK, comment_on
from nes_tasks.github.pull_request import PreviewRun

BAD = 'minister = {}["name"]'


def of_preview(hosting: Hosting) -> dict[str, Any]:
    """Return the newest artifact of a preview."""
    found: list[dict[str, Any]] = hosting.state()["artifacts"]
    return [one for one in found if one["name"] == "migration-preview"][-1]


def replace_artifact(hosting: Hosting, files: dict[str, bytes]) -> None:
    """Let the newest artifact hold something else, as the code of a pull request could."""
    number = of_preview(hosting)["id"]
    with zipfile.ZipFile(
        hosting.root / f"artifact-{number}.zip", "w", zipfile.ZIP_DEFLATED
    ) as archive:
        for name, data in files.items():
            archive.writestr(name, data)


def document(hosting: Hosting) -> dict[str, Any]:
    number = of_preview(hosting)["id"]
    with zipfile.ZipFile(hosting.root / f"artifact-{number}.zip") as archive:
        assert archive.namelist() == ["preview.json", "preview.md"]
        loaded: dict[str, Any] = json.loads(archive.read("preview.json"))
        return loaded


def test_the_database_of_a_preview_is_sparse_blobless_and_stays_as_it_was(
    previewed: Previewed,
) -> None:
    hosting, jobs = previewed.hosting, previewed.jobs
    clone = jobs["preview"].workspace / "nes-db"
    assert hosting.git_in(clone, "rev-parse", "--is-shallow-repository") == "true"
    assert not (clone / "v2").exists()
    missing = hosting.git_in(clone, "rev-list", "--objects", "--missing=print", "HEAD")
    assert "\n?" in missing
    before = hosting.database_tip
    assert hosting.git_in(clone, "rev-parse", "HEAD") == before
    assert document(hosting)["base_commit"] == before
    assert "<code>002-one</code>" in jobs["preview"].summary
    config = (jobs["preview"].workspace / ".git/config").read_text()
    assert "extraheader" not in config and "credential" not in config


def test_a_number_that_is_taken_by_now_shows(hosting: Hosting) -> None:
    migrations = [(name, create_person("mine-rai")) for name in ("001-mine", "002-mine")]
    pull = hosting.open_pull_request("mine", *migrations)
    hosting.push_to_main("002-theirs", create_person("theirs-rai"))
    hosting.merge_result(pull)
    jobs, record = hosting.preview(pull)
    assert record["conclusion"] == "failure"
    assert jobs["check"].steps["Check"].outcome == "failure"
    said = jobs["check"].steps["Show the findings"].log
    assert "migrations/001-mine has the number of 001-first, which is already applied" in said
    assert "002-theirs has the same number as 002-mine" in said
    assert jobs["preview"].result == "failure"


def test_a_failing_migration_of_a_fork_is_told_with_what_came_before_it(
    hosting: Hosting,
) -> None:
    hosting.change_main("pyproject.toml", "[tool.nes_tasks]\n")  # so it starts with an empty one
    pull = hosting.open_pull_request("bad", ("002-bad", BAD), source=FORK)
    jobs, record = hosting.preview(pull)
    assert "name no remote_url" in jobs["preview"].steps["Get the database"].log
    assert jobs["preview"].steps["Preview"].outcome == "failure"
    found = document(hosting)
    assert [one["name"] for one in found["migrations"]] == ["001-first"]
    assert found["base_commit"] is None
    comment = hosting.comment(record)
    assert comment.result == "success", comment.log
    (made,) = hosting.of_bot("comments")
    assert made["issue"] == pull.number
    assert "002-bad failed: KeyError: 'name'" in made["body"]
    assert f"[The run]({record['html_url']}) at {pull.head} ended as **failure**." in made["body"]


def test_a_run_without_a_preview_is_told(hosting: Hosting) -> None:
    pull = hosting.open_pull_request("one", ("002-one", create_person("one-rai")))
    hosting.database_path = "org/gone.git"
    jobs, record = hosting.preview(pull)
    assert jobs["preview"].steps["Get the database"].outcome == "failure"
    assert jobs["preview"].steps["Keep the preview"].outcome == "skipped"
    assert hosting.comment(record).result == "success"
    body = hosting.of_bot("comments")[0]["body"]
    assert "There is no preview" in body and "There is no result of the check" in body


# What the comment's step does, without the workflow around it.


@pytest.fixture
def on_path(previewed: Previewed, monkeypatch: pytest.MonkeyPatch) -> Previewed:
    """The programs and the token that the step finds."""
    monkeypatch.setenv("PATH", str(previewed.hosting.root / "bin"), prepend=":")
    permissions = {"actions": "read", "contents": "read", "pull-requests": "write"}
    monkeypatch.setenv("GH_TOKEN", f"job:{json.dumps(permissions)}")
    return previewed


def commented(previewed: Previewed) -> str:
    """Comment on the run; return what is said of it."""
    api = Api("org/nes-tasks")
    return comment_on(api, PreviewRun.find(api, previewed.run["id"]))


def test_there_is_one_comment_whoever_has_imitated_it(on_path: Previewed) -> None:
    hosting = on_path.hosting
    about = {"issue": 1, "body": f"{MARK}\nmine", "user": {"login": "stranger"}, "html_url": "x"}
    for number in range(120):  # more than one page
        hosting.add("comments", id=number, **about)
    hosting.add("comments", id=120, **{**about, "user": None})
    assert commented(on_path).startswith("comment created: ")
    assert commented(on_path).startswith("comment updated: ")
    (made,) = hosting.of_bot("comments")
    assert "<code>002-one</code>" in made["body"]


def test_hostile_text_in_the_artifact_is_shown_and_not_understood(on_path: Previewed) -> None:
    hosting = on_path.hosting
    evil = "@everyone | <img src=x> [a](https://x.example) `` \u202e" + "x" * 100_000
    found = document(hosting)
    one = found["migrations"][0]
    one.update(name=evil, author=evil, description=evil, logs=[evil] * 9)
    one["changes"].update(types={evil: {"created": 1, "updated": 0, "deleted": 0}})
    found.update(beneath=[evil], not_run=[evil])
    replace_artifact(hosting, {"preview.json": json.dumps(found).encode()})
    commented(on_path)
    body = hosting.of_bot("comments")[0]["body"]
    outside = body.partition("<details>")[0]
    assert len(body) < 65_536
    assert "@everyone" not in outside and "<img" not in outside and "](https://x" not in outside


def archive(*, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return an archive with a file of the right name."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as opened:
        opened.writestr("preview.json", "{}" * 1000)
    return made.getvalue()


UNFIT: dict[str, tuple[dict[str, bytes] | bytes, str]] = {
    "no file": ({"other.json": b"{}"}, "it has no preview.json"),
    "a path": ({"../preview.json": b"{}"}, "it has no preview.json"),
    "no JSON": (
        {"preview.json": b"$(id)"},
        "preview.json is not a preview: the value is not valid JSON",
    ),
    "another document": ({"preview.json": b"{}"}, "preview.json is not a preview: format"),
    "a bomb": ({"preview.json": b"0" * 10_000_001}, "has more than 10,000,000 bytes"),
    "no archive": (b"PK\x03\x04", "it is not a valid archive"),
    "lengths that lie": (
        archive(method=zipfile.ZIP_STORED).replace(struct.pack("<L", 2000), b"\0\0\1\0"),
        "it is not a valid archive",
    ),
    "an end elsewhere": (
        archive()[:-6] + struct.pack("<LH", 2**32 - 2, 0),
        "it is not a valid archive",
    ),
    "a method of its own": (archive(method=zipfile.ZIP_LZMA), "compressed in an unknown way"),
}


@pytest.mark.parametrize("kind", UNFIT)
def test_an_artifact_that_is_no_preview_is_not_shown_and_is_an_error(
    on_path: Previewed, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifact, "MAX_FILE", 10_000_000)
    hosting = on_path.hosting
    content, words = UNFIT[kind]
    if isinstance(content, bytes):
        (hosting.root / f"artifact-{of_preview(hosting)['id']}.zip").write_bytes(content)
    else:
        replace_artifact(hosting, content)
    with pytest.raises(NesTasksError) as caught:
        commented(on_path)
    assert words in str(caught.value)
    assert "The preview could not be read" in hosting.of_bot("comments")[0]["body"]


def test_a_large_archive_is_not_even_fetched(on_path: Previewed) -> None:
    state = on_path.hosting.state()
    for one in state["artifacts"]:
        one["size_in_bytes"] = 20_000_001
    on_path.hosting.set_state(state)
    with pytest.raises(NesTasksError, match="it has more than 20,000,000 bytes"):
        commented(on_path)
    assert "/zip" not in (on_path.hosting.root / "calls.log").read_text()


CHANGED: dict[str, dict[str, Any]] = {
    "pushed to since": {"head_sha": "0" * 40},
    "of another fork": {"head_repository": {"full_name": "stranger/other"}},
    "of a fork that is gone": {"head_repository": None},
    "on another branch": {"head_branch": "other"},
}


@pytest.mark.parametrize("kind", CHANGED)
def test_a_run_that_is_not_of_an_open_pull_request_tells_nobody(
    on_path: Previewed, kind: str
) -> None:
    state = on_path.hosting.state()
    state["runs"][0].update(CHANGED[kind])
    on_path.hosting.set_state(state)
    assert commented(on_path).endswith("there is nothing to report")
    assert not on_path.hosting.of_bot("comments")


def test_a_run_of_another_workflow_of_that_name_is_refused(on_path: Previewed) -> None:
    state = on_path.hosting.state()
    state["runs"][0]["path"] = ".github/workflows/evil.yml"
    on_path.hosting.set_state(state)
    with pytest.raises(NesTasksError, match="is not a preview of a pull request"):
        commented(on_path)


def test_without_the_permission_it_is_said_what_github_says(
    on_path: Previewed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GH_TOKEN", 'job:{"actions": "read"}')
    with pytest.raises(NesTasksError, match="not accessible by integration"):
        commented(on_path)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NesTasksError, match="gh is not installed"):
        commented(on_path)
